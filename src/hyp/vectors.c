/* SPDX-License-Identifier: BSD-2-Clause */
#include "vectors.h"
#include "arch.h"
#include "guest.h"
#include "ownership.h"
#include "vm.h"
#include <lemmas/guests/context_apart.h>
#include <lemmas/guests/guests_else.h>
#include <lemmas/guests/still_guests.h>
#include <lemmas/mm/given_paged.h>
#include <lemmas/mm/still.h>
#include <lemmas/mm/still_host.h>
#include <lemmas/tables/rows.h>
#include <lemmas/tables/rows_ways.h>
#include <lemmas/vms/still_kept.h>

u32 machine_sve;

void vectors_setup(void)
{
	machine_sve = arch_sve_lengths();
}

u32 vectors_same(void)
{
	u32 own = arch_sve_lengths();

	return own != 0 && own == machine_sve ? 1 : 0;
}

s32 vectors_allowed(u64 units)
{
	/* What stands in machine_sve for each length. */
	static const u32 bit[SVE_LONGEST] = { 1, 2, 4, 8 };

	if (units > SVE_LONGEST) {
		return HYP_EINVAL;
	}
	if (units != 0 && machine_sve / bit[units - 1u] % 2u == 0) {
		return HYP_EPERM;
	}
	return 0;
}

/* Into frame @pfn, which serves a VM and so is no table: the CPU's vectors, or with @set @value as word @word. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires tables: tables_inv{Here};
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn) && !table_frame{Here}(pfn);
    requires word: CTX_SVE_FIRST <= word < CTX_SVE_END;
    requires host: set == 0 ==> at_guest == 0;
    requires own: set == 0 ==> fp_guest == FP_SVE && sve_lengths != 0;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], cpu_guest[cpu].w[CTX_FPSR .. CTX_FPCR], cpu_guest[cpu].w[CTX_ZCR_EL1];
    ensures tables: tables_inv{Here};
    ensures saved: set == 0 ==> sve_of_guest{Here,Here}(cpu, pfn);
    ensures words: set != 0 ==> \forall integer k; 0 <= k < CTX_WORDS ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures written: set != 0 ==> frame[pfn].e[word] == value;
    ensures rest: set != 0 ==> \forall integer k; 0 <= k < 512 && k != word ==>
      frame[pfn].e[k] == \old(frame[pfn].e[k]);
    ensures same: same_xl{Pre,Here} && same_nodes{Pre,Here};
    ensures others: \forall integer g, k; 0 <= g < PFN_COUNT && 0 <= k < 512 && g != pfn ==>
      frame[g].e[k] == \old(frame[g].e[k]);
*/
static void vectors_put(u32 cpu, u64 pfn, u64 word, u32 set, u64 value)
{
	if (set != 0) {
		context_write(pfn, word, value);
	} else {
		arch_sve_guest_save(cpu, pfn);
	}
	/*@ ghost
	  int n = 0;
	  /@ loop invariant 0 <= n <= 512;
	     loop invariant \forall integer g; 0 <= g < PFN_COUNT && g != pfn ==>
	       nonzero{Here}(g, n) == nonzero{Pre}(g, n);
	     loop assigns n;
	     loop variant 512 - n;
	  @/
	  while (n < 512) {
	    n++;
	  }
	*/
	//@ assert counted: counted{Here};
	//@ assert rows: same_rows{Pre,Here};
	//@ assert way: same_nodes{Pre,Here};
	//@ assert wf: wf{Here};
	//@ assert pool: pool_inv{Here};
	//@ assert same: same_xl{Pre,Here};
}

/* vectors_put(), with all that LOCK_MM protects of memory. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here};
    requires cpu: cpu < CPUS_MAX;
    requires serves: serves{Here}(pfn);
    requires word: CTX_SVE_FIRST <= word < CTX_SVE_END;
    requires host: set == 0 ==> at_guest == 0;
    requires own: set == 0 ==> fp_guest == FP_SVE && sve_lengths != 0;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], cpu_guest[cpu].w[CTX_FPSR .. CTX_FPCR], cpu_guest[cpu].w[CTX_ZCR_EL1];
    ensures inv: mm_inv{Here} && quiet{Here};
    ensures saved: set == 0 ==> sve_of_guest{Here,Here}(cpu, pfn);
    ensures words: set != 0 ==> \forall integer k; 0 <= k < CTX_WORDS ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures written: set != 0 ==> frame[pfn].e[word] == value;
    ensures rest: set != 0 ==> \forall integer k; 0 <= k < 512 && k != word ==>
      frame[pfn].e[k] == \old(frame[pfn].e[k]);
    ensures others: \forall integer g, k; 0 <= g < PFN_COUNT && 0 <= k < 512 && g != pfn ==>
      frame[g].e[k] == \old(frame[g].e[k]);
*/
static void vectors_store(u32 cpu, u64 pfn, u64 word, u32 set, u64 value)
{
	/*@ assert open: host_inv{Here} && hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} &&
	      reach{Here} && groups_whole{Here} && given_paged{Here}; */
	//@ assert no_table: !table_frame{Here}(pfn);
	vectors_put(cpu, pfn, word, set, value);
	//@ assert same: unmoved{Pre,Here} && same_own_xl{Pre,Here};
	//@ assert host: host_inv{Here};
	//@ assert own: hyp_inv{Here} && frames_inv{Here} && tables_owned{Here} && groups_whole{Here};
	//@ assert paged: given_paged{Here};
	//@ assert inv: mm_inv{Here};
}

/* The same into the frame of the vCPU that @cpu has loaded. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    requires loaded: cpu < CPUS_MAX && cpu_vm[cpu].loaded != 0;
    requires word: CTX_SVE_FIRST <= word < CTX_SVE_END;
    requires host: set == 0 ==> at_guest == 0;
    requires own: set == 0 ==> fp_guest == FP_SVE && sve_lengths != 0;
    terminates \true; exits \false;
    assigns frame[0 .. PFN_COUNT - 1], cpu_guest[cpu].w[CTX_FPSR .. CTX_FPCR], cpu_guest[cpu].w[CTX_ZCR_EL1];
    ensures inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
    ensures saved: set == 0 ==> sve_of_guest{Here,Here}(cpu, loaded_frame{Here}(cpu));
    ensures words: set != 0 ==> \forall integer k; 0 <= k < CTX_WORDS ==>
      cpu_guest[cpu].w[k] == \old(cpu_guest[cpu].w[k]);
    ensures written: set != 0 ==> frame[loaded_frame{Here}(cpu)].e[word] == value;
    ensures rest: set != 0 ==> \forall integer k; 0 <= k < 512 && k != word ==>
      frame[loaded_frame{Here}(cpu)].e[k] == \old(frame[loaded_frame{Here}(cpu)].e[k]);
*/
static void vectors_keep(u32 cpu, u64 word, u32 set, u64 value)
{
	u32 v = cpu_vm[cpu].vm;
	u32 i = cpu_vm[cpu].vcpu;

	//@ assert here: cpu_ok{Here}(cpu) && v < VMS_MAX && i < VCPUS_MAX && vms[v].vcpu[i] == VCPU_LOADED;
	/*@ assert open: guests_inv{Here} && g_tables{Here} && vm_kept{Here} &&
	      kept{Here}(v, i) == vms[v].vcpu_frame[i]; */
	//@ assert keeps: keeps{Here}(v, i);
	//@ assert own: keeps_own{Here}(v, i);
	//@ assert held: serves{Here}(vms[v].vcpu_frame[i]);
	//@ assert alone: keeps_alone{Here}(v, i);
	//@ assert sound: g_sound{Here}(vms[v].vcpu_frame[i], g_tree[vms[v].vcpu_frame[i]]);
	//@ assert apart: g_tree[vms[v].vcpu_frame[i]] == 0;
	vectors_store(cpu, vms[v].vcpu_frame[i], word, set, value);
	//@ assert same: same_keeping{Pre,Here} && same_vm_states{Pre,Here} && same_machine{Pre,Here};
	//@ assert serving: same_serving{Pre,Here};
	//@ assert else: g_else{Pre,Here}(vms[v].vcpu_frame[i]);
	//@ assert guests: guests_inv{Here};
	//@ assert kept: vm_kept{Here};
	//@ assert inv: vms_inv{Here};
}

/* The frame of the vCPU that @cpu has loaded. */
/*@ requires inv: vms_inv{Here};
    requires loaded: cpu < CPUS_MAX && cpu_vm[cpu].loaded != 0;
    terminates \true; exits \false; assigns \nothing;
    ensures frame: \result == loaded_frame{Here}(cpu) && serves{Here}(\result);
*/
static u64 frame_loaded(u32 cpu)
{
	u32 v = cpu_vm[cpu].vm;
	u32 i = cpu_vm[cpu].vcpu;

	//@ assert here: cpu_ok{Here}(cpu) && v < VMS_MAX && i < VCPUS_MAX && vms[v].vcpu[i] == VCPU_LOADED;
	//@ assert keeps: vm_kept{Here} && kept{Here}(v, i) == vms[v].vcpu_frame[i] && keeps{Here}(v, i);
	//@ assert own: keeps_own{Here}(v, i);
	return vms[v].vcpu_frame[i];
}

u32 vectors_take(u32 cpu)
{
	u32 has = 0;

	lock_acquire(LOCK_MM);
	if (cpu_vm[cpu].loaded != 0) {
		arch_fp_host_save(cpu);
		arch_sve_host_save(cpu);
		arch_sve_guest_restore(cpu, frame_loaded(cpu));
		has = FP_SVE;
	}
	lock_release(LOCK_MM);
	return has;
}

void vectors_return(u32 cpu)
{
	lock_acquire(LOCK_MM);
	if (cpu_vm[cpu].loaded != 0) {
		vectors_keep(cpu, CTX_SVE_FIRST, 0, 0);
	}
	lock_release(LOCK_MM);
	arch_sve_host_restore(cpu);
}

void vectors_begin(u32 cpu)
{
	u64 k;

	/*@ loop invariant range: CTX_SVE_FIRST <= k <= CTX_SVE_END;
	    loop invariant inv: mm_inv{Here} && quiet{Here} && vms_inv{Here};
	    loop invariant cleared: \forall integer j; CTX_SVE_FIRST <= j < k ==>
	      frame[loaded_frame{Pre}(cpu)].e[j] == 0;
	    loop invariant words: \forall integer j; 0 <= j < CTX_WORDS ==>
	      cpu_guest[cpu].w[j] == \at(cpu_guest[cpu].w[j],Pre);
	    loop assigns k, frame[0 .. PFN_COUNT - 1], cpu_guest[cpu].w[CTX_FPSR .. CTX_FPCR],
	      cpu_guest[cpu].w[CTX_ZCR_EL1];
	    loop variant CTX_SVE_END - k;
	*/
	for (k = CTX_SVE_FIRST; k < CTX_SVE_END; k++) {
		vectors_keep(cpu, k, 1, 0);
	}
}

/* What speaks against the host's reaching the vectors of what @cpu has loaded: 0 when nothing does. */
/*@ requires cpu: cpu < CPUS_MAX;
    requires vm: cpu_vm[cpu].loaded != 0 ==> cpu_vm[cpu].vm < VMS_MAX;
    terminates \true; exits \false; assigns \nothing;
    ensures none: \result == HYP_ENOENT <==> cpu_vm[cpu].loaded == 0;
    ensures hidden: \result == 0 ==> vms[cpu_vm[cpu].vm].protected == 0 && vm_start[cpu_vm[cpu].vm].sve != 0;
    ensures result: \result == 0 || \result == HYP_ENOENT || \result == HYP_EPERM;
*/
static s64 vectors_refused(u32 cpu)
{
	if (cpu_vm[cpu].loaded == 0) {
		return HYP_ENOENT;
	}
	return vms[cpu_vm[cpu].vm].protected != 0 || vm_start[cpu_vm[cpu].vm].sve == 0 ? HYP_EPERM : 0;
}

s64 vectors_word(u32 cpu, u64 word, u32 set, u64 value, u64 *rest)
{
	s64 error;

	lock_acquire(LOCK_MM);
	//@ assert here: cpu_ok{Here}(cpu);
	error = vectors_refused(cpu);
	if (error == 0 && set != 0) {
		vectors_keep(cpu, word, 1, value);
	}
	if (error == 0 && set == 0) {
		rest[0] = context_read(frame_loaded(cpu), word);
	}
	lock_release(LOCK_MM);
	return error;
}
