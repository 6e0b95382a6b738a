/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's access to a system register that was trapped: what is to be done about it.
 */
#ifndef HYP_GUEST_SYSREG_H
#define HYP_GUEST_SYSREG_H

#include "sysreg.h"

/* What is to be done. All but ACCESS_UNDEFINED and ACCESS_HOST go on with the next instruction when it is. */
#define ACCESS_UNDEFINED 0u /* the guest takes an undefined instruction */
#define ACCESS_SKIP 1u	    /* nothing */
#define ACCESS_VALUE 2u	    /* put the value into the general register */
#define ACCESS_READ 3u	    /* put the slot into the general register */
#define ACCESS_WRITE 4u	    /* put the value into the slot */
#define ACCESS_HOST 5u	    /* ask the host: it gets the value that is written, or gives the one that is read */

/**
 * struct guest_access - what is to be done about an access
 * @kind: ACCESS_UNDEFINED to ACCESS_HOST
 * @write: 1 for a write
 * @rt: the general register; 31 is the zero register, which only ACCESS_HOST has
 * @slot: the slot of the vCPU's context, for ACCESS_READ and ACCESS_WRITE
 * @value: for ACCESS_VALUE and ACCESS_WRITE; for ACCESS_HOST what is written
 */
struct guest_access {
	u32 kind;
	u32 write;
	u32 rt;
	u32 slot;
	u64 value;
};

/* The registers of the machine that a guest sees something of, as the boot CPU has them. */
extern u64 machine_ids[MACHINE_IDS];

/*@ ghost extern u64 machine_id[MACHINE_IDS]; // this CPU's own */

#include "../../annotations/guest_sysreg.h"

/** machine_ids_setup() - read the machine's registers, on the boot CPU and before a guest runs. */
/*@ terminates \true; exits \false;
    assigns machine_ids[0 .. MACHINE_IDS - 1];
    ensures read: \forall integer i; 0 <= i < MACHINE_IDS ==> machine_ids[i] == machine_id[i];
*/
void machine_ids_setup(void);

/**
 * machine_ids_same() - whether this CPU has what a guest is shown
 *
 * Return: 1 when all of its registers but MIDR_EL1 are those of the boot CPU; a guest must not run on another.
 */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures same: \result != 0 <==> \forall integer i; 0 <= i < MACHINE_IDS && i != MACHINE_MIDR_EL1 ==>
      machine_ids[i] == machine_id[i];
    ensures one: \result <= 1;
*/
u32 machine_ids_same(void);

/**
 * guest_sysreg() - what is to be done about an access
 * @f: what the VM has
 * @esr: the syndrome (ESR_EL2, EC 0x18)
 * @rt: the value of the general register that it names, for a write; of register 31, anything
 */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures register: \result.rt == trap_rt(esr) && \result.write == trap_write(esr);
    ensures unlisted: !listed{Here}(trap_key(esr)) ==> \result.kind == ACCESS_UNDEFINED;
    ensures kind: \forall integer i; entry_of{Here}(i, esr) ==>
      \result.kind == access_kind(found_kind{Pre}(f, i, trap_write(esr)), trap_write(esr), trap_rt(esr));
    ensures slot: \forall integer i; entry_of{Here}(i, esr) && of_slot(\result.kind) ==>
      \result.slot == guest_sysregs[i].index;
    ensures slots: \result.slot < GUEST_SLOTS;
    ensures written: trap_write(esr) != 0 && (\result.kind == ACCESS_WRITE || \result.kind == ACCESS_HOST) ==>
      \result.value == trap_value(esr, rt);
    ensures nothing: \result.kind == ACCESS_UNDEFINED || \result.kind == ACCESS_SKIP || \result.kind == ACCESS_READ ||
      (\result.kind == ACCESS_HOST && trap_write(esr) == 0) ==> \result.value == 0;
    ensures zero: trap_rt(esr) == 31 ==> \result.kind != ACCESS_VALUE && \result.kind != ACCESS_READ;
    ensures constant: \forall integer i; entry_of{Here}(i, esr) && \result.kind == ACCESS_VALUE &&
      guest_sysregs[i].read == SYSREG_VALUE ==> \result.value == guest_sysregs[i].value;
    ensures machine: \forall integer i; entry_of{Here}(i, esr) && \result.kind == ACCESS_VALUE &&
      guest_sysregs[i].read == SYSREG_MACHINE ==> \result.value == machine_ids[guest_sysregs[i].machine];
    ensures clamped: \forall integer i, k; entry_of{Here}(i, esr) && \result.kind == ACCESS_VALUE &&
      guest_sysregs[i].read == SYSREG_CLAMPED && 0 <= k < GUEST_FIELDS ==> id_field(\result.value, k) ==
      id_rule{Pre}(f, guest_sysregs[i].index + k, id_field(machine_ids[guest_sysregs[i].machine], k));
*/
struct guest_access guest_sysreg(struct guest_features f, u64 esr, u64 rt);

#endif
