/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"
#include "arch.h"
#include "context.h"
#include "exit.h"
#include "setup.h"
#include "vm.h"

/* The VMID of VM v is v + VMID_GUESTS; VMID_HOST is none of them. */
#define VMID_GUESTS 1u

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
		g.protected = vms[v].protected;
		g.vttbr = vttbr_el2_pfn_put(vms[v].frame) + vttbr_el2_vmid_put(VMID_GUESTS + v);
	}
	lock_release(LOCK_MM);
	return g;
}

/* VTCR_EL2 for guests: 39 bits of address, or what the machine has, from one root table at level 1. */
static u64 guest_vtcr(void)
{
	u32 bits = boot_info.pa_bits;
	u64 size = bits == 48 ? 5 : bits == 44 ? 4 : bits == 42 ? 3 : bits == 40 ? 2 : bits == 36 ? 1 : 0;
	u64 t0sz = size >= 2 ? 25 : size == 1 ? 28 : 32;

	return VTCR_EL2_COMMON + vtcr_el2_t0sz_put(t0sz) + vtcr_el2_sl0_put(1) + vtcr_el2_ps_put(size) +
	       vtcr_el2_vs_put(boot_info.vmid_bits == 16 ? 1 : 0);
}

/* To the guest and back: the host's registers of EL1 wait in cpu_host, and are the host's again. */
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
	if (answered != 0) {
		guest_answer(g.cpu, value);
	}
	x = guest_exit(g.cpu, g.protected, run(g.cpu, g.vttbr));
	rest[0] = x.x2;
	rest[1] = x.x3;
	return (s64)x.kind;
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
	if (g.protected != 0) {
		return HYP_EPERM;
	}
	rest[0] = cpu_guest[g.cpu].w[word];
	return 0;
}
