/* SPDX-License-Identifier: BSD-2-Clause */
/* SVE of guests: what the interface says of it, and guests that use it while tasks of the host do. */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "kvm.h"

#define SVE (1 << KVM_ARM_VCPU_SVE | 1 << KVM_ARM_VCPU_PSCI_0_2)
#define Z(n) KVM_REG_ARM64_SVE_ZREG(n, 0)
#define P(n) KVM_REG_ARM64_SVE_PREG(n, 0)
#define FFR KVM_REG_ARM64_SVE_FFR(0)
#define ZCR ARM64_SYS_REG(3, 0, 1, 2, 0)
#define PFR0 ARM64_SYS_REG(3, 0, 0, 4, 0)
#define V(n) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | (KVM_REG_ARM_CORE_REG(fp_regs.vregs[0]) + 4 * (n)))
#define ROUNDS 20

bool has_sve(void)
{
	return (getauxval(AT_HWCAP) & HWCAP_SVE) != 0;
}

static int one_reg(int vcpu, unsigned long command, uint64_t id, void *value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)value };

	return ioctl(vcpu, command, &reg);
}

static int finalize(int vcpu, int feature)
{
	return ioctl(vcpu, KVM_ARM_VCPU_FINALIZE, &feature);
}

/* Its vCPU 0 exists, and nothing is said of it. */
static void make(struct machine *m, unsigned long type)
{
	machine_make_type(m, type, guest_sve, 0);
	m->vcpu[0] = ioctl(m->vm, KVM_CREATE_VCPU, 0);
	m->run[0] = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, m->vcpu[0], 0);
}

/* Which numbers are in the list: 1 Z31, 2 P15, 4 FFR, 8 the lengths, 16 ZCR_EL1, 32 V3. */
static unsigned int listed(int vcpu)
{
	static struct {
		struct kvm_reg_list list;
		uint64_t room[1000];
	} all;
	const uint64_t ids[] = { Z(31), P(15), FFR, KVM_REG_ARM64_SVE_VLS, ZCR, V(3) };
	unsigned int found = 0;
	uint64_t i, k;

	all.list.n = 1000;
	check("KVM_GET_REG_LIST", ioctl(vcpu, KVM_GET_REG_LIST, &all), 0);
	for (i = 0; i < all.list.n; i++) {
		for (k = 0; k < 6; k++)
			found |= all.list.reg[i] == ids[k] ? 1u << k : 0;
	}
	return found;
}

static void test_lengths(struct machine *m, uint64_t *offered)
{
	uint64_t lengths[KVM_ARM64_SVE_VLS_WORDS] = { 0 };
	uint64_t other[KVM_ARM64_SVE_VLS_WORDS] = { 0 };

	check("the lengths", one_reg(m->vcpu[0], KVM_GET_ONE_REG, KVM_REG_ARM64_SVE_VLS, lengths), 0);
	*offered = lengths[0];
	check("have the shortest", lengths[0] & 1, 1);
	check("and none beyond 512 bits", lengths[0] >> 4 | lengths[1] | lengths[7], 0);
	check_refused("none", one_reg(m->vcpu[0], KVM_SET_ONE_REG, KVM_REG_ARM64_SVE_VLS, other), EINVAL);
	other[0] = 1ul << 16 | lengths[0];
	check_refused("one not offered", one_reg(m->vcpu[0], KVM_SET_ONE_REG, KVM_REG_ARM64_SVE_VLS, other), EINVAL);
	other[0] = lengths[0] & ~1ul;
	check_refused("not the shortest", one_reg(m->vcpu[0], KVM_SET_ONE_REG, KVM_REG_ARM64_SVE_VLS, other), EINVAL);
	other[0] = lengths[0];
	other[7] = 1;
	check_refused("a very long one", one_reg(m->vcpu[0], KVM_SET_ONE_REG, KVM_REG_ARM64_SVE_VLS, other), EINVAL);
	check("all", one_reg(m->vcpu[0], KVM_SET_ONE_REG, KVM_REG_ARM64_SVE_VLS, lengths), 0);
}

/* Before it is final, and how it gets so. */
static void test_final(struct machine *m)
{
	uint64_t words[32] = { 0 };

	check_refused("a run too early", ioctl(m->vcpu[0], KVM_RUN, 0), EPERM);
	check_refused("Z0 too early", one_reg(m->vcpu[0], KVM_GET_ONE_REG, Z(0), words), EPERM);
	check_refused("the list too early", ioctl(m->vcpu[0], KVM_GET_REG_LIST, words), EPERM);
	check_refused("another feature", finalize(m->vcpu[0], KVM_ARM_VCPU_PSCI_0_2), EINVAL);
	check("KVM_ARM_VCPU_FINALIZE", finalize(m->vcpu[0], KVM_ARM_VCPU_SVE), 0);
	check_refused("twice", finalize(m->vcpu[0], KVM_ARM_VCPU_SVE), EPERM);
	check_refused("lengths too late", one_reg(m->vcpu[0], KVM_SET_ONE_REG, KVM_REG_ARM64_SVE_VLS, words), EPERM);
	check("the list", listed(m->vcpu[0]), 31);
	check_refused("V3", one_reg(m->vcpu[0], KVM_GET_ONE_REG, V(3), words), ENOENT);
	check_refused("Z32", one_reg(m->vcpu[0], KVM_GET_ONE_REG, Z(31) + 32, words), ENOENT);
	check_refused("another slice", one_reg(m->vcpu[0], KVM_GET_ONE_REG, Z(3) + 1, words), ENOENT);
	check("SVE is shown", reg_get(m->vcpu[0], PFR0) >> 32 & 15, 1);
}

/* Registers by the interface, and as the guest has them. */
static void test_guest(struct machine *m, uint64_t offered)
{
	uint64_t units = 64 - __builtin_clzll(offered);
	uint64_t words[32] = { 0 };
	uint64_t i;

	for (i = 0; i < 32; i++)
		words[i] = STORED + i;
	check("Z5", one_reg(m->vcpu[0], KVM_SET_ONE_REG, Z(5), words), 0);
	words[0] = 0x1ff;
	check("P3", one_reg(m->vcpu[0], KVM_SET_ONE_REG, P(3), words), 0);
	check("ZCR_EL1", reg_set(m->vcpu[0], ZCR, 7), 0);
	check("PC", reg_set(m->vcpu[0], CORE_REG(regs.pc), G_MEMORY), 0);
	check("the guest finds ZCR_EL1", said(m, 0), 7);
	check("bytes of a vector", said(m, 0), 16 * units);
	check("elements of P3", said(m, 0), 9);
	check("the last of Z5", said(m, 0), STORED + 2 * units - 1);
	check("vectors of its own", said(m, 0), 0);
	memset(words, 0xff, sizeof(words));
	check("Z6", one_reg(m->vcpu[0], KVM_GET_ONE_REG, Z(6), words), 0);
	check("its first element", words[0], STORED + 2 * units - 1);
	check("its last", words[2 * units - 1], STORED + 4 * units - 2);
	check("nothing behind it", words[2 * units] | words[31], 0);
	check("P4", one_reg(m->vcpu[0], KVM_GET_ONE_REG, P(4), words), 0);
	check("one element", words[0], 1);
	check("FFR", one_reg(m->vcpu[0], KVM_GET_ONE_REG, FFR, words), 0);
	check("all bits", words[0], units == 4 ? ~0ull : (1ull << 16 * units) - 1);
	check("ZCR_EL1 that it set", reg_get(m->vcpu[0], ZCR), 15);
	for (i = 0; i < ROUNDS; i++) {
		/* of this task too, and of others meanwhile */
		__asm__ volatile(".arch_extension sve\n\tmov z7.d, #9" : : : "v7");
		sleep_ms(1);
		if (said(m, 0) != 0)
			break;
	}
	check("its vectors stay", i, ROUNDS);
	check("KVM_ARM_VCPU_INIT", vcpu_init(m->vcpu[0], SVE), 0);
	check("Z6", one_reg(m->vcpu[0], KVM_GET_ONE_REG, Z(6), words), 0);
	check("is cleared", words[0] | words[2 * units - 1], 0);
}

/* All vCPUs of a VM have the same. */
static void test_others(struct machine *m, uint64_t offered)
{
	uint64_t lengths[KVM_ARM64_SVE_VLS_WORDS] = { 1 };
	int vcpu = ioctl(m->vm, KVM_CREATE_VCPU, 1);

	check_refused("a vCPU without", vcpu_init(vcpu, 1 << KVM_ARM_VCPU_PSCI_0_2), EINVAL);
	check("one with", vcpu_init(vcpu, SVE), 0);
	if (offered != 1)
		check_refused("shorter ones", one_reg(vcpu, KVM_SET_ONE_REG, KVM_REG_ARM64_SVE_VLS, lengths), EINVAL);
	check("final", finalize(vcpu, KVM_ARM_VCPU_SVE), 0);
	close(vcpu);
}

/* A VM whose vectors are as short as can be. */
static void test_short(void)
{
	uint64_t lengths[KVM_ARM64_SVE_VLS_WORDS] = { 1 };
	struct machine m;

	make(&m, VM_TYPE);
	check("KVM_ARM_VCPU_INIT", vcpu_init(m.vcpu[0], SVE), 0);
	check("the shortest alone", one_reg(m.vcpu[0], KVM_SET_ONE_REG, KVM_REG_ARM64_SVE_VLS, lengths), 0);
	check("final", finalize(m.vcpu[0], KVM_ARM_VCPU_SVE), 0);
	check("PC", reg_set(m.vcpu[0], CORE_REG(regs.pc), G_MEMORY), 0);
	check("ZCR_EL1", said(&m, 0), 0);
	check("bytes of a vector", said(&m, 0), 16);
	machine_end(&m);
}

/* One that is protected, whose registers nobody reaches. */
static void test_hidden(void)
{
	uint64_t words[32] = { 0 };
	struct machine m;

	make(&m, VM_TYPE | VM_TYPE_PROTECTED);
	check("KVM_ARM_VCPU_INIT", vcpu_init(m.vcpu[0], SVE), 0);
	check("final", finalize(m.vcpu[0], KVM_ARM_VCPU_SVE), 0);
	check("PC", reg_set(m.vcpu[0], CORE_REG(regs.pc), G_MEMORY), 0);
	check("ZCR_EL1", said(&m, 0), 0);
	check_refused("Z6 of a protected VM", one_reg(m.vcpu[0], KVM_GET_ONE_REG, Z(6), words), EPERM);
	check_refused("ZCR_EL1 of one", one_reg(m.vcpu[0], KVM_GET_ONE_REG, ZCR, words), EPERM);
	machine_end(&m);
}

static void test_with(void)
{
	uint64_t offered;
	struct machine m;

	make(&m, VM_TYPE);
	check("KVM_ARM_VCPU_INIT", vcpu_init(m.vcpu[0], SVE), 0);
	test_lengths(&m, &offered);
	test_final(&m);
	test_guest(&m, offered);
	test_others(&m, offered);
	machine_end(&m);
}

static void test_without(void)
{
	uint64_t words[32] = { 0 };
	struct machine m;

	make(&m, VM_TYPE);
	check("SVE is offered where the machine has it", ioctl(m.kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE), has_sve());
	if (!has_sve())
		check_refused("a vCPU with SVE", vcpu_init(m.vcpu[0], SVE), EINVAL);
	check("a VM without", vcpu_init(m.vcpu[0], 1 << KVM_ARM_VCPU_PSCI_0_2), 0);
	check_refused("has no Z0", one_reg(m.vcpu[0], KVM_GET_ONE_REG, Z(0), words), ENOENT);
	check_refused("no ZCR_EL1", one_reg(m.vcpu[0], KVM_GET_ONE_REG, ZCR, words), ENOENT);
	check_refused("nothing to finish", finalize(m.vcpu[0], KVM_ARM_VCPU_SVE), EINVAL);
	check("nor is it shown", reg_get(m.vcpu[0], PFR0) >> 32 & 15, 0);
	check("V3 is in the list", listed(m.vcpu[0]), 32);
	machine_end(&m);
}

void test_sve(void)
{
	test_without();
	if (!has_sve())
		return;
	test_with();
	test_short();
	test_hidden();
}
