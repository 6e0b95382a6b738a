/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch.h"
#include "boot_info.h"
#include "hyp.h"
#include "layout.h"
#include "ownership.h"
#include "setup.h"

struct boot_info boot_info;

struct layout layout;

/* Claim frames @first to @first + @count - 1 one by one, or by 512 where they are whole blocks. */
static s32 claim_range(u64 first, u64 count, u32 mapped, u32 kind)
{
	u64 done = 0;
	s32 error;

	while (done < count) {
		u64 pfn = first + done;

		if (pfn % 512u == 0 && count - done >= 512u) {
			error = hyp_claim(pfn, 2, mapped, kind);
			done = done + 512u;
		} else {
			error = hyp_claim(pfn, 3, mapped, kind);
			done = done + 1u;
		}
		if (error != 0) {
			return error;
		}
	}
	return 0;
}

/* 1 when the image's sections are whole pages in order, within RAM. */
static u32 image_ok(void)
{
	u64 base = boot_info.image_base.pa;
	u64 text = boot_info.text_end.pa;
	u64 rodata = boot_info.rodata_end.pa;
	u64 end = boot_info.image_end.pa;

	return base % PAGE_SIZE == 0 && text % PAGE_SIZE == 0 && rodata % PAGE_SIZE == 0 &&
	       end % PAGE_SIZE == 0 && base < text && text < rodata && rodata < end &&
	       end / PAGE_SIZE <= PFN_COUNT &&
	       mem_kind(base / PAGE_SIZE, (end - base) / PAGE_SIZE) == MEM_RAM;
}

/* 1 when the carve-out has the size that was asked for and lies in RAM, clear of the image. */
static u32 carveout_ok(void)
{
	u64 base = boot_info.carveout_base.pa;
	u64 size = boot_info.carveout_size;
	u64 frames = size / PAGE_SIZE;

	if (size == 0 || size != hyp_carveout_size(mem.frames, boot_info.cpu_count) ||
	    base / PAGE_SIZE % CARVEOUT_ALIGN_FRAMES != 0 || base % PAGE_SIZE != 0 || base == 0 ||
	    frames > PFN_COUNT || base / PAGE_SIZE > PFN_COUNT - frames) {
		return 0;
	}
	if (base < boot_info.image_end.pa && boot_info.image_base.pa < base + size) {
		return 0;
	}
	return mem_kind(base / PAGE_SIZE, frames) == MEM_RAM;
}

/* Every width the trees depend on is one that they know. */
static u32 machine_ok(void)
{
	u32 bits = boot_info.pa_bits;

	return boot_info.cpu_count >= 1 && boot_info.cpu_count <= CPUS_MAX && boot_info.e2h <= 1 &&
	       boot_info.mode <= MODE_NVHE && boot_info.console_base.pa / PAGE_SIZE < PFN_COUNT &&
	       (bits == 32 || bits == 36 || bits == 40 || bits == 42 || bits == 44 || bits == 48);
}

/* Empty trees: Hypatia's own over 48 bits, the host's over the physical address width. */
static void trees_setup(void)
{
	u32 bits = boot_info.pa_bits;
	u32 i;

	pgt[PGT_HYP].root = layout.s1_root;
	pgt[PGT_HYP].start = 0;
	pgt[PGT_HYP].root_count = 1;
	pgt[PGT_HOST].root = layout.s2_root;
	pgt[PGT_HOST].start = bits > 43 ? 0 : 1;
	pgt[PGT_HOST].root_count = bits == 42 ? 8 : bits == 40 ? 2 : 1;
	frame_zero(layout.s1_root);
	for (i = 0; i < S2_ROOT_PAGES; i++) {
		frame_zero(layout.s2_root + i);
	}
}

/* The stacks, each above a guard page that EL2 does not map. */
static s32 claim_stacks(void)
{
	u64 at = layout.stacks;
	u32 cpu;
	s32 error;

	for (cpu = 0; cpu < boot_info.cpu_count; cpu++) {
		error = claim_range(at, STACK_GUARD_PAGES, 0, MAP_DATA);
		if (error != 0) {
			return error;
		}
		error = claim_range(at + STACK_GUARD_PAGES, STACK_PAGES, 1, MAP_DATA);
		if (error != 0) {
			return error;
		}
		at = at + STACK_GUARD_PAGES + STACK_PAGES;
	}
	return 0;
}

/* Everything of Hypatia's becomes its own, is mapped at EL2 and leaves the host's stage 2. */
static s32 claim_all(void)
{
	u64 base = boot_info.image_base.pa / PAGE_SIZE;
	u64 text = boot_info.text_end.pa / PAGE_SIZE;
	u64 rodata = boot_info.rodata_end.pa / PAGE_SIZE;
	u64 end = boot_info.image_end.pa / PAGE_SIZE;
	s32 error;

	error = claim_range(base, text - base, 1, MAP_TEXT);
	if (error == 0) {
		error = claim_range(text, rodata - text, 1, MAP_RODATA);
	}
	if (error == 0) {
		error = claim_range(rodata, end - rodata, 1, MAP_DATA);
	}
	if (error == 0) {
		error = claim_stacks();
	}
	if (error == 0) {
		error = claim_range(layout.meta, layout.end - layout.meta, 1, MAP_DATA);
	}
	return error;
}

/* The console's registers, for messages while booting and in a panic. */
static s32 map_console(void)
{
	u64 n = boot_info.console_base.pa / PAGE_SIZE;

	if (n == 0) {
		return 0;
	}
	if (mem_kind(n, 1) != MEM_DEVICE) {
		return HYP_EINVAL;
	}
	return pgt_set(PGT_HYP, n, 3, desc_flat(n, 3, desc_map_attrs(boot_info.e2h, MAP_DEVICE)));
}

s32 hyp_setup(void)
{
	s32 error;

	if (!machine_ok()) {
		return HYP_EINVAL;
	}
	error = mem_setup();
	if (error != 0) {
		return error;
	}
	if (!image_ok() || !carveout_ok()) {
		return HYP_EINVAL;
	}
	layout = layout_divide(boot_info.carveout_base.pa / PAGE_SIZE, boot_info.carveout_size / PAGE_SIZE,
			       mem.frames, boot_info.cpu_count);
	if (layout.pool_count == 0) {
		return HYP_ENOMEM;
	}
	meta_place(layout.meta, layout.meta_count);
	pool_setup(layout.pool, layout.pool_count, layout.pool_stack, layout.pool_ref);
	trees_setup();
	vmid_setup(boot_info.vmid_bits);
	error = claim_all();
	if (error != 0) {
		return error;
	}
	return map_console();
}

s32 hyp_finalise(void)
{
	/* The tables in force are the ones built by hyp_setup(), and they confine the host already. */
	return pgt[PGT_HYP].root == layout.s1_root && layout.pool_count != 0 ? 0 : HYP_EINVAL;
}

u64 hyp_ttbr0(void)
{
	return pgt[PGT_HYP].root * PAGE_SIZE;
}

u64 hyp_stack_top(u32 cpu)
{
	return (layout.stacks + (cpu + 1u) * (u64)(STACK_GUARD_PAGES + STACK_PAGES)) * PAGE_SIZE;
}

u64 hyp_host_vttbr(void)
{
	return vttbr_el2_pfn_put(pgt[PGT_HOST].root) + vttbr_el2_vmid_put(VMID_HOST);
}

u64 hyp_host_vtcr(void)
{
	u32 bits = boot_info.pa_bits;
	u64 size = bits == 48 ? 5 : bits == 44 ? 4 : bits == 42 ? 3 : bits == 40 ? 2 : bits == 36 ? 1 : 0;

	return VTCR_EL2_COMMON + vtcr_el2_t0sz_put(64u - bits) + vtcr_el2_sl0_put(bits > 43 ? 2 : 1) +
	       vtcr_el2_ps_put(size) + vtcr_el2_vs_put(boot_info.vmid_bits == 16 ? 1 : 0);
}
