/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"
#include "arch.h"
#include "frame.h"
#include "guest_way.h"
#include <lemmas/guests/guests_moved.h>
#include <lemmas/guests/low.h>
#include <lemmas/guests/serving.h>
#include <lemmas/guests/still_guests.h>
#include <lemmas/guests/tables_but.h>
#include <lemmas/guests/to_one.h>
#include <lemmas/guests/walk.h>
#include <lemmas/tables/ways.h>
#include <lemmas/vms/still_kept.h>

struct guest_place guest_find(u32 v, u64 n)
{
	struct guest_place at;
	u64 entry;
	u64 child;

	at.table = vms[v].frame;
	at.level = 1;
	at.block = 0;
	//@ assert root: g_rooted{Here}(v, vms[v].frame) && g_sound{Here}(at.table, g_tree[at.table]);
	/*@ loop invariant level: 1 <= at.level <= 3 && at.level == g_level[at.table];
	    loop invariant table: g_is{Here}(v, at.table) && covers{Here}(at.table, n) && at.table < PFN_COUNT;
	    loop invariant way: at.table == g_node{Here}(v, n, at.level);
	    loop invariant above: g_above{Here}(v, n, at.table, at.level);
	    loop invariant block: at.block <= 1 && (at.block != 0 <==> g_block[at.table] != 0);
	    loop invariant seen: at.block != 0 ==> at.level == 3;
	    loop assigns at, entry, child;
	    loop variant 3 - at.level;
	*/
	for (;;) {
		at.index = desc_index(n, at.level);
		entry = vm_entry_get(at.table, at.index);
		if (at.level == 3 || entry == 0) {
			return at;
		}
		//@ assert live: g_live{Here}(g_tree[at.table]);
		//@ assert says: g_says{Here}(entry, at.level, g_to{Here}(entry, at.level));
		//@ assert child: g_child{Here}(at.table, at.index, g_to{Here}(entry, at.level));
		//@ assert sound: g_sound{Here}(at.table, g_tree[at.table]);
		child = guest_table_behind(entry, at.level);
		//@ assert below: g_level[child] == at.level + 1 && child == g_to{Here}(entry, at.level);
		//@ assert table: at.level == 1 ==> d_table(entry, 1) && d_next(entry, 1) == child;
		//@ assert one: at.level == 1 ==> g_two{Here}(v, n) == child;
		//@ assert two: at.level == 2 ==> g_two{Here}(v, n) == at.table;
		//@ assert three: at.level == 2 ==> g_below{Here}(at.table, at.index) == child;
		//@ assert whole: at.level == 2 ==> g_three{Here}(v, n) == child;
		//@ assert root: vms[v].frame != child && fm_state[vms[v].frame] == FRAME_HYP_VM;
		//@ assert above: g_above{Here}(v, n, child, at.level + 1);
		at.block = desc_is_table(entry, at.level) == 0;
		at.table = child;
		at.level = at.level + 1u;
	}
}

/* Frame @pfn, whose record is @r, is VM @v's from now on. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r) && pfn < PFN_COUNT;
    requires vm: v < VMS_MAX && vm_frames[v] < VM_FRAMES_MAX;
    requires free: fm_vm[pfn] == 0 && g_tree[pfn] == 0;
    requires tables: g_tables{Here};
    terminates \true; exits \false;
    assigns fm_vm[pfn], vm_frames[v], g_pos[pfn], g_list[v];
    ensures joined: joins{Pre,Here}(v, pfn);
    ensures tables: g_tables{Here};
*/
static void frame_join(u32 v, u64 pfn, u64 r)
{
	frame_vm_set(pfn, r, v + 1u);
	/*@ ghost
	  g_list[v].p[vm_frames[v]] = pfn;
	  g_pos[pfn] = vm_frames[v];
	*/
	vm_frames[v] = vm_frames[v] + 1u;
}

void guest_frame_leave(u32 v, u64 pfn, u64 r)
{
	/* The last of the list takes its place. */
	/*@ ghost
	  u64 last = g_list[v].p[vm_frames[v] - 1];
	  if (last < PFN_COUNT && fm_vm[last] == v + 1) {
	    g_list[v].p[g_pos[pfn]] = last;
	    g_pos[last] = g_pos[pfn];
	  }
	*/
	/*@ assert others: \forall integer q; 0 <= q < PFN_COUNT && q != pfn && fm_vm[q] == v + 1 ==>
	      g_pos[q] < vm_frames[v] - 1 && g_list[v].p[g_pos[q]] == q; */
	/*@ assert rest: \forall integer q; 0 <= q < PFN_COUNT && fm_vm[q] != v + 1 ==>
	      g_pos[q] == \at(g_pos[q],Pre); */
	frame_vm_set(pfn, r, 0);
	vm_frames[v] = vm_frames[v] - 1u;
}

/* Frame @pfn of the host's becomes page @n of VM @v, which is protected. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here};
    requires page: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false;
    assigns MM_STATE, vm_image[v].hash;
    ensures inv: mm_inv{Here} && quiet{Here};
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures words: same_vm_words{Pre,Here};
    ensures failed: \result != 0 ==> same_frames{Pre,Here};
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      can_host_donate_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == host_donate_guest_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == host_donate_guest_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures cleared: \result == 0 && vm_image[v].state != IMAGE_NONE && measured == 0 ==> zeroed{Here}(pfn);
    ensures hashed: \result == 0 && vm_image[v].state != IMAGE_NONE && measured != 0 ==>
      page_hashed{Pre}(\old(vm_image[v].hash), n, pfn, vm_image[v].hash);
    ensures kept: \result == 0 && vm_image[v].state != IMAGE_NONE && measured != 0 ==>
      \forall integer i; 0 <= i < 512 ==> frame[pfn].e[i] == \old(frame[pfn].e[i]);
    ensures hash: \result != 0 || vm_image[v].state == IMAGE_NONE || measured == 0 ==>
      vm_image[v].hash == \old(vm_image[v].hash);
*/
static s32 page_give(u32 v, u64 n, u64 pfn, u32 measured)
{
	if (vm_image[v].state == IMAGE_NONE) {
		return host_donate_guest(pfn);
	}
	return host_donate_image(pfn, v, n, measured);
}

/* Frame @pfn of the host's becomes page @n of VM @v: for good when that is protected, else as a loan. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here};
    requires tables: g_tables{Here};
    requires page: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false;
    assigns MM_STATE, vm_image[v].hash;
    ensures inv: mm_inv{Here} && quiet{Here};
    ensures tables: g_tables{Here};
    ensures result: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures words: same_vm_words{Pre,Here};
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_vm_frames{Pre,Here};
    ensures was: \result == 0 ==> pfn < PFN_COUNT && is_ram{Pre}(pfn) && \old(fm_state[pfn]) == FRAME_HOST;
    ensures given: \result == 0 ==> fits(fm_state[pfn], fm_count[pfn], vms[v].protected) &&
      fm_state[pfn] == (vms[v].protected != 0 ? FRAME_GUEST : FRAME_HOST_SHARED_GUEST);
    ensures cleared: \result == 0 && vms[v].protected != 0 && vm_image[v].state != IMAGE_NONE && measured == 0 ==>
      zeroed{Here}(pfn);
    ensures hashed: \result == 0 && vms[v].protected != 0 && vm_image[v].state != IMAGE_NONE && measured != 0 ==>
      page_hashed{Pre}(\old(vm_image[v].hash), n, pfn, vm_image[v].hash);
    ensures kept: \result == 0 && vms[v].protected != 0 && vm_image[v].state != IMAGE_NONE && measured != 0 ==>
      \forall integer i; 0 <= i < 512 ==> frame[pfn].e[i] == \old(frame[pfn].e[i]);
    ensures hash: \result != 0 || vms[v].protected == 0 || vm_image[v].state == IMAGE_NONE || measured == 0 ==>
      vm_image[v].hash == \old(vm_image[v].hash);
*/
static s32 page_get(u32 v, u64 n, u64 pfn, u32 measured)
{
	s32 error;

	//@ assert before: pfn < PFN_COUNT ==> g_sound{Here}(pfn, g_tree[pfn]);
	if (vms[v].protected == 0) {
		error = host_share_guest(pfn);
		//@ assert others: only_frame{Pre,Here}(pfn) && same_machine{Pre,Here};
		//@ assert refused: error != 0 ==> g_tables{Here};
		//@ assert free: error == 0 ==> g_tree[pfn] == 0;
		//@ assert tables: error == 0 ==> g_tables{Here};
		return error;
	}
	error = page_give(v, n, pfn, measured);
	//@ assert others: only_frame{Pre,Here}(pfn) && same_machine{Pre,Here};
	//@ assert refused: error != 0 ==> g_tables{Here};
	//@ assert free: error == 0 ==> g_tree[pfn] == 0;
	//@ assert apart: error == 0 ==> \forall integer f; g_tree[f] != 0 ==> f != pfn;
	/*@ assert states: error == 0 ==> \forall integer f; 0 <= f < PFN_COUNT && f != pfn ==>
	      fm_state[f] == \at(fm_state[f],Pre); */
	/*@ assert kept: error == 0 ==> \forall integer f; 0 <= f < PFN_COUNT && g_tree[f] != 0 ==>
	      f != pfn && fm_state[f] == \at(fm_state[f],Pre); */
	//@ assert ram: \forall integer f; is_ram{Here}(f) <==> is_ram{Pre}(f);
	/*@ assert sound: error == 0 ==> \forall integer f; 0 <= f < PFN_COUNT && g_tree[f] != 0 ==>
	      g_sound{Pre}(f, g_tree[f]) && g_sound{Here}(f, g_tree[f]); */
	//@ assert tables: error == 0 ==> g_tables{Here};
	return error;
}

/* Frame @pfn becomes page @n of live VM @v, with @rights, by entry @i of table @f of the last level. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && vms[v].state == VM_LIVE;
    requires room: vm_frames[v] < VM_FRAMES_MAX;
    requires table: g_is{Here}(v, f) && g_level[f] == 3 && f < PFN_COUNT;
    requires page: is_gfn(n) && covers{Here}(f, n) && i == idx(n, 3) && i < 512;
    requires empty: frame[f].e[i] == 0 && g_block[f] == 0;
    requires rights: rights <= 3;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
    ensures word: \result == 0 ==> frame[f].e[i] == d_flat(pfn, 3, page_attrs(rights));
    ensures mapped: \result == 0 ==> g_mapped{Pre,Here}(v, pfn, f, i) &&
      fm_state[pfn] == (vms[v].protected != 0 ? FRAME_GUEST : FRAME_HOST_SHARED_GUEST);
    ensures cleared: \result == 0 && vms[v].protected != 0 && vm_image[v].state != IMAGE_NONE && measured == 0 ==>
      zeroed{Here}(pfn) && vm_image[v].hash == \old(vm_image[v].hash);
    ensures hashed: \result == 0 && vms[v].protected != 0 && vm_image[v].state != IMAGE_NONE && measured != 0 ==>
      page_hashed{Pre}(\old(vm_image[v].hash), n, pfn, vm_image[v].hash);
    ensures kept: \result == 0 && vms[v].protected != 0 && vm_image[v].state != IMAGE_NONE && measured != 0 ==>
      \forall integer k; 0 <= k < 512 ==> frame[pfn].e[k] == \old(frame[pfn].e[k]);
    ensures image: vm_image[v].state == \old(vm_image[v].state);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_ghosts{Pre,Here} && same_vm_words{Pre,Here};
*/
static s32 page_map(u32 v, u64 f, u64 i, u64 n, u64 pfn, u64 rights, u32 measured)
{
	u64 r = mem_record(pfn);
	s32 error;

	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	//@ assert sound: g_sound{Here}(f, g_tree[f]) && g_tlb == 0;
	error = page_get(v, n, pfn, measured);
	if (error != 0) {
		//@ assert frames: same_vm_frames{Pre,Here} && same_machine{Pre,Here};
		//@ assert ghosts: same_ghosts{Pre,Here} && same_all_vms{Pre,Here};
		//@ assert guests: guests_inv{Here};
		//@ assert keep: same_keeping{Pre,Here} && same_given{Pre,Here};
		//@ assert kept: vm_kept{Here};
		//@ assert machines: vm_inv{Here};
		//@ assert inv: vms_inv{Here};
		//@ assert others: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
		return error;
	}
	//@ assert was: is_ram{Pre}(pfn) && \at(fm_state[pfn],Pre) == FRAME_HOST && pfn < PFN_COUNT;
	//@ assert nobodys: g_tree[pfn] == 0 && fm_vm[pfn] == 0;
	//@ assert table: f != pfn;
	//@ assert words: same_vm_words{Pre,Here} && same_machine{Pre,Here};
	//@ assert given: guest_state(fm_state[pfn]) && fits(fm_state[pfn], fm_count[pfn], vms[v].protected);
	//@ ghost got: ;
	frame_join(v, pfn, r);
	/*@ ghost
	  g_table[pfn] = f;
	  g_slot[pfn] = i;
	*/
	//@ assert trees: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn) && trees_but{Pre,Here}(pfn);
	vm_entry_set(v, f, i, desc_flat(pfn, 3, desc_page_attrs(rights)), n);
	//@ assert written: words_but{Pre,Here}(f, i) && frame[f].e[i] == d_flat(pfn, 3, page_attrs(rights));
	//@ assert contents: \forall integer k; 0 <= k < 512 ==> frame[pfn].e[k] == \at(frame[pfn].e[k],got);
	//@ assert word: page_word(frame[f].e[i], pfn);
	//@ assert move: g_move{Pre,Here}(v, pfn);
	//@ assert joins: joins{Pre,Here}(v, pfn);
	//@ assert g_joins: g_joins{Pre,Here}(v, pfn);
	/*@ assert parts: guest_state(fm_state[pfn]) && g_table[pfn] == f && g_slot[pfn] == i &&
	      g_tree[pfn] == \at(g_tree[pfn],Pre) && \at(g_level[f],Pre) == 3 && g_is{Pre}(v, f); */
	//@ assert mapped: g_mapped{Pre,Here}(v, pfn, f, i);
	//@ assert quiet: g_quiet{Here};
	//@ assert facts: vm_holds(VM_LIVE);
	//@ assert guests: guests_inv{Here};
	//@ assert serving: same_serving{Pre,Here};
	//@ assert keeping: same_keeping{Pre,Here};
	//@ assert kept: vm_kept{Here};
	//@ assert machines: vm_inv{Here};
	//@ assert inv: vms_inv{Here};
	//@ assert others: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
	return 0;
}

/* Frame @pfn of the host's becomes Hypatia's for a VM, cleared. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here};
    requires tables: g_tables{Here};
    terminates \true; exits \false;
    assigns MM_STATE;
    ensures inv: mm_inv{Here} && quiet{Here};
    ensures tables: g_tables{Here};
    ensures result: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures words: same_vm_words{Pre,Here};
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_vm_frames{Pre,Here};
    ensures was: \result == 0 ==> pfn < PFN_COUNT && is_ram{Pre}(pfn) && \old(fm_state[pfn]) == FRAME_HOST;
    ensures given: \result == 0 ==> fm_state[pfn] == FRAME_HYP_VM && zeroed{Here}(pfn);
*/
static s32 table_get(u64 pfn)
{
	s32 error;

	//@ assert before: pfn < PFN_COUNT ==> g_sound{Here}(pfn, g_tree[pfn]);
	error = vm_give(pfn);
	//@ assert others: only_frame{Pre,Here}(pfn) && same_machine{Pre,Here};
	if (error != 0) {
		//@ assert refused: g_tables{Here};
		return error;
	}
	//@ assert free: g_tree[pfn] == 0;
	//@ assert kept: \forall integer f; 0 <= f < PFN_COUNT && f != pfn ==> fm_state[f] == \at(fm_state[f],Pre);
	//@ assert ram: \forall integer f; is_ram{Here}(f) <==> is_ram{Pre}(f);
	//@ assert apart: \forall integer f; g_tree[f] != 0 ==> f != pfn;
	/*@ assert states: \forall integer f; 0 <= f < PFN_COUNT && g_tree[f] != 0 ==>
	      f != pfn && fm_state[f] == \at(fm_state[f],Pre); */
	/*@ assert sound: \forall integer f; 0 <= f < PFN_COUNT && g_tree[f] != 0 ==>
	      g_sound{Pre}(f, g_tree[f]) && g_sound{Here}(f, g_tree[f]); */
	//@ assert tables: g_tables{Here};
	return 0;
}

/* Frame @pfn, whose record is @r, is a table of VM @v's from now on: behind entry @i of @f, on the way to page @n. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r) && pfn < PFN_COUNT && is_ram{Here}(pfn);
    requires vm: v < VMS_MAX && vms[v].state == VM_LIVE && vm_frames[v] < VM_FRAMES_MAX;
    requires free: fm_vm[pfn] == 0 && g_tree[pfn] == 0 && fm_state[pfn] == FRAME_HYP_VM;
    requires table: g_is{Here}(v, f) && g_level[f] < 3 && f < PFN_COUNT && f != pfn;
    requires page: is_gfn(n);
    requires tables: g_tables{Here};
    terminates \true; exits \false;
    assigns fm_vm[pfn], vm_frames[v], g_pos[pfn], g_list[v], g_tree[pfn], g_level[pfn], g_page[pfn], g_table[pfn],
      g_slot[pfn], g_block[pfn];
    ensures joined: joins{Pre,Here}(v, pfn);
    ensures table: g_tree[pfn] == v + 1 && g_level[pfn] == g_level[f] + 1 && g_page[pfn] == n;
    ensures place: g_table[pfn] == f && g_slot[pfn] == i && g_block[pfn] == 0;
    ensures tables: g_tables{Here};
*/
static void table_join(u32 v, u64 f, u64 i, u64 n, u64 pfn, u64 r)
{
	/* Only the ghosts speak of these. */
	(void)f;
	(void)i;
	(void)n;
	//@ assert above: g_sound{Here}(f, g_tree[f]);
	frame_join(v, pfn, r);
	/*@ ghost
	  g_tree[pfn] = (u8)(v + 1);
	  g_level[pfn] = (u8)(g_level[f] + 1);
	  g_page[pfn] = n;
	  g_table[pfn] = f;
	  g_slot[pfn] = i;
	  g_block[pfn] = 0;
	*/
	//@ assert facts: vm_holds(VM_LIVE);
	//@ assert own: g_sound{Here}(pfn, g_tree[pfn]);
}

/* Frame @pfn of the host's becomes the table that entry @i of table @f of live VM @v leads to, the way to page @n. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && vms[v].state == VM_LIVE;
    requires room: vm_frames[v] < VM_FRAMES_MAX;
    requires table: g_is{Here}(v, f) && g_level[f] < 3 && f < PFN_COUNT && g_block[f] == 0;
    requires page: is_gfn(n) && covers{Here}(f, n) && i == idx(n, g_level[f]) && i < 512;
    requires empty: frame[f].e[i] == 0;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures linked: \result == 0 ==> g_linked{Pre,Here}(v, pfn, f, i, n) && fm_state[pfn] == FRAME_HYP_VM;
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_ghosts{Pre,Here} && same_vm_words{Pre,Here};
*/
static s32 table_link(u32 v, u64 f, u64 i, u64 n, u64 pfn)
{
	u64 r = mem_record(pfn);
	s32 error;

	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	//@ assert sound: g_sound{Here}(f, g_tree[f]) && g_tlb == 0;
	//@ assert frame: pfn < PFN_COUNT ==> g_sound{Here}(pfn, g_tree[pfn]) && g_counted{Here}(pfn, fm_vm[pfn]);
	//@ assert host: pfn < PFN_COUNT && fm_state[pfn] == FRAME_HOST ==> g_tree[pfn] == 0 && fm_vm[pfn] == 0;
	error = table_get(pfn);
	if (error != 0) {
		//@ assert frames: same_vm_frames{Pre,Here} && same_machine{Pre,Here};
		//@ assert ghosts: same_ghosts{Pre,Here} && same_all_vms{Pre,Here};
		//@ assert guests: guests_inv{Here};
		//@ assert keep: same_keeping{Pre,Here} && same_given{Pre,Here};
		//@ assert kept: vm_kept{Here};
		//@ assert machines: vm_inv{Here};
		//@ assert inv: vms_inv{Here};
		return error;
	}
	//@ assert was: is_ram{Pre}(pfn) && \at(fm_state[pfn],Pre) == FRAME_HOST && pfn < PFN_COUNT;
	//@ assert nobodys: g_tree[pfn] == 0 && fm_vm[pfn] == 0;
	//@ assert table: f != pfn;
	//@ assert words: same_vm_words{Pre,Here} && same_machine{Pre,Here};
	//@ assert given: fm_state[pfn] == FRAME_HYP_VM && zeroed{Here}(pfn);
	table_join(v, f, i, n, pfn, r);
	//@ assert trees: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn) && trees_but{Pre,Here}(pfn);
	//@ assert facts: vm_holds(VM_LIVE) && same_machine{Pre,Here};
	vm_entry_set(v, f, i, desc_table(pfn), n);
	//@ assert written: words_but{Pre,Here}(f, i) && frame[f].e[i] == d_mktable(pfn) && zeroed{Here}(pfn);
	//@ assert move: g_move{Pre,Here}(v, pfn);
	//@ assert joins: joins{Pre,Here}(v, pfn);
	//@ assert g_joins: g_joins{Pre,Here}(v, pfn);
	//@ assert linked: g_linked{Pre,Here}(v, pfn, f, i, n);
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert serving: same_serving{Pre,Here};
	//@ assert keeping: same_keeping{Pre,Here};
	//@ assert kept: vm_kept{Here};
	//@ assert machines: vm_inv{Here};
	//@ assert inv: vms_inv{Here};
	return 0;
}

/* Frame @pfn, which entry @i of table @f of live VM @v maps as page @n, goes back to the host, which had lent it. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && vms[v].state == VM_LIVE && vms[v].protected == 0;
    requires table: g_is{Here}(v, f) && g_level[f] == 3 && f < PFN_COUNT;
    requires page: is_gfn(n) && covers{Here}(f, n) && i == idx(n, 3) && i < 512;
    requires mapped: g_leaf{Here}(f, i, pfn) && g_block[f] == 0;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures unmapped: g_unmapped{Pre,Here}(v, pfn, f, i) && fm_state[pfn] == FRAME_HOST;
*/
static void page_unmap(u32 v, u64 f, u64 i, u64 n, u64 pfn)
{
	u64 r = mem_record(pfn);

	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	//@ assert sound: g_sound{Here}(f, g_tree[f]) && g_tlb == 0;
	//@ assert counted: g_counted{Here}(pfn, fm_vm[pfn]) && fm_vm[pfn] == v + 1;
	//@ assert lent: is_ram{Here}(pfn) && fm_state[pfn] == FRAME_HOST_SHARED_GUEST && fm_count[pfn] == 1;
	vm_entry_set(v, f, i, 0, n);
	//@ assert cut: words_but{Pre,Here}(f, i) && frame[f].e[i] == 0;
	host_unshare_guest_last(pfn);
	//@ assert back: fm_state[pfn] == FRAME_HOST && words_but{Pre,Here}(f, i) && frame[f].e[i] == 0;
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
}

/* Frame @pfn of dying VM @v, given for a table or as memory, goes back to the host. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && vms[v].state == VM_DYING;
    requires record: record_of{Here}(pfn, r) && is_ram{Here}(pfn) && pfn < PFN_COUNT && fm_vm[pfn] == v + 1;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result == 0 || \result == HYP_ENOMEM;
    ensures back: \result == 0 ==> g_taken_back{Pre,Here}(v, pfn);
    ensures cleared: \result == 0 && (\old(fm_state[pfn]) == FRAME_GUEST || \old(fm_state[pfn]) == FRAME_HYP_VM) ==>
      zeroed{Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_ghosts{Pre,Here} && same_vm_words{Pre,Here};
*/
static s32 frame_back(u32 v, u64 pfn, u64 r)
{
	s32 error;

	/*@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here} &&
	      vm_inv{Here}; */
	//@ assert counted: g_counted{Here}(pfn, fm_vm[pfn]) && for_vm(fm_state[pfn]);
	switch (frame_state_get(pfn, r)) {
	case FRAME_GUEST:
		error = reclaim_guest(pfn);
		break;
	case FRAME_GUEST_SHARED_HOST:
		error = reclaim_guest_shared(pfn);
		break;
	case FRAME_HOST_SHARED_GUEST:
		error = host_unshare_guest_last(pfn);
		break;
	default:
		error = vm_return(pfn);
		break;
	}
	if (error != 0) {
		//@ assert frames: same_vm_frames{Pre,Here} && same_machine{Pre,Here};
		//@ assert ghosts: same_ghosts{Pre,Here} && same_all_vms{Pre,Here};
		//@ assert guests: guests_inv{Here};
		//@ assert keep: same_keeping{Pre,Here} && same_given{Pre,Here};
		//@ assert kept: vm_kept{Here};
		//@ assert machines: vm_inv{Here};
		//@ assert inv: vms_inv{Here};
		return error;
	}
	//@ assert host: fm_state[pfn] == FRAME_HOST && only_frame{Pre,Here}(pfn) && same_machine{Pre,Here};
	/*@ assert words: \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != pfn &&
	      \at(fm_state[g],Pre) == FRAME_HYP_VM ==> frame[g].e[j] == \at(frame[g].e[j],Pre); */
	guest_frame_leave(v, pfn, r);
	//@ ghost g_tree[pfn] = 0;
	//@ assert trees: given_but{Pre,Here}(pfn) && trees_but{Pre,Here}(pfn);
	//@ assert move: g_move{Pre,Here}(v, pfn);
	//@ assert leaves: leaves{Pre,Here}(v, pfn);
	//@ assert g_leaves: g_leaves{Pre,Here}(v, pfn);
	//@ assert back: g_taken_back{Pre,Here}(v, pfn);
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert gone: \at(fm_vm[pfn],Pre) != 0 && fm_state[pfn] != FRAME_HYP_VM && given_but{Pre,Here}(pfn);
	//@ assert serving: same_serving{Pre,Here};
	//@ assert keeping: same_keeping{Pre,Here};
	//@ assert kept: vm_kept{Here};
	//@ assert machines: vm_inv{Here};
	//@ assert inv: vms_inv{Here};
	return 0;
}

s32 guest_table_give(u32 v, u64 n, u64 pfn)
{
	struct guest_place at;
	s32 error;

	if (vms[v].state != VM_LIVE) {
		return vms[v].state == VM_DYING ? HYP_EPERM : HYP_ENOENT;
	}
	at = guest_find(v, n);
	if (at.level == 3) {
		return HYP_EBUSY;
	}
	if (vm_frames[v] >= VM_FRAMES_MAX) {
		return HYP_ENOMEM;
	}
	//@ assert range: 0 <= idx(n, 1) < 512 && 0 <= idx(n, 2) < 512;
	error = table_link(v, at.table, at.index, n, pfn);
	/*@ assert linked: error == 0 ==> words_but{Pre,Here}(at.table, at.index) &&
	      vms[v].frame == \at(vms[v].frame,Pre); */
	//@ assert next: error == 0 ==> next{Here}(at.table, at.index, at.level) == pfn;
	//@ assert above: error == 0 && at.level == 2 ==> g_two{Here}(v, n) == g_two{Pre}(v, n);
	//@ assert two: error == 0 && at.level == 1 ==> g_two{Pre}(v, n) < 0 && g_two{Here}(v, n) == pfn;
	//@ assert three: error == 0 && at.level == 2 ==> g_two{Pre}(v, n) >= 0 && g_three{Here}(v, n) == pfn;
	return error;
}

s32 guest_map(u32 v, u64 n, u64 pfn, u64 rights, u32 measured)
{
	struct guest_place at;
	s32 error;

	//@ assert nothing: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
	if (vms[v].state != VM_LIVE) {
		return vms[v].state == VM_DYING ? HYP_EPERM : HYP_ENOENT;
	}
	if (vms[v].protected != 0 && rights != PAGE_WRITABLE + PAGE_YOUNG) {
		return HYP_EPERM;
	}
	if (measured != 0 && vm_image[v].state != IMAGE_OPEN) {
		return HYP_EPERM;
	}
	at = guest_find(v, n);
	if (at.level != 3) {
		return HYP_ENOENT;
	}
	//@ assert seen: g_xl{Here}(v, n) == frame[at.table].e[at.index];
	if (vm_entry_get(at.table, at.index) != 0) {
		return HYP_EBUSY;
	}
	if (vm_frames[v] >= VM_FRAMES_MAX) {
		return HYP_ENOMEM;
	}
	//@ assert range: 0 <= idx(n, 1) < 512 && 0 <= idx(n, 2) < 512;
	//@ assert open: g_block[at.table] == 0;
	error = page_map(v, at.table, at.index, n, pfn, rights, measured);
	/*@ assert mapped: error == 0 ==> words_but{Pre,Here}(at.table, at.index) &&
	      vms[v].frame == \at(vms[v].frame,Pre); */
	//@ assert others: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
	//@ assert way: error == 0 ==> g_three{Here}(v, n) == at.table;
	return error;
}

s32 guest_unmap(u32 v, u64 n)
{
	struct guest_place at;
	u64 entry;

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
	//@ assert range: 0 <= idx(n, 1) < 512 && 0 <= idx(n, 2) < 512;
	guest_split(v, n, at.block);
	//@ ghost split: ;
	//@ assert way_split: g_same_way{Pre,split}(v, n);
	//@ assert above: g_above{split}(v, n, at.table, 3) && frame[at.table].e[at.index] == entry;
	page_unmap(v, at.table, at.index, n, desc_pfn(entry));
	//@ assert links: same_links{split,Here};
	//@ assert unmapped: words_but{split,Here}(at.table, at.index) && vms[v].frame == \at(vms[v].frame,Pre);
	//@ assert two: g_two{Here}(v, n) == g_two{split}(v, n) && g_two{split}(v, n) != at.table;
	//@ assert word: frame[g_two{split}(v, n)].e[idx(n, 2)] == \at(frame[g_two{split}(v, n)].e[idx(n, 2)],split);
	//@ assert to: \forall integer e; g_to{Here}(e, 2) == g_to{split}(e, 2);
	/*@ assert below: g_below{Here}(g_two{split}(v, n), idx(n, 2)) ==
	      g_below{split}(g_two{split}(v, n), idx(n, 2)); */
	//@ assert way: g_three{Here}(v, n) == at.table;
	return 0;
}

s32 guest_reclaim(u32 v, u64 pfn)
{
	u64 r;
	s32 error;

	//@ assert nothing: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
	if (vms[v].state != VM_DYING) {
		return vms[v].state == VM_LIVE ? HYP_EPERM : HYP_ENOENT;
	}
	r = mem_record(pfn);
	if (r == MEM_NONE) {
		return HYP_EINVAL;
	}
	if (frame_vm_get(pfn, r) != v + 1u) {
		return HYP_EPERM;
	}
	error = frame_back(v, pfn, r);
	//@ assert others: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
	return error;
}
