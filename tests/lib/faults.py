#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks a start at every step of its plan, and looks at what is left.

faults.py ONGGI STORE RUN_STORE fail|kill [RUN-ARGUMENT...]

ONGGI is a build with -Dfaults=true. For each row of `onggi explain --json RUN-ARGUMENT...` the same
`onggi run` is made to fail there (`fail`: the error must name process and step) or the process that
carries the row out to kill itself (`kill`: the next command must clean up). Prints TAP.
"""
import json
import os
import subprocess
import sys
import time

LIMIT_S = 60 * int(os.environ.get("ONGGI_TIME_SCALE", "1"))
GRACE_S = 5 * int(os.environ.get("ONGGI_TIME_SCALE", "1"))


class Bed:
    def __init__(self, onggi, store, run_store):
        self.onggi = [onggi, "--root", store, "--run-root", run_store]
        self.sentinel = [sys.executable, os.path.join(os.path.dirname(__file__), "sentinel.py"),
                         os.path.dirname(os.path.realpath(onggi)), store, run_store]

    def call(self, arguments, fault=None):
        environment = dict(os.environ)
        if fault:
            environment["ONGGI_FAULT"] = fault
        return subprocess.run(self.onggi + arguments, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def look(self):
        listed = subprocess.run(self.sentinel, capture_output=True, text=True, check=True)
        return set(listed.stdout.splitlines())

    def left_since(self, before):
        """What is new and stays; the kernel frees namespaces and cgroups asynchronously."""
        end = time.monotonic() + GRACE_S
        left = self.look() - before
        while left and time.monotonic() < end:
            time.sleep(0.1)
            left &= self.look()
        return left


def check_fail(bed, row, result):
    if result.returncode == 0:
        yield "it did not fail"
    words = f"{row['process']}: {row['step']}"
    if words not in result.stderr:
        yield f"the error does not name \"{words}\": {result.stderr.strip()}"
    if result.stderr.count("\n") > 2:
        yield f"more than one error and one hint: {result.stderr.strip()}"


def check_kill(bed, row, result):
    if result.returncode == 0:
        yield "it ended well"
    recovered = bed.call(["ps", "-aq"])
    if recovered.returncode != 0 or recovered.stdout.strip():
        yield f"the next command says: {recovered.stdout}{recovered.stderr}".strip()


def main():
    onggi, store, run_store, kind = sys.argv[1:5]
    arguments = sys.argv[5:]
    bed = Bed(onggi, store, run_store)
    explained = bed.call(["explain", "--json"] + arguments)
    if explained.returncode != 0:
        sys.exit(f"explain: {explained.stderr}")
    rows = json.loads(explained.stdout)
    if bed.call(["run"] + arguments).returncode != 0:
        sys.exit("the unharmed run fails")
    before = bed.look()
    bad = 0
    print(f"1..{len(rows)}")
    for number, row in enumerate(rows, 1):
        place = f"{row['process']}/#{row['number']}"
        result = bed.call(["run"] + arguments, f"{kind}:{place}")
        problems = list((check_fail if kind == "fail" else check_kill)(bed, row, result))
        problems += [f"left behind: {thing}" for thing in sorted(bed.left_since(before))]
        bad += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} {kind} {place} {row['step']} {row['argument']}")
        for problem in problems:
            print(f"# {problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
