/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest of block_program.S and its host agree on. */
#ifndef BLOCK_PROGRAM_H
#define BLOCK_PROGRAM_H

#define BLOCK_CODE 0x40080000
#define BLOCK_FIRST 0x40200000 /* 512 pages, from a multiple of 2 MiB on */
#define BLOCK_SWEPT 0x403ff000 /* their last one */
#define BLOCK_ASK 0x0a000000   /* where it asks what to do: never has memory */
#define BLOCK_SAY 0x0a001000   /* where it tells what came of it */

/* What it is to do, below the address. */
#define BLOCK_LOAD 0
#define BLOCK_STORE 1
#define BLOCK_SHARE 2
#define BLOCK_UNSHARE 3
#define BLOCK_RELINQUISH 4
#define BLOCK_SWEEP 5

#define BLOCK_MARK 0x1122000000000000 /* a word is that and its address; stored, all its bits are changed */
#define BLOCK_ROUNDS 4                /* of a sweep, which counts in each page but the last */

#endif
