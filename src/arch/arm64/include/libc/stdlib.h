/* SPDX-License-Identifier: BSD-2-Clause */
/* libfdt.h includes this header; what it declares is not used in the image. */
#ifndef LIBC_STDLIB_H
#define LIBC_STDLIB_H
#endif
