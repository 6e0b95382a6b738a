# SPDX-License-Identifier: BSD-2-Clause
"""All paths of one routine, from its entries to where its contract says that it ends."""
from dataclasses import dataclass

import z3

import language
import machine
from decode import Unknown
from judge import Failed, Judge, show
from language import BadExpression, Scope
from machine import Event, bv

STEPS_MAX = 20_000
PATHS_MAX = 256
# AAPCS64: what a call of compiled code leaves alone, with x18, which it is compiled not to use.
CALLER_SAVED = [*range(18), 30]
BARRIERS_AFTER_ERET = ("dsb nsh", "isb")


@dataclass
class End:
    """How a path ended: ret or br with the address, goto with the routine, eret, never."""
    state: machine.State
    kind: str
    target: object = None
    address: int = 0


class World:
    """What names in expressions mean for one routine in one image."""

    def __init__(self, contracts, image, routine, base, slot):
        self.contracts, self.image, self.routine, self.base, self.slot = contracts, image, routine, base, slot
        self.bounds = {}            # region -> (base, size)
        self.any, self.every = z3.BitVec("any", 64), z3.BitVec("every", 64)

    def address(self, name):
        return self.base + bv(self.image.address(name))

    def constant(self, name):
        if name in ("any", "every"):
            return self.any if name == "any" else self.every
        if name == "slot":
            return bv(self.slot)
        found = self.contracts.constants.get(name)
        return None if found is None else bv(found)

    def trap(self, action, state):
        """The class in ESR_EL2 has this action; undef is what has no other."""
        classes = self.contracts.traps
        if action not in classes:
            raise BadExpression(f"trap({action}): no such action in spec/traps.toml")
        field = z3.Extract(31, 26, state.system["esr_el2"])
        is_one = lambda ecs: z3.Or([field == ec for ec in ecs])
        if action == "undef":
            return z3.Not(is_one([ec for other, ecs in classes.items() if other != "undef" for ec in ecs]))
        return is_one(classes[action])

    def word_at(self, address, state, text):
        """mem(): the word at an address that lies at a fixed place of a region."""
        for name, (base, size) in self.bounds.items():
            offset = z3.simplify(address - base)
            end = z3.simplify(size)
            if z3.is_bv_value(offset) and offset.as_long() % 8 == 0 and z3.is_bv_value(end) and \
                    offset.as_long() + 8 <= end.as_long():
                return z3.Select(state.memory[name], offset)
        raise BadExpression(f"'{text}': the address is no word of a region of {self.routine.name}")


class Execution:
    """One entry of one routine. Failures are raised as Failed; `ends` and `covered` are the result."""

    def __init__(self, contracts, image, decoder, routine, entry, slot):
        self.contracts, self.image, self.decoder, self.routine = contracts, image, decoder, routine
        self.entry_address = entry
        self.names = machine.Names()
        self.base = self.names.word("image")
        self.world = World(contracts, image, routine, self.base, slot)
        self.covered = set()
        self.ends = []
        self.matches = None         # of ends and cases, once they were asked for
        self.hardware = {}
        start = machine.initial(self.names, set(contracts.registers.values()) | {"daifset", "spsel"})
        start.pc = entry
        self.start = start
        # The image stands at a page, and below the end of the flat map.
        end = bv((1 << 48) - image.address("image_end"))
        self.judge = Judge([self.base & bv(0xFFF) == 0, z3.ULE(self.base, end)])
        self._regions()
        self.entry = start.copy()
        for text in routine.requires:
            self.judge.assumed += [self.truth(one, start) for one in language.expand(text)]
        if not self.judge.possible([], "paths", entry):
            raise Failed("paths", entry, "what the routine requires is impossible")
        self._bodies()
        self._separate()

    # --- set-up ----------------------------------------------------------------------------------

    def scope(self, state, loop=None):
        marks = state.loops.get(loop, {}) if loop else {}
        return Scope(self.world, state, self.entry, marks.get("first"), marks.get("head"))

    def truth(self, text, state, loop=None):
        return language.truth(text, self.scope(state, loop))

    def value(self, text, state, loop=None):
        return language.value(text, self.scope(state, loop))

    def _regions(self):
        scope = Scope(self.world, self.start, self.start)
        for region in self.routine.regions:
            base, size = language.value(region.base, scope), language.value(region.size, scope)
            self.world.bounds[region.name] = (z3.simplify(base), z3.simplify(size))
            self.start.memory[region.name] = self.names.words(region.name)
            # What is in the address space does not go round its end.
            self.judge.assumed.append(z3.ULE(base, base + size))

    def _separate(self):
        bounds = list(self.world.bounds.items())
        for number, (name, (base, size)) in enumerate(bounds):
            wrong = self.judge.always([], base & bv(7) == 0)
            if wrong:
                raise Failed("memory", self.entry_address, f"region {name} does not begin at a word: {wrong}")
            for other, (base2, size2) in bounds[:number]:
                wrong = self.judge.always([], z3.Or(z3.UGE(base, base2 + size2), z3.UGE(base2, base + size)))
                if wrong:
                    raise Failed("memory", self.entry_address, f"regions {name} and {other} may meet: {wrong}")

    def _bodies(self):
        """Where this routine's instructions may stand: its own, and the parts that belong to it."""
        self.bodies = []
        parts = [part for part, of in self.contracts.parts.items() if of == self.routine.name]
        for name in [self.routine.name, *parts]:
            sizes = [(low, high) for low, high, function in self.image.functions if function == name]
            self.bodies += sizes
        if not any(low <= self.entry_address < high for low, high in self.bodies):
            # An entry of a table: until the next one.
            self.bodies.append((self.entry_address, self.entry_address + 0x80))
        self.heads = []
        for low, high in self.bodies:
            for address in range(low, high, 4):
                target = self._branch_target(address)
                if target is not None and low <= target <= address:
                    self.heads.append(target)
        self.heads = sorted(set(self.heads))
        if len(self.heads) != len(self.routine.loops):
            places = ", ".join(self.image.place(head) for head in self.heads) or "none"
            raise Failed("loops" if self.routine.loops else "paths", self.entry_address,
                         f"{len(self.routine.loops)} loops in the contract, in the code: {places}")
        self.loop_at = dict(zip(self.heads, self.routine.loops))

    def _branch_target(self, address):
        try:
            insn = self.decoder.decode(address, self.image.word(address))
        except Unknown:
            return None                 # an error where it is executed
        if insn.name in ("b", "cbz", "cbnz", "tbz", "tbnz"):
            return insn.ops[-1]
        return None

    # --- exploration -------------------------------------------------------------------------------

    def run(self):
        work, steps = [self.start], 0
        while work:
            state = work.pop()
            while state is not None:
                steps += 1
                if steps > STEPS_MAX or len(self.ends) > PATHS_MAX:
                    raise Failed("paths", state.pc, "too many paths")
                state, more = self._step(state)
                work += more
        return self.ends

    def _end(self, state, kind, target=None):
        self.ends.append(End(state, kind, target, state.pc))
        return None, []

    def _within(self, address):
        return any(low <= address < high for low, high in self.bodies)

    def _step(self, state):
        if state.pc in self.loop_at:
            with self.judge.asking_for("loops"):
                if not self._loop(state, self.loop_at[state.pc]):
                    return None, []
        if not self._within(state.pc):
            raise Failed("paths", state.pc, "execution leaves the routine without a branch")
        try:
            insn = self.decoder.decode(state.pc, self.image.word(state.pc))
            self.covered.add(state.pc)
            return self._execute(state, insn)
        except Unknown as error:
            raise Failed("paths", state.pc, f"unknown instruction: {error}") from error

    def _execute(self, state, insn):
        name = insn.name
        if name in machine.DATA:
            machine.data(state, insn, self.base)
        elif name in ("ldr", "str", "ldp", "stp"):
            with self.judge.asking_for("memory"):
                self._memory(state, insn)
        elif name in ("ldr_z", "str_z", "ldr_p", "str_p"):
            with self.judge.asking_for("memory"):
                self._vector_memory(state, insn)
        elif name == "rdffr":
            state.set_part(insn.ops[0], state.v["ffr"])
        elif name == "wrffr":
            state.set_part("ffr", state.v[insn.ops[0]])
        elif name == "rdvl":
            state.set(insn.ops[0], state.system["vector_bytes"])
        elif name == "pfalse":
            state.set_part(insn.ops[0], bv(0))
        elif name == "mrs":
            state.set(insn.ops[1], state.system[insn.ops[0]])
        elif name == "msr":
            self._write_register(state, insn)
        elif name == "msr_immediate":
            state.events.append(Event(state.pc, f"msr {insn.ops[0]}", bv(insn.ops[1]), state.copy()))
            if insn.ops[0] == "spsel":
                state.sp = self.names.word("spsel.sp")      # another stack pointer
                state.written["sp"] = state.pc
        elif name in ("barrier", "hint", "sys"):
            self._plain_event(state, insn)
        elif name in ("smc", "hvc"):
            self._to_other_level(state, insn)
        elif name == "eret":
            return self._eret(state)
        else:
            return self._branch(state, insn)
        state.pc += 4
        return state, []

    def _plain_event(self, state, insn):
        if insn.ops[0] == "nop":
            return
        value = state.get(insn.ops[1]) if insn.name == "sys" and insn.ops[1] is not None else None
        state.events.append(Event(state.pc, insn.ops[0], value, state.copy()))

    def _write_register(self, state, insn):
        name, value = insn.ops[0], state.get(insn.ops[1])
        state.events.append(Event(state.pc, f"msr {name}", value, state.copy()))
        self._set_system(state, name, value)

    def _set_system(self, state, name, value):
        if name in self.contracts.fixed:
            # Bits that the hardware may have fixed read back as it has them.
            mask = self.value(self.contracts.fixed[name], state)
            if name not in self.hardware:
                self.hardware[name] = self.names.word(f"hardware_{name}")
            value = (value & ~mask) | (self.hardware[name] & mask)
        state.system[name] = z3.simplify(value)

    def _to_other_level(self, state, insn):
        """SMC: EL3 answers in x0 to x17 and leaves V0 to V31 (SMC Calling Convention).

        HVC at EL2: the vector may change anything.
        """
        name = f"{insn.name} #{insn.ops[0]}"
        state.events.append(Event(state.pc, name, None, state.copy()))
        for number in range(18 if insn.name == "smc" else 31):
            state.x[number] = self.names.word(f"{insn.name}.x{number}")
            state.written[f"x{number}"] = state.pc
        state.flags = [self.names.bit(f"{insn.name}.{flag}") for flag in "NZCV"]
        state.calls[insn.name] = {f"x{number}": state.x[number] for number in range(31)}
        if insn.name == "hvc":
            state.sp = self.names.word("hvc.sp")
            state.v = {half: self.names.word(f"hvc.{half}") for half in state.v}
            state.system = {register: self.names.word(f"hvc.{register}") for register in state.system}
            state.memory = {region: self.names.words(f"hvc.{region}") for region in state.memory}

    def _eret(self, state):
        for place, wanted in enumerate(BARRIERS_AFTER_ERET):
            address = state.pc + 4 * (place + 1)
            try:
                text = self.decoder.decode(address, self.image.word(address)).text
            except Unknown as error:
                text = str(error)
            if text != wanted:
                raise Failed("exit", address, f"behind the eret: '{wanted}' must stand here, not '{text}'")
            self.covered.add(address)
        state.events.append(Event(state.pc, "eret", None, state.copy()))
        return self._end(state, "eret")

    # --- memory ------------------------------------------------------------------------------------

    def _memory(self, state, insn):
        found, base, new = machine.accesses(state, insn)
        write = insn.name in ("str", "stp")
        if base.name == "sp":
            self._aligned(state, state.sp, 16, "SP", insn.text)
        reads = []
        for address, register, size in found:
            self._aligned(state, address, size, "the address", insn.text)
            region, offset = self._locate(state, address, size, write, insn.text)
            words = state.memory[region]
            if write:
                if size != 8:
                    raise Unknown(f"{insn.text}: a store of {size} bytes")
                state.memory[region] = z3.Store(words, offset, state.get(register))
            else:
                reads.append((register, machine.part(z3.Select(words, offset & ~bv(7)), offset, size)))
        for register, value in reads:
            state.set(register, value)
        if new is not None:
            state.set(base, new)

    def _vector_memory(self, state, insn):
        """Z or P of SVE, a word after the other."""
        address = state.get(insn.ops[1].base)
        write = insn.name.startswith("str")
        for place, part in enumerate(machine.vector_parts(insn.ops[0])):
            at = z3.simplify(address + bv(8 * place))
            self._aligned(state, at, 8, "the address", insn.text)
            region, offset = self._locate(state, at, 8, write, insn.text)
            if write:
                state.memory[region] = z3.Store(state.memory[region], offset, state.v[part])
            else:
                state.set_part(part, z3.Select(state.memory[region], offset))

    def _aligned(self, state, address, size, what, text):
        wrong = self.judge.always(state.path, address & bv(size - 1) == 0)
        if wrong:
            raise Failed("memory", state.pc, f"{text}: {what} is not aligned to {size}: {wrong}")

    def _locate(self, state, address, size, write, text):
        """The region that the access lies in, whatever the path, and its offset there."""
        wrong = "the contract has none"
        for region in self.routine.regions:
            base, length = self.world.bounds[region.name]
            offset = z3.simplify(address - base)
            inside = z3.And(z3.ULT(offset, length), z3.ULE(bv(size), length - offset))
            found = self.judge.always(state.path, inside)
            if found is None:
                if write and region.access == "r":
                    raise Failed("memory", state.pc, f"{text}: writes to region {region.name}, which is read-only")
                return region.name, offset
            wrong = f"region {region.name} begins at {_plain(base)}: offset {_plain(offset)} {found}"
        kind = "store" if write else "load"
        raise Failed("memory", state.pc,
                     f"{text}: {kind} of {size} bytes at {_plain(address)} outside of every region: {wrong}")

    # --- branches and calls ------------------------------------------------------------------------

    def _branch(self, state, insn):
        name = insn.name
        if name in ("ret", "br"):
            target = state.get(insn.ops[0]) if insn.ops else state.x[30]
            return self._end(state, "jump", target)
        if name == "bl":
            return self._call(state, insn.ops[0])
        if name == "b" and not insn.condition:
            return self._goto(state, insn.ops[0])
        return self._fork(state, machine.taken(state, insn), insn.ops[-1])

    def _fork(self, state, taken, target):
        """Both ways, each only where it is possible."""
        ways = []
        for condition, address in ((taken, target), (z3.simplify(z3.Not(taken)), None)):
            if not self.judge.possible([*state.path, condition], "paths", state.pc):
                continue
            other = state.copy()
            if not z3.is_true(condition):
                other.path.append(condition)
            if address is None:
                other.pc += 4
                ways.append(other)
            else:
                further, _ = self._goto(other, address)
                if further is not None:
                    ways.append(further)
        return (ways[0], ways[1:]) if ways else (None, [])

    def _goto(self, state, target):
        exits = {case.exit.split()[1] for case in self.routine.cases if case.exit.startswith("goto ")}
        for name in exits:
            if target == self.image.address(name):
                return self._end(state, "goto", name)
        if not self._within(target):
            raise Failed("exit", state.pc, f"branch to {self.image.place(target)}, which the contract does not name")
        state.pc = target
        return state, []

    def _call(self, state, target):
        names = self.image.names_at(target)
        for name in names:
            if name in self.contracts.functions and not self.image.is_assembly(target):
                return self._call_compiled(state, self.contracts.functions[name])
            if name in self.contracts.routines:
                return self._call_routine(state, self.contracts.routines[name])
        raise Failed("paths", state.pc, f"call of {self.image.place(target)}, which the contracts do not know")

    def _call_compiled(self, state, function):
        """AAPCS64, with what spec/assembly.toml says of this function."""
        state.x[30] = self.base + bv(state.pc + 4)
        before = state.copy()
        state.events.append(Event(state.pc, f"call {function.name}", None, before))
        self._aligned(state, state.sp, 16, "SP", f"call {function.name}")
        results = {}
        for number in CALLER_SAVED:
            state.x[number] = results[f"x{number}"] = self.names.word(f"{function.name}.x{number}")
            state.written[f"x{number}"] = state.pc
        state.flags = [self.names.bit(f"{function.name}.{flag}") for flag in "NZCV"]
        for register in function.registers:
            state.system[register] = self.names.word(f"{function.name}.{register}")
        for part in machine.VECTORS if function.vectors else ():
            state.v[part] = self.names.word(f"{function.name}.{part}")
            state.written[part] = state.pc
        for region in self.routine.regions:
            if not region.kept and region.access != "r":
                state.memory[region.name] = self.names.words(f"{function.name}.{region.name}")
        for name, where in function.outputs.items():
            address = self.value(where, before)
            region, offset = self._locate(state, z3.simplify(address), 8, True, f"call {function.name}: {name}")
            results[name] = self.names.word(f"{function.name}.{name}")
            state.memory[region] = z3.Store(state.memory[region], offset, results[name])
        state.calls[function.name] = results
        state.pc += 4
        return state, []

    def _call_routine(self, state, callee):
        """By its contract: each case that is possible, with the system registers that its order writes."""
        state.x[30] = self.base + bv(state.pc + 4)
        before = state.copy()
        state.events.append(Event(state.pc, f"call {callee.name}", None, before))
        ways = self._summary(state, before, callee)
        for way in ways:
            way.pc += 4
        return (ways[0], ways[1:]) if ways else (None, [])

    def _summary(self, state, before, callee):
        if any(region.access != "r" for region in callee.regions):
            raise Failed("paths", state.pc, f"call of {callee.name}, which writes to memory")
        world = World(self.contracts, self.image, callee, self.base, 0)
        shared = before.copy()
        scope = Scope(world, shared, shared)
        for region in callee.regions:
            base, size = language.value(region.base, scope), language.value(region.size, scope)
            world.bounds[region.name] = (z3.simplify(base), z3.simplify(size))
            shared.memory[region.name] = self._shared_words(state, region.name, world.bounds[region.name])
        for text in callee.requires:
            for one in language.expand(text):
                wrong = self.judge.always(state.path, language.truth(one, scope))
                if wrong:
                    raise Failed("calls" if "calls" in self.routine.clauses else "paths", state.pc,
                                 f"call of {callee.name} requires {one}: {wrong}")
        return [way for case in callee.cases for way in self._case_summary(state.copy(), shared, callee, world, case)]

    def _shared_words(self, state, name, bounds):
        """The caller's words of a region that both have; else any."""
        mine = self.world.bounds.get(name)
        if mine is not None and all(z3.is_true(z3.simplify(a == b)) for a, b in zip(mine, bounds)):
            return state.memory[name]
        return self.names.words(f"{name}.words")

    def _case_summary(self, state, shared, callee, world, case):
        results = {}
        for register in sorted(case.changes):
            if register == "sp":
                state.sp = self.names.word(f"{callee.name}.sp")
            elif register[0] in "zp" or register == "ffr":
                for part in machine.vector_parts(register) if register[0] == "z" else [register]:
                    state.v[part] = self.names.word(f"{callee.name}.{part}")
            elif register[0] == "v":
                state.v |= {f"{register}_{half}": self.names.word(f"{callee.name}.{register}_{half}") for half in ("lo", "hi")}
            else:
                state.x[int(register[1:])] = results[register] = self.names.word(f"{callee.name}.{register}")
            state.written[register] = state.pc
        state.flags = [self.names.bit(f"{callee.name}.{flag}") for flag in "NZCV"]
        now = state.copy()
        now.memory = shared.memory
        scope = Scope(world, now, shared)
        when = language.truth(case.when, scope)
        if not self.judge.possible([*state.path, when], "paths", state.pc):
            return []
        state.path.append(when)
        for entry in case.order:
            if entry.name.startswith("msr ") and entry.name[4:] in state.system:
                self._set_system(state, entry.name[4:], language.value(entry.value, scope))
            elif entry.name.split()[0] in ("call", "smc", "hvc"):
                raise Failed("paths", state.pc, f"call of {callee.name}, which calls on")
        now.system = state.system
        for texts in case.ensures.values():
            for text in texts:
                state.path += [language.truth(one, scope) for one in language.expand(text)]
        state.calls[callee.name] = results
        if case.exit == "ret":
            return [state]
        if case.exit.startswith("goto "):
            further = self.contracts.routines[case.exit.split()[1]]
            return self._summary(state, state.copy(), further)
        raise Failed("paths", state.pc, f"call of {callee.name}, which does not return")

    # --- loops -------------------------------------------------------------------------------------

    def _loop(self, state, loop):
        """At a loop's first instruction: True to go on. The first arrival starts any iteration; the next ends it."""
        marks = state.loops.get(loop.name)
        if marks is not None and "head" in marks:
            self._loop_back(state, loop, marks)
            if not loop.decreases:
                self._end(state, "never")
            return False
        state.events.append(Event(state.pc, f"loop {loop.name}", None, state.copy()))
        first = state.copy()
        state.loops[loop.name] = {"first": first}
        self._invariant(state, loop, "at the first arrival")
        for register in sorted(loop.changes):
            state.x[int(register[1:])] = self.names.word(f"{loop.name}.{register}")
        state.flags = [self.names.bit(f"{loop.name}.{flag}") for flag in "NZCV"]
        for region in loop.writes:
            state.memory[region] = self.names.words(f"{loop.name}.{region}")
        state.loops[loop.name] = {"first": first}
        for text in loop.invariant:
            state.path += [self.truth(one, state, loop.name) for one in language.expand(text)]
        state.loops[loop.name] = {"first": first, "head": state.copy(), "events": len(state.events)}
        return True

    def _invariant(self, state, loop, when):
        for text in loop.invariant:
            for one in language.expand(text):
                wrong = self.judge.always(state.path, self.truth(one, state, loop.name))
                if wrong:
                    raise Failed("loops", state.pc, f"loop {loop.name}: {one} does not hold {when}: {wrong}")

    def _loop_back(self, state, loop, marks):
        self._invariant(state, loop, "after an iteration")
        head = marks["head"]
        kept = [(f"x{n}", state.x[n], head.x[n]) for n in range(31) if f"x{n}" not in loop.changes]
        for name, now, before in [*kept, ("sp", state.sp, head.sp)]:
            wrong = self.judge.always(state.path, now == before)
            if wrong:
                raise Failed("loops", state.written.get(name, state.pc), f"loop {loop.name} changes {name}: {wrong}")
        for name, words in state.memory.items():
            if name not in loop.writes and not words.eq(head.memory[name]):
                raise Failed("loops", state.pc, f"loop {loop.name} writes to region {name}")
        for name, value in state.system.items():
            if not value.eq(head.system[name]):
                raise Failed("loops", state.pc, f"loop {loop.name} writes {name}")
        self.check_order(state, state.events[marks["events"]:], loop.each, "loops", state.path, loop.name)
        for text in loop.step:
            wrong = self.judge.always(state.path, self.truth(text, state, loop.name))
            if wrong:
                raise Failed("loops", state.pc, f"loop {loop.name}: {text} does not hold: {wrong}")
        if loop.decreases:
            old, new = self.value(loop.decreases, head, loop.name), self.value(loop.decreases, state, loop.name)
            wrong = self.judge.always(state.path, z3.And(old > 0, new < old))
            if wrong:
                raise Failed("loops", state.pc, f"loop {loop.name}: {loop.decreases} does not decrease: {wrong}")

    # --- order -------------------------------------------------------------------------------------

    def check_order(self, state, events, wanted, clause, path, loop=None):
        for number, item in enumerate(wanted):
            if number >= len(events):
                raise Failed(clause, state.pc, f"the path ends without '{item.name}'")
            event = events[number]
            if event.name != item.name:
                raise Failed(clause, event.pc, f"'{item.name}' must come here, not '{event.name}'")
            if (event.value is None) != (not item.value):
                raise Failed(clause, event.pc, f"'{item.name}': the contract must say with what value")
            if item.value:
                wrong = self.judge.always(path, event.value == self.value(item.value, event.state, loop))
                if wrong:
                    raise Failed(clause, event.pc, f"'{item.name} = {item.value}': {wrong}")
        if len(events) > len(wanted):
            raise Failed(clause, events[len(wanted)].pc, f"'{events[len(wanted)].name}' must not come here")

    def check_conditions(self, events, wanted, path):
        for event, item in zip(events, wanted):
            for text in item.conditions:
                for one in language.expand(text):
                    wrong = self.judge.always(path, self.truth(one, event.state))
                    if wrong:
                        raise Failed("calls", event.pc, f"{event.name}: {one}: {wrong}")


def _plain(expression):
    return " ".join(str(z3.simplify(expression)).split()) if not z3.is_bv_value(expression) else show(expression)
