/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest of measure.c: one page, at MEASURE_CODE of a VM, at EL1 with stage 1 off. */
#include "measure_program.h"

#define MEASUREMENT 0xc60000f0
#define PSCI_VERSION 0x84000000
#define PSCI_SYSTEM_OFF 0x84000008

	.macro say what, value
	ldr	x9, =(MEASURE_SAY + 8 * \what)
	str	\value, [x9]
	.endm

	.macro measurement half
	ldr	w0, =MEASUREMENT
	mov	x1, #\half
	mov	x2, xzr
	mov	x3, xzr
	hvc	#0
	say	MEASURE_SAY_STATUS, x0
	say	MEASURE_SAY_WORD, x1
	say	MEASURE_SAY_WORD, x2
	.endm

	/* Answered at once: what comes next is in the same run. */
	.macro answered_at_once
	ldr	w0, =PSCI_VERSION
	hvc	#0
	.endm

	.data
	.p2align 12
	.globl measure_program
measure_program:
	say	MEASURE_SAY_ARGUMENT, x0
	measurement 0
	measurement 1
	measurement 2
	answered_at_once
	ldr	x8, =MEASURE_BEHIND
	ldr	x8, [x8]
	answered_at_once
	ldr	x8, =MEASURE_DATA
	ldr	x8, [x8, #4088]
	say	MEASURE_SAY_DATA, x8
	ldr	x8, =MEASURE_OTHER
	ldr	x8, [x8, #4088]
	say	MEASURE_SAY_OTHER, x8
	ldr	w0, =PSCI_SYSTEM_OFF
	hvc	#0
	b	.
	.ltorg
	.p2align 12
