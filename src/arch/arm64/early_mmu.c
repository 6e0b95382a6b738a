/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bootstrap tables: a flat map at EL2 of only what booting touches.
 *
 * 4 KiB granule, four levels. The first entries are written with the MMU off, the others while the
 * tables are live; an entry only ever goes from invalid to valid, so nothing needs invalidation.
 */
#include <asm/cpu.h>
#include <asm/sysreg.h>

#include <gen/descriptors.h>

#define TABLES 24u
#define DTB_HEADER_BYTES 64u

_Static_assert(MAIR_EL2_BOOT == MAIR_EL2_VALUE, "head.S writes this value");

u64 bootstrap_root[TABLES][TABLE_ENTRIES] __attribute__((aligned(4096)));
static u32 tables_used;
u32 arch_e2h;

static u64 kind_attributes(enum early_kind kind)
{
	static const u64 nvhe[] = { S1_TEXT, S1_RODATA, S1_DATA, S1_DEVICE };
	static const u64 vhe[] = { S1_VHE_TEXT, S1_VHE_RODATA, S1_VHE_DATA, S1_VHE_DEVICE };

	return arch_e2h != 0 ? vhe[kind] : nvhe[kind];
}

/* Make or follow the table below *@entry; NULL when there are no more. */
static u64 *next_table(u64 *entry)
{
	u64 *table;

	if (*entry == 0) {
		if (tables_used == TABLES) {
			return 0;
		}
		table = bootstrap_root[tables_used];
		tables_used++;
		*entry = pte_make_table((u64)(uintptr_t)table / PAGE_SIZE);
	}
	return (u64 *)(uintptr_t)(pte_pfn(*entry) * PAGE_SIZE);
}

/* Map one leaf at @va, as big as [@va, @end) and what is there allow. Bytes mapped, or 0. */
static u64 map_leaf(u64 va, u64 end, u64 attributes)
{
	u64 *table = bootstrap_root[0];
	u64 page = va / PAGE_SIZE;
	u64 *entry;
	u64 size;
	u32 level;

	for (level = 0; level < LEVEL_LAST; level++) {
		size = level_frames(level) * PAGE_SIZE;
		entry = &table[table_index(page, level)];
		if (*entry == 0 && level > 0 && va % size == 0 && end - va >= size) {
			*entry = pte_make_leaf(page, level, attributes);
			return size;
		}
		if (pte_is_leaf(*entry, level) != 0) {
			return size - va % size;
		}
		table = next_table(entry);
		if (table == 0) {
			return 0;
		}
	}
	entry = &table[table_index(page, LEVEL_LAST)];
	if (*entry == 0) {
		*entry = pte_make_leaf(page, LEVEL_LAST, attributes);
	}
	return PAGE_SIZE;
}

_Bool early_map(u64 start, u64 end, enum early_kind kind)
{
	u64 va = start - start % PAGE_SIZE;
	u64 attributes = kind_attributes(kind);
	u64 size;

	while (va < end) {
		size = map_leaf(va, end, attributes);
		if (size == 0) {
			return 0;
		}
		va += size;
	}
	__asm__ volatile("dsb ishst\n\tisb" : : : "memory");
	return 1;
}

/* With the MMU off: the image, and the header of the device tree. */
void early_tables(u64 fdt)
{
	arch_e2h = (u32)(read_sysreg(hcr_el2) >> HCR_EL2_E2H_SHIFT) & 1u;
	tables_used = 1;
	early_map((u64)(uintptr_t)image_start, (u64)(uintptr_t)text_end, EARLY_TEXT);
	early_map((u64)(uintptr_t)text_end, (u64)(uintptr_t)rodata_end, EARLY_RODATA);
	early_map((u64)(uintptr_t)rodata_end, (u64)(uintptr_t)image_end, EARLY_DATA);
	early_map(fdt, fdt + DTB_HEADER_BYTES, EARLY_DATA);
}
