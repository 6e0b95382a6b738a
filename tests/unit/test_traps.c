/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host's traps come to: calls by number, SMC filter, PSCI relay, injected exceptions, VMIDs, bad boot data. */
#include <string.h>
#include <unistd.h>

#include <gen/traps.h>
#include <gen/vectors/hypercall_vectors.h>

#include "machine.h"
#include "smc.h"
#include "vmid.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HOST_VBAR 0x80000800ul

static void test_call_numbers(void **state)
{
	u64 rest[2] = { 7, 8 };
	struct hvc_result r;
	u32 i;

	(void)state;
	machine_boot(40);
	r = hyp_handle_hvc(HYP_VERSION, 0, 0, 0, rest);
	assert_int_equal(r.a0, SMCCC_SUCCESS);
	assert_int_equal(r.a1, ABI_MAJOR * 65536 + ABI_MINOR);
	for (i = 0; i < 2000; i++) {
		u64 id = 0xc6000000ul + 9 + (test_random() & 0xfff);

		if (i % 4 == 0) {
			id = test_random() | 0x100000000ul;
		}
		if (id == VENDOR_HYP_CALL_COUNT || id == VENDOR_HYP_UID || id == VENDOR_HYP_REVISION ||
		    id == HYP_STATS) {
			continue;
		}
		r = hyp_handle_hvc(id, 0x55, 0, 0, rest);
		assert_int_equal((s64)r.a0, SMCCC_NOT_SUPPORTED);
		assert_int_equal(r.a1, 0x55);
	}
	assert_int_equal(rest[0], 7);
	assert_int_equal(rest[1], 8);
}

static void test_stats(void **state)
{
	u64 rest[2];

	(void)state;
	machine_boot(40);
	assert_int_equal(hyp_handle_hvc(HYP_STATS, STAT_RAM_FRAMES, 0, 0, rest).a1, BANK0_COUNT + BANK1_COUNT);
	assert_int_equal(hyp_handle_hvc(HYP_STATS, STAT_CPU_COUNT, 0, 0, rest).a1, 4);
	assert_int_equal(hyp_handle_hvc(HYP_STATS, STAT_POOL_FREE_FRAMES, 0, 0, rest).a1, pool.free);
	machine_check_quiet();
}

static void test_smc_filter(void **state)
{
	u64 i;

	(void)state;
	machine_boot(40);
	for (i = 0; i < COUNT(psci_vectors); i++) {
		const struct psci_vector *v = &psci_vectors[i];
		struct smc_result r = hyp_handle_smc(v->id, ~0ul, 0, 0, 0);

		machine_check_quiet();
		if (v->disposition == PSCI_FORWARD) {
			assert_int_equal(r.action, SMC_FORWARD);
		} else {
			assert_int_equal(r.action, SMC_RETURN);
		}
		if (v->disposition == PSCI_REFUSE) {
			assert_int_equal((s64)r.a0, PSCI_NOT_SUPPORTED);
		}
		r = hyp_handle_smc(v->id, 0, 0, 0, 1);
		assert_int_equal(r.action, SMC_RETURN);
		r = hyp_handle_smc(v->id % 0x100000000ul + 0x100000000ul, 0, 0, 0, 0);
		assert_int_equal(r.action, SMC_RETURN);
		assert_int_equal((s64)r.a0, SMCCC_NOT_SUPPORTED);
	}
	for (i = 0x60; i <= 0xef; i++) {
		assert_int_equal(hyp_handle_smc(0x84000000ul + i, 0, 0, 0, 0).action, SMC_RETURN);
		assert_int_equal(hyp_handle_smc(0xc4000000ul + i, 0, 0, 0, 0).action, SMC_RETURN);
	}
	assert_int_equal(hyp_handle_smc(0x82000001ul, 0, 0, 0, 0).action, SMC_FORWARD);
}

static void test_cpu_on(void **state)
{
	struct host_entry entry;
	struct smc_result r;

	(void)state;
	machine_boot(40);
	machine.smc_status = (u64)PSCI_SUCCESS;
	r = hyp_handle_smc(PSCI_CPU_ON_64, 0x102, 0x1234000, 0x77, 0);
	assert_int_equal(r.action, SMC_RETURN);
	assert_int_equal(r.a0, PSCI_SUCCESS);
	assert_int_equal(machine.smc_args.x0, PSCI_CPU_ON_64);
	assert_int_equal(machine.smc_args.x1, 0x102);
	assert_int_equal(machine.smc_args.x2, boot_info.secondary_entry.pa);
	assert_int_equal(machine.smc_args.x3, 2);
	assert_int_equal((s64)hyp_handle_smc(PSCI_CPU_ON_64, 0x102, 0x99, 0, 0).a0, PSCI_ON_PENDING);
	entry = hyp_cpu_arrived(2);
	assert_int_equal(entry.pc, 0x1234000);
	assert_int_equal(entry.x0, 0x77);

	machine.smc_status = (u64)-4;
	assert_int_equal((s64)hyp_handle_smc(PSCI_CPU_ON_64, 0x102, 0x99, 0, 0).a0, -4);
	machine.smc_status = (u64)PSCI_SUCCESS;
	assert_int_equal((s64)hyp_handle_smc(PSCI_CPU_ON_64, 0x102, 0x99, 0, 0).a0, PSCI_SUCCESS);

	machine.smc_count = 0;
	assert_int_equal((s64)hyp_handle_smc(PSCI_CPU_ON_64, 0x999, 0, 0, 0).a0, PSCI_INVALID_PARAMETERS);
	assert_int_equal(machine.smc_count, 0);
}

static void test_cpu_suspend(void **state)
{
	(void)state;
	machine_boot(40);
	machine.cpu = 3;
	machine.smc_status = (u64)PSCI_SUCCESS;
	assert_int_equal(hyp_handle_smc(PSCI_CPU_SUSPEND_64, 0x10000, 0x5000, 6, 0).a0, PSCI_SUCCESS);
	assert_int_equal(machine.smc_args.x1, 0x10000);
	assert_int_equal(machine.smc_args.x2, boot_info.secondary_entry.pa);
	assert_int_equal(machine.smc_args.x3, 3);
	assert_int_equal(hyp_handle_smc(PSCI_CPU_SUSPEND_64, 0x10000, 0x5000, 6, 0).a0, PSCI_SUCCESS);
}

/* Vector offsets and syndromes of Arm ARM D1.3. */
static void test_injection(void **state)
{
	static const struct {
		u64 spsr, offset, ec;
	} cases[] = { { 0x5, 0x200, 0x25 }, { 0x4, 0x000, 0x25 }, { 0x0, 0x400, 0x24 }, { 0x10, 0x600, 0x24 } };
	u64 i;

	(void)state;
	machine_boot(40);
	for (i = 0; i < COUNT(cases); i++) {
		machine.vbar_el1 = HOST_VBAR;
		machine.spsr_el2 = cases[i].spsr + 0xa0000000ul;
		machine.elr_el2 = 0x1111;
		hyp_handle_abort(0x92000047ul, 0xdead, IMAGE_FIRST << 4);
		machine_check_quiet();
		assert_int_equal(machine.elr_el2, HOST_VBAR + cases[i].offset);
		assert_int_equal(machine.elr_el1, 0x1111);
		assert_int_equal(machine.far_el1, 0xdead);
		assert_int_equal(machine.spsr_el1, cases[i].spsr + 0xa0000000ul);
		assert_int_equal(machine.esr_el1 >> 26, cases[i].ec);
		assert_int_equal(machine.esr_el1 >> 6 & 1, 1);
		assert_int_equal(machine.spsr_el2 & 0x3df, 0x3c5);

		machine.spsr_el2 = cases[i].spsr;
		machine.elr_el2 = 0x2222;
		hyp_handle_other(0);
		assert_int_equal(machine.elr_el2, HOST_VBAR + cases[i].offset);
		assert_int_equal(machine.esr_el1, 0x02000000);
	}
	/* Beyond the physical address width, and a fault that is no translation fault. */
	machine.elr_el2 = 0x1111;
	hyp_handle_abort(0x92000007ul, 0, (1ul << 28) << 4);
	assert_true(machine.elr_el2 >= HOST_VBAR);
	machine.elr_el2 = 0x1111;
	hyp_handle_abort(0x9200000ful, 0, (BANK0_FIRST + 0x1000) << 4);
	assert_true(machine.elr_el2 >= HOST_VBAR);
}

/* No VMID twice in a generation, none 0, and an invalidation between generations. */
static void test_vmids(void **state)
{
	struct vmid none = { 0, 0 };
	u8 used[256] = { 0 };
	struct vmid v;
	u64 generation = 0;
	u32 i;

	(void)state;
	machine_boot(40);
	machine.tlbi_count = 0;
	lock_acquire(LOCK_VMID);
	for (i = 0; i < 1000; i++) {
		v = vmid_update(none);
		assert_true(v.id >= 1 && v.id < 256);
		if (v.generation != generation) {
			assert_true(generation == 0 || machine.tlbi_count > 0);
			machine.tlbi_count = 0;
			generation = v.generation;
			memset(used, 0, sizeof(used));
		}
		assert_false(used[v.id]);
		used[v.id] = 1;
		assert_int_equal(vmid_update(v).id, v.id);
	}
	lock_release(LOCK_VMID);
}

static void refuse(const char *what)
{
	if (hyp_setup() != HYP_EINVAL) {
		fail_msg("boot data with a bad %s was not refused as such", what);
	}
}

#define REFUSED(change) do { machine_reset(40); change; refuse(#change); } while (0)

static void test_boot_data(void **state)
{
	(void)state;
	REFUSED(boot_info.bank_count = 0);
	REFUSED(boot_info.bank_count = MEM_BANKS_MAX + 1);
	REFUSED(boot_info.bank[0].base.pa += 8);
	REFUSED(boot_info.bank[1].size += 8);
	REFUSED(boot_info.bank[1].size = 0);
	REFUSED(boot_info.bank[1].base.pa = boot_info.bank[0].base.pa);
	REFUSED(boot_info.bank[1].base.pa = 0xfffffffffffff000ul);
	REFUSED(boot_info.bank[1].size = 0xfffffffffffff000ul);
	REFUSED(boot_info.cpu_count = 0);
	REFUSED(boot_info.cpu_count = CPUS_MAX + 1);
	REFUSED(boot_info.pa_bits = 41);
	REFUSED(boot_info.pa_bits = 32; boot_info.bank[1].base.pa = 1ul << 32);
	REFUSED(boot_info.e2h = 2);
	REFUSED(boot_info.mode = MODE_NONE);
	REFUSED(boot_info.text_end.pa = boot_info.image_base.pa);
	REFUSED(boot_info.rodata_end.pa += 1);
	REFUSED(boot_info.image_end.pa = 0xfffffffffffff000ul);
	REFUSED(boot_info.image_base.pa = PAGE_SIZE);
	REFUSED(boot_info.carveout_size += 2097152);
	REFUSED(boot_info.carveout_size = 0);
	REFUSED(boot_info.carveout_base.pa += PAGE_SIZE);
	REFUSED(boot_info.carveout_base.pa = 0xffffffffffe00000ul);
	REFUSED(boot_info.carveout_base.pa = BANK0_FIRST * PAGE_SIZE);
	REFUSED(boot_info.carveout_base.pa = 0x70000000ul);
	REFUSED(boot_info.console_base.pa = (BANK0_FIRST + 5) * PAGE_SIZE);
	REFUSED(boot_info.console_base.pa = 0xfffffffffffff000ul);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_numbers),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_smc_filter),
		cmocka_unit_test(test_cpu_on),
		cmocka_unit_test(test_cpu_suspend),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_vmids),
		cmocka_unit_test(test_boot_data),
	};

	alarm(60);
	test_seed(5);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
