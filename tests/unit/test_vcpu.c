/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs run, with a guest of the test's: what the host gets of each exit, what its answers do, and what is whose before
 * and after.
 */
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "vm.h"
#include <gen/traps.h>

#define FIRST (BANK0_FIRST + 0x2000ul)
#define HANDLE(v) (VM_HANDLE_BASE + (v))
#define ENTRY 0x40081000ul
#define ESR(ec, iss) (((u64)(ec) << 26) + 0x2000000ul + (iss))
#define EC_PAC 0x09u
#define OSLAR_WRITTEN ESR(TRAP_EC_SYSREG, 2 << 20 | 4 << 17 | 1 << 10)
/* What the machine has: 2 in each field. */
#define HOST_FP(i) (0x8000000000000000ul + (i))
#define MACHINE_ID(i) (0x2222222222222222ul + 0x100000000ul * (i))

static u64 rest[REST];

/* x4 to x9 of a call. */
static u64 more[6] = { 7, 8, 0, 0, 9, 10 };

static s64 hvc(u64 id, u64 a, u64 b, u64 c)
{
	struct hvc_result result;
	u32 i;

	rest[0] = b;
	rest[1] = c;
	for (i = 0; i < 6; i++) {
		rest[2 + i] = more[i];
	}
	result = hyp_handle_hvc(id, a, b, c, rest);
	machine_check_quiet();
	assert_int_equal(machine.at_guest, 0);
	assert_int_equal(result.a0, SMCCC_SUCCESS);
	for (i = id != VCPU_RUN || (s64)result.a1 < 0 ? 0 : (a & RUN_GIC) != 0 ? 6 : 2; i < 6; i++) {
		assert_int_equal(rest[2 + i], more[i]);
	}
	return (s64)result.a1;
}

/* What the guest of the next runs does: ends with this code and this syndrome. */
static u64 next_code;
static u32 next_times = ~0u;

static u64 guest_ends(u64 *x)
{
	(void)x;
	if (next_times == 0) {
		return GUEST_IRQ;
	}
	next_times--;
	return next_code;
}

static void guest_does(u64 code, u64 esr)
{
	machine.guest = guest_ends;
	machine.esr_el2 = esr;
	next_code = code;
}

/* A VM with two vCPUs, of which this CPU has the second. */
static void begin(u32 protected)
{
	u64 i;

	machine_reset(48);
	for (i = 0; i < MACHINE_IDS; i++) {
		machine.ids[i] = MACHINE_ID(i);
	}
	machine_start();
	for (i = CTX_SWITCHED_FIRST; i < CTX_SWITCHED_END; i++) {
		machine.el1[i] = 0x4000 + i;
	}
	for (i = CTX_V0; i < CTX_FP_END; i++) {
		machine.fp[i] = HOST_FP(i);
	}
	assert_int_equal(hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(hvc(VM_INIT, HANDLE(0), FIRST, protected), 0);
	assert_int_equal(hvc(VCPU_INIT, HANDLE(0), 0, FIRST + 1), 0);
	assert_int_equal(hvc(VCPU_INIT, HANDLE(0), 1, FIRST + 2), 0);
	assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 1, 0), 0);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_PC, ENTRY, 0), 0);
	assert_int_equal(hvc(VCPU_POWER, 1, 0, 0), 0);
}

static u64 *w(void)
{
	return cpu_guest[machine.cpu].w;
}

static void check_exit(u64 kind, u64 x2, u64 x3)
{
	u64 i;

	assert_int_equal(hvc(VCPU_RUN, 0, 5, 6), kind);
	assert_int_equal(rest[0], x2);
	assert_int_equal(rest[1], x3);
	for (i = CTX_SWITCHED_FIRST; i < CTX_SWITCHED_END; i++) {
		assert_int_equal(machine.el1[i], 0x4000 + i);
	}
	for (i = CTX_V0; i < CTX_FP_END; i++) {
		assert_int_equal(machine.fp[i], HOST_FP(i));
	}
}

/* What the guest does is nothing to the host, which has an interrupt next. */
static void check_goes_on(void)
{
	u32 runs = machine.guest_runs;

	next_times = 1;
	check_exit(EXIT_IRQ, 0, 0);
	next_times = ~0u;
	assert_int_equal(machine.guest_runs, runs + 2);
}

static void test_begin(void **state)
{
	u64 i;

	(void)state;
	begin(1);
	for (i = 0; i < CTX_DEBUG_END; i++) {
		u64 want = i == CTX_PC ? ENTRY : i == CTX_PSTATE ? 0x3c5 : i == CTX_SCTLR_EL1 ? 0x30d00800 : 0;

		assert_int_equal(w()[i], want);
	}
	guest_does(GUEST_IRQ, 0);
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(machine.vttbr, FIRST * 4096 + (1ul << 48));
	assert_int_equal(machine.vtcr, 0x80000000ul + (1ul << 19) * (boot_info.vmid_bits == 16) + (5ul << 16) +
			 (3ul << 12) + (1ul << 10) + (1ul << 8) + (1ul << 6) + 25);
	assert_int_equal(machine.mpidr, 0x80000001ul);
	assert_int_equal(machine.fresh, 1);
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(machine.fresh, 0);
	assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
	assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 1, 0), 0);
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(machine.fresh, 1);
}

static void test_vtcr(void **state)
{
	static const u32 bits[] = { 32, 36, 40, 42, 44, 48 };
	static const u64 size[] = { 0, 1, 2, 3, 4, 5 };
	static const u64 t0sz[] = { 32, 28, 25, 25, 25, 25 };
	u32 i;

	(void)state;
	for (i = 0; i < 6; i++) {
		begin(0);
		boot_info.pa_bits = bits[i];
		boot_info.vmid_bits = 8;
		guest_does(GUEST_IRQ, 0);
		check_exit(EXIT_IRQ, 0, 0);
		assert_int_equal(machine.vtcr % 64, t0sz[i]);
		assert_int_equal(machine.vtcr / 64 % 4, 1);
		assert_int_equal(machine.vtcr >> 16 & 7, size[i]);
		assert_int_equal(machine.vtcr >> 19 & 1, 0);
		boot_info.vmid_bits = 16;
		check_exit(EXIT_IRQ, 0, 0);
		assert_int_equal(machine.vtcr >> 19 & 1, 1);
	}
}

/* It uses FP first, which traps when it is not open; it finds @found + the word, or 0, and leaves @then + the word. */
static u32 uses_fp(u64 *x, u64 found, u64 then)
{
	u64 i;

	if (machine.fp_open == 0) {
		for (i = CTX_V0; i < CTX_FP_END; i++) {
			assert_int_equal(machine.fp[i], HOST_FP(i));
		}
		return 0;
	}
	assert_int_equal(machine.fp_open, FP_PLAIN);
	for (i = CTX_V0; i < CTX_FP_END; i++) {
		assert_int_equal(machine.fp[i], found == 0 ? 0 : found + i);
		machine.fp[i] = then + i;
		x[i] = 0xbad; /* what stands in the context is of no use meanwhile */
	}
	return 1;
}

static u64 guest_writes(u64 *x)
{
	u64 i;

	if (uses_fp(x, 0, 0x7000) == 0) {
		return GUEST_SYNC;
	}
	for (i = 0; i < 31; i++) {
		x[i] = 0x7000 + i;
	}
	x[CTX_PC] = ENTRY + 0x40;
	x[CTX_PSTATE] = 0x10;
	for (i = CTX_SWITCHED_FIRST; i < CTX_SWITCHED_END; i++) {
		assert_int_equal(machine.el1[i], i == CTX_SCTLR_EL1 ? 0x30d00800 : 0);
		machine.el1[i] = 0x7000 + i;
	}
	return GUEST_FIQ;
}

/* What the guest has in registers is there again after put, another vCPU, and load. */
static void test_kept(void **state)
{
	u64 i;

	(void)state;
	begin(0);
	machine.guest = guest_writes;
	machine.esr_el2 = ESR(TRAP_EC_FP, 0);
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
	assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 0, 0), 0);
	assert_int_equal(hvc(VCPU_GET_REG, 5, 0, 0), 0);
	assert_int_equal(rest[0], 0);
	assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
	machine.cpu = 1;
	assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 1, 0), 0);
	for (i = 0; i < CTX_FP_END; i++) {
		assert_int_equal(hvc(VCPU_GET_REG, i, 0, 9), 0);
		assert_int_equal(rest[0], i == CTX_PC ? ENTRY + 0x40 : i == CTX_PSTATE ? 0x10 : 0x7000 + i);
		assert_int_equal(rest[1], 9);
	}
	assert_int_equal(w()[CTX_MPIDR], 0x80000001ul);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_NAMED_END, 0, 0), HYP_EINVAL);
	machine.cpu = 0;
	assert_int_equal(hvc(VCPU_RUN, 0, 0, 0), HYP_ENOENT);
	assert_int_equal(hvc(VCPU_GET_REG, 0, 0, 0), HYP_ENOENT);
	assert_int_equal(hvc(VCPU_SET_REG, 0, 0, 0), HYP_ENOENT);
	assert_int_equal(machine.guest_runs, 2);
}

/* Of the guest: what it finds in FP and SIMD, and leaves there; then what ends its run. */
static u64 fp_found, fp_left, fp_code, fp_traps;

static u64 guest_computes(u64 *x)
{
	machine.esr_el2 = ESR(TRAP_EC_FP, 0);
	if (uses_fp(x, fp_found, fp_left) == 0) {
		assert_int_equal(x[CTX_PC], ENTRY);
		fp_traps++;
		return GUEST_SYNC;
	}
	fp_found = fp_left;
	fp_left += 0x1000;
	machine.esr_el2 = ESR(TRAP_EC_WFX, 0);
	return fp_code;
}

/* OSLAR_EL1 is written, again and again: nothing to the host. */
static u64 guest_computes_on(u64 *x)
{
	u64 code;

	fp_code = GUEST_SYNC;
	x[CTX_PC] = ENTRY;
	code = guest_computes(x);
	if (machine.fp_open != 0) {
		machine.esr_el2 = OSLAR_WRITTEN;
	}
	return code;
}

static void computes(u64 found, u64 left, u64 exit, u64 traps)
{
	fp_found = found;
	fp_left = left;
	fp_traps = 0;
	w()[CTX_PC] = ENTRY;
	check_exit(exit, 0, 0);
	assert_int_equal(fp_traps, traps);
}

/* The first vCPU, which is on then, in place of the second. */
static void takes_turn(void)
{
	assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
	assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 0, 0), 0);
	assert_int_equal(power_start(0, 0), 0);
}

/* A vCPU has its own, wherever it runs; each run begins without; whatever ends it. */
static void test_fp(void **state)
{
	u32 protected;
	u64 i;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		machine.guest = guest_computes;
		fp_code = GUEST_IRQ;
		computes(0, 0x5000, EXIT_IRQ, 1);
		fp_code = GUEST_SYNC;
		computes(0x5000, 0x6000, EXIT_WFX, 1);
		fp_code = GUEST_SERROR;
		computes(0x6000, 0x7000, EXIT_SERROR, 1);
		/* one that does not use it */
		guest_does(GUEST_IRQ, ESR(TRAP_EC_FP, 0));
		check_exit(EXIT_IRQ, 0, 0);
		assert_int_equal(machine.fp_open, 0);
		for (i = CTX_V0; i < CTX_FP_END; i++) {
			assert_int_equal(w()[i], 0x7000 + i);
			assert_int_equal(hvc(VCPU_GET_REG, i, 1, 0), protected != 0 ? HYP_EPERM : 0);
			assert_int_equal(rest[0], protected != 0 ? 1 : 0x7000 + i);
		}
		/* another vCPU here, and this one elsewhere */
		takes_turn();
		machine.guest = guest_computes;
		fp_code = GUEST_FIQ;
		computes(0, 0x9000, EXIT_IRQ, 1);
		machine.cpu = 3;
		assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 1, 0), 0);
		computes(0x7000, 0x8000, EXIT_IRQ, 1);
		machine.cpu = 0;
		computes(0x9000, 0xa000, EXIT_IRQ, 1);
	}
}

/* Until the host has its turn they stay the guest's, over what Hypatia does for it; then it has to ask again. */
static void test_fp_rounds(void **state)
{
	(void)state;
	begin(1);
	machine.guest = guest_computes_on;
	fp_found = 0;
	fp_left = 0x5000;
	fp_traps = 0;
	check_exit(EXIT_NONE, 0, 0);
	assert_int_equal(machine.guest_runs, 64);
	assert_int_equal(fp_traps, 1);
	check_exit(EXIT_NONE, 0, 0);
	assert_int_equal(fp_traps, 2);
	assert_int_equal(w()[CTX_V0], 0x5000 + 125 * 0x1000 + CTX_V0);
	/* a trap that there cannot be */
	guest_does(GUEST_SYNC, ESR(TRAP_EC_FP, 0));
	check_exit(EXIT_NONE, 0, 0);
	assert_int_equal(w()[CTX_V0], 0x5000 + 125 * 0x1000 + CTX_V0);
}

/* --- SVE */

#define CPU_LENGTHS 0xbu /* 128, 256 and 512 bits */

/* Of the guest: what it finds in each word, 0 or that and the word; what it leaves there; what ends its run. */
static u64 sve_found, sve_left, sve_class, sve_traps;

static u64 guest_with_vectors(u64 *x)
{
	u64 i;

	(void)x;
	machine.esr_el2 = ESR(sve_class, 0);
	if (machine.fp_open == 0) {
		sve_traps++;
		return GUEST_SYNC;
	}
	assert_int_equal(machine.fp_open, FP_SVE);
	assert_int_equal(machine.zcr, sve_found == 0 ? 0 : sve_found % 16);
	for (i = CTX_SVE_FIRST; i < CTX_SVE_END; i++) {
		u64 z = i - CTX_Z0;
		u64 *at = i >= CTX_Z0 && z % 8 < 2 ? &machine.fp[CTX_V0 + 2 * (z / 8) + z % 8] : &machine.vectors[i];

		assert_int_equal(*at, sve_found == 0 ? 0 : sve_found + i);
		*at = sve_left + i;
	}
	assert_int_equal(machine.fp[CTX_FPSR], sve_found == 0 ? 0 : sve_found);
	assert_int_equal(machine.fp[CTX_FPCR], sve_found == 0 ? 0 : sve_found + 1);
	machine.fp[CTX_FPSR] = sve_left;
	machine.fp[CTX_FPCR] = sve_left + 1;
	machine.zcr = sve_left % 16;
	return GUEST_IRQ;
}

/* One run: of the host's registers nothing is left beyond V, and ZCR_EL1 is its own. */
static void vectors_run(u64 found, u64 left, u64 class)
{
	u64 i;

	sve_found = found;
	sve_left = left;
	sve_class = class;
	sve_traps = 0;
	for (i = CTX_SVE_FIRST; i < CTX_SVE_END; i++) {
		machine.vectors[i] = 0xbad;
	}
	machine.zcr = 0xd;
	machine.guest = guest_with_vectors;
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(sve_traps, 1);
	assert_int_equal(machine.zcr, 0xd);
	for (i = CTX_SVE_FIRST; i < CTX_SVE_END; i++) {
		assert_int_equal(machine.vectors[i], 0);
	}
}

/* It uses something else that traps. */
static u64 guest_without_vectors(u64 *x)
{
	(void)x;
	assert_int_equal(machine.fp_open, 0);
	machine.esr_el2 = ESR(TRAP_EC_SME, 0);
	return sve_traps++ == 0 ? GUEST_SYNC : GUEST_IRQ;
}

static void begin_sve(u32 protected, u64 units)
{
	begin(protected);
	machine.sve_lengths = CPU_LENGTHS;
	machine_sve = CPU_LENGTHS;
	vm_start[0].host = 0;
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, units, 0), 0);
	vm_start[0].host = 1;
}

/* A vCPU has its own, wherever it runs, whatever it used first. */
static void test_sve(void **state)
{
	u32 protected;
	u64 i;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin_sve(protected, protected != 0 ? 2 : 4);
		vectors_run(0, 0x5004, TRAP_EC_SVE);
		assert_int_equal(machine.units, protected != 0 ? 2 : 4);
		vectors_run(0x5004, 0x6001, TRAP_EC_FP);
		/* one that does not use them: nothing of the host's is touched */
		machine.vectors[CTX_FFR] = 0x77;
		guest_does(GUEST_IRQ, ESR(TRAP_EC_SVE, 0));
		check_exit(EXIT_IRQ, 0, 0);
		sve_traps = 0;
		machine.guest = guest_without_vectors;
		check_exit(EXIT_IRQ, 0, 0);
		assert_int_equal(sve_traps, 2);
		assert_int_equal(machine.vectors[CTX_FFR], 0x77);
		for (i = CTX_SVE_FIRST; i < CTX_SVE_END; i++) {
			assert_int_equal(hvc(VCPU_GET_REG, i, 1, 0), protected != 0 ? HYP_EPERM : 0);
			assert_int_equal(rest[0], protected != 0 ? 1 : 0x6001 + i);
		}
		/* another vCPU here, and this one elsewhere */
		takes_turn();
		vectors_run(0, 0x9002, TRAP_EC_SVE);
		machine.cpu = 3;
		assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 1, 0), 0);
		vectors_run(0x6001, 0x7003, TRAP_EC_SVE);
		machine.cpu = 0;
		vectors_run(0x9002, 0xa005, TRAP_EC_SVE);
	}
}

/* Which begins anew by CPU_ON has nothing of what it had; where the VM has no SVE, its frame stays as it is. */
static void test_sve_begins(void **state)
{
	u64 i;

	(void)state;
	begin_sve(0, 4);
	vectors_run(0, 0x5004, TRAP_EC_SVE);
	vm_power[0].state[1] = POWER_ON_PENDING;
	vectors_run(0, 0x6001, TRAP_EC_SVE);
	vectors_run(0x6001, 0x7003, TRAP_EC_SVE);
	vm_start[0].sve = 0;
	vm_power[0].state[1] = POWER_ON_PENDING;
	guest_does(GUEST_IRQ, 0);
	check_exit(EXIT_IRQ, 0, 0);
	vm_start[0].sve = 4;
	for (i = CTX_SVE_FIRST; i < CTX_SVE_END; i++) {
		assert_int_equal(hvc(VCPU_GET_REG, i, 1, 0), 0);
		assert_int_equal(rest[0], 0x7003 + i);
	}
}

/* Where no vCPU is loaded there is nothing to load and nowhere to keep it; the host's come back all the same. */
static void test_sve_of_nobody(void **state)
{
	u64 fp[CTX_FP_END];

	(void)state;
	begin_sve(0, 4);
	vectors_run(0, 0x5004, TRAP_EC_SVE);
	assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
	memcpy(fp, machine.fp, sizeof(fp));
	machine.zcr = 0xd;
	assert_int_equal(vectors_take(0), 0);
	assert_memory_equal(machine.fp, fp, sizeof(fp));
	machine.vectors[CTX_P0] = 0xbad;
	machine.fp[CTX_V0] = 0xbad;
	machine.zcr = 0xe;
	vectors_return(0);
	assert_int_equal(machine.vectors[CTX_P0], 0);
	assert_memory_equal(machine.fp, fp, sizeof(fp));
	assert_int_equal(machine.zcr, 0xd);
}

/* The host reaches them of a VM that is not protected, and has SVE. */
static void test_sve_words(void **state)
{
	(void)state;
	begin_sve(0, 4);
	vectors_run(0, 0x5004, TRAP_EC_SVE);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_P0, 0x111, 0), 0);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE_END - 1, 0x222, 0), 0);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_ZCR_EL1, 3, 0), 0);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_P0, 9, 8), 0);
	assert_int_equal(rest[0], 0x111);
	assert_int_equal(rest[1], 8);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_SVE_END - 1, 0, 0), 0);
	assert_int_equal(rest[0], 0x222);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_P0 + 1, 0, 0), 0);
	assert_int_equal(rest[0], 0x5004 + CTX_P0 + 1);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_SVE, 0, 0), 0);
	assert_int_equal(rest[0], 4);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_SVE_FIRST - 1, 0, 0), HYP_EINVAL);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_SVE_END, 0, 0), HYP_EINVAL);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, 0, 0), 0);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_P0, 5, 0), HYP_EPERM);
	assert_int_equal(rest[0], 5);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_P0, 5, 0), HYP_EPERM);
	assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_P0, 5, 0), HYP_ENOENT);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, 0, 0), HYP_ENOENT);
}

/* Which vectors a VM can have, and until when that is said. */
static void test_sve_chosen(void **state)
{
	static const s64 want[] = { 0, 0, 0, HYP_EPERM, 0, HYP_EINVAL };
	u64 i;

	(void)state;
	/* of the VM that was there before */
	vm_start[0].sve = 3;
	begin(1);
	assert_int_equal(vm_start[0].sve, 0);
	machine_sve = 0;
	vm_start[0].host = 0;
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, 1, 0), HYP_EPERM);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, 0, 0), 0);
	assert_int_equal(hvc(HYP_STATS, STAT_SVE, 0, 0), 0);
	machine_sve = CPU_LENGTHS;
	assert_int_equal(hvc(HYP_STATS, STAT_SVE, 0, 0), CPU_LENGTHS);
	for (i = 0; i < 6; i++) {
		assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, i, 0), want[i]);
	}
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, 0x100000001ul, 0), HYP_EINVAL);
	assert_int_equal(vm_start[0].sve, 4);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_SVE, 1, 0), HYP_EPERM);
	vm_start[0].host = 1;
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, 1, 0), HYP_EPERM);
	assert_int_equal(vm_start[0].sve, 4);
	/* of a measured VM nobody but VM_BEGIN turns a vCPU on */
	vm_image[0].state = IMAGE_OPEN;
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, 1, 0), 0);
	vm_image[0].state = IMAGE_CLOSED;
	assert_int_equal(hvc(VCPU_SET_REG, CTX_SVE, 4, 0), HYP_EPERM);
	assert_int_equal(vm_start[0].sve, 1);
	/* a CPU with others, or none */
	guest_does(GUEST_IRQ, 0);
	machine.sve_lengths = 3;
	assert_int_equal(hvc(VCPU_RUN, 0, 0, 0), HYP_EPERM);
	machine.sve_lengths = 0;
	assert_int_equal(hvc(VCPU_RUN, 0, 0, 0), HYP_EPERM);
	machine.sve_lengths = CPU_LENGTHS;
	check_exit(EXIT_IRQ, 0, 0);
}

/* --- pointer authentication */

static u64 keys_found, keys_left;
static u64 keys_runs;

static u64 guest_with_keys(u64 *x)
{
	u64 i;

	(void)x;
	keys_runs++;
	assert_int_equal(machine.keys_open, machine.no_keys == 0);
	for (i = CTX_KEYS_FIRST; i < CTX_KEYS_END && machine.no_keys == 0; i++) {
		assert_int_equal(machine.keys[i], keys_found == 0 ? 0 : keys_found + i);
		machine.keys[i] = keys_left + i;
	}
	keys_found = keys_left;
	return keys_runs < 3 ? GUEST_SYNC : GUEST_IRQ;
}

/* A run of three rounds: the host's keys are as before, the guest's as it left them in the last run. */
static void runs_with_keys(u64 found, u64 left)
{
	u64 i;

	keys_found = found;
	keys_left = left;
	keys_runs = 0;
	machine.guest = guest_with_keys;
	machine.esr_el2 = OSLAR_WRITTEN;
	for (i = 0; i < CTX_KEYS_END; i++) {
		machine.keys[i] = 0xaa0000 + left + i;
	}
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(keys_runs, 3);
	for (i = 0; i < CTX_KEYS_END; i++) {
		assert_int_equal(machine.keys[i], 0xaa0000 + left + i);
	}
}

static void test_keys(void **state)
{
	u32 protected;
	u64 i;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		runs_with_keys(0, 0x5000);
		runs_with_keys(0x5000, 0x6000);
		for (i = CTX_KEYS_FIRST; i < CTX_KEYS_END; i++) {
			assert_int_equal(hvc(VCPU_GET_REG, i, 1, 0), protected != 0 ? HYP_EPERM : 0);
			assert_int_equal(rest[0], protected != 0 ? 1 : 0x6000 + i);
		}
		/* another vCPU here, and this one elsewhere */
		takes_turn();
		runs_with_keys(0, 0x9000);
		machine.cpu = 3;
		assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 1, 0), 0);
		runs_with_keys(0x6000, 0x7000);
		machine.cpu = 0;
		runs_with_keys(0x9000, 0xa000);
	}
}

/* A CPU without: nothing is touched, and nothing is opened. */
static void test_no_keys(void **state)
{
	(void)state;
	begin(0);
	machine.no_keys = 1;
	runs_with_keys(0, 0x5000);
	assert_int_equal(w()[CTX_KEYS_FIRST], 0);
}

static void test_set(void **state)
{
	u64 i;

	(void)state;
	begin(0);
	assert_int_equal(hvc(VCPU_RUN, 32, 0, 0), HYP_EINVAL);
	assert_int_equal(hvc(VCPU_RUN, ~0ul, 0, 0), HYP_EINVAL);
	for (i = 0; i < CTX_DEBUG_END; i++) {
		if (i != CTX_PSTATE) {
			u32 kept = i >= CTX_GIC_FIRST && i < CTX_GIC_FIRST + 4;

			assert_int_equal(hvc(VCPU_SET_REG, i, 0x123 + i, 0), kept != 0 ? HYP_EPERM : 0);
			assert_int_equal(w()[i], kept != 0 ? 0 : 0x123 + i);
		}
	}
	for (i = 0; i < 64; i++) {
		assert_int_equal(hvc(VCPU_SET_REG, CTX_PSTATE, 0x3c0 + i % 32 + i / 32 * 0x100000000ul, 0),
				 i == 0 || i == 4 || i == 5 ? 0 : HYP_EINVAL);
	}
	assert_int_equal(w()[CTX_PSTATE], 0x3c5);
	for (i = CTX_NAMED_END; i < CTX_WORDS; i++) {
		assert_int_equal(hvc(VCPU_SET_REG, i, 0, 0), HYP_EINVAL);
	}
	assert_int_equal(hvc(VCPU_SET_REG, ~0ul, 0, 0), HYP_EINVAL);
}

static void test_protected(void **state)
{
	u64 i;

	(void)state;
	begin(1);
	for (i = 0; i < CTX_DEBUG_END; i++) {
		assert_int_equal(hvc(VCPU_GET_REG, i, 0x77, 0), HYP_EPERM);
		assert_int_equal(rest[0], 0x77);
		assert_int_equal(hvc(VCPU_SET_REG, i, 0x99, 0), i == CTX_X0 || i == CTX_PC ? 0 : HYP_EPERM);
	}
	guest_does(GUEST_IRQ, 0);
	check_exit(EXIT_IRQ, 0, 0);
	for (i = 0; i < CTX_DEBUG_END; i++) {
		assert_int_equal(hvc(VCPU_SET_REG, i, 0x99, 0), HYP_EPERM);
	}
	assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
	assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 1, 0), 0);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_PC, 0x99, 0), HYP_EPERM);
	/* A system register that nobody lists is nothing to the host: the guest takes an UNDEFINED. */
	w()[CTX_PC] = ENTRY;
	guest_does(GUEST_SYNC, ESR(TRAP_EC_SYSREG, 1));
	check_goes_on();
	assert_int_equal(w()[CTX_PC], 0x200);
	assert_int_equal(w()[CTX_ELR_EL1], ENTRY);
}

static void test_simple_exits(void **state)
{
	(void)state;
	begin(1);
	guest_does(GUEST_IRQ, ESR(TRAP_EC_WFX, 0));
	check_exit(EXIT_IRQ, 0, 0);
	guest_does(GUEST_FIQ, ESR(TRAP_EC_WFX, 0));
	check_exit(EXIT_IRQ, 0, 0);
	guest_does(GUEST_SERROR, ESR(TRAP_EC_WFX, 0));
	check_exit(EXIT_SERROR, 0, 0);
	assert_int_equal(w()[CTX_PC], ENTRY);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_WFX, 2));
	check_exit(EXIT_WFX, 2, 0);
	assert_int_equal(w()[CTX_PC], ENTRY + 4);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_WFX, 1) - 0x2000000);
	check_exit(EXIT_WFX, 1, 0);
	assert_int_equal(w()[CTX_PC], ENTRY + 6);
	w()[CTX_PC] = ~3ul;
	check_exit(EXIT_WFX, 1, 0);
	assert_int_equal(w()[CTX_PC], 0);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_SVE, 0));
	check_goes_on();
	assert_int_equal(w()[CTX_PC], 0x200);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_SME, 0));
	check_goes_on();
	assert_int_equal(w()[CTX_ELR_EL1], 0x200);
}

static void test_calls(void **state)
{
	(void)state;
	begin(0);
	w()[0] = 0xc5000060ul;
	w()[1] = 0x1234;
	guest_does(GUEST_SYNC, ESR(TRAP_EC_HVC64, 0));
	check_exit(EXIT_HVC, 0xc5000060ul, 0x1234);
	assert_int_equal(w()[CTX_PC], ENTRY);
	assert_int_equal(hvc(VCPU_RUN, 1, 0x55, 0), EXIT_HVC);
	assert_int_equal(w()[0], 0x55);
	check_exit(EXIT_HVC, 0x55, 0x1234);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_SMC64, 0));
	check_exit(EXIT_SMC, 0x55, 0x1234);
	assert_int_equal(w()[CTX_PC], ENTRY + 4);
	guest_does(GUEST_IRQ, 0);
	assert_int_equal(hvc(VCPU_RUN, 1, 0x66, 0), EXIT_IRQ);
	assert_int_equal(w()[0], 0x66);
	/* An exit is answered once: what the next run ended with is no call. An interrupt has no answer. */
	assert_int_equal(hvc(VCPU_RUN, 1, 0x77, 0), EXIT_IRQ);
	assert_int_equal(w()[0], 0x66);
	/* An immediate: HVC points behind itself, SMC at itself. */
	guest_does(GUEST_SYNC, ESR(TRAP_EC_HVC64, 1));
	check_goes_on();
	assert_int_equal(w()[CTX_ELR_EL1], ENTRY);
	w()[CTX_PC] = 0;
	check_goes_on();
	assert_int_equal(w()[CTX_ELR_EL1], ~3ul);
	w()[CTX_PC] = 4;
	check_goes_on();
	assert_int_equal(w()[CTX_ELR_EL1], 0);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_SMC64, 1));
	w()[CTX_PC] = ENTRY;
	check_goes_on();
	assert_int_equal(w()[CTX_ELR_EL1], ENTRY);
}

static void test_undefined(void **state)
{
	static const u64 from[][2] = { { 0x3c5, 0x200 }, { 4, 0 }, { 0xf0000000, 0x400 }, { 0x10, 0x600 } };
	u32 i;

	(void)state;
	begin(0);
	for (i = 0; i < 4; i++) {
		w()[CTX_PC] = ENTRY;
		w()[CTX_PSTATE] = from[i][0];
		w()[CTX_VBAR_EL1] = 0xffff800010010c00ul; /* the low bits are RES0 */
		guest_does(GUEST_SYNC, ESR(EC_PAC, 0));
		check_goes_on();
		assert_int_equal(w()[CTX_PC], 0xffff800010010800ul + from[i][1]);
		assert_int_equal(w()[CTX_ELR_EL1], ENTRY);
		assert_int_equal(w()[CTX_SPSR_EL1], from[i][0]);
		assert_int_equal(w()[CTX_ESR_EL1], 0x2000000);
		assert_int_equal(w()[CTX_PSTATE] % 1024, 0x3c5);
	}
}

static void test_faults(void **state)
{
	(void)state;
	begin(1);
	machine.hpfar_el2 = 0x12345 << 4;
	machine.far_el2 = 0xffff000000000678ul;
	w()[3] = 0x1122334455667788ul;
	guest_does(GUEST_SYNC, ESR(TRAP_EC_IABT_LOW, 0x1000000 + 7));
	check_exit(EXIT_FAULT, FAULT_FETCH + 0x12345000, 0);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 5));
	check_exit(EXIT_FAULT, 0x12345000, 0);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x40 + 5));
	check_exit(EXIT_FAULT, FAULT_WRITE + 0x12345000, 0);
	/* Neither has an answer, and a fetch has none. */
	assert_int_equal(hvc(VCPU_RUN, 1, 9, 0), EXIT_FAULT);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_IABT_LOW, 0x1000000 + 7));
	check_exit(EXIT_FAULT, FAULT_FETCH + 0x12345000, 0);
	assert_int_equal(hvc(VCPU_RUN, 1, 9, 0), EXIT_FAULT);
	assert_int_equal(w()[0], 0);
	assert_int_equal(w()[CTX_PC], ENTRY);
	/* A write of w3, 1, 2, 4 and 8 bytes. */
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x1000000 + (3 << 16) + 0x40 + 6));
	check_exit(EXIT_FAULT, FAULT_VALID + FAULT_WRITE + 0x12345678, 0x88);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x1400000 + (3 << 16) + 0x40 + 6));
	check_exit(EXIT_FAULT, FAULT_VALID + FAULT_WRITE + FAULT_SIZE + 0x12345678, 0x7788);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x1800000 + (3 << 16) + 0x40 + 6));
	check_exit(EXIT_FAULT, FAULT_VALID + FAULT_WRITE + FAULT_SIZE * 2 + 0x12345678, 0x55667788);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x1c00000 + (3 << 16) + 0x8000 + 0x40 + 6));
	check_exit(EXIT_FAULT, FAULT_VALID + FAULT_WRITE + FAULT_SIZE * 3 + 0x12345678, 0x1122334455667788ul);
	assert_int_equal(hvc(VCPU_RUN, 1, 9, 0), EXIT_FAULT);
	assert_int_equal(w()[3], 0x1122334455667788ul);
	assert_int_equal(w()[CTX_PC], ENTRY + 4);
	/* A read, which the host is to answer. */
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x1800000 + (3 << 16) + 6));
	check_exit(EXIT_FAULT, FAULT_VALID + FAULT_SIZE * 2 + 0x12345678, 0);
	/* XZR. */
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x1c00000 + (31 << 16) + 0x40 + 6));
	check_exit(EXIT_FAULT, FAULT_VALID + FAULT_WRITE + FAULT_SIZE * 3 + 0x12345678, 0);
	/* Walks and other faults that name a page, and those that do not. */
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x80 + 0xd));
	check_exit(EXIT_FAULT, FAULT_PERMISSION + 0x12345000, 0);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0));
	check_exit(EXIT_FAULT, 0x12345000, 0);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 9));
	check_exit(EXIT_FAULT, 0x12345000, 0);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x10));
	check_exit(EXIT_OTHER, TRAP_EC_DABT_LOW, 0);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_IABT_LOW, 0x14));
	check_exit(EXIT_OTHER, TRAP_EC_IABT_LOW, 0);
	/* A page that is there, and may not be written: bit 59 says so. */
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x1c00000 + (3 << 16) + 0x40 + 0xf));
	check_exit(EXIT_FAULT, (1ul << 59) + FAULT_VALID + FAULT_WRITE + FAULT_SIZE * 3 + 0x12345678,
		   0x1122334455667788ul);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x40 + 0xc));
	check_exit(EXIT_FAULT, FAULT_PERMISSION + FAULT_WRITE + 0x12345000, 0);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_IABT_LOW, 0xf));
	check_exit(EXIT_FAULT, FAULT_PERMISSION + FAULT_FETCH + 0x12345000, 0);
	/* Which page it was is not known any more: the guest tries again. */
	machine.page_lost = 1;
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x40 + 0xc));
	check_exit(EXIT_IRQ, 0, 0);
	machine.page_lost = 0;
}

static void read_with(u64 iss, u64 value, u64 want)
{
	w()[CTX_PC] = ENTRY;
	w()[7] = 0xdeadbeefdeadbeeful;
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x1000000 + (7 << 16) + 6 + iss));
	assert_int_equal(hvc(VCPU_RUN, 0, 0, 0), EXIT_FAULT);
	assert_int_equal(w()[7], 0xdeadbeefdeadbeeful);
	guest_does(GUEST_IRQ, 0);
	assert_int_equal(hvc(VCPU_RUN, 1, value, 0), EXIT_IRQ);
	assert_int_equal(w()[7], want);
	assert_int_equal(w()[CTX_PC], ENTRY + 4);
}

static void test_reads(void **state)
{
	const u64 v = 0x8182838485868788ul;

	(void)state;
	begin(1);
	read_with(0, v, 0x88);
	read_with(0x400000, v, 0x8788);
	read_with(0x800000, v, 0x85868788);
	read_with(0xc08000, v, v);
	read_with(0x200000, v, 0xffffff88);
	read_with(0x208000, v, 0xffffffffffffff88ul);
	read_with(0x208000, 0x7f, 0x7f);
	read_with(0x600000, v, 0xffff8788);
	read_with(0x608000, v, 0xffffffffffff8788ul);
	read_with(0x608000, 0x7fff, 0x7fff);
	read_with(0xa08000, v, 0xffffffff85868788ul);
	read_with(0xa08000, 0x7fffffff, 0x7fffffff);
	read_with(0xe08000, v, v);
	/* the least value with a sign */
	read_with(0x208000, 0x80, 0xffffffffffffff80ul);
	read_with(0x608000, 0x8000, 0xffffffffffff8000ul);
	read_with(0xa08000, 0x80000000, 0xffffffff80000000ul);
}

/* An exit waits for its answer wherever the vCPU goes. */
static void test_answer_elsewhere(void **state)
{
	(void)state;
	begin(1);
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 0x1c00000 + (7 << 16) + 0x8000 + 6));
	assert_int_equal(hvc(VCPU_RUN, 0, 0, 0), EXIT_FAULT);
	assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
	machine.cpu = 2;
	assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 1, 0), 0);
	guest_does(GUEST_IRQ, 0);
	assert_int_equal(hvc(VCPU_RUN, 1, 0x1234, 0), EXIT_IRQ);
	assert_int_equal(w()[7], 0x1234);
	assert_int_equal(w()[CTX_PC], ENTRY + 4);
}

/* Syndrome of an access to a register: with MRS, @read is 1. */
static u64 access_of(u32 op0, u32 op1, u32 crn, u32 crm, u32 op2, u32 rt, u32 read)
{
	return ESR(TRAP_EC_SYSREG, op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 | crm << 1 | read);
}

/* What is the host's, of a protected VM like of another: the access and no more; CNTP_CTL_EL0. */
static void test_sysregs_of_the_host(void **state)
{
	u32 protected;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		w()[9] = 0x99;
		guest_does(GUEST_SYNC, access_of(3, 3, 14, 2, 1, 9, 0));
		check_exit(EXIT_SYSREG, machine.esr_el2, 0x99);
		assert_int_equal(hvc(VCPU_RUN, 1, 0x55, 0), EXIT_SYSREG);
		assert_int_equal(w()[9], 0x99);
		assert_int_equal(w()[CTX_PC], ENTRY + 4);
		guest_does(GUEST_SYNC, access_of(3, 3, 14, 2, 1, 9, 1));
		check_exit(EXIT_SYSREG, machine.esr_el2, 0);
		assert_int_equal(w()[9], 0x99);
		assert_int_equal(hvc(VCPU_RUN, 1, 0x55, 0), EXIT_SYSREG);
		assert_int_equal(w()[9], 0x55);
		assert_int_equal(w()[CTX_PC], ENTRY + 8);
		guest_does(GUEST_SYNC, access_of(3, 3, 14, 2, 1, 31, 1));
		check_exit(EXIT_SYSREG, machine.esr_el2, 0);
		assert_int_equal(hvc(VCPU_RUN, 1, 0x55, 0), EXIT_SYSREG);
		assert_int_equal(w()[31], ENTRY + 12);
		guest_does(GUEST_SYNC, access_of(3, 3, 14, 2, 1, 31, 0));
		check_exit(EXIT_SYSREG, machine.esr_el2, 0);
	}
}

/* One access, which the guest goes on behind; all other words of its context are as before. */
static void goes_on_behind(u64 esr, u64 word, u64 value)
{
	u64 before[CTX_WORDS];
	u64 i;

	w()[CTX_PC] = ENTRY;
	memcpy(before, w(), sizeof(before));
	guest_does(GUEST_SYNC, esr);
	check_goes_on();
	for (i = 0; i < CTX_DEBUG_END; i++) {
		assert_int_equal(w()[i], i == CTX_PC ? ENTRY + 4 : i == word ? value : before[i]);
	}
}

static void is_undefined(u64 esr)
{
	u64 x9 = w()[9];

	w()[CTX_PC] = ENTRY;
	w()[CTX_PSTATE] = 0x3c5;
	w()[CTX_VBAR_EL1] = 0x40000000;
	guest_does(GUEST_SYNC, esr);
	check_goes_on();
	assert_int_equal(w()[CTX_PC], 0x40000200);
	assert_int_equal(w()[CTX_ELR_EL1], ENTRY);
	assert_int_equal(w()[CTX_ESR_EL1], 0x2000000);
	assert_int_equal(w()[9], x9);
}

/* No word of a context. */
#define NOWHERE CTX_WORDS

static void test_sysregs(void **state)
{
	u32 protected;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		w()[CTX_PSTATE] = 0x3c5;
		w()[9] = 0x99;
		w()[CTX_CSSELR_EL1] = 0x77;
		/* OSLSR_EL1, CTR_EL0, ID_AA64PFR0_EL1, ID_AA64PFR1_EL1, ID_PFR0_EL1 */
		goes_on_behind(access_of(2, 0, 1, 1, 4, 9, 1), 9, 8);
		goes_on_behind(access_of(3, 3, 0, 0, 1, 9, 1), 9, MACHINE_ID(MACHINE_CTR_EL0));
		goes_on_behind(access_of(3, 0, 0, 4, 0, 9, 1), 9, 0x2101000000110011ul);
		goes_on_behind(access_of(3, 0, 0, 4, 1, 30, 1), 30, 0x100000021ul);
		goes_on_behind(access_of(3, 0, 0, 1, 0, 9, 1), 9, 0);
		/* into XZR; OSLAR_EL1, DC CISW, and MDCCINT_EL1 written */
		goes_on_behind(access_of(3, 3, 0, 0, 1, 31, 1), NOWHERE, 0);
		goes_on_behind(access_of(2, 0, 1, 0, 4, 9, 0), NOWHERE, 0);
		goes_on_behind(access_of(1, 0, 7, 14, 2, 9, 0), NOWHERE, 0);
		goes_on_behind(access_of(2, 0, 0, 2, 0, 9, 0), NOWHERE, 0);
		/* CSSELR_EL1, which stands in the context */
		goes_on_behind(access_of(3, 2, 0, 0, 0, 9, 1), 9, 0x77);
		w()[9] = 0x12;
		goes_on_behind(access_of(3, 2, 0, 0, 0, 9, 0), CTX_CSSELR_EL1, 0x12);
		goes_on_behind(access_of(3, 2, 0, 0, 0, 31, 0), CTX_CSSELR_EL1, 0);
		w()[CTX_CSSELR_EL1] = 0x78;
		goes_on_behind(access_of(3, 2, 0, 0, 0, 31, 1), NOWHERE, 0);
		/* PMCR_EL0; an ID register written; ICC_SRE_EL1, a key, and MPIDR_EL1, which does not trap */
		is_undefined(access_of(3, 3, 9, 12, 0, 9, 1));
		is_undefined(access_of(3, 0, 0, 4, 0, 9, 0));
		is_undefined(access_of(3, 0, 12, 12, 5, 9, 1));
		is_undefined(access_of(3, 0, 2, 1, 0, 9, 1));
		is_undefined(access_of(3, 0, 2, 1, 0, 9, 0));
		is_undefined(access_of(3, 0, 0, 0, 5, 9, 1));
	}
}

/* Fields GIC and SVE of ID_AA64PFR0_EL1: each where the guest has that, and only there. */
static void test_shown(void **state)
{
	static const u64 fields[] = { 0, 0x1000000, 0x100000000, 0x101000000 };
	u32 i;

	(void)state;
	for (i = 0; i < 4; i++) {
		begin_sve(0, i / 2 * 4);
		machine.ids[MACHINE_ID_AA64PFR0_EL1] = 0x1111111111111111;
		machine_ids[MACHINE_ID_AA64PFR0_EL1] = 0x1111111111111111;
		guest_does(GUEST_SYNC, access_of(3, 0, 0, 4, 0, 9, 1));
		assert_int_equal(hvc(VCPU_RUN, i % 2 * RUN_GIC, 0, 0), EXIT_NONE);
		assert_int_equal(w()[9] & 0xf0f000000, fields[i]);
	}
}

/* Each slot that a context has, by names that are not the table's. */
static void test_slots(void **state)
{
	static const struct {
		u32 op1, crn, crm, op2;
		u64 word;
	} slots[] = {
		{ 0, 1, 0, 0, CTX_SCTLR_EL1 }, { 0, 1, 0, 2, CTX_CPACR_EL1 },
		{ 0, 2, 0, 0, CTX_TTBR0_EL1 }, { 0, 2, 0, 1, CTX_TTBR1_EL1 },
		{ 0, 2, 0, 2, CTX_TCR_EL1 }, { 0, 4, 0, 0, CTX_SPSR_EL1 },
		{ 0, 4, 0, 1, CTX_ELR_EL1 }, { 0, 4, 1, 0, CTX_SP_EL0 },
		{ 0, 5, 1, 0, CTX_AFSR0_EL1 }, { 0, 5, 1, 1, CTX_AFSR1_EL1 },
		{ 0, 5, 2, 0, CTX_ESR_EL1 }, { 0, 6, 0, 0, CTX_FAR_EL1 },
		{ 0, 7, 4, 0, CTX_PAR_EL1 }, { 0, 10, 2, 0, CTX_MAIR_EL1 },
		{ 0, 10, 3, 0, CTX_AMAIR_EL1 }, { 0, 12, 0, 0, CTX_VBAR_EL1 },
		{ 0, 13, 0, 1, CTX_CONTEXTIDR_EL1 }, { 0, 13, 0, 4, CTX_TPIDR_EL1 },
		{ 0, 14, 1, 0, CTX_CNTKCTL_EL1 }, { 2, 0, 0, 0, CTX_CSSELR_EL1 },
		{ 3, 13, 0, 2, CTX_TPIDR_EL0 }, { 3, 13, 0, 3, CTX_TPIDRRO_EL0 },
		{ 3, 14, 3, 1, CTX_CNTV_CTL_EL0 }, { 3, 14, 3, 2, CTX_CNTV_CVAL_EL0 },
	};
	u32 i;

	(void)state;
	begin(0);
	for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		u64 of_x9 = access_of(3, slots[i].op1, slots[i].crn, slots[i].crm, slots[i].op2, 9, 0);

		w()[9] = 0x900 + i;
		goes_on_behind(of_x9, slots[i].word, 0x900 + i);
		goes_on_behind(of_x9 + (1u << 5) + 1, 10, 0x900 + i);
	}
}

/* --- breakpoints and watchpoints */

#define MDE 0x8000u
#define BCR_OF_GUESTS 0x3f01e7ul
#define WCR_OF_GUESTS 0x1f1f1ffful
#define HOST_POINT(i) (0xbb0000 + (i))

/* What the guest finds in the CPU. */
static u64 points_found[CTX_DEBUG_END];
static u64 points_rounds;
static u32 points_taken;

static u64 guest_with_points(u64 *x)
{
	(void)x;
	memcpy(points_found, machine.points, sizeof(points_found));
	points_taken = machine.points_guest;
	return ++points_rounds < 3 ? GUEST_SYNC : GUEST_IRQ;
}

/* A run of three rounds, of which the first two end with @esr; the host's points are as before, moved @moves times. */
static void runs_with_points(u64 esr, u32 moves)
{
	u64 i;

	for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
		machine.points[i] = HOST_POINT(i);
	}
	machine.guest = guest_with_points;
	machine.esr_el2 = esr;
	machine.points_moves = 0;
	points_rounds = 0;
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(points_rounds, 3);
	assert_int_equal(machine.points_guest, 0);
	assert_int_equal(machine.points_moves, moves);
	for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
		assert_int_equal(machine.points[i], HOST_POINT(i));
	}
}

/* By hand, of control word @i. */
static u64 control_of(u64 i, u64 v)
{
	return (i - CTX_DEBUG_FIRST) % 2 == 0 ? v : v & (i < CTX_DBGWVR0_EL1 ? BCR_OF_GUESTS : WCR_OF_GUESTS);
}

/* DBGBVR<n>_EL1 is op2 4, then DBGBCR, DBGWVR, DBGWCR. */
static u64 point_access(u64 i, u64 rt, u32 read)
{
	u64 of = i - CTX_DEBUG_FIRST;
	u64 n = of / 2 % 16;

	return access_of(2, 0, 0, n, 4 + of / 32 * 2 + of % 2, rt, read);
}

static void test_points(void **state)
{
	const u64 mdscr_written = access_of(2, 0, 0, 2, 2, 9, 0);
	u32 protected;
	u64 i;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		/* None is set, and none counts: nothing is moved, and each reads as 0, whatever stands there. */
		for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
			w()[i] = 0xdead0000 + i;
			w()[9] = 0;
			goes_on_behind(point_access(i, 9, 0), NOWHERE, 0);
			goes_on_behind(point_access(i, 10, 1), 10, 0);
		}
		assert_int_equal(w()[CTX_DEBUG], 0);
		runs_with_points(OSLAR_WRITTEN, 0);
		/* One is: the others are 0. */
		w()[9] = ~0ul;
		guest_does(GUEST_SYNC, point_access(CTX_DBGWCR0_EL1, 9, 0));
		check_goes_on();
		assert_int_equal(w()[CTX_DEBUG], 1);
		for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
			assert_int_equal(w()[i], i == CTX_DBGWCR0_EL1 ? ~0ul : 0);
		}
		/* All are; they do not count yet, so nothing is moved. */
		for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
			w()[9] = 0xfedcba9800000000ul + ~(u32)i;
			goes_on_behind(point_access(i, 9, 0), i, w()[9]);
			goes_on_behind(point_access(i, 10, 1), 10, w()[9]);
		}
		machine.isbs = 0;
		runs_with_points(OSLAR_WRITTEN, 0);
		assert_int_equal(points_taken, 0);
		assert_int_equal(machine.isbs, 0);
		/* From the next entry on they do: saved once, loaded with each entry, the host's back at the end. */
		w()[9] = ~0ul;
		runs_with_points(mdscr_written, 4);
		assert_int_equal(points_taken, 1);
		assert_true(machine.isbs >= 2);
		assert_int_equal(w()[CTX_MDSCR_EL1], 0xb001);
		for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
			assert_int_equal(points_found[i], control_of(i, 0xfedcba9800000000ul + ~(u32)i));
			assert_int_equal(w()[i], points_found[i]);
		}
		/* What it changes is in the CPU at once. */
		w()[9] = 0x40081230;
		runs_with_points(point_access(CTX_DBGBVR0_EL1 + 4, 9, 0), 5);
		assert_int_equal(points_found[CTX_DBGBVR0_EL1 + 4], 0x40081230);
		/* It has them elsewhere, and another vCPU has none. */
		assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
		assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 0, 0), 0);
		assert_int_equal(power_start(0, 0), 0);
		w()[9] = MDE;
		runs_with_points(mdscr_written, 4);
		for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
			assert_int_equal(points_found[i], 0);
		}
		machine.cpu = 3;
		assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 1, 0), 0);
		runs_with_points(OSLAR_WRITTEN, 5);
		for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
			assert_int_equal(points_found[i], i == CTX_DBGBVR0_EL1 + 4 ? 0x40081230 :
					 control_of(i, 0xfedcba9800000000ul + ~(u32)i));
		}
		/* Off in the middle of a run: they stay till its end. */
		w()[9] = 0;
		runs_with_points(mdscr_written, 3);
		assert_int_equal(w()[CTX_MDSCR_EL1], 0);
		runs_with_points(OSLAR_WRITTEN, 0);
		machine.cpu = 0;
	}
}

/* The host reaches them where it reaches any register, and none that was not set holds anything. */
static void test_points_of_the_host(void **state)
{
	u64 i;

	(void)state;
	begin(0);
	for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
		w()[i] = 0xdead0000 + i;
		assert_int_equal(hvc(VCPU_GET_REG, i, 1, 0), 0);
		assert_int_equal(rest[0], 0);
		assert_int_equal(hvc(VCPU_SET_REG, i, 0, 0), 0);
	}
	assert_int_equal(w()[CTX_DEBUG], 0);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_DEBUG_END - 2, 0x1234, 0), 0);
	for (i = CTX_DEBUG_FIRST; i < CTX_DEBUG_END; i++) {
		assert_int_equal(hvc(VCPU_GET_REG, i, 1, 0), 0);
		assert_int_equal(rest[0], i == CTX_DEBUG_END - 2 ? 0x1234 : 0);
	}
	assert_int_equal(hvc(VCPU_SET_REG, CTX_MDSCR_EL1, ~0ul, 0), 0);
	runs_with_points(OSLAR_WRITTEN, 5);
	assert_int_equal(points_found[CTX_DEBUG_END - 2], 0x1234);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_MDSCR_EL1, 1, 0), 0);
	assert_int_equal(rest[0], 0xb001);
}

/* Whatever Hypatia does instead of an instruction is a step that was made; what the guest repeats is none. */
static void test_steps(void **state)
{
	static const u64 stepped[] = {
		OSLAR_WRITTEN, ESR(TRAP_EC_WFX, 0), ESR(TRAP_EC_SMC64, 0),
	};
	u64 i;

	(void)state;
	for (i = 0; i < 3; i++) {
		begin(1);
		w()[CTX_X0] = 0x84000000;
		w()[CTX_PSTATE] = 0x802003c5;
		guest_does(GUEST_SYNC, stepped[i]);
		next_times = 1;
		(void)hvc(VCPU_RUN, 0, 0, 0);
		next_times = ~0u;
		assert_int_equal(w()[CTX_PC], ENTRY + 4);
		assert_int_equal(w()[CTX_PSTATE], 0x800003c5);
	}
	begin(0);
	w()[CTX_PSTATE] = 0x2003c5;
	guest_does(GUEST_SYNC, ESR(TRAP_EC_FP, 0));
	check_goes_on();
	assert_int_equal(w()[CTX_PSTATE], 0x2003c5);
	/* an exception: no step is left, and debug exceptions are masked */
	w()[CTX_PSTATE] = 0x200000;
	guest_does(GUEST_SYNC, ESR(TRAP_EC_SVE, 0));
	check_goes_on();
	assert_int_equal(w()[CTX_SPSR_EL1], 0x200000);
	assert_int_equal(w()[CTX_PSTATE] & 0x2003ff, 0x3c5);
	/* an access that the host does for it */
	w()[CTX_PSTATE] = 0x2003c5;
	machine.hpfar_el2 = 0x9000 << 4;
	guest_does(GUEST_SYNC, ESR(TRAP_EC_DABT_LOW, 1 << 24 | 3 << 22 | 9 << 16 | 6));
	assert_int_equal(hvc(VCPU_RUN, 0, 0, 0), EXIT_FAULT);
	assert_int_equal(w()[CTX_PSTATE], 0x2003c5);
	guest_does(GUEST_IRQ, 0);
	assert_int_equal(hvc(VCPU_RUN, 1, 0x77, 0), EXIT_IRQ);
	assert_int_equal(w()[9], 0x77);
	assert_int_equal(w()[CTX_PSTATE], 0x3c5);
}

/* A guest that needs nothing but Hypatia gives the CPU back after a while. */
static void test_bound(void **state)
{
	u32 runs;

	(void)state;
	begin(1);
	guest_does(GUEST_SYNC, access_of(2, 0, 1, 0, 4, 9, 0));
	runs = machine.guest_runs;
	check_exit(EXIT_NONE, 0, 0);
	assert_int_equal(machine.guest_runs, runs + 64);
	assert_int_equal(w()[CTX_PC], ENTRY + 64 * 4);
}

/* A CPU that has something else than the boot CPU runs no guest; its type may be another. */
static void test_other_cpu(void **state)
{
	u64 x[CTX_WORDS];
	u32 i, runs;

	(void)state;
	begin(0);
	w()[0] = 0xc5000060ul;
	guest_does(GUEST_SYNC, ESR(TRAP_EC_HVC64, 0));
	check_exit(EXIT_HVC, 0xc5000060ul, 0);
	runs = machine.guest_runs;
	memcpy(x, w(), sizeof(x));
	for (i = 0; i < MACHINE_IDS; i++) {
		machine.ids[i]++;
		if (i != MACHINE_MIDR_EL1) {
			assert_int_equal(hvc(VCPU_RUN, 1, 0x55, 6), HYP_EPERM);
			assert_int_equal(rest[0], 0x55);
			assert_int_equal(rest[1], 6);
			assert_memory_equal(x, w(), sizeof(x));
			machine.ids[i]--;
		}
	}
	assert_int_equal(machine.guest_runs, runs);
	assert_int_equal(hvc(VCPU_RUN, 1, 0x55, 0), EXIT_HVC);
	assert_int_equal(w()[0], 0x55);
}

/* Of the virtual timer the host learns when it fires, and of one that cannot nothing, however the run ends. */
static void test_timer(void **state)
{
	u32 protected;
	u64 control;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		guest_does(GUEST_IRQ, 0);
		for (control = 0; control < 16; control++) {
			u32 on = control == 1 || control == 5 || control == 9 || control == 13 ? 1 : 0;

			w()[CTX_CNTV_CTL_EL0] = control;
			w()[CTX_CNTV_CVAL_EL0] = 0x123456789abcdef0ul;
			check_exit(EXIT_IRQ, 0, 0);
			assert_int_equal(rest[2], on);
			assert_int_equal(rest[3], on != 0 ? 0x123456789abcdef0ul : 0);
		}
		vm_power[0].state[1] = POWER_OFF;
		check_exit(EXIT_OFF, 0, 0);
		assert_int_equal(rest[2], 0);
		w()[CTX_CNTV_CTL_EL0] = 1;
		check_exit(EXIT_OFF, 0, 0);
		assert_int_equal(rest[2], 1);
		assert_int_equal(hvc(VCPU_GET_REG, CTX_CNTV_CVAL_EL0, 0, 0), protected ? HYP_EPERM : 0);
	}
}

/* The counter of a VM: for all of its vCPUs, of a protected one until it runs; the host hears of the machine's. */
static void test_offset(void **state)
{
	static const struct {
		u64 offset, compare, fires;
	} of[] = {
		{ 0, 0, 0 }, { 0, ~0ul, ~0ul }, { 5, 7, 12 }, { 5, ~0ul - 5, ~0ul }, { 5, ~0ul - 4, ~0ul },
		{ 5, ~0ul, ~0ul },
		{ 0x7ffffffffffffffful, 0x8000000000000000ul, ~0ul }, { 0x7ffffffffffffffful, ~0ul, ~0ul },
		{ ~0ul, 0, 0 }, { ~0ul, 1, 0 }, { ~0ul, 2, 1 }, { ~0ul, ~0ul, ~0ul - 1 },
		{ 0x8000000000000000ul, 0x7ffffffffffffffful, 0 }, { 0x8000000000000000ul, 0x8000000000000005ul, 5 },
	};
	u32 i;

	(void)state;
	/* of the VM that was there before */
	vm_start[0].offset = 0x99;
	begin(0);
	guest_does(GUEST_IRQ, 0);
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(machine.offset, 0);
	w()[CTX_CNTV_CTL_EL0] = 1;
	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		assert_int_equal(hvc(VCPU_SET_REG, CTX_CNTVOFF_EL2, of[i].offset, 0), 0);
		assert_int_equal(hvc(VCPU_GET_REG, CTX_CNTVOFF_EL2, 1, 0), 0);
		assert_int_equal(rest[0], of[i].offset);
		w()[CTX_CNTV_CVAL_EL0] = of[i].compare;
		check_exit(EXIT_IRQ, 0, 0);
		assert_int_equal(machine.offset, of[i].offset);
		assert_int_equal(rest[3], of[i].fires);
	}
	/* another vCPU has the same */
	assert_int_equal(hvc(VCPU_SET_REG, CTX_CNTVOFF_EL2, 0x4711, 0), 0);
	assert_int_equal(hvc(VCPU_PUT, 0, 0, 0), 0);
	assert_int_equal(hvc(VCPU_SET_REG, CTX_CNTVOFF_EL2, 1, 0), HYP_ENOENT);
	assert_int_equal(hvc(VCPU_LOAD, HANDLE(0), 0, 0), 0);
	assert_int_equal(power_start(0, 0), 0);
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(machine.offset, 0x4711);
}

static void test_offset_protected(void **state)
{
	(void)state;
	begin(1);
	guest_does(GUEST_IRQ, 0);
	vm_start[0].host = 0;
	assert_int_equal(hvc(VCPU_SET_REG, CTX_CNTVOFF_EL2, 0x4711, 0), 0);
	assert_int_equal(hvc(VCPU_GET_REG, CTX_CNTVOFF_EL2, 1, 0), HYP_EPERM);
	vm_start[0].host = 1;
	assert_int_equal(hvc(VCPU_SET_REG, CTX_CNTVOFF_EL2, 1, 0), HYP_EPERM);
	check_exit(EXIT_IRQ, 0, 0);
	assert_int_equal(machine.offset, 0x4711);
}

/* A PSTATE that cannot be is not returned to, wherever it came from. */
static void test_pstate(void **state)
{
	u64 i;

	(void)state;
	begin(1);
	guest_does(GUEST_IRQ, 0);
	for (i = 0; i < 32; i++) {
		w()[CTX_PSTATE] = 0x100 + i;
		check_exit(EXIT_IRQ, 0, 0);
		assert_int_equal(w()[CTX_PSTATE], i == 0 || i == 4 || i == 5 || i == 16 ? 0x100 + i : 0x3c5);
	}
}

/* --- the GIC */

#define LIST_SPI 0x50a0000000000028ul /* 40, priority 0xa0, group 1, pending */
#define LIST_DONE 0x10a0000000000028ul
#define LIST_HW 0x2000000000000000ul

static u64 list_found[4], list_left[4];
static u64 gic_runs;

/* A write of ICC_SGI1R_EL1 from X2. */
#define SGI_WRITTEN ESR(TRAP_EC_SYSREG, 3 << 20 | 5 << 17 | 12 << 10 | 2 << 5 | 11 << 1)

static u64 guest_with_gic(u64 *x)
{
	u32 i;

	gic_runs++;
	x[2] = 0x4711;
	for (i = 0; i < 4; i++) {
		assert_int_equal(machine.gic[CTX_GIC_FIRST + i], list_found[i]);
		machine.gic[CTX_GIC_FIRST + i] = list_left[i];
		list_found[i] = list_left[i];
	}
	machine.gic[CTX_ICH_VMCR_EL2]++;
	return machine.esr_el2 == SGI_WRITTEN || gic_runs < 3 ? GUEST_SYNC : GUEST_IRQ;
}

static void lists_are(u64 a, u64 b, u64 c, u64 d)
{
	more[0] = a;
	more[1] = b;
	more[2] = c;
	more[3] = d;
}

/* They go in and come back, over what Hypatia does for the guest; the rest of the interface stays with the vCPU. */
static void test_gic(void **state)
{
	u32 protected;
	u32 i;

	(void)state;
	for (protected = 0; protected < 2; protected++) {
		begin(protected);
		machine.guest = guest_with_gic;
		machine.esr_el2 = OSLAR_WRITTEN;
		lists_are(LIST_SPI, 0, 0x3fb, 0xc0f8020000000003ul);
		for (i = 0; i < 4; i++) {
			list_found[i] = more[i];
			list_left[i] = LIST_DONE + i;
		}
		gic_runs = 0;
		assert_int_equal(hvc(VCPU_RUN, RUN_GIC, 5, 6), EXIT_IRQ);
		assert_int_equal(gic_runs, 3);
		assert_int_equal(machine.gic_taken, 0);
		assert_int_equal(machine.lines, RUN_GIC);
		for (i = 0; i < 4; i++) {
			assert_int_equal(rest[4 + i], LIST_DONE + i);
		}
		assert_int_equal(w()[CTX_ICH_VMCR_EL2], 3);
		/* without: nothing of it is touched, and the guest has none */
		memset(machine.gic, 0x77, sizeof(machine.gic));
		guest_does(GUEST_SYNC, SGI_WRITTEN);
		assert_int_equal(hvc(VCPU_RUN, 0, 5, 6), EXIT_NONE);
		assert_int_equal(machine.gic[CTX_GIC_FIRST], 0x7777777777777777ul);
		assert_int_equal(w()[CTX_ESR_EL1], 0x2000000);
		assert_int_equal(w()[CTX_ICH_VMCR_EL2], 3);
		/* with: an SGI is the host's, and the interface is as it was */
		machine.guest = guest_with_gic;
		machine.esr_el2 = SGI_WRITTEN;
		memcpy(list_found, more, sizeof(list_found));
		assert_int_equal(hvc(VCPU_RUN, RUN_GIC | RUN_GIC_MORE, 5, 6), EXIT_SYSREG);
		assert_int_equal(rest[0], SGI_WRITTEN);
		assert_int_equal(rest[1], 0x4711);
		assert_int_equal(machine.lines, RUN_GIC | RUN_GIC_MORE);
		assert_int_equal(w()[CTX_ICH_VMCR_EL2], 4);
		assert_int_equal(hvc(VCPU_GET_REG, CTX_ICH_VMCR_EL2, 1, 0), protected != 0 ? HYP_EPERM : 0);
		assert_int_equal(rest[0], protected != 0 ? 1 : 4);
	}
}

/* A vCPU that is off has its list registers back as they were. */
static void test_gic_off(void **state)
{
	u32 i;

	(void)state;
	begin(0);
	assert_int_equal(hvc(VCPU_POWER, 0, 0, 0), 0);
	lists_are(LIST_SPI, 0, 0, LIST_DONE + 1);
	assert_int_equal(hvc(VCPU_RUN, RUN_GIC, 5, 6), EXIT_OFF);
	for (i = 0; i < 4; i++) {
		assert_int_equal(rest[4 + i], more[i]);
	}
	assert_int_equal(machine.guest_runs, 0);
}

/* In each of the four places: nothing runs, and nothing is told. */
static void test_gic_refused(void **state)
{
	static const u64 wrong[] = {
		LIST_SPI + LIST_HW,
		LIST_HW,
		LIST_DONE + LIST_HW,
		LIST_SPI + (1ul << 32),
		LIST_SPI + (1ul << 40),
		LIST_SPI + (1ul << 42),
		LIST_SPI + (1ul << 47),
		LIST_SPI + (1ul << 56),
		LIST_SPI + (1ul << 59),
		1020,
		0x80a0000000000400ul,
		0x40a0000080000000ul,
	};
	u32 i;
	u32 k;

	(void)state;
	begin(0);
	guest_does(GUEST_IRQ, 0);
	lists_are(0, 0, 0, 0);
	machine.gic_lists = 0;
	assert_int_equal(hvc(VCPU_RUN, RUN_GIC, 0, 0), HYP_EINVAL);
	machine.gic_lists = GIC_LISTS;
	assert_int_equal(hvc(VCPU_RUN, RUN_GIC, 0, 0), EXIT_IRQ);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		for (k = 0; k < 4; k++) {
			lists_are(0, 0, 0, 0);
			more[k] = wrong[i];
			assert_int_equal(hvc(VCPU_RUN, RUN_GIC, 0, 0), HYP_EINVAL);
			/* that is nothing to one without a GIC */
			assert_int_equal(hvc(VCPU_RUN, 0, 0, 0), EXIT_IRQ);
		}
	}
	for (i = 0; i < 4; i++) {
		for (k = 0; k < i; k++) {
			lists_are(1, 2, 3, 4);
			more[i] = LIST_SPI;
			more[k] = 0x80f0000000000028ul;
			assert_int_equal(hvc(VCPU_RUN, RUN_GIC, 0, 0), HYP_EINVAL);
			more[k] = LIST_DONE;
			assert_int_equal(hvc(VCPU_RUN, RUN_GIC, 0, 0), EXIT_IRQ);
			more[k] = LIST_SPI + 1;
			assert_int_equal(hvc(VCPU_RUN, RUN_GIC, 0, 0), EXIT_IRQ);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_vtcr),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_offset),
		cmocka_unit_test(test_offset_protected),
		cmocka_unit_test(test_fp),
		cmocka_unit_test(test_sve),
		cmocka_unit_test(test_sve_begins),
		cmocka_unit_test(test_sve_of_nobody),
		cmocka_unit_test(test_sve_words),
		cmocka_unit_test(test_sve_chosen),
		cmocka_unit_test(test_fp_rounds),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_no_keys),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_points_of_the_host),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_gic),
		cmocka_unit_test(test_gic_off),
		cmocka_unit_test(test_gic_refused),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_protected),
		cmocka_unit_test(test_simple_exits),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_undefined),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_answer_elsewhere),
		cmocka_unit_test(test_sysregs_of_the_host),
		cmocka_unit_test(test_sysregs),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_other_cpu),
		cmocka_unit_test(test_pstate),
	};

	alarm(150);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
