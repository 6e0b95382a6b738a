/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints and watchpoints of guests, the points: words of a context until the guest's MDSCR_EL1.MDE says that they
 * count. In a VCPU_RUN in which it does the CPU has them, while the host's wait in cpu_host. While it does not, the CPU
 * may have anyone's: MDSCR_EL1 is the guest's own, and nothing fires but by its MDE.
 */
#ifndef HYP_POINTS_H
#define HYP_POINTS_H

#include "types.h"
#include "vcpu.h"
#include "../../annotations/entry.h"

/*@ predicate is_point(integer k) = CTX_DEBUG_FIRST <= k < CTX_DEBUG_END;
    // what word k of the vCPU that cpu has loaded holds: of a point nothing until one was set
    logic integer word_now{L}(integer cpu, integer k) =
      CTX_DEBUG_FIRST <= k < CTX_DEBUG_END && \at(cpu_guest[cpu].w[CTX_DEBUG],L) == 0 ? 0 :
        \at(cpu_guest[cpu].w[k],L);
    predicate same_points_now{L,M}(integer cpu, integer but) = \forall integer k; is_point(k) && k != but ==>
      word_now{M}(cpu, k) == word_now{L}(cpu, k);

    // what the CPU gets of control word k, where v stands in the context
    logic integer control_of(integer k, integer v) = k < CTX_DBGWVR0_EL1 ?
      v % 8 + v / 0x20 % 16 * 0x20 + v / 0x10000 % 64 * 0x10000 :
      v % 0x2000 + v / 0x10000 % 32 * 0x10000 + v / 0x1000000 % 32 * 0x1000000;
    logic integer point_of(integer k, integer v) = (k - CTX_DEBUG_FIRST) % 2 == 1 ? control_of(k, v) : v;

    // the host's of state L wait for it
    predicate points_wait{L,M}(integer cpu) = \forall integer i; is_point(i) && \at(point_there[i],L) != 0 ==>
      \at(cpu_host[cpu].w[i],M) == \at(point[i],L);
    // the host's of state L are in the CPU, or wait while the guest's are
    predicate points_safe{L,M}(integer cpu, integer has) = \at(point_guest,M) == has && 0 <= has <= 1 &&
      (has == 0 ==> same_points{L,M}) && (has == 1 ==> points_wait{L,M}(cpu));
    // the CPU has in state L what stands in the context of its guest in state M
    predicate points_of_guest{L,M}(integer cpu) = \forall integer i; is_point(i) && \at(point_there[i],L) != 0 ==>
      \at(point[i],L) == \at(cpu_guest[cpu].w[i],M);
*/

/** context_get() - what word @word of the vCPU that @cpu has loaded holds */
/*@ requires cpu: cpu < CPUS_MAX && word < CTX_WORDS;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == word_now{Here}(cpu, word);
*/
u64 context_get(u32 cpu, u64 word);

/** context_put() - it holds @value from now on. */
/*@ requires cpu: cpu < CPUS_MAX && word < CTX_DEBUG_END;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[word], cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], cpu_guest[cpu].w[CTX_DEBUG];
    ensures value: word_now{Here}(cpu, word) == value;
    ensures others: same_points_now{Pre,Here}(cpu, word);
    ensures plain: !is_point(word) ==> cpu_guest[cpu].w[CTX_DEBUG] == \old(cpu_guest[cpu].w[CTX_DEBUG]) &&
      \forall integer k; is_point(k) ==> cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
*/
void context_put(u32 cpu, u64 word, u64 value);

/**
 * points_take() - the points are those of the guest that @cpu has loaded, when they count
 * @cpu: the CPU
 * @has: 1 when the CPU has the guest's already
 *
 * They may have changed since: each write of the guest's is a trap.
 *
 * Return: 1 when the CPU has the guest's.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires has: has == point_guest && has <= 1;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], cpu_guest[cpu].w[CTX_DEBUG],
      cpu_host[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], point[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], point_guest;
    ensures result: \result == point_guest && \result <= 1;
    ensures wanted: debug_counts(cpu_guest[cpu].w[CTX_MDSCR_EL1]) ==> \result == 1;
    ensures unwanted: !debug_counts(cpu_guest[cpu].w[CTX_MDSCR_EL1]) ==> \result == has && same_points{Pre,Here} &&
      same_points_now{Pre,Here}(cpu, CTX_WORDS);
    ensures saved: has == 0 && \result == 1 ==> points_wait{Pre,Here}(cpu);
    ensures waiting: has == 1 ==>
      \forall integer i; is_point(i) ==> cpu_host[cpu].w[i] == \old(cpu_host[cpu].w[i]);
    ensures taken: debug_counts(cpu_guest[cpu].w[CTX_MDSCR_EL1]) ==> points_of_guest{Here,Here}(cpu);
    ensures clamped: debug_counts(cpu_guest[cpu].w[CTX_MDSCR_EL1]) ==> \forall integer i; is_point(i) ==>
      cpu_guest[cpu].w[i] == point_of(i, word_now{Pre}(cpu, i));
    // matching at EL0 and EL1 only, and with nothing but what is the guest's
    ensures allowed: debug_counts(cpu_guest[cpu].w[CTX_MDSCR_EL1]) ==> points_allowed{Here}(cpu);
*/
u32 points_take(u32 cpu, u32 has);

/** points_return() - the points are the host's, whose they are at the end of each VCPU_RUN; @has: 1 while not. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires has: has == point_guest && has <= 1;
    terminates \true; exits \false;
    assigns point[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], point_guest;
    ensures host: point_guest == 0;
    ensures restored: has == 1 ==> points_wait{Here,Pre}(cpu);
    ensures same: has == 0 ==> same_points{Pre,Here};
*/
void points_return(u32 cpu, u32 has);

#endif
