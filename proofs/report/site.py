# SPDX-License-Identifier: BSD-2-Clause
"""build/report: a proof run as a static site and for other programs. It needs no network and no script."""

import json
import os
import shutil
import tomllib

import jinja2

from . import formats

HERE = os.path.dirname(os.path.abspath(__file__))
PAGES = (("index", "Overview"), ("files", "Files"), ("functions", "Functions"), ("requirements", "Requirements"),
         ("slowest", "Slowest"), ("assumptions", "Assumptions"))
RUNS = 60


def _entries(root, name, key):
    path = os.path.join(root, "spec", name)
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return tomllib.load(file).get(key, [])


def _groups(found, key):
    groups = {}
    for goal in found:
        for name in key(goal):
            groups.setdefault(name, []).append(goal)
    return groups


def _row(name, found, link="", more=""):
    return {"id": name, "name": name, "goals": len(found), "link": link, "more": more,
            "open": sum(1 for goal in found if goal["verdict"] not in formats.OK),
            "seconds": sum(one["seconds"] for goal in found for one in goal["tried"])}


def _page(name):
    return "source/" + name.replace("/", "_") + ".html"


def _trend(root):
    path = os.path.join(root, "build", "proof-history.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        runs = [json.loads(line) for line in file][-RUNS:]
    most = max([run["summary"]["goals"] for run in runs] + [1])
    for run in runs:
        run["height"] = round(80 * run["summary"]["goals"] / most, 1)
        run["proved"] = round(80 * run["summary"]["proved"] / most, 1)
    return runs


class Site:
    def __init__(self, root, data, explained):
        self.root, self.data, self.explained = root, data, explained
        self.out = os.path.join(root, "build", "report")
        self.by_file = _groups(data["goals"], lambda goal: [goal["source"]] if goal["source"] else [])
        self.links = {name: _page(name) for name in self.by_file if os.path.isfile(os.path.join(root, name))}
        loader = jinja2.FileSystemLoader(os.path.join(HERE, "templates"))
        self.environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)

    def _write(self, name, text):
        path = os.path.join(self.out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def _render(self, template, name, title, **more):
        self._write(name + ".html", self.environment.get_template(template + ".html.j2").render(
            data=self.data, title=title, page=name, pages=PAGES, up="../" * name.count("/"), links=self.links, **more))

    def write(self):
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)
        shutil.copy(os.path.join(HERE, "style.css"), self.out)
        self._overview()
        self._rows()
        found = [goal for goal in self.data["goals"] if goal["kind"] != "smoke"]
        self._render("slowest", "slowest", "Slowest goals",
                     slowest=sorted(found, key=lambda goal: -goal["seconds"])[:60])
        self._render("assumptions", "assumptions", "Assumptions",
                     assumptions=_entries(self.root, "assumptions.toml", "assumption"))
        for name in self.links:
            self._source(name)
        self._write("junit.xml", formats.junit(self.data))
        self._write("proof.sarif", json.dumps(formats.sarif(self.data), indent=1) + "\n")
        self._write("summary.md", formats.markdown(self.data, self.explained))
        self._write("proof.json", json.dumps(self.data, indent=1) + "\n")

    def _overview(self):
        units = []
        for name, found in _groups(self.data["goals"], lambda goal: [goal["unit"]]).items():
            row = _row(name, found)
            units.append(dict(row, smoke=sum(1 for goal in found if goal["kind"] == "smoke"),
                              longest=max(goal["seconds"] for goal in found)))
        summary = self.data["summary"]
        lead = "Every goal is proved."
        if not summary["complete"]:
            count = summary["unproved"] + summary["smoke_failures"]
            lead = f"Not proved: {count} of {summary['goals']} goals. Errors: {len(self.data['errors'])}."
        if self.data["partial"]:
            lead += " Only a part was run."
        self._render("index", "index", "Overview", units=units, wrong=formats.bad(self.data), lead=lead,
                     explained=self.explained, trend=_trend(self.root))

    def _rows(self):
        rows = [_row(name, found, self.links.get(name, "")) for name, found in sorted(self.by_file.items())]
        self._render("rows", "files", "Files", rows=rows, what="file", more="",
                     note="Goals by the file of their clause.")
        functions = _groups([goal for goal in self.data["goals"] if goal["function"]],
                            lambda goal: [(goal["unit"], goal["function"])])
        rows = []
        for (unit, name), found in sorted(functions.items()):
            places = sorted({(goal["source"], goal["line"]) for goal in found if goal["source"] in self.links})
            link = f"{self.links[places[0][0]]}#L{max(places[0][1], 1)}" if places else ""
            rows.append(dict(_row(name, found, link, unit), id=f"{unit}.{name}"))
        self._render("rows", "functions", "Functions", rows=rows, what="function", more="unit",
                     note="Functions of the C code, and theories of the model.")
        by_id = _groups(self.data["goals"], lambda goal: goal["requirements"])
        rows = [_row(entry["id"], by_id.get(entry["id"], []), more=entry["text"])
                for entry in _entries(self.root, "requirements.toml", "requirement")]
        self._render("rows", "requirements", "Requirements", rows=rows, what="requirement", more="text",
                     note="Goals of the theorems, clauses and functions that spec/requirements.toml names for each.")

    def _source(self, name):
        at = _groups(self.by_file[name], lambda goal: [goal["line"]])
        with open(os.path.join(self.root, name), encoding="utf-8") as file:
            texts = file.read().split("\n")
        lines = []
        for number, text in enumerate(texts, 1):
            found = at.get(number, []) + (at.get(0, []) if number == 1 else [])
            good = all(goal["verdict"] in formats.OK for goal in found)
            lines.append({"text": text, "goals": found, "status": "good" if good else "bad"})
        self._render("source", _page(name)[:-5], name, lines=lines)


def write(root, data, explained=()):
    Site(root, data, list(explained)).write()
