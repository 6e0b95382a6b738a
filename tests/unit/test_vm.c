/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of VMs against generated vectors, and random operations with the model's functions beside it.
 */
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "vm.h"
#include <oracle/vm_oracle.h>
#include <vectors/vm_vectors.h>

#define CPUS 3u

static void clear(void)
{
	memset(vms, 0, sizeof(vms));
	memset(cpu_vm, 0, sizeof(cpu_vm));
}

/* What stands in the way of operation @op, in the words of spec/vm.toml. */
static u32 busy(u32 op, u32 v, u32 i, u32 cpu)
{
	u32 k, loaded = 0, held = 0;

	for (k = 0; k < VCPUS_MAX; k++) {
		loaded |= vms[v].vcpu[k] == VCPU_LOADED;
		held |= vms[v].vcpu[k] != VCPU_EMPTY;
	}
	switch (op) {
	case LIFE_VCPU_LOAD:
		return cpu_vm[cpu].loaded;
	case LIFE_VCPU_PUT:
		return !(cpu_vm[cpu].loaded && cpu_vm[cpu].vm == v && cpu_vm[cpu].vcpu == i);
	case LIFE_START_TEARDOWN_VM:
		return loaded;
	case LIFE_FINALIZE_TEARDOWN_VM:
		return held;
	default:
		return 0;
	}
}

static s32 call(u32 op, u32 v, u32 i, u32 cpu, u64 frame)
{
	switch (op) {
	case LIFE_UNRESERVE_VM:
		return vm_unreserve(v);
	case LIFE_INIT_VM:
		return vm_init(v, (u32)(frame % 3), frame);
	case LIFE_INIT_VCPU:
		return vm_init_vcpu(v, i, frame);
	case LIFE_VCPU_LOAD:
		return vm_load(v, i, cpu);
	case LIFE_VCPU_PUT:
		return vm_put(cpu);
	case LIFE_START_TEARDOWN_VM:
		return vm_start_teardown(v);
	case LIFE_RECLAIM_VCPU:
		return vm_reclaim_vcpu(v, i);
	default:
		return vm_finalize(v);
	}
}

/* The same with the oracle beside it; nothing but the VM and the vCPU that are named may change. */
static s32 checked(u32 op, u32 v, u32 i, u32 cpu, u64 frame)
{
	static struct vm before[VMS_MAX];
	struct cpu_vm mine = cpu_vm[cpu];
	u32 b = busy(op, v, i, cpu);
	struct vm_oracle_result want = oracle_life(op, vms[v].state, vms[v].vcpu[i], b);
	s32 error;

	memcpy(before, vms, sizeof(vms));
	error = call(op, v, i, cpu, frame);
	assert_int_equal(error, want.error);
	assert_int_equal(vms[v].state, want.vm);
	assert_int_equal(vms[v].vcpu[i], want.vcpu);
	if (error == 0 && op == LIFE_INIT_VM) {
		assert_true(vms[v].frame == frame && vms[v].protected == (frame % 3 != 0));
	} else {
		assert_true(vms[v].frame == before[v].frame && vms[v].protected == before[v].protected);
	}
	if (error == 0 && op == LIFE_INIT_VCPU) {
		assert_true(vms[v].vcpu_frame[i] == frame);
	} else {
		assert_true(vms[v].vcpu_frame[i] == before[v].vcpu_frame[i]);
	}
	if (error == 0 && op == LIFE_VCPU_LOAD) {
		assert_true(vms[v].on[i] == cpu && cpu_vm[cpu].loaded == 1);
		assert_true(cpu_vm[cpu].vm == v && cpu_vm[cpu].vcpu == i);
	} else if (error == 0 && op == LIFE_VCPU_PUT) {
		assert_int_equal(cpu_vm[cpu].loaded, 0);
	} else {
		assert_memory_equal(&cpu_vm[cpu], &mine, sizeof(mine));
	}
	before[v].state = vms[v].state;
	before[v].frame = vms[v].frame;
	before[v].protected = vms[v].protected;
	before[v].vcpu[i] = vms[v].vcpu[i];
	before[v].vcpu_frame[i] = vms[v].vcpu_frame[i];
	before[v].on[i] = vms[v].on[i];
	assert_memory_equal(before, vms, sizeof(vms));
	return error;
}

/* Every vector is what the oracle, which is proved, says. */
static void test_life_vectors(void **state)
{
	static const char *const names[LIFE_COUNT] = {
		"reserve_vm", "unreserve_vm", "init_vm", "init_vcpu", "vcpu_load", "vcpu_put", "start_teardown_vm",
		"reclaim_vcpu", "finalize_teardown_vm",
	};
	struct vm_oracle_result want;
	u32 seen = 0;
	u32 op, k;

	(void)state;
	for (op = 0; op < LIFE_COUNT; op++) {
		for (k = 0; k < sizeof(life_vectors) / sizeof(life_vectors[0]); k++) {
			if (strcmp(life_vectors[k].op, names[op]) == 0) {
				want = oracle_life(op, life_vectors[k].vm, life_vectors[k].vcpu, life_vectors[k].busy);
				assert_int_equal(want.error, life_vectors[k].error);
				assert_int_equal(want.vm, life_vectors[k].new_vm);
				assert_int_equal(want.vcpu, life_vectors[k].new_vcpu);
				seen++;
			}
		}
	}
	assert_int_equal(seen, sizeof(life_vectors) / sizeof(life_vectors[0]));
}

/*
 * The life cycle by hand: for each operation the error in each state of the VM and of the vCPU (0: allowed), the error
 * of what stands in its way, and where it leads.
 */
static void test_life_by_hand(void **state)
{
	enum { NOENT = HYP_ENOENT, BUSY = HYP_EBUSY, PERM = HYP_EPERM, ANY = 3 };
	static const struct {
		s32 vm[4], vcpu[3], busy;
		u32 to, vcpu_to;
	} life[LIFE_COUNT] = {
		[LIFE_RESERVE_VM] = { { 0, BUSY, BUSY, BUSY }, { 0, 0, 0 }, 0, VM_RESERVED, ANY },
		[LIFE_UNRESERVE_VM] = { { NOENT, 0, BUSY, BUSY }, { 0, 0, 0 }, 0, VM_FREE, ANY },
		[LIFE_INIT_VM] = { { NOENT, 0, BUSY, BUSY }, { 0, 0, 0 }, 0, VM_LIVE, ANY },
		[LIFE_INIT_VCPU] = { { NOENT, NOENT, 0, PERM }, { 0, BUSY, BUSY }, 0, VM_LIVE, VCPU_READY },
		[LIFE_VCPU_LOAD] = { { NOENT, NOENT, 0, PERM }, { NOENT, 0, BUSY }, BUSY, VM_LIVE, VCPU_LOADED },
		[LIFE_VCPU_PUT] = { { NOENT, NOENT, 0, PERM }, { NOENT, NOENT, 0 }, NOENT, VM_LIVE, VCPU_READY },
		[LIFE_START_TEARDOWN_VM] = { { NOENT, NOENT, 0, PERM }, { 0, 0, 0 }, BUSY, VM_DYING, ANY },
		[LIFE_RECLAIM_VCPU] = { { NOENT, NOENT, PERM, 0 }, { NOENT, 0, BUSY }, 0, VM_DYING, VCPU_EMPTY },
		[LIFE_FINALIZE_TEARDOWN_VM] = { { NOENT, NOENT, PERM, 0 }, { 0, 0, 0 }, BUSY, VM_FREE, ANY },
	};
	struct vm_oracle_result r;
	u32 op, v, c, busy;
	s32 error;

	(void)state;
	assert_int_equal(VMS_MAX, 8);
	assert_int_equal(VCPUS_MAX, 8);
	for (op = 0; op < LIFE_COUNT; op++) {
		for (v = VM_FREE; v <= VM_DYING; v++) {
			for (c = VCPU_EMPTY; c <= VCPU_LOADED; c++) {
				for (busy = 0; busy < 2; busy++) {
					error = life[op].vm[v] != 0 ? life[op].vm[v] :
						life[op].vcpu[c] != 0 ? life[op].vcpu[c] :
						busy != 0 ? life[op].busy : 0;
					r = oracle_life(op, v, c, busy);
					assert_int_equal(r.error, error);
					assert_int_equal(r.vm, error != 0 ? v : life[op].to);
					assert_int_equal(r.vcpu, error != 0 || life[op].vcpu_to == ANY ?
								 c : life[op].vcpu_to);
				}
			}
		}
	}
}

/* Every operation against every state that a VM and a vCPU can be in. */
static void test_life_states(void **state)
{
	u32 op, v, c;

	(void)state;
	for (op = LIFE_UNRESERVE_VM; op < LIFE_COUNT; op++) {
		for (v = VM_FREE; v <= VM_DYING; v++) {
			for (c = VCPU_EMPTY; c <= VCPU_LOADED; c++) {
				if ((c != VCPU_EMPTY && v < VM_LIVE) || (c == VCPU_LOADED && v != VM_LIVE) ||
				    (op == LIFE_VCPU_PUT && c != VCPU_LOADED)) {
					continue;
				}
				clear();
				vms[2].state = v;
				vms[2].vcpu[3] = c;
				if (c == VCPU_LOADED) {
					vms[2].on[3] = 1;
					cpu_vm[1] = (struct cpu_vm){ 1, 2, 3 };
				}
				checked(op, 2, 3, 1, 77);
			}
		}
	}
	/* no vCPU on this CPU; a vCPU that waits, on a CPU that has another */
	clear();
	assert_int_equal(vm_put(0), HYP_ENOENT);
	vms[0].state = VM_LIVE;
	vms[0].vcpu[0] = VCPU_READY;
	vms[0].vcpu[1] = VCPU_READY;
	assert_int_equal(checked(LIFE_VCPU_LOAD, 0, 0, 0, 0), 0);
	assert_int_equal(checked(LIFE_VCPU_LOAD, 0, 1, 0, 0), HYP_EBUSY);
	assert_int_equal(checked(LIFE_VCPU_LOAD, 0, 0, 1, 0), HYP_EBUSY);
}

/* Each VM is handed out once. */
static void test_reserve(void **state)
{
	u32 v;

	(void)state;
	clear();
	for (v = 0; v < VMS_MAX; v++) {
		assert_int_equal(vm_reserve(), (s32)v);
		assert_int_equal(vms[v].state, VM_RESERVED);
	}
	assert_int_equal(vm_reserve(), HYP_ENOMEM);
	assert_int_equal(vm_unreserve(5), 0);
	assert_int_equal(vm_reserve(), 5);
}

/* Random operations from several CPUs; then all VMs end. */
static void test_random_life(void **state)
{
	u32 n, v, i, cpu, op;
	s32 r;

	(void)state;
	clear();
	test_seed(4);
	for (n = 0; n < 200000; n++) {
		v = (u32)(test_random() % VMS_MAX);
		i = (u32)(test_random() % VCPUS_MAX);
		cpu = (u32)(test_random() % CPUS);
		op = (u32)(test_random() % LIFE_COUNT);
		if (op == LIFE_RESERVE_VM) {
			r = vm_reserve();
			assert_true(r == HYP_ENOMEM || vms[r].state == VM_RESERVED);
			continue;
		}
		if (op == LIFE_VCPU_PUT) {
			if (cpu_vm[cpu].loaded == 0) {
				assert_int_equal(vm_put(cpu), HYP_ENOENT);
				continue;
			}
			v = cpu_vm[cpu].vm;
			i = cpu_vm[cpu].vcpu;
		}
		checked(op, v, i, cpu, test_random());
	}
	for (cpu = 0; cpu < CPUS; cpu++) {
		vm_put(cpu);
	}
	for (v = 0; v < VMS_MAX; v++) {
		vm_unreserve(v);
		vm_start_teardown(v);
		for (i = 0; i < VCPUS_MAX; i++) {
			vm_reclaim_vcpu(v, i);
		}
		vm_finalize(v);
		assert_int_equal(vms[v].state, VM_FREE);
	}
}

/* Whatever memory held before: no VM, no vCPU, nothing loaded. */
static void test_setup(void **state)
{
	u32 v, i;

	(void)state;
	memset(vms, 0xff, sizeof(vms));
	memset(cpu_vm, 0xff, sizeof(cpu_vm));
	vm_setup();
	for (v = 0; v < VMS_MAX; v++) {
		assert_int_equal(vms[v].state, VM_FREE);
		for (i = 0; i < VCPUS_MAX; i++) {
			assert_int_equal(vms[v].vcpu[i], VCPU_EMPTY);
		}
	}
	for (i = 0; i < CPUS_MAX; i++) {
		assert_int_equal(cpu_vm[i].loaded, 0);
	}
}

/* Frames of VMs: what leads where, and what is cleared on the way, may not change by the way. */
static void test_moves_by_hand(void **state)
{
	static const struct move_row by_hand[] = {
		{ "vm_give", "HOST", "HYP_VM", "any", "zero", 1 },
		{ "vm_return", "HYP_VM", "HOST", "any", "zero", 1 },
		{ "host_donate_guest", "HOST", "GUEST", "any", "zero", 0 },
		{ "guest_share_host", "GUEST", "GUEST_SHARED_HOST", "any", "zero", 0 },
		{ "guest_unshare_host", "GUEST_SHARED_HOST", "GUEST", "any", "zero", 0 },
		{ "guest_relinquish", "GUEST", "HOST", "any", "zero", 1 },
		{ "reclaim_guest", "GUEST", "HOST", "any", "zero", 1 },
		{ "reclaim_guest_shared", "GUEST_SHARED_HOST", "HOST", "any", "zero", 0 },
		{ "poison_guest", "GUEST", "HOST", "any", "zero", 1 },
		{ "poison_guest_shared", "GUEST_SHARED_HOST", "HOST", "any", "zero", 0 },
		{ "host_share_guest", "HOST", "HOST_SHARED_GUEST", "any", "one", 0 },
		{ "host_share_guest_again", "HOST_SHARED_GUEST", "HOST_SHARED_GUEST", "below_max", "inc", 0 },
		{ "host_unshare_guest", "HOST_SHARED_GUEST", "HOST_SHARED_GUEST", "many", "dec", 0 },
		{ "host_unshare_guest_last", "HOST_SHARED_GUEST", "HOST", "one", "zero", 0 },
	};
	u32 i;

	(void)state;
	assert_int_equal(sizeof(by_hand), sizeof(move_rows));
	for (i = 0; i < sizeof(by_hand) / sizeof(by_hand[0]); i++) {
		assert_string_equal(move_rows[i].name, by_hand[i].name);
		assert_string_equal(move_rows[i].from, by_hand[i].from);
		assert_string_equal(move_rows[i].to, by_hand[i].to);
		assert_string_equal(move_rows[i].guard, by_hand[i].guard);
		assert_string_equal(move_rows[i].effect, by_hand[i].effect);
		assert_int_equal(move_rows[i].clears, by_hand[i].clears);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves_by_hand),
		cmocka_unit_test(test_life_vectors),
		cmocka_unit_test(test_life_by_hand),
		cmocka_unit_test(test_life_states),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_random_life),
		cmocka_unit_test(test_setup),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
