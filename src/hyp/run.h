/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch: a CPU runs the vCPU that it has loaded (docs/vm.md).
 */
#ifndef HYP_RUN_H
#define HYP_RUN_H

#include "types.h"

/** vcpu_run() - VCPU_RUN: the exit, with what belongs to it in @rest, or HYP_EINVAL, HYP_ENOENT. */
s64 vcpu_run(u64 answered, u64 value, u64 *rest);

/** vcpu_register() - VCPU_GET_REG and VCPU_SET_REG: 0, HYP_EINVAL, HYP_ENOENT, HYP_EPERM. */
s64 vcpu_register(u64 call, u64 word, u64 value, u64 *rest);

#endif
