/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzer of Hypatia's calls, in the host's kernel: threads on several CPUs make random calls, and a model says what
 * each must come to.
 *
 * What a CPU has for itself, frames, VMs and the vCPU that it has loaded, is modelled exactly: one answer is right.
 * What all CPUs fight over (shared.c) is modelled by what succeeded: the states of frames follow from that, and are
 * looked at when all CPUs have met.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <linux/vmalloc.h>

/* A flag of vmap(), which nobody here uses, and a call of Hypatia's. */
#undef VM_MAP

#include <gen/guest_calls.h>
#include <gen/hypercalls.h>
#include <gen/pages.h>
#include <gen/vcpu.h>
#include <gen/vm.h>

#define CPUS 4
#define FRAME_ORDER 7
#define FRAMES (1 << FRAME_ORDER)
#define ROW_ORDER 9
#define ROW (1 << ROW_ORDER)            /* the frames behind those: in a row, for pages that can be a block */
#define FRAMES_ALL (FRAMES + ROW)
#define SLOTS 3
#define HISTORY 32
#define PFN_END 0x1000000000ULL         /* the spec's bound of a frame number, + 1 */
#define NOWHERE 0x60000000ULL           /* an address of a guest's that never has memory */
#define NONE (-1)
#define SHARED_VM SLOTS                 /* in place of a slot: the VM that all CPUs fight over */

/* What a frame that was given to a VM is there for. */
enum role { FREE_FRAME, ROOT_FRAME, VCPU_FRAME, TABLE_FRAME, PAGE_FRAME };

/**
 * struct fuzz_frame - a frame as it must be
 * @data: where the host has it
 * @vm: slot + 1 of the VM that counts it: of a table or a page
 * @level: of a table
 * @key: which table of its level it is, or which page of the guest
 * @code: it holds the program, and nobody writes to it
 * @word: its first and its last word
 */
struct fuzz_frame {
	u64 pfn;
	u64 *data;
	u32 state;
	u32 count;
	u32 vm;
	enum role role;
	u32 level;
	u64 key;
	bool code;
	u64 word[2];
};

/* Where a guest is: what it does next. */
enum at {
	AT_NOWHERE,             /* at fuzz_vcpu.pc, where there is no memory */
	AT_BEGIN,
	AT_OP,
	AT_ARG0, AT_ARG1, AT_ARG2, AT_ARG3,
	AT_DO,                  /* what fuzz_vcpu.op says */
	AT_TELL,
	AT_TELL_MORE,
};

/**
 * struct fuzz_vcpu - a vCPU as it must be
 * @frame: the one that it keeps
 * @ran: the host has no say any more in where it begins
 * @pending: the exit that may be answered
 * @op: what the guest was asked to do
 * @arg: with what
 * @vector: the row of guest_call_vectors that the arguments are of, or NONE
 * @timer_on: its virtual timer is on, and when that fires
 * @more: a second word is told
 * @exceptions: that the guest has counted
 * @entry: x0 when it enters by CPU_ON
 * @entry_pc: and where that is
 * @v8, @z8: the begin of V8, where its VM has no SVE and where it has
 * @plan: the arguments that the guest will get when it asks
 * @plan_vector: the row that they are of
 */
struct fuzz_vcpu {
	u32 state;
	u32 power;
	int frame;
	bool ran;
	u64 pending;
	enum at at;
	u64 pc;
	u64 x[4];
	u64 x24;
	u64 v8;
	u64 z8;
	u64 tpidr;
	u64 timer_on;
	u64 timer;
	u64 exceptions;
	u64 entry;
	u64 entry_pc;
	u32 op;
	u64 arg[4];
	int vector;
	u64 plan[4];
	int plan_vector;
	bool more;
};

/* Its image: not measured, measured as it grows, whole. */
enum image { NO_IMAGE, OPEN_IMAGE, WHOLE_IMAGE };

/*
 * A VM as it must be. @hash: of its image. @given: tables and pages. @turned_on: the host has no vCPU to turn on.
 * @offset: how far its virtual counter is behind the machine's. @sve: the longest of its vectors, in units of 128 bits;
 * 0: no SVE. @poisoned: a bit for each page that was taken by force.
 */
struct fuzz_vm {
	u64 handle;
	u32 state;
	u32 protected;
	enum image image;
	u8 hash[32];
	int root;
	u32 given;
	bool turned_on;
	u64 offset;
	u64 sve;
	u32 poisoned;
	struct fuzz_vcpu vcpu[VCPUS_MAX];
};

/* A call, and x0 to x5 as it leaves them. @more: x4 to x7 of a call that has them, else NULL. */
struct fuzz_call {
	u64 id;
	u64 a[3];
	u64 x[6];
	s64 want;
	const u64 *more;
};

#define RESULTS 8
#define NAMED_CALLS (HYPERCALL_COUNT + 2)       /* and what is not known, and those of the SMCCC */

/* What one CPU has. */
struct fuzz_cpu {
	unsigned int index;
	int cpu;
	u64 random;
	u64 random_fight;               /* of what the others take part in */
	u64 calls;
	u64 limit;
	bool checking;                  /* calls of a check are counted apart */
	u64 checks;
	u64 count[NAMED_CALLS][RESULTS];
	u64 exits[EXIT_MAX + 1];
	bool again;                     /* a run that only goes on behind an interrupt */
	u64 agains;
	u64 guest_calls;
	struct fuzz_frame frame[FRAMES_ALL];
	struct fuzz_vm vm[SLOTS];
	unsigned int slots;
	int row_vm;                     /* the slot whose pages the row is there for, or NONE */
	bool is_block;                  /* those pages are one */
	int loaded_vm;
	u32 loaded;
	u8 message[64 + PAGE_SIZE];     /* of a measurement */
	struct fuzz_call history[HISTORY];
	u64 told;
};

extern bool fuzz_failed;
extern struct fuzz_cpu *fuzz_cpus[CPUS];
extern unsigned int fuzz_cpu_count;
extern atomic_t fuzz_owner[VMS_MAX];     /* of each handle: CPU + 1; 0 for one that nobody has */
extern s64 fuzz_figures[STAT_SVE + 1]; /* of HYP_STATS, before the first call */

/* call.c */
s64 fuzz_figure(u64 stat);
bool fuzz_call(struct fuzz_cpu *c, struct fuzz_call *call);
bool fuzz_expect(struct fuzz_cpu *c, u64 id, u64 a1, u64 a2, u64 a3, s64 want);
bool fuzz_expect_more(struct fuzz_cpu *c, struct fuzz_call *call);
s64 fuzz_any_of(struct fuzz_cpu *c, u64 id, u64 a1, u64 a2, u64 a3, const s64 *may, unsigned int n);
void __printf(2, 3) fuzz_differs(struct fuzz_cpu *c, const char *format, ...);
void fuzz_tell(struct fuzz_cpu *c);
const char *fuzz_name(unsigned int call);
const char *fuzz_result_name(unsigned int result);
unsigned int fuzz_result(s64 value);

u64 fuzz_random(struct fuzz_cpu *c);
static inline u64 below(struct fuzz_cpu *c, u64 n)
{
	return (fuzz_random(c) >> 16) % n;
}

/* frame.c */
bool fuzz_frames_setup(struct fuzz_cpu *c);
void fuzz_frames_free(struct fuzz_cpu *c);
bool fuzz_hidden_setup(void);
s32 fuzz_move_error(const char *move, u32 state, u32 count);
void fuzz_move(struct fuzz_cpu *c, const char *move, struct fuzz_frame *f);
void fuzz_given(struct fuzz_cpu *c, int frame, int slot, enum role role, u32 level, u64 key);
bool fuzz_host_reaches(u32 state);
void fuzz_look(struct fuzz_cpu *c, struct fuzz_frame *f);
void fuzz_touch(struct fuzz_cpu *c, struct fuzz_frame *f);
void fuzz_code(struct fuzz_frame *f);
void fuzz_cleared(struct fuzz_cpu *c, struct fuzz_frame *f);
void fuzz_frames_check(struct fuzz_cpu *c);

/* A frame number for a call. @error: it is none of RAM; else @state and @count. @frame: which of the CPU's own. */
struct fuzz_target {
	u64 pfn;
	int frame;
	s32 error;
	u32 state;
	u32 count;
};

struct fuzz_target fuzz_pick(struct fuzz_cpu *c, u32 wanted);

/* memory.c */
struct oracle_result;
struct oracle_result fuzz_step(u64 id, u32 state, u32 count);
void fuzz_memory_call(struct fuzz_cpu *c);
void fuzz_other_call(struct fuzz_cpu *c);
void fuzz_frame_home(struct fuzz_cpu *c, struct fuzz_frame *f);

/* vm.c */
void fuzz_vm_call(struct fuzz_cpu *c);
void fuzz_vm_end(struct fuzz_cpu *c, int slot);
void fuzz_put(struct fuzz_cpu *c);
void fuzz_vm_begin(struct fuzz_cpu *c, int slot);
int fuzz_table_of(struct fuzz_cpu *c, int slot, u32 level, u64 page);
int fuzz_page_of(struct fuzz_cpu *c, int slot, u64 page);
bool fuzz_poisoned(const struct fuzz_vm *vm, u64 page);
struct fuzz_vcpu *fuzz_loaded(struct fuzz_cpu *c);
u64 fuzz_page(struct fuzz_cpu *c);
void fuzz_page_lost(struct fuzz_cpu *c, int slot, int frame, const char *move);

/* image.c */
void fuzz_measure(struct fuzz_cpu *c, struct fuzz_vm *vm, u64 page, const u64 *data);
void fuzz_measured(struct fuzz_cpu *c, struct fuzz_vm *vm, u64 pc, u64 x0);
u64 fuzz_measurement(const struct fuzz_vm *vm, unsigned int i);

/* run.c */
void fuzz_run_call(struct fuzz_cpu *c);
void fuzz_vcpu_new(struct fuzz_vcpu *u);

/* shared.c */
bool fuzz_shared_setup(void);
void fuzz_shared_free(void);
void fuzz_shared_call(struct fuzz_cpu *c);
void fuzz_shared_fight(struct fuzz_cpu *c);
bool fuzz_shared_loaded(struct fuzz_cpu *c);
void fuzz_shared_check(struct fuzz_cpu *c);
void fuzz_shared_put(struct fuzz_cpu *c);
void fuzz_shared_end(struct fuzz_cpu *c);

#endif
