/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMIDs: identifiers that keep the stage-2 TLB entries of VMs apart (Arm ARM D8.14).
 *
 * VMID 0 is the host's. The others are handed out in order; when they are used up, a new generation
 * begins: every TLB entry of the old one is invalidated, and a VM whose VMID is of an older generation
 * asks for a new one before it runs.
 */
#ifndef HYP_VMID_H
#define HYP_VMID_H

#include "types.h"
#include "../../annotations/state.h"

/* The host's VMID; that of VM v is VMID_GUESTS + v. */
#define VMID_HOST 0u
#define VMID_GUESTS 1u

/**
 * struct vmid - a VMID and the generation in which it is valid
 */
struct vmid {
	u64 generation;
	u32 id;
};

/**
 * struct vmid_state - the allocator; under LOCK_VMID
 * @generation: the current one, from 1
 * @next: the next VMID to hand out, 1 to @limit
 * @limit: number of VMIDs, 256 or 65536
 */
struct vmid_state {
	u64 generation;
	u32 next;
	u32 limit;
};

extern struct vmid_state vmid_state;

/*@ predicate vmid_inv{L} =
      (\at(vmid_state.limit,L) == 256 || \at(vmid_state.limit,L) == 65536) &&
      1 <= \at(vmid_state.next,L) <= \at(vmid_state.limit,L) && 1 <= \at(vmid_state.generation,L);
*/

/** vmid_setup() - start the allocator with @bits (8 or 16; anything else counts as 8) bits of VMID. */
/*@ terminates \true; exits \false; assigns vmid_state;
    ensures inv: vmid_inv{Here};
    ensures limit: vmid_state.limit == (bits == 16 ? 65536 : 256);
    ensures first: vmid_state.next == 1 && vmid_state.generation == 1;
*/
void vmid_setup(u32 bits);

/**
 * vmid_update() - a VMID that is valid now
 * @old: the VM's VMID; generation 0 when it never had one
 *
 * LOCK_VMID held. @old is given back unchanged while its generation lasts.
 */
/*@ requires locked: lock_held[LOCK_VMID] == 1;
    requires inv: vmid_inv{Here};
    requires room: vmid_state.generation < 0xffffffffffffffff;
    terminates \true; exits \false; assigns vmid_state, vmid_flushed;
    ensures inv: vmid_inv{Here};
    ensures current: \result.generation == vmid_state.generation;
    ensures kept: old.generation == \old(vmid_state.generation) ==>
      \result == old && vmid_state == \old(vmid_state);
    ensures fresh: old.generation != \old(vmid_state.generation) ==>
      1 <= \result.id < vmid_state.limit && \result.id == vmid_state.next - 1;
    ensures rolled: old.generation != \old(vmid_state.generation) &&
      \old(vmid_state.next) == \old(vmid_state.limit) ==>
      vmid_state.generation == \old(vmid_state.generation) + 1 && vmid_flushed == 1;
    ensures apart: vmid_state.generation == \old(vmid_state.generation) &&
      old.generation != \old(vmid_state.generation) ==> \result.id >= \old(vmid_state.next);
*/
struct vmid vmid_update(struct vmid old);

#endif
