// SPDX-License-Identifier: BSD-2-Clause
/*
 * A virtio console: standard input and output, or two files.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <linux/virtio_ids.h>

#include "virtio.h"

#define FROM_DRIVER 1

static int output = STDOUT_FILENO;
static struct termios before;
static bool raw;

void console_restore(void)
{
	if (raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* Keys go to the guest as they are, but for those that make signals. */
static void make_raw(void)
{
	struct termios wanted;

	if (tcgetattr(STDIN_FILENO, &before))
		return;
	wanted = before;
	wanted.c_lflag &= ~(ICANON | ECHO);
	wanted.c_iflag &= ~ICRNL;
	raw = tcsetattr(STDIN_FILENO, TCSANOW, &wanted) == 0;
}

static void console_notify(struct device *device, unsigned int index)
{
	struct chain chain;

	if (index != FROM_DRIVER)
		return;
	/* What does not get out is lost. */
	while (queue_pop(device, index, &chain)) {
		uart_flush();
		if (chain.out && writev(output, chain.parts, (int)chain.out) < 0 && errno == EFAULT)
			device_break(device, "memory that the guest does not lend any more");
		queue_push(device, index, &chain, 0);
	}
}

static int open_end(const char *path)
{
	/* Both ways: a pipe's other end may come later, and may go. */
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		give_up("--console: %s: %s", path, strerror(errno));
	return fd;
}

static int open_both(const char *paths)
{
	const char *comma = strchr(paths, ',');
	char first[4096];

	if (!comma || !comma[1] || comma == paths || comma - paths >= (long)sizeof(first))
		give_up("--console %s: two names with a comma between them are wanted", paths);
	memcpy(first, paths, comma - paths);
	first[comma - paths] = 0;
	output = open_end(comma + 1);
	return open_end(first);
}

void console_add(const char *paths)
{
	static struct device device = {
		.name = "console",
		.kind = VIRTIO_ID_CONSOLE,
		.queue_count = 2,
		.notify = console_notify,
	};

	device.fd = paths ? open_both(paths) : STDIN_FILENO;
	if (!paths)
		make_raw();
	virtio_add(&device);
	input_start(&device, NULL);
}
