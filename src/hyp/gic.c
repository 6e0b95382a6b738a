/* SPDX-License-Identifier: BSD-2-Clause */
#include <gen/sysregs.h>

#include "arch.h"
#include "gic.h"

/* INTIDs from here on are special, or those of LPIs, which nobody has. */
#define SPECIAL_FIRST 1020u

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> list_allowed(lr);
*/
static u32 allowed(u64 lr)
{
	return ich_lr_el2_vintid(lr) < SPECIAL_FIRST && ich_lr_el2_pintid_low(lr) == 0 &&
	       ich_lr_el2_pintid_high(lr) == 0 && ich_lr_el2_zero(lr) == 0 && ich_lr_el2_hw(lr) == 0;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> lists_meet(a, b);
*/
static u32 meet(u64 a, u64 b)
{
	return ich_lr_el2_state(a) != 0 && ich_lr_el2_state(b) != 0 && ich_lr_el2_vintid(a) == ich_lr_el2_vintid(b);
}

/* List register @i is allowed, and holds none of the interrupts of those before it. */
/*@ requires lists: \valid_read(lists + (0 .. GIC_LISTS - 1));
    requires range: i < GIC_LISTS;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> list_allowed(lists[i]) &&
      \forall integer j; 0 <= j < i ==> !lists_meet(lists[j], lists[i]);
*/
static u32 allowed_at(const u64 *lists, u32 i)
{
	u32 j;

	if (allowed(lists[i]) == 0) {
		return 0;
	}
	/*@ loop invariant range: 0 <= j <= i;
	    loop invariant apart: \forall integer k; 0 <= k < j ==> !lists_meet(lists[k], lists[i]);
	    loop assigns j;
	    loop variant i - j;
	*/
	for (j = 0; j < i; j++) {
		if (meet(lists[j], lists[i]) != 0) {
			return 0;
		}
	}
	return 1;
}

u32 gic_lists_allowed(const u64 *lists)
{
	u32 i;

	/*@ loop invariant range: 0 <= i <= GIC_LISTS;
	    loop invariant allowed: \forall integer k; 0 <= k < i ==> list_allowed(lists[k]);
	    loop invariant apart: \forall integer j, k; 0 <= j < k < i ==> !lists_meet(lists[j], lists[k]);
	    loop assigns i;
	    loop variant GIC_LISTS - i;
	*/
	for (i = 0; i < GIC_LISTS; i++) {
		if (allowed_at(lists, i) == 0) {
			return 0;
		}
	}
	return 1;
}

void gic_take(u32 cpu, const u64 *lists)
{
	u32 i;

	/*@ loop invariant range: 0 <= i <= GIC_LISTS;
	    loop invariant given: \forall integer k; CTX_GIC_FIRST <= k < CTX_GIC_FIRST + i ==>
	      cpu_guest[cpu].w[k] == lists[k - CTX_GIC_FIRST];
	    loop assigns i, cpu_guest[cpu].w[CTX_GIC_FIRST .. CTX_GIC_FIRST + GIC_LISTS - 1];
	    loop variant GIC_LISTS - i;
	*/
	for (i = 0; i < GIC_LISTS; i++) {
		cpu_guest[cpu].w[CTX_GIC_FIRST + i] = lists[i];
	}
	/*@ assert virtual: \forall integer k; CTX_GIC_FIRST <= k < CTX_GIC_FIRST + GIC_LISTS ==>
	      list_allowed(lists[k - CTX_GIC_FIRST]); */
	arch_gic_restore(cpu);
}

void gic_return(u32 cpu, u64 *lists)
{
	u32 i;

	arch_gic_save(cpu);
	/*@ loop invariant range: 0 <= i <= GIC_LISTS;
	    loop invariant told: \forall integer k; 0 <= k < i ==> lists[k] == gic[CTX_GIC_FIRST + k];
	    loop assigns i, lists[0 .. GIC_LISTS - 1];
	    loop variant GIC_LISTS - i;
	*/
	for (i = 0; i < GIC_LISTS; i++) {
		lists[i] = cpu_guest[cpu].w[CTX_GIC_FIRST + i];
	}
}
