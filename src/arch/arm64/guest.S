/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Into a guest and back: guest_enter() saves what compiled code and the host keep in registers, and returns when the
 * guest traps, through one of four entries of guest_vectors. EL1's registers, stage 2 and traps are the caller's.
 */
#include <asm/linkage.h>
#include <asm/frame.h>
#include <gen/vcpu.h>

	.text

/*
 * u64 guest_enter(struct vcpu_context *ctx): 0 for a synchronous exception, 1 for IRQ, 2 for FIQ, 3 for SError. x18
 * belongs to the host, and ELR_EL2 and SPSR_EL2 say where it goes on.
 */
function guest_enter
	stp	x29, x30, [sp, #-GUEST_FRAME_SIZE]!
	stp	x18, x19, [sp, #16]
	stp	x20, x21, [sp, #32]
	stp	x22, x23, [sp, #48]
	stp	x24, x25, [sp, #64]
	stp	x26, x27, [sp, #80]
	stp	x28, x0, [sp, #96]
	mrs	x1, elr_el2
	mrs	x2, spsr_el2
	stp	x1, x2, [sp, #112]
	adr_l	x1, guest_vectors
	msr	vbar_el2, x1
	ldp	x1, x2, [x0, #8 * CTX_PC]
	msr	elr_el2, x1
	msr	spsr_el2, x2
	x2_to_x30 ldp, ldr, x0
	mov	x1, x0
	ldr	x0, [x1]
	ldr	x1, [x1, #8]
	eret_final
endfunction guest_enter

/* EL2's stack is as guest_enter left it. */
.macro leave_guest code
	.p2align 7
	stp	x0, x1, [sp, #-16]!
	ldr	x0, [sp, #(16 + 104)]
	mov	x1, #\code
	b	guest_leave
.endm

	.p2align 11
	.globl guest_vectors
guest_vectors:
	.set	kind_, 0
	.rept	16
	.if	kind_ >= 8 && kind_ < 12
	leave_guest (kind_ - 8)
	.else
	fatal kind_
	.endif
	.set	kind_, kind_ + 1
	.endr
	.p2align 7

/* x0: the guest's context; x1: what guest_enter() is to return; the guest's x0 and x1 on the stack. */
function guest_leave
	x2_to_x30 stp, str, x0
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x0, #8 * CTX_PC]
	adr_l	x2, host_vectors
	msr	vbar_el2, x2
	ldp	x2, x3, [sp, #112]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	mov	x0, x1
	ldp	x18, x19, [sp, #16]
	ldp	x20, x21, [sp, #32]
	ldp	x22, x23, [sp, #48]
	ldp	x24, x25, [sp, #64]
	ldp	x26, x27, [sp, #80]
	ldr	x28, [sp, #96]
	ldp	x29, x30, [sp], #GUEST_FRAME_SIZE
	ret
endfunction guest_leave
