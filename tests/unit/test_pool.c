/* SPDX-License-Identifier: BSD-2-Clause */
/* Every frame of the pool is handed out once, cleared, and comes back. */
#include <unistd.h>

#include "machine.h"

static u8 taken[BANK0_COUNT];

static void test_all_frames_once(void **state)
{
	u64 count;
	u64 k = 0;
	u64 pfn;

	(void)state;
	machine_boot(40);
	lock_acquire(LOCK_MM);
	count = pool.free;
	assert_true(count > 64);
	/* Whatever was in the carve-out: setup counts the tables that it made, and no others. */
	for (pfn = pool.first; pfn < pool.first + pool.count; pfn++) {
		assert_true(pool_ref_get(pfn) <= 1 + 512);
		k += pool_ref_get(pfn) == 0;
	}
	assert_int_equal(k, count);
	for (k = 0; k < count; k++) {
		pfn = pool_alloc();
		assert_true(pfn >= pool.first && pfn - pool.first < pool.count);
		assert_false(taken[pfn - BANK0_FIRST]);
		taken[pfn - BANK0_FIRST] = 1;
		assert_int_equal(pool_ref_get(pfn), 1);
		assert_int_equal(machine_word(pfn, k % 512), 0);
	}
	assert_int_equal(pool_alloc(), 0);
	assert_int_equal(pool_alloc(), 0);
	for (pfn = pool.first; pfn < pool.first + pool.count; pfn++) {
		if (taken[pfn - BANK0_FIRST]) {
			pool_free(pfn);
			assert_int_equal(pool_ref_get(pfn), 0);
		}
	}
	assert_int_equal(pool.free, count);
	assert_true(pool_has(pool.first) && pool_has(pool.first + pool.count - 1));
	assert_false(pool_has(pool.first - 1) || pool_has(pool.first + pool.count));
	lock_release(LOCK_MM);
}

/* Against a set: what is out is never handed out again, and the number of free frames fits. */
static void test_random_sequence(void **state)
{
	u64 out[256];
	u64 n = 0;
	u64 start;
	u32 step;
	u64 k;

	(void)state;
	machine_boot(48);
	test_seed(1);
	lock_acquire(LOCK_MM);
	start = pool.free;
	for (step = 0; step < 20000; step++) {
		if (n < 256 && (n == 0 || test_random() % 2 == 0)) {
			u64 pfn = pool_alloc();

			if (pfn == 0) {
				assert_int_equal(pool.free, 0);
				continue;
			}
			for (k = 0; k < n; k++) {
				assert_true(out[k] != pfn);
			}
			out[n++] = pfn;
		} else {
			k = test_random() % n;
			pool_free(out[k]);
			out[k] = out[--n];
		}
		assert_int_equal(pool.free + n, start);
	}
	lock_release(LOCK_MM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_frames_once),
		cmocka_unit_test(test_random_sequence),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
