/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests with memory, on the real image: guest_program.S runs in VMs that are protected and not, and this host gives it
 * what it asks for. What it says is compared with what it should have come to.
 */
#include "guest_program.h"
#include "payload.h"

#include <gen/vcpu.h>

#define SPARE 0x44000000u /* RAM that nobody uses */
#define ROUNDS 100u
#define LIVES 25u
#define ANSWER 0x1122334455667788u
#define LOADED 0x8192a3b4c5d6e7f8u
#define PATTERN 0x0123456789abcdefu
#define LATE_PROGRAM 0xd65f03c0d2800aa0u /* mov x0, #0x55; ret */
#define FAULT_READ_OF(size) (FAULT_VALID + (size) * FAULT_SIZE)
#define FAULT_WRITE_OF(size) (FAULT_READ_OF(size) + FAULT_WRITE)

/* Frames of a VM, from its first on: for Hypatia, for its tables, as its pages. */
enum {
	OF_VM, OF_VCPU, OF_SECOND, OF_HIGH, OF_HIGH_PAGES, OF_LOW, OF_LOW_PAGES,
	OF_CODE, OF_DATA, OF_TABLE, OF_LATE_CODE, OF_LATE_READ, OF_LATE_WRITE, OF_DATA_AGAIN, OF_COUNT
};

struct guest {
	u64 handle;
	u64 protected;
	u64 first; /* its first frame, from SPARE on */
	u64 argument;
};

extern const u64 guest_program[512];

static u64 interruptions;

/* What CPU 1 does next, with whom, and how often it has. */
static void (*visit)(const struct guest *g);
static const struct guest *visitor;
static volatile u64 visits;

/* Said only when it is wrong: all of it is done many times. */
static void same(const char *what, u64 got, u64 want)
{
	if (got != want) {
		check(what, got, want);
	}
}

static u32 this_cpu(void)
{
	u64 mpidr;

	__asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
	return (u32)mpidr & 0xffu;
}

static u64 pfn_of(const struct guest *g, u64 n)
{
	return SPARE / 4096u + g->first + n;
}

static volatile u64 *words_of(const struct guest *g, u64 n)
{
	return (volatile u64 *)(uintptr_t)(pfn_of(g, n) * 4096u);
}

static void fill(const struct guest *g, u64 n, u64 value)
{
	u64 i;

	for (i = 0; i < 512; i++) {
		words_of(g, n)[i] = value;
	}
}

/* Not an exit: a store by which the guest tells. */
#define TELLS 0x100u
#define SAID(what) (FAULT_WRITE_OF(3) + G_SAY + 8u * (what))

/* The last exit was one of those: it is answered when that vCPU goes on. */
static u64 told;

/* Of FP and SIMD the host has other values each time; FPSR has all its flags, and FPCR rounds to zero. */
static void fill_fp(u64 *words)
{
	static u64 times;
	u64 i;

	times++;
	for (i = 0; i < FP_COUNT - 2; i++) {
		words[i] = 0xf0f0000000000000u + (times << 8) + i;
	}
	words[FP_COUNT - 2] = 0x0800009fu;
	words[FP_COUNT - 1] = 0x00c00000u;
}

/* The host's own registers are as before. */
static struct result run_once(u64 answered, u64 value)
{
	u64 before[EL1_COUNT];
	u64 after[EL1_COUNT];
	u64 fp_before[FP_COUNT] __attribute__((aligned(16)));
	u64 fp_after[FP_COUNT] __attribute__((aligned(16)));
	struct result r;
	u64 i;

	fill_fp(fp_before);
	fp_load(fp_before);
	read_el1(before);
	r = call(VCPU_RUN, answered | told, value, 0);
	told = r.exit == (s64)EXIT_FAULT && r.x2 >= SAID(0) && r.x2 < SAID(512);
	read_el1(after);
	fp_store(fp_after);
	for (i = 0; i < FP_COUNT; i++) {
		same("a register of the host's FP and SIMD", fp_after[i], fp_before[i]);
	}
	for (i = 0; i < EL1_COUNT; i++) {
		same("a register of the host's EL1", after[i], before[i]);
	}
	return r;
}

/* Until something is for the host; an interrupt has come, then. */
static struct result run(u64 answered, u64 value)
{
	struct result r = run_once(answered, value);

	while (r.exit == (s64)EXIT_NONE || r.exit == (s64)EXIT_IRQ) {
		same("x2 of no exit", r.x2, 0);
		same("x3 of no exit", r.x3, 0);
		if (r.exit == (s64)EXIT_IRQ) {
			same("the interrupt waits", interrupts_pending(), PENDING_IRQ);
			physical_timer(0, 0);
			interruptions++;
		}
		r = run_once(0, 0);
	}
	return r;
}

static void is_exit(const char *what, struct result r, u64 exit, u64 x2, u64 x3)
{
	if (exit == TELLS) {
		exit = EXIT_FAULT;
		x2 = SAID(x2);
	}
	if (r.exit != (s64)exit || r.x2 != x2 || r.x3 != x3) {
		put_string(what);
		put_string("\n");
		check("  exit", (u64)r.exit, exit);
		check("  x2", r.x2, x2);
		check("  x3", r.x3, x3);
	}
}

static void ends(const char *what, u64 exit, u64 x2, u64 x3)
{
	is_exit(what, run(0, 0), exit, x2, x3);
}

static void answered(const char *what, u64 value, u64 exit, u64 x2, u64 x3)
{
	is_exit(what, run(1, value), exit, x2, x3);
}

static void says(const char *what, u64 id, u64 value)
{
	ends(what, TELLS, id, value);
}

static void give(const struct guest *g, u64 address, u64 n)
{
	same("a page", (u64)vm(VM_MAP, g->handle, address / 4096u, pfn_of(g, n)), 0);
}

static void begin(const struct guest *g)
{
	u64 i;

	for (i = 0; i < OF_COUNT; i++) {
		fill(g, i, PATTERN + i);
	}
	for (i = 0; i < 512; i++) {
		words_of(g, OF_CODE)[i] = guest_program[i];
	}
	words_of(g, OF_DATA)[0] = g->argument + 1;
	words_of(g, OF_LATE_CODE)[0] = LATE_PROGRAM;
	/* Stage 1 of the guest: blocks of a GiB, devices, memory, devices again. */
	fill(g, OF_TABLE, 0);
	words_of(g, OF_TABLE)[0] = 0x405;
	words_of(g, OF_TABLE)[1] = 0x40000000 + 0x701;
	words_of(g, OF_TABLE)[2] = 0x405;
	same("reserve", (u64)vm(VM_RESERVE, 0, 0, 0), g->handle);
	same("a VM", (u64)vm(VM_INIT, g->handle, pfn_of(g, OF_VM), g->protected), 0);
	same("a vCPU", (u64)vm(VCPU_INIT, g->handle, 2, pfn_of(g, OF_VCPU)), 0);
	same("another vCPU", (u64)vm(VCPU_INIT, g->handle, 3, pfn_of(g, OF_SECOND)), 0);
	same("no table", (u64)vm(VM_MAP, g->handle, G_CODE / 4096u, pfn_of(g, OF_CODE)), (u64)HYP_ENOENT);
	for (i = OF_HIGH; i <= OF_LOW_PAGES; i++) {
		u64 address = i < OF_LOW ? G_CODE : G_DEVICE;

		same("a table", (u64)vm(VM_TABLE, g->handle, address / 4096u, pfn_of(g, i)), 0);
	}
	same("no table is missing", (u64)vm(VM_TABLE, g->handle, G_CODE / 4096u, pfn_of(g, OF_CODE)), (u64)HYP_EBUSY);
	give(g, G_CODE, OF_CODE);
	give(g, G_DATA, OF_DATA);
	same("a page twice", (u64)vm(VM_MAP, g->handle, G_DATA / 4096u, pfn_of(g, OF_DATA_AGAIN)), (u64)HYP_EBUSY);
	same("a frame twice", (u64)vm(VM_MAP, g->handle, G_TABLE / 4096u, pfn_of(g, OF_DATA)), (u64)HYP_EPERM);
	same("load", (u64)vm(VCPU_LOAD, g->handle, 2, 0), 0);
	same("entry", (u64)vm(VCPU_SET_REG, CTX_PC, G_CODE, 0), 0);
	same("argument", (u64)vm(VCPU_SET_REG, CTX_X0, g->argument, 0), 0);
	same("run what is off", (u64)vm(VCPU_RUN, 0, 0, 0), EXIT_OFF);
	same("on", (u64)vm(VCPU_POWER, 1, 0, 0), 0);
	same("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
}

static void load(const struct guest *g)
{
	same("load", (u64)vm(VCPU_LOAD, g->handle, 2, 0), 0);
}

static void put(void)
{
	same("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
}

/* The host reads a word of the guest's, or takes an exception when that is the guest's alone. */
static void host_reads(const struct guest *g, u64 n, u64 word, u64 want)
{
	u64 got;

	take_faults(this_cpu());
	got = probe_read((u64)(uintptr_t)&words_of(g, n)[word]);
	same("exceptions of a read", take_faults(this_cpu()), g->protected);
	if (g->protected != 0) {
		same("class", last_class(this_cpu()), EC_DATA_ABORT);
		probe_write((u64)(uintptr_t)&words_of(g, n)[word], 0);
		same("exceptions of a write", take_faults(this_cpu()), 1);
	} else {
		same("what the guest wrote", got, want);
	}
}

/* What the guest has in word @i of FP and SIMD. */
static u64 fp_word(const struct guest *g, u64 i)
{
	u64 first = g->argument + 1;

	return i == FP_COUNT - 2 ? first & FP_FPSR_BITS :
	       i == FP_COUNT - 1 ? (first & FP_FPCR_BITS) << FP_FPCR_LOW : first + FP_STEP * i;
}

/* The host reads all of it, and writes @value to one word; nothing of a protected VM's. */
static void fp_of(const struct guest *g, u64 value)
{
	struct result r;
	u64 i;

	for (i = 0; i < FP_COUNT; i++) {
		r = call(VCPU_GET_REG, CTX_V0 + i, 0x77, 0);
		same("a register of FP and SIMD", (u64)r.exit, g->protected != 0 ? (u64)HYP_EPERM : 0);
		same("its value", r.x2, g->protected != 0 || r.exit != 0 ? 0x77 : fp_word(g, i));
	}
	same("it is set", (u64)vm(VCPU_SET_REG, CTX_V0 + 2 * 31 + 1, value, 0), g->protected != 0 ? (u64)HYP_EPERM : 0);
}

static void greets(const struct guest *g)
{
	says("argument", SAY_ARGUMENT, g->argument);
	if (g->protected != 0) {
		says("a call is not the host's", SAY_ANSWER, ~(u64)0);
	} else {
		ends("a call", EXIT_HVC, CALL_UNKNOWN, 0x33);
		answered("its answer", ANSWER, TELLS, SAY_ANSWER, ANSWER);
	}
	says("data", SAY_DATA, g->argument + 1);
	fp_of(g, LOADED);
}

static void stores(const struct guest *g)
{
	says("its FP and SIMD, but for what the host set", SAY_FP, g->protected == 0);
	says("stored", SAY_STORED, STORED);
	host_reads(g, OF_DATA, 1, STORED);
}

/* An access of 2^@size bytes, and what is stored, or in the register afterwards. */
struct access {
	u64 size;
	u64 offset;
	u64 value;
};

/* Accesses that the host answers: what it learns of them, and what becomes of its answer. */
static void device(void)
{
	static const struct access loads[] = {
		{ 3, 0, LOADED }, { 2, 8, 0xc5d6e7f8 }, { 1, 2, 0xe7f8 }, { 0, 1, 0xf8 }, { 0, 3, 0xfffffffffffffff8 },
		{ 0, 3, 0xfffffff8 }, { 1, 4, 0xffffffffffffe7f8 }, { 1, 4, 0xffffe7f8 }, { 2, 12, 0xffffffffc5d6e7f8 },
		{ 3, 0, 0xffffffffffffffff },
	};
	static const struct access stored[] = {
		{ 3, 0, STORED }, { 2, 4, 0x89abcdef }, { 1, 6, 0xcdef }, { 0, 7, 0xef }, { 3, 8, 0 },
	};
	u64 i;

	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		ends("a load", EXIT_FAULT, FAULT_READ_OF(loads[i].size) + G_DEVICE + loads[i].offset, 0);
		answered("a load is answered", LOADED, TELLS, SAY_LOADED, loads[i].value);
	}
	for (i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
		is_exit("a store", run(i != 0, LOADED), EXIT_FAULT,
			FAULT_WRITE_OF(stored[i].size) + G_DEVICE + stored[i].offset, stored[i].value);
	}
	answered("stores change no register", LOADED, TELLS, SAY_STORED, STORED);
}

/* Accesses that the host does not answer but gives memory for. */
static void late(const struct guest *g)
{
	u64 sum = 2 * (PATTERN + OF_LATE_READ);

	ends("a pair", EXIT_FAULT, G_LATE_READ, 0);
	answered("which has no answer", LOADED, EXIT_FAULT, G_LATE_READ, 0);
	give(g, G_LATE_READ, OF_LATE_READ);
	says("the pair", SAY_PAIR, sum);
	ends("a pair that is stored", EXIT_FAULT, FAULT_WRITE + G_LATE_WRITE, 0);
	give(g, G_LATE_WRITE, OF_LATE_WRITE);
	says("it is stored", SAY_PAIR, sum);
	host_reads(g, OF_LATE_WRITE, 1, sum);
	ends("a fetch", EXIT_FAULT, FAULT_FETCH + G_LATE_CODE, 0);
	give(g, G_LATE_CODE, OF_LATE_CODE);
	says("fetched", SAY_CALLED, 0x55);
}

#define read_register(name)                                              \
	({                                                               \
		u64 value_;                                              \
		__asm__ volatile("mrs %0, " #name : "=r"(value_)); \
		value_;                                                  \
	})

/* With FEAT_RNG in the machine guests have random numbers, as many bits as they ask for; else they are told of none. */
static void has_random(void)
{
	u64 has = read_register(id_aa64isar0_el1) >> 60 != 0;
	u64 refused = has ? 0 : ~(u64)0;

	says("TRNG_VERSION", SAY_RANDOM, has ? 0x10000 : refused);
	says("164 random bits", SAY_RANDOM, refused);
	says("and not more", SAY_RANDOM, 0);
	says("are not 0", SAY_RANDOM, has);
	says("40 in registers of 32", SAY_RANDOM, refused);
	says("and no more", SAY_RANDOM, 0);
	says("are not 0 either", SAY_RANDOM, has);
	says("20 in one", SAY_RANDOM, refused);
	says("and none in the others", SAY_RANDOM, 0);
	says("nor are these 0", SAY_RANDOM, has);
	says("193 are too many", SAY_RANDOM, has ? ~(u64)1 : refused);
}

/* QEMU does not always stop at a WFE, and the architecture need not. */
static void waits(void)
{
	struct result r;

	ends("WFI", EXIT_WFX, 0, 0);
	says("behind WFI", SAY_WAITED, 0);
	do {
		r = run(0, 0);
	} while (r.exit == (s64)EXIT_WFX && r.x2 == 1 && r.x3 == 0);
	is_exit("behind WFE", r, TELLS, SAY_WAITED, 0);
	says("PSCI by SMC", SAY_SMC, 0x10001);
	has_random();
}

static void exceptions(void)
{
	says("SVC", SAY_EXCEPTION, 0x56000005);
	says("BRK", SAY_EXCEPTION, 0xf2000007);
	says("SMC with an immediate", SAY_EXCEPTION, 0x2000000);
	says("HVC with an immediate", SAY_EXCEPTION, 0x2000000);
	says("MTE", SAY_EXCEPTION, 0x2000000);
	says("exceptions", SAY_COUNT, 5);
}

/* Field @bit of an ID register @value, but at most @limit. */
static u64 at_most(u64 value, u32 bit, u64 limit)
{
	u64 field = value >> bit & 0xfu;

	return (field < limit ? field : limit) << bit;
}

/* FP, SIMD: 15 is none. */
static u64 at_most_1_signed(u64 value, u32 bit)
{
	u64 field = value >> bit & 0xfu;

	return (field == 15 ? 15 : field != 0) << bit;
}

/* What this CPU has, but for what a guest has not: by hand, of the Arm ARM's fields. */
static u64 guest_pfr0(void)
{
	u64 pfr0 = read_register(id_aa64pfr0_el1);

	return 0x11 + at_most_1_signed(pfr0, 16) + at_most_1_signed(pfr0, 20) + at_most(pfr0, 48, 1) +
	       at_most(pfr0, 56, 1) + (pfr0 >> 60 << 60);
}

static u64 guest_mmfr0(void)
{
	u64 mmfr0 = read_register(id_aa64mmfr0_el1);

	return at_most(mmfr0, 0, 5) + at_most(mmfr0, 4, 2) + at_most(mmfr0, 8, 1) + at_most(mmfr0, 16, 1) +
	       at_most(mmfr0, 20, 1) + (mmfr0 >> 27 & 1u) * ((u64)15 << 24) + (mmfr0 >> 31 & 1u) * ((u64)15 << 28) +
	       at_most(mmfr0, 44, 1);
}

/* The host is asked about CNTP_CTL_EL0, with x11, x12 and XZR; ESR_EL2 by hand. */
static void registers(void)
{
	says("ID_AA64PFR0_EL1", SAY_REGISTER, guest_pfr0());
	says("ID_AA64MMFR0_EL1", SAY_REGISTER, guest_mmfr0());
	says("MIDR_EL1", SAY_REGISTER, read_register(midr_el1));
	says("CTR_EL0", SAY_REGISTER, read_register(ctr_el0));
	says("OSLSR_EL1", SAY_REGISTER, 8);
	says("CSSELR_EL1", SAY_REGISTER, 2);
	says("CSSELR_EL1 with XZR", SAY_REGISTER, 0);
	says("exceptions", SAY_COUNT, 5);
	says("PMCR_EL0 is undefined", SAY_COUNT, 6);
	says("ICC_SGI1R_EL1 is undefined", SAY_COUNT, 7);
	ends("a register of the host's", EXIT_SYSREG, 0x6232f965, 0);
	answered("it is answered", ANSWER, TELLS, SAY_REGISTER, ANSWER);
	ends("to XZR", EXIT_SYSREG, 0x6232fbe5, 0);
	answered("a write", LOADED, EXIT_SYSREG, 0x6232f984, STORED);
	answered("from XZR", LOADED, EXIT_SYSREG, 0x6232fbe4, 0);
	answered("exceptions", LOADED, TELLS, SAY_COUNT, 7);
	says("MPIDR_EL1", SAY_MPIDR, 0x80000002);
}

/* EL0 of the guest, in AArch64 and in AArch32, of which Hypatia has system registers undefined. */
static void lower(void)
{
	ends("a load of EL0", EXIT_FAULT, FAULT_READ_OF(2) + G_DEVICE, 0);
	answered("a register of EL0", LOADED, EXIT_SYSREG, 0x6232f9c5, 0);
	answered("SVC of EL0", LOADED, TELLS, SAY_LOWER, 0x56000001);
	says("FP of EL0", SAY_FP, 0);
	ends("a load of AArch32", EXIT_FAULT, FAULT_READ_OF(2) + G_DEVICE, 0);
	answered("SVC of AArch32", LOADED, TELLS, SAY_LOWER, 0x46000001);
	says("exceptions", SAY_COUNT, 10);
}

static u64 counter(void)
{
	u64 value;

	__asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(value));
	return value;
}

static u64 frequency(void)
{
	u64 value;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
	return value;
}

static void interrupted(void)
{
	u64 before = interruptions;
	u32 i;

	physical_timer(1, counter() + frequency() / 1000u);
	says("after a while", SAY_LATER, 10);
	ends("whether to wait again", EXIT_FAULT, FAULT_READ_OF(2) + G_DEVICE, 0);
	for (i = 0; i < 100 && interruptions == before; i++) {
		answered("after another", 1, TELLS, SAY_LATER, 10);
		ends("whether to wait again", EXIT_FAULT, FAULT_READ_OF(2) + G_DEVICE, 0);
	}
	same("interrupted", interruptions, before + 1);
	/* The next run answers: 0. */
	told = 1;
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
	visit(visitor);
	__asm__ volatile("dsb sy" : : : "memory");
	visits = visits + 1;
	payload_cpu_off();
}

static void send(const struct guest *g, void (*what)(const struct guest *g))
{
	visitor = g;
	visit = what;
	__asm__ volatile("dsb sy" : : : "memory");
	while (smc3(PSCI_CPU_ON_64, 1, (u64)(uintptr_t)payload_secondary, 1) != PSCI_SUCCESS) {
	}
}

static void wait_for_visit(u64 n)
{
	while (visits != n) {
	}
}

static void keeps(const struct guest *g)
{
	load(g);
	says("registers on another CPU", SAY_KEPT, 0);
	says("FP and SIMD on another CPU", SAY_FP, 0);
	put();
}

/* What a vCPU has in its registers goes with it to another CPU and back. */
static void wanders(const struct guest *g)
{
	u64 n = visits + 1;

	says("registers are filled", SAY_KEEP, 0);
	put();
	send(g, keeps);
	wait_for_visit(n);
	load(g);
}

/* The guest waits for a word that is 0; it has its page no more, then. */
static void spins(const struct guest *g)
{
	load(g);
	if (g->protected == 0) {
		ends("a page taken from under a guest that runs", EXIT_FAULT, FAULT_READ_OF(3) + G_DATA + 24, 0);
		words_of(g, OF_DATA)[3] = PATTERN + OF_DATA;
		give(g, G_DATA, OF_DATA);
	}
	says("a word for the guest", SAY_SPUN, PATTERN + OF_DATA);
	put();
}

/* While it runs on CPU 1 this one takes its page, and nothing else. */
static void taken_while_it_runs(const struct guest *g)
{
	u64 n = visits + 1;

	if (g->protected == 0) {
		words_of(g, OF_DATA)[3] = 0;
	}
	put();
	send(g, spins);
	if (g->protected == 0) {
		while (words_of(g, OF_DATA)[4] != G_DATA) {
		}
		same("load what runs", (u64)vm(VCPU_LOAD, g->handle, 2, 0), (u64)HYP_EBUSY);
		same("tear down what runs", (u64)vm(VM_TEARDOWN, g->handle, 0, 0), (u64)HYP_EBUSY);
		same("unmap", (u64)vm(VM_UNMAP, g->handle, G_DATA / 4096u, 0), 0);
	}
	wait_for_visit(n);
	load(g);
}

/* What the guest may do with G_DATA: @had, and from now on without and with what @change says. */
static void access(const struct guest *g, u64 change, s64 had)
{
	same("what a page was", (u64)vm(VM_ACCESS, g->handle, G_DATA / 4096u, change), (u64)had);
}

/* The guest stores to a page that it gets for reading, and to one that is not young. */
static void limits(const struct guest *g)
{
	u64 store = FAULT_WRITE_OF(3) + G_DATA + 16;
	u64 pfn = pfn_of(g, OF_DATA_AGAIN);

	same("a page to read", (u64)vm(VM_MAP_READ, g->handle, G_DATA / 4096u, pfn), 0);
	same("no page twice", (u64)vm(VM_MAP_READ, g->handle, G_DATA / 4096u, pfn), (u64)HYP_EBUSY);
	ends("a store to what is for reading", EXIT_FAULT, FAULT_PERMISSION + store, STORED);
	access(g, 0, PAGE_YOUNG);
	ends("that was a question", EXIT_FAULT, FAULT_PERMISSION + store, STORED);
	access(g, PAGE_YOUNG + PAGE_GIVE * PAGE_WRITABLE, PAGE_YOUNG);
	ends("a store to what is old", EXIT_FAULT, store, STORED);
	access(g, PAGE_WRITABLE, PAGE_WRITABLE);
	ends("a store to what is old, and for reading", EXIT_FAULT, store, STORED);
	access(g, PAGE_GIVE * PAGE_YOUNG, 0);
	ends("and young", EXIT_FAULT, FAULT_PERMISSION + store, STORED);
	access(g, PAGE_GIVE * PAGE_WRITABLE, PAGE_YOUNG);
	access(g, PAGE_GIVE * PAGE_GIVE, HYP_EINVAL);
	access(g, 0, PAGE_WRITABLE + PAGE_YOUNG);
}

/* A page is the host's again, and the guest gets another one for it; not from a protected VM. */
static void takes(const struct guest *g)
{
	s64 error = vm(VM_UNMAP, g->handle, G_DATA / 4096u, 0);

	if (g->protected != 0) {
		same("unmap of a protected VM's", (u64)error, (u64)HYP_EPERM);
	} else {
		same("unmap", (u64)error, 0);
		same("unmap twice", (u64)vm(VM_UNMAP, g->handle, G_DATA / 4096u, 0), (u64)HYP_ENOENT);
		same("its frame", (u64)hyp(MEM_INFO, pfn_of(g, OF_DATA), 0), FRAME_HOST);
		ends("a store to it", EXIT_FAULT, FAULT_WRITE_OF(3) + G_DATA + 16, STORED);
		limits(g);
	}
	says("the page", SAY_BACK, STORED);
	if (g->protected == 0) {
		same("in the new page", words_of(g, OF_DATA_AGAIN)[2], STORED);
		same("not in the old page", words_of(g, OF_DATA)[2], PATTERN + OF_DATA);
	}
}

/* What a protected guest lends the host reaches, until it takes it back; another guest has no such calls. */
static void lends(const struct guest *g)
{
	u64 refused = g->protected != 0 ? 0 : ~(u64)0;
	u64 page = g->protected != 0 ? OF_DATA : OF_DATA_AGAIN;

	host_reads(g, page, 2, STORED);
	says("a page is lent", SAY_SHARED, refused);
	if (g->protected != 0) {
		take_faults(this_cpu());
		same("what is lent", probe_read((u64)(uintptr_t)&words_of(g, OF_DATA)[2]), STORED);
		same("exceptions", take_faults(this_cpu()), 0);
	}
	says("it is taken back", SAY_UNSHARED, refused);
	host_reads(g, page, 2, STORED);
	says("a page is given up", SAY_GIVEN_UP, refused);
	if (g->protected != 0) {
		same("its frame", (u64)hyp(MEM_INFO, pfn_of(g, OF_LATE_WRITE), 0), FRAME_HOST);
		same("its first word", words_of(g, OF_LATE_WRITE)[0], 0);
	}
}

/* The guest turns its other vCPU on, which turns itself off. */
static void second(const struct guest *g)
{
	ends("CPU_ON", EXIT_ON, 3, 0);
	put();
	same("load the other", (u64)vm(VCPU_LOAD, g->handle, 3, 0), 0);
	same("entry is the guest's", (u64)vm(VCPU_POWER, 1, 0, 0), g->protected != 0 ? (u64)HYP_EPERM : 0);
	same("off is the guest's", (u64)vm(VCPU_POWER, 0, 0, 0), g->protected != 0 ? (u64)HYP_EPERM : 0);
	put();
	load(g);
	if (g->protected != 0) {
		says("CPU_ON is answered", SAY_AFFINITY, 0);
		put();
		same("load the other", (u64)vm(VCPU_LOAD, g->handle, 3, 0), 0);
		told = 0;
		says("the other's argument", SAY_SECOND, SECOND_ARGUMENT);
		ends("CPU_OFF", EXIT_OFF, 0, 0);
		ends("and stays off", EXIT_OFF, 0, 0);
		put();
		load(g);
		told = 1;
	} else {
		/* The host had it off again. */
		says("CPU_ON is answered", SAY_AFFINITY, 0);
	}
	says("the other is off", SAY_AFFINITY, 1);
}

static void stage_1(const struct guest *g)
{
	s64 change;

	ends("a walk", EXIT_FAULT, FAULT_FETCH + G_TABLE, 0);
	give(g, G_TABLE, OF_TABLE);
	says("with stage 1", SAY_STAGE_1, STORED);
	change = vm(VM_ACCESS, g->handle, G_LATE_READ / 4096u, PAGE_WRITABLE);
	same("what a page was", (u64)change, g->protected != 0 ? (u64)HYP_EPERM : PAGE_WRITABLE + PAGE_YOUNG);
	if (g->protected == 0) {
		/* Which page it is, not where stage 1 has it. */
		ends("a store to what is for reading", EXIT_FAULT,
		     FAULT_PERMISSION + FAULT_WRITE_OF(3) + G_LATE_READ + 16, STORED);
		same("to write", (u64)vm(VM_ACCESS, g->handle, G_LATE_READ / 4096u, PAGE_GIVE * PAGE_WRITABLE),
		     PAGE_YOUNG);
	}
	says("a store with stage 1", SAY_STORED, STORED);
	ends("a load with stage 1", EXIT_FAULT, FAULT_READ_OF(2) + G_DEVICE + 0x14, 0);
	answered("a load with stage 1 is answered", LOADED, TELLS, SAY_LOADED, 0xc5d6e7f8);
	says("stage 1 has nothing", SAY_EXCEPTION, 0x96000005);
}

static u64 has_sme(void)
{
	return read_register(id_aa64pfr1_el1) >> 24 & 0xfu;
}

/* PSTATE.SM on, as nobody must leave it who calls: SMSTART SM, which clears V0 to V31. */
static void stream(u64 cpacr)
{
	__asm__ volatile("msr cpacr_el1, %0\n\tisb\n\t.inst 0xd503437f" : : "r"(cpacr | (u64)3 << 24));
}

/* SVE and SME are undefined to the guest, whatever the CPU has; SIMD works, in whatever mode the host calls. */
static void vectors(void)
{
	u64 cpacr = read_register(cpacr_el1);

	if (has_sme() != 0) {
		stream(cpacr);
	}
	says("the end", SAY_END, 3);
	if (has_sme() != 0) {
		same("streaming mode", read_register(s3_3_c4_c2_2) & 1u, 0);
	}
	__asm__ volatile("msr cpacr_el1, %0\n\tisb" : : "r"(cpacr));
	ends("SYSTEM_OFF", EXIT_END, 0, 0);
	ends("and stays off", EXIT_OFF, 0, 0);
}

/* A frame comes back: cleared, where it was the guest's alone or held a table. */
static void reclaim(const struct guest *g, u64 n)
{
	u64 i;

	same("end with memory", (u64)vm(VM_FINALIZE, g->handle, 0, 0), (u64)HYP_EBUSY);
	same("reclaim", (u64)vm(VM_RECLAIM, g->handle, pfn_of(g, n), 0), 0);
	same("reclaim twice", (u64)vm(VM_RECLAIM, g->handle, pfn_of(g, n), 0), (u64)HYP_EPERM);
	same("state", (u64)hyp(MEM_INFO, pfn_of(g, n), 0), FRAME_HOST);
	take_faults(this_cpu());
	if (g->protected != 0 || n < OF_CODE) {
		for (i = 0; i < 512; i++) {
			same("a word that was cleared", words_of(g, n)[i], 0);
		}
	} else if (n != OF_TABLE) {
		same("the last word", words_of(g, n)[511], n == OF_CODE ? 0 : PATTERN + n);
	}
	same("exceptions", take_faults(this_cpu()), 0);
}

/* What the host's other calls say of what a VM has; arguments that are wrong, and frames. */
static void refusals(const struct guest *g)
{
	u64 pages = GUEST_PAGES;
	u64 frames = (u64)1 << 36;
	u64 i;

	for (i = OF_HIGH; i <= OF_CODE; i++) {
		same("share", (u64)hyp(MEM_SHARE_HYP, pfn_of(g, i), 0), (u64)HYP_EPERM);
		same("donate", (u64)hyp(MEM_DONATE_HYP, pfn_of(g, i), 1), (u64)HYP_EPERM);
		same("reclaim by itself", (u64)hyp(MEM_RECLAIM_HYP, pfn_of(g, i), 1), (u64)HYP_EPERM);
	}
	same("a page behind the last", (u64)vm(VM_MAP, g->handle, pages, pfn_of(g, OF_COUNT)), (u64)HYP_ERANGE);
	same("a table behind the last", (u64)vm(VM_TABLE, g->handle, pages, pfn_of(g, OF_COUNT)), (u64)HYP_ERANGE);
	same("unmap behind the last", (u64)vm(VM_UNMAP, g->handle, pages, 0), (u64)HYP_ERANGE);
	same("access behind the last", (u64)vm(VM_ACCESS, g->handle, pages, 0), (u64)HYP_ERANGE);
	same("a block behind the last", (u64)vm(VM_JOIN, g->handle, pages, 0), (u64)HYP_ERANGE);
	same("a block of few pages", (u64)vm(VM_JOIN, g->handle, G_CODE / 4096u, 0), (u64)HYP_ENOENT);
	same("access without a table", (u64)vm(VM_ACCESS, g->handle, pages - 1, 0),
	     g->protected != 0 ? (u64)HYP_EPERM : (u64)HYP_ENOENT);
	same("access without a page", (u64)vm(VM_ACCESS, g->handle, G_CODE / 4096u + 99u, 0),
	     g->protected != 0 ? (u64)HYP_EPERM : (u64)HYP_ENOENT);
	same("a page for reading of a protected VM", (u64)vm(VM_MAP_READ, g->handle, pages - 1, pfn_of(g, OF_COUNT)),
	     g->protected != 0 ? (u64)HYP_EPERM : (u64)HYP_ENOENT);
	same("a frame behind the last", (u64)vm(VM_MAP, g->handle, G_TABLE / 4096u, frames), (u64)HYP_ERANGE);
	same("a vCPU behind the last", (u64)vm(VCPU_INIT, g->handle, 0, frames), (u64)HYP_ERANGE);
	same("reclaim behind the last", (u64)vm(VM_RECLAIM, g->handle, frames, 0), (u64)HYP_ERANGE);
	same("a device as a page", (u64)vm(VM_MAP, g->handle, G_CODE / 4096u + 99u, 0x09000u), (u64)HYP_EINVAL);
	same("a device as a table", (u64)vm(VM_TABLE, g->handle, pages - 1, 0x09000u), (u64)HYP_EINVAL);
	same("reclaim from a VM that lives", (u64)vm(VM_RECLAIM, g->handle, pfn_of(g, OF_CODE), 0), (u64)HYP_EPERM);
}

/* What a VM that is not there answers. */
static void nobody(u64 handle)
{
	same("a page of nobody's", (u64)vm(VM_MAP, handle, 0, SPARE / 4096u), (u64)HYP_ENOENT);
	same("a table of nobody's", (u64)vm(VM_TABLE, handle, 0, SPARE / 4096u), (u64)HYP_ENOENT);
	same("unmap of nobody's", (u64)vm(VM_UNMAP, handle, 0, 0), (u64)HYP_ENOENT);
	same("access of nobody's", (u64)vm(VM_ACCESS, handle, 0, 0), (u64)HYP_ENOENT);
	same("a block of nobody's", (u64)vm(VM_JOIN, handle, 0, 0), (u64)HYP_ENOENT);
	same("reclaim from nobody", (u64)vm(VM_RECLAIM, handle, SPARE / 4096u, 0), (u64)HYP_ENOENT);
}

static void tear_down(const struct guest *g)
{
	refusals(g);
	same("tear down", (u64)vm(VM_TEARDOWN, g->handle, 0, 0), 0);
}

/* A VM that is torn down already; @last: the last frame that it got. */
static void end(const struct guest *g, u64 last)
{
	u64 kept = g->protected != 0 ? (u64)OF_DATA_AGAIN : (u64)OF_DATA; /* what it never got, or lost */
	u64 i;

	same("a page for a dying VM", (u64)vm(VM_MAP, g->handle, 0, pfn_of(g, OF_COUNT)), (u64)HYP_EPERM);
	same("a table for a dying VM", (u64)vm(VM_TABLE, g->handle, 0, pfn_of(g, OF_COUNT)), (u64)HYP_EPERM);
	same("unmap of a dying VM's", (u64)vm(VM_UNMAP, g->handle, G_DATA / 4096u, 0), (u64)HYP_EPERM);
	same("access of a dying VM's", (u64)vm(VM_ACCESS, g->handle, G_DATA / 4096u, 0), (u64)HYP_EPERM);
	same("a block of a dying VM's", (u64)vm(VM_JOIN, g->handle, G_DATA / 4096u, 0), (u64)HYP_EPERM);
	same("reclaim what is not its", (u64)vm(VM_RECLAIM, g->handle, pfn_of(g, OF_COUNT), 0), (u64)HYP_EPERM);
	same("reclaim a device", (u64)vm(VM_RECLAIM, g->handle, 0x09000u, 0), (u64)HYP_EINVAL);
	for (i = OF_HIGH; i <= last; i++) {
		/* what a protected VM gave up is the host's already */
		if (last == OF_DATA || (i != kept && (g->protected == 0 || i != OF_LATE_WRITE))) {
			reclaim(g, i);
		}
	}
	same("reclaim the vCPU", (u64)vm(VCPU_RECLAIM, g->handle, 2, 0), 0);
	same("reclaim the other", (u64)vm(VCPU_RECLAIM, g->handle, 3, 0), 0);
	same("end", (u64)vm(VM_FINALIZE, g->handle, 0, 0), 0);
	nobody(g->handle);
}

static void life(u64 protected)
{
	struct guest g = { VM_HANDLE_BASE, protected, 0, 0x4711 + protected };

	begin(&g);
	load(&g);
	greets(&g);
	stores(&g);
	device();
	late(&g);
	waits();
	exceptions();
	registers();
	lower();
	interrupted();
	wanders(&g);
	taken_while_it_runs(&g);
	says("a page is taken", SAY_TAKE, 0);
	takes(&g);
	lends(&g);
	second(&g);
	stage_1(&g);
	vectors();
	put();
	tear_down(&g);
	end(&g, OF_DATA_AGAIN);
}

/* Two VMs have other memory at the same address, and neither the other's frames. */
static void two(void)
{
	struct guest one = { VM_HANDLE_BASE, 0, 0, 0x100 };
	struct guest other = { VM_HANDLE_BASE + 1, 1, 16, 0x200 };

	begin(&one);
	begin(&other);
	load(&one);
	greets(&one);
	put();
	load(&other);
	greets(&other);
	put();
	same("a frame of another VM", (u64)vm(VM_MAP, one.handle, G_TABLE / 4096u, pfn_of(&other, OF_DATA)),
	     (u64)HYP_EPERM);
	load(&one);
	stores(&one);
	put();
	load(&other);
	stores(&other);
	put();
	tear_down(&other);
	same("reclaim from it", (u64)vm(VM_RECLAIM, other.handle, pfn_of(&one, OF_DATA), 0), (u64)HYP_EPERM);
	load(&one);
	ends("one goes on", EXIT_FAULT, FAULT_READ_OF(3) + G_DEVICE, 0);
	put();
	tear_down(&one);
	end(&one, OF_DATA);
	end(&other, OF_DATA);
}

/* Short lives on CPU 1. */
static void many(const struct guest *g)
{
	u64 i;

	for (i = 0; i < LIVES; i++) {
		begin(g);
		load(g);
		greets(g);
		stores(g);
		put();
		tear_down(g);
		end(g, OF_DATA);
	}
}

/* Two CPUs at once: one VM after the other on CPU 1, while a page of another VM's comes and goes here. */
static void both(void)
{
	struct guest one = { VM_HANDLE_BASE, 0, 0, 0x300 };
	struct guest other = { VM_HANDLE_BASE + 1, 1, 16, 0x400 };
	u64 n = visits + 1;

	begin(&one);
	send(&other, many);
	do {
		give(&one, G_TABLE, OF_TABLE);
		same("unmap", (u64)vm(VM_UNMAP, one.handle, G_TABLE / 4096u, 0), 0);
		same("share", (u64)hyp(MEM_SHARE_HYP, pfn_of(&one, OF_TABLE), 0), 0);
		same("unshare", (u64)hyp(MEM_UNSHARE_HYP, pfn_of(&one, OF_TABLE), 0), 0);
	} while (visits != n);
	load(&one);
	greets(&one);
	put();
	tear_down(&one);
	end(&one, OF_DATA);
}

void payload_main(u64 device_tree)
{
	u64 free = 0;
	u64 i;

	(void)device_tree;
	gic_setup(1);
	for (i = 0; i < ROUNDS; i++) {
		life(i % 2);
		two();
		if (i == 0) {
			/* From now on the host has a table for the frames around. */
			free = (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0);
		}
		same("pool after a round", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0), free);
	}
	both();
	check("pool at the end", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0), free);
	check("interruptions", interruptions, ROUNDS);
	finish("guest");
}
