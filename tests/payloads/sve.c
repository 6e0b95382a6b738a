/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SVE, on the real image: the guest of sve_program.S in three VMs at once, one of them protected and one without SVE,
 * which take turns on two CPUs. Each has its own vectors and finds them again; this host finds its V0 to V31, and in Z,
 * P and FFR nothing that a guest left there.
 */
#include "sve_program.h"
#include "turns.h"

#define TURNS 20u
#define Z_WORDS 32u /* of a vector, as sve_store() has it */
#define P_WORDS 4u
#define KEPT (32u * Z_WORDS + 17u * P_WORDS)
#define PFR0_SVE(value) ((value) >> 32 & 0xfu)

extern const u64 sve_program[512];
void sve_ones(void);
void sve_store(u64 *words);

static u64 lengths;       /* as STAT_SVE has them */
static u64 units[GUESTS]; /* of 128 bits, of a guest's vectors; 0: no SVE */
static u32 uses;          /* the guest uses SVE until its next exit, if it has that */

static u64 units_of(const struct guest *g)
{
	return units[g->handle - VM_HANDLE_BASE];
}

/* The longest vectors of a VM that are no longer than @most. */
static u64 longest(u64 most)
{
	u64 n;

	for (n = most; n > 1 && (lengths >> (n - 1) & 1) == 0; n--) {
	}
	return n;
}

static void zcr_write(u64 value)
{
	__asm__ volatile("msr s3_0_c1_c2_0, %0\n\tisb" : : "r"(value));
}

/* V0 to V31 are the host's, and the rest is, or is gone where a guest with SVE may have left something: @cleared. */
static void kept_by(const u64 *mine, u64 zcr, u32 cleared)
{
	static u64 words[KEPT] __attribute__((aligned(256)));
	static u64 fp[FP_COUNT] __attribute__((aligned(16)));
	u64 others = 0;
	u64 left = 0;
	u64 i;

	check("ZCR_EL1", read_register(s3_0_c1_c2_0), zcr);
	zcr_write(0xf);
	sve_store(words);
	fp_store(fp);
	for (i = 0; i < FP_COUNT; i++) {
		others += fp[i] != mine[i];
	}
	for (i = 0; i < KEPT; i++) {
		left |= i < 32u * Z_WORDS && i % Z_WORDS < 2 ? 0 : words[i];
	}
	if (cleared == 0) {
		left = 0;
		others += words[32u * Z_WORDS] == 0 || words[32u * Z_WORDS + 16u * P_WORDS] == 0;
	}
	if (others != 0 || left != 0) {
		check("registers of FP and SIMD that are not the host's", others, 0);
		check("what is left in Z, P and FFR", left, 0);
	}
}

/* The host's are others each time. */
static struct result enter(struct guest *g)
{
	static u64 mine[FP_COUNT] __attribute__((aligned(16)));
	static u64 times;
	const u64 zcr = ++times % 4;
	struct result r;
	u64 i;

	for (i = 0; i < FP_COUNT; i++) {
		mine[i] = 0xc0de000000000000u + (times << 20) + i;
	}
	mine[64] = times % 32; /* FPSR */
	mine[65] = times % 4 << 22;
	if (lengths != 0) {
		zcr_write(0xf);
		sve_ones();
		fp_load(mine);
		zcr_write(zcr);
	}
	r = call(VCPU_RUN, g->told, 0, 0);
	g->told = r.exit == (s64)EXIT_FAULT ? RUN_ANSWERED : 0;
	if (lengths != 0) {
		kept_by(mine, zcr, uses != 0 && units_of(g) != 0);
	}
	return r;
}

/* What it tells by a store to word @id. */
static u64 told(const char *what, struct guest *g, u64 id)
{
	uses = id > SVE_SAY_ZFR0;
	return told_at(what, g, SVE_SAY + 8 * id);
}

static void says(const char *what, struct guest *g, u64 id, u64 value)
{
	check(what, told(what, g, id), value);
}

/* The vectors of a VM are the host's to name until it turns a vCPU on, of one that is not protected for ever. */
static void choose(struct guest *g)
{
	u64 want = lengths == 0 && units_of(g) != 0 ? (u64)HYP_EPERM : 0;

	check("vectors that are too long", (u64)vm(VCPU_SET_REG, CTX_SVE, 5, 0), (u64)HYP_EINVAL);
	check("vectors beyond all", (u64)vm(VCPU_SET_REG, CTX_SVE, 0x100000001u, 0), (u64)HYP_EINVAL);
	check("some", (u64)vm(VCPU_SET_REG, CTX_SVE, 1, 0), lengths == 0 ? (u64)HYP_EPERM : 0);
	check("its vectors", (u64)vm(VCPU_SET_REG, CTX_SVE, units_of(g), 0), want);
}

static struct guest *begun(u64 i)
{
	struct guest *g = make(i, sve_program, SVE_CODE);

	choose(g);
	start(g, SVE_CODE);
	check("others afterwards", (u64)vm(VCPU_SET_REG, CTX_SVE, 0, 0), g->protected != 0 ? (u64)HYP_EPERM : 0);
	if (g->protected == 0 && lengths != 0) {
		check("and as they were", (u64)vm(VCPU_SET_REG, CTX_SVE, units_of(g), 0), 0);
	}
	return g;
}

/* What it is shown, by hand; its registers are 0 at first. */
static void begins(struct guest *g)
{
	u64 pfr0 = told("PFR0", g, SVE_SAY_PFR0);
	u64 zfr0 = told("ZFR0", g, SVE_SAY_ZFR0);

	if (units_of(g) == 0 || lengths == 0) {
		check("no SVE", PFR0_SVE(pfr0), 0);
		check("nothing of it", zfr0, 0);
		says("ZCR_EL1 is undefined", g, SVE_SAY_ABSENT, 1);
		says("so is SVE, while FP is there", g, SVE_SAY_ABSENT, 1);
		says("FP is", g, SVE_SAY_OTHER, 0);
		return;
	}
	check("SVE", PFR0_SVE(pfr0), 1);
	check("of the machine's version", zfr0 & 0xf, read_register(s3_0_c0_c4_4) & 0xf);
	says("ZCR_EL1 at first", g, SVE_SAY_ZCR, 0);
	says("no bit at first", g, SVE_SAY_FIRST, 0);
	says("bytes of a vector", g, SVE_SAY_LENGTH, 16 * longest(units_of(g)));
	says("ZCR_EL1", g, SVE_SAY_ZCR, 0xf);
}

/* Its vectors are its own, all but @other parts of them. */
static void turn(struct guest *g, u64 other)
{
	if (units_of(g) == 0) {
		return;
	}
	says("filled", g, SVE_SAY_FILLED, g->first);
	says("others", g, SVE_SAY_OTHER, other);
	says("others behind a call", g, SVE_SAY_AGAIN, 0);
}

static void taken_turns(void)
{
	u64 i;

	for (i = 0; i < GUESTS; i++) {
		check("load", (u64)vm(VCPU_LOAD, guests[i].handle, 0, 0), 0);
		turn(&guests[i], 0);
		put();
	}
}

static void word_is(const char *what, struct guest *g, u64 word, u64 value)
{
	struct result r = call(VCPU_GET_REG, word, 0x77, 0x88);
	u64 refused = g->protected != 0 || units_of(g) == 0 ? (u64)HYP_EPERM : 0;

	check(what, (u64)r.exit, refused);
	check("its value", r.x2, refused != 0 ? 0x77 : value);
}

/* The host reaches the words of one that is not protected. */
static void words(struct guest *g)
{
	u64 refused = g->protected != 0 || units_of(g) == 0 ? (u64)HYP_EPERM : 0;
	u64 n = longest(units_of(g));

	check("load", (u64)vm(VCPU_LOAD, g->handle, 0, 0), 0);
	if (units_of(g) != 0) {
		says("filled", g, SVE_SAY_FILLED, g->first);
	}
	word_is("Z3", g, CTX_Z0 + 3 * CTX_VECTOR_WORDS, g->first + 3 * SVE_STEP);
	word_is("Z31", g, CTX_Z0 + 31 * CTX_VECTOR_WORDS + 2 * n - 1, g->first + 31 * SVE_STEP + 2 * n - 1);
	word_is("P0", g, CTX_P0, 1);
	word_is("P15", g, CTX_P0 + 15, 0xffff);
	word_is("FFR", g, CTX_FFR, (1u << SVE_FFR) - 1);
	check("another Z0", (u64)vm(VCPU_SET_REG, CTX_Z0, 1, 0), refused);
	check("another FFR", (u64)vm(VCPU_SET_REG, CTX_FFR, 1, 0), refused);
	check("another P7", (u64)vm(VCPU_SET_REG, CTX_P0 + 7, 0xf, 0), refused);
	check("no register", (u64)vm(VCPU_SET_REG, CTX_P0 - 1, 0, 0), (u64)HYP_EINVAL);
	check("none behind the last", (u64)vm(VCPU_SET_REG, CTX_SVE_END, 0, 0), (u64)HYP_EINVAL);
	if (units_of(g) != 0) {
		says("others", g, SVE_SAY_OTHER, refused != 0 ? 0 : 3);
		says("others behind a call", g, SVE_SAY_AGAIN, 0);
	}
	turn(g, 0);
	put();
}

void payload_main(u64 fdt)
{
	u64 i;

	(void)fdt;
	lengths = (u64)vm(HYP_STATS, STAT_SVE, 0, 0);
	put_string(lengths != 0 ? "with SVE\n" : "without SVE\n");
	check("vectors of nobody", (u64)vm(VCPU_SET_REG, CTX_SVE, 0, 0), (u64)HYP_ENOENT);
	check("Z0 of nobody", (u64)vm(VCPU_GET_REG, CTX_Z0, 0, 0), (u64)HYP_ENOENT);
	check("as the CPU says", lengths != 0, PFR0_SVE(read_register(id_aa64pfr0_el1)) != 0);
	__asm__ volatile("msr cpacr_el1, %0\n\tisb" : : "r"(3ul << 20 | 3ul << 16));
	for (i = 0; i < GUESTS; i++) {
		units[i] = i == 2 ? 0 : longest(4 - 2 * i);
		begins(begun(i));
		put();
	}
	for (i = 0; i < TURNS && lengths != 0; i++) {
		taken_turns();
	}
	if (lengths != 0) {
		for (i = 0; i < GUESTS; i++) {
			words(&guests[i]);
		}
		check("CPU_ON", smc3(PSCI_CPU_ON_64, 1, (u64)(uintptr_t)payload_secondary, 1), 0);
		while (visits == 0) {
		}
		taken_turns();
	}
	for (i = 0; i < GUESTS; i++) {
		end(&guests[i]);
	}
	finish("sve");
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
	__asm__ volatile("msr cpacr_el1, %0\n\tisb" : : "r"(3ul << 20 | 3ul << 16));
	taken_turns();
	visits = 1;
	payload_cpu_off();
}
