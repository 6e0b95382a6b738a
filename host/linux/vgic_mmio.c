// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers of a guest's distributor and redistributors: IHI 0069, 12.9 and 12.11. All of them are words here; who
 * accesses two at once gets one after the other. What is not listed reads as zero and ignores writes.
 */
#include "hypatia.h"

#define GICD_CTLR 0x0000
#define GICD_TYPER 0x0004
#define GICD_IROUTER 0x6000
#define GICR_TYPER 0x0008
#define GICR_TYPER_HIGH 0x000c
#define GICR_PRIVATE SZ_64K /* the second frame of a redistributor */
#define PIDR2 0xffe8

#define CTLR_AFFINITY BIT(4)
#define CTLR_ONE_SECURITY BIT(6)
#define CTLR_GROUPS (GIC_ENABLE_GROUP_0 | GIC_ENABLE_GROUP_1)
#define TYPER_ID_BITS (9 << 19) /* of an INTID: 10 */
#define TYPER_NO_ANY BIT(25)
#define REDIST_LAST BIT(4)
#define REDIST_NUMBER_SHIFT 8
#define REDIST_AFFINITY_SHIFT 0 /* in the high word */
#define PIDR2_VERSION_3 0x30
#define PRIORITY_MASK 0xf8 /* the bits that the virtual interface has */

/* --- registers of which each interrupt has a part: a bit, two bits, a byte, two words */

enum part { IGROUPR, ISENABLER, ICENABLER, ISPENDR, ICPENDR, ISACTIVER, ICACTIVER, IPRIORITYR, ICFGR, NONE };

static const struct {
	u32 first;
	u32 last;
	u32 bits;
} parts[NONE] = {
	[IGROUPR] = { 0x080, 0x0ff, 1 },    [ISENABLER] = { 0x100, 0x17f, 1 }, [ICENABLER] = { 0x180, 0x1ff, 1 },
	[ISPENDR] = { 0x200, 0x27f, 1 },    [ICPENDR] = { 0x280, 0x2ff, 1 },   [ISACTIVER] = { 0x300, 0x37f, 1 },
	[ICACTIVER] = { 0x380, 0x3ff, 1 },  [IPRIORITYR] = { 0x400, 0x7ff, 8 }, [ICFGR] = { 0xc00, 0xcff, 2 },
};

static enum part part_at(u32 offset)
{
	enum part part;

	for (part = 0; part < NONE; part++) {
		if (offset >= parts[part].first && offset <= parts[part].last)
			break;
	}
	return part;
}

static u32 part_get(enum part part, const struct hyp_irq *irq)
{
	switch (part) {
	case IGROUPR:
		return irq->group_1;
	case ISENABLER:
	case ICENABLER:
		return irq->enabled;
	case ISPENDR:
	case ICPENDR:
		return hyp_vgic_irq_pending(irq);
	case ISACTIVER:
	case ICACTIVER:
		return irq->holder && irq->set_active >= 0 ? irq->set_active : irq->active;
	case IPRIORITYR:
		return irq->priority;
	default:
		return irq->edge ? 2 : 0;
	}
}

static void set_pending(struct hyp_irq *irq, bool pending)
{
	irq->latch = pending;
	if (!pending)
		irq->moved = false;
}

static void set_active(struct hyp_irq *irq, bool active)
{
	if (irq->holder)
		irq->set_active = active;
	else
		irq->active = active;
}

static void part_set(enum part part, struct hyp_irq *irq, u32 value)
{
	switch (part) {
	case IGROUPR:
		irq->group_1 = value;
		break;
	case ISENABLER:
		irq->enabled = irq->enabled || value;
		break;
	case ICENABLER:
		irq->enabled = irq->enabled && !value;
		break;
	case ISPENDR:
		if (value)
			set_pending(irq, true);
		break;
	case ICPENDR:
		if (value)
			set_pending(irq, false);
		break;
	case ISACTIVER:
		if (value)
			set_active(irq, true);
		break;
	case ICACTIVER:
		if (value)
			set_active(irq, false);
		break;
	case IPRIORITYR:
		irq->priority = value & PRIORITY_MASK;
		break;
	default:
		/* Of an SGI that is fixed. */
		if (irq->id >= GIC_SGIS)
			irq->edge = value & 2;
		break;
	}
}

/* The @i-th interrupt of the word at @offset. NULL: there is none, here or at all. */
static struct hyp_irq *irq_at(struct hyp_vm *vm, struct hyp_vcpu *vcpu, enum part part, u32 offset, u32 i)
{
	u32 id = (offset - parts[part].first) * 8 / parts[part].bits + i;

	/* The private are those of a redistributor, and only those. */
	return (id < GIC_PRIVATE) == (vcpu != NULL) ? hyp_vgic_irq(vm, vcpu, id) : NULL;
}

static u32 parts_read(struct hyp_vm *vm, struct hyp_vcpu *vcpu, u32 offset)
{
	enum part part = part_at(offset);
	u32 value = 0;
	u32 i;

	if (part == NONE)
		return 0;
	for (i = 0; i < 32 / parts[part].bits; i++) {
		const struct hyp_irq *irq = irq_at(vm, vcpu, part, offset, i);

		if (irq)
			value |= part_get(part, irq) << (i * parts[part].bits);
	}
	return value;
}

static void parts_write(struct hyp_vm *vm, struct hyp_vcpu *vcpu, u32 offset, u32 value, unsigned long *kicks)
{
	enum part part = part_at(offset);
	u32 i;

	if (part == NONE)
		return;
	for (i = 0; i < 32 / parts[part].bits; i++) {
		struct hyp_irq *irq = irq_at(vm, vcpu, part, offset, i);

		if (!irq)
			continue;
		part_set(part, irq, value >> (i * parts[part].bits) & ((1u << parts[part].bits) - 1));
		hyp_vgic_changed(vm, irq, kicks);
	}
}

/* --- the distributor */

bool hyp_vgic_dist_known(u32 offset)
{
	return offset < SZ_64K && offset % 4 == 0;
}

static struct hyp_irq *routed_at(struct hyp_vm *vm, u32 offset)
{
	u32 id = (offset - GICD_IROUTER) / 8;

	return offset >= GICD_IROUTER && id >= GIC_PRIVATE && id < GIC_SPECIAL ? hyp_vgic_irq(vm, NULL, id) : NULL;
}

static u32 dist_read(struct hyp_vm *vm, u32 offset)
{
	const struct hyp_irq *irq = routed_at(vm, offset);

	if (irq)
		return offset % 8 ? upper_32_bits(irq->route) : lower_32_bits(irq->route);
	switch (offset) {
	case GICD_CTLR:
		return vm->gic.control | CTLR_AFFINITY | CTLR_ONE_SECURITY;
	case GICD_TYPER:
		return (vm->gic.ids / 32 - 1) | TYPER_ID_BITS | TYPER_NO_ANY;
	case PIDR2:
		return PIDR2_VERSION_3;
	default:
		return parts_read(vm, NULL, offset);
	}
}

static void route_write(struct hyp_vm *vm, struct hyp_irq *irq, u32 offset, u32 value, unsigned long *kicks)
{
	/* Affinity 0 to 2 and the bit for any, affinity 3. */
	if (offset % 8)
		irq->route = lower_32_bits(irq->route) | (u64)(value & 0xff) << 32;
	else
		irq->route = (irq->route & ~0xffffffffull) | (value & (GIC_ROUTE_ANY | 0xffffff));
	hyp_vgic_changed(vm, irq, kicks);
}

u32 hyp_vgic_dist_read(struct hyp_vm *vm, u32 offset)
{
	unsigned long flags;
	u32 value;

	raw_spin_lock_irqsave(&vm->gic.lock, flags);
	value = dist_read(vm, offset);
	raw_spin_unlock_irqrestore(&vm->gic.lock, flags);
	return value;
}

void hyp_vgic_dist_write(struct hyp_vm *vm, u32 offset, u32 value)
{
	unsigned long flags, kicks = 0;
	struct hyp_irq *irq = routed_at(vm, offset);
	u32 i;

	raw_spin_lock_irqsave(&vm->gic.lock, flags);
	if (irq) {
		route_write(vm, irq, offset, value, &kicks);
	} else if (offset == GICD_CTLR) {
		vm->gic.control = value & CTLR_GROUPS;
		for (i = 0; i < VCPUS_MAX; i++) {
			if (smp_load_acquire(&vm->vcpus[i]))
				__set_bit(i, &kicks);
		}
	} else {
		parts_write(vm, NULL, offset, value, &kicks);
	}
	raw_spin_unlock_irqrestore(&vm->gic.lock, flags);
	hyp_vgic_kick(vm, kicks);
}

/* --- redistributors */

bool hyp_vgic_redist_known(u32 offset)
{
	return offset < GIC_REDIST_BYTES && offset % 4 == 0;
}

/* How many redistributors stand before region @r. */
static u32 redists_before(const struct hyp_vm *vm, u32 r)
{
	u32 i, count = 0;

	for (i = 0; i < r; i++)
		count += vm->gic.regions[i].count;
	return count;
}

/* It is the last of its region, or of all. */
static bool is_last(const struct hyp_vm *vm, u32 index)
{
	u32 r;

	for (r = 0; r < vm->gic.region_count; r++) {
		if (vm->gic.regions[r].count && index + 1 == redists_before(vm, r) + vm->gic.regions[r].count)
			return true;
	}
	for (index++; index < VCPUS_MAX; index++) {
		if (smp_load_acquire(&vm->vcpus[index]))
			return false;
	}
	return true;
}

u32 hyp_vgic_redist_read(struct hyp_vcpu *vcpu, u32 offset)
{
	struct hyp_vm *vm = vcpu->vm;
	unsigned long flags;
	u32 value;

	switch (offset) {
	case GICR_TYPER:
		return (is_last(vm, vcpu->index) ? REDIST_LAST : 0) | vcpu->index << REDIST_NUMBER_SHIFT;
	case GICR_TYPER_HIGH:
		return vcpu->index << REDIST_AFFINITY_SHIFT;
	case PIDR2:
		return PIDR2_VERSION_3;
	default:
		break;
	}
	if (offset < GICR_PRIVATE)
		return 0;
	raw_spin_lock_irqsave(&vm->gic.lock, flags);
	value = parts_read(vm, vcpu, offset - GICR_PRIVATE);
	raw_spin_unlock_irqrestore(&vm->gic.lock, flags);
	return value;
}

void hyp_vgic_redist_write(struct hyp_vcpu *vcpu, u32 offset, u32 value)
{
	struct hyp_vm *vm = vcpu->vm;
	unsigned long flags, kicks = 0;

	if (offset < GICR_PRIVATE)
		return;
	raw_spin_lock_irqsave(&vm->gic.lock, flags);
	parts_write(vm, vcpu, offset - GICR_PRIVATE, value, &kicks);
	raw_spin_unlock_irqrestore(&vm->gic.lock, flags);
	hyp_vgic_kick(vm, kicks);
}

/* --- accesses of a guest */

/* Where an access goes: @vcpu is NULL for the distributor. */
struct place {
	struct hyp_vm *vm;
	struct hyp_vcpu *vcpu;
	u32 offset;
};

static u32 word_read(const struct place *place, u32 offset)
{
	return place->vcpu ? hyp_vgic_redist_read(place->vcpu, offset) : hyp_vgic_dist_read(place->vm, offset);
}

static void word_write(const struct place *place, u32 offset, u32 value)
{
	if (place->vcpu)
		hyp_vgic_redist_write(place->vcpu, offset, value);
	else
		hyp_vgic_dist_write(place->vm, offset, value);
}

static bool find_redist(struct hyp_vm *vm, u64 address, struct place *place)
{
	u32 r;

	for (r = 0; r < vm->gic.region_count; r++) {
		const struct hyp_gic_region *region = &vm->gic.regions[r];
		u64 n = (address - region->base) / GIC_REDIST_BYTES;
		u64 index = redists_before(vm, r) + n;

		if (address < region->base || n >= (region->count ?: VCPUS_MAX) || index >= VCPUS_MAX)
			continue;
		place->vcpu = smp_load_acquire(&vm->vcpus[index]);
		place->offset = (address - region->base) % GIC_REDIST_BYTES;
		return place->vcpu;
	}
	return false;
}

static bool find(struct hyp_vm *vm, u64 address, struct place *place)
{
	place->vm = vm;
	place->vcpu = NULL;
	if (vm->gic.dist != GIC_NOWHERE && address >= vm->gic.dist && address - vm->gic.dist < SZ_64K) {
		place->offset = address - vm->gic.dist;
		return true;
	}
	return find_redist(vm, address, place);
}

/* Only priorities have bytes of their own. */
static void bytes_write(const struct place *place, u32 bytes, u64 value)
{
	u32 word = place->offset & ~3u;
	u32 shift = place->offset % 4 * 8;
	u32 mask = (bytes == 1 ? 0xffu : 0xffffu) << shift;
	u32 at = place->vcpu ? word - GICR_PRIVATE : word;

	if (part_at(at) == IPRIORITYR)
		word_write(place, word, (word_read(place, word) & ~mask) | ((u32)value << shift & mask));
}

/* False: it is not the GIC's. An access that is not aligned to its size reads as zero and writes nothing. */
bool hyp_vgic_mmio(struct hyp_vcpu *vcpu, u64 address, u32 bytes, bool write, u64 *value)
{
	struct place place;
	u64 found = 0;

	if (!smp_load_acquire(&vcpu->vm->gic.ready) || !find(vcpu->vm, address, &place))
		return false;
	if (place.offset % bytes == 0 && write) {
		if (bytes < 4) {
			bytes_write(&place, bytes, *value);
		} else {
			word_write(&place, place.offset, lower_32_bits(*value));
			if (bytes == 8)
				word_write(&place, place.offset + 4, upper_32_bits(*value));
		}
	} else if (place.offset % bytes == 0) {
		found = word_read(&place, place.offset & ~3u) >> (place.offset % 4 * 8);
		if (bytes == 8)
			found |= (u64)word_read(&place, place.offset + 4) << 32;
	}
	*value = found;
	return true;
}
