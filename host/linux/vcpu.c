// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs: their files, and what can be asked of them besides running.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hypatia.h"

#define PAUTH (BIT(KVM_ARM_VCPU_PTRAUTH_ADDRESS) | BIT(KVM_ARM_VCPU_PTRAUTH_GENERIC)) /* both or none */
#define SVE BIT(KVM_ARM_VCPU_SVE)
#define FEATURES (BIT(KVM_ARM_VCPU_POWER_OFF) | BIT(KVM_ARM_VCPU_PSCI_0_2))

static void no_work(void *unused)
{
}

/* Something changed that it has to see before it goes on. */
void hyp_vcpu_kick(struct hyp_vcpu *vcpu)
{
	int cpu;

	/* What changed is seen by a vCPU that is not seen in its guest: see enter() in run.c. */
	smp_mb();
	wake_up(&vcpu->wait);
	cpu = READ_ONCE(vcpu->cpu);
	if (READ_ONCE(vcpu->in_guest) && cpu != NOWHERE)
		smp_call_function_single(cpu, no_work, NULL, 0);
}

/* Somebody else than the host turned vCPU @index on. */
void hyp_vcpu_turned_on(struct hyp_vm *vm, u64 index)
{
	struct hyp_vcpu *vcpu = index < VCPUS_MAX ? smp_load_acquire(&vm->vcpus[index]) : NULL;

	if (vcpu) {
		WRITE_ONCE(vcpu->turned_on, true);
		hyp_vcpu_kick(vcpu);
	}
}

int hyp_vcpu_power(struct hyp_vcpu *vcpu, bool on)
{
	s64 refused = hyp_vcpu_claim(vcpu);

	if (refused)
		return refused;
	refused = hyp_call(VCPU_POWER, on, 0, 0);
	hyp_vcpu_unclaim();
	if (!refused)
		vcpu->off = !on;
	return refused;
}

/* Of a protected VM the host can only turn the first on, and that once; the others begin off, of a measured one all. */
static int power_begin(struct hyp_vcpu *vcpu, bool on)
{
	if (!vcpu->vm->protected || (on && !vcpu->vm->measured))
		return hyp_vcpu_power(vcpu, on);
	vcpu->off = true;
	return 0;
}

static int features_of(const struct kvm_vcpu_init *init, u32 *features)
{
	unsigned int i;
	u32 pauth;

	if (init->target != KVM_ARM_TARGET_GENERIC_V8)
		return -EINVAL;
	for (i = 1; i < ARRAY_SIZE(init->features); i++) {
		if (init->features[i])
			return -ENOENT;
	}
	pauth = init->features[0] & PAUTH;
	if (init->features[0] & ~(FEATURES | PAUTH | SVE) || (pauth && (pauth != PAUTH || !hyp_pauth_offered())))
		return -EINVAL;
	if (init->features[0] & SVE && !hyp_sve_offered())
		return -EINVAL;
	*features = init->features[0];
	return 0;
}

/* Once more: as it was at first. */
static int vcpu_init(struct hyp_vcpu *vcpu, const struct kvm_vcpu_init *init)
{
	u32 features;
	int err = features_of(init, &features);

	if (err)
		return err;
	if (vcpu->initialised && (features ^ vcpu->features) & ~BIT(KVM_ARM_VCPU_POWER_OFF))
		return -EINVAL;
	err = hyp_sve_init(vcpu, features);
	if (!err)
		err = hyp_regs_reset(vcpu);
	if (!err)
		err = power_begin(vcpu, !(features & BIT(KVM_ARM_VCPU_POWER_OFF)));
	if (err)
		return err;
	vcpu->features = features;
	vcpu->initialised = true;
	vcpu->mmio = false;
	vcpu->answered = false;
	vcpu->physical = (struct hyp_timer){ 0 };
	return 0;
}

static int vcpu_set_state(struct hyp_vcpu *vcpu, const struct kvm_mp_state *state)
{
	switch (state->mp_state) {
	case KVM_MP_STATE_RUNNABLE:
		return hyp_vcpu_power(vcpu, true);
	case KVM_MP_STATE_STOPPED:
		return hyp_vcpu_power(vcpu, false);
	default:
		return -EINVAL;
	}
}

static int vcpu_get_state(struct hyp_vcpu *vcpu, struct kvm_mp_state __user *user)
{
	struct kvm_mp_state state = { .mp_state =
					      READ_ONCE(vcpu->off) ? KVM_MP_STATE_STOPPED : KVM_MP_STATE_RUNNABLE };

	return copy_to_user(user, &state, sizeof(state)) ? -EFAULT : 0;
}

static bool is_attr(unsigned int command)
{
	return command == KVM_SET_DEVICE_ATTR || command == KVM_GET_DEVICE_ATTR || command == KVM_HAS_DEVICE_ATTR;
}

static long vcpu_command(struct hyp_vcpu *vcpu, unsigned int command, void __user *user)
{
	union {
		struct kvm_vcpu_init init;
		struct kvm_one_reg reg;
		struct kvm_mp_state state;
		struct kvm_device_attr attr;
		int feature;
	} in;

	if ((command == KVM_ARM_VCPU_INIT || command == KVM_GET_ONE_REG || command == KVM_SET_ONE_REG ||
	     command == KVM_SET_MP_STATE || command == KVM_ARM_VCPU_FINALIZE || is_attr(command)) &&
	    copy_from_user(&in, user, _IOC_SIZE(command)))
		return -EFAULT;
	if (command == KVM_ARM_VCPU_INIT)
		return vcpu_init(vcpu, &in.init);
	if (is_attr(command))
		return in.attr.flags ? -EINVAL : hyp_timer_attr(vcpu, command, &in.attr);
	if (!vcpu->initialised)
		return -ENOEXEC;
	if (command == KVM_ARM_VCPU_FINALIZE)
		return hyp_sve_finalize(vcpu, in.feature);
	if ((command == KVM_RUN || command == KVM_GET_REG_LIST) && !hyp_sve_complete(vcpu))
		return -EPERM;
	switch (command) {
	case KVM_RUN:
		return user ? -EINVAL : hyp_vcpu_run(vcpu);
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
		return hyp_reg_access(vcpu, &in.reg, command == KVM_SET_ONE_REG);
	case KVM_GET_REG_LIST:
		return hyp_reg_list(vcpu, user);
	case KVM_GET_MP_STATE:
		return vcpu_get_state(vcpu, user);
	default:
		return vcpu_set_state(vcpu, &in.state);
	}
}

static long vcpu_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct hyp_vcpu *vcpu = file->private_data;
	long result;

	if (vcpu->vm->mm != current->mm)
		return -EIO;
	switch (command) {
	case KVM_RUN:
	case KVM_ARM_VCPU_INIT:
	case KVM_ARM_VCPU_FINALIZE:
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
	case KVM_GET_REG_LIST:
	case KVM_GET_MP_STATE:
	case KVM_SET_MP_STATE:
	case KVM_SET_DEVICE_ATTR:
	case KVM_GET_DEVICE_ATTR:
	case KVM_HAS_DEVICE_ATTR:
		break;
	default:
		return -ENOTTY;
	}
	if (mutex_lock_killable(&vcpu->lock))
		return -EINTR;
	result = vcpu_command(vcpu, command, (void __user *)argument);
	mutex_unlock(&vcpu->lock);
	return result;
}

static vm_fault_t run_fault(struct vm_fault *fault)
{
	struct hyp_vcpu *vcpu = fault->vma->vm_file->private_data;

	if (fault->pgoff)
		return VM_FAULT_SIGBUS;
	fault->page = virt_to_page(vcpu->run);
	get_page(fault->page);
	return 0;
}

static const struct vm_operations_struct run_ops = { .fault = run_fault };

static int vcpu_mmap(struct file *file, struct vm_area_struct *area)
{
	area->vm_ops = &run_ops;
	return 0;
}

static int vcpu_close(struct inode *inode, struct file *file)
{
	struct hyp_vcpu *vcpu = file->private_data;

	hyp_vm_release(vcpu->vm);
	return 0;
}

static const struct file_operations vcpu_fops = {
	.owner = THIS_MODULE,
	.release = vcpu_close,
	.unlocked_ioctl = vcpu_ioctl,
	.mmap = vcpu_mmap,
	.llseek = noop_llseek,
};

static enum hrtimer_restart timer_wakes(struct hrtimer *timer)
{
	wake_up(&container_of(timer, struct hyp_vcpu, wakeup)->wait);
	return HRTIMER_NORESTART;
}

static int words_note(struct hyp_vcpu *vcpu)
{
	s64 refused = hyp_vcpu_claim(vcpu);
	u64 i;

	if (refused)
		return refused;
	for (i = 0; i < CTX_SWITCHED_END && !refused; i++)
		refused = hyp_get_word(i, &vcpu->fresh[i]);
	hyp_vcpu_unclaim();
	return refused;
}

static struct hyp_vcpu *vcpu_alloc(struct hyp_vm *vm, u32 index)
{
	struct hyp_vcpu *vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL_ACCOUNT);

	if (!vcpu)
		return NULL;
	vcpu->run = (struct kvm_run *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	vcpu->frame = hyp_frame_alloc();
	if (!vcpu->run || !vcpu->frame) {
		if (vcpu->frame)
			hyp_frame_free(vcpu->frame, 0);
		free_page((unsigned long)vcpu->run);
		kfree(vcpu);
		return NULL;
	}
	vcpu->vm = vm;
	vcpu->index = index;
	vcpu->cpu = NOWHERE;
	hyp_vgic_vcpu(vcpu);
	mutex_init(&vcpu->lock);
	init_waitqueue_head(&vcpu->wait);
	hrtimer_init(&vcpu->wakeup, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	vcpu->wakeup.function = timer_wakes;
	return vcpu;
}

/* Its VM is dying, and no CPU has it loaded. */
void hyp_vcpu_end(struct hyp_vcpu *vcpu)
{
	hyp_frame_free(vcpu->frame, hyp_call(VCPU_RECLAIM, vcpu->vm->handle, vcpu->index, 0));
}

/* Nobody else has it any more, Hypatia neither. */
void hyp_vcpu_free(struct hyp_vcpu *vcpu)
{
	hrtimer_cancel(&vcpu->wakeup);
	free_page((unsigned long)vcpu->run);
	kfree(vcpu);
}

/* From here on it ends with its VM, also when there is no file for it. */
static int vcpu_begin(struct hyp_vm *vm, struct hyp_vcpu *vcpu)
{
	s64 refused = -ESHUTDOWN;

	mutex_lock(&vm->life);
	if (!hyp_cpu_stopping())
		refused = hyp_call(VCPU_INIT, vm->handle, vcpu->index, page_to_pfn(vcpu->frame));
	if (!refused)
		smp_store_release(&vm->vcpus[vcpu->index], vcpu);
	mutex_unlock(&vm->life);
	return refused;
}

static int vcpu_add(struct hyp_vm *vm, u32 index)
{
	struct hyp_vcpu *vcpu;
	int err, fd;

	if (vm->vcpus[index])
		return -EEXIST;
	vcpu = vcpu_alloc(vm, index);
	if (!vcpu)
		return -ENOMEM;
	err = vcpu_begin(vm, vcpu);
	if (err) {
		hyp_frame_free(vcpu->frame, 0);
		hyp_vcpu_free(vcpu);
		return err;
	}
	err = vm->protected ? 0 : words_note(vcpu);
	if (err)
		return err;
	kref_get(&vm->refs);
	fd = anon_inode_getfd("kvm-vcpu", &vcpu_fops, vcpu, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		hyp_vm_release(vm);
	return fd;
}

int hyp_vcpu_create(struct hyp_vm *vm, unsigned long index)
{
	int fd;

	if (index >= VCPUS_MAX)
		return -EINVAL;
	mutex_lock(&vm->lock);
	fd = vcpu_add(vm, index);
	mutex_unlock(&vm->lock);
	return fd;
}
