/* SPDX-License-Identifier: BSD-2-Clause */
/* Included first in every C file of the image: nothing is reached through a GOT. */
#ifndef ASM_HIDDEN_H
#define ASM_HIDDEN_H
#pragma GCC visibility push(hidden)
#endif
