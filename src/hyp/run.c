/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"
#include "arch.h"
#include "context.h"
#include "exit.h"
#include "hyp.h"
#include "setup.h"
#include "vm.h"

/* How often a guest goes on, in one call of the host's, behind what Hypatia did for it. */
#define ROUNDS 64u

/**
 * struct guest - the vCPU that a CPU has loaded
 * @cpu: the CPU
 * @found: 1 when there is one
 * @protected: 1 when its VM is protected
 * @vttbr: the value of VTTBR_EL2 for it
 */
struct guest {
	u32 cpu;
	u32 found;
	u32 protected;
	u64 vttbr;
};

/* None but this CPU puts what it has loaded, so what is found here lasts. */
/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures cpu: \result.cpu == cpu;
    ensures found: \result.found == cpu_vm[cpu].loaded;
    ensures protected: \result.found != 0 ==> \result.protected == vms[cpu_vm[cpu].vm].protected;
    ensures tables: \result.found != 0 ==> \result.vttbr == vms[cpu_vm[cpu].vm].frame * 4096 +
      (VMID_GUESTS + cpu_vm[cpu].vm) * 0x1000000000000;
    ensures vmid: \result.found != 0 ==> \result.vttbr / 0x1000000000000 != VMID_HOST;
*/
static struct guest guest_loaded(u32 cpu)
{
	struct guest g;
	u32 v;

	g.cpu = cpu;
	g.protected = 1;
	g.vttbr = 0;
	lock_acquire(LOCK_MM);
	g.found = cpu_vm[cpu].loaded;
	if (g.found != 0) {
		v = cpu_vm[cpu].vm;
		//@ assert live: v < VMS_MAX && vms[v].state == VM_LIVE;
		//@ assert kept: keeps{Here}(v, VCPUS_MAX) && kept{Here}(v, VCPUS_MAX) == vms[v].frame;
		//@ assert frame: vms[v].frame < PFN_COUNT;
		g.protected = vms[v].protected;
		g.vttbr = vttbr_el2_pfn_put(vms[v].frame) + vttbr_el2_vmid_put(VMID_GUESTS + v);
	}
	lock_release(LOCK_MM);
	return g;
}

/* VTCR_EL2 for guests: 39 bits of address, or what the machine has, from one root table at level 1. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures start: \result / 64 % 4 == 1;
    ensures width: \result % 64 == (pa_size(boot_info.pa_bits) >= 2 ? 25 : pa_size(boot_info.pa_bits) == 1 ? 28 : 32);
    ensures size: \result / 0x10000 % 8 == pa_size(boot_info.pa_bits);
*/
static u64 guest_vtcr(void)
{
	u64 size = hyp_pa_size();
	u64 t0sz = size >= 2 ? 25 : size == 1 ? 28 : 32;

	return vtcr_el2_t0sz_put(t0sz) + vtcr_el2_sl0_put(1) + vtcr_el2_ps_put(size) +
	       vtcr_el2_vs_put(boot_info.vmid_bits == 16 ? 1 : 0) + VTCR_EL2_COMMON;
}

/* To the guest and back: the host's registers of EL1 wait in cpu_host, and are the host's again. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires unlocked: no_locks{Here};
    requires host: at_guest == 0;
    requires vmid: vttbr / 0x1000000000000 != VMID_HOST;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[0 .. CTX_WORDS - 1], cpu_host[cpu].w[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1],
      el1[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1], at_guest, esr_el2, far_el2, hpfar_el2;
    ensures host: at_guest == 0 && same_el1{Pre,Here};
    ensures end: \result <= GUEST_SERROR;
    ensures ran: cpu_guest[cpu].w[CTX_STATE] == RUN_RAN;
    ensures level: below_el2(cpu_guest[cpu].w[CTX_PSTATE]);
*/
static u64 run(u32 cpu, u64 vttbr)
{
	u64 code;

	cpu_guest[cpu].w[CTX_PSTATE] = context_pstate(cpu_guest[cpu].w[CTX_PSTATE]);
	arch_host_save(cpu);
	cpu_to_guest(vttbr, guest_vtcr(), cpu_guest[cpu].w[CTX_MPIDR], cpu_guest[cpu].w[CTX_FRESH] != 0);
	cpu_guest[cpu].w[CTX_FRESH] = 0;
	cpu_guest[cpu].w[CTX_STATE] = RUN_RAN;
	arch_guest_restore(cpu);
	code = arch_guest_enter(cpu);
	arch_guest_save(cpu);
	cpu_to_host();
	arch_host_restore(cpu);
	return code;
}

/* Until something is for the host, or the guest has had what one call may take. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires unlocked: no_locks{Here};
    requires host: at_guest == 0;
    requires vmid: vttbr / 0x1000000000000 != VMID_HOST;
    requires alike: \forall integer i; 0 <= i < MACHINE_IDS && i != MACHINE_MIDR_EL1 ==>
      machine_ids[i] == machine_id[i];
    terminates \true; exits \false; assigns GUEST_STATE;
    ensures host: at_guest == 0 && same_el1{Pre,Here};
    ensures kind: \result.kind <= EXIT_MAX;
    ensures row: exit_row{Here}(cpu, \result.kind, \result.x2, \result.x3);
*/
static struct guest_exit run_on(u32 cpu, u64 vttbr)
{
	struct guest_exit x = guest_exit(cpu, run(cpu, vttbr));
	u32 n;

	/*@ loop invariant range: 1 <= n <= ROUNDS;
	    loop invariant host: at_guest == 0 && same_el1{Pre,Here};
	    loop invariant kind: x.kind <= EXIT_MAX;
	    loop invariant row: exit_row{Here}(cpu, x.kind, x.x2, x.x3);
	    loop assigns n, x, GUEST_STATE;
	    loop variant ROUNDS - n;
	*/
	for (n = 1; n < ROUNDS && x.kind == EXIT_NONE; n++) {
		x = guest_exit(cpu, run(cpu, vttbr));
	}
	return x;
}

s64 vcpu_run(u64 answered, u64 value, u64 *rest)
{
	struct guest g;
	struct guest_exit x;

	if (answered > 1) {
		return HYP_EINVAL;
	}
	g = guest_loaded(cpu_index());
	if (g.found == 0) {
		return HYP_ENOENT;
	}
	if (machine_ids_same() == 0) {
		return HYP_EPERM;
	}
	if (answered != 0) {
		guest_answer(g.cpu, value);
	}
	x = run_on(g.cpu, g.vttbr);
	rest[0] = x.x2;
	rest[1] = x.x3;
	return (s64)x.kind;
}

/* The host reads a word of what @cpu has loaded. */
/*@ requires word: cpu < CPUS_MAX && word < CTX_SWITCHED_END;
    requires rest: \valid(rest + (0 .. 1));
    terminates \true; exits \false; assigns rest[0];
    ensures hidden: protected != 0 ==> \result == HYP_EPERM && rest[0] == \old(rest[0]);
    ensures shown: protected == 0 ==> \result == 0 && rest[0] == \old(cpu_guest[cpu].w[word]);
*/
static s64 word_get(u32 cpu, u32 protected, u64 word, u64 *rest)
{
	if (protected != 0) {
		return HYP_EPERM;
	}
	rest[0] = cpu_guest[cpu].w[word];
	return 0;
}

s64 vcpu_register(u64 call, u64 word, u64 value, u64 *rest)
{
	struct guest g;

	if (word >= CTX_SWITCHED_END) {
		return HYP_EINVAL;
	}
	g = guest_loaded(cpu_index());
	if (g.found == 0) {
		return HYP_ENOENT;
	}
	if (call == VCPU_SET_REG) {
		return context_set(g.cpu, g.protected, word, value);
	}
	return word_get(g.cpu, g.protected, word, rest);
}
