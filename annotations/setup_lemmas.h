/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lemmas for setup: an empty table leads nowhere, and a later claim leaves an earlier one alone.
 */
#ifndef ANNOTATIONS_SETUP_LEMMAS_H
#define ANNOTATIONS_SETUP_LEMMAS_H

#include <lemmas/desc.h>

#include "setup.h"

/*@ lemma empty_row{L}: \forall integer f, i, l; zeroed{L}(f) && 0 <= i < 512 ==> next{L}(f, i, l) == -1;
    lemma claimed_kept{L,M}: \forall integer first, end, mapped, kind, a, b;
      claimed{L}(first, end, mapped, kind) && only_claimed{L,M}(a, b) && 0 <= first && end <= PFN_COUNT &&
      (end <= a || b <= first) && \at(boot_info.e2h,M) == \at(boot_info.e2h,L) ==>
      claimed{M}(first, end, mapped, kind);
    lemma stacks_kept{L,M}: \forall integer at, count, a, b; stacks_claimed{L}(at, count) &&
      only_claimed{L,M}(a, b) && 0 <= at && at + 3 * count <= PFN_COUNT && (at + 3 * count <= a || b <= at) &&
      \at(boot_info.e2h,M) == \at(boot_info.e2h,L) ==> stacks_claimed{M}(at, count);
*/

#endif
