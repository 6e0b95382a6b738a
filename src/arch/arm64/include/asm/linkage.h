/* SPDX-License-Identifier: BSD-2-Clause */
/* Assembler macros shared by the .S files. */
/* clang-format off */
#ifndef ASM_LINKAGE_H
#define ASM_LINKAGE_H

.macro function name
	.globl \name
	.type \name, %function
	.p2align 2
\name:
.endm

.macro endfunction name
	.size \name, . - \name
.endm

/* Address of @sym, wherever the image was loaded (the load address is a multiple of 4 KiB). */
.macro adr_l reg, sym
	adrp	\reg, \sym
	add	\reg, \reg, :lo12:\sym
.endm

/* A 32-bit constant in at most two instructions. */
.macro mov_l reg, value
	movz	\reg, #((\value) & 0xffff)
	movk	\reg, #(((\value) >> 16) & 0xffff), lsl #16
.endm

/* After an ERET nothing may be executed, not even speculatively. */
.macro eret_final
	eret
	dsb	nsh
	isb
.endm

#endif
