/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What calls and faults cost, in counter ticks; on -cpu max under -icount shift=0 a tick is an
 * instruction, on other CPUs 16. tools/bench reads the lines.
 */
#include "payload.h"

#define SPARE 0x44000000u
#define SPARE_PFN (SPARE / 4096u)
#define ROUNDS 100u
#define FRESH 0x48400000u /* RAM that was never touched, behind QEMU's device tree */
#define FRESH_STEP 0x200000u

static u64 empty;

static void line(const char *what, u64 ticks, u64 rounds)
{
	u64 frequency;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	put_string("BENCH ");
	put_string(what);
	put_string(" ");
	put_dec(ticks * (1000000000u / frequency) / rounds);
	put_string("\n");
}

void payload_main(u64 fdt)
{
	u64 ticks;
	u64 share = 0;
	u64 unshare = 0;
	u32 i;

	(void)fdt;
	probe_write(SPARE, 1);
	cost_empty(0, 0, 1);
	empty = cost_empty(0, 0, ROUNDS);
	cost(0x12345678u, 0, 1);
	line("hypercall_unknown", cost(0x12345678u, 0, ROUNDS) - empty, ROUNDS);
	line("hypercall_version", cost(HYP_VERSION, 0, ROUNDS) - empty, ROUNDS);
	empty = cost_empty(0, 0, 1);
	hyp(MEM_SHARE_HYP, SPARE_PFN, 0);
	hyp(MEM_UNSHARE_HYP, SPARE_PFN, 0);
	for (i = 0; i < ROUNDS; i++) {
		share += cost(MEM_SHARE_HYP, SPARE_PFN, 1) - empty;
		unshare += cost(MEM_UNSHARE_HYP, SPARE_PFN, 1) - empty;
	}
	line("share", share, ROUNDS);
	line("unshare", unshare, ROUNDS);
	check("the frame is the host's", (u64)hyp(MEM_INFO, SPARE_PFN, 0), FRAME_HOST);
	ticks = cost_touch(0, SPARE, 1);
	line("touch_mapped", ticks, 1);
	for (i = 0; i < 4; i++) {
		ticks = cost_touch(0, FRESH + i * FRESH_STEP, 1);
		line("touch_fresh", ticks, 1);
	}
	finish("bench");
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
}
