/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest runs first: it lends the window to the host, page by page, and goes on to its kernel. Debian's 6.1 does
 * not know of such calls. MMU and caches are off. load.c copies this to the beginning of RAM, and writes stub_words.
 */
#define MEM_SHARE 0xC6000003
#define PSCI_SYSTEM_OFF 0x84000008
#define PAGE_BYTES 4096

	.section .rodata
	.p2align 3
	.globl stub, stub_words, stub_end
stub:
	adr	x19, stub_words
	ldp	x20, x21, [x19]			/* kernel, device tree */
	ldp	x22, x23, [x19, #16]		/* window, its pages: none if there is nothing to be lent */
	ldr	x24, [x19, #32]			/* UART */
	cbz	x23, 2f
	/* A page becomes the guest's when it first touches it: before that it has nothing to lend. */
1:	ldr	xzr, [x22]
	ldr	w0, =MEM_SHARE
	mov	x1, x22
	mov	x2, xzr
	mov	x3, xzr
	hvc	#0
	cbnz	x0, 3f
	add	x22, x22, #PAGE_BYTES
	sub	x23, x23, #1
	cbnz	x23, 1b
2:	mov	x0, x21
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x20

3:	adr	x1, refused
4:	ldrb	w2, [x1], #1
	cbz	w2, 5f
	strb	w2, [x24]
	b	4b
5:	ldr	w0, =PSCI_SYSTEM_OFF
	hvc	#0
	b	.
	.ltorg
refused:
	.asciz	"guest: the hypervisor does not let this guest lend its window to the host\n"
	.p2align 3
stub_words:
	.fill	5, 8, 0
stub_end:

	.section .note.GNU-stack, "", %progbits
