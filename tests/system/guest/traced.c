/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In a guest: a process that its parent debugs as a debugger does, with a breakpoint, single steps and a watchpoint of
 * the CPU. The exit status is 0 when each stopped it where it should.
 */
#include <elf.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define BREAK 0x1e5  /* enabled, at EL0, all four bytes */
#define WATCH 0x1ff5 /* enabled, at EL0, stores, all eight bytes */
#define POINTS 2     /* as many as there are at least */
#define STEPS 3
#define BY_POINT 4 /* TRAP_HWBKPT, which not every libc has */

struct points {
	uint32_t info;
	uint32_t pad;
	struct {
		uint64_t address;
		uint32_t control;
		uint32_t pad;
	} point[POINTS];
};

/* Where it is stopped, and steps: four instructions. */
void target(void);
__asm__(".text\n\t.globl target\ntarget:\n\tnop\n\tnop\n\tnop\n\tret\n");

static volatile uint64_t watched;
static unsigned int failures;

static void check(const char *what, uint64_t got, uint64_t want)
{
	if (got != want) {
		printf("GUEST: FAIL %s: 0x%llx, not 0x%llx\n", what, (long long)got, (long long)want);
		failures++;
	}
}

static void set_point(pid_t child, int kind, uint64_t address, uint32_t control)
{
	struct points points = { .point[1] = { .address = address, .control = control } };
	struct iovec words = { &points, sizeof(points) };

	check("a point is set", ptrace(PTRACE_SETREGSET, child, kind, &words), 0);
}

static void stops(pid_t child, int signal)
{
	int status = 0;

	check("the child", waitpid(child, &status, 0), child);
	check("it stops", WIFSTOPPED(status) ? WSTOPSIG(status) : 0, signal);
}

static uint64_t pc_of(pid_t child)
{
	struct user_regs_struct registers = { 0 };
	struct iovec words = { &registers, sizeof(registers) };

	check("its registers", ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &words), 0);
	return registers.pc;
}

/* A point of the CPU stopped it, at this address. */
static void stopped_by_point(pid_t child, uint64_t address)
{
	siginfo_t info = { 0 };

	stops(child, SIGTRAP);
	check("its signal", ptrace(PTRACE_GETSIGINFO, child, 0, &info), 0);
	check("a point of the CPU", info.si_code, BY_POINT);
	check("its address", (uintptr_t)info.si_addr, address);
}

static void debug(pid_t child)
{
	const uint64_t first = (uintptr_t)target;
	int status = 0;
	unsigned int i;

	stops(child, SIGSTOP);
	set_point(child, NT_ARM_HW_BREAK, first, BREAK);
	ptrace(PTRACE_CONT, child, 0, 0);
	stopped_by_point(child, first);
	check("PC at the breakpoint", pc_of(child), first);
	set_point(child, NT_ARM_HW_BREAK, first, 0);
	for (i = 1; i <= STEPS; i++) {
		ptrace(PTRACE_SINGLESTEP, child, 0, 0);
		stops(child, SIGTRAP);
		check("PC behind a step", pc_of(child), first + 4 * i);
	}
	set_point(child, NT_ARM_HW_WATCH, (uintptr_t)&watched, WATCH);
	ptrace(PTRACE_CONT, child, 0, 0);
	stopped_by_point(child, (uintptr_t)&watched);
	set_point(child, NT_ARM_HW_WATCH, (uintptr_t)&watched, 0);
	ptrace(PTRACE_CONT, child, 0, 0);
	check("the child", waitpid(child, &status, 0), child);
	check("it ends", WIFEXITED(status) ? WEXITSTATUS(status) : 99, 7);
}

int main(void)
{
	pid_t child = fork();

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		target();
		watched = 7;
		_exit((int)watched);
	}
	debug(child);
	return failures != 0;
}
