/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls to Hypatia. Its errors are the host's errors of the same name.
 */
#ifndef HYPATIA_HYP_H
#define HYPATIA_HYP_H

#include <linux/arm-smccc.h>
#include <linux/errno.h>
#include <linux/vmalloc.h>

/* A flag of vmap(), which nobody here uses, and a call of Hypatia's. */
#undef VM_MAP

#include <gen/hypercalls.h>
#include <gen/vcpu.h>
#include <gen/vm.h>

static_assert(HYP_EPERM == -EPERM && HYP_ENOENT == -ENOENT && HYP_ENOMEM == -ENOMEM);
static_assert(HYP_EBUSY == -EBUSY && HYP_EINVAL == -EINVAL && HYP_ERANGE == -ERANGE);

static inline s64 hyp_call(u64 id, u64 a, u64 b, u64 c)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(id, a, b, c, &res);
	return (long)res.a0 == SMCCC_SUCCESS ? (s64)res.a1 : -EOPNOTSUPP;
}

/* VM_BEGIN, with the measurement that is expected, the first byte the highest of the first word. */
static inline s64 hyp_begin(u64 handle, u64 pc, u64 x0, const __be64 measurement[4])
{
	struct arm_smccc_1_2_regs regs = { VM_BEGIN, handle, pc, x0, be64_to_cpu(measurement[0]),
					   be64_to_cpu(measurement[1]), be64_to_cpu(measurement[2]),
					   be64_to_cpu(measurement[3]) };

	arm_smccc_1_2_hvc(&regs, &regs);
	return (long)regs.a0 == SMCCC_SUCCESS ? (s64)regs.a1 : -EOPNOTSUPP;
}

/* VCPU_RUN: @x are x0 to x9 of the call, and then what it leaves there. */
#define RUN_REGISTERS 10
static inline void hyp_run(u64 x[RUN_REGISTERS])
{
	register u64 x0 asm("x0") = x[0];
	register u64 x1 asm("x1") = x[1];
	register u64 x2 asm("x2") = x[2];
	register u64 x3 asm("x3") = x[3];
	register u64 x4 asm("x4") = x[4];
	register u64 x5 asm("x5") = x[5];
	register u64 x6 asm("x6") = x[6];
	register u64 x7 asm("x7") = x[7];
	register u64 x8 asm("x8") = x[8];
	register u64 x9 asm("x9") = x[9];

	asm volatile("hvc #0"
		     : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x5), "+r"(x6), "+r"(x7), "+r"(x8),
		       "+r"(x9)
		     :
		     : "memory");
	x[0] = x0;
	x[1] = x1;
	x[2] = x2;
	x[3] = x3;
	x[4] = x4;
	x[5] = x5;
	x[6] = x6;
	x[7] = x7;
	x[8] = x8;
	x[9] = x9;
}

static inline s64 hyp_stat(u64 stat)
{
	return hyp_call(HYP_STATS, stat, 0, 0);
}

/* A word of the vCPU that this CPU has loaded: with interrupts off. */
static inline s64 hyp_get_word(u64 word, u64 *value)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(VCPU_GET_REG, word, 0, 0, &res);
	*value = res.a2;
	return (long)res.a0 == SMCCC_SUCCESS ? (s64)res.a1 : -EOPNOTSUPP;
}

static inline s64 hyp_set_word(u64 word, u64 value)
{
	return hyp_call(VCPU_SET_REG, word, value, 0);
}

#endif
