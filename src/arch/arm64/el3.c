/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL3, when the image is entered there: give the non-secure world all that Linux asks of EL3, once.
 * Runs with the MMU off.
 */
#include <asm/cpu.h>
#include <asm/sysreg.h>

/* SCR_EL3 */
#define SCR_NS (1u << 0)
#define SCR_RES1 (3u << 4)
#define SCR_HCE (1u << 8)
#define SCR_RW (1u << 10)
#define SCR_APK (1u << 16)
#define SCR_API (1u << 17)
#define SCR_ATA (1u << 26)
#define SCR_FGTEN (1u << 27)
#define SCR_ECVEN (1u << 28)
#define SCR_HXEN_BIT 38
#define SCR_ENTP2_BIT 41
#define SCR_TCR2EN_BIT 43
#define SCR_SCTLR2EN_BIT 44
#define SCR_PIEN_BIT 45

/* CPTR_EL3: EZ and ESM let lower levels use SVE and SME. */
#define CPTR_EL3_EZ (1u << 8)
#define CPTR_EL3_ESM (1u << 12)

/* MDCR_EL3: the profiling and trace buffers belong to the non-secure world. */
#define MDCR_EL3_NSPB (3u << 12)
#define MDCR_EL3_NSTB (3u << 24)

#define VECTOR_LENGTH_MAX 0xfu
#define SRE_ALL 0xfu

void el3_setup(void);

static u64 bit_if(u32 condition, u32 bit)
{
	return condition != 0 ? (u64)1 << bit : 0;
}

static u64 scr_value(void)
{
	u64 mmfr0 = read_sysreg(id_aa64mmfr0_el1);
	u64 mmfr1 = read_sysreg(id_aa64mmfr1_el1);
	u64 mmfr3 = read_sysreg(SYS_ID_AA64MMFR3_EL1);
	u64 pfr1 = read_sysreg(id_aa64pfr1_el1);
	u64 scr = SCR_NS | SCR_RES1 | SCR_HCE | SCR_RW | SCR_APK | SCR_API;

	scr |= id_field(pfr1, 8) >= 2 ? SCR_ATA : 0;
	scr |= id_field(mmfr0, 56) >= 1 ? SCR_FGTEN : 0;
	scr |= id_field(mmfr0, 60) >= 1 ? SCR_ECVEN : 0;
	scr |= bit_if(id_field(mmfr1, 40), SCR_HXEN_BIT);
	scr |= bit_if(id_field(pfr1, 24), SCR_ENTP2_BIT);
	scr |= bit_if(id_field(mmfr3, 0), SCR_TCR2EN_BIT);
	scr |= bit_if(id_field(mmfr3, 4), SCR_SCTLR2EN_BIT);
	scr |= bit_if(id_field(mmfr3, 8), SCR_PIEN_BIT);
	return scr;
}

void el3_setup(void)
{
	u64 pfr0 = read_sysreg(id_aa64pfr0_el1);
	u64 pfr1 = read_sysreg(id_aa64pfr1_el1);
	u64 cptr = 0;

	write_sysreg(scr_el3, scr_value());
	write_sysreg(sctlr_el2, SCTLR_EL2_MMU_OFF);
	cptr |= id_field(pfr0, 32) != 0 ? CPTR_EL3_EZ : 0;
	cptr |= id_field(pfr1, 24) != 0 ? CPTR_EL3_ESM : 0;
	write_sysreg(cptr_el3, cptr);
	write_sysreg(mdcr_el3, MDCR_EL3_NSPB | MDCR_EL3_NSTB);
	__asm__ volatile("isb");
	if (id_field(pfr0, 32) != 0) {
		write_sysreg(SYS_ZCR_EL3, VECTOR_LENGTH_MAX);
	}
	if (id_field(pfr1, 24) != 0) {
		write_sysreg(SYS_SMCR_EL3, SMCR_ALL);
	}
	if (id_field(pfr0, 24) != 0) {
		write_sysreg(SYS_ICC_SRE_EL3, SRE_ALL);
	}
	__asm__ volatile("isb");
}
