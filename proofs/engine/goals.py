# SPDX-License-Identifier: BSD-2-Clause
"""The inventory: every goal that must exist, and the file or verdict that its tool gave for it."""

import concurrent.futures
import os
import re
import subprocess
from dataclasses import dataclass, field

from . import bytecode, config, smt, sources
from .tools import Trouble

GOAL, SMOKE, LEMMA, BITS, BYTES = "goal", "smoke", "lemma", "bits", "bytes"
# A goal is proved and a smoke probe passed; else a prover gave up or refuted it, or the last limit ended it.
PROVED, PASSED, FAILED, TIMED_OUT, MISSING = "proved", "passed", "failed", "timed out", "missing"
PROVER = "cvc4"
PROVER_FILE = "_Why3_CVC4_1_8.why"
TOOL_LIMIT = 600


@dataclass
class Goal:
    unit: str
    function: str
    name: str
    kind: str
    file: str = ""
    z3_file: str = ""           # where Why3 writes another text for Z3
    verdict: str = MISSING
    prover: str = ""
    seconds: float = 0.0
    steps: int = 0
    tried: list = field(default_factory=list)
    text: str = ""              # digest of what the provers are given
    z3_text: str = ""
    line: int = 0               # where its clause stands
    source: str = ""
    requirements: list = field(default_factory=list)
    cached: bool = False        # the verdict is of another run

    @property
    def ok(self):
        return self.verdict in (PROVED, PASSED)

    @property
    def key(self):
        return f"{self.unit}/{self.name}"


def collect(root, work, table, units, wanted, jobs, say, written):
    """The goals of @units, and the errors met on the way.

    @wanted: unit -> its functions ("" for lemmas, theorems, queries), or None for all of them.
    @written: what need not be written again (engine/written.py).
    """
    found, errors = [], []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = []
        for unit in units:
            if unit.kind == config.C and unit.lemmas:
                futures.append(pool.submit(_lemmas, root, work, table, unit, wanted.get(unit.name), written))
            elif unit.kind == config.C:
                futures.append(pool.submit(_list_c, root, table, unit, wanted.get(unit.name), written))
            elif unit.kind == config.MODEL:
                futures.append(pool.submit(_model, root, work, table, unit, written))
            elif unit.kind == config.BYTES:
                futures.append(pool.submit(_bytes, root, unit, [name for name in wanted.get(unit.name) or [] if name]))
            else:
                futures.append(pool.submit(_bits, root, unit))
        listed = [_get(future) for future in futures]
        writing = []
        for unit, (goals, more, plan) in zip(units, listed):
            found += goals
            errors += more
            say.line(f"proof: {unit.name}: {len(goals)} goals")
            for function in plan:
                writing.append((unit, pool.submit(written.timed, unit.name, function, _write_c, root, work, table, unit,
                                                  function)))
        table_of = {goal.key: goal for goal in found if not goal.cached}
        for count, (unit, future) in enumerate(writing):
            function, *rest = _get(future)
            more = _fill(unit, table_of, function, *rest)
            mine = [goal for goal in found if goal.unit == unit.name and goal.function == function]
            _number(mine)
            written.keep(unit, function, mine, more)
            errors += more
            say.step("written", count + 1, len(writing))
    for goal in found:
        written.note(goal)
        if goal.verdict == MISSING and not goal.file and not goal.text:
            errors.append(f"{goal.key}: its tool gave neither a verdict nor a file")
        # From here on it says how the verdict, not how the text was come by.
        goal.cached = False
    return found, errors


def _number(found):
    """Smoke probes bear numbers of statements, which count all functions above: number them in their function."""
    pattern = re.compile(r"(\w+_wp_smoke_\w+?)_s(\d+)")
    probes = [(int(match.group(2)), goal, match.group(1))
              for goal in found if (match := pattern.fullmatch(goal.name))]
    for number, (_, goal, name) in enumerate(sorted(probes, key=lambda probe: probe[0]), 1):
        goal.name = f"{name}_{number}" + ("" if f"_{goal.function}_wp_" in name else f"_in_{goal.function}")


def _get(future):
    return future.result()


def _run(command, root, log=None):
    # Frama-C takes relative paths from $PWD, whatever folder it is in. Its collector works less with more memory:
    # a fifth of the time of writing goals.
    environment = dict(os.environ, PWD=root, OCAMLRUNPARAM="s=4M,o=200")
    process = smt.start(command, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT, text=True)
    try:
        text, _ = process.communicate(timeout=TOOL_LIMIT)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise Trouble(f"{' '.join(command)}: no end after {TOOL_LIMIT} s") from error
    finally:
        smt.done(process)
    if log:
        os.makedirs(os.path.dirname(log), exist_ok=True)
        with open(log, "w", encoding="utf-8") as file:
            file.write(text)
    return process.returncode, text


# --- C ---------------------------------------------------------------------------------------------

def _frama_c(table, unit):
    # The plugins that are needed and no others: each that is loaded costs time at the start and at each collection.
    return ["frama-c", "-no-autoload-plugins", "-load-module", "rtegen,wp"] + \
        ["-cpp-extra-args=-I" + folder for folder in table.include] + config.options(table, unit)


def _wp(table, unit, options):
    command = _frama_c(table, unit) + ["-wp", "-wp-filename-truncation", "150"]
    if unit.drivers:
        command += ["-wp-driver", ",".join(unit.drivers)]
    return command + options + [unit.source]


def _complaints(unit, status, text):
    """Whatever a tool warns of may mean a dropped annotation: each is an error."""
    errors = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if "Failed smoke-test" in line or not re.search(r"Warning:|User Error|Ignoring|[Ff]atal|internal error",
                                                         line):
            continue
        more = lines[number + 1].strip() if line.rstrip().endswith("Warning:") and number + 1 < len(lines) else ""
        # -wp-check-memory-model puts these hypotheses into the contract: every C caller has a goal for them, and
        # what assembly passes is ASM-COD-003.
        if "Memory model hypotheses for function" in line + more:
            continue
        # Lemmas are no code: there is nothing to guard.
        if not unit.types and "Missing RTE guards" in line + more:
            continue
        errors.append(f"{unit.name}: {line.strip()} {more}".rstrip())
    if status != 0 and not errors:
        errors.append(f"{unit.name}: frama-c ended with status {status}: {(lines or [''])[-1]}")
    return errors


def _list_lemmas(root, table, unit):
    elsewhere = sources.lemmas_elsewhere(root, table, unit)
    status, text = _run(_wp(table, unit, _lemma_options(elsewhere) + ["-wp-prover", "none"]), root)
    errors = _complaints(unit, status, text)
    goals = [goal for goal in _listed(unit, text, [], errors) if goal.kind == LEMMA]
    return goals, errors


def functions_of(root, table, unit, options=()):
    """Every function of @unit that has a body. The plugin that adds run-time checks names them, and is quick."""
    status, text = _run(_frama_c(table, unit) + ["-rte", unit.source, *options], root)
    return re.findall(r"annotating function (\w+)", text), _complaints(unit, status, text)


def own_functions(root, table, unit, functions):
    """Of these functions those that are proved in @unit."""
    elsewhere, unknown = sources.elsewhere(root, table, unit, functions)
    return [name for name in functions if name not in elsewhere and name not in unknown], \
        [f"{unit.name}: function {name} comes from a header that proofs/units.toml does not list" for name in unknown]


def _lemmas(root, work, table, unit, only, written):
    """The goals of a step: its source is the list of them, so that one run of Frama-C writes them."""
    written.functions(unit)
    for name in only or []:
        if name:
            return [], [f"{unit.name}: no function {name} of its own"], []
    ready = written.restore(unit, "")
    if ready is not None:
        return ready, [], []
    _, out, status, text = written.timed(unit.name, "", _write_c, root, work, table, unit, "")
    names = re.findall(r"^\[wp\] \[[^\]]+\] Goal (\w+)", text, re.MULTILINE)
    errors, goals = [], []
    for name in sources.lemmas(sources.read(root, unit.source[:-2] + ".h")):
        mine = [goal for goal in names if re.fullmatch(rf"typed\w*_lemma_{name}", goal)]
        if len(mine) == 1:
            goals.append(Goal(unit.name, "", mine[0], LEMMA))
        else:
            errors.append(f"{unit.name}: lemma {name} has {len(mine)} goals")
    errors += _fill(unit, {goal.key: goal for goal in goals}, "", out, status, text)
    written.keep(unit, "", goals, errors)
    return goals, errors, []


def _list_c(root, table, unit, only, written):
    """The goals of @unit: those at hand, and those listed now, with the functions that have to be written."""
    functions, errors = written.functions(unit)
    own, more = own_functions(root, table, unit, functions)
    errors += more
    for name in only or []:
        if name and name not in own:
            errors.append(f"{unit.name}: no function {name} of its own")
    plan, goals = [], []
    for name in own + [""]:
        if only is None or name in only:
            ready = written.restore(unit, name)
            plan += [name] if ready is None else []
            goals += ready or []
    own = [name for name in plan if name]
    if own and not errors:
        status, text = _run(_wp(table, unit, ["-wp-prover", "none", "-wp-fct", ",".join(own),
                                              "-wp-prop=-@lemma"]), root)
        errors += _complaints(unit, status, text)
        listed = _listed(unit, text, own, errors)
        for name in own:
            for clause in ("terminates", "exits", "assigns"):
                if not any(re.search(rf"(^|_){name}_{clause}", goal.name) for goal in listed):
                    errors.append(f"{unit.name}: function {name} has no goal for '{clause}': is its contract complete?")
        goals += listed
    if "" in plan and not errors:
        lemmas, more = _list_lemmas(root, table, unit)
        errors += more
        goals += lemmas
        if not lemmas:
            written.keep(unit, "", [], errors)
            plan.remove("")
    return goals, errors, plan


def _lemma_options(elsewhere):
    return ["-wp-prop=" + ",".join(["@lemma"] + ["-" + name for name in elsewhere])]


def _listed(unit, text, own, errors):
    names = re.findall(r"^\[wp\] (?:\[CFG\] )?Goal (\w+) : ", text, re.MULTILINE)
    for name in {name for name in names if names.count(name) > 1}:
        errors.append(f"{unit.name}: two goals are called {name}")
    goals = []
    for name in names:
        if "_wp_smoke_" in name:
            kind = SMOKE
        elif "_lemma_" in name and not any(f"_{function}_" in name for function in own):
            kind = LEMMA
        else:
            kind = GOAL
        goals.append(Goal(unit.name, "", name, kind))
    return goals


def _write_c(root, work, table, unit, function):
    """Have the goals of one function ("": the lemmas) written out; Qed proves what it can."""
    out = os.path.join(work, "goals", unit.name, function or "lemmas")
    os.makedirs(out, exist_ok=True)     # two of Frama-C that make the same parent folder at once: one fails
    # No prover runs here, but WP's scheduler sleeps between any two tasks that may not run at the same time.
    options = ["-wp-prover", PROVER, "-wp-cache", "offline", "-wp-cache-dir", os.path.join(work, "no-cache"),
               "-wp-par", "1000", "-wp-out", out]
    if function:
        options += ["-wp-fct", function, "-wp-prop=-@lemma"]
    else:
        options += _lemma_options(sources.lemmas_elsewhere(root, table, unit))
    status, text = _run(_wp(table, unit, options), root, out + ".log")
    return function, out, status, text


def _fill(unit, goals, function, out, status, text):
    errors = _complaints(unit, status, text)

    def goal_of(name):
        goal = goals.get(f"{unit.name}/{name}")
        if goal is None:
            errors.append(f"{unit.name}/{name}: a goal that was not in the inventory")
        else:
            goal.function = function
        return goal

    for prover, name in re.findall(r"^\[wp\] \[(CFG|Qed)\] Goal (\w+) : Valid", text, re.MULTILINE):
        goal = goal_of(name)
        if goal:
            goal.verdict, goal.prover = PROVED, prover.lower() if prover == "CFG" else "qed"
    # The cache is empty and may not run a prover: Valid without a prover's time is a goal that Why3 made `true`.
    for name in re.findall(r"^\[wp\] \[CVC4 1\.8\] Goal (\w+) : Valid \(Qed:[0-9.]+m?s\)$", text, re.MULTILINE):
        goal = goal_of(name)
        if goal:
            goal.verdict, goal.prover = PROVED, "why3"
    for name in re.findall(r"^\[wp\] \[Failed\] Smoke-test (\w+)\n +Qed: Valid", text, re.MULTILINE):
        goal = goal_of(name)
        if goal:
            goal.verdict, goal.prover = FAILED, "qed"
    for folder, _, files in os.walk(out):
        model = os.path.basename(folder)
        for file in sorted(files):
            if file.endswith(PROVER_FILE):
                goal = goal_of(f"{model}_{file[:-len(PROVER_FILE)]}")
                if goal:
                    goal.file = _smt_text(os.path.join(folder, file))
    return errors


def _smt_text(path):
    """WP's file is an SMT-LIB script behind one line of comment; both provers get the same script."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    target = path[:-len(PROVER_FILE)] + ".smt2"
    with open(target, "w", encoding="utf-8") as file:
        file.writelines(line for line in lines if not line.startswith("(* WP Task"))
    os.unlink(path)
    return target


# --- model and bit vectors ---------------------------------------------------------------------------

def _model(root, work, table, unit, written):
    ready = written.restore(unit, "")
    if ready is not None:
        return ready, [], []
    errors = []
    outs = []
    for prover in ("CVC4,1.8,", "Z3,4.8.12,"):
        out = os.path.join(work, "goals", unit.name.replace(":", "-"), prover[:prover.index(",")].lower())
        outs.append(out)
        os.makedirs(out)
        command = ["why3", "prove"]
        for folder in table.model:
            command += ["-L", folder]
        command += ["-P", prover, "-a", "split_vc", "-o", out, unit.source]
        status, text = _run(command, root)
        if status != 0 or "warning" in text.lower():
            errors.append(f"{unit.name}: why3: {(text.strip().splitlines() or ['failed'])[-1]}")
    if sorted(os.listdir(outs[0])) != sorted(os.listdir(outs[1])):
        errors.append(f"{unit.name}: the provers were given different goals")
    goals = []
    for file in sorted(os.listdir(outs[0])):
        name = file[:-len(".smt2")]
        goals.append(Goal(unit.name, name.split("-")[1], name, GOAL, *(os.path.join(out, file) for out in outs)))
    for theory, lemma in sources.theorems(os.path.join(root, unit.source)):
        pattern = re.compile(rf"-{re.escape(theory)}-{re.escape(lemma)}(qtvc)?\d*$")
        if not any(pattern.search(goal.name) for goal in goals):
            errors.append(f"{unit.name}: theorem {theory}.{lemma} has no goal")
    written.keep(unit, "", goals, errors)
    return goals, errors, []


def _bits(root, unit):
    folder = os.path.dirname(os.path.join(root, unit.source))
    with open(os.path.join(root, unit.source), encoding="utf-8") as file:
        names = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    errors = []
    there = sorted(name for name in os.listdir(folder) if name.endswith(".smt2"))
    if sorted(names) != there:
        errors.append(f"{unit.source}: not the list of the queries beside it")
    return [Goal(unit.name, "", name[:-len(".smt2")], BITS, os.path.join(folder, name))
            for name in names if name in there], errors, []


# --- the image's bytes -------------------------------------------------------------------------------

def _bytes(root, unit, only):
    pairs, errors = bytecode.names(root, only)
    image = os.path.join(root, bytecode.ELF)
    return [Goal(unit.name, routine, f"{routine}/{clause}", BYTES, image) for routine, clause in pairs], errors, []
