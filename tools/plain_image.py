#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the plain arm64 Image that a kernel file holds: plain, gzip, or an EFI zboot wrapper.

usage: plain_image.py VMLINUZ IMAGE
"""

import gzip
import lzma
import struct
import sys
import zlib

MAGIC_OFFSET = 56
ARM64_MAGIC = b"ARM\x64"


def is_plain(data):
    return data[MAGIC_OFFSET : MAGIC_OFFSET + 4] == ARM64_MAGIC and data[4:8] != b"zimg"


def unwrap_zboot(data):
    """EFI zboot: "MZ", "zimg" at 4, payload offset and size at 8, name of the compression at 24."""
    offset, size = struct.unpack_from("<II", data, 8)
    name = data[24:56].split(b"\0")[0].decode("ascii", "replace")
    payload = data[offset : offset + size]
    if name == "gzip":
        return zlib.decompressobj(wbits=31).decompress(payload)
    if name in ("xz", "xzkern", "lzma"):
        return lzma.LZMADecompressor().decompress(payload)
    raise ValueError(f"EFI zboot image with unsupported compression '{name}'")


def plain(data):
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:2] == b"MZ" and data[4:8] == b"zimg":
        data = unwrap_zboot(data)
    if not is_plain(data):
        raise ValueError("not an arm64 Linux Image")
    return data


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    try:
        with open(sys.argv[1], "rb") as source:
            data = plain(source.read())
    except (OSError, ValueError, zlib.error, lzma.LZMAError, struct.error) as error:
        sys.exit(f"plain_image: {sys.argv[1]}: {error}")
    with open(sys.argv[2], "wb") as out:
        out.write(data)


if __name__ == "__main__":
    main()
