// SPDX-License-Identifier: BSD-2-Clause
/*
 * The VM and its vCPUs, a thread each.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hypatia_kvm.h>
#include <linux/kvm.h>

#include "virtio.h"

#define DEVICE "/dev/kvm"
#define ADDRESS_BITS 39
#define HUGE_PAGE (2 * MIB)
/* Newer headers have it. */
#ifndef KVM_VM_TYPE_ARM_PROTECTED
#define KVM_VM_TYPE_ARM_PROTECTED (1ul << 31)
#endif
#define CORE_REG(name) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(name))

static int kvm_fd, vm_fd;
static struct {
	int fd;
	struct kvm_run *run;
} vcpus[CPUS_MAX];

static int checked(int result, const char *what)
{
	if (result < 0)
		give_up("%s: %s", what, strerror(errno));
	return result;
}

static void need(int capability, const char *name)
{
	if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, capability) <= 0)
		give_up(DEVICE " does not offer %s", name);
}

static void create(void)
{
	unsigned long type;
	int bits;

	kvm_fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (kvm_fd < 0)
		give_up(DEVICE ": %s", strerror(errno));
	if (ioctl(kvm_fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		give_up(DEVICE " has not version %d of KVM's interface", KVM_API_VERSION);
	need(KVM_CAP_ARM_USER_IRQ, "timers for an interrupt controller in user space (KVM_CAP_ARM_USER_IRQ)");
	need(KVM_CAP_ARM_PSCI_0_2, "PSCI (KVM_CAP_ARM_PSCI_0_2)");
	if ((int)vm.cpus > ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS))
		give_up("--cpus %u: " DEVICE " has %d", vm.cpus, ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS));
	bits = ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	type = bits <= 0 ? 0 : bits < ADDRESS_BITS ? (unsigned long)bits : ADDRESS_BITS;
	if (vm.measured) {
		need(HYPATIA_CAP_MEASURE, "measured images (HYPATIA_CAP_MEASURE)");
		type |= HYPATIA_VM_TYPE_MEASURED;
	}
	vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, vm.protected ? type | KVM_VM_TYPE_ARM_PROTECTED : type);
	if (vm_fd < 0 && errno == EINVAL && vm.protected)
		give_up("--protected: " DEVICE " has no protected VMs");
	checked(vm_fd, "KVM_CREATE_VM");
}

/*
 * A copy of this process has none of it: a kernel that copies what is the guest's alone is stopped. Private memory is
 * not written to swap while it is the guest's; shared memory would be. Where a huge page of the process begins, one of
 * the guest's does, which has the memory at @address.
 */
static uint8_t *memory(uint64_t address, uint64_t bytes)
{
	uint64_t all = bytes + HUGE_PAGE;
	uint8_t *place = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (place == MAP_FAILED || madvise(place, all, MADV_DONTFORK) || madvise(place, all, MADV_DONTDUMP))
		give_up("no %llu MiB for the guest: %s", (unsigned long long)(bytes / MIB), strerror(errno));
	/* A kernel without huge pages refuses it. */
	(void)madvise(place, all, MADV_HUGEPAGE);
	return place + (address - (uintptr_t)place) % HUGE_PAGE;
}

static uint8_t *slot(uint32_t number, uint64_t address, uint64_t bytes)
{
	uint8_t *place = memory(address, bytes);
	struct kvm_userspace_memory_region region = {
		.slot = number,
		.guest_phys_addr = address,
		.memory_size = bytes,
		.userspace_addr = (uintptr_t)place,
	};

	checked(ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	return place;
}

/* As long as the machine's, where the guest can have any. */
static bool has_sve(void)
{
	return ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE) > 0;
}

static void add_vcpu(unsigned int index)
{
	int sve = KVM_ARM_VCPU_SVE;
	int bytes = checked(ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	struct kvm_vcpu_init init;

	vcpus[index].fd = checked(ioctl(vm_fd, KVM_CREATE_VCPU, index), "KVM_CREATE_VCPU");
	vcpus[index].run = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpus[index].fd, 0);
	if (vcpus[index].run == MAP_FAILED)
		give_up("a vCPU's page: %s", strerror(errno));
	checked(ioctl(vm_fd, KVM_ARM_PREFERRED_TARGET, &init), "KVM_ARM_PREFERRED_TARGET");
	init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
	if (index)
		init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
	if (has_sve())
		init.features[0] |= 1u << KVM_ARM_VCPU_SVE;
	checked(ioctl(vcpus[index].fd, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
	if (has_sve())
		checked(ioctl(vcpus[index].fd, KVM_ARM_VCPU_FINALIZE, &sve), "KVM_ARM_VCPU_FINALIZE");
}

void vm_make(void)
{
	unsigned int i;

	create();
	gic_setup();
	vm.window = slot(0, WINDOW_BASE, WINDOW_BYTES);
	vm.ram = slot(1, RAM_BASE, vm.ram_bytes);
	for (i = 0; i < vm.cpus; i++)
		add_vcpu(i);
}

/* Memory alone: what the guest would begin with. */
void vm_pretend(void)
{
	vm.ram = memory(RAM_BASE, vm.ram_bytes);
}

void vm_irq_line(unsigned int cpu, bool high)
{
	struct kvm_irq_level level = {
		.irq = KVM_ARM_IRQ_TYPE_CPU << KVM_ARM_IRQ_TYPE_SHIFT | cpu << KVM_ARM_IRQ_VCPU_SHIFT |
		       KVM_ARM_IRQ_CPU_IRQ,
		.level = high,
	};

	checked(ioctl(vm_fd, KVM_IRQ_LINE, &level), "KVM_IRQ_LINE");
}

/* Where nothing is, reads are zero and writes are lost. */
static uint64_t access_device(unsigned int cpu, uint64_t address, unsigned int bytes, bool write, uint64_t value)
{
	if (address >= GICD_BASE && address < GICC_BASE + GIC_BYTES)
		return gic_access(cpu, address, bytes, write, value);
	if (address >= UART_BASE && address < UART_BASE + PAGE_BYTES)
		return uart_access(address - UART_BASE, write, value);
	if (address >= DEVICES_BASE && address < DEVICES_BASE + vm.device_count * DEVICE_STRIDE)
		return virtio_access(address - DEVICES_BASE, bytes, write, value);
	return 0;
}

static void mmio(unsigned int cpu, struct kvm_run *run)
{
	unsigned int bytes = run->mmio.len;
	uint64_t value = 0;

	if (bytes > sizeof(value))
		give_up("an access of %u bytes", bytes);
	if (run->mmio.is_write)
		memcpy(&value, run->mmio.data, bytes);
	value = access_device(cpu, run->mmio.phys_addr, bytes, run->mmio.is_write, value);
	if (!run->mmio.is_write)
		memcpy(run->mmio.data, &value, bytes);
}

static void guest_ended(const struct kvm_run *run)
{
	if (run->system_event.type == KVM_SYSTEM_EVENT_RESET) {
		say("the guest asks for a reset");
		finish(ENDED_RESET);
	}
	if (run->system_event.type != KVM_SYSTEM_EVENT_SHUTDOWN)
		give_up("the guest ended by event %u", run->system_event.type);
	if (!gic_used())
		give_up("the guest ended before its kernel ran");
	finish(ENDED_OFF);
}

static void handle(unsigned int cpu, struct kvm_run *run)
{
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		mmio(cpu, run);
		break;
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		guest_ended(run);
		break;
	default:
		give_up("vCPU %u: exit %u, which is not handled", cpu, run->exit_reason);
	}
}

static void *vcpu_thread(void *context)
{
	unsigned int cpu = (unsigned int)(uintptr_t)context;
	struct kvm_run *run = vcpus[cpu].run;

	for (;;) {
		int result = ioctl(vcpus[cpu].fd, KVM_RUN, 0);

		if (result < 0 && errno != EINTR && errno != EAGAIN)
			give_up("vCPU %u cannot go on: KVM_RUN: %s", cpu, strerror(errno));
		pthread_mutex_lock(&vm.lock);
		gic_ppi(cpu, PPI_VIRTUAL_TIMER, run->s.regs.device_irq_level & KVM_ARM_DEV_EL1_VTIMER);
		gic_ppi(cpu, PPI_PHYSICAL_TIMER, run->s.regs.device_irq_level & KVM_ARM_DEV_EL1_PTIMER);
		if (result == 0)
			handle(cpu, run);
		pthread_mutex_unlock(&vm.lock);
	}
	return NULL;
}

static void give_part(uint64_t address, uint64_t bytes)
{
	struct kvm_enable_cap measure = { .cap = HYPATIA_CAP_MEASURE, .args = { address, bytes } };

	checked(ioctl(vm_fd, KVM_ENABLE_CAP, &measure), "HYPATIA_CAP_MEASURE");
}

/* What the guest begins with becomes its own, and is measured. */
static void begin_measured(uint64_t entry)
{
	struct kvm_enable_cap begin = { .cap = HYPATIA_CAP_BEGIN, .args = { entry, 0, (uintptr_t)vm.expected } };

	int result;

	measure_parts(give_part);
	result = ioctl(vm_fd, KVM_ENABLE_CAP, &begin);
	if (result < 0 && errno == EPERM)
		give_up("--measured: Hypatia measured something else, and the guest does not begin");
	checked(result, "HYPATIA_CAP_BEGIN");
}

/* The first vCPU begins at @entry; it turns the others on. */
void vm_run(uint64_t entry)
{
	struct kvm_one_reg pc = { .id = CORE_REG(regs.pc), .addr = (uintptr_t)&entry };
	pthread_t thread;
	unsigned int i;

	if (vm.measured)
		begin_measured(entry);
	else
		checked(ioctl(vcpus[0].fd, KVM_SET_ONE_REG, &pc), "KVM_SET_ONE_REG of PC");
	for (i = 0; i < vm.cpus; i++) {
		if (pthread_create(&thread, NULL, vcpu_thread, (void *)(uintptr_t)i))
			give_up("no thread for vCPU %u", i);
	}
}
