#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Seeded bugs: put each of proofs/seeded.toml into a copy of the tree and see whether it is caught.

A bug is caught when the unit test, the class of tests/arch or the system test that is named for it fails, when goals
of the function or of the routine in assembly named for it are no longer proved. Each way that a bug names must
catch it: the command fails if one does not, and if the unchanged tree does not pass.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import tomllib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import workshop  # noqa: E402
from engine import tools  # noqa: E402
from workshop import ROOT, Trouble, Workshop  # noqa: E402


RESULT = os.path.join(ROOT, "build", "tests", "seeded.json")


def read():
    with open(os.path.join(ROOT, "proofs", "seeded.toml"), "rb") as file:
        bugs = tomllib.load(file)["bug"]
    for bug in bugs:
        if not any(way in bug for way in ("test", "arch", "system", "routine", "function")) or ("function" in bug) != ("unit" in bug):
            raise Trouble(f"seeded.toml: {bug['name']}: nothing is named that must catch it")
    return bugs


def tell(bug):
    ways = [bug.get("test"), bug.get("arch") and f"tests/arch {bug['arch']}", bug.get("system") and f"system test {bug['system']}",
            bug.get("routine") and f"bytes {bug['routine']}", bug.get("function") and f"{bug['unit']}.{bug['function']}"]
    classes = " ".join(map(str, bug.get("class", [])))
    return f"{bug['name']:36} {classes:>5}  {bug['file']:26} " + ", ".join(filter(None, ways))


class Trial:
    """Tries bugs in a workshop. @tests, @proofs: which ways to catch them are tried."""

    def __init__(self, folder, bugs, tests, proofs):
        self.shop, self.tests, self.proofs = Workshop(folder), tests, proofs
        builds = {bug["test"] for bug in bugs if "test" in bug}
        if tests and builds:
            self.shop.build_good(workshop.PLAIN, workshop.SANITIZED)
            self.shop.check_tests(workshop.PLAIN, workshop.SANITIZED)
        if any("arch" in bug or "system" in bug or "routine" in bug for bug in bugs):
            if not self.shop.generate() or not self.shop.image():
                raise Trouble("the image cannot be made without any bug")
            for name in sorted({bug["system"] for bug in bugs if tests and "system" in bug}):
                if self.shop.system_fail(name):
                    raise Trouble(f"the system test {name} fails without any bug")
            if not any("arch" in bug or "routine" in bug for bug in bugs):
                return
            if self.shop.arch_fail() or self.shop.bytes_fail(sorted({bug["routine"] for bug in bugs if "routine" in bug})):
                raise Trouble("tests/arch or the proof from bytes fails without any bug")

    def seed(self, bug):
        def change(text):
            if text.count(bug["old"]) != 1:
                raise Trouble(f"seeded.toml: {bug['name']}: '{bug['old'].strip().splitlines()[0]}' stands in "
                              f"{bug['file']} {text.count(bug['old'])} times, not once")
            return text.replace(bug["old"], bug["new"])

        return self.shop.changed(bug["file"], change)

    def ways(self, bug):
        """(what was tried, whether it caught the bug)"""
        if self.tests and "test" in bug:
            with self._generated(bug):
                yield bug["test"], bool(self.shop.test(bug["file"], [bug["test"]]))
        if self.tests and ("arch" in bug or "system" in bug) or "routine" in bug:
            yield from self._image(bug)
        if self.proofs and "function" in bug:
            yield f"proof of {bug['function']}", self.shop.prove_changed(
                [("--unit", bug["unit"], "--function", bug["function"])], self.seed(bug))

    @contextlib.contextmanager
    def _generated(self, bug):
        """The bug in place, and what is generated of it when it is one of the specification."""
        of_spec = bug["file"].startswith("spec/")
        try:
            with self.seed(bug):
                if of_spec and not self.shop.generate():
                    raise Trouble(f"{bug['name']}: the generator refuses it")
                yield
        finally:
            if of_spec:
                self.shop.generate()

    def _image(self, bug):
        try:
            with self.seed(bug):
                if not self.shop.generate() or not self.shop.image():
                    raise Trouble(f"{bug['name']}: the image cannot be made with it")
                if self.tests and "arch" in bug:
                    yield f"tests/arch {bug['arch']}", self.shop.arch_fail(bug["arch"], alone=True)
                if self.tests and "system" in bug:
                    yield f"system test {bug['system']}", self.shop.system_fail(bug["system"])
                if "routine" in bug:
                    yield f"bytes of {bug['routine']}", self.shop.bytes_fail([bug["routine"]])
        finally:
            self.shop.generate()


def try_all(trial, bugs):
    """Exit status, and what caught each bug and what did not."""
    errors, survivors, results = [], 0, {}
    for bug in bugs:
        try:
            ways = list(trial.ways(bug))
        except Trouble as trouble:
            errors.append(str(trouble))
            ways = []
        by = [name for name, caught in ways if caught]
        missed = [name for name, caught in ways if not caught]
        survivors += not by or bool(missed)
        results[bug["name"]] = {"class": bug.get("class", []), "caught": by, "missed": missed}
        print(f"seeded: {bug['name']:36} {'caught by ' + ', '.join(by) if by else 'SURVIVED'}"
              f"{'; MISSED by ' + ', '.join(missed) if missed else ''}", flush=True)
    for text in errors:
        print(f"seeded: error: {text}")
    print(f"seeded: {len(bugs)} bugs, {len(bugs) - survivors} caught, {survivors} survived")
    return 1 if survivors or errors or not bugs else 0, results


def main():
    parser = argparse.ArgumentParser(prog="proofs/seeded.py", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these bugs")
    parser.add_argument("--list", action="store_true", help="list the bugs, with their classes and what catches them")
    parser.add_argument("--unit-tests", action="store_true", help="no proof of functions: tests and bytes (two minutes)")
    parser.add_argument("--proofs", action="store_true", help="no tests")
    args = parser.parse_args()
    bugs = read()
    for name in args.names:
        if name not in [bug["name"] for bug in bugs]:
            parser.error(f"{name}: no such bug; --list shows them")
    bugs = [bug for bug in bugs if not args.names or bug["name"] in args.names]
    if args.list:
        for bug in bugs:
            print(tell(bug))
        return 0
    if args.proofs:
        bugs = [bug for bug in bugs if "function" in bug or "routine" in bug]
    # A folder of its own, so that two runs do not meet.
    os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="seeded-", dir=os.path.join(ROOT, "build")) as folder:
        status, results = try_all(Trial(folder, bugs, not args.proofs, not args.unit_tests), bugs)
    if not args.names and not args.proofs:
        os.makedirs(os.path.dirname(RESULT), exist_ok=True)
        with open(RESULT, "w", encoding="utf-8") as file:
            json.dump({"commit": tools.commit(ROOT), "tree": workshop.tree_digest(), "bugs": results}, file, indent=1)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Trouble, tools.Trouble, OSError, tomllib.TOMLDecodeError) as trouble:
        print(f"seeded: {trouble}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nseeded: interrupted", file=sys.stderr)
        sys.exit(130)
