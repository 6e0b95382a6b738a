// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer of Hypatia's calls. Loading the module runs it: "calls" in all, from "cpus" CPUs at once, from "seed".
 *
 * Each CPU draws from a generator of its own, and what it draws does not depend on the others, so that a seed repeats
 * the calls of each CPU; how those of different CPUs fall together it cannot repeat. After "round" calls of each the
 * CPUs meet, and every frame is looked at.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "fuzz.h"

static ulong calls = 100000;
module_param(calls, ulong, 0444);
static ulong seed = 1;
module_param(seed, ulong, 0444);
static uint cpus = 2;
module_param(cpus, uint, 0444);
static uint round = 2000;
module_param(round, uint, 0444);

#define ENOUGH 50000            /* calls after which everything has to have come up */
#define BOUTS 16                /* in a round: all begin at once, however busy the machine is that emulates them */
#define BOUT 16                 /* calls */

atomic_t fuzz_owner[VMS_MAX];
s64 fuzz_figures[STAT_SVE + 1];

static atomic_t arrived;
static atomic_t running;
static DECLARE_COMPLETION(all_done);

/* False when the test is over meanwhile. */
static bool meet(void)
{
	int target = roundup(atomic_inc_return(&arrived), fuzz_cpu_count);

	while (atomic_read(&arrived) < target) {
		if (READ_ONCE(fuzz_failed))
			return false;
		cond_resched();
	}
	return !READ_ONCE(fuzz_failed);
}

static void step(struct fuzz_cpu *c)
{
	u64 n = below(c, 64);

	if (n < 2)
		fuzz_other_call(c);
	else if (n < 8)
		fuzz_shared_call(c);
	else if (n < 20)
		fuzz_memory_call(c);
	else if (c->loaded_vm == NONE ? n > 61 : n > 26)
		fuzz_run_call(c);
	else
		fuzz_vm_call(c);
}

/* Nobody else calls: what is looked at stays as it is. */
static bool look_at_all(struct fuzz_cpu *c)
{
	if (!meet())
		return false;
	c->checking = true;
	fuzz_frames_check(c);
	/* The others have their frames looked at meanwhile, and touch nothing that is shared. */
	if (!c->index)
		fuzz_shared_check(c);
	c->checking = false;
	return meet();
}

static void end(struct fuzz_cpu *c)
{
	unsigned int i;

	c->checking = true;
	if (c->loaded_vm != NONE)
		fuzz_put(c);
	for (i = 0; i < c->slots; i++)
		fuzz_vm_end(c, i);
	for (i = 0; i < FRAMES_ALL; i++)
		fuzz_frame_home(c, &c->frame[i]);
	fuzz_frames_check(c);
	for (i = 0; i < FRAMES_ALL; i++) {
		if (c->frame[i].state != FRAME_HOST)
			fuzz_differs(c, "frame 0x%llx is not the host's at the end", c->frame[i].pfn);
		fuzz_touch(c, &c->frame[i]);
		fuzz_look(c, &c->frame[i]);
	}
	if (meet() && !c->index)
		fuzz_shared_end(c);
	c->checking = false;
}

/* What a CPU has loaded when the fight is over does not depend on the others. */
static void let_go_of_shared(struct fuzz_cpu *c)
{
	c->checking = true;
	if (fuzz_shared_loaded(c))
		fuzz_shared_put(c);
	c->checking = false;
}

static int fuzz(void *argument)
{
	struct fuzz_cpu *c = argument;
	unsigned int bout, n;
	u64 next = 0;

	/* As many meetings on each CPU, whatever a step came to. */
	while (look_at_all(c) && next < c->limit) {
		next = min_t(u64, next + round, c->limit);
		/* Who has a vCPU of its own loaded cannot have another one. */
		if (below(c, 4))
			fuzz_put(c);
		for (bout = 0; bout < BOUTS && meet(); bout++) {
			for (n = 0; n < BOUT && !READ_ONCE(fuzz_failed); n++)
				fuzz_shared_fight(c);
		}
		let_go_of_shared(c);
		while (c->calls < next && !READ_ONCE(fuzz_failed)) {
			step(c);
			cond_resched();
		}
	}
	if (!READ_ONCE(fuzz_failed))
		end(c);
	if (atomic_dec_and_test(&running))
		complete(&all_done);
	return 0;
}

static void take_figures(s64 *to)
{
	u64 stat;

	for (stat = 0; stat <= STAT_SVE; stat++)
		to[stat] = fuzz_figure(stat);
}

static void check_figures(void)
{
	s64 now[STAT_SVE + 1];
	u64 stat;

	take_figures(now);
	for (stat = 0; stat <= STAT_SVE; stat++) {
		if (now[stat] != fuzz_figures[stat])
			fuzz_differs(fuzz_cpus[0], "figure %llu was %lld before the test, and is %lld", stat,
				     fuzz_figures[stat], now[stat]);
	}
}

static u64 sum(unsigned int call, unsigned int result)
{
	u64 n = 0;
	unsigned int i;

	for (i = 0; i < fuzz_cpu_count; i++)
		n += fuzz_cpus[i]->count[call][result];
	return n;
}

static void tell_calls(bool all)
{
	unsigned int call, result, n;
	char text[160];

	for (call = 0; call < NAMED_CALLS; call++) {
		for (result = 0, n = 0; result < RESULTS; result++) {
			if (sum(call, result))
				n += scnprintf(text + n, sizeof(text) - n, " %s %llu", fuzz_result_name(result),
					       sum(call, result));
		}
		pr_warn("HYPATIA-FUZZ: %s:%s\n", fuzz_name(call), n ? text : " never");
		if (all && !sum(call, 0))
			fuzz_differs(fuzz_cpus[0], "no %s did what it says", fuzz_name(call));
	}
}

static void tell_exits(bool all)
{
	static const char *const names[EXIT_MAX + 1] = {
		[EXIT_NONE] = "NONE", [EXIT_IRQ] = "IRQ", [EXIT_WFX] = "WFX", [EXIT_HVC] = "HVC",
		[EXIT_SMC] = "SMC", [EXIT_FAULT] = "FAULT", [EXIT_SYSREG] = "SYSREG", [EXIT_SERROR] = "SERROR",
		[EXIT_OTHER] = "OTHER", [EXIT_ON] = "ON", [EXIT_OFF] = "OFF", [EXIT_END] = "END",
		[EXIT_POISON] = "POISON",
	};
	static const u64 wanted[] = {
		EXIT_WFX, EXIT_HVC, EXIT_SMC, EXIT_FAULT, EXIT_SYSREG, EXIT_ON, EXIT_OFF, EXIT_END,
		EXIT_POISON,
	};
	u64 exits[EXIT_MAX + 1] = { 0 };
	u64 guest_calls = 0;
	unsigned int i, k, n = 0;
	char text[200];

	for (i = 0; i < fuzz_cpu_count; i++) {
		for (k = 0; k <= EXIT_MAX; k++)
			exits[k] += fuzz_cpus[i]->exits[k];
		guest_calls += fuzz_cpus[i]->guest_calls;
	}
	for (k = 0; k <= EXIT_MAX; k++) {
		if (exits[k])
			n += scnprintf(text + n, sizeof(text) - n, " %s %llu", names[k] ? names[k] : "?", exits[k]);
	}
	pr_warn("HYPATIA-FUZZ: guests' calls %llu; exits:%s\n", guest_calls, n ? text : " none");
	for (k = 0; k < ARRAY_SIZE(wanted) && all; k++) {
		if (!exits[wanted[k]])
			fuzz_differs(fuzz_cpus[0], "no guest came to exit %s", names[wanted[k]]);
	}
}

static void summary(void)
{
	u64 made = 0;
	u64 checks = 0;
	unsigned int i;

	for (i = 0; i < fuzz_cpu_count; i++) {
		made += fuzz_cpus[i]->calls;
		checks += fuzz_cpus[i]->checks;
	}
	if (!fuzz_failed)
		check_figures();
	tell_calls(!fuzz_failed && made >= ENOUGH);
	tell_exits(!fuzz_failed && made >= ENOUGH);
	if (!fuzz_failed)
		pr_warn("HYPATIA-FUZZ: %llu calls, %llu to check, seed %lu, %u CPUs, 0 divergences, all memory back\n",
			made, checks, seed, fuzz_cpu_count);
}

static struct fuzz_cpu *make_cpu(unsigned int index, int cpu)
{
	struct fuzz_cpu *c = kvzalloc(sizeof(*c), GFP_KERNEL);
	int k;

	if (!c)
		return NULL;
	c->index = index;
	c->cpu = cpu;
	c->limit = DIV_ROUND_UP(calls, cpus);
	/* Seeds beside each other, and CPUs, draw differently; never 0, which the generator keeps. */
	c->random = (seed * CPUS + index + 1) * 0x9e3779b97f4a7c15ULL | 1;
	c->slots = min_t(unsigned int, SLOTS, (VMS_MAX - 1) / cpus);
	c->loaded_vm = NONE;
	c->row_vm = NONE;
	if (!fuzz_frames_setup(c)) {
		kvfree(c);
		return NULL;
	}
	for (k = 0; k < 16; k++)
		fuzz_random(c);
	c->random_fight = fuzz_random(c);
	for (k = 0; k < FRAMES_ALL; k++)
		fuzz_touch(c, &c->frame[k]);
	return c;
}

/* What Hypatia may still have of it is not given back to the kernel. */
static void free_all(void)
{
	unsigned int i;

	for (i = 0; i < fuzz_cpu_count; i++) {
		fuzz_frames_free(fuzz_cpus[i]);
		kvfree(fuzz_cpus[i]);
	}
	fuzz_shared_free();
}

static int start(void)
{
	struct task_struct *task;
	unsigned int i;

	atomic_set(&running, fuzz_cpu_count);
	for (i = 0; i < fuzz_cpu_count; i++) {
		task = kthread_create(fuzz, fuzz_cpus[i], "hypatia-fuzz/%u", i);
		if (IS_ERR(task))
			return PTR_ERR(task);
		kthread_bind(task, fuzz_cpus[i]->cpu);
		wake_up_process(task);
	}
	return 0;
}

static int __init fuzz_init(void)
{
	int cpu = -1;
	int err;

	if (!cpus || cpus > CPUS || cpus > num_online_cpus() || !fuzz_hidden_setup() || !fuzz_shared_setup()) {
		pr_err("HYPATIA-FUZZ: FAIL: not on %u CPUs here\n", cpus);
		return -EINVAL;
	}
	for (fuzz_cpu_count = 0; fuzz_cpu_count < cpus; fuzz_cpu_count++) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		fuzz_cpus[fuzz_cpu_count] = make_cpu(fuzz_cpu_count, cpu);
		if (!fuzz_cpus[fuzz_cpu_count])
			return -ENOMEM;
	}
	pr_warn("HYPATIA-FUZZ: %lu calls from seed %lu on %u CPUs\n", calls, seed, cpus);
	take_figures(fuzz_figures);
	err = start();
	if (err)
		return err;
	while (!wait_for_completion_timeout(&all_done, 10 * HZ))
		pr_debug("HYPATIA-FUZZ: %llu calls of the first CPU\n", READ_ONCE(fuzz_cpus[0]->calls));
	summary();
	if (!fuzz_failed)
		free_all();
	return 0;
}

static void __exit fuzz_exit(void)
{
}

module_init(fuzz_init);
module_exit(fuzz_exit);
MODULE_DESCRIPTION("A fuzzer of Hypatia's calls");
MODULE_LICENSE("GPL v2");
