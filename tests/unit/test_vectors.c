/* SPDX-License-Identifier: BSD-2-Clause */
/* The vectors that the specification's generator computed, against the C code. */
#include <unistd.h>

#include <gen/vectors/descriptor_vectors.h>
#include <gen/vectors/layout_vectors.h>

#include "machine.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_leaves(void **state)
{
	u64 i;

	(void)state;
	for (i = 0; i < COUNT(leaf_vectors); i++) {
		const struct leaf_vector *v = &leaf_vectors[i];

		assert_int_equal(desc_flat(v->pfn, v->level, v->attrs), v->pte);
		assert_int_equal(desc_valid(v->pte), 1);
		assert_int_equal(desc_is_table(v->pte, v->level), 0);
		assert_int_equal(desc_pfn(v->pte), v->pfn);
	}
}

static void test_indices(void **state)
{
	u64 i;

	(void)state;
	for (i = 0; i < COUNT(index_vectors); i++) {
		assert_int_equal(desc_index(index_vectors[i].page, index_vectors[i].level), index_vectors[i].index);
	}
}

/* A block and the table that replaces it translate every page alike. */
static void test_split(void **state)
{
	u64 i;
	u64 k;

	(void)state;
	for (i = 0; i < COUNT(leaf_vectors); i++) {
		const struct leaf_vector *v = &leaf_vectors[i];

		for (k = 0; v->level < 3 && k < 512; k++) {
			u64 sub = desc_sub(v->pte, v->level, k);
			u64 n = v->pfn + (k << (9 * (2 - v->level)));

			assert_int_equal(machine_page_of(sub, v->level + 1, n), machine_page_of(v->pte, v->level, n));
		}
	}
}

static void test_carveout_sizes(void **state)
{
	u64 i;

	(void)state;
	for (i = 0; i < COUNT(carveout_vectors); i++) {
		const struct carveout_vector *v = &carveout_vectors[i];
		struct layout l = layout_divide(0x40000, v->bytes / PAGE_SIZE, v->ram_frames, v->cpu_count);

		assert_int_equal(hyp_carveout_size(v->ram_frames, v->cpu_count), v->bytes);
		assert_true(l.stacks < l.meta && l.meta + l.meta_count <= l.s2_root);
		assert_int_equal(l.s2_root % S2_ROOT_PAGES, 0);
		assert_true(l.s2_root + S2_ROOT_PAGES <= l.s1_root && l.s1_root < l.pool_stack);
		assert_true(l.pool_stack + l.words_count <= l.pool_ref && l.pool_ref + l.words_count <= l.pool);
		assert_true(l.pool_count <= l.words_count * 1024);
		assert_int_equal(l.pool + l.pool_count, l.end);
		assert_true(l.pool_count >= POOL_BASE_PAGES);
	}
}

static u64 round_up(u64 value, u64 unit)
{
	return value % unit == 0 ? value : value + unit - value % unit;
}

/* Each part of the carve-out stands where spec/pool.toml says, and the sum is what is asked for. */
static void test_carveout_parts(void **state)
{
	static const u64 ram[] = { 1, 1023, 1024, 1025, 0x4fff, 0x5000, 0x5001, 0x20000, 0xffffffful };
	/* With 6 CPUs one frame more or less of records shows in the 2 MiB that are asked for. */
	static const u32 cpu_counts[] = { 1, 2, 6, 43, 64 };
	u32 cpus;
	u64 i;
	u64 k;

	(void)state;
	for (i = 0; i < COUNT(ram) * 8; i++) {
		u64 first = 0x40000 + i % 3;
		u64 count = 512 * (1 + i % 5) + ram[i % COUNT(ram)] / 256 + i;
		struct layout l;
		u64 rest;

		cpus = 1 + (u32)i % 7;
		l = layout_divide(first, count, ram[i % COUNT(ram)], cpus);
		assert_int_equal(l.stacks, first);
		assert_int_equal(l.meta, first + 3 * cpus);
		assert_int_equal(l.meta_count, round_up(ram[i % COUNT(ram)] * 6, 4096) / 4096);
		assert_int_equal(l.s2_root, round_up(l.meta + l.meta_count, 16));
		assert_int_equal(l.s1_root, l.s2_root + 16);
		assert_int_equal(l.pool_stack, l.s1_root + 1);
		assert_int_equal(l.end, first + count);
		rest = first + count - l.pool_stack;
		assert_int_equal(l.words_count, round_up(rest, 1024) / 1024);
		assert_int_equal(l.pool_ref, l.pool_stack + l.words_count);
		assert_int_equal(l.pool, l.pool_ref + l.words_count);
		assert_int_equal(l.pool_count, rest - 2 * l.words_count);
	}
	for (k = 0; k < COUNT(cpu_counts); k++) {
		cpus = cpu_counts[k];
		for (i = 0; i < 0x60000; i++) {
			u64 frames = round_up(3 * cpus + round_up(6 * i, 4096) / 4096, 16) + 16 + 128 + i / 1024;

			if (hyp_carveout_size(i, cpus) != round_up(frames, 512) * 4096) {
				fail_msg("carve-out for %lu frames and %u CPUs", (unsigned long)i, cpus);
			}
		}
	}
}

/* The kinds of mappings by hand, bit by bit as the Arm ARM (D8) has the fields. */
static void test_attributes_by_hand(void **state)
{
	const u64 access = 1ul << 10, shared = 3ul << 8, read_only = 1ul << 7, device = 1ul << 2;
	const u64 never = 1ul << 54, el2_never = 1ul << 53;
	/* AP[1] is RES1 in a regime of EL2 alone, and would let EL0 in where there is one. */
	const u64 el2 = 1ul << 6;
	const u64 s2_both = 3ul << 6, s2_memory = 15ul << 2, s2_device = 1ul << 2;

	(void)state;
	assert_int_equal(S1_TEXT, access + shared + read_only + el2);
	assert_int_equal(S1_RODATA, access + shared + read_only + el2 + never);
	assert_int_equal(S1_DATA, access + shared + el2 + never);
	assert_int_equal(S1_DEVICE, access + device + el2 + never);
	assert_int_equal(S1_VHE_TEXT, access + shared + read_only + never);
	assert_int_equal(S1_VHE_RODATA, access + shared + read_only + never + el2_never);
	assert_int_equal(S1_VHE_DATA, access + shared + never + el2_never);
	assert_int_equal(S1_VHE_DEVICE, access + device + never + el2_never);
	assert_int_equal(S2_MEMORY, access + shared + s2_both + s2_memory);
	assert_int_equal(S2_DEVICE, access + s2_both + s2_device + never);
	/* Bit 0 is clear: invalid for every walker. */
	assert_int_equal(DESC_HYP_OWNED, 1ul << 4);
}

/* The attributes of each kind of memory, alone and as part of a group; devices are never in one. */
static void test_kinds(void **state)
{
	static const u64 attrs[2][4] = { { S1_TEXT, S1_RODATA, S1_DATA, S1_DEVICE },
					 { S1_VHE_TEXT, S1_VHE_RODATA, S1_VHE_DATA, S1_VHE_DEVICE } };
	u32 e2h;
	u32 kind;

	(void)state;
	for (e2h = 0; e2h < 2; e2h++) {
		for (kind = MAP_TEXT; kind <= MAP_DATA; kind++) {
			assert_int_equal(desc_map_attrs(e2h, kind), attrs[e2h][kind]);
			assert_int_equal(desc_map_attrs(e2h, kind + MAP_GROUP), attrs[e2h][kind] + DESC_CONTIGUOUS);
		}
		assert_int_equal(desc_map_attrs(e2h, MAP_DEVICE), attrs[e2h][3]);
	}
	assert_int_equal(desc_host_attrs(1), S2_MEMORY);
	assert_int_equal(desc_host_attrs(0), S2_DEVICE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes_by_hand),
		cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_indices),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_carveout_sizes),
		cmocka_unit_test(test_carveout_parts),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
