# SPDX-License-Identifier: BSD-2-Clause
"""The provers on every goal that has a file."""

import concurrent.futures

from . import bytecode, goals, smt

# Prover and step limit, in the order of trying; the last two take about 4 s each on the machine
# that they were measured on.
LADDER = [("cvc4", 250_000), ("z3", 6_000_000), ("cvc4", 1_200_000), ("z3", 20_000_000)]
# A smoke probe passes when no prover derives false from what the code assumes.
SMOKE_LADDER = [("cvc4", 90_000), ("z3", 400_000)]
# Z3 spends most of its time on non-linear arithmetic that its steps do not count.
SMOKE_CPU = 2
BITS_LADDER = [("z3", 20_000_000)]


def run(found, jobs, say, last_times):
    """Give each goal its verdict, those that took longest last time first."""
    todo = [goal for goal in found if goal.file and goal.verdict == goals.MISSING]
    todo.sort(key=lambda goal: -last_times.get(goal.key, 1.0))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_prove, goal) for goal in todo]
        for count, future in enumerate(concurrent.futures.as_completed(futures)):
            goal = future.result()
            if not goal.ok:
                reason = f": {goal.tried[-1]['answer']}" if goal.kind == goals.BYTES else ""
                say.line(f"proof: {goal.verdict}: {goal.key}{reason}")
            say.step("provers", count + 1, len(todo))


def _prove(goal):
    if goal.kind == goals.BYTES:
        return _from_bytes(goal)
    ladder = {goals.SMOKE: SMOKE_LADDER, goals.BITS: BITS_LADDER}.get(goal.kind, LADDER)
    cpu = SMOKE_CPU if goal.kind == goals.SMOKE else smt.CPU_LIMIT
    for prover, steps in ladder:
        answer = smt.solve(prover, goal.z3_file if prover == "z3" and goal.z3_file else goal.file, steps, cpu)
        goal.tried.append({"prover": prover, "limit": steps, "answer": " ".join(answer.answers) or answer.error or "none",
                           "steps": answer.steps, "seconds": round(answer.seconds, 3)})
        goal.prover, goal.steps, goal.seconds = prover, answer.steps, answer.seconds
        if answer.answers and all(one == "unsat" for one in answer.answers) and not answer.error:
            goal.verdict = goals.FAILED if goal.kind == goals.SMOKE else goals.PROVED
            return goal
        if goal.kind == goals.SMOKE and answer.error:
            goal.verdict = goals.MISSING
            return goal
    goal.verdict = goals.PASSED if goal.kind == goals.SMOKE else goals.UNPROVED
    return goal


def _from_bytes(goal):
    root = goal.file[:-len(bytecode.ELF)]
    said = bytecode.prove(root, goal)
    goal.verdict, goal.prover, goal.steps, goal.seconds = said["verdict"], "z3", said["steps"], said["seconds"]
    goal.tried.append({"prover": "z3", "limit": said.get("limit", 0), "answer": said["text"] or said["verdict"],
                       "steps": goal.steps, "seconds": round(goal.seconds, 3), "sha256": said.get("sha256", "")})
    return goal
