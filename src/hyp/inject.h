/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an exception that Hypatia injects does to PC and PSTATE, of the host or of a guest.
 */
#ifndef HYP_INJECT_H
#define HYP_INJECT_H

#include "types.h"

#define VECTOR_TABLE_BYTES 2048u

/* Where in the vectors of EL1 an exception from @spsr goes, relative to VBAR_EL1. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == (spsr / 16 % 2 != 0 ? 0x600 : spsr % 16 == 0 ? 0x400 :
      spsr % 16 == 4 ? 0 : 0x200);
*/
u64 vector_offset(u64 spsr);

/* PSTATE on entry to EL1 from @spsr (Arm ARM, AArch64.TakeException): EL1h, interrupts masked. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures level: \result % 64 == 5 && \result / 64 % 16 == 15;
    ensures no_step: \result / 0x200000 % 2 == 0;
    ensures pan: \result / 0x400000 % 2 == (sctlr / 0x800000 % 2 != 0 ? spsr / 0x400000 % 2 : 1);
*/
u64 entry_pstate(u64 spsr, u64 sctlr);

#endif
