/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a program of a guest begins, says something, and ends: for assembly. x10 is the device.
 */
#ifndef TESTS_HOST_PROGRAM_H
#define TESTS_HOST_PROGRAM_H

#include "guest.h"

	.macro program name
	.section .rodata
	.p2align 12
	.globl \name
\name:
	mov	x10, #G_DEVICE
	.endm

	.macro say value
	str	\value, [x10, #SAY_VALUE]
	.endm

	.macro done
	str	xzr, [x10, #SAY_DONE]
	b	.
	.endm

#endif
