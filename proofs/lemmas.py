#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Split annotations/*.lemmas into one proof unit per step.

A prover that is given sixty lemmas about two memory states finds none of them useful. So each step
names the steps that it uses, all above it or in a file that is before its own by name, and its unit has
those as hypotheses and no others:

    include "pgtable.h"
    step NAME [uses STEP TOPIC:STEP ...] [for code]
    ACSL lemmas and comments

For annotations/TOPIC.lemmas this writes below OUT: TOPIC/STEP.h with the step's lemmas, TOPIC/STEP.c
that proves them, and TOPIC.h with the steps that are for code.
"""

import argparse
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MADE = "/* SPDX-License-Identifier: BSD-2-Clause */\n/* Made by proofs/lemmas.py from {source}. Do not edit. */\n"


class Trouble(Exception):
    """A mistake in a file of lemmas, in one line."""


def parse(path, source, known):
    """The header that the lemmas speak of, and the steps: name -> (uses, for code, text). known: TOPIC:STEP of the
    files before."""
    include, steps, name = None, {}, None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            def wrong(reason, at=number):
                raise Trouble(f"{source}:{at}: {reason}")
            found = re.fullmatch(r'include "([\w./]+)"\s*', line)
            if found:
                include = found.group(1)
                continue
            if line.startswith("step"):
                found = re.fullmatch(r"step (\w+)(?: uses ([\w: ]+?))?( for code)?\s*", line)
                if not found:
                    wrong("not 'step NAME [uses STEP ...] [for code]'")
                name, uses = found.group(1), (found.group(2) or "").split()
                if name in steps:
                    wrong(f"a second step '{name}'")
                for other in uses:
                    if other not in steps and other not in known:
                        wrong(f"step '{name}' uses '{other}', which is not a step above it")
                steps[name] = (uses, bool(found.group(3)), [])
                continue
            if name is not None:
                steps[name][2].append(line)
            elif line.strip() and not line.startswith("#"):
                wrong("text before the first step")
    if include is None:
        raise Trouble(f"{source}: no include line")
    texts = {}
    for name, (uses, code, lines) in steps.items():
        text = "".join(lines).strip("\n")
        if not re.search(r"^ *lemma \w+", text, re.MULTILINE):
            raise Trouble(f"{source}: step '{name}' has no lemma")
        if re.search(r"\*/|\baxiom\b|\badmit\b|\baxiomatic\b", text):
            raise Trouble(f"{source}: step '{name}': only lemmas and // comments")
        texts[name] = (uses, code, text)
    return include, texts


def files(source, topic, include, steps):
    """Path -> text of all that is made from one file of lemmas."""
    made = MADE.format(source=source)
    out = {}
    for name, (uses, _, text) in steps.items():
        guard = f"LEMMAS_{topic}_{name}_H".upper()
        paths = [f"../{one.replace(':', '/')}" if ":" in one else one for one in uses]
        out[f"{topic}/{name}.h"] = (f"{made}#ifndef {guard}\n#define {guard}\n\n#include \"{include}\"\n\n"
                                    f"/*@\n{text}\n*/\n\n#endif\n")
        out[f"{topic}/{name}.c"] = made + "".join(f'#include "{one}.h"\n' for one in paths + [name])
    for_code = "".join(f'#include "{topic}/{name}.h"\n' for name, (_, code, _) in steps.items() if code)
    guard = f"LEMMAS_{topic}_H".upper()
    out[f"{topic}.h"] = f"{made}#ifndef {guard}\n#define {guard}\n\n{for_code}\n#endif\n"
    return out


def write(folder, out):
    """Write what differs and remove what is no longer made."""
    for path, text in out.items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            with open(target, encoding="utf-8") as file:
                if file.read() == text:
                    continue
        except OSError:
            pass
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
    for path in glob.glob(os.path.join(folder, "**", "*.[ch]"), recursive=True):
        if os.path.relpath(path, folder) not in out:
            os.unlink(path)


def main():
    parser = argparse.ArgumentParser(prog="proofs/lemmas.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to write to, such as build/gen/lemmas")
    args = parser.parse_args()
    out, known = {}, set()
    try:
        for path in sorted(glob.glob(os.path.join(ROOT, "annotations", "*.lemmas"))):
            source = os.path.relpath(path, ROOT)
            topic = os.path.basename(path)[:-len(".lemmas")]
            include, steps = parse(path, source, known)
            out.update(files(source, topic, include, steps))
            known |= {f"{topic}:{name}" for name in steps}
    except (OSError, Trouble) as error:
        print(f"lemmas: {error}", file=sys.stderr)
        return 1
    write(args.out, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
