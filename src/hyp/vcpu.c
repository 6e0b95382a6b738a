/* SPDX-License-Identifier: BSD-2-Clause */
#include <gen/sysregs.h>

#include "arch.h"
#include "context.h"
#include "ownership.h"
#include <lemmas/mm/given_paged.h>
#include <lemmas/mm/still.h>
#include <lemmas/mm/still_host.h>
#include <lemmas/tables/rows.h>
#include <lemmas/tables/rows_ways.h>

struct vcpu_context cpu_guest[CPUS_MAX];
struct vcpu_context cpu_host[CPUS_MAX];

/* MPIDR_EL1 of vCPU 0: bit 31 is RES1. */
#define MPIDR_VCPU0 0x80000000ul

/*
 * Words of a context are copied so many at once, from the first on; breakpoints and watchpoints when one was set. The
 * last before these, and the last of all, are copied with some that are copied twice, or that do not matter.
 */
#define WORDS_AT_ONCE 8u
#define WORDS_BY_EIGHT (CTX_DEBUG_FIRST / WORDS_AT_ONCE * WORDS_AT_ONCE)
#define LAST_REGISTERS (CTX_DEBUG_FIRST - WORDS_AT_ONCE)
#define LAST_WORDS (CTX_WORDS - WORDS_AT_ONCE)

_Static_assert(CTX_WORDS - CTX_DEBUG_END <= WORDS_AT_ONCE, "the words behind the points are copied at once");

/* What vCPU @i begins with, over words that are all 0. */
/*@ requires cpu: cpu < CPUS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_PSTATE], cpu_guest[cpu].w[CTX_SCTLR_EL1], cpu_guest[cpu].w[CTX_MPIDR],
      cpu_guest[cpu].w[CTX_STATE];
    ensures state: cpu_guest[cpu].w[CTX_STATE] == RUN_STARTED;
    ensures level: cpu_guest[cpu].w[CTX_PSTATE] == CTX_RESET_PSTATE;
    ensures control: cpu_guest[cpu].w[CTX_SCTLR_EL1] == CTX_RESET_SCTLR_EL1;
    ensures number: cpu_guest[cpu].w[CTX_MPIDR] == 0x80000000 + i;
*/
static void context_reset(u32 cpu, u32 i)
{
	cpu_guest[cpu].w[CTX_PSTATE] = CTX_RESET_PSTATE;
	cpu_guest[cpu].w[CTX_SCTLR_EL1] = CTX_RESET_SCTLR_EL1;
	cpu_guest[cpu].w[CTX_MPIDR] = MPIDR_VCPU0 + i;
	cpu_guest[cpu].w[CTX_STATE] = RUN_STARTED;
}

/* Words @k and behind it, from the frame: what a loop costs is more than what it does for a word. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn);
    requires words: k + WORDS_AT_ONCE <= CTX_WORDS;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[k .. k + WORDS_AT_ONCE - 1];
    ensures read: \forall integer j; k <= j < k + WORDS_AT_ONCE ==> cpu_guest[cpu].w[j] == frame[pfn].e[j];
*/
static inline void words_read(u32 cpu, u64 pfn, u64 k)
{
	cpu_guest[cpu].w[k] = context_read(pfn, k);
	cpu_guest[cpu].w[k + 1u] = context_read(pfn, k + 1u);
	cpu_guest[cpu].w[k + 2u] = context_read(pfn, k + 2u);
	cpu_guest[cpu].w[k + 3u] = context_read(pfn, k + 3u);
	cpu_guest[cpu].w[k + 4u] = context_read(pfn, k + 4u);
	cpu_guest[cpu].w[k + 5u] = context_read(pfn, k + 5u);
	cpu_guest[cpu].w[k + 6u] = context_read(pfn, k + 6u);
	cpu_guest[cpu].w[k + 7u] = context_read(pfn, k + 7u);
}

/* Breakpoints and watchpoints, from the frame. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn);
    terminates \true; exits \false; assigns cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1];
    ensures read: \forall integer j; is_point(j) ==> cpu_guest[cpu].w[j] == frame[pfn].e[j];
*/
static void points_read(u32 cpu, u64 pfn)
{
	u64 k;

	/*@ loop invariant range: CTX_DEBUG_FIRST <= k <= CTX_DEBUG_END;
	    loop invariant read: \forall integer j; CTX_DEBUG_FIRST <= j < k ==> cpu_guest[cpu].w[j] == frame[pfn].e[j];
	    loop assigns k, cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1];
	    loop variant CTX_DEBUG_END - k;
	*/
	for (k = CTX_DEBUG_FIRST; k < CTX_DEBUG_END; k++) {
		cpu_guest[cpu].w[k] = context_read(pfn, k);
	}
}

void context_load(u32 cpu, u64 pfn, u32 i)
{
	u64 k;

	/*@ loop invariant range: 0 <= k <= WORDS_BY_EIGHT && k % WORDS_AT_ONCE == 0;
	    loop invariant read: \forall integer j; 0 <= j < k ==> cpu_guest[cpu].w[j] == frame[pfn].e[j];
	    loop assigns k, cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
	    loop variant WORDS_BY_EIGHT - k;
	*/
	for (k = 0; k < WORDS_BY_EIGHT; k += WORDS_AT_ONCE) {
		words_read(cpu, pfn, k);
	}
	words_read(cpu, pfn, LAST_REGISTERS);
	words_read(cpu, pfn, LAST_WORDS);
	if (cpu_guest[cpu].w[CTX_DEBUG] != 0) {
		points_read(cpu, pfn);
	}
	if (cpu_guest[cpu].w[CTX_STATE] == RUN_NEW) {
		context_reset(cpu, i);
	}
	cpu_guest[cpu].w[CTX_FRESH] = 1;
}

void context_begin(u32 cpu, u32 i, u64 pc, u64 x0)
{
	u64 k;

	/*@ loop invariant range: 0 <= k <= CTX_WORDS;
	    loop invariant cleared: \forall integer j; 0 <= j < k ==> cpu_guest[cpu].w[j] == 0;
	    loop assigns k, cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
	    loop variant CTX_WORDS - k;
	*/
	for (k = 0; k < CTX_WORDS; k++) {
		cpu_guest[cpu].w[k] = 0;
	}
	context_reset(cpu, i);
	cpu_guest[cpu].w[CTX_PC] = pc;
	cpu_guest[cpu].w[CTX_X0] = x0;
	/* Where it begins is the guest's to say, so the host has no say in it any more. */
	cpu_guest[cpu].w[CTX_STATE] = RUN_RAN;
	cpu_guest[cpu].w[CTX_FRESH] = 1;
}

/* The same into the frame. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn) && tbl_tree[pfn] == 0;
    requires words: k + WORDS_AT_ONCE <= CTX_WORDS;
    terminates \true; exits \false; assigns frame[0 .. PFN_COUNT - 1];
    ensures written: \forall integer j; k <= j < k + WORDS_AT_ONCE ==> frame[pfn].e[j] == cpu_guest[cpu].w[j];
    ensures kept: \forall integer j; 0 <= j < 512 && !(k <= j < k + WORDS_AT_ONCE) ==>
      frame[pfn].e[j] == \old(frame[pfn].e[j]);
    ensures others: \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != pfn ==>
      frame[g].e[j] == \old(frame[g].e[j]);
*/
static inline void words_write(u32 cpu, u64 pfn, u64 k)
{
	context_write(pfn, k, cpu_guest[cpu].w[k]);
	context_write(pfn, k + 1u, cpu_guest[cpu].w[k + 1u]);
	context_write(pfn, k + 2u, cpu_guest[cpu].w[k + 2u]);
	context_write(pfn, k + 3u, cpu_guest[cpu].w[k + 3u]);
	context_write(pfn, k + 4u, cpu_guest[cpu].w[k + 4u]);
	context_write(pfn, k + 5u, cpu_guest[cpu].w[k + 5u]);
	context_write(pfn, k + 6u, cpu_guest[cpu].w[k + 6u]);
	context_write(pfn, k + 7u, cpu_guest[cpu].w[k + 7u]);
}

/* Breakpoints and watchpoints, into the frame. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn) && tbl_tree[pfn] == 0;
    terminates \true; exits \false; assigns frame[0 .. PFN_COUNT - 1];
    ensures written: \forall integer j; is_point(j) ==> frame[pfn].e[j] == cpu_guest[cpu].w[j];
    ensures kept: \forall integer j; 0 <= j < 512 && !is_point(j) ==> frame[pfn].e[j] == \old(frame[pfn].e[j]);
    ensures others: \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != pfn ==>
      frame[g].e[j] == \old(frame[g].e[j]);
*/
static void points_write(u32 cpu, u64 pfn)
{
	u64 k;

	/*@ loop invariant range: CTX_DEBUG_FIRST <= k <= CTX_DEBUG_END;
	    loop invariant written: \forall integer j; CTX_DEBUG_FIRST <= j < k ==>
	      frame[pfn].e[j] == cpu_guest[cpu].w[j];
	    loop invariant kept: \forall integer j; 0 <= j < 512 && !is_point(j) ==>
	      frame[pfn].e[j] == \at(frame[pfn].e[j],Pre);
	    loop invariant others: \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != pfn ==>
	      frame[g].e[j] == \at(frame[g].e[j],Pre);
	    loop assigns k, frame[0 .. PFN_COUNT - 1];
	    loop variant CTX_DEBUG_END - k;
	*/
	for (k = CTX_DEBUG_FIRST; k < CTX_DEBUG_END; k++) {
		context_write(pfn, k, cpu_guest[cpu].w[k]);
	}
}

/* A frame that serves a VM is no table: with other contents the trees are the same. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tables: tables_inv{Here};
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn) && !table_frame{Here}(pfn);
    terminates \true; exits \false; assigns frame[0 .. PFN_COUNT - 1];
    ensures tables: tables_inv{Here};
    ensures kept: \forall integer k; 0 <= k < CTX_WORDS && !is_point(k) ==> frame[pfn].e[k] == cpu_guest[cpu].w[k];
    ensures points: cpu_guest[cpu].w[CTX_DEBUG] != 0 ==> \forall integer k; is_point(k) ==>
      frame[pfn].e[k] == cpu_guest[cpu].w[k];
    ensures same: same_xl{Pre,Here} && same_nodes{Pre,Here};
    ensures others: \forall integer g, k; 0 <= g < PFN_COUNT && 0 <= k < 512 && g != pfn ==>
      frame[g].e[k] == \old(frame[g].e[k]);
*/
static void words_store(u32 cpu, u64 pfn)
{
	u64 k;

	/*@ loop invariant range: 0 <= k <= WORDS_BY_EIGHT && k % WORDS_AT_ONCE == 0;
	    loop invariant written: \forall integer j; 0 <= j < k ==> frame[pfn].e[j] == cpu_guest[cpu].w[j];
	    loop invariant others: \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != pfn ==>
	      frame[g].e[j] == \at(frame[g].e[j],Pre);
	    loop assigns k, frame[0 .. PFN_COUNT - 1];
	    loop variant WORDS_BY_EIGHT - k;
	*/
	for (k = 0; k < WORDS_BY_EIGHT; k += WORDS_AT_ONCE) {
		words_write(cpu, pfn, k);
	}
	words_write(cpu, pfn, LAST_REGISTERS);
	words_write(cpu, pfn, LAST_WORDS);
	if (cpu_guest[cpu].w[CTX_DEBUG] != 0) {
		points_write(cpu, pfn);
	}
	/*@ ghost
	  int n = 0;
	  /@ loop invariant 0 <= n <= 512;
	     loop invariant \forall integer g; 0 <= g < PFN_COUNT && g != pfn ==>
	       nonzero{Here}(g, n) == nonzero{Pre}(g, n);
	     loop assigns n;
	     loop variant 512 - n;
	  @/
	  while (n < 512) {
	    n++;
	  }
	*/
	//@ assert counted: counted{Here};
	//@ assert rows: same_rows{Pre,Here};
	//@ assert way: same_nodes{Pre,Here};
	//@ assert wf: wf{Here};
	//@ assert pool: pool_inv{Here};
	//@ assert same: same_xl{Pre,Here};
}

void context_store(u32 cpu, u64 pfn)
{
	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	//@ assert no_table: !table_frame{Here}(pfn);
	words_store(cpu, pfn);
	//@ assert same: unmoved{Pre,Here} && same_own_xl{Pre,Here};
	//@ assert host: host_inv{Here};
	//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
	//@ assert paged: given_paged{Here};
	//@ assert inv: mm_inv{Here};
}

/* 1 when EL2 may return to @pstate: EL0, or EL1 in AArch64. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> below_el2(pstate);
*/
static u32 is_below_el2(u64 pstate)
{
	u64 mode = pstate % 32;

	return mode == 0 || mode == 4 || mode == 5 || mode == 16;
}

u64 context_pstate(u64 pstate)
{
	return is_below_el2(pstate) != 0 ? pstate : SPSR_EL2_EL1H_MASKED;
}

u64 context_debug(u64 v)
{
	return mdscr_el1_ss_put(mdscr_el1_ss(v)) + mdscr_el1_traps_put(mdscr_el1_traps(v)) +
	       mdscr_el1_mde_put(mdscr_el1_mde(v));
}

/* 1 when the host may set @word of a protected VM's vCPU: where it begins, and with which argument. */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> cpu_guest[cpu].w[CTX_STATE] == RUN_STARTED && (word == CTX_PC || word == CTX_X0);
*/
static u32 is_entry(u32 cpu, u64 word)
{
	return cpu_guest[cpu].w[CTX_STATE] == RUN_STARTED && (word == CTX_PC || word == CTX_X0);
}

s32 context_set(u32 cpu, u32 protected, u64 word, u64 value)
{
	if (!CTX_SETTABLE(word)) {
		return HYP_EPERM;
	}
	if (protected != 0 && is_entry(cpu, word) == 0) {
		return HYP_EPERM;
	}
	if (word == CTX_PSTATE && (value >= 0x100000000u || is_below_el2(value) == 0 || value % 32 == 16)) {
		return HYP_EINVAL;
	}
	context_put(cpu, word, value);
	return 0;
}
