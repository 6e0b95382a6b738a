# SPDX-License-Identifier: BSD-2-Clause
"""A copy of the tree to spoil: builds, tests, proves and boots what was changed in it."""

import contextlib
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

from engine import config, sources

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = ["-Itests/unit", "-Itests/unit/fake", "-Isrc/hyp", "-Ibuild/gen/include", "-Ibuild/gen", "-Ibuild"]
# The tests as they are first, then as `make unit-check` runs them. The last number is their limit in CPU seconds.
PLAIN = ("plain", ["-O1"], 20)
SANITIZED = ("sanitized", ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"], 200)
# What `make image`, the campaign, the proof from bytes and tools/systest need.
TREE = ("src", "annotations", "model", "spec", "proofs", "tools", "tests/unit", "tests/arch",
        "tests/system", "tests/payloads", "build/gen", "build/image", "build/payloads", "build/stamps", "build/arm64/usr")
FILES = ("Makefile", "build/initrd.cpio.gz", "build/initrd-fuzz-6.1.cpio.gz", "build/hypatia.elf", "build/hypatia.img")
# The ratchet compares with what was proved before; here only goals that fail count.
LEFT_OUT = shutil.ignore_patterns("__pycache__", "ratchet.txt")
PAYLOADS = [f"build/payloads/{name}.img" for name in ("attack", "smp", "entry", "chain")]
# Those without Linux: a few seconds each.
BOOTS = ("attack", "attack-a57", "entry-el1", "entry-el3", "panic-early", "smp-2")
# Seconds on the clock end what hangs. Whether a version is noticed is decided by CPU seconds, not by the machine's load.
STEP_LIMIT = 900
PROOF_LIMIT = 3000
BYTES_LIMIT = 200
SYSTEM_LIMIT = 600
ARCH_LIMIT = 100
# What a campaign prints of a goal that is not proved, or of a theorem that is not there.
NOTICED = re.compile(r"proof: (?:(?:failed|timed out|missing): |error: model:\S+: theorem (?=\S+ has no goal))(\S+)")


class Trouble(Exception):
    """Something that stops the judgement of a mutant, in one line."""


class Unfit(Trouble):
    """The tree without any change does not pass: no verdict can be had."""


class Broken(Trouble):
    """The changed tree does not compile or assemble."""


def tree_digest():
    """One digest of all that decides what becomes of a mutant."""
    digest = hashlib.sha256()
    for part in TREE[:10]:
        for path in sorted(glob.glob(os.path.join(ROOT, part, "**", "*"), recursive=True)):
            if os.path.isfile(path) and "__pycache__" not in path and not path.endswith(("survivors.toml", ".txt")):
                with open(path, "rb") as file:
                    digest.update(os.path.relpath(path, ROOT).encode() + hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


class Workshop:
    """@folder becomes a copy of the tree with the objects of the good version."""

    def __init__(self, folder):
        self.root = folder
        for part in TREE:
            source = os.path.join(ROOT, part)
            if os.path.isdir(source):
                shutil.copytree(source, os.path.join(folder, part), symlinks=True, ignore=LEFT_OUT)
        for name in FILES:
            if os.path.exists(os.path.join(ROOT, name)):
                shutil.copy2(os.path.join(ROOT, name), os.path.join(folder, name))
        # What a campaign proved of the good version need not be proved again: entries are replaced, never changed.
        cache = os.path.join("build", "cache", "proof")
        if os.path.isdir(os.path.join(ROOT, cache)):
            shutil.copytree(os.path.join(ROOT, cache), os.path.join(folder, cache), copy_function=os.link,
                            ignore=shutil.ignore_patterns("run-*", "tmp*", "whole.json"))
        # What boots only reads.
        os.symlink(os.path.join(ROOT, "build/kernel-6.1"), os.path.join(folder, "build/kernel-6.1"))
        # Whoever came so far has all packages; make need not ask again.
        for name in ("build", "qemu"):
            with open(os.path.join(folder, "build/stamps", name), "a", encoding="utf-8"):
                pass
        # Short ones first.
        tests = glob.glob("tests/unit/test_*.c", root_dir=folder)
        tests.sort(key=lambda name: os.path.getsize(os.path.join(folder, name)))
        self.tests = [os.path.basename(name)[:-2] for name in tests]
        self.good = {}
        self.proved = {}        # options of a campaign -> goals that fail without any change

    def decide(self, command, cpu):
        """(exit status, output) of what notices changes, with a limit of @cpu seconds."""
        status, text = self.run(["prlimit", f"--cpu={cpu}", *command])
        if status is None:
            raise Trouble(f"{command[0]}: no end after {STEP_LIMIT} s, and less than {cpu} s of CPU time")
        return status, text

    def run(self, command, limit=STEP_LIMIT):
        """(exit status, output); None for one that met its limit."""
        with subprocess.Popen(command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True) as process:
            try:
                text, _ = process.communicate(timeout=limit)
                return process.returncode, text
            except subprocess.TimeoutExpired:
                _end(process)
                return None, ""
            except BaseException:
                _end(process)
                raise

    @contextlib.contextmanager
    def changed(self, name, change):
        """@name with its text changed, until the end of the block."""
        path = os.path.join(self.root, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed = change(text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
        try:
            yield
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

    # Unit tests

    def _compile(self, build, source, folder):
        kind, flags, _ = build
        target = os.path.join(folder, f"{kind}-{os.path.basename(source)[:-2]}.o")
        status, text = self.run(["gcc", "-std=gnu11", "-g", *flags, *INCLUDE, "-c", "-o", target, source], 120)
        if status != 0:
            raise Broken(f"{source}: {(text.splitlines() or ['does not compile'])[0]}")
        return target

    def _objects(self, build, folder, only):
        """Objects of the core, the machine and the test programs; of @only (a source) alone when given."""
        folder = os.path.join(self.root, "objects", folder)
        os.makedirs(folder, exist_ok=True)
        sources = [only] if only else sorted(glob.glob("src/hyp/*.c", root_dir=self.root)) + \
            sorted(glob.glob("tests/unit/*.c", root_dir=self.root))
        return {source: self._compile(build, source, folder) for source in sources}

    def build_good(self, *builds):
        """The objects of the good version; before anything is changed."""
        for build in builds:
            if build[0] not in self.good:
                self.good[build[0]] = self._objects(build, "good", None)

    def _built(self, build, changed):
        """All objects, of which those that hang on @changed (None: all) are new."""
        if changed and changed.endswith(".c"):
            return self.good[build[0]] | self._objects(build, "changed", changed)
        return self._objects(build, "changed", None)

    def passes(self, build, name, built):
        core = [built[source] for source in built if not os.path.basename(source).startswith("test_")]
        program = os.path.join(self.root, "objects", name)
        status, text = self.run(["gcc", *build[1], "-o", program, built[f"tests/unit/{name}.c"], *core, "-lcmocka"], 120)
        if status != 0:
            raise Broken(f"{name} does not link: {text.strip()[-300:]}")
        return self.decide([program], build[2])[0] == 0

    def check_tests(self, *builds):
        """Each test must pass before anything is changed."""
        for build in builds:
            for name in self.tests:
                if not self.passes(build, name, self.good[build[0]]):
                    raise Unfit(f"{name} fails without any change")

    def test(self, changed, names=None, builds=(PLAIN, SANITIZED)):
        """The first test that fails with @changed, a source or header; None: everything may have changed."""
        own = f"test_{os.path.splitext(os.path.basename(changed or ''))[0]}"
        for build in builds:
            built = self._built(build, changed)
            for name in names or sorted(self.tests, key=lambda one: one != own):
                if not self.passes(build, name, built):
                    return name
        return ""

    # Proofs

    def prove(self, options, failing=None):
        """Goals that fail; with @failing (those that fail without any change) the first other one is enough.

        A campaign that could not run has noticed nothing; one that has lost a theorem has, also when a theory of the
        model is not well formed any more and none of its theorems is left.
        """
        command = [sys.executable, "proofs/campaign.py", "--no-report", "--warm", "--jobs", "1", *options]
        last, found = "", set()
        with subprocess.Popen(command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True) as process:
            clock = threading.Timer(PROOF_LIMIT, _end, [process])
            clock.start()
            try:
                for line in process.stdout:
                    match = NOTICED.match(line)
                    if match:
                        found.add(match[1])
                        if failing is not None and match[1] not in failing:
                            _end(process)
                            return {match[1]}
                    last = line.strip() or last
            except BaseException:
                _end(process)
                raise
            finally:
                clock.cancel()
        match = re.match(r"proof: (\d+) goals, ", last)
        if not match or int(match[1]) == 0 and not found:
            raise Trouble(f"the campaign did not run: {last or 'no output'}")
        return found if failing is None else set()

    def prove_changed(self, several, change):
        """Whether goals fail in the tree that @change (a context) makes, and only there; one of @several options after
        the other, until one does.

        A goal that is near its limit may fail on a busy machine without any change.
        """
        for options in several:
            if options not in self.proved:
                self.proved[options] = self.prove(options)
        with change:
            return any(self.prove(options, self.proved[options]) for options in several)

    # Image, bytes, boots

    def generate(self):
        return self.run(["make", "-s", "generate"], 120)[0] == 0

    def generated(self):
        """Folder of build/gen -> digest of what spec/ generates there; without the documents."""
        found = {}
        for path in sorted(glob.glob(os.path.join(self.root, "build/gen/*/**"), recursive=True)):
            name = os.path.relpath(path, os.path.join(self.root, "build/gen"))
            part = name.split("/")[0]
            if os.path.isfile(path) and part != "docs":
                with open(path, "rb") as file:
                    digest = hashlib.sha256(name.encode() + hashlib.sha256(file.read()).digest()).hexdigest()
                found[part] = hashlib.sha256((found.get(part, "") + digest).encode()).hexdigest()
        return found

    def image(self):
        return self.run(["make", "-s", "image", *PAYLOADS], 300)[0] == 0

    def arch_fail(self, first="", alone=False):
        """Whether a test of tests/arch fails; those of the classes @first are tried before all, or @alone."""
        command = [sys.executable, "tests/arch/run.py", "-f"]
        if first and self.decide([*command, *first.split()], ARCH_LIMIT)[0] != 0:
            return True
        return not alone and self.decide(command, ARCH_LIMIT)[0] != 0

    def bytes_fail(self, routines=()):
        """Whether a goal about the linked assembly fails; of @routines alone, when given."""
        options = [word for name in routines for word in ("--routine", name)]
        status, text = self.decide([sys.executable, "proofs/bytes/prove.py", *options], BYTES_LIMIT)
        if status not in (0, 1, -signal.SIGXCPU, -signal.SIGKILL):
            raise Trouble("the proof from bytes did not run: " + (text.strip().splitlines() or [""])[-1])
        return status != 0

    def routines(self):
        status, text = self.run([sys.executable, "proofs/bytes/prove.py", "--list"], 60)
        if status != 0:
            raise Trouble("proofs/bytes/prove.py --list: " + (text.strip().splitlines() or [""])[-1])
        return sorted({line.split("/")[0] for line in text.split()} - {"image"})

    def system_fail(self, name):
        """Whether system test @name fails."""
        return self.run(["tools/systest", name], SYSTEM_LIMIT)[0] != 0

    def boot(self):
        """The first of the boots that fails."""
        for name in BOOTS:
            if self.run(["tools/systest", name], 300)[0] != 0:
                return name
        return ""


def _end(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def units(root):
    """(file of src/hyp -> the unit that proves it, the units of the model and of bits)"""
    table = config.load(root)
    by_file = {unit.source: unit.name for unit in table.units if unit.kind == config.C}
    for name in glob.glob("src/hyp/*.h", root_dir=root):
        by_file[name] = table.headers.get(name, by_file.get(name[:-1] + "c"))
    model = [unit for unit in table.units if unit.kind == config.BITS or
             unit.kind == config.MODEL and sources.theorems(os.path.join(root, unit.source))]
    # Short ones first.
    model.sort(key=lambda unit: os.path.getsize(os.path.join(root, unit.source)))
    return by_file, [unit.name for unit in model]
