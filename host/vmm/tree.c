// SPDX-License-Identifier: BSD-2-Clause
/*
 * The guest's device tree.
 *
 * The devices' bus reaches the window alone (dma-ranges). So Linux makes the memory up to the window's end its DMA
 * zone; RAM begins there, so the zone is the window. Rings of devices come from it, and so does the pool of bounce
 * buffers (swiotlb) through which all else goes to devices: also Linux as Debian builds it, without
 * CONFIG_DMA_RESTRICTED_POOL, keeps what devices see in the window.
 *
 * What is free in the zone besides is less than what Linux keeps back of it from those who do not ask for this zone
 * (lowmem_reserve_ratio: a 256th of the other zones; RAM_MIB_MIN is for that), so nothing else of the guest's gets
 * there.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <libfdt.h>

#include "vmm.h"

#define PHANDLE_GIC 1
#define INTERRUPT_SPI 0
#define INTERRUPT_PPI 1
#define LEVEL_HIGH 4
#define UART_CLOCK 1843200
#define CELLS_MAX 16
#define COMMAND_LINE_MAX 2048
#define SWIOTLB_SLOT_BYTES (2 * KIB)

static void *tree;

static int checked(int result)
{
	if (result < 0)
		give_up("the device tree cannot be made: %s", fdt_strerror(result));
	return result;
}

static int node(int parent, const char *name)
{
	return checked(fdt_add_subnode(tree, parent, name));
}

static int node_at(int parent, const char *name, uint64_t address)
{
	char full[64];

	snprintf(full, sizeof(full), "%s@%llx", name, (unsigned long long)address);
	return node(parent, full);
}

static void text(int at, const char *name, const char *value)
{
	checked(fdt_setprop_string(tree, at, name, value));
}

static void flag(int at, const char *name)
{
	checked(fdt_setprop_empty(tree, at, name));
}

static void cell(int at, const char *name, uint32_t value)
{
	checked(fdt_setprop_u32(tree, at, name, value));
}

static void cells(int at, const char *name, const uint32_t *values, unsigned int count)
{
	fdt32_t words[CELLS_MAX];
	unsigned int i;

	for (i = 0; i < count; i++)
		words[i] = cpu_to_fdt32(values[i]);
	checked(fdt_setprop(tree, at, name, words, count * sizeof(words[0])));
}

/* Numbers of two cells. */
static void wide(int at, const char *name, const uint64_t *values, unsigned int count)
{
	uint32_t words[CELLS_MAX];
	unsigned int i;

	for (i = 0; i < count; i++) {
		words[2 * i] = values[i] >> 32;
		words[2 * i + 1] = (uint32_t)values[i];
	}
	cells(at, name, words, 2 * count);
}

#define CELLS(at, name, ...) \
	cells(at, name, (const uint32_t[]){ __VA_ARGS__ }, sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
#define WIDE(at, name, ...) \
	wide(at, name, (const uint64_t[]){ __VA_ARGS__ }, sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static void put_chosen(int root)
{
	char line[COMMAND_LINE_MAX];
	uint8_t seed[64];
	int at = node(root, "chosen");
	int bytes;

	/* An area for memory that moves would be in the window, too small, and other pages would be in it. */
	bytes = snprintf(line, sizeof(line), "swiotlb=%llu,force cma=0 %s",
			 (unsigned long long)(BOUNCE_BYTES / SWIOTLB_SLOT_BYTES), vm.arguments);
	if (bytes >= (int)sizeof(line))
		give_up("--append: the kernel takes %d characters at most", COMMAND_LINE_MAX - 64);
	text(at, "bootargs", line);
	text(at, "stdout-path", "/serial@9000000");
	if (vm.initrd_bytes) {
		WIDE(at, "linux,initrd-start", vm.initrd);
		WIDE(at, "linux,initrd-end", vm.initrd + vm.initrd_bytes);
	}
	/* Of a measured image all is known before; and a seed of the host's is no secret of the guest's. */
	if (!vm.measured && getrandom(seed, sizeof(seed), 0) == sizeof(seed))
		checked(fdt_setprop(tree, at, "rng-seed", seed, sizeof(seed)));
}

static void put_memory(int root)
{
	int at = node_at(root, "memory", WINDOW_BASE);

	text(at, "device_type", "memory");
	WIDE(at, "reg", WINDOW_BASE, WINDOW_BYTES, RAM_BASE, vm.ram_bytes);
}

static void put_cpus(int root)
{
	static const char psci[] = "arm,psci-1.0\0arm,psci-0.2";
	int cpus = node(root, "cpus");
	int at, i;

	cell(cpus, "#address-cells", 1);
	cell(cpus, "#size-cells", 0);
	/* Each new node is put before the others of its parent. */
	for (i = (int)vm.cpus - 1; i >= 0; i--) {
		at = node_at(cpus, "cpu", i);
		text(at, "device_type", "cpu");
		text(at, "compatible", "arm,armv8");
		text(at, "enable-method", "psci");
		cell(at, "reg", i);
	}
	at = node(root, "psci");
	checked(fdt_setprop(tree, at, "compatible", psci, sizeof(psci)));
	text(at, "method", "hvc");
}

static void put_interrupts(int root)
{
	uint32_t ppi = LEVEL_HIGH | ((1u << vm.cpus) - 1) << 8;
	int at = node_at(root, "interrupt-controller", GICD_BASE);

	text(at, "compatible", "arm,cortex-a15-gic");
	cell(at, "#interrupt-cells", 3);
	cell(at, "#address-cells", 0);
	flag(at, "interrupt-controller");
	WIDE(at, "reg", GICD_BASE, GIC_BYTES, GICC_BASE, GIC_BYTES);
	cell(at, "phandle", PHANDLE_GIC);
	at = node(root, "timer");
	text(at, "compatible", "arm,armv8-timer");
	flag(at, "always-on");
	/* Secure, physical, virtual, of EL2: a guest has the two in the middle. */
	CELLS(at, "interrupts", INTERRUPT_PPI, 13, ppi, INTERRUPT_PPI, PPI_PHYSICAL_TIMER, ppi, INTERRUPT_PPI,
	      PPI_VIRTUAL_TIMER, ppi, INTERRUPT_PPI, 10, ppi);
}

static void put_uart(int root)
{
	int at = node_at(root, "serial", UART_BASE);

	text(at, "compatible", "ns16550a");
	WIDE(at, "reg", UART_BASE, PAGE_BYTES);
	cell(at, "clock-frequency", UART_CLOCK);
	CELLS(at, "interrupts", INTERRUPT_SPI, SPI_UART, LEVEL_HIGH);
}

static void put_devices(int root)
{
	int bus = node(root, "devices");
	int at, i;

	text(bus, "compatible", "simple-bus");
	cell(bus, "#address-cells", 2);
	cell(bus, "#size-cells", 2);
	flag(bus, "ranges");
	WIDE(bus, "dma-ranges", WINDOW_BASE, WINDOW_BASE, WINDOW_BYTES);
	for (i = (int)vm.device_count - 1; i >= 0; i--) {
		at = node_at(bus, "virtio", DEVICES_BASE + i * PAGE_BYTES);
		text(at, "compatible", "virtio,mmio");
		flag(at, "dma-coherent");
		WIDE(at, "reg", DEVICES_BASE + i * PAGE_BYTES, PAGE_BYTES);
		CELLS(at, "interrupts", INTERRUPT_SPI, SPI_DEVICES + i, LEVEL_HIGH);
	}
}

size_t tree_make(void *room, size_t bytes)
{
	int root = 0;

	tree = room;
	checked(fdt_create_empty_tree(tree, (int)bytes));
	cell(root, "#address-cells", 2);
	cell(root, "#size-cells", 2);
	text(root, "compatible", "linux,dummy-virt");
	text(root, "model", "Hypatia's small machine");
	cell(root, "interrupt-parent", PHANDLE_GIC);
	put_devices(root);
	put_uart(root);
	put_interrupts(root);
	put_cpus(root);
	put_memory(root);
	put_chosen(root);
	checked(fdt_pack(tree));
	return fdt_totalsize(tree);
}
