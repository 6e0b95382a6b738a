/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frames are RAM.
 */
#ifndef HYP_MEM_H
#define HYP_MEM_H

#include <gen/hypercalls.h>

#include "boot_info.h"
#include "types.h"

/**
 * struct mem_range - a bank of RAM
 * @first: its first frame number
 * @count: its frames
 * @index: metadata record of its first frame
 */
struct mem_range {
	u64 first;
	u64 count;
	u64 index;
};

/**
 * struct mem - all RAM, fixed by mem_setup()
 * @bank: banks by ascending frame number, @bank_count of them
 * @frames: frames in all banks
 */
struct mem {
	struct mem_range bank[MEM_BANKS_MAX];
	u32 bank_count;
	u64 frames;
};

extern struct mem mem;

#include "../../annotations/mem.h"

#define MEM_NONE 0xffffffffffffffffu

/**
 * mem_record() - the metadata record of a frame
 * @pfn: any frame number
 *
 * Return: the record's index, or MEM_NONE when @pfn is not RAM.
 */
/*@ requires wf: mem_wf{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures ram: \result != MEM_NONE <==> is_ram{Here}(pfn);
    ensures record: \result != MEM_NONE ==> record_of{Here}(pfn, \result);
*/
u64 mem_record(u64 pfn);

#define MEM_RAM 0u
#define MEM_DEVICE 1u
#define MEM_MIXED 2u

/**
 * mem_kind() - what a range of frame numbers is
 * @first: its first frame number
 * @count: its frames, at least 1
 *
 * Return: MEM_RAM when one bank holds all of it, MEM_DEVICE when no frame of it is RAM, else MEM_MIXED.
 */
/*@ requires wf: mem_wf{Here};
    requires range: 1 <= count && first + count <= PFN_COUNT;
    terminates \true; exits \false; assigns \nothing;
    ensures ram: \result == MEM_RAM ==>
      \forall integer n; first <= n < first + count ==> is_ram{Here}(n);
    ensures device: \result == MEM_DEVICE ==>
      \forall integer n; first <= n < first + count ==> !is_ram{Here}(n);
    ensures kinds: \result == MEM_RAM || \result == MEM_DEVICE || \result == MEM_MIXED;
    ensures single: count == 1 ==> \result != MEM_MIXED;
*/
u32 mem_kind(u64 first, u64 count);

/*@ logic integer pfn_limit(integer bits) =
      bits == 48 ? 0x1000000000 : bits == 44 ? 0x100000000 : bits == 42 ? 0x40000000 :
      bits == 40 ? 0x10000000 : bits == 36 ? 0x1000000 : 0x100000;
*/

/**
 * mem_limit() - frames of a physical address space
 * @bits: its address width: 32, 36, 40, 42, 44 or 48; anything else counts as 32
 */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == pfn_limit(bits);
*/
static inline u64 mem_limit(u32 bits)
{
	switch (bits) {
	case 48:
		return 0x1000000000u;
	case 44:
		return 0x100000000u;
	case 42:
		return 0x40000000u;
	case 40:
		return 0x10000000u;
	case 36:
		return 0x1000000u;
	default:
		return 0x100000u;
	}
}

/**
 * mem_setup() - take over the banks that the boot code found
 *
 * Return: 0, or HYP_EINVAL when they are empty, unaligned, out of order, overlapping or beyond the
 * physical address width; then there is no RAM.
 */
/*@ requires bits: 32 <= boot_info.pa_bits <= 48;
    terminates \true; exits \false;
    assigns mem;
    ensures wf: mem_wf{Here};
    ensures result: \result == 0 || \result == HYP_EINVAL;
    ensures none: \result != 0 ==> mem.bank_count == 0;
    ensures some: \result == 0 ==> mem.bank_count >= 1;
    ensures width: \forall integer n; is_ram{Here}(n) ==> n < pfn_limit(boot_info.pa_bits);
*/
s32 mem_setup(void);

#endif
