/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm_call.h"
#include "arch.h"
#include "context.h"
#include "guest.h"
#include "image.h"
#include "ownership.h"
#include "vm.h"
#include <lemmas/guests/context_apart.h>
#include <lemmas/guests/guests_die.h>
#include <lemmas/guests/guests_else.h>
#include <lemmas/guests/guests_turn.h>
#include <lemmas/guests/still_guests.h>
#include <lemmas/vms/gives.h>
#include <lemmas/vms/still_kept.h>
#include <lemmas/vms/takes.h>

/* What VM_INIT says of a protected VM whose image is measured. */
#define VM_MEASURED 2u

/* Make VM @v, which keeps frame @pfn. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1], vm_frames[v], GUEST_GHOSTS;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures refused: err_init_vm(\old(vms[v].state), 0, 0) != 0 ==>
      \result == err_init_vm(\old(vms[v].state), 0, 0);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_keeping{Pre,Here};
    ensures made: \result == 0 ==> vms[v].state == VM_LIVE && vms[v].frame == pfn &&
      (vms[v].protected != 0 <==> protected != 0) && fm_state[pfn] == FRAME_HYP_VM;
    ensures others: \result == 0 ==> else_keeping{Pre,Here}(v, VCPUS_MAX);
*/
static s32 make_vm(u32 v, u64 pfn, u32 protected)
{
	s32 error = vm_init_check(v);

	//@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && g_quiet{Here} && vm_kept{Here};
	if (error != 0) {
		return error;
	}
	//@ assert none: !vm_holds(vms[v].state) && vm_holds(VM_LIVE) && !vm_holds(VM_RESERVED);
	//@ assert frame: pfn < PFN_COUNT ==> g_sound{Here}(pfn, g_tree[pfn]) && g_counted{Here}(pfn, fm_vm[pfn]);
	//@ assert host: pfn < PFN_COUNT && fm_state[pfn] == FRAME_HOST ==> g_tree[pfn] == 0 && fm_vm[pfn] == 0;
	error = vm_give(pfn);
	//@ assert same: same_keeping{Pre,Here} && same_ghosts{Pre,Here} && same_machine{Pre,Here};
	if (error != 0) {
		//@ assert frames: same_vm_frames{Pre,Here} && same_given{Pre,Here} && same_all_vms{Pre,Here};
		//@ assert guests: guests_inv{Here};
		//@ assert kept: vm_kept{Here};
		//@ assert inv: vms_inv{Here};
		return error;
	}
	//@ assert was: is_ram{Pre}(pfn) && \at(fm_state[pfn],Pre) == FRAME_HOST && pfn < PFN_COUNT;
	//@ assert nobodys: g_tree[pfn] == 0 && fm_vm[pfn] == 0;
	//@ assert words: same_vm_words{Pre,Here} && zeroed{Here}(pfn) && fm_state[pfn] == FRAME_HYP_VM;
	//@ assert free: !keeps{Pre}(v, VCPUS_MAX);
	/*@ ghost
	  g_tree[pfn] = (u8)(v + 1);
	  g_level[pfn] = 1;
	  g_page[pfn] = 0;
	  g_block[pfn] = 0;
	*/
	error = vm_init(v, protected, pfn);
	/*@ assert trees: only_frame{Pre,Here}(pfn) && trees_but{Pre,Here}(pfn) && same_given{Pre,Here} &&
	      same_lists{Pre,Here}; */
	//@ assert others_vms: other_vms{Pre,Here}(v);
	//@ assert move: g_move{Pre,Here}(v, pfn);
	/*@ assert kept_words: \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != pfn &&
	      \at(fm_state[g],Pre) == FRAME_HYP_VM ==> frame[g].e[j] == \at(frame[g].e[j],Pre); */
	//@ assert turn: g_turn{Pre,Here}(v, pfn);
	/*@ assert root: vms[v].frame == pfn && vms[v].state == VM_LIVE && g_tree[pfn] == v + 1 &&
	      g_level[pfn] == 1 && g_page[pfn] == 0 && g_block[pfn] == 0; */
	//@ assert new_frame: fm_state[pfn] == FRAME_HYP_VM && zeroed{Here}(pfn) && !vm_holds(\at(vms[v].state,Pre));
	//@ assert began: g_began{Pre,Here}(v, pfn);
	//@ assert walked: g_quiet{Pre} && same_lists{Pre,Here} && g_tlb == 0;
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert given: keeps{Here}(v, VCPUS_MAX) && kept{Here}(v, VCPUS_MAX) == pfn;
	//@ assert others: else_keeping{Pre,Here}(v, VCPUS_MAX);
	//@ assert gives: gives_frame{Pre,Here}(v, VCPUS_MAX, pfn);
	//@ assert kept: vm_kept{Here};
	//@ assert inv: vms_inv{Here};
	return error;
}

/* Make vCPU @i of VM @v, which keeps frame @pfn. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures refused: err_init_vcpu(\old(vms[v].state), \old(vms[v].vcpu[i]), 0) != 0 ==>
      \result == err_init_vcpu(\old(vms[v].state), \old(vms[v].vcpu[i]), 0);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_keeping{Pre,Here};
    ensures made: \result == 0 ==> vms[v].vcpu[i] == VCPU_READY && vms[v].vcpu_frame[i] == pfn &&
      fm_state[pfn] == FRAME_HYP_VM;
    ensures others: \result == 0 ==> else_keeping{Pre,Here}(v, i) && !keeps{Pre}(v, i);
*/
static s32 make_vcpu(u32 v, u32 i, u64 pfn)
{
	s32 error = vm_init_vcpu_check(v, i);

	//@ assert open: guests_inv{Here} && g_tables{Here} && g_frames{Here} && vm_kept{Here};
	if (error != 0) {
		return error;
	}
	error = vm_give(pfn);
	/*@ assert same: same_keeping{Pre,Here} && same_ghosts{Pre,Here} && same_machine{Pre,Here} &&
	      same_all_vms{Pre,Here}; */
	if (error != 0) {
		//@ assert frames: same_vm_frames{Pre,Here} && same_given{Pre,Here} && same_all_vms{Pre,Here};
		//@ assert guests: guests_inv{Here};
		//@ assert kept: vm_kept{Here};
		//@ assert inv: vms_inv{Here};
		return error;
	}
	//@ assert was: is_ram{Pre}(pfn) && \at(fm_state[pfn],Pre) == FRAME_HOST && pfn < PFN_COUNT;
	//@ assert given: fm_state[pfn] == FRAME_HYP_VM;
	//@ assert sound: g_sound{Pre}(pfn, \at(g_tree[pfn],Pre)) && g_counted{Pre}(pfn, \at(fm_vm[pfn],Pre));
	//@ assert nobodys: g_tree[pfn] == 0 && fm_vm[pfn] == 0;
	//@ assert words: same_vm_words{Pre,Here} && only_frame{Pre,Here}(pfn);
	//@ assert free: !keeps{Pre}(v, i);
	error = vm_init_vcpu(v, i, pfn);
	//@ assert vms: same_all_vms{Pre,Here};
	//@ assert ghosts: same_ghosts{Pre,Here};
	//@ assert else: g_else{Pre,Here}(pfn);
	//@ assert guests: guests_inv{Here};
	//@ assert ready: vms[v].vcpu[i] == VCPU_READY && vms[v].vcpu_frame[i] == pfn;
	//@ assert keeps: keeps{Here}(v, i) && kept{Here}(v, i) == pfn;
	//@ assert others: else_keeping{Pre,Here}(v, i);
	//@ assert gives: gives_frame{Pre,Here}(v, i, pfn);
	//@ assert kept: vm_kept{Here};
	//@ assert inv: vms_inv{Here};
	return error;
}

/* The frame that is kept for vCPU @i of VM @v, which is no table of a guest's. */
/*@ requires inv: vms_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && keeps{Here}(v, i);
    terminates \true; exits \false; assigns \nothing;
    ensures frame: \result == vms[v].vcpu_frame[i] && \result == kept{Here}(v, i) && \result < PFN_COUNT;
    ensures own: keeps_own{Here}(v, i) && serves{Here}(\result) && keeps_alone{Here}(v, i);
    ensures apart: g_tree[\result] == 0 && fm_vm[\result] == 0 && g_sound{Here}(\result, g_tree[\result]);
*/
static u64 frame_of(u32 v, u32 i)
{
	u64 pfn = vms[v].vcpu_frame[i];

	//@ assert open: guests_inv{Here} && g_tables{Here} && vm_kept{Here} && kept{Here}(v, i) == pfn;
	//@ assert own: keeps_own{Here}(v, i);
	//@ assert held: serves{Here}(pfn) && keeps_alone{Here}(v, i);
	//@ assert sound: g_sound{Here}(pfn, g_tree[pfn]);
	//@ assert apart: g_tree[pfn] == 0;
	return pfn;
}

/* vCPU @i of dying VM @v ends. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures error: \result == err_reclaim_vcpu(\old(vms[v].state), \old(vms[v].vcpu[i]), 0);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_keeping{Pre,Here};
    ensures ended: \result == 0 ==> vms[v].vcpu[i] == VCPU_EMPTY &&
      fm_state[\old(vms[v].vcpu_frame[i])] == FRAME_HOST && zeroed{Here}(\old(vms[v].vcpu_frame[i]));
    ensures others: \result == 0 ==> else_keeping{Pre,Here}(v, i) && keeps{Pre}(v, i);
*/
static s32 end_vcpu(u32 v, u32 i)
{
	s32 error = vm_reclaim_vcpu_check(v, i);
	u64 pfn;

	if (error != 0) {
		return error;
	}
	//@ assert keeps: keeps{Here}(v, i);
	pfn = frame_of(v, i);
	//@ assert open: guests_inv{Here} && g_tables{Here} && vm_kept{Here} && kept{Here}(v, i) == pfn;
	//@ assert own: keeps_own{Here}(v, i);
	//@ assert held: serves{Here}(pfn);
	//@ assert sound: keeps_alone{Here}(v, i) && g_sound{Here}(pfn, g_tree[pfn]);
	//@ assert apart: g_tree[pfn] == 0 && fm_vm[pfn] == 0;
	/* What it keeps serves it (vms_inv), so it goes back in any case. */
	vm_return(pfn);
	/*@ assert same: same_keeping{Pre,Here} && same_ghosts{Pre,Here} && same_machine{Pre,Here} &&
	      same_all_vms{Pre,Here}; */
	//@ assert back: fm_state[pfn] == FRAME_HOST && only_frame{Pre,Here}(pfn) && !guest_state(fm_state[pfn]);
	/*@ assert words: \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != pfn &&
	      \at(fm_state[g],Pre) == FRAME_HYP_VM ==> frame[g].e[j] == \at(frame[g].e[j],Pre); */
	error = vm_reclaim_vcpu(v, i);
	//@ assert vms: same_all_vms{Pre,Here};
	//@ assert ghosts: same_ghosts{Pre,Here};
	//@ assert else: g_else{Pre,Here}(pfn);
	//@ assert guests: guests_inv{Here};
	//@ assert gone: !keeps{Here}(v, i);
	//@ assert others: else_keeping{Pre,Here}(v, i);
	//@ assert takes: takes_frame{Pre,Here}(v, i, pfn);
	//@ assert kept: vm_kept{Here};
	//@ assert inv: vms_inv{Here};
	return error;
}

/* Dying VM @v, which has no vCPUs any more, ends. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1], GUEST_GHOSTS;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= 0;
    ensures busy: vm_held{Pre}(v) ==> \result == err_finalize_teardown_vm(\old(vms[v].state), 0, 1);
    ensures idle: !vm_held{Pre}(v) ==> \result == err_finalize_teardown_vm(\old(vms[v].state), 0, 0);
    ensures failed: \result != 0 ==> same_frames{Pre,Here} && same_keeping{Pre,Here};
    ensures ended: \result == 0 ==> vms[v].state == VM_FREE &&
      fm_state[\old(vms[v].frame)] == FRAME_HOST && zeroed{Here}(\old(vms[v].frame));
    ensures others: \result == 0 ==> else_keeping{Pre,Here}(v, VCPUS_MAX);
*/
static s32 end_vm(u32 v)
{
	s32 error = vm_finalize_check(v);

	if (error != 0) {
		return error;
	}
	//@ assert open: guests_inv{Here} && g_tables{Here} && g_quiet{Here} && vm_kept{Here};
	//@ assert dying: vm_frames[v] == 0 && vms[v].state == VM_DYING;
	//@ assert keeps: keeps{Here}(v, VCPUS_MAX) && kept{Here}(v, VCPUS_MAX) == vms[v].frame;
	//@ assert own: keeps_own{Here}(v, VCPUS_MAX);
	//@ assert held: serves{Here}(vms[v].frame);
	//@ assert left: g_walked[v] == 0;
	/* What it keeps serves it (vms_inv), so it goes back in any case. */
	vm_return(vms[v].frame);
	//@ assert same: same_keeping{Pre,Here} && same_machine{Pre,Here};
	/*@ assert words: \forall integer g, j; 0 <= g < PFN_COUNT && 0 <= j < 512 && g != vms[v].frame &&
	      \at(fm_state[g],Pre) == FRAME_HYP_VM ==> frame[g].e[j] == \at(frame[g].e[j],Pre); */
	//@ ghost g_tree[vms[v].frame] = 0;
	error = vm_finalize(v);
	/*@ assert trees: only_frame{Pre,Here}(vms[v].frame) && trees_but{Pre,Here}(vms[v].frame) &&
	      other_vms{Pre,Here}(v); */
	//@ assert turn: g_turn{Pre,Here}(v, vms[v].frame);
	//@ assert ended: g_ended{Pre,Here}(v, vms[v].frame) && vm_holds(VM_DYING);
	//@ assert walked: g_quiet{Pre} && same_lists{Pre,Here} && g_tlb == 0 && g_walked[v] == 0;
	/*@ assert others_walked: \forall integer w; 0 <= w < VMS_MAX && w != v && vms[w].state != VM_LIVE ==>
	      g_walked[w] == 0; */
	//@ assert quiet: g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert gone: !keeps{Here}(v, VCPUS_MAX);
	//@ assert others: else_keeping{Pre,Here}(v, VCPUS_MAX);
	//@ assert takes: takes_frame{Pre,Here}(v, VCPUS_MAX, \at(vms[v].frame,Pre));
	//@ assert kept: vm_kept{Here};
	//@ assert inv: vms_inv{Here};
	return error;
}

/* Make VM @v, whose vCPUs nobody has turned on: the host turns none on of one whose image is measured. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here} && power_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1], vm_frames[v], vm_start[v].host, vm_start[v].offset, vm_start[v].sve,
      vm_image[v], GUEST_GHOSTS;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures power: power_inv{Here};
    ensures result: \result <= 0;
    ensures made: \result == 0 ==> vms[v].state == VM_LIVE && vms[v].frame == pfn &&
      (vms[v].protected != 0 <==> protected != 0) && fm_state[pfn] == FRAME_HYP_VM && vm_start[v].offset == 0 &&
      vm_start[v].sve == 0;
    ensures start: \result == 0 ==> vm_start[v].host == (protected == VM_MEASURED ? 1 : 0) &&
      vm_image[v].state == (protected == VM_MEASURED ? IMAGE_OPEN : IMAGE_NONE);
*/
static s32 begin_vm(u32 v, u64 pfn, u32 protected)
{
	s32 error = make_vm(v, pfn, protected);

	//@ assert same: error != 0 ==> same_keeping{Pre,Here};
	//@ assert others: error == 0 ==> else_keeping{Pre,Here}(v, VCPUS_MAX);
	//@ assert power: power_inv{Here};
	if (error == 0) {
		image_begin(v, protected == VM_MEASURED ? 1 : 0);
		vm_start[v].host = 0;
		if (protected == VM_MEASURED) {
			vm_start[v].host = 1;
		}
		vm_start[v].offset = 0;
		vm_start[v].sve = 0;
	}
	return error;
}

/* Make vCPU @i of VM @v, which is off. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here} && power_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1], vm_power[v].state[i];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures power: power_inv{Here};
    ensures result: \result <= 0;
    ensures made: \result == 0 ==> vms[v].vcpu[i] == VCPU_READY && vms[v].vcpu_frame[i] == pfn &&
      fm_state[pfn] == FRAME_HYP_VM && vm_power[v].state[i] == POWER_OFF;
*/
static s32 add_vcpu(u32 v, u32 i, u64 pfn)
{
	s32 error = make_vcpu(v, i, pfn);

	if (error != 0) {
		//@ assert same: same_keeping{Pre,Here};
		//@ assert power: power_inv{Here};
		return error;
	}
	//@ assert absent: !keeps{Pre}(v, i) && vm_power[v].state[i] == POWER_ABSENT;
	//@ assert others: else_keeping{Pre,Here}(v, i) && keeps{Here}(v, i);
	/*@ assert rest: \forall integer w, k; 0 <= w < VMS_MAX && 0 <= k < VCPUS_MAX && (w != v || k != i) ==>
	      power_fits{Here}(w, k); */
	power_add(v, i);
	//@ assert off: vm_power[v].state[i] == POWER_OFF && keeps{Here}(v, i) && power_fits{Here}(v, i);
	/*@ assert still: \forall integer w, k; 0 <= w < VMS_MAX && 0 <= k < VCPUS_MAX && (w != v || k != i) ==>
	      power_fits{Here}(w, k); */
	return 0;
}

/* vCPU @i of dying VM @v ends. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here} && power_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false;
    assigns MM_STATE, vms[0 .. VMS_MAX - 1], vm_power[v].state[i];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures power: power_inv{Here};
    ensures result: \result <= 0;
    ensures ended: \result == 0 ==> vms[v].vcpu[i] == VCPU_EMPTY && vm_power[v].state[i] == POWER_ABSENT;
*/
static s32 remove_vcpu(u32 v, u32 i)
{
	s32 error = end_vcpu(v, i);

	if (error != 0) {
		//@ assert same: same_keeping{Pre,Here};
		//@ assert power: power_inv{Here};
		return error;
	}
	//@ assert there: keeps{Pre}(v, i) && power_ok(vm_power[v].state[i]) && vm_power[v].state[i] != POWER_ABSENT;
	//@ assert others: else_keeping{Pre,Here}(v, i) && !keeps{Here}(v, i);
	/*@ assert rest: \forall integer w, k; 0 <= w < VMS_MAX && 0 <= k < VCPUS_MAX && (w != v || k != i) ==>
	      power_fits{Here}(w, k); */
	power_remove(v, i);
	//@ assert gone: vm_power[v].state[i] == POWER_ABSENT && !keeps{Here}(v, i) && power_fits{Here}(v, i);
	/*@ assert still: \forall integer w, k; 0 <= w < VMS_MAX && 0 <= k < VCPUS_MAX && (w != v || k != i) ==>
	      power_fits{Here}(w, k); */
	return 0;
}

/* CPU @cpu takes vCPU @i of VM @v, with its context. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vms_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns vms[0 .. VMS_MAX - 1], cpu_vm[0 .. CPUS_MAX - 1], cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures inv: vms_inv{Here};
    ensures result: \result <= 0;
    ensures error: \result == err_vcpu_load(vms[v].state, \old(vms[v].vcpu[i]), \old(cpu_vm[cpu].loaded));
    ensures loaded: \result == 0 ==> vms[v].vcpu[i] == VCPU_LOADED && vms[v].on[i] == cpu;
    ensures context: \result == 0 && frame[vms[v].vcpu_frame[i]].e[CTX_STATE] != RUN_NEW ==>
      \forall integer k; 0 <= k < CTX_WORDS && !is_point(k) && k != CTX_FRESH ==>
        cpu_guest[cpu].w[k] == frame[vms[v].vcpu_frame[i]].e[k];
    ensures points: \result == 0 && frame[vms[v].vcpu_frame[i]].e[CTX_STATE] != RUN_NEW &&
      frame[vms[v].vcpu_frame[i]].e[CTX_DEBUG] != 0 ==> \forall integer k; is_point(k) ==>
        cpu_guest[cpu].w[k] == frame[vms[v].vcpu_frame[i]].e[k];
    ensures keeping: same_keeping{Pre,Here};
*/
static s32 load(u32 v, u32 i, u32 cpu)
{
	s32 error;

	//@ assert own: vm_kept{Here} && keeps_own{Here}(v, i);
	error = vm_load(v, i, cpu);
	//@ assert same: same_vm_frames{Pre,Here} && same_machine{Pre,Here} && same_ghosts{Pre,Here};
	//@ assert vms: same_all_vms{Pre,Here} && guests_inv{Pre} && vm_kept{Pre};
	//@ assert keeping: same_keeping{Pre,Here} && same_serving{Pre,Here};
	//@ assert guests: guests_inv{Here};
	//@ assert kept: vm_kept{Here};
	if (error == 0) {
		//@ assert keeps: keeps{Pre}(v, i);
		//@ assert held: serves{Here}(vms[v].vcpu_frame[i]);
		context_load(cpu, vms[v].vcpu_frame[i], i);
	}
	return error;
}

/* What is wrong with the arguments of @call: 0 when nothing is. */
/*@ requires call: (VM_UNRESERVE <= call <= VM_FINALIZE && call != VCPU_PUT) || memory_number(call);
    terminates \true; exits \false; assigns \nothing;
    ensures page: memory_number(call) && call != VM_RECLAIM && is_handle(a1) && a2 >= GUEST_PAGES ==>
      \result == HYP_ERANGE;
    ensures page_frame: (call == VM_TABLE || call == VM_MAP || call == VM_MAP_READ || call == VM_MEASURE) &&
      is_handle(a1) && a2 < GUEST_PAGES ==> \result == (a3 >= PFN_COUNT ? HYP_ERANGE : 0);
    ensures change: call == VM_ACCESS && is_handle(a1) && a2 < GUEST_PAGES ==> \result == (a3 > 15 ? HYP_EINVAL : 0);
    ensures unmap: (call == VM_UNMAP || call == VM_POISON || call == VM_JOIN) && is_handle(a1) &&
      a2 < GUEST_PAGES ==> \result == 0;
    ensures reclaim: call == VM_RECLAIM && is_handle(a1) ==> \result == (a2 >= PFN_COUNT ? HYP_ERANGE : 0);
    ensures handle: !is_handle(a1) ==> \result == HYP_EINVAL;
    ensures frame: call == VM_INIT && is_handle(a1) ==>
      \result == (a2 >= PFN_COUNT ? HYP_ERANGE : a3 > 2 ? HYP_EINVAL : 0);
    ensures index: (call == VCPU_INIT || call == VCPU_LOAD || call == VCPU_RECLAIM) && is_handle(a1) &&
      a2 >= VCPUS_MAX ==> \result == HYP_EINVAL;
    ensures vcpu_frame: call == VCPU_INIT && is_handle(a1) && a2 < VCPUS_MAX ==>
      \result == (a3 >= PFN_COUNT ? HYP_ERANGE : 0);
    ensures vcpu: (call == VCPU_LOAD || call == VCPU_RECLAIM) && is_handle(a1) && a2 < VCPUS_MAX ==> \result == 0;
    ensures only: (call == VM_UNRESERVE || call == VM_TEARDOWN || call == VM_FINALIZE) && is_handle(a1) ==>
      \result == 0;
*/
static s32 arguments_check(u64 call, u64 a1, u64 a2, u64 a3)
{
	if (a1 < VM_HANDLE_BASE || a1 - VM_HANDLE_BASE >= VMS_MAX) {
		return HYP_EINVAL;
	}
	switch (call) {
	case VM_INIT:
		if (a2 >= PFN_COUNT) {
			return HYP_ERANGE;
		}
		return a3 > 2 ? HYP_EINVAL : 0;
	case VCPU_INIT:
		if (a2 >= VCPUS_MAX) {
			return HYP_EINVAL;
		}
		return a3 >= PFN_COUNT ? HYP_ERANGE : 0;
	case VCPU_LOAD:
	case VCPU_RECLAIM:
		return a2 >= VCPUS_MAX ? HYP_EINVAL : 0;
	case VM_TABLE:
	case VM_MAP:
	case VM_MAP_READ:
	case VM_MEASURE:
		return a2 >= GUEST_PAGES || a3 >= PFN_COUNT ? HYP_ERANGE : 0;
	case VM_UNMAP:
	case VM_POISON:
	case VM_JOIN:
		return a2 >= GUEST_PAGES ? HYP_ERANGE : 0;
	case VM_ACCESS:
		if (a2 >= GUEST_PAGES) {
			return HYP_ERANGE;
		}
		return a3 >= PAGE_GIVE * PAGE_GIVE ? HYP_EINVAL : 0;
	case VM_RECLAIM:
		return a2 >= PFN_COUNT ? HYP_ERANGE : 0;
	default:
		return 0;
	}
}

/* A call on the memory of VM @v; @a2 and @a3 are within their ranges. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX;
    requires call: memory_number(call);
    requires page: call != VM_RECLAIM ==> is_gfn(a2);
    requires change: call == VM_ACCESS ==> a3 <= 15;
    terminates \true; exits \false;
    assigns MM_STATE, GUEST_MEMORY;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result <= (call == VM_ACCESS ? 3 : 0);
    ensures mapped: (call == VM_MAP || call == VM_MEASURE) && \result == 0 ==>
      g_xl{Here}(v, a2) == d_flat(a3, 3, S2_MEMORY) && fm_vm[a3] == v + 1;
    ensures lent: call == VM_MAP_READ && \result == 0 ==> g_xl{Here}(v, a2) == d_flat(a3, 3, S2_READ) &&
      fm_vm[a3] == v + 1;
    ensures access: call == VM_ACCESS && \result >= 0 ==> g_xl{Here}(v, a2) ==
      d_flat(d_pfn(g_xl{Pre}(v, a2)), 3, page_attrs(rights_after(\result, a3)));
    ensures table: call == VM_TABLE && \result == 0 ==> fm_state[a3] == FRAME_HYP_VM && fm_vm[a3] == v + 1;
    ensures unmapped: call == VM_UNMAP && \result == 0 ==> g_xl{Here}(v, a2) == 0;
    ensures joined: call == VM_JOIN && \result == 0 ==> g_joined{Here}(v, a2) && g_same_ways{Pre,Here};
    ensures poisoned: call == VM_POISON && \result == 0 ==> g_xl{Here}(v, a2) == DESC_POISON_OWNED;
    ensures reclaimed: call == VM_RECLAIM && \result == 0 ==> fm_state[a2] == FRAME_HOST && fm_vm[a2] == 0;
*/
static s32 memory_call(u64 call, u32 v, u64 a2, u64 a3)
{
	s32 error;

	switch (call) {
	case VM_TABLE:
		error = guest_table_give(v, a2, a3);
		break;
	case VM_MAP:
		error = guest_map(v, a2, a3, PAGE_WRITABLE + PAGE_YOUNG, 0);
		break;
	case VM_MEASURE:
		error = guest_map(v, a2, a3, PAGE_WRITABLE + PAGE_YOUNG, 1);
		break;
	case VM_MAP_READ:
		error = guest_map(v, a2, a3, PAGE_YOUNG, 0);
		break;
	case VM_ACCESS:
		error = guest_access(v, a2, a3);
		break;
	case VM_UNMAP:
		error = guest_unmap(v, a2);
		break;
	case VM_POISON:
		error = guest_poison(v, a2);
		break;
	case VM_JOIN:
		error = guest_join(v, a2);
		break;
	default:
		error = guest_reclaim(v, a2);
		break;
	}
	return error;
}

/* VM @v begins to die: nothing walks its tree any more. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns vms[v].state, g_walked[v];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures busy: vm_busy{Pre}(v) ==> \result == err_start_teardown_vm(\old(vms[v].state), 0, 1);
    ensures idle: !vm_busy{Pre}(v) ==> \result == err_start_teardown_vm(\old(vms[v].state), 0, 0);
    ensures keeping: same_keeping{Pre,Here};
    ensures dying: \result == 0 ==> vms[v].state == VM_DYING && g_walked[v] == 0;
*/
static s32 start_teardown(u32 v)
{
	s32 error = vm_start_teardown(v);

	//@ assert facts: vm_holds(VM_LIVE) && vm_holds(VM_DYING);
	//@ assert same: same_vm_frames{Pre,Here} && same_machine{Pre,Here} && same_given{Pre,Here};
	//@ assert keeping: same_keeping{Pre,Here} && same_serving{Pre,Here} && vm_kept{Pre};
	//@ assert kept: vm_kept{Here};
	if (error != 0) {
		//@ assert refused: same_all_vms{Pre,Here} && same_ghosts{Pre,Here};
		//@ assert inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
		return error;
	}
	//@ assert open: guests_inv{Pre} && \at(vms[v].state,Pre) == VM_LIVE && vms[v].state == VM_DYING;
	guest_tlbi_all(v, vms[v].frame);
	/*@ assert vms: other_vms{Pre,Here}(v) && same_given{Pre,Here} && same_trees{Pre,Here} &&
	      same_spots{Pre,Here}; */
	//@ assert dies: g_dies{Pre,Here}(v) && vm_holds(VM_LIVE) && vm_holds(VM_DYING);
	//@ assert before: g_quiet{Pre};
	/*@ assert walked: \forall integer w; 0 <= w < VMS_MAX && w != v ==>
	      vms[w].state == \at(vms[w].state,Pre) && g_walked[w] == \at(g_walked[w],Pre); */
	//@ assert quiet: g_tlb == 0 && g_walked[v] == 0 && g_quiet{Here};
	//@ assert guests: guests_inv{Here};
	//@ assert inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
	return 0;
}

/* VM @v, which was only reserved, is free again. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns vms[v].state;
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures error: \result == err_unreserve_vm(\old(vms[v].state), 0, 0);
    ensures state: vms[v].state == unreserve_vm_vm(\old(vms[v].state), 0, 0);
    ensures keeping: same_keeping{Pre,Here} && same_all_vms{Pre,Here};
*/
static s32 unreserve(u32 v)
{
	s32 error = vm_unreserve(v);

	//@ assert facts: !vm_holds(VM_FREE) && !vm_holds(VM_RESERVED);
	//@ assert same: same_vm_frames{Pre,Here} && same_machine{Pre,Here} && same_ghosts{Pre,Here};
	//@ assert vms: same_all_vms{Pre,Here} && guests_inv{Pre} && vm_kept{Pre};
	//@ assert keeping: same_keeping{Pre,Here} && same_serving{Pre,Here};
	//@ assert guests: guests_inv{Here};
	//@ assert kept: vm_kept{Here};
	return error;
}

/* A call on VM @v; @a2 and @a3 are within their ranges. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here} && power_inv{Here};
    requires cpus: boot_info.cpu_count <= CPUS_MAX;
    requires call: VM_UNRESERVE <= call <= VM_FINALIZE && call != VCPU_PUT;
    requires vm: v < VMS_MAX;
    requires vcpu: call == VCPU_INIT || call == VCPU_LOAD || call == VCPU_RECLAIM ==> a2 < VCPUS_MAX;
    requires protected: call == VM_INIT ==> a3 <= 2;
    terminates \true; exits \false;
    assigns MM_STATE, VM_STATE, cpu_guest[0 .. CPUS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures power: power_inv{Here};
    ensures result: \result <= 0;
    ensures made: call == VM_INIT && \result == 0 ==> vms[v].state == VM_LIVE &&
      vms[v].frame == a2 && (vms[v].protected != 0 <==> a3 != 0) && fm_state[a2] == FRAME_HYP_VM;
    ensures peopled: call == VCPU_INIT && \result == 0 ==> vms[v].vcpu[a2] == VCPU_READY &&
      vms[v].vcpu_frame[a2] == a3 && fm_state[a3] == FRAME_HYP_VM;
    ensures loaded: call == VCPU_LOAD && \result == 0 ==> vms[v].vcpu[a2] == VCPU_LOADED;
    ensures dying: call == VM_TEARDOWN && \result == 0 ==> vms[v].state == VM_DYING;
    ensures reclaimed: call == VCPU_RECLAIM && \result == 0 ==> vms[v].vcpu[a2] == VCPU_EMPTY;
    ensures ended: (call == VM_FINALIZE || call == VM_UNRESERVE) && \result == 0 ==> vms[v].state == VM_FREE;
*/
static s32 operate(u64 call, u32 v, u64 a2, u64 a3)
{
	s32 error;

	switch (call) {
	case VM_UNRESERVE:
		error = unreserve(v);
		//@ assert unreserved: same_keeping{Pre,Here} && power_inv{Here};
		break;
	case VM_INIT:
		error = begin_vm(v, a2, (u32)a3);
		break;
	case VCPU_INIT:
		error = add_vcpu(v, (u32)a2, a3);
		break;
	case VCPU_LOAD:
		error = load(v, (u32)a2, cpu_index());
		//@ assert taken: power_inv{Here};
		break;
	case VM_TEARDOWN:
		error = start_teardown(v);
		//@ assert dies: power_inv{Here};
		break;
	case VCPU_RECLAIM:
		error = remove_vcpu(v, (u32)a2);
		break;
	default:
		error = end_vm(v);
		//@ assert same_end: error != 0 ==> same_keeping{Pre,Here};
		//@ assert others_end: error == 0 ==> else_keeping{Pre,Here}(v, VCPUS_MAX);
		//@ assert ended: power_inv{Here};
		break;
	}
	/*@ assert same: call == VM_UNRESERVE ==> same_keeping{Pre,Here} && same_vm_frames{Pre,Here} &&
	      same_machine{Pre,Here} && same_ghosts{Pre,Here} && same_all_vms{Pre,Here}; */
	return error;
}

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    terminates \true; exits \false;
    assigns vms[0 .. VMS_MAX - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures keeping: same_keeping{Pre,Here};
    ensures result: \result == HYP_ENOMEM || (is_handle(\result) && vms[\result - VM_HANDLE_BASE].state == VM_RESERVED);
*/
static s64 reserve(void)
{
	s32 v = vm_reserve();

	//@ assert facts: !vm_holds(VM_FREE) && !vm_holds(VM_RESERVED);
	//@ assert same: same_vm_frames{Pre,Here} && same_machine{Pre,Here} && same_ghosts{Pre,Here};
	//@ assert vms: same_all_vms{Pre,Here} && guests_inv{Pre} && vm_kept{Pre};
	//@ assert keeping: same_keeping{Pre,Here} && same_serving{Pre,Here};
	//@ assert guests: guests_inv{Here};
	//@ assert kept: vm_kept{Here};
	if (v < 0) {
		return v;
	}
	return (s64)VM_HANDLE_BASE + v;
}

/* The context of the vCPU that @cpu has loaded goes back to its frame. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires loaded: cpu < CPUS_MAX && cpu_vm[cpu].loaded != 0;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures kept: \forall integer k; 0 <= k < CTX_WORDS && !is_point(k) ==>
      frame[vms[cpu_vm[cpu].vm].vcpu_frame[cpu_vm[cpu].vcpu]].e[k] == cpu_guest[cpu].w[k];
    ensures points: cpu_guest[cpu].w[CTX_DEBUG] != 0 ==> \forall integer k; is_point(k) ==>
      frame[vms[cpu_vm[cpu].vm].vcpu_frame[cpu_vm[cpu].vcpu]].e[k] == cpu_guest[cpu].w[k];
*/
static void keep_context(u32 cpu)
{
	u32 v = cpu_vm[cpu].vm;
	u32 i = cpu_vm[cpu].vcpu;

	//@ assert here: cpu_ok{Here}(cpu) && v < VMS_MAX && i < VCPUS_MAX && vms[v].vcpu[i] == VCPU_LOADED;
	/*@ assert open: guests_inv{Here} && g_tables{Here} && vm_kept{Here} &&
	      kept{Here}(v, i) == vms[v].vcpu_frame[i]; */
	//@ assert keeps: keeps{Here}(v, i);
	//@ assert all: \forall integer w, n; 0 <= w < VMS_MAX && 0 <= n <= VCPUS_MAX ==> keeps_own{Here}(w, n);
	//@ assert own: keeps_own{Here}(v, i);
	//@ assert held: serves{Here}(vms[v].vcpu_frame[i]);
	//@ assert alone: keeps_alone{Here}(v, i);
	//@ assert sound: g_sound{Here}(vms[v].vcpu_frame[i], g_tree[vms[v].vcpu_frame[i]]);
	//@ assert apart: g_tree[vms[v].vcpu_frame[i]] == 0;
	context_store(cpu, vms[v].vcpu_frame[i]);
	//@ assert same: same_keeping{Pre,Here} && same_vm_states{Pre,Here} && same_machine{Pre,Here};
	//@ assert serving: same_serving{Pre,Here};
	//@ assert else: g_else{Pre,Here}(vms[v].vcpu_frame[i]);
	//@ assert guests: guests_inv{Here};
	//@ assert kept: vm_kept{Here};
	//@ assert inv: vms_inv{Here};
}

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires cpus: boot_info.cpu_count <= CPUS_MAX;
    terminates \true; exits \false;
    assigns vms[0 .. VMS_MAX - 1], cpu_vm[0 .. CPUS_MAX - 1], frame[0 .. PFN_COUNT - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures result: \result == 0 || \result == HYP_ENOENT;
    ensures keeping: same_keeping{Pre,Here};
*/
static s32 let_go(void)
{
	u32 cpu = cpu_index();
	s32 error;

	if (cpu_vm[cpu].loaded != 0) {
		keep_context(cpu);
	}
	//@ ghost stored: ;
	//@ assert inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
	error = vm_put(cpu);
	//@ assert same: same_vm_frames{stored,Here} && same_machine{stored,Here} && same_ghosts{stored,Here};
	//@ assert vms: same_all_vms{stored,Here} && guests_inv{stored} && vm_kept{stored};
	//@ assert keeping: same_keeping{stored,Here} && same_serving{stored,Here};
	//@ assert guests: guests_inv{Here};
	//@ assert kept: vm_kept{Here};
	return error;
}

s64 vm_call(u64 call, u64 a1, u64 a2, u64 a3)
{
	s64 value;
	s32 error;

	if (call != VM_RESERVE && call != VCPU_PUT) {
		error = arguments_check(call, a1, a2, a3);
		if (error != 0) {
			//@ assert wrong: error < 0;
			return error;
		}
	}
	lock_acquire(LOCK_MM);
	switch (call) {
	case VM_RESERVE:
		value = reserve();
		//@ assert power: power_inv{Here};
		break;
	case VCPU_PUT:
		error = let_go();
		//@ assert power: power_inv{Here};
		value = error;
		break;
	case VM_TABLE:
	case VM_MAP:
	case VM_UNMAP:
	case VM_RECLAIM:
	case VM_MAP_READ:
	case VM_ACCESS:
	case VM_MEASURE:
	case VM_POISON:
	case VM_JOIN:
		error = memory_call(call, (u32)(a1 - VM_HANDLE_BASE), a2, a3);
		//@ assert most: error <= (call == VM_ACCESS ? 3 : 0);
		value = error;
		break;
	default:
		error = operate(call, (u32)(a1 - VM_HANDLE_BASE), a2, a3);
		value = error;
		break;
	}
	//@ assert range: call != VM_RESERVE ==> value <= (call == VM_ACCESS ? 3 : 0);
	lock_release(LOCK_MM);
	return value;
}

/* 1 when the measurement of VM @v is not the one in @expected, which is none when it is 0. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures same: \result == 0 ==> is_expected{Here}(v, expected);
*/
static u32 is_other(u32 v, struct measurement expected)
{
	u64 named = 0;
	u32 differ = 0;
	u32 i;

	/*@ loop invariant range: 0 <= i <= 4;
	    loop invariant named: named == 0 ==> \forall integer k; 0 <= k < i ==> expected.w[k] == 0;
	    loop invariant same: differ == 0 ==> \forall integer k; 0 <= k < i ==>
	      expected.w[k] == vm_image[v].hash.h[2 * k] * 0x100000000 + vm_image[v].hash.h[2 * k + 1];
	    loop assigns i, named, differ;
	    loop variant 4 - i;
	*/
	for (i = 0; i < 4u; i++) {
		if (expected.w[i] != 0) {
			named = 1;
		}
		if (expected.w[i] != image_word(v, i)) {
			differ = 1;
		}
	}
	return named != 0 && differ != 0;
}

/* What is wrong with VM @v, whose image is to be whole and vCPU 0 to begin; 0 for nothing. */
/*@ requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures result: \result == 0 || \result == HYP_ENOENT || \result == HYP_EPERM;
    ensures state: vms[v].state != VM_LIVE ==> \result == vm_missing(vms[v].state);
    ensures ready: \result == 0 ==> vms[v].state == VM_LIVE && vm_image[v].state == IMAGE_OPEN &&
      vm_power[v].state[0] == POWER_OFF;
*/
static s32 begin_check(u32 v)
{
	if (vms[v].state != VM_LIVE) {
		return vms[v].state == VM_DYING ? HYP_EPERM : HYP_ENOENT;
	}
	if (vm_image[v].state != IMAGE_OPEN) {
		return HYP_EPERM;
	}
	if (vm_power[v].state[0] != POWER_OFF) {
		return HYP_ENOENT;
	}
	return 0;
}

/* The image of VM @v is whole: its vCPU 0 is to begin, when the measurement is as @expected. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vms_inv{Here} && power_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns vm_image[v], vm_power[v].state[0], vm_start[v].vcpu[0];
    ensures power: power_inv{Here};
    ensures result: \result == 0 || \result == HYP_ENOENT || \result == HYP_EPERM;
    ensures state: vms[v].state != VM_LIVE ==> \result == vm_missing(vms[v].state);
    ensures open: \result == 0 ==> \old(vm_image[v].state) == IMAGE_OPEN && vm_image[v].state == IMAGE_CLOSED;
    ensures begins: \result == 0 ==> vm_power[v].state[0] == POWER_ON_PENDING && vm_start[v].vcpu[0].pc == pc &&
      vm_start[v].vcpu[0].x0 == x0;
    ensures refused: \result != 0 ==> vm_power[v].state[0] == \old(vm_power[v].state[0]);
    ensures hash: \result == 0 ==> image_closed{Pre}(\old(vm_image[v].hash), pc, x0, vm_image[v].hash) &&
      is_expected{Here}(v, expected);
*/
static s32 begin(u32 v, u64 pc, u64 x0, struct measurement expected)
{
	s32 error = begin_check(v);

	if (error != 0) {
		return error;
	}
	image_close(v, pc, x0);
	if (is_other(v, expected) != 0) {
		return HYP_EPERM;
	}
	//@ assert off: vm_power[v].state[0] == POWER_OFF && keeps{Here}(v, 0) && power_fits{Here}(v, 0);
	power_on(v, 0, pc, x0);
	//@ assert pending: vm_power[v].state[0] == POWER_ON_PENDING && keeps{Here}(v, 0) && power_fits{Here}(v, 0);
	/*@ assert others: \forall integer w, k; 0 <= w < VMS_MAX && 0 <= k < VCPUS_MAX && (w != v || k != 0) ==>
	      power_fits{Here}(w, k); */
	return 0;
}

s64 vm_begin(u64 handle, u64 pc, u64 x0, struct measurement expected)
{
	s32 error;

	if (handle < VM_HANDLE_BASE || handle - VM_HANDLE_BASE >= VMS_MAX) {
		return HYP_EINVAL;
	}
	lock_acquire(LOCK_MM);
	error = begin((u32)(handle - VM_HANDLE_BASE), pc, x0, expected);
	lock_release(LOCK_MM);
	return error;
}
