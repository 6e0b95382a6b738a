// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is in the guest's memory when it begins: stub, kernel, initramfs and device tree, in this order.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm.h"

#define PLACE_ALIGN (2 * MIB)
#define TREE_BYTES (64 * KIB)
#define IMAGE_MAGIC 0x644d5241u
#define IMAGE_BIG_ENDIAN 1u

/* The header of an arm64 Image: Documentation/arm64/booting.rst of Linux. */
struct image_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_bytes;
	uint64_t flags;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t reserved_word;
};

/* As stub.S reads it. */
struct stub_words {
	uint64_t kernel;
	uint64_t tree;
	uint64_t window;
	uint64_t window_pages;
	uint64_t uart;
};

extern const uint8_t stub[], stub_words[], stub_end[];

static uint64_t align(uint64_t value)
{
	return (value + PLACE_ALIGN - 1) / PLACE_ALIGN * PLACE_ALIGN;
}

static uint8_t *ram_at(uint64_t address)
{
	return vm.ram + (address - RAM_BASE);
}

static int open_file(const char *path, uint64_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		give_up("%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		give_up("%s is no file", path);
	*bytes = status.st_size;
	return fd;
}

static void read_all(int fd, const char *path, void *place, uint64_t bytes)
{
	uint8_t *to = place;

	while (bytes) {
		ssize_t got = read(fd, to, bytes);

		if (got <= 0)
			give_up("%s: %s", path, got ? strerror(errno) : "it became shorter");
		to += got;
		bytes -= got;
	}
}

/* @path to @address; something of at least @room bytes. Returns its size. */
static uint64_t load_file(const char *path, int fd, uint64_t bytes, uint64_t address)
{
	if (bytes > RAM_BASE + vm.ram_bytes - address)
		give_up("%s has %llu bytes, more than are left of the guest's memory; give it more by --mem", path,
		     (unsigned long long)bytes);
	read_all(fd, path, ram_at(address), bytes);
	close(fd);
	return bytes;
}

static uint64_t kernel_bytes;

static uint64_t load_kernel(const char *path)
{
	struct image_header header;
	uint64_t bytes, address;
	int fd = open_file(path, &bytes);

	if (bytes < sizeof(header))
		give_up("%s is no arm64 Image: it has %llu bytes", path, (unsigned long long)bytes);
	read_all(fd, path, &header, sizeof(header));
	if (header.magic != IMAGE_MAGIC || !header.image_bytes)
		give_up("%s is no arm64 Image; a compressed kernel has to be unpacked first", path);
	if (header.flags & IMAGE_BIG_ENDIAN)
		give_up("%s is a big-endian kernel", path);
	if (header.text_offset >= PLACE_ALIGN)
		give_up("%s asks for a place 0x%llx behind a 2 MiB boundary", path,
		     (unsigned long long)header.text_offset);
	address = KERNEL_BASE + header.text_offset;
	if (header.image_bytes > RAM_BASE + vm.ram_bytes - address)
		give_up("%s needs %llu MiB of memory; give it more by --mem", path,
		     (unsigned long long)(header.image_bytes / MIB + 1));
	if (lseek(fd, 0, SEEK_SET))
		give_up("%s: %s", path, strerror(errno));
	kernel_bytes = load_file(path, fd, bytes, address);
	vm.kernel_end = address + (bytes > header.image_bytes ? bytes : header.image_bytes);
	return address;
}

static void load_initrd(const char *path)
{
	uint64_t bytes;
	int fd = open_file(path, &bytes);

	vm.initrd = align(vm.kernel_end);
	vm.initrd_bytes = load_file(path, fd, bytes, vm.initrd);
}

static void load_stub(uint64_t kernel)
{
	struct stub_words words = {
		.kernel = kernel,
		.tree = vm.tree,
		.window = WINDOW_BASE,
		.window_pages = vm.protected ? WINDOW_BYTES / PAGE_BYTES : 0,
		.uart = UART_BASE,
	};

	memcpy(vm.ram, stub, stub_end - stub);
	memcpy(vm.ram + (stub_words - stub), &words, sizeof(words));
}

/**
 * load_guest() - fill the guest's memory
 *
 * Return: where it begins.
 */
uint64_t load_guest(const char *kernel, const char *initrd)
{
	uint64_t entry = load_kernel(kernel);
	uint64_t end = vm.kernel_end;
	size_t tree_bytes;

	measure_part(RAM_BASE, stub_end - stub);
	measure_part(entry, kernel_bytes);
	if (initrd) {
		load_initrd(initrd);
		end = vm.initrd + vm.initrd_bytes;
		measure_part(vm.initrd, vm.initrd_bytes);
	}
	vm.tree = align(end);
	if (vm.tree + TREE_BYTES > RAM_BASE + vm.ram_bytes)
		give_up("kernel and initramfs fill the guest's memory; give it more by --mem");
	tree_bytes = tree_make(ram_at(vm.tree), TREE_BYTES);
	/* What the tree needed while it grew is no part of it. */
	memset(ram_at(vm.tree) + tree_bytes, 0, TREE_BYTES - tree_bytes);
	measure_part(vm.tree, tree_bytes);
	load_stub(entry);
	return RAM_BASE;
}
