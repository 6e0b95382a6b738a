/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library functions that the compiler and libfdt call. */
#include <stddef.h>
#include <string.h>

#include "types.h"

typedef u64 __attribute__((may_alias)) word_t;

static _Bool words_apart(const void *a, const void *b)
{
	return (((uintptr_t)a ^ (uintptr_t)b) & 7u) == 0;
}

void *memset(void *dest, int c, size_t n)
{
	u8 *d = dest;
	u64 word = (u8)c * 0x0101010101010101u;

	while (n > 0 && ((uintptr_t)d & 7u) != 0) {
		*d = (u8)c;
		d++;
		n--;
	}
	while (n >= 8) {
		*(word_t *)d = word;
		d += 8;
		n -= 8;
	}
	while (n > 0) {
		*d = (u8)c;
		d++;
		n--;
	}
	return dest;
}

static void copy_forward(u8 *d, const u8 *s, size_t n)
{
	if (words_apart(d, s)) {
		while (n > 0 && ((uintptr_t)d & 7u) != 0) {
			*d = *s;
			d++;
			s++;
			n--;
		}
		while (n >= 8) {
			*(word_t *)d = *(const word_t *)s;
			d += 8;
			s += 8;
			n -= 8;
		}
	}
	while (n > 0) {
		*d = *s;
		d++;
		s++;
		n--;
	}
}

static void copy_backward(u8 *d, const u8 *s, size_t n)
{
	if (words_apart(d, s)) {
		while (n > 0 && ((uintptr_t)(d + n) & 7u) != 0) {
			n--;
			d[n] = s[n];
		}
		while (n >= 8) {
			n -= 8;
			*(word_t *)(d + n) = *(const word_t *)(s + n);
		}
	}
	while (n > 0) {
		n--;
		d[n] = s[n];
	}
}

void *memcpy(void *dest, const void *src, size_t n)
{
	copy_forward(dest, src, n);
	return dest;
}

void *memmove(void *dest, const void *src, size_t n)
{
	if ((uintptr_t)dest <= (uintptr_t)src) {
		copy_forward(dest, src, n);
	} else {
		copy_backward(dest, src, n);
	}
	return dest;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a;
	const u8 *y = b;
	size_t i;

	for (i = 0; i < n; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const u8 *p = s;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == (u8)c) {
			return (void *)(uintptr_t)(p + i);
		}
	}
	return NULL;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0') {
		n++;
	}
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0') {
		n++;
	}
	return n;
}

char *strchr(const char *s, int c)
{
	while (*s != (char)c) {
		if (*s == '\0') {
			return NULL;
		}
		s++;
	}
	return (char *)(uintptr_t)s;
}

char *strrchr(const char *s, int c)
{
	const char *last = NULL;

	for (;;) {
		if (*s == (char)c) {
			last = s;
		}
		if (*s == '\0') {
			return (char *)(uintptr_t)last;
		}
		s++;
	}
}

int strncmp(const char *a, const char *b, size_t max)
{
	size_t i;

	for (i = 0; i < max; i++) {
		if (a[i] != b[i]) {
			return (u8)a[i] < (u8)b[i] ? -1 : 1;
		}
		if (a[i] == '\0') {
			return 0;
		}
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}
