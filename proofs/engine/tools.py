# SPDX-License-Identifier: BSD-2-Clause
"""The programs that the campaign uses, their versions, and its own Why3 configuration."""

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
        with open(os.path.realpath(path), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        found[name] = {"version": version, "sha256": digest}
    return found


def workspace(root):
    """An empty build/proof with the Why3 configuration that Frama-C and why3 then use."""
    work = os.path.join(root, "build", "proof")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(os.path.join(work, "no-cache"))
    os.environ["WHY3CONFIG"] = os.path.join(work, "why3.conf")
    run = subprocess.run(["why3", "config", "detect"], capture_output=True, text=True, timeout=120,
                         check=False)
    if run.returncode != 0:
        raise Trouble("why3 config detect: " + (run.stderr.strip().splitlines() or ["failed"])[-1])
    return work
