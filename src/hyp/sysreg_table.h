/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Facts of the generated arrays of a guest's system registers.
 *
 * WP knows the initialisers of a const array in the unit that defines it, and each goal there that names the array has
 * all of them. So the arrays have a unit for themselves, and other code has the facts.
 */
#ifndef HYP_SYSREG_TABLE_H
#define HYP_SYSREG_TABLE_H

#include "sysreg.h"

/*@ predicate keys_up{L}(integer a, integer b) = \forall integer i; a <= i < b ==>
      \at(guest_sysreg_key[i - 1],L) < \at(guest_sysreg_key[i],L);

    predicate entry_fits{L}(integer i) =
      \at(guest_sysregs[i].feature,L) < GUEST_FEATURES &&
      \at(guest_sysregs[i].write,L) <= SYSREG_HOST && \at(guest_sysregs[i].write,L) != SYSREG_VALUE &&
      \at(guest_sysregs[i].machine,L) < MACHINE_IDS &&
      \at(guest_sysregs[i].read,L) <= SYSREG_CLAMPED && \at(guest_sysregs[i].read,L) != SYSREG_IGNORED &&
      (\at(guest_sysregs[i].read,L) == SYSREG_CLAMPED ==>
        \at(guest_sysregs[i].index,L) <= GUEST_RULES - GUEST_FIELDS) &&
      (\at(guest_sysregs[i].read,L) == SYSREG_SLOT ==> \at(guest_sysregs[i].index,L) < GUEST_SLOTS) &&
      (\at(guest_sysregs[i].write,L) == SYSREG_SLOT ==> \at(guest_sysregs[i].index,L) < GUEST_SLOTS);

    predicate entries_in{L}(integer a, integer b) = \forall integer i; a <= i < b ==> entry_fits{L}(i);
*/

/*@ ghost
    /@ terminates \true; exits \false; assigns \nothing;
       ensures first: keys_up{Here}(1, GUEST_SYSREGS / 4);
       ensures second: keys_up{Here}(GUEST_SYSREGS / 4, GUEST_SYSREGS / 2);
       ensures third: keys_up{Here}(GUEST_SYSREGS / 2, 3 * (GUEST_SYSREGS / 4));
       ensures last: keys_up{Here}(3 * (GUEST_SYSREGS / 4), GUEST_SYSREGS);
    @/
    void table_keys(void);

    /@ terminates \true; exits \false; assigns \nothing;
       ensures first: entries_in{Here}(0, GUEST_SYSREGS / 4);
       ensures second: entries_in{Here}(GUEST_SYSREGS / 4, GUEST_SYSREGS / 2);
       ensures third: entries_in{Here}(GUEST_SYSREGS / 2, 3 * (GUEST_SYSREGS / 4));
       ensures last: entries_in{Here}(3 * (GUEST_SYSREGS / 4), GUEST_SYSREGS);
    @/
    void table_entries(void);

    /@ terminates \true; exits \false; assigns \nothing;
       ensures features: \forall integer r; 0 <= r < GUEST_RULES ==> guest_rules[r].feature < GUEST_FEATURES;
       ensures values: \forall integer r; 0 <= r < GUEST_RULES ==> guest_rules[r].value < 16;
    @/
    void table_rules(void);
*/

#endif
