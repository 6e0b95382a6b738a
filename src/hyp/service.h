/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of a guest carried out: what guest_call() says is done to the VM, and the guest has its answer.
 */
#ifndef HYP_SERVICE_H
#define HYP_SERVICE_H

#include "exit.h"
#include "random.h"

/**
 * struct guest - the vCPU that a CPU has loaded
 * @cpu: the CPU
 * @found: 1 when there is one
 * @vm: index of its VM
 * @vcpu: its own
 * @runs: 1 when it is on
 * @protected: 1 when its VM is protected
 * @gic: 1 when it has a GIC in this VCPU_RUN
 * @sve: the longest of its vectors, in units of 128 bits; 0 for no SVE
 * @vttbr: the value of VTTBR_EL2 for it
 */
struct guest {
	u32 cpu;
	u32 found;
	u32 vm;
	u32 vcpu;
	u32 runs;
	u32 protected;
	u32 gic;
	u32 sve;
	u64 vttbr;
};

/*@ // what a guest finds that asked for b random bits, in registers of w bits
    predicate random_answer{L}(integer cpu, integer b, integer w) =
      (\at(cpu_guest[cpu].w[CTX_X0],L) == 0 &&
        \at(cpu_guest[cpu].w[CTX_X3],L) < power_of_2(random_part(b, w, 0)) &&
        \at(cpu_guest[cpu].w[CTX_X2],L) < power_of_2(random_part(b, w, 1)) &&
        \at(cpu_guest[cpu].w[CTX_X1],L) < power_of_2(random_part(b, w, 2))) ||
      (\at(cpu_guest[cpu].w[CTX_X0],L) == gc_wrap(TRNG_NO_ENTROPY) && \at(cpu_guest[cpu].w[CTX_X1],L) == 0 &&
        \at(cpu_guest[cpu].w[CTX_X2],L) == 0 && \at(cpu_guest[cpu].w[CTX_X3],L) == 0);
*/

/**
 * guest_service() - the vCPU @g called, and @call is what stands in its registers; takes LOCK_MM
 *
 * @x is the exit, HVC or SMC, that the host gets if the call is its business, which it never is for a protected VM. A
 * vCPU that was turned off meanwhile, with its VM, has called nobody.
 *
 * Return: the exit that the host gets; EXIT_NONE when the guest goes on.
 */
/*@ requires unlocked: no_locks{Here};
    requires vcpu: g.cpu < CPUS_MAX && g.vm < VMS_MAX && g.vcpu < VCPUS_MAX;
    requires call: call.id == cpu_guest[g.cpu].w[CTX_X0];
    requires exit: (x.kind == EXIT_HVC || x.kind == EXIT_SMC) && exit_row{Here}(g.cpu, x.kind, x.x2, x.x3);
    terminates \true; exits \false;
    assigns LOCKED_STATE, cpu_guest[g.cpu].w[CTX_X0 .. CTX_X3], cpu_guest[g.cpu].w[CTX_EXIT];
    ensures unlocked: no_locks{Here};
    ensures kind: \result.kind <= EXIT_MAX && \result.kind != EXIT_FAULT;
    ensures row: exit_row{Here}(g.cpu, \result.kind, \result.x2, \result.x3);
    ensures hidden: g.protected != 0 ==> \result.kind != EXIT_HVC && \result.kind != EXIT_SMC;
    // what the host may answer is what it was told
    ensures pending: cpu_guest[g.cpu].w[CTX_EXIT] == \result.kind;
*/
struct guest_exit guest_service(struct guest g, struct guest_call call, struct guest_exit x);

#endif
