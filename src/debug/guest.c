/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include "guest.h"

#define ENTRY_FRAME(e) ((e) / PAGE_SIZE % PFN_COUNT)

/* Page @n of VM @v is the guest's own business: 0, or why it is not. */
static u32 refused(u32 v, struct model_place at)
{
	return model_vm[v].state != VM_LIVE || model_vm[v].protected == 0 || model_has(at) == 0;
}

static u32 lend(u32 v, u64 n, u32 move)
{
	struct model_place at = model_way(v, n);

	if (refused(v, at) != 0) {
		return 1;
	}
	return model_move(move, ENTRY_FRAME(at.entry), 1) != 0;
}

/* It may also be refused when tables for it are short, as @lacks says; then all is as it was. */
static u32 relinquish(u32 v, u64 n, u32 lacks)
{
	struct model_place at = model_way(v, n);

	if (refused(v, at) != 0 || lacks != 0 || model_move(MOVE_GUEST_RELINQUISH, ENTRY_FRAME(at.entry), 1) != 0) {
		return 1;
	}
	model_take(v, ENTRY_FRAME(at.entry));
	return 0;
}

static void halt(u32 v)
{
	u32 i;

	for (i = 0; i < VCPUS_MAX; i++) {
		model_vm[v].power[i] = oracle_power_halt(model_vm[v].power[i]).state;
	}
}

u32 model_guest(u32 v, u32 i, const struct guest_answer *a, u32 lacks)
{
	struct model_place at;
	u64 n = a->arg1 / PAGE_SIZE;

	switch (a->effect) {
	case GUEST_SHARE:
		return lend(v, n, MOVE_GUEST_SHARE_HOST);
	case GUEST_UNSHARE:
		return lend(v, n, MOVE_GUEST_UNSHARE_HOST);
	case GUEST_RELINQUISH:
		return relinquish(v, n, lacks);
	case GUEST_MMIO:
		at = model_way(v, n);
		return at.level == 3 && at.entry != 0;
	case GUEST_CPU_ON:
		model_vm[v].power[a->arg1] = oracle_power_on(model_vm[v].power[a->arg1]).state;
		return 0;
	case GUEST_CPU_OFF:
		model_vm[v].power[i] = oracle_power_off(model_vm[v].power[i]).state;
		return 0;
	case GUEST_SYSTEM_OFF:
	case GUEST_SYSTEM_RESET:
		halt(v);
		return 0;
	case GUEST_ANSWER:
	case GUEST_HOST:
	case GUEST_SUSPEND:
	case GUEST_RANDOM:
	case GUEST_MEASUREMENT:
		return 0;
	default:
		report_value("the checker does not know effect", a->effect, 0, a->effect);
	}
}
