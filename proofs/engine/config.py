# SPDX-License-Identifier: BSD-2-Clause
"""proofs/units.toml: what is proved, and where a header's functions are."""

import glob
import os
import tomllib
from dataclasses import dataclass, field

from .tools import Trouble

C, MODEL, BITS, BYTES = "c", "model", "bits", "bytes"


@dataclass
class Unit:
    name: str
    kind: str
    source: str
    drivers: list = field(default_factory=list)
    lemmas: bool = False        # a step of annotations/*.lemmas: no functions of its own
    types: bool = True          # its goals have the C types of memory as premises
    pruned: bool = False        # branches that cannot be are looked for in its goals


@dataclass
class Table:
    units: list
    headers: dict               # header -> unit that proves its functions and lemmas
    options: list
    include: list
    model: list
    assumed: list               # (file, assumption, reason) of C files that are not proved


def _text(entry, key, where):
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise Trouble(f"proofs/units.toml: {where}: '{key}' must be a text")
    return value


def _assumed(root, entries):
    """C files of the core that no goal speaks of: each needs its entry in the assumptions register."""
    with open(os.path.join(root, "spec", "assumptions.toml"), "rb") as file:
        register = {entry["id"]: entry for entry in tomllib.load(file)["assumption"]}
    found = []
    for number, entry in enumerate(entries):
        where = f"unproved {number}"
        file, name = _text(entry, "file", where), _text(entry, "assumption", where)
        if not os.path.exists(os.path.join(root, file)):
            raise Trouble(f"proofs/units.toml: {where}: {file}: no such file")
        if name not in register or file not in register[name]["where"]:
            raise Trouble(f"proofs/units.toml: {where}: spec/assumptions.toml has no entry {name} for {file}")
        found.append((file, name, _text(entry, "reason", where)))
    return found


def _lemma_units(root, entries):
    """The steps that proofs/lemmas.py made of annotations/*.lemmas, a unit each."""
    drivers, types = {}, {}
    for number, entry in enumerate(entries):
        where = f"lemmas {number}"
        file = _text(entry, "file", where)
        drivers[file], types[file] = entry.get("drivers", []), entry.get("types", True)
        if not isinstance(types[file], bool):
            raise Trouble(f"proofs/units.toml: {where}: 'types' must be true or false")
    units = []
    for path in sorted(glob.glob(os.path.join(root, "annotations", "*.lemmas"))):
        source = os.path.relpath(path, root)
        topic = os.path.basename(path)[:-len(".lemmas")]
        if source not in drivers:
            raise Trouble(f"proofs/units.toml: no 'lemmas' entry for {source}")
        steps = sorted(glob.glob(os.path.join(root, "build/gen/lemmas", topic, "*.c")))
        if not steps:
            raise Trouble(f"{source}: its steps are missing: run the generator first (make generate)")
        for step in steps:
            units.append(Unit(f"{topic}:{os.path.basename(step)[:-2]}", C, os.path.relpath(step, root),
                              drivers[source], True, types[source]))
    for source in drivers:
        if not os.path.exists(os.path.join(root, source)):
            raise Trouble(f"proofs/units.toml: lemmas: {source}: no such file")
    return units


def load(root):
    path = os.path.join(root, "proofs", "units.toml")
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Trouble(f"proofs/units.toml: {error}") from error
    wp = data.get("wp", {})
    model = wp.get("model", [])
    if not os.path.isdir(os.path.join(root, "build", "gen")):
        raise Trouble("build/gen is missing: run the generator first (make generate)")

    units = []
    for pattern in ("model/*.mlw", "build/gen/model/*.mlw"):
        for file in sorted(glob.glob(os.path.join(root, pattern))):
            source = os.path.relpath(file, root)
            units.append(Unit("model:" + os.path.basename(source)[:-4], MODEL, source))
    listed = data.get("unit", [])
    sources = {entry.get("file") for entry in listed}
    assumed = _assumed(root, data.get("unproved", []))
    sources |= {file for file, _, _ in assumed}
    # A C file of the core is a unit by itself, and what its header defines is proved with it.
    for file in sorted(glob.glob(os.path.join(root, "src/hyp/*.c"))):
        source = os.path.relpath(file, root)
        if source not in sources:
            listed.append({"name": os.path.basename(source)[:-2], "file": source, "drivers": wp.get("drivers", [])})
    for number, entry in enumerate(listed):
        where = f"unit {entry.get('name', number)}"
        drivers = entry.get("drivers", [])
        source = _text(entry, "file", where)
        for file in [source] + drivers:
            if not os.path.exists(os.path.join(root, file)):
                raise Trouble(f"proofs/units.toml: {where}: {file}: no such file")
        pruned = entry.get("pruned", False)
        if not isinstance(pruned, bool):
            raise Trouble(f"proofs/units.toml: {where}: 'pruned' must be true or false")
        units.append(Unit(_text(entry, "name", where), C, source, drivers, pruned=pruned))
    units += _lemma_units(root, data.get("lemmas", []))
    units.append(Unit("bits", BITS, "build/gen/qfbv/list.txt"))
    units.append(Unit("bytes", BYTES, "spec/assembly.toml"))

    names = [unit.name for unit in units]
    for name in names:
        if names.count(name) > 1:
            raise Trouble(f"proofs/units.toml: two units are called '{name}'")
    headers = {}
    for unit in units:
        header = unit.source[:-2] + ".h"
        if unit.kind == C and os.path.exists(os.path.join(root, header)):
            headers[header] = unit.name
    for entry in data.get("header", []):
        file, unit = _text(entry, "file", "header"), _text(entry, "unit", "header")
        if unit not in names:
            raise Trouble(f"proofs/units.toml: header {file}: no unit '{unit}'")
        if not os.path.exists(os.path.join(root, file)):
            raise Trouble(f"proofs/units.toml: header {file}: no such file")
        headers[file] = unit
    return Table(units, headers, wp.get("options", []), wp.get("include", []), model, assumed)


def options(table, unit):
    """Frama-C's options for @unit. It is for the sake of run-time checks that WP gives a lemma types as premises."""
    without = ([] if unit.types else ["-wp-rte"]) + (["-wp-no-pruning"] if unit.pruned else [])
    return [one for one in table.options if one not in without]


def select(table, names):
    if not names:
        return table.units
    known = {unit.name: unit for unit in table.units}
    for name in names:
        if name not in known:
            raise Trouble(f"--unit {name}: no such unit; --list shows them")
    return [known[name] for name in dict.fromkeys(names)]
