/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the measurement of an image is: a hash for each page, of the one before, the page's number and its contents, and
 * a last one of where the guest begins.
 */
#ifndef ANNOTATIONS_IMAGE_H
#define ANNOTATIONS_IMAGE_H

#include "sha256.h"
#include "state.h"

/*@ // a word as its bytes are in memory, the first byte the highest
    logic integer image_bytes(integer x) = x % 0x100 * 0x1000000 + x / 0x100 % 0x100 * 0x10000 +
      x / 0x10000 % 0x100 * 0x100 + x / 0x1000000;
    logic integer image_read{L}(integer pfn, integer k) = image_bytes(k % 2 == 0 ?
      \at(frame[pfn].e[k / 2],L) % 0x100000000 : \at(frame[pfn].e[k / 2],L) / 0x100000000);

    // word k of block b of the message about page n, in frame pfn, behind hash value p
    logic integer image_said{L}(struct sha256 p, integer n, integer pfn, integer b, integer k) =
      b == 0 ? (k < 8 ? p.h[k] : k == 8 ? n / 0x100000000 : k == 9 ? n % 0x100000000 : 0) :
      b == IMAGE_BLOCKS - 1 ? (k == 0 ? 0x80000000 : k == 15 ? IMAGE_BITS : 0) :
      image_read{L}(pfn, 16 * (b - 1) + k);
    predicate image_block{L}(struct sha256 p, integer n, integer pfn, integer b, struct sha_block m) =
      \forall integer k; 0 <= k < 16 ==> m.w[k] == image_said{L}(p, n, pfn, b, k);

    // d is the hash value of the first b blocks of it
    predicate image_hashed{L}(struct sha256 p, integer n, integer pfn, integer b, struct sha256 d) =
      b <= 0 ? sha_first{L}(d) : \exists struct sha256 c, struct sha_block m;
        image_hashed{L}(p, n, pfn, b - 1, c) && image_block{L}(p, n, pfn, b - 1, m) && sha_next{L}(c, m, d);

    // the two blocks of the last message: the guest begins at pc with x0
    logic integer image_entry(struct sha256 p, integer pc, integer x0, integer k) =
      k < 8 ? p.h[k] : k == 8 ? pc / 0x100000000 : k == 9 ? pc % 0x100000000 : k == 10 ? x0 / 0x100000000 :
      k == 11 ? x0 % 0x100000000 : 0;
    logic integer image_end(integer k) = k == 0 ? 0x80000000 : k == 15 ? 512 : 0;
    predicate image_closed{L}(struct sha256 p, integer pc, integer x0, struct sha256 d) =
      \exists struct sha256 a, struct sha256 b, struct sha_block m, struct sha_block e;
        sha_first{L}(a) && (\forall integer k; 0 <= k < 16 ==> m.w[k] == image_entry(p, pc, x0, k)) &&
        sha_next{L}(a, m, b) && (\forall integer k; 0 <= k < 16 ==> e.w[k] == image_end(k)) && sha_next{L}(b, e, d);
*/

#endif
