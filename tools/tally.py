#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts single tests over all suites.

tally.py tap NAME TALLY START     read TAP on stdin, show what is not plainly ok, count
tally.py meson NAME TALLY START LOG   the same for a testlog.json of meson with cmocka programs
tally.py sum TALLY                the table, then "N passed, N failed, N skipped"

One line per suite is appended to the file TALLY: name, passed, failed, skipped, seconds.
"""
import json
import re
import sys
import time


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def record(name, tally, start, count):
    seconds = time.time() - float(start)
    with open(tally, "a", encoding="utf-8") as out:
        out.write(f"{name}\t{count.passed}\t{count.failed}\t{count.skipped}\t{seconds:.1f}\n")
    print(f"    {name}: {count} ({seconds:.1f} s)", flush=True)


def count_tap(lines, show=print):
    """Count one or several TAP streams; a plan that was not fulfilled, or a failing exit without a
    failure, is one failure more."""
    count, planned, seen, is_failing, status = Count(), None, 0, False, 0
    for line in lines:
        line = line.rstrip("\n")
        if match := re.match(r"1\.\.(\d+)", line):
            planned = (planned or 0) + int(match[1])
        elif match := re.match(r"# exit (\d+)$", line):
            status = int(match[1])
        elif re.match(r"(not )?ok\b.*# skip", line, re.IGNORECASE):  # cmocka says "not ok 1 # SKIP x"
            seen, is_failing = seen + 1, False
            count.skipped += 1
            show(f"    {line}")
        elif re.match(r"ok\b", line):
            seen, is_failing = seen + 1, False
            count.passed += 1
        elif re.match(r"not ok\b", line):
            seen, is_failing = seen + 1, True
            count.failed += 1
            show(f"    {line}")
        elif is_failing or not line.startswith("#"):
            show(f"    {line}")
    if planned is None or planned > seen:
        count.failed += 1
        show(f"    not ok: {seen} of {planned or 'no'} planned tests ran")
    elif status and not count.failed:
        count.failed += 1
        show(f"    not ok: the suite ended with status {status}")
    return count


CMOCKA = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped", "ERROR": "failed"}


def count_program(test, show=print):
    """One program: the tests that cmocka reports, or the program itself where it reports none."""
    text = test.get("stdout", "") + "\n" + test.get("stderr", "")
    count = Count()
    # Failures are listed twice, and messages look alike: "[  ERROR   ] --- x is not y".
    outcomes = {}
    for word, name in re.findall(r"^\[ +(OK|FAILED|SKIPPED|ERROR) +\] (?!\d+ test)(\w+)$", text,
                                 re.MULTILINE):
        if outcomes.get(name) != "failed":
            outcomes[name] = CMOCKA[word]
    for kind in outcomes.values():
        setattr(count, kind, getattr(count, kind) + 1)
    if not outcomes and re.search(r"^1\.\.\d+", text, re.MULTILINE):
        return count_tap(text.splitlines(), show)
    is_ok = test["result"] in ("OK", "EXPECTEDFAIL")
    if not is_ok and test["result"] != "SKIP" and not count.failed:
        count.failed += 1
    elif not (count.passed or count.failed or count.skipped):
        kind = "skipped" if test["result"] == "SKIP" else "passed"
        setattr(count, kind, 1)
    if count.failed:
        show(f"    not ok {test['name']}: {test['result']}\n{text.rstrip()}")
    elif count.skipped:
        reasons = [line for line in text.splitlines() if re.search(r"skip", line, re.IGNORECASE)]
        show("\n".join(f"    {test['name']}: {line}" for line in dict.fromkeys(reasons)))
    return count


def count_meson(lines, show=print):
    total, programs = Count(), 0
    for line in lines:
        count = count_program(json.loads(line), show)
        programs += 1
        for kind in ("passed", "failed", "skipped"):
            setattr(total, kind, getattr(total, kind) + getattr(count, kind))
    if not programs:
        total.failed += 1
        show("    not ok: no test program ran")
    return total


def print_sum(tally):
    total = Count()
    with open(tally, encoding="utf-8") as rows:
        for row in rows:
            name, passed, failed, skipped, seconds = row.rstrip("\n").split("\t")
            print(f"{name:32} {passed:>5} passed {failed:>4} failed {skipped:>4} skipped {seconds:>8} s")
            total.passed += int(passed)
            total.failed += int(failed)
            total.skipped += int(skipped)
    print(total)
    return 1 if total.failed or not total.passed else 0


def main(arguments):
    if arguments[:1] == ["tap"] and len(arguments) == 4:
        name, tally, start = arguments[1:]
        record(name, tally, start, count_tap(sys.stdin))
    elif arguments[:1] == ["meson"] and len(arguments) == 5:
        name, tally, start, log = arguments[1:]
        try:
            with open(log, encoding="utf-8") as lines:
                record(name, tally, start, count_meson(lines))
        except OSError as error:
            print(f"    not ok: {error}")
            count = Count()
            count.failed = 1
            record(name, tally, start, count)
    elif arguments[:1] == ["sum"] and len(arguments) == 2:
        return print_sum(arguments[1])
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
