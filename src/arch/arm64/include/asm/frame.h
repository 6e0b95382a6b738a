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

#ifndef __ASSEMBLER__
#include "types.h"

struct panic_frame {
	u64 x[31];
	u64 sp;
};
_Static_assert(sizeof(struct panic_frame) == PANIC_FRAME_SIZE, "vectors.S writes this frame");
#endif

#endif
