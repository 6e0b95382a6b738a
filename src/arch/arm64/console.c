/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>

#include <asm/console.h>

/* PL011 registers (Arm DDI 0183): data, flags, flag "transmit FIFO full". */
#define UART_DR 0x00
#define UART_FR 0x18
#define UART_FR_TXFF (1u << 5)

/* FIFO waits per character before it is given up: a dead UART must not stop the boot. */
#define UART_POLLS_MAX 1000000u

static u64 console_base;

static u32 mmio_read32(u64 address)
{
	u32 value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static void mmio_write32(u64 address, u32 value)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static void put_raw(char c)
{
	u32 polls;

	for (polls = 0; polls < UART_POLLS_MAX; polls++) {
		if ((mmio_read32(console_base + UART_FR) & UART_FR_TXFF) == 0) {
			mmio_write32(console_base + UART_DR, (u8)c);
			return;
		}
	}
}

static void put(char c)
{
	if (console_base == 0) {
		return;
	}
	if (c == '\n') {
		put_raw('\r');
	}
	put_raw(c);
}

static void put_string(const char *s)
{
	while (*s != '\0') {
		put(*s);
		s++;
	}
}

static void put_number(u64 value, u32 base)
{
	char digits[20];
	u32 n = 0;

	do {
		digits[n] = "0123456789abcdef"[value % base];
		n++;
		value /= base;
	} while (value != 0);
	while (n > 0) {
		n--;
		put(digits[n]);
	}
}

void console_init(u64 base)
{
	console_base = base;
}

void print(const char *format, ...)
{
	va_list args;
	const char *p;
	u64 value;
	_Bool is_long;

	va_start(args, format);
	for (p = format; *p != '\0'; p++) {
		if (*p != '%') {
			put(*p);
			continue;
		}
		p++;
		is_long = *p == 'l';
		if (is_long) {
			p++;
		}
		switch (*p) {
		case 's':
			put_string(va_arg(args, const char *));
			break;
		case 'c':
			put((char)va_arg(args, int));
			break;
		case 'u':
		case 'x':
			value = is_long ? va_arg(args, u64) : va_arg(args, u32);
			put_number(value, *p == 'u' ? 10 : 16);
			break;
		default:
			put(*p);
			break;
		}
	}
	va_end(args);
}
