/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System registers of a guest against the vectors that the generator read off the specification without the table, and
 * every key of 16 bits.
 */
#include <string.h>
#include <unistd.h>

#include "guest_sysreg.h"
#include "machine.h"
#include "sysreg.h"
#include <vectors/guest_sysreg_vectors.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEYS 0x10000u

static struct guest_features features(u32 on)
{
	struct guest_features f;

	memset(&f, on ? 1 : 0, sizeof(f));
	return f;
}

static u32 key_of(u32 op0, u32 op1, u32 crn, u32 crm, u32 op2)
{
	return op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

static u32 is_listed(u32 key)
{
	u64 i;

	for (i = 0; i < COUNT(guest_sysreg_vectors); i++) {
		if (guest_sysreg_vectors[i].key == key) {
			return 1;
		}
	}
	return 0;
}

static void test_answers(void **state)
{
	u64 i;

	(void)state;
	for (i = 0; i < COUNT(guest_sysreg_vectors); i++) {
		const struct guest_sysreg_vector *v = &guest_sysreg_vectors[i];
		struct sysreg_answer answer = sysreg_access(features(v->on), v->key, v->write, v->given);

		if (answer.kind != v->kind || answer.slot != v->slot || answer.value != v->value) {
			fail_msg("%s on %u write %u given %lx: kind %u slot %u value %lx", v->name, v->on, v->write,
				 v->given, answer.kind, answer.slot, answer.value);
		}
	}
}

/* Found is what is listed, where its key stands; what is not is undefined, read or written. */
static void test_every_key(void **state)
{
	u32 key, found = 0;

	(void)state;
	for (key = 0; key < KEYS; key++) {
		u32 i = sysreg_find(key);

		if (is_listed(key)) {
			assert_true(i < GUEST_SYSREGS);
			assert_int_equal(guest_sysreg_key[i], key);
			found++;
			continue;
		}
		assert_int_equal(i, SYSREG_NONE);
		for (i = 0; i < 2; i++) {
			struct sysreg_answer answer = sysreg_access(features(1), key, i, ~0ul);

			assert_int_equal(answer.kind, SYSREG_UNDEFINED);
			assert_int_equal(answer.slot, 0);
			assert_int_equal(answer.value, 0);
		}
	}
	assert_int_equal(found, GUEST_SYSREGS);
}

/* The ends of the search, and what no instruction can name. */
static void test_search_ends(void **state)
{
	(void)state;
	assert_int_equal(sysreg_find(guest_sysreg_key[0]), 0);
	assert_int_equal(sysreg_find(guest_sysreg_key[0] - 1), SYSREG_NONE);
	assert_int_equal(sysreg_find(guest_sysreg_key[GUEST_SYSREGS - 1]), GUEST_SYSREGS - 1);
	assert_int_equal(sysreg_find(guest_sysreg_key[GUEST_SYSREGS - 1] + 1), SYSREG_NONE);
	assert_int_equal(sysreg_find(0), SYSREG_NONE);
	assert_int_equal(sysreg_find(KEYS | guest_sysreg_key[0]), SYSREG_NONE);
	assert_int_equal(sysreg_find(~0u), SYSREG_NONE);
}

/* A read of an ID register where the machine has @given. */
static u64 id(u32 on, u32 crm, u32 op2, u64 given)
{
	struct sysreg_answer answer = sysreg_access(features(on), key_of(3, 0, 0, crm, op2), 0, given);

	assert_int_equal(answer.kind, SYSREG_VALUE);
	return answer.value;
}

/* All 56 can be read and none be written; what nobody speaks of is zero, whatever the machine has. */
static void test_id_space(void **state)
{
	u32 crm, op2, shown = 0;

	(void)state;
	for (crm = 1; crm < 8; crm++) {
		for (op2 = 0; op2 < 8; op2++) {
			u64 value = id(1, crm, op2, ~0ul);
			u32 write = sysreg_access(features(1), key_of(3, 0, 0, crm, op2), 1, ~0ul).kind;

			assert_int_equal(write, SYSREG_UNDEFINED);
			if (crm < 4) {
				assert_int_equal(value, 0);
			}
			shown += value != 0;
		}
	}
	assert_int_equal(shown, 11);
}

/* By hand, of what matters most: see the Arm ARM, D24.2. */
static void test_id_fields(void **state)
{
	(void)state;
	/* PFR0 of a CPU with everything: GICv3, DIT, CSV2 1; SVE; no EL2, EL3, RAS, SEL2, MPAM, AMU, RME */
	assert_int_equal(id(1, 4, 0, 0x1311121123113322), 0x1101000101110011);
	/* without GICv3, FP or SIMD */
	assert_int_equal(id(0, 4, 0, 0x1111111101ff1111), 0x1101000000ff0011);
	/* PFR1: BTI, SSBS; no MTE, RAS_frac, MPAM_frac, SME, NMI, GCS */
	assert_int_equal(id(1, 4, 1, 0xfffffffffffffffful), 0x0000000100000021);
	/* SVE features of a VM that has it; SME and FP8 features: none */
	assert_int_equal(id(1, 4, 4, 0x0110110100110021), 0x0110110100110021);
	assert_int_equal(id(0, 4, 4, ~0ul) | id(1, 4, 5, ~0ul) | id(1, 4, 7, ~0ul), 0);
	/* DFR0: breakpoints, watchpoints and those with a context as the machine has them, and nothing else of it */
	assert_int_equal(id(1, 5, 0, 0), 0x000000f000000006);
	assert_int_equal(id(1, 5, 0, 0x10305408), 0x000000f010305006);
	assert_int_equal(id(1, 5, 0, ~0ul), 0x000000f0f0f0f006);
	/* keys of pointer authentication in ISAR1 and ISAR2 only where the VM has them */
	assert_int_equal(id(1, 6, 1, 0x11000050), 0x01000050 | 0x10000000);
	assert_int_equal(id(0, 6, 1, 0x110005f0), 0);
	assert_int_equal(id(0, 6, 2, 0x0f00ff00), 0);
	/* MMFR0: 52-bit machines show 48; 4 KiB and 64 KiB granules are there or not there, without LPA2 */
	assert_int_equal(id(1, 7, 0, 0x0000022210200126), 0x0000000000100125);
	assert_int_equal(id(1, 7, 0, 0x00000000ff000000), 0x00000000ff000000);
	/* no E2H, VMID, nested virtualization or stage 2 of its own */
	assert_int_equal(id(1, 7, 1, 0x0000000040000f20 | 0xf0), 0);
	assert_int_equal(id(1, 7, 2, 0x0000010002000000), 0);
}

/* All that a guest is shown of a machine that has 7 in each field, and what is the same on every machine. */
static void test_shown_by_hand(void **state)
{
	static const struct {
		u32 crm;
		u32 op2;
		u64 value;
	} shown[] = {
		{ 4, 0, 0x7101000101110011 },
		{ 4, 1, 0x0000000100000021 },
		{ 4, 4, 0x0110110101110032 },
		{ 5, 0, 0x000000f070707006 },
		{ 6, 0, 0x1221111110312120 },
		{ 6, 1, 0x0111221111311552 },
		{ 6, 2, 0x0121110011105112 },
		{ 6, 3, 0x0000000011010010 },
		{ 7, 0, 0x0000100000110125 },
		{ 7, 1, 0x7111103007302002 },
		{ 7, 2, 0x1021007110710111 },
	};
	u64 i;

	(void)state;
	for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		assert_int_equal(id(1, shown[i].crm, shown[i].op2, 0x7777777777777777), shown[i].value);
	}
	/* DBGCLAIMSET_EL1: eight tags (Arm ARM, D24.3) */
	assert_int_equal(sysreg_access(features(1), key_of(2, 0, 7, 8, 6), 0, 0).value, 0xff);
	/* AIDR_EL1 */
	assert_int_equal(sysreg_access(features(1), key_of(3, 1, 0, 0, 7), 0, ~0ul).kind, SYSREG_VALUE);
	assert_int_equal(sysreg_access(features(1), key_of(3, 1, 0, 0, 7), 0, ~0ul).value, 0);
}

static void test_keys(void **state)
{
	(void)state;
	/* MRS x3, ID_AA64PFR0_EL1: op0 3, op1 0, CRn 0, CRm 4, op2 0, Rt 3, read */
	assert_int_equal(sysreg_key(3u << 20 | 3u << 5 | 4u << 1 | 1u), key_of(3, 0, 0, 4, 0));
	/* MSR CNTP_CTL_EL0, x31, with EC, IL and bits above */
	assert_int_equal(sysreg_key(0xffff000062000000ul | 3u << 20 | 1u << 17 | 3u << 14 | 14u << 10 | 31u << 5 | 4u),
			 key_of(3, 3, 14, 2, 1));
	assert_int_equal(sysreg_key(~0ul), 0xffff);
	assert_int_equal(sysreg_key(0xfffffffffc0003e1ul), 0);
}

/* ESR_EL2 of an access (D24.2, EC 0x18) */
static u64 syndrome(u32 key, u32 rt, u32 write)
{
	return 0x62000000ul | (u64)(key >> 14) << 20 | (u64)(key & 7) << 17 | (u64)(key >> 11 & 7) << 14 |
	       (u64)(key >> 7 & 15) << 10 | (u64)rt << 5 | (u64)(key >> 3 & 15) << 1 | (write ? 0 : 1);
}

static void set_ids(u64 value)
{
	u32 i;

	for (i = 0; i < MACHINE_IDS; i++) {
		machine.ids[i] = value;
	}
	machine_ids_setup();
}

/* What is to be done, from the vector's own words. */
static u32 expected(const struct guest_sysreg_vector *v, u32 rt)
{
	switch (v->kind) {
	case SYSREG_UNDEFINED:
		return ACCESS_UNDEFINED;
	case SYSREG_IGNORED:
		return ACCESS_SKIP;
	case SYSREG_HOST:
		return ACCESS_HOST;
	case SYSREG_SLOT:
		return v->write ? ACCESS_WRITE : rt == 31 ? ACCESS_SKIP : ACCESS_READ;
	default:
		return rt == 31 ? ACCESS_SKIP : ACCESS_VALUE;
	}
}

/* Every vector as a trap, by a general register and by the zero register. */
static void test_traps(void **state)
{
	static const u32 registers[] = { 0, 17, 30, 31 };
	u64 i, k;

	(void)state;
	for (i = 0; i < COUNT(guest_sysreg_vectors); i++) {
		const struct guest_sysreg_vector *v = &guest_sysreg_vectors[i];

		set_ids(v->given);
		for (k = 0; k < COUNT(registers); k++) {
			u32 rt = registers[k];
			u32 kind = expected(v, rt);
			u64 value = v->write && rt == 31 ? 0 : v->value;
			u64 esr = syndrome(v->key, rt, v->write);
			struct guest_access a = guest_sysreg(features(v->on), esr, v->write ? v->given : ~0ul);

			if (a.kind != kind || a.rt != rt || a.write != v->write) {
				fail_msg("%s on %u write %u rt %u: kind %u", v->name, v->on, v->write, rt, a.kind);
			}
			if (kind == ACCESS_READ || kind == ACCESS_WRITE) {
				assert_int_equal(a.slot, v->slot);
			}
			assert_int_equal(a.value, kind == ACCESS_SKIP ? 0 : value);
		}
	}
}

/* Each register of the machine is read where it stands, and from what was read at setup. */
static void test_machine_ids(void **state)
{
	u32 i;

	(void)state;
	assert_int_equal(COUNT(machine_id_keys), MACHINE_IDS);
	for (i = 0; i < MACHINE_IDS; i++) {
		struct guest_access a;

		set_ids(0);
		machine.ids[i] = 0xffffffffffffffff;
		assert_int_equal(sysreg_machine(machine_id_keys[i]), i);
		assert_int_equal(machine_ids_same(), i == MACHINE_MIDR_EL1);
		a = guest_sysreg(features(1), syndrome(machine_id_keys[i], 3, 0), 0);
		assert_int_equal(a.value, sysreg_access(features(1), machine_id_keys[i], 0, 0).value);
		machine_ids_setup();
		assert_int_equal(machine_ids_same(), 1);
		a = guest_sysreg(features(1), syndrome(machine_id_keys[i], 3, 0), 0);
		assert_int_equal(a.kind, ACCESS_VALUE);
		assert_int_equal(a.value, sysreg_access(features(1), machine_id_keys[i], 0, ~0ul).value);
	}
	assert_int_equal(sysreg_machine(0), 0);
}

/* By hand: MSR TPIDR_EL1, XZR; MRS X2, CTR_EL0; MSR CNTP_CVAL_EL0, X30; DC CISW, X1; MRS X0, S3_7_C15_C15_7. */
static void test_trap_words(void **state)
{
	struct guest_access a = guest_sysreg(features(1), syndrome(key_of(3, 0, 13, 0, 4), 31, 1), 0x1234);

	(void)state;
	assert_int_equal(a.kind, ACCESS_WRITE);
	assert_int_equal(a.slot, GUEST_SLOT_TPIDR_EL1);
	assert_int_equal(a.value, 0);
	set_ids(0x8444c004);
	a = guest_sysreg(features(1), 0x62300000ul | 1ul << 17 | 3ul << 14 | 2ul << 5 | 1, 0);
	assert_int_equal(a.kind, ACCESS_VALUE);
	assert_int_equal(a.rt, 2);
	assert_int_equal(a.value, 0x8444c004);
	a = guest_sysreg(features(1), syndrome(key_of(3, 3, 14, 2, 2), 30, 1), 0x55);
	assert_int_equal(a.kind, ACCESS_HOST);
	assert_int_equal(a.value, 0x55);
	a = guest_sysreg(features(1), syndrome(key_of(1, 0, 7, 14, 2), 1, 1), 0x55);
	assert_int_equal(a.kind, ACCESS_SKIP);
	a = guest_sysreg(features(1), syndrome(key_of(3, 7, 15, 15, 7), 0, 0), 0);
	assert_int_equal(a.kind, ACCESS_UNDEFINED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_search_ends),
		cmocka_unit_test(test_id_space),
		cmocka_unit_test(test_id_fields),
		cmocka_unit_test(test_shown_by_hand),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_traps),
		cmocka_unit_test(test_machine_ids),
		cmocka_unit_test(test_trap_words),
	};

	alarm(100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
