/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page pool: a stack of free frames. A frame is free when its use count is 0; then it stands in
 * the stack exactly once, is part of no tree and holds only zeroes. The ghost permutation shows that
 * there is always room for a frame that comes back.
 */
#ifndef ANNOTATIONS_POOL_H
#define ANNOTATIONS_POOL_H

#include "state.h"

/*@ predicate pool_frame{L}(integer f) =
      \at(pool.first,L) <= f < \at(pool.first,L) + \at(pool.count,L);

    predicate zeroed{L}(integer f) = \forall integer i; 0 <= i < 512 ==> \at(frame[f].e[i],L) == 0;

    predicate pool_shape{L} =
      \at(pool.free,L) <= \at(pool.count,L) && 1 <= \at(pool.first,L) &&
      \at(pool.first,L) + \at(pool.count,L) <= PFN_COUNT;

    // pool_perm holds every pool frame once; its first pool.free places are the stack
    predicate pool_permuted{L} =
      (\forall integer f; pool_frame{L}(f) ==>
        \at(pool_pos[f],L) < \at(pool.count,L) && \at(pool_perm[pool_pos[f]],L) == f) &&
      (\forall integer k; 0 <= k < \at(pool.count,L) ==>
        pool_frame{L}(\at(pool_perm[k],L)) && \at(pool_pos[pool_perm[k]],L) == k) &&
      (\forall integer k; 0 <= k < \at(pool.free,L) ==> \at(pool_stack[k],L) == \at(pool_perm[k],L));

    predicate pool_frees{L} =
      (\forall integer f; pool_frame{L}(f) ==>
        (\at(pool_ref[f],L) == 0 <==> \at(pool_pos[f],L) < \at(pool.free,L))) &&
      (\forall integer f; pool_frame{L}(f) && \at(pool_ref[f],L) == 0 ==>
        \at(tbl_tree[f],L) == 0 && zeroed{L}(f));

    // the same frames are free, and still clean and in no tree
    predicate same_frees{L,M} =
      \at(pool,M) == \at(pool,L) &&
      (\forall integer f; 0 <= f < PFN_COUNT ==> \at(pool_pos[f],M) == \at(pool_pos[f],L)) &&
      (\forall integer f; pool_frame{L}(f) ==>
        (\at(pool_ref[f],M) == 0 <==> \at(pool_ref[f],L) == 0)) &&
      (\forall integer f; pool_frame{L}(f) && \at(pool_ref[f],L) == 0 ==>
        \at(tbl_tree[f],M) == \at(tbl_tree[f],L) &&
        (\forall integer i; 0 <= i < 512 ==> \at(frame[f].e[i],M) == \at(frame[f].e[i],L)));

    predicate pool_inv{L} = pool_shape{L} && pool_permuted{L} && pool_frees{L};
*/

#endif
