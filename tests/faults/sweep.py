#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets every system call of a verb of onggi-runtime fail, one at a time, or kills its caller there.

sweep.py INJECT RUNTIME STATE BUNDLE VERB fail|kill [SAMPLE [SEED]]

INJECT is tests/faults/inject.c, BUNDLE one whose program sleeps. VERB: create, start, exec, run, kill,
state or delete. A clean run counts the calls; then each is refused with each error that it can give
on a machine that is short of something. The verb must end soon and by itself. If it says that all went
well, it has done its work whole: that is looked at. If it fails, it names the cause; a create or run that
fails leaves nothing at all, an exec that fails no process, the others nothing that `delete --force` does
not take away. SAMPLE: so many of them at most, chosen by SEED. Prints TAP.
"""
import errno
import json
import os
import random
import re
import subprocess
import sys
import time

RAN = 7  # what a program that exec started ends with
LIMIT_S = 20 * int(os.environ.get("ONGGI_TIME_SCALE", "1"))
GRACE_S = 5 * int(os.environ.get("ONGGI_TIME_SCALE", "1"))

# Calls that cannot fail when they are called as we do, or whose failure no kernel shows like this: close(2)
# closes even if it fails, brk(2) tells of a failure by its value, getrandom(2) of less than 256 bytes is
# never interrupted, and munmap(2) of a whole mapping needs no memory.
NEVER = """close brk exit exit_group arch_prctl set_tid_address set_robust_list rseq getpid gettid getppid
getuid geteuid getgid getegid umask rt_sigreturn sched_yield rt_sigprocmask rt_sigaction restart_syscall
munmap clock_gettime setsid clock_nanosleep getrandom capget""".split()

OPENS = ["ENOMEM", "EMFILE", "EIO"]
MOUNTS = ["ENOMEM", "ENOSPC", "EIO"]  # ENOSPC: fs.mount-max, user.max_*_namespaces
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
    **dict.fromkeys("mount move_mount clone3 clone unshare setns".split(), MOUNTS),
    "open": OPENS + ["EINTR"], "openat": OPENS + ["EINTR"],
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
        self.hit = self.process = None  # the call that was refused, and whose it was
        self.id = f"onggi-test-{self.verb}-{os.getpid()}"

    def command(self, *words):
        return [self.runtime, "--root", self.state, *words]

    def call(self, command):
        """Status, or None when it had to be killed; and its words."""
        # Not a pipe: a container that was made keeps it open.
        with open(self.state + ".err", "w+", encoding="utf-8", errors="replace") as err, \
                open(self.state + ".out", "w", encoding="utf-8") as out:
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
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
                "exec": ["exec", self.id, "sh", "-c", f"exit {RAN}"], "kill": ["kill", self.id, "KILL"],
                "delete": ["delete", "--force", self.id]}.get(self.verb, [self.verb, self.id])

    def attempt(self, *how):
        self.prepare()
        status, text = self.call([self.inject, self.report, *map(str, how), "--", *self.command(*self.words())])
        return status, text

    def said(self):
        """What the last call wrote to its standard output."""
        with open(self.state + ".out", encoding="utf-8", errors="replace") as out:
            return out.read()

    def status(self):
        """What `state` says of the container: none, if there is none."""
        code, _ = self.call(self.command("state", self.id))
        return json.loads(self.said())["status"] if code == 0 else "none"

    def reported(self, word):
        with open(self.report, encoding="utf-8") as report:
            return [line.split()[1:] for line in report if line.startswith(word + " ")]

    def left_to_next(self):
        """A lock file alone is in nobody's way, and may stay where the lock could not be had or seen to be
        ours (without it nobody may remove the file: it can be another's), or could not be removed. The
        next to make a container takes it away: that is tried."""
        lock = f"{self.state}/locks/{self.id}"
        if self.hit not in ("flock", "newfstatat", "unlinkat") or list(self.left()) != [lock]:
            return
        self.need("create", "-b", self.bundle, self.id + "-next")
        self.need("delete", "--force", self.id + "-next")
        if os.path.exists(lock):
            yield f"left, also by the next: {lock}"

    def left_records(self):
        for top in (self.state + "/state", self.state + "/locks"):
            if os.path.isdir(top):
                yield from (f"{top}/{name}" for name in os.listdir(top))

    def left_cgroups(self):
        for hierarchy in os.listdir("/sys/fs/cgroup") + ["."]:
            path = f"/sys/fs/cgroup/{hierarchy}/{self.id}"
            if os.path.isdir(path):
                yield path

    def left_processes(self):
        for (pid,) in self.reported("process"):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                    words = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if words[0] not in "ZX":
                yield f"process {pid}"

    def left(self):
        yield from self.left_records()
        yield from self.left_cgroups()
        yield from self.left_processes()


def what_stays(look):
    """What is still there when the time is over in which a kernel takes things away."""
    end = time.monotonic() + GRACE_S
    while (left := list(look())) and time.monotonic() < end:
        time.sleep(0.02)
    return left


def is_done(bed, status):
    return status == (RAN if bed.verb == "exec" else 0)


def judge_work(bed):
    """It said that all went well: did it?"""
    wanted = {"create": "created", "start": "running", "run": "running", "exec": "running", "kill": "stopped",
              "state": "created", "delete": "none"}[bed.verb]
    if bed.verb == "state" and f'"{wanted}"' not in bed.said():
        yield f"it said {bed.said()}"
    # A process that cannot wait for its start can only end, and create has ended before it.
    may_end = bed.verb == "create" and bed.hit == "read" and bed.process != "0"
    end = time.monotonic() + GRACE_S
    while (seen := bed.status()) != wanted and not (may_end and seen == "stopped"):
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    if seen != wanted and not may_end:
        yield f"it said that all is well, and the container is {seen}"
    if bed.verb == "delete":
        yield from bed.left_to_next()
        yield from (f"left by a delete that said all is well: {thing}" for thing in bed.left())


def judge(bed, status, text, number):
    """What is wrong with how it ended."""
    if status is None:
        yield "it hangs"
    elif bed.kind == "kill":
        return  # it may have ended before its child was killed
    elif is_done(bed, status):
        yield from judge_work(bed)
    elif status >= 128 and status != 255:  # with 255 exec fails
        yield f"it ended by a signal: {status - 128}"
    elif os.strerror(number).lower() not in text.lower():
        yield f"status {status}, and the error does not name the cause: {text.strip()}"
    if "AddressSanitizer" in text or "runtime error" in text:
        yield text


def clean_up(bed, status):
    has_failed = bed.kind == "fail" and status is not None and not is_done(bed, status)
    yield from bed.left_to_next()
    if bed.verb in ("create", "run") and has_failed:
        yield from (f"left by the failed {bed.verb}: {thing}" for thing in what_stays(bed.left))
    if bed.verb == "exec" and has_failed:
        yield from (f"left by the failed exec: {thing}" for thing in what_stays(bed.left_processes))
        if bed.status() != "running":
            yield "the failed exec has ended the container"
    again, text = bed.call(bed.command("delete", "--force", bed.id))
    if again != 0:
        yield f"delete --force afterwards: {again} {text.strip()}"
    yield from (f"left: {thing}" for thing in what_stays(bed.left))


def cases(bed, names):
    """(process, number, name, errno name)"""
    bed.attempt("list")  # makes directories, and a filter to be found again
    bed.call(bed.command("delete", "--force", bed.id))
    status, text = bed.attempt("list")
    if not is_done(bed, status):
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
    bad = missed = 0
    for count, (process, number, name, error) in enumerate(chosen, 1):
        code = getattr(errno, error) if error else 0
        how = ["kill", process, number] if error is None else ["fail", process, number, code]
        status, text = bed.attempt(*how)
        hit = bed.reported("hit")
        bed.process = process
        bed.hit = names.get(int(hit[0][0]), "?") if hit else None
        # Calls are not quite the same each time: an error that the one hit never gives shows nothing.
        is_hit = hit and (error is None or (bed.hit not in NEVER and error in ERRORS.get(bed.hit, OTHER)))
        problems = list(judge(bed, status, text, code)) if is_hit or status is None else []
        problems += clean_up(bed, status if is_hit else None)
        bad += bool(problems)
        missed += not is_hit
        print(f"{'not ok' if problems else 'ok'} {count} {bed.verb} {bed.kind} {process}/#{number} {bed.hit or '(not reached)'} {error or ''}"
              f" -> {status}", flush=True)
        for problem in problems:
            print(f"# {problem}", flush=True)
    if missed > len(chosen) // 10:
        print(f"# {missed} of {len(chosen)} were not reached: that shows nothing")
    return 1 if bad or missed > len(chosen) // 10 else 0


if __name__ == "__main__":
    sys.exit(main())
