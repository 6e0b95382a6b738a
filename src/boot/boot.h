/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Booting: from the device tree to boot_info and to a host kernel ready to run.
 *
 * This code is not verified: hyp_setup() checks what it hands over. It runs once, on the boot CPU,
 * on the bootstrap tables, and never again after the host has started.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include "boot_info.h"
#include "types.h"

#define BUSY_MAX 64u
#define FDT_BYTES_MAX 0x200000u
#define BLOCK_BYTES 0x200000u

enum psci_method { PSCI_ABSENT, PSCI_SMC, PSCI_HVC };

struct range {
	u64 base;
	u64 size;
};

/**
 * struct machine - what the device tree says
 * @fdt: the tree as it came
 * @ram: RAM in whole pages, sorted, @ram_count ranges
 * @busy: memory that something lies in, so that nothing is placed there; @busy_count ranges
 * @cpu_mpidr: CPUs, the boot CPU first
 * @console: address of the PL011, 0 if there is none
 * @gic: 2, 3, or 0 if no known interrupt controller was found
 * @kernel, @ramdisk: boot modules; size 0 if absent
 * @kernel_args: the kernel's command line or NULL
 * @args: Hypatia's own arguments or NULL
 */
struct machine {
	void *fdt;
	struct range ram[MEM_BANKS_MAX];
	u32 ram_count;
	struct range busy[BUSY_MAX];
	u32 busy_count;
	u64 cpu_mpidr[CPUS_MAX];
	u32 cpu_count;
	enum psci_method psci;
	u64 console;
	u32 gic;
	struct range kernel;
	struct range ramdisk;
	const char *kernel_args;
	const char *args;
};

/**
 * struct host_image - the host kernel in its final place
 * @entry: where to enter it
 * @place: its memory including bss
 */
struct host_image {
	u64 entry;
	struct range place;
};

/* dt.c */
u64 dt_console(const void *fdt);
enum psci_method dt_psci(const void *fdt);
/*
 * Fill @m from m->fdt. Defects that can be lived with are printed; 0 if the machine cannot be used.
 */
_Bool dt_parse(struct machine *m);

/* memory.c */
_Bool range_add_busy(struct machine *m, u64 base, u64 size);
_Bool range_in_ram(const struct machine *m, u64 base, u64 size);
_Bool ranges_meet(struct range a, struct range b);
/* The highest free place of @size bytes; 0 if there is none. */
u64 range_find(const struct machine *m, u64 size, u64 align);
u64 ram_frames(const struct machine *m);

/* load.c: NULL, or why the kernel cannot be used. */
const char *load_kernel(struct machine *m, struct host_image *image);

/* host_dt.c: write the host's tree to a new place and return it; 0 after printing why not. */
u64 host_dt_write(struct machine *m, const struct range *hidden, u32 hidden_count);

/* features.c */
struct features {
	u32 pa_bits;
	u32 vmid_bits;
};
struct features features_detect(void);
void features_print(const struct machine *m, const struct features *f);

/* main.c */
_Noreturn void boot_fail(const char *why);

#endif
