/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The EL2 core as the boot code and the vectors see it.
 */
#ifndef HYP_HYP_H
#define HYP_HYP_H

#include "types.h"
#include "vectors.h"
#include "run.h"
#include "setup.h"
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
 * Check boot_info, divide the carve-out, start metadata, pool and both trees, and claim image and carve-out.
 * Once, on the bootstrap tables. 0, or a negative error (see gen/hypercalls.h): then nothing may follow.
 */
/*@ requires alone: alone{Here};
    requires none: no_tables{Here} && no_guests{Here};
    requires quiet: quiet{Here};
    requires slots: slots_inv{Here};
    terminates \true; exits \false;
    assigns mem, layout, pool, pgt[0 .. PGT_COUNT - 1], vmid_state, VM_STATE, MM_STATE;
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM || \result == HYP_ENOMEM;
    ensures checked: \result == 0 ==> setup_ok{Here};
    ensures memory: \result == 0 ==> mm_inv{Here} && quiet{Here};
    ensures slots: slots_inv{Here};
    ensures vmids: \result == 0 ==> vmid_inv{Here} &&
      vmid_state.limit == (boot_info.vmid_bits == 16 ? 65536 : 256);
    ensures vms: \result == 0 ==> vms_inv{Here} && power_inv{Here};
    ensures image: \result == 0 ==> image_claimed{Here};
    ensures carveout: \result == 0 ==> carveout_claimed{Here};
    ensures rest: \result == 0 ==> rest_host{Here};
    ensures groups: \result == 0 ==> groups_whole{Here};
    ensures console: \result == 0 && 1 <= boot_info.console_base.pa / 4096 ==>
      xl{Here}(PGT_HYP, boot_info.console_base.pa / 4096) ==
        d_flat(boot_info.console_base.pa / 4096, 3, map_attrs(boot_info.e2h, MAP_DEVICE));
*/
s32 hyp_setup(void);

/* What switch_pgd needs: the value for TTBR0_EL2, and the first byte above CPU @cpu's stack. */
/*@ requires setup: setup_ok{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == layout.s1_root * 4096;
    ensures root: \result / 4096 % 0x1000000000 == pgt[PGT_HYP].root;
*/
u64 hyp_ttbr0(void);
/*@ requires setup: setup_ok{Here};
    requires cpu: cpu < boot_info.cpu_count;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == (layout.stacks + 3 * cpu + 3) * 4096;
    ensures within: layout.stacks * 4096 < \result <= layout.meta * 4096;
*/
u64 hyp_stack_top(u32 cpu);

/*
 * After switch_pgd, on the tables of hyp_setup(), which confine the host already: booting ends, and other CPUs
 * and the host may come. 0, or HYP_EINVAL when hyp_setup() was not there.
 */
/*@ requires alone: alone{Here};
    requires memory: mm_inv{Here} && quiet{Here};
    requires vms: vms_inv{Here} && power_inv{Here};
    requires slots: slots_inv{Here};
    requires vmids: vmid_inv{Here};
    terminates \true; exits \false; assigns lock_held[0 .. LOCK_COUNT - 1], machine_ids[0 .. MACHINE_IDS - 1],
      machine_sve;
    ensures result: \result == 0 || \result == HYP_EINVAL;
    // what guests are shown is this CPU's, the boot CPU's
    ensures machine: \result == 0 ==> \forall integer i; 0 <= i < MACHINE_IDS ==> machine_ids[i] == machine_id[i];
    ensures accepted: setup_ok{Here} ==> \result == 0;
    ensures unlocked: \result == 0 ==> no_locks{Here};
*/
s32 hyp_finalise(void);

/* VTCR_EL2.PS for the machine's bits of physical address. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == pa_size(boot_info.pa_bits);
*/
u64 hyp_pa_size(void);

/* Values for VTTBR_EL2 and VTCR_EL2: the host's tree, from the level that it starts at, and VMID_HOST. */
/*@ requires setup: setup_ok{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == layout.s2_root * 4096;
    ensures root: \result / 4096 % 0x1000000000 == pgt[PGT_HOST].root;
    ensures vmid: \result / 0x1000000000000 == VMID_HOST;
*/
u64 hyp_host_vttbr(void);
/*@ requires setup: setup_ok{Here};
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == VTCR_EL2_COMMON + (64 - boot_info.pa_bits) + 64 * (2 - pgt[PGT_HOST].start) +
      0x10000 * pa_size(boot_info.pa_bits) + 0x80000 * (boot_info.vmid_bits == 16 ? 1 : 0);
    ensures width: \result % 64 == 64 - boot_info.pa_bits;
    ensures start: \result / 64 % 4 == 2 - pgt[PGT_HOST].start;
    ensures size: \result / 0x10000 % 8 == pa_size(boot_info.pa_bits);
    ensures vmids: \result / 0x80000 % 2 == (boot_info.vmid_bits == 16 ? 1 : 0);
*/
u64 hyp_host_vtcr(void);

/* The host CPU's first EL1 state after CPU_ON, CPU_SUSPEND or SYSTEM_SUSPEND through the PSCI relay. */
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
 * HVC with immediate 0: x0 function id, x1..x3 arguments. @rest holds the caller's x2 to x9, of which only
 * VENDOR_HYP_UID, VCPU_RUN and VCPU_GET_REG replace any; x4 to x9 only VCPU_RUN.
 */
/*@ requires unlocked: no_locks{Here};
    requires setup: boot_ok{Here};
    requires host: at_guest == 0;
    requires fp: fp_guest == 0 && gic_guest == 0 && keys_guest == 0 && point_guest == 0;
    requires rest: \valid(rest + (0 .. REST - 1)) && APART_FROM_GUESTS(rest);
    terminates \true; exits \false;
    assigns LOCKED_STATE, GUEST_STATE, rest[0 .. REST - 1];
    ensures unlocked: no_locks{Here};
    // whatever ran in between: EL1 and EL2 are the host's again
    ensures host: at_guest == 0 && same_el1{Pre,Here};
    ensures fp: fp_guest == 0 && same_fp{Pre,Here};
    ensures gic: gic_guest == 0;
    ensures keys: keys_guest == 0 && same_keys{Pre,Here};
    ensures points: point_guest == 0 && same_points{Pre,Here};
    ensures row: x0 == VCPU_RUN && \result.a1 <= EXIT_MAX ==>
      \exists integer p; 0 <= p < CPUS_MAX && told{Here}(p, \result.a1, rest[0], rest[1], rest[2], rest[3]);
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
    ensures made: x0 == VM_INIT && \result.a1 == 0 ==> vms[x1 - VM_HANDLE_BASE].state == VM_LIVE &&
      vms[x1 - VM_HANDLE_BASE].frame == x2 && fm_state[x2] == FRAME_HYP_VM;
    ensures peopled: x0 == VCPU_INIT && \result.a1 == 0 ==> vms[x1 - VM_HANDLE_BASE].vcpu_frame[x2] == x3 &&
      fm_state[x3] == FRAME_HYP_VM;
    ensures ended: x0 == VM_FINALIZE && \result.a1 == 0 ==> vms[x1 - VM_HANDLE_BASE].state == VM_FREE;
    ensures unknown: (x0 >= HYPERCALL_BASE + HYPERCALL_COUNT || (x0 < HYPERCALL_BASE &&
      x0 != SMCCC_VERSION && x0 != SMCCC_ARCH_FEATURES && x0 != VENDOR_HYP_CALL_COUNT &&
      x0 != VENDOR_HYP_UID && x0 != VENDOR_HYP_REVISION)) ==>
      \result.a0 == 0xffffffffffffffff && \result.a1 == x1;
    ensures kept: x0 != VENDOR_HYP_UID && x0 != VCPU_RUN && x0 != VCPU_GET_REG ==>
      rest[0] == \old(rest[0]) && rest[1] == \old(rest[1]);
    ensures more: x0 != VCPU_RUN ==> \forall integer k; 2 <= k < REST ==> rest[k] == \old(rest[k]);
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
      x0 == PSCI_CPU_SUSPEND_64 || x0 == PSCI_SYSTEM_SUSPEND || x0 == PSCI_SYSTEM_SUSPEND_64 ==>
      \result.action == SMC_RETURN;
*/
struct smc_result hyp_handle_smc(u64 x0, u64 x1, u64 x2, u64 x3, u64 imm);

/*
 * Stage-2 abort of the host (instruction or data), with ESR_EL2, FAR_EL2 and HPFAR_EL2. Maps the page, or injects an
 * abort into EL1 by writing ELR_EL1, SPSR_EL1, ESR_EL1, FAR_EL1, ELR_EL2 and SPSR_EL2.
 */
/*@ requires unlocked: no_locks{Here};
    terminates \true; exits \false;
    assigns LOCKED_STATE, elr_el2, spsr_el2, el1[CTX_ELR_EL1], el1[CTX_SPSR_EL1], el1[CTX_ESR_EL1], el1[CTX_FAR_EL1];
    ensures unlocked: no_locks{Here};
    ensures other: !(4 <= esr % 64 <= 7) ==> el1[CTX_FAR_EL1] == far && el1[CTX_ELR_EL1] == \old(elr_el2) &&
      el1[CTX_SPSR_EL1] == \old(spsr_el2);
    ensures retried: elr_el2 == \old(elr_el2) ==> spsr_el2 == \old(spsr_el2) || el1[CTX_FAR_EL1] == far;
*/
void hyp_handle_abort(u64 esr, u64 far, u64 hpfar);

/* Any other synchronous exception of the host: an UNDEFINED instruction exception is injected into EL1. */
/*@ terminates \true; exits \false;
    assigns elr_el2, spsr_el2, el1[CTX_ELR_EL1], el1[CTX_SPSR_EL1], el1[CTX_ESR_EL1];
    ensures resumed: el1[CTX_ELR_EL1] == \old(elr_el2) && el1[CTX_SPSR_EL1] == \old(spsr_el2);
    ensures undefined: el1[CTX_ESR_EL1] == 0x2000000;
*/
void hyp_handle_other(u64 esr);

#endif
