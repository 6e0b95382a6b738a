/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power states of vCPUs, as PSCI has them (spec/guest_calls.toml), and where a vCPU that was turned on begins.
 * A vCPU is named by the indexes of its VM and its own. Under LOCK_MM.
 */
#ifndef HYP_POWER_H
#define HYP_POWER_H

#include <gen/guest_calls.h>
#include <gen/hypercalls.h>
#include <gen/vm.h>

#include "mem.h"
#include "types.h"

/**
 * struct guest_power - power states of a VM's vCPUs; all zeroes means that there is none
 * @state: POWER_ABSENT to POWER_ON
 */
struct guest_power {
	u32 state[VCPUS_MAX];
};

/**
 * struct vcpu_entry - what CPU_ON said
 * @pc: address at which the vCPU enters
 * @x0: the context id, which it finds there
 */
struct vcpu_entry {
	u64 pc;
	u64 x0;
};

/**
 * struct vm_start - how the vCPUs of a VM begin
 * @host: 1 once the host has turned one on
 * @offset: how far their virtual counter is behind the machine's
 * @sve: the longest of their vectors, in units of 128 bits; 0 for no SVE
 * @vcpu: where each enters that is POWER_ON_PENDING
 */
struct vm_start {
	u32 host;
	u64 offset;
	u32 sve;
	struct vcpu_entry vcpu[VCPUS_MAX];
};

extern struct guest_power vm_power[VMS_MAX];
extern struct vm_start vm_start[VMS_MAX];

/*@ predicate power_ok(integer s) = s == POWER_ABSENT || s == POWER_OFF || s == POWER_ON_PENDING || s == POWER_ON;
*/

/** power_setup() - begin without vCPUs. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    terminates \true; exits \false;
    assigns vm_power[0 .. VMS_MAX - 1];
    ensures none: \forall integer v, i; 0 <= v < VMS_MAX && 0 <= i < VCPUS_MAX ==>
      vm_power[v].state[i] == POWER_ABSENT;
*/
void power_setup(void);

/**
 * power_on() - vCPU @i is to enter at @pc with @x0
 *
 * Return: 0, PSCI_INVALID_PARAMETERS, PSCI_ON_PENDING, PSCI_ALREADY_ON.
 */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && power_ok(vm_power[v].state[i]);
    terminates \true; exits \false;
    assigns vm_power[v].state[i], vm_start[v].vcpu[i];
    ensures error: \result == err_power_on(\old(vm_power[v].state[i]));
    ensures state: vm_power[v].state[i] == power_on_state(\old(vm_power[v].state[i])) && power_ok(vm_power[v].state[i]);
    ensures entry: \result == 0 ==> vm_start[v].vcpu[i].pc == pc && vm_start[v].vcpu[i].x0 == x0;
*/
s32 power_on(u32 v, u32 i, u64 pc, u64 x0);

/** power_add() - vCPU @i is there, and off. Error: HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && power_ok(vm_power[v].state[i]);
    terminates \true; exits \false;
    assigns vm_power[v].state[i];
    ensures error: \result == err_power_add(\old(vm_power[v].state[i]));
    ensures state: vm_power[v].state[i] == power_add_state(\old(vm_power[v].state[i])) &&
      power_ok(vm_power[v].state[i]);
*/
s32 power_add(u32 v, u32 i);

/** power_enter() - vCPU @i enters. Error: HYP_ENOENT, HYP_EPERM, HYP_EBUSY. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && power_ok(vm_power[v].state[i]);
    terminates \true; exits \false;
    assigns vm_power[v].state[i];
    ensures error: \result == err_power_enter(\old(vm_power[v].state[i]));
    ensures state: vm_power[v].state[i] == power_enter_state(\old(vm_power[v].state[i])) &&
      power_ok(vm_power[v].state[i]);
*/
s32 power_enter(u32 v, u32 i);

/** power_off() - vCPU @i turns itself off. Error: PSCI_DENIED. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && power_ok(vm_power[v].state[i]);
    terminates \true; exits \false;
    assigns vm_power[v].state[i];
    ensures error: \result == err_power_off(\old(vm_power[v].state[i]));
    ensures state: vm_power[v].state[i] == power_off_state(\old(vm_power[v].state[i])) &&
      power_ok(vm_power[v].state[i]);
*/
s32 power_off(u32 v, u32 i);

/** power_start() - the host turns vCPU @i on. Error: HYP_ENOENT. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && power_ok(vm_power[v].state[i]);
    terminates \true; exits \false;
    assigns vm_power[v].state[i];
    ensures error: \result == err_power_start(\old(vm_power[v].state[i]));
    ensures state: vm_power[v].state[i] == power_start_state(\old(vm_power[v].state[i])) &&
      power_ok(vm_power[v].state[i]);
*/
s32 power_start(u32 v, u32 i);

/** power_stop() - the host turns vCPU @i off. Error: HYP_ENOENT. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && power_ok(vm_power[v].state[i]);
    terminates \true; exits \false;
    assigns vm_power[v].state[i];
    ensures error: \result == err_power_stop(\old(vm_power[v].state[i]));
    ensures state: vm_power[v].state[i] == power_stop_state(\old(vm_power[v].state[i])) &&
      power_ok(vm_power[v].state[i]);
*/
s32 power_stop(u32 v, u32 i);

/** power_remove() - vCPU @i ends. Error: HYP_ENOENT. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX && power_ok(vm_power[v].state[i]);
    terminates \true; exits \false;
    assigns vm_power[v].state[i];
    ensures error: \result == err_power_remove(\old(vm_power[v].state[i]));
    ensures state: vm_power[v].state[i] == power_remove_state(\old(vm_power[v].state[i])) &&
      power_ok(vm_power[v].state[i]);
*/
s32 power_remove(u32 v, u32 i);

/** power_halt() - all vCPUs of VM @v that are there are off. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires power: v < VMS_MAX && \forall integer i; 0 <= i < VCPUS_MAX ==> power_ok(vm_power[v].state[i]);
    terminates \true; exits \false;
    assigns vm_power[v].state[0 .. VCPUS_MAX - 1];
    ensures state: \forall integer i; 0 <= i < VCPUS_MAX ==>
      vm_power[v].state[i] == power_halt_state(\old(vm_power[v].state[i])) && power_ok(vm_power[v].state[i]);
    ensures none: \forall integer i; 0 <= i < VCPUS_MAX ==> !power_runs(vm_power[v].state[i]);
*/
void power_halt(u32 v);

/** power_may_run() - 1 when the host may let vCPU @i run */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> power_runs(vm_power[v].state[i]);
    ensures one: \result <= 1;
*/
u32 power_may_run(u32 v, u32 i);

#endif
