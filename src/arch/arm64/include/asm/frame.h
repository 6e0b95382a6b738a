/* SPDX-License-Identifier: BSD-2-Clause */
/* Layout of what the vectors put on the stack. */
#ifndef ASM_FRAME_H
#define ASM_FRAME_H

/* x2 to x17, x29, x30. */
#define HOST_FRAME_SIZE 144

/* x29, x30, x18 to x28, the guest's context, ELR_EL2, SPSR_EL2. */
#define GUEST_FRAME_SIZE 128

/* x0 to x30, SP. */
#define PANIC_FRAME_SIZE 256

#ifdef __ASSEMBLER__

/* x2 to x30 to or from their places in a row of registers at \at: \pair is stp or ldp, \one str or ldr. */
.macro x2_to_x30 pair, one, at
	\pair	x2, x3, [\at, #16]
	\pair	x4, x5, [\at, #32]
	\pair	x6, x7, [\at, #48]
	\pair	x8, x9, [\at, #64]
	\pair	x10, x11, [\at, #80]
	\pair	x12, x13, [\at, #96]
	\pair	x14, x15, [\at, #112]
	\pair	x16, x17, [\at, #128]
	\pair	x18, x19, [\at, #144]
	\pair	x20, x21, [\at, #160]
	\pair	x22, x23, [\at, #176]
	\pair	x24, x25, [\at, #192]
	\pair	x26, x27, [\at, #208]
	\pair	x28, x29, [\at, #224]
	\one	x30, [\at, #240]
.endm

/*
 * A vector of exceptions that end in panic_exception(). The stack cannot be trusted, and no register may be
 * lost: x0 goes to TPIDR_EL0, SP to TPIDRRO_EL0 (the host that they belong to is not resumed).
 */
.macro fatal kind
	.p2align 7
	msr	tpidr_el0, x0
	mov	x0, sp
	msr	tpidrro_el0, x0
	mov	x0, #\kind
	b	fatal_exception
.endm

#else
#include "types.h"

struct panic_frame {
	u64 x[31];
	u64 sp;
};
_Static_assert(sizeof(struct panic_frame) == PANIC_FRAME_SIZE, "vectors.S writes this frame");
#endif

#endif
