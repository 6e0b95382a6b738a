// SPDX-License-Identifier: BSD-2-Clause
/*
 * A virtio net: its other end is a TAP interface of the host, which is there as long as this process.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>

#include "virtio.h"

#define TUN "/dev/net/tun"
#define FROM_DRIVER 1
#define HEADER_BYTES sizeof(struct virtio_net_hdr_mrg_rxbuf)

/* A locally administered address: each guest has a net of its own. */
static struct virtio_net_config config = { .mac = { 0x02, 0x48, 0x59, 0x50, 0x41, 0x01 } };

/* One buffer for each frame; the kernel leaves that field as it was. */
static void filled(struct chain *chain)
{
	struct iovec *part = chain->parts + chain->out;
	size_t at = offsetof(struct virtio_net_hdr_mrg_rxbuf, num_buffers);
	size_t i;

	for (i = 0; i < 2; i++, at++) {
		while (at >= part->iov_len)
			at -= part++->iov_len;
		((uint8_t *)part->iov_base)[at] = i == 0;
	}
}

static void net_notify(struct device *device, unsigned int index)
{
	struct chain chain;

	if (index != FROM_DRIVER)
		return;
	/* A frame that the host's interface does not take is lost, as on any net. */
	while (queue_pop(device, index, &chain)) {
		if (chain.out && writev(device->fd, chain.parts, (int)chain.out) < 0 && errno == EFAULT)
			device_break(device, "memory that the guest does not lend any more");
		queue_push(device, index, &chain, 0);
	}
}

static int open_tap(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int header = HEADER_BYTES;
	int fd = open(TUN, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		give_up("--tap: %s: %s (is the module tun loaded?)", TUN, strerror(errno));
	if (!*name || strlen(name) >= sizeof(request.ifr_name))
		give_up("--tap %s: no name for an interface", name);
	strcpy(request.ifr_name, name);
	if (ioctl(fd, TUNSETIFF, &request) || ioctl(fd, TUNSETVNETHDRSZ, &header))
		give_up("--tap %s: %s", name, strerror(errno));
	return fd;
}

void net_add(const char *tap)
{
	static struct device device = {
		.name = "net",
		.kind = VIRTIO_ID_NET,
		.features = 1u << VIRTIO_NET_F_MAC,
		.queue_count = 2,
		.config = &config,
		.config_bytes = sizeof(config),
		.notify = net_notify,
	};

	device.fd = open_tap(tap);
	virtio_add(&device);
	input_start(&device, filled);
}
