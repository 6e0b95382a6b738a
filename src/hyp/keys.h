/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of pointer authentication: the guest's from the begin of a VCPU_RUN to its end, while the host's wait in
 * cpu_host. They are switched unasked: a guest that uses any does so in nearly every function, and would trap in each
 * VCPU_RUN.
 */
#ifndef HYP_KEYS_H
#define HYP_KEYS_H

#include "types.h"
#include "vcpu.h"
#include "../../annotations/entry.h"

/*@ // the host's of state L wait for it
    predicate keys_wait{L,M}(integer cpu) = \forall integer i; CTX_KEYS_FIRST <= i < CTX_KEYS_END ==>
      \at(cpu_host[cpu].w[i],M) == \at(keys[i],L);
    // the host's of state L are in the CPU, or wait while the guest's are
    predicate keys_safe{L,M}(integer cpu, integer has) = \at(keys_guest,M) == has && 0 <= has <= 1 &&
      (has == 0 ==> same_keys{L,M}) && (has == 1 ==> keys_wait{L,M}(cpu));
    // the CPU has in state L what stands in the context of its guest in state M
    predicate keys_of_guest{L,M}(integer cpu) = \forall integer i; CTX_KEYS_FIRST <= i < CTX_KEYS_END ==>
      \at(cpu_guest[cpu].w[i],M) == \at(keys[i],L);
*/

/**
 * keys_take() - the keys are those of the guest that @cpu has loaded
 *
 * Return: 1, or 0 on a CPU without keys.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: keys_guest == 0;
    terminates \true; exits \false;
    assigns cpu_host[cpu].w[CTX_KEYS_FIRST .. CTX_KEYS_END - 1], keys[CTX_KEYS_FIRST .. CTX_KEYS_END - 1], keys_guest;
    ensures safe: keys_safe{Pre,Here}(cpu, \result);
    ensures taken: \result == 1 ==> keys_of_guest{Here,Here}(cpu);
*/
u32 keys_take(u32 cpu);

/** keys_return() - the keys are the host's, whose they are at the end of each VCPU_RUN; @has: 1 while they are not. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires has: has == keys_guest && has <= 1;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_KEYS_FIRST .. CTX_KEYS_END - 1], keys[CTX_KEYS_FIRST .. CTX_KEYS_END - 1], keys_guest;
    ensures host: keys_guest == 0;
    ensures kept: has == 1 ==> keys_of_guest{Pre,Here}(cpu);
    ensures restored: has == 1 ==> keys_wait{Here,Pre}(cpu);
    ensures same: has == 0 ==> same_keys{Pre,Here};
*/
void keys_return(u32 cpu, u32 has);

#endif
