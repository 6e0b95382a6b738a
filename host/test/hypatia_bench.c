// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hypercall, a share, an unshare and a first touch of memory cost, in ticks of the virtual
 * counter, under Hypatia or under the kernel's own pKVM (kvm-arm.mode=protected), by the same code.
 *
 * tools/bench runs it with a counter that counts instructions.
 */
#include <linux/arm-smccc.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sort.h>

#include <asm/arch_timer.h>
#include <asm/barrier.h>
#include <asm/kvm_asm.h>

#include <gen/hypercalls.h>

#define ROUNDS 100
#define TOUCHES 64
#define GIB (1ULL << 30)
#define UNKNOWN_ID 0xC600FFFFUL
#define KVM_ID(name) (0xC6000000UL | __KVM_HOST_SMCCC_FUNC_##name)
#define FAULT_TICKS_MIN 150

static u64 now(void)
{
	u64 ticks;

	asm volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(ticks) : : "memory");
	return ticks;
}

/* @rounds times HVC with x0 = @id, x1 = @arg; @call 0: the loop alone. */
static u64 loop(u64 id, u64 arg, unsigned int rounds, bool call)
{
	u64 start = now();
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		register u64 x0 asm("x0") = id;
		register u64 x1 asm("x1") = arg;

		if (call)
			asm volatile("hvc #0" : "+r"(x0), "+r"(x1) : : "x2", "x3", "memory");
		else
			asm volatile("" : "+r"(x0), "+r"(x1) : : "x2", "x3", "memory");
	}
	return now() - start;
}

static void line(const char *what, u64 ticks)
{
	pr_warn("BENCH %s %llu\n", what, ticks);
}

static void bench_calls(u64 share_id, u64 unshare_id)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u64 empty, one, unknown, share = 0, unshare = 0;
	unsigned long flags;
	unsigned int i;

	if (!page)
		return;
	local_irq_save(flags);
	loop(UNKNOWN_ID, 0, 1, true);
	empty = loop(UNKNOWN_ID, 0, ROUNDS, false);
	one = loop(UNKNOWN_ID, 0, 1, false);
	unknown = loop(UNKNOWN_ID, 0, ROUNDS, true) - empty;
	loop(share_id, page_to_pfn(page), 1, true);
	loop(unshare_id, page_to_pfn(page), 1, true);
	for (i = 0; i < ROUNDS; i++) {
		share += loop(share_id, page_to_pfn(page), 1, true) - one;
		unshare += loop(unshare_id, page_to_pfn(page), 1, true) - one;
	}
	local_irq_restore(flags);
	line("hypercall", unknown / ROUNDS);
	line("share", share / ROUNDS);
	line("unshare", unshare / ROUNDS);
	__free_page(page);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/*
 * The middle of each GiB of RAM, read for the first time: those that were slow had a stage-2 fault.
 */
static void bench_touch(void)
{
	static u64 cost[TOUCHES];
	unsigned int n = 0;
	unsigned long flags;
	u64 pa, start, ticks;

	for (pa = GIB / 2; pa < 256 * GIB && n < TOUCHES; pa += GIB) {
		if (!pfn_valid(PHYS_PFN(pa)) || !pfn_is_map_memory(PHYS_PFN(pa)))
			continue;
		local_irq_save(flags);
		start = now();
		READ_ONCE(*(u64 *)__va(pa));
		ticks = now() - start;
		local_irq_restore(flags);
		if (ticks >= FAULT_TICKS_MIN)
			cost[n++] = ticks;
	}
	sort(cost, n, sizeof(cost[0]), compare, NULL);
	line("first_touch_faults", n);
	if (n)
		line("first_touch", cost[n / 2]);
}

static int __init hypatia_bench_init(void)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(VENDOR_HYP_UID, 0, 0, 0, &res);
	if ((u32)res.a0 == UID_WORD0) {
		bench_calls(MEM_SHARE_HYP, MEM_UNSHARE_HYP);
	} else {
		bench_calls(KVM_ID(__pkvm_host_share_hyp), KVM_ID(__pkvm_host_unshare_hyp));
	}
	bench_touch();
	pr_warn("BENCH done %u\n", 1);
	return 0;
}

static void __exit hypatia_bench_exit(void)
{
}

module_init(hypatia_bench_init);
module_exit(hypatia_bench_exit);
MODULE_DESCRIPTION("Costs of hypercalls and first touches");
MODULE_LICENSE("GPL v2");
