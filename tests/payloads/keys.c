/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pointer authentication, on the real image: the guest of keys_program.S in two VMs at once, one protected, which take
 * turns on two CPUs. Each has its own keys and finds them again; this host has others each time, and finds them too.
 */
#include "keys_program.h"
#include "turns.h"

#define TURNS 20u
#define COUNT 10u
#define ISAR1_FIELDS 0xff000ff0u
#define ISAR2_FIELDS 0xf00ff00u

extern const u64 keys_program[512];

static u32 has_keys;

/* The words of the keys are @first and what follows in steps of KEYS_STEP, as in a guest. */
static void keys_write(u64 first)
{
	write_register(s3_0_c2_c1_0, first);
	write_register(s3_0_c2_c1_1, first + KEYS_STEP);
	write_register(s3_0_c2_c1_2, first + 2 * KEYS_STEP);
	write_register(s3_0_c2_c1_3, first + 3 * KEYS_STEP);
	write_register(s3_0_c2_c2_0, first + 4 * KEYS_STEP);
	write_register(s3_0_c2_c2_1, first + 5 * KEYS_STEP);
	write_register(s3_0_c2_c2_2, first + 6 * KEYS_STEP);
	write_register(s3_0_c2_c2_3, first + 7 * KEYS_STEP);
	write_register(s3_0_c2_c3_0, first + 8 * KEYS_STEP);
	write_register(s3_0_c2_c3_1, first + 9 * KEYS_STEP);
	__asm__ volatile("isb");
}

static void keys_read(u64 *words)
{
	words[0] = read_register(s3_0_c2_c1_0);
	words[1] = read_register(s3_0_c2_c1_1);
	words[2] = read_register(s3_0_c2_c1_2);
	words[3] = read_register(s3_0_c2_c1_3);
	words[4] = read_register(s3_0_c2_c2_0);
	words[5] = read_register(s3_0_c2_c2_1);
	words[6] = read_register(s3_0_c2_c2_2);
	words[7] = read_register(s3_0_c2_c2_3);
	words[8] = read_register(s3_0_c2_c3_0);
	words[9] = read_register(s3_0_c2_c3_1);
}

/* What a guest with these keys comes to with PACGA: worked out with the keys here. */
static u64 generic_of(u64 first)
{
	u64 value;

	keys_write(first);
	__asm__ volatile(".arch_extension pauth\n\tpacga %0, %1, %2"
			 : "=r"(value)
			 : "r"(first), "r"((u64)KEYS_OPERAND));
	return value;
}

/* The host's keys are others each time, and its own afterwards. */
static struct result enter(struct guest *g)
{
	static u64 times;
	const u64 mine = 0xc0de000000000000u + (++times << 20);
	u64 words[COUNT];
	struct result r;
	u64 i;

	if (has_keys != 0) {
		keys_write(mine);
	}
	r = call(VCPU_RUN, g->told, 0, 0);
	g->told = r.exit == (s64)EXIT_FAULT ? RUN_ANSWERED : 0;
	if (has_keys == 0) {
		return r;
	}
	keys_read(words);
	for (i = 0; i < COUNT; i++) {
		if (words[i] != mine + i * KEYS_STEP) {
			check("a key of the host's", words[i], mine + i * KEYS_STEP);
		}
	}
	return r;
}

/* What it tells by a store to word @id. */
static u64 told(const char *what, struct guest *g, u64 id)
{
	return told_at(what, g, KEYS_SAY + 8 * id);
}

static void says(const char *what, struct guest *g, u64 id, u64 value)
{
	check(what, told(what, g, id), value);
}

static u64 at_most(u64 value, u32 bit, u64 limit)
{
	u64 field = value >> bit & 0xfu;

	return (field < limit ? field : limit) << bit;
}

/* What it is shown, by hand; its keys are 0 at first. */
static void begins(struct guest *g)
{
	u64 isar1 = read_register(id_aa64isar1_el1);
	u64 isar2 = read_register(s3_0_c0_c6_2);

	check("ID_AA64ISAR1_EL1", told("ISAR1", g, KEYS_SAY_ISAR1) & ISAR1_FIELDS,
	      at_most(isar1, 4, 5) + at_most(isar1, 8, 5) + at_most(isar1, 24, 1) + at_most(isar1, 28, 1));
	check("ID_AA64ISAR2_EL1", told("ISAR2", g, KEYS_SAY_ISAR2) & ISAR2_FIELDS,
	      at_most(isar2, 8, 1) + at_most(isar2, 12, 5) + at_most(isar2, 24, 1));
	if (has_keys != 0) {
		says("no key at first", g, KEYS_SAY_FIRST, 0);
	} else {
		says("keys are undefined", g, KEYS_SAY_ABSENT, 1);
	}
}

/* Its keys are its own, all but @other words of them. */
static void turn(struct guest *g, u64 other)
{
	u64 generic = generic_of(g->first);

	says("other keys", g, KEYS_SAY_OTHER, other);
	check("PACGA", told("PACGA", g, KEYS_SAY_GENERIC) == generic, other == 0);
	check_true("a pointer is signed", told("signed", g, KEYS_SAY_SIGNED) != KEYS_POINTER);
	check_true("another too", told("signed", g, KEYS_SAY_SIGNED) != KEYS_POINTER);
	says("and as they were", g, KEYS_SAY_POINTER, KEYS_POINTER);
	says("PACGA behind a call", g, KEYS_SAY_AGAIN, 0);
}

static void taken_turns(void)
{
	u64 i;

	for (i = 0; i < 2; i++) {
		check("load", (u64)vm(VCPU_LOAD, guests[i].handle, 0, 0), 0);
		turn(&guests[i], 0);
		put();
	}
}

/* The host reaches the words of one that is not protected. */
static void words(struct guest *g)
{
	u64 i;

	check("load", (u64)vm(VCPU_LOAD, g->handle, 0, 0), 0);
	for (i = 0; i < COUNT; i++) {
		struct result r = call(VCPU_GET_REG, CTX_APIAKEYLO_EL1 + i, 0x77, 0x88);

		check("a key word", (u64)r.exit, g->protected != 0 ? (u64)HYP_EPERM : 0);
		check("its value", r.x2, g->protected != 0 ? 0x77 : g->first + i * KEYS_STEP);
	}
	check("another", (u64)vm(VCPU_SET_REG, CTX_APGAKEYLO_EL1, 1, 0), g->protected != 0 ? (u64)HYP_EPERM : 0);
	turn(g, g->protected == 0);
	check("as it was", (u64)vm(VCPU_SET_REG, CTX_APGAKEYLO_EL1, g->first + 8 * KEYS_STEP, 0),
	      g->protected != 0 ? (u64)HYP_EPERM : 0);
	turn(g, 0);
	put();
}

void payload_main(u64 fdt)
{
	u64 i;

	(void)fdt;
	has_keys = (read_register(id_aa64isar1_el1) & ISAR1_FIELDS) != 0 ||
		   (read_register(s3_0_c0_c6_2) & 0xff00u) != 0;
	put_string(has_keys != 0 ? "with keys\n" : "without keys\n");
	for (i = 0; i < 2; i++) {
		begins(start(make(i, keys_program, KEYS_CODE), KEYS_CODE));
		put();
	}
	for (i = 0; i < TURNS && has_keys != 0; i++) {
		taken_turns();
	}
	if (has_keys != 0) {
		words(&guests[0]);
		words(&guests[1]);
		check("CPU_ON", smc3(PSCI_CPU_ON_64, 1, (u64)(uintptr_t)payload_secondary, 1), 0);
		while (visits == 0) {
		}
		taken_turns();
	}
	end(&guests[0]);
	end(&guests[1]);
	finish("keys");
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
	taken_turns();
	visits = 1;
	payload_cpu_off();
}
