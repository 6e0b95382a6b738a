/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices and interrupt controller of host/vmm on the build machine, under ASan and UBSan, with a driver that does
 * what drivers do, and one that does everything else: no access of the monitor's may leave the window, and no request
 * end it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>

#include "virtio.h"

#define FUZZ_ROUNDS 200000
#define DISK_BYTES (64 * 512)
#define PATTERN 0x5a
#define CONSOLE 0
#define DISK 1

/* Where the good driver has its queue and buffers. */
#define TABLE (WINDOW_BASE + 0x1000)
#define AVAILABLE (WINDOW_BASE + 0x2000)
#define USED (WINDOW_BASE + 0x3000)
#define DATA (WINDOW_BASE + 0x10000)

struct vm vm = { .lock = PTHREAD_MUTEX_INITIALIZER, .cpus = 2 };

static uint8_t *around;
static bool lines[CPUS_MAX];
static unsigned int said;
static char last_said[512];
static char disk_path[] = "/tmp/test_vmm.XXXXXX";
static char in_path[] = "/tmp/test_vmm_in.XXXXXX";
static char out_path[] = "/tmp/test_vmm_out.XXXXXX";

void vm_irq_line(unsigned int cpu, bool high)
{
	lines[cpu] = high;
}

void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(last_said, sizeof(last_said), format, arguments);
	va_end(arguments);
	said++;
}

void give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	abort();
}

void finish(int code)
{
	fprintf(stderr, "finish(%d)\n", code);
	abort();
}

/* --- a driver */

static uint32_t reg(unsigned int device, uint64_t offset)
{
	return virtio_access(device * DEVICE_STRIDE + offset, 4, false, 0);
}

static void reg_set(unsigned int device, uint64_t offset, uint32_t value)
{
	virtio_access(device * DEVICE_STRIDE + offset, 4, true, value);
}

static void *at(uint64_t address)
{
	return vm.window + (address - WINDOW_BASE);
}

static bool broken(unsigned int device)
{
	return reg(device, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_NEEDS_RESET;
}

static void address_set(unsigned int device, uint64_t low, uint64_t address)
{
	reg_set(device, low, (uint32_t)address);
	reg_set(device, low + 4, address >> 32);
}

static void features_set(unsigned int device, uint32_t upper)
{
	reg_set(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	reg_set(device, VIRTIO_MMIO_DRIVER_FEATURES, upper);
	reg_set(device, VIRTIO_MMIO_STATUS, 0xb);
}

static void begin(unsigned int device)
{
	reg_set(device, VIRTIO_MMIO_STATUS, 0);
	features_set(device, 3);
	assert_true(reg(device, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK);
}

static void queue_set(unsigned int device, unsigned int queue, uint32_t size, uint64_t table, uint64_t available,
		      uint64_t used)
{
	reg_set(device, VIRTIO_MMIO_QUEUE_SEL, queue);
	reg_set(device, VIRTIO_MMIO_QUEUE_NUM, size);
	address_set(device, VIRTIO_MMIO_QUEUE_DESC_LOW, table);
	address_set(device, VIRTIO_MMIO_QUEUE_AVAIL_LOW, available);
	address_set(device, VIRTIO_MMIO_QUEUE_USED_LOW, used);
	reg_set(device, VIRTIO_MMIO_QUEUE_READY, 1);
}

static void start(unsigned int device, unsigned int queue)
{
	/* For each test cmocka sets handlers of its own. */
	memory_setup();
	memset(vm.window, 0, WINDOW_BYTES);
	begin(device);
	queue_set(device, queue, QUEUE_SIZE, TABLE, AVAILABLE, USED);
	reg_set(device, VIRTIO_MMIO_STATUS, 0xf);
	assert_false(broken(device));
}

static void part(unsigned int i, uint64_t address, uint32_t bytes, uint16_t flags)
{
	struct vring_desc *table = at(TABLE);

	table[i] = (struct vring_desc){ .addr = address, .len = bytes, .flags = flags, .next = i + 1 };
}

static void offer(uint16_t head)
{
	struct vring_avail *available = at(AVAILABLE);

	available->ring[available->idx % QUEUE_SIZE] = head;
	available->idx++;
}

static uint16_t used_count(void)
{
	return ((struct vring_used *)at(USED))->idx;
}

#define NEXT VRING_DESC_F_NEXT
#define WRITE VRING_DESC_F_WRITE

/* A request of the disk: header and data in pieces, as the standard allows it. Its status. */
static uint8_t disk(uint32_t type, uint64_t sector, uint32_t bytes, bool writes)
{
	struct virtio_blk_outhdr header = { .type = type, .sector = sector };
	uint8_t *status = (uint8_t *)at(DATA) + 0x8000;

	memcpy(at(DATA), &header, sizeof(header));
	*status = 0xee;
	part(0, DATA, 5, NEXT);
	part(1, DATA + 5, sizeof(header) - 5, NEXT);
	part(2, DATA + 0x1000, 100, NEXT | (writes ? 0 : WRITE));
	part(3, DATA + 0x1000 + 100, bytes - 100, NEXT | (writes ? 0 : WRITE));
	part(4, DATA + 0x8000, 1, WRITE);
	offer(0);
	reg_set(DISK, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	return *status;
}

/* --- the disk */

static void test_disk(void **state)
{
	uint8_t *data;
	char file[512];
	int fd = open(disk_path, O_RDWR);

	(void)state;
	start(DISK, 0);
	data = (uint8_t *)at(DATA) + 0x1000;
	memset(file, 'r', sizeof(file));
	assert_int_equal(pwrite(fd, file, sizeof(file), 3 * 512), 512);
	assert_int_equal(disk(VIRTIO_BLK_T_IN, 3, 512, false), VIRTIO_BLK_S_OK);
	assert_memory_equal(data, file, 512);
	assert_int_equal(used_count(), 1);
	assert_int_equal(((struct vring_used *)at(USED))->ring[0].len, 513);
	assert_int_equal(reg(DISK, VIRTIO_MMIO_INTERRUPT_STATUS), 1);
	reg_set(DISK, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	assert_int_equal(reg(DISK, VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	memset(data, 'w', 1024);
	assert_int_equal(disk(VIRTIO_BLK_T_OUT, 62, 1024, true), VIRTIO_BLK_S_OK);
	assert_int_equal(pread(fd, file, sizeof(file), 63 * 512), 512);
	assert_memory_equal(data, file, 512);
	assert_int_equal(disk(VIRTIO_BLK_T_FLUSH, 0, 512, true), VIRTIO_BLK_S_OK);
	assert_int_equal(disk(VIRTIO_BLK_T_GET_ID, 0, 120, false), VIRTIO_BLK_S_OK);
	assert_string_equal((char *)data, "hypatia-vmm");
	assert_int_equal(disk(99, 0, 512, false), VIRTIO_BLK_S_UNSUPP);
	assert_false(broken(DISK));
	close(fd);
}

static void test_disk_limits(void **state)
{
	(void)state;
	start(DISK, 0);
	assert_int_equal(disk(VIRTIO_BLK_T_OUT, 63, 1024, true), VIRTIO_BLK_S_IOERR);
	assert_int_equal(disk(VIRTIO_BLK_T_OUT, 64, 512, true), VIRTIO_BLK_S_IOERR);
	assert_int_equal(disk(VIRTIO_BLK_T_IN, UINT64_MAX, 512, false), VIRTIO_BLK_S_IOERR);
	assert_int_equal(disk(VIRTIO_BLK_T_IN, UINT64_MAX / 512, 512, false), VIRTIO_BLK_S_IOERR);
	assert_int_equal(disk(VIRTIO_BLK_T_IN, 0, 511, false), VIRTIO_BLK_S_IOERR);
	assert_false(broken(DISK));
}

/* --- what a driver must not do */

static void test_features(void **state)
{
	(void)state;
	/* Without addresses that are translated, without those of virtio 1, with one that was not offered. */
	reg_set(DISK, VIRTIO_MMIO_STATUS, 0);
	features_set(DISK, 1);
	assert_false(reg(DISK, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK);
	features_set(DISK, 2);
	assert_false(reg(DISK, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK);
	features_set(DISK, 7);
	assert_false(reg(DISK, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK);
	features_set(DISK, 3);
	assert_true(reg(DISK, VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK);
}

static void queue_refused(uint32_t size, uint64_t table, uint64_t available, uint64_t used)
{
	begin(DISK);
	queue_set(DISK, 0, size, table, available, used);
	assert_true(broken(DISK));
	assert_int_equal(reg(DISK, VIRTIO_MMIO_QUEUE_READY), 0);
}

static void test_queue_places(void **state)
{
	(void)state;
	queue_refused(0, TABLE, AVAILABLE, USED);
	queue_refused(3, TABLE, AVAILABLE, USED);
	queue_refused(2 * QUEUE_SIZE, TABLE, AVAILABLE, USED);
	queue_refused(QUEUE_SIZE, RAM_BASE, AVAILABLE, USED);
	queue_refused(QUEUE_SIZE, RAM_BASE - 16 * QUEUE_SIZE + 16, AVAILABLE, USED);
	queue_refused(QUEUE_SIZE, WINDOW_BASE - 16, AVAILABLE, USED);
	queue_refused(QUEUE_SIZE, TABLE + 8, AVAILABLE, USED);
	queue_refused(QUEUE_SIZE, TABLE, AVAILABLE + 1, USED);
	queue_refused(QUEUE_SIZE, TABLE, RAM_BASE - 4 - 2 * QUEUE_SIZE + 2, USED);
	queue_refused(QUEUE_SIZE, TABLE, AVAILABLE, USED + 2);
	queue_refused(QUEUE_SIZE, TABLE, AVAILABLE, RAM_BASE - 4 - 8 * QUEUE_SIZE + 4);
	queue_refused(QUEUE_SIZE, TABLE, AVAILABLE, UINT64_MAX - 3);
	begin(DISK);
	queue_set(DISK, 0, QUEUE_SIZE, RAM_BASE - 16 * QUEUE_SIZE, WINDOW_BASE, USED);
	assert_false(broken(DISK));
	/* A queue that is ready does not move. */
	address_set(DISK, VIRTIO_MMIO_QUEUE_DESC_LOW, RAM_BASE);
	reg_set(DISK, VIRTIO_MMIO_STATUS, 0xf);
	memset(vm.window, 0, WINDOW_BYTES);
	((struct vring_avail *)at(WINDOW_BASE))->idx = 1;
	reg_set(DISK, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_true(broken(DISK));
}

static void breaks(const char *what)
{
	offer(0);
	reg_set(DISK, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	if (!broken(DISK))
		fail_msg("%s", what);
	assert_int_equal(used_count(), 0);
	assert_true(reg(DISK, VIRTIO_MMIO_INTERRUPT_STATUS) & VIRTIO_MMIO_INT_CONFIG);
	start(DISK, 0);
}

static void test_chains(void **state)
{
	struct vring_desc *table;
	unsigned int i;

	(void)state;
	start(DISK, 0);
	table = at(TABLE);
	part(0, DATA, 16, 0);
	breaks("a request without a status");
	part(0, DATA, 16, NEXT);
	part(1, DATA, 0, WRITE);
	breaks("a status without room");
	part(0, RAM_BASE, 16, NEXT);
	part(1, DATA, 1, WRITE);
	breaks("a header that is the guest's alone");
	part(0, DATA, 16, NEXT);
	part(1, RAM_BASE - 1, 2, WRITE);
	breaks("a buffer that begins in the window");
	part(0, WINDOW_BASE - 1, 16, NEXT);
	part(1, DATA, 1, WRITE);
	breaks("a buffer that ends in the window");
	part(0, DATA, UINT32_MAX, NEXT);
	part(1, DATA, 1, WRITE);
	breaks("a buffer that is larger than the window");
	part(0, DATA, 1, WRITE | NEXT);
	part(1, DATA, 16, 0);
	breaks("to be written first");
	part(0, DATA, 16, VRING_DESC_F_INDIRECT | NEXT);
	part(1, DATA, 1, WRITE);
	breaks("an indirect descriptor");
	for (i = 0; i < QUEUE_SIZE; i++)
		part(i, DATA, 16, NEXT);
	table[QUEUE_SIZE - 1].next = 0;
	breaks("a ring of descriptors");
	part(0, DATA, 16, NEXT);
	table[0].next = QUEUE_SIZE;
	part(QUEUE_SIZE, DATA, 1, WRITE);
	breaks("a descriptor behind the table");
	part(0, DATA, 16, NEXT);
	part(1, DATA, 1, WRITE);
	((struct vring_avail *)at(AVAILABLE))->idx = QUEUE_SIZE;
	breaks("more requests than the queue has");
	((struct vring_avail *)at(AVAILABLE))->ring[0] = 0xffff;
	((struct vring_avail *)at(AVAILABLE))->idx = 1;
	reg_set(DISK, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_true(broken(DISK));
	start(DISK, 0);
	assert_int_equal(disk(VIRTIO_BLK_T_IN, 0, 512, false), VIRTIO_BLK_S_OK);
}

/* The guest takes its pages back in the midst of it. */
static void test_taken_back(void **state)
{
	(void)state;
	start(DISK, 0);
	assert_int_equal(mprotect(at(TABLE), PAGE_BYTES, PROT_NONE), 0);
	offer(0);
	reg_set(DISK, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
	assert_int_equal(mprotect(at(TABLE), PAGE_BYTES, PROT_READ | PROT_WRITE), 0);
	assert_true(broken(DISK));
	start(DISK, 0);
	/* The kernel's accesses for it fail too. */
	assert_int_equal(mprotect(at(DATA + 0x1000), PAGE_BYTES, PROT_NONE), 0);
	assert_int_equal(disk(VIRTIO_BLK_T_IN, 0, 512, false), VIRTIO_BLK_S_IOERR);
	assert_int_equal(mprotect(at(DATA + 0x1000), PAGE_BYTES, PROT_READ | PROT_WRITE), 0);
	assert_false(broken(DISK));
}

static void test_peek(void **state)
{
	unsigned int before = said;

	(void)state;
	last_said[0] = 0;
	vm.peeks[0].address = WINDOW_BASE;
	vm.peeks[0].bytes = 4 * PAGE_BYTES;
	start(CONSOLE, 1);
	begin(CONSOLE);
	vm.peek_count = 1;
	assert_int_equal(mprotect(vm.window + PAGE_BYTES, PAGE_BYTES, PROT_NONE), 0);
	reg_set(CONSOLE, VIRTIO_MMIO_STATUS, 0xf);
	assert_int_equal(mprotect(vm.window + PAGE_BYTES, PAGE_BYTES, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(said, before + 1);
	assert_non_null(strstr(last_said, "3 pages read, 1 pages refused with SIGSEGV"));
	assert_int_equal(vm.peek_count, 0);
}

static void test_console(void **state)
{
	char text[16] = "";
	int fd = open(out_path, O_RDONLY);

	(void)state;
	start(CONSOLE, 1);
	memcpy(at(DATA), "hello", 5);
	part(0, DATA, 2, NEXT);
	part(1, DATA + 2, 3, 0);
	offer(0);
	reg_set(CONSOLE, VIRTIO_MMIO_QUEUE_NOTIFY, 1);
	assert_int_equal(used_count(), 1);
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	close(fd);
}

/* Anything anywhere, of both devices; ASan sees what leaves the window's mapping. */
static void test_fuzz(void **state)
{
	static const uint64_t bases[] = { WINDOW_BASE, RAM_BASE - 0x100, TABLE, DATA, RAM_BASE, 0, UINT64_MAX - 8 };
	unsigned int round, i;
	uint32_t requests = 0;

	(void)state;
	srandom(1);
	for (round = 0; round < FUZZ_ROUNDS; round++) {
		unsigned int device = random() % 2;

		if (round % 16 == 0)
			start(device, device == CONSOLE);
		for (i = 0; i < 4; i++) {
			part(random() % 8, bases[random() % 7] + random() % 64, random() % 600, random() % 4);
			((struct vring_desc *)at(TABLE))[random() % 8].next = random() % (random() % 8 ? 8 : 70);
		}
		if (random() % 4 == 0)
			*(uint32_t *)at(DATA) = random() % 10;
		offer(random() % 8);
		reg_set(device, VIRTIO_MMIO_QUEUE_NOTIFY, random() % 3);
		if (random() % 8 == 0)
			virtio_access(random() % (4 * DEVICE_STRIDE), 1u << random() % 4, random() % 2, random());
		requests += used_count();
	}
	for (i = 0; i < PAGE_BYTES; i++) {
		assert_int_equal(around[i], PATTERN);
		assert_int_equal(vm.window[WINDOW_BYTES + i], PATTERN);
	}
	/* Some of it was good enough to be done. */
	assert_true(requests > 1000);
}

/* --- the interrupt controller */

static uint64_t gicd(unsigned int cpu, uint64_t offset)
{
	return gic_access(cpu, GICD_BASE + offset, 4, false, 0);
}

static void gicd_set(unsigned int cpu, uint64_t offset, uint32_t value)
{
	gic_access(cpu, GICD_BASE + offset, 4, true, value);
}

static uint32_t acknowledge(unsigned int cpu)
{
	return gic_access(cpu, GICC_BASE + 0xc, 4, false, 0);
}

static void end_of(unsigned int cpu, uint32_t id)
{
	gic_access(cpu, GICC_BASE + 0x10, 4, true, id);
}

static void test_gic(void **state)
{
	unsigned int cpu;

	(void)state;
	assert_false(gic_used());
	assert_int_equal(gicd(0, 4), 1 << 5 | 1);
	assert_int_equal(gicd(1, 0x800), 0x02020202);
	for (cpu = 0; cpu < 2; cpu++) {
		gic_access(cpu, GICC_BASE, 4, true, 1);
		gic_access(cpu, GICC_BASE + 4, 4, true, 0xf0);
	}
	gicd_set(0, 0, 1);
	assert_true(gic_used());
	/* A level of CPU 1 alone, until it is low; while it is active it does not come again. */
	gicd_set(1, 0x100, 1u << (16 + PPI_VIRTUAL_TIMER));
	gic_ppi(1, PPI_VIRTUAL_TIMER, true);
	assert_true(lines[1] && !lines[0]);
	assert_int_equal(acknowledge(0), 1023);
	assert_int_equal(acknowledge(1), 27);
	assert_false(lines[1]);
	assert_int_equal(acknowledge(1), 1023);
	end_of(1, 27);
	assert_true(lines[1]);
	gic_ppi(1, PPI_VIRTUAL_TIMER, false);
	assert_false(lines[1]);
	/* An SPI goes where it is sent, once it is enabled; the urgent one first, and it preempts. */
	gic_spi(16, true);
	gic_spi(17, true);
	assert_false(lines[0]);
	gicd_set(0, 0x104, 3u << 16);
	assert_false(lines[0]);
	gic_access(0, GICD_BASE + 0x800 + 48, 1, true, 1);
	gic_access(0, GICD_BASE + 0x800 + 49, 1, true, 1);
	gic_access(0, GICD_BASE + 0x400 + 48, 1, true, 0xa0);
	gic_access(0, GICD_BASE + 0x400 + 49, 1, true, 0x80);
	assert_true(lines[0] && !lines[1]);
	gic_spi(17, false);
	assert_int_equal(acknowledge(0), 48);
	assert_false(lines[0]);
	gic_spi(17, true);
	assert_true(lines[0]);
	assert_int_equal(acknowledge(0), 49);
	gic_spi(17, false);
	gic_spi(16, false);
	end_of(0, 49);
	end_of(0, 48);
	assert_false(lines[0]);
	/* One that is edge-triggered stays pending when its line is low again. */
	gicd_set(0, 0xc00 + 12, 2);
	gic_spi(16, true);
	gic_spi(16, false);
	assert_true(lines[0]);
	assert_int_equal(acknowledge(0), 48);
	end_of(0, 48);
	assert_false(lines[0]);
	/* Masked by priority. */
	gic_access(0, GICC_BASE + 4, 4, true, 0xa0);
	gic_spi(16, true);
	assert_false(lines[0]);
	gic_access(0, GICC_BASE + 4, 4, true, 0xa1);
	assert_true(lines[0]);
	gicd_set(0, 0x184, 1u << 16);
	assert_false(lines[0]);
}

static void test_gic_sgi(void **state)
{
	(void)state;
	gic_access(0, GICC_BASE + 4, 4, true, 0xf0);
	/* From both CPUs to CPU 0: two interrupts. To all others, and to oneself. */
	gicd_set(0, 0xf00, 1u << 16 | 5);
	gicd_set(1, 0xf00, 1u << 16 | 5);
	assert_true(lines[0] && !lines[1]);
	assert_int_equal(acknowledge(0), 5);
	end_of(0, 5);
	assert_int_equal(acknowledge(0), 1 << 10 | 5);
	end_of(0, 1 << 10 | 5);
	assert_int_equal(acknowledge(0), 1023);
	gicd_set(0, 0xf00, 1u << 24 | 2);
	assert_true(lines[1] && !lines[0]);
	assert_int_equal(acknowledge(1), 2);
	end_of(1, 2);
	gicd_set(1, 0xf00, 2u << 24 | 3);
	assert_int_equal(acknowledge(1), 1 << 10 | 3);
	end_of(1, 3);
	assert_false(lines[0] || lines[1]);
	/* Of CPUs that are not there, and of interrupts that are not there. */
	gicd_set(1, 0xf00, 0xfcu << 16 | 3);
	assert_false(lines[0] || lines[1]);
	end_of(0, 1000);
}

static void test_gic_anything(void **state)
{
	unsigned int i;

	(void)state;
	srandom(2);
	for (i = 0; i < FUZZ_ROUNDS; i++) {
		gic_access(random() % 2, GICD_BASE + random() % (2 * GIC_BYTES), 1u << random() % 4, random() % 2,
			   random());
		if (i % 8 == 0)
			gic_spi(random() % 32, random() % 2);
	}
}

static void make_file(char *path, off_t bytes)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, bytes), 0);
	close(fd);
}

static int set_up(void **state)
{
	char both[64];

	(void)state;
	/* There is other memory on both sides, which must stay as it is. */
	around = mmap(NULL, WINDOW_BYTES + 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(around, MAP_FAILED);
	memset(around, PATTERN, WINDOW_BYTES + 2 * PAGE_BYTES);
	vm.window = around + PAGE_BYTES;
	make_file(disk_path, DISK_BYTES);
	make_file(in_path, 0);
	make_file(out_path, 0);
	gic_setup();
	snprintf(both, sizeof(both), "%s,%s", in_path, out_path);
	console_add(both);
	block_add(disk_path);
	/* As by whoever makes an exit. */
	pthread_mutex_lock(&vm.lock);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pthread_mutex_unlock(&vm.lock);
	unlink(disk_path);
	unlink(in_path);
	unlink(out_path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gic),
		cmocka_unit_test(test_gic_sgi),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_disk_limits),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_queue_places),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_taken_back),
		cmocka_unit_test(test_peek),
		cmocka_unit_test(test_console),
		cmocka_unit_test(test_fuzz),
		cmocka_unit_test(test_gic_anything),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
