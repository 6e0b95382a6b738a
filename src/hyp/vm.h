/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of virtual machines: the life cycle of VMs and vCPUs (spec/vm.toml).
 *
 * Each function is one operation on states alone: it checks, and does it when nothing speaks against it. Who calls it
 * moves the frame that the operation is about. A VM is named by its index in the table. Under LOCK_MM.
 */
#ifndef HYP_VM_H
#define HYP_VM_H

#include <gen/hypercalls.h>
#include <gen/vm.h>
#include "boot_info.h"
#include "image.h"
#include "ownership.h"
#include "power.h"
#include "types.h"

/**
 * struct vm - a VM and its vCPUs; all zeroes means that there is none
 * @state: VM_FREE to VM_DYING
 * @protected: 1 when its memory is out of the host's reach
 * @frame: the frame that it keeps
 * @vcpu: state of each vCPU
 * @vcpu_frame: the frame that it keeps
 * @on: the CPU that has it loaded
 */
struct vm {
	u32 state;
	u32 protected;
	u64 frame;
	u32 vcpu[VCPUS_MAX];
	u64 vcpu_frame[VCPUS_MAX];
	u32 on[VCPUS_MAX];
};

/**
 * struct cpu_vm - the vCPU that a CPU has loaded
 * @loaded: 1 when there is one
 * @vm: its VM
 * @vcpu: its index
 */
struct cpu_vm {
	u32 loaded;
	u32 vm;
	u32 vcpu;
};

extern struct vm vms[VMS_MAX];
extern struct cpu_vm cpu_vm[CPUS_MAX];
/* Number of frames that the host gave for the tables and the memory of each VM. */
extern u64 vm_frames[VMS_MAX];

#include "../../annotations/vms.h"

/** vm_setup() - begin without VMs. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    terminates \true; exits \false;
    assigns vms[0 .. VMS_MAX - 1], cpu_vm[0 .. CPUS_MAX - 1], vm_frames[0 .. VMS_MAX - 1];
    ensures none: no_vms{Here};
    ensures inv: vm_inv{Here};
*/
void vm_setup(void);

/** vm_reserve() - reserve a VM. Return: its index, or HYP_ENOMEM when none is free. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    terminates \true; exits \false;
    assigns vms[0 .. VMS_MAX - 1];
    ensures inv: vm_inv{Here};
    ensures rest: same_vcpus{Pre,Here} && same_rest{Pre,Here};
    ensures result: \result == HYP_ENOMEM || 0 <= \result < VMS_MAX;
    ensures none: \result == HYP_ENOMEM <==>
      \forall integer w; 0 <= w < VMS_MAX ==> !can_reserve_vm(\old(vms[w].state), 0, 0);
    ensures state: \result >= 0 ==> err_reserve_vm(\old(vms[\at(\result,Post)].state), 0, 0) == 0 &&
      vms[\result].state == reserve_vm_vm(\old(vms[\at(\result,Post)].state), 0, 0);
    ensures others: \forall integer w; 0 <= w < VMS_MAX && w != \result ==> vms[w].state == \old(vms[w].state);
    ensures keeping: same_keeping{Pre,Here} && same_all_vms{Pre,Here};
*/
s32 vm_reserve(void);

/** vm_unreserve() - give up VM @v, which was reserved. Error: HYP_ENOENT, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns vms[v].state;
    ensures inv: vm_inv{Here};
    ensures error: \result == err_unreserve_vm(\old(vms[v].state), 0, 0);
    ensures state: vms[v].state == unreserve_vm_vm(\old(vms[v].state), 0, 0);
    ensures keeping: same_keeping{Pre,Here} && same_all_vms{Pre,Here};
*/
s32 vm_unreserve(u32 v);

/** vm_init_check() - what vm_init() would say of VM @v */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures error: \result == err_init_vm(vms[v].state, 0, 0);
*/
s32 vm_init_check(u32 v);

/** vm_init() - make reserved VM @v, which keeps @frame from then on. Error: HYP_ENOENT, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns vms[v].state, vms[v].protected, vms[v].frame, vm_frames[v];
    ensures inv: vm_inv{Here};
    ensures error: \result == err_init_vm(\old(vms[v].state), 0, 0);
    ensures state: vms[v].state == init_vm_vm(\old(vms[v].state), 0, 0);
    ensures kept: \result == 0 ==> vms[v].frame == frame && (vms[v].protected != 0 <==> protected != 0);
    ensures empty: \result == 0 ==> vm_frames[v] == 0;
    ensures failed: \result != 0 ==> vms[v].frame == \old(vms[v].frame) && vm_frames[v] == \old(vm_frames[v]) &&
      vms[v].protected == \old(vms[v].protected);
    ensures others: else_keeping{Pre,Here}(v, VCPUS_MAX) && other_vms{Pre,Here}(v);
*/
s32 vm_init(u32 v, u32 protected, u64 frame);

/** vm_init_vcpu_check() - what vm_init_vcpu() would say of vCPU @i of VM @v */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures error: \result == err_init_vcpu(vms[v].state, vms[v].vcpu[i], 0);
*/
s32 vm_init_vcpu_check(u32 v, u32 i);

/** vm_init_vcpu() - make vCPU @i of VM @v, which keeps @frame. Error: HYP_ENOENT, HYP_EPERM, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false;
    assigns vms[v].vcpu[i], vms[v].vcpu_frame[i];
    ensures inv: vm_inv{Here};
    ensures error: \result == err_init_vcpu(vms[v].state, \old(vms[v].vcpu[i]), 0);
    ensures state: vms[v].vcpu[i] == init_vcpu_vcpu(vms[v].state, \old(vms[v].vcpu[i]), 0);
    ensures kept: \result == 0 ==> vms[v].vcpu_frame[i] == frame;
    ensures failed: \result != 0 ==> vms[v].vcpu_frame[i] == \old(vms[v].vcpu_frame[i]);
    ensures others: else_keeping{Pre,Here}(v, i) && same_all_vms{Pre,Here};
*/
s32 vm_init_vcpu(u32 v, u32 i, u64 frame);

/** vm_load() - CPU @cpu takes vCPU @i of VM @v. Error: HYP_ENOENT, HYP_EPERM, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns vms[v].vcpu[i], vms[v].on[i], cpu_vm[cpu];
    ensures inv: vm_inv{Here};
    ensures error: \result == err_vcpu_load(vms[v].state, \old(vms[v].vcpu[i]), \old(cpu_vm[cpu].loaded));
    ensures state: vms[v].vcpu[i] ==
      vcpu_load_vcpu(vms[v].state, \old(vms[v].vcpu[i]), \old(cpu_vm[cpu].loaded));
    ensures here: \result == 0 ==> cpu_vm[cpu].loaded == 1 && cpu_vm[cpu].vm == v && cpu_vm[cpu].vcpu == i &&
      vms[v].on[i] == cpu;
    ensures failed: \result != 0 ==> cpu_vm[cpu] == \old(cpu_vm[cpu]) && vms[v].on[i] == \old(vms[v].on[i]);
    ensures keeping: same_keeping{Pre,Here} && same_all_vms{Pre,Here};
*/
s32 vm_load(u32 v, u32 i, u32 cpu);

/** vm_put() - CPU @cpu lets go of the vCPU that it has loaded. Error: HYP_ENOENT. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns vms[0 .. VMS_MAX - 1], cpu_vm[cpu].loaded;
    ensures inv: vm_inv{Here};
    ensures rest: same_states{Pre,Here} && same_rest{Pre,Here};
    ensures none: \old(cpu_vm[cpu].loaded) == 0 ==> \result == HYP_ENOENT;
    ensures error: \old(cpu_vm[cpu].loaded) != 0 ==> \result == 0 && \result ==
      err_vcpu_put(vms[cpu_vm[cpu].vm].state, \old(vms[cpu_vm[cpu].vm].vcpu[cpu_vm[cpu].vcpu]), 0);
    ensures state: \old(cpu_vm[cpu].loaded) != 0 ==> vms[cpu_vm[cpu].vm].vcpu[cpu_vm[cpu].vcpu] ==
      vcpu_put_vcpu(vms[cpu_vm[cpu].vm].state, \old(vms[cpu_vm[cpu].vm].vcpu[cpu_vm[cpu].vcpu]), 0);
    ensures gone: cpu_vm[cpu].loaded == 0;
    ensures others: \forall integer w, k; 0 <= w < VMS_MAX && 0 <= k < VCPUS_MAX &&
      !(\old(cpu_vm[cpu].loaded) != 0 && w == cpu_vm[cpu].vm && k == cpu_vm[cpu].vcpu) ==>
      vms[w].vcpu[k] == \old(vms[w].vcpu[k]);
    ensures keeping: same_keeping{Pre,Here} && same_all_vms{Pre,Here};
*/
s32 vm_put(u32 cpu);

/** vm_start_teardown() - VM @v begins to die. Error: HYP_ENOENT, HYP_EPERM, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns vms[v].state;
    ensures inv: vm_inv{Here};
    ensures busy: vm_busy{Pre}(v) ==> \result == err_start_teardown_vm(\old(vms[v].state), 0, 1) &&
      vms[v].state == start_teardown_vm_vm(\old(vms[v].state), 0, 1);
    ensures idle: !vm_busy{Pre}(v) ==> \result == err_start_teardown_vm(\old(vms[v].state), 0, 0) &&
      vms[v].state == start_teardown_vm_vm(\old(vms[v].state), 0, 0);
    ensures others: same_keeping{Pre,Here} && other_vms{Pre,Here}(v);
    ensures failed: \result != 0 ==> same_all_vms{Pre,Here};
*/
s32 vm_start_teardown(u32 v);

/** vm_reclaim_vcpu_check() - what vm_reclaim_vcpu() would say of vCPU @i of VM @v */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures error: \result == err_reclaim_vcpu(vms[v].state, vms[v].vcpu[i], 0);
*/
s32 vm_reclaim_vcpu_check(u32 v, u32 i);

/** vm_reclaim_vcpu() - vCPU @i of dying VM @v ends. Error: HYP_ENOENT, HYP_EPERM, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false;
    assigns vms[v].vcpu[i];
    ensures inv: vm_inv{Here};
    ensures error: \result == err_reclaim_vcpu(vms[v].state, \old(vms[v].vcpu[i]), 0);
    ensures state: vms[v].vcpu[i] == reclaim_vcpu_vcpu(vms[v].state, \old(vms[v].vcpu[i]), 0);
    ensures others: else_keeping{Pre,Here}(v, i) && same_all_vms{Pre,Here};
*/
s32 vm_reclaim_vcpu(u32 v, u32 i);

/** vm_finalize_check() - what vm_finalize() would say of VM @v */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures busy: vm_held{Here}(v) ==> \result == err_finalize_teardown_vm(vms[v].state, 0, 1);
    ensures idle: !vm_held{Here}(v) ==> \result == err_finalize_teardown_vm(vms[v].state, 0, 0);
*/
s32 vm_finalize_check(u32 v);

/** vm_finalize() - dying VM @v without vCPUs ends. Error: HYP_ENOENT, HYP_EPERM, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: vm_inv{Here};
    requires vm: v < VMS_MAX;
    terminates \true; exits \false;
    assigns vms[v].state;
    ensures inv: vm_inv{Here};
    ensures busy: vm_held{Pre}(v) ==> \result == err_finalize_teardown_vm(\old(vms[v].state), 0, 1) &&
      vms[v].state == finalize_teardown_vm_vm(\old(vms[v].state), 0, 1);
    ensures idle: !vm_held{Pre}(v) ==> \result == err_finalize_teardown_vm(\old(vms[v].state), 0, 0) &&
      vms[v].state == finalize_teardown_vm_vm(\old(vms[v].state), 0, 0);
    ensures others: else_keeping{Pre,Here}(v, VCPUS_MAX) && other_vms{Pre,Here}(v);
*/
s32 vm_finalize(u32 v);

#endif
