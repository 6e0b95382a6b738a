/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload.h"

#define UART_DATA 0x09000000u /* QEMU virt */
#define FDT_MAGIC 0xd00dfeedu
#define FDT_PROP 3u
#define NOT_CALLED 0x5a5a5a5a5a5a5a5au

/* The compiler calls it to clear structures. */
void *memset(void *dest, int c, u64 n);

static u32 check_count;
static u32 failure_count;
static u64 faults_taken[CPUS];

void *memset(void *dest, int c, u64 n)
{
	u64 i;

	for (i = 0; i < n; i++) {
		((volatile u8 *)dest)[i] = (u8)c;
	}
	return dest;
}

static void put(char c)
{
	*(volatile u32 *)(uintptr_t)UART_DATA = (u8)c;
}

void put_string(const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n') {
			put('\r');
		}
		put(*s);
	}
}

void put_hex(u64 value)
{
	s32 shift;

	put_string("0x");
	for (shift = 60; shift > 0 && value >> shift == 0; shift -= 4) {
	}
	for (; shift >= 0; shift -= 4) {
		put("0123456789abcdef"[(value >> shift) & 15u]);
	}
}

void put_dec(u64 value)
{
	char digits[20];
	u32 n = 0;

	do {
		digits[n] = (char)('0' + value % 10u);
		n++;
		value /= 10u;
	} while (value != 0);
	while (n > 0) {
		n--;
		put(digits[n]);
	}
}

void check(const char *what, u64 got, u64 want)
{
	check_count++;
	if (got == want) {
		put_string("PASS ");
		put_string(what);
	} else {
		failure_count++;
		put_string("FAIL ");
		put_string(what);
		put_string(": got ");
		put_hex(got);
		put_string(", expected ");
		put_hex(want);
	}
	put_string("\n");
}

void check_true(const char *what, u64 got)
{
	check(what, got != 0, 1);
}

void finish(const char *name)
{
	put_string("PAYLOAD ");
	put_string(name);
	put_string(": ");
	put_dec(check_count);
	put_string(" checks, ");
	put_dec(failure_count);
	put_string(" failures\n");
}

u64 hvc3(u64 id, u64 a, u64 b, u64 c)
{
	struct regs r = { { id, a, b, c } };

	hvc(&r);
	return r.x[0];
}

u64 smc3(u64 id, u64 a, u64 b, u64 c)
{
	struct regs r = { { id, a, b, c } };

	smc(&r);
	return r.x[0];
}

s64 hyp(u64 id, u64 a, u64 b)
{
	struct regs r = { { id, a, b } };

	hvc(&r);
	return r.x[0] == (u64)SMCCC_SUCCESS ? (s64)r.x[1] : (s64)NOT_CALLED;
}

void payload_off(void)
{
	smc3(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;) {
		__asm__ volatile("wfi");
	}
}

void payload_cpu_off(void)
{
	smc3(PSCI_CPU_OFF, 0, 0, 0);
}

static u32 be32(u64 address)
{
	return __builtin_bswap32(*(volatile u32 *)(uintptr_t)address);
}

static _Bool name_here(u64 address)
{
	static const char name[] = "hypatia@";
	u32 i;

	for (i = 0; i < sizeof(name) - 1; i++) {
		if (*(volatile u8 *)(uintptr_t)(address + i) != (u8)name[i]) {
			return 0;
		}
	}
	return 1;
}

/* The structure block is searched for nodes of that name: good enough for trees that QEMU made. */
struct region hidden_region(u64 fdt, u32 n)
{
	struct region r = { 0, 0 };
	u64 at = fdt + be32(fdt + 8);
	u64 end = fdt + be32(fdt + 4);

	for (; be32(fdt) == FDT_MAGIC && at + 64 < end; at += 4) {
		if (!name_here(at)) {
			continue;
		}
		if (n > 0) {
			n--;
			continue;
		}
		while (be32(at) != FDT_PROP || be32(at + 4) != 16) {
			at += 4;
		}
		r.base = (u64)be32(at + 12) << 32 | be32(at + 16);
		r.size = (u64)be32(at + 20) << 32 | be32(at + 24);
		return r;
	}
	return r;
}

u64 take_faults(u32 cpu)
{
	u64 count = faults[cpu].count - faults_taken[cpu];

	faults_taken[cpu] = faults[cpu].count;
	return count;
}

u32 last_class(u32 cpu)
{
	return (u32)(faults[cpu].esr >> 26) & 0x3fu;
}

u32 last_status(u32 cpu)
{
	return (u32)faults[cpu].esr & 0x3fu;
}

struct result call(u64 id, u64 a1, u64 a2, u64 a3)
{
	struct regs r = { { id, a1, a2, a3 } };
	u64 i;

	for (i = 4; i < REGS; i++) {
		r.x[i] = 0x1000u + i;
	}
	hvc(&r);
	for (i = id == VCPU_RUN && (s64)r.x[1] >= 0 ? 6 : 4; i < REGS; i++) {
		if (r.x[i] != 0x1000u + i) {
			check("a register of the host's", r.x[i], 0x1000u + i);
		}
	}
	return (struct result){ r.x[0] == 0 ? (s64)r.x[1] : -1000, r.x[2], r.x[3], r.x[4], r.x[5] };
}

s64 vm(u64 id, u64 a1, u64 a2, u64 a3)
{
	return call(id, a1, a2, a3).exit;
}

#define EL1_NAMES(f)                                                                                            \
	f(0, sp_el0) f(1, elr_el1) f(2, spsr_el1) f(3, sctlr_el1) f(4, cpacr_el1) f(5, ttbr0_el1) f(6, ttbr1_el1) \
	f(7, tcr_el1) f(8, esr_el1) f(9, far_el1) f(10, mair_el1) f(11, vbar_el1) f(12, contextidr_el1)           \
	f(13, cntkctl_el1) f(14, tpidr_el0) f(15, tpidrro_el0) f(16, tpidr_el1) f(17, par_el1)                   \
	f(18, csselr_el1) f(19, mdscr_el1) f(20, cntv_cval_el0) f(21, amair_el1)

void read_el1(u64 *values)
{
#define READ(i, name) __asm__ volatile("mrs %0, " #name : "=r"(values[i]));
	EL1_NAMES(READ)
}

/* QEMU virt: distributor, CPU interface of a GICv2, redistributor of CPU 0 of a GICv3 and its private interrupts. */
#define GICD 0x08000000u
#define GICC 0x08010000u
#define GICR 0x080a0000u
#define GICR_PRIVATE 0x080b0000u
#define GIC_CTLR 0u
#define GICC_PMR 4u
#define GICR_WAKER 0x14u
#define GIC_GROUP 0x80u
#define GIC_ENABLE 0x100u

#define BOTH_GROUPS 3u
#define GROUP_0_IS_FIQ 8u
#define CHILDREN_ASLEEP 4u
#define TIMERS 0x4a000000u /* 27: virtual, 30: physical; 25: maintenance of a guest's GIC */

static volatile u32 *device(u64 address)
{
	return (volatile u32 *)(uintptr_t)address;
}

static u64 has_gic_registers(void)
{
	u64 pfr0;

	__asm__ volatile("mrs %0, id_aa64pfr0_el1" : "=r"(pfr0));
	return (pfr0 >> 24) & 0xfu;
}

void gic_setup(u64 group)
{
	u64 private = has_gic_registers() != 0 ? GICR_PRIVATE : GICD;

	*device(GICD + GIC_CTLR) = BOTH_GROUPS;
	if (has_gic_registers() != 0) {
		*device(GICR + GICR_WAKER) = 0;
		while ((*device(GICR + GICR_WAKER) & CHILDREN_ASLEEP) != 0) {
		}
		/* ICC_PMR_EL1, ICC_IGRPEN0_EL1, ICC_IGRPEN1_EL1 */
		__asm__ volatile("msr s3_0_c4_c6_0, %0\n\tmsr s3_0_c12_c12_6, %1\n\tmsr s3_0_c12_c12_7, %1\n\tisb"
				 : : "r"((u64)0xff), "r"((u64)1));
	} else {
		*device(GICC + GICC_PMR) = 0xff;
		*device(GICC + GIC_CTLR) = BOTH_GROUPS | GROUP_0_IS_FIQ;
	}
	*device(private + GIC_GROUP) = group != 0 ? TIMERS : 0;
	*device(private + GIC_ENABLE) = TIMERS;
}

void physical_timer(u64 on, u64 at)
{
	__asm__ volatile("msr cntp_cval_el0, %1\n\tmsr cntp_ctl_el0, %0\n\tisb" : : "r"(on), "r"(at));
}

u64 interrupts_pending(void)
{
	u64 value;

	__asm__ volatile("isb\n\tmrs %0, isr_el1" : "=r"(value));
	return value;
}
