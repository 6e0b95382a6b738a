/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what a register's table entry says of an access to what is to be done about it.
 */
#ifndef ANNOTATIONS_GUEST_SYSREG_H
#define ANNOTATIONS_GUEST_SYSREG_H

/*@ // entry i of the table is that of the register that a syndrome names
    predicate entry_of{L}(integer i, integer esr) =
      0 <= i < GUEST_SYSREGS && \at(guest_sysreg_key[i],L) == trap_key(esr);

    logic integer access_kind(integer found, integer write, integer rt) =
      found == SYSREG_UNDEFINED ? ACCESS_UNDEFINED :
      found == SYSREG_HOST ? ACCESS_HOST :
      found == SYSREG_IGNORED ? ACCESS_SKIP :
      write != 0 ? ACCESS_WRITE :
      rt == 31 ? ACCESS_SKIP :
      found == SYSREG_SLOT ? ACCESS_READ : ACCESS_VALUE;

    predicate of_slot(integer kind) = kind == ACCESS_READ || kind == ACCESS_WRITE;
*/

#endif
