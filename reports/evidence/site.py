# SPDX-License-Identifier: BSD-2-Clause
"""The package as pages for people: a folder of HTML files, and a PDF of all but the lists of goals."""

import os
import re
import subprocess
from collections import Counter

import jinja2
from markupsafe import Markup

from . import verify
from .baseline import Trouble

LIMIT = 150


def _units(proof):
    found = {}
    for goal in proof["goals"]:
        found.setdefault(goal["unit"], []).append(goal)
    return [{"name": name, "page": "goals/" + name.replace(":", "-").replace("/", "-") + ".html", "goals": goals,
             "smoke": sum(1 for goal in goals if goal["kind"] == "smoke"),
             "files": sum(1 for goal in goals if goal["text"] and goal["kind"] != "bytes"),
             "by": ", ".join(f"{prover} {count}" for prover, count in
                             sorted(Counter(goal["prover"] for goal in goals).items()))}
            for name, goals in found.items()]


def write(stage, base, ledger, views, proof, assumptions, absent):
    """site/ and evidence.pdf below @stage."""
    loader = jinja2.FileSystemLoader(os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates"))
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined,
                                     trim_blocks=True, lstrip_blocks=True)
    layout = environment.get_template("layout.html.j2")
    bodies = environment.get_template("pages.html.j2").module
    data = {"base": base, "ledger": ledger, "views": views, "assumptions": assumptions, "absent": absent,
            "by_id": {item["id"]: item for item in ledger["items"]}, "units": _units(proof),
            "line": verify.last_line(proof["goals"], len(assumptions))}
    parts = [("index.html", "Overview", bodies.overview, ())]
    parts += [(view["name"] + ".html", view["title"], bodies.view, (view,)) for view in views]
    parts += [("tools.html", "Tools", bodies.tools, ()), ("assumptions.html", "Assumptions", bodies.assumptions, ()),
              ("proof.html", "Proof", bodies.proof, ())]
    pages = [(file, title) for file, title, _, _ in parts]
    site = os.path.join(stage, "site")
    os.makedirs(os.path.join(site, "goals"))

    def page(file, title, body, up=""):
        with open(os.path.join(site, file), "w", encoding="utf-8") as out:
            out.write(layout.render(title=title, pages=pages, base=base, up=up, body=body))

    for file, title, body, args in parts:
        page(file, title, body(data, "../", *args))
    for unit in data["units"]:
        page(unit["page"], unit["name"], bodies.unit(data, "../../", unit), "../")
    # A PDF cannot name the files beside it: its links would lead into the reader's own root folder.
    whole = Markup("").join(Markup("<section>{}</section>").format(body(data, "", *args)) for _, _, body, args in parts)
    _pdf(stage, layout.render(title="Evidence", pages=[], base=base, up="", body=whole), base["epoch"])


def _pdf(stage, html, epoch):
    html = re.sub(r"</?a\b[^>]*>", "", html)
    command = ["weasyprint", "--quiet", "-", os.path.join(stage, "evidence.pdf")]
    try:
        run = subprocess.run(command, input=html, text=True, capture_output=True, timeout=LIMIT, check=False,
                             env=dict(os.environ, SOURCE_DATE_EPOCH=str(epoch)))
    except FileNotFoundError as error:
        raise Trouble("weasyprint is not installed (tools/deps.sh evidence)") from error
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"weasyprint: no end after {LIMIT} s") from error
    if run.returncode != 0:
        raise Trouble("weasyprint: " + run.stderr.strip()[-300:])
