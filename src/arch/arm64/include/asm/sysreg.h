/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers as the trusted layer uses them: access macros, encodings that the assembler
 * lacks (Arm ARM, D19), and the values that spec/ does not hold. The rest is gen/sysregs.h.
 */
#ifndef ASM_SYSREG_H
#define ASM_SYSREG_H

#include <gen/sysregs.h>

/* MAIR_EL2: attribute 0 is Normal write-back read/write-allocate, attribute 1 Device-nGnRE. */
#define MAIR_EL2_BOOT 0x04ff

/* ESR_EL2 of HVC #0 from AArch64: EC, IL = 1, ISS = 0. */
#define ESR_HVC64_0 0x5a000000

/* SMCR_ELx: longest vectors, FA64 and ZT0 where there. */
#define SMCR_ALL 0xc000000fu

#ifndef __ASSEMBLER__
#include "types.h"

#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

#define read_sysreg(name)                                                  \
	__extension__({                                                    \
		u64 val_;                                                  \
		__asm__ volatile("mrs %0, " STRINGIFY(name) : "=r"(val_)); \
		val_;                                                      \
	})

#define write_sysreg(name, value)                                                         \
	do {                                                                              \
		u64 val_ = (value);                                                       \
		__asm__ volatile("msr " STRINGIFY(name) ", %0" : : "r"(val_) : "memory"); \
	} while (0)

/* Bits @shift+3..@shift of an ID register. */
static inline u32 id_field(u64 reg, u32 shift)
{
	return (u32)(reg >> shift) & 0xfu;
}

/* Registers newer than binutils 2.40's default architecture, by encoding. */
#define SYS_ID_AA64MMFR3_EL1 S3_0_C0_C7_3
#define SYS_ID_AA64MMFR4_EL1 S3_0_C0_C7_4
#define SYS_ID_AA64PFR2_EL1 S3_0_C0_C4_2
#define SYS_ID_AA64ZFR0_EL1 S3_0_C0_C4_4
#define SYS_ID_AA64SMFR0_EL1 S3_0_C0_C4_5
#define SYS_ID_AA64ISAR2_EL1 S3_0_C0_C6_2
#define SYS_ID_AA64ISAR3_EL1 S3_0_C0_C6_3
#define SYS_RNDR S3_3_C2_C4_0
#define SYS_HCRX_EL2 S3_4_C1_C2_2
#define SYS_ZCR_EL1 S3_0_C1_C2_0
#define SYS_ZCR_EL12 S3_5_C1_C2_0
#define SYS_ZCR_EL2 S3_4_C1_C2_0
#define SYS_SMCR_EL2 S3_4_C1_C2_6
#define SYS_SVCR S3_3_C4_C2_2
#define SYS_HFGRTR_EL2 S3_4_C1_C1_4
#define SYS_HFGWTR_EL2 S3_4_C1_C1_5
#define SYS_HFGITR_EL2 S3_4_C1_C1_6
#define SYS_HDFGRTR_EL2 S3_4_C3_C1_4
#define SYS_HDFGWTR_EL2 S3_4_C3_C1_5
#define SYS_HAFGRTR_EL2 S3_4_C3_C1_6
#define SYS_HFGRTR2_EL2 S3_4_C3_C1_2
#define SYS_HFGWTR2_EL2 S3_4_C3_C1_3
#define SYS_HFGITR2_EL2 S3_4_C3_C1_7
#define SYS_HDFGRTR2_EL2 S3_4_C3_C1_0
#define SYS_HDFGWTR2_EL2 S3_4_C3_C1_1
#define SYS_TRFCR_EL2 S3_4_C1_C2_1
#define SYS_ICC_SRE_EL2 S3_4_C12_C9_5
#define SYS_ICH_HCR_EL2 S3_4_C12_C11_0
#define SYS_ICH_VTR_EL2 S3_4_C12_C11_1
#define SYS_PMSCR_EL1 S3_0_C9_C9_0
#define SYS_PMSCR_EL12 S3_5_C9_C9_0
#define SYS_TRFCR_EL1 S3_0_C1_C2_1
#define SYS_TRFCR_EL12 S3_5_C1_C2_1
#define SYS_BRBCR_EL1 S2_1_C9_C0_0
#define SYS_BRBCR_EL12 S2_5_C9_C0_0
#define SYS_ZCR_EL3 S3_6_C1_C2_0
#define SYS_SMCR_EL3 S3_6_C1_C2_6
#define SYS_ICC_SRE_EL3 S3_6_C12_C12_5
#define SYS_SCTLR_EL12 S3_5_C1_C0_0
#define SYS_CPACR_EL12 S3_5_C1_C0_2
#define SYS_CNTKCTL_EL12 S3_5_C14_C1_0
#define SYS_CNTP_CTL_EL02 S3_5_C14_C2_1
#define SYS_CNTV_CTL_EL02 S3_5_C14_C3_1
#define SYS_VBAR_EL12 S3_5_C12_C0_0
#define SYS_ELR_EL12 S3_5_C4_C0_1
#define SYS_SPSR_EL12 S3_5_C4_C0_0
#define SYS_ESR_EL12 S3_5_C5_C2_0
#define SYS_FAR_EL12 S3_5_C6_C0_0

#endif

#endif
