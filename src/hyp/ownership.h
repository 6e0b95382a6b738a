/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ownership of frames: the transitions of spec/pages.toml on metadata and tables together.
 *
 * Every function runs under LOCK_MM and keeps mm_inv. A function that returns an error has changed
 * no frame's state and no translation.
 */
#ifndef HYP_OWNERSHIP_H
#define HYP_OWNERSHIP_H

#include <gen/pages.h>
#include "desc.h"
#include "mem.h"
#include "pgtable.h"

#include "../../annotations/mm.h"

/** host_share_hyp() - the host lends frame @pfn to Hypatia. Error: HYP_EINVAL, HYP_EPERM, HYP_ENOMEM. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_host_share_hyp(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_host_share_hyp(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_host_share_hyp(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0 || \result == HYP_ENOMEM;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      fm_state[pfn] == host_share_hyp_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == host_share_hyp_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures vm_frames: same_vm_frames{Pre,Here};
*/
s32 host_share_hyp(u64 pfn);

/** host_unshare_hyp() - the host takes a lent frame back. Error: HYP_EINVAL, HYP_EPERM, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_host_unshare_hyp(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_host_unshare_hyp(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_host_unshare_hyp(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0 || \result == HYP_ENOMEM;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      fm_state[pfn] == host_unshare_hyp_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == host_unshare_hyp_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures withdrawn: \result == 0 ==> xl{Here}(PGT_HYP, pfn) == 0;
    ensures vm_frames: same_vm_frames{Pre,Here};
*/
s32 host_unshare_hyp(u64 pfn);

/** hyp_pin() - keep a lent frame lent. Error: HYP_EINVAL, HYP_EPERM, HYP_ERANGE. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns fm_count[pfn];
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_hyp_pin(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_hyp_pin(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_hyp_pin(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      fm_state[pfn] == hyp_pin_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == hyp_pin_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures vm_frames: same_vm_frames{Pre,Here};
*/
s32 hyp_pin(u64 pfn);

/** hyp_unpin() - drop one pin. Error: HYP_EINVAL, HYP_EPERM, HYP_ENOENT. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns fm_count[pfn];
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_hyp_unpin(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_hyp_unpin(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_hyp_unpin(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      fm_state[pfn] == hyp_unpin_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == hyp_unpin_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures vm_frames: same_vm_frames{Pre,Here};
*/
s32 hyp_unpin(u64 pfn);

/** host_donate_hyp() - the host gives frame @pfn to Hypatia. Error: HYP_EINVAL, HYP_EPERM, HYP_ENOMEM. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_host_donate_hyp(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_host_donate_hyp(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_host_donate_hyp(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0 || \result == HYP_ENOMEM;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      fm_state[pfn] == host_donate_hyp_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == host_donate_hyp_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures withdrawn: \result == 0 ==> xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED;
    ensures vm_frames: same_vm_frames{Pre,Here};
*/
s32 host_donate_hyp(u64 pfn);

/** hyp_donate_host() - Hypatia gives an unused frame back, cleared. Error: HYP_EINVAL, HYP_EPERM, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_hyp_donate_host(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_hyp_donate_host(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_hyp_donate_host(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      fm_state[pfn] == hyp_donate_host_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == hyp_donate_host_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures cleared: \result == 0 ==> zeroed{Here}(pfn);
    ensures withdrawn: \result == 0 ==> xl{Here}(PGT_HYP, pfn) == 0;
    ensures vm_frames: same_vm_frames{Pre,Here};
*/
s32 hyp_donate_host(u64 pfn);

/**
 * vm_give() - the host gives frame @pfn for the state of a VM or a vCPU; it is cleared
 * @pfn: any frame number
 *
 * Return: 0, HYP_EINVAL, HYP_EPERM or HYP_ENOMEM.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_vm_give(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_vm_give(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_vm_give(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0 || \result == HYP_ENOMEM;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) && \old(fm_state[pfn]) != FRAME_HYP_VM &&
      fm_state[pfn] == vm_give_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == vm_give_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures cleared: \result == 0 ==> zeroed{Here}(pfn);
    ensures mapped: \result == 0 ==> xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA)) &&
      xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED;
    ensures outside: outside_but{Pre,Here}(pfn);
    ensures words: same_vm_words{Pre,Here};
    ensures no_table: \result == 0 ==> !table_frame{Here}(pfn);
*/
s32 vm_give(u64 pfn);

/**
 * vm_return() - the frame of a VM or a vCPU that has ended goes back to the host, cleared
 * @pfn: any frame number
 *
 * Return: 0, HYP_EINVAL or HYP_EPERM.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_vm_return(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_vm_return(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_vm_return(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) && \old(fm_state[pfn]) == FRAME_HYP_VM &&
      fm_state[pfn] == vm_return_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == vm_return_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures cleared: \result == 0 ==> zeroed{Here}(pfn);
    ensures withdrawn: \result == 0 ==> xl{Here}(PGT_HYP, pfn) == 0;
    ensures outside: outside_but{Pre,Here}(pfn);
*/
s32 vm_return(u64 pfn);

/**
 * host_fault() - map what the host touched
 * @n: page number of the intermediate physical address
 *
 * The biggest block whose frames are all RAM or all not RAM, and of which nothing is Hypatia's, is
 * mapped onto itself. When a table above the page then maps just what a block would, it becomes that block.
 *
 * Return: 0 when the page is mapped (also by another CPU meanwhile); HYP_EPERM when it is not the
 * host's; HYP_EINVAL outside the address space; HYP_ENOMEM.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns TABLE_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM ||
      \result == HYP_ENOMEM || \result == HYP_EBUSY;
    ensures outside: n >= pfn_limit(boot_info.pa_bits) <==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(n) && !host_may(fm_state[n]) ==> \result == HYP_EPERM;
    ensures mapped: \result == 0 ==> d_valid(xl{Here}(PGT_HOST, n));
    ensures meanwhile: n < pfn_limit(boot_info.pa_bits) && d_valid(xl{Pre}(PGT_HOST, n)) ==> \result == 0;
    ensures failed: \result != 0 ==> same_xl{Pre,Here};
    ensures own_map: \forall integer m; 0 <= m < PFN_COUNT ==> xl{Here}(PGT_HYP, m) == xl{Pre}(PGT_HYP, m);
    ensures vm_frames: same_vm_frames{Pre,Here};
*/
s32 host_fault(u64 n);

/** frames_check() - 0 when frames @pfn to @pfn + @count - 1 are all in @state; HYP_EINVAL, HYP_EPERM or HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires wf: mem_wf{Here};
    requires range: pfn + count <= PFN_COUNT;
    terminates \true; exits \false; assigns \nothing;
    ensures all: \result == 0 <==> \forall integer n; pfn <= n < pfn + count ==> is_ram{Here}(n) &&
      fm_state[n] == state && (state == FRAME_HYP ==> fm_count[n] == 0);
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM ||
      \result == HYP_EBUSY;
*/
s32 frames_check(u64 pfn, u64 count, u32 state);

/** frame_info() - state + 256 * count of frame @pfn, or HYP_EINVAL. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires wf: mem_wf{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures value: is_ram{Here}(pfn) ==> \result == fm_state[pfn] + 256 * fm_count[pfn];
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
*/
s64 frame_info(u64 pfn);

#endif
