/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest of block.c: one page, at BLOCK_CODE of a VM, at EL1 with stage 1 off. It does what its host tells it to. */
#include "block_program.h"

#define CALL_SHARE 0xc6000003
#define CALL_UNSHARE 0xc6000004
#define CALL_RELINQUISH 0xc6000009

	.macro on number, to
	cmp	x11, #\number
	b.eq	\to
	.endm

	/* x13 is the answer of a call on the page at x12. */
	.macro ask function
	ldr	w0, =\function
	mov	x1, x12
	mov	x2, xzr
	mov	x3, xzr
	hvc	#0
	mov	x13, x0
	b	say
	.endm

	.data
	.p2align 12
	.globl block_program
block_program:
	mov	x14, #0
next:
	ldr	x9, =BLOCK_ASK
	ldr	x10, [x9]
	and	x11, x10, #7
	bic	x12, x10, #7
	on	BLOCK_STORE, store
	on	BLOCK_SHARE, share
	on	BLOCK_UNSHARE, unshare
	on	BLOCK_RELINQUISH, relinquish
	on	BLOCK_SWEEP, sweep
	ldr	x13, [x12]
say:
	ldr	x9, =BLOCK_SAY
	str	x13, [x9]
	b	next
store:
	ldr	x13, =BLOCK_MARK
	add	x13, x13, x12
	mvn	x13, x13
	str	x13, [x12]
	b	say
share:
	ask	CALL_SHARE
unshare:
	ask	CALL_UNSHARE
relinquish:
	ask	CALL_RELINQUISH

	/* x13: words that are not what the last round left; there were x14 of them. */
sweep:
	mov	x13, #0
	add	x18, x14, #BLOCK_ROUNDS
1:	mov	x15, x12
2:	ldr	x16, [x15]
	ldr	x17, =BLOCK_MARK
	add	x17, x17, x15
	add	x17, x17, x14
	cmp	x16, x17
	cinc	x13, x13, ne
	add	x16, x16, #1
	str	x16, [x15]
	add	x15, x15, #4096
	ldr	x17, =BLOCK_SWEPT
	cmp	x15, x17
	b.lo	2b
	add	x14, x14, #1
	cmp	x14, x18
	b.ne	1b
	b	say
	.ltorg
	.p2align 12
