// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which vCPU each CPU has loaded. A CPU keeps what it ran last: to load is to invalidate the TLB of the VM, and most
 * runs go on where they ended. It lets go when another vCPU is to run there, when the vCPU is to run elsewhere, and
 * before the CPU goes off.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpuhotplug.h>
#include <linux/percpu.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/suspend.h>
#include <linux/syscore_ops.h>

#include "hypatia.h"

/* Registers of VCPU_RUN. */
#define RUN_LISTS_IN 4
#define RUN_LISTS_OUT 6

static DEFINE_PER_CPU(struct hyp_vcpu *, loaded);
static enum cpuhp_state hotplug_state;
static bool stopping;

bool hyp_cpu_stopping(void)
{
	return READ_ONCE(stopping);
}

/* With interrupts off. */
static void put_here(void)
{
	struct hyp_vcpu *vcpu = __this_cpu_read(loaded);

	if (!vcpu)
		return;
	WARN_ON_ONCE(hyp_call(VCPU_PUT, 0, 0, 0));
	__this_cpu_write(loaded, NULL);
	/* Whoever sees this may load it elsewhere, or free it. */
	smp_store_release(&vcpu->cpu, NOWHERE);
}

static void put_one(void *vcpu)
{
	if (__this_cpu_read(loaded) == vcpu)
		put_here();
}

static void put_any(void *unused)
{
	put_here();
}

void hyp_vcpu_unload(struct hyp_vcpu *vcpu)
{
	int cpu = smp_load_acquire(&vcpu->cpu);

	while (cpu != NOWHERE) {
		/* A CPU that goes off has let go first. */
		smp_call_function_single(cpu, put_one, vcpu, 1);
		cpu = smp_load_acquire(&vcpu->cpu);
	}
}

/**
 * hyp_vcpu_claim() - load @vcpu on this CPU
 *
 * Return: 0, with interrupts off until hyp_vcpu_unclaim(); -ESHUTDOWN; or an error of VCPU_LOAD. Its lock must be held.
 */
int hyp_vcpu_claim(struct hyp_vcpu *vcpu)
{
	s64 refused;
	int cpu;

	for (;;) {
		local_irq_disable();
		/* See host_ends(). */
		if (hyp_cpu_stopping()) {
			local_irq_enable();
			return -ESHUTDOWN;
		}
		cpu = smp_load_acquire(&vcpu->cpu);
		if (cpu == smp_processor_id())
			return 0;
		if (cpu == NOWHERE)
			break;
		local_irq_enable();
		hyp_vcpu_unload(vcpu);
	}
	put_here();
	refused = hyp_call(VCPU_LOAD, vcpu->vm->handle, vcpu->index, 0);
	if (refused) {
		local_irq_enable();
		return refused;
	}
	__this_cpu_write(loaded, vcpu);
	vcpu->cpu = smp_processor_id();
	return 0;
}

void hyp_vcpu_unclaim(void)
{
	local_irq_enable();
}

/**
 * hyp_cpu_run() - run @vcpu, which is claimed
 * @flags: of VCPU_RUN
 * @only_answer: the guest gets its answer, but does not go on
 */
struct hyp_exit hyp_cpu_run(struct hyp_vcpu *vcpu, u64 flags, bool only_answer)
{
	u64 x[RUN_REGISTERS] = { VCPU_RUN, flags, vcpu->answer };

	if (flags & RUN_GIC)
		memcpy(&x[RUN_LISTS_IN], vcpu->gic.lists, sizeof(vcpu->gic.lists));
	hyp_timer_enter(vcpu, only_answer);
	hyp_run(x);
	hyp_timer_leave(vcpu);
	if (flags & RUN_GIC && (long)x[0] == SMCCC_SUCCESS && (s64)x[1] >= 0)
		memcpy(vcpu->gic.lists, &x[RUN_LISTS_OUT], sizeof(vcpu->gic.lists));
	return (struct hyp_exit){
		.kind = (long)x[0] == SMCCC_SUCCESS ? (s64)x[1] : -EOPNOTSUPP,
		.x2 = x[2],
		.x3 = x[3],
		.x4 = x[4],
		.x5 = x[5],
	};
}

static int cpu_comes(unsigned int cpu)
{
	hyp_timer_cpu(true);
	hyp_vgic_cpu(true);
	return 0;
}

/* On that CPU, after the last task has left it. */
static int cpu_goes(unsigned int cpu)
{
	local_irq_disable();
	put_here();
	local_irq_enable();
	hyp_vgic_cpu(false);
	hyp_timer_cpu(false);
	return 0;
}

/* Processes are frozen and the other CPUs off: this is about the last one. */
static int last_suspends(void)
{
	put_here();
	return 0;
}

static struct syscore_ops suspend_ops = { .suspend = last_suspends };

/*
 * The next kernel may come by kexec, and all of RAM is to be its own. Tasks go on meanwhile, and nobody waits for what
 * they do: behind the interrupt no CPU is between a claim and its end, and who claims from then on sees that there is
 * nothing to claim any more.
 */
static int host_ends(struct notifier_block *block, unsigned long action, void *unused)
{
	WRITE_ONCE(stopping, true);
	on_each_cpu(put_any, NULL, 1);
	hyp_vms_end();
	return NOTIFY_DONE;
}

static struct notifier_block reboot_block = { .notifier_call = host_ends };

/* An image of this host would lack what Hypatia has of it, and what it knows of its VMs. */
static int host_plans(struct notifier_block *block, unsigned long action, void *unused)
{
	if (action != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	pr_warn("this host cannot hibernate: an image of it cannot hold its VMs (unload the module first)\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block sleep_block = { .notifier_call = host_plans };

int hyp_cpu_setup(void)
{
	int state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kvm/hypatia:online", cpu_comes, cpu_goes);

	if (state < 0)
		return state;
	hotplug_state = state;
	state = register_pm_notifier(&sleep_block);
	if (state) {
		cpuhp_remove_state(hotplug_state);
		return state;
	}
	register_syscore_ops(&suspend_ops);
	register_reboot_notifier(&reboot_block);
	return 0;
}

void hyp_cpu_end(void)
{
	unregister_reboot_notifier(&reboot_block);
	unregister_syscore_ops(&suspend_ops);
	unregister_pm_notifier(&sleep_block);
	cpuhp_remove_state(hotplug_state);
}
