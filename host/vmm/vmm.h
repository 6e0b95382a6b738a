/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine monitor: one VM for each process, protected or not, by /dev/kvm.
 *
 * What a guest lends to the host is its window, and that is all of its memory that this process touches once it runs.
 */
#ifndef VMM_H
#define VMM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPUS_MAX 8
#define PEEKS_MAX 4
#define MEASUREMENT_BYTES 32
#define KIB 1024ull
#define MIB (1024 * KIB)
#define PAGE_BYTES 4096ull

/* The machine. The window ends where RAM begins: see tree.c. */
#define GICD_BASE 0x08000000ull
#define GICC_BASE 0x08010000ull
#define GIC_BYTES 0x10000ull
#define UART_BASE 0x09000000ull
#define DEVICES_BASE 0x0a000000ull
#define RAM_BASE 0x40000000ull
#define KERNEL_BASE (RAM_BASE + 2 * MIB)

#define BOUNCE_BYTES (4 * MIB)
#define RINGS_BYTES (384 * KIB)
#define WINDOW_BYTES (BOUNCE_BYTES + RINGS_BYTES)
#define WINDOW_BASE (RAM_BASE - WINDOW_BYTES)
#define RAM_MIB_MIN 160
#define RAM_MIB_MAX 3072

/* Numbers as the device tree has them: SPIs begin at interrupt 32, PPIs at 16. */
#define SPI_UART 1
#define SPI_DEVICES 16
#define PPI_PHYSICAL_TIMER 14
#define PPI_VIRTUAL_TIMER 11

/* Exit codes. A signal N that ended the VM is 128 + N. */
enum { ENDED_OFF = 0, ENDED_FAILED = 1, ENDED_USAGE = 2, ENDED_RESET = 3 };

/**
 * struct vm - the VM of this process
 * @lock: over devices and interrupts
 * @measured: Hypatia measures what the guest begins with, and that has to be @expected, unless that is all 0
 * @kernel_end, @initrd, @tree: places in the guest
 * @peeks: what this process tries to read while the guest runs
 */
struct vm {
	pthread_mutex_t lock;
	bool protected;
	bool measured;
	uint8_t expected[MEASUREMENT_BYTES];
	unsigned int cpus;
	uint64_t ram_bytes;
	uint8_t *ram;
	uint8_t *window;
	uint64_t kernel_end;
	uint64_t initrd;
	uint64_t initrd_bytes;
	uint64_t tree;
	const char *arguments;
	unsigned int device_count;
	unsigned int peek_count;
	struct {
		uint64_t address;
		uint64_t bytes;
	} peeks[PEEKS_MAX];
};

extern struct vm vm;

/* main.c */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void finish(int code) __attribute__((noreturn));

/* vm.c */
void vm_make(void);
void vm_pretend(void);
void vm_run(uint64_t entry);
void vm_irq_line(unsigned int cpu, bool high);

/* load.c: what is in the guest's memory when it begins. */
uint64_t load_guest(const char *kernel, const char *initrd);

/* measure.c */
void measure_part(uint64_t address, uint64_t bytes);
void measure_parts(void (*give)(uint64_t address, uint64_t bytes));
void measure_print(uint64_t entry);

/* tree.c */
size_t tree_make(void *room, size_t bytes);

/* memory.c: accesses that can turn out not to be allowed. */
void memory_setup(void);
void *window_at(uint64_t address, uint64_t bytes);
bool guarded(void (*access)(void *context), void *context);
void peek(void);

/* gic.c */
void gic_setup(void);
uint64_t gic_access(unsigned int cpu, uint64_t address, unsigned int bytes, bool write, uint64_t value);
void gic_ppi(unsigned int cpu, unsigned int ppi, bool high);
void gic_spi(unsigned int spi, bool high);
bool gic_used(void);

/* uart.c */
uint64_t uart_access(uint64_t offset, bool write, uint64_t value);
void uart_flush(void);

/* virtio.c */
uint64_t virtio_access(uint64_t offset, unsigned int bytes, bool write, uint64_t value);

/* block.c, console.c, net.c */
void block_add(const char *path);
void console_add(const char *paths);
void console_restore(void);
void net_add(const char *tap);

#endif
