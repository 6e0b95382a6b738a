/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interrupt controller of guests: what its files share. Names and numbers are those of Arm IHI 0069, without
 * LPIs and with one security state.
 */
#ifndef HYPATIA_VGIC_H
#define HYPATIA_VGIC_H

#include <linux/bitops.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct hyp_vcpu;
struct hyp_vm;

#define GIC_LISTS 4
#define GIC_PRIVATE 32 /* SGIs and PPIs: of each vCPU its own */
#define GIC_SGIS 16
#define GIC_SPECIAL 1020 /* no interrupt has this INTID or the next */
#define GIC_IDS 1024
#define GIC_REGIONS 8
#define GIC_NOWHERE (~0ULL)
#define GIC_REDIST_BYTES SZ_128K

/* Bits of GICD_CTLR that can change; of a route. */
#define GIC_ENABLE_GROUP_0 1u
#define GIC_ENABLE_GROUP_1 2u
#define GIC_ROUTE_ANY BIT(31)

/**
 * struct hyp_irq - an interrupt of a guest
 * @id: INTID
 * @edge: else its level counts
 * @line: its level
 * @latch: pending without regard to its level: an edge came, or somebody said so
 * @group_1: else it is of group 0
 * @owner: whose it is, of a private one
 * @route: of a shared one: which vCPU gets it
 * @noted: the vCPU that has it among its @waiting
 * @holder: the vCPU that runs with it in a list register, or NULL; then what follows counts
 * @moved: @latch is in that list register
 * @set_active: -1, or whether somebody meanwhile said that it is active
 */
struct hyp_irq {
	u16 id;
	u8 priority;
	bool enabled;
	bool edge;
	bool line;
	bool latch;
	bool active;
	bool group_1;
	struct hyp_vcpu *owner;
	u64 route;
	struct hyp_vcpu *noted;
	struct hyp_vcpu *holder;
	bool moved;
	s8 set_active;
};

/**
 * struct hyp_gic_region - redistributors, one behind the other
 * @count: how many; 0: as many as there are vCPUs
 */
struct hyp_gic_region {
	u64 base;
	u32 count;
};

/**
 * struct hyp_gic - the interrupt controller of a VM
 * @made: there is one
 * @ready: userspace has said all that it must; nothing of it changes any more but where it stands
 * @lock: over all interrupts of the VM, taken with interrupts off
 * @control: GICD_CTLR
 * @ids: how many INTIDs there are, with the private
 * @shared: those behind the private
 * @timers: PPIs of the virtual and the physical timer
 */
struct hyp_gic {
	bool made;
	bool ready;
	raw_spinlock_t lock;
	u32 control;
	u32 ids;
	struct hyp_irq *shared;
	u64 dist;
	struct hyp_gic_region regions[GIC_REGIONS];
	u32 region_count;
	u32 timers[2];
};

/**
 * struct hyp_vcpu_gic - what a vCPU has of it
 * @waiting: INTIDs that are active, or pending and enabled
 * @lists: list registers of its run, and then what became of them
 * @listed: which interrupts they hold
 * @mask: interrupts of this priority or a lesser one do not wake it
 * @groups: nor do those of a group that is off
 * @kicks: vCPUs that have got something of what its last run left
 */
struct hyp_vcpu_gic {
	struct hyp_irq private[GIC_PRIVATE];
	DECLARE_BITMAP(waiting, GIC_IDS);
	u64 lists[GIC_LISTS];
	struct hyp_irq *listed[GIC_LISTS];
	u32 mask;
	u32 groups;
	unsigned long kicks;
};

/* vgic.c */
int hyp_vgic_setup(void);
void hyp_vgic_end(void);
void hyp_vgic_cpu(bool on);
bool hyp_vgic_offered(void);
void hyp_vgic_vm(struct hyp_vm *vm);
void hyp_vgic_vcpu(struct hyp_vcpu *vcpu);
int hyp_vgic_make_ready(struct hyp_vm *vm);
void hyp_vgic_free(struct hyp_vm *vm);
struct hyp_irq *hyp_vgic_irq(struct hyp_vm *vm, struct hyp_vcpu *vcpu, u32 id);
bool hyp_vgic_irq_pending(const struct hyp_irq *irq);
void hyp_vgic_changed(struct hyp_vm *vm, struct hyp_irq *irq, unsigned long *kicks);
void hyp_vgic_kick(struct hyp_vm *vm, unsigned long kicks);
void hyp_vgic_set_line(struct hyp_irq *irq, bool level);
int hyp_vgic_line(struct hyp_vm *vm, struct hyp_vcpu *vcpu, u32 id, bool level);
bool hyp_vgic_sysreg(struct hyp_vcpu *vcpu, u64 esr, u64 value);
u64 hyp_vgic_enter(struct hyp_vcpu *vcpu);
void hyp_vgic_leave(struct hyp_vcpu *vcpu);
bool hyp_vgic_wakes(struct hyp_vcpu *vcpu);
void hyp_vgic_waits(struct hyp_vcpu *vcpu);

/* vgic_mmio.c: registers of the distributor and the redistributors, for a guest and for userspace. */
bool hyp_vgic_mmio(struct hyp_vcpu *vcpu, u64 address, u32 bytes, bool write, u64 *value);
bool hyp_vgic_dist_known(u32 offset);
bool hyp_vgic_redist_known(u32 offset);
u32 hyp_vgic_dist_read(struct hyp_vm *vm, u32 offset);
void hyp_vgic_dist_write(struct hyp_vm *vm, u32 offset, u32 value);
u32 hyp_vgic_redist_read(struct hyp_vcpu *vcpu, u32 offset);
void hyp_vgic_redist_write(struct hyp_vcpu *vcpu, u32 offset, u32 value);

/* vgic_device.c */
struct kvm_create_device;
struct kvm_device_attr;
int hyp_device_create(struct hyp_vm *vm, struct kvm_create_device *device);
int hyp_timer_attr(struct hyp_vcpu *vcpu, unsigned int command, const struct kvm_device_attr *attr);

#endif
