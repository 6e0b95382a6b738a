/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual CPU interface of a guest with a GICv3. The host is the guest's interrupt controller: it names the list
 * registers with each VCPU_RUN and gets them back. Hypatia sees to it that they are about virtual interrupts alone.
 */
#ifndef HYP_GIC_H
#define HYP_GIC_H

#include "types.h"
#include "vcpu.h"
#include "../../annotations/entry.h"

/*@ // a list register as the host may give it: no special INTID, nothing that is reserved, no physical interrupt
    predicate list_allowed(integer lr) = lr % 0x100000000 < 1020 && lr / 0x100000000 % 0x200 == 0 &&
      lr / 0x40000000000 % 0x40 == 0 && lr / 0x100000000000000 % 16 == 0 && list_virtual(lr);
    // two that hold the same interrupt
    predicate lists_meet(integer a, integer b) = a / 0x4000000000000000 % 4 != 0 && b / 0x4000000000000000 % 4 != 0 &&
      a % 0x100000000 == b % 0x100000000;
    predicate lists_allowed{L}(u64 *lists) =
      (\forall integer i; 0 <= i < GIC_LISTS ==> list_allowed(\at(lists[i],L))) &&
      (\forall integer i, j; 0 <= i < j < GIC_LISTS ==> !lists_meet(\at(lists[i],L), \at(lists[j],L)));
*/

/** gic_lists_allowed() - 1 when a guest may run with the list registers @lists: IHI 0069, 12.4.8 (ICH_LR<n>_EL2). */
/*@ requires lists: \valid_read(lists + (0 .. GIC_LISTS - 1));
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> lists_allowed{Here}(lists);
*/
u32 gic_lists_allowed(const u64 *lists);

/** gic_take() - the interface is that of the guest that @cpu has loaded, with the list registers @lists. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires lists: \valid_read(lists + (0 .. GIC_LISTS - 1));
    requires apart: \separated(lists + (0 .. GIC_LISTS - 1), cpu_guest + (0 .. CPUS_MAX - 1));
    requires allowed: lists_allowed{Here}(lists);
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_GIC_FIRST .. CTX_GIC_FIRST + GIC_LISTS - 1], gic[CTX_GIC_FIRST .. CTX_GIC_END - 1],
      gic_guest;
    ensures own: gic_guest == 1;
    ensures given: \forall integer i; 0 <= i < GIC_LISTS ==> gic[CTX_GIC_FIRST + i] == \old(lists[i]);
    ensures kept: \forall integer i; CTX_GIC_FIRST + GIC_LISTS <= i < CTX_GIC_END ==>
      gic[i] == \old(cpu_guest[cpu].w[i]);
*/
void gic_take(u32 cpu, const u64 *lists);

/** gic_return() - the interface is nobody's; what it held is in the context, and its list registers in @lists. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires host: at_guest == 0;
    requires own: gic_guest == 1;
    requires lists: \valid(lists + (0 .. GIC_LISTS - 1));
    requires apart: \separated(lists + (0 .. GIC_LISTS - 1), cpu_guest + (0 .. CPUS_MAX - 1),
      gic + (0 .. CTX_GIC_END - 1), &gic_guest);
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[CTX_GIC_FIRST .. CTX_GIC_END - 1], gic_guest, lists[0 .. GIC_LISTS - 1];
    ensures none: gic_guest == 0;
    ensures kept: \forall integer i; CTX_GIC_FIRST <= i < CTX_GIC_END ==> cpu_guest[cpu].w[i] == \old(gic[i]);
    ensures told: \forall integer i; 0 <= i < GIC_LISTS ==> lists[i] == \old(gic[CTX_GIC_FIRST + i]);
*/
void gic_return(u32 cpu, u64 *lists);

#endif
