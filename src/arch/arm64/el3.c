/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL3, when the image is entered there: give the non-secure world all that Linux asks of EL3, once.
 * Runs with the MMU off.
 */
#include <asm/cpu.h>
#include <asm/sysreg.h>

/* CPTR_EL3: EZ and ESM let lower levels use SVE and SME. */
#define CPTR_EL3_EZ (1u << 8)
#define CPTR_EL3_ESM (1u << 12)

/* MDCR_EL3: the profiling and trace buffers belong to the non-secure world. */
#define MDCR_EL3_NSPB (3u << 12)
#define MDCR_EL3_NSTB (3u << 24)

#define VECTOR_LENGTH_MAX 0xfu
#define SRE_ALL 0xfu

void el3_setup(void);

static u64 scr_value(void)
{
	u64 mmfr0 = read_sysreg(id_aa64mmfr0_el1);
	u64 mmfr1 = read_sysreg(id_aa64mmfr1_el1);
	u64 mmfr3 = read_sysreg(SYS_ID_AA64MMFR3_EL1);
	u64 pfr1 = read_sysreg(id_aa64pfr1_el1);
	u64 scr = SCR_EL3_TO_EL2;

	scr |= id_field(pfr1, ID_AA64PFR1_EL1_MTE_SHIFT) >= 2 ? SCR_EL3_ATA_MASK : 0;
	scr |= id_field(mmfr0, ID_AA64MMFR0_EL1_FGT_SHIFT) != 0 ? SCR_EL3_FGTEN_MASK : 0;
	scr |= id_field(mmfr0, ID_AA64MMFR0_EL1_ECV_SHIFT) != 0 ? SCR_EL3_ECVEN_MASK : 0;
	scr |= id_field(mmfr1, ID_AA64MMFR1_EL1_HCX_SHIFT) != 0 ? SCR_EL3_HXEN_MASK : 0;
	scr |= id_field(pfr1, ID_AA64PFR1_EL1_SME_SHIFT) != 0 ? SCR_EL3_ENTP2_MASK : 0;
	scr |= id_field(mmfr3, ID_AA64MMFR3_EL1_TCRX_SHIFT) != 0 ? SCR_EL3_TCR2EN_MASK : 0;
	scr |= id_field(mmfr3, ID_AA64MMFR3_EL1_SCTLRX_SHIFT) != 0 ? SCR_EL3_SCTLR2EN_MASK : 0;
	scr |= id_field(mmfr3, ID_AA64MMFR3_EL1_S1PIE_SHIFT) != 0 ? SCR_EL3_PIEN_MASK : 0;
	return scr;
}

void el3_setup(void)
{
	u64 pfr0 = read_sysreg(id_aa64pfr0_el1);
	u64 pfr1 = read_sysreg(id_aa64pfr1_el1);
	u64 cptr = 0;

	write_sysreg(scr_el3, scr_value());
	write_sysreg(sctlr_el2, SCTLR_EL2_MMU_OFF);
	cptr |= id_field(pfr0, ID_AA64PFR0_EL1_SVE_SHIFT) != 0 ? CPTR_EL3_EZ : 0;
	cptr |= id_field(pfr1, ID_AA64PFR1_EL1_SME_SHIFT) != 0 ? CPTR_EL3_ESM : 0;
	write_sysreg(cptr_el3, cptr);
	write_sysreg(mdcr_el3, MDCR_EL3_NSPB | MDCR_EL3_NSTB);
	__asm__ volatile("isb");
	if (id_field(pfr0, ID_AA64PFR0_EL1_SVE_SHIFT) != 0) {
		write_sysreg(SYS_ZCR_EL3, VECTOR_LENGTH_MAX);
	}
	if (id_field(pfr1, ID_AA64PFR1_EL1_SME_SHIFT) != 0) {
		write_sysreg(SYS_SMCR_EL3, SMCR_ALL);
	}
	if (id_field(pfr0, ID_AA64PFR0_EL1_GIC_SHIFT) != 0) {
		write_sysreg(SYS_ICC_SRE_EL3, SRE_ALL);
	}
	__asm__ volatile("isb");
}
