/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Table operations against a model that knows nothing of tables: the page descriptor of each of a few
 * hundred pages. The look-up that compares them is the test's own.
 */
#include <unistd.h>

#include "machine.h"

#define PAGES 256u

static u64 page[PAGES];
static u64 want[PGT_COUNT][PAGES];
static u64 pool_start;

static u64 limit_of(u32 t)
{
	return pgt[t].start == 0 ? PFN_COUNT : (u64)pgt[t].root_count << 27;
}

static u64 first_of(u64 n, u32 level)
{
	return n >> (9 * (3 - level)) << (9 * (3 - level));
}

static void add_page(u32 *at, u64 n)
{
	if (*at < PAGES && n < PFN_COUNT) {
		page[(*at)++] = n;
	}
}

/* Pages around every kind of border, in places where entries of all levels meet. */
static void start(u32 pa_bits)
{
	static const u64 places[] = { 0, 1, 511, 512, 1023, 0x3ffff, 0x40000, 0x40001, 0x401ff, 0x40200, 0x7ffff,
				      0x80000, 0x7ffffff, 0x8000000, 0x8000001, 0xfffffff, 0x10000000,
				      0x1fffffff, 0x7fffffff, 0x80000000, 0xffffffffe, 0xfffffffff };
	u32 at = 0;
	u32 i;

	machine_boot(pa_bits);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		add_page(&at, places[i]);
	}
	while (at < PAGES) {
		u64 near = page[test_random() % at];

		switch (test_random() % 4) {
		case 0:
			add_page(&at, first_of(near, 2) + test_random() % 512);
			break;
		case 1:
			add_page(&at, first_of(near, 1) + test_random() % 0x40000);
			break;
		case 2:
			add_page(&at, first_of(near, 2) + 0x200 * (test_random() % 4));
			break;
		default:
			add_page(&at, test_random() % 0x10000000);
			break;
		}
	}
	lock_acquire(LOCK_MM);
	pool_start = pool.free + machine_tables(PGT_HYP) + machine_tables(PGT_HOST);
	for (i = 0; i < PAGES; i++) {
		want[PGT_HYP][i] = machine_page(PGT_HYP, page[i]);
		want[PGT_HOST][i] = page[i] < limit_of(PGT_HOST) ? machine_page(PGT_HOST, page[i]) : 0;
	}
}

static void finish(void)
{
	lock_release(LOCK_MM);
	machine_check_quiet();
}

static void compare(void)
{
	u32 t;
	u32 i;

	for (t = 0; t < PGT_COUNT; t++) {
		for (i = 0; i < PAGES; i++) {
			struct pgt_leaf leaf;

			if (page[i] >= limit_of(t)) {
				continue;
			}
			assert_int_equal(machine_page(t, page[i]), want[t][i]);
			leaf = pgt_get_leaf(t, page[i]);
			assert_int_equal(leaf.level, machine_walk(t, page[i]).level);
			assert_int_equal(machine_page_of(leaf.entry, leaf.level, page[i]), want[t][i]);
		}
	}
	assert_int_equal(pool.free + machine_tables(PGT_HYP) + machine_tables(PGT_HOST), pool_start);
}

/* A leaf, an annotation or nothing, for the entry of @level that page @n is in. */
static u64 entry_for(u32 t, u64 n, u32 level)
{
	switch (test_random() % 4) {
	case 0:
		return 0;
	case 1:
		return desc_hyp_owned();
	default:
		return desc_flat(first_of(n, level), level,
				 t == PGT_HYP ? desc_map_attrs(0, MAP_DATA) : desc_host_attrs(test_random() % 2 == 0));
	}
}

static s32 set(u32 t, u64 n, u32 level, u64 e)
{
	u32 walk_level = machine_walk(t, n).level;
	s32 error = pgt_set(t, n, level, e);
	u32 i;

	if (error == 0) {
		assert_true(walk_level <= level);
		for (i = 0; i < PAGES; i++) {
			if (page[i] < limit_of(t) && first_of(page[i], level) == first_of(n, level)) {
				want[t][i] = machine_page_of(e, level, page[i]);
			}
		}
	} else if (error == HYP_EBUSY) {
		assert_true(walk_level > level);
	} else {
		assert_int_equal(error, HYP_ENOMEM);
		assert_int_equal(pool.free, 0);
	}
	return error;
}

static s32 relax(u32 t, u64 n, u64 attrs)
{
	struct walk walk = machine_walk(t, n);
	u64 free = pool.free;
	s32 error = pgt_relax(t, n, attrs);
	u32 i;

	assert_int_equal(error, walk.entry % 2 == 1 ? 0 : HYP_ENOENT);
	assert_int_equal(machine_walk(t, n).level, walk.level);
	assert_int_equal(pool.free, free);
	for (i = 0; i < PAGES && error == 0; i++) {
		if (page[i] < limit_of(t) && first_of(page[i], walk.level) == first_of(n, walk.level)) {
			want[t][i] = desc_flat(page[i], 3, attrs);
		}
	}
	return error;
}

/* Each level over each other level: map, split, annotate, and back. */
static void test_levels(void **state)
{
	static const u32 bits[] = { 32, 36, 40, 42, 44, 48 };
	u32 b;
	u32 t;
	u32 upper;
	u32 lower;

	(void)state;
	for (b = 0; b < sizeof(bits) / sizeof(bits[0]); b++) {
		test_seed(b);
		start(bits[b]);
		for (t = 0; t < PGT_COUNT; t++) {
			for (upper = 1; upper <= 3; upper++) {
				for (lower = upper; lower <= 3; lower++) {
					u64 n = 0x143456 + (upper * 4ul + lower) * 0x40000;
					u64 attrs = t == PGT_HYP ? desc_map_attrs(0, MAP_DATA) : desc_host_attrs(1);

					assert_int_equal(
						set(t, n, upper, desc_flat(first_of(n, upper), upper, attrs)), 0);
					compare();
					assert_int_equal(set(t, n, lower, desc_hyp_owned()), 0);
					compare();
					if (lower > upper) {
						assert_int_equal(set(t, n, upper, 0), HYP_EBUSY);
					}
					assert_int_equal(set(t, n, lower, 0), 0);
					compare();
					pgt_prune(t, n);
					compare();
				}
			}
		}
		finish();
	}
}

/* A leaf of each level gets other attributes and maps what it mapped; where none is, nothing happens. */
static void test_relax(void **state)
{
	u32 t;
	u32 level;

	(void)state;
	test_seed(9);
	start(40);
	for (t = 0; t < PGT_COUNT; t++) {
		u64 first = t == PGT_HYP ? desc_map_attrs(0, MAP_DATA) : desc_host_attrs(1);
		u64 then = t == PGT_HYP ? desc_map_attrs(0, MAP_RODATA) : desc_host_attrs(0);

		for (level = 1; level <= 3; level++) {
			u64 n = page[test_random() % PAGES] % 0x40000 + (0x10 + level) * 0x40000ul;

			assert_int_equal(relax(t, n, then), HYP_ENOENT);
			compare();
			assert_int_equal(set(t, n, level, desc_flat(first_of(n, level), level, first)), 0);
			assert_int_equal(relax(t, n, then), 0);
			assert_int_equal(machine_page(t, n), desc_flat(n, 3, then));
			compare();
			assert_int_equal(set(t, n, level, desc_hyp_owned()), 0);
			assert_int_equal(relax(t, n, then), HYP_ENOENT);
			compare();
		}
	}
	finish();
}

/* Tables go when their last entry does, and not before. */
static void test_prune(void **state)
{
	u64 before;
	u64 n = 0x123456;
	u64 attrs;

	(void)state;
	test_seed(7);
	start(40);
	attrs = desc_host_attrs(1);
	before = pool.free;
	assert_int_equal(set(PGT_HOST, n, 3, desc_flat(n, 3, attrs)), 0);
	assert_int_equal(set(PGT_HOST, n + 1, 3, desc_flat(n + 1, 3, attrs)), 0);
	assert_int_equal(pool.free, before - 2);
	assert_int_equal(set(PGT_HOST, n, 3, 0), 0);
	pgt_prune(PGT_HOST, n);
	assert_int_equal(pool.free, before - 2);
	compare();
	assert_int_equal(set(PGT_HOST, n + 1, 3, 0), 0);
	pgt_prune(PGT_HOST, n + 1);
	assert_int_equal(pool.free, before);
	compare();
	finish();
}

/* pgt_join() as the trees say that it must end: 1 when the block is back, and then its table is, and clear. */
static void join(u32 t, u64 n, u32 level, u64 attrs, u32 joined)
{
	struct walk walk = machine_walk(t, n);
	u64 free = pool.free;
	u32 i;

	assert_int_equal(pgt_join(t, n, level, attrs), joined);
	compare();
	assert_int_equal(pool.free, free + joined);
	assert_int_equal(machine_walk(t, n).level, joined ? level - 1 : walk.level);
	for (i = 0; i < 512 && joined; i++) {
		assert_int_equal(machine_word(walk.table, i), 0);
	}
}

/* A table gives way to a block that maps the same, and to no other. */
static void test_join(void **state)
{
	static const u32 bits[] = { 40, 48 };
	u32 b;
	u32 t;
	u32 level;

	(void)state;
	for (b = 0; b < sizeof(bits) / sizeof(bits[0]); b++) {
		test_seed(10 + b);
		start(bits[b]);
		for (t = 0; t < PGT_COUNT; t++) {
			u64 attrs = t == PGT_HYP ? desc_map_attrs(0, MAP_DATA) : desc_host_attrs(1);
			u64 other = t == PGT_HYP ? desc_map_attrs(0, MAP_RODATA) : desc_host_attrs(0);

			for (level = 2; level <= 3; level++) {
				u64 n = first_of(0x143456 + level * 0x40000, level - 1);
				u64 span = 1ul << (9 * (3 - level));
				u64 at = n + 77 * span;
				u64 last = n + 511 * span;

				join(t, n, level, attrs, 0);
				assert_int_equal(set(t, n, level - 1, desc_flat(n, level - 1, attrs)), 0);
				join(t, n, level, attrs, 0);
				assert_int_equal(set(t, at, level, desc_hyp_owned()), 0);
				join(t, n, level, attrs, 0);
				assert_int_equal(set(t, at, level, 0), 0);
				join(t, n, level, attrs, 0);
				assert_int_equal(set(t, at, level, desc_flat(at, level, other)), 0);
				join(t, n, level, attrs, 0);
				assert_int_equal(set(t, at, level, desc_flat(last, level, attrs)), 0);
				join(t, n, level, attrs, 0);
				assert_int_equal(set(t, at, level, desc_flat(at, level, attrs)), 0);
				assert_int_equal(set(t, last, level, desc_flat(at, level, attrs)), 0);
				join(t, n, level, attrs, 0);
				assert_int_equal(set(t, last, level, desc_flat(last, level, attrs)), 0);
				join(t, n, level, other, 0);
				join(t, at, level, attrs, 1);
				join(t, n, level, attrs, 0);
				assert_int_equal(set(t, n, level - 1, 0), 0);
				pgt_prune(t, n);
			}
		}
		finish();
	}
}

static void test_pool_empty(void **state)
{
	u64 held[4096];
	u64 n = 0;
	u64 pfn;
	u64 page_n = 0x123456;

	(void)state;
	test_seed(8);
	start(40);
	while ((pfn = pool_alloc()) != 0) {
		assert_true(n < 4096);
		held[n++] = pfn;
	}
	pool_start -= n;
	assert_int_equal(set(PGT_HOST, page_n, 3, desc_hyp_owned()), HYP_ENOMEM);
	compare();
	pool_free(held[--n]);
	pool_start++;
	assert_int_equal(set(PGT_HOST, page_n, 3, desc_hyp_owned()), HYP_ENOMEM);
	compare();
	pool_free(held[--n]);
	pool_start++;
	pgt_prune(PGT_HOST, page_n);
	assert_int_equal(set(PGT_HOST, page_n, 3, desc_hyp_owned()), 0);
	compare();
	finish();
}

static void test_random_operations(void **state)
{
	u32 run;
	u32 step;

	(void)state;
	for (run = 0; run < 6; run++) {
		test_seed(100 + run);
		start(run % 2 == 0 ? 40 : 48);
		for (step = 0; step < 400; step++) {
			u32 t = (u32)(test_random() % 2);
			u64 n = page[test_random() % PAGES];
			u32 level = 1 + (u32)(test_random() % 3);

			if (n >= limit_of(t)) {
				continue;
			}
			switch (test_random() % 8) {
			case 0:
				pgt_prune(t, n);
				break;
			case 1:
				pgt_join(t, n, 3, t == PGT_HYP ? desc_map_attrs(0, MAP_DATA) : desc_host_attrs(1));
				break;
			case 2:
				relax(t, n, t == PGT_HYP ? desc_map_attrs(0, MAP_RODATA) : desc_host_attrs(0));
				break;
			default:
				set(t, n, level, entry_for(t, n, level));
				break;
			}
			compare();
		}
		finish();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_relax),
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_pool_empty),
		cmocka_unit_test(test_random_operations),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
