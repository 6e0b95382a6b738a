#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""MISRA C:2012 report of src/hyp by cppcheck's addon, against the recorded deviations.

Every finding must be covered by a deviation in reports/misra.toml; a deviation that covers nothing
is an error. Writes build/misra/misra.json and misra.txt.
"""

import argparse
import fnmatch
import glob
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "proofs"))

from engine import tools  # noqa: E402

REGISTER = "reports/misra.toml"
INCLUDE = ["src/hyp", "src/arch/arm64/include", "build/gen/include", "build/gen"]
LIMIT = 300
KEYS = {"rule", "category", "where", "line", "reason"}
FINDING = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+):(?P<rule>misra-c2012-[\d.]+):")


class Trouble(Exception):
    """Something that stops the report, in one line."""


@dataclass(frozen=True)
class Finding:
    rule: str
    file: str
    line: int
    text: str


def findings(root):
    sources = sorted(glob.glob("src/hyp/*.c", root_dir=root))
    if not sources:
        raise Trouble("src/hyp: no C file")
    # -U: no C is read as the assembler reads the headers that both have (constants without suffix).
    command = ["cppcheck", "--addon=misra", "--std=c11", "--platform=unix64", "--enable=style", "--quiet", "-U__ASSEMBLER__",
               "--suppress=missingIncludeSystem", "--template={file}:{line}:{id}:{message}",
               *["-I" + folder for folder in INCLUDE], *sources]
    try:
        run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=LIMIT, check=False)
    except FileNotFoundError as error:
        raise Trouble("cppcheck is not installed (Debian package: cppcheck)") from error
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"cppcheck: no end after {LIMIT} s") from error
    if run.returncode != 0 or re.search(r"(syntaxError|internalError|preprocessorErrorDirective|Bailing out)", run.stderr):
        raise Trouble("cppcheck: " + (run.stderr.strip() or run.stdout.strip())[-1000:])
    found = set()
    for line in run.stderr.splitlines():
        match = FINDING.match(line)
        if match:
            with open(os.path.join(root, match["file"]), encoding="utf-8") as file:
                text = file.read().split("\n")[int(match["line"]) - 1].strip()
            found.add(Finding(match["rule"].removeprefix("misra-c2012-"), match["file"], int(match["line"]), text))
    return sorted(found, key=lambda one: (tuple(map(int, one.rule.split("."))), one.file, one.line))


def deviations(root):
    path = os.path.join(root, REGISTER)
    with open(path, "rb") as file:
        try:
            entries = tomllib.load(file).get("deviation", [])
        except tomllib.TOMLDecodeError as error:
            raise Trouble(f"{REGISTER}: {error}") from error
    for number, entry in enumerate(entries, 1):
        name = f"{REGISTER}: deviation {number} (rule {entry.get('rule', '?')})"
        for key in entry:
            if key not in KEYS:
                raise Trouble(f"{name}: unknown key '{key}'")
        if not re.fullmatch(r"\d+\.\d+", str(entry.get("rule", ""))):
            raise Trouble(f"{name}: key 'rule' is not a rule's number in quotes")
        if entry.get("category") not in ("required", "advisory"):
            raise Trouble(f"{name}: key 'category' is required or advisory: a mandatory rule has no deviation")
        if not entry.get("where") or not isinstance(entry["where"], list):
            raise Trouble(f"{name}: key 'where' is not a list of file patterns")
        if not str(entry.get("reason", "")).strip():
            raise Trouble(f"{name}: key 'reason' is missing or empty")
        if entry["category"] == "required" and not entry.get("line"):
            raise Trouble(f"{name}: a required rule needs key 'line': what the lines look like that may deviate")
        try:
            re.compile(entry.get("line", ""))
        except re.error as error:
            raise Trouble(f"{name}: key 'line': {error}") from error
    return entries


def covers(entry, finding):
    return (entry["rule"] == finding.rule and
            any(fnmatch.fnmatch(finding.file, pattern) for pattern in entry["where"]) and
            re.search(entry.get("line", ""), finding.text) is not None)


def main():
    parser = argparse.ArgumentParser(prog="reports/misra.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("--source", default=ROOT, metavar="DIR", help="the tree to check (default: this one)")
    root = os.path.abspath(parser.parse_args().source)
    try:
        entries = deviations(root)
        found = findings(root)
    except (Trouble, OSError) as trouble:
        print(f"misra: {trouble}", file=sys.stderr)
        return 2
    used = Counter()
    unrecorded = []
    for finding in found:
        index = next((number for number, entry in enumerate(entries) if covers(entry, finding)), None)
        if index is None:
            unrecorded.append(finding)
        else:
            used[index] += 1
    stale = [entry for number, entry in enumerate(entries) if not used[number]]
    lines = [f"MISRA C:2012, cppcheck's addon: {len(found)} findings, {len(unrecorded)} without a deviation", ""]
    for number, entry in enumerate(entries):
        lines.append(f"{entry['rule']:6} {entry['category']:9} {used[number]:5} in {', '.join(entry['where'])}")
        lines.append(f"       {entry['reason']}")
    out = os.path.join(root, "build", "misra")
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "misra.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(out, "misra.json"), "w", encoding="utf-8") as file:
        json.dump({"commit": tools.commit(root), "deviations": [dict(entry, findings=used[number]) for number, entry in enumerate(entries)],
                   "unrecorded": [vars(finding) for finding in unrecorded]}, file, indent=1)
        file.write("\n")
    for finding in unrecorded:
        print(f"misra: {finding.file}:{finding.line}: rule {finding.rule}: no deviation: {finding.text}")
    for entry in stale:
        print(f"misra: {REGISTER}: rule {entry['rule']} in {', '.join(entry['where'])}: nothing deviates there")
    print(f"misra: {len(found)} findings, {len(entries)} deviations, {len(unrecorded)} unrecorded")
    return 1 if unrecorded or stale or not found else 0


if __name__ == "__main__":
    sys.exit(main())
