/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest of points.c: one page, copied to POINTS_CODE of a VM, at EL1 and EL0 with stage 1 off. Of the last
 * exception x28 is the class, x27 where, x25 FAR_EL1; x26 counts them. x20 counts steps, up to x23, and x22 adds up
 * where they end. x24 is where it goes on at EL1 behind SVC. x19: what it was begun with.
 */
#include "points_program.h"

	.altmacro

	.macro say what, value
	mov	x1, \value
	ldr	x0, =(POINTS_SAY + 8 * \what)
	str	x1, [x0]
	.endm

	/* Class of the last exception, how many there were, and @at as an offset in the page. */
	.macro say_exception what, at
	and	x11, \at, #0xfff
	orr	x11, x11, x28, lsl #16
	orr	x11, x11, x26, lsl #32
	say	\what, x11
	.endm

	.macro gather n, op2
	mrs	x12, s2_0_c0_c\n\()_\op2
	orr	x11, x11, x12
	.endm

	.macro to_el0 where, pstate
	adr	x24, 9f
	adr	x12, \where
	msr	elr_el1, x12
	mov	x12, #\pstate
	msr	spsr_el1, x12
	eret
9:
	.endm

	.data
	.p2align 12
	.globl points_program
points_program:
	adr	x9, vectors
	msr	vbar_el1, x9
	isb
	mov	x19, x0
	mov	x26, #0
	adr	x10, spot
	mrs	x11, id_aa64dfr0_el1
	say	POINTS_SAY_DFR0, x11
	mov	x11, #0
	.set	n_, 0
	.rept	2				/* as many as each CPU has */
	.irp	op2, 4, 5, 6, 7
	gather	%n_, \op2
	.endr
	.set	n_, n_ + 1
	.endr
	mrs	x12, mdscr_el1
	orr	x11, x11, x12
	msr	dbgbcr1_el1, xzr
	say	POINTS_SAY_FIRST, x11

	/* The host's are about what it does here. */
	msr	daifclr, #8
	mov	x26, #0
	bl	marker
	str	x19, [x10]
	say	POINTS_SAY_OFF, x26
	ldr	x12, =POINTS_MDSCR_ON
	msr	mdscr_el1, x12
	isb
	bl	marker
	str	x19, [x10]
	say	POINTS_SAY_NONE, x26

	/* It has what it asks for of what there is. */
	mov	x12, #-2			/* SS would be a step at once */
	msr	mdscr_el1, x12
	msr	dbgbcr1_el1, x12
	mrs	x11, mdscr_el1
	ldr	x12, =POINTS_MDSCR_ON
	msr	mdscr_el1, x12
	say	POINTS_SAY_MDSCR, x11
	mrs	x11, dbgbcr1_el1
	msr	dbgbcr1_el1, xzr
	say	POINTS_SAY_CONTROL, x11

1:	ldr	x12, =0x21e7			/* E, EL1 and EL0, all four bytes; HMC */
	adr	x13, marker
	msr	dbgbvr1_el1, x13
	msr	dbgbcr1_el1, x12
	isb
	mov	x26, #0
	bl	marker
	say_exception POINTS_SAY_BREAK, x27
	mov	x26, #0
	to_el0	break_el0, 0
	say_exception POINTS_SAY_BREAK_EL0, x30

	ldr	x12, =0x3fff			/* E, EL1 and EL0, loads and stores, all eight bytes; HMC */
	msr	dbgwvr0_el1, x10
	msr	dbgwcr0_el1, x12
	isb
	mov	x26, #0
	str	x19, [x10]
	say_exception POINTS_SAY_WATCH, x25
	mov	x26, #0
	to_el0	watch_el0, 0
	say_exception POINTS_SAY_WATCH_EL0, x30

	/* Whatever runs in between: they are there again. */
	ldr	w0, =CALL_PSCI_VERSION
	hvc	#0
	mov	x26, #0
	bl	marker
	say_exception POINTS_SAY_BREAK, x27
	msr	dbgwcr0_el1, xzr
	msr	dbgbcr1_el1, xzr

	/* Steps at EL1, of what the CPU does and of what Hypatia does. */
	mov	x20, #0
	mov	x22, #0
	mov	x23, #POINTS_STEPS
	mov	x26, #0
	msr	daifset, #8			/* not here */
	ldr	x12, =POINTS_MDSCR_STEP
	msr	mdscr_el1, x12
	isb
	adr	x12, steps
	msr	elr_el1, x12
	ldr	x12, =(0x1c5 + POINTS_SS)
	msr	spsr_el1, x12
	ldr	x0, =(POINTS_SAY + 8 * POINTS_SAY_STEPPED)
	ldr	w1, =CALL_PSCI_VERSION
	eret
steps:	nop
	str	x19, [x0]			/* the host */
	mrs	x11, id_aa64pfr0_el1		/* Hypatia */
	mov	x0, x1
	hvc	#0
	msr	oslar_el1, x19
	nop
	nop					/* not any more */
	say	POINTS_SAY_STEPS, x20
	adr	x12, steps
	mov	x13, #POINTS_STEPS
	msub	x22, x12, x13, x22
	say	POINTS_SAY_SUM, x22

	/* And at EL0. */
	mov	x20, #0
	mov	x23, #100
	msr	daifset, #8			/* not here */
	ldr	x12, =POINTS_MDSCR_STEP
	msr	mdscr_el1, x12
	isb
	ldr	x0, =(POINTS_SAY + 8 * POINTS_SAY_STEPPED_EL0)
	to_el0	steps_el0, POINTS_SS
	say	POINTS_SAY_STEPS_EL0, x20

	msr	dbgwvr1_el1, x19
	mrs	x11, dbgwvr1_el1
	say	POINTS_SAY_KEPT, x11
	mov	x12, #1
	msr	oslar_el1, x12
	mrs	x11, oslsr_el1
	say	POINTS_SAY_LOCK, x11
	ldr	x12, =0x1e7
	msr	dbgbcr1_el1, x12
	msr	mdscr_el1, xzr
	isb
	mov	x26, #0
	bl	marker
	say	POINTS_SAY_QUIET, x26
	ldr	x12, =POINTS_MDSCR_ON
	msr	mdscr_el1, x12
	b	1b

break_el0:
	bl	marker
	mov	x30, x27
	svc	#0
watch_el0:
	ldr	x11, [x10]
	mov	x30, x25
	svc	#0
steps_el0:
	nop
	str	x19, [x0]
	nop
	svc	#0
	.ltorg

	.org	points_program + POINTS_SPOT
spot:	.quad	0
marker:	nop
	ret

	.org	points_program + 0x800
vectors:
	.org	points_program + 0xa00		/* synchronous, from this level with its own stack */
	b	exception
	.org	points_program + 0xc00		/* synchronous, from EL0 */
exception:
	mrs	x12, esr_el1
	lsr	x12, x12, #26
	cmp	x12, #0x15
	b.eq	2f
	mov	x28, x12
	mrs	x27, elr_el1
	mrs	x25, far_el1
	add	x26, x26, #1
	mrs	x13, spsr_el1
	and	x12, x28, #~1
	cmp	x12, #0x32
	b.eq	1f
	add	x12, x27, #4
	msr	elr_el1, x12
	eret
1:	add	x20, x20, #1
	add	x22, x22, x27
	orr	x13, x13, #POINTS_SS
	cmp	x20, x23
	b.lo	1f
	bic	x13, x13, #POINTS_SS
	ldr	x12, =POINTS_MDSCR_ON
	msr	mdscr_el1, x12
1:	msr	spsr_el1, x13
	eret
2:	ldr	x12, =POINTS_MDSCR_ON
	msr	mdscr_el1, x12
	msr	elr_el1, x24
	mov	x12, #0x1c5
	msr	spsr_el1, x12
	eret
	.ltorg
	.org	points_program + 4096
