// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all CPUs fight over: frames, and a VM with vCPUs and pages. No CPU knows what another one does at the moment, so
 * an answer has to be one that some order of their calls explains. What succeeded is counted, and page n of the VM is
 * only ever frame n; so when all have met, the state of each frame follows from the numbers. The VM's life goes one way
 * between two meetings; the first CPU makes it anew.
 */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "fuzz.h"
#include "program.h"
#include <oracle/ownership_oracle.h>

#define ORDER 5
#define FOUGHT 16               /* the frames that are fought over; those behind them are what the VM keeps */
#define ROOT FOUGHT
#define VCPU(i) (ROOT + 1 + (i))
#define SHARED_VCPUS 2
#define TABLES VCPU(SHARED_VCPUS)
#define FIRST_PAGE 0x100ULL

/* How often each frame went this way. */
enum way { TO_SHARED, FROM_SHARED, PINS, UNPINS, TO_HYP, FROM_HYP, TO_GUEST, FROM_GUEST, WAYS };

static atomic_t ways[WAYS][FOUGHT];
static u64 first_pfn;
static u64 *data;
static u64 handle;
static u32 protected;
static bool alive;
static atomic_t dying;
static atomic_t loaded_on[SHARED_VCPUS];        /* CPU + 1 */
static atomic_t there[SHARED_VCPUS];

static void went(enum way way, int frame)
{
	atomic_inc(&ways[way][frame]);
}

static int net(enum way to, enum way from, int frame)
{
	return atomic_read(&ways[to][frame]) - atomic_read(&ways[from][frame]);
}

/* What the call may come to in any state that the frame can be in; @done when it does what it says. */
static unsigned int answers(u64 id, s64 done, s64 *may)
{
	static const u32 states[][2] = {
		{ FRAME_HOST, 0 }, { FRAME_HOST_SHARED_HYP, 0 }, { FRAME_HOST_SHARED_HYP, 1 }, { FRAME_HYP, 0 },
		{ FRAME_GUEST, 0 }, { FRAME_HOST_SHARED_GUEST, 1 },
	};
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(states); n++) {
		may[n] = fuzz_step(id, states[n][0], states[n][1]).error;
		if (!may[n])
			may[n] = done;
	}
	return n;
}

static void one_frame(struct fuzz_cpu *c, int frame)
{
	static const struct {
		u64 id;
		enum way way;
	} calls[] = {
		{ MEM_SHARE_HYP, TO_SHARED }, { MEM_UNSHARE_HYP, FROM_SHARED }, { MEM_UNSHARE_HYP, FROM_SHARED },
		{ MEM_PIN, PINS }, { MEM_UNPIN, UNPINS }, { MEM_UNPIN, UNPINS },
	};
	unsigned int i = below(c, ARRAY_SIZE(calls));
	s64 may[8];
	unsigned int n = answers(calls[i].id, 0, may);

	if (!fuzz_any_of(c, calls[i].id, first_pfn + frame, fuzz_random(c), fuzz_random(c), may, n))
		went(calls[i].way, frame);
}

/* All are checked before any is changed, so all of them went, or none. */
static void range(struct fuzz_cpu *c)
{
	u64 id = below(c, 2) ? MEM_DONATE_HYP : MEM_RECLAIM_HYP;
	int frame = below(c, FOUGHT);
	s64 nr = min_t(s64, 1 + below(c, 4), FOUGHT - frame);
	s64 may[8];
	unsigned int n = answers(id, nr, may);
	int i;

	if (fuzz_any_of(c, id, first_pfn + frame, nr, fuzz_random(c), may, n) != nr)
		return;
	for (i = 0; i < nr; i++)
		went(id == MEM_DONATE_HYP ? TO_HYP : FROM_HYP, frame + i);
}

bool fuzz_shared_loaded(struct fuzz_cpu *c)
{
	return c->loaded_vm == SHARED_VM;
}

/* The mark goes before the vCPU does: nobody else can set it in between. */
void fuzz_shared_put(struct fuzz_cpu *c)
{
	atomic_set(&loaded_on[c->loaded], 0);
	if (fuzz_expect(c, VCPU_PUT, 0, 0, 0, 0))
		c->loaded_vm = NONE;
}

static void load(struct fuzz_cpu *c)
{
	static const s64 may[] = { 0, HYP_EBUSY, HYP_ENOENT, HYP_EPERM };
	bool was_dying = atomic_read(&dying);
	bool was_busy = c->loaded_vm != NONE;
	u32 i = below(c, SHARED_VCPUS);

	if (fuzz_any_of(c, VCPU_LOAD, handle, i, fuzz_random(c), may, ARRAY_SIZE(may)))
		return;
	if (atomic_xchg(&loaded_on[i], c->index + 1))
		fuzz_differs(c, "two CPUs have loaded vCPU %u", i);
	if (was_dying || was_busy)
		fuzz_differs(c, "vCPU %u was loaded %s", i, was_dying ? "of a dying VM" : "besides another one");
	c->loaded_vm = SHARED_VM;
	c->loaded = i;
}

static void teardown(struct fuzz_cpu *c)
{
	static const s64 may[] = { 0, HYP_EBUSY, HYP_EPERM };
	u32 i;

	if (fuzz_any_of(c, VM_TEARDOWN, handle, fuzz_random(c), fuzz_random(c), may, ARRAY_SIZE(may)))
		return;
	if (atomic_xchg(&dying, 1))
		fuzz_differs(c, "a VM was torn down twice");
	for (i = 0; i < SHARED_VCPUS; i++) {
		if (atomic_read(&loaded_on[i]))
			fuzz_differs(c, "a VM of which a vCPU is loaded was torn down");
	}
}

static void reclaim_vcpu(struct fuzz_cpu *c)
{
	static const s64 may[] = { 0, HYP_EPERM, HYP_ENOENT };
	u32 i = below(c, SHARED_VCPUS);

	if (fuzz_any_of(c, VCPU_RECLAIM, handle, i, fuzz_random(c), may, ARRAY_SIZE(may)))
		return;
	if (!atomic_xchg(&there[i], 0))
		fuzz_differs(c, "vCPU %u was reclaimed twice", i);
}

static void map(struct fuzz_cpu *c)
{
	static const s64 may[] = { 0, HYP_EPERM, HYP_EBUSY };
	int frame = below(c, FOUGHT);

	if (!fuzz_any_of(c, protected || below(c, 4) ? VM_MAP : VM_MAP_READ, handle, FIRST_PAGE + frame,
			 first_pfn + frame, may, ARRAY_SIZE(may)))
		went(TO_GUEST, frame);
}

/* No guest runs, so whatever a page is for it does not matter. */
static void access_page(struct fuzz_cpu *c)
{
	static const s64 may[] = { HYP_EPERM, HYP_ENOENT, 0, 1, 2, 3 };

	fuzz_any_of(c, VM_ACCESS, handle, FIRST_PAGE + below(c, FOUGHT), below(c, 16), may,
		    protected ? 1 : ARRAY_SIZE(may));
}

/* There are too few for a block. */
static void join(struct fuzz_cpu *c)
{
	static const s64 may[] = { HYP_EPERM, HYP_ENOENT };

	fuzz_any_of(c, VM_JOIN, handle, FIRST_PAGE + below(c, FOUGHT), fuzz_random(c), may, ARRAY_SIZE(may));
}

static void unmap(struct fuzz_cpu *c)
{
	static const s64 may[] = { HYP_EPERM, HYP_ENOENT, 0 };
	int frame = below(c, FOUGHT);

	if (!fuzz_any_of(c, VM_UNMAP, handle, FIRST_PAGE + frame, fuzz_random(c), may,
			 protected ? 1 : ARRAY_SIZE(may)))
		went(FROM_GUEST, frame);
}

/* No page comes there any more, until the VM is another one. */
static void poison(struct fuzz_cpu *c)
{
	static const s64 may[] = { HYP_EPERM, HYP_ENOENT, 0 };
	int frame = below(c, FOUGHT);

	if (!fuzz_any_of(c, VM_POISON, handle, FIRST_PAGE + frame, fuzz_random(c), may,
			 protected ? ARRAY_SIZE(may) : 1))
		went(FROM_GUEST, frame);
}

static void reclaim(struct fuzz_cpu *c)
{
	static const s64 may[] = { 0, HYP_EPERM };
	int frame = below(c, FOUGHT);

	if (!fuzz_any_of(c, VM_RECLAIM, handle, first_pfn + frame, fuzz_random(c), may, ARRAY_SIZE(may)))
		went(FROM_GUEST, frame);
}

/* What the VM keeps is never given back to the host by a call on frames. */
static void kept(struct fuzz_cpu *c)
{
	static const u64 ids[] = { MEM_SHARE_HYP, MEM_UNSHARE_HYP, MEM_PIN, MEM_UNPIN };
	u64 pfn = first_pfn + (below(c, 2) ? ROOT : TABLES + below(c, 2));

	if (below(c, 2))
		fuzz_expect(c, ids[below(c, ARRAY_SIZE(ids))], pfn, 0, 0, HYP_EPERM);
	else
		fuzz_expect(c, below(c, 2) ? MEM_DONATE_HYP : MEM_RECLAIM_HYP, pfn, 1, 0, HYP_EPERM);
}

void fuzz_shared_call(struct fuzz_cpu *c)
{
	switch (below(c, 32)) {
	case 0 ... 11:
		one_frame(c, below(c, FOUGHT));
		break;
	case 12 ... 17:
		range(c);
		break;
	case 18 ... 22:
		map(c);
		break;
	case 23 ... 25:
		unmap(c);
		break;
	case 26:
		poison(c);
		break;
	case 27:
		if (below(c, 2))
			access_page(c);
		else
			join(c);
		break;
	case 28:
		if (below(c, 8))
			kept(c);
		else
			teardown(c);
		break;
	case 29:
		reclaim_vcpu(c);
		break;
	default:
		reclaim(c);
		break;
	}
}

static void pin(struct fuzz_cpu *c)
{
	static const s64 may[] = { 0, HYP_EPERM };

	if (!fuzz_any_of(c, MEM_PIN, first_pfn, 0, 0, may, ARRAY_SIZE(may)))
		went(PINS, 0);
}

static void unpin(struct fuzz_cpu *c)
{
	static const s64 may[] = { 0, HYP_EPERM, HYP_ENOENT };

	if (!fuzz_any_of(c, MEM_UNPIN, first_pfn, 0, 0, may, ARRAY_SIZE(may)))
		went(UNPINS, 0);
}

/* One call. Nobody has turned on a vCPU of the VM. */
static void fight(struct fuzz_cpu *c)
{
	u64 n = below(c, 32);

	if (!below(c, 512))
		teardown(c);
	else if (n < 2)
		one_frame(c, 0);
	else if (n < 12 && !fuzz_shared_loaded(c))
		load(c);
	else if (n < 6)
		fuzz_shared_put(c);
	else if (n < 8 && fuzz_shared_loaded(c))
		fuzz_expect(c, VCPU_RUN, 0, 0, 0, EXIT_OFF);
	else if (n % 2)
		pin(c);
	else
		unpin(c);
}

/*
 * All at once on one frame, and on the vCPUs: what one of them does without the others' lock, is lost. What a CPU draws
 * here depends on what the others do; it is drawn from a generator of its own.
 */
void fuzz_shared_fight(struct fuzz_cpu *c)
{
	swap(c->random, c->random_fight);
	fight(c);
	swap(c->random, c->random_fight);
}

/* The first CPU makes a VM, with two vCPUs and the tables for its pages. */
static void make_vm(struct fuzz_cpu *c)
{
	struct fuzz_call call = { VM_RESERVE, { 0 }, { 0 }, VM_HANDLE_BASE };
	u32 i;

	if (!fuzz_call(c, &call))
		return;
	handle = call.x[1];
	if (handle - VM_HANDLE_BASE >= VMS_MAX || atomic_xchg(&fuzz_owner[handle - VM_HANDLE_BASE], CPUS + 1)) {
		fuzz_differs(c, "no handle, or another's: 0x%llx", handle);
		return;
	}
	protected = !protected;
	fuzz_expect(c, VM_INIT, handle, first_pfn + ROOT, protected, 0);
	for (i = 0; i < SHARED_VCPUS; i++) {
		fuzz_expect(c, VCPU_INIT, handle, i, first_pfn + VCPU(i), 0);
		atomic_set(&there[i], 1);
	}
	fuzz_expect(c, VM_TABLE, handle, FIRST_PAGE, first_pfn + TABLES, 0);
	fuzz_expect(c, VM_TABLE, handle, FIRST_PAGE, first_pfn + TABLES + 1, 0);
	atomic_set(&dying, 0);
	alive = true;
}

static void end_vm(struct fuzz_cpu *c)
{
	u32 i;

	for (i = 0; i < SHARED_VCPUS; i++)
		fuzz_expect(c, VCPU_RECLAIM, handle, i, 0, atomic_xchg(&there[i], 0) ? 0 : HYP_ENOENT);
	for (i = 0; i < FOUGHT; i++) {
		if (net(TO_GUEST, FROM_GUEST, i) == 1 && fuzz_expect(c, VM_RECLAIM, handle, first_pfn + i, 0, 0))
			went(FROM_GUEST, i);
	}
	fuzz_expect(c, VM_FINALIZE, handle, 0, 0, HYP_EBUSY);
	for (i = 0; i < 2; i++)
		fuzz_expect(c, VM_RECLAIM, handle, first_pfn + TABLES + i, 0, 0);
	atomic_set(&fuzz_owner[handle - VM_HANDLE_BASE], 0);
	fuzz_expect(c, VM_FINALIZE, handle, 0, 0, 0);
	alive = false;
}

/* The state that frame @frame must be in, from what succeeded: state and count as MEM_INFO has them, or -1. */
static s64 state_from(int frame)
{
	int shared = net(TO_SHARED, FROM_SHARED, frame);
	int hyp = net(TO_HYP, FROM_HYP, frame);
	int guest = net(TO_GUEST, FROM_GUEST, frame);
	int pins = net(PINS, UNPINS, frame);

	if (shared < 0 || hyp < 0 || guest < 0 || shared + hyp + guest > 1 || pins < 0 || (pins && !shared))
		return -1;
	if (shared)
		return FRAME_HOST_SHARED_HYP + 256 * (s64)pins;
	if (hyp)
		return FRAME_HYP;
	if (!guest)
		return FRAME_HOST;
	return protected ? FRAME_GUEST : FRAME_HOST_SHARED_GUEST + 256;
}

/* Calls on handles that are nobody's, and on more than there are. */
static void check_handles(struct fuzz_cpu *c)
{
	static const u64 ids[] = { VM_UNRESERVE, VM_INIT, VCPU_INIT, VCPU_LOAD, VM_TEARDOWN, VCPU_RECLAIM, VM_FINALIZE,
				   VM_TABLE, VM_MAP, VM_UNMAP, VM_RECLAIM, VM_MAP_READ, VM_ACCESS, VM_POISON, VM_JOIN };
	u64 got[VMS_MAX];
	unsigned int n = 0;
	unsigned int i, v;

	for (v = 0; v < VMS_MAX; v++) {
		for (i = 0; i < ARRAY_SIZE(ids) && !atomic_read(&fuzz_owner[v]); i++)
			fuzz_expect(c, ids[i], VM_HANDLE_BASE + v, 0, 0, HYP_ENOENT);
	}
	for (v = 0; v < VMS_MAX; v++) {
		if (!atomic_read(&fuzz_owner[v])) {
			/* The lowest that is free. */
			fuzz_expect(c, VM_RESERVE, 0, 0, 0, VM_HANDLE_BASE + v);
			got[n++] = VM_HANDLE_BASE + v;
		}
	}
	fuzz_expect(c, VM_RESERVE, 0, 0, 0, HYP_ENOMEM);
	for (i = 0; i < n; i++)
		fuzz_expect(c, VM_UNRESERVE, got[i], 0, 0, 0);
}

/* All have met, and the first CPU looks. */
void fuzz_shared_check(struct fuzz_cpu *c)
{
	int i;

	for (i = 0; i < FOUGHT; i++) {
		s64 state = state_from(i);

		if (state < 0)
			fuzz_differs(c, "no order of the calls that succeeded explains frame 0x%llx", first_pfn + i);
		fuzz_expect(c, MEM_INFO, first_pfn + i, 0, 0, state);
	}
	fuzz_expect(c, MEM_INFO, first_pfn + ROOT, 0, 0, alive ? FRAME_HYP_VM : FRAME_HOST);
	for (i = 0; i < SHARED_VCPUS; i++)
		fuzz_expect(c, MEM_INFO, first_pfn + VCPU(i), 0, 0, atomic_read(&there[i]) ? FRAME_HYP_VM : FRAME_HOST);
	check_handles(c);
	if (alive && atomic_read(&dying))
		end_vm(c);
	if (!alive)
		make_vm(c);
}

/* At the end: all is the host's. No CPU has loaded anything. */
void fuzz_shared_end(struct fuzz_cpu *c)
{
	int i;

	if (alive && !atomic_read(&dying))
		fuzz_expect(c, VM_TEARDOWN, handle, 0, 0, 0);
	if (alive)
		end_vm(c);
	for (i = 0; i < FOUGHT; i++) {
		while (net(PINS, UNPINS, i) && fuzz_expect(c, MEM_UNPIN, first_pfn + i, 0, 0, 0))
			went(UNPINS, i);
		if (net(TO_SHARED, FROM_SHARED, i))
			fuzz_expect(c, MEM_UNSHARE_HYP, first_pfn + i, 0, 0, 0);
		if (net(TO_HYP, FROM_HYP, i))
			fuzz_expect(c, MEM_RECLAIM_HYP, first_pfn + i, 1, 0, 1);
	}
	for (i = 0; i < 1 << ORDER; i++) {
		if (!fuzz_expect(c, MEM_INFO, first_pfn + i, 0, 0, FRAME_HOST))
			return;
		WRITE_ONCE(data[i * 512], READ_ONCE(data[i * 512 + 511]));
	}
}

bool fuzz_shared_setup(void)
{
	struct page *pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, ORDER);

	if (!pages)
		return false;
	first_pfn = page_to_pfn(pages);
	data = page_address(pages);
	return true;
}

void fuzz_shared_free(void)
{
	__free_pages(pfn_to_page(first_pfn), ORDER);
}
