/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest of gic_program.S and its host agree on. */
#ifndef GIC_PROGRAM_H
#define GIC_PROGRAM_H

#define GIC_CODE 0x40080000
#define GIC_SAY 0x0a003000 /* where it tells: never has memory */

/* The word of GIC_SAY that is stored to; what is stored is what is told. */
#define GIC_SAY_SRE 1
#define GIC_SAY_ID 2
#define GIC_SAY_READY 3
#define GIC_SAY_ACKNOWLEDGED 4
#define GIC_SAY_ENDED 5
#define GIC_SAY_EXCEPTION 6
#define GIC_SAY_CONTROL 7
#define GIC_SAY_NOTHING 8
#define GIC_SAY_GROUP_0 9

#define GIC_SGI_VALUE 0x0100000b000a0003
#define GIC_MASK 0xf0

#endif
