// SPDX-License-Identifier: GPL-2.0-only
/*
 * A GICv3 for guests: which interrupts wait for which vCPU, and their way into its list registers and back.
 *
 * An interrupt is in a list register only while its vCPU runs. Its state is here otherwise, and all of it is under one
 * lock of the VM. A level that is high when the guest has ended its interrupt has to come again: so the end of one ends
 * the run, by the maintenance interrupt, which is nothing but that to the host.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/of.h>
#include <linux/of_irq.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "hypatia.h"

/* A list register: IHI 0069, ICH_LR<n>_EL2. */
#define LIST_PENDING BIT(62)
#define LIST_ACTIVE BIT(63)
#define LIST_GROUP_1 BIT(60)
#define LIST_TELL_END BIT(41)
#define LIST_PRIORITY_SHIFT 48

/* ICH_VMCR_EL2. */
#define VMCR_GROUPS 3u
#define VMCR_MASK_SHIFT 24

/* ICC_SGI1R_EL1 and the like. */
#define SGI_ALL_BUT_SELF BIT(40)
#define SGI_ID_SHIFT 24
#define SGI_AFFINITY_1_UP GENMASK_ULL(55, 48) | GENMASK_ULL(39, 32) | GENMASK_ULL(23, 16)
#define SGI_RANGE GENMASK_ULL(47, 44)

#define DEFAULT_IDS 256
#define TIMER_VIRTUAL 27
#define TIMER_PHYSICAL 30

static int maintenance_irq;
static DEFINE_PER_CPU(int, maintenance_cookie);

bool hyp_vgic_offered(void)
{
	return maintenance_irq > 0;
}

/* --- interrupts */

struct hyp_irq *hyp_vgic_irq(struct hyp_vm *vm, struct hyp_vcpu *vcpu, u32 id)
{
	if (id < GIC_PRIVATE)
		return vcpu ? &vcpu->gic.private[id] : NULL;
	return id < vm->gic.ids && id < GIC_SPECIAL ? &vm->gic.shared[id - GIC_PRIVATE] : NULL;
}

bool hyp_vgic_irq_pending(const struct hyp_irq *irq)
{
	return irq->latch || (!irq->edge && irq->line) || (irq->holder && irq->moved);
}

/* Which vCPU gets it, if there is one; that it may go to any means the first. */
static struct hyp_vcpu *target_of(struct hyp_vm *vm, const struct hyp_irq *irq)
{
	u64 affinity = irq->route & ~(u64)GIC_ROUTE_ANY;

	if (irq->id < GIC_PRIVATE)
		return irq->owner;
	if (irq->route & GIC_ROUTE_ANY)
		affinity = 0;
	return affinity < VCPUS_MAX ? smp_load_acquire(&vm->vcpus[affinity]) : NULL;
}

/**
 * hyp_vgic_changed() - something of @irq is not as before: who has to do with it gets to know
 * @kicks: vCPUs that are to look again
 *
 * The lock is held.
 */
void hyp_vgic_changed(struct hyp_vm *vm, struct hyp_irq *irq, unsigned long *kicks)
{
	bool waits = irq->active || (irq->enabled && hyp_vgic_irq_pending(irq));
	struct hyp_vcpu *target;

	/* Who runs with it has to come back first. */
	if (irq->holder) {
		__set_bit(irq->holder->index, kicks);
		return;
	}
	target = waits ? target_of(vm, irq) : NULL;
	if (irq->noted && irq->noted != target)
		__clear_bit(irq->id, irq->noted->gic.waiting);
	irq->noted = target;
	if (target) {
		__set_bit(irq->id, target->gic.waiting);
		__set_bit(target->index, kicks);
	}
}

/* Not under the lock. */
void hyp_vgic_kick(struct hyp_vm *vm, unsigned long kicks)
{
	unsigned long i;

	for_each_set_bit (i, &kicks, VCPUS_MAX)
		hyp_vcpu_kick(vm->vcpus[i]);
}

void hyp_vgic_set_line(struct hyp_irq *irq, bool level)
{
	if (irq->edge && level && !irq->line)
		irq->latch = true;
	irq->line = level;
}

/* A line of the VM's devices, or of @vcpu's. */
int hyp_vgic_line(struct hyp_vm *vm, struct hyp_vcpu *vcpu, u32 id, bool level)
{
	unsigned long flags, kicks = 0;
	struct hyp_irq *irq = hyp_vgic_irq(vm, vcpu, id);

	if (!irq)
		return -EINVAL;
	raw_spin_lock_irqsave(&vm->gic.lock, flags);
	if (irq->line != level) {
		hyp_vgic_set_line(irq, level);
		hyp_vgic_changed(vm, irq, &kicks);
	}
	raw_spin_unlock_irqrestore(&vm->gic.lock, flags);
	hyp_vgic_kick(vm, kicks);
	return 0;
}

/* The lines of its timers are as its timers are now. The lock is held. */
static void timers_update(struct hyp_vcpu *vcpu)
{
	struct hyp_vm *vm = vcpu->vm;
	u64 levels = hyp_timer_levels(vcpu);
	unsigned long kicks = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vm->gic.timers); i++) {
		struct hyp_irq *irq = &vcpu->gic.private[vm->gic.timers[i]];
		bool level = levels & (i ? KVM_ARM_DEV_EL1_PTIMER : KVM_ARM_DEV_EL1_VTIMER);

		if (irq->line != level) {
			hyp_vgic_set_line(irq, level);
			hyp_vgic_changed(vm, irq, &kicks);
		}
	}
	/* What the timers' own interrupts need not tell any more. */
	vcpu->told = levels;
}

/* --- SGIs */

static void send(struct hyp_vm *vm, struct hyp_vcpu *to, u32 id, bool group_1, unsigned long *kicks)
{
	struct hyp_irq *irq;

	if (!to)
		return;
	irq = &to->gic.private[id];
	/* An interrupt of one group is not sent as one of the other. */
	if (irq->group_1 != group_1)
		return;
	irq->latch = true;
	hyp_vgic_changed(vm, irq, kicks);
}

static void send_all(struct hyp_vcpu *vcpu, u64 value, bool group_1)
{
	struct hyp_vm *vm = vcpu->vm;
	u32 id = value >> SGI_ID_SHIFT & (GIC_SGIS - 1);
	unsigned long flags, kicks = 0;
	u32 i;

	raw_spin_lock_irqsave(&vm->gic.lock, flags);
	for (i = 0; i < VCPUS_MAX; i++) {
		bool named = value & SGI_ALL_BUT_SELF ? i != vcpu->index :
							!(value & (SGI_AFFINITY_1_UP | SGI_RANGE)) && value & BIT(i);

		if (named)
			send(vm, smp_load_acquire(&vm->vcpus[i]), id, group_1, &kicks);
	}
	raw_spin_unlock_irqrestore(&vm->gic.lock, flags);
	hyp_vgic_kick(vm, kicks);
}

/* Op2 of ICC_SGI1R_EL1, ICC_ASGI1R_EL1 and ICC_SGI0R_EL1; the rest of their encoding. */
#define ESR_OP2 GENMASK_ULL(19, 17)
#define ESR_ENCODING GENMASK_ULL(21, 20) | GENMASK_ULL(16, 10) | GENMASK_ULL(4, 0)
#define ESR_SGI (3u << 20 | 12u << 10 | 11u << 1)

/* With one security state, ASGI1R is of group 0's other side, and sends like SGI0R. False: it is another register. */
bool hyp_vgic_sysreg(struct hyp_vcpu *vcpu, u64 esr, u64 value)
{
	u32 op2 = (esr & ESR_OP2) >> 17;

	if (!vcpu->vm->gic.ready || (esr & (ESR_ENCODING)) != ESR_SGI || op2 < 5)
		return false;
	send_all(vcpu, value, op2 == 5);
	return true;
}

/* --- list registers */

struct choice {
	struct hyp_irq *irqs[GIC_LISTS];
	u32 count;
	u32 left_out;
};

/* The most urgent of those that were offered, in order. */
static void offer(struct choice *choice, struct hyp_irq *irq)
{
	u32 i = choice->count;

	if (i == GIC_LISTS) {
		choice->left_out++;
		i--;
		if (choice->irqs[i]->priority <= irq->priority)
			return;
	} else {
		choice->count++;
	}
	for (; i > 0 && choice->irqs[i - 1]->priority > irq->priority; i--)
		choice->irqs[i] = choice->irqs[i - 1];
	choice->irqs[i] = irq;
}

static bool group_enabled(const struct hyp_vm *vm, const struct hyp_irq *irq)
{
	return vm->gic.control & (irq->group_1 ? GIC_ENABLE_GROUP_1 : GIC_ENABLE_GROUP_0);
}

static bool deliverable(const struct hyp_vm *vm, const struct hyp_irq *irq)
{
	return irq->enabled && hyp_vgic_irq_pending(irq) && group_enabled(vm, irq);
}

static u64 list_of(const struct hyp_vm *vm, const struct hyp_irq *irq)
{
	u64 list = irq->id | (u64)irq->priority << LIST_PRIORITY_SHIFT;

	if (irq->group_1)
		list |= LIST_GROUP_1;
	if (irq->active)
		list |= LIST_ACTIVE;
	/* A level is looked at again when its interrupt has ended. */
	if (!irq->edge)
		list |= LIST_TELL_END;
	if (deliverable(vm, irq) && (irq->edge || !irq->active))
		list |= LIST_PENDING;
	return list;
}

static void list(struct hyp_vcpu *vcpu, u32 i, struct hyp_irq *irq)
{
	u64 value = list_of(vcpu->vm, irq);

	vcpu->gic.lists[i] = value;
	vcpu->gic.listed[i] = irq;
	irq->holder = vcpu;
	irq->set_active = -1;
	irq->moved = irq->latch && value & LIST_PENDING;
	if (irq->moved)
		irq->latch = false;
}

/* Those that are active first, for the guest can only end what it finds; but one place is for what is to come. */
static u32 fill(struct hyp_vcpu *vcpu)
{
	struct choice active = { .count = 0 }, pending = { .count = 0 };
	struct hyp_vm *vm = vcpu->vm;
	u32 i, used = 0, of_active;
	unsigned long id;

	for_each_set_bit (id, vcpu->gic.waiting, GIC_IDS) {
		struct hyp_irq *irq = hyp_vgic_irq(vm, vcpu, id);

		if (irq->holder)
			continue;
		if (irq->active)
			offer(&active, irq);
		else if (deliverable(vm, irq))
			offer(&pending, irq);
	}
	of_active = min_t(u32, active.count, pending.count ? GIC_LISTS - 1 : GIC_LISTS);
	for (i = 0; i < of_active; i++)
		list(vcpu, used++, active.irqs[i]);
	for (i = 0; i < pending.count && used < GIC_LISTS; i++)
		list(vcpu, used++, pending.irqs[i]);
	return active.count + active.left_out + pending.count + pending.left_out - used;
}

/**
 * hyp_vgic_enter() - list registers for a run of @vcpu
 *
 * With interrupts off, and behind the announcement that it is in its guest: who changes something sees that, or is
 * seen.
 * Return: flags of VCPU_RUN.
 */
u64 hyp_vgic_enter(struct hyp_vcpu *vcpu)
{
	u32 left_out;

	memset(vcpu->gic.lists, 0, sizeof(vcpu->gic.lists));
	memset(vcpu->gic.listed, 0, sizeof(vcpu->gic.listed));
	raw_spin_lock(&vcpu->vm->gic.lock);
	timers_update(vcpu);
	left_out = fill(vcpu);
	raw_spin_unlock(&vcpu->vm->gic.lock);
	return RUN_GIC | (left_out ? RUN_GIC_MORE : 0);
}

/* What became of the list registers. Somebody else may have got an interrupt of these meanwhile. */
void hyp_vgic_leave(struct hyp_vcpu *vcpu)
{
	struct hyp_vm *vm = vcpu->vm;
	unsigned long kicks = 0;
	u32 i;

	raw_spin_lock(&vm->gic.lock);
	for (i = 0; i < GIC_LISTS; i++) {
		struct hyp_irq *irq = vcpu->gic.listed[i];
		u64 value = vcpu->gic.lists[i];

		if (!irq)
			continue;
		irq->holder = NULL;
		irq->active = irq->set_active < 0 ? value & LIST_ACTIVE : irq->set_active;
		irq->latch = irq->latch || (irq->moved && value & LIST_PENDING);
		irq->moved = false;
		hyp_vgic_changed(vm, irq, &kicks);
	}
	raw_spin_unlock(&vm->gic.lock);
	__clear_bit(vcpu->index, &kicks);
	vcpu->gic.kicks = kicks;
}

/* --- waiting */

/* The guest waits: which interrupts it lets through. With the vCPU's lock, and not while it is claimed. */
void hyp_vgic_waits(struct hyp_vcpu *vcpu)
{
	u64 vmcr;

	vcpu->gic.mask = U8_MAX + 1;
	vcpu->gic.groups = VMCR_GROUPS;
	if (vcpu->vm->protected || hyp_words_access(vcpu, CTX_ICH_VMCR_EL2, &vmcr, 1, false))
		return;
	vcpu->gic.mask = vmcr >> VMCR_MASK_SHIFT & U8_MAX;
	vcpu->gic.groups = vmcr & VMCR_GROUPS;
}

bool hyp_vgic_wakes(struct hyp_vcpu *vcpu)
{
	struct hyp_vm *vm = vcpu->vm;
	unsigned long flags, id;
	bool wakes = false;

	raw_spin_lock_irqsave(&vm->gic.lock, flags);
	timers_update(vcpu);
	for_each_set_bit (id, vcpu->gic.waiting, GIC_IDS) {
		const struct hyp_irq *irq = hyp_vgic_irq(vm, vcpu, id);

		wakes = !irq->active && deliverable(vm, irq) && irq->priority < vcpu->gic.mask &&
			vcpu->gic.groups & (irq->group_1 ? GIC_ENABLE_GROUP_1 : GIC_ENABLE_GROUP_0);
		if (wakes)
			break;
	}
	raw_spin_unlock_irqrestore(&vm->gic.lock, flags);
	return wakes;
}

/* --- making and ending */

static void irq_init(struct hyp_irq *irq, u32 id, struct hyp_vcpu *owner)
{
	*irq = (struct hyp_irq){ .id = id, .owner = owner, .edge = id < GIC_SGIS, .enabled = id < GIC_SGIS };
}

void hyp_vgic_vm(struct hyp_vm *vm)
{
	raw_spin_lock_init(&vm->gic.lock);
	vm->gic.dist = GIC_NOWHERE;
	vm->gic.timers[0] = TIMER_VIRTUAL;
	vm->gic.timers[1] = TIMER_PHYSICAL;
}

void hyp_vgic_vcpu(struct hyp_vcpu *vcpu)
{
	u32 i;

	for (i = 0; i < GIC_PRIVATE; i++)
		irq_init(&vcpu->gic.private[i], i, vcpu);
}

/* With the VM's lock. */
int hyp_vgic_make_ready(struct hyp_vm *vm)
{
	struct hyp_irq *shared;
	u32 i;

	if (vm->gic.ready)
		return 0;
	if (!vm->gic.ids)
		vm->gic.ids = DEFAULT_IDS;
	shared = kvcalloc(vm->gic.ids - GIC_PRIVATE, sizeof(*shared), GFP_KERNEL_ACCOUNT);
	if (!shared)
		return -ENOMEM;
	for (i = GIC_PRIVATE; i < vm->gic.ids; i++)
		irq_init(&shared[i - GIC_PRIVATE], i, NULL);
	vm->gic.shared = shared;
	smp_store_release(&vm->gic.ready, true);
	return 0;
}

void hyp_vgic_free(struct hyp_vm *vm)
{
	kvfree(vm->gic.shared);
}

/* It ends the run of a guest; when it comes here, the virtual interface is off, and so is what it was about. */
static irqreturn_t maintenance(int irq, void *cookie)
{
	return IRQ_HANDLED;
}

void hyp_vgic_cpu(bool on)
{
	if (!hyp_vgic_offered())
		return;
	if (on)
		enable_percpu_irq(maintenance_irq, IRQ_TYPE_NONE);
	else
		disable_percpu_irq(maintenance_irq);
}

/* Without what it takes there is none, and nothing else is missing. */
int hyp_vgic_setup(void)
{
	struct device_node *node;
	int irq, err;

	if (hyp_stat(STAT_GIC_LISTS) != GIC_LISTS)
		return 0;
	node = of_find_compatible_node(NULL, NULL, "arm,gic-v3");
	irq = node ? (int)irq_of_parse_and_map(node, 0) : 0;
	of_node_put(node);
	if (irq <= 0) {
		pr_info("the device tree names no maintenance interrupt: no GIC for guests\n");
		return 0;
	}
	err = request_percpu_irq(irq, maintenance, "hypatia gic", &maintenance_cookie);
	if (!err)
		maintenance_irq = irq;
	return err;
}

void hyp_vgic_end(void)
{
	if (hyp_vgic_offered())
		free_percpu_irq(maintenance_irq, &maintenance_cookie);
}
