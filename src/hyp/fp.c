/* SPDX-License-Identifier: BSD-2-Clause */
#include <gen/sysregs.h>

#include "arch.h"
#include "fp.h"

u32 fp_take(u32 cpu, u32 has, u32 sve)
{
	u64 ec = esr_el2_ec(read_esr_el2());

	if (has != 0) {
		return has;
	}
	if (sve != 0) {
		return ec == TRAP_EC_FP || ec == TRAP_EC_SVE ? vectors_take(cpu) : 0;
	}
	if (ec != TRAP_EC_FP) {
		return 0;
	}
	arch_fp_host_save(cpu);
	arch_fp_guest_restore(cpu);
	return FP_PLAIN;
}

void fp_return(u32 cpu, u32 has)
{
	switch (has) {
	case FP_PLAIN:
		arch_fp_guest_save(cpu);
		arch_fp_host_restore(cpu);
		break;
	case FP_SVE:
		vectors_return(cpu);
		break;
	default:
		break;
	}
}
