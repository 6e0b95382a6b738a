/* SPDX-License-Identifier: BSD-2-Clause */
/* Where there is RAM, and where in it there is room. */
#include "boot.h"

_Bool ranges_meet(struct range a, struct range b)
{
	return a.size != 0 && b.size != 0 && a.base <= b.base + (b.size - 1) &&
	       b.base <= a.base + (a.size - 1);
}

_Bool range_add_busy(struct machine *m, u64 base, u64 size)
{
	if (size == 0) {
		return 1;
	}
	if (m->busy_count == BUSY_MAX || base + (size - 1) < base) {
		return 0;
	}
	m->busy[m->busy_count] = (struct range){ base, size };
	m->busy_count++;
	return 1;
}

_Bool range_in_ram(const struct machine *m, u64 base, u64 size)
{
	u32 i;

	for (i = 0; i < m->ram_count; i++) {
		if (base >= m->ram[i].base && base - m->ram[i].base <= m->ram[i].size &&
		    size <= m->ram[i].size - (base - m->ram[i].base)) {
			return 1;
		}
	}
	return 0;
}

/* The lowest busy range that meets @r, or NULL. */
static const struct range *obstacle(const struct machine *m, struct range r)
{
	const struct range *lowest = 0;
	u32 i;

	for (i = 0; i < m->busy_count; i++) {
		if (ranges_meet(m->busy[i], r) && (lowest == 0 || m->busy[i].base < lowest->base)) {
			lowest = &m->busy[i];
		}
	}
	return lowest;
}

static u64 find_in(const struct machine *m, struct range bank, u64 size, u64 align)
{
	u64 end = bank.base + bank.size;
	const struct range *in_the_way;
	u64 base;

	while (end >= size) {
		base = (end - size) / align * align;
		if (base < bank.base || base == 0) {
			return 0;
		}
		in_the_way = obstacle(m, (struct range){ base, size });
		if (in_the_way == 0) {
			return base;
		}
		end = in_the_way->base;
	}
	return 0;
}

u64 range_find(const struct machine *m, u64 size, u64 align)
{
	u64 base = 0;
	u32 i;

	for (i = m->ram_count; i > 0 && base == 0; i--) {
		base = find_in(m, m->ram[i - 1], size, align);
	}
	return base;
}

u64 ram_frames(const struct machine *m)
{
	u64 bytes = 0;
	u32 i;

	for (i = 0; i < m->ram_count; i++) {
		bytes += m->ram[i].size;
	}
	return bytes / PAGE_SIZE;
}
