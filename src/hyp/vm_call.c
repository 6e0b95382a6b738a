/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm_call.h"
#include "arch.h"
#include "context.h"
#include "ownership.h"
#include "vm.h"
#include <lemmas/vms.h>

/* Make VM @v, which keeps frame @pfn. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures refused: err_init_vm(\old(vms[v].state), 0, 0) != 0 ==>
      \result == err_init_vm(\old(vms[v].state), 0, 0);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_keeping{Pre,Here};
    ensures made: \result == 0 ==> vms[v].state == VM_LIVE && vms[v].frame == pfn &&
      (vms[v].protected != 0 <==> protected != 0) && fm_state[pfn] == FRAME_HYP_VM;
*/
static s32 make_vm(u32 v, u64 pfn, u32 protected)
{
	s32 error = vm_init_check(v);

	if (error != 0) {
		return error;
	}
	error = vm_give(pfn);
	//@ assert same: same_keeping{Pre,Here};
	if (error != 0) {
		//@ assert frames: same_vm_frames{Pre,Here};
		return error;
	}
	//@ assert free: !keeps{Pre}(v, VCPUS_MAX);
	error = vm_init(v, protected, pfn);
	//@ assert given: keeps{Here}(v, VCPUS_MAX) && kept{Here}(v, VCPUS_MAX) == pfn;
	//@ assert others: else_keeping{Pre,Here}(v, VCPUS_MAX);
	//@ assert gives: gives_frame{Pre,Here}(v, VCPUS_MAX, pfn);
	//@ assert kept: vm_kept{Here};
	return error;
}

/* Make vCPU @i of VM @v, which keeps frame @pfn. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures refused: err_init_vcpu(\old(vms[v].state), \old(vms[v].vcpu[i]), 0) != 0 ==>
      \result == err_init_vcpu(\old(vms[v].state), \old(vms[v].vcpu[i]), 0);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_keeping{Pre,Here};
    ensures made: \result == 0 ==> vms[v].vcpu[i] == VCPU_READY && vms[v].vcpu_frame[i] == pfn &&
      fm_state[pfn] == FRAME_HYP_VM;
*/
static s32 make_vcpu(u32 v, u32 i, u64 pfn)
{
	s32 error = vm_init_vcpu_check(v, i);

	if (error != 0) {
		return error;
	}
	error = vm_give(pfn);
	//@ assert same: same_keeping{Pre,Here};
	if (error != 0) {
		//@ assert frames: same_vm_frames{Pre,Here};
		return error;
	}
	//@ assert free: !keeps{Pre}(v, i);
	error = vm_init_vcpu(v, i, pfn);
	//@ assert given: keeps{Here}(v, i) && kept{Here}(v, i) == pfn;
	//@ assert others: else_keeping{Pre,Here}(v, i);
	//@ assert gives: gives_frame{Pre,Here}(v, i, pfn);
	//@ assert kept: vm_kept{Here};
	return error;
}

/* vCPU @i of dying VM @v ends. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures error: \result == err_reclaim_vcpu(\old(vms[v].state), \old(vms[v].vcpu[i]), 0);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_keeping{Pre,Here};
    ensures ended: \result == 0 ==> vms[v].vcpu[i] == VCPU_EMPTY &&
      fm_state[\old(vms[v].vcpu_frame[i])] == FRAME_HOST && zeroed{Here}(\old(vms[v].vcpu_frame[i]));
*/
static s32 end_vcpu(u32 v, u32 i)
{
	s32 error = vm_reclaim_vcpu_check(v, i);

	if (error != 0) {
		return error;
	}
	//@ assert held: keeps{Here}(v, i) && keeps_own{Here}(v, i);
	/* What it keeps serves it (vms_inv), so it goes back in any case. */
	vm_return(vms[v].vcpu_frame[i]);
	//@ assert same: same_keeping{Pre,Here};
	error = vm_reclaim_vcpu(v, i);
	//@ assert gone: !keeps{Here}(v, i);
	//@ assert others: else_keeping{Pre,Here}(v, i);
	//@ assert takes: takes_frame{Pre,Here}(v, i, \at(vms[v].vcpu_frame[i],Pre));
	//@ assert kept: vm_kept{Here};
	return error;
}

/* Dying VM @v, which has no vCPUs any more, ends. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures busy: vm_peopled{Pre}(v) ==> \result == err_finalize_teardown_vm(\old(vms[v].state), 0, 1);
    ensures idle: !vm_peopled{Pre}(v) ==> \result == err_finalize_teardown_vm(\old(vms[v].state), 0, 0);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_keeping{Pre,Here};
    ensures ended: \result == 0 ==> vms[v].state == VM_FREE &&
      fm_state[\old(vms[v].frame)] == FRAME_HOST && zeroed{Here}(\old(vms[v].frame));
*/
static s32 end_vm(u32 v)
{
	s32 error = vm_finalize_check(v);

	if (error != 0) {
		return error;
	}
	//@ assert held: keeps{Here}(v, VCPUS_MAX) && keeps_own{Here}(v, VCPUS_MAX);
	/* What it keeps serves it (vms_inv), so it goes back in any case. */
	vm_return(vms[v].frame);
	//@ assert same: same_keeping{Pre,Here};
	error = vm_finalize(v);
	//@ assert gone: !keeps{Here}(v, VCPUS_MAX);
	//@ assert others: else_keeping{Pre,Here}(v, VCPUS_MAX);
	//@ assert takes: takes_frame{Pre,Here}(v, VCPUS_MAX, \at(vms[v].frame,Pre));
	//@ assert kept: vm_kept{Here};
	return error;
}

/* CPU @cpu takes vCPU @i of VM @v, with its context. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vms_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns VM_STATE, cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures inv: vms_inv{Here};
    ensures result: \result <= 0;
    ensures error: \result == err_vcpu_load(vms[v].state, \old(vms[v].vcpu[i]), \old(cpu_vm[cpu].loaded));
    ensures loaded: \result == 0 ==> vms[v].vcpu[i] == VCPU_LOADED && vms[v].on[i] == cpu;
    ensures context: \result == 0 && frame[vms[v].vcpu_frame[i]].e[CTX_STATE] != RUN_NEW ==>
      \forall integer k; 0 <= k < CTX_WORDS && k != CTX_FRESH ==>
        cpu_guest[cpu].w[k] == frame[vms[v].vcpu_frame[i]].e[k];
    ensures keeping: same_keeping{Pre,Here};
*/
static s32 load(u32 v, u32 i, u32 cpu)
{
	s32 error = vm_load(v, i, cpu);

	//@ assert same: same_keeping{Pre,Here} && same_vm_frames{Pre,Here} && same_machine{Pre,Here};
	if (error == 0) {
		//@ assert held: keeps{Here}(v, i) && keeps_own{Here}(v, i);
		context_load(cpu, vms[v].vcpu_frame[i], i);
	}
	return error;
}

/* What is wrong with the arguments of @call: 0 when nothing is. */
/*@ requires call: VM_UNRESERVE <= call <= VM_FINALIZE && call != VCPU_PUT;
    terminates \true; exits \false; assigns \nothing;
    ensures handle: !is_handle(a1) ==> \result == HYP_EINVAL;
    ensures frame: call == VM_INIT && is_handle(a1) ==>
      \result == (a2 >= PFN_COUNT ? HYP_ERANGE : a3 > 1 ? HYP_EINVAL : 0);
    ensures index: (call == VCPU_INIT || call == VCPU_LOAD || call == VCPU_RECLAIM) && is_handle(a1) &&
      a2 >= VCPUS_MAX ==> \result == HYP_EINVAL;
    ensures vcpu_frame: call == VCPU_INIT && is_handle(a1) && a2 < VCPUS_MAX ==>
      \result == (a3 >= PFN_COUNT ? HYP_ERANGE : 0);
    ensures vcpu: (call == VCPU_LOAD || call == VCPU_RECLAIM) && is_handle(a1) && a2 < VCPUS_MAX ==> \result == 0;
    ensures only: (call == VM_UNRESERVE || call == VM_TEARDOWN || call == VM_FINALIZE) && is_handle(a1) ==>
      \result == 0;
*/
static s32 arguments_check(u64 call, u64 a1, u64 a2, u64 a3)
{
	if (a1 < VM_HANDLE_BASE || a1 - VM_HANDLE_BASE >= VMS_MAX) {
		return HYP_EINVAL;
	}
	switch (call) {
	case VM_INIT:
		if (a2 >= PFN_COUNT) {
			return HYP_ERANGE;
		}
		return a3 > 1 ? HYP_EINVAL : 0;
	case VCPU_INIT:
		if (a2 >= VCPUS_MAX) {
			return HYP_EINVAL;
		}
		return a3 >= PFN_COUNT ? HYP_ERANGE : 0;
	case VCPU_LOAD:
	case VCPU_RECLAIM:
		return a2 >= VCPUS_MAX ? HYP_EINVAL : 0;
	default:
		return 0;
	}
}

/* A call on VM @v; @a2 and @a3 are within their ranges. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires cpus: boot_info.cpu_count <= CPUS_MAX;
    requires call: VM_UNRESERVE <= call <= VM_FINALIZE && call != VCPU_PUT;
    requires vm: v < VMS_MAX;
    requires vcpu: call == VCPU_INIT || call == VCPU_LOAD || call == VCPU_RECLAIM ==> a2 < VCPUS_MAX;
    requires protected: call == VM_INIT ==> a3 <= 1;
    terminates \true; exits \false;
    assigns MM_STATE, VM_STATE, cpu_guest[0 .. CPUS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures made: call == VM_INIT && \result == 0 ==> vms[v].state == VM_LIVE &&
      vms[v].frame == a2 && (vms[v].protected != 0 <==> a3 != 0) && fm_state[a2] == FRAME_HYP_VM;
    ensures peopled: call == VCPU_INIT && \result == 0 ==> vms[v].vcpu[a2] == VCPU_READY &&
      vms[v].vcpu_frame[a2] == a3 && fm_state[a3] == FRAME_HYP_VM;
    ensures loaded: call == VCPU_LOAD && \result == 0 ==> vms[v].vcpu[a2] == VCPU_LOADED;
    ensures dying: call == VM_TEARDOWN && \result == 0 ==> vms[v].state == VM_DYING;
    ensures reclaimed: call == VCPU_RECLAIM && \result == 0 ==> vms[v].vcpu[a2] == VCPU_EMPTY;
    ensures ended: (call == VM_FINALIZE || call == VM_UNRESERVE) && \result == 0 ==> vms[v].state == VM_FREE;
*/
static s32 operate(u64 call, u32 v, u64 a2, u64 a3)
{
	s32 error;

	switch (call) {
	case VM_UNRESERVE:
		error = vm_unreserve(v);
		break;
	case VM_INIT:
		error = make_vm(v, a2, (u32)a3);
		break;
	case VCPU_INIT:
		error = make_vcpu(v, (u32)a2, a3);
		break;
	case VCPU_LOAD:
		error = load(v, (u32)a2, cpu_index());
		break;
	case VM_TEARDOWN:
		error = vm_start_teardown(v);
		break;
	case VCPU_RECLAIM:
		error = end_vcpu(v, (u32)a2);
		break;
	default:
		error = end_vm(v);
		break;
	}
	/*@ assert same: call == VM_UNRESERVE || call == VM_TEARDOWN ==>
	      same_keeping{Pre,Here} && same_vm_frames{Pre,Here} && same_machine{Pre,Here}; */
	return error;
}

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    terminates \true; exits \false;
    assigns vms[0 .. VMS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result == HYP_ENOMEM || (is_handle(\result) && vms[\result - VM_HANDLE_BASE].state == VM_RESERVED);
*/
static s64 reserve(void)
{
	s32 v = vm_reserve();

	//@ assert same: same_keeping{Pre,Here} && same_vm_frames{Pre,Here} && same_machine{Pre,Here};
	if (v < 0) {
		return v;
	}
	return (s64)VM_HANDLE_BASE + v;
}

/* The context of the vCPU that @cpu has loaded goes back to its frame. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires loaded: cpu < CPUS_MAX && cpu_vm[cpu].loaded != 0;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures kept: \forall integer k; 0 <= k < CTX_WORDS ==>
      frame[vms[cpu_vm[cpu].vm].vcpu_frame[cpu_vm[cpu].vcpu]].e[k] == cpu_guest[cpu].w[k];
*/
static void keep_context(u32 cpu)
{
	u32 v = cpu_vm[cpu].vm;
	u32 i = cpu_vm[cpu].vcpu;

	//@ assert here: cpu_ok{Here}(cpu) && v < VMS_MAX && i < VCPUS_MAX && vms[v].vcpu[i] == VCPU_LOADED;
	//@ assert held: keeps{Here}(v, i) && keeps_own{Here}(v, i);
	context_store(cpu, vms[v].vcpu_frame[i]);
	//@ assert same: same_keeping{Pre,Here} && same_vm_frames{Pre,Here} && same_machine{Pre,Here};
}

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires cpus: boot_info.cpu_count <= CPUS_MAX;
    terminates \true; exits \false;
    assigns VM_STATE, frame[0 .. PFN_COUNT - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result == 0 || \result == HYP_ENOENT;
*/
static s32 let_go(void)
{
	u32 cpu = cpu_index();
	s32 error;

	if (cpu_vm[cpu].loaded != 0) {
		keep_context(cpu);
	}
	//@ ghost stored: ;
	//@ assert inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
	error = vm_put(cpu);
	//@ assert same: same_keeping{stored,Here} && same_vm_frames{stored,Here} && same_machine{stored,Here};
	return error;
}

s64 vm_call(u64 call, u64 a1, u64 a2, u64 a3)
{
	s64 value = 0;
	s32 error;

	if (call != VM_RESERVE && call != VCPU_PUT) {
		error = arguments_check(call, a1, a2, a3);
		if (error != 0) {
			return error;
		}
	}
	lock_acquire(LOCK_MM);
	switch (call) {
	case VM_RESERVE:
		value = reserve();
		break;
	case VCPU_PUT:
		error = let_go();
		value = error;
		break;
	default:
		error = operate(call, (u32)(a1 - VM_HANDLE_BASE), a2, a3);
		value = error;
		break;
	}
	lock_release(LOCK_MM);
	return value;
}
