// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs: their files and their life with Hypatia.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hypatia.h"

/* A frame that Hypatia is to keep. */
struct page *hyp_frame_alloc(void)
{
	struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);

	if (page)
		atomic_long_inc(&hyp_frames_kept);
	return page;
}

/* It has come back; or it has not, and nobody must use it any more. */
void hyp_frame_free(struct page *page, s64 refused)
{
	if (WARN_ONCE(refused, "hypatia: a frame does not come back: %lld\n", refused))
		return;
	__free_page(page);
	atomic_long_dec(&hyp_frames_kept);
}

/* VMs that Hypatia knows, and those that just ended. */
static LIST_HEAD(vms);
static DEFINE_MUTEX(vms_lock);

/* With its life. */
static void dissolve(struct hyp_vm *vm)
{
	unsigned int i;

	for (i = 0; i < VCPUS_MAX; i++) {
		if (vm->vcpus[i])
			hyp_vcpu_unload(vm->vcpus[i]);
	}
	hyp_mmu_take_back(vm);
	WARN_ON(hyp_call(VM_TEARDOWN, vm->handle, 0, 0));
	hyp_mmu_reclaim(vm);
	for (i = 0; i < VCPUS_MAX; i++) {
		if (vm->vcpus[i])
			hyp_vcpu_end(vm->vcpus[i]);
	}
	hyp_frame_free(vm->frame, hyp_call(VM_FINALIZE, vm->handle, 0, 0));
	atomic_dec(&hyp_vms);
}

/* Once: when its last file is closed, or with the host. */
static void vm_end(struct hyp_vm *vm)
{
	mutex_lock(&vm->life);
	if (!vm->ended)
		dissolve(vm);
	vm->ended = true;
	mutex_unlock(&vm->life);
}

static void vm_unlist(struct hyp_vm *vm)
{
	mutex_lock(&vms_lock);
	list_del(&vm->entry);
	mutex_unlock(&vms_lock);
}

static void vm_free(struct kref *refs)
{
	struct hyp_vm *vm = container_of(refs, struct hyp_vm, refs);
	unsigned int i;

	hyp_irqfds_end(vm);
	hyp_mmu_unwatch(vm);
	vm_end(vm);
	vm_unlist(vm);
	for (i = 0; i < VCPUS_MAX; i++) {
		if (vm->vcpus[i])
			hyp_vcpu_free(vm->vcpus[i]);
	}
	hyp_mmu_free(vm);
	hyp_ioevents_end(vm);
	hyp_vgic_free(vm);
	kvfree(vm);
}

/* The host ends: no vCPU is loaded any more, no page mapped, and no VM made. Their files stay until they are closed. */
void hyp_vms_end(void)
{
	struct hyp_vm *vm;
	unsigned int i;

	mutex_lock(&vms_lock);
	if (!list_empty(&vms))
		pr_notice("this host ends, and its VMs with it\n");
	list_for_each_entry (vm, &vms, entry) {
		vm_end(vm);
		for (i = 0; i < VCPUS_MAX; i++) {
			struct hyp_vcpu *vcpu = smp_load_acquire(&vm->vcpus[i]);

			if (vcpu)
				hyp_vcpu_kick(vcpu);
		}
	}
	mutex_unlock(&vms_lock);
}

void hyp_vm_release(struct hyp_vm *vm)
{
	kref_put(&vm->refs, vm_free);
}

static int gic_line(struct hyp_vm *vm, u32 type, u32 index, u32 number, bool level)
{
	struct hyp_vcpu *vcpu;

	if (!smp_load_acquire(&vm->gic.ready))
		return -ENXIO;
	switch (type) {
	case KVM_ARM_IRQ_TYPE_PPI:
		vcpu = index < VCPUS_MAX ? smp_load_acquire(&vm->vcpus[index]) : NULL;
		if (!vcpu || number < GIC_SGIS || number >= GIC_PRIVATE)
			return -EINVAL;
		return hyp_vgic_line(vm, vcpu, number, level);
	case KVM_ARM_IRQ_TYPE_SPI:
		return number < GIC_PRIVATE ? -EINVAL : hyp_vgic_line(vm, NULL, number, level);
	default:
		return -EINVAL;
	}
}

static int irq_line(struct hyp_vm *vm, const struct kvm_irq_level *level)
{
	u32 type = level->irq >> KVM_ARM_IRQ_TYPE_SHIFT & KVM_ARM_IRQ_TYPE_MASK;
	u32 index = (level->irq >> KVM_ARM_IRQ_VCPU_SHIFT & KVM_ARM_IRQ_VCPU_MASK) +
		    (level->irq >> KVM_ARM_IRQ_VCPU2_SHIFT & KVM_ARM_IRQ_VCPU2_MASK) * (KVM_ARM_IRQ_VCPU_MASK + 1);
	u32 number = level->irq >> KVM_ARM_IRQ_NUM_SHIFT & KVM_ARM_IRQ_NUM_MASK;
	struct hyp_vcpu *vcpu;
	unsigned int bit;

	if (type != KVM_ARM_IRQ_TYPE_CPU)
		return gic_line(vm, type, index, number, level->level);
	/* These are the GIC's. */
	if (vm->gic.made)
		return -ENXIO;
	if (index >= VCPUS_MAX || number > KVM_ARM_IRQ_CPU_FIQ)
		return -EINVAL;
	vcpu = smp_load_acquire(&vm->vcpus[index]);
	if (!vcpu)
		return -EINVAL;
	bit = ilog2(number == KVM_ARM_IRQ_CPU_FIQ ? RUN_FIQ : RUN_IRQ);
	if (level->level ? !test_and_set_bit(bit, &vcpu->lines) : test_and_clear_bit(bit, &vcpu->lines))
		hyp_vcpu_kick(vcpu);
	return 0;
}

static int preferred_target(struct kvm_vcpu_init __user *init)
{
	struct kvm_vcpu_init target = { .target = KVM_ARM_TARGET_GENERIC_V8 };

	return copy_to_user(init, &target, sizeof(target)) ? -EFAULT : 0;
}

static int create_device(struct hyp_vm *vm, struct kvm_create_device __user *user)
{
	struct kvm_create_device device;
	int err;

	if (copy_from_user(&device, user, sizeof(device)))
		return -EFAULT;
	err = hyp_device_create(vm, &device);
	if (!err && copy_to_user(user, &device, sizeof(device)))
		err = -EFAULT;
	return err;
}

/* The image is whole: the first vCPU begins, when the measurement is what is expected. */
static int begin(struct hyp_vm *vm, u64 pc, u64 x0, u64 expected)
{
	__be64 measurement[4] = { 0 };
	s64 refused;

	if (expected && copy_from_user(measurement, u64_to_user_ptr(expected), sizeof(measurement)))
		return -EFAULT;
	mutex_lock(&vm->life);
	refused = hyp_cpu_stopping() ? -ESHUTDOWN : hyp_begin(vm->handle, pc, x0, measurement);
	mutex_unlock(&vm->life);
	if (!refused)
		hyp_vcpu_turned_on(vm, 0);
	return refused;
}

/* What a VM can have that it does not have from the start. */
static int enable(struct hyp_vm *vm, const struct kvm_enable_cap *cap)
{
	if (cap->cap == HYPATIA_CAP_MEASURE && !cap->flags)
		return hyp_mmu_measure(vm, cap->args[0], cap->args[1]);
	if (cap->cap == HYPATIA_CAP_BEGIN && !cap->flags)
		return begin(vm, cap->args[0], cap->args[1], cap->args[2]);
	if (cap->cap != KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 || cap->flags ||
	    cap->args[0] & ~(u64)KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE)
		return -EINVAL;
	mutex_lock(&vm->lock);
	vm->manual_log = cap->args[0];
	mutex_unlock(&vm->lock);
	return 0;
}

static long check_extension(const struct hyp_vm *vm, unsigned long extension)
{
	return extension == KVM_CAP_IRQFD && vm->gic.made ? 1 : hyp_check_extension(extension);
}

static bool takes_struct(unsigned int command)
{
	return command == KVM_SET_USER_MEMORY_REGION || command == KVM_IRQ_LINE || command == KVM_IOEVENTFD ||
	       command == KVM_IRQFD || command == KVM_GET_DIRTY_LOG || command == KVM_CLEAR_DIRTY_LOG ||
	       command == KVM_ENABLE_CAP;
}

static long vm_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct hyp_vm *vm = file->private_data;
	void __user *user = (void __user *)argument;
	union {
		struct kvm_userspace_memory_region region;
		struct kvm_irq_level level;
		struct kvm_ioeventfd event;
		struct kvm_irqfd irqfd;
		struct kvm_dirty_log log;
		struct kvm_clear_dirty_log clear;
		struct kvm_enable_cap cap;
	} in;

	if (vm->mm != current->mm)
		return -EIO;
	if (takes_struct(command) && copy_from_user(&in, user, _IOC_SIZE(command)))
		return -EFAULT;
	switch (command) {
	case KVM_CREATE_VCPU:
		return hyp_vcpu_create(vm, argument);
	case KVM_SET_USER_MEMORY_REGION:
		return hyp_mmu_set_slot(vm, &in.region);
	case KVM_GET_DIRTY_LOG:
		return hyp_mmu_get_log(vm, &in.log);
	case KVM_CLEAR_DIRTY_LOG:
		return hyp_mmu_clear_log(vm, &in.clear);
	case KVM_ENABLE_CAP:
		return enable(vm, &in.cap);
	case KVM_IRQ_LINE:
		return irq_line(vm, &in.level);
	case KVM_CREATE_DEVICE:
		return create_device(vm, user);
	case KVM_IOEVENTFD:
		return hyp_ioevent_set(vm, &in.event);
	case KVM_IRQFD:
		return hyp_irqfd_set(vm, &in.irqfd);
	case KVM_ARM_PREFERRED_TARGET:
		return preferred_target(user);
	case KVM_CHECK_EXTENSION:
		return check_extension(vm, argument);
	default:
		return -ENOTTY;
	}
}

static int vm_close(struct inode *inode, struct file *file)
{
	hyp_vm_release(file->private_data);
	return 0;
}

static const struct file_operations vm_fops = {
	.owner = THIS_MODULE,
	.release = vm_close,
	.unlocked_ioctl = vm_ioctl,
	.llseek = noop_llseek,
};

/* With the lock of the list. */
static int vm_add(struct hyp_vm *vm)
{
	s64 handle, refused;

	if (hyp_cpu_stopping())
		return -ESHUTDOWN;
	handle = hyp_call(VM_RESERVE, 0, 0, 0);
	if (handle < 0)
		return handle;
	vm->handle = handle;
	refused = hyp_call(VM_INIT, handle, page_to_pfn(vm->frame), vm->protected + vm->measured);
	if (refused) {
		WARN_ON(hyp_call(VM_UNRESERVE, handle, 0, 0));
		return refused;
	}
	list_add(&vm->entry, &vms);
	atomic_inc(&hyp_vms);
	return 0;
}

static int vm_make(struct hyp_vm *vm)
{
	int err;

	vm->frame = hyp_frame_alloc();
	if (!vm->frame)
		return -ENOMEM;
	mutex_lock(&vms_lock);
	err = vm_add(vm);
	mutex_unlock(&vms_lock);
	if (err)
		hyp_frame_free(vm->frame, 0);
	return err;
}

/* Bits 7 to 0: how wide addresses are; 0 stands for 40, which is more than there is. */
static int vm_type_check(unsigned long type)
{
	unsigned long bits = type & KVM_VM_TYPE_ARM_IPA_SIZE_MASK;

	if (type & ~(KVM_VM_TYPE_ARM_IPA_SIZE_MASK | KVM_VM_TYPE_ARM_PROTECTED | HYPATIA_VM_TYPE_MEASURED))
		return -EINVAL;
	if (type & HYPATIA_VM_TYPE_MEASURED && !(type & KVM_VM_TYPE_ARM_PROTECTED))
		return -EINVAL;
	if (bits == 0) {
		pr_warn_once("%s asks for guest addresses of 40 bits; there are %d (KVM_CAP_ARM_VM_IPA_SIZE)\n",
			     current->comm, IPA_BITS);
		return -EINVAL;
	}
	return bits < 32 || bits > IPA_BITS ? -EINVAL : 0;
}

/* Return: the file of a new VM. */
int hyp_vm_create(unsigned long type)
{
	struct hyp_vm *vm;
	int err = vm_type_check(type);

	if (err)
		return err;
	vm = kvzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return -ENOMEM;
	kref_init(&vm->refs);
	mutex_init(&vm->lock);
	mutex_init(&vm->life);
	INIT_LIST_HEAD(&vm->ioevents);
	INIT_LIST_HEAD(&vm->irqfds);
	hyp_vgic_vm(vm);
	hyp_mmu_init(vm);
	vm->protected = type & KVM_VM_TYPE_ARM_PROTECTED;
	vm->measured = type & HYPATIA_VM_TYPE_MEASURED;
	vm->mm = current->mm;
	err = vm_make(vm);
	if (err)
		goto free;
	err = hyp_mmu_watch(vm);
	if (err)
		goto end;
	err = anon_inode_getfd("kvm-vm", &vm_fops, vm, O_RDWR | O_CLOEXEC);
	if (err < 0)
		hyp_vm_release(vm);
	return err;
end:
	vm_end(vm);
	vm_unlist(vm);
free:
	kvfree(vm);
	return err;
}
