#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Check an evidence package: signature, files, documents against each other, and goals anew.

Needs Python 3.11 alone, and z3 and cvc4 to prove goals again; no network. Exit status: 0 all holds,
1 something does not (one line each), 2 the check could not start, 3 all holds but nobody signed.
"""

import argparse
import base64
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

sys.dont_write_bytecode = True  # a byte-code file would be one that the manifest does not name

MANIFEST = "manifest.sha256"
MINISIG, GPGSIG = MANIFEST + ".minisig", MANIFEST + ".asc"
PROOF, SUMMARY, IMAGE = "build/proof.json", "build/proof-summary.txt", "build/hypatia.img"
TRACE = "build/trace/trace.json"
NO_FILE = {"qed", "cfg", "why3"}    # Frama-C and Why3 proved these before there was a question for a prover
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


def check_baseline(package):
    """One commit and one image in every document, and the sources are that commit's."""
    base, proof, ledger = package.json("baseline.json"), package.json(PROOF), package.json("ledger.json")
    made, result = package.json("provenance.intoto.json"), package.json("proof.intoto.json")
    for reason in base["draft"]:
        package.fail(f"draft: {reason}")
    commit, digest = base["commit"], base["image"]["sha256"]
    of_proof = str(proof.get("commit") or proof.get("baseline"))
    package.want(len(of_proof) >= 7 and commit.startswith(of_proof),
                 f"{PROOF}: the result of {of_proof}, and the package is of {commit}")
    source = [one["digest"]["gitCommit"] for one in made["predicate"]["buildDefinition"]["resolvedDependencies"]
              if "gitCommit" in one["digest"]]
    for name, value in (("ledger.json", ledger["commit"]), ("provenance.intoto.json", "".join(source)),
                        ("proof.intoto.json", result["predicate"]["commit"])):
        package.want(value == commit, f"{name}: of commit {value}, and the package is of {commit}")
    body = base["commit_object"].encode()
    package.want(git_object("commit", body).hex() == commit, f"baseline.json: its commit object is not {commit}")
    tree = re.match(r"tree ([0-9a-f]{40})\n", base["commit_object"])
    package.want(tree and git_tree(package.path("sources")).hex() == tree[1], f"sources: not the files of {commit}")

    package.want(sha256(package.path(IMAGE)) == digest, f"{IMAGE}: not the image of baseline.json")
    sbom = package.json("sbom.spdx.json")
    image = [one for one in sbom["packages"] if one["SPDXID"] == "SPDXRef-image"]
    subjects = {name: data["subject"][0]["digest"]["sha256"] for name, data in
                (("provenance.intoto.json", made), ("proof.intoto.json", result))}
    subjects["sbom.spdx.json"] = image[0]["checksums"][0]["checksumValue"] if image else ""
    for name, value in subjects.items():
        package.want(value == digest, f"{name}: about another image")
    print(f"verify: baseline: commit {commit[:12]}, image {digest[:16]}")


def check_proof(package):
    """Every goal has its verdict, and all that count goals count the same."""
    proof, ledger = package.json(PROOF), package.json("ledger.json")
    predicate = package.json("proof.intoto.json")["predicate"]
    goals, base = proof["goals"], package.json("baseline.json")
    package.want(sha256(package.path(PROOF)) == predicate["proof"]["sha256"], f"{PROOF}: not the result that is stated")
    package.want(not proof["partial"] and proof.get("mode", "cold") == "cold" and not proof["errors"],
                 f"{PROOF}: not a whole cold run without errors")
    package.want(goals, f"{PROOF}: no goals")
    for goal in goals:
        if goal["verdict"] != expected(goal):
            package.fail(f"{key_of(goal)}: {goal['verdict']}")
        elif goal["kind"] != "smoke" and goal["prover"] not in NO_FILE and \
                not any(one["prover"] == goal["prover"] and set(one["answer"].split()) == {"unsat"}
                        for one in goal["tried"]):
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
    for name, tool in proof["tools"].items():
        package.want(base["tools"].get(name, {}).get("sha256") == tool["sha256"] ==
                     predicate["tools"].get(name, {}).get("sha256"), f"tool {name}: not the one of the proof")

    names = [key_of(goal) for goal in goals]
    for name in {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ():
        package.fail(f"{name}: twice in {PROOF}")
    kept = dict(ledger["goals"])
    for goal in goals:
        files = kept.pop(key_of(goal), None)
        if files is None:
            package.fail(f"{key_of(goal)}: not in the ledger")
        elif not files:
            package.want(goal["prover"] in NO_FILE, f"{key_of(goal)}: no file for {goal['prover']}")
        for file, digest in (files or {}).values():
            if not os.path.isfile(package.path(file)):
                package.fail(f"{key_of(goal)}: {file} is missing")
            elif sha256(package.path(file)) != digest:
                package.fail(f"{key_of(goal)}: {file} is not the goal that was proved")
    for name in kept:
        package.fail(f"{name}: in the ledger and not in {PROOF}")
    print(f"verify: {line}")


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
    """No requirement without evidence, no link into the void."""
    if not os.path.exists(package.path(TRACE)):
        package.want(not os.path.exists(package.path("sources/reports/trace.py")), f"{TRACE}: missing")
        return
    trace = package.json(TRACE)
    for problem in trace["problems"]:
        package.fail(f"trace: {problem}")
    items, linked = {item["id"]: item for item in trace["items"]}, set()
    for link in trace["links"]:
        ends = link["from"], link["to"]
        for end in ends:
            package.want(end in items, f"trace: a link to {end}, which is no item")
        linked |= set(ends) if all(end in items for end in ends) else set()
    wanted = [item["id"] for item in items.values() if item["kind"] == "requirement"]
    package.want(wanted, "trace: no requirement")
    for name in wanted:
        package.want(name in linked, f"trace: {name} has no evidence")
    print(f"verify: trace: {len(wanted)} requirements, {len(trace['links'])} links")


# --- goals anew ----------------------------------------------------------------------------------------

def prove_again(package, number, seed):
    """The recorded provers, with the recorded step limits, on the archived files."""
    goals = [goal for goal in package.json(PROOF)["goals"] if package.json("ledger.json")["goals"][key_of(goal)]]
    if number is not None:
        goals = random.Random(seed).sample(goals, min(number, len(goals)))
    sys.path.insert(0, package.path("sources/proofs"))
    from engine import smt
    tools, told, good = package.json(PROOF)["tools"], set(), 0
    for count, goal in enumerate(goals):
        files, right = package.json("ledger.json")["goals"][key_of(goal)], True
        smoke = goal["kind"] == "smoke"
        for one in goal["tried"]:
            if not smoke and one is not goal["tried"][-1]:
                continue
            prover = one["prover"]
            path = shutil.which(prover)
            if not path:
                raise Stop(f"{prover} is not installed")
            if prover not in told and sha256(os.path.realpath(path)) != tools[prover]["sha256"]:
                print(f"verify: note: {prover} here is not the recorded binary; its steps may mean something else")
            told.add(prover)
            answer = smt.solve(prover, package.path(files[prover][0]), one["limit"])
            proved = bool(answer.answers) and set(answer.answers) == {"unsat"} and not answer.error
            if proved is smoke or (smoke and answer.error):
                said = answer.error or " ".join(answer.answers) or "nothing"
                package.fail(f"{key_of(goal)}: {prover} with {one['limit']} steps says {said}")
                right = False
        good += right
        if sys.stdout.isatty():
            print(f"\rverify: {count + 1}/{len(goals)}", end="\r", flush=True)
    print(f"verify: proved again: {good} of {len(goals)} goals" + ("" if number is None else f", seed {seed}"))


def rewrite(package, number, seed):
    """Frama-C writes the goals of some functions from the archived sources: the same goals, the same files."""
    if not shutil.which("frama-c"):
        raise Stop("--rewrite needs frama-c and why3")
    goals = [goal for goal in package.json(PROOF)["goals"]
             if goal["function"] and not goal["unit"].startswith(("model:", "bits"))]
    chosen = {(goal["unit"], goal["function"]) for goal in random.Random(seed).sample(goals, min(number, len(goals)))}
    ledger, compared = package.json("ledger.json")["goals"], 0
    with tempfile.TemporaryDirectory(prefix="hypatia-verify-") as temp:
        root = os.path.join(temp, "tree")
        shutil.copytree(package.path("sources"), root)
        shutil.copytree(package.path("build/gen"), os.path.join(root, "build/gen"))
        for unit, function in sorted(chosen):
            run = subprocess.run([sys.executable, os.path.join(root, "proofs/campaign.py"), "--source", root, "--unit",
                                  unit, "--function", function, "--jobs", "1"], capture_output=True, text=True,
                                 check=False)
            if run.returncode != 0:
                package.fail(f"{unit}: {function}: {(run.stderr or run.stdout).strip().splitlines()[-1]}")
                continue
            with open(os.path.join(root, "build/proof-partial.json"), encoding="utf-8") as file:
                anew = {key_of(goal): goal for goal in json.load(file)["goals"]}
            mine = [goal for goal in goals if goal["unit"] == unit and
                    (goal["function"] == function or key_of(goal) in anew)]
            for goal in mine:
                key = key_of(goal)
                compared += 1
                if key not in anew:
                    package.fail(f"{key}: the sources do not give this goal")
                elif (anew[key]["verdict"], anew[key]["prover"]) != (goal["verdict"], goal["prover"]):
                    package.fail(f"{key}: {anew[key]['verdict']} by {anew[key]['prover']} now")
                for file, digest in ledger[key].values():
                    again = os.path.join(root, file)
                    package.want(os.path.exists(again) and sha256(again) == digest,
                                 f"{key}: {file}: the sources give another text")
            for key in anew.keys() - {key_of(goal) for goal in mine}:
                package.fail(f"{key}: the sources give this goal, and the proof does not have it")
    print(f"verify: written again: {compared} goals of {len(chosen)} functions, seed {seed}")


def main():
    parser = argparse.ArgumentParser(prog="verify", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--key", help="the signer's public key: minisign's file or text, or a file exported by gpg")
    parser.add_argument("--allow-unsigned", action="store_true", help="exit status 0 without a checked signature too")
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--sample", type=int, default=20, metavar="N", help="prove N goals again (default 20)")
    some.add_argument("--all", action="store_true", help="prove every goal again that has a file")
    parser.add_argument("--rewrite", type=int, default=0, metavar="N",
                        help="have Frama-C write the goals of the functions of N goals from the sources again")
    parser.add_argument("--seed", type=int, help="of the samples (default: a new one, printed)")
    parser.add_argument("--package", default=os.path.dirname(os.path.abspath(__file__)), help=argparse.SUPPRESS)
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
    package = Package(os.path.abspath(args.package))
    if not os.path.exists(package.path(MANIFEST)):
        print(f"verify: no {MANIFEST} beside this program", file=sys.stderr)
        return 2
    signed = check_signature(package, args.key, args.allow_unsigned)
    checks = [(check, ()) for check in (check_files, check_baseline, check_proof, check_ledger, check_trace)]
    checks.append((prove_again, (None if args.all else args.sample, seed)))
    if args.rewrite:
        checks.append((rewrite, (args.rewrite, seed)))
    whole = False
    for check, more in checks:
        if check in (prove_again, rewrite) and not whole:
            print("verify: goals were not proved again: that runs programs of a package that is not whole")
            break
        try:
            check(package, *more)
        except Stop as stop:
            package.fail(str(stop))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OSError) as error:
            package.fail(f"{check.__name__}: a document has not the form that it should have ({error!r})")
        if check is check_files:
            whole = package.failures == 0
    if package.failures:
        print(f"verify: {package.failures} failures: this package is no evidence")
        return 1
    print("verify: all holds" + ("" if signed else ", but the signature: none was checked"))
    return 0 if signed or args.allow_unsigned else UNSIGNED


if __name__ == "__main__":
    sys.exit(main())
