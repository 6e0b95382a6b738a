/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest of guest_program.S and its host agree on: addresses of the guest's, and what a call tells. */
#ifndef GUEST_PROGRAM_H
#define GUEST_PROGRAM_H

#define G_CODE 0x40080000
#define G_DATA 0x40081000
#define G_TABLE 0x40082000
#define G_LATE_CODE 0x40083000
#define G_DEVICE 0x0a000000     /* never has memory */
#define G_LATE_READ 0x0a001000  /* gets it when it is used */
#define G_LATE_WRITE 0x0a002000
#define G_OTHER_VIEW 0x80000000 /* where stage 1 has the addresses from 0 on */

/* The function that a call names; its argument is what is told. */
#define SAY_ARGUMENT 1
#define SAY_ANSWER 2
#define SAY_DATA 3
#define SAY_STORED 4
#define SAY_LOADED 5
#define SAY_PAIR 6
#define SAY_CALLED 7
#define SAY_WAITED 8
#define SAY_SMC 9
#define SAY_EXCEPTION 10
#define SAY_COUNT 11
#define SAY_REGISTER 12
#define SAY_MPIDR 13
#define SAY_LATER 14
#define SAY_KEEP 15
#define SAY_KEPT 16
#define SAY_SPUN 17
#define SAY_TAKE 18
#define SAY_BACK 19
#define SAY_STAGE_1 20
#define SAY_LOWER 21
#define SAY_END 22
#define CALL_SMC 0x84000000

#define STORED 0x0123456789abcdef

#endif
