/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests with a measured image, on the real image: measure_program.S is told its measurement, which the build machine
 * worked out on its own. What the host changes beforehand keeps the guest from running.
 */
#include "measure_program.h"
#include "payload.h"

#include <gen/vcpu.h>
#include <measure_image.h>

#define SPARE 0x44000000u /* RAM that nobody uses */
#define NO_RAM 0x9000u    /* the UART's frame */
#define FAULT_STORED (FAULT_VALID + 3 * FAULT_SIZE + FAULT_WRITE)
#define NOT_SUPPORTED 0xffffffffffffffffu
#define INVALID_PARAMETER 0xfffffffffffffffdu

enum { OF_VM, OF_VCPU, OF_HIGH, OF_HIGH_PAGES, OF_CODE, OF_DATA, OF_OTHER, OF_COUNT };

/* What is wrong with an image. */
enum { NOTHING, A_WORD, A_PLACE, AN_ORDER, AN_ENTRY, AN_ARGUMENT, A_PAGE_LESS, KINDS };

extern const u64 measure_program[512];

static const u64 expected[4] = { MEASURE_EXPECTED };
static const u64 unnamed[4];
static u64 handle;
static u64 told;
static u64 forced; /* the page of OF_DATA was taken by force */

/* The first frame; no constant, which with the program's address would make one that is not relocated. */
static volatile u64 first = SPARE / 4096u;

static u64 pfn_of(u64 n)
{
	return first + n;
}

static u64 vcpu_pfn(u64 i)
{
	return pfn_of(i == 0 ? OF_VCPU : OF_COUNT + i);
}

static volatile u64 *words_of(u64 n)
{
	return (volatile u64 *)(uintptr_t)(pfn_of(n) * 4096u);
}

static void make(u64 kind)
{
	u64 i;

	for (i = 0; i < 512; i++) {
		words_of(OF_CODE)[i] = measure_program[i];
		words_of(OF_DATA)[i] = MEASURE_PATTERN;
		words_of(OF_OTHER)[i] = MEASURE_PATTERN;
	}
	handle = (u64)vm(VM_RESERVE, 0, 0, 0);
	check("a VM", (u64)vm(VM_INIT, handle, pfn_of(OF_VM), kind), 0);
	for (i = 0; i < VCPUS_MAX; i++) {
		check("a vCPU", (u64)vm(VCPU_INIT, handle, i, vcpu_pfn(i)), 0);
	}
	check("a table", (u64)vm(VM_TABLE, handle, MEASURE_CODE / 4096u, pfn_of(OF_HIGH)), 0);
	check("another table", (u64)vm(VM_TABLE, handle, MEASURE_CODE / 4096u, pfn_of(OF_HIGH_PAGES)), 0);
	check("load", (u64)vm(VCPU_LOAD, handle, 0, 0), 0);
	told = 0;
}

static u64 begin(u64 pc, u64 argument, const u64 *what)
{
	struct regs r = { { VM_BEGIN, handle, pc, argument, what[0], what[1], what[2], what[3] } };

	hvc(&r);
	check("VM_BEGIN is known", r.x[0], 0);
	check("  x4 is as it was", r.x[4], what[0]);
	return r.x[1];
}

static void reclaim_vcpus(void)
{
	u64 i;

	for (i = 0; i < VCPUS_MAX; i++) {
		check("reclaim a vCPU", (u64)vm(VCPU_RECLAIM, handle, i, 0), 0);
	}
}

static void end(void)
{
	u64 n;

	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	check("tear down", (u64)vm(VM_TEARDOWN, handle, 0, 0), 0);
	check("a dying VM begins", begin(MEASURE_CODE, 0, unnamed), (u64)HYP_EPERM);
	for (n = OF_HIGH; n < OF_COUNT; n++) {
		/* A page that was not given, or was taken by force, is not the VM's. */
		s64 error = vm(VM_RECLAIM, handle, pfn_of(n), 0);

		if (n != OF_DATA) {
			check("reclaim", (u64)error, 0);
		} else {
			check_true("reclaim data", (error == 0 && forced == 0) || error == HYP_EPERM);
		}
	}
	reclaim_vcpus();
	check("end", (u64)vm(VM_FINALIZE, handle, 0, 0), 0);
}

static u64 measured(u64 address, u64 n)
{
	return (u64)vm(VM_MEASURE, handle, address / 4096u, pfn_of(n));
}

/* The image, but for what is wrong with it; VM_BEGIN is @want. */
static void image(u64 wrong, const u64 *what, u64 want)
{
	make(2);
	if (wrong == A_WORD) {
		words_of(OF_DATA)[511] ^= 1u;
	}
	if (wrong == AN_ORDER) {
		check("data", measured(MEASURE_DATA, OF_DATA), 0);
	}
	check("code", measured(wrong == A_PLACE ? MEASURE_CODE + 0x4000u : MEASURE_CODE, OF_CODE), 0);
	if (wrong != AN_ORDER && wrong != A_PAGE_LESS) {
		check("data", measured(MEASURE_DATA, OF_DATA), 0);
	}
	check("what is no RAM", (u64)vm(VM_MEASURE, handle, MEASURE_OTHER / 4096u, NO_RAM), (u64)HYP_EINVAL);
	check("a frame that it has", measured(MEASURE_OTHER, OF_CODE), (u64)HYP_EPERM);
	check("another page", (u64)vm(VM_MAP, handle, MEASURE_OTHER / 4096u, pfn_of(OF_OTHER)), 0);
	check("the host turns it on", (u64)vm(VCPU_POWER, 1, 0, 0), (u64)HYP_EPERM);
	check("it runs before", (u64)vm(VCPU_RUN, 0, 0, 0), EXIT_OFF);
	check("the host says where", (u64)vm(VCPU_SET_REG, CTX_PC, MEASURE_OTHER, 0), 0);
	check("begin", begin(wrong == AN_ENTRY ? MEASURE_CODE + 4u : MEASURE_CODE,
			     wrong == AN_ARGUMENT ? MEASURE_ARGUMENT + 1u : MEASURE_ARGUMENT, what), want);
	check("and again", begin(MEASURE_CODE, MEASURE_ARGUMENT, expected), (u64)HYP_EPERM);
	check("one more page", measured(MEASURE_OTHER + 0x1000u, OF_OTHER), (u64)HYP_EPERM);
}

static void says(const char *what, u64 word, u64 value)
{
	struct regs r = { { VCPU_RUN, told } };

	hvc(&r);
	put_string(what);
	put_string("\n");
	check("  exit", r.x[1], EXIT_FAULT);
	check("  where", r.x[2], FAULT_STORED + MEASURE_SAY + 8 * word);
	check("  what", r.x[3], value);
	told = RUN_ANSWERED;
}

static void answers(u64 status, u64 a, u64 b)
{
	says("status", MEASURE_SAY_STATUS, status);
	says("a word", MEASURE_SAY_WORD, a);
	says("the next", MEASURE_SAY_WORD, b);
}

/* Where no guest has a page the host is told all of an access, again until it answers. */
static void behind(void)
{
	u64 i;

	for (i = 0; i < 2; i++) {
		struct regs r = { { VCPU_RUN, told } };

		hvc(&r);
		check("  exit behind all pages", r.x[1], EXIT_FAULT);
		check("  where", r.x[2], FAULT_VALID + FAULT_SIZE * 3 + MEASURE_BEHIND);
		check("  what", r.x[3], 0);
		told = i == 0 ? 0 : RUN_ANSWERED;
	}
}

static void ends(void)
{
	struct regs r = { { VCPU_RUN, told } };

	hvc(&r);
	check("it ends", r.x[1], EXIT_END);
}

static void right(const u64 *what)
{
	image(NOTHING, what, 0);
	says("argument", MEASURE_SAY_ARGUMENT, MEASURE_ARGUMENT);
	answers(0, expected[0], expected[1]);
	answers(0, expected[2], expected[3]);
	answers(INVALID_PARAMETER, 0, 0);
	behind();
	says("data", MEASURE_SAY_DATA, MEASURE_PATTERN);
	says("a page that is not of the image", MEASURE_SAY_OTHER, 0);
	ends();
	end();
}

/* The guest has one page less, and the host what was not the guest's secret: nothing. */
static void force(void)
{
	u64 page = MEASURE_DATA / 4096u;
	u64 i;

	check("no page", (u64)vm(VM_POISON, handle, page + 16u, 0), (u64)HYP_ENOENT);
	check("no VM", (u64)vm(VM_POISON, handle + 1u, page, 0), (u64)HYP_ENOENT);
	check("out of range", (u64)vm(VM_POISON, handle, GUEST_PAGES, 0), (u64)HYP_ERANGE);
	check("by force", (u64)vm(VM_POISON, handle, page, 0), 0);
	check("once", (u64)vm(VM_POISON, handle, page, 0), (u64)HYP_ENOENT);
	check("the frame is the host's", (u64)hyp(MEM_INFO, pfn_of(OF_DATA), 0), FRAME_HOST);
	for (i = 0; i < 512; i++) {
		check_true("a word that was cleared", words_of(OF_DATA)[i] == 0);
		words_of(OF_DATA)[i] = MEASURE_PATTERN;
	}
	check("what was there", (u64)vm(VM_MAP, handle, page, pfn_of(OF_DATA)), (u64)HYP_EBUSY);
	check("and as an image", (u64)vm(VM_MEASURE, handle, page, pfn_of(OF_DATA)), (u64)HYP_EPERM);
	forced = 1;
}

/* The guest uses it: the run ends with that, however often, and with no answer of the host's. */
static void touches(void)
{
	u64 i;

	for (i = 0; i < 3; i++) {
		struct regs r = { { VCPU_RUN, told, MEASURE_PATTERN } };

		hvc(&r);
		check("  exit", r.x[1], EXIT_POISON);
		check("  where", r.x[2], MEASURE_DATA);
		check("  what", r.x[3], 0);
		told = RUN_ANSWERED;
	}
}

/* The guest, of a VM without an image, with its pages as the host gives them. */
static void begins(void)
{
	check("code", (u64)vm(VM_MAP, handle, MEASURE_CODE / 4096u, pfn_of(OF_CODE)), 0);
	check("data", (u64)vm(VM_MAP, handle, MEASURE_DATA / 4096u, pfn_of(OF_DATA)), 0);
	check("another page", (u64)vm(VM_MAP, handle, MEASURE_OTHER / 4096u, pfn_of(OF_OTHER)), 0);
	check("entry", (u64)vm(VCPU_SET_REG, CTX_PC, MEASURE_CODE, 0), 0);
	check("argument", (u64)vm(VCPU_SET_REG, CTX_X0, MEASURE_ARGUMENT, 0), 0);
	check("on", (u64)vm(VCPU_POWER, 1, 0, 0), 0);
	says("argument", MEASURE_SAY_ARGUMENT, MEASURE_ARGUMENT);
}

/* A protected VM without an image: as ever, and it is told that it has none. */
static void without(void)
{
	make(1);
	check("no image", measured(MEASURE_CODE, OF_CODE), (u64)HYP_EPERM);
	check("no beginning", begin(MEASURE_CODE, 0, unnamed), (u64)HYP_EPERM);
	begins();
	answers(NOT_SUPPORTED, 0, 0);
	answers(NOT_SUPPORTED, 0, 0);
	answers(INVALID_PARAMETER, 0, 0);
	behind();
	says("data", MEASURE_SAY_DATA, MEASURE_PATTERN);
	says("a page as the host gave it", MEASURE_SAY_OTHER, MEASURE_PATTERN);
	ends();
	end();
}

/* A page of a running guest is taken by force. */
static void poisoned(void)
{
	make(1);
	begins();
	force();
	answers(NOT_SUPPORTED, 0, 0);
	answers(NOT_SUPPORTED, 0, 0);
	answers(INVALID_PARAMETER, 0, 0);
	behind();
	touches();
	end();
	forced = 0;
	/* A VM that is not protected has VM_UNMAP for it. */
	make(0);
	check("not protected", (u64)vm(VM_POISON, handle, MEASURE_DATA / 4096u, 0), (u64)HYP_EPERM);
	check("put", (u64)vm(VCPU_PUT, 0, 0, 0), 0);
	check("tear down", (u64)vm(VM_TEARDOWN, handle, 0, 0), 0);
	check("dying", (u64)vm(VM_POISON, handle, MEASURE_DATA / 4096u, 0), (u64)HYP_EPERM);
	check("reclaim a table", (u64)vm(VM_RECLAIM, handle, pfn_of(OF_HIGH), 0), 0);
	check("reclaim another", (u64)vm(VM_RECLAIM, handle, pfn_of(OF_HIGH_PAGES), 0), 0);
	reclaim_vcpus();
	check("end", (u64)vm(VM_FINALIZE, handle, 0, 0), 0);
}

/* Without a vCPU there is nobody who begins. */
static void nobody(void)
{
	handle = (u64)vm(VM_RESERVE, 0, 0, 0);
	check("a VM", (u64)vm(VM_INIT, handle, pfn_of(OF_VM), 2), 0);
	check("nobody begins", begin(MEASURE_CODE, 0, unnamed), (u64)HYP_ENOENT);
	check("tear down", (u64)vm(VM_TEARDOWN, handle, 0, 0), 0);
	check("end", (u64)vm(VM_FINALIZE, handle, 0, 0), 0);
}

void payload_cpu_main(u64 cpu)
{
	(void)cpu;
	payload_cpu_off();
}

void payload_main(u64 fdt)
{
	u64 wrong;

	(void)fdt;
	right(expected);
	right(unnamed);
	for (wrong = A_WORD; wrong < KINDS; wrong++) {
		image(wrong, expected, (u64)HYP_EPERM);
		check("it runs after", (u64)vm(VCPU_RUN, 0, 0, 0), EXIT_OFF);
		end();
	}
	without();
	poisoned();
	nobody();
	handle = VM_HANDLE_BASE + VMS_MAX - 1;
	check("no VM", begin(0, 0, unnamed), (u64)HYP_ENOENT);
	handle = VM_HANDLE_BASE - 1;
	check("a handle below", begin(0, 0, unnamed), (u64)HYP_EINVAL);
	handle = 0x2000;
	check("a handle out of range", begin(0, 0, unnamed), (u64)HYP_EINVAL);
	finish("measure");
}
