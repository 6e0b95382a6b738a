/* SPDX-License-Identifier: BSD-2-Clause */
/* A host in mode none: it has EL2, and until it sets its own vectors, Hypatia's answer like a kernel's stub. */
#include "payload.h"

#include <asm/stub.h>

#define NO_STUB_CALL 7u

static u64 vectors(void)
{
	u64 value;

	__asm__ volatile("mrs %0, vbar_el2" : "=r"(value));
	return value;
}

void payload_main(u64 fdt)
{
	u64 stub = vectors();
	u64 level;

	(void)fdt;
	__asm__ volatile("mrs %0, CurrentEL" : "=r"(level));
	check("exception level", level >> 2, 2);
	check("reset the vectors", hvc3(STUB_RESET_VECTORS, 0, 0, 0), 0);
	check("they are the stub's", vectors(), stub);
	check("a call that the stub does not know", hvc3(NO_STUB_CALL, 0, 0, 0), STUB_UNKNOWN);
	check("set the vectors", hvc3(STUB_SET_VECTORS, stub + 2048u, 0, 0), 0);
	check("they are set", vectors(), stub + 2048u);
	finish("stub");
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
}
