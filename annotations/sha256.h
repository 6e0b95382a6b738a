/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 as FIPS 180-4 defines it, on words. The numbers are those of its sections.
 */
#ifndef ANNOTATIONS_SHA256_H
#define ANNOTATIONS_SHA256_H

/*@ // 3.2, 4.1.2
    // (twice the word in a row, shifted, is the word rotated; the complement of a word is what it lacks to all ones)
    logic integer sha_and(integer y, integer x) = y & x;
    logic integer sha_xor(integer y, integer x) = y ^ x;
    logic integer sha_rotr(integer x, integer n) = ((x * 0x100000001) >> n) % 0x100000000;
    logic integer sha_xor3(integer x, integer y, integer z) = sha_xor(sha_xor(x, y), z);
    logic integer sha_ch(integer x, integer y, integer z) = sha_xor(sha_and(x, y), sha_and(0xffffffff - x, z));
    logic integer sha_maj(integer x, integer y, integer z) = sha_xor3(sha_and(x, y), sha_and(x, z), sha_and(y, z));
    logic integer sha_sum0(integer x) = sha_xor3(sha_rotr(x, 2), sha_rotr(x, 13), sha_rotr(x, 22));
    logic integer sha_sum1(integer x) = sha_xor3(sha_rotr(x, 6), sha_rotr(x, 11), sha_rotr(x, 25));
    logic integer sha_sigma0(integer x) = sha_xor3(sha_rotr(x, 7), sha_rotr(x, 18), x >> 3);
    logic integer sha_sigma1(integer x) = sha_xor3(sha_rotr(x, 17), sha_rotr(x, 19), x >> 10);

    // 6.2.2, step 1: the message schedule
    logic integer sha_more(integer w2, integer w7, integer w15, integer w16) =
      (sha_sigma1(w2) + w7 + sha_sigma0(w15) + w16) % 0x100000000;
    predicate sha_fits(struct sha_words s, integer t) =
      s.w[t] == sha_more(s.w[t - 2], s.w[t - 7], s.w[t - 15], s.w[t - 16]);
    predicate sha_schedule(struct sha_block m, struct sha_words s) =
      (\forall integer t; 0 <= t < 16 ==> s.w[t] == m.w[t]) &&
      (\forall integer t; 16 <= t < SHA_ROUNDS ==> sha_fits(s, t));

    // steps 2 and 3: a to h are 0 to 7, before round t
    logic integer sha_t1{L}(integer e, integer f, integer g, integer h, integer w, integer t) =
      (h + sha_sum1(e) + sha_ch(e, f, g) + \at(sha256_k[t],L) + w) % 0x100000000;
    logic integer sha_t2(integer a, integer b, integer c) = (sha_sum0(a) + sha_maj(a, b, c)) % 0x100000000;
    logic integer sha_v{L}(struct sha256 d, struct sha_words m, integer t, integer i) =
      t <= 0 ? d.h[i] :
      i == 0 ? (sha_t1{L}(sha_v{L}(d, m, t - 1, 4), sha_v{L}(d, m, t - 1, 5), sha_v{L}(d, m, t - 1, 6),
          sha_v{L}(d, m, t - 1, 7), m.w[t - 1], t - 1) +
        sha_t2(sha_v{L}(d, m, t - 1, 0), sha_v{L}(d, m, t - 1, 1), sha_v{L}(d, m, t - 1, 2))) % 0x100000000 :
      i == 4 ? (sha_v{L}(d, m, t - 1, 3) + sha_t1{L}(sha_v{L}(d, m, t - 1, 4), sha_v{L}(d, m, t - 1, 5),
        sha_v{L}(d, m, t - 1, 6), sha_v{L}(d, m, t - 1, 7), m.w[t - 1], t - 1)) % 0x100000000 :
      sha_v{L}(d, m, t - 1, i - 1);

    predicate sha_at{L}(struct sha256 d, struct sha_words m, integer t, struct sha256 s) =
      s.h[0] == sha_v{L}(d, m, t, 0) && s.h[1] == sha_v{L}(d, m, t, 1) && s.h[2] == sha_v{L}(d, m, t, 2) &&
      s.h[3] == sha_v{L}(d, m, t, 3) && s.h[4] == sha_v{L}(d, m, t, 4) && s.h[5] == sha_v{L}(d, m, t, 5) &&
      s.h[6] == sha_v{L}(d, m, t, 6) && s.h[7] == sha_v{L}(d, m, t, 7);

    // step 4, and 5.3.3
    predicate sha_sum{L}(struct sha256 d, struct sha_words m, struct sha256 e) =
      \forall integer i; 0 <= i < 8 ==> e.h[i] == (d.h[i] + sha_v{L}(d, m, SHA_ROUNDS, i)) % 0x100000000;
    predicate sha_next{L}(struct sha256 d, struct sha_block m, struct sha256 e) =
      \exists struct sha_words s; sha_schedule(m, s) && sha_sum{L}(d, s, e);
    predicate sha_first{L}(struct sha256 d) = \forall integer i; 0 <= i < 8 ==> d.h[i] == \at(sha256_iv[i],L);
*/

#endif
