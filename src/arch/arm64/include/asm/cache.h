/* SPDX-License-Identifier: BSD-2-Clause */
/* Data caches by address, to the point of coherency (head.S): every line from @start up to @end. */
#ifndef ASM_CACHE_H
#define ASM_CACHE_H

#include "types.h"

void cache_clean(u64 start, u64 end);
void cache_inval(u64 start, u64 end);
void cache_clean_inval(u64 start, u64 end);

#endif
