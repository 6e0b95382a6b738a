/* SPDX-License-Identifier: BSD-2-Clause */
#include <gen/traps.h>

#include "arch.h"
#include "hyp.h"
#include "inject.h"
#include "ownership.h"
#include "setup.h"
#include <lemmas/guests/still_guests.h>

/* PSTATE.M of EL0 and of EL1 with SP_EL0 (Arm ARM C5.2.19). */
#define PSTATE_EL0T 0u
#define PSTATE_EL1T 4u
/* Set in addresses that TTBR1 translates (Arm ARM D8.2). */
#define TTBR1_BIT 0x80000000000000u

/* 1 when @spsr is of EL0, in AArch64 or AArch32. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> spsr / 16 % 2 != 0 || spsr % 16 == 0;
*/
static u32 from_el0(u64 spsr)
{
	return spsr_el2_nrw(spsr) != 0 || spsr_el2_m(spsr) == PSTATE_EL0T;
}

u64 vector_offset(u64 spsr)
{
	if (spsr_el2_nrw(spsr) != 0) {
		return VECTOR_LOWER_EL_A32;
	}
	switch (spsr_el2_m(spsr)) {
	case PSTATE_EL0T:
		return VECTOR_LOWER_EL_A64;
	case PSTATE_EL1T:
		return VECTOR_SAME_EL_SP0;
	default:
		return VECTOR_SAME_EL_SPX;
	}
}

u64 entry_pstate(u64 spsr, u64 sctlr)
{
	u64 pan = 1;

	if (sctlr_el1_span(sctlr) != 0) {
		pan = spsr_el2_pan(spsr);
	}
	return SPSR_EL2_EL1H_MASKED + spsr_el2_ssbs_put(sctlr_el1_dssbs(sctlr)) + spsr_el2_pan_put(pan) +
	       spsr_el2_dit_put(spsr_el2_dit(spsr)) + spsr_el2_tco_put(1) +
	       spsr_el2_nzcv_put(spsr_el2_nzcv(spsr));
}

/*
 * Make the host take a synchronous exception with syndrome @esr where it stands. VBAR_EL1 is aligned to
 * 2 KiB, so the offset never carries.
 */
/*@ terminates \true; exits \false;
    assigns elr_el2, spsr_el2, el1[CTX_ELR_EL1], el1[CTX_SPSR_EL1], el1[CTX_ESR_EL1];
    ensures syndrome: el1[CTX_ESR_EL1] == esr;
    ensures resumed: el1[CTX_ELR_EL1] == \old(elr_el2) && el1[CTX_SPSR_EL1] == spsr;
    ensures vector: elr_el2 / 2048 == el1[CTX_VBAR_EL1] / 2048;
    ensures level: spsr_el2 % 16 == 5;
*/
static void inject(u64 esr, u64 spsr)
{
	u64 vbar = read_vbar_el1();

	write_esr_el1(esr);
	write_elr_el1(read_elr_el2());
	write_spsr_el1(spsr);
	write_elr_el2(vbar - vbar % VECTOR_TABLE_BYTES + vector_offset(spsr));
	write_spsr_el2(entry_pstate(spsr, read_sctlr_el1()));
}

/*
 * An access that the host may not make becomes an abort in the host: at EL0 an external abort, which ends the process;
 * at EL1 a permission fault, which kernels resolve by their exception tables or report. But not for a process's memory,
 * which TTBR0 maps: there a kernel looks at the process's page, finds nothing wrong, and tries again for ever. What it
 * does not try to mend, but resolves by its exception tables too, is an alignment fault.
 */
/*@ terminates \true; exits \false;
    assigns elr_el2, spsr_el2, el1[CTX_ELR_EL1], el1[CTX_SPSR_EL1], el1[CTX_ESR_EL1], el1[CTX_FAR_EL1];
    ensures address: el1[CTX_FAR_EL1] == far;
    ensures resumed: el1[CTX_ELR_EL1] == \old(elr_el2) && el1[CTX_SPSR_EL1] == \old(spsr_el2);
    ensures vector: elr_el2 / 2048 == el1[CTX_VBAR_EL1] / 2048;
    ensures class: el1[CTX_ESR_EL1] / 0x4000000 % 64 == (esr / 0x4000000 % 64 == TRAP_EC_IABT_LOW ?
      TRAP_EC_IABT_LOW : TRAP_EC_DABT_LOW) +
      (\old(spsr_el2) / 16 % 2 != 0 || \old(spsr_el2) % 16 == 0 ? 0 : 1);
    ensures status: el1[CTX_ESR_EL1] % 64 ==
      (\old(spsr_el2) / 16 % 2 != 0 || \old(spsr_el2) % 16 == 0 ? FSC_EXTERNAL :
        esr / 0x4000000 % 64 != TRAP_EC_IABT_LOW && far / 0x80000000000000 % 2 == 0 ? FSC_ALIGNMENT :
        FSC_PERMISSION_LEVEL0 + 3);
*/
static void inject_abort(u64 esr, u64 far)
{
	u64 spsr = read_spsr_el2();
	u32 instruction = esr_el2_ec(esr) == TRAP_EC_IABT_LOW;
	u64 ec = TRAP_EC_DABT_LOW;
	u64 fsc = FSC_EXTERNAL;
	u64 write = 0;

	if (instruction != 0) {
		ec = TRAP_EC_IABT_LOW;
	} else {
		write = esr_el2_wnr(esr);
	}
	if (!from_el0(spsr)) {
		ec = ec + 1;
		fsc = instruction == 0 && far / TTBR1_BIT % 2 == 0 ? FSC_ALIGNMENT : FSC_PERMISSION_LEVEL0 + 3;
	}
	write_far_el1(far);
	inject(esr_el2_ec_put(ec) + esr_el2_il_put(1) + esr_el2_wnr_put(write) + fsc, spsr);
}

void hyp_handle_abort(u64 esr, u64 far, u64 hpfar)
{
	u64 fsc = esr_el2_dfsc(esr);
	s32 error = HYP_EPERM;

	/* HPFAR_EL2 names the page for a translation fault; every other fault is refused as it is. */
	if (FSC_TRANSLATION_LEVEL0 <= fsc && fsc <= FSC_TRANSLATION_LEVEL0 + 3) {
		lock_acquire(LOCK_MM);
		//@ ghost taken: ;
		error = host_fault(hpfar_el2_fipa(hpfar));
		//@ assert same: same_machine{taken,Here} && same_keeping{taken,Here};
		/*@ assert guests: same_ghosts{taken,Here} && same_all_vms{taken,Here} && guests_inv{taken} &&
		      guests_inv{Here}; */
		lock_release(LOCK_MM);
	}
	if (error != 0) {
		inject_abort(esr, far);
	}
}

void hyp_handle_other(u64 esr)
{
	(void)esr;
	inject(esr_el2_ec_put(TRAP_EC_UNKNOWN) + esr_el2_il_put(1), read_spsr_el2());
}
