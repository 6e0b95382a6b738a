/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames between the host and VMs: the transitions of spec/vm.toml on metadata and tables together.
 *
 * Every function runs under LOCK_MM and keeps mm_inv. Which VM a frame is for, and where that VM has it, is the
 * business of who calls (guest.h). A function that returns an error has changed no frame's state and no translation.
 */
#ifndef HYP_LEND_H
#define HYP_LEND_H

#include "image.h"
#include "ownership.h"

/** host_donate_guest() - frame @pfn becomes a protected VM's, as it is. Error: HYP_EINVAL, HYP_EPERM, HYP_ENOMEM. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_host_donate_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_host_donate_guest(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_host_donate_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0 || \result == HYP_ENOMEM;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      can_host_donate_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == host_donate_guest_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == host_donate_guest_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures outside: outside_kept{Pre,Here};
    ensures words: same_vm_words{Pre,Here};
    ensures withdrawn: \result == 0 ==> xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED;
*/
s32 host_donate_guest(u64 pfn);

/**
 * host_donate_image() - frame @pfn becomes protected VM @v's, whose image is measured, as its page @n
 *
 * With what is in it when that is @measured; else it is cleared. Error: HYP_EINVAL, HYP_EPERM, HYP_ENOMEM.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    requires vm: v < VMS_MAX && n < GUEST_PAGES;
    terminates \true; exits \false; assigns MM_STATE, vm_image[v].hash;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_host_donate_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_host_donate_guest(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_host_donate_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0 || \result == HYP_ENOMEM;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      can_host_donate_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == host_donate_guest_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == host_donate_guest_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here} &&
      vm_image[v].hash == \old(vm_image[v].hash);
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures outside: outside_but{Pre,Here}(pfn);
    ensures words: same_vm_words{Pre,Here};
    ensures withdrawn: \result == 0 ==> xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED && xl{Here}(PGT_HYP, pfn) == 0;
    ensures cleared: \result == 0 && measured == 0 ==> zeroed{Here}(pfn) &&
      vm_image[v].hash == \old(vm_image[v].hash);
    // what was hashed is what the guest finds
    ensures hashed: \result == 0 && measured != 0 ==>
      page_hashed{Pre}(\old(vm_image[v].hash), n, pfn, vm_image[v].hash);
    ensures kept: \result == 0 && measured != 0 ==> \forall integer i; 0 <= i < 512 ==>
      frame[pfn].e[i] == \old(frame[pfn].e[i]);
*/
s32 host_donate_image(u64 pfn, u32 v, u64 n, u32 measured);

/** guest_share_host() - a protected guest lends frame @pfn to the host. Error: HYP_EINVAL, HYP_EPERM, HYP_ENOMEM. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_guest_share_host(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_guest_share_host(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_guest_share_host(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0 || \result == HYP_ENOMEM;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      can_guest_share_host(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == guest_share_host_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == guest_share_host_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures outside: outside_kept{Pre,Here};
    ensures words: same_vm_words{Pre,Here};
*/
s32 guest_share_host(u64 pfn);

/** guest_unshare_host() - a protected guest takes a lent frame back. Error: HYP_EINVAL, HYP_EPERM, HYP_ENOMEM. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_guest_unshare_host(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_guest_unshare_host(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_guest_unshare_host(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0 || \result == HYP_ENOMEM;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      can_guest_unshare_host(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == guest_unshare_host_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == guest_unshare_host_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures outside: outside_kept{Pre,Here};
    ensures words: same_vm_words{Pre,Here};
    ensures withdrawn: \result == 0 ==> xl{Here}(PGT_HOST, pfn) == DESC_HYP_OWNED;
*/
s32 guest_unshare_host(u64 pfn);

/** host_share_guest() - the host lends frame @pfn to a VM that is not protected. Error: HYP_EINVAL, HYP_EPERM. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns fm_state[pfn], fm_count[pfn];
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_host_share_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_host_share_guest(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_host_share_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      can_host_share_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == host_share_guest_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == host_share_guest_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures outside: outside_kept{Pre,Here};
    ensures words: same_vm_words{Pre,Here};
*/
s32 host_share_guest(u64 pfn);

/** host_unshare_guest_last() - frame @pfn is lent to its only VM no more. Error: HYP_EINVAL, HYP_EPERM, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns fm_state[pfn], fm_count[pfn];
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_host_unshare_guest_last(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_host_unshare_guest_last(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_host_unshare_guest_last(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      can_host_unshare_guest_last(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == host_unshare_guest_last_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == host_unshare_guest_last_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures outside: outside_kept{Pre,Here};
    ensures words: same_vm_words{Pre,Here};
*/
s32 host_unshare_guest_last(u64 pfn);

/** reclaim_guest_shared() - the host gets a frame that a dying VM had lent to it. Error: HYP_EINVAL, HYP_EPERM. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns fm_state[pfn], fm_count[pfn];
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_reclaim_guest_shared(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_reclaim_guest_shared(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_reclaim_guest_shared(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      can_reclaim_guest_shared(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == reclaim_guest_shared_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == reclaim_guest_shared_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures outside: outside_kept{Pre,Here};
    ensures words: same_vm_words{Pre,Here};
*/
s32 reclaim_guest_shared(u64 pfn);

/** reclaim_guest() - a frame of a VM goes back to the host, cleared. Error: HYP_EINVAL, HYP_EPERM, HYP_ENOMEM. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures not_ram: !is_ram{Here}(pfn) ==> \result == HYP_EINVAL;
    ensures refused: is_ram{Here}(pfn) && !can_reclaim_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == err_reclaim_guest(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures allowed: is_ram{Here}(pfn) && can_reclaim_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) ==>
      \result == 0 || \result == HYP_ENOMEM;
    ensures done: \result == 0 ==> is_ram{Here}(pfn) &&
      can_reclaim_guest(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_state[pfn] == reclaim_guest_state(\old(fm_state[pfn]), \old(fm_count[pfn])) &&
      fm_count[pfn] == reclaim_guest_count(\old(fm_state[pfn]), \old(fm_count[pfn]));
    ensures sign: \result <= 0;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_xl{Pre,Here};
    ensures elsewhere: others_translate{Pre,Here}(pfn);
    ensures outside: outside_but{Pre,Here}(pfn);
    ensures words: same_vm_words{Pre,Here};
    ensures cleared: \result == 0 ==> zeroed{Here}(pfn);
    ensures withdrawn: \result == 0 ==> xl{Here}(PGT_HYP, pfn) == 0;
*/
s32 reclaim_guest(u64 pfn);

#endif
