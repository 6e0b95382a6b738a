// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call, what it came to, and what is told of a call that came to something else.
 */
#include <linux/arm-smccc.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "fuzz.h"

/* Calls with other numbers would be random ones to the fuzzer. */
static_assert(HYPERCALL_COUNT == 32);

#define REGISTERS 18

static_assert(sizeof(struct arm_smccc_1_2_regs) == REGISTERS * sizeof(u64));

#define NAME(call) [call - HYPERCALL_BASE] = #call

static const char *const names[NAMED_CALLS] = {
	NAME(HYP_VERSION),
	NAME(MEM_SHARE_HYP),
	NAME(MEM_UNSHARE_HYP),
	NAME(MEM_PIN),
	NAME(MEM_UNPIN),
	NAME(MEM_DONATE_HYP),
	NAME(MEM_RECLAIM_HYP),
	NAME(MEM_INFO),
	NAME(HYP_STATS),
	NAME(VM_RESERVE),
	NAME(VM_UNRESERVE),
	NAME(VM_INIT),
	NAME(VCPU_INIT),
	NAME(VCPU_LOAD),
	NAME(VCPU_PUT),
	NAME(VM_TEARDOWN),
	NAME(VCPU_RECLAIM),
	NAME(VM_FINALIZE),
	NAME(VCPU_RUN),
	NAME(VCPU_GET_REG),
	NAME(VCPU_SET_REG),
	NAME(VM_TABLE),
	NAME(VM_MAP),
	NAME(VM_UNMAP),
	NAME(VM_RECLAIM),
	NAME(VCPU_POWER),
	NAME(VM_MAP_READ),
	NAME(VM_ACCESS),
	NAME(VM_MEASURE),
	NAME(VM_BEGIN),
	NAME(VM_POISON),
	NAME(VM_JOIN),
	[HYPERCALL_COUNT] = "unknown",
	[HYPERCALL_COUNT + 1] = "SMCCC",
};

static const s64 errors[RESULTS] = {
	0, HYP_EPERM, HYP_ENOENT, HYP_ENOMEM, HYP_EBUSY, HYP_EINVAL, HYP_ERANGE,
};

static const char *const result_names[RESULTS] = {
	"done", "EPERM", "ENOENT", "ENOMEM", "EBUSY", "EINVAL", "ERANGE", "other",
};

bool fuzz_failed;
struct fuzz_cpu *fuzz_cpus[CPUS];
unsigned int fuzz_cpu_count;

/* Xorshift (Marsaglia), 64 bits: never 0. */
u64 fuzz_random(struct fuzz_cpu *c)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return c->random;
}

static unsigned int call_index(u64 id)
{
	if (id - HYPERCALL_BASE < HYPERCALL_COUNT)
		return id - HYPERCALL_BASE;
	switch (id) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
	case VENDOR_HYP_CALL_COUNT:
	case VENDOR_HYP_UID:
	case VENDOR_HYP_REVISION:
		return HYPERCALL_COUNT + 1;
	default:
		return HYPERCALL_COUNT;
	}
}

const char *fuzz_name(unsigned int call)
{
	return names[call];
}

const char *fuzz_result_name(unsigned int result)
{
	return result_names[result];
}

unsigned int fuzz_result(s64 value)
{
	unsigned int i;

	for (i = 1; i < RESULTS - 1; i++) {
		if (value == errors[i])
			return i;
	}
	return value >= 0 ? 0 : RESULTS - 1;
}

/* What is in register @n before call @id, but for arguments. */
static u64 filling(u64 id, unsigned int n)
{
	return id ^ (u64)n << 48;
}

static u64 before(u64 id, unsigned int n, const u64 *more)
{
	return more && n < 8 ? more[n - 4] : filling(id, n);
}

/* With x0 to x3, and x4 to x7 if any; x0 to x5 as they are afterwards. False when another one is not as it was. */
static bool hvc(u64 x[6], const u64 *more)
{
	u64 id = x[0];
	struct arm_smccc_1_2_regs regs;
	u64 all[REGISTERS];
	bool kept = true;
	unsigned int n;

	for (n = 0; n < REGISTERS; n++)
		all[n] = n < 4 ? x[n] : before(id, n, more);
	memcpy(&regs, all, sizeof(regs));
	arm_smccc_1_2_hvc(&regs, &regs);
	memcpy(all, &regs, sizeof(all));
	for (n = 6; n < REGISTERS; n++)
		kept = kept && all[n] == before(id, n, more);
	memcpy(x, all, 6 * sizeof(*x));
	return kept;
}

s64 fuzz_figure(u64 stat)
{
	u64 x[6] = { HYP_STATS, stat };

	return hvc(x, NULL) && x[0] == SMCCC_SUCCESS ? (s64)x[1] : HYP_EPERM;
}

static void tell_call(unsigned int index, const struct fuzz_call *call)
{
	pr_err("HYPATIA-FUZZ: %u: %s 0x%llx (0x%llx, 0x%llx, 0x%llx): 0x%llx, %lld, 0x%llx, 0x%llx; expected %lld\n",
	       index, names[call_index(call->id)], call->id, call->a[0], call->a[1], call->a[2], call->x[0],
	       (s64)call->x[1], call->x[2], call->x[3], call->want);
}

static void tell_history(const struct fuzz_cpu *c)
{
	u64 i = c->told < HISTORY ? 0 : c->told - HISTORY;

	for (; i < c->told; i++)
		tell_call(c->index, &c->history[i % HISTORY]);
}

/* The first that differs ends the test: what comes after it follows from it. */
void fuzz_differs(struct fuzz_cpu *c, const char *format, ...)
{
	struct va_format text;
	va_list args;
	unsigned int i;

	if (xchg(&fuzz_failed, true))
		return;
	va_start(args, format);
	text.fmt = format;
	text.va = &args;
	pr_err("HYPATIA-FUZZ: FAIL after %llu calls of CPU %u: %pV\n", c->calls, c->index, &text);
	va_end(args);
	for (i = 0; i < fuzz_cpu_count; i++)
		tell_history(fuzz_cpus[i]);
}

/*
 * What a known call leaves in x2 and x3 is what was there, but for those that say otherwise. False when the test is
 * over.
 */
bool fuzz_call(struct fuzz_cpu *c, struct fuzz_call *call)
{
	unsigned int index = call_index(call->id);
	bool kept;

	if (READ_ONCE(fuzz_failed))
		return false;
	call->x[0] = call->id;
	call->x[1] = call->a[0];
	call->x[2] = call->a[1];
	call->x[3] = call->a[2];
	kept = hvc(call->x, call->more);
	c->history[c->told % HISTORY] = *call;
	c->history[c->told % HISTORY].more = NULL;
	c->told++;
	if (c->checking) {
		c->checks++;
	} else if (c->again) {
		c->agains++;
	} else {
		c->calls++;
		c->count[index][index >= HYPERCALL_COUNT ? 0 : fuzz_result(call->x[1])]++;
	}
	if (!kept || (!(call->id == VCPU_RUN && call->x[1] <= EXIT_MAX) &&
		      (call->x[4] != before(call->id, 4, call->more) ||
		       call->x[5] != before(call->id, 5, call->more)))) {
		fuzz_differs(c, "%s changed one of x4 to x17", names[index]);
		return false;
	}
	if (index >= HYPERCALL_COUNT)
		return true;
	if (call->x[0] != SMCCC_SUCCESS) {
		fuzz_differs(c, "%s is not known", names[index]);
		return false;
	}
	if (call->id != VCPU_RUN && call->id != VCPU_GET_REG &&
	    (call->x[2] != call->a[1] || call->x[3] != call->a[2])) {
		fuzz_differs(c, "%s changed x2 or x3", names[index]);
		return false;
	}
	return true;
}

/* True when the call did what it was asked for. */
bool fuzz_expect_more(struct fuzz_cpu *c, struct fuzz_call *call)
{
	if (!fuzz_call(c, call))
		return false;
	if ((s64)call->x[1] != call->want) {
		fuzz_differs(c, "%s (0x%llx, 0x%llx, 0x%llx) came to %lld, not %lld", names[call_index(call->id)],
			     call->a[0], call->a[1], call->a[2], (s64)call->x[1], call->want);
		return false;
	}
	return call->want >= 0;
}

bool fuzz_expect(struct fuzz_cpu *c, u64 id, u64 a1, u64 a2, u64 a3, s64 want)
{
	struct fuzz_call call = { id, { a1, a2, a3 }, { 0 }, want };

	return fuzz_expect_more(c, &call);
}

/* Where others act at the same time: one of @may. */
s64 fuzz_any_of(struct fuzz_cpu *c, u64 id, u64 a1, u64 a2, u64 a3, const s64 *may, unsigned int n)
{
	struct fuzz_call call = { id, { a1, a2, a3 }, { 0 }, may[0] };
	unsigned int i;

	if (!fuzz_call(c, &call))
		return HYP_EPERM;
	for (i = 0; i < n; i++) {
		if ((s64)call.x[1] == may[i])
			return may[i];
	}
	fuzz_differs(c, "%s (0x%llx, 0x%llx, 0x%llx) came to %lld, which no order of calls explains",
		     names[call_index(id)], a1, a2, a3, (s64)call.x[1]);
	return HYP_EPERM;
}
