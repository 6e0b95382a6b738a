/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds whenever the memory lock is free: the metadata is the one home of ownership, and every
 * mapping in every table is allowed by it.
 */
#ifndef ANNOTATIONS_MM_H
#define ANNOTATIONS_MM_H

#include "mem.h"
#include "tables.h"
#include <acsl/ownership.acsl>
#include <acsl/vm.acsl>

/*@ // page n of the host's stage 2: only what the host may reach, mapped onto itself
    predicate host_view{L}(integer n) =
      (is_ram{L}(n) && !host_may(\at(fm_state[n],L)) ==> xl{L}(PGT_HOST, n) == DESC_HYP_OWNED) &&
      (is_ram{L}(n) && host_may(\at(fm_state[n],L)) ==> xl{L}(PGT_HOST, n) == 0 ||
        xl{L}(PGT_HOST, n) == d_flat(n, 3, S2_MEMORY)) &&
      (!is_ram{L}(n) ==> xl{L}(PGT_HOST, n) == 0 || xl{L}(PGT_HOST, n) == d_flat(n, 3, S2_DEVICE));

    // page n of Hypatia's own map: only what it owns or borrows; memory of the host is data, never
    // text; what is in use for good may be part of a group; no attribute set is both writable and executable
    predicate hyp_view{L}(integer n) =
      (is_ram{L}(n) && !hyp_may(\at(fm_state[n],L)) ==> xl{L}(PGT_HYP, n) == 0) &&
      (is_ram{L}(n) && hyp_may(\at(fm_state[n],L)) &&
        (!hyp_owns(\at(fm_state[n],L)) || \at(fm_count[n],L) == 0) ==>
          xl{L}(PGT_HYP, n) == d_flat(n, 3, map_attrs(\at(boot_info.e2h,L), MAP_DATA))) &&
      (is_ram{L}(n) && hyp_owns(\at(fm_state[n],L)) ==> xl{L}(PGT_HYP, n) == 0 ||
        (\exists integer k; MAP_TEXT <= k < MAP_DEVICE &&
          xl{L}(PGT_HYP, n) == d_flat(n, 3, map_attrs(\at(boot_info.e2h,L), k)))) &&
      (!is_ram{L}(n) ==> xl{L}(PGT_HYP, n) == 0 ||
        xl{L}(PGT_HYP, n) == d_flat(n, 3, map_attrs(\at(boot_info.e2h,L), MAP_DEVICE)));

    predicate frames_inv{L} = \forall integer n; is_ram{L}(n) ==>
      frame_inv(\at(fm_state[n],L), \at(fm_count[n],L));
    predicate host_inv{L} = \forall integer n; 0 <= n < PFN_COUNT ==> host_view{L}(n);
    predicate hyp_inv{L} = \forall integer n; 0 <= n < PFN_COUNT ==> hyp_view{L}(n);
    // every frame of RAM is within what the trees can translate
    predicate reach{L} = \forall integer n; is_ram{L}(n) ==>
      0 <= n < PFN_COUNT && n < pfn_limit(\at(boot_info.pa_bits,L)) && in_tree{L}(PGT_HYP, n) &&
      in_tree{L}(PGT_HOST, n);

    // holds from the first claim of setup on
    predicate core_inv{L} = mem_wf{L} && tables_inv{L} && frames_inv{L} && host_inv{L} && hyp_inv{L} &&
      reach{L} && \at(boot_info.e2h,L) <= 1 && 32 <= \at(boot_info.pa_bits,L) <= 48 &&
      (\forall integer n; 0 <= n < pfn_limit(\at(boot_info.pa_bits,L)) ==> in_tree{L}(PGT_HOST, n));
    // tables lie in frames that are Hypatia's and in use
    predicate tables_owned{L} = \forall integer f; table_frame{L}(f) ==>
      is_ram{L}(f) && \at(fm_state[f],L) == FRAME_HYP && \at(fm_count[f],L) >= 1;

    // frame n is Hypatia's and in use
    predicate in_use{L}(integer n) = hyp_owns(\at(fm_state[n],L)) && \at(fm_count[n],L) != 0;

    // EL2 maps page n onto itself, with the attributes of kind k, as one of a group
    predicate in_group{L}(integer n, integer k) = MAP_GROUP <= k < MAP_DEVICE &&
      xl{L}(PGT_HYP, n) == d_flat(n, 3, map_attrs(\at(boot_info.e2h,L), k));

    // when page n is mapped as one of a group, so are all of the group's pages, with the same attributes, and
    // their frames are in use
    predicate group_whole{L}(integer n) = \forall integer m, k;
      n - n % CONTIGUOUS_PAGES <= m < n - n % CONTIGUOUS_PAGES + CONTIGUOUS_PAGES &&
      d_valid(xl{L}(PGT_HYP, n)) && in_group{L}(n, k) ==>
        in_group{L}(m, k) && in_use{L}(m);
    predicate groups_whole{L} = \forall integer n; 0 <= n < PFN_COUNT ==> group_whole{L}(n);

    // frame n is Hypatia's, given by the host and not in use; both trees map it by a page, so that it can go back
    // without a new table
    predicate given{L}(integer n) = is_ram{L}(n) && hyp_owns(\at(fm_state[n],L)) && \at(fm_count[n],L) == 0;
    predicate given_paged{L} = \forall integer n; 0 <= n < PFN_COUNT && given{L}(n) ==>
      node3{L}(PGT_HYP, n) >= 0 && node3{L}(PGT_HOST, n) >= 0;

    // what the memory lock protects
    predicate mm_inv{L} = core_inv{L} && tables_owned{L} && groups_whole{L} && given_paged{L};

    // no tree translates another page differently
    predicate others_translate{L,M}(integer n) = \forall integer t, m; 0 <= t < 2 && 0 <= m < PFN_COUNT &&
      m != n ==> xl{M}(t, m) == xl{L}(t, m);

    // frames that hold no table keep their contents, but for frame n
    predicate outside_but{L,M}(integer n) = \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 &&
      !table_frame{L}(g) && g != n ==> \at(frame[g].e[j],M) == \at(frame[g].e[j],L);

    // only frame n changed its state or count
    predicate only_frame{L,M}(integer n) = \forall integer m; 0 <= m < PFN_COUNT && m != n ==>
      \at(fm_state[m],M) == \at(fm_state[m],L) && \at(fm_count[m],M) == \at(fm_count[m],L);
    // the same frames are RAM, and EL2's tables have the same format
    predicate same_machine{L,M} = \at(boot_info.e2h,M) == \at(boot_info.e2h,L) &&
      (\forall integer m; is_ram{M}(m) <==> is_ram{L}(m));

    // a transition of frame n: nothing else changed its state or translates differently
    predicate step{L,M}(integer n) = same_machine{L,M} &&
      0 <= n < PFN_COUNT && others_translate{L,M}(n) && only_frame{L,M}(n);

    predicate same_frames{L,M} = \forall integer m; 0 <= m < PFN_COUNT ==>
      \at(fm_state[m],M) == \at(fm_state[m],L) && \at(fm_count[m],M) == \at(fm_count[m],L);

    // EL2's own tree translates as it did
    predicate same_own_xl{L,M} = \forall integer m; 0 <= m < PFN_COUNT ==>
      xl{M}(PGT_HYP, m) == xl{L}(PGT_HYP, m);

    // the trees begin, and their tables lie, where they did
    predicate same_places{L,M} = \at(pgt[0],M) == \at(pgt[0],L) && \at(pgt[1],M) == \at(pgt[1],L) &&
      \at(pool.first,M) == \at(pool.first,L) && \at(pool.count,M) == \at(pool.count,L);

    // frame n, no table and not in use before or after, went through a transition and what is mapped of it is allowed
    predicate moved{L,M}(integer n) = step{L,M}(n) && is_ram{M}(n) && host_view{M}(n) && hyp_view{M}(n) &&
      frame_inv(\at(fm_state[n],M), \at(fm_count[n],M)) && !table_frame{L}(n) && !in_use{L}(n) && !in_use{M}(n) &&
      nodes_kept{L,M} && (given{M}(n) ==> node3{M}(PGT_HYP, n) >= 0 && node3{M}(PGT_HOST, n) >= 0);

    // nothing moved, and every table is where it was
    predicate unmoved{L,M} = same_machine{L,M} && same_frames{L,M} && same_xl{L,M} && nodes_kept{L,M} &&
      same_places{L,M};

    // frame in state s belongs to a VM or is lent to one
    predicate for_vm(integer s) = s == FRAME_HYP_VM || s == FRAME_GUEST || s == FRAME_GUEST_SHARED_HOST ||
      s == FRAME_HOST_SHARED_GUEST;

    // what Hypatia keeps for VMs holds what it held
    predicate same_vm_words{L,M} = \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 &&
      \at(fm_state[g],L) == FRAME_HYP_VM ==> \at(frame[g].e[j],M) == \at(frame[g].e[j],L);

    // the same frames are for VMs, as they were
    predicate same_vm_states{L,M} = \forall integer m; 0 <= m < PFN_COUNT &&
      (for_vm(\at(fm_state[m],L)) || for_vm(\at(fm_state[m],M))) ==>
        \at(fm_state[m],M) == \at(fm_state[m],L) && \at(fm_count[m],M) == \at(fm_count[m],L);
    predicate same_vm_frames{L,M} = same_vm_states{L,M} && same_vm_words{L,M};

    // all that is not the host's own is Hypatia's and in use
    predicate none_given{L} = \forall integer m; 0 <= m < PFN_COUNT && \at(fm_state[m],L) != FRAME_HOST ==>
      \at(fm_state[m],L) == FRAME_HYP && \at(fm_count[m],L) != 0;
*/

#endif
