# SPDX-License-Identifier: BSD-2-Clause
"""Where the clause of a goal stands, and which requirements it supports; build/proof/inventory.json."""

import glob
import json
import os
import re
import tomllib

from . import config, goals, sources


# An annotation and the function that is declared or defined right behind it.
_CONTRACT = re.compile(r"/\*@((?:(?!\*/).)*)\*/\s*([^;{}/()]*?\b(\w+)\s*\([^;{}]*?\))\s*[;{]", re.DOTALL)


def _line(text, at):
    return text.count("\n", 0, at) + 1


class Clauses:
    def __init__(self, root, table):
        self.root, self.table = root, table
        self.units = {unit.name: unit for unit in table.units}
        self.texts = {}
        self.contracts = {}             # function -> (file, start, end) of its contract
        self.bodies = {}                # function -> (file, start) of its definition
        self.lemmas = {}                # lemma -> (file, line)
        for file in self._files():
            self._index(file)
        self.direct, self.code = self._requirements()

    def _files(self):
        files = {unit.source for unit in self.table.units if unit.kind == config.C} | set(self.table.headers)
        for pattern in ("src/hyp/*.h", "annotations/*.h", "build/gen/lemmas/*/*.h"):
            files |= {os.path.relpath(path, self.root) for path in glob.glob(os.path.join(self.root, pattern))}
        return sorted(files)

    def text(self, file):
        if file not in self.texts:
            self.texts[file] = sources.read(self.root, file)
        return self.texts[file]

    def _index(self, file):
        text = self.text(file)
        for match in _CONTRACT.finditer(text):
            if re.search(r"\b(ensures|assigns)\b", match.group(1)):
                self.contracts.setdefault(match.group(3), (file, match.start(), match.end(1)))
        for name in sources.definitions(self.root, file):
            match = re.search(rf"^[ \t]*[\w ]+[ *]{name}\([^;{{}}]*\)\s*\{{", text, re.MULTILINE)
            if match:
                self.bodies.setdefault(name, (file, match.start()))
        for match in re.finditer(r"\blemma\s+(\w+)", text):
            self.lemmas.setdefault(match.group(1), (file, _line(text, match.start())))

    def _requirements(self):
        path = os.path.join(self.root, "spec", "requirements.toml")
        direct, code = {}, {}
        if os.path.exists(path):
            with open(path, "rb") as file:
                for entry in tomllib.load(file).get("requirement", []):
                    for clause in entry.get("contract", []) + entry.get("model", []):
                        direct.setdefault(clause, []).append(entry["id"])
                    for name in entry.get("code", []):
                        code.setdefault(name, []).append(entry["id"])
        return direct, code

    def _in(self, place, pattern, end=None):
        """(file, line) of @pattern from a place on, else of the place."""
        if place is None:
            return "", 0
        file, start = place[0], place[1]
        text = self.text(file)
        match = re.compile(pattern).search(text, start, len(text) if end is None else end)
        return file, _line(text, match.start() if match else start)

    def _contract(self, name, pattern):
        place = self.contracts.get(name)
        return self._in(place, pattern, place[2]) if place else self._in(self.bodies.get(name), "$^")

    def locate(self, goal):
        """Set the goal's source file and line, its clause's name for requirements, and those."""
        unit = self.units.get(goal.unit)
        ids = []
        if unit is not None and unit.kind == config.MODEL:
            ids = self._model(goal, unit)
        elif goal.kind == goals.LEMMA:
            name = re.sub(r"^.*?_lemma_", "", goal.name)
            goal.source, goal.line = self.lemmas.get(name, (unit.source if unit else "", 0))
        elif unit is not None and unit.kind == config.C:
            ids = self._function(goal)
        elif unit is not None and unit.kind == config.BYTES:
            ids = self._routine(goal, unit)
        elif unit is not None:
            goal.source, goal.line = os.path.relpath(goal.file, self.root) if goal.file else unit.source, 1
        goal.requirements = sorted(set(ids or self.code.get(goal.function, [])))

    def _model(self, goal, unit):
        stem = os.path.basename(unit.source)[:-4]
        match = re.search(rf"-{re.escape(goal.function)}-(\w+?)(?:qtvc)?\d*$", goal.name)
        name = match.group(1) if match else ""
        text = self.text(unit.source)
        theory = re.search(rf"^(?:theory|module)\s+{re.escape(goal.function)}\b", text, re.MULTILINE)
        start = theory.start() if theory else 0
        found = re.compile(rf"\b(?:lemma|goal|axiom)\s+{re.escape(name)}\b").search(text, start) if name else None
        goal.source, goal.line = unit.source, _line(text, found.start() if found else start)
        return self.direct.get(f"{stem}.{goal.function}.{name}", [])

    def _routine(self, goal, unit):
        text = self.text(unit.source) if os.path.exists(os.path.join(self.root, unit.source)) else ""
        found = re.search(rf'^name = "{re.escape(goal.function)}"$', text, re.MULTILINE)
        goal.source, goal.line = unit.source, _line(text, found.start()) if found else 1
        return self.direct.get(goal.name.replace("/", "."), [])

    def _function(self, goal):
        name = goal.function
        rest = re.sub(rf"^.*?(?:^|_){re.escape(name)}_", "", goal.name)
        base = re.sub(r"_part\d+$", "", rest)
        clause = ""
        if "_wp_smoke_" in goal.name:
            where = self._contract(name, "$^")
        elif base.startswith("assert_rte_"):
            where = self._in(self.bodies.get(name), "$^")
        elif match := re.fullmatch(r"call_(\w+?)_requires(?:_(\w+?))?(?:_(\d+))?", base):
            where = self._call(name, match.group(1), int(match.group(3) or 1))
        elif match := re.fullmatch(r"(?:\w+?_)??(ensures|requires)_(\w+)", base):
            clause = match.group(2)
            if self._contract(name, rf"\b{clause}\s*:") == self._contract(name, "$^"):
                clause = re.sub(r"_\d+$", "", clause)
            where = self._contract(name, rf"\b{match.group(1)}\s+{clause}\s*:")
        elif match := re.fullmatch(r"loop_invariant_(\w+?)(?:_(?:established|preserved))?(?:_\d+)?", base):
            where = self._in(self.bodies.get(name), rf"\bloop\s+invariant\s+{match.group(1)}\s*:")
        elif match := re.match(r"loop_(variant|assigns)", base):
            where = self._in(self.bodies.get(name), rf"\bloop\s+{match.group(1)}\b")
        elif match := re.fullmatch(r"assert_(\w+?)(?:_\d+)?", base):
            where = self._in(self.bodies.get(name), rf"\bassert\s+{match.group(1)}\s*:")
        elif match := re.match(r"(terminates|exits|assigns)", base):
            where = self._contract(name, rf"\b{match.group(1)}\b")
        else:
            where = self._contract(name, "$^")
        goal.source, goal.line = where
        return self.direct.get(f"{name}.{clause}", []) if clause else []

    def _call(self, name, callee, number):
        place = self.bodies.get(name)
        if place is None:
            return "", 0
        text = self.text(place[0])
        calls = [match.start() for match in re.finditer(rf"\b{re.escape(callee)}\(", text) if match.start() > place[1]]
        at = calls[min(number, len(calls)) - 1] if calls else place[1]
        return place[0], _line(text, at)


def as_entry(goal):
    """What the inventory says of a goal before any prover has run."""
    return {"unit": goal.unit, "function": goal.function, "name": goal.name, "kind": goal.kind,
            "source": goal.source, "line": goal.line, "requirements": goal.requirements, "text": goal.text}


def write_inventory(work, found, errors, head):
    data = dict(head, errors=errors, goals=[as_entry(goal) for goal in sorted(found, key=lambda goal: goal.key)])
    with open(os.path.join(work, "inventory.json"), "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
