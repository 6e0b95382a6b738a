/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lemmas about trees: where the nodes on a page's way are, and that a node tells the way to it.
 */
#ifndef ANNOTATIONS_TABLES_LEMMAS_H
#define ANNOTATIONS_TABLES_LEMMAS_H

#include "tables.h"

/*@ lemma node0_in{L}: wf{L} ==> \forall integer t; 0 <= t < 2 && node0{L}(t) >= 0 ==>
      \at(tbl_tree[node0{L}(t)],L) == t + 1 && \at(tbl_level[node0{L}(t)],L) == 0 &&
      node0{L}(t) < PFN_COUNT;
    lemma node1_in{L}: wf{L} ==> \forall integer t, n; 0 <= t < 2 && 0 <= n < PFN_COUNT &&
      node1{L}(t, n) >= 0 ==> \at(tbl_tree[node1{L}(t, n)],L) == t + 1 &&
      \at(tbl_level[node1{L}(t, n)],L) == 1 && node1{L}(t, n) < PFN_COUNT;
    lemma node2_in{L}: wf{L} ==> \forall integer t, n; 0 <= t < 2 && 0 <= n < PFN_COUNT &&
      node2{L}(t, n) >= 0 ==> \at(tbl_tree[node2{L}(t, n)],L) == t + 1 &&
      \at(tbl_level[node2{L}(t, n)],L) == 2 && node2{L}(t, n) < PFN_COUNT;
    lemma node3_in{L}: wf{L} ==> \forall integer t, n; 0 <= t < 2 && 0 <= n < PFN_COUNT &&
      node3{L}(t, n) >= 0 ==> \at(tbl_tree[node3{L}(t, n)],L) == t + 1 &&
      \at(tbl_level[node3{L}(t, n)],L) == 3 && node3{L}(t, n) < PFN_COUNT;

    lemma node1_way{L}: wf{L} ==> \forall integer t, n, m; 0 <= t < 2 && 0 <= n < PFN_COUNT &&
      0 <= m < PFN_COUNT && node1{L}(t, n) >= 0 && node1{L}(t, n) == node1{L}(t, m) ==>
      idx(n, 0) == idx(m, 0);
    lemma node2_way{L}: wf{L} ==> \forall integer t, n, m; 0 <= t < 2 && 0 <= n < PFN_COUNT &&
      0 <= m < PFN_COUNT && node2{L}(t, n) >= 0 && node2{L}(t, n) == node2{L}(t, m) ==>
      idx(n, 0) == idx(m, 0) && idx(n, 1) == idx(m, 1);
    lemma node3_way{L}: wf{L} ==> \forall integer t, n, m; 0 <= t < 2 && 0 <= n < PFN_COUNT &&
      0 <= m < PFN_COUNT && node3{L}(t, n) >= 0 && node3{L}(t, n) == node3{L}(t, m) ==>
      idx(n, 0) == idx(m, 0) && idx(n, 1) == idx(m, 1) && idx(n, 2) == idx(m, 2);

    lemma same_entry_def: \forall integer n, m, l; same_entry(n, m, l) <==>
      idx(n, 0) == idx(m, 0) && (1 <= l ==> idx(n, 1) == idx(m, 1)) &&
      (2 <= l ==> idx(n, 2) == idx(m, 2)) && (3 <= l ==> idx(n, 3) == idx(m, 3));

    lemma rows_nodes{A,B}: wf{A} && same_rows{A,B} ==> same_nodes{A,B};
    lemma rows_xl{A,B}: wf{A} && same_rows{A,B} ==> same_xl{A,B};

    // splitting: the new table is on the way of exactly the pages that its entry translated
    lemma grown_node1{A,B}: \forall integer t, n, l, f, c, u, m;
      wf{A} && grown{A,B}(t, n, l, f, c) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node1{B}(u, m) == (l == 0 && u == t && idx(m, 0) == idx(n, 0) ? c : node1{A}(u, m));
    lemma grown_node2_0{A,B}: \forall integer t, n, f, c, u, m;
      wf{A} && grown{A,B}(t, n, 0, f, c) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node2{B}(u, m) == node2{A}(u, m);
    lemma grown_node2_1{A,B}: \forall integer t, n, f, c, u, m;
      wf{A} && grown{A,B}(t, n, 1, f, c) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node2{B}(u, m) == (u == t && idx(m, 0) == idx(n, 0) && idx(m, 1) == idx(n, 1) ? c : node2{A}(u, m));
    lemma grown_node2_2{A,B}: \forall integer t, n, f, c, u, m;
      wf{A} && grown{A,B}(t, n, 2, f, c) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node2{B}(u, m) == node2{A}(u, m);
    lemma grown_node3_0{A,B}: \forall integer t, n, f, c, u, m;
      wf{A} && grown{A,B}(t, n, 0, f, c) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node3{B}(u, m) == node3{A}(u, m);
    lemma grown_node3_1{A,B}: \forall integer t, n, f, c, u, m;
      wf{A} && grown{A,B}(t, n, 1, f, c) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node3{B}(u, m) == node3{A}(u, m);
    lemma grown_node3_2{A,B}: \forall integer t, n, f, c, u, m;
      wf{A} && grown{A,B}(t, n, 2, f, c) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node3{B}(u, m) == (u == t && idx(m, 0) == idx(n, 0) && idx(m, 1) == idx(n, 1) &&
        idx(m, 2) == idx(n, 2) ? c : node3{A}(u, m));
    lemma grown_page{A,B}: \forall integer t, n, l, f, c, m;
      grown{A,B}(t, n, l, f, c) && 0 <= m < PFN_COUNT ==>
      d_page(\at(frame[c].e[idx(m, l + 1)],B), l + 1, m) == d_page(\at(frame[f].e[idx(n, l)],A), l, m);
    lemma sub_plain: \forall integer e, l, i; 0 <= l < 3 && 0 <= i < 512 && entry_ok(e, l) &&
      !d_table(e, l) ==> entry_ok(d_sub(e, l, i), l + 1) && !d_table(d_sub(e, l, i), l + 1);
    lemma same_frees_kept{A,B}: pool_shape{A} && pool_frees{A} && same_frees{A,B} ==> pool_frees{B};
    lemma grown_nodes{A,B}: \forall integer t, n, l, f, c; wf{A} && grown{A,B}(t, n, l, f, c) ==>
      wf_nodes{B};
    lemma grown_fresh{A,B}: \forall integer t, n, l, f, c, i; grown{A,B}(t, n, l, f, c) &&
      0 <= i < 512 ==> entry_ok(\at(frame[c].e[i],B), l + 1) && !d_table(\at(frame[c].e[i],B), l + 1);
    lemma grown_link{A,B}: \forall integer t, n, l, f, c; grown{A,B}(t, n, l, f, c) ==>
      d_table(\at(frame[f].e[idx(n, l)],B), l) && d_pfn(\at(frame[f].e[idx(n, l)],B)) == c &&
      entry_ok(\at(frame[f].e[idx(n, l)],B), l);
    lemma grown_rest{A,B}: \forall integer t, n, l, f, c, g, i; wf{A} && grown{A,B}(t, n, l, f, c) &&
      0 <= g < PFN_COUNT && 0 <= i < 512 && g != c && \at(tbl_tree[g],B) != 0 &&
      (g != f || i != idx(n, l)) ==> entry_ok(\at(frame[g].e[i],B), \at(tbl_level[g],B)) &&
      (d_table(\at(frame[g].e[i],B), \at(tbl_level[g],B)) ==> d_pfn(\at(frame[g].e[i],B)) != c &&
        0 <= d_pfn(\at(frame[g].e[i],B)) < PFN_COUNT &&
        \at(tbl_tree[d_pfn(\at(frame[g].e[i],B))],B) == \at(tbl_tree[g],B) &&
        \at(tbl_level[d_pfn(\at(frame[g].e[i],B))],B) == \at(tbl_level[g],B) + 1 &&
        \at(tbl_parent[d_pfn(\at(frame[g].e[i],B))],B) == g &&
        \at(tbl_slot[d_pfn(\at(frame[g].e[i],B))],B) == i &&
        pool_frame{B}(d_pfn(\at(frame[g].e[i],B))));
    lemma grown_places{A,B}: \forall integer t, n, l, f, c; wf{A} && grown{A,B}(t, n, l, f, c) ==>
      \at(tbl_level[f],B) == l && \at(tbl_tree[f],B) == t + 1 && \at(tbl_level[c],B) == l + 1 &&
      \at(tbl_tree[c],B) == t + 1 && \at(tbl_parent[c],B) == f && \at(tbl_slot[c],B) == idx(n, l) &&
      pool_frame{B}(c);
    lemma grown_entries{A,B}: \forall integer t, n, l, f, c; wf{A} && grown{A,B}(t, n, l, f, c) ==>
      wf_entries{B};
    lemma grown_children{A,B}: \forall integer t, n, l, f, c; wf{A} && grown{A,B}(t, n, l, f, c) ==>
      wf_children{B};
    lemma grown_roots{A,B}: \forall integer t, n, l, f, c; wf{A} && grown{A,B}(t, n, l, f, c) ==>
      wf_root{B}(0) && wf_root{B}(1);
    lemma grown_wf{A,B}: \forall integer t, n, l, f, c; wf{A} && grown{A,B}(t, n, l, f, c) ==> wf{B};
    lemma grown_kept{A,B}: \forall integer t, n, l, f, c; wf{A} && grown{A,B}(t, n, l, f, c) ==>
      nodes_kept{A,B};
    lemma grown_xl_0{A,B}: \forall integer t, n, f, c; wf{A} && grown{A,B}(t, n, 0, f, c) ==> same_xl{A,B};
    lemma grown_xl_1{A,B}: \forall integer t, n, f, c; wf{A} && grown{A,B}(t, n, 1, f, c) ==> same_xl{A,B};
    lemma grown_xl_2{A,B}: \forall integer t, n, f, c; wf{A} && grown{A,B}(t, n, 2, f, c) ==> same_xl{A,B};

    // one entry set: ways stay, the pages of the entry change, all others translate as before
    lemma set_nodes{A,B}: \forall integer t, n, l, f, e; wf{A} && entry_set{A,B}(t, n, l, f, e) ==>
      same_nodes{A,B};
    lemma set_wf{A,B}: \forall integer t, n, l, f, e; wf{A} && entry_set{A,B}(t, n, l, f, e) ==> wf{B};
    lemma set_in_0{A,B}: \forall integer t, n, f, e, m; wf{A} && entry_set{A,B}(t, n, 0, f, e) &&
      0 <= m < PFN_COUNT && same_entry(n, m, 0) ==> xl{B}(t, m) == d_page(e, 0, m);
    lemma set_in_1{A,B}: \forall integer t, n, f, e, m; wf{A} && entry_set{A,B}(t, n, 1, f, e) &&
      0 <= m < PFN_COUNT && same_entry(n, m, 1) ==> xl{B}(t, m) == d_page(e, 1, m);
    lemma set_in_2{A,B}: \forall integer t, n, f, e, m; wf{A} && entry_set{A,B}(t, n, 2, f, e) &&
      0 <= m < PFN_COUNT && same_entry(n, m, 2) ==> xl{B}(t, m) == d_page(e, 2, m);
    lemma set_in_3{A,B}: \forall integer t, n, f, e, m; wf{A} && entry_set{A,B}(t, n, 3, f, e) &&
      0 <= m < PFN_COUNT && same_entry(n, m, 3) ==> xl{B}(t, m) == d_page(e, 3, m);
    lemma set_out_0{A,B}: \forall integer t, n, f, e, u, m; wf{A} && entry_set{A,B}(t, n, 0, f, e) &&
      0 <= u < 2 && 0 <= m < PFN_COUNT && (u != t || !same_entry(n, m, 0)) ==> xl{B}(u, m) == xl{A}(u, m);
    lemma set_out_1{A,B}: \forall integer t, n, f, e, u, m; wf{A} && entry_set{A,B}(t, n, 1, f, e) &&
      0 <= u < 2 && 0 <= m < PFN_COUNT && (u != t || !same_entry(n, m, 1)) ==> xl{B}(u, m) == xl{A}(u, m);
    lemma set_out_2{A,B}: \forall integer t, n, f, e, u, m; wf{A} && entry_set{A,B}(t, n, 2, f, e) &&
      0 <= u < 2 && 0 <= m < PFN_COUNT && (u != t || !same_entry(n, m, 2)) ==> xl{B}(u, m) == xl{A}(u, m);
    lemma set_out_3{A,B}: \forall integer t, n, f, e, u, m; wf{A} && entry_set{A,B}(t, n, 3, f, e) &&
      0 <= u < 2 && 0 <= m < PFN_COUNT && (u != t || !same_entry(n, m, 3)) ==> xl{B}(u, m) == xl{A}(u, m);

    lemma set_in{A,B}: \forall integer t, n, l, f, e, m; wf{A} && entry_set{A,B}(t, n, l, f, e) &&
      0 <= m < PFN_COUNT && same_entry(n, m, l) ==> xl{B}(t, m) == d_page(e, l, m);
    lemma set_out{A,B}: \forall integer t, n, l, f, e, u, m; wf{A} && entry_set{A,B}(t, n, l, f, e) &&
      0 <= u < 2 && 0 <= m < PFN_COUNT && (u != t || !same_entry(n, m, l)) ==> xl{B}(u, m) == xl{A}(u, m);
    lemma set_kept{A,B}: \forall integer t, n, l, f, e; wf{A} && entry_set{A,B}(t, n, l, f, e) ==>
      nodes_kept{A,B};

    // an empty table taken out: its pages translated to nothing and still do
    lemma pruned_wf{A,B}: \forall integer t, n, l, f, p; wf{A} && pruned{A,B}(t, n, l, f, p) ==> wf{B};
    lemma pruned_node1{A,B}: \forall integer t, n, l, f, p, u, m;
      wf{A} && pruned{A,B}(t, n, l, f, p) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node1{B}(u, m) == (node1{A}(u, m) == f ? -1 : node1{A}(u, m));
    lemma pruned_node2{A,B}: \forall integer t, n, l, f, p, u, m;
      wf{A} && pruned{A,B}(t, n, l, f, p) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node2{B}(u, m) == (node2{A}(u, m) == f ? -1 : node2{A}(u, m));
    lemma pruned_node3{A,B}: \forall integer t, n, l, f, p, u, m;
      wf{A} && pruned{A,B}(t, n, l, f, p) && 0 <= u < 2 && 0 <= m < PFN_COUNT ==>
      node3{B}(u, m) == (node3{A}(u, m) == f ? -1 : node3{A}(u, m));
    lemma zero_page: \forall integer l, n; d_page(0, l, n) == 0;
    lemma pruned_xl{A,B}: \forall integer t, n, l, f, p; wf{A} && pruned{A,B}(t, n, l, f, p) ==>
      same_xl{A,B};

    // for the code: all that is true of a node
    lemma node_in{L}: wf{L} ==> \forall integer t, n, l; 0 <= t < 2 && 0 <= n < PFN_COUNT &&
      0 <= l <= 3 && node{L}(t, n, l) >= 0 ==> node{L}(t, n, l) < PFN_COUNT &&
      \at(tbl_tree[node{L}(t, n, l)],L) == t + 1 && \at(tbl_level[node{L}(t, n, l)],L) == l &&
      table_frame{L}(node{L}(t, n, l)) && node_alone{L}(t, n, node{L}(t, n, l), l);
*/

#endif
