/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm.h"

struct vm vms[VMS_MAX];
struct cpu_vm cpu_vm[CPUS_MAX];
u64 vm_frames[VMS_MAX];

/* What is wrong with VM state @state where @wanted is asked for: there is no VM, or it is not in that state. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == (state == wanted ? 0 : state == VM_FREE || state == VM_RESERVED ? HYP_ENOENT : HYP_EPERM);
*/
static s32 state_error(u32 state, u32 wanted)
{
	if (state == wanted) {
		return 0;
	}
	return state == VM_FREE || state == VM_RESERVED ? HYP_ENOENT : HYP_EPERM;
}

/* 1 when a vCPU of VM @v is in a state from @least on. */
/*@ requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures some: \result != 0 <==> \exists integer i; 0 <= i < VCPUS_MAX && vms[v].vcpu[i] >= least;
*/
static u32 any_vcpu(u32 v, u32 least)
{
	u32 i;

	/*@ loop invariant range: 0 <= i <= VCPUS_MAX;
	    loop invariant before: \forall integer k; 0 <= k < i ==> vms[v].vcpu[k] < least;
	    loop assigns i;
	    loop variant VCPUS_MAX - i;
	*/
	for (i = 0; i < VCPUS_MAX; i++) {
		if (vms[v].vcpu[i] >= least) {
			return 1;
		}
	}
	return 0;
}

void vm_setup(void)
{
	u32 v;
	u32 i;

	/*@ loop invariant range: 0 <= v <= VMS_MAX;
	    loop invariant free: \forall integer w; 0 <= w < v ==> vms[w].state == VM_FREE;
	    loop invariant empty: \forall integer w, k; 0 <= w < v && 0 <= k < VCPUS_MAX ==>
	      vms[w].vcpu[k] == VCPU_EMPTY;
	    loop assigns v, i, vms[0 .. VMS_MAX - 1], vm_frames[0 .. VMS_MAX - 1];
	    loop variant VMS_MAX - v;
	*/
	for (v = 0; v < VMS_MAX; v++) {
		vms[v].state = VM_FREE;
		vm_frames[v] = 0;
		/*@ loop invariant range: 0 <= i <= VCPUS_MAX;
		    loop invariant empty: \forall integer k; 0 <= k < i ==> vms[v].vcpu[k] == VCPU_EMPTY;
		    loop assigns i, vms[v].vcpu[0 .. VCPUS_MAX - 1];
		    loop variant VCPUS_MAX - i;
		*/
		for (i = 0; i < VCPUS_MAX; i++) {
			vms[v].vcpu[i] = VCPU_EMPTY;
		}
	}
	/*@ loop invariant range: 0 <= i <= CPUS_MAX;
	    loop invariant none: \forall integer p; 0 <= p < i ==> cpu_vm[p].loaded == 0;
	    loop assigns i, cpu_vm[0 .. CPUS_MAX - 1];
	    loop variant CPUS_MAX - i;
	*/
	for (i = 0; i < CPUS_MAX; i++) {
		cpu_vm[i].loaded = 0;
	}
	//@ assert machines: \forall integer w; 0 <= w < VMS_MAX ==> vm_ok{Here}(w);
	//@ assert vcpus: \forall integer w, k; 0 <= w < VMS_MAX && 0 <= k < VCPUS_MAX ==> vcpu_ok{Here}(w, k);
	//@ assert cpus: \forall integer p; 0 <= p < CPUS_MAX ==> cpu_ok{Here}(p);
}

s32 vm_reserve(void)
{
	u32 v;

	/*@ loop invariant range: 0 <= v <= VMS_MAX;
	    loop invariant before: \forall integer w; 0 <= w < v ==> vms[w].state != VM_FREE;
	    loop assigns v;
	    loop variant VMS_MAX - v;
	*/
	for (v = 0; v < VMS_MAX; v++) {
		if (vms[v].state == VM_FREE) {
			vms[v].state = VM_RESERVED;
			return (s32)v;
		}
	}
	return HYP_ENOMEM;
}

s32 vm_unreserve(u32 v)
{
	if (vms[v].state != VM_RESERVED) {
		return vms[v].state == VM_FREE ? HYP_ENOENT : HYP_EBUSY;
	}
	vms[v].state = VM_FREE;
	return 0;
}

s32 vm_init_check(u32 v)
{
	if (vms[v].state != VM_RESERVED) {
		return vms[v].state == VM_FREE ? HYP_ENOENT : HYP_EBUSY;
	}
	return 0;
}

s32 vm_init(u32 v, u32 protected, u64 frame)
{
	s32 error = vm_init_check(v);

	if (error != 0) {
		return error;
	}
	vms[v].protected = protected != 0 ? 1 : 0;
	vms[v].frame = frame;
	vm_frames[v] = 0;
	vms[v].state = VM_LIVE;
	return 0;
}

s32 vm_init_vcpu_check(u32 v, u32 i)
{
	s32 error = state_error(vms[v].state, VM_LIVE);

	if (error != 0) {
		return error;
	}
	if (vms[v].vcpu[i] != VCPU_EMPTY) {
		return HYP_EBUSY;
	}
	return 0;
}

s32 vm_init_vcpu(u32 v, u32 i, u64 frame)
{
	s32 error = vm_init_vcpu_check(v, i);

	if (error != 0) {
		return error;
	}
	vms[v].vcpu_frame[i] = frame;
	vms[v].vcpu[i] = VCPU_READY;
	return 0;
}

s32 vm_load(u32 v, u32 i, u32 cpu)
{
	s32 error = state_error(vms[v].state, VM_LIVE);

	if (error != 0) {
		return error;
	}
	if (vms[v].vcpu[i] != VCPU_READY) {
		return vms[v].vcpu[i] == VCPU_EMPTY ? HYP_ENOENT : HYP_EBUSY;
	}
	if (cpu_vm[cpu].loaded != 0) {
		return HYP_EBUSY;
	}
	vms[v].vcpu[i] = VCPU_LOADED;
	vms[v].on[i] = cpu;
	cpu_vm[cpu].loaded = 1;
	cpu_vm[cpu].vm = v;
	cpu_vm[cpu].vcpu = i;
	return 0;
}

s32 vm_put(u32 cpu)
{
	if (cpu_vm[cpu].loaded == 0) {
		return HYP_ENOENT;
	}
	vms[cpu_vm[cpu].vm].vcpu[cpu_vm[cpu].vcpu] = VCPU_READY;
	cpu_vm[cpu].loaded = 0;
	return 0;
}

s32 vm_start_teardown(u32 v)
{
	s32 error = state_error(vms[v].state, VM_LIVE);

	if (error != 0) {
		return error;
	}
	if (any_vcpu(v, VCPU_LOADED) != 0) {
		return HYP_EBUSY;
	}
	vms[v].state = VM_DYING;
	return 0;
}

s32 vm_reclaim_vcpu_check(u32 v, u32 i)
{
	s32 error = state_error(vms[v].state, VM_DYING);

	if (error != 0) {
		return error;
	}
	if (vms[v].vcpu[i] == VCPU_EMPTY) {
		return HYP_ENOENT;
	}
	return 0;
}

s32 vm_reclaim_vcpu(u32 v, u32 i)
{
	s32 error = vm_reclaim_vcpu_check(v, i);

	if (error != 0) {
		return error;
	}
	vms[v].vcpu[i] = VCPU_EMPTY;
	return 0;
}

s32 vm_finalize_check(u32 v)
{
	s32 error = state_error(vms[v].state, VM_DYING);

	if (error != 0) {
		return error;
	}
	if (any_vcpu(v, VCPU_READY) != 0 || vm_frames[v] != 0) {
		return HYP_EBUSY;
	}
	return 0;
}

s32 vm_finalize(u32 v)
{
	s32 error = vm_finalize_check(v);

	if (error != 0) {
		return error;
	}
	vms[v].state = VM_FREE;
	return 0;
}
