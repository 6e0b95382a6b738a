# SPDX-License-Identifier: BSD-2-Clause
"""A campaign in parts: which part proves what, and whether the parts make a whole."""

import json
import os
import re

from . import config, goals
from .store import digest
from .tools import Trouble

FORMAT = "hypatia-proof-shard-1"
SAME = (("commit", "commits"), ("inputs", "trees"), ("tools", "tools"), ("limits", "limits"), ("mode", "modes"),
        ("items_digest", "inventories"), ("of", "numbers of shards"))


def parse(text):
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match.group(1)) <= int(match.group(2)):
        raise Trouble(f"--shard {text}: must be I/N with I from 1 to N")
    return int(match.group(1)), int(match.group(2))


def items(table, written, units):
    """Everything that one shard can be given: (unit, function); "" for lemmas, theorems, queries."""
    found = []
    for unit in units:
        functions = []
        if unit.kind == config.C and not unit.lemmas:
            functions, errors = written.functions(unit)
            if errors:
                raise Trouble(errors[0])
            functions, errors = goals.own_functions(written.root, table, unit, functions)
            if errors:
                raise Trouble(errors[0])
        found += [(unit.name, name) for name in sorted(functions) + [""]]
    return found


def times(path):
    """(unit, function) -> seconds, from lines 'seconds unit function'."""
    found = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split()
                if words and words[0] != "#":
                    found[words[1], words[2] if len(words) > 2 else ""] = float(words[0])
    return found


def pack(found, seconds, count):
    """The items of each shard: longest first, each to the shard with the least so far."""
    known = [seconds[item] for item in found if item in seconds]
    usual = sum(known) / len(known) if known else 1.0
    loads = [0.0] * count
    shards = [[] for _ in range(count)]
    for item in sorted(found, key=lambda item: (-seconds.get(item, usual), item)):
        least = loads.index(min(loads))
        loads[least] += seconds.get(item, usual)
        shards[least].append(item)
    return [sorted(shard) for shard in shards]


def write(path, head, number, of, every, mine, found, errors):
    data = dict(head, format=FORMAT, shard=number, of=of, items_digest=digest(*map(str, every)),
                items=[list(item) for item in every], mine=[list(item) for item in mine], errors=errors,
                count=len(found), goals=found)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except (OSError, ValueError) as error:
        raise Trouble(f"join: {path}: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise Trouble(f"join: {path}: not the result of a shard")
    return data


def join(paths, inputs):
    """The shards' results, once they are known to be one campaign over the tree with these @inputs."""
    parts = [(path, _read(path)) for path in paths]
    first_path, first = parts[0]
    for path, part in parts:
        for key, what in SAME:
            if part.get(key) != first.get(key):
                raise Trouble(f"join: {first_path} and {path} are of different {what}")
    if first["inputs"] != inputs:
        raise Trouble("join: the shards are of another tree than this one")
    owner, names = {}, set()
    for path, part in parts:
        if len(part["goals"]) != part["count"]:
            raise Trouble(f"join: {path} has {len(part['goals'])} goals and says {part['count']}")
        for goal in part["goals"]:
            if (goal["unit"], goal["name"]) in names:
                raise Trouble(f"join: {path} overlaps another: both have {goal['unit']}/{goal['name']}")
            names.add((goal["unit"], goal["name"]))
        for item in map(tuple, part["mine"]):
            if item in owner:
                raise Trouble(f"join: {owner[item]} and {path} overlap: both have {item[0]}.{item[1] or 'lemmas'}")
            owner[item] = path
    missing = [item for item in map(tuple, first["items"]) if item not in owner]
    if missing:
        there = sorted(part["shard"] for _, part in parts)
        raise Trouble(f"join: incomplete: shards {', '.join(map(str, there))} of {first['of']} are there; "
                      f"{missing[0][0]}.{missing[0][1] or 'lemmas'} and {len(missing) - 1} more are in none")
    return [part for _, part in parts]
