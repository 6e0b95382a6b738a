/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest of sve.c: one page, copied to SVE_CODE of a VM, at EL1 with stage 1 off. x19: its first element; x28: the
 * class of its last exception, and 1. Behind it what its host does with registers of SVE.
 */
#include "program.h"
#include "sve_program.h"

	.arch	armv8-a+sve
	.altmacro

	.macro say what, value
	mov	x1, \value
	ldr	x0, =(SVE_SAY + 8 * \what)
	str	x1, [x0]
	.endm

	/* \what for each number from 0 to \last. */
	.macro each what, last
	.set	n_, 0
	.rept	\last + 1
	\what	%n_
	.set	n_, n_ + 1
	.endr
	.endm

	.macro fill_z n
	index	z\n\().d, x4, #1
	add	x4, x4, #SVE_STEP
	.endm

	.macro fill_p n
	mov	x5, #(\n + 1)
	whilelo	p\n\().b, xzr, x5
	.endm

	.macro compare_p n
	cntp	x5, p\n, p\n\().b
	cmp	x5, #(\n + 1)
	cinc	x11, x11, ne
	.endm

	/* The first element and the last. x6: how many, less 1. */
	.macro compare_z n
	lastb	x5, p1, z\n\().d
	cmp	x5, x4
	cinc	x11, x11, ne
	lastb	x5, p2, z\n\().d
	sub	x5, x5, x6
	cmp	x5, x4
	cinc	x11, x11, ne
	add	x4, x4, #SVE_STEP
	.endm

	.macro gather_z n
	lastb	x5, p1, z\n\().d
	orr	x11, x11, x5
	lastb	x5, p2, z\n\().d
	orr	x11, x11, x5
	.endm

	.macro gather_p n
	cntp	x5, p\n, p\n\().b
	orr	x11, x11, x5
	.endm

	.data
	.p2align 12
	.globl sve_program
sve_program:
vectors:
	b	begin
	.org	sve_program + 0x200		/* synchronous, from this level with its own stack */
	note_and_step_over

begin:
	adr	x9, vectors
	msr	vbar_el1, x9
	mov	x9, #(3 << 20 | 3 << 16)	/* CPACR_EL1: FPEN, ZEN */
	msr	cpacr_el1, x9
	isb
	mov	x19, x0
	mov	x28, #0
	mrs	x11, id_aa64pfr0_el1
	say	SVE_SAY_PFR0, x11
	mrs	x11, s3_0_c0_c4_4
	say	SVE_SAY_ZFR0, x11
	mrs	x11, s3_0_c1_c2_0
	cbz	x28, 1f
	say	SVE_SAY_ABSENT, x28
	mov	x28, #0
	fmov	d3, x19
	rdvl	x11, #1
	say	SVE_SAY_ABSENT, x28
	fmov	x11, d3
	sub	x11, x11, x19
	say	SVE_SAY_OTHER, x11
	b	.

1:	say	SVE_SAY_ZCR, x11
	mov	x11, #0x1ff
	msr	s3_0_c1_c2_0, x11
	isb
	mov	x11, #0
	each	gather_p, 15
	rdffr	p0.b
	gather_p 0
	ptrue	p1.d, vl1
	ptrue	p2.d
	each	gather_z, 31
	say	SVE_SAY_FIRST, x11
	rdvl	x11, #1
	say	SVE_SAY_LENGTH, x11
	mrs	x11, s3_0_c1_c2_0
	say	SVE_SAY_ZCR, x11

	/* Whatever the host does in the meantime, and whoever else runs here. */
2:	mov	x4, x19
	each	fill_z, 31
	mov	x5, #SVE_FFR
	whilelo	p0.b, xzr, x5
	wrffr	p0.b
	each	fill_p, 15
	say	SVE_SAY_FILLED, x19
	mov	x11, #0
	bl	compare
	say	SVE_SAY_OTHER, x11
	/* Hypatia answers, and the run goes on. */
	mov	x4, x19
	each	fill_z, 31
	mov	x5, #SVE_FFR
	whilelo	p0.b, xzr, x5
	wrffr	p0.b
	each	fill_p, 15
	ldr	w0, =CALL_PSCI_VERSION
	hvc	#0
	mov	x11, #0
	bl	compare
	say	SVE_SAY_AGAIN, x11
	b	2b

compare:
	each	compare_p, 15
	rdffr	p0.b
	cntp	x5, p0, p0.b
	cmp	x5, #SVE_FFR
	cinc	x11, x11, ne
	ptrue	p1.d, vl1
	ptrue	p2.d
	cntd	x6
	sub	x6, x6, #1
	mov	x4, x19
	each	compare_z, 31
	ret
	.ltorg

	.org	sve_program + 4096

	.text

	.macro ones_z n
	mov	z\n\().d, #-1
	.endm

	.macro ones_p n
	ptrue	p\n\().b
	.endm

	/* void sve_ones(void): each bit that there is of Z, P and FFR */
	.globl	sve_ones
sve_ones:
	each	ones_z, 31
	each	ones_p, 15
	setffr
	ret

	.macro keep_z n
	str	z\n, [x0]
	add	x0, x0, #256
	.endm

	.macro keep_p n
	str	p\n, [x0]
	add	x0, x0, #32
	.endm

	/* void sve_store(u64 *words): Z0 to Z31 of 256 bytes each, P0 to P15 and FFR of 32. */
	.globl	sve_store
sve_store:
	each	keep_z, 31
	each	keep_p, 15
	rdffr	p0.b
	keep_p	0
	ret
