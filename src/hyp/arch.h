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
#include "../../annotations/entry.h"
#include "mem.h"
#include "ownership.h"
#include "pgtable.h"
#include "pool.h"
#include "smc.h"
#include "types.h"
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
    requires state: s <= FRAME_HYP_VM;
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

/* The metadata array starts at frame @pfn and has @count frames, all zeroes: every frame is the host's. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires room: mem.frames * META_BYTES_PER_FRAME <= count * PAGE_SIZE;
    requires carveout: boot_info.carveout_base.pa <= pfn * PAGE_SIZE &&
      (pfn + count) * PAGE_SIZE <= boot_info.carveout_base.pa + boot_info.carveout_size;
    requires apart: \forall integer f; pfn <= f < pfn + count ==> tbl_tree[f] == 0;
    terminates \true; exits \false;
    assigns fm_state[0 .. PFN_COUNT - 1], fm_count[0 .. PFN_COUNT - 1];
    ensures host: \forall integer n; 0 <= n < PFN_COUNT ==> fm_state[n] == FRAME_HOST && fm_count[n] == 0;
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
    ensures memory: lock == LOCK_MM ==> mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures slots: lock == LOCK_CPU ==> slots_inv{Here};
    ensures vmids: lock == LOCK_VMID ==> vmid_inv{Here};
*/
void lock_acquire(u32 lock);

/*@ requires held: lock < LOCK_COUNT && lock_held[lock] == 1;
    requires memory: lock == LOCK_MM ==> mm_inv{Here} && quiet{Here} && vms_inv{Here};
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
    requires unlocked: \forall integer k; 0 <= k < LOCK_COUNT ==> lock_held[k] == 0;
    terminates \true; exits \false; assigns \nothing;
*/
struct smc_regs smc_call(u64 a, u64 b, u64 c, u64 d);

/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == elr_el2; */
u64 read_elr_el2(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == spsr_el2; */
u64 read_spsr_el2(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == vbar_el1; */
u64 read_vbar_el1(void);
/*@ terminates \true; exits \false; assigns \nothing; ensures value: \result == sctlr_el1; */
u64 read_sctlr_el1(void);
/*@ terminates \true; exits \false; assigns elr_el2; ensures value: elr_el2 == v; */
void write_elr_el2(u64 v);
/*@ // EL2 returns to EL0 or EL1 only
    requires level: v % 16 == 0 || v % 16 == 4 || v % 16 == 5;
    terminates \true; exits \false; assigns spsr_el2; ensures value: spsr_el2 == v; */
void write_spsr_el2(u64 v);
/*@ terminates \true; exits \false; assigns elr_el1; ensures value: elr_el1 == v; */
void write_elr_el1(u64 v);
/*@ terminates \true; exits \false; assigns spsr_el1; ensures value: spsr_el1 == v; */
void write_spsr_el1(u64 v);
/*@ terminates \true; exits \false; assigns esr_el1; ensures value: esr_el1 == v; */
void write_esr_el1(u64 v);
/*@ terminates \true; exits \false; assigns far_el1; ensures value: far_el1 == v; */
void write_far_el1(u64 v);

#else
#include <asm/hyp_arch.h>
#endif

#endif
