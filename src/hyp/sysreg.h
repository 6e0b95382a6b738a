/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers of a guest: what an access finds (spec/guest_sysregs.toml).
 *
 * Pure functions. Who calls them reads the machine's register, keeps the vCPU's context, injects what is undefined and
 * leaves to the host.
 */
#ifndef HYP_SYSREG_H
#define HYP_SYSREG_H

#include <gen/guest_sysregs.h>
#include <gen/sysregs.h>

#include "types.h"

/**
 * struct guest_features - what a VM has
 * @on: not 0 for each feature that it has; GUEST_ALWAYS is there without
 */
struct guest_features {
	u8 on[GUEST_FEATURES];
};

/**
 * struct sysreg_answer - what an access finds
 * @kind: SYSREG_UNDEFINED to SYSREG_HOST
 * @slot: the slot of the vCPU's context, for SYSREG_SLOT
 * @value: what a read gives, for SYSREG_VALUE; what a write puts, for SYSREG_SLOT and SYSREG_HOST
 */
struct sysreg_answer {
	u32 kind;
	u32 slot;
	u64 value;
};

#define SYSREG_NONE GUEST_SYSREGS

#include "../../annotations/sysreg.h"

/** sysreg_key() - the key of the register that a trap with syndrome @esr is about (Arm ARM D24.2, ESR_EL2, EC 0x18) */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == trap_key(esr);
*/
u32 sysreg_key(u64 esr);

/** sysreg_find() - the entry with key @key. Return: its index, or SYSREG_NONE. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures range: \result <= SYSREG_NONE;
    ensures found: \result != SYSREG_NONE <==> listed{Here}(key);
    ensures key: \result != SYSREG_NONE ==> guest_sysreg_key[\result] == key;
    ensures only: \forall integer i; 0 <= i < GUEST_SYSREGS && guest_sysreg_key[i] == key ==> i == \result;
*/
u32 sysreg_find(u32 key);

/** sysreg_machine() - the number of the machine's register that a read of register @key depends on, where it does */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures range: \result < MACHINE_IDS;
    ensures value: \forall integer i; 0 <= i < GUEST_SYSREGS && guest_sysreg_key[i] == key ==>
      \result == guest_sysregs[i].machine;
*/
u32 sysreg_machine(u32 key);

/**
 * sysreg_access() - what a guest's access finds
 * @f: what the VM has
 * @key: the register
 * @write: 0 for a read
 * @given: what is written; for a read, what the machine's own register holds
 */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures unlisted: !listed{Here}(key) ==>
      \result.kind == SYSREG_UNDEFINED && \result.slot == 0 && \result.value == 0;
    ensures kind: \forall integer i; 0 <= i < GUEST_SYSREGS && guest_sysreg_key[i] == key ==>
      \result.kind == found_kind{Pre}(f, i, write);
    ensures kinds: \result.kind <= SYSREG_HOST;
    ensures slot: \forall integer i; 0 <= i < GUEST_SYSREGS && guest_sysreg_key[i] == key ==>
      \result.slot == (\result.kind == SYSREG_SLOT ? guest_sysregs[i].index : 0);
    ensures slots: \result.slot < GUEST_SLOTS;
    ensures written: write != 0 ==> \result.kind != SYSREG_VALUE &&
      \result.value == (\result.kind == SYSREG_SLOT || \result.kind == SYSREG_HOST ? given : 0);
    ensures no_value: write == 0 && \result.kind != SYSREG_VALUE ==>
      \result.value == 0 && \result.kind != SYSREG_IGNORED;
    ensures constant: \forall integer i; 0 <= i < GUEST_SYSREGS && guest_sysreg_key[i] == key &&
      \result.kind == SYSREG_VALUE && guest_sysregs[i].read == SYSREG_VALUE ==>
      \result.value == guest_sysregs[i].value;
    ensures machine: \forall integer i; 0 <= i < GUEST_SYSREGS && guest_sysreg_key[i] == key &&
      \result.kind == SYSREG_VALUE && guest_sysregs[i].read == SYSREG_MACHINE ==> \result.value == given;
    ensures clamped: \forall integer i, k; 0 <= i < GUEST_SYSREGS && guest_sysreg_key[i] == key &&
      \result.kind == SYSREG_VALUE && guest_sysregs[i].read == SYSREG_CLAMPED && 0 <= k < GUEST_FIELDS ==>
      id_field(\result.value, k) == id_rule{Pre}(f, guest_sysregs[i].index + k, id_field(given, k));
*/
struct sysreg_answer sysreg_access(struct guest_features f, u32 key, u32 write, u64 given);

#endif
