/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What spec/hypercalls.toml and spec/vm.toml say of each call: its arguments in their order, then what the oracles say.
 */
#include "model.h"

#include "guest.h"
#include "vcpu.h"

/*
 * A new call needs what must come of it in model_answer() or vm_answer(), its arguments in arguments(), a line of
 * model_may_lack() if it may be short of tables, and its name in report.c.
 */
_Static_assert(HYPERCALL_COUNT == 32, "a hypercall that the checker does not know");

#define ENTRY_FRAME(e) ((e) / PAGE_SIZE % PFN_COUNT)
/* Of a leaf of stage 2: S2AP[1] and AF (Arm ARM D8.3). */
#define ENTRY_RIGHTS(e) ((e) / 0x80u % 2u * PAGE_WRITABLE + (e) / 0x400u % 2u * PAGE_YOUNG)

static u32 is_vm(u64 handle)
{
	return handle >= VM_HANDLE_BASE && handle - VM_HANDLE_BASE < VMS_MAX;
}

static s32 frame_call(const struct model_call *call, u32 commit)
{
	return call->a1 >= PFN_COUNT ? HYP_ERANGE : model_step(call->id, call->a1, commit);
}

static s64 frame_info_of(u64 pfn)
{
	struct model_frame f;

	if (pfn >= PFN_COUNT) {
		return HYP_ERANGE;
	}
	if (model_record(pfn) == MODEL_NONE) {
		return HYP_EINVAL;
	}
	f = model_frame(pfn);
	return f.state + 256 * (s64)f.count;
}

/* No frame changes unless all can; then as many as the call says, which are fewer when tables are short. */
static s64 range_call(const struct model_call *call, u32 commit)
{
	u64 chunk = call->a2 < RANGE_FRAMES_MAX ? call->a2 : RANGE_FRAMES_MAX;
	s32 error = 0;
	u64 k;

	if (call->a1 >= PFN_COUNT) {
		return HYP_ERANGE;
	}
	if (call->a2 == 0) {
		return HYP_EINVAL;
	}
	if (call->a2 > PFN_COUNT - call->a1) {
		return HYP_ERANGE;
	}
	for (k = 0; k < chunk && error == 0; k++) {
		error = model_step(call->id, call->a1 + k, 0);
	}
	if (error != 0) {
		return error;
	}
	for (k = 0; k < chunk && commit != 0 && (s64)k < call->got; k++) {
		(void)model_step(call->id, call->a1 + k, 1);
	}
	return (s64)chunk;
}

static s64 stat(const struct model_call *call)
{
	u64 frames = 0;
	u32 i;

	switch (call->a1) {
	case STAT_RAM_FRAMES:
		for (i = 0; i < boot_info.bank_count; i++) {
			frames += boot_info.bank[i].size / PAGE_SIZE;
		}
		return (s64)frames;
	case STAT_RESERVED_FRAMES:
		return (s64)((boot_info.image_end.pa - boot_info.image_base.pa + boot_info.carveout_size) / PAGE_SIZE);
	case STAT_CPU_COUNT:
		return boot_info.cpu_count;
	case STAT_MODE:
		return boot_info.mode;
	case STAT_SVE:
		return machine_sve;
	/* Of the pool and of the GIC the model has no figures. */
	case STAT_POOL_FRAMES:
	case STAT_POOL_FREE_FRAMES:
	case STAT_GIC_LISTS:
		return call->got >= 0 ? call->got : 0;
	default:
		return HYP_EINVAL;
	}
}

/* Any handle that is free may be given. */
static s64 reserve(const struct model_call *call, u32 commit)
{
	s64 v = call->got - (s64)VM_HANDLE_BASE;
	u32 k;

	if (v >= 0 && v < (s64)VMS_MAX && model_vm[v].state == VM_FREE) {
		if (commit != 0) {
			model_vm[v].state = oracle_reserve_vm(VM_FREE, VCPU_EMPTY, 0).vm;
		}
		return call->got;
	}
	for (k = 0; k < VMS_MAX; k++) {
		if (model_vm[k].state == VM_FREE) {
			return (s64)VM_HANDLE_BASE + k;
		}
	}
	return HYP_ENOMEM;
}

/* What speaks against operation @op, in the words of spec/vm.toml. */
static u32 busy(u32 op, u32 v, u32 cpu)
{
	u32 loaded = 0;
	u32 held = model_vm[v].frames != 0;
	u32 k;

	for (k = 0; k < VCPUS_MAX; k++) {
		loaded |= model_vm[v].vcpu[k] == VCPU_LOADED;
		held |= model_vm[v].vcpu[k] != VCPU_EMPTY;
	}
	switch (op) {
	case LIFE_VCPU_LOAD:
		return model_cpu[cpu].loaded;
	case LIFE_START_TEARDOWN_VM:
		return loaded;
	case LIFE_FINALIZE_TEARDOWN_VM:
		return held;
	default:
		return 0;
	}
}

/* Operation @op on VM @v and its vCPU @i, with frame @pfn going the way of @move: no part without the other. */
static s32 live(const struct model_call *call, u32 op, u32 v, u32 i, u32 commit)
{
	struct vm_oracle_result next = oracle_life(op, model_vm[v].state, model_vm[v].vcpu[i], busy(op, v, call->cpu));

	if (next.error == 0 && commit != 0) {
		model_vm[v].state = next.vm;
		model_vm[v].vcpu[i] = next.vcpu;
	}
	return next.error;
}

static s32 vm_make(const struct model_call *call, u32 v, u32 commit)
{
	s32 error = live(call, LIFE_INIT_VM, v, 0, 0);

	if (error == 0) {
		error = model_move(MOVE_VM_GIVE, call->a2, commit);
	}
	if (error != 0 || commit == 0) {
		return error;
	}
	model_vm[v].protected = call->a3 != 0;
	model_vm[v].frame = call->a2;
	model_vm[v].frames = 0;
	model_vm[v].image = call->a3 == 2 ? IMAGE_OPEN : IMAGE_NONE;
	/* The host turns none on of one whose image is measured. */
	model_vm[v].host = call->a3 == 2;
	model_vm[v].sve = 0;
	return live(call, LIFE_INIT_VM, v, 0, 1);
}

static s32 vcpu_make(const struct model_call *call, u32 v, u32 commit)
{
	u32 i = (u32)call->a2;
	s32 error = live(call, LIFE_INIT_VCPU, v, i, 0);

	if (error == 0) {
		error = model_move(MOVE_VM_GIVE, call->a3, commit);
	}
	if (error != 0 || commit == 0) {
		return error;
	}
	model_vm[v].vcpu_frame[i] = call->a3;
	model_vm[v].power[i] = oracle_power_add(model_vm[v].power[i]).state;
	return live(call, LIFE_INIT_VCPU, v, i, 1);
}

static s32 vcpu_take(const struct model_call *call, u32 v, u32 commit)
{
	s32 error = live(call, LIFE_VCPU_LOAD, v, (u32)call->a2, commit);

	if (error == 0 && commit != 0) {
		model_cpu[call->cpu] = (struct model_cpu){ 1, v, (u32)call->a2 };
	}
	return error;
}

static s32 vcpu_drop(const struct model_call *call, u32 commit)
{
	struct model_cpu *mine = &model_cpu[call->cpu];
	s32 error;

	if (mine->loaded == 0) {
		return HYP_ENOENT;
	}
	error = live(call, LIFE_VCPU_PUT, mine->vm, mine->vcpu, commit);
	if (error == 0 && commit != 0) {
		mine->loaded = 0;
	}
	return error;
}

static s32 vcpu_end(const struct model_call *call, u32 v, u32 commit)
{
	u32 i = (u32)call->a2;
	s32 error = live(call, LIFE_RECLAIM_VCPU, v, i, commit);

	if (error == 0 && commit != 0) {
		model_vm[v].power[i] = oracle_power_remove(model_vm[v].power[i]).state;
		return model_move(MOVE_VM_RETURN, model_vm[v].vcpu_frame[i], 1);
	}
	return error;
}

static s32 vm_end(const struct model_call *call, u32 v, u32 commit)
{
	s32 error = live(call, LIFE_FINALIZE_TEARDOWN_VM, v, 0, commit);

	if (error == 0 && commit != 0) {
		return model_move(MOVE_VM_RETURN, model_vm[v].frame, 1);
	}
	return error;
}

/* What is wrong with VM @v where a live one is asked for. */
static s32 no_vm(u32 v)
{
	if (model_vm[v].state == VM_LIVE) {
		return 0;
	}
	return model_vm[v].state == VM_DYING ? HYP_EPERM : HYP_ENOENT;
}

/* The same for what the host may ask of pages that it lends. */
static s32 no_plain_vm(u32 v)
{
	s32 error = no_vm(v);

	return error == 0 && model_vm[v].protected != 0 ? HYP_EPERM : error;
}

/* Behind the call the way is longer by what it gave. */
static s32 table(const struct model_call *call, u32 v, u32 commit)
{
	s32 error = no_vm(v);

	if (error == 0 && commit == 0 && model_way(v, call->a2).level == 3) {
		error = HYP_EBUSY;
	}
	if (error == 0) {
		error = model_move(MOVE_VM_GIVE, call->a3, commit);
	}
	if (error == 0 && commit != 0) {
		model_give(v, call->a3);
	}
	return error;
}

static s32 map_refused(const struct model_call *call, u32 v)
{
	s32 error = no_vm(v);
	struct model_place at;

	if (error != 0) {
		return error;
	}
	if (model_vm[v].protected != 0 && call->id == VM_MAP_READ) {
		return HYP_EPERM;
	}
	if (call->id == VM_MEASURE && model_vm[v].image != IMAGE_OPEN) {
		return HYP_EPERM;
	}
	at = model_way(v, call->a2);
	if (at.level != 3) {
		return HYP_ENOENT;
	}
	return at.entry != 0 ? HYP_EBUSY : 0;
}

static s32 map(const struct model_call *call, u32 v, u32 commit)
{
	/* Committed behind the call, when the page is there. */
	s32 error = commit != 0 ? 0 : map_refused(call, v);
	u64 rights = call->id == VM_MAP_READ ? PAGE_YOUNG : PAGE_WRITABLE + PAGE_YOUNG;
	struct model_place at;

	if (error == 0) {
		error = model_move(model_vm[v].protected != 0 ? MOVE_HOST_DONATE_GUEST : MOVE_HOST_SHARE_GUEST,
				   call->a3, commit);
	}
	if (error == 0 && commit != 0) {
		model_give(v, call->a3);
		at = model_way(v, call->a2);
		if (at.level != 3 || at.entry % 4u != 3 || ENTRY_FRAME(at.entry) != call->a3) {
			report_value("entry of the page", call->a2, call->a3, at.entry);
		}
		if (ENTRY_RIGHTS(at.entry) != rights) {
			report_value("rights to the page", call->a2, rights, ENTRY_RIGHTS(at.entry));
		}
	}
	return error;
}

/* The page's frame is known before the call only; behind it the page has to be gone. */
static u64 unmapped[CPUS_MAX];

static s32 unmap(const struct model_call *call, u32 v, u32 commit)
{
	s32 error = no_plain_vm(v);
	struct model_place at;

	if (error != 0) {
		return error;
	}
	at = model_way(v, call->a2);
	if (commit != 0) {
		if (at.entry != 0) {
			report_value("entry of the page", call->a2, 0, at.entry);
		}
		model_take(v, unmapped[call->cpu]);
		return model_move(MOVE_HOST_UNSHARE_GUEST_LAST, unmapped[call->cpu], 1);
	}
	if (model_has(at) == 0) {
		return HYP_ENOENT;
	}
	unmapped[call->cpu] = ENTRY_FRAME(at.entry);
	return model_move(MOVE_HOST_UNSHARE_GUEST_LAST, unmapped[call->cpu], 0);
}

/* As with unmap(); what is left behind says that the page was taken by force. */
static s32 poison(const struct model_call *call, u32 v, u32 commit)
{
	s32 error = no_vm(v);
	struct model_place at;
	u64 pfn;

	if (error != 0) {
		return error;
	}
	if (model_vm[v].protected == 0) {
		return HYP_EPERM;
	}
	at = model_way(v, call->a2);
	if (commit == 0) {
		if (model_has(at) == 0) {
			return HYP_ENOENT;
		}
		unmapped[call->cpu] = ENTRY_FRAME(at.entry);
	} else if (at.level != 3 || at.entry != DESC_POISON_OWNED) {
		report_value("entry of the page", call->a2, DESC_POISON_OWNED, at.entry);
	}
	pfn = unmapped[call->cpu];
	if (commit != 0) {
		model_take(v, pfn);
	}
	return model_move(model_frame(pfn).state == FRAME_GUEST ? MOVE_POISON_GUEST : MOVE_POISON_GUEST_SHARED, pfn,
			  commit);
}

static u32 way_home(u32 state)
{
	switch (state) {
	case FRAME_GUEST:
		return MOVE_RECLAIM_GUEST;
	case FRAME_GUEST_SHARED_HOST:
		return MOVE_RECLAIM_GUEST_SHARED;
	case FRAME_HOST_SHARED_GUEST:
		return MOVE_HOST_UNSHARE_GUEST_LAST;
	default:
		return MOVE_VM_RETURN;
	}
}

static s32 reclaim(const struct model_call *call, u32 v, u32 commit)
{
	s32 error;

	if (model_vm[v].state != VM_DYING) {
		return model_vm[v].state == VM_LIVE ? HYP_EPERM : HYP_ENOENT;
	}
	if (model_record(call->a2) == MODEL_NONE) {
		return HYP_EINVAL;
	}
	if (model_frame(call->a2).vm != v + 1u) {
		return HYP_EPERM;
	}
	error = model_move(way_home(model_frame(call->a2).state), call->a2, commit);
	if (error == 0 && commit != 0) {
		model_take(v, call->a2);
	}
	return error;
}

/* Of both rights: what is taken away goes, unless it is given. */
static s64 rights_after(s64 had, u64 change)
{
	u64 taken = change % PAGE_GIVE;
	u64 given = change / PAGE_GIVE;

	return (s64)(((u64)had & ~taken) | given);
}

static s64 access_call(const struct model_call *call, u32 v, u32 commit)
{
	s32 error = no_plain_vm(v);
	struct model_place at;

	if (error != 0) {
		return error;
	}
	at = model_way(v, call->a2);
	if (model_has(at) == 0) {
		return HYP_ENOENT;
	}
	if (commit != 0 && (s64)ENTRY_RIGHTS(at.entry) != rights_after(call->got, call->a3)) {
		report_value("rights to the page", call->a2, (u64)rights_after(call->got, call->a3),
			     ENTRY_RIGHTS(at.entry));
	}
	return commit != 0 ? call->got : (s64)ENTRY_RIGHTS(at.entry);
}

/* Which measurement it is the model does not say: a call that names one may be refused, and the image is whole. */
static s32 begin(const struct model_call *call, u32 v, u32 commit)
{
	s32 error = no_vm(v);
	u32 other = call->got == HYP_EPERM && call->named != 0;

	if (error != 0) {
		return error;
	}
	if (model_vm[v].image != IMAGE_OPEN) {
		return HYP_EPERM;
	}
	if (model_vm[v].power[0] != POWER_OFF) {
		return HYP_ENOENT;
	}
	if (commit != 0) {
		model_vm[v].image = IMAGE_CLOSED;
		if (other == 0) {
			model_vm[v].power[0] = oracle_power_on(model_vm[v].power[0]).state;
		}
	}
	return other != 0 ? HYP_EPERM : 0;
}

/* Pages in a row, alike, as a walker sees them. */
static u32 one_block(u32 v, u64 page)
{
	u64 first = page - page % 512u;
	u64 entry = model_way(v, first).entry;
	u64 i;

	if (model_has(model_way(v, first)) == 0 || ENTRY_FRAME(entry) % 512u != 0) {
		return 0;
	}
	for (i = 1; i < 512u; i++) {
		struct model_place at = model_way(v, first + i);

		if (at.level != 3 || at.entry != entry + i * PAGE_SIZE) {
			return 0;
		}
	}
	return 1;
}

static s32 join(const struct model_call *call, u32 v, u32 commit)
{
	s32 error = no_vm(v);
	struct model_place at;

	if (error != 0) {
		return error;
	}
	at = model_way(v, call->a2);
	if (commit == 0 && at.block != 0) {
		return HYP_EBUSY;
	}
	if (commit != 0 && at.block == 0) {
		report_value("block of the page", call->a2, 1, at.entry);
	}
	return one_block(v, call->a2) != 0 ? 0 : HYP_ENOENT;
}

/* What is wrong with the arguments of a call on a VM: 0 when nothing is. */
static s32 arguments(const struct model_call *call)
{
	if (is_vm(call->a1) == 0) {
		return HYP_EINVAL;
	}
	switch (call->id) {
	case VM_INIT:
		return call->a2 >= PFN_COUNT ? HYP_ERANGE : call->a3 > 2 ? HYP_EINVAL : 0;
	case VCPU_INIT:
		return call->a2 >= VCPUS_MAX ? HYP_EINVAL : call->a3 >= PFN_COUNT ? HYP_ERANGE : 0;
	case VCPU_LOAD:
	case VCPU_RECLAIM:
		return call->a2 >= VCPUS_MAX ? HYP_EINVAL : 0;
	case VM_TABLE:
	case VM_MAP:
	case VM_MAP_READ:
	case VM_MEASURE:
		return call->a2 >= GUEST_PAGES || call->a3 >= PFN_COUNT ? HYP_ERANGE : 0;
	case VM_UNMAP:
	case VM_POISON:
	case VM_JOIN:
		return call->a2 >= GUEST_PAGES ? HYP_ERANGE : 0;
	case VM_ACCESS:
		return call->a2 >= GUEST_PAGES ? HYP_ERANGE : call->a3 > 15 ? HYP_EINVAL : 0;
	case VM_RECLAIM:
		return call->a2 >= PFN_COUNT ? HYP_ERANGE : 0;
	default:
		return 0;
	}
}

static s64 vm_answer(const struct model_call *call, u32 commit)
{
	u32 v = (u32)(call->a1 - VM_HANDLE_BASE);
	s32 error = arguments(call);

	if (error != 0) {
		return error;
	}
	switch (call->id) {
	case VM_UNRESERVE:
		return live(call, LIFE_UNRESERVE_VM, v, 0, commit);
	case VM_INIT:
		return vm_make(call, v, commit);
	case VCPU_INIT:
		return vcpu_make(call, v, commit);
	case VCPU_LOAD:
		return vcpu_take(call, v, commit);
	case VM_TEARDOWN:
		return live(call, LIFE_START_TEARDOWN_VM, v, 0, commit);
	case VCPU_RECLAIM:
		return vcpu_end(call, v, commit);
	case VM_FINALIZE:
		return vm_end(call, v, commit);
	case VM_TABLE:
		return table(call, v, commit);
	case VM_UNMAP:
		return unmap(call, v, commit);
	case VM_POISON:
		return poison(call, v, commit);
	case VM_JOIN:
		return join(call, v, commit);
	case VM_RECLAIM:
		return reclaim(call, v, commit);
	case VM_ACCESS:
		return access_call(call, v, commit);
	case VM_BEGIN:
		return begin(call, v, commit);
	case VM_MAP:
	case VM_MAP_READ:
	case VM_MEASURE:
		return map(call, v, commit);
	default:
		report_value("the checker does not know call", call->id, 0, call->id);
	}
}

static s32 power(const struct model_call *call, u32 commit)
{
	struct model_cpu *mine = &model_cpu[call->cpu];
	struct model_vm *vm = &model_vm[mine->vm];
	struct power_oracle_result next;

	if (call->a1 > 1) {
		return HYP_EINVAL;
	}
	if (mine->loaded == 0) {
		return HYP_ENOENT;
	}
	if (vm->protected != 0 && (call->a1 == 0 || vm->host != 0)) {
		return HYP_EPERM;
	}
	next = call->a1 == 0 ? oracle_power_stop(vm->power[mine->vcpu]) : oracle_power_start(vm->power[mine->vcpu]);
	if (commit != 0 && next.error == 0) {
		vm->power[mine->vcpu] = next.state;
		vm->host = call->a1 != 0 ? 1 : vm->host;
	}
	return next.error;
}

/* What speaks against vectors of @units of 128 bits. */
static s32 vectors_wrong(const struct model_vm *vm, u64 units)
{
	if (units > 4) {
		return HYP_EINVAL;
	}
	if (units != 0 && (machine_sve & 1u << (units - 1u)) == 0) {
		return HYP_EPERM;
	}
	return vm->protected != 0 && vm->host != 0 && vm->image != IMAGE_OPEN ? HYP_EPERM : 0;
}

/* The word's value is the context's, or in the frame, of which the model knows nothing, but for what is the VM's. */
static s32 word(const struct model_call *call, u32 commit)
{
	struct model_cpu *mine = &model_cpu[call->cpu];
	struct model_vm *vm = &model_vm[mine->vm];
	u64 state = cpu_guest[call->cpu].w[CTX_STATE];
	u64 mode = call->a2 % 32u;
	u32 of_frame = call->a1 >= CTX_SVE_FIRST && call->a1 < CTX_SVE_END ? 1 : 0;
	s32 error;

	if (call->a1 >= CTX_NAMED_END && of_frame == 0) {
		return HYP_EINVAL;
	}
	if (mine->loaded == 0) {
		return HYP_ENOENT;
	}
	if (of_frame != 0) {
		return vm->protected != 0 || vm->sve == 0 ? HYP_EPERM : 0;
	}
	if (call->id == VCPU_GET_REG) {
		return vm->protected != 0 ? HYP_EPERM : 0;
	}
	if (call->a1 == CTX_CNTVOFF_EL2) {
		return vm->protected != 0 && vm->host != 0 ? HYP_EPERM : 0;
	}
	if (call->a1 == CTX_SVE) {
		error = vectors_wrong(vm, call->a2);
		if (commit != 0 && error == 0) {
			vm->sve = (u32)call->a2;
		}
		return error;
	}
	if (!CTX_SETTABLE(call->a1)) {
		return HYP_EPERM;
	}
	if (vm->protected != 0 && (state != RUN_STARTED || (call->a1 != CTX_PC && call->a1 != CTX_X0))) {
		return HYP_EPERM;
	}
	if (call->a1 == CTX_PSTATE && (call->a2 / 0x100000000u != 0 || (mode != 0 && mode != 4 && mode != 5))) {
		return HYP_EINVAL;
	}
	return 0;
}

/* Committed before the guest runs. What it does then is its own; how its run ends, only that it does, if it may run. */
static s64 run(const struct model_call *call, u32 commit)
{
	struct model_cpu *mine = &model_cpu[call->cpu];
	u32 *state = &model_vm[mine->vm].power[mine->vcpu];

	if (call->a1 > RUN_FLAGS || call->lists != 0) {
		return HYP_EINVAL;
	}
	if (mine->loaded == 0) {
		return HYP_ENOENT;
	}
	if (commit != 0) {
		*state = oracle_power_enter(*state).state;
	}
	if (call->same == 0 || (model_vm[mine->vm].sve != 0 && vectors_same() == 0)) {
		return HYP_EPERM;
	}
	return *state == POWER_OFF || *state == POWER_ABSENT ? (s64)EXIT_OFF : (s64)EXIT_NONE;
}

/* 1 for a call that may come to HYP_ENOMEM instead when tables are short. */
u32 model_may_lack(u64 id)
{
	switch (id) {
	case MEM_SHARE_HYP:
	case MEM_UNSHARE_HYP:
	case MEM_DONATE_HYP:
	case VM_INIT:
	case VCPU_INIT:
	case VM_TABLE:
	case VM_MAP:
	case VM_MEASURE:
	case VM_RECLAIM:
	case VM_POISON:
		return 1;
	default:
		return 0;
	}
}

s64 model_answer(const struct model_call *call, u32 commit)
{
	switch (call->id) {
	case HYP_VERSION:
		return ABI_MAJOR * 65536u + ABI_MINOR;
	case MEM_SHARE_HYP:
	case MEM_UNSHARE_HYP:
	case MEM_PIN:
	case MEM_UNPIN:
		return frame_call(call, commit);
	case MEM_INFO:
		return frame_info_of(call->a1);
	case MEM_DONATE_HYP:
	case MEM_RECLAIM_HYP:
		return range_call(call, commit);
	case HYP_STATS:
		return stat(call);
	case VM_RESERVE:
		return reserve(call, commit);
	case VCPU_PUT:
		return vcpu_drop(call, commit);
	case VCPU_POWER:
		return power(call, commit);
	case VCPU_GET_REG:
	case VCPU_SET_REG:
		return word(call, commit);
	case VCPU_RUN:
		return run(call, commit);
	default:
		return vm_answer(call, commit);
	}
}
