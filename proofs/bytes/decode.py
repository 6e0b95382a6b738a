# SPDX-License-Identifier: BSD-2-Clause
"""One instruction word as mnemonic and operands. What is not in here is unknown, and an error."""
import re
import struct
from dataclasses import dataclass, field

import capstone
from capstone import arm64

BARRIER_DOMAINS = {0b0011: "osh", 0b0111: "nsh", 0b1011: "ish", 0b1111: "sy",
                   0b0010: "oshst", 0b0110: "nshst", 0b1010: "ishst", 0b1110: "st",
                   0b0001: "oshld", 0b0101: "nshld", 0b1001: "ishld", 0b1101: "ld"}
HINTS = {0: "nop", 2: "wfe", 3: "wfi"}
PLAIN = {"mov", "movz", "movn", "movk", "add", "sub", "and", "orr", "bic", "ubfx", "lsl", "cmp", "csel", "adrp",
         "ldr", "str", "ldp", "stp", "b", "bl", "br", "ret", "cbz", "cbnz", "tbz", "tbnz", "eret", "smc", "hvc"}
CONDITIONS = {arm64.ARM64_CC_EQ: "eq", arm64.ARM64_CC_NE: "ne", arm64.ARM64_CC_HS: "hs", arm64.ARM64_CC_LO: "lo",
              arm64.ARM64_CC_MI: "mi", arm64.ARM64_CC_PL: "pl", arm64.ARM64_CC_VS: "vs", arm64.ARM64_CC_VC: "vc",
              arm64.ARM64_CC_HI: "hi", arm64.ARM64_CC_LS: "ls", arm64.ARM64_CC_GE: "ge", arm64.ARM64_CC_LT: "lt",
              arm64.ARM64_CC_GT: "gt", arm64.ARM64_CC_LE: "le"}


# Instructions of SVE that are known here: mask, value, name, and where a register's number stands. Load and store are those
# without an offset, whose base is a general register.
VECTORS = [(0xFFFFFC00, 0x85804000, "ldr_z", 0, 31), (0xFFFFFC00, 0xE5804000, "str_z", 0, 31),
           (0xFFFFFC10, 0x85800000, "ldr_p", 0, 15), (0xFFFFFC10, 0xE5800000, "str_p", 0, 15),
           (0xFFFFFFF0, 0x2519F000, "rdffr", 0, 15), (0xFFFFFE1F, 0x25289000, "wrffr", 5, 15),
           (0xFFFFFFF0, 0x2518E400, "pfalse", 0, 15), (0xFFFFFFE0, 0x04BF5020, "rdvl", 0, 31)]


class Unknown(Exception):
    """An instruction without semantics here."""


@dataclass
class Reg:
    """x0 to x30 by number, "sp" or "zr", 64 or 32 bits; "v0" to "v31", 128 bits."""
    name: object
    bits: int


@dataclass
class Mem:
    base: Reg
    index: object = None        # Reg
    offset: int = 0
    extend: str = ""
    shift: int = 0


@dataclass
class Insn:
    address: int
    word: int
    text: str
    name: str
    ops: list = field(default_factory=list)
    shift: tuple = ("", 0)      # of the last register or immediate operand
    condition: str = ""
    mode: str = ""              # offset, pre, post


class Decoder:
    """@registers: (op0, op1, CRn, CRm, op2) -> name; @operations: (op1, CRn, CRm, op2) -> text."""

    def __init__(self, registers, operations):
        self.registers, self.operations = registers, operations
        self.engine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_LITTLE_ENDIAN)
        self.engine.detail = True

    def decode(self, address, word):
        if word >> 22 == 0b1101010100:
            return self._system(address, word)
        for mask, value, name, place, last in VECTORS:
            if word & mask == value:
                return self._vector(address, word, name, word >> place & last)
        found = list(self.engine.disasm(struct.pack("<I", word), address))
        if len(found) != 1:
            raise Unknown(f"word 0x{word:08x}")
        plain = found[0]
        text = f"{plain.mnemonic} {plain.op_str}".strip()
        name, _, suffix = plain.mnemonic.partition(".")
        if name not in PLAIN or (suffix and name != "b"):
            raise Unknown(text)
        insn = Insn(address, word, text, name)
        for place, op in enumerate(plain.operands):
            insn.ops.append(self._operand(op, text))
            if op.shift.type != arm64.ARM64_SFT_INVALID and op.type != arm64.ARM64_OP_MEM:
                if place != len(plain.operands) - 1:
                    raise Unknown(text)
                insn.shift = ({arm64.ARM64_SFT_LSL: "lsl"}.get(op.shift.type, "?"), op.shift.value)
                if insn.shift[0] == "?":
                    raise Unknown(text)
        if suffix or name == "csel":
            insn.condition = CONDITIONS.get(plain.cc) or self._fail(text)
        if name in ("ldr", "str", "ldp", "stp"):
            self._addressing(insn, plain)
        return insn

    def names_host_register(self, address, word):
        """The text of an instruction that names x18 or a register of FP, SIMD or SVE, or is not known to capstone."""
        if word >> 22 == 0b1101010100:
            return "x18" if word & 31 == 18 else ""
        for plain in self.engine.disasm(struct.pack("<I", word), address):
            if re.search(r"\b([xw]18|[bhsdqvz]\d+|p\d+)\b", plain.op_str):
                return f"{plain.mnemonic} {plain.op_str}"
            return ""
        return f"word 0x{word:08x}"

    @staticmethod
    def _fail(text):
        raise Unknown(text)

    def _addressing(self, insn, plain):
        vectors = {op.bits == 128 for op in insn.ops if isinstance(op, Reg)}
        if True in vectors and (False in vectors or insn.name not in ("ldp", "stp")):
            raise Unknown(insn.text)
        memory = 1 if insn.name in ("ldr", "str") else 2
        if len(insn.ops) <= memory or not isinstance(insn.ops[memory], Mem):
            raise Unknown(insn.text)
        insn.mode = "offset"
        if plain.writeback:
            insn.mode = "post" if len(insn.ops) == memory + 2 else "pre"

    def _operand(self, op, text):
        if op.type == arm64.ARM64_OP_REG:
            if op.ext != arm64.ARM64_EXT_INVALID:
                raise Unknown(text)
            return self._register(op.reg, text, text.startswith(("ldp ", "stp ")))
        if op.type == arm64.ARM64_OP_IMM:
            return op.imm & 0xFFFFFFFFFFFFFFFF
        if op.type == arm64.ARM64_OP_MEM:
            base = self._register(op.mem.base, text)
            if not op.mem.index:
                return Mem(base, None, op.mem.disp)
            extend = {arm64.ARM64_EXT_INVALID: "lsl", arm64.ARM64_EXT_UXTX: "lsl", arm64.ARM64_EXT_UXTW: "uxtw"}
            if op.ext not in extend or op.shift.type not in (arm64.ARM64_SFT_INVALID, arm64.ARM64_SFT_LSL):
                raise Unknown(text)
            return Mem(base, self._register(op.mem.index, text), 0, extend[op.ext], op.shift.value)
        raise Unknown(text)

    def _register(self, number, text, pair=False):
        name = self.engine.reg_name(number)
        fixed = {"sp": Reg("sp", 64), "xzr": Reg("zr", 64), "wzr": Reg("zr", 32), "fp": Reg(29, 64), "lr": Reg(30, 64)}
        if name in fixed:
            return fixed[name]
        if name and name[0] in "xw" and name[1:].isdigit():
            return Reg(int(name[1:]), 64 if name[0] == "x" else 32)
        if pair and name and name[0] == "q":
            return Reg(f"v{name[1:]}", 128)
        raise Unknown(text)

    @staticmethod
    def _vector(address, word, name, number):
        if name == "rdvl":
            target = Reg("zr" if number == 31 else number, 64)
            return Insn(address, word, f"rdvl x{number}, #1", name, [target])
        kind = "z" if name.endswith("_z") else "p"
        text = f"{name.partition('_')[0]} {kind}{number}"
        if "_" not in name:
            return Insn(address, word, text, name, [f"{kind}{number}"])
        base = word >> 5 & 31
        if base == 31:
            raise Unknown(f"{text}, [sp]")
        return Insn(address, word, f"{text}, [x{base}]", name, [f"{kind}{number}", Mem(Reg(base, 64))], mode="offset")

    def _system(self, address, word):
        """The system space by its encoding, since names of registers differ between disassemblers."""
        read, op0 = word >> 21 & 1, word >> 19 & 3
        op1, crn, crm, op2 = word >> 16 & 7, word >> 12 & 15, word >> 8 & 15, word >> 5 & 7
        target = Reg("zr" if word & 31 == 31 else word & 31, 64)
        text = f"system word 0x{word:08x}"
        if op0 >= 2:
            name = self.registers.get((op0, op1, crn, crm, op2))
            if name is None:
                raise Unknown(f"{'mrs' if read else 'msr'} s{op0}_{op1}_c{crn}_c{crm}_{op2}: not in spec/assembly.toml")
            shown = "xzr" if target.name == "zr" else f"x{target.name}"
            return Insn(address, word, f"mrs {shown}, {name}" if read else f"msr {name}, {shown}",
                        "mrs" if read else "msr", [name, target])
        if read:
            raise Unknown(text)
        if op0 == 1:
            name = self.operations.get((op1, crn, crm, op2))
            if name is None:
                raise Unknown(f"sys #{op1}, c{crn}, c{crm}, #{op2}: not in spec/assembly.toml")
            takes = name.startswith("dc ")
            if takes == (target.name == "zr"):
                raise Unknown(text)
            text = name + (f", x{target.name}" if takes else "")
            return Insn(address, word, text, "sys", [name, target if takes else None])
        if crn == 4 and word & 31 == 31:
            immediate = {(3, 6): "daifset", (0, 5): "spsel"}.get((op1, op2))
            if immediate is None:
                raise Unknown(text)
            return Insn(address, word, f"msr {immediate}, #{crm}", "msr_immediate", [immediate, crm])
        if crn == 3 and op1 == 3 and word & 31 == 31:
            if op2 == 6 and crm == 15:
                return Insn(address, word, "isb", "barrier", ["isb"])
            if op2 == 4 and crm in BARRIER_DOMAINS:
                name = f"dsb {BARRIER_DOMAINS[crm]}"
                return Insn(address, word, name, "barrier", [name])
        if crn == 2 and op1 == 3 and word & 31 == 31 and crm == 0 and op2 in HINTS:
            return Insn(address, word, HINTS[op2], "hint", [HINTS[op2]])
        raise Unknown(text)
