// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls on frames, and those that are about no frame.
 */
#include "fuzz.h"
#include <oracle/ownership_oracle.h>

/* What @step says of the frame that @t names. */
static s64 one_error(const struct fuzz_target *t, struct oracle_result step)
{
	return t->error ? t->error : step.error;
}

static void apply(struct fuzz_cpu *c, const struct fuzz_target *t, struct oracle_result step)
{
	struct fuzz_frame *f = &c->frame[t->frame];

	f->state = step.state;
	f->count = step.count;
	if (step.state == FRAME_HOST)
		fuzz_look(c, f);
}

/* What the model says of call @id on a frame in that state. */
struct oracle_result fuzz_step(u64 id, u32 state, u32 count)
{
	switch (id) {
	case MEM_SHARE_HYP:
		return oracle_host_share_hyp(state, count);
	case MEM_UNSHARE_HYP:
		return oracle_host_unshare_hyp(state, count);
	case MEM_PIN:
		return oracle_hyp_pin(state, count);
	case MEM_UNPIN:
		return oracle_hyp_unpin(state, count);
	case MEM_DONATE_HYP:
		return oracle_host_donate_hyp(state, count);
	default:
		return oracle_hyp_donate_host(state, count);
	}
}

static void one_frame(struct fuzz_cpu *c, u64 id)
{
	struct fuzz_target t = fuzz_pick(c, id == MEM_SHARE_HYP ? FRAME_HOST : FRAME_HOST_SHARED_HYP);
	struct oracle_result step = fuzz_step(id, t.state, t.count);

	if (fuzz_expect(c, id, t.pfn, fuzz_random(c), fuzz_random(c), one_error(&t, step)))
		apply(c, &t, step);
}

static struct oracle_result move_of(u64 id, u32 state, u32 count)
{
	return id == MEM_DONATE_HYP ? oracle_host_donate_hyp(state, count) : oracle_hyp_donate_host(state, count);
}

/* Of the CPU's own frames; what goes past their end is not looked at by this call. */
static void own_range(struct fuzz_cpu *c, u64 id, int first)
{
	u64 nr = below(c, 4) ? 1 + below(c, 2) : below(c, 32) ? 1 + below(c, 12) : 1 + below(c, 200);
	int end = first < FRAMES ? FRAMES : FRAMES_ALL;
	s64 done = min_t(u64, nr, RANGE_FRAMES_MAX);
	s64 want = done;
	int i;

	if (first + done > end) {
		nr = end - first;
		done = nr;
		want = done;
	}
	for (i = 0; i < done && want >= 0; i++) {
		struct oracle_result step = move_of(id, c->frame[first + i].state, c->frame[first + i].count);

		if (step.error)
			want = step.error;
	}
	if (!fuzz_expect(c, id, c->frame[first].pfn, nr, fuzz_random(c), want))
		return;
	for (i = 0; i < done; i++) {
		struct fuzz_frame *f = &c->frame[first + i];
		struct oracle_result step = move_of(id, f->state, f->count);

		f->state = step.state;
		f->count = step.count;
		if (id == MEM_RECLAIM_HYP)
			fuzz_cleared(c, f);
	}
}

/* Arguments in their order, then the range as a whole: none of these gets as far as a frame. */
static void wrong_range(struct fuzz_cpu *c, u64 id, u64 pfn)
{
	switch (below(c, 5)) {
	case 0:
		fuzz_expect(c, id, pfn, 0, 0, pfn < PFN_END ? HYP_EINVAL : HYP_ERANGE);
		break;
	case 3:
		fuzz_expect(c, id, pfn | PFN_END, 0, 0, HYP_ERANGE);
		break;
	case 1:
		fuzz_expect(c, id, pfn, PFN_END + 1 + fuzz_random(c) % PFN_END, 0, HYP_ERANGE);
		break;
	case 2:
		fuzz_expect(c, id, pfn, ~0ULL, 0, HYP_ERANGE);
		break;
	default:
		fuzz_expect(c, id, PFN_END - 1, 2 + below(c, 100), 0, HYP_ERANGE);
		break;
	}
}

static void range(struct fuzz_cpu *c, u64 id)
{
	struct fuzz_target t = fuzz_pick(c, id == MEM_DONATE_HYP ? FRAME_HOST : FRAME_HYP);

	if (!below(c, 32)) {
		wrong_range(c, id, t.pfn);
	} else if (t.error || t.frame == NONE) {
		fuzz_expect(c, id, t.pfn, 1, fuzz_random(c), t.error ? t.error : move_of(id, t.state, t.count).error);
	} else {
		own_range(c, id, t.frame);
	}
}

static void info(struct fuzz_cpu *c)
{
	struct fuzz_target t = fuzz_pick(c, below(c, FRAME_HOST_SHARED_GUEST + 1));

	fuzz_expect(c, MEM_INFO, t.pfn, fuzz_random(c), fuzz_random(c),
		    t.error ? t.error : t.state + 256 * (s64)t.count);
}

void fuzz_memory_call(struct fuzz_cpu *c)
{
	/* More ways home than away: most frames are to be the host's, for VMs. */
	switch (below(c, 32)) {
	case 0 ... 2:
		one_frame(c, MEM_SHARE_HYP);
		break;
	case 3 ... 8:
		one_frame(c, MEM_UNSHARE_HYP);
		break;
	case 9 ... 11:
		one_frame(c, MEM_PIN);
		break;
	case 12 ... 16:
		one_frame(c, MEM_UNPIN);
		break;
	case 17 ... 18:
		range(c, MEM_DONATE_HYP);
		break;
	case 19 ... 24:
		range(c, MEM_RECLAIM_HYP);
		break;
	case 25 ... 27:
		info(c);
		break;
	default:
		fuzz_touch(c, &c->frame[below(c, FRAMES)]);
		break;
	}
}

/* A call whose id is not known: x0 is -1, and nothing else changes. */
static void unknown(struct fuzz_cpu *c)
{
	struct fuzz_call call = { 0, { fuzz_random(c), fuzz_random(c), fuzz_random(c) }, { 0 }, SMCCC_NOT_SUPPORTED };

	switch (below(c, 4)) {
	case 0:
		call.id = HYPERCALL_BASE + HYPERCALL_COUNT + below(c, 64);
		break;
	case 1:
		/* Known when it is cut to 32 bits. */
		call.id = HYPERCALL_BASE + below(c, HYPERCALL_COUNT) + ((1 + below(c, 1ULL << 31)) << 32);
		break;
	case 2:
		call.id = 0x84000000 + below(c, 0x20);
		break;
	default:
		call.id = fuzz_random(c) | 1ULL << 40;
		break;
	}
	if (!fuzz_call(c, &call))
		return;
	if (call.x[0] != (u64)SMCCC_NOT_SUPPORTED || memcmp(&call.x[1], call.a, sizeof(call.a)))
		fuzz_differs(c, "unknown call 0x%llx changed a register or is known", call.id);
}

static void smccc(struct fuzz_cpu *c)
{
	static const struct {
		u64 id, a, x[4];
	} rows[] = {
		{ SMCCC_VERSION, 7, { SMCCC_VERSION_1_2, 7, 8, 9 } },
		{ SMCCC_ARCH_FEATURES, SMCCC_VERSION, { 0, SMCCC_VERSION, 8, 9 } },
		{ SMCCC_ARCH_FEATURES, VENDOR_HYP_UID, { (u64)SMCCC_NOT_SUPPORTED, VENDOR_HYP_UID, 8, 9 } },
		{ VENDOR_HYP_CALL_COUNT, 7, { HYPERCALL_COUNT, 7, 8, 9 } },
		{ VENDOR_HYP_UID, 7, { UID_WORD0, UID_WORD1, UID_WORD2, UID_WORD3 } },
		{ VENDOR_HYP_REVISION, 7, { ABI_MAJOR, ABI_MINOR, 8, 9 } },
	};
	unsigned int i = below(c, ARRAY_SIZE(rows));
	struct fuzz_call call = { rows[i].id, { rows[i].a, 8, 9 }, { 0 }, rows[i].x[0] };

	if (fuzz_call(c, &call) && memcmp(call.x, rows[i].x, sizeof(rows[i].x)))
		fuzz_differs(c, "SMCCC call 0x%llx is answered with something else", call.id);
}

/* How many frames of the pool are free changes at any time. */
static void stats(struct fuzz_cpu *c)
{
	static const u64 wrong[] = { STAT_SVE + 1, 1ULL << 32, ~0ULL };
	struct fuzz_call call = { HYP_STATS, { below(c, STAT_SVE + 1), 0, 0 }, { 0 }, 0 };
	u64 stat = call.a[0];

	if (!below(c, 4)) {
		fuzz_expect(c, HYP_STATS, wrong[below(c, ARRAY_SIZE(wrong))], 0, 0, HYP_EINVAL);
		return;
	}
	if (!fuzz_call(c, &call))
		return;
	if (stat == STAT_POOL_FREE_FRAMES ? call.x[1] > fuzz_figures[STAT_POOL_FRAMES] :
					    (s64)call.x[1] != fuzz_figures[stat])
		fuzz_differs(c, "figure %llu changed to %lld", stat, (s64)call.x[1]);
}

void fuzz_other_call(struct fuzz_cpu *c)
{
	switch (below(c, 4)) {
	case 0:
		unknown(c);
		break;
	case 1:
		smccc(c);
		break;
	case 2:
		stats(c);
		break;
	default:
		fuzz_expect(c, HYP_VERSION, fuzz_random(c), fuzz_random(c), fuzz_random(c),
			    ABI_MAJOR * 65536 + ABI_MINOR);
		break;
	}
}

/* At the end: a frame that no VM has becomes the host's. */
void fuzz_frame_home(struct fuzz_cpu *c, struct fuzz_frame *f)
{
	struct oracle_result step;

	while (f->state == FRAME_HOST_SHARED_HYP && !READ_ONCE(fuzz_failed)) {
		u64 id = f->count ? MEM_UNPIN : MEM_UNSHARE_HYP;

		step = fuzz_step(id, f->state, f->count);
		if (fuzz_expect(c, id, f->pfn, 0, 0, step.error)) {
			f->state = step.state;
			f->count = step.count;
		}
	}
	if (f->state == FRAME_HYP && fuzz_expect(c, MEM_RECLAIM_HYP, f->pfn, 1, 0, 1)) {
		f->state = FRAME_HOST;
		fuzz_cleared(c, f);
	}
}
