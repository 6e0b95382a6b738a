/* SPDX-License-Identifier: BSD-2-Clause */
/* What suspend.c and its guest agree on. */
#ifndef SUSPEND_PROGRAM_H
#define SUSPEND_PROGRAM_H

#define SUSPEND_CODE 0x40000000
#define SUSPEND_SAY 0x10000000

#endif
