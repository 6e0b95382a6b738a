#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The evidence package of a small tree that a campaign has proved: it verifies, and what is done to it is noticed."""

import contextlib
import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import unittest
from unittest import mock

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, folder) for folder in ("reports", "proofs", "tests/campaign")]
from evidence import package, site, verify  # noqa: E402
import tree as campaign_tree  # noqa: E402

LIMIT = 300
TOP = TREE = GOOD = KEY = PROGRAM = None     # of setUpModule()
PYTHON = "/usr/bin/python3"
ASSUMPTION = """[[assumption]]
id = "ASM-T-{0}"
kind = "tool"
text = "Something is believed."
reason = "It has to be."
evidence = "None."
where = ["src/hyp/low.c"]
"""
REQUIREMENT = """# SPDX-License-Identifier: BSD-2-Clause
[[requirement]]
id = "REQ-T-001"
text = "Twice is twice."
why = "A test."
model = ["sum.Sum.twice"]
contract = ["low_twice.value"]
code = ["low_twice"]
test = []
"""
SCRIPT = "/* SPDX-License-Identifier: BSD-2-Clause */\nSECTIONS { . = 0; .text : { *(.text) *(.rodata) } }\n"
IMAGE = ".globl start\nstart: nop\n.ascii \"the routine\"\n.section .rodata\n.asciz \"{}\"\n"


def run(command, folder=None, **more):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT, check=False, **more)


def good(command, folder=None):
    done = run(command, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write(root, name, text):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(root, name):
    with open(os.path.join(root, name), encoding="utf-8") as file:
        return json.load(file)


def make_tree(root):
    """A repository with one commit, and what campaign and tests leave in build/."""
    with open(os.path.join(ROOT, "reports/views/items.toml"), "rb") as file:
        for item in tomllib.load(file)["item"]:
            if item["file"].startswith("sources/"):
                name = item["file"][len("sources/"):]
                write(root, name if "." in os.path.basename(name) else name + "/file.txt", "some text\n")
    # Of the campaign's tree the lower unit: writing goals takes most of this test's time.
    for name, text in campaign_tree.FILES.items():
        if "high" not in name:
            write(root, name, text)
    write(root, "spec/requirements.toml", REQUIREMENT)
    write(root, ".gitignore", "/build/\n__pycache__/\n")
    write(root, "tools/build.mk", "IMAGE_LDFLAGS := -static\n")
    for name in ("campaign.py", "engine"):
        source, target = os.path.join(ROOT, "proofs", name), os.path.join(root, "proofs", name)
        if os.path.isdir(source):
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    write(root, "src/arch/arm64/image.lds", SCRIPT)
    commit(root)
    link(root, "no proof yet")
    good([PYTHON, os.path.join(root, "proofs/campaign.py"), "--source", root, "--no-report"])
    records(root)


def commit(root):
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        good(["git", "-c", "user.name=Test", "-c", "user.email=test@localhost", *command], root)


def link(root, banner):
    write(root, "build/image/start.S", IMAGE.format(banner))
    elf, image = os.path.join(root, verify.ELF), os.path.join(root, verify.IMAGE)
    good(["aarch64-linux-gnu-gcc", "-g", "-nostdlib", "-static", "-MMD", "-MF", "build/image/start.d",
          "-Wl,-e,start,--build-id=none", "-T", "src/arch/arm64/image.lds", "-o", elf, "build/image/start.S"], root)
    good(["aarch64-linux-gnu-objcopy", "-O", "binary", elf, image])
    write(root, "build/image/hypatia.map", "a map\n")


def records(root):
    """What is made of the proof in proof.json: the image with its banner, and the reports of this commit."""
    proof, head = read(root, verify.PROOF), {"commit": good(["git", "rev-parse", "HEAD"], root).strip()}
    link(root, verify.last_line_of(proof["summary"]))
    digest = verify.sha256(os.path.join(root, verify.IMAGE))
    items = [{"id": "REQ-T-001", "kind": "requirement"}, {"id": "low_twice", "kind": "function"},
             {"id": "t", "kind": "test"}]
    items += [{"id": verify.key_of(goal), "kind": "goal", "verdict": goal["verdict"]} for goal in proof["goals"]]
    links = [{"from": "requirement REQ-T-001", "to": "function low_twice", "kind": "implemented by"},
             {"from": "requirement REQ-T-001", "to": "test t", "kind": "tested by"}]
    for name, data in ((verify.COVERAGE, {"open": []}), (verify.MISRA, {"unrecorded": []}),
                       (verify.REPRODUCE, {"same": True, "sha256": {"hypatia.img": digest}}),
                       (verify.TRACE, {"items": items, "links": links, "problems": [], "suspect": []})):
        write(root, name, json.dumps(head | data))
    boot = {"name": "boot", "passed": True, "seconds": 1.0}
    write(root, verify.SYSTEST, json.dumps({"image": digest, "tests": [boot]}))
    write(root, "build/logs/system/boot.log", "it boots\n")
    write(root, "build/logs/system/of-another-run.log", "it boots\n")


def load_program():
    """reports/evidence.py as a module; the package beside it has its name."""
    spec = importlib.util.spec_from_file_location("evidence_program", os.path.join(ROOT, "reports/evidence.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(root, *options):
    """(status, what it printed). Without a PDF: WeasyPrint takes most of the time."""
    with mock.patch.object(sys, "argv", ["evidence.py", "--root", root, *options]), \
            mock.patch.object(site, "_pdf", lambda stage, html, epoch: write(stage, "evidence.pdf", "none")), \
            contextlib.redirect_stdout(io.StringIO()) as text, contextlib.redirect_stderr(text):
        try:
            status = PROGRAM.main()
        except SystemExit as stop:
            status = stop.code
    return status, text.getvalue()


def unpack(root, name, text):
    """Unpack the archive that evidence.py names in @text."""
    file = os.path.join(root, text.split("evidence: ", 1)[1].split(",")[0])
    shutil.copy(file, os.path.join(TOP, name + ".tar.xz"))
    with tarfile.open(file) as tar:
        tar.extractall(os.path.join(TOP, name))
    return os.path.join(TOP, name, os.path.basename(file)[:-len(".tar.xz")])


def setUpModule():
    global TOP, TREE, GOOD, KEY, PROGRAM
    TOP = tempfile.mkdtemp(prefix="hypatia-evidence-")
    unittest.addModuleCleanup(shutil.rmtree, TOP, ignore_errors=True)
    PROGRAM, TREE, KEY = load_program(), os.path.join(TOP, "tree"), os.path.join(TOP, "mine.pub")
    make_tree(TREE)
    for name in ("mine", "other"):
        good(["minisign", "-G", "-W", "-p", name + ".pub", "-s", name + ".sec"], TOP)
    GOOD = unpack(TREE, "good", good([PYTHON, os.path.join(ROOT, "reports/evidence.py"), "--root", TREE, "--key",
                                      os.path.join(TOP, "mine.sec")]))


class Base(unittest.TestCase):
    def setUp(self):
        self.work = os.path.join(tempfile.mkdtemp(dir=TOP), "package")
        shutil.copytree(GOOD, self.work)

    def path(self, name):
        return os.path.join(self.work, name)

    def flip(self, name, place=0.5):
        with open(self.path(name), "r+b") as file:
            file.seek(int(os.path.getsize(self.path(name)) * place))
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))

    def edit(self, name, change):
        data = read(self.work, name)
        change(data)
        write(self.work, name, json.dumps(data))

    def forge(self):
        """Make the manifest fit again, without a signature."""
        for name in (verify.MANIFEST, verify.MINISIG):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        package.manifest(self.work)

    def restate(self, change):
        """Change goals of the proof, and let every document that counts or names them agree."""
        self.edit(verify.PROOF, lambda data: change(data["goals"]))
        goals = read(self.work, verify.PROOF)["goals"]
        summary = {"goals": len(goals), "proved": len(goals), "unproved": 0, "smoke_failures": 0, "assumptions": 1}
        self.edit(verify.PROOF, lambda data: data["summary"].update(summary))
        write(self.work, verify.SUMMARY, verify.last_line_of(summary) + "\n")
        self.edit("proof.intoto.json", lambda data: data["predicate"].update(
            summary=summary, proof={"file": verify.PROOF, "sha256": verify.sha256(self.path(verify.PROOF))}))
        keys = {verify.key_of(goal) for goal in goals}
        for key, files in read(self.work, "ledger.json")["goals"].items():
            for file, _ in files.values() if key not in keys else ():
                os.unlink(self.path(file))
        self.edit("ledger.json", lambda data: data.update(
            goals={key: files for key, files in data["goals"].items() if key in keys}))
        self.edit(verify.TRACE, lambda data: data.update(
            items=[item for item in data["items"] if item["kind"] != "goal" or item["id"] in keys]))

    def replace_text(self, ending, old, new):
        """Another text for a goal, in every document."""
        def change(goals):
            goal = next(goal for goal in goals if goal["name"].endswith(ending))
            file = read(self.work, "ledger.json")["goals"][verify.key_of(goal)]["text"][0]
            with open(self.path(file), encoding="utf-8") as stream:
                text = stream.read()
            self.assertIn(old, text)
            write(self.work, file, text.replace(old, new))
            goal["text"] = verify.sha256(self.path(file))
            self.edit("ledger.json", lambda data: data["goals"][verify.key_of(goal)].update(text=[file, goal["text"]]))
        self.restate(change)

    def expect(self, status, *words, options=None, env=None):
        options = ["--key", KEY, "--texts", "--sample", "2", "--seed", "1"] if options is None else options
        done = run([sys.executable, self.path("verify"), *options], env=env)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, text)
        for word in words:
            self.assertIn(word, text)
        return text

    def expect_forged(self, *words, options=("--texts",)):
        self.forge()
        return self.expect(1, *words, options=["--allow-unsigned", "--all", *options])


class Good(Base):
    def test_it_verifies(self):
        line = verify.last_line_of(read(self.work, verify.PROOF)["summary"])
        text = self.expect(0, f"{verify.MINISIG} is good", line, "completeness: 4 units", "verify: all holds",
                           options=["--key", KEY, "--all"])
        self.assertRegex(text, r"proved again: (\d+) of \1 goals, from the sources: \d+ goals written, compared and ")
        self.assertNotIn("not checked", text)
        good(["sha256sum", "--quiet", "-c", verify.MANIFEST], self.work)
        with open(KEY, encoding="utf-8") as file:
            self.expect(0, options=["--key", file.read().splitlines()[1], "--sample", "0"])

    def test_bare_machine(self):
        """Provers and Python alone, and no network: what cannot be checked is said."""
        folder = tempfile.mkdtemp(dir=TOP)
        for name in ("cvc4", "z3"):
            os.symlink(shutil.which(name), os.path.join(folder, name))
        alone = [shutil.which("unshare"), "-n"] if run(["unshare", "-n", "true"]).returncode == 0 else []
        done = run([*alone, sys.executable, self.path("verify"), "--key", KEY, "--all"],
                   env={"PATH": folder + ":/nowhere"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("not checked: that the sources give the archived texts, and ", done.stdout)
        self.assertIn("frama-c is not installed", done.stdout)
        self.assertRegex(done.stdout, r"proved again: \d+ of \d+ goals, from the archived texts")

    def test_anyone_may_have_made_it(self):
        self.expect(1, "cannot be checked without the signer's public key", options=["--sample", "0"])
        self.forge()
        self.expect(3, "signature: none", "but the signature: none was checked", options=["--sample", "0"])
        self.expect(0, options=["--sample", "0", "--allow-unsigned"])
        self.expect(1, "--key was given and the package is not signed")

    def test_gpg(self):
        home = tempfile.mkdtemp(prefix="gpg-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        self.addCleanup(run, ["gpgconf", "--kill", "gpg-agent"], env=dict(os.environ, GNUPGHOME=home))
        with mock.patch.dict(os.environ, GNUPGHOME=home):
            for name in ("one@test", "two@test"):
                run(["gpg", "--batch", "--passphrase", "", "--quick-gen-key", name, "ed25519", "sign", "never"])
                run(["gpg", "--batch", "--output", os.path.join(home, name), "--armor", "--export", name])
            self.forge()
            package.check_key("one@test")
            package.sign(self.work, "one@test", "0")
        one, two = ["--key", os.path.join(home, "one@test")], ["--key", os.path.join(home, "two@test")]
        self.expect(0, f"{verify.GPGSIG} is good", options=one + ["--sample", "0"])
        self.expect(1, "made with another key", options=two)
        self.expect(1, "the key is no gpg public key", options=["--key", KEY])
        self.flip(verify.MANIFEST)
        self.expect(1, "not of this manifest", options=one)

    def test_older_minisign(self):
        """Signatures over the file itself, not over its digest."""
        os.unlink(self.path(verify.MINISIG))
        good(["minisign", "-S", "-l", "-s", os.path.join(TOP, "mine.sec"), "-m", self.path(verify.MANIFEST)])
        self.expect(0, f"{verify.MINISIG} is good", options=["--key", KEY, "--sample", "0"])

    def test_same_bytes(self):
        digests = []
        for name in ("first", "second"):
            status, text = make(TREE)
            self.assertEqual(status, 0, text)
            unpack(TREE, name, text)
            digests.append(verify.sha256(os.path.join(TOP, name + ".tar.xz")))
        self.assertEqual(*digests)

    def test_pages(self):
        """Every page says that nothing is claimed, asks nothing of a network, and its links lead somewhere."""
        views = {}
        for name, _ in verify.files_below(self.path("site")):
            with open(self.path("site/" + name), encoding="utf-8") as file:
                text = views[name] = file.read()
            self.assertIn("no claim of compliance", text)
            self.assertNotIn("http", text.split("</style>")[1].replace("https://slsa.dev", ""))
            for link in text.split('href="')[1:]:
                target = os.path.join(self.path("site"), os.path.dirname(name), link.split('"')[0])
                self.assertTrue(os.path.exists(target), (name, target))
        for one in read(self.work, "ledger.json")["objectives"]:
            self.assertIn(f"<td>{one['id']}</td>", views[one["view"] + ".html"])
        for name in ("do178c", "iso26262", "iec61508", "cc", "tools"):
            self.assertIn(name + ".html", views)
        with open(self.path("evidence.pdf"), "rb") as file:
            self.assertEqual(file.read(5), b"%PDF-")

    def test_arguments(self):
        for options, words in ((["--sample", "-1"], "'-1' is no number of goals"),
                               (["--sample", "x"], "'x' is no number of goals"),
                               (["--sample", "1", "--all"], "not allowed with"),
                               (["--kez", "x"], "unrecognized arguments"),
                               (["--key", "nonsense"], "no such file, and no public key of minisign")):
            text = self.expect(2, words, options=options)
            self.assertEqual(len(text.splitlines()), 1, text)


class Changed(Base):
    def test_byte(self):
        """In each kind of file."""
        listed = [name for name, _ in verify.files_below(GOOD)]
        names = {os.path.splitext(name)[1] + os.path.dirname(name): name for name in listed
                 if name not in (verify.MANIFEST, verify.MINISIG, "verify") and os.path.getsize(self.path(name))}
        self.assertGreater(len(names), 30)
        for name in names.values():
            self.flip(name)
        text = self.expect(1, "nothing was made or proved again")
        for name in names.values():
            self.assertIn(f"FAIL: {name}: changed", text)

    def test_verify_itself(self):
        """The package cannot check its own program: minisign and sha256sum do."""
        with open(self.path("verify"), "a", encoding="utf-8") as file:
            file.write("# changed\n")
        self.expect(1, "FAIL: verify: changed")
        self.assertEqual(run(["sha256sum", "--quiet", "-c", verify.MANIFEST], self.work).returncode, 1)

    def test_manifest_and_signature(self):
        # A digit of the first hash becomes another; a byte flipped at random may be no digit any more.
        with open(os.path.join(GOOD, verify.MANIFEST), encoding="utf-8") as file:
            text = file.read()
        write(self.work, verify.MANIFEST, ("1" if text[0] == "0" else "0") + text[1:])
        self.expect(1, "not of this manifest", "changed")
        shutil.copy(os.path.join(GOOD, verify.MANIFEST), self.work)
        self.flip(verify.MINISIG, 0.4)
        self.expect(1, f"FAIL: signature: {verify.MINISIG}")
        with open(os.path.join(GOOD, verify.MINISIG), encoding="utf-8") as file:
            text = file.read()
        write(self.work, verify.MINISIG, text.replace("evidence for", "evidence of"))
        self.expect(1, "its trusted comment was changed")

    def test_wrong_key(self):
        self.expect(1, "made with another key", options=["--key", os.path.join(TOP, "other.pub")])

    def test_file_more_or_less(self):
        lost = next(name for name, _ in verify.files_below(GOOD) if name.startswith("goals/"))
        os.unlink(self.path(lost))
        write(self.work, "build/more.txt", "")
        os.symlink("baseline.json", self.path("link"))
        self.expect(1, f"FAIL: {lost}: missing", "FAIL: build/more.txt: not in the manifest",
                    "FAIL: link: not in the manifest")


class Forged(Base):
    """The manifest fits, and nobody signed: the documents still have to agree."""

    def test_goal_removed(self):
        self.edit(verify.PROOF, lambda data: data["goals"].pop(2))
        self.expect_forged("build/proof.json: not the result that is stated",
                           "in the ledger and not in build/proof.json", "proof-summary.txt: says")

    def test_changed_everywhere(self):
        """All documents agree on fewer goals and an easier text: the image's banner and the sources do not."""
        self.restate(lambda goals: goals.remove(next(one for one in goals if one["name"].endswith("_ensures_kept"))))
        self.replace_text("and", "(check-sat)", "(assert false)\n(check-sat)")
        self.expect_forged("build/hypatia.img: its banner quotes another proof",
                           "_ensures_kept: the sources give this goal, and the proof does not have it",
                           "bits/and: the sources give another text", options=())

    def test_function_removed_everywhere(self):
        def change(goals):
            goals[:] = [one for one in goals if one["function"] not in ("low_set", "Sum")]
        self.restate(change)
        self.expect_forged("completeness: src/hyp/low.c: function low_set has no goal",
                           "completeness: model:sum: theorem Sum.twice has no goal")

    def test_goal_not_proved(self):
        self.edit(verify.PROOF, lambda data: data["goals"][2].update(verdict="failed"))
        self.expect_forged(": failed", "not the result that is stated")

    def test_goal_that_nobody_proved(self):
        self.restate(lambda goals: next(one for one in goals if one["kind"] == "bits")["tried"][0].update(
            answer="unknown"))
        self.expect_forged("proved, but no prover answered so")

    def test_easier_text(self):
        file = read(self.work, "ledger.json")["goals"]["bits/and"]["text"][0]
        write(self.work, file, "(assert false)\n(check-sat)\n")
        self.expect_forged(f"bits/and: {file} is not the goal that was proved")

    def test_text_that_does_not_hold(self):
        self.replace_text("and", "(not (= (bvand a a) a))", "(= (bvand a a) a)")
        self.expect_forged("bits/and: z3 with 20000000 steps says sat")

    def test_assumption_added(self):
        self.edit("proof.intoto.json", lambda data: data["predicate"]["assumptions"].append(
            dict(data["predicate"]["assumptions"][0], id="ASM-T-003")))
        self.expect_forged("FAIL: assumption ASM-T-003: in proof.intoto.json and not in spec/assumptions.toml")

    def test_assumption_added_to_the_sources(self):
        with open(self.path("sources/spec/assumptions.toml"), "a", encoding="utf-8") as file:
            file.write(ASSUMPTION.format("003"))
        self.expect_forged("FAIL: sources: not the files of", "FAIL: assumption ASM-T-003: proof.intoto.json differs",
                           "the result of other sources than these")

    def test_result_of_another_baseline(self):
        """Both packages are good; the result of one in the other is not."""
        other = os.path.join(TOP, "other-tree")
        shutil.copytree(TREE, other)
        write(other, "CAVEATS.md", "another text\n")
        commit(other)
        head = good(["git", "rev-parse", "HEAD"], other).strip()
        for name in (verify.PROOF, verify.COVERAGE, verify.MISRA, verify.REPRODUCE, verify.TRACE):
            data = read(other, name)
            write(other, name, json.dumps(data | {"commit": head}))
        status, text = make(other)
        self.assertEqual(status, 0, text)
        swapped = unpack(other, "another", text)
        for name in (verify.PROOF, "proof.intoto.json"):
            shutil.copy(os.path.join(swapped, name), self.path(name))
        self.expect_forged(f"FAIL: build/proof.json: of commit {head}", f"FAIL: proof.intoto.json: of commit {head}")
        shutil.copy(os.path.join(swapped, "baseline.json"), self.path("baseline.json"))
        self.expect_forged("FAIL: sources: not the files of", "FAIL: ledger.json: of commit",
                           "FAIL: build/coverage/coverage.json: of commit")

    def test_sources_of_another_commit(self):
        """Sources, commit object and every commit's name are changed alike: the proof is of other sources."""
        write(self.work, "sources/src/hyp/low.c", campaign_tree.FILES["src/hyp/low.c"].replace("a + a", "2 * a"))
        base = read(self.work, "baseline.json")
        body = "tree " + verify.git_tree(self.path("sources")).hex() + base["commit_object"][45:]
        commit_id = verify.git_object("commit", body.encode()).hex()
        for name in ["baseline.json", "ledger.json", "provenance.intoto.json", "proof.intoto.json", verify.PROOF,
                     *verify.REPORTS]:
            with open(self.path(name), encoding="utf-8") as file:
                text = file.read()
            write(self.work, name, text.replace(base["commit"], commit_id))
        self.edit("baseline.json", lambda data: data.update(commit_object=body))
        self.restate(lambda goals: None)
        text = self.expect_forged("build/proof.json: the result of other sources than these")
        self.assertNotIn("sources: not the files", text)

    def test_another_image(self):
        self.flip(verify.IMAGE, 0)
        self.expect_forged("FAIL: build/hypatia.img: not the image of baseline.json",
                           "FAIL: build/hypatia.img: not the bytes of build/hypatia.elf")
        self.edit("baseline.json", lambda data: data["image"].update(sha256=verify.sha256(self.path(verify.IMAGE))))
        self.expect_forged("FAIL: proof.intoto.json: about another image", "FAIL: sbom.spdx.json: about another image",
                           "FAIL: build/reproduce/reproduce.json: about another image")

    def test_another_routine(self):
        """The image's own bytes are proved again."""
        for name in (verify.ELF, verify.IMAGE):
            with open(self.path(name), "rb") as file:
                data = file.read()
            with open(self.path(name), "wb") as file:
                file.write(data.replace(b"the routine", b"a wrong one"))
        self.expect_forged("bytes/start/order: proofs/bytes says failed")

    def test_trace(self):
        def change(data):
            data["items"].append({"id": "REQ-T-002", "kind": "requirement"})
            data["items"].append({"id": "low/more", "kind": "goal", "verdict": "proved"})
            data["links"].append({"from": "requirement REQ-T-001", "to": "goal gone", "kind": "proved by"})
            data["suspect"].append("function low_set")
        self.edit(verify.TRACE, change)
        self.expect_forged("trace: requirement REQ-T-002 is not tested by anything", "trace: a link to goal gone",
                           "suspect: function low_set", "trace: goal low/more: not as in build/proof.json")

    def test_form(self):
        self.edit("ledger.json", lambda data: data.pop("goals"))
        self.expect_forged("check_proof: a document has not the form that it should have")


class Refused(Base):
    def refuse(self, *words, options=()):
        before = os.listdir(os.path.join(TREE, "build/evidence"))
        status, text = make(TREE, *options)
        self.assertEqual(status, 2, text)
        for word in words:
            self.assertIn(word, text)
        self.assertEqual(os.listdir(os.path.join(TREE, "build/evidence")), before)
        return text

    def change(self, name, **changes):
        """Other keys in a JSON file of the tree, until the test ends."""
        data = read(TREE, name)
        self.addCleanup(write, TREE, name, json.dumps(data))
        write(TREE, name, json.dumps(data | changes))

    def test_no_evidence(self):
        goals = read(TREE, verify.PROOF)["goals"]
        goals[0]["verdict"] = "failed"
        self.change(verify.PROOF, partial=True, mode="warm", errors=["something"], commit="0" * 40, inputs="0" * 64,
                    goals=goals, evidence=False)
        self.refuse("only a part of the campaign was run", "a warm run: only a cold one is evidence",
                    "the campaign met an error: something", f"the result of {'0' * 40}, and HEAD is",
                    f"1 goals are not proved, the first is {verify.key_of(goals[0])}",
                    "its banner does not quote this proof",
                    "the result of other sources than these", "the campaign itself says that it is no evidence")

    def test_other_tools_and_form(self):
        tools = read(TREE, verify.PROOF)["tools"]
        tools["z3"]["sha256"] = "0" * 64
        self.change(verify.PROOF, tools=tools)
        self.refuse("z3: not the program that proved")
        self.change(verify.PROOF, format="hypatia-proof-0")
        self.assertEqual(len(self.refuse("build/proof.json: format: ").splitlines()), 1)

    def test_records_of_another_baseline(self):
        self.change(verify.COVERAGE, commit="0" * 40)
        self.change(verify.MISRA, unrecorded=[{"rule": "1.1"}])
        self.change(verify.TRACE, suspect=["function low_set"])
        self.change(verify.REPRODUCE, sha256={"hypatia.img": "0" * 64})
        self.change(verify.SYSTEST, tests=[{"name": "boot", "passed": False}])
        image = verify.sha256(os.path.join(TREE, verify.IMAGE))
        write(TREE, verify.COVERAGE_IMAGE, json.dumps({"image": image, "open": [{"line": 1}]}))
        self.addCleanup(os.unlink, os.path.join(TREE, verify.COVERAGE_IMAGE))
        self.refuse("build/coverage-image.json: 1 entries in 'open'",
                    f"build/coverage/coverage.json: of {'0' * 40}, and HEAD is",
                    "misra.json: 1 entries in 'unrecorded'",
                    "trace.json: 1 entries in 'suspect'", "not the bytes of build/hypatia.img: make reproduce",
                    "build/systest.json: 1 of 1 tests failed, the first is boot")

    def test_draft(self):
        """What is of another image is left out, and everything else is marked."""
        self.change(verify.SYSTEST, image="0" * 64)
        write(TREE, "build/stability.json", json.dumps({"baseline": "0" * 40}))
        write(TREE, verify.COVERAGE_IMAGE, json.dumps({"image": "0" * 64, "open": []}))
        self.addCleanup(os.unlink, os.path.join(TREE, verify.COVERAGE_IMAGE))
        write(TREE, "new.txt", "")
        self.addCleanup(os.unlink, os.path.join(TREE, "build/stability.json"))
        self.addCleanup(os.unlink, os.path.join(TREE, "new.txt"))
        self.refuse("the tree is not that of a commit: 1 files changed, the first is new.txt")
        status, text = make(TREE, "--draft")
        self.assertEqual(status, 0, text)
        self.work = unpack(TREE, "draft", text)
        self.expect(1, "FAIL: draft: the tree is not that of a commit", options=["--allow-unsigned", "--sample", "0"])
        for name, _ in verify.files_below(self.path("site")):
            with open(self.path("site/" + name), encoding="utf-8") as file:
                text = file.read()
            self.assertIn("DRAFT, no evidence", text)
            if name == "index.html":
                self.assertIn("build/systest.json and its logs are left out: they are not of this image", text)
                self.assertIn("build/stability.json is left out: it is not of this commit", text)
                self.assertIn("build/coverage-image.json is left out: it is not of this image", text)
        self.assertFalse(os.path.exists(self.path("build/logs")) or os.path.exists(self.path("build/stability.json")))
        names = [name for name, _ in verify.files_below(os.path.join(GOOD, "build/logs"))]
        self.assertEqual(names, ["system/boot.log"])

    def test_arguments(self):
        for options, words in ((["--key", "nobody@nowhere.test"], "gpg has no secret key 'nobody@nowhere.test'"),
                               (["--key", "./no/such.key"], "--key ./no/such.key: no such file"),
                               (["--key", KEY], "no secret key of minisign"), (["--kez"], "unrecognized arguments")):
            self.assertEqual(len(self.refuse(words, options=options).splitlines()), 1)
        status, text = make("/nonexistent")
        self.assertEqual((status, len(text.splitlines())), (2, 1), text)


if __name__ == "__main__":
    unittest.main(verbosity=0)
