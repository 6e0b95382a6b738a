/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What /dev/kvm of a host under Hypatia offers besides KVM's interface: VMs whose image Hypatia measures.
 *
 * KVM_CREATE_VM with both flags makes such a VM. Its memory begins with zeroes, whatever the process has there, but for
 * the image: pages that HYPATIA_CAP_MEASURE gives, in that order. HYPATIA_CAP_BEGIN ends that, and turns the first vCPU
 * on. Both are for KVM_ENABLE_CAP of the VM; KVM_CHECK_EXTENSION says that they are there.
 */
#ifndef HYPATIA_KVM_H
#define HYPATIA_KVM_H

/* Of the type of a VM, beside KVM_VM_TYPE_ARM_PROTECTED. */
#define HYPATIA_VM_TYPE_MEASURED (1ul << 30)

/* args: an address of the guest, and how many bytes from there; both of whole pages. */
#define HYPATIA_CAP_MEASURE 0x48797001

/*
 * args: where the first vCPU begins, X0, and the address of the 32 bytes that the measurement is to be, or 0. EPERM:
 * it is another; the VM never runs.
 */
#define HYPATIA_CAP_BEGIN 0x48797002

#endif
