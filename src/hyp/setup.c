/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch.h"
#include "boot_info.h"
#include "claim.h"
#include "hyp.h"
#include "layout.h"
#include "ownership.h"
#include "setup.h"
#include "vectors.h"
#include <lemmas/desc.h>
#include <lemmas/setup.h>
#include <lemmas/vms/begins.h>

struct boot_info boot_info;

struct layout layout;

/* 1 when all of the group that page @n is one of lies within pages @first to @end - 1. */
/*@ requires range: n < PFN_COUNT;
    terminates \true; exits \false; assigns \nothing;
    ensures whole: \result != 0 <==> first <= n - n % CONTIGUOUS_PAGES &&
      n - n % CONTIGUOUS_PAGES + CONTIGUOUS_PAGES <= end;
*/
static u32 is_whole(u64 n, u64 first, u64 end)
{
	u64 group = n - n % CONTIGUOUS_PAGES;

	return first <= group && group + CONTIGUOUS_PAGES <= end;
}

/* Claim frames @first to @first + @count - 1 one by one, or by 512 where they are whole blocks. Of what
 * is left, whole groups are mapped as such: nothing that is claimed changes again. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires kind: kind <= MAP_DATA;
    requires range: first + count <= PFN_COUNT;
    requires inv: core_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: \result == 0 ==> core_inv{Here};
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM ||
      \result == HYP_ENOMEM;
    ensures claimed: \result == 0 ==> claimed{Here}(first, first + count, mapped, kind);
    ensures only: \result == 0 ==> only_claimed{Pre,Here}(first, first + count);
    ensures given: none_given{Pre} ==> none_given{Here};
*/
static s32 claim_range(u64 first, u64 count, u32 mapped, u32 kind)
{
	u64 done = 0;
	u32 group;
	s32 error;

	/*@ loop invariant range: 0 <= done <= count;
	    loop invariant blocks: (first + done) % 512 != 0 ==> !(first <= first + done - (first + done) % 512 &&
	      first + done - (first + done) % 512 + 512 <= first + count);
	    loop invariant inv: core_inv{Here};
	    loop invariant quiet: quiet{Here};
	    loop invariant claimed: claimed_part{Here}(first, first + done, mapped, kind, first, first + count);
	    loop invariant only: only_claimed{Pre,Here}(first, first + done);
	    loop invariant given: none_given{Pre} ==> none_given{Here};
	    loop assigns done, group, error, MM_STATE;
	    loop variant count - done;
	*/
	while (done < count) {
		u64 pfn = first + done;

		if (pfn % 512u == 0 && count - done >= 512u) {
			//@ assert block: \forall integer n; pfn <= n < pfn + 512 ==> n - n % 512 == pfn;
			error = hyp_claim(pfn, 2, mapped, kind);
			/*@ assert block_claimed: error == 0 ==>
			      claimed_part{Here}(pfn, pfn + 512, mapped, kind, first, first + count); */
			done = done + 512u;
		} else {
			group = is_whole(pfn, first, first + count) ? MAP_GROUP : 0;
			//@ assert kind: page_kind(kind, pfn, first, first + count) == kind + group;
			error = hyp_claim(pfn, 3, mapped, kind + group);
			/*@ assert page_claimed: error == 0 ==>
			      claimed_part{Here}(pfn, pfn + 1, mapped, kind, first, first + count); */
			done = done + 1u;
		}
		if (error != 0) {
			return error;
		}
		//@ assert before: claimed_part{Here}(first, pfn, mapped, kind, first, first + count);
	}
	return 0;
}

/* 1 when the image's sections are whole pages in order, within RAM. */
/*@ requires wf: mem_wf{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures placed: \result != 0 ==> image_placed{Here};
*/
static u32 image_ok(void)
{
	u64 base = boot_info.image_base.pa;
	u64 text = boot_info.text_end.pa;
	u64 rodata = boot_info.rodata_end.pa;
	u64 end = boot_info.image_end.pa;

	return base % PAGE_SIZE == 0 && text % PAGE_SIZE == 0 && rodata % PAGE_SIZE == 0 &&
	       end % PAGE_SIZE == 0 && base < text && text < rodata && rodata < end &&
	       end / PAGE_SIZE <= PFN_COUNT &&
	       mem_kind(base / PAGE_SIZE, (end - base) / PAGE_SIZE) == MEM_RAM;
}

/* 1 when the carve-out has the size that was asked for and lies in RAM, clear of the image. */
/*@ requires wf: mem_wf{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures placed: \result != 0 ==> carveout_placed{Here};
*/
static u32 carveout_ok(void)
{
	u64 base = boot_info.carveout_base.pa;
	u64 size = boot_info.carveout_size;
	u64 frames = size / PAGE_SIZE;

	if (size == 0 || size != hyp_carveout_size(mem.frames, boot_info.cpu_count) ||
	    base % CARVEOUT_ALIGN_BYTES != 0 || base == 0 || frames > PFN_COUNT ||
	    base / PAGE_SIZE > PFN_COUNT - frames) {
		return 0;
	}
	if (base < boot_info.image_end.pa && boot_info.image_base.pa < base + size) {
		return 0;
	}
	return mem_kind(base / PAGE_SIZE, frames) == MEM_RAM;
}

/* Every width the trees depend on is one that they know. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures known: \result != 0 <==> machine_known{Here};
*/
static u32 machine_ok(void)
{
	u32 bits = boot_info.pa_bits;

	return boot_info.cpu_count >= 1 && boot_info.cpu_count <= CPUS_MAX && boot_info.e2h <= 1 &&
	       boot_info.mode <= MODE_NVHE && boot_info.console_base.pa / PAGE_SIZE < PFN_COUNT &&
	       (bits == 32 || bits == 36 || bits == 40 || bits == 42 || bits == 44 || bits == 48);
}

/* Believe boot_info as far as it can be checked, and divide the carve-out. */
/*@ terminates \true; exits \false; assigns mem, layout;
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_ENOMEM;
    ensures wf: \result == 0 ==> mem_wf{Here};
    ensures width: \result == 0 ==> \forall integer n; is_ram{Here}(n) ==> n < pfn_limit(boot_info.pa_bits);
    ensures known: \result == 0 ==> machine_known{Here} && boot_ok{Here};
    ensures image: \result == 0 ==> image_placed{Here};
    ensures carveout: \result == 0 ==> carveout_placed{Here};
    ensures layout: \result == 0 ==> layout_placed{Here} && layout_whole{Here};
*/
static s32 boot_info_use(void)
{
	s32 error;

	if (!machine_ok()) {
		return HYP_EINVAL;
	}
	error = mem_setup();
	if (error != 0) {
		return error;
	}
	if (!image_ok() || !carveout_ok()) {
		return HYP_EINVAL;
	}
	layout = layout_divide(boot_info.carveout_base.pa / PAGE_SIZE, boot_info.carveout_size / PAGE_SIZE,
			       mem.frames, boot_info.cpu_count);
	if (layout.pool_count == 0) {
		return HYP_ENOMEM;
	}
	return 0;
}

/* Clear the roots of both trees. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires roots: roots_placed{Here} && layout_placed{Here} && width_known(boot_info.pa_bits);
    requires pool: pool_inv{Here} && pool.first == layout.pool;
    requires none: no_tables{Here};
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], tbl_tree[0 .. PFN_COUNT - 1], tbl_level[0 .. PFN_COUNT - 1];
    ensures zeroed: roots_zeroed{Here}(PGT_HYP) && roots_zeroed{Here}(PGT_HOST);
    ensures own: \forall integer f; is_root{Here}(PGT_HYP, f) ==> tbl_tree[f] == PGT_HYP + 1 &&
      tbl_level[f] == pgt[PGT_HYP].start;
    ensures host: \forall integer f; is_root{Here}(PGT_HOST, f) ==> tbl_tree[f] == PGT_HOST + 1 &&
      tbl_level[f] == pgt[PGT_HOST].start;
    ensures others: \forall integer f; 0 <= f < PFN_COUNT && !is_root{Here}(PGT_HYP, f) &&
      !is_root{Here}(PGT_HOST, f) ==> tbl_tree[f] == 0;
    ensures pool: pool_inv{Here};
*/
static void roots_clear(void)
{
	u32 i;

	frame_zero(layout.s1_root);
	/*@ ghost
	  tbl_tree[layout.s1_root] = PGT_HYP + 1;
	  tbl_level[layout.s1_root] = 0;
	*/
	/*@ loop invariant range: 0 <= i <= pgt[PGT_HOST].root_count;
	    loop invariant own: zeroed{Here}(layout.s1_root) && tbl_tree[layout.s1_root] == PGT_HYP + 1 &&
	      tbl_level[layout.s1_root] == 0;
	    loop invariant zeroed: \forall integer f; layout.s2_root <= f < layout.s2_root + i ==>
	      zeroed{Here}(f) && tbl_tree[f] == PGT_HOST + 1 && tbl_level[f] == pgt[PGT_HOST].start;
	    loop invariant others: \forall integer f; 0 <= f < PFN_COUNT && f != layout.s1_root &&
	      !(layout.s2_root <= f < layout.s2_root + i) ==> tbl_tree[f] == 0;
	    loop invariant pool: \forall integer g, j; pool_frame{Here}(g) && 0 <= j < 512 ==>
	      frame[g].e[j] == \at(frame[g].e[j],Pre);
	    loop assigns i, frame[0 .. PFN_COUNT - 1], tbl_tree[0 .. PFN_COUNT - 1],
	      tbl_level[0 .. PFN_COUNT - 1];
	    loop variant pgt[PGT_HOST].root_count - i;
	*/
	for (i = 0; i < pgt[PGT_HOST].root_count; i++) {
		frame_zero(layout.s2_root + i);
		/*@ ghost
		  tbl_tree[layout.s2_root + i] = PGT_HOST + 1;
		  tbl_level[layout.s2_root + i] = (u8)pgt[PGT_HOST].start;
		*/
	}
}

/* Empty trees: Hypatia's own over 48 bits, the host's over the physical address width. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires wf: mem_wf{Here};
    requires width: \forall integer n; is_ram{Here}(n) ==> n < pfn_limit(boot_info.pa_bits);
    requires known: machine_known{Here} && layout_placed{Here};
    requires pool: pool_inv{Here} && pool.first == layout.pool && pool.count == layout.pool_count;
    requires unused: \forall integer f; pool_frame{Here}(f) ==> pool_ref[f] == 0;
    requires none: no_tables{Here};
    requires host: all_host{Here};
    terminates \true; exits \false;
    assigns pgt[0 .. PGT_COUNT - 1], frame[0 .. PFN_COUNT - 1], tbl_tree[0 .. PFN_COUNT - 1],
            tbl_level[0 .. PFN_COUNT - 1];
    ensures roots: roots_placed{Here};
    ensures inv: core_inv{Here};
    ensures empty: \forall integer t, n; 0 <= t < 2 && 0 <= n < PFN_COUNT ==> xl{Here}(t, n) == 0;
*/
static void trees_setup(void)
{
	u32 bits = boot_info.pa_bits;

	pgt[PGT_HYP].root = layout.s1_root;
	pgt[PGT_HYP].start = 0;
	pgt[PGT_HYP].root_count = 1;
	pgt[PGT_HOST].root = layout.s2_root;
	pgt[PGT_HOST].start = bits > 43 ? 0 : 1;
	pgt[PGT_HOST].root_count = bits == 42 ? 8 : bits == 40 ? 2 : 1;
	roots_clear();
	//@ assert nodes: wf_nodes{Here};
	//@ assert entries: wf_entries{Here};
	//@ assert children: wf_children{Here};
	//@ assert roots: wf_root{Here}(0) && wf_root{Here}(1);
	//@ assert counted: counted{Here};
	//@ assert empty_host: \forall integer n; 0 <= n < PFN_COUNT ==> xl{Here}(PGT_HOST, n) == 0;
	//@ assert empty_own: \forall integer n; 0 <= n < PFN_COUNT ==> xl{Here}(PGT_HYP, n) == 0;
	/*@ assert within: \forall integer n; 0 <= n < pfn_limit(boot_info.pa_bits) ==>
	      in_tree{Here}(PGT_HOST, n) && n < PFN_COUNT; */
	//@ assert frames: frames_inv{Here};
	//@ assert host: host_inv{Here};
	//@ assert own: hyp_inv{Here};
	//@ assert reach: reach{Here};
}

/* The stacks, each above a guard page that EL2 does not map. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires layout: layout_placed{Here} && boot_info.cpu_count <= CPUS_MAX;
    requires inv: core_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: \result == 0 ==> core_inv{Here};
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM ||
      \result == HYP_ENOMEM;
    ensures claimed: \result == 0 ==> stacks_claimed{Here}(layout.stacks, boot_info.cpu_count);
    ensures only: \result == 0 ==> only_claimed{Pre,Here}(layout.stacks, layout.meta);
    ensures given: none_given{Pre} ==> none_given{Here};
*/
static s32 claim_stacks(void)
{
	u64 at = layout.stacks;
	u32 cpu;
	s32 error;

	/*@ loop invariant range: 0 <= cpu <= boot_info.cpu_count;
	    loop invariant at: at == layout.stacks + 3 * cpu;
	    loop invariant inv: core_inv{Here};
	    loop invariant quiet: quiet{Here};
	    loop invariant claimed: stacks_claimed{Here}(layout.stacks, cpu);
	    loop invariant only: only_claimed{Pre,Here}(layout.stacks, at);
	    loop invariant given: none_given{Pre} ==> none_given{Here};
	    loop assigns cpu, at, error, MM_STATE;
	    loop variant boot_info.cpu_count - cpu;
	*/
	for (cpu = 0; cpu < boot_info.cpu_count; cpu++) {
		error = claim_range(at, STACK_GUARD_PAGES, 0, MAP_DATA);
		if (error != 0) {
			return error;
		}
		//@ ghost guarded: ;
		error = claim_range(at + STACK_GUARD_PAGES, STACK_PAGES, 1, MAP_DATA);
		if (error != 0) {
			return error;
		}
		//@ assert stack: stack_claimed{Here}(layout.stacks, cpu);
		//@ assert one: only_claimed{LoopCurrent,Here}(at, at + 3);
		//@ assert before: stacks_claimed{Here}(layout.stacks, cpu);
		//@ assert next: stacks_claimed{Here}(layout.stacks, cpu + 1);
		at = at + STACK_GUARD_PAGES + STACK_PAGES;
	}
	return 0;
}

/* Image, stacks and the rest of the carve-out become Hypatia's own, at EL2 with the rights that they need. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires placed: image_placed{Here} && layout_placed{Here} && boot_info.cpu_count <= CPUS_MAX;
    requires clear: boot_info.image_end.pa / 4096 <= layout.stacks ||
      layout.end <= boot_info.image_base.pa / 4096;
    requires inv: core_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: \result == 0 ==> core_inv{Here};
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM ||
      \result == HYP_ENOMEM;
    ensures image: \result == 0 ==> image_claimed{Here};
    ensures carveout: \result == 0 ==> carveout_claimed{Here};
    ensures only: \result == 0 ==> \forall integer n; 0 <= n < PFN_COUNT && elsewhere{Here}(n) ==>
      fm_state[n] == \old(fm_state[n]) && fm_count[n] == \old(fm_count[n]) &&
      xl{Here}(PGT_HOST, n) == xl{Pre}(PGT_HOST, n);
    ensures given: none_given{Pre} ==> none_given{Here};
*/
static s32 claim_all(void)
{
	u64 base = boot_info.image_base.pa / PAGE_SIZE;
	u64 text = boot_info.text_end.pa / PAGE_SIZE;
	u64 rodata = boot_info.rodata_end.pa / PAGE_SIZE;
	u64 end = boot_info.image_end.pa / PAGE_SIZE;
	s32 error;

	error = claim_range(base, text - base, 1, MAP_TEXT);
	if (error != 0) {
		return error;
	}
	//@ ghost text_done: ;
	error = claim_range(text, rodata - text, 1, MAP_RODATA);
	if (error != 0) {
		return error;
	}
	//@ ghost rodata_done: ;
	error = claim_range(rodata, end - rodata, 1, MAP_DATA);
	if (error != 0) {
		return error;
	}
	//@ ghost image_done: ;
	//@ assert image: image_claimed{Here};
	error = claim_stacks();
	if (error != 0) {
		return error;
	}
	//@ ghost stacks_done: ;
	//@ assert image_still: image_claimed{Here};
	error = claim_range(layout.meta, layout.end - layout.meta, 1, MAP_DATA);
	if (error != 0) {
		return error;
	}
	//@ assert image_at_last: image_claimed{Here};
	//@ assert stacks: stacks_claimed{Here}(layout.stacks, boot_info.cpu_count);
	return 0;
}

/* The console's registers, for messages while booting and in a panic. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires console: boot_info.console_base.pa < 0x1000000000000;
    requires roots: roots_placed{Here};
    requires inv: core_inv{Here} && tables_owned{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns TABLE_STATE;
    ensures inv: core_inv{Here} && tables_owned{Here};
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_ENOMEM;
    ensures refused: 1 <= boot_info.console_base.pa / 4096 && is_ram{Here}(boot_info.console_base.pa / 4096) ==>
      \result == HYP_EINVAL;
    ensures mapped: \result == 0 && 1 <= boot_info.console_base.pa / 4096 ==>
      xl{Here}(PGT_HYP, boot_info.console_base.pa / 4096) ==
        d_flat(boot_info.console_base.pa / 4096, 3, map_attrs(boot_info.e2h, MAP_DEVICE));
    ensures others: only_claimed{Pre,Here}(boot_info.console_base.pa / 4096,
      boot_info.console_base.pa / 4096 + 1);
    ensures none: boot_info.console_base.pa / 4096 == 0 || is_ram{Here}(boot_info.console_base.pa / 4096) ==>
      same_xl{Pre,Here};
    ensures host: \forall integer n; 0 <= n < PFN_COUNT ==> xl{Here}(PGT_HOST, n) == xl{Pre}(PGT_HOST, n);
*/
static s32 map_console(void)
{
	u64 n = boot_info.console_base.pa / PAGE_SIZE;
	u64 leaf;
	s32 error;

	//@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && reach{Here};
	if (n == 0) {
		return 0;
	}
	if (mem_kind(n, 1) != MEM_DEVICE) {
		return HYP_EINVAL;
	}
	leaf = desc_flat(n, 3, desc_map_attrs(boot_info.e2h, MAP_DEVICE));
	error = pgt_set(PGT_HYP, n, 3, leaf);
	//@ assert single: \forall integer m; 0 <= m < PFN_COUNT ==> (same_entry(n, m, 3) <==> m == n);
	//@ assert console: error == 0 ==> xl{Here}(PGT_HYP, n) == leaf;
	/*@ assert others: \forall integer u, m; 0 <= u < 2 && 0 <= m < PFN_COUNT && (u != PGT_HYP || m != n) ==>
	      xl{Here}(u, m) == xl{Pre}(u, m); */
	//@ assert failed: error != 0 ==> xl{Here}(PGT_HYP, n) == xl{Pre}(PGT_HYP, n);
	/*@ assert host_views: \forall integer m; 0 <= m < PFN_COUNT ==> host_view{Pre}(m) &&
	      xl{Here}(PGT_HOST, m) == xl{Pre}(PGT_HOST, m) && fm_state[m] == \at(fm_state[m],Pre); */
	//@ assert host: host_inv{Here};
	//@ assert own_console: hyp_view{Here}(n);
	/*@ assert own_views: \forall integer m; 0 <= m < PFN_COUNT && m != n ==> hyp_view{Pre}(m) &&
	      xl{Here}(PGT_HYP, m) == xl{Pre}(PGT_HYP, m) && fm_state[m] == \at(fm_state[m],Pre) &&
	      fm_count[m] == \at(fm_count[m],Pre); */
	//@ assert own_others: \forall integer m; 0 <= m < PFN_COUNT && m != n ==> hyp_view{Here}(m);
	//@ assert own: hyp_inv{Here};
	//@ assert frames: frames_inv{Here} && reach{Here};
	//@ assert tables: tables_owned{Here};
	return error;
}

s32 hyp_setup(void)
{
	s32 error;

	error = boot_info_use();
	if (error != 0) {
		return error;
	}
	meta_place(layout.meta, layout.meta_count);
	pool_setup(layout.pool, layout.pool_count, layout.pool_stack, layout.pool_ref);
	trees_setup();
	vmid_setup(boot_info.vmid_bits);
	vm_setup();
	power_setup();
	//@ assert power: power_inv{Here};
	error = claim_all();
	if (error != 0) {
		return error;
	}
	//@ assert tables: tables_owned{Here};
	//@ ghost claims_done: ;
	error = map_console();
	/*@ assert apart: error == 0 ==> boot_info.console_base.pa / 4096 < layout.stacks ||
	      layout.end <= boot_info.console_base.pa / 4096; */
	//@ assert stacks: error == 0 ==> stacks_claimed{Here}(layout.stacks, boot_info.cpu_count);
	//@ assert image: error == 0 ==> image_placed{Here} && image_claimed{Here};
	//@ assert carveout: error == 0 ==> layout_placed{Here} && carveout_claimed{Here};
	//@ assert rest: error == 0 ==> rest_host{Here};
	//@ assert own: hyp_inv{Here};
	//@ assert groups: error == 0 ==> groups_whole{Here};
	//@ assert vms: no_vms{Here} && none_given{Here} && given_paged{Here} && no_guests{Here} && none_for_vms{Here};
	return error;
}

s32 hyp_finalise(void)
{
	/* The tables in force are the ones built by hyp_setup(), and they confine the host already. */
	if (pgt[PGT_HYP].root != layout.s1_root || layout.pool_count == 0) {
		return HYP_EINVAL;
	}
	machine_ids_setup();
	vectors_setup();
	/*@ assert memory: mm_inv{Here} && quiet{Here}; */
	/*@ assert vms: vms_inv{Here} && power_inv{Here}; */
	/*@ assert slots: slots_inv{Here}; */
	/*@ assert vmids: vmid_inv{Here}; */
	/*@ ghost // from here on a lock is held by who takes it
	  lock_held[LOCK_MM] = 0;
	  lock_held[LOCK_CPU] = 0;
	  lock_held[LOCK_VMID] = 0;
	*/
	return 0;
}

u64 hyp_ttbr0(void)
{
	return ttbr0_el2_pfn_put(pgt[PGT_HYP].root);
}

u64 hyp_stack_top(u32 cpu)
{
	return (layout.stacks + (cpu + 1u) * (u64)(STACK_GUARD_PAGES + STACK_PAGES)) * PAGE_SIZE;
}

u64 hyp_host_vttbr(void)
{
	return vttbr_el2_pfn_put(pgt[PGT_HOST].root) + vttbr_el2_vmid_put(VMID_HOST);
}

u64 hyp_pa_size(void)
{
	u32 bits = boot_info.pa_bits;

	return bits == 48 ? 5 : bits == 44 ? 4 : bits == 42 ? 3 : bits == 40 ? 2 : bits == 36 ? 1 : 0;
}

/* VTCR_EL2 of these fields. */
/*@ requires fields: t0sz < 64 && sl0 < 3 && ps < 8 && vs < 2;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == VTCR_EL2_COMMON + t0sz + 64 * sl0 + 0x10000 * ps + 0x80000 * vs;
    ensures t0sz: \result % 64 == t0sz;
    ensures sl0: \result / 64 % 4 == sl0;
    ensures ps: \result / 0x10000 % 8 == ps;
    ensures vs: \result / 0x80000 % 2 == vs;
*/
static u64 vtcr(u64 t0sz, u64 sl0, u64 ps, u64 vs)
{
	return VTCR_EL2_COMMON + vtcr_el2_t0sz_put(t0sz) + vtcr_el2_sl0_put(sl0) + vtcr_el2_ps_put(ps) +
	       vtcr_el2_vs_put(vs);
}

u64 hyp_host_vtcr(void)
{
	u32 bits = boot_info.pa_bits;

	return vtcr(64u - bits, bits > 43 ? 2 : 1, hyp_pa_size(), boot_info.vmid_bits == 16 ? 1 : 0);
}
