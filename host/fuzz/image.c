// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measurements of images as they must be: docs/vm.md has what is hashed, and the kernel the hash.
 */
#include <asm/unaligned.h>
#include <crypto/sha2.h>
#include <linux/string.h>

#include "fuzz.h"

#define HEAD 64         /* the hash value so far, and two numbers in as many bytes again */

/* The measurement goes on with two numbers and @count bytes of @data. */
static void next(struct fuzz_cpu *c, struct fuzz_vm *vm, u64 a, u64 b, const void *data, size_t count)
{
	memset(c->message, 0, HEAD);
	memcpy(c->message, vm->hash, sizeof(vm->hash));
	put_unaligned_be64(a, c->message + sizeof(vm->hash));
	put_unaligned_be64(b, c->message + sizeof(vm->hash) + sizeof(a));
	memcpy(c->message + HEAD, data, count);
	sha256(c->message, HEAD + count, vm->hash);
}

void fuzz_measure(struct fuzz_cpu *c, struct fuzz_vm *vm, u64 page, const u64 *data)
{
	next(c, vm, page, 0, data, PAGE_SIZE);
}

void fuzz_measured(struct fuzz_cpu *c, struct fuzz_vm *vm, u64 pc, u64 x0)
{
	next(c, vm, pc, x0, NULL, 0);
}

u64 fuzz_measurement(const struct fuzz_vm *vm, unsigned int i)
{
	return get_unaligned_be64(vm->hash + i * sizeof(u64));
}
