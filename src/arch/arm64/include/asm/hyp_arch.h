/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The architecture layer that src/hyp is proved against: each function is its contract in arch.h,
 * in a few instructions. The map is flat, so a frame number times 4096 is the address to use.
 */
#ifndef ASM_HYP_ARCH_H
#define ASM_HYP_ARCH_H

#include <asm/cache.h>
#include <asm/sysreg.h>

#include <gen/guest_sysregs.h>
#include <gen/layout.h>

#include "pool.h"
#include "types.h"
#include "vcpu.h"
#include "vectors.h"
#include "vmid.h"

/* Places that the core chose; cpu.c. */
extern u64 arch_meta_base;
extern u64 arch_pool_stack;
extern u64 arch_pool_ref;
extern u32 arch_locks[LOCK_COUNT][2];
extern u32 arch_e2h;

/* Memory: one access of that size each, which the compiler neither splits nor leaves out ------- */

static inline u64 load64(u64 address)
{
	u64 value;

	__asm__ volatile("ldr %0, %1" : "=r"(value) : "m"(*(const u64 *)address) : "memory");
	return value;
}

static inline void store64(u64 address, u64 value)
{
	__asm__ volatile("str %1, %0" : "=m"(*(u64 *)address) : "r"(value) : "memory");
}

static inline u32 load32(u64 address)
{
	u32 value;

	__asm__ volatile("ldr %w0, %1" : "=r"(value) : "m"(*(const u32 *)address) : "memory");
	return value;
}

static inline void store32(u64 address, u32 value)
{
	__asm__ volatile("str %w1, %0" : "=m"(*(u32 *)address) : "r"(value) : "memory");
}

static inline u64 frame_read(u64 pfn, u64 i)
{
	return load64(pfn * PAGE_SIZE + 8u * i);
}

static inline void frame_write(u64 pfn, u64 i, u64 value)
{
	store64(pfn * PAGE_SIZE + 8u * i, value);
}

/* @n, the page that the entry translates, is for the proof only. */
static inline void pte_write(u64 pfn, u64 i, u64 e, u64 n)
{
	(void)n;
	store64(pfn * PAGE_SIZE + 8u * i, e);
}

/* DC ZVA in blocks of the size that DCZID_EL0 names; stores where it is prohibited. */
static inline void frame_zero(u64 pfn)
{
	u64 at = pfn * PAGE_SIZE;
	u64 end = at + PAGE_SIZE;
	u64 dczid = read_sysreg(dczid_el0);
	u64 block = (u64)4 << (dczid & DCZID_EL0_BS_MASK);

	if ((dczid & DCZID_EL0_DZP_MASK) != 0) {
		for (; at < end; at += 16) {
			__asm__ volatile("stp xzr, xzr, [%0]" : : "r"(at) : "memory");
		}
		return;
	}
	for (; at < end; at += block) {
		__asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
	}
}

static inline void frame_clean(u64 pfn)
{
	cache_clean_inval(pfn * PAGE_SIZE, (pfn + 1) * PAGE_SIZE);
}

/* Frame metadata: state u8, VM + 1 u8, count u16, link u16 --------------------------------------- */

/* @count frames of metadata from @pfn on, all zeroes: every frame of RAM is FRAME_HOST. */
static inline void meta_place(u64 pfn, u64 count)
{
	u64 i;

	arch_meta_base = pfn * PAGE_SIZE;
	for (i = 0; i < count; i++) {
		frame_zero(pfn + i);
	}
}

static inline u32 frame_state_get(u64 pfn, u64 idx)
{
	u32 value;

	(void)pfn;
	__asm__ volatile("ldrb %w0, [%1]"
			 : "=r"(value)
			 : "r"(arch_meta_base + META_BYTES_PER_FRAME * idx + META_STATE_OFFSET)
			 : "memory");
	return value;
}

static inline void frame_state_set(u64 pfn, u64 idx, u32 state)
{
	(void)pfn;
	__asm__ volatile("strb %w0, [%1]"
			 :
			 : "r"(state),
			   "r"(arch_meta_base + META_BYTES_PER_FRAME * idx + META_STATE_OFFSET)
			 : "memory");
}

/* The VM that a frame was given for, + 1: the byte behind the state. */
static inline u32 frame_vm_get(u64 pfn, u64 idx)
{
	u32 value;

	(void)pfn;
	__asm__ volatile("ldrb %w0, [%1]"
			 : "=r"(value)
			 : "r"(arch_meta_base + META_BYTES_PER_FRAME * idx + META_VM_OFFSET)
			 : "memory");
	return value;
}

static inline void frame_vm_set(u64 pfn, u64 idx, u32 vm)
{
	(void)pfn;
	__asm__ volatile("strb %w0, [%1]"
			 :
			 : "r"(vm), "r"(arch_meta_base + META_BYTES_PER_FRAME * idx + META_VM_OFFSET)
			 : "memory");
}

/* Of the first three frames of a guest's block: 16 bits each of the number of the table that has its pages. */
static inline u64 frame_link_get(u64 pfn, u64 idx)
{
	u64 value;

	(void)pfn;
	__asm__ volatile("ldrh %w0, [%1]"
			 : "=r"(value)
			 : "r"(arch_meta_base + META_BYTES_PER_FRAME * idx + META_LINK_OFFSET)
			 : "memory");
	return value;
}

static inline void frame_link_set(u64 pfn, u64 idx, u64 link)
{
	(void)pfn;
	__asm__ volatile("strh %w0, [%1]"
			 :
			 : "r"(link), "r"(arch_meta_base + META_BYTES_PER_FRAME * idx + META_LINK_OFFSET)
			 : "memory");
}

static inline u32 frame_count_get(u64 pfn, u64 idx)
{
	u32 value;

	(void)pfn;
	__asm__ volatile("ldrh %w0, [%1]"
			 : "=r"(value)
			 : "r"(arch_meta_base + META_BYTES_PER_FRAME * idx + META_COUNT_OFFSET)
			 : "memory");
	return value;
}

static inline void frame_count_set(u64 pfn, u64 idx, u32 count)
{
	(void)pfn;
	__asm__ volatile("strh %w0, [%1]"
			 :
			 : "r"(count),
			   "r"(arch_meta_base + META_BYTES_PER_FRAME * idx + META_COUNT_OFFSET)
			 : "memory");
}

/*
 * The pool's stack of free frames and use counts: u32 each, frames relative to pool.first.
 * pool_place() says where; each takes 4 bytes for every frame of the pool.
 */
static inline void pool_place(u64 stack_pfn, u64 ref_pfn)
{
	arch_pool_stack = stack_pfn * PAGE_SIZE;
	arch_pool_ref = ref_pfn * PAGE_SIZE;
}

static inline u64 pool_stack_get(u64 k)
{
	return pool.first + load32(arch_pool_stack + 4u * k);
}

static inline void pool_stack_set(u64 k, u64 pfn)
{
	store32(arch_pool_stack + 4u * k, (u32)(pfn - pool.first));
}

static inline u32 pool_ref_get(u64 pfn)
{
	return load32(arch_pool_ref + 4u * (pfn - pool.first));
}

static inline void pool_ref_set(u64 pfn, u32 ref)
{
	store32(arch_pool_ref + 4u * (pfn - pool.first), ref);
}

/* Guests' tables: @n, the page that the entry translates, is for the proof only. */
static inline u64 frame_word(u64 pfn, u64 i)
{
	return load64(pfn * PAGE_SIZE + 8u * i);
}

static inline u64 guest_entry_get(u64 pfn, u64 i)
{
	return load64(pfn * PAGE_SIZE + 8u * i);
}

static inline void guest_entry_set(u64 pfn, u64 i, u64 e, u64 n)
{
	(void)n;
	store64(pfn * PAGE_SIZE + 8u * i, e);
}

/* Barriers and TLB ---------------------------------------------------------------- */

static inline void dsb_ishst(void)
{
	__asm__ volatile("dsb ishst" : : : "memory");
}

static inline void dsb_ish(void)
{
	__asm__ volatile("dsb ish" : : : "memory");
}

static inline void dsb_nsh(void)
{
	__asm__ volatile("dsb nsh" : : : "memory");
}

static inline void isb(void)
{
	__asm__ volatile("isb" : : : "memory");
}

/* Operand: page number in bits 39:0; level hint, NS and the rest 0. */
static inline void tlbi_ipas2e1is(u64 ipn)
{
	__asm__ volatile("tlbi ipas2e1is, %0" : : "r"(ipn) : "memory");
}

static inline void tlbi_vmalle1is(void)
{
	__asm__ volatile("tlbi vmalle1is" : : : "memory");
}

static inline void tlbi_vmalls12e1is(void)
{
	__asm__ volatile("tlbi vmalls12e1is" : : : "memory");
}

/* Operand: page number in bits 43:0; ASID 0, which is the only one at EL2. */
static inline void tlbi_vae2is(u64 vpn)
{
	__asm__ volatile("tlbi vae2is, %0" : : "r"(vpn) : "memory");
}

static inline void tlbi_alle2is(void)
{
	__asm__ volatile("tlbi alle2is" : : : "memory");
}

/* All VMIDs, inner shareable (Arm ARM D8.14), complete on return. */
static inline void tlbi_vmids(void)
{
	dsb_ishst();
	__asm__ volatile("tlbi alle1is" : : : "memory");
	dsb_ish();
	isb();
}

/*
 * TLBIs on a guest act on the VMID in VTTBR_EL2, which is VM @v's meanwhile: no EL1 runs on this CPU until the
 * host's is back. Break-before-make: the entry's store is observable before, the TLBIs are complete after.
 */
static inline u64 vttbr_of_guest(u32 v, u64 root)
{
	u64 host = read_sysreg(vttbr_el2);
	u64 vmid = VMID_GUESTS + (u64)v;

	dsb_ish();
	write_sysreg(vttbr_el2, root * PAGE_SIZE + (vmid << VTTBR_EL2_VMID_SHIFT));
	isb();
	return host;
}

static inline void guest_tlbi(u32 v, u64 root, u64 n)
{
	u64 host = vttbr_of_guest(v, root);

	tlbi_ipas2e1is(n);
	dsb_ish();
	tlbi_vmalle1is();
	dsb_ish();
	write_sysreg(vttbr_el2, host);
	isb();
}

static inline void guest_tlbi_all(u32 v, u64 root)
{
	u64 host = vttbr_of_guest(v, root);

	tlbi_vmalls12e1is();
	dsb_ish();
	write_sysreg(vttbr_el2, host);
	isb();
}

/* A walk by way of a table may be in the TLB for any of its pages, which are too many to name. */
static inline void guest_tlbi_table(u32 v, u64 root, u64 n)
{
	(void)n;
	guest_tlbi_all(v, root);
}

static inline void tlbi_alle2(void)
{
	__asm__ volatile("tlbi alle2" : : : "memory");
}

/* CPUs ---------------------------------------------------------------------------- */

static inline u32 cpu_index(void)
{
	return (u32)read_sysreg(tpidr_el2);
}

/* Ticket locks: [0] is served now, [1] the next ticket. */
static inline void lock_acquire(u32 lock)
{
	u32 ticket;
	u32 next;
	u32 failed;
	u32 served;

	__asm__ volatile("1:	ldaxr	%w0, [%4]\n"
			 "	add	%w1, %w0, #1\n"
			 "	stxr	%w2, %w1, [%4]\n"
			 "	cbnz	%w2, 1b\n"
			 "	ldar	%w3, [%5]\n"
			 "	cmp	%w3, %w0\n"
			 "	b.eq	3f\n"
			 "	sevl\n"
			 "2:	wfe\n"
			 "	ldaxr	%w3, [%5]\n"
			 "	cmp	%w3, %w0\n"
			 "	b.ne	2b\n"
			 "3:\n"
			 : "=&r"(ticket), "=&r"(next), "=&r"(failed), "=&r"(served)
			 : "r"(&arch_locks[lock][1]), "r"(&arch_locks[lock][0])
			 : "cc", "memory");
}

static inline void lock_release(u32 lock)
{
	u32 served = arch_locks[lock][0] + 1;

	__asm__ volatile("stlr %w0, [%1]" : : "r"(served), "r"(&arch_locks[lock][0]) : "memory");
}

struct smc_regs {
	u64 x0;
	u64 x1;
	u64 x2;
	u64 x3;
};

/* To EL3 by the SMC Calling Convention, which lets x4 to x17 change. */
static inline struct smc_regs smc_call(u64 a, u64 b, u64 c, u64 d)
{
	register u64 x0 __asm__("x0") = a;
	register u64 x1 __asm__("x1") = b;
	register u64 x2 __asm__("x2") = c;
	register u64 x3 __asm__("x3") = d;

	__asm__ volatile("smc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
			 :
			 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
			   "x15", "x16", "x17", "memory");
	return (struct smc_regs){ x0, x1, x2, x3 };
}

/* Exception state: EL2's own, and EL1's, which has other names while E2H is 1 ----- */

static inline u64 read_elr_el2(void)
{
	return read_sysreg(elr_el2);
}

static inline u64 read_spsr_el2(void)
{
	return read_sysreg(spsr_el2);
}

static inline void write_elr_el2(u64 value)
{
	write_sysreg(elr_el2, value);
}

static inline void write_spsr_el2(u64 value)
{
	write_sysreg(spsr_el2, value);
}

static inline u64 read_esr_el2(void)
{
	return read_sysreg(esr_el2);
}

static inline u64 read_far_el2(void)
{
	return read_sysreg(far_el2);
}

static inline u64 read_hpfar_el2(void)
{
	return read_sysreg(hpfar_el2);
}

static inline u64 read_vbar_el1(void)
{
	return arch_e2h != 0 ? read_sysreg(SYS_VBAR_EL12) : read_sysreg(vbar_el1);
}

static inline u64 read_sctlr_el1(void)
{
	return arch_e2h != 0 ? read_sysreg(SYS_SCTLR_EL12) : read_sysreg(sctlr_el1);
}

static inline void write_elr_el1(u64 value)
{
	if (arch_e2h != 0) {
		write_sysreg(SYS_ELR_EL12, value);
	} else {
		write_sysreg(elr_el1, value);
	}
}

static inline void write_spsr_el1(u64 value)
{
	if (arch_e2h != 0) {
		write_sysreg(SYS_SPSR_EL12, value);
	} else {
		write_sysreg(spsr_el1, value);
	}
}

static inline void write_esr_el1(u64 value)
{
	if (arch_e2h != 0) {
		write_sysreg(SYS_ESR_EL12, value);
	} else {
		write_sysreg(esr_el1, value);
	}
}

static inline void write_far_el1(u64 value)
{
	if (arch_e2h != 0) {
		write_sysreg(SYS_FAR_EL12, value);
	} else {
		write_sysreg(far_el1, value);
	}
}

/* Guests: guest.S, fp.S, sve.S, the generated el1_switch.S, cpu.c ---------------------------------- */

u64 guest_enter(struct vcpu_context *ctx);
void el1_save(struct vcpu_context *ctx);
void el1_save_e2h(struct vcpu_context *ctx);
void el1_restore(struct vcpu_context *ctx);
void el1_restore_e2h(struct vcpu_context *ctx);
void cpu_to_guest(u64 vttbr, u64 vtcr, u64 mpidr, u32 fresh, u64 lines, u64 offset);
u32 cpu_fault_page(void);
void cpu_to_host(void);
void cpu_open_fp(void);
void cpu_leave_streaming(void);
void gic_save(struct vcpu_context *ctx);
void gic_restore(const struct vcpu_context *ctx);
u32 arch_gic_lists(void);
void keys_save(struct vcpu_context *ctx);
void keys_restore(const struct vcpu_context *ctx);
u32 arch_has_keys(void);
u32 arch_has_random(void);
void cpu_open_keys(void);
void breakpoints_save(u64 *words, u64 count);
void breakpoints_restore(const u64 *words, u64 count);
void watchpoints_save(u64 *words, u64 count);
void watchpoints_restore(const u64 *words, u64 count);
void fp_save(u64 *words);
void fp_restore(const u64 *words);
u32 arch_sve_lengths(void);
void cpu_open_sve(u32 units);
void cpu_limit_vectors(u64 length);
u64 cpu_zcr(void);
void cpu_zcr_set(u64 value);
u64 sve_length(void);
void sve_save(u64 *words, u64 *fpsr);
void sve_restore(const u64 *words, const u64 *fpsr);
void sve_clear(void);

/* By the names that the registers have while E2H is 1, or else by their own. */
static inline void arch_host_save(u32 cpu)
{
	arch_e2h != 0 ? el1_save_e2h(&cpu_host[cpu]) : el1_save(&cpu_host[cpu]);
}

static inline void arch_host_restore(u32 cpu)
{
	arch_e2h != 0 ? el1_restore_e2h(&cpu_host[cpu]) : el1_restore(&cpu_host[cpu]);
}

static inline void arch_guest_save(u32 cpu)
{
	arch_e2h != 0 ? el1_save_e2h(&cpu_guest[cpu]) : el1_save(&cpu_guest[cpu]);
}

static inline void arch_guest_restore(u32 cpu)
{
	arch_e2h != 0 ? el1_restore_e2h(&cpu_guest[cpu]) : el1_restore(&cpu_guest[cpu]);
}

static inline void arch_fp_host_save(u32 cpu)
{
	fp_save(&cpu_host[cpu].w[CTX_V0]);
}

static inline void arch_fp_host_restore(u32 cpu)
{
	fp_restore(&cpu_host[cpu].w[CTX_V0]);
}

static inline void arch_fp_guest_save(u32 cpu)
{
	fp_save(&cpu_guest[cpu].w[CTX_V0]);
}

static inline void arch_fp_guest_restore(u32 cpu)
{
	cpu_leave_streaming();
	fp_restore(&cpu_guest[cpu].w[CTX_V0]);
}

/* What a guest's vectors are no longer than, ZCR_EL2.LEN, and what the host's may be. */
#define ZCR_GUEST (SVE_LONGEST - 1u)
#define ZCR_HOST 0xfu

static inline void arch_sve_host_save(u32 cpu)
{
	cpu_host[cpu].w[CTX_ZCR_EL1] = cpu_zcr();
}

/* With vectors of any length, so that nothing is left beyond those of the guest. */
static inline void arch_sve_host_restore(u32 cpu)
{
	sve_clear();
	fp_restore(&cpu_host[cpu].w[CTX_V0]);
	cpu_zcr_set(cpu_host[cpu].w[CTX_ZCR_EL1]);
}

static inline void arch_sve_guest_save(u32 cpu, u64 pfn)
{
	cpu_limit_vectors(ZCR_GUEST);
	sve_save((u64 *)(pfn * PAGE_SIZE + 8u * CTX_SVE_FIRST), &cpu_guest[cpu].w[CTX_FPSR]);
	cpu_guest[cpu].w[CTX_ZCR_EL1] = cpu_zcr();
	cpu_limit_vectors(ZCR_HOST);
}

static inline void arch_sve_guest_restore(u32 cpu, u64 pfn)
{
	cpu_leave_streaming();
	cpu_limit_vectors(ZCR_GUEST);
	sve_restore((const u64 *)(pfn * PAGE_SIZE + 8u * CTX_SVE_FIRST), &cpu_guest[cpu].w[CTX_FPSR]);
	cpu_zcr_set(cpu_guest[cpu].w[CTX_ZCR_EL1]);
	cpu_limit_vectors(ZCR_HOST);
}

static inline void arch_gic_save(u32 cpu)
{
	gic_save(&cpu_guest[cpu]);
}

static inline void arch_gic_restore(u32 cpu)
{
	gic_restore(&cpu_guest[cpu]);
}

static inline void arch_keys_host_save(u32 cpu)
{
	keys_save(&cpu_host[cpu]);
}

static inline void arch_keys_host_restore(u32 cpu)
{
	keys_restore(&cpu_host[cpu]);
}

static inline void arch_keys_guest_save(u32 cpu)
{
	keys_save(&cpu_guest[cpu]);
}

static inline void arch_keys_guest_restore(u32 cpu)
{
	keys_restore(&cpu_guest[cpu]);
}

/* As many as the CPU has of each: at least two. */
static inline void points_save(struct vcpu_context *ctx)
{
	u64 dfr0 = read_sysreg(id_aa64dfr0_el1);

	breakpoints_save(&ctx->w[CTX_DBGBVR0_EL1], id_field(dfr0, ID_AA64DFR0_EL1_BRPS_SHIFT) + 1u);
	watchpoints_save(&ctx->w[CTX_DBGWVR0_EL1], id_field(dfr0, ID_AA64DFR0_EL1_WRPS_SHIFT) + 1u);
}

static inline void points_restore(const struct vcpu_context *ctx)
{
	u64 dfr0 = read_sysreg(id_aa64dfr0_el1);

	breakpoints_restore(&ctx->w[CTX_DBGBVR0_EL1], id_field(dfr0, ID_AA64DFR0_EL1_BRPS_SHIFT) + 1u);
	watchpoints_restore(&ctx->w[CTX_DBGWVR0_EL1], id_field(dfr0, ID_AA64DFR0_EL1_WRPS_SHIFT) + 1u);
}

static inline void arch_points_host_save(u32 cpu)
{
	points_save(&cpu_host[cpu]);
}

static inline void arch_points_host_restore(u32 cpu)
{
	points_restore(&cpu_host[cpu]);
}

static inline void arch_points_guest_restore(u32 cpu)
{
	points_restore(&cpu_guest[cpu]);
}

static inline u64 arch_guest_enter(u32 cpu)
{
	return guest_enter(&cpu_guest[cpu]);
}

/* Words of a vCPU's context in the frame that the vCPU keeps. */
static inline u64 context_read(u64 pfn, u64 i)
{
	return load64(pfn * PAGE_SIZE + 8u * i);
}

static inline void context_write(u64 pfn, u64 i, u64 value)
{
	store64(pfn * PAGE_SIZE + 8u * i, value);
}

/* RNDR: the flags say whether there was one, and it reads as 0 if not; a 0 that it gave is taken for none. */
static inline u64 arch_random(void)
{
	u64 value;

	__asm__ volatile("mrs %0, " STRINGIFY(SYS_RNDR) : "=r"(value) : : "cc");
	return value;
}

/* Registers that tell what the CPU is --------------------------------------------- */

static inline u64 machine_id_read(u32 i)
{
	switch (i) {
	case MACHINE_MIDR_EL1:
		return read_sysreg(midr_el1);
	case MACHINE_ID_AA64PFR0_EL1:
		return read_sysreg(id_aa64pfr0_el1);
	case MACHINE_ID_AA64PFR1_EL1:
		return read_sysreg(id_aa64pfr1_el1);
	case MACHINE_ID_AA64ZFR0_EL1:
		return read_sysreg(SYS_ID_AA64ZFR0_EL1);
	case MACHINE_ID_AA64DFR0_EL1:
		return read_sysreg(id_aa64dfr0_el1);
	case MACHINE_ID_AA64ISAR0_EL1:
		return read_sysreg(id_aa64isar0_el1);
	case MACHINE_ID_AA64ISAR1_EL1:
		return read_sysreg(id_aa64isar1_el1);
	case MACHINE_ID_AA64ISAR2_EL1:
		return read_sysreg(SYS_ID_AA64ISAR2_EL1);
	case MACHINE_ID_AA64ISAR3_EL1:
		return read_sysreg(SYS_ID_AA64ISAR3_EL1);
	case MACHINE_ID_AA64MMFR0_EL1:
		return read_sysreg(id_aa64mmfr0_el1);
	case MACHINE_ID_AA64MMFR1_EL1:
		return read_sysreg(id_aa64mmfr1_el1);
	case MACHINE_ID_AA64MMFR2_EL1:
		return read_sysreg(id_aa64mmfr2_el1);
	case MACHINE_CTR_EL0:
		return read_sysreg(ctr_el0);
	default:
		return 0;
	}
}

#endif
