# SPDX-License-Identifier: BSD-2-Clause
"""The expressions of spec/assembly.toml, as bit-vectors and conditions.

Numbers are 64-bit and unsigned. A name is a register (x0, w0, sp, a system register), a half of a register of FP and SIMD
(v0_lo, v0_hi), a constant of the specification, or CALL.x0, what the call left. old(E), first(E) and head(E) are E at the routine's entry, at the
loop's first arrival, and at the start of this iteration; addr(SYMBOL) is where the image has it, mem(E) the word at
an address, word(REGION, E) the word at an offset of a region, trap(ACTION) what spec/traps.toml decides. `any` is some
number, the same wherever it stands, of which nothing else is known; a condition with `every` holds for all of them;
`slot` is the entry's number in its vector table.
"""
import ast
import re

import z3


class BadExpression(Exception):
    """What is wrong with an expression, in one line."""


def expand(text):
    """x{0-3} stands for x0, x1, x2 and x3; several in one text count together."""
    ranges = re.findall(r"\{(\d+)-(\d+)\}", text)
    if not ranges:
        return [text]
    counts = {int(high) - int(low) for low, high in ranges}
    if len(counts) != 1:
        raise BadExpression(f"'{text}': ranges of different lengths")
    found = []
    for step in range(counts.pop() + 1):
        found.append(re.sub(r"\{(\d+)-(\d+)\}", lambda match, n=step: str(int(match.group(1)) + n), text))
    return found


def parse(text):
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise BadExpression(f"'{text}': {error.msg}") from error


def names(text):
    """Every name in an expression: what spec/gen/check.py can look at without an image."""
    return {node.id for node in ast.walk(parse(text)) if isinstance(node, ast.Name)}


class Scope:
    """What names mean: the state now, and the states that old, first and head go back to."""

    def __init__(self, world, now, entry, first=None, head=None):
        self.world, self.now, self.entry, self.first, self.head = world, now, entry, first, head

    def at(self, state):
        return Scope(self.world, state, self.entry, self.first, self.head)


def value(text, scope):
    """A 64-bit vector."""
    found = _eval(parse(text), scope, text)
    if not z3.is_bv(found):
        raise BadExpression(f"'{text}': a number is needed")
    return found


def truth(text, scope):
    found = _eval(parse(text), scope, text)
    if not z3.is_bool(found):
        raise BadExpression(f"'{text}': a condition is needed (parentheses around '&'?)")
    return z3.ForAll([scope.world.every], found) if "every" in names(text) else found


_ARITHMETIC = {ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
               ast.BitAnd: lambda a, b: a & b, ast.BitOr: lambda a, b: a | b, ast.BitXor: lambda a, b: a ^ b,
               ast.LShift: lambda a, b: a << b, ast.RShift: z3.LShR}
_COMPARE = {ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b, ast.Lt: z3.ULT, ast.LtE: z3.ULE,
            ast.Gt: z3.UGT, ast.GtE: z3.UGE}


def _word(node, scope, text):
    found = _eval(node, scope, text)
    if not z3.is_bv(found):
        raise BadExpression(f"'{text}': a condition where a number is needed (parentheses around '&'?)")
    return found


def _condition(node, scope, text):
    found = _eval(node, scope, text)
    if not z3.is_bool(found):
        raise BadExpression(f"'{text}': a number where a condition is needed")
    return found


def _eval(node, scope, text):
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return z3.BoolVal(node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return z3.BitVecVal(node.value, 64)
    if isinstance(node, ast.Name):
        return _name(node.id, scope, text)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        left = scope.now.calls.get(node.value.id)
        if left is None:
            raise NotCalled(f"'{text}': {node.value.id} was not called on this path")
        if node.attr not in left:
            raise BadExpression(f"'{text}': {node.value.id} leaves no {node.attr}")
        return left[node.attr]
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return _ARITHMETIC[type(node.op)](_word(node.left, scope, text), _word(node.right, scope, text))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Invert, ast.USub)):
        inner = _word(node.operand, scope, text)
        return ~inner if isinstance(node.op, ast.Invert) else -inner
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return z3.Not(_condition(node.operand, scope, text))
    if isinstance(node, ast.BoolOp):
        parts = [_condition(part, scope, text) for part in node.values]
        return z3.And(*parts) if isinstance(node.op, ast.And) else z3.Or(*parts)
    if isinstance(node, ast.Compare):
        sides = [_word(side, scope, text) for side in [node.left, *node.comparators]]
        parts = []
        for left, op, right in zip(sides, node.ops, sides[1:]):
            if type(op) not in _COMPARE:
                raise BadExpression(f"'{text}': this comparison is not part of the language")
            parts.append(_COMPARE[type(op)](left, right))
        return parts[0] if len(parts) == 1 else z3.And(*parts)
    if isinstance(node, ast.IfExp):
        return z3.If(_condition(node.test, scope, text), _word(node.body, scope, text), _word(node.orelse, scope, text))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return _call(node.func.id, node.args, scope, text)
    raise BadExpression(f"'{text}': not part of the language")


class NotCalled(BadExpression):
    """The expression speaks of a call that this path did not make."""


def _call(name, args, scope, text):
    count = {"implies": 2, "word": 2}.get(name, 1)
    if len(args) != count:
        raise BadExpression(f"'{text}': {name} takes {count} argument{'s' if count > 1 else ''}")
    if name in ("old", "first", "head"):
        state = {"old": scope.entry, "first": scope.first, "head": scope.head}[name]
        if state is None:
            raise BadExpression(f"'{text}': {name}() has no meaning here")
        return _eval(args[0], scope.at(state), text)
    if name == "implies":
        return z3.Implies(_condition(args[0], scope, text), _condition(args[1], scope, text))
    if name in ("addr", "trap") and isinstance(args[0], ast.Name):
        return scope.world.address(args[0].id) if name == "addr" else scope.world.trap(args[0].id, scope.now)
    if name == "mem":
        return scope.world.word_at(_word(args[0], scope, text), scope.now, text)
    if name == "word" and isinstance(args[0], ast.Name):
        if args[0].id not in scope.now.memory:
            raise BadExpression(f"'{text}': no region {args[0].id}")
        return z3.Select(scope.now.memory[args[0].id], _word(args[1], scope, text))
    raise BadExpression(f"'{text}': {name}() is not part of the language")


def _name(name, scope, text):
    state = scope.now
    register = re.fullmatch(r"([xw])(\d+)", name)
    if register and int(register.group(2)) <= 30:
        found = state.x[int(register.group(2))]
        return found if register.group(1) == "x" else found & z3.BitVecVal(0xFFFFFFFF, 64)
    if name == "sp":
        return state.sp
    if name in state.v:
        return state.v[name]
    if name in state.system:
        return state.system[name]
    found = scope.world.constant(name)
    if found is None:
        raise BadExpression(f"'{text}': '{name}' is neither a register nor a constant of the specification")
    return found
