/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs of guests share. */

	/* A vector: x28 becomes the class of the exception, and 1, and what took it is stepped over. Clobbers x27. */
	.macro note_and_step_over
	mrs	x28, esr_el1
	lsr	x28, x28, #26
	add	x28, x28, #1
	mrs	x27, elr_el1
	add	x27, x27, #4
	msr	elr_el1, x27
	eret
	.endm
