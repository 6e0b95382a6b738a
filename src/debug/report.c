/* SPDX-License-Identifier: BSD-2-Clause */
#include <asm/console.h>
#include <asm/cpu.h>

#include "model.h"

/* No pointers: the image has no relocations. */
#define NAME_BYTES 16u
#define NAME(call) [call - HYPERCALL_BASE] = #call

/* A name for each call: none is missing if the last one is there. */
static const char names[][NAME_BYTES] = {
	NAME(HYP_VERSION),    NAME(MEM_SHARE_HYP),   NAME(MEM_UNSHARE_HYP), NAME(MEM_PIN),	 NAME(MEM_UNPIN),
	NAME(MEM_DONATE_HYP), NAME(MEM_RECLAIM_HYP), NAME(MEM_INFO),	    NAME(HYP_STATS),	 NAME(VM_RESERVE),
	NAME(VM_UNRESERVE),   NAME(VM_INIT),	     NAME(VCPU_INIT),	    NAME(VCPU_LOAD),	 NAME(VCPU_PUT),
	NAME(VM_TEARDOWN),    NAME(VCPU_RECLAIM),    NAME(VM_FINALIZE),	    NAME(VCPU_RUN),	 NAME(VCPU_GET_REG),
	NAME(VCPU_SET_REG),   NAME(VM_TABLE),	     NAME(VM_MAP),	    NAME(VM_UNMAP),	 NAME(VM_RECLAIM),
	NAME(VCPU_POWER),     NAME(VM_MAP_READ),     NAME(VM_ACCESS),	    NAME(VM_MEASURE),	 NAME(VM_BEGIN),
	NAME(VM_POISON),      NAME(VM_JOIN),
};

_Static_assert(sizeof(names) == HYPERCALL_COUNT * NAME_BYTES, "a hypercall without a name");

struct reported {
	u32 cpu;
	u64 id;
	u64 a[3];
};

static struct reported now;

void report_call(u32 cpu, u64 id, u64 a1, u64 a2, u64 a3)
{
	now = (struct reported){ cpu, id, { a1, a2, a3 } };
}

void report_value(const char *what, u64 which, u64 expected, u64 found)
{
	u64 n = now.id - HYPERCALL_BASE;

	print("hypatia: debug: %s(0x%lx, 0x%lx, 0x%lx), id 0x%lx, on CPU %u\n",
	      now.id >= HYPERCALL_BASE && n < HYPERCALL_COUNT ? names[n] : "call of a guest or of the SMCCC", now.a[0],
	      now.a[1], now.a[2], now.id, now.cpu);
	print("hypatia: debug: DIVERGENCE: %s 0x%lx: the model says 0x%lx, found 0x%lx\n", what, which, expected,
	      found);
	panic("the core is not its model");
}
