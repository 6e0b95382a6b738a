/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest of keys.c: one page, copied to KEYS_CODE of a VM, at EL1 with stage 1 off. x19: its first key word; x28:
 * the class of its last exception, and 1.
 */
#include "program.h"
#include "keys_program.h"

	.arch	armv8.3-a
	.altmacro

	.macro say what, value
	mov	x1, \value
	ldr	x0, =(KEYS_SAY + 8 * \what)
	str	x1, [x0]
	.endm

	/* Each of the ten registers in turn. */
	.macro each what
	.irp	name, s3_0_c2_c1_0, s3_0_c2_c1_1, s3_0_c2_c1_2, s3_0_c2_c1_3, s3_0_c2_c2_0, s3_0_c2_c2_1, s3_0_c2_c2_2
	\what	\name
	.endr
	\what	s3_0_c2_c2_3
	\what	s3_0_c2_c3_0
	\what	s3_0_c2_c3_1
	.endm

	.macro gather name
	mrs	x3, \name
	orr	x11, x11, x3
	.endm

	.macro put name
	msr	\name, x4
	add	x4, x4, x5
	.endm

	.macro compare name
	mrs	x3, \name
	cmp	x3, x4
	cinc	x11, x11, ne
	add	x4, x4, x5
	.endm

	.data
	.p2align 12
	.globl keys_program
keys_program:
	adr	x9, vectors
	msr	vbar_el1, x9
	isb
	mov	x19, x0
	mov	x28, #0
	mrs	x11, id_aa64isar1_el1
	say	KEYS_SAY_ISAR1, x11
	mrs	x11, s3_0_c0_c6_2
	say	KEYS_SAY_ISAR2, x11
	mrs	x11, s3_0_c2_c3_1
	msr	s3_0_c2_c1_0, x19
	cbz	x28, 1f
	say	KEYS_SAY_ABSENT, x28
	b	.

1:	msr	s3_0_c2_c1_0, xzr
	mov	x11, #0
	each	gather
	say	KEYS_SAY_FIRST, x11
	mov	x4, x19
	ldr	x5, =KEYS_STEP
	each	put
	mrs	x11, sctlr_el1
	orr	x11, x11, #(3 << 30)		/* EnIA, EnIB */
	orr	x11, x11, #(1 << 27)		/* EnDA */
	orr	x11, x11, #(1 << 13)		/* EnDB */
	msr	sctlr_el1, x11
	isb

	/* Whatever the host does in the meantime, and whoever else runs here. */
2:	mov	x11, #0
	mov	x4, x19
	ldr	x5, =KEYS_STEP
	each	compare
	say	KEYS_SAY_OTHER, x11
	mov	x20, #KEYS_OPERAND
	pacga	x21, x19, x20
	say	KEYS_SAY_GENERIC, x21
	ldr	x22, =KEYS_POINTER
	mov	x24, x22
	pacia	x22, x20
	pacdb	x24, x20
	say	KEYS_SAY_SIGNED, x22
	say	KEYS_SAY_SIGNED, x24
	autia	x22, x20
	autdb	x24, x20
	orr	x22, x22, x24
	say	KEYS_SAY_POINTER, x22
	/* Hypatia answers, and the run goes on. */
	ldr	w0, =CALL_PSCI_VERSION
	hvc	#0
	pacga	x23, x19, x20
	sub	x23, x23, x21
	say	KEYS_SAY_AGAIN, x23
	b	2b
	.ltorg

	.org	keys_program + 0x800
vectors:
	.org	keys_program + 0xa00		/* synchronous, from this level with its own stack */
	note_and_step_over
	.org	keys_program + 4096
