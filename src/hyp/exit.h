/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a run of a vCPU ended, and what the host gets to know (spec/vcpu.toml).
 */
#ifndef HYP_EXIT_H
#define HYP_EXIT_H

#include <gen/traps.h>
#include "vcpu.h"
#include "../../annotations/entry.h"

/**
 * struct guest_exit - an exit as the host sees it
 * @kind: EXIT_NONE to EXIT_OTHER
 * @x2: what the exit's row says
 * @x3: the same
 */
struct guest_exit {
	u64 kind;
	u64 x2;
	u64 x3;
};

/*@ // the low bytes that an access of 2^n bytes has of v; what register r holds
    logic integer low_part(integer v, integer n) =
      n == 0 ? v % 0x100 : n == 1 ? v % 0x10000 : n == 2 ? v % 0x100000000 : v;
    // v, which an access of 2^n bytes loads, with its sign in the bytes above; what a load with esr makes of it
    logic integer sign_of(integer n) = n == 0 ? 0x80 : n == 1 ? 0x8000 : n == 2 ? 0x80000000 : 0x8000000000000000;
    logic integer with_sign(integer v, integer n) =
      n < 3 && v >= sign_of(n) ? v + 0x10000000000000000 - 2 * sign_of(n) : v;
    logic integer extended(integer v, integer n, integer sse) = sse != 0 ? with_sign(v, n) : v;
    logic integer loaded(integer v, integer esr) = esr / 0x8000 % 2 != 0 ?
      extended(low_part(v, esr / 0x400000 % 4), esr / 0x400000 % 4, esr / 0x200000 % 2) :
      extended(low_part(v, esr / 0x400000 % 4), esr / 0x400000 % 4, esr / 0x200000 % 2) % 0x100000000;
    logic integer reg_at{L}(integer cpu, integer r) = 0 <= r < 31 ? \at(cpu_guest[cpu].w[r],L) : 0;

    // a data abort with a valid syndrome, of a read into a register
    predicate answered_read(integer esr) = esr / 0x4000000 % 64 == TRAP_EC_DABT_LOW && esr / 0x1000000 % 2 == 1 &&
      esr / 64 % 2 == 0 && esr / 0x10000 % 32 < 31;

    // a fault: its page; and with a valid syndrome what is written
    predicate fault_row{L}(integer cpu, integer x2, integer x3) =
      x2 / 0x1000 % 0x10000000000 == hpfar_el2 / 16 % 0x10000000000 &&
      (x3 != 0 ==> esr_el2 / 0x1000000 % 2 == 1 && esr_el2 / 64 % 2 == 1 &&
        x3 == low_part(reg_at{L}(cpu, esr_el2 / 0x10000 % 32), esr_el2 / 0x400000 % 4));

    // what the host learns of an exit (spec/vcpu.toml): this, and for a VM that is not protected SYSREG
    predicate exit_row{L}(integer cpu, integer kind, integer x2, integer x3) =
      kind == EXIT_HVC || kind == EXIT_SMC ?
        x2 == \at(cpu_guest[cpu].w[CTX_X0],L) && x3 == \at(cpu_guest[cpu].w[CTX_X1],L) :
      kind == EXIT_FAULT ? fault_row{L}(cpu, x2, x3) :
      kind == EXIT_WFX ? x2 <= 3 && x3 == 0 :
      kind == EXIT_OTHER ? x2 <= 63 && x3 == 0 : x2 == 0 && x3 == 0;

    // the vCPU of cpu has the same words but PC and PSTATE, what it takes as an exception, and Hypatia's own
    predicate same_registers{L,M}(integer cpu) = \forall integer k; 0 <= k < CTX_SWITCHED_END && k != CTX_PC &&
      k != CTX_PSTATE && k != CTX_ELR_EL1 && k != CTX_SPSR_EL1 && k != CTX_ESR_EL1 ==>
      \at(cpu_guest[cpu].w[k],M) == \at(cpu_guest[cpu].w[k],L);
*/

/** guest_exit() - what becomes of the exception that ended a run on @cpu; @code is what arch_guest_enter() returned. */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures kind: \result.kind <= EXIT_MAX;
    ensures row: \result.kind != EXIT_SYSREG ==> exit_row{Here}(cpu, \result.kind, \result.x2, \result.x3);
    ensures sysreg: \result.kind == EXIT_SYSREG ==> protected == 0;
    ensures interrupt: code != GUEST_SYNC && code != GUEST_SERROR ==> \result.kind == EXIT_IRQ;
    ensures registers: same_registers{Pre,Here}(cpu);
    ensures started: cpu_guest[cpu].w[CTX_STATE] == \old(cpu_guest[cpu].w[CTX_STATE]);
    ensures pending: cpu_guest[cpu].w[CTX_EXIT] == \result.kind && cpu_guest[cpu].w[CTX_ESR] == esr_el2;
*/
struct guest_exit guest_exit(u32 cpu, u32 protected, u64 code);

/** guest_answer() - the host answers the last exit of the vCPU that @cpu has loaded. */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures none: \old(cpu_guest[cpu].w[CTX_EXIT]) != EXIT_HVC && \old(cpu_guest[cpu].w[CTX_EXIT]) != EXIT_SMC &&
      \old(cpu_guest[cpu].w[CTX_EXIT]) != EXIT_FAULT && \old(cpu_guest[cpu].w[CTX_EXIT]) != EXIT_SYSREG ==>
      \forall integer k; 0 <= k < CTX_WORDS && k != CTX_EXIT ==> cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures call: \old(cpu_guest[cpu].w[CTX_EXIT]) == EXIT_HVC || \old(cpu_guest[cpu].w[CTX_EXIT]) == EXIT_SMC ==>
      cpu_guest[cpu].w[CTX_X0] == value && \forall integer k; 0 < k < CTX_WORDS && k != CTX_EXIT ==>
        cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    // of a fault: PC, and the register of a read that is valid
    ensures fault: \old(cpu_guest[cpu].w[CTX_EXIT]) == EXIT_FAULT ==> \forall integer k; 0 <= k < CTX_WORDS &&
      k != CTX_EXIT && k != CTX_PC && (k != \old(cpu_guest[cpu].w[CTX_ESR]) / 0x10000 % 32 || k == 31 ||
        \old(cpu_guest[cpu].w[CTX_ESR]) / 64 % 2 == 1) ==> cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures read: \old(cpu_guest[cpu].w[CTX_EXIT]) == EXIT_FAULT && answered_read(\old(cpu_guest[cpu].w[CTX_ESR])) ==>
      cpu_guest[cpu].w[\old(cpu_guest[cpu].w[CTX_ESR]) / 0x10000 % 32] ==
        loaded(value, \old(cpu_guest[cpu].w[CTX_ESR]));
    ensures sysreg: \old(cpu_guest[cpu].w[CTX_EXIT]) == EXIT_SYSREG ==> \forall integer k; 0 <= k < CTX_WORDS &&
      k != CTX_EXIT && k != CTX_PC && (k != \old(cpu_guest[cpu].w[CTX_ESR]) / 32 % 32 || k == 31) ==>
        cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures answered: cpu_guest[cpu].w[CTX_EXIT] == EXIT_NONE;
*/
void guest_answer(u32 cpu, u64 value);

#endif
