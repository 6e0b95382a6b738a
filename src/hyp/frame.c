/* SPDX-License-Identifier: BSD-2-Clause */
#include "frame.h"
#include "arch.h"
#include <lemmas/attrs.h>
#include <lemmas/mm/given_paged.h>
#include <lemmas/mm/pages.h>
#include <lemmas/mm/still.h>
#include <lemmas/mm/still_host.h>
#include <lemmas/tables/frees.h>
#include <lemmas/tables/rows.h>
#include <lemmas/tables/rows_ways.h>
#include <lemmas/tables/ways.h>

void frame_prune(u32 t, u64 pfn)
{
	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	pgt_prune(t, pfn);
	/*@ assert same: same_frames{Pre,Here} && same_machine{Pre,Here} && same_places{Pre,Here} &&
	      same_own_xl{Pre,Here}; */
	//@ assert host: host_inv{Here};
	//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
	//@ assert paged: given_paged{Here};
}

void frame_wipe(u64 pfn)
{
	frame_zero(pfn);
	frame_clean(pfn);
	/*@ ghost
	  int k = 0;
	  /@ loop invariant 0 <= k <= 512;
	     loop invariant \forall integer g; 0 <= g < PFN_COUNT && g != pfn ==>
	       nonzero{Here}(g, k) == nonzero{Pre}(g, k);
	     loop assigns k;
	     loop variant 512 - k;
	  @/
	  while (k < 512) {
	    k++;
	  }
	*/
	//@ assert counted: counted{Here};
	//@ assert rows: same_rows{Pre,Here};
	//@ assert way: same_nodes{Pre,Here};
	//@ assert wf: wf{Here};
	//@ assert pool: pool_inv{Here};
	//@ assert same: same_xl{Pre,Here};
}

u64 vm_entry_get(u64 f, u64 i)
{
	//@ assert sound: g_sound{Here}(f, g_tree[f]);
	/*@ assert open: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && wf_nodes{Here}; */
	//@ assert view: hyp_view{Here}(f) && frame_inv(fm_state[f], fm_count[f]);
	return guest_entry_get(f, i);
}

/* Write entry @i, the one for page @n, of table @f of VM @v. What the TLB has of it stays. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && g_tables{Here} && g_tlb == 0;
    requires table: g_tree[f] != 0 && i < 512 && f < PFN_COUNT;
    requires page: covers{Here}(f, n) && i == idx(n, g_level[f]);
    requires broken: d_valid(frame[f].e[i]) ==> !d_valid(e);
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending;
    ensures inv: mm_inv{Here} && quiet{Here};
    ensures value: frame[f].e[i] == e && only_entry{Pre,Here}(f, i);
    ensures same: same_xl{Pre,Here};
    ensures stale: d_valid(\old(frame[f].e[i])) ==> g_tlb == (g_level[f] == 3 ? 1 : 2) && g_tlb_vm + 1 == g_tree[f] &&
      g_tlb_page == n;
    ensures fresh: !d_valid(\old(frame[f].e[i])) ==> g_tlb == 0;
*/
static void vm_entry_write(u64 f, u64 i, u64 e, u64 n)
{
	/* A walk that sees the entry sees the cleared table that it leads to. */
	dsb_ishst();
	guest_entry_set(f, i, e, n);
	/*@ ghost
	  int k = 0;
	  /@ loop invariant 0 <= k <= 512;
	     loop invariant \forall integer g; 0 <= g < PFN_COUNT && g != f ==>
	       nonzero{Here}(g, k) == nonzero{Pre}(g, k);
	     loop assigns k;
	     loop variant 512 - k;
	  @/
	  while (k < 512) {
	    k++;
	  }
	*/
	//@ assert counted: counted{Here};
	//@ assert rows: same_rows{Pre,Here};
	//@ assert way: same_nodes{Pre,Here};
	//@ assert wf: wf{Here};
	//@ assert apart: !pool_frame{Here}(f);
	//@ assert frees: same_frees{Pre,Here};
	//@ assert pool: pool_inv{Here};
	//@ assert same: same_xl{Pre,Here};
	//@ assert unmoved: unmoved{Pre,Here} && same_own_xl{Pre,Here};
	/*@ assert open: host_inv{Pre} && hyp_inv{Pre} && frames_inv{Pre} && tables_owned{Pre} &&
	      reach{Pre} && groups_whole{Pre} && given_paged{Pre}; */
	//@ assert host: host_inv{Here};
	//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
	//@ assert paged: given_paged{Here};
	//@ assert inv: mm_inv{Here};
	dsb_ishst();
}

void vm_entry_set(u32 v, u64 f, u64 i, u64 e, u64 n)
{
	u64 old = vm_entry_get(f, i);

	vm_entry_write(f, i, e, n);
	if (desc_valid(old)) {
		guest_tlbi(v, vms[v].frame, n);
	}
}

void vm_entry_cut(u32 v, u64 f, u64 i, u64 n)
{
	vm_entry_write(f, i, 0, n);
	guest_tlbi_table(v, vms[v].frame, n);
}
