/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console: an Arm PL011 that firmware has set up, found through the device tree.
 */
#ifndef ASM_CONSOLE_H
#define ASM_CONSOLE_H

#include "types.h"

/* Start printing to the PL011 at physical address @base; until then output is dropped. */
void console_init(u64 base);

/* Formats: %s %c %u %x, and %lu %lx for u64. "\n" goes out as CR LF. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
