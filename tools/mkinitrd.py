#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write an initramfs (cpio "newc", gzip): same files in, same bytes out.

usage: mkinitrd.py OUT NAME=FILE ...      NAME is the path inside, such as bin/busybox
"""

import gzip
import io
import os
import sys

S_DIRECTORY = 0o040755
S_FILE = 0o100755
S_CHARDEV = 0o020600


class Archive:
    def __init__(self):
        self.data = io.BytesIO()
        self.inode = 0
        self.seen = set()

    def entry(self, name, mode, content=b"", device=(0, 0)):
        self.inode += 1
        encoded = name.encode() + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0]
        self.data.write(b"070701" + b"".join(b"%08X" % f for f in fields) + encoded)
        self.pad()
        self.data.write(content)
        self.pad()

    def pad(self):
        self.data.write(b"\0" * (-self.data.tell() % 4))

    def directories(self, name):
        parts = name.split("/")[:-1]
        for i in range(1, len(parts) + 1):
            path = "/".join(parts[:i])
            if path not in self.seen:
                self.seen.add(path)
                self.entry(path, S_DIRECTORY)

    def file(self, name, path):
        self.directories(name)
        with open(path, "rb") as source:
            self.entry(name, S_FILE, source.read())


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    archive = Archive()
    archive.directories("dev/console")
    archive.entry("dev/console", S_CHARDEV, device=(5, 1))
    archive.entry("dev/null", S_CHARDEV, device=(1, 3))
    for spec in sys.argv[2:]:
        name, _, path = spec.partition("=")
        try:
            archive.file(name, path)
        except OSError as error:
            sys.exit(f"mkinitrd: {error}")
    archive.entry("TRAILER!!!", 0)
    temporary = sys.argv[1] + ".new"
    with open(temporary, "wb") as out:
        out.write(gzip.compress(archive.data.getvalue(), 6, mtime=0))
    os.replace(temporary, sys.argv[1])


if __name__ == "__main__":
    main()
