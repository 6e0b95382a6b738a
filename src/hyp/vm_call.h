/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's calls on virtual machines (spec/hypercalls.toml): each is one operation of spec/vm.toml, with the frame
 * that changes hands.
 */
#ifndef HYP_VM_CALL_H
#define HYP_VM_CALL_H

#include <gen/hypercalls.h>
#include "image.h"
#include "../../annotations/entry.h"

/*@ // a call on the memory of a VM
    predicate memory_number(integer call) = VM_TABLE <= call <= VM_RECLAIM || call == VM_MAP_READ ||
      call == VM_ACCESS || call == VM_MEASURE || call == VM_POISON || call == VM_JOIN;
    // the measurement of VM v is the one named, where one is
    predicate is_expected{L}(integer v, struct measurement m) = (\forall integer i; 0 <= i < 4 ==> m.w[i] == 0) ||
      \forall integer i; 0 <= i < 4 ==>
        m.w[i] == \at(vm_image[v].hash.h[2 * i],L) * 0x100000000 + \at(vm_image[v].hash.h[2 * i + 1],L);
*/

/**
 * vm_call() - a call on a VM
 * @call: VM_RESERVE to VM_FINALIZE, VM_TABLE to VM_RECLAIM, VM_MAP_READ, VM_ACCESS, VM_MEASURE, VM_POISON,
 *        VM_JOIN
 * @a1: handle of the VM, where the call names one
 * @a2: index of the vCPU, the frame of VM_INIT and VM_RECLAIM, or a page of the guest
 * @a3: frame of VCPU_INIT, VM_TABLE, VM_MAP, VM_MAP_READ and VM_MEASURE, whether VM_INIT is to protect the VM, or what
 *      changes
 *
 * Takes LOCK_MM. What is wrong with an argument is said first, then what is wrong with the VM, then with the frame; a
 * call that fails has changed nothing.
 *
 * Return: the handle of VM_RESERVE, what the page of VM_ACCESS was, else 0; HYP_EINVAL, HYP_ERANGE, HYP_ENOENT,
 * HYP_EPERM, HYP_EBUSY, HYP_ENOMEM.
 */
/*@ requires unlocked: no_locks{Here};
    requires cpus: boot_info.cpu_count <= CPUS_MAX;
    requires call: VM_RESERVE <= call <= VM_FINALIZE || memory_number(call);
    terminates \true; exits \false;
    assigns LOCKED_STATE, cpu_guest[0 .. CPUS_MAX - 1];
    ensures unlocked: no_locks{Here};
    ensures result: call != VM_RESERVE ==> \result <= (call == VM_ACCESS ? 3 : 0);
    ensures reserved: call == VM_RESERVE && \result >= 0 ==>
      VM_HANDLE_BASE <= \result < VM_HANDLE_BASE + VMS_MAX && vms[\result - VM_HANDLE_BASE].state == VM_RESERVED;
    ensures handle: call != VM_RESERVE && call != VCPU_PUT && !is_handle(a1) ==> \result == HYP_EINVAL;
    // of a VM: as it was when its lock was let go
    ensures made: call == VM_INIT && \result == 0 ==> vms[a1 - VM_HANDLE_BASE].state == VM_LIVE &&
      vms[a1 - VM_HANDLE_BASE].frame == a2 && (vms[a1 - VM_HANDLE_BASE].protected != 0 <==> a3 != 0) &&
      fm_state[a2] == FRAME_HYP_VM;
    ensures peopled: call == VCPU_INIT && \result == 0 ==> vms[a1 - VM_HANDLE_BASE].vcpu[a2] == VCPU_READY &&
      vms[a1 - VM_HANDLE_BASE].vcpu_frame[a2] == a3 && fm_state[a3] == FRAME_HYP_VM;
    ensures loaded: call == VCPU_LOAD && \result == 0 ==> vms[a1 - VM_HANDLE_BASE].vcpu[a2] == VCPU_LOADED;
    ensures dying: call == VM_TEARDOWN && \result == 0 ==> vms[a1 - VM_HANDLE_BASE].state == VM_DYING;
    ensures reclaimed: call == VCPU_RECLAIM && \result == 0 ==> vms[a1 - VM_HANDLE_BASE].vcpu[a2] == VCPU_EMPTY;
    ensures ended: (call == VM_FINALIZE || call == VM_UNRESERVE) && \result == 0 ==>
      vms[a1 - VM_HANDLE_BASE].state == VM_FREE;
*/
s64 vm_call(u64 call, u64 a1, u64 a2, u64 a3);

/**
 * vm_begin() - VM_BEGIN: the image of a VM is whole, and vCPU 0 is to begin at @pc with @x0. Takes LOCK_MM.
 *
 * With a measurement other than @expected, where that is not 0, it never begins.
 *
 * Return: 0; HYP_EINVAL for a handle out of range; HYP_ENOENT without a VM or the vCPU; HYP_EPERM.
 */
/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false; assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_ENOENT || \result == HYP_EPERM;
    ensures handle: !is_handle(handle) ==> \result == HYP_EINVAL;
    // as it was when the lock was let go
    ensures begins: \result == 0 ==> vm_power[handle - VM_HANDLE_BASE].state[0] == POWER_ON_PENDING &&
      vm_start[handle - VM_HANDLE_BASE].vcpu[0].pc == pc && vm_start[handle - VM_HANDLE_BASE].vcpu[0].x0 == x0 &&
      vm_image[handle - VM_HANDLE_BASE].state == IMAGE_CLOSED;
    ensures expected: \result == 0 ==> is_expected{Here}(handle - VM_HANDLE_BASE, expected);
*/
s64 vm_begin(u64 handle, u64 pc, u64 x0, struct measurement expected);

#endif
