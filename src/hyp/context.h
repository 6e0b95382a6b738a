/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done to contexts of vCPUs outside of a run.
 */
#ifndef HYP_CONTEXT_H
#define HYP_CONTEXT_H

#include <gen/hypercalls.h>
#include <gen/sysregs.h>
#include "points.h"
#include "vcpu.h"
#include "../../annotations/entry.h"

/** context_load() - the context of vCPU @i, which keeps frame @pfn, becomes @cpu's; a new one begins. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires cpu: cpu < CPUS_MAX && i < VCPUS_MAX;
    requires serves: serves{Here}(pfn);
    terminates \true; exits \false; assigns cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures new: frame[pfn].e[CTX_STATE] == RUN_NEW ==> cpu_guest[cpu].w[CTX_STATE] == RUN_STARTED &&
      cpu_guest[cpu].w[CTX_PSTATE] == CTX_RESET_PSTATE && cpu_guest[cpu].w[CTX_SCTLR_EL1] == CTX_RESET_SCTLR_EL1 &&
      cpu_guest[cpu].w[CTX_MPIDR] == 0x80000000 + i;
    ensures rest: frame[pfn].e[CTX_STATE] == RUN_NEW ==> \forall integer k; 0 <= k < CTX_WORDS && !is_point(k) &&
      k != CTX_STATE && k != CTX_PSTATE && k != CTX_SCTLR_EL1 && k != CTX_MPIDR && k != CTX_FRESH ==>
      cpu_guest[cpu].w[k] == frame[pfn].e[k];
    ensures kept: frame[pfn].e[CTX_STATE] != RUN_NEW ==> \forall integer k; 0 <= k < CTX_WORDS && !is_point(k) &&
      k != CTX_FRESH ==> cpu_guest[cpu].w[k] == frame[pfn].e[k];
    // which of them are nothing, whatever stands there, the word DEBUG says
    ensures points: frame[pfn].e[CTX_DEBUG] != 0 ==> \forall integer k; is_point(k) ==>
      cpu_guest[cpu].w[k] == frame[pfn].e[k];
    ensures fresh: cpu_guest[cpu].w[CTX_FRESH] == 1;
*/
void context_load(u32 cpu, u64 pfn, u32 i);

/** context_begin() - vCPU @i, which @cpu has loaded, enters at @pc with @x0: all else is as a vCPU begins. */
/*@ requires cpu: cpu < CPUS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures entry: cpu_guest[cpu].w[CTX_PC] == pc && cpu_guest[cpu].w[CTX_X0] == x0;
    ensures state: cpu_guest[cpu].w[CTX_STATE] == RUN_RAN;
    ensures level: cpu_guest[cpu].w[CTX_PSTATE] == CTX_RESET_PSTATE;
    ensures control: cpu_guest[cpu].w[CTX_SCTLR_EL1] == CTX_RESET_SCTLR_EL1;
    ensures number: cpu_guest[cpu].w[CTX_MPIDR] == 0x80000000 + i;
    ensures fresh: cpu_guest[cpu].w[CTX_FRESH] == 1;
    ensures rest: \forall integer k; 0 <= k < CTX_WORDS && k != CTX_STATE && k != CTX_PSTATE && k != CTX_SCTLR_EL1 &&
      k != CTX_MPIDR && k != CTX_FRESH && k != CTX_PC && k != CTX_X0 ==> cpu_guest[cpu].w[k] == 0;
*/
void context_begin(u32 cpu, u32 i, u64 pc, u64 x0);

/** context_store() - the context that is @cpu's goes back to frame @pfn. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here};
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn);
    terminates \true; exits \false; assigns frame[0 .. PFN_COUNT - 1];
    ensures inv: mm_inv{Here} && quiet{Here};
    ensures kept: \forall integer k; 0 <= k < CTX_WORDS && !is_point(k) ==> frame[pfn].e[k] == cpu_guest[cpu].w[k];
    ensures points: cpu_guest[cpu].w[CTX_DEBUG] != 0 ==> \forall integer k; is_point(k) ==>
      frame[pfn].e[k] == cpu_guest[cpu].w[k];
    ensures others: \forall integer g, k; 0 <= g < PFN_COUNT && 0 <= k < 512 && g != pfn ==>
      frame[g].e[k] == \old(frame[g].e[k]);
*/
void context_store(u32 cpu, u64 pfn);

/** context_pstate() - @pstate where EL2 may return to it, else that of a vCPU that begins. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures level: below_el2(\result);
    ensures same: below_el2(pstate) ==> \result == pstate;
    ensures begins: !below_el2(pstate) ==> \result == CTX_RESET_PSTATE;
*/
u64 context_pstate(u64 pstate);

/** context_debug() - what of MDSCR_EL1 @v a guest has: SS, TDCC, KDE and MDE. The others are of external debug. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == v % 2 + v / 0x1000 % 4 * 0x1000 + v / 0x8000 % 2 * 0x8000;
    ensures allowed: debug_allowed(\result);
    ensures counts: debug_counts(\result) <==> debug_counts(v);
*/
u64 context_debug(u64 v);

/**
 * context_set() - the host sets a word of the vCPU that @cpu has loaded
 *
 * Return: 0, HYP_EINVAL for a PSTATE that there is not, HYP_EPERM for what is not the host's to set.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires word: word < CTX_NAMED_END;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM;
    ensures failed: \result != 0 ==> \forall integer k; 0 <= k < CTX_WORDS ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures done: \result == 0 ==> ctx_settable(word) && word_now{Here}(cpu, word) == value &&
      same_points_now{Pre,Here}(cpu, word) && \forall integer k; 0 <= k < CTX_WORDS && !is_point(k) && k != word &&
        k != CTX_DEBUG ==> cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures level: \result == 0 && word == CTX_PSTATE ==> value < 0x100000000 &&
      (value % 32 == 0 || value % 32 == 4 || value % 32 == 5);
    ensures entry: \result == 0 && protected != 0 ==> (word == CTX_PC || word == CTX_X0) &&
      \old(cpu_guest[cpu].w[CTX_STATE]) == RUN_STARTED;
*/
s32 context_set(u32 cpu, u32 protected, u64 word, u64 value);

#endif
