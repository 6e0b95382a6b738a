/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What transitions of frames have in common: the record, the contents, and tables that they leave empty.
 */
#ifndef HYP_FRAME_H
#define HYP_FRAME_H

#include "arch.h"
#include "ownership.h"
#include "vm.h"

/** frame_prune() - give back the tables of tree @t that are empty along the way to page @pfn. LOCK_MM held. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tree: t < PGT_COUNT && is_ram{Here}(pfn);
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns TABLE_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures same: same_xl{Pre,Here} && outside_kept{Pre,Here};
*/
void frame_prune(u32 t, u64 pfn);

/** frame_set() - record that frame @pfn, whose record is @r, is in state @state with a count of 0. LOCK_MM held. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires frame: record_of{Here}(pfn, r) && pfn < PFN_COUNT;
    requires state: state <= FRAME_HOST_SHARED_GUEST;
    terminates \true; exits \false; assigns fm_state[pfn], fm_count[pfn];
    ensures state: fm_state[pfn] == state && fm_count[pfn] == 0;
*/
static inline void frame_set(u64 pfn, u64 r, u32 state)
{
	frame_state_set(pfn, r, state);
	frame_count_set(pfn, r, 0);
}

/**
 * frame_wipe() - clear a frame that EL2 has mapped as data and that holds no table. LOCK_MM held.
 *
 * Also behind the caches: the host's stage 1 can have its memory without caches, and would read there what was.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tables: tables_inv{Here};
    requires frame: pfn < PFN_COUNT && !table_frame{Here}(pfn);
    requires mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    terminates \true; exits \false; assigns frame[0 .. PFN_COUNT - 1];
    ensures tables: tables_inv{Here};
    ensures zeroed: zeroed{Here}(pfn);
    ensures same: same_xl{Pre,Here} && same_nodes{Pre,Here};
    ensures others: \forall integer g, i; 0 <= g < PFN_COUNT && 0 <= i < 512 && g != pfn ==>
      frame[g].e[i] == \old(frame[g].e[i]);
*/
void frame_wipe(u64 pfn);

/** vm_entry_get() - entry @i of table @f of a VM. LOCK_MM held. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && g_tables{Here};
    requires table: f < PFN_COUNT && i < 512 && g_tree[f] != 0;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == frame[f].e[i];
    ensures mapped: xl{Here}(PGT_HYP, f) == d_flat(f, 3, map_attrs(boot_info.e2h, MAP_DATA));
    ensures apart: tbl_tree[f] == 0 && !table_frame{Here}(f);
*/
u64 vm_entry_get(u64 f, u64 i);

/**
 * vm_entry_set() - write entry @i, the one for page @n, of table @f of VM @v
 *
 * A walk sees it from now on. An entry that was valid is made invalid, and the TLB forgets it. LOCK_MM held.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && g_tables{Here} && g_tlb == 0;
    requires table: v < VMS_MAX && g_is{Here}(v, f) && i < 512 && f < PFN_COUNT;
    requires page: covers{Here}(f, n) && i == idx(n, g_level[f]);
    requires broken: d_valid(frame[f].e[i]) ==> !d_valid(e) && g_level[f] == 3;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending;
    ensures inv: mm_inv{Here} && quiet{Here} && g_tlb == 0;
    ensures value: frame[f].e[i] == e && only_entry{Pre,Here}(f, i);
    ensures same: same_xl{Pre,Here};
*/
void vm_entry_set(u32 v, u64 f, u64 i, u64 e, u64 n);

/**
 * vm_entry_cut() - clear entry @i, the one for page @n, of table @f of VM @v, which leads to a table or maps a block
 *
 * The TLB forgets what it has by way of it. LOCK_MM held.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && g_tables{Here} && g_tlb == 0;
    requires table: v < VMS_MAX && g_is{Here}(v, f) && i < 512 && f < PFN_COUNT;
    requires page: covers{Here}(f, n) && i == idx(n, g_level[f]);
    requires valid: d_valid(frame[f].e[i]);
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending;
    ensures inv: mm_inv{Here} && quiet{Here} && g_tlb == 0;
    ensures value: frame[f].e[i] == 0 && only_entry{Pre,Here}(f, i);
    ensures same: same_xl{Pre,Here};
*/
void vm_entry_cut(u32 v, u64 f, u64 i, u64 n);

#endif
