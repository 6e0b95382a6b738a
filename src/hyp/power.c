/* SPDX-License-Identifier: BSD-2-Clause */
#include "power.h"

struct guest_power vm_power[VMS_MAX];
struct vm_start vm_start[VMS_MAX];

void power_setup(void)
{
	u32 v;
	u32 i;

	/*@ loop invariant range: 0 <= v <= VMS_MAX;
	    loop invariant none: \forall integer w, k; 0 <= w < v && 0 <= k < VCPUS_MAX ==>
	      vm_power[w].state[k] == POWER_ABSENT;
	    loop assigns v, i, vm_power[0 .. VMS_MAX - 1];
	    loop variant VMS_MAX - v;
	*/
	for (v = 0; v < VMS_MAX; v++) {
		/*@ loop invariant range: 0 <= i <= VCPUS_MAX;
		    loop invariant none: \forall integer k; 0 <= k < i ==> vm_power[v].state[k] == POWER_ABSENT;
		    loop assigns i, vm_power[v].state[0 .. VCPUS_MAX - 1];
		    loop variant VCPUS_MAX - i;
		*/
		for (i = 0; i < VCPUS_MAX; i++) {
			vm_power[v].state[i] = POWER_ABSENT;
		}
	}
}

s32 power_add(u32 v, u32 i)
{
	if (vm_power[v].state[i] != POWER_ABSENT) {
		return HYP_EBUSY;
	}
	vm_power[v].state[i] = POWER_OFF;
	return 0;
}

s32 power_on(u32 v, u32 i, u64 pc, u64 x0)
{
	switch (vm_power[v].state[i]) {
	case POWER_OFF:
		vm_power[v].state[i] = POWER_ON_PENDING;
		vm_start[v].vcpu[i].pc = pc;
		vm_start[v].vcpu[i].x0 = x0;
		return 0;
	case POWER_ON_PENDING:
		return PSCI_ON_PENDING;
	case POWER_ON:
		return PSCI_ALREADY_ON;
	default:
		return PSCI_INVALID_PARAMETERS;
	}
}

s32 power_enter(u32 v, u32 i)
{
	switch (vm_power[v].state[i]) {
	case POWER_ON_PENDING:
		vm_power[v].state[i] = POWER_ON;
		return 0;
	case POWER_OFF:
		return HYP_EPERM;
	case POWER_ON:
		return HYP_EBUSY;
	default:
		return HYP_ENOENT;
	}
}

s32 power_off(u32 v, u32 i)
{
	if (vm_power[v].state[i] != POWER_ON) {
		return PSCI_DENIED;
	}
	vm_power[v].state[i] = POWER_OFF;
	return 0;
}

void power_halt(u32 v)
{
	u32 i;

	/*@ loop invariant range: 0 <= i <= VCPUS_MAX;
	    loop invariant done: \forall integer k; 0 <= k < i ==>
	      vm_power[v].state[k] == power_halt_state(\at(vm_power[v].state[k],Pre)) && power_ok(vm_power[v].state[k]);
	    loop invariant rest: \forall integer k; i <= k < VCPUS_MAX ==>
	      vm_power[v].state[k] == \at(vm_power[v].state[k],Pre);
	    loop assigns i, vm_power[v].state[0 .. VCPUS_MAX - 1];
	    loop variant VCPUS_MAX - i;
	*/
	for (i = 0; i < VCPUS_MAX; i++) {
		if (vm_power[v].state[i] != POWER_ABSENT) {
			vm_power[v].state[i] = POWER_OFF;
		}
	}
}

s32 power_start(u32 v, u32 i)
{
	if (vm_power[v].state[i] == POWER_ABSENT) {
		return HYP_ENOENT;
	}
	vm_power[v].state[i] = POWER_ON;
	return 0;
}

s32 power_stop(u32 v, u32 i)
{
	if (vm_power[v].state[i] == POWER_ABSENT) {
		return HYP_ENOENT;
	}
	vm_power[v].state[i] = POWER_OFF;
	return 0;
}

s32 power_remove(u32 v, u32 i)
{
	if (vm_power[v].state[i] == POWER_ABSENT) {
		return HYP_ENOENT;
	}
	vm_power[v].state[i] = POWER_ABSENT;
	return 0;
}

u32 power_may_run(u32 v, u32 i)
{
	return vm_power[v].state[i] == POWER_ON_PENDING || vm_power[v].state[i] == POWER_ON;
}
