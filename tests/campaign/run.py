#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the proof campaign on a small tree: what is reused and what is not, and what a run may claim."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import jsonschema

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "proofs"), str(TOP / "tests" / "campaign")]

from engine import checks, config, explain, goals, keys, prove, ratchet, shard, smt, tools  # noqa: E402
import stability  # noqa: E402
from tree import Tree  # noqa: E402

CAMPAIGN = [sys.executable, str(TOP / "proofs" / "campaign.py")]
# A query that says the contrary, and is refuted at once.
WRONG = ("build/gen/qfbv/and.smt2", "(not (= (bvand a a) a))", "(= (bvand a a) a)")
LAST = re.compile(r"proof: (\d+) goals, (\d+) proved, (\d+) unproved, (\d+) smoke failures, (\d+) assumptions")


def command(tree, *args):
    return [*CAMPAIGN, *args, "--source", str(tree.root), "--jobs", "2"]


def run(tree, *args):
    return subprocess.run(command(tree, *args), capture_output=True, text=True, check=False, timeout=300)


def result(tree, name="proof"):
    return json.loads((tree.root / "build" / f"{name}.json").read_text())


def verdicts(data):
    return {(goal["unit"], goal["name"]): goal["verdict"] for goal in data["goals"]}


def setUpModule():
    folder = tempfile.TemporaryDirectory(prefix="campaign-")
    unittest.addModuleCleanup(folder.cleanup)
    Campaign.folder = folder
    Campaign.proved = Tree(os.path.join(folder.name, "proved"))
    Campaign.first = run(Campaign.proved, "--update-ratchet")


class Campaign(unittest.TestCase):
    """Each test gets a copy of a tree that a cold run has proved."""

    def setUp(self):
        self.tree = Tree(os.path.join(self.folder.name, self.id().split(".")[-1]))
        shutil.rmtree(self.tree.root)
        shutil.copytree(self.proved.root, self.tree.root)

    def good(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return LAST.fullmatch(done.stdout.splitlines()[-1])

    def bad(self, done, text, status=1):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(text, done.stdout + done.stderr)


class Inventory(Campaign):
    def test_cold(self):
        count = int(self.good(self.first).group(1))
        inventory = json.loads((self.proved.root / "build/proof/inventory.json").read_text())
        data = result(self.proved)
        self.assertTrue(data["evidence"])
        self.assertEqual(data["mode"], "cold")
        self.assertEqual(len(inventory["goals"]), count)
        self.assertEqual({(goal["unit"], goal["name"]) for goal in inventory["goals"]}, set(verdicts(data)))
        self.assertNotIn("verdict", inventory["goals"][0])
        four = next(goal for goal in inventory["goals"] if goal["name"].endswith("high_four_ensures_four"))
        self.assertEqual((four["source"], four["line"], four["requirements"]), ("src/hyp/high.h", 7, ["REQ-T-001"]))
        twice = next(goal for goal in inventory["goals"] if "-twice" in goal["name"])
        self.assertEqual((twice["source"], twice["line"], twice["requirements"]), ("model/sum.mlw", 4, ["REQ-T-001"]))

    def test_nothing_is_not_a_proof(self):
        self.tree.write("build/gen/qfbv/list.txt", "# none\n")
        for name in ("and", "or"):
            (self.tree.root / f"build/gen/qfbv/{name}.smt2").unlink()
        self.bad(run(self.tree, "--unit", "bits"), "no goals at all")
        self.assertFalse(result(self.tree, "proof-partial")["summary"]["complete"])

    def test_axiom_that_no_clone_proves(self):
        """A clone that proves one of two axioms is no model of the other."""
        self.tree.write("model/two.mlw", "(* SPDX-License-Identifier: BSD-2-Clause *)\ntheory Two\n  use int.Int\n"
                        "  function f int : int\n  axiom one: f 0 = 0\n  axiom two: f 1 = 1\nend\n\ntheory Model\n"
                        "  use int.Int\n  function f (n: int) : int = n\n  clone Two with function f = f, goal one\nend\n")
        root = str(self.tree.root)
        errors = checks.source_errors(root, config.load(root))
        self.assertEqual([error.split(" that ")[0] for error in errors],
                         ["model/two.mlw: theory Two has axioms (two)"])
        self.tree.change("model/two.mlw", "goal one", "goal .")
        self.assertEqual(checks.source_errors(root, config.load(root)), [])

    def test_contract_without_a_body(self):
        """A prototype that no file defines would be believed, in ghost code as elsewhere."""
        root = str(self.tree.root)

        def open_contracts():
            return [error for error in checks.coverage(root, config.load(root), []) if "no body" in error]

        self.assertEqual(open_contracts(), [])
        fact = "/@ terminates \\true; exits \\false; assigns \\nothing;\n ensures all: 1 == 2; @/\n void low_fact(void);"
        self.tree.change("src/hyp/low.h", "#endif\n", f"/*@ ghost\n {fact}\n*/\n#endif\n")
        self.assertEqual([error.split(" has ")[0] for error in open_contracts()], ["src/hyp/low.h: low_fact"])
        self.tree.change("src/hyp/low.c", "u32 low_state;\n", "u32 low_state;\n/*@ ghost\n void low_fact(void)\n {\n }\n*/\n")
        self.assertEqual(open_contracts(), [])

    def test_part_is_no_evidence(self):
        self.good(run(self.tree, "--unit", "bits"))
        self.assertFalse(result(self.tree, "proof-partial")["evidence"])

    def test_verdicts(self):
        """What is false is failed, what ends at a limit is timed out, what no prover answers is missing."""
        script = "(set-logic ALL_SUPPORTED)\n(declare-fun f (Int) Int)\n{}\n(check-sat)\n(get-info :reason-unknown)\n"
        hard = "(declare-const x Int)(declare-const y Int)(declare-const z Int)" \
               "(assert (and (> x 2) (> y 2) (> z 2) (= (+ (* x x x) (* y y y)) (* z z z))))"
        ladder = prove.LADDER
        try:
            prove.LADDER = [("cvc4", 2000), ("z3", 2000)]
            for body, verdict in (("(assert false)", goals.PROVED), ("(assert true)", goals.FAILED),
                                  (hard, goals.TIMED_OUT), ("(assert", goals.MISSING)):
                with tempfile.NamedTemporaryFile("w", suffix=".smt2") as file:
                    file.write(script.format(body))
                    file.flush()
                    goal = prove._prove(goals.Goal("u", "f", "n", goals.GOAL, file.name))
                self.assertEqual(goal.verdict, verdict, f"{body}: {goal.tried}")
        finally:
            prove.LADDER = ladder


class Modes(Campaign):
    def test_warm(self):
        done = run(self.tree, "--warm")
        self.good(done)
        self.assertNotRegex(done.stdout, "written:|provers:")
        data = result(self.tree, "proof-warm")
        self.assertFalse(data["evidence"])
        self.assertEqual(verdicts(data), verdicts(result(self.tree)))
        # The cold result is still there, and still what it was.
        self.assertTrue(result(self.tree)["evidence"])

    def test_cold_reuses_nothing(self):
        done = run(self.tree)
        self.good(done)
        self.assertRegex(done.stdout, r"written: 4/4")
        self.assertEqual(result(self.tree)["summary"]["cached"], 0)

    def test_first(self):
        """The file of first attempts changes their order and no verdict: what is wrong or stale in it only costs time."""
        self.assertNotIn("cvc4", (self.tree.root / "proofs/first.txt").read_text())
        self.tree.write("proofs/first.txt", "# one\nz3 6000000 model:sum/sum-Sum-grows\ncvc4 1 model:sum/sum-Sum-twice\n"
                        "z3 6000000 no/goal\n")
        self.good(run(self.tree))
        tried = {goal["name"]: [(one["prover"], one["limit"]) for one in goal["tried"]]
                 for goal in result(self.tree)["goals"] if goal["unit"] == "model:sum"}
        self.assertEqual(tried["sum-Sum-grows"][0], ("z3", 6000000))
        self.assertEqual(tried["sum-Sum-twice"][0], prove.LADDER[0])
        self.tree.write("proofs/first.txt", "z3 model:sum/sum-Sum-grows\n")
        self.bad(run(self.tree), "proofs/first.txt:1: must be: prover, limit, goal", 2)

    def test_alike(self):
        """Goals of the same text have one answer: it is asked for once, and each of them is told it."""
        text = "(set-logic QF_BV)\n(declare-const a (_ BitVec 8))\n(assert {})\n(check-sat)\n"
        for body, good in (("(not (= (bvor a a) a))", True), ("(= (bvor a a) a)", False)):
            for name in ("and", "or"):
                self.tree.write(f"build/gen/qfbv/{name}.smt2", text.format(body))
            done = run(self.tree, "--unit", "bits")
            self.assertEqual(done.returncode, 0 if good else 1)
            self.assertIn("provers: 1/1", done.stdout)
            for name in ("and", "or"):
                self.assertEqual(f"proof: failed: bits/{name}" in done.stdout, not good, done.stdout)
        tried = [goal["tried"] for goal in result(self.tree, "proof-partial")["goals"]]
        self.assertEqual(tried[0], tried[1])

    def test_first_is_not_the_last(self):
        """All attempts of the ladder are made, whichever is the first."""
        self.tree.write("wrong.smt2", "(set-logic ALL_SUPPORTED)\n(assert true)\n(check-sat)\n")
        goal = prove._prove(goals.Goal("u", "f", "n", goals.GOAL, str(self.tree.root / "wrong.smt2")), prove.LADDER[1])
        self.assertEqual(sorted((one["prover"], one["limit"]) for one in goal.tried), sorted(prove.LADDER))
        self.assertEqual(goal.verdict, goals.FAILED)

    def test_body(self):
        """A changed body: its function is written again, and no other."""
        self.tree.change("src/hyp/high.c", "n % 101", "n % 102")
        done = run(self.tree, "--changed")
        self.good(done)
        self.assertRegex(done.stdout, r"written: 1/1")
        self.assertFalse(result(self.tree, "proof-changed")["evidence"])
        self.assertGreater(result(self.tree, "proof-changed")["changed"]["changed"], 0)

    def test_contract_of_callee(self):
        """A changed contract: whoever sees it is written again."""
        self.tree.change("src/hyp/low.h", "ensures value: \\result == 2 * a;", "ensures value: \\result == a + a;")
        done = run(self.tree, "--warm")
        self.good(done)
        self.assertRegex(done.stdout, r"written: 4/4")

    def test_changed_since_what(self):
        (self.tree.root / "build/cache/proof/whole.json").unlink()
        self.bad(run(self.tree, "--changed"), "no whole run to compare with", 2)

    def test_lines(self):
        """A comment moves every line and changes no goal."""
        self.tree.change("src/hyp/high.c", "u32 high_four(u32 a)\n{", "/* A comment. */\n\nu32 high_four(u32 a)\n{")
        done = run(self.tree, "--warm")
        self.good(done)
        self.assertNotRegex(done.stdout, "written:|provers:")

    def test_only_valid_verdicts_are_kept(self):
        self.tree.change(*WRONG)
        for _ in range(2):
            done = run(self.tree, "--warm")
            self.bad(done, "failed: bits/and")
            self.assertRegex(done.stdout, "provers: ")

    def test_damaged_entries(self):
        """A damaged entry is no verdict, and is removed."""
        paths = [path for kind in ("verdict", "goals", "unit", "text")
                 for path in (self.tree.root / "build/cache/proof" / kind).glob("*/*")]
        self.assertGreater(len(paths), 10)
        for path in paths:
            data = path.read_bytes()
            path.write_bytes(data[:-4] + b"XXXX")
        done = run(self.tree, "--warm")
        self.good(done)
        self.assertRegex(done.stdout, r"written: 4/4")
        self.assertEqual(result(self.tree, "proof-warm")["summary"]["cached"], 0)

    def test_swapped_entries(self):
        """A good verdict under the key of another goal is damage too."""
        paths = sorted((self.tree.root / "build/cache/proof/verdict").glob("*/*"))
        shutil.copy(paths[0], paths[1])
        self.good(run(self.tree, "--warm"))
        asked = sum(1 for goal in result(self.tree)["goals"] if goal["tried"])
        self.assertIn(asked - result(self.tree, "proof-warm")["summary"]["cached"], (1, 2))

    def test_old_entries(self):
        paths = sorted((self.tree.root / "build/cache/proof/verdict").glob("*/*"))
        os.utime(paths[0], (0, 0))
        self.good(run(self.tree, "--warm"))
        self.assertFalse(paths[0].exists())
        self.assertTrue(all(path.exists() for path in paths[1:]))

    def test_contradiction(self):
        """The cache says proved, the cold run says not: the run fails and names the goal."""
        self.tree.change(*WRONG)
        run(self.tree, "--warm")
        goal = next(goal for goal in result(self.tree, "proof-warm")["goals"] if goal["name"] == "and")
        from engine.store import Store
        Store(str(self.tree.root), "warm", "", "").put(
            "verdict", prove.key_of(goals.Goal(goal["unit"], goal["function"], goal["name"], goal["kind"],
                                               text=goal["text"]), result(self.tree, "proof-warm")["tools"]),
            {"verdict": "proved", "prover": "z3", "seconds": 0, "steps": 1, "tried": []})
        self.good(run(self.tree, "--warm"))
        self.bad(run(self.tree), "bits/and: failed, and the cache says proved by z3")

    def interrupt(self, *args):
        """A cold run that is ended while it writes goals."""
        process = subprocess.Popen(command(self.tree, *args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in process.stdout:
            if "proof: written: 2/4" in line:
                process.send_signal(signal.SIGTERM)
                break
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)

    def test_interrupted(self):
        """An interrupt loses nothing that was found, and the rest is found by the next run."""
        self.interrupt("--restart")
        done = run(self.tree)
        self.good(done)
        self.assertIn("going on with the run that was interrupted", done.stdout)
        self.assertRegex(done.stdout, r"written: [12]/[12]\b")
        self.assertEqual(verdicts(result(self.tree)), verdicts(result(self.proved)))
        # It came to its end: the next cold run begins anew.
        self.assertEqual(list((self.tree.root / "build/cache/proof").glob("run-*")), [])

    def test_two_at_once(self):
        """A second run in the same tree says so and takes nothing away from the first."""
        with subprocess.Popen(command(self.tree), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as first:
            for line in first.stdout:
                if "proof: written: 2/4" in line:
                    self.bad(run(self.tree, "--warm"), "another run works in build/proof", 2)
                    break
            else:
                self.fail("the first run wrote no goals")
            rest = first.stdout.read()
        self.assertEqual(first.returncode, 0, rest)

    def test_interrupted_then_changed(self):
        """Another tree is another run."""
        self.interrupt()
        self.tree.change("src/hyp/low.c", "return a + a;", "return 2 * a;")
        self.assertNotIn("going on", run(self.tree).stdout)


class Keys(unittest.TestCase):
    PRINTED = """int g;
/*@ ensures \\result ≡ 1; */
int low(int a)
{
  g = a;
  return 1;
}

int mid(int a)
{
  return low(a);
}

int high(int a)
{
  return mid(a);
}

"""

    def changed(self, old, new):
        self.assertEqual(self.PRINTED.count(old), 1)
        before = keys.function_keys("base", self.PRINTED, ["low", "mid", "high"])
        after = keys.function_keys("base", self.PRINTED.replace(old, new), ["low", "mid", "high"])
        return sorted(name for name in before if before[name] != after[name])

    def test_body(self):
        self.assertEqual(self.changed("return 1;", "return 2;"), ["low"])

    def test_body_behind_an_attribute(self):
        """An attribute, as Frama-C prints it before or behind the declarator, is not the function's name."""
        bare, attribute = self.PRINTED, " __attribute__((__section__(\".text.low\"), __noinline__))"
        for placed in (attribute.strip() + " int low(int a)", "int low(int a)" + attribute):
            self.PRINTED = bare.replace("int low(int a)", placed)
            self.assertEqual(self.changed("return 1;", "return 2;"), ["low"])

    def test_contract(self):
        self.assertEqual(self.changed("≡ 1", "≡ 2"), ["", "high", "low", "mid"])

    def test_pointer(self):
        self.assertEqual(self.changed("g = a;", "*(& g) = a;"), ["", "high", "low", "mid"])

    def test_names(self):
        """What a callee names counts for its callers, how it uses it does not."""
        self.assertEqual(self.changed("  g = a;\n", ""), ["high", "low", "mid"])
        self.assertEqual(self.changed("  g = a;\n", "  a = g;\n"), ["low"])

    def test_theories(self):
        """What rests on a theory, directly or not, by `use`, by `clone` or by a driver, is made anew when it changes."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            table = config.Table([], {}, [], [], ["one", "two"], [])
            texts = {"one/low": "theory Low end", "two/mid": "theory Mid use low.Low end",
                     "one/high": "theory High clone mid.Mid with axiom . end", "one/else": "theory Else use int.Int end"}
            versions = {name: {"sha256": name} for name in ("frama-c", "why3")}

            def made():
                for name, text in texts.items():
                    (root / f"{name}.mlw").parent.mkdir(exist_ok=True)
                    (root / f"{name}.mlw").write_text(text)
                found = {name: keys.model_key(root, table, versions, [text.encode()], [text])
                         for name, text in texts.items()}
                found["driver"] = keys.model_key(root, table, versions, [b'why3.file += "../two/mid.mlw:Mid";'])
                return found

            before = made()
            texts["one/low"] += " (* more *)"
            after = made()
            self.assertEqual(sorted(name for name in before if before[name] != after[name]),
                             ["driver", "one/high", "one/low", "two/mid"])

    def test_call_graph(self):
        self.assertEqual(self.changed("  g = a;\n", "  g = high(a);\n"), ["high", "low", "mid"])


class Packing(unittest.TestCase):
    def test_longest_first(self):
        found = [("u", name) for name in "abcdef"]
        seconds = {("u", name): used for name, used in zip("abcdef", (9, 1, 8, 2, 7, 3))}
        shards = shard.pack(found, seconds, 3)
        self.assertEqual(sorted(item for part in shards for item in part), found)
        self.assertEqual([sum(seconds[item] for item in part) for part in shards], [10, 10, 10])
        self.assertEqual(shards, shard.pack(list(reversed(found)), seconds, 3))
        # What was never run counts as much as the others do on average.
        self.assertEqual(sorted(map(len, shard.pack(found, {}, 4))), [1, 1, 2, 2])


class Shards(Campaign):
    def shards(self, count):
        # Equal times, so that each shard gets goals whatever this machine's load was.
        self.tree.write("proofs/times.txt", "# none\n")
        for number in range(1, count + 1):
            done = run(self.tree, "--shard", f"{number}/{count}")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return [str(self.tree.root / f"build/proof-shard-{number}-of-{count}.json") for number in range(1, count + 1)]

    def test_join(self):
        before = verdicts(result(self.tree))
        files = self.shards(3)
        sizes = [len(json.loads(pathlib.Path(file).read_text())["goals"]) for file in files]
        self.assertTrue(all(sizes), sizes)
        self.assertEqual(sum(sizes), len(before))
        (self.tree.root / "build/proof.json").unlink()
        self.good(run(self.tree, "join", *files))
        self.assertEqual(verdicts(result(self.tree)), before)
        self.assertTrue(result(self.tree)["evidence"])

        self.bad(run(self.tree, "join", *files[:2]), "join: incomplete: shards 1, 2 of 3 are there", 2)
        self.bad(run(self.tree, "join", *files, files[0]), "overlap", 2)
        data = json.loads(pathlib.Path(files[1]).read_text())
        for key, value, text in (("commit", "other", "different commits"), ("inputs", "x", "different trees"),
                                 ("mode", "warm", "different modes"), ("tools", {}, "different tools"),
                                 ("limits", {}, "different limits"), ("format", "x", "not the result of a shard")):
            pathlib.Path(files[1]).write_text(json.dumps(dict(data, **{key: value})))
            self.bad(run(self.tree, "join", *files), text, 2)
        # A goal less than there must be.
        pathlib.Path(files[1]).write_text(json.dumps(dict(data, goals=data["goals"][1:])))
        self.bad(run(self.tree, "join", *files), "goals", 2)
        pathlib.Path(files[1]).write_text(json.dumps(data))
        self.tree.change("src/hyp/low.c", "return a + a;", "return 2 * a;")
        self.bad(run(self.tree, "join", *files), "another tree", 2)

    def test_shard_without_goals(self):
        """A part may be one that has no goals; no goals in all parts is a failure."""
        files = self.shards(12)
        sizes = [len(json.loads(pathlib.Path(file).read_text())["goals"]) for file in files]
        self.assertIn(0, sizes)
        self.good(run(self.tree, "join", *files))

    def test_failure_goes_through(self):
        self.tree.change(*WRONG)
        for number in (1, 2):
            run(self.tree, "--shard", f"{number}/2")
        files = [str(self.tree.root / f"build/proof-shard-{number}-of-2.json") for number in (1, 2)]
        self.bad(run(self.tree, "join", *files), "failed: bits/and")


class Explained(Campaign):
    def test_failed_goal(self):
        """Place, values, difference and command of a goal that is refuted."""
        self.tree.change(*WRONG)
        done = run(self.tree, "--warm", "--unit", "bits")
        self.assertIn("a counter-example", done.stdout)
        self.assertRegex(done.stdout, r"\n +a = #x[0-9a-f]{2}\n")
        self.assertIn("-(assert (not (= (bvand a a) a)))", done.stdout)
        self.assertIn("+(assert (= (bvand a a) a))", done.stdout)
        alone = re.search(r"alone: proofs/campaign.py (.*)", done.stdout).group(1).split()
        done = run(self.tree, *alone)
        self.bad(done, "failed: bits/and")
        self.assertEqual(LAST.fullmatch(done.stdout.splitlines()[-1]).group(1), "1")

    def test_hypotheses(self):
        """Of a goal's hypotheses those that speak of the same values, and values that refute it."""
        script = "(assert (not (forall ((x Int) (y Int) (z Int)) (=> (< 5 z) (=> (< 0 x) (= (+ x y) x))))))\n" \
                 "(check-sat)\n"
        found, conclusion = explain.matter(script)
        self.assertEqual((found, conclusion), (["(< 0 x)"], "(= (+ x y) x)"))
        what, values = explain.counter_example(script)
        self.assertEqual(what, "a counter-example")
        self.assertEqual({line.split(" = ")[0] for line in values}, {"x", "y", "z"})
        self.assertNotIn("y = 0", values)

    def test_place_of_c_goals(self):
        goal = next(goal for goal in result(self.proved)["goals"] if goal["name"].endswith("high_four_ensures_four"))
        self.assertEqual(goal["requirements"], ["REQ-T-001"])
        shown = explain.rerun(goals.Goal(goal["unit"], goal["function"], goal["name"], "goal"), "c")
        self.assertEqual(shown, "proofs/campaign.py --unit high --function high_four --goal " + goal["name"])


class Ratchet(Campaign):
    def setUp(self):
        super().setUp()
        self.file = self.tree.root / ratchet.FILE

    def known(self, old, new):
        text = self.file.read_text()
        self.assertEqual(text.count(old), 1, text)
        self.file.write_text(text.replace(old, new))

    def test_nothing_lost(self):
        self.good(run(self.tree, "--warm"))
        self.assertRegex((self.tree.root / "proofs/times.txt").read_text(), r"(?m)^\d+\.\d high high_four$")

    def test_no_longer_proved(self):
        self.tree.change(*WRONG)
        self.bad(run(self.tree, "--warm"), "ratchet: bits.-: and is no longer proved")

    def test_gone(self):
        """A clause that is gone is a loss, unless the register says why in words."""
        self.tree.change("src/hyp/low.h", "    ensures kept: a <= 7 ==> low_state == a; */", "*/")
        self.bad(run(self.tree, "--warm"), "ratchet: low.low_set: ensures_kept is gone")
        register = (self.tree.root / "spec/assumptions.toml").read_text()
        entry = register.replace("ASM-T-001", "ASM-T-002")
        self.tree.write("spec/assumptions.toml", register + entry)
        self.bad(run(self.tree, "--warm"), "ensures_kept is gone")
        self.tree.write("spec/assumptions.toml",
                        register + entry.replace("They are used.", "low_set keeps nothing now."))
        self.good(run(self.tree, "--warm"))

    def test_changed_body(self):
        """Checks of statements may go with the statements."""
        self.known("assert_rte_unsigned_overflow*2", "assert_rte_unsigned_overflow*9")
        self.tree.change("src/hyp/low.c", "return a + a;", "return 2 * a;")
        self.good(run(self.tree, "--warm"))
        self.tree.change("src/hyp/low.c", "return 2 * a;", "return a + a;")
        self.bad(run(self.tree, "--warm"), "assert_rte_unsigned_overflow (2 of 9) is gone")

    def test_whole_body(self):
        """A body goes on behind a block in it, and ends where its function does."""
        def body():
            return ratchet._bodies(str(self.tree.root), config.load(str(self.tree.root)))["low_twice"]
        self.tree.change("src/hyp/low.c", "\treturn a + a;", "\tif (a == 0) {\n\t\treturn 0;\n\t}\n\treturn a + a;")
        before = body()
        self.tree.change("src/hyp/low.c", "return a + a;", "return 2 * a;")
        self.assertNotEqual(body(), before)
        self.tree.change("src/hyp/low.c", "return 2 * a;", "return a + a;")
        self.tree.change("src/hyp/low.c", "low_state = a % 8;", "low_state = a % 7;")
        self.assertEqual(body(), before)

    def test_raised_limit(self):
        for name, value in ratchet._limits().items():
            with self.subTest(name):
                before = self.file.read_text()
                self.known(f"limit {name} {value}\n", f"limit {name} {value / 2}\n")
                found = ratchet.errors(str(self.tree.root), config.load(str(self.tree.root)), [], set(), True)
                self.assertEqual(len(found), 1, found)
                self.assertIn(f"limit {name} raised", found[0])
                self.file.write_text(before)

    def test_new_axiom(self):
        self.tree.change("model/sum.mlw", "  lemma grows", "  axiom believed: forall x: int. x * 0 = 0\n  lemma grows")
        self.bad(run(self.tree, "--warm", "--unit", "model:sum"), "ratchet: new axiom: model/sum.mlw Sum.believed")

    def test_update_hides_nothing(self):
        """The ratchet of the commit before counts too."""
        for command_line in (["init", "-q"], ["add", "src", "spec", "model", "proofs"], ["commit", "-q", "-m", "one"]):
            subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *command_line],
                           cwd=self.tree.root, check=True)
        self.tree.change("src/hyp/low.h", "    ensures kept: a <= 7 ==> low_state == a; */", "*/")
        self.assertTrue(tools.commit(str(self.tree.root)).endswith("-dirty"))
        self.bad(run(self.tree, "--warm", "--update-ratchet"), "ensures_kept is gone (proofs/ratchet.txt of HEAD)")

        self.tree.change("spec/assumptions.toml", "Two of them.", "Three of them.")
        done = run(self.tree, "assumptions", "--diff", "HEAD")
        self.assertEqual(done.stdout, "changed ASM-T-001: evidence: 'Two of them.' -> 'Three of them.'\n")

    def test_only_of_a_whole_run(self):
        self.bad(run(self.tree, "--warm", "--unit", "bits", "--update-ratchet"), "only after a whole run")


class Firmness(Campaign):
    """Stability under seeds: a score for each goal, and brittle goals that nobody has accepted are an error."""

    def stability(self, *args):
        self.tree.write("proofs/brittle.txt", "# none\n")
        return subprocess.run([sys.executable, str(TOP / "proofs/stability.py"), "--source", str(self.tree.root),
                               *args], capture_output=True, text=True, check=False, timeout=300)

    def test_order(self):
        """Every fact and the goal, the goal last, in another order; quoted brackets are no brackets."""
        script = '(set-logic ALL)\n(declare-fun |a(b| () Int) ; (c\n(assert (> |a(b| 0))\n(declare-fun c () Int)\n' \
                 '(assert (= c 1))\n(assert (not (= "(" "x")))\n(check-sat)\n'
        found = [stability.commands(stability.reordered(script, seed)) for seed in range(1, 9)]
        self.assertEqual(len({tuple(one) for one in found}), 2)
        for one in found:
            self.assertEqual(sorted(one), sorted(stability.commands(script)))
            self.assertEqual(one[-2:], ['(assert (not (= "(" "x")))', "(check-sat)"])

    def test_stable(self):
        done = self.stability("--seeds", "2")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"stability: (\d+) goals, .* 0 brittle, 0 of them new\n$")
        data = result(self.tree, "stability")
        asked = {goal["unit"] + "/" + goal["name"] for goal in result(self.tree)["goals"]
                 if goal["prover"] in ("cvc4", "z3") and goal["verdict"] == "proved" and goal["kind"] != "bytes"}
        self.assertEqual(set(data["goals"]), asked)
        self.assertTrue(all(goal["score"] == 1 for goal in data["goals"].values()), data)

    def test_brittle(self):
        """What one seed fails is brittle; with a reason it is accepted, and when it is stable again it is not."""
        self.assertEqual(self.stability("--seeds", "2").returncode, 0)
        root = self.tree.root
        keys_of = {}
        for path in (root / "build/cache/proof/stability").glob("*/*"):
            keys_of[path.name] = json.loads(path.read_bytes().partition(b"\n")[2])
        from engine.store import Store
        for key in keys_of:
            Store(str(root), "warm", "", "").put("stability", key, {"proved": False})
        done = self.stability("--seeds", "2", "--unit", "bits")
        self.bad(done, "brittle: bits/and: z3 0/2  NEW")
        self.tree.write("proofs/brittle.txt", "bits/and\n")
        command_line = [sys.executable, str(TOP / "proofs/stability.py"), "--source", str(root), "--seeds", "2"]

        def again(*args):
            return subprocess.run([*command_line, *args], capture_output=True, text=True, check=False, timeout=300)
        self.bad(again("--unit", "bits"), "proofs/brittle.txt:1: bits/and: no reason", 2)
        self.tree.write("proofs/brittle.txt", "bits/and a test\nbits/or another\n")
        self.assertEqual(again("--unit", "bits").returncode, 0)
        shutil.rmtree(root / "build/cache/proof/stability")
        self.bad(again(), "bits/and is not brittle: remove it")

    def test_other_tree(self):
        self.tree.change("src/hyp/low.c", "return a + a;", "return 2 * a;")
        self.bad(self.stability(), "of another tree", 2)
        self.bad(self.stability("--unit", "nothing", "--of", "none.json"), "build/none.json", 2)


def links(folder):
    for path in sorted(folder.rglob("*.html")):
        text = path.read_text()
        for link in re.findall(r'(?:href|src)="([^"]+)"', text):
            yield path, link


class Reports(Campaign):
    def setUp(self):
        super().setUp()
        self.tree.change(*WRONG)
        run(self.tree, "--warm")
        self.out = self.tree.root / "build/report"

    def test_formats(self):
        schemas = TOP / "proofs/report/schema"
        for name, schema in (("proof.json", "proof.json"), ("proof.sarif", "sarif.json")):
            data = json.loads((self.out / name).read_text())
            jsonschema.validate(data, json.loads((schemas / schema).read_text()))
        data = json.loads((self.out / "proof.sarif").read_text())
        self.assertEqual([one["partialFingerprints"]["goal/v1"] for one in data["runs"][0]["results"]
                          if one["ruleId"] != "error"], ["bits/and"])
        for broken in ({"version": "2.0.0"}, {"runs": []}, {"runs": [{"results": []}]}):
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(dict(data, **broken), json.loads((schemas / "sarif.json").read_text()))
        suites = xml.etree.ElementTree.parse(self.out / "junit.xml").getroot()
        self.assertEqual(int(suites.get("tests")), len(list(suites.iter("testcase"))))
        self.assertEqual([case.get("name") for case in suites.iter("testcase") if case.find("failure") is not None],
                         ["and"])
        self.assertEqual(suites.get("failures"), "1")
        text = (self.out / "summary.md").read_text()
        self.assertIn("`bits/and` failed", text)
        self.assertIn("no evidence", text)

    def test_links(self):
        """Every link leads to a page of the site, and to a place in it; nothing needs a network or a script."""
        count = 0
        for path, link in links(self.out):
            self.assertNotRegex(link, r"^(\w+:|/)", path)
            name, _, place = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            self.assertTrue(target.is_file(), f"{path}: {link}")
            if place:
                self.assertIn(f'id="{place}"', target.read_text(), f"{path}: {link}")
            count += 1
        self.assertGreater(count, 50)
        for path in self.out.rglob("*.html"):
            self.assertNotIn("<script", path.read_text())

    @unittest.skipUnless(shutil.which("chromium"), "tools/deps.sh browser installs Chromium")
    def test_browser(self):
        """As Chromium sees it from a file, with no network: the failed goal, its mark, its style."""
        def dom(name):
            done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" +
                                   str(self.tree.root / "browser"), "--host-resolver-rules=MAP * ~NOTFOUND",
                                   "--dump-dom", (self.out / name).as_uri()], capture_output=True, text=True,
                                  timeout=60, check=True)
            return done.stdout
        text = dom("index.html")
        self.assertIn('aria-current="page"', text)
        self.assertRegex(text, r'bits/<wbr>and</td><td><span class="mark failed">failed</span>')
        self.assertIn("a counter-example", text)
        self.assertRegex(dom("source/src_hyp_high.h.html"), r'id="L7" class="line good"')
        self.assertIn("REQ-T-001", dom("requirements.html"))


if __name__ == "__main__":
    smt.WALL_LIMIT = 60
    unittest.main()
