// SPDX-License-Identifier: GPL-2.0-only
/*
 * The GIC as a device of KVM's: KVM_CREATE_DEVICE and the attributes of KVM_DEV_TYPE_ARM_VGIC_V3, and the attributes
 * of a vCPU about its timers.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include <asm/sysreg.h>

#include "hypatia.h"

#define IDS_MIN 64
#define IDS_STEP 32

/* Fields of an attribute's number. */
#define ATTR_AFFINITY_SHIFT 32 /* of a vCPU: affinity 0, in the lowest byte */
#define ATTR_AFFINITY_HIGH GENMASK_ULL(63, 40)

/* Fields of a region of redistributors. */
#define REGION_COUNT_SHIFT 52
#define REGION_FLAGS GENMASK_ULL(15, 12)
#define REGION_INDEX GENMASK_ULL(11, 0)
#define REGION_BASE GENMASK_ULL(51, 16)

/* ICH_VMCR_EL2 and the registers of which it has fields. */
struct vmcr_field {
	u32 encoding;
	u32 mask;
	u32 shift; /* in ICH_VMCR_EL2 */
};

static const struct vmcr_field vmcr_fields[] = {
	{ SYS_ICC_PMR_EL1, 0xff, 24 },	 { SYS_ICC_BPR0_EL1, 7, 21 },	{ SYS_ICC_BPR1_EL1, 7, 18 },
	{ SYS_ICC_IGRPEN0_EL1, 1, 0 }, { SYS_ICC_IGRPEN1_EL1, 1, 1 },
};

#define VMCR_CBPR BIT(4)
#define VMCR_EOI_MODE BIT(9)
#define CTLR_CBPR BIT(0)
#define CTLR_EOI_MODE BIT(1)
#define CTLR_PRIORITY_BITS (4 << 8) /* 5 */
#define CTLR_OF_MACHINE (BIT(15) | GENMASK(13, 11)) /* affinity 3, bits of an INTID */
#define SRE_ON 7

/* --- where it stands */

static bool overlaps(u64 base, u64 bytes, u64 other, u64 other_bytes)
{
	return base < other + other_bytes && other < base + bytes;
}

static u64 region_bytes(const struct hyp_gic_region *region)
{
	return (u64)(region->count ?: VCPUS_MAX) * GIC_REDIST_BYTES;
}

/* A place for @bytes that nothing of the GIC has yet. */
static int check_place(const struct hyp_gic *gic, u64 base, u64 bytes)
{
	u32 r;

	if (!IS_ALIGNED(base, SZ_64K))
		return -EINVAL;
	if (base >= BIT_ULL(IPA_BITS) || bytes > BIT_ULL(IPA_BITS) - base)
		return -E2BIG;
	if (gic->dist != GIC_NOWHERE && overlaps(base, bytes, gic->dist, SZ_64K))
		return -EINVAL;
	for (r = 0; r < gic->region_count; r++) {
		if (overlaps(base, bytes, gic->regions[r].base, region_bytes(&gic->regions[r])))
			return -EINVAL;
	}
	return 0;
}

static int add_region(struct hyp_gic *gic, u64 base, u32 count)
{
	struct hyp_gic_region region = { .base = base, .count = count };
	int err = check_place(gic, base, region_bytes(&region));

	if (!err)
		gic->regions[gic->region_count++] = region;
	return err;
}

static int place_set(struct hyp_gic *gic, u64 attr, u64 value)
{
	u32 count = value >> REGION_COUNT_SHIFT;
	int err;

	switch (attr) {
	case KVM_VGIC_V3_ADDR_TYPE_DIST:
		if (gic->dist != GIC_NOWHERE)
			return -EEXIST;
		err = check_place(gic, value, SZ_64K);
		if (!err)
			gic->dist = value;
		return err;
	case KVM_VGIC_V3_ADDR_TYPE_REDIST:
		if (gic->region_count)
			return gic->regions[0].count ? -EINVAL : -EEXIST;
		return add_region(gic, value, 0);
	case KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION:
		if (gic->region_count && !gic->regions[0].count)
			return -EINVAL;
		if (!count || value & REGION_FLAGS || (value & REGION_INDEX) > gic->region_count)
			return -EINVAL;
		if ((value & REGION_INDEX) < gic->region_count)
			return -EEXIST;
		if (gic->region_count == GIC_REGIONS)
			return -ENOSPC;
		return add_region(gic, value & REGION_BASE, count);
	default:
		return -ENXIO;
	}
}

static int place_get(const struct hyp_gic *gic, u64 attr, u64 *value)
{
	u64 index = *value & REGION_INDEX;

	switch (attr) {
	case KVM_VGIC_V3_ADDR_TYPE_DIST:
		*value = gic->dist;
		return 0;
	case KVM_VGIC_V3_ADDR_TYPE_REDIST:
		if (gic->region_count && gic->regions[0].count)
			return -EINVAL;
		*value = gic->region_count ? gic->regions[0].base : GIC_NOWHERE;
		return 0;
	case KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION:
		if (index >= gic->region_count || !gic->regions[index].count)
			return -ENOENT;
		*value = (u64)gic->regions[index].count << REGION_COUNT_SHIFT | gic->regions[index].base | index;
		return 0;
	default:
		return -ENXIO;
	}
}

/* --- registers of the CPU interface */

static int words_get(struct hyp_vcpu *vcpu, u64 word, u64 *value)
{
	return hyp_words_access(vcpu, word, value, 1, false);
}

static int field_access(struct hyp_vcpu *vcpu, u64 mask, u32 shift, u64 *value, bool set)
{
	u64 vmcr;
	int err = words_get(vcpu, CTX_ICH_VMCR_EL2, &vmcr);

	if (err)
		return err;
	if (!set) {
		*value = vmcr >> shift & mask;
		return 0;
	}
	vmcr = (vmcr & ~(mask << shift)) | (*value & mask) << shift;
	return hyp_words_access(vcpu, CTX_ICH_VMCR_EL2, &vmcr, 1, true);
}

static int control_access(struct hyp_vcpu *vcpu, u64 *value, bool set)
{
	u64 fixed = CTLR_PRIORITY_BITS | (read_sysreg_s(SYS_ICC_CTLR_EL1) & CTLR_OF_MACHINE);
	u64 vmcr;
	int err = words_get(vcpu, CTX_ICH_VMCR_EL2, &vmcr);

	if (err)
		return err;
	if (!set) {
		*value = fixed | (vmcr & VMCR_CBPR ? CTLR_CBPR : 0) | (vmcr & VMCR_EOI_MODE ? CTLR_EOI_MODE : 0);
		return 0;
	}
	if ((*value & ~(u64)(CTLR_CBPR | CTLR_EOI_MODE)) != fixed)
		return -EINVAL;
	vmcr &= ~(u64)(VMCR_CBPR | VMCR_EOI_MODE);
	vmcr |= (*value & CTLR_CBPR ? VMCR_CBPR : 0) | (*value & CTLR_EOI_MODE ? VMCR_EOI_MODE : 0);
	return hyp_words_access(vcpu, CTX_ICH_VMCR_EL2, &vmcr, 1, true);
}

static u32 encoding_of(u64 attr)
{
	u64 i = attr & KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK;

	return sys_reg(i >> 14 & 3, i >> 11 & 7, i >> 7 & 15, i >> 3 & 15, i & 7);
}

static int interface_access(struct hyp_vcpu *vcpu, u64 attr, u64 *value, bool set, bool ask)
{
	u32 encoding = encoding_of(attr);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(vmcr_fields); i++) {
		const struct vmcr_field *field = &vmcr_fields[i];

		if (field->encoding == encoding)
			return ask ? 0 : field_access(vcpu, field->mask, field->shift, value, set);
	}
	switch (encoding) {
	case SYS_ICC_CTLR_EL1:
		return ask ? 0 : control_access(vcpu, value, set);
	case SYS_ICC_SRE_EL1:
		if (ask)
			return 0;
		if (set)
			return *value == SRE_ON ? 0 : -EINVAL;
		*value = SRE_ON;
		return 0;
	case SYS_ICC_AP0R0_EL1:
		return ask ? 0 : hyp_words_access(vcpu, CTX_ICH_AP0R0_EL2, value, 1, set);
	case SYS_ICC_AP1R0_EL1:
		return ask ? 0 : hyp_words_access(vcpu, CTX_ICH_AP1R0_EL2, value, 1, set);
	default:
		return -ENXIO;
	}
}

/* --- state */

static struct hyp_vcpu *vcpu_of(struct hyp_vm *vm, u64 attr)
{
	u64 index = attr >> ATTR_AFFINITY_SHIFT & 0xff;

	if (attr & ATTR_AFFINITY_HIGH || index >= VCPUS_MAX)
		return NULL;
	return smp_load_acquire(&vm->vcpus[index]);
}

static u32 level_info(u64 attr)
{
	return (attr & KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_MASK) >> KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT;
}

/* Levels of 32 interrupts. */
static int levels_access(struct hyp_vm *vm, struct hyp_vcpu *vcpu, u64 attr, u32 *value, bool set)
{
	u32 first = attr & KVM_DEV_ARM_VGIC_LINE_LEVEL_INTID_MASK;
	unsigned long flags, kicks = 0;
	u32 levels = 0;
	u32 i;

	if (level_info(attr) != VGIC_LEVEL_INFO_LINE_LEVEL || first % 32 || first >= vm->gic.ids)
		return -EINVAL;
	raw_spin_lock_irqsave(&vm->gic.lock, flags);
	for (i = 0; i < 32; i++) {
		struct hyp_irq *irq = hyp_vgic_irq(vm, vcpu, first + i);

		if (!irq || first + i < GIC_SGIS)
			continue;
		if (set) {
			irq->line = *value >> i & 1;
			hyp_vgic_changed(vm, irq, &kicks);
		}
		levels |= (u32)irq->line << i;
	}
	raw_spin_unlock_irqrestore(&vm->gic.lock, flags);
	hyp_vgic_kick(vm, kicks);
	*value = levels;
	return 0;
}

static int word_access(struct hyp_vm *vm, const struct kvm_device_attr *attr, u32 *value, bool set)
{
	struct hyp_vcpu *vcpu = vcpu_of(vm, attr->attr);
	u32 offset = lower_32_bits(attr->attr);

	if (!vm->gic.ready)
		return -EBUSY;
	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_DIST_REGS:
		if (!hyp_vgic_dist_known(offset))
			return -ENXIO;
		if (set)
			hyp_vgic_dist_write(vm, offset, *value);
		else
			*value = hyp_vgic_dist_read(vm, offset);
		return 0;
	case KVM_DEV_ARM_VGIC_GRP_REDIST_REGS:
		if (!hyp_vgic_redist_known(offset))
			return -ENXIO;
		if (!vcpu)
			return -EINVAL;
		if (set)
			hyp_vgic_redist_write(vcpu, offset, *value);
		else
			*value = hyp_vgic_redist_read(vcpu, offset);
		return 0;
	default:
		return vcpu ? levels_access(vm, vcpu, attr->attr, value, set) : -EINVAL;
	}
}

static int user_word(struct hyp_vm *vm, const struct kvm_device_attr *attr, bool set)
{
	u32 __user *user = (u32 __user *)(unsigned long)attr->addr;
	u32 value = 0;
	int err;

	if (set && get_user(value, user))
		return -EFAULT;
	err = word_access(vm, attr, &value, set);
	if (err || set)
		return err;
	return put_user(value, user) ? -EFAULT : 0;
}

/* A vCPU that runs has them in its CPU. */
static int user_interface(struct hyp_vm *vm, const struct kvm_device_attr *attr, bool set)
{
	u64 __user *user = (u64 __user *)(unsigned long)attr->addr;
	struct hyp_vcpu *vcpu = vcpu_of(vm, attr->attr);
	u64 value = 0;
	int err;

	if (!vcpu)
		return -EINVAL;
	if (!vm->gic.ready)
		return -EBUSY;
	if (set && get_user(value, user))
		return -EFAULT;
	if (!mutex_trylock(&vcpu->lock))
		return -EBUSY;
	err = interface_access(vcpu, attr->attr, &value, set, false);
	mutex_unlock(&vcpu->lock);
	if (err || set)
		return err;
	return put_user(value, user) ? -EFAULT : 0;
}

static int user_place(struct hyp_vm *vm, const struct kvm_device_attr *attr, bool set)
{
	u64 __user *user = (u64 __user *)(unsigned long)attr->addr;
	u64 value;
	int err;

	if (get_user(value, user))
		return -EFAULT;
	mutex_lock(&vm->lock);
	err = set ? place_set(&vm->gic, attr->attr, value) : place_get(&vm->gic, attr->attr, &value);
	mutex_unlock(&vm->lock);
	if (err || set)
		return err;
	return put_user(value, user) ? -EFAULT : 0;
}

static int user_ids(struct hyp_vm *vm, const struct kvm_device_attr *attr, bool set)
{
	u32 __user *user = (u32 __user *)(unsigned long)attr->addr;
	u32 value = vm->gic.ids;
	int err = 0;

	if (!set)
		return put_user(value, user) ? -EFAULT : 0;
	if (get_user(value, user))
		return -EFAULT;
	if (value < IDS_MIN || value > GIC_IDS || value % IDS_STEP)
		return -EINVAL;
	mutex_lock(&vm->lock);
	if (vm->gic.ids)
		err = -EBUSY;
	else
		vm->gic.ids = value;
	mutex_unlock(&vm->lock);
	return err;
}

static int device_access(struct hyp_vm *vm, const struct kvm_device_attr *attr, bool set)
{
	int err;

	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		return user_place(vm, attr, set);
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		return user_ids(vm, attr, set);
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		if (attr->attr != KVM_DEV_ARM_VGIC_CTRL_INIT || !set)
			return -ENXIO;
		mutex_lock(&vm->lock);
		err = hyp_vgic_make_ready(vm);
		mutex_unlock(&vm->lock);
		return err;
	case KVM_DEV_ARM_VGIC_GRP_DIST_REGS:
	case KVM_DEV_ARM_VGIC_GRP_REDIST_REGS:
	case KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO:
		return user_word(vm, attr, set);
	case KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS:
		return user_interface(vm, attr, set);
	default:
		return -ENXIO;
	}
}

static int device_has(const struct kvm_device_attr *attr)
{
	bool known;

	switch (attr->group) {
	case KVM_DEV_ARM_VGIC_GRP_ADDR:
		known = attr->attr == KVM_VGIC_V3_ADDR_TYPE_DIST || attr->attr == KVM_VGIC_V3_ADDR_TYPE_REDIST ||
			attr->attr == KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION;
		break;
	case KVM_DEV_ARM_VGIC_GRP_NR_IRQS:
		known = true;
		break;
	case KVM_DEV_ARM_VGIC_GRP_CTRL:
		known = attr->attr == KVM_DEV_ARM_VGIC_CTRL_INIT;
		break;
	case KVM_DEV_ARM_VGIC_GRP_DIST_REGS:
		known = hyp_vgic_dist_known(lower_32_bits(attr->attr));
		break;
	case KVM_DEV_ARM_VGIC_GRP_REDIST_REGS:
		known = hyp_vgic_redist_known(lower_32_bits(attr->attr));
		break;
	case KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS:
		return interface_access(NULL, attr->attr, NULL, false, true);
	case KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO:
		known = level_info(attr->attr) == VGIC_LEVEL_INFO_LINE_LEVEL;
		break;
	default:
		known = false;
		break;
	}
	return known ? 0 : -ENXIO;
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct hyp_vm *vm = file->private_data;
	struct kvm_device_attr attr;

	if (vm->mm != current->mm)
		return -EIO;
	if (command != KVM_SET_DEVICE_ATTR && command != KVM_GET_DEVICE_ATTR && command != KVM_HAS_DEVICE_ATTR)
		return -ENOTTY;
	if (copy_from_user(&attr, (void __user *)argument, sizeof(attr)))
		return -EFAULT;
	if (attr.flags)
		return -EINVAL;
	if (command == KVM_HAS_DEVICE_ATTR)
		return device_has(&attr);
	return device_access(vm, &attr, command == KVM_SET_DEVICE_ATTR);
}

static int device_close(struct inode *inode, struct file *file)
{
	hyp_vm_release(file->private_data);
	return 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.release = device_close,
	.unlocked_ioctl = device_ioctl,
	.llseek = noop_llseek,
};

static bool has_run(const struct hyp_vm *vm)
{
	u32 i;

	for (i = 0; i < VCPUS_MAX; i++) {
		if (vm->vcpus[i] && READ_ONCE(vm->vcpus[i]->has_run))
			return true;
	}
	return false;
}

static int device_make(struct hyp_vm *vm)
{
	int fd;

	if (vm->gic.made)
		return -EEXIST;
	/* A guest has a GIC from the beginning, or none. */
	if (has_run(vm))
		return -EBUSY;
	kref_get(&vm->refs);
	fd = anon_inode_getfd("kvm-arm-vgic-v3", &device_fops, vm, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		hyp_vm_release(vm);
	else
		vm->gic.made = true;
	return fd;
}

/* KVM_CREATE_DEVICE: @device gets the file, unless it was only asked for. */
int hyp_device_create(struct hyp_vm *vm, struct kvm_create_device *device)
{
	int fd;

	if (device->flags & ~KVM_CREATE_DEVICE_TEST)
		return -EINVAL;
	if (device->type != KVM_DEV_TYPE_ARM_VGIC_V3 || !hyp_vgic_offered())
		return -ENODEV;
	if (device->flags & KVM_CREATE_DEVICE_TEST)
		return 0;
	mutex_lock(&vm->lock);
	fd = device_make(vm);
	mutex_unlock(&vm->lock);
	if (fd < 0)
		return fd;
	device->fd = fd;
	return 0;
}

/* Which PPIs the timers have, of all vCPUs. With the vCPU's lock. */
int hyp_timer_attr(struct hyp_vcpu *vcpu, unsigned int command, const struct kvm_device_attr *attr)
{
	int __user *user = (int __user *)(unsigned long)attr->addr;
	struct hyp_vm *vm = vcpu->vm;
	u32 *timer;
	int id;

	if (attr->group != KVM_ARM_VCPU_TIMER_CTRL || attr->attr > KVM_ARM_VCPU_TIMER_IRQ_PTIMER)
		return -ENXIO;
	timer = &vm->gic.timers[attr->attr == KVM_ARM_VCPU_TIMER_IRQ_PTIMER];
	if (command == KVM_HAS_DEVICE_ATTR)
		return 0;
	if (command == KVM_GET_DEVICE_ATTR)
		return put_user((int)*timer, user) ? -EFAULT : 0;
	if (!vm->gic.made || get_user(id, user))
		return vm->gic.made ? -EFAULT : -EINVAL;
	if (id < GIC_SGIS || id >= GIC_PRIVATE)
		return -EINVAL;
	if (has_run(vm))
		return -EBUSY;
	*timer = id;
	return 0;
}
