# SPDX-License-Identifier: BSD-2-Clause
"""What was built and proved, from what, with what; and why it may not be packed."""

import ast
import glob
import json
import os
import re
import shutil
import subprocess
import time
import tomllib

from . import verify


class Trouble(Exception):
    """Something that stops the package, in one line."""


# Each tool that had a part in the image, its proof or a report, and how it names its version.
TOOLS = {
    "frama-c": ["frama-c", "-version"], "why3": ["why3", "--version"], "z3": ["z3", "--version"],
    "cvc4": ["cvc4", "--version"], "aarch64-linux-gnu-gcc": ["aarch64-linux-gnu-gcc", "--version"],
    "aarch64-linux-gnu-as": ["aarch64-linux-gnu-as", "--version"],
    "aarch64-linux-gnu-ld": ["aarch64-linux-gnu-ld", "--version"],
    "aarch64-linux-gnu-objcopy": ["aarch64-linux-gnu-objcopy", "--version"], "gcc": ["gcc", "--version"],
    "make": ["make", "--version"], "python3": ["/usr/bin/python3", "--version"],
    "qemu-system-aarch64": ["qemu-system-aarch64", "--version"], "clang-19": ["clang-19", "--version"],
    "cppcheck": ["cppcheck", "--version"], "git": ["git", "--version"],
}
# A report that is older than what it reads speaks of something else.
READS = {
    "build/coverage/coverage.json": ("src/hyp/*", "tests/unit/*", "tests/unit/*/*", "tests/coverage.toml"),
    "build/coverage-image.json": ("src/*/*.[chS]", "src/*/*/*.[chS]", "tests/payloads/*", "tests/system/tests.toml",
                                  "tests/coverage-image.toml"),
    "build/misra/misra.json": ("src/hyp/*", "reports/misra.*"),
    "build/reproduce/reproduce.json": ("src/*/*", "src/*/*/*", "spec/*.toml", "spec/gen/*", "tools/build.mk"),
    "build/hypatia.img": ("src/*/*.[chS]", "src/*/*/*.[chS]", "spec/*.toml", "tools/build.mk"),
}
SETTINGS = re.compile(r"(\w+_)?(LADDER|LIMIT|CPU|COMMANDS)$")


def run(command, root, timeout=120):
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=timeout, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise Trouble(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command[:3])}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return done.stdout


def read_json(root, name):
    try:
        with open(os.path.join(root, name), encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise Trouble(f"{name}: {error.strerror}") from error
    except ValueError as error:
        raise Trouble(f"{name}: no JSON: {error}") from error


def write_json(path, data):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1, ensure_ascii=False)
        file.write("\n")


def _tools(root):
    found, paths = {}, {}
    for name, command in TOOLS.items():
        path = shutil.which(command[0])
        if not path:
            raise Trouble(f"{command[0]} is not installed (tools/deps.sh build qemu reports)")
        paths[name] = os.path.realpath(path)
        lines = run(command, root).decode(errors="replace").strip().splitlines()
        found[name] = {"version": lines[0] if lines else "", "sha256": verify.sha256(paths[name]), "package": ""}
    # Files that come from no package make it fail, and are named on the other stream.
    owners = subprocess.run(["dpkg", "-S", *paths.values()], capture_output=True, text=True, check=False).stdout
    for owner, path in re.findall(r"^([^:,\n]+)(?::\w+)?: (.*)$", owners, re.M):
        for name in found:
            if paths[name] == path:
                found[name]["package"] = owner
    return found


def packages(root):
    """Debian packages of this machine, with their versions."""
    lines = run(["dpkg-query", "-W", "-f", "${Package}\t${Version}\n"], root).decode().splitlines()
    return dict(sorted(line.split("\t") for line in lines))


def _flags(root):
    """What the compiler says it was called with, and the linker's flags."""
    text = run(["aarch64-linux-gnu-readelf", "--debug-dump=info", "build/hypatia.elf"], root).decode(errors="replace")
    used = sorted(set(re.findall(r"DW_AT_producer\s*:\s*(?:\(indirect[^)]*\): )?(.*)", text)))
    link = run(["make", "-s", "--no-print-directory", "-f", "tools/build.mk", "--eval",
                "show:;@echo '$(IMAGE_LDFLAGS)'", "show"], root).decode().strip()
    return {"compiler": used, "linker": link}


def configuration(root, proof):
    """The effective one: read from where the programs read it, or from what they left behind."""
    with open(os.path.join(root, "proofs/units.toml"), "rb") as file:
        wp = tomllib.load(file).get("wp", {})
    engine = {}
    for path in sorted(glob.glob(os.path.join(root, "proofs/engine/*.py"))):
        with open(path, encoding="utf-8") as file:
            constants = {node.targets[0].id: ast.unparse(node.value) for node in ast.parse(file.read()).body
                         if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and
                         SETTINGS.match(node.targets[0].id)}
        if constants:
            engine[os.path.basename(path)] = constants
    return {"wp": wp, "engine": engine, "limits": proof.get("limits", {}), "flags": _flags(root)}


def _proof_problems(root, proof, commit):
    """Why this result is no evidence for this commit."""
    goals, summary = proof.get("goals") or [], proof.get("summary", {})
    if proof.get("partial"):
        yield "build/proof.json: only a part of the campaign was run"
    if proof.get("mode", "cold") != "cold":
        yield f"build/proof.json: a {proof['mode']} run: only a cold one is evidence"
    for error in proof.get("errors", []):
        yield f"build/proof.json: the campaign met an error: {error}"
    bad = [verify.key_of(goal) for goal in goals if goal["verdict"] != verify.expected(goal)]
    if not goals:
        yield "build/proof.json: no goals"
    if bad:
        yield f"build/proof.json: {len(bad)} goals are not proved, the first is {bad[0]}"
    said = str(proof.get("commit") or proof.get("baseline"))
    if len(said) < 7 or not commit.startswith(said):
        yield f"build/proof.json: the result of {said}, and HEAD is {commit[:12]}: make prove"
    with open(os.path.join(root, "spec/assumptions.toml"), "rb") as file:
        line = verify.last_line(goals, len(tomllib.load(file)["assumption"]))
    with open(os.path.join(root, verify.SUMMARY), encoding="utf-8") as file:
        if line != (file.read().splitlines() or [""])[-1] or line != verify.last_line_of(summary):
            yield f"build/proof.json: its goals and assumptions make '{line}', its summary says something else"
    with open(os.path.join(root, verify.IMAGE), "rb") as file:
        if line.encode() not in file.read():
            yield "build/hypatia.img: its banner does not quote this proof: make image"


def _report_problems(root, image):
    for name, patterns in READS.items():
        path = os.path.join(root, name)
        if not os.path.exists(path):
            yield f"{name}: missing: make check"
            continue
        sources = [file for pattern in patterns for file in glob.glob(os.path.join(root, pattern))
                   if os.path.isfile(file) and not file.endswith(".pyc")]
        newest = max(sources, key=os.path.getmtime, default=path)
        if os.path.getmtime(newest) > os.path.getmtime(path):
            yield f"{name}: older than {os.path.relpath(newest, root)}: make image check"
    path = os.path.join(root, "build/reproduce/reproduce.json")
    if os.path.exists(path):
        twice = read_json(root, "build/reproduce/reproduce.json")
        if not twice["same"] or twice["sha256"]["hypatia.img"] != image:
            yield "build/reproduce/reproduce.json: not the bytes of build/hypatia.img: make reproduce"
    if os.path.exists(os.path.join(root, "build/coverage-image.json")):
        if read_json(root, "build/coverage-image.json")["image"] != image:
            yield "build/coverage-image.json: of another image: make check"
    if os.path.exists(os.path.join(root, "reports/trace.py")):
        if not os.path.exists(os.path.join(root, verify.TRACE)):
            yield f"{verify.TRACE}: missing"
        else:
            for problem in read_json(root, verify.TRACE)["problems"]:
                yield f"{verify.TRACE}: {problem}"


def collect(root, proof):
    """The baseline, and the problems that keep it from being evidence."""
    commit = run(["git", "rev-parse", "HEAD"], root).decode().strip()
    problems = []
    changed = run(["git", "status", "--porcelain"], root).decode().splitlines()
    if changed:
        problems.append(f"the tree is not that of a commit: {len(changed)} files changed, the first is {changed[0][3:]}")
    for name in (verify.IMAGE, "build/hypatia.elf", verify.SUMMARY):
        if not os.path.exists(os.path.join(root, name)):
            raise Trouble(f"{name}: missing: make prove image")
    image = verify.sha256(os.path.join(root, verify.IMAGE))
    problems += _proof_problems(root, proof, commit)
    problems += _report_problems(root, image)
    epoch = int(run(["git", "show", "-s", "--format=%ct", commit], root))
    tools = _tools(root)
    for name, tool in proof.get("tools", {}).items():
        if tools.get(name, {}).get("sha256") != tool["sha256"]:
            problems.append(f"{name}: not the binary that proved")
    base = {
        "format": "hypatia-baseline-1", "commit": commit,
        "commit_object": run(["git", "cat-file", "commit", commit], root).decode(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)), "epoch": epoch,
        "draft": problems,
        "image": {"file": verify.IMAGE, "bytes": os.path.getsize(os.path.join(root, verify.IMAGE)), "sha256": image},
        "elf": {"file": "build/hypatia.elf", "sha256": verify.sha256(os.path.join(root, "build/hypatia.elf"))},
        "tools": tools, "packages": packages(root), "configuration": configuration(root, proof),
    }
    return base, problems
