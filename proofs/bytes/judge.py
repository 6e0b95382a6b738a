# SPDX-License-Identifier: BSD-2-Clause
"""Z3's answers: what is possible, what must hold, and the values that show that it does not."""
import z3

# Decides, not seconds; the hardest question here needs less than a hundredth of it.
LIMIT = 20_000_000
SHOWN = 8


class Failed(Exception):
    """A clause does not hold, or nothing can be said: clause, address of the instruction, text."""

    def __init__(self, clause, address, text):
        super().__init__(text)
        self.clause, self.address, self.text = clause, address, text


class Judge:
    def __init__(self, assumed):
        self.assumed = assumed
        self.questions = 0
        self.steps = 0

    def _ask(self, conditions):
        solver = z3.Solver()
        solver.set("rlimit", LIMIT)
        solver.add(*self.assumed)
        solver.add(*conditions)
        self.questions += 1
        answer = solver.check()
        self.steps += _steps(solver)
        return answer, solver

    def possible(self, conditions, clause, address):
        simple = z3.simplify(z3.And(*conditions)) if conditions else z3.BoolVal(True)
        if z3.is_false(simple):
            return False
        answer, _ = self._ask(conditions)
        if answer == z3.unknown:
            raise Failed(clause, address, "Z3 does not say whether a path is possible")
        return answer == z3.sat

    def always(self, path, what):
        """None when @what follows, else the values that show that it does not."""
        if z3.is_true(z3.simplify(what)):
            return None
        answer, solver = self._ask([*path, z3.Not(what)])
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


def _constants(expression, found):
    if z3.is_const(expression) and expression.decl().kind() == z3.Z3_OP_UNINTERPRETED:
        found[expression.decl().name()] = expression
    for child in expression.children():
        _constants(child, found)


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
