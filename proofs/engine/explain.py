# SPDX-License-Identifier: BSD-2-Clause
"""Why a goal failed: its clause, what it assumes, what changed, a candidate counter-example, how to run it alone."""

import difflib
import os
import re
import shlex
import tempfile

from . import goals, smt, state

MOST = 10               # goals that are explained
LINES = 30              # of a difference, of a model
CORE_STEPS = 2_000_000


def expressions(text):
    """The top-level S-expressions of a script, comments dropped."""
    found, depth, start, at = [], 0, 0, 0
    while at < len(text):
        letter = text[at]
        if letter == ";":
            at = text.find("\n", at)
            if at < 0:
                break
        elif letter in "|\"":
            at = text.find(letter, at + 1)
            if at < 0:
                break
        elif letter == "(":
            if depth == 0:
                start = at
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth == 0:
                found.append(text[start:at + 1])
        at += 1
    return found


def _words(text):
    return set(re.findall(r"[A-Za-z_][\w.$']*", text))


def _parse(text):
    """An S-expression as nested lists."""
    stack = [[]]
    for token in re.findall(r"\(|\)|[^\s()]+", text):
        if token == "(":
            stack.append([])
        elif token == ")":
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(token)
    return stack[0][0] if stack[0] else []


def _text(term):
    return "(" + " ".join(map(_text, term)) + ")" if isinstance(term, list) else term


def goal_parts(script):
    """The hypotheses and the conclusion of Why3's goal: (assert (not (forall ... (=> H (=> H ... C)))))."""
    negated = [part for part in expressions(script) if part.startswith("(assert") and
               re.match(r"\(assert\s*\(not\b", part)]
    if not negated:
        return [], ""
    term = _parse(negated[-1])[1][1]
    hypotheses, names = [], {}
    while isinstance(term, list) and term and term[0] in ("forall", "=>", "let"):
        if term[0] == "let":
            names.update({name: value for name, value in term[1]})
            term = term[2]
        elif term[0] == "=>":
            hypotheses.append(term[1])
            term = term[-1]
        else:
            term = term[-1]

    def unfold(part, depth=4):
        if isinstance(part, list):
            return [unfold(one, depth) for one in part]
        return unfold(names[part], depth - 1) if part in names and depth else part

    return [_text(unfold(one)) for one in hypotheses], _text(unfold(term))


def matter(script):
    """Of the goal's own hypotheses those that share variables with its conclusion, the closest first."""
    hypotheses, conclusion = goal_parts(script)
    common = _words("forall exists let and or not ite select store true false Int Bool Array")
    wanted = _words(conclusion) - common
    ranked = [(len((_words(one) - common) & wanted), one) for one in hypotheses]
    return [one for count, one in sorted(ranked, key=lambda pair: -pair[0]) if count][:8], conclusion


def _with(script, before, after):
    text = re.sub(r"\(get-info :reason-unknown\)", "", script)
    return before + re.sub(r"^\(set-logic ALL_SUPPORTED\)$", "", text, 1, re.MULTILINE) + after


def _plain(script):
    """The script with the goal's variables as constants, which a model then shows; and their names."""
    negated = next((part for part in reversed(expressions(script))
                    if re.match(r"\(assert\s*\(not\s*\(forall", part)), None)
    if negated is None:
        return script, set()
    term = _parse(negated)[1][1]
    declared = "".join(f"(declare-const {name} {_text(kind)})\n" for name, kind in term[1])
    return script.replace(negated, f"{declared}(assert (not {_text(term[2])}))"), {name for name, _ in term[1]}


def _model(script, names):
    with tempfile.NamedTemporaryFile("w", suffix=".smt2") as file:
        file.write(_with(script, "(set-option :produce-models true)\n", "\n(get-model)\n"))
        file.flush()
        text, answer = smt.ask("z3", file.name, CORE_STEPS)
    values = []
    for define in re.finditer(r"\(define-fun (\S+) \(\) (?:[^\s()]+|\((?:[^()]|\([^()]*\))*\))\s+", text):
        if not names or define.group(1) in names:
            value = " ".join(_value(text, define.end()).split())
            if len(value) < 100:
                values.append(f"{define.group(1)} = {value}")
    return (answer.answers or ["none"])[0], values[:LINES]


def counter_example(script):
    """Z3's model of the negated goal, and what it is worth."""
    script, names = _plain(script)
    answer, values = _model(script, names)
    if answer == "sat":
        return "a counter-example", values
    if answer == "unknown" and values:
        return "a candidate for a counter-example (Z3 did not decide)", values
    # Facts with quantifiers keep Z3 from an answer: values that satisfy the others are a hint still.
    for part in expressions(script):
        if part.startswith("(assert") and re.search(r"\((forall|exists)\b", part):
            script = script.replace(part, "")
    found, values = _model(script, names)
    if found == "sat" and values:
        return "a candidate for a counter-example (definitions and axioms left out)", values
    return f"no counter-example: Z3 says {answer}", []


def _value(text, at):
    if text[at] != "(":
        return re.match(r"[^\s()]+", text[at:]).group(0)
    return expressions(text[at:])[0]


def _difference(root, goal, store, script):
    before = state.read(root, "proved").get(goal.key)
    if before is None:
        return ["it has not proved here before"]
    if before in ("qed", "cfg", "why3"):
        return [f"{before} proved it without a prover, so there is no text to compare"]
    if before == goal.text:
        return ["nothing in its text: it proved with the same one"]
    old = store.text(before)
    if old is None:
        return ["the text with which it last proved is no longer in the cache"]
    found = difflib.unified_diff(old.decode("utf-8").splitlines(), script.splitlines(), lineterm="", n=0)
    lines = [line for line in found if line[:3] not in ("---", "+++") and not line.startswith("@@")]
    return lines[:LINES] + ([f"and {len(lines) - LINES} more lines"] if len(lines) > LINES else [])


def rerun(goal, unit_kind):
    command = ["proofs/campaign.py", "--unit", goal.unit]
    if unit_kind == "c" and goal.function:
        command += ["--function", goal.function]
    return shlex.join(command + ["--goal", goal.name])


def explain(root, goal, store, kind):
    lines = [f"{goal.verdict}: {goal.key}",
             f"  clause: {goal.source}:{goal.line}" if goal.source else "  clause: unknown"]
    if goal.source and goal.line and os.path.isfile(os.path.join(root, goal.source)):
        with open(os.path.join(root, goal.source), encoding="utf-8") as file:
            lines.append("    " + file.read().split("\n")[goal.line - 1].strip())
    lines.append("  requirements: " + (", ".join(goal.requirements) or "none is named for it"))
    data = store.text(goal.text) if goal.text else None
    if data is not None:
        script = data.decode("utf-8")
        hypotheses, conclusion = matter(script)
        if conclusion:
            lines.append("  to show: " + conclusion[:400])
        if hypotheses:
            lines += ["  hypotheses about the same values:"] + ["    " + one[:200] for one in hypotheses]
        lines += ["  since it last proved:"] + ["    " + line[:160] for line in _difference(root, goal, store, script)]
        if goal.kind != goals.SMOKE:
            what, values = counter_example(script)
            lines += [f"  {what}" + (":" if values else "")] + ["    " + value for value in values]
    return lines + ["  alone: " + rerun(goal, kind)]


def explain_all(root, found, store, kinds):
    wrong = [goal for goal in found if not goal.ok]
    return ["\n".join(explain(root, goal, store, kinds.get(goal.unit, ""))) for goal in wrong[:MOST]]
