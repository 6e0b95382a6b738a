#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Seeded bugs: put each of proofs/seeded.toml into a copy of the core and see whether it is caught.

A bug is caught when the unit test named for it fails, or when goals of the function named for it are
no longer proved. The command fails if one survives, and if the unchanged core does not pass.
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CFLAGS = ["-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
          "-Itests/unit", "-Itests/unit/fake", "-Isrc/hyp", "-Ibuild/gen/include", "-Ibuild/gen", "-Ibuild"]
TEST_LIMIT = 240
PROOF_LIMIT = 900


class Trouble(Exception):
    """Something that stops the run, in one line."""


def copy_tree(target):
    for part in ("src/hyp", "annotations", "model", "spec", "proofs", "tests/unit", "build/gen"):
        if not os.path.isdir(os.path.join(ROOT, part)):
            raise Trouble(f"{part} is missing" + (": run the generator first" if part == "build/gen" else ""))
        shutil.copytree(os.path.join(ROOT, part), os.path.join(target, part),
                        ignore=shutil.ignore_patterns("__pycache__"))


def compile_file(tree, source, objects):
    target = os.path.join(objects, source.replace("/", "_")[:-2] + ".o")
    run = subprocess.run(["gcc", *CFLAGS, "-c", "-o", target, source], cwd=tree, capture_output=True, text=True,
                         check=False, timeout=TEST_LIMIT)
    if run.returncode != 0:
        raise Trouble(f"{source} does not compile: {(run.stderr.splitlines() or [''])[0]}")
    return target


def compile_core(tree, objects):
    os.makedirs(objects, exist_ok=True)
    sources = sorted(glob.glob("src/hyp/*.c", root_dir=tree)) + ["tests/unit/machine.c"]
    return {source: compile_file(tree, source, objects) for source in sources}


def run_test(tree, built, name, objects):
    """True when the test passes."""
    main = compile_file(tree, f"tests/unit/{name}.c", objects)
    program = os.path.join(objects, name)
    run = subprocess.run(["gcc", *CFLAGS, "-o", program, main, *built.values(), "-lcmocka"], cwd=tree,
                         capture_output=True, text=True, check=False, timeout=TEST_LIMIT)
    if run.returncode != 0:
        raise Trouble(f"{name} does not link: {(run.stderr.splitlines() or [''])[0]}")
    try:
        return subprocess.run([program], cwd=tree, capture_output=True, check=False, timeout=TEST_LIMIT).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def seed(tree, bug):
    path = os.path.join(tree, bug["file"])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(bug["old"]) != 1:
        raise Trouble(f"seeded.toml: {bug['name']}: '{bug['old'].strip().splitlines()[0]}' stands in "
                      f"{bug['file']} {text.count(bug['old'])} times, not once")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(bug["old"], bug["new"]))
    return text


def caught_by_test(tree, bug, clean, objects):
    """Rebuild what includes the changed file and run the test; the change undone afterwards."""
    text = seed(tree, bug)
    own = os.path.join(objects, "seeded")
    os.makedirs(own, exist_ok=True)
    try:
        if bug["file"].endswith(".c"):
            built = dict(clean)
            built[bug["file"]] = compile_file(tree, bug["file"], own)
        else:
            built = compile_core(tree, own)
        return not run_test(tree, built, bug["test"], own)
    finally:
        with open(os.path.join(tree, bug["file"]), "w", encoding="utf-8") as file:
            file.write(text)


def caught_by_proof(tree, bug):
    text = seed(tree, bug)
    try:
        run = subprocess.run([sys.executable, "proofs/campaign.py", "--no-report", "--unit", bug["unit"],
                              "--function", bug["function"]],
                             cwd=tree, capture_output=True, text=True, check=False, timeout=PROOF_LIMIT)
    finally:
        with open(os.path.join(tree, bug["file"]), "w", encoding="utf-8") as file:
            file.write(text)
    last = (run.stdout.splitlines() or [""])[-1].split()
    # Goals must be there and fail; a campaign that could not run has caught nothing.
    return run.returncode == 1 and len(last) > 5 and last[0] == "proof:" and int(last[1]) > 0 and int(last[5]) > 0


def main():
    parser = argparse.ArgumentParser(prog="proofs/seeded.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these bugs")
    parser.add_argument("--list", action="store_true", help="list the bugs and stop")
    parser.add_argument("--unit-tests", action="store_true", help="unit tests only (half a minute)")
    parser.add_argument("--proofs", action="store_true", help="proofs only")
    args = parser.parse_args()
    with open(os.path.join(ROOT, "proofs", "seeded.toml"), "rb") as file:
        bugs = tomllib.load(file)["bug"]
    for name in args.names:
        if name not in [bug["name"] for bug in bugs]:
            parser.error(f"{name}: no such bug; --list shows them")
    bugs = [bug for bug in bugs if not args.names or bug["name"] in args.names]
    if args.list:
        for bug in bugs:
            print(f"{bug['name']:36} {bug['file']:22} {bug['test']:14} {bug['unit']}.{bug['function']}")
        return 0

    # A folder of its own, so that two runs do not meet.
    os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="seeded-", dir=os.path.join(ROOT, "build")) as tree:
        return try_all(tree, bugs, args)


def try_all(tree, bugs, args):
    copy_tree(tree)
    objects = os.path.join(tree, "objects")
    clean = compile_core(tree, objects)
    errors = []
    if not args.proofs:
        for name in sorted({bug["test"] for bug in bugs}):
            if not run_test(tree, clean, name, objects):
                errors.append(f"{name} fails without any bug")
    survivors = 0
    for bug in bugs:
        by = []
        try:
            if not args.proofs and caught_by_test(tree, bug, clean, objects):
                by.append(bug["test"])
            if not args.unit_tests and caught_by_proof(tree, bug):
                by.append(f"proof of {bug['function']}")
        except Trouble as trouble:
            errors.append(str(trouble))
        survivors += not by
        print(f"seeded: {bug['name']:36} {'caught by ' + ', '.join(by) if by else 'SURVIVED'}", flush=True)
    for text in errors:
        print(f"seeded: error: {text}")
    print(f"seeded: {len(bugs)} bugs, {len(bugs) - survivors} caught, {survivors} survived")
    return 1 if survivors or errors else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Trouble, OSError, subprocess.TimeoutExpired, tomllib.TOMLDecodeError) as trouble:
        print(f"seeded: {trouble}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nseeded: interrupted", file=sys.stderr)
        sys.exit(130)
