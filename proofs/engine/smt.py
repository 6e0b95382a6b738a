# SPDX-License-Identifier: BSD-2-Clause
"""One SMT-LIB file to one prover: its answer, steps and CPU time."""

import os
import re
import resource
import subprocess
import tempfile
import threading
from dataclasses import dataclass

# A step limit decides, so that the verdict does not depend on the machine's load. The CPU limit only
# ends a prover whose steps do not count what it is doing; the wall limit, one that sleeps.
CPU_LIMIT = 10
WALL_LIMIT = 180
MEMORY_LIMIT = 4 << 30

COMMANDS = {
    "cvc4": ["cvc4", "--stats", "--lang=smt2", "--rlimit={steps}", "{file}"],
    "z3": ["z3", "-smt2", "-in", "-st", "sat.random_seed=42", "nlsat.randomize=false", "smt.random_seed=42",
           "rlimit={steps}"],
}
STEPS = {
    "cvc4": re.compile(r"resourceUnitsUsed, (\d+)"),
    "z3": re.compile(r":rlimit-count +(\d+)"),
}

_running = set()
_lock = threading.RLock()
_stopped = False


@dataclass
class Answer:
    answers: list               # sat, unsat, unknown: one for each check-sat
    steps: int
    seconds: float
    error: str = ""
    limit: bool = False         # a limit ended it


def stop_all():
    """End the provers that are running (after an interrupt)."""
    global _stopped
    with _lock:
        _stopped = True
        for process in _running:
            process.kill()


def interrupted(*_):
    """A signal's handler: end the provers first, so that whoever waits for one goes on and ends too."""
    stop_all()
    raise KeyboardInterrupt


def start(command, **kwargs):
    """Start a process that stop_all() ends."""
    with _lock:
        if _stopped:
            raise KeyboardInterrupt
        process = subprocess.Popen(command, **kwargs)
        _running.add(process)
    return process


def done(process):
    with _lock:
        _running.discard(process)


def _for_z3(path):
    """The script without the name of its logic: Z3 takes CVC4's for a hint to use another strategy."""
    with open(path, "rb") as file:
        return re.sub(rb"^\(set-logic ALL_SUPPORTED\)$", b"", file.read(), 1, re.MULTILINE)


def solve(prover, path, steps, cpu=CPU_LIMIT):
    """Ask @prover about @path with a limit of @steps."""
    return ask(prover, path, steps, cpu)[1]


def seeded(prover, seed):
    """The command of @prover with other random choices."""
    if prover == "z3":
        return [part.replace("random_seed=42", f"random_seed={seed}") for part in COMMANDS["z3"]]
    return [COMMANDS["cvc4"][0], f"--seed={seed}", f"--random-seed={seed}", *COMMANDS["cvc4"][1:]]


def ask(prover, path, steps, cpu=CPU_LIMIT, command=None):
    """What @prover prints, and the answer in it. @command: in place of the one of COMMANDS."""
    command = [part.format(steps=steps, file=path) for part in command or COMMANDS[prover]]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as text_in:
        if prover == "z3":
            text_in.write(_for_z3(path))
            text_in.seek(0)
        process = start(command, stdin=text_in, stdout=out, stderr=subprocess.STDOUT)
        timer = threading.Timer(WALL_LIMIT, process.kill)
        timer.start()
        try:
            for limit, value in ((resource.RLIMIT_CPU, cpu), (resource.RLIMIT_AS, MEMORY_LIMIT)):
                try:
                    resource.prlimit(process.pid, limit, (value, value))
                except ProcessLookupError:
                    pass
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            timer.cancel()
            done(process)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    answers = re.findall(r"^(sat|unsat|unknown)$", text, re.MULTILINE)
    # An error before the answer counts; after it, it is about the question why there is none.
    error = re.search(r"^\(error .*$", re.split(r"^(?:sat|unsat|unknown)$", text, 1, re.MULTILINE)[0], re.MULTILINE)
    used = STEPS[prover].search(text)
    count = int(used.group(1)) if used else 0
    limit = process.returncode < 0 or count >= steps or bool(re.search(
        r"^\(:reason-unknown .*(resourceout|timeout|canceled|resource limit|memout)", text, re.MULTILINE))
    return text, Answer(answers, count, usage.ru_utime + usage.ru_stime, error.group(0) if error else "", limit)
