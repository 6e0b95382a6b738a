/* SPDX-License-Identifier: BSD-2-Clause */
/* Setup: boot data that may not be believed, claims that cannot be made, the carve-out's division, E2H fixed to 1. */
#include <unistd.h>

#include "machine.h"
#include "vmid.h"

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
	REFUSED(boot_info.bank[0].base.pa = 0);
	REFUSED(boot_info.bank[1].size += 8);
	REFUSED(boot_info.bank[1].size = 0);
	REFUSED(boot_info.bank[1].base.pa = boot_info.bank[0].base.pa);
	REFUSED(boot_info.bank[1].base.pa = 0xfffffffffffff000ul);
	REFUSED(boot_info.bank[1].size = 0xfffffffffffff000ul);
	REFUSED(boot_info.pa_bits = 48; boot_info.bank[0].base.pa = PAGE_SIZE;
		boot_info.bank[0].size = (1ul << 48) - PAGE_SIZE; boot_info.bank[1].base.pa = PAGE_SIZE);
	REFUSED(boot_info.cpu_count = 0);
	REFUSED(boot_info.cpu_count = CPUS_MAX + 1);
	REFUSED(boot_info.pa_bits = 41);
	REFUSED(boot_info.pa_bits = 32; boot_info.bank[1].base.pa = 1ul << 32);
	REFUSED(boot_info.e2h = 2);
	REFUSED(boot_info.mode = MODE_NONE);
	REFUSED(boot_info.image_base.pa += 8);
	REFUSED(boot_info.text_end.pa = boot_info.image_base.pa);
	REFUSED(boot_info.text_end.pa += 8);
	REFUSED(boot_info.text_end.pa = boot_info.rodata_end.pa);
	REFUSED(boot_info.rodata_end.pa += 1);
	REFUSED(boot_info.rodata_end.pa = boot_info.image_end.pa);
	REFUSED(boot_info.image_end.pa += 8);
	REFUSED(boot_info.image_end.pa = 0xfffffffffffff000ul);
	REFUSED(boot_info.image_base.pa = PAGE_SIZE);
	REFUSED(boot_info.carveout_size += 2097152);
	REFUSED(boot_info.carveout_size = 0);
	REFUSED(boot_info.carveout_base.pa = 0);
	REFUSED(boot_info.carveout_base.pa += PAGE_SIZE);
	REFUSED(boot_info.carveout_base.pa = 0xffffffffffe00000ul);
	REFUSED(boot_info.carveout_base.pa = BANK0_FIRST * PAGE_SIZE);
	REFUSED(boot_info.carveout_base.pa = 0x70000000ul);
	REFUSED(boot_info.console_base.pa = (BANK0_FIRST + 5) * PAGE_SIZE);
	REFUSED(boot_info.console_base.pa = 0xfffffffffffff000ul);
}

static void banks(u32 count, u64 first, u64 frames, u64 step)
{
	u32 b;

	boot_info.bank_count = count;
	for (b = 0; b < count && b < MEM_BANKS_MAX; b++) {
		boot_info.bank[b].base.pa = (first + b * step) * PAGE_SIZE;
		boot_info.bank[b].size = frames * PAGE_SIZE;
	}
}

static void no_memory(void)
{
	mem.bank_count = 7;
	mem.frames = 7;
	assert_int_equal(mem_setup(), HYP_EINVAL);
	assert_int_equal(mem.bank_count, 0);
	assert_int_equal(mem.frames, 0);
	assert_int_equal(mem_record(1), MEM_NONE);
}

/* Banks at the edges of what is allowed, and just beyond; after a refusal there is no RAM. */
static void test_memory(void **state)
{
	static const struct {
		u32 bits;
		u64 limit;
	} widths[] = { { 32, 0x100000 }, { 36, 0x1000000 }, { 40, 0x10000000 }, { 42, 0x40000000 },
		       { 44, 0x100000000 }, { 48, 0x1000000000 }, { 47, 0x100000 } };
	u32 i;

	(void)state;
	machine_reset(40);
	for (i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		assert_int_equal(mem_limit(widths[i].bits), widths[i].limit);
	}
	for (i = 0; i < 6; i++) {
		boot_info.pa_bits = widths[i].bits;
		banks(1, widths[i].limit - 1, 1, 0);
		assert_int_equal(mem_setup(), 0);
		assert_int_equal(mem_record(widths[i].limit - 1), 0);
		assert_int_equal(mem_record(widths[i].limit - 2), MEM_NONE);
		banks(1, widths[i].limit - 1, 2, 0);
		no_memory();
		banks(1, widths[i].limit, 1, 0);
		no_memory();
		banks(1, 1, widths[i].limit - 1, 0);
		assert_int_equal(mem_setup(), 0);
		assert_int_equal(mem.frames, widths[i].limit - 1);
	}
	/* One bank behind the other, and one frame less. */
	banks(MEM_BANKS_MAX, 1, 16, 16);
	assert_int_equal(mem_setup(), 0);
	assert_int_equal(mem.bank_count, MEM_BANKS_MAX);
	assert_int_equal(mem.frames, 16 * MEM_BANKS_MAX);
	for (i = 1; i <= 16 * MEM_BANKS_MAX; i++) {
		assert_int_equal(mem_record(i), i - 1);
	}
	assert_int_equal(mem_record(i), MEM_NONE);
	assert_int_equal(mem_kind(1, 16), MEM_RAM);
	assert_int_equal(mem_kind(2, 16), MEM_MIXED);
	assert_int_equal(mem_kind(i, 1), MEM_DEVICE);
	assert_int_equal(mem_kind(i - 1, 2), MEM_MIXED);
	assert_int_equal(mem_kind(0, 1), MEM_DEVICE);
	assert_int_equal(mem_kind(0, 2), MEM_MIXED);
	/* What a longer list left does not count. */
	banks(2, 1, 16, 16);
	assert_int_equal(mem_setup(), 0);
	assert_int_equal(mem_record(33), MEM_NONE);
	assert_int_equal(mem_kind(33, 16), MEM_DEVICE);
	banks(2, 1, 16, 15);
	no_memory();
	banks(0, 1, 16, 16);
	no_memory();
	banks(MEM_BANKS_MAX + 1, 1, 16, 16);
	no_memory();
	banks(2, 0, 16, 16);
	no_memory();
	banks(2, 1, 0, 16);
	no_memory();
	banks(2, 1, 16, 16);
	boot_info.bank[1].base.pa += 1;
	no_memory();
	banks(2, 1, 16, 16);
	boot_info.bank[1].size += 1;
	no_memory();
}

/* The image may stand before or behind the carve-out, not in it. */
static void test_image_place(void **state)
{
	u64 size;

	(void)state;
	machine_reset(40);
	size = boot_info.carveout_size;
	boot_info.carveout_base.pa = (BANK0_FIRST + 0x200) * PAGE_SIZE;
	boot_info.image_base.pa = boot_info.carveout_base.pa + size;
	boot_info.text_end.pa = boot_info.image_base.pa + PAGE_SIZE;
	boot_info.rodata_end.pa = boot_info.text_end.pa + PAGE_SIZE;
	boot_info.image_end.pa = boot_info.rodata_end.pa + PAGE_SIZE;
	assert_int_equal(hyp_setup(), 0);
	REFUSED(boot_info.carveout_base.pa = (BANK0_FIRST + 0x200) * PAGE_SIZE;
		boot_info.image_base.pa = boot_info.carveout_base.pa + size - PAGE_SIZE;
		boot_info.text_end.pa = boot_info.image_base.pa + PAGE_SIZE;
		boot_info.rodata_end.pa = boot_info.text_end.pa + PAGE_SIZE;
		boot_info.image_end.pa = boot_info.rodata_end.pa + PAGE_SIZE);
}

/* Whole 2 MiB blocks of the image are mapped as blocks, the rest by pages. */
static void test_image_blocks(void **state)
{
	u64 first = BANK0_FIRST + 0x1200;

	(void)state;
	machine_reset(40);
	boot_info.image_base.pa = (first - 16) * PAGE_SIZE;
	boot_info.text_end.pa = (first + 512 + 16) * PAGE_SIZE;
	boot_info.rodata_end.pa = (first + 1024) * PAGE_SIZE;
	boot_info.image_end.pa = (first + 1024 + 511) * PAGE_SIZE;
	assert_int_equal(hyp_setup(), 0);
	assert_int_equal(machine_walk(PGT_HYP, first - 1).level, 3);
	assert_int_equal(machine_walk(PGT_HYP, first).level, 2);
	assert_int_equal(machine_walk(PGT_HOST, first).level, 2);
	assert_int_equal(machine_walk(PGT_HYP, first + 512).level, 3);
	assert_int_equal(machine_walk(PGT_HYP, first + 1024).level, 3);
	assert_int_equal(machine_page(PGT_HYP, first + 511), desc_flat(first + 511, 3, S1_TEXT));
	assert_int_equal(machine_page(PGT_HYP, first + 1023), desc_flat(first + 1023, 3, S1_RODATA + DESC_CONTIGUOUS));
}

/* As many CPUs as there can be, each with its stack. */
static void test_most_cpus(void **state)
{
	u64 top;

	(void)state;
	machine_reset(40);
	boot_info.cpu_count = CPUS_MAX;
	boot_info.carveout_size = hyp_carveout_size(BANK0_COUNT + BANK1_COUNT, CPUS_MAX);
	boot_info.carveout_base.pa = (BANK0_FIRST + BANK0_COUNT - 1024) * PAGE_SIZE - boot_info.carveout_size;
	machine_start();
	top = hyp_stack_top(CPUS_MAX - 1) / PAGE_SIZE;
	assert_int_equal(top, layout.meta);
	assert_int_equal(machine_page(PGT_HYP, top - 1), desc_flat(top - 1, 3, S1_DATA));
}

/* A frame that is taken already stops setup, whichever part wants it. */
static void test_claim_refused(void **state)
{
	u64 carveout;
	u64 part;

	(void)state;
	machine_reset(40);
	carveout = boot_info.carveout_base.pa / PAGE_SIZE;
	for (part = 0; part < 6; part++) {
		const u64 frame[] = { IMAGE_FIRST, IMAGE_FIRST + TEXT_FRAMES, IMAGE_FIRST + TEXT_FRAMES + RODATA_FRAMES,
				      carveout, carveout + STACK_GUARD_PAGES,
				      carveout + 4 * (STACK_GUARD_PAGES + STACK_PAGES) };

		machine_reset(40);
		machine.taken = frame[part];
		assert_int_equal(hyp_setup(), HYP_EPERM);
	}
}

/* What cannot be claimed is refused for what it is, and nothing changes. */
static void test_claim_errors(void **state)
{
	const u64 last = BANK1_FIRST + BANK1_COUNT - 512;
	u64 free;

	(void)state;
	machine_reset(40);
	boot_info.bank[1].size -= PAGE_SIZE;
	machine_start();
	lock_acquire(LOCK_MM);
	free = pool.free;
	assert_int_equal(hyp_claim(PFN_COUNT, 3, 1, MAP_DATA), HYP_EINVAL);
	assert_int_equal(hyp_claim(BANK1_FIRST - 1, 3, 1, MAP_DATA), HYP_EINVAL);
	/* A block of which the last frame is no memory, and one that is not aligned. */
	assert_int_equal(hyp_claim(last, 2, 1, MAP_DATA), HYP_EINVAL);
	assert_int_equal(hyp_claim(BANK1_FIRST + 1, 2, 1, MAP_DATA), HYP_EINVAL);
	frame_state_set(BANK1_FIRST + 511, mem_record(BANK1_FIRST + 511), FRAME_HOST_SHARED_HYP);
	assert_int_equal(hyp_claim(BANK1_FIRST, 2, 1, MAP_DATA), HYP_EPERM);
	frame_state_set(BANK1_FIRST + 511, mem_record(BANK1_FIRST + 511), FRAME_HOST);
	pool.free = 5;
	assert_int_equal(hyp_claim(BANK1_FIRST, 2, 1, MAP_DATA), HYP_ENOMEM);
	pool.free = free;
	assert_int_equal(machine_page(PGT_HYP, BANK1_FIRST), 0);
	assert_int_equal(machine_page(PGT_HOST, BANK1_FIRST), 0);
	assert_int_equal(frame_info(BANK1_FIRST), FRAME_HOST);
	pool.free = 6;
	assert_int_equal(hyp_claim(BANK1_FIRST, 2, 1, MAP_RODATA), 0);
	assert_int_equal(machine_walk(PGT_HYP, BANK1_FIRST).level, 2);
	assert_int_equal(machine_page(PGT_HYP, BANK1_FIRST + 511), desc_flat(BANK1_FIRST + 511, 3, S1_RODATA));
	assert_int_equal(machine_page(PGT_HOST, BANK1_FIRST + 511), desc_hyp_owned());
	assert_int_equal(frame_info(BANK1_FIRST + 511), FRAME_HYP + 256);
	assert_int_equal(frame_info(BANK1_FIRST + 512), FRAME_HOST);
	lock_release(LOCK_MM);
}

/* Finalise wants the tables that setup built. */
static void test_finalise(void **state)
{
	(void)state;
	machine_reset(40);
	assert_int_equal(hyp_setup(), 0);
	pgt[PGT_HYP].root++;
	assert_int_equal(hyp_finalise(), HYP_EINVAL);
	pgt[PGT_HYP].root--;
	layout.pool_count = 0;
	assert_int_equal(hyp_finalise(), HYP_EINVAL);
}

static void test_no_console(void **state)
{
	(void)state;
	machine_reset(40);
	boot_info.console_base.pa = 0;
	assert_int_equal(hyp_setup(), 0);
	assert_int_equal(machine_page(PGT_HYP, CONSOLE_PFN), 0);
	assert_int_equal(machine_page(PGT_HYP, 0), 0);
	/* Behind all RAM it is as good as before. */
	machine_reset(40);
	boot_info.console_base.pa = (BANK1_FIRST + BANK1_COUNT) * PAGE_SIZE;
	assert_int_equal(hyp_setup(), 0);
	assert_int_equal(machine_page(PGT_HYP, BANK1_FIRST + BANK1_COUNT),
			 desc_flat(BANK1_FIRST + BANK1_COUNT, 3, S1_DEVICE));
	/* And right below. */
	machine_reset(40);
	boot_info.console_base.pa = (BANK0_FIRST - 1) * PAGE_SIZE;
	assert_int_equal(hyp_setup(), 0);
	assert_int_equal(machine_page(PGT_HYP, BANK0_FIRST - 1), desc_flat(BANK0_FIRST - 1, 3, S1_DEVICE));
}

/* What lies at the edge of what is allowed is allowed: one CPU, the other mode, neighbours of the carve-out. */
static void test_edges(void **state)
{
	(void)state;
	machine_reset(40);
	boot_info.cpu_count = 1;
	boot_info.mode = MODE_NVHE;
	boot_info.carveout_size = hyp_carveout_size(BANK0_COUNT + BANK1_COUNT, 1);
	assert_int_equal(hyp_setup(), 0);

	machine_reset(40);
	boot_info.image_end.pa = boot_info.carveout_base.pa;
	assert_int_equal(hyp_setup(), 0);

	machine_reset(40);
	boot_info.carveout_base.pa = BANK0_FIRST * PAGE_SIZE;
	boot_info.image_base.pa = boot_info.carveout_base.pa + boot_info.carveout_size;
	boot_info.text_end.pa = boot_info.image_base.pa + TEXT_FRAMES * PAGE_SIZE;
	boot_info.rodata_end.pa = boot_info.text_end.pa + RODATA_FRAMES * PAGE_SIZE;
	boot_info.image_end.pa = boot_info.rodata_end.pa + DATA_FRAMES * PAGE_SIZE;
	assert_int_equal(hyp_setup(), 0);
}

static void test_layout(void **state)
{
	struct layout l;
	u64 count;

	(void)state;
	assert_int_equal(hyp_carveout_size(RAM_FRAMES_MAX + 1, 1), 0);
	assert_int_equal(hyp_carveout_size(1, CARVEOUT_CPUS_MAX + 1), 0);
	assert_int_not_equal(hyp_carveout_size(RAM_FRAMES_MAX, CARVEOUT_CPUS_MAX), 0);
	/* Too little for a pool: none, and no wrap-around. */
	l = layout_divide(0x1000, 1, 1024, 1);
	assert_int_equal(l.pool_count, 0);
	assert_int_equal(l.words_count, 0);
	count = l.pool_stack - 0x1000;
	assert_int_equal(layout_divide(0x1000, count, 1024, 1).pool_count, 0);
	assert_int_equal(layout_divide(0x1000, count + 2, 1024, 1).pool_count, 0);
	assert_int_equal(layout_divide(0x1000, count + 3, 1024, 1).pool_count, 1);
}

/* E2H fixed to 1: EL2's tables have the format with two address spaces. */
static void test_e2h(void **state)
{
	(void)state;
	machine_reset(40);
	boot_info.e2h = 1;
	boot_info.vmid_bits = 16;
	assert_int_equal(hyp_setup(), 0);
	assert_int_equal(machine_page(PGT_HYP, IMAGE_FIRST), desc_flat(IMAGE_FIRST, 3, S1_VHE_TEXT));
	assert_int_equal(machine_page(PGT_HYP, IMAGE_FIRST + TEXT_FRAMES),
			 desc_flat(IMAGE_FIRST + TEXT_FRAMES, 3, S1_VHE_RODATA));
	assert_int_equal(machine_page(PGT_HYP, layout.meta), desc_flat(layout.meta, 3, S1_VHE_DATA));
	assert_int_equal(machine_page(PGT_HYP, CONSOLE_PFN), desc_flat(CONSOLE_PFN, 3, S1_VHE_DEVICE));
	/* As in test_core.c's test_widths, for 40 bits, and VS. */
	assert_int_equal(hyp_host_vtcr(), 0x80000000ul + (1ul << 19) + (2ul << 16) + 0x3500 + (1ul << 6) + 24);
	assert_int_equal(vmid_state.limit, 65536);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot_data),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_image_place),
		cmocka_unit_test(test_image_blocks),
		cmocka_unit_test(test_most_cpus),
		cmocka_unit_test(test_claim_refused),
		cmocka_unit_test(test_claim_errors),
		cmocka_unit_test(test_finalise),
		cmocka_unit_test(test_no_console),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_e2h),
	};

	alarm(60);
	test_seed(6);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
