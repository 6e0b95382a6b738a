/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host's traps come to: calls by number, SMC filter, PSCI relay, injected exceptions, VMIDs. */
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
	u64 rest[REST] = { 7, 8, 9, 10 };
	struct hvc_result r;
	u32 i;

	(void)state;
	machine_boot(40);
	r = hyp_handle_hvc(HYP_VERSION, 0, 0, 0, rest);
	assert_int_equal(r.a0, SMCCC_SUCCESS);
	assert_int_equal(r.a1, ABI_MAJOR * 65536 + ABI_MINOR);
	for (i = 0; i < 2000; i++) {
		u64 id = HYP_VERSION + HYPERCALL_COUNT + (test_random() & 0xfff);

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

static struct hvc_result smccc(u64 id, u64 a)
{
	static u64 rest[REST];

	return hyp_handle_hvc(id, a, 0, 0, rest);
}

/* Calls below Hypatia's own ids: what SMCCC and its vendor range define, nothing else. */
static void test_smccc_calls(void **state)
{
	u64 rest[REST] = { 7, 8, 9, 10 };
	struct hvc_result r;

	(void)state;
	machine_boot(40);
	assert_int_equal(smccc(SMCCC_VERSION, 0).a0, SMCCC_VERSION_1_2);
	assert_int_equal((s64)smccc(SMCCC_ARCH_FEATURES, SMCCC_VERSION).a0, SMCCC_SUCCESS);
	assert_int_equal((s64)smccc(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES).a0, SMCCC_SUCCESS);
	assert_int_equal((s64)smccc(SMCCC_ARCH_FEATURES, 0x80008000ul).a0, SMCCC_NOT_SUPPORTED);
	assert_int_equal(smccc(VENDOR_HYP_CALL_COUNT, 0).a0, HYPERCALL_COUNT);
	r = smccc(VENDOR_HYP_REVISION, 0);
	assert_int_equal(r.a0, ABI_MAJOR);
	assert_int_equal(r.a1, ABI_MINOR);
	r = smccc(0x80008000ul, 0x55);
	assert_int_equal((s64)r.a0, SMCCC_NOT_SUPPORTED);
	assert_int_equal(r.a1, 0x55);
	r = smccc(0, 0x55);
	assert_int_equal((s64)r.a0, SMCCC_NOT_SUPPORTED);
	r = hyp_handle_hvc(VENDOR_HYP_UID, 0, 0, 0, rest);
	assert_int_equal(r.a0, UID_WORD0);
	assert_int_equal(r.a1, UID_WORD1);
	assert_int_equal(rest[0], UID_WORD2);
	assert_int_equal(rest[1], UID_WORD3);
}

static void test_stats(void **state)
{
	u64 rest[REST];

	(void)state;
	machine_boot(40);
	assert_int_equal(hyp_handle_hvc(HYP_STATS, STAT_RESERVED_FRAMES, 0, 0, rest).a1,
			 TEXT_FRAMES + RODATA_FRAMES + DATA_FRAMES + boot_info.carveout_size / PAGE_SIZE);
	assert_int_equal(hyp_handle_hvc(HYP_STATS, STAT_POOL_FRAMES, 0, 0, rest).a1, pool.count);
	assert_int_equal(hyp_handle_hvc(HYP_STATS, STAT_MODE, 0, 0, rest).a1, MODE_PROTECTED);
	assert_int_equal((s64)hyp_handle_hvc(HYP_STATS, STAT_SVE + 1, 0, 0, rest).a1, HYP_EINVAL);
	assert_int_equal(hyp_handle_hvc(HYP_STATS, STAT_GIC_LISTS, 0, 0, rest).a1, 4);
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
	for (i = 0x20; i <= 0x4f; i++) {
		assert_int_equal(hyp_handle_smc(0x84000000ul + i, 0, 0, 0, 0).action, SMC_RETURN);
	}
	/* The ends of what is a function id. */
	assert_int_equal(hyp_handle_smc(0x80000000ul, 0, 0, 0, 0).action, SMC_FORWARD);
	assert_int_equal(hyp_handle_smc(0x7ffffffful, 0, 0, 0, 0).action, SMC_RETURN);
	assert_int_equal(hyp_handle_smc(0xfffffffful, 0, 0, 0, 0).action, SMC_FORWARD);
	assert_int_equal(hyp_handle_smc(0x100000000ul, 0, 0, 0, 0).action, SMC_RETURN);
	assert_int_equal(hyp_handle_smc(0x84000050ul, 0, 0, 0, 0).action, SMC_FORWARD);
	assert_int_equal(hyp_handle_smc(0x8400005ful, 0, 0, 0, 0).action, SMC_FORWARD);
	/* TRNG, and what no standard has given a meaning yet. */
	assert_int_equal(hyp_handle_smc(0x84000050ul, 0, 0, 0, 0).action, SMC_FORWARD);
	assert_int_equal(hyp_handle_smc(0x840000f0ul, 0, 0, 0, 0).action, SMC_FORWARD);
	assert_int_equal(hyp_handle_smc(0x82000001ul, 0, 0, 0, 0).action, SMC_FORWARD);
}

/* PSCI 1.1 (DEN 0022) by hand: the ids, and which functions the host may ask EL3 for itself. */
static void test_psci_by_hand(void **state)
{
	static const u64 ids[][2] = {
		{ PSCI_VERSION, 0x84000000 }, { PSCI_CPU_SUSPEND, 0x84000001 },
		{ PSCI_CPU_SUSPEND_64, 0xc4000001 }, { PSCI_CPU_OFF, 0x84000002 }, { PSCI_CPU_ON, 0x84000003 },
		{ PSCI_CPU_ON_64, 0xc4000003 }, { PSCI_AFFINITY_INFO, 0x84000004 },
		{ PSCI_AFFINITY_INFO_64, 0xc4000004 }, { PSCI_MIGRATE, 0x84000005 },
		{ PSCI_MIGRATE_64, 0xc4000005 }, { PSCI_MIGRATE_INFO_TYPE, 0x84000006 },
		{ PSCI_MIGRATE_INFO_UP_CPU, 0x84000007 }, { PSCI_MIGRATE_INFO_UP_CPU_64, 0xc4000007 },
		{ PSCI_SYSTEM_OFF, 0x84000008 }, { PSCI_SYSTEM_RESET, 0x84000009 },
		{ PSCI_FEATURES, 0x8400000a }, { PSCI_CPU_FREEZE, 0x8400000b },
		{ PSCI_CPU_DEFAULT_SUSPEND, 0x8400000c }, { PSCI_CPU_DEFAULT_SUSPEND_64, 0xc400000c },
		{ PSCI_NODE_HW_STATE, 0x8400000d }, { PSCI_NODE_HW_STATE_64, 0xc400000d },
		{ PSCI_SYSTEM_SUSPEND, 0x8400000e }, { PSCI_SYSTEM_SUSPEND_64, 0xc400000e },
		{ PSCI_SET_SUSPEND_MODE, 0x8400000f }, { PSCI_STAT_RESIDENCY, 0x84000010 },
		{ PSCI_STAT_RESIDENCY_64, 0xc4000010 }, { PSCI_STAT_COUNT, 0x84000011 },
		{ PSCI_STAT_COUNT_64, 0xc4000011 }, { PSCI_SYSTEM_RESET2, 0x84000012 },
		{ PSCI_SYSTEM_RESET2_64, 0xc4000012 }, { PSCI_MEM_PROTECT, 0x84000013 },
		{ PSCI_MEM_PROTECT_CHECK_RANGE, 0x84000014 }, { PSCI_MEM_PROTECT_CHECK_RANGE_64, 0xc4000014 },
	};
	/* One bit for each function number. */
	const u32 forward[2] = { 0x0007a3d5, 0x00072090 };
	const u32 relay[2] = { 0x0000440a, 0x0000400a };
	u32 wide;
	u32 n;

	(void)state;
	machine_boot(40);
	for (n = 0; n < COUNT(ids); n++) {
		assert_int_equal(ids[n][0], ids[n][1]);
	}
	for (n = 0; n < 64; n++) {
		struct smc_result r;

		wide = n / 32;
		machine.smc_count = 0;
		r = hyp_handle_smc((wide != 0 ? 0xc4000000ul : 0x84000000ul) + n % 32, ~0ul, 0, 0, 0);
		assert_int_equal(r.action == SMC_FORWARD, forward[wide] >> n % 32 & 1);
		if ((forward[wide] >> n % 32 & 1) == 0 && (relay[wide] >> n % 32 & 1) == 0) {
			assert_int_equal((s64)r.a0, PSCI_NOT_SUPPORTED);
			assert_int_equal(machine.smc_count, 0);
		}
	}
}

/*
 * What a host that was built for version 1.0 of the interface relies on, by hand: SMCCC 1.2 (DEN 0028), PSCI 1.1
 * (DEN 0022) and Hypatia's own numbers, which may not change under it.
 */
static void test_abi_by_hand(void **state)
{
	static const s64 values[][2] = {
		{ SMCCC_SUCCESS, 0 }, { SMCCC_NOT_SUPPORTED, -1 }, { SMCCC_VERSION, 0x80000000 },
		{ SMCCC_ARCH_FEATURES, 0x80000001 }, { SMCCC_VERSION_1_2, 0x10002 },
		{ VENDOR_HYP_CALL_COUNT, 0x8600ff00 }, { VENDOR_HYP_UID, 0x8600ff01 },
		{ VENDOR_HYP_REVISION, 0x8600ff03 }, { ABI_MAJOR, 1 }, { ABI_MINOR, 8 },
		{ UID_WORD0, 0x2a6e1f8c }, { UID_WORD1, 0x374b5b0d }, { UID_WORD2, 0x79685e9a },
		{ UID_WORD3, 0xe9746170 }, { HYP_VERSION, 0xc6000000 }, { MEM_SHARE_HYP, 0xc6000001 },
		{ MEM_UNSHARE_HYP, 0xc6000002 }, { MEM_PIN, 0xc6000003 }, { MEM_UNPIN, 0xc6000004 },
		{ MEM_DONATE_HYP, 0xc6000005 }, { MEM_RECLAIM_HYP, 0xc6000006 }, { MEM_INFO, 0xc6000007 },
		{ HYP_STATS, 0xc6000008 }, { HYPERCALL_COUNT, 32 }, { RANGE_FRAMES_MAX, 64 },
		{ VM_RESERVE, 0xc6000009 }, { VM_UNRESERVE, 0xc600000a }, { VM_INIT, 0xc600000b },
		{ VCPU_INIT, 0xc600000c }, { VCPU_LOAD, 0xc600000d }, { VCPU_PUT, 0xc600000e },
		{ VM_TEARDOWN, 0xc600000f }, { VCPU_RECLAIM, 0xc6000010 }, { VM_FINALIZE, 0xc6000011 },
		{ VCPU_RUN, 0xc6000012 }, { VCPU_GET_REG, 0xc6000013 }, { VCPU_SET_REG, 0xc6000014 },
		{ VM_TABLE, 0xc6000015 }, { VM_MAP, 0xc6000016 }, { VM_UNMAP, 0xc6000017 }, { VM_RECLAIM, 0xc6000018 },
		{ VCPU_POWER, 0xc6000019 }, { VM_MAP_READ, 0xc600001a }, { VM_ACCESS, 0xc600001b },
		{ VM_MEASURE, 0xc600001c }, { VM_BEGIN, 0xc600001d }, { VM_POISON, 0xc600001e },
		{ VM_JOIN, 0xc600001f },
		{ PAGE_WRITABLE, 1 }, { PAGE_YOUNG, 2 }, { PAGE_GIVE, 4 },
		{ EXIT_NONE, 0 }, { EXIT_IRQ, 1 }, { EXIT_WFX, 2 }, { EXIT_HVC, 3 }, { EXIT_SMC, 4 }, { EXIT_FAULT, 5 },
		{ EXIT_SYSREG, 6 }, { EXIT_SERROR, 8 }, { EXIT_OTHER, 9 }, { EXIT_ON, 10 }, { EXIT_OFF, 11 },
		{ EXIT_END, 12 }, { EXIT_POISON, 13 },
		{ RUN_ANSWERED, 1 }, { RUN_IRQ, 2 }, { RUN_FIQ, 4 }, { RUN_GIC, 8 },
		{ RUN_GIC_MORE, 16 }, { RUN_FLAGS, 31 },
		{ VM_HANDLE_BASE, 0x1000 }, { FRAME_HYP_VM, 3 }, { FRAME_GUEST, 4 }, { FRAME_GUEST_SHARED_HOST, 5 },
		{ FRAME_HOST_SHARED_GUEST, 6 },
		{ HYP_EPERM, -1 }, { HYP_ENOENT, -2 }, { HYP_ENOMEM, -12 }, { HYP_EBUSY, -16 }, { HYP_EINVAL, -22 },
		{ HYP_ERANGE, -34 }, { STAT_RAM_FRAMES, 0 }, { STAT_RESERVED_FRAMES, 1 }, { STAT_POOL_FRAMES, 2 },
		{ STAT_POOL_FREE_FRAMES, 3 }, { STAT_CPU_COUNT, 4 }, { STAT_MODE, 5 }, { STAT_GIC_LISTS, 6 },
		{ STAT_SVE, 7 },
		{ PSCI_SUCCESS, 0 }, { PSCI_NOT_SUPPORTED, -1 }, { PSCI_INVALID_PARAMETERS, -2 }, { PSCI_DENIED, -3 },
		{ PSCI_ALREADY_ON, -4 }, { PSCI_ON_PENDING, -5 }, { PSCI_INTERNAL_FAILURE, -6 },
		{ PSCI_NOT_PRESENT, -7 }, { PSCI_DISABLED, -8 }, { PSCI_INVALID_ADDRESS, -9 },
	};
	u32 i;

	(void)state;
	for (i = 0; i < COUNT(values); i++) {
		assert_int_equal(values[i][0], values[i][1]);
	}
}

/* PSCI_FEATURES: the firmware answers for what reaches it, Hypatia for what does not. */
static void test_psci_features(void **state)
{
	(void)state;
	machine_boot(40);
	machine.smc_status = 2;
	machine.smc_count = 0;
	assert_int_equal((s64)hyp_handle_smc(PSCI_FEATURES, 0x84000060ul, 0, 0, 0).a0, PSCI_NOT_SUPPORTED);
	assert_int_equal(machine.smc_count, 0);
	assert_int_equal(hyp_handle_smc(PSCI_FEATURES, PSCI_CPU_SUSPEND_64, 0, 0, 0).a0, 2);
	assert_int_equal(machine.smc_args.x0, PSCI_FEATURES);
	assert_int_equal(machine.smc_args.x1, PSCI_CPU_SUSPEND_64);
	assert_int_equal(machine.smc_args.x2, 0);
	assert_int_equal(machine.smc_args.x3, 0);
	assert_int_equal(hyp_handle_smc(PSCI_FEATURES, SMCCC_VERSION, 0, 0, 0).a0, 2);
	assert_int_equal(machine.smc_count, 2);
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
	boot_info.cpu_mpidr[boot_info.cpu_count] = 0x999;
	assert_int_equal((s64)hyp_handle_smc(PSCI_CPU_ON_64, 0x999, 0, 0, 0).a0, PSCI_INVALID_PARAMETERS);
	boot_info.cpu_mpidr[boot_info.cpu_count] = 0;
	/* The search ends with the table, whatever the count says. */
	boot_info.cpu_count = CPUS_MAX + 1;
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

	/* A CPU that another one is starting has not come up yet: it cannot suspend. */
	assert_int_equal((s64)hyp_handle_smc(PSCI_CPU_ON_64, 0x103, 0x1000, 0, 0).a0, PSCI_SUCCESS);
	assert_int_equal((s64)hyp_handle_smc(PSCI_CPU_SUSPEND_64, 0x10000, 0x5000, 6, 0).a0, PSCI_DENIED);
	assert_int_equal(hyp_cpu_arrived(3).pc, 0x1000);
}

/* As CPU_SUSPEND, without a power state: refused, woken, and not while another CPU starts this one. */
static void test_system_suspend(void **state)
{
	const u64 ids[] = { PSCI_SYSTEM_SUSPEND, PSCI_SYSTEM_SUSPEND_64 };
	struct host_entry entry;
	u32 i;

	(void)state;
	machine_boot(40);
	machine.cpu = 3;
	for (i = 0; i < COUNT(ids); i++) {
		machine.smc_status = (u64)PSCI_DENIED;
		assert_int_equal((s64)hyp_handle_smc(ids[i], 0x5000, 6, 7, 0).a0, PSCI_DENIED);
		assert_int_equal(machine.smc_args.x0, ids[i]);
		assert_int_equal(machine.smc_args.x1, boot_info.secondary_entry.pa);
		assert_int_equal(machine.smc_args.x2, 3);
		assert_int_equal(machine.smc_args.x3, 0);
		entry = hyp_cpu_arrived(3);
		assert_int_equal(entry.pc, 0x5000);
		assert_int_equal(entry.x0, 6);
	}
	machine.smc_status = (u64)PSCI_SUCCESS;
	assert_int_equal((s64)hyp_handle_smc(PSCI_CPU_ON_64, 0x103, 0x1000, 0, 0).a0, PSCI_SUCCESS);
	machine.smc_count = 0;
	assert_int_equal((s64)hyp_handle_smc(PSCI_SYSTEM_SUSPEND_64, 0x5000, 6, 0, 0).a0, PSCI_DENIED);
	assert_int_equal(machine.smc_count, 0);
	assert_int_equal(hyp_cpu_arrived(3).pc, 0x1000);
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
	/* An instruction abort stays one; SCTLR_EL1.SPAN leaves PAN as it was. */
	machine.spsr_el2 = 0x5;
	machine.sctlr_el1 = 1ul << 23;
	hyp_handle_abort(0x82000007ul, 0xdead, IMAGE_FIRST << 4);
	assert_int_equal(machine.esr_el1 >> 26, 0x21);
	assert_int_equal(machine.esr_el1 >> 6 & 1, 0);
	assert_int_equal(machine.spsr_el2 >> 22 & 1, 0);
	machine.spsr_el2 = 0x400005;
	hyp_handle_abort(0x82000007ul, 0xdead, IMAGE_FIRST << 4);
	assert_int_equal(machine.spsr_el2 >> 22 & 1, 1);
	machine.sctlr_el1 = 0;
	machine.spsr_el2 = 0x5;
	hyp_handle_abort(0x82000007ul, 0xdead, IMAGE_FIRST << 4);
	assert_int_equal(machine.spsr_el2 >> 22 & 1, 1);
	/* An address size fault is below the translation faults. */
	machine.elr_el2 = 0x1111;
	hyp_handle_abort(0x92000000ul, 0, (BANK0_FIRST + 0x1000) << 4);
	assert_true(machine.elr_el2 >= HOST_VBAR);
	/* Beyond the physical address width, and a fault that is no translation fault. */
	machine.elr_el2 = 0x1111;
	hyp_handle_abort(0x92000007ul, 0, (1ul << 28) << 4);
	assert_true(machine.elr_el2 >= HOST_VBAR);
	machine.elr_el2 = 0x1111;
	hyp_handle_abort(0x9200000ful, 0, (BANK0_FIRST + 0x1000) << 4);
	assert_true(machine.elr_el2 >= HOST_VBAR);
}

/* Every bit of what an injected abort leaves behind (Arm ARM D1.3.5, D24.2.40). */
static void test_injected_bits(void **state)
{
	static const u64 sctlr[] = { 0, 1ul << 23, 1ul << 44, 1ul << 44 | 1ul << 23, ~(1ul << 23 | 1ul << 44) };
	static const u64 spsr[] = { 0x5, 0xf1000005, 0xa0400005, 0x50000000, 0xffffffe5 };
	u64 i;
	u64 k;

	(void)state;
	machine_boot(40);
	for (i = 0; i < COUNT(sctlr) * COUNT(spsr); i++) {
		u64 before = spsr[i % COUNT(spsr)];
		u64 control = sctlr[i / COUNT(spsr)];
		u64 pan = control >> 23 & 1 ? before >> 22 & 1 : 1;
		u64 el0 = before & 0x10 || before % 16 == 0;

		for (k = 0; k < 8; k++) {
			u64 write = k & 1;
			u64 ec = k & 2 ? 0x20 : 0x24;
			/* of a process's memory, and of the kernel's: bit 55 decides */
			u64 far = k & 4 ? 1ul << 55 | 0xdead : ~(1ul << 55) - 0xbeef;
			u64 status = el0 ? 0x10 : ec == 0x20 || k & 4 ? 0x0f : 0x21;

			machine.vbar_el1 = HOST_VBAR + 0x7f8;
			machine.sctlr_el1 = control;
			machine.spsr_el2 = before;
			hyp_handle_abort(ec << 26 | 1ul << 25 | write << 6 | 0x0f, far, IMAGE_FIRST << 4);
			assert_int_equal(machine.spsr_el2, 0x3c5 | (before & 0xf1000000ul) | 1ul << 25 | pan << 22 |
					 (control >> 44 & 1) << 12);
			assert_int_equal(machine.elr_el2, HOST_VBAR + (before & 0x10 ? 0x600 : el0 ? 0x400 : 0x200));
			/* An instruction abort tells nothing of writing. */
			write = ec == 0x24 ? write : 0;
			assert_int_equal(machine.esr_el1, (ec + !el0) << 26 | 1ul << 25 | write << 6 | status);
		}
	}
	/* All four levels of a translation fault are for host_fault(), the next status is not. */
	for (i = 3; i <= 8; i++) {
		machine.elr_el2 = 0x1111;
		hyp_handle_abort(0x92000000ul + i, 0, (BANK0_FIRST + 0x1000) << 4);
		if (i == 3 || i == 8) {
			assert_int_not_equal(machine.elr_el2, 0x1111);
		} else {
			assert_int_equal(machine.elr_el2, 0x1111);
		}
	}
}

/* The last frame number is one; the first id behind the last call is none. */
static void test_call_edges(void **state)
{
	u64 rest[REST] = { 1, 2 };
	struct hvc_result r;

	(void)state;
	machine_boot(40);
	assert_int_equal((s64)hyp_handle_hvc(MEM_DONATE_HYP, PFN_COUNT - 1, 1, 0, rest).a1, HYP_EINVAL);
	assert_int_equal((s64)hyp_handle_hvc(MEM_DONATE_HYP, PFN_COUNT - 1, 2, 0, rest).a1, HYP_ERANGE);
	assert_int_equal((s64)hyp_handle_hvc(MEM_DONATE_HYP, PFN_COUNT, 1, 0, rest).a1, HYP_ERANGE);
	r = hyp_handle_hvc(HYPERCALL_BASE + HYPERCALL_COUNT, STAT_MODE, 0, 0, rest);
	assert_int_equal((s64)r.a0, SMCCC_NOT_SUPPORTED);
	assert_int_equal(r.a1, STAT_MODE);
	r = hyp_handle_hvc(HYPERCALL_BASE + HYPERCALL_COUNT - 1, STAT_MODE, 0, 0, rest);
	assert_int_equal(r.a0, SMCCC_SUCCESS);
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
			assert_int_equal(v.id, 1);
			assert_true(generation == 0 || machine.tlbi_count > 0);
			machine.tlbi_count = 0;
			generation = v.generation;
			memset(used, 0, sizeof(used));
		}
		assert_false(used[v.id]);
		used[v.id] = 1;
		assert_int_equal(vmid_update(v).id, v.id);
	}
	/* With 16 bits there are more of them. */
	vmid_setup(16);
	for (i = 1; i < 1000; i++) {
		assert_int_equal(vmid_update(none).id, i);
	}
	lock_release(LOCK_VMID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_numbers),
		cmocka_unit_test(test_smccc_calls),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_smc_filter),
		cmocka_unit_test(test_psci_by_hand),
		cmocka_unit_test(test_abi_by_hand),
		cmocka_unit_test(test_psci_features),
		cmocka_unit_test(test_cpu_on),
		cmocka_unit_test(test_cpu_suspend),
		cmocka_unit_test(test_system_suspend),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_injected_bits),
		cmocka_unit_test(test_call_edges),
		cmocka_unit_test(test_vmids),
	};

	alarm(60);
	test_seed(5);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
