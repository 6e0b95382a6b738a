/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"
#include "arch.h"
#include "frame.h"
#include <lemmas/guests/above.h>
#include <lemmas/guests/guests_lend.h>
#include <lemmas/guests/guests_moved.h>
#include <lemmas/guests/low.h>
#include <lemmas/guests/serving.h>
#include <lemmas/guests/still_guests.h>
#include <lemmas/guests/tables_but.h>
#include <lemmas/guests/walk.h>
#include <lemmas/tables/ways.h>
#include <lemmas/vms/still_kept.h>

/* Frame @pfn, a page of live protected VM @v, is lent to the host, or with @lend 0 no more. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && vms[v].state == VM_LIVE && vms[v].protected != 0;
    requires frame: pfn < PFN_COUNT && is_ram{Here}(pfn) && fm_vm[pfn] == v + 1 && guest_state(fm_state[pfn]);
    terminates \true; exits \false;
    assigns MM_STATE;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures lent: \result == 0 && lend != 0 ==> fm_state[pfn] == FRAME_GUEST_SHARED_HOST;
    ensures taken: \result == 0 && lend == 0 ==> fm_state[pfn] == FRAME_GUEST &&
      xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here};
*/
static s32 page_lend(u32 v, u64 pfn, u32 lend)
{
	s32 error;

	/* Only what is proved speaks of it. */
	(void)v;
	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	if (lend != 0) {
		error = guest_share_host(pfn);
	} else {
		error = guest_unshare_host(pfn);
	}
	//@ assert machine: same_machine{Pre,Here} && only_frame{Pre,Here}(pfn) && same_vm_words{Pre,Here};
	//@ assert ghosts: same_ghosts{Pre,Here} && same_all_vms{Pre,Here};
	//@ assert done: error == 0 ==> fits(fm_state[pfn], fm_count[pfn], vms[v].protected);
	//@ assert lends: error == 0 ==> g_lends{Pre,Here}(v, pfn);
	//@ assert refused: error != 0 ==> same_vm_frames{Pre,Here};
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	/*@ assert moved: given_but{Pre,Here}(pfn) && \at(fm_state[pfn],Pre) != FRAME_HYP_VM &&
	      fm_state[pfn] != FRAME_HYP_VM; */
	//@ assert serving: same_serving{Pre,Here};
	//@ assert keeping: same_keeping{Pre,Here};
	//@ assert kept: vm_kept{Here};
	//@ assert machines: vm_inv{Here};
	//@ assert inv: vms_inv{Here};
	return error;
}

/* Entry @i of table @f, which maps page @n of VM @v, is cleared, and frame @pfn is the host's; or all is as it was. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && g_tables{Here} && g_tlb == 0;
    requires table: v < VMS_MAX && g_is{Here}(v, f) && f < PFN_COUNT && i < 512;
    requires page: covers{Here}(f, n) && i == idx(n, 3) && g_level[f] == 3;
    requires frame: is_ram{Here}(pfn) && guest_state(fm_state[pfn]) && pfn != f;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_TLB, walk_pending;
    ensures inv: mm_inv{Here} && quiet{Here} && g_tlb == 0;
    ensures result: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn) && words_but{Pre,Here}(f, i);
    ensures back: \result == 0 ==> frame[f].e[i] == 0 && fm_state[pfn] == FRAME_HOST && zeroed{Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && frame[f].e[i] == \at(frame[f].e[i],Pre);
*/
static s32 page_cut(u32 v, u64 f, u64 i, u64 n, u64 pfn)
{
	u64 entry = vm_entry_get(f, i);
	s32 error;

	//@ assert whose: g_sound{Here}(pfn, g_tree[pfn]) && g_tree[pfn] == 0;
	vm_entry_set(v, f, i, 0, n);
	//@ assert cut: words_but{Pre,Here}(f, i) && frame[f].e[i] == 0;
	error = reclaim_guest(pfn);
	//@ assert still: words_but{Pre,Here}(f, i) && frame[f].e[i] == 0 && only_frame{Pre,Here}(pfn);
	if (error != 0) {
		//@ assert frames: same_frames{Pre,Here} && same_machine{Pre,Here};
		//@ assert tables: g_tables{Here};
		vm_entry_set(v, f, i, entry, n);
	}
	return error;
}

/* Frame @pfn, which entry @i of table @f of live protected VM @v maps as page @n, goes back to the host, cleared. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && vms[v].state == VM_LIVE && vms[v].protected != 0;
    requires table: g_is{Here}(v, f) && g_level[f] == 3 && f < PFN_COUNT;
    requires page: is_gfn(n) && covers{Here}(f, n) && i == idx(n, 3) && i < 512;
    requires mapped: g_leaf{Here}(f, i, pfn) && g_block[f] == 0;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures unmapped: \result == 0 ==> g_unmapped{Pre,Here}(v, pfn, f, i) && fm_state[pfn] == FRAME_HOST &&
      zeroed{Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_given{Pre,Here};
*/
static s32 page_relinquish(u32 v, u64 f, u64 i, u64 n, u64 pfn)
{
	u64 r = mem_record(pfn);
	s32 error;

	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	//@ assert sound: g_sound{Here}(f, g_tree[f]) && g_tlb == 0;
	//@ assert whose: fm_vm[pfn] == v + 1;
	//@ assert apart: f != pfn;
	//@ assert counted: g_counted{Here}(pfn, v + 1);
	error = page_cut(v, f, i, n, pfn);
	if (error != 0) {
		//@ assert words: same_vm_words{Pre,Here};
		//@ assert frames: same_vm_frames{Pre,Here} && same_machine{Pre,Here};
		//@ assert ghosts: same_ghosts{Pre,Here} && same_all_vms{Pre,Here};
		//@ assert guests: guests_inv{Here};
		//@ assert keep: same_keeping{Pre,Here} && same_given{Pre,Here};
		//@ assert kept: vm_kept{Here};
		//@ assert machines: vm_inv{Here};
		//@ assert inv: vms_inv{Here};
		return error;
	}
	guest_frame_leave(v, pfn, r);
	//@ assert trees: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn) && trees_but{Pre,Here}(pfn);
	//@ assert move: g_move{Pre,Here}(v, pfn);
	//@ assert leaves: leaves{Pre,Here}(v, pfn);
	//@ assert g_leaves: g_leaves{Pre,Here}(v, pfn);
	//@ assert parted: g_parted{Pre,Here}(v, pfn, f, i);
	//@ assert unmapped: g_unmapped{Pre,Here}(v, pfn, f, i);
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert serving: same_serving{Pre,Here};
	//@ assert keeping: same_keeping{Pre,Here};
	//@ assert kept: vm_kept{Here};
	//@ assert machines: vm_inv{Here};
	//@ assert inv: vms_inv{Here};
	return 0;
}

u32 guest_has(u32 v, u64 n)
{
	struct guest_place at;

	if (vms[v].state != VM_LIVE) {
		return 0;
	}
	at = guest_find(v, n);
	if (at.level != 3) {
		return 0;
	}
	//@ assert seen: g_xl{Here}(v, n) == frame[at.table].e[at.index];
	return vm_entry_get(at.table, at.index) != 0;
}

s32 own_check(u32 v)
{
	if (vms[v].state != VM_LIVE) {
		return vms[v].state == VM_DYING ? HYP_EPERM : HYP_ENOENT;
	}
	return vms[v].protected == 0 ? HYP_EPERM : 0;
}

s32 guest_lend(u32 v, u64 n, u32 lend)
{
	struct guest_place at;
	u64 entry;
	s32 error = own_check(v);

	if (error != 0) {
		return error;
	}
	at = guest_find(v, n);
	if (at.level != 3) {
		return HYP_ENOENT;
	}
	entry = vm_entry_get(at.table, at.index);
	//@ assert seen: g_xl{Here}(v, n) == entry;
	if (desc_valid(entry) == 0) {
		return HYP_ENOENT;
	}
	//@ assert leaf: g_leaf{Here}(at.table, at.index, d_pfn(entry));
	return page_lend(v, desc_pfn(entry), lend);
}

s32 guest_relinquish(u32 v, u64 n)
{
	struct guest_place at;
	u64 entry;
	s32 error = own_check(v);

	if (error != 0) {
		return error;
	}
	at = guest_find(v, n);
	if (at.level != 3) {
		return HYP_ENOENT;
	}
	entry = vm_entry_get(at.table, at.index);
	//@ assert seen: g_xl{Here}(v, n) == entry;
	if (desc_valid(entry) == 0) {
		return HYP_ENOENT;
	}
	//@ assert range: 0 <= idx(n, 1) < 512 && 0 <= idx(n, 2) < 512;
	guest_split(v, n, at.block);
	//@ ghost split: ;
	//@ assert way_split: g_same_way{Pre,split}(v, n);
	//@ assert above: g_above{split}(v, n, at.table, 3) && frame[at.table].e[at.index] == entry;
	error = page_relinquish(v, at.table, at.index, n, desc_pfn(entry));
	if (error != 0) {
		//@ assert refused: same_frames{Pre,Here} && same_given{Pre,Here};
		return error;
	}
	//@ assert others: only_frame{Pre,Here}(d_pfn(entry)) && given_but{Pre,Here}(d_pfn(entry));
	//@ assert links: same_links{split,Here};
	//@ assert unmapped: words_but{split,Here}(at.table, at.index) && vms[v].frame == \at(vms[v].frame,Pre);
	//@ assert way: g_three{Here}(v, n) == at.table;
	return 0;
}
