/* SPDX-License-Identifier: BSD-2-Clause */
#include <gen/sysregs.h>

#include "arch.h"
#include "points.h"

/*
 * What of its control words a guest may have in the CPU. HMC and SSC would name EL2 and other security states: they are
 * RES0 where there is neither EL2 nor EL3, as in a guest. The upper half of BT compares VMIDs and CONTEXTIDR_EL2, or
 * looks for what is not at an address; the lower half an address and CONTEXTIDR_EL1, the guest's own. Linked are points
 * of its own.
 */
/*@ requires point: is_point(k) && (k - CTX_DEBUG_FIRST) % 2 == 1;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == control_of(k, v);
    ensures allowed: control_allowed(k, \result);
*/
static u64 control(u64 k, u64 v)
{
	u64 low;
	u64 link;
	u64 mask = 0;

	if (k < CTX_DBGWVR0_EL1) {
		low = dbgbcr_el1_match_put(dbgbcr_el1_match(v)) + dbgbcr_el1_bas_put(dbgbcr_el1_bas(v));
		link = dbgbcr_el1_link(v);
	} else {
		low = dbgwcr_el1_match_put(dbgwcr_el1_match(v));
		link = dbgwcr_el1_link(v);
		mask = dbgwcr_el1_mask(v);
	}
	//@ assert parts: low < 0x2000 && mask < 32 && (k < CTX_DBGWVR0_EL1 ? link < 64 && mask == 0 : link < 32);
	//@ assert middle: (low + (8 * link + 0x800 * mask) * 0x2000) / 0x2000 == 8 * link + 0x800 * mask;
	//@ assert upper: (low + link * 0x10000 + mask * 8 * 0x200000) / 0x200000 == link / 32 + 8 * mask;
	return low + dbgbcr_el1_link_put(link) + dbgwcr_el1_mask_put(mask);
}

/* Each value is followed by its control. */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1];
    ensures clamped: \forall integer i; is_point(i) ==>
      cpu_guest[cpu].w[i] == point_of(i, \old(cpu_guest[cpu].w[i]));
    ensures allowed: points_allowed{Here}(cpu);
*/
static void clamp(u32 cpu)
{
	u64 k;

	/*@ loop invariant range: CTX_DEBUG_FIRST <= k <= CTX_DEBUG_END && (k - CTX_DEBUG_FIRST) % 2 == 0;
	    loop invariant clamped: \forall integer i; CTX_DEBUG_FIRST <= i < k ==>
	      cpu_guest[cpu].w[i] == point_of(i, \at(cpu_guest[cpu].w[i],Pre));
	    loop invariant allowed: \forall integer i; CTX_DEBUG_FIRST <= i < k && (i - CTX_DEBUG_FIRST) % 2 == 1 ==>
	      control_allowed(i, cpu_guest[cpu].w[i]);
	    loop invariant rest: \forall integer i; k <= i < CTX_DEBUG_END ==>
	      cpu_guest[cpu].w[i] == \at(cpu_guest[cpu].w[i],Pre);
	    loop assigns k, cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1];
	    loop variant CTX_DEBUG_END - k;
	*/
	for (k = CTX_DEBUG_FIRST; k < CTX_DEBUG_END; k += 2u) {
		cpu_guest[cpu].w[k + 1u] = control(k + 1u, cpu_guest[cpu].w[k + 1u]);
	}
}

/* Whatever stood in the words was not the vCPU's. */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], cpu_guest[cpu].w[CTX_DEBUG];
    ensures set: cpu_guest[cpu].w[CTX_DEBUG] != 0;
    ensures same: same_points_now{Pre,Here}(cpu, CTX_WORDS);
*/
static void begin_points(u32 cpu)
{
	u64 k;

	if (cpu_guest[cpu].w[CTX_DEBUG] != 0) {
		return;
	}
	/*@ loop invariant range: CTX_DEBUG_FIRST <= k <= CTX_DEBUG_END;
	    loop invariant cleared: \forall integer i; CTX_DEBUG_FIRST <= i < k ==> cpu_guest[cpu].w[i] == 0;
	    loop assigns k, cpu_guest[cpu].w[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1];
	    loop variant CTX_DEBUG_END - k;
	*/
	for (k = CTX_DEBUG_FIRST; k < CTX_DEBUG_END; k++) {
		cpu_guest[cpu].w[k] = 0;
	}
	cpu_guest[cpu].w[CTX_DEBUG] = 1;
}

/* 1 when @word is a point, and none was set. */
/*@ requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> is_point(word) && cpu_guest[cpu].w[CTX_DEBUG] == 0;
*/
static u32 is_unset(u32 cpu, u64 word)
{
	return word >= CTX_DEBUG_FIRST && word < CTX_DEBUG_END && cpu_guest[cpu].w[CTX_DEBUG] == 0;
}

u64 context_get(u32 cpu, u64 word)
{
	return is_unset(cpu, word) != 0 ? 0 : cpu_guest[cpu].w[word];
}

void context_put(u32 cpu, u64 word, u64 value)
{
	if (is_unset(cpu, word) != 0) {
		/* A kernel clears them all when it begins. */
		if (value == 0) {
			return;
		}
		begin_points(cpu);
	}
	cpu_guest[cpu].w[word] = value;
}

u32 points_take(u32 cpu, u32 has)
{
	if (mdscr_el1_mde(cpu_guest[cpu].w[CTX_MDSCR_EL1]) == 0) {
		return has;
	}
	begin_points(cpu);
	clamp(cpu);
	if (has == 0) {
		arch_points_host_save(cpu);
	}
	arch_points_guest_restore(cpu);
	return 1;
}

void points_return(u32 cpu, u32 has)
{
	if (has != 0) {
		arch_points_host_restore(cpu);
	}
}
