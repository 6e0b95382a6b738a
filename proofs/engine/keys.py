# SPDX-License-Identifier: BSD-2-Clause
"""What the goals of a function depend on, as a digest.

WP makes the goals of a function from its body and from the declarations, contracts and logic of
everything else, not from other bodies. Two exceptions are kept in the key: whether a variable lives in
WP's memory depends on where its address is taken, so a body with pointers counts for every function of
the unit; and recursion and the effects of calls go along the call graph, so of what a function calls,
directly or not, the globals and functions that it names count.
"""

import glob
import os
import re
import subprocess

from . import config, sources
from .store import digest
from .tools import Trouble

# Stands before or behind a declarator, and looks like a call.
_ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)")
_POINTER = re.compile(r"->|&|\*[A-Za-z_(*)]|\[\]")


def _content(path):
    with open(path, "rb") as file:
        return file.read()


def _engine_digest():
    folder = os.path.dirname(os.path.abspath(__file__))
    return digest(*(_content(os.path.join(folder, name)) for name in ("goals.py", "keys.py", "sources.py")))


def _theories(root, table, texts):
    """The Why3 files that these texts speak of, and those that these use, with their content."""
    there = {}
    for folder in table.model:
        for path in sorted(glob.glob(os.path.join(root, folder, "*.mlw"))):
            there.setdefault(os.path.basename(path)[:-len(".mlw")], {})[os.path.relpath(path, root)] = _content(path)
    found, todo = {}, list(texts)
    while todo:
        # A file is named as in `use file.Theory` or "file.mlw:Theory"; a comment that does so makes the key coarser.
        for name in set(re.findall(rb"(\w+)\.(?:mlw\b|[A-Z])", todo.pop())):
            files = there.pop(name.decode("ascii", "replace"), {})
            found.update(files)
            todo += files.values()
    return found


def model_key(root, table, versions, texts, extra=()):
    """The theories that @texts (a theory's file, drivers) rest on, and the programs that read them."""
    parts = [_engine_digest(), versions["frama-c"]["sha256"], versions["why3"]["sha256"]] + list(extra)
    for path, content in sorted(_theories(root, table, texts).items()):
        parts += [path, content]
    return digest(*parts)


def unit_key(root, table, unit, versions):
    """Everything that the goals of a C unit depend on: the text behind the preprocessor, drivers, model, options."""
    command = ["gcc", "-E", "-C", "-P", "-dD", "-D__FRAMAC__"]
    command += ["-I" + folder for folder in table.include] + [unit.source]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)
    if run.returncode != 0:
        raise Trouble(f"{unit.source}: {(run.stderr.strip().splitlines() or ['gcc failed'])[0]}")
    return digest(base_key(root, table, unit, versions), re.sub(r"\s+", " ", run.stdout))


def base_key(root, table, unit, versions):
    """Of unit_key(), what is not text of the unit."""
    parts = [unit.name, unit.source, *config.options(table, unit), *table.include]
    drivers = [_content(os.path.join(root, driver)) for driver in unit.drivers]
    parts += [part for pair in zip(unit.drivers, drivers) for part in pair]
    return model_key(root, table, versions, drivers, parts + sources.lemmas_elsewhere(root, table, unit))


def split(text):
    """What Frama-C printed: (all of it without the bodies of functions, function -> its body)."""
    lines = text.split("\n")
    rest, bodies = [], {}
    number = 0
    while number < len(lines):
        if lines[number] == "{" and "}" in lines[number:]:
            start = len(rest)
            while start and rest[start - 1] and not rest[start - 1].rstrip().endswith("*/"):
                start -= 1
            name = re.search(r"(\w+)\s*\(", _ATTRIBUTE.sub("", " ".join(rest[start:])))
            end = lines.index("}", number)
            if name:
                bodies[name.group(1)] = "\n".join(lines[number:end + 1])
                number = end + 1
                continue
        rest.append(lines[number])
        number += 1
    return "\n".join(rest), bodies


def function_keys(base, printed, functions):
    """function -> the digest that its goals depend on; "" for the lemmas, which no body concerns."""
    rest, bodies = split(printed)
    words = {name: set(re.findall(r"\b[A-Za-z_]\w*", body)) for name, body in bodies.items()}
    outside = set(re.findall(r"\b[A-Za-z_]\w*", rest))
    # A name that other text has too may be a global one; a local of that name only makes the key coarser.
    named = {name: digest(*sorted(words[name] & outside)) for name in bodies}
    pointers = {name: digest(body) for name, body in bodies.items() if _POINTER.search(body.replace("&&", ""))}
    keys = {}
    for function in list(functions) + [""]:
        below, todo = set(), [function]
        while todo:
            for name in words.get(todo.pop(), set()) & set(bodies):
                if name not in below:
                    below.add(name)
                    todo.append(name)
        parts = [base, function, rest, bodies.get(function, "")]
        parts += [f"{name} {pointers[name]}" for name in sorted(pointers) if name != function]
        parts += [f"{name} {named[name]}" for name in sorted(below)]
        keys[function] = digest(*parts)
    return keys
