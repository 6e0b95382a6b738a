/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First process of a host whose boot is measured (Linux user space, no C library): its first
 * instruction reads the virtual counter; it prints that and powers the machine off.
 */
#define SYS_WRITE 64
#define SYS_REBOOT 142

	.text
	.globl _start
_start:
	mrs	x19, cntvct_el0
	adrp	x1, text_end - 1
	add	x1, x1, :lo12:text_end - 1
	mov	w2, #'\n'
	strb	w2, [x1]
	mov	x3, #10
1:	udiv	x4, x19, x3
	msub	x5, x4, x3, x19
	add	w5, w5, #'0'
	strb	w5, [x1, #-1]!
	mov	x19, x4
	cbnz	x19, 1b
	adrp	x6, text
	add	x6, x6, :lo12:text
	adrp	x7, digits
	add	x7, x7, :lo12:digits
2:	cmp	x7, x1
	b.hs	3f
	mov	w2, #'0'
	strb	w2, [x7], #1
	b	2b
3:	mov	x0, #1
	mov	x1, x6
	mov	x2, #(text_end - text)
	mov	x8, #SYS_WRITE
	svc	#0
	movz	x0, #0xdead
	movk	x0, #0xfee1, lsl #16
	mov	x1, #0x1969
	movk	x1, #0x2812, lsl #16
	movz	x2, #0xfedc
	movk	x2, #0x4321, lsl #16
	mov	x8, #SYS_REBOOT
	svc	#0
	b	.

	.data
text:
	.ascii	"BENCH user_ticks "
digits:
	.space	21
text_end:
