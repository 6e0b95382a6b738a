/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device-tree reader on the build machine, under ASan and UBSan: good trees, defects one by
 * one, and a tree with random damage, which must be refused or read without a wrong access.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include <asm/console.h>
#include <asm/sysreg.h>

#include "boot.h"

#define TREE_BYTES 16384
#define FUZZ_ROUNDS 200000

u64 fake_mpidr_el1 = 0x80000000u;

static char output[4096];
static size_t output_len;
static char tree[TREE_BYTES] __attribute__((aligned(8)));

void print(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(output + output_len, sizeof(output) - output_len, format, args);
	va_end(args);
	if (n > 0 && output_len + (size_t)n < sizeof(output)) {
		output_len += (size_t)n;
	}
}

static void fresh(void)
{
	output_len = 0;
	output[0] = '\0';
}

static void ok(int err)
{
	assert_int_equal(err, 0);
}

/* libfdt puts a new node before its siblings: the last one added is the first one read. */
static int add(int parent, const char *name)
{
	int node = fdt_add_subnode(tree, parent, name);

	assert_true(node >= 0);
	return node;
}

static void put_reg(int node, const u32 *cells, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		ok(fdt_appendprop_u32(tree, node, "reg", cells[i]));
	}
}

#define REG(node, ...)                              \
	put_reg(node, (const u32[]){ __VA_ARGS__ }, \
		sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))

static void add_cpu(int cpus, const char *name, u32 mpidr)
{
	int cpu = add(cpus, name);

	ok(fdt_setprop_string(tree, cpu, "device_type", "cpu"));
	REG(cpu, mpidr);
}

/* A machine with 1 GiB at 1 GiB, two CPUs, PSCI, a GICv3 and a PL011. */
static void build_tree(void)
{
	int node;

	ok(fdt_create_empty_tree(tree, TREE_BYTES));
	ok(fdt_setprop_u32(tree, 0, "#address-cells", 2));
	ok(fdt_setprop_u32(tree, 0, "#size-cells", 2));
	node = add(0, "memory@40000000");
	REG(node, 0, 0x40000000, 0, 0x40000000);
	node = add(0, "cpus");
	ok(fdt_setprop_u32(tree, node, "#address-cells", 1));
	ok(fdt_setprop_u32(tree, node, "#size-cells", 0));
	add_cpu(node, "cpu@1", 1);
	add_cpu(node, "cpu@0", 0);
	node = add(0, "psci");
	ok(fdt_setprop_string(tree, node, "compatible", "arm,psci-1.0"));
	ok(fdt_setprop_string(tree, node, "method", "smc"));
	node = add(0, "intc@8000000");
	ok(fdt_setprop_string(tree, node, "compatible", "arm,gic-v3"));
	node = add(0, "pl011@9000000");
	ok(fdt_setprop_string(tree, node, "compatible", "arm,pl011"));
	REG(node, 0, 0x09000000, 0, 0x1000);
	node = add(0, "chosen");
	ok(fdt_setprop_string(tree, node, "stdout-path", "/pl011@9000000"));
	ok(fdt_setprop_string(tree, node, "bootargs", "hypatia.mode=nvhe"));
	fresh();
}

static void add_module(const char *name, const char *kind, u32 base, u32 size)
{
	int node = add(fdt_path_offset(tree, "/chosen"), name);
	char compatible[64];
	int n = snprintf(compatible, sizeof(compatible), "multiboot,module%cmultiboot,%s", 0, kind);

	ok(fdt_setprop(tree, node, "compatible", compatible, n + 1));
	ok(fdt_setprop_string(tree, node, "bootargs", "quiet"));
	REG(node, 0, base, 0, size);
}

static struct machine parse(_Bool expected)
{
	struct machine m = { .fdt = tree };

	assert_int_equal(dt_parse(&m), expected);
	return m;
}

static void said(const char *what)
{
	if (strstr(output, what) == NULL) {
		fail_msg("'%s' is not in '%s'", what, output);
	}
}

static void test_good(void **state)
{
	struct machine m;

	(void)state;
	build_tree();
	add_module("module@42000000", "kernel", 0x42000000, 0x1000000);
	add_module("module@4a000000", "ramdisk", 0x4a000000, 0x100000);
	m = parse(1);
	assert_string_equal(output, "");
	assert_int_equal(m.ram_count, 1);
	assert_int_equal(m.ram[0].base, 0x40000000);
	assert_int_equal(m.ram[0].size, 0x40000000);
	assert_int_equal(m.cpu_count, 2);
	assert_int_equal(m.cpu_mpidr[0], 0);
	assert_int_equal(m.cpu_mpidr[1], 1);
	assert_int_equal(m.psci, PSCI_SMC);
	assert_int_equal(m.gic, 3);
	assert_int_equal(m.kernel.base, 0x42000000);
	assert_int_equal(m.kernel.size, 0x1000000);
	assert_int_equal(m.ramdisk.base, 0x4a000000);
	assert_string_equal(m.kernel_args, "quiet");
	assert_string_equal(m.args, "hypatia.mode=nvhe");
	assert_int_equal(dt_console(tree), 0x09000000);
}

static void test_console_behind_buses(void **state)
{
	int bus;
	int uart;

	(void)state;
	build_tree();
	bus = add(0, "soc");
	ok(fdt_setprop_u32(tree, bus, "#address-cells", 1));
	ok(fdt_setprop_u32(tree, bus, "#size-cells", 1));
	ok(fdt_appendprop_u32(tree, bus, "ranges", 0x7e000000));
	ok(fdt_appendprop_u32(tree, bus, "ranges", 0));
	ok(fdt_appendprop_u32(tree, bus, "ranges", 0xfe000000));
	ok(fdt_appendprop_u32(tree, bus, "ranges", 0x01800000));
	uart = add(bus, "serial@7e201000");
	ok(fdt_setprop_string(tree, uart, "compatible", "arm,pl011"));
	REG(uart, 0x7e201000, 0x200);
	ok(fdt_setprop_string(tree, fdt_path_offset(tree, "/chosen"), "stdout-path",
			      "serial0:115200n8"));
	bus = add(0, "aliases");
	ok(fdt_setprop_string(tree, bus, "serial0", "/soc/serial@7e201000"));
	assert_int_equal(dt_console(tree), 0xfe201000);
	ok(fdt_delprop(tree, fdt_path_offset(tree, "/soc"), "ranges"));
	assert_int_equal(dt_console(tree), 0);
}

static void test_console_of_another_kind(void **state)
{
	(void)state;
	build_tree();
	ok(fdt_setprop_string(tree, fdt_path_offset(tree, "/pl011@9000000"), "compatible",
			      "ns16550a"));
	assert_int_equal(dt_console(tree), 0);
}

static void test_banks(void **state)
{
	struct machine m;

	(void)state;
	build_tree();
	REG(add(0, "memory@200000000"), 2, 0, 0, 0x10000000);
	REG(add(0, "memory@10000000"), 0, 0x10000800, 0, 0x2000);
	REG(add(0, "memory@3fff0000"), 0, 0x3fff0000, 0, 0x100000);
	REG(add(0, "memory@bad"), 0xffffffff, 0xfffff000, 0, 0x2000);
	REG(add(0, "memory@far"), 0x20000, 0, 0, 0x2000);
	REG(add(0, "memory@odd"), 0, 1, 2);
	m = parse(1);
	assert_int_equal(m.ram_count, 3);
	assert_int_equal(m.ram[0].base, 0x10001000);
	assert_int_equal(m.ram[0].size, 0x1000);
	assert_int_equal(m.ram[1].base, 0x3fff0000);
	assert_int_equal(m.ram[2].base, 0x200000000);
	said("memory@40000000: memory banks overlap");
	said("memory@bad: memory beyond 48 bits");
	said("memory@far: memory beyond 48 bits");
	said("memory@odd: bad length of reg");
}

static void test_no_memory(void **state)
{
	(void)state;
	build_tree();
	ok(fdt_del_node(tree, fdt_path_offset(tree, "/memory@40000000")));
	parse(0);
	said("no RAM found");
}

static void test_boot_cpu_missing(void **state)
{
	(void)state;
	build_tree();
	fake_mpidr_el1 = 7;
	parse(0);
	fake_mpidr_el1 = 0x80000000u;
	said("the boot CPU is not listed");
}

static void test_bad_cpus(void **state)
{
	struct machine m;
	int cpus;

	(void)state;
	build_tree();
	cpus = fdt_path_offset(tree, "/cpus");
	add_cpu(cpus, "cpu@dup", 1);
	add_cpu(fdt_path_offset(tree, "/cpus"), "cpu@wild", 0xff000000);
	add(fdt_path_offset(tree, "/cpus"), "cpu@noreg");
	m = parse(1);
	assert_int_equal(m.cpu_count, 2);
	said("cpu@1: reg of another CPU");
	said("cpu@wild: reg is no MPIDR");
	said("cpu@noreg: no usable reg");
}

static void test_many_cpus(void **state)
{
	struct machine m;
	char name[16];
	u32 i;

	(void)state;
	build_tree();
	for (i = 2; i < CPUS_MAX + 3; i++) {
		(void)snprintf(name, sizeof(name), "cpu@%x", i);
		add_cpu(fdt_path_offset(tree, "/cpus"), name, i);
	}
	m = parse(1);
	assert_int_equal(m.cpu_count, CPUS_MAX);
	assert_int_equal(m.cpu_mpidr[0], 0);
	said("3 CPUs beyond 64 left out");
}

static void test_reserved(void **state)
{
	struct machine m;
	int node;

	(void)state;
	build_tree();
	ok(fdt_add_mem_rsv(tree, 0x41000000, 0x1000));
	node = add(0, "reserved-memory");
	ok(fdt_setprop_u32(tree, node, "#address-cells", 2));
	ok(fdt_setprop_u32(tree, node, "#size-cells", 2));
	REG(add(node, "tee@50000000"), 0, 0x50000000, 0, 0x100000);
	REG(add(fdt_path_offset(tree, "/reserved-memory"), "bad@0"), 0xffffffff, 0xfffff000, 0,
	    0x2000);
	add(fdt_path_offset(tree, "/reserved-memory"), "dynamic");
	m = parse(1);
	assert_int_equal(m.busy_count, 2);
	assert_int_equal(m.busy[1].base, 0x50000000);
	said("bad@0: reserved memory that wraps");
}

static void test_modules_wrong(void **state)
{
	struct machine m;

	(void)state;
	build_tree();
	add_module("module@1", "kernel", 0x42000000, 0x1000);
	add_module("module@2", "kernel", 0x43000000, 0x1000);
	ok(fdt_setprop_u32(tree, fdt_path_offset(tree, "/chosen/module@2"), "reg", 5));
	m = parse(1);
	assert_int_equal(m.kernel.size, 0x1000);
	said("module");
}

static void test_psci(void **state)
{
	(void)state;
	build_tree();
	ok(fdt_setprop_string(tree, fdt_path_offset(tree, "/psci"), "method", "hvc"));
	assert_int_equal(parse(1).psci, PSCI_HVC);
	ok(fdt_setprop_string(tree, fdt_path_offset(tree, "/psci"), "method", "magic"));
	assert_int_equal(parse(1).psci, PSCI_ABSENT);
	said("psci: no usable method");
	ok(fdt_setprop_string(tree, fdt_path_offset(tree, "/psci"), "compatible", "arm,psci"));
	assert_int_equal(parse(1).psci, PSCI_ABSENT);
	said("not PSCI 0.2");
}

static void test_find(void **state)
{
	struct machine m = { .ram = { { 0x1000, 0x10000 }, { 0x100000, 0x100000 } },
			     .ram_count = 2 };

	(void)state;
	assert_int_equal(ram_frames(&m), 0x110);
	assert_int_equal(range_find(&m, 0x1000, 0x1000), 0x1ff000);
	assert_true(range_add_busy(&m, 0x1f0000, 0x10000));
	assert_int_equal(range_find(&m, 0x1000, 0x10000), 0x1e0000);
	assert_true(range_add_busy(&m, 0x100000, 0x80000));
	assert_true(range_add_busy(&m, 0x170000, 0x80000));
	assert_int_equal(range_find(&m, 0x1000, 0x1000), 0x10000);
	assert_int_equal(range_find(&m, 0x20000, 0x1000), 0);
	assert_int_equal(range_find(&m, ~(u64)0, 0x1000), 0);
	assert_false(range_add_busy(&m, ~(u64)0, 2));
	assert_true(range_in_ram(&m, 0x1000, 0x10000));
	assert_false(range_in_ram(&m, 0x1000, 0x10001));
	assert_false(range_in_ram(&m, 0x2000, ~(u64)0));
}

/* A small generator of our own, so that a failure can be repeated. */
static u32 random_state = 1;

static u32 next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8;
}

static void test_damage(void **state)
{
	static char good[TREE_BYTES];
	u32 size;
	u32 round;
	u32 hits;

	(void)state;
	build_tree();
	add_module("module@42000000", "kernel", 0x42000000, 0x1000000);
	ok(fdt_pack(tree));
	size = fdt_totalsize(tree);
	memcpy(good, tree, size);
	for (round = 0; round < FUZZ_ROUNDS; round++) {
		/* The heap, not the array: ASan sees one byte too far. */
		char *damaged = malloc(size);
		struct machine m = { .fdt = damaged };

		assert_non_null(damaged);
		memcpy(damaged, good, size);
		for (hits = next_random() % 4 + 1; hits > 0; hits--) {
			damaged[next_random() % size] = (char)next_random();
		}
		fresh();
		if (fdt_check_header(damaged) == 0 && fdt_totalsize(damaged) <= size) {
			(void)dt_console(damaged);
			(void)dt_psci(damaged);
			(void)dt_parse(&m);
		}
		free(damaged);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_console_behind_buses),
		cmocka_unit_test(test_console_of_another_kind),
		cmocka_unit_test(test_banks),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_boot_cpu_missing),
		cmocka_unit_test(test_bad_cpus),
		cmocka_unit_test(test_many_cpus),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_modules_wrong),
		cmocka_unit_test(test_psci),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
