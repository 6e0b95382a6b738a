/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"
#include "arch.h"
#include "frame.h"
#include <lemmas/guests/above.h>
#include <lemmas/guests/guests_mark.h>
#include <lemmas/guests/low.h>
#include <lemmas/guests/serving.h>
#include <lemmas/guests/walk.h>
#include <lemmas/tables/ways.h>
#include <lemmas/vms/still_kept.h>

u64 entry_rights(u64 entry, u64 pfn)
{
	if (entry == desc_flat(pfn, 3, desc_page_attrs(3))) {
		return 3;
	}
	if (entry == desc_flat(pfn, 3, desc_page_attrs(2))) {
		return 2;
	}
	return entry == desc_flat(pfn, 3, desc_page_attrs(1)) ? 1 : 0;
}

/* What is left of @right of a page, which had it if @had, when it is taken away, or given. */
/*@ requires range: had <= 1;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == (given != 0 ? 1 : taken != 0 ? 0 : had);
*/
static u64 right_after(u64 had, u64 taken, u64 given)
{
	if (given != 0) {
		return 1;
	}
	return taken != 0 ? 0 : had;
}

/*@ requires range: had <= 3 && change <= 15;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == rights_after(had, change) && \result <= 3;
*/
static u64 rights_change(u64 had, u64 change)
{
	return right_after(had % 2u, change % 2u, change / PAGE_GIVE % 2u) +
	       PAGE_YOUNG * right_after(had / PAGE_YOUNG % 2u, change / PAGE_YOUNG % 2u,
					change / (PAGE_GIVE * PAGE_YOUNG) % 2u);
}

/* The page @n that entry @i of table @f of live VM @v maps, frame @pfn, is @rights from now on. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && vms[v].state == VM_LIVE && vms[v].protected == 0;
    requires table: g_is{Here}(v, f) && g_level[f] == 3 && f < PFN_COUNT;
    requires page: is_gfn(n) && covers{Here}(f, n) && i == idx(n, 3) && i < 512;
    requires mapped: g_leaf{Here}(f, i, pfn) && pfn < PFN_COUNT && g_block[f] == 0;
    requires rights: rights <= 3;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures word: frame[f].e[i] == d_flat(pfn, 3, page_attrs(rights));
    ensures one: words_but{Pre,Here}(f, i);
*/
static void page_mark(u32 v, u64 f, u64 i, u64 n, u64 pfn, u64 rights)
{
	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	//@ assert sound: g_sound{Here}(f, g_tree[f]) && g_tlb == 0;
	vm_entry_set(v, f, i, 0, n);
	//@ assert cut: words_but{Pre,Here}(f, i) && frame[f].e[i] == 0;
	vm_entry_set(v, f, i, desc_flat(pfn, 3, desc_page_attrs(rights)), n);
	//@ assert written: words_but{Pre,Here}(f, i) && frame[f].e[i] == d_flat(pfn, 3, page_attrs(rights));
	//@ assert word: page_word(frame[f].e[i], pfn);
	//@ assert ghosts: same_ghosts{Pre,Here} && same_all_vms{Pre,Here} && same_machine{Pre,Here};
	//@ assert frames: same_frames{Pre,Here};
	//@ assert leaf: g_leaf{Pre}(f, i, pfn) && d_pfn(frame[f].e[i]) == pfn;
	//@ assert marks: g_marks{Pre,Here}(f, i);
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert serving: same_serving{Pre,Here};
	//@ assert keeping: same_keeping{Pre,Here};
	//@ assert kept: vm_kept{Here};
	//@ assert machines: vm_inv{Here};
	//@ assert inv: vms_inv{Here};
}

s32 guest_access(u32 v, u64 n, u64 change)
{
	struct guest_place at;
	u64 entry;
	u64 had;
	u64 rights;

	if (vms[v].state != VM_LIVE) {
		return vms[v].state == VM_DYING ? HYP_EPERM : HYP_ENOENT;
	}
	if (vms[v].protected != 0) {
		return HYP_EPERM;
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
	//@ assert range: 0 <= idx(n, 1) < 512 && 0 <= idx(n, 2) < 512;
	had = entry_rights(entry, desc_pfn(entry));
	rights = rights_change(had, change);
	//@ assert was: had <= 3 && g_xl{Pre}(v, n) == d_flat(d_pfn(g_xl{Pre}(v, n)), 3, page_attrs(had));
	//@ assert after: rights == rights_after(had, change);
	//@ assert cast: (s32)had == had;
	if (rights == had) {
		//@ assert same: g_xl{Here}(v, n) == d_flat(d_pfn(g_xl{Pre}(v, n)), 3, page_attrs(rights));
		return (s32)had;
	}
	guest_split(v, n, at.block);
	//@ ghost split: ;
	//@ assert way_split: g_same_way{Pre,split}(v, n);
	//@ assert above: g_above{split}(v, n, at.table, 3) && frame[at.table].e[at.index] == entry;
	page_mark(v, at.table, at.index, n, desc_pfn(entry), rights);
	//@ assert now: frame[at.table].e[at.index] == d_flat(d_pfn(entry), 3, page_attrs(rights));
	//@ assert marked: words_but{split,Here}(at.table, at.index) && vms[v].frame == \at(vms[v].frame,Pre);
	//@ assert links: same_links{split,Here};
	//@ assert way: g_three{Here}(v, n) == at.table;
	//@ assert now_there: g_xl{Here}(v, n) == frame[at.table].e[at.index];
	//@ assert becomes: g_xl{Here}(v, n) == d_flat(d_pfn(g_xl{Pre}(v, n)), 3, page_attrs(rights));
	return (s32)had;
}
