/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Division of the carve-out (spec/pool.toml): stacks, metadata, host stage-2 root, pool. The pool part
 * begins with Hypatia's own root table and the pool's bookkeeping.
 */
#ifndef HYP_LAYOUT_H
#define HYP_LAYOUT_H

#include <gen/layout.h>

#include "types.h"

/**
 * struct layout - first frame and frames of each part of the carve-out, in its order
 */
struct layout {
	u64 stacks;
	u64 meta;
	u64 meta_count;
	u64 s2_root;
	u64 s1_root;
	u64 pool_stack;
	u64 pool_ref;
	u64 words_count;
	u64 pool;
	u64 pool_count;
	u64 end;
};

/**
 * layout_divide() - where each part of the carve-out lies
 * @first: first frame of the carve-out, a multiple of CARVEOUT_ALIGN_FRAMES
 * @count: its frames
 * @ram_frames: frames of RAM
 * @cpu_count: CPUs
 *
 * Return: the parts; pool_count is 0 when they do not fit.
 */
/*@ requires range: first % 512 == 0 && 1 <= first && first + count <= 0x1000000000;
    requires ram: ram_frames <= RAM_FRAMES_MAX;
    requires cpus: cpu_count <= CARVEOUT_CPUS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures order: \result.pool_count != 0 ==>
      \result.stacks == first && \result.stacks + 3 * cpu_count == \result.meta &&
      \result.meta_count * 4096 >= ram_frames * META_BYTES_PER_FRAME &&
      \result.meta + \result.meta_count <= \result.s2_root && \result.s2_root % 16 == 0 &&
      \result.s2_root + S2_ROOT_PAGES == \result.s1_root && \result.s1_root + 1 == \result.pool_stack &&
      \result.pool_stack + \result.words_count == \result.pool_ref &&
      \result.words_count * 1024 >= \result.pool_count &&
      \result.pool_ref + \result.words_count == \result.pool &&
      \result.pool + \result.pool_count == \result.end && \result.end == first + count;
*/
struct layout layout_divide(u64 first, u64 count, u64 ram_frames, u32 cpu_count);

#endif
