/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest of keys_program.S and its host agree on. */
#ifndef KEYS_PROGRAM_H
#define KEYS_PROGRAM_H

#define KEYS_CODE 0x40080000
#define KEYS_SAY 0x0a003000 /* where it tells: never has memory */

/* The word of KEYS_SAY that is stored to; what is stored is what is told. */
#define KEYS_SAY_ISAR1 1
#define KEYS_SAY_ISAR2 2
#define KEYS_SAY_ABSENT 3
#define KEYS_SAY_FIRST 4
#define KEYS_SAY_OTHER 5
#define KEYS_SAY_GENERIC 6
#define KEYS_SAY_SIGNED 7
#define KEYS_SAY_POINTER 8
#define KEYS_SAY_AGAIN 9

/* Key word n of a guest that began with x0 is x0 + n * KEYS_STEP. */
#define KEYS_STEP 0x1000100010001
#define KEYS_OPERAND 0x4711
#define KEYS_POINTER 0x40080123

#define CALL_PSCI_VERSION 0x84000000

#endif
