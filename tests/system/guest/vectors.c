/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several processes at once, of which each keeps a pattern of its own in Z, P and FFR for a while, with no call of the
 * kernel that might end it. 0 when each found its own all the time.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 6
#define PARTS 4 /* of a second that it lasts */

static uint64_t count(void)
{
	uint64_t value;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
	return value;
}

static uint64_t rate(void)
{
	uint64_t value;

	__asm__("mrs %0, cntfrq_el0" : "=r"(value));
	return value;
}

/* What is different from @seed in Z1 and Z30, P3 and FFR between two counts. */
static uint64_t others(uint64_t seed, uint64_t from, uint64_t end)
{
	uint64_t found = 0, now, expected = seed % 8 + 1;

	__asm__ volatile(".arch_extension sve\n\t"
			 "index z1.d, %[seed], #1\n\t"
			 "index z30.d, %[seed], #3\n\t"
			 "whilelo p3.b, xzr, %[n]\n\t"
			 "wrffr p3.b\n\t"
			 "1: ptrue p0.d\n\t"
			 "index z2.d, %[seed], #1\n\t"
			 "cmpne p1.d, p0/z, z1.d, z2.d\n\t"
			 "cntp %[now], p0, p1.d\n\t"
			 "add %[found], %[found], %[now]\n\t"
			 "index z2.d, %[seed], #3\n\t"
			 "cmpne p1.d, p0/z, z30.d, z2.d\n\t"
			 "cntp %[now], p0, p1.d\n\t"
			 "add %[found], %[found], %[now]\n\t"
			 "cntp %[now], p3, p3.b\n\t"
			 "cmp %[now], %[n]\n\t"
			 "cinc %[found], %[found], ne\n\t"
			 "rdffr p1.b\n\t"
			 "cntp %[now], p1, p1.b\n\t"
			 "cmp %[now], %[n]\n\t"
			 "cinc %[found], %[found], ne\n\t"
			 "mrs %[now], cntvct_el0\n\t"
			 "sub %[now], %[now], %[from]\n\t"
			 "cmp %[now], %[length]\n\t"
			 "b.lo 1b\n\t"
			 : [found] "+r"(found), [now] "=&r"(now)
			 : [seed] "r"(seed), [n] "r"(expected), [from] "r"(from), [length] "r"(end - from)
			 : "v1", "v2", "v30", "cc", "memory");
	return found;
}

int main(void)
{
	int status, failed = 0, i;

	printf("vectors of %d bytes\n", prctl(PR_SVE_GET_VL) & PR_SVE_VL_LEN_MASK);
	for (i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			uint64_t begin = count();

			_exit(others(0x1234560000000000 + i, begin, begin + rate() / PARTS) != 0);
		}
	}
	for (i = 0; i < PROCESSES; i++)
		failed += wait(&status) < 0 || status != 0;
	return failed != 0;
}
