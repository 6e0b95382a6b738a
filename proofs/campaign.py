#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The proof campaign: every goal that must exist, and what the provers say of each.

Run it after the generator. It lists the goals first (model theorems, the C code's contracts and
run-time checks, bit-vector queries, smoke probes), has each written out as an SMT-LIB file by the
tool that owns it, and gives the files to the provers itself; a verdict is a prover's own answer to
one file. It writes build/proof.json and build/proof-summary.txt and prints one last line.
"""

import argparse
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from engine import checks, config, goals, prove, report, smt, tools  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def arguments():
    parser = argparse.ArgumentParser(
        prog="proofs/campaign.py", description=__doc__.split("\n\n")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unit", action="append", metavar="NAME",
                        help="only this unit (repeatable): the result is partial and counts as no evidence")
    parser.add_argument("--function", action="append", metavar="NAME",
                        help="with --unit: only the goals of this C function (repeatable)")
    parser.add_argument("--list", action="store_true", help="list the units and stop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="processes at a time (default: the machine's cores)")
    parser.add_argument("--source", default=ROOT, metavar="DIR",
                        help="the tree to prove (default: this one); results go to its build/")
    args = parser.parse_args()
    if args.jobs < 1:
        parser.error("--jobs: at least 1")
    if args.function and not args.unit:
        parser.error("--function needs --unit")
    return args


def campaign(args):
    start = time.monotonic()
    root = os.path.abspath(args.source)
    table = config.load(root)
    units = config.select(table, args.unit)
    if args.list:
        for unit in units:
            print(f"{unit.name:24} {unit.kind:6} {unit.source}")
        return 0
    versions = tools.check()
    work = tools.workspace(root)
    partial = bool(args.unit)
    say = report.Progress(start)

    say.line(f"proof: {len(units)} units, {args.jobs} processes")
    errors = checks.source_errors(root, table)
    found, more = goals.collect(root, work, table, units, args.function, args.jobs, say)
    errors += more
    if not partial:
        errors += checks.coverage(root, table, found)
    for file, assumption, reason in table.assumed:
        say.line(f"proof: not proved but assumed ({assumption}): {file}: {reason}")
    for text in errors:
        say.line(f"proof: error: {text}")
    say.line(f"proof: inventory: {len(found)} goals, "
             f"{sum(1 for g in found if g.kind == goals.SMOKE)} of them smoke probes")
    prove.run(found, args.jobs, say, report.last_times(root))
    result = report.Result(root, table, found, errors, partial, versions, args, start)
    result.write()
    return result.tell(say)


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.stdout.reconfigure(line_buffering=True)
        return campaign(args)
    except tools.Trouble as trouble:
        print(f"proof: {trouble}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        smt.stop_all()
        print("\nproof: interrupted: nothing is proved by this run", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
