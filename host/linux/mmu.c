// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of VMs: slots, faulting in, and what the process does to its memory meanwhile.
 *
 * A page of a VM that is not protected is lent while the process has it there, and taken back before the kernel changes
 * that: its owner is the process, and nothing is pinned. A page of a protected VM is the guest's alone; it stays
 * pinned until the VM has ended.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "hypatia.h"

/* How many pages are mapped at a fault: this one, and those behind it that are there already. A power of two. */
#define AROUND 32

/* A guest whose MMU is off sees memory as it is behind the caches; and it may fetch what was data before. */
static void clean_page(struct page *page)
{
	unsigned long line = 4UL << (read_sysreg(ctr_el0) >> 16 & 15);
	unsigned long at = (unsigned long)page_address(page);
	unsigned long end = at + PAGE_SIZE;

	/* A line is a power of two of 4 bytes at least, so a page has whole fours of them. */
	for (; at < end; at += 4 * line) {
		asm volatile("dc civac, %0\n\tdc civac, %1\n\tdc civac, %2\n\tdc civac, %3" : : "r"(at), "r"(at + line),
			     "r"(at + 2 * line), "r"(at + 3 * line) : "memory");
	}
	asm volatile("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb" : : : "memory");
}

static void forget_page(struct hyp_vm *vm, struct xa_state *xas)
{
	s64 refused = hyp_call(VM_UNMAP, vm->handle, xas->xa_index, 0);

	if (WARN_ONCE(refused, "hypatia: a page does not come back: %lld\n", refused))
		return;
	xas_store(xas, NULL);
	atomic_long_dec(&hyp_frames_given);
}

/* Pages @first to @last of the guest. The lock is held, and let go now and then when @yields. */
static void take_back(struct hyp_vm *vm, unsigned long first, unsigned long last, bool yields)
{
	XA_STATE(xas, &vm->mapped, first);
	unsigned int count = 0;
	void *entry;

	xas_lock(&xas);
	xas_for_each (&xas, entry, last) {
		/* Room that a fault has made for itself is not a page. */
		if (xa_is_zero(entry))
			continue;
		forget_page(vm, &xas);
		if (!yields || ++count % AROUND)
			continue;
		xas_pause(&xas);
		xas_unlock(&xas);
		cond_resched_lock(&vm->mmu_lock);
		xas_lock(&xas);
	}
	xas_unlock(&xas);
}

static void take_back_slot(struct hyp_vm *vm, const struct hyp_slot *slot, bool yields)
{
	if (slot->pages && !vm->protected)
		take_back(vm, slot->base, slot->base + slot->pages - 1, yields);
}

static void take_back_range(struct hyp_vm *vm, unsigned long start, unsigned long end, bool yields)
{
	unsigned int i;

	for (i = 0; i < SLOTS_MAX; i++) {
		const struct hyp_slot *slot = &vm->slots[i];
		unsigned long from = max(start, slot->address);
		unsigned long to = min(end, slot->address + (unsigned long)(slot->pages << PAGE_SHIFT));

		if (slot->pages && from < to)
			take_back(vm, slot->base + ((from - slot->address) >> PAGE_SHIFT),
				  slot->base + ((to - 1 - slot->address) >> PAGE_SHIFT), yields);
	}
}

static int invalidate_start(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	struct hyp_vm *vm = container_of(notifier, struct hyp_vm, notifier);

	if (vm->protected)
		return 0;
	spin_lock(&vm->mmu_lock);
	vm->changing++;
	take_back_range(vm, range->start, range->end, mmu_notifier_range_blockable(range));
	spin_unlock(&vm->mmu_lock);
	return 0;
}

static void invalidate_end(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	struct hyp_vm *vm = container_of(notifier, struct hyp_vm, notifier);

	if (vm->protected)
		return;
	spin_lock(&vm->mmu_lock);
	vm->changes++;
	vm->changing--;
	spin_unlock(&vm->mmu_lock);
}

/* The process ends, or this VM does. */
static void process_gone(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct hyp_vm *vm = container_of(notifier, struct hyp_vm, notifier);
	unsigned int i;

	spin_lock(&vm->mmu_lock);
	vm->changing++;
	for (i = 0; i < SLOTS_MAX; i++)
		take_back_slot(vm, &vm->slots[i], true);
	spin_unlock(&vm->mmu_lock);
}

static const struct mmu_notifier_ops notifier_ops = {
	.invalidate_range_start = invalidate_start,
	.invalidate_range_end = invalidate_end,
	.release = process_gone,
};

/* The slot that has @page, or NULL. */
static struct hyp_slot *slot_of(struct hyp_vm *vm, u64 page)
{
	unsigned int i;

	for (i = 0; i < vm->slots_end; i++) {
		if (page - vm->slots[i].base < vm->slots[i].pages)
			return &vm->slots[i];
	}
	return NULL;
}

static bool overlaps(const struct hyp_slot *a, const struct hyp_slot *b)
{
	return a->pages && b->pages && a->base < b->base + b->pages && b->base < a->base + a->pages;
}

static int slot_allowed(struct hyp_vm *vm, unsigned int id, const struct hyp_slot *wanted)
{
	const struct hyp_slot *old = &vm->slots[id];
	unsigned int i;

	if (!wanted->pages)
		return old->pages ? 0 : -EINVAL;
	/* A slot that is there can only move in the guest. */
	if (old->pages && (old->pages != wanted->pages || old->address != wanted->address))
		return -EINVAL;
	for (i = 0; i < SLOTS_MAX; i++) {
		if (i != id && overlaps(&vm->slots[i], wanted))
			return -EEXIST;
	}
	return 0;
}

/* A page that is the guest's alone cannot be taken away. */
static bool holds_given(struct hyp_vm *vm, const struct hyp_slot *slot)
{
	unsigned long page = slot->base;

	return vm->protected && slot->pages && xa_find(&vm->mapped, &page, slot->base + slot->pages - 1, XA_PRESENT);
}

int hyp_mmu_set_slot(struct hyp_vm *vm, const struct kvm_userspace_memory_region *region)
{
	struct hyp_slot wanted = {
		.pages = region->memory_size >> PAGE_SHIFT,
		.base = region->guest_phys_addr >> PAGE_SHIFT,
		.address = region->userspace_addr,
	};
	int err;

	if (region->slot >= SLOTS_MAX || region->flags)
		return -EINVAL;
	if (offset_in_page(region->memory_size | region->guest_phys_addr | region->userspace_addr))
		return -EINVAL;
	if (untagged_addr(region->userspace_addr) != region->userspace_addr ||
	    !access_ok((void __user *)region->userspace_addr, region->memory_size))
		return -EINVAL;
	if (region->guest_phys_addr + region->memory_size < region->guest_phys_addr)
		return -EINVAL;
	if (region->guest_phys_addr + region->memory_size > BIT_ULL(IPA_BITS))
		return -EFAULT;

	mutex_lock(&vm->lock);
	spin_lock(&vm->mmu_lock);
	err = slot_allowed(vm, region->slot, &wanted);
	if (!err && holds_given(vm, &vm->slots[region->slot]))
		err = -EPERM;
	if (!err) {
		struct hyp_slot old = vm->slots[region->slot];

		/* Nothing is faulted in meanwhile; the process may change its memory, and finds the old slot. */
		vm->changing++;
		take_back_slot(vm, &old, true);
		vm->slots[region->slot] = wanted;
		vm->slots_end = max(vm->slots_end, region->slot + 1);
		vm->changes++;
		vm->changing--;
	}
	spin_unlock(&vm->mmu_lock);
	mutex_unlock(&vm->lock);
	return err;
}

enum outcome { MAPPED, AGAIN, THERE };

/* VM_MAP, with tables from @spare where it finds none. */
static s64 map_frame(struct hyp_vm *vm, u64 page, struct page *frame, struct list_head *spare)
{
	s64 refused = hyp_call(VM_MAP, vm->handle, page, page_to_pfn(frame));

	while (refused == -ENOENT && !list_empty(spare)) {
		struct page *table = list_first_entry(spare, struct page, lru);

		refused = hyp_call(VM_TABLE, vm->handle, page, page_to_pfn(table));
		if (refused)
			break;
		list_move(&table->lru, &vm->tables);
		refused = hyp_call(VM_MAP, vm->handle, page, page_to_pfn(frame));
	}
	return refused;
}

/* @frame where @xas is, at @entry. */
static int map_at(struct hyp_vm *vm, struct xa_state *xas, void *entry, struct page *frame, struct list_head *spare)
{
	s64 refused;

	if (entry && !xa_is_zero(entry))
		return THERE;
	/* Noted first: what is noted comes back. There is room, unless another vCPU took it: then once more. */
	xas_store(xas, xa_mk_value(page_to_pfn(frame)));
	if (xas_error(xas))
		return AGAIN;
	clean_page(frame);
	refused = map_frame(vm, xas->xa_index, frame, spare);
	if (refused) {
		xas_store(xas, NULL);
		return refused;
	}
	atomic_long_inc(&hyp_frames_given);
	return MAPPED;
}

/*
 * Under the lock, with @frames as they were when changes were counted @changes. What the first comes to: an outcome, or
 * an error. What the others come to is nobody's concern: there may be a fault for each.
 */
static int map_unless_changed(struct hyp_vm *vm, u64 page, struct page **frames, int count, unsigned long changes,
			      struct list_head *spare)
{
	XA_STATE(xas, &vm->mapped, page);
	int outcome;
	int i;

	if (vm->changing || vm->changes != changes)
		return AGAIN;
	xas_lock(&xas);
	outcome = map_at(vm, &xas, xas_load(&xas), frames[0], spare);
	for (i = 1; outcome == MAPPED && i < count; i++) {
		int other = map_at(vm, &xas, xas_next(&xas), frames[i], spare);

		if (other != MAPPED && other != THERE)
			break;
	}
	xas_unlock(&xas);
	return outcome;
}

static int take_page(struct hyp_vm *vm, unsigned long address, struct page **frame)
{
	int got = vm->protected ? pin_user_pages_fast(address, 1, FOLL_WRITE | FOLL_LONGTERM, frame)
				: get_user_pages_fast(address, 1, FOLL_WRITE, frame);

	if (got == 1 && vm->protected && !folio_test_swapbacked(page_folio(*frame))) {
		/* What a file system writes to disk has to stay within its reach. */
		unpin_user_page(*frame);
		return -EINVAL;
	}
	return got == 1 ? 0 : got < 0 ? got : -EFAULT;
}

/* The page of a protected VM stays pinned. */
static void drop_page(struct hyp_vm *vm, struct page *frame, int outcome)
{
	if (vm->protected) {
		if (outcome != MAPPED)
			unpin_user_page(frame);
		return;
	}
	/* Pages without a file have no list of dirty ones to be put on. */
	if (outcome == MAPPED && PageAnon(frame))
		SetPageDirty(compound_head(frame));
	else if (outcome == MAPPED)
		set_page_dirty_lock(frame);
	put_page(frame);
}

/* Of @count pages from @address on, those up to the first that is not there. What is pinned comes page by page. */
static int take_more(struct hyp_vm *vm, unsigned long address, int count, struct page **frames)
{
	int got = vm->protected || !count ? 0 : get_user_pages_fast_only(address, count, FOLL_WRITE, frames);

	return max(got, 0);
}

static int fault_once(struct hyp_vm *vm, u64 page, struct list_head *spare)
{
	unsigned long changes, address = 0;
	struct page *frames[AROUND];
	struct hyp_slot *slot;
	u64 count = 0;
	u64 i;
	int outcome;

	spin_lock(&vm->mmu_lock);
	changes = vm->changes;
	slot = slot_of(vm, page);
	if (slot) {
		address = slot->address + ((page - slot->base) << PAGE_SHIFT);
		count = min(AROUND - page % AROUND, slot->base + slot->pages - page);
	}
	spin_unlock(&vm->mmu_lock);
	if (!slot)
		return -ENXIO;
	outcome = take_page(vm, address, &frames[0]);
	if (outcome)
		return outcome;
	count = 1 + take_more(vm, address + PAGE_SIZE, count - 1, &frames[1]);
	outcome = xa_reserve(&vm->mapped, page, GFP_KERNEL);
	if (!outcome) {
		spin_lock(&vm->mmu_lock);
		outcome = map_unless_changed(vm, page, frames, count, changes, spare);
		spin_unlock(&vm->mmu_lock);
		/* Frees the room when nothing was stored. */
		xa_release(&vm->mapped, page);
	}
	for (i = 0; i < count; i++)
		drop_page(vm, frames[i], outcome);
	return outcome;
}

/* 0, or an error: what is missing on the way to a page can be there now. */
static int add_tables(struct list_head *spare)
{
	struct page *table;
	int i;

	for (i = 0; i < TABLES_OF_A_PAGE; i++) {
		table = hyp_frame_alloc();
		if (!table)
			return -ENOMEM;
		list_add(&table->lru, spare);
	}
	return 0;
}

/**
 * hyp_mmu_fault() - give the guest a page that it has a slot for
 *
 * Return: 0 when the access is to be tried again; -ENXIO when there is no slot.
 */
int hyp_mmu_fault(struct hyp_vm *vm, u64 page)
{
	struct page *frame, *next;
	bool has_tables = false;
	LIST_HEAD(spare);
	int err = 0;

	while (!err) {
		err = fault_once(vm, page, &spare);
		if (err == -ENOENT && !has_tables) {
			err = add_tables(&spare);
			has_tables = true;
			continue;
		}
		if (err != AGAIN)
			break;
		err = fatal_signal_pending(current) ? -EINTR : 0;
		cond_resched();
	}
	list_for_each_entry_safe (frame, next, &spare, lru)
		hyp_frame_free(frame, 0);
	return err == THERE ? 0 : err;
}

int hyp_mmu_init(struct hyp_vm *vm)
{
	spin_lock_init(&vm->mmu_lock);
	xa_init(&vm->mapped);
	INIT_LIST_HEAD(&vm->tables);
	vm->notifier.ops = &notifier_ops;
	return mmu_notifier_register(&vm->notifier, vm->mm);
}

/* Nobody faults any more: what is lent is the process's again. */
void hyp_mmu_end(struct hyp_vm *vm)
{
	mmu_notifier_unregister(&vm->notifier, vm->mm);
}

/* The VM is dying: what it has goes back, cleared if it was the guest's alone. */
void hyp_mmu_reclaim(struct hyp_vm *vm)
{
	struct page *frame, *next;
	unsigned long page;
	void *entry;

	xa_for_each (&vm->mapped, page, entry) {
		unsigned long pfn = xa_to_value(entry);
		s64 refused = hyp_call(VM_RECLAIM, vm->handle, pfn, 0);

		/* One that does not come back stays pinned: nobody must use it. */
		if (!WARN_ONCE(refused, "hypatia: a frame does not come back: %lld\n", refused)) {
			atomic_long_dec(&hyp_frames_given);
			if (vm->protected)
				unpin_user_pages_dirty_lock(&(struct page *){ pfn_to_page(pfn) }, 1, true);
		}
		cond_resched();
	}
	xa_destroy(&vm->mapped);
	list_for_each_entry_safe (frame, next, &vm->tables, lru)
		hyp_frame_free(frame, hyp_call(VM_RECLAIM, vm->handle, page_to_pfn(frame), 0));
}
