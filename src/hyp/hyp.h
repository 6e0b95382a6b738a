/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The EL2 core as the boot code and the vectors see it.
 */
#ifndef HYP_HYP_H
#define HYP_HYP_H

#include "types.h"
#include "../../annotations/entry.h"

/* Boot, in this order, on the boot CPU -------------------------------------------------------- */

/* Bytes of carve-out for @ram_frames frames of RAM and @cpu_count CPUs (a multiple of 2 MiB). */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures whole: \result % 0x200000 == 0;
    ensures refused: ram_frames > RAM_FRAMES_MAX || cpu_count > CARVEOUT_CPUS_MAX <==> \result == 0;
    ensures room: \result != 0 ==> \result / 4096 >= 3 * cpu_count + ram_frames / 1024 + 16 +
      POOL_BASE_PAGES + ram_frames / POOL_RAM_DIVISOR;
    ensures bound: \result + IMAGE_BYTES_MAX <=
      ram_frames * 4096 / RESERVED_RAM_DIVISOR + RESERVED_EXTRA_BYTES;
*/
u64 hyp_carveout_size(u64 ram_frames, u32 cpu_count);

/*
 * Check boot_info, divide the pool, start the frame metadata and build Hypatia's own stage-1 tables.
 * Runs on the bootstrap tables. 0, or a negative error (see gen/hypercalls.h).
 */
s32 hyp_setup(void);

/* What switch_pgd needs, valid after hyp_setup(). */
u64 hyp_ttbr0(void);                /* value for TTBR0_EL2 */
u64 hyp_stack_top(u32 cpu);         /* first byte above CPU @cpu's stack */

/*
 * After switch_pgd: prepare the host's stage 2 (in MODE_PROTECTED with everything of Hypatia's annotated).
 * 0, or a negative error.
 */
s32 hyp_finalise(void);

/* Values for VTTBR_EL2 and VTCR_EL2, valid after hyp_finalise(). */
u64 hyp_host_vttbr(void);
u64 hyp_host_vtcr(void);

/* The host CPU's first EL1 state after CPU_ON or CPU_SUSPEND through the PSCI relay. */
struct host_entry {
	u64 pc;
	u64 x0;
};
/* CPU @cpu (an index into boot_info.cpu_mpidr) has arrived at EL2 on Hypatia's tables. */
/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures free: cpu_slot[cpu].state == SLOT_FREE;
    ensures entry: \result.pc == cpu_slot[cpu].pc && \result.x0 == cpu_slot[cpu].x0;
*/
struct host_entry hyp_cpu_arrived(u32 cpu);

/* Traps from EL1 ------------------------------------------------------------------------------ */

struct hvc_result {
	u64 a0;                     /* SMCCC status or value, the caller's x0 */
	u64 a1;                     /* the caller's x1 */
};
/*
 * HVC with immediate 0: x0 function id, x1..x3 arguments. @rest holds the caller's x2 and x3, which only
 * VENDOR_HYP_UID replaces.
 */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    requires rest: \valid(rest + (0 .. 1));
    terminates \true; exits \false;
    assigns LOCKED_STATE, rest[0 .. 1];
    ensures unlocked: no_locks{Here};
    ensures known: HYPERCALL_BASE <= x0 < HYPERCALL_BASE + HYPERCALL_COUNT ==>
      \result.a0 == SMCCC_SUCCESS;
    // of a frame: as it was when its lock was let go
    ensures share: x0 == MEM_SHARE_HYP && \result.a1 == 0 ==>
      fm_state[x1] == FRAME_HOST_SHARED_HYP && fm_count[x1] == 0;
    ensures unshare: x0 == MEM_UNSHARE_HYP && \result.a1 == 0 ==> fm_state[x1] == FRAME_HOST;
    ensures pin: x0 == MEM_PIN && \result.a1 == 0 ==>
      fm_state[x1] == FRAME_HOST_SHARED_HYP && fm_count[x1] >= 1;
    ensures unpin: x0 == MEM_UNPIN && \result.a1 == 0 ==> fm_state[x1] == FRAME_HOST_SHARED_HYP;
    ensures donate: x0 == MEM_DONATE_HYP && \result.a1 <= RANGE_FRAMES_MAX ==> \result.a1 <= x2 &&
      \forall integer n; x1 <= n < x1 + \result.a1 ==> fm_state[n] == FRAME_HYP;
    ensures reclaim: x0 == MEM_RECLAIM_HYP && \result.a1 <= RANGE_FRAMES_MAX ==> \result.a1 <= x2 &&
      \forall integer n; x1 <= n < x1 + \result.a1 ==> fm_state[n] == FRAME_HOST;
    ensures unknown: (x0 >= HYPERCALL_BASE + HYPERCALL_COUNT || (x0 < HYPERCALL_BASE &&
      x0 != SMCCC_VERSION && x0 != SMCCC_ARCH_FEATURES && x0 != VENDOR_HYP_CALL_COUNT &&
      x0 != VENDOR_HYP_UID && x0 != VENDOR_HYP_REVISION)) ==>
      \result.a0 == 0xffffffffffffffff && \result.a1 == x1;
    ensures kept: x0 != VENDOR_HYP_UID ==> rest[0] == \old(rest[0]) && rest[1] == \old(rest[1]);
*/
struct hvc_result hyp_handle_hvc(u64 x0, u64 x1, u64 x2, u64 x3, u64 *rest);

#define SMC_RETURN 0u               /* give @a0 to the caller in x0 (x1..x17 preserved) */
#define SMC_FORWARD 1u              /* issue the caller's own SMC to EL3 with its x0..x17, give back x0..x17 */
struct smc_result {
	u64 action;
	u64 a0;
};
/* Trapped SMC: @imm is the instruction's immediate (ESR_EL2.ISS[15:0]); ELR_EL2 is advanced by the vector. */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures action: \result.action == SMC_RETURN || \result.action == SMC_FORWARD;
    ensures immediate: imm != 0 ==> \result.action == SMC_RETURN && \result.a0 == 0xffffffffffffffff;
    ensures wide: x0 >= 0x100000000 ==> \result.action == SMC_RETURN && \result.a0 == 0xffffffffffffffff;
    ensures secure_events: x0 / 0x1000000 % 64 == 4 && 0x20 <= x0 % 0x10000 <= 0x4f ==>
      \result.action == SMC_RETURN;
    ensures entry_points: x0 == PSCI_CPU_ON || x0 == PSCI_CPU_ON_64 || x0 == PSCI_CPU_SUSPEND ||
      x0 == PSCI_CPU_SUSPEND_64 ==> \result.action == SMC_RETURN;
*/
struct smc_result hyp_handle_smc(u64 x0, u64 x1, u64 x2, u64 x3, u64 imm);

/*
 * Stage-2 abort of the host (instruction or data), with ESR_EL2, FAR_EL2 and HPFAR_EL2. Maps the page, or injects an
 * abort into EL1 by writing ELR_EL1, SPSR_EL1, ESR_EL1, FAR_EL1, ELR_EL2 and SPSR_EL2.
 */
/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE, elr_el2, spsr_el2, elr_el1, spsr_el1, esr_el1, far_el1;
    ensures unlocked: no_locks{Here};
    ensures other: !(4 <= esr % 64 <= 7) ==> far_el1 == far && elr_el1 == \old(elr_el2) &&
      spsr_el1 == \old(spsr_el2);
    ensures retried: elr_el2 == \old(elr_el2) ==> spsr_el2 == \old(spsr_el2) || far_el1 == far;
*/
void hyp_handle_abort(u64 esr, u64 far, u64 hpfar);

/* Any other synchronous exception of the host: an UNDEFINED instruction exception is injected into EL1. */
/*@ terminates \true; exits \false;
    assigns elr_el2, spsr_el2, elr_el1, spsr_el1, esr_el1;
    ensures resumed: elr_el1 == \old(elr_el2) && spsr_el1 == \old(spsr_el2);
    ensures undefined: esr_el1 == 0x2000000;
*/
void hyp_handle_other(u64 esr);

#endif
