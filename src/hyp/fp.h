/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP and SIMD of guests: V0 to V31, FPSR and FPCR are the host's until a guest uses one of them. From then to the end
 * of that VCPU_RUN they are the guest's, and the host's wait in cpu_host.
 */
#ifndef HYP_FP_H
#define HYP_FP_H

#include <gen/traps.h>
#include "types.h"
#include "vcpu.h"
#include "../../annotations/entry.h"

/*@ // the host's of state L wait for it
    predicate fp_waits{L,M}(integer cpu) = \forall integer i; CTX_V0 <= i < CTX_FP_END ==>
      \at(cpu_host[cpu].w[i],M) == \at(fp[i],L);
    // the host's of state L are in the CPU, or wait while the guest's are
    predicate fp_safe{L,M}(integer cpu, integer has) = \at(fp_guest,M) == has && 0 <= has <= 1 &&
      (has == 0 ==> same_fp{L,M}) && (has == 1 ==> fp_waits{L,M}(cpu));
    // the CPU has in state L what stands in the context of its guest in state M
    predicate fp_of_guest{L,M}(integer cpu) = \forall integer i; CTX_V0 <= i < CTX_FP_END ==>
      \at(cpu_guest[cpu].w[i],M) == \at(fp[i],L);
*/

/**
 * fp_take() - make FP and SIMD the guest's when its last trap asked for them
 * @cpu: the CPU
 * @has: 1 when they are the guest's already
 *
 * Return: 1 when they are the guest's.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires has: has == fp_guest && has <= 1;
    terminates \true; exits \false;
    assigns cpu_host[cpu].w[CTX_V0 .. CTX_FP_END - 1], fp[CTX_V0 .. CTX_FP_END - 1], fp_guest;
    ensures result: \result == fp_guest && \result <= 1;
    ensures wanted: \result == 1 <==> has == 1 || esr_el2 / 0x4000000 % 64 == TRAP_EC_FP;
    ensures taken: has == 0 && \result == 1 ==> fp_waits{Pre,Here}(cpu) && fp_of_guest{Here,Here}(cpu);
    ensures same: has == \result ==> same_fp{Pre,Here} &&
      \forall integer i; CTX_V0 <= i < CTX_FP_END ==> cpu_host[cpu].w[i] == \old(cpu_host[cpu].w[i]);
*/
u32 fp_take(u32 cpu, u32 has);

/** fp_return() - FP and SIMD are the host's, whose they are at the end of each VCPU_RUN; @has: 1 while they are not. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires has: has == fp_guest && has <= 1;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_V0 .. CTX_FP_END - 1], fp[CTX_V0 .. CTX_FP_END - 1], fp_guest;
    ensures host: fp_guest == 0;
    ensures kept: has == 1 ==> fp_of_guest{Pre,Here}(cpu);
    ensures restored: has == 1 ==> fp_waits{Here,Pre}(cpu);
    ensures same: has == 0 ==> same_fp{Pre,Here} &&
      \forall integer i; CTX_V0 <= i < CTX_FP_END ==> cpu_guest[cpu].w[i] == \old(cpu_guest[cpu].w[i]);
*/
void fp_return(u32 cpu, u32 has);

#endif
