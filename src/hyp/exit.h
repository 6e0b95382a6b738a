/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a run of a vCPU ended, and what the host gets to know (spec/vcpu.toml).
 */
#ifndef HYP_EXIT_H
#define HYP_EXIT_H

#include <gen/traps.h>
#include "guest_sysreg.h"
#include "points.h"
#include "vcpu.h"
#include "../../annotations/entry.h"

/**
 * struct guest_exit - an exit as the host sees it
 * @kind: EXIT_NONE to EXIT_POISON
 * @x2: what the exit's row says
 * @x3: the same
 */
struct guest_exit {
	u64 kind;
	u64 x2;
	u64 x3;
};

/* What a guest has in a run, as a sum. */
#define HAS_GIC 1u
#define HAS_SVE 2u
#define HAS_END 4u

/* The same, of what its registers depend on. */
extern const struct guest_features vm_features[HAS_END];

/*@ // a trapped access to a system register, where entry i is that register's: what is to be done, the word of its slot
    logic integer access_at{L}(integer has, integer i, integer esr) =
      access_kind(found_kind{L}(vm_features[has], i, trap_write(esr)), trap_write(esr), trap_rt(esr));
    logic integer word_at{L}(integer i) = \at(guest_slot_word[guest_sysregs[i].index],L);
    predicate in_context(integer word) = CTX_SWITCHED_FIRST <= word < CTX_SWITCHED_END || is_point(word);
    predicate slot_at{L}(integer has, integer i, integer esr) =
      of_slot(access_at{L}(has, i, esr)) && in_context(word_at{L}(i));
    // it is the host's
    predicate host_access{L}(integer has, integer esr) =
      \exists integer i; entry_of{L}(i, esr) && access_at{L}(has, i, esr) == ACCESS_HOST;
    // it is the guest's to take as an exception: not listed, without what it needs, or a slot that stands nowhere
    predicate refused_at{L}(integer has, integer i, integer esr) = access_at{L}(has, i, esr) == ACCESS_UNDEFINED ||
      (of_slot(access_at{L}(has, i, esr)) && !in_context(word_at{L}(i)));
    predicate refused_access{L}(integer has, integer esr) =
      \forall integer i; entry_of{L}(i, esr) ==> refused_at{L}(has, i, esr);
    // it may change word k
    predicate access_changes{L}(integer has, integer esr, integer k) =
      trap_write(esr) == 0 ? k == trap_rt(esr) && k < 31 :
      \exists integer i; entry_of{L}(i, esr) && slot_at{L}(has, i, esr) && k == word_at{L}(i);
*/

/* How many pages the row of a FAULT can name: its other bits are flags. */
#define FAULT_PAGES 0x10000000000ul

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

    // a fault where the host took a page: its address, and nothing of the access
    predicate poison_row{L}(integer x2, integer x3) = x2 % 0x1000 == 0 && x3 == 0 &&
      x2 / 0x1000 == \at(hpfar_el2,L) / 16 % 0x10000000000;

    // an access to a register that is the host's: which, and what is written
    predicate sysreg_row{L}(integer cpu, integer x2, integer x3) =
      (\exists integer has; 0 <= has < HAS_END && host_access{L}(has, esr_el2)) && x2 == esr_el2 &&
      x3 == (trap_write(esr_el2) != 0 ? reg_at{L}(cpu, trap_rt(esr_el2)) : 0);

    // what the host learns of an exit (spec/vcpu.toml)
    predicate exit_row{L}(integer cpu, integer kind, integer x2, integer x3) =
      kind == EXIT_HVC || kind == EXIT_SMC ?
        x2 == \at(cpu_guest[cpu].w[CTX_X0],L) && x3 == \at(cpu_guest[cpu].w[CTX_X1],L) :
      kind == EXIT_FAULT ? fault_row{L}(cpu, x2, x3) :
      kind == EXIT_SYSREG ? sysreg_row{L}(cpu, x2, x3) :
      kind == EXIT_WFX ? x2 <= 3 && x3 == 0 :
      kind == EXIT_OTHER ? x2 <= 63 && x3 == 0 :
      kind == EXIT_ON ? x2 < VCPUS_MAX && x3 == 0 :
      kind == EXIT_POISON ? poison_row{L}(x2, x3) :
      kind == EXIT_END ? x2 <= 1 && x3 == 0 : x2 == 0 && x3 == 0;

    // when a timer for count c fires that is o behind the machine's, or, from half of its range on, ahead of it
    logic integer fires_at(integer c, integer o) = o < 0x8000000000000000 ?
      (c + o > 0xffffffffffffffff ? 0xffffffffffffffff : c + o) :
      (c + o < 0x10000000000000000 ? 0 : c + o - 0x10000000000000000);

    // and, however the run ended, when its virtual timer fires, if it is on and not masked
    predicate timer_row{L}(integer cpu, integer x4, integer x5) =
      \at(cpu_guest[cpu].w[CTX_CNTV_CTL_EL0],L) % 4 == 1 ?
        x4 == 1 && x5 ==
          fires_at(\at(cpu_guest[cpu].w[CTX_CNTV_CVAL_EL0],L), \at(cpu_guest[cpu].w[CTX_CNTVOFF_EL2],L)) :
        x4 == 0 && x5 == 0;

    // x2 to x5 of VCPU_RUN
    predicate told{L}(integer cpu, integer kind, integer x2, integer x3, integer x4, integer x5) =
      exit_row{L}(cpu, kind, x2, x3) && timer_row{L}(cpu, x4, x5);

    predicate is_class(integer code, integer esr, integer class) = code == GUEST_SYNC && esr / 0x4000000 % 64 == class;
    predicate is_sysreg(integer code, integer esr) = code == GUEST_SYNC && esr / 0x4000000 % 64 == TRAP_EC_SYSREG;

    // the vCPU of cpu has the same words but Hypatia's own
    predicate same_words{L,M}(integer cpu) = \forall integer k; 0 <= k < CTX_FP_END ==>
      \at(cpu_guest[cpu].w[k],M) == \at(cpu_guest[cpu].w[k],L);

    // the vCPU of cpu has the same words but PC and PSTATE, what it takes as an exception, and Hypatia's own
    predicate same_registers{L,M}(integer has, integer cpu, integer code, integer esr) = \forall integer k;
      0 <= k < CTX_FP_END && k != CTX_PC && k != CTX_PSTATE && k != CTX_ELR_EL1 && k != CTX_SPSR_EL1 &&
      k != CTX_ESR_EL1 && !(is_sysreg(code, esr) && access_changes{L}(has, esr, k)) ==>
      \at(cpu_guest[cpu].w[k],M) == \at(cpu_guest[cpu].w[k],L);

    // and so are its points but the one that it wrote
    predicate same_points_but{L,M}(integer has, integer cpu, integer code, integer esr) = \forall integer k;
      is_point(k) && !(is_sysreg(code, esr) && access_changes{L}(has, esr, k)) ==>
      word_now{M}(cpu, k) == word_now{L}(cpu, k);

    // PSTATE p behind an instruction: no step is left to make
    logic integer stepped(integer p) = p - p / 0x200000 % 2 * 0x200000;

    // it took an undefined instruction where it stood
    predicate took_undefined{L,M}(integer cpu) =
      \at(cpu_guest[cpu].w[CTX_ELR_EL1],M) == \at(cpu_guest[cpu].w[CTX_PC],L) &&
      \at(cpu_guest[cpu].w[CTX_SPSR_EL1],M) == \at(cpu_guest[cpu].w[CTX_PSTATE],L) &&
      \at(cpu_guest[cpu].w[CTX_ESR_EL1],M) == 0x2000000;

    // it goes on behind the instruction
    predicate went_on{L,M}(integer cpu, integer esr) =
      \at(cpu_guest[cpu].w[CTX_PSTATE],M) == stepped(\at(cpu_guest[cpu].w[CTX_PSTATE],L)) &&
      (\at(cpu_guest[cpu].w[CTX_PC],L) < 0xfffffffffffffffc ==>
        \at(cpu_guest[cpu].w[CTX_PC],M) == \at(cpu_guest[cpu].w[CTX_PC],L) + (esr / 0x2000000 % 2 != 0 ? 4 : 2));

    // what an access came to: a slot into the general register, the other way round, a value into it
    predicate read_slot{L,M}(integer has, integer cpu, integer esr) = \forall integer i; entry_of{L}(i, esr) &&
      slot_at{L}(has, i, esr) && access_at{L}(has, i, esr) == ACCESS_READ ==>
      \at(cpu_guest[cpu].w[trap_rt(esr)],M) == word_now{L}(cpu, word_at{L}(i));
    predicate wrote_slot{L,M}(integer has, integer cpu, integer esr) = \forall integer i; entry_of{L}(i, esr) &&
      slot_at{L}(has, i, esr) && access_at{L}(has, i, esr) == ACCESS_WRITE ==>
      word_now{M}(cpu, word_at{L}(i)) == reg_at{L}(cpu, trap_rt(esr));
    // v is what a read of entry i finds: a constant, the machine's, or the machine's field by field
    predicate value_of{L}(integer has, integer i, integer v) =
      (\at(guest_sysregs[i].read,L) == SYSREG_VALUE ==> v == \at(guest_sysregs[i].value,L)) &&
      (\at(guest_sysregs[i].read,L) == SYSREG_MACHINE ==> v == \at(machine_ids[guest_sysregs[i].machine],L)) &&
      (\at(guest_sysregs[i].read,L) == SYSREG_CLAMPED ==> \forall integer k; 0 <= k < GUEST_FIELDS ==>
        id_field(v, k) == id_rule{L}(vm_features[has], \at(guest_sysregs[i].index,L) + k,
          id_field(\at(machine_ids[guest_sysregs[i].machine],L), k)));
    predicate read_value{L,M}(integer has, integer cpu, integer esr) = \forall integer i; entry_of{L}(i, esr) &&
      access_at{L}(has, i, esr) == ACCESS_VALUE ==> value_of{L}(has, i, \at(cpu_guest[cpu].w[trap_rt(esr)],M));
*/

/**
 * guest_exit() - what becomes of the exception that ended a run on @cpu; @code is what arch_guest_enter() returned
 * @has: HAS_GIC when the guest has a GIC, whose registers are its own then, and HAS_SVE when it has SVE
 *
 * A protected VM's is handled like any other's: what its host learns is the exit's row.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires has: has < HAS_END;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures kind: \result.kind <= EXIT_MAX;
    ensures row: exit_row{Here}(cpu, \result.kind, \result.x2, \result.x3);
    ensures sysreg: \result.kind == EXIT_SYSREG <==> is_sysreg(code, esr_el2) && host_access{Pre}(has, esr_el2);
    ensures undefined: is_sysreg(code, esr_el2) && refused_access{Pre}(has, esr_el2) ==> took_undefined{Pre,Here}(cpu);
    ensures behind:
      is_sysreg(code, esr_el2) && !refused_access{Pre}(has, esr_el2) && !host_access{Pre}(has, esr_el2) ==>
      went_on{Pre,Here}(cpu, esr_el2);
    ensures slot: is_sysreg(code, esr_el2) ==>
      read_slot{Pre,Here}(has, cpu, esr_el2) && wrote_slot{Pre,Here}(has, cpu, esr_el2);
    ensures value: is_sysreg(code, esr_el2) ==> read_value{Pre,Here}(has, cpu, esr_el2);
    ensures interrupt: code != GUEST_SYNC && code != GUEST_SERROR ==> \result.kind == EXIT_IRQ;
    ensures registers: same_registers{Pre,Here}(has, cpu, code, esr_el2);
    ensures points: same_points_but{Pre,Here}(has, cpu, code, esr_el2);
    // FP and SIMD, and SVE where it has that: the guest repeats the instruction. SME: it has none
    ensures fp: is_class(code, esr_el2, TRAP_EC_FP) ==> \result.kind == EXIT_NONE && same_words{Pre,Here}(cpu);
    ensures sve: is_class(code, esr_el2, TRAP_EC_SVE) && has / HAS_SVE % 2 != 0 ==>
      \result.kind == EXIT_NONE && same_words{Pre,Here}(cpu);
    ensures scalable: (is_class(code, esr_el2, TRAP_EC_SVE) && has / HAS_SVE % 2 == 0) ||
      is_class(code, esr_el2, TRAP_EC_SME) ==> took_undefined{Pre,Here}(cpu);
    ensures started: cpu_guest[cpu].w[CTX_STATE] == \old(cpu_guest[cpu].w[CTX_STATE]);
    ensures pending: cpu_guest[cpu].w[CTX_EXIT] == \result.kind && cpu_guest[cpu].w[CTX_ESR] == esr_el2;
*/
struct guest_exit guest_exit(u32 cpu, u64 code, u32 has);

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
      k != CTX_EXIT && k != CTX_PC && k != CTX_PSTATE &&
      (k != \old(cpu_guest[cpu].w[CTX_ESR]) / 0x10000 % 32 || k == 31 ||
        \old(cpu_guest[cpu].w[CTX_ESR]) / 64 % 2 == 1) ==> cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures read: \old(cpu_guest[cpu].w[CTX_EXIT]) == EXIT_FAULT && answered_read(\old(cpu_guest[cpu].w[CTX_ESR])) ==>
      cpu_guest[cpu].w[\old(cpu_guest[cpu].w[CTX_ESR]) / 0x10000 % 32] ==
        loaded(value, \old(cpu_guest[cpu].w[CTX_ESR]));
    ensures sysreg: \old(cpu_guest[cpu].w[CTX_EXIT]) == EXIT_SYSREG ==> \forall integer k; 0 <= k < CTX_WORDS &&
      k != CTX_EXIT && k != CTX_PC && k != CTX_PSTATE && (k != \old(cpu_guest[cpu].w[CTX_ESR]) / 32 % 32 || k == 31) ==>
        cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures answered: cpu_guest[cpu].w[CTX_EXIT] == EXIT_NONE;
*/
void guest_answer(u32 cpu, u64 value);

#endif
