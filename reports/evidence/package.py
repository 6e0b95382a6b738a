# SPDX-License-Identifier: BSD-2-Clause
"""The archive: what goes in, its manifest, its signature."""

import io
import lzma
import os
import shutil
import subprocess
import tarfile

from . import baseline, verify
from .baseline import Trouble

# Below build/, as far as they are there. Goals come by the ledger, records of tests by baseline.records().
PARTS = ("hypatia.img", "hypatia.elf", "image/hypatia.map", "proof.json", "proof-summary.txt", "proof-bytes.json",
         "gen", "coverage/coverage.json", "coverage/coverage.txt", "misra/misra.json", "misra/misra.txt",
         "reproduce/reproduce.json", "trace", "report")
README = """Evidence for Hypatia, commit {commit}

This is no claim of compliance with any standard.

    site/index.html      what is here, and four indexes for assessors; evidence.pdf is the same on paper
    build/report/        the campaign's own site: files, functions, requirements, goals
    manifest.sha256      the digest of every file: sha256sum -c manifest.sha256
    baseline.json        commit, image, tools, packages, effective configuration
    ledger.json          items, objectives, tools, and the text of each goal
    proof.intoto.json    the proof result as a statement about the image; provenance.intoto.json how it was built
    sbom.spdx.json       what the image is made of
    sources/             the commit's files; build/ what was made of them; goals/ what the provers were asked

To check it, with Python 3.11, z3 4.8.12 and cvc4 1.8 (Debian 12) and no network:

    ./verify --key SIGNER.pub --sample 50

With Frama-C 25 and Why3 1.5.1 it makes the goals from the sources again; without them it asks the provers about the
texts in goals/, and says so.

This program came with the package. Before you run it, check the manifest's signature with a program and a key of
your own (minisign -Vm manifest.sha256 -p SIGNER.pub; gpg --verify manifest.sha256.asc), and the files with
sha256sum -c.
sources/docs/evidence.md says what it checks.
"""


def sources(root, stage):
    """The commit's files, as git has them."""
    with tarfile.open(fileobj=io.BytesIO(baseline.run(["git", "archive", "HEAD"], root))) as tar:
        tar.extractall(os.path.join(stage, "sources"))


def _copy(root, stage, name):
    target = os.path.join(stage, name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(os.path.join(root, name), target)


def fill(root, stage, records):
    for part in [os.path.join("build", part) for part in PARTS] + records:
        if os.path.isfile(os.path.join(root, part)):
            _copy(root, stage, part)
        for file, plain in verify.files_below(os.path.join(root, part)):
            if plain and "__pycache__" not in file:
                _copy(root, stage, os.path.join(part, file))


def finish(stage, commit):
    with open(os.path.join(stage, "README.txt"), "w", encoding="utf-8") as file:
        file.write(README.format(commit=commit))
    shutil.copyfile(verify.__file__, os.path.join(stage, "verify"))
    os.chmod(os.path.join(stage, "verify"), 0o755)


def manifest(stage):
    lines = [f"{verify.sha256(os.path.join(stage, name))}  {name}\n" for name, _ in verify.files_below(stage)]
    with open(os.path.join(stage, verify.MANIFEST), "w", encoding="utf-8") as file:
        file.writelines(lines)


def check_key(key):
    """Before the work begins: whether there is such a key to sign with."""
    if os.path.exists(key):
        with open(key, "rb") as file:
            if b"secret key" not in file.readline():
                raise Trouble(f"--key {key}: no secret key of minisign")
    elif "/" in key:
        raise Trouble(f"--key {key}: no such file")
    elif subprocess.run(["gpg", "--batch", "--list-secret-keys", key], capture_output=True,
                        check=False).returncode != 0:
        raise Trouble(f"--key: no file '{key}', and gpg has no secret key '{key}'")


def sign(stage, key, commit):
    """With the user's key: a file is a secret key of minisign, anything else names a key of gpg."""
    path = os.path.join(stage, verify.MANIFEST)
    if os.path.exists(key):
        command = ["minisign", "-S", "-s", key, "-m", path, "-x", os.path.join(stage, verify.MINISIG),
                   "-t", f"evidence for Hypatia, commit {commit}"]
    else:
        command = ["gpg", "--local-user", key, "--armor", "--detach-sign", "--output",
                   os.path.join(stage, verify.GPGSIG), path]
    try:
        # On the terminal: the key may have a password.
        if subprocess.run(command, check=False).returncode != 0:
            raise Trouble(f"{command[0]} did not sign")
    except FileNotFoundError as error:
        raise Trouble(f"{command[0]} is not installed (tools/deps.sh evidence)") from error


def archive(stage, name, target, epoch):
    """The same files give the same bytes."""
    # Goals of one function are alike: a dictionary that holds many of them makes the archive small.
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 3, "dict_size": 64 << 20}]
    with lzma.open(target, "wb", filters=filters) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for file, _ in verify.files_below(stage):
            path = os.path.join(stage, file)
            entry = tarfile.TarInfo(f"{name}/{file}")
            entry.size, entry.mtime = os.path.getsize(path), epoch
            entry.mode = 0o755 if os.access(path, os.X_OK) and os.stat(path).st_mode & 0o100 else 0o644
            entry.uname = entry.gname = "root"
            with open(path, "rb") as data:
                tar.addfile(entry, data)
