#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Mutants of src/hyp, src/arch/arm64 and spec/: one small change each, and what notices it.

A mutant of C is given to the unit tests, then to the proof of the function it is in; one of the
assembly to the proof from bytes, then to a boot; one of a specification to the generator, the unit
tests, the model and the bytes. Survivors must stand with a reason in proofs/survivors.toml. Results
go to build/mutants.json as they come: --resume goes on where a run was stopped.
"""

import argparse
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import mutate  # noqa: E402
from engine import config  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = ["-Itests/unit", "-Itests/unit/fake", "-Isrc/hyp", "-Ibuild/gen/include", "-Ibuild/gen", "-Ibuild"]
# The tests as they are first, then as `make unit-check` runs them.
BUILDS = (("plain", ["-O1"], 20),
          ("sanitized", ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"], 200))
TREE = ("src", "annotations", "model", "spec", "proofs", "tools", "tests/unit", "tests/system", "tests/payloads", "build/gen",
        "build/payloads", "build/arm64/usr")
FILES = ("Makefile", "build/initrd.cpio.gz")
PAYLOADS = ("build/payloads/attack.img", "build/payloads/smp.img")
STEP_LIMIT = 900
GOAL = 0.95                 # of the generated mutants that are no survivors with a reason


class Trouble(Exception):
    """Something that stops the run, in one line."""


def generate():
    """Every mutant, in the order of the files."""
    found = []
    for pattern, make in (("src/hyp/*.[ch]", mutate.of_c), ("src/arch/arm64/*.S", mutate.of_asm),
                          ("spec/*.toml", mutate.of_spec)):
        for name in sorted(glob.glob(pattern, root_dir=ROOT)):
            with open(os.path.join(ROOT, name), encoding="utf-8") as file:
                found += make(name, file.read())
    seen = Counter(mutant.id for mutant in found)
    doubled = [mutant for mutant in found if seen[mutant.id] > 1]
    if doubled:
        raise Trouble(f"two mutants are called {doubled[0].id}: {doubled[0].tell()}")
    return found


class Workshop:
    """A copy of the tree to spoil, with the objects of the good version."""

    def __init__(self, folder):
        self.root = folder
        for part in TREE:
            source = os.path.join(ROOT, part)
            if os.path.isdir(source):
                shutil.copytree(source, os.path.join(folder, part), symlinks=True,
                                ignore=shutil.ignore_patterns("__pycache__"))
        for name in FILES:
            if os.path.exists(os.path.join(ROOT, name)):
                shutil.copy(os.path.join(ROOT, name), os.path.join(folder, name))
        self.tests = sorted(os.path.basename(name)[:-2] for name in glob.glob("tests/unit/test_*.c", root_dir=folder))
        self.good = {}
        for kind, flags, _ in BUILDS:
            self.good[kind] = self.objects(kind, flags, None)

    def run(self, command, limit=STEP_LIMIT):
        """(exit status, output); None for one that met its limit."""
        process = subprocess.Popen(command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
        try:
            text, _ = process.communicate(timeout=limit)
            return process.returncode, text
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return None, ""

    def compile(self, kind, flags, source, folder):
        target = os.path.join(folder, f"{kind}-{os.path.basename(source)[:-2]}.o")
        status, text = self.run(["gcc", "-std=gnu11", "-g", *flags, *INCLUDE, "-c", "-o", target, source], 120)
        if status != 0:
            raise Trouble(f"{source}: {(text.splitlines() or ['does not compile'])[0]}")
        return target

    def objects(self, kind, flags, only):
        """Objects of the core, the machine and the test programs; of @only (a source) alone when given."""
        folder = os.path.join(self.root, "objects", "changed" if only else "good")
        os.makedirs(folder, exist_ok=True)
        sources = [only] if only else sorted(glob.glob("src/hyp/*.c", root_dir=self.root)) + \
            sorted(glob.glob("tests/unit/*.c", root_dir=self.root))
        return {source: self.compile(kind, flags, source, folder) for source in sources}

    def test(self, changed):
        """The name of the test that fails with @changed (a source; None: everything may have changed)."""
        for kind, flags, limit in BUILDS:
            if changed:
                built = self.good[kind] | self.objects(kind, flags, changed)
            else:
                built = self.objects(kind, flags, None)
            core = [built[name] for name in built if not os.path.basename(name).startswith("test_")]
            for name in self.tests:
                program = os.path.join(self.root, "objects", name)
                status, text = self.run(["gcc", *flags, "-o", program, built[f"tests/unit/{name}.c"], *core, "-lcmocka"], 120)
                if status != 0:
                    raise Trouble(f"{name} does not link: {text.strip()[-300:]}")
                if self.run([program], limit)[0] != 0:
                    return name
        return ""

    def prove(self, *options):
        """Whether goals of a campaign fail; one that could not run has noticed nothing."""
        status, text = self.run([sys.executable, "proofs/campaign.py", "--no-report", "--jobs", "1", *options])
        match = re.search(r"^proof: (\d+) goals, \d+ proved, (\d+) unproved, (\d+) smoke failures", text, re.MULTILINE)
        if status == 1 and match and int(match[1]) > 0:
            return True
        if status == 0 and match:
            return False
        raise Trouble("the campaign did not run: " + (text.strip().splitlines() or ["no output"])[-1])


def units_of(root):
    table = config.load(root)
    by_file = {unit.source: unit.name for unit in table.units if unit.kind == config.C}
    for name in glob.glob("src/hyp/*.h", root_dir=root):
        by_file[name] = table.headers.get(name, by_file.get(name[:-1] + "c"))
    return by_file, [unit.name for unit in table.units if unit.kind in (config.MODEL, config.BITS)]


def judge(shop, mutant, units, model, with_proof):
    """What notices the mutant: "compiler", "test ...", "proof ...", ... or "" for a survivor."""
    path = os.path.join(shop.root, mutant.file)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(mutant.apply(text))
    try:
        if mutant.file.startswith("src/hyp/"):
            return judge_c(shop, mutant, units, with_proof)
        if mutant.file.startswith("spec/"):
            return judge_spec(shop, model, with_proof)
        return judge_assembly(shop)
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if mutant.file.startswith("spec/"):
            shop.run([sys.executable, "spec/gen/generate.py", "--out", "build/gen"], 120)


def judge_c(shop, mutant, units, with_proof):
    try:
        by = shop.test(mutant.file if mutant.file.endswith(".c") else None)
    except Trouble:
        return "compiler"
    if by:
        return f"test {by}"
    if with_proof and shop.prove("--unit", units[mutant.file], "--function", mutant.function):
        return f"proof of {mutant.function}"
    return ""


def judge_spec(shop, model, with_proof):
    status, _ = shop.run([sys.executable, "spec/gen/generate.py", "--out", "build/gen"], 120)
    if status != 0:
        return "generator"
    try:
        by = shop.test(None)
    except Trouble:
        return "compiler"
    if by:
        return f"test {by}"
    if with_proof and shop.prove(*(word for name in model for word in ("--unit", name))):
        return "proof of the model"
    return judge_assembly(shop)


def judge_assembly(shop):
    status, _ = shop.run(["make", "-s", "image", *PAYLOADS], 300)
    if status != 0:
        return "assembler"
    if os.path.exists(os.path.join(shop.root, "proofs/bytes/prove.py")):
        status, text = shop.run([sys.executable, "proofs/bytes/prove.py"])
        if status == 1:
            return "proof from bytes"
        if status != 0:
            raise Trouble("the proof from bytes did not run: " + (text.strip().splitlines() or [""])[-1])
    for name in ("attack", "smp-2"):
        if shop.run(["tools/systest", name], 300)[0] != 0:
            return f"boot {name}"
    return ""


def survivors():
    path = os.path.join(ROOT, "proofs", "survivors.toml")
    with open(path, "rb") as file:
        entries = tomllib.load(file).get("survivor", [])
    for number, entry in enumerate(entries, 1):
        for key in ("id", "mutant", "reason"):
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                raise Trouble(f"proofs/survivors.toml: entry {number}: key '{key}' is missing or empty")
    return {entry["id"]: entry["reason"] for entry in entries}


def choose(found, args):
    if args.ids:
        chosen = [mutant for mutant in found if mutant.id in args.ids]
        for name in args.ids:
            if name not in {mutant.id for mutant in chosen}:
                raise Trouble(f"{name}: no such mutant; --list shows them")
        return chosen
    chosen = [mutant for mutant in found if not args.file or mutant.file in args.file]
    if args.sample and args.sample < len(chosen):
        chosen = random.Random(args.seed).sample(chosen, args.sample)
    return chosen


def report(results, found, reasons):
    lines = []
    table = defaultdict(Counter)
    for mutant in found:
        if mutant.id in results:
            by = results[mutant.id] or ("reason" if mutant.id in reasons else "survived")
            table[mutant.file][by.split(" ")[0]] += 1
    for name, counts in sorted(table.items()):
        lines.append(f"{name:28} " + ", ".join(f"{count} {by}" for by, count in counts.most_common()))
    return lines


def main():
    parser = argparse.ArgumentParser(prog="proofs/mutants.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these mutants")
    parser.add_argument("--list", action="store_true", help="list the mutants and stop")
    parser.add_argument("--file", action="append", metavar="FILE", help="only mutants of this file (repeatable)")
    parser.add_argument("--sample", type=int, metavar="N", help="N of them, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--tests-only", action="store_true",
                        help="without the proof of functions: faster, and a survivor may be one that the proof notices")
    parser.add_argument("--resume", action="store_true", help="keep the verdicts of build/mutants.json")
    args = parser.parse_args()
    if args.sample is not None and args.sample < 1:
        parser.error("--sample: at least 1")
    found = generate()
    chosen = choose(found, args)
    if args.list:
        for mutant in chosen:
            print(mutant.tell())
        return 0
    reasons = survivors()
    store = os.path.join(ROOT, "build", "mutants.json")
    results = {}
    if args.resume and os.path.exists(store):
        with open(store, encoding="utf-8") as file:
            results = json.load(file)
    errors = [f"proofs/survivors.toml: there is no mutant {name}" for name in reasons
              if name not in {mutant.id for mutant in found}]
    os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=os.path.join(ROOT, "build")) as folder:
        shop = Workshop(folder)
        units, model = units_of(ROOT)
        if shop.test(None):
            raise Trouble("the unit tests fail without any mutant")
        if any(not mutant.file.startswith("src/hyp/") for mutant in chosen):
            by = judge_assembly(shop)
            if by:
                raise Trouble(f"{by} fails without any mutant")
        for number, mutant in enumerate(chosen, 1):
            if mutant.id in results:
                continue
            try:
                by = judge(shop, mutant, units, model, not args.tests_only)
            except Trouble as trouble:
                errors.append(f"{mutant.tell()}: {trouble}")
                continue
            results[mutant.id] = by
            print(f"mutants: {number}/{len(chosen)} {by or ('survives, with a reason' if mutant.id in reasons else 'SURVIVED')}: "
                  f"{mutant.tell()}", flush=True)
            with open(store + ".new", "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)
            os.replace(store + ".new", store)
    mine = [mutant for mutant in chosen if mutant.id in results]
    real = [mutant for mutant in mine if results[mutant.id] != "compiler" and mutant.id not in reasons]
    caught = [mutant for mutant in real if results[mutant.id]]
    for line in report({mutant.id: results[mutant.id] for mutant in mine}, chosen, reasons):
        print(line)
    for mutant in mine:
        if mutant.id in reasons and results[mutant.id]:
            errors.append(f"proofs/survivors.toml: {mutant.id} is noticed: {results[mutant.id]}")
    for text in errors:
        print(f"mutants: error: {text}")
    score = len(caught) / len(real) if real else 0.0
    print(f"mutants: {len(mine)} of {len(found)}; {len(real)} that compile, {len(caught)} noticed ({100 * score:.1f} %), "
          f"{len(real) - len(caught)} survived, {sum(1 for mutant in mine if mutant.id in reasons)} more with a reason")
    return 1 if errors or not real or score < GOAL else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Trouble, OSError, tomllib.TOMLDecodeError) as trouble:
        print(f"mutants: {trouble}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nmutants: interrupted; --resume goes on", file=sys.stderr)
        sys.exit(130)
