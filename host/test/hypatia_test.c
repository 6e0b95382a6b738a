// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of Hypatia from inside the host's kernel: the hypercalls, and attacks on what is not the
 * host's.
 *
 * Loading the module runs them and prints one line for each check. An attack runs in a thread of
 * its own: the abort that it gets ends that thread with an oops, and the kernel lives on.
 */
#include <linux/arm-smccc.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include <linux/version.h>

/* The kernel's name for something else, which nobody needs here. */
#undef VM_MAP
#include <gen/hypercalls.h>
#include <gen/pages.h>
#include <gen/vm.h>

#define PATTERN 0x0123456789abcdefULL
#define DONATED_ORDER 3
#define DONATED (1UL << DONATED_ORDER)
#define HIDDEN_MAX 4
#define ATTACK_MS 3000

enum attack_kind { ATTACK_READ, ATTACK_WRITE };

struct attack {
	void *address;
	enum attack_kind kind;
	struct completion ready;
	struct completion go;
	bool touch_first;
	bool survived;
};

static unsigned int checks;
static unsigned int failures;

static void check(const char *what, u64 got, u64 want)
{
	checks++;
	if (got == want) {
		pr_info("HYPATIA-TEST: PASS %s\n", what);
	} else {
		failures++;
		pr_err("HYPATIA-TEST: FAIL %s: got 0x%llx, expected 0x%llx\n", what, got, want);
	}
}

static struct arm_smccc_res hvc(u64 id, u64 a, u64 b)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(id, a, b, 0, &res);
	return res;
}

static u64 hyp(u64 id, u64 a, u64 b)
{
	struct arm_smccc_res res = hvc(id, a, b);

	return (long)res.a0 == SMCCC_SUCCESS ? res.a1 : ~0ULL - 4096;
}

static u64 hyp3(u64 id, u64 a, u64 b, u64 c)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(id, a, b, c, &res);
	return (long)res.a0 == SMCCC_SUCCESS ? res.a1 : ~0ULL - 4096;
}

static void test_identity(void)
{
	struct arm_smccc_res res = hvc(VENDOR_HYP_UID, 0, 0);

	check("uid word 0", (u32)res.a0, UID_WORD0);
	check("uid word 1", (u32)res.a1, UID_WORD1);
	check("uid word 2", (u32)res.a2, UID_WORD2);
	check("uid word 3", (u32)res.a3, UID_WORD3);
	check("version", hyp(HYP_VERSION, 0, 0), ABI_MAJOR * 65536 + ABI_MINOR);
	check("unknown call", hvc(HYPERCALL_BASE + HYPERCALL_COUNT, 0, 0).a0,
	      (u64)SMCCC_NOT_SUPPORTED);
	check("CPUs", hyp(HYP_STATS, STAT_CPU_COUNT, 0), num_possible_cpus());
}

static void version_here(void *wrong)
{
	if (hyp(HYP_VERSION, 0, 0) != ABI_MAJOR * 65536 + ABI_MINOR)
		atomic_inc(wrong);
}

static void test_every_cpu(void)
{
	atomic_t wrong = ATOMIC_INIT(0);

	on_each_cpu(version_here, &wrong, 1);
	check("version on every CPU: wrong answers", atomic_read(&wrong), 0);
}

static void test_sharing(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u64 *data = page ? page_address(page) : NULL;
	u64 pfn = page ? page_to_pfn(page) : 0;

	if (!page) {
		check("a page", 0, 1);
		return;
	}
	*data = PATTERN;
	check("share", hyp(MEM_SHARE_HYP, pfn, 0), 0);
	check("share twice", hyp(MEM_SHARE_HYP, pfn, 0), (u64)HYP_EPERM);
	check("pin", hyp(MEM_PIN, pfn, 0), 0);
	check("unshare a pinned page", hyp(MEM_UNSHARE_HYP, pfn, 0), (u64)HYP_EBUSY);
	check("unpin", hyp(MEM_UNPIN, pfn, 0), 0);
	check("unshare", hyp(MEM_UNSHARE_HYP, pfn, 0), 0);
	check("unshare twice", hyp(MEM_UNSHARE_HYP, pfn, 0), (u64)HYP_EPERM);
	check("contents", READ_ONCE(*data), PATTERN);
	__free_page(page);
}

static int attacker(void *argument)
{
	struct attack *attack = argument;

	if (attack->touch_first)
		READ_ONCE(*(u64 *)attack->address);
	complete(&attack->ready);
	wait_for_completion(&attack->go);
	if (attack->kind == ATTACK_READ)
		READ_ONCE(*(u64 *)attack->address);
	else
		WRITE_ONCE(*(u64 *)attack->address, PATTERN);
	attack->survived = true;
	while (!kthread_should_stop())
		msleep(10);
	return 0;
}

/* The attacker ends by an oops: it is dead, and has not got past the access. */
static void finish_attack(const char *what, struct attack *attack, struct task_struct *task)
{
	unsigned int waited = 0;

	complete(&attack->go);
	while (!READ_ONCE(task->exit_state) && !READ_ONCE(attack->survived) && waited < ATTACK_MS) {
		msleep(10);
		waited += 10;
	}
	check(what, (READ_ONCE(attack->survived) ? 1 : 0) + (READ_ONCE(task->exit_state) ? 0 : 2),
	      0);
	if (READ_ONCE(attack->survived))
		kthread_stop(task);
	put_task_struct(task);
}

static struct task_struct *start_attack(struct attack *attack, unsigned int cpu)
{
	struct task_struct *task;

	init_completion(&attack->ready);
	init_completion(&attack->go);
	task = kthread_create(attacker, attack, "hypatia-attack");
	if (IS_ERR(task))
		return NULL;
	get_task_struct(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	wait_for_completion(&attack->ready);
	return task;
}

static void attack_one(const char *what, void *address, enum attack_kind kind)
{
	/* Not on the stack: a thread that died may still be looked at. */
	struct attack *attack = kzalloc(sizeof(*attack), GFP_KERNEL);
	struct task_struct *task;

	if (!attack)
		return;
	attack->address = address;
	attack->kind = kind;
	task = start_attack(attack, raw_smp_processor_id());
	if (task)
		finish_attack(what, attack, task);
	else
		check("an attacker thread", 0, 1);
}

static void attack_range(const char *name, phys_addr_t base, resource_size_t size)
{
	void *map = memremap(base, size, MEMREMAP_WB);

	pr_info("HYPATIA-TEST: %s, 0x%llx bytes\n", name, (u64)size);
	if (!map) {
		check("memremap of hidden memory", 0, 1);
		return;
	}
	attack_one("read of the first page aborts", map, ATTACK_READ);
	attack_one("write of the first page aborts", map, ATTACK_WRITE);
	attack_one("read of the last page aborts", map + size - PAGE_SIZE, ATTACK_READ);
	attack_one("write of the middle aborts", map + size / 2, ATTACK_WRITE);
	memunmap(map);
}

static void test_hidden(void)
{
	struct device_node *parent = of_find_node_by_path("/reserved-memory");
	struct device_node *child;
	struct resource place;
	unsigned int found = 0;

	for_each_child_of_node(parent, child) {
		if (!of_node_name_eq(child, "hypatia") || of_address_to_resource(child, 0, &place))
			continue;
		found++;
		check("share of hidden memory", hyp(MEM_SHARE_HYP, PHYS_PFN(place.start), 0),
		      (u64)HYP_EPERM);
		attack_range(child->full_name, place.start, resource_size(&place));
	}
	of_node_put(parent);
	check("hidden ranges", found, 2);
}

/* A page that one CPU has in its TLB while another gives it away. */
static void test_donation(void)
{
	struct attack *attack = kzalloc(sizeof(*attack), GFP_KERNEL);
	struct page *pages = alloc_pages(GFP_KERNEL, DONATED_ORDER);
	u64 *data = pages ? page_address(pages) : NULL;
	u64 pfn = pages ? page_to_pfn(pages) : 0;
	unsigned int other = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	struct task_struct *task;

	if (!pages || !attack)
		return;
	attack->address = data;
	attack->kind = ATTACK_READ;
	attack->touch_first = true;
	*data = PATTERN;
	task = start_attack(attack, other < nr_cpu_ids ? other : raw_smp_processor_id());
	check("donate", hyp(MEM_DONATE_HYP, pfn, DONATED), DONATED);
	if (task)
		finish_attack("read by another CPU aborts", attack, task);
	check("reclaim", hyp(MEM_RECLAIM_HYP, pfn, DONATED), DONATED);
	check("contents are cleared", READ_ONCE(*data), 0);
	check("and the page is the host's again", hyp(MEM_INFO, pfn, 0), FRAME_HOST);
	__free_pages(pages, DONATED_ORDER);
}

/* The page that a VM keeps, which another CPU has in its TLB; the VM ends, and the page comes back cleared. */
static void test_vm(void)
{
	struct attack *attack = kzalloc(sizeof(*attack), GFP_KERNEL);
	struct page *pages = alloc_pages(GFP_KERNEL, 1);
	u64 *data = pages ? page_address(pages) : NULL;
	u64 pfn = pages ? page_to_pfn(pages) : 0;
	unsigned int other = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	struct task_struct *task;
	u64 handle, loaded, put;

	if (!pages || !attack)
		return;
	attack->address = data;
	attack->kind = ATTACK_READ;
	attack->touch_first = true;
	data[0] = PATTERN;
	data[PAGE_SIZE / sizeof(*data)] = PATTERN;
	task = start_attack(attack, other < nr_cpu_ids ? other : raw_smp_processor_id());
	handle = hyp3(VM_RESERVE, 0, 0, 0);
	check("a handle", handle - VM_HANDLE_BASE < VMS_MAX, 1);
	check("a VM", hyp3(VM_INIT, handle, pfn, 1), 0);
	check("its vCPU", hyp3(VCPU_INIT, handle, 0, pfn + 1), 0);
	if (task)
		finish_attack("read of a VM's state by another CPU aborts", attack, task);
	check("reclaim of a VM's state", hyp(MEM_RECLAIM_HYP, pfn, 1), (u64)HYP_EPERM);
	preempt_disable();
	loaded = hyp3(VCPU_LOAD, handle, 0, 0);
	put = hyp3(VCPU_PUT, 0, 0, 0);
	preempt_enable();
	check("load", loaded, 0);
	check("put", put, 0);
	check("tear down", hyp3(VM_TEARDOWN, handle, 0, 0), 0);
	check("end with a vCPU", hyp3(VM_FINALIZE, handle, 0, 0), (u64)HYP_EBUSY);
	check("end the vCPU", hyp3(VCPU_RECLAIM, handle, 0, 0), 0);
	check("end", hyp3(VM_FINALIZE, handle, 0, 0), 0);
	check("the VM's page is cleared", READ_ONCE(data[0]), 0);
	check("the vCPU's page is cleared", READ_ONCE(data[PAGE_SIZE / sizeof(*data)]), 0);
	check("and the page is the host's again", hyp(MEM_INFO, pfn, 0), FRAME_HOST);
	__free_pages(pages, 1);
}

static int __init hypatia_test_init(void)
{
	test_identity();
	test_every_cpu();
	test_sharing();
	test_donation();
	test_vm();
	test_hidden();
	pr_warn("HYPATIA-TEST: %u checks, %u failures\n", checks, failures);
	return 0;
}

static void __exit hypatia_test_exit(void)
{
}

module_init(hypatia_test_init);
module_exit(hypatia_test_exit);
MODULE_DESCRIPTION("Tests of Hypatia from the host's kernel");
MODULE_LICENSE("GPL v2");
