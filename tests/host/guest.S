/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests of kvm.c: a page each, copied to G_MEMORY, at EL1 with stage 1 off. x0 is the argument, x10 the device.
 */
#include "program.h"

/* Memory, and accesses of every size to the device. */
program guest_access
	ldr	x11, =G_DATA
	ldr	x12, [x11]
	add	x12, x12, x0
	str	x12, [x11, #8]
	say	x12
	ldr	x12, =STORED
	str	x12, [x10]
	str	w12, [x10, #4]
	strh	w12, [x10, #2]
	strb	w12, [x10, #1]
	mov	x13, #-1
	ldr	x13, [x10]
	say	x13
	mov	x13, #-1
	ldr	w13, [x10, #4]
	say	x13
	mov	x13, #-1
	ldrh	w13, [x10, #2]
	say	x13
	ldrsb	x13, [x10, #1]
	say	x13
	done
	.ltorg

/* Counts in memory, for ever. */
program guest_count
	ldr	x11, =G_DATA
1:	ldr	x12, [x11]
	add	x12, x12, #1
	str	x12, [x11]
	b	1b
	.ltorg

/* Adds x0 to the first word of each page of slot 1, round after round, and says when a round is over. */
program guest_pages
	ldr	x11, =G_PAGES
	mov	x14, x11
	mov	x13, #G_PAGES_COUNT
1:	ldr	x12, [x14]
	add	x12, x12, x0
	str	x12, [x14]
	add	x14, x14, #(1 << PAGE_SHIFT)
	subs	x13, x13, #1
	b.ne	1b
	ldr	x12, [x11]
	say	x12
	mov	x14, x11
	mov	x13, #G_PAGES_COUNT
	b	1b
	.ltorg

/* Adds x0 to the first word of each page of slot 2, round after round, and says the sum of what was there. */
program guest_block
	ldr	x11, =G_BLOCK
1:	mov	x14, x11
	mov	x13, #G_BLOCK_PAGES
	mov	x15, #0
2:	ldr	x12, [x14]
	add	x15, x15, x12
	add	x12, x12, x0
	str	x12, [x14]
	add	x14, x14, #(1 << PAGE_SHIFT)
	subs	x13, x13, #1
	b.ne	2b
	say	x15
	b	1b
	.ltorg

/* Counts in a vector register and in memory how often it woke. */
program guest_wakes
	mov	x12, #(3 << 20)
	msr	cpacr_el1, x12
	isb
	ldr	x11, =G_DATA
	mov	x12, #0
1:	dup	v7.2d, x12
	add	x12, x12, #1
	str	x12, [x11]
	wfi
	b	1b
	.ltorg

/* Stores x1 at x0, if it is not 0, and says what is there then; for ever. */
program guest_touch
1:	cbz	x1, 2f
	str	x1, [x0]
2:	ldr	x12, [x0]
	say	x12
	b	1b

/* Says the virtual counter, for ever. */
program guest_counter
1:	isb
	mrs	x12, cntvct_el0
	say	x12
	b	1b

/* The virtual timer, x0 ticks from now, while it waits; x1 is the count when it is over. */
program guest_timer
	mrs	x12, cntvct_el0
	add	x12, x12, x0
	msr	cntv_cval_el0, x12
	mov	x13, #1
	msr	cntv_ctl_el0, x13
	isb
1:	wfi
	mrs	x13, cntv_ctl_el0
	tbz	x13, #2, 1b
	msr	cntv_ctl_el0, xzr
	isb
	say	x13
	done
	.ltorg

/* The same of the physical timer, which the host emulates, by its other view. */
program guest_physical_timer
	msr	cntp_tval_el0, x0
	mov	x13, #1
	msr	cntp_ctl_el0, x13
	isb
1:	wfi
	mrs	x13, cntp_ctl_el0
	tbz	x13, #2, 1b
	mrs	x14, cntp_cval_el0
	mrs	x15, cntpct_el0
	cmp	x15, x14
	cset	x14, hs
	msr	cntp_ctl_el0, xzr
	say	x13
	say	x14
	done
	.ltorg

/* Two vCPUs take turns: x0 is whose turn it waits for, 1 or 0. */
program guest_turns
	ldr	x11, =G_DATA
	mov	x13, #1000
1:	ldar	x12, [x11]
	cmp	x12, x0
	b.ne	1b
	eor	x12, x12, #1
	stlr	x12, [x11]
	subs	x13, x13, #1
	b.ne	1b
	say	x0
	done
	.ltorg

/* What cannot be emulated, where nothing is. */
program guest_pair
	ldp	x12, x13, [x10]
	done

/* Takes interrupts: waits for one, says which, and goes on when its line is low again. */
program guest_lines
	ldr	x11, =G_MEMORY + VECTORS
	msr	vbar_el1, x11
	isb
	mov	x21, #0
1:	msr	daifset, #3
	cbnz	x21, 2f
	wfi
	msr	daifclr, #3
	b	1b
2:	say	xzr
	done
	.ltorg
	.org	guest_lines + VECTORS + 0x280
	mov	x21, #TOOK_IRQ
	say	x21
	eret
	.org	guest_lines + VECTORS + 0x300
	mov	x21, #TOOK_FIQ
	say	x21
	eret

	.macro call id
	ldr	x0, =\id
	hvc	#0
	.endm

/* vCPU 0 turns vCPU 1 on, waits until it is off again, and ends the VM by the call x0. vCPU 1 says its argument. */
program guest_power
	mov	x20, x0
	mov	x1, #1
	adr	x2, 1f
	mov	x3, #POWER_ARGUMENT
	call	PSCI_CPU_ON
	say	x0
2:	mov	x1, #1
	mov	x2, #0
	call	PSCI_AFFINITY_INFO
	cmp	x0, #1
	b.ne	2b
	say	x0
	mov	x0, x20
	hvc	#0
	b	.
1:	mov	x10, #G_DEVICE
	say	x0
	call	PSCI_CPU_OFF
	b	.
	.ltorg

/* A call that nobody knows, by both ways. */
program guest_calls
	call	0xc3000077
	say	x0
	ldr	x0, =0xc3000077
	smc	#0
	say	x0
	call	PSCI_VERSION
	say	x0
	done
	.ltorg

/* Vector registers: V3 is what userspace gave, V20 what userspace finds. */
program guest_vectors
	mov	x11, #(3 << 20)
	msr	cpacr_el1, x11
	isb
	fmov	x12, d3
	say	x12
	mov	x13, v3.d[1]
	say	x13
	ldr	x14, =STORED
	mov	v20.d[0], x13
	mov	v20.d[1], x14
	mov	x14, #(1 << 27)
	msr	fpsr, x14
	say	x14
	mov	x12, v20.d[1]
	say	x12
	done
	.ltorg

/*
 * Vectors of SVE: Z5, P3 and ZCR_EL1 are what userspace gave, of Z6, P4 and FFR it finds what is here. Then it fills Z7
 * and says, again and again, how often it found something else there.
 */
	.arch_extension sve
program guest_sve
	mov	x11, #(3 << 20 | 3 << 16)
	msr	cpacr_el1, x11
	isb
	mrs	x12, s3_0_c1_c2_0
	say	x12
	mov	x11, #0xf
	msr	s3_0_c1_c2_0, x11
	isb
	rdvl	x12, #1
	say	x12
	cntp	x12, p3, p3.b
	say	x12
	ptrue	p0.d
	lastb	x12, p0, z5.d
	say	x12
	index	z6.d, x12, #1
	ptrue	p4.d, vl1
	setffr
	mov	x14, #0
2:	mov	z7.d, #5
	say	x14
	cmpne	p1.d, p0/z, z7.d, #5
	cntp	x15, p1, p1.d
	add	x14, x14, x15
	b	2b
	.ltorg
