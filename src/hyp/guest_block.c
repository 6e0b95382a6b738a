/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"
#include "arch.h"
#include "frame.h"
#include "guest_way.h"
#include <lemmas/guests/behind.h>
#include <lemmas/guests/guests_turned.h>
#include <lemmas/guests/links_else.h>
#include <lemmas/guests/serving.h>
#include <lemmas/guests/turned_ways.h>
#include <lemmas/vms/still_kept.h>

/* Entry @i of table @f of level 2 of VM @v, the one for page @n, is @e from now on. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && g_tables{Here} && g_tlb == 0;
    requires table: v < VMS_MAX && g_is{Here}(v, f) && i < 512 && f < PFN_COUNT && g_level[f] == 2;
    requires page: covers{Here}(f, n) && i == idx(n, 2);
    requires valid: d_valid(frame[f].e[i]);
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending;
    ensures inv: mm_inv{Here} && quiet{Here} && g_tlb == 0;
    ensures value: frame[f].e[i] == e && only_entry{Pre,Here}(f, i);
*/
static void block_set(u32 v, u64 f, u64 i, u64 e, u64 n)
{
	vm_entry_cut(v, f, i, n);
	//@ assert cut: !d_valid(frame[f].e[i]);
	vm_entry_set(v, f, i, e, n);
}

/* Table @c is kept behind the block that begins with frame @pfn. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires wf: mem_wf{Here};
    requires frames: is_ram{Here}(pfn) && is_ram{Here}(pfn + 1) && is_ram{Here}(pfn + 2);
    requires table: c < PFN_COUNT;
    terminates \true; exits \false; assigns fm_link[pfn .. pfn + 2];
    ensures behind: g_behind{Here}(pfn) == c;
*/
static void behind_set(u64 pfn, u64 c)
{
	//@ assert range: pfn + 2 < PFN_COUNT;
	frame_link_set(pfn, mem_record(pfn), c % 0x10000u);
	frame_link_set(pfn + 1u, mem_record(pfn + 1u), c / 0x10000u % 0x10000u);
	frame_link_set(pfn + 2u, mem_record(pfn + 2u), c / 0x100000000u);
}

/* The pages of table @c, the last on the way to page @n of live VM @v, are what @block maps: they become that. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n) && vms[v].state == VM_LIVE;
    requires table: c < PFN_COUNT && c == g_three{Here}(v, n) && g_is{Here}(v, c) && g_level[c] == 3 &&
      g_block[c] == 0;
    requires block: block != 0 && d_leaf(block, 2);
    requires pages: \forall integer k; 0 <= k < 512 ==> frame[c].e[k] == d_sub(block, 2, k);
    requires frames: g_linked_by{Here}(c, block);
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending, fm_link[0 .. PFN_COUNT - 1], g_block[c];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures joined: g_block[c] == block;
    ensures same: g_same_ways{Pre,Here};
*/
static void block_join(u32 v, u64 n, u64 c, u64 block)
{
	u64 f;

	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	//@ assert live: g_live{Here}(g_tree[c]);
	f = guest_table_above(v, n);
	behind_set(desc_pfn(block), c);
	//@ assert only: g_links_but{Pre,Here}(d_pfn(block));
	/*@ assert links: \forall integer q; 0 <= q < PFN_COUNT && g_table[q] != c ==>
	      fm_link[q] == \at(fm_link[q],Pre); */
	block_set(v, f, desc_index(n, 2), block, n);
	//@ assert apart: c != f;
	//@ assert behind: g_behind{Here}(d_pfn(block)) == c;
	//@ ghost g_block[c] = block;
	//@ assert says: g_says{Here}(frame[f].e[idx(n, 2)], 2, c);
	//@ assert paged: \forall integer k; 0 <= k < 512 ==> g_paged{Here}(c, k, block);
	//@ assert else: g_else_same{Pre,Here}(c);
	//@ assert turned: g_turned{Pre,Here}(v, f, idx(n, 2), c);
	//@ assert facts: vm_holds(VM_LIVE);
	//@ assert ways: g_same_ways{Pre,Here};
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert keeping: same_keeping{Pre,Here} && same_serving{Pre,Here};
	//@ assert kept: vm_kept{Here};
	//@ assert machines: vm_inv{Here};
	//@ assert inv: vms_inv{Here};
}

s32 guest_join(u32 v, u64 n)
{
	struct guest_place at;
	u64 block;

	if (vms[v].state != VM_LIVE) {
		return vms[v].state == VM_DYING ? HYP_EPERM : HYP_ENOENT;
	}
	at = guest_find(v, n);
	if (at.level != 3) {
		return HYP_ENOENT;
	}
	//@ assert seen: g_joined{Here}(v, n) <==> at.block != 0;
	if (at.block != 0) {
		return HYP_EBUSY;
	}
	block = guest_block_of(at.table);
	if (block == 0) {
		return HYP_ENOENT;
	}
	//@ assert word: g_xl{Here}(v, n) == d_sub(block, 2, idx(n, 3));
	//@ assert there: d_valid(g_xl{Here}(v, n));
	block_join(v, n, at.table, block);
	return 0;
}

void guest_split(u32 v, u64 n, u32 block)
{
	struct guest_place at;
	u64 f;

	if (block == 0) {
		return;
	}
	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	at = guest_find(v, n);
	f = guest_table_above(v, n);
	block_set(v, f, desc_index(n, 2), desc_table(at.table), n);
	//@ assert apart: at.table != f;
	//@ ghost g_block[at.table] = 0;
	//@ assert says: g_says{Here}(frame[f].e[idx(n, 2)], 2, at.table);
	//@ assert else: g_else_same{Pre,Here}(at.table);
	//@ assert turned: g_turned{Pre,Here}(v, f, idx(n, 2), at.table);
	//@ assert facts: vm_holds(VM_LIVE);
	//@ assert ways: g_same_ways{Pre,Here};
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert keeping: same_keeping{Pre,Here} && same_serving{Pre,Here};
	//@ assert kept: vm_kept{Here};
	//@ assert machines: vm_inv{Here};
	//@ assert inv: vms_inv{Here};
}
