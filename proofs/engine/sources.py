# SPDX-License-Identifier: BSD-2-Clause
"""What stands in the source files: functions, lemmas, theorems, axioms."""

import os
import re

# A definition in kernel style: the name at the end of an unindented (or ghost, indented) line that
# starts with a type, its arguments, and the brace alone on the next line.
_DEFINITION = re.compile(r"^[ \t]*(?:static |inline |extern |NOINLINE )*(?:struct )?\w+ +\**(\w+)\([^;{}()]*\)\s*\n[ \t]*\{",
                         re.MULTILINE)


def read(root, file):
    with open(os.path.join(root, file), encoding="utf-8") as stream:
        return stream.read()


def definitions(root, file):
    """Functions with a body in @file, ghost functions included."""
    keywords = {"if", "for", "while", "switch", "return", "else"}
    return [name for name in _DEFINITION.findall(read(root, file)) if name not in keywords]


def elsewhere(root, table, unit, functions):
    """Of the functions that Frama-C sees in @unit: those proved in another one, and those from no listed file."""
    here = set(definitions(root, unit.source))
    other = set()
    for header, owner in table.headers.items():
        names = set(definitions(root, header))
        if owner == unit.name:
            here |= names
        else:
            other |= names
    other -= here
    return [name for name in functions if name in other], \
        [name for name in functions if name not in here and name not in other]


def lemmas(text):
    return re.findall(r"\blemma\s+(\w+)\s*(?:\{[^}]*\})?\s*:", text)


def lemmas_elsewhere(root, table, unit):
    names = []
    for header, owner in table.headers.items():
        if owner != unit.name:
            names += lemmas(read(root, header))
    return names


def _no_comments(text):
    """Why3 text without its nested comments."""
    out, depth, i = [], 0, 0
    while i < len(text):
        if text.startswith("(*", i) and not text.startswith("(*)", i):
            depth, i = depth + 1, i + 2
        elif depth and text.startswith("*)", i):
            depth, i = depth - 1, i + 2
        else:
            if not depth:
                out.append(text[i])
            i += 1
    return "".join(out)


def theories(path):
    """Theory name -> text, for one Why3 file."""
    with open(path, encoding="utf-8") as stream:
        text = _no_comments(stream.read())
    parts = re.split(r"^(?:theory|module)\s+(\w+)", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def axioms(text):
    """Names of what a theory takes without proof."""
    return re.findall(r"\baxiom\s+(\w+)", text) + re.findall(r"^\s*val\s+(?:function\s+|predicate\s+|lemma\s+)*(\w+)",
                                                             text, re.MULTILINE)


def theorems(path):
    """(theory, name) of everything that must have a goal, cloned axioms included."""
    found = []
    texts = theories(path)
    for theory, text in texts.items():
        for name in re.findall(r"\b(?<!let )(?<!rec )(?:lemma|goal)\s+(\w+)\s*:", text):
            found.append((theory, name))
        for name in re.findall(r"\blet (?:rec )?lemma\s+(\w+)", text):
            found.append((theory, name))
        for cloned, body in re.findall(r"\bclone\s+(?:export\s+|import\s+)?([\w.]+)\s+with([^\n]*(?:\n(?!\s*(?:lemma|clone|use|let|end)\b)"
                                       r"[^\n]*)*)", text):
            if re.search(r"\bgoal\s*\.", body) and cloned in texts:
                found += [(theory, name) for name in re.findall(r"\baxiom\s+(\w+)", texts[cloned])]
            found += [(theory, name) for name in re.findall(r"\bgoal\s+(\w+)\s*(?=,|$)", body)]
    return found


def symbols(text):
    """Names declared without definition in the ACSL axiomatic blocks of @text."""
    found = []
    for body in re.findall(r"\baxiomatic\s+\w+\s*\{(.*?)\n\s*\}", text, re.DOTALL):
        for declaration in body.split(";"):
            match = re.search(r"\b(?:logic\s+\w+|predicate)\s+(\w+)\s*(?:\{[^}]*\})?\s*(?:\([^)]*\))?\s*$", declaration)
            if match:
                found.append(match.group(1))
    return found


def drivers_map(text):
    return re.findall(r"^(?:predicate|logic \w+)\s+\"?(\w+)\"?", text, re.MULTILINE)


def prototypes(text):
    """Functions, ghost ones too, declared with a contract and no body in a C header."""
    return re.findall(r"[*@]/\s*\n[ \t]*(?:extern )?(?:struct )?\w+ +\**(\w+)\([^;{}]*\);", text)
