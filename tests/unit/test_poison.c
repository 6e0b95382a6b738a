/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages of a live protected VM that the host takes by force: what it gets, what never comes there again, and what the
 * guest and the host then see.
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
#define OF_TABLES (FIRST + 8)
#define PFN (FIRST + 16)
#define HANDLE(v) (VM_HANDLE_BASE + (v))
#define PAGE 0x40000ul
#define SECRET 0x1122334455667788ul
#define TRANSLATION_LEVEL3 7ul

static u32 state_of(u64 pfn)
{
	return (u32)(vm_hvc(MEM_INFO, pfn, 0, 0) & 0xff);
}

/* VM 0 of @kind, with a vCPU that runs, the tables for PAGE, and @pages there, as the guest left them. */
static void begin(u32 kind, u64 pages)
{
	u64 k;

	machine_boot(48);
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, kind), 0);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 0, FIRST + 1), 0);
	assert_int_equal(vm_hvc(VCPU_LOAD, HANDLE(0), 0, 0), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, OF_TABLES), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, OF_TABLES + 1), 0);
	for (k = 0; k < pages; k++) {
		assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE + k, PFN + k), 0);
		machine_fill(PFN + k, SECRET + k);
	}
	if (kind < 2) {
		assert_int_equal(vm_hvc(VCPU_POWER, 1, 0, 0), 0);
	}
}

static u64 lend(u64 page, u32 how)
{
	s32 error;

	lock_acquire(LOCK_MM);
	error = guest_lend(0, page, how);
	lock_release(LOCK_MM);
	return (u64)(s64)error;
}

/* The guest stores its X3 to PAGE + @k, or loads, and its stage 2 refuses it; behind that the host interrupts it. */
static u64 access_esr;
static u32 accesses;
static void (*meanwhile)(void);

static u64 guest_accesses(u64 *x)
{
	if (accesses == 0) {
		return GUEST_IRQ;
	}
	accesses--;
	x[3] = SECRET;
	machine.esr_el2 = access_esr;
	if (meanwhile) {
		meanwhile();
	}
	return GUEST_SYNC;
}

static s64 accesses_page(u64 ec, u64 iss, u64 page, u32 times)
{
	access_esr = (ec << 26) + 0x2000000ul + iss;
	accesses = times;
	machine.guest = guest_accesses;
	machine.hpfar_el2 = page << 4;
	machine.far_el2 = 0xffff000000000678ul;
	return vm_hvc(VCPU_RUN, 0, 5, 6);
}

#define STORE (0x1c00000ul + (3ul << 16) + 0x40 + TRANSLATION_LEVEL3)
#define LOAD (0x1c00000ul + (7ul << 16) + TRANSLATION_LEVEL3)

/* What is nothing, and stays nothing. */
static void check_poisoned(u64 page, u64 frame)
{
	u64 before = vm_hvc(MEM_INFO, frame, 0, 0);

	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), page, frame), HYP_EBUSY);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), page, frame),
			 vm_image[0].state == IMAGE_OPEN ? HYP_EBUSY : HYP_EPERM);
	assert_int_equal(vm_hvc(VM_MAP_READ, HANDLE(0), page, frame), HYP_EPERM);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), page, frame), HYP_EBUSY);
	assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), page, 0), HYP_EPERM);
	assert_int_equal(vm_hvc(VM_ACCESS, HANDLE(0), page, PAGE_GIVE * 3), HYP_EPERM);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), page, 0), HYP_ENOENT);
	assert_int_equal(vm_hvc(MEM_INFO, frame, 0, 0), before);
	assert_int_equal(lend(page, 1), (u64)HYP_ENOENT);
	assert_int_equal(lend(page, 0), (u64)HYP_ENOENT);
	lock_acquire(LOCK_MM);
	assert_int_equal(guest_relinquish(0, page), HYP_ENOENT);
	assert_int_equal(guest_has(0, page), 1);
	assert_int_equal(guest_word(0, page), 32);
	lock_release(LOCK_MM);
}

static void test_taken(void **state)
{
	u64 free, i;
	u32 lent;

	(void)state;
	for (lent = 0; lent < 2; lent++) {
		begin(1, 2);
		if (lent) {
			assert_int_equal(lend(PAGE, 1), 0);
		}
		free = vm_frames[0];
		i = machine.guest_tlbis;
		assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE, 0), 0);
		assert_int_equal(machine.guest_tlbis, i + 1);
		assert_int_equal(vm_frames[0], free - 1);
		assert_int_equal(state_of(PFN), FRAME_HOST);
		assert_int_equal(machine_page(PGT_HYP, PFN), 0);
		assert_int_equal(machine_page(PGT_HOST, PFN), 0);
		for (i = 0; i < 512; i++) {
			assert_int_equal(machine_word(PFN, i), lent ? SECRET : 0);
			assert_int_equal(machine_word(PFN + 1, i), SECRET + 1);
		}
		check_poisoned(PAGE, PFN);
		check_poisoned(PAGE, PFN + 8);
		/* The frame is the host's for everything else, and the next page is the guest's. */
		assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE + 2, PFN), 0);
		assert_int_equal(state_of(PFN + 1), FRAME_GUEST);
		assert_int_equal(lend(PAGE + 1, 1), 0);
		assert_int_equal(lend(PAGE + 1, 0), 0);
		check_poisoned(PAGE, PFN + 8);
	}
}

static void test_refused(void **state)
{
	u64 free;

	(void)state;
	begin(1, 1);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(VMS_MAX), PAGE, 0), HYP_EINVAL);
	assert_int_equal(vm_hvc(VM_POISON, 0, PAGE, 0), HYP_EINVAL);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), GUEST_PAGES, 0), HYP_ERANGE);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(1), PAGE, 0), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), 0, 0), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE + 1, 0), HYP_ENOENT);
	/* For want of a table: the guest has the page as before. */
	free = pool.free;
	pool.free = 8;
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE, 0), HYP_ENOMEM);
	pool.free = free;
	assert_int_equal(state_of(PFN), FRAME_GUEST);
	assert_int_equal(machine_word(PFN, 511), SECRET);
	lock_acquire(LOCK_MM);
	assert_int_equal(guest_word(0, PAGE), desc_flat(PFN, 3, desc_page_attrs(3)));
	lock_release(LOCK_MM);
	/* Lent, nothing has to be cleared, and no table is missing. */
	assert_int_equal(lend(PAGE, 1), 0);
	pool.free = 8;
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE, 0), 0);
	pool.free = free;
	/* A VM that is not protected has VM_UNMAP, a dying one VM_RECLAIM. */
	begin(0, 1);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE, 0), HYP_EPERM);
	assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE, 0), 0);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE, PFN), 0);
	begin(1, 1);
	assert_int_equal(vm_hvc(VCPU_PUT, 0, 0, 0), 0);
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE, 0), HYP_EPERM);
	assert_int_equal(state_of(PFN), FRAME_GUEST);
}

static void tells_poison(s64 exit, u64 page)
{
	assert_int_equal(exit, EXIT_POISON);
	assert_int_equal(vm_rest[0], page * 4096);
	assert_int_equal(vm_rest[1], 0);
}

/* The host learns where, not what; and what it answers is nothing. */
static void test_touched(void **state)
{
	u64 pc;

	(void)state;
	begin(1, 2);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE, 0), 0);
	pc = cpu_guest[0].w[CTX_PC];
	tells_poison(accesses_page(TRAP_EC_DABT_LOW, STORE, PAGE, 1), PAGE);
	tells_poison(accesses_page(TRAP_EC_DABT_LOW, LOAD, PAGE, 1), PAGE);
	/* The answer of the last is none: register and PC are as they were, and the guest tries again. */
	cpu_guest[0].w[7] = 7;
	accesses = 1;
	tells_poison(vm_hvc(VCPU_RUN, RUN_ANSWERED, 0x4711, 0), PAGE);
	assert_int_equal(cpu_guest[0].w[7], 7);
	assert_int_equal(cpu_guest[0].w[CTX_PC], pc);
	tells_poison(accesses_page(TRAP_EC_IABT_LOW, TRANSLATION_LEVEL3, PAGE, 1), PAGE);
	/* On the way through stage 1, without a syndrome. */
	tells_poison(accesses_page(TRAP_EC_DABT_LOW, 0x80 + TRANSLATION_LEVEL3, PAGE, 1), PAGE);
	/* Where nothing is, and beyond all that can be: as ever, with the value. */
	assert_int_equal(accesses_page(TRAP_EC_DABT_LOW, STORE, PAGE + 2, 1), EXIT_FAULT);
	assert_int_equal(vm_rest[0], FAULT_VALID + FAULT_WRITE + FAULT_SIZE * 3 + (PAGE + 2) * 4096 + 0x678);
	assert_int_equal(vm_rest[1], SECRET);
	assert_int_equal(vm_hvc(VCPU_RUN, RUN_ANSWERED, 0, 0), EXIT_IRQ);
	assert_int_equal(cpu_guest[0].w[CTX_PC], pc + 4);
	assert_int_equal(accesses_page(TRAP_EC_DABT_LOW, STORE, GUEST_PAGES, 1), EXIT_FAULT);
	assert_int_equal(vm_rest[1], SECRET);
	/* Where a page is again, of which the host learns nothing: the guest tries again. */
	assert_int_equal(accesses_page(TRAP_EC_DABT_LOW, STORE, PAGE + 1, 3), EXIT_IRQ);
	assert_int_equal(vm_rest[0], 0);
	assert_int_equal(vm_rest[1], 0);
	assert_int_equal(accesses_page(TRAP_EC_DABT_LOW, STORE, PAGE + 1, 1000), EXIT_NONE);
	assert_int_equal(vm_rest[1], 0);
}

/* Another CPU takes the page while the guest stores to it. */
static void takes(void)
{
	u64 more[REST] = { 0 };

	machine.cpu = 1;
	assert_int_equal(hyp_handle_hvc(VM_POISON, HANDLE(0), PAGE, 0, more).a1, 0);
	machine.cpu = 0;
	meanwhile = NULL;
}

static void test_race(void **state)
{
	(void)state;
	begin(1, 1);
	meanwhile = takes;
	tells_poison(accesses_page(TRAP_EC_DABT_LOW, STORE, PAGE, 1), PAGE);
	assert_null(meanwhile);
}

/* A VM that is not protected keeps what it had: every fault is told as it is. */
static void test_plain(void **state)
{
	(void)state;
	begin(0, 1);
	assert_int_equal(accesses_page(TRAP_EC_DABT_LOW, STORE + 8, PAGE, 1), EXIT_FAULT);
	assert_int_equal(vm_rest[0],
			 FAULT_PERMISSION + FAULT_VALID + FAULT_WRITE + FAULT_SIZE * 3 + PAGE * 4096 + 0x678);
	assert_int_equal(vm_rest[1], SECRET);
}

/* A page of the image: it is not put back, and no other is. */
static void test_measured(void **state)
{
	(void)state;
	begin(2, 0);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), PAGE, PFN), 0);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE, 0), 0);
	assert_int_equal(machine_word(PFN, 3), 0);
	check_poisoned(PAGE, PFN);
}

/* The VM ends as any other, and the next one has the place. */
static void test_end(void **state)
{
	u64 k, free, own, host;

	(void)state;
	machine_boot(48);
	free = pool.free;
	own = machine_tables(PGT_HYP);
	host = machine_tables(PGT_HOST);
	begin(1, 3);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE, 0), 0);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE + 2, 0), 0);
	assert_int_equal(vm_hvc(VCPU_PUT, 0, 0, 0), 0);
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
	lock_acquire(LOCK_MM);
	assert_int_equal(guest_word(0, PAGE + 1), 0);
	lock_release(LOCK_MM);
	assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(0), PFN, 0), HYP_EPERM);
	assert_int_equal(vm_hvc(VCPU_RECLAIM, HANDLE(0), 0, 0), 0);
	assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(0), PFN + 1, 0), 0);
	assert_int_equal(vm_hvc(VM_FINALIZE, HANDLE(0), 0, 0), HYP_EBUSY);
	for (k = 0; k < 2; k++) {
		assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(0), OF_TABLES + k, 0), 0);
	}
	assert_int_equal(vm_hvc(VM_FINALIZE, HANDLE(0), 0, 0), 0);
	assert_int_equal(pool.free, free);
	assert_int_equal(machine_tables(PGT_HYP), own);
	assert_int_equal(machine_tables(PGT_HOST), host);
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, 1), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, OF_TABLES), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, OF_TABLES + 1), 0);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE, PFN), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken), cmocka_unit_test(test_refused),  cmocka_unit_test(test_touched),
		cmocka_unit_test(test_race),  cmocka_unit_test(test_plain), cmocka_unit_test(test_measured),
		cmocka_unit_test(test_end),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
