/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch: a CPU runs the vCPU that it has loaded (docs/vm.md).
 */
#ifndef HYP_RUN_H
#define HYP_RUN_H

#include <gen/hypercalls.h>
#include "exit.h"
#include "gic.h"
#include "vectors.h"
#include "types.h"
#include "../../annotations/entry.h"

/* What a call finds and leaves in x2 to x9: as many words, at these places. */
#define REST 8
#define REST_LISTS_IN 2u  /* list registers of VCPU_RUN: x4 to x7 */
#define REST_LISTS_OUT 4u /* and x6 to x9 */

/* It is none of these. */
#define APART_FROM_GUESTS(rest) \separated((rest) + (0 .. REST - 1), cpu_guest + (0 .. CPUS_MAX - 1), \
	cpu_host + (0 .. CPUS_MAX - 1), el1 + (0 .. CTX_SWITCHED_END - 1), &at_guest, &esr_el2, &far_el2, &hpfar_el2, \
	fp + (0 .. CTX_FP_END - 1), sve_words + (0 .. CTX_SVE_END - 1), &zcr_el1, &sve_lengths, &machine_sve, \
	&fp_guest, &fp_open, gic + (0 .. CTX_GIC_END - 1), &gic_guest, \
	keys + (0 .. CTX_KEYS_END - 1), &keys_guest, &keys_open, point + (0 .. CTX_DEBUG_END - 1), \
	point_there + (0 .. CTX_DEBUG_END - 1), &point_guest, \
	machine_ids + (0 .. MACHINE_IDS - 1), machine_id + (0 .. MACHINE_IDS - 1))

/**
 * vcpu_run() - VCPU_RUN with @flags: the exit, with what belongs to it in @rest, or HYP_EINVAL, HYP_ENOENT, HYP_EPERM
 *
 * @value answers the last exit when RUN_ANSWERED is among the flags. Takes LOCK_MM.
 */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    requires host: at_guest == 0;
    requires fp: fp_guest == 0 && gic_guest == 0 && keys_guest == 0 && point_guest == 0;
    requires rest: \valid(rest + (0 .. REST - 1)) && APART_FROM_GUESTS(rest);
    terminates \true; exits \false;
    assigns LOCKED_STATE, GUEST_STATE, rest[0 .. REST - 1];
    ensures unlocked: no_locks{Here};
    ensures result: \result == HYP_EINVAL || \result == HYP_ENOENT || \result == HYP_EPERM ||
      0 <= \result <= EXIT_MAX;
    ensures argument: flags > RUN_FLAGS ==> \result == HYP_EINVAL;
    // EL1 and EL2 are the host's again
    ensures host: at_guest == 0 && same_el1{Pre,Here};
    ensures fp: fp_guest == 0 && same_fp{Pre,Here};
    // and so is the GIC
    ensures gic: gic_guest == 0;
    ensures keys: keys_guest == 0 && same_keys{Pre,Here};
    ensures points: point_guest == 0 && same_points{Pre,Here};
    ensures lists: \result >= 0 && flags / RUN_GIC % 2 == 1 ==> lists_allowed{Pre}(rest + REST_LISTS_IN);
    ensures refused: \result < 0 ==> \forall integer k; 0 <= k < REST ==> rest[k] == \old(rest[k]);
    ensures row: \result >= 0 ==> \exists integer c; 0 <= c < CPUS_MAX &&
      told{Here}(c, \result, rest[0], rest[1], rest[2], rest[3]);
    // a guest runs where it finds what it was shown
    ensures alike: \result >= 0 ==> \forall integer i; 0 <= i < MACHINE_IDS && i != MACHINE_MIDR_EL1 ==>
      machine_ids[i] == machine_id[i];
*/
s64 vcpu_run(u64 flags, u64 value, u64 *rest);

/** vcpu_power() - VCPU_POWER: 0, HYP_EINVAL, HYP_ENOENT, HYP_EPERM. Takes LOCK_MM. */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    terminates \true; exits \false; assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_ENOENT || \result == HYP_EPERM;
    ensures argument: on > 1 ==> \result == HYP_EINVAL;
    // of what the CPU has loaded, as it was when the lock was let go
    ensures none: on <= 1 && (\forall integer p; 0 <= p < CPUS_MAX ==> cpu_vm[p].loaded == 0) ==>
      \result == HYP_ENOENT;
    ensures protected: \result == 0 && on == 0 ==> \exists integer p; 0 <= p < CPUS_MAX &&
      cpu_vm[p].loaded != 0 && vms[cpu_vm[p].vm].protected == 0;
*/
s64 vcpu_power(u64 on);

/** vcpu_register() - VCPU_GET_REG and VCPU_SET_REG: 0, HYP_EINVAL, HYP_ENOENT, HYP_EPERM. */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    requires rest: \valid(rest + (0 .. REST - 1)) && APART_FROM_GUESTS(rest);
    terminates \true; exits \false;
    assigns LOCKED_STATE, cpu_guest[0 .. CPUS_MAX - 1], rest[0];
    ensures unlocked: no_locks{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_ENOENT || \result == HYP_EPERM;
    ensures word: word >= CTX_NAMED_END && !(CTX_SVE_FIRST <= word < CTX_SVE_END) ==> \result == HYP_EINVAL;
    ensures refused: \result < 0 || call == VCPU_SET_REG ==> rest[0] == \old(rest[0]);
*/
s64 vcpu_register(u64 call, u64 word, u64 value, u64 *rest);

#endif
