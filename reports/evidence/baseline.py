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

from engine import tools as engine_tools

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
MUTANTS, STABILITY = "build/mutants.json", "build/stability.json"
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
    for path in sorted(glob.glob(os.path.join(root, "proofs/*/*.py"))):
        with open(path, encoding="utf-8") as file:
            constants = {node.targets[0].id: ast.unparse(node.value) for node in ast.parse(file.read()).body
                         if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and
                         SETTINGS.match(node.targets[0].id)}
        if constants:
            engine[os.path.relpath(path, os.path.join(root, "proofs"))] = constants
    return {"wp": wp, "engine": engine, "limits": proof.get("limits", {}), "flags": _flags(root)}


def _proof_problems(root, proof, commit):
    """Why this result is no evidence for this commit."""
    goals, summary = proof.get("goals") or [], proof.get("summary", {})
    if proof.get("format") != "hypatia-proof-1":
        raise Trouble("build/proof.json: not the form that this program reads: make prove")
    if proof["partial"]:
        yield "build/proof.json: only a part of the campaign was run"
    if proof["mode"] != "cold":
        yield f"build/proof.json: a {proof['mode']} run: only a cold one is evidence"
    for error in proof["errors"]:
        yield f"build/proof.json: the campaign met an error: {error}"
    bad = [verify.key_of(goal) for goal in goals if goal["verdict"] != verify.expected(goal)]
    if not goals:
        yield "build/proof.json: no goals"
    if bad:
        yield f"build/proof.json: {len(bad)} goals are not proved, the first is {bad[0]}"
    if proof["commit"] != commit:
        yield f"build/proof.json: the result of {proof['commit']}, and HEAD is {commit}: make prove"
    if proof["inputs"] != engine_tools.inputs(root):
        yield "build/proof.json: the result of other sources than these, or of another build/gen: make prove"
    if not proof["evidence"]:
        yield "build/proof.json: the campaign itself says that it is no evidence"
    try:
        there = engine_tools.check()
    except engine_tools.Trouble as trouble:
        raise Trouble(str(trouble)) from trouble
    for name, tool in proof["tools"].items():
        if there.get(name) != tool:
            yield f"{name}: not the program that proved"
    with open(os.path.join(root, "spec/assumptions.toml"), "rb") as file:
        line = verify.last_line(goals, len(tomllib.load(file)["assumption"]))
    with open(os.path.join(root, verify.SUMMARY), encoding="utf-8") as file:
        if line != (file.read().splitlines() or [""])[-1] or line != verify.last_line_of(summary):
            yield f"build/proof.json: its goals and assumptions make '{line}', its summary says something else"
    with open(os.path.join(root, verify.IMAGE), "rb") as file:
        if line.encode() not in file.read():
            yield "build/hypatia.img: its banner does not quote this proof: make image"
    yield from _bytes_problems(root)


def _bytes_problems(root):
    """The campaign was about the image before its banner quoted the proof: the routines have to be the same."""
    done = subprocess.run(["/usr/bin/python3", os.path.join(root, "proofs/bytes/prove.py"), "--elf",
                           os.path.join(root, verify.ELF), "--same", os.path.join(root, verify.BYTES)],
                          capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        yield f"{verify.ELF}: {((done.stdout + done.stderr).strip().splitlines() or ['prove.py --same failed'])[0]}"
    yield from verify.image_of(os.path.join(root, verify.ELF), os.path.join(root, verify.IMAGE))


def _report_problems(root, commit, image):
    for name, empty in verify.REPORTS.items():
        if not os.path.exists(os.path.join(root, name)):
            yield f"{name}: missing: make {os.path.basename(os.path.dirname(name))}"
            continue
        report = read_json(root, name)
        if report.get("commit") != commit:
            yield f"{name}: of {report.get('commit', 'an unnamed tree')}, and HEAD is {commit}"
        for key in empty:
            if report.get(key) != []:
                yield f"{name}: {len(report.get(key, []))} entries in '{key}'"
        if name == verify.REPRODUCE and (not report["same"] or report["sha256"]["hypatia.img"] != image):
            yield f"{name}: not the bytes of build/hypatia.img: make reproduce"


def records(root, commit, image):
    """Files of earlier runs that are about this image or commit; notes on what is left out or marked; problems."""
    files, notes, problems = [], [], []
    if os.path.exists(os.path.join(root, verify.SYSTEST)):
        found = read_json(root, verify.SYSTEST)
        if isinstance(found, dict) and found.get("image") == image:
            logs = [f"build/logs/system/{one['name']}.log" for one in found["tests"]]
            files += [verify.SYSTEST] + [name for name in logs if os.path.exists(os.path.join(root, name))]
            bad = [one["name"] for one in found["tests"] if not one["passed"]]
            if bad:
                problems.append(f"{verify.SYSTEST}: {len(bad)} of {len(found['tests'])} tests failed, "
                                f"the first is {bad[0]}")
        else:
            notes.append(f"{verify.SYSTEST} and its logs are left out: they are not of this image (make system-check)")
    if os.path.exists(os.path.join(root, verify.COVERAGE_IMAGE)):
        found = read_json(root, verify.COVERAGE_IMAGE)
        if found["image"] == image:
            files += [verify.COVERAGE_IMAGE, "build/coverage-image.txt"]
            if found["open"]:
                problems.append(f"{verify.COVERAGE_IMAGE}: {len(found['open'])} entries in 'open'")
        else:
            notes.append(f"{verify.COVERAGE_IMAGE} is left out: it is not of this image (make coverage-image)")
    if os.path.exists(os.path.join(root, MUTANTS)):
        data = read_json(root, MUTANTS)
        if data.get("commit") == commit:
            verdicts = data["verdicts"].values()
            listed = run(["/usr/bin/python3", os.path.join(root, "proofs/mutants.py"), "--list"], root).decode()
            earlier = sum(1 for entry in verdicts if entry["tree"] != data["tree"])
            files.append(MUTANTS)
            notes.append(f"{MUTANTS} has {len(verdicts)} of the {len(listed.splitlines())} mutants of this tree, "
                         f"{sum(1 for entry in verdicts if entry['by'])} of them noticed"
                         + (f"; {earlier} verdicts are about an earlier tree" if earlier else ""))
        else:
            notes.append(f"{MUTANTS} is left out: it is not of this commit (make mutants)")
    if os.path.exists(os.path.join(root, STABILITY)):
        if read_json(root, STABILITY).get("baseline") == commit:
            files.append(STABILITY)
        else:
            notes.append(f"{STABILITY} is left out: it is not of this commit (make stability)")
    return files, notes, problems


def collect(root, proof):
    """The baseline, and the problems that keep it from being evidence."""
    commit = run(["git", "rev-parse", "HEAD"], root).decode().strip()
    problems = []
    changed = run(["git", "status", "--porcelain"], root).decode().splitlines()
    if changed:
        problems.append(f"the tree is not that of a commit: {len(changed)} files changed, "
                        f"the first is {changed[0][3:]}")
    for name in (verify.IMAGE, verify.ELF, verify.BYTES, verify.SUMMARY):
        if not os.path.exists(os.path.join(root, name)):
            raise Trouble(f"{name}: missing: make prove image")
    image = verify.sha256(os.path.join(root, verify.IMAGE))
    problems += _proof_problems(root, proof, commit)
    problems += _report_problems(root, commit, image)
    epoch = int(run(["git", "show", "-s", "--format=%ct", commit], root))
    base = {
        "format": "hypatia-baseline-1", "commit": commit,
        "commit_object": run(["git", "cat-file", "commit", commit], root).decode(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)), "epoch": epoch,
        "draft": problems, "notes": [], "inputs": proof["inputs"], "proved_with": proof["tools"],
        "image": {"file": verify.IMAGE, "bytes": os.path.getsize(os.path.join(root, verify.IMAGE)), "sha256": image},
        "elf": {"file": verify.ELF, "sha256": verify.sha256(os.path.join(root, verify.ELF))},
        "tools": _tools(root), "packages": packages(root), "configuration": configuration(root, proof),
    }
    return base, problems
