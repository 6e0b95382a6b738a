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
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hypatia.h"

/* How many pages are mapped at a fault: this one, and those behind it that are there already. A power of two. */
#define AROUND 32

/* Behind the last page that a guest can have. */
#define PAGES_END BIT_ULL(IPA_BITS - PAGE_SHIFT)

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

/*
 * Which frame each page of the guest has: leaves of LEAF words, in an array that has those of which a page was ever
 * mapped, until the VM ends. The words change under the lock. 0: the guest has no page there.
 */
#define LEAF (PAGE_SIZE / sizeof(unsigned long))

static unsigned long noted(struct page *frame)
{
	return page_to_pfn(frame) + 1;
}

static unsigned long noted_pfn(unsigned long note)
{
	return note - 1;
}

/* Where @page is noted; NULL when it never was. */
static unsigned long *note_of(struct hyp_vm *vm, u64 page)
{
	unsigned long *leaf = xa_load(&vm->leaves, page / LEAF);

	return leaf ? &leaf[page % LEAF] : NULL;
}

/* 0, or an error: there is room for a note of @page. */
static int note_room(struct hyp_vm *vm, u64 page)
{
	unsigned long leaf;
	int err;

	if (note_of(vm, page))
		return 0;
	leaf = get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!leaf)
		return -ENOMEM;
	err = xa_insert(&vm->leaves, page / LEAF, (void *)leaf, GFP_KERNEL_ACCOUNT);
	if (err)
		free_page(leaf);
	/* Another vCPU was here first. */
	return err == -EBUSY ? 0 : err;
}

/**
 * struct hyp_notes - a look through what is noted
 * @page: where it is; one behind what was found is where it goes on
 * @last: where it ends
 * @leaf: what @page is in, when it is not the first page of it
 */
struct hyp_notes {
	u64 page;
	u64 last;
	unsigned long *leaf;
};

/* The note of the first page from @at on that has a frame, or NULL. */
static unsigned long *note_next(struct hyp_vm *vm, struct hyp_notes *at)
{
	for (; at->page <= at->last; at->page++) {
		if (!at->leaf || at->page % LEAF == 0) {
			unsigned long index = at->page / LEAF;

			at->leaf = xa_find(&vm->leaves, &index, at->last / LEAF, XA_PRESENT);
			if (!at->leaf)
				return NULL;
			if (index != at->page / LEAF)
				at->page = index * LEAF;
		}
		if (at->leaf[at->page % LEAF])
			return &at->leaf[at->page % LEAF];
	}
	return NULL;
}

static void forget_page(struct hyp_vm *vm, u64 page, unsigned long *note)
{
	s64 refused = hyp_call(VM_UNMAP, vm->handle, page, 0);

	if (WARN_ONCE(refused, "hypatia: a page does not come back: %lld\n", refused))
		return;
	*note = 0;
	atomic_long_dec(&hyp_frames_given);
}

/* Pages @first to @last of the guest. The lock is held, and let go now and then when @yields. */
static void take_back(struct hyp_vm *vm, u64 first, u64 last, bool yields)
{
	struct hyp_notes at = { .page = first, .last = last };
	unsigned int count = 0;
	unsigned long *note;

	for (note = note_next(vm, &at); note; note = note_next(vm, &at)) {
		forget_page(vm, at.page++, note);
		if (yields && ++count % AROUND == 0)
			cond_resched_lock(&vm->mmu_lock);
	}
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

/* 1 if the guest accessed a page of @start to @end since it was last found young; @change: of VM_ACCESS. */
static int age_range(struct hyp_vm *vm, unsigned long start, unsigned long end, u64 change)
{
	int young = 0;
	unsigned int i;

	spin_lock(&vm->mmu_lock);
	for (i = 0; i < vm->slots_end; i++) {
		const struct hyp_slot *slot = &vm->slots[i];
		unsigned long from = max(start, slot->address);
		unsigned long to = min(end, slot->address + (unsigned long)(slot->pages << PAGE_SHIFT));
		struct hyp_notes at = { .page = slot->base + ((from - slot->address) >> PAGE_SHIFT),
					.last = slot->base + ((to - 1 - slot->address) >> PAGE_SHIFT) };

		if (!slot->pages || from >= to)
			continue;
		for (; note_next(vm, &at); at.page++) {
			s64 was = hyp_call(VM_ACCESS, vm->handle, at.page, change);

			if (was > 0 && was & PAGE_YOUNG) {
				young = 1;
				if (change)
					atomic_long_inc(&hyp_pages_aged);
			}
		}
	}
	spin_unlock(&vm->mmu_lock);
	return young;
}

static int clear_young(struct mmu_notifier *notifier, struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct hyp_vm *vm = container_of(notifier, struct hyp_vm, notifier);

	/* What is the guest's alone is pinned, whatever its age. */
	return vm->protected ? 0 : age_range(vm, start, end, PAGE_YOUNG);
}

static int test_young(struct mmu_notifier *notifier, struct mm_struct *mm, unsigned long address)
{
	struct hyp_vm *vm = container_of(notifier, struct hyp_vm, notifier);

	return vm->protected ? 0 : age_range(vm, address, address + PAGE_SIZE, 0);
}

static const struct mmu_notifier_ops notifier_ops = {
	.invalidate_range_start = invalidate_start,
	.clear_flush_young = clear_young,
	.clear_young = clear_young,
	.test_young = test_young,
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
	/* A slot that is there can only move in the guest, or have its stores logged or not. */
	if (old->pages && (old->pages != wanted->pages || old->address != wanted->address ||
			   (old->flags ^ wanted->flags) & KVM_MEM_READONLY))
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
	struct hyp_notes at = { .page = slot->base, .last = slot->base + slot->pages - 1 };

	return vm->protected && slot->pages && note_next(vm, &at);
}

/* The guest, which has @page, cannot write there. */
static void write_protect(struct hyp_vm *vm, u64 page)
{
	WARN_ON_ONCE(hyp_call(VM_ACCESS, vm->handle, page, PAGE_WRITABLE) < 0);
}

/* All that is mapped of @slot, from which a fault maps no page to write from now on without noting it. */
static void write_protect_slot(struct hyp_vm *vm, const struct hyp_slot *slot)
{
	struct hyp_notes at = { .page = slot->base, .last = slot->base + slot->pages - 1 };

	for (; note_next(vm, &at); at.page++) {
		write_protect(vm, at.page);
		cond_resched_lock(&vm->mmu_lock);
	}
}

/* With the VM's lock and the other: slot @id is @wanted from now on. Return: a log that nobody needs any more. */
static unsigned long *slot_replace(struct hyp_vm *vm, unsigned int id, const struct hyp_slot *wanted)
{
	struct hyp_slot *slot = &vm->slots[id];
	struct hyp_slot old = *slot;
	bool stays = old.pages && wanted->pages && old.base == wanted->base;

	/* Nothing is faulted in meanwhile; the process may change its memory, and finds the old slot. */
	vm->changing++;
	if (!stays)
		take_back_slot(vm, &old, true);
	*slot = *wanted;
	vm->slots_end = max(vm->slots_end, id + 1);
	if (stays && old.dirty && wanted->dirty) {
		slot->dirty = old.dirty;
		old.dirty = wanted->dirty;
	} else if (stays && wanted->dirty) {
		write_protect_slot(vm, slot);
	}
	vm->changes++;
	vm->changing--;
	return old.dirty;
}

static unsigned long *log_alloc(u64 pages)
{
	return kvcalloc(BITS_TO_LONGS(pages), sizeof(unsigned long), GFP_KERNEL_ACCOUNT);
}

int hyp_mmu_set_slot(struct hyp_vm *vm, const struct kvm_userspace_memory_region *region)
{
	unsigned long *log = NULL;
	struct hyp_slot wanted = {
		.pages = region->memory_size >> PAGE_SHIFT,
		.base = region->guest_phys_addr >> PAGE_SHIFT,
		.address = region->userspace_addr,
		.flags = region->flags,
	};
	int err;

	if (region->slot >= SLOTS_MAX || region->flags & ~(KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES))
		return -EINVAL;
	/* What is a guest's alone is all its own. */
	if (region->flags && vm->protected)
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
	if (region->flags & KVM_MEM_LOG_DIRTY_PAGES && wanted.pages) {
		log = log_alloc(wanted.pages);
		if (!log)
			return -ENOMEM;
		wanted.dirty = log;
	}

	mutex_lock(&vm->lock);
	spin_lock(&vm->mmu_lock);
	err = slot_allowed(vm, region->slot, &wanted);
	if (!err && holds_given(vm, &vm->slots[region->slot]))
		err = -EPERM;
	if (!err)
		log = slot_replace(vm, region->slot, &wanted);
	spin_unlock(&vm->mmu_lock);
	mutex_unlock(&vm->lock);
	kvfree(log);
	return err;
}

/*
 * Word @i of the log of @slot into @word, and with @mask those of its pages are not dirty any more: the guest's next
 * store to one is noted again.
 */
static void log_take(struct hyp_vm *vm, struct hyp_slot *slot, unsigned long i, unsigned long mask, unsigned long *word)
{
	unsigned long bit;

	spin_lock(&vm->mmu_lock);
	*word = slot->dirty[i];
	mask &= *word;
	slot->dirty[i] &= ~mask;
	for_each_set_bit (bit, &mask, BITS_PER_LONG) {
		u64 page = slot->base + i * BITS_PER_LONG + bit;
		const unsigned long *note = note_of(vm, page);

		if (note && *note)
			write_protect(vm, page);
	}
	spin_unlock(&vm->mmu_lock);
	cond_resched();
}

/* With the VM's lock: slots stay, and have the logs that they have. */
static struct hyp_slot *logged_slot(struct hyp_vm *vm, u32 id)
{
	if (id >= SLOTS_MAX)
		return ERR_PTR(-EINVAL);
	return vm->slots[id].dirty ? &vm->slots[id] : ERR_PTR(-ENOENT);
}

int hyp_mmu_get_log(struct hyp_vm *vm, const struct kvm_dirty_log *log)
{
	unsigned long __user *user = log->dirty_bitmap;
	struct hyp_slot *slot;
	unsigned long i, word;
	int err = 0;

	mutex_lock(&vm->lock);
	slot = logged_slot(vm, log->slot);
	if (IS_ERR(slot))
		err = PTR_ERR(slot);
	for (i = 0; !err && i < BITS_TO_LONGS(slot->pages); i++) {
		log_take(vm, slot, i, vm->manual_log ? 0 : ~0UL, &word);
		if (put_user(word, &user[i]))
			err = -EFAULT;
	}
	mutex_unlock(&vm->lock);
	return err;
}

int hyp_mmu_clear_log(struct hyp_vm *vm, const struct kvm_clear_dirty_log *log)
{
	unsigned long __user *user = log->dirty_bitmap;
	struct hyp_slot *slot;
	unsigned long i, word;
	int err = 0;

	if (log->first_page % BITS_PER_LONG)
		return -EINVAL;
	mutex_lock(&vm->lock);
	slot = logged_slot(vm, log->slot);
	if (IS_ERR(slot))
		err = PTR_ERR(slot);
	else if (log->first_page > slot->pages || log->num_pages > slot->pages - log->first_page ||
		 (log->num_pages % BITS_PER_LONG && log->num_pages != slot->pages - log->first_page))
		err = -EINVAL;
	for (i = 0; !err && i < BITS_TO_LONGS((u64)log->num_pages); i++) {
		if (get_user(word, &user[i]))
			err = -EFAULT;
		else
			log_take(vm, slot, log->first_page / BITS_PER_LONG + i, word, &word);
	}
	mutex_unlock(&vm->lock);
	return err;
}

enum outcome { MAPPED, AGAIN, THERE };

/**
 * struct hyp_fault - what a guest wants
 * @page: where
 * @slot: what is there, as it was when changes were counted @changes
 * @write: it stores
 * @measure: the page is one of the VM's image
 * @unwritable: the process itself cannot write there
 * @spare: for tables that are missing
 */
struct hyp_fault {
	u64 page;
	struct hyp_slot *slot;
	unsigned long changes;
	bool write;
	bool measure;
	bool unwritable;
	struct list_head spare;
};

/* The call that maps a page: to write, when nobody has to know that, or @write says that it is known. */
static u64 map_call(const struct hyp_fault *fault, bool write)
{
	if (fault->measure)
		return VM_MEASURE;
	return write || !fault->slot->flags ? VM_MAP : VM_MAP_READ;
}

/* @call, with spare tables where it finds none. */
static s64 map_frame(struct hyp_vm *vm, u64 call, u64 page, struct page *frame, struct list_head *spare)
{
	s64 refused = hyp_call(call, vm->handle, page, page_to_pfn(frame));

	while (refused == -ENOENT && !list_empty(spare)) {
		struct page *table = list_first_entry(spare, struct page, lru);

		refused = hyp_call(VM_TABLE, vm->handle, page, page_to_pfn(table));
		if (refused)
			break;
		list_move(&table->lru, &vm->tables);
		refused = hyp_call(call, vm->handle, page, page_to_pfn(frame));
	}
	return refused;
}

/* The page is there: it is old, or to be written for the first time since its log was read. */
static int allow(struct hyp_vm *vm, const struct hyp_fault *fault)
{
	u64 given = PAGE_YOUNG + (fault->write ? PAGE_WRITABLE : 0);
	s64 was = hyp_call(VM_ACCESS, vm->handle, fault->page, PAGE_GIVE * given);

	return was < 0 ? was : THERE;
}

/* @frame at @page, whose note is @note. */
static int map_at(struct hyp_vm *vm, u64 page, unsigned long *note, struct page *frame, u64 call,
		  struct list_head *spare)
{
	s64 refused;

	if (*note)
		return THERE;
	clean_page(frame);
	refused = map_frame(vm, call, page, frame, spare);
	if (refused)
		return refused;
	*note = noted(frame);
	atomic_long_inc(&hyp_frames_given);
	return MAPPED;
}

/*
 * When the pages of the leaf of @notes, of which @page has @frame, are frames in a row, they become one block. They are
 * those of a huge page then: no other costs a look at the notes. What takes or changes a page of a block makes pages of
 * it again, in EL2.
 */
static void join(struct hyp_vm *vm, u64 page, const unsigned long *notes, struct page *frame)
{
	unsigned long first = noted(frame) - page % LEAF;
	unsigned int i;

	if (folio_order(page_folio(frame)) < ilog2(LEAF) || noted_pfn(first) % LEAF)
		return;
	if (notes[0] != first || notes[LEAF - 1] != first + LEAF - 1)
		return;
	for (i = 1; i < LEAF - 1; i++) {
		if (notes[i] != first + i)
			return;
	}
	/* It is refused where the guest may not do the same with each. */
	if (!hyp_call(VM_JOIN, vm->handle, page, 0))
		atomic_long_inc(&hyp_blocks_joined);
}

/*
 * Under the lock, with @frames as they were when changes were counted, and room for their notes, which are in one leaf.
 * What the first comes to: an outcome, or an error. What the others come to is nobody's concern: there may be a fault
 * for each.
 */
static int map_unless_changed(struct hyp_vm *vm, struct hyp_fault *fault, struct page **frames, int count)
{
	unsigned long *notes = note_of(vm, fault->page);
	u64 call = map_call(fault, false);
	int outcome;
	int i;

	BUILD_BUG_ON(LEAF % AROUND);
	/* See hyp_mmu_take_back(). */
	if (hyp_cpu_stopping())
		return -ESHUTDOWN;
	if (vm->changing || vm->changes != fault->changes)
		return AGAIN;
	outcome = map_at(vm, fault->page, notes, frames[0], map_call(fault, fault->write), &fault->spare);
	for (i = 1; outcome == MAPPED && i < count; i++) {
		int other = map_at(vm, fault->page + i, &notes[i], frames[i], call, &fault->spare);

		if (other != MAPPED && other != THERE)
			break;
	}
	if (outcome == MAPPED && !fault->slot->flags)
		join(vm, fault->page, notes - fault->page % LEAF, frames[0]);
	if (outcome == THERE && !vm->protected)
		outcome = allow(vm, fault);
	if (fault->write && fault->slot->dirty && (outcome == MAPPED || outcome == THERE))
		__set_bit(fault->page - fault->slot->base, fault->slot->dirty);
	return outcome;
}

static int take_page(struct hyp_vm *vm, struct hyp_fault *fault, unsigned long address, struct page **frame)
{
	int got = vm->protected ? pin_user_pages_fast(address, 1, FOLL_WRITE | FOLL_LONGTERM, frame)
				: get_user_pages_fast(address, 1, FOLL_WRITE, frame);

	/* A page that the guest cannot write either may be one that the process cannot. */
	fault->unwritable = got == -EFAULT && fault->slot->flags & KVM_MEM_READONLY;
	if (fault->unwritable)
		got = get_user_pages_fast(address, 1, 0, frame);

	if (got == 1 && vm->protected && !folio_test_swapbacked(page_folio(*frame))) {
		/* What a file system writes to disk has to stay within its reach. */
		unpin_user_page(*frame);
		return -EINVAL;
	}
	return got == 1 ? 0 : got < 0 ? got : -EFAULT;
}

/* The page of a protected VM stays pinned. */
static void drop_page(struct hyp_vm *vm, const struct hyp_fault *fault, struct page *frame, int outcome)
{
	if (vm->protected) {
		if (outcome != MAPPED)
			unpin_user_page(frame);
		return;
	}
	/* Pages without a file have no list of dirty ones to be put on. */
	if (outcome == MAPPED && !fault->unwritable && PageAnon(frame))
		SetPageDirty(compound_head(frame));
	else if (outcome == MAPPED && !fault->unwritable)
		set_page_dirty_lock(frame);
	put_page(frame);
}

/* Of @count pages from @address on, those up to the first that is not there. What is pinned comes page by page. */
static int take_more(struct hyp_vm *vm, unsigned long address, int count, struct page **frames)
{
	int got = vm->protected || !count ? 0 : get_user_pages_fast_only(address, count, FOLL_WRITE, frames);

	return max(got, 0);
}

static int fault_once(struct hyp_vm *vm, struct hyp_fault *fault)
{
	struct page *frames[AROUND];
	unsigned long address = 0;
	struct hyp_slot *slot;
	bool refused = true;
	u64 count = 0;
	u64 i;
	int outcome;

	spin_lock(&vm->mmu_lock);
	fault->changes = vm->changes;
	slot = fault->slot = slot_of(vm, fault->page);
	if (slot) {
		address = slot->address + ((fault->page - slot->base) << PAGE_SHIFT);
		count = min(AROUND - fault->page % AROUND, slot->base + slot->pages - fault->page);
		refused = fault->write && slot->flags & KVM_MEM_READONLY;
	}
	spin_unlock(&vm->mmu_lock);
	if (refused)
		return -ENXIO;
	outcome = take_page(vm, fault, address, &frames[0]);
	if (outcome)
		return outcome;
	count = 1 + take_more(vm, address + PAGE_SIZE, count - 1, &frames[1]);
	outcome = note_room(vm, fault->page);
	if (!outcome) {
		spin_lock(&vm->mmu_lock);
		outcome = map_unless_changed(vm, fault, frames, count);
		spin_unlock(&vm->mmu_lock);
	}
	for (i = 0; i < count; i++)
		drop_page(vm, fault, frames[i], outcome);
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

/* Until nothing changes meanwhile: an outcome, or an error. */
static int resolve(struct hyp_vm *vm, struct hyp_fault *fault)
{
	struct page *frame, *next;
	bool has_tables = false;
	int err = 0;

	INIT_LIST_HEAD(&fault->spare);
	while (!err) {
		err = fault_once(vm, fault);
		if (err == -ENOENT && !has_tables) {
			err = add_tables(&fault->spare);
			has_tables = true;
			continue;
		}
		if (err != AGAIN)
			break;
		err = fatal_signal_pending(current) ? -EINTR : 0;
		cond_resched();
	}
	list_for_each_entry_safe (frame, next, &fault->spare, lru)
		hyp_frame_free(frame, 0);
	return err;
}

/**
 * hyp_mmu_fault() - give the guest a page that it has a slot for
 *
 * Return: 0 when the access is to be tried again; -ENXIO when there is no slot, or the guest may not write there.
 */
int hyp_mmu_fault(struct hyp_vm *vm, u64 page, bool write)
{
	struct hyp_fault fault = { .page = page, .write = write };
	int err = resolve(vm, &fault);

	return err == THERE ? 0 : err;
}

/**
 * hyp_mmu_measure() - pages of the image of a VM whose image is measured, in order of their addresses
 *
 * Return: 0; -EPERM when the VM has no image that grows; -EBUSY when it has a page there already.
 */
int hyp_mmu_measure(struct hyp_vm *vm, u64 address, u64 bytes)
{
	u64 page = address >> PAGE_SHIFT;
	u64 end = page + (bytes >> PAGE_SHIFT);
	int err = 0;

	if (offset_in_page(address | bytes) || address + bytes < address)
		return -EINVAL;
	if (!vm->measured)
		return -EPERM;
	for (; page < end && !err; page++) {
		struct hyp_fault fault = { .page = page, .write = true, .measure = true };

		err = resolve(vm, &fault);
	}
	return err == THERE ? -EBUSY : err;
}

void hyp_mmu_init(struct hyp_vm *vm)
{
	spin_lock_init(&vm->mmu_lock);
	xa_init(&vm->leaves);
	INIT_LIST_HEAD(&vm->tables);
}

/* From now on it is known what the process does to its memory. */
int hyp_mmu_watch(struct hyp_vm *vm)
{
	vm->notifier.ops = &notifier_ops;
	return mmu_notifier_register(&vm->notifier, vm->mm);
}

void hyp_mmu_unwatch(struct hyp_vm *vm)
{
	mmu_notifier_unregister(&vm->notifier, vm->mm);
}

/*
 * The VM is about to die. Nobody has its files any more, or the host ends: who takes the lock behind this maps nothing,
 * and finds nothing to take back or to look at.
 */
void hyp_mmu_take_back(struct hyp_vm *vm)
{
	spin_lock(&vm->mmu_lock);
	if (!vm->protected)
		take_back(vm, 0, PAGES_END - 1, true);
	spin_unlock(&vm->mmu_lock);
}

/* The frame at @note, of a dying VM, goes back, cleared if it was the guest's alone. */
static void reclaim_noted(struct hyp_vm *vm, unsigned long *note)
{
	unsigned long pfn = noted_pfn(*note);
	s64 refused = hyp_call(VM_RECLAIM, vm->handle, pfn, 0);

	/* One that does not come back stays pinned: nobody must use it. */
	if (WARN_ONCE(refused, "hypatia: a frame does not come back: %lld\n", refused))
		return;
	*note = 0;
	atomic_long_dec(&hyp_frames_given);
	if (vm->protected)
		unpin_user_pages_dirty_lock(&(struct page *){ pfn_to_page(pfn) }, 1, true);
}

/* The VM is dying, and nothing is mapped or taken back any more. */
void hyp_mmu_reclaim(struct hyp_vm *vm)
{
	struct hyp_notes at = { .last = PAGES_END - 1 };
	struct page *frame, *next;
	unsigned long *note;

	for (note = note_next(vm, &at); note; note = note_next(vm, &at)) {
		reclaim_noted(vm, note);
		if (++at.page % AROUND == 0)
			cond_resched();
	}
	list_for_each_entry_safe (frame, next, &vm->tables, lru)
		hyp_frame_free(frame, hyp_call(VM_RECLAIM, vm->handle, page_to_pfn(frame), 0));
}

/* Nobody has the VM any more. */
void hyp_mmu_free(struct hyp_vm *vm)
{
	unsigned long index;
	unsigned long *leaf;
	unsigned int i;

	for (i = 0; i < SLOTS_MAX; i++)
		kvfree(vm->slots[i].dirty);
	xa_for_each (&vm->leaves, index, leaf)
		free_page((unsigned long)leaf);
	xa_destroy(&vm->leaves);
}
