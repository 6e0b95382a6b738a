/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp.h"
#include "layout.h"

#define CPU_STACK_FRAMES (STACK_GUARD_PAGES + STACK_PAGES)
/* Frames of pool that one frame of bookkeeping words serves. */
#define WORDS_PER_FRAME 1024u

u64 hyp_carveout_size(u64 ram_frames, u32 cpu_count)
{
	u64 frames;

	if (ram_frames > RAM_FRAMES_MAX || cpu_count > CARVEOUT_CPUS_MAX) {
		return 0;
	}
	frames = cpu_count * CPU_STACK_FRAMES;
	frames = frames + (ram_frames * META_BYTES_PER_FRAME + PAGE_SIZE - 1) / PAGE_SIZE;
	frames = (frames + S2_ROOT_PAGES - 1) / S2_ROOT_PAGES * S2_ROOT_PAGES + S2_ROOT_PAGES;
	frames = frames + POOL_BASE_PAGES + ram_frames / POOL_RAM_DIVISOR;
	frames = (frames + CARVEOUT_ALIGN_FRAMES - 1) / CARVEOUT_ALIGN_FRAMES * CARVEOUT_ALIGN_FRAMES;
	return frames * PAGE_SIZE;
}

struct layout layout_divide(u64 first, u64 count, u64 ram_frames, u32 cpu_count)
{
	struct layout l;
	u64 rest;

	l.stacks = first;
	l.meta = first + cpu_count * CPU_STACK_FRAMES;
	l.meta_count = (ram_frames * META_BYTES_PER_FRAME + PAGE_SIZE - 1) / PAGE_SIZE;
	l.s2_root = (l.meta + l.meta_count + S2_ROOT_PAGES - 1) / S2_ROOT_PAGES * S2_ROOT_PAGES;
	l.s1_root = l.s2_root + S2_ROOT_PAGES;
	l.pool_stack = l.s1_root + 1;
	l.end = first + count;
	rest = l.end > l.pool_stack ? l.end - l.pool_stack : 0;
	l.words_count = (rest + WORDS_PER_FRAME - 1) / WORDS_PER_FRAME;
	l.pool_ref = l.pool_stack + l.words_count;
	l.pool = l.pool_ref + l.words_count;
	l.pool_count = rest > 2 * l.words_count ? rest - 2 * l.words_count : 0;
	return l;
}
