/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State of each CPU in the PSCI relay.
 */
#ifndef HYP_SMC_H
#define HYP_SMC_H

#include <gen/hypercalls.h>
#include "boot_info.h"

#define SLOT_FREE 0u
#define SLOT_ON 1u
#define SLOT_SUSPENDED 2u

/**
 * struct cpu_slot - where a CPU goes when it next arrives at EL2; under LOCK_CPU
 * @state: SLOT_FREE, or why an entry point waits
 * @pc: the host's entry point
 * @x0: its argument
 */
struct cpu_slot {
	u32 state;
	u64 pc;
	u64 x0;
};

extern struct cpu_slot cpu_slot[CPUS_MAX];

/*@ // what LOCK_CPU protects
    predicate slots_inv{L} = \forall integer c; 0 <= c < CPUS_MAX ==>
      \at(cpu_slot[c].state,L) <= SLOT_SUSPENDED;
*/

#endif
