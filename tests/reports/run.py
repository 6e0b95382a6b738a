#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The tools of reports/ on wrong inputs: each has to name what is wrong."""

import argparse
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Ends what hangs. A tool takes up to a minute alone, and here there is another one beside it.
LIMIT = 240
sys.path.insert(0, os.path.join(ROOT, "tests"))

import alone  # noqa: E402


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
        with open(os.path.join(self.root, "src/hyp/abort.c"), encoding="utf-8") as f:
            line = next(n for n, text in enumerate(f, 1) if "== TRAP_EC_IABT_LOW;" in text)
        self.expect(1, ["rule 10.3 in src/hyp/abort.c2: nothing deviates there", f"src/hyp/abort.c:{line}: rule 10.3"],
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


class ImageCoverage(unittest.TestCase):
    """A small image, and a system test that is said to have run parts of it."""

    CODE = ("int twice(int x);\nint never(int x);\nint twice(int x)\n{\n\tif (x > 7) {\n\t\treturn 0x1234;\n\t}\n"
            "\treturn x * 2;\n}\nint never(int x)\n{\n\treturn x + 3;\n}\n")
    TEXT = '[[uncovered]]\nreason = "Rare."\npart.twice = ["return 0x1234;"]\n'
    NEVER = '[[uncovered]]\nreason = "Nobody calls it."\nwhole = ["never"]\n'

    def systest(self, name, passed, image=None):
        with open(self.path("build/hypatia.img"), "rb") as file:
            digest = image or hashlib.sha256(file.read()).hexdigest()
        self.write("build/systest.json", json.dumps({"image": digest, "tests": [{"name": name, "passed": passed}]}))

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="hypatia-reports-")
        self.addCleanup(shutil.rmtree, self.root)
        for name in ("reports/coverage.py", "reports/coverage_image.py", "tools/systest", "tools/run",
                     "proofs/engine/__init__.py", "proofs/engine/tools.py"):
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            shutil.copy(os.path.join(ROOT, name), self.path(name))
        self.write("src/one.c", self.CODE)
        self.write("tests/system/tests.toml", "[defaults]\ntimeout = 1\n"
                   '[[test]]\nname = "one"\ndoc = "one"\nargs = []\n[[test]]\nname = "two"\nlevel = "all"\ndoc = "two"\nargs = []\n')
        self.compile("src/one.c")
        self.starts = {words[2]: int(words[0], 16) for words in
                       (line.split() for line in self.output("aarch64-linux-gnu-nm", "build/hypatia.elf").splitlines())}
        dump = self.output("aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", "build/hypatia.elf")
        rare = next(line for line in dump.splitlines() if "#0x1234" in line)
        self.rare = int(rare.split(":")[0], 16)
        self.ran([offset for offset in range(0, self.starts["never"], 4) if offset != self.rare])
        self.write("tests/coverage-image.toml", self.TEXT + self.NEVER)

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def output(self, *command):
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True, timeout=LIMIT).stdout

    def compile(self, source):
        os.makedirs(self.path("build"), exist_ok=True)
        self.output("aarch64-linux-gnu-gcc", "-g", "-O0", "-ffreestanding", "-nostdlib", "-static", "-fno-asynchronous-unwind-tables",
                    f"-ffile-prefix-map={self.root}=.", "-Wl,-Ttext=0,--build-id=none,-e0", "-o", "build/hypatia.elf", source)
        self.output("aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", "build/hypatia.elf", "build/hypatia.img")
        self.systest("one", True)

    def ran(self, offsets):
        with open(self.path("build/hypatia.img"), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        self.write("build/logs/system/one.ran", f"image {digest}\n" + "".join(f"{one:#x}-{one:#x}\n" for one in offsets))

    def expect(self, status, *words):
        run = subprocess.run(["/usr/bin/python3", self.path("reports/coverage_image.py")], capture_output=True, text=True,
                             timeout=LIMIT, check=False)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        for word in words:
            self.assertIn(word, run.stdout + run.stderr)

    def test_good(self):
        self.expect(0, "gaps with a reason, 0 without")
        with open(self.path("build/coverage-image.json"), encoding="utf-8") as file:
            table = json.load(file)
        self.assertEqual(table["functions"]["never"][0], 0)
        reached, size = table["functions"]["twice"]
        self.assertEqual(size - reached, 1)

    def test_gap(self):
        self.write("tests/coverage-image.toml", self.NEVER)
        self.expect(1, "not in tests/coverage-image.toml: src/one.c:6: twice: 1 of 2: return 0x1234;")

    def test_part_of_a_line(self):
        self.write("src/one.c", self.CODE.replace("return x * 2;", "return x > 3 ? x * 2 : x * x - 9;"))
        self.compile("src/one.c")
        self.ran([0])
        self.expect(1, "twice: ", " of ", "return x > 3 ? x * 2")

    def test_fill_behind_a_barrier(self):
        """Behind ERET a barrier counts, which nothing reaches; the fill behind it does not. Elsewhere NOP counts."""
        self.write("src/one.c", self.CODE + '__asm__("gone: eret\\n dsb nsh\\n isb\\n nop\\n nop\\n"\n'
                   '"kept: isb\\n nop\\n nop\\n ret\\n");\n')
        self.compile("src/one.c")
        self.ran([offset for offset in range(0, self.starts["never"], 4) if offset != self.rare])
        self.expect(1, "gone: 3 of 3", "kept: 4 of 4", "4 gaps with a reason, 2 without")

    def test_reason_for_nothing(self):
        self.ran(range(0, self.starts["never"], 4))
        self.expect(1, "explains a gap that is not there: twice: return 0x1234;")

    def test_sometimes(self):
        self.write("tests/coverage-image.toml", self.TEXT + "sometimes = true\n" + self.NEVER)
        self.expect(0)
        self.ran(range(0, self.starts["never"], 4))
        self.expect(0)

    def test_whole_function_that_is_entered(self):
        self.ran([offset for offset in range(0, self.starts["never"] + 4, 4) if offset != self.rare])
        self.expect(1, "not in tests/coverage-image.toml: src/one.c:", "never: ", "that is not there: never")

    def test_bad_entries(self):
        for text, words in (('[[uncovered]]\nwhole = ["never"]\n', "entry 1: key 'reason' is missing"),
                            ('[[uncovered]]\nreason = "x"\n', "entry 1: key 'whole' is no list"),
                            (self.NEVER + "texts = []\n", "entry 1: unknown key 'texts'"),
                            (self.NEVER + 'part.never = [" "]\n', "entry 1: key 'part' gives no texts"),
                            (self.NEVER + "sometimes = 1\n", "entry 1: key 'sometimes'"), ("[[", "tests/coverage-image.toml:")):
            self.write("tests/coverage-image.toml", text)
            self.expect(2, words)

    def test_tests_that_do_not_count(self):
        self.systest("one", True, "0" * 64)
        self.expect(2, "build/systest.json: of another image")
        self.systest("two", True)
        self.expect(2, "system test one: was not run")
        self.systest("one", False)
        self.expect(2, "system test one: failed")
        self.systest("one", True)
        self.ran([])
        self.expect(2, "system test one: nothing ran")
        self.ran([0x10000])
        self.expect(2, "at 0x10000 ran what is no instruction")
        os.remove(self.path("build/logs/system/one.ran"))
        self.expect(2, "no list of what ran")

    def test_another_image(self):
        self.write("src/one.c", self.CODE.replace("+ 3", "+ 4"))
        elf = self.path("build/hypatia.elf")
        shutil.copy(elf, elf + ".old")
        self.compile("src/one.c")
        self.expect(2, "system test one: was run with another image")
        shutil.move(elf + ".old", elf)
        self.ran([0])
        self.expect(2, "build/hypatia.elf: not that of hypatia.img")

    def condensed(self, log, patched=None):
        """What tools/run makes of QEMU's log: (problems, lines)."""
        loader = importlib.machinery.SourceFileLoader("run", self.path("tools/run"))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
        loader.exec_module(module)
        self.write("log", log)
        image = self.path("build/hypatia.img")
        problems = module.condense(argparse.Namespace(mmu_on=False, image=patched or image, instructions=self.path("log")), image)
        with open(self.path("log"), encoding="utf-8") as file:
            return problems, file.read().splitlines()[1:]

    def test_log(self):
        with open(self.path("build/hypatia.img"), "rb") as file:
            image = file.read()
        words = [int.from_bytes(image[offset:offset + 4], "little") for offset in range(0, 12, 4)]
        line = "0x4020000{:x}:  {:08x}  something\n"
        good = "IN: \n" + line.format(0, words[0]) + "\n----------------\n" + line.format(4, words[1])
        self.assertEqual(self.condensed(good), ([], ["0x0-0x4"]))
        self.assertEqual(self.condensed(good + line.format(8, words[2] ^ 1)), (["at image+0x8 ran what is not in the image"], ["0x0-0x4"]))
        with open(self.path("patched"), "wb") as file:
            file.write(image[:4] + bytes(4) + image[8:])
        self.assertEqual(self.condensed(line.format(0, words[0]) + line.format(4, 0), self.path("patched")), ([], ["0x0-0x0"]))


class Trace(Tree):
    def test_good(self):
        self.expect(0, ["0 problems, 0 suspect; without goals and coverage and coverage of the image"], "trace.py")

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

    def test_routine_that_never_runs(self):
        gap = {"file": "build/gen/asm/el1_switch.S", "function": "el1_save_e2h", "text": "ret", "line": 9, "missed": 1, "size": 1}
        table = {"functions": {"el1_save_e2h": [0, 1]}, "explained": [], "open": [gap]}
        with open(os.path.join(self.root, "build/hypatia.img"), "wb") as file:
            file.write(b"image")
        table["image"] = hashlib.sha256(b"image").hexdigest()
        path = os.path.join(self.root, "build/coverage-image.json")
        problem = "routine el1_save_e2h: no system test runs it"
        for explained, status in (([], 1), ([dict(gap, reason="It cannot.")], 1)):
            with open(path, "w", encoding="utf-8") as file:
                json.dump(table | {"explained": explained}, file)
            self.expect(status, [problem, "1 problems, 0 suspect"], "trace.py")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(table | {"explained": explained, "open": []}, file)
        self.expect(0, ["0 problems, 0 suspect"], "trace.py")

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
    sys.exit(alone.main(__file__, (Misra, Reproduce, Coverage, ImageCoverage, Trace), "tests of the reports"))
