/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Z0 to Z31, P0 to P15 and FFR of a guest, to and from the frame that its vCPU keeps, from CTX_P0 on: a word for each
 * of P and FFR, CTX_VECTOR_WORDS for each Z, whatever the length of vectors. That is no more than 512 bits (ZCR_EL2)
 * when these are called. FPSR and FPCR go to and from two words of the context.
 */
#include <asm/linkage.h>
#include <gen/vcpu.h>

#define WORD 8
#define VECTOR (WORD * CTX_VECTOR_WORDS)

	.arch	armv8-a+sve
	.altmacro

	/* Each of P0 to P15, or Z0 to Z31, and x0 behind the last: \op is str or ldr. */
	.macro each op, kind, last, bytes
	.set	n_, 0
	.rept	\last + 1
	one	\op, \kind, %n_, \bytes
	.set	n_, n_ + 1
	.endr
	.endm

	.macro one op, kind, n, bytes
	\op	\kind\n, [x0]
	add	x0, x0, #\bytes
	.endm

	.macro clear n
	pfalse	p\n\().b
	.endm

	.text

/* u64 sve_length(void): bytes of a vector at EL2 */
function sve_length
	rdvl	x0, #1
	ret
endfunction sve_length

/* void sve_save(u64 *words, u64 *fpsr): FFR is read by way of P0, which is not needed any more. */
function sve_save
	each	str, p, 15, WORD
	rdffr	p0.b
	one	str, p, 0, WORD
	each	str, z, 31, VECTOR
	mrs	x2, fpsr
	mrs	x3, fpcr
	stp	x2, x3, [x1]
	ret
endfunction sve_save

/* void sve_restore(const u64 *words, const u64 *fpsr): FFR first. */
function sve_restore
	add	x2, x0, #(WORD * (CTX_FFR - CTX_P0))
	ldr	p0, [x2]
	wrffr	p0.b
	each	ldr, p, 15, WORD
	add	x0, x0, #WORD
	each	ldr, z, 31, VECTOR
	ldp	x2, x3, [x1]
	msr	fpsr, x2
	msr	fpcr, x3
	ret
endfunction sve_restore

/* void sve_clear(void): P0 to P15 and FFR, of vectors of any length. To write V clears the rest of Z. */
function sve_clear
	.set	n_, 0
	.rept	16
	clear	%n_
	.set	n_, n_ + 1
	.endr
	wrffr	p0.b
	ret
endfunction sve_clear
