/* SPDX-License-Identifier: BSD-2-Clause */
#include "ownership.h"
#include "arch.h"
#include "frame.h"
#include <lemmas/attrs.h>
#include <lemmas/mm.h>
#include <lemmas/tables/ways.h>

s32 host_share_hyp(u64 pfn)
{
	u64 r = mem_record(pfn);
	u64 leaf;
	s32 error;

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST) {
		return HYP_EPERM;
	}
	leaf = desc_flat(pfn, 3, desc_map_attrs(boot_info.e2h, MAP_DATA));
	error = pgt_set(PGT_HYP, pfn, 3, leaf);
	if (error != 0) {
		//@ assert same: unmoved{Pre,Here} && same_own_xl{Pre,Here};
		//@ assert host: host_inv{Here};
		//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
		//@ assert paged: given_paged{Here};
		//@ assert kept: mm_inv{Here};
		return error;
	}
	frame_set(pfn, r, FRAME_HOST_SHARED_HYP);
	//@ assert step: step{Pre,Here}(pfn);
	//@ assert before: host_view{Pre}(pfn) && hyp_view{Pre}(pfn) && !table_frame{Pre}(pfn);
	//@ assert host_page: host_view{Here}(pfn);
	//@ assert own_page: hyp_view{Here}(pfn);
	//@ assert frame: frame_inv(fm_state[pfn], fm_count[pfn]);
	//@ assert moved: moved{Pre,Here}(pfn);
	//@ assert views: host_inv{Here} && hyp_inv{Here} && frames_inv{Here};
	//@ assert same: same_places{Pre,Here};
	//@ assert places: tables_owned{Here} && groups_whole{Here} && given_paged{Here};
	//@ assert inv: mm_inv{Here};
	return 0;
}

s32 host_unshare_hyp(u64 pfn)
{
	u64 r = mem_record(pfn);
	s32 error;

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST_SHARED_HYP) {
		return HYP_EPERM;
	}
	if (frame_count_get(pfn, r) != 0) {
		return HYP_EBUSY;
	}
	error = pgt_set(PGT_HYP, pfn, 3, 0);
	if (error != 0) {
		//@ assert same: unmoved{Pre,Here} && same_own_xl{Pre,Here};
		//@ assert host: host_inv{Here};
		//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
		//@ assert paged: given_paged{Here};
		//@ assert kept: mm_inv{Here};
		return error;
	}
	frame_set(pfn, r, FRAME_HOST);
	//@ assert step: step{Pre,Here}(pfn);
	//@ assert before: host_view{Pre}(pfn) && hyp_view{Pre}(pfn) && !table_frame{Pre}(pfn);
	//@ assert host_page: host_view{Here}(pfn);
	//@ assert own_page: hyp_view{Here}(pfn);
	//@ assert frame: frame_inv(fm_state[pfn], fm_count[pfn]);
	//@ assert moved: moved{Pre,Here}(pfn);
	//@ assert views: host_inv{Here} && hyp_inv{Here} && frames_inv{Here};
	//@ assert same: same_places{Pre,Here};
	//@ assert places: tables_owned{Here} && groups_whole{Here} && given_paged{Here};
	//@ assert inv: mm_inv{Here};
	frame_prune(PGT_HYP, pfn);
	return 0;
}

s32 hyp_pin(u64 pfn)
{
	u64 r = mem_record(pfn);
	u32 count;

	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST_SHARED_HYP) {
		return HYP_EPERM;
	}
	count = frame_count_get(pfn, r);
	if (count >= FRAME_COUNT_MAX) {
		return HYP_ERANGE;
	}
	frame_count_set(pfn, r, count + 1u);
	//@ assert step: step{Pre,Here}(pfn);
	//@ assert before: host_view{Pre}(pfn) && hyp_view{Pre}(pfn) && !table_frame{Pre}(pfn);
	//@ assert host_page: host_view{Here}(pfn);
	//@ assert own_page: hyp_view{Here}(pfn);
	//@ assert frame: frame_inv(fm_state[pfn], fm_count[pfn]);
	//@ assert moved: moved{Pre,Here}(pfn);
	//@ assert views: host_inv{Here} && hyp_inv{Here} && frames_inv{Here};
	//@ assert same: same_places{Pre,Here};
	//@ assert places: tables_owned{Here} && groups_whole{Here} && given_paged{Here};
	//@ assert inv: mm_inv{Here};
	return 0;
}

s32 hyp_unpin(u64 pfn)
{
	u64 r = mem_record(pfn);
	u32 count;

	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST_SHARED_HYP) {
		return HYP_EPERM;
	}
	count = frame_count_get(pfn, r);
	if (count == 0) {
		return HYP_ENOENT;
	}
	frame_count_set(pfn, r, count - 1u);
	//@ assert step: step{Pre,Here}(pfn);
	//@ assert before: host_view{Pre}(pfn) && hyp_view{Pre}(pfn) && !table_frame{Pre}(pfn);
	//@ assert host_page: host_view{Here}(pfn);
	//@ assert own_page: hyp_view{Here}(pfn);
	//@ assert frame: frame_inv(fm_state[pfn], fm_count[pfn]);
	//@ assert moved: moved{Pre,Here}(pfn);
	//@ assert views: host_inv{Here} && hyp_inv{Here} && frames_inv{Here};
	//@ assert same: same_places{Pre,Here};
	//@ assert places: tables_owned{Here} && groups_whole{Here} && given_paged{Here};
	//@ assert inv: mm_inv{Here};
	return 0;
}

/* Move frame @pfn of the host's, whose record is @r, to Hypatia in state @state. Six free frames are enough. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    requires frame: record_of{Here}(pfn, r) && is_ram{Here}(pfn) && fm_state[pfn] == FRAME_HOST;
    requires state: state == FRAME_HYP || state == FRAME_HYP_VM;
    requires room: pool.free >= 6;
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures taken: fm_state[pfn] == state && fm_count[pfn] == 0 && only_frame{Pre,Here}(pfn);
    ensures no_table: !table_frame{Here}(pfn);
    ensures hidden: xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED;
    ensures mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures outside: outside_kept{Pre,Here};
*/
static void frame_take(u64 pfn, u64 r, u32 state)
{
	u64 leaf = desc_flat(pfn, 3, desc_map_attrs(boot_info.e2h, MAP_DATA));

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	//@ assert before: host_view{Here}(pfn) && hyp_view{Here}(pfn) && !table_frame{Here}(pfn);
	pgt_set(PGT_HOST, pfn, 3, desc_hyp_owned());
	//@ assert hidden: xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED && others_translate{Pre,Here}(pfn);
	pgt_set(PGT_HYP, pfn, 3, leaf);
	//@ assert mapped: xl{Here}(PGT_HYP, pfn) == leaf && xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED;
	//@ assert reach: mem_wf{Here} && tables_inv{Here} && reach{Here};
	frame_set(pfn, r, state);
	//@ assert step: step{Pre,Here}(pfn);
	//@ assert host_page: host_view{Here}(pfn);
	//@ assert own_page: hyp_view{Here}(pfn);
	//@ assert frame: frame_inv(fm_state[pfn], fm_count[pfn]);
	//@ assert moved: moved{Pre,Here}(pfn);
	//@ assert views: host_inv{Here} && hyp_inv{Here} && frames_inv{Here};
	//@ assert same: same_places{Pre,Here};
	//@ assert places: tables_owned{Here} && groups_whole{Here} && given_paged{Here};
	//@ assert core: core_inv{Here};
	//@ assert inv: mm_inv{Here};
}

s32 host_donate_hyp(u64 pfn)
{
	u64 r = mem_record(pfn);

	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST) {
		return HYP_EPERM;
	}
	if (pool.free < 6) {
		return HYP_ENOMEM;
	}
	frame_take(pfn, r, FRAME_HYP);
	return 0;
}

/* Move an unused frame of Hypatia's, mapped by a page in both trees, to the host; record @r is its. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    requires frame: record_of{Here}(pfn, r) && is_ram{Here}(pfn) && hyp_owns(fm_state[pfn]) &&
      fm_count[pfn] == 0;
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures host: fm_state[pfn] == FRAME_HOST && fm_count[pfn] == 0 && only_frame{Pre,Here}(pfn);
    ensures cleared: zeroed{Here}(pfn) && !table_frame{Here}(pfn);
    ensures unmapped: xl{Here}(PGT_HYP, pfn) == 0 && others_translate{Pre,Here}(pfn);
    ensures outside: outside_but{Pre,Here}(pfn);
*/
static void frame_return(u64 pfn, u64 r)
{
	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	//@ assert data: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
	//@ assert no_table: !table_frame{Here}(pfn);
	//@ assert pages: node3{Here}(PGT_HYP, pfn) >= 0 && node3{Here}(PGT_HOST, pfn) >= 0;
	frame_wipe(pfn);
	//@ ghost wiped: ;
	pgt_set(PGT_HYP, pfn, 3, 0);
	//@ assert unmapped: xl{Here}(PGT_HYP, pfn) == 0 && others_translate{wiped,Here}(pfn);
	pgt_set(PGT_HOST, pfn, 3, 0);
	//@ assert free: xl{Here}(PGT_HOST, pfn) == 0 && xl{Here}(PGT_HYP, pfn) == 0;
	//@ assert cleared: zeroed{Here}(pfn);
	frame_set(pfn, r, FRAME_HOST);
	//@ assert step: step{Pre,Here}(pfn);
	//@ assert before: host_view{Pre}(pfn) && hyp_view{Pre}(pfn) && !table_frame{Pre}(pfn);
	//@ assert host_page: host_view{Here}(pfn);
	//@ assert own_page: hyp_view{Here}(pfn);
	//@ assert frame: frame_inv(fm_state[pfn], fm_count[pfn]);
	//@ assert moved: moved{Pre,Here}(pfn);
	//@ assert views: host_inv{Here} && hyp_inv{Here} && frames_inv{Here};
	//@ assert same: same_places{Pre,Here};
	//@ assert places: tables_owned{Here} && groups_whole{Here} && given_paged{Here};
	//@ assert core: core_inv{Here};
	//@ assert inv: mm_inv{Here};
}

s32 hyp_donate_host(u64 pfn)
{
	u64 r = mem_record(pfn);

	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HYP) {
		return HYP_EPERM;
	}
	if (frame_count_get(pfn, r) != 0) {
		return HYP_EBUSY;
	}
	//@ assert before: tables_owned{Pre};
	frame_return(pfn, r);
	frame_prune(PGT_HYP, pfn);
	frame_prune(PGT_HOST, pfn);
	//@ assert outside: outside_but{Pre,Here}(pfn);
	//@ assert words: same_vm_words{Pre,Here};
	return 0;
}

s32 vm_give(u64 pfn)
{
	u64 r = mem_record(pfn);

	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST) {
		return HYP_EPERM;
	}
	if (pool.free < 6) {
		return HYP_ENOMEM;
	}
	frame_take(pfn, r, FRAME_HYP_VM);
	//@ ghost taken: ;
	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	frame_wipe(pfn);
	//@ assert same: unmoved{taken,Here} && same_own_xl{taken,Here};
	//@ assert host: host_inv{Here};
	//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
	//@ assert paged: given_paged{Here};
	//@ assert inv: mm_inv{Here};
	return 0;
}

s32 vm_return(u64 pfn)
{
	u64 r = mem_record(pfn);

	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HYP_VM) {
		return HYP_EPERM;
	}
	//@ assert unused: frame_inv(fm_state[pfn], fm_count[pfn]) && fm_count[pfn] == 0;
	frame_return(pfn, r);
	frame_prune(PGT_HYP, pfn);
	frame_prune(PGT_HOST, pfn);
	return 0;
}

/* Map the level-@level entry of page @n onto itself in the host's tree; its pages are all RAM or all not. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    requires level: 1 <= level <= 3 && pgt[PGT_HOST].start <= level;
    requires page: n < PFN_COUNT && in_tree{Here}(PGT_HOST, n);
    requires empty: \forall integer m; 0 <= m < PFN_COUNT && same_entry(n, m, level) ==>
      xl{Here}(PGT_HOST, m) == 0;
    requires kinds: \forall integer m; 0 <= m < PFN_COUNT && same_entry(n, m, level) ==>
      (is_ram{Here}(m) <==> ram != 0);
    terminates \true; exits \false; assigns TABLE_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_ENOMEM || \result == HYP_EBUSY;
    ensures mapped: \result == 0 ==> d_valid(xl{Here}(PGT_HOST, n));
    ensures failed: \result != 0 ==> same_xl{Pre,Here};
    ensures own_map: \forall integer m; 0 <= m < PFN_COUNT ==> xl{Here}(PGT_HYP, m) == xl{Pre}(PGT_HYP, m);
    ensures outside: outside_kept{Pre,Here} && same_places{Pre,Here};
*/
static s32 host_map(u64 n, u32 level, u32 ram)
{
	u64 attrs = desc_host_attrs(ram);
	s32 error;

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	error = pgt_set(PGT_HOST, n, level, desc_flat(n, level, attrs));
	//@ assert own_same: same_own_xl{Pre,Here};
	//@ assert same: same_machine{Pre,Here} && same_frames{Pre,Here} && same_places{Pre,Here};
	//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
	/*@ assert filled: error == 0 ==> \forall integer m; 0 <= m < PFN_COUNT && same_entry(n, m, level) ==>
	      xl{Here}(PGT_HOST, m) == d_flat(m, 3, attrs); */
	/*@ assert filled_views: error == 0 ==> \forall integer m; 0 <= m < PFN_COUNT &&
	      same_entry(n, m, level) ==> host_view{Here}(m); */
	/*@ assert elsewhere: error == 0 ==> \forall integer m; 0 <= m < PFN_COUNT && !same_entry(n,
	      m, level) ==> xl{Here}(PGT_HOST, m) == xl{Pre}(PGT_HOST, m); */
	/*@ assert views_before: \forall integer m; 0 <= m < PFN_COUNT ==> host_view{Pre}(m); */
	/*@ assert other_views: error == 0 ==> \forall integer m; 0 <= m < PFN_COUNT &&
	      !same_entry(n, m, level) ==> host_view{Here}(m); */
	//@ assert host_done: error == 0 ==> host_inv{Here};
	//@ assert host_failed: error != 0 ==> host_inv{Here};
	//@ assert paged: given_paged{Here};
	return error;
}

/*
 * Join what was split: when the level-@level table of page @n of the host's tree maps all that a block would
 * map, the block takes its place; so with the table above. A table can only become full by the fault that maps
 * its last page, so there is no other place for this. EL2's own tree is never joined: it has no blocks for
 * frames of the host's, and a fault of EL2's while the block is not yet written would be fatal.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    requires level: level <= 3;
    requires page: n < PFN_COUNT && in_tree{Here}(PGT_HOST, n);
    terminates \true; exits \false; assigns TABLE_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures same: same_xl{Pre,Here} && outside_kept{Pre,Here};
*/
static void host_join(u64 n, u32 level, u32 ram)
{
	u64 attrs = desc_host_attrs(ram);
	u32 joined = 1;
	u32 l;

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here}; */
	/*@ loop invariant range: l <= level;
	    loop invariant tables: tables_inv{Here};
	    loop invariant quiet: quiet{Here};
	    loop invariant same: same_xl{Pre,Here} && outside_kept{Pre,Here};
	    loop invariant paged: \forall integer u, m; 0 <= u < 2 && 0 <= m < PFN_COUNT &&
	      (u != PGT_HOST || !d_valid(xl{Pre}(u, m))) ==> node3{Here}(u, m) == node3{Pre}(u, m);
	    loop assigns l, joined, TABLE_STATE;
	    loop variant l;
	*/
	for (l = level; joined != 0 && l > 1; l--) {
		joined = pgt_join(PGT_HOST, n, l, attrs);
	}
	/*@ assert own_same: same_frames{Pre,Here} && same_machine{Pre,Here} && same_places{Pre,Here} &&
	      same_own_xl{Pre,Here}; */
	//@ assert host: host_inv{Here};
	//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
	//@ assert paged: given_paged{Here};
}

s32 host_fault(u64 n)
{
	struct pgt_leaf leaf;
	u32 level;
	u32 kind;
	s32 error;

	//@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here};

	if (n >= mem_limit(boot_info.pa_bits)) {
		return HYP_EINVAL;
	}
	leaf = pgt_get_leaf(PGT_HOST, n);
	/*@ assert page: xl{Here}(PGT_HOST, n) == DESC_HYP_OWNED ==> !d_valid(leaf.entry) &&
	      leaf.entry == DESC_HYP_OWNED; */
	//@ assert owned: is_ram{Here}(n) && !host_may(fm_state[n]) ==> leaf.entry == DESC_HYP_OWNED;
	if (desc_valid(leaf.entry)) {
		return 0;
	}
	if (leaf.entry != 0) {
		return HYP_EPERM;
	}
	level = leaf.level;
	if (level == 0) {
		level = 1;
	}
	kind = mem_kind(desc_first(n, level), desc_span(level));
	/*@ loop invariant level: 1 <= level <= 3 && leaf.level <= level;
	    loop invariant kind: kind == MEM_RAM || kind == MEM_DEVICE || (kind == MEM_MIXED && level < 3);
	    loop invariant ram: kind == MEM_RAM ==> \forall integer m;
	      d_first(n, level) <= m < d_first(n, level) + d_span(level) ==> is_ram{Here}(m);
	    loop invariant device: kind == MEM_DEVICE ==> \forall integer m;
	      d_first(n, level) <= m < d_first(n, level) + d_span(level) ==> !is_ram{Here}(m);
	    loop assigns level, kind;
	    loop variant 3 - level;
	*/
	while (kind == MEM_MIXED) {
		level = level + 1;
		kind = mem_kind(desc_first(n, level), desc_span(level));
	}
	/*@ assert empty: \forall integer m; 0 <= m < PFN_COUNT && same_entry(n, m, level) ==>
	      xl{Here}(PGT_HOST, m) == 0; */
	/*@ assert kinds: \forall integer m; 0 <= m < PFN_COUNT && same_entry(n, m, level) ==>
	      (is_ram{Here}(m) <==> kind == MEM_RAM); */
	error = host_map(n, level, kind == MEM_RAM);
	if (error == 0) {
		//@ ghost mapped: ;
		host_join(n, level, kind == MEM_RAM);
		//@ assert same: same_xl{mapped,Here};
	}
	return error;
}

s32 frames_check(u64 pfn, u64 count, u32 state)
{
	u64 r;
	u64 i;

	/*@ loop invariant range: 0 <= i <= count;
	    loop invariant before: \forall integer n; pfn <= n < pfn + i ==> is_ram{Here}(n) &&
	      fm_state[n] == state && (state == FRAME_HYP ==> fm_count[n] == 0);
	    loop assigns i, r;
	    loop variant count - i;
	*/
	for (i = 0; i < count; i++) {
		r = mem_record(pfn + i);
		if (r == MEM_NONE) {
			return HYP_EINVAL;
		}
		if (frame_state_get(pfn + i, r) != state) {
			return HYP_EPERM;
		}
		if (state == FRAME_HYP && frame_count_get(pfn + i, r) != 0) {
			return HYP_EBUSY;
		}
	}
	return 0;
}

s64 frame_info(u64 pfn)
{
	u64 r = mem_record(pfn);

	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	return (s64)frame_state_get(pfn, r) + 256 * (s64)frame_count_get(pfn, r);
}
