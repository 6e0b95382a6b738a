// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/kvm on a host that runs under Hypatia.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/kvm.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/uaccess.h>

#include <asm/virt.h>

#include "hypatia.h"

#include <gen/pages.h>

#define MODE_PROTECTED 0

atomic_t hyp_vms;
atomic_long_t hyp_frames_kept;
atomic_long_t hyp_frames_given;
atomic_long_t hyp_pages_aged;
atomic_long_t hyp_blocks_joined;

/*
 * QEMU before 8.2 uses irqfds where /dev/kvm has them, also without a GIC in the kernel, and fails when they are
 * refused. From 8.2 on it has no GIC in the kernel where /dev/kvm has no irqfds.
 */
static bool irqfds;
module_param(irqfds, bool, 0644);
MODULE_PARM_DESC(irqfds, "KVM_CAP_IRQFD of /dev/kvm, not only of a VM that has a GIC");

/* What is not here is not offered. */
long hyp_check_extension(unsigned long extension)
{
	switch (extension) {
	case KVM_CAP_USER_MEMORY:
	case KVM_CAP_SYNC_MMU:
	case KVM_CAP_READONLY_MEM:
	case KVM_CAP_ENABLE_CAP_VM:
	case KVM_CAP_DESTROY_MEMORY_REGION_WORKS:
	case KVM_CAP_JOIN_MEMORY_REGIONS_WORKS:
	case KVM_CAP_INTERNAL_ERROR_DATA:
	case KVM_CAP_IOEVENTFD:
	case KVM_CAP_IOEVENTFD_ANY_LENGTH:
	case KVM_CAP_ONE_REG:
	case KVM_CAP_MP_STATE:
	case KVM_CAP_IMMEDIATE_EXIT:
	case KVM_CAP_CHECK_EXTENSION_VM:
	case KVM_CAP_ARM_PSCI:
	case KVM_CAP_ARM_PSCI_0_2:
	case KVM_CAP_ARM_USER_IRQ:
	case KVM_CAP_ARM_IRQ_LINE_LAYOUT_2:
		return 1;
	case KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2:
		return KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE;
	case KVM_CAP_IRQFD:
		return irqfds && hyp_vgic_offered();
	case KVM_CAP_IRQCHIP:
	case KVM_CAP_DEVICE_CTRL:
	case KVM_CAP_VCPU_ATTRIBUTES:
		return hyp_vgic_offered();
	case KVM_CAP_ARM_PTRAUTH_ADDRESS:
	case KVM_CAP_ARM_PTRAUTH_GENERIC:
		return hyp_pauth_offered();
	case KVM_CAP_ARM_SVE:
		return hyp_sve_offered();
	case HYPATIA_CAP_MEASURE:
	case HYPATIA_CAP_BEGIN:
		return 1;
	case KVM_CAP_NR_VCPUS:
	case KVM_CAP_MAX_VCPUS:
	case KVM_CAP_MAX_VCPU_ID:
		return VCPUS_MAX;
	case KVM_CAP_NR_MEMSLOTS:
		return SLOTS_MAX;
	case KVM_CAP_ARM_VM_IPA_SIZE:
		return IPA_BITS;
	default:
		return 0;
	}
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	switch (command) {
	case KVM_GET_API_VERSION:
		return argument ? -EINVAL : KVM_API_VERSION;
	case KVM_CREATE_VM:
		return hyp_vm_create(argument);
	case KVM_CHECK_EXTENSION:
		return hyp_check_extension(argument);
	case KVM_GET_VCPU_MMAP_SIZE:
		return argument ? -EINVAL : PAGE_SIZE;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = device_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice device = { .minor = KVM_MINOR, .name = "kvm", .fops = &device_fops };

/* --- /sys/module/hypatia/parameters: what is in use, for people and tests */

static unsigned long count_away(const struct resource *bank)
{
	unsigned long pfn = PHYS_PFN(bank->start);
	unsigned long count = 0;

	for (; pfn <= PHYS_PFN(bank->end); pfn++) {
		s64 state = hyp_call(MEM_INFO, pfn, 0, 0);

		if (state >= 0 && (state & 0xff) != FRAME_HOST)
			count++;
		cond_resched();
	}
	return count;
}

/* Frames of RAM that are not the host's alone, as Hypatia says; its own are among them. */
static int get_away(char *buffer, const struct kernel_param *parameter)
{
	struct device_node *node;
	struct resource bank;
	unsigned long count = 0;
	int i;

	for_each_node_by_type (node, "memory") {
		for (i = 0; !of_address_to_resource(node, i, &bank); i++)
			count += count_away(&bank);
	}
	return sysfs_emit(buffer, "%lu\n", count);
}

static int get_pool_free(char *buffer, const struct kernel_param *parameter)
{
	return sysfs_emit(buffer, "%lld\n", hyp_stat(STAT_POOL_FREE_FRAMES));
}

static int get_count(char *buffer, const struct kernel_param *parameter)
{
	return sysfs_emit(buffer, "%ld\n", atomic_long_read(parameter->arg));
}

static int get_vms(char *buffer, const struct kernel_param *parameter)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(&hyp_vms));
}

static const struct kernel_param_ops away_ops = { .get = get_away };
static const struct kernel_param_ops pool_free_ops = { .get = get_pool_free };
static const struct kernel_param_ops count_ops = { .get = get_count };
static const struct kernel_param_ops vms_ops = { .get = get_vms };

module_param_cb(frames_away, &away_ops, NULL, 0400);
MODULE_PARM_DESC(frames_away, "frames of RAM that are not the host's alone");
module_param_cb(pool_free_frames, &pool_free_ops, NULL, 0444);
MODULE_PARM_DESC(pool_free_frames, "free frames of Hypatia's pool");
module_param_cb(frames_kept, &count_ops, &hyp_frames_kept, 0444);
MODULE_PARM_DESC(frames_kept, "frames that Hypatia keeps for VMs, vCPUs and tables");
module_param_cb(frames_given, &count_ops, &hyp_frames_given, 0444);
MODULE_PARM_DESC(frames_given, "frames that are memory of VMs");
module_param_cb(pages_aged, &count_ops, &hyp_pages_aged, 0444);
MODULE_PARM_DESC(pages_aged, "times that a page of a VM was found young and made old");
module_param_cb(blocks_joined, &count_ops, &hyp_blocks_joined, 0444);
MODULE_PARM_DESC(blocks_joined, "times that 512 pages of a VM became one block");
module_param_cb(vms, &vms_ops, NULL, 0444);
MODULE_PARM_DESC(vms, "VMs");

/* --- is Hypatia there? */

/* HVC is undefined on a machine without EL2, so the device tree is asked first. */
static bool is_announced(void)
{
	struct device_node *parent = of_find_node_by_path("/reserved-memory");
	struct device_node *child;
	bool found = false;

	for_each_child_of_node (parent, child)
		found = found || of_node_name_eq(child, "hypatia");
	of_node_put(parent);
	return found;
}

static bool answers(void)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(VENDOR_HYP_UID, 0, 0, 0, &res);
	return (u32)res.a0 == UID_WORD0 && (u32)res.a1 == UID_WORD1 && (u32)res.a2 == UID_WORD2 &&
	       (u32)res.a3 == UID_WORD3;
}

static int find_hypatia(void)
{
	s64 version;

	if (is_kernel_in_hyp_mode()) {
		pr_err("Hypatia is not there: this kernel runs at EL2\n");
		return -ENODEV;
	}
	if (!is_announced()) {
		pr_err("Hypatia is not there: the device tree does not name its memory\n");
		return -ENODEV;
	}
	if (!answers()) {
		pr_err("Hypatia is not there: whoever is at EL2 does not know its UID\n");
		return -ENODEV;
	}
	version = hyp_call(HYP_VERSION, 0, 0, 0);
	if (version >> 16 != ABI_MAJOR || (version & 0xffff) < ABI_MINOR) {
		pr_err("Hypatia has ABI %lld.%lld, and this module needs %u.%u\n", version >> 16, version & 0xffff,
		       ABI_MAJOR, ABI_MINOR);
		return -EPROTO;
	}
	if (hyp_stat(STAT_MODE) != MODE_PROTECTED) {
		pr_err("Hypatia does not confine this host (hypatia.mode=), so it has no VMs\n");
		return -ENODEV;
	}
	return 0;
}

static int __init hypatia_init(void)
{
	int err = find_hypatia();

	if (err)
		return err;
	err = hyp_timer_setup();
	if (err)
		return err;
	err = hyp_vgic_setup();
	if (err)
		goto timer;
	err = hyp_cpu_setup();
	if (err)
		goto gic;
	err = misc_register(&device);
	if (err) {
		pr_err("/dev/kvm is taken: %d\n", err);
		goto cpu;
	}
	pr_info("/dev/kvm, by Hypatia with ABI %u.%u\n", ABI_MAJOR, ABI_MINOR);
	return 0;
cpu:
	hyp_cpu_end();
gic:
	hyp_vgic_end();
timer:
	hyp_timer_end();
	return err;
}

/* Not while there are files: no VM is left. */
static void __exit hypatia_exit(void)
{
	misc_deregister(&device);
	hyp_cpu_end();
	hyp_vgic_end();
	hyp_timer_end();
}

module_init(hypatia_init);
module_exit(hypatia_exit);
MODULE_DESCRIPTION("/dev/kvm on a host that runs under Hypatia");
MODULE_ALIAS("devname:kvm");
MODULE_ALIAS_MISCDEV(KVM_MINOR);
MODULE_LICENSE("GPL");
