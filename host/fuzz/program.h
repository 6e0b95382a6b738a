/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest of the fuzzer and its host agree on. The guest asks by loads and tells by stores where there is no
 * memory, so that a protected VM has the same way to its host as another.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#define CODE_PAGE 0x40080       /* of the guest: where the program is */
#define CHANNEL_PAGE 0x0a000    /* never has memory */
#define CHANNEL 0x0a000000

/* Words of the channel: what is asked for, or told. */
#define ASK_OP 0
#define TELL_BEGIN 8
#define ASK_ARG 16              /* four words */
#define TELL 48                 /* two words */

/* What the guest is asked to do. */
#define OP_HVC 0
#define OP_SMC 1
#define OP_READ 2
#define OP_WRITE 3
#define OP_WFI 4
#define OP_SYSREG 5
#define OP_UNDEFINED 6
#define OP_FP 7
#define OP_MPIDR 8
#define OP_SPIN 9
#define OP_V8_READ 10
#define OP_V8_WRITE 11
#define OP_X24_READ 12
#define OP_TIMER 13
#define OP_COUNT 14

/* ESR_EL2 of "mrs x0, cntp_ctl_el0": class 0x18, IL, op0 3, op2 1, op1 3, CRn 14, Rt 0, CRm 2, a read. */
#define SYSREG_ESR 0x6232f805UL

#ifndef __ASSEMBLER__
extern const char fuzz_program[4096];
#endif

#endif
