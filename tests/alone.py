# SPDX-License-Identifier: BSD-2-Clause
"""The tests of a file, each in a process of its own, as many at a time as there are cores."""

import concurrent.futures
import os
import subprocess
import sys
import unittest


def one(file, name):
    """(name, exit status, what it printed) of one test."""
    done = subprocess.run([sys.executable, file, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return name, done.returncode, done.stdout


def main(file, cases, what):
    """The exit status of a file that runs the test that it is given: all of its cases, in their order when there are
    fewer cores than tests."""
    if len(sys.argv) > 1:
        unittest.main(module="__main__", verbosity=2)
    loader = unittest.defaultTestLoader
    names = [f"{case.__name__}.{name}" for case in cases for name in loader.getTestCaseNames(case)]
    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, status, text in pool.map(lambda name: one(file, name), names):
            print(f"{name}: {'ok' if status == 0 else 'FAILED'}", flush=True)
            if status != 0:
                failed.append(name)
                print(text, flush=True)
    print(f"{what}: {len(names)} run, {len(failed)} failed" + "".join(f" {name}" for name in failed))
    return 1 if failed else 0
