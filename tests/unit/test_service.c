/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of guests carried out: vCPUs that turn each other on and off, VMs that end, memory that a protected guest
 * lends, takes back and gives up; and what of it the host is told.
 */
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "image.h"
#include "machine.h"
#include "service.h"
#include "vm.h"
#include <gen/traps.h>

#define FIRST (BANK0_FIRST + 0x2000ul)
#define HANDLE(v) (VM_HANDLE_BASE + (v))
#define STATUS(n) ((u64)(s64)(n))
#define UNKNOWN 0xc5000060ul
#define TRNG_VERSION 0x84000050ul
#define RND32 0x84000053ul
#define RND64 0xc4000053ul
#define SHARE 0xc6000003ul
#define UNSHARE 0xc6000004ul
#define MMIO 0xc6000007ul
#define RELINQUISH 0xc6000009ul
#define MEASUREMENT 0xc60000f0ul

/* What the guest calls in its next entry; behind it, it has an interrupt for the host. */
static u64 asked[4];
static u32 calls;
static u64 found[CTX_WORDS];

static u64 guest_calls(u64 *x)
{
	if (calls == 0) {
		memcpy(found, x, sizeof(found));
		return GUEST_IRQ;
	}
	calls--;
	memcpy(x, asked, sizeof(asked));
	return GUEST_SYNC;
}

static s64 run_with(u64 ec, u64 id, u64 a1, u64 a2, u64 a3)
{
	asked[0] = id;
	asked[1] = a1;
	asked[2] = a2;
	asked[3] = a3;
	calls = 1;
	machine.guest = guest_calls;
	machine.esr_el2 = (ec << 26) + 0x2000000ul;
	return vm_hvc(VCPU_RUN, 0, 5, 6);
}

/* The guest calls, and its run goes on: the host hears of the interrupt alone. */
static u64 answer(u64 id, u64 a1, u64 a2, u64 a3)
{
	assert_int_equal(run_with(TRAP_EC_HVC64, id, a1, a2, a3), EXIT_IRQ);
	assert_int_equal(vm_rest[0], 0);
	assert_int_equal(vm_rest[1], 0);
	return found[0];
}

static void tells(s64 exit, s64 kind, u64 x2)
{
	assert_int_equal(exit, kind);
	assert_int_equal(vm_rest[0], x2);
	assert_int_equal(vm_rest[1], 0);
}

static void load(u32 cpu, u32 v, u32 i)
{
	machine.cpu = cpu;
	assert_int_equal(vm_hvc(VCPU_LOAD, HANDLE(v), i, 0), 0);
}

/* VM 0 with three vCPUs, each loaded on the CPU of its number; the first is on. */
static void begin(u32 protected)
{
	u32 i;

	machine_reset(48);
	machine_start();
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, protected), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), i, FIRST + 1 + i), 0);
		load(i, 0, i);
	}
	machine.cpu = 0;
	assert_int_equal(vm_hvc(VCPU_POWER, 1, 0, 0), 0);
}

static void test_power_call(void **state)
{
	u32 protected;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		machine.cpu = 3;
		assert_int_equal(vm_hvc(VCPU_POWER, 1, 0, 0), HYP_ENOENT);
		assert_int_equal(vm_hvc(VCPU_POWER, 2, 0, 0), HYP_EINVAL);
		assert_int_equal(vm_hvc(VCPU_POWER, ~0ul, 0, 0), HYP_EINVAL);
		/* of a protected VM once, and never off */
		machine.cpu = 1;
		assert_int_equal(vm_hvc(VCPU_POWER, 1, 0, 0), protected ? HYP_EPERM : 0);
		assert_int_equal(vm_power[0].state[1], protected ? POWER_OFF : POWER_ON);
		machine.cpu = 0;
		assert_int_equal(vm_hvc(VCPU_POWER, 0, 0, 0), protected ? HYP_EPERM : 0);
		assert_int_equal(vm_power[0].state[0], protected ? POWER_ON : POWER_OFF);
		assert_int_equal(vm_hvc(VCPU_POWER, 1, 0, 0), protected ? HYP_EPERM : 0);
		/* one that is off does not run, and nothing of it is touched */
		machine.cpu = 2;
		machine.guest_runs = 0;
		tells(vm_hvc(VCPU_RUN, 1, 5, 6), EXIT_OFF, 0);
		assert_int_equal(machine.guest_runs, 0);
		assert_int_equal(cpu_guest[2].w[CTX_STATE], 1);
	}
}

/* The next VM of the same number begins anew, whatever the last one came to. */
static void test_again(void **state)
{
	u32 i;

	(void)state;
	begin(1);
	tells(run_with(TRAP_EC_HVC64, PSCI_SYSTEM_OFF, 0, 0, 0), EXIT_END, 0);
	for (i = 0; i < 3; i++) {
		machine.cpu = i;
		assert_int_equal(vm_hvc(VCPU_POWER, 1, 0, 0), HYP_EPERM);
		tells(vm_hvc(VCPU_RUN, 0, 0, 0), EXIT_OFF, 0);
		assert_int_equal(vm_hvc(VCPU_PUT, 0, 0, 0), 0);
	}
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(vm_hvc(VCPU_RECLAIM, HANDLE(0), i, 0), 0);
		assert_int_equal(vm_power[0].state[i], POWER_ABSENT);
		assert_int_equal(vm_hvc(VCPU_RECLAIM, HANDLE(0), i, 0), HYP_ENOENT);
	}
	assert_int_equal(vm_hvc(VM_FINALIZE, HANDLE(0), 0, 0), 0);
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, 1), 0);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 1, FIRST + 1), 0);
	assert_int_equal(vm_power[0].state[1], POWER_OFF);
	load(0, 0, 1);
	assert_int_equal(vm_hvc(VCPU_POWER, 1, 0, 0), 0);
}

static void test_cpu_on(void **state)
{
	u64 i;
	u32 protected;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		assert_int_equal(answer(PSCI_AFFINITY_INFO_64, 1, 0, 0), 1);
		tells(run_with(TRAP_EC_SMC64, PSCI_CPU_ON_64, 1, 0x40080000, 0x4711), EXIT_ON, 1);
		assert_int_equal(cpu_guest[0].w[CTX_X0], 0);
		assert_int_equal(answer(PSCI_AFFINITY_INFO_64, 1, 0, 0), 2);
		assert_int_equal(answer(PSCI_CPU_ON_64, 1, 0x40080000, 0), STATUS(PSCI_ON_PENDING));
		assert_int_equal(answer(PSCI_CPU_ON_64, 0, 0x40080000, 0), STATUS(PSCI_ALREADY_ON));
		assert_int_equal(answer(PSCI_CPU_ON_64, 5, 0x40080000, 0), STATUS(PSCI_INVALID_PARAMETERS));
		/* the host's say about where it begins is over, and what stood in its registers is gone */
		machine.cpu = 1;
		assert_int_equal(vm_hvc(VCPU_SET_REG, CTX_PC, 0x666, 0), 0);
		assert_int_equal(vm_power[0].state[1], POWER_ON_PENDING);
		cpu_guest[1].w[CTX_TTBR0_EL1] = 0x77;
		cpu_guest[1].w[CTX_EXIT] = EXIT_HVC;
		calls = 0;
		machine.guest = guest_calls;
		tells(vm_hvc(VCPU_RUN, 1, 0x99, 6), EXIT_IRQ, 0);
		for (i = 0; i < CTX_SWITCHED_END; i++) {
			u64 want = i == CTX_PC ? 0x40080000 : i == CTX_X0 ? 0x4711 : i == CTX_PSTATE ? 0x3c5 :
				   i == CTX_SCTLR_EL1 ? 0x30d00800 : 0;

			assert_int_equal(i < CTX_SWITCHED_FIRST ? found[i] : cpu_guest[1].w[i], want);
		}
		assert_int_equal(machine.mpidr, 0x80000001);
		assert_int_equal(vm_hvc(VCPU_SET_REG, CTX_PC, 0x666, 0), protected ? HYP_EPERM : 0);
		machine.cpu = 0;
		assert_int_equal(answer(PSCI_AFFINITY_INFO_64, 1, 0, 0), 0);
		/* off, and on again at another place */
		machine.cpu = 1;
		tells(run_with(TRAP_EC_HVC64, PSCI_CPU_OFF, 0, 0, 0), EXIT_OFF, 0);
		tells(vm_hvc(VCPU_RUN, 0, 0, 0), EXIT_OFF, 0);
		machine.cpu = 0;
		tells(run_with(TRAP_EC_HVC64, PSCI_CPU_ON_64, 1, 0x40090000, 5), EXIT_ON, 1);
		machine.cpu = 1;
		calls = 0;
		tells(vm_hvc(VCPU_RUN, 0, 0, 0), EXIT_IRQ, 0);
		assert_int_equal(found[CTX_PC], 0x40090000);
		assert_int_equal(found[0], 5);
	}
}

/* All of them are off at once; one that still runs elsewhere calls nobody any more. */
static void test_end(void **state)
{
	u32 i, reset;

	(void)state;
	for (reset = 0; reset < 2; reset++) {
		begin(1);
		tells(run_with(TRAP_EC_HVC64, PSCI_CPU_ON_64, 2, 0x40080000, 0), EXIT_ON, 2);
		tells(run_with(TRAP_EC_HVC64, reset ? PSCI_SYSTEM_RESET : PSCI_SYSTEM_OFF, 0, 0, 0), EXIT_END, reset);
		for (i = 0; i < 3; i++) {
			assert_int_equal(vm_power[0].state[i], POWER_OFF);
			machine.cpu = i;
			tells(vm_hvc(VCPU_RUN, 0, 0, 0), EXIT_OFF, 0);
		}
	}
	tells(run_with(TRAP_EC_HVC64, PSCI_SYSTEM_OFF, 0, 0, 0), EXIT_OFF, 0);
}

static u64 halted_meanwhile(u64 *x)
{
	power_halt(0);
	memcpy(x, asked, sizeof(asked));
	return GUEST_SYNC;
}

static void test_halted(void **state)
{
	(void)state;
	begin(0);
	asked[0] = PSCI_CPU_ON_64;
	asked[1] = 1;
	asked[2] = 0x1000;
	machine.esr_el2 = (TRAP_EC_HVC64 << 26) + 0x2000000ul;
	machine.guest = halted_meanwhile;
	tells(vm_hvc(VCPU_RUN, 0, 0, 0), EXIT_OFF, 0);
	assert_int_equal(vm_power[0].state[1], POWER_OFF);
	asked[0] = UNKNOWN;
	vm_power[0].state[0] = POWER_ON;
	tells(vm_hvc(VCPU_RUN, 0, 0, 0), EXIT_OFF, 0);
}

static void test_others(void **state)
{
	(void)state;
	begin(0);
	assert_int_equal(answer(SMCCC_VERSION, 0, 0, 0), 0x10002);
	tells(run_with(TRAP_EC_HVC64, PSCI_CPU_SUSPEND_64, 0, 0x40080000, 0), EXIT_WFX, 0);
	assert_int_equal(cpu_guest[0].w[CTX_X0], 0);
	/* what nobody knows is the host's, with its answer */
	assert_int_equal(run_with(TRAP_EC_SMC64, UNKNOWN, 0x22, 0x33, 0x44), EXIT_SMC);
	assert_int_equal(vm_rest[0], UNKNOWN);
	assert_int_equal(vm_rest[1], 0x22);
	assert_int_equal(cpu_guest[0].w[2], 0x33);
	calls = 0;
	assert_int_equal(vm_hvc(VCPU_RUN, RUN_ANSWERED, 0x55, 0), EXIT_IRQ);
	assert_int_equal(found[0], 0x55);
	/* an answered call waits for no answer of the host's */
	tells(run_with(TRAP_EC_HVC64, PSCI_CPU_SUSPEND_64, 0, 0, 0), EXIT_WFX, 0);
	calls = 0;
	assert_int_equal(vm_hvc(VCPU_RUN, RUN_ANSWERED, 0x66, 0), EXIT_IRQ);
	assert_int_equal(found[0], 0);
	begin(1);
	assert_int_equal(answer(UNKNOWN, 0x22, 0x33, 0x44), STATUS(-1));
	assert_int_equal(found[1], 0);
	assert_int_equal(answer(SHARE, 0x40000000, 1, 0), STATUS(-3));
}

static void test_lines(void **state)
{
	u64 flags;

	(void)state;
	begin(1);
	machine.guest = guest_calls;
	for (flags = 0; flags < 8; flags++) {
		calls = 0;
		tells(vm_hvc(VCPU_RUN, flags, 0, 0), EXIT_IRQ, 0);
		assert_int_equal(machine.lines & (RUN_IRQ | RUN_FIQ), flags & (RUN_IRQ | RUN_FIQ));
	}
}

static u32 state_of(u64 pfn)
{
	return (u32)(vm_hvc(MEM_INFO, pfn, 0, 0) & 0xff);
}

static void check_nothing_at(u64 page)
{
	lock_acquire(LOCK_MM);
	assert_int_equal(guest_lend(0, page, 1), HYP_ENOENT);
	assert_int_equal(guest_relinquish(0, page), HYP_ENOENT);
	lock_release(LOCK_MM);
}

static void test_memory(void **state)
{
	u64 page = 0x40000, pfn = FIRST + 16, i;

	(void)state;
	begin(1);
	assert_int_equal(answer(SHARE, page * 4096, 0, 0), STATUS(-3));
	check_nothing_at(page);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), page, FIRST + 8), 0);
	assert_int_equal(answer(SHARE, page * 4096, 0, 0), STATUS(-3));
	assert_int_equal(answer(RELINQUISH, page * 4096, 0, 0), STATUS(-3));
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), page, FIRST + 9), 0);
	check_nothing_at(page);
	assert_int_equal(answer(SHARE, page * 4096, 0, 0), STATUS(-3));
	assert_int_equal(answer(RELINQUISH, page * 4096, 0, 0), STATUS(-3));
	assert_int_equal(answer(MMIO, page * 4096, 0, 0), 0);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), page, pfn), 0);
	assert_int_equal(answer(MMIO, page * 4096, 0, 0), STATUS(-3));
	assert_int_equal(answer(MMIO, 0, 0, 0), 0);
	assert_int_equal(state_of(pfn), FRAME_GUEST);
	assert_int_equal(answer(UNSHARE, page * 4096, 0, 0), STATUS(-3));
	assert_int_equal(answer(SHARE, page * 4096, 0, 0), 0);
	assert_int_equal(state_of(pfn), FRAME_GUEST_SHARED_HOST);
	assert_int_equal(answer(SHARE, page * 4096, 0, 0), STATUS(-3));
	/* what is lent cannot be given up */
	assert_int_equal(answer(RELINQUISH, page * 4096, 0, 0), STATUS(-3));
	assert_int_equal(state_of(pfn), FRAME_GUEST_SHARED_HOST);
	assert_int_equal(answer(UNSHARE, page * 4096, 0, 0), 0);
	assert_int_equal(state_of(pfn), FRAME_GUEST);
	machine_fill(pfn, 0x5ec7e7);
	assert_int_equal(answer(RELINQUISH, page * 4096, 0, 0), 0);
	assert_int_equal(state_of(pfn), FRAME_HOST);
	for (i = 0; i < 512; i++) {
		assert_int_equal(machine_word(pfn, i), 0);
	}
	assert_int_equal(vm_frames[0], 2);
	assert_int_equal(answer(RELINQUISH, page * 4096, 0, 0), STATUS(-3));
	assert_int_equal(answer(MMIO, page * 4096, 0, 0), 0);
	/* the page can be another frame now */
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), page, pfn + 1), 0);
}

/* What the generator gives: a number for each call, of which the last has none. */
static u64 given[4];
static u32 taken;

static u64 generator(void)
{
	assert_in_range(taken, 0, 3);
	return given[taken++];
}

/* Call @id for @bits: its status is @status, its registers are @x1 to @x3, and @count numbers were taken. */
static void random_is(u64 id, u64 bits, u64 status, u64 x1, u64 x2, u64 x3, u32 count)
{
	taken = 0;
	assert_int_equal(answer(id, bits, 7, 8), status);
	assert_int_equal(found[1], x1);
	assert_int_equal(found[2], x2);
	assert_int_equal(found[3], x3);
	assert_int_equal(taken, count);
}

static void test_random_bits(void **state)
{
	u32 protected, n;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		random_is(RND64, 64, STATUS(-1), 0, 0, 0, 0);
		assert_int_equal(answer(TRNG_VERSION, 0, 0, 0), STATUS(-1));
		machine.random = generator;
		given[0] = 0xf1f2f3f4f5f6f7f8;
		given[1] = 0xe1e2e3e4e5e6e7e8;
		given[2] = 0xd1d2d3d4d5d6d7d8;
		given[3] = 0xdead;
		assert_int_equal(answer(TRNG_VERSION, 0, 0, 0), 0x10000);
		random_is(RND64, 192, 0, given[2], given[1], given[0], 3);
		random_is(RND64, 129, 0, given[2] >> 63, given[1], given[0], 3);
		random_is(RND64, 128, 0, 0, given[1], given[0], 2);
		random_is(RND64, 65, 0, 0, given[1] >> 63, given[0], 2);
		for (n = 1; n <= 64; n++) {
			random_is(RND64, n, 0, 0, 0, given[0] >> (64 - n), 1);
		}
		random_is(RND32, 96, 0, given[2] >> 32, given[1] >> 32, given[0] >> 32, 3);
		random_is(RND32, 65, 0, given[2] >> 63, given[1] >> 32, given[0] >> 32, 3);
		random_is(RND32, 64, 0, 0, given[1] >> 32, given[0] >> 32, 2);
		random_is(RND32, 33, 0, 0, given[1] >> 63, given[0] >> 32, 2);
		for (n = 1; n <= 32; n++) {
			random_is(RND32, n, 0, 0, 0, given[0] >> (64 - n), 1);
		}
		random_is(RND32, 0, STATUS(-2), 0, 0, 0, 0);
		random_is(RND32, 97, STATUS(-2), 0, 0, 0, 0);
		random_is(RND64, 193, STATUS(-2), 0, 0, 0, 0);
		/* one that is missing is enough for none */
		for (n = 0; n < 3; n++) {
			u64 one = given[n];

			given[n] = 0;
			random_is(RND64, 192, STATUS(-3), 0, 0, 0, 3);
			random_is(RND32, 66, STATUS(-3), 0, 0, 0, 3);
			given[n] = one;
		}
	}
}

/* Of a VM that is not protected these are no calls of Hypatia's. */
static void test_plain(void **state)
{
	(void)state;
	begin(0);
	assert_int_equal(answer(SHARE, 0x40000000, 0, 0), STATUS(-1));
	assert_int_equal(guest_lend(0, 0x40000, 1), HYP_EPERM);
	assert_int_equal(guest_relinquish(0, 0x40000), HYP_EPERM);
	assert_int_equal(guest_lend(1, 0x40000, 0), HYP_ENOENT);
	vms[0].state = VM_DYING;
	assert_int_equal(guest_lend(0, 0x40000, 0), HYP_EPERM);
	assert_int_equal(guest_relinquish(0, 0x40000), HYP_EPERM);
	vms[0].state = VM_LIVE;
	assert_int_equal(guest_has(1, 0x40000), 0);
}

/* A guest reads the measurement of its image, if it has one. */
static void test_measurement(void **state)
{
	u32 protected;
	u64 half;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		assert_int_equal(answer(MEASUREMENT, 0, 0, 0), STATUS(SMCCC_NOT_SUPPORTED));
		assert_int_equal(found[1] | found[2] | found[3], 0);
	}
	machine_reset(48);
	machine_start();
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, 2), 0);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 0, FIRST + 1), 0);
	load(0, 0, 0);
	assert_int_equal(vm_hvc(VM_BEGIN, HANDLE(0), 0x40000000, 0x4711), 0);
	assert_int_not_equal(image_word(0, 0), 0);
	for (half = 0; half < 2; half++) {
		assert_int_equal(answer(MEASUREMENT, half, 0, 0), 0);
		assert_int_equal(found[1], image_word(0, (u32)(2 * half)));
		assert_int_equal(found[2], image_word(0, (u32)(2 * half + 1)));
		assert_int_equal(found[3], 0);
	}
	assert_int_equal(answer(MEASUREMENT, 2, 0, 0), STATUS(SMCCC_INVALID_PARAMETER));
	assert_int_equal(answer(MEASUREMENT, 0, 1, 0), STATUS(SMCCC_INVALID_PARAMETER));
	assert_int_equal(answer(MEASUREMENT, 0, 0, 1), STATUS(SMCCC_INVALID_PARAMETER));
	assert_int_equal(found[1] | found[2] | found[3], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_call),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_cpu_on),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_halted),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_random_bits),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_measurement),
	};

	alarm(100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
