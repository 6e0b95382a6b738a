/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several CPUs at once: started and stopped through PSCI, sharing and donating the same and
 * different frames. Whatever the order, each call has one of its specified answers and the frames
 * end as the host's.
 */
#include "payload.h"

#define COMMON_PFN (0x44000000u / 4096u)
#define OWN_PFN(cpu) (0x45000000u / 4096u + 512u * (u32)(cpu))
/*
 * With more CPUs than the build machine has free, each hand-over of a lock waits for its scheduler:
 * beyond ROUNDS_LEAST the work ends with its time.
 */
#define ROUNDS_MOST 1000u
#define ROUNDS_LEAST 15u
#define WORK_SECONDS 10u
#define AFFINITY_OFF 1u
#define PATIENCE 2000000000u

struct report {
	volatile u64 done;
	volatile u64 wrong;
	volatile u64 won;
	volatile u64 x0_ok;
};

static struct report reports[CPUS];

static u64 counter(void)
{
	u64 value;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(value));
	return value;
}

static u64 counter_frequency(void)
{
	u64 value;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
	return value;
}

static u64 own_frame(u64 pfn)
{
	u64 wrong = 0;

	wrong += hyp(MEM_SHARE_HYP, pfn, 0) != 0;
	wrong += hyp(MEM_PIN, pfn, 0) != 0;
	wrong += hyp(MEM_UNSHARE_HYP, pfn, 0) != HYP_EBUSY;
	wrong += hyp(MEM_UNPIN, pfn, 0) != 0;
	wrong += hyp(MEM_UNSHARE_HYP, pfn, 0) != 0;
	wrong += hyp(MEM_DONATE_HYP, pfn, 4) != 4;
	wrong += hyp(MEM_RECLAIM_HYP, pfn, 4) != 4;
	*(volatile u64 *)(uintptr_t)(pfn * 4096u) = pfn;
	return wrong;
}

/* All CPUs want the same frame: only who got it may give it back. */
static u64 common_frame(u64 *won)
{
	s64 answer = hyp(MEM_SHARE_HYP, COMMON_PFN, 0);

	if (answer == HYP_EPERM) {
		return 0;
	}
	if (answer != 0) {
		return 1;
	}
	(*won)++;
	return hyp(MEM_UNSHARE_HYP, COMMON_PFN, 0) != 0;
}

static void work(u64 cpu)
{
	struct report *report = &reports[cpu];
	u64 wrong = 0;
	u64 won = 0;
	u64 end = counter() + WORK_SECONDS * counter_frequency();
	u32 i;

	for (i = 0; i < ROUNDS_LEAST || (i < ROUNDS_MOST && counter() < end); i++) {
		wrong += own_frame(OWN_PFN(cpu));
		wrong += common_frame(&won);
	}
	report->wrong = wrong + take_faults((u32)cpu);
	report->won = won;
	report->done = 1;
}

void payload_cpu_main(u64 cpu)
{
	reports[cpu].x0_ok = 1;
	work(cpu);
}

static _Bool wait_for(volatile u64 *word)
{
	u64 i;

	for (i = 0; i < PATIENCE; i++) {
		if (*word != 0) {
			return 1;
		}
	}
	return 0;
}

static _Bool wait_off(u64 mpidr)
{
	u64 i;

	for (i = 0; i < PATIENCE / 1000; i++) {
		if (smc3(PSCI_AFFINITY_INFO_64, mpidr, 0, 0) == AFFINITY_OFF) {
			return 1;
		}
	}
	return 0;
}

static void round_of(u32 cpus)
{
	u64 entry = (u64)(uintptr_t)payload_secondary;
	u32 cpu;

	for (cpu = 1; cpu < cpus; cpu++) {
		reports[cpu] = (struct report){ 0 };
		check("CPU_ON", smc3(PSCI_CPU_ON_64, cpu, entry, cpu), (u64)PSCI_SUCCESS);
	}
	work(0);
	for (cpu = 1; cpu < cpus; cpu++) {
		check_true("the CPU has done its work", wait_for(&reports[cpu].done));
		check_true("it goes off", wait_off(cpu));
	}
	for (cpu = 0; cpu < cpus; cpu++) {
		check("wrong answers", reports[cpu].wrong, 0);
		put_string("  took the common frame ");
		put_dec(reports[cpu].won);
		put_string(" times\n");
		check("its own frame is the host's", (u64)hyp(MEM_INFO, OWN_PFN(cpu), 0),
		      FRAME_HOST);
	}
	check("the common frame is the host's", (u64)hyp(MEM_INFO, COMMON_PFN, 0), FRAME_HOST);
}

void payload_main(u64 fdt)
{
	u32 cpus = (u32)hyp(HYP_STATS, STAT_CPU_COUNT, 0);

	(void)fdt;
	cpus = cpus > CPUS ? CPUS : cpus;
	check_true("more than one CPU", cpus > 1);
	round_of(cpus);
	round_of(cpus);
	finish("smp");
}
