/* SPDX-License-Identifier: BSD-2-Clause */
/* What the EL1 test programs share. */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include "types.h"

#include <gen/hypercalls.h>
#include <gen/pages.h>
#include <gen/vm.h>

#define CPUS 8u
#define REGS 18u

/* Exception classes in ESR_EL1. */
#define EC_UNKNOWN 0x00u
#define EC_INSTRUCTION_ABORT 0x21u
#define EC_DATA_ABORT_EL0 0x24u
#define EC_DATA_ABORT 0x25u

/* Fault status codes in ESR_EL1. */
#define STATUS_ALIGNMENT 0x21u
#define STATUS_EXTERNAL 0x10u

struct regs {
	u64 x[REGS];
};

struct fault {
	u64 count;
	u64 esr;
	u64 far;
	u64 elr;
};

/* x1 to x5 of a call on VMs; exit: what VCPU_RUN answers. */
struct result {
	s64 exit;
	u64 x2;
	u64 x3;
	u64 x4;
	u64 x5;
};

struct region {
	u64 base;
	u64 size;
};

/* start.S */
extern volatile struct fault faults[CPUS];
void hvc(struct regs *r);
void hvc_1(struct regs *r);
void smc(struct regs *r);
void smc_1(struct regs *r);
u64 cost(u64 id, u64 arg, u64 rounds);
u64 cost_empty(u64 id, u64 arg, u64 rounds);
u64 cost_touch(u64 unused, u64 address, u64 pages);
u64 probe_read(u64 address);
void probe_write(u64 address, u64 value);
void probe_exec(u64 address);
void probe_sp0(u64 address);
void hvc_1_sp0(void);
void probe_el0(u64 address);
void probe_el0_32(u64 address);
void payload_secondary(void);
/* V0 to V31, the low half of each first, FPSR and FPCR. @words is aligned to 16 bytes: the MMU is off. */
#define FP_COUNT 66u
void fp_load(const u64 *words);
void fp_store(u64 *words);

/* lib.c */
void put_string(const char *s);
void put_hex(u64 value);
void put_dec(u64 value);
/* One check: a PASS or FAIL line; failures are counted. */
void check(const char *what, u64 got, u64 want);
void check_true(const char *what, u64 got);
void finish(const char *name);
_Noreturn void payload_off(void);
void payload_cpu_off(void);
/* x0 of an HVC or SMC; the others by calling hvc() or smc() directly. */
u64 hvc3(u64 id, u64 a, u64 b, u64 c);
u64 smc3(u64 id, u64 a, u64 b, u64 c);
/* x1, the result of one of Hypatia's own calls; x0 must be SMCCC_SUCCESS. */
s64 hyp(u64 id, u64 a, u64 b);
/* A call on VMs, which leaves the registers behind x3 alone; x1 of it. */
struct result call(u64 id, u64 a1, u64 a2, u64 a3);
s64 vm(u64 id, u64 a1, u64 a2, u64 a3);
/* Registers of EL1 and EL0 that are a guest's while it runs. */
#define EL1_COUNT 22u
void read_el1(u64 *values);
/* Interrupts of the timers come to CPU 0, which has them masked: as IRQ for group 1, as FIQ for group 0. */
void gic_setup(u64 group);
/* The physical timer interrupts at count @at, or not at all. */
void physical_timer(u64 on, u64 at);
/* Bits of ISR_EL1. */
u64 interrupts_pending(void);
#define PENDING_IRQ 0x80u
#define PENDING_FIQ 0x40u
/* The @n-th "hypatia@" range in the device tree; size 0 if there is none. */
struct region hidden_region(u64 fdt, u32 n);
/* Exceptions on this CPU since the last call; class and fault status of the last one. */
u64 take_faults(u32 cpu);
u32 last_class(u32 cpu);
u32 last_status(u32 cpu);

/* Each payload */
void payload_main(u64 fdt);
void payload_cpu_main(u64 cpu);

#endif
