// SPDX-License-Identifier: BSD-2-Clause
/*
 * Accesses to memory of the guest.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include "vmm.h"

/* Where the thread goes on that makes an access which is not allowed. */
static __thread sigjmp_buf *way_out;
static __thread volatile sig_atomic_t which;

static void refused(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (way_out) {
		which = number;
		siglongjmp(*way_out, 1);
	}
	say("signal %d at address %p: this is a mistake of this program", number, info->si_addr);
	finish(ENDED_FAILED);
}

void memory_setup(void)
{
	/* Not blocked meanwhile: then the way out needs not restore anything. */
	struct sigaction action = { .sa_sigaction = refused, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/**
 * guarded() - do @access, unless it touches what it may not
 *
 * A guest can take back what it lent at any time.
 *
 * Return: false when it was cut short; @access must not hold what it would have to give back.
 */
bool guarded(void (*access)(void *context), void *context)
{
	sigjmp_buf here;

	if (sigsetjmp(here, 0)) {
		way_out = NULL;
		return false;
	}
	way_out = &here;
	access(context);
	way_out = NULL;
	return true;
}

/* @bytes at @address of the guest, all of them in the window; or NULL. */
void *window_at(uint64_t address, uint64_t bytes)
{
	if (address < WINDOW_BASE || address >= RAM_BASE || bytes > RAM_BASE - address)
		return NULL;
	return vm.window + (address - WINDOW_BASE);
}

static void read_page(void *context)
{
	(void)*(volatile uint8_t *)context;
}

static const uint8_t *host_place(uint64_t address)
{
	if (address >= WINDOW_BASE && address < RAM_BASE)
		return vm.window + (address - WINDOW_BASE);
	if (address >= RAM_BASE && address - RAM_BASE < vm.ram_bytes)
		return vm.ram + (address - RAM_BASE);
	return NULL;
}

static void peek_at(uint64_t address, uint64_t bytes)
{
	unsigned long done = 0, refusals = 0;
	uint64_t at;

	which = 0;
	for (at = address; at < address + bytes; at += PAGE_BYTES) {
		const uint8_t *place = host_place(at);

		if (!place)
			break;
		if (guarded(read_page, (void *)place))
			done++;
		else
			refusals++;
	}
	say("peek at 0x%llx, 0x%llx bytes: %lu pages read, %lu pages refused%s%s", (unsigned long long)address,
	    (unsigned long long)bytes, done, refusals, which ? " with " : "",
	    which == SIGBUS ? "SIGBUS" : which ? "SIGSEGV" : "");
}

/* Once: try to read what --peek names, and tell what came of it. */
void peek(void)
{
	unsigned int i;

	for (i = 0; i < vm.peek_count; i++)
		peek_at(vm.peeks[i].address, vm.peeks[i].bytes);
	vm.peek_count = 0;
}
