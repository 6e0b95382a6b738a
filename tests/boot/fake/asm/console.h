/* SPDX-License-Identifier: BSD-2-Clause */
/* Output of the code under test is kept in a buffer. */
#ifndef ASM_CONSOLE_H
#define ASM_CONSOLE_H

#include "types.h"

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
