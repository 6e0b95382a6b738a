/* SPDX-License-Identifier: BSD-2-Clause */
/* The measurement of an image against values of another implementation of SHA-256 (Python's hashlib). */
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "machine.h"
#include "sha256.h"
#include "vm.h"

#define FIRST (BANK0_FIRST + 0x1000ul)
#define HANDLE(v) (VM_HANDLE_BASE + (u64)(v))
/* Frames: the VM's, its vCPU's, two tables. */
#define OF_VCPU (FIRST + 1)
#define OF_TABLES (FIRST + 2)
#define OF_PAGES (FIRST + 8)
#define PC 0x40000000ul
#define ARGUMENT 0x123456789abcdef0ul

/* Bytes that both implementations were given: the words of xorshift, little-endian. */
static u64 stream_state;

static u64 stream_word(void)
{
	stream_state ^= stream_state << 13;
	stream_state ^= stream_state >> 7;
	stream_state ^= stream_state << 17;
	return stream_state;
}

static void stream(u8 *out, u32 n)
{
	u64 word = 0;
	u32 i;

	stream_state = 0x123456789abcdeful;
	for (i = 0; i < n; i++) {
		word = i % 8 == 0 ? stream_word() : word >> 8;
		out[i] = (u8)word;
	}
}

static struct sha256 hash(const u8 *bytes, u32 n)
{
	static u8 message[5000];
	u32 blocks = (n + 8) / 64 + 1;
	struct sha256 d = sha256_begin();
	struct sha_block m;
	u32 i;
	u32 k;

	memset(message, 0, sizeof(message));
	memcpy(message, bytes, n);
	message[n] = 0x80;
	for (i = 0; i < 8; i++) {
		message[blocks * 64 - 1 - i] = (u8)((u64)n * 8 >> 8 * i);
	}
	for (i = 0; i < blocks; i++) {
		for (k = 0; k < 16; k++) {
			const u8 *p = &message[64 * i + 4 * k];

			m.w[k] = (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
		}
		d = sha256_block(d, m);
	}
	return d;
}

static void test_hash(void **state)
{
	static const struct {
		u32 n;
		u32 h[8];
	} known[] = {
		{ 0, { 0xe3b0c442, 0x98fc1c14, 0x9afbf4c8, 0x996fb924,
			0x27ae41e4, 0x649b934c, 0xa495991b, 0x7852b855 } },
		{ 1, { 0x27952171, 0xc7fcdf0d, 0xdc765ab4, 0xf4e1c537,
			0xcb29e5e5, 0x33d57b34, 0x56257ee7, 0x85c81711 } },
		{ 3, { 0x506b125e, 0x51db512a, 0x752f1a22, 0x316d34c7,
			0xe13f430d, 0xa0905732, 0x98e18bdc, 0x732068ad } },
		{ 55, { 0x371cf9b6, 0xaab7d540, 0x33d2b3d3, 0xe801bf79,
			0xe50df1f5, 0xc9898198, 0x760d47ec, 0x214dfa17 } },
		{ 56, { 0x387264fa, 0x23fff462, 0x2d6b99e6, 0xa925c35e,
			0xd685c5a6, 0x7e92b013, 0x6fbc006a, 0x234f7712 } },
		{ 63, { 0x85236b98, 0x43715ebb, 0x0771f0d6, 0x0f44cb38,
			0x479039a6, 0xeb31005f, 0x6f11ea48, 0x750183b8 } },
		{ 64, { 0x2007e378, 0xabaa910f, 0x587d2ca5, 0xf7ba39cb,
			0xdbfe2058, 0xe2f2ece5, 0xed3d88da, 0x1fe0e966 } },
		{ 65, { 0x2a7fc936, 0x819c52f8, 0x9f8f79e0, 0x33e0ae9a,
			0x01054092, 0xb536f915, 0x8f5bbbfe, 0xf0548e63 } },
		{ 119, { 0xd6192388, 0x352c0f05, 0x5aef686e, 0xc908bbb6,
			0xebb7c481, 0xe957f21b, 0x3f38c5f6, 0xf5b2c914 } },
		{ 120, { 0x2c810841, 0x27df10e7, 0x9945b591, 0x673c6b05,
			0xfdf385b3, 0x827ef338, 0x14de4287, 0x32684bac } },
		{ 1000, { 0xc438a7a1, 0xce33ccce, 0xc677fea1, 0xdeeeb858,
			0xa456edaf, 0x9dd2f32c, 0x1730e357, 0x6031283e } },
		{ 4096, { 0xb0183563, 0xb002612d, 0x3a8de5bd, 0xf9ce02a4,
			0xb2351d66, 0x193feb75, 0x35bc3e53, 0x90afcce5 } },
	};
	static u8 bytes[4096];
	u32 i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		stream(bytes, known[i].n);
		assert_memory_equal(hash(bytes, known[i].n).h, known[i].h, sizeof(known[i].h));
	}
}

/* 1 when @word is the first 32 bits of the fraction of the @root-th root of @prime. */
static u32 is_fraction(u32 word, u32 prime, u32 root)
{
	u64 whole = 0;
	unsigned __int128 x;
	unsigned __int128 low;
	unsigned __int128 high;

	while (root == 2 ? (whole + 1) * (whole + 1) <= prime : (whole + 1) * (whole + 1) * (whole + 1) <= prime) {
		whole++;
	}
	x = (unsigned __int128)whole << 32 | word;
	low = root == 2 ? x * x : x * x * x;
	high = root == 2 ? (x + 1) * (x + 1) : (x + 1) * (x + 1) * (x + 1);
	return low <= (unsigned __int128)prime << 32 * root && high > (unsigned __int128)prime << 32 * root;
}

static void test_constants(void **state)
{
	u32 n = 0;
	u32 p;
	u32 q;

	(void)state;
	for (p = 2; n < 64; p++) {
		for (q = 2; q < p && p % q != 0; q++) {
		}
		if (q < p) {
			continue;
		}
		assert_true(is_fraction(sha256_k[n], p, 3));
		assert_true(n >= 8 || is_fraction(sha256_iv[n], p, 2));
		n++;
	}
}

/* A VM in state @kind with a vCPU and the tables for page @n. */
static void make(u64 kind, u64 n)
{
	machine_boot(40);
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(0));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(0), FIRST, kind), 0);
	assert_int_equal(vm_hvc(VCPU_INIT, HANDLE(0), 0, OF_VCPU), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), n, OF_TABLES), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), n, OF_TABLES + 1), 0);
}

static void fill(u64 pfn)
{
	u32 i;

	for (i = 0; i < 512; i++) {
		machine_put(pfn, i, stream_word());
	}
}

static s64 begin_of(u64 handle, u64 pc, const u64 *expected)
{
	u64 rest[REST] = { 0 };
	struct hvc_result result;

	memcpy(&rest[REST_LISTS_IN], expected, 4 * sizeof(u64));
	result = hyp_handle_hvc(VM_BEGIN, handle, pc, ARGUMENT, rest);
	machine_check_quiet();
	assert_int_equal(result.a0, SMCCC_SUCCESS);
	return (s64)result.a1;
}

static s64 begin(u64 pc, const u64 *expected)
{
	return begin_of(HANDLE(0), pc, expected);
}

static const u64 whole[4] = { 0x17b582be14cb3540, 0x9430ab1719ffff43, 0x3af545265f9718cb, 0x8dd3484b698ea6e8 };
static const u64 none[4];

/* The image whose measurement that is; with one page more than that, or other contents, when @wrong says so. */
static void image(u32 wrong)
{
	make(2, 0x40000);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), 0x1234567, OF_TABLES + 2), 0);
	assert_int_equal(vm_hvc(VM_TABLE, HANDLE(0), 0x1234567, OF_TABLES + 3), 0);
	stream_state = 0x123456789abcdeful;
	fill(OF_PAGES);
	fill(OF_PAGES + 1);
	fill(OF_PAGES + 2);
	if (wrong == 1) {
		machine_put(OF_PAGES + 1, 511, machine_word(OF_PAGES + 1, 511) ^ 1ul << 63);
	}
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40000, OF_PAGES), 0);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), wrong == 2 ? 0x40002 : 0x40001, OF_PAGES + 1), 0);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x1234567, OF_PAGES + 2), 0);
	if (wrong == 3) {
		assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40003, OF_PAGES + 3), 0);
	}
}

static void test_measured(void **state)
{
	u64 n;

	(void)state;
	image(0);
	assert_int_equal(vm_image[0].state, IMAGE_OPEN);
	/* What is not of the image is cleared; the image is as it was. */
	fill(OF_PAGES + 4);
	n = machine_word(OF_PAGES, 7);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), 0x40005, OF_PAGES + 4), 0);
	assert_int_equal(machine_word(OF_PAGES + 4, 0) | machine_word(OF_PAGES + 4, 511), 0);
	assert_int_equal(machine_word(OF_PAGES, 7), n);
	/* The host turns nothing on. */
	assert_int_equal(vm_hvc(VCPU_LOAD, HANDLE(0), 0, 0), 0);
	assert_int_equal(vm_hvc(VCPU_POWER, 1, 0, 0), HYP_EPERM);
	assert_int_equal(begin(PC, whole), 0);
	assert_int_equal(vm_image[0].state, IMAGE_CLOSED);
	assert_int_equal(vm_power[0].state[0], POWER_ON_PENDING);
	assert_int_equal(vm_start[0].vcpu[0].pc, PC);
	assert_int_equal(vm_start[0].vcpu[0].x0, ARGUMENT);
	for (n = 0; n < 4; n++) {
		assert_int_equal(image_word(0, (u32)n), whole[n]);
	}
	/* It is whole, and once. */
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40006, OF_PAGES + 5), HYP_EPERM);
	assert_int_equal(begin(PC, whole), HYP_EPERM);
	assert_int_equal(vm_hvc(VCPU_POWER, 1, 0, 0), HYP_EPERM);
	/* What comes later is cleared too. */
	fill(OF_PAGES + 5);
	assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), 0x40006, OF_PAGES + 5), 0);
	assert_int_equal(machine_word(OF_PAGES + 5, 0) | machine_word(OF_PAGES + 5, 511), 0);
}

/* Another image is refused, and for good. */
static void test_other(void **state)
{
	u64 expected[4];
	u32 i;

	(void)state;
	for (i = 1; i < 4; i++) {
		image(i);
		assert_int_equal(begin(PC, whole), HYP_EPERM);
		assert_int_equal(vm_power[0].state[0], POWER_OFF);
		assert_int_equal(begin(PC, whole), HYP_EPERM);
	}
	/* Another beginning, and another expectation. */
	image(0);
	assert_int_equal(begin(PC + 4, whole), HYP_EPERM);
	for (i = 0; i < 4; i++) {
		image(0);
		memcpy(expected, whole, sizeof(expected));
		expected[i] ^= 1;
		assert_int_equal(begin(PC, expected), HYP_EPERM);
	}
	/* Nothing is expected. */
	image(1);
	assert_int_equal(begin(PC + 4, none), 0);
	assert_int_equal(vm_power[0].state[0], POWER_ON_PENDING);
}

static void test_refused(void **state)
{
	u64 kind;
	u64 free;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		make(kind, 0x40000);
		assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40000, OF_PAGES), HYP_EPERM);
		assert_int_equal(begin(PC, none), HYP_EPERM);
		/* With what is in it, as ever. */
		machine_fill(OF_PAGES, 5);
		assert_int_equal(vm_hvc(VM_MAP, HANDLE(0), 0x40000, OF_PAGES), 0);
		assert_int_equal(machine_word(OF_PAGES, 9), 5);
	}
	make(2, 0x40000);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(VMS_MAX), 0x40000, OF_PAGES), HYP_EINVAL);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), GUEST_PAGES, OF_PAGES), HYP_ERANGE);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40000, 1ul << 36), HYP_ERANGE);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(1), 0x40000, OF_PAGES), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0, OF_PAGES), HYP_ENOENT);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40000, BANK0_FIRST - 1), HYP_EINVAL);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40000, IMAGE_FIRST), HYP_EPERM);
	/* For want of a table, and nothing is different. */
	free = pool.free;
	pool.free = 8;
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40000, OF_PAGES), HYP_ENOMEM);
	assert_int_equal(vm_hvc(MEM_INFO, OF_PAGES, 0, 0) & 0xff, FRAME_HOST);
	pool.free = free;
	assert_int_equal(image_word(0, 0) | image_word(0, 3), 0);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40000, OF_PAGES), 0);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40000, OF_PAGES + 1), HYP_EBUSY);
	assert_int_equal(vm_hvc(VM_TEARDOWN, HANDLE(0), 0, 0), 0);
	assert_int_equal(vm_hvc(VM_MEASURE, HANDLE(0), 0x40001, OF_PAGES + 1), HYP_EPERM);
	assert_int_equal(begin(PC, none), HYP_EPERM);
	/* Without a vCPU there is none to begin, and the image stays open. */
	assert_int_equal(vm_hvc(VM_RESERVE, 0, 0, 0), HANDLE(1));
	assert_int_equal(vm_hvc(VM_INIT, HANDLE(1), OF_PAGES + 4, 2), 0);
	assert_int_equal(begin_of(HANDLE(1), PC, none), HYP_ENOENT);
	assert_int_equal(vm_image[1].state, IMAGE_OPEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),     cmocka_unit_test(test_constants), cmocka_unit_test(test_measured),
		cmocka_unit_test(test_other), cmocka_unit_test(test_refused),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
