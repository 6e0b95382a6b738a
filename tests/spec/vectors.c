/* SPDX-License-Identifier: BSD-2-Clause */
/* The generated encoders, decoders and oracle against vectors worked out apart from them. */
#include <stdio.h>

#include "descriptor_vectors.h"
#include "hypercall_vectors.h"
#include "layout_vectors.h"
#include "ownership_oracle.h"
#include "ownership_vectors.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static u32 failures;

static void expect(u32 holds, const char *what, size_t index)
{
	if (!holds) {
		printf("%s, vector %zu\n", what, index);
		failures++;
	}
}

static void check_leaves(void)
{
	for (size_t i = 0; i < COUNT(leaf_vectors); i++) {
		const struct leaf_vector *v = &leaf_vectors[i];

		expect(pte_make_leaf(v->pfn, v->level, v->attrs) == v->pte, "pte_make_leaf", i);
		expect(pte_pfn(v->pte) == v->pfn, "pte_pfn", i);
		expect(pte_attrs(v->pte) == v->attrs, "pte_attrs", i);
		expect(pte_is_leaf(v->pte, v->level) == 1u, "pte_is_leaf", i);
		expect(pte_is_table(v->pte, v->level) == 0u, "pte_is_table", i);
		expect(pte_valid(v->pte) == 1u, "pte_valid", i);
		expect(pte_valid(v->pte - 1u) == 0u, "pte_valid of an invalid one", i);
	}
}

static void check_splits(void)
{
	for (size_t i = 0; i < COUNT(leaf_vectors); i++) {
		const struct leaf_vector *v = &leaf_vectors[i];

		if (v->level == LEVEL_LAST) {
			continue;
		}
		for (u64 index = 0; index < 512u; index += 73u) {
			u64 child = v->pte | index << (v->level == 1u ? 21 : 12) | (v->level == 2u ? 2u : 0u);

			expect(pte_split(v->pte, v->level, index) == child, "pte_split", i);
		}
	}
}

static void check_tables(void)
{
	for (size_t i = 0; i < COUNT(leaf_vectors); i++) {
		u64 pte = pte_make_table(leaf_vectors[i].pfn);

		expect(pte == (leaf_vectors[i].pfn << 12 | 3u), "pte_make_table", i);
		expect(pte_is_table(pte, 0) == 1u && pte_is_table(pte, LEVEL_LAST) == 0u, "pte_is_table", i);
	}
	for (size_t i = 0; i < COUNT(index_vectors); i++) {
		const struct index_vector *v = &index_vectors[i];

		expect(table_index(v->page, v->level) == v->index, "table_index", i);
	}
	for (u64 owner = 1; owner < 256u; owner++) {
		expect(pte_annotation_owner(pte_annotation(owner)) == owner, "pte_annotation_owner", owner);
		expect(pte_valid(pte_annotation(owner)) == 0u, "pte_annotation", owner);
	}
}

static void check_transitions(void)
{
	for (size_t i = 0; i < COUNT(transition_vectors); i++) {
		const struct transition_vector *v = &transition_vectors[i];
		struct oracle_result r = oracle_step(v->op, v->state, v->count);

		expect(r.error == v->error, "oracle_step, error", i);
		expect(r.state == v->new_state && r.count == v->new_count, "oracle_step, record", i);
	}
}

static void check_psci(void)
{
	for (size_t i = 0; i < COUNT(psci_vectors); i++) {
		const struct psci_vector *v = &psci_vectors[i];

		expect(psci_disposition(v->id) == v->disposition, "psci_disposition", i);
	}
}

int main(void)
{
	check_leaves();
	check_splits();
	check_tables();
	check_transitions();
	check_psci();
	expect(COUNT(argument_vectors) > 0 && COUNT(carveout_vectors) > 0, "empty", 0);
	return failures == 0u ? 0 : 1;
}
