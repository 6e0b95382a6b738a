/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest finds in a system register: fields of ID registers, visibility, the answer to an access.
 */
#ifndef ANNOTATIONS_SYSREG_H
#define ANNOTATIONS_SYSREG_H

/*@ // field i of an ID register: bits 4i + 3 to 4i (query guest_id_fields)
    logic integer id_field(integer x, integer i) = i <= 0 ? x % 16 : id_field(x / 16, i - 1);

    // values of the lowest n fields
    logic integer id_end(integer n) =
      n == 0 ? 1 :
      n == 1 ? 0x10 :
      n == 2 ? 0x100 :
      n == 3 ? 0x1000 :
      n == 4 ? 0x10000 :
      n == 5 ? 0x100000 :
      n == 6 ? 0x1000000 :
      n == 7 ? 0x10000000 :
      n == 8 ? 0x100000000 :
      n == 9 ? 0x1000000000 :
      n == 10 ? 0x10000000000 :
      n == 11 ? 0x100000000000 :
      n == 12 ? 0x1000000000000 :
      n == 13 ? 0x10000000000000 :
      n == 14 ? 0x100000000000000 :
      n == 15 ? 0x1000000000000000 :
      0x10000000000000000;

    logic integer feature_on(struct guest_features f, integer n) = n == GUEST_ALWAYS || f.on[n] != 0 ? 1 : 0;

    // what a guest sees of a field that the machine gives
    logic integer id_shown(integer kind, integer value, integer given) =
      kind == GUEST_RULE_ALLOW ? given :
      kind == GUEST_RULE_LIMIT ? (given < value ? given : value) :
      kind == GUEST_RULE_LIMIT_SIGNED ? (given >= 8 || given < value ? given : value) :
      value;

    logic integer id_rule{L}(struct guest_features f, integer r, integer given) =
      feature_on(f, \at(guest_rules[r].feature,L)) != 0 ?
        id_shown(\at(guest_rules[r].kind,L), \at(guest_rules[r].value,L), given) : 0;

    // of a trapped access: the key of its register, its general register, whether that is written to it
    logic integer trap_key(integer esr) = ((esr / 0x100000) % 4) * 0x4000 + ((esr / 0x4000) % 8) * 0x800 +
      ((esr / 0x400) % 16) * 0x80 + ((esr / 2) % 16) * 8 + (esr / 0x20000) % 8;
    logic integer trap_rt(integer esr) = (esr / 0x20) % 32;
    logic integer trap_write(integer esr) = esr % 2 == 1 ? 0 : 1;
    // what it writes: register 31 is zero
    logic integer trap_value(integer esr, integer rt) = trap_rt(esr) == 31 ? 0 : rt;

    predicate listed{L}(integer key) =
      \exists integer i; 0 <= i < GUEST_SYSREGS && \at(guest_sysreg_key[i],L) == key;

    // what an access to the register of entry i finds; given is what is written, or what the machine's register holds
    logic integer found_kind{L}(struct guest_features f, integer i, integer write) =
      feature_on(f, \at(guest_sysregs[i].feature,L)) == 0 ? SYSREG_UNDEFINED :
      write != 0 ? \at(guest_sysregs[i].write,L) :
      \at(guest_sysregs[i].read,L) == SYSREG_MACHINE || \at(guest_sysregs[i].read,L) == SYSREG_CLAMPED ? SYSREG_VALUE :
      \at(guest_sysregs[i].read,L);
*/

#endif
