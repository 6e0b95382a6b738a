/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of /dev/kvm, from a process of the host: every ioctl, what is refused and why, small guests, and what the
 * process and the host do meanwhile. One line for each check.
 *
 *   kvm           all of it; loads the module
 *   kvm absent    the module must not load
 *   kvm running   guests run, and go on when it ends
 *   kvm running AWAY  the same behind a kexec; that many frames were not the host's before
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "kvm.h"

#define VM_TYPE_BAD (1ul << 40)
#define VMS 8
#define KILLS 6
#define LONG_S 1000
#define AHEAD (1ul << 50)

static int has_pauth(void)
{
	return (getauxval(AT_HWCAP) & HWCAP_PACA) != 0;
}

/* --- the device */

static const struct {
	int number;
	int value;
	const char *name;
} extensions[] = {
	{ KVM_CAP_USER_MEMORY, 1, "USER_MEMORY" },
	{ KVM_CAP_SYNC_MMU, 1, "SYNC_MMU" },
	{ KVM_CAP_ONE_REG, 1, "ONE_REG" },
	{ KVM_CAP_MP_STATE, 1, "MP_STATE" },
	{ KVM_CAP_IMMEDIATE_EXIT, 1, "IMMEDIATE_EXIT" },
	{ KVM_CAP_IOEVENTFD, 1, "IOEVENTFD" },
	{ KVM_CAP_ARM_USER_IRQ, 1, "ARM_USER_IRQ" },
	{ KVM_CAP_ARM_PSCI_0_2, 1, "ARM_PSCI_0_2" },
	{ KVM_CAP_ARM_VM_IPA_SIZE, 39, "ARM_VM_IPA_SIZE" },
	{ KVM_CAP_NR_VCPUS, 8, "NR_VCPUS" },
	{ KVM_CAP_MAX_VCPUS, 8, "MAX_VCPUS" },
	{ KVM_CAP_NR_MEMSLOTS, 64, "NR_MEMSLOTS" },
	{ KVM_CAP_READONLY_MEM, 1, "READONLY_MEM" },
	{ KVM_CAP_ENABLE_CAP_VM, 1, "ENABLE_CAP_VM" },
	{ KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 1, "MANUAL_DIRTY_LOG_PROTECT2" },
	{ KVM_CAP_ARM_PMU_V3, 0, "ARM_PMU_V3" },
	{ KVM_CAP_ARM_EL1_32BIT, 0, "ARM_EL1_32BIT" },
	{ KVM_CAP_SET_GUEST_DEBUG, 0, "SET_GUEST_DEBUG" },
	{ KVM_CAP_VCPU_EVENTS, 0, "VCPU_EVENTS" },
	{ 100000, 0, "of an unknown number" },
};

static void test_device(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	char what[64];
	size_t i;

	check("/dev/kvm", kvm >= 0, 1);
	check("API version", ioctl(kvm, KVM_GET_API_VERSION, 0), 12);
	check_refused("API version with an argument", ioctl(kvm, KVM_GET_API_VERSION, 1), EINVAL);
	check("bytes of struct kvm_run", ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), getpagesize());
	check_refused("unknown ioctl", ioctl(kvm, _IO(KVMIO, 0xfe), 0), ENOTTY);
	for (i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		snprintf(what, sizeof(what), "capability %s", extensions[i].name);
		check(what, ioctl(kvm, KVM_CHECK_EXTENSION, extensions[i].number), extensions[i].value);
	}
	close(kvm);
}

static void test_vms(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm[VMS];
	int i;

	check_refused("a VM of 40 bits", ioctl(kvm, KVM_CREATE_VM, 0), EINVAL);
	check_refused("a VM of 31 bits", ioctl(kvm, KVM_CREATE_VM, 31), EINVAL);
	check_refused("a VM of an unknown type", ioctl(kvm, KVM_CREATE_VM, VM_TYPE_BAD | 39), EINVAL);
	for (i = 0; i < VMS; i++) {
		vm[i] = ioctl(kvm, KVM_CREATE_VM, i % 2 ? 32 : 39);
		check("a VM", vm[i] >= 0, 1);
	}
	check("VMs", parameter("vms"), VMS);
	check_refused("one more VM", ioctl(kvm, KVM_CREATE_VM, 39), ENOMEM);
	check("keys of addresses", ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PTRAUTH_ADDRESS), has_pauth());
	check("the generic key", ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PTRAUTH_GENERIC), has_pauth());
	check("a capability of a VM", ioctl(vm[0], KVM_CHECK_EXTENSION, KVM_CAP_ARM_USER_IRQ), 1);
	check_refused("unknown ioctl of a VM", ioctl(vm[0], _IO(KVMIO, 0xfe), 0), ENOTTY);
	check_refused("an interrupt controller", ioctl(vm[0], KVM_CREATE_IRQCHIP, 0), ENOTTY);
	for (i = 0; i < VMS; i++)
		close(vm[i]);
	check("VMs at the end", parameter("vms"), 0);
	close(kvm);
}

static void test_slots(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(kvm, KVM_CREATE_VM, 39);
	struct kvm_userspace_memory_region region = { .flags = 1u << 2 };
	char *memory = mmap(NULL, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check_refused("a slot of no number", slot_set(vm, 64, 0, 0x1000, memory), EINVAL);
	check_refused("a slot that is not aligned in the guest", slot_set(vm, 0, 8, 0x1000, memory), EINVAL);
	check_refused("a slot of half a page", slot_set(vm, 0, 0, 0x800, memory), EINVAL);
	check_refused("a slot that is not aligned in the process", slot_set(vm, 0, 0, 0x1000, memory + 8), EINVAL);
	check_refused("a slot in the kernel", slot_set(vm, 0, 0, 0x1000, (void *)0xffff000000000000), EINVAL);
	check_refused("a slot past 39 bits", slot_set(vm, 0, (1ull << 39) - 0x1000, 0x2000, memory), EFAULT);
	check_refused("a slot that wraps", slot_set(vm, 0, ~0xfffull, 0x2000, memory), EINVAL);
	check_refused("the end of a slot that is not there", slot_set(vm, 0, 0, 0, memory), EINVAL);
	region.memory_size = 0x1000;
	region.userspace_addr = (uintptr_t)memory;
	check_refused("a slot of an unknown kind", ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), EINVAL);
	check_refused("a slot from nowhere", ioctl(vm, KVM_SET_USER_MEMORY_REGION, NULL), EFAULT);
	check("a slot", slot_set(vm, 0, 0x10000, 0x4000, memory), 0);
	check("another", slot_set(vm, 1, 0x14000, 0x4000, memory + 0x4000), 0);
	check_refused("a slot over its end", slot_set(vm, 2, 0x13000, 0x2000, memory), EEXIST);
	check_refused("a slot that grows", slot_set(vm, 0, 0x10000, 0x5000, memory), EINVAL);
	check_refused("a slot with other memory", slot_set(vm, 0, 0x10000, 0x4000, memory + 0x4000), EINVAL);
	check_refused("a slot that moves over another", slot_set(vm, 0, 0x12000, 0x4000, memory), EEXIST);
	check("a slot that moves", slot_set(vm, 0, 0x20000, 0x4000, memory), 0);
	check("the end of a slot", slot_set(vm, 0, 0, 0, NULL), 0);
	close(vm);
	close(kvm);
	munmap(memory, 0x10000);
}

/* --- vCPUs and their registers */

/* Of a vCPU that nobody initialised: pointer authentication where the host has it, of one kind with the other alone. */
static void test_pauth_init(int vcpu)
{
	const unsigned int both = 1 << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1 << KVM_ARM_VCPU_PTRAUTH_GENERIC;

	check_refused("keys of addresses alone", vcpu_init(vcpu, 1 << KVM_ARM_VCPU_PTRAUTH_ADDRESS), EINVAL);
	check_refused("the generic key alone", vcpu_init(vcpu, 1 << KVM_ARM_VCPU_PTRAUTH_GENERIC), EINVAL);
	if (has_pauth())
		check("both", vcpu_init(vcpu, both), 0);
	else
		check_refused("both", vcpu_init(vcpu, both), EINVAL);
}

static void test_vcpu(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(kvm, KVM_CREATE_VM, 39);
	int vcpu = ioctl(vm, KVM_CREATE_VCPU, 7);
	int other = ioctl(vm, KVM_CREATE_VCPU, 6);
	struct kvm_vcpu_init init = { .target = 1 };
	struct kvm_mp_state state = { .mp_state = 99 };
	int status;
	pid_t child;

	check("a vCPU", vcpu >= 0, 1);
	check_refused("it again", ioctl(vm, KVM_CREATE_VCPU, 7), EEXIST);
	check_refused("a vCPU too many", ioctl(vm, KVM_CREATE_VCPU, 8), EINVAL);
	check_refused("a run before KVM_ARM_VCPU_INIT", ioctl(vcpu, KVM_RUN, 0), ENOEXEC);
	check_refused("a state before KVM_ARM_VCPU_INIT", ioctl(vcpu, KVM_GET_MP_STATE, &state), ENOEXEC);
	check_refused("KVM_ARM_VCPU_INIT of another CPU", ioctl(vcpu, KVM_ARM_VCPU_INIT, &init), EINVAL);
	check("the preferred target", ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init), 0);
	check("is the generic one", init.target, KVM_ARM_TARGET_GENERIC_V8);
	init.features[1] = 1;
	check_refused("an unknown feature", ioctl(vcpu, KVM_ARM_VCPU_INIT, &init), ENOENT);
	check_refused("a feature that is not offered", vcpu_init(vcpu, 1 << KVM_ARM_VCPU_PMU_V3), EINVAL);
	test_pauth_init(other);
	close(other);
	check("KVM_ARM_VCPU_INIT", vcpu_init(vcpu, 1 << KVM_ARM_VCPU_PSCI_0_2 | 1 << KVM_ARM_VCPU_POWER_OFF), 0);
	check("state", ioctl(vcpu, KVM_GET_MP_STATE, &state), 0);
	check("is off", state.mp_state, KVM_MP_STATE_STOPPED);
	check_refused("other features", vcpu_init(vcpu, 0), EINVAL);
	check("KVM_ARM_VCPU_INIT again", vcpu_init(vcpu, 1 << KVM_ARM_VCPU_PSCI_0_2), 0);
	ioctl(vcpu, KVM_GET_MP_STATE, &state);
	check("is on", state.mp_state, KVM_MP_STATE_RUNNABLE);
	state.mp_state = KVM_MP_STATE_HALTED;
	check_refused("a state that is none", ioctl(vcpu, KVM_SET_MP_STATE, &state), EINVAL);
	check_refused("unknown ioctl of a vCPU", ioctl(vcpu, _IO(KVMIO, 0xfe), 0), ENOTTY);
	check_refused("a run with an argument", ioctl(vcpu, KVM_RUN, 1), EINVAL);
	child = fork();
	if (child == 0)
		_exit(ioctl(vcpu, KVM_GET_MP_STATE, &state) == -1 && errno == EIO &&
		      ioctl(vm, KVM_CREATE_VCPU, 1) == -1 && errno == EIO);
	waitpid(child, &status, 0);
	check("another process is refused", WIFEXITED(status) ? WEXITSTATUS(status) : -1, 1);
	close(vm);
	check("a vCPU lives on without its VM's file", ioctl(vcpu, KVM_GET_MP_STATE, &state), 0);
	close(vcpu);
	check("VMs", parameter("vms"), 0);
	close(kvm);
}

static int one_reg(int vcpu, unsigned long command, uint64_t id, void *value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)value };

	return ioctl(vcpu, command, &reg);
}

/* The ten registers of keys are in the list, each with a value of its own. */
static void test_pauth_regs(int vcpu)
{
	uint64_t i;

	if (!has_pauth()) {
		check_refused("a key", reg_set(vcpu, ARM64_SYS_REG(3, 0, 2, 1, 0), 1), ENOENT);
		return;
	}
	check("pointer authentication is shown", reg_get(vcpu, ARM64_SYS_REG(3, 0, 0, 6, 1)) & 0xff0 ||
	      reg_get(vcpu, ARM64_SYS_REG(3, 0, 0, 6, 2)) & 0xf000, 1);
	for (i = 0; i < 10; i++)
		check("a key", reg_set(vcpu, ARM64_SYS_REG(3, 0, 2, 1 + i / 4, i % 4), STORED + i), 0);
	for (i = 0; i < 10; i++)
		check("is kept", reg_get(vcpu, ARM64_SYS_REG(3, 0, 2, 1 + i / 4, i % 4)), STORED + i);
	check("KVM_ARM_VCPU_INIT", vcpu_init(vcpu, 1 << KVM_ARM_VCPU_PSCI_0_2), 0);
	check("resets a key", reg_get(vcpu, ARM64_SYS_REG(3, 0, 2, 3, 1)), 0);
}

/* What a restore does: every register as it was. */
static void test_reg_list(int vcpu)
{
	struct kvm_reg_list *list = calloc(1, sizeof(*list) + 1000 * sizeof(list->reg[0]));
	unsigned int wrong = 0;
	uint64_t value[2];
	uint64_t i;

	list->n = 1;
	check_refused("a list with too little room", ioctl(vcpu, KVM_GET_REG_LIST, list), E2BIG);
	check("says how much", list->n > 100 && list->n < 1000, 1);
	check("a list", ioctl(vcpu, KVM_GET_REG_LIST, list), 0);
	for (i = 0; i < list->n; i++) {
		if (one_reg(vcpu, KVM_GET_ONE_REG, list->reg[i], value) ||
		    one_reg(vcpu, KVM_SET_ONE_REG, list->reg[i], value)) {
			printf("HYPATIA-KVM: register 0x%llx: %s\n", (long long)list->reg[i], strerror(errno));
			wrong++;
		}
	}
	check("registers that cannot be read and restored", wrong, 0);
	free(list);
}

/* Sixteen of each, whatever the machine has; a value that was never set is 0. */
static void test_debug_regs(int vcpu)
{
	unsigned int n;
	unsigned int op2;

	for (n = 0; n < 16; n++) {
		for (op2 = 4; op2 < 8; op2++)
			check("a debug register at first", reg_get(vcpu, ARM64_SYS_REG(2, 0, 0, n, op2)), 0);
	}
	check("DBGWVR3_EL1", reg_set(vcpu, ARM64_SYS_REG(2, 0, 0, 3, 6), STORED), 0);
	check("is kept", reg_get(vcpu, ARM64_SYS_REG(2, 0, 0, 3, 6)), STORED);
	check("and no other is", reg_get(vcpu, ARM64_SYS_REG(2, 0, 0, 3, 7)), 0);
	check("MDSCR_EL1", reg_set(vcpu, ARM64_SYS_REG(2, 0, 0, 2, 2), 0x1000), 0);
	check("is kept", reg_get(vcpu, ARM64_SYS_REG(2, 0, 0, 2, 2)), 0x1000);
	check("MDCCINT_EL1", reg_get(vcpu, ARM64_SYS_REG(2, 0, 0, 2, 0)), 0);
	check("and again", reg_set(vcpu, ARM64_SYS_REG(2, 0, 0, 2, 0), 0), 0);
}

static void test_regs(void)
{
	uint64_t pfr0 = ARM64_SYS_REG(3, 0, 0, 4, 0);
	uint64_t value[2] = { 0, 0 };
	struct machine m;
	unsigned int x;

	machine_make(&m, guest_access, 2);
	test_reg_list(m.vcpu[0]);
	test_pauth_regs(m.vcpu[1]);
	test_debug_regs(m.vcpu[1]);
	for (x = 0; x < 31; x++)
		x_set(&m, 1, x, STORED + x);
	for (x = 0; x < 31; x++)
		check("a general register", reg_get(m.vcpu[1], CORE_REG(regs.regs[0]) + 2 * x), STORED + x);
	check("PC", reg_get(m.vcpu[0], CORE_REG(regs.pc)), G_MEMORY);
	check("PSTATE", reg_get(m.vcpu[0], CORE_REG(regs.pstate)), 0x3c5);
	check_refused("PSTATE of EL2", reg_set(m.vcpu[0], CORE_REG(regs.pstate), 0x3c9), EINVAL);
	check_refused("PSTATE of AArch32", reg_set(m.vcpu[0], CORE_REG(regs.pstate), 0x1d3), EINVAL);
	check("MPIDR_EL1", reg_get(m.vcpu[1], ARM64_SYS_REG(3, 0, 0, 0, 5)), 0x80000001);
	check("ID_AA64PFR0_EL1 has AArch64 alone", reg_get(m.vcpu[0], pfr0) & 0xffff, 0x11);
	check_refused("another ID_AA64PFR0_EL1", reg_set(m.vcpu[0], pfr0, reg_get(m.vcpu[0], pfr0) + 1), EINVAL);
	check("PSCI version", reg_get(m.vcpu[0], KVM_REG_ARM_PSCI_VERSION), 0x10001);
	check("TTBR0_EL1", reg_set(m.vcpu[0], ARM64_SYS_REG(3, 0, 2, 0, 0), 0x12345000), 0);
	check("is kept", reg_get(m.vcpu[0], ARM64_SYS_REG(3, 0, 2, 0, 0)), 0x12345000);
	check_refused("a register that is none",
		      one_reg(m.vcpu[0], KVM_GET_ONE_REG, ARM64_SYS_REG(3, 7, 15, 15, 7), value), ENOENT);
	check_refused("a core register that is none",
		      one_reg(m.vcpu[0], KVM_GET_ONE_REG, CORE_REG(regs.regs[0]) + 1, value), ENOENT);
	check_refused("a core register past the last",
		      one_reg(m.vcpu[0], KVM_GET_ONE_REG, CORE_REG(regs.regs[0]) + 0x1000, value), ENOENT);
	check_refused(
		"half of a core register",
		one_reg(m.vcpu[0], KVM_GET_ONE_REG, CORE_REG(regs.pc) ^ KVM_REG_SIZE_U64 ^ KVM_REG_SIZE_U32, value),
		ENOENT);
	check_refused("a register of another architecture",
		      one_reg(m.vcpu[0], KVM_GET_ONE_REG, KVM_REG_X86 | KVM_REG_SIZE_U64, value), EINVAL);
	check_refused("a register to nowhere", one_reg(m.vcpu[0], KVM_GET_ONE_REG, CORE_REG(regs.pc), NULL), EFAULT);
	check("KVM_ARM_VCPU_INIT", vcpu_init(m.vcpu[0], 1 << KVM_ARM_VCPU_PSCI_0_2), 0);
	check("resets PC", reg_get(m.vcpu[0], CORE_REG(regs.pc)), 0);
	check("and TTBR0_EL1", reg_get(m.vcpu[0], ARM64_SYS_REG(3, 0, 2, 0, 0)), 0);
	check("and PSTATE", reg_get(m.vcpu[0], CORE_REG(regs.pstate)), 0x3c5);
	machine_end(&m);
}

/* --- guests */

static void expect_load(struct machine *m, unsigned int bytes, uint64_t offset, uint64_t answer)
{
	struct kvm_run *run = m->run[0];

	check("a load", ioctl(m->vcpu[0], KVM_RUN, 0), 0);
	check("  is MMIO", run->exit_reason == KVM_EXIT_MMIO && !run->mmio.is_write, 1);
	check("  address", run->mmio.phys_addr, G_DEVICE + offset);
	check("  bytes", run->mmio.len, bytes);
	memcpy(run->mmio.data, &answer, sizeof(answer));
}

static void expect_store(struct machine *m, unsigned int bytes, uint64_t offset)
{
	uint64_t value;

	check("a store", next_store(m, 0, G_DEVICE + offset, &value), 1);
	check("  bytes", m->run[0]->mmio.len, bytes);
	check("  value", value, bytes == 8 ? STORED : STORED & ((1ull << 8 * bytes) - 1));
}

static void test_access(void)
{
	struct machine m;
	uint64_t pc;

	machine_make(&m, guest_access, 1);
	*(uint64_t *)(m.memory + 0x1000) = 40;
	x_set(&m, 0, 0, 2);
	check("the guest reads memory", said(&m, 0), 42);
	check("and writes it", *(uint64_t *)(m.memory + 0x1008), 42);
	expect_store(&m, 8, 0);
	/* The store is behind the guest when userspace wants it so, and nothing after it. */
	pc = reg_get(m.vcpu[0], CORE_REG(regs.pc));
	m.run[0]->immediate_exit = 1;
	check_refused("a run that is to end at once", ioctl(m.vcpu[0], KVM_RUN, 0), EINTR);
	check("exit", m.run[0]->exit_reason, KVM_EXIT_INTR);
	check("the store is done", reg_get(m.vcpu[0], CORE_REG(regs.pc)), pc + 4);
	check_refused("once more", ioctl(m.vcpu[0], KVM_RUN, 0), EINTR);
	check("nothing else is", reg_get(m.vcpu[0], CORE_REG(regs.pc)), pc + 4);
	m.run[0]->immediate_exit = 0;
	expect_store(&m, 4, 4);
	expect_store(&m, 2, 2);
	expect_store(&m, 1, 1);
	expect_load(&m, 8, 0, STORED);
	check("8 bytes", said(&m, 0), STORED);
	expect_load(&m, 4, 4, STORED);
	check("4 bytes", said(&m, 0), 0x89abcdef);
	expect_load(&m, 2, 2, STORED);
	check("2 bytes", said(&m, 0), 0xcdef);
	expect_load(&m, 1, 1, STORED);
	check("a byte with its sign", said(&m, 0), 0xffffffffffffffef);
	check("done", is_done(&m, 0), 1);
	machine_end(&m);
}

#define VECTOR_REG(n) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | (KVM_REG_ARM_CORE_REG(fp_regs.vregs[0]) + 4 * (n)))
#define FPSR_REG (KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(fp_regs.fpsr))

/* KVM_RUN with a value in V20 of this process: what is there afterwards. */
static uint64_t run_with_v20(int vcpu, uint64_t value)
{
	register long x0 __asm__("x0") = vcpu;
	register long x1 __asm__("x1") = KVM_RUN;
	register long x2 __asm__("x2") = 0;
	register long x8 __asm__("x8") = SYS_ioctl;

	__asm__ volatile("mov v20.d[0], %0\n\tmov v20.d[1], %0\n\tsvc #0\n\tmov %0, v20.d[1]"
			 : "+r"(value), "+r"(x0)
			 : "r"(x1), "r"(x2), "r"(x8)
			 : "v20", "memory");
	return x0 == 0 ? value : 0;
}

static void test_vectors(void)
{
	uint64_t v3[2] = { 0x1111222233334444, 0x5555666677778888 };
	uint64_t v20[2] = { 0, 0 };
	uint32_t fpsr = 0;
	struct machine m;

	machine_make(&m, guest_vectors, 1);
	check("V3", one_reg(m.vcpu[0], KVM_SET_ONE_REG, VECTOR_REG(3), v3), 0);
	check("the guest finds its low half", said(&m, 0), v3[0]);
	check("and its high half", said(&m, 0), v3[1]);
	check("the process keeps its own V20", run_with_v20(m.vcpu[0], 0x99), 0x99);
	check("userspace reads V20", one_reg(m.vcpu[0], KVM_GET_ONE_REG, VECTOR_REG(20), v20), 0);
	check("  low half", v20[0], v3[1]);
	check("  high half", v20[1], STORED);
	check("and FPSR", one_reg(m.vcpu[0], KVM_GET_ONE_REG, FPSR_REG, &fpsr), 0);
	check("  QC", fpsr, 1 << 27);
	check("the guest keeps its own V20", said(&m, 0), STORED);
	check_refused("a vector register of 8 bytes",
		      one_reg(m.vcpu[0], KVM_GET_ONE_REG, VECTOR_REG(3) ^ KVM_REG_SIZE_U128 ^ KVM_REG_SIZE_U64, v3),
		      ENOENT);
	check("KVM_ARM_VCPU_INIT", vcpu_init(m.vcpu[0], 1 << KVM_ARM_VCPU_PSCI_0_2), 0);
	check("V20", one_reg(m.vcpu[0], KVM_GET_ONE_REG, VECTOR_REG(20), v20), 0);
	check("is cleared", v20[0] | v20[1], 0);
	machine_end(&m);
}

static void test_not_emulated(void)
{
	struct machine m;

	machine_make(&m, guest_pair, 1);
	check_refused("a pair where nothing is", ioctl(m.vcpu[0], KVM_RUN, 0), ENOSYS);
	check_refused("and again", ioctl(m.vcpu[0], KVM_RUN, 0), ENOSYS);
	machine_end(&m);
}

static void counts_from(struct machine *m, uint64_t start, uint64_t rate)
{
	check("the counter of a VM", reg_set(m->vcpu[0], KVM_REG_ARM_TIMER_CNT, start), 0);
	check("goes on from there", reg_get(m->vcpu[0], KVM_REG_ARM_TIMER_CNT) - start < LONG_S * rate, 1);
	check("of all its vCPUs", reg_get(m->vcpu[1], KVM_REG_ARM_TIMER_CNT) - start < LONG_S * rate, 1);
	check("for the guest", said(m, 0) - start < LONG_S * rate, 1);
	check("on all of them", said(m, 1) - start < LONG_S * rate, 1);
}

static void test_counter(uint64_t rate)
{
	struct machine m;
	uint64_t count;

	machine_make(&m, guest_counter, 2);
	counts_from(&m, AHEAD, rate);
	counts_from(&m, 0, rate);
	check("the physical counter", reg_set(m.vcpu[0], KVM_REG_ARM_PTIMER_CNT, AHEAD), 0);
	__asm__("isb\n\tmrs %0, cntvct_el0" : "=r"(count));
	check("is the machine's", reg_get(m.vcpu[0], KVM_REG_ARM_PTIMER_CNT) - count < LONG_S * rate, 1);
	machine_end(&m);
}

/* Its counter goes on from @start. */
static void virtual_timer(unsigned long type, uint64_t rate, uint64_t start)
{
	struct kvm_one_reg reg = { .id = KVM_REG_ARM_TIMER_CTL };
	struct machine m;
	uint64_t value;

	machine_make_type(&m, type, guest_timer, 1);
	if (type == VM_TYPE)
		check("its counter", reg_set(m.vcpu[0], KVM_REG_ARM_TIMER_CNT, start), 0);
	else
		check_refused("its counter", reg_set(m.vcpu[0], KVM_REG_ARM_TIMER_CNT, start), EPERM);
	x_set(&m, 0, 0, rate / 20);
	check_refused("the guest's timer ends the run", ioctl(m.vcpu[0], KVM_RUN, 0), EINTR);
	check("the level is told", m.run[0]->s.regs.device_irq_level, KVM_ARM_DEV_EL1_VTIMER);
	reg.addr = (uintptr_t)&value;
	if (type == VM_TYPE)
		check("CNTV_CTL_EL0 says so", reg_get(m.vcpu[0], KVM_REG_ARM_TIMER_CTL) & 7, 5);
	else
		check_refused("CNTV_CTL_EL0", ioctl(m.vcpu[0], KVM_GET_ONE_REG, &reg), EPERM);
	irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, KVM_ARM_IRQ_CPU_IRQ, 1);
	check("with its line high it goes on", said(&m, 0), 5);
	check("the level is low", m.run[0]->s.regs.device_irq_level, 0);
	check("done", is_done(&m, 0), 1);
	machine_end(&m);
}

static void test_timers(void)
{
	struct machine m;
	uint64_t rate;

	__asm__("mrs %0, cntfrq_el0" : "=r"(rate));
	test_counter(rate);
	virtual_timer(VM_TYPE, rate, 0);
	virtual_timer(VM_TYPE, rate, AHEAD);
	virtual_timer(VM_TYPE_PROTECTED | VM_TYPE, rate, 0);
	machine_make(&m, guest_physical_timer, 1);
	x_set(&m, 0, 0, rate / 20);
	check_refused("its physical timer ends the run", ioctl(m.vcpu[0], KVM_RUN, 0), EINTR);
	check("the level is told", m.run[0]->s.regs.device_irq_level, KVM_ARM_DEV_EL1_PTIMER);
	irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, KVM_ARM_IRQ_CPU_IRQ, 1);
	check("with its line high it goes on", said(&m, 0), 5);
	check("its deadline is over", said(&m, 0), 1);
	check("the level is low", m.run[0]->s.regs.device_irq_level, 0);
	machine_end(&m);
}

static void *turns_thread(void *argument)
{
	struct runner *r = argument;

	r->result = said(r->m, r->i) == (uint64_t)r->i && is_done(r->m, r->i);
	return NULL;
}

static void test_two(void)
{
	struct machine m;
	struct runner r[2];
	pthread_t thread[2];
	int i;

	machine_make(&m, guest_turns, 2);
	for (i = 0; i < 2; i++) {
		x_set(&m, i, 0, i);
		r[i] = (struct runner){ .m = &m, .i = i };
		pthread_create(&thread[i], NULL, turns_thread, &r[i]);
	}
	for (i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		check("a vCPU had its turns", r[i].result, 1);
	}
	machine_end(&m);
}

static void on_signal(int number)
{
	(void)number;
}

/* --- what the process does to its memory */

static uint64_t first_word(const struct machine *m, int page)
{
	return *(volatile uint64_t *)(m->pages + (page << PAGE_SHIFT));
}

static void test_memory_changes(void)
{
	struct machine m;
	int status;
	pid_t child;

	machine_make(&m, guest_pages, 1);
	x_set(&m, 0, 0, 1);
	check("a round", said(&m, 0), 1);
	check("pages are given", parameter("frames_given") >= G_PAGES_COUNT, 1);
	check("the process sees the guest's stores", first_word(&m, G_PAGES_COUNT - 1), 1);
	child = fork();
	if (child == 0) {
		sleep_ms(2 * LOOK_MS);
		_exit((int)first_word(&m, 3));
	}
	check("a round after fork", said(&m, 0), 2);
	check("is in the parent's memory", first_word(&m, 3), 2);
	waitpid(child, &status, 0);
	check("and not in the child's", WIFEXITED(status) ? WEXITSTATUS(status) : -1, 1);
	madvise(m.pages, G_PAGES_COUNT << PAGE_SHIFT, MADV_DONTNEED);
	check("a round after MADV_DONTNEED", said(&m, 0), 1);
	mprotect(m.pages, 0x1000, PROT_READ);
	check_refused("a round in memory to read only", ioctl(m.vcpu[0], KVM_RUN, 0), EFAULT);
	mprotect(m.pages, 0x1000, PROT_READ | PROT_WRITE);
	check("a round when it can be written again", said(&m, 0), 2);
	munmap(m.pages + 0x3000, 0x1000);
	check_refused("a round with a hole", ioctl(m.vcpu[0], KVM_RUN, 0), EFAULT);
	check("a page for the hole",
	      mmap(m.pages + 0x3000, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		   0) != MAP_FAILED,
	      1);
	check("the round goes on", said(&m, 0), 3);
	check("in the new page", first_word(&m, 3), 1);
	check("without the slot", slot_set(m.vm, 1, 0, 0, NULL), 0);
	check("nothing is given for it", parameter("frames_given") < G_PAGES_COUNT, 1);
	check("the guest's load", ioctl(m.vcpu[0], KVM_RUN, 0), 0);
	check("is MMIO", m.run[0]->exit_reason, KVM_EXIT_MMIO);
	check("at the page", m.run[0]->mmio.phys_addr, G_PAGES);
	machine_end(&m);
	check("nothing is given at the end", parameter("frames_given"), 0);
	check("nor kept", parameter("frames_kept"), 0);
}

/* --- what of its memory a guest writes */

#define PAGES_BYTES (G_PAGES_COUNT << PAGE_SHIFT)

/* What it finds at word 1 of page @page of slot 1, when it stored @value there, if that is not 0. */
static uint64_t touches(struct machine *m, int page, uint64_t value)
{
	x_set(m, 0, 0, G_PAGES + ((uint64_t)page << PAGE_SHIFT) + 8);
	x_set(m, 0, 1, value);
	return said(m, 0);
}

static int log_get(const struct machine *m, uint64_t *bits)
{
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = bits };

	return ioctl(m->vm, KVM_GET_DIRTY_LOG, &log);
}

static int log_clear(const struct machine *m, uint64_t first, uint32_t count, uint64_t bits)
{
	struct kvm_clear_dirty_log log = { .slot = 1, .first_page = first, .num_pages = count, .dirty_bitmap = &bits };

	return ioctl(m->vm, KVM_CLEAR_DIRTY_LOG, &log);
}

static void check_log(const char *what, const struct machine *m, uint64_t want)
{
	uint64_t bits = ~0ull / 3;

	check(what, log_get(m, &bits), 0);
	check("pages", (int64_t)bits, (int64_t)want);
}

static int logs(const struct machine *m, bool on)
{
	return slot_flags(m->vm, 1, on ? KVM_MEM_LOG_DIRTY_PAGES : 0, G_PAGES, PAGES_BYTES, m->pages);
}

/* It is emptied by hand from now on. */
static void manual_log(struct machine *m)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .args = { 2 } };

	check_refused("a log that is full at first", ioctl(m->vm, KVM_ENABLE_CAP, &cap), EINVAL);
	cap.args[0] = 1;
	check("a log that is emptied by hand", ioctl(m->vm, KVM_ENABLE_CAP, &cap), 0);
	cap.cap = KVM_CAP_ARM_MTE;
	check_refused("tags", ioctl(m->vm, KVM_ENABLE_CAP, &cap), EINVAL);
	check("a store", touches(m, 7, 16), 16);
	check("another", touches(m, 8, 17), 17);
	check_log("what it wrote", m, 1 << 7 | 1 << 8);
	check_log("is still in the log", m, 1 << 7 | 1 << 8);
	check("one of them is taken out", log_clear(m, 0, 64, 1 << 7 | 1 << 9), 0);
	check_log("the other is not", m, 1 << 8);
	check("a store again", touches(m, 7, 18), 18);
	check_log("is in the log again", m, 1 << 7 | 1 << 8);
	check_refused("from the middle of a word", log_clear(m, 1, 63, 0), EINVAL);
	check_refused("half a word", log_clear(m, 0, 32, 0), EINVAL);
	check_refused("more than there is", log_clear(m, 0, 128, 0), EINVAL);
	check_refused("behind its end", log_clear(m, 128, 0, 0), EINVAL);
	cap.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2;
	cap.args[0] = 0;
	check("as it was", ioctl(m->vm, KVM_ENABLE_CAP, &cap), 0);
	check_log("what it wrote", m, 1 << 7 | 1 << 8);
	check_log("is not in the log any more", m, 0);
}

static void test_log(void)
{
	struct machine m;
	uint64_t bits;

	machine_make(&m, guest_touch, 1);
	check_refused("no log", log_get(&m, &bits), ENOENT);
	check("a store before", touches(&m, 1, 10), 10);
	check("a log", logs(&m, true), 0);
	check("the same again", logs(&m, true), 0);
	check_log("nothing is written yet", &m, 0);
	check("a load", touches(&m, 2, 0), 0);
	check_log("that is no store", &m, 0);
	check("a store to what was there", touches(&m, 1, 11), 11);
	check("a store to what was read", touches(&m, 2, 12), 12);
	check("a store to what was not there", touches(&m, 40, 13), 13);
	check("a store to the last page", touches(&m, 63, 14), 14);
	check("the same page again", touches(&m, 63, 15), 15);
	check_log("what it wrote", &m, 1ull << 1 | 1ull << 2 | 1ull << 40 | 1ull << 63);
	check_log("and nothing since", &m, 0);
	check("a load of what it wrote", touches(&m, 1, 0), 11);
	check_log("that is no store", &m, 0);
	check("a store again", touches(&m, 1, 16), 16);
	check_log("it is found again", &m, 1 << 1);
	check("the process sees it", ((volatile uint64_t *)(m.pages + 0x1000))[1], 16);
	madvise(m.pages + 0x2000, 0x1000, MADV_DONTNEED);
	check("a load of a new page", touches(&m, 2, 0), 0);
	check("a store to it", touches(&m, 2, 17), 17);
	check_log("is found", &m, 1 << 2);
	check_refused("a log to nowhere", log_get(&m, NULL), EFAULT);
	manual_log(&m);
	check("no log any more", logs(&m, false), 0);
	check("a store", touches(&m, 1, 18), 18);
	check("a store to what nobody wrote", touches(&m, 9, 19), 19);
	check_refused("no log", log_get(&m, &bits), ENOENT);
	check("a log again", logs(&m, true), 0);
	check("a store", touches(&m, 9, 20), 20);
	check_log("is found", &m, 1 << 9);
	machine_end(&m);
	machine_make_type(&m, VM_TYPE_PROTECTED | VM_TYPE, guest_touch, 1);
	check_refused("a log of a protected VM", logs(&m, true), EINVAL);
	machine_end(&m);
}

static void test_read_only(void)
{
	struct machine m;
	uint64_t value = 0;

	machine_make(&m, guest_touch, 1);
	check_refused("its memory is not to be written any more",
		      slot_flags(m.vm, 1, KVM_MEM_READONLY, G_PAGES, PAGES_BYTES, m.pages), EINVAL);
	check("without the slot", slot_set(m.vm, 1, 0, 0, NULL), 0);
	((volatile uint64_t *)(m.pages + 0x3000))[1] = 30;
	((volatile uint64_t *)(m.pages + 0x4000))[1] = 31;
	check("memory to read", slot_flags(m.vm, 1, KVM_MEM_READONLY, G_PAGES, PAGES_BYTES, m.pages), 0);
	check("a load", touches(&m, 3, 0), 30);
	x_set(&m, 0, 1, 32);
	check("a store ends the run", next_store(&m, 0, G_PAGES + 0x3008, &value), true);
	check("with its value", (int64_t)value, 32);
	check("the guest finds what was there", said(&m, 0), 30);
	x_set(&m, 0, 0, G_PAGES + 0x5008);
	check("a store to what was not read", next_store(&m, 0, G_PAGES + 0x5008, &value), true);
	check("the guest finds nothing there", said(&m, 0), 0);
	((volatile uint64_t *)(m.pages + 0x3000))[1] = 33;
	check("the process writes", touches(&m, 3, 0), 33);
	/* The process cannot write either. */
	mprotect(m.pages + 0x4000, 0x1000, PROT_READ);
	check("a load of what nobody can write", touches(&m, 4, 0), 31);
	mprotect(m.pages + 0x4000, 0x1000, PROT_READ | PROT_WRITE);
	((volatile uint64_t *)(m.pages + 0x4000))[1] = 34;
	check("and when the process can again", touches(&m, 4, 0), 34);
	machine_end(&m);
	check("nothing is given at the end", parameter("frames_given"), 0);
}

/* --- the kernel asks which pages a guest uses: by DAMON, where it has that */

#define DAMON "/sys/kernel/mm/damon/admin/kdamonds"

static void damon(const char *name, const char *value)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), DAMON "/%s", name);
	fd = open(path, O_WRONLY);
	check(path, fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value), 1);
	close(fd);
}

static void test_young(void)
{
	long aged = parameter("pages_aged");
	struct machine m;
	char pid[20];
	uint64_t n;

	if (access(DAMON, F_OK) != 0)
		return;
	snprintf(pid, sizeof(pid), "%d", getpid());
	machine_make(&m, guest_pages, 1);
	x_set(&m, 0, 0, 1);
	damon("nr_kdamonds", "1");
	damon("0/contexts/nr_contexts", "1");
	damon("0/contexts/0/operations", "vaddr");
	damon("0/contexts/0/targets/nr_targets", "1");
	damon("0/contexts/0/targets/0/pid_target", pid);
	damon("0/state", "on");
	for (n = 1; n < 100000 && parameter("pages_aged") == aged; n++) {
		if (said(&m, 0) != n)
			break;
	}
	check("the kernel finds pages that the guest used", parameter("pages_aged") > aged, 1);
	check("and the guest goes on", said(&m, 0), n);
	damon("0/state", "off");
	check("and goes on", said(&m, 0), n + 1);
	machine_end(&m);
}

/* The parent changes memory all the time while the guest uses it. */
static void test_memory_storm(void)
{
	struct machine m;
	struct runner r = { .m = &m };
	unsigned int i;
	pthread_t thread;

	machine_make(&m, guest_count, 1);
	pthread_create(&thread, NULL, run_thread, &r);
	for (i = 0; i < 200; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
		madvise(m.pages, G_PAGES_COUNT << PAGE_SHIFT, MADV_DONTNEED);
		slot_set(m.vm, 1, i % 2 ? G_PAGES : G_PAGES + 0x100000, G_PAGES_COUNT << PAGE_SHIFT, m.pages);
	}
	check("the guest still counts", counts(&m), 1);
	stop(thread);
	check("until it is stopped", r.result == -1 ? r.error : 0, EINTR);
	machine_end(&m);
}

static void child_with_guest(void)
{
	struct machine m;
	struct runner r[2];
	pthread_t thread;
	int i;

	machine_make(&m, guest_count, 2);
	for (i = 0; i < 2; i++) {
		r[i] = (struct runner){ .m = &m, .i = i };
		pthread_create(&thread, NULL, run_thread, &r[i]);
	}
	while (!counts(&m)) {
	}
	for (;;)
		pause();
}

/* The pool has the host's tables too, of which a few may come and go: fewer than one that is lost each time. */
static void test_kill(void)
{
	long away = parameter("frames_away");
	long pool = parameter("pool_free_frames");
	int i, wait;

	for (i = 0; i < KILLS; i++) {
		pid_t child = fork();

		if (child == 0)
			child_with_guest();
		while (parameter("frames_given") < 2)
			sleep_ms(10);
		if (i == 0)
			check("frames are not the host's alone", parameter("frames_away") > away, 1);
		sleep_ms(5 * i);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		for (wait = 0; wait < 100 && parameter("vms") > 0; wait++)
			sleep_ms(10);
		check("VMs after SIGKILL", parameter("vms"), 0);
		check("frames are back", parameter("frames_kept") + parameter("frames_given"), 0);
	}
	check("as Hypatia says", parameter("frames_away"), away);
	check("Hypatia's pool is not smaller", parameter("pool_free_frames") > pool - KILLS, 1);
}

/* --- eventfds and interrupt lines */

static void test_ioevent(void)
{
	struct kvm_ioeventfd event = { .addr = G_DEVICE + SAY_VALUE,
				       .len = 8,
				       .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	struct machine m;
	uint64_t count = 0;

	machine_make(&m, guest_access, 1);
	x_set(&m, 0, 0, 42);
	event.flags = KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY;
	check_refused("an event of a channel", ioctl(m.vm, KVM_IOEVENTFD, &event), EINVAL);
	event.flags = KVM_IOEVENTFD_FLAG_PIO;
	check("an event of a port, which never comes", ioctl(m.vm, KVM_IOEVENTFD, &event), 0);
	event.flags = KVM_IOEVENTFD_FLAG_DATAMATCH;
	event.datamatch = 42;
	event.len = 3;
	check_refused("an event of 3 bytes", ioctl(m.vm, KVM_IOEVENTFD, &event), EINVAL);
	event.len = 8;
	check("an event", ioctl(m.vm, KVM_IOEVENTFD, &event), 0);
	check_refused("it again", ioctl(m.vm, KVM_IOEVENTFD, &event), EEXIST);
	expect_store(&m, 8, 0);
	check("is signalled", read(event.fd, &count, sizeof(count)), sizeof(count));
	check("once", count, 1);
	event.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
	check("no event", ioctl(m.vm, KVM_IOEVENTFD, &event), 0);
	check_refused("which is not there", ioctl(m.vm, KVM_IOEVENTFD, &event), ENOENT);
	machine_end(&m);
	close(event.fd);
}

static void test_lines(void)
{
	struct machine m;

	machine_make(&m, guest_access, 1);
	check("a line high", irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, KVM_ARM_IRQ_CPU_IRQ, 1), 0);
	check("and low", irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, KVM_ARM_IRQ_CPU_IRQ, 0), 0);
	check("the other line", irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, KVM_ARM_IRQ_CPU_FIQ, 0), 0);
	check_refused("a line that is none", irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, 2, 1), EINVAL);
	check_refused("of a vCPU that is not there", irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 1, 0, 1), EINVAL);
	check_refused("of a vCPU that cannot be", irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 200, 0, 1), EINVAL);
	check_refused("of an interrupt controller", irq_line(m.vm, KVM_ARM_IRQ_TYPE_SPI, 0, 32, 1), ENXIO);
	machine_end(&m);
}

static void *said_thread(void *argument)
{
	struct runner *r = argument;

	r->result = (int)said(r->m, r->i);
	return NULL;
}

/* A line that goes high while the guest waits, or before it runs. */
static void test_interrupts(void)
{
	static const struct {
		int number;
		int says;
	} lines[] = { { KVM_ARM_IRQ_CPU_IRQ, TOOK_IRQ }, { KVM_ARM_IRQ_CPU_FIQ, TOOK_FIQ } };
	struct machine m;
	struct runner r = { .m = &m };
	pthread_t thread;
	int i, waits;

	for (i = 0; i < 4; i++) {
		waits = i / 2;
		machine_make(&m, guest_lines, 1);
		if (waits) {
			pthread_create(&thread, NULL, said_thread, &r);
			sleep_ms(LOOK_MS);
		}
		irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, lines[i % 2].number, 1);
		if (waits)
			pthread_join(thread, NULL);
		else
			said_thread(&r);
		check(waits ? "a waiting guest takes an interrupt" : "a guest takes an interrupt", r.result,
		      lines[i % 2].says);
		check("and again while its line is high", said(&m, 0), lines[i % 2].says);
		irq_line(m.vm, KVM_ARM_IRQ_TYPE_CPU, 0, lines[i % 2].number, 0);
		check("and goes on when it is low", said(&m, 0), 0);
		check("done", is_done(&m, 0), 1);
		machine_end(&m);
	}
}

/* --- power states */

static uint32_t state_of(int vcpu)
{
	struct kvm_mp_state state = { .mp_state = 99 };

	ioctl(vcpu, KVM_GET_MP_STATE, &state);
	return state.mp_state;
}

static void power_once(uint64_t call, uint32_t event)
{
	struct machine m;
	struct runner r = { .m = &m, .i = 1 };
	pthread_t thread;

	machine_make(&m, guest_power, 2);
	x_set(&m, 0, 0, call);
	check("vCPU 1 is off", vcpu_init(m.vcpu[1], 1 << KVM_ARM_VCPU_PSCI_0_2 | 1 << KVM_ARM_VCPU_POWER_OFF), 0);
	pthread_create(&thread, NULL, said_thread, &r);
	check("CPU_ON", said(&m, 0), 0);
	pthread_join(thread, NULL);
	check("vCPU 1 has its argument", r.result, POWER_ARGUMENT);
	check("and is on", state_of(m.vcpu[1]), KVM_MP_STATE_RUNNABLE);
	pthread_create(&thread, NULL, run_thread, &r);
	check("vCPU 0 sees it go off", said(&m, 0), 1);
	sleep_ms(LOOK_MS);
	stop(thread);
	check("a vCPU that is off waits", r.result == -1 ? r.error : 0, EINTR);
	check("and says so", state_of(m.vcpu[1]), KVM_MP_STATE_STOPPED);
	check("the VM ends", ioctl(m.vcpu[0], KVM_RUN, 0), 0);
	check("exit", m.run[0]->exit_reason, KVM_EXIT_SYSTEM_EVENT);
	check("event", m.run[0]->system_event.type, event);
	check("vCPU 0 is off", state_of(m.vcpu[0]), KVM_MP_STATE_STOPPED);
	/* A reset by userspace. */
	check("again", vcpu_init(m.vcpu[0], 1 << KVM_ARM_VCPU_PSCI_0_2), 0);
	check("from the start", reg_set(m.vcpu[0], CORE_REG(regs.pc), G_MEMORY), 0);
	x_set(&m, 0, 0, call);
	check("CPU_ON", said(&m, 0), 0);
	machine_end(&m);
}

static void test_power(void)
{
	struct kvm_mp_state state = { .mp_state = KVM_MP_STATE_STOPPED };
	struct machine m;
	struct runner r = { .m = &m };
	pthread_t thread;

	power_once(PSCI_SYSTEM_OFF, KVM_SYSTEM_EVENT_SHUTDOWN);
	power_once(PSCI_SYSTEM_RESET, KVM_SYSTEM_EVENT_RESET);
	machine_make(&m, guest_calls, 1);
	check("a call that nobody knows", said(&m, 0), -1);
	check("by SMC", said(&m, 0), -1);
	check("PSCI_VERSION", said(&m, 0), 0x10001);
	check("turned off", ioctl(m.vcpu[0], KVM_SET_MP_STATE, &state), 0);
	pthread_create(&thread, NULL, run_thread, &r);
	sleep_ms(LOOK_MS);
	stop(thread);
	check("it waits", r.result == -1 ? r.error : 0, EINTR);
	state.mp_state = KVM_MP_STATE_RUNNABLE;
	check("turned on", ioctl(m.vcpu[0], KVM_SET_MP_STATE, &state), 0);
	check("it goes on", is_done(&m, 0), 1);
	machine_end(&m);
}

/* --- protected VMs */

static sigjmp_buf out;

static void on_fault(int number)
{
	siglongjmp(out, number);
}

/* The signal that an access brings, or 0. */
static int touch(volatile char *place)
{
	int number = sigsetjmp(out, 1);

	if (number == 0)
		*place = *place + 1;
	return number;
}

static void test_protected(void)
{
	struct sigaction action = { .sa_handler = on_fault };
	long away = parameter("frames_away");
	struct machine m;
	uint64_t *data;
	int ends[2];
	int second;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	machine_make_type(&m, VM_TYPE_PROTECTED | VM_TYPE, guest_access, 1);
	data = (uint64_t *)(m.memory + 0x1000);
	data[0] = 40;
	x_set(&m, 0, 0, 2);
	second = ioctl(m.vm, KVM_CREATE_VCPU, 1);
	check_refused("a second vCPU that is on", vcpu_init(second, 1 << KVM_ARM_VCPU_PSCI_0_2), EPERM);
	check("a second vCPU that is off",
	      vcpu_init(second, 1 << KVM_ARM_VCPU_PSCI_0_2 | 1 << KVM_ARM_VCPU_POWER_OFF), 0);
	close(second);
	check_refused("another register", reg_set(m.vcpu[0], CORE_REG(regs.regs[0]) + 2, 1), EPERM);
	check("a protected guest reads its memory", said(&m, 0), 42);
	check_refused("PC after the first run", reg_set(m.vcpu[0], CORE_REG(regs.pc), G_MEMORY), EPERM);
	check_refused("a reset", vcpu_init(m.vcpu[0], 1 << KVM_ARM_VCPU_PSCI_0_2), EPERM);
	check_refused("without its slot", slot_set(m.vm, 0, 0, 0, NULL), EPERM);
	check("the process has no access to a page of the guest", touch((char *)data) != 0, 1);
	check("nor to its program", touch(m.memory) != 0, 1);
	check("but to a page that the guest has not touched", touch(m.memory + 0x4000), 0);
	/* The kernel's own access for the process ends too. */
	check("a pipe", pipe(ends), 0);
	check_refused("the kernel reads the page for the process", write(ends[1], data, 8), EFAULT);
	check("eight bytes", write(ends[1], "eightest", 8), 8);
	check_refused("or writes it", read(ends[0], data, 8), EFAULT);
	close(ends[0]);
	close(ends[1]);
	expect_store(&m, 8, 0);
	check("and the guest goes on", next_store(&m, 0, G_DEVICE + 4, &(uint64_t){ 0 }), 1);
	munmap(m.run[0], getpagesize());
	close(m.vcpu[0]);
	close(m.vm);
	close(m.kvm);
	check("frames are back", parameter("frames_away"), away);
	check("the page is the process's again", touch((char *)data), 0);
	check("and cleared", data[1], 0);
	munmap(m.memory, G_PAGES - G_MEMORY);
	munmap(m.pages, G_PAGES_COUNT << PAGE_SHIFT);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
}

/* --- the module */

static void test_module(void)
{
	struct machine m;
	int i;

	machine_make(&m, guest_access, 1);
	check_refused("unload with a VM", module_unload(), EWOULDBLOCK);
	machine_end(&m);
	for (i = 0; i < 3; i++) {
		check("unload", module_unload(), 0);
		check_refused("no /dev/kvm", open("/dev/kvm", O_RDWR), ENOENT);
		check("load", module_load(), 0);
	}
	test_device();
}

/* --- kexec */

/* For a kernel that comes by kexec. */
static void note_next(void)
{
	FILE *file = fopen("/tmp/next", "w");

	fprintf(file, "hypatia.run=kvm,running,%ld\n", parameter("frames_away"));
	fclose(file);
}

/* This kernel came by one: nothing is left of VMs that ran before. */
static void test_again(long away)
{
	check("behind kexec: frames away", parameter("frames_away"), away);
	check("behind kexec: VMs", parameter("vms"), 0);
	check("behind kexec: frames kept", parameter("frames_kept"), 0);
	test_vms();
	test_protected();
	check("behind kexec: frames away at the end", parameter("frames_away"), away);
}

int main(int count, char **words)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (count > 1 && strcmp(words[1], "absent") == 0) {
		check_refused("the module does not load", module_load(), ENODEV);
		return check_end();
	}
	signal(SIGUSR1, on_signal);
	check("load", module_load(), 0);
	if (count > 1 && strcmp(words[1], "running") == 0) {
		if (count > 2)
			test_again(atol(words[2]));
		else
			note_next();
		leave_running();
		return check_end();
	}
	check_refused("load again", module_load(), EEXIST);
	test_device();
	test_vms();
	test_slots();
	test_vcpu();
	test_regs();
	test_access();
	test_vectors();
	test_sve();
	test_not_emulated();
	test_timers();
	test_two();
	test_host();
	test_memory_changes();
	test_log();
	test_read_only();
	test_young();
	test_blocks();
	test_memory_storm();
	test_kill();
	test_ioevent();
	test_lines();
	test_interrupts();
	test_gic();
	test_power();
	test_protected();
	test_module();
	return check_end();
}
