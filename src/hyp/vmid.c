/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch.h"
#include "vmid.h"

struct vmid_state vmid_state;

void vmid_setup(u32 bits)
{
	vmid_state.generation = 1;
	vmid_state.next = 1;
	if (bits == 16) {
		vmid_state.limit = 65536u;
	} else {
		vmid_state.limit = 256u;
	}
}

struct vmid vmid_update(struct vmid old)
{
	struct vmid fresh;

	if (old.generation == vmid_state.generation) {
		return old;
	}
	if (vmid_state.next == vmid_state.limit) {
		vmid_state.generation = vmid_state.generation + 1;
		vmid_state.next = 1;
		tlbi_vmids();
	}
	fresh.generation = vmid_state.generation;
	fresh.id = vmid_state.next;
	vmid_state.next = vmid_state.next + 1;
	return fresh;
}
