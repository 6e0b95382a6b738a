#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Mutants of src/hyp, src/arch/arm64 and spec/: one small change each, and what notices it.

A mutant of C is given to the unit tests, then to the proof of the function it is in; one of the
assembly to the proof from bytes, then to boots; one of a specification to the generator, the unit
tests, the model, the bytes and the boots. Survivors must stand with a reason in proofs/survivors.toml.
Verdicts go to build/mutants.json as they come: --resume goes on where a run was stopped.
"""

import argparse
import contextlib
import glob
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import mutate  # noqa: E402
import workshop  # noqa: E402
from engine import tools  # noqa: E402
from workshop import ROOT, Broken, Trouble, Unfit, Workshop  # noqa: E402

STORE, SAMPLE = (os.path.join(ROOT, "build", name) for name in ("mutants.json", "mutants-sample.json"))
GOAL = 0.95                 # of the generated mutants that compile; for --tests-only, of those without a reason to survive
# The tests of tests/arch that are nearest to a file.
ARCH_TESTS = {"cpu.c": "HostRegisters GuestRegisters", "early_mmu.c": "BootstrapTables", "el3.c": "El3", "console.c": "Console",
              "panic.c": "Panic", "string.c": "Strings", "hyp_arch.h": "Primitives"}
# Routines of spec/assembly.toml that functions and macros without a contract of their own are part of.
ROUTINES = {**dict.fromkeys(("save_caller", "restore_caller", "host_vectors", "host_trap", "host_smc"), ["host_sync"]),
            "early_vectors": ["fatal", "stub_or_fatal"], "el3_vectors": ["el3_smc", "el3_other"], "cache_by_line": ["cache_clean"]}
# What notices a mutant, as the report's columns; the first word of a verdict.
MEANS = ("test", "proof", "bytes", "boot", "generator", "compiler")


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def generate():
    """Every mutant, in the order of the files."""
    found = []
    words = "".join(read(name) for pattern in ("src/**/*.[chS]", "spec/traps.toml")
                    for name in sorted(glob.glob(pattern, root_dir=ROOT, recursive=True)))
    for pattern, make in mutate.RULES:
        for name in sorted(glob.glob(pattern, root_dir=ROOT)):
            found += make(name, read(name), words) if make is mutate.of_spec else make(name, read(name))
    seen = Counter(mutant.id for mutant in found)
    doubled = [mutant for mutant in found if seen[mutant.id] > 1]
    if doubled:
        raise Trouble(f"two mutants are called {doubled[0].id}: {doubled[0].tell()}")
    return found


class Judge:
    """Says what notices a mutant: "test NAME", "proof of FUNCTION", ... or "" for a survivor."""

    def __init__(self, folder, with_proof, checks):
        self.shop, self.checks = Workshop(folder), checks
        self.with_proof = with_proof
        self.units, self.model = workshop.units(ROOT)
        self.routines = self.shop.routines()
        self._build(workshop.PLAIN)
        self.good = None

    def _build(self, build):
        """The tests' programs, when they are first asked for; nothing is spoilt then."""
        if build[0] not in self.shop.good:
            self.shop.build_good(build)
            if self.checks:
                self.shop.check_tests(build)

    def _check(self):
        """Before the first mutant that is not of the core: nothing may notice the tree as it is."""
        if not self.shop.generate():
            raise Unfit("the generator fails without any mutant")
        self.good = self.shop.generated()
        by = self._image() or self._boots() if self.checks else ""
        if by:
            raise Unfit(f"{by} fails without any mutant")

    def judge(self, mutant):
        if mutant.file.startswith("src/hyp/"):
            return self._core(mutant)
        if not self.good:
            self._check()
        if mutant.file.startswith("spec/"):
            return self._spec(mutant)
        with self._spoilt(mutant):
            return self._arch(mutant)

    def _spoilt(self, mutant):
        return self.shop.changed(mutant.file, mutant.apply)

    def _core(self, mutant):
        try:
            with self._spoilt(mutant):
                by = self.shop.test(mutant.file, builds=(workshop.PLAIN,))
            if not by and self.with_proof:
                self._build(workshop.SANITIZED)
                with self._spoilt(mutant):
                    by = self.shop.test(mutant.file, builds=(workshop.SANITIZED,))
        except Broken:
            return "compiler"
        if by:
            return f"test {by}"
        goals = ("--unit", self.units[mutant.file], "--function", mutant.function)
        if self.with_proof and self.shop.prove_changed([goals], self._spoilt(mutant)):
            return f"proof of {mutant.function}"
        return ""

    def _arch(self, mutant):
        """The assembly is proved from bytes; of the rest the bytes say nothing."""
        first = ARCH_TESTS.get(os.path.basename(mutant.file))
        if mutant.file.endswith(".h") and self.shop.arch_fail(first):
            return f"test {first}"
        return self._image(mutant, first) or self._boots()

    @contextlib.contextmanager
    def _generated(self, mutant):
        """The tree with what a mutant of spec/ generates; whether it does."""
        try:
            with self._spoilt(mutant):
                yield self.shop.generate()
        finally:
            self.shop.generate()

    def _spec(self, mutant):
        """What ends soon comes first; what rests on nothing that has changed is left out."""
        with self._generated(mutant) as well:
            if not well:
                return "generator"
            # spec/assembly.toml is read by the proof from bytes alone. The image there may be one of an earlier mutant.
            if mutant.file == "spec/assembly.toml":
                if not self.shop.image():
                    raise Unfit("the image cannot be made without any mutant")
                return "bytes" if self.shop.bytes_fail() else ""
            now = self.shop.generated()
            changed = {part for part in now if now[part] != self.good.get(part)}
            try:
                by = self.shop.test(None, builds=(workshop.PLAIN,)) if changed & {"include", "vectors", "oracle"} else ""
            except Broken:
                return "compiler"
            if by:
                return f"test {by}"
            by = self._image() if changed & {"include", "asm"} else ""
        units = [name for name in self.model if name.startswith("model:") and "model" in changed or
                 name == "bits" and "qfbv" in changed]
        goals = [("--unit", name) for name in units]
        if not by and self.with_proof and units and self.shop.prove_changed(goals, self._generated(mutant)):
            by = "proof of the model"
        if not by and self.with_proof and changed & {"include", "asm"}:
            # Boots take longest.
            with self._generated(mutant):
                by = self._boots() if self.shop.image() else "compiler"
        return by

    def _image(self, mutant=None, first=None):
        """What notices the image: the compiler, tests/arch (classes @first before all) or the proof from bytes."""
        if not self.shop.image():
            return "compiler"
        assembly = mutant is None or mutant.file.endswith(".S")
        if (mutant is None or not assembly) and self.shop.arch_fail(first, alone=bool(first) and not self.with_proof):
            return f"test {first or 'arch'}"
        if assembly:
            own = ROUTINES.get(mutant.function, [mutant.function]) if mutant else []
            own = [name for name in own if name in self.routines]
            if own and self.shop.bytes_fail(own) or self.shop.bytes_fail():
                return "bytes"
        return ""

    def _boots(self):
        by = self.shop.boot() if self.with_proof else ""
        return f"boot {by}" if by else ""


def _work(number, folder, with_proof, todo, done):
    """One of the processes side by side: mutants from a queue, verdicts into another. The first checks the good tree."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        judge = Judge(os.path.join(folder, str(number)), with_proof, number == 0)
        for mutant in iter(todo.get, None):
            start = time.monotonic()
            try:
                by, trouble = judge.judge(mutant), ""
            except Unfit:
                raise
            except Trouble as error:
                by, trouble = None, str(error)
            done.put((mutant, by, trouble, time.monotonic() - start))
    except KeyboardInterrupt:
        # Nobody reads any more.
        done.cancel_join_thread()
        return
    except (Trouble, OSError) as error:
        done.put((None, None, str(error), 0.0))
    done.put(None)


def _stop(_signal, _frame):
    raise KeyboardInterrupt


def run(chosen, jobs, with_proof):
    """(mutant, verdict, trouble, seconds) as they come, from @jobs processes."""
    os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
    folder = tempfile.mkdtemp(prefix="mutants-", dir=os.path.join(ROOT, "build"))
    todo, done = multiprocessing.Queue(), multiprocessing.Queue()
    for mutant in chosen + [None] * jobs:
        todo.put(mutant)
    workers = [multiprocessing.Process(target=_work, args=(number, folder, with_proof, todo, done))
               for number in range(jobs)]
    try:
        for worker in workers:
            worker.start()
        ended = 0
        while ended < jobs:
            item = done.get()
            if item is None:
                ended += 1
            elif item[0] is None:
                raise Trouble(item[2])
            else:
                yield item
    finally:
        todo.cancel_join_thread()
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join(10)
            worker.kill()
        shutil.rmtree(folder, ignore_errors=True)


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
    # In no order of files: what an unfinished run has seen is a fair sample.
    random.Random(args.seed).shuffle(chosen)
    return chosen[:args.sample]


class Store:
    """build/mutants.json: the verdict of each mutant, and the tree that it is about."""

    def __init__(self, path, tree, mode, with_proof, names):
        self.path, self.with_proof = path, with_proof
        self.data = {"commit": tools.commit(ROOT), "tree": tree, "verdicts": {}}
        self.judged = set()     # what need not be judged again; the other verdicts stand until it is
        if mode and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                old = json.load(file).get("verdicts", {})
            self.data["verdicts"] = {name: entry for name, entry in old.items() if name in names}
            self.judged = {name for name, entry in self.data["verdicts"].items() if self._good(entry, tree, mode)}

    def _good(self, entry, tree, mode):
        if mode == "carry" and entry["by"]:
            return True
        return entry["tree"] == tree and (entry["by"] or entry["proof"] or not self.with_proof)

    def known(self, mutant):
        entry = self.data["verdicts"].get(mutant.id)
        return entry and entry["by"]

    def put(self, mutant, by, seconds):
        self.judged.add(mutant.id)
        self.data["verdicts"][mutant.id] = {
            "by": by, "proof": self.with_proof, "tree": self.data["tree"], "seconds": round(seconds, 1), "file": mutant.file,
            "function": mutant.function, "line": mutant.line, "rule": mutant.rule, "change": mutant.change()}
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.data, file, indent=1)
        os.replace(self.path + ".new", self.path)

    def others(self, chosen):
        """Verdicts about another tree."""
        mine = [self.data["verdicts"].get(mutant.id) for mutant in chosen]
        return sum(1 for entry in mine if entry and entry["tree"] != self.data["tree"])


def report(store, chosen, reasons):
    """A line for each file: how many mutants, and by what they were noticed."""
    table = defaultdict(Counter)
    for mutant in chosen:
        by = store.known(mutant)
        if by is not None:
            table[mutant.file][by.split(" ")[0] if by else "reason" if mutant.id in reasons else "SURVIVED"] += 1
    columns = [name for name in (*MEANS, "reason", "SURVIVED") if any(counts[name] for counts in table.values())]
    lines = [f"{'':36}" + "".join(f"{name:>10}" for name in ("mutants", *columns))]
    for name, counts in [*sorted(table.items()), ("all", sum(table.values(), Counter()))]:
        lines.append(f"{name:36}{counts.total():10}" + "".join(f"{counts[column] or '':>10}" for column in columns))
    return lines


def arguments():
    parser = argparse.ArgumentParser(prog="proofs/mutants.py", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these mutants")
    parser.add_argument("--list", action="store_true", help="list the mutants and stop")
    parser.add_argument("--report", action="store_true", help="only say what build/mutants.json knows")
    parser.add_argument("--file", action="append", metavar="FILE", help="only mutants of this file (repeatable)")
    parser.add_argument("--sample", type=int, metavar="N", help="N of them, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="processes side by side (default: the machine's cores)")
    parser.add_argument("--tests-only", action="store_true",
                        help="without what takes long: sanitizers, boots, the proof of functions and of the model; a run "
                        "that has them judges the survivors again")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--resume", dest="mode", action="store_const", const="resume",
                       help="keep the verdicts of build/mutants.json that are about this tree")
    modes.add_argument("--carry", dest="mode", action="store_const", const="carry",
                       help="keep those too that say what noticed a mutant in an earlier tree")
    args = parser.parse_args()
    if args.sample is not None and args.sample < 1:
        parser.error("--sample: at least 1")
    if args.jobs < 1:
        parser.error("--jobs: at least 1")
    return args


def main():
    signal.signal(signal.SIGTERM, _stop)
    args = arguments()
    found = generate()
    chosen = choose(found, args)
    if args.list:
        for mutant in chosen:
            print(mutant.tell())
        return 0
    reasons = survivors()
    names = {mutant.id for mutant in found}
    store = Store(SAMPLE if args.sample else STORE, workshop.tree_digest(), "carry" if args.report else args.mode,
                  not args.tests_only, names)
    errors = [f"proofs/survivors.toml: there is no mutant {name}" for name in reasons if name not in names]
    todo = [] if args.report else [mutant for mutant in chosen if mutant.id not in store.judged]
    for number, (mutant, by, trouble, seconds) in enumerate(run(todo, min(args.jobs, len(todo)), not args.tests_only), 1):
        if trouble:
            errors.append(f"{mutant.tell()}: {trouble}")
            continue
        store.put(mutant, by, seconds)
        print(f"mutants: {number}/{len(todo)} {seconds:.0f} s: "
              f"{by or ('survives, with a reason' if mutant.id in reasons else 'SURVIVED')}: {mutant.tell()}", flush=True)
    return verdict(store, chosen, found, reasons, errors, args.tests_only)


def verdict(store, chosen, found, reasons, errors, tests_only):
    mine = [mutant for mutant in chosen if store.known(mutant) is not None]
    real = [mutant for mutant in mine if store.known(mutant) != "compiler"]
    caught = [mutant for mutant in real if store.known(mutant)]
    for line in report(store, chosen, reasons):
        print(line)
    for mutant in mine:
        # A version that behaves the same may still be one that a proof does not go through with.
        if mutant.id in reasons and store.known(mutant) and not store.known(mutant).startswith("proof"):
            errors.append(f"proofs/survivors.toml: {mutant.id} is noticed: {store.known(mutant)}")
        if mutant.id not in reasons and not store.known(mutant):
            if not tests_only:
                errors.append(f"nothing notices {mutant.tell()}")
            else:
                print(f"mutants: left to the proofs: {mutant.tell()}")
    for text in errors:
        print(f"mutants: error: {text}")
    # How many may have a reason to survive is for the run of all of them to say: a sample may have many by chance.
    same = [mutant for mutant in real if tests_only and mutant.id in reasons and not store.known(mutant)]
    score = len(caught) / (len(real) - len(same)) if len(real) > len(same) else 0.0
    if store.others(mine):
        print(f"mutants: {store.others(mine)} of the verdicts are about an earlier tree")
    print(f"mutants: {len(mine)} of {len(found)}; {len(real)} that compile, {len(caught)} noticed ({100 * score:.1f} %), "
          f"{len(real) - len(caught)} survived, {sum(1 for mutant in mine if mutant.id in reasons)} of them with a reason")
    return 1 if errors or not real or score < GOAL else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Trouble, tools.Trouble, OSError, tomllib.TOMLDecodeError) as problem:
        print(f"mutants: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nmutants: interrupted; --resume goes on", file=sys.stderr)
        sys.exit(130)
