/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the device tree: one walk over all nodes, every length checked before use.
 *
 * libfdt checks the structure of the tree; what is checked here is what the values mean.
 */
#include <libfdt.h>

#include <asm/console.h>
#include <asm/sysreg.h>

#include "boot.h"

#define MPIDR_AFFINITY 0xff00ffffffu
#define CELLS_MAX 2
#define DEPTH_MAX 64

/* Which node at depth 1 the walk is in. */
enum section { SECTION_OTHER, SECTION_CPUS, SECTION_RESERVED, SECTION_CHOSEN, SECTION_FIRMWARE };

struct cells {
	int address;
	int size;
};

struct walk {
	struct machine *m;
	const void *fdt;
	enum section section;
	struct cells root;
	struct cells cells; /* of the section's node, for the reg of its children */
	u32 cpus_dropped;
};

static void defect(const char *node, const char *what)
{
	print("hypatia: device tree: %s: %s\n", node, what);
}

static const char *node_name(const void *fdt, int node)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	return name != NULL && name[0] != '\0' ? name : "/";
}

/* @name is @base, or @base followed by a unit address. */
static _Bool named(const char *name, const char *base)
{
	size_t n = strlen(base);

	return strncmp(name, base, n) == 0 && (name[n] == '\0' || name[n] == '@');
}

static u64 read_cells(const fdt32_t *cell, int count)
{
	u64 value = 0;
	int i;

	for (i = 0; i < count; i++) {
		value = value << 32 | fdt32_to_cpu(cell[i]);
	}
	return value;
}

static int cell_count(const void *fdt, int node, const char *property, int otherwise)
{
	int len;
	const fdt32_t *cell = fdt_getprop(fdt, node, property, &len);

	return cell != NULL && len == 4 ? (int)fdt32_to_cpu(*cell) : otherwise;
}

/* What the reg of a child of @node is made of; without a property, what the parent has. */
static struct cells node_cells(const void *fdt, int node, struct cells otherwise)
{
	return (struct cells){ cell_count(fdt, node, "#address-cells", otherwise.address),
			       cell_count(fdt, node, "#size-cells", otherwise.size) };
}

static _Bool cells_usable(struct cells c)
{
	return c.address >= 1 && c.address <= CELLS_MAX && c.size >= 0 && c.size <= CELLS_MAX;
}

/* A string property that ends within its length, or NULL. */
static const char *string_property(const void *fdt, int node, const char *property)
{
	int len;
	const char *s = fdt_getprop(fdt, node, property, &len);

	return s != NULL && len > 0 && s[len - 1] == '\0' ? s : NULL;
}

static _Bool is_compatible(const void *fdt, int node, const char *compatible)
{
	return fdt_node_check_compatible(fdt, node, compatible) == 0;
}

/* Ranges of a reg property: number of entries, or -1 if its length is wrong. */
static int reg_entries(const void *fdt, int node, struct cells c, const fdt32_t **reg)
{
	int len;
	int stride;

	*reg = fdt_getprop(fdt, node, "reg", &len);
	if (*reg == NULL) {
		return 0;
	}
	if (!cells_usable(c)) {
		return -1;
	}
	stride = 4 * (c.address + c.size);
	return len % stride == 0 ? len / stride : -1;
}

static struct range reg_entry(const fdt32_t *reg, struct cells c, int i)
{
	const fdt32_t *entry = reg + i * (c.address + c.size);

	return (struct range){ read_cells(entry, c.address),
			       read_cells(entry + c.address, c.size) };
}

/* Keep the banks sorted; a bank that wraps, overlaps another or holds no whole page is left out. */
static void add_ram(struct walk *w, const char *name, struct range r)
{
	struct machine *m = w->m;
	u64 end = r.base + r.size;
	u64 base = (r.base + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
	u32 at;
	u32 i;

	if (r.size == 0) {
		return;
	}
	if (end < r.base || end > (u64)1 << 48) {
		defect(name, "memory beyond 48 bits left out");
		return;
	}
	end = end / PAGE_SIZE * PAGE_SIZE;
	if (base >= end) {
		return;
	}
	if (m->ram_count == MEM_BANKS_MAX) {
		defect(name, "too many memory banks, this one is left out");
		return;
	}
	for (at = 0; at < m->ram_count && m->ram[at].base < base; at++) {
	}
	if ((at > 0 && m->ram[at - 1].base + m->ram[at - 1].size > base) ||
	    (at < m->ram_count && m->ram[at].base < end)) {
		defect(name, "memory banks overlap, this one is left out");
		return;
	}
	for (i = m->ram_count; i > at; i--) {
		m->ram[i] = m->ram[i - 1];
	}
	m->ram[at] = (struct range){ base, end - base };
	m->ram_count++;
}

static void read_memory(struct walk *w, int node, const char *name)
{
	const fdt32_t *reg;
	int n = reg_entries(w->fdt, node, w->root, &reg);
	int i;

	if (n < 0) {
		defect(name, "bad length of reg");
	}
	for (i = 0; i < n; i++) {
		add_ram(w, name, reg_entry(reg, w->root, i));
	}
}

static void read_reserved(struct walk *w, int node, const char *name)
{
	const fdt32_t *reg;
	int n = reg_entries(w->fdt, node, w->cells, &reg);
	struct range r;
	int i;

	if (n < 0) {
		defect(name, "bad length of reg");
	}
	for (i = 0; i < n; i++) {
		r = reg_entry(reg, w->cells, i);
		if (!range_add_busy(w->m, r.base, r.size)) {
			defect(name, "reserved memory that wraps, or too many of them");
		}
	}
}

static u64 own_mpidr(void)
{
	return read_sysreg(mpidr_el1) & MPIDR_AFFINITY;
}

static void read_cpu(struct walk *w, int node, const char *name)
{
	int len;
	const fdt32_t *reg = fdt_getprop(w->fdt, node, "reg", &len);
	struct machine *m = w->m;
	u64 mpidr;
	u32 i;

	if (reg == NULL || w->cells.address < 1 || w->cells.address > CELLS_MAX ||
	    len != 4 * w->cells.address) {
		defect(name, "no usable reg, CPU left out");
		return;
	}
	mpidr = read_cells(reg, w->cells.address);
	if ((mpidr & ~(u64)MPIDR_AFFINITY) != 0) {
		defect(name, "reg is no MPIDR, CPU left out");
		return;
	}
	for (i = 0; i < m->cpu_count; i++) {
		if (m->cpu_mpidr[i] == mpidr) {
			defect(name, "reg of another CPU, left out");
			return;
		}
	}
	if (m->cpu_count == CPUS_MAX) {
		w->cpus_dropped++;
		/* The CPU that runs this is never the one that is left out. */
		if (mpidr == own_mpidr()) {
			m->cpu_mpidr[CPUS_MAX - 1] = mpidr;
		}
		return;
	}
	m->cpu_mpidr[m->cpu_count] = mpidr;
	m->cpu_count++;
}

static void read_psci(struct walk *w, int node, const char *name)
{
	const char *method = string_property(w->fdt, node, "method");

	if (!is_compatible(w->fdt, node, "arm,psci-1.0") &&
	    !is_compatible(w->fdt, node, "arm,psci-0.2")) {
		defect(name, "not PSCI 0.2 or later, not used");
	} else if (method != NULL && strcmp(method, "smc") == 0) {
		w->m->psci = PSCI_SMC;
	} else if (method != NULL && strcmp(method, "hvc") == 0) {
		w->m->psci = PSCI_HVC;
	} else {
		defect(name, "no usable method");
	}
}

static void read_gic(struct walk *w, int node)
{
	if (is_compatible(w->fdt, node, "arm,gic-v3")) {
		w->m->gic = 3;
	} else if (is_compatible(w->fdt, node, "arm,cortex-a15-gic") ||
		   is_compatible(w->fdt, node, "arm,gic-400")) {
		w->m->gic = 2;
	}
}

/*
 * A module's reg: /chosen's own cells if it has them, else the root's, else (as some loaders write
 * it) whatever the length says.
 */
static struct range module_place(struct walk *w, int node, const char *name)
{
	const fdt32_t *reg;
	struct cells c = w->cells;
	int len;

	reg = fdt_getprop(w->fdt, node, "reg", &len);
	if (reg == NULL || (len != 8 && len != 16 && len != 12)) {
		defect(name, "module without a usable reg");
		return (struct range){ 0, 0 };
	}
	if (!cells_usable(c) || len != 4 * (c.address + c.size)) {
		c = len == 8 ? (struct cells){ 1, 1 } : (struct cells){ 2, len == 16 ? 2 : 1 };
	}
	return reg_entry(reg, c, 0);
}

static void read_module(struct walk *w, int node, const char *name)
{
	struct machine *m = w->m;
	struct range *place;

	if (is_compatible(w->fdt, node, "multiboot,kernel")) {
		place = &m->kernel;
	} else if (is_compatible(w->fdt, node, "multiboot,ramdisk")) {
		place = &m->ramdisk;
	} else {
		return;
	}
	if (place->size != 0) {
		defect(name, "second module of its kind, not used");
		return;
	}
	*place = module_place(w, node, name);
	if (place == &m->kernel) {
		m->kernel_args = string_property(w->fdt, node, "bootargs");
	}
}

static void enter_section(struct walk *w, int node, const char *name)
{
	w->section = SECTION_OTHER;
	w->cells = w->root;
	if (named(name, "memory")) {
		read_memory(w, node, name);
	} else if (named(name, "cpus")) {
		w->section = SECTION_CPUS;
		w->cells = node_cells(w->fdt, node, (struct cells){ 1, 0 });
	} else if (named(name, "reserved-memory")) {
		w->section = SECTION_RESERVED;
		w->cells = node_cells(w->fdt, node, w->root);
	} else if (named(name, "chosen")) {
		w->section = SECTION_CHOSEN;
		w->cells = node_cells(w->fdt, node, w->root);
		w->m->args = string_property(w->fdt, node, "bootargs");
	} else if (named(name, "firmware")) {
		w->section = SECTION_FIRMWARE;
	} else if (named(name, "psci")) {
		read_psci(w, node, name);
	} else if (named(name, "intc") || named(name, "interrupt-controller")) {
		read_gic(w, node);
	}
}

static void read_child(struct walk *w, int node, const char *name)
{
	switch (w->section) {
	case SECTION_CPUS:
		if (named(name, "cpu")) {
			read_cpu(w, node, name);
		}
		break;
	case SECTION_RESERVED:
		read_reserved(w, node, name);
		break;
	case SECTION_CHOSEN:
		read_module(w, node, name);
		break;
	case SECTION_FIRMWARE:
		if (named(name, "psci")) {
			read_psci(w, node, name);
		}
		break;
	default:
		if (named(name, "interrupt-controller")) {
			read_gic(w, node);
		}
		break;
	}
}

static void read_memreserve(struct machine *m)
{
	int n = fdt_num_mem_rsv(m->fdt);
	u64 base;
	u64 size;
	int i;

	for (i = 0; i < n; i++) {
		if (fdt_get_mem_rsv(m->fdt, i, &base, &size) != 0 ||
		    !range_add_busy(m, base, size)) {
			defect("/memreserve/", "an entry that cannot be used");
		}
	}
}

/* The CPU that runs this comes first. */
static _Bool boot_cpu_first(struct machine *m)
{
	u64 own = own_mpidr();
	u32 at;

	for (at = 0; at < m->cpu_count && m->cpu_mpidr[at] != own; at++) {
	}
	if (at == m->cpu_count) {
		return 0;
	}
	for (; at > 0; at--) {
		m->cpu_mpidr[at] = m->cpu_mpidr[at - 1];
	}
	m->cpu_mpidr[0] = own;
	return 1;
}

static _Bool check_machine(struct walk *w)
{
	struct machine *m = w->m;

	if (w->cpus_dropped != 0) {
		print("hypatia: device tree: /cpus: %u CPUs beyond %u left out\n", w->cpus_dropped,
		      CPUS_MAX);
	}
	if (m->ram_count == 0) {
		defect("/memory", "no RAM found");
		return 0;
	}
	if (!boot_cpu_first(m)) {
		defect("/cpus", "the boot CPU is not listed");
		return 0;
	}
	return 1;
}

_Bool dt_parse(struct machine *m)
{
	struct walk w = { .m = m, .fdt = m->fdt, .section = SECTION_OTHER };
	int depth = 0;
	int node;

	w.root = node_cells(w.fdt, 0, (struct cells){ 2, 1 });
	read_memreserve(m);
	for (node = fdt_next_node(w.fdt, 0, &depth); node >= 0 && depth > 0;
	     node = fdt_next_node(w.fdt, node, &depth)) {
		if (depth == 1) {
			enter_section(&w, node, node_name(w.fdt, node));
		} else if (depth == 2) {
			read_child(&w, node, node_name(w.fdt, node));
		}
	}
	if (node < 0 && node != -FDT_ERR_NOTFOUND) {
		defect("/", "the structure is damaged");
		return 0;
	}
	return check_machine(&w);
}

/* @address on the bus of @bus, as the bus above sees it. 0 if there is no way through. */
static _Bool translate(const void *fdt, int bus, int above, u64 *address)
{
	struct cells inner = { fdt_address_cells(fdt, bus), fdt_size_cells(fdt, bus) };
	int outer = fdt_address_cells(fdt, above);
	int len;
	const fdt32_t *range = fdt_getprop(fdt, bus, "ranges", &len);
	int stride;
	u64 base;
	u64 size;

	if (range == NULL || !cells_usable(inner) || outer < 1 || outer > CELLS_MAX) {
		return 0;
	}
	if (len == 0) {
		return 1;
	}
	stride = inner.address + outer + inner.size;
	for (; len >= 4 * stride; len -= 4 * stride, range += stride) {
		base = read_cells(range, inner.address);
		size = read_cells(range + inner.address + outer, inner.size);
		if (*address >= base && *address - base < size) {
			*address = read_cells(range + inner.address, outer) + (*address - base);
			return 1;
		}
	}
	return 0;
}

/*
 * Physical address of the first reg of @node, through the ranges of the buses above it; 0 if none.
 */
static u64 node_address(const void *fdt, int node)
{
	int bus = fdt_parent_offset(fdt, node);
	int above;
	int len;
	u64 address;
	const fdt32_t *reg = fdt_getprop(fdt, node, "reg", &len);
	int cells = bus >= 0 ? fdt_address_cells(fdt, bus) : 0;

	if (reg == NULL || cells < 1 || cells > CELLS_MAX || len < 4 * cells) {
		return 0;
	}
	address = read_cells(reg, cells);
	while (bus > 0) {
		above = fdt_parent_offset(fdt, bus);
		if (above < 0 || !translate(fdt, bus, above, &address)) {
			return 0;
		}
		bus = above;
	}
	return address;
}

/* stdout-path, up to its options; without one, the first PL011. */
u64 dt_console(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen");
	const char *path = chosen >= 0 ? string_property(fdt, chosen, "stdout-path") : NULL;
	const char *colon;
	int node;

	if (path != NULL) {
		colon = strchr(path, ':');
		node = fdt_path_offset_namelen(
			fdt, path, colon != NULL ? (int)(colon - path) : (int)strlen(path));
	} else {
		node = fdt_node_offset_by_compatible(fdt, -1, "arm,pl011");
	}
	if (node < 0 || !is_compatible(fdt, node, "arm,pl011")) {
		return 0;
	}
	return node_address(fdt, node);
}

enum psci_method dt_psci(const void *fdt)
{
	struct machine m = { .psci = PSCI_ABSENT };
	struct walk w = { .m = &m, .fdt = fdt };
	int node = fdt_path_offset(fdt, "/psci");

	if (node >= 0) {
		read_psci(&w, node, "psci");
	}
	return m.psci;
}
