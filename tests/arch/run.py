#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the trusted C in src/arch/arm64, as compiled for the image.

Functions of build/hypatia.elf run in Unicorn; what they do to system registers, TLB, caches and barriers is noted
instead of done, and compared with what the Arm ARM wants, written out here by hand. The primitives of hyp_arch.h,
which are part of whoever uses them, are compiled into functions of their own by the build's own rules.
"""
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import unicorn
from elftools.elf.elffile import ELFFile
from unicorn import arm64_const as arm

TOP = pathlib.Path(__file__).resolve().parents[2]
ELF = TOP / "build" / "hypatia.elf"
BASE = 0x40000000               # where the image stands
STACK = 0x48000000
RET = 0xd65f03c0
FREE = 0x44000000               # memory for arguments
UART = 0x9000000
STOP = 0x4f000000
LIMIT = 200000                  # instructions
REGISTERS = [getattr(arm, f"UC_ARM64_REG_X{n}") for n in range(31)]

# Barriers by CRm and op2, hints, and operations of SYS by op1, CRn, CRm, op2 (Arm ARM C5.1, C5.3 and C5.5).
BARRIERS = {(11, 4): "dsb ish", (10, 4): "dsb ishst", (7, 4): "dsb nsh", (15, 4): "dsb sy", (15, 6): "isb"}
OPERATIONS = {(4, 8, 7, 0): "tlbi alle2", (4, 8, 3, 0): "tlbi alle2is", (4, 8, 7, 4): "tlbi alle1", (4, 8, 3, 4): "tlbi alle1is",
              (4, 8, 7, 6): "tlbi vmalls12e1", (4, 8, 3, 6): "tlbi vmalls12e1is", (0, 8, 3, 0): "tlbi vmalle1is",
              (4, 8, 3, 1): "tlbi vae2is", (4, 8, 0, 1): "tlbi ipas2e1is", (0, 7, 5, 0): "ic iallu", (0, 7, 8, 0): "at s1e1r", (3, 7, 4, 1): "dc zva",
              (3, 7, 10, 1): "dc cvac"}
# Newer than the assembler: op0, op1, CRn, CRm, op2 (Arm ARM D19, DDI 0601).
NEWER = {"hfgrtr_el2": (3, 4, 1, 1, 4), "hfgwtr_el2": (3, 4, 1, 1, 5), "hfgitr_el2": (3, 4, 1, 1, 6),
         "hdfgrtr_el2": (3, 4, 3, 1, 4), "hdfgwtr_el2": (3, 4, 3, 1, 5), "hafgrtr_el2": (3, 4, 3, 1, 6),
         "hcrx_el2": (3, 4, 1, 2, 2), "hfgrtr2_el2": (3, 4, 3, 1, 2), "hfgwtr2_el2": (3, 4, 3, 1, 3), "hfgitr2_el2": (3, 4, 3, 1, 7),
         "hdfgrtr2_el2": (3, 4, 3, 1, 0), "hdfgwtr2_el2": (3, 4, 3, 1, 1), "id_aa64mmfr3_el1": (3, 0, 0, 7, 3),
         "pmscr_el1": (3, 0, 9, 9, 0), "pmscr_el12": (3, 5, 9, 9, 0), "trfcr_el1": (3, 0, 1, 2, 1), "trfcr_el12": (3, 5, 1, 2, 1),
         "brbcr_el1": (2, 1, 9, 0, 0), "brbcr_el12": (2, 5, 9, 0, 0),
         "id_aa64isar3_el1": (3, 0, 0, 6, 3), "svcr": (3, 3, 4, 2, 2), "rndr": (3, 3, 2, 4, 0)}
KNOWN = """cptr_el2 zcr_el1 zcr_el12 zcr_el2 smcr_el2 hstr_el2 mdcr_el2
    pmcr_el0 trfcr_el2 icc_sre_el2 ich_hcr_el2 ich_vtr_el2 cnthctl_el2 cntvoff_el2 sctlr_el12 cpacr_el12 cntkctl_el12 vbar_el12
    cntv_ctl_el02 cntp_ctl_el02 sctlr_el1 cpacr_el1 cntkctl_el1 vbar_el1 cntv_ctl_el0 cntp_ctl_el0 cnthp_ctl_el2 vpidr_el2
    vmpidr_el2 midr_el1 mpidr_el1 id_aa64pfr0_el1 id_aa64pfr1_el1 id_aa64zfr0_el1 id_aa64mmfr0_el1 id_aa64mmfr1_el1 id_aa64dfr0_el1
    id_aa64isar0_el1 id_aa64isar1_el1 id_aa64isar2_el1 id_aa64mmfr2_el1
    tpidr_el2 vbar_el2 vtcr_el2 vttbr_el2 hcr_el2 ctr_el0 dczid_el0 scr_el3 sctlr_el2 cptr_el3 mdcr_el3 zcr_el3
    smcr_el3 icc_sre_el3 elr_el2 spsr_el2 elr_el1 spsr_el1 esr_el1 far_el1 elr_el12 spsr_el12 esr_el12 far_el12 esr_el2
    far_el2 ttbr0_el2 par_el1 hpfar_el2""".split()


def encodings():
    """The 15 bits of an MSR or MRS that name a register -> its name, by the assembler."""
    with tempfile.TemporaryDirectory(prefix="hypatia-arch-") as folder:
        obj, raw = f"{folder}/a.o", f"{folder}/a.bin"
        text = "\n".join(f"mrs x0, {name}" for name in KNOWN) + "\n"
        subprocess.run(["aarch64-linux-gnu-as", "-march=armv9-a+sme+profile", "-o", obj, "-"], input=text, text=True, check=True,
                       timeout=60)
        subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", obj, raw], check=True, timeout=60)
        words = [word for (word,) in struct.iter_unpack("<I", pathlib.Path(raw).read_bytes())]
    found = {word >> 5 & 0x7fff: name for word, name in zip(words, KNOWN, strict=True)}
    for name, (op0, op1, crn, crm, op2) in NEWER.items():
        found[(op0 & 1) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2] = name
    return found


NAMES = encodings()


class Machine:
    """A CPU with the image in memory; @system: what its registers read as."""

    def __init__(self, system=(), elf=ELF):
        self.system = dict(system)
        self.events = []
        self.unaligned = []
        self.output = ""
        self.stuck = False          # the console's FIFO never empties
        self.smc = (0, 0, 0, 0)
        self.replace = {}
        self.wait = lambda machine: None
        self.engine = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
        self.engine.mem_map(BASE, 0x10000000)
        self.engine.mem_map(UART, 0x1000)
        with open(elf, "rb") as file:
            image = ELFFile(file)
            for part in image.iter_segments("PT_LOAD"):
                self.engine.mem_write(BASE + part["p_vaddr"], part.data())
            self.symbols = {one.name: BASE + one["st_value"] for one in image.get_section_by_name(".symtab").iter_symbols()}
        self.engine.hook_add(unicorn.UC_HOOK_CODE, self._step)
        self.engine.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, self._uart, begin=UART, end=UART + 0xfff)
        self.engine.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, self._aligned)

    def x(self, number):
        return 0 if number == 31 else self.engine.reg_read(REGISTERS[number])

    def _set(self, number, value):
        if number != 31:
            self.engine.reg_write(REGISTERS[number], value)

    def _uart(self, engine, access, address, _size, value, _data):
        if address == UART and access == unicorn.UC_MEM_WRITE:
            self.output += chr(value & 0xff)
        elif address == UART + 0x18 and access == unicorn.UC_MEM_READ:
            engine.mem_write(address, struct.pack("<I", 0x20 if self.stuck else 0))

    def _aligned(self, engine, _access, address, size, _value, _data):
        """While the MMU is off all memory is Device, where an access that is not aligned faults (Arm ARM B2.7.2)."""
        if address % min(size, 8) != 0:
            self.unaligned.append(f"0x{engine.reg_read(arm.UC_ARM64_REG_PC) - BASE:x}: {size} bytes at 0x{address:x}")

    def _step(self, engine, address, _size, _data):
        if address in self.replace:
            name, results = self.replace[address]
            self.events.append((name, *(self.x(n) for n in range(3))))
            results = results(self) if callable(results) else results
            for number, value in enumerate(results or ()):
                self._set(number, value)
            engine.reg_write(arm.UC_ARM64_REG_PC, STOP if results is None else self.x(30))
            return
        (word,) = struct.unpack("<I", engine.mem_read(address, 4))
        key, rt = word >> 5 & 0x7fff, word & 31
        if word >> 20 == 0xd53:
            name = NAMES.get(key)
            if name not in self.system:
                raise AssertionError(f"{name or hex(word)} is read")
            self._set(rt, self.system[name])
        elif word >> 20 == 0xd51:
            self.events.append((NAMES.get(key, hex(word)), self.x(rt)))
            if NAMES.get(key) in self.system and NAMES[key].endswith("sre_el2"):
                self.system[NAMES[key]] &= self.x(rt)
        elif word >> 19 == 0x1aa1:
            name = OPERATIONS.get((word >> 16 & 7, word >> 12 & 15, word >> 8 & 15, word >> 5 & 7), hex(word))
            self.events.append((name, self.x(rt)) if rt != 31 else (name,))
        elif word & 0xfffff01f == 0xd503301f:
            self.events.append((BARRIERS.get((word >> 8 & 15, word >> 5 & 7), hex(word)),))
        elif word & 0xffe0001f == 0xd4000003:
            self.events.append(("smc", word >> 5 & 0xffff, *(self.x(n) for n in range(4))))
            for number, value in enumerate(self.smc):
                self._set(number, value)
        elif word & 0xfffff01f == 0xd503201f and word != 0xd503201f:
            self.events.append(({0xd503205f: "wfe", 0xd50320bf: "sevl", 0xd503207f: "wfi"}.get(word, hex(word)),))
            self.wait(self)
        else:
            if word & 0x3f000000 == 0x08000000:
                # Exclusive and ordered accesses: load or store, exclusive or not, with acquire or release.
                self.events.append((("ld" if word >> 22 & 1 else "st") + ("" if word >> 23 & 1 else "x") +
                                    ("-ordered" if word >> 15 & 1 else ""),))
            return
        engine.reg_write(arm.UC_ARM64_REG_PC, address + 4)

    def call(self, name, *args):
        """x0 of @name when it returns, or when it calls what does not."""
        for number, value in enumerate(args):
            self._set(number, value)
        self._set(30, STOP)
        self._set(29, 0)
        self.engine.reg_write(arm.UC_ARM64_REG_SP, STACK)
        self.events = []
        self.engine.emu_start(self.symbols[name], STOP, count=LIMIT)
        if self.engine.reg_read(arm.UC_ARM64_REG_PC) != STOP:
            raise AssertionError(f"{name} does not end")
        if self.unaligned:
            raise AssertionError(f"{name}: {self.unaligned[0]}")
        return self.x(0)

    def instead(self, name, results):
        """A call of @name is noted and has @results, or what they give, in x0, x1, ...; None: it does not return."""
        self.replace[self.symbols[name]] = (name, results)

    def write(self, address, data):
        self.engine.mem_write(address, data)

    def read(self, address, size):
        return bytes(self.engine.mem_read(address, size))

    def words(self, name, count, size=8):
        return struct.unpack(f"<{count}{'Q' if size == 8 else 'I'}", self.read(self.symbols[name], count * size))

    def put(self, name, value, size=8, offset=0):
        self.write(self.symbols[name] + offset, value.to_bytes(size, "little"))


def offsets():
    """Where the fields of struct boot_info stand: the same for every LP64 compiler."""
    fields = ("cpu_count", "cpu_mpidr", "mode")
    text = '#include <stdio.h>\n#include <stddef.h>\n#include "boot_info.h"\nint main(void)\n{\n' + "".join(
        f'\tprintf("%zu\\n", offsetof(struct boot_info, {name}));\n' for name in fields) + "\treturn 0;\n}\n"
    with tempfile.TemporaryDirectory(prefix="hypatia-arch-") as folder:
        subprocess.run(["gcc", f"-I{TOP}/src/hyp", f"-I{TOP}/build/gen/include", "-xc", "-o", f"{folder}/a", "-"], input=text,
                       text=True, check=True, timeout=60)
        found = subprocess.run([f"{folder}/a"], capture_output=True, text=True, check=True, timeout=60).stdout.split()
    return dict(zip(fields, map(int, found)))


OFFSETS = offsets()

# What a CPU of Armv8.0 without any extension reads.
PLAIN = {"id_aa64pfr0_el1": 0x22, "id_aa64pfr1_el1": 0, "id_aa64mmfr0_el1": 0, "id_aa64mmfr1_el1": 0, "id_aa64mmfr3_el1": 0,
         "id_aa64dfr0_el1": 0, "midr_el1": 0x410fd034, "mpidr_el1": 0x80000102}
SVE, AMU, GIC = 1 << 32, 1 << 44, 1 << 24           # ID_AA64PFR0_EL1
SME, MTE2, MTE1 = 1 << 24, 2 << 8, 1 << 8           # ID_AA64PFR1_EL1
FGT, FGT2, ECV = 1 << 56, 2 << 56, 1 << 60          # ID_AA64MMFR0_EL1
HCX = 1 << 40                                       # ID_AA64MMFR1_EL1
TCRX, SCTLRX, S1PIE = 1, 1 << 4, 1 << 8             # ID_AA64MMFR3_EL1
PMU1, PMU4, PMU5, PMU_OWN = 1 << 8, 3 << 8, 4 << 8, 0xf << 8    # ID_AA64DFR0_EL1
TRACE = 1 << 40

HCR_NVHE = 1 << 1 | 1 << 19 | 1 << 31 | 1 << 40 | 1 << 41 | 1 << 53 | 1 << 56     # SWIO TSC RW APK API ENSCXT ATA
HCR_PROTECTED = HCR_NVHE | 1 << 0                                               # and VM
ALL = (1 << 64) - 1
LAST = [("isb",), ("tlbi vmalls12e1",), ("tlbi alle1",), ("ic iallu",), ("dsb nsh",), ("isb",)]


class HostRegisters(unittest.TestCase):
    """cpu_host_setup(): which registers are written, with what, in which order."""

    def machine(self, e2h=0, mode=0, **system):
        machine = Machine(PLAIN | system)
        machine.put("arch_e2h", e2h, 4)
        machine.put("boot_info", mode, 4, OFFSETS["mode"])
        machine.instead("hyp_host_vtcr", (0x1111,))
        machine.instead("hyp_host_vttbr", (0x2222,))
        return machine

    def setup_events(self, machine, cpu=1):
        machine.call("cpu_host_setup", cpu)
        return [event for event in machine.events if not event[0].startswith("hyp_host")]

    def test_oldest_cpu(self):
        machine = self.machine()
        self.assertEqual(self.setup_events(machine), [
            ("tpidr_el2", 1), ("vbar_el2", machine.symbols["host_vectors"]),
            ("cptr_el2", 0x33ff), ("isb",), ("hstr_el2", 0), ("mdcr_el2", 0x13003000), ("cnthctl_el2", 3), ("cntvoff_el2", 0),
            ("sctlr_el1", 0x30d00800), ("cpacr_el1", 0), ("cntkctl_el1", 0), ("vbar_el1", 0), ("cntv_ctl_el0", 0),
            ("cntp_ctl_el0", 0), ("cnthp_ctl_el2", 0), ("vpidr_el2", 0x410fd034), ("vmpidr_el2", 0x80000102),
            ("vtcr_el2", 0x1111), ("vttbr_el2", 0x2222), ("hcr_el2", HCR_PROTECTED), *LAST])

    def test_everything_with_e2h(self):
        machine = self.machine(1, 0, id_aa64pfr0_el1=SVE | AMU | GIC, id_aa64pfr1_el1=SME, id_aa64mmfr0_el1=FGT2,
                               id_aa64mmfr1_el1=HCX, id_aa64dfr0_el1=PMU5 | TRACE, pmcr_el0=6 << 11 | 0x41, icc_sre_el2=1)
        self.assertEqual(self.setup_events(machine, 3), [
            ("tpidr_el2", 3), ("vbar_el2", machine.symbols["host_vectors"]),
            ("cptr_el2", 3 << 16 | 3 << 20 | 3 << 24), ("isb",), ("zcr_el2", 0xf), ("smcr_el2", 0xc000000f), ("hstr_el2", 0),
            ("hfgrtr_el2", 0xfff4 << 48), ("hfgwtr_el2", 0xfff4 << 48), ("hfgitr_el2", 0x1f << 55), ("hdfgrtr_el2", 0xf << 59),
            ("hdfgwtr_el2", 7 << 60), ("hafgrtr_el2", 0), ("hfgrtr2_el2", ALL), ("hfgwtr2_el2", ALL), ("hfgitr2_el2", 2),
            ("hdfgrtr2_el2", ALL), ("hdfgwtr2_el2", ALL),
            ("mdcr_el2", 0x13003000 | 6 | 1 << 17), ("trfcr_el2", 0), ("icc_sre_el2", 0xf), ("isb",), ("ich_hcr_el2", 0),
            ("cnthctl_el2", 3 << 10), ("cntvoff_el2", 0), ("hcrx_el2", 0xe0c807),
            ("sctlr_el12", 0x30d00800), ("cpacr_el12", 0), ("cntkctl_el12", 0), ("vbar_el12", 0), ("cntv_ctl_el02", 0),
            ("cntp_ctl_el02", 0), ("cnthp_ctl_el2", 0), ("vpidr_el2", 0x410fd034), ("vmpidr_el2", 0x80000102),
            ("vtcr_el2", 0x1111), ("vttbr_el2", 0x2222), ("hcr_el2", HCR_PROTECTED | 1 << 34), *LAST])

    def test_features_one_by_one(self):
        """What each feature adds to, or changes in, what the oldest CPU gets."""
        plain = set(self.setup_events(self.machine()))
        fine = {("hfgrtr_el2", 0xfff4 << 48), ("hfgwtr_el2", 0xfff4 << 48), ("hfgitr_el2", 0x1f << 55),
                ("hdfgrtr_el2", 0xf << 59), ("hdfgwtr_el2", 7 << 60)}
        for system, more in (
                ({"id_aa64pfr0_el1": SVE}, {("cptr_el2", 0x32ff), ("zcr_el2", 0xf)}),
                ({"id_aa64pfr1_el1": SME}, {("cptr_el2", 0x23ff), ("smcr_el2", 0xc000000f)}),
                ({"id_aa64mmfr0_el1": FGT}, fine),
                ({"id_aa64mmfr0_el1": FGT, "id_aa64pfr0_el1": AMU}, fine | {("hafgrtr_el2", 0)}),
                ({"id_aa64mmfr0_el1": FGT, "id_aa64pfr0_el1": 0}, fine),
                ({"id_aa64pfr0_el1": AMU}, set()),
                ({"id_aa64dfr0_el1": PMU1, "pmcr_el0": 31 << 11}, {("mdcr_el2", 0x1300301f)}),
                ({"id_aa64dfr0_el1": PMU4, "pmcr_el0": 2 << 11}, {("mdcr_el2", 0x13003002)}),
                ({"id_aa64dfr0_el1": PMU5, "pmcr_el0": 3 << 11}, {("mdcr_el2", 0x13023003)}),
                ({"id_aa64dfr0_el1": PMU_OWN}, set()),
                ({"id_aa64dfr0_el1": TRACE}, {("trfcr_el2", 0)}),
                ({"id_aa64mmfr1_el1": HCX}, {("hcrx_el2", 0xe0c807)}),
                ({"id_aa64pfr0_el1": GIC, "icc_sre_el2": 1}, {("icc_sre_el2", 0xf), ("ich_hcr_el2", 0)}),
                ({"id_aa64pfr0_el1": GIC, "icc_sre_el2": 0}, {("icc_sre_el2", 0xf)})):
            with self.subTest(system):
                found = set(self.setup_events(self.machine(**system)))
                self.assertEqual(found - plain, more)
                self.assertEqual({name for name, *_ in plain - found}, {name for name, *_ in more} & {name for name, *_ in plain})

    def test_modes(self):
        for e2h in (0, 1):
            for mode, hcr in ((0, HCR_PROTECTED), (1, HCR_NVHE)):
                events = self.setup_events(self.machine(e2h, mode))
                self.assertIn(("hcr_el2", hcr | e2h << 34), events)

    def test_cpu_start(self):
        """A secondary's registers come before it is said to be there, and its own stack is what it enters with."""
        machine = self.machine()
        machine.instead("hyp_cpu_arrived", (0x12345000, 0x77))
        machine.instead("hyp_stack_top", (0x5000,))
        machine.instead("host_enter", None)
        machine.call("cpu_start", 2)
        names = [event[0] for event in machine.events]
        self.assertLess(names.index("hcr_el2"), names.index("hyp_cpu_arrived"))
        self.assertIn(("tpidr_el2", 2), machine.events)
        calls = {event[0]: event[1:] for event in machine.events}
        self.assertEqual(calls["hyp_cpu_arrived"][0], 2)
        self.assertEqual(calls["hyp_stack_top"][0], 2)
        self.assertEqual(calls["host_enter"], (0x12345000, 0x77, 0x5000))

    def test_what_secondaries_read(self):
        for count in (3, 65):
            machine = Machine({"ctr_el0": 4 << 16})
            machine.put("boot_info", count, 4, OFFSETS["cpu_count"])
            for cpu in range(64):
                machine.put("boot_info", 0x100 + cpu, 8, OFFSETS["cpu_mpidr"] + 8 * cpu)
            machine.instead("hyp_stack_top", (0x9000,))
            machine.call("secondaries_publish", 0x7000)
            there = min(count, 64)
            self.assertEqual(machine.words("secondary_ttbr0", 1), (0x7000,))
            self.assertEqual(machine.words("cpu_mpidr_count", 1, 4), (count,))
            self.assertEqual(machine.words("cpu_mpidr_table", 64), (*range(0x100, 0x100 + there), *[0] * (64 - there)))
            self.assertEqual(machine.words("cpu_stack_table", 64), (*[0x9000] * there, *[0] * (64 - there)))
            calls = [event[1] for event in machine.events if event[0] == "hyp_stack_top"]
            self.assertEqual(calls, list(range(there)))
            lines = [event[1] for event in machine.events if event[0] == "dc cvac"]
            self.assertEqual(lines, list(range(machine.symbols["rodata_end"], machine.symbols["image_end"], 64)))
            self.assertEqual(machine.events[-1], ("dsb sy",))


# VM SWIO FMO IMO AMO FB BSU TWI TWE TID1 TID3 TSC TIDCP TACR TSW RW TLOR TERR TEA
HCR_GUEST = sum(1 << bit for bit in (0, 1, 3, 4, 5, 9, 10, 13, 14, 16, 18, 19, 20, 21, 22, 31, 35, 36, 37))
# TPMCR TPM TDA TDOSA TDRA E2PB TPMS TTRF E2TB TDCC MTPME
MDCR_GUEST = sum(1 << bit for bit in (5, 6, 9, 10, 11, 13, 14, 19, 25, 27, 28))
SPE, BRBE = 1 << 32, 1 << 52                        # ID_AA64DFR0_EL1
PSB, TSB = "0xd503223f", "0xd503225f"
STOPPED = {"pmscr_el1": 0x51, "pmscr_el12": 0x52, "trfcr_el1": 0x53, "trfcr_el12": 0x54, "brbcr_el1": 0x55, "brbcr_el12": 0x56}


class GuestRegisters(unittest.TestCase):
    """cpu_to_guest() and cpu_to_host(), also of features that the emulator of the system tests does not have."""

    def machine(self, e2h=0, **system):
        machine = Machine(PLAIN | {"tpidr_el2": 2, "mdcr_el2": 0x13003000 | 6 | 1 << 17} | system)
        machine.put("arch_e2h", e2h, 4)
        machine.instead("hyp_host_vtcr", (0x1111,))
        machine.instead("hyp_host_vttbr", (0x2222,))
        return machine

    def guest_events(self, machine, fresh=0, lines=0, offset=0x12345):
        machine.call("cpu_to_guest", 0x1000040001000, 0x80043559, 0x80000003, fresh, lines, offset)
        return machine.events

    def host_events(self, machine):
        machine.call("cpu_to_host")
        return [event for event in machine.events if not event[0].startswith("hyp_host")]

    def test_oldest_cpu(self):
        stage2 = [("vmpidr_el2", 0x80000003), ("vtcr_el2", 0x80043559), ("vttbr_el2", 0x1000040001000)]
        plain = [("cptr_el2", 0x33ff | 1 << 10 | 1 << 20 | 1 << 30), ("mdcr_el2", MDCR_GUEST | 6 | 1 << 17),
                 ("cnthctl_el2", 1), ("cntvoff_el2", 0x12345), *stage2, ("hcr_el2", HCR_GUEST), ("isb",)]
        self.assertEqual(self.guest_events(self.machine()), plain)
        self.assertEqual(self.guest_events(self.machine(), 1),
                         [*plain, ("tlbi vmalls12e1",), ("ic iallu",), ("dsb nsh",), ("isb",)])
        self.assertEqual(self.guest_events(self.machine(1)),
                         [("cptr_el2", 1 << 28 | 1 << 30), plain[1], ("cnthctl_el2", 1 << 10), plain[3], *stage2,
                          ("hcr_el2", HCR_GUEST | 1 << 34), ("isb",)])

    def test_fault_page(self):
        """Of a permission fault that is not of a walk, and of nothing else, the page is asked for by its address."""
        ask = [("at s1e1r", 0xffff000000012678), ("isb",)]
        for ec, iss, par, events, known in (
                (0x24, 0x4f, 0xff00000087654b80, [*ask, ("hpfar_el2", 0x876540)], 1),
                (0x20, 0x0c, 0x000ffffffffff000, [*ask, ("hpfar_el2", 0xffffffffff0)], 1),
                (0x24, 0x4f, 0x87654b81, ask, 0),
                (0x24, 0xcf, 0, [], 1), (0x24, 0x07, 0, [], 1), (0x24, 0x0b, 0, [], 1), (0x24, 0x10, 0, [], 1),
                (0x24, 0x2f, 0, [], 1), (0x25, 0x4f, 0, [], 1), (0x16, 0x4f, 0, [], 1), (0x21, 0x0f, 0, [], 1)):
            machine = self.machine(esr_el2=ec << 26 | 1 << 25 | iss, far_el2=0xffff000000012678, par_el1=par)
            with self.subTest(ec=hex(ec), iss=hex(iss)):
                self.assertEqual(machine.call("cpu_fault_page"), known)
                self.assertEqual(machine.events, events)

    def test_lines(self):
        """The guest's lines: RUN_IRQ is HCR_EL2.VI, RUN_FIQ is VF, and nothing else of the flags is anything."""
        for e2h in (0, 1):
            plain = self.guest_events(self.machine(e2h))
            for lines, bits in ((1, 0), (2, 1 << 7), (4, 1 << 6), (7, 3 << 6), (1 << 7, 0)):
                with self.subTest(e2h=e2h, lines=lines):
                    want = [("hcr_el2", HCR_GUEST | e2h << 34 | bits) if e[0] == "hcr_el2" else e for e in plain]
                    self.assertEqual(self.guest_events(self.machine(e2h), 0, lines), want)

    def test_features(self):
        """Whatever of new registers can trap does."""
        plain = set(self.guest_events(self.machine()))
        fine = {(name, 0) for name in ("hfgrtr_el2", "hfgwtr_el2", "hfgitr_el2", "hdfgrtr_el2", "hdfgwtr_el2")}
        fine2 = {(name, 0) for name in ("hfgrtr2_el2", "hfgwtr2_el2", "hfgitr2_el2", "hdfgrtr2_el2", "hdfgwtr2_el2")}
        for system, more in (({"id_aa64mmfr0_el1": FGT}, fine), ({"id_aa64mmfr0_el1": FGT2}, fine | fine2),
                             ({"id_aa64mmfr0_el1": FGT, "id_aa64pfr0_el1": AMU}, fine | {("hafgrtr_el2", 0)}),
                             ({"id_aa64mmfr1_el1": HCX}, {("hcrx_el2", 0)}),
                             ({"id_aa64pfr0_el1": GIC, "icc_sre_el2": 0}, set()),
                             ({"id_aa64pfr0_el1": GIC, "icc_sre_el2": 1}, {("icc_sre_el2", 7), ("ich_hcr_el2", 7 << 10)})):
            with self.subTest(system):
                self.assertEqual(set(self.guest_events(self.machine(**system))) - plain, more)

    def test_gic(self):
        """RUN_GIC lets the virtual interface answer the guest, RUN_GIC_MORE has it tell when it is nearly empty; else all traps."""
        for lines, hcr in ((0, 7 << 10), (8, 1), (24, 3), (16, 7 << 10), (9, 1), (0x20, 7 << 10)):
            machine = self.machine(id_aa64pfr0_el1=GIC, icc_sre_el2=1)
            found = [e for e in self.guest_events(machine, 0, lines) if e[0].startswith("ic")]
            self.assertEqual(found, [("icc_sre_el2", 7), ("ich_hcr_el2", hcr)])
            self.assertIn(("ich_hcr_el2", 0), self.host_events(machine))
            plain = self.guest_events(self.machine())
            self.assertEqual(self.guest_events(self.machine(), 0, lines & 24), plain)

    def test_gic_lists(self):
        """Four list registers and five bits of preemption, neither more nor fewer; and system registers at all."""
        good = 3 | 4 << 26 | 4 << 29
        for pfr0, sre, vtr, lists in ((GIC, 1, good, 4), (3 * GIC, 7, 3 | 4 << 26 | 6 << 29 | 0x1f << 21, 4), (0, 1, good, 0),
                                      (GIC, 0, good, 0), (GIC, 1, good - 1, 0), (GIC, 1, good + 1, 0), (GIC, 1, good + 4, 0),
                                      (GIC, 1, good + 16, 0), (GIC, 1, good + (1 << 26), 0), (GIC, 1, good - (1 << 26), 0)):
            machine = self.machine(id_aa64pfr0_el1=pfr0, icc_sre_el2=sre, ich_vtr_el2=vtr)
            self.assertEqual(machine.call("arch_gic_lists"), lists)
            self.assertEqual(machine.events, [])

    def test_fp(self):
        """FP and SIMD are opened, and nothing else: not to SVE, SME, trace, activity monitors; the next entry closes them."""
        for e2h, closed, opened in ((0, 0x33ff | 1 << 10 | 1 << 20 | 1 << 30, 0x33ff | 1 << 20 | 1 << 30),
                                    (1, 1 << 28 | 1 << 30, 3 << 20 | 1 << 28 | 1 << 30)):
            machine = self.machine(e2h, id_aa64pfr0_el1=SVE, id_aa64pfr1_el1=SME)
            self.assertIn(("cptr_el2", closed), self.guest_events(machine))
            machine.call("cpu_open_fp")
            self.assertEqual(machine.events, [("cptr_el2", opened)])
            self.assertIn(("cptr_el2", closed), self.guest_events(machine))

    def test_sve(self):
        """FP, SIMD and SVE are opened, and nothing else; the vectors are no longer than asked for, and than 512 bits."""
        for e2h, closed, opened in ((0, 0x33ff | 1 << 10 | 1 << 20 | 1 << 30, 0x32ff | 1 << 20 | 1 << 30),
                                    (1, 1 << 28 | 1 << 30, 3 << 16 | 3 << 20 | 1 << 28 | 1 << 30)):
            machine = self.machine(e2h, id_aa64pfr0_el1=SVE, id_aa64pfr1_el1=SME)
            for units, length in ((1, 0), (2, 1), (3, 2), (4, 3), (5, 0), (0, 3)):
                machine.call("cpu_open_sve", units)
                self.assertEqual(machine.events, [("cptr_el2", opened), ("isb",), ("zcr_el2", length)])
            self.assertIn(("cptr_el2", closed), self.guest_events(machine))
            self.assertIn(("zcr_el2", 0xf), self.host_events(machine))

    def test_sve_lengths(self):
        """Each length that the CPU takes when it may have 1, 2, 3 and 4 units of 128 bits; then the host may have all again."""
        def taken(machine):
            return ({0: 16, 1: 32, 2: 32, 3: 64}[[e[1] for e in machine.events if e[0] == "zcr_el2"][-1]],)

        for results, lengths in (((16,), 1), ((32,), 2), (taken, 0xb)):
            machine = self.machine(id_aa64pfr0_el1=SVE)
            machine.instead("sve_length", results)
            self.assertEqual(machine.call("arch_sve_lengths"), lengths)
            self.assertEqual([e for e in machine.events if e[0] != "sve_length"],
                             [event for n in (0, 1, 2, 3, 15) for event in (("zcr_el2", n), ("isb",))])
            self.assertEqual(machine.events[-2:], [("zcr_el2", 0xf), ("isb",)])
        machine = self.machine(id_aa64pfr0_el1=~SVE & (1 << 32 | SVE - 1))
        self.assertEqual(machine.call("arch_sve_lengths"), 0)
        self.assertEqual(machine.events, [])

    def test_sve_control(self):
        """ZCR_EL1 by the name that it has at EL2, and no bit but of LEN."""
        for e2h, name in ((0, "zcr_el1"), (1, "zcr_el12")):
            machine = self.machine(e2h, **{name: 0x1234})
            self.assertEqual(machine.call("cpu_zcr"), 0x1234)
            machine.call("cpu_zcr_set", 0xfffffffffffffff6)
            self.assertEqual(machine.events, [(name, 6)])

    def test_has_keys(self):
        """Each of the six fields that tell of pointer authentication is enough, and no other."""
        for isar1, isar2, has in ((0, 0, 0), (1 << 4, 0, 1), (5 << 8, 0, 1), (1 << 24, 0, 1), (1 << 28, 0, 1), (0, 1 << 8, 1),
                                  (0, 5 << 12, 1), (~0xff000ff0 & (1 << 64) - 1, ~0xff00 & (1 << 64) - 1, 0)):
            machine = self.machine(id_aa64isar1_el1=isar1, id_aa64isar2_el1=isar2)
            self.assertEqual(machine.call("arch_has_keys"), has)
            self.assertEqual(machine.events, [])

    def test_has_random(self):
        """FEAT_RNG, and no other field."""
        for isar0, has in ((1 << 60, 1), (2 << 60, 1), ((1 << 60) - 1, 0), (0, 0)):
            machine = self.machine(id_aa64isar0_el1=isar0)
            self.assertEqual(machine.call("arch_has_random"), has)
            self.assertEqual(machine.events, [])

    def test_keys(self):
        """Keys and instructions of pointer authentication trap until they are opened; nothing else changes, and the next entry closes them."""
        for e2h in (0, 1):
            machine = self.machine(e2h)
            closed = HCR_GUEST | e2h << 34 | 1 << 7
            self.assertIn(("hcr_el2", closed), self.guest_events(machine, 0, 2))
            machine.system["hcr_el2"] = closed
            machine.call("cpu_open_keys")
            self.assertEqual(machine.events, [("hcr_el2", closed | 1 << 40 | 1 << 41)])
            self.assertIn(("hcr_el2", closed), self.guest_events(machine, 0, 2))

    def test_streaming(self):
        """SM is 0 then, and ZA what it was; a CPU without SME has no such register."""
        for svcr, left in ((3, 2), (1, 0), (2, 2)):
            machine = self.machine(id_aa64pfr1_el1=SME, svcr=svcr)
            machine.call("cpu_leave_streaming")
            self.assertEqual(machine.events, [("svcr", left), ("isb",)])
        machine = self.machine()
        machine.call("cpu_leave_streaming")
        self.assertEqual(machine.events, [])

    def test_monitors(self):
        """What the host records stops before anything of the guest's is in force, and is drained; then it goes on."""
        for e2h, el, values in ((0, "el1", (0x51, 0x53, 0x55)), (1, "el12", (0x52, 0x54, 0x56))):
            machine = self.machine(e2h, id_aa64dfr0_el1=SPE | TRACE | BRBE, trfcr_el2=0, **STOPPED)
            self.assertEqual(self.guest_events(machine)[:9], [
                (f"pmscr_{el}", 0), ("isb",), (PSB,), ("dsb nsh",), (f"trfcr_{el}", 0), ("isb",), (TSB,), ("dsb nsh",),
                (f"brbcr_{el}", 0)])
            events = self.host_events(machine)
            names = [event[0] for event in events]
            for name, value in zip(("pmscr", "trfcr", "brbcr"), values):
                self.assertIn((f"{name}_{el}", value), events)
                self.assertLess(names.index("hcr_el2"), names.index(f"{name}_{el}"))

    def test_back(self):
        """The host's values are those that the CPU was set up with."""
        for e2h in (0, 1):
            system = {"id_aa64pfr0_el1": SVE | AMU | GIC, "id_aa64pfr1_el1": SME, "id_aa64mmfr0_el1": FGT2,
                      "id_aa64mmfr1_el1": HCX, "id_aa64dfr0_el1": PMU5, "pmcr_el0": 6 << 11 | 0x41, "icc_sre_el2": 1}
            machine = self.machine(e2h, **system)
            machine.call("cpu_host_setup", 2)
            first = dict(event for event in machine.events if len(event) == 2)
            machine = self.machine(e2h, **system)
            guest = {event[0] for event in self.guest_events(machine) if len(event) == 2}
            events = self.host_events(machine)
            back = dict(event for event in events if len(event) == 2)
            self.assertEqual(back, {name: value for name, value in first.items() if name in back})
            self.assertLessEqual(guest, set(back))
            self.assertEqual(events[-1], ("isb",))

    def test_names_with_e2h(self):
        """While E2H is 1 a name of EL1 is EL2's register: of which EL1's has another name (Arm ARM D17.6), by hand."""
        # CRn, CRm, op2: SPSR, ELR, SCTLR, CPACR, TTBR0, TTBR1, TCR, AFSR0, AFSR1, ESR, FAR, MAIR, AMAIR, VBAR, CONTEXTIDR,
        # CNTKCTL; then the virtual timer's CTL and CVAL
        renamed = [(4, 0, 0), (4, 0, 1), (1, 0, 0), (1, 0, 2), (2, 0, 0), (2, 0, 1), (2, 0, 2), (5, 1, 0), (5, 1, 1), (5, 2, 0),
                   (6, 0, 0), (10, 2, 0), (10, 3, 0), (12, 0, 0), (13, 0, 1), (14, 1, 0)]
        timer = [(14, 3, 1), (14, 3, 2)]
        # SP_EL0, SP_EL1, TPIDR_EL0, TPIDRRO_EL0, TPIDR_EL1, PAR_EL1, CSSELR_EL1, MDSCR_EL1
        same = [(3, 0, 4, 1, 0), (3, 4, 4, 1, 0), (3, 3, 13, 0, 2), (3, 3, 13, 0, 3), (3, 0, 13, 0, 4), (3, 0, 7, 4, 0),
                (3, 2, 0, 0, 0), (2, 0, 0, 2, 2)]
        for routine, el1, el0 in (("el1_restore", 0, 3), ("el1_restore_e2h", 5, 5)):
            machine = self.machine()
            found = []
            for at in range(machine.symbols[routine], machine.symbols[routine] + 4096, 4):
                word = int.from_bytes(machine.read(at, 4), "little")
                if word == RET:
                    break
                if word >> 20 == 0xd51:
                    found.append((2 + (word >> 19 & 1), word >> 16 & 7, word >> 12 & 15, word >> 8 & 15, word >> 5 & 7))
            with self.subTest(routine):
                self.assertEqual(sorted(found), sorted([*same, *((3, el1, *name) for name in renamed),
                                                        *((3, el0, *name) for name in timer)]))


class Values(unittest.TestCase):
    def test_values_of_the_assembly(self):
        """What head.S and the vectors write: fields by hand, as the Arm ARM has them."""
        walks = 16 | 1 << 8 | 1 << 10 | 3 << 12
        text = (TOP / "build/gen/include/gen/sysregs.h").read_text()
        for name, value in (("SCTLR_EL2_MMU_OFF", 0x30c50830 | 1 << 3 | 1 << 12), ("SCTLR_EL2_MMU_ON", 0x30c50830 | 0xd | 1 << 12 | 1 << 19),
                            ("TCR_EL2_48BIT", 1 << 31 | 1 << 23 | walks), ("VTCR_EL2_COMMON", 1 << 31 | 1 << 8 | 1 << 10 | 3 << 12),
                            ("SPSR_EL2_EL2H_MASKED", 15 << 6 | 9),
                            ("TCR_EL2_VHE_48BIT", walks | 16 << 16 | 1 << 23 | 2 << 30)):
            self.assertEqual(int(re.search(rf"define {name} SYSREG_U64\((\w+)\)", text)[1], 16), value, name)

    def test_fields_by_hand(self):
        """The lowest bit of each field that the assembly and the boot code use, as the Arm ARM has it."""
        text = (TOP / "build/gen/include/gen/sysregs.h").read_text()
        code = "".join(path.read_text() for pattern in ("arch/arm64/*.[Sc]", "arch/arm64/**/*.h", "boot/*.[ch]")
                       for path in sorted((TOP / "src").glob(pattern)))
        used = set(re.findall(r"\b([A-Z][A-Z0-9_]+)_(?:SHIFT|MASK)\b", code))
        by_hand = {
            "CPTR_EL2_TSM": 12, "CPTR_EL2_TZ": 8, "CTR_EL0_DMINLINE": 16, "CURRENTEL_EL": 2, "DCZID_EL0_BS": 0,
            "DCZID_EL0_DZP": 4, "ESR_EL2_DFSC": 0, "ESR_EL2_EC": 26, "ESR_EL2_S1PTW": 7, "HPFAR_EL2_FIPA": 4,
            "ID_AA64ISAR0_EL1_RNDR": 60,
            "PAR_EL1_F": 0, "PAR_EL1_PA": 12,
            "ESR_EL2_IMM16": 0, "HCR_EL2_API": 41, "HCR_EL2_APK": 40, "HCR_EL2_E2H": 34, "HCR_EL2_RW": 31, "HCR_EL2_VF": 6, "HCR_EL2_VI": 7, "ICC_SRE_EL2_SRE": 0, "ICH_HCR_EL2_UIE": 1,
            "ICH_VTR_EL2_LISTREGS": 0, "ICH_VTR_EL2_PREBITS": 26, "ID_AA64DFR0_EL1_PMUVER": 8,
            "ID_AA64DFR0_EL1_TRACEFILT": 40, "ID_AA64DFR0_EL1_PMSVER": 32, "ID_AA64DFR0_EL1_BRBE": 52, "ID_AA64DFR0_EL1_BRPS": 12, "ID_AA64DFR0_EL1_WRPS": 20,
            "ID_AA64ISAR1_EL1_APA": 4, "ID_AA64ISAR1_EL1_API": 8, "ID_AA64ISAR1_EL1_GPA": 24, "ID_AA64ISAR1_EL1_GPI": 28,
            "ID_AA64ISAR2_EL1_APA3": 12, "ID_AA64ISAR2_EL1_GPA3": 8, "ID_AA64MMFR0_EL1_ECV": 60, "ID_AA64MMFR0_EL1_FGT": 56,
            "ID_AA64MMFR1_EL1_HCX": 40, "ID_AA64MMFR2_EL1_NV": 24, "ID_AA64MMFR3_EL1_S1PIE": 8,
            "ID_AA64MMFR3_EL1_SCTLRX": 4, "ID_AA64MMFR3_EL1_TCRX": 0, "ID_AA64PFR0_EL1_AMU": 44, "ID_AA64PFR0_EL1_FP": 16,
            "ID_AA64PFR0_EL1_GIC": 24, "ID_AA64PFR0_EL1_SVE": 32, "ID_AA64PFR1_EL1_BT": 0, "ID_AA64PFR1_EL1_MTE": 8,
            "ID_AA64PFR1_EL1_SME": 24, "MDCR_EL2_HPMD": 17, "MDCR_EL2_HPMN": 0, "MPIDR_EL1_AFF0": 0, "MPIDR_EL1_AFF1": 8,
            "MPIDR_EL1_AFF2": 16, "MPIDR_EL1_AFF3": 32, "PMCR_EL0_N": 11, "SCR_EL3_ATA": 26, "SCR_EL3_ECVEN": 28,
            "SCR_EL3_ENTP2": 41, "SCR_EL3_FGTEN": 27, "SCR_EL3_HXEN": 38, "SCR_EL3_PIEN": 45, "SCR_EL3_SCTLR2EN": 44,
            "SCR_EL3_TCR2EN": 43, "SCTLR_EL2_C": 2, "SCTLR_EL2_I": 12, "SCTLR_EL2_M": 0, "SCTLR_EL2_WXN": 19, "SVCR_SM": 0,
            "TCR_EL2_PS": 16, "TCR_EL2_VHE_IPS": 32, "VTTBR_EL2_VMID": 48}
        self.assertEqual(used, set(by_hand))
        for name, low in by_hand.items():
            self.assertEqual(int(re.search(rf"define {name}_SHIFT (\d+)", text)[1]), low, name)
            mask = int(re.search(rf"define {name}_MASK SYSREG_U64\((\w+)\)", text)[1], 16)
            self.assertEqual(mask & -mask, 1 << low, name)

    def test_exception_classes(self):
        """The classes of exceptions that the vectors tell apart, as the Arm ARM has them in ESR_ELx.EC."""
        text = (TOP / "build/gen/include/gen/traps.h").read_text()
        self.assertEqual({name: int(value, 16) for name, value in re.findall(r"define TRAP_EC_(\w+) (0x\w+)", text)},
                         {"UNKNOWN": 0, "HVC64": 0x16, "SMC64": 0x17, "IABT_LOW": 0x20, "DABT_LOW": 0x24,
                          "WFX": 1, "FP": 7, "SYSREG": 0x18, "SVE": 0x19, "SME": 0x1d})


class El3(unittest.TestCase):
    def events(self, **system):
        machine = Machine(PLAIN | system)
        machine.call("el3_setup")
        return machine.events

    def test_oldest_cpu_at_el3(self):
        self.assertEqual(self.events(), [
            ("scr_el3", 0x30531), ("sctlr_el2", 0x30c51838), ("cptr_el3", 0), ("mdcr_el3", 0x3003000), ("isb",), ("isb",)])

    def test_features_at_el3(self):
        for system, scr, more in (
                ({"id_aa64pfr1_el1": MTE1}, 0, []), ({"id_aa64pfr1_el1": MTE2}, 1 << 26, []),
                ({"id_aa64mmfr0_el1": FGT}, 1 << 27, []), ({"id_aa64mmfr0_el1": ECV}, 1 << 28, []),
                ({"id_aa64mmfr1_el1": HCX}, 1 << 38, []), ({"id_aa64mmfr3_el1": TCRX}, 1 << 43, []),
                ({"id_aa64mmfr3_el1": SCTLRX}, 1 << 44, []), ({"id_aa64mmfr3_el1": S1PIE}, 1 << 45, []),
                ({"id_aa64pfr1_el1": SME}, 1 << 41, [("cptr_el3", 0x1000), ("smcr_el3", 0xc000000f)]),
                ({"id_aa64pfr0_el1": SVE}, 0, [("cptr_el3", 0x100), ("zcr_el3", 0xf)]),
                ({"id_aa64pfr0_el1": GIC}, 0, [("cptr_el3", 0), ("icc_sre_el3", 0xf)])):
            with self.subTest(system):
                cptr, *late = more or [("cptr_el3", 0)]
                self.assertEqual(self.events(**system), [
                    ("scr_el3", 0x30531 | scr), ("sctlr_el2", 0x30c51838), cptr, ("mdcr_el3", 0x3003000), ("isb",), *late, ("isb",)])


# Attributes of leaves: AttrIndx, AP[1], AP[2], SH, AF, PXN, XN (Arm ARM D8.3).
XN, PXN = 1 << 54, 1 << 53
ATTRIBUTES = {0: (0x7c0, 0x7c0 | XN, 0x740 | XN, 0x444 | XN),
              1: (0x780 | XN, 0x780 | PXN | XN, 0x700 | PXN | XN, 0x404 | PXN | XN)}
TEXT, RODATA, DATA, DEVICE = range(4)
PAGE, BLOCK2, BLOCK1 = 1 << 12, 1 << 21, 1 << 30


class BootstrapTables(unittest.TestCase):
    def machine(self, e2h=0):
        machine = Machine({"hcr_el2": e2h << 34 | 1 << 31})
        machine.call("early_tables", FREE + 0xfe0)
        return machine

    def walk(self, machine, address):
        """(attributes and address of the leaf, its level), or None."""
        table = machine.symbols["bootstrap_root"]
        for level in range(4):
            (entry,) = struct.unpack("<Q", machine.read(table + (address >> 39 - 9 * level & 511) * 8, 8))
            if entry == 0:
                return None
            if level == 3 or entry & 3 == 1:
                self.assertEqual(entry & 3, 3 if level == 3 else 1)
                size = 1 << 39 - 9 * level
                self.assertEqual(entry & 0xfffffffff000, address & ~(size - 1))
                return entry & ~0xfffffffff003, level
            self.assertEqual(entry & ~0xfffffffff000, 3)
            table = entry & 0xfffffffff000
        return None

    def test_image_and_device_tree(self):
        for e2h, kinds in ATTRIBUTES.items():
            machine = self.machine(e2h)
            self.assertEqual(machine.words("arch_e2h", 1, 4), (e2h,))
            ends = [machine.symbols[name] for name in ("image_start", "text_end", "rodata_end", "image_end")]
            for kind in (TEXT, RODATA, DATA):
                for address in range(ends[kind], ends[kind + 1], PAGE):
                    self.assertEqual(self.walk(machine, address), (kinds[kind], 3))
            self.assertIsNone(self.walk(machine, ends[0] - PAGE))
            self.assertIsNone(self.walk(machine, ends[3]))
            # The header of the tree crosses a page.
            self.assertEqual(self.walk(machine, FREE), (kinds[DATA], 3))
            self.assertEqual(self.walk(machine, FREE + PAGE), (kinds[DATA], 3))
            self.assertIsNone(self.walk(machine, FREE + 2 * PAGE))

    def test_blocks(self):
        """As big as alignment and length allow; what is mapped stays; the walkers see it before the call returns."""
        machine = self.machine()
        start, end = 0x80000000 - PAGE, 0xc0000000 + 2 * BLOCK2 + PAGE + 8
        self.assertEqual(machine.call("early_map", start + 8, end, RODATA) & 1, 1)
        self.assertEqual(machine.events, [("dsb ishst",), ("isb",)])
        rodata = ATTRIBUTES[0][RODATA]
        for address, level in ((start, 3), (0x80000000, 1), (0xbffff000, 1), (0xc0000000, 2), (0xc0000000 + BLOCK2, 2),
                               (0xc0000000 + 2 * BLOCK2, 3), (0xc0000000 + 2 * BLOCK2 + PAGE, 3)):
            self.assertEqual(self.walk(machine, address), (rodata, level), hex(address))
        self.assertIsNone(self.walk(machine, start - PAGE))
        self.assertIsNone(self.walk(machine, end + PAGE))
        # Over a block, and over pages: only what is not there yet is mapped.
        self.assertEqual(machine.call("early_map", 0xc0000000 + BLOCK2 + PAGE, 0xc0000000 + 2 * BLOCK2 + 3 * PAGE, DEVICE) & 1, 1)
        for address, kind, level in ((0xc0000000 + BLOCK2, RODATA, 2), (0xc0000000 + 2 * BLOCK2 + PAGE, RODATA, 3),
                                     (0xc0000000 + 2 * BLOCK2 + 2 * PAGE, DEVICE, 3)):
            self.assertEqual(self.walk(machine, address), (ATTRIBUTES[0][kind], level), hex(address))
        self.assertIsNone(self.walk(machine, 0xc0000000 + 2 * BLOCK2 + 3 * PAGE))
        # From within a block to pages behind it.
        self.assertEqual(machine.call("early_map", 1 << 32, (1 << 32) + BLOCK2, RODATA) & 1, 1)
        self.assertEqual(machine.call("early_map", (1 << 32) + PAGE, (1 << 32) + BLOCK2 + 2 * PAGE, DEVICE) & 1, 1)
        for address, kind, level in ((0, RODATA, 2), (BLOCK2, DEVICE, 3), (BLOCK2 + PAGE, DEVICE, 3)):
            self.assertEqual(self.walk(machine, (1 << 32) + address), (ATTRIBUTES[0][kind], level))
        # A whole 512 GiB is no block.
        self.assertEqual(machine.call("early_map", 1 << 39, (1 << 39) + BLOCK1, DATA) & 1, 1)
        self.assertEqual(self.walk(machine, 1 << 39), (ATTRIBUTES[0][DATA], 1))

    def test_tables_run_out(self):
        machine = self.machine()
        # The root, three for the image, and one more for the device tree.
        self.assertEqual(machine.words("tables_used", 1, 4), (5,))
        results = [machine.call("early_map", (2 + n) << 39, ((2 + n) << 39) + PAGE, DATA) & 1 for n in range(8)]
        # 24 tables: three for each of these.
        self.assertEqual(results, [1] * 6 + [0] * 2)
        self.assertEqual(machine.words("tables_used", 1, 4), (24,))


class Console(unittest.TestCase):
    def printed(self, text, *args, base=UART):
        machine = Machine()
        machine.write(FREE, text.encode() + b"\0")
        machine.write(FREE + 0x1000, b"a text\0")
        machine.call("console_init", base)
        machine.call("print", FREE, *args)
        return machine.output

    def test_formats(self):
        self.assertEqual(self.printed("[%s] %c%%", FREE + 0x1000, ord("z")), "[a text] z%")
        self.assertEqual(self.printed("%u %x %lu %lx\n", 0xf00000001, 0xabcdef0123, 2**64 - 1, 0x1234567890abcdef),
                         "1 cdef0123 18446744073709551615 1234567890abcdef\r\n")
        self.assertEqual(self.printed("%u|%x|%lu", 0, 0, 10), "0|0|10")
        self.assertEqual(self.printed(""), "")

    def test_no_console(self):
        self.assertEqual(self.printed("text\n", base=0), "")


class Panic(unittest.TestCase):
    """The whole report, and that only the first CPU makes one."""

    SYSTEM = {"tpidr_el2": 1, "mpidr_el1": 0x80000001, "esr_el2": 0x96000004, "elr_el2": BASE + 0x1234, "far_el2": 0xdead,
              "spsr_el2": 0x3c9, "hcr_el2": 0x80000000, "sctlr_el2": 0x30cd183d, "ttbr0_el2": 0x45000000}

    def machine(self):
        machine = Machine(self.SYSTEM)
        machine.call("console_init", UART)
        machine.put("boot_info", 2, 4, OFFSETS["cpu_count"])
        machine.instead("hyp_stack_top", (STACK,))
        machine.instead("park", None)
        self.low = STACK - 0x800
        # Records: caller's record, return address. The last one leads out of the stack.
        self.records = [self.low, self.low + 0x40, self.low + 0x90]
        for at, (next_one, back) in zip(self.records, ((self.low + 0x40, BASE + 0x204), (self.low + 0x90, 0), (STACK, 0x1004))):
            machine.write(at, struct.pack("<QQ", next_one, back))
        return machine

    def report(self, machine, kind, fp, sp):
        frame = [0x100 + n for n in range(31)]
        frame[29], frame[30] = fp, BASE + 0x3004
        machine.output = ""
        machine.write(FREE, struct.pack("<32Q", *frame, sp))
        machine.call("panic_exception", kind, FREE)
        return machine.output.replace("\r\n", "\n").split("\n")

    def test_report(self):
        machine = self.machine()
        lines = self.report(machine, 6, self.low, self.low - 0x20)
        note = machine.read(machine.symbols["build_id_note"] + 16, 20).hex()
        self.assertEqual(lines[:5], ["", "hypatia: PANIC: FIQ", f"  cpu 1 (mpidr 0x80000001), build {note}", "  FIQ at EL2",
                                     f"  esr 0x96000004 elr 0x{BASE + 0x1234:x} far 0xdead spsr 0x3c9"])
        self.assertEqual(lines[5], "  hcr 0x80000000 sctlr 0x30cd183d ttbr0 0x45000000")
        self.assertEqual(lines[6], "  x0 0x100 x1 0x101 x2 0x102 x3 0x103")
        self.assertEqual(lines[12], "  x24 0x118 x25 0x119 x26 0x11a x27 0x11b")
        self.assertEqual(lines[13], f"  x28 0x11c x29 0x{self.low:x} x30 0x{BASE + 0x3004:x} sp 0x{self.low - 0x20:x}")
        self.assertEqual(lines[14:], ["  at image+0x1234", "  from image+0x3000", "  from image+0x200", "  from 0x1000",
                                      "hypatia: this CPU has stopped", ""])
        # The next one to panic says nothing.
        self.assertEqual(self.report(machine, 5, self.low, self.low), [""])

    def test_kinds(self):
        for kind, text in enumerate(f"{name}{where}" for where in (
                " at EL2 with SP_EL0", " at EL2", " from AArch64 below EL2", " from AArch32 below EL2")
                for name in ("synchronous exception", "IRQ", "FIQ", "SError")):
            self.assertEqual(self.report(self.machine(), kind, 0, self.low)[3], "  " + text)

    def test_traces_that_lead_nowhere(self):
        """Nothing outside of the stack is read, and nothing twice."""
        for fp, sp in ((0, self_low := STACK - 0x800), (self_low + 8, self_low), (self_low - 16, self_low), (STACK, self_low),
                       (STACK - 8, self_low), (0x10, self_low), (self_low, STACK + 16), (self_low, STACK - 0x5000),
                       (self_low, self_low + 0x10)):
            lines = self.report(self.machine(), 4, fp, sp)
            self.assertEqual(lines[16:], ["hypatia: this CPU has stopped", ""], (hex(fp), hex(sp)))

    def test_trace_goes_up(self):
        """A record that is not above its own caller's ends the trace, wherever it lies in the stack."""
        for back in (0x40, 0x90):
            machine = self.machine()
            machine.write(self.low + 0x90, struct.pack("<QQ", self.low + back, BASE + 0x1004))
            self.assertEqual(self.report(machine, 4, self.low + 0x90, self.low)[16:],
                             ["  from image+0x1000", "hypatia: this CPU has stopped", ""])

    def test_whole_stack(self):
        self.assertEqual(self.report(self.machine(), 4, self.low, STACK - 0x4000)[16], "  from image+0x200")
        machine = self.machine()
        top = machine.symbols["boot_stack_top"]
        machine.write(top - 16, struct.pack("<QQ", 0, BASE + 0x504))
        self.assertEqual(self.report(machine, 4, top - 16, top - 0x4000)[16], "  from image+0x500")

    def test_places(self):
        """An address in the image's text is told as an offset in it, the first and the last one too."""
        machine = self.machine()
        end = machine.symbols["text_end"]
        backs = (BASE, BASE + 4, end, end + 4)
        for number, back in enumerate(backs):
            machine.write(self.low + 16 * number, struct.pack("<QQ", self.low + 16 * number + 16, back))
        machine.write(self.low + 16 * len(backs), bytes(16))
        self.assertEqual(self.report(machine, 4, self.low, self.low)[16:20], [
            f"  from 0x{BASE - 4:x}", "  from image+0x0", f"  from image+0x{end - 4 - BASE:x}", f"  from 0x{end:x}"])

    def test_trace_of_the_boot_stack(self):
        machine = self.machine()
        top = machine.symbols["boot_stack_top"]
        machine.write(top - 0x40, struct.pack("<QQ", top - 0x20, BASE + 0x504))
        machine.write(top - 0x20, struct.pack("<QQ", 0, BASE + 0x604))
        lines = self.report(machine, 4, top - 0x40, top - 0x100)
        self.assertEqual(lines[16:], ["  from image+0x500", "  from image+0x600", "hypatia: this CPU has stopped", ""])
        self.assertNotIn("hyp_stack_top", [event[0] for event in machine.events])

    def test_trace_has_an_end(self):
        machine = self.machine()
        for n in range(40):
            machine.write(self.low + 16 * n, struct.pack("<QQ", self.low + 16 * n + 16, BASE + 0x1004))
        lines = self.report(machine, 4, self.low, self.low)
        self.assertEqual(lines.count("  from image+0x1000"), 24)

    def test_other_cpus_stack(self):
        """No CPU of that number: nothing is known of its stack."""
        machine = self.machine()
        machine.put("boot_info", 1, 4, OFFSETS["cpu_count"])
        self.assertEqual(self.report(machine, 4, self.low, self.low)[16:], ["hypatia: this CPU has stopped", ""])

    def test_panic(self):
        machine = self.machine()
        machine.write(FREE, b"the reason\0")
        machine.output = ""
        machine.call("panic", FREE)
        lines = machine.output.replace("\r\n", "\n").split("\n")
        self.assertEqual(lines[1], "hypatia: PANIC: the reason")
        self.assertEqual(lines[-2:], ["hypatia: this CPU has stopped", ""])
        machine.output = ""
        machine.call("panic", FREE)
        self.assertEqual(machine.output, "")
        self.assertEqual([event[0] for event in machine.events][-1], "park")

    def test_smashed_stack(self):
        machine = self.machine()
        machine.output = ""
        machine.call("__stack_chk_fail")
        self.assertIn("hypatia: PANIC: stack smashed", machine.output)


class Strings(unittest.TestCase):
    """Every alignment and length around a word, against Python's own."""

    DATA = bytes(range(1, 251)) * 2

    def setUp(self):
        self.machine = Machine()

    def buffer(self, data, at=FREE):
        self.machine.write(at, data)
        return at

    def test_memset(self):
        for offset in range(9):
            for size in (*range(18), 100):
                self.buffer(self.DATA)
                result = self.machine.call("memset", FREE + 16 + offset, 0x1a5, size)
                self.assertEqual(result, FREE + 16 + offset)
                want = bytearray(self.DATA)
                want[16 + offset:16 + offset + size] = b"\xa5" * size
                self.assertEqual(self.machine.read(FREE, len(want)), bytes(want), (offset, size))

    def test_copies(self):
        for name, places in (("memcpy", [(16 + a, 216 + b) for a in range(4) for b in (0, 1, 4, 5)]),
                             ("memmove", [(16 + a, 16 + b) for a in (0, 3, 8, 9, 40) for b in (0, 1, 8, 11, 40)])):
            for to, source in places:
                for size in (0, 1, 7, 8, 9, 16, 23, 40):
                    self.buffer(self.DATA)
                    self.assertEqual(self.machine.call(name, FREE + to, FREE + source, size), FREE + to)
                    want = bytearray(self.DATA)
                    want[to:to + size] = self.DATA[source:source + size]
                    self.assertEqual(self.machine.read(FREE, len(want)), bytes(want), (name, to, source, size))

    def test_memcmp(self):
        for a, b, size, sign in ((b"abc", b"abc", 3, 0), (b"abc", b"abd", 3, -1), (b"abd", b"abc", 3, 1), (b"abc", b"abd", 2, 0),
                                 (b"\xff", b"\x01", 1, 1), (b"x", b"y", 0, 0)):
            result = self.machine.call("memcmp", self.buffer(a), self.buffer(b, FREE + 64), size) & 0xffffffff
            self.assertEqual(result, sign & 0xffffffff, (a, b))

    def test_strings(self):
        for a, b, sign in ((b"abc\0", b"abc\0", 0), (b"abc\0", b"abd\0", -1), (b"abd\0", b"abc\0", 1), (b"ab\0x", b"ab\0y", 0),
                           (b"ab\0", b"abc\0", -1), (b"\xff\0", b"\x01\0", 1), (b"\0", b"\0", 0)):
            result = self.machine.call("strcmp", self.buffer(a), self.buffer(b, FREE + 64)) & 0xffffffff
            self.assertEqual(result, sign & 0xffffffff, (a, b))
        for a, b, size, sign in ((b"abc\0", b"abd\0", 2, 0), (b"abc\0", b"abd\0", 3, -1), (b"ab\0c", b"ab\0d", 4, 0),
                                 (b"b\0", b"a\0", 0, 0), (b"b\0", b"a\0", 1, 1)):
            result = self.machine.call("strncmp", self.buffer(a), self.buffer(b, FREE + 64), size) & 0xffffffff
            self.assertEqual(result, sign & 0xffffffff, (a, b, size))
        for text in (b"\0", b"a\0", b"hello\0more\0"):
            self.assertEqual(self.machine.call("strlen", self.buffer(text)), text.index(0))
            for size in (0, 1, 3, 20):
                self.assertEqual(self.machine.call("strnlen", self.buffer(text), size), min(size, text.index(0)))

    def test_searches(self):
        text = self.buffer(b"abcabc\0x")
        for name, char, place in (("strchr", "b", 1), ("strchr", "x", None), ("strrchr", "b", 4), ("strrchr", "x", None),
                                  ("strchr", "\0", 6), ("strrchr", "\0", 6), ("strchr", "a", 0), ("strrchr", "c", 5)):
            self.assertEqual(self.machine.call(name, text, ord(char)), 0 if place is None else text + place, (name, char))
        for char, size, place in (("c", 6, 2), ("c", 2, None), ("x", 8, 7), ("x", 7, None), ("a", 0, None), ("a", 1, 0)):
            self.assertEqual(self.machine.call("memchr", text, 0x100 + ord(char), size), 0 if place is None else text + place)


class Primitives(unittest.TestCase):
    """hyp_arch.h does what the contracts of arch.h, which the proof trusts, say."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="hypatia-arch-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.elf = f"{cls.folder.name}/primitives.elf"
        flags = re.search(r"^IMAGE_CFLAGS := ((?:.*\\\n)*.*)$", (TOP / "tools/build.mk").read_text(), re.MULTILINE)[1]
        flags = [word for word in flags.replace("\\\n", " ").split()
                 if "$" not in word and not word.startswith(("-Wmissing", "-Wstrict", "-include", "src/"))]
        command = ["aarch64-linux-gnu-gcc", *flags, "-Isrc/arch/arm64/include", "-Isrc/hyp", "-Ibuild/gen/include", "-Ibuild/gen",
                   "-nostdlib", "-static", "-Wl,-Ttext=0", "-Wl,-e,0", "-Wl,-no-warn-rwx-segments", "-Wl,--build-id=none",
                   "-o", cls.elf, "tests/arch/primitives.c"]
        subprocess.run(command, cwd=TOP, check=True, timeout=60)

    def machine(self, **system):
        return Machine(system, self.elf)

    def test_barriers_and_tlb(self):
        for name, args, events in (
                ("dsb_ishst", (), [("dsb ishst",)]), ("dsb_ish", (), [("dsb ish",)]), ("dsb_nsh", (), [("dsb nsh",)]),
                ("isb", (), [("isb",)]), ("tlbi_ipas2e1is", (0x12345,), [("tlbi ipas2e1is", 0x12345)]),
                ("tlbi_vmalle1is", (), [("tlbi vmalle1is",)]), ("tlbi_vmalls12e1is", (), [("tlbi vmalls12e1is",)]),
                ("tlbi_vae2is", (0xfffffffff,), [("tlbi vae2is", 0xfffffffff)]), ("tlbi_alle2is", (), [("tlbi alle2is",)]),
                ("tlbi_vmids", (), [("dsb ishst",), ("tlbi alle1is",), ("dsb ish",), ("isb",)]),
                ("tlbi_alle2", (), [("tlbi alle2",)])):
            machine = self.machine()
            machine.call(f"t_{name}", *args)
            self.assertEqual(machine.events, events, name)

    def test_fp(self):
        """Whose registers go where, at the words from V0 on; the CPU leaves streaming mode between the host's and a guest's."""
        for name, whose, routine, before in (
                ("arch_fp_host_save", "cpu_host", "fp_save", []), ("arch_fp_host_restore", "cpu_host", "fp_restore", []),
                ("arch_fp_guest_save", "cpu_guest", "fp_save", []),
                ("arch_fp_guest_restore", "cpu_guest", "fp_restore", ["cpu_leave_streaming"])):
            machine = self.machine()
            for callee in ("fp_save", "fp_restore", "cpu_leave_streaming"):
                machine.instead(callee, ())
            machine.call(f"t_{name}", 5)
            self.assertEqual([event[0] for event in machine.events], [*before, routine], name)
            # 33 words of general registers, PC and PSTATE, 26 of EL1; 215 in all
            self.assertEqual(machine.events[-1][1], machine.symbols[whose] + 8 * (5 * 215 + 33 + 26), name)

    def test_sve(self):
        """Where each register goes, and with vectors how long: a guest's are no longer than 512 bits, and of any others nothing is left."""
        frame = 0x47000
        word = {"ZCR_EL1": 142, "FPSR": 123, "V0": 33 + 26}
        for name, args, events, kept in (
                ("arch_sve_host_save", (), ["cpu_zcr"], {"cpu_host": 0x77}),
                ("arch_sve_host_restore", (), ["sve_clear", ("fp_restore", "cpu_host", "V0"), ("cpu_zcr_set", 0x55)], {}),
                ("arch_sve_guest_save", (frame,), [("cpu_limit_vectors", 3), ("sve_save", "cpu_guest"), "cpu_zcr", ("cpu_limit_vectors", 15)],
                 {"cpu_guest": 0x77}),
                ("arch_sve_guest_restore", (frame,), ["cpu_leave_streaming", ("cpu_limit_vectors", 3), ("sve_restore", "cpu_guest"),
                                                      ("cpu_zcr_set", 0x66), ("cpu_limit_vectors", 15)], {})):
            machine = self.machine()
            for callee in ("fp_restore", "sve_save", "sve_restore", "sve_clear", "cpu_leave_streaming", "cpu_limit_vectors", "cpu_zcr_set"):
                machine.instead(callee, ())
            machine.instead("cpu_zcr", (0x77,))
            context = {whose: machine.symbols[whose] + 8 * 5 * 215 for whose in ("cpu_host", "cpu_guest")}
            for whose, value in (("cpu_host", 0x55), ("cpu_guest", 0x66)):
                machine.write(context[whose] + 8 * word["ZCR_EL1"], struct.pack("<Q", value))
            machine.call(f"t_{name}", 5, *args)
            self.assertEqual([event[0] for event in machine.events], [e if isinstance(e, str) else e[0] for e in events], name)
            for found, wanted in zip(machine.events, events):
                if wanted[0] in ("cpu_limit_vectors", "cpu_zcr_set"):
                    self.assertEqual(found[1], wanted[1], name)
                elif wanted[0] == "fp_restore":
                    self.assertEqual(found[1], context[wanted[1]] + 8 * word[wanted[2]], name)
                elif wanted[0] in ("sve_save", "sve_restore"):
                    self.assertEqual(found[1:3], (frame * 4096 + 8 * 239, context[wanted[1]] + 8 * word["FPSR"]), name)
            for whose, value in kept.items():
                self.assertEqual(machine.read(context[whose] + 8 * word["ZCR_EL1"], 8), struct.pack("<Q", value), name)

    def test_gic(self):
        """The interface is that of the vCPU that the CPU has loaded."""
        for name, routine in (("arch_gic_save", "gic_save"), ("arch_gic_restore", "gic_restore")):
            machine = self.machine()
            machine.instead(routine, ())
            machine.call(f"t_{name}", 5)
            self.assertEqual([event[:2] for event in machine.events], [(routine, machine.symbols["cpu_guest"] + 8 * 5 * 215)], name)

    def test_keys(self):
        """Keys of the host and of a guest: each from and to its own context."""
        for name, whose, routine in (("arch_keys_host_save", "cpu_host", "keys_save"), ("arch_keys_host_restore", "cpu_host", "keys_restore"),
                                     ("arch_keys_guest_save", "cpu_guest", "keys_save"),
                                     ("arch_keys_guest_restore", "cpu_guest", "keys_restore")):
            machine = self.machine()
            for callee in ("keys_save", "keys_restore"):
                machine.instead(callee, ())
            machine.call(f"t_{name}", 5)
            self.assertEqual([event[:2] for event in machine.events], [(routine, machine.symbols[whose] + 8 * 5 * 215)], name)

    def test_points(self):
        """Breakpoints and watchpoints: as many as the CPU has of each, from and to the context of whose they are."""
        for name, whose, what in (("arch_points_host_save", "cpu_host", "save"), ("arch_points_host_restore", "cpu_host", "restore"),
                                  ("arch_points_guest_restore", "cpu_guest", "restore")):
            for dfr0, breakpoints, watchpoints in ((0x10305106, 6, 4), (0xfff0ffff, 16, 16), (0x00101fff, 2, 2)):
                machine = self.machine(id_aa64dfr0_el1=dfr0)
                for callee in ("breakpoints_save", "breakpoints_restore", "watchpoints_save", "watchpoints_restore"):
                    machine.instead(callee, ())
                machine.call(f"t_{name}", 5)
                context = machine.symbols[whose] + 8 * 5 * 215
                self.assertEqual([event[:3] for event in machine.events],
                                 [(f"breakpoints_{what}", context + 8 * 143, breakpoints),
                                  (f"watchpoints_{what}", context + 8 * 175, watchpoints)], name)

    def test_guest_tlb(self):
        """The invalidation is of the guest's VMID, and the host's is back afterwards."""
        host, guest = 1 << 50 | 0x45000, 8 << 48 | 0x46000000
        for name, args, invalidated in (
                ("guest_tlbi", (0x7ffffff,), [("tlbi ipas2e1is", 0x7ffffff), ("dsb ish",), ("tlbi vmalle1is",)]),
                ("guest_tlbi_table", (0x7ffffff,), [("tlbi vmalls12e1is",)]),
                ("guest_tlbi_all", (), [("tlbi vmalls12e1is",)])):
            machine = self.machine(vttbr_el2=host)
            machine.call(f"t_{name}", 7, 0x46000, *args)
            self.assertEqual(machine.events, [("dsb ish",), ("vttbr_el2", guest), ("isb",), *invalidated, ("dsb ish",),
                                              ("vttbr_el2", host), ("isb",)], name)

    def test_registers(self):
        values = {name: 0x1000 + 0x111 * number for number, name in enumerate(
            ("elr_el2", "spsr_el2", "vbar_el1", "vbar_el12", "sctlr_el1", "sctlr_el12"))}
        for e2h in (0, 1):
            machine = self.machine(**values, tpidr_el2=0x300000007)
            machine.put("arch_e2h", e2h, 4)
            tail = "2" if e2h else ""
            self.assertEqual(machine.call("t_cpu_index"), 7)
            for name, register in (("elr_el2", "elr_el2"), ("spsr_el2", "spsr_el2"), ("vbar_el1", f"vbar_el1{tail}"),
                                   ("sctlr_el1", f"sctlr_el1{tail}")):
                self.assertEqual(machine.call(f"t_read_{name}"), values[register])
            for name in ("elr_el2", "spsr_el2", "elr_el1", "spsr_el1", "esr_el1", "far_el1"):
                machine.call(f"t_write_{name}", 0x55aa)
                self.assertEqual(machine.events, [(name + (tail if name.endswith("1") else ""), 0x55aa)])

    def test_machine_ids(self):
        """By number, in the order of encodings: what a guest sees something of."""
        names = ("midr_el1", "id_aa64pfr0_el1", "id_aa64pfr1_el1", "id_aa64zfr0_el1", "id_aa64dfr0_el1", "id_aa64isar0_el1",
                 "id_aa64isar1_el1", "id_aa64isar2_el1", "id_aa64isar3_el1", "id_aa64mmfr0_el1", "id_aa64mmfr1_el1", "id_aa64mmfr2_el1", "ctr_el0")
        machine = self.machine(**{name: 0x1000 + number for number, name in enumerate(names)})
        for number in range(len(names)):
            self.assertEqual(machine.call("t_machine_id_read", number), 0x1000 + number)
        self.assertEqual(machine.call("t_machine_id_read", len(names)), 0)

    def test_random(self):
        """One read of RNDR, whose value is the answer."""
        machine = self.machine(rndr=0x123456789abcdef0)
        self.assertEqual(machine.call("t_arch_random"), 0x123456789abcdef0)
        self.assertEqual(machine.events, [])

    def test_frames(self):
        machine = self.machine()
        frame = FREE >> 12
        machine.write(FREE + 8 * 511, struct.pack("<Q", 0x1122334455667788))
        for name in ("frame_read", "guest_entry_get"):
            self.assertEqual(machine.call(f"t_{name}", frame, 511), 0x1122334455667788, name)
        for name, args in (("frame_write", ()), ("pte_write", (0x999,)), ("guest_entry_set", (0x999,))):
            machine.write(FREE, b"\xaa" * 64)
            machine.call(f"t_{name}", frame, 3, 0x8877665544332211, *args)
            self.assertEqual(machine.read(FREE, 64), b"\xaa" * 24 + struct.pack("<Q", 0x8877665544332211) + b"\xaa" * 32)

    def test_zeroes(self):
        machine = self.machine(dczid_el0=0x14)
        machine.write(FREE - 4096, b"\xaa" * 3 * 4096)
        machine.call("t_frame_zero", FREE >> 12)
        self.assertEqual(machine.read(FREE - 4096, 3 * 4096), b"\xaa" * 4096 + bytes(4096) + b"\xaa" * 4096)
        for size, bytes_each in ((4, 64), (0, 4), (9, 2048)):
            machine = self.machine(dczid_el0=size)
            machine.call("t_frame_zero", FREE >> 12)
            self.assertEqual(machine.events, [("dc zva", FREE + at) for at in range(0, 4096, bytes_each)])
        machine = self.machine(dczid_el0=0x10)
        machine.write(FREE, b"\xaa" * 4 * 4096)
        machine.call("t_meta_place", FREE >> 12, 3)
        self.assertEqual(machine.read(FREE, 4 * 4096), bytes(3 * 4096) + b"\xaa" * 4096)
        self.assertEqual(machine.words("arch_meta_base", 1), (FREE,))

    def test_records(self):
        """Six bytes for each frame: state, VM + 1, count, a part of a table's number."""
        machine = self.machine()
        machine.put("arch_meta_base", FREE)
        machine.write(FREE, bytes(range(32)))
        self.assertEqual(machine.call("t_frame_state_get", 0x999, 3), 18)
        self.assertEqual(machine.call("t_frame_vm_get", 0x999, 3), 19)
        self.assertEqual(machine.call("t_frame_count_get", 0x999, 3), 21 << 8 | 20)
        self.assertEqual(machine.call("t_frame_link_get", 0x999, 3), 23 << 8 | 22)
        machine.call("t_frame_state_set", 0x999, 3, 2)
        machine.call("t_frame_count_set", 0x999, 3, 0xabcd)
        self.assertEqual(machine.read(FREE, 32), bytes(range(18)) + b"\x02\x13\xcd\xab" + bytes(range(22, 32)))
        machine.call("t_frame_vm_set", 0x999, 3, 8)
        machine.call("t_frame_link_set", 0x999, 3, 0x789a)
        self.assertEqual(machine.read(FREE, 32), bytes(range(18)) + b"\x02\x08\xcd\xab\x9a\x78" + bytes(range(24, 32)))

    def test_pool(self):
        machine = self.machine()
        machine.call("t_pool_place", FREE >> 12, (FREE >> 12) + 1)
        self.assertEqual(machine.words("arch_pool_stack", 1) + machine.words("arch_pool_ref", 1), (FREE, FREE + 4096))
        machine.write(machine.symbols["pool"], struct.pack("<Q", 0x45000))
        machine.write(FREE, bytes(range(64)))
        machine.write(FREE + 4096, bytes(range(64, 128)))
        self.assertEqual(machine.call("t_pool_stack_get", 2), 0x45000 + 0x0b0a0908)
        self.assertEqual(machine.call("t_pool_ref_get", 0x45003), 0x4f4e4d4c)
        machine.call("t_pool_stack_set", 2, 0x45099)
        machine.call("t_pool_ref_set", 0x45003, 513)
        self.assertEqual(machine.read(FREE, 64), bytes(range(8)) + struct.pack("<I", 0x99) + bytes(range(12, 64)))
        self.assertEqual(machine.read(FREE + 4096, 64), bytes(range(64, 76)) + struct.pack("<I", 513) + bytes(range(80, 128)))

    def test_locks(self):
        machine = self.machine()
        lock = machine.symbols["arch_locks"] + 8
        machine.write(machine.symbols["arch_locks"], struct.pack("<6I", 1, 1, 5, 5, 1, 1))
        machine.call("t_lock_acquire", 1)
        self.assertEqual(machine.events, [("ldx-ordered",), ("stx",), ("ld-ordered",)])
        self.assertEqual(machine.words("arch_locks", 6, 4), (1, 1, 5, 6, 1, 1))
        machine.call("t_lock_release", 1)
        self.assertEqual(machine.events, [("st-ordered",)])
        self.assertEqual(machine.words("arch_locks", 6, 4), (1, 1, 6, 6, 1, 1))
        # Two others are before this one: it waits until its ticket is served, and for no other.
        machine.write(lock, struct.pack("<II", 5, 7))
        served = iter((6, 7))
        machine.wait = lambda one: one.events[-1] == ("wfe",) and one.write(lock, struct.pack("<I", next(served)))
        machine.call("t_lock_acquire", 1)
        self.assertEqual(machine.events, [("ldx-ordered",), ("stx",), ("ld-ordered",), ("sevl",), ("wfe",), ("ldx-ordered",),
                                          ("wfe",), ("ldx-ordered",)])
        self.assertEqual(machine.words("arch_locks", 6, 4), (1, 1, 7, 8, 1, 1))

    def test_smc(self):
        machine = self.machine()
        machine.smc = (11, 12, 13, 14)
        machine.call("t_smc_call", FREE, 1, 2, 3, 4)
        self.assertEqual(machine.events, [("smc", 0, 1, 2, 3, 4)])
        self.assertEqual(machine.read(FREE, 32), struct.pack("<4Q", 11, 12, 13, 14))


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
