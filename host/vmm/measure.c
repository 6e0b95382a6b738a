// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the measurement of the guest's image has to be: docs/vm.md of Hypatia. This is told by the owner of the guest to
 * those who start it; what Hypatia measures must be the same.
 */
#include <stdio.h>
#include <string.h>

#include "vmm.h"

#define PARTS_MAX 4
#define ROUNDS 64
#define BLOCK_BYTES 64
/* Before the contents of a page: the measurement so far, and two numbers in as many bytes again. */
#define HEAD_BYTES 64

static struct {
	uint64_t address;
	uint64_t bytes;
} parts[PARTS_MAX];
static unsigned int part_count;

static uint32_t first[8], constants[ROUNDS];

/* The first 32 bits of the fraction of the square root of @prime, or with @cube of its cubic root. */
static uint32_t fraction(uint32_t prime, bool cube)
{
	uint64_t root = 0;
	int bit;

	for (bit = 37; bit >= 0; bit--) {
		unsigned __int128 x = root | 1ull << bit;

		if (cube ? x * x * x <= (unsigned __int128)prime << 96 : x * x <= (unsigned __int128)prime << 64)
			root = x;
	}
	return (uint32_t)root;
}

/* FIPS 180-4, 4.2.2 and 5.3.3. */
static void find_constants(void)
{
	uint32_t prime, divisor;
	int n = 0;

	for (prime = 2; n < ROUNDS; prime++) {
		for (divisor = 2; prime % divisor; divisor++)
			;
		if (divisor < prime)
			continue;
		constants[n] = fraction(prime, true);
		if (n < 8)
			first[n] = fraction(prime, false);
		n++;
	}
}

static uint32_t turned(uint32_t word, int bits)
{
	return word >> bits | word << (32 - bits);
}

static void put(uint8_t *to, uint64_t value, int bytes)
{
	while (bytes--) {
		to[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

static uint32_t get(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* 6.2.2. */
static void hash_block(uint32_t hash[8], const uint8_t *block)
{
	uint32_t w[ROUNDS], s[8], t1, t2;
	int t, i;

	for (t = 0; t < ROUNDS; t++) {
		if (t < 16) {
			w[t] = get(block + 4 * t);
			continue;
		}
		w[t] = w[t - 16] + w[t - 7] + (turned(w[t - 15], 7) ^ turned(w[t - 15], 18) ^ w[t - 15] >> 3) +
		       (turned(w[t - 2], 17) ^ turned(w[t - 2], 19) ^ w[t - 2] >> 10);
	}
	memcpy(s, hash, sizeof(s));
	for (t = 0; t < ROUNDS; t++) {
		t1 = s[7] + (turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)) +
		     ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[t] + w[t];
		t2 = (turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)) +
		     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(&s[1], &s[0], 7 * sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		hash[i] += s[i];
}

/* Two numbers and what @data has, in whole blocks, behind the measurement so far. */
static void next(uint8_t measurement[32], uint64_t a, uint64_t b, const uint8_t *data, size_t bytes)
{
	uint8_t block[BLOCK_BYTES] = { 0 };
	uint32_t hash[8];
	size_t at;
	int i;

	memcpy(hash, first, sizeof(hash));
	memcpy(block, measurement, 32);
	put(block + 32, a, 8);
	put(block + 40, b, 8);
	hash_block(hash, block);
	for (at = 0; at < bytes; at += BLOCK_BYTES)
		hash_block(hash, data + at);
	memset(block, 0, sizeof(block));
	block[0] = 0x80;
	put(block + BLOCK_BYTES - 8, 8 * (HEAD_BYTES + (uint64_t)bytes), 8);
	hash_block(hash, block);
	for (i = 0; i < 8; i++)
		put(measurement + 4 * i, hash[i], 4);
}

/**
 * measure_part() - what the guest begins with has something in @bytes at @address
 *
 * In order of the addresses, and no two in one page.
 */
void measure_part(uint64_t address, uint64_t bytes)
{
	uint64_t begin = address / PAGE_BYTES * PAGE_BYTES;

	parts[part_count].address = begin;
	parts[part_count].bytes = (address + bytes - begin + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	part_count++;
}

/* Each part to @give. */
void measure_parts(void (*give)(uint64_t address, uint64_t bytes))
{
	unsigned int i;

	for (i = 0; i < part_count; i++)
		give(parts[i].address, parts[i].bytes);
}

/* What it will be, on standard output. */
void measure_print(uint64_t entry)
{
	uint8_t measurement[MEASUREMENT_BYTES] = { 0 };
	uint64_t at;
	unsigned int i;

	find_constants();
	for (i = 0; i < part_count; i++) {
		for (at = parts[i].address; at < parts[i].address + parts[i].bytes; at += PAGE_BYTES)
			next(measurement, at / PAGE_BYTES, 0, vm.ram + (at - RAM_BASE), PAGE_BYTES);
	}
	next(measurement, entry, 0, NULL, 0);
	for (i = 0; i < MEASUREMENT_BYTES; i++)
		printf("%02x", measurement[i]);
	printf("\n");
}
