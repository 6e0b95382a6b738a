/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * V0 to V31, FPSR and FPCR, of the host or of a guest: to and from the words of a context from CTX_V0 on. Nothing else
 * of Hypatia names a register of FP and SIMD. To write V is to clear the rest of Z.
 */
#include <asm/linkage.h>
#include <gen/vcpu.h>

#define FPSR_OFFSET (8 * (CTX_FPSR - CTX_V0))
#define FPCR_OFFSET (8 * (CTX_FPCR - CTX_V0))

	/* All of V0 to V31: \pair is stp or ldp. */
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

	.text

/* void fp_save(u64 *words) */
function fp_save
	v0_to_v31 stp
	mrs	x1, fpsr
	mrs	x2, fpcr
	str	x1, [x0, #FPSR_OFFSET]
	str	x2, [x0, #FPCR_OFFSET]
	ret
endfunction fp_save

/* void fp_restore(const u64 *words) */
function fp_restore
	v0_to_v31 ldp
	ldr	x1, [x0, #FPSR_OFFSET]
	ldr	x2, [x0, #FPCR_OFFSET]
	msr	fpsr, x1
	msr	fpcr, x2
	ret
endfunction fp_restore
