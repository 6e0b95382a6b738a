# SPDX-License-Identifier: BSD-2-Clause
"""What the run before left: the goals of the last whole one, and the text with which each goal last proved."""

import json
import os

from .tools import Trouble


def _path(root, name):
    return os.path.join(root, "build", "cache", "proof", name + ".json")


def read(root, name):
    try:
        with open(_path(root, name), encoding="utf-8") as file:
            data = json.load(file)
        return data if isinstance(data, dict) else {}
    except (OSError, ValueError):
        return {}


def _write(root, name, data):
    path = _path(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(data, file)
    os.replace(path + ".new", path)


def _text(goal):
    # What WP itself proves has no text.
    return goal.text or goal.prover


def require_whole(root):
    if not read(root, "whole"):
        raise Trouble("--changed: no whole run to compare with: run one without it first")


def changed(root, found, units):
    """Counts of goals of these units whose text is another one, or that came or went, since the last whole run."""
    last = read(root, "whole")
    last = {key: text for key, text in last.items() if key.split("/")[0] in units}
    now = {goal.key: _text(goal) for goal in found}
    return {"changed": sum(1 for key, text in now.items() if key in last and last[key] != text),
            "new": sum(1 for key in now if key not in last),
            "gone": sum(1 for key in last if key not in now)}


def update(root, found, partial):
    proved = read(root, "proved")
    proved.update({goal.key: _text(goal) for goal in found if goal.ok})
    _write(root, "proved", proved)
    if not partial:
        _write(root, "whole", {goal.key: _text(goal) for goal in found})
