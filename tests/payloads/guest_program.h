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
#define G_SAY 0x0a003000        /* where it tells: never has memory */
#define G_OTHER_VIEW 0x80000000 /* where stage 1 has the addresses from 0 on */

/* The word of G_SAY that is stored to; what is stored is what is told. */
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
#define SAY_SHARED 23
#define SAY_UNSHARED 24
#define SAY_GIVEN_UP 25
#define SAY_SECOND 26
#define SAY_AFFINITY 27
#define SAY_FP 28
#define SAY_RANDOM 29

/* Calls: one that nobody knows, PSCI's, and those of protected VMs. */
#define CALL_UNKNOWN 0xc5000060
#define CALL_PSCI_VERSION 0x84000000
#define CALL_CPU_OFF 0x84000002
#define CALL_CPU_ON 0xc4000003
#define CALL_AFFINITY 0xc4000004
#define CALL_SYSTEM_OFF 0x84000008
#define CALL_TRNG_VERSION 0x84000050
#define CALL_TRNG_RND32 0x84000053
#define CALL_TRNG_RND64 0xc4000053
#define CALL_SHARE 0xc6000003
#define CALL_UNSHARE 0xc6000004
#define CALL_RELINQUISH 0xc6000009
#define SECOND_ARGUMENT 0x5151

/* Words of V0 to V31: the first is the guest's, each other this much more. FPSR and FPCR have bits of the first. */
#define FP_STEP 0x1001
#define FP_FPSR_BITS 0x1f
#define FP_FPCR_BITS 3
#define FP_FPCR_LOW 22
#define STORED 0x0123456789abcdef

#endif
