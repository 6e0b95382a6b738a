// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST. The system registers are those of the table that Hypatia
 * answers a guest's accesses from: encodings there and numbers of KVM are the same bits.
 */
#include <linux/uaccess.h>

#include <asm/sysreg.h>

#include "hypatia.h"

#include <gen/guest_slots.h>
#include <gen/guest_sysregs_table.h>

#define SYSREG_ID (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG)
#define MDCCINT_ID ARM64_SYS_REG(2, 0, 0, 2, 0)
#define CORE_ID (KVM_REG_ARM64 | KVM_REG_ARM_CORE)
#define CORE_WORDS (sizeof(struct kvm_regs) / sizeof(u32))
#define CORE(field) KVM_REG_ARM_CORE_REG(field)
#define FIELD_BITS 4
#define MPIDR_VCPU0 0x80000000ULL
#define NO_WORD (~0ULL)
#define PAUTH_ISAR1 0xff000ff0ULL /* APA, API, GPA, GPI */
#define PAUTH_ISAR2 0xff00ULL     /* GPA3, APA3 */

static const u64 firmware_ids[] = { KVM_REG_ARM_PSCI_VERSION };
static const u64 timer_ids[] = {
	KVM_REG_ARM_TIMER_CTL,	KVM_REG_ARM_TIMER_CVAL,	 KVM_REG_ARM_TIMER_CNT,
	KVM_REG_ARM_PTIMER_CTL, KVM_REG_ARM_PTIMER_CVAL, KVM_REG_ARM_PTIMER_CNT,
};

/* --- core registers */

/* How wide the one is that begins there; 0: none does. With SVE V0 to V31 are no registers but parts of others. */
static u32 core_bytes(const struct hyp_vcpu *vcpu, u64 at)
{
	if (at >= CORE(fp_regs.vregs[0]) && at < CORE(fp_regs.fpsr))
		return (at - CORE(fp_regs.vregs[0])) % 4 || vcpu->features & BIT(KVM_ARM_VCPU_SVE) ? 0 : 16;
	if (at == CORE(fp_regs.fpsr) || at == CORE(fp_regs.fpcr))
		return 4;
	return at < CORE(fp_regs.vregs[0]) && at % 2 == 0 ? 8 : 0;
}

static u64 core_id(const struct hyp_vcpu *vcpu, u64 at)
{
	u32 bytes = core_bytes(vcpu, at);

	return CORE_ID | at | (bytes == 16 ? KVM_REG_SIZE_U128 : bytes == 4 ? KVM_REG_SIZE_U32 : KVM_REG_SIZE_U64);
}

/* Its first word in the context, or NO_WORD. */
static u64 core_word(u64 at)
{
	if (at < CORE(regs.sp))
		return CTX_X0 + at / 2;
	if (at >= CORE(fp_regs.vregs[0]) && at < CORE(fp_regs.fpsr))
		return CTX_V0 + (at - CORE(fp_regs.vregs[0])) / 2;
	switch (at) {
	case CORE(regs.sp):
		return CTX_SP_EL0;
	case CORE(regs.pc):
		return CTX_PC;
	case CORE(regs.pstate):
		return CTX_PSTATE;
	case CORE(sp_el1):
		return CTX_SP_EL1;
	case CORE(elr_el1):
		return CTX_ELR_EL1;
	case CORE(spsr[KVM_SPSR_EL1]):
		return CTX_SPSR_EL1;
	case CORE(fp_regs.fpsr):
		return CTX_FPSR;
	case CORE(fp_regs.fpcr):
		return CTX_FPCR;
	default:
		return NO_WORD;
	}
}

int hyp_words_access(struct hyp_vcpu *vcpu, u64 word, u64 *value, u32 count, bool set)
{
	s64 refused = hyp_vcpu_claim(vcpu);
	u32 i;

	if (refused)
		return refused;
	for (i = 0; i < count && !refused; i++)
		refused = set ? hyp_set_word(word + i, value[i]) : hyp_get_word(word + i, &value[i]);
	hyp_vcpu_unclaim();
	return refused;
}

static int core_access(struct hyp_vcpu *vcpu, u64 id, u64 *value, bool set)
{
	u64 at = id & ~(KVM_REG_ARCH_MASK | KVM_REG_SIZE_MASK | KVM_REG_ARM_COPROC_MASK);
	u64 word;
	u64 *bank;

	if (at >= CORE_WORDS || !core_bytes(vcpu, at) || id != core_id(vcpu, at))
		return -ENOENT;
	word = core_word(at);
	if (word != NO_WORD)
		return hyp_words_access(vcpu, word, value, core_bytes(vcpu, at) == 16 ? 2 : 1, set);
	bank = &vcpu->banked[(at - CORE(spsr[0])) / 2];
	if (set)
		*bank = *value;
	else
		*value = *bank;
	return 0;
}

/* --- system registers */

static u64 machine_value(u32 machine)
{
	switch (machine) {
	case MACHINE_MIDR_EL1:
		return read_sysreg(midr_el1);
	case MACHINE_ID_AA64PFR0_EL1:
		return read_sysreg(id_aa64pfr0_el1);
	case MACHINE_ID_AA64PFR1_EL1:
		return read_sysreg(id_aa64pfr1_el1);
	case MACHINE_ID_AA64ZFR0_EL1:
		return read_sysreg_s(sys_reg(3, 0, 0, 4, 4));
	case MACHINE_ID_AA64DFR0_EL1:
		return read_sysreg(id_aa64dfr0_el1);
	case MACHINE_ID_AA64ISAR0_EL1:
		return read_sysreg(id_aa64isar0_el1);
	case MACHINE_ID_AA64ISAR1_EL1:
		return read_sysreg(id_aa64isar1_el1);
	case MACHINE_ID_AA64ISAR2_EL1:
		return read_sysreg_s(sys_reg(3, 0, 0, 6, 2));
	case MACHINE_ID_AA64ISAR3_EL1:
		return read_sysreg_s(sys_reg(3, 0, 0, 6, 3));
	case MACHINE_ID_AA64MMFR0_EL1:
		return read_sysreg(id_aa64mmfr0_el1);
	case MACHINE_ID_AA64MMFR1_EL1:
		return read_sysreg(id_aa64mmfr1_el1);
	case MACHINE_ID_AA64MMFR2_EL1:
		return read_sysreg_s(sys_reg(3, 0, 0, 7, 2));
	case MACHINE_CTR_EL0:
		return read_sysreg(ctr_el0);
	default:
		return 0;
	}
}

/* As arch_has_keys() of Hypatia: guests have it then, asked for or not. */
bool hyp_pauth_offered(void)
{
	return (machine_value(MACHINE_ID_AA64ISAR1_EL1) & PAUTH_ISAR1) ||
	       (machine_value(MACHINE_ID_AA64ISAR2_EL1) & PAUTH_ISAR2);
}

static u64 signed_min(u64 a, u64 b)
{
	return sign_extend64(a, FIELD_BITS - 1) < sign_extend64(b, FIELD_BITS - 1) ? a : b;
}

static u64 clamped_field(const struct guest_rule *rule, u64 field, bool has_gic, bool has_sve)
{
	if ((rule->feature == GUEST_GICV3 && !has_gic) || (rule->feature == GUEST_SVE && !has_sve))
		return 0;
	switch (rule->kind) {
	case GUEST_RULE_FIXED:
		return rule->value;
	case GUEST_RULE_ALLOW:
		return field;
	case GUEST_RULE_LIMIT:
		return min_t(u64, field, rule->value);
	default:
		return signed_min(field, rule->value);
	}
}

static u64 clamped(const struct guest_sysreg *reg, bool has_gic, bool has_sve)
{
	u64 machine = machine_value(reg->machine);
	u64 value = 0;
	u32 i;

	for (i = 0; i < GUEST_FIELDS; i++)
		value |= clamped_field(&guest_rules[reg->index + i], machine >> (i * FIELD_BITS) & 15, has_gic,
				       has_sve)
			 << (i * FIELD_BITS);
	return value;
}

/* What a guest reads and cannot change. Of debug registers, as with KVM, only one. */
static bool is_constant(u32 i)
{
	const struct guest_sysreg *reg = &guest_sysregs[i];

	if ((SYSREG_ID | guest_sysreg_key[i]) == MDCCINT_ID)
		return true;
	return guest_sysreg_key[i] >= ARM64_SYS_REG_SHIFT_MASK(3, OP0) && reg->feature == GUEST_ALWAYS &&
	       (reg->read == SYSREG_VALUE || reg->read == SYSREG_MACHINE || reg->read == SYSREG_CLAMPED ||
		(reg->read == SYSREG_SLOT && reg->index == GUEST_SLOT_MPIDR_EL1));
}

/* The word of a register that is not a core register or one of a timer as well, or NO_WORD. */
static u64 sysreg_word(const struct hyp_vcpu *vcpu, u32 i)
{
	const struct guest_sysreg *reg = &guest_sysregs[i];
	u64 word = reg->read == SYSREG_SLOT && reg->feature == GUEST_ALWAYS ? guest_slot_word[reg->index] : 0;

	if (reg->read == SYSREG_SLOT && reg->feature == GUEST_SVE)
		return vcpu->features & BIT(KVM_ARM_VCPU_SVE) ? CTX_ZCR_EL1 : NO_WORD;
	/* The keys never trap, so they have no word there; slots and words are in the order of their encodings. */
	if (reg->read == SYSREG_SLOT && reg->feature == GUEST_PAUTH)
		return hyp_pauth_offered() ? CTX_APIAKEYLO_EL1 + reg->index - GUEST_SLOT_APIAKEYLO_EL1 : NO_WORD;
	switch (word) {
	case 0:
	case CTX_SPSR_EL1:
	case CTX_ELR_EL1:
	case CTX_SP_EL0:
	case CTX_CNTV_CTL_EL0:
	case CTX_CNTV_CVAL_EL0:
		return NO_WORD;
	default:
		return word;
	}
}

static u64 constant_value(const struct hyp_vcpu *vcpu, u32 i, bool has_gic)
{
	const struct guest_sysreg *reg = &guest_sysregs[i];

	switch (reg->read) {
	case SYSREG_VALUE:
		return reg->value;
	case SYSREG_MACHINE:
		return machine_value(reg->machine);
	case SYSREG_CLAMPED:
		return clamped(reg, has_gic, READ_ONCE(vcpu->vm->sve));
	default:
		return MPIDR_VCPU0 + vcpu->index;
	}
}

/* Setting it to what it is anyway is what a restore does. */
static int constant_access(u64 constant, u64 *value, bool set)
{
	if (set)
		return *value == constant ? 0 : -EINVAL;
	*value = constant;
	return 0;
}

static int sysreg_access(struct hyp_vcpu *vcpu, u64 id, u64 *value, bool set)
{
	u32 i;

	for (i = 0; i < GUEST_SYSREGS; i++) {
		if ((SYSREG_ID | guest_sysreg_key[i]) != id)
			continue;
		/* What was read before the VM had a GIC is as good. */
		if (is_constant(i) && set && *value == constant_value(vcpu, i, !vcpu->vm->gic.made))
			return 0;
		if (is_constant(i))
			return constant_access(constant_value(vcpu, i, vcpu->vm->gic.made), value, set);
		if (sysreg_word(vcpu, i) != NO_WORD)
			return hyp_words_access(vcpu, sysreg_word(vcpu, i), value, 1, set);
	}
	return -ENOENT;
}

/* --- timers and firmware */

/* Its status is what it would be by now. */
static int control_get(struct hyp_vcpu *vcpu, u64 *value)
{
	struct hyp_timer timer;
	u64 control;
	int err = hyp_words_access(vcpu, CTX_CNTV_CTL_EL0, &control, 1, false);

	if (!err)
		err = hyp_words_access(vcpu, CTX_CNTV_CVAL_EL0, &timer.compare, 1, false);
	if (err)
		return err;
	hyp_timer_set_control(&timer, control);
	*value = hyp_timer_control(&timer, READ_ONCE(vcpu->vm->offset));
	return 0;
}

/* All vCPUs of a VM have one virtual counter; the physical one is the machine's, and setting it has no effect. */
static int count_access(struct hyp_vcpu *vcpu, u64 *value, bool set)
{
	u64 now = read_sysreg(cntvct_el0);
	u64 offset = now - *value;
	int err;

	if (!set) {
		*value = now - READ_ONCE(vcpu->vm->offset);
		return 0;
	}
	err = hyp_words_access(vcpu, CTX_CNTVOFF_EL2, &offset, 1, true);
	if (!err)
		WRITE_ONCE(vcpu->vm->offset, offset);
	return err;
}

/* -ENOENT: it is another register. */
static int timer_access(struct hyp_vcpu *vcpu, u64 id, u64 *value, bool set)
{
	switch (id) {
	case KVM_REG_ARM_TIMER_CTL:
		return set ? hyp_words_access(vcpu, CTX_CNTV_CTL_EL0, value, 1, true) : control_get(vcpu, value);
	case KVM_REG_ARM_TIMER_CVAL:
		return hyp_words_access(vcpu, CTX_CNTV_CVAL_EL0, value, 1, set);
	case KVM_REG_ARM_TIMER_CNT:
		return count_access(vcpu, value, set);
	case KVM_REG_ARM_PTIMER_CNT:
		if (!set)
			*value = read_sysreg(cntvct_el0);
		return 0;
	case KVM_REG_ARM_PTIMER_CTL:
		if (set)
			hyp_timer_set_control(&vcpu->physical, *value);
		else
			*value = hyp_timer_control(&vcpu->physical, 0);
		return 0;
	case KVM_REG_ARM_PTIMER_CVAL:
		if (set)
			vcpu->physical.compare = *value;
		else
			*value = vcpu->physical.compare;
		return 0;
	default:
		return -ENOENT;
	}
}

static int firmware_access(u64 id, u64 *value, bool set)
{
	return id == KVM_REG_ARM_PSCI_VERSION ? constant_access(PSCI_VERSION_GUEST, value, set) : -ENOENT;
}

static int reg_access(struct hyp_vcpu *vcpu, u64 id, u64 *value, bool set)
{
	int err;

	if ((id & ~(u64)KVM_REG_SIZE_MASK) >> 32 != KVM_REG_ARM64 >> 32)
		return -EINVAL;
	switch (id & KVM_REG_ARM_COPROC_MASK) {
	case KVM_REG_ARM_CORE:
		return core_access(vcpu, id, value, set);
	case KVM_REG_ARM_FW:
		return firmware_access(id, value, set);
	case KVM_REG_ARM64_SYSREG:
		err = timer_access(vcpu, id, value, set);
		return err == -ENOENT ? sysreg_access(vcpu, id, value, set) : err;
	default:
		return -ENOENT;
	}
}

int hyp_reg_access(struct hyp_vcpu *vcpu, const struct kvm_one_reg *reg, bool set)
{
	void __user *user = (void __user *)(unsigned long)reg->addr;
	size_t bytes = KVM_REG_SIZE(reg->id);
	u64 value[2] = { 0, 0 };
	int err;

	if ((reg->id & (KVM_REG_ARCH_MASK | KVM_REG_ARM_COPROC_MASK)) == (KVM_REG_ARM64 | KVM_REG_ARM64_SVE))
		return hyp_sve_access(vcpu, reg->id, user, set);
	if (bytes > sizeof(value))
		return -ENOENT;
	if (set && copy_from_user(value, user, bytes))
		return -EFAULT;
	err = reg_access(vcpu, reg->id, value, set);
	if (err || set)
		return err;
	return copy_to_user(user, value, bytes) ? -EFAULT : 0;
}

/* --- the list */

struct list_writer {
	u64 __user *place;
	u64 room;
	u64 count;
	bool fault;
};

static void list_add_id(struct list_writer *list, u64 id)
{
	if (list->count < list->room && put_user(id, list->place + list->count))
		list->fault = true;
	list->count++;
}

static void list_ids(struct list_writer *list, const u64 *ids, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		list_add_id(list, ids[i]);
}

static void list_all(const struct hyp_vcpu *vcpu, struct list_writer *list)
{
	u64 at;
	u32 i;

	for (at = 0; at < CORE_WORDS; at++) {
		if (core_bytes(vcpu, at))
			list_add_id(list, core_id(vcpu, at));
	}
	for (i = 0; hyp_sve_id(vcpu, i); i++)
		list_add_id(list, hyp_sve_id(vcpu, i));
	list_ids(list, firmware_ids, ARRAY_SIZE(firmware_ids));
	list_ids(list, timer_ids, ARRAY_SIZE(timer_ids));
	for (i = 0; i < GUEST_SYSREGS; i++) {
		if (is_constant(i) || sysreg_word(vcpu, i) != NO_WORD)
			list_add_id(list, SYSREG_ID | guest_sysreg_key[i]);
	}
}

int hyp_reg_list(struct hyp_vcpu *vcpu, struct kvm_reg_list __user *user)
{
	struct list_writer list = { .place = user->reg };
	u64 room;

	if (get_user(room, &user->n))
		return -EFAULT;
	list.room = room;
	list_all(vcpu, &list);
	if (list.fault || put_user(list.count, &user->n))
		return -EFAULT;
	return list.count > room ? -E2BIG : 0;
}

/**
 * hyp_regs_reset() - registers as they were at first
 *
 * Those of a protected VM are out of reach; it cannot be reset.
 */
int hyp_regs_reset(struct hyp_vcpu *vcpu)
{
	u64 zero = 0;
	s64 refused;
	u64 i;

	if (vcpu->vm->protected)
		return vcpu->initialised ? -EPERM : 0;
	refused = hyp_vcpu_claim(vcpu);
	if (refused)
		return refused;
	for (i = 0; i < CTX_SWITCHED_END && !refused; i++) {
		if (CTX_SETTABLE(i))
			refused = hyp_set_word(i, vcpu->fresh[i]);
	}
	for (i = CTX_V0; i < CTX_SET_END && !refused; i++) {
		if (CTX_SETTABLE(i))
			refused = hyp_set_word(i, zero);
	}
	if (!refused && vcpu->initialised)
		refused = hyp_sve_reset(vcpu);
	hyp_vcpu_unclaim();
	memset(vcpu->banked, 0, sizeof(vcpu->banked));
	return refused;
}
