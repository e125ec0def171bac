#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks a verb of onggi-runtime at every step of its plan, in each process, and looks at what is left.

steps.py RUNTIME STATE BUNDLE run|create|exec fail|kill

RUNTIME is a build with -Dfaults=true, BUNDLE one whose program ends soon (run) or sleeps. Which rows there
are, the program itself says: step after step is broken until there is none left to break, and the names
must be those that a run with --debug shows, in that order. `fail`: the error must name process, step and
errno, and nothing may be left. `kill`: that process ends there; what it leaves, the next command takes away. The
same id is used again each time. `create` includes the start: its last rows run then. Prints TAP.
"""
import errno
import os
import re
import subprocess
import sys
import time

SCALE = int(os.environ.get("ONGGI_TIME_SCALE", "1"))
LIMIT_S, GRACE_S = 60 * SCALE, 5 * SCALE
PROCESSES = ("parent", "outer", "inner")
STEPS_MAX = 200


class Bed:
    def __init__(self, runtime, state, bundle, verb, kind):
        self.runtime, self.state, self.bundle, self.verb, self.kind = runtime, state, bundle, verb, kind
        self.id = f"onggi-test-steps-{os.getpid()}"

    def call(self, *words, fault=None):
        """Status and words; into a file, since a container keeps a pipe open."""
        environment = dict(os.environ)
        if fault:
            environment["ONGGI_FAULT"] = fault
        with open(self.state + ".words", "w+", encoding="utf-8", errors="replace") as out:
            status = subprocess.run([self.runtime, "--root", self.state, *words], env=environment, stdout=out,
                                    stderr=out, stdin=subprocess.DEVNULL, timeout=LIMIT_S, check=False).returncode
            out.seek(0)
            return status, out.read()

    def need(self, *words):
        status, text = self.call(*words)
        if status != 0:
            sys.exit(f"{' '.join(words)}: {status} {text}")
        return text

    def attempt(self, fault=None, *options):
        """The verb: (status, words)."""
        if self.verb == "exec":
            return self.call(*options, "exec", self.id, "true", fault=fault)
        status, text = self.call(*options, self.verb, "-b", self.bundle, self.id, fault=fault)
        if self.verb == "create" and status == 0:
            status, more = self.call("start", self.id)
            text += more
        return status, text

    def names(self):
        """What --debug shows of an unharmed attempt: the steps of each process."""
        status, text = self.attempt(None, "--debug")
        if status != 0:
            sys.exit(f"the unharmed {self.verb} fails: {text}")
        names = {process: [] for process in PROCESSES}
        for process, name in re.findall(r"[\d.]+ +[\d.]+ +(parent|outer|inner): ([^\"\n]*)", text):
            names[process].append(name)
        return names

    def cgroups(self):
        for top in ["", *os.listdir("/sys/fs/cgroup"), ".."]:
            folder = os.path.join("/sys/fs/cgroup", top) if top != ".." else "/sys/fs/resctrl"
            if os.path.isdir(folder):
                yield from (f"{folder}/{name}" for name in os.listdir(folder) if name.startswith(self.id))

    def processes(self):
        """Those of the program under test, and of the container."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as text:
                    command = text.read()
                with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="replace") as text:
                    groups = text.read()
            except OSError:
                continue
            if self.state.encode() in command and self.runtime.encode() in command or f"/{self.id}" in groups:
                yield f"process {pid} {command.split(bytes(1))}"

    def look(self):
        """All that an attempt could leave: files and FIFOs, control groups, classes, mounts, processes."""
        for folder, folders, names in os.walk(self.state):
            for name in folders + names:
                if "/seccomp" not in folder and name != "seccomp":  # a cache, kept on purpose
                    yield f"file {folder}/{name}"
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
            yield from (f"mount {line.split()[4]}" for line in table if self.bundle in line or self.id in line)
        yield from self.cgroups()
        yield from self.processes()

    def left_since(self, before):
        end = time.monotonic() + GRACE_S
        while (left := set(self.look()) - before) and time.monotonic() < end:
            time.sleep(0.02)
        return sorted(left)


# The first process waits for its start when create has ended: why it could not, it has nobody to tell.
HAS_STOPPED = "cannot start a container that has stopped"


def judge_fail(process, name, status, text):
    if name == "await start" and HAS_STOPPED in text:
        return
    if status not in (1, 255):
        yield f"status {status}"
    if f"{process}: {name}: " not in text:
        yield f"the error does not name the step \"{process}: {name}\": {text.strip()}"
    if os.strerror(errno.EIO).lower() not in text.lower():
        yield f"the error does not name the errno: {text.strip()}"
    if text.count("\n") > 2:
        yield f"more than one error and one hint: {text.strip()}"


def recover(bed, status):
    """The next command after a kill, and after a create whose start failed: then it has stopped."""
    if bed.verb == "exec":
        if "\"running\"" not in bed.call("state", bed.id)[1]:
            yield "the container does not run any more"
    elif bed.kind == "kill" or (bed.verb == "create" and status != 0):
        again, text = bed.call("delete", "--force", bed.id)
        if again != 0:
            yield f"delete --force: {again} {text.strip()}"
        # A lock that nobody holds is the next creator's to remove.
        if os.path.exists(f"{bed.state}/locks/{bed.id}"):
            bed.need("create", "-b", bed.bundle, bed.id + "-next")
            bed.need("delete", "--force", bed.id + "-next")


def name_in(text, process):
    """Of the step that the error names."""
    if HAS_STOPPED in text:
        return "await start"
    match = re.search(rf"\b{process}: ([a-z0-9 -]+): ", text)
    return match[1] if match else "?"


def check_names(bed, process, seen, shown):
    """What was broken is what an unharmed run shows; create shows only what it has seen."""
    for count, name in enumerate(shown):
        if count >= len(seen) or not name.startswith(seen[count]):
            yield f"{process} #{count} is \"{name}\", broken was \"{seen[count] if count < len(seen) else 'nothing'}\""
    if bed.verb != "create" and len(seen) != len(shown):
        yield f"{len(shown)} steps of {process}, broken were {len(seen)}"


def sweep(bed, process, before):
    """Yields (title, problems), and last the names."""
    seen = []
    for step in range(STEPS_MAX):
        status, text = bed.attempt(f"{bed.kind}:{process}/#{step}")
        if status == 0:
            break
        name = name_in(text, process)
        problems = list(judge_fail(process, name, status, text)) if bed.kind == "fail" else []
        problems += recover(bed, status)
        problems += [f"left: {thing}" for thing in bed.left_since(before)]
        seen.append(name)
        yield f"{bed.verb} {bed.kind} {process}/#{step} {name if bed.kind == 'fail' else ''}", problems, seen
    if bed.verb == "create":
        bed.need("delete", "--force", bed.id)
    yield f"{bed.verb} {bed.kind} {process}: {len(seen)} steps", [], seen


def main():
    bed = Bed(*sys.argv[1:6])
    if bed.verb == "exec":
        bed.need("run", "-d", "-b", bed.bundle, bed.id)
        time.sleep(0.05)
    names = bed.names()
    if bed.verb == "create":
        bed.need("delete", "--force", bed.id)
    before = set(bed.look())
    count = bad = 0
    for process in PROCESSES:
        seen = []
        for title, problems, seen in sweep(bed, process, before):
            count, bad = count + 1, bad + bool(problems)
            print(f"{'not ok' if problems else 'ok'} {count} {title}")
            for problem in problems:
                print(f"# {problem}", flush=True)
        problems = list(check_names(bed, process, seen, names[process])) if bed.kind == "fail" else \
            [f"{len(names[process])} steps of {process}, broken were {len(seen)}"] * (len(seen) < len(names[process]))
        count, bad = count + 1, bad + bool(problems)
        print(f"{'not ok' if problems else 'ok'} {count} {bed.verb} {bed.kind} {process}: all of its steps")
        for problem in problems:
            print(f"# {problem}", flush=True)
    if bed.verb == "exec":
        bed.need("delete", "--force", bed.id)
    print(f"1..{count}")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
