/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest_way.h"
#include "arch.h"
#include "frame.h"
#include <lemmas/guests/block_pages.h>
#include <lemmas/guests/low.h>
#include <lemmas/guests/to_one.h>
#include <lemmas/guests/walk.h>
#include <lemmas/guests/way_two.h>

/* 16 bits of the number of the table behind a block that has frame @pfn. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires wf: mem_wf{Here} && is_ram{Here}(pfn);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == fm_link[pfn];
*/
static u64 link_get(u64 pfn)
{
	return frame_link_get(pfn, mem_record(pfn));
}

u64 guest_table_behind(u64 entry, u32 level)
{
	u64 pfn = desc_pfn(entry);

	if (desc_is_table(entry, level)) {
		return pfn;
	}
	//@ assert behind: level == 2 && d_leaf(entry, 2) && g_to{Here}(entry, level) == g_behind{Here}(pfn);
	//@ assert child: g_says{Here}(entry, 2, g_behind{Here}(pfn));
	//@ assert mine: 1 <= g_tree[g_behind{Here}(pfn)] <= VMS_MAX;
	//@ assert live: g_live{Here}(g_tree[g_behind{Here}(pfn)]) && 0 <= g_behind{Here}(pfn) < PFN_COUNT;
	//@ assert block: g_block[g_behind{Here}(pfn)] == entry;
	//@ assert last: g_level[g_behind{Here}(pfn)] == 3;
	//@ assert open: g_entries{Here} && g_blocks{Here};
	/*@ assert paged: g_paged{Here}(g_behind{Here}(pfn), 0, entry) &&
	      g_paged{Here}(g_behind{Here}(pfn), 1, entry) && g_paged{Here}(g_behind{Here}(pfn), 2, entry); */
	//@ assert leaf_0: page_leaf{Here}(g_behind{Here}(pfn), entry, 0);
	//@ assert leaf_1: page_leaf{Here}(g_behind{Here}(pfn), entry, 1);
	//@ assert leaf_2: page_leaf{Here}(g_behind{Here}(pfn), entry, 2);
	//@ assert frames: is_ram{Here}(pfn) && is_ram{Here}(pfn + 1) && is_ram{Here}(pfn + 2);
	return link_get(pfn) + 0x10000u * link_get(pfn + 1u) + 0x100000000u * link_get(pfn + 2u);
}

u64 guest_block_of(u64 c)
{
	u64 entry = vm_entry_get(c, 0);
	u64 block;
	u64 i;

	if (desc_valid(entry) == 0) {
		return 0;
	}
	//@ assert leaf: g_leaf{Here}(c, 0, d_pfn(entry));
	block = desc_flat(desc_pfn(entry), 2, desc_page_attrs(entry_rights(entry, desc_pfn(entry))));
	/*@ loop invariant range: 0 <= i <= 512;
	    loop invariant same: \forall integer k; 0 <= k < i ==> frame[c].e[k] == d_sub(block, 2, k);
	    loop assigns i;
	    loop variant 512 - i;
	*/
	for (i = 0; i < 512u; i++) {
		if (vm_entry_get(c, i) != desc_sub(block, 2, i)) {
			return 0;
		}
	}
	/*@ assert words: frame[c].e[0] == d_sub(block, 2, 0) && frame[c].e[1] == d_sub(block, 2, 1) &&
	      frame[c].e[2] == d_sub(block, 2, 2); */
	//@ assert leaf_0: page_leaf{Here}(c, block, 0);
	//@ assert leaf_1: page_leaf{Here}(c, block, 1);
	//@ assert leaf_2: page_leaf{Here}(c, block, 2);
	return block;
}

u64 guest_table_above(u32 v, u64 n)
{
	u64 f;

	//@ assert facts: vm_holds(VM_LIVE) && g_rooted{Here}(v, vms[v].frame);
	//@ assert root: g_sound{Here}(vms[v].frame, g_tree[vms[v].frame]) && is_gfn(g_page[vms[v].frame]);
	//@ assert open: g_entries{Here} && g_roots{Here};
	/*@ assert two: g_two{Here}(v, n) >= 0 && g_is{Here}(v, g_two{Here}(v, n)) &&
	      g_level[g_two{Here}(v, n)] == 2 && g_block[g_two{Here}(v, n)] == 0 &&
	      g_child{Here}(g_two{Here}(v, n), idx(n, 2), g_three{Here}(v, n)) &&
	      g_says{Here}(frame[g_two{Here}(v, n)].e[idx(n, 2)], 2, g_three{Here}(v, n)); */
	/*@ assert child: g_child{Here}(vms[v].frame, idx(n, 1), g_two{Here}(v, n)) &&
	      g_level[vms[v].frame] == 1; */
	//@ assert top: covers{Here}(vms[v].frame, n);
	//@ assert covers: covers{Here}(g_two{Here}(v, n), n);
	f = desc_pfn(vm_entry_get(vms[v].frame, desc_index(n, 1)));
	//@ assert found: f == g_two{Here}(v, n) && f < PFN_COUNT;
	return f;
}
