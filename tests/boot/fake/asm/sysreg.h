/* SPDX-License-Identifier: BSD-2-Clause */
/* System registers of the build machine's stand-in CPU. */
#ifndef ASM_SYSREG_H
#define ASM_SYSREG_H

#include "types.h"

extern u64 fake_mpidr_el1;

#define read_sysreg(name) fake_##name

#endif
