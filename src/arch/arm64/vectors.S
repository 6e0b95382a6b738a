/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exception vectors: early_vectors while booting, host_vectors once the host runs.
 *
 * A trap from the host saves what C may clobber (x0 to x17, x29, x30), passes values to the
 * handlers of hyp.h, restores and returns. x19 to x28 stay in registers: C preserves them, and is
 * compiled not to use x18. Nothing in here touches FP or SIMD state: where a guest had it, run.c has the host's back.
 * Every exception that is no trap from the host is Hypatia's own fault: it is reported and the CPU stops.
 */
#include <asm/linkage.h>
#include <asm/sysreg.h>
#include <asm/frame.h>
#include <asm/stub.h>
#include <gen/traps.h>

/* x2 to x17, x29 and x30 of the host on the CPU's stack; x4 onwards is then free. */
.macro save_caller
	stp	x2, x3, [sp, #-HOST_FRAME_SIZE]!
	stp	x4, x5, [sp, #16]
	stp	x6, x7, [sp, #32]
	stp	x8, x9, [sp, #48]
	stp	x10, x11, [sp, #64]
	stp	x12, x13, [sp, #80]
	stp	x14, x15, [sp, #96]
	stp	x16, x17, [sp, #112]
	stp	x29, x30, [sp, #128]
.endm

.macro restore_caller
	ldp	x29, x30, [sp, #128]
	ldp	x16, x17, [sp, #112]
	ldp	x14, x15, [sp, #96]
	ldp	x12, x13, [sp, #80]
	ldp	x10, x11, [sp, #64]
	ldp	x8, x9, [sp, #48]
	ldp	x6, x7, [sp, #32]
	ldp	x4, x5, [sp, #16]
	ldp	x2, x3, [sp], #HOST_FRAME_SIZE
.endm

/*
 * Fatal, but HVC is a call of the stub: while booting, EL2 can be set up or left from outside.
 */
.macro stub_or_fatal kind
	.p2align 7
	msr	tpidr_el0, x0
	mrs	x0, esr_el2
	ubfx	x0, x0, #ESR_EL2_EC_SHIFT, #6
	cmp	x0, #TRAP_EC_HVC64
	b.eq	stub_call
	mov	x0, sp
	msr	tpidrro_el0, x0
	mov	x0, #\kind
	b	fatal_exception
.endm

	.text

	.p2align 11
	.globl early_vectors
early_vectors:
	.set	kind_, 0
	.rept	16
	.if	kind_ == 4 || kind_ == 8
	stub_or_fatal kind_
	.else
	fatal	kind_
	.endif
	.set	kind_, kind_ + 1
	.endr
	.p2align 7

/*
 * x0 of the caller is in TPIDR_EL0: STUB_SET_VECTORS (x1: VBAR_EL2), STUB_SOFT_RESTART (x1: where
 * to go on at EL2 with MMU and caches off, with x2 to x4 as x0 to x2) or STUB_RESET_VECTORS.
 */
function stub_call
	mrs	x0, tpidr_el0
	cmp	x0, #STUB_SOFT_RESTART
	b.eq	1f
	cmp	x0, #STUB_SET_VECTORS
	b.eq	2f
	cmp	x0, #STUB_RESET_VECTORS
	b.ne	3f
	adr_l	x1, early_vectors
2:	msr	vbar_el2, x1
	mov	x0, xzr
	eret_final
3:	mov_l	x0, STUB_UNKNOWN
	eret_final
1:	mrs	x0, sctlr_el2
	mov_l	x5, (SCTLR_EL2_M_MASK | SCTLR_EL2_C_MASK | SCTLR_EL2_I_MASK | SCTLR_EL2_WXN_MASK)
	bic	x0, x0, x5
	msr	sctlr_el2, x0
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	mov	x5, x1
	mov	x0, x2
	mov	x1, x3
	mov	x2, x4
	mov	x3, xzr
	br	x5
endfunction stub_call

	.p2align 11
	.globl host_vectors
host_vectors:
	.set	kind_, 0
	.rept	8
	fatal	kind_
	.set	kind_, kind_ + 1
	.endr

	/* Synchronous, from AArch64 at EL1 or EL0. HVC #0 is answered right here. */
	.p2align 7
	save_caller
	mrs	x4, esr_el2
	mov	w5, #ESR_HVC64_0
	cmp	x4, x5
	b.ne	host_trap
	mov	x4, sp				/* saved x2 to x9: more arguments, and room for more results */
	bl	hyp_handle_hvc
	restore_caller
	eret_final

	.set	kind_, 9
	.rept	7
	fatal	kind_
	.set	kind_, kind_ + 1
	.endr
	.p2align 7

/* The other traps. x4: ESR_EL2; x0 to x3 still hold the host's. */
function host_trap
	stp	x0, x1, [sp, #-16]!
	ubfx	x5, x4, #ESR_EL2_EC_SHIFT, #6
	cmp	x5, #TRAP_EC_DABT_LOW
	b.eq	1f
	cmp	x5, #TRAP_EC_SMC64
	b.eq	host_smc
	cmp	x5, #TRAP_EC_IABT_LOW
	b.eq	1f
	cmp	x5, #TRAP_EC_HVC64
	b.ne	2f
	/* HVC with an immediate: the UNDEF that it gets points at it, not behind it. */
	mrs	x5, elr_el2
	sub	x5, x5, #4
	msr	elr_el2, x5
2:	mov	x0, x4
	bl	hyp_handle_other
	b	3f
1:	mov	x0, x4
	mrs	x1, far_el2
	mrs	x2, hpfar_el2
	bl	hyp_handle_abort
3:	ldp	x0, x1, [sp], #16
	restore_caller
	eret_final
endfunction host_trap

/* Trapped SMC: ELR_EL2 points at it. Forwarded calls carry the host's x0 to x17 to EL3 and back. */
function host_smc
	mrs	x5, elr_el2
	add	x5, x5, #4
	msr	elr_el2, x5
	and	x4, x4, #ESR_EL2_IMM16_MASK
	bl	hyp_handle_smc
	cbnz	x0, 1f
	str	x1, [sp]
	ldp	x0, x1, [sp], #16
	restore_caller
	eret_final
1:	ldp	x0, x1, [sp]
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x8, x9, [sp, #64]
	ldp	x10, x11, [sp, #80]
	ldp	x12, x13, [sp, #96]
	ldp	x14, x15, [sp, #112]
	ldp	x16, x17, [sp, #128]
	smc	#0
	ldp	x29, x30, [sp, #144]
	add	sp, sp, #(HOST_FRAME_SIZE + 16)
	eret_final
endfunction host_smc

/* x0: which vector; the interrupted x0 and SP in TPIDR_EL0 and TPIDRRO_EL0. */
function fatal_exception
	msr	sp_el0, x1
	adr_l	x1, panic_stack_top
	sub	x1, x1, #PANIC_FRAME_SIZE
	mov	sp, x1
	x2_to_x30 stp, str, sp
	mrs	x2, tpidr_el0
	mrs	x3, sp_el0
	stp	x2, x3, [sp]
	mrs	x2, tpidrro_el0
	str	x2, [sp, #248]
	mov	x29, xzr
	bl	panic_exception
	b	park
endfunction fatal_exception

	.section .bss
	.p2align 4
	.space	8192
panic_stack_top:
