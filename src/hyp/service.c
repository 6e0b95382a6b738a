/* SPDX-License-Identifier: BSD-2-Clause */
#include "service.h"
#include "arch.h"
#include "guest.h"
#include "image.h"

/* SMCCC_INVALID_PARAMETER, -3, as a guest finds it in a register. */
#define SMCCC_INVALID_PARAMETER_WORD 0xfffffffffffffffdu
/* SMCCC_NOT_SUPPORTED, -1. */
#define SMCCC_NOT_SUPPORTED_WORD 0xffffffffffffffffu

/* What guests have of a call's context: x0 to x3. */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_X0 .. CTX_X3];
    ensures answered: cpu_guest[cpu].w[CTX_X0] == a.x0 && cpu_guest[cpu].w[CTX_X1] == a.x1 &&
      cpu_guest[cpu].w[CTX_X2] == a.x2 && cpu_guest[cpu].w[CTX_X3] == a.x3;
*/
static void answer_put(u32 cpu, struct guest_answer a)
{
	cpu_guest[cpu].w[CTX_X0] = a.x0;
	cpu_guest[cpu].w[CTX_X1] = a.x1;
	cpu_guest[cpu].w[CTX_X2] = a.x2;
	cpu_guest[cpu].w[CTX_X3] = a.x3;
}

/* What the answer @a does to memory of VM @v: 0, or why not. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires page: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false; assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures shared: \result == 0 && effect == GUEST_SHARE ==>
      fm_state[d_pfn(g_xl{Pre}(v, n))] == FRAME_GUEST_SHARED_HOST;
    ensures unshared: \result == 0 && effect == GUEST_UNSHARE ==> fm_state[d_pfn(g_xl{Pre}(v, n))] == FRAME_GUEST;
    ensures given: \result == 0 && effect == GUEST_RELINQUISH ==> fm_state[d_pfn(g_xl{Pre}(v, n))] == FRAME_HOST;
    ensures device: \result == 0 && effect == GUEST_MMIO && vms[v].state == VM_LIVE ==> g_xl{Pre}(v, n) == 0;
    ensures others: only_frame{Pre,Here}(d_pfn(g_xl{Pre}(v, n)));
    ensures failed: \result != 0 ==> same_frames{Pre,Here};
*/
static s32 memory_do(u32 v, u32 effect, u64 n)
{
	s32 error;
	u32 has;

	switch (effect) {
	case GUEST_SHARE:
		error = guest_lend(v, n, 1);
		break;
	case GUEST_UNSHARE:
		error = guest_lend(v, n, 0);
		break;
	case GUEST_RELINQUISH:
		error = guest_relinquish(v, n);
		break;
	default:
		/* The host is told of every access where there is no memory, so there is nothing to be noted. */
		has = guest_has(v, n);
		error = 0;
		if (has != 0) {
			error = HYP_EBUSY;
		}
		break;
	}
	return error;
}

/* What the answer @a does to memory; x0 says so when that is refused. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires page: v < VMS_MAX && (gc_of_memory(a.effect) ==> a.arg1 < GUEST_IPA_END);
    terminates \true; exits \false; assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures other: !gc_of_memory(a.effect) ==> \result == a;
    ensures words: \result.x1 == a.x1 && \result.x2 == a.x2 && \result.x3 == a.x3;
    ensures answer: \result.x0 == a.x0 || \result.x0 == gc_wrap(SMCCC_INVALID_PARAMETER);
    ensures failed: \result.x0 != a.x0 ==> same_frames{Pre,Here};
*/
static struct guest_answer memory_effect(u32 v, struct guest_answer a)
{
	if (a.effect < GUEST_SHARE || a.effect > GUEST_MMIO) {
		return a;
	}
	if (memory_do(v, a.effect, a.arg1 / PAGE_SIZE) != 0) {
		a.x0 = SMCCC_INVALID_PARAMETER_WORD;
	}
	return a;
}

/* The answer @a with what the guest asked of its measurement. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires half: v < VMS_MAX && (a.effect == GUEST_MEASUREMENT ==> a.arg1 <= 1);
    terminates \true; exits \false; assigns \nothing;
    ensures other: a.effect != GUEST_MEASUREMENT ==> \result == a;
    ensures none: a.effect == GUEST_MEASUREMENT && vm_image[v].state == IMAGE_NONE ==>
      \result.x0 == gc_wrap(SMCCC_NOT_SUPPORTED) && \result.x1 == a.x1 && \result.x2 == a.x2;
    ensures told: a.effect == GUEST_MEASUREMENT && vm_image[v].state != IMAGE_NONE ==> \result.x0 == a.x0 &&
      \result.x1 == vm_image[v].hash.h[4 * a.arg1] * 0x100000000 + vm_image[v].hash.h[4 * a.arg1 + 1] &&
      \result.x2 == vm_image[v].hash.h[4 * a.arg1 + 2] * 0x100000000 + vm_image[v].hash.h[4 * a.arg1 + 3];
    ensures x3: \result.x3 == a.x3;
    ensures rest: \result.effect == a.effect && \result.arg1 == a.arg1 && \result.arg2 == a.arg2 &&
      \result.arg3 == a.arg3;
*/
static struct guest_answer image_effect(u32 v, struct guest_answer a)
{
	if (a.effect != GUEST_MEASUREMENT) {
		return a;
	}
	if (vm_image[v].state == IMAGE_NONE) {
		a.x0 = SMCCC_NOT_SUPPORTED_WORD;
		return a;
	}
	a.x1 = image_word(v, 2u * (u32)a.arg1);
	a.x2 = image_word(v, 2u * (u32)a.arg1 + 1u);
	return a;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result.kind == kind && \result.x2 == x2 && \result.x3 == 0;
*/
static struct guest_exit exit_of(u64 kind, u64 x2)
{
	struct guest_exit x;

	x.kind = kind;
	x.x2 = x2;
	x.x3 = 0;
	return x;
}

/* What the answer @a does to power states; the exit that the host gets, @x when the call is its business. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: g.vm < VMS_MAX && g.vcpu < VCPUS_MAX && vm_power[g.vm].state[g.vcpu] == POWER_ON;
    requires power: power_inv{Here};
    requires target: a.effect == GUEST_CPU_ON ==> a.arg1 < VCPUS_MAX &&
      can_power_on(vm_power[g.vm].state[a.arg1]);
    terminates \true; exits \false; assigns vm_power[g.vm], vm_start[g.vm].vcpu[0 .. VCPUS_MAX - 1];
    ensures power: power_inv{Here};
    ensures on: a.effect == GUEST_CPU_ON ==> \result.kind == EXIT_ON && \result.x2 == a.arg1 && \result.x3 == 0 &&
      vm_power[g.vm].state[a.arg1] == POWER_ON_PENDING && vm_start[g.vm].vcpu[a.arg1].pc == a.arg2 &&
      vm_start[g.vm].vcpu[a.arg1].x0 == a.arg3;
    ensures off: a.effect == GUEST_CPU_OFF ==> \result.kind == EXIT_OFF && \result.x2 == 0 && \result.x3 == 0 &&
      vm_power[g.vm].state[g.vcpu] == POWER_OFF;
    ensures end: a.effect == GUEST_SYSTEM_OFF || a.effect == GUEST_SYSTEM_RESET ==> \result.kind == EXIT_END &&
      \result.x2 == (a.effect == GUEST_SYSTEM_RESET ? 1 : 0) && \result.x3 == 0 &&
      \forall integer k; 0 <= k < VCPUS_MAX ==> !power_runs(vm_power[g.vm].state[k]);
    ensures suspend: a.effect == GUEST_SUSPEND ==> \result.kind == EXIT_WFX && \result.x2 == 0 && \result.x3 == 0;
    ensures host: a.effect == GUEST_HOST ==> \result == x;
    ensures others: \forall integer k; 0 <= k < VCPUS_MAX && !(a.effect == GUEST_CPU_ON && k == a.arg1) &&
      !(a.effect == GUEST_CPU_OFF && k == g.vcpu) && a.effect != GUEST_SYSTEM_OFF && a.effect != GUEST_SYSTEM_RESET ==>
      vm_power[g.vm].state[k] == \old(vm_power[g.vm].state[k]);
    ensures answered: a.effect == GUEST_ANSWER || a.effect > GUEST_SYSTEM_RESET ==> \result.kind == EXIT_NONE &&
      \result.x2 == 0 && \result.x3 == 0;
*/
static struct guest_exit power_effect(struct guest g, struct guest_answer a, struct guest_exit x)
{
	struct guest_exit y = exit_of(EXIT_NONE, 0);

	switch (a.effect) {
	case GUEST_HOST:
		y = x;
		break;
	case GUEST_SUSPEND:
		y = exit_of(EXIT_WFX, 0);
		break;
	case GUEST_CPU_ON:
		power_on(g.vm, (u32)a.arg1, a.arg2, a.arg3);
		y = exit_of(EXIT_ON, a.arg1);
		break;
	case GUEST_CPU_OFF:
		power_off(g.vm, g.vcpu);
		y = exit_of(EXIT_OFF, 0);
		break;
	case GUEST_SYSTEM_OFF:
		power_halt(g.vm);
		y = exit_of(EXIT_END, 0);
		break;
	case GUEST_SYSTEM_RESET:
		power_halt(g.vm);
		y = exit_of(EXIT_END, 1);
		break;
	default:
		break;
	}
	return y;
}

/* What call @call of vCPU @g comes to, and does. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here} && power_inv{Here};
    requires vcpu: g.cpu < CPUS_MAX && g.vm < VMS_MAX && g.vcpu < VCPUS_MAX;
    requires kind: vm.protected == g.protected;
    requires exit: x.kind == EXIT_HVC || x.kind == EXIT_SMC;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY, vm_power[g.vm], vm_start[g.vm].vcpu[0 .. VCPUS_MAX - 1],
      cpu_guest[g.cpu].w[CTX_X0 .. CTX_X3];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here} && power_inv{Here};
    ensures off: \old(vm_power[g.vm].state[g.vcpu]) != POWER_ON ==> \result.kind == EXIT_OFF &&
      \result.x2 == 0 && \result.x3 == 0;
    ensures host: \old(vm_power[g.vm].state[g.vcpu]) == POWER_ON &&
      gc_does(vm, \old(vm_power[g.vm]), call) == GUEST_HOST ==> \result == x;
    ensures silent: \old(vm_power[g.vm].state[g.vcpu]) != POWER_ON ||
      gc_does(vm, \old(vm_power[g.vm]), call) == GUEST_HOST ==> \forall integer k; CTX_X0 <= k <= CTX_X3 ==>
        cpu_guest[g.cpu].w[k] == \old(cpu_guest[g.cpu].w[k]);
    ensures answered: \old(vm_power[g.vm].state[g.vcpu]) == POWER_ON &&
      gc_does(vm, \old(vm_power[g.vm]), call) == GUEST_ANSWER ==> \result.kind == EXIT_NONE && \result.x2 == 0 &&
      \result.x3 == 0 && cpu_guest[g.cpu].w[CTX_X0] == gc_wrap(gc_first(vm, \old(vm_power[g.vm]), call)) &&
      cpu_guest[g.cpu].w[CTX_X1] == gc_next(vm, \old(vm_power[g.vm]), call, 1) &&
      cpu_guest[g.cpu].w[CTX_X2] == gc_next(vm, \old(vm_power[g.vm]), call, 2) &&
      cpu_guest[g.cpu].w[CTX_X3] == gc_next(vm, \old(vm_power[g.vm]), call, 3);
    ensures random: \old(vm_power[g.vm].state[g.vcpu]) == POWER_ON &&
      gc_does(vm, \old(vm_power[g.vm]), call) == GUEST_RANDOM ==> \result.kind == EXIT_NONE && \result.x2 == 0 &&
      \result.x3 == 0 && random_answer{Here}(g.cpu, gc_word(call.id, call.a1), random_width(call.id));
    ensures on: \old(vm_power[g.vm].state[g.vcpu]) == POWER_ON &&
      gc_does(vm, \old(vm_power[g.vm]), call) == GUEST_CPU_ON ==> \result.kind == EXIT_ON &&
      \result.x2 == gc_word(call.id, call.a1) && \result.x2 < VCPUS_MAX && \result.x3 == 0 &&
      vm_power[g.vm].state[\result.x2] == POWER_ON_PENDING &&
      vm_start[g.vm].vcpu[\result.x2].pc == gc_word(call.id, call.a2) &&
      vm_start[g.vm].vcpu[\result.x2].x0 == gc_word(call.id, call.a3);
    ensures stopped: \old(vm_power[g.vm].state[g.vcpu]) == POWER_ON &&
      gc_does(vm, \old(vm_power[g.vm]), call) == GUEST_CPU_OFF ==> \result.kind == EXIT_OFF && \result.x2 == 0 &&
      \result.x3 == 0 && vm_power[g.vm].state[g.vcpu] == POWER_OFF;
    ensures end: \old(vm_power[g.vm].state[g.vcpu]) == POWER_ON &&
      (gc_does(vm, \old(vm_power[g.vm]), call) == GUEST_SYSTEM_OFF ||
        gc_does(vm, \old(vm_power[g.vm]), call) == GUEST_SYSTEM_RESET) ==> \result.kind == EXIT_END &&
      \result.x2 <= 1 && \result.x3 == 0 &&
      \forall integer k; 0 <= k < VCPUS_MAX ==> !power_runs(vm_power[g.vm].state[k]);
    ensures kind: \result == x || ((\result.kind == EXIT_NONE || \result.kind == EXIT_WFX ||
      \result.kind == EXIT_OFF) && \result.x2 == 0 && \result.x3 == 0) ||
      (\result.kind == EXIT_ON && \result.x2 < VCPUS_MAX && \result.x3 == 0) ||
      (\result.kind == EXIT_END && \result.x2 <= 1 && \result.x3 == 0);
    ensures same: \result == x ==> \forall integer k; CTX_X0 <= k <= CTX_X3 ==>
        cpu_guest[g.cpu].w[k] == \old(cpu_guest[g.cpu].w[k]);
    ensures hidden: g.protected != 0 ==> \result.kind != EXIT_HVC && \result.kind != EXIT_SMC;
*/
static struct guest_exit serve(struct guest g, struct guest_kind vm, struct guest_call call, struct guest_exit x)
{
	struct guest_answer a;

	if (vm_power[g.vm].state[g.vcpu] != POWER_ON) {
		return exit_of(EXIT_OFF, 0);
	}
	a = guest_call(vm, vm_power[g.vm], call);
	if (a.effect != GUEST_HOST) {
		answer_put(g.cpu, random_effect(memory_effect(g.vm, image_effect(g.vm, a)), call.id));
	}
	return power_effect(g, a, x);
}

struct guest_exit guest_service(struct guest g, struct guest_call call, struct guest_exit x)
{
	struct guest_kind vm;
	struct guest_exit y;

	vm.protected = g.protected;
	vm.random = arch_has_random();
	lock_acquire(LOCK_MM);
	y = serve(g, vm, call, x);
	lock_release(LOCK_MM);
	cpu_guest[g.cpu].w[CTX_EXIT] = y.kind;
	return y;
}
