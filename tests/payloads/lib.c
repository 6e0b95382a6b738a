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
