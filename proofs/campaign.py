#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The proof campaign: every goal that must exist, and what the provers say of each.

Run it after the generator. It lists the goals first (model theorems, the C code's contracts and
run-time checks, bit-vector queries, smoke probes), has each written out as an SMT-LIB file by the
tool that owns it, and gives the files to the provers itself; a verdict is a prover's own answer to
one file. It writes build/proof.json and build/proof-summary.txt and prints one last line.

  campaign.py [run]                 prove; docs/campaign.md tells of modes and shards
  campaign.py join FILE...          make one result of the results of shards
  campaign.py assumptions --diff REV
Exit status: 0 all proved, 1 not all proved or an error in what was found, 2 it could not run, 130 interrupted.
"""

import argparse
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from engine import checks, clauses, config, explain, goals, prove, ratchet, report  # noqa: E402
from engine import shard, smt, state, tools  # noqa: E402
from engine.store import CHANGED, COLD, WARM, Store, digest  # noqa: E402
from engine.written import Written  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def arguments():
    parser = argparse.ArgumentParser(
        prog="proofs/campaign.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", default="run", choices=("run", "join", "assumptions"))
    parser.add_argument("files", nargs="*", metavar="FILE", help="join: results of shards")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--cold", dest="mode", action="store_const", const=COLD, default=COLD,
                       help="nothing reused (the default; the only run that is evidence)")
    modes.add_argument("--warm", dest="mode", action="store_const", const=WARM,
                       help="goals and valid verdicts from the cache where nothing changed")
    modes.add_argument("--changed", dest="mode", action="store_const", const=CHANGED,
                       help="only goals whose text changed since the last whole run")
    parser.add_argument("--unit", action="append", metavar="NAME",
                        help="only this unit (repeatable): the result is partial and counts as no evidence")
    parser.add_argument("--function", action="append", metavar="NAME",
                        help="with --unit: only the goals of this C function (repeatable)")
    parser.add_argument("--goal", action="append", metavar="NAME", help="with --unit: only this goal (repeatable)")
    parser.add_argument("--shard", metavar="I/N", help="only the I-th of N parts; its result is for join")
    parser.add_argument("--times", metavar="FILE", help="seconds for each function, to pack the shards (default: "
                        "proofs/times.txt)")
    parser.add_argument("--update-ratchet", action="store_true",
                        help="after a whole run that proved everything: write proofs/ratchet.txt, times.txt and first.txt")
    parser.add_argument("--diff", metavar="REV", help="assumptions: what came, went or changed since that commit")
    parser.add_argument("--restart", action="store_true", help="do not go on with a cold run that was interrupted")
    parser.add_argument("--no-report", action="store_true", help="verdicts alone: no explanations, no build/report")
    parser.add_argument("--list", action="store_true", help="list the units and stop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="processes at a time (default: the machine's cores)")
    parser.add_argument("--source", default=ROOT, metavar="DIR",
                        help="the tree to prove (default: this one); results go to its build/")
    args = parser.parse_args()
    if args.jobs < 1:
        parser.error("--jobs: at least 1")
    if (args.function or args.goal) and not args.unit:
        parser.error("--function and --goal need --unit")
    if args.shard and args.unit:
        parser.error("--shard is of the whole campaign: no --unit")
    if (args.command == "assumptions") != bool(args.diff):
        parser.error("assumptions needs --diff, and nothing else takes it")
    if (args.command == "join") != bool(args.files):
        parser.error("join needs files, and nothing else takes any")
    return args


class Campaign:
    def __init__(self, args):
        self.args, self.start = args, time.monotonic()
        self.root = os.path.abspath(args.source)
        self.table = config.load(self.root)
        self.units = config.select(self.table, args.unit)
        self.partial = bool(args.unit)
        self.say = report.Progress(self.start)

    def list(self):
        for unit in self.units:
            print(f"{unit.name:24} {unit.kind:6} {unit.source}")
        return 0

    def _begin(self):
        """What identifies the run: the tree, the tools, the limits."""
        self.versions = tools.check()
        commit = tools.commit(self.root)
        self.head = {"baseline": commit, "commit": commit, "inputs": tools.inputs(self.root), "tools": self.versions,
                     "limits": prove.limits(), "mode": self.args.mode, "jobs": self.args.jobs}

    def _open(self):
        args = self.args
        # Shards may run at the same time in one tree.
        name = f"proof-shard-{args.shard.replace('/', '-of-')}" if args.shard else "proof"
        self.work = tools.workspace(self.root, name)
        baseline = digest(*(str(self.head[key]) for key in ("commit", "inputs", "tools", "limits")))
        selection = f"{args.unit} {args.function} {args.goal} {args.shard}"
        self.store = Store(self.root, args.mode, baseline, selection, args.restart)
        self.written = Written(self.root, self.work, self.table, self.versions, self.store)

    def _wanted(self):
        """unit -> its functions that are asked for, and the shard's items when there is one."""
        if self.args.shard:
            self.number, self.of = shard.parse(self.args.shard)
            self.every = shard.items(self.table, self.written, self.units)
            times = shard.times(self.args.times or os.path.join(self.root, "proofs", "times.txt"))
            self.mine = shard.pack(self.every, times, self.of)[self.number - 1]
            wanted = {}
            for unit, function in self.mine:
                wanted.setdefault(unit, []).append(function)
            self.units = [unit for unit in self.units if unit.name in wanted]
            return wanted
        return {unit.name: self.args.function for unit in self.units}

    def _locate(self, found):
        places = clauses.Clauses(self.root, self.table)
        for goal in found:
            places.locate(goal)

    def run(self):
        args, say = self.args, self.say
        if args.mode == CHANGED:
            state.require_whole(self.root)
        self._begin()
        self._open()
        wanted = self._wanted()
        say.line(f"proof: {len(self.units)} units, {args.jobs} processes, {args.mode} run")
        if self.store.interrupted:
            say.line("proof: going on with the run that was interrupted")
        errors = [] if args.shard else checks.source_errors(self.root, self.table)
        found, more = goals.collect(self.root, self.work, self.table, self.units, wanted, args.jobs, say, self.written)
        errors += more
        if not found and not args.shard:
            errors.append("no goals at all")
        if args.goal:
            found = [goal for goal in found if goal.name in args.goal]
            names = {goal.name for goal in found}
            errors += [f"--goal {name}: no such goal" for name in args.goal if name not in names]
        if not self.partial and not args.shard:
            errors += checks.coverage(self.root, self.table, found)
        self._locate(found)
        clauses.write_inventory(self.work, found, errors, self.head)
        for file, assumption, reason in self.table.assumed:
            say.line(f"proof: not proved but assumed ({assumption}): {file}: {reason}")
        say.line(f"proof: inventory: {len(found)} goals, "
                 f"{sum(1 for g in found if g.kind == goals.SMOKE)} of them smoke probes")
        if args.mode == CHANGED:
            found_changed = state.changed(self.root, found, {unit.name for unit in self.units})
            say.line(f"proof: changed since the last whole run: {found_changed}")
            self.head["changed"] = found_changed
        prove.run(self.root, found, args.jobs, say, report.last_times(self.root), self.written, self.store)
        errors += self.store.contradictions
        if args.shard:
            return self._end_shard(found, errors)
        self.seconds = self.written.seconds
        return self._end(found, errors)

    def _end_shard(self, found, errors):
        name = f"proof-shard-{self.number}-of-{self.of}.json"
        seconds = [{"unit": unit, "function": function, "write_seconds": round(used, 3)}
                   for (unit, function), used in sorted(self.written.seconds.items())]
        shard.write(os.path.join(self.root, "build", name), dict(self.head, seconds=seconds), self.number, self.of,
                    self.every, self.mine, [report.as_dict(goal, self.root) for goal in found], errors)
        self.store.finish()
        for text in errors:
            self.say.line(f"proof: error: {text}")
        bad = [goal for goal in found if not goal.ok]
        self.say.line(f"proof: shard {self.args.shard}: {len(found)} goals, {len(found) - len(bad)} proved; "
                      f"build/{name}")
        return 1 if bad or errors else 0

    def assumptions(self):
        for line in ratchet.difference(self.root, self.args.diff):
            print(line)
        return 0

    def _end(self, found, errors):
        if self.args.update_ratchet:
            if self.partial or errors or not all(goal.ok for goal in found):
                errors.append("--update-ratchet: only after a whole run that proved everything")
            else:
                seconds = self.seconds if self.head["mode"] == COLD else {}
                ratchet.update(self.root, self.table, found, seconds)
        if not self.args.goal:
            errors += ratchet.errors(self.root, self.table, found, {unit.name for unit in self.units},
                                     not self.args.function)
        for text in errors:
            self.say.line(f"proof: error: {text}")
        result = report.Result(self.root, self.table, found, errors, self.head, self.partial, self.start)
        result.items = self.seconds
        self.store.finish()
        kinds = {unit.name: unit.kind for unit in self.table.units}
        explained = [] if self.args.no_report else explain.explain_all(self.root, found, self.store, kinds)
        for text in explained:
            self.say.line(text)
        data = result.write()
        state.update(self.root, found, self.partial)
        if not self.partial:
            self.store.prune()
        if not self.args.no_report:
            self._site(data, explained)
        return result.tell(self.say)

    def _site(self, data, explained):
        from report import site     # Jinja is for people: a campaign on a bare node does without
        site.write(self.root, data, explained)
        self.say.line("proof: report in build/report/index.html")

    def join(self):
        self._begin()
        parts = shard.join(self.args.files, self.head["inputs"])
        self.head.update({key: parts[0][key] for key in ("baseline", "commit", "tools", "limits", "mode")},
                         shards=parts[0]["of"])
        found = [report.from_dict(goal) for part in parts for goal in part["goals"]]
        self.seconds = {(one["unit"], one["function"]): one["write_seconds"]
                        for part in parts for one in part["seconds"]}
        self.store = Store(self.root, WARM, "", "")
        errors = checks.source_errors(self.root, self.table) + [text for part in parts for text in part["errors"]]
        errors += checks.coverage(self.root, self.table, found)
        if not found:
            errors.append("no goals at all")
        return self._end(found, errors)


def main():
    args = arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, smt.interrupted)
    try:
        sys.stdout.reconfigure(line_buffering=True)
        campaign = Campaign(args)
        if args.list:
            return campaign.list()
        return {"join": campaign.join, "assumptions": campaign.assumptions, "run": campaign.run}[args.command]()
    except tools.Trouble as trouble:
        print(f"proof: {trouble}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nproof: interrupted: the next run of the same tree goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
