/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is on the way to a page of a guest, as it is: the table above the last, and the block that the last one's pages
 * make. Runs under LOCK_MM.
 */
#ifndef HYP_GUEST_WAY_H
#define HYP_GUEST_WAY_H

#include "guest.h"

/** guest_table_behind() - the table that @entry of a table of level @level leads to, or that is behind its block */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && guests_inv{Here};
    requires level: (level == 1 || level == 2) && entry != 0;
    requires child: g_says{Here}(entry, level, g_to{Here}(entry, level));
    requires table: 0 <= g_to{Here}(entry, level) < PFN_COUNT && g_live{Here}(g_tree[g_to{Here}(entry, level)]) &&
      1 <= g_tree[g_to{Here}(entry, level)] <= VMS_MAX &&
      g_level[g_to{Here}(entry, level)] == level + 1;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == g_to{Here}(entry, level);
*/
u64 guest_table_behind(u64 entry, u32 level);

/** guest_block_of() - the block that the pages of table @c, the last on a live VM's way to them, make; 0 for none */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && guests_inv{Here};
    requires table: c < PFN_COUNT && g_live{Here}(g_tree[c]) && g_level[c] == 3;
    terminates \true; exits \false; assigns \nothing;
    ensures block: \result != 0 ==> d_leaf(\result, 2) &&
      \forall integer k; 0 <= k < 512 ==> frame[c].e[k] == d_sub(\result, 2, k);
    ensures frames: \result != 0 ==> g_linked_by{Here}(c, \result);
*/
u64 guest_block_of(u64 c);

/** guest_table_above() - the table of level 2 on the way to page @n of live VM @v, which goes on to the last level */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && guests_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n) && vms[v].state == VM_LIVE && g_three{Here}(v, n) >= 0;
    terminates \true; exits \false; assigns \nothing;
    ensures table: \result == g_two{Here}(v, n) && \result < PFN_COUNT && g_is{Here}(v, \result);
    ensures level: g_level[\result] == 2 && g_block[\result] == 0 && covers{Here}(\result, n);
    ensures child: g_child{Here}(\result, idx(n, 2), g_three{Here}(v, n));
    ensures says: g_says{Here}(frame[\result].e[idx(n, 2)], 2, g_three{Here}(v, n));
    ensures valid: d_valid(frame[\result].e[idx(n, 2)]);
*/
u64 guest_table_above(u32 v, u64 n);

#endif
