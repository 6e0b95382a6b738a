/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs run, on the real image: a run ends where the guest needs the host, the host's registers are as before, and the
 * guest's wait for the next run.
 */
#include "payload.h"

#include <gen/vcpu.h>

#define SPARE 0x44000000u /* RAM that nobody uses */
#define SPARE_PFN (SPARE / 4096u)
#define ENTRY 0x40081000u
#define TABLE 0x40083000u

#define SCTLR_M 1u
#define TCR_VALUE 0x800019u /* 39 bits of address by TTBR0, none by TTBR1 */

static struct result check_run(const char *what, u64 answered, u64 exit, u64 x2)
{
	struct result r = call(VCPU_RUN, answered, 0xbad, 0);

	put_string(what);
	put_string("\n");
	check("  exit", (u64)r.exit, exit);
	check("  x2", r.x2, x2);
	check("  x3", r.x3, 0);
	return r;
}

static void check_fault(const char *what)
{
	struct result r = check_run(what, 0, EXIT_FAULT, FAULT_FETCH + ENTRY);

	check("  x4", r.x4, 0);
	check("  x5", r.x5, 0);
}

static void host_registers(void)
{
	u64 before[EL1_COUNT];
	u64 after[EL1_COUNT];
	u64 i;

	__asm__ volatile("msr ttbr1_el1, %0\n\tmsr contextidr_el1, %1\n\tmsr tpidr_el0, %2\n\tmsr cntv_cval_el0, %0\n\t"
			 "msr mair_el1, %2\n\tmsr far_el1, %2\n\tmsr sp_el0, %2\n\tmsr tpidrro_el0, %1" : :
			 "r"((u64)0x12345000), "r"((u64)0x77), "r"((u64)0x123456789abcdef0));
	read_el1(before);
	(void)call(VCPU_RUN, 0, 0, 0);
	read_el1(after);
	for (i = 0; i < EL1_COUNT; i++) {
		check("a register of the host's EL1", after[i], before[i]);
	}
}

static void make(u64 handle, u64 protected)
{
	check("reserve", (u64)vm(VM_RESERVE, 0, 0, 0), handle);
	check("a VM", (u64)vm(VM_INIT, handle, SPARE_PFN, protected), 0);
	check("a vCPU", (u64)vm(VCPU_INIT, handle, 0, SPARE_PFN + 1), 0);
	check("another", (u64)vm(VCPU_INIT, handle, 1, SPARE_PFN + 2), 0);
}

static void end(u64 handle)
{
	check("tear down", (u64)vm(VM_TEARDOWN, handle, 0, 0), 0);
	check("reclaim", (u64)vm(VCPU_RECLAIM, handle, 0, 0), 0);
	check("reclaim another", (u64)vm(VCPU_RECLAIM, handle, 1, 0), 0);
	check("end", (u64)vm(VM_FINALIZE, handle, 0, 0), 0);
}

/* A fetch cannot be answered: it is tried again, and no register has the answer. */
static void answers(void)
{
	check_run("an answer to a fetch", 1, EXIT_FAULT, FAULT_FETCH + ENTRY);
	check_run("the same again", 1, EXIT_FAULT, FAULT_FETCH + ENTRY);
	check("PC stays", call(VCPU_GET_REG, CTX_PC, 0, 0).x2, ENTRY);
	check("X0 stays", call(VCPU_GET_REG, CTX_X0, 0, 0).x2, 0x100);
}

/* With stage 1 on, what has no memory is the guest's table. */
static void stage_1(void)
{
	u64 sctlr = call(VCPU_GET_REG, CTX_SCTLR_EL1, 0, 0).x2;

	check("TTBR0_EL1", (u64)vm(VCPU_SET_REG, CTX_TTBR0_EL1, TABLE, 0), 0);
	check("TCR_EL1", (u64)vm(VCPU_SET_REG, CTX_TCR_EL1, TCR_VALUE, 0), 0);
	check("SCTLR_EL1", (u64)vm(VCPU_SET_REG, CTX_SCTLR_EL1, sctlr + SCTLR_M, 0), 0);
	check_run("run with stage 1 on", 0, EXIT_FAULT, FAULT_FETCH + TABLE);
	check("SCTLR_EL1 again", (u64)vm(VCPU_SET_REG, CTX_SCTLR_EL1, sctlr, 0), 0);
	check_fault("run with stage 1 off");
}

/* What interrupts a guest is the host's to take, but for the guest's own timer. */
static void interrupts(void)
{
	struct result r;
	u64 now;

	gic_setup(1);
	check("nothing is pending", interrupts_pending(), 0);
	physical_timer(1, 0);
	check_run("run with an IRQ", 0, EXIT_IRQ, 0);
	check("the IRQ waits for the host", interrupts_pending(), PENDING_IRQ);
	gic_setup(0);
	check_run("run with an FIQ", 0, EXIT_IRQ, 0);
	check("the FIQ waits for the host", interrupts_pending(), PENDING_FIQ);
	physical_timer(0, 0);
	gic_setup(1);
	check_fault("run without an interrupt");
	check("the guest's timer", (u64)vm(VCPU_SET_REG, CTX_CNTV_CTL_EL0, 1, 0), 0);
	check("when it fires", (u64)vm(VCPU_SET_REG, CTX_CNTV_CVAL_EL0, 5, 0), 0);
	r = check_run("run with the guest's timer", 0, EXIT_IRQ, 0);
	check("  x4", r.x4, 1);
	check("  x5", r.x5, 5);
	check("the host has nothing of it", interrupts_pending(), 0);
	check("it is ahead by 3", (u64)vm(VCPU_SET_REG, CTX_CNTVOFF_EL2, (u64)-3, 0), 0);
	r = check_run("run with its timer", 0, EXIT_IRQ, 0);
	check("  x5", r.x5, 2);
	__asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(now));
	check("it begins now", (u64)vm(VCPU_SET_REG, CTX_CNTVOFF_EL2, now, 0), 0);
	check("its timer is far off", (u64)vm(VCPU_SET_REG, CTX_CNTV_CVAL_EL0, (u64)1 << 50, 0), 0);
	r = check_run("run with its timer, which does not fire", 0, EXIT_FAULT, FAULT_FETCH + ENTRY);
	check("  x5", r.x5, now + ((u64)1 << 50));
	check("it is as the machine's", (u64)vm(VCPU_SET_REG, CTX_CNTVOFF_EL2, 0, 0), 0);
	check("the guest's timer is off", (u64)vm(VCPU_SET_REG, CTX_CNTV_CTL_EL0, 0, 0), 0);
	check_fault("run again without an interrupt");
}

static void plain(u64 handle)
{
	struct result r;
	u64 i;

	make(handle, 0);
	check("run without a vCPU", (u64)vm(VCPU_RUN, 0, 0, 0), (u64)HYP_ENOENT);
	check("a register without a vCPU", (u64)vm(VCPU_GET_REG, 0, 0, 0), (u64)HYP_ENOENT);
	check("load", (u64)vm(VCPU_LOAD, handle, 1, 0), 0);
	check("run what is off", (u64)vm(VCPU_RUN, 0, 0, 0), EXIT_OFF);
	check("a power that is none", (u64)vm(VCPU_POWER, 2, 0, 0), (u64)HYP_EINVAL);
	check("on", (u64)vm(VCPU_POWER, 1, 0, 0), 0);
	check("a flag that is none", (u64)vm(VCPU_RUN, 32, 0, 0), (u64)HYP_EINVAL);
	if (hyp(HYP_STATS, STAT_GIC_LISTS, 0) == 0)
		check("a GIC where there is none", (u64)vm(VCPU_RUN, RUN_GIC, 0, 0), (u64)HYP_EINVAL);
	for (i = 0; i < CTX_SWITCHED_FIRST; i++) {
		u64 value = i == CTX_PC ? ENTRY : i == CTX_PSTATE ? 0x3c5 : 0x100 + i;

		check("a register", (u64)vm(VCPU_SET_REG, i, value, 0), 0);
	}
	check("a register of EL1", (u64)vm(VCPU_SET_REG, CTX_TPIDR_EL1, 0x4711, 0), 0);
	check("PSTATE of EL0", (u64)vm(VCPU_SET_REG, CTX_PSTATE, 0x3c0, 0), 0);
	check("PSTATE of EL1 with SP_EL0", (u64)vm(VCPU_SET_REG, CTX_PSTATE, 0x3c4, 0), 0);
	check("PSTATE of EL1", (u64)vm(VCPU_SET_REG, CTX_PSTATE, 0x3c5, 0), 0);
	check("PSTATE of EL2", (u64)vm(VCPU_SET_REG, CTX_PSTATE, 0x3c9, 0), (u64)HYP_EINVAL);
	check("PSTATE of EL3", (u64)vm(VCPU_SET_REG, CTX_PSTATE, 0x3cd, 0), (u64)HYP_EINVAL);
	check("PSTATE of AArch32", (u64)vm(VCPU_SET_REG, CTX_PSTATE, 0x1d3, 0), (u64)HYP_EINVAL);
	check("PSTATE of 33 bits", (u64)vm(VCPU_SET_REG, CTX_PSTATE, (u64)1 << 32 | 0x3c5, 0), (u64)HYP_EINVAL);
	check("no word", (u64)vm(VCPU_SET_REG, CTX_NAMED_END, 0, 0), (u64)HYP_EINVAL);
	check("a word that is not the host's", (u64)vm(VCPU_SET_REG, CTX_ICH_LR0_EL2, 0, 0), (u64)HYP_EPERM);
	check_run("an answer before the first run", 1, EXIT_FAULT, FAULT_FETCH + ENTRY);
	check_fault("run again");
	answers();
	stage_1();
	interrupts();
	host_registers();
	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	check("load another", (u64)vm(VCPU_LOAD, handle, 0, 0), 0);
	r = call(VCPU_GET_REG, CTX_X0 + 5, 0, 0);
	check("a register of another", r.x2, 0);
	check("put it", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	check("load again", (u64)vm(VCPU_LOAD, handle, 1, 0), 0);
	for (i = 0; i < CTX_PC; i++) {
		r = call(VCPU_GET_REG, i, 0, 0);
		check("a register is kept", r.exit == 0 ? r.x2 : ~0ul, 0x100 + i);
	}
	check("PC is kept", call(VCPU_GET_REG, CTX_PC, 0, 0).x2, ENTRY);
	check("a register of EL1 is kept", call(VCPU_GET_REG, CTX_TPIDR_EL1, 0, 0).x2, 0x4711);
	check_fault("run again");
	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	end(handle);
}

static void protected_vm(u64 handle)
{
	make(handle, 1);
	check("load", (u64)vm(VCPU_LOAD, handle, 0, 0), 0);
	check("entry", (u64)vm(VCPU_SET_REG, CTX_PC, ENTRY, 0), 0);
	check("argument", (u64)vm(VCPU_SET_REG, CTX_X0, 1, 0), 0);
	check("on", (u64)vm(VCPU_POWER, 1, 0, 0), 0);
	check("on again", (u64)vm(VCPU_POWER, 1, 0, 0), (u64)HYP_EPERM);
	check("off", (u64)vm(VCPU_POWER, 0, 0, 0), (u64)HYP_EPERM);
	check("another register", (u64)vm(VCPU_SET_REG, CTX_X0 + 1, 1, 0), (u64)HYP_EPERM);
	check("a register of EL1", (u64)vm(VCPU_SET_REG, CTX_SCTLR_EL1, 1, 0), (u64)HYP_EPERM);
	check("no register is read", (u64)vm(VCPU_GET_REG, CTX_X0, 0, 0), (u64)HYP_EPERM);
	check_fault("run");
	check("entry after the first run", (u64)vm(VCPU_SET_REG, CTX_PC, ENTRY, 0), (u64)HYP_EPERM);
	check("argument after the first run", (u64)vm(VCPU_SET_REG, CTX_X0, 1, 0), (u64)HYP_EPERM);
	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	check("load again", (u64)vm(VCPU_LOAD, handle, 0, 0), 0);
	check("entry after another load", (u64)vm(VCPU_SET_REG, CTX_PC, ENTRY, 0), (u64)HYP_EPERM);
	check_fault("run again");
	check("put again", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	end(handle);
}

static volatile u64 visits;

/* CPU 1: loads a vCPU the first time that it comes, runs and puts it the second time. */
void payload_cpu_main(u64 cpu)
{
	(void)cpu;
	if (visits == 0) {
		check("load on another CPU", (u64)vm(VCPU_LOAD, VM_HANDLE_BASE, 0, 0), 0);
		check("entry", (u64)vm(VCPU_SET_REG, CTX_PC, ENTRY, 0), 0);
		check("on", (u64)vm(VCPU_POWER, 1, 0, 0), 0);
	} else {
		check_fault("run after the CPU was off");
		check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	}
	__asm__ volatile("dsb sy" : : : "memory");
	visits = visits + 1;
	payload_cpu_off();
}

static void visit(u64 count)
{
	while (smc3(PSCI_CPU_ON_64, 1, (u64)(uintptr_t)payload_secondary, 1) != PSCI_SUCCESS) {
	}
	while (visits != count) {
	}
}

/* A CPU that goes off keeps the vCPU that it has loaded. */
static void other_cpu(u64 handle)
{
	make(handle, 1);
	visit(1);
	check("load what another CPU has", (u64)vm(VCPU_LOAD, handle, 0, 0), (u64)HYP_EBUSY);
	check("run what another CPU has", (u64)vm(VCPU_RUN, 0, 0, 0), (u64)HYP_ENOENT);
	check("tear down what another CPU has", (u64)vm(VM_TEARDOWN, handle, 0, 0), (u64)HYP_EBUSY);
	visit(2);
	end(handle);
}

void payload_main(u64 device_tree)
{
	u64 free = (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0);

	(void)device_tree;
	plain(VM_HANDLE_BASE);
	protected_vm(VM_HANDLE_BASE);
	other_cpu(VM_HANDLE_BASE);
	plain(VM_HANDLE_BASE);
	check("pool at the end", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0), free);
	finish("run");
}
