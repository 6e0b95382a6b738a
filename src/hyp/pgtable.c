/* SPDX-License-Identifier: BSD-2-Clause */
#include "pgtable.h"
#include "arch.h"
#include "desc.h"
#include <lemmas/tables.h>

struct pgt pgt[PGT_COUNT];

/*@ ghost
  /@ requires 0 <= f < PFN_COUNT;
     terminates \true; exits \false; assigns \nothing;
     ensures low: 0 <= nonzero{Here}(f, 512) <= 512;
     ensures some: \forall integer i; 0 <= i < 512 && frame[f].e[i] != 0 ==> nonzero{Here}(f, 512) >= 1;
     ensures none: nonzero{Here}(f, 512) == 0 ==> zeroed{Here}(f);
     ensures all: zeroed{Here}(f) ==> nonzero{Here}(f, 512) == 0;
     ensures full: (\forall integer i; 0 <= i < 512 ==> frame[f].e[i] != 0) ==> nonzero{Here}(f, 512) == 512;
  @/
  void lemma_nonzero(u64 f)
  {
    int k = 0;
    /@ loop invariant 0 <= k <= 512;
       loop invariant 0 <= nonzero{Here}(f, k) <= k;
       loop invariant \forall integer i; 0 <= i < k && frame[f].e[i] != 0 ==> nonzero{Here}(f, k) >= 1;
       loop invariant zeroed{Here}(f) ==> nonzero{Here}(f, k) == 0;
       loop invariant (\forall integer i; 0 <= i < 512 ==> frame[f].e[i] != 0) ==> nonzero{Here}(f, k) == k;
       loop assigns k;
       loop variant 512 - k;
    @/
    while (k < 512) {
      k++;
    }
  }
*/

/* Write one entry and keep the use count of its table. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires table: table_frame{Here}(f);
    requires range: f < PFN_COUNT && i < 512;
    requires clean: tlb_clean{Here};
    requires break_first: tbl_tree[f] != 0 && d_valid(frame[f].e[i]) ==> !d_valid(e);
    requires page: tbl_tree[f] != 0 ==> i == idx(n, tbl_level[f]) &&
      f == node{Here}(tbl_tree[f] - 1, n, tbl_level[f]);
    requires shape: pool_shape{Here};
    requires counted: counted{Here};
    requires used: pool_frame{Here}(f) ==> pool_ref[f] >= 1;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], pool_ref[0 .. PFN_COUNT - 1], tlb_phase,
            tlb_tree, tlb_page, tlb_is_table, walk_pending;
    ensures value: frame[f].e[i] == e;
    ensures rest: only_entry{Pre,Here}(f, i) && only_ref{Pre,Here}(f);
    ensures counted: counted{Here};
    ensures used: pool_frame{Here}(f) ==> pool_ref[f] >= 1;
    ensures root: !pool_frame{Here}(f) ==> pool_ref[f] == \old(pool_ref[f]);
    ensures pending: walk_pending == 1;
    ensures stale: tbl_tree[f] != 0 && d_valid(\old(frame[f].e[i])) ==>
      tlb_phase == 1 && tlb_tree == tbl_tree[f] - 1 && tlb_page == n &&
      (tlb_is_table == 0 <==> !d_table(\old(frame[f].e[i]), tbl_level[f]));
    ensures fresh: !(tbl_tree[f] != 0 && d_valid(\old(frame[f].e[i]))) ==> tlb_phase == 0;
*/
static void entry_put(u64 f, u64 i, u64 e, u64 n)
{
	u64 old = frame_read(f, i);

	//@ ghost lemma_nonzero(f);
	pte_write(f, i, e, n);
	/*@ ghost
	  int k = 0;
	  /@ loop invariant 0 <= k <= 512;
	     loop invariant \forall integer g; 0 <= g < PFN_COUNT && g != f ==>
	       nonzero{Here}(g, k) == nonzero{Pre}(g, k);
	     loop invariant nonzero{Here}(f, k) == nonzero{Pre}(f, k) +
	       (k > i ? (e != 0 ? 1 : 0) - (old != 0 ? 1 : 0) : 0);
	     loop assigns k;
	     loop variant 512 - k;
	  @/
	  while (k < 512) {
	    k++;
	  }
	*/
	if (pool_has(f)) {
		if (old == 0 && e != 0) {
			pool_ref_set(f, pool_ref_get(f) + 1);
		} else if (old != 0 && e == 0) {
			pool_ref_set(f, pool_ref_get(f) - 1);
		}
	}
}

/* Invalidate what the TLBs may hold of the entry for page @n that was just broken. */
/*@ requires tree: t < PGT_COUNT;
    requires broken: tlb_phase == 1 && tlb_tree == t && tlb_page == n;
    requires kind: table == 0 ==> tlb_is_table == 0;
    terminates \true; exits \false; assigns tlb_phase, walk_pending;
    ensures quiet: quiet{Here};
*/
static void tlb_invalidate(u32 t, u64 n, u32 table)
{
	dsb_ish();
	if (t == PGT_HOST) {
		if (table != 0) {
			tlbi_vmalls12e1is();
		} else {
			tlbi_ipas2e1is(n);
			dsb_ish();
			tlbi_vmalle1is();
		}
	} else if (table != 0) {
		tlbi_alle2is();
	} else {
		tlbi_vae2is(n);
	}
	dsb_ish();
	isb();
}

/* Replace the entry for page @n in its level-@l table @f; a valid one is broken first. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && tbl_tree[f] == t + 1 && tbl_level[f] == l && l <= 3;
    requires range: f < PFN_COUNT && n < PFN_COUNT;
    requires table: table_frame{Here}(f) && f == node{Here}(t, n, l);
    requires alone: node_alone{Here}(t, n, f, l);
    requires quiet: quiet{Here};
    requires shape: pool_shape{Here};
    requires counted: counted{Here};
    requires used: pool_frame{Here}(f) ==> pool_ref[f] >= 1;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], pool_ref[0 .. PFN_COUNT - 1], tlb_phase,
            tlb_tree, tlb_page, tlb_is_table, walk_pending;
    ensures value: frame[f].e[idx(n, l)] == e;
    ensures rest: only_entry{Pre,Here}(f, idx(n, l)) && only_ref{Pre,Here}(f);
    ensures counted: counted{Here};
    ensures used: pool_frame{Here}(f) ==> pool_ref[f] >= 1;
    ensures root: !pool_frame{Here}(f) ==> pool_ref[f] == \old(pool_ref[f]);
    ensures quiet: quiet{Here};
*/
static void entry_replace(u32 t, u64 f, u32 l, u64 n, u64 e)
{
	u64 i = desc_index(n, l);
	u64 old = frame_read(f, i);

	if (desc_valid(old)) {
		entry_put(f, i, 0, n);
		tlb_invalidate(t, n, desc_is_table(old, l));
		//@ assert way: f == node{Here}(t, n, l);
	}
	if (e != 0 || !desc_valid(old)) {
		entry_put(f, i, e, n);
	}
	dsb_ishst();
	isb();
}

/* Put a table below @f, the level-@l table of page @n, in place of a non-table entry: a block is
 * split, an annotation or a zero is repeated. What every page translates to stays as it is. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && in_tree{Here}(t, n);
    requires level: l < 3 && f == node{Here}(t, n, l);
    requires stop: !d_table(frame[f].e[idx(n, l)], l);
    requires tables: tables_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false;
    assigns pool.free, pool_ref[0 .. PFN_COUNT - 1], frame[0 .. PFN_COUNT - 1],
            tbl_tree[0 .. PFN_COUNT - 1], tbl_level[0 .. PFN_COUNT - 1], tbl_parent[0 .. PFN_COUNT - 1],
            tbl_slot[0 .. PFN_COUNT - 1], tlb_phase, tlb_tree, tlb_page, tlb_is_table, walk_pending;
    ensures tables: tables_inv{Here};
    ensures quiet: quiet{Here};
    ensures unchanged: same_xl{Pre,Here};
    ensures child: \result != 0 ==> \result == node{Here}(t, n, l + 1);
    ensures spent: \result != 0 ==> pool.free == \old(pool.free) - 1;
    ensures empty: \result == 0 ==> \old(pool.free) == 0 && pool.free == 0;
    ensures kept: nodes_kept{Pre,Here};
    ensures outside: outside_kept{Pre,Here};
    ensures needed: node{Pre}(t, n, l + 1) == -1;
*/
static u64 table_grow(u32 t, u64 n, u32 l, u64 f)
{
	u64 i = desc_index(n, l);
	u64 e = frame_read(f, i);
	u64 c;
	u64 k;

	//@ assert in_tree: f < PFN_COUNT && tbl_tree[f] == t + 1 && tbl_level[f] == l;
	c = pool_alloc();
	if (c == 0) {
		//@ assert none: wf{Here} && pool_inv{Here} && counted{Here};
		//@ assert none_kept: nodes_kept{Pre,Here};
		return 0;
	}
	//@ ghost alloc: ;
	//@ assert clean: tbl_tree[c] == 0 && tbl_tree[f] == t + 1;
	//@ assert apart: c != f && pool_frame{Here}(c) && c < PFN_COUNT;
	//@ ghost lemma_nonzero(c);
	if (e != 0) {
		/*@ loop invariant range: 0 <= k <= 512;
		    loop invariant filled: \forall integer i; 0 <= i < k ==> frame[c].e[i] == d_sub(e, l, i);
		    loop invariant others: \forall integer g, i; 0 <= g < PFN_COUNT && 0 <= i < 512 && g != c ==>
		      frame[g].e[i] == \at(frame[g].e[i],Pre);
		    loop invariant counted: counted{Here};
		    loop invariant refs: \forall integer g; 0 <= g < PFN_COUNT && g != c ==>
		      pool_ref[g] == \at(pool_ref[g],Pre);
		    loop invariant used: pool_ref[c] >= 1;
		    loop invariant clean: tlb_clean{Here};
		    loop assigns k, frame[0 .. PFN_COUNT - 1], pool_ref[0 .. PFN_COUNT - 1], tlb_phase,
		      tlb_tree, tlb_page, tlb_is_table, walk_pending;
		    loop variant 512 - k;
		*/
		for (k = 0; k < 512; k++) {
			entry_put(c, k, desc_sub(e, l, k), 0);
		}
		dsb_ishst();
	}
	//@ assert filled: \forall integer j; 0 <= j < 512 ==> frame[c].e[j] == d_sub(e, l, j);
	/*@ assert kept: \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != c ==>
	      frame[g].e[j] == \at(frame[g].e[j],Pre); */
	//@ assert rows: same_rows{Pre,Here};
	//@ assert way: same_nodes{Pre,Here};
	//@ assert alone: node_alone{Here}(t, n, f, l);
	entry_replace(t, f, l, n, desc_table(c));
	/*@ ghost
	  tbl_tree[c] = (u8)(t + 1);
	  tbl_level[c] = (u8)(l + 1);
	  tbl_parent[c] = f;
	  tbl_slot[c] = (u16)i;
	*/
	//@ assert linked: frame[f].e[i] == d_mktable(c);
	/*@ assert refs: \forall integer g; 0 <= g < PFN_COUNT && g != f && g != c ==> pool_ref[g]
	      == \at(pool_ref[g],Pre); */
	/*@ assert used: pool_ref[c] >= 1 && (pool_frame{Here}(f) ==> pool_ref[f] >= 1 &&
	      \at(pool_ref[f],Pre) >= 1); */
	//@ assert grown: grown{Pre,Here}(t, n, l, f, c);
	//@ assert frees: same_frees{alloc,Here};
	//@ assert wf: wf{Here};
	//@ assert pool: pool_inv{Here};
	//@ assert kept: nodes_kept{Pre,Here};
	return c;
}

/* The level-@l table for page @n, or 0 when its way ends above. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && in_tree{Here}(t, n);
    requires level: pgt[t].start <= l <= 3;
    requires wf: wf{Here} && pool_shape{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures found: \result != 0 ==> \result == node{Here}(t, n, l);
    ensures ends: \result == 0 ==> node{Here}(t, n, l) == -1;
*/
static u64 table_find(u32 t, u64 n, u32 l)
{
	u64 f = pgt[t].root;
	u64 e;
	u32 k;

	if (pgt[t].start != 0) {
		f = f + desc_index(n, 0);
	}
	/*@ loop invariant range: pgt[t].start <= k <= l;
	    loop invariant way: f == node{Here}(t, n, k);
	    loop assigns k, f, e;
	    loop variant l - k;
	*/
	for (k = pgt[t].start; k < l; k++) {
		e = frame_read(f, desc_index(n, k));
		if (!desc_is_table(e, k)) {
			//@ assert end1: node{Here}(t, n, k + 1) == -1;
			//@ assert end2: k <= 1 ==> node{Here}(t, n, k + 2) == -1;
			//@ assert end3: k == 0 ==> node{Here}(t, n, 3) == -1;
			//@ assert below: l == k + 1 || l == k + 2 || l == k + 3;
			//@ assert end: node{Here}(t, n, l) == -1;
			return 0;
		}
		f = desc_pfn(e);
	}
	//@ assert some: f != 0;
	return f;
}

/* Make @e the entry for page @n in its level-@l table @f, in place of one that is not a table. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && in_tree{Here}(t, n);
    requires level: l <= 3 && f == node{Here}(t, n, l);
    requires stop: !d_table(frame[f].e[idx(n, l)], l);
    requires entry: !d_valid(e) || d_leaf(e, l);
    requires tables: tables_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], pool_ref[0 .. PFN_COUNT - 1], tlb_phase,
            tlb_tree, tlb_page, tlb_is_table, walk_pending;
    ensures tables: tables_inv{Here};
    ensures quiet: quiet{Here};
    ensures kept: nodes_kept{Pre,Here};
    ensures outside: outside_kept{Pre,Here};
    ensures done: \forall integer m; 0 <= m < PFN_COUNT && same_entry(n, m, l) ==>
      xl{Here}(t, m) == d_page(e, l, m);
    ensures others: \forall integer u, m; 0 <= u < 2 && 0 <= m < PFN_COUNT &&
      (u != t || !same_entry(n, m, l)) ==> xl{Here}(u, m) == xl{Pre}(u, m);
*/
static void leaf_set(u32 t, u64 n, u32 l, u64 f, u64 e)
{
	/*@ assert here: f < PFN_COUNT && tbl_tree[f] == t + 1 && tbl_level[f] == l &&
	      table_frame{Here}(f) && node_alone{Here}(t, n, f, l); */
	entry_replace(t, f, l, n, e);
	//@ assert set: entry_set{Pre,Here}(t, n, l, f, e);
	//@ assert frees: same_frees{Pre,Here};
}

s32 pgt_set(u32 t, u64 n, u32 level, u64 e)
{
	u64 f = table_find(t, n, pgt[t].start);
	u64 p;
	u32 l;

	/*@ loop invariant range: pgt[t].start <= l <= level;
	    loop invariant way: f == node{Here}(t, n, l);
	    loop invariant tables: tables_inv{Here};
	    loop invariant quiet: quiet{Here};
	    loop invariant unchanged: same_xl{Pre,Here};
	    loop invariant spent: pool.free + l >= \at(pool.free,Pre);
	    loop invariant kept: nodes_kept{Pre,Here};
	    loop invariant outside: outside_kept{Pre,Here};
	    loop assigns l, f, p, TABLE_STATE;
	    loop variant level - l;
	*/
	for (l = pgt[t].start; l < level; l++) {
		p = frame_read(f, desc_index(n, l));
		if (desc_is_table(p, l)) {
			f = desc_pfn(p);
		} else {
			f = table_grow(t, n, l, f);
			if (f == 0) {
				return HYP_ENOMEM;
			}
		}
	}
	/*@ assert here: f < PFN_COUNT && tbl_tree[f] == t + 1 && tbl_level[f] == level &&
	      table_frame{Here}(f) && node_alone{Here}(t, n, f, level); */
	if (desc_is_table(frame_read(f, desc_index(n, level)), level)) {
		return HYP_EBUSY;
	}
	leaf_set(t, n, level, f, e);
	return 0;
}

s32 pgt_relax(u32 t, u64 n, u64 attrs)
{
	struct pgt_leaf leaf = pgt_get_leaf(t, n);
	u64 f;

	if (!desc_valid(leaf.entry)) {
		return HYP_ENOENT;
	}
	f = table_find(t, n, leaf.level);
	//@ assert found: f == node{Here}(t, n, leaf.level);
	leaf_set(t, n, leaf.level, f, desc_flat(n, leaf.level, attrs));
	return 0;
}

/* Clear frame @f of the pool, which is in use but in no tree. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires loose: pool_frame{Here}(f) && f < PFN_COUNT && tbl_tree[f] == 0 && pool_ref[f] >= 1;
    requires tables: tables_inv{Here};
    terminates \true; exits \false;
    assigns pool_ref[0 .. PFN_COUNT - 1], frame[0 .. PFN_COUNT - 1];
    ensures tables: tables_inv{Here};
    ensures unchanged: same_xl{Pre,Here};
    ensures nodes: same_nodes{Pre,Here};
    ensures cleared: zeroed{Here}(f) && pool_ref[f] == 1;
    ensures outside: outside_kept{Pre,Here};
*/
static void loose_clear(u64 f)
{
	frame_zero(f);
	/*@ ghost
	  int k = 0;
	  /@ loop invariant 0 <= k <= 512;
	     loop invariant \forall integer g; 0 <= g < PFN_COUNT && g != f ==>
	       nonzero{Here}(g, k) == nonzero{Pre}(g, k);
	     loop assigns k;
	     loop variant 512 - k;
	  @/
	  while (k < 512) {
	    k++;
	  }
	*/
	//@ ghost lemma_nonzero(f);
	pool_ref_set(f, 1);
	//@ assert rows: same_rows{Pre,Here};
	//@ assert frees: same_frees{Pre,Here};
	//@ assert counted: counted{Here};
	//@ assert wf: wf{Here};
	//@ assert same: same_xl{Pre,Here};
}

/* Give back frame @f of the pool, clear and in no tree. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires loose: pool_frame{Here}(f) && f < PFN_COUNT && tbl_tree[f] == 0 && pool_ref[f] == 1;
    requires clear: zeroed{Here}(f);
    requires tables: tables_inv{Here};
    terminates \true; exits \false;
    assigns pool.free, pool_ref[f], pool_stack[0 .. PFN_COUNT - 1], pool_perm[0 .. PFN_COUNT - 1],
            pool_pos[0 .. PFN_COUNT - 1];
    ensures tables: tables_inv{Here};
    ensures unchanged: same_xl{Pre,Here};
    ensures nodes: same_nodes{Pre,Here};
    ensures freed: pool.free == \old(pool.free) + 1;
*/
static void loose_free(u64 f)
{
	pool_free(f);
	//@ assert nodes: wf_nodes{Here};
	//@ assert counted: counted{Here};
	//@ assert wf: wf{Here};
	//@ assert same: same_xl{Pre,Here};
}

/* Put entry @e in place of table @f, its copy and the level-@l table of page @n, into table @p above it,
 * and give @f back. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && in_tree{Here}(t, n);
    requires level: pgt[t].start < l <= 3;
    requires child: f == node{Here}(t, n, l) && p == node{Here}(t, n, l - 1);
    requires linked: d_next(frame[p].e[idx(n, l - 1)], l - 1) == f && d_table(frame[p].e[idx(n, l - 1)], l - 1);
    requires entry: !d_valid(e) || d_leaf(e, l - 1);
    requires copy: copy_of{Here}(f, l, e);
    requires tables: tables_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false;
    assigns pool.free, pool_ref[0 .. PFN_COUNT - 1], pool_stack[0 .. PFN_COUNT - 1],
            pool_perm[0 .. PFN_COUNT - 1], pool_pos[0 .. PFN_COUNT - 1], frame[0 .. PFN_COUNT - 1],
            tbl_tree[0 .. PFN_COUNT - 1], tlb_phase, tlb_tree, tlb_page, tlb_is_table, walk_pending;
    ensures tables: tables_inv{Here};
    ensures quiet: quiet{Here};
    ensures unchanged: same_xl{Pre,Here};
    ensures paged: paged_but{Pre,Here}(t, l - 1, e);
    ensures freed: pool.free == \old(pool.free) + 1;
    ensures outside: outside_kept{Pre,Here};
*/
static void table_free(u32 t, u64 n, u32 l, u64 f, u64 p, u64 e)
{
	//@ assert level: l == 1 || l == 2 || l == 3;
	/*@ assert above1: l == 1 ==> p == node0{Here}(t) && p < PFN_COUNT && tbl_tree[p] == t + 1
	      && tbl_level[p] == 0; */
	/*@ assert above2: l == 2 ==> p == node1{Here}(t, n) && p < PFN_COUNT && tbl_tree[p] == t +
	      1 && tbl_level[p] == 1; */
	/*@ assert above3: l == 3 ==> p == node2{Here}(t, n) && p < PFN_COUNT && tbl_tree[p] == t +
	      1 && tbl_level[p] == 2; */
	//@ assert above: p < PFN_COUNT && tbl_tree[p] == t + 1 && tbl_level[p] == l - 1;
	//@ assert child: f < PFN_COUNT && tbl_tree[f] == t + 1 && tbl_level[f] == l;
	//@ assert pool: pool_frame{Here}(f);
	//@ ghost lemma_nonzero(f);
	//@ assert empty: e == 0 ==> zeroed{Here}(f) && pool_ref[f] == 1;
	entry_replace(t, p, l - 1, n, e);
	//@ ghost tbl_tree[f] = 0;
	//@ assert pruned: pruned{Pre,Here}(t, n, l, f, p, e);
	//@ assert frees: same_frees{Pre,Here};
	//@ assert wf: wf{Here};
	//@ assert same: same_xl{Pre,Here};
	//@ assert paged: paged_but{Pre,Here}(t, l - 1, e);
	//@ ghost unlinked: ;
	if (e != 0) {
		loose_clear(f);
	}
	loose_free(f);
	//@ assert same_still: same_xl{unlinked,Here};
	//@ assert nodes_still: same_nodes{unlinked,Here};
}

void pgt_prune(u32 t, u64 n)
{
	u64 f;
	u64 p;
	u32 l;

	/*@ loop invariant range: pgt[t].start <= l <= 3;
	    loop invariant tables: tables_inv{Here};
	    loop invariant quiet: quiet{Here};
	    loop invariant unchanged: same_xl{Pre,Here};
	    loop invariant paged: \forall integer u, m; 0 <= u < 2 && 0 <= m < PFN_COUNT && xl{Pre}(u, m) != 0 ==>
	      node3{Here}(u, m) == node3{Pre}(u, m);
	    loop invariant outside: outside_kept{Pre,Here};
	    loop assigns l, f, p, TABLE_STATE;
	    loop variant l;
	*/
	for (l = 3; l > pgt[t].start; l--) {
		f = table_find(t, n, l);
		if (f != 0) {
			if (pool_ref_get(f) != 1) {
				return;
			}
			p = table_find(t, n, l - 1);
			//@ ghost lemma_nonzero(f);
			table_free(t, n, l, f, p, 0);
		}
	}
}

/* 1 when level-@l table @f is what splitting entry @e of the level above gives. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires table: f < PFN_COUNT && table_frame{Here}(f);
    requires level: 1 <= l <= 3;
    requires entry: !d_valid(e) || d_leaf(e, l - 1);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> copy_of{Here}(f, l, e);
*/
static u32 table_is_copy(u64 f, u32 l, u64 e)
{
	u64 k;

	/*@ loop invariant range: 0 <= k <= 512;
	    loop invariant same: \forall integer i; 0 <= i < k ==> frame[f].e[i] == d_sub(e, l - 1, i);
	    loop assigns k;
	    loop variant 512 - k;
	*/
	for (k = 0; k < 512; k++) {
		if (frame_read(f, k) != desc_sub(e, l - 1, k)) {
			return 0;
		}
	}
	return 1;
}

u32 pgt_join(u32 t, u64 n, u32 level, u64 attrs)
{
	u64 e = desc_flat(n, level - 1, attrs);
	u64 f = table_find(t, n, level);
	u64 p;

	if (f == 0) {
		return 0;
	}
	//@ ghost lemma_nonzero(f);
	//@ assert valid: \forall integer i; 0 <= i < 512 ==> d_sub(e, level - 1, i) != 0;
	/* Only a table without an empty entry is worth reading. */
	if (pool_ref_get(f) != 1 + 512 || !table_is_copy(f, level, e)) {
		return 0;
	}
	p = table_find(t, n, level - 1);
	table_free(t, n, level, f, p, e);
	return 1;
}

struct pgt_leaf pgt_get_leaf(u32 t, u64 n)
{
	struct pgt_leaf leaf;
	u64 f = table_find(t, n, pgt[t].start);
	u64 e = frame_read(f, desc_index(n, pgt[t].start));
	u32 l;

	/*@ loop invariant range: pgt[t].start <= l <= 3;
	    loop invariant way: f == node{Here}(t, n, l);
	    loop invariant entry: e == frame[f].e[idx(n, l)];
	    loop assigns l, f, e;
	    loop variant 3 - l;
	*/
	for (l = pgt[t].start; l < 3; l++) {
		if (!desc_is_table(e, l)) {
			break;
		}
		f = desc_pfn(e);
		e = frame_read(f, desc_index(n, l + 1));
	}
	leaf.entry = e;
	leaf.level = l;
	return leaf;
}
