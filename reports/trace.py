#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Requirement, theorem, contract clause, function, goal, test and coverage: who rests on whom.

Builds the graph from spec/, model/, src/hyp and the tests, with the goals and the coverage where
build/ has them, and checks it both ways: no requirement without evidence, and no theorem, clause,
function or test without a requirement. Each item has a fingerprint of its text. When that is not the
one in reports/reviewed.txt, the item and whatever is linked to it are suspect until someone reviews
them: --review writes the new fingerprints, for the commit that made the change.
"""

import argparse
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "proofs"))

from engine import sources, tools  # noqa: E402

REVIEWED = "reports/reviewed.txt"
FUNCTION = re.compile(r"/\*@((?:[^*]|\*(?!/))*)\*/\s*((?:(?:static|inline|extern|NOINLINE|const|struct)\s+)*\w+\s+\*?(\w+)\([^;{}]*\))"
                      r"\s*(;|\{)")
CLAUSE = re.compile(r"\b(requires|ensures) (\w+):")
REVIEWED_KINDS = ("requirement", "assumption", "theorem", "lemma", "clause", "function", "routine", "test")


class Trouble(Exception):
    """Something that stops the trace, in one line."""


@dataclass
class Item:
    id: str
    kind: str
    text: str
    where: str = ""
    more: dict = field(default_factory=dict)
    fingerprint: str = field(init=False, default="")

    def __post_init__(self):
        self.fingerprint = hashlib.sha256(" ".join(self.text.split()).encode()).hexdigest()[:16]


class Graph:
    def __init__(self):
        self.items = {}
        self.links = set()
        self.problems = []

    def add(self, item):
        key = f"{item.kind} {item.id}"
        if key in self.items and self.items[key].text != item.text:
            item.text = self.items[key].text + "\n" + item.text
            item.__post_init__()
        self.items[key] = item

    def link(self, source, target, kind):
        for end in (source, target):
            if end not in self.items:
                self.problems.append(f"{source} -> {target}: there is no {end}")
                return
        self.links.add((source, target, kind))

    def of(self, kind):
        return [key for key, item in self.items.items() if item.kind == kind]


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def toml(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        try:
            return tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise Trouble(f"{name}: {error}") from error


def files(*patterns):
    return sorted(name for pattern in patterns for name in glob.glob(pattern, root_dir=ROOT))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


# --- items -----------------------------------------------------------------------------------------

def body_at(text, brace):
    """The block that starts at @brace."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(text, brace):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return text[brace:match.end()]
    return text[brace:]


def add_core(graph):
    """Functions of the core with their clauses; what each of them calls."""
    bodies = {}
    for name in files("src/hyp/*.[ch]", "build/gen/include/gen/*.h"):
        text = read(name)
        for match in FUNCTION.finditer(text):
            contract, head, function, end = match.groups()
            where = f"{name}:{line_of(text, match.start(2))}"
            trusted = name == "src/hyp/arch.h"
            body = body_at(text, match.end() - 1) if end == "{" else ""
            if body:
                bodies[function] = body
            graph.add(Item(function, "function", head + body, where, {"trusted": trusted}))
            marks = list(CLAUSE.finditer(contract))
            for number, mark in enumerate(marks):
                stop = marks[number + 1].start() if number + 1 < len(marks) else len(contract)
                graph.add(Item(f"{function}.{mark[2]}", "clause", contract[mark.start():stop],
                               f"{name}:{line_of(text, match.start(1) + mark.start())}", {"part": mark[1]}))
                graph.link(f"clause {function}.{mark[2]}", f"function {function}", "specifies")
        for match in re.finditer(r"^((?:(?:static|inline|NOINLINE|struct)\s+)*\w+ +\*?(\w+)\([^;{}()]*\))\s*\n\{", text, re.MULTILINE):
            if match[2] not in bodies:
                bodies[match[2]] = body_at(text, match.end() - 1)
                graph.add(Item(match[2], "function", match[1] + bodies[match[2]],
                               f"{name}:{line_of(text, match.start())}"))
        # Ghost functions: lemmas that the code calls.
        for function in sources.definitions(ROOT, name):
            if function not in bodies:
                start = re.search(rf"^[ \t]+(?:static )?\w+ {function}\(", text, re.MULTILINE).start()
                bodies[function] = body_at(text, text.index("{", start))
                graph.add(Item(function, "function", text[start:text.index("{", start)] + bodies[function],
                               f"{name}:{line_of(text, start)}", {"ghost": True}))
    for caller, body in bodies.items():
        for callee in set(re.findall(r"\b(\w+)\(", body)) - {caller}:
            if f"function {callee}" in graph.items:
                graph.link(f"function {caller}", f"function {callee}", "calls")


def add_assembly(graph):
    """Routines of the image with the clauses that are proved from its bytes."""
    command = ["/usr/bin/python3", os.path.join(ROOT, "proofs/bytes/prove.py"), "--list"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if listed.returncode != 0:
        raise Trouble(f"proofs/bytes/prove.py --list: {(listed.stderr.strip().splitlines() or ['failed'])[-1]}")
    table = toml("spec/assembly.toml")
    texts = {entry.get("name"): json.dumps(entry, sort_keys=True) for part in table.values() if isinstance(part, list)
             for entry in part}
    places = {}
    for name in files("src/arch/arm64/*.S", "build/gen/asm/*.S"):
        for routine in re.findall(r"^(?:function\s+|ENTRY\()?(\w+)\)?(?::|\s*$)", read(name), re.MULTILINE):
            places.setdefault(routine, name)
    for pair in listed.stdout.split():
        routine, clause = pair.split("/")
        if f"routine {routine}" not in graph.items:
            graph.add(Item(routine, "routine", texts.get(routine, routine), places.get(routine, "spec/assembly.toml")))
        graph.add(Item(f"{routine}.{clause}", "clause", texts.get(routine, routine), "spec/assembly.toml",
                       {"part": "ensures", "routine": routine}))
        graph.link(f"clause {routine}.{clause}", f"routine {routine}", "specifies")


def add_model(graph):
    for name in files("model/*.mlw", "build/gen/model/*.mlw"):
        texts = sources.theories(os.path.join(ROOT, name))
        for theory, lemma in sources.theorems(os.path.join(ROOT, name)):
            text = texts[theory]
            match = re.search(rf"\b(?:lemma|goal)\s+{lemma}\b(.*?)(?=\n\s*\n|\n\s*(?:lemma|goal|let|clone|end|predicate|function)\b)",
                              text, re.DOTALL)
            stem = os.path.basename(name)[:-len(".mlw")]
            graph.add(Item(f"{stem}.{theory}.{lemma}", "theorem", match[1] if match else lemma, name))


def add_lemmas(graph):
    """Proof steps about memory states; the files that include a topic rest on them."""
    for name in files("annotations/*.h"):
        text = read(name)
        for lemma in sources.lemmas(text):
            match = re.search(rf"\blemma\s+{lemma}\b.*?;", text, re.DOTALL)
            graph.add(Item(lemma, "lemma", match[0], f"{name}:{line_of(text, match.start())}"))
    for name in files("annotations/*.lemmas"):
        topic = os.path.basename(name)[:-len(".lemmas")]
        parts = re.split(r"^step (\w+)", read(name), flags=re.MULTILINE)
        users = [user for user in files("src/hyp/*.c") if f"<lemmas/{topic}.h>" in read(user)]
        for step, text in zip(parts[1::2], parts[2::2]):
            graph.add(Item(f"{topic}:{step}", "lemma", text, name))
            for user in users:
                for function in sources.definitions(ROOT, user):
                    if f"function {function}" in graph.items:
                        graph.link(f"function {function}", f"lemma {topic}:{step}", "may use")


def add_tests(graph):
    for name in files("tests/unit/test_*.c", "tests/boot/test_*.c", "tests/vmm/test_*.c"):
        text = read(name)
        for test in re.findall(r"cmocka_unit_test\((\w+)\)", text):
            match = re.search(rf"^static void {test}\(", text, re.MULTILINE)
            graph.add(Item(f"{name}:{test}", "test", body_at(text, text.index("{", match.start())),
                           f"{name}:{line_of(text, match.start())}"))
    for entry in toml("tests/system/tests.toml")["test"]:
        graph.add(Item(f"tests/system/tests.toml:{entry['name']}", "test", json.dumps(entry, sort_keys=True),
                       "tests/system/tests.toml"))
    for name in files("tests/*/run.py"):
        text = read(name)
        for match in re.finditer(r"^    def (test_\w+)\(", text, re.MULTILINE):
            stop = re.compile(r"^(?:    def |class |if |def )", re.MULTILINE).search(text, match.end())
            graph.add(Item(f"{name}:{match[1]}", "test", text[match.start():stop.start() if stop else None],
                           f"{name}:{line_of(text, match.start())}"))


def add_requirements(graph):
    kinds = {"model": "theorem", "contract": "clause"}
    for entry in toml("spec/requirements.toml")["requirement"]:
        key = f"requirement {entry['id']}"
        graph.add(Item(entry["id"], "requirement", entry["text"], "spec/requirements.toml", {"why": entry["why"]}))
        for part, kind in kinds.items():
            for link in entry[part]:
                graph.link(key, f"{kind} {link}", "met by")
                # The first of a generated row of steps stands for all of them.
                if kind == "theorem" and link.endswith("_1"):
                    for other in graph.of("theorem"):
                        if re.fullmatch(rf"theorem {re.escape(link[:-1])}\d+", other):
                            graph.link(key, other, "met by")
        for link in entry["code"]:
            if f"function {link}" in graph.items:
                graph.link(key, f"function {link}", "implemented by")
            else:
                for function in graph.of("function"):
                    if graph.items[function].where.startswith(link + ":"):
                        graph.link(key, function, "implemented by")
                graph.add(Item(link, "file", link, link))
                graph.link(key, f"file {link}", "implemented by")
                for routine in graph.of("routine"):
                    if graph.items[routine].where == link:
                        graph.link(key, routine, "implemented by")
        for link in entry["test"]:
            if f"test {link}" not in graph.items:
                graph.add(Item(link, "file", link, link))
            graph.link(key, f"test {link}" if f"test {link}" in graph.items else f"file {link}", "tested by")
    for entry in toml("spec/assumptions.toml")["assumption"]:
        graph.add(Item(entry["id"], "assumption", entry["text"], "spec/assumptions.toml"))


def link_helpers(graph):
    """A lemma of a theory that another theory uses is a hypothesis of that one's theorems."""
    met = {target for source, target, _ in graph.links if source.startswith("requirement ")}
    theories = {}
    for name in files("model/*.mlw", "build/gen/model/*.mlw"):
        theories.update(sources.theories(os.path.join(ROOT, name)))
    uses = {theory: set(re.findall(r"\b(?:use|clone)\s+(?:export\s+|import\s+)?(?:\w+\.)?(\w+)", text))
            for theory, text in theories.items()}

    def reached(theory, seen):
        """The theories that this one rests on, directly or through others."""
        for other in uses.get(theory, set()) - seen:
            seen.add(other)
            reached(other, seen)
        return seen

    for key in met & set(graph.of("theorem")):
        used = reached(graph.items[key].id.split(".")[1], set())
        for other in graph.of("theorem"):
            if other not in met and graph.items[other].id.split(".")[1] in used:
                graph.link(key, other, "helps")


def add_goals(graph, build, commit):
    """Goals of the last campaign, if it was one of @commit, and what they prove."""
    try:
        with open(os.path.join(build, "proof.json"), encoding="utf-8") as file:
            table = json.load(file)
    except OSError:
        return False
    if table.get("commit") != commit:
        return False
    clauses = defaultdict(list)
    for key in graph.of("clause"):
        clauses[graph.items[key].id.split(".")[0]].append(key)
    by_lemma = {graph.items[key].id for key in graph.of("lemma")}
    theorems = graph.of("theorem")
    for goal in table["goals"]:
        key = f"goal {goal['unit']}/{goal['name']}"
        graph.add(Item(f"{goal['unit']}/{goal['name']}", "goal", goal["verdict"], "build/proof.json",
                       {"verdict": goal["verdict"], "prover": goal["prover"]}))
        function = f"function {goal['function']}"
        if function in graph.items:
            graph.link(function, key, "proved by")
            for clause in clauses[goal["function"]]:
                name = graph.items[clause].id.split(".")[1]
                if re.search(rf"_{goal['function']}_(?:\w+_)?(?:ensures|requires)_{name}(?:_part\d+|_\d+)*$", goal["name"]):
                    graph.link(clause, key, "proved by")
        elif goal["unit"] in by_lemma:
            graph.link(f"lemma {goal['unit']}", key, "proved by")
        elif goal["kind"] == "lemma" and goal["name"].split("_lemma_")[-1] in by_lemma:
            graph.link(f"lemma {goal['name'].split('_lemma_')[-1]}", key, "proved by")
        elif f"routine {goal['function']}" in graph.items:
            graph.link(f"routine {goal['function']}", key, "proved by")
            graph.link(f"clause {goal['name'].replace('/', '.')}", key, "proved by")
        elif goal["unit"] == "bits":
            graph.link("file build/gen/qfbv/list.txt", key, "proved by")
        else:
            for theorem in theorems:
                _, theory, lemma = graph.items[theorem].id.split(".")
                if re.search(rf"-{theory}-{lemma}(qtvc)?\d*$", goal["name"]):
                    graph.link(theorem, key, "proved by")
    return True


def add_coverage(graph, build, commit):
    """What the unit tests reach of a function, and what the system tests run of its instructions in the image."""
    try:
        with open(os.path.join(build, "coverage", "coverage.json"), encoding="utf-8") as file:
            table = json.load(file)
    except OSError:
        return False
    if table.get("commit") != commit:
        return False
    for name, counts in table["functions"].items():
        if f"function {name}" in graph.items:
            graph.add(Item(name, "coverage", json.dumps(counts, sort_keys=True), "build/coverage/coverage.json", counts))
            graph.link(f"function {name}", f"coverage {name}", "covered")
    return True


def add_image_coverage(graph, build):
    """Of the present image, if its system tests were run."""
    try:
        with open(os.path.join(build, "hypatia.img"), "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        with open(os.path.join(build, "coverage-image.json"), encoding="utf-8") as file:
            table = json.load(file)
    except OSError:
        return False
    if table["image"] != digest:
        return False
    reasons = {gap["function"]: gap["reason"] for gap in table["explained"]}
    for gap in table["open"]:
        reasons.pop(gap["function"], None)
    for name, (reached, size) in table["functions"].items():
        for key in (f"function {name}", f"routine {name}"):
            if key in graph.items:
                more = {"instructions": [reached, size]}
                if reached == 0 and name in reasons:
                    more["reason"] = reasons[name]
                graph.add(Item(f"{name} in the image", "coverage", f"{reached} of {size}", "build/coverage-image.json", more))
                graph.link(key, f"coverage {name} in the image", "runs in" if reached else "never runs in")
    return True


# --- checks ----------------------------------------------------------------------------------------

def check(graph, have_goals, have_coverage):
    ends = defaultdict(set)
    starts = defaultdict(set)
    for source, target, kind in graph.links:
        ends[source].add((target, kind))
        starts[target].add((source, kind))
    problems = graph.problems

    def required(key, seen):
        """Whether a requirement leads to this function, by itself or through who calls it."""
        if key in seen:
            return False
        seen.add(key)
        for source, kind in starts[key]:
            if source.startswith("requirement ") or source.startswith("clause ") and \
                    any(one.startswith("requirement ") for one, _ in starts[source]):
                return True
            if kind == "calls" and required(source, seen):
                return True
        return False

    for key in graph.of("requirement"):
        kinds = {kind for _, kind in ends[key]}
        for kind in ("implemented by", "tested by"):
            if kind not in kinds:
                problems.append(f"{key}: not {kind} anything")
    for key in graph.of("theorem"):
        if not any(source.startswith("requirement ") or kind == "helps" for source, kind in starts[key]):
            problems.append(f"{key}: no requirement needs it")
        if have_goals and not any(target.startswith("goal ") for target, _ in ends[key]):
            problems.append(f"{key}: no goal proves it")
    for key in graph.of("function"):
        item = graph.items[key]
        if not required(key, set()):
            problems.append(f"{item.where}: {key}: no requirement leads to it")
        proved = any(target.startswith("goal ") for target, _ in ends[key])
        if have_goals and not proved and not item.more.get("trusted"):
            problems.append(f"{item.where}: {key}: no goal proves it")
        if have_coverage and item.where.startswith("src/hyp/") and not item.more.get("trusted") and \
                not item.more.get("ghost") and not any(kind == "covered" for _, kind in ends[key]):
            problems.append(f"{item.where}: {key}: no test runs it")
    for key in graph.of("routine"):
        if not required(key, set()):
            problems.append(f"{graph.items[key].where}: {key}: no requirement leads to it")
        if any(kind == "never runs in" and "reason" not in graph.items[target].more for target, kind in ends[key]):
            problems.append(f"{graph.items[key].where}: {key}: no system test runs it")
    for key in graph.of("clause"):
        item = graph.items[key]
        trusted = "routine" not in item.more and graph.items[f"function {item.id.split('.')[0]}"].more.get("trusted")
        if have_goals and item.more["part"] == "ensures" and not trusted and \
                not any(target.startswith("goal ") for target, _ in ends[key]):
            problems.append(f"{item.where}: {key}: no goal proves it")
    for key in graph.of("test"):
        if not starts[key] and not graph.items[key].id.split(":")[0].endswith("run.py"):
            problems.append(f"{graph.items[key].where}: {key}: no requirement needs it")
    for key in graph.of("goal"):
        if not starts[key]:
            problems.append(f"{key}: proves nothing that is traced")


def suspects(graph):
    """Items whose text is not the reviewed one, and what is linked to them."""
    reviewed = {}
    path = os.path.join(ROOT, REVIEWED)
    if os.path.exists(path):
        for number, line in enumerate(read(REVIEWED).splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.split(" ", 1)
            if len(parts) != 2 or not re.fullmatch(r"[0-9a-f]{16}", parts[0]):
                raise Trouble(f"{REVIEWED}:{number}: not a fingerprint and an item")
            reviewed[parts[1]] = parts[0]
    now = {key: item.fingerprint for key, item in graph.items.items() if item.kind in REVIEWED_KINDS}
    changed = sorted(key for key in now if reviewed.get(key) != now[key])
    gone = sorted(set(reviewed) - set(now))
    near = defaultdict(set)
    for source, target, kind in graph.links:
        if kind not in ("may use", "calls"):
            near[source].add(target)
            near[target].add(source)
    touched = {}
    for key in changed:
        touched[key] = sorted(other for other in near[key] if graph.items[other].kind == "requirement")
    return changed, gone, touched


def write_reviewed(graph):
    lines = ["# SPDX-License-Identifier: BSD-2-Clause",
             "# The text of each item as it was last reviewed with what is linked to it: reports/trace.py --review."]
    lines += sorted(f"{item.fingerprint} {key}" for key, item in graph.items.items() if item.kind in REVIEWED_KINDS)
    lines[2:] = sorted(lines[2:], key=lambda line: line.split(" ", 1)[1])
    with open(os.path.join(ROOT, REVIEWED), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def build_graph(build, commit):
    graph = Graph()
    add_core(graph)
    add_assembly(graph)
    add_model(graph)
    add_lemmas(graph)
    add_tests(graph)
    add_requirements(graph)
    link_helpers(graph)
    have_goals = add_goals(graph, build, commit)
    have_coverage = add_coverage(graph, build, commit)
    have_image = add_image_coverage(graph, build)
    check(graph, have_goals, have_coverage)
    return graph, have_goals, have_coverage, have_image


def main():
    parser = argparse.ArgumentParser(prog="reports/trace.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), metavar="DIR",
                        help="the build folder (default: build)")
    parser.add_argument("--review", action="store_true",
                        help="accept the present text of every item: commit this with the change that made them suspect")
    parser.add_argument("--commit", metavar="ID", help="in an archive: what build/proof.json has to be of (default: "
                        "what is checked out)")
    parser.add_argument("--show", metavar="ID", help="print one item with all its links, and stop")
    args = parser.parse_args()
    commit = args.commit or tools.commit(ROOT)
    try:
        graph, have_goals, have_coverage, have_image = build_graph(args.build, commit)
        if args.show:
            return show(graph, args.show)
        if args.review:
            write_reviewed(graph)
        changed, gone, touched = suspects(graph)
    except (Trouble, OSError, subprocess.SubprocessError) as trouble:
        print(f"trace: {trouble}", file=sys.stderr)
        return 2
    for key in changed:
        rests = ", ".join(other.split(" ", 1)[1] for other in touched[key])
        print(f"trace: suspect: {graph.items[key].where}: {key}" + (f": concerns {rests}" if rests else ""))
    for key in gone:
        print(f"trace: suspect: {key} is gone")
    for problem in graph.problems:
        print(f"trace: {problem}")
    out = os.path.join(args.build, "trace")
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "trace.json"), "w", encoding="utf-8") as file:
        json.dump({"commit": commit, "items": [dict(id=item.id, kind=item.kind, text=item.text, fingerprint=item.fingerprint,
                                  where=item.where, **item.more) for _, item in sorted(graph.items.items())],
                   "links": [{"from": source, "to": target, "kind": kind} for source, target, kind in
                             sorted(graph.links)],
                   "problems": graph.problems, "suspect": changed + gone}, file, indent=1)
        file.write("\n")
    counts = ", ".join(f"{len(graph.of(kind))} {kind}s" for kind in ("requirement", "theorem", "clause", "function", "routine", "test",
                                                                      "goal"))
    parts = (("goals", have_goals), ("coverage", have_coverage), ("coverage of the image", have_image))
    without = [name for name, there in parts if not there]
    print(f"trace: {counts}; {len(graph.links)} links; {len(graph.problems)} problems, {len(changed) + len(gone)} suspect" +
          (f"; without {' and '.join(without)}" if without else ""))
    return 1 if graph.problems or changed or gone or not graph.items else 0


def show(graph, name):
    keys = [key for key, item in graph.items.items() if name in (key, item.id)]
    if not keys:
        raise Trouble(f"there is no item {name}")
    for key in keys:
        item = graph.items[key]
        print(f"{key} ({item.where}, {item.fingerprint})\n{item.text.strip()}")
        for source, target, kind in sorted(graph.links):
            if source == key:
                print(f"  {kind}: {target}")
            elif target == key:
                print(f"  {kind}, from: {source}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
