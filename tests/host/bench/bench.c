/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What VMs cost, by /dev/kvm: the driver's when it can be loaded, else the kernel's own. With -icount a tick of the
 * counter is an instruction. Each line is "BENCH name instructions".
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../guest.h"
#include "../kvm.h"

#define CALLS 20000
#define STORES 5000
#define TURNS 5000
#define PAGE (1ul << PAGE_SHIFT)
#define SMALL (128ul << (20 - PAGE_SHIFT))
#define LARGE (256ul << (20 - PAGE_SHIFT))

extern char bench_calls[], bench_stores[], bench_pages[];

static uint64_t now(void)
{
	uint64_t ticks;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
	return ticks;
}

static void figure(const char *name, uint64_t ticks, uint64_t times)
{
	printf("BENCH %s %llu\n", name, (unsigned long long)((ticks + times / 2) / times));
}

static void calls(void)
{
	struct machine m;
	uint64_t start;

	machine_make(&m, bench_calls, 1);
	x_set(&m, 0, 0, CALLS);
	start = now();
	check("calls", is_done(&m, 0), true);
	figure("guest_call", now() - start, CALLS);
	machine_end(&m);
}

static void stores(void)
{
	struct machine m;
	uint64_t start;
	int i;

	machine_make(&m, bench_stores, 1);
	x_set(&m, 0, 0, STORES + 1);
	(void)said(&m, 0);
	start = now();
	for (i = 0; i < STORES; i++)
		(void)said(&m, 0);
	figure("guest_exit", now() - start, STORES);
	check("stores", is_done(&m, 0), true);
	machine_end(&m);
}

/* Each run is of another vCPU than the last on this CPU. */
static void turns(void)
{
	struct machine m;
	uint64_t start;
	int i;

	machine_make(&m, bench_stores, 2);
	for (i = 0; i < 2; i++) {
		struct kvm_mp_state on = { .mp_state = KVM_MP_STATE_RUNNABLE };

		x_set(&m, i, 0, TURNS / 2 + 1);
		check("on", ioctl(m.vcpu[i], KVM_SET_MP_STATE, &on), 0);
		(void)said(&m, i);
	}
	start = now();
	for (i = 0; i < TURNS; i++)
		(void)said(&m, i % 2);
	figure("guest_turn", now() - start, TURNS);
	check("turns", is_done(&m, 0) && is_done(&m, 1), true);
	machine_end(&m);
}

/*
 * A guest touches each of @count pages, and is then torn down. @advice is about the memory: MADV_HUGEPAGE is what Linux
 * does by itself, and then it is fresh for the process as well; else the process has it already.
 */
static void pages(uint64_t count, int advice, const char *touch, const char *end)
{
	struct machine m;
	uint64_t start;
	char *memory = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("memory");
		exit(1);
	}
	check("advice", madvise(memory, count * PAGE, advice), 0);
	if (advice != MADV_HUGEPAGE)
		memset(memory, 1, count * PAGE);
	machine_make(&m, bench_pages, 1);
	check("slot 2", slot_set(m.vm, 2, BENCH_MEMORY, count * PAGE, memory), 0);
	x_set(&m, 0, 0, count);
	start = now();
	check("pages", is_done(&m, 0), true);
	figure(touch, now() - start, count);
	start = now();
	machine_end(&m);
	figure(end, now() - start, count);
	munmap(memory, count * PAGE);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (access("/dev/kvm", F_OK) != 0)
		check("load", module_load(), 0);
	calls();
	stores();
	turns();
	pages(SMALL, MADV_NOHUGEPAGE, "guest_touch_128", "guest_end_128");
	pages(LARGE, MADV_NOHUGEPAGE, "guest_touch_256", "guest_end_256");
	pages(LARGE, MADV_HUGEPAGE, "guest_touch_huge", "guest_end_huge");
	printf("BENCH done 1\n");
	return check_end();
}
