/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints, watchpoints and single-step, on the real image: the guest of points_program.S in two VMs at once, one
 * protected, which take turns on two CPUs. Each takes its own exceptions at EL1 and EL0. This host has breakpoints and
 * watchpoints about the same addresses, others each time, which do not fire there, and finds them again.
 */
#include "points_program.h"
#include "turns.h"

#define TURNS 3u
#define HOST_BREAK 0x1e7u  /* E, EL1 and EL0, all four bytes */
#define HOST_WATCH 0x1fffu /* and of loads and stores, all eight */
#define DFR0_POINTS 0xf0f0f000u
#define DFR0_FIXED 0xf000000006u
#define OS_LOCK_OPEN 8u
/* Classes of exceptions. */
#define EC_BREAK_EL0 0x30u
#define EC_BREAK 0x31u
#define EC_WATCH_EL0 0x34u
#define EC_WATCH 0x35u

extern const u64 points_program[512];

/* The two that every CPU has, of each: about what the guest does. */
static void host_points_write(u64 other)
{
	write_register(dbgbvr0_el1, (u64)(POINTS_CODE + POINTS_MARKER));
	write_register(dbgbcr0_el1, (u64)HOST_BREAK);
	write_register(dbgbvr1_el1, other);
	write_register(dbgbcr1_el1, (u64)HOST_BREAK);
	write_register(dbgwvr0_el1, (u64)(POINTS_CODE + POINTS_SPOT));
	write_register(dbgwcr0_el1, (u64)HOST_WATCH);
	write_register(dbgwvr1_el1, other + 8);
	write_register(dbgwcr1_el1, (u64)HOST_WATCH);
	write_register(mdscr_el1, (u64)POINTS_MDSCR_ON);
	__asm__ volatile("isb");
}

static void same(const char *what, u64 got, u64 want)
{
	if (got != want) {
		check(what, got, want);
	}
}

static void host_points_check(u64 other)
{
	same("the host's DBGBVR0", read_register(dbgbvr0_el1), POINTS_CODE + POINTS_MARKER);
	same("the host's DBGBCR0", read_register(dbgbcr0_el1), HOST_BREAK);
	same("the host's DBGBVR1", read_register(dbgbvr1_el1), other);
	same("the host's DBGBCR1", read_register(dbgbcr1_el1), HOST_BREAK);
	same("the host's DBGWVR0", read_register(dbgwvr0_el1), POINTS_CODE + POINTS_SPOT);
	same("the host's DBGWCR0", read_register(dbgwcr0_el1), HOST_WATCH);
	same("the host's DBGWVR1", read_register(dbgwvr1_el1), other + 8);
	same("the host's DBGWCR1", read_register(dbgwcr1_el1), HOST_WATCH);
	same("the host's MDSCR_EL1", read_register(mdscr_el1), POINTS_MDSCR_ON);
}

static struct result enter(struct guest *g)
{
	static u64 times;
	const u64 other = 0x8000 + 0x40 * (times++ % 0x100);
	struct result r;

	host_points_write(other);
	r = call(VCPU_RUN, g->told, 0, 0);
	g->told = r.exit == (s64)EXIT_FAULT ? RUN_ANSWERED : 0;
	host_points_check(other);
	return r;
}

/* What it tells by a store to word @id. */
static u64 told(const char *what, struct guest *g, u64 id)
{
	return told_at(what, g, POINTS_SAY + 8 * id);
}

static void says(const char *what, struct guest *g, u64 id, u64 value)
{
	check(what, told(what, g, id), value);
}

/* One exception of this class, at this place of its page. */
static void says_taken(const char *what, struct guest *g, u64 id, u64 class, u64 place)
{
	says(what, g, id, 1ul << 32 | class << 16 | place);
}

/* What it is shown; none is set, whatever others have set, and none that it did not set fires. */
static void begins(struct guest *g)
{
	says("ID_AA64DFR0_EL1", g, POINTS_SAY_DFR0,
	     (read_register(id_aa64dfr0_el1) & DFR0_POINTS) + DFR0_FIXED);
	says("nothing at first", g, POINTS_SAY_FIRST, 0);
	says("nothing fires", g, POINTS_SAY_OFF, 0);
	says("nor where it would", g, POINTS_SAY_NONE, 0);
	says("MDSCR_EL1", g, POINTS_SAY_MDSCR, 0xb000);
	says("DBGBCR1_EL1", g, POINTS_SAY_CONTROL, 0x3f01e6);
}

static void turn(struct guest *g)
{
	says_taken("a breakpoint", g, POINTS_SAY_BREAK, EC_BREAK, POINTS_MARKER);
	says_taken("at EL0", g, POINTS_SAY_BREAK_EL0, EC_BREAK_EL0, POINTS_MARKER);
	says_taken("a watchpoint", g, POINTS_SAY_WATCH, EC_WATCH, POINTS_SPOT);
	says_taken("at EL0", g, POINTS_SAY_WATCH_EL0, EC_WATCH_EL0, POINTS_SPOT);
	says_taken("and again", g, POINTS_SAY_BREAK, EC_BREAK, POINTS_MARKER);
	says("a step over a store", g, POINTS_SAY_STEPPED, g->first);
	says("all steps", g, POINTS_SAY_STEPS, POINTS_STEPS);
	says("each an instruction", g, POINTS_SAY_SUM, 4 * POINTS_STEPS * (POINTS_STEPS + 1) / 2);
	says("at EL0", g, POINTS_SAY_STEPPED_EL0, g->first);
	says("all steps", g, POINTS_SAY_STEPS_EL0, 3);
	says("a register that is kept", g, POINTS_SAY_KEPT, g->first);
	says("the OS lock", g, POINTS_SAY_LOCK, OS_LOCK_OPEN);
	says("off", g, POINTS_SAY_QUIET, 0);
}

static void taken_turns(void)
{
	u64 i;

	for (i = 0; i < 2; i++) {
		check("load", (u64)vm(VCPU_LOAD, guests[i].handle, 0, 0), 0);
		turn(&guests[i]);
		put();
	}
}

/* The host reaches the words of one that is not protected. */
static void words(struct guest *g)
{
	struct result r;

	check("load", (u64)vm(VCPU_LOAD, g->handle, 0, 0), 0);
	r = call(VCPU_GET_REG, CTX_DBGWVR1_EL1, 0x77, 0x88);
	check("a word", (u64)r.exit, g->protected != 0 ? (u64)HYP_EPERM : 0);
	check("its value", r.x2, g->protected != 0 ? 0x77 : g->first);
	check("set", (u64)vm(VCPU_SET_REG, CTX_DBGWVR1_EL1, 1, 0), g->protected != 0 ? (u64)HYP_EPERM : 0);
	r = call(VCPU_GET_REG, CTX_DBGWVR1_EL1, 0x77, 0x88);
	check("its value", r.x2, g->protected != 0 ? 0x77 : 1);
	put();
}

/* One that none was set of yet has what the host sets, and nothing else. */
static void second(const struct guest *g)
{
	struct result r;

	check("load the second", (u64)vm(VCPU_LOAD, g->handle, 1, 0), 0);
	check("a point of it", (u64)vm(VCPU_SET_REG, CTX_DBGWVR1_EL1, 0x1234, 0), 0);
	r = call(VCPU_GET_REG, CTX_DBGWVR1_EL1, 0x77, 0x88);
	check("is kept", r.x2, 0x1234);
	r = call(VCPU_GET_REG, CTX_DBGBCR1_EL1, 0x77, 0x88);
	check("of another vCPU nothing", r.x2, 0);
	put();
}

static void run_first(u64 i)
{
	struct guest *g = start(make(i, points_program, POINTS_CODE), POINTS_CODE);

	begins(g);
	turn(g);
	put();
}

void payload_main(u64 fdt)
{
	u64 i;

	(void)fdt;
	/* None of its own fires here. */
	__asm__ volatile("msr daifset, #8");
	run_first(0);
	check("CPU_ON", smc3(PSCI_CPU_ON_64, 1, (u64)(uintptr_t)payload_secondary, 1), 0);
	while (visits == 0) {
	}
	for (i = 0; i < TURNS; i++) {
		taken_turns();
	}
	words(&guests[0]);
	words(&guests[1]);
	end(&guests[0]);
	end(&guests[1]);
	check("no exception here", take_faults(0), 0);
	finish("points");
}

void payload_cpu_main(u64 cpu)
{
	__asm__ volatile("msr daifset, #8");
	run_first(1);
	second(&guests[0]);
	taken_turns();
	check("no exception here", take_faults((u32)cpu), 0);
	visits = 1;
	payload_cpu_off();
}
