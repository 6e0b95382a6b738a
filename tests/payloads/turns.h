/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests of one program, the second protected, which tell what they find by stores to where there is no memory. A
 * payload has its own way to enter them, in which it looks after what is the host's.
 */
#ifndef PAYLOAD_TURNS_H
#define PAYLOAD_TURNS_H

#include "payload.h"

#include <gen/vcpu.h>

#define SPARE 0x44000000u /* RAM that nobody uses */
#define FIRST 0x5a5a000000000000u
#define FAULT_STORED (FAULT_VALID + 3 * FAULT_SIZE + FAULT_WRITE)

enum { OF_VM, OF_VCPU, OF_HIGH, OF_HIGH_PAGES, OF_CODE, OF_SECOND, OF_COUNT };

struct guest {
	u64 handle;
	u64 protected;
	u64 first; /* what it is begun with */
	u64 told;
};

#define GUESTS 3u /* at most */

static struct guest guests[GUESTS];
static volatile u64 visits;

#define read_register(name)                                              \
	({                                                               \
		u64 value_;                                              \
		__asm__ volatile("mrs %0, " #name : "=r"(value_)); \
		value_;                                                  \
	})
#define write_register(name, value) __asm__ volatile("msr " #name ", %0" : : "r"(value))

/* Until its next exit, by the payload. */
static struct result enter(struct guest *g);

/* What it tells by a store to @address. */
static u64 told_at(const char *what, struct guest *g, u64 address)
{
	struct result r = enter(g);

	if (r.exit != (s64)EXIT_FAULT || r.x2 != FAULT_STORED + address) {
		put_string(what);
		put_string("\n");
		check("  exit", (u64)r.exit, EXIT_FAULT);
		check("  x2", r.x2, FAULT_STORED + address);
	}
	return r.x3;
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

/* Guest @i, with @program at @code: its first vCPU is loaded, and not on. */
static struct guest *make(u64 i, const u64 *program, u64 code)
{
	struct guest *g = &guests[i];
	u64 first;

	*g = (struct guest){ VM_HANDLE_BASE + i, i % 2, FIRST + (i << 40), 0 };
	first = first_frame(g);
	copy((volatile u64 *)(uintptr_t)((first + OF_CODE) * 4096u), program);
	check("reserve", (u64)vm(VM_RESERVE, 0, 0, 0), g->handle);
	check("a VM", (u64)vm(VM_INIT, g->handle, first + OF_VM, g->protected), 0);
	check("a vCPU", (u64)vm(VCPU_INIT, g->handle, 0, first + OF_VCPU), 0);
	check("a second", (u64)vm(VCPU_INIT, g->handle, 1, first + OF_SECOND), 0);
	check("a table", (u64)vm(VM_TABLE, g->handle, code / 4096u, first + OF_HIGH), 0);
	check("another table", (u64)vm(VM_TABLE, g->handle, code / 4096u, first + OF_HIGH_PAGES), 0);
	check("a page", (u64)vm(VM_MAP, g->handle, code / 4096u, first + OF_CODE), 0);
	check("load", (u64)vm(VCPU_LOAD, g->handle, 0, 0), 0);
	return g;
}

/* It is on, at @code. */
static struct guest *start(struct guest *g, u64 code)
{
	check("entry", (u64)vm(VCPU_SET_REG, CTX_PC, code, 0), 0);
	check("its word", (u64)vm(VCPU_SET_REG, CTX_X0, g->first, 0), 0);
	check("on", (u64)vm(VCPU_POWER, 1, 0, 0), 0);
	return g;
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
	check("reclaim the second", (u64)vm(VCPU_RECLAIM, g->handle, 1, 0), 0);
	check("end", (u64)vm(VM_FINALIZE, g->handle, 0, 0), 0);
}

#endif
