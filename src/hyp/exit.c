/* SPDX-License-Identifier: BSD-2-Clause */
#include <gen/guest_slots.h>
#include <gen/traps.h>

#include "arch.h"
#include "exit.h"
#include "inject.h"

#define LAST_PC 0xfffffffffffffffcu
#define XZR 31u

/* Pointer authentication where the CPU has it; a GIC where the run says so, and SVE where the VM was made with it. */
const struct guest_features vm_features[HAS_END] = {
	{ { 0, 1, 0, 0 } },
	{ { 0, 1, 1, 0 } },
	{ { 0, 1, 0, 1 } },
	{ { 0, 1, 1, 1 } },
};

/*@ predicate word_fits{L}(integer s) =
      \at(guest_slot_word[s],L) == 0 || in_context(\at(guest_slot_word[s],L));
*/

/*@ ghost
    /@ terminates \true; exits \false; assigns \nothing;
       ensures fit: \forall integer s; 0 <= s < GUEST_SLOTS ==> word_fits{Here}(s);
    @/
    static void words_fit(void)
    {
    }
*/

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result.kind == kind && \result.x2 == x2 && \result.x3 == x3;
*/
static struct guest_exit exit_with(u64 kind, u64 x2, u64 x3)
{
	struct guest_exit x;

	x.kind = kind;
	x.x2 = x2;
	x.x3 = x3;
	return x;
}

/*
 * Behind the instruction that trapped: AArch32 has shorter ones. A guest that single-steps it made its step
 * (Arm ARM D2.11, SSAdvance): PSTATE.SS is 0, and the exception comes before the next instruction.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[CTX_PC], cpu_guest[cpu].w[CTX_PSTATE];
    ensures behind: \old(cpu_guest[cpu].w[CTX_PC]) < LAST_PC ==>
      cpu_guest[cpu].w[CTX_PC] == \old(cpu_guest[cpu].w[CTX_PC]) + (esr / 0x2000000 % 2 != 0 ? 4 : 2);
    ensures stepped: cpu_guest[cpu].w[CTX_PSTATE] == stepped(\old(cpu_guest[cpu].w[CTX_PSTATE]));
*/
static void step_over(u32 cpu, u64 esr)
{
	u64 pc = cpu_guest[cpu].w[CTX_PC];
	u64 bytes = esr_el2_il(esr) != 0 ? 4 : 2;
	u64 pstate = cpu_guest[cpu].w[CTX_PSTATE];

	cpu_guest[cpu].w[CTX_PC] = pc < LAST_PC ? pc + bytes : 0;
	cpu_guest[cpu].w[CTX_PSTATE] = pstate - spsr_el2_ss_put(spsr_el2_ss(pstate));
}

/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == reg_at{Here}(cpu, r);
*/
static u64 reg_read(u32 cpu, u64 r)
{
	return r < XZR ? cpu_guest[cpu].w[r] : 0;
}

/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[0 .. 30];
    ensures written: r < XZR ==> cpu_guest[cpu].w[r] == value;
    ensures rest: \forall integer k; 0 <= k < 31 && k != r ==> cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
*/
static void reg_write(u32 cpu, u64 r, u64 value)
{
	if (r < XZR) {
		cpu_guest[cpu].w[r] = value;
	}
}

/* The guest takes an UNDEFINED instruction exception where it stands. */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_PC], cpu_guest[cpu].w[CTX_PSTATE], cpu_guest[cpu].w[CTX_ESR_EL1],
      cpu_guest[cpu].w[CTX_ELR_EL1], cpu_guest[cpu].w[CTX_SPSR_EL1];
    ensures nothing: \result.kind == EXIT_NONE && \result.x2 == 0 && \result.x3 == 0;
    ensures resumed: cpu_guest[cpu].w[CTX_ELR_EL1] == \old(cpu_guest[cpu].w[CTX_PC]) &&
      cpu_guest[cpu].w[CTX_SPSR_EL1] == \old(cpu_guest[cpu].w[CTX_PSTATE]);
    ensures syndrome: cpu_guest[cpu].w[CTX_ESR_EL1] == 0x2000000;
    ensures vector: cpu_guest[cpu].w[CTX_PC] / 2048 == cpu_guest[cpu].w[CTX_VBAR_EL1] / 2048;
    ensures level: cpu_guest[cpu].w[CTX_PSTATE] % 32 == 5 && cpu_guest[cpu].w[CTX_PSTATE] / 0x200 % 2 == 1 &&
      cpu_guest[cpu].w[CTX_PSTATE] / 0x200000 % 2 == 0;
*/
static struct guest_exit undefined(u32 cpu)
{
	u64 pstate = cpu_guest[cpu].w[CTX_PSTATE];
	u64 vbar = cpu_guest[cpu].w[CTX_VBAR_EL1];

	cpu_guest[cpu].w[CTX_ESR_EL1] = esr_el2_ec_put(TRAP_EC_UNKNOWN) + esr_el2_il_put(1);
	cpu_guest[cpu].w[CTX_ELR_EL1] = cpu_guest[cpu].w[CTX_PC];
	cpu_guest[cpu].w[CTX_SPSR_EL1] = pstate;
	cpu_guest[cpu].w[CTX_PC] = vbar - vbar % VECTOR_TABLE_BYTES + vector_offset(pstate);
	cpu_guest[cpu].w[CTX_PSTATE] = entry_pstate(pstate, cpu_guest[cpu].w[CTX_SCTLR_EL1]);
	return exit_with(EXIT_NONE, 0, 0);
}

/* HVC: PC is behind it. SMC: PC is at it. An immediate that is not 0 is nobody's. */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_PC], cpu_guest[cpu].w[CTX_PSTATE], cpu_guest[cpu].w[CTX_ESR_EL1],
      cpu_guest[cpu].w[CTX_ELR_EL1], cpu_guest[cpu].w[CTX_SPSR_EL1];
    ensures kind: \result.kind == EXIT_NONE || \result.kind == EXIT_HVC || \result.kind == EXIT_SMC;
    ensures row: exit_row{Here}(cpu, \result.kind, \result.x2, \result.x3);
*/
static struct guest_exit call_exit(u32 cpu, u64 esr)
{
	u64 pc = cpu_guest[cpu].w[CTX_PC];

	if (esr_el2_imm16(esr) != 0) {
		if (esr_el2_ec(esr) == TRAP_EC_HVC64) {
			cpu_guest[cpu].w[CTX_PC] = pc >= 4 ? pc - 4 : LAST_PC;
		}
		return undefined(cpu);
	}
	if (esr_el2_ec(esr) == TRAP_EC_HVC64) {
		return exit_with(EXIT_HVC, cpu_guest[cpu].w[CTX_X0], cpu_guest[cpu].w[CTX_X1]);
	}
	step_over(cpu, esr);
	return exit_with(EXIT_SMC, cpu_guest[cpu].w[CTX_X0], cpu_guest[cpu].w[CTX_X1]);
}

/* The word of a slot, or 0. */
/*@ requires slot: slot < GUEST_SLOTS;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == guest_slot_word[slot];
    ensures range: \result == 0 || in_context(\result);
*/
static u64 slot_word(u32 slot)
{
	//@ ghost words_fit();
	//@ assert fits: word_fits{Here}(slot);
	return guest_slot_word[slot];
}

/* It puts something into word k of a context. */
/*@ predicate access_puts{L}(struct guest_access access, integer k) =
      access.kind == ACCESS_VALUE || access.kind == ACCESS_READ ? k == access.rt && k < 31 :
      access.kind == ACCESS_WRITE && in_context(\at(guest_slot_word[access.slot],L)) &&
        k == \at(guest_slot_word[access.slot],L);
*/

/* A slot goes to the general register, or the value into it. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires slot: access.slot < GUEST_SLOTS && access.rt < 32;
    requires kind: access.kind == ACCESS_READ || access.kind == ACCESS_WRITE;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[0 .. CTX_SWITCHED_END - 1],
      cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], cpu_guest[cpu].w[CTX_DEBUG];
    ensures known: \result != 0 <==> in_context(guest_slot_word[access.slot]);
    ensures read: \result != 0 && access.kind == ACCESS_READ && access.rt < 31 ==>
      cpu_guest[cpu].w[access.rt] == word_now{Pre}(cpu, guest_slot_word[access.slot]);
    ensures written: \result != 0 && access.kind == ACCESS_WRITE ==>
      word_now{Here}(cpu, guest_slot_word[access.slot]) == access.value;
    ensures rest: \forall integer k; 0 <= k < CTX_SWITCHED_END && !access_puts{Here}(access, k) ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures points: \forall integer k; is_point(k) && !access_puts{Here}(access, k) ==>
      word_now{Here}(cpu, k) == word_now{Pre}(cpu, k);
    ensures refused: \result == 0 ==> \forall integer k; 0 <= k < CTX_SWITCHED_END ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
*/
static u32 slot_access(u32 cpu, struct guest_access access)
{
	u64 word = slot_word(access.slot);

	if (word == 0) {
		return 0;
	}
	if (access.kind == ACCESS_READ) {
		reg_write(cpu, access.rt, context_get(cpu, word));
	} else {
		context_put(cpu, word, access.value);
	}
	return 1;
}

/* What is to be done about an access is done; 0 when it is the guest's to take as an exception. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires slot: access.slot < GUEST_SLOTS && access.rt < 32;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[0 .. CTX_SWITCHED_END - 1],
      cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], cpu_guest[cpu].w[CTX_DEBUG];
    ensures done: \result != 0 <==> access.kind == ACCESS_SKIP || access.kind == ACCESS_VALUE ||
      (of_slot(access.kind) && in_context(guest_slot_word[access.slot]));
    ensures value: access.kind == ACCESS_VALUE && access.rt < 31 ==> cpu_guest[cpu].w[access.rt] == access.value;
    ensures read: \result != 0 && access.kind == ACCESS_READ && access.rt < 31 ==>
      cpu_guest[cpu].w[access.rt] == word_now{Pre}(cpu, guest_slot_word[access.slot]);
    ensures written: \result != 0 && access.kind == ACCESS_WRITE ==>
      word_now{Here}(cpu, guest_slot_word[access.slot]) == access.value;
    ensures rest: \forall integer k; 0 <= k < CTX_SWITCHED_END && !access_puts{Here}(access, k) ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures points: \forall integer k; is_point(k) && !access_puts{Here}(access, k) ==>
      word_now{Here}(cpu, k) == word_now{Pre}(cpu, k);
    ensures refused: \result == 0 ==> \forall integer k; 0 <= k < CTX_SWITCHED_END ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
*/
static u32 access_do(u32 cpu, struct guest_access access)
{
	switch (access.kind) {
	case ACCESS_SKIP:
		return 1;
	case ACCESS_VALUE:
		reg_write(cpu, access.rt, access.value);
		return 1;
	case ACCESS_READ:
	case ACCESS_WRITE:
		return slot_access(cpu, access);
	default:
		return 0;
	}
}

/*@ requires cpu: cpu < CPUS_MAX;
    requires syndrome: esr == esr_el2 && is_sysreg(GUEST_SYNC, esr);
    requires has: has < HAS_END;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[0 .. CTX_SWITCHED_END - 1],
      cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], cpu_guest[cpu].w[CTX_DEBUG];
    ensures kind: \result.kind == EXIT_SYSREG || \result.kind == EXIT_NONE;
    ensures host: \result.kind == EXIT_SYSREG <==> host_access{Pre}(has, esr);
    ensures row: exit_row{Here}(cpu, \result.kind, \result.x2, \result.x3);
    ensures plain: \result.kind == EXIT_SYSREG ==> \result.x2 == esr &&
      \result.x3 == (esr % 2 != 0 ? 0 : reg_at{Here}(cpu, esr / 32 % 32));
    ensures undefined: refused_access{Pre}(has, esr) ==> took_undefined{Pre,Here}(cpu);
    ensures behind: !refused_access{Pre}(has, esr) && !host_access{Pre}(has, esr) ==> went_on{Pre,Here}(cpu, esr);
    ensures read: read_slot{Pre,Here}(has, cpu, esr);
    ensures written: wrote_slot{Pre,Here}(has, cpu, esr);
    ensures value: read_value{Pre,Here}(has, cpu, esr);
    ensures registers: same_registers{Pre,Here}(has, cpu, GUEST_SYNC, esr);
    ensures points: same_points_but{Pre,Here}(has, cpu, GUEST_SYNC, esr);
*/
static struct guest_exit sysreg_exit(u32 cpu, u64 esr, u32 has)
{
	struct guest_access access = guest_sysreg(vm_features[has], esr, reg_read(cpu, esr_el2_rt(esr)));

	//@ assert listed: access.kind != ACCESS_UNDEFINED ==> \exists integer i; entry_of{Here}(i, esr);
	//@ assert found: \forall integer i; entry_of{Here}(i, esr) ==> access_at{Here}(has, i, esr) == access.kind;
	/*@ assert slot: \forall integer i; entry_of{Here}(i, esr) && of_slot(access.kind) ==>
	      word_at{Here}(i) == guest_slot_word[access.slot]; */
	//@ assert changes: \forall integer k; access_puts{Here}(access, k) ==> access_changes{Here}(has, esr, k);
	if (access.kind == ACCESS_HOST) {
		//@ assert host: host_access{Here}(has, esr);
		//@ assert some: \exists integer h; 0 <= h < HAS_END && host_access{Here}(h, esr);
		return exit_with(EXIT_SYSREG, esr, access.value);
	}
	if (access_do(cpu, access) == 0) {
		return undefined(cpu);
	}
	//@ assert same: same_registers{Pre,Here}(has, cpu, GUEST_SYNC, esr);
	step_over(cpu, esr);
	return exit_with(EXIT_NONE, 0, 0);
}

/* 1 when HPFAR_EL2 names the page of an abort (Arm ARM D24.2.62), or cpu_fault_page() has written it there. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> esr / 128 % 2 != 0 || esr % 64 < 16;
*/
static u32 has_page(u64 esr)
{
	u64 kind = esr_el2_dfsc(esr) / 4 * 4;

	return esr_el2_s1ptw(esr) != 0 || kind == FSC_ADDRESS_SIZE_LEVEL0 || kind == FSC_TRANSLATION_LEVEL0 ||
	       kind == FSC_ACCESS_FLAG_LEVEL0 || kind == FSC_PERMISSION_LEVEL0;
}

/* The low bytes of @value that an access of 2^@sas bytes has. */
/*@ requires size: sas <= 3;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == low_part(value, sas);
*/
static u64 low_bytes(u64 value, u64 sas)
{
	switch (sas) {
	case 0:
		return value % 0x100u;
	case 1:
		return value % 0x10000u;
	case 2:
		return value % 0x100000000u;
	default:
		return value;
	}
}

/*@ requires cpu: cpu < CPUS_MAX;
    requires syndrome: esr == esr_el2;
    terminates \true; exits \false; assigns \nothing;
    ensures kind: \result.kind == EXIT_FAULT || \result.kind == EXIT_OTHER;
    ensures row: \result.kind == EXIT_FAULT ? fault_row{Here}(cpu, \result.x2, \result.x3) :
      \result.x2 <= 63 && \result.x3 == 0;
*/
static struct guest_exit fault_exit(u32 cpu, u64 esr)
{
	u64 page = hpfar_el2_fipa(read_hpfar_el2()) * PAGE_SIZE;
	u64 sas = esr_el2_sas(esr);
	u64 kind = esr_el2_dfsc(esr) / 4 * 4 == FSC_PERMISSION_LEVEL0 ? FAULT_PERMISSION : 0;

	if (has_page(esr) == 0) {
		return exit_with(EXIT_OTHER, esr_el2_ec(esr), 0);
	}
	if (esr_el2_ec(esr) == TRAP_EC_IABT_LOW) {
		return exit_with(EXIT_FAULT, kind + FAULT_FETCH + page, 0);
	}
	if (esr_el2_isv(esr) == 0) {
		return exit_with(EXIT_FAULT, kind + FAULT_WRITE * esr_el2_wnr(esr) + page, 0);
	}
	page = page + read_far_el2() % PAGE_SIZE;
	if (esr_el2_wnr(esr) == 0) {
		return exit_with(EXIT_FAULT, kind + FAULT_VALID + FAULT_SIZE * sas + page, 0);
	}
	return exit_with(EXIT_FAULT, kind + FAULT_VALID + FAULT_WRITE + FAULT_SIZE * sas + page,
			 low_bytes(reg_read(cpu, esr_el2_srt(esr)), sas));
}

/* A synchronous exception: what is for the host, and what the guest has to take itself. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires syndrome: esr == esr_el2;
    requires has: has < HAS_END;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[0 .. CTX_SWITCHED_END - 1],
      cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], cpu_guest[cpu].w[CTX_DEBUG];
    ensures kind: \result.kind <= EXIT_MAX;
    ensures row: exit_row{Here}(cpu, \result.kind, \result.x2, \result.x3);
    ensures sysreg: \result.kind == EXIT_SYSREG <==> is_sysreg(GUEST_SYNC, esr) && host_access{Pre}(has, esr);
    ensures undefined: is_sysreg(GUEST_SYNC, esr) && refused_access{Pre}(has, esr) ==> took_undefined{Pre,Here}(cpu);
    ensures behind: is_sysreg(GUEST_SYNC, esr) && !refused_access{Pre}(has, esr) && !host_access{Pre}(has, esr) ==>
      went_on{Pre,Here}(cpu, esr);
    ensures slot: is_sysreg(GUEST_SYNC, esr) ==>
      read_slot{Pre,Here}(has, cpu, esr) && wrote_slot{Pre,Here}(has, cpu, esr);
    ensures value: is_sysreg(GUEST_SYNC, esr) ==> read_value{Pre,Here}(has, cpu, esr);
    ensures registers: same_registers{Pre,Here}(has, cpu, GUEST_SYNC, esr);
    ensures points: same_points_but{Pre,Here}(has, cpu, GUEST_SYNC, esr);
    ensures fp: is_class(GUEST_SYNC, esr, TRAP_EC_FP) ==> \result.kind == EXIT_NONE && same_words{Pre,Here}(cpu);
    ensures sve: is_class(GUEST_SYNC, esr, TRAP_EC_SVE) && has / HAS_SVE % 2 != 0 ==>
      \result.kind == EXIT_NONE && same_words{Pre,Here}(cpu);
    ensures scalable: (is_class(GUEST_SYNC, esr, TRAP_EC_SVE) && has / HAS_SVE % 2 == 0) ||
      is_class(GUEST_SYNC, esr, TRAP_EC_SME) ==> took_undefined{Pre,Here}(cpu);
*/
static struct guest_exit sync_exit(u32 cpu, u64 esr, u32 has)
{
	struct guest_exit x;

	switch (esr_el2_ec(esr)) {
	case TRAP_EC_WFX:
		step_over(cpu, esr);
		x = exit_with(EXIT_WFX, esr_el2_ti(esr), 0);
		break;
	case TRAP_EC_HVC64:
	case TRAP_EC_SMC64:
		x = call_exit(cpu, esr);
		break;
	case TRAP_EC_SYSREG:
		x = sysreg_exit(cpu, esr, has);
		break;
	case TRAP_EC_FP:
		/* Again, when they are its own: fp_take(). */
		x = exit_with(EXIT_NONE, 0, 0);
		break;
	case TRAP_EC_SVE:
		x = has / HAS_SVE % 2u != 0 ? exit_with(EXIT_NONE, 0, 0) : undefined(cpu);
		break;
	case TRAP_EC_IABT_LOW:
	case TRAP_EC_DABT_LOW:
		x = fault_exit(cpu, esr);
		break;
	default:
		x = undefined(cpu);
		break;
	}
	return x;
}

struct guest_exit guest_exit(u32 cpu, u64 code, u32 has)
{
	struct guest_exit x;
	u64 esr = read_esr_el2();

	switch (code) {
	case GUEST_SYNC:
		x = sync_exit(cpu, esr, has);
		break;
	case GUEST_SERROR:
		x = exit_with(EXIT_SERROR, 0, 0);
		break;
	default:
		x = exit_with(EXIT_IRQ, 0, 0);
		break;
	}
	cpu_guest[cpu].w[CTX_EXIT] = x.kind;
	cpu_guest[cpu].w[CTX_ESR] = esr;
	return x;
}

/* @v, the low 2^@sas bytes of a value, with its sign in the bytes above. */
/*@ requires size: sas <= 3 && v == low_part(v, sas);
    terminates \true; exits \false; assigns \nothing;
    ensures low: low_part(\result, sas) == v;
    ensures value: \result == with_sign(v, sas);
*/
static u64 sign_extended(u64 v, u64 sas)
{
	switch (sas) {
	case 0:
		return v >= 0x80u ? v + 0xffffffffffffff00u : v;
	case 1:
		return v >= 0x8000u ? v + 0xffffffffffff0000u : v;
	case 2:
		return v >= 0x80000000u ? v + 0xffffffff00000000u : v;
	default:
		return v;
	}
}

/* What a load of the kind that @esr names makes of @value. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures narrow: esr / 0x8000 % 2 == 0 ==> \result < 0x100000000;
    ensures plain: esr / 0x200000 % 2 == 0 ==> \result == low_part(value, esr / 0x400000 % 4) ||
      \result == low_part(value, esr / 0x400000 % 4) % 0x100000000;
    ensures value: \result == loaded(value, esr);
*/
static u64 loaded_value(u64 value, u64 esr)
{
	u64 sas = esr_el2_sas(esr);
	u64 v = low_bytes(value, sas);

	if (esr_el2_sse(esr) != 0) {
		v = sign_extended(v, sas);
	}
	return esr_el2_sf(esr) != 0 ? v : v % 0x100000000u;
}

/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[0 .. CTX_PSTATE];
    ensures rest: \forall integer k; 0 <= k < 31 && (k != esr / 0x10000 % 32 || esr / 64 % 2 == 1) ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures read: answered_read(esr) ==> cpu_guest[cpu].w[esr / 0x10000 % 32] == loaded(value, esr);
*/
static void answer_fault(u32 cpu, u64 esr, u64 value)
{
	if (esr_el2_ec(esr) != TRAP_EC_DABT_LOW || esr_el2_isv(esr) == 0) {
		return;
	}
	if (esr_el2_wnr(esr) == 0) {
		reg_write(cpu, esr_el2_srt(esr), loaded_value(value, esr));
	}
	step_over(cpu, esr);
}

void guest_answer(u32 cpu, u64 value)
{
	u64 esr = cpu_guest[cpu].w[CTX_ESR];

	switch (cpu_guest[cpu].w[CTX_EXIT]) {
	case EXIT_HVC:
	case EXIT_SMC:
		cpu_guest[cpu].w[CTX_X0] = value;
		break;
	case EXIT_FAULT:
		answer_fault(cpu, esr, value);
		break;
	case EXIT_SYSREG:
		if (esr_el2_dir(esr) != 0) {
			reg_write(cpu, esr_el2_rt(esr), value);
		}
		step_over(cpu, esr);
		break;
	default:
		break;
	}
	cpu_guest[cpu].w[CTX_EXIT] = EXIT_NONE;
}
