/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What setup leaves behind for the other units.
 */
#ifndef HYP_SETUP_H
#define HYP_SETUP_H

#include <gen/sysregs.h>

#include "layout.h"
#include "vmid.h"

/* Parts of the carve-out, valid after hyp_setup(). */
extern struct layout layout;

#include "../../annotations/setup.h"

#endif
