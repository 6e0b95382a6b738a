/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's calls on VMs, through the handler that the vectors call: each with the frame that changes hands, with the
 * proved model of the life cycle beside it, and with an account of all memory at the end.
 */
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "vm.h"
#include <oracle/vm_oracle.h>

#define FIRST (BANK0_FIRST + 0x2000ul)     /* frames of the host's that the tests give */
#define FRAMES 96u
#define CPUS 3u
#define PATTERN 0x5a5a5a5a5a5a5a5aul
#define HANDLE(v) (VM_HANDLE_BASE + (v))

static u64 info(u64 pfn)
{
	return (u64)vm_hvc(MEM_INFO, pfn, 0, 0);
}

/* What EL2 and the host have of @pfn when it serves a VM, and when it is the host's. */
static void check_frame(u64 pfn, u32 state)
{
	u64 host = machine_page(PGT_HOST, pfn);
	u64 i;

	assert_int_equal(info(pfn), state);
	if (state == FRAME_HYP_VM) {
		assert_int_equal(machine_page(PGT_HYP, pfn), desc_flat(pfn, 3, desc_map_attrs(0, MAP_DATA)));
		assert_int_equal(host, desc_hyp_owned());
	} else {
		assert_int_equal(machine_page(PGT_HYP, pfn), 0);
		assert_true(host == 0 || host == desc_flat(pfn, 3, desc_host_attrs(1)));
	}
	for (i = 0; i < 512; i++) {
		assert_int_equal(machine_word(pfn, i), 0);
	}
}

static void host_writes(u64 pfn)
{
	machine_fill(pfn, PATTERN);
}

/* A VM with two vCPUs from its handle to its end: frames come cleared, serve, and go back cleared. */
static void test_life(void **state)
{
	u64 free, own, host;
	s64 handle;

	(void)state;
	machine_boot(40);
	free = pool.free;
	own = machine_tables(PGT_HYP);
	host = machine_tables(PGT_HOST);
	handle = vm_hvc(VM_RESERVE, 0, 0, 0);
	assert_int_equal(handle, HANDLE(0));
	host_writes(FIRST);
	host_writes(FIRST + 1);
	host_writes(FIRST + 2);
	assert_int_equal(vm_hvc(VM_INIT, (u64)handle, FIRST, 1), 0);
	check_frame(FIRST, FRAME_HYP_VM);
	assert_int_equal(vms[0].protected, 1);
	assert_int_equal(vm_hvc(VCPU_INIT, (u64)handle, 0, FIRST + 1), 0);
	check_frame(FIRST + 1, FRAME_HYP_VM);
	assert_int_equal(vm_hvc(VCPU_INIT, (u64)handle, 1, FIRST + 2), 0);
	assert_int_equal(vm_hvc(VCPU_LOAD, (u64)handle, 1, 0), 0);
	assert_int_equal(vm_hvc(VM_TEARDOWN, (u64)handle, 0, 0), HYP_EBUSY);
	assert_int_equal(vm_hvc(VCPU_PUT, 0, 0, 0), 0);
	assert_int_equal(vm_hvc(VCPU_PUT, 0, 0, 0), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_TEARDOWN, (u64)handle, 0, 0), 0);
	assert_int_equal(vm_hvc(VCPU_LOAD, (u64)handle, 1, 0), HYP_EPERM);
	assert_int_equal(vm_hvc(VM_FINALIZE, (u64)handle, 0, 0), HYP_EBUSY);
	/* what Hypatia kept in them */
	host_writes(FIRST);
	host_writes(FIRST + 1);
	host_writes(FIRST + 2);
	assert_int_equal(vm_hvc(VCPU_RECLAIM, (u64)handle, 0, 0), 0);
	check_frame(FIRST + 1, FRAME_HOST);
	assert_int_equal(vm_hvc(VCPU_RECLAIM, (u64)handle, 0, 0), HYP_ENOENT);
	assert_int_equal(vm_hvc(VCPU_RECLAIM, (u64)handle, 1, 0), 0);
	assert_int_equal(vm_hvc(VM_FINALIZE, (u64)handle, 0, 0), 0);
	check_frame(FIRST, FRAME_HOST);
	check_frame(FIRST + 2, FRAME_HOST);
	assert_int_equal(vm_hvc(VM_FINALIZE, (u64)handle, 0, 0), HYP_ENOENT);
	assert_int_equal(pool.free, free);
	assert_int_equal(machine_tables(PGT_HYP), own);
	assert_int_equal(machine_tables(PGT_HOST), host);
}

/* A frame that serves a VM is out of reach of every other call, and of the host. */
static void test_frame_is_kept(void **state)
{
	static const u64 calls[] = {
		MEM_SHARE_HYP, MEM_UNSHARE_HYP, MEM_PIN, MEM_UNPIN, MEM_DONATE_HYP, MEM_RECLAIM_HYP
	};
	u64 i;

	(void)state;
	machine_boot(40);
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(1));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, 0), 0);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		assert_int_equal(vm_hvc(calls[i], FIRST, 1, 0), HYP_EPERM);
	}
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(1), FIRST, 0), HYP_EPERM);
	assert_int_equal(vms[1].state, VM_RESERVED);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 0, FIRST), HYP_EPERM);
	assert_int_equal(vms[0].vcpu[0], VCPU_EMPTY);
	machine.elr_el1 = 0;
	machine.elr_el2 = 0x1000;
	hyp_handle_abort(0x24ul << 26 | 7, 0xabc, FIRST << 4);
	assert_int_equal(machine.elr_el1, 0x1000);
	check_frame(FIRST, FRAME_HYP_VM);
}

/* What is wrong is said in its order: arguments, VM, vCPU, frame; and nothing is half done. */
static void test_order_of_errors(void **state)
{
	(void)state;
	machine_boot(40);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(VMS_MAX), BANK0_FIRST - 1, 3), HYP_EINVAL);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), 1ul << 36, 3), HYP_ERANGE);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), BANK0_FIRST - 1, 3), HYP_EINVAL);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), BANK0_FIRST - 1, 0), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), BANK0_FIRST - 1, 0), HYP_EINVAL);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), IMAGE_FIRST, 0), HYP_EPERM);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), pool.first, 0), HYP_EPERM);
	assert_int_equal(vm_hvc(MEM_SHARE_HYP, FIRST + 9, 0, 0), 0);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST + 9, 0), HYP_EPERM);
	assert_int_equal(info(FIRST + 9), FRAME_HOST_SHARED_HYP);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 0, FIRST + 1), HYP_ENOENT);
	assert_int_equal(vm_hvc(VCPU_RECLAIM, HANDLE(0), 0, 0), HYP_ENOENT);
	assert_int_equal(vms[0].state, VM_RESERVED);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, 0), 0);
	assert_int_equal(vms[0].protected, 0);
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST + 1, 0), HYP_EBUSY);
	assert_int_equal(info(FIRST + 1), FRAME_HOST);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), VCPUS_MAX, FIRST + 1), HYP_EINVAL);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 7, 1ul << 36), HYP_ERANGE);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 7, FIRST), HYP_EPERM);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 7, FIRST + 1), 0);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 7, FIRST + 2), HYP_EBUSY);
	assert_int_equal(info(FIRST + 2), FRAME_HOST);
	assert_int_equal(vm_hvc(VM_UNRESERVE, HANDLE(0), 0, 0), HYP_EBUSY);
	assert_int_equal(vm_hvc(VCPU_RECLAIM, HANDLE(0), 7, 0), HYP_EPERM);
	check_frame(FIRST + 1, FRAME_HYP_VM);
}

/* An empty pool refuses a frame and changes nothing; the handle can be given up. */
static void test_no_memory(void **state)
{
	u64 free;

	(void)state;
	machine_boot(40);
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	free = pool.free;
	pool.free = 5;
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, 0), HYP_ENOMEM);
	assert_int_equal(pool.free, 5);
	assert_int_equal(vms[0].state, VM_RESERVED);
	assert_int_equal(info(FIRST), FRAME_HOST);
	pool.free = free;
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, 0), 0);
	free = pool.free;
	pool.free = 5;
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 0, FIRST + 1), HYP_ENOMEM);
	assert_int_equal(vms[0].vcpu[0], VCPU_EMPTY);
	assert_int_equal(info(FIRST + 1), FRAME_HOST);
	pool.free = free;
	assert_int_equal(vm_hvc(VM_UNRESERVE, HANDLE(0), 0, 0), HYP_EBUSY);
}

/* As many VMs as there are handles; a CPU loads a vCPU for itself. */
static void test_handles(void **state)
{
	u32 v;

	(void)state;
	machine_boot(40);
	for (v = 0; v < VMS_MAX; v++) {
		assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(v));
	}
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HYP_ENOMEM);
	assert_int_equal(vm_hvc(VM_UNRESERVE, HANDLE(3), 0, 0), 0);
	assert_int_equal(vm_hvc(VM_UNRESERVE, HANDLE(3), 0, 0), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(3));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(3), FIRST, 1), 0);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(3), 2, FIRST + 1), 0);
	machine.cpu = 1;
	assert_int_equal(vm_hvc(VCPU_LOAD, HANDLE(3), 2, 0), 0);
	assert_true(vms[3].on[2] == 1 && cpu_vm[1].loaded == 1);
	machine.cpu = 0;
	assert_int_equal(vm_hvc(VCPU_LOAD, HANDLE(3), 2, 0), HYP_EBUSY);
	assert_int_equal(vm_hvc(VCPU_PUT, 0, 0, 0), HYP_ENOENT);
	machine.cpu = 1;
	assert_int_equal(vm_hvc(VCPU_PUT, 0, 0, 0), 0);
	machine.cpu = 0;
}

/* What stands in the way of operation @op, in the words of spec/vm.toml. */
static u32 busy(u32 op, u32 v, u32 cpu)
{
	u32 i, loaded = 0, held = 0;

	for (i = 0; i < VCPUS_MAX; i++) {
		loaded |= vms[v].vcpu[i] == VCPU_LOADED;
		held |= vms[v].vcpu[i] != VCPU_EMPTY;
	}
	return op == LIFE_VCPU_LOAD ? cpu_vm[cpu].loaded : op == LIFE_START_TEARDOWN_VM ? loaded :
	       op == LIFE_FINALIZE_TEARDOWN_VM ? held : 0;
}

/* Random calls; each answers what the model says, and the frame that it is about has the state that it should. */
static void test_random_calls(void **state)
{
	static const u64 calls[LIFE_COUNT] = {
		[LIFE_UNRESERVE_VM] = VM_UNRESERVE, [LIFE_INIT_VM] = VM_INIT, [LIFE_INIT_VCPU] = VCPU_INIT,
		[LIFE_VCPU_LOAD] = VCPU_LOAD, [LIFE_START_TEARDOWN_VM] = VM_TEARDOWN,
		[LIFE_RECLAIM_VCPU] = VCPU_RECLAIM, [LIFE_FINALIZE_TEARDOWN_VM] = VM_FINALIZE,
	};
	static u8 serves[FRAMES];
	struct vm_oracle_result want;
	u32 n, op, v, i, cpu, gives, f;
	u64 frame, free, own, host;
	s64 got;

	(void)state;
	machine_boot(40);
	memset(serves, 0, sizeof(serves));
	test_seed(7);
	free = pool.free;
	own = machine_tables(PGT_HYP);
	host = machine_tables(PGT_HOST);
	for (n = 0; n < 4000; n++) {
		op = (u32)(test_random() % LIFE_COUNT);
		v = (u32)(test_random() % VMS_MAX);
		i = (u32)(test_random() % VCPUS_MAX);
		cpu = (u32)(test_random() % CPUS);
		f = (u32)(test_random() % FRAMES);
		machine.cpu = cpu;
		if (op == LIFE_RESERVE_VM) {
			got = vm_hvc(VM_RESERVE, 0, 0, 0);
			assert_true(got == HYP_ENOMEM || vms[got - VM_HANDLE_BASE].state == VM_RESERVED);
			continue;
		}
		if (op == LIFE_VCPU_PUT) {
			got = cpu_vm[cpu].loaded != 0 ? 0 : HYP_ENOENT;
			assert_int_equal(vm_hvc(VCPU_PUT, 0, 0, 0), got);
			assert_int_equal(cpu_vm[cpu].loaded, 0);
			continue;
		}
		want = oracle_life(op, vms[v].state, vms[v].vcpu[i], busy(op, v, cpu));
		gives = op == LIFE_INIT_VM || op == LIFE_INIT_VCPU;
		frame = op == LIFE_FINALIZE_TEARDOWN_VM ? vms[v].frame : vms[v].vcpu_frame[i];
		if (want.error == 0 && gives && serves[f]) {
			want = (struct vm_oracle_result){ HYP_EPERM, vms[v].state, vms[v].vcpu[i] };
		}
		if (!serves[f]) {
			host_writes(FIRST + f);
		}
		got = op == LIFE_INIT_VM ? vm_hvc(VM_INIT, HANDLE(v), FIRST + f, n % 2) :
			op == LIFE_INIT_VCPU ? vm_hvc(VCPU_INIT, HANDLE(v), i, FIRST + f) :
				vm_hvc(calls[op], HANDLE(v), i, 0);
		assert_int_equal(got, want.error);
		assert_int_equal(vms[v].state, want.vm);
		assert_int_equal(vms[v].vcpu[i], want.vcpu);
		if (got == 0 && gives) {
			serves[f] = 1;
			check_frame(FIRST + f, FRAME_HYP_VM);
			assert_int_equal(op == LIFE_INIT_VM ? vms[v].frame : vms[v].vcpu_frame[i], FIRST + f);
		} else if (got == 0 && (op == LIFE_RECLAIM_VCPU || op == LIFE_FINALIZE_TEARDOWN_VM)) {
			assert_int_equal(serves[frame - FIRST], 1);
			serves[frame - FIRST] = 0;
			check_frame(frame, FRAME_HOST);
		}
		assert_int_equal(info(FIRST + f), serves[f] ? FRAME_HYP_VM : FRAME_HOST);
	}
	for (cpu = 0; cpu < CPUS; cpu++) {
		machine.cpu = cpu;
		vm_hvc(VCPU_PUT, 0, 0, 0);
	}
	machine.cpu = 0;
	for (v = 0; v < VMS_MAX; v++) {
		vm_hvc(VM_UNRESERVE, HANDLE(v), 0, 0);
		vm_hvc(VM_TEARDOWN, HANDLE(v), 0, 0);
		for (i = 0; i < VCPUS_MAX; i++) {
			vm_hvc(VCPU_RECLAIM, HANDLE(v), i, 0);
		}
		vm_hvc(VM_FINALIZE, HANDLE(v), 0, 0);
		assert_int_equal(vms[v].state, VM_FREE);
	}
	for (f = 0; f < FRAMES; f++) {
		assert_int_equal(info(FIRST + f), FRAME_HOST);
	}
	assert_int_equal(pool.free, free);
	assert_int_equal(machine_tables(PGT_HYP), own);
	assert_int_equal(machine_tables(PGT_HOST), host);
}

/* Only a frame that serves a VM goes back by vm_return(). Calls ask for the VM first and get no further without one. */
static void test_return_refused(void **state)
{
	(void)state;
	machine_boot(40);
	lock_acquire(LOCK_MM);
	assert_int_equal(vm_return(CONSOLE_PFN), HYP_EINVAL);
	assert_int_equal(vm_return(FIRST), HYP_EPERM);
	assert_int_equal(host_donate_hyp(FIRST), 0);
	assert_int_equal(vm_return(FIRST), HYP_EPERM);
	assert_int_equal(hyp_donate_host(FIRST), 0);
	assert_int_equal(vm_give(FIRST), 0);
	assert_int_equal(hyp_donate_host(FIRST), HYP_EPERM);
	assert_int_equal(vm_return(FIRST), 0);
	lock_release(LOCK_MM);
	assert_int_equal(info(FIRST), FRAME_HOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_frame_is_kept),
		cmocka_unit_test(test_order_of_errors),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_random_calls),
		cmocka_unit_test(test_return_refused),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
