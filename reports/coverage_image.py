#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Instructions of the image that the system tests run on QEMU, and the source lines that they come from.

tools/systest leaves build/logs/system/NAME.ran: offset and word of each instruction of the image that ran. What none
of the tests of `make check` ran is compared with tests/coverage-image.toml. A gap without an entry there fails; so does
an entry whose gap is closed. Writes build/coverage-image.json and .txt.
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
NOP = 0xD503201F
# Nops behind these are fill: control does not go on there (a call that returns would run them, and that is noticed).
LEAVES = re.compile(r"(b|br|ret|eret|udf|bl)\b(?!\.)")
LIBRARY = "libfdt"


@dataclass(frozen=True)
class Instruction:
    offset: int
    word: int
    file: str
    function: str
    line: int


@dataclass(frozen=True)
class Gap:
    """A line of which some or all instructions did not run; a function, where there are no lines."""
    file: str
    function: str
    text: str
    line: int
    missed: int
    size: int

    def tell(self):
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return place + f"{self.function}: {self.missed} of {self.size}" + (f": {self.text}" if self.text else "")


def disassemble(elf):
    """(offset, word, mnemonic, symbol) of each instruction, fill left out."""
    symbol, found, after = "", [], False
    for line in run([CROSS + "objdump", "-d", "-j", ".text", elf]).splitlines():
        head = re.match(r"([0-9a-f]+) <(.*)>:$", line)
        if head:
            symbol, after = head[2], False
            continue
        parts = line.split("\t")
        if len(parts) < 3 or parts[2].startswith("."):
            continue
        offset, word = int(parts[0].strip(" :"), 16), int(parts[1], 16)
        if after and word == NOP:
            continue
        after = bool(LEAVES.match(parts[2]))
        found.append((offset, word, parts[2].split()[0], symbol))
    return found


def instructions(elf):
    """Each instruction with its innermost place in the source."""
    code = disassemble(elf)
    if not code:
        raise Trouble(f"{os.path.relpath(elf, ROOT)}: no instructions")
    text = run([CROSS + "addr2line", "-a", "-f", "-i", "-e", elf, *(hex(offset) for offset, *_ in code)])
    places = {}
    for offset, function, file, line in re.findall(r"^0x([0-9a-f]+)\n(.*)\n(.*?):(\d+|\?)(?: .*)?$", text, re.MULTILINE):
        places[int(offset, 16)] = function, os.path.normpath(file), int(line) if line != "?" else 0
    result, last = [], None
    for offset, word, _, symbol in code:
        function, file, line = places[offset]
        if line == 0 and last and last[0] == symbol:
            # What the compiler adds has no line: it belongs to what stands before it.
            function, file, line = last[1:]
        elif line == 0:
            function, file = symbol, LIBRARY
        result.append(Instruction(offset, word, file, function, line))
        last = (symbol, function, file, line)
    return result


def systest_tests():
    """The tests of `make check`, as tools/systest reads them."""
    loader = importlib.machinery.SourceFileLoader("systest", os.path.join(ROOT, "tools", "systest"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("systest", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return [test for test in module.load() if test["level"] == "check"]


def ran(build, code):
    """Offsets that ran in any test, and how many ran in each."""
    with open(os.path.join(build, "hypatia.img"), "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    try:
        with open(os.path.join(build, "systest.json"), encoding="utf-8") as file:
            results = {result["name"]: result["passed"] for result in json.load(file)}
    except OSError as error:
        raise Trouble(f"build/systest.json: {error.strerror}: make system-check") from error
    words = {one.offset: one.word for one in code}
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
        pairs = [line.split() for line in lines]
        # A test may change the image to make it panic: that word is not the image's.
        here = {int(offset, 16) for offset, word in pairs if words.get(int(offset, 16)) == int(word, 16)}
        strange = [offset for offset, word in pairs if int(offset, 16) not in words]
        if strange:
            raise Trouble(f"system test {name}: at {strange[0]} ran what is no instruction of build/hypatia.elf")
        if not here:
            raise Trouble(f"system test {name}: nothing ran")
        every |= here
        counts[name] = len(here)
    return every, counts, digest


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
    """Counts by file and by function, [reached, all], and what was not reached."""
    sources = Sources()
    places = defaultdict(list)
    for one in code:
        places[one.file, one.function, one.line].append(one.offset in every)
    files = defaultdict(lambda: {"instructions": [0, 0], "lines": [0, 0]})
    functions = defaultdict(lambda: [0, 0])
    lines = defaultdict(bool)
    missed = []
    for (file, function, line), seen in sorted(places.items()):
        for pair in (files[file]["instructions"], functions[function]):
            pair[0] += sum(seen)
            pair[1] += len(seen)
        if line:
            lines[file, line] |= any(seen)
        if not all(seen):
            missed.append(Gap(file, function, sources.text(file, line), line, len(seen) - sum(seen), len(seen)))
    for (file, _), seen in lines.items():
        files[file]["lines"][0] += seen
        files[file]["lines"][1] += 1
    return dict(files), dict(functions), missed


def texts(entry, key):
    value = entry.get(key, [])
    value = [value] if isinstance(value, str) else value
    return value if isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value) else None


def register():
    """(file, function, text or "", reason, whether some runs reach it) of each place that an entry names."""
    with open(os.path.join(ROOT, REGISTER), "rb") as file:
        try:
            entries = tomllib.load(file).get("uncovered", [])
        except tomllib.TOMLDecodeError as error:
            raise Trouble(f"{REGISTER}: {error}") from error
    places = []
    for number, entry in enumerate(entries, 1):
        for key in ("file", "function", "reason"):
            if not texts(entry, key) or (key != "function" and not isinstance(entry[key], str)):
                raise Trouble(f"{REGISTER}: entry {number}: key '{key}' is missing or empty")
        if texts(entry, "text") is None or not isinstance(entry.get("sometimes", False), bool):
            raise Trouble(f"{REGISTER}: entry {number}: key 'text' or 'sometimes' has a wrong value")
        for key in set(entry) - {"file", "function", "text", "reason", "sometimes"}:
            raise Trouble(f"{REGISTER}: entry {number}: unknown key '{key}'")
        if not texts(entry, "text") and entry["file"] != LIBRARY:
            raise Trouble(f"{REGISTER}: entry {number}: key 'text' is missing")
        for function in texts(entry, "function"):
            for text in texts(entry, "text") or [""]:
                places.append((entry["file"], function, text, entry["reason"], entry.get("sometimes", False)))
    return places


def judge(missed, places):
    """Gaps with their reasons, gaps without one, and places where no gap is."""
    used = set()
    explained, open_gaps = [], []
    for gap in missed:
        fitting = [place for place in places if place[:2] == (gap.file, gap.function) and place[2] in gap.text]
        if fitting:
            used.update(fitting)
            explained.append((gap, fitting[0][3]))
        else:
            open_gaps.append(gap)
    return explained, open_gaps, [place for place in places if place not in used and not place[4]]


def main():
    parser = argparse.ArgumentParser(prog="reports/coverage_image.py", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), metavar="DIR", help="the build folder (default: build)")
    args = parser.parse_args()
    try:
        code = instructions(os.path.join(args.build, "hypatia.elf"))
        every, counts, digest = ran(args.build, code)
        files, functions, missed = gaps(code, every)
        explained, open_gaps, stale = judge(missed, register())
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
    for name, function, text, _, _ in stale:
        print(f"coverage-image: {REGISTER} explains a gap that is not there: {name}: {function}" + (f": {text}" if text else ""))
    print("coverage-image: " + ", ".join(f"{kind} {pair[0]}/{pair[1]}" for kind, pair in every_file.items()) +
          f"; {len(explained)} gaps with a reason, {len(open_gaps)} without")
    return 1 if open_gaps or stale else 0


if __name__ == "__main__":
    sys.exit(main())
