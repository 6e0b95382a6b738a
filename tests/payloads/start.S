/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small program at EL1 in place of the host kernel: arm64 Image header, MMU off, EL1 vectors
 * that note an exception and go on behind it.
 */
	.equ	STACK_SIZE, 16384

	.macro function name
	.globl \name
	.type \name, %function
\name:
	.endm

	.section .head.text, "ax"
	.globl image_start
image_start:
	b	start
	.long	0
	.quad	0
	.quad	payload_size
	.quad	0xa
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0

	.text
start:
	mov	x19, x0
	adrp	x0, bss_start
	add	x0, x0, :lo12:bss_start
	adrp	x1, bss_end
	add	x1, x1, :lo12:bss_end
1:	cmp	x0, x1
	b.hs	2f
	str	xzr, [x0], #8
	b	1b
2:	adrp	x0, stacks + STACK_SIZE
	add	x0, x0, :lo12:stacks + STACK_SIZE
	mov	sp, x0
	mov	x0, #0
	bl	cpu_init
	mov	x0, x19
	bl	payload_main
	b	payload_off

/* Entry of another CPU; x0 is its number. */
function payload_secondary
	mov	x19, x0
	adrp	x1, stacks + STACK_SIZE
	add	x1, x1, :lo12:stacks + STACK_SIZE
	add	x1, x1, x0, lsl #14
	mov	sp, x1
	bl	cpu_init
	mov	x0, x19
	bl	payload_cpu_main
	b	payload_cpu_off

/* x0: number of this CPU; TPIDR_EL1 points to its struct fault. FP and SIMD on. */
function cpu_init
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	adrp	x1, faults
	add	x1, x1, :lo12:faults
	add	x1, x1, x0, lsl #5
	msr	tpidr_el1, x1
	mov	x1, #(3 << 20)
	msr	cpacr_el1, x1
	isb
	ret

/* void hvc(struct regs *r), hvc_1 with immediate 1, smc, smc_1: x0 to x17 in and out. */
	.macro call name, insn
function \name
	stp	x29, x30, [sp, #-32]!
	str	x0, [sp, #16]
	mov	x18, x0
	ldp	x0, x1, [x18]
	ldp	x2, x3, [x18, #16]
	ldp	x4, x5, [x18, #32]
	ldp	x6, x7, [x18, #48]
	ldp	x8, x9, [x18, #64]
	ldp	x10, x11, [x18, #80]
	ldp	x12, x13, [x18, #96]
	ldp	x14, x15, [x18, #112]
	ldp	x16, x17, [x18, #128]
	\insn
	ldr	x18, [sp, #16]
	stp	x0, x1, [x18]
	stp	x2, x3, [x18, #16]
	stp	x4, x5, [x18, #32]
	stp	x6, x7, [x18, #48]
	stp	x8, x9, [x18, #64]
	stp	x10, x11, [x18, #80]
	stp	x12, x13, [x18, #96]
	stp	x14, x15, [x18, #112]
	stp	x16, x17, [x18, #128]
	ldp	x29, x30, [sp], #32
	ret
	.endm
	call	hvc, "hvc #0"
	call	hvc_1, "hvc #1"
	call	smc, "smc #0"
	call	smc_1, "smc #1"

/*
 * Costs. u64 cost(u64 id, u64 arg, u64 rounds): counter ticks of @rounds times HVC with x0 = @id,
 * x1 = @arg; cost_empty is the loop alone, cost_touch a store to each page from @arg up.
 */
	.macro loop name, insn
function \name
	mov	x9, x0
	mov	x10, x1
	mov	x11, x2
	isb
	mrs	x12, cntvct_el0
1:	mov	x0, x9
	mov	x1, x10
	\insn
	subs	x11, x11, #1
	b.ne	1b
	isb
	mrs	x13, cntvct_el0
	sub	x0, x13, x12
	ret
	.endm
	loop	cost, "hvc #0"
	loop	cost_empty, "nop"

function cost_touch
	mov	x11, x2
	isb
	mrs	x12, cntvct_el0
1:	str	xzr, [x1]
	add	x1, x1, #4096
	subs	x11, x11, #1
	b.ne	1b
	isb
	mrs	x13, cntvct_el0
	sub	x0, x13, x12
	ret

/* fp_load(const u64 *words), fp_store(u64 *words): V0 to V31, the low half of each first, FPSR, FPCR. */
	.macro v0_to_v31 pair
	\pair	q0, q1, [x0]
	\pair	q2, q3, [x0, #32]
	\pair	q4, q5, [x0, #64]
	\pair	q6, q7, [x0, #96]
	\pair	q8, q9, [x0, #128]
	\pair	q10, q11, [x0, #160]
	\pair	q12, q13, [x0, #192]
	\pair	q14, q15, [x0, #224]
	\pair	q16, q17, [x0, #256]
	\pair	q18, q19, [x0, #288]
	\pair	q20, q21, [x0, #320]
	\pair	q22, q23, [x0, #352]
	\pair	q24, q25, [x0, #384]
	\pair	q26, q27, [x0, #416]
	\pair	q28, q29, [x0, #448]
	\pair	q30, q31, [x0, #480]
	.endm
function fp_load
	v0_to_v31 ldp
	ldr	x1, [x0, #512]
	ldr	x2, [x0, #520]
	msr	fpsr, x1
	msr	fpcr, x2
	ret
function fp_store
	v0_to_v31 stp
	mrs	x1, fpsr
	mrs	x2, fpcr
	str	x1, [x0, #512]
	str	x2, [x0, #520]
	ret

/* An access that may fault; the vector steps over it. Returns the value read. */
function probe_read
	ldr	x0, [x0]
	ret
function probe_write
	str	x1, [x0]
	ret
function probe_exec
	stp	x29, x30, [sp, #-16]!
	blr	x0
	ldp	x29, x30, [sp], #16
	ret

/* The same at EL1 with SP_EL0. */
function probe_sp0
	mov	x1, sp
	sub	x1, x1, #1024
	msr	sp_el0, x1
	msr	spsel, #0
	ldr	x0, [x0]
	msr	spsel, #1
	ret

function hvc_1_sp0
	mov	x1, sp
	sub	x1, x1, #1024
	msr	sp_el0, x1
	msr	spsel, #0
	hvc	#1
	msr	spsel, #1
	ret

/* The same at EL0, in AArch64 and, where the CPU has it, in AArch32. SVC comes back to the caller. */
function probe_el0
	msr	spsr_el1, xzr
	adr	x1, 1f
	msr	elr_el1, x1
	eret
1:	ldr	x0, [x0]
	svc	#0

function probe_el0_32
	mov	x1, #0x10
	msr	spsr_el1, x1
	adr	x1, 1f
	msr	elr_el1, x1
	eret
1:	.inst	0xe5900000			/* ldr r0, [r0] */
	.inst	0xef000000			/* svc #0 */

/*
 * struct fault { u64 count, esr, far, elr; }. An instruction abort returns to the caller,
 * everything else goes on behind the instruction.
 */
	.p2align 11
vectors:
	.rept	16
	.p2align 7
	b	note_fault
	.endr
	.p2align 7
note_fault:
	stp	x0, x1, [sp, #-32]!
	str	x2, [sp, #16]
	mrs	x1, esr_el1
	lsr	x1, x1, #26
	cmp	x1, #0x11
	ccmp	x1, #0x15, #4, ne
	b.eq	leave_el0
	mrs	x0, tpidr_el1
	ldr	x1, [x0]
	add	x1, x1, #1
	str	x1, [x0]
	mrs	x1, esr_el1
	str	x1, [x0, #8]
	mrs	x2, far_el1
	str	x2, [x0, #16]
	mrs	x2, elr_el1
	str	x2, [x0, #24]
	lsr	x1, x1, #26
	add	x2, x2, #4
	cmp	x1, #0x21
	csel	x2, x30, x2, eq
	msr	elr_el1, x2
	ldr	x2, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret
leave_el0:
	mov	x1, #0x3c5
	msr	spsr_el1, x1
	msr	elr_el1, x30
	ldp	x0, x1, [sp], #32
	eret

	.section .bss
	.p2align 12
	.globl stacks
stacks:
	.space	8 * STACK_SIZE
	.globl faults
faults:
	.space	8 * 32
