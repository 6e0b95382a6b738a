/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"
#include "arch.h"
#include "frame.h"
#include <lemmas/guests/above.h>
#include <lemmas/guests/guests_moved.h>
#include <lemmas/guests/low.h>
#include <lemmas/guests/serving.h>
#include <lemmas/guests/still_guests.h>
#include <lemmas/guests/tables_but.h>
#include <lemmas/guests/walk.h>
#include <lemmas/tables/ways.h>
#include <lemmas/vms/still_kept.h>

/* Frame @pfn of a protected VM's memory, whose record is @r, goes back to the host, cleared unless that has it. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here};
    requires record: record_of{Here}(pfn, r) && is_ram{Here}(pfn) && pfn < PFN_COUNT;
    requires state: fm_state[pfn] == FRAME_GUEST || fm_state[pfn] == FRAME_GUEST_SHARED_HOST;
    terminates \true; exits \false;
    assigns MM_STATE;
    ensures inv: mm_inv{Here} && quiet{Here};
    ensures result: \result == 0 || \result == HYP_ENOMEM;
    ensures own: \result == 0 && \old(fm_state[pfn]) == FRAME_GUEST ==> can_poison_guest(\old(fm_state[pfn]),
      \old(fm_count[pfn])) && fm_state[pfn] == poison_guest_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == poison_guest_count(\old(fm_state[pfn]), \old(fm_count[pfn])) && zeroed{Here}(pfn);
    ensures lent: \old(fm_state[pfn]) == FRAME_GUEST_SHARED_HOST ==> \result == 0 &&
      can_poison_guest_shared(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == poison_guest_shared_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == poison_guest_shared_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures back: \result == 0 ==> fm_state[pfn] == FRAME_HOST && fm_count[pfn] == 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures words: same_vm_words{Pre,Here};
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_vm_frames{Pre,Here};
*/
static s32 frame_seize(u64 pfn, u64 r)
{
	if (frame_state_get(pfn, r) == FRAME_GUEST_SHARED_HOST) {
		return reclaim_guest_shared(pfn);
	}
	return reclaim_guest(pfn);
}

/*
 * Entry @i of table @f, which maps page @n of VM @v, is poisoned, and frame @pfn, whose record is @r, the host's; or
 * all is as it was. A guest that comes by meanwhile finds no page, and finds out why under the lock: poison_exit().
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && g_tables{Here} && g_tlb == 0;
    requires table: v < VMS_MAX && g_is{Here}(v, f) && f < PFN_COUNT && i < 512;
    requires page: covers{Here}(f, n) && i == idx(n, 3) && g_level[f] == 3;
    requires frame: record_of{Here}(pfn, r) && is_ram{Here}(pfn) && pfn < PFN_COUNT && pfn != f;
    requires state: fm_state[pfn] == FRAME_GUEST || fm_state[pfn] == FRAME_GUEST_SHARED_HOST;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_TLB, walk_pending;
    ensures inv: mm_inv{Here} && quiet{Here} && g_tlb == 0;
    ensures result: \result == 0 || \result == HYP_ENOMEM;
    ensures others: only_frame{Pre,Here}(pfn) && words_but{Pre,Here}(f, i);
    ensures back: \result == 0 ==> poison_word(frame[f].e[i]) && fm_state[pfn] == FRAME_HOST;
    ensures cleared: \result == 0 && \old(fm_state[pfn]) == FRAME_GUEST ==> zeroed{Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && frame[f].e[i] == \at(frame[f].e[i],Pre);
*/
static s32 page_seize(u32 v, u64 f, u64 i, u64 n, u64 pfn, u64 r)
{
	u64 entry = vm_entry_get(f, i);
	s32 error;

	vm_entry_set(v, f, i, desc_poison(), n);
	//@ assert cut: words_but{Pre,Here}(f, i) && poison_word(frame[f].e[i]);
	//@ assert table: fm_state[f] == FRAME_HYP_VM;
	error = frame_seize(pfn, r);
	//@ assert word: poison_word(frame[f].e[i]);
	//@ assert only: only_frame{Pre,Here}(pfn);
	//@ assert still: words_but{Pre,Here}(f, i);
	if (error != 0) {
		//@ assert tables: g_tables{Here};
		vm_entry_set(v, f, i, entry, n);
	}
	return error;
}

/* Frame @pfn, which entry @i of table @f of live protected VM @v maps as page @n, is the host's, the entry poisoned. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && vms[v].state == VM_LIVE && vms[v].protected != 0;
    requires table: g_is{Here}(v, f) && g_level[f] == 3 && f < PFN_COUNT;
    requires page: is_gfn(n) && covers{Here}(f, n) && i == idx(n, 3) && i < 512;
    requires mapped: g_leaf{Here}(f, i, pfn) && g_block[f] == 0;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result == 0 || \result == HYP_ENOMEM;
    ensures poisoned: \result == 0 ==> g_poisoned{Pre,Here}(v, pfn, f, i) && fm_state[pfn] == FRAME_HOST;
    ensures others: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
    ensures cleared: \result == 0 && \old(fm_state[pfn]) == FRAME_GUEST ==> zeroed{Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_given{Pre,Here} && same_vm_words{Pre,Here} &&
      same_links{Pre,Here};
*/
static s32 page_poison(u32 v, u64 f, u64 i, u64 n, u64 pfn)
{
	u64 r = mem_record(pfn);
	s32 error;

	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	//@ assert sound: g_sound{Here}(f, g_tree[f]) && g_tlb == 0;
	//@ assert whose: fm_vm[pfn] == v + 1;
	//@ assert apart: f != pfn;
	//@ assert counted: g_counted{Here}(pfn, v + 1);
	error = page_seize(v, f, i, n, pfn, r);
	if (error != 0) {
		//@ assert words: same_vm_words{Pre,Here};
		//@ assert frames: same_vm_frames{Pre,Here} && same_machine{Pre,Here};
		//@ assert ghosts: same_ghosts{Pre,Here} && same_all_vms{Pre,Here};
		//@ assert guests: guests_inv{Here};
		//@ assert keep: same_keeping{Pre,Here} && same_given{Pre,Here};
		//@ assert others: given_but{Pre,Here}(pfn);
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
	//@ assert poisoned: g_poisoned{Pre,Here}(v, pfn, f, i);
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert serving: same_serving{Pre,Here};
	//@ assert keeping: same_keeping{Pre,Here};
	//@ assert kept: vm_kept{Here};
	//@ assert machines: vm_inv{Here};
	//@ assert inv: vms_inv{Here};
	return 0;
}

u64 guest_word(u32 v, u64 n)
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
	return vm_entry_get(at.table, at.index);
}

s32 guest_poison(u32 v, u64 n)
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
	error = page_poison(v, at.table, at.index, n, desc_pfn(entry));
	//@ assert links: same_links{split,Here};
	//@ assert words: words_but{split,Here}(at.table, at.index) && vms[v].frame == \at(vms[v].frame,Pre);
	//@ assert way: g_three{Here}(v, n) == at.table;
	return error;
}
