/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds whenever the host enters EL2, and what a trap may change.
 */
#ifndef ANNOTATIONS_ENTRY_H
#define ANNOTATIONS_ENTRY_H

#include "boot_info.h"
#include "ownership.h"
#include "smc.h"
#include "vcpu.h"
#include "vm.h"
#include "vmid.h"

/* Protected state is arbitrary within its invariant while its lock is free. */
#define POWER_STATE vm_power[0 .. VMS_MAX - 1], vm_start[0 .. VMS_MAX - 1]
#define VM_STATE vms[0 .. VMS_MAX - 1], cpu_vm[0 .. CPUS_MAX - 1], POWER_STATE, GUEST_MEMORY
#define LOCKED_STATE lock_held[0 .. LOCK_COUNT - 1], MM_STATE, VM_STATE, cpu_slot[0 .. CPUS_MAX - 1], vmid_state
/* What a run of a vCPU may change. */
#define GUEST_STATE cpu_guest[0 .. CPUS_MAX - 1], cpu_host[0 .. CPUS_MAX - 1], \
	el1[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1], at_guest, esr_el2, far_el2, hpfar_el2, FP_STATE, \
	GIC_STATE, KEYS_STATE, POINT_STATE
#define GIC_STATE gic[CTX_GIC_FIRST .. CTX_GIC_END - 1], gic_guest
#define KEYS_STATE keys[CTX_KEYS_FIRST .. CTX_KEYS_END - 1], keys_guest, keys_open
#define POINT_STATE point[CTX_DEBUG_FIRST .. CTX_DEBUG_END - 1], point_guest
#define FP_REGISTERS fp[CTX_V0 .. CTX_FP_END - 1], sve_words[CTX_SVE_FIRST .. CTX_SVE_END - 1], zcr_el1, fp_guest
#define FP_STATE FP_REGISTERS, fp_open
/* Whose FP and SIMD are: the host's (0), a guest's, or a guest's with SVE. */
#define FP_PLAIN 1
#define FP_SVE 2

/*@ ghost
  extern u64 elr_el2, spsr_el2, esr_el2, far_el2, hpfar_el2;
  // registers of EL1 and EL0 that are switched, by their word of a context
  extern u64 el1[CTX_SWITCHED_END];
  // stage 2 and traps are a guest's
  extern u8 at_guest;
  // V0 to V31, FPSR and FPCR, by their word of a context; they are a guest's, and it may use them: 0, FP_PLAIN, FP_SVE
  extern u64 fp[CTX_FP_END];
  extern u8 fp_guest, fp_open;
  // SVE besides: P, FFR, and Z but for what is V, by their word of a vCPU's frame; and ZCR_EL1
  extern u64 sve_words[CTX_SVE_END];
  extern u64 zcr_el1;
  // vectors that this CPU has: bit n for (n + 1) * 128 bits; 0 without SVE
  extern u32 sve_lengths;
  // the virtual CPU interface, by its word of a context; it is a guest's
  extern u64 gic[CTX_GIC_END];
  extern u8 gic_guest;
  // keys of pointer authentication, by their word of a context; they are a guest's, and it may use them
  extern u64 keys[CTX_KEYS_END];
  extern u8 keys_guest, keys_open;
  // breakpoints and watchpoints, by their word of a context, and whether the CPU has so many; they are a guest's
  extern u64 point[CTX_DEBUG_END];
  extern u8 point_there[CTX_DEBUG_END], point_guest;
*/

/*@ predicate no_locks{L} = \forall integer k; 0 <= k < LOCK_COUNT ==> \at(lock_held[k],L) == 0;

    // EL1 has the same registers
    predicate same_el1{L,M} = \forall integer i; CTX_SWITCHED_FIRST <= i < CTX_SWITCHED_END ==>
      \at(el1[i],M) == \at(el1[i],L);
    // of SVE beyond V the CPU has what it had, or nothing: to write V is to clear the rest of Z
    predicate sve_left{L,M} = \at(zcr_el1,M) == \at(zcr_el1,L) &&
      \forall integer i; CTX_SVE_FIRST <= i < CTX_SVE_END ==>
      \at(sve_words[i],M) == \at(sve_words[i],L) || \at(sve_words[i],M) == 0;
    // it has nothing
    predicate no_vectors{L} = \forall integer i; CTX_SVE_FIRST <= i < CTX_SVE_END ==> \at(sve_words[i],L) == 0;
    // the CPU has the same registers of FP and SIMD
    predicate same_v{L,M} = \forall integer i; CTX_V0 <= i < CTX_FP_END ==> \at(fp[i],M) == \at(fp[i],L);
    predicate same_fp{L,M} = same_v{L,M} && sve_left{L,M};

    // the host's of state L wait for it
    predicate fp_waits{L,M}(integer cpu) = \forall integer i; CTX_V0 <= i < CTX_FP_END ==>
      \at(cpu_host[cpu].w[i],M) == \at(fp[i],L);
    predicate zcr_waits{L,M}(integer cpu) = \at(cpu_host[cpu].w[CTX_ZCR_EL1],M) == \at(zcr_el1,L);

    // what of SVE is in the CPU for word i of a vCPU's frame: the first two words of Z are V
    logic integer vector_word{L}(integer i) = CTX_Z0 <= i && (i - CTX_Z0) % CTX_VECTOR_WORDS < 2 ?
      \at(fp[CTX_V0 + 2 * ((i - CTX_Z0) / CTX_VECTOR_WORDS) + (i - CTX_Z0) % CTX_VECTOR_WORDS],L) : \at(sve_words[i],L);
    // the CPU has in state L what stands in frame pfn, and in the context of its guest, in state M
    predicate sve_of_guest{L,M}(integer cpu, integer pfn) =
      (\forall integer i; CTX_SVE_FIRST <= i < CTX_SVE_END ==> \at(frame[pfn].e[i],M) == vector_word{L}(i)) &&
      \at(cpu_guest[cpu].w[CTX_FPSR],M) == \at(fp[CTX_FPSR],L) &&
      \at(cpu_guest[cpu].w[CTX_FPCR],M) == \at(fp[CTX_FPCR],L) &&
      \at(cpu_guest[cpu].w[CTX_ZCR_EL1],M) == \at(zcr_el1,L);

    // the CPU has the same keys of pointer authentication
    predicate same_keys{L,M} = \forall integer i; CTX_KEYS_FIRST <= i < CTX_KEYS_END ==>
      \at(keys[i],M) == \at(keys[i],L);

    // the CPU has the same breakpoints and watchpoints
    predicate same_points{L,M} = \forall integer i; CTX_DEBUG_FIRST <= i < CTX_DEBUG_END &&
      \at(point_there[i],L) != 0 ==> \at(point[i],M) == \at(point[i],L);

    // by MDSCR_EL1 v breakpoints and watchpoints count; it has nothing but SS, TDCC, KDE and MDE
    predicate debug_counts(integer v) = v / 0x8000 % 2 != 0;
    predicate debug_allowed(integer v) = v < 0x10000 && v / 2 % 0x800 == 0 && v / 0x4000 % 2 == 0;
    // control v of word k matches at EL0 and EL1 only, an address or CONTEXTIDR_EL1
    predicate control_allowed(integer k, integer v) = v / 0x2000 % 8 == 0 &&
      (k < CTX_DBGWVR0_EL1 ? v < 0x400000 : v < 0x20000000 && v / 0x200000 % 8 == 0);
    // so are all of those of the vCPU that cpu has loaded
    predicate points_allowed{L}(integer cpu) = \forall integer i; CTX_DEBUG_FIRST <= i < CTX_DEBUG_END &&
      (i - CTX_DEBUG_FIRST) % 2 == 1 ==> control_allowed(i, \at(cpu_guest[cpu].w[i],L));

    // a list register is about no physical interrupt: nothing that a guest does with it reaches the GIC's distributor
    predicate list_virtual(integer lr) = lr / 0x2000000000000000 % 2 == 0;

    // EL2 may return to PSTATE p: EL0, or EL1 in AArch64
    predicate below_el2(integer p) = p % 32 == 0 || p % 32 == 4 || p % 32 == 5 || p % 32 == 16;

    // what hyp_setup() checked and nothing changes afterwards
    predicate boot_ok{L} =
      1 <= \at(boot_info.cpu_count,L) <= CPUS_MAX && \at(boot_info.mode,L) <= MODE_NONE &&
      \at(boot_info.image_base.pa,L) <= \at(boot_info.image_end.pa,L) &&
      \at(boot_info.image_end.pa,L) <= 0x1000000000000 && \at(boot_info.carveout_size,L) <= 0x1000000000000 &&
      \at(mem.frames,L) <= PFN_COUNT;
*/

#endif
