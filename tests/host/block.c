/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A huge page of the process as memory of a VM: it becomes one block for the guest, which must not notice what the
 * process and the kernel do to pages of it meanwhile, but find what it wrote.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "kvm.h"

#define PAGES G_BLOCK_PAGES
#define BYTES ((size_t)PAGES << PAGE_SHIFT)
#define SLOT 2
#define FIRST_SUM (PAGES * (PAGES - 1) / 2) /* page n begins with n */

/* With a guest that adds 1 to each page in a round, and says the sum of what it found. */
struct block {
	struct machine m;
	char *map;
	char *memory;
	long joined;
	uint64_t sum;
};

static volatile uint64_t *word(const struct block *b, unsigned int page)
{
	return (volatile uint64_t *)(b->memory + ((size_t)page << PAGE_SHIFT));
}

/* How much of the mapping that has @place is huge pages, in KiB. */
static long huge_kib(const char *place)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	bool here = false;
	char line[300];
	long kib = -1;

	while (file && kib < 0 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = (unsigned long)place - start < end - start;
		else if (here && sscanf(line, "AnonHugePages: %ld kB", &kib) != 1)
			kib = -1;
	}
	if (file)
		fclose(file);
	return kib;
}

static void block_make(struct block *b, unsigned long type)
{
	unsigned int i;

	machine_make_type(&b->m, type, guest_block, 1);
	x_set(&b->m, 0, 0, 1);
	b->map = mmap(NULL, 2 * BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	b->memory = (char *)(((uintptr_t)b->map + BYTES - 1) / BYTES * BYTES);
	check("memory for a huge page", b->map != MAP_FAILED && madvise(b->memory, BYTES, MADV_HUGEPAGE) == 0, 1);
	for (i = 0; i < PAGES; i++)
		*word(b, i) = i;
	check("the kernel takes one, in KiB", huge_kib(b->memory), BYTES / 1024);
	check("its slot", slot_set(b->m.vm, SLOT, G_BLOCK, BYTES, b->memory), 0);
	b->joined = parameter("blocks_joined");
	b->sum = FIRST_SUM;
}

static void block_end(struct block *b)
{
	machine_end(&b->m);
	check("nothing is given at the end", parameter("frames_given"), 0);
	check("nor kept", parameter("frames_kept"), 0);
	munmap(b->map, 2 * BYTES);
}

/* The guest finds what is expected, in all pages. */
static void round_of(struct block *b, const char *what)
{
	check(what, (int64_t)said(&b->m, 0), (int64_t)b->sum);
	b->sum += PAGES;
}

static void rounds_until_block(struct block *b)
{
	round_of(b, "a round");
	check("its pages are a block", parameter("blocks_joined"), b->joined + 1);
	round_of(b, "a round in the block");
	check("that is made once", parameter("blocks_joined"), b->joined + 1);
}

static void check_words(const struct block *b, uint64_t rounds, unsigned int but)
{
	unsigned int i;
	unsigned int wrong = 0;

	for (i = 0; i < PAGES; i++)
		wrong += i != but && *word(b, i) != i + rounds;
	check("pages in which the process finds something else", wrong, 0);
}

/* The process takes pages out of it, in every way. */
static void test_changes(void)
{
	struct block b;
	int status;
	pid_t child;

	block_make(&b, VM_TYPE);
	rounds_until_block(&b);
	check_words(&b, 2, PAGES);
	*word(&b, 77) += 1000;
	b.sum += 1000;
	round_of(&b, "a round after a store of the process");
	*word(&b, 77) -= 1000;
	b.sum -= 1000;
	child = fork();
	if (child == 0) {
		sleep_ms(2 * LOOK_MS);
		_exit(*word(&b, 100) == 103);
	}
	round_of(&b, "a round after fork");
	waitpid(child, &status, 0);
	check("is not in the child's memory", WIFEXITED(status) ? WEXITSTATUS(status) : -1, 1);
	check_words(&b, 4, PAGES);
	block_end(&b);

	block_make(&b, VM_TYPE);
	rounds_until_block(&b);
	madvise(b.memory + (5 << PAGE_SHIFT), 1 << PAGE_SHIFT, MADV_DONTNEED);
	b.sum -= 5 + 2;
	round_of(&b, "a round after MADV_DONTNEED of a page");
	check("which begins with 0 again", (int64_t)*word(&b, 5), 1);
	check_words(&b, 3, 5);
	check("and is in no block", parameter("blocks_joined"), b.joined + 1);
	mprotect(b.memory + (9 << PAGE_SHIFT), 1 << PAGE_SHIFT, PROT_READ);
	check_refused("a round with a page to read only", ioctl(b.m.vcpu[0], KVM_RUN, 0), EFAULT);
	mprotect(b.memory + (9 << PAGE_SHIFT), 1 << PAGE_SHIFT, PROT_READ | PROT_WRITE);
	round_of(&b, "a round when it can be written again");
	check_words(&b, 4, 5);
	block_end(&b);

	block_make(&b, VM_TYPE);
	rounds_until_block(&b);
	munmap(b.memory, BYTES / 2);
	check_refused("a round without half of it", ioctl(b.m.vcpu[0], KVM_RUN, 0), EFAULT);
	check("what was its half is not given", parameter("frames_given") <= 2 + PAGES / 2, 1);
	check("other memory for it",
	      mmap(b.memory, BYTES / 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		      b.memory,
	      1);
	b.sum -= PAGES / 2 * (PAGES / 2 - 1) / 2 + PAGES / 2 * 2;
	round_of(&b, "a round goes on");
	check("in the new memory", (int64_t)*word(&b, PAGES / 2 - 1), 1);
	check("and in the old one", (int64_t)*word(&b, PAGES - 1), PAGES - 1 + 3);
	block_end(&b);
}

static unsigned int logged(const struct machine *m)
{
	uint64_t bits[PAGES / 64] = { 0 };
	struct kvm_dirty_log log = { .slot = SLOT, .dirty_bitmap = bits };
	unsigned int pages = 0;
	unsigned int i;

	if (ioctl(m->vm, KVM_GET_DIRTY_LOG, &log))
		return ~0u;
	for (i = 0; i < PAGES; i++)
		pages += bits[i / 64] >> i % 64 & 1;
	return pages;
}

static void test_logged(void)
{
	struct block b;

	block_make(&b, VM_TYPE);
	rounds_until_block(&b);
	check("a log", slot_flags(b.m.vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES, G_BLOCK, BYTES, b.memory), 0);
	check("nothing is written yet", logged(&b.m), 0);
	round_of(&b, "a round with a log");
	check("pages that it wrote", logged(&b.m), PAGES);
	check("and since", logged(&b.m), 0);
	round_of(&b, "a round that is logged");
	check("pages that it wrote", logged(&b.m), PAGES);
	check("no log any more", slot_set(b.m.vm, SLOT, G_BLOCK, BYTES, b.memory), 0);
	round_of(&b, "a round without a log");
	check_words(&b, 5, PAGES);
	block_end(&b);

	/* From the begin: what the guest wrote first would not be known of each page. */
	block_make(&b, VM_TYPE);
	check("a log", slot_flags(b.m.vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES, G_BLOCK, BYTES, b.memory), 0);
	round_of(&b, "a round with a log");
	check("pages that it wrote", logged(&b.m), PAGES);
	check("they are no block", parameter("blocks_joined"), b.joined);
	block_end(&b);
}

/* Its pages are young, and the kernel looks: Linux 6.1 keeps it, a newer one tries to make room at once. */
static void test_aged(void)
{
	long aged = parameter("pages_aged");
	struct block b;

	block_make(&b, VM_TYPE);
	rounds_until_block(&b);
	check("the kernel is to make room", madvise(b.memory, BYTES, MADV_PAGEOUT), 0);
	check("it asks for its age, or takes it",
	      parameter("pages_aged") >= aged + PAGES || parameter("frames_given") < PAGES, 1);
	round_of(&b, "a round after that");
	check_words(&b, 3, PAGES);
	block_end(&b);
}

static void test_own(void)
{
	unsigned int left = 0;
	struct block b;
	unsigned int i;

	block_make(&b, VM_TYPE_PROTECTED | VM_TYPE);
	rounds_until_block(&b);
	check_refused("without its slot", slot_set(b.m.vm, SLOT, 0, 0, NULL), EPERM);
	round_of(&b, "a round goes on");
	machine_end(&b.m);
	check("nothing is given at the end", parameter("frames_given"), 0);
	for (i = 0; i < PAGES; i++)
		left += *word(&b, i) != 0;
	check("pages that are not cleared", left, 0);
	munmap(b.map, 2 * BYTES);
}

/* As it is where there is more memory: a kernel with less than 512 MiB begins without. */
static void huge_pages(const char *when)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/mm/transparent_hugepage/%s", when);
	file = fopen(path, "w");
	check(path, file && fputs("madvise", file) >= 0 && fclose(file) == 0, 1);
}

void test_blocks(void)
{
	huge_pages("enabled");
	huge_pages("defrag");
	test_changes();
	test_logged();
	test_aged();
	test_own();
}
