/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of desc.h are proved as this unit, for the concrete descriptors of DescVmsa. */
#include "desc.h"
