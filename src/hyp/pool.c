/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"
#include "arch.h"

struct pool pool;

u64 pool_alloc(void)
{
	u64 pfn;

	if (pool.free == 0) {
		return 0;
	}
	pfn = pool_stack_get(pool.free - 1);
	pool.free = pool.free - 1;
	pool_ref_set(pfn, 1);
	return pfn;
}

void pool_free(u64 pfn)
{
	pool_ref_set(pfn, 0);
	pool_stack_set(pool.free, pfn);
	/*@ ghost
	  u64 place = pool_pos[pfn];
	  u64 other = pool_perm[pool.free];
	  pool_perm[place] = other;
	  pool_pos[other] = place;
	  pool_perm[pool.free] = pfn;
	  pool_pos[pfn] = pool.free;
	*/
	pool.free = pool.free + 1;
}

void pool_setup(u64 first, u64 count, u64 stack, u64 ref)
{
	u64 k;

	pool.first = first;
	pool.count = count;
	pool.free = count;
	pool_place(stack, ref);
	/*@ loop invariant range: 0 <= k <= count;
	    loop invariant stack: \forall integer j; 0 <= j < k ==> pool_stack[j] == first + count - 1 - j;
	    loop invariant perm: \forall integer j; 0 <= j < k ==> pool_perm[j] == first + count - 1 - j;
	    loop invariant pos: \forall integer f; first + count - k <= f < first + count ==>
	      pool_pos[f] == first + count - 1 - f;
	    loop invariant refs: \forall integer f; first <= f < first + k ==> pool_ref[f] == 0;
	    loop invariant zeroed: \forall integer f; first <= f < first + k ==> zeroed{Here}(f);
	    loop assigns k, pool_ref[0 .. PFN_COUNT - 1], pool_stack[0 .. PFN_COUNT - 1],
	      pool_perm[0 .. PFN_COUNT - 1], pool_pos[0 .. PFN_COUNT - 1], frame[0 .. PFN_COUNT - 1];
	    loop variant count - k;
	*/
	for (k = 0; k < count; k++) {
		/* The lowest frames are handed out first. */
		pool_stack_set(k, first + (count - 1 - k));
		/*@ ghost
		  pool_perm[k] = first + (count - 1 - k);
		  pool_pos[first + (count - 1 - k)] = k;
		*/
		pool_ref_set(first + k, 0);
		frame_zero(first + k);
	}
}
