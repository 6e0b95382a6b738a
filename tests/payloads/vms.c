/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMs from the host's side, on the real image: their life cycle, what the frames that they keep are to the host in the
 * meantime, and that everything is given back.
 */
#include "payload.h"

#define SPARE 0x44000000u /* RAM that nobody uses */
#define SPARE_PFN (SPARE / 4096u)
#define PATTERN 0x0123456789abcdefu

static volatile u64 *word(u64 frame)
{
	return (volatile u64 *)(uintptr_t)(SPARE + frame * 4096u);
}

static void hidden(const char *what, u64 frame)
{
	put_string(what);
	put_string("\n");
	take_faults(0);
	probe_read(SPARE + frame * 4096u);
	check("  read: exceptions", take_faults(0), 1);
	check("  read: class", last_class(0), EC_DATA_ABORT);
	check("  state", (u64)hyp(MEM_INFO, SPARE_PFN + frame, 0), FRAME_HYP_VM);
	check("  reclaim", (u64)hyp(MEM_RECLAIM_HYP, SPARE_PFN + frame, 1), (u64)HYP_EPERM);
	check("  share", (u64)hyp(MEM_SHARE_HYP, SPARE_PFN + frame, 0), (u64)HYP_EPERM);
}

static void host_again(const char *what, u64 frame)
{
	put_string(what);
	put_string("\n");
	take_faults(0);
	check("  state", (u64)hyp(MEM_INFO, SPARE_PFN + frame, 0), FRAME_HOST);
	check("  first word", *word(frame), 0);
	check("  last word", word(frame)[511], 0);
	check("  no exception", take_faults(0), 0);
}

/* One VM with as many vCPUs as it can have. */
static void life(u64 handle)
{
	u64 i;

	for (i = 0; i <= VCPUS_MAX; i++) {
		*word(i) = PATTERN;
		word(i)[511] = PATTERN;
	}
	check("a VM of a handle that is not reserved", (u64)vm(VM_INIT, handle + 1, SPARE_PFN, 1), (u64)HYP_ENOENT);
	check("a vCPU without a VM", (u64)vm(VCPU_INIT, handle, 0, SPARE_PFN), (u64)HYP_ENOENT);
	check("reclaim a vCPU without a VM", (u64)vm(VCPU_RECLAIM, handle, 0, 0), (u64)HYP_ENOENT);
	check("tear down what is reserved", (u64)vm(VM_TEARDOWN, handle, 0, 0), (u64)HYP_ENOENT);
	check("tear down what is nobody's", (u64)vm(VM_TEARDOWN, handle + 1, 0, 0), (u64)HYP_ENOENT);
	check("a VM", (u64)vm(VM_INIT, handle, SPARE_PFN, 1), 0);
	check("a VM twice", (u64)vm(VM_INIT, handle, SPARE_PFN + 1, 1), (u64)HYP_EBUSY);
	for (i = 0; i < VCPUS_MAX; i++) {
		check("a vCPU", (u64)vm(VCPU_INIT, handle, i, SPARE_PFN + 1 + i), 0);
	}
	check("a vCPU twice", (u64)vm(VCPU_INIT, handle, 0, SPARE_PFN + 100), (u64)HYP_EBUSY);
	check("a frame twice", (u64)vm(VCPU_INIT, handle, 0, SPARE_PFN), (u64)HYP_EBUSY);
	check("one vCPU too many", (u64)vm(VCPU_INIT, handle, VCPUS_MAX, SPARE_PFN + 100), (u64)HYP_EINVAL);
	hidden("frame of the VM", 0);
	hidden("frame of a vCPU", VCPUS_MAX);
	check("load", (u64)vm(VCPU_LOAD, handle, 3, 0), 0);
	check("load twice", (u64)vm(VCPU_LOAD, handle, 3, 0), (u64)HYP_EBUSY);
	check("load another", (u64)vm(VCPU_LOAD, handle, 4, 0), (u64)HYP_EBUSY);
	check("tear down a VM that is loaded", (u64)vm(VM_TEARDOWN, handle, 0, 0), (u64)HYP_EBUSY);
	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	check("put twice", (u64)vm(VCPU_PUT, 0, 0, 0), (u64)HYP_ENOENT);
	check("reclaim a vCPU of a VM that lives", (u64)vm(VCPU_RECLAIM, handle, 3, 0), (u64)HYP_EPERM);
	check("end a VM that lives", (u64)vm(VM_FINALIZE, handle, 0, 0), (u64)HYP_EPERM);
	check("tear down", (u64)vm(VM_TEARDOWN, handle, 0, 0), 0);
	check("tear down twice", (u64)vm(VM_TEARDOWN, handle, 0, 0), (u64)HYP_EPERM);
	check("load a dying one", (u64)vm(VCPU_LOAD, handle, 3, 0), (u64)HYP_EPERM);
	check("a vCPU for a dying one", (u64)vm(VCPU_INIT, handle, 3, SPARE_PFN + 100), (u64)HYP_EPERM);
	check("end a VM with vCPUs", (u64)vm(VM_FINALIZE, handle, 0, 0), (u64)HYP_EBUSY);
	for (i = 0; i < VCPUS_MAX; i++) {
		check("reclaim a vCPU", (u64)vm(VCPU_RECLAIM, handle, i, 0), 0);
	}
	check("reclaim it twice", (u64)vm(VCPU_RECLAIM, handle, 0, 0), (u64)HYP_ENOENT);
	check("reclaim one vCPU too many", (u64)vm(VCPU_RECLAIM, handle, VCPUS_MAX, 0), (u64)HYP_EINVAL);
	check("end", (u64)vm(VM_FINALIZE, handle, 0, 0), 0);
	check("end twice", (u64)vm(VM_FINALIZE, handle, 0, 0), (u64)HYP_ENOENT);
	for (i = 0; i <= VCPUS_MAX; i++) {
		host_again("a frame that was given", i);
	}
}

static void bad_frames(u64 handle)
{
	check("reserve", (u64)vm(VM_RESERVE, 0, 0, 0), handle);
	check("a VM in MMIO", (u64)vm(VM_INIT, handle, 0x09000u, 1), (u64)HYP_EINVAL);
	check("a VM beyond the last frame number", (u64)vm(VM_INIT, handle, 0x1000000000u, 1), (u64)HYP_ERANGE);
	check("a VM that is neither protected nor not", (u64)vm(VM_INIT, handle, SPARE_PFN, 3), (u64)HYP_EINVAL);
	check("share", (u64)hyp(MEM_SHARE_HYP, SPARE_PFN, 0), 0);
	check("a VM in a lent frame", (u64)vm(VM_INIT, handle, SPARE_PFN, 1), (u64)HYP_EPERM);
	check("unshare", (u64)hyp(MEM_UNSHARE_HYP, SPARE_PFN, 0), 0);
	check("donate", (u64)hyp(MEM_DONATE_HYP, SPARE_PFN, 1), 1);
	check("a VM in a frame of Hypatia's", (u64)vm(VM_INIT, handle, SPARE_PFN, 1), (u64)HYP_EPERM);
	check("reclaim", (u64)hyp(MEM_RECLAIM_HYP, SPARE_PFN, 1), 1);
	check("no handle below the first", (u64)vm(VM_UNRESERVE, VM_HANDLE_BASE - 1, 0, 0), (u64)HYP_EINVAL);
	check("no handle behind the last", (u64)vm(VM_UNRESERVE, VM_HANDLE_BASE + VMS_MAX, 0, 0), (u64)HYP_EINVAL);
	check("no handle with upper bits", (u64)vm(VM_UNRESERVE, handle | (u64)1 << 32, 0, 0), (u64)HYP_EINVAL);
	check("give up the handle", (u64)vm(VM_UNRESERVE, handle, 0, 0), 0);
	check("give it up twice", (u64)vm(VM_UNRESERVE, handle, 0, 0), (u64)HYP_ENOENT);
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
	payload_cpu_off();
}

void payload_main(u64 device_tree)
{
	u64 free = (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0);
	u64 v;

	(void)device_tree;
	check("put without a vCPU", (u64)vm(VCPU_PUT, 0, 0, 0), (u64)HYP_ENOENT);
	bad_frames(VM_HANDLE_BASE);
	for (v = 0; v < 3; v++) {
		check("reserve", (u64)vm(VM_RESERVE, 0, 0, 0), VM_HANDLE_BASE);
		life(VM_HANDLE_BASE);
	}
	for (v = 0; v < VMS_MAX; v++) {
		check("reserve", (u64)vm(VM_RESERVE, 0, 0, 0), VM_HANDLE_BASE + v);
	}
	check("no handle is left", (u64)vm(VM_RESERVE, 0, 0, 0), (u64)HYP_ENOMEM);
	for (v = 0; v < VMS_MAX; v++) {
		check("give it up", (u64)vm(VM_UNRESERVE, VM_HANDLE_BASE + v, 0, 0), 0);
	}
	check("pool at the end", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0), free);
	finish("vms");
}
