/* SPDX-License-Identifier: BSD-2-Clause */
#include "lend.h"
#include "arch.h"
#include "frame.h"
#include <lemmas/mm/given_paged.h>
#include <lemmas/mm/moved.h>
#include <lemmas/mm/pages.h>
#include <lemmas/mm/still.h>
#include <lemmas/mm/still_host.h>
#include <lemmas/mm/words.h>
#include <lemmas/tables/ways.h>

s32 host_donate_guest(u64 pfn)
{
	u64 r = mem_record(pfn);
	s32 error;

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST) {
		return HYP_EPERM;
	}
	error = pgt_set(PGT_HOST, pfn, 3, desc_hyp_owned());
	if (error != 0) {
		//@ assert same: unmoved{Pre,Here} && same_own_xl{Pre,Here};
		//@ assert host: host_inv{Here};
		//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
		//@ assert paged: given_paged{Here};
		//@ assert kept: mm_inv{Here};
		return error;
	}
	frame_set(pfn, r, FRAME_GUEST);
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

/*
 * Frame @pfn, which EL2 has mapped and the host has not, so that nobody else changes it meanwhile, is page @n of the
 * image of VM @v when it is @measured; else it is cleared.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tables: tables_inv{Here};
    requires frame: pfn < PFN_COUNT && !table_frame{Here}(pfn);
    requires mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    requires withdrawn: xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED && quiet{Here};
    requires vm: v < VMS_MAX && n < GUEST_PAGES;
    terminates \true; exits \false; assigns frame[0 .. PFN_COUNT - 1], vm_image[v].hash;
    ensures tables: tables_inv{Here};
    ensures cleared: measured == 0 ==> zeroed{Here}(pfn) && vm_image[v].hash == \old(vm_image[v].hash);
    ensures hashed: measured != 0 ==> page_hashed{Pre}(\old(vm_image[v].hash), n, pfn, vm_image[v].hash);
    ensures kept: measured != 0 ==> \forall integer i; 0 <= i < 512 ==>
      frame[pfn].e[i] == \old(frame[pfn].e[i]);
    ensures same: same_xl{Pre,Here} && same_nodes{Pre,Here};
    ensures others: \forall integer g, i; 0 <= g < PFN_COUNT && 0 <= i < 512 && g != pfn ==>
      frame[g].e[i] == \old(frame[g].e[i]);
*/
static void frame_fill(u64 pfn, u32 v, u64 n, u32 measured)
{
	if (measured != 0) {
		/* What the caches had aside from memory: the guest reads without them at first. */
		frame_clean(pfn);
		image_page(v, n, pfn);
	} else {
		frame_wipe(pfn);
	}
}

/* Frame @pfn of the host's leaves the host's tree, and EL2 has it mapped. Nine free frames are enough. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    requires frame: is_ram{Here}(pfn) && fm_state[pfn] == FRAME_HOST;
    requires room: pool.free >= 9;
    terminates \true; exits \false; assigns TABLE_STATE;
    ensures tables: tables_inv{Here};
    ensures quiet: quiet{Here};
    ensures nodes: nodes_kept{Pre,Here} && node3{Here}(PGT_HYP, pfn) >= 0 && in_tree{Here}(PGT_HYP, pfn);
    ensures image: \forall struct words c; image_of{Pre}(c, pfn) ==> image_of{Here}(c, pfn);
    ensures contents: \forall integer i; 0 <= i < 512 ==> frame[pfn].e[i] == \old(frame[pfn].e[i]);
    ensures mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA)) &&
      xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED && others_translate{Pre,Here}(pfn);
    ensures outside: outside_kept{Pre,Here} && pfn < PFN_COUNT && !table_frame{Here}(pfn);
*/
static void frame_fetch(u64 pfn)
{
	u64 leaf = desc_flat(pfn, 3, desc_map_attrs(boot_info.e2h, MAP_DATA));

	//@ assert open: host_inv{Here} && hyp_inv{Here} && tables_owned{Here} && reach{Here};
	//@ assert before: host_view{Here}(pfn) && hyp_view{Here}(pfn) && !table_frame{Here}(pfn);
	pgt_set(PGT_HOST, pfn, 3, desc_hyp_owned());
	pgt_set(PGT_HYP, pfn, 3, leaf);
	//@ assert contents: \forall integer i; 0 <= i < 512 ==> frame[pfn].e[i] == \at(frame[pfn].e[i],Pre);
}

/* Frame @pfn leaves the host's tree. EL2 has it mapped for as long as it takes to measure or to clear it. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    requires frame: is_ram{Here}(pfn) && fm_state[pfn] == FRAME_HOST;
    requires room: pool.free >= 9;
    requires vm: v < VMS_MAX && n < GUEST_PAGES;
    terminates \true; exits \false; assigns TABLE_STATE, vm_image[v].hash;
    ensures tables: tables_inv{Here};
    ensures quiet: quiet{Here};
    ensures nodes: nodes_kept{Pre,Here};
    ensures cleared: measured == 0 ==> zeroed{Here}(pfn) && vm_image[v].hash == \old(vm_image[v].hash);
    ensures hashed: measured != 0 ==> page_hashed{Pre}(\old(vm_image[v].hash), n, pfn, vm_image[v].hash);
    ensures kept: measured != 0 ==> \forall integer i; 0 <= i < 512 ==>
      frame[pfn].e[i] == \old(frame[pfn].e[i]);
    ensures unmapped: xl{Here}(PGT_HYP, pfn) == 0 && xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED &&
      others_translate{Pre,Here}(pfn);
    ensures outside: outside_but{Pre,Here}(pfn) && !table_frame{Here}(pfn);
*/
static void frame_withdraw(u64 pfn, u32 v, u64 n, u32 measured)
{
	frame_fetch(pfn);
	frame_fill(pfn, v, n, measured);
	//@ ghost seen: ;
	/*@ assert hashed: measured != 0 ==>
	      page_hashed{Pre}(\at(vm_image[v].hash,Pre), n, pfn, vm_image[v].hash); */
	//@ assert outside: outside_but{Pre,Here}(pfn);
	pgt_set(PGT_HYP, pfn, 3, 0);
	//@ assert unmapped: xl{Here}(PGT_HYP, pfn) == 0 && others_translate{seen,Here}(pfn);
	//@ assert withdrawn: xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED;
	//@ assert elsewhere: others_translate{Pre,Here}(pfn);
	//@ assert kept: \forall integer i; 0 <= i < 512 ==> frame[pfn].e[i] == \at(frame[pfn].e[i],seen);
	//@ assert cleared: measured == 0 ==> zeroed{Here}(pfn);
	//@ assert nodes: nodes_kept{Pre,Here};
}

/* Move frame @pfn of the host's, whose record is @r, to a VM, measured or cleared. Nine free frames are enough. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    requires frame: record_of{Here}(pfn, r) && is_ram{Here}(pfn) && fm_state[pfn] == FRAME_HOST;
    requires room: pool.free >= 9;
    requires vm: v < VMS_MAX && n < GUEST_PAGES;
    terminates \true; exits \false; assigns MM_STATE, vm_image[v].hash;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures guest: fm_state[pfn] == FRAME_GUEST && fm_count[pfn] == 0 && only_frame{Pre,Here}(pfn);
    ensures cleared: measured == 0 ==> zeroed{Here}(pfn) && vm_image[v].hash == \old(vm_image[v].hash);
    ensures hashed: measured != 0 ==> page_hashed{Pre}(\old(vm_image[v].hash), n, pfn, vm_image[v].hash);
    ensures kept: measured != 0 ==> \forall integer i; 0 <= i < 512 ==>
      frame[pfn].e[i] == \old(frame[pfn].e[i]);
    ensures unmapped: xl{Here}(PGT_HYP, pfn) == 0 && xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED &&
      others_translate{Pre,Here}(pfn);
    ensures outside: outside_but{Pre,Here}(pfn) && !table_frame{Here}(pfn);
*/
static void frame_donate(u64 pfn, u64 r, u32 v, u64 n, u32 measured)
{
	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	frame_withdraw(pfn, v, n, measured);
	//@ assert reach: mem_wf{Here} && tables_inv{Here} && reach{Here};
	frame_set(pfn, r, FRAME_GUEST);
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
}

s32 host_donate_image(u64 pfn, u32 v, u64 n, u32 measured)
{
	u64 r = mem_record(pfn);

	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST) {
		return HYP_EPERM;
	}
	if (pool.free < 9) {
		return HYP_ENOMEM;
	}
	//@ assert before: tables_owned{Pre};
	frame_donate(pfn, r, v, n, measured);
	//@ ghost given: ;
	frame_prune(PGT_HYP, pfn);
	//@ assert outside: outside_but{Pre,Here}(pfn);
	//@ assert kept: \forall integer i; 0 <= i < 512 ==> frame[pfn].e[i] == \at(frame[pfn].e[i],given);
	return 0;
}

s32 guest_share_host(u64 pfn)
{
	u64 r = mem_record(pfn);
	s32 error;

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_GUEST) {
		return HYP_EPERM;
	}
	error = pgt_set(PGT_HOST, pfn, 3, 0);
	if (error != 0) {
		//@ assert same: unmoved{Pre,Here} && same_own_xl{Pre,Here};
		//@ assert host: host_inv{Here};
		//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
		//@ assert paged: given_paged{Here};
		//@ assert kept: mm_inv{Here};
		return error;
	}
	frame_set(pfn, r, FRAME_GUEST_SHARED_HOST);
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

s32 guest_unshare_host(u64 pfn)
{
	u64 r = mem_record(pfn);
	s32 error;

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_GUEST_SHARED_HOST) {
		return HYP_EPERM;
	}
	error = pgt_set(PGT_HOST, pfn, 3, desc_hyp_owned());
	if (error != 0) {
		//@ assert same: unmoved{Pre,Here} && same_own_xl{Pre,Here};
		//@ assert host: host_inv{Here};
		//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
		//@ assert paged: given_paged{Here};
		//@ assert kept: mm_inv{Here};
		return error;
	}
	frame_set(pfn, r, FRAME_GUEST);
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

s32 host_share_guest(u64 pfn)
{
	u64 r = mem_record(pfn);

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST) {
		return HYP_EPERM;
	}
	frame_set(pfn, r, FRAME_HOST_SHARED_GUEST);
	frame_count_set(pfn, r, 1);
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

s32 host_unshare_guest_last(u64 pfn)
{
	u64 r = mem_record(pfn);

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_HOST_SHARED_GUEST) {
		return HYP_EPERM;
	}
	if (frame_count_get(pfn, r) != 1) {
		return HYP_EBUSY;
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
	return 0;
}

s32 reclaim_guest_shared(u64 pfn)
{
	u64 r = mem_record(pfn);

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_GUEST_SHARED_HOST) {
		return HYP_EPERM;
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
	return 0;
}

/*
 * Move frame @pfn of a VM's, whose record is @r, to the host. EL2 has it mapped for as long as it takes to clear it.
 * Nine free frames are enough.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    requires frame: record_of{Here}(pfn, r) && is_ram{Here}(pfn) && fm_state[pfn] == FRAME_GUEST;
    requires room: pool.free >= 9;
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures host: fm_state[pfn] == FRAME_HOST && fm_count[pfn] == 0 && only_frame{Pre,Here}(pfn);
    ensures cleared: zeroed{Here}(pfn) && !table_frame{Here}(pfn);
    ensures unmapped: xl{Here}(PGT_HYP, pfn) == 0 && others_translate{Pre,Here}(pfn);
    ensures outside: outside_but{Pre,Here}(pfn);
*/
static void frame_reclaim(u64 pfn, u64 r)
{
	u64 leaf = desc_flat(pfn, 3, desc_map_attrs(boot_info.e2h, MAP_DATA));

	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	//@ assert before_all: host_view{Here}(pfn) && hyp_view{Here}(pfn) && !table_frame{Here}(pfn);
	pgt_set(PGT_HYP, pfn, 3, leaf);
	//@ assert mapped: xl{Here}(PGT_HYP, pfn) == leaf && others_translate{Pre,Here}(pfn);
	//@ ghost lent: ;
	frame_wipe(pfn);
	//@ ghost wiped: ;
	//@ assert places: same_places{Pre,Here} && outside_but{Pre,Here}(pfn);
	pgt_set(PGT_HYP, pfn, 3, 0);
	//@ assert unmapped: xl{Here}(PGT_HYP, pfn) == 0 && others_translate{wiped,Here}(pfn);
	pgt_set(PGT_HOST, pfn, 3, 0);
	//@ assert free: xl{Here}(PGT_HOST, pfn) == 0 && xl{Here}(PGT_HYP, pfn) == 0;
	//@ assert elsewhere: others_translate{Pre,Here}(pfn);
	//@ assert cleared: zeroed{Here}(pfn);
	//@ assert nodes: nodes_kept{Pre,Here};
	//@ assert reach: mem_wf{Here} && tables_inv{Here} && reach{Here};
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
	//@ assert walks: mem_wf{Here} && tables_inv{Here} && reach{Here};
	//@ assert tree: \forall integer n; 0 <= n < pfn_limit(boot_info.pa_bits) ==> in_tree{Here}(PGT_HOST, n);
	//@ assert core: core_inv{Here};
	//@ assert inv: mm_inv{Here};
}

s32 reclaim_guest(u64 pfn)
{
	u64 r = mem_record(pfn);

	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_state_get(pfn, r) != FRAME_GUEST) {
		return HYP_EPERM;
	}
	if (pool.free < 9) {
		return HYP_ENOMEM;
	}
	//@ assert before: tables_owned{Pre};
	frame_reclaim(pfn, r);
	frame_prune(PGT_HYP, pfn);
	frame_prune(PGT_HOST, pfn);
	//@ assert outside: outside_but{Pre,Here}(pfn);
	return 0;
}
