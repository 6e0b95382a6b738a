#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the proof from bytes.

Wrong versions of the image: instruction words of a copy of the ELF are changed, and the goal that must notice does so,
with the place and the reason. The meaning of each instruction is compared with Unicorn's on random registers, the
names of system registers and operations with binutils'. Contracts that leave something out are refused.
"""
import dataclasses
import json
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import unicorn
import z3
from unicorn import arm64_const

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOL = TOP / "proofs" / "bytes"
ELF = TOP / "build" / "hypatia.elf"
sys.path.insert(0, str(TOOL))

import contracts  # noqa: E402
import decode  # noqa: E402
import image  # noqa: E402
import machine  # noqa: E402
import verdicts  # noqa: E402

LIMIT = 120
BOOK = contracts.read(TOP / "spec")
IMAGE = image.Image(ELF)
DECODER = verdicts.new_decoder(BOOK)


def assemble(lines):
    """One word for each line of assembly."""
    with tempfile.TemporaryDirectory(prefix="hypatia-bytes-") as folder:
        obj, raw = f"{folder}/a.o", f"{folder}/a.bin"
        subprocess.run(["aarch64-linux-gnu-as", "-march=armv8-a", "-o", obj, "-"], input="\n".join(lines) + "\n",
                       text=True, check=True, timeout=LIMIT)
        subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", obj, raw], check=True,
                       timeout=LIMIT)
        data = pathlib.Path(raw).read_bytes()
    words = [word for (word,) in struct.iter_unpack("<I", data)]
    assert len(words) == len(lines)
    return words


def text_offset():
    out = subprocess.run(["aarch64-linux-gnu-readelf", "-SW", str(ELF)], capture_output=True, text=True, check=True,
                         timeout=LIMIT).stdout
    return int(re.search(r"\.text\s+PROGBITS\s+0*0\s+([0-9a-f]+)", out).group(1), 16)


def disassembly():
    """address -> text, by binutils."""
    out = subprocess.run(["aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", str(ELF)], capture_output=True,
                         text=True, check=True, timeout=LIMIT).stdout
    found = re.findall(r"^\s*([0-9a-f]+):\t(.*?)\s*(?://.*)?$", out, re.MULTILINE)
    return {int(address, 16): re.sub(r"\s+", " ", text.split("<")[0]).strip() for address, text in found}


TEXT = disassembly()


def place_of(symbol, text, count=0):
    """Address of the count-th instruction behind @symbol that binutils shows as @text."""
    address = IMAGE.address(symbol)
    for _ in range(512):
        if TEXT.get(address) == text:
            if count == 0:
                return address
            count -= 1
        address += 4
    raise AssertionError(f"{symbol}: no '{text}': update this test")


def prove(elf, *routines, spec=TOP / "spec"):
    command = [str(TOOL / "prove.py"), "--json", "--elf", str(elf), "--spec", str(spec)]
    for name in routines:
        command += ["--routine", name]
    run = subprocess.run(["/usr/bin/python3", *command], capture_output=True, text=True, timeout=LIMIT, check=False)
    if run.returncode == 2:
        return run.returncode, run.stderr
    goals = json.loads(run.stdout)["goals"]
    return run.returncode, {name: (goal["verdict"], goal["text"]) for name, goal in goals.items()}


# Symbol behind which the instruction stands, its text, which of them, what stands there instead, the routine that is
# proved, the goal that fails, and what its message says.
NOP = "nop"
WRONG = (
    # registers
    ("host_trap", "ldp x16, x17, [sp, #112]", 0, NOP, "host_sync", "preserved", r"x1[67] is not what it was at entry"),
    ("host_vectors", "stp x4, x5, [sp, #16]", 0, "stp x5, x4, [sp, #16]", "host_sync", "preserved",
     r"ldp x4, x5.*x[45] is not what it was at entry.*is 0x.*must be 0x"),
    ("host_smc", "ldp x6, x7, [sp, #48]", 0, "ldp x6, x7, [sp, #64]", "host_sync", "calls",
     r"smc #0: x6 == old\(x6\): is 0x"),
    ("host_trap", "ldp x0, x1, [sp], #16", 0, "ldp x0, x1, [sp], #32", "host_sync", "memory",
     r"outside of every region"),
    ("host_smc", "add sp, sp, #0xa0", 0, "add sp, sp, #0x90", "host_sync", "preserved",
     r"sp is not what it was at entry"),
    ("host_vectors", "mov x4, sp", 0, "add x4, sp, #16", "host_sync", "calls", r"hyp_handle_hvc: x4 == sp"),
    ("fatal_exception", "stp x18, x19, [sp, #144]", 0, "stp x18, x18, [sp, #144]", "fatal_exception", "calls",
     r"mem\(x1 \+ 8 \* 19\) == old\(x19\)"),
    ("host_vectors", "mov x0, #0x3 // #3", 0, "mov x0, #4", "fatal", "kind", r"x0 == slot: is 0x4, must be 0x3"),
    ("host_enter", "mov x23, xzr", 0, NOP, "host_enter", "cleared", r"x23 == 0"),
    ("host_smc", "add x5, x5, #0x4", 0, "add x5, x5, #0x8", "host_sync", "order", r"msr elr_el2 = old\(elr_el2\) \+ 4"),
    ("guest_enter", "stp x18, x19, [sp, #16]", 0, NOP, "guest_enter", "frame", r"word\(frame, 8 \* 2\) == old\(x18\)"),
    ("guest_enter", "ldr x30, [x0, #240]", 0, NOP, "guest_enter", "guest", r"x30 == old\(word\(context, 8 \* 30\)\)"),
    ("guest_leave", "str x30, [x0, #240]", 0, NOP, "guest_trap", "guest", r"word\(context, 8 \* 30\) == old\(x30\)"),
    ("guest_leave", "ldr x28, [sp, #96]", 0, NOP, "guest_trap", "frame", r"x28 == old\(word\(frame, 8 \* 14\)\)"),
    ("guest_vectors", "mov x1, #0x1 // #1", 0, "mov x1, #3", "guest_trap", "result", r"x0 == slot - 8: is 0x3, must be 0x1"),
    ("el1_save", "str x1, [x0, #296]", 0, "str x1, [x0, #304]", "el1_save", "saved", r"word\(context, 296\)"),
    ("fp_save", "stp q14, q15, [x0, #224]", 0, "stp q14, q14, [x0, #224]", "fp_save", "saved",
     r"word\(words, 16 \* 15\) == old\(v15_lo\)"),
    ("fp_save", "str x2, [x0, #520]", 0, "str x1, [x0, #520]", "fp_save", "saved", r"word\(words, FP_FPCR\) == old\(fpcr\)"),
    ("fp_restore", "ldp q30, q31, [x0, #480]", 0, NOP, "fp_restore", "restored", r"v30_lo == old\(word\(words, 16 \* 30\)\)"),
    ("fp_restore", "ldp q0, q1, [x0]", 0, "ldp q1, q0, [x0]", "fp_restore", "restored", r"v0_lo == .*: is 0x.*must be 0x"),
    ("fp_restore", "msr fpcr, x2", 0, NOP, "fp_restore", "order", r"the path ends without 'msr fpcr'"),
    ("sve_save", "str z3, [x0]", 0, ".inst 0xe5804004", "sve_save", "saved", r"word\(vectors, 136 \+ 64 \* 3\) == old\(v3_lo\)"),
    ("sve_save", "rdffr p0.b", 0, NOP, "sve_save", "saved", r"word\(vectors, 128\) == old\(ffr\)"),
    ("sve_save", "str p7, [x0]", 0, NOP, "sve_save", "saved", r"word\(vectors, 8 \* 7\) == old\(p7\)"),
    ("sve_restore", "ldr z31, [x0]", 0, NOP, "sve_restore", "restored", r"v31_lo == old"),
    ("sve_restore", "wrffr p0.b", 0, NOP, "sve_restore", "restored", r"ffr == old\(word\(vectors, 128\)\)"),
    ("sve_restore", "add x0, x0, #0x40", 30, "add x0, x0, #0x80", "sve_restore", "memory", r"outside of every region"),
    ("sve_clear", "pfalse p9.b", 0, NOP, "sve_clear", "cleared", r"p9 == 0"),
    ("sve_clear", "wrffr p0.b", 0, NOP, "sve_clear", "cleared", r"ffr == 0"),
    ("fp_restore", "ldp q4, q5, [x0, #64]", 0, NOP, "fp_restore", "cleared", r"z4_w2 \| "),
    ("guest_leave", "ldp x24, x25, [sp, #64]", 0, "ldp q24, q25, [sp, #64]", "guest_trap", "preserved", r"v24_lo is not what it was at entry"),
    # memory
    ("fp_save", "stp q30, q31, [x0, #480]", 0, "stp q30, q31, [x0, #512]", "fp_save", "memory", r"outside of every region"),
    ("fp_restore", "ldp q2, q3, [x0, #32]", 0, "stp q2, q3, [x0, #32]", "fp_restore", "memory", r"region words, which is read-only"),
    ("guest_leave", "ldp x2, x3, [sp], #16", 0, "ldp x2, x3, [sp], #32", "guest_trap", "memory|exit|frame", r"."),
    ("host_vectors", "stp x29, x30, [sp, #128]", 0, "stp x29, x30, [sp, #144]", "host_sync", "memory",
     r"<host_vectors\+0x[0-9a-f]+> stp.*store of 8 bytes at sp outside of every region"),
    ("host_vectors", "stp x2, x3, [sp, #-144]!", 0, "stp x2, x3, [sp, #-176]!", "host_sync", "memory",
     r"store of 8 bytes at .* outside of every region"),
    ("boot_entry", "str x20, [x0]", 0, "str x20, [x0, #8]", "boot_entry", "memory", r"outside of every region"),
    ("boot_entry", "mrs x20, cntpct_el0", 0, NOP, "boot_entry", "ready", r"word\(boot_counter, 0\) == old\(cntpct_el0\)"),
    # order
    ("switch_pgd", "isb", 0, NOP, "switch_pgd", "order", r"'isb' must come here, not 'tlbi alle2'"),
    ("switch_pgd", "isb", 2, NOP, "switch_pgd", "order", r"the path ends without 'isb'"),
    ("switch_pgd", "tlbi alle2", 0, NOP, "switch_pgd", "order", r"'tlbi alle2' must come here, not 'dsb nsh'"),
    ("switch_pgd", "dsb nsh", 0, "dsb nshst", "switch_pgd", "order", r"'dsb nsh' must come here, not 'dsb nshst'"),
    ("switch_pgd", "orr x3, x3, #0x80000", 0, "orr x3, x3, #0x40000", "switch_pgd", "order",
     r"msr sctlr_el2 .*is 0x.*must"),
    ("switch_pgd", "br x2", 0, "br x1", "switch_pgd", "exit", r"jump old\(x2\): is 0x.*must be 0x"),
    ("switch_pgd", "mov sp, x1", 0, NOP, "switch_pgd", "set_sp", r"sp == old\(x1\)"),
    ("mmu_on", "tlbi alle2", 0, "tlbi vmalle1", "mmu_on", "paths", r"unknown instruction: sys #0, c8, c7, #0"),
    ("mmu_on", "msr ttbr0_el2, x0", 0, "msr mair_el3, x0", "mmu_on", "paths",
     r"unknown instruction: msr s3_6_c10_c2_0"),
    ("stub_call", "tlbi alle2", 0, NOP, "stub_call", "order", r"must come here"),
    ("el2_reset", "isb", 1, NOP, "el2_reset", "order", r"the path ends without 'isb'"),
    ("cache_inval", "dc ivac, x0", 0, "dc civac, x0", "cache_inval", "loops", r"'dc ivac' must come here"),
    ("cache_clean", "dsb sy", 0, NOP, "cache_clean", "order", r"the path ends without 'dsb sy'"),
    ("cache_clean", "add x0, x0, x3", 0, "add x0, x0, x3, lsl #1", "cache_clean", "loops",
     r"x0 == head\(x0\) \+ x3|does not hold"),
    ("guest_leave", "msr spsr_el2, x3", 0, NOP, "guest_trap", "order", r"the path ends without 'msr spsr_el2'"),
    ("el1_restore", "msr vbar_el1, x1", 0, NOP, "el1_restore", "order", r"'msr vbar_el1' must come here"),
    ("el1_restore_e2h", "msr vbar_el12, x1", 0, "msr vbar_el1, x1", "el1_restore_e2h", "order", r"'msr vbar_el12' must come here"),
    # ways
    ("host_trap", "eret", 0, NOP, "host_sync", "memory", r"outside of every region"),
    ("host_trap", "dsb nsh", 0, NOP, "host_sync", "exit", r"behind the eret: 'dsb nsh' must stand here, not 'nop'"),
    ("host_trap", "cmp x5, #0x24", 0, "cmp x5, #0x25", "host_sync", "order", r"must come here"),
    ("host_smc", "cbnz x0, ", 0, "cbz x0, . + 0x3c", "host_sync", "order", r"must come here"),
    ("cpu_find_index", "b.cs ", 0, "b.hi . + 0x18", "cpu_find_index", "memory|loops", r"."),
    ("park", "wfi", 0, "add v0.16b, v1.16b, v2.16b", "park", "paths", r"unknown instruction: add v0\.16b"),
    ("host_trap", "mov x0, x4", 0, "adds x0, x4, #0", "host_sync", "paths",
     r"<host_trap\+0x[0-9a-f]+>.*unknown instruction"),
)


class WrongImages(unittest.TestCase):
    """Each change is noticed by the goal that is there for it."""

    @classmethod
    def setUpClass(cls):
        cls.offset = text_offset()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="hypatia-bytes-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def patched(self, name, changes):
        target = self.folder / name
        data = bytearray(ELF.read_bytes())
        for address, word in changes:
            struct.pack_into("<I", data, self.offset + address, word)
        target.write_bytes(data)
        return target

    def test_wrong_versions(self):
        words = assemble([new for _, _, _, new, _, _, _ in WRONG])
        for number, (symbol, old, count, new, routine, clause, message) in enumerate(WRONG):
            with self.subTest(f"{symbol}: {old} -> {new}"):
                address = self.find(symbol, old, count)
                elf = self.patched(f"{number}.elf", [(address, words[number])])
                status, goals = self.prove_here(elf, routine)
                elf.unlink()
                self.assertEqual(status, 1)
                failed = {name: text for name, (verdict, text) in goals.items() if verdict == "failed"}
                hit = {name: text for name, text in failed.items() if re.fullmatch(f"{routine}/({clause})", name)}
                self.assertTrue(hit, failed)
                self.assertRegex(" ".join(hit.values()), message)
                self.assertRegex(" ".join(hit.values()), r"0x[0-9a-f]+ <\w+(\+0x[0-9a-f]+)?>")

    @staticmethod
    def find(symbol, old, count):
        if old.endswith(" "):
            start = IMAGE.address(symbol)
            return next(a for a in range(start, start + 512, 4) if TEXT.get(a, "").startswith(old))
        return place_of(symbol, old.split(" //")[0], count)

    @staticmethod
    def prove_here(elf, routine):
        """In this process: to start Python anew for each would take longer than the proofs."""
        changed = image.Image(elf)
        contract = BOOK.routines[routine]
        if routine == "boot_entry":
            # One of its six ways: entered at EL2 with the MMU off.
            case = next(case for case in contract.cases if "EL2 and" in case.when and "== 0" in case.when)
            contract = dataclasses.replace(contract, requires=[*contract.requires, case.when], cases=[case])
        result = verdicts.prove(BOOK, changed, DECODER, contract)
        goals = {f"{routine}/{clause}": (v.verdict, v.text) for clause, v in result.verdicts.items()}
        return int(any(verdict != "proved" for verdict, _ in goals.values())), goals

    def test_code_that_no_contract_reaches(self):
        (word,) = assemble(["ret"])
        changed = image.Image(self.patched("padding.elf", [(IMAGE.address("park") + 16, word)]))
        self.assertRegex(verdicts.covered(BOOK, changed, set(range(0, IMAGE.address("park") + 12, 4))),
                         r"<park\+0x10> of src/arch/arm64/head\.S: on no path of a contract")

    def test_code_of_nobody(self):
        (word,) = assemble(["ret"])
        gap = next(a for a in range(IMAGE.address("mmu_on"), IMAGE.address("switch_pgd"), 4) if IMAGE.word(a) == 0)
        changed = image.Image(self.patched("gap.elf", [(gap, word)]))
        self.assertRegex(verdicts.registered(BOOK, changed),
                         "neither compiled code nor assembly nor a packaged function")

    def test_compiled_code_that_touches_the_host(self):
        self.assertEqual(verdicts.untouched(IMAGE, DECODER), "")
        place = IMAGE.address("hyp_handle_hvc") + 8
        for text in ("mov x18, x0", "str w18, [sp]", "fmov d0, x1", "ldr q3, [x0]", "mrs x18, esr_el2"):
            (word,) = assemble([text])
            changed = image.Image(self.patched("touch.elf", [(place, word)]))
            self.assertRegex(verdicts.untouched(changed, DECODER), r"<hyp_handle_hvc\+0x8> of src/hyp/hvc\.c: ")

    def linked(self, name, arrange):
        """The image from the same objects, in the order that @arrange gives them."""
        plan = subprocess.run(["make", "-n", "-W", "src/arch/arm64/image.lds", "QUIET=", "build/hypatia.elf"], cwd=TOP,
                              text=True,
                              capture_output=True, timeout=LIMIT, check=True).stdout.replace("\\\n", " ")
        (command,) = re.findall(r"^aarch64-linux-gnu-ld .*$", plan, re.MULTILINE)
        words = command.split()
        words[words.index("-o") + 1], words[words.index("-Map") + 1] = str(self.folder / name), str(self.folder / "map")
        objects = [word for word in words if word.endswith(".o")]
        first = words.index(objects[0])
        subprocess.run(words[:first] + arrange(objects) + words[first + len(objects):], cwd=TOP, timeout=LIMIT,
                       check=True)
        return self.folder / name

    def test_a_new_routine(self):
        source = self.folder / "new.S"
        source.write_text("\t.text\n\t.globl new_routine\n\t.type new_routine, %function\nnew_routine:\n\tret\n")
        subprocess.run(["aarch64-linux-gnu-gcc", "-c", "-Wa,-gdwarf-5", "-o", str(self.folder / "new.o"), str(source)],
                       check=True,
                       timeout=LIMIT)
        changed = image.Image(self.linked("new.elf", lambda objects: [*objects, str(self.folder / "new.o")]))
        self.assertRegex(verdicts.registered(BOOK, changed),
                         "routine new_routine has neither a contract nor an entry in spec/assembly.toml")

    def test_the_same_bytes(self):
        """--same accepts the image that was proved, also when what it refers to moved, and refuses another."""
        record = self.folder / "record.json"
        routines = {}
        for name, routine in BOOK.routines.items():
            raw, meaning = verdicts.fingerprints(IMAGE, DECODER, routine, BOOK)
            routines[name] = {"sha256": raw, "meaning": meaning}
        record.write_text(json.dumps({"routines": routines}))
        (word,) = assemble([NOP])
        other = self.patched("other.elf", [(place_of("switch_pgd", "isb"), word)])
        moved = self.linked("moved.elf", lambda objects: objects[:4] + objects[:3:-1])
        self.assertNotEqual(image.Image(moved).address("hyp_handle_hvc"), IMAGE.address("hyp_handle_hvc"))
        for elf, status, text in ((ELF, 0, " of "), (moved, 0, " of "), (other, 1,
                                                                         "switch_pgd: not the bytes that were proved")):
            run = subprocess.run(["/usr/bin/python3", str(TOOL / "prove.py"), "--elf", str(elf), "--same", str(record)],
                                 capture_output=True, text=True, timeout=LIMIT, check=False)
            self.assertEqual(run.returncode, status, run.stdout + run.stderr)
            self.assertIn(text, run.stdout)


class WrongContracts(unittest.TestCase):
    """A contract that says less, or something else, is noticed too."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hypatia-bytes-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for path in (TOP / "spec").glob("*.toml"):
            shutil.copy(path, self.folder)

    def change(self, name, old, new, routine, goal, message):
        path = self.folder / f"{name}.toml"
        good = path.read_text()
        self.assertIn(old, good, "the entry to be changed is gone: update this test")
        path.write_text(good.replace(old, new, 1))
        status, goals = prove(ELF, routine, spec=self.folder)
        path.write_text(good)
        self.assertEqual(status, 1)
        self.assertEqual(goals[goal][0], "failed", goals)
        self.assertRegex(goals[goal][1], message)

    def test_steps(self):
        """A step that the assembly does not have, and one that the specification drops."""
        step = '[[switch_pgd.step]]\nop = "tlbi_alle2"\nasm = ["tlbi alle2"]\ndoc = "drop what the old tables left"\n'
        self.change("init", step, "", "switch_pgd", "switch_pgd/order", "'dsb nsh' must come here, not 'tlbi alle2'")
        self.change("init", step, step + step, "switch_pgd", "switch_pgd/order",
                    "'tlbi alle2' must come here, not 'dsb nsh'")

    def test_trap_action(self):
        self.change("traps", 'ec = 0x20\naction = "abort"', 'ec = 0x20\naction = "undef"', "host_sync",
                    "host_sync/order",
                    "call hyp_handle_other' must come here, not 'call hyp_handle_abort'")

    def test_register_value(self):
        self.change("sysregs", "SCTLR_EL2_MMU_OFF = { I = 1, SA = 1 }", "SCTLR_EL2_MMU_OFF = { I = 1 }", "el2_reset",
                    "el2_reset/order", "msr sctlr_el2 = SCTLR_EL2_MMU_OFF': is 0x.*must be 0x")

    def test_missing_case(self):
        text = (self.folder / "assembly.toml").read_text()
        case = re.search(r'\[\[routine\.case\]\]\nwhen = "old\(tpidr_el0\) > STUB.*?(?=\[\[)', text, re.DOTALL).group(0)
        self.change("assembly", case, "", "stub_call", "stub_call/paths", "no case of the contract speaks of this path")

    def test_case_that_is_never_met(self):
        self.change("assembly", 'when = "old(tpidr_el0) == STUB_SET_VECTORS"',
                    'when = "old(tpidr_el0) == STUB_SET_VECTORS and x0 != 0"', "stub_call", "stub_call/paths",
                    "never met|no case")

    def test_impossible_requirement(self):
        self.change("assembly", 'requires = ["(sp & 15) == 0"]', 'requires = ["(sp & 15) == 0 and (sp & 15) == 8"]',
                    "host_sync",
                    "host_sync/paths", "what the routine requires is impossible")

    def test_routine_without_contract(self):
        path = self.folder / "assembly.toml"
        path.write_text(path.read_text().replace('[[part]]\nname = "host_smc"\nof = "host_sync"\n', ""))
        book = contracts.read(self.folder)
        self.assertRegex(verdicts.registered(book, IMAGE), "routine host_smc has neither a contract nor an entry")


class Meaning(unittest.TestCase):
    """What machine.py makes of an instruction is what Unicorn does."""

    CODE, DATA, SIZE = 0x10000, 0x200000, 0x10000
    OTHERS = {"ldr", "str", "ldp", "stp", "cbz", "cbnz", "tbz", "tbnz"}
    MORE = [f"csel x1, x2, x3, {c}" for c in ("eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt",
                                              "gt",
                                              "le")] + [
        "csel w1, w2, w3, hi", "cmp w1, w2", "cmp x1, x2", "cmp x1, x2, lsl #5", "cmp w1, #17", "sub w1, w2, w3",
        "sub sp, sp, #32",
        "add x1, sp, #8", "add w1, w2, #1", "add x1, x2, x3, lsl #3", "and w1, w2, #0xff", "and x1, x2, x3",
        "orr w1, w2, w3",
        "orr x1, x2, x3, lsl #16", "bic w1, w2, w3", "bic x1, x2, x3, lsl #4", "lsl w1, w2, w3", "lsl x1, x2, x3",
        "lsl x1, x2, #5",
        "lsl w1, w2, #7", "ubfx w1, w2, #3, #7", "ubfx x1, x2, #20, #24", "movz w1, #5", "movz x1, #5, lsl #32",
        "movn x1, #5",
        "movn x1, #0, lsl #16", "movk x1, #0xabcd, lsl #48", "movk w1, #0xabcd", "mov w1, w2", "mov sp, x1",
        "mov x1, sp",
        "mov x1, #-2", "mov w1, #0xffff0000", "ldr x1, [x2]", "ldr w1, [x2, #4]", "ldr x1, [x2, #8]!",
        "ldr x1, [x2], #-8",
        "ldr x1, [x2, x3, lsl #3]", "ldr x1, [x2, w3, uxtw #3]", "ldr x1, [x2, x3]", "str x1, [x2, #16]",
        "str x1, [x2], #8",
        "ldp x1, x3, [x2, #16]", "ldp x1, x3, [x2], #32", "ldp x1, x3, [x2, #-16]!", "stp x1, x3, [x2, #-16]!",
        "stp xzr, x3, [x2]",
        "str xzr, [x2]", "ldp q1, q3, [x2, #32]", "ldp q1, q30, [x2], #32", "ldp q31, q0, [x2, #-16]!",
        "stp q1, q3, [x2, #-32]!", "stp q31, q31, [x2], #-64", "cbz w1, . + 8", "cbnz w1, . + 8", "cbz x1, . + 8", "tbz x1, #40, . + 8", "tbnz w1, #3, . + 8"]

    def forms(self):
        words = {}
        for low, high, _ in IMAGE.assembly:
            for address in range(low, high, 4):
                try:
                    insn = DECODER.decode(address, IMAGE.word(address))
                except decode.Unknown:
                    continue
                if insn.name in machine.DATA or insn.name in self.OTHERS or insn.condition:
                    words[insn.word] = insn.text
        words.update(zip(assemble(self.MORE), self.MORE))
        return words

    def setUp(self):
        self.random = random.Random(20)
        self.engine = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
        self.engine.mem_map(self.CODE, 0x10000)
        self.engine.mem_map(self.DATA, self.SIZE)
        self.registers = [getattr(arm64_const, f"UC_ARM64_REG_X{n}") for n in range(31)]
        self.vectors = [getattr(arm64_const, f"UC_ARM64_REG_Q{n}") for n in range(32)]
        self.engine.reg_write(arm64_const.UC_ARM64_REG_CPACR_EL1, 3 << 20)

    def number(self):
        kind = self.random.randrange(4)
        if kind == 0:
            return self.random.choice((0, 1, 5, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63, (1 << 64) - 1))
        return self.random.getrandbits(64 if kind > 1 else 32)

    def test_instructions(self):
        forms = self.forms()
        self.assertGreater(len(forms), 150)
        names = set()
        # Each at a place of its own, all there before the first runs: Unicorn keeps what it once translated.
        for number, word in enumerate(sorted(forms)):
            self.engine.mem_write(self.CODE + 16 * number, struct.pack("<IIII", word, *[0xD503201F] * 3))
        for number, (word, text) in enumerate(sorted(forms.items())):
            insn = DECODER.decode(self.CODE + 16 * number, word)
            names.add(insn.name)
            for _ in range(6):
                with self.subTest(f"{insn.address:x} {text}"):
                    self.compare(insn)
        self.assertEqual(names, machine.DATA | self.OTHERS | {"b"})

    def compare(self, insn):
        values = [self.number() for _ in range(31)]
        stack = self.DATA + 0x4000
        memory = next((op for op in insn.ops if isinstance(op, decode.Mem)), None)
        if memory is not None and memory.base.name != "sp":
            values[memory.base.name] = self.DATA + 0x4000
            if memory.index is not None:
                above = self.number() << 32 if memory.extend == "uxtw" else 0
                values[memory.index.name] = self.random.randrange(64) | above
                values[memory.index.name] &= (1 << 64) - 1
                if memory.shift == 0:
                    values[memory.index.name] *= 8
        vectors = [self.random.getrandbits(128) for _ in range(32)]
        for register, value in zip(self.vectors, vectors):
            self.engine.reg_write(register, value)
        flags = [self.random.getrandbits(1) for _ in range(4)]
        content = bytes(self.random.getrandbits(8) for _ in range(0x8000 // 8)) * 8
        self.engine.mem_write(self.DATA, content)
        for register, value in zip(self.registers, values):
            self.engine.reg_write(register, value)
        self.engine.reg_write(arm64_const.UC_ARM64_REG_SP, stack)
        self.engine.reg_write(arm64_const.UC_ARM64_REG_NZCV, sum(bit << 31 - n for n, bit in enumerate(flags)))
        self.engine.emu_start(insn.address, insn.address + 0x8000, count=1)

        state = machine.State()
        state.x = [machine.bv(value) for value in values]
        state.sp, state.pc = machine.bv(stack), insn.address
        state.v = dict(zip(machine.V_HALVES, (machine.bv(value >> shift) for value in vectors for shift in (0, 64))))
        state.flags = [z3.BoolVal(bool(bit)) for bit in flags]
        after = insn.address + 4
        if insn.name in machine.DATA:
            machine.data(state, insn, machine.bv(0))
        elif memory is not None:
            content = self.transfer(state, insn, bytearray(content))
        elif z3.is_true(z3.simplify(machine.taken(state, insn))):
            after = insn.ops[-1]
        mine = [z3.simplify(value).as_long() for value in [*state.x, state.sp]]
        theirs = [self.engine.reg_read(register) for register in [*self.registers, arm64_const.UC_ARM64_REG_SP]]
        self.assertEqual(mine, theirs)
        mine = [z3.simplify(state.v[half]).as_long() for half in machine.V_HALVES]
        theirs = [self.engine.reg_read(register) >> shift & (1 << 64) - 1 for register in self.vectors for shift in (0, 64)]
        self.assertEqual(mine, theirs)
        nzcv = self.engine.reg_read(arm64_const.UC_ARM64_REG_NZCV) >> 28
        self.assertEqual(sum(z3.is_true(z3.simplify(flag)) << 3 - n for n, flag in enumerate(state.flags)), nzcv)
        self.assertEqual(after, self.engine.reg_read(arm64_const.UC_ARM64_REG_PC))
        self.assertEqual(bytes(content), bytes(self.engine.mem_read(self.DATA, len(content))))

    def transfer(self, state, insn, content):
        """The loads and stores that accesses() names, on @content."""
        found, base, new = machine.accesses(state, insn)
        reads = []
        for address, register, size in found:
            offset = address.as_long() - self.DATA
            if insn.name in ("str", "stp"):
                content[offset:offset + size] = z3.simplify(state.get(register)).as_long().to_bytes(size, "little")
            else:
                word = int.from_bytes(content[offset & ~7:(offset & ~7) + 8], "little")
                reads.append((register, machine.part(machine.bv(word), machine.bv(offset), size)))
        for register, value in reads:
            state.set(register, value)
        if new is not None:
            state.set(base, new)
        return content

    def test_system_space(self):
        """Registers, operations and barriers have the names that binutils give them."""
        kinds = ("msr", "mrs", "tlbi", "dc", "ic", "dsb", "isb", "eret", "smc", "hvc", "wfe", "wfi")
        checked = set()
        for low, high, _ in IMAGE.assembly:
            for address in range(low, high, 4):
                theirs = TEXT.get(address, "")
                if theirs.split(" ")[0] not in kinds:
                    continue
                mine = DECODER.decode(address, IMAGE.word(address)).text
                self.assertEqual(re.sub(r"#0x([0-9a-f]+)", lambda m: f"#{int(m.group(1), 16)}", theirs), mine)
                checked.add(mine.split(" ")[0])
        self.assertEqual(checked, set(kinds))

    def test_unknown_is_an_error(self):
        for text in ("adds x1, x2, x3", "madd x1, x2, x3, x4", "ldr q1, [x2]", "ldp d1, d3, [x2]", "ldp s1, s3, [x2]", "ldnp q1, q3, [x2]", "ldrb w1, [x2]", "ldxr x1, [x2]",
                     "msr tpidr_el1, x0",
                     "tlbi vmalle1is", "dmb ish", "svc #0", "brk #0", "sev", "add x1, x2, w3, uxtw",
                     "cmp x1, x2, asr #3",
                     "csinc x1, x2, x3, eq", "ldr x1, . + 8", "adr x1, . + 8", "ldpsw x1, x3, [x2]", "msr daifclr, #2",
                     "ldr x1, [x2, w3, sxtw #3]", "mrs x1, tpidr_el1", "fmov d0, x1", "bics x1, x2, x3", "paciasp"):
            with self.subTest(text):
                (word,) = assemble([text])
                with self.assertRaises(decode.Unknown):
                    insn = DECODER.decode(0x1000, word)
                    state = machine.State()
                    state.x, state.sp = [machine.bv(0)] * 31, machine.bv(0)
                    state.flags = [z3.BoolVal(False)] * 4
                    machine.data(state, insn, machine.bv(0))


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
