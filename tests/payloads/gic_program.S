/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest of gic.c: one page, copied to GIC_CODE of a VM, at EL1 with stage 1 off. x28: what it took last. */
#include "program.h"
#include "gic_program.h"

#define ICC_PMR_EL1 s3_0_c4_c6_0
#define ICC_IAR0_EL1 s3_0_c12_c8_0
#define ICC_EOIR0_EL1 s3_0_c12_c8_1
#define ICC_SGI1R_EL1 s3_0_c12_c11_5
#define ICC_ASGI1R_EL1 s3_0_c12_c11_6
#define ICC_SGI0R_EL1 s3_0_c12_c11_7
#define ICC_IAR1_EL1 s3_0_c12_c12_0
#define ICC_EOIR1_EL1 s3_0_c12_c12_1
#define ICC_CTLR_EL1 s3_0_c12_c12_4
#define ICC_SRE_EL1 s3_0_c12_c12_5
#define ICC_IGRPEN0_EL1 s3_0_c12_c12_6
#define ICC_IGRPEN1_EL1 s3_0_c12_c12_7

	.macro say what, value
	mov	x1, \value
	ldr	x0, =(GIC_SAY + 8 * \what)
	str	x1, [x0]
	.endm

	/* An interrupt of a group is acknowledged, told of, ended and told of. */
	.macro take iar, eoir, what
	mrs	x28, \iar
	tell	\what
	msr	\eoir, x28
	isb
	tell	GIC_SAY_ENDED
	eret
	.endm
	.macro tell what
	ldr	x2, =(GIC_SAY + 8 * \what)
	str	x28, [x2]
	.endm

	.data
	.p2align 12
	.globl gic_program
gic_program:
	adr	x9, vectors
	msr	vbar_el1, x9
	isb
	mrs	x11, id_aa64pfr0_el1
	ubfx	x11, x11, #24, #4
	say	GIC_SAY_ID, x11
	mrs	x11, ICC_SRE_EL1
	say	GIC_SAY_SRE, x11
	msr	ICC_SRE_EL1, xzr
	isb
	mrs	x11, ICC_SRE_EL1
	say	GIC_SAY_SRE, x11
	mrs	x11, ICC_IAR1_EL1
	say	GIC_SAY_NOTHING, x11
	mov	x11, #GIC_MASK
	msr	ICC_PMR_EL1, x11
	mov	x11, #1
	msr	ICC_IGRPEN0_EL1, x11
	msr	ICC_IGRPEN1_EL1, x11
	isb
	msr	daifclr, #3
	mov	x28, #0
	say	GIC_SAY_READY, x28
	/* Interrupts come where it stores. */
	say	GIC_SAY_READY, x28
	say	GIC_SAY_READY, x28
	say	GIC_SAY_READY, x28
	say	GIC_SAY_READY, x28
	mrs	x11, ICC_PMR_EL1
	say	GIC_SAY_CONTROL, x11
	ldr	x12, =GIC_SGI_VALUE
	msr	ICC_SGI1R_EL1, x12
	msr	ICC_ASGI1R_EL1, x12
	msr	ICC_SGI0R_EL1, xzr
	mrs	x11, ICC_CTLR_EL1
	ubfx	x11, x11, #8, #3		/* bits of priority */
	say	GIC_SAY_CONTROL, x11
	/* The host says meanwhile that there is none. */
	say	GIC_SAY_READY, x28
	mov	x28, #0
	mrs	x11, ICC_PMR_EL1
	say	GIC_SAY_EXCEPTION, x28
	mov	x28, #0
	msr	ICC_SGI1R_EL1, x12
	say	GIC_SAY_EXCEPTION, x28
	mrs	x11, id_aa64pfr0_el1
	ubfx	x11, x11, #24, #4
	say	GIC_SAY_ID, x11
	mrs	x11, ICC_PMR_EL1
	say	GIC_SAY_CONTROL, x11
	b	.
	.ltorg

	.org	gic_program + 0x800
vectors:
	.org	gic_program + 0xa00		/* synchronous, from this level with its own stack */
	note_and_step_over
	.org	gic_program + 0xa80		/* IRQ */
	take	ICC_IAR1_EL1, ICC_EOIR1_EL1, GIC_SAY_ACKNOWLEDGED
	.org	gic_program + 0xb00		/* FIQ */
	take	ICC_IAR0_EL1, ICC_EOIR0_EL1, GIC_SAY_GROUP_0
	.ltorg
	.org	gic_program + 4096
