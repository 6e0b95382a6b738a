/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The architecture layer on the build machine: tests/unit/machine.c implements it with checks of
 * what the contracts in src/hyp/arch.h require.
 */
#ifndef ASM_HYP_ARCH_H
#define ASM_HYP_ARCH_H

#include <gen/layout.h>

#include "types.h"

u64 frame_read(u64 pfn, u64 i);
void pte_write(u64 pfn, u64 i, u64 e, u64 n);
void frame_zero(u64 pfn);
void frame_clean(u64 pfn);
u64 frame_word(u64 pfn, u64 i);
void meta_place(u64 pfn, u64 count);
u32 frame_state_get(u64 pfn, u64 record);
void frame_state_set(u64 pfn, u64 record, u32 state);
u32 frame_count_get(u64 pfn, u64 record);
void frame_count_set(u64 pfn, u64 record, u32 count);
u32 frame_vm_get(u64 pfn, u64 record);
void frame_vm_set(u64 pfn, u64 record, u32 vm);
u64 frame_link_get(u64 pfn, u64 record);
void frame_link_set(u64 pfn, u64 record, u64 link);
u64 guest_entry_get(u64 pfn, u64 i);
void guest_entry_set(u64 pfn, u64 i, u64 e, u64 n);
void guest_tlbi(u32 v, u64 root, u64 n);
void guest_tlbi_all(u32 v, u64 root);
void guest_tlbi_table(u32 v, u64 root, u64 n);
void pool_place(u64 stack, u64 ref);
u64 pool_stack_get(u64 k);
void pool_stack_set(u64 k, u64 pfn);
u32 pool_ref_get(u64 pfn);
void pool_ref_set(u64 pfn, u32 ref);

void dsb_ishst(void);
void dsb_ish(void);
void isb(void);
void tlbi_ipas2e1is(u64 ipn);
void tlbi_vmalle1is(void);
void tlbi_vmalls12e1is(void);
void tlbi_vae2is(u64 vpn);
void tlbi_alle2is(void);
void tlbi_vmids(void);

void lock_acquire(u32 lock);
void lock_release(u32 lock);
u32 cpu_index(void);

struct smc_regs {
	u64 x0;
	u64 x1;
	u64 x2;
	u64 x3;
};
struct smc_regs smc_call(u64 a, u64 b, u64 c, u64 d);

u64 read_elr_el2(void);
u64 read_spsr_el2(void);
u64 read_vbar_el1(void);
u64 read_sctlr_el1(void);
void write_elr_el2(u64 value);
void write_spsr_el2(u64 value);
void write_elr_el1(u64 value);
void write_spsr_el1(u64 value);
void write_esr_el1(u64 value);
void write_far_el1(u64 value);
u64 machine_id_read(u32 i);

u64 context_read(u64 pfn, u64 i);
void context_write(u64 pfn, u64 i, u64 value);
void arch_host_save(u32 cpu);
void arch_host_restore(u32 cpu);
void arch_guest_save(u32 cpu);
void arch_guest_restore(u32 cpu);
u32 arch_gic_lists(void);
void arch_gic_save(u32 cpu);
void arch_gic_restore(u32 cpu);
u32 arch_has_keys(void);
u32 arch_has_random(void);
u64 arch_random(void);
void arch_keys_host_save(u32 cpu);
void arch_keys_host_restore(u32 cpu);
void arch_keys_guest_save(u32 cpu);
void arch_keys_guest_restore(u32 cpu);
void cpu_open_keys(void);
void arch_points_host_save(u32 cpu);
void arch_points_host_restore(u32 cpu);
void arch_points_guest_restore(u32 cpu);
void cpu_to_guest(u64 vttbr, u64 vtcr, u64 mpidr, u32 fresh, u64 lines, u64 offset);
u32 cpu_fault_page(void);
void cpu_to_host(void);
void cpu_open_fp(void);
void arch_fp_host_save(u32 cpu);
void arch_fp_host_restore(u32 cpu);
void arch_fp_guest_save(u32 cpu);
void arch_fp_guest_restore(u32 cpu);
u32 arch_sve_lengths(void);
void arch_sve_host_save(u32 cpu);
void arch_sve_host_restore(u32 cpu);
void arch_sve_guest_save(u32 cpu, u64 pfn);
void arch_sve_guest_restore(u32 cpu, u64 pfn);
void cpu_open_sve(u32 units);
u64 arch_guest_enter(u32 cpu);
u64 read_esr_el2(void);
u64 read_far_el2(void);
u64 read_hpfar_el2(void);

#endif
