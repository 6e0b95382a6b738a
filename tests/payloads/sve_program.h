/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest of sve_program.S and its host agree on. */
#ifndef SVE_PROGRAM_H
#define SVE_PROGRAM_H

#define SVE_CODE 0x40080000
#define SVE_SAY 0x0a003000 /* where it tells: never has memory */

/* The word of SVE_SAY that is stored to; what is stored is what is told. */
#define SVE_SAY_PFR0 1
#define SVE_SAY_ZFR0 2
#define SVE_SAY_ABSENT 3
#define SVE_SAY_FIRST 4
#define SVE_SAY_LENGTH 5
#define SVE_SAY_FILLED 6
#define SVE_SAY_OTHER 7
#define SVE_SAY_AGAIN 8
#define SVE_SAY_ZCR 9

/* Element k of Z n, of 64 bits, of a guest that began with x0 is x0 + n * SVE_STEP + k; P n has n + 1 of 8 bits. */
#define SVE_STEP 0x100
#define SVE_FFR 7 /* elements of FFR */

#define CALL_PSCI_VERSION 0x84000000

#endif
