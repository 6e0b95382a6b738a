/* SPDX-License-Identifier: BSD-2-Clause */
#include <gen/sysregs.h>

#include "arch.h"
#include "fp.h"

u32 fp_take(u32 cpu, u32 has)
{
	if (has != 0) {
		return 1;
	}
	if (esr_el2_ec(read_esr_el2()) != TRAP_EC_FP) {
		return 0;
	}
	arch_fp_host_save(cpu);
	arch_fp_guest_restore(cpu);
	return 1;
}

void fp_return(u32 cpu, u32 has)
{
	if (has != 0) {
		arch_fp_guest_save(cpu);
		arch_fp_host_restore(cpu);
	}
}
