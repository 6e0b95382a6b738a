// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers of guests, and the host's while a guest runs.
 *
 * The virtual timer is the guest's while it runs; Linux' own clock waits with its registers. So the physical timer,
 * which Linux does not use at EL1, is set to what Linux waits for, or the guest's physical timer, whatever is first:
 * its interrupt ends the run. When the guest's virtual timer fires, that is an interrupt too, and as long as its line
 * stays high no run would get far: once userspace knows of it, the interrupt is masked while the guest runs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/of.h>
#include <linux/of_irq.h>
#include <linux/percpu.h>

#include <asm/arch_timer.h>

#include "hypatia.h"

#define CTL_ENABLE 1
#define CTL_MASK 2
#define CTL_STATUS 4
#define INDEX_PHYSICAL 1
#define INDEX_VIRTUAL 2

static int physical_irq;
static int virtual_irq;
static DEFINE_PER_CPU(int, physical_cookie);

static u64 now(void)
{
	isb();
	return read_sysreg(cntvct_el0);
}

static bool armed(u64 control)
{
	return (control & (CTL_ENABLE | CTL_MASK)) == CTL_ENABLE;
}

static bool high(const struct hyp_timer *timer)
{
	return armed(timer->control) && timer->compare <= now();
}

/* CNTx_CTL_EL0 as a guest reads it whose counter is @offset behind the machine's. */
u64 hyp_timer_control(const struct hyp_timer *timer, u64 offset)
{
	return timer->control | ((timer->control & CTL_ENABLE) && timer->compare <= now() - offset ? CTL_STATUS : 0);
}

void hyp_timer_set_control(struct hyp_timer *timer, u64 control)
{
	timer->control = control & (CTL_ENABLE | CTL_MASK);
}

/* Only while a guest runs is it on, and then it is off before this comes. */
static irqreturn_t physical_fired(int irq, void *cookie)
{
	write_sysreg(0, cntp_ctl_el0);
	isb();
	return IRQ_HANDLED;
}

u64 hyp_timer_levels(const struct hyp_vcpu *vcpu)
{
	return (high(&vcpu->virtual) ? KVM_ARM_DEV_EL1_VTIMER : 0) |
	       (high(&vcpu->physical) ? KVM_ARM_DEV_EL1_PTIMER : 0);
}

/* What the guest's virtual timer has come to, by the end of a run. */
void hyp_timer_ran(struct hyp_vcpu *vcpu, const struct hyp_exit *exit)
{
	if (exit->kind < 0)
		return;
	vcpu->virtual.control = exit->x4;
	vcpu->virtual.compare = exit->x5;
}

/**
 * hyp_timer_enter() - set what ends the run
 * @at_once: before the guest's first instruction
 *
 * Interrupts are off, also behind the run until hyp_timer_leave().
 */
void hyp_timer_enter(struct hyp_vcpu *vcpu, bool at_once)
{
	u64 deadline = armed(read_sysreg(cntv_ctl_el0)) ? read_sysreg(cntv_cval_el0) : ~0ULL;

	if (armed(vcpu->physical.control) && !(vcpu->told & KVM_ARM_DEV_EL1_PTIMER))
		deadline = min(deadline, vcpu->physical.compare);
	if (at_once)
		deadline = 0;
	if (deadline != ~0ULL) {
		write_sysreg(deadline, cntp_cval_el0);
		write_sysreg(CTL_ENABLE, cntp_ctl_el0);
		isb();
	}
	if (vcpu->told & KVM_ARM_DEV_EL1_VTIMER)
		disable_percpu_irq(virtual_irq);
}

void hyp_timer_leave(struct hyp_vcpu *vcpu)
{
	write_sysreg(0, cntp_ctl_el0);
	isb();
	if (vcpu->told & KVM_ARM_DEV_EL1_VTIMER)
		enable_percpu_irq(virtual_irq, IRQ_TYPE_NONE);
}

static u64 ticks_left(const struct hyp_timer *timer, u64 at)
{
	if (!armed(timer->control))
		return ~0ULL;
	return timer->compare > at ? timer->compare - at : 0;
}

/* The vCPU waits: until the next of its timers of which userspace does not know. */
void hyp_timer_wakeup(struct hyp_vcpu *vcpu)
{
	u64 rate = read_sysreg(cntfrq_el0);
	u64 at = now();
	u64 left = ~0ULL;

	if (!(vcpu->told & KVM_ARM_DEV_EL1_VTIMER))
		left = ticks_left(&vcpu->virtual, at);
	if (!(vcpu->told & KVM_ARM_DEV_EL1_PTIMER))
		left = min(left, ticks_left(&vcpu->physical, at));
	if (left == ~0ULL || rate == 0)
		return;
	/* A day is enough: it waits again then. */
	left = min(left, rate * 86400);
	hrtimer_start(
		&vcpu->wakeup,
		ns_to_ktime(div64_u64(left, rate) * NSEC_PER_SEC + div64_u64((left % rate) * NSEC_PER_SEC, rate) + 1),
		HRTIMER_MODE_REL);
}

/* Fields of a trapped access: Arm ARM D24.2.37, ISS of MSR and MRS. */
#define KEY(op1, crn, crm, op2) ((3u << 14) | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

static u32 esr_key(u64 esr)
{
	return (u32)((esr >> 20 & 3) << 14 | (esr >> 14 & 7) << 11 | (esr >> 10 & 15) << 7 | (esr >> 1 & 15) << 3 |
		     (esr >> 17 & 7));
}

/* The physical timer of a guest is this one. False: it is another register. */
bool hyp_timer_sysreg(struct hyp_vcpu *vcpu, struct hyp_exit *exit)
{
	struct hyp_timer *timer = &vcpu->physical;
	bool read = exit->x2 & 1;

	switch (esr_key(exit->x2)) {
	case KEY(3, 14, 2, 0):
		if (read)
			vcpu->answer = (u32)(timer->compare - now());
		else
			timer->compare = now() + (s64)(s32)exit->x3;
		break;
	case KEY(3, 14, 2, 1):
		if (read)
			vcpu->answer = hyp_timer_control(timer, 0);
		else
			hyp_timer_set_control(timer, exit->x3);
		break;
	case KEY(3, 14, 2, 2):
		if (read)
			vcpu->answer = timer->compare;
		else
			timer->compare = exit->x3;
		break;
	default:
		return false;
	}
	vcpu->answered = true;
	return true;
}

void hyp_timer_cpu(bool on)
{
	if (on)
		enable_percpu_irq(physical_irq, IRQ_TYPE_NONE);
	else
		disable_percpu_irq(physical_irq);
}

static int timer_irq(struct device_node *node, const char *name, int index)
{
	int irq = of_irq_get_byname(node, name);

	return irq > 0 ? irq : (int)irq_of_parse_and_map(node, index);
}

int hyp_timer_setup(void)
{
	struct device_node *node = of_find_compatible_node(NULL, NULL, "arm,armv8-timer");

	if (!node) {
		pr_err("the device tree names no timer\n");
		return -ENODEV;
	}
	physical_irq = timer_irq(node, "phys", INDEX_PHYSICAL);
	virtual_irq = timer_irq(node, "virt", INDEX_VIRTUAL);
	of_node_put(node);
	if (physical_irq <= 0 || virtual_irq <= 0) {
		pr_err("the timer has no interrupts\n");
		return -ENODEV;
	}
	return request_percpu_irq(physical_irq, physical_fired, "hypatia", &physical_cookie);
}

void hyp_timer_end(void)
{
	free_percpu_irq(physical_irq, &physical_cookie);
}
