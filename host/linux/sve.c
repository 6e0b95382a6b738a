// SPDX-License-Identifier: GPL-2.0-only
/*
 * SVE of guests: which vectors a VM has, and Z, P and FFR by KVM_GET_ONE_REG and KVM_SET_ONE_REG. All vCPUs of a VM
 * have the same, and user space says it with the first (KVM_ARM_VCPU_INIT), then may make them shorter until it is
 * done (KVM_ARM_VCPU_FINALIZE). Those of a protected VM can only where its image is measured: else a vCPU is on by
 * then.
 */
#include <linux/uaccess.h>

#include "hypatia.h"

#define Z_COUNT 32
#define P_COUNT 16
#define Z_BYTES 256 /* of a register as KVM has it; Hypatia's are shorter */
#define P_BYTES 32

/* Bit n for vectors of (n + 1) * 128 bits, as KVM has it too. */
static u64 lengths_offered(void)
{
	s64 lengths = hyp_stat(STAT_SVE);

	return lengths > 0 ? lengths : 0;
}

bool hyp_sve_offered(void)
{
	return lengths_offered() != 0;
}

static bool has_sve(const struct hyp_vcpu *vcpu)
{
	return vcpu->features & BIT(KVM_ARM_VCPU_SVE);
}

/* Its vectors are @units of 128 bits. */
static int units_set(struct hyp_vcpu *vcpu, u64 units)
{
	int err = hyp_words_access(vcpu, CTX_SVE, &units, 1, true);

	if (!err)
		WRITE_ONCE(vcpu->vm->sve, units);
	return err;
}

/* The first vCPU says what all others have to say too. */
int hyp_sve_init(struct hyp_vcpu *vcpu, u32 features)
{
	struct hyp_vm *vm = vcpu->vm;
	bool wanted = features & BIT(KVM_ARM_VCPU_SVE);
	int err = 0;

	mutex_lock(&vm->lock);
	if (vm->sve_said)
		err = wanted == (vm->sve != 0) ? 0 : -EINVAL;
	else if (wanted)
		err = units_set(vcpu, fls64(lengths_offered()));
	if (!err)
		vm->sve_said = true;
	mutex_unlock(&vm->lock);
	return err;
}

bool hyp_sve_complete(const struct hyp_vcpu *vcpu)
{
	return !has_sve(vcpu) || vcpu->sve_final;
}

int hyp_sve_finalize(struct hyp_vcpu *vcpu, int feature)
{
	if (feature != KVM_ARM_VCPU_SVE || !has_sve(vcpu))
		return -EINVAL;
	if (vcpu->sve_final)
		return -EPERM;
	WRITE_ONCE(vcpu->vm->sve_final, true);
	vcpu->sve_final = true;
	return 0;
}

/* The lengths are all that the machine has up to some length; once a vCPU is final, they stay. */
static int lengths_set(struct hyp_vcpu *vcpu, const u64 *lengths)
{
	struct hyp_vm *vm = vcpu->vm;
	u64 units = fls64(lengths[0]);
	int err = 0;
	u32 i;

	for (i = 1; i < KVM_ARM64_SVE_VLS_WORDS; i++) {
		if (lengths[i])
			return -EINVAL;
	}
	if (units == 0 || lengths[0] != (lengths_offered() & GENMASK_ULL(units - 1, 0)))
		return -EINVAL;
	mutex_lock(&vm->lock);
	if (vm->sve != units)
		err = vm->sve_final ? -EINVAL : units_set(vcpu, units);
	mutex_unlock(&vm->lock);
	return err;
}

static int lengths_access(struct hyp_vcpu *vcpu, void __user *user, bool set)
{
	u64 lengths[KVM_ARM64_SVE_VLS_WORDS] = { 0 };

	if (set && vcpu->sve_final)
		return -EPERM;
	if (set)
		return copy_from_user(lengths, user, sizeof(lengths)) ? -EFAULT : lengths_set(vcpu, lengths);
	lengths[0] = lengths_offered() & GENMASK_ULL(READ_ONCE(vcpu->vm->sve) - 1, 0);
	return copy_to_user(user, lengths, sizeof(lengths)) ? -EFAULT : 0;
}

static u64 z_id(u64 n)
{
	return KVM_REG_ARM64_SVE_ZREG(n, 0);
}

/* P0 to P15, and FFR behind them. */
static u64 p_id(u64 n)
{
	return n < P_COUNT ? KVM_REG_ARM64_SVE_PREG(n, 0) : KVM_REG_ARM64_SVE_FFR(0);
}

/* What KVM has of a register beyond Hypatia's words is 0, and ignored. */
static int words_access(struct hyp_vcpu *vcpu, u64 word, u32 count, size_t bytes, void __user *user, bool set)
{
	u64 words[Z_BYTES / sizeof(u64)] = { 0 };
	int err;

	if (!vcpu->sve_final)
		return -EPERM;
	if (set && copy_from_user(words, user, bytes))
		return -EFAULT;
	err = hyp_words_access(vcpu, word, words, count, set);
	if (err || set)
		return err;
	return copy_to_user(user, words, bytes) ? -EFAULT : 0;
}

int hyp_sve_access(struct hyp_vcpu *vcpu, u64 id, void __user *user, bool set)
{
	u64 n;

	if (!has_sve(vcpu))
		return -ENOENT;
	if (id == KVM_REG_ARM64_SVE_VLS)
		return lengths_access(vcpu, user, set);
	for (n = 0; n < Z_COUNT; n++) {
		if (id == z_id(n))
			return words_access(vcpu, CTX_Z0 + n * CTX_VECTOR_WORDS, CTX_VECTOR_WORDS, Z_BYTES, user, set);
	}
	for (n = 0; n <= P_COUNT; n++) {
		if (id == p_id(n))
			return words_access(vcpu, CTX_P0 + n, 1, P_BYTES, user, set);
	}
	return -ENOENT;
}

/* The @n-th number of a register of SVE's, or 0. */
u64 hyp_sve_id(const struct hyp_vcpu *vcpu, u32 n)
{
	if (!has_sve(vcpu) || n > Z_COUNT + P_COUNT + 1)
		return 0;
	if (n == 0)
		return KVM_REG_ARM64_SVE_VLS;
	return n <= Z_COUNT ? z_id(n - 1) : p_id(n - 1 - Z_COUNT);
}

/* With the vCPU claimed. */
s64 hyp_sve_reset(const struct hyp_vcpu *vcpu)
{
	s64 refused = 0;
	u64 i;

	for (i = CTX_SVE_FIRST; i < CTX_SVE_END && !refused && READ_ONCE(vcpu->vm->sve); i++)
		refused = hyp_set_word(i, 0);
	return refused;
}
