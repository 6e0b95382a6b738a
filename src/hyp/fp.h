/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP and SIMD of guests: V0 to V31, FPSR and FPCR are the host's until a guest uses one of them. From then to the end
 * of that VCPU_RUN they are the guest's, and the host's wait in cpu_host. Of a guest with SVE its Z, P, FFR and ZCR_EL1
 * go with them, and of the host's nothing but ZCR_EL1 is kept besides.
 */
#ifndef HYP_FP_H
#define HYP_FP_H

#include <gen/traps.h>
#include "types.h"
#include "vcpu.h"
#include "vectors.h"
#include "../../annotations/entry.h"

/*@ // the host's of state L are in the CPU, or wait while the guest's are
    predicate fp_safe{L,M}(integer cpu, integer has) = \at(fp_guest,M) == has && 0 <= has <= FP_SVE &&
      (has == 0 ==> same_fp{L,M}) && (has != 0 ==> fp_waits{L,M}(cpu)) && (has == FP_PLAIN ==> sve_left{L,M}) &&
      (has == FP_SVE ==> zcr_waits{L,M}(cpu));
    // the CPU has in state L what stands in the context of its guest in state M
    predicate fp_of_guest{L,M}(integer cpu) = \forall integer i; CTX_V0 <= i < CTX_FP_END ==>
      \at(cpu_guest[cpu].w[i],M) == \at(fp[i],L);
    // the last trap asked for FP and SIMD, or, of a guest with SVE, for that
    predicate fp_asked{L}(integer sve) = \at(esr_el2,L) / 0x4000000 % 64 == TRAP_EC_FP ||
      (sve != 0 && \at(esr_el2,L) / 0x4000000 % 64 == TRAP_EC_SVE);
*/

/**
 * fp_take() - make FP and SIMD the guest's when its last trap asked for them, and SVE with them
 * @cpu: the CPU
 * @has: FP_PLAIN or FP_SVE when they are the guest's already
 * @sve: not 0 when the guest has SVE
 *
 * Return: FP_PLAIN or FP_SVE when they are the guest's, else 0.
 */
/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires has: has == fp_guest && has <= FP_SVE;
    requires sve: sve != 0 ==> sve_lengths != 0;
    terminates \true; exits \false;
    assigns LOCKED_STATE, cpu_host[cpu].w[CTX_V0 .. CTX_FP_END - 1], cpu_host[cpu].w[CTX_ZCR_EL1], FP_REGISTERS;
    ensures unlocked: no_locks{Here};
    ensures result: \result == fp_guest && \result <= FP_SVE;
    ensures wanted: \result != 0 ==> has != 0 || fp_asked{Pre}(sve);
    ensures plain: sve == 0 && has == 0 ==> \result == (esr_el2 / 0x4000000 % 64 == TRAP_EC_FP ? FP_PLAIN : 0);
    ensures still: has != 0 ==> \result == has;
    ensures vectors: sve != 0 && has == 0 ==> \result != FP_PLAIN;
    ensures taken: has == 0 && \result != 0 ==> fp_waits{Pre,Here}(cpu);
    ensures guest: has == 0 && \result == FP_PLAIN ==> fp_of_guest{Here,Here}(cpu) && sve_left{Pre,Here};
    ensures with_sve: has == 0 && \result == FP_SVE ==> zcr_waits{Pre,Here}(cpu) && cpu_vm[cpu].loaded != 0 &&
      sve_of_guest{Here,Here}(cpu, loaded_frame{Here}(cpu));
    ensures same: has == \result ==> same_fp{Pre,Here};
    ensures kept: has == \result && has != 0 ==>
      (\forall integer i; CTX_V0 <= i < CTX_FP_END ==> cpu_host[cpu].w[i] == \old(cpu_host[cpu].w[i])) &&
      cpu_host[cpu].w[CTX_ZCR_EL1] == \old(cpu_host[cpu].w[CTX_ZCR_EL1]);
*/
u32 fp_take(u32 cpu, u32 has, u32 sve);

/** fp_return() - FP and SIMD are the host's, whose they are at the end of each VCPU_RUN; @has: as fp_take() said. */
/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires has: has == fp_guest && has <= FP_SVE;
    requires sve: has == FP_SVE ==> sve_lengths != 0;
    terminates \true; exits \false;
    assigns LOCKED_STATE, cpu_guest[cpu].w[CTX_V0 .. CTX_FP_END - 1], cpu_guest[cpu].w[CTX_ZCR_EL1], FP_REGISTERS;
    ensures unlocked: no_locks{Here};
    ensures host: fp_guest == 0;
    ensures kept: has == FP_PLAIN ==> fp_of_guest{Pre,Here}(cpu);
    ensures vectors: has == FP_SVE && cpu_vm[cpu].loaded != 0 ==> sve_of_guest{Pre,Here}(cpu, loaded_frame{Here}(cpu));
    ensures restored: has != 0 ==> fp_waits{Here,Pre}(cpu);
    ensures control: has == FP_SVE ==> zcr_waits{Here,Pre}(cpu);
    // nothing of the guest's is left in Z, P and FFR
    ensures cleared: has == FP_SVE ==> no_vectors{Here};
    ensures left: has != FP_SVE ==> sve_left{Pre,Here};
    ensures same: has == 0 ==> same_fp{Pre,Here} &&
      \forall integer i; CTX_V0 <= i < CTX_FP_END ==> cpu_guest[cpu].w[i] == \old(cpu_guest[cpu].w[i]);
*/
void fp_return(u32 cpu, u32 has);

#endif
