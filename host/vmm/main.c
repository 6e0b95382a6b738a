// SPDX-License-Identifier: BSD-2-Clause
/*
 * The command line, and the end.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmm.h"

#define LAST_WORDS_SECONDS 2

struct vm vm = { .lock = PTHREAD_MUTEX_INITIALIZER, .cpus = 1, .ram_bytes = 256 * MIB, .arguments = "" };

static const char help[] =
	"usage: vmm --kernel FILE [OPTION...]\n"
	"\n"
	"Run an arm64 Linux kernel as a guest of /dev/kvm until it powers off.\n"
	"\n"
	"  --kernel FILE       an uncompressed arm64 Image\n"
	"  --initrd FILE       its initramfs\n"
	"  --append TEXT       its command line; console=ttyS0 is the serial console, hvc0 the virtio console\n"
	"  --cpus N            1 to 8 vCPUs (1)\n"
	"  --mem MIB           160 to 3072 (256)\n"
	"  --protected         the guest's memory is out of reach of the host, but for a window that it lends\n"
	"  --measured HEX      the same, and Hypatia measures what the guest begins with; it does so only\n"
	"                      when that is HEX; any: whatever it is\n"
	"  --measure           print what that will be, with these options, and end; this needs no /dev/kvm\n"
	"  --disk FILE         a virtio disk: read and written\n"
	"  --tap NAME          a virtio net, the other end of which is the host's interface NAME\n"
	"  --console IN,OUT    where the virtio console reads and writes, instead of standard input and output\n"
	"  --peek ADDRESS+BYTES  when the guest first drives a device, try to read its memory there\n"
	"  --help              this text\n"
	"\n"
	"The serial console goes to standard output. SIGINT and SIGTERM end the guest.\n"
	"Exit status: 0 the guest powered off, 1 it or this program failed, 2 wrong command line, 3 it asked for a\n"
	"reset, 128 + N signal N.\n";

/* A message, in one write: threads do not mix. */
void say(const char *format, ...)
{
	char line[512];
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	if (bytes > (int)sizeof(line) - 2)
		bytes = sizeof(line) - 2;
	line[bytes] = 0;
	dprintf(STDERR_FILENO, "vmm: %s\n", line);
}

/* The VM ends with its files. No lock is taken: whoever holds one may wait for ever. */
void finish(int code)
{
	uart_flush();
	console_restore();
	_exit(code);
}

void give_up(const char *format, ...)
{
	char line[480];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	say("%s", line);
	finish(ENDED_FAILED);
}

__attribute__((format(printf, 1, 2), noreturn)) static void usage(const char *format, ...)
{
	char line[480];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	say("%s; --help tells more", line);
	finish(ENDED_USAGE);
}

/* All of @text as a number from @least to @most. */
static uint64_t number(const char *option, const char *text, char end, uint64_t least, uint64_t most, char **rest)
{
	unsigned long long value;
	char *behind;

	errno = 0;
	value = strtoull(text, &behind, 0);
	if (errno || behind == text || *text == '-' || *behind != end || value < least || value > most)
		usage("%s %s: not a number from %llu to %llu", option, text, (unsigned long long)least,
		      (unsigned long long)most);
	if (rest)
		*rest = behind;
	return value;
}

static void set_peek(const char *text)
{
	char *plus;

	if (vm.peek_count == PEEKS_MAX)
		usage("--peek %s: there are %d already", text, PEEKS_MAX);
	vm.peeks[vm.peek_count].address = number("--peek", text, '+', WINDOW_BASE, RAM_BASE + RAM_MIB_MAX * MIB, &plus);
	vm.peeks[vm.peek_count].bytes = number("--peek", plus + 1, 0, 1, RAM_MIB_MAX * MIB, NULL);
	vm.peek_count++;
}

static const char *kernel, *initrd, *disk, *tap, *console;
static bool measure;

static void set_measured(const char *text)
{
	unsigned int i;

	vm.protected = true;
	vm.measured = true;
	if (!strcmp(text, "any"))
		return;
	if (strlen(text) != 2 * MEASUREMENT_BYTES || strspn(text, "0123456789abcdefABCDEF") != 2 * MEASUREMENT_BYTES)
		usage("--measured %s: not %d digits, base 16", text, 2 * MEASUREMENT_BYTES);
	for (i = 0; i < MEASUREMENT_BYTES; i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], 0 };

		vm.expected[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

static void take_option(int which, char *value)
{
	switch (which) {
	case 'k':
		kernel = value;
		break;
	case 'i':
		initrd = value;
		break;
	case 'a':
		vm.arguments = value;
		break;
	case 'c':
		vm.cpus = number("--cpus", value, 0, 1, CPUS_MAX, NULL);
		break;
	case 'm':
		vm.ram_bytes = number("--mem", value, 0, RAM_MIB_MIN, RAM_MIB_MAX, NULL) * MIB;
		break;
	case 'p':
		vm.protected = true;
		break;
	case 'M':
		set_measured(value);
		break;
	case 'P':
		measure = true;
		vm.protected = true;
		vm.measured = true;
		break;
	case 'd':
		disk = value;
		break;
	case 't':
		tap = value;
		break;
	case 'o':
		console = value;
		break;
	case 'r':
		set_peek(value);
		break;
	case 'h':
		fputs(help, stdout);
		exit(0);
	case ':':
		usage("%s needs a value", value);
	default:
		usage("%s: there is no such option", value);
	}
}

static void take_options(int count, char **words)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "append", required_argument, NULL, 'a' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "mem", required_argument, NULL, 'm' },
		{ "protected", no_argument, NULL, 'p' },
		{ "measured", required_argument, NULL, 'M' },
		{ "measure", no_argument, NULL, 'P' },
		{ "disk", required_argument, NULL, 'd' },
		{ "tap", required_argument, NULL, 't' },
		{ "console", required_argument, NULL, 'o' },
		{ "peek", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int which;

	while ((which = getopt_long(count, words, ":", options, NULL)) != -1)
		take_option(which, which == ':' || which == '?' ? words[optind - 1] : optarg);
	if (optind < count)
		usage("%s: what is that?", words[optind]);
	if (!kernel)
		usage("--kernel is missing");
}

int main(int count, char **words)
{
	uint64_t entry;
	sigset_t signals;
	int number;

	take_options(count, words);
	/* All threads leave them to this one. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	memory_setup();
	if (measure) {
		/* The tree names devices, but not what is behind them. */
		vm.device_count = 1 + !!disk + !!tap;
		vm_pretend();
		measure_print(load_guest(kernel, initrd));
		return 0;
	}
	vm_make();
	console_add(console);
	if (disk)
		block_add(disk);
	if (tap)
		net_add(tap);
	entry = load_guest(kernel, initrd);
	vm_run(entry);
	sigwait(&signals, &number);
	/* What is still to be said is said soon, or not at all: there may be nobody who reads it. */
	alarm(LAST_WORDS_SECONDS);
	say("ended by signal %d", number);
	finish(128 + number);
}
