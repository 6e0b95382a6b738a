// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_RUN: enter the guest until userspace has something to do.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>
#include <linux/version.h>

#include <asm/neon.h>

#include "hypatia.h"

/* What a step came to, besides an error. */
enum { GO_ON, TO_USER };

#define WFX_WFI 0
#define NOT_SUPPORTED (~0ULL)

/* Userspace may change it at any time. */
static bool asks_to_leave(const struct hyp_vcpu *vcpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return READ_ONCE(vcpu->run->immediate_exit__unsafe);
#else
	return READ_ONCE(vcpu->run->immediate_exit);
#endif
}

/* For userspace to know. */
static bool level_changed(const struct hyp_vcpu *vcpu)
{
	return !vcpu->vm->gic.made && hyp_timer_levels(vcpu) != vcpu->told;
}

/* What it waits for in WFI, or when it is off. */
static bool woken(struct hyp_vcpu *vcpu)
{
	if (hyp_cpu_stopping())
		return true;
	if (READ_ONCE(vcpu->off))
		return READ_ONCE(vcpu->turned_on);
	if (vcpu->vm->gic.made && hyp_vgic_wakes(vcpu))
		return true;
	return READ_ONCE(vcpu->lines) || level_changed(vcpu);
}

static void wait_here(struct hyp_vcpu *vcpu)
{
	if (!vcpu->off && vcpu->vm->gic.made)
		hyp_vgic_waits(vcpu);
	if (!vcpu->off)
		hyp_timer_wakeup(vcpu);
	/* A signal is seen by who called. */
	(void)wait_event_interruptible(vcpu->wait, woken(vcpu) || asks_to_leave(vcpu));
	hrtimer_cancel(&vcpu->wakeup);
	if (vcpu->off && READ_ONCE(vcpu->turned_on))
		WRITE_ONCE(vcpu->off, false);
}

/* A store that nobody needs to see, or KVM_EXIT_MMIO. */
static int mmio(struct hyp_vcpu *vcpu, const struct hyp_exit *exit)
{
	struct kvm_run *run = vcpu->run;
	u64 address = exit->x2 & (FAULT_VALID - 1);
	u32 bytes = 1u << (exit->x2 / FAULT_SIZE & 3);
	bool write = exit->x2 & FAULT_WRITE;

	if (write && hyp_ioevent_signal(vcpu->vm, address, bytes, exit->x3)) {
		vcpu->answered = true;
		return GO_ON;
	}
	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = address;
	run->mmio.len = bytes;
	run->mmio.is_write = write;
	memset(run->mmio.data, 0, sizeof(run->mmio.data));
	memcpy(run->mmio.data, &exit->x3, bytes);
	vcpu->mmio = true;
	return TO_USER;
}

static int internal_error(struct hyp_vcpu *vcpu, const struct hyp_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
	run->internal.suberror = KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON;
	run->internal.ndata = 3;
	run->internal.data[0] = exit->kind;
	run->internal.data[1] = exit->x2;
	run->internal.data[2] = exit->x3;
	return TO_USER;
}

static bool gic_mmio(struct hyp_vcpu *vcpu, const struct hyp_exit *exit)
{
	u64 value = exit->x3;

	if (!hyp_vgic_mmio(vcpu, exit->x2 & (FAULT_VALID - 1), 1u << (exit->x2 / FAULT_SIZE & 3),
			   exit->x2 & FAULT_WRITE, &value))
		return false;
	vcpu->answer = value;
	vcpu->answered = true;
	return true;
}

static int sysreg(struct hyp_vcpu *vcpu, struct hyp_exit *exit)
{
	if (hyp_timer_sysreg(vcpu, exit))
		return GO_ON;
	if (!hyp_vgic_sysreg(vcpu, exit->x2, exit->x3))
		return internal_error(vcpu, exit);
	vcpu->answered = true;
	return GO_ON;
}

static int fault(struct hyp_vcpu *vcpu, const struct hyp_exit *exit)
{
	u64 page = (exit->x2 & (FAULT_VALID - 1)) >> PAGE_SHIFT;
	/* A page that is there and not for this access is one that is not to be written. */
	int err = hyp_mmu_fault(vcpu->vm, page, exit->x2 & (FAULT_WRITE | FAULT_PERMISSION));

	if (err != -ENXIO)
		return err;
	if (exit->x2 & FAULT_VALID)
		return gic_mmio(vcpu, exit) ? GO_ON : mmio(vcpu, exit);
	pr_warn_ratelimited("a guest of %s accesses 0x%llx, where nothing is, in a way that cannot be emulated\n",
			    current->comm, page << PAGE_SHIFT);
	return -ENOSYS;
}

static int ended(struct hyp_vcpu *vcpu, bool reset)
{
	struct kvm_run *run = vcpu->run;

	WRITE_ONCE(vcpu->off, true);
	memset(&run->system_event, 0, sizeof(run->system_event));
	run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
	run->system_event.type = reset ? KVM_SYSTEM_EVENT_RESET : KVM_SYSTEM_EVENT_SHUTDOWN;
	run->system_event.ndata = 1;
	return TO_USER;
}

static int handle(struct hyp_vcpu *vcpu, struct hyp_exit *exit)
{
	switch (exit->kind) {
	case EXIT_NONE:
	case EXIT_IRQ:
		return GO_ON;
	case EXIT_WFX:
		/* The others end by themselves: a guest has to expect that they do at once. */
		if (exit->x2 == WFX_WFI)
			wait_here(vcpu);
		else
			cond_resched();
		return GO_ON;
	case EXIT_HVC:
	case EXIT_SMC:
		vcpu->answer = NOT_SUPPORTED;
		vcpu->answered = true;
		return GO_ON;
	case EXIT_FAULT:
		return fault(vcpu, exit);
	case EXIT_SYSREG:
		return sysreg(vcpu, exit);
	case EXIT_ON:
		hyp_vcpu_turned_on(vcpu->vm, exit->x2);
		return GO_ON;
	case EXIT_OFF:
		WRITE_ONCE(vcpu->off, true);
		wait_here(vcpu);
		return GO_ON;
	case EXIT_END:
		return ended(vcpu, exit->x2);
	case EXIT_POISON:
		/* This driver takes no page by force, but others that call Hypatia can: the guest lost it for good. */
		return -EHWPOISON;
	default:
		return exit->kind < 0 ? (int)exit->kind : internal_error(vcpu, exit);
	}
}

/* The run is over before it begins; what comes now is seen at once. With interrupts off. */
static bool has_to_wait(struct hyp_vcpu *vcpu)
{
	return signal_pending(current) || need_resched() || asks_to_leave(vcpu) || hyp_cpu_stopping();
}

/*
 * hyp_vcpu_claim(), with nothing that anybody needs in V0 to V31 beyond 128 bits: Hypatia sees to the rest. This task
 * is in a system call, where its own are no longer than that. What another left there may be: it loads its own again
 * once the kernel has used these registers. @saved: so it was, and kernel_neon_end() is to follow.
 */
static int claim(struct hyp_vcpu *vcpu, bool *saved)
{
	int err = hyp_vcpu_claim(vcpu);

	*saved = false;
	if (err || !test_thread_flag(TIF_FOREIGN_FPSTATE))
		return err;
	hyp_vcpu_unclaim();
	kernel_neon_begin();
	err = hyp_vcpu_claim(vcpu);
	*saved = !err;
	if (err)
		kernel_neon_end();
	return err;
}

/* A run, or nothing when something is to be seen to first. @only_answer: see hyp_cpu_run(). */
static int enter(struct hyp_vcpu *vcpu, bool only_answer, struct hyp_exit *exit)
{
	bool has_gic = vcpu->vm->gic.made;
	bool saved;
	u64 flags;
	int err = claim(vcpu, &saved);

	if (err)
		return err;
	WRITE_ONCE(vcpu->in_guest, true);
	WRITE_ONCE(vcpu->turned_on, false);
	/* See hyp_vcpu_kick(). */
	smp_mb();
	flags = READ_ONCE(vcpu->lines) | (vcpu->answered ? RUN_ANSWERED : 0);
	exit->kind = EXIT_NONE;
	vcpu->gic.kicks = 0;
	if (only_answer || !has_to_wait(vcpu)) {
		vcpu->has_run = true;
		if (has_gic)
			flags |= hyp_vgic_enter(vcpu);
		*exit = hyp_cpu_run(vcpu, flags, only_answer);
		vcpu->answered = false;
		hyp_timer_ran(vcpu, exit);
		if (has_gic)
			hyp_vgic_leave(vcpu);
	}
	WRITE_ONCE(vcpu->in_guest, false);
	hyp_vcpu_unclaim();
	if (saved)
		kernel_neon_end();
	hyp_vgic_kick(vcpu->vm, vcpu->gic.kicks);
	return 0;
}

static int interrupted(struct hyp_vcpu *vcpu)
{
	vcpu->run->exit_reason = KVM_EXIT_INTR;
	return -EINTR;
}

/* GO_ON when the guest may. */
static int before_entry(struct hyp_vcpu *vcpu)
{
	cond_resched();
	if (hyp_cpu_stopping())
		return -ESHUTDOWN;
	if (signal_pending(current) || asks_to_leave(vcpu) || level_changed(vcpu))
		return interrupted(vcpu);
	return GO_ON;
}

/* What userspace did for the last exit. */
static void take_answer(struct hyp_vcpu *vcpu)
{
	if (!vcpu->mmio)
		return;
	vcpu->answer = 0;
	if (!vcpu->run->mmio.is_write)
		memcpy(&vcpu->answer, vcpu->run->mmio.data, sizeof(vcpu->answer));
	vcpu->mmio = false;
	vcpu->answered = true;
}

static int run_on(struct hyp_vcpu *vcpu)
{
	struct hyp_exit exit;
	int result;

	do {
		result = before_entry(vcpu);
		/* An access that was emulated is behind the guest, whatever comes. While it is off, that waits. */
		if (result != GO_ON && (!vcpu->answered || READ_ONCE(vcpu->off)))
			return result;
		if (result == GO_ON && READ_ONCE(vcpu->off)) {
			wait_here(vcpu);
			continue;
		}
		result = enter(vcpu, result != GO_ON, &exit);
		if (!result)
			result = handle(vcpu, &exit);
	} while (result == GO_ON);
	return result == TO_USER ? 0 : result;
}

int hyp_vcpu_run(struct hyp_vcpu *vcpu)
{
	int result;

	/* Userspace has not said yet what it is to be. */
	if (vcpu->vm->gic.made && !smp_load_acquire(&vcpu->vm->gic.ready))
		return -EBUSY;
	vcpu->run->exit_reason = KVM_EXIT_UNKNOWN;
	take_answer(vcpu);
	result = run_on(vcpu);
	if (vcpu->vm->gic.made)
		return result;
	vcpu->told = hyp_timer_levels(vcpu);
	vcpu->run->s.regs.device_irq_level = vcpu->told;
	return result;
}
