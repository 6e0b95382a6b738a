/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Power-down states that lose every register of the CPU (firmware.S), on the real image: what is Hypatia's is there
 * when the CPU comes back, in the host as in two VMs, one of which has a vCPU loaded meanwhile.
 */
#include "suspend_program.h"
#include "turns.h"

#define SHARED_PFN (SPARE / 4096u + 256u)
#define STANDBY 0u
#define POWER_DOWN (1u << 16)
#define WAKES 4u

extern const u64 suspend_program[512];

static struct region hidden[2];

/* A vCPU that is loaded. */
static struct result enter(struct guest *g)
{
	struct result r = call(VCPU_RUN, g->told, 0, 0);

	g->told = r.exit == (s64)EXIT_FAULT ? RUN_ANSWERED : 0;
	return r;
}

/* Each guest goes on where it was; the vCPU of the second stays loaded. */
static void guests_go_on(u64 rounds)
{
	check("the second guest", told_at("goes on", &guests[1], SUSPEND_SAY), guests[1].first + 2 * rounds);
	put();
	check("load the first", (u64)vm(VCPU_LOAD, guests[0].handle, 0, 0), 0);
	check("the first guest", told_at("goes on", &guests[0], SUSPEND_SAY), guests[0].first + rounds);
	put();
	check("load the second", (u64)vm(VCPU_LOAD, guests[1].handle, 0, 0), 0);
	check("the second guest again", told_at("goes on", &guests[1], SUSPEND_SAY), guests[1].first + 2 * rounds + 1);
}

/* The host is confined, and its shared frame is as it was. */
static void confined(u32 cpu)
{
	u64 i;

	check("exception level", read_register(CurrentEL) >> 2, 1);
	check("a call behind Hypatia's id", hvc3(HYPERCALL_BASE + HYPERCALL_COUNT, 0, 0, 0), (u64)SMCCC_NOT_SUPPORTED);
	check("the frame is shared", (u64)hyp(MEM_INFO, SHARED_PFN, 0), FRAME_HOST_SHARED_HYP);
	check("no exception so far", take_faults(cpu), 0);
	for (i = 0; i < 2; i++) {
		probe_read(hidden[i].base);
		check("Hypatia's memory aborts", take_faults(cpu), 1);
		check("  class", last_class(cpu), EC_DATA_ABORT);
	}
	probe_read(first_frame(&guests[1]) * 4096u + OF_CODE * 4096u);
	check("a protected guest's page aborts", take_faults(cpu), 1);
}

/* Never comes back: the CPU does, with x0 = @wake, in payload_cpu_main(). */
static void power_down(u64 wake)
{
	const u64 entry = (u64)(uintptr_t)payload_secondary;

	if (wake % 2 != 0) {
		check("SYSTEM_SUSPEND came back", smc3(PSCI_SYSTEM_SUSPEND_64, entry, wake, 0), 0);
	} else {
		check("CPU_SUSPEND came back", smc3(PSCI_CPU_SUSPEND_64, POWER_DOWN, entry, wake), 0);
	}
	check_true("a CPU that was off goes on", 0);
}

void payload_main(u64 fdt)
{
	u64 i;

	check("SYSTEM_SUSPEND is there", smc3(PSCI_FEATURES, PSCI_SYSTEM_SUSPEND_64, 0, 0), (u64)PSCI_SUCCESS);
	check("a standby state", smc3(PSCI_CPU_SUSPEND_64, STANDBY, 0, 0), (u64)PSCI_SUCCESS);
	check("share", (u64)hyp(MEM_SHARE_HYP, SHARED_PFN, 0), 0);
	for (i = 0; i < 2; i++) {
		hidden[i] = hidden_region(fdt, (u32)i);
		check_true("a hidden region", hidden[i].size != 0);
		start(make(i, suspend_program, SUSPEND_CODE), SUSPEND_CODE);
		if (i == 0) {
			put();
		}
	}
	guests_go_on(0);
	confined(0);
	power_down(1);
}

void payload_cpu_main(u64 wake)
{
	check("wake-ups", visits, wake - 1);
	visits = wake;
	check("the MMU is off", read_register(sctlr_el1) & 1, 0);
	confined((u32)wake);
	guests_go_on(wake);
	if (wake < WAKES) {
		power_down(wake + 1);
	}
	put();
	end(&guests[0]);
	end(&guests[1]);
	check("unshare", (u64)hyp(MEM_UNSHARE_HYP, SHARED_PFN, 0), 0);
	finish("suspend");
}
