/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way from the boot code's data to the invariant: what setup starts from, what it claims, and what
 * it leaves behind for good.
 */
#ifndef ANNOTATIONS_SETUP_H
#define ANNOTATIONS_SETUP_H

#include "entry.h"
#include "layout.h"
#include "mm.h"

/*@ // no other CPU is up: the boot CPU stands for a holder of every lock
    predicate alone{L} = \forall integer k; 0 <= k < LOCK_COUNT ==> \at(lock_held[k],L) == 1;

    // neither tree exists
    predicate no_tables{L} = \forall integer f; 0 <= f < PFN_COUNT ==> \at(tbl_tree[f],L) == 0;

    // the host's stage 2 over bits of physical address: level of its roots, their number, VTCR_EL2.PS
    predicate width_known(integer bits) =
      bits == 32 || bits == 36 || bits == 40 || bits == 42 || bits == 44 || bits == 48;
    logic integer s2_start(integer bits) = bits > 43 ? 0 : 1;
    logic integer s2_roots(integer bits) = bits == 42 ? 8 : bits == 40 ? 2 : 1;
    logic integer pa_size(integer bits) =
      bits == 48 ? 5 : bits == 44 ? 4 : bits == 42 ? 3 : bits == 40 ? 2 : bits == 36 ? 1 : 0;

    predicate machine_known{L} =
      1 <= \at(boot_info.cpu_count,L) <= CPUS_MAX && \at(boot_info.e2h,L) <= 1 &&
      \at(boot_info.mode,L) <= MODE_NVHE && \at(boot_info.console_base.pa,L) < 0x1000000000000 &&
      width_known(\at(boot_info.pa_bits,L));

    // text, rodata and data are whole frames of RAM, in this order, none empty
    predicate image_placed{L} =
      \at(boot_info.image_base.pa,L) % 4096 == 0 && \at(boot_info.text_end.pa,L) % 4096 == 0 &&
      \at(boot_info.rodata_end.pa,L) % 4096 == 0 && \at(boot_info.image_end.pa,L) % 4096 == 0 &&
      \at(boot_info.image_base.pa,L) < \at(boot_info.text_end.pa,L) < \at(boot_info.rodata_end.pa,L) &&
      \at(boot_info.rodata_end.pa,L) < \at(boot_info.image_end.pa,L) <= 0x1000000000000 &&
      (\forall integer n; \at(boot_info.image_base.pa,L) / 4096 <= n < \at(boot_info.image_end.pa,L) / 4096 ==>
        is_ram{L}(n));

    // the carve-out is whole blocks of RAM, clear of the image
    predicate carveout_placed{L} =
      \at(boot_info.carveout_base.pa,L) % 0x200000 == 0 && 1 <= \at(boot_info.carveout_base.pa,L) &&
      \at(boot_info.carveout_size,L) % 0x200000 == 0 && 1 <= \at(boot_info.carveout_size,L) &&
      \at(boot_info.carveout_base.pa,L) + \at(boot_info.carveout_size,L) <= 0x1000000000000 &&
      (\at(boot_info.image_end.pa,L) <= \at(boot_info.carveout_base.pa,L) ||
        \at(boot_info.carveout_base.pa,L) + \at(boot_info.carveout_size,L) <= \at(boot_info.image_base.pa,L)) &&
      (\forall integer n; \at(boot_info.carveout_base.pa,L) / 4096 <= n <
        (\at(boot_info.carveout_base.pa,L) + \at(boot_info.carveout_size,L)) / 4096 ==> is_ram{L}(n));

    // the parts of the carve-out, in order and apart; each has room for what it is to hold
    predicate layout_placed{L} =
      1 <= \at(layout.stacks,L) && \at(layout.end,L) <= PFN_COUNT &&
      \at(layout.stacks,L) + 3 * \at(boot_info.cpu_count,L) == \at(layout.meta,L) &&
      \at(layout.meta,L) + \at(layout.meta_count,L) <= \at(layout.s2_root,L) &&
      \at(mem.frames,L) * META_BYTES_PER_FRAME <= \at(layout.meta_count,L) * 4096 &&
      \at(layout.s2_root,L) % S2_ROOT_PAGES == 0 &&
      \at(layout.s2_root,L) + S2_ROOT_PAGES == \at(layout.s1_root,L) &&
      \at(layout.s1_root,L) + 1 == \at(layout.pool_stack,L) &&
      \at(layout.pool_stack,L) + \at(layout.words_count,L) == \at(layout.pool_ref,L) &&
      \at(layout.pool_ref,L) + \at(layout.words_count,L) == \at(layout.pool,L) &&
      \at(layout.pool_count,L) <= 1024 * \at(layout.words_count,L) && 1 <= \at(layout.pool_count,L) &&
      \at(layout.pool,L) + \at(layout.pool_count,L) == \at(layout.end,L);

    // it is the carve-out that was divided
    predicate layout_whole{L} =
      \at(layout.stacks,L) == \at(boot_info.carveout_base.pa,L) / 4096 &&
      \at(layout.end,L) ==
        (\at(boot_info.carveout_base.pa,L) + \at(boot_info.carveout_size,L)) / 4096;

    // where the trees begin, and which pages they translate
    predicate roots_placed{L} =
      \at(pgt[PGT_HYP].root,L) == \at(layout.s1_root,L) && \at(pgt[PGT_HYP].start,L) == 0 &&
      \at(pgt[PGT_HYP].root_count,L) == 1 && \at(pgt[PGT_HOST].root,L) == \at(layout.s2_root,L) &&
      \at(pgt[PGT_HOST].start,L) == s2_start(\at(boot_info.pa_bits,L)) &&
      \at(pgt[PGT_HOST].root_count,L) == s2_roots(\at(boot_info.pa_bits,L));

    // fixed once hyp_setup() has succeeded
    predicate setup_ok{L} = machine_known{L} && image_placed{L} && carveout_placed{L} && layout_placed{L} &&
      layout_whole{L} && roots_placed{L} && boot_ok{L};

    // every frame is the host's
    predicate all_host{L} = \forall integer n; 0 <= n < PFN_COUNT ==>
      \at(fm_state[n],L) == FRAME_HOST && \at(fm_count[n],L) == 0;

    // every root of tree t is empty
    predicate roots_zeroed{L}(integer t) = \forall integer f; is_root{L}(t, f) ==> zeroed{L}(f);

    // what page n of a range of pages that are all of a kind is: part of a group when that is in the range, and
    // not in a block that is
    logic integer page_kind(integer kind, integer n, integer first, integer end) =
      first <= n - n % CONTIGUOUS_PAGES && n - n % CONTIGUOUS_PAGES + CONTIGUOUS_PAGES <= end &&
      !(first <= n - n % 512 && n - n % 512 + 512 <= end) ?
        kind + MAP_GROUP : kind;

    // frames from to to - 1, of the range from first to end - 1, are Hypatia's and in use, hidden from the host,
    // and at EL2 what kind says (mapped 0: nothing)
    predicate claimed_part{L}(integer from, integer to, integer mapped, integer kind, integer first,
        integer end) = \forall integer n; from <= n < to ==>
      \at(fm_state[n],L) == FRAME_HYP && \at(fm_count[n],L) == 1 && xl{L}(PGT_HOST, n) == DESC_HYP_OWNED &&
      xl{L}(PGT_HYP, n) == (mapped != 0 ?
        d_flat(n, 3, map_attrs(\at(boot_info.e2h,L), page_kind(kind, n, first, end))) : 0);
    predicate claimed{L}(integer first, integer end, integer mapped, integer kind) =
      claimed_part{L}(first, end, mapped, kind, first, end);

    // nothing outside frames first to end - 1 changed hands or translates differently
    predicate only_claimed{L,M}(integer first, integer end) =
      \forall integer n; 0 <= n < PFN_COUNT && !(first <= n < end) ==>
        \at(fm_state[n],M) == \at(fm_state[n],L) && \at(fm_count[n],M) == \at(fm_count[n],L) &&
        xl{M}(PGT_HOST, n) == xl{L}(PGT_HOST, n) && xl{M}(PGT_HYP, n) == xl{L}(PGT_HYP, n);

    // count stacks from frame at on, each above a guard page
    predicate stack_claimed{L}(integer at, integer c) =
      claimed{L}(at + 3 * c, at + 3 * c + 1, 0, MAP_DATA) &&
      claimed{L}(at + 3 * c + 1, at + 3 * c + 3, 1, MAP_DATA);
    predicate stacks_claimed{L}(integer at, integer count) =
      \forall integer c; 0 <= c < count ==> stack_claimed{L}(at, c);

    predicate image_claimed{L} =
      claimed{L}(\at(boot_info.image_base.pa,L) / 4096, \at(boot_info.text_end.pa,L) / 4096, 1, MAP_TEXT) &&
      claimed{L}(\at(boot_info.text_end.pa,L) / 4096, \at(boot_info.rodata_end.pa,L) / 4096, 1, MAP_RODATA) &&
      claimed{L}(\at(boot_info.rodata_end.pa,L) / 4096, \at(boot_info.image_end.pa,L) / 4096, 1, MAP_DATA);

    predicate carveout_claimed{L} =
      stacks_claimed{L}(\at(layout.stacks,L), \at(boot_info.cpu_count,L)) &&
      claimed{L}(\at(layout.meta,L), \at(layout.end,L), 1, MAP_DATA);

    // frame n is neither the image's nor the carve-out's
    predicate elsewhere{L}(integer n) =
      !(\at(boot_info.image_base.pa,L) / 4096 <= n < \at(boot_info.image_end.pa,L) / 4096) &&
      !(\at(layout.stacks,L) <= n < \at(layout.end,L));

    // all that is not Hypatia's is the host's, whose stage 2 is empty there
    predicate rest_host{L} = \forall integer n; 0 <= n < PFN_COUNT && elsewhere{L}(n) ==>
      \at(fm_state[n],L) == FRAME_HOST && \at(fm_count[n],L) == 0 && xl{L}(PGT_HOST, n) == 0;
*/

#endif
