/* SPDX-License-Identifier: BSD-2-Clause */
#include "mem.h"

struct mem mem;

u64 mem_record(u64 pfn)
{
	u32 b;

	/*@ loop invariant range: 0 <= b <= mem.bank_count;
	    loop invariant before: \forall integer a; 0 <= a < b ==> !in_bank{Here}(a, pfn);
	    loop assigns b;
	    loop variant mem.bank_count - b;
	*/
	for (b = 0; b < mem.bank_count; b++) {
		if (mem.bank[b].first <= pfn && pfn - mem.bank[b].first < mem.bank[b].count) {
			//@ assert here: in_bank{Here}(b, pfn);
			//@ assert record: record_of{Here}(pfn, mem.bank[b].index + (pfn - mem.bank[b].first));
			return mem.bank[b].index + (pfn - mem.bank[b].first);
		}
	}
	return MEM_NONE;
}

u32 mem_kind(u64 first, u64 count)
{
	u32 b;

	/*@ loop invariant range: 0 <= b <= mem.bank_count;
	    loop invariant before: \forall integer a, n; 0 <= a < b && first <= n < first + count ==>
	      !in_bank{Here}(a, n);
	    loop assigns b;
	    loop variant mem.bank_count - b;
	*/
	for (b = 0; b < mem.bank_count; b++) {
		u64 start = mem.bank[b].first;
		u64 end = start + mem.bank[b].count;

		if (start <= first && first + count <= end) {
			//@ assert inside: \forall integer n; first <= n < first + count ==> in_bank{Here}(b, n);
			return MEM_RAM;
		}
		if (first < end && start < first + count) {
			return MEM_MIXED;
		}
	}
	return MEM_DEVICE;
}

/* Bank @b of the boot code's list, if it may stand behind what mem has already. */
/*@ requires wf: mem_wf{Here} && mem.bank_count < MEM_BANKS_MAX;
    requires limit: limit <= PFN_COUNT;
    requires width: \forall integer n; is_ram{Here}(n) ==> n < limit;
    terminates \true; exits \false;
    assigns mem;
    ensures wf: mem_wf{Here};
    ensures width: \forall integer n; is_ram{Here}(n) ==> n < limit;
    ensures result: \result == 0 || \result == HYP_EINVAL;
    ensures added: \result == 0 ==> mem.bank_count == \old(mem.bank_count) + 1;
*/
static s32 mem_add(u64 base, u64 size, u64 limit)
{
	u32 b = mem.bank_count;
	u64 first = base / PAGE_SIZE;
	u64 count = size / PAGE_SIZE;

	if (base % PAGE_SIZE != 0 || size % PAGE_SIZE != 0 || first == 0 || count == 0) {
		return HYP_EINVAL;
	}
	if (first >= limit || count > limit - first || count > PFN_COUNT - mem.frames) {
		return HYP_EINVAL;
	}
	if (b != 0 && first < mem.bank[b - 1].first + mem.bank[b - 1].count) {
		return HYP_EINVAL;
	}
	mem.bank[b].first = first;
	mem.bank[b].count = count;
	mem.bank[b].index = mem.frames;
	mem.bank_count = b + 1;
	mem.frames = mem.frames + count;
	return 0;
}

s32 mem_setup(void)
{
	u64 limit = mem_limit(boot_info.pa_bits);
	u32 i;

	mem.bank_count = 0;
	mem.frames = 0;
	if (boot_info.bank_count == 0 || boot_info.bank_count > MEM_BANKS_MAX) {
		return HYP_EINVAL;
	}
	/*@ loop invariant range: 0 <= i <= boot_info.bank_count;
	    loop invariant banks: mem.bank_count == i;
	    loop invariant wf: mem_wf{Here};
	    loop invariant width: \forall integer n; is_ram{Here}(n) ==> n < limit;
	    loop assigns i, mem;
	    loop variant boot_info.bank_count - i;
	*/
	for (i = 0; i < boot_info.bank_count; i++) {
		if (mem_add(boot_info.bank[i].base.pa, boot_info.bank[i].size, limit) != 0) {
			mem.bank_count = 0;
			mem.frames = 0;
			return HYP_EINVAL;
		}
	}
	return 0;
}
