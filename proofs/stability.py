#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How firmly each goal is proved: both provers, several seeds, the facts in another order each time.

Run it after a whole campaign: it takes the goals and their texts from there. A goal is stable when one
prover finds its proof under every seed, and brittle otherwise: a change elsewhere may end its proof.
Brittle goals must stand in proofs/brittle.txt; any other one makes the command fail. Results go to
build/stability.json; a goal whose text, provers and limits are those of an earlier run is not tried again.
"""

import argparse
import concurrent.futures
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from engine import goals, prove, report, smt, tools  # noqa: E402
from engine.store import WARM, Store, digest  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ACCEPTED = "proofs/brittle.txt"
_TOKEN = re.compile(r';[^\n]*|"(?:[^"]|"")*"|\|[^|]*\||[()]')


@dataclass
class Trial:
    key: str
    kind: str
    texts: dict                 # prover -> digest of its text
    limits: dict                # prover -> steps
    proved: dict = field(default_factory=dict)          # prover -> one answer for each seed

    @property
    def score(self):
        """Of all tries the part that found a proof."""
        tries = [one for answers in self.proved.values() for one in answers]
        return sum(tries) / len(tries)

    @property
    def stable(self):
        return any(all(answers) for answers in self.proved.values())


def commands(text):
    """The top-level commands of a script."""
    depth, start, found = 0, 0, []
    for token in _TOKEN.finditer(text):
        if token.group() == "(":
            start = token.start() if depth == 0 else start
            depth += 1
        elif token.group() == ")":
            depth -= 1
            if depth == 0:
                found.append(text[start:token.end()])
    return found


def reordered(text, seed):
    """The same question with its facts in another order, behind all declarations; the goal stays last."""
    found = commands(text)
    place = max((number for number, one in enumerate(found) if one.startswith("(assert")), default=None)
    if place is None:
        return text
    facts = [one for one in found[:place] if one.startswith("(assert")]
    random.Random(seed).shuffle(facts)
    rest = [one for one in found[:place] if not one.startswith("(assert")]
    return "\n".join(rest + facts + found[place:]) + "\n"


def limits_of(goal):
    """Each prover's limit: the first of its ladder, or the one that it needed."""
    ladder = prove.BITS_LADDER if goal["kind"] == goals.BITS else prove.LADDER
    first = {prover: steps for prover, steps in reversed(ladder)}
    for one in goal["tried"]:
        if one["prover"] == goal["prover"]:
            first[one["prover"]] = one["limit"]
    return first


class Stability:
    def __init__(self, root, args):
        self.root, self.args = root, args
        self.say = report.Progress(time.monotonic())
        self.versions = tools.check()
        self.store = Store(root, WARM, "", "")
        path = os.path.join(root, "build", args.of)
        try:
            with open(path, encoding="utf-8") as file:
                self.run = json.load(file)
        except (OSError, ValueError) as error:
            raise tools.Trouble(f"build/{args.of}: {error}: run the campaign first") from error
        if self.run["inputs"] != tools.inputs(root):
            raise tools.Trouble(f"build/{args.of} is of another tree: run the campaign first")

    def trials(self):
        """The goals that a prover proved."""
        found = []
        for goal in self.run["goals"]:
            if goal["verdict"] != goals.PROVED or goal["prover"] not in smt.COMMANDS or goal["kind"] == goals.BYTES:
                continue
            if self.args.unit and goal["unit"] not in self.args.unit:
                continue
            texts = {prover: goal["text"] for prover in limits_of(goal)}
            if goal["z3_text"]:
                texts["z3"] = goal["z3_text"]
            found.append(Trial(f"{goal['unit']}/{goal['name']}", goal["kind"], texts, limits_of(goal)))
        if self.args.sample and self.args.sample < len(found):
            found = random.Random(self.args.choice).sample(found, self.args.sample)
        if not found:
            raise tools.Trouble("no goals to try")
        return found

    def try_one(self, trial):
        for prover, steps in trial.limits.items():
            trial.proved[prover] = [self.answer(trial, prover, steps, seed)
                                    for seed in range(1, self.args.seeds + 1)]
        return trial

    def answer(self, trial, prover, steps, seed):
        command = smt.seeded(prover, seed)
        key = digest("stability", trial.texts[prover], seed, steps, smt.CPU_LIMIT, command,
                     self.versions[prover]["sha256"])
        known = self.store.get("stability", key)
        if known is None:
            data = self.store.text(trial.texts[prover])
            if data is None:
                raise tools.Trouble(f"{trial.key}: its text is gone from build/cache/proof: run the campaign again")
            with tempfile.NamedTemporaryFile("w", suffix=".smt2", encoding="utf-8") as file:
                file.write(reordered(data.decode("utf-8"), seed))
                file.flush()
                answer = smt.ask(prover, file.name, steps, command=command)[1]
            if answer.error:
                raise tools.Trouble(f"{trial.key}: {prover}: {answer.error}")
            known = {"proved": bool(answer.answers) and all(one == "unsat" for one in answer.answers)}
            self.store.put("stability", key, known)
        return known["proved"]

    def accepted(self):
        """Brittle goals that are known, with the reason behind each."""
        known = {}
        with open(os.path.join(self.root, ACCEPTED), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip() and not line.startswith("#"):
                    name, _, reason = line.strip().partition(" ")
                    if not reason.strip():
                        raise tools.Trouble(f"{ACCEPTED}:{number}: {name}: no reason")
                    known[name] = reason.strip()
        return known

    def measure(self):
        known = self.accepted()
        todo = self.trials()
        with concurrent.futures.ThreadPoolExecutor(self.args.jobs) as pool:
            futures = [pool.submit(self.try_one, trial) for trial in todo]
            for count, future in enumerate(concurrent.futures.as_completed(futures)):
                future.result()
                self.say.step("stability", count + 1, len(todo))
        return self.tell(todo, known)

    def tell(self, trials, known):
        brittle = sorted((trial for trial in trials if not trial.stable), key=lambda trial: (trial.score, trial.key))
        data = {"format": "hypatia-stability-1", "baseline": self.run["baseline"], "seeds": self.args.seeds,
                "partial": bool(self.args.unit or self.args.sample), "brittle": [trial.key for trial in brittle],
                "goals": {trial.key: {"score": round(trial.score, 3), "limits": trial.limits, "proved": trial.proved}
                          for trial in sorted(trials, key=lambda trial: trial.key)}}
        with open(os.path.join(self.root, "build", "stability.json"), "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
            file.write("\n")
        for trial in brittle:
            tries = ", ".join(f"{prover} {sum(answers)}/{len(answers)}" for prover, answers in trial.proved.items())
            self.say.line(f"stability: brittle: {trial.key}: {tries}" + ("" if trial.key in known else "  NEW"))
        gone = [] if data["partial"] else sorted(set(known) - {trial.key for trial in brittle})
        for name in gone:
            self.say.line(f"stability: {ACCEPTED}: {name} is not brittle: remove it")
        both = sum(1 for trial in trials if all(all(answers) for answers in trial.proved.values()))
        new = [trial for trial in brittle if trial.key not in known]
        self.say.line(f"stability: {len(trials)} goals, {both} stable under both provers, "
                      f"{len(trials) - both - len(brittle)} under one, {len(brittle)} brittle, {len(new)} of them new")
        return 1 if new or gone else 0


def arguments():
    parser = argparse.ArgumentParser(prog="proofs/stability.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="tries of each prover (default: 3)")
    parser.add_argument("--unit", action="append", metavar="NAME", help="only goals of this unit (repeatable)")
    parser.add_argument("--sample", type=int, metavar="N", help="only N goals, chosen by --choice")
    parser.add_argument("--choice", type=int, default=1, metavar="S")
    parser.add_argument("--of", default="proof.json", metavar="FILE", help="the run in build/ (default: proof.json)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--source", default=ROOT, metavar="DIR", help="the tree (default: this one)")
    args = parser.parse_args()
    for name in ("seeds", "jobs", "sample"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            parser.error(f"--{name}: at least 1")
    return args


def main():
    args = arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, smt.interrupted)
    try:
        return Stability(os.path.abspath(args.source), args).measure()
    except (tools.Trouble, OSError) as trouble:
        print(f"stability: {trouble}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstability: interrupted: the next run goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
