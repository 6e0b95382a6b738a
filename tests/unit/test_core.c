/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ownership through the whole core: every state against every operation as the specification's vectors
 * say, and random calls and faults with the model's own transition functions (gen/oracle) beside them.
 */
#include <string.h>
#include <unistd.h>

#include <gen/vectors/hypercall_vectors.h>
#include <gen/vectors/ownership_vectors.h>
#include <oracle/ownership_oracle.h>

#include "machine.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FRAMES (BANK0_COUNT + BANK1_COUNT)
#define PATTERN 0x1234567890abcdeful
#define ESR_TRANSLATION 0x92000007ul

static struct {
	u32 state, count;
} model[FRAMES];

static u64 pool_start;

static s64 hvc3(u64 id, u64 a, u64 b, u64 c)
{
	u64 rest[REST] = { 0 };
	struct hvc_result result = hyp_handle_hvc(id, a, b, c, rest);

	machine_check_quiet();
	assert_int_equal(result.a0, SMCCC_SUCCESS);
	return (s64)result.a1;
}

static s64 hvc(u64 id, u64 a, u64 b)
{
	return hvc3(id, a, b, 0);
}

/* Place of a frame in the model, FRAMES for one that is not RAM. */
static u64 place(u64 pfn)
{
	if (pfn - BANK0_FIRST < BANK0_COUNT) {
		return pfn - BANK0_FIRST;
	}
	return pfn - BANK1_FIRST < BANK1_COUNT ? pfn - BANK1_FIRST + BANK0_COUNT : FRAMES;
}

static u64 pfn_at(u64 at)
{
	return at < BANK0_COUNT ? BANK0_FIRST + at : BANK1_FIRST + at - BANK0_COUNT;
}

static u64 leaf_data(u64 pfn)
{
	return desc_flat(pfn, 3, desc_map_attrs(0, MAP_DATA));
}

/* What EL2 has of page @n in a claimed range that begins at @first and ends before @end. */
static u64 leaf_claimed(u64 n, u32 kind, u64 first, u64 end)
{
	u64 leaf = desc_flat(n, 3, desc_map_attrs(0, kind));
	u32 block = first <= n / 512 * 512 && n / 512 * 512 + 512 <= end;

	return !block && first <= n / 16 * 16 && n / 16 * 16 + 16 <= end ? leaf | 1ul << 52 : leaf;
}

/* Pages of EL2's map with the contiguous bit; checks that the 16 of a group all have it, and are one mapping. */
static u64 count_groups(void)
{
	u64 count = 0;
	u64 at;
	u64 k;

	for (at = 0; at < FRAMES; at++) {
		u64 pfn = pfn_at(at);
		u64 leaf = machine_page(PGT_HYP, pfn);

		if ((leaf >> 52 & 1) == 0) {
			continue;
		}
		count++;
		for (k = 0; k < 16; k++) {
			u64 other = pfn / 16 * 16 + k;

			assert_int_equal(machine_walk(PGT_HYP, other).level, 3);
			assert_int_equal(machine_page(PGT_HYP, other) - other * PAGE_SIZE, leaf - pfn * PAGE_SIZE);
		}
	}
	return count;
}

/*
 * Put frame @pfn, the host's, into a state by legal steps; its count by hand, and the states of guests' frames, to
 * which no step of the code leads yet.
 */
static void prepare(u64 pfn, u32 state, u32 count)
{
	lock_acquire(LOCK_MM);
	if (state == FRAME_HOST_SHARED_HYP) {
		assert_int_equal(host_share_hyp(pfn), 0);
	} else if (state == FRAME_HYP) {
		assert_int_equal(host_donate_hyp(pfn), 0);
	} else if (state == FRAME_HYP_VM) {
		assert_int_equal(vm_give(pfn), 0);
	} else if (state != FRAME_HOST) {
		frame_state_set(pfn, place(pfn), state);
	}
	frame_count_set(pfn, place(pfn), count);
	lock_release(LOCK_MM);
}

static s32 operate(u32 op, u64 pfn)
{
	s32 error;

	lock_acquire(LOCK_MM);
	switch (op) {
	case OP_HOST_SHARE_HYP:
		error = host_share_hyp(pfn);
		break;
	case OP_HOST_UNSHARE_HYP:
		error = host_unshare_hyp(pfn);
		break;
	case OP_HYP_PIN:
		error = hyp_pin(pfn);
		break;
	case OP_HYP_UNPIN:
		error = hyp_unpin(pfn);
		break;
	case OP_HOST_DONATE_HYP:
		error = host_donate_hyp(pfn);
		break;
	default:
		error = hyp_donate_host(pfn);
		break;
	}
	lock_release(LOCK_MM);
	return error;
}

/* What the tables must say of a frame in @state that is not reserved. */
static void check_tables(u64 pfn, u32 state)
{
	u64 host = machine_page(PGT_HOST, pfn);

	assert_int_equal(machine_page(PGT_HYP, pfn),
			 state == FRAME_HOST || state > FRAME_HYP_VM ? 0 : leaf_data(pfn));
	if (state == FRAME_HYP || state == FRAME_HYP_VM) {
		assert_int_equal(host, desc_hyp_owned());
	} else {
		assert_true(host == 0 || host == desc_flat(pfn, 3, desc_host_attrs(1)));
	}
}

static void test_transitions(void **state)
{
	u64 i;
	u64 k;
	u64 pfn = BANK0_FIRST + 0x1234;

	(void)state;
	for (i = 0; i < COUNT(transition_vectors); i++) {
		const struct transition_vector *v = &transition_vectors[i];

		machine_boot(i % 2 == 0 ? 40 : 48);
		machine_fill(pfn, PATTERN);
		if (i % 3 == 0) {
			hyp_handle_abort(ESR_TRANSLATION, 0, pfn << 4);
		}
		prepare(pfn, v->state, v->count);
		machine_fill(pfn, PATTERN);
		assert_int_equal(operate(v->op, pfn), v->error);
		assert_int_equal(hvc(MEM_INFO, pfn, 0), v->new_state + 256 * v->new_count);
		check_tables(pfn, v->new_state);
		for (k = 0; k < 512; k++) {
			assert_int_equal(machine_word(pfn, k), v->clears != 0 ? 0 : PATTERN);
		}
		assert_int_equal(hvc(MEM_INFO, pfn + 1, 0), FRAME_HOST);
		check_tables(pfn + 1, FRAME_HOST);
	}
}

static void test_not_ram(void **state)
{
	static const u64 pfns[] = { 0, 1, BANK0_FIRST - 1, BANK0_FIRST + BANK0_COUNT, BANK1_FIRST - 1,
				    BANK1_FIRST + BANK1_COUNT, 0xffffffffful, CONSOLE_PFN };
	u32 op;
	u64 i;

	(void)state;
	machine_boot(40);
	for (i = 0; i < COUNT(pfns); i++) {
		for (op = 0; op < OP_COUNT; op++) {
			assert_int_equal(operate(op, pfns[i]), HYP_EINVAL);
		}
		assert_int_equal(hvc(MEM_INFO, pfns[i], 0), HYP_EINVAL);
	}
}

static void test_arguments(void **state)
{
	u64 free;
	u64 i;

	(void)state;
	machine_boot(40);
	free = pool.free;
	for (i = 0; i < COUNT(argument_vectors); i++) {
		const struct argument_vector *v = &argument_vectors[i];

		if (hvc3(v->id, v->arg[0], v->arg[1], v->arg[2]) != v->error) {
			fail_msg("call 0x%lx(0x%lx, 0x%lx, 0x%lx): not %d", (unsigned long)v->id,
				 (unsigned long)v->arg[0], (unsigned long)v->arg[1],
				 (unsigned long)v->arg[2], v->error);
		}
		assert_int_equal(pool.free, free);
	}
	for (i = 0; i < COUNT(limit_vectors); i++) {
		const struct argument_vector *v = &limit_vectors[i];

		assert_int_not_equal(hvc3(v->id, v->arg[0], v->arg[1], v->arg[2]), v->error);
		assert_int_equal(pool.free, free);
	}
}

/* Range calls: all or nothing on a state that does not allow them, in pieces when they are long. */
static void test_ranges(void **state)
{
	u64 pfn = BANK0_FIRST + 0x2000;
	u64 k;

	(void)state;
	machine_boot(40);
	assert_int_equal(hvc(MEM_DONATE_HYP, pfn, 200), RANGE_FRAMES_MAX);
	assert_int_equal(hvc(MEM_DONATE_HYP, pfn, 1), HYP_EPERM);
	assert_int_equal(hvc(MEM_DONATE_HYP, pfn - 8, 9), HYP_EPERM);
	for (k = 1; k <= 8; k++) {
		assert_int_equal(hvc(MEM_INFO, pfn - k, 0), FRAME_HOST);
	}
	assert_int_equal(hvc(MEM_DONATE_HYP, BANK0_FIRST + BANK0_COUNT - 4, 5), HYP_EINVAL);
	assert_int_equal(hvc(MEM_INFO, BANK0_FIRST + BANK0_COUNT - 4, 0), FRAME_HOST);
	assert_int_equal(hvc(MEM_RECLAIM_HYP, pfn, RANGE_FRAMES_MAX + 1), RANGE_FRAMES_MAX);
	assert_int_equal(hvc(MEM_RECLAIM_HYP, IMAGE_FIRST, 1), HYP_EBUSY);
	assert_int_equal(hvc(MEM_RECLAIM_HYP, pool.first, 1), HYP_EBUSY);
	/* Both arguments are wrong: the first is checked first. */
	assert_int_equal(hvc(MEM_DONATE_HYP, 0x1000000000, 0), HYP_ERANGE);
	assert_int_equal(hvc(MEM_RECLAIM_HYP, ~0ul, 0), HYP_ERANGE);
	assert_int_equal(hvc(MEM_DONATE_HYP, 0xfffffffff, 0), HYP_EINVAL);
}

static void test_boot_state(void **state)
{
	u64 at;
	u64 first = 0;

	(void)state;
	machine_boot(40);
	first = boot_info.carveout_base.pa / PAGE_SIZE;
	for (at = 0; at < FRAMES; at++) {
		u64 pfn = pfn_at(at);
		u32 image = pfn >= IMAGE_FIRST && pfn < boot_info.image_end.pa / PAGE_SIZE;
		u32 carved = pfn >= first && pfn < first + boot_info.carveout_size / PAGE_SIZE;

		assert_int_equal(hvc(MEM_INFO, pfn, 0), image || carved ? FRAME_HYP + 256 : FRAME_HOST);
		assert_int_equal(machine_page(PGT_HOST, pfn), image || carved ? desc_hyp_owned() : 0);
		if (image) {
			u32 kind = pfn < boot_info.text_end.pa / PAGE_SIZE ? MAP_TEXT :
				   pfn < boot_info.rodata_end.pa / PAGE_SIZE ? MAP_RODATA : MAP_DATA;

			assert_int_equal(machine_page(PGT_HYP, pfn), desc_flat(pfn, 3, desc_map_attrs(0, kind)));
		} else if (carved && pfn >= layout.meta) {
			assert_int_equal(machine_page(PGT_HYP, pfn),
					 leaf_claimed(pfn, MAP_DATA, layout.meta, layout.end));
		} else if (carved && pfn < layout.meta && (pfn - first) % (STACK_PAGES + STACK_GUARD_PAGES) == 0) {
			assert_int_equal(machine_page(PGT_HYP, pfn), 0);
		} else {
			assert_int_equal(machine_page(PGT_HYP, pfn), carved ? leaf_data(pfn) : 0);
		}
	}
}

/* A group that lies in one range of the image is mapped as one; one across an edge, or in a block, is not. */
static void test_groups(void **state)
{
	static const u64 image[][5] = {
		/* first, frames of text, rodata and data, pages that are mapped in groups */
		{ 0, 8, 4, 4, 0 },
		{ 0, 16, 16, 16, 48 },
		{ 1, 16, 16, 16, 0 },
		{ 3, 29, 31, 17, 48 },
		{ 15, 17, 15, 17, 32 },
		{ 0, 384, 512, 16, 400 },
		{ 0, 1024, 496, 32, 1040 },
	};
	u64 carved = 0;
	u64 i;
	u64 k;
	u64 pfn;

	(void)state;
	for (i = 0; i < COUNT(image); i++) {
		u64 end = IMAGE_FIRST + image[i][0];
		u64 groups;

		machine_reset(40);
		boot_info.image_base.pa = end * PAGE_SIZE;
		boot_info.text_end.pa = boot_info.image_base.pa + image[i][1] * PAGE_SIZE;
		boot_info.rodata_end.pa = boot_info.text_end.pa + image[i][2] * PAGE_SIZE;
		boot_info.image_end.pa = boot_info.rodata_end.pa + image[i][3] * PAGE_SIZE;
		machine_start();
		groups = count_groups();
		carved = i == 0 ? groups : carved;
		assert_true(carved > 0);
		assert_int_equal(groups - carved, image[i][4]);
		for (k = 0; k < 3; k++) {
			u64 first = end;

			end = first + image[i][k + 1];
			for (pfn = first; pfn < end; pfn++) {
				assert_int_equal(machine_page(PGT_HYP, pfn),
						 leaf_claimed(pfn, MAP_TEXT + (u32)k, first, end));
			}
		}
	}
}

/* For each address width: the roots, and registers that agree with them. */
static void test_widths(void **state)
{
	static const struct {
		u32 bits, start, roots, size;
	} width[] = {
		{ 32, 1, 1, 0 }, { 36, 1, 1, 1 }, { 40, 1, 2, 2 }, { 42, 1, 8, 3 }, { 44, 0, 1, 4 }, { 48, 0, 1, 5 },
	};
	u64 vtcr;
	u32 root;
	u32 cpu;
	u32 i;

	(void)state;
	for (i = 0; i < sizeof(width) / sizeof(width[0]); i++) {
		machine_boot(width[i].bits);
		assert_int_equal(pgt[PGT_HOST].start, width[i].start);
		assert_int_equal(pgt[PGT_HOST].root_count, width[i].roots);
		for (root = 1; root < width[i].roots; root++) {
			assert_int_equal(machine_word(layout.s2_root + root, 511), 0);
		}
		assert_int_equal(pool.first + pool.count, layout.end);
		vtcr = hyp_host_vtcr();
		/* T0SZ, SL0, write-back and inner shareable walks, PS, RES1 (Arm ARM, VTCR_EL2); VS is 0. */
		assert_int_equal(vtcr, (64 - width[i].bits) + ((2 - width[i].start) << 6) + 0x3500 +
				       (width[i].size << 16) + 0x80000000u);
		assert_int_equal(hyp_host_vttbr(), layout.s2_root * PAGE_SIZE);
		assert_int_equal(hyp_ttbr0(), layout.s1_root * PAGE_SIZE);
		for (cpu = 0; cpu < boot_info.cpu_count; cpu++) {
			u64 top = hyp_stack_top(cpu) / PAGE_SIZE;

			assert_int_equal(hyp_stack_top(cpu) % PAGE_SIZE, 0);
			assert_int_equal(machine_page(PGT_HYP, top - 1), leaf_data(top - 1));
			assert_int_equal(machine_page(PGT_HYP, top - STACK_PAGES), leaf_data(top - STACK_PAGES));
			assert_int_equal(machine_page(PGT_HYP, top - STACK_PAGES - 1), 0);
		}
		assert_int_equal(machine_page(PGT_HYP, CONSOLE_PFN), desc_flat(CONSOLE_PFN, 3, S1_DEVICE));
	}
}

/* One transition in the model: error, or the new state. */
static s32 model_step(u32 op, u64 pfn)
{
	u64 at = place(pfn);
	struct oracle_result r;

	if (at == FRAMES) {
		return HYP_EINVAL;
	}
	switch (op) {
	case OP_HOST_SHARE_HYP:
		r = oracle_host_share_hyp(model[at].state, model[at].count);
		break;
	case OP_HOST_UNSHARE_HYP:
		r = oracle_host_unshare_hyp(model[at].state, model[at].count);
		break;
	case OP_HYP_PIN:
		r = oracle_hyp_pin(model[at].state, model[at].count);
		break;
	case OP_HYP_UNPIN:
		r = oracle_hyp_unpin(model[at].state, model[at].count);
		break;
	case OP_HOST_DONATE_HYP:
		r = oracle_host_donate_hyp(model[at].state, model[at].count);
		break;
	default:
		r = oracle_hyp_donate_host(model[at].state, model[at].count);
		break;
	}
	model[at].state = r.state;
	model[at].count = r.count;
	return r.error;
}

/* A range call in the model: every frame is checked before the first one changes. */
static s64 model_range(u32 op, u64 pfn, u64 nr)
{
	u64 chunk = nr < RANGE_FRAMES_MAX ? nr : RANGE_FRAMES_MAX;
	u64 k;

	if (nr == 0) {
		return HYP_EINVAL;
	}
	for (k = 0; k < chunk; k++) {
		u64 at = place(pfn + k);
		u32 state = at < FRAMES ? model[at].state : 0;
		u32 count = at < FRAMES ? model[at].count : 0;
		s32 error = model_step(op, pfn + k);

		if (at < FRAMES) {
			model[at].state = state;
			model[at].count = count;
		}
		if (error != 0) {
			return error;
		}
	}
	for (k = 0; k < chunk; k++) {
		model_step(op, pfn + k);
	}
	return (s64)chunk;
}

static u64 some_frame(void)
{
	u64 at = test_random() % 48;

	switch (test_random() % 16) {
	case 0:
		return IMAGE_FIRST + at % 16;
	case 1:
		return boot_info.carveout_base.pa / PAGE_SIZE + test_random() % (boot_info.carveout_size / PAGE_SIZE);
	case 2:
		return BANK0_FIRST + BANK0_COUNT - 24 + at;
	case 3:
		return 0x10000 + test_random() % 0x100000;
	case 4:
	case 5:
	case 6:
		return BANK1_FIRST + at;
	default:
		return BANK0_FIRST + 0x11f0 + at;
	}
}

static void fault(u64 pfn)
{
	u64 at = place(pfn);
	u32 refuse = at < FRAMES && model[at].state == FRAME_HYP;

	machine.elr_el2 = 0x4000;
	machine.vbar_el1 = 0x80000;
	machine.spsr_el2 = 5;
	hyp_handle_abort(ESR_TRANSLATION, pfn * PAGE_SIZE, pfn << 4);
	machine_check_quiet();
	if (refuse) {
		assert_int_equal(machine.elr_el2, 0x80200);
	} else {
		assert_int_equal(machine.elr_el2, 0x4000);
		assert_int_equal(machine_page(PGT_HOST, pfn), desc_flat(pfn, 3, desc_host_attrs(at < FRAMES)));
	}
}

static void check_frame(u64 pfn)
{
	u64 at = place(pfn);

	if (at == FRAMES) {
		u64 host = machine_page(PGT_HOST, pfn);

		assert_true(host == 0 || host == desc_flat(pfn, 3, desc_host_attrs(0)));
		return;
	}
	assert_int_equal(hvc(MEM_INFO, pfn, 0), model[at].state + 256 * model[at].count);
	if (model[at].state == FRAME_HYP && model[at].count != 0) {
		assert_int_equal(machine_page(PGT_HOST, pfn), desc_hyp_owned());
	} else {
		check_tables(pfn, model[at].state);
	}
}

static void random_step(void)
{
	static const u64 ids[] = { MEM_SHARE_HYP, MEM_UNSHARE_HYP, MEM_PIN, MEM_UNPIN };
	static const u32 ops[] = { OP_HOST_SHARE_HYP, OP_HOST_UNSHARE_HYP, OP_HYP_PIN, OP_HYP_UNPIN };
	u64 pfn = some_frame();
	u64 nr = test_random() % 8 == 0 ? test_random() % 100 : test_random() % 4;
	u64 which = test_random() % 7;

	if (which < 4) {
		assert_int_equal(hvc(ids[which], pfn, 0), model_step(ops[which], pfn));
	} else if (which == 4) {
		assert_int_equal(hvc(MEM_DONATE_HYP, pfn, nr), model_range(OP_HOST_DONATE_HYP, pfn, nr));
	} else if (which == 5) {
		assert_int_equal(hvc(MEM_RECLAIM_HYP, pfn, nr), model_range(OP_HYP_DONATE_HOST, pfn, nr));
	} else {
		fault(pfn);
	}
	check_frame(pfn);
	check_frame(some_frame());
}

static void test_random_calls(void **state)
{
	u64 groups;
	u32 run;
	u32 step;
	u64 at;

	(void)state;
	for (run = 0; run < 4; run++) {
		test_seed(1000 + run);
		machine_boot(run % 2 == 0 ? 40 : 48);
		pool_start = pool.free + machine_tables(PGT_HYP) + machine_tables(PGT_HOST);
		for (at = 0; at < FRAMES; at++) {
			s64 info = hvc(MEM_INFO, pfn_at(at), 0);

			model[at].state = (u32)(info % 256);
			model[at].count = (u32)(info / 256);
		}
		groups = count_groups();
		for (step = 0; step < 20000; step++) {
			random_step();
			if (step % 512 == 0) {
				assert_int_equal(pool.free + machine_tables(PGT_HYP) + machine_tables(PGT_HOST),
						 pool_start);
			}
		}
		for (at = 0; at < FRAMES; at++) {
			check_frame(pfn_at(at));
		}
		assert_int_equal(count_groups(), groups);
	}
}

/* The biggest block that is all memory or all not, and in which nothing is Hypatia's. */
static void test_fault_blocks(void **state)
{
	(void)state;
	machine_boot(40);
	memset(model, 0, sizeof(model));
	fault(BANK0_FIRST + 0x1400);
	assert_int_equal(machine_walk(PGT_HOST, BANK0_FIRST + 0x1400).level, 2);
	fault(0x3000);
	assert_int_equal(machine_walk(PGT_HOST, 0x3000).level, 1);
	fault(BANK0_FIRST + BANK0_COUNT + 0x234);
	assert_int_equal(machine_walk(PGT_HOST, BANK0_FIRST + BANK0_COUNT + 0x234).level, 2);
	fault(BANK1_FIRST + BANK1_COUNT + 0x1234);
	assert_int_equal(machine_walk(PGT_HOST, BANK1_FIRST + BANK1_COUNT + 0x1234).level, 2);
	fault(0x8000000);
	assert_int_equal(machine_walk(PGT_HOST, 0x8000000).level, 1);
	fault(IMAGE_FIRST - 1);
	assert_int_equal(machine_walk(PGT_HOST, IMAGE_FIRST - 1).level, 3);
	assert_int_equal(hvc(MEM_DONATE_HYP, BANK0_FIRST + 0x1400, 1), 1);
	assert_int_equal(machine_walk(PGT_HOST, BANK0_FIRST + 0x1401).level, 3);
	assert_int_equal(machine_page(PGT_HOST, BANK0_FIRST + 0x1401),
			 desc_flat(BANK0_FIRST + 0x1401, 3, desc_host_attrs(1)));
	/* Nothing at all in 512 GiB: still no block of that size, which the format does not have. */
	machine_boot(48);
	fault(0x8000000);
	assert_int_equal(machine_walk(PGT_HOST, 0x8000000).level, 1);
}

static s32 claim(u64 pfn, u32 level, u32 mapped)
{
	s32 error;

	lock_acquire(LOCK_MM);
	error = hyp_claim(pfn, level, mapped, MAP_DATA);
	lock_release(LOCK_MM);
	return error;
}

/* Put @entry into tree @t for page @pfn alone. */
static void place_page(u32 t, u64 pfn, u64 entry)
{
	lock_acquire(LOCK_MM);
	assert_int_equal(pgt_set(t, pfn, 3, entry), 0);
	lock_release(LOCK_MM);
}

/* A block that gave up frames is one again when they are back and the host touched them, not before. */
static void test_join_blocks(void **state)
{
	u64 pfn = BANK0_FIRST + 0x1456;
	u64 other = BANK0_FIRST + 0x1500;
	u64 free;
	u64 k;

	(void)state;
	machine_boot(40);
	memset(model, 0, sizeof(model));
	fault(pfn);
	assert_int_equal(machine_walk(PGT_HOST, pfn).level, 2);
	free = pool.free;
	assert_int_equal(hvc(MEM_DONATE_HYP, pfn, 8), 8);
	assert_int_equal(hvc(MEM_DONATE_HYP, other, 1), 1);
	assert_int_equal(hvc(MEM_RECLAIM_HYP, pfn, 8), 8);
	for (k = 0; k < 8; k++) {
		fault(pfn + k);
		assert_int_equal(machine_walk(PGT_HOST, pfn).level, 3);
	}
	assert_int_equal(hvc(MEM_RECLAIM_HYP, other, 1), 1);
	assert_int_equal(machine_walk(PGT_HOST, pfn).level, 3);
	fault(other);
	assert_int_equal(machine_walk(PGT_HOST, pfn).level, 2);
	for (k = 0; k < 512; k++) {
		assert_int_equal(machine_page(PGT_HOST, BANK0_FIRST + 0x1400 + k),
				 desc_flat(BANK0_FIRST + 0x1400 + k, 3, desc_host_attrs(1)));
	}
	assert_int_equal(pool.free, free);
	assert_int_equal(hvc(MEM_DONATE_HYP, pfn, 1), 1);
	assert_int_equal(machine_walk(PGT_HOST, other).level, 3);
}

/* A block of 1 GiB that lost a page gets it back, and is a block again: both tables are joined. */
static void test_join_largest(void **state)
{
	u64 pfn = 0x3000;
	u64 free;

	(void)state;
	machine_boot(40);
	fault(pfn);
	assert_int_equal(machine_walk(PGT_HOST, pfn).level, 1);
	free = pool.free;
	place_page(PGT_HOST, pfn, 0);
	assert_int_equal(machine_walk(PGT_HOST, pfn + 1).level, 3);
	assert_int_equal(pool.free, free - 2);
	fault(pfn);
	assert_int_equal(machine_walk(PGT_HOST, pfn).level, 1);
	assert_int_equal(pool.free, free);
}

/* What a loan or a gift took of the pool comes back with its end. */
static void test_loan_is_pruned(void **state)
{
	u64 pfn = BANK1_FIRST + 0x345;
	u64 free;

	(void)state;
	machine_boot(40);
	free = pool.free;
	assert_int_equal(hvc(MEM_SHARE_HYP, pfn, 0), 0);
	assert_true(pool.free < free);
	assert_int_equal(hvc(MEM_UNSHARE_HYP, pfn, 0), 0);
	assert_int_equal(pool.free, free);
	/* A gift takes tables of both trees; the host has not touched anything near. */
	assert_int_equal(hvc(MEM_DONATE_HYP, pfn, 1), 1);
	assert_int_equal(hvc(MEM_RECLAIM_HYP, pfn, 1), 1);
	assert_int_equal(pool.free, free);
}

/* Three tables in each tree are enough for a gift, and fewer are refused before anything is done. */
static void test_least_pool(void **state)
{
	(void)state;
	machine_boot(40);
	lock_acquire(LOCK_MM);
	while (pool.free > 6) {
		pool_alloc();
	}
	lock_release(LOCK_MM);
	assert_int_equal(hvc(MEM_DONATE_HYP, BANK1_FIRST + 0x345, 1), 1);
	assert_true(pool.free < 6);
	assert_int_equal(hvc(MEM_DONATE_HYP, BANK1_FIRST + 0x346, 1), HYP_ENOMEM);
	check_tables(BANK1_FIRST + 0x346, FRAME_HOST);
}

/* When the pool is empty a call fails and changes nothing. */
static void test_pool_empty(void **state)
{
	u64 held[4096];
	u64 n = 0;
	u64 pfn = BANK1_FIRST + 0x345;

	(void)state;
	machine_boot(40);
	/* A shared page within a block of EL2's: no call leads there, but unshare must not lose it. */
	assert_int_equal(claim(BANK0_FIRST + 0x1400, 2, 1), 0);
	lock_acquire(LOCK_MM);
	frame_state_set(BANK0_FIRST + 0x1405, place(BANK0_FIRST + 0x1405), FRAME_HOST_SHARED_HYP);
	frame_count_set(BANK0_FIRST + 0x1405, place(BANK0_FIRST + 0x1405), 0);
	while ((held[n] = pool_alloc()) != 0) {
		n++;
		assert_true(n < 4096);
	}
	lock_release(LOCK_MM);
	assert_int_equal(hvc(MEM_SHARE_HYP, pfn, 0), HYP_ENOMEM);
	assert_int_equal(hvc(MEM_DONATE_HYP, pfn, 1), HYP_ENOMEM);
	assert_int_equal(hvc(MEM_INFO, pfn, 0), FRAME_HOST);
	check_tables(pfn, FRAME_HOST);
	assert_int_equal(claim(pfn, 3, 1), HYP_ENOMEM);
	machine.elr_el2 = 0x4000;
	hyp_handle_abort(ESR_TRANSLATION, 0, pfn << 4);
	machine_check_quiet();
	assert_int_not_equal(machine.elr_el2, 0x4000);
	check_tables(pfn, FRAME_HOST);
	assert_int_equal(hvc(MEM_UNSHARE_HYP, BANK0_FIRST + 0x1405, 0), HYP_ENOMEM);
	assert_int_equal(hvc(MEM_INFO, BANK0_FIRST + 0x1405, 0), FRAME_HOST_SHARED_HYP);
	lock_acquire(LOCK_MM);
	while (n > 0) {
		pool_free(held[--n]);
	}
	lock_release(LOCK_MM);
	assert_int_equal(hvc(MEM_SHARE_HYP, pfn, 0), 0);
}

static void test_claims(void **state)
{
	u64 block = BANK0_FIRST + 0x1400;
	u64 page = block + 5;

	(void)state;
	machine_boot(40);
	assert_int_equal(claim(PFN_COUNT, 3, 1), HYP_EINVAL);
	assert_int_equal(claim(block + 1, 2, 1), HYP_EINVAL);
	assert_int_equal(claim(CONSOLE_PFN, 3, 1), HYP_EINVAL);
	assert_int_equal(claim(BANK0_FIRST, 2, 1), HYP_EPERM);
	place_page(PGT_HOST, page, desc_flat(page, 3, desc_host_attrs(1)));
	assert_int_equal(claim(block, 2, 1), HYP_EPERM);
	place_page(PGT_HOST, page, 0);
	assert_int_equal(claim(block + 512, 2, 1), 0);
	assert_int_equal(machine_walk(PGT_HYP, block + 512).level, 2);
	assert_int_equal(hvc(MEM_INFO, block + 1023, 0), FRAME_HYP + 256);

	machine_boot(40);
	place_page(PGT_HYP, page, leaf_data(page));
	assert_int_equal(claim(block, 2, 1), HYP_EPERM);
}

/* Whose a frame is, and who reaches it, may not change by the way. */
static void test_states_by_hand(void **state)
{
	static const struct state_row by_hand[] = {
		{ "HOST", "host", 1, 0, "none" },
		{ "HOST_SHARED_HYP", "host", 1, 1, "none" },
		{ "HYP", "hyp", 0, 1, "none" },
		{ "HYP_VM", "hyp", 0, 1, "none" },
		{ "GUEST", "guest", 0, 0, "own" },
		{ "GUEST_SHARED_HOST", "guest", 1, 0, "own" },
		{ "HOST_SHARED_GUEST", "host", 1, 0, "lent" },
	};
	u32 i;

	(void)state;
	assert_int_equal(sizeof(by_hand), sizeof(state_rows));
	for (i = 0; i < sizeof(by_hand) / sizeof(by_hand[0]); i++) {
		assert_string_equal(state_rows[i].name, by_hand[i].name);
		assert_string_equal(state_rows[i].owner, by_hand[i].owner);
		assert_int_equal(state_rows[i].host, by_hand[i].host);
		assert_int_equal(state_rows[i].hyp, by_hand[i].hyp);
		assert_string_equal(state_rows[i].guest, by_hand[i].guest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states_by_hand),
		cmocka_unit_test(test_boot_state),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_transitions),
		cmocka_unit_test(test_not_ram),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_fault_blocks),
		cmocka_unit_test(test_join_blocks),
		cmocka_unit_test(test_join_largest),
		cmocka_unit_test(test_loan_is_pruned),
		cmocka_unit_test(test_least_pool),
		cmocka_unit_test(test_pool_empty),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_random_calls),
	};

	alarm(180);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
