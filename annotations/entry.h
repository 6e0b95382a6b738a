/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds whenever the host enters EL2, and what a trap may change.
 */
#ifndef ANNOTATIONS_ENTRY_H
#define ANNOTATIONS_ENTRY_H

#include "boot_info.h"
#include "ownership.h"
#include "smc.h"
#include "vm.h"
#include "vmid.h"

/* Protected state is arbitrary within its invariant while its lock is free. */
#define VM_STATE vms[0 .. VMS_MAX - 1], cpu_vm[0 .. CPUS_MAX - 1]
#define LOCKED_STATE lock_held[0 .. LOCK_COUNT - 1], MM_STATE, VM_STATE, cpu_slot[0 .. CPUS_MAX - 1], vmid_state

/*@ ghost
  extern u64 elr_el2, spsr_el2, elr_el1, spsr_el1, esr_el1, far_el1, vbar_el1, sctlr_el1;
*/

/*@ predicate no_locks{L} = \forall integer k; 0 <= k < LOCK_COUNT ==> \at(lock_held[k],L) == 0;

    // what hyp_setup() checked and nothing changes afterwards
    predicate boot_ok{L} =
      1 <= \at(boot_info.cpu_count,L) <= CPUS_MAX && \at(boot_info.mode,L) <= MODE_NONE &&
      \at(boot_info.image_base.pa,L) <= \at(boot_info.image_end.pa,L) &&
      \at(boot_info.image_end.pa,L) <= 0x1000000000000 && \at(boot_info.carveout_size,L) <= 0x1000000000000 &&
      \at(mem.frames,L) <= PFN_COUNT;
*/

#endif
