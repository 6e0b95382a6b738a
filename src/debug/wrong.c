/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wrong versions of functions of the core, one in each image build/hypatia-wrong-NAME.img: the checker has to notice
 * them.
 */
#include <asm/hyp_arch.h>

#include "frame.h"
#include "lend.h"
#include "ownership.h"
#include "vm.h"

#define WRONG_PIN 1
#define WRONG_DONATE 2
#define WRONG_TEARDOWN 3
#define WRONG_UNSHARE 4

#if DEBUG_WRONG == WRONG_PIN
s32 __real_hyp_pin(u64 pfn);
s32 __wrap_hyp_pin(u64 pfn);

/* The second pin is lost. */
s32 __wrap_hyp_pin(u64 pfn)
{
	u64 r = mem_record(pfn);

	if (r != MEM_NONE && frame_state_get(pfn, r) == FRAME_HOST_SHARED_HYP && frame_count_get(pfn, r) == 1) {
		return 0;
	}
	return __real_hyp_pin(pfn);
}
#elif DEBUG_WRONG == WRONG_DONATE
s32 __real_host_donate_hyp(u64 pfn);
s32 __wrap_host_donate_hyp(u64 pfn);

/* The host keeps its way to what it gave: states and results are as they should be. */
s32 __wrap_host_donate_hyp(u64 pfn)
{
	s32 error = __real_host_donate_hyp(pfn);

	if (error == 0) {
		(void)pgt_set(PGT_HOST, pfn, 3, desc_flat(pfn, 3, desc_host_attrs(1)));
	}
	return error;
}
#elif DEBUG_WRONG == WRONG_TEARDOWN
s32 __real_vm_start_teardown(u32 v);
s32 __wrap_vm_start_teardown(u32 v);

/* A VM dies whose vCPU is loaded. */
s32 __wrap_vm_start_teardown(u32 v)
{
	s32 error = __real_vm_start_teardown(v);

	if (error == HYP_EBUSY) {
		vms[v].state = VM_DYING;
		return 0;
	}
	return error;
}
#elif DEBUG_WRONG == WRONG_UNSHARE
s32 __wrap_guest_unshare_host(u64 pfn);

/* A guest is told that a page is its own again, and it is not. */
s32 __wrap_guest_unshare_host(u64 pfn)
{
	(void)pfn;
	return 0;
}
#else
#error "no such wrong version"
#endif
