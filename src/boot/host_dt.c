/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's device tree: the machine's own, without the boot modules, with the host's command line
 * and ramdisk, and with Hypatia's memory reserved and never to be mapped.
 */
#include <libfdt.h>

#include <asm/console.h>
#include <asm/cpu.h>

#include "boot.h"

#define GROWTH_BYTES 0x4000u

static int set_string(void *fdt, int node, const char *name, const char *value)
{
	return fdt_setprop(fdt, node, name, value, (int)strlen(value) + 1);
}

static int remove_modules(void *fdt, int chosen)
{
	int child = fdt_first_subnode(fdt, chosen);
	int err;

	while (child >= 0) {
		if (fdt_node_check_compatible(fdt, child, "multiboot,module") == 0) {
			err = fdt_del_node(fdt, child);
			if (err != 0) {
				return err;
			}
			child = fdt_first_subnode(fdt, chosen);
		} else {
			child = fdt_next_subnode(fdt, child);
		}
	}
	return 0;
}

static int write_chosen(void *fdt, const struct machine *m)
{
	int chosen = fdt_path_offset(fdt, "/chosen");
	int err = 0;

	if (chosen == -FDT_ERR_NOTFOUND) {
		chosen = fdt_add_subnode(fdt, 0, "chosen");
	}
	if (chosen < 0) {
		return chosen;
	}
	err = remove_modules(fdt, chosen);
	if (err == 0 && m->ramdisk.size != 0) {
		err = fdt_setprop_u64(fdt, chosen, "linux,initrd-start", m->ramdisk.base);
		if (err == 0) {
			err = fdt_setprop_u64(fdt, chosen, "linux,initrd-end",
					      m->ramdisk.base + m->ramdisk.size);
		}
	}
	if (err == 0) {
		/* m->kernel_args points into the original tree, which stays as it is. */
		err = set_string(fdt, chosen, "bootargs",
				 m->kernel_args != NULL ? m->kernel_args : "");
	}
	return err;
}

/* /reserved-memory, made if need be. */
static int reserved_node(void *fdt)
{
	int node = fdt_path_offset(fdt, "/reserved-memory");
	int err;

	if (node != -FDT_ERR_NOTFOUND) {
		return node;
	}
	node = fdt_add_subnode(fdt, 0, "reserved-memory");
	if (node < 0) {
		return node;
	}
	err = fdt_setprop_u32(fdt, node, "#address-cells", 2);
	err = err == 0 ? fdt_setprop_u32(fdt, node, "#size-cells", 2) : err;
	err = err == 0 ? fdt_setprop_empty(fdt, node, "ranges") : err;
	return err == 0 ? node : err;
}

static void name_child(char *name, u64 base)
{
	static const char prefix[] = "hypatia@";
	u32 digits = 1;
	u32 i;

	while (digits < 16 && base >> (4 * digits) != 0) {
		digits++;
	}
	memcpy(name, prefix, sizeof(prefix) - 1);
	name += sizeof(prefix) - 1;
	for (i = 0; i < digits; i++) {
		name[i] = "0123456789abcdef"[(base >> (4 * (digits - 1 - i))) & 0xfu];
	}
	name[digits] = '\0';
}

static int reserve(void *fdt, struct range r)
{
	int parent = reserved_node(fdt);
	int address = parent >= 0 ? fdt_address_cells(fdt, parent) : 0;
	int size = parent >= 0 ? fdt_size_cells(fdt, parent) : 0;
	char name[32];
	int node;
	int err;

	if (parent < 0) {
		return parent;
	}
	name_child(name, r.base);
	node = fdt_add_subnode(fdt, parent, name);
	if (node < 0) {
		return node;
	}
	if (address < 1 || address > 2 || size < 1 || size > 2 ||
	    (address == 1 && r.base >> 32 != 0) || (size == 1 && r.size >> 32 != 0)) {
		return -FDT_ERR_BADNCELLS;
	}
	err = address == 2 ? fdt_appendprop_u64(fdt, node, "reg", r.base)
			   : fdt_appendprop_u32(fdt, node, "reg", (u32)r.base);
	if (err == 0) {
		err = size == 2 ? fdt_appendprop_u64(fdt, node, "reg", r.size)
				: fdt_appendprop_u32(fdt, node, "reg", (u32)r.size);
	}
	return err == 0 ? fdt_setprop_empty(fdt, node, "no-map") : err;
}

u64 host_dt_write(struct machine *m, const struct range *hidden, u32 hidden_count)
{
	u64 used;
	u64 place;
	void *fdt;
	u32 i;
	int err;

	used = fdt_totalsize(m->fdt);
	place = range_find(m, FDT_BYTES_MAX, FDT_BYTES_MAX);
	if (place == 0 || !range_add_busy(m, place, FDT_BYTES_MAX) ||
	    !early_map(place, place + used + GROWTH_BYTES, EARLY_DATA)) {
		print("hypatia: no room for the host's device tree\n");
		return 0;
	}
	fdt = (void *)(uintptr_t)place;
	err = fdt_open_into(m->fdt, fdt, (int)(used + GROWTH_BYTES));
	err = err == 0 ? write_chosen(fdt, m) : err;
	for (i = 0; i < hidden_count && err == 0; i++) {
		err = reserve(fdt, hidden[i]);
	}
	if (err != 0) {
		print("hypatia: cannot write the host's device tree (libfdt error %u)\n",
		      (u32)-err);
		return 0;
	}
	cache_clean_inval(place, place + used + GROWTH_BYTES);
	return place;
}
