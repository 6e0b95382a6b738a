/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The executable model beside the core, in the debug image: its own record of every frame, VM, vCPU and power state.
 *
 * It takes nothing over from the core but where frames lie in RAM. What a call does to it is said by the generated
 * oracles (build/gen/oracle), which are proved to be the model. One CPU at a time works on it: debug_lock().
 */
#ifndef DEBUG_MODEL_H
#define DEBUG_MODEL_H

#include <gen/guest_calls.h>
#include <gen/vm.h>
#include <oracle/move_oracle.h>
#include <oracle/ownership_oracle.h>
#include <oracle/power_oracle.h>
#include <oracle/vm_oracle.h>

#include "boot_info.h"
#include "guest_call.h"
#include "hyp.h"
#include "types.h"

/* Frames that the model has room for: 1 GiB. On a bigger machine no call is checked. */
#define MODEL_FRAMES 0x40000u
#define MODEL_NONE 0xffffffffffffffffu
#define MODEL_TOUCHED 96u

/** struct model_frame - a frame: its state and count, and the VM that it was given for, + 1 */
struct model_frame {
	u8 state;
	u8 vm;
	u16 count;
};

/** struct model_vm - a VM; what it keeps and how much was given for it counts while it is live or dying */
struct model_vm {
	u32 state;
	u32 protected;
	u64 frame;
	u64 frames;
	u32 image;
	u32 host;
	u32 sve;
	u32 vcpu[VCPUS_MAX];
	u64 vcpu_frame[VCPUS_MAX];
	u32 power[VCPUS_MAX];
};

/** struct model_cpu - what a CPU has loaded */
struct model_cpu {
	u32 loaded;
	u32 vm;
	u32 vcpu;
};

/**
 * struct model_call - a call of the host's
 * @named: not 0 when VM_BEGIN names a measurement
 * @lists: 1 when VCPU_RUN has list registers that no guest may have
 * @same: 1 on a CPU that is like the boot CPU
 * @cpu: the caller
 * @got: what it came to, for what the specification leaves open
 */
struct model_call {
	u64 id;
	u64 a1;
	u64 a2;
	u64 a3;
	u64 named;
	u32 lists;
	u32 same;
	u32 cpu;
	s64 got;
};

#define ENTRY_VALID(e) ((e) % 2u != 0)

/** struct model_place - where the way to a guest's page ends: at a level, with an entry; with @block, a page of one */
struct model_place {
	u64 entry;
	u32 level;
	u32 block;
};

extern struct model_vm model_vm[VMS_MAX];
extern struct model_cpu model_cpu[CPUS_MAX];

/* model.c: frames; with @commit 0 nothing changes. */
u32 model_begin(void);
u64 model_record(u64 pfn);
struct model_frame model_frame(u64 pfn);
s32 model_step(u64 id, u64 pfn, u32 commit);
s32 model_move(u32 op, u64 pfn, u32 commit);
void model_give(u32 v, u64 pfn);
void model_take(u32 v, u64 pfn);
void model_touch(u64 pfn);
struct model_place model_way(u32 v, u64 n);
u32 model_has(struct model_place at);
/* What differs between the model and the core is reported, and ends in a panic. */
void model_compare(void);

/* calls.c: what a call of the host's must come to, and with @commit what it does. */
s64 model_answer(const struct model_call *call, u32 commit);
u32 model_may_lack(u64 id);

/* guest.c: what the answer @a to a guest's call does; 1 when the guest must be told that it was refused. */
u32 model_guest(u32 v, u32 i, const struct guest_answer *a, u32 lacks);

/* report.c: the call that is being looked at on this CPU, for what is printed when something differs. */
void report_call(u32 cpu, u64 id, u64 a1, u64 a2, u64 a3);
_Noreturn void report_value(const char *what, u64 which, u64 expected, u64 found);

#endif
