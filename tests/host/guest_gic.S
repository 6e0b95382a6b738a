/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guests of gic.c: they set up a GICv3 whose place gic.c knows too, and say which interrupts they take. x20 is what
 * an interrupt found, and the last that came.
 */
#include "program.h"

#define ICC_PMR_EL1 s3_0_c4_c6_0
#define ICC_SGI1R_EL1 s3_0_c12_c11_5
#define ICC_IAR1_EL1 s3_0_c12_c12_0
#define ICC_EOIR1_EL1 s3_0_c12_c12_1
#define ICC_IGRPEN1_EL1 s3_0_c12_c12_7

	/* All interrupts of group 1, of the same priority and enabled, those from 32 to 63 for vCPU 0. */
	.macro setup
	ldr	x11, =G_MEMORY + VECTORS
	msr	vbar_el1, x11
	ldr	x11, =G_DIST
	mov	w12, #3
	str	w12, [x11]
	mov	w12, #-1
	str	w12, [x11, #0x84]
	str	w12, [x11, #0x104]
	ldr	x11, =G_PRIVATE
	str	w12, [x11, #0x80]
	str	w12, [x11, #0x100]
	mov	x12, #0xf0
	msr	ICC_PMR_EL1, x12
	mov	x12, #1
	msr	ICC_IGRPEN1_EL1, x12
	isb
	.endm

	/* Until an interrupt has come, which it then says. */
	.macro wait_for_one
	mov	x20, #-1
1:	msr	daifset, #2
	tbz	x20, #63, 2f
	wfi
	msr	daifclr, #2
	b	1b
2:	say	x20
	.endm

	.macro irq_vector program
	.org	\program + VECTORS + 0x280
	mrs	x20, ICC_IAR1_EL1
	cmp	x20, #27
	b.ne	1f
	msr	cntv_ctl_el0, xzr		/* its level is low again, before the end */
1:	cmp	x20, #30
	b.ne	1f
	msr	cntp_ctl_el0, xzr
1:	isb
	cmp	x20, #G_SPI
	b.ne	1f
	str	x20, [x10, #SAY_VALUE]		/* userspace has the level in its hands */
1:	msr	ICC_EOIR1_EL1, x20
	isb
	eret
	.endm

/* An SGI to itself, its timers x0 ticks from now, a device's level twice, an edge. */
program guest_gic
	setup
	ldr	x11, =(1 << 24 | 1)
	msr	ICC_SGI1R_EL1, x11
	wait_for_one
	mrs	x12, cntvct_el0
	add	x12, x12, x0
	msr	cntv_cval_el0, x12
	mov	x13, #1
	msr	cntv_ctl_el0, x13
	isb
	wait_for_one
	/* again, for nothing of the first is left; and without waiting */
	mov	x20, #-1
	mrs	x12, cntvct_el0
	add	x12, x12, x0
	msr	cntv_cval_el0, x12
	msr	cntv_ctl_el0, x13
	msr	daifclr, #2
3:	tbnz	x20, #63, 3b
	msr	daifset, #2
	say	x20
	msr	cntp_tval_el0, x0
	msr	cntp_ctl_el0, x13
	wait_for_one
	/* a device's: its handler says it too */
	say	xzr
	wait_for_one
	say	xzr
	wait_for_one
	/* bytes of priorities, and a register of 64 bits */
	ldr	x11, =G_DIST
	mov	w12, #0x57
	strb	w12, [x11, #(0x400 + G_SPI)]
	ldr	w12, [x11, #(0x400 + G_SPI)]
	say	x12
	/* an edge */
	mov	w12, #(2 << (2 * (G_EDGE - 32)))
	str	w12, [x11, #0xc08]
	ldr	x11, =G_REDIST
	ldr	x12, [x11, #8]
	say	x12
	wait_for_one
	done
	.ltorg
	irq_vector guest_gic

/* vCPU 0 turns vCPU 1 on, which answers an SGI with one. */
program guest_gic_two
	setup
	mov	x1, #1
	adr	x2, second
	ldr	x0, =PSCI_CPU_ON
	hvc	#0
	say	x0
	/* An SGI of group 1 is nothing to one that still has group 0. */
	ldr	x11, =G_DATA
6:	ldar	x12, [x11]
	cbz	x12, 6b
	mov	x14, #100
4:	ldr	x11, =(5 << 24 | 2)
	msr	ICC_SGI1R_EL1, x11
	mov	x20, #-1
1:	msr	daifset, #2
	tbz	x20, #63, 2f
	wfi
	msr	daifclr, #2
	b	1b
2:	subs	x14, x14, #1
	b.ne	4b
	say	x20
	done
second:
	ldr	x11, =G_MEMORY + VECTORS
	msr	vbar_el1, x11
	ldr	x11, =G_PRIVATE + 0x20000
	mov	w12, #-1
	str	w12, [x11, #0x80]
	str	w12, [x11, #0x100]
	mov	x12, #0xf0
	msr	ICC_PMR_EL1, x12
	mov	x12, #1
	msr	ICC_IGRPEN1_EL1, x12
	isb
	ldr	x11, =G_DATA
	stlr	x12, [x11]
5:	mov	x20, #-1
1:	msr	daifset, #2
	tbz	x20, #63, 2f
	wfi
	msr	daifclr, #2
	b	1b
2:	ldr	x11, =(1 << 40 | 6 << 24)	/* to all but itself */
	msr	ICC_SGI1R_EL1, x11
	b	5b
	.ltorg
	irq_vector guest_gic_two
