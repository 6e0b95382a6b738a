/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware at EL3 of a machine with one CPU, with as much of PSCI as a suspend needs: it starts the image at EL2 with
 * the tree at TREE, and from CPU_SUSPEND to a power-down state and from SYSTEM_SUSPEND the CPU comes back with no
 * register as it was.
 */
#define IMAGE 0x40200000
#define TREE 0x48000000

#define PSCI_VERSION 0x84000000
#define PSCI_FEATURES 0x8400000a
#define PSCI_CPU_SUSPEND_64 0xc4000001
#define PSCI_SYSTEM_SUSPEND_64 0xc400000e
#define PSCI_1_1 0x10001
#define PSCI_NOT_SUPPORTED -1
#define POWER_DOWN_BIT 16

#define EL2H_MASKED 0x3c9
/*
 * EL2 has what it has without EL3. SCR_EL3: NS, RES1, HCE, RW; APK, API, ATA, FGTEn, ECVEn; HXEn, EnTP2, TCR2En,
 * SCTLR2En, PIEn.
 */
#define SCR_LOW 0x0531
#define SCR_HIGH 0x1c03
#define SCR_TOP 0x3a40
#define CPTR_EZ_ESM 0x1100
#define SMCR_ALL 0xc000
#define ALL 0xf
#define SCTLR_EL2_RESET 0x30c50830
#define SCTLR_EL1_RESET 0x30d00800
#define JUNK 0xdead

	.arch	armv8-a

	.section .head.text, "ax"
	.globl image_start
image_start:
	adr	x0, vectors
	msr	vbar_el3, x0
	mov	x0, #SCR_LOW
	movk	x0, #SCR_HIGH, lsl #16
	movk	x0, #SCR_TOP, lsl #32
	msr	scr_el3, x0
	mov	x0, #CPTR_EZ_ESM
	msr	cptr_el3, x0
	isb
	mov	x0, #ALL
	msr	s3_6_c12_c12_5, x0		/* ICC_SRE_EL3 */
	msr	s3_6_c1_c2_0, x0		/* ZCR_EL3 */
	movk	x0, #SMCR_ALL, lsl #16
	msr	s3_6_c1_c2_6, x0		/* SMCR_EL3 */
	mov	x0, #TREE
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	mov	x4, #IMAGE
	b	enter

/* To EL2 at x4. */
enter:
	mov	x5, #EL2H_MASKED
	msr	spsr_el3, x5
	msr	elr_el3, x4
	eret

	.macro call_is id, to
	mov	w4, #(\id & 0xffff)
	movk	w4, #(\id >> 16), lsl #16
	cmp	x0, x4
	b.eq	\to
	.endm

/* A register that this CPU does not have: stepped over. Clobbers x5. */
absent:
	mrs	x5, elr_el3
	add	x5, x5, #4
	msr	elr_el3, x5
	eret

called:
	call_is	PSCI_VERSION, version
	call_is	PSCI_FEATURES, features
	call_is	PSCI_CPU_SUSPEND_64, cpu_suspend
	call_is	PSCI_SYSTEM_SUSPEND_64, system_suspend
none:	mov	x0, #PSCI_NOT_SUPPORTED
	eret
version:
	mov	x0, #(PSCI_1_1 & 0xffff)
	movk	x0, #(PSCI_1_1 >> 16), lsl #16
	eret
features:
	mov	x0, x1
	call_is	PSCI_CPU_SUSPEND_64, done
	call_is	PSCI_SYSTEM_SUSPEND_64, done
	b	none
done:	mov	x0, xzr
	eret
cpu_suspend:
	tbz	x1, #POWER_DOWN_BIT, done
	mov	x1, x2
	mov	x2, x3
/* x1: where to; x2: x0 there. */
system_suspend:
	mov	x0, #JUNK
	.irp	name, vbar_el2, ttbr0_el2, vttbr_el2, tpidr_el2, elr_el2
	msr	\name, x0
	.endr
	.irp	name, tpidr_el1, tpidr_el0, vbar_el1, ttbr0_el1, ttbr1_el1, elr_el1
	msr	\name, x0
	.endr
	.irp	name, hcr_el2, hstr_el2, mdcr_el2, cptr_el2, vtcr_el2, tcr_el2, mair_el2, cnthctl_el2, cntvoff_el2
	msr	\name, xzr
	.endr
	.irp	name, vpidr_el2, vmpidr_el2, mdscr_el1, cpacr_el1, tcr_el1, mair_el1, cntp_ctl_el0, cntv_ctl_el0
	msr	\name, xzr
	.endr
	.irp	name, cntkctl_el1, sp_el0, sp_el1
	msr	\name, xzr
	.endr
	msr	s3_4_c12_c9_5, xzr		/* ICC_SRE_EL2 */
	msr	s3_4_c12_c11_0, xzr		/* ICH_HCR_EL2 */
	msr	s3_4_c1_c1_4, xzr		/* HFGRTR_EL2 */
	msr	s3_4_c1_c1_5, xzr		/* HFGWTR_EL2 */
	msr	s3_4_c1_c2_0, xzr		/* ZCR_EL2 */
	msr	s3_4_c1_c2_2, xzr		/* HCRX_EL2 */
	msr	s3_4_c1_c2_6, xzr		/* SMCR_EL2 */
	mov	x0, #(SCTLR_EL2_RESET & 0xffff)
	movk	x0, #(SCTLR_EL2_RESET >> 16), lsl #16
	msr	sctlr_el2, x0
	mov	x0, #(SCTLR_EL1_RESET & 0xffff)
	movk	x0, #(SCTLR_EL1_RESET >> 16), lsl #16
	msr	sctlr_el1, x0
	tlbi	alle2
	tlbi	alle1
	ic	iallu
	dsb	sy
	isb
	msr	spsel, #0
	mov	sp, x0
	msr	spsel, #1
	mov	x4, x1
	mov	x0, x2
	.irp	n, 1,2,3,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, #JUNK
	.endr
	b	enter

	.p2align 11
vectors:
	.rept	4
	b	.
	.p2align 7
	.endr
	b	absent
	.p2align 7
	.rept	3
	b	.
	.p2align 7
	.endr
	b	called
	.p2align 7
	.rept	7
	b	.
	.p2align 7
	.endr
