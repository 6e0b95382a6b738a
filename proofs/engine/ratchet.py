# SPDX-License-Identifier: BSD-2-Clause
"""proofs/ratchet.txt: what was proved, and on what beliefs and limits; a run may not fall behind it.

A goal that was proved and is not, a claim that is gone, a new axiom or a raised limit fails the run,
unless spec/assumptions.toml has an entry that the ratchet does not know and whose text or reason names
it. The ratchet of the tree counts, and that of its last two commits: an update cannot hide a loss.

Goals of run-time checks, loops, calls and smoke probes follow from the statements of a function, so their
number may fall when its body changes; the clauses of its contract, lemmas and theorems may not.
"""

import glob
import os
import re
import subprocess
import tomllib

from . import checks, config, goals, prove, sources
from .store import digest
from .tools import Trouble

FILE = "proofs/ratchet.txt"
HEAD = """# SPDX-License-Identifier: BSD-2-Clause
#
# What was proved, and on what: made by proofs/campaign.py --update-ratchet after a whole run. Do not edit.
# goals UNIT FUNCTION BODY NAME[*COUNT] ...: numbers and parts of names are counted, not listed.
"""


def _short(*parts):
    return digest(*parts)[:12]


def normal(goal):
    """The name without model, function and number."""
    name = re.sub(rf"^.*?(?:^|_){re.escape(goal.function)}_", "", goal.name) if goal.function else goal.name
    name = re.sub(r"^typed\w*?_lemma_", "lemma_", name)
    if goal.kind == goals.SMOKE:
        return "smoke"
    return re.sub(r"(_part\d+|_\d+|(?<=qtvc)\d+)$", "", name)


def _from_statements(name):
    return bool(re.match(r"smoke$|assert_|call_|loop_|assigns|terminates_|exits_|variant", name))


def _bodies(root, table):
    """function -> digest of its text, white space aside."""
    found = {}
    files = {unit.source for unit in table.units if unit.kind == config.C} | set(table.headers)
    files |= {os.path.relpath(path, root) for path in glob.glob(os.path.join(root, "src/hyp/*.h"))}
    for file in sorted(files):
        text = sources.read(root, file)
        for name in sources.definitions(root, file):
            match = re.search(rf"^([ \t]*)[\w ]*?[ *]{name}\([^;{{}}]*\)\s*\{{.*?^\1\}}", text,
                              re.MULTILINE | re.DOTALL)
            if match:
                found[name] = _short(" ".join(match.group(0).split()))
    return found


def _axioms(root):
    found = []
    for pattern in ("model/*.mlw", "build/gen/model/*.mlw"):
        for path in sorted(glob.glob(os.path.join(root, pattern))):
            for theory, text in sources.theories(path).items():
                found += [f"{os.path.relpath(path, root)} {theory}.{name}" for name in sources.axioms(text)]
    return found


def _limits():
    found = {}
    for name, value in prove.limits().items():
        if isinstance(value, list):
            for prover in sorted({prover for prover, _ in value}):
                found[f"{name}.{prover}"] = max(steps for one, steps in value if one == prover)
        else:
            found[name] = value
    return found


def state(root, table, found):
    """The ratchet's content for this tree and these verdicts."""
    bodies = _bodies(root, table)
    claims = {}
    for goal in found:
        if goal.ok:
            names = claims.setdefault((goal.unit, goal.function or "-"), {})
            names[normal(goal)] = names.get(normal(goal), 0) + 1
    return {"limit": _limits(), "axiom": _axioms(root),
            "unproved": [file for file, _, _ in table.assumed],
            "assumption": {entry["id"]: _short(*(str(entry.get(key)) for key in sorted(entry)))
                           for entry in checks.assumptions(root)},
            "goals": {key: (bodies.get(key[1], "-"), names) for key, names in claims.items()}}


def text_of(data):
    lines = [HEAD.rstrip("\n")]
    lines += [f"limit {name} {value}" for name, value in data["limit"].items()]
    lines += [f"assumption {name} {value}" for name, value in sorted(data["assumption"].items())]
    lines += [f"axiom {name}" for name in data["axiom"]] + [f"unproved {name}" for name in data["unproved"]]
    for (unit, function), (body, names) in sorted(data["goals"].items()):
        lines.append(f"goals {unit} {function} {body} " + " ".join(
            name + (f"*{count}" if count > 1 else "") for name, count in sorted(names.items())))
    return "\n".join(lines) + "\n"


def parse(text):
    data = {"limit": {}, "axiom": [], "unproved": [], "assumption": {}, "goals": {}}
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "limit":
            name, value = rest.split()
            data["limit"][name] = float(value)
        elif kind == "assumption":
            name, value = rest.split()
            data["assumption"][name] = value
        elif kind in ("axiom", "unproved"):
            data[kind].append(rest)
        elif kind == "goals":
            unit, function, body, *names = rest.split()
            data["goals"][unit, function] = (body, {
                name.split("*")[0]: int(name.split("*")[1]) if "*" in name else 1 for name in names})
    return data


def _old(root):
    """The ratchets that count: (where, content)."""
    path = os.path.join(root, FILE)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            yield FILE, parse(file.read())
    # A tree that is not the top of a repository of its own has no commits.
    if os.path.exists(os.path.join(root, ".git")):
        for revision in ("HEAD", "HEAD^"):
            run = subprocess.run(["git", "-C", root, "show", f"{revision}:{FILE}"], capture_output=True, text=True,
                                 check=False)
            if run.returncode == 0:
                yield f"{FILE} of {revision}", parse(run.stdout)


def _losses(old, new, whole, units, there):
    """(what is lost, the words of which one excuses it)."""
    for name, value in new["limit"].items():
        if name in old["limit"] and value > old["limit"][name]:
            yield f"limit {name} raised from {old['limit'][name]:g} to {value:g}", [name]
    for kind, what in (("axiom", "new axiom"), ("unproved", "no longer proved")):
        for name in new[kind]:
            if name not in old[kind]:
                yield f"{what}: {name}", [name.split(".")[-1], name.split()[0]]
    for (unit, function), (body, names) in old["goals"].items():
        if unit not in units or not whole and (unit, function) not in new["goals"] and (unit, function) not in there:
            continue
        now_body, now = new["goals"].get((unit, function), ("-", {}))
        for name, count in names.items():
            have, exist = now.get(name, 0), there.get((unit, function), {}).get(name, 0)
            if have >= count or (_from_statements(name) and body != now_body and have == exist):
                continue
            yield (f"{unit}.{function}: {name}" + (f" ({have} of {count})" if have else "") +
                   (" is no longer proved" if exist >= count else " is gone")), [function, name]


def _names(entry, word):
    """An assumption speaks of @word, with a reason."""
    return entry.get("reason") and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", f"{entry['text']} {entry['reason']}")


def errors(root, table, found, units, whole):
    """What a run has lost against the ratchets. @units are those that were run; @whole: with all their functions."""
    new = state(root, table, found)
    there = {}
    for goal in found:
        names = there.setdefault((goal.unit, goal.function or "-"), {})
        names[normal(goal)] = names.get(normal(goal), 0) + 1
    register = {entry["id"]: entry for entry in checks.assumptions(root)}
    lost = {}
    for where, old in _old(root):
        fresh = [register[name] for name, value in new["assumption"].items() if old["assumption"].get(name) != value]
        for text, words in _losses(old, new, whole, units, there):
            if not any(_names(entry, word) for entry in fresh for word in words):
                lost.setdefault(text, where)
    return [f"ratchet: {text} ({where}); spec/assumptions.toml has no new entry with a reason that names it"
            for text, where in lost.items()]


def update(root, table, found, items):
    """Write the ratchet, what to try first and, after a run that took @items of time to write all goals, the times for shards."""
    with open(os.path.join(root, FILE), "w", encoding="utf-8") as file:
        file.write(text_of(state(root, table, found)))
    prove.write_first(root, found)
    if not items:
        return
    seconds = dict(items)
    own = {unit.name for unit in table.units if unit.kind == config.C}
    for goal in found:
        key = goal.unit, goal.function if goal.unit in own else ""
        seconds[key] = seconds.get(key, 0.0) + sum(one["seconds"] for one in goal.tried)
    with open(os.path.join(root, "proofs", "times.txt"), "w", encoding="utf-8") as file:
        file.write("# SPDX-License-Identifier: BSD-2-Clause\n# Seconds of each unit's function in a cold run: shards "
                   "are packed by it. Made by proofs/campaign.py --update-ratchet.\n")
        for (unit, function), used in sorted(seconds.items()):
            file.write(f"{used:.1f} {unit} {function}".rstrip() + "\n")


def difference(root, revision):
    """The assumptions that came, went or changed since @revision, a line each."""
    run = subprocess.run(["git", "-C", root, "show", f"{revision}:spec/assumptions.toml"], capture_output=True,
                         text=True, check=False)
    if run.returncode != 0:
        raise Trouble(f"assumptions: {revision}: {(run.stderr.strip().splitlines() or ['git failed'])[0]}")
    old = {entry["id"]: entry for entry in tomllib.loads(run.stdout).get("assumption", [])}
    new = {entry["id"]: entry for entry in checks.assumptions(root)}
    lines = []
    for name in sorted(old | new):
        if name not in old:
            lines.append(f"added   {name}: {new[name]['text'].strip()} (reason: {new[name]['reason'].strip()})")
        elif name not in new:
            lines.append(f"removed {name}: {old[name]['text'].strip()}")
        else:
            keys = [key for key in sorted(old[name] | new[name]) if old[name].get(key) != new[name].get(key)]
            lines += [f"changed {name}: {key}: {old[name].get(key)!r} -> {new[name].get(key)!r}" for key in keys]
    return lines
