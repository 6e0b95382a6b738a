/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 (FIPS 180-4) of whole blocks of 16 words, as the standard has them: the first byte is the highest.
 */
#ifndef HYP_SHA256_H
#define HYP_SHA256_H

#include "types.h"

#define SHA_ROUNDS 64u

/**
 * struct sha256 - a hash value, also one between two blocks
 * @h: its words
 */
struct sha256 {
	u32 h[8];
};

/**
 * struct sha_block - a block of a message
 * @w: its words
 */
struct sha_block {
	u32 w[16];
};

/**
 * struct sha_words - a block's message schedule
 * @w: a word for each round
 */
struct sha_words {
	u32 w[SHA_ROUNDS];
};

extern const u32 sha256_k[SHA_ROUNDS];
extern const u32 sha256_iv[8];

#include "../../annotations/sha256.h"

/** sha256_begin() - what a hash value is before the first block */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: sha_first{Here}(\result);
*/
struct sha256 sha256_begin(void);

/** sha256_block() - the hash value @d goes on with the next block @m of the message */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: sha_next{Here}(d, m, \result);
*/
struct sha256 sha256_block(struct sha256 d, struct sha_block m);

#endif
