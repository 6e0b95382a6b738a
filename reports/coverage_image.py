#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Instructions of the image that the system tests run on QEMU, and the source lines that they come from.

tools/systest leaves build/logs/system/NAME.ran: which instructions of the image ran. What none of the tests of
`make check` ran is compared with tests/coverage-image.toml. A gap without an entry there fails; so does an entry whose
gap is closed. Writes build/coverage-image.json and .txt.
"""

import argparse
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import re
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass

from coverage import ROOT, Trouble, run

REGISTER = "tests/coverage-image.toml"
CROSS = "aarch64-linux-gnu-"
FILL = (0xD503201F, 0)
# NOP and UDF #0 behind these are fill: control does not go on there; behind a call, only when the function ends with them.
LEAVES = re.compile(r"(b|br|ret|eret|udf|brk)\b(?!\.)")
# Behind them, so that nothing is done ahead of time: control does not go on behind the barrier either.
BARRIER = re.compile(r"(dsb|isb|sb)\b")
CALL = re.compile(r"bl\b")
LIBRARY = "libfdt"


@dataclass(frozen=True)
class Instruction:
    offset: int
    symbol: str
    file: str
    function: str
    line: int


@dataclass(frozen=True)
class Gap:
    """
    A line of which some or all instructions in one function of the image did not run; a function, where there are no
    lines. What is inlined belongs to the function that it is inlined into.
    """
    file: str
    function: str
    text: str
    line: int
    missed: int
    size: int

    def tell(self):
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return place + f"{self.function}: {self.missed} of {self.size}" + (f": {self.text}" if self.text else "")


def disassemble(elf, image):
    """(offset, symbol) of each instruction of @elf, which is that of the bytes @image; fill left out."""
    symbol, found, after, behind = "", [], False, None
    for line in run([CROSS + "objdump", "-d", "-j", ".text", elf]).splitlines():
        head = re.match(r"([0-9a-f]+) <(.*)>:$", line)
        if head:
            symbol, after, behind = head[2].split(".")[0], False, None
            continue
        parts = line.split("\t")
        if len(parts) < 3 or parts[2].startswith("."):
            continue
        offset, word = int(parts[0].strip(" :"), 16), int(parts[1], 16)
        if image[offset:offset + 4] != word.to_bytes(4, "little"):
            raise Trouble(f"{os.path.relpath(elf, ROOT)}: not that of hypatia.img")
        if after and word in FILL:
            continue
        if behind is not None and word in FILL:
            behind.append((offset, symbol))
            continue
        found += behind or []
        after = bool(LEAVES.match(parts[2])) or (after and bool(BARRIER.match(parts[2])))
        behind = [] if CALL.match(parts[2]) else None
        found.append((offset, symbol))
    return found


def instructions(elf, image):
    """Each instruction with its innermost place in the source."""
    code = disassemble(elf, image)
    if not code:
        raise Trouble(f"{os.path.relpath(elf, ROOT)}: no instructions")
    text = run([CROSS + "addr2line", "-a", "-f", "-i", "-e", elf, *(hex(offset) for offset, _ in code)])
    places = {}
    place = re.compile(r"^0x([0-9a-f]+)\n(.*)\n(.*?):(\d+|\?)(?: .*)?$", re.MULTILINE)
    for offset, function, file, line in place.findall(text):
        places[int(offset, 16)] = function, os.path.normpath(file), int(line) if line != "?" else 0
    result, last = [], None
    for offset, symbol in code:
        function, file, line = places[offset]
        if line == 0 and last and last[0] == symbol:
            # What the compiler adds has no line: it belongs to what stands before it.
            function, file, line = last[1:]
        elif line == 0:
            function, file = symbol, LIBRARY
        result.append(Instruction(offset, symbol, file, function, line))
        last = (symbol, function, file, line)
    return result


def systest_tests():
    """The tests of `make check` that measure the image, as tools/systest reads them."""
    loader = importlib.machinery.SourceFileLoader("systest", os.path.join(ROOT, "tools", "systest"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("systest", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return [test for test in module.load() if test["level"] == "check" and module.is_measured(test)]


def ran(build, code, digest):
    """Offsets that ran in any test, and how many ran in each."""
    try:
        with open(os.path.join(build, "systest.json"), encoding="utf-8") as file:
            data = json.load(file)
    except OSError as error:
        raise Trouble(f"build/systest.json: {error.strerror}: make system-check") from error
    if data["image"] != digest:
        raise Trouble("build/systest.json: of another image: make system-check")
    results = {result["name"]: result["passed"] for result in data["tests"]}
    offsets = {one.offset for one in code}
    every, counts = set(), {}
    for test in systest_tests():
        name = test["name"]
        if not results.get(name):
            raise Trouble(f"system test {name}: {'failed' if name in results else 'was not run'}: make system-check")
        path = os.path.join(build, "logs", "system", name + ".ran")
        try:
            with open(path, encoding="utf-8") as file:
                first, *lines = file.read().splitlines()
        except (OSError, ValueError) as error:
            raise Trouble(f"system test {name}: no list of what ran: make system-check") from error
        if first != f"image {digest}":
            raise Trouble(f"system test {name}: was run with another image: make system-check")
        here = set()
        for line in lines:
            start, end = (int(offset, 16) for offset in line.split("-"))
            here.update(range(start, end + 4, 4))
        strange = sorted(here - offsets)
        if strange:
            raise Trouble(f"system test {name}: at {strange[0]:#x} ran what is no instruction of build/hypatia.elf")
        if not here:
            raise Trouble(f"system test {name}: nothing ran")
        every |= here
        counts[name] = len(here)
    return every, counts


class Sources:
    """Source text by position."""

    def __init__(self):
        self.lines = {}

    def text(self, file, line):
        if line == 0:
            return ""
        if file not in self.lines:
            with open(os.path.join(ROOT, file), encoding="utf-8") as stream:
                self.lines[file] = stream.read().split("\n")
        return " ".join(self.lines[file][line - 1].split())


def gaps(code, every):
    """Counts by file and by function of the source, [reached, all], and what was not reached."""
    sources = Sources()
    places = defaultdict(list)
    files = defaultdict(lambda: {"instructions": [0, 0], "lines": [0, 0]})
    functions = defaultdict(lambda: [0, 0])
    lines = defaultdict(bool)
    for one in code:
        seen = one.offset in every
        places[one.file, one.symbol, one.line].append(seen)
        for pair in (files[one.file]["instructions"], functions[one.function]):
            pair[0] += seen
            pair[1] += 1
        if one.line:
            lines[one.file, one.line] |= seen
    missed = [Gap(file, symbol, sources.text(file, line), line, len(seen) - sum(seen), len(seen))
              for (file, symbol, line), seen in sorted(places.items()) if not all(seen)]
    for (file, _), seen in lines.items():
        files[file]["lines"][0] += seen
        files[file]["lines"][1] += 1
    return dict(files), dict(functions), missed


@dataclass(frozen=True)
class Place:
    """Part of an entry of the register. Without a text: the whole function, which nothing enters."""
    function: str
    text: str
    reason: str
    sometimes: bool

    def tell(self):
        return self.function + (f": {self.text}" if self.text else "")

    def explains(self, gap, entered):
        if self.function != gap.function:
            return False
        if not self.text:
            # Of a library there are no lines, so a function that runs in part is named as a whole too.
            return gap.file == LIBRARY or gap.function not in entered
        return self.text == gap.text or (self.text != "}" and self.text in gap.text)


def strings(value):
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one.strip() for one in value)


def register():
    with open(os.path.join(ROOT, REGISTER), "rb") as file:
        try:
            entries = tomllib.load(file).get("uncovered", [])
        except tomllib.TOMLDecodeError as error:
            raise Trouble(f"{REGISTER}: {error}") from error
    places = []
    for number, entry in enumerate(entries, 1):
        where = f"{REGISTER}: entry {number}"
        reason, whole, parts = entry.get("reason"), entry.get("whole", []), entry.get("part", {})
        if not isinstance(reason, str) or not reason.strip():
            raise Trouble(f"{where}: key 'reason' is missing or empty")
        for key in sorted(set(entry) - {"reason", "whole", "part", "sometimes"}):
            raise Trouble(f"{where}: unknown key '{key}'")
        if not (whole or parts) or (whole and not strings(whole)):
            raise Trouble(f"{where}: key 'whole' is no list of functions, and there is no key 'part'")
        if not isinstance(parts, dict) or not all(strings(value) for value in parts.values()):
            raise Trouble(f"{where}: key 'part' gives no texts for a function")
        if not isinstance(entry.get("sometimes", False), bool):
            raise Trouble(f"{where}: key 'sometimes' is neither true nor false")
        for function, texts in [*((name, [""]) for name in whole), *parts.items()]:
            places += [Place(function, text, reason, entry.get("sometimes", False)) for text in texts]
    return places


def judge(missed, places, entered):
    """Gaps with their reasons, gaps without one, and places where no gap is."""
    used = set()
    explained, open_gaps = [], []
    for gap in missed:
        fitting = [place for place in places if place.explains(gap, entered)]
        if fitting:
            used.update(fitting)
            explained.append((gap, fitting[0].reason))
        else:
            open_gaps.append(gap)
    return explained, open_gaps, [place for place in places if place not in used and not place.sometimes]


def main():
    parser = argparse.ArgumentParser(prog="reports/coverage_image.py", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), metavar="DIR",
                        help="the build folder (default: build)")
    args = parser.parse_args()
    try:
        with open(os.path.join(args.build, "hypatia.img"), "rb") as file:
            image = file.read()
        digest = hashlib.sha256(image).hexdigest()
        code = instructions(os.path.join(args.build, "hypatia.elf"), image)
        every, counts = ran(args.build, code, digest)
        files, functions, missed = gaps(code, every)
        entered = {one.symbol for one in code if one.offset in every}
        explained, open_gaps, stale = judge(missed, register(), entered)
    except (Trouble, OSError) as trouble:
        print(f"coverage-image: {trouble}", file=sys.stderr)
        return 2

    def row(name, kinds):
        return f"{name:44} " + " ".join(f"{kinds[kind][0]:6}/{kinds[kind][1]:<6}" for kind in ("instructions", "lines"))

    every_file = {kind: [sum(kinds[kind][side] for kinds in files.values()) for side in (0, 1)]
                  for kind in ("instructions", "lines")}
    table = [f"{'file':44} {'instructions':13} lines"]
    table += [row(file, kinds) for file, kinds in sorted(files.items())] + [row("all", every_file)]
    with open(os.path.join(args.build, "coverage-image.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(table + ["", "Not reached, and why:"] +
                             [f"{gap.tell()}\n    {reason}" for gap, reason in explained]) + "\n")
    with open(os.path.join(args.build, "coverage-image.json"), "w", encoding="utf-8") as file:
        json.dump({"image": digest, "tests": counts, "all": every_file, "files": files, "functions": functions,
                   "explained": [dict(vars(gap), reason=reason) for gap, reason in explained],
                   "open": [vars(gap) for gap in open_gaps]}, file, indent=1)
        file.write("\n")
    print("\n".join(table))
    for gap in open_gaps:
        print(f"coverage-image: not reached, and not in {REGISTER}: {gap.tell()}")
    for place in stale:
        print(f"coverage-image: {REGISTER} explains a gap that is not there: {place.tell()}")
    print("coverage-image: " + ", ".join(f"{kind} {pair[0]}/{pair[1]}" for kind, pair in every_file.items()) +
          f"; {len(explained)} gaps with a reason, {len(open_gaps)} without")
    return 1 if open_gaps or stale else 0


if __name__ == "__main__":
    sys.exit(main())
