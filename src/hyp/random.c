/* SPDX-License-Identifier: BSD-2-Clause */
#include "random.h"
#include "arch.h"
#include <lemmas/random/power_of_2.h>

/* TRNG_NO_ENTROPY, -3, as a guest finds it in a register. */
#define TRNG_NO_ENTROPY_WORD 0xfffffffffffffffdu

/**
 * struct random_bits - random bits
 * @value: their value
 * @found: 1, or 0 when there are none
 */
struct random_bits {
	u64 value;
	u32 found;
};

/* How many of @bits bits are in register @k of those of @width bits. */
/*@ requires width: width == RANDOM_WIDTH_32 || width == RANDOM_WIDTH_64;
    requires register: k < 3;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == random_part(bits, width, k);
    ensures range: \result <= width;
*/
static u32 part_of(u64 bits, u32 width, u32 k)
{
	u64 below = (u64)k * width;

	if (bits <= below) {
		return 0;
	}
	return bits - below >= width ? width : (u32)(bits - below);
}

/* @n random bits. */
/*@ requires bits: n <= 64;
    terminates \true; exits \false; assigns \nothing;
    ensures range: \result.found <= 1 && \result.value < power_of_2(n);
*/
static struct random_bits random_get(u32 n)
{
	struct random_bits r = { 0, 1 };
	u32 i;

	if (n == 0) {
		return r;
	}
	r.value = arch_random();
	r.found = r.value != 0 ? 1 : 0;
	/*@ loop invariant range: n <= i <= 64 && r.value < power_of_2(i) && r.found <= 1;
	    loop assigns i, r.value;
	    loop variant i;
	*/
	for (i = 64; i > n; i--) {
		r.value /= 2u;
	}
	return r;
}

struct guest_answer random_effect(struct guest_answer a, u64 id)
{
	u32 width = id / 0x40000000u % 2u != 0 ? RANDOM_WIDTH_64 : RANDOM_WIDTH_32;
	struct random_bits low;
	struct random_bits mid;
	struct random_bits high;

	if (a.effect != GUEST_RANDOM) {
		return a;
	}
	low = random_get(part_of(a.arg1, width, 0));
	mid = random_get(part_of(a.arg1, width, 1));
	high = random_get(part_of(a.arg1, width, 2));
	a.x1 = high.value;
	a.x2 = mid.value;
	a.x3 = low.value;
	if (low.found == 0 || mid.found == 0 || high.found == 0) {
		a.x0 = TRNG_NO_ENTROPY_WORD;
		a.x1 = 0;
		a.x2 = 0;
		a.x3 = 0;
	}
	return a;
}
