/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest's call comes to: the logic of spec/guest_calls.toml put together, for the registers of a guest.
 */
#ifndef ANNOTATIONS_GUEST_CALL_H
#define ANNOTATIONS_GUEST_CALL_H

/*@ // a status as the 64 bits of a register
    logic integer gc_wrap(integer x) = x < 0 ? 0x10000000000000000 + x : x;

    // the call; whether the VM has it; the power state of the vCPU that its first argument names
    logic integer gc_call(struct guest_call c) = c.imm != 0 ? GC_REFUSED : gc_number(c.id);
    logic integer gc_has(struct guest_kind vm, struct guest_call c) = gc_there(gc_call(c), vm.protected, vm.random);
    logic integer gc_state(struct guest_power p, integer w) = 0 <= w < VCPUS_MAX ? p.state[w] : POWER_ABSENT;

    // why it is refused; 0 when it is not
    logic integer gc_why(struct guest_power p, struct guest_call c) =
      gc_refusal(gc_call(c), gc_word(c.id, c.a1), gc_word(c.id, c.a2), gc_word(c.id, c.a3),
        gc_state(p, gc_word(c.id, c.a1)));

    logic integer gc_passes(struct guest_kind vm, struct guest_power p, struct guest_call c) =
      gc_has(vm, c) != 0 && gc_why(p, c) == 0 ? 1 : 0;

    logic integer gc_does(struct guest_kind vm, struct guest_power p, struct guest_call c) =
      gc_passes(vm, p, c) != 0 ? gc_effect(gc_call(c)) :
      gc_call(c) == GC_UNKNOWN && vm.protected == 0 ? GUEST_HOST : GUEST_ANSWER;

    logic integer gc_first(struct guest_kind vm, struct guest_power p, struct guest_call c) =
      gc_passes(vm, p, c) != 0 ?
        gc_x0(gc_call(c), gc_word(c.id, c.a1), gc_state(p, gc_word(c.id, c.a1)), vm.protected) :
      gc_has(vm, c) != 0 ? gc_why(p, c) :
      gc_call(c) == GC_UNKNOWN && vm.protected == 0 ? 0 : SMCCC_NOT_SUPPORTED;

    logic integer gc_next(struct guest_kind vm, struct guest_power p, struct guest_call c, integer k) =
      gc_passes(vm, p, c) != 0 ? gc_more(gc_call(c), k) : 0;

    predicate gc_of_memory(integer effect) = effect == GUEST_SHARE || effect == GUEST_UNSHARE ||
      effect == GUEST_RELINQUISH || effect == GUEST_MMIO;
*/

#endif
