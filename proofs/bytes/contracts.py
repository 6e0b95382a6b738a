# SPDX-License-Identifier: BSD-2-Clause
"""spec/assembly.toml and what it takes from the rest of the specification; the goals that follow."""
import pathlib
import re
import sys
from dataclasses import dataclass, field

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "spec" / "gen"))

import check  # noqa: E402
import emit  # noqa: E402
import load  # noqa: E402


@dataclass
class Region:
    name: str
    base: str
    size: str
    access: str                 # r, rw
    kept: bool = False          # compiled code that is called leaves it alone


@dataclass
class Item:
    """One entry of an order: what happens, with what value, and what holds there."""
    name: str
    value: str = ""
    conditions: list = field(default_factory=list)


@dataclass
class Case:
    when: str
    order: list
    exit: str
    changes: set
    ensures: dict


@dataclass
class Loop:
    name: str
    changes: set
    writes: list
    invariant: list
    step: list
    each: list
    decreases: str


@dataclass
class Routine:
    name: str
    at: list                    # symbol+offset of each entry
    requires: list
    regions: list
    cases: list
    loops: list
    align: int
    clauses: list


@dataclass
class Function:
    name: str
    outputs: dict
    registers: list
    vectors: bool               # it may change what SVE has beyond V0 to V31


@dataclass
class Contracts:
    routines: dict
    functions: dict
    parts: dict                 # routine -> routine as part of which it is proved
    data: list                  # (symbol, first, size)
    packaged: list
    registers: dict             # encoding -> name
    fixed: dict                 # register -> expression: bits that may read back as the hardware has them
    operations: dict
    constants: dict
    traps: dict                 # action -> exception classes
    places: set                 # symbols that contracts speak of


def read(spec_folder):
    spec = load.load(spec_folder, TOP / "spec" / "schema")
    check.check(spec)
    data = spec["assembly"]
    routines = [_routine(entry) for entry in data["routine"]]
    routines += [_steps(name, entry, spec, data) for name, entry in data["steps"].items()]
    routines += _switches(spec)
    return Contracts(
        {routine.name: routine for routine in routines},
        {f["name"]: Function(f["name"], f.get("outputs", {}), f.get("registers", []), f.get("vectors", False)) for f in data["function"]},
        {part["name"]: part["of"] for part in data["part"]},
        [(entry["name"], entry["first"], entry["size"]) for entry in data["data"]],
        [entry["prefix"] for entry in data["packaged"]],
        {tuple(entry["encoding"]): entry["name"] for entry in data["register"]} | _switched_registers(spec),
        {entry["name"]: entry["fixed"] for entry in data["register"] if "fixed" in entry},
        {tuple(entry["encoding"]): entry["name"] for entry in data["operation"]},
        constants(spec), _trap_actions(spec), _places(data))


def _places(data):
    called = {entry["name"] for key in ("routine", "part", "function") for entry in data[key]} | set(data["steps"])
    return called | set(re.findall(r"addr\((\w+)\)", str(data)))


def constants(spec):
    """Names of the specification and their values, as the generated headers have them."""
    found = dict(spec["assembly"]["constant"])
    for register in emit.registers(spec):
        for entry in register["fields"]:
            found[f"{register['name']}_{entry['name']}_SHIFT"] = entry["lsb"]
            found[f"{register['name']}_{entry['name']}_MASK"] = int(entry["mask"], 16)
        for entry in register["values"]:
            found[entry["name"]] = int(entry["value"], 16)
    for entry in spec["traps"]["class"] + spec["traps"]["other_class"]:
        found[f"TRAP_EC_{entry['name']}"] = entry["ec"]
    found["MAIR_EL2_VALUE"] = emit.descriptors(spec)["mair_value"]
    found["CARVEOUT_CPUS_MAX"] = spec["pool"]["carveout"]["cpus_max"]
    context = emit.contexts(spec)
    found["FP_BYTES"] = 8 * (context["gic_first"] - context["fp_first"])
    found |= {f"FP_{r['name']}": 8 * (r["index"] - context["fp_first"]) for r in context["fp"]}
    found["SVE_BYTES"] = 8 * (context["frame_words"] - context["predicates_first"])
    return found


def _trap_actions(spec):
    actions = {action: [] for action in ("hvc", "smc", "abort", "undef")}
    for entry in spec["traps"]["class"]:
        actions[entry["action"]].append(entry["ec"])
    return actions


def registers_of(texts):
    """x0-x17 -> {x0, ..., x17}"""
    found = set()
    for text in texts:
        match = re.fullmatch(r"([xvzp])(\d+)-\1(\d+)", text)
        found |= {f"{match.group(1)}{n}" for n in range(int(match.group(2)), int(match.group(3)) + 1)} if match else {text}
    return found


def item(text):
    """"msr R = E", "call F with C, C", "dsb nsh"."""
    head, _, conditions = text.partition(" with ")
    name, _, value = head.partition(" = ")
    return Item(name.strip(), value.strip(), [part for part in _split(conditions) if part])


def _split(text):
    """At the commas outside parentheses."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


def _routine(entry):
    shared = registers_of(entry.get("changes", []))
    cases = [Case(case.get("when", "True"), [item(text) for text in case["order"]], case["exit"],
                  shared | registers_of(case.get("changes", [])), case.get("ensures", {}))
             for case in entry["case"]]
    loops = entry.get("loop", [])
    loops = [Loop(loop["name"], registers_of(loop["changes"]), loop.get("writes", []), loop.get("invariant", []),
                  loop.get("step", []), [item(text) for text in loop["each"]], loop.get("decreases", ""))
             for loop in loops]
    regions = [Region(**region) for region in entry.get("region", [])]
    return _clauses(Routine(entry["name"], entry.get("at", [entry["name"]]), entry.get("requires", []), regions, cases,
                            loops, entry.get("align", 4), []))


def _steps(name, entry, spec, data):
    """A routine of spec/init.toml: its order is its steps, each as the operation that the model has of it."""
    routine = spec["init"][name]
    meaning = {op["op"]: op for op in data["op"]}
    arguments = {arg: f"old(x{place})" for place, arg in enumerate(routine["args"])}
    order, changes, ensures = [], set(routine["clobbers"]), {}
    for step in routine["step"]:
        op = meaning[step["op"]]
        texts = {key: _filled(op[key], arguments) for key in ("event", "state") if key in op}
        if "event" in texts:
            order.append(item(texts["event"]))
        if "state" in texts:
            register, _, what = texts["state"].partition(" = ")
            changes.add(register)
            ensures[step["op"]] = [f"{register} == {what}"]
    leave = _filled(entry["exit"], arguments)
    return _clauses(Routine(name, [name], entry.get("requires", []), [], [Case("True", order, leave, changes, ensures)],
                            [], 4, []))


def _switched_registers(spec):
    """The registers of spec/vcpu.toml, the switched by both their names."""
    registers = emit.contexts(spec)["switched"]
    return {tuple(r["encoding"]): r["name"].lower() for r in registers} | {
        tuple(emit.other_code(r)[0]): r["name_e2h"] for r in registers} | {
        tuple(r["encoding"]): r["name"].lower() for key in ("fp", "gic", "key") for r in spec["vcpu"][key]} | {
        tuple(r["encoding"]): r["name"].lower() for r in emit.contexts(spec)["debug"]}


def _switches(spec):
    """The generated routines that save and restore the registers of spec/vcpu.toml, all of them and nothing else."""
    context = emit.contexts(spec)
    found, size = [], str(8 * context["context_size"])
    for prefix, suffix, key, name in (
        ("el1", "", "switched", lambda r: r["name"].lower()),
        ("el1", "_e2h", "switched", lambda r: r["name_e2h"]),
        ("gic", "", "gic", lambda r: r["name"].lower()),
        ("keys", "", "key", lambda r: r["name"].lower()),
    ):
        save, restore = f"{prefix}_save{suffix}", f"{prefix}_restore{suffix}"
        places = [(name(r), 8 * r["index"]) for r in context[key]]
        inside = [f"any >= {places[0][1]} and any <= {places[-1][1]}"]
        saved = [f"word(context, {place}) == old({register})" for register, place in places]
        rest = [f"implies(not ({inside[0]}), word(context, any) == old(word(context, any)))"]
        restored = [item(f"msr {register} = old(word(context, {place}))") for register, place in places]
        found += [
            Routine(save, [save], ["(x0 & 7) == 0"], [Region("context", "x0", size, "rw")],
                    [Case("True", [], "ret", {"x1"}, {"saved": saved, "rest": rest})], [], 4, []),
            Routine(restore, [restore], ["(x0 & 7) == 0"],
                    [Region("context", "x0", size, "r")], [Case("True", restored, "ret", {"x1"}, {})], [], 4, []),
        ]
    for entry in spec["vcpu"]["debug"]:
        found += _points(entry, [r["name"].lower() for r in context["debug"] if r["of"] == entry["name"]])
    return [_clauses(routine) for routine in found]


def _points(entry, registers):
    """As many pairs of @registers as x1 says: a case for each number of them, and no other register is touched."""
    save, restore = f"{entry['name']}_save", f"{entry['name']}_restore"
    requires = ["(x0 & 7) == 0", "x1 >= 1", f"x1 <= {entry['count']}"]
    saving, restoring = [], []
    for count in range(1, entry["count"] + 1):
        when, places = f"old(x1) == {count}", [(name, 8 * n) for n, name in enumerate(registers[: 2 * count])]
        saved = [f"word(words, {place}) == old({register})" for register, place in places]
        rest = [f"implies(any >= {16 * count}, word(words, any) == old(word(words, any)))"]
        restored = [item(f"msr {register} = old(word(words, {place}))") for register, place in places]
        changes = {"x0", "x1", "x2", "x3"}
        saving.append(Case(when, [], "ret", changes, {"saved": saved, "rest": rest}))
        restoring.append(Case(when, restored, "ret", changes, {}))
    size = str(8 * len(registers))
    return [Routine(save, [save], requires, [Region("words", "x0", size, "rw")], saving, [], 4, []),
            Routine(restore, [restore], requires, [Region("words", "x0", size, "r")], restoring, [], 4, [])]


def _filled(text, arguments):
    return re.sub(r"\$(\w+)", lambda match: arguments.get(match.group(1), match.group(0)), text)


def _clauses(routine):
    found = ["paths", "memory", "order", "exit", "preserved"]
    if any(one.conditions for case in routine.cases for one in case.order):
        found.append("calls")
    if routine.loops:
        found.append("loops")
    if routine.align > 4:
        found.append("aligned")
    for case in routine.cases:
        found += [name for name in case.ensures if name not in found]
    routine.clauses = found
    return routine


# Every routine has its entry; every instruction of the assembler is on a path; compiled code leaves alone what the
# vectors do not save.
IMAGE_GOALS = ("registered", "covered", "untouched")


def goals(contracts):
    """routine/clause, in the order of the file."""
    found = [f"{routine.name}/{clause}" for routine in contracts.routines.values() for clause in routine.clauses]
    return found + [f"image/{name}" for name in IMAGE_GOALS]
