# SPDX-License-Identifier: BSD-2-Clause
"""Goals that an earlier run had written out, and whose sources have not changed since."""

import os
import tempfile
import threading
import time

from . import bytecode, config, goals, keys
from .store import digest
from .tools import Trouble

KEPT = ("function", "name", "kind", "verdict", "prover", "text", "z3_text")


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Written:
    def __init__(self, root, work, table, versions, store):
        self.root, self.work, self.table, self.versions, self.store = root, work, table, versions, store
        self._keys = {}                 # unit -> function -> key
        self._lock = threading.Lock()
        self.seconds = {}               # (unit, function) -> seconds of writing
        self._functions = {}
        self._bytes = None

    def functions(self, unit):
        """The functions that Frama-C sees in @unit, and complaints; the keys of all of them are then known."""
        if unit.name not in self._functions:
            self._functions[unit.name] = self._find_functions(unit)
        functions, errors = self._functions[unit.name]
        return list(functions), list(errors)

    def _find_functions(self, unit):
        whole = keys.unit_key(self.root, self.table, unit, self.versions)
        if unit.lemmas:
            with self._lock:
                self._keys[unit.name] = {"": whole}
            return [], []
        known = self.store.reuse("unit", whole)
        if known is None:
            with tempfile.NamedTemporaryFile(suffix=".i", dir=self.work) as file:
                functions, errors = goals.functions_of(self.root, self.table, unit, ["-print", "-ocode", file.name])
                if errors:
                    return [], errors
                base = keys.base_key(self.root, self.table, unit, self.versions)
                found = keys.function_keys(base, read(file.name).decode("utf-8"), functions)
            known = {"functions": functions, "keys": found}
            self.store.put("unit", whole, known)
        with self._lock:
            self._keys[unit.name] = known["keys"]
        return known["functions"], []

    def _key(self, unit, function):
        with self._lock:
            if unit.kind == config.MODEL and unit.name not in self._keys:
                text = read(os.path.join(self.root, unit.source))
                self._keys[unit.name] = {"": keys.model_key(self.root, self.table, self.versions, [text],
                                                            [unit.name, text])}
            return self._keys[unit.name][function]

    def restore(self, unit, function):
        """The goals of a function as they were written before; None when they have to be written."""
        entry = self.store.reuse("goals", self._key(unit, function))
        if entry is None:
            return None
        found = []
        for values in entry["goals"]:
            goal = goals.Goal(unit.name, **values, cached=True)
            for text in (goal.text, goal.z3_text):
                if text and self.store.text(text) is None:
                    return None
            found.append(goal)
        return found

    def timed(self, unit, function, write, *args):
        start = time.monotonic()
        try:
            return write(*args)
        finally:
            self.seconds[unit, function] = time.monotonic() - start

    def note(self, goal):
        """Keep the text of a goal for later runs. A goal about bytes has none: what it depends on is its digest."""
        if goal.kind == goals.BYTES:
            if self._bytes is None:
                self._bytes = bytecode.inputs(self.root)
            goal.text = digest(self._bytes, goal.name)
            return
        if goal.file and not goal.text:
            goal.text = self.store.put_text(read(goal.file))
        if goal.z3_file and not goal.z3_text:
            goal.z3_text = self.store.put_text(read(goal.z3_file))

    def keep(self, unit, function, found, errors):
        """Note what was written for a function; a goal without text or verdict, or a complaint, is not kept."""
        for goal in found:
            self.note(goal)
        if errors or any(goal.verdict == goals.MISSING and not goal.text for goal in found):
            return
        key = self._key(unit, function)
        data = {"goals": [{name: getattr(goal, name) for name in KEPT} for goal in found]}
        before = self.store.get("goals", key)
        if before is not None and before != data:
            self.store.contradictions.append(
                f"{unit.name}.{function or 'lemmas'}: its goals are not those that the cache has under the same key")
        self.store.put("goals", key, data)

    def place(self, goal):
        """Its texts as files, for the provers."""
        folder = os.path.join(self.work, "goals", goal.unit.replace(":", "-"), goal.function or "lemmas", "cached")
        for prover, text in (("file", goal.text), ("z3_file", goal.z3_text)):
            if text and not getattr(goal, prover):
                data = self.store.text(text)
                if data is None:
                    raise Trouble(f"{goal.key}: its text is gone from build/cache/proof: run again")
                os.makedirs(folder, exist_ok=True)
                path = os.path.join(folder, f"{goal.name}.{prover}.smt2")
                with open(path, "wb") as file:
                    file.write(data)
                setattr(goal, prover, path)

