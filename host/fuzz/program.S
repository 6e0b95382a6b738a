/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer's guest: one page, at EL1 with stage 1 off. x20 counts its exceptions, x24 and d8 are as the host set
 * them.
 * Each operation has 64 bytes.
 */
#include "program.h"

	.section .rodata, "a"
	.arch	armv8-a
	.balign	4096
	.globl	fuzz_program
fuzz_program:
	adr	x9, vectors
	msr	vbar_el1, x9
	mov	x11, #(3 << 20)			/* CPACR_EL1.FPEN */
	msr	cpacr_el1, x11
	isb
	mov	x20, #0
	mov	x10, #CHANNEL
	str	x0, [x10, #TELL_BEGIN]
next:
	ldr	x9, [x10, #ASK_OP]
	adr	x11, operations
	add	x11, x11, x9, lsl #6
	br	x11
told_call:
	str	x0, [x10, #TELL]
	add	x1, x1, x2, lsl #1
	add	x1, x1, x3, lsl #2
	str	x1, [x10, #(TELL + 8)]
	b	next
told:
	str	x0, [x10, #TELL]
	b	next

	.macro	arguments
	ldr	x0, [x10, #ASK_ARG]
	ldr	x1, [x10, #(ASK_ARG + 8)]
	ldr	x2, [x10, #(ASK_ARG + 16)]
	ldr	x3, [x10, #(ASK_ARG + 24)]
	.endm

	.balign	64
operations:
	arguments
	hvc	#0
	b	told_call
	.balign	64
	arguments
	smc	#0
	b	told_call
	.balign	64
	ldr	x4, [x10, #ASK_ARG]
	ldr	x0, [x4]
	b	told
	.balign	64
	ldr	x4, [x10, #ASK_ARG]
	ldr	x0, [x10, #(ASK_ARG + 8)]
	str	x0, [x4]
	b	next
	.balign	64
	wfi
	b	next
	.balign	64
	mrs	x0, cntp_ctl_el0
	b	told
	.balign	64
	hvc	#1
	mov	x0, x20
	b	told
	.balign	64
	scvtf	d0, x20
	fadd	d0, d0, d0
	fcvtzs	x0, d0
	b	told
	.balign	64
	mrs	x0, mpidr_el1
	b	told
	.balign	64
	mov	x0, #4096
1:	subs	x0, x0, #1
	b.ne	1b
	b	next
	.balign	64
	fmov	x0, d8
	b	told
	.balign	64
	ldr	x0, [x10, #ASK_ARG]
	fmov	d8, x0
	b	next
	.balign	64
	mov	x0, x24
	b	told
	.balign	64
	ldr	x0, [x10, #ASK_ARG]
	ldr	x1, [x10, #(ASK_ARG + 8)]
	msr	cntv_cval_el0, x0
	msr	cntv_ctl_el0, x1
	isb
	b	next

	.org	fuzz_program + 0x800
vectors:
	.org	fuzz_program + 0xa00		/* synchronous, from EL1 with its own stack */
	mrs	x21, elr_el1
	add	x21, x21, #4
	msr	elr_el1, x21
	add	x20, x20, #1
	eret
	.org	fuzz_program + 4096
