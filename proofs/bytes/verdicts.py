# SPDX-License-Identifier: BSD-2-Clause
"""Each clause of each contract: proved, or why not."""
import hashlib
from dataclasses import dataclass, field

import z3

import language
import machine
from decode import Decoder, Unknown
from execute import Execution
from image import ImageError
from judge import Failed
from language import BadExpression, NotCalled

PROVED, FAILED, UNDECIDED = "proved", "failed", "unproved"


@dataclass
class Verdict:
    verdict: str
    text: str = ""
    questions: int = 0
    steps: int = 0
    seconds: float = 0.0


@dataclass
class Result:
    """One routine: its verdicts by clause, the addresses that it executed, and the fingerprints of its bytes."""
    verdicts: dict
    covered: set
    sha256: str = ""
    meaning: list = field(default_factory=list)


def at(image, address, decoder):
    try:
        text = decoder.decode(address, image.word(address)).text
    except Unknown as error:
        text = str(error)
    return f"0x{address:x} <{image.place(address)}> {text}"


def entries(image, routine):
    """(address, number in its table) of each entry."""
    found = []
    for text in routine.at:
        symbol, _, offset = text.partition("+")
        number = int(offset, 0) if offset else 0
        found.append((image.address(symbol) + number, number // 0x80))
    return found


def spans(image, routine, contracts):
    """The bytes that the routine's proof is about."""
    found = []
    names = [routine.name] + [part for part, of in contracts.parts.items() if of == routine.name]
    for name in names:
        found += [(low, high) for low, high, function in image.functions if function == name]
    for address, _ in entries(image, routine):
        if not any(low <= address < high for low, high in found):
            found.append((address, address + (0x80 if "+" in "".join(routine.at) else 4)))
    return found


def meaning(image, decoder, low, high, places):
    """The instructions, each with the names of what it refers to: what the proof is about, wherever things stand."""
    found, page = [], {}
    for address in range(low, high, 4):
        word = image.word(address)
        try:
            insn = decoder.decode(address, word)
        except Unknown:
            found.append([f"{word:08x}", []])
            continue
        name, ops = insn.name, insn.ops
        if name == "adrp":
            page = {ops[0].name: ops[1]}
            found.append([f"adrp x{ops[0].name}", []])
        elif page and name == "add" and isinstance(ops[2], int) and ops[1].name == ops[0].name and ops[0].name in page:
            found.append([f"add x{ops[0].name}", _reference(image, page.pop(ops[0].name) + ops[2], low, high, places)])
        elif page:
            # A page by itself: only the same place is the same.
            found.append([f"{page} {word:08x}", []])
            page = {}
        elif name in ("b", "bl", "cbz", "cbnz", "tbz", "tbnz"):
            far = name in ("b", "bl") and not insn.condition
            mask = 0x7FFE0 if name in ("tbz", "tbnz") else 0x3FFFFFF if far else 0xFFFFE0
            found.append([f"{word & ~mask:08x}", _reference(image, ops[-1], low, high, places)])
        else:
            found.append([f"{word:08x}", []])
    return found


def _reference(image, target, low, high, places):
    if low <= target < high:
        return [f"+0x{target - low:x}"]
    # Names of which no contract speaks may stand there by chance.
    names = image.names_at(target)
    return [name for name in names if name in places] or names or [image.place(target)]


def fingerprints(image, decoder, routine, contracts):
    """The digest of the routine's bytes, and what they mean."""
    whole = spans(image, routine, contracts)
    raw = hashlib.sha256(b"".join(image.text[low - image.start:high - image.start] for low, high in whole)).hexdigest()
    return raw, [meaning(image, decoder, low, high, contracts.places) for low, high in whole]


def same_meaning(proved, found):
    """The same instructions, which refer at least to what they referred to."""
    if len(proved) != len(found) or any(len(old) != len(new) for old, new in zip(proved, found)):
        return False
    return all(before[0] == after[0] and set(before[1]) <= set(after[1])
               for old, new in zip(proved, found) for before, after in zip(old, new))


def new_decoder(contracts):
    return Decoder(contracts.registers, contracts.operations)


def prove(contracts, image, decoder, routine):
    """All clauses of one routine."""
    result = Result({clause: Verdict(UNDECIDED) for clause in routine.clauses}, set())
    runs = []
    try:
        result.sha256, result.meaning = fingerprints(image, decoder, routine, contracts)
        for address, slot in entries(image, routine):
            run = Execution(contracts, image, decoder, routine, address, slot)
            runs.append(run)
            run.run()
            result.covered |= run.covered
    except (Failed, ImageError, BadExpression) as error:
        _broken(result, image, decoder, error)
    else:
        for clause in routine.clauses:
            result.verdicts[clause] = _clause(contracts, image, decoder, routine, runs, clause)
    for run in runs:
        for clause, cost in run.judge.costs.items():
            verdict = result.verdicts[clause]
            verdict.questions, verdict.steps = verdict.questions + cost.questions, verdict.steps + cost.steps
            verdict.seconds += cost.seconds
    return result


def _broken(result, image, decoder, error):
    """Execution did not come to an end: one clause has failed, and of the others nothing is known."""
    if isinstance(error, Failed):
        clause, text = error.clause, f"{at(image, error.address, decoder)}: {error.text}"
    else:
        clause, text = "paths", str(error)
    for name, verdict in result.verdicts.items():
        if name == clause:
            verdict.verdict, verdict.text = FAILED, text
        else:
            verdict.text = f"not decided: {clause} failed"


def _clause(contracts, image, decoder, routine, runs, clause):
    check = {"paths": _paths, "memory": _nothing, "loops": _nothing, "order": _order, "exit": _exit,
             "preserved": _preserved, "calls": _calls, "aligned": _aligned}.get(clause, None)
    for run in runs:
        run.judge.clause = clause
    try:
        if check is None:
            for run in runs:
                _ensures(run, routine, clause)
        else:
            check(contracts, image, routine, runs)
    except Failed as error:
        return Verdict(FAILED, f"{at(image, error.address, decoder)}: {error.text}")
    except (BadExpression, ImageError) as error:
        return Verdict(FAILED, str(error))
    return Verdict(PROVED)


def _nothing(*_):
    """Checked at each access and each arrival while the paths were walked; a failure ended that."""


def _when(run, end, case):
    try:
        return run.truth(case.when, end.state)
    except NotCalled:
        return z3.BoolVal(False)


def matches(run, routine):
    """(case, end, path) of each case that an end may be."""
    if run.matches is None:
        run.matches = []
        for end in run.ends:
            for case in routine.cases:
                path = [*end.state.path, _when(run, end, case)]
                if run.judge.possible(path, "paths", end.address):
                    run.matches.append((case, end, path))
    return run.matches


def _paths(_, image, routine, runs):
    """Each end is in a case, each case is met, and every instruction of the routine was executed."""
    met = set()
    for run in runs:
        for end in run.ends:
            some = z3.Or([_when(run, end, case) for case in routine.cases])
            wrong = run.judge.always(end.state.path, some)
            if wrong:
                raise Failed("paths", end.address, f"no case of the contract speaks of this path: {wrong}")
        met |= {id(case) for case, _, _ in matches(run, routine)}
    for case in routine.cases:
        if id(case) not in met:
            raise Failed("paths", runs[0].entry_address, f"case '{case.when}' is never met")


def _order(_, __, routine, runs):
    for run in runs:
        for case, end, path in matches(run, routine):
            run.check_order(end.state, _up_to(end), case.order, "order", path)


def _up_to(end):
    """The events of the path. What a loop that never ends does is its own order."""
    if end.kind == "never":
        marks = [place for place, event in enumerate(end.state.events) if event.name.startswith("loop ")]
        return end.state.events[:marks[-1] + 1]
    return end.state.events


def _calls(_, __, routine, runs):
    for run in runs:
        for case, end, path in matches(run, routine):
            if [event.name for event in _up_to(end)] == [item.name for item in case.order]:
                run.check_conditions(_up_to(end), case.order, path)
            else:
                raise Failed("calls", end.address, "the calls are not those of the contract: see order")


def _exit(contracts, _, routine, runs):
    for run in runs:
        for case, end, path in matches(run, routine):
            wanted, _, argument = case.exit.partition(" ")
            if end.kind == "jump" and wanted in ("ret", "jump"):
                target = run.value("old(x30)" if wanted == "ret" else argument, end.state)
                wrong = run.judge.always(path, end.target == target)
                if wrong:
                    raise Failed("exit", end.address, f"{case.exit}: {wrong}")
            elif end.kind != wanted or (wanted == "goto" and end.target != argument):
                found = f"{end.kind} {end.target}" if end.kind == "goto" else end.kind
                raise Failed("exit", end.address, f"'{case.exit}' must come here, not '{found}'")
            elif wanted == "goto":
                _required(contracts, run, end, path, argument)


def _required(contracts, run, end, path, name):
    """What the routine that follows requires holds where it begins."""
    for text in contracts.routines[name].requires:
        for one in language.expand(text):
            wrong = run.judge.always(path, language.truth(one, language.Scope(run.world, end.state, end.state)))
            if wrong:
                raise Failed("exit", end.address, f"{name} requires {one}: {wrong}")


def _preserved(_, __, routine, runs):
    for run in runs:
        for case, end, path in matches(run, routine):
            pairs = [(f"x{number}", end.state.x[number], run.entry.x[number]) for number in range(31)]
            pairs += [(name, end.state.v[name], run.entry.v[name]) for name in machine.HALVES]
            for name, now, before in [*pairs, ("sp", end.state.sp, run.entry.sp)]:
                if name.partition("_")[0] in case.changes:
                    continue
                wrong = run.judge.always(path, now == before)
                if wrong:
                    raise Failed("preserved", end.state.written.get(name, end.address),
                                 f"{name} is not what it was at entry, this wrote it last: {wrong}")


def _ensures(run, routine, clause):
    for case, end, path in matches(run, routine):
        for text in case.ensures.get(clause, []):
            for one in language.expand(text):
                wrong = run.judge.always(path, run.truth(one, end.state))
                if wrong:
                    raise Failed(clause, end.address, f"{one}: {wrong}")


def _aligned(_, image, routine, runs):
    for run in runs:
        symbol = routine.at[0].partition("+")[0]
        if image.address(symbol) % routine.align:
            raise Failed("aligned", image.address(symbol), f"{symbol} must stand at a multiple of {routine.align}")


# --- the image as a whole ------------------------------------------------------------------------------

def registered(contracts, image):
    """Every routine of the assembly is in the register, and every byte of the text has an author."""
    known = set(contracts.parts) | {name for name, _, _ in contracts.data} | \
        {text.partition("+")[0] for routine in contracts.routines.values() for text in routine.at}
    for value, name in sorted((value, name) for name, value in image.symbols.items() if image.is_assembly(value)):
        if name not in known:
            return f"0x{value:x}: routine {name} has neither a contract nor an entry in spec/assembly.toml"
    for name in sorted(known):
        if not image.is_assembly(image.address(name)):
            return f"{name} stands in spec/assembly.toml and is no assembly of the image"
    packaged = tuple(contracts.packaged)
    for address in image.unknown_bytes(lambda name: name.startswith(packaged)):
        return f"0x{address:x} <{image.place(address)}>: neither compiled code nor assembly nor a packaged function"
    return ""


def covered(contracts, image, addresses):
    """Every instruction that the assembler wrote was executed on a path of some contract."""
    data = [(image.address(name) + first, image.address(name) + first + size) for name, first, size in contracts.data]
    for low, high, file in image.assembly:
        for address in range(low, high, 4):
            if address in addresses or image.word(address) in (0, 0xD503201F):
                continue
            if not any(first <= address < last for first, last in data):
                return f"0x{address:x} <{image.place(address)}> of {file}: on no path of a contract"
    return ""


def untouched(image, decoder):
    """No compiled instruction names x18 or a register of FP or SIMD: the host's, which no vector saves."""
    for low, high, file in image.compiled:
        for address in range(low, high, 4):
            text = decoder.names_host_register(address, image.word(address)) if image.word(address) else ""
            if text:
                return f"0x{address:x} <{image.place(address)}> of {file}: {text}"
    return ""
