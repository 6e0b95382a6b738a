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
    // word k of what a frame holds
    logic integer image_half(integer x, integer k) = image_bytes(k % 2 == 0 ? x % 0x100000000 : x / 0x100000000);
    logic integer image_read(struct words c, integer k) = image_half(c.e[k / 2], k);
    logic integer image_at{L}(integer pfn, integer k) = image_half(\at(frame[pfn].e[k / 2],L), k);
    // what frame pfn holds
    predicate image_of{L}(struct words c, integer pfn) =
      \forall integer i; 0 <= i < 512 ==> c.e[i] == \at(frame[pfn].e[i],L);

    // word k of block b of the message about page n, with contents c, behind hash value p
    logic integer image_said(struct sha256 p, integer n, struct words c, integer b, integer k) =
      b == 0 ? (k < 8 ? p.h[k] : k == 8 ? n / 0x100000000 : k == 9 ? n % 0x100000000 : 0) :
      b == IMAGE_BLOCKS - 1 ? (k == 0 ? 0x80000000 : k == 15 ? IMAGE_BITS : 0) :
      image_read(c, 16 * (b - 1) + k);
    predicate image_block(struct sha256 p, integer n, struct words c, integer b, struct sha_block m) =
      \forall integer k; 0 <= k < 16 ==> m.w[k] == image_said(p, n, c, b, k);

    // d is the hash value of the first b blocks of it
    predicate image_hashed{L}(struct sha256 p, integer n, struct words c, integer b, struct sha256 d) =
      b <= 0 ? sha_first{L}(d) : \exists struct sha256 a, struct sha_block m;
        image_hashed{L}(p, n, c, b - 1, a) && image_block(p, n, c, b - 1, m) && sha_next{L}(a, m, d);
    // d is the hash value of page n with what frame pfn holds, behind p
    predicate page_hashed{L}(struct sha256 p, integer n, integer pfn, struct sha256 d) =
      \forall struct words c; image_of{L}(c, pfn) ==> image_hashed{L}(p, n, c, IMAGE_BLOCKS, d);

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
