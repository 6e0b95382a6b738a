#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check an evidence package: signature, files, documents against each other, completeness, and goals anew.

Needs Python 3.11, z3 and cvc4; no network. With Frama-C and Why3 a sample of goals is made from the archived
sources again and compared; without them the provers are asked about the archived texts. What a machine cannot
check for want of a program is said in a line of its own. Exit status: 0 all that was checked holds, 1 something
does not (one line each), 2 the check could not start, 3 all holds but no signature was checked.
"""

import argparse
import base64
import concurrent.futures
import filecmp
import hashlib
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import tomllib

sys.dont_write_bytecode = True  # a byte-code file would be one that the manifest does not name

MANIFEST = "manifest.sha256"
MINISIG, GPGSIG = MANIFEST + ".minisig", MANIFEST + ".asc"
PROOF, SUMMARY, BYTES = "build/proof.json", "build/proof-summary.txt", "build/proof-bytes.json"
IMAGE, ELF = "build/hypatia.img", "build/hypatia.elf"
COVERAGE, MISRA, TRACE = "build/coverage/coverage.json", "build/misra/misra.json", "build/trace/trace.json"
COVERAGE_IMAGE = "build/coverage-image.json"      # there if the system tests were run with this image
REPRODUCE, SYSTEST = "build/reproduce/reproduce.json", "build/systest.json"
# Each report says of which commit it is; these lists in it have to be empty.
REPORTS = {COVERAGE: ("open",), MISRA: ("unrecorded",), REPRODUCE: (), TRACE: ("problems", "suspect")}
NO_TEXT = {"qed", "cfg", "why3"}    # Frama-C and Why3 proved these before there was a question for a prover
UNSIGNED = 3


class Stop(Exception):
    """What ends the check, in one line."""


# --- digests -----------------------------------------------------------------------------------------

def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_below(root):
    """Every file below @root, with '/' in its name, sorted; a link or a device is no evidence."""
    found = []
    for folder, folders, files in os.walk(root):
        for name in files + [one for one in folders if os.path.islink(os.path.join(folder, one))]:
            path = os.path.join(folder, name)
            found.append((os.path.relpath(path, root), os.path.isfile(path) and not os.path.islink(path)))
    return sorted(found)


def git_object(kind, body):
    return hashlib.sha1(f"{kind} {len(body)}\0".encode() + body).digest()


def git_tree(folder):
    """The id that git gives to the tree of this folder's files."""
    entries = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            entries.append((name + "/", b"40000 " + os.fsencode(name), git_tree(path)))
        else:
            with open(path, "rb") as file:
                mode = b"100755 " if os.access(path, os.X_OK) and os.stat(path).st_mode & 0o100 else b"100644 "
                entries.append((name, mode + os.fsencode(name), git_object("blob", file.read())))
    return git_object("tree", b"".join(mode + b"\0" + digest for _, mode, digest in
                                       sorted(entries, key=lambda entry: os.fsencode(entry[0]))))


# --- minisign: Ed25519 (RFC 8032), to verify only ------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def ed25519(public, message, signature):
    key, r, s = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = _times(s, BASE), _add(r, _times(h, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def _base64(line):
    try:
        return base64.b64decode(line, validate=True)
    except ValueError:
        return b""


def minisign(key_text, signature_text, message):
    """None, or what is wrong."""
    key = _base64([line for line in key_text.splitlines() if line.strip()][-1].strip())
    lines = signature_text.splitlines()
    if len(key) != 42 or key[:2] != b"Ed":
        return "the key is no minisign public key"
    if len(lines) < 4 or not lines[2].startswith("trusted comment: "):
        return "no minisign signature"
    signature, over_all = _base64(lines[1]), _base64(lines[3])
    if len(signature) != 74 or len(over_all) != 64 or signature[:2] not in (b"Ed", b"ED"):
        return "no minisign signature"
    if signature[2:10] != key[2:10]:
        return "made with another key"
    if signature[:2] == b"ED":
        message = hashlib.blake2b(message).digest()
    if not ed25519(key[10:], message, signature[10:]):
        return "not of this manifest"
    if not ed25519(key[10:], signature[10:] + lines[2][len("trusted comment: "):].encode(), over_all):
        return "its trusted comment was changed"
    return None


def gpg(key, signature, manifest):
    if not shutil.which("gpg"):
        return "gpg is not installed"
    with tempfile.TemporaryDirectory() as home:
        command = ["gpg", "--batch", "--no-options", "--homedir", home]
        run = subprocess.run(command + ["--import", key], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            return "the key is no gpg public key"
        run = subprocess.run(command + ["--status-fd", "1", "--verify", signature, manifest], capture_output=True,
                             text=True, check=False)
        words = {line.split()[1] for line in run.stdout.splitlines() if line.startswith("[GNUPG:] ")}
        if "NO_PUBKEY" in words:
            return "made with another key"
        return None if run.returncode == 0 and {"GOODSIG", "VALIDSIG"} <= words else "not of this manifest"


# --- the package ---------------------------------------------------------------------------------------

def key_of(goal):
    return f"{goal['unit']}/{goal['name']}"


def expected(goal):
    return "passed" if goal["kind"] == "smoke" else "proved"


def last_line(goals, assumptions):
    """The campaign's last line, counted from its goals."""
    good = sum(1 for goal in goals if goal["verdict"] == expected(goal))
    smoke = sum(1 for goal in goals if goal["kind"] == "smoke" and goal["verdict"] == "failed")
    return (f"proof: {len(goals)} goals, {good} proved, {len(goals) - good - smoke} unproved, "
            f"{smoke} smoke failures, {assumptions} assumptions")


class Package:
    def __init__(self, root):
        self.root, self.failures, self.read = root, 0, {}

    def path(self, name):
        return os.path.join(self.root, name)

    def fail(self, text):
        self.failures += 1
        print(f"verify: FAIL: {text}")

    def want(self, condition, text):
        if not condition:
            self.fail(text)

    def json(self, name):
        if name not in self.read:
            try:
                with open(self.path(name), encoding="utf-8") as file:
                    self.read[name] = json.load(file)
            except (OSError, ValueError) as error:
                raise Stop(f"{name}: {error.strerror if isinstance(error, OSError) else 'no JSON'}") from error
        return self.read[name]

    def guard(self, check, *more):
        """Run @check; a document that it cannot read is a failure."""
        try:
            check(self, *more)
        except Stop as stop:
            self.fail(str(stop))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OSError, struct.error) as error:
            self.fail(f"{check.__name__}: a document has not the form that it should have ({error!r})")

    def text(self, name):
        try:
            with open(self.path(name), encoding="utf-8") as file:
                return file.read()
        except (OSError, ValueError) as error:
            raise Stop(f"{name}: cannot be read") from error


def check_signature(package, key, allow):
    """Whether the package is signed; a signature that nobody gave a key for is not checked and so counts as none."""
    there = [name for name in (MINISIG, GPGSIG) if os.path.exists(package.path(name))]
    if not there:
        if key:
            package.fail("signature: --key was given and the package is not signed")
        else:
            print("verify: signature: none: anyone may have made this package")
        return False
    if not key:
        if not allow:
            package.fail(f"signature: {there[0]} cannot be checked without the signer's public key (--key)")
        else:
            print("verify: signature: not checked, no --key")
        return False
    for name in there:
        try:
            if name == MINISIG:
                text = key
                if os.path.exists(key):
                    with open(key, encoding="utf-8", errors="replace") as file:
                        text = file.read()
                with open(package.path(MANIFEST), "rb") as file:
                    wrong = minisign(text, package.text(name), file.read())
            else:
                wrong = gpg(key, package.path(name), package.path(MANIFEST))
        except (OSError, Stop, IndexError) as error:
            wrong = str(error) or "cannot be read"
        if wrong:
            package.fail(f"signature: {name}: {wrong}")
        else:
            print(f"verify: signature: {name} is good")
    return True


def check_files(package):
    listed, before = {}, ""
    for number, line in enumerate(package.text(MANIFEST).splitlines(), 1):
        match = re.fullmatch(r"([0-9a-f]{64})  (\S.*)", line)
        if not match or match[2] <= before or match[2].startswith("/") or ".." in match[2].split("/"):
            package.fail(f"{MANIFEST}: line {number} is no entry in order")
            continue
        before = match[2]
        listed[match[2]] = match[1]
    there = dict(files_below(package.root))
    for name, plain in there.items():
        if name in (MANIFEST, MINISIG, GPGSIG):
            continue
        if name not in listed:
            package.fail(f"{name}: not in the manifest")
        elif not plain:
            package.fail(f"{name}: not a plain file")
        elif sha256(package.path(name)) != listed[name]:
            package.fail(f"{name}: changed")
    for name in listed:
        package.want(name in there, f"{name}: missing")
    print(f"verify: files: {len(listed)} in the manifest")


def image_of(elf, image):
    """Why this is not the image that the linker's segments make; nothing if it is."""
    with open(elf, "rb") as file:
        data = file.read()
    with open(image, "rb") as file:
        flat = file.read()
    if data[:6] != b"\x7fELF\x02\x01":
        yield f"{ELF}: no ELF file"
        return
    table, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    loads = []
    for number in range(count):
        kind, _, offset, _, address, length = struct.unpack_from("<IIQQQQ", data, table + number * size)
        if kind == 1 and length:
            loads.append((address, data[offset:offset + length]))
    start = min((address for address, _ in loads), default=0)
    if max((address + len(part) - start for address, part in loads), default=0) != len(flat) or \
            any(flat[address - start:address - start + len(part)] != part for address, part in loads):
        yield f"{IMAGE}: not the bytes of {ELF}"


def check_baseline(package):
    """One commit and one image in every document, and the sources are that commit's."""
    base, proof, ledger = package.json("baseline.json"), package.json(PROOF), package.json("ledger.json")
    made, result = package.json("provenance.intoto.json"), package.json("proof.intoto.json")
    for reason in base["draft"]:
        package.fail(f"draft: {reason}")
    commit, digest = base["commit"], base["image"]["sha256"]
    source = [one["digest"]["gitCommit"] for one in made["predicate"]["buildDefinition"]["resolvedDependencies"]
              if "gitCommit" in one["digest"]]
    said = {PROOF: proof["commit"], "ledger.json": ledger["commit"], "provenance.intoto.json": "".join(source),
            "proof.intoto.json": result["predicate"]["commit"]}
    said.update({name: package.json(name).get("commit") for name in REPORTS})
    for name, value in said.items():
        package.want(value == commit, f"{name}: of commit {value}, and the package is of {commit}")
    for name, value in (("baseline.json", base["inputs"]), ("proof.intoto.json", result["predicate"]["inputs"])):
        package.want(value == proof["inputs"], f"{name}: its digest of what was proved is not that of {PROOF}")
    body = base["commit_object"].encode()
    package.want(git_object("commit", body).hex() == commit, f"baseline.json: its commit object is not {commit}")
    tree = re.match(r"tree ([0-9a-f]{40})\n", base["commit_object"])
    package.want(tree and git_tree(package.path("sources")).hex() == tree[1], f"sources: not the files of {commit}")

    package.want(sha256(package.path(IMAGE)) == digest, f"{IMAGE}: not the image of baseline.json")
    package.want(sha256(package.path(ELF)) == base["elf"]["sha256"], f"{ELF}: not the one of baseline.json")
    for wrong in image_of(package.path(ELF), package.path(IMAGE)):
        package.fail(wrong)
    sbom = package.json("sbom.spdx.json")
    image = [one for one in sbom["packages"] if one["SPDXID"] == "SPDXRef-image"]
    subjects = {name: data["subject"][0]["digest"]["sha256"] for name, data in
                (("provenance.intoto.json", made), ("proof.intoto.json", result))}
    subjects["sbom.spdx.json"] = image[0]["checksums"][0]["checksumValue"] if image else ""
    subjects[REPRODUCE] = package.json(REPRODUCE)["sha256"]["hypatia.img"]
    if os.path.exists(package.path(SYSTEST)):
        subjects[SYSTEST] = package.json(SYSTEST)["image"]
    for name, value in subjects.items():
        package.want(value == digest, f"{name}: about another image")
    package.want(package.json(REPRODUCE)["same"], f"{REPRODUCE}: two builds differ")
    for name, empty in REPORTS.items():
        for key in empty:
            for one in package.json(name)[key]:
                package.fail(f"{name}: {key}: {one if isinstance(one, str) else json.dumps(one)[:200]}")
    print(f"verify: baseline: commit {commit[:12]}, image {digest[:16]}")


def check_proof(package):
    """Every goal has its verdict, and all that count goals count the same."""
    proof, base = package.json(PROOF), package.json("baseline.json")
    predicate, goals = package.json("proof.intoto.json")["predicate"], proof["goals"]
    package.want(sha256(package.path(PROOF)) == predicate["proof"]["sha256"], f"{PROOF}: not the result that is stated")
    package.want(proof["evidence"] and not proof["partial"] and proof["mode"] == "cold" and not proof["errors"],
                 f"{PROOF}: not a whole cold run without errors")
    package.want(goals, f"{PROOF}: no goals")
    for goal in goals:
        if goal["verdict"] != expected(goal):
            package.fail(f"{key_of(goal)}: {goal['verdict']}")
        elif goal["kind"] != "smoke" and goal["prover"] not in NO_TEXT and not answered(goal):
            package.fail(f"{key_of(goal)}: proved, but no prover answered so")
    registered = tomllib.loads(package.text("sources/spec/assumptions.toml"))["assumption"]
    stated = {one["id"]: one for one in predicate["assumptions"]}
    for one in registered:
        package.want(stated.pop(one["id"], None) == one, f"assumption {one['id']}: proof.intoto.json differs from "
                     "spec/assumptions.toml")
    for name in stated:
        package.fail(f"assumption {name}: in proof.intoto.json and not in spec/assumptions.toml")

    line = last_line(goals, len(registered))
    said = {"proof.json": last_line_of(proof["summary"]), "proof.intoto.json": last_line_of(predicate["summary"]),
            "proof-summary.txt": (package.text(SUMMARY).splitlines() or [""])[-1]}
    for name, text in said.items():
        package.want(text == line, f"{name}: says '{text}', and the goals '{line}'")
    with open(package.path(IMAGE), "rb") as file:
        package.want(line.encode() in file.read(), f"{IMAGE}: its banner quotes another proof than '{line}'")
    package.want(proof["tools"] == base["proved_with"] == predicate["tools"],
                 f"{PROOF}: its tools are not those of baseline.json and proof.intoto.json")
    for name in ("z3", "cvc4"):
        package.want(tool_digest(base["tools"][name]["sha256"]) == proof["tools"][name]["sha256"],
                     f"tool {name}: not the one of the proof")
    check_texts(package, goals)
    print(f"verify: {line}")


def answered(goal):
    """A prover's own answer to the text, or the tool's to the image's bytes."""
    return any(one["prover"] == goal["prover"] and
               (one["answer"] == "proved" if goal["kind"] == "bytes" else set(one["answer"].split()) == {"unsat"})
               for one in goal["tried"])


def tool_digest(digest):
    """The campaign's digest of a program that is one file."""
    return hashlib.sha256(bytes.fromhex(digest)).hexdigest()


def check_texts(package, goals):
    """Proof, ledger and goals/ have the same goals with the same texts."""
    names = [key_of(goal) for goal in goals]
    for name in {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ():
        package.fail(f"{name}: twice in {PROOF}")
    kept, files = dict(package.json("ledger.json")["goals"]), set()
    for goal in goals:
        key, texts = key_of(goal), kept.pop(key_of(goal), None)
        if texts is None:
            package.fail(f"{key}: not in the ledger")
            continue
        if not texts and goal["kind"] != "bytes":
            package.want(goal["prover"] in NO_TEXT, f"{key}: no text for {goal['prover']}")
        for kind in ("text", "z3_text"):
            file, digest = texts.get(kind, ["", ""])
            if goal["kind"] != "bytes" and digest != goal[kind]:
                package.fail(f"{key}: the ledger names another text than {PROOF}")
            elif file and not os.path.isfile(package.path(file)):
                package.fail(f"{key}: {file} is missing")
            elif file and sha256(package.path(file)) != digest:
                package.fail(f"{key}: {file} is not the goal that was proved")
            files.add(file)
    for name in kept:
        package.fail(f"{name}: in the ledger and not in {PROOF}")
    for name, _ in files_below(package.path("goals")):
        package.want("goals/" + name in files, f"goals/{name}: the text of no goal")


def last_line_of(summary):
    return "proof: {goals} goals, {proved} proved, {unproved} unproved, {smoke_failures} smoke failures, " \
        "{assumptions} assumptions".format(**summary)


def check_ledger(package):
    ledger = package.json("ledger.json")
    items = {item["id"]: item for item in ledger["items"]}
    for item in items.values():
        package.want(os.path.exists(package.path(item["file"])), f"item {item['id']}: {item['file']} is missing")
    for one in ledger["objectives"]:
        for name in one["evidence"]:
            package.want(name in items, f"{one['view']} {one['id']}: no item {name}")
        package.want(one["evidence"] or one["status"] == "not addressed", f"{one['view']} {one['id']}: "
                     f"{one['status']} without evidence")
    print(f"verify: ledger: {len(items)} items, {len(ledger['objectives'])} objectives")


def check_trace(package):
    """No requirement without evidence, no link into the void, and the goals are those of the proof."""
    trace, linked = package.json(TRACE), {}
    items = {f"{item['kind']} {item['id']}": item for item in trace["items"]}
    for link in trace["links"]:
        for end in (link["from"], link["to"]):
            package.want(end in items, f"trace: a link to {end}, which is no item")
        linked.setdefault(link["from"], set()).add(link["kind"])
    wanted = [name for name, item in items.items() if item["kind"] == "requirement"]
    package.want(wanted, "trace: no requirement")
    for name in wanted:
        for kind in ("implemented by", "tested by"):
            package.want(kind in linked.get(name, ()), f"trace: {name} is not {kind} anything")
    verdicts = {f"goal {key_of(goal)}": goal["verdict"] for goal in package.json(PROOF)["goals"]}
    for name in {name for name, item in items.items() if item["kind"] == "goal"} | set(verdicts):
        package.want(verdicts.get(name) == items.get(name, {}).get("verdict"), f"trace: {name}: not as in {PROOF}")
    print(f"verify: trace: {len(wanted)} requirements, {len(trace['links'])} links")


# --- anew, from the archived sources -------------------------------------------------------------------

class Tree:
    """The sources with what was made of them, in a folder of their own: nothing is written into the package."""

    def __init__(self, package, folder):
        self.root = os.path.join(folder, "tree")
        shutil.copytree(package.path("sources"), self.root)
        for name in ("build/gen", IMAGE, ELF, PROOF, COVERAGE, COVERAGE_IMAGE):
            if name == COVERAGE_IMAGE and not os.path.exists(package.path(name)):
                continue
            target = os.path.join(self.root, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            (shutil.copytree if os.path.isdir(package.path(name)) else shutil.copyfile)(package.path(name), target)
        # The packages that some programs need are the system's, whatever Python runs this one.
        self.python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
        sys.path.insert(0, os.path.join(self.root, "proofs"))

    def path(self, name):
        return os.path.join(self.root, name)

    def lacks(self, *modules):
        """Which of these modules are not installed."""
        code = "import importlib.util, sys\nprint(*(one for one in sys.argv[1:] if not importlib.util.find_spec(one)))"
        run = subprocess.run([self.python, "-c", code, *modules], capture_output=True, text=True, check=True)
        return run.stdout.split()

    def run(self, *command):
        return subprocess.run(command, cwd=self.root, env=dict(os.environ, PWD=self.root, PYTHONDONTWRITEBYTECODE="1"),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def last_of(run):
    return ((run.stderr or run.stdout).strip().splitlines() or [f"status {run.returncode}"])[-1]


def check_complete(package, tree):
    """The campaign's own checks of what must be there, without its tools."""
    from engine import checks, config, ratchet, report, sources, tools
    root = tree.root
    package.want(tools.inputs(root) == package.json(PROOF)["inputs"],
                 f"{PROOF}: the result of other sources than these, or of another build/gen")
    found = [report.from_dict(goal) for goal in package.json(PROOF)["goals"]]
    try:
        table = config.load(root)
        errors = checks.source_errors(root, table) + checks.coverage(root, table, found)
        errors += ratchet.errors(root, table, found, {unit.name for unit in table.units}, True)
    except tools.Trouble as trouble:
        raise Stop(str(trouble)) from trouble
    names = {unit.name: [goal.name for goal in found if goal.unit == unit.name] for unit in table.units}
    for unit in table.units:
        if unit.kind == config.BITS:
            lines = package.text(unit.source).splitlines()
            listed = [line.strip() for line in lines if line.strip() and line[0] != "#"]
            there = [f"{name}.smt2" for name in names[unit.name]]
            errors += [f"bits/{name}: listed, and no goal" for name in listed if name not in there]
        elif unit.kind == config.MODEL:
            for theory, lemma in sources.theorems(tree.path(unit.source)):
                if not any(re.search(rf"-{theory}-{lemma}(qtvc)?\d*$", name) for name in names[unit.name]):
                    errors.append(f"{unit.name}: theorem {theory}.{lemma} has no goal")
        elif unit.lemmas and not names[unit.name]:
            errors.append(f"{unit.name}: no goals")
    errors += [f"{goal.key}: no unit of proofs/units.toml" for goal in found if goal.unit not in names]
    for error in errors:
        package.fail(f"completeness: {error}")
    kept = "" if os.path.exists(tree.path(ratchet.FILE)) else f"; the sources have no {ratchet.FILE} to compare with"
    print(f"verify: completeness: {len(table.units)} units{kept}")


def check_made(package, tree):
    """build/gen and the trace are what the sources make."""
    lacks = tree.lacks("jinja2", "jsonschema")
    generators = [("spec/gen/generate.py", "again/gen"), ("proofs/lemmas.py", "again/gen/lemmas")]
    if lacks:
        print(f"verify: not checked: that build/gen is what spec/ generates (no Python module {', '.join(lacks)})")
    elif all(os.path.exists(tree.path(program)) for program, _ in generators):
        for program, out in generators:
            run = tree.run(tree.python, program, "--out", out)
            if run.returncode != 0:
                raise Stop(f"{program}: {last_of(run)}")
        made = {name for name, _ in files_below(tree.path("again/gen")) if "__pycache__" not in name}
        # The campaign adds its result for the banner.
        there = {name for name, _ in files_below(package.path("build/gen"))} - {"include/gen/proof_summary.h"}
        for name in sorted(made ^ there):
            wrong = "spec/ gives it, and it is missing" if name in made else "spec/ does not give it"
            package.fail(f"build/gen/{name}: {wrong}")
        for name in sorted(made & there):
            if not filecmp.cmp(tree.path(f"again/gen/{name}"), package.path(f"build/gen/{name}"), False):
                package.fail(f"build/gen/{name}: not what spec/ gives")
        print(f"verify: generated again: {len(made)} files of build/gen")

    lacks = lacks or tree.lacks("z3", "capstone", "elftools")
    if lacks:
        print(f"verify: not checked: that the trace is that of the sources (no Python module {', '.join(lacks)})")
    elif os.path.exists(tree.path("reports/trace.py")):
        run = tree.run(tree.python, "reports/trace.py", "--commit", package.json("baseline.json")["commit"])
        if run.returncode == 2:
            raise Stop(f"reports/trace.py: {last_of(run)}")
        package.want(filecmp.cmp(tree.path(TRACE), package.path(TRACE), False),
                     f"{TRACE}: not the trace of these sources, goals and coverage")
        print("verify: traced again")


def choose(goals, number, seed):
    return goals if number is None else random.Random(seed).sample(goals, min(number, len(goals)))


def prove_again(package, tree, number, seed, texts):
    """Some goals, or all: made from the sources where that is possible, else from the archived texts."""
    from engine import tools
    goals, why = package.json(PROOF)["goals"], "--texts"
    if not texts:
        try:
            tools.check()
            why = ""
        except tools.Trouble as trouble:
            why = str(trouble)
    of_bytes = [goal for goal in goals if goal["kind"] == "bytes"]
    lacks = tree.lacks("z3", "capstone", "elftools", "jinja2", "jsonschema") if of_bytes else []
    if lacks:
        print(f"verify: not checked: {len(of_bytes)} goals about the image's bytes "
              f"(no Python module {', '.join(lacks)})")
    if why:
        alone = [goal for goal in goals if not goal["text"]]
        print(f"verify: not checked: that the sources give the archived texts, and {len(alone)} goals without one "
              f"({why})")
    chosen = choose([goal for goal in goals if (goal["kind"] != "bytes" or not lacks) and (goal["text"] or not why)],
                    number, seed)
    if not chosen:
        return
    for prover in ("cvc4", "z3"):
        if not shutil.which(prover):
            raise Stop(f"{prover} is not installed")
        here = tool_digest(sha256(os.path.realpath(shutil.which(prover))))
        if here != package.json(PROOF)["tools"][prover]["sha256"]:
            print(f"verify: note: {prover} here is not the recorded program; its steps may mean something else")
    others = [goal for goal in chosen if goal["kind"] != "bytes"]
    failures, told = package.failures, "" if number is None else f", seed {seed}"
    prove_bytes(package, tree, [goal for goal in chosen if goal["kind"] == "bytes"])
    if why:
        ask_again(package, others)
        told += ", from the archived texts"
    else:
        count = write_again(package, tree, others, number is None)
        told += f", from the sources: {count} goals written, compared and proved"
    bad = f", {package.failures - failures} failures" if package.failures > failures else ""
    print(f"verify: proved again: {len(chosen)} of {len(goals)} goals{bad}{told}")


def prove_bytes(package, tree, goals):
    """The tool on the archived image."""
    if not goals:
        return
    routines = {goal["function"] for goal in goals}
    options = [] if "image" in routines else [word for name in sorted(routines) for word in ("--routine", name)]
    run = tree.run(tree.python, "proofs/bytes/prove.py", "--json", "--elf", tree.path(ELF), *options)
    try:
        found = json.loads(run.stdout)["goals"]
    except ValueError:
        raise Stop(f"proofs/bytes/prove.py: {last_of(run)}") from None
    for goal in goals:
        said = found.get(goal["name"], {"verdict": "no goal"})["verdict"]
        package.want(said == "proved", f"{key_of(goal)}: proofs/bytes says {said}")


def ask_again(package, goals):
    """The recorded provers, with the recorded limits, on the archived texts."""
    from engine import prove, smt
    ledger = package.json("ledger.json")["goals"]

    def wrong(goal):
        texts, smoke = ledger[key_of(goal)], goal["kind"] == "smoke"
        for one in goal["tried"] if smoke else goal["tried"][-1:]:
            file = texts.get("z3_text" if one["prover"] == "z3" else "text", texts["text"])[0]
            answer = smt.solve(one["prover"], package.path(file), one["limit"],
                               prove.SMOKE_CPU if smoke else smt.CPU_LIMIT)
            proved = bool(answer.answers) and set(answer.answers) == {"unsat"} and not answer.error
            if proved is smoke or (smoke and answer.error):
                said = answer.error or " ".join(answer.answers) or "nothing"
                return f"{key_of(goal)}: {one['prover']} with {one['limit']} steps says {said}"
        return None

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for text in pool.map(wrong, goals):
            package.want(not text, text)


def write_again(package, tree, chosen, whole):
    """Frama-C and Why3 write all goals of the functions of @chosen; goals, texts and verdicts are compared."""
    from engine import config
    kinds = {unit.name: unit for unit in config.load(tree.root).units}

    def group(goal):
        unit = kinds[goal["unit"]]
        return (unit.name, goal["function"] if unit.kind == config.C and not unit.lemmas else None)

    every = {}
    for goal in package.json(PROOF)["goals"]:
        if goal["kind"] != "bytes":
            every.setdefault(None if whole else group(goal), {})[key_of(goal)] = goal
    compared = 0
    for one in [None] if whole else sorted({group(goal) for goal in chosen}, key=str):
        units = sorted(name for name, unit in kinds.items() if unit.kind != config.BYTES) if whole else [one[0]]
        options = [word for name in units for word in ("--unit", name)]
        if not whole and one[1] is not None:
            options += ["--function", one[1]]
        result = tree.path("build/proof-partial.json")
        if os.path.exists(result):
            os.unlink(result)
        run = tree.run(sys.executable, "proofs/campaign.py", "--no-report", "--restart", "--source", tree.root,
                       *options)
        if not os.path.exists(result):
            package.fail(f"{' '.join(options[1:4:2])}: {last_of(run)}")
            continue
        with open(result, encoding="utf-8") as file:
            data = json.load(file)
        for error in data["errors"]:
            package.fail(f"again: {error}")
        compare(package, every[one], {key_of(goal): goal for goal in data["goals"]})
        compared += len(every[one])
    return compared


def compare(package, before, again):
    for key in sorted(before.keys() | again.keys()):
        if key not in again:
            package.fail(f"{key}: the sources do not give this goal")
        elif key not in before:
            package.fail(f"{key}: the sources give this goal, and the proof does not have it")
        elif any(again[key][kind] != before[key][kind] for kind in ("text", "z3_text")):
            package.fail(f"{key}: the sources give another text")
        elif again[key]["verdict"] != before[key]["verdict"]:
            package.fail(f"{key}: {again[key]['verdict']} now")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def count_of(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no number of goals")
    return int(text)


def arguments():
    parser = Parser(prog="verify", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--key", help="the signer's public key: minisign's file or text, or a file exported by gpg")
    parser.add_argument("--allow-unsigned", action="store_true", help="exit status 0 without a checked signature too")
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--sample", type=count_of, default=20, metavar="N", help="prove N goals again (default 20)")
    some.add_argument("--all", action="store_true", help="prove every goal again")
    parser.add_argument("--texts", action="store_true",
                        help="ask about the archived texts, even where Frama-C is installed")
    parser.add_argument("--seed", type=int, help="of the sample (default: a new one, printed)")
    args = parser.parse_args()
    if args.key and not os.path.isfile(args.key) and len(_base64(args.key)) != 42:
        parser.error(f"--key {args.key}: no such file, and no public key of minisign")
    return args


def main():
    args = arguments()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
    package = Package(os.path.dirname(os.path.abspath(__file__)))
    if not os.path.exists(package.path(MANIFEST)):
        print(f"verify: no {MANIFEST} beside this program", file=sys.stderr)
        return 2
    signed = check_signature(package, args.key, args.allow_unsigned)
    package.guard(check_files)
    whole = package.failures == 0
    for check in (check_baseline, check_proof, check_ledger, check_trace):
        package.guard(check)
    if whole:
        with tempfile.TemporaryDirectory(prefix="hypatia-verify-") as folder:
            tree = Tree(package, folder)
            package.guard(check_complete, tree)
            package.guard(check_made, tree)
            package.guard(prove_again, tree, None if args.all else args.sample, seed, args.texts)
    else:
        print("verify: nothing was made or proved again: that runs programs of a package that is not whole")
    if package.failures:
        print(f"verify: {package.failures} failures: this package is no evidence")
        return 1
    print("verify: all holds" + ("" if signed else ", but the signature: none was checked"))
    return 0 if signed or args.allow_unsigned else UNSIGNED


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("verify: interrupted")
