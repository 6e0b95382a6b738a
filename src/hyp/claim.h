/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that are Hypatia's for good: its image, its pool and its metadata, claimed while it sets itself up.
 */
#ifndef HYP_CLAIM_H
#define HYP_CLAIM_H

#include "ownership.h"

#include "../../annotations/range.h"

/**
 * hyp_claim() - make host frames Hypatia's own at boot, in use for good
 * @pfn: first frame of an entry of level @level, whose frames are all RAM and the host's
 * @level: 2 (512 frames) or 3 (one frame)
 * @mapped: 0 to leave the frames unmapped at EL2 (guard pages), else 1
 * @kind: MAP_TEXT, MAP_RODATA or MAP_DATA, for a frame also with MAP_GROUP: then the rest of its group follows
 *
 * Return: 0, HYP_EINVAL, HYP_EPERM or HYP_ENOMEM.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires level: 2 <= level <= 3;
    requires kind: kind < MAP_DEVICE;
    requires group: kind >= MAP_GROUP ==> level == 3;
    requires inv: core_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: \result == 0 ==> core_inv{Here};
    ensures quiet: quiet{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM ||
      \result == HYP_ENOMEM;
    ensures claimed: \result == 0 ==> \forall integer n; pfn <= n < pfn + d_span(level) ==>
      is_ram{Here}(n) && fm_state[n] == FRAME_HYP && fm_count[n] == 1 &&
      xl{Here}(PGT_HOST, n) == DESC_HYP_OWNED &&
      xl{Here}(PGT_HYP, n) == (mapped != 0 ? d_flat(n, 3, map_attrs(boot_info.e2h, kind)) : 0);
    ensures given: none_given{Pre} ==> none_given{Here};
    ensures others: \result == 0 ==> \forall integer n; 0 <= n < PFN_COUNT &&
      !(pfn <= n < pfn + d_span(level)) ==>
      fm_state[n] == \old(fm_state[n]) && fm_count[n] == \old(fm_count[n]) &&
      xl{Here}(PGT_HYP, n) == xl{Pre}(PGT_HYP, n) && xl{Here}(PGT_HOST, n) == xl{Pre}(PGT_HOST, n);
*/
s32 hyp_claim(u64 pfn, u32 level, u32 mapped, u32 kind);

#endif
