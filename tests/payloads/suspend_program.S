/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest of suspend.c, at SUSPEND_CODE of a VM: tells its word by a store to where no memory is; then the next. */
#include "suspend_program.h"

	.data
	.p2align 12
	.globl suspend_program
suspend_program:
	ldr	x1, =SUSPEND_SAY
1:	str	x0, [x1]
	add	x0, x0, #1
	b	1b
	.ltorg
	.p2align 12
