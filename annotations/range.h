/* SPDX-License-Identifier: BSD-2-Clause */
/* What a claim of count frames from pfn on does: all of them become Hypatia's, and nothing else changes. */
#ifndef ANNOTATIONS_RANGE_H
#define ANNOTATIONS_RANGE_H

#include "mm.h"

/*@ predicate claim_in{L}(integer pfn, integer count, integer mapped, integer kind) =
      \forall integer m; pfn <= m < pfn + count ==> is_ram{L}(m) &&
        \at(fm_state[m],L) == FRAME_HYP && \at(fm_count[m],L) == 1 && xl{L}(PGT_HOST, m) == DESC_HYP_OWNED &&
        xl{L}(PGT_HYP, m) == (mapped != 0 ? d_flat(m, 3, map_attrs(\at(boot_info.e2h,L), kind)) : 0);
    predicate claim_out{L,M}(integer pfn, integer count) = same_machine{L,M} &&
      \forall integer m; 0 <= m < PFN_COUNT && !(pfn <= m < pfn + count) ==>
        \at(fm_state[m],M) == \at(fm_state[m],L) && \at(fm_count[m],M) == \at(fm_count[m],L) &&
        xl{M}(PGT_HYP, m) == xl{L}(PGT_HYP, m) && xl{M}(PGT_HOST, m) == xl{L}(PGT_HOST, m);
*/

#endif
