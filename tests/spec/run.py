#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the specification and its generator.

The good specification generates the same bytes twice, its model is proved, its queries are unsat,
its headers compile, and its vectors hold. Then one entry at a time is changed, and the generator, a
proof, a query or a link must notice.
"""
import collections
import filecmp
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
SPEC = TOP / "spec"
MODEL = TOP / "model"
sys.path[:0] = [str(TOP / "proofs"), str(TOP / "tests")]

import alone  # noqa: E402
from engine import sources  # noqa: E402

WHY3 = ["why3", "prove", "-P", "CVC4,1.8,", "-a", "split_vc"]
FILES = sorted(path.stem for path in SPEC.glob("*.toml"))


def setUpModule():
    """Why3 knows its provers on a machine where nobody configured it; the user's file stays."""
    folder = tempfile.mkdtemp(prefix="hypatia-why3-")
    unittest.addModuleCleanup(shutil.rmtree, folder)
    os.environ["WHY3CONFIG"] = str(pathlib.Path(folder) / "why3.conf")
    subprocess.run(["why3", "config", "detect"], capture_output=True, timeout=120, check=True)


def generate(spec, out):
    command = [
        "/usr/bin/python3",
        str(SPEC / "gen/generate.py"),
        "--spec",
        str(spec),
        "--out",
        str(out),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def prove(gen, path, seconds=5, theory=None, goals=(), model=MODEL):
    """Names of the goals of a file, or of some goals of one of its theories, that are not proved; at least one goal must be
    there.

    A lemma is a hypothesis of those below it, so only the first one that fails says what broke.
    """
    command = [*WHY3, "-t", str(seconds), "-L", str(gen / "model"), "-L", str(model), str(path)]
    if theory:
        command += ["-T", theory] + [part for goal in goals for part in ("-G", goal)]
    output = subprocess.run(
        command, capture_output=True, text=True, timeout=900, check=False
    ).stdout
    results = re.findall(
        r"^(?:Goal|Sub-goal .* of goal) (\S+)\.\nProver result is: (\w+)", output, re.MULTILINE
    )
    if not results or len(results) != output.count("Prover result is"):
        return ["(no goal, or output not understood)"]
    return [goal for goal, verdict in results if verdict != "Valid"]


def wp(gen, source, functions):
    """(proved, all) goals of the functions by WP with the model's driver."""
    command = [
        "frama-c",
        "-c11",
        "-machdep",
        "gcc_x86_64",
        f"-cpp-extra-args=-I{gen}/include -I{gen}/acsl -I{TOP}/src/hyp",
    ]
    command += [
        "-wp",
        "-wp-rte",
        "-warn-unsigned-overflow",
        "-warn-unsigned-downcast",
        "-wp-prover",
        "cvc4",
        "-wp-timeout",
        "5",
    ]
    command += [
        "-kernel-warn-key",
        "annot:missing-spec=abort",
        "-wp-driver",
        str(gen / "driver/ownership.driver"),
    ]
    command += ["-wp-par", "1", "-wp-fct", ",".join(functions), str(source)]
    output = subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False
    ).stdout
    found = re.search(r"Proved goals:\s+(\d+) / (\d+)", output)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def lemmas(paths):
    """file.Theory.name of everything in the model that has goals."""
    return {f"{path.stem}.{theory}.{name}" for path in paths for theory, name in sources.theorems(path)}


def boot_way():
    """The boot CPU's way from image entry to the host: function and body, in order."""
    head = (TOP / "src/arch/arm64/head.S").read_text()
    main = (TOP / "src/boot/main.c").read_text()
    way = []
    for text, form, names in (
        (head, r"^function {}$.*?^endfunction", ("boot_entry", "boot_el2")),
        (main, r"^void {}\([^;]*?\)$.*?^}}", ("boot_main", "boot_finish")),
    ):
        for name in names:
            (body,) = re.findall(form.format(name), text, re.MULTILINE | re.DOTALL)
            way.append((name, body))
    return way


def boot_order(spec, way):
    """What is wrong with the boot steps of init.toml against the code, in words."""
    wrong = [f"{a} does not go on to {b}" for (a, body), (b, _) in zip(way, way[1:]) if b not in body]
    names = [name for name, _ in way]
    place, before = (), "nothing"
    for step in tomllib.loads((spec / "init.toml").read_text())["boot"]:
        body = dict(way).get(step["function"], "")
        if body.count(step["code"]) != 1:
            wrong.append(f"{step['name']}: not once in {step['function']}")
            continue
        here = (names.index(step["function"]), body.index(step["code"]))
        if here <= place:
            wrong.append(f"{step['name']} comes before {before}")
        place, before = here, step["name"]
    return wrong


class Workspace(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hypatia-spec-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.spec = self.folder / "spec"
        self.gen = self.folder / "gen"
        self.spec.mkdir()
        for name in FILES:
            shutil.copy(SPEC / f"{name}.toml", self.spec)

    def change(self, name, old, new, count=1):
        path = self.spec / f"{name}.toml"
        text = path.read_text()
        self.assertIn(old, text, "the entry to be changed is gone: update this test")
        path.write_text(text.replace(old, new, count))

    def generate(self):
        result = generate(self.spec, self.gen)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def rejected(self, line):
        """The generator names file, key and reason in one line, and writes nothing."""
        result = generate(self.spec, self.gen)
        self.assertEqual((result.returncode, result.stderr, result.stdout), (1, line + "\n", ""))
        self.assertFalse(self.gen.exists())


class Good(Workspace):
    def test_same_bytes(self):
        self.generate()
        other = self.folder / "again"
        self.assertEqual(generate(self.spec, other).returncode, 0)
        left = sorted(p.relative_to(self.gen) for p in self.gen.rglob("*") if p.is_file())
        right = sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file())
        self.assertEqual(left, right)
        names = [str(p) for p in left]
        self.assertEqual(filecmp.cmpfiles(self.gen, other, names, shallow=False), (names, [], []))

    def test_unchanged_files_are_not_written(self):
        self.generate()
        before = {p: p.stat().st_mtime_ns for p in self.gen.rglob("*") if p.is_file()}
        self.generate()
        self.assertEqual(before, {p: p.stat().st_mtime_ns for p in before})

    def test_model_is_proved(self):
        self.generate()
        for path in [MODEL / f"{n}.mlw" for n in ("ownership", "system", "vm", "vm_life", "vm_theorems", "places", "switch_pgd")] + [
            self.gen / "model" / f"{n}.mlw" for n in ("mmu_on_gen", "switch_pgd_gen", "vectors_gen")
        ]:
            with self.subTest(path.name):
                # The limit ends what hangs: in a campaign steps decide, and this machine may be busy.
                self.assertEqual(prove(self.gen, path, 30), [])

    def test_queries_are_unsat(self):
        self.generate()
        names = (self.gen / "qfbv/list.txt").read_text().split()
        self.assertEqual(sorted(names), sorted(p.name for p in (self.gen / "qfbv").glob("*.smt2")))
        for name in names:
            result = subprocess.run(
                ["z3", self.gen / "qfbv" / name],
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            )
            self.assertEqual((name, result.stdout), (name, "unsat\n"))

    def test_headers_compile(self):
        self.generate()
        headers = sorted((self.gen / "include/gen").glob("*.h")) + sorted(
            (self.gen / "vectors").glob("*.h")
        )
        for header in headers:
            source = self.folder / "unit.c"
            source.write_text(f'#include "{header}"\n#include "{header}"\nextern int end;\n')
            flags = [
                "-std=c11",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-Wno-unused-const-variable",
                "-ffreestanding",
            ]
            includes = [f"-I{self.gen}/include", f"-I{TOP}/src/hyp"]
            command = [
                "aarch64-linux-gnu-gcc",
                *flags,
                *includes,
                "-c",
                str(source),
                "-o",
                "/dev/null",
            ]
            subprocess.run(command, check=True, timeout=60)

    def test_encoders_meet_their_vectors(self):
        self.generate()
        program = self.folder / "vectors"
        includes = [
            f"-I{self.gen}/include",
            f"-I{self.gen}/vectors",
            f"-I{self.gen}/oracle",
            f"-I{TOP}/src/hyp",
        ]
        flags = [
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fsanitize=undefined",
            "-fno-sanitize-recover",
        ]
        source = pathlib.Path(__file__).with_name("vectors.c")
        subprocess.run(
            ["gcc", *flags, *includes, str(source), "-o", str(program)], check=True, timeout=60
        )
        subprocess.run([str(program)], check=True, timeout=10)

    def test_routines_assemble(self):
        self.generate()
        for source in (self.gen / "asm").glob("*.S"):
            command = [
                "aarch64-linux-gnu-gcc",
                f"-I{self.gen}/include",
                "-c",
                str(source),
                "-o",
                "/dev/null",
            ]
            subprocess.run(command, check=True, timeout=60)

    def oracle_is_proved(self, name, functions, old, new, noticed):
        """Each of these functions of the C oracle @name against the Why3 functions, through the driver; and @noticed is
        not proved with @new for @old.
        """
        self.generate()
        oracle = self.gen / f"oracle/{name}_oracle.h"
        source = self.folder / "oracle.c"
        source.write_text(f'#include "{oracle}"\n')
        found = [f for f in re.findall(functions, oracle.read_text()) if f != "oracle_move"]
        proved, goals = wp(self.gen, source, found)
        self.assertEqual(proved, goals)
        self.assertGreater(goals, 5 * len(found))
        oracle.write_text(oracle.read_text().replace(old, new))
        proved, goals = wp(self.gen, source, [noticed])
        self.assertLess(proved, goals)

    def test_oracle_is_the_model(self):
        self.oracle_is_proved("ownership", r"(oracle_h\w+)\(u32", "count == 0u", "count == 1u", "oracle_hyp_unpin")

    def test_vm_oracle_is_the_model(self):
        self.oracle_is_proved("vm", r"(oracle_\w+)\(u32 vm", "result.vm = VM_DYING", "result.vm = VM_LIVE", "oracle_start_teardown_vm")

    def test_move_oracle_is_the_model(self):
        self.oracle_is_proved("move", r"(oracle_\w+)\(u32", "count <= 1u", "count < 1u", "oracle_host_unshare_guest")

    def test_power_oracle_is_the_specification(self):
        self.oracle_is_proved("power", r"(oracle_\w+)\(u32", "result.state = 2u", "result.state = 3u", "oracle_power_on")

    def test_wrong_encoder_is_not_proved(self):
        self.generate()
        header = self.gen / "include/gen/descriptors.h"
        source = self.folder / "encoder.c"
        source.write_text('#include "gen/descriptors.h"\n')
        for function, old, new in (
            ("pte_is_table", "pte % 4u == 3u && level < LEVEL_LAST", "pte % 4u == 3u"),
            ("pte_pfn", "% PFN_END;", "% (PFN_END * 2u);"),
            ("pte_make_leaf", "level == LEVEL_LAST ? 3u : 1u", "3u"),
        ):
            with self.subTest(function):
                good = header.read_text()
                proved, goals = wp(self.gen, source, [function])
                self.assertTrue(proved == goals > 0)
                self.assertIn(old, good)
                header.write_text(good.replace(old, new))
                proved, goals = wp(self.gen, source, [function])
                self.assertLess(proved, goals)
                header.write_text(good)

    def test_wrong_query_is_sat(self):
        self.generate()
        for name, old, new in (
            ("pte_pfn", "bv4096 64", "bv8192 64"),
            ("esr_el2_ec", "bv64 64", "bv32 64"),
            ("vttbr_el2_vmid_put", "extract 15 0", "extract 14 0"),
            ("table_index_2", "bv512 64", "bv1024 64"),
        ):
            with self.subTest(name):
                query = self.gen / f"qfbv/{name}.smt2"
                self.assertIn(old, query.read_text())
                query.write_text(query.read_text().replace(old, new))
                result = subprocess.run(
                    ["z3", query], capture_output=True, text=True, timeout=10, check=False
                )
                self.assertNotEqual(result.stdout, "unsat\n")

    def test_nothing_is_generated_for_nobody(self):
        self.generate()
        self.assertEqual(self.unused(), [])

    def unused(self):
        """Names of the generated headers that no source, test or other generated file uses. Not
        asked of single fields, words of a context, nor of PSCI's names: those are somebody else's list.
        """
        headers = {path: path.read_text() for path in (self.gen / "include/gen").glob("*.h")}
        sources = [
            path
            for folder in ("src", "annotations", "tests", "host")
            for path in (TOP / folder).rglob("*.[chS]")
        ]
        words = " ".join([*(path.read_text() for path in sources), *headers.values()])
        words = collections.Counter(re.findall(r"\w+", words))
        names = set()
        for text in headers.values():
            names |= set(re.findall(r"^#define (\w+)", text, re.MULTILINE))
            names |= set(re.findall(r"^static inline \w+ (\w+)\(", text, re.MULTILINE))
        unused = {n for n in names if words[n] == 1 and not re.search("^PSCI_|^CTX_|_(SHIFT|MASK)$", n)}
        registers = tomllib.loads((self.spec / "sysregs.toml").read_text())["register"]
        used = [n for n in words if words[n] > 1]
        for name in (r["name"] for r in registers):
            if not any(n.upper().startswith(f"{name}_") for n in used) and name != "HCR_EL2":
                unused.add(name)
        return sorted(unused)

    def test_boot_order_is_the_code(self):
        self.assertEqual(boot_order(self.spec, boot_way()), [])

    def test_links_to_the_model(self):
        self.generate()
        self.assertEqual(self.broken_links(), [])

    def broken_links(self):
        known = lemmas([*MODEL.glob("*.mlw"), *(self.gen / "model").glob("*.mlw")])
        text = (self.spec / "requirements.toml").read_text()
        return sorted(set(re.findall(r'"([a-z_]+\.[A-Za-z]+\.[a-z0-9_]+)"', text)) - known)

    def test_links_to_code_and_tests(self):
        """A link to code is a function of the core or a path; a link to a test is a path, or path
        and name of a test in it.
        """
        self.generate()
        headers = "".join(
            path.read_text()
            for path in [*(TOP / "src/hyp").glob("*.h"), *self.gen.glob("include/gen/*.h")]
        )
        functions = set(re.findall(r"\b(\w+)\(", headers))
        for path in (TOP / "src/hyp").glob("*.c"):
            functions |= set(re.findall(r"^\w[\w *]*\b(\w+)\([^;{]*\)\n\{", path.read_text(), re.MULTILINE))
        data = tomllib.loads((self.spec / "requirements.toml").read_text())
        data["requirement"] += [
            {"id": a["id"], "code": a["where"], "test": []}
            for a in tomllib.loads((self.spec / "assumptions.toml").read_text())["assumption"]
        ]
        for item in data["requirement"]:
            for link in item["code"] + item["test"]:
                file, _, name = link.partition(":")
                path = self.gen / file[10:] if file.startswith("build/gen/") else TOP / file
                there = path.exists() or link in set(item["code"]) & functions
                if there and name:
                    form = (
                        rf"(cmocka_unit_test\({name}\)|def {name}\(|^static void {name}\(void\)$"
                        rf'|^name = "{re.escape(name)}"$)'
                    )
                    there = re.search(form, path.read_text(), re.MULTILINE) is not None
                self.assertTrue(there, f"{item['id']}: {link}")

    def test_links_to_contracts(self):
        self.generate()
        self.assertEqual(self.broken_contracts(), [])

    def broken_contracts(self):
        """Links function.clause to no named clause of the function's contract, in C or in assembly.toml."""
        command = [str(TOP / "proofs/bytes/prove.py"), "--spec", str(self.spec), "--list"]
        listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        known = {name.replace("/", ".") for name in listed.stdout.split()}
        form = r"/\*@(.*?)\*/\s*(?:(?:static|inline|struct|NOINLINE)\s+)*\w+\s+\*?(\w+)\("
        for path in [*(TOP / "src/hyp").glob("*.[ch]"), *self.gen.glob("include/gen/*.h")]:
            for text, function in re.findall(form, path.read_text(), re.DOTALL):
                clauses = re.findall(r"\b(?:requires|ensures) (\w+):", text)
                known |= {f"{function}.{clause}" for clause in clauses}
        data = tomllib.loads((self.spec / "requirements.toml").read_text())
        links = {link for item in data["requirement"] for link in item["contract"]}
        return sorted(links - known)

    def test_every_theorem_has_a_requirement(self):
        self.generate()
        text = (self.spec / "requirements.toml").read_text()
        for path in (MODEL / "ownership.mlw", MODEL / "system.mlw", MODEL / "switch_pgd.mlw"):
            names = re.findall(r"^\s*lemma (\w+):", path.read_text(), re.MULTILINE)
            self.assertEqual([n for n in names if f'.{n}"' not in text], [], path.name)


class Rejected(Workspace):
    """A bad entry is named with file, key and reason."""

    def case(self, name, old, new, line):
        with self.subTest(line):
            shutil.copy(SPEC / f"{name}.toml", self.spec)
            self.change(name, old, new)
            self.rejected(f"spec/{name}.toml: {line}")
            shutil.copy(SPEC / f"{name}.toml", self.spec)

    def test_schema(self):
        self.case(
            "pages",
            "max = 65535",
            "max = 65536",
            "count.max: 65536 is greater than the maximum of 65535",
        )
        self.case(
            "pages",
            'guard = "any"',
            'guard = "maybe"',
            "transition.0.guard: 'maybe' is not one of ['any', 'zero', 'nonzero', 'below_max']",
        )
        self.case("pool", "[meta]", "[mata]", "(file): 'meta' is missing")
        self.case("traps", "ec = 0x16", "ec = 0x16\nee = 1", "class.0: unknown key: ee")
        self.case(
            "pool", "pages = 16 ", "pages = 12 ", "s2_root.pages: 12 is not one of [1, 2, 4, 8, 16]"
        )
        self.case(
            "assumptions",
            'kind = "axiom"',
            'kind = "hope"',
            "assumption.0.kind: 'hope' is not one of "
            "['axiom', 'contract', 'hardware', 'tool', 'unverified']",
        )

    def test_vm(self):
        self.case("vm", 'vm_to = "LIVE"', 'vm_to = "ALIVE"', "operation.2.vm_to: ALIVE is not a vm_state")
        self.case(
            "vm",
            'vm_errors = { FREE = "HYP_ENOENT", LIVE',
            'vm_errors = { RESERVED = "HYP_ENOENT", LIVE',
            "operation.1.vm_errors: must name exactly DYING, FREE, LIVE",
        )
        self.case(
            "vm",
            'busy = "own_vcpu"\n',
            "",
            "operation.4: 'busy' is a dependency of 'busy_error'",
        )
        self.case("pages", "value = 3\nowner", "value = 2\nowner", "state.3.value: 2 is taken by state.2")
        self.case("vm", 'from = "GUEST"', 'from = "GUESTS"', "page_transition.3.from: GUESTS is not a state")
        self.case(
            "vm",
            'guard_error = "HYP_ERANGE"\n',
            "",
            "page_transition.11.guard_error: is to be there exactly when the guard can fail",
        )

    def test_vcpu(self):
        self.case("vcpu", "encoding = [3, 0, 1, 0, 2]", "encoding = [3, 0, 1, 0, 0]",
                  "switched.5.encoding: (3, 0, 1, 0, 0) is taken by switched.4")
        self.case("vcpu", "encoding = [3, 0, 12, 0, 0]", "encoding = [3, 4, 12, 0, 0]",
                  "switched.15.encoding: is that of vbar_el2 in assembly.toml")
        self.case("vcpu", 'PSTATE = "SPSR_EL2_EL1H_MASKED"', 'PSTATE = "SPSR_EL1H"',
                  "reset.PSTATE: SPSR_EL1H is not a value of sysregs.toml")
        self.case("vcpu", 'SCTLR_EL1 = "SCTLR', 'SCTLR_EL3 = "SCTLR', "reset.SCTLR_EL3: SCTLR_EL3 is not a word of the context")
        self.case("vcpu", 'name = "NONE"\nvalue = 0', 'name = "NONE"\nvalue = 77', "exit: NONE must be 0, because a context starts as zeros")
        self.case("vcpu", "valid = 56", "valid = 12", "fault.valid: 12 is less than the minimum of 48")
        self.case("vcpu", "encoding = [3, 3, 4, 4, 0]", "encoding = [3, 3, 4, 4, 1]", "fp.1.encoding: (3, 3, 4, 4, 1) is taken by fp.0")
        self.case("vcpu", "encoding = [3, 3, 4, 4, 0]", "encoding = [3, 4, 12, 0, 0]", "fp.1.encoding: is that of vbar_el2 in assembly.toml")
        self.case("hypercalls", 'name = "word", unit = "index", min = 0, max = 511', 'name = "word", unit = "index", min = 0, max = 125',
                  "call.19.args.0.max: is to be the last word of a frame, 511")
        # More words than there is room for between the context and what SVE has of the frame.
        self.case("vcpu", '[[own]]\nname = "MPIDR"', "".join(f'[[common]]\nname = "MORE{n}"\ndoc = "-"\n\n' for n in range(25)) +
                  '[[own]]\nname = "MPIDR"', "own: the context reaches into what SVE has of the frame")

    def test_debug(self):
        self.case("vcpu", "op2 = 6", "op2 = 4", "debug.32.encoding: (2, 0, 0, 0, 4) is taken by debug.0")
        self.case("vcpu", 'control = "DBGWCR"\nop2 = 6\ncount = 16', 'control = "DBGWCR"\nop2 = 6\ncount = 1', "debug.1.count: 1 is less than the minimum of 2")
        self.change("vcpu", 'value = "DBGWVR"', 'value = "DBGWXR"')
        self.rejected("spec/guest_sysregs.toml: register.DBGWVR0_EL1.trap: what traps to a slot is to be switched: vcpu.toml does not have it")

    def test_common(self):
        self.case("vcpu", 'name = "CNTVOFF_EL2"', 'name = "CNTKCTL_EL1"', "common.0.name: CNTKCTL_EL1 is taken by switched.17")
        self.case("vcpu", 'name = "MPIDR"', 'name = "CNTVOFF_EL2"', "own.0.name: CNTVOFF_EL2 is taken by common.0")
        self.case("vcpu", "permission = 59", "permission = 58", "fault.permission: 58 is taken by fetch")

    def test_page_rights(self):
        self.case("hypercalls", 'name = "PAGE_YOUNG"\nvalue = 2', 'name = "PAGE_YOUNG"\nvalue = 1',
                  "page_right.1.value: 1 is taken by page_right.0")
        self.case("hypercalls", 'name = "PAGE_YOUNG"', 'name = "PAGE_WRITABLE"', "page_right.1.name: PAGE_WRITABLE is taken by page_right.0")
        self.case("hypercalls", 'name = "PAGE_GIVE"\nvalue = 4', 'name = "PAGE_GIVE"\nvalue = 3',
                  "page_right: PAGE_GIVE is to be there, and 4: behind all the others")
        self.case("hypercalls", 'name = "PAGE_GIVE"\nvalue = 4', 'name = "PAGE_TAKE"\nvalue = 4',
                  "page_right: PAGE_GIVE is to be there, and 8: behind all the others")
        self.case("hypercalls", "max = 15, above", "max = 16, above", "call.27.args.2.max: is to be 15, all of page_right")
        self.case("descriptors", 'name = "S2_READ"\nstage = "s2"\nregime = "guest"\nwrite = false',
                  'name = "S2_READ"\nstage = "s2"\nregime = "guest"\nwrite = true',
                  "attrs.10: S2_READ: write and exec do not match the fields")
        self.case("descriptors", 'name = "S2_READ"\nstage = "s2"\nregime = "guest"', 'name = "S2_READ"\nstage = "s2"\nregime = "el2"',
                  "attrs.10.regime: host and guest are stage 2's, el2 and el2_0 are stage 1's")
        self.case("descriptors", 'name = "S2_OLD"\nstage = "s2"\nregime = "guest"', 'name = "S2_OLD"\nstage = "s2"\nregime = "host"',
                  "attrs.11.fields.af: is to be 1: no access-flag faults")

    def test_assembly(self):
        self.case(
            "assembly",
            'exit = "goto fatal_exception"',
            'exit = "somewhere"',
            "routine.10.case.0.exit: 'somewhere' does not match "
            "'^(ret|eret|never|goto [a-z][a-z0-9_]*|jump .+)$'",
        )
        self.case(
            "assembly",
            'exit = "goto fatal_exception"',
            'exit = "goto nowhere"',
            "routine.10.case.0.exit: nowhere is not a routine with a contract",
        )
        self.case(
            "assembly",
            '"msr tpidr_el0 = old(x0)"',
            '"msr tpidr_el4 = old(x0)"',
            "routine.10.case.0.order.0: tpidr_el4 is not a system register of register",
        )
        self.case(
            "assembly",
            '"call hyp_handle_other with',
            '"call hyp_handle_none with',
            "routine.0.case.1.order.1: hyp_handle_none is not a routine or a function",
        )
        self.case(
            "assembly",
            "ensures.kind = ",
            "ensures.memory = ",
            "routine.10.case.0.ensures.memory: is the name of another clause",
        )
        self.case(
            "assembly",
            '"ic iallu"',
            '"ic ialluis"',
            "routine.13.case.2.order.3: ic ialluis is not an event",
        )
        self.case(
            "assembly",
            'op = "tlbi_alle2"',
            'op = "tlbi_all"',
            "op: tlbi_alle2, mmu_on.step.1 of init.toml, is missing",
        )
        self.case(
            "assembly",
            "[steps.mmu_on]",
            "[steps.mmu_off]",
            "steps: are to be the routines of init.toml: mmu_on, switch_pgd",
        )
        self.case(
            "assembly",
            'of = "host_sync"',
            'of = "host_async"',
            "part.0.of: host_async is not a routine with a contract",
        )
        self.case(
            "assembly",
            'writes = ["bss"]',
            'writes = ["heap"]',
            "routine.16.loop.0.writes: heap is not a region of the routine",
        )
        self.case("assembly", "size = 60", "size = 61", "data.0.size: 61 is not a multiple of 4")
        self.case(
            "assembly",
            "[constant]\n",
            "[constant]\nSPSR_EL2_EL1H_MASKED = 0x3C5\n",
            "constant.SPSR_EL2_EL1H_MASKED: is a value of sysregs.toml already",
        )
        self.case(
            "assembly",
            "encoding = [3, 4, 1, 0, 0]",
            "encoding = [3, 0, 1, 0, 0]",
            "register.1.encoding: (3, 0, 1, 0, 0) is taken by register.0",
        )

    def test_guest_sysregs(self):
        def case(old, new, line):
            self.case("guest_sysregs", old, new, line)

        mte = '{ name = "MTE", msb = 11, lsb = 8, policy = "zero",'
        gic = 'value = 1, visible = "gicv3", why = "system'
        csselr = 'location = "context"\nvalue = 0\ndoc = "which cache'
        trapped = csselr.replace("\ndoc", '\ntrap = "HCR_EL2.TACR"\ndoc')
        pfr0 = 'encoding = [3, 0, 0, 4, 0]\naccess = "ro"\nlocation = "clamp"'
        zfr0 = '[[register]]\nname = "ID_AA64ZFR0_EL1"'
        self.assertIn(zfr0, (SPEC / "guest_sysregs.toml").read_text())
        where = "register.ID_AA64PFR1_EL1.fields.MTE"
        case(mte, mte.replace("msb = 11", "msb = 7"), f"{where}: msb 7 is below lsb 8")
        case(mte, mte.replace("lsb = 8", "lsb = 4"), f"{where}: bit 4 belongs to SSBS")
        case(mte, mte.replace("msb = 11", "msb = 10"), f"{where}: bits 10:8 are not whole nibbles, as the ID fields of a guest are")
        case(mte, mte.replace("zero", "limit"), f"{where}.value: is to be there exactly with fixed, limit, limit_signed")
        case(mte, mte.replace('"MTE"', '"SSBS"'), "register.ID_AA64PFR1_EL1.fields.SSBS: there are two of this name")
        case(
            'msb = 23, lsb = 20, policy = "limit_signed", value = 1, why = "as FP"',
            'msb = 27, lsb = 20, policy = "limit", value = 1, why = "as FP"',
            "register.ID_AA64PFR0_EL1.fields.ADVSIMD: a field of 8 bits can only be zero",
        )
        case(
            'policy = "limit_signed", value = 1, why = "as FP"',
            'policy = "limit_signed", value = 8, why = "as FP"',
            "register.ID_AA64PFR0_EL1.fields.ADVSIMD.value: 8 is negative as a signed limit",
        )
        case(gic, gic.replace("gicv3", "gicv4"), "register.ID_AA64PFR0_EL1.fields.GIC.visible: gicv4 is not a feature")
        case("encoding = [3, 0, 0, 4, 1]", "encoding = [3, 0, 0, 4, 0]", "register.ID_AA64PFR1_EL1.encoding: (3, 0, 0, 4, 0) is ID_AA64PFR0_EL1's")
        case(
            "encoding = [3, 0, 0, 4, 1]",
            "encoding = [3, 0, 0, 3, 7]",
            "register.ID_AA64PFR1_EL1.encoding: (3, 0, 0, 3, 7) is below that of ID_AA64PFR0_EL1, before it",
        )
        case('name = "ID_AA64PFR1_EL1"', 'name = "ID_AA64PFR0_EL1"', "register.ID_AA64PFR0_EL1: there are two of this name")
        case("encoding = [3, 3, 14, 3, 2]", "encoding = [3, 3, 14, 16, 2]", "register.228.encoding.3: 16 is greater than the maximum of 15")
        case(mte, f"{mte} way = 1,", "register.111.fields.2: unknown key: way")
        case(csselr, csselr.replace("value = 0\n", ""), "register.CSSELR_EL1.value: is to be there exactly with location constant or context")
        case(csselr, csselr.replace("context", "machine"), "register.CSSELR_EL1.access: rw does not go with location machine")
        case(csselr, trapped.replace("TACR", "TID9"), "register.CSSELR_EL1.trap: HCR_EL2.TID9 is not a field of sysregs.toml")
        case(csselr, trapped.replace("TACR", "TID4"), "register.CSSELR_EL1.trap: HCR_EL2.TID4 is not as a guest needs it in sysregs.toml")
        case(csselr, trapped.replace("HCR_EL2.TACR", "TTBR0_EL2.CNP"), "register.CSSELR_EL1.trap: TTBR0_EL2.CNP is not as a guest needs it in sysregs.toml")
        tval = 'name = "CNTP_TVAL_EL0"\nencoding = [3, 3, 14, 2, 0]\naccess = "rw"\nlocation = "host"\ntrap = "CNTHCTL_EL2.EL1PC'
        case(f'{tval}EN"', f'{tval}TEN"', "register.CNTP_TVAL_EL0.trap: CNTHCTL_EL2.EL1PCTEN is not as a guest needs it in sysregs.toml")
        key = 'encoding = [3, 0, 2, 1, 0]\n'
        case(
            key,
            f'{key}trap = "HCR_EL2.TID1"\n',
            "register.APIAKEYLO_EL1.trap: what traps to a slot is to be switched: vcpu.toml does not have it",
        )
        case(csselr, trapped.replace("context", "direct").replace("value = 0\n", ""), "register.CSSELR_EL1.trap: location direct is for what does not trap")
        case(
            pfr0,
            pfr0.replace('location = "clamp"', 'location = "machine"'),
            "register.ID_AA64PFR0_EL1.fields: are to be there exactly with location clamp",
        )
        case(pfr0, f'{pfr0}\nvisible = "pauth"', "register.ID_AA64PFR0_EL1: an ID register is ro, constant or clamp, and always visible")
        case("encoding = [3, 0, 0, 4, 4]", "encoding = [3, 0, 0, 4, 3]", "register.ID_AA64ZFR0_EL1.encoding: (3, 0, 0, 4, 3) is S3_0_C0_C4_3's")
        path = self.spec / "guest_sysregs.toml"
        head, last = path.read_text().split(zfr0)
        path.write_text(head + last[last.index("[[register]]") :])
        self.rejected("spec/guest_sysregs.toml: register: (3, 0, 0, 4, 4) of the ID space is missing")

    def test_guest_calls(self):
        def case(old, new, line):
            self.case("guest_calls", old, new, line)

        on = 'ids = [0x84000003, 0xC4000003]\nvms = "all"\ndoes = "CPU_ON"'
        entry = '{ name = "entry", align = 4, ipa = true, error = "PSCI_INVALID_ADDRESS"'
        case(on, on.replace("0xC4000003", "0xC4000013"), "call.PSCI_CPU_ON.ids: two ids are those of SMC32 and SMC64")
        case(on, on.replace("84000003", "84000016").replace("C4000003", "C4000016"), "call.PSCI_CPU_ON.ids: are not those of hypercalls.toml")
        case(on, on.replace("CPU_ON", "GO"), "call.11.does: 'GO' is not one of ['SUSPEND', 'CPU_ON', 'CPU_OFF', 'SYSTEM_OFF', 'SYSTEM_RESET', 'RANDOM', 'SHARE', 'UNSHARE', 'RELINQUISH', 'MMIO', 'MEASUREMENT', 'value', 'uid', 'tell', 'affinity', 'services', 'refuse']")
        case("ids = [0x84000006]", "ids = [0x84000000]", "call.PSCI_MIGRATE_INFO_TYPE.ids: are not those of hypercalls.toml")
        case("ids = [0x84000050]", "ids = [0x84000051]", "call.TRNG_FEATURES.ids: 0x84000051 is TRNG_VERSION's")
        case('operation = "power_on"', 'operation = "power_go"', "call.PSCI_CPU_ON.operation: power_go is not a power operation")
        case(entry, entry.replace("align = 4", "align = 6"), "call.PSCI_CPU_ON.args.1.align: 6 is no power of two")
        case(entry, entry.replace("ipa = true", "ipa = true, max = 9"), "call.PSCI_CPU_ON.args.1.ipa: goes with no max")
        case(entry, entry.replace("INVALID_ADDRESS", "ADDRESS"), "call.PSCI_CPU_ON.args.1.error: PSCI_ADDRESS is not an error")
        case(entry, '{ name = "entry", align = 4', "call.PSCI_CPU_ON.args.1.error: is to be there exactly when something is refused")
        case(entry, '{ name = "entry", vcpu = true, error = "PSCI_DENIED"', "call.PSCI_CPU_ON.args.1.vcpu: can only be the first argument")
        case("reserved = [23, 17]", "reserved = [17, 23]", "call.PSCI_CPU_SUSPEND.args.0.reserved: msb 17 is below lsb 23")
        case("min = 1, max = 96", "min = 97, max = 96", "call.TRNG_RND32.args.0.min: is above max")
        case('vms = "random"\ndoes = "tell"', 'vms = "protected"\ndoes = "tell"', "call.TRNG_VERSION.told_by: TRNG_FEATURES would tell of it where it is not")
        case('doc = "optional"\n\n[[call]]\nname = "PSCI_CPU_DEFAULT', 'doc = "optional"\nservice = 3\n\n[[call]]\nname = "PSCI_CPU_DEFAULT', "call.PSCI_CPU_FREEZE: a call that is refused has no arguments, and nobody tells of it")
        case("value = 4096", "value = 8192", "call.HYP_MEMINFO.value: is to be 4096, as granule_bits says")
        case("service = 9", "service = 8", "call.MEM_RELINQUISH.service: is the low half of the id, of protected VMs or all")
        case("value = 0x10001\n", "", "call.PSCI_VERSION.value: does not go with does = value")
        case('from = ["ABSENT"]', 'from = ["ABSENT", "OFF"]', "power_operation.power_add.errors: are to be of exactly the states that are not among from")
        case('to = "ON_PENDING"', 'to = "PENDING"', "power_operation.power_on: PENDING is not a power state")
        case('name = "ON"\nvalue = 3', 'name = "ON"\nvalue = 4', "power_state: values have no holes and begin at 0")
        case('name = "PSCI_CPU_FREEZE"', 'name = "CPU_FREEZE"', "call: PSCI_CPU_FREEZE of hypercalls.toml is missing")

    def test_syntax(self):
        self.case(
            "init",
            "[[boot]]",
            "[boot]]",
            "(file): Expected newline or end of document after a statement (at line 10, column 7)",
        )

    def test_missing_file(self):
        (self.spec / "traps.toml").unlink()
        self.rejected("spec/traps.toml: (file): the file is missing")

    def test_names(self):
        self.case(
            "pages",
            'to = "HOST_SHARED_HYP"',
            'to = "LENT"',
            "transition.0.to: LENT is not a state",
        )
        self.case(
            "pages",
            'guard_error = "HYP_EBUSY"\n',
            "",
            "transition.1.guard_error: is to be there exactly when the guard can fail",
        )
        self.case(
            "hypercalls",
            'errors = ["HYP_EPERM", "HYP_EBUSY", "HYP_EINVAL", "HYP_ERANGE"]',
            'errors = ["HYP_EPERM", "HYP_EINVAL", "HYP_ERANGE"]',
            "call.2.errors: host_unshare_hyp can fail with HYP_EBUSY",
        )
        self.case(
            "hypercalls", "value = -16", "value = -12", "error.3.value: -12 is taken by error.2"
        )
        self.case(
            "hypercalls",
            "number = 3",
            "number = 99",
            "call.3.number: is to be 3: numbers have no holes",
        )
        self.case(
            "sysregs",
            'put = ["PFN", "VMID"]',
            'put = ["PFM", "VMID"]',
            "register.4.put: PFM is not a field of VTTBR_EL2",
        )
        self.case(
            "requirements",
            'id = "REQ-OWN-002"',
            'id = "REQ-OWN-001"',
            "requirement.1.id: REQ-OWN-001 is taken by requirement.0",
        )

    def test_evidence(self):
        ids = [entry["id"] for entry in tomllib.loads((TOP / "spec/requirements.toml").read_text())["requirement"]]
        self.case(
            "requirements",
            'contract = ["hyp_carveout_size.bound"]',
            "contract = []",
            f"requirement.{ids.index('REQ-MEM-001')}: REQ-MEM-001 has neither theorem nor contract",
        )

    def test_bits(self):
        self.case(
            "sysregs",
            "PS = [18, 16], VS = [19, 19]",
            "PS = [19, 17], VS = [19, 19]",
            "register.3.fields.VS: bit 19 belongs to PS",
        )
        self.case(
            "sysregs",
            "SH0 = 3, TG0 = 0 }",
            "SH0 = 4, TG0 = 0 }",
            "register.1.values.TCR_EL2_48BIT.SH0: 4 does not fit into 2 bits",
        )
        self.case(
            "descriptors",
            "owner = { msb = 11, lsb = 4",
            "owner = { msb = 11, lsb = 0",
            "annotation.owner: covers the valid bit, or nothing",
        )
        self.case(
            "descriptors",
            "pfn = { msb = 47, lsb = 12",
            "pfn = { msb = 47, lsb = 16",
            "field.pfn: does not span the address bits above the page offset",
        )

        self.case(
            "descriptors",
            "contiguous = { msb = 52, lsb = 52",
            "contiguous = { msb = 51, lsb = 51",
            "hint.contiguous: is bit 52",
        )
        self.case(
            "descriptors",
            "contiguous = { msb = 52, lsb = 52",
            "contiguous = { msb = 53, lsb = 53",
            "attribute.s1.pxn: bit 53 belongs to contiguous",
        )

    def test_permissions(self):
        self.case(
            "descriptors",
            "ap2 = 1, sh = 3, af = 1, pxn = 0, xn = 0",
            "ap2 = 0, sh = 3, af = 1, pxn = 0, xn = 0",
            "attrs.0: S1_TEXT: write and exec do not match the fields",
        )
        self.case(
            "descriptors",
            "write = false\nexec = true\nfields = { attrindx = 0, ap1 = 1, ap2 = 1",
            "write = true\nexec = true\nfields = { attrindx = 0, ap1 = 1, ap2 = 0",
            "attrs.0: S1_TEXT: writable and executable at EL2",
        )
        self.case(
            "traps",
            "protected = { VM = 1",
            "protected = { VM = 0",
            "hcr.protected.VM: is to be 1: the host is confined by its stage 2",
        )
        self.case(
            "hypercalls",
            'name = "PSCI_CPU_ON_64"\nid = 0xC4000003\ndisposition = "relay"',
            'name = "PSCI_CPU_ON_64"\nid = 0xC4000003\ndisposition = "forward"',
            "psci_call.5.disposition: has an entry point: EL3 must not get the host's",
        )

    def test_order(self):
        self.case(
            "init",
            'needs = ["mmu_on", "boot_info"]',
            'needs = ["mmu_on", "host_stage2"]',
            "boot.6.needs: host_stage2 is not given before hyp_setup",
        )
        self.case(
            "init",
            'gives = ["host_runs"]',
            "gives = []",
            "boot: host_runs is not given by any step: the host is never entered",
        )
        self.case(
            "pool",
            'name = "meta"',
            'name = "mete"',
            "part: the parts are stacks, meta, s2_root, pool, in this order",
        )

    def test_pool_bound(self):
        self.case(
            "pool",
            "ram_divisor = 1024 ",
            "ram_divisor = 256 ",
            "pool: 6422528 bytes reserved of 512 MiB with 64 CPUs; the bound is 5536481",
        )


class Disproved(Workspace):
    """An entry that is well formed and wrong: the model is not proved, and the failing theorem says
    what broke.
    """

    def change_entry(self, name, entry, changes):
        """Replace text inside the entry that is called so."""
        text = (self.spec / f"{name}.toml").read_text()
        start = text.index(f'name = "{entry}"')
        end = text.find("\n[[", start)
        block = text[start : end if end >= 0 else len(text)]
        changed = block
        for old, new in changes.items():
            self.assertIn(old, block, "the entry to be changed is gone: update this test")
            changed = changed.replace(old, new)
        (self.spec / f"{name}.toml").write_text(text.replace(block, changed))

    def unproved(self, path, entry, changes, *goals):
        self.change_entry("pages", entry, changes)
        self.generate()
        self.assertLessEqual(set(goals), set(prove(self.gen, MODEL / f"{path}.mlw", 2)))

    def test_share_what_is_not_yours(self):
        changes = {'from = "HOST"': 'from = "HYP"'}
        self.unproved("ownership", "host_share_hyp", changes, "cleared_for_host")

    def test_give_back_uncleared(self):
        self.unproved(
            "ownership", "hyp_donate_host", {"clears = true": "clears = false"}, "cleared_for_host"
        )

    def test_give_back_uncleared_in_the_system(self):
        self.unproved(
            "system", "hyp_donate_host", {"clears = true": "clears = false"}, "perform_inv"
        )

    def test_give_back_in_use(self):
        changes = {'guard = "zero"\nguard_error = "HYP_EBUSY"': 'guard = "any"'}
        self.unproved("ownership", "hyp_donate_host", changes, "used_stays")

    def test_unshare_while_pinned(self):
        changes = {'guard = "zero"\nguard_error = "HYP_EBUSY"': 'guard = "any"'}
        self.unproved("ownership", "host_unshare_hyp", changes, "pinned_stays_lent")

    def test_pin_overflow(self):
        changes = {'guard = "below_max"\nguard_error = "HYP_ERANGE"': 'guard = "any"'}
        self.unproved("ownership", "hyp_pin", changes, "keeps_inv")

    def test_unpin_underflow(self):
        changes = {'guard = "nonzero"\nguard_error = "HYP_ENOENT"': 'guard = "any"'}
        self.unproved("ownership", "hyp_unpin", changes, "keeps_inv")

    def test_hypatia_takes(self):
        self.unproved(
            "ownership", "host_donate_hyp", {'by = "host"': 'by = "hyp"'}, "host_gives_away_itself"
        )

    def test_host_reaches_hyp(self):
        self.unproved(
            "ownership", "HYP", {"host_access = false": "host_access = true"}, "host_reaches_own_or_lent"
        )

    def test_hypatia_reaches_host(self):
        self.unproved(
            "ownership", "HOST", {"hyp_access = false": "hyp_access = true"}, "zero_is_host"
        )

    def steps(self, routine):
        """init.toml as text before the routine's steps, the steps, and what follows."""
        text = (SPEC / "init.toml").read_text()
        parts = re.split(rf"(?=\[\[{routine}\.step\]\])", text)
        last, mark, rest = parts[-1].partition("\n# ")
        return parts[0], [*parts[1:-1], last], mark + rest

    def routine_unproved(self, head, steps, rest):
        (self.spec / "init.toml").write_text(head + "".join(steps) + rest)
        self.generate()
        paths = (
            self.gen / "model/mmu_on_gen.mlw",
            self.gen / "model/switch_pgd_gen.mlw",
            MODEL / "switch_pgd.mlw",
        )
        return [goal for path in paths for goal in prove(self.gen, path, 2)]

    def test_each_step_is_needed(self):
        for routine in ("mmu_on", "switch_pgd"):
            head, steps, rest = self.steps(routine)
            for i, step in enumerate(steps[:-1]):
                with self.subTest(routine + ": " + step.split("\n")[1]):
                    self.assertNotEqual(
                        self.routine_unproved(head, steps[:i] + steps[i + 1 :], rest), []
                    )

    def test_tables_before_the_mmu_is_off(self):
        head, steps, rest = self.steps("switch_pgd")
        ttbr = next(step for step in steps if 'op = "set_ttbr0"' in step)
        others = [step for step in steps if step is not ttbr]
        self.assertNotEqual(self.routine_unproved(head, [ttbr, *others], rest), [])

    # a change of the hand-written model -> the theorem that breaks
    MODEL_CHANGES = (
        ("host = if host_may st then r.host else None", "host = r.host", "perform_inv"),
        (
            "host_tlb = if host_may st then r.host_tlb else False",
            "host_tlb = r.host_tlb",
            "perform_inv",
        ),
        (
            "else Page f True False) else None;",
            "else Page f True False) else r.hyp;",
            "perform_inv",
        ),
        ("else Page f True False) else None;", "else Page f True True) else None;", "perform_inv"),
        ("secret = if cleared then False else r.secret", "secret = r.secret", "perform_inv"),
        ("if host_allowed r then { r with host", "if true then { r with host", "act_inv"),
        ("(r: frame) = hyp_allowed r /\\ not (w /\\ x)", "(r: frame) = hyp_allowed r", "act_inv"),
        ("pool_frame r /\\ 1 < r.count", "pool_frame r", "act_inv"),
        (
            "| Hyp_unmap -> { r with hyp = None; hyp_tlb = False }",
            "| Hyp_unmap -> { r with hyp_tlb = False }",
            "act_inv",
        ),
    )

    def test_model_changes(self):
        self.generate()
        text = (MODEL / "system.mlw").read_text()
        for old, new, goal in self.MODEL_CHANGES:
            with self.subTest(new):
                self.assertIn(old, text, "the model changed: update this test")
                wrong = self.folder / "wrong"
                wrong.mkdir(exist_ok=True)
                (wrong / "system.mlw").write_text(text.replace(old, new))
                self.assertIn(goal, prove(self.gen, wrong / "system.mlw", 2))

    # an entry of vm.toml, what is changed in it -> a goal that breaks
    VM_CHANGES = (
        ("reclaim_guest", {"clears = true": "clears = false"}, "vm.VmTables", "leaves_cleared"),
        ("vm_give", {"clears = true": "clears = false"}, "vm.VmTables", "given_cleared"),
        ("HYP_VM", {"hyp_access = true": "hyp_access = false"}, "vm.VmTables", "owner_reaches"),
        ("guest_relinquish", {"clears = true": "clears = false"}, "vm.VmTables", "leaves_cleared"),
        ("poison_guest", {"clears = true": "clears = false"}, "vm.VmTables", "leaves_cleared"),
        ("guest_share_host", {'by = "guest"': 'by = "host"'}, "vm.VmTables", "guest_declares"),
        ("guest_unshare_host", {'by = "guest"': 'by = "hyp"', 'to = "GUEST"': 'to = "HYP_VM"'}, "vm.VmTables", "serves_no_move"),
        (
            "host_share_guest_again",
            {'guard = "below_max"\nguard_error = "HYP_ERANGE"': 'guard = "any"'},
            "vm.VmTables",
            "move_meta",
        ),
        ("host_unshare_guest", {'guard = "many"': 'guard = "below_max"'}, "vm.VmFrames", "move_frame_inv'vc"),
        ("GUEST", {"hyp_access = false": "hyp_access = true"}, "vm.VmTables", "hyp_reaches_no_guest"),
        ("HOST_SHARED_GUEST", {'guest = "lent"': 'guest = "none"'}, "vm.VmFrames", "move_frame_inv'vc"),
        (
            "init_vcpu",
            {'"LIVE"': '"DYING"', 'DYING = "HYP_EPERM"': 'LIVE = "HYP_EPERM"'},
            "vm.VmTables",
            "dying_gives_back",
        ),
        ("reclaim_vcpu", {'frame = "take_back"': 'frame = "none"'}, "vm.VmTables", "dying_gives_back"),
        ("init_vm", {'frame = "give"': 'frame = "none"'}, "vm.VmTables", "gives_to_keep"),
        ("start_teardown_vm", {'busy = "loaded"\nbusy_error = "HYP_EBUSY"\n': ""}, "vm_life.VmRecords", "vm_after_inv'vc"),
        ("finalize_teardown_vm", {'busy = "held"\nbusy_error = "HYP_EBUSY"\n': ""}, "vm_life.VmRecords", "vm_after_inv'vc"),
        ("vcpu_load", {'busy = "own_vcpu"\nbusy_error = "HYP_EBUSY"\n': ""}, "vm_life.VmLifeInv", "load_free"),
        ("vcpu_put", {'busy = "away"\nbusy_error = "HYP_ENOENT"\n': ""}, "vm_life.VmLifeInv", "put_own"),
        ("host_donate_guest", {'to = "GUEST"': 'to = "HYP_VM"'}, "places.PlacesSteps", "brought'vc"),
    )

    def test_vm_changes(self):
        for entry, changes, place, goal in self.VM_CHANGES:
            with self.subTest(f"{entry}: {changes}"):
                for name in ("vm", "pages"):
                    shutil.copy(SPEC / f"{name}.toml", self.spec)
                self.change_entry("pages" if entry.isupper() else "vm", entry, changes)
                self.generate()
                file, _, theory = place.partition(".")
                self.assertIn(goal, prove(self.gen, MODEL / f"{file}.mlw", 2, theory, [goal]))

    # a change of the hand-written model of VMs -> a goal that breaks
    VM_MODEL_CHANGES = (
        ("      host = if host_reaches st then r.host else False;\n      hyp = if hyp_reaches st then True else False;\n"
         "      guest", "      host = r.host;\n      hyp = if hyp_reaches st then True else False;\n      guest",
         "vm.VmFrames", "move_frame_inv'vc"),
        ("else empty;", "else r.guest;", "vm.VmFrames", "move_frame_inv'vc"),
        ("secret = if move_clears o \\/ declares o then False else r.secret", "secret = r.secret", "vm.VmFrames", "move_frame_inv'vc"),
        ("if mem h r.guest /\\ not host_reaches r.state", "if mem h r.guest", "vm.VmFrames", "guest_write_inv"),
        ("(gives o -> move_ok Vm_give s h s.frames[f])", "true", "vm_life.VmLife", "give_fits"),
        ("\\/ (exists f. memory_of s.frames[f] h)", "", "vm_life.VmLife", "not_busy_held"),
        ("s.lvm[p <- -1]", "s.lvm", "vm_life.VmLifeInv", "live_put"),
        ("s.vms[h].vstate = vm_live /\\ s.vms[h].prot", "s.vms[h].vstate = vm_live", "vm.VmMoves", "move_kind'vc"),
    )

    def test_vm_model_changes(self):
        self.generate()
        text = (MODEL / "vm.mlw").read_text()
        wrong = self.folder / "wrong"
        shutil.copytree(MODEL, wrong)
        for old, new, place, goal in self.VM_MODEL_CHANGES:
            with self.subTest(new):
                self.assertEqual(text.count(old), 1, "the model changed: update this test")
                (wrong / "vm.mlw").write_text(text.replace(old, new))
                file, _, theory = place.partition(".")
                self.assertIn(goal, prove(self.gen, wrong / f"{file}.mlw", 2, theory, [goal], wrong))

    # a change of what events do with places -> a goal that breaks
    PLACES_CHANGES = (
        ("xl = if loses o h m.xl[h][a] m.own then put2 m.xl h a nothing else m.xl", "xl = m.xl", "PlacesInv", "page_inv"),
        (" /\\ m.xl[h][a] = nothing /\\ not m.bad[h][a]\n", " /\\ not m.bad[h][a]\n", "PlacesInv", "map_places"),
        ("if reclaims o /\\ not live_vm m.own h then", "if reclaims o then", "PlacesInv", "reclaim_inv"),
        ("then m.xl[h <- const nothing] else m.xl", "then m.xl else m.xl", "PlacesInv", "life_inv"),
        ("place = put2 m.place h f a }", "place = m.place }", "PlacesInv", "map_inv"),
        (" /\\ not m.bad[h][a]\n", "\n", "PlacesPoison", "map_bad"),
        ("bad = if poisons o then m.bad[h <- m.bad[h][a <- True]] else m.bad", "bad = m.bad", "PlacesPoison", "force_takes"),
        ("map_ok o h a f m /\\ may_limit h p m", "map_ok o h a f m", "PlacesInv", "map_perm"),
        ("live_vm m.own h /\\ not m.own.vms[h].prot /\\ m.xl[h][a] <> nothing", "live_vm m.own h /\\ m.xl[h][a] <> nothing",
         "PlacesInv", "access_perm"),
    )

    def test_places_changes(self):
        self.generate()
        text = (MODEL / "places.mlw").read_text()
        wrong = self.folder / "wrong"
        shutil.copytree(MODEL, wrong)
        for old, new, theory, goal in self.PLACES_CHANGES:
            with self.subTest(new):
                self.assertEqual(text.count(old), 1, "the model changed: update this test")
                (wrong / "places.mlw").write_text(text.replace(old, new))
                self.assertIn(goal, prove(self.gen, wrong / "places.mlw", 2, theory, [goal], wrong))

    # a change of what is told, cleared or set -> a goal that breaks
    FLOW_CHANGES = (
        ("flow", "says = w.data[w.m.xl[h][a]] } else silence", "says = zeros } else silence", "FlowOutside", "declared_of_page"),
        ("flow", "if open_vm d w.m.own (vm_on p w) then silence else told x a r (its p w)", "silence", "FlowOutside", "leave_answer"),
        ("flow", "if open_vm d w.m.own (vm_on p w) then silence else say (its p w).word[r]", "silence", "FlowOutside", "stores_same"),
        ("flow", "has_vcpu p w /\\ not w.m.own.vms[vm_on p w].prot", "has_vcpu p w", "FlowOutside", "get_word_same"),
        ("flow", "if page_ok o h a m /\\ move_clears o then at_frame m.xl[h][a] else nowhere", "nowhere", "FlowFrames", "page_opens"),
        ("flow", "put3 c (adds e m).its_vm (adds e m).its_cpu new_vcpu else c", "c else c", "FlowOutside", "life_ctx"),
        ("flow", "| Hyp_store _ _ _ -> true\n    | Guest_load p", "| Hyp_store _ _ _ | Host_store _ _ _ -> true\n    | Guest_load p",
         "FlowOutside", "respect_outside'vc"),
        ("flow", "if host_allowed w.m.own.frames[f] then store f b v w else w", "store f b v w", "FlowInside", "respect_inside'vc"),
        ("flow", "if host_allowed w.m.own.frames[f] then store f b v w else w", "store f b v w", "FlowChannels", "host_stores_shared"),
        ("flow", "not (its p w).ran /\\ (n = word_pc", "(n = word_pc", "FlowChannels", "host_sets_first"),
        ("flow", "word = c.word[c.into <- v]; why = Exit_none }", "word = c.word[c.into <- v] }", "FlowChannels", "answers_once"),
    )

    def test_flow_changes(self):
        self.generate()
        wrong = self.folder / "wrong"
        shutil.copytree(MODEL, wrong)
        for name, old, new, theory, goal in self.FLOW_CHANGES:
            with self.subTest(new):
                text = (MODEL / f"{name}.mlw").read_text()
                self.assertEqual(text.count(old), 1, "the model changed: update this test")
                file = "flow_guest.mlw" if theory in ("FlowInside", "FlowChannels") else "flow.mlw"
                self.assertEqual(prove(self.gen, MODEL / file, 30, theory, [goal]), [], "it is not proved as it is")
                (wrong / f"{name}.mlw").write_text(text.replace(old, new))
                self.assertIn(goal, prove(self.gen, wrong / file, 3, theory, [goal], wrong))
                (wrong / f"{name}.mlw").write_text(text)

    def test_boot_order(self):
        """Steps exchanged in the specification, and calls exchanged in the code."""
        head, *steps = re.split(r"(?=\[\[boot\]\])", (SPEC / "init.toml").read_text())
        last, mark, rest = steps[-1].partition("\n# ")
        steps[-1] = last
        for i in range(len(steps) - 1):
            swapped = [*steps[:i], steps[i + 1], steps[i], *steps[i + 2 :]]
            (self.spec / "init.toml").write_text(head + "\n".join(swapped) + mark + rest)
            self.assertEqual(len(boot_order(self.spec, boot_way())), 1, steps[i])
        shutil.copy(SPEC / "init.toml", self.spec)
        *way, (name, body) = boot_way()
        swapped = body.replace("cpu_host_setup(0)", "@").replace("hyp_finalise()", "cpu_host_setup(0)")
        swapped = swapped.replace("@", "hyp_finalise()")
        wrong = boot_order(self.spec, [*way, (name, swapped)])
        self.assertEqual(wrong, ["host_registers comes before hyp_finalise"])

    def test_value_for_nobody(self):
        self.change("sysregs", "SCTLR_EL2_MMU_OFF =", "SCTLR_EL2_OTHER = { M = 1 }\nSCTLR_EL2_MMU_OFF =")
        self.change("sysregs", 'name = "CTR_EL0"', 'name = "CTR_EL1"')
        self.generate()
        self.assertEqual(Good.unused(self), ["CTR_EL1", "SCTLR_EL2_OTHER"])

    def test_link_to_nothing(self):
        self.change("requirements", "OwnershipTheorems.one_owner", "OwnershipTheorems.two_owners")
        self.generate()
        self.assertEqual(Good.broken_links(self), ["ownership.OwnershipTheorems.two_owners"])
        self.change("requirements", "hyp_carveout_size.bound", "hyp_carveout_size.bond")
        self.assertEqual(Good.broken_contracts(self), ["hyp_carveout_size.bond"])


if __name__ == "__main__":
    # Each test has a folder of its own. Those of Good are the longest.
    sys.exit(alone.main(__file__, (Good, Disproved, Rejected), "spec tests"))
