/* SPDX-License-Identifier: BSD-2-Clause */
/* Short: the host runs at EL1 under Hypatia. Used where firmware offers no PSCI. */
#include "payload.h"

#define UNKNOWN_SMC 0xc3001234u
#define LATE 0x5f800000u /* RAM, or no RAM from the second page on */

void payload_main(u64 fdt)
{
	struct region hidden = hidden_region(fdt, 0);
	u64 level;

	__asm__ volatile("mrs %0, CurrentEL" : "=r"(level));
	check("exception level", level >> 2, 1);
	check("an SMC that firmware does not know", smc3(UNKNOWN_SMC, 0, 0, 0), (u64)PSCI_NOT_SUPPORTED);
	check("version", (u64)hyp(HYP_VERSION, 0, 0), ABI_MAJOR * 65536u + ABI_MINOR);
	check_true("hidden memory is in the device tree", hidden.size);
	take_faults(0);
	probe_read(hidden.base);
	check("it is not reachable", take_faults(0), 1);
	probe_read(LATE);
	probe_read(LATE + 4096u);
	check("two late pages are", take_faults(0), 0);
	finish("entry");
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
}
