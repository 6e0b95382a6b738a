/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch.h"
#include "boot_info.h"
#include "hyp.h"
#include "ownership.h"
#include "setup.h"

#define NOINLINE __attribute__((noinline))

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result.a0 == a0 && \result.a1 == a1;
*/
static struct hvc_result hvc_return(u64 a0, u64 a1)
{
	struct hvc_result result;

	result.a0 = a0;
	result.a1 = a1;
	return result;
}

/* The 64 bits of @value in two's complement. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures positive: value >= 0 ==> \result == value;
    ensures negative: value < 0 ==> \result == 0x10000000000000000 + value;
*/
static u64 value_bits(s64 value)
{
	if (value >= 0) {
		return (u64)value;
	}
	return 0xffffffffffffffffu - (u64)(-(value + 1));
}

/* A call of ours that came to its end: @value is a result, or a negative error. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures success: \result.a0 == SMCCC_SUCCESS;
    ensures positive: value >= 0 ==> \result.a1 == value;
    ensures negative: value < 0 ==> \result.a1 == 0x10000000000000000 + value;
*/
static struct hvc_result hvc_done(s64 value)
{
	return hvc_return(SMCCC_SUCCESS, value_bits(value));
}

/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures range: pfn >= PFN_COUNT ==> \result == HYP_ERANGE;
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM || \result == HYP_ENOMEM ||
      \result == HYP_ERANGE;
*/
static s64 locked_share(u64 pfn)
{
	s32 error;

	if (pfn >= PFN_COUNT) {
		return HYP_ERANGE;
	}
	lock_acquire(LOCK_MM);
	error = host_share_hyp(pfn);
	lock_release(LOCK_MM);
	return error;
}

/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures range: pfn >= PFN_COUNT ==> \result == HYP_ERANGE;
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM || \result == HYP_EBUSY ||
      \result == HYP_ENOMEM || \result == HYP_ERANGE;
*/
static s64 locked_unshare(u64 pfn)
{
	s32 error;

	if (pfn >= PFN_COUNT) {
		return HYP_ERANGE;
	}
	lock_acquire(LOCK_MM);
	error = host_unshare_hyp(pfn);
	lock_release(LOCK_MM);
	return error;
}

/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures range: pfn >= PFN_COUNT ==> \result == HYP_ERANGE;
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM || \result == HYP_ERANGE;
*/
static s64 locked_pin(u64 pfn)
{
	s32 error;

	if (pfn >= PFN_COUNT) {
		return HYP_ERANGE;
	}
	lock_acquire(LOCK_MM);
	error = hyp_pin(pfn);
	lock_release(LOCK_MM);
	return error;
}

/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures range: pfn >= PFN_COUNT ==> \result == HYP_ERANGE;
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM || \result == HYP_ENOENT ||
      \result == HYP_ERANGE;
*/
static s64 locked_unpin(u64 pfn)
{
	s32 error;

	if (pfn >= PFN_COUNT) {
		return HYP_ERANGE;
	}
	lock_acquire(LOCK_MM);
	error = hyp_unpin(pfn);
	lock_release(LOCK_MM);
	return error;
}

/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures range: pfn >= PFN_COUNT ==> \result == HYP_ERANGE;
    ensures result: \result == HYP_EINVAL || \result == HYP_ERANGE || 0 <= \result <= 256 * FRAME_COUNT_MAX + 255;
*/
static s64 locked_info(u64 pfn)
{
	s64 info;

	if (pfn >= PFN_COUNT) {
		return HYP_ERANGE;
	}
	lock_acquire(LOCK_MM);
	info = frame_info(pfn);
	lock_release(LOCK_MM);
	return info;
}

/* Frames of one call: as many of @nr as a call may take, or an error for a range that no call may name. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures none: nr == 0 <==> \result == HYP_EINVAL;
    ensures outside: nr != 0 && pfn + nr > PFN_COUNT <==> \result == HYP_ERANGE;
    ensures some: nr != 0 && pfn + nr <= PFN_COUNT ==> 1 <= \result <= RANGE_FRAMES_MAX && \result <= nr;
    ensures result: \result == HYP_EINVAL || \result == HYP_ERANGE || \result >= 1;
*/
static s64 range_chunk(u64 pfn, u64 nr)
{
	if (nr == 0) {
		return HYP_EINVAL;
	}
	if (pfn >= PFN_COUNT || nr > PFN_COUNT - pfn) {
		return HYP_ERANGE;
	}
	return nr < RANGE_FRAMES_MAX ? (s64)nr : (s64)RANGE_FRAMES_MAX;
}

/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures none: nr == 0 ==> \result == HYP_EINVAL;
    ensures range: nr != 0 && pfn + nr > PFN_COUNT ==> \result == HYP_ERANGE;
    ensures result: \result < 0 || (1 <= \result <= RANGE_FRAMES_MAX && \result <= nr);
*/
static s64 locked_donate(u64 pfn, u64 nr)
{
	s64 chunk = range_chunk(pfn, nr);
	s64 done;
	s32 error;

	if (chunk < 0) {
		return chunk;
	}
	lock_acquire(LOCK_MM);
	error = frames_check(pfn, (u64)chunk, FRAME_HOST);
	done = 0;
	/*@ loop invariant range: 0 <= done <= chunk;
	    loop invariant sign: error <= 0;
	    loop invariant progress: error == 0 || done < chunk;
	    loop invariant inv: mm_inv{Here} && quiet{Here};
	    loop assigns done, error, MM_STATE;
	    loop variant chunk - done + (error == 0 ? 1 : 0);
	*/
	while (error == 0 && done < chunk) {
		error = host_donate_hyp(pfn + (u64)done);
		if (error == 0) {
			done = done + 1;
		}
	}
	lock_release(LOCK_MM);
	/* Only a pool that ran empty stops a checked range; what was done stays done and is reported. */
	if (done == 0) {
		return error;
	}
	return done;
}

/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures none: nr == 0 ==> \result == HYP_EINVAL;
    ensures range: nr != 0 && pfn + nr > PFN_COUNT ==> \result == HYP_ERANGE;
    ensures result: \result < 0 || (1 <= \result <= RANGE_FRAMES_MAX && \result <= nr);
*/
static s64 locked_reclaim(u64 pfn, u64 nr)
{
	s64 chunk = range_chunk(pfn, nr);
	s64 done;
	s32 error;

	if (chunk < 0) {
		return chunk;
	}
	lock_acquire(LOCK_MM);
	error = frames_check(pfn, (u64)chunk, FRAME_HYP);
	done = 0;
	/*@ loop invariant range: 0 <= done <= chunk;
	    loop invariant sign: error <= 0;
	    loop invariant progress: error == 0 || done < chunk;
	    loop invariant inv: mm_inv{Here} && quiet{Here};
	    loop assigns done, error, MM_STATE;
	    loop variant chunk - done + (error == 0 ? 1 : 0);
	*/
	while (error == 0 && done < chunk) {
		error = hyp_donate_host(pfn + (u64)done);
		if (error == 0) {
			done = done + 1;
		}
	}
	lock_release(LOCK_MM);
	if (done == 0) {
		return error;
	}
	return done;
}

/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures unknown: stat > STAT_MODE ==> \result == HYP_EINVAL;
    ensures ram: stat == STAT_RAM_FRAMES ==> \result == mem.frames;
    ensures mode: stat == STAT_MODE ==> \result == boot_info.mode;
*/
static s64 stat_read(u64 stat)
{
	s64 value;

	switch (stat) {
	case STAT_RAM_FRAMES:
		return (s64)mem.frames;
	case STAT_RESERVED_FRAMES:
		return (s64)((boot_info.image_end.pa - boot_info.image_base.pa) / PAGE_SIZE +
			     boot_info.carveout_size / PAGE_SIZE);
	case STAT_POOL_FRAMES:
		return (s64)pool.count;
	case STAT_POOL_FREE_FRAMES:
		lock_acquire(LOCK_MM);
		value = (s64)pool.free;
		lock_release(LOCK_MM);
		return value;
	case STAT_CPU_COUNT:
		return boot_info.cpu_count;
	case STAT_MODE:
		return boot_info.mode;
	default:
		return HYP_EINVAL;
	}
}

/* Hypatia's own calls: HYPERCALL_BASE and the ids behind it. */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    requires id: HYPERCALL_BASE <= id < HYPERCALL_BASE + HYPERCALL_COUNT;
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures known: \result.a0 == SMCCC_SUCCESS;
*/
static NOINLINE struct hvc_result hvc_hypatia(u64 id, u64 a1, u64 a2)
{
	switch (id) {
	case HYP_VERSION:
		return hvc_done((s64)(ABI_MAJOR * 65536u + ABI_MINOR));
	case MEM_SHARE_HYP:
		return hvc_done(locked_share(a1));
	case MEM_UNSHARE_HYP:
		return hvc_done(locked_unshare(a1));
	case MEM_PIN:
		return hvc_done(locked_pin(a1));
	case MEM_UNPIN:
		return hvc_done(locked_unpin(a1));
	case MEM_DONATE_HYP:
		return hvc_done(locked_donate(a1, a2));
	case MEM_RECLAIM_HYP:
		return hvc_done(locked_reclaim(a1, a2));
	case MEM_INFO:
		return hvc_done(locked_info(a1));
	default:
		return hvc_done(stat_read(a1));
	}
}

/* Calls of the SMC Calling Convention (SMCCC 1.2, 7 and vendor-specific hypervisor service). */
/*@ requires rest: \valid(rest + (0 .. 1));
    terminates \true; exits \false;
    assigns rest[0 .. 1];
    ensures version: id == SMCCC_VERSION ==> \result.a0 == SMCCC_VERSION_1_2;
    ensures kept: id != VENDOR_HYP_UID ==> rest[0] == \old(rest[0]) && rest[1] == \old(rest[1]);
    ensures unknown: id != SMCCC_VERSION && id != SMCCC_ARCH_FEATURES && id != VENDOR_HYP_CALL_COUNT &&
      id != VENDOR_HYP_UID && id != VENDOR_HYP_REVISION ==>
      \result.a0 == 0xffffffffffffffff && \result.a1 == a1;
*/
static NOINLINE struct hvc_result hvc_smccc(u64 id, u64 a1, u64 *rest)
{
	switch (id) {
	case SMCCC_VERSION:
		return hvc_return(SMCCC_VERSION_1_2, a1);
	case SMCCC_ARCH_FEATURES:
		if (a1 == SMCCC_VERSION || a1 == SMCCC_ARCH_FEATURES) {
			return hvc_return(SMCCC_SUCCESS, a1);
		}
		return hvc_return(value_bits(SMCCC_NOT_SUPPORTED), a1);
	case VENDOR_HYP_CALL_COUNT:
		return hvc_return(HYPERCALL_COUNT, a1);
	case VENDOR_HYP_UID:
		rest[0] = UID_WORD2;
		rest[1] = UID_WORD3;
		return hvc_return(UID_WORD0, UID_WORD1);
	case VENDOR_HYP_REVISION:
		return hvc_return(ABI_MAJOR, ABI_MINOR);
	default:
		return hvc_return(value_bits(SMCCC_NOT_SUPPORTED), a1);
	}
}

/* The ids of others end after two comparisons: this is the cost of every trap that is not for us. */
struct hvc_result hyp_handle_hvc(u64 x0, u64 x1, u64 x2, u64 x3, u64 *rest)
{
	(void)x3;
	if (x0 >= HYPERCALL_BASE) {
		if (x0 - HYPERCALL_BASE < HYPERCALL_COUNT) {
			return hvc_hypatia(x0, x1, x2);
		}
		return hvc_return(value_bits(SMCCC_NOT_SUPPORTED), x1);
	}
	return hvc_smccc(x0, x1, rest);
}
