/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests of bench.c: like those of ../guest.S. x0 is how often.
 */
#include "../program.h"

/* A call that is answered without the host's user space. */
program bench_calls
	mov	x14, x0
1:	ldr	x0, =PSCI_VERSION
	hvc	#0
	subs	x14, x14, #1
	b.ne	1b
	done
	.ltorg

/* A store that the host's user space sees. */
program bench_stores
1:	say	x0
	subs	x0, x0, #1
	b.ne	1b
	done

/* A store to each page from BENCH_MEMORY on. */
program bench_pages
	ldr	x11, =BENCH_MEMORY
1:	str	x0, [x11]
	add	x11, x11, #(1 << PAGE_SHIFT)
	subs	x0, x0, #1
	b.ne	1b
	done
	.ltorg
