# SPDX-License-Identifier: BSD-2-Clause
"""Progress while the campaign runs; proof.json, proof-summary.txt and the last line after it."""

import json
import os
import sys
import time

from . import checks, goals
from .store import COLD

SLOW = 5.0
FIELDS = ("unit", "function", "name", "kind", "verdict", "prover", "seconds", "steps", "tried", "source", "line",
          "requirements", "text", "z3_text", "cached")


class Progress:
    """A counter that redraws itself on a terminal and prints every tenth part elsewhere."""

    def __init__(self, start):
        self.start = start
        self.tty = sys.stdout.isatty()
        self.last = ""

    def _clear(self):
        if self.tty and self.last:
            print("\r" + " " * len(self.last) + "\r", end="")
            self.last = ""

    def line(self, text):
        self._clear()
        print(text, flush=True)

    def step(self, what, count, total):
        text = f"proof: {what}: {count}/{total}  {time.monotonic() - self.start:.0f} s"
        if self.tty:
            self._clear()
            print(text, end="", flush=True)
            self.last = text
            if count == total:
                print()
                self.last = ""
        elif count == total or count * 10 // total != (count - 1) * 10 // total:
            print(text, flush=True)


def last_times(root):
    """Seconds per goal of the run before, to start the long ones first. It decides nothing else."""
    try:
        with open(os.path.join(root, "build", "proof.json"), encoding="utf-8") as file:
            return {f"{goal['unit']}/{goal['name']}": sum(one["seconds"] for one in goal["tried"])
                    for goal in json.load(file)["goals"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def as_dict(goal, root):
    data = {name: getattr(goal, name) for name in FIELDS}
    data["seconds"] = round(goal.seconds, 3)
    data["file"] = os.path.relpath(goal.file, root) if goal.file else ""
    return data


def from_dict(data):
    return goals.Goal(**{name: data[name] for name in FIELDS})


class Result:
    """The verdicts of a run. @head: baseline, tools, limits and mode; @partial: not all goals."""

    def __init__(self, root, table, found, errors, head, partial, start):
        self.root, self.found, self.errors, self.partial, self.head = root, found, errors, partial, head
        self.units = [unit for unit in table.units if any(goal.unit == unit.name for goal in found)]
        self.smoke = sum(1 for goal in found if goal.kind == goals.SMOKE and goal.verdict == goals.FAILED)
        self.proved = sum(1 for goal in found if goal.ok)
        self.unproved = len(found) - self.proved - self.smoke
        self.assumptions = len(checks.assumptions(root))
        self.seconds = time.monotonic() - start
        self.items = {}

    @property
    def evidence(self):
        """Only a cold run of everything, from a tree that a commit names, says something to others."""
        return self.whole and not self.head["commit"].endswith("-dirty")

    @property
    def whole(self):
        """Everything proved, by a cold run of everything."""
        return self.good and not self.partial and self.head["mode"] == COLD

    @property
    def name(self):
        if self.partial:
            return "proof-partial"
        return "proof" if self.head["mode"] == COLD else "proof-" + self.head["mode"]

    @property
    def good(self):
        return bool(self.found) and not self.errors and self.smoke == 0 and self.unproved == 0

    @property
    def last_line(self):
        return (f"proof: {len(self.found)} goals, {self.proved} proved, {self.unproved} unproved, "
                f"{self.smoke} smoke failures, {self.assumptions} assumptions")

    def table(self):
        lines = [f"{'unit':24} {'goals':>6} {'proved':>7} {'unproved':>9} {'smoke':>6} {'failed':>7} {'longest':>8}"]
        for unit in self.units:
            mine = [goal for goal in self.found if goal.unit == unit.name]
            smoke = [goal for goal in mine if goal.kind == goals.SMOKE]
            real = [goal for goal in mine if goal.kind != goals.SMOKE]
            proved = sum(1 for goal in real if goal.ok)
            lines.append(f"{unit.name:24} {len(real):6} {proved:7} {len(real) - proved:9} {len(smoke):6} "
                         f"{sum(1 for goal in smoke if not goal.ok):7} {max(goal.seconds for goal in mine):6.1f} s")
        return lines

    def slowest(self):
        real = [goal for goal in self.found if goal.kind != goals.SMOKE and goal.seconds >= 1.0]
        return sorted(real, key=lambda goal: -goal.seconds)[:10]

    def data(self):
        kinds = {}
        for goal in self.found:
            kinds[goal.verdict] = kinds.get(goal.verdict, 0) + 1
        return dict(self.head, format="hypatia-proof-1", partial=self.partial, evidence=self.evidence,
                    seconds=round(self.seconds, 1), errors=self.errors,
                    summary={"goals": len(self.found), "proved": self.proved, "unproved": self.unproved,
                             "smoke_failures": self.smoke, "assumptions": self.assumptions, "complete": self.good,
                             "verdicts": kinds, "cached": sum(1 for goal in self.found if goal.cached)},
                    items=[{"unit": unit, "function": function, "write_seconds": round(seconds, 3)}
                           for (unit, function), seconds in sorted(self.items.items())],
                    goals=[as_dict(goal, self.root) for goal in sorted(self.found, key=lambda goal: goal.key)])

    def write(self):
        build = os.path.join(self.root, "build")
        data = self.data()
        with open(os.path.join(build, self.name + ".json"), "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
            file.write("\n")
        with open(os.path.join(build, self.name + "-summary.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join([f"baseline {data['baseline']}, {data['mode']} run"] + self.table() +
                                 self._problems() + [self.last_line]) + "\n")
        if not self.partial:
            self._header()
            self._history(data)
        return data

    def _history(self, data):
        """One line for each whole run, for the trend."""
        line = {"time": int(time.time()), "baseline": data["baseline"], "mode": data["mode"],
                "seconds": data["seconds"], "summary": data["summary"]}
        with open(os.path.join(self.root, "build", "proof-history.jsonl"), "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _header(self):
        """What the boot banner says of the proof; absent when there is nothing good to say."""
        path = os.path.join(self.root, "build", "gen", "include", "gen", "proof_summary.h")
        if not self.good and os.path.exists(path):
            os.unlink(path)
        if not self.whole or not os.path.isdir(os.path.dirname(path)):
            return
        with open(path, "w", encoding="utf-8") as file:
            file.write("/* SPDX-License-Identifier: BSD-2-Clause */\n/* Written by proofs/campaign.py. Do not edit. */\n"
                       "#ifndef GEN_PROOF_SUMMARY_H\n#define GEN_PROOF_SUMMARY_H\n\n"
                       f"#define PROOF_SUMMARY \"{self.last_line}\"\n\n#endif\n")

    def _problems(self):
        lines = [f"error: {text}" for text in self.errors]
        lines += [f"{goal.verdict}: {goal.key}" for goal in self.found if not goal.ok]
        return lines

    def tell(self, say):
        for text in self.table():
            say.line(text)
        for goal in self.slowest():
            mark = "  over 5 s" if goal.seconds > SLOW else ""
            say.line(f"proof: {goal.seconds:4.1f} s {goal.prover:5} {goal.key}{mark}")
        for text in self._problems():
            say.line(f"proof: {text}")
        if self.partial:
            say.line("proof: only a part was run: no evidence")
        elif self.head["mode"] != COLD:
            say.line(f"proof: a {self.head['mode']} run: no evidence; a cold one is (make prove)")
        say.line(f"proof: {self.seconds:.0f} s; every goal in build/{self.name}.json")
        say.line(self.last_line)
        return 0 if self.good else 1
