/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page pool: 4 KiB frames for translation tables.
 */
#ifndef HYP_POOL_H
#define HYP_POOL_H

#include "types.h"

/**
 * struct pool - frames that Hypatia divides among its tables
 * @first: first frame number
 * @count: frames in the pool
 * @free: frames on the free stack
 */
struct pool {
	u64 first;
	u64 count;
	u64 free;
};

extern struct pool pool;

#include "../../annotations/pool.h"

/*@ requires shape: pool_shape{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> pool_frame{Here}(pfn);
*/
static inline u32 pool_has(u64 pfn)
{
	return pool.first <= pfn && pfn - pool.first < pool.count;
}

/**
 * pool_alloc() - take a frame out of the pool
 *
 * Memory lock held. The frame is all zeroes and has a use count of 1.
 *
 * Return: its frame number, or 0 when the pool is empty.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: pool_inv{Here};
    terminates \true; exits \false;
    assigns pool.free, pool_ref[0 .. PFN_COUNT - 1];
    ensures inv: pool_inv{Here};
    ensures others: \forall integer f; 0 <= f < PFN_COUNT && f != \result ==>
      pool_ref[f] == \old(pool_ref[f]);
    behavior none:
      assumes pool.free == 0;
      ensures empty: \result == 0;
      ensures same: pool_ref[0] == \old(pool_ref[0]) && pool.free == 0;
    behavior some:
      assumes pool.free > 0;
      ensures frame: pool_frame{Here}(\result);
      ensures was_free: \old(pool_ref[\at(\result,Post)]) == 0;
      ensures used: pool_ref[\result] == 1;
      ensures zeroed: zeroed{Here}(\result);
      ensures no_table: tbl_tree[\result] == 0;
      ensures taken: pool.free == \old(pool.free) - 1;
    complete behaviors;
    disjoint behaviors;
*/
u64 pool_alloc(void);

/**
 * pool_setup() - make a range of frames the pool
 * @first: its first frame, not 0
 * @count: its frames
 * @stack: first frame of the free stack's words, one for each frame, which end before @ref
 * @ref: first frame of the use counts' words, as many, which end before @first
 *
 * Every frame is cleared and free afterwards.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires range: 1 <= first && 1 <= count && first + count <= PFN_COUNT;
    requires words: count <= 1024 * (ref - stack) && count <= 1024 * (first - ref);
    requires apart: \forall integer f; first <= f < first + count ==> tbl_tree[f] == 0;
    terminates \true; exits \false;
    assigns pool, pool_ref[0 .. PFN_COUNT - 1], pool_stack[0 .. PFN_COUNT - 1],
            pool_perm[0 .. PFN_COUNT - 1], pool_pos[0 .. PFN_COUNT - 1], frame[0 .. PFN_COUNT - 1];
    ensures inv: pool_inv{Here};
    ensures range: pool.first == first && pool.count == count && pool.free == count;
    ensures all: \forall integer f; pool_frame{Here}(f) ==> pool_ref[f] == 0;
*/
void pool_setup(u64 first, u64 count, u64 stack, u64 ref);

/**
 * pool_free() - give a frame back to the pool
 * @pfn: a pool frame with a use count of 1, all zeroes, in no tree
 *
 * Memory lock held.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: pool_inv{Here};
    requires frame: pool_frame{Here}(pfn);
    requires last: pool_ref[pfn] == 1;
    requires cleared: zeroed{Here}(pfn);
    requires no_table: tbl_tree[pfn] == 0;
    terminates \true; exits \false;
    assigns pool.free, pool_ref[pfn], pool_stack[0 .. PFN_COUNT - 1],
            pool_perm[0 .. PFN_COUNT - 1], pool_pos[0 .. PFN_COUNT - 1];
    ensures inv: pool_inv{Here};
    ensures freed: pool_ref[pfn] == 0;
    ensures given: pool.free == \old(pool.free) + 1;
*/
void pool_free(u64 pfn);

#endif
