# SPDX-License-Identifier: BSD-2-Clause
"""The provers on every goal that has a file."""

import concurrent.futures
import os

from . import bytecode, goals, smt
from .store import digest
from .tools import Trouble

# Prover and step limit, in the order of trying; the last two take about 4 s each on the machine
# that they were measured on.
LADDER = [("cvc4", 250_000), ("z3", 6_000_000), ("cvc4", 1_200_000), ("z3", 20_000_000)]
# A smoke probe passes when no prover derives false from what the code assumes.
SMOKE_LADDER = [("cvc4", 90_000), ("z3", 400_000)]
# Z3 spends most of its time on non-linear arithmetic that its steps do not count.
SMOKE_CPU = 2
BITS_LADDER = [("z3", 20_000_000)]


# Which of a ladder's attempts to make first, for goals that its first one does not prove. All others follow if
# that fails: the file changes what a run costs, and no verdict.
FIRST = "proofs/first.txt"
FIRST_HEAD = """# SPDX-License-Identifier: BSD-2-Clause
#
# Goals that are not proved by the first prover and limit that are tried, with those that are.
# Made by proofs/campaign.py --update-ratchet. Do not edit.
"""

VERDICT = ("verdict", "prover", "seconds", "steps", "tried")


def limits():
    """Every limit that a verdict rests on; proofs/ratchet keeps them."""
    return {"goal": [list(one) for one in LADDER], "smoke": [list(one) for one in SMOKE_LADDER],
            "bits": [list(one) for one in BITS_LADDER], "cpu": smt.CPU_LIMIT, "smoke_cpu": SMOKE_CPU,
            "memory": smt.MEMORY_LIMIT}


def _ladder(kind, first=None):
    ladder = {goals.SMOKE: SMOKE_LADDER, goals.BITS: BITS_LADDER}.get(kind, LADDER)
    return sorted(ladder, key=lambda one: one != first)


def read_first(root):
    """goal -> the prover and limit to try first."""
    path = os.path.join(root, FIRST)
    if not os.path.exists(path):
        return {}
    found = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if len(words) != 3 or not words[1].isdigit():
                raise Trouble(f"{FIRST}:{number}: must be: prover, limit, goal")
            found[words[2]] = (words[0], int(words[1]))
    return found


def write_first(root, found):
    lines = []
    for goal in found:
        if goal.ok and goal.kind in (goals.GOAL, goals.LEMMA) and goal.tried:
            used = goal.tried[-1]["prover"], goal.tried[-1]["limit"]
            if used != LADDER[0]:
                lines.append(f"{used[0]} {used[1]} {goal.key}")
    with open(os.path.join(root, FIRST), "w", encoding="utf-8") as file:
        file.write(FIRST_HEAD + "".join(line + "\n" for line in sorted(lines)))


def key_of(goal, versions):
    """What a verdict depends on: the texts, the provers and their options, the limits."""
    cpu = SMOKE_CPU if goal.kind == goals.SMOKE else smt.CPU_LIMIT
    return digest(goal.text, goal.z3_text, goal.kind == goals.SMOKE, _ladder(goal.kind), cpu, smt.MEMORY_LIMIT,
                  smt.COMMANDS, versions["cvc4"]["sha256"], versions["z3"]["sha256"])


def run(root, found, jobs, say, last_times, written, store):
    """Give each goal its verdict, those that took longest last time first."""
    first = read_first(root)
    todo, twins = [], {}
    for goal in found:
        if goal.verdict != goals.MISSING or not (goal.text or goal.file):
            continue
        known = store.reuse("verdict", key_of(goal, written.versions)) if goal.text else None
        if known:
            for name in VERDICT:
                setattr(goal, name, known[name])
            goal.cached = True
            continue
        written.place(goal)
        if goal.text and goal.kind != goals.BYTES:
            same = twins.setdefault(key_of(goal, written.versions), [])
            same.append(goal)
            if len(same) > 1:
                continue
        todo.append(goal)
    todo.sort(key=lambda goal: -last_times.get(goal.key, 2.0 if goal.key in first else 1.0))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_prove_and_keep, goal, written.versions, store, first.get(goal.key)) for goal in todo]
        for count, future in enumerate(concurrent.futures.as_completed(futures)):
            goal = future.result()
            for twin in _twins(goal, twins, written.versions):
                for name in VERDICT:
                    setattr(twin, name, getattr(goal, name))
                if not twin.ok:
                    reason = f": {twin.tried[-1]['answer']}" if twin.kind == goals.BYTES else ""
                    say.line(f"proof: {twin.verdict}: {twin.key}{reason}")
            say.step("provers", count + 1, len(todo))


def _twins(goal, twins, versions):
    """Goals of the same text, provers and limits have one answer, which is asked for once.

    Smoke probes are often alike: the one behind a call, and the one before the next statement.
    """
    return twins.get(key_of(goal, versions), [goal]) if goal.text else [goal]


def _prove_and_keep(goal, versions, store, first):
    """Only a valid verdict is kept; one that contradicts what is kept is an error."""
    _prove(goal, first)
    if goal.text:
        key = key_of(goal, versions)
        if goal.ok:
            store.put("verdict", key, {name: getattr(goal, name) for name in VERDICT})
        elif (before := store.get("verdict", key)) is not None:
            store.contradictions.append(f"{goal.key}: {goal.verdict}, and the cache says "
                                        f"{before['verdict']} by {before['prover']}")
    return goal


def _prove(goal, first=None):
    if goal.kind == goals.BYTES:
        return _from_bytes(goal)
    cpu = SMOKE_CPU if goal.kind == goals.SMOKE else smt.CPU_LIMIT
    last = {}
    for prover, steps in _ladder(goal.kind, first):
        answer = smt.solve(prover, goal.z3_file if prover == "z3" and goal.z3_file else goal.file, steps, cpu)
        goal.tried.append({"prover": prover, "limit": steps, "steps": answer.steps, "seconds": round(answer.seconds, 3),
                           "answer": " ".join(answer.answers) or answer.error or "none"})
        goal.prover, goal.steps, goal.seconds = prover, answer.steps, answer.seconds
        if answer.answers and all(one == "unsat" for one in answer.answers) and not answer.error:
            goal.verdict = goals.FAILED if goal.kind == goals.SMOKE else goals.PROVED
            return goal
        if answer.error and goal.kind == goals.SMOKE:
            goal.verdict = goals.MISSING
            return goal
        last[prover] = answer
    if goal.kind == goals.SMOKE:
        goal.verdict = goals.PASSED
    elif all(answer.error for answer in last.values()):
        goal.verdict = goals.MISSING
    elif any(answer.limit for answer in last.values()) and not any("sat" in answer.answers for answer in last.values()):
        goal.verdict = goals.TIMED_OUT
    else:
        goal.verdict = goals.FAILED
    return goal


def _from_bytes(goal):
    root = goal.file[:-len(bytecode.ELF)]
    said = bytecode.prove(root, goal)
    goal.verdict = {"unproved": goals.TIMED_OUT}.get(said["verdict"], said["verdict"])
    goal.prover, goal.steps, goal.seconds = "z3", said["steps"], said["seconds"]
    goal.tried.append({"prover": "z3", "limit": said.get("limit", 0), "answer": said["text"] or said["verdict"],
                       "steps": goal.steps, "seconds": round(goal.seconds, 3), "sha256": said.get("sha256", "")})
    return goal
