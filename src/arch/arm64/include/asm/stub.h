/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that the early vectors answer to HVC, by the numbers that arm64 kernels use with their
 * own stub.
 */
#ifndef ASM_STUB_H
#define ASM_STUB_H

#define STUB_SET_VECTORS 0
#define STUB_SOFT_RESTART 1
#define STUB_RESET_VECTORS 2
#define STUB_UNKNOWN 0xbadca11

#endif
