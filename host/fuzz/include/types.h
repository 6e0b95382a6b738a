/* SPDX-License-Identifier: GPL-2.0-only */
/* The generated headers ask for the core's types.h; the kernel has those types. */
#include <linux/types.h>
