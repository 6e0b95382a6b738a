/* SPDX-License-Identifier: BSD-2-Clause */
#include "image.h"
#include "arch.h"

/* One more than the highest word. */
#define WORD 0x100000000u

/* What fills up the last block of a message: a bit behind its end, and how many bits it has. */
#define END_BIT 0x80000000u
#define ENTRY_BITS 512u

struct vm_image vm_image[VMS_MAX];

void image_begin(u32 v, u32 wanted)
{
	u32 i;

	vm_image[v].state = wanted != 0 ? IMAGE_OPEN : IMAGE_NONE;
	/*@ loop invariant range: 0 <= i <= 8;
	    loop invariant clear: \forall integer k; 0 <= k < i ==> vm_image[v].hash.h[k] == 0;
	    loop assigns i, vm_image[v].hash;
	    loop variant 8 - i;
	*/
	for (i = 0; i < 8u; i++) {
		vm_image[v].hash.h[i] = 0;
	}
}

/* The word whose bytes stand in memory in this order, the highest first. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \result == image_bytes(x);
*/
static inline u32 bytes(u32 x)
{
	return x % 0x100u * 0x1000000u + x / 0x100u % 0x100u * 0x10000u + x / 0x10000u % 0x100u * 0x100u +
	       x / 0x1000000u;
}

/* A block that begins with hash value @p, and two numbers. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \forall integer k; 0 <= k < 16 ==> \result.w[k] == image_entry(p, a, b, k);
*/
static struct sha_block head(struct sha256 p, u64 a, u64 b)
{
	struct sha_block m;
	u32 k;

	/*@ loop invariant range: 0 <= k <= 8;
	    loop invariant hash: \forall integer i; 0 <= i < k ==> m.w[i] == p.h[i];
	    loop assigns k, m;
	    loop variant 8 - k;
	*/
	for (k = 0; k < 8u; k++) {
		m.w[k] = p.h[k];
	}
	m.w[8] = (u32)(a / WORD);
	m.w[9] = (u32)(a % WORD);
	m.w[10] = (u32)(b / WORD);
	m.w[11] = (u32)(b % WORD);
	m.w[12] = 0;
	m.w[13] = 0;
	m.w[14] = 0;
	m.w[15] = 0;
	return m;
}

/* The last block of a message of @bits, which are whole blocks. */
/*@ terminates \true; exits \false; assigns \nothing;
    ensures value: \forall integer k; 0 <= k < 16 ==> \result.w[k] == (k == 0 ? 0x80000000 : k == 15 ? bits : 0);
*/
static struct sha_block tail(u32 bits)
{
	struct sha_block m;
	u32 k;

	/*@ loop invariant range: 0 <= k <= 16;
	    loop invariant clear: \forall integer i; 0 <= i < k ==> m.w[i] == 0;
	    loop assigns k, m;
	    loop variant 16 - k;
	*/
	for (k = 0; k < 16u; k++) {
		m.w[k] = 0;
	}
	m.w[0] = END_BIT;
	m.w[15] = bits;
	return m;
}

/* Block @b of the contents of frame @pfn. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires block: b < 64 && pfn < PFN_COUNT;
    requires mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    terminates \true; exits \false; assigns \nothing;
    ensures value: \forall struct words c; image_of{Here}(c, pfn) ==>
      \forall integer k; 0 <= k < 16 ==> \result.w[k] == image_read(c, 16 * b + k);
*/
static struct sha_block contents(u64 pfn, u32 b)
{
	struct sha_block m;
	u64 word;
	u32 i;

	/*@ loop invariant range: 0 <= i <= 8;
	    loop invariant value: \forall integer k; 0 <= k < 2 * i ==> m.w[k] == image_at{Here}(pfn, 16 * b + k);
	    loop assigns i, word, m;
	    loop variant 8 - i;
	*/
	for (i = 0; i < 8u; i++) {
		word = frame_word(pfn, 8u * (u64)b + i);
		//@ assert even: image_at{Here}(pfn, 16 * b + 2 * i) == image_bytes(word % 0x100000000);
		//@ assert odd: image_at{Here}(pfn, 16 * b + 2 * i + 1) == image_bytes(word / 0x100000000);
		m.w[2u * i] = bytes((u32)(word % WORD));
		m.w[2u * i + 1u] = bytes((u32)(word / WORD));
	}
	/*@ assert same: \forall struct words c; image_of{Here}(c, pfn) ==>
	      \forall integer k; 0 <= k < 16 ==> image_read(c, 16 * b + k) == image_at{Here}(pfn, 16 * b + k); */
	return m;
}

/* Block @b of the message about page @n, in frame @pfn, behind hash value @p. */
/*@ requires locked: lock_held[LOCK_MM] == 1;
    requires block: b < IMAGE_BLOCKS && pfn < PFN_COUNT;
    requires mapped: xl{Here}(PGT_HYP, pfn) == d_flat(pfn, 3, map_attrs(boot_info.e2h, MAP_DATA));
    terminates \true; exits \false; assigns \nothing;
    ensures value: \forall struct words c; image_of{Here}(c, pfn) ==> image_block(p, n, c, b, \result);
*/
static struct sha_block block_of(struct sha256 p, u64 n, u64 pfn, u32 b)
{
	if (b == 0) {
		return head(p, n, 0);
	}
	if (b == IMAGE_BLOCKS - 1u) {
		return tail(IMAGE_BITS);
	}
	return contents(pfn, b - 1u);
}

void image_page(u32 v, u64 n, u64 pfn)
{
	struct sha256 p = vm_image[v].hash;
	struct sha256 d = sha256_begin();
	u32 b;

	/*@ loop invariant range: 0 <= b <= IMAGE_BLOCKS;
	    loop invariant hash: \forall struct words c; image_of{Pre}(c, pfn) ==> image_hashed{Pre}(p, n, c, b, d);
	    loop assigns b, d;
	    loop variant IMAGE_BLOCKS - b;
	*/
	for (b = 0; b < IMAGE_BLOCKS; b++) {
		d = sha256_block(d, block_of(p, n, pfn, b));
		/*@ assert next: \forall struct words c; image_of{Pre}(c, pfn) ==>
		      image_hashed{Pre}(p, n, c, b + 1, d); */
	}
	vm_image[v].hash = d;
}

void image_close(u32 v, u64 pc, u64 x0)
{
	struct sha256 d = sha256_begin();

	d = sha256_block(d, head(vm_image[v].hash, pc, x0));
	vm_image[v].hash = sha256_block(d, tail(ENTRY_BITS));
	vm_image[v].state = IMAGE_CLOSED;
}

u64 image_word(u32 v, u32 i)
{
	return (u64)vm_image[v].hash.h[2u * i] * WORD + vm_image[v].hash.h[2u * i + 1u];
}
