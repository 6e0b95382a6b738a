# SPDX-License-Identifier: BSD-2-Clause
"""Proof from bytes as a part of the campaign: proofs/bytes on the linked image, a goal for each clause of a contract.

The tool runs once for all goals, as a process of its own: Z3's library knows no threads.
"""

import glob
import json
import os
import subprocess
import threading

from . import smt
from .store import digest
from .tools import Trouble

ELF = os.path.join("build", "hypatia.elf")
RECORD = os.path.join("build", "proof-bytes.json")     # what `prove.py --same` compares a later image with
LIMIT = 600

_lock = threading.Lock()
_results = {}                   # root -> what the tool said


def _tool(root, *arguments):
    command = ["/usr/bin/python3", os.path.join(root, "proofs", "bytes", "prove.py"), "--json", *arguments]
    process = smt.start(command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                        text=True)
    try:
        text, complaint = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise Trouble(f"proofs/bytes/prove.py: no end after {LIMIT} s") from error
    finally:
        smt.done(process)
    try:
        return json.loads(text), ""
    except ValueError:
        return None, (complaint.strip().splitlines() or ["proofs/bytes/prove.py failed"])[-1]


def _stale(root):
    """An image that is not what stands in the sources proves nothing about them."""
    image = os.path.join(root, ELF)
    if not os.path.exists(image):
        return [f"bytes: {ELF} is missing: link it first (make image)"]
    sources = [path for name in ("src/arch/arm64/**/*.[Sh]", "src/arch/arm64/*.lds", "build/gen/asm/*.S")
               for path in glob.glob(os.path.join(root, name), recursive=True)]
    return [f"bytes: {os.path.relpath(file, root)} is newer than {ELF}: link it again (make image)"
            for file in sorted(sources) if os.path.getmtime(file) > os.path.getmtime(image)]


def names(root, only=None):
    """(routine, clause) of every goal that must exist, and errors."""
    listed, error = _tool(root, "--list")
    if listed is None:
        return [], [error]
    pairs = [tuple(name.split("/")) for name in listed]
    errors = [f"bytes: no routine {name} in spec/assembly.toml" for name in only or [] if name not in dict(pairs)]
    errors += _stale(root)
    return [pair for pair in pairs if not only or pair[0] in only], errors


def inputs(root):
    """Digest of all that the verdicts depend on: the image, the contracts, the tool, which accepts one version of what it uses."""
    names = ["proofs/bytes/*.py", "spec/*.toml", "spec/schema/*.json", "spec/gen/*.py", ELF]
    paths = sorted(path for name in names for path in glob.glob(os.path.join(root, name)))
    data = []
    for path in paths:
        with open(path, "rb") as file:
            data += [os.path.relpath(path, root), file.read()]
    return digest(*data)


def prove(root, goal):
    """The tool's verdict for one goal: proved, failed or unproved, with steps, seconds and reason."""
    with _lock:
        if root not in _results:
            if os.path.exists(os.path.join(root, RECORD)):
                os.unlink(os.path.join(root, RECORD))
            result, error = _tool(root, "--elf", os.path.join(root, ELF))
            _results[root] = result or {"goals": {}, "routines": {}, "error": error}
            if result:
                with open(os.path.join(root, RECORD), "w", encoding="utf-8") as file:
                    json.dump({key: result[key] for key in ("elf", "tools", "routines")}, file, indent=1)
                    file.write("\n")
    result = _results[root]
    found = result["goals"].get(goal.name)
    if found is None:
        text = result.get("error", "") or "the tool gave no verdict"
        return {"verdict": "missing", "text": text, "steps": 0, "seconds": 0.0}
    return found | {"sha256": result["routines"].get(goal.function, {}).get("sha256", "")}
