# SPDX-License-Identifier: BSD-2-Clause
"""One ledger: items of evidence, objectives of four standards, tools, and the file of each goal."""

import glob
import os
import tomllib

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


def goal_files(root, goals):
    """For each goal the file that each prover was given, with its digest."""
    table = {}
    for goal in goals:
        table[verify.key_of(goal)] = files = {}
        for prover in dict.fromkeys(one["prover"] for one in goal["tried"] if goal["file"]):
            file = goal["file"]
            # Why3 writes another text for each prover, in a folder of its own.
            other = file.replace("/cvc4/", "/z3/") if prover == "z3" else file
            if os.path.exists(os.path.join(root, other)):
                file = other
            if not os.path.exists(os.path.join(root, file)):
                raise Trouble(f"{verify.key_of(goal)}: {file} is missing: make prove")
            files[prover] = [file, verify.sha256(os.path.join(root, file))]
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


def make(base, there, indexes, goals):
    known = {item["id"] for item in there}
    return {
        "format": "hypatia-ledger-1", "commit": base["commit"], "items": there,
        "objectives": [{"view": view["name"], "id": one["id"], "text": one["text"], "why": one["why"],
                        "status": one["status"] if not one["evidence"] or known & set(one["evidence"]) else STATUS[2],
                        "evidence": [name for name in one["evidence"] if name in known]}
                       for view in indexes for one in view["objectives"]],
        "tools": tools(), "goals": goals,
    }


def absent(there):
    known = {item["id"] for item in there}
    return [item for item in _load("items.toml")["item"] if item["id"] not in known]
