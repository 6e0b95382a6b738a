// SPDX-License-Identifier: BSD-2-Clause
/*
 * What all virtio devices have: registers, queues, and threads that bring what comes from outside.
 *
 * A guest may do anything at any time to what lies in the window: each word is read once, and looked at before it is
 * used.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>

#include "virtio.h"

#define DEVICES_MAX 8
#define MAGIC 0x74726976
#define VERSION 2
#define VENDOR 0x48595041
#define COMPLAINTS_MAX 8

/* Each device needs both: the guest's memory is not the device's, and queues are as since virtio 1. */
#define FEATURES (1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_F_ACCESS_PLATFORM)

static struct device *devices[DEVICES_MAX];

void virtio_add(struct device *device)
{
	if (vm.device_count == DEVICES_MAX)
		give_up("there is no room for one more device");
	device->features |= FEATURES;
	device->index = vm.device_count;
	pthread_cond_init(&device->changed, NULL);
	devices[vm.device_count++] = device;
}

static void set_irq(const struct device *device)
{
	gic_spi(SPI_DEVICES + device->index, device->interrupts != 0);
}

/* Nothing happens in its queues any more until the driver resets it. */
void device_break(struct device *device, const char *why)
{
	static unsigned int complaints;

	if (device->status & VIRTIO_CONFIG_S_NEEDS_RESET)
		return;
	if (complaints++ < COMPLAINTS_MAX)
		say("%s: %s; the driver has to reset it", device->name, why);
	device->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	device->interrupts |= VIRTIO_MMIO_INT_CONFIG;
	set_irq(device);
}

static bool works(const struct device *device)
{
	return device->status & VIRTIO_CONFIG_S_DRIVER_OK && !(device->status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static uint16_t load16(const void *place)
{
	return __atomic_load_n((const uint16_t *)place, __ATOMIC_ACQUIRE);
}

/* Its parts of @queue were in the window when it became ready, and stay there. */
static uint8_t *ring(uint64_t address)
{
	return window_at(address, 1);
}

static bool queue_has(const struct queue *queue)
{
	return queue->ready && load16(ring(queue->available) + offsetof(struct vring_avail, idx)) != queue->next;
}

static bool chain_add(struct chain *chain, const struct vring_desc *descriptor)
{
	struct iovec *part = &chain->parts[chain->out + chain->in];

	part->iov_base = window_at(descriptor->addr, descriptor->len);
	part->iov_len = descriptor->len;
	if (descriptor->flags & VRING_DESC_F_WRITE)
		chain->in++;
	else
		chain->out++;
	return part->iov_base;
}

/* NULL when @chain is whole. */
static const char *chain_collect(const struct queue *queue, uint16_t at, struct chain *chain)
{
	const struct vring_desc *table = (const void *)ring(queue->descriptors);
	struct vring_desc descriptor;

	do {
		if (at >= queue->size)
			return "a descriptor that is not in the queue";
		if (chain->out + chain->in == queue->size)
			return "a chain of descriptors without end";
		memcpy(&descriptor, &table[at], sizeof(descriptor));
		/* From here on the copy is what counts. */
		__asm__ volatile("" : "+m"(descriptor));
		if (descriptor.flags & ~(VRING_DESC_F_NEXT | VRING_DESC_F_WRITE))
			return "a descriptor of a kind that was not offered";
		if (chain->in && !(descriptor.flags & VRING_DESC_F_WRITE))
			return "a buffer to read behind one to write";
		if (!chain_add(chain, &descriptor))
			return "a buffer that is not in the window";
		at = descriptor.next;
	} while (descriptor.flags & VRING_DESC_F_NEXT);
	return NULL;
}

/**
 * queue_pop() - the next request of a queue
 *
 * Return: false if there is none, or something is wrong with it.
 */
bool queue_pop(struct device *device, unsigned int index, struct chain *chain)
{
	struct queue *queue = &device->queues[index];
	const struct vring_avail *available;
	const char *wrong;

	if (!works(device) || !queue_has(queue))
		return false;
	available = (const void *)ring(queue->available);
	if ((uint16_t)(load16(&available->idx) - queue->next) > queue->size) {
		device_break(device, "more requests than a queue has");
		return false;
	}
	chain->head = load16(&available->ring[queue->next % queue->size]);
	chain->out = 0;
	chain->in = 0;
	wrong = chain_collect(queue, chain->head, chain);
	if (wrong) {
		device_break(device, wrong);
		return false;
	}
	queue->next++;
	return true;
}

/* The last request was not used. */
void queue_unpop(struct device *device, unsigned int index)
{
	device->queues[index].next--;
}

/* The device has written @bytes, and is done with @chain. */
void queue_push(struct device *device, unsigned int index, const struct chain *chain, uint32_t bytes)
{
	struct queue *queue = &device->queues[index];
	const struct vring_avail *available = (const void *)ring(queue->available);
	struct vring_used *used = (void *)ring(queue->used);
	uint16_t at = load16(&used->idx);

	used->ring[at % queue->size].id = chain->head;
	used->ring[at % queue->size].len = bytes;
	__atomic_store_n(&used->idx, (uint16_t)(at + 1), __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (load16(&available->flags) & VRING_AVAIL_F_NO_INTERRUPT)
		return;
	device->interrupts |= VIRTIO_MMIO_INT_VRING;
	set_irq(device);
}

size_t parts_bytes(const struct iovec *parts, unsigned int count)
{
	size_t bytes = 0;

	while (count--)
		bytes += parts++->iov_len;
	return bytes;
}

bool parts_copy(const struct iovec *parts, unsigned int count, size_t at, void *to, size_t bytes)
{
	uint8_t *place = to;

	for (; count && bytes; count--, parts++) {
		size_t some;

		if (at >= parts->iov_len) {
			at -= parts->iov_len;
			continue;
		}
		some = parts->iov_len - at < bytes ? parts->iov_len - at : bytes;
		memcpy(place, (const uint8_t *)parts->iov_base + at, some);
		place += some;
		bytes -= some;
		at = 0;
	}
	return bytes == 0;
}

/* --- what the driver does */

struct notice {
	struct device *device;
	unsigned int index;
};

static void notify(void *context)
{
	struct notice *notice = context;

	notice->device->notify(notice->device, notice->index);
}

static void notified(struct device *device, uint32_t index)
{
	struct notice notice = { device, index };

	pthread_cond_broadcast(&device->changed);
	if (index >= device->queue_count || !works(device) || !device->notify)
		return;
	if (!guarded(notify, &notice))
		device_break(device, "memory that the guest does not lend any more");
}

static void reset(struct device *device)
{
	memset(device->queues, 0, sizeof(device->queues));
	device->status = 0;
	device->interrupts = 0;
	device->driver_features = 0;
	device->generation++;
	set_irq(device);
}

static void set_status(struct device *device, uint32_t value)
{
	bool began = value & ~device->status & VIRTIO_CONFIG_S_DRIVER_OK;

	if (value == 0) {
		reset(device);
		return;
	}
	if (value & VIRTIO_CONFIG_S_FEATURES_OK &&
	    (device->driver_features & ~device->features || (device->driver_features & FEATURES) != FEATURES))
		value &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	device->status = (value & 0xff) | (device->status & VIRTIO_CONFIG_S_NEEDS_RESET);
	pthread_cond_broadcast(&device->changed);
	if (began)
		peek();
}

static void set_ready(struct device *device, struct queue *queue, bool ready)
{
	uint64_t size = queue->size;

	queue->ready = false;
	if (!ready)
		return;
	if (!size || size > QUEUE_SIZE || size & (size - 1) || queue->descriptors % 16 || queue->available % 2 ||
	    queue->used % 4 || !window_at(queue->descriptors, size * sizeof(struct vring_desc)) ||
	    !window_at(queue->available, sizeof(struct vring_avail) + size * sizeof(uint16_t)) ||
	    !window_at(queue->used, sizeof(struct vring_used) + size * sizeof(struct vring_used_elem))) {
		device_break(device, "a queue that is not in the window, or has a wrong size");
		return;
	}
	queue->next = 0;
	queue->ready = true;
}

static void half(uint64_t *word, bool upper, uint32_t value)
{
	*word = upper ? (uint32_t)*word | (uint64_t)value << 32 : *word >> 32 << 32 | value;
}

static void queue_write(struct device *device, uint64_t offset, uint32_t value)
{
	struct queue *queue;

	if (device->selected >= device->queue_count)
		return;
	queue = &device->queues[device->selected];
	if (offset == VIRTIO_MMIO_QUEUE_READY) {
		set_ready(device, queue, value & 1);
		pthread_cond_broadcast(&device->changed);
		return;
	}
	/* The parts of a queue that is ready stay as they were looked at. */
	if (queue->ready)
		return;
	switch (offset) {
	case VIRTIO_MMIO_QUEUE_NUM:
		queue->size = value;
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		half(&queue->descriptors, offset == VIRTIO_MMIO_QUEUE_DESC_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		half(&queue->available, offset == VIRTIO_MMIO_QUEUE_AVAIL_HIGH, value);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		half(&queue->used, offset == VIRTIO_MMIO_QUEUE_USED_HIGH, value);
		break;
	default:
		break;
	}
}

static void device_write(struct device *device, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		device->features_word = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		device->driver_word = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		if (device->driver_word < 2 && !(device->status & VIRTIO_CONFIG_S_FEATURES_OK))
			half(&device->driver_features, device->driver_word, value);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		device->selected = value < QUEUES_MAX ? value : QUEUES_MAX;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		notified(device, value);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		device->interrupts &= ~value;
		set_irq(device);
		break;
	case VIRTIO_MMIO_STATUS:
		set_status(device, value);
		break;
	default:
		queue_write(device, offset, value);
		break;
	}
}

static uint32_t device_read(const struct device *device, uint64_t offset)
{
	bool there = device->selected < device->queue_count;

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return device->kind;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return device->features_word < 2 ? device->features >> 32 * device->features_word : 0;
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return there ? QUEUE_SIZE : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return there && device->queues[device->selected].ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return device->interrupts;
	case VIRTIO_MMIO_STATUS:
		return device->status;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return device->generation;
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
		return ~0u;
	default:
		return 0;
	}
}

uint64_t virtio_access(uint64_t offset, unsigned int bytes, bool write, uint64_t value)
{
	uint64_t index = offset / DEVICE_STRIDE;
	struct device *device;

	if (index >= vm.device_count)
		return 0;
	device = devices[index];
	offset %= DEVICE_STRIDE;
	if (offset >= VIRTIO_MMIO_CONFIG) {
		offset -= VIRTIO_MMIO_CONFIG;
		value = 0;
		if (!write && offset < device->config_bytes && bytes <= device->config_bytes - offset)
			memcpy(&value, (const uint8_t *)device->config + offset, bytes);
		return value;
	}
	if (bytes != sizeof(uint32_t))
		return 0;
	if (!write)
		return device_read(device, offset);
	device_write(device, offset, (uint32_t)value);
	return 0;
}

/* --- what comes from outside */

struct input {
	struct device *device;
	void (*filled)(struct chain *chain);
	enum { TAKEN, NO_BUFFER, NOTHING, OVER } result;
};

static void input_take(void *context)
{
	struct input *input = context;
	struct device *device = input->device;
	struct chain chain;
	ssize_t got;

	input->result = NO_BUFFER;
	if (!queue_pop(device, 0, &chain))
		return;
	if (!parts_bytes(chain.parts + chain.out, chain.in)) {
		device_break(device, "a buffer for input that has no room");
		return;
	}
	got = readv(device->fd, chain.parts + chain.out, (int)chain.in);
	if (got <= 0) {
		queue_unpop(device, 0);
		input->result = got < 0 && (errno == EAGAIN || errno == EINTR || errno == EFAULT) ? NOTHING : OVER;
		if (got < 0 && errno == EFAULT)
			device_break(device, "memory that the guest does not lend any more");
		return;
	}
	if (input->filled)
		input->filled(&chain);
	queue_push(device, 0, &chain, (uint32_t)got);
	input->result = TAKEN;
}

static void *input_thread(void *context)
{
	struct input *input = context;
	struct pollfd wanted = { .fd = input->device->fd, .events = POLLIN };

	do {
		(void)poll(&wanted, 1, -1);
		pthread_mutex_lock(&vm.lock);
		for (;;) {
			if (!guarded(input_take, input)) {
				device_break(input->device, "memory that the guest does not lend any more");
				input->result = NO_BUFFER;
			}
			if (input->result != NO_BUFFER)
				break;
			pthread_cond_wait(&input->device->changed, &vm.lock);
		}
		pthread_mutex_unlock(&vm.lock);
	} while (input->result != OVER);
	return NULL;
}

void input_start(struct device *device, void (*filled)(struct chain *chain))
{
	static struct input inputs[DEVICES_MAX];
	struct input *input = &inputs[device->index];
	pthread_t thread;

	input->device = device;
	input->filled = filled;
	if (pthread_create(&thread, NULL, input_thread, input))
		give_up("%s: no thread for it", device->name);
}
