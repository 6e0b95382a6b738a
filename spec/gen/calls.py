# SPDX-License-Identifier: BSD-2-Clause
"""guest_calls.toml: what it must keep, the logic that comes of it, and vectors that do not use the logic."""
import itertools
import uuid

from load import SpecError

NAME = "guest_calls"
SMC64 = 1 << 30
FAST = 1 << 31
WORD = 1 << 64
# What `does` says of calls that have no effect: the keys that go with it.
PLAIN = {"value": {"value"}, "uid": {"uid"}, "tell": set(), "affinity": set(), "services": set(), "refuse": set()}
OPTIONAL = {"uid"}
LIMITS = ("min", "max", "align", "reserved", "ipa", "vcpu")


def uid_words(text):
    """SMCCC: the UID's bytes 0 to 3 stand in w0 with byte 0 in the low-order position."""
    raw = uuid.UUID(text).bytes
    return [int.from_bytes(raw[i : i + 4], "little") for i in range(0, 16, 4)]


def error_values(spec):
    """Errors that a guest can find, and those of the host for what it does to power states."""
    lists = (spec["hypercalls"]["psci_return"], spec["hypercalls"]["error"], spec[NAME]["error"])
    return {e["name"]: e["value"] for e in itertools.chain(*lists)}


# ------------------------------------------------------------------------------------------- checks


def known(path, name, names, what):
    if name not in names:
        raise SpecError(NAME, path, f"{name} is not {what}")


def unique(key, entries, attribute):
    seen = {}
    for i, entry in enumerate(entries):
        if entry[attribute] in seen:
            raise SpecError(NAME, [key, i, attribute], f"{entry[attribute]} is taken by {key}.{seen[entry[attribute]]}")
        seen[entry[attribute]] = i


def check_power(guest, errors):
    states = [s["name"] for s in guest["power_state"]]
    for key in ("name", "value"):
        unique("power_state", guest["power_state"], key)
    unique("power_operation", guest["power_operation"], "name")
    if sorted(s["value"] for s in guest["power_state"]) != list(range(len(states))):
        raise SpecError(NAME, ["power_state"], "values have no holes and begin at 0")
    for o in guest["power_operation"]:
        path = ["power_operation", o["name"]]
        for name in [*o["from"], o["to"], *o["errors"]]:
            known(path, name, states, "a power state")
        if set(o["errors"]) != set(states) - set(o["from"]):
            raise SpecError(NAME, [*path, "errors"], "are to be of exactly the states that are not among from")
        for name in o["errors"].values():
            known([*path, "errors"], name, errors, "an error")


def check_arg(guest, path, arg, errors):
    limits = [key for key in LIMITS if key in arg]
    if bool(limits) != ("error" in arg):
        raise SpecError(NAME, [*path, "error"], "is to be there exactly when something is refused")
    if "error" in arg:
        known([*path, "error"], arg["error"], errors, "an error")
    if "vcpu" in arg and limits != ["vcpu"]:
        raise SpecError(NAME, [*path, "vcpu"], "goes with no other limit")
    if "ipa" in arg and "max" in arg:
        raise SpecError(NAME, [*path, "ipa"], "goes with no max")
    if arg.get("min", 0) > arg.get("max", WORD):
        raise SpecError(NAME, [*path, "min"], "is above max")
    align = arg.get("align", 2)
    if align & (align - 1):
        raise SpecError(NAME, [*path, "align"], f"{align} is no power of two")
    msb, lsb = arg.get("reserved", (0, 0))
    if msb < lsb:
        raise SpecError(NAME, [*path, "reserved"], f"msb {msb} is below lsb {lsb}")
    if arg.get("vcpu") and not path[-1] == 0:
        raise SpecError(NAME, [*path, "vcpu"], "can only be the first argument")


def check_call(guest, call, spec, errors):
    path = ["call", call["name"]]
    wanted = PLAIN.get(call["does"], set())
    for key in ("value", "uid"):
        if key in call and key not in wanted or key not in call and key in wanted - OPTIONAL:
            raise SpecError(NAME, [*path, key], f"does not go with does = {call['does']}")
    for i, arg in enumerate(call.get("args", [])):
        check_arg(guest, [*path, "args", i], arg, errors)
    if call["does"] == "refuse" and set(call) & {"args", "told_by", "service", "operation"}:
        raise SpecError(NAME, path, "a call that is refused has no arguments, and nobody tells of it")
    first = call.get("args", [{}])[0]
    if ("operation" in call or call["does"] == "affinity") and "vcpu" not in first:
        raise SpecError(NAME, path, "the first argument is to be a vCPU")
    if "operation" in call:
        known([*path, "operation"], call["operation"], [o["name"] for o in guest["power_operation"]], "a power operation")
    wide = [i for i in call["ids"] if i & SMC64]
    if len(call["ids"]) == 2 and (len(wide) != 1 or call["ids"][0] | SMC64 != call["ids"][1]):
        raise SpecError(NAME, [*path, "ids"], "two ids are those of SMC32 and SMC64")
    for name in call.get("told_by", []):
        told = next((c for c in guest["call"] if c["name"] == name), None)
        if told is None or told["does"] != "tell":
            raise SpecError(NAME, [*path, "told_by"], f"{name} is not a call that tells of others")
        if told["vms"] not in ("all", call["vms"]) or call["vms"] == "protected":
            raise SpecError(NAME, [*path, "told_by"], f"{name} would tell of it where it is not")
    host = {p["name"].removesuffix("_64"): p["id"] & ~SMC64 for p in spec["hypercalls"]["psci_call"]}
    if call["name"].startswith("PSCI_") and host.get(call["name"]) != call["ids"][0]:
        raise SpecError(NAME, [*path, "ids"], "are not those of hypercalls.toml")


def check(spec):
    guest = spec[NAME]
    errors = error_values(spec)
    for key in ("error", "effect", "call"):
        unique(key, guest[key], "name")
    unique("effect", guest["effect"], "value")
    check_power(guest, errors)
    ids, services = {}, {}
    for call in guest["call"]:
        check_call(guest, call, spec, errors)
        for number in call["ids"]:
            if number in ids:
                raise SpecError(NAME, ["call", call["name"], "ids"], f"0x{number:X} is {ids[number]}'s")
            ids[number] = call["name"]
        if "service" in call:
            if call["service"] in services:
                raise SpecError(NAME, ["call", call["name"], "service"], f"{call['service']} is {services[call['service']]}'s")
            if call["service"] != call["ids"][0] & 0xFFFF or call["vms"] == "random":
                raise SpecError(NAME, ["call", call["name"], "service"], "is the low half of the id, of protected VMs or all")
            services[call["service"]] = call["name"]
    for name in {c["name"] for c in spec["hypercalls"]["psci_call"]}:
        if name.removesuffix("_64") not in {c["name"] for c in guest["call"]}:
            raise SpecError(NAME, ["call"], f"{name} of hypercalls.toml is missing")
    page = 1 << guest["convention"]["granule_bits"]
    info = next((c for c in guest["call"] if c["name"] == "HYP_MEMINFO"), None)
    if info is not None and info["value"] != page:
        raise SpecError(NAME, ["call", "HYP_MEMINFO", "value"], f"is to be {page}, as granule_bits says")


# -------------------------------------------------------------------------------------------- logic


def refusals(guest, call, vcpus):
    """(condition on w1 to w3 and on the power state s of vCPU w1, error): the first that holds decides."""
    for i, arg in enumerate(call.get("args", [])):
        w, bad = f"w{i + 1}", []
        if "word" in arg:
            w = f"({w} % 0x100000000)"
        if "vcpu" in arg:
            bad.append(f"{w} >= {vcpus} || s == 0")
        if "min" in arg:
            bad.append(f"{w} < {arg['min']}")
        if "max" in arg:
            bad.append(f"{w} > {arg['max']}")
        if "ipa" in arg:
            bad.append(f"{w} >= 0x{1 << guest['convention']['ipa_bits']:x}")
        if "align" in arg:
            bad.append(f"{w} % {arg['align']} != 0")
        if "reserved" in arg:
            msb, lsb = arg["reserved"]
            bad.append(f"({w} / 0x{1 << lsb:x}) % 0x{1 << (msb - lsb + 1):x} != 0")
        if bad:
            yield " || ".join(bad), arg["error"]


def services(guest, protected):
    return sum(1 << c["service"] for c in guest["call"] if "service" in c and (protected or c["vms"] == "all"))


def table(spec):
    guest, errors = spec[NAME], error_values(spec)
    vcpus = spec["vm"]["limits"]["vcpus"]
    numbers = {s["name"]: s["value"] for s in guest["power_state"]}
    live = [c for c in guest["call"] if c["does"] != "refuse"]
    calls = [
        {"value": 0, "args": [], "told_by": [], "operation": None, "service": None}
        | c
        | {
            "number": 2 + live.index(c) if c in live else 1,
            "effect": "ANSWER" if c["does"] in PLAIN else c["does"],
            "refusals": [(bad, e, errors[e]) for bad, e in refusals(guest, c, vcpus)],
            "words": uid_words(c.get("uid", guest["convention"]["uid"])) if c["does"] == "uid" else None,
        }
        for c in guest["call"]
    ]
    operations = [
        o
        | {
            "from_test": " || ".join(f"s == {numbers[name]}" for name in o["from"]),
            "to_value": numbers[o["to"]],
            "error_list": sorted((numbers[name], error, errors[error]) for name, error in o["errors"].items()),
        }
        for o in guest["power_operation"]
    ]
    return {
        "gc": guest,
        "gc_granule": 1 << guest["convention"]["granule_bits"],
        "gc_ipa_end": 1 << guest["convention"]["ipa_bits"],
        "gc_calls": calls,
        "gc_live": [c for c in calls if c["number"] > 1],
        "gc_refused": [i for c in calls if c["number"] == 1 for i in c["ids"]],
        "gc_operations": operations,
        "gc_effects": {e["name"]: e["value"] for e in guest["effect"]},
        "gc_services": [services(guest, 0), services(guest, 1)],
        "gc_runs": [s["value"] for s in guest["power_state"] if s["runs"]],
        "gc_vectors": vectors(spec),
    }


# ------------------------------------------------------------------------------------------ vectors


def is_refused(guest, arg, value, state, vcpus):
    """Whether the specification's words refuse an argument, by bits where the logic has arithmetic."""
    if arg.get("word"):
        value &= 0xFFFFFFFF
    if arg.get("vcpu") and (value not in range(vcpus) or state == "ABSENT"):
        return True
    if value < arg.get("min", value) or value > arg.get("max", value):
        return True
    if arg.get("ipa") and value.bit_length() > guest["convention"]["ipa_bits"]:
        return True
    if value & (arg.get("align", 1) - 1):
        return True
    msb, lsb = arg.get("reserved", (-1, 0))
    return value >> lsb & ((1 << (msb - lsb + 1)) - 1) != 0


def answer(spec, number, imm, args, state, protected, random):
    """(effect, x0 to x3) of a call of a VM whose vCPU arg1, if there is one, has a power state."""
    guest, errors, vcpus = spec[NAME], error_values(spec), spec["vm"]["limits"]["vcpus"]
    no = guest["convention"]["not_supported"]
    call = next((c for c in guest["call"] if number in c["ids"]), None)
    if imm != 0:
        return "ANSWER", [no]
    if call is None:
        return ("ANSWER", [no]) if protected else ("HOST", [])
    if call["does"] == "refuse" or call["vms"] == "protected" and not protected or call["vms"] == "random" and not random:
        return "ANSWER", [no]
    words = [a if number & SMC64 else a & 0xFFFFFFFF for a in args]
    for arg, value in zip(call.get("args", []), words):
        if is_refused(guest, arg, value, state, vcpus):
            return "ANSWER", [errors[arg["error"]]]
    operation = next((o for o in guest["power_operation"] if o["name"] == call.get("operation")), None)
    if operation is not None and state not in operation["from"]:
        return "ANSWER", [errors[operation["errors"][state]]]
    does = call["does"]
    if does not in PLAIN:
        return does, [0]
    if does == "tell":
        told = next((c for c in guest["call"] if words[0] in c["ids"]), {})
        return "ANSWER", [0 if call["name"] in told.get("told_by", []) else no]
    if does == "affinity":
        return "ANSWER", [next(s["affinity"] for s in guest["power_state"] if s["name"] == state)]
    return "ANSWER", {
        "value": lambda: [call["value"]],
        "uid": lambda: uid_words(call.get("uid", guest["convention"]["uid"])),
        "services": lambda: [services(guest, protected)],
    }[does]()


def patterns(guest, arg):
    """Values of an argument at and beyond its limits."""
    end = 1 << guest["convention"]["ipa_bits"]
    align = arg.get("align", 1)
    values = {0, 1, 7, 8, align, align - 1, align // 2, arg.get("max", 0), arg.get("max", 0) + 1, arg.get("min", 1), end - align, end, end + align}
    values |= {WORD - 1, 1 << 32, (1 << 32) + 1, 1 << 31, 0x80000000 | 1}
    msb, lsb = arg.get("reserved", (0, 0))
    values |= {1 << lsb, 1 << msb, 1 << (msb + 1), (1 << lsb) - 1}
    return sorted(values)


def cases(spec):
    """(id, immediate, arguments, power state of vCPU arg1)"""
    guest = spec[NAME]
    states = [s["name"] for s in guest["power_state"]]
    ids = [i for c in guest["call"] for i in c["ids"]]
    for call in guest["call"]:
        rules = call.get("args", [])
        good = [max(a.get("min", 0), 0) for a in rules] + [0] * (3 - len(rules))
        for number in call["ids"]:
            yield number, 1, good, "OFF"
            yield number | 1 << 32, 0, good, "OFF"
            yield number, 0, [WORD - 1] * 3, "ABSENT"
            by_state = any("vcpu" in a for a in rules)
            for state in states if by_state else ["OFF"]:
                yield number, 0, good, state
                for i, arg in enumerate(rules):
                    for value in patterns(guest, arg):
                        yield number, 0, [*good[:i], value, *good[i + 1 :]], state
            if call["does"] == "tell":
                for other in sorted(ids + [i + 1 for i in ids] + [0, 1 << 32 | ids[0], WORD - 1]):
                    yield number, 0, [other, 0, 0], "OFF"
    for number in sorted({i + 1 for i in ids} | {i & ~FAST for i in ids} | {0, WORD - 1}):
        yield number, 0, [0, 0, 0], "OFF"


def vectors(spec):
    result = []
    vcpus = spec["vm"]["limits"]["vcpus"]
    for number, imm, args, state in cases(spec):
        target = args[0] if number & SMC64 else args[0] & 0xFFFFFFFF
        # The state stands where the vCPU is; for one that the VM cannot have it says nothing.
        for protected, random in itertools.product((0, 1), repeat=2):
            effect, x = answer(spec, number, imm, args, state if target < vcpus else "ABSENT", protected, random)
            x = [value % WORD for value in x + [0] * (4 - len(x))]
            result.append(
                {"id": number, "imm": imm, "args": args, "state": state, "protected": protected, "random": random}
                | {"effect": effect, "x": x}
            )
    return result
