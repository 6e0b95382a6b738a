/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation trees over the ghost frames: nodes, look-up, well-formedness.
 *
 * node(t, n, l) is the level-l table that translates page n in tree t, or -1. A concatenated root
 * starts at level 1; its slot in the missing level 0 is idx(n, 0).
 */
#ifndef ANNOTATIONS_TABLES_H
#define ANNOTATIONS_TABLES_H

#include "state.h"
#include "pool.h"

/*@ predicate is_root{L}(integer t, integer f) =
      \at(pgt[t].root,L) <= f < \at(pgt[t].root,L) + \at(pgt[t].root_count,L);

    // a frame that may hold a table: any pool frame, or a root; EL2 has all of them mapped
    predicate table_frame{L}(integer f) =
      pool_frame{L}(f) || is_root{L}(0, f) || is_root{L}(1, f);

    logic integer next{L}(integer f, integer i, integer l) =
      f >= 0 ? d_next(\at(frame[f].e[i],L), l) : -1;

    logic integer node0{L}(integer t) = \at(pgt[t].start,L) == 0 ? \at(pgt[t].root,L) : -1;
    logic integer node1{L}(integer t, integer n) =
      \at(pgt[t].start,L) == 0 ? next{L}(node0{L}(t), idx(n, 0), 0) :
      idx(n, 0) < \at(pgt[t].root_count,L) ? \at(pgt[t].root,L) + idx(n, 0) : -1;
    logic integer node2{L}(integer t, integer n) = next{L}(node1{L}(t, n), idx(n, 1), 1);
    logic integer node3{L}(integer t, integer n) = next{L}(node2{L}(t, n), idx(n, 2), 2);
    logic integer node{L}(integer t, integer n, integer l) =
      l == 0 ? node0{L}(t) : l == 1 ? node1{L}(t, n) : l == 2 ? node2{L}(t, n) : node3{L}(t, n);

    // the page descriptor that page n amounts to in tree t; an invalid one stands for itself
    logic integer xl{L}(integer t, integer n) =
      node3{L}(t, n) >= 0 ? d_page(\at(frame[node3{L}(t, n)].e[idx(n, 3)],L), 3, n) :
      node2{L}(t, n) >= 0 ? d_page(\at(frame[node2{L}(t, n)].e[idx(n, 2)],L), 2, n) :
      node1{L}(t, n) >= 0 ? d_page(\at(frame[node1{L}(t, n)].e[idx(n, 1)],L), 1, n) :
      node0{L}(t) >= 0 ? d_page(\at(frame[node0{L}(t)].e[idx(n, 0)],L), 0, n) : 0;

    // the level of the entry that this descriptor comes from
    logic integer end_level{L}(integer t, integer n) =
      node3{L}(t, n) >= 0 ? 3 : node2{L}(t, n) >= 0 ? 2 : node1{L}(t, n) >= 0 ? 1 : 0;

    // what an entry of a level-l table may be
    predicate entry_ok(integer e, integer l) = !d_valid(e) || d_table(e, l) || d_leaf(e, l);

    predicate wf_nodes{L} =
      \forall integer f; 0 <= f < PFN_COUNT && \at(tbl_tree[f],L) != 0 ==>
        table_frame{L}(f) && \at(tbl_tree[f],L) <= 2 && \at(tbl_level[f],L) <= 3 &&
        (pool_frame{L}(f) ==> \at(pool_ref[f],L) >= 1);

    predicate wf_entries{L} =
      \forall integer f, i; 0 <= f < PFN_COUNT && 0 <= i < 512 && \at(tbl_tree[f],L) != 0 ==>
        entry_ok(\at(frame[f].e[i],L), \at(tbl_level[f],L));

    // a table entry is the one and only reference to its table
    predicate wf_children{L} =
      \forall integer f, i; 0 <= f < PFN_COUNT && 0 <= i < 512 && \at(tbl_tree[f],L) != 0 &&
        d_table(\at(frame[f].e[i],L), \at(tbl_level[f],L)) ==>
          \at(tbl_tree[d_pfn(\at(frame[f].e[i],L))],L) == \at(tbl_tree[f],L) &&
          \at(tbl_level[d_pfn(\at(frame[f].e[i],L))],L) == \at(tbl_level[f],L) + 1 &&
          \at(tbl_parent[d_pfn(\at(frame[f].e[i],L))],L) == f &&
          \at(tbl_slot[d_pfn(\at(frame[f].e[i],L))],L) == i &&
          pool_frame{L}(d_pfn(\at(frame[f].e[i],L)));

    predicate wf_root{L}(integer t) =
      1 <= \at(pgt[t].root,L) && \at(pgt[t].start,L) <= 1 && 1 <= \at(pgt[t].root_count,L) <= 16 &&
      (\at(pgt[t].start,L) == 0 ==> \at(pgt[t].root_count,L) == 1) &&
      \at(pgt[t].root,L) + \at(pgt[t].root_count,L) <= PFN_COUNT &&
      (\forall integer f; is_root{L}(t, f) ==> !pool_frame{L}(f) && \at(tbl_tree[f],L) == t + 1 &&
         \at(tbl_level[f],L) == \at(pgt[t].start,L));

    predicate wf{L} = wf_root{L}(0) && wf_root{L}(1) && wf_nodes{L} && wf_entries{L} && wf_children{L};

    // the tables on the way to f, the level-l table of page n, are other frames than f
    predicate node_alone{L}(integer t, integer n, integer f, integer l) =
      (l >= 1 ==> node0{L}(t) != f && node0{L}(t) < PFN_COUNT) &&
      (l >= 2 ==> node1{L}(t, n) != f && node1{L}(t, n) < PFN_COUNT) &&
      (l >= 3 ==> node2{L}(t, n) != f && node2{L}(t, n) < PFN_COUNT);

    // page n is within what tree t can translate
    predicate in_tree{L}(integer t, integer n) =
      0 <= n < PFN_COUNT && (\at(pgt[t].start,L) == 1 ==> idx(n, 0) < \at(pgt[t].root_count,L));

    // number of non-zero entries among the first k of frame f
    logic integer nonzero{L}(integer f, integer k) =
      k <= 0 ? 0 : nonzero{L}(f, k - 1) + (\at(frame[f].e[k - 1],L) != 0 ? 1 : 0);

    // a pool frame in use counts one for its owner and one for each non-zero entry
    predicate counted{L} =
      \forall integer f; pool_frame{L}(f) && \at(pool_ref[f],L) != 0 ==>
        \at(pool_ref[f],L) == 1 + nonzero{L}(f, 512);

    predicate tables_inv{L} = wf{L} && pool_inv{L} && counted{L};

    // every page of every tree translates in M as it did in L
    predicate same_xl{L,M} = \forall integer t, n; 0 <= t < 2 && 0 <= n < PFN_COUNT ==>
      xl{M}(t, n) == xl{L}(t, n);

    // between L and M only entry i of frame f changed; only the use count of f changed
    predicate only_entry{L,M}(integer f, integer i) =
      \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && (g != f || j != i) ==>
        \at(frame[g].e[j],M) == \at(frame[g].e[j],L);
    predicate only_ref{L,M}(integer f) =
      \forall integer g; 0 <= g < PFN_COUNT && g != f ==> \at(pool_ref[g],M) == \at(pool_ref[g],L);

    // every way through every tree leads to the same tables
    predicate same_nodes{L,M} = \forall integer t, n; 0 <= t < 2 && 0 <= n < PFN_COUNT ==>
      node1{M}(t, n) == node1{L}(t, n) && node2{M}(t, n) == node2{L}(t, n) &&
      node3{M}(t, n) == node3{L}(t, n);

    // a page's last-level table stays where it is
    predicate nodes_kept{L,M} = \forall integer u, m; 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      (node1{L}(u, m) >= 0 ==> node1{M}(u, m) == node1{L}(u, m)) &&
      (node2{L}(u, m) >= 0 ==> node2{M}(u, m) == node2{L}(u, m)) &&
      (node3{L}(u, m) >= 0 ==> node3{M}(u, m) == node3{L}(u, m));

    // pages keep their last-level table but those of tree t that non-table entry e of level l stands for
    predicate paged_but{L,M}(integer t, integer l, integer e) = \forall integer u, m;
      0 <= u < 2 && 0 <= m < PFN_COUNT && (u != t || xl{L}(u, m) != d_page(e, l, m)) ==>
        node3{M}(u, m) == node3{L}(u, m);

    // frames that hold no table keep their contents
    predicate outside_kept{L,M} = \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 &&
      !table_frame{L}(g) ==> \at(frame[g].e[j],M) == \at(frame[g].e[j],L);

    // same roots, same pool frames, same ghost shape of the trees
    predicate same_shape{L,M} =
      \at(pgt[0],M) == \at(pgt[0],L) && \at(pgt[1],M) == \at(pgt[1],L) &&
      \at(pool.first,M) == \at(pool.first,L) && \at(pool.count,M) == \at(pool.count,L) &&
      (\forall integer g; 0 <= g < PFN_COUNT ==>
        \at(tbl_tree[g],M) == \at(tbl_tree[g],L) && \at(tbl_level[g],M) == \at(tbl_level[g],L) &&
        \at(tbl_parent[g],M) == \at(tbl_parent[g],L) && \at(tbl_slot[g],M) == \at(tbl_slot[g],L));

    // no table of a tree changed
    predicate same_rows{L,M} =
      \at(pgt[0],M) == \at(pgt[0],L) && \at(pgt[1],M) == \at(pgt[1],L) &&
      (\forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && \at(tbl_tree[g],L) != 0 ==>
        \at(frame[g].e[j],M) == \at(frame[g].e[j],L));

    // table c, a copy of the non-table entry for page n in level-l table f, was put in its place
    predicate grown{L,M}(integer t, integer n, integer l, integer f, integer c) =
      0 <= t < 2 && 0 <= n < PFN_COUNT && 0 <= l < 3 && 0 <= c < PFN_COUNT && 0 <= f < PFN_COUNT &&
      c != f && f == node{L}(t, n, l) && \at(tbl_tree[c],L) == 0 &&
      \at(pgt[0],M) == \at(pgt[0],L) && \at(pgt[1],M) == \at(pgt[1],L) &&
      !d_table(\at(frame[f].e[idx(n, l)],L), l) && entry_ok(\at(frame[f].e[idx(n, l)],L), l) &&
      \at(frame[f].e[idx(n, l)],M) == d_mktable(c) &&
      \at(pool.first,M) == \at(pool.first,L) && \at(pool.count,M) == \at(pool.count,L) &&
      pool_frame{L}(c) && \at(pool_ref[c],M) >= 1 &&
      (pool_frame{L}(f) ==> \at(pool_ref[f],M) >= 1) &&
      (\forall integer g; 0 <= g < PFN_COUNT && g != f && g != c ==>
        \at(pool_ref[g],M) == \at(pool_ref[g],L)) &&
      (\forall integer g; 0 <= g < PFN_COUNT && g != c ==>
        \at(tbl_tree[g],M) == \at(tbl_tree[g],L) && \at(tbl_level[g],M) == \at(tbl_level[g],L) &&
        \at(tbl_parent[g],M) == \at(tbl_parent[g],L) && \at(tbl_slot[g],M) == \at(tbl_slot[g],L)) &&
      \at(tbl_tree[c],M) == t + 1 && \at(tbl_level[c],M) == l + 1 &&
      \at(tbl_parent[c],M) == f && \at(tbl_slot[c],M) == idx(n, l) &&
      (\forall integer j; 0 <= j < 512 ==>
        \at(frame[c].e[j],M) == d_sub(\at(frame[f].e[idx(n, l)],L), l, j)) &&
      (\forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != c &&
        (g != f || j != idx(n, l)) ==> \at(frame[g].e[j],M) == \at(frame[g].e[j],L));

    // the non-table entry for page n in level-l table f became e
    predicate entry_set{L,M}(integer t, integer n, integer l, integer f, integer e) =
      0 <= t < 2 && 0 <= n < PFN_COUNT && 0 <= l <= 3 && 0 <= f < PFN_COUNT && f == node{L}(t, n, l) &&
      !d_table(\at(frame[f].e[idx(n, l)],L), l) && (!d_valid(e) || d_leaf(e, l)) &&
      \at(frame[f].e[idx(n, l)],M) == e && only_entry{L,M}(f, idx(n, l)) && same_shape{L,M} &&
      (pool_frame{L}(f) ==> \at(pool_ref[f],M) >= 1) && only_ref{L,M}(f);

    // level-l table f is what splitting entry e of the level above gives
    predicate copy_of{L}(integer f, integer l, integer e) =
      \forall integer i; 0 <= i < 512 ==> \at(frame[f].e[i],L) == d_sub(e, l - 1, i);

    // entry e, of which level-l table f of page n was a copy, took its place in table p above it
    predicate pruned{L,M}(integer t, integer n, integer l, integer f, integer p, integer e) =
      0 <= t < 2 && 0 <= n < PFN_COUNT && 1 <= l <= 3 && 0 <= f < PFN_COUNT && 0 <= p < PFN_COUNT &&
      f == node{L}(t, n, l) && p == node{L}(t, n, l - 1) && pool_frame{L}(f) &&
      !d_table(e, l - 1) && entry_ok(e, l - 1) &&
      copy_of{L}(f, l, e) &&
      \at(frame[p].e[idx(n, l - 1)],M) == e && only_entry{L,M}(p, idx(n, l - 1)) &&
      \at(pgt[0],M) == \at(pgt[0],L) && \at(pgt[1],M) == \at(pgt[1],L) &&
      \at(pool.first,M) == \at(pool.first,L) && \at(pool.count,M) == \at(pool.count,L) &&
      (pool_frame{L}(p) ==> \at(pool_ref[p],M) >= 1) && only_ref{L,M}(p) && \at(tbl_tree[f],M) == 0 &&
      (\forall integer g; 0 <= g < PFN_COUNT ==>
        (g != f ==> \at(tbl_tree[g],M) == \at(tbl_tree[g],L)) &&
        \at(tbl_level[g],M) == \at(tbl_level[g],L) &&
        \at(tbl_parent[g],M) == \at(tbl_parent[g],L) && \at(tbl_slot[g],M) == \at(tbl_slot[g],L));

    predicate tlb_clean{L} = \at(tlb_phase,L) == 0;
    predicate quiet{L} = \at(tlb_phase,L) == 0 && \at(walk_pending,L) == 0;
*/

#endif
