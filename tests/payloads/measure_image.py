#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What EL2 should measure of the guest of measure.c: measure_image.py PROGRAM > HEADER"""

import hashlib
import re
import sys

HERE = sys.path[0]
PATTERN = 0x0123456789ABCDEF


def numbers():
    """The addresses of measure_program.h."""
    with open(f"{HERE}/measure_program.h") as header:
        found = re.findall(r"#define (\w+) (0x[0-9a-f]+)", header.read())
    return {name: int(value, 16) for name, value in found}


def main():
    at = numbers()
    with open(sys.argv[1], "rb") as program:
        code = program.read()
    if len(code) != 4096:
        sys.exit("measure_image: the program is not one page")
    value = bytes(32)
    for address, page in ((at["MEASURE_CODE"], code), (at["MEASURE_DATA"], PATTERN.to_bytes(8, "little") * 512)):
        value = hashlib.sha256(value + (address // 4096).to_bytes(8, "big") + bytes(24) + page).digest()
    entry = at["MEASURE_CODE"].to_bytes(8, "big") + at["MEASURE_ARGUMENT"].to_bytes(8, "big")
    value = hashlib.sha256(value + entry + bytes(16)).digest()
    words = ", ".join(f"0x{value[i : i + 8].hex()}ul" for i in range(0, 32, 8))
    print(f"#define MEASURE_PATTERN 0x{PATTERN:016x}ul")
    print(f"#define MEASURE_EXPECTED {words}")


main()
