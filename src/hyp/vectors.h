/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SVE of a guest: Z0 to Z31, P0 to P15, FFR and ZCR_EL1. Between runs they stand at the end of the frame that the vCPU
 * keeps (CTX_SVE_FIRST), so a vCPU costs no memory for them, and a load or put of it no time. src/hyp/fp.c says when.
 */
#ifndef HYP_VECTORS_H
#define HYP_VECTORS_H

#include "types.h"
#include "vcpu.h"
#include "../../annotations/entry.h"

/* The longest vectors of a guest, in units of 128 bits. */
#define SVE_LONGEST 4u

/* Vectors that a VM can have, as the boot CPU has them: bit n for n + 1 units; 0 without SVE. */
extern u32 machine_sve;

/*@ // the frame that the vCPU keeps which CPU cpu has loaded
    logic integer loaded_frame{L}(integer cpu) = \at(vms[cpu_vm[cpu].vm].vcpu_frame[cpu_vm[cpu].vcpu],L);
*/

/** vectors_take() - the host's registers of FP, SIMD and SVE wait, and those of the guest of @cpu are in the CPU. */
/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: fp_guest == 0;
    requires has: sve_lengths != 0;
    terminates \true; exits \false;
    assigns LOCKED_STATE, cpu_host[cpu].w[CTX_V0 .. CTX_FP_END - 1], cpu_host[cpu].w[CTX_ZCR_EL1], FP_REGISTERS;
    ensures unlocked: no_locks{Here};
    ensures result: \result == fp_guest && (\result == 0 || \result == FP_SVE);
    ensures taken: \result == FP_SVE ==> fp_waits{Pre,Here}(cpu) && zcr_waits{Pre,Here}(cpu);
    ensures guest: \result == FP_SVE ==> cpu_vm[cpu].loaded != 0 &&
      sve_of_guest{Here,Here}(cpu, loaded_frame{Here}(cpu));
    ensures same: \result == 0 ==> same_fp{Pre,Here};
*/
u32 vectors_take(u32 cpu);

/** vectors_return() - those of the guest are kept, and the host's are in the CPU; nothing of the guest's is there. */
/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: fp_guest == FP_SVE;
    requires has: sve_lengths != 0;
    terminates \true; exits \false;
    assigns LOCKED_STATE, cpu_guest[cpu].w[CTX_FPSR .. CTX_FPCR], cpu_guest[cpu].w[CTX_ZCR_EL1], FP_REGISTERS;
    ensures unlocked: no_locks{Here};
    ensures host: fp_guest == 0;
    ensures kept: cpu_vm[cpu].loaded != 0 ==> sve_of_guest{Pre,Here}(cpu, loaded_frame{Here}(cpu));
    ensures restored: fp_waits{Here,Pre}(cpu) && zcr_waits{Here,Pre}(cpu);
    ensures cleared: no_vectors{Here};
*/
void vectors_return(u32 cpu);

/** vectors_begin() - what @cpu has loaded begins anew: Z, P and FFR are 0. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires loaded: cpu < CPUS_MAX && cpu_vm[cpu].loaded != 0;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], cpu_guest[cpu].w[CTX_FPSR .. CTX_FPCR], cpu_guest[cpu].w[CTX_ZCR_EL1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures cleared: \forall integer k; CTX_SVE_FIRST <= k < CTX_SVE_END ==>
      frame[loaded_frame{Here}(cpu)].e[k] == 0;
    ensures words: \forall integer k; 0 <= k < CTX_WORDS ==> cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
*/
void vectors_begin(u32 cpu);

/**
 * vectors_word() - VCPU_GET_REG and VCPU_SET_REG of a word that SVE has of the frame
 * @set: 1 to set it to @value; else it goes to @rest
 *
 * Return: 0, HYP_ENOENT, HYP_EPERM: of a protected VM, or one without SVE.
 */
/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    requires word: CTX_SVE_FIRST <= word < CTX_SVE_END;
    requires rest: \valid(rest) && \separated(rest, cpu_guest + (0 .. CPUS_MAX - 1));
    terminates \true; exits \false;
    assigns LOCKED_STATE, *rest, cpu_guest[cpu].w[CTX_FPSR .. CTX_FPCR], cpu_guest[cpu].w[CTX_ZCR_EL1];
    ensures unlocked: no_locks{Here};
    ensures result: \result == 0 || \result == HYP_ENOENT || \result == HYP_EPERM;
    ensures none: cpu_vm[cpu].loaded == 0 ==> \result == HYP_ENOENT;
    ensures hidden: \result == 0 ==> vms[cpu_vm[cpu].vm].protected == 0 && vm_start[cpu_vm[cpu].vm].sve != 0;
    ensures value: \result == 0 ==> frame[loaded_frame{Here}(cpu)].e[word] == (set != 0 ? value : *rest);
    ensures rest: \result != 0 || set != 0 ==> *rest == \old(*rest);
    ensures words: \forall integer k; 0 <= k < CTX_WORDS ==> cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
*/
s64 vectors_word(u32 cpu, u64 word, u32 set, u64 value, u64 *rest);

/** vectors_setup() - what VMs can have, as this CPU, the first, has it. */
/*@ terminates \true; exits \false; assigns machine_sve;
    ensures read: machine_sve == sve_lengths;
*/
void vectors_setup(void);

/** vectors_same() - 1 when this CPU has those of the boot CPU, and some: a VM with SVE must not run on another. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures same: \result != 0 ==> sve_lengths == machine_sve && sve_lengths != 0;
    ensures one: \result <= 1;
*/
u32 vectors_same(void);

/** vectors_allowed() - whether a VM can have vectors of up to @units of 128 bits; 0 are none, which each can have. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures long: units > SVE_LONGEST ==> \result == HYP_EINVAL;
    ensures none: units == 0 ==> \result == 0;
    ensures absent: 1 <= units <= SVE_LONGEST && machine_sve == 0 ==> \result == HYP_EPERM;
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM;
*/
s32 vectors_allowed(u64 units);

#endif
