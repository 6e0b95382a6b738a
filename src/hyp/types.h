/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integer names, opaque addresses and page arithmetic of the EL2 core.
 *
 * An address never travels as a bare integer across a public function: its type says which
 * address space it belongs to. Inside the table code addresses are page numbers (4 KiB units).
 */
#ifndef HYP_TYPES_H
#define HYP_TYPES_H

#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

/** typedef pa_t - physical address, bytes. */
typedef struct {
	u64 pa;
} pa_t;

/** typedef ipa_t - intermediate physical address (what a stage 2 translates), bytes. */
typedef struct {
	u64 ipa;
} ipa_t;

#define PAGE_SIZE 4096u
#define TABLE_ENTRIES 512u

#endif
