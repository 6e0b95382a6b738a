/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine for the unit tests: RAM in two banks, TLB protocol, locks, EL1 registers, secure firmware.
 */
#ifndef TESTS_UNIT_MACHINE_H
#define TESTS_UNIT_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "arch.h"
#include "boot_info.h"
#include "hyp.h"
#include "layout.h"
#include "mem.h"
#include "claim.h"
#include "ownership.h"
#include "pgtable.h"
#include "pool.h"
#include "setup.h"
#include "vcpu.h"

#define BANK0_FIRST 0x40000ul
#define BANK0_COUNT 0x4000ul
#define BANK1_FIRST 0x80000ul
#define BANK1_COUNT 0x1000ul
#define IMAGE_FIRST (BANK0_FIRST + 0x80ul)
#define TEXT_FRAMES 8ul
#define RODATA_FRAMES 4ul
#define DATA_FRAMES 4ul
#define CONSOLE_PFN 0x9000ul

struct machine {
	u64 elr_el2, spsr_el2, vbar_el1, sctlr_el1;
	u64 elr_el1, spsr_el1, esr_el1, far_el1;
	struct smc_regs smc_args;
	u64 smc_status;
	u64 smc_count;
	u32 cpu;
	u32 tlbi_count;
	u64 el1[CTX_SWITCHED_END]; /* what is switched, by its word */
	u64 fp[CTX_FP_END];        /* V0 to V31, FPSR, FPCR, by their word */
	u32 fp_open;               /* a guest uses them without a trap: FP_PLAIN, FP_SVE */
	u64 vectors[CTX_SVE_END];  /* P, FFR, and Z but for what is V, by their word of a vCPU's frame */
	u64 zcr;                   /* ZCR_EL1 */
	u32 sve_lengths;           /* vectors that this CPU has */
	u32 units;                 /* of the guest that ran last with SVE */
	u64 gic[CTX_GIC_END];      /* the virtual CPU interface, by its word */
	u32 gic_lists;             /* list registers that guests can have */
	u32 gic_taken;             /* it is a guest's */
	u64 keys[CTX_KEYS_END];    /* of pointer authentication, by their word */
	u32 keys_open;             /* a guest uses them without a trap */
	u32 no_keys;               /* the CPU has none */
	u64 points[CTX_DEBUG_END]; /* breakpoints and watchpoints, by their word */
	u32 points_guest;          /* they are a guest's */
	u32 points_moves;          /* how often they were saved or restored */
	u32 isbs;
	u64 (*random)(void);       /* its generator of random numbers, if it has one */
	u64 esr_el2, far_el2, hpfar_el2;
	u32 page_lost; /* what mapped the address of a permission fault is gone */
	u64 vttbr, vtcr, mpidr; /* of the guest that ran last */
	u32 guest_tlbis;        /* pages of guests that were invalidated; VMIDs */
	u32 guest_flushes;
	u32 at_guest;           /* stage 2 and traps are a guest's */
	u32 fresh;
	u64 lines;              /* of the guest: RUN_IRQ, RUN_FIQ */
	u64 offset;             /* of its virtual counter */
	u32 guest_runs;
	u64 (*guest)(u64 *x);   /* the guest: its registers, X0 to PSTATE; what ends the run */
	u32 strict;             /* the core is up: locks must be held */
	u64 ids[MACHINE_IDS];
	u64 taken;              /* this frame's record says that Hypatia has it before setup claims it */
};
extern struct machine machine;

/* A new machine: RAM random, no lock held, TLB clean, boot_info filled in for @pa_bits. */
void machine_reset(u32 pa_bits);
/* machine_reset() and machine_start(). */
void machine_boot(u32 pa_bits);
/* machine_boot(), with the second bank from frame @first on, from now on. */
void machine_boot_far(u32 pa_bits, u64 first);
/* hyp_setup(), from then on with locks checked. */
void machine_start(void);
/* What must hold between two calls into the core. */
void machine_check_quiet(void);
/* A call of Hypatia's through the handler that the vectors call, which knows it: its result, or error. */
s64 vm_hvc(u64 id, u64 a, u64 b, u64 c);
/* What it left of the registers behind a1; the first two were b and c, the others 0. */
extern u64 vm_rest[];
/* Fill frame @pfn with a value; read it back. */
void machine_fill(u64 pfn, u64 value);
u64 machine_word(u64 pfn, u64 i);
/* Put a word into it, as one with caches would: what is there may be in them alone. */
void machine_put(u64 pfn, u64 i, u64 value);
/* A look-up of its own in tree @t: the entry that translates page @n, its level, its table. */
struct walk {
	u64 entry;
	u32 level;
	u64 table;
};
struct walk machine_walk(u32 t, u64 n);
/* The page descriptor that a look-up ends in, written for one page. */
u64 machine_page(u32 t, u64 n);
/* @entry of @level written as a page descriptor for page @n. */
u64 machine_page_of(u64 entry, u32 level, u64 n);
/* Tables below the roots of tree @t; checks each use count and that none is met twice. */
u64 machine_tables(u32 t);

u64 test_random(void);
void test_seed(u64 seed);

#endif
