/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot CPU's way from the entry code to the host.
 *
 * boot_main() runs on the bootstrap tables, boot_finish() on Hypatia's own.
 */
#include <libfdt.h>

#include <asm/console.h>
#include <asm/cpu.h>
#include <asm/sysreg.h>

#include <gen/hypercalls.h>
#include <gen/layout.h>

#include "boot.h"
#include "hyp.h"

#if __has_include(<gen/proof_summary.h>)
#include <gen/proof_summary.h>
#endif

#define VERSION_TEXT "0.1.0"
#define OPTION_MODE "hypatia.mode="

_Noreturn void boot_main(u64 fdt);
_Noreturn void boot_finish(void);
_Noreturn void boot_refuse_el1(u64 fdt);

/* What boot_finish() still needs. */
static struct {
	u64 entry;
	u64 fdt;
} host;

static struct machine machine;

static void system_off(enum psci_method method)
{
	register u64 function __asm__("x0") = PSCI_SYSTEM_OFF;

	if (method == PSCI_SMC) {
		__asm__ volatile("smc #0" : "+r"(function) : : "x1", "x2", "x3", "memory");
	} else if (method == PSCI_HVC) {
		__asm__ volatile("hvc #0" : "+r"(function) : : "x1", "x2", "x3", "memory");
	}
}

void boot_fail(const char *why)
{
	print("hypatia: cannot boot: %s\n", why);
	if (machine.psci == PSCI_SMC) {
		system_off(PSCI_SMC);
	}
	park();
}

static _Bool fdt_usable(u64 fdt)
{
	return fdt != 0 && fdt % 8 == 0 && fdt_check_header((const void *)(uintptr_t)fdt) == 0;
}

/* At EL1 with the MMU off: there is no protection to give from here. */
void boot_refuse_el1(u64 fdt)
{
	const void *tree = (const void *)(uintptr_t)fdt;

	if (fdt_usable(fdt)) {
		console_init(dt_console(tree));
		print("hypatia: refused: entered at EL1, but a hypervisor needs EL2 "
		      "(on QEMU: -M virt,virtualization=on)\n");
		system_off(dt_psci(tree));
	}
	park();
}

static _Bool word_is(const char *word, size_t len, const char *expected)
{
	return strlen(expected) == len && memcmp(word, expected, len) == 0;
}

/* The value of the last hypatia.mode= in @args, and its length. */
static const char *find_mode(const char *args, size_t *len)
{
	size_t option = strlen(OPTION_MODE);
	const char *found = NULL;
	size_t n;

	while (args != NULL && *args != '\0') {
		for (n = 0; args[n] != '\0' && args[n] != ' '; n++) {
		}
		if (n >= option && memcmp(args, OPTION_MODE, option) == 0) {
			found = args + option;
			*len = n - option;
		}
		args += args[n] == ' ' ? n + 1 : n;
	}
	return found;
}

static u32 choose_mode(const char *args)
{
	size_t len = 0;
	const char *mode = find_mode(args, &len);

	if (mode == NULL) {
		print("hypatia: mode protected (no " OPTION_MODE " in /chosen/bootargs)\n");
		return MODE_PROTECTED;
	}
	if (word_is(mode, len, "protected")) {
		print("hypatia: mode protected (asked for)\n");
		return MODE_PROTECTED;
	}
	if (word_is(mode, len, "nvhe")) {
		print("hypatia: mode nvhe (asked for): the host is not confined\n");
		return MODE_NVHE;
	}
	if (word_is(mode, len, "none")) {
		print("hypatia: mode none (asked for): the host gets EL2\n");
		return MODE_NONE;
	}
	print("hypatia: mode protected (" OPTION_MODE " has an unknown value)\n");
	return MODE_PROTECTED;
}

static void print_banner(void)
{
	print("\nHypatia " VERSION_TEXT ", build ");
	print_build_id();
#ifdef PROOF_SUMMARY
	print("\nhypatia: " PROOF_SUMMARY "\n");
#else
	print("\nhypatia: proof: not run for this build\n");
#endif
}

static void open_tree(u64 fdt)
{
	void *tree = (void *)(uintptr_t)fdt;

	if (!fdt_usable(fdt) || fdt_totalsize(tree) > FDT_BYTES_MAX ||
	    !early_map(fdt, fdt + fdt_totalsize(tree), EARLY_DATA)) {
		park();
	}
	machine.fdt = tree;
	machine.console = dt_console(tree);
	if (machine.console != 0 &&
	    early_map(machine.console, machine.console + PAGE_SIZE, EARLY_DEVICE)) {
		console_init(machine.console);
	}
}

static void parse_tree(void)
{
	u64 fdt = (u64)(uintptr_t)machine.fdt;

	/* Loaders leave up to 1 MiB of slack in the tree: closing it up saves copying it. */
	(void)fdt_pack(machine.fdt);
	if (!dt_parse(&machine)) {
		boot_fail("the device tree cannot be used");
	}
	if (!range_add_busy(&machine, fdt, fdt_totalsize(machine.fdt)) ||
	    !range_add_busy(&machine, (u64)(uintptr_t)image_start,
			    (u64)(image_end - image_start))) {
		boot_fail("too many reserved ranges in the device tree");
	}
	if (machine.psci != PSCI_SMC) {
		print("hypatia: no PSCI through SMC: the host gets one CPU\n");
		machine.cpu_count = 1;
	}
}

/* Place everything: kernel, carve-out (@hidden, with the image), host tree. */
static void place_host(struct host_image *image)
{
	const char *why = load_kernel(&machine, image);

	if (why != NULL) {
		boot_fail(why);
	}
	if (!range_add_busy(&machine, image->place.base, image->place.size) ||
	    !range_add_busy(&machine, machine.ramdisk.base, machine.ramdisk.size)) {
		boot_fail("too many reserved ranges in the device tree");
	}
	host.entry = image->entry;
}

static struct range place_carveout(void)
{
	struct range carveout;

	carveout.size = hyp_carveout_size(ram_frames(&machine), machine.cpu_count);
	carveout.base = range_find(&machine, carveout.size, CARVEOUT_ALIGN_BYTES);
	if (carveout.size == 0 || carveout.base == 0 ||
	    !range_add_busy(&machine, carveout.base, carveout.size) ||
	    !early_map(carveout.base, carveout.base + carveout.size, EARLY_DATA)) {
		boot_fail("not enough RAM for the carve-out");
	}
	return carveout;
}

static pa_t symbol_pa(const u8 *symbol)
{
	return (pa_t){ (u64)(uintptr_t)symbol };
}

static void fill_boot_info(struct range carveout, const struct features *features, u32 mode)
{
	u32 i;

	for (i = 0; i < machine.ram_count; i++) {
		boot_info.bank[i].base = (pa_t){ machine.ram[i].base };
		boot_info.bank[i].size = machine.ram[i].size;
	}
	boot_info.bank_count = machine.ram_count;
	for (i = 0; i < machine.cpu_count; i++) {
		boot_info.cpu_mpidr[i] = machine.cpu_mpidr[i];
	}
	boot_info.cpu_count = machine.cpu_count;
	boot_info.image_base = symbol_pa(image_start);
	boot_info.text_end = symbol_pa(text_end);
	boot_info.rodata_end = symbol_pa(rodata_end);
	boot_info.image_end = symbol_pa(image_end);
	boot_info.carveout_base = (pa_t){ carveout.base };
	boot_info.carveout_size = carveout.size;
	boot_info.console_base = (pa_t){ machine.console / PAGE_SIZE * PAGE_SIZE };
	boot_info.secondary_entry = symbol_pa(secondary_entry);
	boot_info.pa_bits = features->pa_bits;
	boot_info.vmid_bits = features->vmid_bits;
	boot_info.e2h = arch_e2h;
	boot_info.mode = mode;
}

static void print_range(const char *what, u64 base, u64 size)
{
	print("hypatia: %s 0x%lx-0x%lx (%lu KiB)\n", what, base, base + size - 1, size / 1024);
}

_Noreturn static void boot_none(void)
{
	struct host_image image;

	place_host(&image);
	host.fdt = host_dt_write(&machine, NULL, 0);
	if (host.fdt == 0) {
		boot_fail("no device tree for the host");
	}
	print("hypatia: entering the host at EL2, 0x%lx\n", host.entry);
	cache_clean_inval((u64)(uintptr_t)rodata_end, (u64)(uintptr_t)image_end);
	none_enter(host.entry, host.fdt);
}

void boot_main(u64 fdt)
{
	struct features features;
	struct host_image image;
	struct range hidden[2];
	u32 mode;
	s32 error;

	open_tree(fdt);
	print_banner();
	parse_tree();
	mode = choose_mode(machine.args);
	features = features_detect();
	features_print(&machine, &features);
	if (mode == MODE_NONE) {
		boot_none();
	}
	place_host(&image);
	hidden[0] = (struct range){ (u64)(uintptr_t)image_start, (u64)(image_end - image_start) };
	hidden[1] = place_carveout();
	print_range("image    ", hidden[0].base, hidden[0].size);
	print_range("carve-out", hidden[1].base, hidden[1].size);
	print_range("host     ", image.place.base, image.place.size);
	host.fdt = host_dt_write(&machine, hidden, 2);
	if (host.fdt == 0) {
		boot_fail("no device tree for the host");
	}
	fill_boot_info(hidden[1], &features, mode);
	error = hyp_setup();
	if (error != 0) {
		print("hypatia: set-up refused with error -%u\n", (u32)-error);
		boot_fail("the core does not accept this machine");
	}
	switch_pgd(hyp_ttbr0(), hyp_stack_top(0), (u64)(uintptr_t)boot_finish);
}

void boot_finish(void)
{
	s32 error = hyp_finalise();

	if (error != 0) {
		print("hypatia: finalise refused with error -%u\n", (u32)-error);
		boot_fail("the core cannot confine the host");
	}
	secondaries_publish(hyp_ttbr0());
	cpu_host_setup(0);
	print("hypatia: entering the host at EL1, 0x%lx, after %lu counter ticks\n", host.entry,
	      read_sysreg(cntpct_el0) - boot_counter);
	host_enter(host.entry, host.fdt, hyp_stack_top(0));
}
