# SPDX-License-Identifier: BSD-2-Clause
"""guest_sysregs.toml: what it must keep, the table that comes of it, and vectors that do not use the table."""
from load import SpecError

NAME = "guest_sysregs"
FIELD_BITS = 4
FIELDS = 64 // FIELD_BITS

# location -> the kinds of access that make sense with it
LOCATIONS = {
    "context": {"rw", "ro", "wo"},
    "constant": {"ro", "ro_wi"},
    "machine": {"ro"},
    "clamp": {"ro"},
    "direct": {"rw", "ro", "wo"},
    "host": {"rw", "ro", "wo"},
    "none": {"wi", "raz_wi", "undefined"},
}
# Controls that let an access through where they are 1.
LETS_THROUGH = {"EL1PCEN", "EL1PCTEN", "ENABLE"}
# Policies of a field with a value, and without one.
WITH_VALUE = {"limit", "limit_signed", "fixed"}
# What a read finds, by location; what is not named here is undefined.
READS = {"context": "SLOT", "constant": "VALUE", "machine": "MACHINE", "clamp": "CLAMPED", "host": "HOST"}
WRITES = {"context": "SLOT", "host": "HOST"}


def key(encoding):
    """Op0, op1, CRn, CRm and op2 as they stand in an MRS or MSR instruction, bits 20 to 5 (C5.2)."""
    op0, op1, crn, crm, op2 = encoding
    return op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2


def id_space():
    return [(3, 0, 0, crm, op2) for crm in range(1, 8) for op2 in range(8)]


# ------------------------------------------------------------------------------------------- checks


def check_field(path, register, field, used, features):
    msb, lsb, policy = field["msb"], field["lsb"], field["policy"]
    if msb < lsb:
        raise SpecError(NAME, path, f"msb {msb} is below lsb {lsb}")
    if lsb % FIELD_BITS or (msb + 1) % FIELD_BITS:
        raise SpecError(NAME, path, f"bits {msb}:{lsb} are not whole nibbles, as the ID fields of a guest are")
    if msb - lsb + 1 > FIELD_BITS and policy != "zero":
        raise SpecError(NAME, path, f"a field of {msb - lsb + 1} bits can only be zero")
    for bit in range(lsb, msb + 1):
        if bit in used:
            raise SpecError(NAME, path, f"bit {bit} belongs to {used[bit]}")
        used[bit] = field["name"]
    if ("value" in field) != (policy in WITH_VALUE):
        raise SpecError(NAME, [*path, "value"], f"is to be there exactly with {', '.join(sorted(WITH_VALUE))}")
    if policy == "limit_signed" and field["value"] > 7:
        raise SpecError(NAME, [*path, "value"], f"{field['value']} is negative as a signed limit")
    if field.get("visible", features[0]) not in features:
        raise SpecError(NAME, [*path, "visible"], f"{field['visible']} is not a feature")


def check_trap(spec, path, control, bit):
    """The trap is on in what a guest runs with: each value that is named for a guest."""
    values = {
        name: fields
        for r in spec["sysregs"]["register"]
        if r["name"] in (control, f"{control}_VHE")
        for name, fields in r.get("values", {}).items()
        if name.endswith("_GUEST")
    }
    off = bit in LETS_THROUGH
    if not values or any((fields.get(bit, 0) == 0) != off for fields in values.values()):
        raise SpecError(NAME, [*path, "trap"], f"{control}.{bit} is not as a guest needs it in sysregs.toml")


def debug_registers(vcpu):
    """Each register of [[debug]], in the order of its word: value and control of the first, of the second, and so on."""
    return [
        {"name": f"{d[what]}{n}_EL1", "encoding": [2, 0, 0, n, d["op2"] + step], "of": d["name"]}
        for d in vcpu["debug"]
        for n in range(d["count"])
        for step, what in enumerate(("value", "control"))
    ]


def kept_words(vcpu):
    """Registers whose word of a context is what a trapped access finds."""
    return {r["name"] for r in vcpu["switched"]} | {r["name"] for r in debug_registers(vcpu)}


def check_register(spec, register, features):
    path = ["register", register["name"]]
    access, location = register["access"], register["location"]
    if access not in LOCATIONS[location]:
        raise SpecError(NAME, [*path, "access"], f"{access} does not go with location {location}")
    if ("value" in register) != (location in ("constant", "context")):
        raise SpecError(NAME, [*path, "value"], "is to be there exactly with location constant or context")
    if ("fields" in register) != (location == "clamp"):
        raise SpecError(NAME, [*path, "fields"], "are to be there exactly with location clamp")
    if register.get("visible", features[0]) not in features:
        raise SpecError(NAME, [*path, "visible"], f"{register['visible']} is not a feature")
    if "trap" in register:
        control, _, bit = register["trap"].partition(".")
        known = {r["name"]: r["fields"] for r in spec["sysregs"]["register"]}
        if bit not in known.get(control, {}):
            raise SpecError(NAME, [*path, "trap"], f"{register['trap']} is not a field of sysregs.toml")
        if location == "direct":
            raise SpecError(NAME, [*path, "trap"], "location direct is for what does not trap")
        if location == "context" and register["name"] not in kept_words(spec["vcpu"]):
            raise SpecError(NAME, [*path, "trap"], "what traps to a slot is to be switched: vcpu.toml does not have it")
        check_trap(spec, path, control, bit)
    if tuple(register["encoding"]) in id_space():
        if access != "ro" or location not in ("constant", "clamp") or "visible" in register:
            raise SpecError(NAME, path, "an ID register is ro, constant or clamp, and always visible")
    elif location == "clamp":
        raise SpecError(NAME, [*path, "location"], "clamp is for the ID space")
    used, names = {}, set()
    for field in register.get("fields", []):
        where = [*path, "fields", field["name"]]
        if field["name"] in names:
            raise SpecError(NAME, where, "there are two of this name")
        names.add(field["name"])
        check_field(where, register, field, used, features)


def check(spec):
    guest = spec[NAME]
    features = [f["name"] for f in guest["feature"]]
    for name in features:
        if features.count(name) > 1:
            raise SpecError(NAME, ["feature", name], "there are two of this name")
    names, before = set(), None
    for register in guest["register"]:
        name, here = register["name"], tuple(register["encoding"])
        if name in names:
            raise SpecError(NAME, ["register", name], "there are two of this name")
        names.add(name)
        if before is not None and here == before[0]:
            raise SpecError(NAME, ["register", name, "encoding"], f"{here} is {before[1]}'s")
        if before is not None and here < before[0]:
            raise SpecError(NAME, ["register", name, "encoding"], f"{here} is below that of {before[1]}, before it")
        before = here, name
        check_register(spec, register, features)
    listed = {tuple(r["encoding"]) for r in guest["register"]}
    for encoding in id_space():
        if encoding not in listed:
            raise SpecError(NAME, ["register"], f"{encoding} of the ID space is missing")


# -------------------------------------------------------------------------------------------- table


def read_kind(register):
    if register["access"] == "raz_wi":
        return "VALUE"
    return READS.get(register["location"], "UNDEFINED") if register["access"] in ("rw", "ro", "ro_wi") else "UNDEFINED"


def write_kind(register):
    if register["access"] in ("wi", "raz_wi", "ro_wi"):
        return "IGNORED"
    return WRITES.get(register["location"], "UNDEFINED") if register["access"] in ("rw", "wo") else "UNDEFINED"


def feature(entry):
    return entry.get("visible", "always").upper()


def rules(register):
    """A rule for each nibble of an ID register, from bit 0 on."""
    result = [{"kind": "FIXED", "value": 0, "feature": "ALWAYS", "name": "-"} for _ in range(FIELDS)]
    for field in register["fields"]:
        kind = "FIXED" if field["policy"] == "zero" else field["policy"].upper()
        for i in range(field["lsb"] // FIELD_BITS, field["msb"] // FIELD_BITS + 1):
            result[i] = {
                "kind": kind,
                "value": field.get("value", 0),
                "feature": feature(field),
                "name": field["name"],
            }
    return result


def table(spec):
    guest = spec[NAME]
    words = kept_words(spec["vcpu"])
    registers, slots, clamped, machine = [], [], [], []
    for register in guest["register"]:
        index = 0
        if register["location"] == "context":
            index = len(slots)
            slots.append(register["name"])
        elif register["location"] == "clamp":
            index = len(clamped) * FIELDS
            clamped.append({"name": register["name"], "rules": rules(register)})
        if register["location"] in ("machine", "clamp"):
            machine.append({"name": register["name"], "key": key(register["encoding"])})
        registers.append(
            register
            | {
                "key": key(register["encoding"]),
                "read": read_kind(register),
                "write": write_kind(register),
                "feature": feature(register),
                "index": index,
                "machine": machine[-1]["name"] if register["location"] in ("machine", "clamp") else None,
                "number": register.get("value", 0),
                "field_list": register.get("fields", []),
            }
        )
    return {
        "guest_registers": registers,
        "guest_slots": slots,
        "guest_words": [{"slot": name, "word": f"CTX_{name}" if name in words else "0"} for name in slots],
        "guest_clamped": clamped,
        "guest_machine": machine,
        "guest_features": guest["feature"],
        "guest_fields": FIELDS,
        "guest_vectors": vectors(guest),
    }


# ------------------------------------------------------------------------------------------ vectors

# What the machine's register, or the guest, may hold: every value of a nibble is in each position once.
PATTERNS = [0xFEDCBA9876543210, (1 << 64) - 1, 0] + [0x1111111111111111 * n for n in range(1, 15)]


def shown(register, given, on):
    """An ID register as a guest sees it, from the fields of the specification alone."""
    result = 0
    for field in register["fields"]:
        mask = (1 << (field["msb"] - field["lsb"] + 1)) - 1
        value, limit = given >> field["lsb"] & mask, field.get("value", 0)
        if field["policy"] == "limit_signed":
            signed = value - 16 if value & 8 else value
            value = min(signed, limit) & 15
        else:
            value = {"allow": value, "limit": min(value, limit), "fixed": limit, "zero": 0}[field["policy"]]
        if "visible" in field and not on:
            value = 0
        result |= value << field["lsb"]
    return result


def answer(register, write, given, on, slot):
    """(kind, slot, value) of an access, read off the specification's own words."""
    access, location = register["access"], register["location"]
    undefined = ("UNDEFINED", 0, 0)
    if ("visible" in register and not on) or access == "undefined":
        return undefined
    if write:
        if access in ("ro_wi", "wi", "raz_wi"):
            return "IGNORED", 0, 0
        if access == "ro" or location == "direct":
            return undefined
        return ("HOST", 0, given) if location == "host" else ("SLOT", slot, given)
    if access == "raz_wi":
        return "VALUE", 0, 0
    if access in ("wo", "wi") or location == "direct":
        return undefined
    return {
        "context": ("SLOT", slot, 0),
        "constant": ("VALUE", 0, register.get("value", 0)),
        "machine": ("VALUE", 0, given),
        "clamp": ("VALUE", 0, shown(register, given, on) if location == "clamp" else 0),
        "host": ("HOST", 0, 0),
    }[location]


def vectors(guest):
    result, slot = [], 0
    for register in guest["register"]:
        patterns = PATTERNS if register["location"] == "clamp" else PATTERNS[:2]
        for on in (0, 1):
            for write in (0, 1):
                for given in patterns if not write else PATTERNS[:1]:
                    kind, at, value = answer(register, write, given, on, slot)
                    result.append(
                        {
                            "name": register["name"],
                            "key": key(register["encoding"]),
                            "on": on,
                            "write": write,
                            "given": given,
                            "kind": kind,
                            "slot": at,
                            "value": value,
                        }
                    )
        slot += register["location"] == "context"
    return result
