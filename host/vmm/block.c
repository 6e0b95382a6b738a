// SPDX-License-Identifier: BSD-2-Clause
/*
 * A virtio disk that is a file of the host. A request is done while its vCPU waits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>

#include "virtio.h"

#define SECTOR_BYTES 512

static struct virtio_blk_config config = { .seg_max = QUEUE_SIZE - 2 };

/* Whether @bytes from @sector on are of the disk, and whole sectors. */
static bool on_disk(uint64_t sector, size_t bytes)
{
	return bytes % SECTOR_BYTES == 0 && sector <= config.capacity &&
	       bytes / SECTOR_BYTES <= config.capacity - sector;
}

static uint8_t transfer(int fd, uint64_t sector, const struct iovec *parts, unsigned int count, bool writes)
{
	size_t bytes = parts_bytes(parts, count);
	off_t at = (off_t)(sector * SECTOR_BYTES);
	ssize_t done;

	if (!on_disk(sector, bytes))
		return VIRTIO_BLK_S_IOERR;
	if (!bytes)
		return VIRTIO_BLK_S_OK;
	done = writes ? pwritev(fd, parts, (int)count, at) : preadv(fd, parts, (int)count, at);
	return done == (ssize_t)bytes ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
}

static uint8_t identify(const struct iovec *parts, unsigned int count)
{
	char name[VIRTIO_BLK_ID_BYTES] = "hypatia-vmm";
	size_t at = 0;

	for (; count && at < sizeof(name); count--, parts++) {
		size_t some = parts->iov_len < sizeof(name) - at ? parts->iov_len : sizeof(name) - at;

		memcpy(parts->iov_base, name + at, some);
		at += some;
	}
	return VIRTIO_BLK_S_OK;
}

/* The parts of @chain that hold data: what is read stands behind the header, what is written before the status. */
static uint8_t request(struct device *device, struct chain *chain)
{
	struct virtio_blk_outhdr header;
	struct iovec *parts = chain->parts;
	unsigned int out = chain->out;
	size_t skip = sizeof(header);

	if (!parts_copy(parts, out, 0, &header, sizeof(header)))
		return VIRTIO_BLK_S_IOERR;
	for (; out && parts->iov_len <= skip; out--, parts++)
		skip -= parts->iov_len;
	if (out) {
		parts->iov_base = (uint8_t *)parts->iov_base + skip;
		parts->iov_len -= skip;
	}
	switch (header.type) {
	case VIRTIO_BLK_T_IN:
		return transfer(device->fd, header.sector, parts + out, chain->in, false);
	case VIRTIO_BLK_T_OUT:
		return transfer(device->fd, header.sector, parts, out, true);
	case VIRTIO_BLK_T_FLUSH:
		return fdatasync(device->fd) ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_GET_ID:
		return identify(parts + out, chain->in);
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}

static void block_notify(struct device *device, unsigned int index)
{
	struct chain chain;

	while (queue_pop(device, index, &chain)) {
		struct iovec *last = &chain.parts[chain.out + chain.in - 1];
		size_t bytes = parts_bytes(chain.parts + chain.out, chain.in);
		uint8_t *status;

		if (!chain.in || !last->iov_len) {
			device_break(device, "a request without room for its status");
			return;
		}
		last->iov_len--;
		status = (uint8_t *)last->iov_base + last->iov_len;
		*status = request(device, &chain);
		queue_push(device, index, &chain, (uint32_t)bytes);
	}
}

void block_add(const char *path)
{
	static struct device device = {
		.name = "disk",
		.kind = VIRTIO_ID_BLOCK,
		.features = 1u << VIRTIO_BLK_F_SEG_MAX | 1u << VIRTIO_BLK_F_FLUSH,
		.queue_count = 1,
		.config = &config,
		.config_bytes = sizeof(config),
		.notify = block_notify,
	};
	struct stat status;

	device.fd = open(path, O_RDWR | O_CLOEXEC);
	if (device.fd < 0 || fstat(device.fd, &status))
		give_up("--disk %s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size < SECTOR_BYTES)
		give_up("--disk %s is no file of a sector or more", path);
	config.capacity = (uint64_t)status.st_size / SECTOR_BYTES;
	virtio_add(&device);
}
