/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors: what the table code reads from an entry and writes into one. The encoders are
 * generated (gen/descriptors.h) and bit-exact; here they are said in the model's terms.
 */
#ifndef HYP_DESC_H
#define HYP_DESC_H

#include <gen/descriptors.h>

#include "types.h"
#include "../../annotations/desc.h"

/*@ requires level: l <= 3;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == idx(n, l);
    ensures range: \result < 512;
*/
static inline u64 desc_index(u64 n, u32 l)
{
	return table_index(n, l);
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> d_valid(e);
*/
static inline u32 desc_valid(u64 e)
{
	return pte_valid(e);
}

/*@ requires level: l <= 3;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result != 0 <==> d_table(e, l);
*/
static inline u32 desc_is_table(u64 e, u32 l)
{
	return pte_is_table(e, l);
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == d_pfn(e);
*/
static inline u64 desc_pfn(u64 e)
{
	return pte_pfn(e);
}

/*@ requires frame: c < PFN_COUNT;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == d_mktable(c);
*/
static inline u64 desc_table(u64 c)
{
	return pte_make_table(c);
}

/*@ requires entry: !d_valid(e) || d_leaf(e, l);
    requires level: l < 3;
    requires index: i < 512;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == d_sub(e, l, i);
*/
static inline u64 desc_sub(u64 e, u32 l, u64 i)
{
	if (pte_valid(e) == 0) {
		return e;
	}
	return pte_split(e, l, i);
}

/*@ requires level: 1 <= l <= 3;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == d_span(l);
    ensures range: 1 <= \result <= 262144;
*/
static inline u64 desc_span(u32 l)
{
	return level_frames(l);
}

/*@ requires level: 1 <= l <= 3;
    requires range: n < PFN_COUNT;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == d_first(n, l);
    ensures range: \result <= n;
*/
static inline u64 desc_first(u64 n, u32 l)
{
	return level_first(n, l);
}

/*@ requires frame: n < PFN_COUNT;
    requires level: 1 <= l <= 3;
    requires attrs: d_attrs(a);
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == d_flat(n, l, a);
*/
static inline u64 desc_flat(u64 n, u32 l, u64 a)
{
	return pte_make_leaf(desc_first(n, l), l, a);
}

/* Kinds of memory in Hypatia's own map; MAP_GROUP and more: a page of a group that is mapped as a whole. */
#define MAP_TEXT 0u
#define MAP_RODATA 1u
#define MAP_DATA 2u
#define MAP_GROUP 3u
#define MAP_DEVICE 6u

/*@ logic integer kind_attrs(integer e2h, integer kind) =
      e2h == 0 ? (kind == MAP_TEXT ? S1_TEXT : kind == MAP_RODATA ? S1_RODATA :
                  kind == MAP_DATA ? S1_DATA : S1_DEVICE) :
                 (kind == MAP_TEXT ? S1_VHE_TEXT : kind == MAP_RODATA ? S1_VHE_RODATA :
                  kind == MAP_DATA ? S1_VHE_DATA : S1_VHE_DEVICE);
    logic integer map_attrs(integer e2h, integer kind) = MAP_GROUP <= kind < MAP_DEVICE ?
      kind_attrs(e2h, kind - MAP_GROUP) + DESC_CONTIGUOUS : kind_attrs(e2h, kind);
*/

/*@ requires kind: kind <= MAP_DEVICE;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == map_attrs(e2h, kind);
    ensures attrs: d_attrs(\result);
*/
static inline u64 desc_map_attrs(u32 e2h, u32 kind)
{
	u64 hint = 0;
	u32 memory = kind;

	if (kind >= MAP_GROUP && kind < MAP_DEVICE) {
		memory = kind - MAP_GROUP;
		hint = DESC_CONTIGUOUS;
	}
	if (e2h == 0u) {
		switch (memory) {
		case MAP_TEXT:
			return S1_TEXT + hint;
		case MAP_RODATA:
			return S1_RODATA + hint;
		case MAP_DATA:
			return S1_DATA + hint;
		default:
			return S1_DEVICE;
		}
	}
	switch (memory) {
	case MAP_TEXT:
		return S1_VHE_TEXT + hint;
	case MAP_RODATA:
		return S1_VHE_RODATA + hint;
	case MAP_DATA:
		return S1_VHE_DATA + hint;
	default:
		return S1_VHE_DEVICE;
	}
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == (ram != 0 ? S2_MEMORY : S2_DEVICE);
    ensures attrs: d_attrs(\result);
*/
static inline u64 desc_host_attrs(u32 ram)
{
	if (ram != 0u) {
		return S2_MEMORY;
	}
	return S2_DEVICE;
}

/*@ // a page of a guest with what it can be: a sum of PAGE_WRITABLE and PAGE_YOUNG
    logic integer page_attrs(integer r) =
      r == 3 ? S2_MEMORY : r == 2 ? S2_READ : r == 1 ? S2_OLD : S2_READ_OLD;
*/

/*@ requires rights: rights <= 3;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == page_attrs(rights);
    ensures attrs: d_attrs(\result);
*/
static inline u64 desc_page_attrs(u64 rights)
{
	switch (rights) {
	case 3:
		return S2_MEMORY;
	case 2:
		return S2_READ;
	case 1:
		return S2_OLD;
	default:
		return S2_READ_OLD;
	}
}

/* What the host's stage 2 holds for a frame that is Hypatia's. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == DESC_HYP_OWNED && !d_valid(\result);
*/
static inline u64 desc_hyp_owned(void)
{
	return pte_annotation(OWNER_HYP);
}

/* What stands where a guest had a page that the host took by force. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == DESC_POISON_OWNED && !d_valid(\result);
*/
static inline u64 desc_poison(void)
{
	return pte_annotation(OWNER_POISON);
}

#endif
