#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Generate everything that follows from spec/*.toml: run `spec/gen/generate.py --out build/gen`.

The same specification gives the same bytes. A file is written only when its content changes, so
that make rebuilds no more than it must. A bad entry ends the run with one line `spec/FILE.toml:
key.path: reason` and exit status 1.
"""
import argparse
import pathlib
import sys

import check
import emit
import load


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(
        description="generate headers, models, contracts and documents from spec/"
    )
    parser.add_argument(
        "--out", required=True, type=pathlib.Path, help="folder to write to, such as build/gen"
    )
    parser.add_argument(
        "--spec", type=pathlib.Path, default=here.parent, help="folder of the TOML files"
    )
    args = parser.parse_args()
    try:
        spec = load.load(args.spec, here.parent / "schema")
        check.check(spec)
    except load.SpecError as error:
        print(error, file=sys.stderr)
        return 1
    emit.write(args.out, emit.outputs(spec))
    return 0


if __name__ == "__main__":
    sys.exit(main())
