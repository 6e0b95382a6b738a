/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of guests: what the host gives to a VM, and the VM's stage-2 tables.
 *
 * A VM is named by its index in the table of VMs, a page of a guest by its number (IPA / 4096). Every function runs
 * under LOCK_MM and keeps what that protects; one that returns an error has changed nothing that a guest or the host
 * could tell.
 */
#ifndef HYP_GUEST_H
#define HYP_GUEST_H

#include "lend.h"
#include "vm.h"

/* More frames than a VM can use: its pages, and tables for each. */
#define VM_FRAMES_MAX (2u * GUEST_PAGES)

/**
 * struct guest_place - how far the tables on the way to a page go
 * @table: the last of them
 * @index: the page's entry in it
 * @level: its level
 * @block: 1 when walkers do not see it, but the block that its pages make; else 0
 */
struct guest_place {
	u64 table;
	u64 index;
	u32 level;
	u32 block;
};

/*@ // VM v gets no such page: it has to have all of each, or has no image that this could be one of
    predicate guest_closed{L}(integer v, integer rights, integer measured) =
      (\at(vms[v].protected,L) != 0 && rights != 3) || (measured != 0 && \at(vm_image[v].state,L) != IMAGE_OPEN);
*/

/*@ // page n of VM v is part of a block
    predicate g_joined{L}(integer v, integer n) = g_three{L}(v, n) >= 0 && \at(g_block[g_three{L}(v, n)],L) != 0;
*/

/** guest_find() - the last table on the way to page @n of live VM @v */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && guests_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n) && vms[v].state == VM_LIVE;
    terminates \true; exits \false; assigns \nothing;
    ensures level: 1 <= \result.level <= 3 && \result.level == g_level[\result.table];
    ensures index: \result.index == idx(n, \result.level) && \result.index < 512;
    ensures table: g_is{Here}(v, \result.table) && covers{Here}(\result.table, n);
    ensures way: \result.table == g_node{Here}(v, n, \result.level);
    ensures last: \result.level < 3 ==> frame[\result.table].e[\result.index] == 0 && g_three{Here}(v, n) < 0 &&
      (\result.level == 1 ==> g_two{Here}(v, n) < 0);
    ensures above: g_above{Here}(v, n, \result.table, \result.level);
    ensures whole: \result.level == 3 ==> g_three{Here}(v, n) == \result.table;
    ensures block: \result.block <= 1 && (\result.block != 0 <==> g_block[\result.table] != 0);
    ensures seen: \result.block != 0 ==> \result.level == 3;
*/
struct guest_place guest_find(u32 v, u64 n);

/**
 * guest_join() - the pages that the last table on the way to page @n of VM @v has become a block
 *
 * They have to be frames in a row, the first a multiple of 512, and the guest can do the same with each. No page's
 * place changes. While the entry changes, a guest can find that there is no page.
 *
 * Return: 0; HYP_ENOENT without a VM or such pages; HYP_EPERM of a dying one; HYP_EBUSY when they are a block.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending, fm_link[0 .. PFN_COUNT - 1],
      g_block[0 .. PFN_COUNT - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result == 0 || \result == HYP_ENOENT || \result == HYP_EPERM || \result == HYP_EBUSY;
    ensures state: vms[v].state != VM_LIVE ==> \result == vm_missing(vms[v].state);
    ensures busy: vms[v].state == VM_LIVE && g_joined{Pre}(v, n) ==> \result == HYP_EBUSY;
    ensures missing: vms[v].state == VM_LIVE && !d_valid(g_xl{Pre}(v, n)) ==> \result == HYP_ENOENT;
    ensures joined: \result == 0 ==> g_joined{Here}(v, n);
    ensures same: g_same_ways{Pre,Here};
    ensures failed: \result != 0 ==> same_vm_words{Pre,Here};
*/
s32 guest_join(u32 v, u64 n);

/**
 * guest_split() - with @block, pages in place of the block that page @n of live VM @v is in. LOCK_MM held.
 *
 * No page's place changes. While the entry changes, a guest can find that there is no page.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n) && vms[v].state == VM_LIVE && g_three{Here}(v, n) >= 0;
    requires block: block != 0 <==> g_joined{Here}(v, n);
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending, g_block[0 .. PFN_COUNT - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures split: g_block[g_three{Pre}(v, n)] == 0;
    ensures same: g_same_ways{Pre,Here};
    ensures words: words_but{Pre,Here}(g_two{Pre}(v, n), idx(n, 2));
*/
void guest_split(u32 v, u64 n, u32 block);

/** guest_frame_leave() - frame @pfn, whose record is @r, is VM @v's no more. LOCK_MM held. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r) && pfn < PFN_COUNT;
    requires vm: v < VMS_MAX;
    requires owner: fm_vm[pfn] == v + 1;
    requires counts: \forall integer q; 0 <= q < PFN_COUNT && fm_vm[q] == v + 1 ==>
      g_pos[q] < vm_frames[v] && vm_frames[v] <= 2 * GUEST_PAGES && g_list[v].p[g_pos[q]] == q;
    terminates \true; exits \false;
    assigns fm_vm[pfn], vm_frames[v], g_pos[0 .. PFN_COUNT - 1], g_list[v];
    ensures left: leaves{Pre,Here}(v, pfn);
*/
void guest_frame_leave(u32 v, u64 pfn, u64 r);

/**
 * guest_table_give() - the host gives frame @pfn for the next table that is missing on the way to page @n of VM @v
 *
 * Return: 0; HYP_ENOENT without a VM; HYP_EPERM of a dying one, or when the frame is not the host's; HYP_EBUSY when no
 * table is missing; HYP_EINVAL when the frame is no RAM; HYP_ENOMEM when the pool is empty or the VM has too much.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures state: \old(vms[v].state) != VM_LIVE ==> \result == vm_missing(\old(vms[v].state));
    ensures busy: \old(vms[v].state) == VM_LIVE && g_three{Pre}(v, n) >= 0 ==> \result == HYP_EBUSY;
    ensures given: \result == 0 ==> fm_state[pfn] == FRAME_HYP_VM && fm_vm[pfn] == v + 1 &&
      (g_two{Pre}(v, n) < 0 ? g_two{Here}(v, n) : g_three{Here}(v, n)) == pfn;
    ensures others: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_given{Pre,Here};
*/
s32 guest_table_give(u32 v, u64 n, u64 pfn);

/**
 * guest_map() - VM @v gets frame @pfn of the host's as its page @n: for good when it is protected, else as a loan
 * @rights: what the page is, a sum of PAGE_WRITABLE and PAGE_YOUNG: of a protected VM both
 *
 * Of a VM whose image is measured: a page of that, when it is @measured, and else cleared. HYP_EPERM when there is no
 * image that grows.
 *
 * Return: 0; HYP_ENOENT without a VM, or when a table is missing on the way; HYP_EPERM of a dying one, or a protected
 * one that would not have all of the page, or when the frame is not the host's; HYP_EBUSY when the page is there;
 * HYP_EINVAL when the frame is no RAM; HYP_ENOMEM when the pool is empty or the VM has too much.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    requires rights: rights <= 3;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures state: \old(vms[v].state) != VM_LIVE ==> \result == vm_missing(\old(vms[v].state));
    ensures closed: \old(vms[v].state) == VM_LIVE && guest_closed{Pre}(v, rights, measured) ==> \result == HYP_EPERM;
    ensures missing: \old(vms[v].state) == VM_LIVE && !guest_closed{Pre}(v, rights, measured) &&
      g_three{Pre}(v, n) < 0 ==> \result == HYP_ENOENT;
    ensures busy: \old(vms[v].state) == VM_LIVE && !guest_closed{Pre}(v, rights, measured) && g_three{Pre}(v, n) >= 0 &&
      g_xl{Pre}(v, n) != 0 ==> \result == HYP_EBUSY;
    ensures mapped: \result == 0 ==> g_xl{Here}(v, n) == d_flat(pfn, 3, page_attrs(rights)) && fm_vm[pfn] == v + 1 &&
      fm_state[pfn] == (vms[v].protected != 0 ? FRAME_GUEST : FRAME_HOST_SHARED_GUEST);
    // of a VM with an image: a page of it has what was hashed, any other nothing
    ensures cleared: \result == 0 && vms[v].protected != 0 && vm_image[v].state != IMAGE_NONE && measured == 0 ==>
      zeroed{Here}(pfn) && vm_image[v].hash == \old(vm_image[v].hash);
    ensures hashed: \result == 0 && vms[v].protected != 0 && measured != 0 ==>
      page_hashed{Pre}(\old(vm_image[v].hash), n, pfn, vm_image[v].hash);
    ensures kept: \result == 0 && vms[v].protected != 0 && measured != 0 ==> \forall integer i; 0 <= i < 512 ==>
      frame[pfn].e[i] == \old(frame[pfn].e[i]);
    ensures others: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_given{Pre,Here};
*/
s32 guest_map(u32 v, u64 n, u64 pfn, u64 rights, u32 measured);

/**
 * guest_unmap() - the host takes page @n back from VM @v, which is not protected
 *
 * Return: 0; HYP_ENOENT without a VM or a page there; HYP_EPERM of a dying or a protected VM.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result == 0 || \result == HYP_ENOENT || \result == HYP_EPERM;
    ensures state: \old(vms[v].state) != VM_LIVE ==> \result == vm_missing(\old(vms[v].state));
    ensures protected: \old(vms[v].state) == VM_LIVE && vms[v].protected != 0 ==> \result == HYP_EPERM;
    ensures missing: \old(vms[v].state) == VM_LIVE && vms[v].protected == 0 ==>
      (\result == HYP_ENOENT <==> !d_valid(g_xl{Pre}(v, n)));
    ensures unmapped: \result == 0 ==> g_xl{Here}(v, n) == 0 && fm_state[d_pfn(g_xl{Pre}(v, n))] == FRAME_HOST &&
      fm_vm[d_pfn(g_xl{Pre}(v, n))] == 0;
    ensures others: only_frame{Pre,Here}(d_pfn(g_xl{Pre}(v, n))) && given_but{Pre,Here}(d_pfn(g_xl{Pre}(v, n)));
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_given{Pre,Here};
*/
s32 guest_unmap(u32 v, u64 n);

/**
 * guest_reclaim() - the host takes frame @pfn back that it had given to dying VM @v, for a table or as memory
 *
 * What the guest had for itself is cleared.
 *
 * Return: 0; HYP_ENOENT without a VM; HYP_EPERM when it is not dying, or the frame is not of it; HYP_EINVAL when the
 * frame is no RAM; HYP_ENOMEM when the pool is empty, for a frame that has to be cleared: nothing has changed then.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures state: \old(vms[v].state) != VM_DYING ==> \result == vm_not_dying(\old(vms[v].state));
    ensures ram: \old(vms[v].state) == VM_DYING && !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures owner: \old(vms[v].state) == VM_DYING && is_ram{Here}(pfn) && \old(fm_vm[pfn]) != v + 1 ==>
      \result == HYP_EPERM;
    ensures reclaimed: \result == 0 ==> fm_state[pfn] == FRAME_HOST && fm_vm[pfn] == 0 &&
      vm_frames[v] == \old(vm_frames[v]) - 1;
    ensures cleared: \result == 0 && (\old(fm_state[pfn]) == FRAME_GUEST || \old(fm_state[pfn]) == FRAME_HYP_VM) ==>
      zeroed{Here}(pfn);
    ensures others: only_frame{Pre,Here}(pfn) && given_but{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_given{Pre,Here};
*/
s32 guest_reclaim(u32 v, u64 pfn);

/** entry_rights() - what @entry, which maps frame @pfn, lets a guest do with the page: PAGE_WRITABLE and PAGE_YOUNG */
/*@ requires entry: pfn < PFN_COUNT && page_word(entry, pfn);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result <= 3 && entry == d_flat(pfn, 3, page_attrs(\result));
*/
u64 entry_rights(u64 entry, u64 pfn);

/*@ // what a page is after change: what is given, and of what it was what is not taken away
    logic integer rights_after(integer had, integer change) =
      (change / 4 % 2 != 0 ? 1 : change % 2 != 0 ? 0 : had % 2) +
      2 * (change / 8 % 2 != 0 ? 1 : change / 2 % 2 != 0 ? 0 : had / 2 % 2);
*/

/**
 * guest_access() - what page @n of VM @v, which is not protected, is for its guest, and what it is from now on
 * @change: what is taken away, + PAGE_GIVE * what is given
 *
 * No CPU has the page as it was when this returns. While it changes, a guest can find that it is not there.
 *
 * Return: what it was, a sum of PAGE_WRITABLE and PAGE_YOUNG; HYP_ENOENT without a VM or a page there; HYP_EPERM of a
 * dying or a protected VM.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    requires change: change <= 15;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending, g_block[0 .. PFN_COUNT - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: 0 <= \result <= 3 || \result == HYP_ENOENT || \result == HYP_EPERM;
    ensures state: vms[v].state != VM_LIVE ==> \result == vm_missing(vms[v].state);
    ensures protected: vms[v].state == VM_LIVE && vms[v].protected != 0 ==> \result == HYP_EPERM;
    ensures missing: vms[v].state == VM_LIVE && vms[v].protected == 0 ==>
      (\result == HYP_ENOENT <==> !d_valid(g_xl{Pre}(v, n)));
    ensures was: \result >= 0 ==> g_xl{Pre}(v, n) == d_flat(d_pfn(g_xl{Pre}(v, n)), 3, page_attrs(\result));
    ensures becomes: \result >= 0 ==> g_xl{Here}(v, n) ==
      d_flat(d_pfn(g_xl{Pre}(v, n)), 3, page_attrs(rights_after(\result, change)));
    ensures one: \result >= 0 ==> words_but_way{Pre,Here}(v, n);
    ensures failed: \result < 0 ==> same_vm_words{Pre,Here};
*/
s32 guest_access(u32 v, u64 n, u64 change);

/** guest_has() - 1 when page @n of VM @v is memory, 0 when it is not, or when the VM is not live. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result <= 1 && (\result != 0 <==> vms[v].state == VM_LIVE && g_xl{Here}(v, n) != 0);
*/
u32 guest_has(u32 v, u64 n);

/** own_check() - what speaks against it that VM @v has pages of its own: 0, HYP_ENOENT or HYP_EPERM. */
/*@ requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures state: vms[v].state != VM_LIVE ==> \result == vm_missing(vms[v].state);
    ensures protected: vms[v].state == VM_LIVE ==> \result == (vms[v].protected == 0 ? HYP_EPERM : 0);
    ensures result: \result <= 0;
*/
s32 own_check(u32 v);

/**
 * guest_lend() - page @n of protected VM @v, which the guest lends to the host, or with @lend 0 takes back
 *
 * Return: 0; HYP_ENOENT without a VM or without the page; HYP_EPERM of a dying VM or one that is not protected, or when
 * the page is lent, or not lent, already; HYP_ENOMEM when the pool is empty.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false;
    assigns MM_STATE;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures state: vms[v].state != VM_LIVE ==> \result == vm_missing(vms[v].state);
    ensures protected: vms[v].state == VM_LIVE && vms[v].protected == 0 ==> \result == HYP_EPERM;
    ensures missing: vms[v].state == VM_LIVE && vms[v].protected != 0 && !d_valid(g_xl{Pre}(v, n)) ==>
      \result == HYP_ENOENT;
    ensures lent: \result == 0 && lend != 0 ==> fm_state[d_pfn(g_xl{Pre}(v, n))] == FRAME_GUEST_SHARED_HOST;
    ensures taken: \result == 0 && lend == 0 ==> fm_state[d_pfn(g_xl{Pre}(v, n))] == FRAME_GUEST &&
      xl{Here}(PGT_HOST, d_pfn(g_xl{Pre}(v, n))) == DESC_HYP_OWNED;
    ensures others: only_frame{Pre,Here}(d_pfn(g_xl{Pre}(v, n)));
    ensures failed: \result != 0 ==> same_frames{Pre,Here};
*/
s32 guest_lend(u32 v, u64 n, u32 lend);

/**
 * guest_relinquish() - page @n of protected VM @v goes back to the host, cleared
 *
 * Return: 0; HYP_ENOENT without a VM or without the page; HYP_EPERM of a dying VM or one that is not protected, or when
 * the page is lent to the host; HYP_ENOMEM when the pool is empty.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures state: vms[v].state != VM_LIVE ==> \result == vm_missing(vms[v].state);
    ensures protected: vms[v].state == VM_LIVE && vms[v].protected == 0 ==> \result == HYP_EPERM;
    ensures missing: vms[v].state == VM_LIVE && vms[v].protected != 0 && !d_valid(g_xl{Pre}(v, n)) ==>
      \result == HYP_ENOENT;
    ensures given: \result == 0 ==> g_xl{Here}(v, n) == 0 && fm_state[d_pfn(g_xl{Pre}(v, n))] == FRAME_HOST &&
      fm_vm[d_pfn(g_xl{Pre}(v, n))] == 0 && zeroed{Here}(d_pfn(g_xl{Pre}(v, n)));
    ensures others: only_frame{Pre,Here}(d_pfn(g_xl{Pre}(v, n))) && given_but{Pre,Here}(d_pfn(g_xl{Pre}(v, n)));
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_given{Pre,Here};
*/
s32 guest_relinquish(u32 v, u64 n);

/** guest_word() - what stands at page @n of VM @v: an entry that maps a page, or is poisoned, or 0. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == (vms[v].state == VM_LIVE ? g_xl{Here}(v, n) : 0);
*/
u64 guest_word(u32 v, u64 n);

/**
 * guest_poison() - the host takes page @n of live protected VM @v by force; no page comes there any more
 *
 * What the guest had for itself is cleared.
 *
 * Return: 0; HYP_ENOENT without a VM or without the page; HYP_EPERM of a dying VM or one that is not protected;
 * HYP_ENOMEM when the pool is empty, for a page that has to be cleared: the guest has it as before then.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX && is_gfn(n);
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result == 0 || \result == HYP_ENOENT || \result == HYP_EPERM || \result == HYP_ENOMEM;
    ensures state: \old(vms[v].state) != VM_LIVE ==> \result == vm_missing(\old(vms[v].state));
    ensures protected: \old(vms[v].state) == VM_LIVE && vms[v].protected == 0 ==> \result == HYP_EPERM;
    ensures missing: \old(vms[v].state) == VM_LIVE && vms[v].protected != 0 ==>
      (\result == HYP_ENOENT <==> !d_valid(g_xl{Pre}(v, n)));
    ensures poisoned: \result == 0 ==> g_xl{Here}(v, n) == DESC_POISON_OWNED;
    ensures back: \result == 0 ==> fm_state[d_pfn(g_xl{Pre}(v, n))] == FRAME_HOST &&
      fm_vm[d_pfn(g_xl{Pre}(v, n))] == 0;
    ensures cleared: \result == 0 && \old(fm_state[d_pfn(g_xl{Pre}(v, n))]) == FRAME_GUEST ==>
      zeroed{Here}(d_pfn(g_xl{Pre}(v, n)));
    ensures others: only_frame{Pre,Here}(d_pfn(g_xl{Pre}(v, n))) && given_but{Pre,Here}(d_pfn(g_xl{Pre}(v, n)));
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_given{Pre,Here} &&
      words_but{Pre,Here}(g_two{Pre}(v, n), idx(n, 2));
    ensures kept: \result == HYP_ENOMEM ==> g_xl{Here}(v, n) == g_xl{Pre}(v, n);
*/
s32 guest_poison(u32 v, u64 n);

#endif
