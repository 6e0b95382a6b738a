#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Rules that every tracked file keeps; one line for each breach, exit status 1 if there is one."""
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
TAGGED = {".c", ".h", ".S", ".py", ".sh", ".mlw", ".toml", ".mk", ".lds", ".driver", ".acsl", ".j2", ".json", ".md", ".lemmas"}
UNTAGGED_NAMES = {"LICENSE-BSD-2-Clause", "LICENSE-GPL-2.0-only"}
# Constructs about which WP proves false things (docs/proof.md).
CORE_RULES = (
    (re.compile(r"\bunion\b\s*\w*\s*\{"), "union in the verified core"),
    (re.compile(r"\(\s*\*\s*\w+\s*\)\s*\("), "function pointer in the verified core"),
    (re.compile(r"\(\s*(?:const\s+)?\w+\s*\*+\s*\)\s*\(?\w*(?:addr|phys|pa|va|pfn)\b"), "integer turned into a pointer"),
    (re.compile(r"\bgoto\b"), "goto in the verified core"),
    (re.compile(r"\badmit\b"), "admitted fact"),
)
LONGEST_LINE = 100
# Modules of Linux.
KERNEL_SIDE = {("host", "fuzz"), ("host", "linux"), ("host", "test")}


def tracked():
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP,
                         capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in out.split("\0") if name and (TOP / name).is_file()]


def code_lines(text):
    """Lines without ACSL and comments, numbered as in the file."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    text = re.sub(r"/\*.*?\*/", blank, text, flags=re.S)
    return enumerate(re.sub(r"//[^\n]*", blank, text).split("\n"), 1)


def breaches():
    for path in tracked():
        if path.name in UNTAGGED_NAMES:
            continue
        text = (TOP / path).read_text(errors="replace")
        if path.suffix in TAGGED or text.startswith("#!"):
            licence = "GPL-2.0-only" if path.parts[:2] in KERNEL_SIDE else "BSD-2-Clause"
            if path.suffix == ".json":
                if licence not in text[:400]:
                    yield path, 1, f"no SPDX tag {licence}"
            elif f"SPDX-License-Identifier: {licence}" not in text[:400]:
                yield path, 1, f"no SPDX tag {licence}"
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() and path.suffix != ".md":
                yield path, number, "trailing white space"
            if path.suffix in {".c", ".h", ".S"} and len(line.expandtabs(8)) > LONGEST_LINE + 20:
                yield path, number, f"longer than {LONGEST_LINE + 20} columns"
        if path.parts[:2] == ("src", "hyp"):
            for number, line in code_lines(text):
                for rule, why in CORE_RULES:
                    if rule.search(line):
                        yield path, number, why


def main():
    found = list(breaches())
    for path, number, why in found:
        print(f"lint: {path}:{number}: {why}")
    print(f"lint: {len(tracked())} files, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
