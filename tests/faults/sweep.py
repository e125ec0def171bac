#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets every system call of a verb of onggi-runtime fail, one at a time, or kills its caller there.

sweep.py INJECT RUNTIME STATE BUNDLE VERB fail|kill [SAMPLE [SEED]]

INJECT is tests/faults/inject.c, BUNDLE one whose program sleeps. VERB: create, start, exec, run, kill,
state or delete. A clean run counts the calls; then each is refused with each error that it can give
on a machine that is short of something. The verb must end soon and by itself, do its work or say what
failed and why, and leave nothing that `delete --force` does not take away; a create that fails leaves
nothing at all. SAMPLE: so many of them at most, chosen by SEED. Prints TAP.
"""
import errno
import os
import random
import re
import subprocess
import sys
import time

LIMIT_S = 20 * int(os.environ.get("ONGGI_TIME_SCALE", "1"))
GRACE_S = 5 * int(os.environ.get("ONGGI_TIME_SCALE", "1"))

# Calls that cannot fail, or whose failure no kernel shows like this: close(2) closes even if it fails,
# brk(2) tells of a failure by its value, statfs(2) is asked of the kernel's own file systems only.
NEVER = """close brk exit exit_group arch_prctl set_tid_address set_robust_list rseq getpid gettid getppid
getuid geteuid getgid getegid umask rt_sigreturn sched_yield rt_sigprocmask rt_sigaction restart_syscall
munmap clock_gettime setsid clock_nanosleep getrandom capget statfs fstatfs""".split()

OPENS = ["ENOMEM", "EMFILE", "EIO"]
MAKES = ["ENOMEM", "ENOSPC", "EIO"]
WAITS = ["EINTR", "ENOMEM"]
ERRORS = {
    **dict.fromkeys("open openat openat2 pidfd_open memfd_create dup dup2 dup3 fcntl socket socketpair pipe2 "
                    "epoll_create1 signalfd4 eventfd2 timerfd_create open_tree fsmount fsopen fspick "
                    "pidfd_getfd".split(), OPENS),
    **dict.fromkeys("mkdir mkdirat mknod mknodat symlink symlinkat rename renameat renameat2 link linkat unlink "
                    "unlinkat ftruncate fsync fdatasync sync syncfs".split(), MAKES),
    **dict.fromkeys("poll ppoll epoll_wait epoll_pwait waitid wait4 flock connect accept4 futex recvfrom recvmsg "
                    "sendto sendmsg".split(), WAITS),
    "read": ["EINTR", "EIO"], "pread64": ["EINTR", "EIO"], "readv": ["EINTR", "EIO"],
    "write": ["EINTR", "EIO", "ENOSPC"], "writev": ["EINTR", "EIO"], "pwrite64": ["EINTR", "EIO", "ENOSPC"],
}
OTHER = ["ENOMEM", "EIO"]


def names_of_calls():
    """Numbers and names, as this machine's headers have them."""
    text = subprocess.run(["cc", "-dM", "-E", "-x", "c", "-"], input="#include <sys/syscall.h>", text=True,
                          capture_output=True, check=True).stdout
    return {int(number): name for name, number in re.findall(r"#define __NR_(\w+) (\d+)\b", text)}


class Bed:
    def __init__(self, arguments):
        self.inject, self.runtime, self.state, self.bundle, self.verb, self.kind = arguments[:6]
        self.report = self.state + ".report"
        self.id = f"onggi-test-{self.verb}-{os.getpid()}"

    def command(self, *words):
        return [self.runtime, "--root", self.state, *words]

    def call(self, command):
        """Status, or None when it had to be killed; and its words."""
        # Not a pipe: a container that was made keeps it open.
        with open(self.state + ".err", "w+", encoding="utf-8", errors="replace") as err:
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
                                  start_new_session=True) as process:
                try:
                    status = process.wait(LIMIT_S)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, 9)
                    process.wait()
                    status = None
            err.seek(0)
            return status, err.read()

    def need(self, *words):
        status, text = self.call(self.command(*words))
        if status != 0:
            raise RuntimeError(f"{' '.join(words)}: {status} {text}")

    def prepare(self):
        if self.verb in ("start", "exec", "kill", "state", "delete"):
            self.need("create", "-b", self.bundle, self.id)
        if self.verb in ("exec", "kill", "delete"):
            self.need("start", self.id)

    def words(self):
        return {"create": ["create", "-b", self.bundle, self.id], "run": ["run", "-d", "-b", self.bundle, self.id],
                "exec": ["exec", self.id, "true"], "kill": ["kill", self.id, "TERM"],
                "delete": ["delete", "--force", self.id]}.get(self.verb, [self.verb, self.id])

    def attempt(self, *how):
        self.prepare()
        status, text = self.call([self.inject, self.report, *map(str, how), "--", *self.command(*self.words())])
        return status, text

    def reported(self, word):
        with open(self.report, encoding="utf-8") as report:
            return [line.split()[1:] for line in report if line.startswith(word + " ")]

    def left(self):
        """Files, control groups and processes."""
        for top in (self.state + "/state", self.state + "/locks"):
            if os.path.isdir(top):
                yield from (f"{top}/{name}" for name in os.listdir(top))
        for hierarchy in os.listdir("/sys/fs/cgroup") + ["."]:
            path = f"/sys/fs/cgroup/{hierarchy}/{self.id}"
            if os.path.isdir(path):
                yield path
        for (pid,) in self.reported("process"):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                    words = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if words[0] not in "ZX":
                yield f"process {pid}"

    def left_for_good(self):
        end = time.monotonic() + GRACE_S
        while (left := list(self.left())) and time.monotonic() < end:
            time.sleep(0.02)
        return left


def judge(bed, status, text, number):
    """What is wrong with how it ended."""
    if status is None:
        yield "it hangs"
    elif bed.kind == "kill":
        return  # it may have ended before its child was killed
    elif status >= 128 and status not in (255,):
        yield f"it ended by a signal: {status - 128}"
    elif status != 0:
        if not text.strip():
            yield "it failed without a word"
        elif os.strerror(number).lower() not in text.lower() and not re.search(r"\b(parent|outer|inner): [a-z -]+: ", text):
            yield f"the error names neither the cause nor the step: {text.strip()}"
    if "AddressSanitizer" in text or "runtime error" in text:
        yield text


def clean_up(bed, status, hit):
    # A lock file alone is in nobody's way: the next to use the id, or a sweep, removes it.
    if hit in ("flock", "newfstatat", "unlinkat") and not os.path.exists(f"{bed.state}/state/{bed.id}"):
        subprocess.run(["rm", "-f", f"{bed.state}/locks/{bed.id}"], check=True)
    if bed.verb in ("create", "run") and bed.kind == "fail" and status not in (0, None):
        for thing in bed.left_for_good():
            yield f"left by the failed {bed.verb}: {thing}"
    again, text = bed.call(bed.command("delete", "--force", bed.id))
    if again != 0:
        yield f"delete --force afterwards: {again} {text.strip()}"
    for thing in bed.left_for_good():
        yield f"left: {thing}"


def cases(bed, names):
    """(process, number, name, errno name)"""
    status, text = bed.attempt("list")
    if status != 0:
        sys.exit(f"the unharmed {bed.verb} fails: {status} {text}")
    calls = bed.reported("call")
    bed.call(bed.command("delete", "--force", bed.id))
    for process, number, code in calls[1:]:  # the first is the injector's own execve
        name = names.get(int(code), code)
        if bed.kind == "kill":
            yield process, number, name, None
        elif name not in NEVER:
            for error in ERRORS.get(name, OTHER):
                yield process, number, name, error


def main():
    bed = Bed(sys.argv[1:])
    names = names_of_calls()
    chosen = list(cases(bed, names))
    if len(sys.argv) > 7 and int(sys.argv[7]) < len(chosen):
        seed = int(sys.argv[8]) if len(sys.argv) > 8 else 1
        print(f"# {sys.argv[7]} of {len(chosen)}, seed {seed}")
        chosen = sorted(random.Random(seed).sample(chosen, int(sys.argv[7])), key=lambda c: (int(c[0]), int(c[1])))
    print(f"1..{len(chosen)}")
    bad = 0
    for count, (process, number, name, error) in enumerate(chosen, 1):
        code = getattr(errno, error) if error else 0
        how = ["kill", process, number] if error is None else ["fail", process, number, code]
        status, text = bed.attempt(*how)
        hit = bed.reported("hit")
        problems = list(judge(bed, status, text, code)) if hit or status is None else []
        done = names.get(int(hit[0][0]), "?") if hit else "(not reached)"
        problems += clean_up(bed, status, done)
        bad += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {count} {bed.verb} {bed.kind} {process}/#{number} {done} {error or ''}"
              f" -> {status}", flush=True)
        for problem in problems:
            print(f"# {problem}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
