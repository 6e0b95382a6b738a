/* SPDX-License-Identifier: BSD-2-Clause */
/* The inline functions of hyp_arch.h as functions of their own, for tests/arch/run.py. */
#include "arch.h"

u64 arch_meta_base;
u64 arch_pool_stack;
u64 arch_pool_ref;
u32 arch_locks[LOCK_COUNT][2];
u32 arch_e2h;
struct pool pool;
struct vcpu_context cpu_guest[CPUS_MAX];
struct vcpu_context cpu_host[CPUS_MAX];

/* Called, and noted by the test instead of done. */
__attribute__((noipa)) void cpu_leave_streaming(void)
{
}

__attribute__((noipa)) void gic_save(struct vcpu_context *ctx)
{
	(void)ctx;
}

__attribute__((noipa)) void gic_restore(const struct vcpu_context *ctx)
{
	(void)ctx;
}

__attribute__((noipa)) void keys_save(struct vcpu_context *ctx)
{
	(void)ctx;
}

__attribute__((noipa)) void keys_restore(const struct vcpu_context *ctx)
{
	(void)ctx;
}

__attribute__((noipa)) void breakpoints_save(u64 *words, u64 count)
{
	(void)words;
	(void)count;
}

__attribute__((noipa)) void breakpoints_restore(const u64 *words, u64 count)
{
	(void)words;
	(void)count;
}

__attribute__((noipa)) void watchpoints_save(u64 *words, u64 count)
{
	(void)words;
	(void)count;
}

__attribute__((noipa)) void watchpoints_restore(const u64 *words, u64 count)
{
	(void)words;
	(void)count;
}

__attribute__((noipa)) void fp_save(u64 *words)
{
	(void)words;
}

__attribute__((noipa)) void fp_restore(const u64 *words)
{
	(void)words;
}

__attribute__((noipa)) void sve_save(u64 *words, u64 *fpsr)
{
	(void)words;
	(void)fpsr;
}

__attribute__((noipa)) void sve_restore(const u64 *words, const u64 *fpsr)
{
	(void)words;
	(void)fpsr;
}

__attribute__((noipa)) void sve_clear(void)
{
}

__attribute__((noipa)) void cpu_limit_vectors(u64 length)
{
	(void)length;
}

__attribute__((noipa)) u64 cpu_zcr(void)
{
	return 0;
}

__attribute__((noipa)) void cpu_zcr_set(u64 value)
{
	(void)value;
}

#define DO0(name) void t_##name(void) { name(); }
#define DO1(name, a) void t_##name(a x) { name(x); }
#define DO2(name, a, b) void t_##name(a x, b y) { name(x, y); }
#define DO3(name, a, b, c) void t_##name(a x, b y, c z) { name(x, y, z); }
#define DO4(name, a, b, c, d) void t_##name(a x, b y, c z, d w) { name(x, y, z, w); }
#define GET0(name) u64 t_##name(void) { return name(); }
#define GET1(name, a) u64 t_##name(a x) { return name(x); }
#define GET2(name, a, b) u64 t_##name(a x, b y) { return name(x, y); }

GET2(frame_read, u64, u64)
DO3(frame_write, u64, u64, u64)
DO4(pte_write, u64, u64, u64, u64)
DO1(frame_zero, u64)
DO2(meta_place, u64, u64)
GET2(frame_state_get, u64, u64)
DO3(frame_state_set, u64, u64, u32)
GET2(frame_count_get, u64, u64)
DO3(frame_count_set, u64, u64, u32)
GET2(frame_vm_get, u64, u64)
DO3(frame_vm_set, u64, u64, u32)
GET2(frame_link_get, u64, u64)
DO3(frame_link_set, u64, u64, u64)
GET2(guest_entry_get, u64, u64)
DO4(guest_entry_set, u64, u64, u64, u64)
DO2(pool_place, u64, u64)
GET1(pool_stack_get, u64)
GET0(arch_random)
DO2(pool_stack_set, u64, u64)
GET1(pool_ref_get, u64)
DO2(pool_ref_set, u64, u32)
DO0(dsb_ishst)
DO0(dsb_ish)
DO0(dsb_nsh)
DO0(isb)
DO1(tlbi_ipas2e1is, u64)
DO0(tlbi_vmalle1is)
DO0(tlbi_vmalls12e1is)
DO1(tlbi_vae2is, u64)
DO0(tlbi_alle2is)
DO0(tlbi_vmids)
DO0(tlbi_alle2)
DO3(guest_tlbi, u32, u64, u64)
DO3(guest_tlbi_table, u32, u64, u64)
DO2(guest_tlbi_all, u32, u64)
GET0(cpu_index)
DO1(lock_acquire, u32)
DO1(lock_release, u32)
GET0(read_elr_el2)
GET0(read_spsr_el2)
GET0(read_vbar_el1)
GET0(read_sctlr_el1)
DO1(write_elr_el2, u64)
DO1(write_spsr_el2, u64)
DO1(write_elr_el1, u64)
DO1(write_spsr_el1, u64)
DO1(write_esr_el1, u64)
DO1(write_far_el1, u64)
GET1(machine_id_read, u32)
DO1(arch_fp_host_save, u32)
DO1(arch_fp_host_restore, u32)
DO1(arch_fp_guest_save, u32)
DO1(arch_fp_guest_restore, u32)
DO1(arch_sve_host_save, u32)
DO1(arch_sve_host_restore, u32)
DO2(arch_sve_guest_save, u32, u64)
DO2(arch_sve_guest_restore, u32, u64)
DO1(arch_gic_save, u32)
DO1(arch_gic_restore, u32)
DO1(arch_keys_host_save, u32)
DO1(arch_keys_host_restore, u32)
DO1(arch_keys_guest_save, u32)
DO1(arch_keys_guest_restore, u32)
DO1(arch_points_host_save, u32)
DO1(arch_points_host_restore, u32)
DO1(arch_points_guest_restore, u32)

void t_smc_call(u64 *to, u64 a, u64 b, u64 c, u64 d)
{
	struct smc_regs r = smc_call(a, b, c, d);

	to[0] = r.x0;
	to[1] = r.x1;
	to[2] = r.x2;
	to[3] = r.x3;
}
