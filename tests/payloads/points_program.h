/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest of points_program.S and its host agree on. */
#ifndef POINTS_PROGRAM_H
#define POINTS_PROGRAM_H

#define POINTS_CODE 0x40080000
#define POINTS_SAY 0x0a003000 /* where it tells: never has memory */

/* In the program's page: an instruction that breakpoints are about, and a word that watchpoints are about. */
#define POINTS_MARKER 0x7f0
#define POINTS_SPOT 0x7e8

/* The word of POINTS_SAY that is stored to; what is stored is what is told. */
#define POINTS_SAY_DFR0 1
#define POINTS_SAY_FIRST 2
#define POINTS_SAY_OFF 3
#define POINTS_SAY_NONE 4
#define POINTS_SAY_MDSCR 5
#define POINTS_SAY_CONTROL 6
#define POINTS_SAY_BREAK 7
#define POINTS_SAY_BREAK_EL0 8
#define POINTS_SAY_WATCH 9
#define POINTS_SAY_WATCH_EL0 10
#define POINTS_SAY_STEPPED 11
#define POINTS_SAY_STEPS 12
#define POINTS_SAY_SUM 13
#define POINTS_SAY_STEPPED_EL0 14
#define POINTS_SAY_STEPS_EL0 15
#define POINTS_SAY_KEPT 16
#define POINTS_SAY_LOCK 17
#define POINTS_SAY_QUIET 18

/* Instructions that it steps at EL1. */
#define POINTS_STEPS 7

#define POINTS_MDSCR_ON 0xa000		/* MDE, KDE */
#define POINTS_MDSCR_STEP 0x2001	/* SS, KDE */
#define POINTS_SS 0x200000		/* of PSTATE */

#define CALL_PSCI_VERSION 0x84000000

#endif
