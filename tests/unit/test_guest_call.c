/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of a guest against the vectors that the generator read off the specification without the logic that contracts
 * use; what a kernel asks for as it boots; power states of vCPUs.
 */
#include <string.h>
#include <unistd.h>

#include "guest_call.h"
#include "machine.h"
#include <vectors/guest_call_vectors.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define STATUS(n) ((u64)(s64)(n))

static const struct guest_kind plain_vm, protected_vm = { 1, 0 };

/* The vCPU that is named is in @state, all others are not there. */
static struct guest_power only(u64 target, u32 state)
{
	struct guest_power power = { { 0 } };

	if (target < VCPUS_MAX) {
		power.state[target] = state;
	}
	return power;
}

static struct guest_answer call(struct guest_kind vm, struct guest_power power, u64 id, u64 a1, u64 a2, u64 a3)
{
	return guest_call(vm, power, (struct guest_call){ id, a1, a2, a3, 0 });
}

static void test_answers(void **state)
{
	u64 i;

	(void)state;
	for (i = 0; i < COUNT(guest_call_vectors); i++) {
		const struct guest_call_vector *v = &guest_call_vectors[i];
		u64 cut = v->id & 0x40000000 ? ~0ul : 0xffffffff;
		struct guest_call c = { v->id, v->args[0], v->args[1], v->args[2], v->imm };
		struct guest_kind vm = { v->protected, v->random };
		struct guest_answer a = guest_call(vm, only(v->args[0] & cut, v->state), c);

		if (a.effect != v->effect || a.x0 != v->x[0] || a.x1 != v->x[1] || a.x2 != v->x[2] || a.x3 != v->x[3]) {
			fail_msg("%lx imm %u (%lx, %lx, %lx) state %u protected %u random %u: effect %u x0 %lx", v->id,
				 v->imm, v->args[0], v->args[1], v->args[2], v->state, v->protected, v->random,
				 a.effect, a.x0);
		}
		assert_int_equal(a.arg1, v->args[0] & cut);
		assert_int_equal(a.arg2, v->args[1] & cut);
		assert_int_equal(a.arg3, v->args[2] & cut);
	}
}

/* An id of one bit more or less than one that is known says nothing but what the table says of it. */
static void test_ids(void **state)
{
	u64 i, bit;

	(void)state;
	for (i = 0; i < COUNT(guest_call_vectors); i++) {
		for (bit = 32; bit < 64; bit++) {
			u64 id = guest_call_vectors[i].id | 1ul << bit;

			assert_int_equal(call(plain_vm, only(0, POWER_ON), id, 0, 0, 0).effect, GUEST_HOST);
			assert_int_equal(call(protected_vm, only(0, POWER_ON), id, 0, 0, 0).effect, GUEST_ANSWER);
		}
	}
}

/* By hand, in the order in which a Linux kernel asks. */
static void test_boot(void **state)
{
	struct guest_power power = only(0, POWER_ON);
	struct guest_answer a;

	(void)state;
	power.state[1] = POWER_OFF;
	assert_int_equal(call(protected_vm, power, PSCI_VERSION, 0, 0, 0).x0, 0x10001);
	assert_int_equal(call(protected_vm, power, PSCI_MIGRATE_INFO_TYPE, 0, 0, 0).x0, 2);
	assert_int_equal(call(protected_vm, power, PSCI_FEATURES, SMCCC_VERSION, 0, 0).x0, 0);
	assert_int_equal(call(protected_vm, power, SMCCC_VERSION, 0, 0, 0).x0, 0x10002);
	assert_int_equal(call(protected_vm, power, PSCI_FEATURES, PSCI_CPU_SUSPEND_64, 0, 0).x0, 0);
	assert_int_equal(call(protected_vm, power, PSCI_FEATURES, PSCI_SYSTEM_SUSPEND_64, 0, 0).x0, STATUS(-1));
	assert_int_equal(call(protected_vm, power, PSCI_FEATURES, 0x84000050, 0, 0).x0, STATUS(-1));
	assert_int_equal(call(protected_vm, power, SMCCC_ARCH_FEATURES, 0x80008000, 0, 0).x0, STATUS(-1));
	assert_int_equal(call(protected_vm, power, SMCCC_ARCH_FEATURES, 0xc5000020, 0, 0).x0, STATUS(-1));
	assert_int_equal(call(protected_vm, power, 0xc5000020, 0xc5000021, 0, 0).x0, STATUS(-1));
	assert_int_equal(call(protected_vm, power, 0x84000050, 0, 0, 0).x0, STATUS(-1));
	assert_int_equal(call((struct guest_kind){ 1, 1 }, power, 0x84000050, 0, 0, 0).x0, 0x10000);
	a = call(protected_vm, power, VENDOR_HYP_UID, 0, 0, 0);
	assert_int_equal(a.x0, 0xb66fb428);
	assert_int_equal(a.x1, 0xe911c52e);
	assert_int_equal(a.x2, 0x564bcaa9);
	assert_int_equal(a.x3, 0x743a004d);
	assert_int_equal(call(protected_vm, power, 0x86000000, 0, 0, 0).x0, 0x29d);
	assert_int_equal(call(plain_vm, power, 0x86000000, 0, 0, 0).x0, 1);
	assert_int_equal(call(protected_vm, power, 0xc6000002, 0, 0, 0).x0, 4096);
	a = call(protected_vm, power, PSCI_CPU_ON_64, 1, 0x80000000, 0x4711);
	assert_int_equal(a.effect, GUEST_CPU_ON);
	assert_int_equal(a.x0, 0);
	assert_int_equal(a.arg1, 1);
	assert_int_equal(a.arg2, 0x80000000);
	assert_int_equal(a.arg3, 0x4711);
	a = call(protected_vm, power, 0xc6000003, 0x80001000, 0, 0);
	assert_int_equal(a.effect, GUEST_SHARE);
	assert_int_equal(a.arg1, 0x80001000);
}

/* CPU_ON: the target first, then the address, then its state (DEN0022, 5.6). */
static void test_cpu_on(void **state)
{
	struct guest_answer a;

	(void)state;
	assert_int_equal(call(plain_vm, only(1, POWER_OFF), PSCI_CPU_ON_64, 2, 0, 0).x0, STATUS(-2));
	assert_int_equal(call(plain_vm, only(1, POWER_ON), PSCI_CPU_ON_64, 8, 2, 0).x0, STATUS(-2));
	assert_int_equal(call(plain_vm, only(1, POWER_ON), PSCI_CPU_ON_64, 1, 2, 0).x0, STATUS(-9));
	assert_int_equal(call(plain_vm, only(1, POWER_ON), PSCI_CPU_ON_64, 1, 1ul << 39, 0).x0, STATUS(-9));
	assert_int_equal(call(plain_vm, only(1, POWER_ON), PSCI_CPU_ON_64, 1, 4, 0).x0, STATUS(-4));
	assert_int_equal(call(plain_vm, only(1, POWER_ON_PENDING), PSCI_CPU_ON_64, 1, 4, 0).x0, STATUS(-5));
	/* Aff1 is not looked at by halves; the SMC32 form sees 32 bits of each */
	assert_int_equal(call(plain_vm, only(1, POWER_OFF), PSCI_CPU_ON_64, 0x101, 4, 0).x0, STATUS(-2));
	assert_int_equal(call(plain_vm, only(1, POWER_OFF), PSCI_CPU_ON_64, 0x100000001, 4, 0).x0, STATUS(-2));
	a = call(plain_vm, only(1, POWER_OFF), PSCI_CPU_ON, 0x100000001, 0xff00000004, ~0ul);
	assert_int_equal(a.effect, GUEST_CPU_ON);
	assert_int_equal(a.arg1, 1);
	assert_int_equal(a.arg2, 4);
	assert_int_equal(a.arg3, 0xffffffff);
}

/* Nothing of a protected VM is for the host to hear but what it is told on purpose; a plain VM has no memory calls. */
static void test_hidden(void **state)
{
	u64 i;

	(void)state;
	for (i = 0; i < 0x10000; i++) {
		assert_int_not_equal(call(protected_vm, only(0, POWER_ON), 0xc6000000 | i, 0, 0, 0).effect, GUEST_HOST);
		assert_int_not_equal(call(protected_vm, only(0, POWER_ON), 0x86000000 | i, 0, 0, 0).effect, GUEST_HOST);
		assert_true(call(plain_vm, only(0, POWER_ON), 0xc6000000 | i, 0, 0, 0).effect <= GUEST_HOST);
	}
}

static s32 turn_on(u32 v, u32 i)
{
	return power_on(v, i, 0x1000ul * (i + 1), 0x77);
}

static s32 operate(const char *name, u32 v, u32 i)
{
	static const struct {
		const char *name;
		s32 (*run)(u32 v, u32 i);
	} table[] = {
		{ "power_add", power_add },	{ "power_on", turn_on },     { "power_enter", power_enter },
		{ "power_off", power_off },	{ "power_start", power_start }, { "power_stop", power_stop },
		{ "power_remove", power_remove },
	};
	u64 k;

	for (k = 0; k < COUNT(table); k++) {
		if (strcmp(table[k].name, name) == 0) {
			return table[k].run(v, i);
		}
	}
	/* of all at once: an error is what its state says */
	assert_string_equal(name, "power_halt");
	k = vm_power[v].state[i];
	power_halt(v);
	return k == POWER_ABSENT ? HYP_ENOENT : 0;
}

static void test_power(void **state)
{
	u64 k;
	u32 i, other, v;

	(void)state;
	for (k = 0; k < COUNT(power_vectors); k++) {
		const struct power_vector *vector = &power_vectors[k];

		for (i = 0; i < VCPUS_MAX; i++) {
			v = (u32)(k + i) % VMS_MAX;
			power_setup();
			memset(vm_start, 0, sizeof(vm_start));
			vm_power[v] = only(i, vector->state);
			assert_int_equal(operate(vector->operation, v, i), vector->error);
			assert_int_equal(vm_power[v].state[i], vector->next);
			assert_int_equal(power_may_run(v, i), vector->next >= POWER_ON_PENDING);
			if (strcmp(vector->operation, "power_on") == 0 && vector->error == 0) {
				assert_int_equal(vm_start[v].vcpu[i].pc, 0x1000ul * (i + 1));
				assert_int_equal(vm_start[v].vcpu[i].x0, 0x77);
			} else {
				assert_int_equal(vm_start[v].vcpu[i].pc, 0);
			}
			for (other = 0; other < VMS_MAX * VCPUS_MAX; other++) {
				assert_true(other == v * VCPUS_MAX + i ||
					    vm_power[other / VCPUS_MAX].state[other % VCPUS_MAX] == POWER_ABSENT);
			}
		}
	}
}

static void test_power_halt(void **state)
{
	struct guest_power power = { { POWER_ON, POWER_OFF, POWER_ABSENT, POWER_ON_PENDING, 0, 0, 0, POWER_ON } };
	u32 i;

	(void)state;
	power_setup();
	vm_power[3] = power;
	vm_power[4] = power;
	power_halt(3);
	for (i = 0; i < VCPUS_MAX; i++) {
		assert_int_equal(vm_power[3].state[i], i == 2 || (i > 3 && i < 7) ? POWER_ABSENT : POWER_OFF);
		assert_int_equal(vm_power[4].state[i], power.state[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_cpu_on),
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_power_halt),
	};

	alarm(100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
