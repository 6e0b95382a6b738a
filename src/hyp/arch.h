/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the EL2 core asks of the architecture layer.
 *
 * The contracts are trusted (assumptions register): src/arch/arm64/include/asm/hyp_arch.h implements
 * each one in a few instructions, tests/unit/fake/ on the build machine.
 */
#ifndef HYP_ARCH_H
#define HYP_ARCH_H

#include "desc.h"
#include "guest_sysreg.h"
#include "../../annotations/entry.h"
#include "mem.h"
#include "ownership.h"
#include "pgtable.h"
#include "pool.h"
#include "smc.h"
#include "types.h"
#include "vcpu.h"
#include "vmid.h"

#ifdef __FRAMAC__

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires stacked: k < pool.count;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == pool_stack[k];
*/
u64 pool_stack_get(u64 k);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires stacked: k < pool.count;
    terminates \true; exits \false; assigns pool_stack[k];
    ensures value: pool_stack[k] == pfn;
*/
void pool_stack_set(u64 k, u64 pfn);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires frame: pool_frame{Here}(pfn);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == pool_ref[pfn];
*/
u32 pool_ref_get(u64 pfn);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires frame: pool_frame{Here}(pfn);
    terminates \true; exits \false; assigns pool_ref[pfn];
    ensures value: pool_ref[pfn] == ref;
*/
void pool_ref_set(u64 pfn, u32 ref);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires mapped: table_frame{Here}(pfn);
    requires index: i < 512;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == frame[pfn].e[i];
*/
u64 frame_read(u64 pfn, u64 i);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires mapped: table_frame{Here}(pfn);
    requires index: i < 512;
    requires clean: tlb_clean{Here};
    requires break_first: tbl_tree[pfn] != 0 && d_valid(frame[pfn].e[i]) ==> !d_valid(e);
    requires page: tbl_tree[pfn] != 0 ==> i == idx(n, tbl_level[pfn]) &&
      pfn == node{Here}(tbl_tree[pfn] - 1, n, tbl_level[pfn]);
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], tlb_phase, tlb_tree, tlb_page, tlb_is_table, walk_pending;
    ensures value: frame[pfn].e[i] == e;
    ensures rest: only_entry{Pre,Here}(pfn, i);
    ensures pending: walk_pending == 1;
    ensures stale: tbl_tree[pfn] != 0 && d_valid(\old(frame[pfn].e[i])) ==>
      tlb_phase == 1 && tlb_tree == tbl_tree[pfn] - 1 && tlb_page == n &&
      (tlb_is_table == 0 <==> !d_table(\old(frame[pfn].e[i]), tbl_level[pfn]));
    ensures fresh: !(tbl_tree[pfn] != 0 && d_valid(\old(frame[pfn].e[i]))) ==> tlb_phase == 0;
*/
void pte_write(u64 pfn, u64 i, u64 e, u64 n);

/* TLB phases: 0 clean, 1 entry broken, 2 observable, 3 stage-2 entry invalidated, 4 that is complete,
 * 5 the last invalidation issued; a DSB then makes it clean. An instruction that does not cover what
 * is stale leaves the phase as it is. */

/*@ terminates \true; exits \false; assigns tlb_phase, walk_pending;
    ensures phase: tlb_phase == (\old(tlb_phase) == 1 ? 2 : \old(tlb_phase) == 3 ? 4 :
      \old(tlb_phase) == 5 ? 0 : \old(tlb_phase));
    ensures seen: walk_pending == 0;
*/
void dsb_ish(void);

/*@ terminates \true; exits \false; assigns walk_pending;
    ensures seen: walk_pending == 0;
*/
void dsb_ishst(void);

/*@ terminates \true; exits \false; assigns \nothing; */
void isb(void);

/*@ terminates \true; exits \false; assigns tlb_phase;
    ensures phase: tlb_phase == (\old(tlb_phase) == 2 && tlb_tree == PGT_HOST &&
      tlb_is_table == 0 && tlb_page == ipn ? 3 : \old(tlb_phase));
*/
void tlbi_ipas2e1is(u64 ipn);

/*@ terminates \true; exits \false; assigns tlb_phase;
    ensures phase: tlb_phase == (\old(tlb_phase) == 4 ? 5 : \old(tlb_phase));
*/
void tlbi_vmalle1is(void);

/*@ terminates \true; exits \false; assigns tlb_phase;
    ensures phase: tlb_phase == (\old(tlb_phase) == 2 && tlb_tree == PGT_HOST ? 5 : \old(tlb_phase));
*/
void tlbi_vmalls12e1is(void);

/*@ terminates \true; exits \false; assigns tlb_phase;
    ensures phase: tlb_phase == (\old(tlb_phase) == 2 && tlb_tree == PGT_HYP &&
      tlb_is_table == 0 && tlb_page == vpn ? 5 : \old(tlb_phase));
*/
void tlbi_vae2is(u64 vpn);

/*@ terminates \true; exits \false; assigns tlb_phase;
    ensures phase: tlb_phase == (\old(tlb_phase) == 2 && tlb_tree == PGT_HYP ? 5 : \old(tlb_phase));
*/
void tlbi_alle2is(void);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == fm_state[pfn];
*/
u32 frame_state_get(u64 pfn, u64 r);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r);
    requires state: s <= FRAME_HOST_SHARED_GUEST;
    terminates \true; exits \false; assigns fm_state[pfn];
    ensures value: fm_state[pfn] == s;
*/
void frame_state_set(u64 pfn, u64 r, u32 s);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == fm_count[pfn];
*/
u32 frame_count_get(u64 pfn, u64 r);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r);
    requires count: c <= FRAME_COUNT_MAX;
    terminates \true; exits \false; assigns fm_count[pfn];
    ensures value: fm_count[pfn] == c;
*/
void frame_count_set(u64 pfn, u64 r, u32 c);

/* A frame that EL2 has mapped writable and that is in no tree. Before the switch of tables, the boot
 * code has the whole carve-out mapped. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires mapped: table_frame{Here}(pfn) || xl{Here}(PGT_HYP, pfn) ==
      d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    requires apart: tbl_tree[pfn] == 0;
    terminates \true; exits \false; assigns frame[0 .. PFN_COUNT - 1];
    ensures zeroed: zeroed{Here}(pfn);
    ensures others: \forall integer g, i; 0 <= g < PFN_COUNT && 0 <= i < 512 && g != pfn ==>
      frame[g].e[i] == \old(frame[g].e[i]);
*/
void frame_zero(u64 pfn);

/* What EL2 wrote to frame @pfn is in memory, behind every cache: one who reads without caches finds nothing older. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    terminates \true; exits \false; assigns \nothing;
*/
void frame_clean(u64 pfn);

/* A word of a frame that EL2 has mapped as data. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires index: pfn < PFN_COUNT && i < 512;
    requires mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == frame[pfn].e[i];
*/
u64 frame_word(u64 pfn, u64 i);

/* An entry of a guest's table, a frame in FRAME_HYP_VM, which EL2 has mapped as data. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires index: pfn < PFN_COUNT && i < 512;
    requires mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == frame[pfn].e[i];
*/
u64 guest_entry_get(u64 pfn, u64 i);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires index: pfn < PFN_COUNT && i < 512;
    requires mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    requires apart: tbl_tree[pfn] == 0;
    requires clean: g_tlb == 0;
    requires page: covers{Here}(pfn, n) && i == idx(n, g_level[pfn]);
    requires break_first: d_valid(frame[pfn].e[i]) ==> !d_valid(e);
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], GUEST_TLB, walk_pending;
    ensures value: frame[pfn].e[i] == e;
    ensures rest: only_entry{Pre,Here}(pfn, i);
    ensures pending: walk_pending == 1;
    ensures stale: d_valid(\old(frame[pfn].e[i])) ==> g_tlb == (g_level[pfn] == 3 ? 1 : 2) &&
      g_tlb_vm + 1 == g_tree[pfn] && g_tlb_page == n;
    ensures fresh: !d_valid(\old(frame[pfn].e[i])) ==> g_tlb == 0;
*/
void guest_entry_set(u64 pfn, u64 i, u64 e, u64 n);

/* What the TLB has of page @n of VM @v, whose root is frame @root: gone on every CPU on return (Arm ARM D8.14). */
/*@ requires root: v < VMS_MAX && root == vms[v].frame;
    terminates \true; exits \false; assigns g_tlb;
    ensures gone: \old(g_tlb) == 1 && g_tlb_vm == v && g_tlb_page == n ==> g_tlb == 0;
    ensures else: !(\old(g_tlb) == 1 && g_tlb_vm == v && g_tlb_page == n) ==> g_tlb == \old(g_tlb);
*/
void guest_tlbi(u32 v, u64 root, u64 n);

/* What the TLB has by way of the table, or of the block, that page @n of VM @v is in: gone on every CPU on return. */
/*@ requires root: v < VMS_MAX && root == vms[v].frame;
    terminates \true; exits \false; assigns g_tlb;
    ensures gone: \old(g_tlb) != 0 && g_tlb_vm == v && g_tlb_page == n ==> g_tlb == 0;
    ensures else: !(\old(g_tlb) != 0 && g_tlb_vm == v && g_tlb_page == n) ==> g_tlb == \old(g_tlb);
*/
void guest_tlbi_table(u32 v, u64 root, u64 n);

/* What the TLB has of VM @v, of which no CPU has a vCPU loaded: gone on every CPU on return. */
/*@ requires root: v < VMS_MAX && root == vms[v].frame;
    requires idle: !vm_busy{Here}(v);
    terminates \true; exits \false; assigns g_walked[v];
    ensures gone: g_walked[v] == 0;
*/
void guest_tlbi_all(u32 v, u64 root);

/* The VM that a frame was given for, + 1; 0 when it was given for none. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == fm_vm[pfn];
*/
u32 frame_vm_get(u64 pfn, u64 r);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r);
    requires vm: vm <= VMS_MAX;
    terminates \true; exits \false; assigns fm_vm[pfn];
    ensures value: fm_vm[pfn] == vm;
*/
void frame_vm_set(u64 pfn, u64 r, u32 vm);

/* Of the first three frames of a guest's block: 16 bits each of the number of the table that has the block's pages. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == fm_link[pfn];
*/
u64 frame_link_get(u64 pfn, u64 r);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires record: record_of{Here}(pfn, r);
    requires link: link <= 0xFFFF;
    terminates \true; exits \false; assigns fm_link[pfn];
    ensures value: fm_link[pfn] == link;
*/
void frame_link_set(u64 pfn, u64 r, u64 link);

/* The metadata array starts at frame @pfn and has @count frames, all zeroes: every frame is the host's. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires room: mem.frames * META_BYTES_PER_FRAME <= count * PAGE_SIZE;
    requires carveout: boot_info.carveout_base.pa <= pfn * PAGE_SIZE &&
      (pfn + count) * PAGE_SIZE <= boot_info.carveout_base.pa + boot_info.carveout_size;
    requires apart: \forall integer f; pfn <= f < pfn + count ==> tbl_tree[f] == 0;
    terminates \true; exits \false;
    assigns fm_state[0 .. PFN_COUNT - 1], fm_count[0 .. PFN_COUNT - 1], fm_vm[0 .. PFN_COUNT - 1];
    ensures host: \forall integer n; 0 <= n < PFN_COUNT ==> fm_state[n] == FRAME_HOST && fm_count[n] == 0;
    ensures no_vm: none_for_vms{Here};
*/
void meta_place(u64 pfn, u64 count);

/* The pool's free stack starts at frame @stack, its use counts at frame @ref: a word for each pool frame. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires room: pool.count <= 1024 * (ref - stack) && pool.count <= 1024 * (pool.first - ref);
    terminates \true; exits \false; assigns \nothing;
*/
void pool_place(u64 stack, u64 ref);

/* Locks: a CPU takes them in ascending order. What a lock protects is arbitrary within its invariant
 * once it is taken, and must be back within it before it is let go. */
/*@ requires lock: lock < LOCK_COUNT;
    requires order: \forall integer k; lock <= k < LOCK_COUNT ==> lock_held[k] == 0;
    terminates \true; exits \false;
    assigns lock_held[lock], MM_STATE, VM_STATE, cpu_slot[0 .. CPUS_MAX - 1], vmid_state;
    ensures held: lock_held[lock] == 1;
    ensures memory: lock == LOCK_MM ==> mm_inv{Here} && quiet{Here} && vms_inv{Here} && power_inv{Here};
    ensures slots: lock == LOCK_CPU ==> slots_inv{Here};
    ensures vmids: lock == LOCK_VMID ==> vmid_inv{Here};
*/
void lock_acquire(u32 lock);

/*@ requires held: lock < LOCK_COUNT && lock_held[lock] == 1;
    requires memory: lock == LOCK_MM ==> mm_inv{Here} && quiet{Here} && vms_inv{Here} && power_inv{Here};
    requires slots: lock == LOCK_CPU ==> slots_inv{Here};
    requires vmids: lock == LOCK_VMID ==> vmid_inv{Here};
    terminates \true; exits \false; assigns lock_held[lock];
    ensures free: lock_held[lock] == 0;
*/
void lock_release(u32 lock);

/* Every stage-2 entry of every VMID, on every CPU, complete on return. */
/*@ terminates \true; exits \false; assigns vmid_flushed; ensures flushed: vmid_flushed == 1; */
void tlbi_vmids(void);

/*@ terminates \true; exits \false; assigns \nothing;
    ensures cpu: \result < boot_info.cpu_count;
*/
u32 cpu_index(void);

struct smc_regs {
	u64 x0;
	u64 x1;
	u64 x2;
	u64 x3;
};

/*@ // secure firmware never sees an entry point of the host's
    requires entry: a % 0x100000000 == PSCI_CPU_ON || a % 0x100000000 == PSCI_CPU_ON_64 ||
      a % 0x100000000 == PSCI_CPU_SUSPEND || a % 0x100000000 == PSCI_CPU_SUSPEND_64 ==>
      c == boot_info.secondary_entry.pa;
    requires system: a % 0x100000000 == PSCI_SYSTEM_SUSPEND || a % 0x100000000 == PSCI_SYSTEM_SUSPEND_64 ==>
      b == boot_info.secondary_entry.pa;
    requires unlocked: \forall integer k; 0 <= k < LOCK_COUNT ==> lock_held[k] == 0;
    terminates \true; exits \false; assigns \nothing;
*/
struct smc_regs smc_call(u64 a, u64 b, u64 c, u64 d);

/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == elr_el2; */
u64 read_elr_el2(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == spsr_el2; */
u64 read_spsr_el2(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == el1[CTX_VBAR_EL1]; */
u64 read_vbar_el1(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == el1[CTX_SCTLR_EL1]; */
u64 read_sctlr_el1(void);
/*@ terminates \true; exits \false; assigns elr_el2; ensures value: elr_el2 == v; */
void write_elr_el2(u64 v);
/*@ // EL2 returns to EL0 or EL1 only
    requires level: v % 16 == 0 || v % 16 == 4 || v % 16 == 5;
    terminates \true; exits \false; assigns spsr_el2; ensures value: spsr_el2 == v; */
void write_spsr_el2(u64 v);
/*@ terminates \true; exits \false; assigns el1[CTX_ELR_EL1]; ensures value: el1[CTX_ELR_EL1] == v; */
void write_elr_el1(u64 v);
/*@ terminates \true; exits \false; assigns el1[CTX_SPSR_EL1]; ensures value: el1[CTX_SPSR_EL1] == v; */
void write_spsr_el1(u64 v);
/*@ terminates \true; exits \false; assigns el1[CTX_ESR_EL1]; ensures value: el1[CTX_ESR_EL1] == v; */
void write_esr_el1(u64 v);
/*@ terminates \true; exits \false; assigns el1[CTX_FAR_EL1]; ensures value: el1[CTX_FAR_EL1] == v; */
void write_far_el1(u64 v);

/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == esr_el2; */
u64 read_esr_el2(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == far_el2; */
u64 read_far_el2(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == hpfar_el2; */
u64 read_hpfar_el2(void);

/* A word of a vCPU's context, in the frame that it keeps: one that serves a VM is mapped at EL2, and no table. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires serves: serves{Here}(pfn);
    requires index: i < 512;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == frame[pfn].e[i];
*/
u64 context_read(u64 pfn, u64 i);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires serves: serves{Here}(pfn);
    requires apart: tbl_tree[pfn] == 0;
    requires index: i < 512;
    terminates \true; exits \false; assigns frame[0 .. PFN_COUNT - 1];
    ensures value: frame[pfn].e[i] == value;
    ensures rest: only_entry{Pre,Here}(pfn, i);
*/
void context_write(u64 pfn, u64 i, u64 value);

/* The registers of EL1 and EL0 that are switched: into the context of the host or of what @cpu has loaded, and back. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    terminates \true; exits \false;
    assigns cpu_host[cpu].w[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1];
    ensures saved: \forall integer i; CTX_SWITCHED_FIRST <= i < CTX_SWITCHED_END ==> cpu_host[cpu].w[i] == el1[i];
*/
void arch_host_save(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    terminates \true; exits \false;
    assigns el1[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1];
    ensures restored: \forall integer i; CTX_SWITCHED_FIRST <= i < CTX_SWITCHED_END ==> el1[i] == cpu_host[cpu].w[i];
*/
void arch_host_restore(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires guest: at_guest == 1;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1];
    ensures saved: \forall integer i; CTX_SWITCHED_FIRST <= i < CTX_SWITCHED_END ==> cpu_guest[cpu].w[i] == el1[i];
*/
void arch_guest_save(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires guest: at_guest == 1;
    terminates \true; exits \false;
    assigns el1[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1];
    ensures restored: \forall integer i; CTX_SWITCHED_FIRST <= i < CTX_SWITCHED_END ==> el1[i] == cpu_guest[cpu].w[i];
*/
void arch_guest_restore(u32 cpu);

/*
 * V0 to V31, FPSR and FPCR: into the context of the host or of what @cpu has loaded, and back. EL2 reaches them where
 * the host does: while a guest's traps are in force its own accesses may trap too.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: fp_guest == 0;
    terminates \true; exits \false;
    assigns cpu_host[cpu].w[CTX_V0 .. CTX_FP_END - 1];
    ensures saved: \forall integer i; CTX_V0 <= i < CTX_FP_END ==> cpu_host[cpu].w[i] == fp[i];
*/
void arch_fp_host_save(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    terminates \true; exits \false;
    assigns FP_REGISTERS;
    ensures restored: \forall integer i; CTX_V0 <= i < CTX_FP_END ==> fp[i] == cpu_host[cpu].w[i];
    ensures rest: sve_left{Pre,Here};
    ensures own: fp_guest == 0;
*/
void arch_fp_host_restore(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: fp_guest == FP_PLAIN;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_V0 .. CTX_FP_END - 1];
    ensures saved: \forall integer i; CTX_V0 <= i < CTX_FP_END ==> cpu_guest[cpu].w[i] == fp[i];
*/
void arch_fp_guest_save(u32 cpu);

/* The CPU is out of streaming mode then, in which a guest could not use them. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    terminates \true; exits \false;
    assigns FP_REGISTERS;
    ensures restored: \forall integer i; CTX_V0 <= i < CTX_FP_END ==> fp[i] == cpu_guest[cpu].w[i];
    ensures rest: sve_left{Pre,Here};
    ensures own: fp_guest == FP_PLAIN;
*/
void arch_fp_guest_restore(u32 cpu);

/* Vectors that this CPU has, as STAT_SVE tells them; 0 without SVE. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sve_lengths && \result <= 15;
*/
u32 arch_sve_lengths(void);

/*
 * SVE: Z0 to Z31, P0 to P15, FFR and ZCR_EL1, with FPSR and FPCR. A guest's of @cpu to and from the frame that its vCPU
 * keeps; of the host's ZCR_EL1 alone is saved, and nothing is left of Z, P and FFR but V0 to V31 when those come back.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: fp_guest == 0;
    requires has: sve_lengths != 0;
    terminates \true; exits \false;
    assigns cpu_host[cpu].w[CTX_ZCR_EL1];
    ensures saved: cpu_host[cpu].w[CTX_ZCR_EL1] == zcr_el1;
*/
void arch_sve_host_save(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires has: sve_lengths != 0;
    terminates \true; exits \false;
    assigns FP_REGISTERS;
    ensures restored: fp_waits{Here,Pre}(cpu) && zcr_waits{Here,Pre}(cpu);
    ensures cleared: no_vectors{Here};
    ensures own: fp_guest == 0;
*/
void arch_sve_host_restore(u32 cpu);

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn);
    requires apart: tbl_tree[pfn] == 0;
    requires host: at_guest == 0;
    requires own: fp_guest == FP_SVE;
    requires has: sve_lengths != 0;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], cpu_guest[cpu].w[CTX_FPSR .. CTX_FPCR], cpu_guest[cpu].w[CTX_ZCR_EL1];
    ensures saved: sve_of_guest{Here,Here}(cpu, pfn);
    ensures kept: \forall integer k; 0 <= k < CTX_SVE_FIRST ==> frame[pfn].e[k] == \old(frame[pfn].e[k]);
    ensures others: \forall integer g, k; 0 <= g < PFN_COUNT && 0 <= k < 512 && g != pfn ==>
      frame[g].e[k] == \old(frame[g].e[k]);
*/
void arch_sve_guest_save(u32 cpu, u64 pfn);

/* The CPU is out of streaming mode then. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn);
    requires host: at_guest == 0;
    requires has: sve_lengths != 0;
    terminates \true; exits \false;
    assigns FP_REGISTERS;
    ensures restored: sve_of_guest{Here,Here}(cpu, pfn);
    ensures own: fp_guest == FP_SVE;
*/
void arch_sve_guest_restore(u32 cpu, u64 pfn);

/* List registers that a guest can have on this CPU: GIC_LISTS, or 0. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures lists: \result == 0 || \result == GIC_LISTS;
*/
u32 arch_gic_lists(void);

/*
 * The virtual CPU interface: into the context of what @cpu has loaded, and back. It is off while the host's traps are
 * in force, so what it holds is of no effect to the host.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: gic_guest == 1;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_GIC_FIRST .. CTX_GIC_END - 1], gic_guest;
    ensures saved: \forall integer i; CTX_GIC_FIRST <= i < CTX_GIC_END ==> cpu_guest[cpu].w[i] == gic[i];
    ensures none: gic_guest == 0;
*/
void arch_gic_save(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires virtual: \forall integer i; CTX_GIC_FIRST <= i < CTX_GIC_FIRST + GIC_LISTS ==>
      list_virtual(cpu_guest[cpu].w[i]);
    terminates \true; exits \false;
    assigns gic[CTX_GIC_FIRST .. CTX_GIC_END - 1], gic_guest;
    ensures restored: \forall integer i; CTX_GIC_FIRST <= i < CTX_GIC_END ==> gic[i] == cpu_guest[cpu].w[i];
    ensures own: gic_guest == 1;
*/
void arch_gic_restore(u32 cpu);

/* 1 on a CPU with a generator of random numbers, FEAT_RNG. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result <= 1;
*/
u32 arch_has_random(void);

/* A random number of the CPU's generator, which it must have; 0 when it has none at the time. */
/*@ terminates \true; exits \false; assigns \nothing; */
u64 arch_random(void);

/* 1 on a CPU with pointer authentication. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result <= 1;
*/
u32 arch_has_keys(void);

/* Keys of pointer authentication: into the context of the host or of what @cpu has loaded, and back. EL2 uses none. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: keys_guest == 0;
    terminates \true; exits \false;
    assigns cpu_host[cpu].w[CTX_KEYS_FIRST .. CTX_KEYS_END - 1];
    ensures saved: \forall integer i; CTX_KEYS_FIRST <= i < CTX_KEYS_END ==> cpu_host[cpu].w[i] == keys[i];
*/
void arch_keys_host_save(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    terminates \true; exits \false;
    assigns keys[CTX_KEYS_FIRST .. CTX_KEYS_END - 1], keys_guest;
    ensures restored: \forall integer i; CTX_KEYS_FIRST <= i < CTX_KEYS_END ==> keys[i] == cpu_host[cpu].w[i];
    ensures own: keys_guest == 0;
*/
void arch_keys_host_restore(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: keys_guest == 1;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_KEYS_FIRST .. CTX_KEYS_END - 1];
    ensures saved: \forall integer i; CTX_KEYS_FIRST <= i < CTX_KEYS_END ==> cpu_guest[cpu].w[i] == keys[i];
*/
void arch_keys_guest_save(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    terminates \true; exits \false;
    assigns keys[CTX_KEYS_FIRST .. CTX_KEYS_END - 1], keys_guest;
    ensures restored: \forall integer i; CTX_KEYS_FIRST <= i < CTX_KEYS_END ==> keys[i] == cpu_guest[cpu].w[i];
    ensures own: keys_guest == 1;
*/
void arch_keys_guest_restore(u32 cpu);

/*
 * Breakpoints and watchpoints, as many as the CPU has: into the context of the host or of what @cpu has loaded, and
 * back. None fires at EL2: MDCR_EL2.TDE and HCR_EL2.TGE are 0, so debug exceptions are EL1's, which takes none from EL2
 * (Arm ARM D2.4).
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: point_guest == 0;
    terminates \true; exits \false;
    assigns cpu_host[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1];
    ensures saved: \forall integer i; CTX_DEBUG_FIRST <= i < CTX_DEBUG_END && point_there[i] != 0 ==>
      cpu_host[cpu].w[i] == point[i];
*/
void arch_points_host_save(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    terminates \true; exits \false;
    assigns point[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], point_guest;
    ensures restored: \forall integer i; CTX_DEBUG_FIRST <= i < CTX_DEBUG_END && point_there[i] != 0 ==>
      point[i] == cpu_host[cpu].w[i];
    ensures own: point_guest == 0;
*/
void arch_points_host_restore(u32 cpu);

/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires allowed: points_allowed{Here}(cpu);
    terminates \true; exits \false;
    assigns point[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], point_guest;
    ensures restored: \forall integer i; CTX_DEBUG_FIRST <= i < CTX_DEBUG_END && point_there[i] != 0 ==>
      point[i] == cpu_guest[cpu].w[i];
    ensures own: point_guest == 1;
*/
void arch_points_guest_restore(u32 cpu);

/*
 * Stage 2, traps and timers of a guest, and back to the host's. @fresh: what the TLB has of its VMID is not its own.
 * @lines: the flags of VCPU_RUN, for which of its lines are high, and for its GIC. @offset: of its virtual counter.
 */
/*@ requires host: at_guest == 0;
    requires vmid: vttbr / 0x1000000000000 != VMID_HOST;
    // it has the interface when its own registers are there
    requires gic: lines / RUN_GIC % 2 == gic_guest;
    terminates \true; exits \false; assigns at_guest, fp_open, keys_open;
    ensures guest: at_guest == 1;
    ensures trap: fp_open == 0 && keys_open == 0;
*/
void cpu_to_guest(u64 vttbr, u64 vtcr, u64 mpidr, u32 fresh, u64 lines, u64 offset);

/* From here to cpu_to_host() the guest's use of FP and SIMD does not trap. */
/*@ requires guest: at_guest == 1;
    terminates \true; exits \false; assigns fp_open;
    ensures open: fp_open == FP_PLAIN;
*/
void cpu_open_fp(void);

/* The same with SVE, and vectors of no more than @units of 128 bits, modulo 4. */
/*@ requires guest: at_guest == 1;
    requires has: sve_lengths != 0;
    terminates \true; exits \false; assigns fp_open;
    ensures open: fp_open == FP_SVE;
*/
void cpu_open_sve(u32 units);

/*
 * HPFAR_EL2 names the page of what the guest's stage 2 refused, if it refused something: of a permission fault the CPU
 * need not say it, but where the guest's stage 1 leads can be asked (Arm ARM D24.2.62, C5.5). 0 when that is not known
 * any more. The guest's registers of EL1 are saved, and still in force.
 */
/*@ requires guest: at_guest == 1;
    terminates \true; exits \false; assigns hpfar_el2;
    ensures known: \result <= 1;
*/
u32 cpu_fault_page(void);

/* From here to cpu_to_host() its use of pointer authentication and of the keys does not trap. */
/*@ requires guest: at_guest == 1;
    terminates \true; exits \false; assigns keys_open;
    ensures open: keys_open == 1;
*/
void cpu_open_keys(void);

/*@ requires guest: at_guest == 1;
    terminates \true; exits \false; assigns at_guest, fp_open, keys_open;
    ensures host: at_guest == 0;
*/
void cpu_to_host(void);

/*
 * Into the guest that @cpu has, and back with its next exception: ELR_EL2 and SPSR_EL2 are the host's again, the
 * guest's PC and PSTATE stand in its context. A guest does not reach EL2.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires unlocked: no_locks{Here};
    requires guest: at_guest == 1;
    requires level: below_el2(cpu_guest[cpu].w[CTX_PSTATE]);
    // what it can use of FP and SIMD is its own
    requires fp: fp_open != 0 ==> fp_guest == fp_open;
    // and what of the keys
    requires keys: keys_open != 0 ==> keys_guest == 1;
    // breakpoints and watchpoints that count are its own, and MDSCR_EL1 has nothing that is not a guest's
    requires points: debug_counts(el1[CTX_MDSCR_EL1]) ==> point_guest == 1;
    requires debug: debug_allowed(el1[CTX_MDSCR_EL1]);
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[0 .. CTX_PSTATE], el1[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1], esr_el2, far_el2,
      hpfar_el2, fp[CTX_V0 .. CTX_FP_END - 1], sve_words[CTX_SVE_FIRST .. CTX_SVE_END - 1], zcr_el1,
      gic[CTX_GIC_FIRST .. CTX_GIC_END - 1], keys[CTX_KEYS_FIRST .. CTX_KEYS_END - 1];
    ensures trapped: (fp_open == 0 ==> same_fp{Pre,Here}) && (keys_open == 0 ==> same_keys{Pre,Here});
    // it reaches neither them nor MDSCR_EL1: MDCR_EL2.TDA
    ensures debug: el1[CTX_MDSCR_EL1] == \old(el1[CTX_MDSCR_EL1]);
    ensures vectors: fp_open != FP_SVE ==> sve_left{Pre,Here};
    ensures end: \result <= GUEST_SERROR;
    ensures level: below_el2(cpu_guest[cpu].w[CTX_PSTATE]);
*/
u64 arch_guest_enter(u32 cpu);

/* A register of the machine that a guest sees something of, of this CPU. */
/*@ requires register: i < MACHINE_IDS;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == machine_id[i];
*/
u64 machine_id_read(u32 i);

#else
#include <asm/hyp_arch.h>
#endif

#endif
