/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest of guest.c: one page, copied to G_CODE of a VM, at EL1 with stage 1 off. It says by a store where there is
 * no memory what it has come to. x20 counts its exceptions, x21 is the syndrome of the last.
 */
#include "guest_program.h"

	.altmacro
	.macro say what, value
	mov	x1, \value
	ldr	w0, =(G_SAY + 8 * \what)
	str	x1, [x0]
	.endm

	/* x0 is the answer. */
	.macro ask function, a=xzr, b=xzr, c=xzr
	ldr	w0, =\function
	mov	x1, \a
	mov	x2, \b
	mov	x3, \c
	hvc	#0
	.endm

	/* An access to the device: what x11 is afterwards. */
	.macro load insn:vararg
	mov	x11, #-1
	\insn
	say	SAY_LOADED, x11
	.endm

	.macro fill_register n
	mov	x\n, #(0x100 + \n)
	.endm

	/* x1 counts registers that are not as x0. */
	.macro count_other n
	cmp	x0, x\n
	cinc	x1, x1, ne
	.endm

	.macro v0_to_v31 pair, at
	.irp	n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
	fp_pair	\pair, \at, %\n, %(\n + 1)
	.endr
	.endm
	.macro fp_pair pair, at, first, second
	\pair	q\first, q\second, [\at, #(16 * \first)]
	.endm

	/* x11: how many words of FP and SIMD are not as fp_fill left them. */
	.macro compare_fp
	ldr	x10, =G_DATA
	ldr	x0, [x10]
	bl	fp_compare
	.endm

	/* Goes on at x12 with PSTATE x13, until an exception that is none of an instruction that is stepped over. */
	.macro lower
	adr	x24, 1f
	msr	elr_el1, x12
	msr	spsr_el1, x13
	eret
1:
	.endm

	.data
	.p2align 12
	.globl guest_program
guest_program:
	adr	x9, vectors
	msr	vbar_el1, x9
	isb
	mov	x20, #0
	say	SAY_ARGUMENT, x0
	mov	x1, #0x33
	ldr	x0, =CALL_UNKNOWN
	hvc	#0
	say	SAY_ANSWER, x0

	ldr	x10, =G_DATA
	mov	x11, #(3 << 20)			/* CPACR_EL1.FPEN */
	msr	cpacr_el1, x11
	isb
	ldr	x0, [x10]
	bl	fp_fill
	ldr	x11, [x10]
	say	SAY_DATA, x11
	compare_fp
	say	SAY_FP, x11
	ldr	x12, =STORED
	str	x12, [x10, #8]
	say	SAY_STORED, x12

	/* Without memory there: the host answers. */
	ldr	x10, =G_DEVICE
	load	ldr x11, [x10]
	load	ldr w11, [x10, #8]
	load	ldrh w11, [x10, #2]
	load	ldrb w11, [x10, #1]
	load	ldrsb x11, [x10, #3]
	load	ldrsb w11, [x10, #3]
	load	ldrsh x11, [x10, #4]
	load	ldrsh w11, [x10, #4]
	load	ldrsw x11, [x10, #12]
	load	ldr xzr, [x10]
	str	x12, [x10]
	str	w12, [x10, #4]
	strh	w12, [x10, #6]
	strb	w12, [x10, #7]
	str	xzr, [x10, #8]
	say	SAY_STORED, x12

	/* The host gives memory instead. */
	ldr	x10, =G_LATE_READ
	ldp	x11, x13, [x10]
	add	x11, x11, x13
	say	SAY_PAIR, x11
	ldr	x10, =G_LATE_WRITE
	stp	x12, x11, [x10]
	say	SAY_PAIR, x11
	ldr	x10, =G_LATE_CODE
	blr	x10
	say	SAY_CALLED, x0

	wfi
	say	SAY_WAITED, x20
	wfe
	wfe
	say	SAY_WAITED, x20
	ldr	w0, =CALL_PSCI_VERSION
	smc	#0
	say	SAY_SMC, x0

	bl	random

	/* Its own exceptions, and those that Hypatia makes of what a guest has not. */
	svc	#5
	say	SAY_EXCEPTION, x21
	brk	#7
	say	SAY_EXCEPTION, x21
	smc	#1
	say	SAY_EXCEPTION, x21
	hvc	#1
	say	SAY_EXCEPTION, x21
	mrs	x11, s3_0_c1_c0_5		/* RGSR_EL1: MTE */
	say	SAY_EXCEPTION, x21
	say	SAY_COUNT, x20

	/* Registers that Hypatia answers, reading and writing; one that a guest has not; one that is the host's. */
	mrs	x11, id_aa64pfr0_el1
	say	SAY_REGISTER, x11
	mrs	x11, id_aa64mmfr0_el1
	say	SAY_REGISTER, x11
	mrs	x11, midr_el1
	say	SAY_REGISTER, x11
	mrs	x11, ctr_el0
	say	SAY_REGISTER, x11
	mrs	x11, oslsr_el1
	say	SAY_REGISTER, x11
	mov	x13, #2
	msr	csselr_el1, x13
	mrs	x11, csselr_el1
	say	SAY_REGISTER, x11
	msr	csselr_el1, xzr
	mrs	x11, csselr_el1
	say	SAY_REGISTER, x11
	mrs	xzr, id_aa64pfr0_el1
	msr	oslar_el1, x12
	dc	cisw, xzr
	say	SAY_COUNT, x20
	mrs	x11, pmcr_el0
	say	SAY_COUNT, x20
	msr	s3_0_c12_c11_5, xzr		/* ICC_SGI1R_EL1 */
	say	SAY_COUNT, x20
	mov	x11, #-1
	mrs	x11, cntp_ctl_el0
	say	SAY_REGISTER, x11
	mrs	xzr, cntp_ctl_el0
	msr	cntp_ctl_el0, x12
	msr	cntp_ctl_el0, xzr
	say	SAY_COUNT, x20
	mrs	x11, mpidr_el1
	say	SAY_MPIDR, x11

	/*
	 * At EL0, in AArch64 and in AArch32: SVC is the guest's own, the device the host's, the physical timer of EL0,
	 * which the guest's EL1 lets through, again the host's. AArch32 has the last by another name, and not at all.
	 */
	mov	x11, #(1 << 9)			/* EL0PTEN */
	msr	cntkctl_el1, x11
	ldr	x10, =G_DEVICE
	mov	x13, #0				/* SPSR_EL1 for EL0 */
	adr	x12, 2f
	lower
	say	SAY_LOWER, x21
	sub	x14, x14, x10, lsl #1
	say	SAY_FP, x14
	ldr	x10, =G_DATA
	ldr	x0, [x10]
	bl	fp_fill
	ldr	x10, =G_DEVICE
	mov	x13, #0x10
	adr	x12, 3f
	lower
	say	SAY_LOWER, x21
	say	SAY_COUNT, x20

	/* A while, in which the host is interrupted, and again if it was not: an emulator may be late with it. */
5:	mrs	x11, cntfrq_el0
	lsr	x11, x11, #5
	isb
	mrs	x12, cntvct_el0
	add	x11, x11, x12
1:	isb
	mrs	x12, cntvct_el0
	cmp	x12, x11
	b.lo	1b
	say	SAY_LATER, x20
	ldr	w14, [x10]
	cbnz	w14, 5b

	b	4f
2:	ldr	w14, [x10]
	mrs	x14, cntp_ctl_el0
	scvtf	d0, x10
	fadd	d0, d0, d0
	fcvtzs	x14, d0
	svc	#1
3:	.inst	0xe59ae000			/* ldr lr, [r10] */
	.inst	0xee1eef32			/* mrc p15, 0, lr, c14, c2, 1: CNTP_CTL */
	.inst	0xef000001			/* svc #1 */
4:
	/* Whatever the host does in the meantime, and on whatever CPU this goes on. */
	.set	n_, 2
	.rept	29
	fill_register %n_
	.set	n_, n_ + 1
	.endr
	mov	x0, #0x1230
	mov	sp, x0
	msr	tpidr_el0, x0
	msr	tpidr_el1, x0
	msr	ttbr1_el1, x0
	say	SAY_KEEP, #0
	mov	x1, #0
	.set	n_, 2
	.rept	29
	mov	x0, #(0x100 + n_)
	count_other %n_
	.set	n_, n_ + 1
	.endr
	mov	x0, #0x1230
	mov	x2, sp
	mrs	x3, tpidr_el0
	mrs	x4, tpidr_el1
	mrs	x5, ttbr1_el1
	.irp	n, 2, 3, 4, 5
	count_other \n
	.endr
	say	SAY_KEPT, x1
	compare_fp
	say	SAY_FP, x11

	/* Until the host has a word for it; meanwhile the page goes. */
	ldr	x10, =G_DATA
	str	x10, [x10, #32]
1:	ldr	x11, [x10, #24]
	cbz	x11, 1b
	say	SAY_SPUN, x11

	/* The host takes the page, and gives another one. */
	mov	x20, #0
	ldr	x12, =STORED
	say	SAY_TAKE, x20
	str	x12, [x10, #16]
	ldr	x11, [x10, #16]
	say	SAY_BACK, x11

	/* The host gets a page, loses it, and gets another for good, of a protected VM. */
	ask	CALL_SHARE, x10
	say	SAY_SHARED, x0
	ask	CALL_UNSHARE, x10
	say	SAY_UNSHARED, x0
	ldr	x11, =G_LATE_WRITE
	ask	CALL_RELINQUISH, x11
	say	SAY_GIVEN_UP, x0

	/* Another vCPU, which comes and goes. */
	adr	x11, second
	mov	x12, #3
	mov	x13, #SECOND_ARGUMENT
	ask	CALL_CPU_ON, x12, x11, x13
	say	SAY_AFFINITY, x0
	ask	CALL_AFFINITY, x12
	say	SAY_AFFINITY, x0
	ldr	x10, =G_DATA

	b	last

	.org	guest_program + 0x800
vectors:					/* none comes from this level with the stack of EL0 */
second:
	say	SAY_SECOND, x0
	ask	CALL_CPU_OFF
	b	.

/* Random numbers, if the machine has any: 164 bits, of which 36 are in x1; 40, of which 8 are in w2; and 20, in w3. */
random:
	mov	x14, x30
	ask	CALL_TRNG_VERSION
	say	SAY_RANDOM, x0
	ask	CALL_TRNG_RND64, #164
	lsr	x12, x1, #36
	bl	1f
	ask	CALL_TRNG_RND32, #40
	orr	x12, x1, x2, lsr #8
	bl	1f
	ask	CALL_TRNG_RND32, #20
	orr	x12, x2, x3, lsr #20
	bl	1f
	ask	CALL_TRNG_RND64, #193
	say	SAY_RANDOM, x0
	ldr	x12, =STORED
	ret	x14
1:	mov	x13, x3
	say	SAY_RANDOM, x0
	say	SAY_RANDOM, x12
	cmp	x13, #0
	cset	x13, ne
	say	SAY_RANDOM, x13
	ret
	.ltorg
	.org	guest_program + 0xa00		/* synchronous, from this level with its own stack */
	mrs	x21, esr_el1
	mrs	x22, elr_el1
	lsr	x23, x21, #26
	add	x20, x20, #1
	cmp	x23, #0x15			/* SVC: already behind it */
	b.eq	1f
	add	x22, x22, #4
	msr	elr_el1, x22
1:	eret

last:
	/* Stage 1, with a table that the host gives when it is walked. */
	ldr	x11, =G_TABLE
	msr	ttbr0_el1, x11
	mov	x11, #0xff			/* attribute 0: Normal, write-back; 1: Device */
	msr	mair_el1, x11
	ldr	x11, =0x803519			/* TTBR0 alone, 39 bits, tables inner shareable and write-back */
	msr	tcr_el1, x11
	isb
	mrs	x11, sctlr_el1
	orr	x11, x11, #1
	msr	sctlr_el1, x11
	isb
	ldr	x11, [x10, #16]
	say	SAY_STAGE_1, x11
	ldr	x10, =(G_OTHER_VIEW + G_LATE_READ)
	ldr	x12, =STORED
	str	x12, [x10, #16]
	say	SAY_STORED, x12
	ldr	x10, =(G_OTHER_VIEW + G_DEVICE)
	load	ldr w11, [x10, #0x14]
	mov	x10, #(3 << 30)			/* stage 1 has nothing there */
	ldr	x11, [x10]
	say	SAY_EXCEPTION, x21
	ldr	x11, =(3 << 24 | 3 << 20 | 3 << 16)
	msr	cpacr_el1, x11
	isb
	.inst	0x04bf500c			/* rdvl x12, #0: SVE */
	.inst	0xd503477f			/* smstart: SME */
	add	v0.2d, v0.2d, v0.2d
	say	SAY_END, x20
	ask	CALL_SYSTEM_OFF
	b	.
	.org	guest_program + 0xc00		/* synchronous, from EL0 in AArch64 */
	b	from_el0
	.org	guest_program + 0xe00		/* and in AArch32 */
from_el0:
	mrs	x21, esr_el1
	mrs	x22, elr_el1
	lsr	x23, x21, #26
	add	x20, x20, #1
	add	x22, x22, #4
	cmp	x23, #0x15			/* SVC of AArch64, of AArch32 */
	ccmp	x23, #0x11, #4, ne
	b.eq	1f
	msr	elr_el1, x22
	eret
1:	msr	elr_el1, x24
	mov	x22, #0x3c5
	msr	spsr_el1, x22
	eret

	/* x0 and what follows from it: by way of memory into FP and SIMD. x10: G_DATA. */
fp_fill:
	add	x9, x10, #0x400
	mov	x2, x0
	mov	x3, #64
1:	str	x2, [x9], #8
	add	x2, x2, #(FP_STEP & 0xfff)
	add	x2, x2, #(FP_STEP & 0xfff000)
	subs	x3, x3, #1
	b.ne	1b
	sub	x9, x9, #512
	add	v0.2d, v0.2d, v0.2d		/* SIMD, which streaming mode does not have */
	v0_to_v31 ldp, x9
	and	x2, x0, #FP_FPSR_BITS
	msr	fpsr, x2
	and	x2, x0, #FP_FPCR_BITS
	lsl	x2, x2, #FP_FPCR_LOW
	msr	fpcr, x2
	ret

fp_compare:
	add	x9, x10, #0x600
	v0_to_v31 stp, x9
	mov	x11, #0
	mov	x2, x0
	mov	x3, #64
1:	ldr	x4, [x9], #8
	cmp	x4, x2
	cinc	x11, x11, ne
	add	x2, x2, #(FP_STEP & 0xfff)
	add	x2, x2, #(FP_STEP & 0xfff000)
	subs	x3, x3, #1
	b.ne	1b
	mrs	x4, fpsr
	and	x2, x0, #FP_FPSR_BITS
	cmp	x4, x2
	cinc	x11, x11, ne
	mrs	x4, fpcr
	and	x2, x0, #FP_FPCR_BITS
	cmp	x4, x2, lsl #FP_FPCR_LOW
	cinc	x11, x11, ne
	ret
	.ltorg
	.org	guest_program + 4096
