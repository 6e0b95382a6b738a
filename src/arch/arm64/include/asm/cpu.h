/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU control: entry and exit paths in assembly, register set-up, bootstrap tables, panic.
 */
#ifndef ASM_CPU_H
#define ASM_CPU_H

#include <asm/cache.h>
#include "types.h"
#include "boot_info.h"

/* From the linker script. */
extern const u8 image_start[];
extern const u8 text_end[];
extern const u8 rodata_end[];
extern const u8 image_end[];
extern const u8 build_id_note[];

/* head.S */
extern u64 boot_counter; /* CNTPCT_EL0 at entry */
extern const u8 boot_stack_top[];
extern const u8 secondary_entry[];
extern const u8 host_vectors[];
_Noreturn void park(void);
_Noreturn void host_enter(u64 pc, u64 x0, u64 stack);
_Noreturn void none_enter(u64 pc, u64 x0);

/* Generated from spec/init.toml: never returns to its caller; goes on at @entry on stack @sp. */
_Noreturn void switch_pgd(u64 ttbr0, u64 sp, u64 entry);

/* early_mmu.c */
enum early_kind { EARLY_TEXT, EARLY_RODATA, EARLY_DATA, EARLY_DEVICE };
void early_tables(u64 fdt);
/* Map [@start, @end) flat, rounded out to pages. 0 when the bootstrap tables are exhausted. */
_Bool early_map(u64 start, u64 end, enum early_kind kind);

/* cpu.c: what the other CPUs read before their MMU is on; cleaned to memory by
 * secondaries_publish(). */
extern u64 secondary_ttbr0;
void secondaries_publish(u64 ttbr0);
/* EL2 and EL1 state of this CPU as the host needs it. */
void cpu_host_setup(u32 cpu);
_Noreturn void cpu_start(u32 cpu);

/* Features that boot and panic code ask for. */
extern u32 arch_e2h; /* 1: HCR_EL2.E2H is fixed to 1 */

/* panic.c */
_Noreturn void panic(const char *why);
void print_build_id(void);

#endif
