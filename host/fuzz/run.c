// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a CPU does with the vCPU that it has loaded, and the guest's side of it: from where the guest is and what it was
 * asked to do follows the exit that must come. Answers to its calls are rows of the generated vectors; power states and
 * pages are the model's.
 */
#include <asm/neon.h>

#include "fuzz.h"
#include "program.h"
#include <vectors/guest_call_vectors.h>

#define ENTRY ((u64)CODE_PAGE << 12)
#define NEAR 64
#define PSTATE_RESET 0x3c5
#define Z8 (CTX_Z0 + 8 * CTX_VECTOR_WORDS)
#define UNITS_MOST 4 /* of 128 bits, of a guest's vectors */

/* Calls of a guest that the vectors alone would rarely have do anything. */
#define CALL_SHARE 0xC6000003
#define CALL_UNSHARE 0xC6000004
#define CALL_MMIO 0xC6000007
#define CALL_RELINQUISH 0xC6000009
#define CALL_MEASUREMENT 0xC60000F0

struct exit {
	u64 kind;
	u64 x2;
	u64 x3;
};

/* CNTV_CTL_EL0: on and not masked. */
#define TIMER_BITS 3
#define TIMER_ON 1

/* What a call of a guest has to do, and x0 to x3 as it finds them. */
struct answer {
	u32 effect;
	u64 x[4];
};

/* Of a VM with SVE d8 is the begin of Z8. */
static u64 *v8_of(const struct fuzz_vm *vm, struct fuzz_vcpu *u)
{
	return vm->sve ? &u->z8 : &u->v8;
}

void fuzz_vcpu_new(struct fuzz_vcpu *u)
{
	memset(u, 0, sizeof(*u));
	u->power = POWER_OFF;
	u->pending = EXIT_NONE;
	u->at = AT_NOWHERE;
	u->pc = 0;
	u->vector = NONE;
}

static u64 word(u64 id, u64 a)
{
	return id & 0x40000000 ? a : (u32)a;
}

static u32 power_of(const struct fuzz_vm *vm, u64 i)
{
	return i < VCPUS_MAX ? vm->vcpu[i].power : POWER_ABSENT;
}

/* A row of this machine, with FEAT_RNG or without, and with an immediate of 0. */
static bool is_row(const struct guest_call_vector *row, const struct fuzz_vm *vm)
{
	bool has_random = read_sysreg(id_aa64isar0_el1) >> 60;

	return !row->imm && !row->random == !has_random && !row->protected == !vm->protected;
}

/* These ask for the power state of a vCPU. */
static bool of_state(const struct guest_call_vector *row)
{
	u32 n = guest_call_number(row->id);

	return (n == GC_PSCI_CPU_ON || n == GC_PSCI_AFFINITY_INFO) && word(row->id, row->args[0]) < VCPUS_MAX;
}

/* The row of the same call as @near, in a VM like @vm, where the vCPU that is asked for is in @state; or NONE. */
static int row_in(const struct fuzz_vm *vm, int near, u32 state)
{
	const struct guest_call_vector *row = &guest_call_vectors[near];
	int count = ARRAY_SIZE(guest_call_vectors);
	int i;

	for (i = max(near - NEAR, 0); i < min(near + NEAR, count); i++) {
		const struct guest_call_vector *other = &guest_call_vectors[i];

		if (other->id == row->id && !memcmp(other->args, row->args, sizeof(row->args)) && is_row(other, vm) &&
		    other->state == state)
			return i;
	}
	return NONE;
}

/* Of which the answer is known whatever happens to power states until it is asked. */
static bool is_known(const struct fuzz_vm *vm, int row)
{
	u32 state;

	for (state = POWER_ABSENT; of_state(&guest_call_vectors[row]) && state <= POWER_ON; state++) {
		if (row_in(vm, row, state) == NONE)
			return false;
	}
	return true;
}

/* CPU_ON, as the table of the spec has it: the target, the entry, the state. */
static struct answer answer_on(const struct fuzz_vm *vm, const u64 *x)
{
	static const s32 errors[] = {
		[POWER_ABSENT] = PSCI_INVALID_PARAMETERS,
		[POWER_OFF] = 0,
		[POWER_ON_PENDING] = PSCI_ON_PENDING,
		[POWER_ON] = PSCI_ALREADY_ON,
	};
	u32 power = power_of(vm, x[1]);
	s32 error = power == POWER_ABSENT ? errors[power] :
		    x[2] >= GUEST_IPA_END || x[2] % 4 ? PSCI_INVALID_ADDRESS : errors[power];

	return (struct answer){ error ? GUEST_ANSWER : GUEST_CPU_ON, { (u64)(s64)error } };
}

static struct answer answer_of(const struct fuzz_vm *vm, const struct fuzz_vcpu *u)
{
	struct answer a = { GUEST_ANSWER, { 0 } };
	const struct guest_call_vector *row;

	if (u->vector != NONE) {
		row = &guest_call_vectors[u->vector];
		if (of_state(row))
			row = &guest_call_vectors[row_in(vm, u->vector, power_of(vm, word(row->id, row->args[0])))];
		a.effect = row->effect;
		memcpy(a.x, row->x, sizeof(a.x));
		return a;
	}
	switch (u->x[0]) {
	case PSCI_CPU_ON_64:
		return answer_on(vm, u->x);
	case PSCI_CPU_OFF:
		a.effect = GUEST_CPU_OFF;
		return a;
	case PSCI_SYSTEM_OFF:
		a.effect = GUEST_SYSTEM_OFF;
		return a;
	case PSCI_SYSTEM_RESET:
		a.effect = GUEST_SYSTEM_RESET;
		return a;
	default:
		break;
	}
	/* Of memory: not there of another VM; a page, and nothing besides. */
	if (!vm->protected) {
		a.x[0] = (u64)SMCCC_NOT_SUPPORTED;
		return a;
	}
	if (u->x[0] == CALL_MEASUREMENT) {
		a.effect = u->x[1] > 1 || u->x[2] || u->x[3] ? GUEST_ANSWER : GUEST_MEASUREMENT;
		a.x[0] = a.effect == GUEST_ANSWER ? (u64)SMCCC_INVALID_PARAMETER : 0;
		return a;
	}
	if (u->x[1] >= GUEST_IPA_END || u->x[1] % GUEST_GRANULE || u->x[2] || u->x[3]) {
		a.x[0] = (u64)SMCCC_INVALID_PARAMETER;
		return a;
	}
	a.effect = u->x[0] == CALL_SHARE ? GUEST_SHARE : u->x[0] == CALL_UNSHARE ? GUEST_UNSHARE :
		   u->x[0] == CALL_RELINQUISH ? GUEST_RELINQUISH : GUEST_MMIO;
	return a;
}

/* What a call does to a page of the guest's; false when that is refused. */
static bool page_effect(struct fuzz_cpu *c, int slot, u32 effect, u64 address)
{
	int frame = fuzz_page_of(c, slot, address >> 12);
	const char *move = effect == GUEST_SHARE ? "guest_share_host" : effect == GUEST_UNSHARE ? "guest_unshare_host" :
			   "guest_relinquish";
	struct fuzz_frame *f;

	if (effect == GUEST_MMIO)
		return frame == NONE && !fuzz_poisoned(&c->vm[slot], address >> 12);
	if (frame == NONE)
		return false;
	f = &c->frame[frame];
	/* One that it would give up stands alone, also when it is lent and stays. */
	if (effect == GUEST_RELINQUISH && frame >= FRAMES)
		c->is_block = false;
	if (fuzz_move_error(move, f->state, f->count))
		return false;
	if (effect == GUEST_RELINQUISH)
		fuzz_page_lost(c, slot, frame, move);
	else
		fuzz_move(c, move, f);
	return true;
}

static void halt(struct fuzz_vm *vm)
{
	u32 i;

	for (i = 0; i < VCPUS_MAX; i++) {
		if (vm->vcpu[i].power != POWER_ABSENT)
			vm->vcpu[i].power = POWER_OFF;
	}
}

/* The guest calls, with u->x: EXIT_NONE when it goes on at once. */
static struct exit guest_calls(struct fuzz_cpu *c, int slot, struct fuzz_vcpu *u)
{
	struct fuzz_vm *vm = &c->vm[slot];
	struct answer a = answer_of(vm, u);
	u64 arg[4];
	int k;

	c->guest_calls++;
	for (k = 0; k < 4; k++)
		arg[k] = k ? word(u->x[0], u->x[k]) : u->x[0];
	u->at = AT_TELL;
	u->more = true;
	if (a.effect == GUEST_HOST) {
		u->pending = u->op == OP_HVC ? EXIT_HVC : EXIT_SMC;
		return (struct exit){ u->pending, u->x[0], u->x[1] };
	}
	memcpy(u->x, a.x, sizeof(u->x));
	switch (a.effect) {
	case GUEST_SHARE ... GUEST_MMIO:
		if (!page_effect(c, slot, a.effect, arg[1]))
			u->x[0] = (u64)SMCCC_INVALID_PARAMETER;
		break;
	case GUEST_MEASUREMENT:
		if (vm->image == NO_IMAGE) {
			u->x[0] = (u64)SMCCC_NOT_SUPPORTED;
			break;
		}
		u->x[1] = fuzz_measurement(vm, 2 * arg[1]);
		u->x[2] = fuzz_measurement(vm, 2 * arg[1] + 1);
		break;
	case GUEST_SUSPEND:
		return (struct exit){ EXIT_WFX, 0, 0 };
	case GUEST_CPU_ON:
		vm->vcpu[arg[1]].power = POWER_ON_PENDING;
		vm->vcpu[arg[1]].entry_pc = arg[2];
		vm->vcpu[arg[1]].entry = arg[3];
		return (struct exit){ EXIT_ON, arg[1], 0 };
	case GUEST_CPU_OFF:
		u->power = POWER_OFF;
		return (struct exit){ EXIT_OFF, 0, 0 };
	case GUEST_SYSTEM_OFF:
	case GUEST_SYSTEM_RESET:
		halt(vm);
		return (struct exit){ EXIT_END, a.effect == GUEST_SYSTEM_RESET, 0 };
	default:
		break;
	}
	return (struct exit){ EXIT_NONE, 0, 0 };
}

static struct exit asks(struct fuzz_vcpu *u, u64 address)
{
	u->pending = EXIT_FAULT;
	return (struct exit){ EXIT_FAULT, FAULT_VALID + 3 * FAULT_SIZE + address, 0 };
}

static struct exit tells(struct fuzz_vcpu *u, u64 address, u64 value)
{
	u->pending = EXIT_FAULT;
	return (struct exit){ EXIT_FAULT, FAULT_VALID + FAULT_WRITE + 3 * FAULT_SIZE + address, value };
}

/* A word of the guest's memory: the first or the last of a page. */
static u64 *word_at(struct fuzz_cpu *c, int slot, u64 address)
{
	int frame = fuzz_page_of(c, slot, address >> 12);

	return frame == NONE ? NULL : &c->frame[frame].word[address % 4096 ? 1 : 0];
}

/* The host took the page by force: the guest does not go on. */
static struct exit stuck(u64 address)
{
	return (struct exit){ EXIT_POISON, address / 4096 * 4096, 0 };
}

/* The guest does what it was asked to. */
static struct exit does(struct fuzz_cpu *c, int slot, struct fuzz_vcpu *u)
{
	struct exit none = { EXIT_NONE, 0, 0 };
	u64 *memory;

	u->at = AT_TELL;
	u->more = false;
	switch (u->op) {
	case OP_HVC:
	case OP_SMC:
		memcpy(u->x, u->arg, sizeof(u->x));
		return guest_calls(c, slot, u);
	case OP_READ:
		memory = word_at(c, slot, u->arg[0]);
		if (!memory) {
			u->at = AT_DO;
			if (fuzz_poisoned(&c->vm[slot], u->arg[0] >> 12))
				return stuck(u->arg[0]);
			return asks(u, u->arg[0]);
		}
		u->x[0] = *memory;
		return none;
	case OP_WRITE:
		memory = word_at(c, slot, u->arg[0]);
		u->x[0] = u->arg[1];
		if (!memory) {
			u->at = AT_DO;
			if (fuzz_poisoned(&c->vm[slot], u->arg[0] >> 12))
				return stuck(u->arg[0]);
			return tells(u, u->arg[0], u->arg[1]);
		}
		*memory = u->arg[1];
		u->at = AT_OP;
		return none;
	case OP_WFI:
		u->at = AT_OP;
		return (struct exit){ EXIT_WFX, 0, 0 };
	case OP_SYSREG:
		u->at = AT_DO;
		u->pending = EXIT_SYSREG;
		return (struct exit){ EXIT_SYSREG, SYSREG_ESR, 0 };
	case OP_UNDEFINED:
		u->exceptions++;
		u->x[0] = u->exceptions;
		return none;
	case OP_FP:
		u->x[0] = 2 * u->exceptions;
		return none;
	case OP_MPIDR:
		u->x[0] = 0x80000000 + (u - c->vm[slot].vcpu);
		return none;
	case OP_V8_READ:
		u->x[0] = *v8_of(&c->vm[slot], u);
		return none;
	case OP_V8_WRITE:
		*v8_of(&c->vm[slot], u) = u->arg[0];
		u->at = AT_OP;
		return none;
	case OP_X24_READ:
		u->x[0] = u->x24;
		return none;
	case OP_TIMER:
		u->timer = u->arg[0];
		u->timer_on = u->arg[1] == TIMER_ON;
		u->at = AT_OP;
		return none;
	default:
		u->at = AT_OP;
		return none;
	}
}

/* The guest runs until an exit. */
static struct exit goes(struct fuzz_cpu *c, int slot, struct fuzz_vcpu *u)
{
	struct exit e = { EXIT_NONE, 0, 0 };

	u->ran = true;
	u->pending = EXIT_NONE;
	while (e.kind == EXIT_NONE) {
		if (u->at != AT_NOWHERE && fuzz_poisoned(&c->vm[slot], CODE_PAGE))
			return stuck(ENTRY);
		if (u->at == AT_NOWHERE || fuzz_page_of(c, slot, CODE_PAGE) == NONE) {
			return (struct exit){ EXIT_FAULT, FAULT_FETCH + (u->at == AT_NOWHERE ? u->pc : ENTRY), 0 };
		}
		switch (u->at) {
		case AT_BEGIN:
			u->exceptions = 0;
			e = tells(u, CHANNEL + TELL_BEGIN, u->x[0]);
			break;
		case AT_OP:
			e = asks(u, CHANNEL + ASK_OP);
			break;
		case AT_ARG0 ... AT_ARG3:
			e = asks(u, CHANNEL + ASK_ARG + 8 * (u->at - AT_ARG0));
			break;
		case AT_TELL:
			e = tells(u, CHANNEL + TELL, u->x[0]);
			break;
		case AT_TELL_MORE:
			e = tells(u, CHANNEL + TELL + 8, u->x[1] + 2 * u->x[2] + 4 * u->x[3]);
			break;
		default:
			e = does(c, slot, u);
			break;
		}
	}
	return e;
}

static unsigned int arguments(u32 op)
{
	return op <= OP_SMC ? 4 : op == OP_WRITE || op == OP_TIMER ? 2 : op == OP_READ || op == OP_V8_WRITE ? 1 : 0;
}

/* The answer to an exit gets in, if that has one: what the guest has of it. */
static void answered(struct fuzz_vcpu *u, u64 value)
{
	u64 pending = u->pending;

	u->pending = EXIT_NONE;
	if (pending == EXIT_NONE)
		return;
	if (pending == EXIT_HVC || pending == EXIT_SMC) {
		u->x[0] = value;
		return;
	}
	switch (u->at) {
	case AT_BEGIN:
	case AT_TELL_MORE:
		u->at = AT_OP;
		break;
	case AT_OP:
		u->op = value;
		u->vector = u->plan_vector;
		u->at = arguments(u->op) ? AT_ARG0 : AT_DO;
		break;
	case AT_ARG0 ... AT_ARG3:
		u->arg[u->at - AT_ARG0] = value;
		u->at = u->at - AT_ARG0 + 1 < arguments(u->op) ? u->at + 1 : AT_DO;
		break;
	case AT_TELL:
		u->at = u->more ? AT_TELL_MORE : AT_OP;
		break;
	default:
		/* A read of the guest's, a write, or of a register. */
		if (u->op != OP_WRITE)
			u->x[0] = value;
		u->at = u->op == OP_WRITE ? AT_OP : AT_TELL;
		break;
	}
}

/*
 * A row for a guest of @vm to call by, or NONE. What ends a vCPU or a VM is rare. What begins one is not left to
 * chance: the guest has to find its program there. Random bits are not asked for: no model says what comes.
 */
static int pick_row(struct fuzz_cpu *c, const struct fuzz_vm *vm)
{
	int tries;

	for (tries = 0; tries < 16; tries++) {
		int i = below(c, ARRAY_SIZE(guest_call_vectors));
		const struct guest_call_vector *row = &guest_call_vectors[i];

		if (!is_row(row, vm) || row->effect == GUEST_RANDOM)
			continue;
		if (of_state(row) && guest_call_number(row->id) == GC_PSCI_CPU_ON)
			continue;
		if (row->effect >= GUEST_CPU_OFF && row->effect <= GUEST_SYSTEM_RESET && below(c, 16))
			continue;
		if (is_known(vm, i))
			return i;
	}
	return NONE;
}

static u64 address(struct fuzz_cpu *c)
{
	u64 none = below(c, 4) ? NOWHERE : GUEST_IPA_END;

	return (below(c, 8) ? fuzz_page(c) << 12 : none) + (below(c, 2) ? 4088 : 0);
}

static void plan_call(struct fuzz_cpu *c, const struct fuzz_vm *vm, struct fuzz_vcpu *u)
{
	static const u64 ids[] = { CALL_SHARE, CALL_UNSHARE, CALL_RELINQUISH, CALL_MMIO, CALL_MEASUREMENT };
	static const u64 entries[] = { ENTRY + 2, GUEST_IPA_END, ~3ULL, NOWHERE };
	int row = below(c, 2) ? pick_row(c, vm) : NONE;

	u->plan_vector = row;
	if (row != NONE) {
		u->plan[0] = guest_call_vectors[row].id;
		memcpy(&u->plan[1], guest_call_vectors[row].args, sizeof(guest_call_vectors[row].args));
		return;
	}
	switch (below(c, 8)) {
	case 0 ... 1:
		u->plan[0] = PSCI_CPU_ON_64;
		u->plan[1] = below(c, 8) ? below(c, 4) : fuzz_random(c);
		u->plan[2] = below(c, 4) ? ENTRY : entries[below(c, ARRAY_SIZE(entries))];
		u->plan[3] = fuzz_random(c);
		break;
	case 2:
		if (!below(c, 4)) {
			u->plan[0] = below(c, 4) ? PSCI_CPU_OFF : below(c, 2) ? PSCI_SYSTEM_OFF : PSCI_SYSTEM_RESET;
			break;
		}
		fallthrough;
	default:
		u->plan[0] = ids[below(c, ARRAY_SIZE(ids))];
		u->plan[1] = below(c, 16) ? fuzz_page(c) << 12 : fuzz_random(c);
		if (u->plan[0] == CALL_MEASUREMENT)
			u->plan[1] = below(c, 3);
		u->plan[2] = below(c, 32) ? 0 : fuzz_random(c);
		u->plan[3] = below(c, 32) ? 0 : fuzz_random(c);
		break;
	}
}

/* What the guest is to do next. The program is not written over. */
static u32 plan(struct fuzz_cpu *c, const struct fuzz_vm *vm, struct fuzz_vcpu *u)
{
	u32 op = below(c, 2) ? below(c, OP_SMC + 1) : below(c, OP_COUNT);

	u->plan_vector = NONE;
	u->plan[0] = op == OP_V8_WRITE ? fuzz_random(c) : address(c);
	u->plan[1] = fuzz_random(c);
	if (op <= OP_SMC) {
		plan_call(c, vm, u);
	} else if (op == OP_TIMER) {
		/* Years from now: it never fires. */
		u->plan[0] = fuzz_random(c) >> 2 | 1ULL << 62;
		u->plan[1] = below(c, TIMER_BITS + 1);
	}
	if (op == OP_WRITE && u->plan[0] >> 12 == CODE_PAGE)
		u->plan[0] += 0x1000;
	/* Mostly no page that ends its run for good. */
	if ((op == OP_READ || op == OP_WRITE) && fuzz_poisoned(vm, u->plan[0] >> 12) && below(c, 8))
		u->plan[0] = NOWHERE;
	return op;
}

static u64 answer_value(struct fuzz_cpu *c, const struct fuzz_vm *vm, struct fuzz_vcpu *u)
{
	if (u->pending == EXIT_FAULT && u->at == AT_OP)
		return plan(c, vm, u);
	if (u->pending == EXIT_FAULT && u->at >= AT_ARG0 && u->at <= AT_ARG3)
		return u->plan[u->at - AT_ARG0];
	return fuzz_random(c);
}

/* It enters where CPU_ON said, with the registers of a new one. */
static void begins(const struct fuzz_vm *vm, struct fuzz_vcpu *u)
{
	struct fuzz_vcpu new;

	fuzz_vcpu_new(&new);
	new.state = u->state;
	new.frame = u->frame;
	new.power = POWER_ON;
	new.ran = true;
	new.at = u->entry_pc == ENTRY ? AT_BEGIN : AT_NOWHERE;
	new.pc = u->entry_pc;
	new.x[0] = u->entry;
	new.z8 = vm->sve ? 0 : u->z8;
	*u = new;
}

/* Until the guest has come to something that is not the host's interrupt. */
/* The machine's count at which a timer fires whose counter is @offset behind it, or ahead of it by -@offset. */
static u64 fires(u64 compare, u64 offset)
{
	s64 behind = (s64)offset;
	u64 sum = compare + offset;

	if (behind >= 0)
		return sum < compare ? ~0ULL : sum;
	return sum > compare ? 0 : sum;
}

/* The guest's counter began later, or is ahead: in both cases its timer, which is years off, does not fire. */
static u64 some_offset(struct fuzz_cpu *c)
{
	return below(c, 2) ? below(c, read_sysreg(cntvct_el0)) : -(fuzz_random(c) >> 3);
}

static bool run_until(struct fuzz_cpu *c, u64 flags, u64 value, struct fuzz_call *last, bool *interrupted)
{
	struct fuzz_call call;
	bool over;

	c->again = false;
	do {
		call = (struct fuzz_call){ VCPU_RUN, { flags, value, 0 }, { 0 }, 0 };
		kernel_neon_begin();
		over = !fuzz_call(c, &call);
		kernel_neon_end();
		c->again = !over;
		if (over)
			return false;
		flags &= ~(u64)RUN_ANSWERED;
		if (call.x[1] <= EXIT_MAX)
			c->exits[call.x[1]]++;
		if (call.x[1] == EXIT_IRQ)
			*interrupted = true;
	} while (call.x[1] == EXIT_IRQ || call.x[1] == EXIT_NONE);
	c->again = false;
	*last = call;
	return true;
}

static bool same_exit(struct exit a, struct exit b)
{
	return a.kind == b.kind && a.x2 == b.x2 && a.x3 == b.x3;
}

static void run_vcpu(struct fuzz_cpu *c, struct fuzz_vcpu *u, u64 flags)
{
	struct fuzz_vm *vm = &c->vm[c->loaded_vm];
	struct exit want = { EXIT_OFF, 0, 0 };
	bool interrupted = false;
	bool waits = false;
	u64 value = answer_value(c, vm, u);
	struct fuzz_call last;
	struct exit got;

	if (u->power == POWER_ON_PENDING)
		begins(vm, u);
	/* Made before the call: what a guest changes of its memory is looked at behind it. */
	if (!run_until(c, flags, value, &last, &interrupted))
		return;
	got = (struct exit){ last.x[1], last.x[2], last.x[3] };
	if (u->power != POWER_OFF) {
		if (flags & RUN_ANSWERED)
			answered(u, value);
		waits = u->at == AT_DO && u->op == OP_WFI;
		want = goes(c, c->loaded_vm, u);
	}
	/* WFI does nothing where an interrupt waits. */
	if (waits && !same_exit(got, want) && (interrupted || flags & (RUN_IRQ | RUN_FIQ)))
		want = goes(c, c->loaded_vm, u);
	if (!same_exit(got, want))
		fuzz_differs(c, "a guest came to exit %llu (0x%llx, 0x%llx), not %llu (0x%llx, 0x%llx)", got.kind,
			     got.x2, got.x3, want.kind, want.x2, want.x3);
	else if (last.x[4] != u->timer_on || last.x[5] != (u->timer_on ? fires(u->timer, vm->offset) : 0))
		fuzz_differs(c, "a guest's timer is told as (%llu, 0x%llx), not as (%llu, 0x%llx) behind by 0x%llx",
			     last.x[4], last.x[5], u->timer_on, u->timer, vm->offset);
}

static void run(struct fuzz_cpu *c)
{
	struct fuzz_vcpu *u = fuzz_loaded(c);
	u64 flags = (below(c, 16) ? RUN_ANSWERED : 0) | (below(c, 4) ? 0 : below(c, 4) * RUN_IRQ);

	if (!below(c, 64)) {
		/* What stands in x4 to x7 is no list register. */
		flags = below(c, 2) ? RUN_FLAGS + 1 : flags | (below(c, 8) ? 1ULL << (5 + below(c, 59)) : RUN_GIC);
		fuzz_expect(c, VCPU_RUN, flags, fuzz_random(c), 0, HYP_EINVAL);
	} else if (!u) {
		fuzz_expect(c, VCPU_RUN, flags, fuzz_random(c), 0, HYP_ENOENT);
	} else {
		run_vcpu(c, u, flags);
	}
}

/* A word of the context that the program leaves alone, and where the model has it. */
static u64 *kept_word(struct fuzz_vcpu *u, u64 number)
{
	switch (number) {
	case CTX_X24:
		return &u->x24;
	case CTX_V0 + 16:
		return &u->v8;
	case Z8:
		return &u->z8;
	case CTX_TPIDR_EL0:
		return &u->tpidr;
	default:
		return NULL;
	}
}

static u64 no_word(struct fuzz_cpu *c)
{
	if (below(c, 2))
		return CTX_NAMED_END + below(c, 8);
	return below(c, 2) ? CTX_SVE_END + below(c, 4) : ~0ULL - below(c, 4);
}

/* Of SVE. */
static bool is_vector(u64 number)
{
	return number >= CTX_SVE_FIRST && number < CTX_SVE_END;
}

static u64 some_vector(struct fuzz_cpu *c)
{
	return below(c, 2) ? Z8 : CTX_SVE_FIRST + below(c, CTX_SVE_END - CTX_SVE_FIRST);
}

static void get_word(struct fuzz_cpu *c, struct fuzz_vcpu *u)
{
	static const u64 words[] = { CTX_X24, CTX_V0 + 16, CTX_TPIDR_EL0, CTX_CNTVOFF_EL2, CTX_SVE };
	u64 number = !below(c, 16) ? no_word(c) :
		     !below(c, 16) ? some_vector(c) :
		     below(c, 2) ? words[below(c, ARRAY_SIZE(words))] : below(c, CTX_NAMED_END);
	struct fuzz_call call = { VCPU_GET_REG, { number, fuzz_random(c), fuzz_random(c) }, { 0 }, 0 };
	u64 *kept;

	call.want = number >= CTX_NAMED_END && !is_vector(number) ? HYP_EINVAL : c->loaded_vm == NONE ? HYP_ENOENT :
		    c->vm[c->loaded_vm].protected || (is_vector(number) && !c->vm[c->loaded_vm].sve) ? HYP_EPERM : 0;
	if (!fuzz_call(c, &call))
		return;
	kept = call.want ? &call.a[1] :
	       number == CTX_CNTVOFF_EL2 ? &c->vm[c->loaded_vm].offset :
	       number == CTX_SVE ? &c->vm[c->loaded_vm].sve : kept_word(u, number);
	if ((s64)call.x[1] != call.want || call.x[3] != call.a[2] || (kept && call.x[2] != *kept))
		fuzz_differs(c, "VCPU_GET_REG of word %llu: %lld, 0x%llx; not %lld, 0x%llx", number, (s64)call.x[1],
			     call.x[2], call.want, kept ? *kept : 0);
}

static bool is_pstate(u64 value)
{
	return value == PSTATE_RESET;
}

/* What the model can follow: no register that the program is about to use. */
static u64 settable(struct fuzz_cpu *c, const struct fuzz_vcpu *u, bool protected)
{
	static const u64 words[] = { CTX_X24, CTX_V0 + 16, CTX_TPIDR_EL0, CTX_PSTATE, CTX_ICH_LR0_EL2,
				     CTX_MDSCR_EL1, CTX_DBGWVR0_EL1, CTX_CNTVOFF_EL2, CTX_SVE, Z8 };

	if (u && u->pending == EXIT_NONE && (u->at <= AT_BEGIN || protected) && below(c, 4))
		return below(c, 4) ? CTX_PC : CTX_X0;
	if (protected && below(c, 2))
		return below(c, CTX_NAMED_END);
	return words[below(c, ARRAY_SIZE(words))];
}

static u64 some_length(struct fuzz_cpu *c)
{
	return below(c, 8) ? below(c, UNITS_MOST + 1) : UNITS_MOST + 1 + fuzz_random(c) / 2;
}

/* What all vCPUs of a VM have in common. */
static s64 common_error(const struct fuzz_vm *vm, u64 number, u64 value)
{
	if (number == CTX_SVE && value > UNITS_MOST)
		return HYP_EINVAL;
	if (number == CTX_SVE && value && !(fuzz_figures[STAT_SVE] >> (value - 1) & 1))
		return HYP_EPERM;
	if (number == CTX_SVE && vm->image == OPEN_IMAGE)
		return 0;
	return vm->protected && vm->turned_on ? HYP_EPERM : 0;
}

static s64 set_error(const struct fuzz_vm *vm, const struct fuzz_vcpu *u, u64 number, u64 value)
{
	bool entry = number == CTX_PC || number == CTX_X0;

	if (number >= CTX_NAMED_END && !is_vector(number))
		return HYP_EINVAL;
	if (!u)
		return HYP_ENOENT;
	if (is_vector(number))
		return vm->protected || !vm->sve ? HYP_EPERM : 0;
	if (number == CTX_CNTVOFF_EL2 || number == CTX_SVE)
		return common_error(vm, number, value);
	if (number == CTX_ICH_LR0_EL2 || (vm->protected && (u->ran || !entry)))
		return HYP_EPERM;
	return number == CTX_PSTATE && !is_pstate(value) ? HYP_EINVAL : 0;
}

static void set_word(struct fuzz_cpu *c, struct fuzz_vcpu *u)
{
	static const u64 pstates[] = { PSTATE_RESET, 0x3c9, 0x10, 0x1d3, 1, 1ULL << 32 | PSTATE_RESET };
	struct fuzz_vm *vm = u ? &c->vm[c->loaded_vm] : NULL;
	bool protected = u && vm->protected;
	u64 number = below(c, 32) ? settable(c, u, protected) : below(c, 2) ? no_word(c) : some_vector(c);
	u64 value = number == CTX_PC ? (below(c, 8) ? ENTRY : NOWHERE) :
		    number == CTX_PSTATE ? pstates[below(c, ARRAY_SIZE(pstates))] :
		    number == CTX_CNTVOFF_EL2 ? some_offset(c) :
		    number == CTX_SVE ? some_length(c) : fuzz_random(c);

	if (!fuzz_expect(c, VCPU_SET_REG, number, value, fuzz_random(c), set_error(vm, u, number, value)))
		return;
	if (number == CTX_PC) {
		u->at = value == ENTRY ? AT_BEGIN : AT_NOWHERE;
		u->pc = value;
	} else if (number == CTX_X0) {
		u->x[0] = value;
	} else if (number == CTX_CNTVOFF_EL2) {
		vm->offset = value;
	} else if (number == CTX_SVE) {
		vm->sve = value;
	} else if (kept_word(u, number)) {
		*kept_word(u, number) = value;
	}
}

static void power(struct fuzz_cpu *c, struct fuzz_vcpu *u, u64 on)
{
	struct fuzz_vm *vm = u ? &c->vm[c->loaded_vm] : NULL;
	s64 want = on > 1 ? HYP_EINVAL : !u ? HYP_ENOENT : vm->protected && (!on || vm->turned_on) ? HYP_EPERM : 0;

	if (!fuzz_expect(c, VCPU_POWER, on, fuzz_random(c), fuzz_random(c), want))
		return;
	u->power = on ? POWER_ON : POWER_OFF;
	if (on)
		vm->turned_on = true;
}

void fuzz_run_call(struct fuzz_cpu *c)
{
	struct fuzz_vcpu *u = fuzz_loaded(c);

	/* It would rarely run without a place to begin at, and turned on; and is of no use when it never will be. */
	if (u && !u->ran && u->at == AT_NOWHERE && below(c, 8)) {
		set_word(c, u);
		return;
	}
	if (u && c->vm[c->loaded_vm].image == OPEN_IMAGE && !below(c, 4) &&
	    fuzz_page_of(c, c->loaded_vm, CODE_PAGE) != NONE) {
		fuzz_vm_begin(c, c->loaded_vm);
		return;
	}
	if (u && u->power == POWER_OFF && below(c, 4)) {
		if (c->vm[c->loaded_vm].protected && c->vm[c->loaded_vm].turned_on && below(c, 8))
			fuzz_put(c);
		else
			power(c, u, 1);
		return;
	}
	switch (below(c, 64)) {
	case 0:
		fuzz_put(c);
		break;
	case 1 ... 2:
		get_word(c, u);
		break;
	case 3 ... 5:
		set_word(c, u);
		break;
	case 6:
		power(c, u, below(c, 4) ? 1 : below(c, 2) ? 0 : 2 + fuzz_random(c) % (1ULL << 63));
		break;
	default:
		run(c);
		break;
	}
}
