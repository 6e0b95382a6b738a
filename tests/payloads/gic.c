/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests with a GIC, on the real image: this host is the interrupt controller of gic_program.S. An interrupt goes in by
 * a list register, the guest acknowledges and ends it, and the list registers that come back say so.
 */
#include "gic_program.h"
#include "payload.h"

#include <gen/vcpu.h>

#define SPARE 0x44000000u /* RAM that nobody uses */
#define LISTS 4u
#define LISTS_OFFERED 4
#define GIC_SYSREG_VERSION 1u
#define SRE_ALL_ON 7u
#define PRIORITY_BITS_LESS_ONE 4u
#define SPURIOUS 1023u

#define LR_PENDING (1ul << 62)
#define LR_ACTIVE (2ul << 62)
#define LR_HW (1ul << 61)
#define LR_GROUP_1 (1ul << 60)
#define LR_EOI (1ul << 41)
#define LR_PRIORITY 48
#define LR(id, priority) ((u64)(id) | (u64)(priority) << LR_PRIORITY)
#define SPI 40u
#define SGI 3u
#define PPI 27u

/* Syndromes of a write: class 0x18, 32-bit instruction, register 12 or 31. */
#define WRITE_OF(op2, rt) ((u64)0x62000000u + (3u << 20) + ((op2) << 17) + (12u << 10) + ((rt) << 5) + (11u << 1))
#define FAULT_STORED (FAULT_VALID + 3 * FAULT_SIZE + FAULT_WRITE)

enum { OF_VM, OF_VCPU, OF_HIGH, OF_HIGH_PAGES, OF_CODE, OF_COUNT };

extern const u64 gic_program[512];

static u64 lists[LISTS]; /* as they came back */
static u64 told;

/* VCPU_RUN with RUN_GIC and these list registers; x10 and what follows is the host's as before. */
static struct result enter(u64 flags, u64 a, u64 b, u64 c, u64 d)
{
	struct regs r = { { VCPU_RUN, flags | told, 0x99, 0x98, a, b, c, d } };
	u64 i;

	for (i = 8; i < REGS; i++) {
		r.x[i] = 0x1000u + i;
	}
	hvc(&r);
	for (i = 10; i < REGS; i++) {
		if (r.x[i] != 0x1000u + i) {
			check("a register of the host's", r.x[i], 0x1000u + i);
		}
	}
	for (i = 0; i < LISTS; i++) {
		lists[i] = r.x[6 + i];
	}
	told = r.x[1] == EXIT_FAULT ? RUN_ANSWERED : 0;
	return (struct result){ r.x[0] == 0 ? (s64)r.x[1] : -1000, r.x[2], r.x[3], r.x[4], r.x[5] };
}

static void is(const char *what, struct result r, u64 exit, u64 x2, u64 x3)
{
	put_string(what);
	put_string("\n");
	check("  exit", (u64)r.exit, exit);
	check("  x2", r.x2, x2);
	check("  x3", r.x3, x3);
}

static void says(const char *what, struct result r, u64 id, u64 value)
{
	is(what, r, EXIT_FAULT, FAULT_STORED + GIC_SAY + 8 * id, value);
}

static struct result goes_on(void)
{
	return enter(RUN_GIC, lists[0], lists[1], lists[2], lists[3]);
}

static void are(const char *what, u64 a, u64 b, u64 c, u64 d)
{
	const u64 want[LISTS] = { a, b, c, d };
	u64 i;

	put_string(what);
	put_string("\n");
	for (i = 0; i < LISTS; i++) {
		check("  a list register", lists[i], want[i]);
	}
}

/* The first frame of a VM: there are two, one after the other. */
static u64 first_of(u64 protected)
{
	return SPARE / 4096u + protected * OF_COUNT;
}

static void make(u64 handle, u64 protected)
{
	const u64 first = first_of(protected);
	volatile u64 *code = (volatile u64 *)(uintptr_t)((first + OF_CODE) * 4096u);
	u64 i;

	for (i = 0; i < 512; i++) {
		code[i] = gic_program[i];
	}
	check("reserve", (u64)vm(VM_RESERVE, 0, 0, 0), handle);
	check("a VM", (u64)vm(VM_INIT, handle, first + OF_VM, protected), 0);
	check("a vCPU", (u64)vm(VCPU_INIT, handle, 0, first + OF_VCPU), 0);
	check("a table", (u64)vm(VM_TABLE, handle, GIC_CODE / 4096u, first + OF_HIGH), 0);
	check("another table", (u64)vm(VM_TABLE, handle, GIC_CODE / 4096u, first + OF_HIGH_PAGES), 0);
	check("a page", (u64)vm(VM_MAP, handle, GIC_CODE / 4096u, first + OF_CODE), 0);
	check("load", (u64)vm(VCPU_LOAD, handle, 0, 0), 0);
	check("entry", (u64)vm(VCPU_SET_REG, CTX_PC, GIC_CODE, 0), 0);
}

static void end(u64 handle, u64 protected)
{
	const u64 first = first_of(protected);

	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	check("tear down", (u64)vm(VM_TEARDOWN, handle, 0, 0), 0);
	check("reclaim a page", (u64)vm(VM_RECLAIM, handle, first + OF_CODE, 0), 0);
	check("reclaim a table", (u64)vm(VM_RECLAIM, handle, first + OF_HIGH, 0), 0);
	check("reclaim another", (u64)vm(VM_RECLAIM, handle, first + OF_HIGH_PAGES, 0), 0);
	check("reclaim the vCPU", (u64)vm(VCPU_RECLAIM, handle, 0, 0), 0);
	check("end", (u64)vm(VM_FINALIZE, handle, 0, 0), 0);
}

/* Refused: nothing runs, and x2 to x9 are as they were. */
static void refused(const char *what, u64 a, u64 b, u64 c, u64 d)
{
	struct result r = enter(RUN_GIC, a, b, c, d);

	is(what, r, (u64)HYP_EINVAL, 0x99, 0x98);
	are("  and no list register", c, d, 0x1008, 0x1009);
}

static void refusals(void)
{
	const u64 good = LR(SPI, 0xa0) | LR_PENDING | LR_GROUP_1;

	refused("a physical interrupt", good | LR_HW, 0, 0, 0);
	refused("one that is not there yet", 0, LR_HW, 0, 0);
	refused("one in the last", 0, 0, 0, LR(SGI, 0) | LR_HW | LR_ACTIVE);
	refused("a physical INTID", 0, 0, good | 1ul << 32, 0);
	refused("a high physical INTID", 0, 0, good | 1ul << 42, 0);
	refused("a reserved bit", good | 1ul << 56, 0, 0, 0);
	refused("a special INTID", LR(1020, 0xa0) | LR_PENDING, 0, 0, 0);
	refused("an INTID of 32 bits", 1ul << 31 | LR_PENDING, 0, 0, 0);
	refused("one interrupt twice", good, 0, LR(SPI, 0x80) | LR_ACTIVE, 0);
	refused("one interrupt twice at the begin", good, LR(SPI, 0x80) | LR_ACTIVE, 0, 0);
	refused("one interrupt twice in the middle", 0, good, LR(SPI, 0x80) | LR_ACTIVE, 0);
	refused("one interrupt twice at the end", 0, 0, good, LR(SPI, 0x80) | LR_PENDING);
	is("no such flag", enter(32, 0, 0, 0, 0), (u64)HYP_EINVAL, 0x99, 0x98);
}

static void one_interrupt(void)
{
	const u64 spi = LR(SPI, 0xa0) | LR_GROUP_1 | LR_EOI;

	says("an interrupt", enter(RUN_GIC, spi | LR_PENDING, 0, 0, 0), GIC_SAY_ACKNOWLEDGED, SPI);
	are("it is active", spi | LR_ACTIVE, 0, 0, 0);
	/* The maintenance interrupt comes with the end, before the guest can tell of it. */
	is("it ends", goes_on(), EXIT_IRQ, 0, 0);
	are("it is over", spi, 0, 0, 0);
	check("the host has nothing of it", interrupts_pending(), 0);
	says("the guest goes on", enter(RUN_GIC, 0, 0, 0, 0), GIC_SAY_ENDED, SPI);
	says("from where it was", goes_on(), GIC_SAY_READY, SPI);
}

/* Four at once, of one group and the other: in the order of their priorities, the other by FIQ. */
static void four_interrupts(void)
{
	const u64 low = LR(SPI, 0xc0) | LR_GROUP_1;
	const u64 sgi = LR(SGI, 0x40) | LR_GROUP_1;
	const u64 ppi = LR(PPI, 0x80);
	const u64 masked = LR(SPI + 1, 0xf8) | LR_GROUP_1 | LR_PENDING;

	says("four", enter(RUN_GIC, low | LR_PENDING, masked, sgi | LR_PENDING, ppi | LR_PENDING),
	     GIC_SAY_ACKNOWLEDGED, SGI);
	are("the most urgent", low | LR_PENDING, masked, sgi | LR_ACTIVE, ppi | LR_PENDING);
	says("its end", goes_on(), GIC_SAY_ENDED, SGI);
	says("the next", goes_on(), GIC_SAY_GROUP_0, PPI);
	says("its end", goes_on(), GIC_SAY_ENDED, PPI);
	says("the last", goes_on(), GIC_SAY_ACKNOWLEDGED, SPI);
	says("its end", goes_on(), GIC_SAY_ENDED, SPI);
	are("what is masked stays", low, masked, sgi, ppi);
	says("it does not come", goes_on(), GIC_SAY_READY, SPI);
	/* Most are empty, and more wait. */
	is("more wait", enter(RUN_GIC | RUN_GIC_MORE, lists[0], lists[1], lists[2], lists[3]), EXIT_IRQ, 0, 0);
	says("none wait", enter(RUN_GIC, 0, 0, 0, 0), GIC_SAY_READY, SPI);
}

/* A host's own interrupt ends a run as it does without a GIC, and is the host's; its CPU interface is as it was. */
static void host_interrupt(void)
{
	u64 mask;

	physical_timer(1, 0);
	is("an interrupt of the host's", goes_on(), EXIT_IRQ, 0, 0);
	check("it waits for the host", interrupts_pending(), PENDING_IRQ);
	physical_timer(0, 0);
	__asm__ volatile("mrs %0, s3_0_c4_c6_0" : "=r"(mask));
	check("the host's mask", mask, 0xf8);
}

static void guest(u64 handle, u64 protected)
{
	make(handle, protected);
	is("a vCPU that is off", enter(RUN_GIC, LR(SPI, 0xa0) | LR_PENDING, 1, 2, 3), EXIT_OFF, 0, 0);
	are("has its list registers", LR(SPI, 0xa0) | LR_PENDING, 1, 2, 3);
	check("on", (u64)vm(VCPU_POWER, 1, 0, 0), 0);
	refusals();
	says("the guest has a GIC", enter(RUN_GIC, 0, 0, 0, 0), GIC_SAY_ID, GIC_SYSREG_VERSION);
	says("it is on", goes_on(), GIC_SAY_SRE, SRE_ALL_ON);
	says("for ever", goes_on(), GIC_SAY_SRE, SRE_ALL_ON);
	says("nothing is pending", goes_on(), GIC_SAY_NOTHING, SPURIOUS);
	says("it waits for interrupts", goes_on(), GIC_SAY_READY, 0);
	one_interrupt();
	four_interrupts();
	host_interrupt();
	says("it goes on", goes_on(), GIC_SAY_READY, SPI);
	says("its mask is its own", goes_on(), GIC_SAY_CONTROL, GIC_MASK);
	is("it sends an SGI", goes_on(), EXIT_SYSREG, WRITE_OF(5, 12), GIC_SGI_VALUE);
	is("another", enter(RUN_GIC | RUN_ANSWERED, 0, 0, 0, 0), EXIT_SYSREG, WRITE_OF(6, 12), GIC_SGI_VALUE);
	is("and one of group 0", enter(RUN_GIC | RUN_ANSWERED, 0, 0, 0, 0), EXIT_SYSREG, WRITE_OF(7, 31), 0);
	says("its control", enter(RUN_GIC | RUN_ANSWERED, 0, 0, 0, 0), GIC_SAY_CONTROL, PRIORITY_BITS_LESS_ONE);
	says("it goes on", goes_on(), GIC_SAY_READY, SPI);
	says("without a GIC", enter(0, 1, 2, 3, 4), GIC_SAY_EXCEPTION, 1);
	are("no list register is one", 3, 4, 0x1008, 0x1009);
	says("nor an SGI", enter(0, 0, 0, 0, 0), GIC_SAY_EXCEPTION, 1);
	says("nor is it shown", enter(0, 0, 0, 0, 0), GIC_SAY_ID, 0);
	check("its words are kept", (u64)vm(VCPU_SET_REG, CTX_ICH_LR0_EL2, 0, 0), (u64)HYP_EPERM);
	check("the mask", (u64)vm(VCPU_GET_REG, CTX_ICH_VMCR_EL2, 0, 0), protected != 0 ? (u64)HYP_EPERM : 0);
	check("as the host sets it", (u64)vm(VCPU_SET_REG, CTX_ICH_VMCR_EL2, (u64)0x80 << 24 | 3, 0),
	      protected != 0 ? (u64)HYP_EPERM : 0);
	says("with one again", enter(RUN_GIC, 0, 0, 0, 0), GIC_SAY_CONTROL, protected != 0 ? GIC_MASK : 0x80);
	end(handle, protected);
}

void payload_main(u64 fdt)
{
	u64 protected;

	(void)fdt;
	gic_setup(1);
	check("list registers", (u64)hyp(HYP_STATS, STAT_GIC_LISTS, 0), LISTS_OFFERED);
	for (protected = 0; protected < 2; protected++) {
		guest(VM_HANDLE_BASE, protected);
	}
	finish("gic");
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
	payload_cpu_off();
}
