# SPDX-License-Identifier: BSD-2-Clause
"""The cache below build/cache/proof: what a key was found to mean, and the texts of goals.

A key is the SHA-256 of everything that the answer depends on. What does not carry its own digest is
removed and counts as absent. A cold run reads nothing from here but what the same run, interrupted,
has written: its journal names those entries.
"""

import glob
import hashlib
import json
import os
import tempfile
import time
import zlib

KEEP_DAYS = 90
COLD, WARM, CHANGED = "cold", "warm", "changed"


def digest(*parts):
    """SHA-256 of texts, each with its length, so that no two lists of parts look alike."""
    found = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8")
        found.update(f"{len(data)}:".encode("ascii") + data)
    return found.hexdigest()


class Store:
    def __init__(self, root, mode, baseline, selection, restart=False):
        self.folder = os.path.join(root, "build", "cache", "proof")
        self.mode = mode
        self.contradictions = []
        self._known = set()             # entries of the interrupted run
        self._journal = None
        os.makedirs(self.folder, exist_ok=True)
        if mode == COLD:
            path = os.path.join(self.folder, "run-" + digest(selection)[:16])
            if restart and os.path.exists(path):
                os.unlink(path)
            self._open_journal(path, baseline)

    @property
    def interrupted(self):
        """This run goes on with one of the same tree, tools and limits that did not come to its end."""
        return bool(self._known)

    def _open_journal(self, path, baseline):
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().split("\n")
        except (OSError, UnicodeDecodeError):
            lines = []
        # The last line may be half a one.
        if len(lines) > 1 and lines[0] == baseline:
            self._known = set(lines[1:-1])
            self._journal = open(path, "a", encoding="utf-8")
            if lines[-1]:
                self._journal.write("\n")
        else:
            self._journal = open(path, "w", encoding="utf-8")
            self._journal.write(baseline + "\n")
        self._journal.flush()

    def finish(self):
        """The run came to its end: nothing is left to go on with."""
        if self._journal:
            self._journal.close()
            os.unlink(self._journal.name)
            self._journal = None

    def prune(self):
        """Remove what was written long ago: it is found again when it is needed."""
        for kind in ("verdict", "goals", "unit", "text"):
            for path in glob.glob(os.path.join(self.folder, kind, "*", "*")):
                if os.path.getmtime(path) < time.time() - KEEP_DAYS * 86400:
                    os.unlink(path)

    def _path(self, kind, key):
        return os.path.join(self.folder, kind, key[:2], key)

    def reusable(self, kind, key):
        return self.mode != COLD or f"{kind} {key}" in self._known

    def get(self, kind, key):
        """What is stored, whatever the mode; None when it is absent or damaged."""
        path = self._path(kind, key)
        try:
            with open(path, "rb") as file:
                head, _, body = file.read().partition(b"\n")
        except OSError:
            return None
        if head.decode("ascii", "replace") == digest(kind, key, body):
            return json.loads(body)
        os.unlink(path)
        return None

    def reuse(self, kind, key):
        return self.get(kind, key) if self.reusable(kind, key) else None

    def _write(self, path, data):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(path), delete=False) as file:
            file.write(data)
        os.replace(file.name, path)

    def put(self, kind, key, data):
        body = json.dumps(data, sort_keys=True).encode("utf-8")
        self._write(self._path(kind, key), digest(kind, key, body).encode("ascii") + b"\n" + body)
        if self._journal:
            # One short line in one write: two threads do not mix theirs.
            self._journal.write(f"{kind} {key}\n")
            self._journal.flush()

    def text(self, key):
        """The text with this digest, or None."""
        path = self._path("text", key)
        try:
            with open(path, "rb") as file:
                data = zlib.decompress(file.read())
        except (OSError, zlib.error):
            data = None
        if data is not None and hashlib.sha256(data).hexdigest() == key:
            return data
        if os.path.exists(path):
            os.unlink(path)
        return None

    def put_text(self, data):
        key = hashlib.sha256(data).hexdigest()
        path = self._path("text", key)
        if not os.path.exists(path):
            self._write(path, zlib.compress(data, 1))
        return key
