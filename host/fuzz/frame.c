// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames as they must be. What a transition for the sake of a VM does is the generated table's (vm_vectors.h), what one
 * between the host and Hypatia does, the generated oracle's.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/string.h>

#include "fuzz.h"
#include "program.h"
#include <vectors/vm_vectors.h>

#define LAST_WORD (PAGE_SIZE / sizeof(u64) - 1)
#define HIDDEN 2

/* Ranges that are Hypatia's: image and carve-out. */
static struct resource hidden[HIDDEN];

static const char *const state_names[] = {
	[FRAME_HOST] = "HOST",
	[FRAME_HOST_SHARED_HYP] = "HOST_SHARED_HYP",
	[FRAME_HYP] = "HYP",
	[FRAME_HYP_VM] = "HYP_VM",
	[FRAME_GUEST] = "GUEST",
	[FRAME_GUEST_SHARED_HOST] = "GUEST_SHARED_HOST",
	[FRAME_HOST_SHARED_GUEST] = "HOST_SHARED_GUEST",
};

static const struct move_row *row(const char *move)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(move_rows); i++) {
		if (!strcmp(move_rows[i].name, move))
			return &move_rows[i];
	}
	/* Not with the rows that the fuzzer names. */
	BUG();
}

static u32 state_of(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(state_names); i++) {
		if (!strcmp(state_names[i], name))
			return i;
	}
	BUG();
}

s32 fuzz_move_error(const char *move, u32 state, u32 count)
{
	const struct move_row *r = row(move);

	if (state_of(r->from) != state)
		return HYP_EPERM;
	return !strcmp(r->guard, "one") && count != 1 ? HYP_EBUSY : 0;
}

bool fuzz_host_reaches(u32 state)
{
	return state == FRAME_HOST || state == FRAME_HOST_SHARED_HYP || state == FRAME_GUEST_SHARED_HOST ||
	       state == FRAME_HOST_SHARED_GUEST;
}

void fuzz_cleared(struct fuzz_cpu *c, struct fuzz_frame *f)
{
	f->code = false;
	f->word[0] = 0;
	f->word[1] = 0;
	if (fuzz_host_reaches(f->state) && memchr_inv(f->data, 0, PAGE_SIZE))
		fuzz_differs(c, "frame 0x%llx came back with something in it", f->pfn);
}

void fuzz_move(struct fuzz_cpu *c, const char *move, struct fuzz_frame *f)
{
	const struct move_row *r = row(move);

	f->state = state_of(r->to);
	f->count = !strcmp(r->effect, "one") ? 1 : 0;
	if (r->clears)
		fuzz_cleared(c, f);
	if (f->state == FRAME_HOST) {
		f->vm = 0;
		f->role = FREE_FRAME;
		f->code = false;
		fuzz_look(c, f);
	}
}

/* Frame @frame serves the VM of @slot from now on. */
void fuzz_given(struct fuzz_cpu *c, int frame, int slot, enum role role, u32 level, u64 key)
{
	struct fuzz_frame *f = &c->frame[frame];

	f->role = role;
	f->level = level;
	f->key = key;
	if (role == TABLE_FRAME || role == PAGE_FRAME) {
		f->vm = slot + 1;
		c->vm[slot].given++;
	}
}

/* What the host finds in a frame that it reaches. */
void fuzz_look(struct fuzz_cpu *c, struct fuzz_frame *f)
{
	u64 first, last;

	if (!fuzz_host_reaches(f->state) || READ_ONCE(fuzz_failed))
		return;
	first = READ_ONCE(f->data[0]);
	last = READ_ONCE(f->data[LAST_WORD]);
	if (first != f->word[0] || last != f->word[1])
		fuzz_differs(c, "frame 0x%llx holds 0x%llx and 0x%llx, not 0x%llx and 0x%llx", f->pfn, first, last,
			     f->word[0], f->word[1]);
}

/* The host looks and writes. */
void fuzz_touch(struct fuzz_cpu *c, struct fuzz_frame *f)
{
	fuzz_look(c, f);
	if (!fuzz_host_reaches(f->state) || f->code)
		return;
	f->word[0] = fuzz_random(c);
	f->word[1] = fuzz_random(c);
	WRITE_ONCE(f->data[0], f->word[0]);
	WRITE_ONCE(f->data[LAST_WORD], f->word[1]);
}

/* The program, where a guest will run it. */
void fuzz_code(struct fuzz_frame *f)
{
	memcpy(f->data, fuzz_program, PAGE_SIZE);
	f->word[0] = f->data[0];
	f->word[1] = f->data[LAST_WORD];
}

static int find_state(struct fuzz_cpu *c, u32 state)
{
	int from = below(c, FRAMES);
	int i;

	for (i = 0; i < FRAMES; i++) {
		if (c->frame[(from + i) % FRAMES].state == state)
			return (from + i) % FRAMES;
	}
	return from;
}

static struct fuzz_target not_ram(struct fuzz_cpu *c)
{
	static const u64 pfns[] = { 0, 0x9000, PFN_END - 1, PFN_END / 2 };

	return (struct fuzz_target){ pfns[below(c, ARRAY_SIZE(pfns))], NONE, HYP_EINVAL, 0, 0 };
}

static struct fuzz_target no_frame_number(struct fuzz_cpu *c)
{
	static const u64 pfns[] = { PFN_END, PFN_END + 1, ~0ULL, 1ULL << 63, 1ULL << 52 };
	u64 pfn = pfns[below(c, ARRAY_SIZE(pfns))];

	/* What becomes a frame of the CPU's own where it is cut to 32 bits, or to 36. */
	if (below(c, 2))
		pfn = c->frame[below(c, FRAMES)].pfn + (below(c, 2) ? PFN_END : 1ULL << 40);
	return (struct fuzz_target){ pfn, NONE, HYP_ERANGE, 0, 0 };
}

/* A frame of the image or the carve-out: the spec says that its count is not 0. */
static struct fuzz_target hidden_frame(struct fuzz_cpu *c)
{
	const struct resource *place = &hidden[below(c, HIDDEN)];
	u64 pfn = PHYS_PFN(place->start) + below(c, PHYS_PFN(resource_size(place)));

	return (struct fuzz_target){ pfn, NONE, 0, FRAME_HYP, 1 };
}

struct fuzz_target fuzz_pick(struct fuzz_cpu *c, u32 wanted)
{
	struct fuzz_target t = { 0, NONE, 0, 0, 0 };

	switch (below(c, 64)) {
	case 0:
		return not_ram(c);
	case 1:
		return no_frame_number(c);
	case 2:
		return hidden_frame(c);
	case 3:
		t.frame = FRAMES + below(c, ROW);
		/* Of the row none goes another way than to its VM. */
		if (c->frame[t.frame].state != FRAME_HOST)
			break;
		fallthrough;
	default:
		t.frame = below(c, 4) ? find_state(c, wanted) : (int)below(c, FRAMES);
		break;
	}
	t.pfn = c->frame[t.frame].pfn;
	t.state = c->frame[t.frame].state;
	t.count = c->frame[t.frame].count;
	return t;
}

/* Hypatia has of each frame what the model has. */
void fuzz_frames_check(struct fuzz_cpu *c)
{
	int i;

	for (i = 0; i < FRAMES_ALL; i++) {
		const struct fuzz_frame *f = &c->frame[i];

		fuzz_expect(c, MEM_INFO, f->pfn, 0, 0, f->state + 256 * (s64)f->count);
	}
}

static bool frames_get(struct fuzz_frame *frames, unsigned int order)
{
	struct page *pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
	int i;

	if (!pages)
		return false;
	for (i = 0; i < 1 << order; i++) {
		frames[i].pfn = page_to_pfn(pages) + i;
		frames[i].data = page_address(pages + i);
	}
	return true;
}

bool fuzz_frames_setup(struct fuzz_cpu *c)
{
	return frames_get(c->frame, FRAME_ORDER) && frames_get(c->frame + FRAMES, ROW_ORDER);
}

void fuzz_frames_free(struct fuzz_cpu *c)
{
	__free_pages(pfn_to_page(c->frame[0].pfn), FRAME_ORDER);
	__free_pages(pfn_to_page(c->frame[FRAMES].pfn), ROW_ORDER);
}

bool fuzz_hidden_setup(void)
{
	struct device_node *parent = of_find_node_by_path("/reserved-memory");
	struct device_node *child;
	unsigned int found = 0;

	for_each_child_of_node(parent, child) {
		if (of_node_name_eq(child, "hypatia") && found < HIDDEN &&
		    !of_address_to_resource(child, 0, &hidden[found]))
			found++;
	}
	of_node_put(parent);
	return found == HIDDEN;
}
