// SPDX-License-Identifier: BSD-2-Clause
/*
 * A 16550 that only sends: for what a guest says before it has drivers. Lines go to standard output.
 */
#include <unistd.h>

#include "vmm.h"

enum { DATA, INTERRUPT_ENABLE, INTERRUPT_IDENTITY, LINE_CONTROL, MODEM_CONTROL, LINE_STATUS, MODEM_STATUS, SCRATCH };

#define ENABLE_SENT 2
#define IDENTITY_FIFO 0xc0
#define IDENTITY_NONE 1
#define IDENTITY_SENT 2
#define DIVISOR 0x80
#define STATUS_EMPTY 0x60	/* all that was written is sent */
#define STATUS_CONNECTED 0xb0	/* carrier, ready, clear to send */

static uint8_t enabled, line_control, modem_control, scratch;
static uint8_t divisor[2];
static bool sent;
static char line[256];
static size_t line_bytes;

/* What does not get out is lost: nobody waits for a reader that is not there. */
void uart_flush(void)
{
	size_t bytes = line_bytes;

	line_bytes = 0;
	if (bytes && write(STDOUT_FILENO, line, bytes) < 0)
		return;
}

static void put(char byte)
{
	line[line_bytes++] = byte;
	if (byte == '\n' || line_bytes == sizeof(line))
		uart_flush();
}

static void set_irq(void)
{
	gic_spi(SPI_UART, sent && enabled & ENABLE_SENT);
}

static uint64_t uart_read(uint64_t offset)
{
	uint64_t value = 0;

	switch (offset) {
	case DATA:
		return line_control & DIVISOR ? divisor[0] : 0;
	case INTERRUPT_ENABLE:
		return line_control & DIVISOR ? divisor[1] : enabled;
	case INTERRUPT_IDENTITY:
		value = IDENTITY_FIFO | (sent && enabled & ENABLE_SENT ? IDENTITY_SENT : IDENTITY_NONE);
		sent = false;
		return value;
	case LINE_CONTROL:
		return line_control;
	case MODEM_CONTROL:
		return modem_control;
	case LINE_STATUS:
		return STATUS_EMPTY;
	case MODEM_STATUS:
		return STATUS_CONNECTED;
	case SCRATCH:
		return scratch;
	default:
		return 0;
	}
}

static void uart_write(uint64_t offset, uint8_t value)
{
	switch (offset) {
	case DATA:
		if (line_control & DIVISOR) {
			divisor[0] = value;
		} else {
			put((char)value);
			sent = true;
		}
		break;
	case INTERRUPT_ENABLE:
		if (line_control & DIVISOR) {
			divisor[1] = value;
		} else {
			sent = sent || (value & ~enabled & ENABLE_SENT);
			enabled = value & 0xf;
		}
		break;
	case LINE_CONTROL:
		line_control = value;
		break;
	case MODEM_CONTROL:
		modem_control = value;
		break;
	case SCRATCH:
		scratch = value;
		break;
	default:
		break;
	}
}

uint64_t uart_access(uint64_t offset, bool write, uint64_t value)
{
	if (write) {
		uart_write(offset, (uint8_t)value);
		value = 0;
	} else {
		value = uart_read(offset);
	}
	set_irq();
	return value;
}
