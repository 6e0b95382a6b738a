# SPDX-License-Identifier: BSD-2-Clause
"""Wrong versions of a source file, one small change each."""

import hashlib
import re
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Mutant:
    file: str
    function: str               # "" outside of functions and in specifications
    line: int
    rule: str
    start: int
    end: int
    old: str
    new: str
    context: str
    column: int
    twin: int = 0               # which of several lines of one function that read the same

    @property
    def id(self):
        text = f"{self.file}|{self.function}|{self.rule}|{self.context}|{self.column}|{self.old}|{self.new}|{self.twin}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    def apply(self, text):
        return text[:self.start] + self.new + text[self.end:]

    def change(self):
        """On one line, whatever is changed."""
        return f"{self.context}  [{' '.join(self.old.split())} -> {' '.join(self.new.split()) or 'nothing'}]"

    def tell(self):
        return f"{self.id} {self.file}:{self.line}: {self.rule}: {self.change()}"


def _masked(text, pattern):
    """@text with comments as blanks, positions kept."""
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match.group()), text, flags=re.DOTALL | re.MULTILINE)


def _line(text, at):
    """Number, text and column of the line that position @at is in."""
    start = text.rfind("\n", 0, at) + 1
    line = text[start:text.find("\n", at)]
    return text.count("\n", 0, at) + 1, line.strip(), at - start


def _told_apart(found):
    """Mutants of lines that read the same are numbered."""
    seen, out = {}, []
    for mutant in found:
        twin = seen.get(mutant.id, 0)
        seen[mutant.id] = twin + 1
        out.append(replace(mutant, twin=twin) if twin else mutant)
    return out


def _increment(match):
    digits = re.match(r"0x[0-9a-fA-F]+|\d+", match.group()).group()
    value = int(digits, 0) + 1
    return (hex(value) if digits.startswith("0x") else str(value)) + match.group()[len(digits):]


C_RULES = [
    ("condition", r" (==|!=|<=|>=|<|>) ", lambda m: {"==": " != ", "!=": " == ", "<=": " < ", ">=": " > ", "<": " <= ",
                                                       ">": " >= "}[m[1]]),
    ("condition", r" (&&|\|\|) ", lambda m: " || " if m[1] == "&&" else " && "),
    ("condition", r"(?<=[(\s])!(?=[a-z(])", lambda m: ""),
    ("bound", r" (\+|-) (?=\w)", lambda m: " - " if m[1] == "+" else " + "),
    ("constant", r"(?<![\w.])(?:0x[0-9a-fA-F]+|\d+)(?:u|ul)?(?![\w.])", _increment),
    ("constant", r"\bHYP_E[A-Z]+\b", lambda m: "HYP_EPERM" if m[0] != "HYP_EPERM" else "HYP_EINVAL"),
    ("error lost", r"(?<=return )(?:HYP_E[A-Z]+|error)(?=;)", lambda m: "0"),
    ("statement dropped", r"^\t+(?!return|u\d|s\d|struct|static|break|if|for|while|else|case|default)[a-z][^\n;{}]*;$",
     lambda m: re.match(r"\t+", m[0])[0] + ";"),
    ("barrier dropped", r"(?<=[\"t])(?:(?:dsb|tlbi|ic|dc) [a-z0-9]+|isb)(?:, %\d)?(?=[\"\\])", lambda m: ""),
    ("barrier dropped", r"\bldaxr\b|\bldar\b|\bstlr\b", lambda m: {"ldaxr": "ldxr", "ldar": "ldr", "stlr": "str"}[m[0]]),
    ("arguments swapped", r"\b[a-z_]\w*\(([^(),]+), ([^(),]+)(?=[,)])",
     lambda m: None if m[1] == m[2] else m[0][:m.start(1) - m.start()] + m[2] + ", " + m[1]),
]

_FUNCTION = re.compile(r"^(?:[a-z]\w* +)*(?:struct )?\w+ +\*?(\w+)\([^;{}]*\)\s*\n\{", re.MULTILINE)


def of_c(file, text):
    """Mutants of the function bodies of a C file."""
    code = _masked(text, r"/\*.*?\*/|//[^\n]*")
    plain = re.sub(r'"(?:[^"\\\n]|\\.)*"', lambda match: '"' + " " * (len(match[0]) - 2) + '"', code)
    found = []
    for function in _FUNCTION.finditer(code):
        stop = code.find("\n}", function.end())
        for rule, pattern, change in C_RULES:
            for match in re.compile(pattern, re.MULTILINE).finditer(plain if rule == "constant" else code, function.end(), stop + 1):
                new = change(match)
                if new is None:
                    continue
                number, context, column = _line(text, match.start())
                found.append(Mutant(file, function[1], number, rule, match.start(), match.end(), match[0].strip(),
                                    new, context, column))
    return _told_apart(found)


ASM_RULES = [
    ("instruction dropped", r"^\t(?:isb|dsb|tlbi|msr|mrs|stp|ldp|str|ldr|eret|add|sub|mov|b|bl|br|blr|cbz|cbnz|ic|dc)\b[^\n]*$",
     lambda m: "\t"),
    ("registers swapped", r"(?<=[sl][td]p\t)(x\d+|xzr), (x\d+|xzr)", lambda m: f"{m[2]}, {m[1]}"),
    ("constant", r"(?<=#)\d+\b", lambda m: str(int(m[0]) + 8)),
]


_ROUTINE = re.compile(r"^(?:function|\.macro)\s+(\w+)|^(\w+):", re.MULTILINE)


def of_asm(file, text):
    code = _masked(text, r"/\*.*?\*/|//[^\n]*")
    found = []
    for rule, pattern, change in ASM_RULES:
        for match in re.compile(pattern, re.MULTILINE).finditer(code):
            number, context, column = _line(text, match.start())
            inside = [one[1] or one[2] for one in _ROUTINE.finditer(code, 0, match.start())]
            found.append(Mutant(file, inside[-1] if inside else "", number, rule, match.start(), match.end(),
                                match[0].strip(), change(match), context, column))
    return _told_apart(found)


# A value of the other kind where there is one, else a neighbour.
OTHER = {"HOST": "HYP", "HYP": "HOST_SHARED_HYP", "HOST_SHARED_HYP": "HOST", "host": "hyp", "hyp": "host", "zero": "keep",
         "keep": "zero", "inc": "dec", "dec": "inc", "any": "nonzero", "nonzero": "any", "below_max": "any", "HYP_EPERM": "HYP_EINVAL",
         "forward": "refuse", "refuse": "forward", "relay": "forward", "abort": "undef", "hvc": "undef", "smc": "undef",
         "protected": "nvhe"}


def _other(match):
    return OTHER.get(match[0], "HYP_EPERM" if match[0].startswith("HYP_E") else None)


def _flip(match):
    digits = match[0].replace("_", "")
    return "0" if digits == "1" else "1" if digits == "0" else _increment(re.match(r".*", digits))


SPEC_RULES = [
    ("constant", r"(?<== )(?:0x[0-9a-fA-F_]+|\d[\d_]*)(?=[ ]*(?:#|$))",
     lambda m: _increment(re.match(r".*", m[0].replace("_", "")))),
    ("constant", r"(?<== )(?:0x[0-9a-fA-F_]+|\d[\d_]*)(?=[ ]*[,}])", _flip),
    ("condition", r"(?<= = )(?:true|false)\b", lambda m: "false" if m[0] == "true" else "true"),
    ("word", r'(?<=^guard = ")\w+|(?<=^effect = ")\w+|(?<=^by = ")\w+|(?<=^owner = ")\w+|(?<=^from = ")\w+|(?<=^to = ")\w+|'
             r'(?<=^action = ")\w+|(?<=^disposition = ")\w+|(?<=_error = ")HYP_E\w+|(?<=[ {,]\w{3} = ")HYP_E\w+|'
             r'(?<=\w = ")HYP_E\w+(?=", (?:doc|above))|(?<=\w = ")HYP_E\w+(?="(?:,| \}))', _other),
    ("entry dropped", r"^\[\[(?!register|routine|function|operation|data|part|op|packaged)[\w.]+\]\]\n(?:(?!\[|#)[^\n]*\n)+",
     lambda m: ""),
]

_REGISTER = re.compile(r'^name = "(\w+)"\n(?:(?!\[\[).*\n)*?fields = \{(.*)\}\n(?:res1 = \[(.*)\])?', re.MULTILINE)


def _of_registers(file, text, code, words):
    """Bits of sysregs.toml that the sources use or that a value has: moved by one, and what is to be written as one."""
    found = []
    for register in _REGISTER.finditer(code):
        stop = code.find("[[register]]", register.end())
        values = code[register.end():stop if stop > 0 else None] + (
            re.search(r"\[hcr\]((?:.*\n)*?)\n\[\[", words)[1] if register[1] == "HCR_EL2" else "")
        changes = []
        for field in re.finditer(r"(\w+) = (\[(\d+), (\d+)\])", register[2]):
            name = f"{register[1]}_{field[1]}"
            if re.search(rf"\b{name}_|\b{name.lower()}(?:_put)?\(", words) or re.search(rf"\b{field[1]} =", values):
                changes.append((2, field.start(2), field[2], f"[{int(field[3]) + 1}, {int(field[4]) + 1}]"))
        for bit in re.finditer(r"\d+", register[3] or ""):
            if values.strip():
                changes.append((3, bit.start(), bit[0], "63"))
        for group, at, old, new in changes:
            start = register.start(group) + at
            number, _, column = _line(text, start)
            found.append(Mutant(file, "", number, "constant", start, start + len(old), old, new, register[1], column))
    return found


def of_spec(file, text, words=""):
    """Mutants of a specification; @words is all text of the sources, for sysregs.toml."""
    code = _masked(text, r"^#[^\n]*|[ \t]#[^\n\"]*$")
    found = []
    for rule, pattern, change in SPEC_RULES:
        for match in re.compile(pattern, re.MULTILINE).finditer(code):
            new = change(match)
            if new is not None:
                number, context, column = _line(text, match.start())
                found.append(Mutant(file, "", number, rule, match.start(), match.end(), match[0].strip().split("\n")[0], new,
                                    context if rule != "entry dropped" else match[0].strip().split("\n")[1], column))
    if file.endswith("sysregs.toml"):
        found += _of_registers(file, text, code, words)
    return _told_apart(found)


# What is mutated, and how. requirements.toml and assumptions.toml are texts.
RULES = (("src/hyp/*.[ch]", of_c), ("src/arch/arm64/*.S", of_asm), ("src/arch/arm64/*.c", of_c),
         ("src/arch/arm64/include/asm/hyp_arch.h", of_c), ("spec/[!ra]*.toml", of_spec), ("spec/assembly.toml", of_spec))
