/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMC filter and PSCI relay.
 *
 * A CPU that the host turns on, or that wakes from a power-down state, enters EL2 at Hypatia's own
 * entry; where the host wanted it to go waits in the CPU's slot.
 */
#include "arch.h"
#include "boot_info.h"
#include "hyp.h"
#include "setup.h"
#include "smc.h"

/* A negative status as the 64 bits that the caller finds in x0. */
#define PSCI_RESULT(status) (0xffffffffffffffffu - (u64)(-((status) + 1)))

struct cpu_slot cpu_slot[CPUS_MAX];

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result.action == SMC_RETURN && \result.a0 == a0;
*/
static struct smc_result smc_return(u64 a0)
{
	struct smc_result result;

	result.action = SMC_RETURN;
	result.a0 = a0;
	return result;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result.action == SMC_FORWARD && \result.a0 == 0;
*/
static struct smc_result smc_forward(void)
{
	struct smc_result result;

	result.action = SMC_FORWARD;
	result.a0 = 0;
	return result;
}

/* The CPU with affinity @mpidr, or CPUS_MAX. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures found: \result < CPUS_MAX ==> \result < boot_info.cpu_count &&
      boot_info.cpu_mpidr[\result] == mpidr;
    ensures missing: \result >= CPUS_MAX ==> \result == CPUS_MAX && \forall integer c;
      0 <= c < boot_info.cpu_count && c < CPUS_MAX ==> boot_info.cpu_mpidr[c] != mpidr;
*/
static u32 cpu_find(u64 mpidr)
{
	u32 cpu;

	/*@ loop invariant range: 0 <= cpu <= CPUS_MAX && cpu <= boot_info.cpu_count;
	    loop invariant before: \forall integer c; 0 <= c < cpu ==> boot_info.cpu_mpidr[c] != mpidr;
	    loop assigns cpu;
	    loop variant CPUS_MAX - cpu;
	*/
	for (cpu = 0; cpu < boot_info.cpu_count && cpu < CPUS_MAX; cpu++) {
		if (boot_info.cpu_mpidr[cpu] == mpidr) {
			return cpu;
		}
	}
	return CPUS_MAX;
}

/* Reserve @cpu's slot for a start at @pc with @x0. 1 when it was free. */
/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    requires state: state == SLOT_ON || state == SLOT_SUSPENDED;
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures taken: \result != 0 ==> cpu_slot[cpu].state == state && cpu_slot[cpu].pc == pc &&
      cpu_slot[cpu].x0 == x0;
    ensures busy: \result == 0 ==> cpu_slot[cpu].state != SLOT_FREE;
*/
static u32 slot_take(u32 cpu, u32 state, u64 pc, u64 x0)
{
	u32 taken = 0;

	lock_acquire(LOCK_CPU);
	if (cpu_slot[cpu].state == SLOT_FREE) {
		cpu_slot[cpu].state = state;
		cpu_slot[cpu].pc = pc;
		cpu_slot[cpu].x0 = x0;
		taken = 1;
	}
	lock_release(LOCK_CPU);
	return taken;
}

/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures free: cpu_slot[cpu].state == SLOT_FREE;
*/
static void slot_free(u32 cpu)
{
	lock_acquire(LOCK_CPU);
	cpu_slot[cpu].state = SLOT_FREE;
	lock_release(LOCK_CPU);
}

/* CPU_ON (PSCI 1.1, 5.6): @mpidr the target, @pc and @x0 its first state at EL1. */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    requires call: function == PSCI_CPU_ON || function == PSCI_CPU_ON_64;
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures missing: (\forall integer c; 0 <= c < boot_info.cpu_count ==>
      boot_info.cpu_mpidr[c] != mpidr) ==> \result == 0xfffffffffffffffe;
*/
static u64 cpu_on(u64 function, u64 mpidr, u64 pc, u64 x0)
{
	u32 cpu = cpu_find(mpidr);
	u64 status;

	if (cpu >= CPUS_MAX) {
		return PSCI_RESULT(PSCI_INVALID_PARAMETERS);
	}
	if (!slot_take(cpu, SLOT_ON, pc, x0)) {
		return PSCI_RESULT(PSCI_ON_PENDING);
	}
	status = smc_call(function, mpidr, boot_info.secondary_entry.pa, cpu).x0;
	if (status != PSCI_SUCCESS) {
		slot_free(cpu);
	}
	return status;
}

/*
 * CPU_SUSPEND (PSCI 1.1, 5.1), and SYSTEM_SUSPEND (5.19) of the last CPU, which has no @power_state: returns when the
 * state was a standby state or was refused.
 */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    requires call: function == PSCI_CPU_SUSPEND || function == PSCI_CPU_SUSPEND_64 ||
      function == PSCI_SYSTEM_SUSPEND || function == PSCI_SYSTEM_SUSPEND_64;
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
*/
static u64 cpu_suspend(u64 function, u64 power_state, u64 pc, u64 x0)
{
	u32 cpu = cpu_index();
	u64 status;

	if (!slot_take(cpu, SLOT_SUSPENDED, pc, x0)) {
		return PSCI_RESULT(PSCI_DENIED);
	}
	if (function == PSCI_SYSTEM_SUSPEND || function == PSCI_SYSTEM_SUSPEND_64) {
		status = smc_call(function, boot_info.secondary_entry.pa, cpu, 0).x0;
	} else {
		status = smc_call(function, power_state, boot_info.secondary_entry.pa, cpu).x0;
	}
	slot_free(cpu);
	return status;
}

/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    requires call: psci_disposition_of(function) == PSCI_RELAY;
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
*/
static u64 psci_relay(u64 function, u64 a1, u64 a2, u64 a3)
{
	struct smc_regs regs;

	if (function == PSCI_CPU_ON || function == PSCI_CPU_ON_64) {
		return cpu_on(function, a1, a2, a3);
	}
	if (function == PSCI_CPU_SUSPEND || function == PSCI_CPU_SUSPEND_64) {
		return cpu_suspend(function, a1, a2, a3);
	}
	if (function == PSCI_SYSTEM_SUSPEND || function == PSCI_SYSTEM_SUSPEND_64) {
		return cpu_suspend(function, 0, a1, a2);
	}
	/* PSCI_FEATURES: EL3 answers for what is passed on to it. */
	if (psci_disposition(a1) == PSCI_REFUSE && a1 != SMCCC_VERSION) {
		return PSCI_RESULT(PSCI_NOT_SUPPORTED);
	}
	regs = smc_call(function, a1, 0, 0);
	return regs.x0;
}

/*
 * 1 for standard secure services that would let EL3 act on the host's behalf behind Hypatia's back: SDEI
 * (0x20 to 0x3f: its events enter at an address that the host names) with what follows up to TRNG, and
 * FF-A (0x60 to 0xef).
 */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> function / 0x1000000 % 64 == 4 &&
      (0x20 <= function % 0x10000 <= 0x4f || 0x60 <= function % 0x10000 <= 0xef);
*/
static u32 is_refused(u64 function)
{
	u64 number = function % 0x10000u;
	u64 owner = function / 0x1000000u % 0x40u;

	return owner == 4u && ((0x20u <= number && number <= 0x4fu) || (0x60u <= number && number <= 0xefu));
}

/* 1 for function ids of PSCI (standard secure services 0 to 0x1f). */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> function / 0x1000000 % 64 == 4 && function % 0x10000 <= 0x1f;
*/
static u32 is_psci(u64 function)
{
	return function / 0x1000000u % 0x40u == 4u && function % 0x10000u <= 0x1fu;
}

struct smc_result hyp_handle_smc(u64 x0, u64 x1, u64 x2, u64 x3, u64 imm)
{
	u32 disposition;

	/* SMCCC 1.2, 2.6 and 2.9: the immediate is 0, a function id has 32 bits and is a fast call here. */
	if (imm != 0 || x0 >= 0x100000000u || x0 < 0x80000000u || is_refused(x0)) {
		return smc_return(PSCI_RESULT(SMCCC_NOT_SUPPORTED));
	}
	if (!is_psci(x0)) {
		return smc_forward();
	}
	disposition = psci_disposition(x0);
	if (disposition == PSCI_FORWARD) {
		return smc_forward();
	}
	if (disposition == PSCI_RELAY) {
		return smc_return(psci_relay(x0, x1, x2, x3));
	}
	return smc_return(PSCI_RESULT(PSCI_NOT_SUPPORTED));
}

struct host_entry hyp_cpu_arrived(u32 cpu)
{
	struct host_entry entry;

	lock_acquire(LOCK_CPU);
	entry.pc = cpu_slot[cpu].pc;
	entry.x0 = cpu_slot[cpu].x0;
	cpu_slot[cpu].state = SLOT_FREE;
	lock_release(LOCK_CPU);
	return entry;
}
