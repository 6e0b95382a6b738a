# SPDX-License-Identifier: BSD-2-Clause
"""The state of a CPU as bit-vectors, and what one instruction does to it."""
import z3

from decode import Reg, Unknown

PAGE_BITS = 12
# V0 to V31; of SVE what Z has beyond them, P and FFR. Vectors are of 512 bits here, the longest that ZCR_EL2 allows where
# they are loaded and stored: of shorter ones the same instructions reach the lower words, or the lower bits of P, and no others.
VECTOR_WORDS = 8
PARTS = {n: [f"v{n}_lo", f"v{n}_hi"] + [f"z{n}_w{k}" for k in range(2, VECTOR_WORDS)] for n in range(32)}
VECTORS = [part for n in range(32) for part in PARTS[n][2:]] + [f"p{n}" for n in range(16)] + ["ffr"]
V_HALVES = [part for n in range(32) for part in PARTS[n][:2]]
HALVES = V_HALVES + VECTORS


def bv(value, bits=64):
    return z3.BitVecVal(value, bits)


class Event:
    """Something whose order counts: a write to a system register, a barrier, an invalidation, a call."""

    def __init__(self, pc, name, value=None, state=None):
        self.pc, self.name, self.value, self.state = pc, name, value, state

    def __str__(self):
        return self.name


class State:
    """One path's CPU. Registers are expressions over the values at entry; memory is a word array for each region."""

    def __init__(self):
        self.x, self.sp, self.flags = [], None, []
        self.v = {}                 # v0_lo, v0_hi, z0_w2, ..., p0, ffr: see HALVES
        self.system, self.memory = {}, {}
        self.pc = 0
        self.path, self.events = [], []
        self.written = {}           # register -> address of the instruction that wrote it last
        self.loops = {}
        self.calls = {}             # name -> what a call left, by the name of the result

    def copy(self):
        other = State()
        other.x, other.sp, other.flags = list(self.x), self.sp, list(self.flags)
        other.v = dict(self.v)
        other.system, other.memory = dict(self.system), dict(self.memory)
        other.pc, other.path, other.events = self.pc, list(self.path), list(self.events)
        other.written, other.loops, other.calls = dict(self.written), dict(self.loops), dict(self.calls)
        return other

    def get(self, reg):
        if reg.name == "zr":
            value = bv(0)
        elif reg.name == "sp":
            value = self.sp
        elif reg.name in self.v:
            return self.v[reg.name]
        else:
            value = self.x[reg.name]
        return value if reg.bits == 64 else z3.simplify(z3.Extract(31, 0, value))

    def set(self, reg, value):
        """A write of 32 bits clears the upper half."""
        if reg.bits == 32:
            value = z3.ZeroExt(32, value)
        value = z3.simplify(value)
        if reg.name == "sp":
            self.sp = value
            self.written["sp"] = self.pc
        elif reg.name in self.v:
            self.v[reg.name] = value
            self.written[reg.name] = self.pc
            if reg.name.endswith("_hi"):
                self.clear_rest(int(reg.name[1:-3]))
        elif reg.name != "zr":
            self.x[reg.name] = value
            self.written[f"x{reg.name}"] = self.pc


    def clear_rest(self, number):
        """A write of V clears the rest of Z."""
        for part in PARTS[number][2:]:
            self.v[part] = bv(0)
            self.written[part] = self.pc

    def set_part(self, name, value):
        """A word of Z, P or FFR, and nothing else."""
        self.v[name] = z3.simplify(value)
        self.written[name] = self.pc


class Names:
    """Fresh constants with names that a counter-example can show."""

    def __init__(self):
        self.count = {}

    def word(self, name, bits=64):
        return z3.BitVec(self._name(name), bits)

    def bit(self, name):
        return z3.Bool(self._name(name))

    def words(self, name):
        return z3.Array(self._name(name), z3.BitVecSort(64), z3.BitVecSort(64))

    def _name(self, name):
        self.count[name] = self.count.get(name, 0) + 1
        return f"{name}'{self.count[name]}" if "." in name else name


def initial(names, system):
    """Any CPU: every register has a name for a value."""
    state = State()
    state.x = [names.word(f"x{n}") for n in range(31)]
    state.sp = names.word("sp")
    state.v = {name: names.word(name) for name in HALVES}
    state.flags = [names.bit(flag) for flag in ("N", "Z", "C", "V")]
    state.system = {name: names.word(name) for name in [*system, "vector_bytes"]}
    return state


def condition(state, name):
    """The Arm ARM's condition codes."""
    n, z, c, v = state.flags
    base = {"eq": z, "hs": c, "mi": n, "vs": v, "hi": z3.And(c, z3.Not(z)), "ge": n == v,
            "gt": z3.And(z3.Not(z), n == v)}
    opposite = {"ne": "eq", "lo": "hs", "pl": "mi", "vc": "vs", "ls": "hi", "lt": "ge", "le": "gt"}
    taken = z3.Not(base[opposite[name]]) if name in opposite else base[name]
    return z3.simplify(taken)


def _second(state, insn, bits):
    """The last operand: a register or an immediate, shifted left."""
    last = insn.ops[-1]
    value = bv(last & ((1 << bits) - 1), bits) if isinstance(last, int) else state.get(last)
    return value << insn.shift[1] if insn.shift[0] == "lsl" and insn.shift[1] else value


def _subtract_flags(state, left, right):
    bits = left.size()
    result = left - right
    top = bits - 1
    sign = lambda value: z3.Extract(top, top, value) == 1
    state.flags = [z3.simplify(flag) for flag in (
        sign(result), result == 0, z3.UGE(left, right),
        z3.And(sign(left) != sign(right), sign(result) != sign(left)))]


def data(state, insn, base):
    """Instructions that only compute. @base is the address of the image's first byte."""
    name, ops = insn.name, insn.ops
    if name == "cmp":
        left = state.get(ops[0])
        _subtract_flags(state, left, _second(state, insn, ops[0].bits))
        return
    to = ops[0]
    if name == "mov":
        state.set(to, _second(state, insn, to.bits))
    elif name == "movz":
        state.set(to, _second(state, insn, to.bits))
    elif name == "movn":
        state.set(to, ~_second(state, insn, to.bits))
    elif name == "movk":
        shift = insn.shift[1]
        kept = ((1 << to.bits) - 1) & ~(0xFFFF << shift)
        state.set(to, (state.get(to) & bv(kept, to.bits)) | bv(ops[1] << shift, to.bits))
    elif name == "adrp":
        state.set(to, base + bv(ops[1]))
    elif name in ("add", "sub", "and", "orr", "bic"):
        left, right = state.get(ops[1]), _second(state, insn, to.bits)
        state.set(to, {"add": lambda: left + right, "sub": lambda: left - right, "and": lambda: left & right,
                       "orr": lambda: left | right, "bic": lambda: left & ~right}[name]())
    elif name == "lsl":
        amount = _second(state, insn, to.bits)
        state.set(to, state.get(ops[1]) << (amount & bv(to.bits - 1, to.bits)))
    elif name == "ubfx":
        lsb, width = ops[2], ops[3]
        state.set(to, z3.ZeroExt(to.bits - width, z3.Extract(lsb + width - 1, lsb, state.get(ops[1]))))
    elif name == "csel":
        state.set(to, z3.If(condition(state, insn.condition), state.get(ops[1]), state.get(ops[2])))
    else:
        raise Unknown(insn.text)


DATA = {"cmp", "mov", "movz", "movn", "movk", "adrp", "add", "sub", "and", "orr", "bic", "lsl", "ubfx", "csel"}


def taken(state, insn):
    """Whether a conditional branch is taken."""
    if insn.name == "b":
        return condition(state, insn.condition)
    if insn.name in ("cbz", "cbnz"):
        zero = state.get(insn.ops[0]) == 0
        return z3.simplify(zero if insn.name == "cbz" else z3.Not(zero))
    if insn.name in ("tbz", "tbnz"):
        # The register is named by the width that its bit needs; the bit is the same.
        bit = insn.ops[1]
        value = z3.Extract(bit, bit, bv(0) if insn.ops[0].name == "zr" else state.x[insn.ops[0].name])
        return z3.simplify(value == (0 if insn.name == "tbz" else 1))
    raise Unknown(insn.text)


def part(word, offset, size):
    """What a load of @size bytes at @offset takes of the 8 bytes that it lies in."""
    if size == 8:
        return word
    return z3.simplify(z3.If(z3.Extract(2, 2, offset) == 1, z3.Extract(63, 32, word), z3.Extract(31, 0, word)))


def accesses(state, insn):
    """(address, register, bytes) of each access of a load or store, and the base register's new value."""
    count = 1 if insn.name in ("ldr", "str") else 2
    registers, mem = insn.ops[:count], insn.ops[count]
    base = state.get(mem.base)
    address = base + bv(mem.offset & 0xFFFFFFFFFFFFFFFF)
    if mem.index is not None:
        index = state.get(mem.index)
        if (mem.extend == "uxtw") != (mem.index.bits == 32):
            raise Unknown(insn.text)
        address = base + ((z3.ZeroExt(32, index) if mem.extend == "uxtw" else index) << mem.shift)
    new = None
    if insn.mode == "pre":
        new = address
    elif insn.mode == "post":
        new = base + bv(insn.ops[count + 1])
        address = base
    if new is not None and any(reg.name == mem.base.name for reg in registers):
        raise Unknown(f"{insn.text}: the base is also loaded or stored")
    if registers[0].bits == 128:
        # Two words each, the low half first: EL2 is little-endian.
        registers = [Reg(f"{reg.name}_{half}", 64) for reg in registers for half in ("lo", "hi")]
    size = registers[0].bits // 8
    found = [(z3.simplify(address + bv(size * place)), reg, size) for place, reg in enumerate(registers)]
    return found, mem.base, None if new is None else z3.simplify(new)


def vector_parts(name):
    """The words of Z or P by the name of the register."""
    return PARTS[int(name[1:])] if name[0] == "z" else [name]
