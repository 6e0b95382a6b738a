/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of guests, through the host's calls: tables, pages and what comes back, in each state of the VM and of the
 * frame; and the transitions of frames alone (lend.h), which guests will ask for as well.
 */
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "machine.h"

#define FIRST (BANK0_FIRST + 0x2000ul)     /* frames of the host's that the tests give */
#define FRAMES 64u
#define HANDLE(v) (VM_HANDLE_BASE + (v))
#define PATTERN 0x5a5a5a5a5a5a5a5aul
#define PAGE 0x40081ul
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static u64 index_at(u64 n, u32 level)
{
	return n >> (9 * (3 - level)) & 511;
}

/* A walk for page @n of VM @v: the level that it ends at; the entry there. */
static u32 walk(u32 v, u64 n, u64 *entry)
{
	u64 table = vms[v].frame;
	u32 level;

	for (level = 1;; level++) {
		*entry = machine_word(table, index_at(n, level));
		if (level == 3 || (*entry & 3) != 3) {
			return level;
		}
		table = *entry >> 12 & 0xffffffffful;
	}
}

static u64 page_of(u32 v, u64 n)
{
	u64 entry;

	return walk(v, n, &entry) == 3 ? entry : 0;
}

static u64 leaf(u64 pfn)
{
	return desc_flat(pfn, 3, desc_host_attrs(1));
}

/* What stands in a frame's metadata. */
struct record {
	u32 state, vm, count;
};

static struct record record_of(u64 pfn)
{
	struct record record;
	u64 r;

	lock_acquire(LOCK_MM);
	r = mem_record(pfn);
	record.state = frame_state_get(pfn, r);
	record.vm = frame_vm_get(pfn, r);
	record.count = frame_count_get(pfn, r);
	lock_release(LOCK_MM);
	return record;
}

/* What the host's table and Hypatia's own have of a frame in @state. */
static void check_views(u64 pfn, u32 state)
{
	u64 host = machine_page(PGT_HOST, pfn);

	assert_int_equal(record_of(pfn).state, state);
	assert_int_equal(machine_page(PGT_HYP, pfn),
			 state == FRAME_HYP_VM ? desc_flat(pfn, 3, desc_map_attrs(0, MAP_DATA)) : 0);
	if (state == FRAME_HYP_VM || state == FRAME_GUEST) {
		assert_int_equal(host, desc_hyp_owned());
	} else {
		assert_true(host == 0 || host == leaf(pfn));
	}
}

static void check_filled(u64 pfn, u64 value)
{
	u64 i;

	for (i = 0; i < 512; i++) {
		assert_int_equal(machine_word(pfn, i), value);
	}
}

static void make(u32 v, u64 frame, u64 protected)
{
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(v));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(v), frame, protected), 0);
}

/* A VM that has the tables for PAGE. */
static void make_with_tables(u32 v, u64 frame, u64 protected)
{
	make(v, frame, protected);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(v), PAGE, frame + 1), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(v), PAGE, frame + 2), 0);
}

/* What a refused call leaves alone. */
static struct seen {
	u64 free;
	struct vm vms[VMS_MAX];
	u64 frames[VMS_MAX];
	u64 host[FRAMES], own[FRAMES], words[FRAMES];
	struct record record[FRAMES];
} before, after;

static void look(struct seen *seen)
{
	u64 f, i;

	memset(seen, 0, sizeof(*seen));
	seen->free = pool.free;
	memcpy(seen->vms, vms, sizeof(vms));
	memcpy(seen->frames, vm_frames, sizeof(vm_frames));
	for (f = 0; f < FRAMES; f++) {
		seen->host[f] = machine_page(PGT_HOST, FIRST + f);
		seen->own[f] = machine_page(PGT_HYP, FIRST + f);
		seen->record[f] = record_of(FIRST + f);
		for (i = 0; i < 512; i++) {
			seen->words[f] = seen->words[f] * 31 + machine_word(FIRST + f, i);
		}
	}
}

static void refused(u64 call, u32 v, u64 a2, u64 a3, s64 error)
{
	look(&before);
	assert_int_equal(vm_hvc(call, HANDLE(v), a2, a3), error);
	look(&after);
	assert_memory_equal(&before, &after, sizeof(before));
}

/* A VM's memory from its first table to the end of the VM; all is as it was before. */
static void life(u32 protected)
{
	u32 state = protected ? FRAME_GUEST : FRAME_HOST_SHARED_GUEST;
	u64 free, own, host, entry, f;
	u32 flushes = machine.guest_flushes;
	u32 tlbis = machine.guest_tlbis;

	free = pool.free;
	own = machine_tables(PGT_HYP);
	host = machine_tables(PGT_HOST);
	for (f = 0; f < 8; f++) {
		machine_fill(FIRST + f, PATTERN);
	}
	make(0, FIRST, protected);
	refused(VM_MAP, 0, PAGE, FIRST + 4, HYP_ENOENT);
	assert_int_equal(walk(0, PAGE, &entry), 1);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, FIRST + 1), 0);
	assert_int_equal(walk(0, PAGE, &entry), 2);
	refused(VM_MAP, 0, PAGE, FIRST + 4, HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, FIRST + 2), 0);
	assert_int_equal(walk(0, PAGE, &entry), 3);
	assert_int_equal(entry, 0);
	for (f = 1; f < 3; f++) {
		check_views(FIRST + f, FRAME_HYP_VM);
		assert_int_equal(record_of(FIRST + f).vm, 1);
	}
	check_filled(FIRST + 2, 0);
	assert_int_equal(machine_word(FIRST, index_at(PAGE, 1)), desc_table(FIRST + 1));
	assert_int_equal(machine_word(FIRST + 1, index_at(PAGE, 2)), desc_table(FIRST + 2));
	refused(VM_TABLE, 0, PAGE, FIRST + 3, HYP_EBUSY);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE, FIRST + 4), 0);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE - 1, FIRST + 5), 0);
	assert_int_equal(page_of(0, PAGE), leaf(FIRST + 4));
	assert_int_equal(page_of(0, PAGE - 1), leaf(FIRST + 5));
	assert_int_equal(page_of(0, PAGE + 1), 0);
	check_views(FIRST + 4, state);
	check_filled(FIRST + 4, PATTERN);
	assert_int_equal(record_of(FIRST + 4).count, protected ? 0 : 1);
	assert_int_equal(record_of(FIRST + 4).vm, 1);
	assert_int_equal(vm_frames[0], 4);
	assert_int_equal(machine.guest_tlbis, tlbis);
	refused(VM_MAP, 0, PAGE, FIRST + 6, HYP_EBUSY);
	refused(VM_MAP, 0, PAGE + 1, FIRST + 4, HYP_EPERM);
	refused(VM_RECLAIM, 0, FIRST + 4, 0, HYP_EPERM);
	if (protected) {
		refused(VM_UNMAP, 0, PAGE, 0, HYP_EPERM);
	} else {
		assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE, 0), 0);
		assert_int_equal(machine.guest_tlbis, tlbis + 1);
		assert_int_equal(page_of(0, PAGE), 0);
		assert_int_equal(page_of(0, PAGE - 1), leaf(FIRST + 5));
		check_views(FIRST + 4, FRAME_HOST);
		check_filled(FIRST + 4, PATTERN);
		assert_int_equal(record_of(FIRST + 4).vm, 0);
		refused(VM_UNMAP, 0, PAGE, 0, HYP_ENOENT);
		assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE, FIRST + 4), 0);
	}
	refused(VM_FINALIZE, 0, 0, 0, HYP_EPERM);
	assert_int_equal(machine.guest_flushes, flushes);
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
	assert_int_equal(machine.guest_flushes, flushes + 1);
	for (f = 1; f < 6; f++) {
		if (f == 3) {
			refused(VM_RECLAIM, 0, FIRST + f, 0, HYP_EPERM);
			continue;
		}
		refused(VM_FINALIZE, 0, 0, 0, HYP_EBUSY);
		assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(0), FIRST + f, 0), 0);
		check_views(FIRST + f, FRAME_HOST);
		assert_int_equal(record_of(FIRST + f).vm, 0);
		check_filled(FIRST + f, f < 3 || protected ? 0 : PATTERN);
		refused(VM_RECLAIM, 0, FIRST + f, 0, HYP_EPERM);
	}
	refused(VM_RECLAIM, 0, FIRST, 0, HYP_EPERM); /* the VM's own frame */
	assert_int_equal(vm_frames[0], 0);
	assert_int_equal(vm_hvc(VM_FINALIZE, HANDLE(0), 0, 0), 0);
	assert_int_equal(pool.free, free);
	assert_int_equal(machine_tables(PGT_HYP), own);
	assert_int_equal(machine_tables(PGT_HOST), host);
}

static void test_life(void **state)
{
	(void)state;
	machine_boot(40);
	life(0);
	life(1);
	life(0);
	machine_boot(48);
	life(1);
	machine_boot(36);
	life(1);
}

/* Every call in every state of the VM. */
static void test_states(void **state)
{
	static const struct {
		u64 call, a3;
		s64 error[4];           /* free, reserved, live, dying */
	} calls[] = {
		{ VM_TABLE, FIRST + 9, { HYP_ENOENT, HYP_ENOENT, HYP_EBUSY, HYP_EPERM } },
		{ VM_MAP, FIRST + 9, { HYP_ENOENT, HYP_ENOENT, HYP_EBUSY, HYP_EPERM } },
		{ VM_UNMAP, 0, { HYP_ENOENT, HYP_ENOENT, HYP_EPERM, HYP_EPERM } },
		{ VM_RECLAIM, 0, { HYP_ENOENT, HYP_ENOENT, HYP_EPERM, HYP_EINVAL } },
		{ VM_MAP_READ, FIRST + 9, { HYP_ENOENT, HYP_ENOENT, HYP_EPERM, HYP_EPERM } },
		{ VM_ACCESS, 1, { HYP_ENOENT, HYP_ENOENT, HYP_EPERM, HYP_EPERM } },
		{ VM_JOIN, 0, { HYP_ENOENT, HYP_ENOENT, HYP_ENOENT, HYP_EPERM } },
	};
	u32 s, c;

	(void)state;
	machine_boot(40);
	for (s = VM_FREE; s <= VM_DYING; s++) {
		if (s == VM_RESERVED) {
			assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
		} else if (s == VM_LIVE) {
			assert_int_equal(vm_hvc(VM_UNRESERVE, HANDLE(0), 0, 0), 0);
			make_with_tables(0, FIRST, 1);
			assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE, FIRST + 3), 0);
		} else if (s == VM_DYING) {
			assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
		}
		assert_int_equal(vms[0].state, s);
		for (c = 0; c < COUNT(calls); c++) {
			/* PAGE is also a frame number, of the image, and PAGE / 2 of no RAM. */
			refused(calls[c].call, 0, calls[c].call == VM_RECLAIM && s == VM_DYING ? PAGE / 2 : PAGE,
				calls[c].a3, calls[c].error[s]);
		}
	}
}

static void test_arguments(void **state)
{
	(void)state;
	machine_boot(40);
	make_with_tables(0, FIRST, 0);
	refused(VM_TABLE, VMS_MAX, 0, FIRST + 9, HYP_EINVAL);
	refused(VM_MAP, (u32)0 - 1, 0, FIRST + 9, HYP_EINVAL);
	refused(VM_TABLE, 0, GUEST_PAGES, FIRST + 9, HYP_ERANGE);
	refused(VM_MAP, 0, GUEST_PAGES, FIRST + 9, HYP_ERANGE);
	refused(VM_UNMAP, 0, GUEST_PAGES, 0, HYP_ERANGE);
	refused(VM_UNMAP, 0, GUEST_PAGES - 1, 0, HYP_ENOENT);
	refused(VM_MAP_READ, VMS_MAX, 0, FIRST + 9, HYP_EINVAL);
	refused(VM_MAP_READ, 0, GUEST_PAGES, FIRST + 9, HYP_ERANGE);
	refused(VM_MAP_READ, 0, PAGE, 1ul << 36, HYP_ERANGE);
	refused(VM_MAP_READ, 0, GUEST_PAGES - 1, FIRST + 9, HYP_ENOENT);
	refused(VM_ACCESS, VMS_MAX, 0, 0, HYP_EINVAL);
	refused(VM_ACCESS, 0, GUEST_PAGES, 16, HYP_ERANGE);
	refused(VM_ACCESS, 0, PAGE, 16, HYP_EINVAL);
	refused(VM_ACCESS, 0, PAGE, 15, HYP_ENOENT);
	refused(VM_ACCESS, 0, GUEST_PAGES - 1, 0, HYP_ENOENT);
	refused(VM_JOIN, VMS_MAX, PAGE, 0, HYP_EINVAL);
	refused(VM_JOIN, 0, GUEST_PAGES, 0, HYP_ERANGE);
	refused(VM_JOIN, 0, GUEST_PAGES - 1, 0, HYP_ENOENT);
	refused(VM_TABLE, 0, 0, 1ul << 36, HYP_ERANGE);
	refused(VM_MAP, 0, PAGE, 1ul << 36, HYP_ERANGE);
	refused(VM_MAP, 0, PAGE, (1ul << 36) - 1, HYP_EINVAL);
	refused(VM_RECLAIM, 0, 1ul << 36, 0, HYP_ERANGE);
	refused(VM_RECLAIM, 0, (1ul << 36) - 1, 0, HYP_EPERM);
	/* The first and the last page have tables of their own. */
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), GUEST_PAGES - 1, FIRST + 3), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), GUEST_PAGES - 1, FIRST + 4), 0);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), GUEST_PAGES - 1, FIRST + 5), 0);
	assert_int_equal(page_of(0, GUEST_PAGES - 1), leaf(FIRST + 5));
	/* PAGE's neighbour in level 2 shares its table there. */
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE + 512, FIRST + 6), 0);
	refused(VM_TABLE, 0, PAGE + 512, FIRST + 7, HYP_EBUSY);
	assert_int_equal(page_of(0, PAGE), 0);
}

/* What a guest may do with a page, from each of the four to each: bits 7:6 are S2AP, bit 10 is AF (Arm ARM D8.3). */
static void test_access(void **state)
{
	static const u64 bits[] = { 0x40, 0xc0, 0x440, 0x4c0 };
	u64 rest, had, change, now, other;
	u32 tlbis;

	(void)state;
	machine_boot(40);
	make_with_tables(0, FIRST, 0);
	assert_int_equal(vm_hvc(VM_MAP_READ, HANDLE(0), PAGE, FIRST + 3), 0);
	check_views(FIRST + 3, FRAME_HOST_SHARED_GUEST);
	assert_int_equal(record_of(FIRST + 3).count, 1);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE - 1, FIRST + 4), 0);
	refused(VM_MAP_READ, 0, PAGE, FIRST + 5, HYP_EBUSY);
	other = page_of(0, PAGE - 1);
	rest = leaf(FIRST + 3) - 0x4c0;
	assert_int_equal(page_of(0, PAGE), rest + 0x440);
	for (had = 0; had < 4; had++) {
		for (change = 0; change < 16; change++) {
			vm_hvc(VM_ACCESS, HANDLE(0), PAGE, 3 + 4 * had);
			assert_int_equal(page_of(0, PAGE), rest + bits[had]);
			tlbis = machine.guest_tlbis;
			now = (had & ~(change & 3)) | change >> 2;
			assert_int_equal(vm_hvc(VM_ACCESS, HANDLE(0), PAGE, change), had);
			assert_int_equal(page_of(0, PAGE), rest + bits[now]);
			assert_int_equal(machine.guest_tlbis, tlbis + (now != had));
			assert_int_equal(page_of(0, PAGE - 1), other);
		}
	}
	assert_int_equal(vm_hvc(VM_ACCESS, HANDLE(0), PAGE, 3), 3);
	assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE, 0), 0);
	check_views(FIRST + 3, FRAME_HOST);
	refused(VM_ACCESS, 0, PAGE, 12, HYP_ENOENT);
	/* All of a protected VM's pages is its own. */
	make_with_tables(1, FIRST + 10, 1);
	refused(VM_MAP_READ, 1, PAGE, FIRST + 3, HYP_EPERM);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(1), PAGE, FIRST + 3), 0);
	for (change = 0; change < 16; change++) {
		refused(VM_ACCESS, 1, PAGE, change, HYP_EPERM);
	}
}

/* Frames that are not the host's, and those of another VM. */
static void test_frames(void **state)
{
	u64 bad[8];
	u64 i;

	(void)state;
	machine_boot(40);
	make_with_tables(0, FIRST, 0);
	make_with_tables(1, FIRST + 10, 1);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE, FIRST + 3), 0);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(1), PAGE, FIRST + 13), 0);
	assert_int_equal(page_of(0, PAGE), leaf(FIRST + 3));
	assert_int_equal(page_of(1, PAGE), leaf(FIRST + 13));
	assert_int_equal(vm_hvc(MEM_SHARE_HYP, FIRST + 20, 0, 0), 0);
	assert_int_equal(vm_hvc(MEM_DONATE_HYP, FIRST + 21, 1, 0), 1);
	bad[0] = FIRST;         /* a VM's state */
	bad[1] = FIRST + 1;     /* a table */
	bad[2] = FIRST + 3;     /* lent to a guest, and counted */
	bad[3] = FIRST + 13;    /* a guest's own */
	bad[4] = FIRST + 20;
	bad[5] = FIRST + 21;
	bad[6] = IMAGE_FIRST;
	bad[7] = pool.first;
	for (i = 0; i < COUNT(bad); i++) {
		refused(VM_TABLE, 0, 0, bad[i], HYP_EPERM);
		refused(VM_MAP, 0, PAGE + 1, bad[i], HYP_EPERM);
		refused(VM_MAP, 1, PAGE + 1, bad[i], HYP_EPERM);
	}
	refused(VM_TABLE, 0, 0, CONSOLE_PFN, HYP_EINVAL);
	refused(VM_MAP, 0, PAGE + 1, CONSOLE_PFN, HYP_EINVAL);
	refused(VM_MAP, 1, PAGE + 1, CONSOLE_PFN, HYP_EINVAL);
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(1), 0, 0), 0);
	for (i = 0; i < COUNT(bad); i++) {
		if (bad[i] != FIRST + 13) {
			refused(VM_RECLAIM, 1, bad[i], 0, HYP_EPERM);
		}
	}
	refused(VM_RECLAIM, 1, FIRST + 2, 0, HYP_EPERM);
	refused(VM_RECLAIM, 0, FIRST + 13, 0, HYP_EPERM);
}

/* What a VM has is out of reach of the host's other calls; a protected VM's, of the host as well. */
static void test_out_of_reach(void **state)
{
	static const u64 calls[] = {
		MEM_SHARE_HYP, MEM_UNSHARE_HYP, MEM_PIN, MEM_UNPIN, MEM_DONATE_HYP, MEM_RECLAIM_HYP
	};
	static const u64 frames[] = { FIRST + 1, FIRST + 3, FIRST + 11, FIRST + 13 };
	u64 c, f;

	(void)state;
	machine_boot(40);
	make_with_tables(0, FIRST, 0);
	make_with_tables(1, FIRST + 10, 1);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE, FIRST + 3), 0);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(1), PAGE, FIRST + 13), 0);
	for (f = 0; f < COUNT(frames); f++) {
		look(&before);
		for (c = 0; c < COUNT(calls); c++) {
			assert_int_equal(vm_hvc(calls[c], frames[f], 1, 0), HYP_EPERM);
		}
		assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 0, frames[f]), HYP_EPERM);
		look(&after);
		assert_memory_equal(&before, &after, sizeof(before));
		machine.elr_el1 = 0;
		machine.elr_el2 = 0x1000;
		hyp_handle_abort(0x24ul << 26 | 7, 0xabc, frames[f] << 4);
		assert_int_equal(machine.elr_el1, frames[f] == FIRST + 3 ? 0 : 0x1000);
		assert_int_equal(machine_page(PGT_HOST, frames[f]),
				 frames[f] == FIRST + 3 ? leaf(FIRST + 3) : desc_hyp_owned());
	}
}

/* Without memory of its own Hypatia refuses, and nothing has changed. */
static void test_no_memory(void **state)
{
	u64 free;

	(void)state;
	machine_boot(40);
	make_with_tables(0, FIRST, 0);
	make_with_tables(1, FIRST + 10, 1);
	free = pool.free;
	pool.free = 5;
	refused(VM_TABLE, 0, 0, FIRST + 3, HYP_ENOMEM);
	pool.free = 0;
	/* a 2 MiB region of which the host's table has nothing yet */
	refused(VM_MAP, 1, PAGE, BANK1_FIRST + 0x400, HYP_ENOMEM);
	assert_int_equal(record_of(BANK1_FIRST + 0x400).state, FRAME_HOST);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE, FIRST + 3), 0); /* a loan takes none */
	pool.free = free;
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(1), PAGE, FIRST + 13), 0);
	free = pool.free;
	vm_frames[0] = VM_FRAMES_MAX;
	refused(VM_TABLE, 0, 0, FIRST + 4, HYP_ENOMEM);
	refused(VM_MAP, 0, PAGE + 1, FIRST + 4, HYP_ENOMEM);
	vm_frames[0] = VM_FRAMES_MAX - 1;
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE + 1, FIRST + 4), 0);
	assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + 1, 0), 0);
	vm_frames[0] = VM_FRAMES_MAX - 1;
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), 0, FIRST + 4), 0);
	vm_frames[0] = 4;
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(1), 0, 0), 0);
	pool.free = 8;
	refused(VM_RECLAIM, 1, FIRST + 13, 0, HYP_ENOMEM);
	assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(1), FIRST + 12, 0), 0);
	pool.free = 9;
	assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(1), FIRST + 13, 0), 0);
	check_views(FIRST + 13, FRAME_HOST);
}

/* What a protected guest lent to the host comes back as it is. */
static void test_lent_comes_back(void **state)
{
	(void)state;
	machine_boot(40);
	make_with_tables(0, FIRST, 1);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), PAGE, FIRST + 3), 0);
	machine_fill(FIRST + 3, PATTERN);
	lock_acquire(LOCK_MM);
	assert_int_equal(guest_share_host(FIRST + 3), 0);
	lock_release(LOCK_MM);
	refused(VM_UNMAP, 0, PAGE, 0, HYP_EPERM);
	refused(VM_RECLAIM, 0, FIRST + 3, 0, HYP_EPERM);
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
	assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(0), FIRST + 3, 0), 0);
	check_views(FIRST + 3, FRAME_HOST);
	check_filled(FIRST + 3, PATTERN);
	assert_int_equal(vm_frames[0], 2);
}

/* A frame of the host's comes to be in @state. */
static void bring(u64 pfn, u32 state)
{
	switch (state) {
	case FRAME_HOST:
		break;
	case FRAME_HOST_SHARED_HYP:
		assert_int_equal(host_share_hyp(pfn), 0);
		break;
	case FRAME_HYP:
		assert_int_equal(host_donate_hyp(pfn), 0);
		break;
	case FRAME_HYP_VM:
		assert_int_equal(vm_give(pfn), 0);
		break;
	case FRAME_HOST_SHARED_GUEST:
		assert_int_equal(host_share_guest(pfn), 0);
		break;
	default:
		assert_int_equal(host_donate_guest(pfn), 0);
		if (state == FRAME_GUEST_SHARED_HOST) {
			assert_int_equal(guest_share_host(pfn), 0);
		}
		break;
	}
	assert_int_equal(frame_state_get(pfn, mem_record(pfn)), state);
}

static const struct {
	s32 (*step)(u64 pfn);
	u32 from, to, count, clears;
} steps[] = {
	{ host_donate_guest, FRAME_HOST, FRAME_GUEST, 0, 0 },
	{ guest_share_host, FRAME_GUEST, FRAME_GUEST_SHARED_HOST, 0, 0 },
	{ guest_unshare_host, FRAME_GUEST_SHARED_HOST, FRAME_GUEST, 0, 0 },
	{ host_share_guest, FRAME_HOST, FRAME_HOST_SHARED_GUEST, 1, 0 },
	{ host_unshare_guest_last, FRAME_HOST_SHARED_GUEST, FRAME_HOST, 0, 0 },
	{ reclaim_guest_shared, FRAME_GUEST_SHARED_HOST, FRAME_HOST, 0, 0 },
	{ reclaim_guest, FRAME_GUEST, FRAME_HOST, 0, 1 },
};

/* Each transition of spec/vm.toml from each state, by hand; frames next to it stay as they are. */
static void test_transitions(void **state)
{
	u64 pfn = FIRST + 7;
	u64 own, host;
	u32 s, t;

	(void)state;
	for (t = 0; t < COUNT(steps); t++) {
		for (s = FRAME_HOST; s <= FRAME_HOST_SHARED_GUEST; s++) {
			machine_boot(40);
			own = machine_tables(PGT_HYP);
			host = machine_tables(PGT_HOST);
			lock_acquire(LOCK_MM);
			bring(pfn, s);
			machine_fill(pfn, PATTERN);
			assert_int_equal(steps[t].step(pfn), s == steps[t].from ? 0 : HYP_EPERM);
			lock_release(LOCK_MM);
			assert_int_equal(record_of(pfn).state, s == steps[t].from ? steps[t].to : s);
			if (s == steps[t].from) {
				check_views(pfn, steps[t].to);
				assert_int_equal(record_of(pfn).count, steps[t].count);
			}
			check_filled(pfn, s == steps[t].from && steps[t].clears ? 0 : PATTERN);
			if (s == steps[t].from && steps[t].clears) {
				assert_int_equal(machine_tables(PGT_HYP), own);
				assert_int_equal(machine_tables(PGT_HOST), host);
			}
			check_views(pfn + 1, FRAME_HOST);
			check_views(pfn - 1, FRAME_HOST);
		}
		lock_acquire(LOCK_MM);
		assert_int_equal(steps[t].step(CONSOLE_PFN), HYP_EINVAL);
		lock_release(LOCK_MM);
	}
}

/* A loan to two VMs is not over with one; a table that has gone, with none in the pool, is no step. */
static void test_transition_edges(void **state)
{
	u64 pfn = FIRST + 7;
	u64 free;

	(void)state;
	machine_boot(40);
	lock_acquire(LOCK_MM);
	bring(pfn, FRAME_HOST_SHARED_GUEST);
	frame_count_set(pfn, mem_record(pfn), 2);
	assert_int_equal(host_unshare_guest_last(pfn), HYP_EBUSY);
	assert_int_equal(frame_state_get(pfn, mem_record(pfn)), FRAME_HOST_SHARED_GUEST);
	frame_count_set(pfn, mem_record(pfn), 1);
	assert_int_equal(host_unshare_guest_last(pfn), 0);
	/* the neighbour's reclaim prunes the table in which a lent frame has nothing */
	bring(pfn, FRAME_GUEST_SHARED_HOST);
	bring(pfn + 1, FRAME_GUEST);
	assert_int_equal(reclaim_guest(pfn + 1), 0);
	free = pool.free;
	pool.free = 0;
	assert_int_equal(guest_unshare_host(pfn), HYP_ENOMEM);
	assert_int_equal(frame_state_get(pfn, mem_record(pfn)), FRAME_GUEST_SHARED_HOST);
	/* a frame in GUEST always has its entry, so this one is made by hand */
	frame_state_set(pfn, mem_record(pfn), FRAME_GUEST);
	assert_int_equal(guest_share_host(pfn), HYP_ENOMEM);
	assert_int_equal(frame_state_get(pfn, mem_record(pfn)), FRAME_GUEST);
	pool.free = free;
	lock_release(LOCK_MM);
}

/* Random calls with a model of the VMs' trees beside them. */

#define MODEL_VMS 3u
static const u64 some_pages[] = { 0, 1, 511, 512, 513, 512 * 512, 512 * 512 + 1, GUEST_PAGES - 1, GUEST_PAGES - 512 };

static struct {
	u32 state, protected, owned;
	u8 two[512];                    /* table of level 2 there, by entry of level 1 */
	struct {
		u64 three, page;        /* number of the table of level 3 + 1; frame + 1 */
	} at[COUNT(some_pages)];
} model[MODEL_VMS];
static u32 owner[FRAMES];               /* VM + 1 */
static u32 kind[FRAMES];                /* its state */
static u32 root[MODEL_VMS];

static s64 missing(u32 v)
{
	return model[v].state == VM_LIVE ? 0 : model[v].state == VM_DYING ? HYP_EPERM : HYP_ENOENT;
}

static void model_gets(u32 v, u32 f, u32 state)
{
	owner[f] = v + 1;
	kind[f] = state;
	model[v].owned++;
}

static void model_loses(u32 v, u32 f)
{
	owner[f] = 0;
	kind[f] = FRAME_HOST;
	model[v].owned--;
}

static s64 model_table(u32 v, u32 p, u32 f)
{
	u64 n = some_pages[p];
	u32 k;

	if (missing(v) != 0 || model[v].at[p].three != 0) {
		return missing(v) != 0 ? missing(v) : HYP_EBUSY;
	}
	if (kind[f] != FRAME_HOST) {
		return HYP_EPERM;
	}
	model_gets(v, f, FRAME_HYP_VM);
	if (!model[v].two[n / (512 * 512)]) {
		model[v].two[n / (512 * 512)] = 1;
		return 0;
	}
	for (k = 0; k < COUNT(some_pages); k++) {
		if (some_pages[k] / 512 == n / 512) {
			model[v].at[k].three = n / 512 + 1;
		}
	}
	return 0;
}

static s64 model_map(u32 v, u32 p, u32 f)
{
	if (missing(v) != 0 || model[v].at[p].three == 0) {
		return missing(v) != 0 ? missing(v) : HYP_ENOENT;
	}
	if (model[v].at[p].page != 0) {
		return HYP_EBUSY;
	}
	if (kind[f] != FRAME_HOST) {
		return HYP_EPERM;
	}
	model_gets(v, f, model[v].protected ? FRAME_GUEST : FRAME_HOST_SHARED_GUEST);
	model[v].at[p].page = f + 1;
	return 0;
}

static s64 model_unmap(u32 v, u32 p)
{
	if (missing(v) != 0 || model[v].protected) {
		return missing(v) != 0 ? missing(v) : HYP_EPERM;
	}
	if (model[v].at[p].page == 0) {
		return HYP_ENOENT;
	}
	model_loses(v, (u32)model[v].at[p].page - 1);
	model[v].at[p].page = 0;
	return 0;
}

static s64 model_reclaim(u32 v, u32 f)
{
	if (model[v].state != VM_DYING) {
		return model[v].state == VM_LIVE ? HYP_EPERM : HYP_ENOENT;
	}
	if (owner[f] != v + 1) {
		return HYP_EPERM;
	}
	model_loses(v, f);
	return 0;
}

/* The life of VM @v goes on by a step, where that can be. */
static void model_life(u32 v, u32 f, u32 protected)
{
	switch (model[v].state) {
	case VM_RESERVED:
		assert_int_equal(vm_hvc(VM_INIT, HANDLE(v), FIRST + f, protected),
				 kind[f] == FRAME_HOST ? 0 : HYP_EPERM);
		if (kind[f] == FRAME_HOST) {
			kind[f] = FRAME_HYP_VM;
			root[v] = f;
			memset(&model[v], 0, sizeof(model[v]));
			model[v].state = VM_LIVE;
			model[v].protected = protected;
		}
		break;
	case VM_LIVE:
		assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(v), 0, 0), 0);
		model[v].state = VM_DYING;
		break;
	default:
		assert_int_equal(vm_hvc(VM_FINALIZE, HANDLE(v), 0, 0), model[v].owned != 0 ? HYP_EBUSY : 0);
		if (model[v].owned == 0) {
			kind[root[v]] = FRAME_HOST;
			check_filled(FIRST + root[v], 0);
			assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(v));
			model[v].state = VM_RESERVED;
		}
		break;
	}
}

static void check_model(u32 v, u32 f)
{
	u32 p;

	assert_int_equal(record_of(FIRST + f).state, kind[f]);
	assert_int_equal(record_of(FIRST + f).vm, owner[f]);
	check_views(FIRST + f, kind[f]);
	assert_int_equal(vm_frames[v], model[v].owned);
	for (p = 0; p < COUNT(some_pages) && model[v].state == VM_LIVE; p++) {
		assert_int_equal(page_of(v, some_pages[p]),
				 model[v].at[p].page == 0 ? 0 : leaf(FIRST + model[v].at[p].page - 1));
	}
}

static void test_random_calls(void **state)
{
	u64 free, own, host, n, i;
	u32 v, p, f, was;
	s64 got, want;

	(void)state;
	machine_boot(40);
	test_seed(11);
	memset(model, 0, sizeof(model));
	memset(owner, 0, sizeof(owner));
	memset(kind, 0, sizeof(kind));
	free = pool.free;
	own = machine_tables(PGT_HYP);
	host = machine_tables(PGT_HOST);
	for (v = 0; v < MODEL_VMS; v++) {
		assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(v));
		model[v].state = VM_RESERVED;
	}
	for (n = 0; n < 20000; n++) {
		v = (u32)(test_random() % MODEL_VMS);
		p = (u32)(test_random() % COUNT(some_pages));
		f = (u32)(test_random() % FRAMES);
		was = kind[f];
		switch (test_random() % 8) {
		case 0:
		case 1:
			want = model_table(v, p, f);
			got = vm_hvc(VM_TABLE, HANDLE(v), some_pages[p], FIRST + f);
			break;
		case 2:
		case 3:
			want = model_map(v, p, f);
			got = vm_hvc(VM_MAP, HANDLE(v), some_pages[p], FIRST + f);
			break;
		case 4:
			want = model_unmap(v, p);
			got = vm_hvc(VM_UNMAP, HANDLE(v), some_pages[p], 0);
			break;
		case 5:
			/* rarely: else a VM has no time to grow */
			if (n % 16 == 0 || model[v].state == VM_DYING) {
				model_life(v, f, (u32)(n / 16 % 2));
			}
			want = got = 0;
			break;
		default:
			want = model_reclaim(v, f);
			got = vm_hvc(VM_RECLAIM, HANDLE(v), FIRST + f, 0);
			for (i = 0; got == 0 && i < 512; i++) {
				assert_int_equal(machine_word(FIRST + f, i),
						 was == FRAME_HOST_SHARED_GUEST ? PATTERN + f : 0);
			}
			break;
		}
		assert_int_equal(got, want);
		check_model(v, f);
		if (kind[f] != FRAME_HYP_VM) {
			machine_fill(FIRST + f, PATTERN + f);
		}
	}
	for (v = 0; v < MODEL_VMS; v++) {
		vm_hvc(VM_TEARDOWN, HANDLE(v), 0, 0);
		for (f = 0; f < FRAMES; f++) {
			vm_hvc(VM_RECLAIM, HANDLE(v), FIRST + f, 0);
		}
		vm_hvc(VM_FINALIZE, HANDLE(v), 0, 0);
		vm_hvc(VM_UNRESERVE, HANDLE(v), 0, 0);
		assert_int_equal(vms[v].state, VM_FREE);
	}
	for (f = 0; f < FRAMES; f++) {
		check_views(FIRST + f, FRAME_HOST);
		assert_int_equal(record_of(FIRST + f).vm, 0);
	}
	assert_int_equal(pool.free, free);
	assert_int_equal(machine_tables(PGT_HYP), own);
	assert_int_equal(machine_tables(PGT_HOST), host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_access),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_out_of_reach),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_lent_comes_back),
		cmocka_unit_test(test_transitions),
		cmocka_unit_test(test_transition_edges),
		cmocka_unit_test(test_random_calls),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
