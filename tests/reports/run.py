#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The tools of reports/ on wrong inputs: each has to name what is wrong."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT = 120


class Tree(unittest.TestCase):
    """A copy of what the tools read, to spoil."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="hypatia-reports-")
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("src/hyp", "src/arch/arm64", "annotations", "reports", "tests", "build/gen", "spec", "model",
                       "proofs"):
            shutil.copytree(os.path.join(ROOT, folder), os.path.join(self.root, folder))

    def change(self, file, old, new):
        path = os.path.join(self.root, file)
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text.replace(old, new, 1))

    def run_tool(self, tool, *options):
        run = subprocess.run(["/usr/bin/python3", os.path.join(self.root, "reports", tool), *options],
                             capture_output=True, text=True, timeout=LIMIT, check=False)
        return run.returncode, run.stdout + run.stderr

    def expect(self, status, words, tool, *options):
        code, text = self.run_tool(tool, *options)
        self.assertEqual(code, status, text)
        for word in words:
            self.assertIn(word, text)


class Misra(Tree):
    def test_finding_without_deviation(self):
        self.change("src/hyp/vmid.c", "void vmid_setup(u32 bits)\n{\n",
                    "void vmid_setup(u32 bits)\n{\n\tif (bits == 010) {\n\t\tgoto out;\n\t}\nout:\n")
        self.expect(1, ["src/hyp/vmid.c:9: rule 7.1", "rule 15.1"], "misra.py")

    def test_deviation_of_nothing(self):
        self.change("reports/misra.toml", 'where = ["src/hyp/abort.c"]', 'where = ["src/hyp/abort.c2"]')
        self.expect(1, ["rule 10.3 in src/hyp/abort.c2: nothing deviates there", "src/hyp/abort.c:99: rule 10.3"],
                    "misra.py")

    def test_bad_entries(self):
        self.change("reports/misra.toml", 'category = "advisory"', 'category = "mandatory"')
        self.expect(2, ["reports/misra.toml: deviation 1 (rule 2.3): key 'category'"], "misra.py")

    def test_required_without_line(self):
        self.change("reports/misra.toml", 'line = "^/\\\\*@ ghost //"\n', "")
        self.expect(2, ["(rule 3.1): a required rule needs key 'line'"], "misra.py")

    def test_file_that_is_no_c(self):
        self.change("src/hyp/vmid.c", "void vmid_setup(u32 bits)\n{", "void vmid_setup(u32 bits)\n{ {")
        self.expect(2, ["misra: cppcheck:"], "misra.py")


class Coverage(Tree):
    def test_gap(self):
        self.change("src/hyp/vmid.c", "\tif (bits == 16) {", "\tif (bits == 17) {\n\t\treturn;\n\t}\n\tif (bits == 16) {")
        self.expect(1, ["src/hyp/vmid.c:12: vmid_setup: statement: return;", "branch: bits == 17 is true"], "coverage.py")

    def test_condition(self):
        self.change("src/hyp/vmid.c", "\tif (bits == 16) {", "\tif (bits == 16 || bits > 40) {")
        self.expect(1, ["condition: bits > 40"], "coverage.py")

    def test_reason_for_nothing(self):
        self.change("tests/coverage.toml", "frames > PFN_COUNT", "frames > PFN_COUNTS")
        self.expect(1, ["explains a gap that is not there: src/hyp/setup.c: carveout_ok"], "coverage.py")

    def test_bad_entry(self):
        self.change("tests/coverage.toml", 'function = "carveout_ok"\n', "")
        self.expect(2, ["tests/coverage.toml: entry 1: key 'function' is missing"], "coverage.py")

    def test_failing_test(self):
        self.change("src/hyp/vmid.c", "= 256u", "= 16u")
        self.change("src/hyp/vmid.c", "vmid_state.next = 1;\n\t\ttlbi_vmids();", "vmid_state.next = 1;")
        self.expect(2, ["test_traps"], "coverage.py")


class Trace(Tree):
    def test_good(self):
        self.expect(0, ["0 problems, 0 suspect; without goals and coverage"], "trace.py")

    def test_changed_clause(self):
        self.change("src/hyp/pool.h", "ensures zeroed: zeroed{Here}(\\result);", "ensures zeroed: \\true;")
        self.expect(1, ["clause pool_alloc.zeroed: concerns REQ-POOL-001", "1 suspect"], "trace.py")
        self.expect(0, ["0 suspect"], "trace.py", "--review")

    def test_clause_that_is_gone(self):
        self.change("src/hyp/pool.h", "ensures zeroed: zeroed{Here}(\\result);", "")
        self.expect(1, ["there is no clause pool_alloc.zeroed", "suspect: clause pool_alloc.zeroed is gone"], "trace.py")

    def test_function_for_nothing(self):
        self.change("src/hyp/vmid.c", "void vmid_setup(", "/*@ assigns \\nothing; */\nu32 idle(void)\n{\n\treturn 0;\n}\n\n"
                    "void vmid_setup(")
        self.expect(1, ["function idle: no requirement leads to it"], "trace.py")

    def test_test_for_nothing(self):
        self.change("spec/requirements.toml", '\t"tests/unit/test_pool.c:test_random_sequence",\n', "")
        self.expect(1, ["test_pool.c:test_random_sequence: no requirement needs it"], "trace.py")

    def test_theorem_for_nothing(self):
        self.change("spec/requirements.toml", '\t"system.SystemRuns.kept",\n', "")
        self.expect(1, ["theorem system.SystemRuns.kept: no requirement needs it"], "trace.py")

    def test_requirement_without_code(self):
        self.change("spec/requirements.toml", 'code = ["vmid_setup", "vmid_update"]', "code = []")
        self.expect(1, ["requirement REQ-VMID-001: not implemented by anything"], "trace.py")

    def test_goal_that_is_missing(self):
        path = os.path.join(self.root, "build/proof.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"commit": "unknown", "goals": [{"unit": "vmid", "function": "vmid_setup", "name": "typed_vmid_setup_ensures_x", '
                       '"kind": "goal", "verdict": "proved", "prover": "qed"}]}')
        self.expect(1, ["clause vmid_update.fresh: no goal proves it", "function vmid_update: no goal proves it"], "trace.py")

    def test_broken_register(self):
        self.change("reports/reviewed.txt", "\n6", "\nz")
        self.expect(2, ["reports/reviewed.txt:", "not a fingerprint and an item"], "trace.py")


class Reproduce(unittest.TestCase):
    def test_time_in_the_image(self):
        root = tempfile.mkdtemp(prefix="hypatia-reports-")
        self.addCleanup(shutil.rmtree, root)
        subprocess.run(["git", "clone", "--quiet", "--local", ROOT, root], check=True, timeout=LIMIT)
        shutil.copytree(os.path.join(ROOT, "build/arm64"), os.path.join(root, "build/arm64"), symlinks=True)
        path = os.path.join(root, "src/boot/main.c")
        with open(path, "a", encoding="utf-8") as file:
            file.write('\nextern const char when[];\nconst char when[] = __DATE__;\n')
        run = subprocess.run(["/usr/bin/python3", "reports/reproduce.py"], cwd=root, capture_output=True, text=True,
                             timeout=LIMIT, check=False)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertIn("hypatia.elf differs", run.stdout)
        self.assertIn("NOT the same bytes", run.stdout)


if __name__ == "__main__":
    sys.exit(unittest.main())
