/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine monitor for tests: struct machine has a VM of up to MACHINE_VCPUS vCPUs.
 */
#ifndef TESTS_HOST_KVM_H
#define TESTS_HOST_KVM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_VCPUS 4
#define VM_TYPE 39ul /* bits of address */
#define VM_TYPE_PROTECTED (1ul << 31)

struct machine {
	int kvm;
	int vm;
	int vcpu[MACHINE_VCPUS];
	struct kvm_run *run[MACHINE_VCPUS];
	char *memory;
	char *pages;
};

/* check.c: PASS or FAIL, and what was expected. */
void check(const char *what, int64_t got, int64_t want);
void check_refused(const char *what, long result, int error);
int check_end(void);

/* block.c */
void test_blocks(void);

/* gic.c */
void test_gic(void);

/* host.c */
#define LOOK_MS 50
struct runner {
	struct machine *m;
	int i;
	int result;
	int error;
};

void sleep_ms(long ms);
void *run_thread(void *argument);
uint64_t counted(const struct machine *m);
bool counts(const struct machine *m);
void stop(pthread_t thread);
void pin(pthread_t thread, int cpu);
void test_host(void);
void leave_running(void);

/* sve.c */
bool has_sve(void);
void test_sve(void);

/* machine.c */
extern char guest_access[], guest_count[], guest_pages[], guest_timer[], guest_physical_timer[], guest_turns[],
	guest_pair[], guest_lines[], guest_power[], guest_calls[], guest_vectors[], guest_gic[], guest_gic_two[],
	guest_wakes[], guest_touch[], guest_counter[], guest_sve[], guest_block[];
void machine_make_type(struct machine *m, unsigned long type, const char *program, int vcpus);
void machine_make(struct machine *m, const char *program, int vcpus);
void machine_end(struct machine *m);
int slot_set(int vm, uint32_t slot, uint64_t guest, uint64_t bytes, void *memory);
int slot_flags(int vm, uint32_t slot, uint32_t flags, uint64_t guest, uint64_t bytes, void *memory);
int vcpu_init(int vcpu, uint32_t features);
uint64_t reg_get(int vcpu, uint64_t id);
int reg_set(int vcpu, uint64_t id, uint64_t value);
void x_set(struct machine *m, int i, unsigned int x, uint64_t value);
int irq_line(int vm, unsigned int type, unsigned int vcpu, unsigned int number, unsigned int level);
bool next_store(struct machine *m, int i, uint64_t address, uint64_t *value);
uint64_t said(struct machine *m, int i);
bool is_done(struct machine *m, int i);
long parameter(const char *name);
void parameter_set(const char *name, const char *value);
int module_load(void);
int module_unload(void);

#define CORE_REG(name) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(name))

#endif
