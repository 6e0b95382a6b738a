/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host kernel by the arm64 boot protocol: image_size bytes of RAM, text_offset bytes behind a
 * 2 MiB boundary. It stays where the loader put it unless that place is not good.
 */
#include <string.h>

#include <asm/cpu.h>

#include "boot.h"

#define IMAGE_MAGIC 0x644d5241u /* "ARM\x64" */
#define TEXT_OFFSET_DEFAULT 0x80000u
#define IMAGE_SIZE_DEFAULT 0x2000000u
#define FLAG_BIG_ENDIAN 1u

struct image_header {
	u32 code[2];
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u64 reserved[3];
	u32 magic;
	u32 pe_offset;
};
_Static_assert(sizeof(struct image_header) == 64, "arm64 boot protocol");

static _Bool place_is_free(const struct machine *m, struct range place)
{
	u32 i;

	if (!range_in_ram(m, place.base, place.size)) {
		return 0;
	}
	for (i = 0; i < m->busy_count; i++) {
		if (ranges_meet(m->busy[i], place)) {
			return 0;
		}
	}
	return !ranges_meet(m->ramdisk, place);
}

/* A new place for @bytes of image with @space bytes of memory; 0 if there is none. */
static u64 move_kernel(struct machine *m, u64 text_offset, u64 bytes, u64 space)
{
	u64 base;

	/* Neither the module as it lies nor the ramdisk may be hit by the copy. */
	if (!range_add_busy(m, m->kernel.base, m->kernel.size) ||
	    !range_add_busy(m, m->ramdisk.base, m->ramdisk.size)) {
		return 0;
	}
	base = range_find(m, text_offset + space, BLOCK_BYTES);
	m->busy_count -= (m->kernel.size != 0) + (m->ramdisk.size != 0);
	if (base == 0 || !early_map(base + text_offset, base + text_offset + bytes, EARLY_DATA) ||
	    !early_map(m->kernel.base, m->kernel.base + bytes, EARLY_DATA)) {
		return 0;
	}
	base += text_offset;
	memcpy((void *)(uintptr_t)base, (const void *)(uintptr_t)m->kernel.base, bytes);
	cache_clean_inval(base, base + bytes);
	return base;
}

const char *load_kernel(struct machine *m, struct host_image *image)
{
	const struct image_header *header = (const void *)(uintptr_t)m->kernel.base;
	u64 text_offset;
	u64 space;

	if (m->kernel.size == 0) {
		return "no host kernel: /chosen has no module compatible with \"multiboot,kernel\"";
	}
	if (m->kernel.size < sizeof(*header) || m->kernel.base % 8 != 0 ||
	    !range_in_ram(m, m->kernel.base, m->kernel.size)) {
		return "the host kernel's module is not in RAM, not aligned or too short";
	}
	if (m->ramdisk.size != 0 && !range_in_ram(m, m->ramdisk.base, m->ramdisk.size)) {
		return "the ramdisk's module is not in RAM";
	}
	if (!early_map(m->kernel.base, m->kernel.base + sizeof(*header), EARLY_DATA)) {
		return "out of bootstrap tables";
	}
	if (header->magic != IMAGE_MAGIC) {
		return "the host kernel is no arm64 Image (compressed kernels must be unpacked "
		       "first)";
	}
	if ((header->flags & FLAG_BIG_ENDIAN) != 0) {
		return "the host kernel is big-endian";
	}
	/* Kernels before 3.17 leave image_size 0. */
	text_offset = header->image_size != 0 ? header->text_offset : TEXT_OFFSET_DEFAULT;
	space = header->image_size != 0 ? header->image_size : IMAGE_SIZE_DEFAULT;
	if (text_offset >= BLOCK_BYTES || space > (u64)1 << 32) {
		return "the host kernel's header makes no sense";
	}
	if (space < m->kernel.size) {
		space = m->kernel.size;
	}
	image->entry = m->kernel.base;
	if (m->kernel.base % BLOCK_BYTES != text_offset ||
	    !place_is_free(m, (struct range){ m->kernel.base, space })) {
		image->entry = move_kernel(m, text_offset, m->kernel.size, space);
		if (image->entry == 0) {
			return "no room for the host kernel";
		}
	}
	image->place = (struct range){ image->entry, space };
	return 0;
}
