/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio devices by MMIO (virtio 1.2, 4.2), with split queues.
 *
 * What a driver does wrong breaks its device: it needs a reset, and nothing else is touched.
 */
#ifndef VIRTIO_H
#define VIRTIO_H

#include <sys/uio.h>

#include "vmm.h"

#define QUEUE_SIZE 64
#define QUEUES_MAX 2
#define DEVICE_STRIDE PAGE_BYTES

/**
 * struct chain - buffers of a request, those that the device reads first
 * @in, @out: how many it writes, and reads
 */
struct chain {
	uint16_t head;
	unsigned int out;
	unsigned int in;
	struct iovec parts[QUEUE_SIZE];
};

/**
 * struct queue - a queue, as its driver set it up
 * @next: of the available ring
 */
struct queue {
	uint32_t size;
	bool ready;
	uint64_t descriptors;
	uint64_t available;
	uint64_t used;
	uint16_t next;
};

/**
 * struct device - a virtio device
 * @kind: its device id
 * @features: besides those that each has here
 * @notify: the driver has put something into queue @index; its accesses are guarded
 * @changed: the driver may have put something into a queue, or set one up
 */
struct device {
	const char *name;
	uint32_t kind;
	uint64_t features;
	unsigned int queue_count;
	const void *config;
	size_t config_bytes;
	void (*notify)(struct device *device, unsigned int index);
	int fd;

	unsigned int index;
	uint32_t status;
	uint32_t interrupts;
	uint32_t generation;
	uint32_t features_word;
	uint32_t driver_word;
	uint64_t driver_features;
	uint32_t selected;
	struct queue queues[QUEUES_MAX];
	pthread_cond_t changed;
};

void virtio_add(struct device *device);

/* Under vm.lock, guarded. */
bool queue_pop(struct device *device, unsigned int index, struct chain *chain);
void queue_unpop(struct device *device, unsigned int index);
void queue_push(struct device *device, unsigned int index, const struct chain *chain, uint32_t bytes);
void device_break(struct device *device, const char *why);

/* What comes from @device->fd goes into buffers of queue 0, by a thread; @filled completes such a buffer. */
void input_start(struct device *device, void (*filled)(struct chain *chain));

/* @bytes of @parts from byte @at on. False: there are not so many. */
bool parts_copy(const struct iovec *parts, unsigned int count, size_t at, void *to, size_t bytes);
size_t parts_bytes(const struct iovec *parts, unsigned int count);

#endif
