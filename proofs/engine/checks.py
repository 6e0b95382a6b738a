# SPDX-License-Identifier: BSD-2-Clause
"""What no prover checks: nothing is taken for granted outside the assumptions register."""

import glob
import os
import re
import tomllib

from . import config, goals, sources
from .tools import Trouble


def assumptions(root):
    try:
        with open(os.path.join(root, "spec", "assumptions.toml"), "rb") as file:
            return tomllib.load(file).get("assumption", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Trouble(f"spec/assumptions.toml: {error}") from error


def _files(root, *patterns):
    found = []
    for pattern in patterns:
        found += [os.path.relpath(file, root) for file in glob.glob(os.path.join(root, pattern))]
    return sorted(found)


def _registered(register, kind, file, word=None):
    return any(entry.get("kind") == kind and file in entry.get("where", []) and
               (word is None or re.search(rf"\b{re.escape(word)}\b", entry.get("text", "")))
               for entry in register)


def sources_of_c(root):
    return _files(root, "src/hyp/*.[ch]", "annotations/*.h", "build/gen/acsl/*.acsl", "build/gen/include/gen/*.h")


def source_errors(root, table):
    register = assumptions(root)
    errors = []
    for file in sources_of_c(root):
        text = sources.read(root, file)
        annotations = "\n".join(re.findall(r"/\*@.*?\*/|//@[^\n]*", text, re.DOTALL))
        for word in ("admit", "axiom"):
            for _ in re.findall(rf"\b{word}\b", annotations):
                errors.append(f"{file}: '{word}' in an annotation")
        if file.startswith("src/hyp/") and re.search(r"\b(__asm__|asm)\s*(volatile|\()", text):
            errors.append(f"{file}: assembly in verified code")
    proved_by_clone = _clones(root)
    for file in _files(root, "model/*.mlw", "build/gen/model/*.mlw"):
        for theory, text in sources.theories(os.path.join(root, file)).items():
            names = [name for name in sources.axioms(text) if not {name, "."} & proved_by_clone.get(theory, set())]
            if names and not _registered(register, "axiom", file, theory):
                errors.append(f"{file}: theory {theory} has axioms ({', '.join(names[:3])}) that "
                              "spec/assumptions.toml does not list and no clone proves")
    if os.path.exists(os.path.join(root, "src/hyp/arch.h")) and \
            not _registered(register, "contract", "src/hyp/arch.h"):
        errors.append("src/hyp/arch.h: spec/assumptions.toml has no 'contract' entry for it")
    for unit in table.units:
        if unit.kind == config.C:
            errors += _unmapped(root, table, unit)
    return errors


def _clones(root):
    """Theory -> its axioms that some clone makes goals (".": all of them), so that they have a model."""
    names = {}
    for file in _files(root, "model/*.mlw"):
        for text in sources.theories(os.path.join(root, file)).values():
            for name, body in re.findall(r"\bclone\s+(?:export\s+|import\s+)?(?:\w+\.)?(\w+)\s+with(.*?)(?=\n\s*\n|\bend\b|\Z)",
                                         text, re.DOTALL):
                names.setdefault(name, set()).update(re.findall(r"\bgoal\s+(\w+|\.)", body))
    return names


def _included(root, table, file, seen):
    if file in seen:
        return
    seen.append(file)
    for name in re.findall(r'^\s*#include ["<]([^">]+)[">]', sources.read(root, file), re.MULTILINE):
        for folder in [os.path.dirname(file)] + table.include:
            path = os.path.normpath(os.path.join(folder, name))
            if os.path.exists(os.path.join(root, path)):
                _included(root, table, path, seen)
                break


def _unmapped(root, table, unit):
    """ACSL symbols without definition that the unit's drivers leave without meaning."""
    files = []
    _included(root, table, unit.source, files)
    mapped = set()
    for driver in unit.drivers:
        mapped |= set(sources.drivers_map(sources.read(root, driver)))
    errors = []
    for file in files:
        for name in sources.symbols(sources.read(root, file)):
            if name not in mapped:
                errors.append(f"{unit.name}: {file}: '{name}' is not mapped by {', '.join(unit.drivers) or 'any driver'}")
    return errors


def coverage(root, table, found):
    """Every C file of the core is a unit, every function of it has goals, every contract a body or an entry."""
    errors = []
    listed = {unit.source for unit in table.units if unit.kind == config.C}
    for file in _files(root, "src/hyp/*.c"):
        if file not in listed:
            errors.append(f"{file}: no unit of proofs/units.toml proves it")
    proved = {goal.function for goal in found if goal.kind == goals.GOAL}
    defined = set()
    for file in sorted(set(_files(root, "src/hyp/*.c", "src/hyp/*.h")) | set(table.headers)):
        for name in sources.definitions(root, file):
            defined.add(name)
            if name not in proved:
                errors.append(f"{file}: function {name} has no goal")
    for file in _files(root, "src/hyp/*.h", "annotations/*.h"):
        if file == "src/hyp/arch.h":
            continue
        for name in sources.prototypes(sources.read(root, file)):
            if name not in defined:
                errors.append(f"{file}: {name} has a contract but no body, and is not in src/hyp/arch.h")
    return errors
