/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RAM as a list of banks, and the number of a frame's metadata record.
 */
#ifndef ANNOTATIONS_MEM_H
#define ANNOTATIONS_MEM_H

#include "state.h"

/*@ predicate in_bank{L}(integer b, integer n) =
      \at(mem.bank[b].first,L) <= n < \at(mem.bank[b].first,L) + \at(mem.bank[b].count,L);

    predicate is_ram{L}(integer n) =
      \exists integer b; 0 <= b < \at(mem.bank_count,L) && in_bank{L}(b, n);

    // i is the metadata record of frame n
    predicate record_of{L}(integer n, integer i) =
      \exists integer b; 0 <= b < \at(mem.bank_count,L) && in_bank{L}(b, n) &&
        i == \at(mem.bank[b].index,L) + n - \at(mem.bank[b].first,L);

    // banks in order, apart, and with records of their own
    predicate mem_wf{L} =
      \at(mem.bank_count,L) <= MEM_BANKS_MAX &&
      (\forall integer b; 0 <= b < \at(mem.bank_count,L) ==>
        1 <= \at(mem.bank[b].count,L) && 1 <= \at(mem.bank[b].first,L) &&
        \at(mem.bank[b].first,L) + \at(mem.bank[b].count,L) <= PFN_COUNT &&
        \at(mem.bank[b].index,L) + \at(mem.bank[b].count,L) <= \at(mem.frames,L)) &&
      (\forall integer a, b; 0 <= a < b < \at(mem.bank_count,L) ==>
        \at(mem.bank[a].first,L) + \at(mem.bank[a].count,L) <= \at(mem.bank[b].first,L) &&
        \at(mem.bank[a].index,L) + \at(mem.bank[a].count,L) <= \at(mem.bank[b].index,L)) &&
      \at(mem.frames,L) <= PFN_COUNT;

    // two frames never share a record: the ghost arrays per frame are the records
    lemma record_unique{L}: mem_wf{L} ==> \forall integer n, m, i;
      record_of{L}(n, i) && record_of{L}(m, i) ==> n == m;
*/

#endif
