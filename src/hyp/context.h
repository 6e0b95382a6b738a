/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done to contexts of vCPUs outside of a run.
 */
#ifndef HYP_CONTEXT_H
#define HYP_CONTEXT_H

#include <gen/hypercalls.h>
#include "vcpu.h"

/** context_load() - the context of vCPU @i, which keeps frame @pfn, becomes @cpu's; a new one begins. */
void context_load(u32 cpu, u64 pfn, u32 i);

/** context_store() - the context that is @cpu's goes back to frame @pfn. */
void context_store(u32 cpu, u64 pfn);

/** context_pstate() - @pstate where EL2 may return to it, else that of a vCPU that begins. */
u64 context_pstate(u64 pstate);

/**
 * context_set() - the host sets a word of the vCPU that @cpu has loaded
 *
 * Return: 0, HYP_EINVAL for a word or a PSTATE that there is not, HYP_EPERM for what is not the host's to set.
 */
s32 context_set(u32 cpu, u32 protected, u64 word, u64 value);

#endif
