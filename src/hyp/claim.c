/* SPDX-License-Identifier: BSD-2-Clause */
#include "claim.h"
#include "arch.h"
#include <lemmas/range.h>

/* Record frames @pfn to @pfn + @count - 1, all RAM, as Hypatia's and in use once. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires wf: mem_wf{Here};
    requires range: pfn + count <= PFN_COUNT;
    requires ram: \forall integer n; pfn <= n < pfn + count ==> is_ram{Here}(n);
    terminates \true; exits \false;
    assigns fm_state[0 .. PFN_COUNT - 1], fm_count[0 .. PFN_COUNT - 1];
    ensures claimed: \forall integer n; pfn <= n < pfn + count ==>
      fm_state[n] == FRAME_HYP && fm_count[n] == 1;
    ensures others: \forall integer n; 0 <= n < PFN_COUNT && !(pfn <= n < pfn + count) ==>
      fm_state[n] == \old(fm_state[n]) && fm_count[n] == \old(fm_count[n]);
*/
static void frames_claim(u64 pfn, u64 count)
{
	u64 r;
	u64 i;

	/*@ loop invariant range: 0 <= i <= count;
	    loop invariant claimed: \forall integer n; pfn <= n < pfn + i ==>
	      fm_state[n] == FRAME_HYP && fm_count[n] == 1;
	    loop invariant others: \forall integer n; 0 <= n < PFN_COUNT && !(pfn <= n < pfn + i) ==>
	      fm_state[n] == \at(fm_state[n],Pre) && fm_count[n] == \at(fm_count[n],Pre);
	    loop assigns i, r, fm_state[0 .. PFN_COUNT - 1], fm_count[0 .. PFN_COUNT - 1];
	    loop variant count - i;
	*/
	for (i = 0; i < count; i++) {
		r = mem_record(pfn + i);
		frame_state_set(pfn + i, r, FRAME_HYP);
		frame_count_set(pfn + i, r, 1);
	}
}

/* The entry of EL2's tree for the frames of the level-@level entry of @pfn: none when @mapped is 0. */
/*@ requires level: 2 <= level <= 3;
    requires kind: kind < MAP_DEVICE;
    requires group: kind >= MAP_GROUP ==> level == 3;
    requires first: pfn < PFN_COUNT && d_first(pfn, level) == pfn;
    requires e2h: boot_info.e2h <= 1;
    terminates \true; exits \false; assigns \nothing;
    ensures entry: !d_valid(\result) || d_leaf(\result, level);
    ensures pages: \forall integer m; pfn <= m < pfn + d_span(level) ==> d_page(\result, level, m) ==
      (mapped != 0 ? d_flat(m, 3, map_attrs(boot_info.e2h, kind)) : 0);
*/
static u64 own_entry(u64 pfn, u32 level, u32 mapped, u32 kind)
{
	if (mapped == 0) {
		return 0;
	}
	return desc_flat(pfn, level, desc_map_attrs(boot_info.e2h, kind));
}

/* Take the pages of the level-@level entry of @pfn from the host's tree, and map them at EL2 if @mapped is not 0. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires level: 2 <= level <= 3;
    requires kind: kind < MAP_DEVICE;
    requires group: kind >= MAP_GROUP ==> level == 3;
    requires first: pfn < PFN_COUNT && d_first(pfn, level) == pfn;
    requires inv: core_inv{Here};
    requires quiet: quiet{Here};
    requires ram: \forall integer m; pfn <= m < pfn + d_span(level) ==> is_ram{Here}(m);
    terminates \true; exits \false; assigns TABLE_STATE;
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_EPERM;
    ensures tables: \result == 0 ==> tables_inv{Here};
    ensures in: \result == 0 ==> \forall integer m; pfn <= m < pfn + d_span(level) ==>
      xl{Here}(PGT_HOST, m) == DESC_HYP_OWNED &&
      xl{Here}(PGT_HYP, m) == (mapped != 0 ? d_flat(m, 3, map_attrs(boot_info.e2h, kind)) : 0);
    ensures out: \result == 0 ==> \forall integer m; 0 <= m < PFN_COUNT && !(pfn <= m < pfn + d_span(level)) ==>
      xl{Here}(PGT_HYP, m) == xl{Pre}(PGT_HYP, m) && xl{Here}(PGT_HOST, m) == xl{Pre}(PGT_HOST, m);
*/
static s32 pages_claim(u64 pfn, u32 level, u32 mapped, u32 kind)
{
	u64 entry = own_entry(pfn, level, mapped, kind);

	/*@ assert range: \forall integer m; 0 <= m < PFN_COUNT ==> (same_entry(pfn, m, level) <==>
	      pfn <= m < pfn + d_span(level)); */
	if (pgt_set(PGT_HOST, pfn, level, desc_hyp_owned()) != 0) {
		return HYP_EPERM;
	}
	/*@ assert host_apart: \forall integer m; 0 <= m < PFN_COUNT && !(pfn <= m < pfn + d_span(level)) ==>
	      xl{Here}(PGT_HOST, m) == xl{Pre}(PGT_HOST, m); */
	//@ assert own_same: same_own_xl{Pre,Here};
	//@ ghost hidden: ;
	if (pgt_set(PGT_HYP, pfn, level, entry) != 0) {
		return HYP_EPERM;
	}
	/*@ assert own_apart: \forall integer m; 0 <= m < PFN_COUNT && !(pfn <= m < pfn + d_span(level)) ==>
	      xl{Here}(PGT_HYP, m) == xl{hidden}(PGT_HYP, m); */
	/*@ assert host_same: \forall integer m; 0 <= m < PFN_COUNT ==>
	      xl{Here}(PGT_HOST, m) == xl{hidden}(PGT_HOST, m); */
	/*@ assert hidden: \forall integer m; pfn <= m < pfn + d_span(level) ==>
	      xl{Here}(PGT_HOST, m) == DESC_HYP_OWNED; */
	/*@ assert mapped: \forall integer m; pfn <= m < pfn + d_span(level) ==>
	      xl{Here}(PGT_HYP, m) == d_page(entry, level, m); */
	return 0;
}

s32 hyp_claim(u64 pfn, u32 level, u32 mapped, u32 kind)
{
	u64 count = desc_span(level);

	if (pfn >= PFN_COUNT || desc_first(pfn, level) != pfn || mem_kind(pfn, count) != MEM_RAM) {
		return HYP_EINVAL;
	}
	if (frames_check(pfn, count, FRAME_HOST) != 0) {
		return HYP_EPERM;
	}
	if (pool.free < 6) {
		return HYP_ENOMEM;
	}
	if (pages_claim(pfn, level, mapped, kind) != 0) {
		return HYP_EPERM;
	}
	frames_claim(pfn, count);
	//@ assert ram: \forall integer m; pfn <= m < pfn + count ==> is_ram{Here}(m);
	//@ assert in: claim_in{Here}(pfn, count, mapped, kind);
	//@ assert out: claim_out{Pre,Here}(pfn, count);
	//@ assert frames: frames_inv{Here};
	//@ assert host: host_inv{Here};
	//@ assert own: hyp_inv{Here};
	//@ assert inv: core_inv{Here};
	return 0;
}
