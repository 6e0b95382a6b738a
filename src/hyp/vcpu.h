/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts of vCPUs (spec/vcpu.toml). A vCPU that no CPU has loaded stands in the frame that it keeps; the one
 * that a CPU has loaded in memory of that CPU, which no other CPU uses: no lock is needed to run it.
 */
#ifndef HYP_VCPU_H
#define HYP_VCPU_H

#include <gen/vcpu.h>
#include "boot_info.h"
#include "types.h"

/**
 * struct vcpu_context - the state of a vCPU, or the host's state of EL1 meanwhile
 * @w: words by CTX_ index
 */
struct vcpu_context {
	u64 w[CTX_WORDS];
};

/* What CTX_STATE says. */
#define RUN_NEW 0u     /* never loaded: all zeros */
#define RUN_STARTED 1u /* as it begins, but for what the host named */
#define RUN_RAN 2u

/* List registers of a guest's GIC: the words from CTX_GIC_FIRST on. */
#define GIC_LISTS 4u

/* What ended a run: arch_guest_enter(). */
#define GUEST_SYNC 0u
#define GUEST_IRQ 1u
#define GUEST_FIQ 2u
#define GUEST_SERROR 3u

/* Of the vCPU that each CPU has loaded; and of the host, while that vCPU runs. */
extern struct vcpu_context cpu_guest[CPUS_MAX];
extern struct vcpu_context cpu_host[CPUS_MAX];

#endif
