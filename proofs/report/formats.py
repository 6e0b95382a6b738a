# SPDX-License-Identifier: BSD-2-Clause
"""A proof run as JUnit XML, SARIF 2.1.0 and a Markdown summary."""

import xml.etree.ElementTree as tree

OK = ("proved", "passed")
RULES = {
    "goal": "A contract or run-time check of the C code, or a theorem of the model, is not proved.",
    "lemma": "An ACSL lemma is not proved.",
    "bits": "A bit-vector query is not decided as claimed.",
    "smoke": "A prover derived false: what the code assumes is contradictory.",
    "error": "The campaign itself is incomplete.",
}


def bad(data):
    return [goal for goal in data["goals"] if goal["verdict"] not in OK]


def told(goal):
    """One sentence about a goal that is not proved."""
    tried = ", ".join(f"{one['prover']} at {one['limit']} steps: {one['answer']}" for one in goal["tried"])
    return f"{goal['verdict']}: {goal['unit']}/{goal['name']}" + (f" ({tried})" if tried else "")


def junit(data):
    units = {}
    for goal in data["goals"]:
        units.setdefault(goal["unit"], []).append(goal)
    top = tree.Element("testsuites", name="proof", tests=str(len(data["goals"]) + len(data["errors"])),
                       failures=str(len(bad(data))), errors=str(len(data["errors"])), time=f"{data['seconds']:.1f}")
    for unit, goals in units.items():
        wrong = [goal for goal in goals if goal["verdict"] not in OK]
        suite = tree.SubElement(top, "testsuite", name=unit, tests=str(len(goals)), failures=str(len(wrong)),
                                errors="0", time=f"{sum(goal['seconds'] for goal in goals):.3f}")
        for goal in goals:
            case = tree.SubElement(suite, "testcase", name=goal["name"], time=f"{goal['seconds']:.3f}",
                                   classname=f"{unit}.{goal['function'] or goal['kind']}")
            if goal["source"]:
                case.set("file", goal["source"])
                case.set("line", str(goal["line"]))
            if goal in wrong:
                tree.SubElement(case, "failure", type=goal["verdict"], message=told(goal)).text = told(goal)
    if data["errors"]:
        suite = tree.SubElement(top, "testsuite", name="campaign", tests=str(len(data["errors"])), failures="0",
                                errors=str(len(data["errors"])), time="0")
        for text in data["errors"]:
            case = tree.SubElement(suite, "testcase", name=text, classname="campaign", time="0")
            tree.SubElement(case, "error", type="error", message=text)
    tree.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tree.tostring(top, encoding="unicode") + "\n"


def _result(rule, text, source="", line=0, name=""):
    result = {"ruleId": rule, "level": "error", "message": {"text": text}}
    if source:
        place = {"artifactLocation": {"uri": source, "uriBaseId": "SRCROOT"}}
        if line:
            place["region"] = {"startLine": line}
        result["locations"] = [{"physicalLocation": place}]
    if name:
        result["partialFingerprints"] = {"goal/v1": name}
    return result


def sarif(data):
    results = [_result(goal["kind"] if goal["kind"] in RULES else "goal", told(goal), goal["source"], goal["line"],
                       f"{goal['unit']}/{goal['name']}") for goal in bad(data)]
    results += [_result("error", text) for text in data["errors"]]
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "hypatia-proof", "rules": [
            {"id": name, "shortDescription": {"text": text}} for name, text in RULES.items()]}},
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The top of the source tree."}}},
        "versionControlProvenance": [], "invocations": [{"executionSuccessful": not data["errors"]}],
        "properties": {"baseline": data["baseline"], "mode": data["mode"], "evidence": data["evidence"]},
        "results": results}]}


def markdown(data, explained=()):
    summary = data["summary"]
    kind = "evidence" if data["evidence"] else "no evidence"
    lines = [f"## Proof: {summary['proved']} of {summary['goals']} goals", "",
             f"{data['mode']} run of `{data['baseline']}`, {data['seconds']:.0f} s, {kind}", "",
             "| unit | goals | open | longest |", "|---|---:|---:|---:|"]
    units = {}
    for goal in data["goals"]:
        units.setdefault(goal["unit"].split(":")[0] if ":" in goal["unit"] else goal["unit"], []).append(goal)
    for unit, goals in sorted(units.items()):
        wrong = sum(1 for goal in goals if goal["verdict"] not in OK)
        lines.append(f"| {unit} | {len(goals)} | {wrong or ''} | {max(goal['seconds'] for goal in goals):.1f} s |")
    for title, entries in (("Errors", data["errors"]), ("Not proved", [
            f"`{goal['unit']}/{goal['name']}` {goal['verdict']}, {goal['source']}:{goal['line']} "
            f"{' '.join(goal['requirements'])}".rstrip() for goal in bad(data)])):
        if entries:
            lines += ["", f"### {title}", ""] + [f"- {entry}" for entry in entries[:50]]
            if len(entries) > 50:
                lines.append(f"- and {len(entries) - 50} more")
    for text in explained:
        lines += ["", "```", text.rstrip(), "```"]
    return "\n".join(lines) + "\n"
