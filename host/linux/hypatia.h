/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/kvm of a host under Hypatia: what its files share.
 *
 * Locks, in this order: vcpu->lock, vm->lock, that of the list of VMs, vm->life, mmap_lock (taken by the kernel where
 * memory is faulted in), vm->mmu_lock. Who holds one of the list or of life waits for no page of a process.
 */
#ifndef HYPATIA_H
#define HYPATIA_H

#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/kvm.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include <hypatia_kvm.h>

#include "hyp.h"
#include "vgic.h"

#define SLOTS_MAX 64
#define IPA_BITS 39
#define TABLES_OF_A_PAGE 2 /* the VM's frame is the table of level 1 */
#define NOWHERE (-1)
#define PSCI_VERSION_GUEST 0x10001 /* 1.1, as Hypatia answers it */

/* Newer headers have it. */
#ifndef KVM_VM_TYPE_ARM_PROTECTED
#define KVM_VM_TYPE_ARM_PROTECTED (1UL << 31)
#endif

/**
 * struct hyp_slot - memory of the process that is memory of its VM
 * @pages: how many; 0: nothing is there
 * @base: first page of the guest
 * @address: of the process
 * @flags: KVM_MEM_READONLY: a guest's store is MMIO; KVM_MEM_LOG_DIRTY_PAGES
 * @dirty: pages that the guest may have written since the log was last read, when there is one
 */
struct hyp_slot {
	u64 pages;
	u64 base;
	unsigned long address;
	u32 flags;
	unsigned long *dirty;
};

/**
 * struct hyp_vm - a VM
 * @refs: its file, and the files of its vCPUs
 * @entry: of the list of VMs
 * @handle: Hypatia's
 * @protected: its memory is out of the host's reach
 * @measured: and Hypatia measures what it begins with
 * @frame: the page that Hypatia keeps for it
 * @mm: whose memory it has
 * @lock: over the making of vCPUs, and changes of @ioevents and @irqfds
 * @life: over what Hypatia knows of it besides its memory: its vCPUs, how it begins, its end
 * @ended: Hypatia knows nothing of it any more, and its frames are back; its files may still be there
 * @gic: its interrupt controller, when it has one in the kernel
 * @mmu_lock: over what follows, and over the hypercalls about its memory
 * @slots: by KVM's number; all behind the first @slots_end are empty
 * @changes: counts what may have made a page that was looked up another one
 * @changing: such changes are under way
 * @manual_log: reading a log of stores does not empty it
 * @offset: how far the virtual counter of its vCPUs is behind the machine's
 * @sve: the longest vectors of its vCPUs, in units of 128 bits; 0: no SVE
 * @sve_said: that is what it is to be; @sve_final: as long as it is
 * @leaves: which frame each page of the guest has, see mmu.c
 * @tables: pages that Hypatia keeps as its tables
 */
struct hyp_vm {
	struct kref refs;
	struct list_head entry;
	u64 handle;
	bool protected;
	bool measured;
	struct page *frame;
	struct mm_struct *mm;
	struct mmu_notifier notifier;
	struct mutex lock;
	struct mutex life;
	bool ended;
	struct hyp_vcpu *vcpus[VCPUS_MAX];
	struct list_head ioevents;
	struct list_head irqfds;

	struct hyp_gic gic;
	u64 offset;
	u64 sve;
	bool sve_said;
	bool sve_final;

	spinlock_t mmu_lock;
	struct hyp_slot slots[SLOTS_MAX];
	unsigned int slots_end;
	unsigned long changes;
	unsigned long changing;
	bool manual_log;
	struct xarray leaves;
	struct list_head tables;
};

/**
 * struct hyp_timer - a timer of a guest, as it was when its vCPU left; of the virtual one only what its level comes of
 */
struct hyp_timer {
	u64 control;
	u64 compare;
};

/**
 * struct hyp_vcpu - a vCPU
 * @lock: held while it runs, and over its registers
 * @cpu: which CPU has it loaded; written by that CPU, with interrupts off
 * @in_guest: an interrupt of @cpu makes it come back
 * @lines: RUN_IRQ, RUN_FIQ
 * @told: what userspace, or the interrupt controller in the kernel, knows of the levels of its timers
 * @has_run: it was in its guest
 * @sve_final: userspace has nothing more to say of its vectors
 * @off: it is not to run until something turns it on
 * @turned_on: somebody did so since it was last entered
 * @answered: @answer is for the exit that it made last
 * @fresh: the words that it began with
 * @banked: SPSRs of AArch32, which only userspace uses
 */
struct hyp_vcpu {
	struct hyp_vm *vm;
	u32 index;
	struct mutex lock;
	struct kvm_run *run;
	struct page *frame;
	int cpu;
	bool in_guest;
	bool initialised;
	bool has_run;
	u32 features;
	bool sve_final;
	unsigned long lines;
	u64 told;
	bool off;
	bool turned_on;
	bool mmio;
	bool answered;
	u64 answer;
	struct hyp_vcpu_gic gic;
	struct hyp_timer virtual;
	struct hyp_timer physical;
	struct hrtimer wakeup;
	wait_queue_head_t wait;
	u64 fresh[CTX_SWITCHED_END];
	u64 banked[KVM_NR_SPSR];
};

/**
 * struct hyp_exit - how a run ended: spec/vcpu.toml
 */
struct hyp_exit {
	s64 kind;
	u64 x2;
	u64 x3;
	u64 x4;
	u64 x5;
};

/* main.c */
extern atomic_t hyp_vms;
extern atomic_long_t hyp_frames_kept;
extern atomic_long_t hyp_frames_given;
extern atomic_long_t hyp_pages_aged;
extern atomic_long_t hyp_blocks_joined;
long hyp_check_extension(unsigned long extension);

/* vm.c */
int hyp_vm_create(unsigned long type);
void hyp_vm_release(struct hyp_vm *vm);
void hyp_vms_end(void);
struct page *hyp_frame_alloc(void);
void hyp_frame_free(struct page *page, s64 refused);

/* vcpu.c */
int hyp_vcpu_create(struct hyp_vm *vm, unsigned long index);
void hyp_vcpu_end(struct hyp_vcpu *vcpu);
void hyp_vcpu_free(struct hyp_vcpu *vcpu);
int hyp_vcpu_power(struct hyp_vcpu *vcpu, bool on);
void hyp_vcpu_kick(struct hyp_vcpu *vcpu);
void hyp_vcpu_turned_on(struct hyp_vm *vm, u64 index);

/* run.c */
int hyp_vcpu_run(struct hyp_vcpu *vcpu);

/* cpu.c: a CPU keeps the vCPU that it ran last, until another is to run there, or that one elsewhere. */
int hyp_cpu_setup(void);
void hyp_cpu_end(void);
int hyp_vcpu_claim(struct hyp_vcpu *vcpu);
void hyp_vcpu_unclaim(void);
void hyp_vcpu_unload(struct hyp_vcpu *vcpu);
struct hyp_exit hyp_cpu_run(struct hyp_vcpu *vcpu, u64 flags, bool only_answer);
bool hyp_cpu_stopping(void);

/* timer.c */
int hyp_timer_setup(void);
void hyp_timer_end(void);
void hyp_timer_cpu(bool on);
void hyp_timer_enter(struct hyp_vcpu *vcpu, bool at_once);
void hyp_timer_leave(struct hyp_vcpu *vcpu);
void hyp_timer_ran(struct hyp_vcpu *vcpu, const struct hyp_exit *exit);
u64 hyp_timer_control(const struct hyp_timer *timer, u64 offset);
void hyp_timer_set_control(struct hyp_timer *timer, u64 control);
u64 hyp_timer_levels(const struct hyp_vcpu *vcpu);
void hyp_timer_wakeup(struct hyp_vcpu *vcpu);
bool hyp_timer_sysreg(struct hyp_vcpu *vcpu, struct hyp_exit *exit);

/* mmu.c */
void hyp_mmu_init(struct hyp_vm *vm);
int hyp_mmu_watch(struct hyp_vm *vm);
void hyp_mmu_unwatch(struct hyp_vm *vm);
void hyp_mmu_take_back(struct hyp_vm *vm);
void hyp_mmu_reclaim(struct hyp_vm *vm);
void hyp_mmu_free(struct hyp_vm *vm);
int hyp_mmu_set_slot(struct hyp_vm *vm, const struct kvm_userspace_memory_region *region);
int hyp_mmu_get_log(struct hyp_vm *vm, const struct kvm_dirty_log *log);
int hyp_mmu_clear_log(struct hyp_vm *vm, const struct kvm_clear_dirty_log *log);
int hyp_mmu_fault(struct hyp_vm *vm, u64 page, bool write);
int hyp_mmu_measure(struct hyp_vm *vm, u64 address, u64 bytes);

/* regs.c */
int hyp_words_access(struct hyp_vcpu *vcpu, u64 word, u64 *value, u32 count, bool set);
int hyp_reg_list(struct hyp_vcpu *vcpu, struct kvm_reg_list __user *list);
int hyp_reg_access(struct hyp_vcpu *vcpu, const struct kvm_one_reg *reg, bool set);
int hyp_regs_reset(struct hyp_vcpu *vcpu);
bool hyp_pauth_offered(void);

/* sve.c */
bool hyp_sve_offered(void);
int hyp_sve_init(struct hyp_vcpu *vcpu, u32 features);
int hyp_sve_finalize(struct hyp_vcpu *vcpu, int feature);
bool hyp_sve_complete(const struct hyp_vcpu *vcpu);
int hyp_sve_access(struct hyp_vcpu *vcpu, u64 id, void __user *user, bool set);
u64 hyp_sve_id(const struct hyp_vcpu *vcpu, u32 n);
s64 hyp_sve_reset(const struct hyp_vcpu *vcpu);

/* ioevent.c */
int hyp_ioevent_set(struct hyp_vm *vm, const struct kvm_ioeventfd *args);
bool hyp_ioevent_signal(struct hyp_vm *vm, u64 address, u32 bytes, u64 value);
void hyp_ioevents_end(struct hyp_vm *vm);

/* irqfd.c */
int hyp_irqfd_set(struct hyp_vm *vm, const struct kvm_irqfd *args);
void hyp_irqfds_end(struct hyp_vm *vm);

#endif
