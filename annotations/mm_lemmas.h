/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lemmas for the ownership transitions.
 */
#ifndef ANNOTATIONS_MM_LEMMAS_H
#define ANNOTATIONS_MM_LEMMAS_H

#include "mm.h"

/*@ lemma one_page: \forall integer n, m; 0 <= n < PFN_COUNT && 0 <= m < PFN_COUNT ==>
      (same_entry(n, m, 3) <==> n == m);
    lemma flat_valid: \forall integer n, a; 0 <= n < PFN_COUNT && d_attrs(a) ==>
      d_valid(d_flat(n, 3, a)) && d_leaf(d_flat(n, 3, a), 3) &&
      d_page(d_flat(n, 3, a), 3, n) == d_flat(n, 3, a);
    lemma flat_not_zero: \forall integer n, a; 0 <= n < PFN_COUNT && d_attrs(a) ==>
      d_flat(n, 3, a) != 0;
    lemma ram_pages{L}: core_inv{L} ==> \forall integer n; is_ram{L}(n) ==>
      0 <= n < PFN_COUNT && in_tree{L}(PGT_HYP, n) && in_tree{L}(PGT_HOST, n) && host_view{L}(n) &&
      hyp_view{L}(n) && frame_inv(\at(fm_state[n],L), \at(fm_count[n],L));

    lemma step_frames{A,B}: \forall integer n; frames_inv{A} && step{A,B}(n) &&
      frame_inv(\at(fm_state[n],B), \at(fm_count[n],B)) && (\forall integer m; is_ram{A}(m) ==>
        0 <= m < PFN_COUNT) ==> frames_inv{B};
    lemma step_host{A,B}: \forall integer n; host_inv{A} && step{A,B}(n) && host_view{B}(n) ==>
      host_inv{B};
    lemma step_own{A,B}: \forall integer n; hyp_inv{A} && step{A,B}(n) && hyp_view{B}(n) ==> hyp_inv{B};
    lemma still_host{A,B}: host_inv{A} && same_machine{A,B} && same_frames{A,B} && same_xl{A,B} ==>
      host_inv{B};
    lemma still_own{A,B}: hyp_inv{A} && same_machine{A,B} && same_frames{A,B} && (\forall integer m;
      0 <= m < PFN_COUNT ==> xl{B}(PGT_HYP, m) == xl{A}(PGT_HYP, m)) ==> hyp_inv{B};

    lemma frames_join{L}: \forall integer p; frame_inv(\at(fm_state[p],L), \at(fm_count[p],L)) &&
      (\forall integer m; is_ram{L}(m) && m != p ==>
        frame_inv(\at(fm_state[m],L), \at(fm_count[m],L))) ==> frames_inv{L};
    lemma still_frames{A,B}: frames_inv{A} && reach{A} && same_machine{A,B} &&
      same_frames{A,B} ==> frames_inv{B};
    lemma still_tables{A,B}: tables_owned{A} && reach{A} && same_machine{A,B} &&
      \at(pgt[0],B) == \at(pgt[0],A) && \at(pgt[1],B) == \at(pgt[1],A) &&
      \at(pool.first,B) == \at(pool.first,A) && \at(pool.count,B) == \at(pool.count,A) &&
      same_frames{A,B} ==> tables_owned{B};
*/

#endif
