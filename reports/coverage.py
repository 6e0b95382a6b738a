#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Statement, branch and MC/DC coverage of src/hyp by the unit tests.

Builds the unit tests with Clang's source-based coverage, runs them, and compares what no test
reached with tests/coverage.toml. A gap without an entry there fails; so does an entry whose gap is
closed. Writes build/coverage/coverage.json and coverage.txt.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "proofs"))

from engine import tools  # noqa: E402

CLANG = "19"                # the first version in Debian 12 that measures MC/DC and the last it has
FLAGS = ["-std=gnu11", "-O0", "-g", "-fprofile-instr-generate", "-fcoverage-mapping", "-fcoverage-mcdc"]
TEST_LIMIT = 300
KINDS = ("statement", "branch", "condition")


class Trouble(Exception):
    """Something that stops the measurement, in one line."""


@dataclass(frozen=True)
class Gap:
    """What no test reached; @text is the source of the statement's line or of the condition."""
    kind: str
    file: str
    function: str
    text: str
    line: int

    def tell(self):
        return f"{self.file}:{self.line}: {self.function}: {self.kind}: {self.text}"


def run(command, limit=120, **more):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False, cwd=ROOT, **more)
    except FileNotFoundError as error:
        raise Trouble(f"{command[0]} is not installed (Debian packages: clang-{CLANG}, llvm-{CLANG}, "
                      f"libclang-rt-{CLANG}-dev)") from error
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"{' '.join(command[:4])} ...: no end after {limit} s") from error
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command[:4])} ...: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def build(out, include):
    """The unit test programs, with counters."""
    objects = []
    for source in sorted(glob.glob("src/hyp/*.c", root_dir=ROOT)) + ["tests/unit/machine.c"]:
        target = os.path.join(out, os.path.basename(source)[:-2] + ".o")
        run([f"clang-{CLANG}", *FLAGS, *include, "-c", "-o", target, source])
        objects.append(target)
    programs = []
    for source in sorted(glob.glob("tests/unit/test_*.c", root_dir=ROOT)):
        program = os.path.join(out, os.path.basename(source)[:-2])
        run([f"clang-{CLANG}", *FLAGS, *include, "-o", program, source, *objects, "-lcmocka"])
        programs.append(program)
    if not programs:
        raise Trouble("tests/unit: no test program")
    return programs


def measure(out, programs):
    profiles = []
    for program in programs:
        profile = program + ".profraw"
        text = run([program], TEST_LIMIT, env=dict(os.environ, LLVM_PROFILE_FILE=profile))
        with open(program + ".log", "w", encoding="utf-8") as file:
            file.write(text)
        profiles.append(profile)
    merged = os.path.join(out, "all.profdata")
    run([f"llvm-profdata-{CLANG}", "merge", "-o", merged, *profiles])
    more = [word for program in programs[1:] for word in ("-object", program)]
    common = ["-instr-profile", merged, programs[0], *more, os.path.join(ROOT, "src/hyp")]
    table = json.loads(run([f"llvm-cov-{CLANG}", "export", *common]))
    lines = run([f"llvm-cov-{CLANG}", "export", "-format=lcov", *common])
    return table["data"][0], lines


class Sources:
    """Source text by position."""

    def __init__(self):
        self.lines = {}
        self.functions = defaultdict(list)

    def learn(self, functions):
        for entry in functions:
            name = entry["name"].split(":")[-1]
            first = entry["regions"][0]
            self.functions[entry["filenames"][0]].append((first[0], first[2], name))

    def line(self, path, number):
        if path not in self.lines:
            with open(path, encoding="utf-8") as file:
                self.lines[path] = file.read().split("\n")
        return self.lines[path][number - 1]

    def text(self, path, position):
        first, start, last, end = position
        if first == last:
            words = self.line(path, first)[start - 1:end - 1]
        else:
            words = " ".join([self.line(path, first)[start - 1:]] +
                             [self.line(path, number) for number in range(first + 1, last)] +
                             [self.line(path, last)[:end - 1]])
        return " ".join(words.split())

    def function(self, path, number):
        for first, last, name in self.functions[path]:
            if first <= number <= last:
                return name
        return ""


def statements(lcov):
    """Lines with code of each file, and how often each ran."""
    counts = defaultdict(dict)
    path = ""
    for line in lcov.splitlines():
        if line.startswith("SF:"):
            path = line[3:]
        elif line.startswith("DA:"):
            number, count = line[3:].split(",")[:2]
            counts[path][int(number)] = max(int(count), counts[path].get(int(number), 0))
    return counts


def branches(files):
    """Both sides of each condition; a function of a header has them once for each file that includes it."""
    sides = defaultdict(lambda: [0, 0])
    for entry in files:
        for one in entry["branches"]:
            key = (entry["filename"], tuple(one[:4]))
            sides[key][0] += one[4]
            sides[key][1] += one[5]
    return sides


def conditions(files, sides):
    """Each condition of a decision with more than one: was its own effect on the outcome seen?"""
    shown = {}
    for entry in files:
        path = entry["filename"]
        for one in entry["mcdc_records"]:
            first, start, last, end = one[:4]
            inside = sorted(position for where, position in sides if where == path and
                            (first, start) <= position[:2] and position[2:] <= (last, end))
            if len(inside) != len(one[6]):
                raise Trouble(f"{path}:{first}: {len(one[6])} conditions, but {len(inside)} branches")
            for position, seen in zip(inside, one[6]):
                shown[path, position] = shown.get((path, position), False) or seen
    return shown


def gaps(table, lcov):
    """What is to be reached, as counts by file and by function, and what was not."""
    sources = Sources()
    sources.learn(table["functions"])
    total = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    functions = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    missed = []

    def count_one(kind, path, line, size=1):
        total[os.path.relpath(path, ROOT)][kind] += size
        functions[sources.function(path, line)][kind] += size

    def note(kind, path, line, text):
        missed.append(Gap(kind, os.path.relpath(path, ROOT), sources.function(path, line), text, line))

    counts = statements(lcov)
    for path in sorted(counts):
        for number, count in sorted(counts[path].items()):
            if sources.line(path, number).strip() in ("{", "}"):
                continue
            count_one("statement", path, number)
            if count == 0:
                note("statement", path, number, sources.line(path, number).strip())
    sides = branches(table["files"])
    for (path, position), seen in sorted(sides.items()):
        count_one("branch", path, position[0], 2)
        for side, count in zip(("true", "false"), seen):
            if count == 0:
                note("branch", path, position[0], f"{sources.text(path, position)} is {side}")
    for (path, position), seen in sorted(conditions(table["files"], sides).items()):
        count_one("condition", path, position[0])
        if not seen:
            note("condition", path, position[0], sources.text(path, position))
    return dict(total), dict(functions), missed


def register():
    path = os.path.join(ROOT, "tests", "coverage.toml")
    with open(path, "rb") as file:
        try:
            entries = tomllib.load(file).get("uncovered", [])
        except tomllib.TOMLDecodeError as error:
            raise Trouble(f"tests/coverage.toml: {error}") from error
    for number, entry in enumerate(entries, 1):
        for key in ("file", "function", "text", "reason"):
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                raise Trouble(f"tests/coverage.toml: entry {number}: key '{key}' is missing or empty")
        for key in entry:
            if key not in ("file", "function", "text", "reason"):
                raise Trouble(f"tests/coverage.toml: entry {number}: unknown key '{key}'")
    return entries


def judge(missed, entries):
    """Gaps with their reasons, gaps without one, and entries that explain nothing."""
    used = [False] * len(entries)
    explained, open_gaps = [], []
    for gap in missed:
        for index, entry in enumerate(entries):
            if (entry["file"], entry["function"]) == (gap.file, gap.function) and entry["text"] in gap.text:
                used[index] = True
                explained.append((gap, entry["reason"]))
                break
        else:
            open_gaps.append(gap)
    return explained, open_gaps, [entry for entry, seen in zip(entries, used) if not seen]


def write(out, total, functions, explained, open_gaps):
    def row(name, kinds, gone):
        cells = [f"{kinds[kind] - gone.get(kind, 0):5}/{kinds[kind]:<5}" for kind in KINDS]
        return f"{name:28} " + " ".join(cells)

    lines = [f"{'file':28} " + " ".join(f"{kind:11}" for kind in KINDS)]
    every = dict.fromkeys(KINDS, 0)
    gone_every = dict.fromkeys(KINDS, 0)
    for path in sorted(total):
        gone = dict.fromkeys(KINDS, 0)
        for gap in [gap for gap, _ in explained] + open_gaps:
            if gap.file == path:
                gone[gap.kind] += 1
        lines.append(row(path, total[path], gone))
        for kind in KINDS:
            every[kind] += total[path][kind]
            gone_every[kind] += gone[kind]
    lines.append(row("all", every, gone_every))
    lines += ["", "Not reached, and why:"]
    lines += [f"{gap.tell()}\n    {reason}" for gap, reason in explained]
    with open(os.path.join(out, "coverage.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(out, "coverage.json"), "w", encoding="utf-8") as file:
        json.dump({"commit": tools.commit(ROOT), "files": total, "functions": functions,
                   "explained": [dict(vars(gap), reason=reason) for gap, reason in explained],
                   "open": [vars(gap) for gap in open_gaps]}, file, indent=1)
        file.write("\n")
    return lines, every, gone_every


def main():
    parser = argparse.ArgumentParser(prog="reports/coverage.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), metavar="DIR",
                        help="the build folder with the generated headers (default: build)")
    args = parser.parse_args()
    out = os.path.join(args.build, "coverage")
    os.makedirs(out, exist_ok=True)
    include = ["-I" + folder for folder in ("tests/unit", "tests/unit/fake", "src/hyp",
                                            os.path.join(args.build, "gen", "include"), args.build,
                                            os.path.join(args.build, "gen"))]
    try:
        table, lcov = measure(out, build(out, include))
        total, functions, missed = gaps(table, lcov)
        explained, open_gaps, stale = judge(missed, register())
    except Trouble as trouble:
        print(f"coverage: {trouble}", file=sys.stderr)
        return 2
    lines, every, gone = write(out, total, functions, explained, open_gaps)
    print("\n".join(lines[:lines.index("")]))
    for gap in open_gaps:
        print(f"coverage: not reached, and not in tests/coverage.toml: {gap.tell()}")
    for entry in stale:
        print(f"coverage: tests/coverage.toml explains a gap that is not there: {entry['file']}: "
              f"{entry['function']}: {entry['text']}")
    print("coverage: " + ", ".join(f"{kind} {every[kind] - gone[kind]}/{every[kind]}" for kind in KINDS) +
          f"; {len(explained)} gaps with a reason, {len(open_gaps)} without")
    return 1 if open_gaps or stale or not every["statement"] else 0


if __name__ == "__main__":
    sys.exit(main())
