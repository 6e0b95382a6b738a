/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch.h"
#include "keys.h"

u32 keys_take(u32 cpu)
{
	if (arch_has_keys() == 0) {
		return 0;
	}
	arch_keys_host_save(cpu);
	arch_keys_guest_restore(cpu);
	return 1;
}

void keys_return(u32 cpu, u32 has)
{
	if (has != 0) {
		arch_keys_guest_save(cpu);
		arch_keys_host_restore(cpu);
	}
}
