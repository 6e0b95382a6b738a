/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loaders that start the image in ways that QEMU's own does not.
 *
 * Started without a device tree (at EL2 or EL1): jump to the image at FIRMWARE_TARGET with the tree at TREE.
 * As a kernel (arm64 Image at EL2): turn on the MMU with a flat map and caches, then jump to the
 * image at CHAIN_TARGET. As firmware (at address 0, EL3): jump to the image at FIRMWARE_TARGET
 * with the device tree that QEMU leaves at the start of RAM.
 */
#define CHAIN_TARGET 0x46200000
#define FIRMWARE_TARGET 0x40200000
#define TREE 0x48000000
#define RAM_BASE 0x40000000

/* Block of 1 GiB: Normal write-back (attribute 0), inner shareable, accessed. */
#define BLOCK_NORMAL 0x701
#define BLOCK_DEVICE 0x405

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

start:
	mrs	x1, CurrentEL
	cmp	x1, #(3 << 2)
	b.eq	firmware
	cbz	x0, tree
	adrp	x1, table
	mov	x2, #BLOCK_DEVICE
	str	x2, [x1]
	mov	x2, #BLOCK_NORMAL
	movk	x2, #(RAM_BASE >> 16), lsl #16
	str	x2, [x1, #8]
	mov	x2, #0x04ff
	msr	mair_el2, x2
	msr	ttbr0_el2, x1
	/* T0SZ 25: 39 bits, the table above is level 1; PS 2 (40 bits). */
	mov	x2, #0x3519
	movk	x2, #0x8082, lsl #16
	msr	tcr_el2, x2
	tlbi	alle2
	dsb	sy
	isb
	mov	x2, #0x1835
	movk	x2, #0x30c5, lsl #16
	msr	sctlr_el2, x2
	isb
	mov	x2, #(CHAIN_TARGET & 0xffff0000)
	br	x2

tree:
	mov	x0, #TREE
	b	plain

firmware:
	mov	x0, #RAM_BASE
plain:
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	mov	x4, #(FIRMWARE_TARGET & 0xffff0000)
	br	x4

	.section .bss
	.p2align 12
table:
	.space	4096
