/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The debug image: the core's own objects with a checker between them (tools/build.mk, --wrap).
 *
 * One lock is around each call of the host's, so what the model is compared with stands still. It is let go while a
 * guest runs and only then, so that calls of guests are checked as well. It is taken before LOCK_MM, never under it:
 * faults of the host take LOCK_MM alone, and change nothing that the model has.
 */
#include <asm/console.h>
#include <asm/cpu.h>
#include <asm/hyp_arch.h>

#include "gic.h"
#include "model.h"
#include "run.h"
#include "service.h"
#include "setup.h"

/* When so few tables are left, a call may fail for want of them: other CPUs' faults take some meanwhile. */
#define FEW_TABLES 64u

/** struct served - the guest that is served: none but one at a time */
struct served {
	u32 vm;
	u32 vcpu;
	u32 asked;
	u32 refused;
};

s32 __real_hyp_finalise(void);
s32 __wrap_hyp_finalise(void);
struct hvc_result __real_hyp_handle_hvc(u64 x0, u64 x1, u64 x2, u64 x3, u64 *rest);
struct hvc_result __wrap_hyp_handle_hvc(u64 x0, u64 x1, u64 x2, u64 x3, u64 *rest);
u64 __real_guest_enter(struct vcpu_context *context);
u64 __wrap_guest_enter(struct vcpu_context *context);
struct guest_exit __real_guest_service(struct guest g, struct guest_call call, struct guest_exit x);
struct guest_exit __wrap_guest_service(struct guest g, struct guest_call call, struct guest_exit x);
struct guest_answer __real_guest_call(struct guest_kind vm, struct guest_power power, struct guest_call call);
struct guest_answer __wrap_guest_call(struct guest_kind vm, struct guest_power power, struct guest_call call);

static u32 lock;
static struct served served;
static u32 checking;

/* Whoever comes first has it, not who waits longest: that CPU may be one that the emulator does not run now. */
static void debug_lock(void)
{
	while (__atomic_exchange_n(&lock, 1u, __ATOMIC_ACQUIRE) != 0) {
		__asm__ volatile("yield");
	}
}

static void debug_unlock(void)
{
	__atomic_store_n(&lock, 0u, __ATOMIC_RELEASE);
}

s32 __wrap_hyp_finalise(void)
{
	s32 error = __real_hyp_finalise();

	if (error == 0) {
		checking = model_begin();
		print(checking != 0 ? "hypatia: debug: each call is checked against the model\n" :
				      "hypatia: debug: too much RAM for the model, no call is checked\n");
	}
	return error;
}

static u32 tables_short(void)
{
	return pool.free < FEW_TABLES;
}

static u32 is_run(s64 expected, s64 got)
{
	return expected == (s64)EXIT_NONE && got >= (s64)EXIT_IRQ && got <= (s64)EXIT_MAX;
}

/* Fewer frames than could be, or none, when tables are short. */
static u32 is_less(const struct model_call *call, s64 expected)
{
	u32 range = call->id == MEM_DONATE_HYP || call->id == MEM_RECLAIM_HYP;

	return (range != 0 && expected > 0 && call->got > 0 && call->got < expected) ||
	       (expected >= 0 && call->got == HYP_ENOMEM && model_may_lack(call->id) != 0);
}

/* What the caller's other registers hold: as before, but for what the call says it leaves there. */
static void compare_rest(u64 id, const u64 *before, const u64 *after)
{
	u32 first = id == VENDOR_HYP_UID ? 2 : id == VCPU_GET_REG ? 1 : id == VCPU_RUN ? REST : 0;
	u32 k;

	for (k = first; k < REST; k++) {
		if (before[k] != after[k]) {
			report_value("register x", 2u + k, before[k], after[k]);
		}
	}
}

static struct hvc_result call_own(struct model_call *call, u64 *rest)
{
	u32 was_short = tables_short();
	s64 expected = 0;
	struct hvc_result result;

	if (call->id == VCPU_RUN) {
		expected = model_answer(call, 1);
	} else if (call->id != VM_RESERVE && call->id != HYP_STATS && call->id != VM_BEGIN) {
		expected = model_answer(call, 0);
	}
	result = __real_hyp_handle_hvc(call->id, call->a1, call->a2, call->a3, rest);
	report_call(call->cpu, call->id, call->a1, call->a2, call->a3);
	call->got = (s64)result.a1;
	/* The specification leaves it open which handle it is, how much of the pool is free, and what was measured. */
	if (call->id == VM_RESERVE || call->id == HYP_STATS || call->id == VM_BEGIN) {
		expected = model_answer(call, 0);
	}
	if (result.a0 != SMCCC_SUCCESS) {
		report_value("x0 behind call", call->id, SMCCC_SUCCESS, result.a0);
	}
	if (call->got != expected && is_run(expected, call->got) == 0 &&
	    (is_less(call, expected) == 0 || (was_short == 0 && tables_short() == 0))) {
		report_value("x1 behind call", call->id, (u64)expected, result.a1);
	}
	/* What is refused changes nothing, but for an image that is whole now and not the one expected. */
	if (call->id != VCPU_RUN && (call->got >= 0 || call->id == VM_BEGIN)) {
		(void)model_answer(call, 1);
	}
	return result;
}

static u32 is_named(const u64 *rest)
{
	u64 words = 0;
	u32 k;

	for (k = 0; k < 4; k++) {
		words |= rest[REST_LISTS_IN + k];
	}
	return words != 0;
}

static u32 lists_refused(u64 flags, const u64 *rest)
{
	return (flags & RUN_GIC) != 0 && (arch_gic_lists() == 0 || gic_lists_allowed(&rest[REST_LISTS_IN]) == 0);
}

/* Calls of the standard, and what nobody knows: x0 and x1 as the SMCCC says. */
static struct hvc_result call_other(u64 x0, u64 x1, u64 x2, u64 x3, u64 *rest)
{
	struct hvc_result result = __real_hyp_handle_hvc(x0, x1, x2, x3, rest);
	u64 a0 = (u64)(s64)SMCCC_NOT_SUPPORTED;
	u64 a1 = x1;

	report_call(cpu_index(), x0, x1, x2, x3);
	switch (x0) {
	case SMCCC_VERSION:
		a0 = SMCCC_VERSION_1_2;
		break;
	case SMCCC_ARCH_FEATURES:
		a0 = x1 == SMCCC_VERSION || x1 == SMCCC_ARCH_FEATURES ? SMCCC_SUCCESS : a0;
		break;
	case VENDOR_HYP_CALL_COUNT:
		a0 = HYPERCALL_COUNT;
		break;
	case VENDOR_HYP_UID:
		a0 = UID_WORD0;
		a1 = UID_WORD1;
		break;
	case VENDOR_HYP_REVISION:
		a0 = ABI_MAJOR;
		a1 = ABI_MINOR;
		break;
	default:
		break;
	}
	if (result.a0 != a0) {
		report_value("x0 behind call", x0, a0, result.a0);
	}
	if (result.a1 != a1) {
		report_value("x1 behind call", x0, a1, result.a1);
	}
	return result;
}

static struct hvc_result call_checked(u64 x0, u64 x1, u64 x2, u64 x3, u64 *rest)
{
	struct model_call call = { x0, x1, x2, x3, is_named(rest), lists_refused(x1, rest), machine_ids_same(),
				   cpu_index(), 0 };

	report_call(call.cpu, x0, x1, x2, x3);
	if (x0 >= HYPERCALL_BASE && x0 - HYPERCALL_BASE < HYPERCALL_COUNT) {
		return call_own(&call, rest);
	}
	return call_other(x0, x1, x2, x3, rest);
}

struct hvc_result __wrap_hyp_handle_hvc(u64 x0, u64 x1, u64 x2, u64 x3, u64 *rest)
{
	struct hvc_result result;
	u64 before[REST];
	u32 k;

	if (checking == 0) {
		return __real_hyp_handle_hvc(x0, x1, x2, x3, rest);
	}
	for (k = 0; k < REST; k++) {
		before[k] = rest[k];
	}
	debug_lock();
	result = call_checked(x0, x1, x2, x3, rest);
	compare_rest(x0, before, rest);
	model_compare();
	debug_unlock();
	return result;
}

/* The guest runs: others may call. */
u64 __wrap_guest_enter(struct vcpu_context *context)
{
	u64 code;

	if (checking == 0) {
		return __real_guest_enter(context);
	}
	debug_unlock();
	code = __real_guest_enter(context);
	debug_lock();
	return code;
}

/* What a guest asked for: the answer says what is to be done, the model what comes of it. Under LOCK_MM. */
struct guest_answer __wrap_guest_call(struct guest_kind vm, struct guest_power power, struct guest_call call)
{
	struct guest_answer a = __real_guest_call(vm, power, call);

	if (checking != 0) {
		served.asked = 1;
		served.refused = model_guest(served.vm, served.vcpu, &a, pool.free < 9u);
	}
	return a;
}

struct guest_exit __wrap_guest_service(struct guest g, struct guest_call call, struct guest_exit x)
{
	u32 may_ask = checking != 0 && model_vm[g.vm].power[g.vcpu] == POWER_ON;
	struct guest_exit y;

	served = (struct served){ g.vm, g.vcpu, 0, 0 };
	y = __real_guest_service(g, call, x);
	if (checking == 0) {
		return y;
	}
	report_call(g.cpu, call.id, call.a1, call.a2, call.a3);
	if (served.asked != may_ask) {
		report_value("what a guest may ask that is on", may_ask, may_ask, served.asked);
	}
	if (served.refused != 0 && cpu_guest[g.cpu].w[CTX_X0] != (u64)(s64)SMCCC_INVALID_PARAMETER) {
		report_value("the guest's x0 behind call", call.id, (u64)(s64)SMCCC_INVALID_PARAMETER,
			     cpu_guest[g.cpu].w[CTX_X0]);
	}
	model_compare();
	return y;
}
