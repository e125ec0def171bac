#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the power while a verb changes the store, and looks at what a reboot finds.

power.py ONGGI VERB [SAMPLE [SEED]]      VERB: load, import, commit, rmi, prune
power.py ONGGI careless                  sync calls that do nothing: is the loss noticed?

The store is on an ext4 of its own, in a file. The verb is killed as it enters one of its calls that change or
sync a file (SAMPLE of them, chosen by SEED; 0: all), and the file system is shut down under it: of what was
not synced nothing survives ("lost"), or only names and sizes do ("names": the journal is written, the data
is not). It is mounted again, and the run root is empty, as after a reboot. Then `system check --deep` has to
find nothing damaged or missing, what was there before has to be there, what the verb said it had done has to
be done, and the verb can be done again. Prints TAP. Needs root, loop devices and strace; makes its mounts in
a mount namespace of its own.
"""
import ctypes
import fcntl
import io
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile

CALLS = ("fsync,fdatasync,syncfs,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,symlinkat,linkat,"
         "write,pwrite64,ftruncate,fchmod")
SYNCS = "fsync,fdatasync,syncfs"
FS_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
CUTS = {"names": 1, "lost": 2}  # EXT4_GOING_FLAGS_LOGFLUSH, EXT4_GOING_FLAGS_NOLOGFLUSH
LIMIT_S = 60 * int(os.environ.get("ONGGI_TIME_SCALE", "1"))
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000


class Bench:
    """A store, its file system and the verbs on it."""

    def __init__(self, onggi, top):
        self.onggi, self.top = onggi, pathlib.Path(top)
        self.disk, self.place = self.top / "disk", self.top / "fs"
        self.run_root = self.top / "run"
        self.place.mkdir()

    def command(self, *args):
        return [self.onggi, "--root", str(self.place / "store"), "--run-root", str(self.run_root), *args]

    def do(self, *args, **options):
        return subprocess.run(self.command(*args), capture_output=True, text=True, timeout=LIMIT_S,
                              stdin=subprocess.DEVNULL, **options)

    def must(self, *args):
        done = self.do(*args)
        if done.returncode != 0:
            raise Failed(f"{' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def traced(self, args, inject=()):
        log = self.top / "trace"
        done = subprocess.run(["strace", "-qq", "-o", str(log), "-e", f"trace={CALLS}", *inject, *self.command(*args)],
                              capture_output=True, text=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL)
        return done, log

    def mount(self):
        subprocess.run(["mount", "-o", "loop", str(self.disk), str(self.place)], check=True)

    def unmount(self):
        subprocess.run(["umount", str(self.place)], check=True)

    def begin(self, disk):
        """As it was: a copy of a disk, and the machine has just started."""
        subprocess.run(["cp", "--sparse=always", str(disk), str(self.disk)], check=True)
        self.start()

    def start(self):
        shutil.rmtree(self.run_root, ignore_errors=True)
        self.mount()

    def cut(self, kind):
        place = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(place, FS_IOC_SHUTDOWN, struct.pack("I", CUTS[kind]))
        finally:
            os.close(place)
        self.unmount()
        self.start()


class Failed(Exception):
    pass


def archive(path, files):
    with tarfile.open(path, "w") as tar:
        for name, data, mode in files:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            tar.addfile(info, io.BytesIO(data))


def prepare(bench):
    """A disk with an image, a container that changed something, and archives beside it."""
    busybox = pathlib.Path(shutil.which("busybox")).read_bytes()
    archive(bench.top / "base.tar", [("bin/sh", busybox, 0o755), ("word", b"base", 0o644)])
    archive(bench.top / "more.tar", [("bin/sh", busybox, 0o755), ("word", b"more" * 5000, 0o644),
                                     *((f"many/{i}", b"x" * i, 0o600) for i in range(20))])
    with open(bench.disk, "wb") as disk:
        disk.truncate(192 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", str(bench.disk)], check=True)
    bench.mount()
    bench.must("import", str(bench.top / "base.tar"), "base")
    bench.must("run", "--name", "maker", "base", "sh", "-c", "echo made >/made; rm /word; echo new >/word")
    bench.must("commit", "maker", "made")
    bench.must("save", "-o", str(bench.top / "made.tar"), "made")
    with_made, without = bench.top / "with", bench.top / "without"
    bench.unmount()
    shutil.copy(bench.disk, with_made)
    bench.start()
    bench.must("rmi", "made")
    bench.unmount()
    shutil.copy(bench.disk, without)
    return {True: with_made, False: without}


# verb: arguments, is `made` there before, and after it
VERBS = {
    "load": (["load", "-i", "{top}/made.tar"], False, True),
    "import": (["import", "{top}/more.tar", "made"], False, True),
    "commit": (["commit", "maker", "made"], False, True),
    "rmi": (["rmi", "made"], True, False),
    "prune": (["image", "prune", "-af"], True, False),
}


def has_made(bench):
    return bench.must("images", "-q", "made") != ""


def check(bench, verb, args, is_done):
    done = bench.do("system", "check", "--deep", "-q")
    if done.returncode != 0:
        raise Failed(f"after the cut: {done.stdout.strip()} {done.stderr.strip()}")
    if "warning" in done.stderr:
        raise Failed(f"after the cut: {done.stderr.strip()}")
    if bench.must("run", "--rm", "base", "sh", "-c", 'read word </word; echo "$word"') != "base":
        raise Failed("base has other contents")
    if is_done and has_made(bench) != VERBS[verb][2]:
        raise Failed(f"{verb} said that it was done, and it is not")
    if has_made(bench) != VERBS[verb][2]:
        bench.must(*args)
        if has_made(bench) != VERBS[verb][2]:
            raise Failed(f"{verb} cannot be done again")
    bench.must("ps")
    left = os.listdir(bench.place / "store/staging")
    if left:
        raise Failed(f"staging still has {left}")
    bench.must("system", "check", "--deep", "-q")


def attempt(bench, disks, verb, cut, inject):
    """@return what the verb ended with"""
    args = [word.format(top=bench.top) for word in VERBS[verb][0]]
    bench.begin(disks[VERBS[verb][1]])
    try:
        done, _ = bench.traced(args, inject)
        bench.cut(cut)
        check(bench, verb, args, done.returncode == 0)
    finally:
        bench.unmount()
    return done.returncode


def count_calls(bench, disks, verb):
    args = [word.format(top=bench.top) for word in VERBS[verb][0]]
    bench.begin(disks[VERBS[verb][1]])
    done, log = bench.traced(args)
    bench.unmount()
    if done.returncode != 0:
        raise Failed(f"{verb}: {done.stderr}")
    return sum("(" in line for line in log.read_text().splitlines())


def sweep(bench, disks, verb, sample, seed):
    calls = count_calls(bench, disks, verb)
    points = [(number, cut) for number in range(1, calls + 2) for cut in CUTS]  # the last: it is through
    if 0 < sample < len(points):
        ends = [point for point in points if point[0] == calls + 1]
        points = sorted(random.Random(seed).sample(points[:-2], max(sample - 2, 0))) + ends
    failures = 0
    print(f"1..{len(points)}")
    for test, (number, cut) in enumerate(points, 1):
        inject = ["-e", f"inject={CALLS}:signal=KILL:when={number}"]
        try:
            attempt(bench, disks, verb, cut, inject if number <= calls else [])
            print(f"ok {test} {verb}: cut at call {number} of {calls}, {cut}")
        except Failed as why:
            failures += 1
            print(f"not ok {test} {verb}: cut at call {number} of {calls}, {cut}: {why}", flush=True)
    return failures


def careless(bench, disks):
    """Without syncs something is lost: if this is not noticed, nothing is."""
    print("1..1")
    for cut in CUTS:
        try:
            attempt(bench, disks, "load", cut, ["-e", f"inject={SYNCS}:retval=0"])
        except Failed as why:
            print(f"ok 1 without syncs the loss is noticed: {why}")
            return 0
    print("not ok 1 without syncs nothing is noticed")
    return 1


def main():
    onggi, verb = os.path.abspath(sys.argv[1]), sys.argv[2]
    sample = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    seed = sys.argv[4] if len(sys.argv) > 4 else "0"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    with tempfile.TemporaryDirectory(prefix="onggi-test.") as top:
        bench = Bench(onggi, top)
        disks = prepare(bench)
        failures = careless(bench, disks) if verb == "careless" else sweep(bench, disks, verb, sample, seed)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
