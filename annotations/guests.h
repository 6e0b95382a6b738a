/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of guests: which frames a VM has been given, and its tree of stage-2 tables.
 *
 * A VM's tree begins at level 1 with the frame that the VM keeps; its other tables are frames in HYP_VM that were given
 * for it, linked once and never taken out while the VM lives. Everything that is said of a tree is said of one entry at
 * a time, so it holds along every way through it. A dying VM's tree is walked by nobody, and nothing is said of it.
 *
 * Where one entry maps a block, the table that has the block's pages is kept behind it: walkers do not see it, but it
 * says what they see, and what is said of tables holds of it.
 */
#ifndef ANNOTATIONS_GUESTS_H
#define ANNOTATIONS_GUESTS_H

#include "mm.h"

/* What the code of guests' memory changes beside MM_STATE and VM_STATE, in assigns clauses. */
#define GUEST_GHOSTS g_tree[0 .. PFN_COUNT - 1], g_level[0 .. PFN_COUNT - 1], g_page[0 .. PFN_COUNT - 1], \
	g_table[0 .. PFN_COUNT - 1], g_slot[0 .. PFN_COUNT - 1], g_block[0 .. PFN_COUNT - 1], \
	g_pos[0 .. PFN_COUNT - 1], g_list[0 .. VMS_MAX - 1], g_walked[0 .. VMS_MAX - 1]
#define GUEST_TLB g_tlb, g_tlb_vm, g_tlb_page
#define GUEST_MEMORY vm_frames[0 .. VMS_MAX - 1], fm_vm[0 .. PFN_COUNT - 1], fm_link[0 .. PFN_COUNT - 1], \
	GUEST_GHOSTS, GUEST_TLB, vm_image[0 .. VMS_MAX - 1]

/*@ ghost
  // the VM that a frame was given for, + 1 (0: none); in the frame's metadata
  extern u8 fm_vm[PFN_COUNT];
  // of a block's first three frames: 16 bits each of the number of the table that is kept behind it; in their metadata
  extern u64 fm_link[PFN_COUNT];

  // a table of a guest: its VM + 1 (0: none), level, and a page that it is on the way to
  extern u8 g_tree[PFN_COUNT];
  extern u8 g_level[PFN_COUNT];
  extern u64 g_page[PFN_COUNT];

  // a frame of a guest's memory, or a table: the table and the entry that map it, or lead to it
  extern u64 g_table[PFN_COUNT];
  extern u64 g_slot[PFN_COUNT];
  // a table that is kept behind a block: the entry that maps the block (0: it is behind none)
  extern u64 g_block[PFN_COUNT];

  // the frames that were given for each VM, and the place of a frame among them
  struct frames { u64 p[PFN_COUNT]; };
  extern struct frames g_list[VMS_MAX];
  extern u64 g_pos[PFN_COUNT];

  // an entry of a guest's tree was made invalid, and the TLB may still have it: 0 none, 1 a page, 2 a block or a table
  extern u8 g_tlb;
  extern u32 g_tlb_vm;
  extern u64 g_tlb_page;
  // the TLB may hold what VM v's tree once said
  extern u8 g_walked[VMS_MAX];
*/

/*@ // what is wrong with a VM in state s of which something is asked that only a live one, only a dying one can do
    logic integer vm_missing(integer s) = s == VM_LIVE ? 0 : s == VM_DYING ? HYP_EPERM : HYP_ENOENT;
    logic integer vm_not_dying(integer s) = s == VM_DYING ? 0 : s == VM_LIVE ? HYP_EPERM : HYP_ENOENT;

    predicate is_gfn(integer n) = 0 <= n < GUEST_PAGES;

    // frame in state s is memory of a VM
    predicate guest_state(integer s) = s == FRAME_GUEST || s == FRAME_GUEST_SHARED_HOST || s == FRAME_HOST_SHARED_GUEST;

    // a VM is protected or not: which states its memory can be in, and that no other VM has it
    predicate fits(integer s, integer c, integer protected) = s == FRAME_HYP_VM || (protected != 0 ?
      s == FRAME_GUEST || s == FRAME_GUEST_SHARED_HOST : s == FRAME_HOST_SHARED_GUEST && c == 1);

    // f is a table of VM v; table f is on the way to page n
    predicate g_is{L}(integer v, integer f) = 0 <= v < VMS_MAX && 0 <= f < PFN_COUNT && \at(g_tree[f],L) == v + 1;
    predicate covers{L}(integer f, integer n) = same_entry(\at(g_page[f],L), n, \at(g_level[f],L) - 1);

    // e maps frame p as a page of a guest, whatever the guest may do with it
    predicate page_word(integer e, integer p) = d_pfn(e) == p && (e == d_flat(p, 3, S2_MEMORY) ||
      e == d_flat(p, 3, S2_READ) || e == d_flat(p, 3, S2_OLD) || e == d_flat(p, 3, S2_READ_OLD));

    // the table that is kept behind the block that begins with frame p; e, of a table of level l, leads to this table
    logic integer g_behind{L}(integer p) =
      \at(fm_link[p],L) + 0x10000 * \at(fm_link[p + 1],L) + 0x100000000 * \at(fm_link[p + 2],L);
    logic integer g_to{L}(integer e, integer l) = d_next(e, l) >= 0 ? d_next(e, l) : g_behind{L}(d_pfn(e));

    // what entry i of table f leads to: table c of the same VM, or frame p of its memory
    predicate g_child{L}(integer f, integer i, integer c) = 0 <= c < PFN_COUNT &&
      \at(g_tree[c],L) == \at(g_tree[f],L) && \at(g_level[c],L) == \at(g_level[f],L) + 1 &&
      covers{L}(f, \at(g_page[c],L)) && idx(\at(g_page[c],L), \at(g_level[f],L)) == i &&
      \at(g_table[c],L) == f && \at(g_slot[c],L) == i;
    // e, of a table of level l, says what table c behind it is: it leads to it, or maps a block of what that maps
    predicate g_says{L}(integer e, integer l, integer c) = 0 <= e <= 0xFFFFFFFFFFFFFFFF && c == g_to{L}(e, l) &&
      ((d_table(e, l) && \at(g_block[c],L) == 0) || (l == 2 && d_leaf(e, 2) && \at(g_block[c],L) == e));
    predicate g_leaf{L}(integer f, integer i, integer p) = 0 <= p < PFN_COUNT && is_ram{L}(p) &&
      \at(fm_vm[p],L) == \at(g_tree[f],L) && guest_state(\at(fm_state[p],L)) &&
      \at(g_table[p],L) == f && \at(g_slot[p],L) == i && page_word(\at(frame[f].e[i],L), p);
    // poisoned: the host took by force what was here, and nothing comes here any more
    predicate poison_word(integer e) = e == DESC_POISON_OWNED && !d_valid(e);
    predicate g_entry{L}(integer f, integer i, integer e) = e == 0 ||
      (\at(g_level[f],L) < 3 && g_says{L}(e, \at(g_level[f],L), g_to{L}(e, \at(g_level[f],L))) &&
        g_child{L}(f, i, g_to{L}(e, \at(g_level[f],L)))) ||
      (\at(g_level[f],L) == 3 && (poison_word(e) || g_leaf{L}(f, i, d_pfn(e))));

    // e, of table f, leads past frame p
    predicate g_past{L}(integer f, integer e, integer p) = e == 0 || (\at(g_level[f],L) < 3 ?
      g_to{L}(e, \at(g_level[f],L)) != p : poison_word(e) || d_pfn(e) != p);

    // (the last argument of these names what the statement is found by: tree and contents of table f, owner of frame p)
    predicate g_live{L}(integer t) = t != 0 && \at(vms[t - 1].state,L) == VM_LIVE;
    predicate g_entries{L} = \forall integer f, i; 0 <= f < PFN_COUNT && 0 <= i < 512 && g_live{L}(\at(g_tree[f],L)) ==>
      g_entry{L}(f, i, \at(frame[f].e[i],L));

    // a table behind a block has the block's pages, each as the block maps it
    predicate g_paged{L}(integer c, integer i, integer e) = e != 0 ==>
      d_leaf(e, 2) && \at(frame[c].e[i],L) == d_sub(e, 2, i);
    // e, which maps a block, has for entry i of table c what that maps
    predicate page_leaf{L}(integer c, integer e, integer i) = g_leaf{L}(c, i, d_pfn(e) + i);
    predicate g_blocks{L} = \forall integer c, i; 0 <= c < PFN_COUNT && 0 <= i < 512 && g_live{L}(\at(g_tree[c],L)) ==>
      g_paged{L}(c, i, \at(g_block[c],L));

    predicate g_sound{L}(integer f, integer t) = t != 0 ==> 1 <= t <= VMS_MAX && is_ram{L}(f) &&
      \at(fm_state[f],L) == FRAME_HYP_VM && 1 <= \at(g_level[f],L) <= 3 && is_gfn(\at(g_page[f],L)) &&
      vm_holds(\at(vms[t - 1].state,L)) &&
      (\at(fm_vm[f],L) == t || (\at(fm_vm[f],L) == 0 && f == \at(vms[t - 1].frame,L)));
    predicate g_tables{L} = \forall integer f; 0 <= f < PFN_COUNT ==> g_sound{L}(f, \at(g_tree[f],L));

    predicate g_rooted{L}(integer v, integer f) = vm_holds(\at(vms[v].state,L)) ==>
      0 <= f < PFN_COUNT && \at(g_tree[f],L) == v + 1 && \at(g_level[f],L) == 1 && \at(fm_vm[f],L) == 0 &&
      \at(g_block[f],L) == 0;
    predicate g_roots{L} = \forall integer v; 0 <= v < VMS_MAX ==> g_rooted{L}(v, \at(vms[v].frame,L));

    // frame p, given for a VM: the VM is there, counts it, and p is in a state that fits it
    predicate g_counted{L}(integer p, integer t) = t != 0 ==> 1 <= t <= VMS_MAX && is_ram{L}(p) &&
      vm_holds(\at(vms[t - 1].state,L)) && fits(\at(fm_state[p],L), \at(fm_count[p],L), \at(vms[t - 1].protected,L)) &&
      0 <= \at(g_pos[p],L) < \at(vm_frames[t - 1],L) && \at(vm_frames[t - 1],L) <= 2 * GUEST_PAGES &&
      \at(g_list[t - 1].p[g_pos[p]],L) == p;
    predicate g_owned{L}(integer p, integer s) = is_ram{L}(p) && guest_state(s) ==> \at(fm_vm[p],L) != 0;
    predicate g_frames{L} = (\forall integer p; 0 <= p < PFN_COUNT ==> g_counted{L}(p, \at(fm_vm[p],L))) &&
      (\forall integer p; 0 <= p < PFN_COUNT ==> g_owned{L}(p, \at(fm_state[p],L)));

    // no TLB holds what is not so any more
    predicate g_quiet{L} = \at(g_tlb,L) == 0 &&
      (\forall integer v; 0 <= v < VMS_MAX && \at(vms[v].state,L) != VM_LIVE ==> \at(g_walked[v],L) == 0);

    predicate guests_inv{L} = g_entries{L} && g_blocks{L} && g_tables{L} && g_roots{L} && g_frames{L} && g_quiet{L};

    // the tables on the way to page n of VM v, and the entry that its way ends in
    logic integer g_two{L}(integer v, integer n) = next{L}(\at(vms[v].frame,L), idx(n, 1), 1);
    logic integer g_below{L}(integer f, integer i) = f < 0 ? -1 : \at(frame[f].e[i],L) == 0 ? -1 :
      g_to{L}(\at(frame[f].e[i],L), 2);
    logic integer g_three{L}(integer v, integer n) = g_below{L}(g_two{L}(v, n), idx(n, 2));
    logic integer g_node{L}(integer v, integer n, integer l) =
      l == 1 ? \at(vms[v].frame,L) : l == 2 ? g_two{L}(v, n) : g_three{L}(v, n);
    logic integer g_xl{L}(integer v, integer n) =
      g_three{L}(v, n) >= 0 ? \at(frame[g_three{L}(v, n)].e[idx(n, 3)],L) : 0;

    // f of level l is the last table on the way to page n of VM v, and none above it
    predicate g_above{L}(integer v, integer n, integer f, integer l) =
      (l >= 2 ==> 0 <= \at(vms[v].frame,L) < PFN_COUNT && \at(vms[v].frame,L) != f &&
        \at(fm_state[\at(vms[v].frame,L)],L) == FRAME_HYP_VM) &&
      (l == 3 ==> 0 <= g_two{L}(v, n) < PFN_COUNT && g_two{L}(v, n) != f &&
        \at(fm_state[g_two{L}(v, n)],L) == FRAME_HYP_VM);

    // every VM has its memory where it had it, by way of the same tables
    predicate g_same_way{L,M}(integer v, integer n) = g_two{M}(v, n) == g_two{L}(v, n) &&
      g_three{M}(v, n) == g_three{L}(v, n) && g_xl{M}(v, n) == g_xl{L}(v, n);
    predicate g_same_ways{L,M} = \forall integer v, n; 0 <= v < VMS_MAX && is_gfn(n) &&
      \at(vms[v].state,L) == VM_LIVE ==> g_same_way{L,M}(v, n);

    // what a walk finds for page n of VM v: what the walker makes of a page's entry, or of a block's
    logic integer g_walk{L}(integer v, integer n) = g_two{L}(v, n) < 0 ? 0 :
      next{L}(g_two{L}(v, n), idx(n, 2), 2) >= 0 ?
        \at(frame[next{L}(g_two{L}(v, n), idx(n, 2), 2)].e[idx(n, 3)],L) :
        d_page(\at(frame[g_two{L}(v, n)].e[idx(n, 2)],L), 2, n);

    // the same frames were given for the same VMs
    predicate same_given{L,M} = \forall integer p; 0 <= p < PFN_COUNT ==> \at(fm_vm[p],M) == \at(fm_vm[p],L);
    predicate given_but{L,M}(integer f) = \forall integer p; 0 <= p < PFN_COUNT && p != f ==>
      \at(fm_vm[p],M) == \at(fm_vm[p],L);

    // the trees, as the ghosts say; the lists of frames
    predicate same_links{L,M} = \forall integer f; \at(fm_link[f],M) == \at(fm_link[f],L);
    predicate same_trees{L,M} = (\forall integer f; 0 <= f < PFN_COUNT ==> \at(g_tree[f],M) == \at(g_tree[f],L) &&
      \at(g_level[f],M) == \at(g_level[f],L) && \at(g_page[f],M) == \at(g_page[f],L) &&
      \at(g_table[f],M) == \at(g_table[f],L) && \at(g_slot[f],M) == \at(g_slot[f],L) &&
      \at(g_block[f],M) == \at(g_block[f],L)) && same_links{L,M};
    predicate same_spots{L,M} = (\forall integer v, k; 0 <= v < VMS_MAX && 0 <= k ==>
      \at(g_list[v].p[k],M) == \at(g_list[v].p[k],L)) &&
      (\forall integer p; 0 <= p < PFN_COUNT ==> \at(g_pos[p],M) == \at(g_pos[p],L));
    predicate same_lists{L,M} = same_spots{L,M} &&
      (\forall integer v; 0 <= v < VMS_MAX ==> \at(g_walked[v],M) == \at(g_walked[v],L));
    predicate same_ghosts{L,M} = same_given{L,M} && same_trees{L,M} && same_lists{L,M} && \at(g_tlb,M) == \at(g_tlb,L);

    // what guests' memory depends on of each VM that there is
    predicate same_all_vms{L,M} = \forall integer v; 0 <= v < VMS_MAX &&
      (vm_holds(\at(vms[v].state,L)) || vm_holds(\at(vms[v].state,M))) ==>
      \at(vms[v].state,M) == \at(vms[v].state,L) && \at(vms[v].protected,M) == \at(vms[v].protected,L) &&
      \at(vms[v].frame,M) == \at(vms[v].frame,L) && \at(vm_frames[v],M) == \at(vm_frames[v],L);

    // VMs are as they were but for the number of VM v's frames, which is d more
    predicate count_moved{L,M}(integer v, integer d) = (\forall integer w; 0 <= w < VMS_MAX ==>
      \at(vms[w].state,M) == \at(vms[w].state,L) && \at(vms[w].protected,M) == \at(vms[w].protected,L) &&
      \at(vms[w].frame,M) == \at(vms[w].frame,L) &&
      (w != v ==> \at(vm_frames[w],M) == \at(vm_frames[w],L))) &&
      \at(vm_frames[v],M) == \at(vm_frames[v],L) + d;

    // frame p was given for VM v; what was given for VM v is nobody's any more
    predicate joins{L,M}(integer v, integer p) = 0 <= v < VMS_MAX && 0 <= p < PFN_COUNT && \at(fm_vm[p],L) == 0 &&
      \at(fm_vm[p],M) == v + 1 && given_but{L,M}(p) && count_moved{L,M}(v, 1) &&
      0 <= \at(vm_frames[v],L) < 2 * GUEST_PAGES && \at(g_pos[p],M) == \at(vm_frames[v],L) &&
      \at(g_list[v].p[g_pos[p]],M) == p &&
      (\forall integer q; 0 <= q < PFN_COUNT && q != p ==> \at(g_pos[q],M) == \at(g_pos[q],L)) &&
      (\forall integer w, k; 0 <= w < VMS_MAX && 0 <= k && (w != v || k != \at(vm_frames[v],L)) ==>
        \at(g_list[w].p[k],M) == \at(g_list[w].p[k],L));
    predicate leaves{L,M}(integer v, integer p) = 0 <= v < VMS_MAX && 0 <= p < PFN_COUNT && \at(fm_vm[p],L) == v + 1 &&
      \at(fm_vm[p],M) == 0 && given_but{L,M}(p) && count_moved{L,M}(v, -1) &&
      (\forall integer q; 0 <= q < PFN_COUNT && q != p && \at(fm_vm[q],L) == v + 1 ==>
        0 <= \at(g_pos[q],M) < \at(vm_frames[v],M) && \at(g_list[v].p[g_pos[q]],M) == q) &&
      (\forall integer q; 0 <= q < PFN_COUNT && \at(fm_vm[q],L) != v + 1 ==> \at(g_pos[q],M) == \at(g_pos[q],L)) &&
      (\forall integer w, k; 0 <= w < VMS_MAX && 0 <= k && w != v ==>
        \at(g_list[w].p[k],M) == \at(g_list[w].p[k],L));

    // no table's place and no frame's but p's changed; no word of what Hypatia keeps for VMs but entry i of table f
    predicate trees_but{L,M}(integer p) = (\forall integer f; 0 <= f < PFN_COUNT && f != p ==>
      \at(g_tree[f],M) == \at(g_tree[f],L) && \at(g_level[f],M) == \at(g_level[f],L) &&
      \at(g_page[f],M) == \at(g_page[f],L) && \at(g_table[f],M) == \at(g_table[f],L) &&
      \at(g_slot[f],M) == \at(g_slot[f],L) && \at(g_block[f],M) == \at(g_block[f],L)) && same_links{L,M};
    predicate words_but{L,M}(integer f, integer i) = \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 &&
      \at(fm_state[g],L) == FRAME_HYP_VM && (g != f || j != i) ==> \at(frame[g].e[j],M) == \at(frame[g].e[j],L);

    // no word of what Hypatia keeps for VMs changed but the entries of the last two tables on the way to page n of VM v
    predicate words_but_way{L,M}(integer v, integer n) = \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 &&
      \at(fm_state[g],L) == FRAME_HYP_VM && (g != g_three{L}(v, n) || j != idx(n, 3)) &&
      (g != g_two{L}(v, n) || j != idx(n, 2)) ==> \at(frame[g].e[j],M) == \at(frame[g].e[j],L);

    // one frame p changes hands between the host and VM v
    predicate g_move{L,M}(integer v, integer p) = same_machine{L,M} && 0 <= v < VMS_MAX && 0 <= p < PFN_COUNT &&
      is_ram{L}(p) && only_frame{L,M}(p) && trees_but{L,M}(p);
    predicate g_joins{L,M}(integer v, integer p) = g_move{L,M}(v, p) && joins{L,M}(v, p) &&
      fits(\at(fm_state[p],M), \at(fm_count[p],M), \at(vms[v].protected,M)) && \at(vms[v].state,L) == VM_LIVE;
    predicate g_leaves{L,M}(integer v, integer p) = g_move{L,M}(v, p) && leaves{L,M}(v, p) &&
      \at(fm_state[p],M) == FRAME_HOST;
    // the host gave it, and entry i of table f of the last level maps it
    predicate g_mapped{L,M}(integer v, integer p, integer f, integer i) = g_joins{L,M}(v, p) &&
      \at(fm_state[p],L) == FRAME_HOST && guest_state(\at(fm_state[p],M)) && \at(g_tree[p],M) == \at(g_tree[p],L) &&
      g_is{L}(v, f) && \at(g_level[f],L) == 3 && \at(g_block[f],L) == 0 && 0 <= i < 512 &&
      \at(g_table[p],M) == f && \at(g_slot[p],M) == i && words_but{L,M}(f, i) &&
      page_word(\at(frame[f].e[i],M), p);
    // the host gave it, it is empty, and entry i of table f leads to it on the way to page n
    predicate g_linked{L,M}(integer v, integer p, integer f, integer i, integer n) = g_joins{L,M}(v, p) &&
      \at(fm_state[p],L) == FRAME_HOST && \at(fm_state[p],M) == FRAME_HYP_VM && zeroed{M}(p) &&
      \at(g_tree[p],L) == 0 && \at(g_tree[p],M) == v + 1 && \at(g_level[p],M) == \at(g_level[f],L) + 1 &&
      \at(g_table[p],M) == f && \at(g_slot[p],M) == i && \at(g_block[p],M) == 0 &&
      \at(g_page[p],M) == n && is_gfn(n) && covers{L}(f, n) && idx(n, \at(g_level[f],L)) == i &&
      g_is{L}(v, f) && \at(g_level[f],L) < 3 && \at(g_block[f],L) == 0 && 0 <= i < 512 && f != p &&
      words_but{L,M}(f, i) && \at(frame[f].e[i],M) == d_mktable(p);
    // it is the host's again, and entry i of table f, which mapped it, does not: it is empty, or it is poisoned
    predicate g_parted{L,M}(integer v, integer p, integer f, integer i) = g_leaves{L,M}(v, p) &&
      guest_state(\at(fm_state[p],L)) && \at(g_tree[p],M) == \at(g_tree[p],L) && g_is{L}(v, f) &&
      \at(g_level[f],L) == 3 && \at(g_block[f],L) == 0 && 0 <= i < 512 &&
      \at(g_table[p],L) == f && \at(g_slot[p],L) == i &&
      words_but{L,M}(f, i) && (\at(frame[f].e[i],M) == 0 || poison_word(\at(frame[f].e[i],M)));
    predicate g_unmapped{L,M}(integer v, integer p, integer f, integer i) = g_parted{L,M}(v, p, f, i) &&
      \at(frame[f].e[i],M) == 0;
    predicate g_poisoned{L,M}(integer v, integer p, integer f, integer i) = g_parted{L,M}(v, p, f, i) &&
      poison_word(\at(frame[f].e[i],M));
    // it is the host's again, and VM v is dying
    predicate g_taken_back{L,M}(integer v, integer p) = g_leaves{L,M}(v, p) &&
      \at(vms[v].state,L) == VM_DYING && \at(g_tree[p],M) == 0 &&
      (\forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != p && \at(fm_state[g],L) == FRAME_HYP_VM ==>
        \at(frame[g].e[j],M) == \at(frame[g].e[j],L));

    // frame p of VM v's memory, which stays where it is, is lent to the host, or is no more
    predicate g_lends{L,M}(integer v, integer p) = same_machine{L,M} && 0 <= v < VMS_MAX && 0 <= p < PFN_COUNT &&
      only_frame{L,M}(p) && same_ghosts{L,M} && same_all_vms{L,M} && same_vm_words{L,M} && \at(fm_vm[p],L) == v + 1 &&
      guest_state(\at(fm_state[p],L)) && guest_state(\at(fm_state[p],M)) &&
      fits(\at(fm_state[p],M), \at(fm_count[p],M), \at(vms[v].protected,M));

    // what a guest may do with the page that entry i of table f maps changed, and nothing else
    predicate g_marks{L,M}(integer f, integer i) = same_machine{L,M} && 0 <= f < PFN_COUNT && 0 <= i < 512 &&
      same_frames{L,M} && same_ghosts{L,M} && same_all_vms{L,M} && words_but{L,M}(f, i) && \at(g_level[f],L) == 3 &&
      \at(g_block[f],L) == 0 && g_leaf{L}(f, i, d_pfn(\at(frame[f].e[i],M))) &&
      page_word(\at(frame[f].e[i],M), d_pfn(\at(frame[f].e[i],M)));

    // entry i of table f of level 2 leads to table c of VM v, or maps a block of what that maps, before as after; links
    // of frames that c maps are for that
    predicate g_trees_turned{L,M}(integer c) = (\forall integer g; 0 <= g < PFN_COUNT ==>
      \at(g_tree[g],M) == \at(g_tree[g],L) && \at(g_level[g],M) == \at(g_level[g],L) &&
      \at(g_page[g],M) == \at(g_page[g],L) && \at(g_table[g],M) == \at(g_table[g],L) &&
      \at(g_slot[g],M) == \at(g_slot[g],L) && (g != c ==> \at(g_block[g],M) == \at(g_block[g],L))) &&
      (\forall integer q; 0 <= q < PFN_COUNT && \at(g_table[q],L) != c ==> \at(fm_link[q],M) == \at(fm_link[q],L));
    // links are as they were, but those of the block that begins with frame p
    predicate g_links_but{L,M}(integer p) = \forall integer q; 0 <= q < PFN_COUNT && (q < p || q > p + 2) ==>
      \at(fm_link[q],M) == \at(fm_link[q],L);
    // table c maps the first three frames of the block of e
    predicate g_linked_by{L}(integer c, integer e) =
      page_leaf{L}(c, e, 0) && page_leaf{L}(c, e, 1) && page_leaf{L}(c, e, 2);
    predicate g_else_same{L,M}(integer c) = same_machine{L,M} && same_frames{L,M} && same_given{L,M} &&
      same_lists{L,M} && same_all_vms{L,M} && \at(g_tlb,M) == \at(g_tlb,L) && g_trees_turned{L,M}(c);
    predicate g_turned{L,M}(integer v, integer f, integer i, integer c) = g_else_same{L,M}(c) &&
      g_is{L}(v, f) && \at(vms[v].state,L) == VM_LIVE && \at(g_level[f],L) == 2 && \at(g_block[f],L) == 0 &&
      0 <= i < 512 &&
      g_child{L}(f, i, c) && words_but{L,M}(f, i) &&
      g_says{L}(\at(frame[f].e[i],L), 2, c) && g_says{M}(\at(frame[f].e[i],M), 2, c) &&
      (\forall integer k; 0 <= k < 512 ==> g_paged{M}(c, k, \at(g_block[c],M)));

    // all VMs but v are as they were
    predicate other_vms{L,M}(integer v) = \forall integer w; 0 <= w < VMS_MAX && w != v ==>
      \at(vms[w].state,M) == \at(vms[w].state,L) && \at(vms[w].protected,M) == \at(vms[w].protected,L) &&
      \at(vms[w].frame,M) == \at(vms[w].frame,L) && \at(vm_frames[w],M) == \at(vm_frames[w],L);
    // VM v, which was not there, begins with frame p as its root; VM v, which has nothing left, ends
    predicate g_turn{L,M}(integer v, integer p) = g_move{L,M}(v, p) && same_given{L,M} && same_lists{L,M} &&
      other_vms{L,M}(v) && \at(fm_vm[p],L) == 0 &&
      (\forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != p &&
        \at(fm_state[g],L) == FRAME_HYP_VM ==> \at(frame[g].e[j],M) == \at(frame[g].e[j],L));
    predicate g_began{L,M}(integer v, integer p) = g_turn{L,M}(v, p) && !vm_holds(\at(vms[v].state,L)) &&
      \at(vms[v].state,M) == VM_LIVE && \at(vms[v].frame,M) == p && \at(fm_state[p],L) == FRAME_HOST &&
      \at(fm_state[p],M) == FRAME_HYP_VM && \at(g_tree[p],M) == v + 1 && \at(g_level[p],M) == 1 &&
      \at(g_page[p],M) == 0 && \at(g_block[p],M) == 0 && zeroed{M}(p);
    predicate g_ended{L,M}(integer v, integer p) = g_turn{L,M}(v, p) && \at(vms[v].state,L) == VM_DYING &&
      !vm_holds(\at(vms[v].state,M)) && \at(vm_frames[v],L) == 0 && \at(vms[v].frame,L) == p &&
      \at(fm_state[p],M) == FRAME_HOST && \at(g_tree[p],M) == 0;

    // VM v begins to die
    predicate g_dies{L,M}(integer v) = 0 <= v < VMS_MAX && same_machine{L,M} && same_vm_frames{L,M} &&
      same_given{L,M} && same_trees{L,M} && same_spots{L,M} && other_vms{L,M}(v) && \at(vms[v].state,L) == VM_LIVE &&
      \at(vms[v].state,M) == VM_DYING && \at(vms[v].protected,M) == \at(vms[v].protected,L) &&
      \at(vms[v].frame,M) == \at(vms[v].frame,L) && \at(vm_frames[v],M) == \at(vm_frames[v],L);

    // frame f, which is no guest's and in no tree, changed hands between the host and Hypatia, or its contents
    predicate g_else{L,M}(integer f) = same_machine{L,M} && only_frame{L,M}(f) && same_ghosts{L,M} &&
      same_all_vms{L,M} && \at(g_tree[f],L) == 0 && \at(fm_vm[f],L) == 0 && !guest_state(\at(fm_state[f],M)) &&
      (\forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != f && \at(fm_state[g],L) == FRAME_HYP_VM ==>
        \at(frame[g].e[j],M) == \at(frame[g].e[j],L));

    // there are no guests, and there is nothing of any
    predicate no_guests{L} = (\forall integer f; 0 <= f < PFN_COUNT ==> \at(g_tree[f],L) == 0) && \at(g_tlb,L) == 0 &&
      (\forall integer v; 0 <= v < VMS_MAX ==> \at(g_walked[v],L) == 0);
    predicate none_for_vms{L} = \forall integer f; 0 <= f < PFN_COUNT ==> \at(fm_vm[f],L) == 0;
*/

#endif
