/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "machine.h"

#define BANKS 2u
#define LOCKS LOCK_COUNT
#define CONTIGUOUS (1ul << 52)

struct machine machine;

static u64 bank_first[BANKS] = { BANK0_FIRST, BANK1_FIRST };
static const u64 bank_count[BANKS] = { BANK0_COUNT, BANK1_COUNT };
static u64 *bank_words[BANKS];

static u8 linked[BANK0_COUNT + BANK1_COUNT];    /* owning tree + 1 */
static u8 linked_level[BANK0_COUNT + BANK1_COUNT];
static u8 in_cache[BANK0_COUNT + BANK1_COUNT]; /* cleared, and memory may still have what was there */
static u8 seen[BANK0_COUNT + BANK1_COUNT];

static struct {
	u32 phase, tree, is_table, pending;
	u32 unsynced;           /* an entry of a live table was written, and no ISB has followed yet */
	u64 page;
	u32 cleared;            /* a frame was cleared, and no DSB has followed yet */
} tlb;

/* Of guests' trees: an entry that was made invalid and is not gone from the TLB yet; VMs that it may have more of. */
static struct {
	u32 stale;
	u32 vm;
	u64 page;
	u32 walked[VMS_MAX];
} guest_tlb;

static u64 meta_first, meta_count, stack_first, ref_first;
static u32 lock_held[LOCKS];
static u64 random_state;

u64 test_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

void test_seed(u64 seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ul + 1;
}

/* Place of frame @pfn among all frames of RAM. */
static u64 slot(u64 pfn)
{
	u64 before = 0;
	u32 b;

	for (b = 0; b < BANKS; b++) {
		if (pfn >= bank_first[b] && pfn - bank_first[b] < bank_count[b]) {
			return before + pfn - bank_first[b];
		}
		before += bank_count[b];
	}
	fail_msg("access to frame 0x%lx, which is not RAM", (unsigned long)pfn);
	return 0;
}

static u64 *words(u64 pfn)
{
	u64 at = slot(pfn);

	return at < BANK0_COUNT ? bank_words[0] + at * 512 : bank_words[1] + (at - BANK0_COUNT) * 512;
}

static void need_lock(u32 lock)
{
	if (machine.strict && !lock_held[lock]) {
		fail_msg("lock %u is not held", lock);
	}
}

/* Memory -------------------------------------------------------------------------------------- */

u64 frame_read(u64 pfn, u64 i)
{
	need_lock(LOCK_MM);
	assert_true(i < 512);
	return words(pfn)[i];
}

void frame_zero(u64 pfn)
{
	need_lock(LOCK_MM);
	if (linked[slot(pfn)] != 0) {
		fail_msg("frame 0x%lx is part of a tree and was cleared whole", (unsigned long)pfn);
	}
	if (machine.strict) {
		/* a page of a group has the contiguous hint as well */
		assert_int_equal(machine_page(PGT_HYP, pfn) & ~CONTIGUOUS,
				 desc_flat(pfn, 3, desc_map_attrs(boot_info.e2h, MAP_DATA)));
	}
	memset(words(pfn), 0, 4096);
	in_cache[slot(pfn)] = 1;
	tlb.cleared = 1;
}

void frame_clean(u64 pfn)
{
	need_lock(LOCK_MM);
	if (machine.strict) {
		assert_int_equal(machine_page(PGT_HYP, pfn) & ~CONTIGUOUS,
				 desc_flat(pfn, 3, desc_map_attrs(boot_info.e2h, MAP_DATA)));
	}
	in_cache[slot(pfn)] = 0;
}

u64 frame_word(u64 pfn, u64 i)
{
	need_lock(LOCK_MM);
	assert_true(i < 512);
	if (machine.strict) {
		assert_int_equal(machine_page(PGT_HYP, pfn) & ~CONTIGUOUS,
				 desc_flat(pfn, 3, desc_map_attrs(boot_info.e2h, MAP_DATA)));
		/* What is hashed: behind the caches, and nobody else changes it. */
		assert_int_equal(in_cache[slot(pfn)], 0);
		assert_int_equal(machine_page(PGT_HOST, pfn), desc_hyp_owned());
	}
	return words(pfn)[i];
}

void meta_place(u64 pfn, u64 count)
{
	u64 i;

	meta_first = pfn;
	meta_count = count;
	for (i = 0; i < count; i++) {
		frame_zero(pfn + i);
	}
	if (machine.taken != 0) {
		frame_state_set(machine.taken, slot(machine.taken), FRAME_HYP);
	}
}

/* The field at @offset of record @r; a record can begin in one frame and end in the next, a field cannot. */
static u8 *field(u64 pfn, u64 r, u64 offset)
{
	u64 byte = r * META_BYTES_PER_FRAME + offset;

	need_lock(LOCK_MM);
	if (r != slot(pfn)) {
		fail_msg("record %lu is not that of frame 0x%lx", (unsigned long)r, (unsigned long)pfn);
	}
	assert_true(byte / PAGE_SIZE < meta_count);
	return (u8 *)words(meta_first + byte / PAGE_SIZE) + byte % PAGE_SIZE;
}

u32 frame_state_get(u64 pfn, u64 r)
{
	return *field(pfn, r, META_STATE_OFFSET);
}

void frame_state_set(u64 pfn, u64 r, u32 state)
{
	if (state == FRAME_HOST && in_cache[slot(pfn)]) {
		fail_msg("frame 0x%lx goes to the host cleared in the caches alone", (unsigned long)pfn);
	}
	*field(pfn, r, META_STATE_OFFSET) = (u8)state;
}

u32 frame_vm_get(u64 pfn, u64 r)
{
	return *field(pfn, r, META_VM_OFFSET);
}

void frame_vm_set(u64 pfn, u64 r, u32 vm)
{
	u32 old = frame_vm_get(pfn, r);

	assert_true(vm <= VMS_MAX);
	assert_true((vm == 0) == (old != 0));
	if (vm == 0 && vms[old - 1].state == VM_DYING && guest_tlb.walked[old - 1]) {
		fail_msg("frame 0x%lx leaves VM %u, whose tables may still be walked", (unsigned long)pfn, old - 1);
	}
	*field(pfn, r, META_VM_OFFSET) = (u8)vm;
}

u32 frame_count_get(u64 pfn, u64 r)
{
	u16 count;

	memcpy(&count, field(pfn, r, META_COUNT_OFFSET), sizeof(count));
	return count;
}

void frame_count_set(u64 pfn, u64 r, u32 count)
{
	u16 value = (u16)count;

	assert_true(count <= FRAME_COUNT_MAX);
	memcpy(field(pfn, r, META_COUNT_OFFSET), &value, sizeof(value));
}

u64 frame_link_get(u64 pfn, u64 r)
{
	u16 link;

	memcpy(&link, field(pfn, r, META_LINK_OFFSET), sizeof(link));
	return link;
}

void frame_link_set(u64 pfn, u64 r, u64 link)
{
	u16 value = (u16)link;

	assert_true(link <= 0xffff);
	memcpy(field(pfn, r, META_LINK_OFFSET), &value, sizeof(value));
}

/* Pool bookkeeping: 32-bit words behind stack_first and ref_first. */

static u32 *pool_word(u64 first, u64 k)
{
	need_lock(LOCK_MM);
	assert_true(k < pool.count);
	return (u32 *)words(first + k / 1024) + k % 1024;
}

void pool_place(u64 stack, u64 ref)
{
	stack_first = stack;
	ref_first = ref;
}

u64 pool_stack_get(u64 k)
{
	return *pool_word(stack_first, k) + pool.first;
}

void pool_stack_set(u64 k, u64 pfn)
{
	assert_true(pfn >= pool.first && pfn - pool.first < pool.count);
	*pool_word(stack_first, k) = (u32)(pfn - pool.first);
}

u32 pool_ref_get(u64 pfn)
{
	assert_true(pfn >= pool.first);
	return *pool_word(ref_first, pfn - pool.first);
}

void pool_ref_set(u64 pfn, u32 ref)
{
	assert_true(pfn >= pool.first);
	assert_true(ref <= 513);
	*pool_word(ref_first, pfn - pool.first) = ref;
}

/* Translation tables: break before make, invalidation, completion -------------------------------- */

static u32 is_valid(u64 e)
{
	return (e & 1) != 0;
}

static u32 is_table(u64 e, u32 level)
{
	return level < 3 && (e & 3) == 3;
}

static u64 table_of(u64 e)
{
	return (e & 0xfffffffff000ul) >> 12;
}

static u64 index_of(u64 n, u32 level)
{
	return n >> (9 * (3 - level)) & 511;
}

/* Table @pfn, with everything below it, joins tree @tree - 1, or leaves it (@tree 0). */
static void link_table(u64 pfn, u32 tree, u32 level)
{
	u64 at = slot(pfn);
	u64 i;

	if (tree != 0 && linked[at] != 0) {
		fail_msg("table 0x%lx is linked twice", (unsigned long)pfn);
	}
	linked[at] = (u8)tree;
	linked_level[at] = (u8)level;
	for (i = 0; i < 512; i++) {
		if (is_table(words(pfn)[i], level)) {
			link_table(table_of(words(pfn)[i]), tree, level + 1);
		}
	}
}

static void note_roots(void)
{
	u32 t;
	u64 k;

	for (t = 0; t < PGT_COUNT; t++) {
		for (k = 0; pgt[t].root != 0 && k < pgt[t].root_count; k++) {
			if (linked[slot(pgt[t].root + k)] == 0) {
				link_table(pgt[t].root + k, t + 1, pgt[t].start);
			}
		}
	}
}

void pte_write(u64 pfn, u64 i, u64 e, u64 n)
{
	u64 old;
	u64 at = slot(pfn);
	u32 level;

	need_lock(LOCK_MM);
	note_roots();
	assert_true(i < 512);
	old = words(pfn)[i];
	level = linked_level[at];
	if (tlb.phase != 0) {
		fail_msg("an entry is written while another one is stale (phase %u)", tlb.phase);
	}
	words(pfn)[i] = e;
	tlb.pending = 1;
	if (linked[at] == 0) {
		return;
	}
	tlb.unsynced = 1;
	if (is_valid(old) && is_valid(e)) {
		fail_msg("a valid entry was replaced without break-before-make");
	}
	if (i != index_of(n, level)) {
		fail_msg("entry %lu of level %u is not that of page 0x%lx", (unsigned long)i, level, (unsigned long)n);
	}
	if (is_valid(old)) {
		tlb.phase = 1;
		tlb.tree = linked[at] - 1u;
		tlb.page = n;
		tlb.is_table = is_table(old, level);
		if (tlb.is_table) {
			link_table(table_of(old), 0, level + 1);
		}
	}
	if (is_table(e, level)) {
		link_table(table_of(e), linked[at], level + 1);
	}
}

void dsb_ish(void)
{
	tlb.pending = 0;
	tlb.cleared = 0;
	tlb.phase = tlb.phase == 1 ? 2 : tlb.phase == 3 ? 4 : tlb.phase == 5 ? 0 : tlb.phase;
}

void dsb_ishst(void)
{
	tlb.pending = 0;
	tlb.cleared = 0;
}

void isb(void)
{
	machine.isbs++;
	if (tlb.phase == 0 && tlb.pending == 0) {
		tlb.unsynced = 0;
	}
}

void tlbi_ipas2e1is(u64 ipn)
{
	machine.tlbi_count++;
	if (tlb.phase == 2 && tlb.tree == PGT_HOST && !tlb.is_table && tlb.page == ipn) {
		tlb.phase = 3;
	}
}

void tlbi_vmalle1is(void)
{
	tlb.phase = tlb.phase == 4 ? 5 : tlb.phase;
}

void tlbi_vmalls12e1is(void)
{
	machine.tlbi_count++;
	tlb.phase = tlb.phase == 2 && tlb.tree == PGT_HOST ? 5 : tlb.phase;
}

void tlbi_vae2is(u64 vpn)
{
	machine.tlbi_count++;
	if (tlb.phase == 2 && tlb.tree == PGT_HYP && !tlb.is_table && tlb.page == vpn) {
		tlb.phase = 5;
	}
}

void tlbi_alle2is(void)
{
	machine.tlbi_count++;
	tlb.phase = tlb.phase == 2 && tlb.tree == PGT_HYP ? 5 : tlb.phase;
}

void tlbi_vmids(void)
{
	machine.tlbi_count++;
}

/* Locks ---------------------------------------------------------------------------------------- */

void lock_acquire(u32 lock)
{
	u32 other;

	assert_true(lock < LOCKS);
	for (other = lock; other < LOCKS; other++) {
		if (lock_held[other]) {
			fail_msg("lock %u is taken with lock %u held", lock, other);
		}
	}
	lock_held[lock] = 1;
}

void lock_release(u32 lock)
{
	assert_true(lock < LOCKS && lock_held[lock]);
	if (lock == LOCK_MM && guest_tlb.stale) {
		fail_msg("LOCK_MM is released with a stale entry of page 0x%lx of VM %u", (unsigned long)guest_tlb.page,
			 guest_tlb.vm);
	}
	if (lock == LOCK_MM && (tlb.phase != 0 || tlb.pending != 0 || tlb.unsynced != 0)) {
		fail_msg("LOCK_MM is released with a stale entry (phase %u, pending %u, unsynced %u)", tlb.phase,
			 tlb.pending, tlb.unsynced);
	}
	lock_held[lock] = 0;
}

/* CPU and firmware ------------------------------------------------------------------------------ */

u32 cpu_index(void)
{
	return machine.cpu;
}

struct smc_regs smc_call(u64 a, u64 b, u64 c, u64 d)
{
	struct smc_regs result = { machine.smc_status, 0, 0, 0 };
	u32 lock;

	for (lock = 0; lock < LOCKS; lock++) {
		assert_false(lock_held[lock]);
	}
	machine.smc_args = (struct smc_regs){ a, b, c, d };
	machine.smc_count++;
	return result;
}

/* A context in its frame: EL2 has the frame mapped, it serves a VM, and no tree has it. */
static u64 *context_word(u64 pfn, u64 i)
{
	need_lock(LOCK_MM);
	assert_true(i < 512);
	assert_int_equal(linked[slot(pfn)], 0);
	if (machine.strict != 0) {
		assert_int_equal(frame_state_get(pfn, mem_record(pfn)), FRAME_HYP_VM);
	}
	return &words(pfn)[i];
}

u64 context_read(u64 pfn, u64 i)
{
	return *context_word(pfn, i);
}

void context_write(u64 pfn, u64 i, u64 value)
{
	*context_word(pfn, i) = value;
}

/* The VM whose table frame @pfn is. */
static u32 vm_of_table(u64 pfn)
{
	u32 v = frame_vm_get(pfn, mem_record(pfn));

	if (v != 0) {
		return v - 1;
	}
	while (v < VMS_MAX && !(vms[v].state == VM_LIVE && vms[v].frame == pfn)) {
		v++;
	}
	assert_true(v < VMS_MAX);
	return v;
}

/* The level of table @pfn of VM @v, which is on the way to page @n. */
static u32 guest_level(u32 v, u64 pfn, u64 n)
{
	u64 table = vms[v].frame;
	u64 entry;
	u32 level;

	for (level = 1; table != pfn; level++) {
		entry = words(table)[index_of(n, level)];
		assert_true(is_table(entry, level));
		table = table_of(entry);
	}
	return level;
}

/* An entry of a guest's table; one that was valid is in the TLB until a TLBI says its page. */
u64 guest_entry_get(u64 pfn, u64 i)
{
	return *context_word(pfn, i);
}

void guest_entry_set(u64 pfn, u64 i, u64 e, u64 n)
{
	u64 *at = context_word(pfn, i);
	u32 level;

	assert_false(guest_tlb.stale);
	guest_tlb.vm = vm_of_table(pfn);
	level = guest_level(guest_tlb.vm, pfn, n);
	assert_int_equal(i, index_of(n, level));
	if (is_valid(*at)) {
		assert_false(is_valid(e));
		guest_tlb.stale = level == 3 ? 1 : 2;
		guest_tlb.page = n;
	}
	if (is_valid(e)) {
		if (tlb.cleared) {
			fail_msg("an entry leads to frame 0x%lx, which a walk may see as it was",
				 (unsigned long)table_of(e));
		}
		guest_tlb.walked[guest_tlb.vm] = 1;
	}
	*at = e;
	tlb.pending = 1;
}

void guest_tlbi(u32 v, u64 root, u64 n)
{
	assert_true(v < VMS_MAX && vms[v].frame == root);
	/* What is there by way of a block or a table is too much for one page. */
	if (guest_tlb.stale == 1 && guest_tlb.vm == v && guest_tlb.page == n) {
		guest_tlb.stale = 0;
	}
	machine.guest_tlbis++;
}

void guest_tlbi_table(u32 v, u64 root, u64 n)
{
	assert_true(v < VMS_MAX && vms[v].frame == root);
	if (guest_tlb.stale && guest_tlb.vm == v && guest_tlb.page == n) {
		guest_tlb.stale = 0;
	}
	machine.guest_flushes++;
}

void guest_tlbi_all(u32 v, u64 root)
{
	assert_true(v < VMS_MAX && vms[v].frame == root && vms[v].state == VM_DYING);
	guest_tlb.walked[v] = 0;
	machine.guest_flushes++;
}

static void save(struct vcpu_context *ctx)
{
	u64 i;

	for (i = CTX_SWITCHED_FIRST; i < CTX_SWITCHED_END; i++) {
		ctx->w[i] = machine.el1[i];
	}
}

static void restore(const struct vcpu_context *ctx)
{
	u64 i;

	for (i = CTX_SWITCHED_FIRST; i < CTX_SWITCHED_END; i++) {
		machine.el1[i] = ctx->w[i];
	}
}

/* The host's registers are switched while its stage 2 is in force or none of EL1 runs; a guest's while its own is. */
void arch_host_save(u32 cpu)
{
	assert_int_equal(machine.at_guest, 0);
	save(&cpu_host[cpu]);
}

void arch_host_restore(u32 cpu)
{
	assert_int_equal(machine.at_guest, 0);
	restore(&cpu_host[cpu]);
}

void arch_guest_save(u32 cpu)
{
	assert_int_equal(machine.at_guest, 1);
	save(&cpu_guest[cpu]);
}

void arch_guest_restore(u32 cpu)
{
	assert_int_equal(machine.at_guest, 1);
	restore(&cpu_guest[cpu]);
}

/* EL2 has FP and SIMD where the host's traps are in force. */
static void fp_copy(u64 *to, const u64 *from)
{
	assert_int_equal(machine.at_guest, 0);
	memcpy(&to[CTX_V0], &from[CTX_V0], (CTX_FP_END - CTX_V0) * sizeof(u64));
}

void arch_fp_host_save(u32 cpu)
{
	fp_copy(cpu_host[cpu].w, machine.fp);
}

void arch_fp_host_restore(u32 cpu)
{
	fp_copy(machine.fp, cpu_host[cpu].w);
}

void arch_fp_guest_save(u32 cpu)
{
	fp_copy(cpu_guest[cpu].w, machine.fp);
}

void arch_fp_guest_restore(u32 cpu)
{
	fp_copy(machine.fp, cpu_guest[cpu].w);
}

u32 arch_sve_lengths(void)
{
	return machine.sve_lengths;
}

void arch_sve_host_save(u32 cpu)
{
	assert_int_equal(machine.at_guest, 0);
	assert_true(machine.sve_lengths != 0);
	cpu_host[cpu].w[CTX_ZCR_EL1] = machine.zcr;
}

void arch_sve_host_restore(u32 cpu)
{
	fp_copy(machine.fp, cpu_host[cpu].w);
	assert_true(machine.sve_lengths != 0);
	memset(machine.vectors, 0, sizeof(machine.vectors));
	machine.zcr = cpu_host[cpu].w[CTX_ZCR_EL1];
}

/* Where word @i of a frame is in the CPU: the first two of each Z are V. */
static u64 *vector_at(u64 i)
{
	u64 z = i - CTX_Z0;

	return i >= CTX_Z0 && z % 8 < 2 ? &machine.fp[CTX_V0 + 2 * (z / 8) + z % 8] : &machine.vectors[i];
}

void arch_sve_guest_save(u32 cpu, u64 pfn)
{
	u64 i;

	assert_int_equal(machine.at_guest, 0);
	assert_true(machine.sve_lengths != 0);
	for (i = CTX_SVE_FIRST; i < CTX_SVE_END; i++) {
		context_write(pfn, i, *vector_at(i));
	}
	cpu_guest[cpu].w[CTX_FPSR] = machine.fp[CTX_FPSR];
	cpu_guest[cpu].w[CTX_FPCR] = machine.fp[CTX_FPCR];
	cpu_guest[cpu].w[CTX_ZCR_EL1] = machine.zcr;
}

void arch_sve_guest_restore(u32 cpu, u64 pfn)
{
	u64 i;

	assert_int_equal(machine.at_guest, 0);
	assert_true(machine.sve_lengths != 0);
	for (i = CTX_SVE_FIRST; i < CTX_SVE_END; i++) {
		*vector_at(i) = context_read(pfn, i);
	}
	machine.fp[CTX_FPSR] = cpu_guest[cpu].w[CTX_FPSR];
	machine.fp[CTX_FPCR] = cpu_guest[cpu].w[CTX_FPCR];
	machine.zcr = cpu_guest[cpu].w[CTX_ZCR_EL1];
}

void cpu_open_sve(u32 units)
{
	assert_int_equal(machine.at_guest, 1);
	assert_true(machine.sve_lengths != 0);
	machine.fp_open = FP_SVE;
	machine.units = units;
}

u32 arch_gic_lists(void)
{
	return machine.gic_lists;
}

void arch_gic_save(u32 cpu)
{
	assert_int_equal(machine.at_guest, 0);
	assert_int_equal(machine.gic_taken, 1);
	memcpy(&cpu_guest[cpu].w[CTX_GIC_FIRST], &machine.gic[CTX_GIC_FIRST],
	       (CTX_GIC_END - CTX_GIC_FIRST) * sizeof(u64));
	machine.gic_taken = 0;
}

void arch_gic_restore(u32 cpu)
{
	assert_int_equal(machine.at_guest, 0);
	memcpy(&machine.gic[CTX_GIC_FIRST], &cpu_guest[cpu].w[CTX_GIC_FIRST],
	       (CTX_GIC_END - CTX_GIC_FIRST) * sizeof(u64));
	machine.gic_taken = 1;
}

u32 arch_has_random(void)
{
	return machine.random != NULL ? 1 : 0;
}

u64 arch_random(void)
{
	assert_non_null(machine.random);
	return machine.random();
}

u32 arch_has_keys(void)
{
	return machine.no_keys == 0 ? 1 : 0;
}

static void keys_copy(u64 *to, const u64 *from)
{
	assert_int_equal(machine.at_guest, 0);
	assert_int_equal(machine.no_keys, 0);
	memcpy(&to[CTX_KEYS_FIRST], &from[CTX_KEYS_FIRST], (CTX_KEYS_END - CTX_KEYS_FIRST) * sizeof(u64));
}

void arch_keys_host_save(u32 cpu)
{
	keys_copy(cpu_host[cpu].w, machine.keys);
}

void arch_keys_host_restore(u32 cpu)
{
	keys_copy(machine.keys, cpu_host[cpu].w);
}

void arch_keys_guest_save(u32 cpu)
{
	keys_copy(cpu_guest[cpu].w, machine.keys);
}

void arch_keys_guest_restore(u32 cpu)
{
	keys_copy(machine.keys, cpu_guest[cpu].w);
}

static void points_copy(u64 *to, const u64 *from)
{
	assert_int_equal(machine.at_guest, 0);
	machine.points_moves++;
	memcpy(&to[CTX_DEBUG_FIRST], &from[CTX_DEBUG_FIRST], (CTX_DEBUG_END - CTX_DEBUG_FIRST) * sizeof(u64));
}

void arch_points_host_save(u32 cpu)
{
	assert_int_equal(machine.points_guest, 0);
	points_copy(cpu_host[cpu].w, machine.points);
}

void arch_points_host_restore(u32 cpu)
{
	points_copy(machine.points, cpu_host[cpu].w);
	machine.points_guest = 0;
}

void arch_points_guest_restore(u32 cpu)
{
	points_copy(machine.points, cpu_guest[cpu].w);
	machine.points_guest = 1;
}

void cpu_open_keys(void)
{
	assert_int_equal(machine.at_guest, 1);
	machine.keys_open = 1;
}

void cpu_open_fp(void)
{
	assert_int_equal(machine.at_guest, 1);
	machine.fp_open = FP_PLAIN;
}

void cpu_to_guest(u64 vttbr, u64 vtcr, u64 mpidr, u32 fresh, u64 lines, u64 offset)
{
	assert_int_equal(machine.at_guest, 0);
	machine.fp_open = 0;
	machine.keys_open = 0;
	assert_int_equal(machine.gic_taken, (lines & RUN_GIC) != 0);
	assert_true(vttbr >> 48 != VMID_HOST);
	machine.vttbr = vttbr;
	machine.vtcr = vtcr;
	machine.mpidr = mpidr;
	machine.fresh = fresh;
	machine.lines = lines;
	machine.offset = offset;
	machine.at_guest = 1;
}

u32 cpu_fault_page(void)
{
	assert_int_equal(machine.at_guest, 1);
	return machine.page_lost == 0;
}

void cpu_to_host(void)
{
	assert_int_equal(machine.at_guest, 1);
	machine.at_guest = 0;
}

u64 arch_guest_enter(u32 cpu)
{
	u64 mode = cpu_guest[cpu].w[CTX_PSTATE] % 32;
	u32 lock;

	for (lock = 0; lock < LOCKS; lock++) {
		assert_false(lock_held[lock]);
	}
	assert_int_equal(machine.at_guest, 1);
	assert_int_equal(cpu, machine.cpu);
	assert_true(mode == 0 || mode == 4 || mode == 5 || mode == 16);
	assert_int_equal(machine.el1[CTX_MDSCR_EL1] & ~0xb001ul, 0);
	assert_true((machine.el1[CTX_MDSCR_EL1] & 0x8000u) == 0 || machine.points_guest == 1);
	machine.guest_runs++;
	return machine.guest != NULL ? machine.guest(cpu_guest[cpu].w) : GUEST_IRQ;
}

u64 read_esr_el2(void)
{
	return machine.esr_el2;
}

u64 read_far_el2(void)
{
	return machine.far_el2;
}

u64 read_hpfar_el2(void)
{
	return machine.hpfar_el2;
}

u64 read_elr_el2(void)
{
	return machine.elr_el2;
}

u64 read_spsr_el2(void)
{
	return machine.spsr_el2;
}

u64 read_vbar_el1(void)
{
	return machine.vbar_el1;
}

u64 read_sctlr_el1(void)
{
	return machine.sctlr_el1;
}

void write_elr_el2(u64 value)
{
	machine.elr_el2 = value;
}

void write_spsr_el2(u64 value)
{
	machine.spsr_el2 = value;
}

void write_elr_el1(u64 value)
{
	machine.elr_el1 = value;
}

void write_spsr_el1(u64 value)
{
	machine.spsr_el1 = value;
}

void write_esr_el1(u64 value)
{
	machine.esr_el1 = value;
}

void write_far_el1(u64 value)
{
	machine.far_el1 = value;
}

u64 machine_id_read(u32 i)
{
	assert_true(i < MACHINE_IDS);
	return machine.ids[i];
}

/* For the tests ---------------------------------------------------------------------------------- */

void machine_reset(u32 pa_bits)
{
	u64 frames = BANK0_COUNT + BANK1_COUNT;
	u32 b;
	u32 cpu;

	for (b = 0; b < BANKS; b++) {
		free(bank_words[b]);
		bank_words[b] = calloc(bank_count[b] * 512, sizeof(u64));
		assert_non_null(bank_words[b]);
	}
	memset(&machine, 0, sizeof(machine));
	machine.gic_lists = GIC_LISTS;
	memset(linked, 0, sizeof(linked));
	memset(in_cache, 0, sizeof(in_cache));
	memset(&tlb, 0, sizeof(tlb));
	memset(&guest_tlb, 0, sizeof(guest_tlb));
	memset(lock_held, 0, sizeof(lock_held));
	memset(pgt, 0, sizeof(pgt));
	memset(&pool, 0, sizeof(pool));
	memset(&boot_info, 0, sizeof(boot_info));

	for (b = 0; b < BANKS; b++) {
		boot_info.bank[b].base.pa = bank_first[b] * PAGE_SIZE;
		boot_info.bank[b].size = bank_count[b] * PAGE_SIZE;
	}
	boot_info.bank_count = BANKS;
	boot_info.cpu_count = 4;
	for (cpu = 0; cpu < boot_info.cpu_count; cpu++) {
		boot_info.cpu_mpidr[cpu] = 0x100ul + cpu;
	}
	boot_info.image_base.pa = IMAGE_FIRST * PAGE_SIZE;
	boot_info.text_end.pa = (IMAGE_FIRST + TEXT_FRAMES) * PAGE_SIZE;
	boot_info.rodata_end.pa = (IMAGE_FIRST + TEXT_FRAMES + RODATA_FRAMES) * PAGE_SIZE;
	boot_info.image_end.pa = (IMAGE_FIRST + TEXT_FRAMES + RODATA_FRAMES + DATA_FRAMES) * PAGE_SIZE;
	boot_info.carveout_size = hyp_carveout_size(frames, boot_info.cpu_count);
	boot_info.carveout_base.pa = (BANK0_FIRST + BANK0_COUNT - 1024) * PAGE_SIZE - boot_info.carveout_size;
	boot_info.console_base.pa = CONSOLE_PFN * PAGE_SIZE;
	boot_info.secondary_entry.pa = IMAGE_FIRST * PAGE_SIZE + 0x40;
	boot_info.pa_bits = pa_bits;
	boot_info.vmid_bits = 8;
	boot_info.mode = MODE_PROTECTED;
	/* Whatever was in the carve-out before must not matter. */
	memset(words(boot_info.carveout_base.pa / PAGE_SIZE), 0xa5, boot_info.carveout_size);
}

void machine_boot(u32 pa_bits)
{
	machine_reset(pa_bits);
	machine_start();
}

void machine_boot_far(u32 pa_bits, u64 first)
{
	bank_first[1] = first;
	machine_boot(pa_bits);
}

void machine_start(void)
{
	assert_int_equal(hyp_setup(), 0);
	assert_int_equal(hyp_finalise(), 0);
	machine_check_quiet();
	machine.strict = 1;
}

void machine_check_quiet(void)
{
	u32 lock;

	assert_int_equal(tlb.phase, 0);
	assert_int_equal(tlb.pending, 0);
	assert_int_equal(tlb.unsynced, 0);
	for (lock = 0; lock < LOCKS; lock++) {
		assert_false(lock_held[lock]);
	}
}

u64 vm_rest[REST];

s64 vm_hvc(u64 id, u64 a, u64 b, u64 c)
{
	struct hvc_result result;

	memset(vm_rest, 0, sizeof(vm_rest));
	vm_rest[0] = b;
	vm_rest[1] = c;
	result = hyp_handle_hvc(id, a, b, c, vm_rest);
	machine_check_quiet();
	assert_int_equal(result.a0, SMCCC_SUCCESS);
	return (s64)result.a1;
}

void machine_fill(u64 pfn, u64 value)
{
	u64 i;

	for (i = 0; i < 512; i++) {
		words(pfn)[i] = value;
	}
}

u64 machine_word(u64 pfn, u64 i)
{
	return words(pfn)[i];
}

void machine_put(u64 pfn, u64 i, u64 value)
{
	words(pfn)[i] = value;
	in_cache[slot(pfn)] = 1;
}

struct walk machine_walk(u32 t, u64 n)
{
	struct walk walk = { 0, pgt[t].start, pgt[t].root };

	if (walk.level == 1) {
		walk.table += index_of(n, 0);
	}
	for (;;) {
		walk.entry = words(walk.table)[index_of(n, walk.level)];
		if (!is_table(walk.entry, walk.level)) {
			return walk;
		}
		walk.table = table_of(walk.entry);
		walk.level++;
	}
}

u64 machine_page_of(u64 entry, u32 level, u64 n)
{
	u64 span = 1ul << (9 * (3 - level));

	if (!is_valid(entry)) {
		return entry;
	}
	/* 0b01 is reserved at the last level: no translation. */
	assert_true(level < 3 || (entry & 2) != 0);
	return (entry | 2) + n % span * PAGE_SIZE;
}

u64 machine_page(u32 t, u64 n)
{
	struct walk walk = machine_walk(t, n);

	return machine_page_of(walk.entry, walk.level, n);
}

static u64 count_tables(u64 pfn, u32 level, u32 is_root)
{
	u64 used = 0;
	u64 tables = 0;
	u64 i;

	assert_false(seen[slot(pfn)]);
	seen[slot(pfn)] = 1;
	for (i = 0; i < 512; i++) {
		u64 e = words(pfn)[i];

		used += e != 0;
		if (is_table(e, level)) {
			tables += 1 + count_tables(table_of(e), level + 1, 0);
		}
	}
	if (!is_root) {
		u32 strict = machine.strict;

		machine.strict = 0;
		assert_int_equal(pool_ref_get(pfn), 1 + used);
		machine.strict = strict;
	}
	return tables;
}

u64 machine_tables(u32 t)
{
	u64 tables = 0;
	u64 k;

	if (t == 0) {
		memset(seen, 0, sizeof(seen));
	}
	for (k = 0; k < pgt[t].root_count; k++) {
		tables += count_tables(pgt[t].root + k, pgt[t].start, 1);
	}
	return tables;
}
