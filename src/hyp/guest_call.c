/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest_call.h"

/* A status as the 64 bits that a guest finds in a register. */
/*@ requires range: -127 <= status;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_wrap(status);
*/
static u64 status_word(s32 status)
{
	return status < 0 ? 0xffffffffffffffffu - (u64)(-(status + 1)) : (u64)status;
}

/* What call @id takes of an argument: one of SMC32 has w1 to w3. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_word(id, a);
*/
static u64 word(u64 id, u64 a)
{
	return id / 0x40000000u % 2u == 1u ? a : a % 0x100000000u;
}

/* Power state of the vCPU that an argument names. */
/*@ requires power: \forall integer i; 0 <= i < VCPUS_MAX ==> power_ok(power.state[i]);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_state(power, w);
    ensures range: power_ok(\result);
*/
static u32 state_of(struct guest_power power, u64 w)
{
	return w < VCPUS_MAX ? power.state[w] : POWER_ABSENT;
}

/* 1 when a VM of kind @vm has call @n. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_there(n, vm.protected, vm.random);
*/
static u32 is_there(struct guest_kind vm, u32 n)
{
	switch (n) {
	case GC_UNKNOWN:
	case GC_REFUSED:
		return 0;
	case GC_HYP_MEMINFO:
	case GC_MEM_SHARE:
	case GC_MEM_UNSHARE:
	case GC_MEM_RELINQUISH:
	case GC_MMIO_GUARD:
	case GC_MEASUREMENT:
		return vm.protected != 0 ? 1 : 0;
	case GC_TRNG_VERSION:
	case GC_TRNG_FEATURES:
	case GC_TRNG_GET_UUID:
	case GC_TRNG_RND32:
	case GC_TRNG_RND64:
		return vm.random != 0 ? 1 : 0;
	default:
		return 1;
	}
}

/* power_state, a word in the original format (DEN0022, 5.4): what is reserved is 0. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_refusal(GC_PSCI_CPU_SUSPEND, state, 0, 0, 0);
*/
static s32 suspend_check(u64 state)
{
	u64 low = state % 0x100000000u;

	if (low >= 0x4000000u || low / 0x20000u % 0x80u != 0) {
		return PSCI_INVALID_PARAMETERS;
	}
	return 0;
}

/* CPU_ON (DEN0022, 5.6) of a vCPU in power state @state */
/*@ requires state: power_ok(state);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_refusal(GC_PSCI_CPU_ON, target, entry, 0, state);
*/
static s32 cpu_on_check(u64 target, u64 entry, u32 state)
{
	if (target >= VCPUS_MAX || state == POWER_ABSENT) {
		return PSCI_INVALID_PARAMETERS;
	}
	if (entry >= GUEST_IPA_END || entry % 4u != 0) {
		return PSCI_INVALID_ADDRESS;
	}
	if (state == POWER_ON) {
		return PSCI_ALREADY_ON;
	}
	return state == POWER_ON_PENDING ? PSCI_ON_PENDING : 0;
}

/* AFFINITY_INFO (DEN0022, 5.7) of a vCPU in power state @state, at @level */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_refusal(GC_PSCI_AFFINITY_INFO, target, level, 0, state);
*/
static s32 affinity_check(u64 target, u64 level, u32 state)
{
	if (target >= VCPUS_MAX || state == POWER_ABSENT || level % 0x100000000u != 0) {
		return PSCI_INVALID_PARAMETERS;
	}
	return 0;
}

/* Calls about a page: @page its address, and two that are reserved */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures share: \result == gc_refusal(GC_MEM_SHARE, page, r2, r3, 0);
    ensures unshare: \result == gc_refusal(GC_MEM_UNSHARE, page, r2, r3, 0);
    ensures relinquish: \result == gc_refusal(GC_MEM_RELINQUISH, page, r2, r3, 0);
    ensures mmio: \result == gc_refusal(GC_MMIO_GUARD, page, r2, r3, 0);
*/
static s32 page_check(u64 page, u64 r2, u64 r3)
{
	if (page >= GUEST_IPA_END || page % GUEST_GRANULE != 0 || r2 != 0 || r3 != 0) {
		return SMCCC_INVALID_PARAMETER;
	}
	return 0;
}

/* Why call @n with arguments @w1 to @w3 is refused, where vCPU @w1 is in power state @state; 0 when it is not. */
/*@ requires state: power_ok(state);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_refusal(n, w1, w2, w3, state);
    ensures range: -127 <= \result <= 0;
*/
static s32 refusal(u32 n, u64 w1, u64 w2, u64 w3, u32 state)
{
	switch (n) {
	case GC_PSCI_CPU_SUSPEND:
		return suspend_check(w1);
	case GC_PSCI_CPU_ON:
		return cpu_on_check(w1, w2, state);
	case GC_PSCI_AFFINITY_INFO:
		return affinity_check(w1, w2, state);
	case GC_PSCI_SYSTEM_RESET2:
		return w1 % 0x100000000u != 0 ? PSCI_INVALID_PARAMETERS : 0;
	case GC_TRNG_RND32:
		return w1 < 1u || w1 > 96u ? TRNG_INVALID_PARAMETERS : 0;
	case GC_TRNG_RND64:
		return w1 < 1u || w1 > 192u ? TRNG_INVALID_PARAMETERS : 0;
	case GC_HYP_MEMINFO:
		return w1 != 0 || w2 != 0 || w3 != 0 ? SMCCC_INVALID_PARAMETER : 0;
	case GC_MEM_SHARE:
	case GC_MEM_UNSHARE:
	case GC_MEM_RELINQUISH:
	case GC_MMIO_GUARD:
		return page_check(w1, w2, w3);
	case GC_MEASUREMENT:
		return w1 > 1u || w2 != 0 || w3 != 0 ? SMCCC_INVALID_PARAMETER : 0;
	default:
		return 0;
	}
}

/* What call @n has its caller do. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_effect(n);
    ensures range: \result <= GUEST_MEASUREMENT && \result != GUEST_HOST;
*/
static u32 effect_of(u32 n)
{
	switch (n) {
	case GC_PSCI_CPU_SUSPEND:
		return GUEST_SUSPEND;
	case GC_PSCI_CPU_ON:
		return GUEST_CPU_ON;
	case GC_PSCI_CPU_OFF:
		return GUEST_CPU_OFF;
	case GC_PSCI_SYSTEM_OFF:
		return GUEST_SYSTEM_OFF;
	case GC_PSCI_SYSTEM_RESET:
	case GC_PSCI_SYSTEM_RESET2:
		return GUEST_SYSTEM_RESET;
	case GC_TRNG_RND32:
	case GC_TRNG_RND64:
		return GUEST_RANDOM;
	case GC_MEM_SHARE:
		return GUEST_SHARE;
	case GC_MEM_UNSHARE:
		return GUEST_UNSHARE;
	case GC_MEM_RELINQUISH:
		return GUEST_RELINQUISH;
	case GC_MMIO_GUARD:
		return GUEST_MMIO;
	case GC_MEASUREMENT:
		return GUEST_MEASUREMENT;
	default:
		return GUEST_ANSWER;
	}
}

/* 1 when PSCI_FEATURES tells of call @m. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_told(GC_PSCI_FEATURES, m);
*/
static u32 psci_tells(u32 m)
{
	switch (m) {
	case GC_SMCCC_VERSION:
	case GC_PSCI_VERSION:
	case GC_PSCI_CPU_SUSPEND:
	case GC_PSCI_CPU_OFF:
	case GC_PSCI_CPU_ON:
	case GC_PSCI_AFFINITY_INFO:
	case GC_PSCI_MIGRATE_INFO_TYPE:
	case GC_PSCI_SYSTEM_OFF:
	case GC_PSCI_SYSTEM_RESET:
	case GC_PSCI_SYSTEM_RESET2:
	case GC_PSCI_FEATURES:
		return 1;
	default:
		return 0;
	}
}

/* 1 when TRNG_FEATURES tells of call @m. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_told(GC_TRNG_FEATURES, m);
*/
static u32 trng_tells(u32 m)
{
	return m == GC_TRNG_VERSION || m == GC_TRNG_FEATURES || m == GC_TRNG_GET_UUID || m == GC_TRNG_RND32 ||
	       m == GC_TRNG_RND64;
}

/* 1 when SMCCC_ARCH_FEATURES tells of call @m. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_told(GC_SMCCC_ARCH_FEATURES, m);
*/
static u32 arch_tells(u32 m)
{
	return m == GC_SMCCC_VERSION || m == GC_SMCCC_ARCH_FEATURES;
}

/* What call @q, which tells of others, says of id @id. */
/*@ requires call: q == GC_SMCCC_ARCH_FEATURES || q == GC_PSCI_FEATURES || q == GC_TRNG_FEATURES;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_x0(q, id, 0, 0);
    ensures range: -127 <= \result;
*/
static s32 tell(u32 q, u64 id)
{
	u32 m = guest_call_number(id);
	u32 told;

	if (q == GC_PSCI_FEATURES) {
		told = psci_tells(m);
	} else if (q == GC_TRNG_FEATURES) {
		told = trng_tells(m);
	} else {
		told = arch_tells(m);
	}
	return told != 0 ? 0 : SMCCC_NOT_SUPPORTED;
}

/* What AFFINITY_INFO says of power state @state. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == power_affinity(state);
*/
static u64 affinity(u32 state)
{
	if (state == POWER_OFF) {
		return 1;
	}
	return state == POWER_ON_PENDING ? 2 : 0;
}

/* x0 of call @n, which is not refused. */
/*@ requires call: n >= 2;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == gc_wrap(gc_x0(n, w1, state, protected));
*/
static u64 first_word(u32 n, u64 w1, u32 state, u32 protected)
{
	switch (n) {
	case GC_SMCCC_VERSION:
		return SMCCC_VERSION_1_2;
	case GC_PSCI_VERSION:
		return 0x10001u;
	case GC_PSCI_MIGRATE_INFO_TYPE:
		return 2;
	case GC_TRNG_VERSION:
		return 0x10000u;
	case GC_SMCCC_ARCH_FEATURES:
	case GC_PSCI_FEATURES:
	case GC_TRNG_FEATURES:
		return status_word(tell(n, w1));
	case GC_PSCI_AFFINITY_INFO:
		return affinity(state);
	case GC_TRNG_GET_UUID:
		return TRNG_GET_UUID_WORD0;
	case GC_VENDOR_HYP_UID:
		return VENDOR_HYP_UID_WORD0;
	case GC_VENDOR_HYP_FEATURES:
		return protected != 0 ? GUEST_SERVICES_PROTECTED : GUEST_SERVICES;
	case GC_HYP_MEMINFO:
		return GUEST_GRANULE;
	default:
		return 0;
	}
}

/* x0 alone, and no effect. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures effect: \result.effect == GUEST_ANSWER;
    ensures words: \result.arg1 == word.arg1 && \result.arg2 == word.arg2 && \result.arg3 == word.arg3;
    ensures x: \result.x0 == x0 && \result.x1 == 0 && \result.x2 == 0 && \result.x3 == 0;
*/
static struct guest_answer plain(struct guest_answer word, u64 x0)
{
	word.effect = GUEST_ANSWER;
	word.x0 = x0;
	word.x1 = 0;
	word.x2 = 0;
	word.x3 = 0;
	return word;
}

/* The answer to call @n, which is not refused. */
/*@ requires call: n >= 2;
    terminates \true; exits \false; assigns \nothing;
    ensures effect: \result.effect == gc_effect(n);
    ensures range: \result.effect <= GUEST_MEASUREMENT && \result.effect != GUEST_HOST;
    ensures words: \result.arg1 == word.arg1 && \result.arg2 == word.arg2 && \result.arg3 == word.arg3;
    ensures x0: \result.x0 == gc_wrap(gc_x0(n, word.arg1, state, protected));
    ensures x1: \result.x1 == gc_more(n, 1);
    ensures x2: \result.x2 == gc_more(n, 2);
    ensures x3: \result.x3 == gc_more(n, 3);
*/
static struct guest_answer passed(struct guest_answer word, u32 n, u32 state, u32 protected)
{
	struct guest_answer answer = plain(word, first_word(n, word.arg1, state, protected));

	answer.effect = effect_of(n);
	switch (n) {
	case GC_VENDOR_HYP_UID:
		answer.x1 = VENDOR_HYP_UID_WORD1;
		answer.x2 = VENDOR_HYP_UID_WORD2;
		answer.x3 = VENDOR_HYP_UID_WORD3;
		break;
	case GC_TRNG_GET_UUID:
		answer.x1 = TRNG_GET_UUID_WORD1;
		answer.x2 = TRNG_GET_UUID_WORD2;
		answer.x3 = TRNG_GET_UUID_WORD3;
		break;
	default:
		break;
	}
	return answer;
}

struct guest_answer guest_call(struct guest_kind vm, struct guest_power power, struct guest_call call)
{
	u32 n = call.imm != 0 ? GC_REFUSED : guest_call_number(call.id);
	struct guest_answer answer = { GUEST_HOST, word(call.id, call.a1), word(call.id, call.a2),
				       word(call.id, call.a3), 0, 0, 0, 0 };
	u32 state = state_of(power, answer.arg1);
	s32 why;

	if (n == GC_UNKNOWN && vm.protected == 0) {
		return answer;
	}
	if (!is_there(vm, n)) {
		return plain(answer, status_word(SMCCC_NOT_SUPPORTED));
	}
	why = refusal(n, answer.arg1, answer.arg2, answer.arg3, state);
	if (why != 0) {
		return plain(answer, status_word(why));
	}
	return passed(answer, n, state, vm.protected);
}
