# SPDX-License-Identifier: BSD-2-Clause
"""One ledger: items of evidence, objectives of four standards, tools, and the file of each goal."""

import glob
import hashlib
import os
import tomllib

from engine.store import WARM, Store

from . import verify
from .baseline import Trouble

STATUS = ("met", "partly", "not addressed")
VIEWS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "views")
OBJECTIVE = {"id", "text", "status", "evidence", "why"}
TOOL = {"id", "name", "use", "ti", "td", "tcl", "tql", "class", "fault", "noticed"}


def _load(name):
    with open(os.path.join(VIEWS, name), "rb") as file:
        try:
            return tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise Trouble(f"reports/views/{name}: {error}") from error


def _text(root, store, goal, kind):
    """The text with the digest that the campaign recorded: from its cache, or the file that it left."""
    data = store.text(goal[kind])
    if data is None and goal["file"]:
        # Why3 writes another text for Z3, in a folder of its own.
        name = goal["file"].replace("/cvc4/", "/z3/") if kind == "z3_text" else goal["file"]
        path = os.path.join(root, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                data = file.read()
    if data is None or hashlib.sha256(data).hexdigest() != goal[kind]:
        raise Trouble(f"{verify.key_of(goal)}: its text is neither in build/cache/proof nor in build/proof: make prove")
    return data


def goal_files(root, stage, goals):
    """Put the texts that provers were given into goals/; for each goal their names and digests."""
    table, store = {}, Store(root, WARM, "", "")
    for goal in goals:
        table[verify.key_of(goal)] = files = {}
        if goal["kind"] == "bytes":
            continue
        for kind, ending in (("text", ".smt2"), ("z3_text", ".z3.smt2")):
            if goal[kind]:
                name = os.path.join("goals", goal["unit"].replace(":", "-"), goal["name"].replace("/", "-") + ending)
                path = os.path.join(stage, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "xb") as file:
                    file.write(_text(root, store, goal, kind))
                files[kind] = [name, goal[kind]]
    return table


def _checked(where, entry, keys, seen):
    if set(entry) - keys or not {"id"} <= set(entry):
        raise Trouble(f"{where} {entry.get('id', '?')}: keys {sorted(set(entry) ^ keys)}")
    if entry["id"] in seen:
        raise Trouble(f"{where} {entry['id']}: twice")
    seen.add(entry["id"])


def views():
    """The four indexes, checked: every objective has a status, and evidence or a reason."""
    items = {item["id"] for item in _load("items.toml")["item"]}
    found = []
    for path in sorted(glob.glob(os.path.join(VIEWS, "*.toml"))):
        name = os.path.basename(path)
        if name in ("items.toml", "tools.toml"):
            continue
        data, seen = _load(name), set()
        for one in data["objective"]:
            where = f"reports/views/{name}:"
            _checked(where, one, OBJECTIVE, seen)
            one.setdefault("evidence", [])
            one.setdefault("why", "")
            if one.get("status") not in STATUS:
                raise Trouble(f"{where} {one['id']}: status is {' or '.join(STATUS)}")
            if one["status"] != "met" and not one["why"]:
                raise Trouble(f"{where} {one['id']}: {one['status']}, and no reason why")
            if one["status"] != "not addressed" and not one["evidence"]:
                raise Trouble(f"{where} {one['id']}: {one['status']}, and no evidence")
            for item in one["evidence"]:
                if item not in items:
                    raise Trouble(f"{where} {one['id']}: no item '{item}' in reports/views/items.toml")
        found.append({"name": name[:-5], **data["view"], "objectives": data["objective"]})
    return found


def tools():
    seen, found = set(), _load("tools.toml")["tool"]
    for tool in found:
        _checked("reports/views/tools.toml:", tool, TOOL, seen)
        if set(tool) != TOOL:
            raise Trouble(f"reports/views/tools.toml: {tool['id']}: no {sorted(TOOL - set(tool))}")
    return found


def items(stage):
    """The items that are in the package; one that must be there and is not is a problem."""
    there, problems = [], []
    for item in _load("items.toml")["item"]:
        if os.path.exists(os.path.join(stage, item["file"])):
            there.append({name: item[name] for name in ("id", "title", "file")})
        elif not item.get("optional"):
            problems.append(f"item {item['id']}: {item['file']} is missing")
    return there, problems


def _objective(view, one, known):
    """What the index says, or less if not all that it rests on is in the package."""
    there, status, why = [name for name in one["evidence"] if name in known], one["status"], one["why"]
    if there != one["evidence"]:
        status = max(status, STATUS[1], key=STATUS.index) if there else STATUS[2]
        why = (why + " Not all of its evidence is in this package.").strip()
    return {"view": view["name"], "id": one["id"], "text": one["text"], "status": status, "evidence": there, "why": why}


def make(base, there, indexes, goals):
    known = {item["id"] for item in there}
    return {"format": "hypatia-ledger-1", "commit": base["commit"], "items": there,
            "objectives": [_objective(view, one, known) for view in indexes for one in view["objectives"]],
            "tools": tools(), "goals": goals}


def absent(there):
    known = {item["id"] for item in there}
    return [item for item in _load("items.toml")["item"] if item["id"] not in known]
