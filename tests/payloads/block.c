/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests whose pages are a block, on the real image: they use it when it became one, while it is split and becomes one
 * again, and all of it comes back.
 */
#include "block_program.h"
#include "payload.h"

#include <gen/vcpu.h>

#define SPARE 0x44000000u /* RAM that nobody uses */
#define BLOCK 0x44200000u /* frames in a row, from a multiple of 512 on, and as many behind them */
#define PAGES 512u
#define SPLITS 50u
#define BOTH (PAGE_WRITABLE + PAGE_YOUNG)
#define READS (FAULT_VALID + 3 * FAULT_SIZE)
#define STORES (READS + FAULT_WRITE)

enum { OF_VM, OF_VCPU, OF_HIGH, OF_LOW, OF_BLOCK, OF_CODE, OF_COUNT };

extern const u64 block_program[512];

static u64 handle;
static u64 protected;
static volatile u64 sweeps;
static volatile u64 stop;

/* The first frame; no constant, which with the program's address would make one that is not relocated. */
static volatile u64 first = SPARE / 4096u;

/* Said only when it is wrong: all of it is done many times. */
static void same(const char *what, u64 got, u64 want)
{
	if (got != want) {
		check(what, got, want);
	}
}

static u64 frame_of(u64 n)
{
	return BLOCK / 4096u + n;
}

static u64 page_of(u64 n)
{
	return BLOCK_FIRST / 4096u + n;
}

static u64 address_of(u64 n)
{
	return BLOCK_FIRST + n * 4096u;
}

static volatile u64 *words(u64 frame)
{
	return (volatile u64 *)(uintptr_t)(frame * 4096u);
}

static u64 mark(u64 address)
{
	return BLOCK_MARK + address;
}

static void fill(u64 n)
{
	u64 i;

	for (i = 0; i < 512; i++) {
		words(frame_of(n))[i] = mark(address_of(n) + 8 * i);
	}
}

static s64 join(u64 n)
{
	return vm(VM_JOIN, handle, page_of(n), 0);
}

/* It is a block, which a call that says so does not change. */
static void is_block(const char *what)
{
	check(what, (u64)join(255), (u64)HYP_EBUSY);
}

static s64 map(u64 n, u64 frame)
{
	return vm(VM_MAP, handle, page_of(n), frame);
}

/* Until something is for the host. */
static struct result enter(u64 flags, u64 value)
{
	struct result r;

	do {
		r = call(VCPU_RUN, flags, value, 0);
		flags = 0;
	} while (r.exit == (s64)EXIT_NONE || r.exit == (s64)EXIT_IRQ);
	return r;
}

static void ends(const char *what, struct result r, u64 exit, u64 x2, u64 x3)
{
	if (r.exit != (s64)exit || r.x2 != x2 || r.x3 != x3) {
		put_string(what);
		put_string("\n");
		check("  exit", (u64)r.exit, exit);
		check("  x2", r.x2, x2);
		check("  x3", r.x3, x3);
	}
}

static void asks(struct result r)
{
	ends("it asks", r, EXIT_FAULT, READS + BLOCK_ASK, 0);
}

static void tells(const char *what, struct result r, u64 value)
{
	ends(what, r, EXIT_FAULT, STORES + BLOCK_SAY, value);
	asks(enter(RUN_ANSWERED, 0));
}

static void does(const char *what, u64 op, u64 address, u64 value)
{
	tells(what, enter(RUN_ANSWERED, address + op), value);
}

static void loads(const char *what, u64 n, u64 word)
{
	does(what, BLOCK_LOAD, address_of(n) + 8 * word, mark(address_of(n) + 8 * word));
}

/* Whatever else becomes of page @but, the others are as ever. */
static void has_others(u64 but)
{
	u64 n;

	for (n = 0; n < PAGES; n++) {
		if (n != but && (n % 37 == 0 || n == 511 || n + 1 == but || n == but + 1)) {
			loads("another page", n, 511);
		}
	}
}

/* Out of line: else the compiler makes a constant of the difference of both, which nobody relocates. */
static __attribute__((noinline)) void copy(volatile u64 *to, const u64 *from)
{
	u64 i;

	for (i = 0; i < 512; i++) {
		to[i] = from[i];
	}
}

static void begin(void)
{
	u64 n;

	copy(words(first + OF_CODE), block_program);
	handle = (u64)vm(VM_RESERVE, 0, 0, 0);
	check("a reserved VM", (u64)join(0), (u64)HYP_ENOENT);
	check("a VM", (u64)vm(VM_INIT, handle, first + OF_VM, protected), 0);
	check("a vCPU", (u64)vm(VCPU_INIT, handle, 0, first + OF_VCPU), 0);
	check("no table", (u64)join(0), (u64)HYP_ENOENT);
	check("a table", (u64)vm(VM_TABLE, handle, page_of(0), first + OF_HIGH), 0);
	check("one table", (u64)join(0), (u64)HYP_ENOENT);
	check("a table of the code", (u64)vm(VM_TABLE, handle, BLOCK_CODE / 4096u, first + OF_LOW),
	      0);
	check("a table of the block", (u64)vm(VM_TABLE, handle, page_of(0), first + OF_BLOCK), 0);
	check("the code", (u64)vm(VM_MAP, handle, BLOCK_CODE / 4096u, first + OF_CODE), 0);
	check("no page", (u64)join(0), (u64)HYP_ENOENT);
	for (n = 0; n < PAGES; n++) {
		fill(n);
		same("a page", (u64)map(n, frame_of(n)), 0);
		if (n == 0 || n == PAGES - 2u) {
			check("not all pages", (u64)join(0), (u64)HYP_ENOENT);
		}
	}
	check("load", (u64)vm(VCPU_LOAD, handle, 0, 0), 0);
	check("entry", (u64)vm(VCPU_SET_REG, CTX_PC, BLOCK_CODE, 0), 0);
	check("on", (u64)vm(VCPU_POWER, 1, 0, 0), 0);
	asks(enter(0, 0));
	loads("a page that is none of a block", 4, 5);
}

static void refusals(void)
{
	check("page of a block", (u64)map(3, frame_of(PAGES)), (u64)HYP_EBUSY);
	check("table of a block", (u64)vm(VM_TABLE, handle, page_of(3), frame_of(PAGES)),
	      (u64)HYP_EBUSY);
	check("a page behind the last", (u64)vm(VM_JOIN, handle, GUEST_PAGES, 0), (u64)HYP_ERANGE);
	check("no table of it", (u64)vm(VM_JOIN, handle, GUEST_PAGES - 1, 0), (u64)HYP_ENOENT);
	check("the code", (u64)vm(VM_JOIN, handle, BLOCK_CODE / 4096u, 0), (u64)HYP_ENOENT);
	check("the next page", (u64)join(PAGES), (u64)HYP_ENOENT);
	check("no VM", (u64)vm(VM_JOIN, handle + 1u, page_of(0), 0), (u64)HYP_ENOENT);
	check("no handle", (u64)vm(VM_JOIN, VM_HANDLE_BASE - 1u, page_of(0), 0), (u64)HYP_EINVAL);
	check("no handle above", (u64)vm(VM_JOIN, VM_HANDLE_BASE + VMS_MAX, page_of(0), 0),
	      (u64)HYP_EINVAL);
	check("a frame of it", (u64)vm(VM_RECLAIM, handle, frame_of(3), 0), (u64)HYP_EPERM);
	check("the table behind it", (u64)vm(VM_RECLAIM, handle, first + OF_BLOCK, 0),
	      (u64)HYP_EPERM);
	is_block("a block still");
}

/* The host has what the guest stored, or takes an exception. */
static void host_reads(u64 n, u64 word, u64 want)
{
	u64 got;

	take_faults(0);
	got = probe_read((u64)(uintptr_t)&words(frame_of(n))[word]);
	check("exceptions of the host's", take_faults(0), protected);
	if (protected == 0) {
		check("what the guest stored", got, want);
	}
}

static void uses(void)
{
	static const u64 places[] = { 0, 1, 256, 510, 511 };
	u64 i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		u64 address = address_of(places[i]);

		loads("the first word", places[i], 0);
		loads("the last word", places[i], 511);
		does("a store", BLOCK_STORE, address + 16, ~mark(address + 16));
		does("it is there", BLOCK_LOAD, address + 16, ~mark(address + 16));
		host_reads(places[i], 2, ~mark(address + 16));
	}
	has_others(PAGES);
}

/* What a protected guest lends and takes back stays in its block. */
static void lends(void)
{
	u64 frame = frame_of(9);

	does("it is lent", BLOCK_SHARE, address_of(9), 0);
	check("state", (u64)hyp(MEM_INFO, frame, 0), FRAME_GUEST_SHARED_HOST);
	take_faults(0);
	check("what is lent", probe_read((u64)(uintptr_t)&words(frame)[7]),
	      mark(address_of(9) + 56));
	check("exceptions", take_faults(0), 0);
	is_block("a block that is lent from");
	does("it is taken back", BLOCK_UNSHARE, address_of(9), 0);
	check("state", (u64)hyp(MEM_INFO, frame, 0), FRAME_GUEST);
	is_block("a block that nothing is lent from");
}

/* The guest uses a page that it has no more, and gets it again. */
static void lost(u64 n)
{
	has_others(n);
	ends("a load of what is gone", enter(RUN_ANSWERED, address_of(n) + BLOCK_LOAD), EXIT_FAULT,
	     READS + address_of(n), 0);
	check("without that page", (u64)join(n), (u64)HYP_ENOENT);
	fill(n);
	check("the page again", (u64)map(n, frame_of(n)), 0);
	tells("what is there again", enter(0, 0), mark(address_of(n)));
	check("joined again", (u64)join(n), 0);
	has_others(PAGES);
}

static void taken(u64 n)
{
	if (protected != 0) {
		does("it is given up", BLOCK_RELINQUISH, address_of(n), 0);
		check("the first word", words(frame_of(n))[0], 0);
		check("the last word", words(frame_of(n))[511], 0);
	} else {
		check("unmap", (u64)vm(VM_UNMAP, handle, page_of(n), 0), 0);
	}
	check("state", (u64)hyp(MEM_INFO, frame_of(n), 0), FRAME_HOST);
	lost(n);
}

/* The guest can do less with one page, and with the others what it could. */
static void limited(u64 n)
{
	u64 address = address_of(n) + 24;

	check("a question", (u64)vm(VM_ACCESS, handle, page_of(n), 0), BOTH);
	check("what it can do", (u64)vm(VM_ACCESS, handle, page_of(n), PAGE_GIVE * BOTH), BOTH);
	is_block("a block that was asked for");
	check("for reading", (u64)vm(VM_ACCESS, handle, page_of(n), PAGE_WRITABLE), BOTH);
	check("one is another", (u64)join(n), (u64)HYP_ENOENT);
	loads("what is for reading", n, 4);
	does("a store to the next", BLOCK_STORE, address + 4096, ~mark(address + 4096));
	ends("a store to it", enter(RUN_ANSWERED, address + BLOCK_STORE), EXIT_FAULT,
	     FAULT_PERMISSION + STORES + address, ~mark(address));
	check("to write", (u64)vm(VM_ACCESS, handle, page_of(n), PAGE_GIVE * PAGE_WRITABLE),
	      PAGE_YOUNG);
	tells("it is stored", enter(0, 0), ~mark(address));
	check("joined again", (u64)join(n), 0);
	does("in the block", BLOCK_LOAD, address, ~mark(address));
}

static void all_can(u64 did, u64 do_now)
{
	u64 n;

	for (n = 0; n < PAGES; n++) {
		same("what all can",
		     (u64)vm(VM_ACCESS, handle, page_of(n), BOTH + PAGE_GIVE * do_now), did);
	}
}

/* A block with which the guest can do no more than @rights: what is missing comes for one page, then for all. */
static void lesser(u64 rights)
{
	u64 address = address_of(5) + 56;

	fill(5);
	all_can(BOTH, rights);
	check("joined", (u64)join(7), 0);
	is_block("a lesser block");
	if (rights == PAGE_YOUNG) {
		loads("what is for reading", 5, 6);
		ends("a store to it", enter(RUN_ANSWERED, address + BLOCK_STORE), EXIT_FAULT,
		     FAULT_PERMISSION + STORES + address, ~mark(address));
	} else {
		ends("a load of what is old", enter(RUN_ANSWERED, address + BLOCK_LOAD), EXIT_FAULT,
		     READS + address, 0);
	}
	is_block("a block behind the fault");
	check("what it could do", (u64)vm(VM_ACCESS, handle, page_of(5), PAGE_GIVE * BOTH), rights);
	tells("then it can", enter(0, 0), rights == PAGE_YOUNG ? ~mark(address) : mark(address));
	check("one is another", (u64)join(7), (u64)HYP_ENOENT);
	check("like the others", (u64)vm(VM_ACCESS, handle, page_of(5), BOTH + PAGE_GIVE * rights),
	      BOTH);
	all_can(rights, BOTH);
	check("joined again", (u64)join(7), 0);
	does("in the block", BLOCK_STORE, address, ~mark(address));
}

/* The guest did not find one of the pages that it counts in. */
static u64 missed(struct result r)
{
	u64 address = r.x2 % FAULT_VALID;

	return r.exit == (s64)EXIT_FAULT && address >= BLOCK_FIRST && address < BLOCK_SWEPT;
}

/* A sweep; where the guest finds no page for a moment it tries again. */
static void sweep(void)
{
	struct result r = enter(RUN_ANSWERED, BLOCK_FIRST + BLOCK_SWEEP);

	while (missed(r) != 0) {
		r = enter(0, 0);
	}
	ends("words that a sweep found wrong", r, EXIT_FAULT, STORES + BLOCK_SAY, 0);
	asks(enter(RUN_ANSWERED, 0));
	sweeps = sweeps + 1;
}

/* On CPU 1 the guest counts in all pages but the last, until the host has done what it wants to. */
void payload_cpu_main(u64 cpu)
{
	(void)cpu;
	same("load", (u64)vm(VCPU_LOAD, handle, 0, 0), 0);
	do {
		sweep();
	} while (stop == 0);
	same("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	__asm__ volatile("dsb sy" : : : "memory");
	stop = 0;
	payload_cpu_off();
}

static void await_sweeps(u64 more)
{
	u64 from = sweeps;

	while (sweeps - from < more) {
	}
}

/* The block is split by its last page, and joined, while the guest uses the others; a protected one loses that page. */
static void swept(void)
{
	u64 n;

	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	sweeps = 0;
	__asm__ volatile("dsb sy" : : : "memory");
	while (smc3(PSCI_CPU_ON_64, 1, (u64)(uintptr_t)payload_secondary, 1) != PSCI_SUCCESS) {
	}
	await_sweeps(1);
	if (protected != 0) {
		check("by force", (u64)vm(VM_POISON, handle, page_of(511), 0), 0);
	}
	for (n = 0; n < SPLITS && protected == 0; n++) {
		same("unmap", (u64)vm(VM_UNMAP, handle, page_of(511), 0), 0);
		same("without a page", (u64)join(0), (u64)HYP_ENOENT);
		same("map", (u64)map(511, frame_of(511)), 0);
		same("join", (u64)join(0), 0);
	}
	await_sweeps(2);
	stop = 1;
	while (stop != 0) {
	}
	check("load", (u64)vm(VCPU_LOAD, handle, 0, 0), 0);
}

/* What the host took by force is nothing: the guest has all but that, and its pages are no block any more. */
static void forced(void)
{
	check("poisoned", (u64)join(0), (u64)HYP_ENOENT);
	check("once", (u64)vm(VM_POISON, handle, page_of(511), 0), (u64)HYP_ENOENT);
	check("the frame", (u64)hyp(MEM_INFO, frame_of(511), 0), FRAME_HOST);
	check("what was there", words(frame_of(511))[511], 0);
	loads("the page before it", 510, 3);
	ends("a load of it", enter(RUN_ANSWERED, address_of(511) + BLOCK_LOAD), EXIT_POISON,
	     address_of(511), 0);
}

/* All is the host's again: cleared, where the guest had it alone. */
static void end(u64 pages)
{
	u64 n;

	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	check("tear down", (u64)vm(VM_TEARDOWN, handle, 0, 0), 0);
	check("a dying VM", (u64)join(0), (u64)HYP_EPERM);
	check("the table behind it", (u64)vm(VM_RECLAIM, handle, first + OF_BLOCK, 0), 0);
	for (n = 0; n < pages; n++) {
		same("reclaim", (u64)vm(VM_RECLAIM, handle, frame_of(n), 0), 0);
		same("state", (u64)hyp(MEM_INFO, frame_of(n), 0), FRAME_HOST);
		same("what was there", words(frame_of(n))[509],
		     protected != 0 ? 0 : mark(address_of(n) + 8 * 509));
	}
	check("end with tables", (u64)vm(VM_FINALIZE, handle, 0, 0), (u64)HYP_EBUSY);
	check("reclaim the code", (u64)vm(VM_RECLAIM, handle, first + OF_CODE, 0), 0);
	check("reclaim a table", (u64)vm(VM_RECLAIM, handle, first + OF_HIGH, 0), 0);
	check("reclaim another", (u64)vm(VM_RECLAIM, handle, first + OF_LOW, 0), 0);
	check("reclaim the vCPU", (u64)vm(VCPU_RECLAIM, handle, 0, 0), 0);
	check("end", (u64)vm(VM_FINALIZE, handle, 0, 0), 0);
	check("nobody", (u64)join(0), (u64)HYP_ENOENT);
	for (n = 0; n < OF_COUNT; n++) {
		check("a frame of the VM's", (u64)hyp(MEM_INFO, first + n, 0), FRAME_HOST);
	}
}

static void life(void)
{
	begin();
	check("joined", (u64)join(511), 0);
	is_block("a block");
	refusals();
	uses();
	taken(0);
	taken(300);
	if (protected != 0) {
		lends();
	} else {
		limited(1);
		lesser(PAGE_YOUNG);
		lesser(PAGE_WRITABLE);
		lesser(0);
	}
	is_block("a block at the end");
	end(PAGES);
}

/* On two CPUs; one that is protected ends with pages. */
static void race(void)
{
	begin();
	check("joined", (u64)join(0), 0);
	swept();
	if (protected != 0) {
		forced();
		end(PAGES - 1u);
	} else {
		is_block("a block after all");
		end(PAGES);
	}
}

/* Frames that are none of a block, in a VM that never runs. */
static void none(u64 off)
{
	u64 n;

	handle = (u64)vm(VM_RESERVE, 0, 0, 0);
	check("a VM", (u64)vm(VM_INIT, handle, first + OF_VM, protected), 0);
	check("a table", (u64)vm(VM_TABLE, handle, page_of(0), first + OF_HIGH), 0);
	check("another", (u64)vm(VM_TABLE, handle, page_of(0), first + OF_BLOCK), 0);
	for (n = 0; n < PAGES; n++) {
		/* In a row from a frame that is no multiple of 512, or with two the wrong way round. */
		same("a page", (u64)map(off == 0 && n / 2 == 100 ? n ^ 1u : n, frame_of(n + off)),
		     0);
	}
	check("no block", (u64)join(17), (u64)HYP_ENOENT);
	check("tear down", (u64)vm(VM_TEARDOWN, handle, 0, 0), 0);
	for (n = 0; n < PAGES; n++) {
		same("reclaim", (u64)vm(VM_RECLAIM, handle, frame_of(n + off), 0), 0);
	}
	check("reclaim a table", (u64)vm(VM_RECLAIM, handle, first + OF_HIGH, 0), 0);
	check("reclaim another", (u64)vm(VM_RECLAIM, handle, first + OF_BLOCK, 0), 0);
	check("end", (u64)vm(VM_FINALIZE, handle, 0, 0), 0);
}

void payload_main(u64 fdt)
{
	u64 free = 0;
	u64 round;

	(void)fdt;
	for (round = 0; round < 4; round++) {
		protected = round % 2;
		life();
		race();
		none(0);
		none(1);
		if (round == 1) {
			/* From now on the host has a table for the frames around. */
			free = (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0);
		}
		if (round > 1) {
			check("pool", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0), free);
		}
	}
	finish("block");
}
