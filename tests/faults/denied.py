#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs verb tests where the kernel, or a filter around the runtime, lacks a system call.

denied.py BUILD [-c CALL[,CALL...]] [-e ERRNO[,ERRNO...]] [-s SAMPLE [--seed SEED]] [FILE.bats...]

The files (default: all of oci-*.bats and run*.bats) are run once for each call and errno, under tests/lib/deny.c.
What a test file sets up is made undenied. A test passes, or fails because of a refusal that names the call (or, for
EPERM, says that something was not permitted) and shows it; and when a file is through, nothing of it is
left. Anything else is a failure here. SAMPLE: so many pairs of a file and a denial, chosen by SEED. Prints TAP.
"""
import argparse
import glob
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CALLS = "openat2,clone3,fsopen,move_mount,pidfd_open,close_range"
# They are about builds, tools and machines, and start nothing through $ONGGI; or deny calls themselves.
LEFT_OUT = ("oci-inject", "oci-faults", "run-faults", "oci-systemd", "run-systemd")
# They look at the program itself, which is a script here, or at its filters, of which there is one more.
TITLES_LEFT_OUT = ("oci run: the program holds no verb of onggi",
                   "oci fields: what a program sees is what runc shows it")
# How a refusal reads that does not name the call: by errno.
REFUSALS = {"EPERM": r"operation not permitted", "ENOSYS": r"function not implemented"}
# What a test says when its runtime refused and it has not shown the words: that there is no container.
ECHOES = r"no such container|container .* does not exist|no container|is not running|not running|has stopped"


class Place:
    """Wrappers that deny, in a directory where all that tests make lies, too."""

    def __init__(self, build):
        self.top = tempfile.mkdtemp(prefix="onggi-denied.", dir="/tmp")
        self.bin = os.path.join(self.top, "bin")
        self.real = os.path.join(self.top, "real")
        os.mkdir(self.bin)
        os.mkdir(self.real)
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", f"{self.top}/deny", f"{TESTS}/lib/deny.c"], check=True)
        folder = os.path.dirname(os.path.realpath(os.path.join(build, "onggi")))
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name.startswith("onggi") and os.path.isfile(path):
                shutil.copy2(path, self.real)
                wrapper = os.path.join(self.bin, name)
                # Many tests do not show what the runtime says.
                log = '${ONGGI_DENY_LOG:+--log "$ONGGI_DENY_LOG.$BATS_TEST_NUMBER"} ' if name == "onggi-runtime" else ""
                with open(wrapper, "w", encoding="utf-8") as text:
                    text.write("#!/bin/bash\n"
                               "# Outside of a test, and without a call: as it is.\n"
                               f'[[ -n ${{BATS_TEST_NUMBER:-}} && -n ${{ONGGI_DENY:-}} ]] || exec {self.real}/{name} "$@"\n'
                               f'exec {self.top}/deny "${{ONGGI_DENY%%:*}}" "${{ONGGI_DENY#*:}}" {self.real}/{name} {log}"$@"\n')
                os.chmod(wrapper, 0o755)

    def processes(self):
        """Of our copies, and those whose root lies below our directory: their ids."""
        name, ours = os.path.basename(self.top), os.readlink("/proc/self/ns/mnt")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                is_copy = os.readlink(f"/proc/{pid}/exe").startswith(self.real)
                if not is_copy and os.readlink(f"/proc/{pid}/ns/mnt") != ours:
                    with open(f"/proc/{pid}/mountinfo", encoding="utf-8", errors="replace") as table:
                        is_copy = name in table.read()
                if is_copy:
                    yield int(pid)
            except OSError:
                continue

    def left(self):
        """Processes, and mounts below our directory."""
        yield from (f"process {pid}" for pid in self.processes())
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
            yield from (f"mount {line.split()[4]}" for line in table if self.top in line)

    def end_all(self):
        """Containers that could not be deleted, with their control groups."""
        groups = set()
        for pid in list(self.processes()):
            try:
                with open(f"/proc/{pid}/cgroup", encoding="utf-8") as table:
                    groups |= {line.strip().split(":", 2)[2] for line in table if "/onggi-test-" in line}
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        self.what_stays()
        for group in groups:
            for path in glob.glob(f"/sys/fs/cgroup/*{group}") + glob.glob(f"/sys/fs/cgroup{group}"):
                try:
                    os.rmdir(path)
                except OSError:
                    continue

    def what_stays(self):
        end = time.monotonic() + 5
        while (left := list(self.left())) and time.monotonic() < end:
            time.sleep(0.1)
        return left

    def clean(self):
        """What bats keeps for us."""
        for path in glob.glob(f"{self.top}/said.*"):
            os.unlink(path)
        for path in glob.glob(f"{self.top}/bats-run-*"):
            shutil.rmtree(path, ignore_errors=True)

    def run(self, path, errno, call, *options):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BATS")}
        environment |= {"ONGGI": f"{self.bin}/onggi", "ONGGI_RUNTIME": f"{self.bin}/onggi-runtime",
                        "ONGGI_DENY": f"{errno}:{call}", "TMPDIR": self.top}
        if not options:
            environment["ONGGI_DENY_LOG"] = f"{self.top}/said"
        command = ["bats", "--tap", "--print-output-on-failure", "--no-tempdir-cleanup", "--filter-tags", "!slow", *options, path]
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=900, check=False, errors="replace").stdout


def said(top, number):
    """What the runtime logged in that test, and what the test kept of its words in files of its own."""
    words = ""
    for path in glob.glob(f"{top}/said.{number}") + glob.glob(f"{top}/bats-run-*/test/{number}/*"):
        if os.path.isfile(path) and os.path.getsize(path) < 65536:
            with open(path, encoding="utf-8", errors="replace") as text:
                words += text.read()
    return words


def is_about_its_log(place, path, errno, call, title):
    """What is logged to a file is not all shown, and some tests are about that."""
    again = place.run(path, errno, call, "--filter", f"^{re.escape(title)}$")
    return bool(re.search(r"^ok 1 ", again, re.MULTILINE))


def results(tap, top):
    """(title, is ok, is skipped, words) of each test."""
    found = []
    for line in tap.splitlines():
        if match := re.match(r"(not )?ok (\d+) (.*)", line):
            found.append([match[3], not match[1], "# skip" in line, said(top, match[2])])
        elif found:
            found[-1][3] += line + "\n"
    return found


def judge(errno, call, words):
    """Why it is no refusal, or nothing."""
    told = words.lower()
    if "status: 124" in told or "status: 137" in told:
        yield "it hangs"
    elif call not in told and not re.search(REFUSALS[errno], told) and not re.search(ECHOES, told):
        yield "it does not tell of a refusal"


def pairs(options):
    files = options.files or sorted(glob.glob(f"{TESTS}/verbs/oci-*.bats") + glob.glob(f"{TESTS}/verbs/run*.bats"))
    files = [path for path in files if os.path.basename(path)[:-5] not in LEFT_OUT]
    every = [(path, errno, call) for call in options.calls.split(",") for errno in options.errnos.split(",")
             for path in files]
    if options.sample:
        every = random.Random(options.seed).sample(every, min(options.sample, len(every)))
    return every


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("files", nargs="*")
    parser.add_argument("-c", dest="calls", default=CALLS)
    parser.add_argument("-e", dest="errnos", default="ENOSYS,EPERM")
    parser.add_argument("-s", dest="sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_intermixed_args()


def main():
    options = arguments()
    place = Place(options.build)
    chosen = pairs(options)
    total, bad = {"passed": 0, "refused": 0, "skipped": 0, "failed": 0}, 0
    print(f"1..{len(chosen)}")
    for count, (path, errno, call) in enumerate(chosen, 1):
        problems, seen = [], dict.fromkeys(total, 0)
        for title, is_ok, is_skipped, words in results(place.run(path, errno, call), place.top):
            is_skipped = is_skipped or title in TITLES_LEFT_OUT
            wrong = [] if is_ok or is_skipped else list(judge(errno, call, words))
            if wrong and is_about_its_log(place, path, errno, call, title):
                is_ok, wrong = True, []
            outcome = "skipped" if is_skipped else "passed" if is_ok else "failed" if wrong else "refused"
            seen[outcome] += 1
            problems += [f"{title}: {why}\n{words}" for why in wrong]
        left = place.what_stays()
        # What cannot be held on to is not deleted either, as oci-denied.bats shows: that is refused, too.
        problems += [f"left: {thing}" for thing in left if call != "pidfd_open"]
        place.end_all()
        problems += ["nothing ran"] * (not sum(seen.values()))
        place.clean()
        bad += bool(problems)
        for outcome, number in seen.items():
            total[outcome] += number
        counts = ", ".join(f"{number} {outcome}" for outcome, number in seen.items() if number)
        print(f"{'not ok' if problems else 'ok'} {count} {os.path.basename(path)} {errno} {call}: {counts}")
        for problem in problems:
            print("\n".join(f"# {line}" for line in problem.splitlines()), flush=True)
    print("# " + ", ".join(f"{number} {outcome}" for outcome, number in total.items()))
    if not list(place.left()):
        shutil.rmtree(place.top, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
