/* SPDX-License-Identifier: BSD-2-Clause */
#include <asm/console.h>
#include <asm/hyp_arch.h>

#include "model.h"
#include "ownership.h"
#include "vm.h"

/* Records that are compared at each call beside those that it is about: all of them, in time. */
#define SWEEP 64u
#define ENTRY_PFN(e) ((e) / PAGE_SIZE % PFN_COUNT)
#define ENTRY_IS_TABLE(e, level) ((level) < 3u && (e) % 4u == 3u)

struct model_vm model_vm[VMS_MAX];
struct model_cpu model_cpu[CPUS_MAX];

static struct model_frame frames[MODEL_FRAMES];
static u64 frame_count;
static u64 sweep_bank;
static u64 sweep_at;
static u64 touched[MODEL_TOUCHED];
static u32 touched_count;

/* The record of frame @pfn, by the banks that the boot code found, in their order; MODEL_NONE where there is no RAM. */
u64 model_record(u64 pfn)
{
	u64 before = 0;
	u64 first;
	u64 count;
	u32 i;

	for (i = 0; i < boot_info.bank_count; i++) {
		first = boot_info.bank[i].base.pa / PAGE_SIZE;
		count = boot_info.bank[i].size / PAGE_SIZE;
		if (pfn >= first && pfn - first < count) {
			return before + pfn - first;
		}
		before += count;
	}
	return MODEL_NONE;
}

static u32 in_range(u64 pfn, u64 base, u64 end)
{
	return pfn >= base / PAGE_SIZE && pfn < end / PAGE_SIZE;
}

static struct model_frame found_frame(u64 pfn, u64 r)
{
	struct model_frame found;

	found.state = (u8)frame_state_get(pfn, r);
	found.vm = (u8)frame_vm_get(pfn, r);
	found.count = (u16)frame_count_get(pfn, r);
	return found;
}

/* At first: the image and the carve-out are Hypatia's and in use, all else is the host's. */
static void frame_begin(u64 pfn, u64 r)
{
	struct model_frame found = found_frame(pfn, r);
	u32 own = in_range(pfn, boot_info.image_base.pa, boot_info.image_end.pa) ||
		  in_range(pfn, boot_info.carveout_base.pa, boot_info.carveout_base.pa + boot_info.carveout_size);

	frames[r].state = own != 0 ? FRAME_HYP : FRAME_HOST;
	frames[r].vm = 0;
	/* How often Hypatia uses a frame of its own is not said, only that it does. */
	frames[r].count = own != 0 ? found.count : 0;
	if (own != 0 && found.count == 0) {
		report_value("uses of frame", pfn, 1, 0);
	}
}

/* 0 when there is more RAM than the model has room for. */
u32 model_begin(void)
{
	u64 pfn;
	u64 k;
	u32 i;

	frame_count = 0;
	for (i = 0; i < boot_info.bank_count; i++) {
		frame_count += boot_info.bank[i].size / PAGE_SIZE;
	}
	if (frame_count > MODEL_FRAMES) {
		return 0;
	}
	for (i = 0; i < boot_info.bank_count; i++) {
		for (k = 0; k < boot_info.bank[i].size / PAGE_SIZE; k++) {
			pfn = boot_info.bank[i].base.pa / PAGE_SIZE + k;
			frame_begin(pfn, model_record(pfn));
		}
	}
	return 1;
}

struct model_frame model_frame(u64 pfn)
{
	return frames[model_record(pfn)];
}

void model_touch(u64 pfn)
{
	if (touched_count < MODEL_TOUCHED) {
		touched[touched_count] = pfn;
		touched_count++;
	}
}

static s32 frame_result(u64 pfn, struct oracle_result next, u32 commit)
{
	u64 r = model_record(pfn);

	if (next.error == 0 && commit != 0) {
		frames[r].state = (u8)next.state;
		frames[r].count = (u16)next.count;
	}
	return next.error;
}

/* What the model says of call @id on a frame's record. */
static struct oracle_result step_of(u64 id, u32 state, u32 count)
{
	switch (id) {
	case MEM_SHARE_HYP:
		return oracle_host_share_hyp(state, count);
	case MEM_UNSHARE_HYP:
		return oracle_host_unshare_hyp(state, count);
	case MEM_PIN:
		return oracle_hyp_pin(state, count);
	case MEM_UNPIN:
		return oracle_hyp_unpin(state, count);
	case MEM_DONATE_HYP:
		return oracle_host_donate_hyp(state, count);
	default:
		return oracle_hyp_donate_host(state, count);
	}
}

s32 model_step(u64 id, u64 pfn, u32 commit)
{
	u64 r = model_record(pfn);

	model_touch(pfn);
	if (r == MODEL_NONE) {
		return HYP_EINVAL;
	}
	return frame_result(pfn, step_of(id, frames[r].state, frames[r].count), commit);
}

s32 model_move(u32 op, u64 pfn, u32 commit)
{
	u64 r = model_record(pfn);

	model_touch(pfn);
	if (r == MODEL_NONE) {
		return HYP_EINVAL;
	}
	return frame_result(pfn, oracle_move(op, frames[r].state, frames[r].count), commit);
}

void model_give(u32 v, u64 pfn)
{
	frames[model_record(pfn)].vm = (u8)(v + 1u);
	model_vm[v].frames++;
}

void model_take(u32 v, u64 pfn)
{
	frames[model_record(pfn)].vm = 0;
	model_vm[v].frames--;
}

/* The guest's tables are in frames that its VM was given: which they are is read, what they may say is checked. */
struct model_place model_way(u32 v, u64 n)
{
	struct model_place at = { 0, 1, 0 };
	u64 table = model_vm[v].frame;

	for (;;) {
		at.entry = frame_read(table, n / ((u64)1 << 9u * (3u - at.level)) % TABLE_ENTRIES);
		if (at.level == 2 && at.entry % 4u == 1) {
			/* The page that a walker makes of it. */
			at.entry = at.entry + n % TABLE_ENTRIES * PAGE_SIZE + 2u;
			at.level = 3;
			at.block = 1;
			return at;
		}
		if (!ENTRY_IS_TABLE(at.entry, at.level)) {
			return at;
		}
		table = ENTRY_PFN(at.entry);
		if (model_record(table) == MODEL_NONE || model_frame(table).state != FRAME_HYP_VM ||
		    model_frame(table).vm != v + 1u) {
			report_value("table of the guest's page", n, FRAME_HYP_VM, table);
		}
		at.level++;
	}
}

/* A page is there. */
u32 model_has(struct model_place at)
{
	return at.level == 3 && ENTRY_VALID(at.entry);
}

/* Where page @n ends in tree @t, host or own: its entry. Under LOCK_MM. */
static struct model_place tree_way(u32 t, u64 n)
{
	struct model_place at = { 0, pgt[t].start, 0 };
	u64 index = n / ((u64)1 << 9u * (3u - at.level));
	u64 table = pgt[t].root + index / TABLE_ENTRIES;

	for (;;) {
		at.entry = frame_read(table, index % TABLE_ENTRIES);
		if (!ENTRY_IS_TABLE(at.entry, at.level)) {
			return at;
		}
		table = ENTRY_PFN(at.entry);
		at.level++;
		index = n / ((u64)1 << 9u * (3u - at.level));
	}
}

/* What a valid entry at @level maps page @n to. */
static u64 leads_to(struct model_place at, u64 n)
{
	u64 pages = (u64)1 << 9u * (3u - at.level);

	return ENTRY_PFN(at.entry) / pages * pages + n % pages;
}

static u32 is_hosts(u32 state)
{
	return state == FRAME_HOST || state == FRAME_HOST_SHARED_HYP || state == FRAME_GUEST_SHARED_HOST ||
	       state == FRAME_HOST_SHARED_GUEST;
}

static u32 is_hyps(u32 state)
{
	return state == FRAME_HOST_SHARED_HYP || state == FRAME_HYP || state == FRAME_HYP_VM;
}

/* Who reaches frame @pfn, which is in state @state: by the host's stage 2 and by Hypatia's stage 1. */
static void compare_trees(u64 pfn, u32 state)
{
	struct model_place host;
	struct model_place own;

	lock_acquire(LOCK_MM);
	host = tree_way(PGT_HOST, pfn);
	own = tree_way(PGT_HYP, pfn);
	lock_release(LOCK_MM);
	if (is_hosts(state) == 0 && (ENTRY_VALID(host.entry) || host.entry == 0)) {
		report_value("the host's way to frame", pfn, DESC_HYP_OWNED, host.entry);
	}
	if (is_hosts(state) != 0 && ENTRY_VALID(host.entry) && leads_to(host, pfn) != pfn) {
		report_value("where the host's page leads", pfn, pfn, leads_to(host, pfn));
	}
	if (is_hosts(state) != 0 && !ENTRY_VALID(host.entry) && host.entry != 0) {
		report_value("the host's way to frame", pfn, 0, host.entry);
	}
	if (is_hyps(state) == 0 && own.entry != 0) {
		report_value("Hypatia's way to frame", pfn, 0, own.entry);
	}
	/* Guard pages between stacks, and the text that is behind one, are not there. */
	if (is_hyps(state) != 0 && ENTRY_VALID(own.entry) && leads_to(own, pfn) != pfn) {
		report_value("where Hypatia's page leads", pfn, pfn, leads_to(own, pfn));
	}
	if (state == FRAME_HYP_VM || state == FRAME_HOST_SHARED_HYP) {
		if (!ENTRY_VALID(own.entry)) {
			report_value("Hypatia's way to frame", pfn, pfn, own.entry);
		}
	}
}

static void compare_record(u64 pfn, u64 r)
{
	struct model_frame found = found_frame(pfn, r);

	if (found.state != frames[r].state) {
		report_value("state of frame", pfn, frames[r].state, found.state);
	}
	if (found.count != frames[r].count) {
		report_value("count of frame", pfn, frames[r].count, found.count);
	}
	if (found.vm != frames[r].vm) {
		report_value("VM of frame", pfn, frames[r].vm, found.vm);
	}
}

static void compare_frame(u64 pfn)
{
	u64 r = model_record(pfn);

	if (r != MODEL_NONE) {
		compare_record(pfn, r);
		compare_trees(pfn, frames[r].state);
	}
}

/* The next records in a row, the trees of the first of them. */
static void sweep(void)
{
	u64 first = boot_info.bank[sweep_bank].base.pa / PAGE_SIZE;
	u64 count = boot_info.bank[sweep_bank].size / PAGE_SIZE;
	u32 k;

	compare_frame(first + sweep_at);
	for (k = 0; k < SWEEP && sweep_at < count; k++) {
		compare_record(first + sweep_at, model_record(first) + sweep_at);
		sweep_at++;
	}
	if (sweep_at >= count) {
		sweep_at = 0;
		sweep_bank = (sweep_bank + 1u) % boot_info.bank_count;
	}
}

static void compare_vcpu(u32 v, u32 i)
{
	if (vms[v].vcpu[i] != model_vm[v].vcpu[i]) {
		report_value("state of vCPU", v * VCPUS_MAX + i, model_vm[v].vcpu[i], vms[v].vcpu[i]);
	}
	if (vm_power[v].state[i] != model_vm[v].power[i]) {
		report_value("power state of vCPU", v * VCPUS_MAX + i, model_vm[v].power[i], vm_power[v].state[i]);
	}
	if (vms[v].vcpu[i] != VCPU_EMPTY && vms[v].vcpu_frame[i] != model_vm[v].vcpu_frame[i]) {
		report_value("frame of vCPU", v * VCPUS_MAX + i, model_vm[v].vcpu_frame[i], vms[v].vcpu_frame[i]);
	}
}

static void compare_vm(u32 v)
{
	u32 i;

	if (vms[v].state != model_vm[v].state) {
		report_value("state of VM", v, model_vm[v].state, vms[v].state);
	}
	for (i = 0; i < VCPUS_MAX; i++) {
		compare_vcpu(v, i);
	}
	if (vms[v].state != VM_LIVE && vms[v].state != VM_DYING) {
		return;
	}
	if (vms[v].protected != model_vm[v].protected) {
		report_value("protection of VM", v, model_vm[v].protected, vms[v].protected);
	}
	if (vms[v].frame != model_vm[v].frame) {
		report_value("frame of VM", v, model_vm[v].frame, vms[v].frame);
	}
	if (vm_frames[v] != model_vm[v].frames) {
		report_value("frames given for VM", v, model_vm[v].frames, vm_frames[v]);
	}
	if (vm_image[v].state != model_vm[v].image) {
		report_value("image of VM", v, model_vm[v].image, vm_image[v].state);
	}
	if (vm_start[v].host != model_vm[v].host) {
		report_value("first vCPU of VM", v, model_vm[v].host, vm_start[v].host);
	}
	if (vm_start[v].sve != model_vm[v].sve) {
		report_value("vectors of VM", v, model_vm[v].sve, vm_start[v].sve);
	}
}

static void compare_cpu(u32 p)
{
	if (cpu_vm[p].loaded != model_cpu[p].loaded) {
		report_value("what is loaded on CPU", p, model_cpu[p].loaded, cpu_vm[p].loaded);
	}
	if (cpu_vm[p].loaded != 0 && (cpu_vm[p].vm != model_cpu[p].vm || cpu_vm[p].vcpu != model_cpu[p].vcpu)) {
		report_value("vCPU that is loaded on CPU", p, model_cpu[p].vm * VCPUS_MAX + model_cpu[p].vcpu,
			     cpu_vm[p].vm * VCPUS_MAX + cpu_vm[p].vcpu);
	}
}

void model_compare(void)
{
	u32 k;

	for (k = 0; k < VMS_MAX; k++) {
		compare_vm(k);
	}
	for (k = 0; k < boot_info.cpu_count; k++) {
		compare_cpu(k);
	}
	for (k = 0; k < touched_count; k++) {
		compare_frame(touched[k]);
	}
	touched_count = 0;
	sweep();
}
