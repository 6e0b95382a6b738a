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

#include "power.h"
#include "types.h"

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
 * @effect: GUEST_ANSWER to GUEST_MEASUREMENT: what the caller has to do
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
    ensures range: \result.effect <= GUEST_MEASUREMENT;
    ensures hidden: vm.protected != 0 ==> \result.effect != GUEST_HOST;
    ensures target: \result.effect == GUEST_CPU_ON ==> \result.arg1 < VCPUS_MAX &&
      can_power_on(power.state[\result.arg1]) && \result.arg2 < GUEST_IPA_END && \result.arg2 % 4 == 0;
    ensures page: gc_of_memory(\result.effect) ==> vm.protected != 0 && \result.arg1 < GUEST_IPA_END &&
      \result.arg1 % GUEST_GRANULE == 0;
    ensures half: \result.effect == GUEST_MEASUREMENT ==> vm.protected != 0 && \result.arg1 <= 1;
*/
struct guest_answer guest_call(struct guest_kind vm, struct guest_power power, struct guest_call call);

#endif
