#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Proof from bytes: the assembly of the linked image does what spec/assembly.toml says.

Decodes the routines in build/hypatia.elf, executes each on symbolic values along every path, and asks Z3 whether
the clauses of its contract hold. One line for each goal, one for the whole; status 0 only when all are proved.
"""
import argparse
import hashlib
import json
import pathlib
import sys
import time

import capstone
import z3

import contracts
import judge
import verdicts
from image import Image, ImageError
from language import BadExpression


# Debian 12's: the tests of the instructions' meaning and the step limit were made with these.
VERSIONS = {"capstone": (capstone.__version__, "4.0.2"), "z3": (z3.get_version_string(), "4.8.12")}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--elf", type=pathlib.Path, default=contracts.TOP / "build" / "hypatia.elf")
    parser.add_argument("--spec", type=pathlib.Path, default=contracts.TOP / "spec", help="folder of the TOML files")
    parser.add_argument("--list", action="store_true", help="the goals that must exist, without the image")
    parser.add_argument("--routine", action="append", metavar="NAME", help="only this one (repeatable)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.add_argument("--same", type=pathlib.Path, metavar="RESULT",
                        help="only compare the routines' bytes with those that RESULT (JSON of a proof) is about")
    return parser.parse_args()


def run(book, args):
    image = Image(args.elf)
    decoder = verdicts.new_decoder(book)
    chosen = args.routine or list(book.routines)
    for name in chosen:
        if name not in book.routines:
            raise BadExpression(f"--routine {name}: spec/assembly.toml has no such routine")
    goals, bytes_of, addresses = {}, {}, set()
    for name in chosen:
        result = verdicts.prove(book, image, decoder, book.routines[name])
        addresses |= result.covered
        bytes_of[name] = {"sha256": result.sha256, "meaning": result.meaning}
        for clause, verdict in result.verdicts.items():
            goals[f"{name}/{clause}"] = verdict
    if not args.routine:
        whole = {"registered": verdicts.registered(book, image), "covered": verdicts.covered(book, image, addresses),
                 "untouched": verdicts.untouched(image, decoder)}
        for name in contracts.IMAGE_GOALS:
            text = whole[name]
            goals[f"image/{name}"] = verdicts.Verdict(verdicts.FAILED if text else verdicts.PROVED, text)
    return goals, bytes_of


def same(book, args):
    """The routines' bytes against those of an earlier proof: what they refer to may stand elsewhere."""
    image, decoder = Image(args.elf), verdicts.new_decoder(book)
    if not args.same.exists():
        print(f"bytes: {args.same} is missing: nothing was proved (make prove)")
        return 1
    before = json.loads(args.same.read_text(encoding="utf-8"))["routines"]
    wrong = []
    for name, routine in book.routines.items():
        raw, named = verdicts.fingerprints(image, decoder, routine, book)
        proved = before.get(name, {})
        if raw != proved.get("sha256") and not verdicts.same_meaning(proved.get("meaning", []), named):
            wrong.append(name)
    for name in wrong:
        print(f"bytes: {name}: not the bytes that were proved")
    print(f"bytes: {len(book.routines) - len(wrong)} of {len(book.routines)} routines as they were proved")
    return 1 if wrong else 0


def tell(goals, seconds):
    for name, verdict in goals.items():
        print(f"bytes: {verdict.verdict:8} {name}" + (f": {verdict.text}" if verdict.text else ""))
    proved = sum(1 for verdict in goals.values() if verdict.verdict == verdicts.PROVED)
    print(f"bytes: {len(goals)} goals, {proved} proved, {len(goals) - proved} unproved, {seconds:.1f} s")


def main():
    args = arguments()
    start = time.monotonic()
    for name, (found, wanted) in VERSIONS.items():
        if found != wanted:
            print(f"bytes: {name}: version {wanted} is needed, not {found}", file=sys.stderr)
            return 2
    try:
        book = contracts.read(args.spec)
        if args.list:
            names = contracts.goals(book)
            print(json.dumps(names) if args.json else "\n".join(names))
            return 0
        if args.same:
            return same(book, args)
        goals, bytes_of = run(book, args)
    except (ImageError, BadExpression, contracts.load.SpecError) as error:
        print(f"bytes: {error}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps({
            "goals": {name: vars(verdict) | {"limit": judge.LIMIT} for name, verdict in goals.items()},
            "routines": bytes_of, "elf": hashlib.sha256(args.elf.read_bytes()).hexdigest(),
            "tools": {name: found for name, (found, _) in VERSIONS.items()}}))
    else:
        tell(goals, time.monotonic() - start)
    complete = goals and all(verdict.verdict == verdicts.PROVED for verdict in goals.values())
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
