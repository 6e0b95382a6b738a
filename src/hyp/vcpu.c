/* SPDX-License-Identifier: BSD-2-Clause */
#include <gen/sysregs.h>

#include "arch.h"
#include "context.h"

struct vcpu_context cpu_guest[CPUS_MAX];
struct vcpu_context cpu_host[CPUS_MAX];

/* MPIDR_EL1 of vCPU 0: bit 31 is RES1. */
#define MPIDR_VCPU0 0x80000000u

/* What vCPU @i begins with, over words that are all 0. */
static void context_reset(u32 cpu, u32 i)
{
	cpu_guest[cpu].w[CTX_PSTATE] = CTX_RESET_PSTATE;
	cpu_guest[cpu].w[CTX_SCTLR_EL1] = CTX_RESET_SCTLR_EL1;
	cpu_guest[cpu].w[CTX_MPIDR] = MPIDR_VCPU0 + i;
	cpu_guest[cpu].w[CTX_STATE] = RUN_STARTED;
}

void context_load(u32 cpu, u64 pfn, u32 i)
{
	u64 k;

	for (k = 0; k < CTX_WORDS; k++) {
		cpu_guest[cpu].w[k] = context_read(pfn, k);
	}
	if (cpu_guest[cpu].w[CTX_STATE] == RUN_NEW) {
		context_reset(cpu, i);
	}
	cpu_guest[cpu].w[CTX_FRESH] = 1;
}

void context_store(u32 cpu, u64 pfn)
{
	u64 k;

	for (k = 0; k < CTX_WORDS; k++) {
		context_write(pfn, k, cpu_guest[cpu].w[k]);
	}
}

/* 1 when EL2 may return to @pstate: EL0, or EL1 in AArch64. */
static u32 is_below_el2(u64 pstate)
{
	u64 mode = pstate % 32;

	return mode == 0 || mode == 4 || mode == 5 || mode == 16;
}

u64 context_pstate(u64 pstate)
{
	return is_below_el2(pstate) != 0 ? pstate : SPSR_EL2_EL1H_MASKED;
}

/* 1 when the host may set @word of a protected VM's vCPU: where it begins, and with which argument. */
static u32 is_entry(u32 cpu, u64 word)
{
	return cpu_guest[cpu].w[CTX_STATE] == RUN_STARTED && (word == CTX_PC || word == CTX_X0);
}

s32 context_set(u32 cpu, u32 protected, u64 word, u64 value)
{
	if (!CTX_SETTABLE(word)) {
		return word < CTX_SWITCHED_END ? HYP_EPERM : HYP_EINVAL;
	}
	if (protected != 0 && is_entry(cpu, word) == 0) {
		return HYP_EPERM;
	}
	if (word == CTX_PSTATE && (value >= 0x100000000u || is_below_el2(value) == 0 || value % 32 == 16)) {
		return HYP_EINVAL;
	}
	cpu_guest[cpu].w[word] = value;
	return 0;
}
