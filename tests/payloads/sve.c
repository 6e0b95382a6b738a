/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SVE, on the real image: the guest of sve_program.S in three VMs at once, one of them protected and one without SVE,
 * which take turns on two CPUs. Each has its own vectors and finds them again; this host finds its V0 to V31, and in Z,
 * P and FFR nothing that a guest left there.
 */
#include "payload.h"
#include "sve_program.h"

#include <gen/vcpu.h>

#define SPARE 0x44000000u /* RAM that nobody uses */
#define TURNS 20u
#define FIRST 0x5a5a000000000000u
#define FAULT_STORED (FAULT_VALID + 3 * FAULT_SIZE + FAULT_WRITE)
#define VMS 3u
#define Z_WORDS 32u /* of a vector, as sve_store() has it */
#define P_WORDS 4u
#define KEPT (32u * Z_WORDS + 17u * P_WORDS)
#define PFR0_SVE(value) ((value) >> 32 & 0xfu)

enum { OF_VM, OF_VCPU, OF_HIGH, OF_HIGH_PAGES, OF_CODE, OF_COUNT };

struct guest {
	u64 handle;
	u64 protected;
	u64 units; /* of 128 bits, of its vectors; 0: no SVE */
	u64 first; /* its first element */
	u64 told;
};

extern const u64 sve_program[512];
void sve_ones(void);
void sve_store(u64 *words);

static u64 lengths; /* as STAT_SVE has them */
static struct guest guests[VMS];
static volatile u64 visits;

#define read_register(name)                                        \
	({                                                         \
		u64 value_;                                        \
		__asm__ volatile("mrs %0, " #name : "=r"(value_)); \
		value_;                                            \
	})

/* The longest vectors of a VM that are no longer than @units. */
static u64 longest(u64 units)
{
	u64 n;

	for (n = units; n > 1 && (lengths >> (n - 1) & 1) == 0; n--) {
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

/* The host's are others each time. @uses: the guest uses SVE, if it has that. */
static struct result enter(struct guest *g, u32 uses)
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
		kept_by(mine, zcr, uses != 0 && g->units != 0);
	}
	return r;
}

/* What it tells by a store to word @id. */
static u64 told(const char *what, struct guest *g, u64 id)
{
	struct result r = enter(g, id > SVE_SAY_ZFR0);

	if (r.exit != (s64)EXIT_FAULT || r.x2 != FAULT_STORED + SVE_SAY + 8 * id) {
		put_string(what);
		put_string("\n");
		check("  exit", (u64)r.exit, EXIT_FAULT);
		check("  x2", r.x2, FAULT_STORED + SVE_SAY + 8 * id);
	}
	return r.x3;
}

static void says(const char *what, struct guest *g, u64 id, u64 value)
{
	check(what, told(what, g, id), value);
}

static u64 first_frame(const struct guest *g)
{
	return SPARE / 4096u + (g->handle - VM_HANDLE_BASE) * OF_COUNT;
}

/* Out of line: else the compiler makes a constant of the difference of both, which nobody relocates. */
static __attribute__((noinline)) void copy(volatile u64 *to, const u64 *from)
{
	u64 i;

	for (i = 0; i < 512; i++) {
		to[i] = from[i];
	}
}

/* The vectors of a VM are the host's to name until it turns a vCPU on, of one that is not protected for ever. */
static void choose(struct guest *g)
{
	u64 want = lengths == 0 && g->units != 0 ? (u64)HYP_EPERM : 0;

	check("vectors that are too long", (u64)vm(VCPU_SET_REG, CTX_SVE, 5, 0), (u64)HYP_EINVAL);
	check("vectors beyond all", (u64)vm(VCPU_SET_REG, CTX_SVE, 0x100000001u, 0), (u64)HYP_EINVAL);
	check("some", (u64)vm(VCPU_SET_REG, CTX_SVE, 1, 0), lengths == 0 ? (u64)HYP_EPERM : 0);
	check("its vectors", (u64)vm(VCPU_SET_REG, CTX_SVE, g->units, 0), want);
}

static void make(struct guest *g)
{
	const u64 first = first_frame(g);

	copy((volatile u64 *)(uintptr_t)((first + OF_CODE) * 4096u), sve_program);
	check("reserve", (u64)vm(VM_RESERVE, 0, 0, 0), g->handle);
	check("a VM", (u64)vm(VM_INIT, g->handle, first + OF_VM, g->protected), 0);
	check("a vCPU", (u64)vm(VCPU_INIT, g->handle, 0, first + OF_VCPU), 0);
	check("a table", (u64)vm(VM_TABLE, g->handle, SVE_CODE / 4096u, first + OF_HIGH), 0);
	check("another table", (u64)vm(VM_TABLE, g->handle, SVE_CODE / 4096u, first + OF_HIGH_PAGES), 0);
	check("a page", (u64)vm(VM_MAP, g->handle, SVE_CODE / 4096u, first + OF_CODE), 0);
	check("load", (u64)vm(VCPU_LOAD, g->handle, 0, 0), 0);
	choose(g);
	check("entry", (u64)vm(VCPU_SET_REG, CTX_PC, SVE_CODE, 0), 0);
	check("first element", (u64)vm(VCPU_SET_REG, CTX_X0, g->first, 0), 0);
	check("on", (u64)vm(VCPU_POWER, 1, 0, 0), 0);
	check("others afterwards", (u64)vm(VCPU_SET_REG, CTX_SVE, 0, 0), g->protected != 0 ? (u64)HYP_EPERM : 0);
	if (g->protected == 0 && lengths != 0) {
		check("and as they were", (u64)vm(VCPU_SET_REG, CTX_SVE, g->units, 0), 0);
	}
}

static void put(void)
{
	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
}

static void end(struct guest *g)
{
	const u64 first = first_frame(g);

	check("tear down", (u64)vm(VM_TEARDOWN, g->handle, 0, 0), 0);
	check("reclaim a page", (u64)vm(VM_RECLAIM, g->handle, first + OF_CODE, 0), 0);
	check("reclaim a table", (u64)vm(VM_RECLAIM, g->handle, first + OF_HIGH, 0), 0);
	check("reclaim another", (u64)vm(VM_RECLAIM, g->handle, first + OF_HIGH_PAGES, 0), 0);
	check("reclaim the vCPU", (u64)vm(VCPU_RECLAIM, g->handle, 0, 0), 0);
	check("end", (u64)vm(VM_FINALIZE, g->handle, 0, 0), 0);
}

/* What it is shown, by hand; its registers are 0 at first. */
static void begins(struct guest *g)
{
	u64 pfr0 = told("PFR0", g, SVE_SAY_PFR0);
	u64 zfr0 = told("ZFR0", g, SVE_SAY_ZFR0);

	if (g->units == 0 || lengths == 0) {
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
	says("bytes of a vector", g, SVE_SAY_LENGTH, 16 * longest(g->units));
	says("ZCR_EL1", g, SVE_SAY_ZCR, 0xf);
}

/* Its vectors are its own, all but @other parts of them. */
static void turn(struct guest *g, u64 other)
{
	if (g->units == 0) {
		return;
	}
	says("filled", g, SVE_SAY_FILLED, g->first);
	says("others", g, SVE_SAY_OTHER, other);
	says("others behind a call", g, SVE_SAY_AGAIN, 0);
}

static void taken_turns(void)
{
	u64 i;

	for (i = 0; i < VMS; i++) {
		check("load", (u64)vm(VCPU_LOAD, guests[i].handle, 0, 0), 0);
		turn(&guests[i], 0);
		put();
	}
}

static void word_is(const char *what, struct guest *g, u64 word, u64 value)
{
	struct result r = call(VCPU_GET_REG, word, 0x77, 0x88);
	u64 refused = g->protected != 0 || g->units == 0 ? (u64)HYP_EPERM : 0;

	check(what, (u64)r.exit, refused);
	check("its value", r.x2, refused != 0 ? 0x77 : value);
}

/* The host reaches the words of one that is not protected. */
static void words(struct guest *g)
{
	u64 refused = g->protected != 0 || g->units == 0 ? (u64)HYP_EPERM : 0;
	u64 n = longest(g->units);

	check("load", (u64)vm(VCPU_LOAD, g->handle, 0, 0), 0);
	if (g->units != 0) {
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
	if (g->units != 0) {
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
	for (i = 0; i < VMS; i++) {
		u64 units = i == 2 ? 0 : longest(4 - 2 * i);

		guests[i] = (struct guest){ VM_HANDLE_BASE + i, i % 2, units, FIRST + (i << 40), 0 };
		make(&guests[i]);
		begins(&guests[i]);
		put();
	}
	for (i = 0; i < TURNS && lengths != 0; i++) {
		taken_turns();
	}
	if (lengths != 0) {
		for (i = 0; i < VMS; i++) {
			words(&guests[i]);
		}
		check("CPU_ON", smc3(PSCI_CPU_ON_64, 1, (u64)(uintptr_t)payload_secondary, 1), 0);
		while (visits == 0) {
		}
		taken_turns();
	}
	for (i = 0; i < VMS; i++) {
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
