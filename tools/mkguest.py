#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the disk from which the test host starts guests: a plain cpio archive that it unpacks over its root.

usage: mkguest.py OUT --packages DIR --kernel DIR --busybox FILE --ticks FILE --vmm FILE --traced FILE --vectors FILE --guest DIR

In it are Debian's arm64 QEMU with the libraries that it is linked to, from unpacked packages; the monitor of host/vmm; a
guest's kernel; a guest's initramfs with the modules of virtio in the order in which they can be loaded, and a program that is debugged; the initramfs that
measures a boot; the host's module for TAP interfaces, and its script.
Same files in, same bytes out.
"""

import argparse
import gzip
import lzma
import os
import pathlib
import sys

from elftools.elf.elffile import ELFFile

from mkinitrd import S_FILE, Archive

PROGRAM = "usr/bin/qemu-system-aarch64"
LIBRARY_FOLDERS = ("lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu")
MODULES = ("virtio_pci", "virtio_mmio", "virtio_blk", "virtio_net", "virtio_console")
HOST_MODULES = ("tun",)


def library(root, name):
    for folder in LIBRARY_FOLDERS:
        if (root / folder / name).exists():
            return f"{folder}/{name}"
    sys.exit(f"mkguest: no package has {name}")


def linked(root, program):
    """@program, its interpreter, and all libraries that they need, as paths below @root."""
    todo, found = [program], set()
    while todo:
        path = todo.pop()
        if path in found:
            continue
        found.add(path)
        with open(root / path, "rb") as source:
            elf = ELFFile(source)
            interpreter = elf.get_section_by_name(".interp")
            if interpreter:
                todo.append(interpreter.data().rstrip(b"\0").decode().lstrip("/"))
            # The loader is needed by its name alone: it is where .interp says.
            todo += [library(root, tag.needed) for tag in elf.get_section_by_name(".dynamic").iter_tags()
                     if tag.entry.d_tag == "DT_NEEDED" and not tag.needed.startswith("ld-linux")]
    return sorted(found)


def module_file(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def depends(data):
    start = data.index(b"\0depends=") + len(b"\0depends=")
    return [name for name in data[start : data.index(b"\0", start)].decode().split(",") if name]


def loading_order(folder, names):
    """(name, content) of @names and what they depend on, each behind what it depends on."""
    paths = {path.name.split(".")[0].replace("-", "_"): path for path in folder.rglob("*.ko*")}
    order = {}

    def visit(name):
        if name not in order:
            data = module_file(paths[name])
            for other in depends(data):
                visit(other)
            order[name] = data

    for name in names:
        if name in paths:       # what is not there is built in
            visit(name)
    return order.items()


def put(archive, name, content):
    archive.directories(name)
    archive.entry(name, S_FILE, content)


def put_modules(archive, folder, arguments, names):
    modules = loading_order(arguments.kernel / "lib/modules", names)
    for name, data in modules:
        put(archive, f"{folder}/{name}.ko", data)
    put(archive, f"{folder}/order", "".join(f"{name}\n" for name, _ in modules).encode())


def guest_initramfs(arguments):
    archive = Archive()
    archive.directories("dev/console")
    archive.entry("dev/console", 0o020600, device=(5, 1))
    put(archive, "init", (arguments.guest / "init").read_bytes())
    put(archive, "bin/busybox", arguments.busybox.read_bytes())
    put(archive, "bin/traced", arguments.traced.read_bytes())
    put(archive, "bin/vectors", arguments.vectors.read_bytes())
    put_modules(archive, "modules", arguments, MODULES)
    archive.entry("TRAILER!!!", 0)
    return gzip.compress(archive.data.getvalue(), 6, mtime=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out")
    for name in ("packages", "kernel", "busybox", "ticks", "vmm", "traced", "vectors", "guest"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    archive = Archive()
    for path in linked(arguments.packages, PROGRAM):
        put(archive, path, (arguments.packages / path).read_bytes())
    put(archive, "guest/vmm", arguments.vmm.read_bytes())
    put_modules(archive, "guest/modules", arguments, HOST_MODULES)
    put(archive, "guest/host", (arguments.guest / "host").read_bytes())
    put(archive, "guest/Image", (arguments.kernel / "Image").read_bytes())
    put(archive, "guest/initrd", guest_initramfs(arguments))
    put(archive, "guest/ticks", arguments.ticks.read_bytes())
    archive.entry("TRAILER!!!", 0)
    # A disk has whole sectors.
    archive.data.write(b"\0" * (-archive.data.tell() % 4096))
    with open(arguments.out + ".new", "wb") as out:
        out.write(archive.data.getvalue())
    os.replace(arguments.out + ".new", arguments.out)


if __name__ == "__main__":
    main()
