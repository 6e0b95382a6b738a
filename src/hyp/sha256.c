/* SPDX-License-Identifier: BSD-2-Clause */
#include "sha256.h"

/* Sums are modulo 2^32. */
#define WORD 0x100000000u

/* The word twice in a row. */
#define TWICE 0x100000001u

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_xor(x, y);
*/
static inline u32 either(u32 x, u32 y)
{
	return x ^ y;
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_xor3(x, y, z);
*/
static inline u32 either3(u32 x, u32 y, u32 z)
{
	return either(either(x, y), z);
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_and(x, y);
*/
static inline u32 both(u32 x, u32 y)
{
	return x & y;
}

/*@ requires bits: n < 32;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_rotr(x, n);
*/
static inline u32 rotr(u32 x, u32 n)
{
	return (u32)(((x * TWICE) >> n) % WORD);
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_ch(x, y, z);
*/
static inline u32 choose(u32 x, u32 y, u32 z)
{
	return either(both(x, y), both(0xffffffffu - x, z));
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_maj(x, y, z);
*/
static inline u32 majority(u32 x, u32 y, u32 z)
{
	return either3(both(x, y), both(x, z), both(y, z));
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_sum0(x);
*/
static inline u32 sum0(u32 x)
{
	return either3(rotr(x, 2), rotr(x, 13), rotr(x, 22));
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_sum1(x);
*/
static inline u32 sum1(u32 x)
{
	return either3(rotr(x, 6), rotr(x, 11), rotr(x, 25));
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_sigma0(x);
*/
static inline u32 sigma0(u32 x)
{
	return either3(rotr(x, 7), rotr(x, 18), x >> 3);
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_sigma1(x);
*/
static inline u32 sigma1(u32 x)
{
	return either3(rotr(x, 17), rotr(x, 19), x >> 10);
}

struct sha256 sha256_begin(void)
{
	struct sha256 d;
	u32 i;

	/*@ loop invariant range: 0 <= i <= 8;
	    loop invariant first: \forall integer k; 0 <= k < i ==> d.h[k] == sha256_iv[k];
	    loop assigns i, d;
	    loop variant 8 - i;
	*/
	for (i = 0; i < 8u; i++) {
		d.h[i] = sha256_iv[i];
	}
	return d;
}

/* Word @t of the schedule, behind the others. */
/*@ requires word: 16 <= t < SHA_ROUNDS;
    terminates \true; exits \false; assigns \nothing;
    ensures value: \result == sha_more(s.w[t - 2], s.w[t - 7], s.w[t - 15], s.w[t - 16]);
*/
static inline u32 more(struct sha_words s, u32 t)
{
	return (u32)(((u64)sigma1(s.w[t - 2u]) + s.w[t - 7u] + sigma0(s.w[t - 15u]) + s.w[t - 16u]) % WORD);
}

/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: sha_schedule(m, \result);
*/
static struct sha_words schedule(struct sha_block m)
{
	struct sha_words s;
	u32 t;

	/*@ loop invariant range: 0 <= t <= 16;
	    loop invariant block: \forall integer k; 0 <= k < t ==> s.w[k] == m.w[k];
	    loop assigns t, s;
	    loop variant 16 - t;
	*/
	for (t = 0; t < 16u; t++) {
		s.w[t] = m.w[t];
	}
	/*@ loop invariant range: 16 <= t <= SHA_ROUNDS;
	    loop invariant block: \forall integer k; 0 <= k < 16 ==> s.w[k] == m.w[k];
	    loop invariant more: \forall integer k; 16 <= k < t ==> sha_fits(s, k);
	    loop assigns t, s;
	    loop variant SHA_ROUNDS - t;
	*/
	for (t = 16; t < SHA_ROUNDS; t++) {
		s.w[t] = more(s, t);
		//@ assert kept: \forall integer k; 0 <= k < t ==> s.w[k] == \at(s.w[k],LoopCurrent);
		//@ assert word: sha_fits(s, t);
		//@ assert before: \forall integer k; 16 <= k < t ==> sha_fits(s, k);
	}
	return s;
}

/* Round @t, with word @w of the schedule: @s is a to h before it. */
/*@ requires round: t < SHA_ROUNDS;
    terminates \true; exits \false; assigns \nothing;
    ensures a: \result.h[0] == (sha_t1{Here}(s.h[4], s.h[5], s.h[6], s.h[7], w, t) +
      sha_t2(s.h[0], s.h[1], s.h[2])) % 0x100000000;
    ensures e: \result.h[4] == (s.h[3] + sha_t1{Here}(s.h[4], s.h[5], s.h[6], s.h[7], w, t)) % 0x100000000;
    ensures shifted: \result.h[1] == s.h[0] && \result.h[2] == s.h[1] && \result.h[3] == s.h[2] &&
      \result.h[5] == s.h[4] && \result.h[6] == s.h[5] && \result.h[7] == s.h[6];
*/
static struct sha256 round_of(struct sha256 s, u32 w, u32 t)
{
	u64 t1 = ((u64)s.h[7] + sum1(s.h[4]) + choose(s.h[4], s.h[5], s.h[6]) + sha256_k[t] + w) % WORD;
	u64 t2 = ((u64)sum0(s.h[0]) + majority(s.h[0], s.h[1], s.h[2])) % WORD;

	s.h[7] = s.h[6];
	s.h[6] = s.h[5];
	s.h[5] = s.h[4];
	s.h[4] = (u32)((s.h[3] + t1) % WORD);
	s.h[3] = s.h[2];
	s.h[2] = s.h[1];
	s.h[1] = s.h[0];
	s.h[0] = (u32)((t1 + t2) % WORD);
	return s;
}

struct sha256 sha256_block(struct sha256 d, struct sha_block m)
{
	struct sha_words w = schedule(m);
	struct sha256 s = d;
	u32 t;

	/*@ loop invariant range: 0 <= t <= SHA_ROUNDS;
	    loop invariant value: sha_at{Here}(d, w, t, s);
	    loop assigns t, s;
	    loop variant SHA_ROUNDS - t;
	*/
	for (t = 0; t < SHA_ROUNDS; t++) {
		s = round_of(s, w.w[t], t);
		//@ assert a: s.h[0] == sha_v{Here}(d, w, t + 1, 0);
		//@ assert e: s.h[4] == sha_v{Here}(d, w, t + 1, 4);
	}
	/*@ loop invariant range: 0 <= t <= 8;
	    loop invariant sum: \forall integer i; 0 <= i < t ==>
	      s.h[i] == (d.h[i] + sha_v{Here}(d, w, SHA_ROUNDS, i)) % 0x100000000;
	    loop invariant rest: \forall integer i; t <= i < 8 ==> s.h[i] == sha_v{Here}(d, w, SHA_ROUNDS, i);
	    loop assigns t, s;
	    loop variant 8 - t;
	*/
	for (t = 0; t < 8u; t++) {
		s.h[t] = (u32)(((u64)s.h[t] + d.h[t]) % WORD);
	}
	//@ assert sum: sha_sum{Here}(d, w, s);
	return s;
}
