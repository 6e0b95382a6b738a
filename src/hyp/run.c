/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"
#include "arch.h"
#include "context.h"
#include "exit.h"
#include "fp.h"
#include "gic.h"
#include "guest.h"
#include "hyp.h"
#include "image.h"
#include "keys.h"
#include "points.h"
#include "service.h"
#include "setup.h"
#include "vm.h"

/* How often a guest goes on, in one call of the host's, behind what Hypatia did for it. */
#define ROUNDS 64u

/* Of the counter; an offset from here on is one by which a guest is ahead. */
#define LAST_COUNT 0xffffffffffffffffu
#define COUNTS_HALF 0x8000000000000000u

/* power_enter(), apart from what else is true of VMs: a goal about all vCPUs wants few hypotheses. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires power: power_inv{Here};
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    terminates \true; exits \false; assigns vm_power[v].state[i];
    ensures power: power_inv{Here};
    ensures error: \result == err_power_enter(\old(vm_power[v].state[i]));
    ensures state: vm_power[v].state[i] == power_enter_state(\old(vm_power[v].state[i]));
*/
static s32 enters(u32 v, u32 i)
{
	return power_enter(v, i);
}

/* vCPU @i of VM @v, which @cpu has loaded, enters where CPU_ON said, with nothing in its vectors that it had before. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires power: power_inv{Here};
    requires vcpu: cpu < CPUS_MAX && v < VMS_MAX && i < VCPUS_MAX;
    requires loaded: cpu_vm[cpu].loaded != 0 && cpu_vm[cpu].vm == v && cpu_vm[cpu].vcpu == i;
    terminates \true; exits \false;
    assigns vm_power[v].state[i], frame[0 .. PFN_COUNT - 1], cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures power: power_inv{Here};
    ensures runs: \result <= 1 && (\result != 0 <==> power_runs(\old(vm_power[v].state[i])));
    ensures on: \result != 0 ==> vm_power[v].state[i] == POWER_ON;
    ensures off: \result == 0 ==> vm_power[v].state[i] == \old(vm_power[v].state[i]);
    ensures entered: \old(vm_power[v].state[i]) == POWER_ON_PENDING ==>
      cpu_guest[cpu].w[CTX_PC] == vm_start[v].vcpu[i].pc && cpu_guest[cpu].w[CTX_X0] == vm_start[v].vcpu[i].x0 &&
      cpu_guest[cpu].w[CTX_PSTATE] == CTX_RESET_PSTATE && cpu_guest[cpu].w[CTX_SCTLR_EL1] == CTX_RESET_SCTLR_EL1 &&
      cpu_guest[cpu].w[CTX_EXIT] == EXIT_NONE;
    ensures vectors: \old(vm_power[v].state[i]) == POWER_ON_PENDING && vm_start[v].sve != 0 ==>
      \forall integer k; CTX_SVE_FIRST <= k < CTX_SVE_END ==> frame[loaded_frame{Here}(cpu)].e[k] == 0;
    ensures same: \old(vm_power[v].state[i]) != POWER_ON_PENDING ==> \forall integer k; 0 <= k < CTX_WORDS ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
*/
static u32 begins(u32 cpu, u32 v, u32 i)
{
	if (enters(v, i) == 0) {
		context_begin(cpu, i, vm_start[v].vcpu[i].pc, vm_start[v].vcpu[i].x0);
		if (vm_start[v].sve != 0) {
			vectors_begin(cpu);
		}
	}
	return power_may_run(v, i);
}

/* None but this CPU puts what it has loaded, so what is found here lasts. It begins when it is to @enter. */
/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns LOCKED_STATE, cpu_guest[cpu].w[0 .. CTX_WORDS - 1];
    ensures unlocked: no_locks{Here};
    ensures cpu: \result.cpu == cpu;
    ensures found: \result.found == cpu_vm[cpu].loaded;
    ensures gic: \result.gic == 0;
    ensures vcpu: \result.vm < VMS_MAX && \result.vcpu < VCPUS_MAX &&
      (\result.found != 0 ==> \result.vm == cpu_vm[cpu].vm && \result.vcpu == cpu_vm[cpu].vcpu);
    ensures runs: \result.found != 0 && \result.runs != 0 ==>
      vm_power[cpu_vm[cpu].vm].state[cpu_vm[cpu].vcpu] == POWER_ON;
    ensures offset: \result.found != 0 ==> cpu_guest[cpu].w[CTX_CNTVOFF_EL2] == vm_start[cpu_vm[cpu].vm].offset;
    ensures sve: \result.sve == (\result.found != 0 ? vm_start[cpu_vm[cpu].vm].sve : 0);
    ensures same: enter == 0 ==> \forall integer k; 0 <= k < CTX_WORDS && k != CTX_CNTVOFF_EL2 && k != CTX_SVE ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures protected: \result.found != 0 ==> \result.protected == vms[cpu_vm[cpu].vm].protected;
    ensures tables: \result.found != 0 ==> \result.vttbr == vms[cpu_vm[cpu].vm].frame * 4096 +
      (VMID_GUESTS + cpu_vm[cpu].vm) * 0x1000000000000;
    ensures vmid: \result.found != 0 ==> \result.vttbr / 0x1000000000000 != VMID_HOST;
*/
static struct guest guest_loaded(u32 cpu, u32 enter)
{
	struct guest g;

	g.cpu = cpu;
	g.vm = 0;
	g.vcpu = 0;
	g.runs = 0;
	g.protected = 1;
	g.gic = 0;
	g.sve = 0;
	g.vttbr = 0;
	lock_acquire(LOCK_MM);
	g.found = cpu_vm[cpu].loaded;
	if (g.found != 0) {
		g.vm = cpu_vm[cpu].vm;
		g.vcpu = cpu_vm[cpu].vcpu;
		//@ assert live: g.vm < VMS_MAX && vms[g.vm].state == VM_LIVE;
		//@ assert kept: keeps{Here}(g.vm, VCPUS_MAX) && kept{Here}(g.vm, VCPUS_MAX) == vms[g.vm].frame;
		//@ assert frame: vms[g.vm].frame < PFN_COUNT;
		g.protected = vms[g.vm].protected;
		g.vttbr = vttbr_el2_pfn_put(vms[g.vm].frame) + vttbr_el2_vmid_put(VMID_GUESTS + g.vm);
		if (enter != 0) {
			g.runs = begins(cpu, g.vm, g.vcpu);
		}
		cpu_guest[cpu].w[CTX_CNTVOFF_EL2] = vm_start[g.vm].offset;
		g.sve = vm_start[g.vm].sve;
		cpu_guest[cpu].w[CTX_SVE] = g.sve;
	}
	lock_release(LOCK_MM);
	return g;
}

/* VTCR_EL2 for guests: 39 bits of address, or what the machine has, from one root table at level 1. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures start: \result / 64 % 4 == 1;
    ensures width: \result % 64 == (pa_size(boot_info.pa_bits) >= 2 ? 25 : pa_size(boot_info.pa_bits) == 1 ? 28 : 32);
    ensures size: \result / 0x10000 % 8 == pa_size(boot_info.pa_bits);
*/
static u64 guest_vtcr(void)
{
	u64 size = hyp_pa_size();
	u64 t0sz = size >= 2 ? 25 : size == 1 ? 28 : 32;

	return vtcr_el2_t0sz_put(t0sz) + vtcr_el2_sl0_put(1) + vtcr_el2_ps_put(size) +
	       vtcr_el2_vs_put(boot_info.vmid_bits == 16 ? 1 : 0) + VTCR_EL2_COMMON;
}

/* What the guest may use without a trap from here on: as @has_fp, of fp_take(), says, with vectors of up to @units. */
/*@ requires guest: at_guest == 1;
    requires closed: fp_open == 0;
    requires fp: has_fp <= FP_SVE && (has_fp == FP_SVE ==> sve_lengths != 0);
    terminates \true; exits \false; assigns fp_open;
    ensures open: fp_open == has_fp;
*/
static void open_fp(u32 has_fp, u32 units)
{
	if (has_fp == FP_SVE) {
		cpu_open_sve(units);
	}
	if (has_fp == FP_PLAIN) {
		cpu_open_fp();
	}
}

/*
 * To the guest and back: the host's registers of EL1 wait in cpu_host, and are the host's again. @has_fp: FP_PLAIN or
 * FP_SVE when FP and SIMD are the guest's; @has_keys: 1 when the keys are; @with_sve: of its VM; @lines: the flags of
 * VCPU_RUN.
 */
/*@ requires cpu: cpu < CPUS_MAX;
    requires unlocked: no_locks{Here};
    requires host: at_guest == 0;
    requires vmid: vttbr / 0x1000000000000 != VMID_HOST;
    requires fp: has_fp == fp_guest && has_fp <= FP_SVE;
    requires sve: has_fp == FP_SVE ==> sve_lengths != 0;
    requires keys: has_keys == keys_guest && has_keys <= 1;
    requires gic: lines / RUN_GIC % 2 == gic_guest;
    requires points: debug_counts(cpu_guest[cpu].w[CTX_MDSCR_EL1]) ==> point_guest == 1;
    terminates \true; exits \false;
    assigns cpu_guest[cpu].w[0 .. CTX_SWITCHED_END - 1], cpu_guest[cpu].w[CTX_SET_END .. CTX_WORDS - 1],
      cpu_host[cpu].w[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1],
      el1[CTX_SWITCHED_FIRST .. CTX_SWITCHED_END - 1], at_guest, esr_el2, far_el2, hpfar_el2,
      fp[CTX_V0 .. CTX_FP_END - 1], sve_words[CTX_SVE_FIRST .. CTX_SVE_END - 1], zcr_el1, fp_open,
      gic[CTX_GIC_FIRST .. CTX_GIC_END - 1], keys[CTX_KEYS_FIRST .. CTX_KEYS_END - 1], keys_open;
    ensures host: at_guest == 0 && same_el1{Pre,Here};
    ensures fp: has_fp == 0 ==> same_fp{Pre,Here};
    ensures vectors: has_fp != FP_SVE ==> sve_left{Pre,Here};
    ensures keys: has_keys == 0 ==> same_keys{Pre,Here};
    ensures end: \result <= GUEST_SERROR;
    ensures ran: cpu_guest[cpu].w[CTX_STATE] == RUN_RAN;
    ensures level: below_el2(cpu_guest[cpu].w[CTX_PSTATE]);
    ensures debug: debug_allowed(cpu_guest[cpu].w[CTX_MDSCR_EL1]);
*/
static u64 run(u32 cpu, u64 vttbr, u64 lines, u32 has_fp, u32 has_keys, u32 with_sve)
{
	u64 code;

	cpu_guest[cpu].w[CTX_PSTATE] = context_pstate(cpu_guest[cpu].w[CTX_PSTATE]);
	cpu_guest[cpu].w[CTX_MDSCR_EL1] = context_debug(cpu_guest[cpu].w[CTX_MDSCR_EL1]);
	arch_host_save(cpu);
	cpu_to_guest(vttbr, guest_vtcr(), cpu_guest[cpu].w[CTX_MPIDR], cpu_guest[cpu].w[CTX_FRESH] != 0,
		     lines, cpu_guest[cpu].w[CTX_CNTVOFF_EL2]);
	open_fp(has_fp, with_sve);
	if (has_keys != 0) {
		cpu_open_keys();
	}
	cpu_guest[cpu].w[CTX_FRESH] = 0;
	cpu_guest[cpu].w[CTX_STATE] = RUN_RAN;
	arch_guest_restore(cpu);
	if (cpu_guest[cpu].w[CTX_MDSCR_EL1] != 0) {
		/* What the ERET makes of PSTATE.SS depends on it. */
		isb();
	}
	code = arch_guest_enter(cpu);
	arch_guest_save(cpu);
	if (code == GUEST_SYNC && cpu_fault_page() == 0) {
		/* What mapped it is gone: the host sees an interrupt, and the guest tries again. */
		code = GUEST_IRQ;
	}
	cpu_to_host();
	arch_host_restore(cpu);
	return code;
}

/*
 * What the host learns of fault @x of a protected VM's vCPU @g: of a page that it took by force no more than where.
 * It is FAULT where nothing was, and POISON where a page had been taken, when the lock was let go.
 */
/*@ requires cpu: g.cpu < CPUS_MAX && g.vm < VMS_MAX && g.vcpu < VCPUS_MAX;
    requires unlocked: no_locks{Here};
    requires fault: x.kind == EXIT_FAULT && fault_row{Here}(g.cpu, x.x2, x.x3);
    requires pending: cpu_guest[g.cpu].w[CTX_EXIT] == x.kind;
    terminates \true; exits \false; assigns LOCKED_STATE, cpu_guest[g.cpu].w[CTX_EXIT];
    ensures unlocked: no_locks{Here};
    ensures kind: \result == x || \result.kind == EXIT_NONE || \result.kind == EXIT_POISON;
    ensures row: exit_row{Here}(g.cpu, \result.kind, \result.x2, \result.x3);
    ensures fault: \result.kind == EXIT_FAULT && is_gfn(x.x2 / 4096 % FAULT_PAGES) &&
      vms[g.vm].state == VM_LIVE ==> g_xl{Here}(g.vm, x.x2 / 4096 % FAULT_PAGES) == 0;
    ensures poison: \result.kind == EXIT_POISON ==> is_gfn(x.x2 / 4096 % FAULT_PAGES) &&
      g_xl{Here}(g.vm, x.x2 / 4096 % FAULT_PAGES) != 0 && !d_valid(g_xl{Here}(g.vm, x.x2 / 4096 % FAULT_PAGES));
    ensures pending: cpu_guest[g.cpu].w[CTX_EXIT] == \result.kind;
*/
static struct guest_exit poison_exit(struct guest g, struct guest_exit x)
{
	struct guest_exit y = { EXIT_NONE, 0, 0 };
	u64 n = x.x2 / PAGE_SIZE % FAULT_PAGES;
	u64 word;

	if (n >= GUEST_PAGES) {
		return x;
	}
	//@ assert page: n == hpfar_el2 / 16 % FAULT_PAGES;
	lock_acquire(LOCK_MM);
	word = guest_word(g.vm, n);
	lock_release(LOCK_MM);
	if (word == 0) {
		//@ assert row: fault_row{Here}(g.cpu, x.x2, x.x3);
		return x;
	}
	/* A page that is there again: the guest tries again. */
	if (desc_valid(word) == 0) {
		y.kind = EXIT_POISON;
		y.x2 = n * PAGE_SIZE;
		//@ assert first: y.x2 % 4096 == 0 && y.x2 / 4096 == n;
	}
	cpu_guest[g.cpu].w[CTX_EXIT] = y.kind;
	//@ assert taken: y.kind == EXIT_POISON ==> poison_row{Here}(y.x2, y.x3);
	//@ assert none: y.kind != EXIT_POISON ==> y.kind == EXIT_NONE && y.x2 == 0 && y.x3 == 0;
	return y;
}

/* What becomes of the exception that ended a run; @code is what it returned. */
/*@ requires cpu: g.cpu < CPUS_MAX && g.vm < VMS_MAX && g.vcpu < VCPUS_MAX;
    requires unlocked: no_locks{Here};
    requires gic: g.gic <= 1;
    terminates \true; exits \false; assigns LOCKED_STATE, cpu_guest[0 .. CPUS_MAX - 1];
    ensures unlocked: no_locks{Here};
    ensures kind: \result.kind <= EXIT_MAX;
    ensures row: exit_row{Here}(g.cpu, \result.kind, \result.x2, \result.x3);
    ensures hidden: g.protected != 0 ==> \result.kind != EXIT_HVC && \result.kind != EXIT_SMC;
    ensures pending: cpu_guest[g.cpu].w[CTX_EXIT] == \result.kind;
    ensures fault: g.protected != 0 && \result.kind == EXIT_FAULT && is_gfn(\result.x2 / 4096 % FAULT_PAGES) &&
      vms[g.vm].state == VM_LIVE ==> g_xl{Here}(g.vm, \result.x2 / 4096 % FAULT_PAGES) == 0;
*/
static struct guest_exit after_run(struct guest g, u64 code)
{
	struct guest_exit x = guest_exit(g.cpu, code, HAS_GIC * g.gic + (g.sve != 0 ? HAS_SVE : 0));
	struct guest_call call;

	if (x.kind == EXIT_FAULT && g.protected != 0) {
		return poison_exit(g, x);
	}
	if (x.kind != EXIT_HVC && x.kind != EXIT_SMC) {
		return x;
	}
	call.id = cpu_guest[g.cpu].w[CTX_X0];
	call.a1 = cpu_guest[g.cpu].w[CTX_X1];
	call.a2 = cpu_guest[g.cpu].w[CTX_X2];
	call.a3 = cpu_guest[g.cpu].w[CTX_X3];
	/* One with another immediate is no call: guest_exit() had the guest take an exception. */
	call.imm = 0;
	return guest_service(g, call, x);
}

/* Until something is for the host, or the guest has had what one call may take. */
/*@ requires cpu: g.cpu < CPUS_MAX && g.vm < VMS_MAX && g.vcpu < VCPUS_MAX;
    requires unlocked: no_locks{Here};
    requires host: at_guest == 0;
    requires vmid: g.vttbr / 0x1000000000000 != VMID_HOST;
    requires alike: \forall integer i; 0 <= i < MACHINE_IDS && i != MACHINE_MIDR_EL1 ==>
      machine_ids[i] == machine_id[i];
    requires fp: fp_guest == 0 && keys_guest == 0 && point_guest == 0;
    requires sve: g.sve != 0 ==> sve_lengths != 0;
    requires gic: g.gic == gic_guest && lines / RUN_GIC % 2 == gic_guest && gic_guest <= 1;
    terminates \true; exits \false; assigns LOCKED_STATE, GUEST_STATE;
    ensures unlocked: no_locks{Here};
    ensures host: at_guest == 0 && same_el1{Pre,Here};
    ensures fp: fp_guest == 0 && same_fp{Pre,Here};
    ensures keys: keys_guest == 0 && same_keys{Pre,Here};
    ensures points: point_guest == 0 && same_points{Pre,Here};
    ensures gic: gic_guest == \old(gic_guest);
    ensures kind: \result.kind <= EXIT_MAX;
    ensures row: exit_row{Here}(g.cpu, \result.kind, \result.x2, \result.x3);
    ensures hidden: g.protected != 0 ==> \result.kind != EXIT_HVC && \result.kind != EXIT_SMC;
*/
static struct guest_exit run_on(struct guest g, u64 lines)
{
	u32 has_keys = keys_take(g.cpu);
	u32 has_points = points_take(g.cpu, 0);
	struct guest_exit x = after_run(g, run(g.cpu, g.vttbr, lines, 0, has_keys, 0));
	u32 has_fp = 0;
	u32 n;

	/*@ loop invariant range: 1 <= n <= ROUNDS;
	    loop invariant unlocked: no_locks{Here};
	    loop invariant host: at_guest == 0 && same_el1{Pre,Here};
	    loop invariant kind: x.kind <= EXIT_MAX;
	    loop invariant row: exit_row{Here}(g.cpu, x.kind, x.x2, x.x3);
	    loop invariant hidden: g.protected != 0 ==> x.kind != EXIT_HVC && x.kind != EXIT_SMC;
	    loop invariant fp: fp_safe{Pre,Here}(g.cpu, has_fp);
	    loop invariant sve: has_fp == FP_SVE ==> g.sve != 0;
	    loop invariant keys: keys_safe{Pre,Here}(g.cpu, has_keys);
	    loop invariant points: points_safe{Pre,Here}(g.cpu, has_points);
	    loop invariant gic: gic_guest == \at(gic_guest,Pre);
	    loop assigns n, x, has_fp, has_points, LOCKED_STATE, GUEST_STATE;
	    loop variant ROUNDS - n;
	*/
	for (n = 1; n < ROUNDS && x.kind == EXIT_NONE; n++) {
		has_fp = fp_take(g.cpu, has_fp, g.sve);
		//@ assert taken: fp_safe{Pre,Here}(g.cpu, has_fp);
		has_points = points_take(g.cpu, has_points);
		//@ assert points: points_safe{Pre,Here}(g.cpu, has_points);
		x = after_run(g, run(g.cpu, g.vttbr, lines, has_fp, has_keys, g.sve));
	}
	fp_return(g.cpu, has_fp);
	keys_return(g.cpu, has_keys);
	points_return(g.cpu, has_points);
	return x;
}

/* The machine's count at which a timer for @compare fires whose counter is @offset behind the machine's. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == fires_at(compare, offset);
*/
static u64 fires(u64 compare, u64 offset)
{
	u64 left = LAST_COUNT - offset;

	if (offset < COUNTS_HALF) {
		return compare > left ? LAST_COUNT : compare + offset;
	}
	return compare > left ? compare - left - 1u : 0;
}

/* How a run of @cpu ended, for the host; with what it needs to wake the guest in time. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires rest: \valid(rest + (0 .. REST - 1)) && APART_FROM_GUESTS(rest);
    requires kind: x.kind <= EXIT_MAX;
    requires row: exit_row{Here}(cpu, x.kind, x.x2, x.x3);
    terminates \true; exits \false; assigns rest[0 .. 3];
    ensures kind: \result == x.kind;
    ensures told: told{Here}(cpu, \result, rest[0], rest[1], rest[2], rest[3]);
*/
static s64 exit_tell(u32 cpu, struct guest_exit x, u64 *rest)
{
	u64 on = cpu_guest[cpu].w[CTX_CNTV_CTL_EL0] % 4u == 1 ? 1 : 0;

	rest[0] = x.x2;
	rest[1] = x.x3;
	rest[2] = on;
	rest[3] = 0;
	if (on != 0) {
		rest[3] = fires(cpu_guest[cpu].w[CTX_CNTV_CVAL_EL0], cpu_guest[cpu].w[CTX_CNTVOFF_EL2]);
	}
	return (s64)x.kind;
}

/* 1 when the guest is to have a GIC and cannot, or not with the list registers @lists. */
/*@ requires lists: \valid_read(lists + (0 .. GIC_LISTS - 1));
    terminates \true; exits \false; assigns \nothing;
    ensures allowed: \result == 0 && flags / RUN_GIC % 2 == 1 ==> lists_allowed{Here}(lists);
*/
static u32 gic_refused(u64 flags, const u64 *lists)
{
	return flags / RUN_GIC % 2 != 0 && (arch_gic_lists() == 0 || gic_lists_allowed(lists) == 0);
}

/* A vCPU that is off does not run; else the answer to its last exit is @value where @flags say so. */
/*@ requires cpu: g.cpu < CPUS_MAX && g.vm < VMS_MAX && g.vcpu < VCPUS_MAX;
    requires unlocked: no_locks{Here};
    requires host: at_guest == 0;
    requires vmid: g.vttbr / 0x1000000000000 != VMID_HOST;
    requires alike: \forall integer i; 0 <= i < MACHINE_IDS && i != MACHINE_MIDR_EL1 ==>
      machine_ids[i] == machine_id[i];
    requires fp: fp_guest == 0 && keys_guest == 0 && point_guest == 0;
    requires sve: g.sve != 0 ==> sve_lengths != 0;
    requires gic: g.gic == gic_guest && flags / RUN_GIC % 2 == gic_guest && gic_guest <= 1;
    terminates \true; exits \false; assigns LOCKED_STATE, GUEST_STATE;
    ensures unlocked: no_locks{Here};
    ensures host: at_guest == 0 && same_el1{Pre,Here};
    ensures fp: fp_guest == 0 && same_fp{Pre,Here};
    ensures keys: keys_guest == 0 && same_keys{Pre,Here};
    ensures points: point_guest == 0 && same_points{Pre,Here};
    ensures gic: gic_guest == \old(gic_guest);
    ensures kind: \result.kind <= EXIT_MAX;
    ensures row: exit_row{Here}(g.cpu, \result.kind, \result.x2, \result.x3);
*/
static struct guest_exit run_unless_off(struct guest g, u64 flags, u64 value)
{
	struct guest_exit off = { EXIT_OFF, 0, 0 };

	if (g.runs == 0) {
		return off;
	}
	if (flags % 2 != 0) {
		guest_answer(g.cpu, value);
	}
	return run_on(g, flags);
}

s64 vcpu_run(u64 flags, u64 value, u64 *rest)
{
	struct guest g;
	struct guest_exit x;
	s64 kind;

	if (flags > RUN_FLAGS || gic_refused(flags, &rest[REST_LISTS_IN]) != 0) {
		return HYP_EINVAL;
	}
	g = guest_loaded(cpu_index(), 1);
	if (g.found == 0) {
		return HYP_ENOENT;
	}
	if (machine_ids_same() == 0 || (g.sve != 0 && vectors_same() == 0)) {
		return HYP_EPERM;
	}
	g.gic = flags / RUN_GIC % 2 != 0 ? 1 : 0;
	if (g.gic != 0) {
		gic_take(g.cpu, &rest[REST_LISTS_IN]);
	}
	x = run_unless_off(g, flags, value);
	if (g.gic != 0) {
		gic_return(g.cpu, &rest[REST_LISTS_OUT]);
	}
	//@ assert row: exit_row{Here}(g.cpu, x.kind, x.x2, x.x3);
	kind = exit_tell(g.cpu, x, rest);
	//@ assert told: told{Here}(g.cpu, kind, rest[0], rest[1], rest[2], rest[3]);
	//@ assert cpu: 0 <= g.cpu < CPUS_MAX;
	return kind;
}

/* The host turns vCPU @i of VM @v on or off: of a protected VM the first only, and on. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vcpu: v < VMS_MAX && i < VCPUS_MAX;
    requires power: power_inv{Here};
    terminates \true; exits \false;
    assigns vm_power[v].state[i], vm_start[v].host;
    ensures power: power_inv{Here};
    ensures refused: vms[v].protected != 0 && (on == 0 || \old(vm_start[v].host) != 0) ==> \result == HYP_EPERM;
    ensures failed: \result != 0 ==> vm_power[v].state[i] == \old(vm_power[v].state[i]) &&
      vm_start[v].host == \old(vm_start[v].host);
    ensures done: \result == 0 ==> vm_power[v].state[i] == (on != 0 ? POWER_ON : POWER_OFF) &&
      (on != 0 ==> vm_start[v].host == 1);
    ensures result: \result == 0 || \result == HYP_EPERM || \result == HYP_ENOENT;
*/
static s32 power_set(u32 v, u32 i, u64 on)
{
	s32 error;

	if (vms[v].protected != 0 && (on == 0 || vm_start[v].host != 0)) {
		return HYP_EPERM;
	}
	if (on == 0) {
		return power_stop(v, i);
	}
	error = power_start(v, i);
	if (error == 0) {
		vm_start[v].host = 1;
	}
	return error;
}

s64 vcpu_power(u64 on)
{
	u32 cpu = cpu_index();
	s32 error = HYP_ENOENT;

	if (on > 1) {
		return HYP_EINVAL;
	}
	lock_acquire(LOCK_MM);
	if (cpu_vm[cpu].loaded != 0) {
		error = power_set(cpu_vm[cpu].vm, cpu_vm[cpu].vcpu, on);
	}
	lock_release(LOCK_MM);
	return error;
}

/* VM @v has its virtual counter @offset behind the machine's: of a protected VM until the host turned a vCPU on. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns vm_start[v].offset;
    ensures fixed: vms[v].protected != 0 && vm_start[v].host != 0 ==>
      \result == HYP_EPERM && vm_start[v].offset == \old(vm_start[v].offset);
    ensures set: !(vms[v].protected != 0 && vm_start[v].host != 0) ==> \result == 0 && vm_start[v].offset == offset;
*/
static s32 offset_set(u32 v, u64 offset)
{
	if (vms[v].protected != 0 && vm_start[v].host != 0) {
		return HYP_EPERM;
	}
	vm_start[v].offset = offset;
	return 0;
}

/* And it has vectors of up to @units of 128 bits, or no SVE, as long, or until the image that is measured is whole. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires vm: v < VMS_MAX;
    terminates \true; exits \false; assigns vm_start[v].sve;
    ensures fixed: vms[v].protected != 0 && vm_start[v].host != 0 && vm_image[v].state != IMAGE_OPEN ==> \result != 0;
    ensures refused: \result != 0 ==> vm_start[v].sve == \old(vm_start[v].sve);
    ensures set: \result == 0 ==> vm_start[v].sve == units && units <= SVE_LONGEST;
    ensures absent: \result == 0 && units != 0 ==> machine_sve != 0;
    ensures result: \result == 0 || \result == HYP_EINVAL || \result == HYP_EPERM;
*/
static s32 sve_set(u32 v, u64 units)
{
	s32 error = vectors_allowed(units);

	if (error != 0) {
		return error;
	}
	if (vms[v].protected != 0 && vm_start[v].host != 0 && vm_image[v].state != IMAGE_OPEN) {
		return HYP_EPERM;
	}
	vm_start[v].sve = (u32)units;
	return 0;
}

/*@ requires unlocked: no_locks{Here};
    requires cpu: cpu < CPUS_MAX;
    terminates \true; exits \false; assigns LOCKED_STATE;
    ensures unlocked: no_locks{Here};
    ensures result: \result == 0 || \result == HYP_ENOENT || \result == HYP_EPERM || \result == HYP_EINVAL;
    ensures offset: \result == 0 && word == CTX_CNTVOFF_EL2 ==> vm_start[cpu_vm[cpu].vm].offset == value;
    ensures sve: \result == 0 && word == CTX_SVE ==> vm_start[cpu_vm[cpu].vm].sve == value;
*/
static s32 common_set(u32 cpu, u64 word, u64 value)
{
	s32 error = HYP_ENOENT;

	lock_acquire(LOCK_MM);
	if (cpu_vm[cpu].loaded != 0) {
		if (word == CTX_SVE) {
			error = sve_set(cpu_vm[cpu].vm, value);
		} else {
			error = offset_set(cpu_vm[cpu].vm, value);
		}
	}
	lock_release(LOCK_MM);
	return error;
}

/* The host reads a word of what @cpu has loaded. */
/*@ requires word: cpu < CPUS_MAX && word < CTX_NAMED_END;
    requires rest: \valid(rest + (0 .. 1));
    terminates \true; exits \false; assigns rest[0];
    ensures hidden: protected != 0 ==> \result == HYP_EPERM && rest[0] == \old(rest[0]);
    ensures shown: protected == 0 ==> \result == 0 && rest[0] == word_now{Pre}(cpu, word);
*/
static s64 word_get(u32 cpu, u32 protected, u64 word, u64 *rest)
{
	if (protected != 0) {
		return HYP_EPERM;
	}
	rest[0] = context_get(cpu, word);
	return 0;
}

s64 vcpu_register(u64 call, u64 word, u64 value, u64 *rest)
{
	struct guest g;

	if (word >= CTX_SVE_FIRST && word < CTX_SVE_END) {
		return vectors_word(cpu_index(), word, call == VCPU_SET_REG ? 1 : 0, value, rest);
	}
	if (word >= CTX_NAMED_END) {
		return HYP_EINVAL;
	}
	if (call == VCPU_SET_REG && (word == CTX_CNTVOFF_EL2 || word == CTX_SVE)) {
		return common_set(cpu_index(), word, value);
	}
	g = guest_loaded(cpu_index(), 0);
	if (g.found == 0) {
		return HYP_ENOENT;
	}
	if (call == VCPU_SET_REG) {
		return context_set(g.cpu, g.protected, word, value);
	}
	return word_get(g.cpu, g.protected, word, rest);
}
