/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest of measure_program.S and its host agree on. */
#ifndef MEASURE_PROGRAM_H
#define MEASURE_PROGRAM_H

#define MEASURE_CODE 0x40080000
#define MEASURE_DATA 0x40081000  /* of the image too */
#define MEASURE_OTHER 0x40082000 /* given, and not of the image */
#define MEASURE_BEHIND 0x8000000000 /* behind the last page that a guest can have */
#define MEASURE_SAY 0x0a003000   /* where it tells: never has memory */
#define MEASURE_ARGUMENT 0x123456789abcdef0

/* The word of MEASURE_SAY that is stored to; what is stored is what is told. */
#define MEASURE_SAY_ARGUMENT 0
#define MEASURE_SAY_STATUS 1
#define MEASURE_SAY_WORD 2
#define MEASURE_SAY_DATA 3
#define MEASURE_SAY_OTHER 4

#endif
