/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks of guests: when 512 pages become one, what a walker and the host see of that, and what makes pages of it
 * again.
 */
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "machine.h"

#define FIRST (BANK0_FIRST + 0x2000ul) /* a multiple of 512 */
#define OF_TWO (FIRST + 1) /* the table of level 2 for PAGE */
#define OF_THREE (FIRST + 2) /* the table behind the block, and the one next to it */
#define PFN (FIRST + 0x200ul) /* the block's frames */
#define OTHER (FIRST + 0x600ul)
#define PAGES 512ul
#define HANDLE(v) (VM_HANDLE_BASE + (v))
#define PAGE 0x40200ul /* the block's first page */
#define AT_TWO 1ul /* its entries, by hand */
#define SECRET 0x1122334455667788ul
#define WRITE 1u
#define YOUNG 2u

/* Bits 9:8 are inner shareable, 5:2 normal memory, 7:6 S2AP, 10 AF, 1:0 a block (Arm ARM D8.3). */
static const u64 block_bits[] = { 0x33c + 0x40 + 1, 0x33c + 0xc0 + 1, 0x33c + 0x440 + 1,
				  0x33c + 0x4c0 + 1 };

static u64 page_bits(u64 rights)
{
	return block_bits[rights] + 2;
}

/* VM @v of @kind with the tables for PAGE. */
static void make(u32 v, u64 frame, u64 kind)
{
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(v));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(v), frame, kind), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(v), PAGE, frame + 1), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(v), PAGE, frame + 2), 0);
}

static void map(u32 v, u64 page, u64 frame)
{
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(v), page, frame), 0);
}

static void map_all(u32 v, u64 page, u64 frame)
{
	u64 i;

	for (i = 0; i < PAGES; i++) {
		map(v, page + i, frame + i);
	}
}

/* VM 0 of @kind, whose pages from PAGE on are the frames from @frame on. */
static void begin(u64 kind, u64 frame)
{
	machine_boot(40);
	make(0, FIRST, kind);
	map_all(0, PAGE, frame);
}

static s64 join(u64 page)
{
	return vm_hvc(VM_JOIN, HANDLE(0), page, 0);
}

static u64 entry_of_two(void)
{
	return machine_word(OF_TWO, AT_TWO);
}

static u32 is_block(void)
{
	return (entry_of_two() & 3) == 1;
}

/* What a walker finds for page @n of VM 0, written for one page. */
static u64 seen(u64 n)
{
	u64 entry = machine_word(machine_word(FIRST, n >> 18) >> 12 & 0xffffffffful, n >> 9 & 511);

	if ((entry & 3) == 3) {
		return machine_word(entry >> 12 & 0xffffffffful, n & 511);
	}
	return machine_page_of(entry, 2, n);
}

/* All pages of the block are where they were. */
static void check_pages(u64 frame, u64 rights)
{
	u64 i;

	for (i = 0; i < PAGES; i++) {
		assert_int_equal(seen(PAGE + i), ((frame + i) << 12) + page_bits(rights));
	}
}

/* What no join and no split changes. */
static struct kept {
	u64 free, own, host, frames[VMS_MAX];
	struct vm vms[VMS_MAX];
	u64 behind[PAGES], root[PAGES], pages[PAGES], others[PAGES], views[2][PAGES];
	u64 records[3 * PAGES];
} before, after;

static void look(struct kept *kept)
{
	u64 i;

	memset(kept, 0, sizeof(*kept));
	kept->free = pool.free;
	kept->own = machine_tables(PGT_HYP);
	kept->host = machine_tables(PGT_HOST);
	memcpy(kept->vms, vms, sizeof(vms));
	memcpy(kept->frames, vm_frames, sizeof(vm_frames));
	for (i = 0; i < PAGES; i++) {
		kept->behind[i] = machine_word(OF_THREE, i);
		kept->root[i] = machine_word(FIRST, i);
		kept->pages[i] = seen(PAGE + i);
		kept->others[i] = i == AT_TWO ? 0 : machine_word(OF_TWO, i);
		kept->views[0][i] = machine_page(PGT_HOST, PFN + i);
		kept->views[1][i] = machine_page(PGT_HYP, PFN + i);
	}
	lock_acquire(LOCK_MM);
	for (i = 0; i < 3 * PAGES; i++) {
		u64 r = mem_record(FIRST + i);

		kept->records[i] = frame_state_get(FIRST + i, r) +
				   0x100u * frame_vm_get(FIRST + i, r) +
				   0x10000u * frame_count_get(FIRST + i, r);
	}
	lock_release(LOCK_MM);
}

static void same_as_before(void)
{
	look(&after);
	assert_memory_equal(&before, &after, sizeof(before));
}

/* A call that changes nothing, the entry of level 2 neither; and with no word to the TLB. */
static void nothing(u64 call, u64 a1, u64 a2, u64 a3, s64 result)
{
	u64 entry = entry_of_two();
	u32 flushes = machine.guest_flushes;
	u32 tlbis = machine.guest_tlbis;

	look(&before);
	assert_int_equal(vm_hvc(call, a1, a2, a3), result);
	same_as_before();
	assert_int_equal(entry_of_two(), entry);
	assert_int_equal(machine.guest_flushes, flushes);
	assert_int_equal(machine.guest_tlbis, tlbis);
}

/* The pages become a block, whichever page is named: one entry, one invalidation of all that the VM has in the TLB. */
static void joins(u64 page, u64 frame, u64 rights)
{
	u32 flushes = machine.guest_flushes;
	u32 tlbis = machine.guest_tlbis;

	look(&before);
	assert_int_equal(entry_of_two(), (OF_THREE << 12) + 3);
	assert_int_equal(join(page), 0);
	assert_int_equal(entry_of_two(), (frame << 12) + block_bits[rights]);
	same_as_before();
	check_pages(frame, rights);
	assert_int_equal(machine.guest_flushes, flushes + 1);
	assert_int_equal(machine.guest_tlbis, tlbis);
	nothing(VM_JOIN, HANDLE(0), page, 0, HYP_EBUSY);
	nothing(VM_JOIN, HANDLE(0), page ^ 511, 0, HYP_EBUSY);
}

static void test_join(void **state)
{
	static const u64 named[] = { PAGE, PAGE + 255, PAGE + 511 };
	u64 kind, i;

	(void)state;
	/* Not protected; protected; protected, with an image. */
	for (kind = 0; kind < 3; kind++) {
		for (i = 0; i < 3; i++) {
			begin(kind, PFN);
			joins(named[i], PFN, WRITE + YOUNG);
			assert_int_equal(vm_frames[0], PAGES + 2);
		}
	}
	for (i = 0; i < PAGES; i++) {
		assert_int_equal(vm_hvc(MEM_INFO, PFN + i, 0, 0), FRAME_GUEST);
	}
}

static void change_all(u64 change)
{
	u64 i;

	for (i = 0; i < PAGES; i++) {
		assert_true(vm_hvc(VM_ACCESS, HANDLE(0), PAGE + i, change) >= 0);
	}
}

/* What a guest may do with the pages it may do with the block. */
static void test_rights(void **state)
{
	u64 rights;

	(void)state;
	begin(0, PFN);
	for (rights = 0; rights < 4; rights++) {
		change_all(PAGE_WRITABLE + PAGE_YOUNG + PAGE_GIVE * rights);
		check_pages(PFN, rights);
		joins(PAGE + 7, PFN, rights);
	}
}

/* No block yet, for the page at PAGE + @i; with what @then does there is one. */
static void until(u64 i, void (*then)(u64 i))
{
	nothing(VM_JOIN, HANDLE(0), PAGE, 0, HYP_ENOENT);
	nothing(VM_JOIN, HANDLE(0), PAGE + i, 0, HYP_ENOENT);
	then(i);
	joins(PAGE, PFN, WRITE + YOUNG);
}

static void fill(u64 i)
{
	map(0, PAGE + i, PFN + i);
}

static void put_right(u64 i)
{
	u64 j;

	for (j = i; j < i + 2; j++) {
		assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + j, 0), 0);
	}
	for (j = i; j < i + 2; j++) {
		map(0, PAGE + j, PFN + j);
	}
}

static void refill(u64 i)
{
	assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + i, 0), 0);
	map(0, PAGE + i, PFN + i);
}

static void test_no_such_pages(void **state)
{
	static const u64 places[] = { 0, 1, 2, 255, 510, 511 };
	u64 k, i, rights;

	(void)state;
	for (k = 0; k < 6; k++) {
		i = places[k];
		/* A hole; another frame, and one that is another page's. */
		begin(0, PFN);
		assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + i, 0), 0);
		until(i, fill);
		assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + i, 0), 0);
		map(0, PAGE + i, OTHER + i);
		until(i, refill);
		if (i != 511) {
			assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + i, 0), 0);
			assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + i + 1, 0), 0);
			map(0, PAGE + i, PFN + i + 1);
			map(0, PAGE + i + 1, PFN + i);
			until(i, put_right);
		}
		for (rights = 0; rights < 3; rights++) {
			assert_int_equal(vm_hvc(VM_ACCESS, HANDLE(0), PAGE + i, 3 + 4 * rights), 3);
			until(i, refill);
		}
		/* Of a protected VM, one that the host took. */
		begin(1, PFN);
		assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE + i, 0), 0);
		nothing(VM_JOIN, HANDLE(0), PAGE, 0, HYP_ENOENT);
		nothing(VM_JOIN, HANDLE(0), PAGE + i, 0, HYP_ENOENT);
	}
}

/* In a row, but the first frame is no multiple of 512. */
static void test_not_aligned(void **state)
{
	static const u64 off[] = { 1, 2, 16, 256, 511 };
	u64 k;

	(void)state;
	for (k = 0; k < 5; k++) {
		begin(k % 2, PFN + off[k]);
		nothing(VM_JOIN, HANDLE(0), PAGE, 0, HYP_ENOENT);
		nothing(VM_JOIN, HANDLE(0), PAGE + 512 - off[k], 0, HYP_ENOENT);
	}
}

static void test_arguments(void **state)
{
	(void)state;
	machine_boot(40);
	assert_int_equal(join(PAGE), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(join(PAGE), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, 1), 0);
	assert_int_equal(join(PAGE), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, OF_TWO), 0);
	nothing(VM_JOIN, HANDLE(0), PAGE, 0, HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, OF_THREE), 0);
	nothing(VM_JOIN, HANDLE(0), PAGE, 0, HYP_ENOENT);
	map_all(0, PAGE, PFN);
	nothing(VM_JOIN, VM_HANDLE_BASE - 1, PAGE, 0, HYP_EINVAL);
	nothing(VM_JOIN, HANDLE(VMS_MAX), PAGE, 0, HYP_EINVAL);
	nothing(VM_JOIN, HANDLE(VMS_MAX), GUEST_PAGES, 0, HYP_EINVAL);
	nothing(VM_JOIN, HANDLE(1), PAGE, 0, HYP_ENOENT);
	nothing(VM_JOIN, HANDLE(0), GUEST_PAGES, 0, HYP_ERANGE);
	nothing(VM_JOIN, HANDLE(0), ~0ul, 0, HYP_ERANGE);
	nothing(VM_JOIN, HANDLE(0), GUEST_PAGES - 1, 0, HYP_ENOENT);
	nothing(VM_JOIN, HANDLE(0), PAGE - 1, 0, HYP_ENOENT);
	nothing(VM_JOIN, HANDLE(0), PAGE + 512, 0, HYP_ENOENT);
	/* x3 means nothing. */
	assert_int_equal(vm_hvc(VM_JOIN, HANDLE(0), PAGE, ~0ul), 0);
	assert_true(is_block());
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
	nothing(VM_JOIN, HANDLE(0), PAGE, 0, HYP_EPERM);
	nothing(VM_JOIN, HANDLE(0), PAGE + 512, 0, HYP_EPERM);
}

static s64 lend(u64 page, u32 how)
{
	s32 error;

	lock_acquire(LOCK_MM);
	error = guest_lend(0, page, how);
	lock_release(LOCK_MM);
	return error;
}

static s64 relinquish(u64 page)
{
	s32 error;

	lock_acquire(LOCK_MM);
	error = guest_relinquish(0, page);
	lock_release(LOCK_MM);
	return error;
}

/* What leaves the block as it is: refusals, questions, and what the host lends and is lent. */
static void test_kept(void **state)
{
	static const u64 places[] = { 0, 3, 511 };
	u64 kind, k, n, block;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		begin(kind, PFN);
		joins(PAGE, PFN, WRITE + YOUNG);
		block = entry_of_two();
		for (k = 0; k < 3; k++) {
			n = PAGE + places[k];
			nothing(VM_TABLE, HANDLE(0), n, OTHER, HYP_EBUSY);
			nothing(VM_MAP, HANDLE(0), n, OTHER, HYP_EBUSY);
			nothing(VM_MAP, HANDLE(0), n, PFN + places[k], HYP_EBUSY);
			nothing(VM_MAP_READ, HANDLE(0), n, OTHER, kind ? HYP_EPERM : HYP_EBUSY);
			nothing(VM_MEASURE, HANDLE(0), n, OTHER, HYP_EPERM);
			nothing(VM_RECLAIM, HANDLE(0), PFN + places[k], 0, HYP_EPERM);
			nothing(VM_RECLAIM, HANDLE(0), OF_THREE, 0, HYP_EPERM);
			nothing(MEM_SHARE_HYP, PFN + places[k], 0, 0, HYP_EPERM);
			nothing(MEM_SHARE_HYP, OF_THREE, 0, 0, HYP_EPERM);
			/* Asked, or told what is so. */
			nothing(VM_ACCESS, HANDLE(0), n, 0, kind ? HYP_EPERM : 3);
			nothing(VM_ACCESS, HANDLE(0), n, 15, kind ? HYP_EPERM : 3);
			nothing(kind ? VM_UNMAP : VM_POISON, HANDLE(0), n, 0, HYP_EPERM);
			lock_acquire(LOCK_MM);
			assert_int_equal(guest_has(0, n), 1);
			assert_int_equal(guest_word(0, n),
					 ((PFN + places[k]) << 12) + page_bits(3));
			lock_release(LOCK_MM);
			if (kind) {
				assert_int_equal(lend(n, 1), 0);
				assert_int_equal(entry_of_two(), block);
				assert_int_equal(vm_hvc(MEM_INFO, PFN + places[k], 0, 0),
						 FRAME_GUEST_SHARED_HOST);
				assert_int_equal(lend(n, 1), HYP_EPERM);
				assert_int_equal(lend(n, 0), 0);
				assert_int_equal(vm_hvc(MEM_INFO, PFN + places[k], 0, 0),
						 FRAME_GUEST);
			} else {
				assert_int_equal(lend(n, 1), HYP_EPERM);
				assert_int_equal(relinquish(n), HYP_EPERM);
			}
			assert_int_equal(entry_of_two(), block);
			check_pages(PFN, 3);
		}
	}
}

/* A page that is lent is one like all: the block does not say whose it is as well. */
static void test_lent(void **state)
{
	(void)state;
	begin(1, PFN);
	assert_int_equal(lend(PAGE + 9, 1), 0);
	joins(PAGE, PFN, WRITE + YOUNG);
	assert_int_equal(lend(PAGE + 9, 0), 0);
	assert_int_equal(lend(PAGE + 10, 1), 0);
	assert_true(is_block());
	machine_fill(PFN + 10, SECRET);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE + 10, 0), 0);
	assert_int_equal(machine_word(PFN + 10, 511), SECRET);
	assert_false(is_block());
}

/* What is to come of one page of a block: its entry, and what is left of its frame. */
static const struct {
	u64 kind, call, a3;
	s64 result;
	u64 entry; /* behind the frame's bits; none with 1 */
	u32 frame_too;
	u32 frame_state;
} splits[] = {
	{ 0, VM_UNMAP, 0, 0, 0, 0, FRAME_HOST },
	{ 0, VM_ACCESS, PAGE_WRITABLE, 3, 0x33c + 0x440 + 3, 1, FRAME_HOST_SHARED_GUEST },
	{ 0, VM_ACCESS, PAGE_YOUNG, 3, 0x33c + 0xc0 + 3, 1, FRAME_HOST_SHARED_GUEST },
	{ 0, VM_ACCESS, PAGE_WRITABLE + PAGE_YOUNG, 3, 0x33c + 0x40 + 3, 1,
	  FRAME_HOST_SHARED_GUEST },
	{ 1, VM_POISON, 0, 0, 32, 0, FRAME_HOST },
	{ 1, 0, 0, 0, 0, 0, FRAME_HOST }, /* the guest gives it up */
};

static void split(u64 s, u64 i)
{
	u64 page = PAGE + i, j;
	u32 flushes, tlbis;
	s64 result;

	begin(splits[s].kind, PFN);
	machine_fill(PFN + i, SECRET);
	joins(page, PFN, WRITE + YOUNG);
	look(&before);
	flushes = machine.guest_flushes;
	tlbis = machine.guest_tlbis;
	result = splits[s].call != 0 ? vm_hvc(splits[s].call, HANDLE(0), page, splits[s].a3)
				     : relinquish(page);
	assert_int_equal(result, splits[s].result);
	/* The VMID for the block, then the page. */
	assert_int_equal(machine.guest_flushes, flushes + 1);
	assert_int_equal(machine.guest_tlbis, tlbis + 1);
	assert_int_equal(entry_of_two(), (OF_THREE << 12) + 3);
	for (j = 0; j < PAGES; j++) {
		u64 is = j != i ? before.behind[j]
				: splits[s].entry + (splits[s].frame_too ? (PFN + i) << 12 : 0);

		assert_int_equal(machine_word(OF_THREE, j), is);
		assert_int_equal(seen(PAGE + j), is);
		assert_int_equal(vm_hvc(MEM_INFO, PFN + j, 0, 0) & 0xff,
				 j == i ? splits[s].frame_state : before.records[PAGES + j] & 0xff);
	}
	assert_int_equal(vm_frames[0], before.frames[0] - (splits[s].frame_state == FRAME_HOST));
	assert_int_equal(machine_word(PFN + i, 511), splits[s].kind ? 0 : SECRET);
	/* Pages again, for a second time. */
	nothing(VM_JOIN, HANDLE(0), page, 0, HYP_ENOENT);
}

static void test_split(void **state)
{
	static const u64 places[] = { 0, 1, 2, 300, 511 };
	u64 s, k;

	(void)state;
	for (s = 0; s < sizeof(splits) / sizeof(splits[0]); s++) {
		for (k = 0; k < 5; k++) {
			split(s, places[k]);
		}
	}
}

/* For want of a table the page stays: as a page, with all others. */
static void test_no_memory(void **state)
{
	u64 call, free;

	(void)state;
	for (call = 0; call < 2; call++) {
		begin(1, PFN);
		joins(PAGE, PFN, WRITE + YOUNG);
		machine_fill(PFN + 5, SECRET);
		free = pool.free;
		pool.free = 8;
		if (call == 0) {
			assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE + 5, 0), HYP_ENOMEM);
		} else {
			assert_int_equal(relinquish(PAGE + 5), HYP_ENOMEM);
		}
		pool.free = free;
		same_as_before();
		assert_int_equal(machine_word(PFN + 5, 3), SECRET);
		assert_false(is_block());
		joins(PAGE + 5, PFN, WRITE + YOUNG);
	}
}

/* Joined again behind each split, with the same table, and with other frames. */
static void test_again(void **state)
{
	u64 i;

	(void)state;
	begin(0, PFN);
	for (i = 0; i < PAGES; i += 73) {
		joins(PAGE + i, PFN, WRITE + YOUNG);
		assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + i, 0), 0);
		map(0, PAGE + i, PFN + i);
	}
	joins(PAGE, PFN, WRITE + YOUNG);
	for (i = 0; i < PAGES; i++) {
		assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + i, 0), 0);
		map(0, PAGE + i, OTHER + i);
	}
	joins(PAGE, OTHER, WRITE + YOUNG);
}

/* Blocks side by side: each has its table, and one is split without the other; the first and the last there are. */
static void test_neighbours(void **state)
{
	u64 entry;

	(void)state;
	begin(1, PFN);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE + 512, OF_THREE + 1), 0);
	map_all(0, PAGE + 512, OTHER);
	joins(PAGE + 1, PFN, WRITE + YOUNG);
	assert_int_equal(join(PAGE + 512), 0);
	entry = entry_of_two();
	assert_int_equal(machine_word(OF_TWO, AT_TWO + 1), (OTHER << 12) + block_bits[3]);
	assert_int_equal(relinquish(PAGE + 512), 0);
	assert_int_equal(machine_word(OF_TWO, AT_TWO + 1), ((OF_THREE + 1) << 12) + 3);
	assert_int_equal(entry_of_two(), entry);
	check_pages(PFN, 3);
	assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE + 511, 0), 0);
	assert_int_equal(entry_of_two(), (OF_THREE << 12) + 3);
	/* At the ends of what a guest can have. */
	machine_boot(40);
	make(0, FIRST, 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), GUEST_PAGES - 1, FIRST + 3), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), GUEST_PAGES - 1, FIRST + 4), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), 0, FIRST + 5), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), 0, FIRST + 6), 0);
	map_all(0, GUEST_PAGES - 512, PFN);
	map_all(0, 0, OTHER);
	assert_int_equal(join(GUEST_PAGES - 1), 0);
	assert_int_equal(join(511), 0);
	assert_int_equal(machine_word(FIRST + 3, 511), (PFN << 12) + block_bits[3]);
	assert_int_equal(machine_word(FIRST + 5, 0), (OTHER << 12) + block_bits[3]);
	assert_int_equal(seen(GUEST_PAGES - 1), ((PFN + 511) << 12) + page_bits(3));
	assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), GUEST_PAGES - 1, 0), 0);
	assert_int_equal(machine_word(FIRST + 3, 511), ((FIRST + 4) << 12) + 3);
	assert_int_equal(seen(GUEST_PAGES - 1), 0);
	assert_int_equal(machine_word(FIRST + 5, 0), (OTHER << 12) + block_bits[3]);
}

/* The number of the table behind a block is kept in three parts: here each of them is another, and none is 0. */
static void test_far(void **state)
{
	static const u64 far_first[] = { 0x300020000ul, 0x500048000ul, 0xfffff8000ul };
	u64 k, behind;

	(void)state;
	for (k = 0; k < 3; k++) {
		machine_boot_far(48, far_first[k]);
		behind = far_first[k] + 7;
		assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
		assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, 1), 0);
		assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, OF_TWO), 0);
		assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), PAGE, behind), 0);
		map_all(0, PAGE, PFN);
		assert_int_equal(join(PAGE + 1), 0);
		assert_true(is_block());
		check_pages(PFN, 3);
		assert_int_equal(relinquish(PAGE + 2), 0);
		assert_int_equal(entry_of_two(), (behind << 12) + 3);
		assert_int_equal(machine_word(behind, 1), ((PFN + 1) << 12) + page_bits(3));
		map(0, PAGE + 2, PFN + 2);
		assert_int_equal(join(PAGE), 0);
		assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
		assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(0), behind, 0), 0);
		assert_int_equal(vm_hvc(MEM_INFO, behind, 0, 0), FRAME_HOST);
	}
	machine_boot_far(40, BANK1_FIRST);
}

/* A VM ends with its block in one piece: all comes back, tables in any order; the next VM has a block of the same. */
static void test_end(void **state)
{
	u64 free, own, host, kind, i, turn;

	(void)state;
	machine_boot(40);
	free = pool.free;
	own = machine_tables(PGT_HYP);
	host = machine_tables(PGT_HOST);
	for (turn = 0; turn < 4; turn++) {
		kind = turn % 2;
		/* Another table each time. */
		make(0, FIRST + 16 * turn, kind);
		map_all(0, PAGE, PFN);
		for (i = 0; i < PAGES; i++) {
			machine_fill(PFN + i, SECRET + i);
		}
		assert_int_equal(join(PAGE), 0);
		assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
		for (i = 0; i < 2; i++) {
			if (turn / 2 == i) {
				assert_int_equal(
					vm_hvc(VM_RECLAIM, HANDLE(0), FIRST + 16 * turn + 2, 0), 0);
				assert_int_equal(machine_word(FIRST + 16 * turn + 2, 9), 0);
			}
			if (i == 0) {
				u64 k;

				for (k = 0; k < PAGES; k++) {
					assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(0), PFN + k, 0),
							 0);
					assert_int_equal(machine_word(PFN + k, 1),
							 kind ? 0 : SECRET + k);
				}
			}
		}
		assert_int_equal(vm_hvc(VM_FINALIZE, HANDLE(0), 0, 0), HYP_EBUSY);
		assert_int_equal(vm_hvc(VM_RECLAIM, HANDLE(0), FIRST + 16 * turn + 1, 0), 0);
		assert_int_equal(vm_frames[0], 0);
		assert_int_equal(vm_hvc(VM_FINALIZE, HANDLE(0), 0, 0), 0);
		assert_int_equal(pool.free, free);
		assert_int_equal(machine_tables(PGT_HYP), own);
		assert_int_equal(machine_tables(PGT_HOST), host);
	}
}

/* Random calls on the pages of one table, with what the guest has of them beside. */

static struct {
	u64 frame, rights; /* frame 0: none; 1: poisoned */
	u32 lent;
} model[PAGES];
static u32 joined;

static u32 whole(void)
{
	u64 i;

	for (i = 0; i < PAGES; i++) {
		if (model[i].frame != PFN + i || model[i].rights != model[0].rights) {
			return 0;
		}
	}
	return 1;
}

static u64 wanted(u64 i)
{
	return model[i].frame == 0   ? 0
	       : model[i].frame == 1 ? 32
				     : (model[i].frame << 12) + page_bits(model[i].rights);
}

static void gone(u64 i, u64 left)
{
	model[i].frame = left;
	model[i].lent = 0;
	joined = 0;
}

static void step_map(u64 i, u64 kind)
{
	/* mostly where it belongs */
	u64 frame = test_random() % 64 != 0 ? PFN + i : OTHER + i;
	u64 reads = kind == 0 && test_random() % 16 == 0;
	s64 error = vm_hvc(reads ? VM_MAP_READ : VM_MAP, HANDLE(0), PAGE + i, frame);

	assert_int_equal(error, model[i].frame != 0 ? HYP_EBUSY : 0);
	if (model[i].frame == 0) {
		model[i].frame = frame;
		model[i].rights = reads ? YOUNG : WRITE + YOUNG;
		model[i].lent = 0;
	}
}

static void step_access(u64 i)
{
	u64 change = test_random() % 16;
	u64 rights = (model[i].rights & ~(change & 3)) | change >> 2;
	u32 here = model[i].frame > 1;

	assert_int_equal(vm_hvc(VM_ACCESS, HANDLE(0), PAGE + i, change),
			 here ? (s64)model[i].rights : HYP_ENOENT);
	if (here && rights != model[i].rights) {
		model[i].rights = rights;
		joined = 0;
	}
}

static void step_take(u64 i, u64 kind)
{
	s64 want = model[i].frame > 1 ? 0 : HYP_ENOENT;

	if (kind == 0) {
		assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + i, 0), want);
	} else if (test_random() % 256 != 0) {
		assert_int_equal(relinquish(PAGE + i),
				 want == 0 && model[i].lent ? HYP_EPERM : want);
		want = model[i].lent ? HYP_EPERM : want;
	} else {
		assert_int_equal(vm_hvc(VM_POISON, HANDLE(0), PAGE + i, 0), want);
		if (want == 0) {
			gone(i, 1);
			return;
		}
	}
	if (want == 0) {
		gone(i, 0);
	} else if (want == HYP_EPERM) {
		/* Refused, in pages. */
		joined = 0;
	}
}

static void step_lend(u64 i)
{
	u32 how = test_random() % 4 == 0;
	s64 want = model[i].frame <= 1 ? HYP_ENOENT : model[i].lent == how ? HYP_EPERM : 0;

	assert_int_equal(lend(PAGE + i, how), want);
	model[i].lent = want == 0 ? how : model[i].lent;
}

/* All that is missing comes, so that there are blocks. */
static void mend(u64 kind)
{
	u64 i;

	for (i = 0; i < PAGES; i++) {
		if (kind == 0 && model[i].frame != 0 &&
		    (model[i].frame != PFN + i || model[i].rights != 3)) {
			assert_int_equal(vm_hvc(VM_UNMAP, HANDLE(0), PAGE + i, 0), 0);
			gone(i, 0);
		}
		if (model[i].frame == 0) {
			map(0, PAGE + i, PFN + i);
			model[i].frame = PFN + i;
			model[i].rights = 3;
		}
	}
}

static void test_random_calls(void **state)
{
	u64 kind, n, i;
	u32 blocks;
	s64 want;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		test_seed(31 + kind);
		memset(model, 0, sizeof(model));
		blocks = 0;
		for (n = 0; n < 20000; n++) {
			if (n % 1000 == 0) {
				/* A page that is poisoned stays so: from the start. */
				machine_boot(40);
				make(0, FIRST, kind);
				memset(model, 0, sizeof(model));
				joined = 0;
			}
			i = test_random() % PAGES;
			switch (test_random() % 8) {
			case 0:
			case 1:
				step_map(i, kind);
				break;
			case 2:
				if (kind == 0) {
					step_access(i);
				} else {
					step_lend(i);
				}
				break;
			case 3:
				step_take(i, kind);
				break;
			case 4:
				mend(kind);
				break;
			default:
				want = joined ? HYP_EBUSY : whole() ? 0 : HYP_ENOENT;
				assert_int_equal(join(PAGE + i), want);
				joined = joined || want == 0;
				blocks += want == 0;
				break;
			}
			assert_int_equal(is_block(), joined);
			for (i = n % 3; i < PAGES; i += 3) {
				assert_int_equal(seen(PAGE + i), wanted(i));
				assert_int_equal(machine_word(OF_THREE, i), wanted(i));
			}
		}
		assert_true(blocks > 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),	      cmocka_unit_test(test_rights),
		cmocka_unit_test(test_no_such_pages), cmocka_unit_test(test_not_aligned),
		cmocka_unit_test(test_arguments),     cmocka_unit_test(test_kept),
		cmocka_unit_test(test_lent),	      cmocka_unit_test(test_split),
		cmocka_unit_test(test_no_memory),     cmocka_unit_test(test_again),
		cmocka_unit_test(test_neighbours),    cmocka_unit_test(test_far),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_random_calls),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
