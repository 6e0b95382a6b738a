/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ghost state: what the proofs say about memory, tables, locks and the TLB.
 *
 * Ghost arrays are indexed by frame number. The architecture layer's contracts (src/hyp/arch.h) tie
 * them to the machine; everything else about them is proved.
 */
#ifndef ANNOTATIONS_STATE_H
#define ANNOTATIONS_STATE_H

#include <gen/layout.h>
#include "types.h"
#include "desc.h"

/* What the table code may change, in assigns clauses. */
#define TLB_STATE tlb_phase, tlb_tree, tlb_page, tlb_is_table, walk_pending
#define TABLE_STATE pool.free, pool_ref[0 .. PFN_COUNT - 1], pool_stack[0 .. PFN_COUNT - 1], \
	pool_perm[0 .. PFN_COUNT - 1], pool_pos[0 .. PFN_COUNT - 1], frame[0 .. PFN_COUNT - 1], \
	tbl_tree[0 .. PFN_COUNT - 1], tbl_level[0 .. PFN_COUNT - 1], tbl_parent[0 .. PFN_COUNT - 1], \
	tbl_slot[0 .. PFN_COUNT - 1], TLB_STATE
#define MM_STATE TABLE_STATE, fm_state[0 .. PFN_COUNT - 1], fm_count[0 .. PFN_COUNT - 1]

/*@ ghost
  // contents of every frame, as 64-bit words
  struct words { u64 e[512]; };
  extern struct words frame[PFN_COUNT];

  // metadata of every frame of RAM
  extern u8 fm_state[PFN_COUNT];
  extern u16 fm_count[PFN_COUNT];

  // table pages: owning tree + 1 (0: not part of a tree), level, and the entry that points to it
  extern u8 tbl_tree[PFN_COUNT];
  extern u8 tbl_level[PFN_COUNT];
  extern u64 tbl_parent[PFN_COUNT];
  extern u16 tbl_slot[PFN_COUNT];

  // pool: stack of free frames, the permutation it is part of and its inverse, and the use count of every pool frame
  extern u64 pool_stack[PFN_COUNT];
  extern u64 pool_perm[PFN_COUNT];
  extern u64 pool_pos[PFN_COUNT];
  extern u32 pool_ref[PFN_COUNT];

  // TLB protocol: which tree has a stale entry, and how far its invalidation has come
  extern u8 tlb_phase;
  extern u32 tlb_tree;
  extern u64 tlb_page;
  extern u8 tlb_is_table;
  // all stage-2 entries of all VMIDs were invalidated
  extern u8 vmid_flushed;
  // which locks this CPU holds
  extern u8 lock_held[LOCK_COUNT];
  // a table entry was written that the walkers may not see yet
  extern u8 walk_pending;
*/

#endif
