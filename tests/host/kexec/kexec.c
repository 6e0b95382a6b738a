/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * End this host and begin another, with the kernel of /Image and the initramfs of /initrd: what "kexec -f" does
 * elsewhere. The next command line is this one without words of the tests, and then what /tmp/next has, if it is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 0x1000ul
#define BLOCK 0x200000ul /* where a kernel may lie; a tree is in no two of them */
#define TREE_MORE 0x2000
#define LINE_MAX_BYTES 2048
#define HEADER_SPACE 16
#define HEADER_MAGIC 56
#define MAGIC 0x644d5241u
#define BANKS_MAX 32

static const char tests_word[] = "hypatia.";

static _Noreturn void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("HYPATIA-KEXEC: FAIL ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	exit(1);
}

/* Files below /sys and /proc do not say how long they are. */
static void *file_read(const char *path, size_t *bytes)
{
	size_t room = 1 << 20;
	char *data = malloc(room);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : 1;

	for (*bytes = 0; got > 0; *bytes += (size_t)got) {
		if (*bytes == room)
			data = realloc(data, room *= 2);
		got = data ? read(fd, data + *bytes, room - *bytes) : -1;
	}
	if (got < 0)
		fail("%s: %s", path, strerror(errno));
	close(fd);
	return data;
}

static char *text_read(const char *path)
{
	size_t bytes;
	char *text = file_read(path, &bytes);

	text = realloc(text, bytes + 1);
	text[bytes] = '\0';
	return text;
}

/* --- /proc/iomem */

static struct bank {
	unsigned long start;
	unsigned long end;
} banks[BANKS_MAX];
static int bank_count;
static unsigned long kernel_base;

static void banks_read(void)
{
	unsigned long start, last;
	char *line, *rest;
	char name[64];

	for (line = strtok_r(text_read("/proc/iomem"), "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, " %lx-%lx : %63[^\n]", &start, &last, name) != 3)
			continue;
		if (line[0] != ' ' && strcmp(name, "System RAM") == 0 && bank_count < BANKS_MAX)
			banks[bank_count++] = (struct bank){ start, last + 1 };
		else if (strcmp(name, "Kernel code") == 0)
			kernel_base = start & ~(BLOCK - 1);
	}
	if (!bank_count || !kernel_base)
		fail("/proc/iomem names no RAM or no kernel");
}

static void check_ram(const char *what, unsigned long start, unsigned long bytes)
{
	int i;

	for (i = 0; i < bank_count; i++) {
		if (start >= banks[i].start && start < banks[i].end && bytes <= banks[i].end - start)
			return;
	}
	fail("%s at %#lx, of %#lx bytes, is not in RAM", what, start, bytes);
}

/* --- what the next kernel finds */

#define SEGMENTS_MAX 4
static struct kexec_segment segments[SEGMENTS_MAX];
static unsigned long segment_count;

static unsigned long up(unsigned long value, unsigned long unit)
{
	return (value + unit - 1) / unit * unit;
}

/* Return: the first block behind it. */
static unsigned long add(const char *what, const void *data, size_t bytes, unsigned long place, unsigned long space)
{
	space = up(space > bytes ? space : bytes, PAGE);
	check_ram(what, place, space);
	segments[segment_count++] =
		(struct kexec_segment){ .buf = data, .bufsz = bytes, .mem = (void *)place, .memsz = space };
	printf("HYPATIA-KEXEC: %s at %#lx, %zu bytes\n", what, place, bytes);
	return up(place + space, BLOCK);
}

static const char *next_line(void)
{
	static char line[LINE_MAX_BYTES];
	char *word, *rest;

	for (word = strtok_r(text_read("/proc/cmdline"), " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
		if (strncmp(word, tests_word, strlen(tests_word)) == 0)
			continue;
		if (strlen(line) + strlen(word) + 2 > sizeof(line))
			fail("the command line is too long");
		strcat(strcat(line, word), " ");
	}
	word = access("/tmp/next", F_OK) ? "" : strtok_r(text_read("/tmp/next"), "\n", &rest);
	if (!word || strlen(line) + strlen(word) + 1 > sizeof(line))
		fail("/tmp/next has nothing, or too much");
	return strcat(line, word);
}

static void *next_tree(unsigned long initrd, size_t initrd_bytes, size_t *bytes)
{
	const char *line = next_line();
	void *old = file_read("/sys/firmware/fdt", bytes);
	void *tree = malloc(*bytes + TREE_MORE);
	int chosen;

	if (fdt_open_into(old, tree, (int)*bytes + TREE_MORE))
		fail("/sys/firmware/fdt is no tree");
	chosen = fdt_path_offset(tree, "/chosen");
	if (chosen < 0 || fdt_setprop_u64(tree, chosen, "linux,initrd-start", initrd) ||
	    fdt_setprop_u64(tree, chosen, "linux,initrd-end", initrd + initrd_bytes) ||
	    fdt_setprop_string(tree, chosen, "bootargs", line))
		fail("/chosen cannot be written");
	fdt_pack(tree);
	*bytes = fdt_totalsize(tree);
	printf("HYPATIA-KEXEC: %s\n", line);
	return tree;
}

/* To the kernel as its boot protocol wants it: x0 is the tree, x1 to x3 are 0. */
static struct {
	uint32_t code[6];
	uint64_t tree;
	uint64_t kernel;
} __attribute__((packed)) purgatory = {
	.code = {
		0x580000c0, /* ldr x0, tree */
		0x580000e4, /* ldr x4, kernel */
		0xaa1f03e1, /* mov x1, xzr */
		0xaa1f03e2, /* mov x2, xzr */
		0xaa1f03e3, /* mov x3, xzr */
		0xd61f0080, /* br x4 */
	},
};

static uint64_t image_space(const void *image, size_t bytes)
{
	uint32_t magic = 0;
	uint64_t space = 0;

	if (bytes >= PAGE) {
		memcpy(&magic, (const char *)image + HEADER_MAGIC, sizeof(magic));
		memcpy(&space, (const char *)image + HEADER_SPACE, sizeof(space));
	}
	if (magic != MAGIC)
		fail("/Image is none");
	return space;
}

int main(void)
{
	size_t image_bytes, initrd_bytes, tree_bytes;
	void *image = file_read("/Image", &image_bytes);
	void *initrd = file_read("/initrd", &initrd_bytes);
	unsigned long place;
	void *tree;

	setvbuf(stdout, NULL, _IOLBF, 0);
	banks_read();
	place = add("kernel", image, image_bytes, kernel_base, image_space(image, image_bytes));
	tree = next_tree(place, initrd_bytes, &tree_bytes);
	place = add("initramfs", initrd, initrd_bytes, place, 0);
	purgatory.kernel = kernel_base;
	purgatory.tree = place;
	place = add("tree", tree, tree_bytes, place, 0);
	add("purgatory", &purgatory, sizeof(purgatory), place, 0);
	if (syscall(SYS_kexec_load, place, segment_count, segments, KEXEC_ARCH_AARCH64))
		fail("kexec_load: %s", strerror(errno));
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	fail("reboot: %s", strerror(errno));
}
