# SPDX-License-Identifier: BSD-2-Clause
# switch_pgd.o is generated.
arm64-objects := head.o vectors.o guest.o fp.o sve.o el3.o early_mmu.o cpu.o console.o panic.o string.o
