#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists what a container could leave on a host, sorted, one thing a line.

sentinel.py BUILD [DIRECTORY...]: processes of the binaries in BUILD or in namespaces that are not ours,
mounts, cgroups, namespaces, network links, and the files below each DIRECTORY.
"""
import os
import sys

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children",
              "user", "uts")
CACHES = ("/cache/", "/seccomp/")  # below a store: kept on purpose, bounded, and named by digest


def read_link(path):
    try:
        return os.readlink(path)
    except OSError:
        return None


def start_time(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def processes_and_namespaces(build):
    build = os.path.realpath(build) + os.sep
    own = {name: read_link(f"/proc/self/ns/{name}") for name in NAMESPACES}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        program = read_link(f"/proc/{pid}/exe")
        if program is None or int(pid) == os.getpid():
            continue  # a kernel thread, or gone
        links = {name: read_link(f"/proc/{pid}/ns/{name}") for name in NAMESPACES}
        foreign = [link for name, link in links.items() if link and link != own[name]]
        for link in foreign:
            yield f"namespace {link}"
        if foreign or program.startswith(build):
            if started := start_time(pid):
                yield f"process {pid} started {started} {program}"


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
        for line in table:
            words = line.split()
            kind = words[words.index("-") + 1]
            yield f"mount {words[0]} {words[4]} {kind}"
            if kind == "cgroup" or kind == "cgroup2":
                yield from cgroups(words[4])


def cgroups(mount_point):
    for folder, folders, _ in os.walk(mount_point):
        for name in folders:
            # Not those of other programs, nor of unit tests that run at the same time. The cgroup that
            # v2 containers are below stays, as documented.
            if "onggi" in folder + name and not name.startswith("onggi-test-") and name != "onggi":
                yield f"cgroup {os.path.join(folder, name)}"


def files(top):
    for folder, folders, names in os.walk(top):
        for name in folders + names:
            path = os.path.join(folder, name)
            if not any(cache in path for cache in CACHES):
                yield f"file {path}"


def main():
    found = set(processes_and_namespaces(sys.argv[1]))
    found.update(mounts())
    found.update(f"link {name}" for name in os.listdir("/sys/class/net"))
    for top in filter(None, sys.argv[2:]):
        found.update(files(top))
    # Sorted as comm(1) in the C locale wants it: by bytes.
    sys.stdout.buffer.write(b"".join(sorted(line.encode(errors="surrogateescape") + b"\n" for line in found)))


if __name__ == "__main__":
    main()
