/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest_sysreg.h"
#include "arch.h"

#define ZERO_REGISTER 31u

u64 machine_ids[MACHINE_IDS];

void machine_ids_setup(void)
{
	u32 i;

	/*@ loop invariant range: 0 <= i <= MACHINE_IDS;
	    loop invariant read: \forall integer k; 0 <= k < i ==> machine_ids[k] == machine_id[k];
	    loop assigns i, machine_ids[0 .. MACHINE_IDS - 1];
	    loop variant MACHINE_IDS - i;
	*/
	for (i = 0; i < MACHINE_IDS; i++) {
		machine_ids[i] = machine_id_read(i);
	}
}

u32 machine_ids_same(void)
{
	u32 i;

	/*@ loop invariant range: 0 <= i <= MACHINE_IDS;
	    loop invariant same: \forall integer k; 0 <= k < i && k != MACHINE_MIDR_EL1 ==>
	      machine_ids[k] == machine_id[k];
	    loop assigns i;
	    loop variant MACHINE_IDS - i;
	*/
	for (i = 0; i < MACHINE_IDS; i++) {
		if (i != MACHINE_MIDR_EL1 && machine_ids[i] != machine_id_read(i)) {
			return 0;
		}
	}
	return 1;
}

/* What is to be done where the table's answer is @found. */
/*@ requires found: found <= SYSREG_HOST;
    requires write: write != 0 ==> found != SYSREG_VALUE;
    requires read: write == 0 ==> found != SYSREG_IGNORED;
    terminates \true; exits \false; assigns \nothing;
    ensures kind: \result == access_kind(found, write, rt);
*/
static u32 what_to_do(u32 found, u32 write, u32 rt)
{
	switch (found) {
	case SYSREG_UNDEFINED:
		return ACCESS_UNDEFINED;
	case SYSREG_IGNORED:
		return ACCESS_SKIP;
	case SYSREG_HOST:
		return ACCESS_HOST;
	default:
		break;
	}
	if (write != 0) {
		return ACCESS_WRITE;
	}
	if (rt == ZERO_REGISTER) {
		return ACCESS_SKIP;
	}
	return found == SYSREG_SLOT ? ACCESS_READ : ACCESS_VALUE;
}

struct guest_access guest_sysreg(struct guest_features f, u64 esr, u64 rt)
{
	struct guest_access access;
	u32 key = sysreg_key(esr);
	struct sysreg_answer answer;
	u64 given;

	access.write = esr_el2_sys_read(esr) == 0 ? 1 : 0;
	access.rt = (u32)esr_el2_sys_rt(esr);
	if (access.write == 0) {
		given = machine_ids[sysreg_machine(key)];
	} else {
		given = access.rt == ZERO_REGISTER ? 0 : rt;
	}
	answer = sysreg_access(f, key, access.write, given);
	access.kind = what_to_do(answer.kind, access.write, access.rt);
	access.slot = answer.slot;
	access.value = access.kind == ACCESS_SKIP ? 0 : answer.value;
	return access;
}
