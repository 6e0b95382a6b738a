/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation tables: Hypatia's own stage 1 and the host's stage 2 (VMSAv8-64, 4 KiB granule).
 *
 * A page is named by its number n (input address / 4096). What a page translates to is the model's
 * xl(t, n): the page descriptor its entry amounts to. Every function says what xl becomes for the
 * pages that it is asked about, and that it stays as it was for every other page of every tree.
 *
 * The memory lock is held throughout; on return no TLB holds a stale entry (quiet).
 */
#ifndef HYP_PGTABLE_H
#define HYP_PGTABLE_H

#include <gen/hypercalls.h>
#include "types.h"
#include "pool.h"

#define PGT_HYP 0u
#define PGT_HOST 1u
#define PGT_COUNT 2u

/**
 * struct pgt - a translation tree
 * @root: frame number of its first root table
 * @start: level of the root tables, 0 or 1
 * @root_count: 1, or up to 16 concatenated root tables of level 1
 */
struct pgt {
	u64 root;
	u32 start;
	u32 root_count;
};

extern struct pgt pgt[PGT_COUNT];

#include "../../annotations/tables.h"

/**
 * struct pgt_leaf - where a look-up ends
 * @entry: the descriptor: a leaf, or an invalid one (0 or an annotation)
 * @level: its level
 */
struct pgt_leaf {
	u64 entry;
	u32 level;
};

/**
 * pgt_set() - make one entry map, annotate or clear what it covers
 * @t: PGT_HYP or PGT_HOST
 * @n: page number within the tree
 * @level: the entry's level, 1 to 3
 * @e: a leaf of that level, an annotation or 0
 *
 * Tables on the way are added; a block there is split and keeps what it maps elsewhere.
 *
 * Return: 0; HYP_ENOMEM when the pool is empty or HYP_EBUSY when there is a table at @level, and then
 * nothing translates differently.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && in_tree{Here}(t, n);
    requires level: pgt[t].start <= level <= 3;
    requires entry: !d_valid(e) || d_leaf(e, level);
    requires tables: tables_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false;
    assigns TABLE_STATE;
    ensures tables: tables_inv{Here};
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_ENOMEM || \result == HYP_EBUSY;
    ensures failed: \result != 0 ==> same_xl{Pre,Here};
    ensures busy: \result == HYP_EBUSY ==> level < 3;
    ensures budget: \result == HYP_ENOMEM ==> \old(pool.free) < level;
    ensures spent: pool.free + level >= \old(pool.free);
    ensures paged: \result == 0 && level == 3 ==> node3{Here}(t, n) >= 0;
    ensures in_place: level == 3 && node3{Pre}(t, n) >= 0 ==> \result == 0;
    ensures kept: nodes_kept{Pre,Here};
    ensures outside: outside_kept{Pre,Here};
    ensures done: \result == 0 ==> \forall integer m; 0 <= m < PFN_COUNT && same_entry(n, m, level) ==>
      xl{Here}(t, m) == d_page(e, level, m);
    ensures others: \result == 0 ==> \forall integer u, m; 0 <= u < 2 && 0 <= m < PFN_COUNT &&
      (u != t || !same_entry(n, m, level)) ==> xl{Here}(u, m) == xl{Pre}(u, m);
*/
s32 pgt_set(u32 t, u64 n, u32 level, u64 e);

/**
 * pgt_prune() - give back the tables on a page's way that have become empty
 * @t: PGT_HYP or PGT_HOST
 * @n: page number within the tree
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && in_tree{Here}(t, n);
    requires tables: tables_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false;
    assigns TABLE_STATE;
    ensures tables: tables_inv{Here};
    ensures quiet: quiet{Here};
    ensures unchanged: same_xl{Pre,Here};
    ensures paged: \forall integer u, m; 0 <= u < 2 && 0 <= m < PFN_COUNT && xl{Pre}(u, m) != 0 ==>
      node3{Here}(u, m) == node3{Pre}(u, m);
    ensures outside: outside_kept{Pre,Here};
*/
void pgt_prune(u32 t, u64 n);

/**
 * pgt_join() - put a block in place of a table that maps just what the block maps
 * @t: PGT_HYP or PGT_HOST
 * @n: page number within the tree
 * @level: level of the table that translates the page, 2 or 3
 * @attrs: attributes of the block
 *
 * The table is read only when it has no empty entry. Until the block is written its pages are not mapped:
 * who runs under the tree must be one whose faults are resolved, so never EL2 itself.
 *
 * Return: 1 when there is a block now and the table is back in the pool, else 0, and nothing changed.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && in_tree{Here}(t, n);
    requires level: 2 <= level <= 3 && pgt[t].start < level;
    requires attrs: d_attrs(attrs);
    requires tables: tables_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false;
    assigns TABLE_STATE;
    ensures tables: tables_inv{Here};
    ensures quiet: quiet{Here};
    ensures unchanged: same_xl{Pre,Here};
    ensures joined: \result != 0 <==> node{Pre}(t, n, level) >= 0 &&
      copy_of{Pre}(node{Pre}(t, n, level), level, d_flat(n, level - 1, attrs));
    ensures paged: \forall integer u, m; 0 <= u < 2 && 0 <= m < PFN_COUNT && (u != t || !d_valid(xl{Pre}(u, m))) ==>
      node3{Here}(u, m) == node3{Pre}(u, m);
    ensures freed: pool.free == \old(pool.free) + (\result != 0 ? 1 : 0);
    ensures outside: outside_kept{Pre,Here};
*/
u32 pgt_join(u32 t, u64 n, u32 level, u64 attrs);

/**
 * pgt_get_leaf() - where the look-up of a page ends
 * @t: PGT_HYP or PGT_HOST
 * @n: page number within the tree
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && in_tree{Here}(t, n);
    requires wf: wf{Here} && pool_shape{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures level: pgt[t].start <= \result.level <= 3 && \result.level == end_level{Here}(t, n);
    ensures page_table: \result.level == 3 ==> node3{Here}(t, n) >= 0;
    ensures entry: entry_ok(\result.entry, \result.level) && !d_table(\result.entry, \result.level);
    ensures page: d_page(\result.entry, \result.level, n) == xl{Here}(t, n);
    ensures range: \forall integer m; 0 <= m < PFN_COUNT && same_entry(n, m, \result.level) ==>
      xl{Here}(t, m) == d_page(\result.entry, \result.level, m);
*/
struct pgt_leaf pgt_get_leaf(u32 t, u64 n);

/**
 * pgt_relax() - give the leaf that maps a page other attributes
 * @t: PGT_HYP or PGT_HOST
 * @n: page number within the tree
 * @attrs: the attributes
 *
 * The leaf keeps its level and, as both trees map pages onto themselves, its frames. No page of the
 * host's or of Hypatia's changes its attributes: the stage 2 of a virtual machine is what needs this.
 *
 * Return: 0; HYP_ENOENT when nothing is mapped, and then nothing changes.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && in_tree{Here}(t, n);
    requires attrs: d_attrs(attrs);
    requires tables: tables_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], pool_ref[0 .. PFN_COUNT - 1], TLB_STATE;
    ensures tables: tables_inv{Here};
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_ENOENT;
    ensures missing: \result == HYP_ENOENT <==> !d_valid(xl{Pre}(t, n));
    ensures failed: \result != 0 ==> same_xl{Pre,Here};
    ensures kept: nodes_kept{Pre,Here};
    ensures outside: outside_kept{Pre,Here};
    ensures done: \result == 0 ==> \forall integer m; 0 <= m < PFN_COUNT &&
      same_entry(n, m, end_level{Pre}(t, n)) ==> xl{Here}(t, m) == d_flat(m, 3, attrs);
    ensures others: \result == 0 ==> \forall integer u, m; 0 <= u < 2 && 0 <= m < PFN_COUNT &&
      (u != t || !same_entry(n, m, end_level{Pre}(t, n))) ==> xl{Here}(u, m) == xl{Pre}(u, m);
*/
s32 pgt_relax(u32 t, u64 n, u64 attrs);

#endif
