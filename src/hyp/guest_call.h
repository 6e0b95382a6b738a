/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of a guest by HVC and SMC: what it is answered, and what is to be done (spec/guest_calls.toml).
 *
 * guest_call() is pure. Its caller reads the guest's registers, holds the lock that the VM's power states are under
 * until it has carried out what guest_call() says, by the operations on power states among others, and puts x0 to x3
 * into the guest's registers.
 */
#ifndef HYP_GUEST_CALL_H
#define HYP_GUEST_CALL_H

#include <gen/guest_calls.h>

#include "types.h"

/**
 * struct guest_power - power states of a VM's vCPUs; all zeroes means that there is none
 * @state: POWER_ABSENT to POWER_ON
 */
struct guest_power {
	u32 state[VCPUS_MAX];
};

/**
 * struct guest_kind - what a VM's answers depend on
 * @protected: not 0 when its memory is out of the host's reach
 * @random: not 0 when the machine has FEAT_RNG
 */
struct guest_kind {
	u32 protected;
	u32 random;
};

/**
 * struct guest_call - a guest's registers at an HVC or SMC
 * @id: x0
 * @a1: x1
 * @a2: x2
 * @a3: x3
 * @imm: the immediate
 */
struct guest_call {
	u64 id;
	u64 a1;
	u64 a2;
	u64 a3;
	u32 imm;
};

/**
 * struct guest_answer - what becomes of a call
 * @effect: GUEST_ANSWER to GUEST_MMIO: what the caller has to do
 * @arg1: the arguments, cut to 32 bits where the call takes no more
 * @arg2: see @arg1
 * @arg3: see @arg1
 * @x0: what the guest finds when that is done; nothing for GUEST_HOST
 * @x1: see @x0
 * @x2: see @x0
 * @x3: see @x0
 */
struct guest_answer {
	u32 effect;
	u64 arg1;
	u64 arg2;
	u64 arg3;
	u64 x0;
	u64 x1;
	u64 x2;
	u64 x3;
};

#include "../../annotations/guest_call.h"

/** guest_call() - what becomes of call @call of a VM of kind @vm whose vCPUs are in states @power */
/*@ requires power: \forall integer i; 0 <= i < VCPUS_MAX ==> power_ok(power.state[i]);
    terminates \true; exits \false; assigns \nothing;
    ensures words: \result.arg1 == gc_word(call.id, call.a1) && \result.arg2 == gc_word(call.id, call.a2) &&
      \result.arg3 == gc_word(call.id, call.a3);
    ensures effect: \result.effect == gc_does(vm, power, call);
    ensures x0: \result.x0 == gc_wrap(gc_first(vm, power, call));
    ensures x1: \result.x1 == gc_next(vm, power, call, 1);
    ensures x2: \result.x2 == gc_next(vm, power, call, 2);
    ensures x3: \result.x3 == gc_next(vm, power, call, 3);
    ensures range: \result.effect <= GUEST_MMIO;
    ensures hidden: vm.protected != 0 ==> \result.effect != GUEST_HOST;
    ensures target: \result.effect == GUEST_CPU_ON ==> \result.arg1 < VCPUS_MAX &&
      can_power_on(power.state[\result.arg1]) && \result.arg2 < GUEST_IPA_END && \result.arg2 % 4 == 0;
    ensures page: gc_of_memory(\result.effect) ==> vm.protected != 0 && \result.arg1 < GUEST_IPA_END &&
      \result.arg1 % GUEST_GRANULE == 0;
*/
struct guest_answer guest_call(struct guest_kind vm, struct guest_power power, struct guest_call call);

/** power_add() - vCPU @i is there, and off. Error: HYP_EBUSY. */
/*@ requires power: \valid(power) && i < VCPUS_MAX && power_ok(power->state[i]);
    terminates \true; exits \false;
    assigns power->state[i];
    ensures error: \result == err_power_add(\old(power->state[i]));
    ensures state: power->state[i] == power_add_state(\old(power->state[i])) && power_ok(power->state[i]);
*/
s32 power_add(struct guest_power *power, u32 i);

/** power_on() - vCPU @i is to enter. Error: PSCI_INVALID_PARAMETERS, PSCI_ON_PENDING, PSCI_ALREADY_ON. */
/*@ requires power: \valid(power) && i < VCPUS_MAX && power_ok(power->state[i]);
    terminates \true; exits \false;
    assigns power->state[i];
    ensures error: \result == err_power_on(\old(power->state[i]));
    ensures state: power->state[i] == power_on_state(\old(power->state[i])) && power_ok(power->state[i]);
*/
s32 power_on(struct guest_power *power, u32 i);

/** power_enter() - vCPU @i enters. Error: HYP_ENOENT, HYP_EPERM, HYP_EBUSY. */
/*@ requires power: \valid(power) && i < VCPUS_MAX && power_ok(power->state[i]);
    terminates \true; exits \false;
    assigns power->state[i];
    ensures error: \result == err_power_enter(\old(power->state[i]));
    ensures state: power->state[i] == power_enter_state(\old(power->state[i])) && power_ok(power->state[i]);
*/
s32 power_enter(struct guest_power *power, u32 i);

/** power_off() - vCPU @i turns itself off. Error: PSCI_DENIED. */
/*@ requires power: \valid(power) && i < VCPUS_MAX && power_ok(power->state[i]);
    terminates \true; exits \false;
    assigns power->state[i];
    ensures error: \result == err_power_off(\old(power->state[i]));
    ensures state: power->state[i] == power_off_state(\old(power->state[i])) && power_ok(power->state[i]);
*/
s32 power_off(struct guest_power *power, u32 i);

/** power_halt() - all vCPUs that are there are off. */
/*@ requires power: \valid(power) && \forall integer i; 0 <= i < VCPUS_MAX ==> power_ok(power->state[i]);
    terminates \true; exits \false;
    assigns power->state[0 .. VCPUS_MAX - 1];
    ensures state: \forall integer i; 0 <= i < VCPUS_MAX ==>
      power->state[i] == power_halt_state(\old(power->state[i])) && power_ok(power->state[i]);
    ensures none: \forall integer i; 0 <= i < VCPUS_MAX ==> !power_runs(power->state[i]);
*/
void power_halt(struct guest_power *power);

/** power_remove() - vCPU @i ends. Error: HYP_ENOENT. */
/*@ requires power: \valid(power) && i < VCPUS_MAX && power_ok(power->state[i]);
    terminates \true; exits \false;
    assigns power->state[i];
    ensures error: \result == err_power_remove(\old(power->state[i]));
    ensures state: power->state[i] == power_remove_state(\old(power->state[i])) && power_ok(power->state[i]);
*/
s32 power_remove(struct guest_power *power, u32 i);

/** power_may_run() - 1 when the host may let vCPU @i run */
/*@ requires power: \valid_read(power) && i < VCPUS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> power_runs(power->state[i]);
    ensures one: \result <= 1;
*/
u32 power_may_run(const struct guest_power *power, u32 i);

#endif
