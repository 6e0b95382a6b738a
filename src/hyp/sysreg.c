/* SPDX-License-Identifier: BSD-2-Clause */
#include "sysreg_table.h"

/*
 * The facts of the generated arrays, as sysreg_table.c shows them.
 */

/*@ ghost
    /@ terminates \true; exits \false; assigns \nothing;
       ensures first: keys_up{Here}(1, GUEST_SYSREGS / 4);
       ensures second: keys_up{Here}(GUEST_SYSREGS / 4, GUEST_SYSREGS / 2);
       ensures third: keys_up{Here}(GUEST_SYSREGS / 2, 3 * (GUEST_SYSREGS / 4));
       ensures last: keys_up{Here}(3 * (GUEST_SYSREGS / 4), GUEST_SYSREGS);
    @/
    static void keys_ascend(void)
    {
      table_keys();
    }

    /@ terminates \true; exits \false; assigns \nothing;
       ensures below: \forall integer a; 0 <= a < m && m < GUEST_SYSREGS ==> guest_sysreg_key[a] < guest_sysreg_key[m];
       ensures above: \forall integer a; 0 <= m < a && a < GUEST_SYSREGS ==> guest_sysreg_key[m] < guest_sysreg_key[a];
    @/
    static void keys_sorted(u32 m)
    {
      u32 b;

      keys_ascend();
      /@ loop invariant range: 1 <= b <= GUEST_SYSREGS;
         loop invariant sorted: \forall integer a, c; 0 <= a < c < b ==> guest_sysreg_key[a] < guest_sysreg_key[c];
         loop assigns b;
         loop variant GUEST_SYSREGS - b;
      @/
      for (b = 1; b < GUEST_SYSREGS; b++) {
        /@ assert next: guest_sysreg_key[b - 1] < guest_sysreg_key[b]; @/
      }
    }

    /@ terminates \true; exits \false; assigns \nothing;
       ensures first: entries_in{Here}(0, GUEST_SYSREGS / 4);
       ensures second: entries_in{Here}(GUEST_SYSREGS / 4, GUEST_SYSREGS / 2);
       ensures third: entries_in{Here}(GUEST_SYSREGS / 2, 3 * (GUEST_SYSREGS / 4));
       ensures last: entries_in{Here}(3 * (GUEST_SYSREGS / 4), GUEST_SYSREGS);
    @/
    static void entries_fit(void)
    {
      table_entries();
    }
*/

/* Field @i of @reg. */
/*@ requires field: i < GUEST_FIELDS;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == id_field(reg, i);
    ensures range: \result < 16;
*/
static u64 field(u64 reg, u32 i)
{
	u64 rest = reg;
	u32 above;

	/*@ loop invariant range: 0 <= above <= i;
	    loop invariant same: id_field(rest, i - above) == id_field(reg, i);
	    loop assigns above, rest;
	    loop variant i - above;
	*/
	for (above = 0; above < i; above++) {
		rest = rest / 16u;
	}
	return rest % 16u;
}

/* 1 when a VM has feature @n. */
/*@ requires feature: n < GUEST_FEATURES;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == feature_on(f, n);
*/
static u32 has_feature(struct guest_features f, u32 n)
{
	return n == GUEST_ALWAYS || f.on[n] != 0 ? 1 : 0;
}

/* What a guest sees of a field by rule @r, where the machine has @given. */
/*@ requires rule: r < GUEST_RULES;
    requires given: given < 16;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == id_rule{Pre}(f, r, given);
    ensures range: \result < 16;
*/
static u64 show(struct guest_features f, u32 r, u64 given)
{
	u64 value = guest_rules[r].value;

	//@ ghost table_rules();
	//@ assert feature: guest_rules[r].feature < GUEST_FEATURES;
	//@ assert value: guest_rules[r].value < 16;
	if (!has_feature(f, guest_rules[r].feature)) {
		return 0;
	}
	switch (guest_rules[r].kind) {
	case GUEST_RULE_ALLOW:
		return given;
	case GUEST_RULE_LIMIT:
		return given < value ? given : value;
	case GUEST_RULE_LIMIT_SIGNED:
		return given >= 8 || given < value ? given : value;
	default:
		return value;
	}
}

/* @value with one more field, the lowest. */
/*@ requires value: value <= 0xfffffffffffffff;
    requires shown: shown < 16;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == 16 * value + shown;
    ensures low: id_field(\result, 0) == shown;
    ensures next: \forall integer k; 1 <= k < GUEST_FIELDS ==> id_field(\result, k) == id_field(value, k - 1);
*/
static u64 append(u64 value, u64 shown)
{
	//@ assert rest: (16 * value + shown) / 16 == value;
	return value * 16u + shown;
}

u32 sysreg_key(u64 esr)
{
	u64 key = esr_el2_sys_op0(esr) * 0x4000u + esr_el2_sys_op1(esr) * 0x800u + esr_el2_sys_crn(esr) * 0x80u +
		esr_el2_sys_crm(esr) * 8u + esr_el2_sys_op2(esr);

	return (u32)key;
}

u32 sysreg_find(u32 key)
{
	u32 low = 0;
	u32 high = GUEST_SYSREGS;

	/*@ loop invariant range: low <= high <= GUEST_SYSREGS;
	    loop invariant below: \forall integer a; 0 <= a < low ==> guest_sysreg_key[a] < key;
	    loop invariant above: \forall integer a; high <= a < GUEST_SYSREGS ==> key < guest_sysreg_key[a];
	    loop assigns low, high;
	    loop variant high - low;
	*/
	while (low < high) {
		u32 middle = low + (high - low) / 2u;
		//@ ghost keys_sorted(middle);

		if (guest_sysreg_key[middle] == key) {
			return middle;
		}
		if (guest_sysreg_key[middle] < key) {
			low = middle + 1u;
		} else {
			high = middle;
		}
	}
	return SYSREG_NONE;
}

u32 sysreg_machine(u32 key)
{
	u32 i = sysreg_find(key);

	if (i == SYSREG_NONE) {
		return 0;
	}
	//@ ghost entries_fit();
	//@ assert fits: entry_fits{Here}(i);
	return guest_sysregs[i].machine;
}

/*
 * An ID register as a VM with @f sees it (Arm ARM D24.1.3: fields, and which are signed), by GUEST_FIELDS rules from
 * @first on, where all CPUs of the machine have @given.
 */
/*@ requires rules: first <= GUEST_RULES - GUEST_FIELDS;
    terminates \true; exits \false; assigns \nothing;
    ensures fields: \forall integer i; 0 <= i < GUEST_FIELDS ==>
      id_field(\result, i) == id_rule{Pre}(f, first + i, id_field(given, i));
*/
static u64 sysreg_clamp(struct guest_features f, u32 first, u64 given)
{
	u64 value = 0;
	u32 i = GUEST_FIELDS;

	/* From the highest field on, each below those that are there. */
	/*@ loop invariant range: 0 <= i <= GUEST_FIELDS;
	    loop invariant end: 0 <= value < id_end(GUEST_FIELDS - i);
	    loop invariant fields: \forall integer k; i <= k < GUEST_FIELDS ==>
	      id_field(value, k - i) == id_rule{Pre}(f, first + k, id_field(given, k));
	    loop assigns i, value;
	    loop variant i;
	*/
	while (i > 0) {
		i--;
		value = append(value, show(f, first + i, field(given, i)));
	}
	return value;
}

struct sysreg_answer sysreg_access(struct guest_features f, u32 key, u32 write, u64 given)
{
	struct sysreg_answer answer = { SYSREG_UNDEFINED, 0, 0 };
	u32 i = sysreg_find(key);

	if (i == SYSREG_NONE) {
		return answer;
	}
	//@ ghost entries_fit();
	//@ assert fits: entry_fits{Here}(i);
	if (!has_feature(f, guest_sysregs[i].feature)) {
		return answer;
	}
	answer.kind = write != 0 ? guest_sysregs[i].write : guest_sysregs[i].read;
	switch (answer.kind) {
	case SYSREG_SLOT:
		answer.slot = guest_sysregs[i].index;
		answer.value = write != 0 ? given : 0;
		break;
	case SYSREG_HOST:
		answer.value = write != 0 ? given : 0;
		break;
	case SYSREG_VALUE:
		answer.value = guest_sysregs[i].value;
		break;
	case SYSREG_MACHINE:
		answer.kind = SYSREG_VALUE;
		answer.value = given;
		break;
	case SYSREG_CLAMPED:
		answer.kind = SYSREG_VALUE;
		answer.value = sysreg_clamp(f, guest_sysregs[i].index, given);
		break;
	default:
		break;
	}
	return answer;
}
