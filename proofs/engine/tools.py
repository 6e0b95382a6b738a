# SPDX-License-Identifier: BSD-2-Clause
"""The programs that the campaign uses, their versions, and its own Why3 configuration."""

import fcntl
import glob
import hashlib
import os
import shutil
import subprocess


class Trouble(Exception):
    """Something that stops the campaign, in one line."""


# The versions that the step limits were measured with: Debian 12's.
TOOLS = {
    "frama-c": (["frama-c", "-version"], "25.0"),
    "why3": (["why3", "--version"], "1.5.1"),
    "z3": (["z3", "--version"], "4.8.12"),
    "cvc4": (["cvc4", "--version"], "1.8"),
}


def check():
    """Each tool's version, the path of its binary and the binary's hash."""
    found = {}
    for name, (command, version) in TOOLS.items():
        path = shutil.which(name)
        if not path:
            raise Trouble(f"{name} is not installed (Debian packages: frama-c-base, why3, z3, cvc4)")
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            text = run.stdout.strip()
        except (OSError, subprocess.SubprocessError) as error:
            raise Trouble(f"{name} does not run: {error}") from error
        if version not in text:
            raise Trouble(f"{name}: version {version} is needed, not '{text.splitlines()[0] if text else ''}'")
        found[name] = {"version": version, "sha256": _digest([os.path.realpath(path)] + _parts(name))}
    return found


def _parts(name):
    """What a program loads that decides what goals it writes."""
    if name == "frama-c":
        run = subprocess.run(["frama-c", "-print-plugin-path"], capture_output=True, text=True, timeout=60, check=False)
        return sorted(glob.glob(os.path.join(run.stdout.strip().split(":")[0], "top", "Wp.cmxs")) +
                      glob.glob("/usr/share/frama-c/wp/**/*", recursive=True))
    return sorted(glob.glob("/usr/share/why3/**/*", recursive=True)) if name == "why3" else []


def _digest(paths):
    digest = hashlib.sha256()
    for path in paths:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


INPUTS = ("src/**/*", "annotations/*", "model/*", "proofs/*.toml", "proofs/campaign.py", "proofs/engine/*.py",
          "proofs/bytes/*.py", "spec/*.toml", "build/gen/**/*")


def inputs(root):
    """One digest of everything that the campaign reads of the tree."""
    paths = sorted({path for pattern in INPUTS for path in glob.glob(os.path.join(root, pattern), recursive=True)
                    if os.path.isfile(path) and os.path.basename(path) != "proof_summary.h"})
    names = hashlib.sha256("\n".join(os.path.relpath(path, root) for path in paths).encode("utf-8")).hexdigest()
    return hashlib.sha256((names + _digest(paths)).encode("ascii")).hexdigest()


def commit(root):
    run = subprocess.run(["git", "-C", root, "describe", "--always", "--dirty", "--abbrev=40", "--match="],
                         capture_output=True, text=True, check=False)
    return run.stdout.strip() if run.returncode == 0 else "unknown"


_held = []  # a lock lasts as long as its file is open


def claim(work):
    """@work is this process's until it ends; Trouble when it is another's."""
    os.makedirs(os.path.dirname(work), exist_ok=True)
    lock = open(f"{work}.lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise Trouble(f"another run works in build/{os.path.basename(work)}: wait for its end, or use another clone") from None
    _held.append(lock)


def workspace(root, name="proof"):
    """An empty build/proof with the Why3 configuration that Frama-C and why3 then use; two runs cannot share it."""
    work = os.path.join(root, "build", name)
    claim(work)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(os.path.join(work, "no-cache"))
    os.environ["WHY3CONFIG"] = os.path.join(work, "why3.conf")
    run = subprocess.run(["why3", "config", "detect"], capture_output=True, text=True, timeout=120,
                         check=False)
    if run.returncode != 0:
        raise Trouble("why3 config detect: " + (run.stderr.strip().splitlines() or ["failed"])[-1])
    return work
