// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls on VMs that are one CPU's own. Errors of the life cycle are the generated oracle's. Of the calls on a VM's
 * memory the errors stand in spec/hypercalls.toml; arguments come in their order, then what is named, then the frame.
 */
#include "fuzz.h"
#include "program.h"
#include <oracle/vm_oracle.h>

#define ROW_PAGE (CODE_PAGE / ROW * ROW)        /* frame n of the row is only ever the page this + n */

/* Pages of guests: under one table, under another, under other tables of level 2, the last. */
static const u64 pages[] = { CODE_PAGE, CODE_PAGE + 1, CODE_PAGE + 2, 0x40280, 0x50000, 0x80000, GUEST_PAGES - 1 };
static const u64 wrong_handles[] = { 0, VM_HANDLE_BASE - 1, VM_HANDLE_BASE + VMS_MAX, ~0ULL };
static const u64 wrong_pages[] = { GUEST_PAGES, ~0ULL, 1ULL << 32 | CODE_PAGE, 1ULL << 63 };
static const u64 wrong_indexes[] = { VCPUS_MAX, 1ULL << 32, ~0ULL };

u64 fuzz_page(struct fuzz_cpu *c)
{
	return below(c, 3) ? pages[below(c, ARRAY_SIZE(pages))] : CODE_PAGE;
}

struct fuzz_vcpu *fuzz_loaded(struct fuzz_cpu *c)
{
	return c->loaded_vm == NONE ? NULL : &c->vm[c->loaded_vm].vcpu[c->loaded];
}

/* The row is there for page @page of the VM of @slot. */
static bool in_row(const struct fuzz_cpu *c, int slot, u64 page)
{
	return slot == c->row_vm && page / ROW == ROW_PAGE / ROW;
}

/* Which of the CPU's frames serves the VM as that, or NONE. */
static int find(struct fuzz_cpu *c, int slot, enum role role, u32 level, u64 key)
{
	int i;

	if (role == PAGE_FRAME && in_row(c, slot, key) && c->frame[FRAMES + key % ROW].vm)
		return FRAMES + key % ROW;
	for (i = 0; i < FRAMES; i++) {
		const struct fuzz_frame *f = &c->frame[i];

		if (f->vm == slot + 1 && f->role == role && f->level == level && f->key == key)
			return i;
	}
	return NONE;
}

int fuzz_table_of(struct fuzz_cpu *c, int slot, u32 level, u64 page)
{
	return find(c, slot, TABLE_FRAME, level, page >> (level == 2 ? 18 : 9));
}

int fuzz_page_of(struct fuzz_cpu *c, int slot, u64 page)
{
	return find(c, slot, PAGE_FRAME, 3, page);
}

/* The bit of a page that guests use, or 0. */
static u32 bit_of(u64 page)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (pages[i] == page)
			return 1U << i;
	}
	return 0;
}

bool fuzz_poisoned(const struct fuzz_vm *vm, u64 page)
{
	return vm->poisoned & bit_of(page);
}

void fuzz_page_lost(struct fuzz_cpu *c, int slot, int frame, const char *move)
{
	if (frame >= FRAMES)
		c->is_block = false;
	c->vm[slot].given--;
	fuzz_move(c, move, &c->frame[frame]);
}

/* The handle for a call: @slot's, or with @wrong one that is none. */
static u64 handle_of(struct fuzz_cpu *c, int slot, bool *wrong)
{
	u64 handle = c->vm[slot].handle;

	*wrong = !below(c, 64);
	if (!*wrong)
		return handle;
	return below(c, 2) ? wrong_handles[below(c, ARRAY_SIZE(wrong_handles))] : handle | 1ULL << (13 + below(c, 51));
}

static u64 index_of(struct fuzz_cpu *c, bool *wrong)
{
	*wrong = !below(c, 64);
	if (*wrong)
		return wrong_indexes[below(c, ARRAY_SIZE(wrong_indexes))];
	return below(c, 8) ? below(c, 3) : below(c, VCPUS_MAX);
}

static bool any_vcpu(const struct fuzz_vm *vm, u32 least)
{
	u32 i;

	for (i = 0; i < VCPUS_MAX; i++) {
		if (vm->vcpu[i].state >= least)
			return true;
	}
	return false;
}

/* Any handle that nobody has. The owner of one gives it up before the call that frees it. */
static void reserve(struct fuzz_cpu *c, int slot)
{
	struct fuzz_call call = { VM_RESERVE, { fuzz_random(c), fuzz_random(c) }, { 0 }, VM_HANDLE_BASE };
	u64 v;

	if (!fuzz_call(c, &call))
		return;
	v = call.x[1] - VM_HANDLE_BASE;
	if (v >= VMS_MAX) {
		fuzz_differs(c, "no handle: %lld", (s64)call.x[1]);
		return;
	}
	if (atomic_xchg(&fuzz_owner[v], c->index + 1)) {
		fuzz_differs(c, "handle 0x%llx is reserved for two", call.x[1]);
		return;
	}
	memset(&c->vm[slot], 0, sizeof(c->vm[slot]));
	c->vm[slot].handle = call.x[1];
	c->vm[slot].state = VM_RESERVED;
}

/* A call that may free the handle: nobody else gets it as long as it is there. */
static bool freeing(struct fuzz_cpu *c, int slot, u64 id, u64 handle, s64 want)
{
	atomic_t *owner = &fuzz_owner[c->vm[slot].handle - VM_HANDLE_BASE];

	if (want)
		return fuzz_expect(c, id, handle, fuzz_random(c), fuzz_random(c), want);
	atomic_set(owner, 0);
	return fuzz_expect(c, id, handle, fuzz_random(c), fuzz_random(c), 0);
}

static void unreserve(struct fuzz_cpu *c, int slot)
{
	bool wrong;
	u64 handle = handle_of(c, slot, &wrong);
	s32 error = oracle_life(LIFE_UNRESERVE_VM, c->vm[slot].state, VCPU_EMPTY, 0).error;

	if (freeing(c, slot, VM_UNRESERVE, handle, wrong ? HYP_EINVAL : error))
		c->vm[slot].state = VM_FREE;
}

static void init(struct fuzz_cpu *c, int slot)
{
	struct fuzz_target t = fuzz_pick(c, FRAME_HOST);
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong;
	u64 handle = handle_of(c, slot, &wrong);
	u64 protected = below(c, 32) ? below(c, 3) : 3 + fuzz_random(c) / 2;
	s64 want = wrong ? HYP_EINVAL : t.error == HYP_ERANGE ? HYP_ERANGE : protected > 2 ? HYP_EINVAL :
		   oracle_life(LIFE_INIT_VM, vm->state, VCPU_EMPTY, 0).error;

	if (!want)
		want = t.error ? t.error : fuzz_move_error("vm_give", t.state, t.count);
	if (!fuzz_expect(c, VM_INIT, handle, t.pfn, protected, want))
		return;
	vm->state = oracle_life(LIFE_INIT_VM, vm->state, VCPU_EMPTY, 0).vm;
	vm->protected = protected != 0;
	vm->image = protected == 2 ? OPEN_IMAGE : NO_IMAGE;
	memset(vm->hash, 0, sizeof(vm->hash));
	vm->root = t.frame;
	vm->turned_on = vm->image != NO_IMAGE;
	vm->offset = 0;
	vm->sve = 0;
	fuzz_move(c, "vm_give", &c->frame[t.frame]);
	fuzz_given(c, t.frame, slot, ROOT_FRAME, 1, 0);
	if (c->row_vm == NONE)
		c->row_vm = slot;
}

static void init_vcpu(struct fuzz_cpu *c, int slot)
{
	struct fuzz_target t = fuzz_pick(c, FRAME_HOST);
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong, wrong_index;
	u64 handle = handle_of(c, slot, &wrong);
	u64 i = index_of(c, &wrong_index);
	s64 want = wrong || wrong_index ? HYP_EINVAL : t.error == HYP_ERANGE ? HYP_ERANGE :
		   oracle_life(LIFE_INIT_VCPU, vm->state, vm->vcpu[i].state, 0).error;

	if (!want)
		want = t.error ? t.error : fuzz_move_error("vm_give", t.state, t.count);
	if (!fuzz_expect(c, VCPU_INIT, handle, i, t.pfn, want))
		return;
	fuzz_vcpu_new(&vm->vcpu[i]);
	vm->vcpu[i].state = oracle_life(LIFE_INIT_VCPU, vm->state, VCPU_EMPTY, 0).vcpu;
	vm->vcpu[i].frame = t.frame;
	fuzz_move(c, "vm_give", &c->frame[t.frame]);
	fuzz_given(c, t.frame, slot, VCPU_FRAME, 0, i);
}

static void load(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong, wrong_index;
	u64 handle = handle_of(c, slot, &wrong);
	u64 i = index_of(c, &wrong_index);
	s64 want = wrong || wrong_index ? HYP_EINVAL :
		   oracle_life(LIFE_VCPU_LOAD, vm->state, vm->vcpu[i].state, c->loaded_vm != NONE).error;

	if (!fuzz_expect(c, VCPU_LOAD, handle, i, fuzz_random(c), want))
		return;
	vm->vcpu[i].state = VCPU_LOADED;
	c->loaded_vm = slot;
	c->loaded = i;
}

void fuzz_put(struct fuzz_cpu *c)
{
	struct fuzz_vcpu *u = fuzz_loaded(c);

	if (!fuzz_expect(c, VCPU_PUT, fuzz_random(c), fuzz_random(c), fuzz_random(c), u ? 0 : HYP_ENOENT))
		return;
	u->state = VCPU_READY;
	c->loaded_vm = NONE;
}

static void teardown(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong;
	u64 handle = handle_of(c, slot, &wrong);
	struct vm_oracle_result step = oracle_life(LIFE_START_TEARDOWN_VM, vm->state, VCPU_EMPTY,
						   any_vcpu(vm, VCPU_LOADED));

	if (fuzz_expect(c, VM_TEARDOWN, handle, fuzz_random(c), fuzz_random(c), wrong ? HYP_EINVAL : step.error))
		vm->state = step.vm;
}

static void end_vcpu(struct fuzz_cpu *c, int slot, u64 handle, u64 i)
{
	struct fuzz_vcpu *u = &c->vm[slot].vcpu[i];

	if (!fuzz_expect(c, VCPU_RECLAIM, handle, i, fuzz_random(c),
			 oracle_life(LIFE_RECLAIM_VCPU, c->vm[slot].state, u->state, 0).error))
		return;
	u->state = VCPU_EMPTY;
	u->power = POWER_ABSENT;
	fuzz_move(c, "vm_return", &c->frame[u->frame]);
}

static void reclaim_vcpu(struct fuzz_cpu *c, int slot)
{
	bool wrong, wrong_index;
	u64 handle = handle_of(c, slot, &wrong);
	u64 i = index_of(c, &wrong_index);
	u32 there = 0;

	/* Mostly one that is there. */
	while (there < VCPUS_MAX && c->vm[slot].vcpu[there].state == VCPU_EMPTY)
		there++;
	if (!wrong_index && there < VCPUS_MAX && below(c, 4))
		i = there;
	if (wrong || wrong_index)
		fuzz_expect(c, VCPU_RECLAIM, handle, i, fuzz_random(c), HYP_EINVAL);
	else
		end_vcpu(c, slot, handle, i);
}

/* A VM has ended. */
static void gone(struct fuzz_cpu *c, int slot)
{
	c->vm[slot].state = VM_FREE;
	fuzz_move(c, "vm_return", &c->frame[c->vm[slot].root]);
	if (c->row_vm == slot)
		c->row_vm = NONE;
}

static void finalize(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong;
	u64 handle = handle_of(c, slot, &wrong);
	s32 error = oracle_life(LIFE_FINALIZE_TEARDOWN_VM, vm->state, VCPU_EMPTY,
				any_vcpu(vm, VCPU_READY) || vm->given).error;

	if (!freeing(c, slot, VM_FINALIZE, handle, wrong ? HYP_EINVAL : error))
		return;
	gone(c, slot);
}

/* What is wrong with a VM whose memory is to change: it has to live. */
static s64 missing(const struct fuzz_vm *vm)
{
	return vm->state == VM_LIVE ? 0 : vm->state == VM_DYING ? HYP_EPERM : HYP_ENOENT;
}

/* A page for a call, and with @wrong one that no guest has. */
static u64 page_for(struct fuzz_cpu *c, bool *wrong)
{
	*wrong = !below(c, 64);
	return *wrong ? wrong_pages[below(c, ARRAY_SIZE(wrong_pages))] : fuzz_page(c);
}

static void give_table(struct fuzz_cpu *c, int slot)
{
	struct fuzz_target t = fuzz_pick(c, FRAME_HOST);
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong, wrong_page;
	u64 handle = handle_of(c, slot, &wrong);
	u64 page = page_for(c, &wrong_page);
	u32 level = fuzz_table_of(c, slot, 2, page) == NONE ? 2 : 3;
	s64 want = wrong ? HYP_EINVAL : wrong_page || t.error == HYP_ERANGE ? HYP_ERANGE : missing(vm);

	if (!want && level == 3 && fuzz_table_of(c, slot, 3, page) != NONE)
		want = HYP_EBUSY;
	if (!want)
		want = t.error ? t.error : fuzz_move_error("vm_give", t.state, t.count);
	if (!fuzz_expect(c, VM_TABLE, handle, page, t.pfn, want))
		return;
	fuzz_move(c, "vm_give", &c->frame[t.frame]);
	fuzz_given(c, t.frame, slot, TABLE_FRAME, level, page >> (level == 2 ? 18 : 9));
}

/* @t, or mostly the frame of the row for @page, where it is one of those. */
static struct fuzz_target row_or(struct fuzz_cpu *c, int slot, u64 page, struct fuzz_target t)
{
	int frame = FRAMES + page % ROW;

	if (t.frame == NONE || !in_row(c, slot, page) || c->frame[frame].vm || !below(c, 8))
		return t;
	return (struct fuzz_target){ c->frame[frame].pfn, frame, 0, c->frame[frame].state, c->frame[frame].count };
}

/* By which call a page is given. A measured image begins with the program, which another call would clear. */
static u64 way_in(struct fuzz_cpu *c, const struct fuzz_vm *vm, u64 page)
{
	if (vm->image != NO_IMAGE && page == CODE_PAGE)
		return VM_MEASURE;
	if (vm->image == OPEN_IMAGE && below(c, 2))
		return VM_MEASURE;
	return below(c, 4) ? VM_MAP : below(c, 4) ? VM_MAP_READ : VM_MEASURE;
}

static void map(struct fuzz_cpu *c, int slot)
{
	struct fuzz_target t = fuzz_pick(c, FRAME_HOST);
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong, wrong_page;
	u64 handle = handle_of(c, slot, &wrong);
	u64 page = page_for(c, &wrong_page);
	const char *move = vm->protected ? "host_donate_guest" : "host_share_guest";
	u64 id = way_in(c, vm, page);
	s64 want = wrong ? HYP_EINVAL : wrong_page || t.error == HYP_ERANGE ? HYP_ERANGE : missing(vm);

	if (!want)
		t = row_or(c, slot, page, t);
	if (!want && ((id == VM_MAP_READ && vm->protected) || (id == VM_MEASURE && vm->image != OPEN_IMAGE)))
		want = HYP_EPERM;
	if (!want && fuzz_table_of(c, slot, 3, page) == NONE)
		want = HYP_ENOENT;
	if (!want && (fuzz_page_of(c, slot, page) != NONE || fuzz_poisoned(vm, page)))
		want = HYP_EBUSY;
	if (!want)
		want = t.error ? t.error : fuzz_move_error(move, t.state, t.count);
	if (!want && page == CODE_PAGE)
		fuzz_code(&c->frame[t.frame]);
	if (!want && id == VM_MEASURE)
		fuzz_measure(c, vm, page, c->frame[t.frame].data);
	if (!fuzz_expect(c, id, handle, page, t.pfn, want))
		return;
	/* What the guest does is told by what it may do: all, before it runs. */
	if (id == VM_MAP_READ)
		fuzz_expect(c, VM_ACCESS, handle, page, PAGE_GIVE * PAGE_WRITABLE, PAGE_YOUNG);
	fuzz_move(c, move, &c->frame[t.frame]);
	if (vm->image != NO_IMAGE && id != VM_MEASURE)
		fuzz_cleared(c, &c->frame[t.frame]);
	c->frame[t.frame].code = page == CODE_PAGE;
	fuzz_given(c, t.frame, slot, PAGE_FRAME, 3, page);
}

/* The pages of the row that are missing come. Without its program a guest is of no use. */
static void fill_row(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	const char *move = vm->protected ? "host_donate_guest" : "host_share_guest";
	u64 page;

	if (vm->state != VM_LIVE || fuzz_page_of(c, slot, CODE_PAGE) == NONE)
		return;
	c->checking = true;
	for (page = ROW_PAGE; page < ROW_PAGE + ROW; page++) {
		struct fuzz_frame *f = &c->frame[FRAMES + page % ROW];

		if (fuzz_page_of(c, slot, page) != NONE || fuzz_poisoned(vm, page) ||
		    !fuzz_expect(c, VM_MAP, vm->handle, page, f->pfn, 0))
			continue;
		fuzz_move(c, move, f);
		if (vm->image != NO_IMAGE)
			fuzz_cleared(c, f);
		fuzz_given(c, FRAMES + page % ROW, slot, PAGE_FRAME, 3, page);
	}
	c->checking = false;
}

static bool row_is_whole(const struct fuzz_cpu *c)
{
	int i;

	for (i = FRAMES; i < FRAMES_ALL; i++) {
		if (!c->frame[i].vm)
			return false;
	}
	return true;
}

/* Pages become a block, which makes no difference but to this call. */
static void join(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong, wrong_page;
	u64 handle = handle_of(c, slot, &wrong);
	u64 page = page_for(c, &wrong_page);
	s64 want = wrong ? HYP_EINVAL : wrong_page ? HYP_ERANGE : missing(vm);

	if (slot == c->row_vm && below(c, 4))
		fill_row(c, slot);
	if (!want)
		want = !in_row(c, slot, page) || !row_is_whole(c) ? HYP_ENOENT : c->is_block ? HYP_EBUSY : 0;
	if (fuzz_expect(c, VM_JOIN, handle, page, fuzz_random(c), want))
		c->is_block = true;
}

/* The image is whole: mostly with the measurement that it has, or none named. */
void fuzz_vm_begin(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong;
	u64 handle = handle_of(c, slot, &wrong);
	u64 pc = below(c, 8) ? (u64)CODE_PAGE << 12 : NOWHERE;
	u64 more[4] = { 0 };
	s64 want = wrong ? HYP_EINVAL : missing(vm);
	struct fuzz_call call = { VM_BEGIN, { handle, pc, fuzz_random(c) }, { 0 }, want, more };
	bool named = below(c, 4);
	unsigned int i;

	if (!call.want && vm->image != OPEN_IMAGE)
		call.want = HYP_EPERM;
	if (!call.want && vm->vcpu[0].power != POWER_OFF)
		call.want = HYP_ENOENT;
	if (!call.want) {
		fuzz_measured(c, vm, pc, call.a[2]);
		vm->image = WHOLE_IMAGE;
	}
	for (i = 0; i < 4 && named; i++)
		more[i] = fuzz_measurement(vm, i);
	if (named && !below(c, 16)) {
		more[below(c, 4)] ^= 1ULL << below(c, 64);
		if (!call.want)
			call.want = HYP_EPERM;
	}
	if (!fuzz_expect_more(c, &call))
		return;
	vm->vcpu[0].power = POWER_ON_PENDING;
	vm->vcpu[0].entry_pc = pc;
	vm->vcpu[0].entry = call.a[2];
}

/* What a guest may do with a page changes, and is all again. */
static void access_page(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong, wrong_page;
	u64 handle = handle_of(c, slot, &wrong);
	u64 page = page_for(c, &wrong_page);
	u64 change = below(c, 18);
	s64 want = wrong ? HYP_EINVAL : wrong_page ? HYP_ERANGE : change > 15 ? HYP_EINVAL : missing(vm);
	const u64 all = PAGE_WRITABLE + PAGE_YOUNG;
	u64 now;

	if (!want)
		want = vm->protected ? HYP_EPERM : fuzz_page_of(c, slot, page) == NONE ? HYP_ENOENT : (s64)all;
	if (!fuzz_expect(c, VM_ACCESS, handle, page, change, want))
		return;
	now = (all & ~change) | change / PAGE_GIVE;
	fuzz_expect(c, VM_ACCESS, handle, page, PAGE_GIVE * all, now);
	if (now != all && in_row(c, slot, page))
		c->is_block = false;
}

static void unmap(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong, wrong_page;
	u64 handle = handle_of(c, slot, &wrong);
	u64 page = page_for(c, &wrong_page);
	int frame = fuzz_page_of(c, slot, page);
	s64 want = wrong ? HYP_EINVAL : wrong_page ? HYP_ERANGE : missing(vm);

	if (!want)
		want = vm->protected ? HYP_EPERM : frame == NONE ? HYP_ENOENT : 0;
	if (fuzz_expect(c, VM_UNMAP, handle, page, fuzz_random(c), want))
		fuzz_page_lost(c, slot, frame, "host_unshare_guest_last");
}

/* A page is taken by force. The program's rarely: without it the guest is of no use. */
static void poison(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong, wrong_page;
	u64 handle = handle_of(c, slot, &wrong);
	u64 page = page_for(c, &wrong_page);
	s64 want = wrong ? HYP_EINVAL : wrong_page ? HYP_ERANGE : missing(vm);
	int frame;

	if (page == CODE_PAGE && below(c, 8))
		page++;
	frame = fuzz_page_of(c, slot, page);
	if (!want)
		want = !vm->protected ? HYP_EPERM : frame == NONE ? HYP_ENOENT : 0;
	if (!fuzz_expect(c, VM_POISON, handle, page, fuzz_random(c), want))
		return;
	vm->poisoned |= bit_of(page);
	fuzz_page_lost(c, slot, frame, c->frame[frame].state == FRAME_GUEST ? "poison_guest" : "poison_guest_shared");
}

/* What it takes to get frame @f of a dying VM back. */
static const char *way_back(const struct fuzz_frame *f)
{
	switch (f->state) {
	case FRAME_GUEST:
		return "reclaim_guest";
	case FRAME_GUEST_SHARED_HOST:
		return "reclaim_guest_shared";
	case FRAME_HOST_SHARED_GUEST:
		return "host_unshare_guest_last";
	default:
		return "vm_return";
	}
}

static void reclaim(struct fuzz_cpu *c, int slot)
{
	struct fuzz_target t = fuzz_pick(c, FRAME_HYP_VM);
	struct fuzz_vm *vm = &c->vm[slot];
	bool wrong;
	u64 handle = handle_of(c, slot, &wrong);
	bool mostly = below(c, 8);
	int from = below(c, FRAMES);
	s64 want;
	int i;

	/* Mostly one that is the VM's. */
	for (i = 0; i < FRAMES && t.frame != NONE && mostly; i++) {
		if (c->frame[(from + i) % FRAMES].vm == slot + 1) {
			t.frame = (from + i) % FRAMES;
			t.pfn = c->frame[t.frame].pfn;
			break;
		}
	}
	want = wrong ? HYP_EINVAL : t.error == HYP_ERANGE ? HYP_ERANGE :
	       vm->state == VM_LIVE ? HYP_EPERM : vm->state != VM_DYING ? HYP_ENOENT : t.error;
	if (!want && (t.frame == NONE || c->frame[t.frame].vm != slot + 1))
		want = HYP_EPERM;
	if (fuzz_expect(c, VM_RECLAIM, handle, t.pfn, fuzz_random(c), want))
		fuzz_page_lost(c, slot, t.frame, way_back(&c->frame[t.frame]));
}

/* The frames that a dying VM has, from the CPU's @first on. */
static void reclaim_all(struct fuzz_cpu *c, int slot, int first)
{
	int i;

	for (i = first; i < FRAMES_ALL && c->vm[slot].state == VM_DYING; i++) {
		if (c->frame[i].vm == slot + 1 &&
		    fuzz_expect(c, VM_RECLAIM, c->vm[slot].handle, c->frame[i].pfn, 0, 0))
			fuzz_page_lost(c, slot, i, way_back(&c->frame[i]));
	}
}

static void empty_row(struct fuzz_cpu *c, int slot)
{
	c->checking = true;
	reclaim_all(c, slot, FRAMES);
	c->checking = false;
}

/* A dying VM gives back what it has before anything else is of use. */
static void dying(struct fuzz_cpu *c, int slot)
{
	/* All at once: one by one most VMs would be dying ones. */
	if (c->row_vm == slot && !below(c, 16))
		empty_row(c, slot);
	else if (c->vm[slot].given ? below(c, 8) : !below(c, 16))
		reclaim(c, slot);
	else if (any_vcpu(&c->vm[slot], VCPU_READY) ? below(c, 8) : !below(c, 16))
		reclaim_vcpu(c, slot);
	else
		finalize(c, slot);
}

void fuzz_vm_call(struct fuzz_cpu *c)
{
	int slot = fuzz_loaded(c) && below(c, 4) ? c->loaded_vm : (int)below(c, c->slots);

	if (c->vm[slot].state == VM_FREE) {
		reserve(c, slot);
		return;
	}
	if (c->vm[slot].state == VM_RESERVED && below(c, 2)) {
		init(c, slot);
		return;
	}
	if (c->vm[slot].state == VM_RESERVED && !below(c, 8)) {
		unreserve(c, slot);
		return;
	}
	if (c->vm[slot].state == VM_DYING && below(c, 4)) {
		dying(c, slot);
		return;
	}
	switch (below(c, 64)) {
	case 0:
		unreserve(c, slot);
		break;
	case 1:
		init(c, slot);
		break;
	case 2:
		teardown(c, slot);
		break;
	case 3:
		reclaim_vcpu(c, slot);
		break;
	case 4:
		finalize(c, slot);
		break;
	case 5 ... 8:
		reclaim(c, slot);
		break;
	case 9 ... 14:
		init_vcpu(c, slot);
		break;
	case 15 ... 28:
		load(c, slot);
		break;
	case 29 ... 30:
		fuzz_put(c);
		break;
	case 31 ... 40:
		give_table(c, slot);
		break;
	case 41 ... 56:
		map(c, slot);
		break;
	case 57 ... 58:
		access_page(c, slot);
		break;
	case 59:
		fuzz_vm_begin(c, slot);
		break;
	case 60:
		poison(c, slot);
		break;
	case 61:
		join(c, c->row_vm != NONE && below(c, 2) ? c->row_vm : slot);
		break;
	default:
		unmap(c, slot);
		break;
	}
}

/* At the end: VM @slot gives all back. None of its vCPUs is loaded. */
void fuzz_vm_end(struct fuzz_cpu *c, int slot)
{
	struct fuzz_vm *vm = &c->vm[slot];
	u32 i;

	if (vm->state == VM_LIVE && fuzz_expect(c, VM_TEARDOWN, vm->handle, 0, 0, 0))
		vm->state = VM_DYING;
	if (vm->state == VM_RESERVED && freeing(c, slot, VM_UNRESERVE, vm->handle, 0))
		vm->state = VM_FREE;
	for (i = 0; i < VCPUS_MAX && vm->state == VM_DYING; i++) {
		if (vm->vcpu[i].state != VCPU_EMPTY)
			end_vcpu(c, slot, vm->handle, i);
	}
	reclaim_all(c, slot, 0);
	if (vm->state == VM_DYING && freeing(c, slot, VM_FINALIZE, vm->handle, 0))
		gone(c, slot);
}
