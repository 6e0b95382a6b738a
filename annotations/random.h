/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many random bits stand in which register (Arm DEN0098, TRNG_RND).
 */
#ifndef ANNOTATIONS_RANDOM_H
#define ANNOTATIONS_RANDOM_H

/*@ logic integer power_of_2(integer n) = n <= 0 ? 1 : 2 * power_of_2(n - 1);

    // bits in one register: 32 with a call of SMC32, 64 with one of SMC64
    logic integer random_width(integer id) = id / 0x40000000 % 2 != 0 ? 64 : 32;

    // how many of b bits are in register k, 0 the lowest, of those of w bits
    logic integer random_part(integer b, integer w, integer k) = b <= k * w ? 0 : b - k * w >= w ? w : b - k * w;
*/

#endif
