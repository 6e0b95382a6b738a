#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Build the image twice, in different folders, at different times and in different environments.

The bytes must be the same. Where they are not, diffoscope says what differs. Writes
build/reproduce/reproduce.json with the digests.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "proofs"))

from engine import tools  # noqa: E402

LIMIT = 300
FILES = ("hypatia.img", "hypatia.elf")
# What a builder's machine may be like; nothing of it may reach the image.
BUILDERS = (
    {"folder": "a", "umask": 0o022, "shift": "+0", "environment": {"TZ": "UTC", "LC_ALL": "C"}},
    {"folder": "another/and/longer/place", "umask": 0o077, "shift": "+400d",
     "environment": {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "USER": "builder", "HOME": "/nonexistent"}},
)


class Trouble(Exception):
    """Something that stops the comparison, in one line."""


def copy_source(target):
    """What is committed or changed, and what the build has fetched; nothing that it has made."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        raise Trouble("this is no git checkout: " + listed.stderr.strip())
    for name in filter(None, listed.stdout.split("\0")):
        source = os.path.join(ROOT, name)
        if os.path.exists(source):
            os.makedirs(os.path.dirname(os.path.join(target, name)), exist_ok=True)
            shutil.copy(source, os.path.join(target, name))
    shutil.copytree(os.path.join(ROOT, "build/arm64"), os.path.join(target, "build/arm64"), symlinks=True)
    # The banner quotes the proof's result, which is an input of the image.
    summary = "build/gen/include/gen/proof_summary.h"
    if os.path.exists(os.path.join(ROOT, summary)):
        os.makedirs(os.path.dirname(os.path.join(target, summary)))
        shutil.copy(os.path.join(ROOT, summary), os.path.join(target, summary))


def build(base, builder):
    folder = os.path.join(base, builder["folder"])
    os.makedirs(folder)
    copy_source(folder)
    command = ["faketime", "-f", builder["shift"], "make", "-s", "image"]
    try:
        run = subprocess.run(command, cwd=folder, env=dict(os.environ, **builder["environment"]), timeout=LIMIT,
                             capture_output=True, text=True, check=False, umask=builder["umask"])
    except FileNotFoundError as error:
        raise Trouble("faketime is not installed (Debian package: faketime)") from error
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"make image: no end after {LIMIT} s") from error
    if run.returncode != 0:
        raise Trouble(f"make image in {builder['folder']}: {(run.stderr or run.stdout).strip()[-1000:]}")
    return folder


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def compare(folders):
    """Digests by file, and whether all are the same; the differences go to the terminal."""
    table, same = {}, True
    for name in FILES:
        paths = [os.path.join(folder, "build", name) for folder in folders]
        table[name] = [digest(path) for path in paths]
        if len(set(table[name])) != 1:
            same = False
            print(f"reproduce: {name} differs:")
            subprocess.run(["diffoscope", "--text", "-", "--max-text-report-size", "8000", *paths[:2]], check=False,
                           timeout=LIMIT)
    return table, same


def main():
    parser = argparse.ArgumentParser(prog="reports/reproduce.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("--keep", metavar="DIR", help="build below this folder and leave it there")
    args = parser.parse_args()
    base = args.keep or tempfile.mkdtemp(prefix="hypatia-reproduce-")
    try:
        table, same = compare([build(base, builder) for builder in BUILDERS])
        mine = os.path.join(ROOT, "build", "hypatia.img")
        if same and os.path.exists(mine) and digest(mine) != table["hypatia.img"][0]:
            print("reproduce: build/hypatia.img is older than the sources or the proof: make image")
            same = False
    except (Trouble, OSError) as trouble:
        print(f"reproduce: {trouble}", file=sys.stderr)
        return 2
    finally:
        if not args.keep:
            shutil.rmtree(base, ignore_errors=True)
    out = os.path.join(ROOT, "build", "reproduce")
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "reproduce.json"), "w", encoding="utf-8") as file:
        json.dump({"commit": tools.commit(ROOT), "same": same, "sha256": {name: one[0] for name, one in table.items()}}, file, indent=1)
        file.write("\n")
    print(f"reproduce: two builds, {'the same bytes' if same else 'NOT the same bytes'}: "
          f"hypatia.img {table['hypatia.img'][0][:16]}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
