/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "kvm.h"

#define MODULE "/hypatia.ko"

static unsigned int checks;
static unsigned int failures;

void check(const char *what, int64_t got, int64_t want)
{
	checks++;
	if (got == want) {
		printf("HYPATIA-KVM: PASS %s\n", what);
	} else {
		failures++;
		printf("HYPATIA-KVM: FAIL %s: got 0x%llx, expected 0x%llx\n", what, (long long)got, (long long)want);
	}
}

void check_refused(const char *what, long result, int error)
{
	check(what, result == -1 ? errno : 0, error);
}

int check_end(void)
{
	printf("HYPATIA-KVM: %u checks, %u failures\n", checks, failures);
	return failures != 0;
}

static void need(bool there, const char *what)
{
	if (!there) {
		printf("HYPATIA-KVM: FAIL %s: %s\n", what, strerror(errno));
		exit(1);
	}
}

int slot_flags(int vm, uint32_t slot, uint32_t flags, uint64_t guest, uint64_t bytes, void *memory)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.flags = flags,
		.guest_phys_addr = guest,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)memory,
	};

	return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
}

int slot_set(int vm, uint32_t slot, uint64_t guest, uint64_t bytes, void *memory)
{
	return slot_flags(vm, slot, 0, guest, bytes, memory);
}

int vcpu_init(int vcpu, uint32_t features)
{
	struct kvm_vcpu_init init = { .target = KVM_ARM_TARGET_GENERIC_V8, .features = { features } };

	return ioctl(vcpu, KVM_ARM_VCPU_INIT, &init);
}

uint64_t reg_get(int vcpu, uint64_t id)
{
	uint64_t value = 0;
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	need(ioctl(vcpu, KVM_GET_ONE_REG, &reg) == 0, "KVM_GET_ONE_REG");
	return value;
}

int reg_set(int vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	return ioctl(vcpu, KVM_SET_ONE_REG, &reg);
}

void x_set(struct machine *m, int i, unsigned int x, uint64_t value)
{
	need(reg_set(m->vcpu[i], CORE_REG(regs.regs[0]) + 2 * x, value) == 0, "KVM_SET_ONE_REG");
}

static void *map(size_t bytes, int fd)
{
	void *place =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	need(place != MAP_FAILED, "mmap");
	return place;
}

/* Memory with @program, and @vcpus that are about to run it. */
void machine_make_type(struct machine *m, unsigned long type, const char *program, int vcpus)
{
	int i;

	memset(m, 0, sizeof(*m));
	m->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	need(m->kvm >= 0, "/dev/kvm");
	m->vm = ioctl(m->kvm, KVM_CREATE_VM, type);
	need(m->vm >= 0, "KVM_CREATE_VM");
	m->memory = map(G_PAGES - G_MEMORY, -1);
	m->pages = map(G_PAGES_COUNT << PAGE_SHIFT, -1);
	need(slot_set(m->vm, 0, G_MEMORY, G_PAGES - G_MEMORY, m->memory) == 0, "slot 0");
	need(slot_set(m->vm, 1, G_PAGES, G_PAGES_COUNT << PAGE_SHIFT, m->pages) == 0, "slot 1");
	memcpy(m->memory, program, 1 << PAGE_SHIFT);
	for (i = 0; i < vcpus; i++) {
		m->vcpu[i] = ioctl(m->vm, KVM_CREATE_VCPU, i);
		need(m->vcpu[i] >= 0, "KVM_CREATE_VCPU");
		m->run[i] = map(ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, 0), m->vcpu[i]);
		need(vcpu_init(m->vcpu[i], 1 << KVM_ARM_VCPU_PSCI_0_2) == 0, "KVM_ARM_VCPU_INIT");
		need(reg_set(m->vcpu[i], CORE_REG(regs.pc), G_MEMORY) == 0, "PC");
	}
}

void machine_make(struct machine *m, const char *program, int vcpus)
{
	machine_make_type(m, VM_TYPE, program, vcpus);
}

void machine_end(struct machine *m)
{
	int i;

	for (i = 0; i < MACHINE_VCPUS && m->run[i]; i++) {
		munmap(m->run[i], getpagesize());
		close(m->vcpu[i]);
	}
	close(m->vm);
	close(m->kvm);
	munmap(m->memory, G_PAGES - G_MEMORY);
	munmap(m->pages, G_PAGES_COUNT << PAGE_SHIFT);
}

/* Runs until it stores to @address, which no other exit may come before. */
bool next_store(struct machine *m, int i, uint64_t address, uint64_t *value)
{
	struct kvm_run *run = m->run[i];
	int result;

	do {
		result = ioctl(m->vcpu[i], KVM_RUN, 0);
	} while (result < 0 && errno == EINTR);
	if (result < 0 || run->exit_reason != KVM_EXIT_MMIO || !run->mmio.is_write ||
	    run->mmio.phys_addr != address) {
		printf("HYPATIA-KVM: KVM_RUN %d (%s), exit %u, address 0x%llx\n", result,
		       result ? strerror(errno) : "-", run->exit_reason, (long long)run->mmio.phys_addr);
		return false;
	}
	*value = 0;
	memcpy(value, run->mmio.data, run->mmio.len);
	return true;
}

uint64_t said(struct machine *m, int i)
{
	uint64_t value;

	return next_store(m, i, G_DEVICE + SAY_VALUE, &value) ? value : ~0ull / 3;
}

bool is_done(struct machine *m, int i)
{
	uint64_t value;

	return next_store(m, i, G_DEVICE + SAY_DONE, &value);
}

/* A figure of the module's, or -1. */
long parameter(const char *name)
{
	char path[100];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/hypatia/parameters/%s", name);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%ld", &value) != 1)
		value = -1;
	if (file)
		fclose(file);
	return value;
}

void parameter_set(const char *name, const char *value)
{
	char path[100];
	ssize_t length = (ssize_t)strlen(value);
	int fd;

	snprintf(path, sizeof(path), "/sys/module/hypatia/parameters/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	check(path, fd >= 0 && write(fd, value, (size_t)length) == length, 1);
	close(fd);
}

int module_load(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);
	int result;

	need(fd >= 0, MODULE);
	result = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return result;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "hypatia", O_NONBLOCK);
}

int irq_line(int vm, unsigned int type, unsigned int vcpu, unsigned int number, unsigned int level)
{
	struct kvm_irq_level line = {
		.irq = type << KVM_ARM_IRQ_TYPE_SHIFT | vcpu << KVM_ARM_IRQ_VCPU_SHIFT | number,
		.level = level,
	};

	return ioctl(vm, KVM_IRQ_LINE, &line);
}
