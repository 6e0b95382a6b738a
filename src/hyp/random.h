/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random numbers for guests, from the CPU's own generator (Arm DEN0098, TRNG_RND; FEAT_RNG).
 */
#ifndef HYP_RANDOM_H
#define HYP_RANDOM_H

#include "guest_call.h"

#include "../../annotations/random.h"

/* Bits that TRNG_RND puts in one register: with the call of SMC32, and of SMC64. */
#define RANDOM_WIDTH_32 32u
#define RANDOM_WIDTH_64 64u

/**
 * random_effect() - the answer @a to call @id, with as many random bits as it asks for
 *
 * They begin with the lowest of x3, and go on in x2 and x1; what is above them is 0. Where the generator has none at
 * the time, x0 says so and the other three are 0.
 */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures other: a.effect != GUEST_RANDOM ==> \result == a;
    ensures words: \result.effect == a.effect && \result.arg1 == a.arg1 && \result.arg2 == a.arg2 &&
      \result.arg3 == a.arg3;
    ensures bits: a.effect == GUEST_RANDOM ==>
      \result.x3 < power_of_2(random_part(a.arg1, random_width(id), 0)) &&
      \result.x2 < power_of_2(random_part(a.arg1, random_width(id), 1)) &&
      \result.x1 < power_of_2(random_part(a.arg1, random_width(id), 2));
    ensures none: a.effect == GUEST_RANDOM && \result.x0 != a.x0 ==> \result.x0 == gc_wrap(TRNG_NO_ENTROPY) &&
      \result.x1 == 0 && \result.x2 == 0 && \result.x3 == 0;
*/
struct guest_answer random_effect(struct guest_answer a, u64 id);

#endif
