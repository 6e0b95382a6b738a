/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last words of a CPU: what happened, the registers, the way there, and which build this was.
 *
 * Addresses of the stack trace are offsets into the image: aarch64-linux-gnu-addr2line -e
 * build/hypatia.elf (tools/run does it by itself) gives function and line.
 */
#include <stddef.h>

#include <asm/console.h>
#include <asm/cpu.h>
#include <asm/frame.h>
#include <asm/sysreg.h>

#include "hyp.h"

#define TRACE_DEPTH_MAX 24u
#define STACK_BYTES_MAX 16384u
#define BUILD_ID_OFFSET 16u /* note header of 12 bytes, then "GNU\0" */
#define BUILD_ID_BYTES 20u

_Noreturn void panic_exception(u32 kind, const struct panic_frame *frame);

/* The packaged libfdt is compiled with stack protection. */
extern u64 __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

u64 __stack_chk_guard = 0x00ff0a0d5a17c3e1u;

static u32 panicking;

void print_build_id(void)
{
	u32 i;

	for (i = 0; i < BUILD_ID_BYTES; i++) {
		print("%x%x", (u32)build_id_note[BUILD_ID_OFFSET + i] >> 4,
		      (u32)build_id_note[BUILD_ID_OFFSET + i] & 0xfu);
	}
}

/* Only the first CPU to panic reports. */
static _Bool claim_console(void)
{
	u32 old;
	u32 failed;

	do {
		__asm__ volatile("ldaxr %w0, [%2]\n\tstxr %w1, %w3, [%2]"
				 : "=&r"(old), "=&r"(failed)
				 : "r"(&panicking), "r"(1)
				 : "memory");
	} while (failed != 0);
	return old == 0;
}

static void print_place(const char *what, u64 pc)
{
	u64 base = (u64)(uintptr_t)image_start;

	if (pc >= base && pc < (u64)(uintptr_t)text_end) {
		print("  %s image+0x%lx\n", what, pc - base);
	} else {
		print("  %s 0x%lx\n", what, pc);
	}
}

/* The memory that a frame record may lie in: this stack's pages, of which [@low, end) is in use. */
static u64 stack_end(u64 low)
{
	u64 boot_top = (u64)(uintptr_t)boot_stack_top;
	u64 top = boot_top;
	u32 cpu = (u32)read_sysreg(tpidr_el2);

	if (low >= boot_top || low < boot_top - STACK_BYTES_MAX) {
		top = cpu < boot_info.cpu_count && cpu < CPUS_MAX ? hyp_stack_top(cpu) : 0;
	}
	return low < top && top - low <= STACK_BYTES_MAX ? top : low;
}

/* Frame records are {caller's record, return address}, each above the one before. */
static void print_trace(u64 fp, u64 sp)
{
	u64 end = stack_end(sp);
	u64 low = sp;
	const u64 *record;
	u32 depth;

	for (depth = 0; depth < TRACE_DEPTH_MAX; depth++) {
		if (fp < low || fp % 16 != 0 || fp >= end || end - fp < 16) {
			return;
		}
		record = (const u64 *)(uintptr_t)fp;
		if (record[1] != 0) {
			print_place("from", record[1] - 4);
		}
		low = fp + 16;
		fp = record[0];
	}
}

static void print_heading(const char *why)
{
	print("\nhypatia: PANIC: %s\n", why);
	print("  cpu %lu (mpidr 0x%lx), build ", read_sysreg(tpidr_el2), read_sysreg(mpidr_el1));
	print_build_id();
	print("\n");
}

static const char *kind_name(u32 kind)
{
	switch (kind % 4) {
	case 0:
		return "synchronous exception";
	case 1:
		return "IRQ";
	case 2:
		return "FIQ";
	default:
		return "SError";
	}
}

static const char *kind_origin(u32 kind)
{
	switch (kind / 4) {
	case 0:
		return " at EL2 with SP_EL0";
	case 1:
		return " at EL2";
	case 2:
		return " from AArch64 below EL2";
	default:
		return " from AArch32 below EL2";
	}
}

void panic_exception(u32 kind, const struct panic_frame *frame)
{
	u32 i;

	if (claim_console()) {
		print_heading(kind_name(kind));
		print("  %s%s\n", kind_name(kind), kind_origin(kind));
		print("  esr 0x%lx elr 0x%lx far 0x%lx spsr 0x%lx\n", read_sysreg(esr_el2),
		      read_sysreg(elr_el2), read_sysreg(far_el2), read_sysreg(spsr_el2));
		print("  hcr 0x%lx sctlr 0x%lx ttbr0 0x%lx\n", read_sysreg(hcr_el2),
		      read_sysreg(sctlr_el2), read_sysreg(ttbr0_el2));
		for (i = 0; i < 31; i++) {
			print("%s x%u 0x%lx%s", i % 4 == 0 ? " " : "", i, frame->x[i],
			      i % 4 == 3 ? "\n" : "");
		}
		print(" sp 0x%lx\n", frame->sp);
		print_place("at", read_sysreg(elr_el2));
		print_place("from", frame->x[30] - 4);
		print_trace(frame->x[29], frame->sp);
		print("hypatia: this CPU has stopped\n");
	}
	park();
}

void panic(const char *why)
{
	if (claim_console()) {
		print_heading(why);
		print_trace((u64)(uintptr_t)__builtin_frame_address(0),
			    (u64)(uintptr_t)__builtin_frame_address(0));
		print("hypatia: this CPU has stopped\n");
	}
	park();
}

void __stack_chk_fail(void)
{
	panic("stack smashed");
}
