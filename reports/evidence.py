#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The evidence package: one archive with the proof, what it is about, and a program that checks it.

Run it after the campaign (make prove) and the tests (make check), on a clean tree. It writes
build/evidence/hypatia-evidence-COMMIT.tar.xz, or one line for each reason why it does not.
"""

import glob
import os
import shutil
import sys
import tempfile
import tomllib

import jsonschema

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "proofs"))

from evidence import baseline, ledger, package, site, statements, verify  # noqa: E402
from evidence.baseline import Trouble, write_json  # noqa: E402
from report import site as campaign_site  # noqa: E402

SCHEMAS = os.path.join(ROOT, "reports", "evidence", "schema")


def check_form(folder, name, schema):
    """A document against its schema."""
    error = jsonschema.exceptions.best_match(
        jsonschema.validators.validator_for(schema)(schema).iter_errors(baseline.read_json(folder, name)))
    if error:
        raise Trouble(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")


def make(root, args, stage):
    proof = baseline.read_json(root, verify.PROOF)
    check_form(root, verify.PROOF, baseline.read_json(ROOT, "proofs/report/schema/proof.json"))
    base, problems = baseline.collect(root, proof)
    goals = ledger.goal_files(root, stage, proof["goals"])
    # A later run may have left its own.
    campaign_site.write(root, proof)
    records, base["notes"], more = baseline.records(root, base["commit"], base["image"]["sha256"])
    problems += more
    package.sources(root, stage)
    package.fill(root, stage, records)
    with open(os.path.join(root, "spec/assumptions.toml"), "rb") as file:
        assumptions = tomllib.load(file)["assumption"]
    write_json(os.path.join(stage, "sbom.spdx.json"), statements.sbom(root, base))
    write_json(os.path.join(stage, "provenance.intoto.json"), statements.provenance(root, base))
    write_json(os.path.join(stage, "proof.intoto.json"), statements.proof(root, base, proof, assumptions))
    package.finish(stage, base["commit"])
    # The baseline is itself an item; it lists what the items lack, in a draft.
    write_json(os.path.join(stage, "baseline.json"), base)
    there, more = ledger.items(stage)
    problems += more
    if problems and not args.draft:
        for problem in problems:
            print(f"evidence: {problem}", file=sys.stderr)
        raise Trouble(f"{len(problems)} reasons, no package (--draft packs all the same, marked on every page)")
    write_json(os.path.join(stage, "baseline.json"), base)
    indexes = ledger.views()
    book = ledger.make(base, there, indexes, goals)
    write_json(os.path.join(stage, "ledger.json"), book)
    absent = [item["title"] for item in ledger.absent(there)]
    site.write(stage, base, book, indexes, proof, assumptions, absent)
    for path in sorted(glob.glob(os.path.join(SCHEMAS, "*.json"))):
        name = os.path.basename(path)
        check_form(stage, name, baseline.read_json(SCHEMAS, name))
    package.manifest(stage)
    if args.key:
        package.sign(stage, args.key, base["commit"])
    return base


def main():
    parser = verify.Parser(prog="evidence", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--key", help="sign with this: the file of a minisign secret key, or the id of a gpg key")
    parser.add_argument("--draft", action="store_true", help="pack what is there, marked as a draft on every page")
    parser.add_argument("--root", default=ROOT, help="the tree (default: this one)")
    args = parser.parse_args()
    root = os.path.abspath(args.root)
    out = os.path.join(root, "build", "evidence")
    work = ""
    try:
        if args.key:
            package.check_key(args.key)
        if not os.path.isdir(os.path.join(root, "build")):
            raise Trouble(f"{root}: no build folder: make prove")
        os.makedirs(out, exist_ok=True)
        work = tempfile.mkdtemp(prefix=".work-", dir=out)
        stage, packed = os.path.join(work, "stage"), os.path.join(work, "packed")
        os.mkdir(stage)
        base = make(root, args, stage)
        name = "hypatia-evidence-" + base["commit"][:12] + ("-draft" if base["draft"] else "")
        package.archive(stage, name, packed, base["epoch"])
        target = os.path.join(out, name + ".tar.xz")
        os.replace(packed, target)
    except (Trouble, OSError, KeyError) as trouble:
        said = f"a report lacks {trouble}" if isinstance(trouble, KeyError) else trouble
        print(f"evidence: {said}", file=sys.stderr)
        return 2
    finally:
        if work:
            shutil.rmtree(work)
    said = "draft, no evidence" if base["draft"] else "signed" if args.key else "not signed (KEY=...)"
    print(f"evidence: {os.path.relpath(target, root)}, {os.path.getsize(target)} bytes, {said}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
