/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry of the boot CPU from firmware, and of the other CPUs from PSCI.
 *
 * The first 64 bytes are the arm64 Linux Image header, so that every loader that starts Linux
 * starts Hypatia: x0 is the device tree, the MMU may be on or off, the EL may be 3, 2 or 1. The
 * image runs at any 4 KiB aligned address.
 */
#include <asm/linkage.h>
#include <asm/stub.h>
#include <asm/sysreg.h>

	.section .head.text, "ax"

	.globl image_start
image_start:
	b	boot_entry
	.long	0
	.quad	0				/* text_offset */
	.quad	image_size			/* with bss, from the linker script */
	.quad	0xa				/* little endian, 4 KiB pages, anywhere in RAM */
	.quad	0
	.quad	0
	.quad	0
	.ascii	"ARM\x64"
	.long	0

	.text

/*
 * Registers that live through the entry code: x19 device tree, x20 counter at entry, x21 CurrentEL
 * at entry, x22 SCTLR of that EL.
 */
function boot_entry
	msr	daifset, #0xf
	isb
	mov	x19, x0
	mov	x20, xzr
	mrs	x21, CurrentEL
	cmp	x21, #(2 << CURRENTEL_EL_SHIFT)
	b.eq	1f
	b.hi	2f
	mrs	x22, sctlr_el1
	b	3f
1:	mrs	x20, cntpct_el0
	mrs	x22, sctlr_el2
	b	3f
2:	mrs	x20, cntpct_el0
	mrs	x22, sctlr_el3
3:	tbz	x22, #0, 4f

	/*
	 * The MMU is on: push the image to the point of coherency before its lines stop being
	 * looked up.
	 */
	adr_l	x0, image_start
	adr_l	x1, image_end
	bl	cache_clean_inval
	mov_l	x1, (SCTLR_EL2_M_MASK | SCTLR_EL2_C_MASK | SCTLR_EL2_I_MASK)
	bic	x1, x22, x1
	cmp	x21, #(2 << CURRENTEL_EL_SHIFT)
	b.eq	1f
	b.hi	2f
	msr	sctlr_el1, x1
	b	3f
1:	msr	sctlr_el2, x1
	b	3f
2:	msr	sctlr_el3, x1
3:	isb

4:	ic	iallu
	dsb	nsh
	isb

	/*
	 * From here on every access goes to memory. bss, then the GOT (libfdt's stack guard
	 * only).
	 */
	adr_l	x0, bss_start
	adr_l	x1, bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b
2:	adr_l	x2, image_start
	adr_l	x0, got_start
	adr_l	x1, got_end
3:	cmp	x0, x1
	b.hs	4f
	ldr	x3, [x0]
	add	x3, x3, x2
	str	x3, [x0], #8
	b	3b
4:	adr_l	x0, boot_counter
	str	x20, [x0]

	adr_l	x0, boot_stack_top
	mov	x29, xzr
	mov	x30, xzr
	cmp	x21, #(2 << CURRENTEL_EL_SHIFT)
	b.eq	boot_el2
	b.hi	boot_el3

	/* EL1: say why not. Nothing here needs the MMU. */
	mov	sp, x0
	adr_l	x1, early_vectors
	msr	vbar_el1, x1
	isb
	mov	x0, x19
	bl	boot_refuse_el1
	b	park
endfunction boot_entry

/* x0: stack, x19: device tree. Leaves EL3 for good; it answers SMC with NOT_SUPPORTED. */
function boot_el3
	mov	sp, x0
	adr_l	x1, el3_vectors
	msr	vbar_el3, x1
	isb
	bl	el3_setup
	adr_l	x0, boot_el2
	msr	elr_el3, x0
	mov	x0, #SPSR_EL2_EL2H_MASKED
	msr	spsr_el3, x0
	adr_l	x0, boot_stack_top
	eret_final
endfunction boot_el3

/* x0: stack, x19: device tree. */
function boot_el2
	msr	spsel, #1
	mov	sp, x0
	bl	el2_reset
	mov	x0, x19
	bl	early_tables

	/* Drop what a cache may hold of the memory just written with the MMU off. */
	adr_l	x0, data_start
	adr_l	x1, image_end
	bl	cache_inval

	adr_l	x0, bootstrap_root
	bl	el2_mmu_on
	mov	x0, x19
	bl	boot_main
	b	park
endfunction boot_el2

/*
 * First instructions at EL2, on every CPU: known SCTLR_EL2, early vectors, E2H = 0 where that can
 * be. Clobbers x0, x1.
 */
function el2_reset
	mov_l	x0, SCTLR_EL2_MMU_OFF
	msr	sctlr_el2, x0
	isb
	adr_l	x0, early_vectors
	msr	vbar_el2, x0
	msr	tpidr_el2, xzr
	/* HCR_EL2: E2H = 0 unless the CPU has it fixed to 1; TGE = 0; EL1 is AArch64. */
	mov_l	x0, HCR_EL2_RW_MASK
	msr	hcr_el2, x0
	isb
	ret
endfunction el2_reset

/*
 * Turn on the MMU at EL2. x0: TTBR0_EL2. Needs no memory, so it serves a CPU that has no stack yet.
 * TCR_EL2: 4 KiB granule, 48-bit addresses, PS as the CPU has it up to 48 bits. The rest is mmu_on,
 * generated from spec/init.toml, which returns to the caller; its barriers complete the IC too.
 * Clobbers x1 to x3.
 */
function el2_mmu_on
	mov	x1, #MAIR_EL2_BOOT
	msr	mair_el2, x1
	mrs	x1, id_aa64mmfr0_el1
	and	x1, x1, #0xf
	cmp	x1, #5
	mov	x2, #5
	csel	x1, x1, x2, lo
	mrs	x2, hcr_el2
	tbnz	x2, #HCR_EL2_E2H_SHIFT, 1f
	mov_l	x3, TCR_EL2_48BIT
	orr	x3, x3, x1, lsl #TCR_EL2_PS_SHIFT
	b	2f
1:	mov_l	x3, TCR_EL2_VHE_48BIT
	orr	x3, x3, x1, lsl #TCR_EL2_VHE_IPS_SHIFT
2:	msr	tcr_el2, x3
	ic	iallu
	mov_l	x1, SCTLR_EL2_MMU_ON
	b	mmu_on
endfunction el2_mmu_on

/*
 * Entry of a CPU that PSCI CPU_ON starts, or that wakes from CPU_SUSPEND or SYSTEM_SUSPEND, at EL2 with the MMU off. It
 * finds its index from MPIDR_EL1, takes its own stack, and enters the host where the relay says.
 */
function secondary_entry
	msr	daifset, #0xf
	bl	el2_reset
	adr_l	x0, secondary_ttbr0
	ldr	x0, [x0]
	bl	el2_mmu_on
	bl	cpu_find_index
	cmp	w0, #0
	b.lt	park
	mov	w19, w0
	bl	cpu_stack_of
	mov	sp, x0
	mov	x29, xzr
	mov	w0, w19
	bl	cpu_start
	b	park
endfunction secondary_entry

/*
 * w0 = index of this CPU in boot_info.cpu_mpidr, or -1. Runs without a stack.
 */
function cpu_find_index
	mrs	x1, mpidr_el1
	mov_l	x2, (MPIDR_EL1_AFF2_MASK | MPIDR_EL1_AFF1_MASK | MPIDR_EL1_AFF0_MASK)
	orr	x2, x2, #MPIDR_EL1_AFF3_MASK
	and	x1, x1, x2
	adr_l	x2, cpu_mpidr_table
	adr_l	x3, cpu_mpidr_count
	ldr	w3, [x3]
	mov	w0, #0
1:	cmp	w0, w3
	b.hs	2f
	ldr	x4, [x2, x0, lsl #3]
	cmp	x4, x1
	b.eq	3f
	add	w0, w0, #1
	b	1b
2:	mov	w0, #-1
3:	ret
endfunction cpu_find_index

/* x0 = stack top of CPU w0. Runs without a stack. */
function cpu_stack_of
	adr_l	x1, cpu_stack_table
	ldr	x0, [x1, w0, uxtw #3]
	ret
endfunction cpu_stack_of

/* host_enter(pc, x0, stack): into the host at EL1. Never returns. */
function host_enter
	mov	sp, x2
	msr	elr_el2, x0
	mov	x0, #SPSR_EL2_EL1H_MASKED
	msr	spsr_el2, x0
	mov	x0, x1
	.irp	n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, xzr
	.endr
	eret_final
endfunction host_enter

/* none_enter(pc, x0): leave the machine to the kernel at EL2, with the MMU off. Never returns. */
function none_enter
	mov	x2, x1
	mov	x1, x0
	mov	x3, xzr
	mov	x4, xzr
	mov	x0, #STUB_SOFT_RESTART
	hvc	#0
	b	park
endfunction none_enter

/* cache_clean_inval(start, end), cache_inval, cache_clean: by line, to the point of coherency. */
.macro cache_by_line name, op
function \name
	mrs	x2, ctr_el0
	ubfx	x2, x2, #CTR_EL0_DMINLINE_SHIFT, #4	/* log2 of words in the smallest data cache line */
	mov	x3, #4
	lsl	x3, x3, x2
	sub	x2, x3, #1
	bic	x0, x0, x2
1:	cmp	x0, x1
	b.hs	2f
	dc	\op, x0
	add	x0, x0, x3
	b	1b
2:	dsb	sy
	ret
endfunction \name
.endm
	cache_by_line cache_clean_inval, civac
	cache_by_line cache_inval, ivac
	cache_by_line cache_clean, cvac

function park
	wfe
	wfi
	b	park
endfunction park

/* EL3 after the drop: SMC returns NOT_SUPPORTED, everything else stops. */
	.p2align 11
el3_vectors:
	.rept	8
	.p2align 7
	b	park
	.endr
	.p2align 7
	mov	x0, #-1				/* synchronous, from AArch64 at a lower EL */
	eret_final
	.rept	7
	.p2align 7
	b	park
	.endr
	.p2align 7

	.section .bss
	.p2align 4
boot_stack:
	.space	16384
	.globl boot_stack_top
boot_stack_top:

	.section .data
	.p2align 3
	.globl boot_counter
boot_counter:
	.quad	0
