/* SPDX-License-Identifier: BSD-2-Clause */
#include "arch.h"
#include "boot_info.h"
#include "hyp.h"
#include "ownership.h"
#include "run.h"
#include "setup.h"
#include "vm_call.h"
#include <lemmas/guests/still_guests.h>
#include <lemmas/vms/still_kept.h>

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

/* A call on one frame. What it says of the frame holds when the lock is let go. */
/*@ requires unlocked: no_locks{Here};
    requires call: call == MEM_SHARE_HYP || call == MEM_UNSHARE_HYP || call == MEM_PIN ||
      call == MEM_UNPIN || call == MEM_INFO;
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures range: pfn >= PFN_COUNT ==> \result == HYP_ERANGE;
    ensures share: call == MEM_SHARE_HYP && \result == 0 ==>
      fm_state[pfn] == FRAME_HOST_SHARED_HYP && fm_count[pfn] == 0;
    ensures unshare: call == MEM_UNSHARE_HYP && \result == 0 ==> fm_state[pfn] == FRAME_HOST;
    ensures pin: call == MEM_PIN && \result == 0 ==>
      fm_state[pfn] == FRAME_HOST_SHARED_HYP && fm_count[pfn] >= 1;
    ensures unpin: call == MEM_UNPIN && \result == 0 ==> fm_state[pfn] == FRAME_HOST_SHARED_HYP;
    ensures info: call == MEM_INFO ==> \result == HYP_EINVAL || \result == HYP_ERANGE ||
      (\result == fm_state[pfn] + 256 * fm_count[pfn] && 0 <= \result <= 256 * FRAME_COUNT_MAX + 255);
    ensures result: call != MEM_INFO ==> \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM ||
      \result == HYP_ENOENT || \result == HYP_EBUSY || \result == HYP_ENOMEM || \result == HYP_ERANGE;
    ensures busy: \result == HYP_EBUSY ==> call == MEM_UNSHARE_HYP;
    ensures nothing: \result == HYP_ENOENT ==> call == MEM_UNPIN;
    ensures memory: \result == HYP_ENOMEM ==> call == MEM_SHARE_HYP || call == MEM_UNSHARE_HYP;
*/
static s64 frame_call(u64 call, u64 pfn)
{
	s64 value;

	if (pfn >= PFN_COUNT) {
		return HYP_ERANGE;
	}
	lock_acquire(LOCK_MM);
	//@ ghost taken: ;
	switch (call) {
	case MEM_SHARE_HYP:
		value = host_share_hyp(pfn);
		break;
	case MEM_UNSHARE_HYP:
		value = host_unshare_hyp(pfn);
		break;
	case MEM_PIN:
		value = hyp_pin(pfn);
		break;
	case MEM_UNPIN:
		value = hyp_unpin(pfn);
		break;
	default:
		value = frame_info(pfn);
		break;
	}
	//@ assert vms: same_vm_frames{taken,Here} && same_keeping{taken,Here} && same_machine{taken,Here};
	//@ assert same: same_ghosts{taken,Here} && same_all_vms{taken,Here} && guests_inv{taken};
	//@ assert guests: guests_inv{Here};
	lock_release(LOCK_MM);
	return value;
}

/* Frames of one call: as many of @nr as a call may take, or an error for a range that no call may name. */
/*@ requires first: pfn < PFN_COUNT;
    terminates \true; exits \false; assigns \nothing;
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
	if (nr > PFN_COUNT - pfn) {
		return HYP_ERANGE;
	}
	return nr < RANGE_FRAMES_MAX ? (s64)nr : (s64)RANGE_FRAMES_MAX;
}

/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here};
    requires quiet: quiet{Here};
    terminates \true; exits \false; assigns MM_STATE;
    ensures inv: mm_inv{Here};
    ensures quiet: quiet{Here};
    ensures sign: \result <= 0;
    ensures donate: call == MEM_DONATE_HYP && \result == 0 ==> fm_state[pfn] == FRAME_HYP;
    ensures reclaim: call != MEM_DONATE_HYP && \result == 0 ==> fm_state[pfn] == FRAME_HOST;
    ensures others: only_frame{Pre,Here}(pfn);
    ensures vm_frames: same_vm_frames{Pre,Here};
*/
static s32 frame_move(u64 call, u64 pfn)
{
	if (call == MEM_DONATE_HYP) {
		return host_donate_hyp(pfn);
	}
	return hyp_donate_host(pfn);
}

/* A call on a range: its first frames change hands, as many as the result says. */
/*@ requires unlocked: no_locks{Here};
    requires call: call == MEM_DONATE_HYP || call == MEM_RECLAIM_HYP;
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures none: pfn < PFN_COUNT && nr == 0 ==> \result == HYP_EINVAL;
    ensures range: pfn >= PFN_COUNT || pfn + nr > PFN_COUNT ==> \result == HYP_ERANGE;
    ensures result: \result < 0 || (1 <= \result <= RANGE_FRAMES_MAX && \result <= nr);
    ensures donate: call == MEM_DONATE_HYP ==>
      \forall integer n; pfn <= n < pfn + \result ==> fm_state[n] == FRAME_HYP;
    ensures reclaim: call == MEM_RECLAIM_HYP ==>
      \forall integer n; pfn <= n < pfn + \result ==> fm_state[n] == FRAME_HOST;
*/
static s64 range_call(u64 call, u64 pfn, u64 nr)
{
	s64 chunk;
	s64 done;
	s32 error;

	/* Arguments are checked in their order. */
	if (pfn >= PFN_COUNT) {
		return HYP_ERANGE;
	}
	chunk = range_chunk(pfn, nr);
	if (chunk < 0) {
		return chunk;
	}
	lock_acquire(LOCK_MM);
	error = frames_check(pfn, (u64)chunk, call == MEM_DONATE_HYP ? FRAME_HOST : FRAME_HYP);
	done = 0;
	/*@ loop invariant range: 0 <= done <= chunk;
	    loop invariant sign: error <= 0;
	    loop invariant progress: error == 0 || done < chunk;
	    loop invariant inv: mm_inv{Here} && quiet{Here};
	    loop invariant vms: vms_inv{Here} && power_inv{Here};
	    loop invariant donate: call == MEM_DONATE_HYP ==>
	      \forall integer n; pfn <= n < pfn + done ==> fm_state[n] == FRAME_HYP;
	    loop invariant reclaim: call == MEM_RECLAIM_HYP ==>
	      \forall integer n; pfn <= n < pfn + done ==> fm_state[n] == FRAME_HOST;
	    loop assigns done, error, MM_STATE;
	    loop variant chunk - done + (error == 0 ? 1 : 0);
	*/
	while (error == 0 && done < chunk) {
		error = frame_move(call, pfn + (u64)done);
		/*@ assert others: \forall integer n; pfn <= n < pfn + done ==>
		      fm_state[n] == \at(fm_state[n],LoopCurrent); */
		/*@ assert moved: error == 0 ==>
		      fm_state[pfn + done] == (call == MEM_DONATE_HYP ? FRAME_HYP : FRAME_HOST); */
		/*@ assert donated: call == MEM_DONATE_HYP ==>
		      \forall integer n; pfn <= n < pfn + done ==> fm_state[n] == FRAME_HYP; */
		/*@ assert one_more: call == MEM_DONATE_HYP && error == 0 ==>
		      \forall integer n; pfn <= n < pfn + (done + 1) ==> fm_state[n] == FRAME_HYP; */
		/*@ assert vms: same_vm_frames{LoopCurrent,Here} && same_keeping{LoopCurrent,Here} &&
		      same_machine{LoopCurrent,Here}; */
		/*@ assert same: same_ghosts{LoopCurrent,Here} && same_all_vms{LoopCurrent,Here} &&
		      guests_inv{LoopCurrent}; */
		//@ assert guests: guests_inv{Here};
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
    requires setup: boot_ok{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures unknown: stat > STAT_SVE ==> \result == HYP_EINVAL;
    ensures ram: stat == STAT_RAM_FRAMES ==> \result == mem.frames;
    ensures mode: stat == STAT_MODE ==> \result == boot_info.mode;
    ensures sve: stat == STAT_SVE ==> \result == machine_sve;
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
	case STAT_GIC_LISTS:
		return arch_gic_lists();
	case STAT_SVE:
		return machine_sve;
	default:
		return HYP_EINVAL;
	}
}

/*@ requires words: \valid_read(w + (0 .. 3));
    terminates \true; exits \false; assigns \nothing;
    ensures value: \forall integer i; 0 <= i < 4 ==> \result.w[i] == w[i];
*/
static struct measurement measurement_of(const u64 *w)
{
	struct measurement m = { { w[0], w[1], w[2], w[3] } };

	return m;
}

/* Hypatia's own calls: HYPERCALL_BASE and the ids behind it. */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    requires host: at_guest == 0;
    requires fp: fp_guest == 0 && gic_guest == 0 && keys_guest == 0 && point_guest == 0;
    requires rest: \valid(rest + (0 .. REST - 1)) && APART_FROM_GUESTS(rest);
    requires id: HYPERCALL_BASE <= id < HYPERCALL_BASE + HYPERCALL_COUNT;
    terminates \true; exits \false;
    assigns LOCKED_STATE, GUEST_STATE, rest[0 .. REST - 1];
    ensures unlocked: no_locks{Here};
    ensures host: at_guest == 0 && same_el1{Pre,Here};
    ensures fp: fp_guest == 0 && same_fp{Pre,Here};
    ensures gic: gic_guest == 0;
    ensures keys: keys_guest == 0 && same_keys{Pre,Here};
    ensures points: point_guest == 0 && same_points{Pre,Here};
    ensures kept: id != VCPU_RUN && id != VCPU_GET_REG ==> rest[0] == \old(rest[0]) && rest[1] == \old(rest[1]);
    ensures more: id != VCPU_RUN ==> \forall integer k; 2 <= k < REST ==> rest[k] == \old(rest[k]);
    ensures row: id == VCPU_RUN && \result.a1 <= EXIT_MAX ==>
      \exists integer p; 0 <= p < CPUS_MAX && told{Here}(p, \result.a1, rest[0], rest[1], rest[2], rest[3]);
    ensures known: \result.a0 == SMCCC_SUCCESS;
    ensures share: id == MEM_SHARE_HYP && \result.a1 == 0 ==>
      fm_state[a1] == FRAME_HOST_SHARED_HYP && fm_count[a1] == 0;
    ensures unshare: id == MEM_UNSHARE_HYP && \result.a1 == 0 ==> fm_state[a1] == FRAME_HOST;
    ensures pin: id == MEM_PIN && \result.a1 == 0 ==>
      fm_state[a1] == FRAME_HOST_SHARED_HYP && fm_count[a1] >= 1;
    ensures unpin: id == MEM_UNPIN && \result.a1 == 0 ==> fm_state[a1] == FRAME_HOST_SHARED_HYP;
    ensures donate: id == MEM_DONATE_HYP && \result.a1 <= RANGE_FRAMES_MAX ==> \result.a1 <= a2 &&
      \forall integer n; a1 <= n < a1 + \result.a1 ==> fm_state[n] == FRAME_HYP;
    ensures reclaim: id == MEM_RECLAIM_HYP && \result.a1 <= RANGE_FRAMES_MAX ==> \result.a1 <= a2 &&
      \forall integer n; a1 <= n < a1 + \result.a1 ==> fm_state[n] == FRAME_HOST;
    ensures made: id == VM_INIT && \result.a1 == 0 ==> vms[a1 - VM_HANDLE_BASE].state == VM_LIVE &&
      vms[a1 - VM_HANDLE_BASE].frame == a2 && fm_state[a2] == FRAME_HYP_VM;
    ensures peopled: id == VCPU_INIT && \result.a1 == 0 ==> vms[a1 - VM_HANDLE_BASE].vcpu_frame[a2] == a3 &&
      fm_state[a3] == FRAME_HYP_VM;
    ensures ended: id == VM_FINALIZE && \result.a1 == 0 ==> vms[a1 - VM_HANDLE_BASE].state == VM_FREE;
*/
static NOINLINE struct hvc_result hvc_hypatia(u64 id, u64 a1, u64 a2, u64 a3, u64 *rest)
{
	s64 value;

	switch (id) {
	case HYP_VERSION:
		value = (s64)(ABI_MAJOR * 65536u + ABI_MINOR);
		break;
	/* With a constant each: the compiler then leaves out the second choice. */
	case MEM_SHARE_HYP:
		value = frame_call(MEM_SHARE_HYP, a1);
		break;
	case MEM_UNSHARE_HYP:
		value = frame_call(MEM_UNSHARE_HYP, a1);
		break;
	case MEM_PIN:
		value = frame_call(MEM_PIN, a1);
		break;
	case MEM_UNPIN:
		value = frame_call(MEM_UNPIN, a1);
		break;
	case MEM_INFO:
		value = frame_call(MEM_INFO, a1);
		break;
	case MEM_DONATE_HYP:
	case MEM_RECLAIM_HYP:
		value = range_call(id, a1, a2);
		break;
	case HYP_STATS:
		value = stat_read(a1);
		break;
	case VCPU_RUN:
		value = vcpu_run(a1, a2, rest);
		break;
	case VCPU_POWER:
		value = vcpu_power(a1);
		break;
	case VCPU_GET_REG:
	case VCPU_SET_REG:
		value = vcpu_register(id, a1, a2, rest);
		break;
	case VM_BEGIN:
		value = vm_begin(a1, a2, a3, measurement_of(&rest[REST_LISTS_IN]));
		break;
	default:
		value = vm_call(id, a1, a2, a3);
		break;
	}
	return hvc_done(value);
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
	u64 x0 = value_bits(SMCCC_NOT_SUPPORTED);
	u64 x1 = a1;

	switch (id) {
	case SMCCC_VERSION:
		x0 = SMCCC_VERSION_1_2;
		break;
	case SMCCC_ARCH_FEATURES:
		if (a1 == SMCCC_VERSION || a1 == SMCCC_ARCH_FEATURES) {
			x0 = SMCCC_SUCCESS;
		}
		break;
	case VENDOR_HYP_CALL_COUNT:
		x0 = HYPERCALL_COUNT;
		break;
	case VENDOR_HYP_UID:
		x0 = UID_WORD0;
		x1 = UID_WORD1;
		rest[0] = UID_WORD2;
		rest[1] = UID_WORD3;
		break;
	case VENDOR_HYP_REVISION:
		x0 = ABI_MAJOR;
		x1 = ABI_MINOR;
		break;
	default:
		break;
	}
	return hvc_return(x0, x1);
}

/* The ids of others end after two comparisons: this is the cost of every trap that is not for us. */
struct hvc_result hyp_handle_hvc(u64 x0, u64 x1, u64 x2, u64 x3, u64 *rest)
{
	if (x0 >= HYPERCALL_BASE) {
		if (x0 - HYPERCALL_BASE < HYPERCALL_COUNT) {
			return hvc_hypatia(x0, x1, x2, x3, rest);
		}
		return hvc_return(value_bits(SMCCC_NOT_SUPPORTED), x1);
	}
	return hvc_smccc(x0, x1, rest);
}
