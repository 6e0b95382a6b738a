/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a run of a vCPU ended, and what the host gets to know (spec/vcpu.toml).
 */
#ifndef HYP_EXIT_H
#define HYP_EXIT_H

#include "vcpu.h"

/**
 * struct guest_exit - an exit as the host sees it
 * @kind: EXIT_NONE to EXIT_OTHER
 * @x2: what the exit's row says
 * @x3: the same
 */
struct guest_exit {
	u64 kind;
	u64 x2;
	u64 x3;
};

/** guest_exit() - what becomes of the exception that ended a run on @cpu; @code is what arch_guest_enter() returned. */
struct guest_exit guest_exit(u32 cpu, u32 protected, u64 code);

/** guest_answer() - the host answers the last exit of the vCPU that @cpu has loaded. */
void guest_answer(u32 cpu, u64 value);

#endif
