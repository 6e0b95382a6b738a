#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The evidence package of a small made-up tree: it verifies, and whatever is done to it is noticed."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "reports"))
from evidence import package, verify  # noqa: E402

LIMIT = 120
ASSUMPTION = """[[assumption]]
id = "ASM-TST-{0}"
kind = "tool"
text = "Something is believed."
reason = "It has to be."
evidence = "None."
where = ["src/hyp/one.c"]
"""
TRUE = "(set-logic QF_BV)\n(declare-const x (_ BitVec 8))\n(assert (not (= (bvand x x) x)))\n; {}\n(check-sat)\n"
FALSE = "(set-logic QF_BV)\n(declare-const x (_ BitVec 8))\n(assert (not (= (bvand x #x01) x)))\n; {}\n(check-sat)\n"
LINE = "proof: 7 goals, 7 proved, 0 unproved, 0 smoke failures, 2 assumptions"


def run(command, folder=None, **more):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False, **more)


def write(root, name, text):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def goal(unit, name, kind, prover, file, tries):
    return {"unit": unit, "function": "one", "name": name, "kind": kind, "verdict": "passed" if kind == "smoke" else "proved",
            "prover": prover, "seconds": 0.1, "steps": 10, "file": file,
            "tried": [{"prover": one, "limit": 1000000, "answer": answer, "steps": 10, "seconds": 0.1}
                      for one, answer in tries]}


GOALS = [
    goal("bits", "field", "bits", "z3", "build/gen/qfbv/field.smt2", [("z3", "unsat")]),
    goal("model:m", "theorem", "goal", "z3", "build/proof/goals/model-m/cvc4/theorem.smt2",
         [("cvc4", "unknown"), ("z3", "unsat")]),
    goal("one", "by_cvc4", "goal", "cvc4", "build/proof/goals/one/by_cvc4.smt2", [("cvc4", "unsat")]),
    goal("one", "by_qed", "goal", "qed", "", []),
    goal("one", "by_z3", "goal", "z3", "build/proof/goals/one/by_z3.smt2", [("cvc4", "unknown"), ("z3", "unsat")]),
    goal("one", "lemma", "lemma", "cvc4", "build/proof/goals/one/lemma.smt2", [("cvc4", "unsat")]),
    goal("one", "probe", "smoke", "z3", "build/proof/goals/one/probe.smt2", [("cvc4", "sat"), ("z3", "sat")]),
]


def tree(root):
    """A repository with one commit, and what campaign and tests leave in build/."""
    with open(os.path.join(ROOT, "reports/views/items.toml"), "rb") as file:
        for item in tomllib.load(file)["item"]:
            if item["file"].startswith("sources/"):
                name = item["file"][len("sources/"):]
                write(root, name if "." in os.path.basename(name) else name + "/file.txt", "some text\n")
    write(root, ".gitignore", "/build/\n")
    write(root, "spec/assumptions.toml", ASSUMPTION.format("001") + ASSUMPTION.format("002"))
    write(root, "src/hyp/one.c", "/* SPDX-License-Identifier: BSD-2-Clause */\nint one(void)\n{\n\treturn 1;\n}\n")
    write(root, "proofs/units.toml", "[wp]\noptions = [\"-wp-rte\"]\n")
    write(root, "tools/build.mk", "IMAGE_LDFLAGS := -static\n")
    for name in ("__init__.py", "smt.py"):
        with open(os.path.join(ROOT, "proofs/engine", name), encoding="utf-8") as file:
            write(root, "proofs/engine/" + name, file.read())
    commit(root)
    write(root, "build/proof-summary.txt", "a table\n" + LINE + "\n")
    write(root, "build/hypatia.img", "\x01image " + LINE + "\n")
    os.makedirs(os.path.join(root, "build/image"))
    run(["aarch64-linux-gnu-gcc", "-g", "-MMD", "-MF", "build/image/one.d", "-c", "-o", "build/hypatia.elf",
         "src/hyp/one.c"], root)
    for name in ("build/image/hypatia.map", "build/coverage/coverage.json", "build/misra/misra.json", "build/logs/one.log"):
        write(root, name, "{}\n")
    for one in GOALS:
        if one["file"]:
            write(root, one["file"], (FALSE if one["kind"] == "smoke" else TRUE).format(one["name"]))
    write(root, "build/proof/goals/model-m/z3/theorem.smt2", TRUE.format("for Z3"))
    results(root)


def commit(root):
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        done = run(["git", "-c", "user.name=Test", "-c", "user.email=test@localhost", *command], root)
        assert done.returncode == 0, done.stderr


def results(root, **changes):
    """proof.json and reproduce.json for HEAD; @changes: keys of proof.json that are otherwise."""
    tools = {name: {"version": "1", "sha256": verify.sha256(os.path.realpath(shutil.which(name)))} for name in ("z3", "cvc4")}
    data = {"baseline": run(["git", "rev-parse", "--short", "HEAD"], root).stdout.strip(), "tools": tools, "partial": False,
            "mode": "cold", "errors": [], "goals": GOALS,
            "summary": {"goals": 7, "proved": 7, "unproved": 0, "smoke_failures": 0, "assumptions": 2}}
    write(root, "build/proof.json", json.dumps({**data, **changes}))
    digest = verify.sha256(os.path.join(root, "build/hypatia.img"))
    write(root, "build/reproduce/reproduce.json", json.dumps({"same": True, "sha256": {"hypatia.img": digest}}))
    write(root, "build/coverage-image.json", json.dumps({"image": digest}))


def make(root, *options, **more):
    return run(["/usr/bin/python3", os.path.join(ROOT, "reports/evidence.py"), "--root", root, *options], **more)


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="hypatia-evidence-")
        cls.addClassCleanup(shutil.rmtree, cls.top)
        cls.tree = os.path.join(cls.top, "tree")
        tree(cls.tree)
        for name in ("mine", "other"):
            done = run(["minisign", "-G", "-W", "-p", name + ".pub", "-s", name + ".sec"], cls.top)
            assert done.returncode == 0, done.stderr
        cls.key = os.path.join(cls.top, "mine.pub")
        cls.good = cls.packed(cls.tree, "good", "--key", os.path.join(cls.top, "mine.sec"))

    @classmethod
    def packed(cls, root, name, *options, **more):
        """Make the package and unpack it."""
        done = make(root, *options, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        file = os.path.join(root, done.stdout.split(": ", 1)[1].split(",")[0])
        shutil.copy(file, os.path.join(cls.top, name + ".tar.xz"))
        with tarfile.open(file) as tar:
            tar.extractall(os.path.join(cls.top, name))
        return os.path.join(cls.top, name, os.path.basename(file)[:-len(".tar.xz")])

    def setUp(self):
        self.work = os.path.join(tempfile.mkdtemp(dir=self.top), "package")
        shutil.copytree(self.good, self.work)

    def path(self, name):
        return os.path.join(self.work, name)

    def flip(self, name, place=0.5):
        with open(self.path(name), "r+b") as file:
            file.seek(int(os.path.getsize(self.path(name)) * place))
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))

    def edit(self, name, change):
        with open(self.path(name), encoding="utf-8") as file:
            data = json.load(file)
        change(data)
        write(self.work, name, json.dumps(data))

    def forge(self):
        """Make the manifest fit again, without a signature."""
        for name in (verify.MANIFEST, verify.MINISIG):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        package.manifest(self.work)

    def expect(self, status, *words, options=None):
        done = run([self.path("verify"), *(["--key", self.key, "--sample", "3"] if options is None else options)])
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, text)
        for word in words:
            self.assertIn(word, text)
        return text

    def expect_forged(self, *words):
        self.forge()
        self.expect(1, *words, options=["--allow-unsigned", "--all"])


class Good(Base):
    def test_it_verifies(self):
        self.expect(0, f"{verify.MINISIG} is good", LINE, "proved again: 3 of 3 goals", "verify: all holds")
        self.expect(0, "proved again: 6 of 6 goals", options=["--key", self.key, "--all"])
        run(["sha256sum", "--quiet", "-c", verify.MANIFEST], self.work, env=dict(os.environ, LC_ALL="C"))
        with open(self.key, encoding="utf-8") as file:
            text = file.read().splitlines()[1]
        self.expect(0, options=["--key", text, "--sample", "0"])

    def test_anyone_may_have_made_it(self):
        self.expect(1, "cannot be checked without the signer's public key", options=[])
        self.forge()
        self.expect(3, "signature: none", "but the signature: none was checked", options=["--sample", "1"])
        self.expect(0, options=["--sample", "1", "--allow-unsigned"])
        self.expect(1, "--key was given and the package is not signed")

    def test_gpg(self):
        home = tempfile.mkdtemp(prefix="gpg-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        env = dict(os.environ, GNUPGHOME=home)
        self.addCleanup(run, ["gpgconf", "--kill", "gpg-agent"], env=env)
        for name in ("one@test", "two@test"):
            run(["gpg", "--batch", "--passphrase", "", "--quick-gen-key", name, "ed25519", "sign", "never"], env=env)
            run(["gpg", "--batch", "--output", os.path.join(home, name), "--armor", "--export", name], env=env)
        self.work = self.packed(self.tree, "gpg", "--key", "one@test", env=env)
        self.expect(0, f"{verify.GPGSIG} is good", options=["--key", os.path.join(home, "one@test"), "--sample", "1"])
        self.expect(1, "made with another key", options=["--key", os.path.join(home, "two@test")])
        self.flip(verify.MANIFEST)
        self.expect(1, "not of this manifest", options=["--key", os.path.join(home, "one@test")])

    def test_older_minisign(self):
        """Signatures over the file itself, not over its digest."""
        os.unlink(self.path(verify.MINISIG))
        run(["minisign", "-S", "-l", "-s", os.path.join(self.top, "mine.sec"), "-m", self.path(verify.MANIFEST)])
        self.expect(0, f"{verify.MINISIG} is good")

    def test_same_bytes(self):
        digests = []
        for name in ("first", "second"):
            self.packed(self.tree, name)
            digests.append(verify.sha256(os.path.join(self.top, name + ".tar.xz")))
        self.assertEqual(*digests)

    def test_every_page_says_no_claim_and_links_lead_somewhere(self):
        for name, _ in verify.files_below(self.path("site")):
            with open(self.path("site/" + name), encoding="utf-8") as file:
                text = file.read()
            self.assertIn("no claim of compliance", text)
            self.assertNotIn("http", text.split("</style>")[1].replace("https://slsa.dev", ""))
            for link in text.split('href="')[1:]:
                target = os.path.join(self.path("site"), os.path.dirname(name), link.split('"')[0])
                self.assertTrue(os.path.exists(target), (name, target))


class Changed(Base):
    def test_byte(self):
        for name in ("sources/src/hyp/one.c", "build/proof.json", "build/proof/goals/one/by_z3.smt2", "build/hypatia.img",
                     "proof.intoto.json", "ledger.json", "evidence.pdf", "verify.py"):
            if name == "verify.py":
                continue
            self.flip(name)
            self.expect(1, f"FAIL: {name}: changed")
            shutil.copy(os.path.join(self.good, name), self.path(name))
        self.expect(0)

    def test_manifest_and_signature(self):
        self.flip(verify.MANIFEST, 0.001)
        self.expect(1, "not of this manifest", "changed")
        shutil.copy(os.path.join(self.good, verify.MANIFEST), self.work)
        self.flip(verify.MINISIG, 0.4)
        self.expect(1, f"FAIL: signature: {verify.MINISIG}")
        shutil.copy(os.path.join(self.good, verify.MINISIG), self.work)
        with open(self.path(verify.MINISIG), encoding="utf-8") as file:
            text = file.read()
        write(self.work, verify.MINISIG, text.replace("evidence for", "evidence of"))
        self.expect(1, "its trusted comment was changed")

    def test_wrong_key(self):
        self.expect(1, "made with another key", options=["--key", os.path.join(self.top, "other.pub")])
        self.expect(1, "no minisign public key", options=["--key", "nonsense"])

    def test_file_more_or_less(self):
        os.unlink(self.path("build/proof/goals/one/lemma.smt2"))
        write(self.work, "build/more.txt", "")
        os.symlink("baseline.json", self.path("link"))
        self.expect(1, "FAIL: build/proof/goals/one/lemma.smt2: missing", "FAIL: build/more.txt: not in the manifest",
                    "FAIL: link: not in the manifest")


class Forged(Base):
    """The manifest fits, and nobody signed: the documents still have to agree."""

    def test_goal_removed(self):
        self.edit("build/proof.json", lambda data: data["goals"].pop(2))
        self.expect_forged("build/proof.json: not the result that is stated",
                           "one/by_cvc4: in the ledger and not in build/proof.json", "proof-summary.txt: says")

    def test_goal_not_proved(self):
        self.edit("build/proof.json", lambda data: data["goals"][2].update(verdict="failed"))
        self.expect_forged("FAIL: one/by_cvc4: failed")

    def test_goal_that_nobody_proved(self):
        self.edit("build/proof.json", lambda data: data["goals"][2]["tried"][0].update(answer="unknown"))
        self.expect_forged("FAIL: one/by_cvc4: proved, but no prover answered so")

    def test_easier_goal(self):
        write(self.work, "build/proof/goals/one/by_cvc4.smt2", TRUE.format("easier"))
        self.expect_forged("one/by_cvc4: build/proof/goals/one/by_cvc4.smt2 is not the goal that was proved")

    def test_goals_that_do_not_hold(self):
        for number, key in ((2, "one/by_cvc4"), (6, "one/probe")):
            file = GOALS[number]["file"]
            write(self.work, file, (TRUE if number == 6 else FALSE).format("wrong"))
            digest = verify.sha256(self.path(file))
            self.edit("ledger.json", lambda data: data["goals"][key].update(
                {one["prover"]: [file, digest] for one in GOALS[number]["tried"]}))
        self.expect_forged("one/by_cvc4: cvc4 with 1000000 steps says", "one/probe: z3 with 1000000 steps says unsat",
                           "proved again: 4 of 6 goals")

    def test_assumption_added(self):
        self.edit("proof.intoto.json", lambda data: data["predicate"]["assumptions"].append(
            dict(data["predicate"]["assumptions"][0], id="ASM-TST-003")))
        self.expect_forged("FAIL: assumption ASM-TST-003: in proof.intoto.json and not in spec/assumptions.toml")

    def test_assumption_added_to_the_sources(self):
        with open(self.path("sources/spec/assumptions.toml"), "a", encoding="utf-8") as file:
            file.write(ASSUMPTION.format("003"))
        self.expect_forged("FAIL: sources: not the files of", "FAIL: assumption ASM-TST-003: proof.intoto.json differs")

    def test_result_of_another_baseline(self):
        """Both packages are good; the result of one in the other is not."""
        other = os.path.join(self.top, "other")
        shutil.copytree(self.tree, other)
        write(other, "src/hyp/one.c", "/* SPDX-License-Identifier: BSD-2-Clause */\nint two;\n")
        commit(other)
        for name in ("hypatia.img", "coverage/coverage.json", "misra/misra.json"):
            os.utime(os.path.join(other, "build", name))
        results(other)
        swapped = self.packed(other, "another")
        for name in ("build/proof.json", "proof.intoto.json"):
            shutil.copy(os.path.join(swapped, name), self.path(name))
        self.expect_forged("FAIL: build/proof.json: the result of", "FAIL: proof.intoto.json: of commit")
        shutil.copy(os.path.join(swapped, "baseline.json"), self.path("baseline.json"))
        self.expect_forged("FAIL: sources: not the files of", "FAIL: ledger.json: of commit")

    def test_another_image(self):
        self.flip("build/hypatia.img", 0)
        self.expect_forged("FAIL: build/hypatia.img: not the image of baseline.json")
        self.edit("baseline.json", lambda data: data["image"].update(sha256=verify.sha256(self.path("build/hypatia.img"))))
        self.expect_forged("FAIL: proof.intoto.json: about another image", "FAIL: sbom.spdx.json: about another image")

    def test_trace(self):
        items = [{"id": "REQ-1", "kind": "requirement"}, {"id": "REQ-2", "kind": "requirement"}, {"id": "g", "kind": "goal"}]
        links = [{"from": "REQ-1", "to": "g", "kind": "goal"}, {"from": "REQ-1", "to": "gone", "kind": "goal"}]
        write(self.work, "build/trace/trace.json", json.dumps({"items": items, "links": links, "problems": ["g: suspect"]}))
        self.expect_forged("trace: REQ-2 has no evidence", "trace: a link to gone", "trace: g: suspect")

    def test_form(self):
        self.edit("ledger.json", lambda data: data.pop("goals"))
        self.expect_forged("check_proof: a document has not the form that it should have")


class Refused(Base):
    def refuse(self, *words):
        before = os.listdir(os.path.join(self.tree, "build/evidence"))
        done = make(self.tree)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertEqual(os.listdir(os.path.join(self.tree, "build/evidence")), before)

    def test_no_evidence(self):
        self.addCleanup(results, self.tree)
        results(self.tree, partial=True, mode="warm", errors=["something"])
        self.refuse("only a part of the campaign was run", "a warm run: only a cold one is evidence",
                    "the campaign met an error: something")
        results(self.tree, baseline="0123456", goals=[dict(GOALS[0], verdict="failed")] + GOALS[1:])
        self.refuse("the result of 0123456, and HEAD is", "1 goals are not proved, the first is bits/field",
                    "its banner does not quote this proof")
        results(self.tree, baseline=run(["git", "rev-parse", "--short", "HEAD"], self.tree).stdout.strip() + "-dirty")
        write(self.tree, "build/misra/misra.json", "no JSON")
        os.utime(os.path.join(self.tree, "build/coverage/coverage.json"), (0, 0))
        self.addCleanup(os.utime, os.path.join(self.tree, "build/coverage/coverage.json"))
        write(self.tree, "build/coverage-image.json", '{"image": "0"}')
        self.refuse("-dirty, and HEAD is", "build/coverage/coverage.json: older than",
                    "build/coverage-image.json: of another image")

    def test_draft(self):
        write(self.tree, "new.txt", "")
        self.addCleanup(os.unlink, os.path.join(self.tree, "new.txt"))
        self.refuse("the tree is not that of a commit: 1 files changed, the first is new.txt")
        self.work = self.packed(self.tree, "draft", "--draft")
        self.expect(1, "FAIL: draft: the tree is not that of a commit", options=["--allow-unsigned", "--sample", "0"])
        for name, _ in verify.files_below(self.path("site")):
            with open(self.path("site/" + name), encoding="utf-8") as file:
                self.assertIn("DRAFT, no evidence", file.read())


if __name__ == "__main__":
    unittest.main(verbosity=0)
