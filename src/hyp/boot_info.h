/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the boot code found out about the machine, before any of it is believed.
 *
 * src/boot fills this structure from the device tree, the linker's symbols and the ID registers;
 * hyp_setup() checks every field before it uses it.
 */
#ifndef HYP_BOOT_INFO_H
#define HYP_BOOT_INFO_H

#include "types.h"

#define MEM_BANKS_MAX 16u
#define CPUS_MAX 64u

/** struct mem_bank - a range of RAM; base and size in bytes, both multiples of PAGE_SIZE. */
struct mem_bank {
	pa_t base;
	u64 size;
};

/**
 * struct boot_info - the machine as the boot code saw it
 * @bank: RAM, sorted by base, not overlapping, @bank_count of them
 * @image_base: first byte of the image (4 KiB aligned); then text (RX) up to @text_end, rodata (R) up
 *              to @rodata_end, data and bss (RW) up to @image_end; all 4 KiB aligned
 * @carveout_base: 2 MiB aligned start of the memory that Hypatia takes for itself
 * @carveout_size: its bytes, as hyp_carveout_size() computed them
 * @console_base: physical address of the PL011's page, or 0 when there is none
 * @cpu_mpidr: MPIDR_EL1 affinity bits of each CPU, index 0 is the boot CPU; @cpu_count of them
 * @secondary_entry: physical address of the EL2 entry for CPU_ON, CPU_SUSPEND and SYSTEM_SUSPEND
 * @pa_bits: physical address width in use, 32 to 48
 * @vmid_bits: 8 or 16
 * @e2h: 1 when HCR_EL2.E2H is fixed to 1, else 0
 * @mode: MODE_PROTECTED, MODE_NVHE or MODE_NONE
 */
struct boot_info {
	struct mem_bank bank[MEM_BANKS_MAX];
	u32 bank_count;
	u32 cpu_count;
	pa_t image_base;
	pa_t text_end;
	pa_t rodata_end;
	pa_t image_end;
	pa_t carveout_base;
	u64 carveout_size;
	pa_t console_base;
	u64 cpu_mpidr[CPUS_MAX];
	pa_t secondary_entry;
	u32 pa_bits;
	u32 vmid_bits;
	u32 e2h;
	u32 mode;
};

#define MODE_PROTECTED 0u
#define MODE_NVHE 1u
#define MODE_NONE 2u

extern struct boot_info boot_info;

#endif
