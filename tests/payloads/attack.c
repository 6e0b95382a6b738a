/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One CPU against Hypatia: calls that must be refused, memory that must not be reachable, and that
 * nothing else changes by it.
 */
#include "payload.h"

#define SPARE 0x44000000u /* RAM that nobody uses */
#define SPARE_PFN (SPARE / 4096u)
#define BLOCK (SPARE + 0x400000u) /* 2 MiB of it that nothing touches before */
#define MMIO_PFN (0x09000000u / 4096u)
#define HOLE_PFN 0x1000u /* below RAM, no device */
#define DONATED 8u
#define PATTERN 0x0123456789abcdefu
#define BEYOND_PFN 0x1000000000u
#define NO_SUCH_STAT (STAT_SVE + 1u)
#define MANY 0x48400000u /* blocks of RAM that nobody uses */
#define BLOCK_BYTES 0x200000u
#define BLOCKS_MAX 188u
#define TRNG_VERSION 0x84000050u
#define PA_44_BITS 4u
#define FAR ((u64)1 << 43) /* no RAM there, and no table above it */

static struct region image;
static struct region carveout;

/* Registers that a call must preserve come back as they were. */
static void check_preserved(const char *what, void (*call)(struct regs *), u64 id, u32 first)
{
	struct regs r;
	u32 i;
	u64 changed = 0;

	for (i = 0; i < REGS; i++) {
		r.x[i] = 0x1000u + i;
	}
	r.x[0] = id;
	call(&r);
	for (i = first; i < REGS; i++) {
		changed += r.x[i] != 0x1000u + i;
	}
	check(what, changed, 0);
}

static void standard_calls(void)
{
	struct regs r = { { VENDOR_HYP_UID } };

	check("SMCCC version", hvc3(SMCCC_VERSION, 0, 0, 0), SMCCC_VERSION_1_2);
	check("SMCCC arch features of itself", hvc3(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0),
	      0);
	check("SMCCC arch features of an unknown id", hvc3(SMCCC_ARCH_FEATURES, 0x80001234u, 0, 0),
	      (u64)SMCCC_NOT_SUPPORTED);
	check("number of calls", hvc3(VENDOR_HYP_CALL_COUNT, 0, 0, 0), HYPERCALL_COUNT);
	hvc(&r);
	check("uid word 0", r.x[0], UID_WORD0);
	check("uid word 1", r.x[1], UID_WORD1);
	check("uid word 2", r.x[2], UID_WORD2);
	check("uid word 3", r.x[3], UID_WORD3);
	r.x[0] = VENDOR_HYP_REVISION;
	hvc(&r);
	check("revision major", r.x[0], ABI_MAJOR);
	check("revision minor", r.x[1], ABI_MINOR);
	check("version", (u64)hyp(HYP_VERSION, 0, 0), ABI_MAJOR * 65536u + ABI_MINOR);
}

static void unknown_calls(void)
{
	check("first id that is not there", hvc3(HYPERCALL_BASE + HYPERCALL_COUNT, 1, 2, 3),
	      (u64)SMCCC_NOT_SUPPORTED);
	check("any id", hvc3(0x12345678u, 1, 2, 3), (u64)SMCCC_NOT_SUPPORTED);
	check("id with upper bits", hvc3(HYP_VERSION | (u64)1 << 32, 1, 2, 3),
	      (u64)SMCCC_NOT_SUPPORTED);
	check("all ones", hvc3(~(u64)0, 1, 2, 3), (u64)SMCCC_NOT_SUPPORTED);
	check("zero", hvc3(0, 1, 2, 3), (u64)SMCCC_NOT_SUPPORTED);
	check_preserved("unknown call keeps x1 to x17", hvc, 0x12345678u, 1);
	check_preserved("known call keeps x2 to x17", hvc, HYP_VERSION, 2);
	check_preserved("refused SMC keeps x1 to x17", smc, 0x12345678u, 1);
	take_faults(0);
	check_preserved("HVC #1 keeps x1 to x17", hvc_1, HYP_VERSION, 1);
	check("HVC #1 is undefined: exceptions", take_faults(0), 1);
	check("HVC #1 is undefined: class", last_class(0), EC_UNKNOWN);
}

static void secure_calls(void)
{
	struct regs r = { { PSCI_VERSION } };

	check_true("PSCI version", smc3(PSCI_VERSION, 0, 0, 0) >= 2);
	check("PSCI features of CPU_ON", smc3(PSCI_FEATURES, PSCI_CPU_ON_64, 0, 0), 0);
	check("PSCI features of MEM_PROTECT", smc3(PSCI_FEATURES, PSCI_MEM_PROTECT, 0, 0),
	      (u64)PSCI_NOT_SUPPORTED);
	check("PSCI features of the SMCCC version: of QEMU, none", smc3(PSCI_FEATURES, SMCCC_VERSION, 0, 0),
	      (u64)PSCI_NOT_SUPPORTED);
	check("PSCI features of nothing", smc3(PSCI_FEATURES, ~(u64)0, 0, 0), (u64)PSCI_NOT_SUPPORTED);
	check("PSCI features of a number between", smc3(PSCI_FEATURES, 0x90000000u, 0, 0),
	      (u64)PSCI_NOT_SUPPORTED);
	check("random numbers from firmware that has none", smc3(TRNG_VERSION, 0, 0, 0),
	      (u64)PSCI_NOT_SUPPORTED);
	check("PSCI MEM_PROTECT", smc3(PSCI_MEM_PROTECT, 1, 0, 0), (u64)PSCI_NOT_SUPPORTED);
	check("PSCI SYSTEM_SUSPEND, which this firmware has not", smc3(PSCI_SYSTEM_SUSPEND_64, SPARE, 0, 0),
	      (u64)PSCI_NOT_SUPPORTED);
	check("PSCI id with upper bits", smc3(PSCI_VERSION | (u64)1 << 32, 0, 0, 0),
	      (u64)PSCI_NOT_SUPPORTED);
	check("secure service", smc3(0xbf000000u, 0, 0, 0), (u64)PSCI_NOT_SUPPORTED);
	smc_1(&r);
	check("SMC with an immediate", r.x[0], (u64)PSCI_NOT_SUPPORTED);
	check("CPU_ON of no CPU", smc3(PSCI_CPU_ON_64, 0xff00ffffffu, SPARE, 0),
	      (u64)PSCI_INVALID_PARAMETERS);
	check("CPU_ON of this CPU", smc3(PSCI_CPU_ON_64, 0, SPARE, 0), (u64)PSCI_ALREADY_ON);
	check("CPU_SUSPEND to a state that is not there", smc3(PSCI_CPU_SUSPEND_64, ~(u64)0, SPARE, 0),
	      (u64)PSCI_INVALID_PARAMETERS);
	check("no exception by SMC", take_faults(0), 0);
}

static void unreachable(const char *what, u64 address)
{
	put_string(what);
	put_string(" at ");
	put_hex(address);
	put_string("\n");
	take_faults(0);
	probe_read(address);
	check("  read: exceptions", take_faults(0), 1);
	check("  read: class", last_class(0), EC_DATA_ABORT);
	check("  read: address", faults[0].far, address);
	probe_write(address, PATTERN);
	check("  write: exceptions", take_faults(0), 1);
	check("  write: class", last_class(0), EC_DATA_ABORT);
	probe_exec(address);
	check("  execute: exceptions", take_faults(0), 1);
	check("  execute: class", last_class(0), EC_INSTRUCTION_ABORT);
}

/* A fault comes to EL1 as it would from where it was taken. */
static void origins(void)
{
	u64 has_32;

	__asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(has_32));
	take_faults(0);
	probe_sp0(image.base);
	check("read with SP_EL0: exceptions", take_faults(0), 1);
	check("read with SP_EL0: class", last_class(0), EC_DATA_ABORT);
	check("read with SP_EL0: status", last_status(0), STATUS_ALIGNMENT);
	hvc_1_sp0();
	check("HVC #1 with SP_EL0: exceptions", take_faults(0), 1);
	check("HVC #1 with SP_EL0: class", last_class(0), EC_UNKNOWN);
	probe_el0(image.base);
	check("read at EL0: exceptions", take_faults(0), 1);
	check("read at EL0: class", last_class(0), EC_DATA_ABORT_EL0);
	check("read at EL0: status", last_status(0), STATUS_EXTERNAL);
	if ((has_32 & 15u) == 2) {
		probe_el0_32(image.base);
		check("read at EL0 in AArch32: exceptions", take_faults(0), 1);
		check("read at EL0 in AArch32: class", last_class(0), EC_DATA_ABORT_EL0);
		check("read at EL0 in AArch32: status", last_status(0), STATUS_EXTERNAL);
	}
}

static void hidden_memory(void)
{
	check_true("image is in the device tree", image.size);
	check_true("carve-out is in the device tree", carveout.size);
	unreachable("image, first page", image.base);
	unreachable("image, last page", image.base + image.size - 4096);
	unreachable("carve-out, first page", carveout.base);
	unreachable("carve-out, middle", carveout.base + carveout.size / 2);
	unreachable("carve-out, last page", carveout.base + carveout.size - 4096);
	probe_read(image.base - 4096);
	probe_read(image.base + image.size);
	probe_read(carveout.base - 4096);
	check("what lies beside them is reachable", take_faults(0), 0);
}

static void sharing(void)
{
	*(volatile u64 *)(uintptr_t)SPARE = PATTERN;
	check("state of a fresh frame", (u64)hyp(MEM_INFO, SPARE_PFN, 0), FRAME_HOST);
	check("share", (u64)hyp(MEM_SHARE_HYP, SPARE_PFN, 0), 0);
	check("state of a lent frame", (u64)hyp(MEM_INFO, SPARE_PFN, 0), FRAME_HOST_SHARED_HYP);
	check("share twice", (u64)hyp(MEM_SHARE_HYP, SPARE_PFN, 0), (u64)HYP_EPERM);
	check("donate a lent frame", (u64)hyp(MEM_DONATE_HYP, SPARE_PFN, 1), (u64)HYP_EPERM);
	check("reclaim a lent frame", (u64)hyp(MEM_RECLAIM_HYP, SPARE_PFN, 1), (u64)HYP_EPERM);
	check("unpin without a pin", (u64)hyp(MEM_UNPIN, SPARE_PFN, 0), (u64)HYP_ENOENT);
	check("pin", (u64)hyp(MEM_PIN, SPARE_PFN, 0), 0);
	check("state of a pinned frame", (u64)hyp(MEM_INFO, SPARE_PFN, 0),
	      FRAME_HOST_SHARED_HYP + 256u);
	check("unshare a pinned frame", (u64)hyp(MEM_UNSHARE_HYP, SPARE_PFN, 0), (u64)HYP_EBUSY);
	check("contents of a lent frame", *(volatile u64 *)(uintptr_t)SPARE, PATTERN);
	check("unpin", (u64)hyp(MEM_UNPIN, SPARE_PFN, 0), 0);
	check("unshare", (u64)hyp(MEM_UNSHARE_HYP, SPARE_PFN, 0), 0);
	check("unshare twice", (u64)hyp(MEM_UNSHARE_HYP, SPARE_PFN, 0), (u64)HYP_EPERM);
	check("unpin a frame that is not lent", (u64)hyp(MEM_UNPIN, SPARE_PFN, 0), (u64)HYP_EPERM);
	check("pin a frame that is not lent", (u64)hyp(MEM_PIN, SPARE_PFN, 0), (u64)HYP_EPERM);
	check("state at the end", (u64)hyp(MEM_INFO, SPARE_PFN, 0), FRAME_HOST);
	check("contents at the end", *(volatile u64 *)(uintptr_t)SPARE, PATTERN);
}

/* Each call on a frame number that must be refused. */
static void bad_frame(const char *what, u64 pfn, s64 error)
{
	put_string(what);
	put_string("\n");
	check("  share", (u64)hyp(MEM_SHARE_HYP, pfn, 0), (u64)error);
	check("  unshare", (u64)hyp(MEM_UNSHARE_HYP, pfn, 0), (u64)error);
	check("  pin", (u64)hyp(MEM_PIN, pfn, 0), (u64)error);
	check("  unpin", (u64)hyp(MEM_UNPIN, pfn, 0), (u64)error);
	check("  donate", (u64)hyp(MEM_DONATE_HYP, pfn, 1), (u64)error);
	check("  reclaim", (u64)hyp(MEM_RECLAIM_HYP, pfn, 1), (u64)error);
}

static void bad_frames(void)
{
	bad_frame("MMIO", MMIO_PFN, HYP_EINVAL);
	bad_frame("a hole", HOLE_PFN, HYP_EINVAL);
	bad_frame("frame 0", 0, HYP_EINVAL);
	bad_frame("last frame number", BEYOND_PFN - 1, HYP_EINVAL);
	bad_frame("beyond the last frame number", BEYOND_PFN, HYP_ERANGE);
	bad_frame("a byte address that overflows", ~(u64)0, HYP_ERANGE);
	check("state of MMIO", (u64)hyp(MEM_INFO, MMIO_PFN, 0), (u64)HYP_EINVAL);
	check("state beyond", (u64)hyp(MEM_INFO, BEYOND_PFN, 0), (u64)HYP_ERANGE);
	check("share of the image", (u64)hyp(MEM_SHARE_HYP, image.base / 4096, 0), (u64)HYP_EPERM);
	check("donate the image", (u64)hyp(MEM_DONATE_HYP, image.base / 4096, 1), (u64)HYP_EPERM);
	check("reclaim the image", (u64)hyp(MEM_RECLAIM_HYP, image.base / 4096, 1), (u64)HYP_EBUSY);
	check("reclaim the carve-out", (u64)hyp(MEM_RECLAIM_HYP, carveout.base / 4096, 1),
	      (u64)HYP_EBUSY);
}

static void donating(void)
{
	u64 last = SPARE + (DONATED - 1) * 4096u;

	*(volatile u64 *)(uintptr_t)SPARE = PATTERN;
	*(volatile u64 *)(uintptr_t)last = PATTERN;
	check("donate nothing", (u64)hyp(MEM_DONATE_HYP, SPARE_PFN, 0), (u64)HYP_EINVAL);
	check("donate to the end of the world", (u64)hyp(MEM_DONATE_HYP, SPARE_PFN, ~(u64)0),
	      (u64)HYP_ERANGE);
	check("share one inside", (u64)hyp(MEM_SHARE_HYP, SPARE_PFN + 3, 0), 0);
	check("donate around it", (u64)hyp(MEM_DONATE_HYP, SPARE_PFN, DONATED), (u64)HYP_EPERM);
	check("and nothing changed", (u64)hyp(MEM_INFO, SPARE_PFN, 0), FRAME_HOST);
	check("unshare it", (u64)hyp(MEM_UNSHARE_HYP, SPARE_PFN + 3, 0), 0);
	check("donate", (u64)hyp(MEM_DONATE_HYP, SPARE_PFN, DONATED), DONATED);
	check("state of a donated frame", (u64)hyp(MEM_INFO, SPARE_PFN, 0), FRAME_HYP);
	unreachable("donated, first", SPARE);
	unreachable("donated, last", last);
	probe_read(SPARE - 4096u);
	probe_read(last + 4096u);
	check("neighbours stay reachable", take_faults(0), 0);
	check("donate twice", (u64)hyp(MEM_DONATE_HYP, SPARE_PFN, 1), (u64)HYP_EPERM);
	check("share a donated frame", (u64)hyp(MEM_SHARE_HYP, SPARE_PFN, 0), (u64)HYP_EPERM);
	check("reclaim more than was donated", (u64)hyp(MEM_RECLAIM_HYP, SPARE_PFN, DONATED + 1),
	      (u64)HYP_EPERM);
	check("reclaim", (u64)hyp(MEM_RECLAIM_HYP, SPARE_PFN, DONATED), DONATED);
	check("cleared, first", *(volatile u64 *)(uintptr_t)SPARE, 0);
	check("cleared, last", *(volatile u64 *)(uintptr_t)last, 0);
	check("reachable again", take_faults(0), 0);
	check("reclaim twice", (u64)hyp(MEM_RECLAIM_HYP, SPARE_PFN, 1), (u64)HYP_EPERM);
	check("a long range stops early", (u64)hyp(MEM_DONATE_HYP, SPARE_PFN, 1000),
	      RANGE_FRAMES_MAX);
	check("and so does taking it back", (u64)hyp(MEM_RECLAIM_HYP, SPARE_PFN, 1000),
	      RANGE_FRAMES_MAX);
	check("the next frame was not touched", (u64)hyp(MEM_INFO, SPARE_PFN + RANGE_FRAMES_MAX, 0),
	      FRAME_HOST);
}

/* A block that gave up a frame is one again when the frame is back and was touched. */
static void joining(void)
{
	volatile u64 *word = (volatile u64 *)(uintptr_t)(BLOCK + 5u * 4096u);
	u64 pfn = BLOCK / 4096u + 5u;
	u64 tables;

	*word = PATTERN;
	tables = (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0);
	check("donate a frame of a block", (u64)hyp(MEM_DONATE_HYP, pfn, 1), 1);
	check("reclaim it", (u64)hyp(MEM_RECLAIM_HYP, pfn, 1), 1);
	check("a table maps the rest", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0), tables - 1);
	check("cleared", *word, 0);
	check("the block is back", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0), tables);
	*(word + 512) = PATTERN;
	check("and maps its frames", take_faults(0), 0);
	check("donate two frames of it", (u64)hyp(MEM_DONATE_HYP, pfn, 2), 2);
	check("reclaim one", (u64)hyp(MEM_RECLAIM_HYP, pfn, 1), 1);
	check("cleared", *word, 0);
	check("while one is away, a table maps the rest", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0) < tables, 1);
	check("reclaim the other", (u64)hyp(MEM_RECLAIM_HYP, pfn + 1, 1), 1);
	check("cleared too", *(word + 512), 0);
	check("the block is back again", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0), tables);
}

/* As many pins as a record holds, and not one more. */
static void many_pins(void)
{
	u64 pins = 0;

	hyp(MEM_SHARE_HYP, SPARE_PFN, 0);
	while (hyp(MEM_PIN, SPARE_PFN, 0) == 0) {
		pins++;
	}
	check("pins that a frame can have", pins, 65535);
	check("one more", (u64)hyp(MEM_PIN, SPARE_PFN, 0), (u64)HYP_ERANGE);
	for (; pins > 0 && hyp(MEM_UNPIN, SPARE_PFN, 0) == 0; pins--) {
	}
	check("pins left", pins, 0);
	check("unshare", (u64)hyp(MEM_UNSHARE_HYP, SPARE_PFN, 0), 0);
}

static u64 pa_range(void)
{
	u64 value;

	__asm__ volatile("mrs %0, id_aa64mmfr0_el1" : "=r"(value));
	return value & 15u;
}

/* A frame of each block until there are no tables left: what is refused changed nothing. */
static void no_tables(void)
{
	u64 tables = (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0);
	u64 pfn = MANY / 4096u;
	u64 step = BLOCK_BYTES / 4096u;
	u64 handle;
	u32 donated = 0;
	u32 shared;
	u32 i;

	check_true("tables at most as many as there are", tables <= (u64)hyp(HYP_STATS, STAT_POOL_FRAMES, 0));
	while (donated < BLOCKS_MAX && hyp(MEM_DONATE_HYP, pfn + donated * step, 1) == 1) {
		donated++;
	}
	check("donate without tables", (u64)hyp(MEM_DONATE_HYP, pfn + donated * step, 1), (u64)HYP_ENOMEM);
	shared = donated;
	while (shared < BLOCKS_MAX && hyp(MEM_SHARE_HYP, pfn + shared * step, 0) == 0) {
		shared++;
	}
	check("share without tables", (u64)hyp(MEM_SHARE_HYP, pfn + shared * step, 0), (u64)HYP_ENOMEM);
	check("and nothing changed", (u64)hyp(MEM_INFO, pfn + shared * step, 0), FRAME_HOST);
	handle = (u64)hyp(VM_RESERVE, 0, 0);
	check("a VM without tables", (u64)hyp(VM_INIT, handle, pfn + shared * step), (u64)HYP_ENOMEM);
	check("and its frame is the host's", (u64)hyp(MEM_INFO, pfn + shared * step, 0), FRAME_HOST);
	check("and there is no VM", (u64)hyp(VM_UNRESERVE, handle, 0), 0);
	take_faults(0);
	if (pa_range() >= PA_44_BITS) {
		probe_read(FAR);
		check("an address that needs a table: exceptions", take_faults(0), 1);
		check("an address that needs a table: status", last_status(0), STATUS_ALIGNMENT);
	}
	probe_read(MANY + shared * BLOCK_BYTES);
	check("what needs no table is reachable", take_faults(0), 0);
	for (i = 0; i < donated; i++) {
		hyp(MEM_RECLAIM_HYP, pfn + i * step, 1);
		probe_read(MANY + i * BLOCK_BYTES);
	}
	for (; i < shared; i++) {
		hyp(MEM_UNSHARE_HYP, pfn + i * step, 0);
	}
	check("all frames are reachable again", take_faults(0), 0);
	put_string("  ");
	put_dec(donated);
	put_string(" donated, ");
	put_dec(shared - donated);
	put_string(" lent\n");
	check("tables at the end", (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0), tables);
}

static void statistics(void)
{
	u64 ram = (u64)hyp(HYP_STATS, STAT_RAM_FRAMES, 0);
	u64 reserved = (u64)hyp(HYP_STATS, STAT_RESERVED_FRAMES, 0);
	u64 lists = (u64)hyp(HYP_STATS, STAT_GIC_LISTS, 0);

	check("reserved frames", reserved, (image.size + carveout.size) / 4096);
	check_true("reserved at most 0.25% of RAM and 4 MiB", reserved <= ram / 400 + 1024);
	check("mode", (u64)hyp(HYP_STATS, STAT_MODE, 0), 0);
	check_true("all list registers or none", lists == 0 || lists == 4);
	check("no such figure", (u64)hyp(HYP_STATS, NO_SUCH_STAT, 0), (u64)HYP_EINVAL);
}

/* MMIO is the host's; an address without device is an abort at EL1, not at EL2. */
static void mmio(void)
{
	take_faults(0);
	probe_read(0x09000018u);
	check("device registers are reachable", take_faults(0), 0);
	probe_read(0x0ff00000u);
	probe_write(0x0ff00000u, PATTERN);
	probe_read((u64)1 << 47);
	probe_read((u64)1 << 50);
	check_true("addresses without a device do not stop the machine", 1);
	take_faults(0);
}

void payload_main(u64 fdt)
{
	u64 free_before;

	image = hidden_region(fdt, 0);
	carveout = hidden_region(fdt, 1);
	if (image.base > carveout.base) {
		struct region swap = image;

		image = carveout;
		carveout = swap;
	}
	free_before = (u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0);
	standard_calls();
	unknown_calls();
	secure_calls();
	hidden_memory();
	origins();
	no_tables();
	mmio();
	sharing();
	many_pins();
	bad_frames();
	donating();
	joining();
	statistics();
	put_string("pool frames free: ");
	put_dec(free_before);
	put_string(" before, ");
	put_dec((u64)hyp(HYP_STATS, STAT_POOL_FREE_FRAMES, 0));
	put_string(" after\n");
	finish("attack");
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
}
