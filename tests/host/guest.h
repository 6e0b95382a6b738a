/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kvm.c and the programs of guest.S agree on.
 */
#ifndef TESTS_HOST_GUEST_H
#define TESTS_HOST_GUEST_H

#define G_MEMORY 0x40000000 /* slot 0: the program in its first page */
#define G_DATA 0x40001000
#define G_PAGES 0x40100000 /* slot 1 */
#define G_PAGES_COUNT 64
#define G_BLOCK 0x40200000 /* slot 2, of block.c alone */
#define G_BLOCK_PAGES 512
#define G_DEVICE 0x09000000 /* nothing there: KVM_EXIT_MMIO */
#define G_DIST 0x08000000 /* a GIC: gic.c */
#define G_REDIST 0x080a0000
#define G_PRIVATE (G_REDIST + 0x10000)
#define G_SPI 40
#define G_EDGE 36
#define G_BYTES 0x200000
#define BENCH_MEMORY 0x80000000 /* slot 2, of bench.c alone */

#define STORED 0x0123456789abcdef
#define PAGE_SHIFT 12

/* Stores to the device, by offset: what the guest has come to. */
#define SAY_VALUE 0x100 /* a value that it found */
#define SAY_DONE 0x108

#define VECTORS 0x800 /* in the page of a program that has them */
#define TOOK_IRQ 0x11
#define TOOK_FIQ 0x22

#define PSCI_VERSION 0x84000000
#define PSCI_CPU_OFF 0x84000002
#define PSCI_CPU_ON 0xc4000003
#define PSCI_AFFINITY_INFO 0xc4000004
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009
#define POWER_ARGUMENT 0x4711

#endif
