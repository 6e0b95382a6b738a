# SPDX-License-Identifier: BSD-2-Clause
"""Z3's answers: what is possible, what must hold, and the values that show that it does not."""
import contextlib
import re
import time

import z3

# Decides, not seconds; the hardest question of this image needs a quarter of it.
LIMIT = 20_000_000
SHOWN = 8


class Failed(Exception):
    """A clause does not hold, or nothing can be said: clause, address of the instruction, text."""

    def __init__(self, clause, address, text):
        super().__init__(text)
        self.clause, self.address, self.text = clause, address, text


class Cost:
    """What the questions for one clause took."""

    def __init__(self):
        self.questions, self.steps, self.seconds = 0, 0, 0.0


class Judge:
    def __init__(self, assumed):
        self.assumed = assumed
        self.costs = {}             # clause -> Cost
        self.clause = "paths"       # the one that questions are asked for now
        self.known = set()          # questions that had the answer unsat, by their text

    @contextlib.contextmanager
    def asking_for(self, clause):
        before, self.clause = self.clause, clause
        yield
        self.clause = before

    def _ask(self, conditions):
        cost, start = self.costs.setdefault(self.clause, Cost()), time.process_time()
        plain = not any(map(_quantified, conditions)) and not any(map(_quantified, self.assumed))
        solver = z3.SolverFor("QF_AUFBV") if plain else z3.Solver()
        solver.set("rlimit", LIMIT)
        solver.add(*conditions)
        answer = solver.check()
        cost.questions, cost.steps = cost.questions + 1, cost.steps + _steps(solver)
        cost.seconds += time.process_time() - start
        return answer, solver

    def possible(self, conditions, clause, address):
        simple = z3.simplify(z3.And(*conditions)) if conditions else z3.BoolVal(True)
        if z3.is_false(simple):
            return False
        answer, _ = self._ask([*self.assumed, *conditions])
        if answer == z3.unknown:
            raise Failed(clause, address, "Z3 does not say whether a path is possible")
        return answer == z3.sat

    def always(self, path, what):
        """None when @what follows, else the values that show that it does not."""
        if z3.is_true(z3.simplify(what)):
            return None
        # What speaks of nothing that the question leads to cannot help; without it, questions repeat from path to path.
        question = [*_about(what, [*self.assumed, *path]), z3.Not(what)]
        text = _text(question)
        if text in self.known:
            return None
        answer, solver = self._ask(question)
        if answer == z3.unsat:
            self.known.add(text)
            return None
        if answer == z3.sat:
            answer, solver = self._ask([*self.assumed, *path, z3.Not(what)])
            if answer == z3.unsat:
                return None
        if answer == z3.unknown:
            return "not decided within the step limit"
        return counter_example(solver.model(), what)


_counted = 0


def _steps(solver):
    """What this question took: Z3 counts on through all questions of the process."""
    global _counted
    counts = solver.statistics()
    before, _counted = _counted, counts.get_key_value("rlimit count") if "rlimit count" in counts.keys() else _counted
    return max(_counted - before, 0)


def _about(what, conditions):
    """Those of @conditions that share a constant with @what, directly or through each other."""
    used, chosen, left = {}, [], []
    _constants(what, used)
    for condition in conditions:
        mine = {}
        _constants(condition, mine)
        left.append((condition, mine))
    more = True
    while more:
        more = [pair for pair in left if not pair[1] or pair[1].keys() & used.keys()]
        left = [pair for pair in left if pair[1] and not pair[1].keys() & used.keys()]
        for condition, mine in more:
            chosen.append(condition)
            used.update(mine)
    return chosen


def _text(conditions):
    """The question with the numbers of fresh constants counted anew: the same text is the same question."""
    seen = {}

    def name(match):
        stem = match.group(1)
        mine = seen.setdefault(stem, {})
        return f"|{stem}#{mine.setdefault(match.group(0), len(mine))}|"

    return re.sub(r"\|([^|']+)'\d+\|", name, " ".join(condition.sexpr() for condition in conditions))


def _quantified(expression):
    return z3.is_quantifier(expression) or any(map(_quantified, expression.children()))


def _constants(expression, found, seen=None):
    seen = set() if seen is None else seen
    if expression.get_id() in seen:
        return
    seen.add(expression.get_id())
    if z3.is_const(expression) and expression.decl().kind() == z3.Z3_OP_UNINTERPRETED:
        found[expression.decl().name()] = expression
    for child in expression.children():
        _constants(child, found, seen)


def show(number):
    return f"0x{number.as_long():x}" if z3.is_bv_value(number) else str(number)


def counter_example(model, what):
    parts = []
    if z3.is_eq(what) and z3.is_bv(what.arg(0)):
        left, right = (show(model.eval(side, model_completion=True)) for side in what.children())
        parts.append(f"is {left}, must be {right}")
    used = {}
    _constants(what, used)
    values = [f"{name} = {show(model.eval(constant, model_completion=True))}" for name, constant in sorted(used.items())
              if z3.is_bv(constant) or z3.is_bool(constant)]
    if values:
        parts.append("with " + ", ".join(values[:SHOWN]) + (" ..." if len(values) > SHOWN else ""))
    return "; ".join(parts) or "it is false"
