#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mounts of a config.json under two runtimes, compared by what a container sees.

mounts.py BUNDLE SOURCES STATE OURS PEER: runs each case of the table below in BUNDLE (its rootfs has a busybox) with
binds of SOURCES, under both programs, and compares the lines of mountinfo at and below the destinations (without ids
and devices), type, mode and owner of each destination, and whether it starts at all. Where a case says "ours" it is
what we do and the peer does not; its text says why. Prints each difference; the exit status is their number.
"""
import json
import re
import subprocess
import sys

BUNDLE, SOURCES, STATE, OURS, PEER = sys.argv[1:6]
DIR, FILE = SOURCES + "/dir", SOURCES + "/file"
CASES = []


def mount(destination, source=None, kind=None, *options):
    made = {"destination": destination, "options": list(options)}
    made.update({k: v for k, v in {"source": source, "type": kind}.items() if v})
    return made


def case(name, *mounts, ours=None, **change):
    CASES.append((name, mounts, ours, change))


def bind(*options):
    return mount("/mnt", DIR, "bind", *options)


def tmpfs(*options):
    return mount("/mnt", "tmpfs", "tmpfs", *options)


WORDS = """acl async atime dev diratime dirsync exec iversion lazytime loud mand noacl noatime nodev nodiratime noexec
    noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private relatime ro rprivate rshared rslave
    runbindable rw shared silent slave strictatime suid symfollow sync unbindable""".split()
for word in WORDS:
    case("tmpfs " + word, tmpfs(word))
    case("bind " + word, bind("bind", word))
    case("rbind " + word, bind("rbind", word))
for word in """rdev rdiratime rexec rnoatime rnodev rnodiratime rnoexec rnorelatime rnosuid rnosymfollow rrelatime rro
        rrw rstrictatime rsuid rsymfollow""".split():
    case("rbind " + word, bind("rbind", word))
    case("bind of one, " + word, bind("bind", word))
for word in "ratime", "rnostrictatime":
    case("rbind " + word, bind("rbind", word), ours="they clear one bit of a field, which the kernel refuses")

case("several propagations", bind("rbind", "rslave", "shared"))
case("several others", bind("bind", "shared", "rprivate"))
case("words that contradict", bind("rbind", "ro", "rw", "nosuid", "suid", "noexec"))
case("rbind ro leaves what is below", bind("rbind", "ro"))
case("rro and rw", bind("rbind", "rro", "rw"))
case("a file", mount("/mnt/new/file", FILE, "bind", "bind", "ro"))
case("a pipe", mount("/mnt/pipe", SOURCES + "/pipe", "bind", "bind"))
case("a device", mount("/mnt/zero", "/dev/zero", "bind", "bind", "nosuid", "noexec"))
case("a symlink to a directory", mount("/mnt", SOURCES + "/link", "bind", "rbind"))
case("a missing source", mount("/mnt", SOURCES + "/absent", "bind", "bind"))
case("a directory on a file", mount("/bin/busybox", DIR, "bind", "bind"))
case("the type none", mount("/mnt", DIR, "none", "bind"))
case("no type", mount("/mnt", DIR, None, "bind"))
case("neither type nor bind", mount("/mnt", DIR))
case("the type bind alone", mount("/mnt", DIR, "bind"), ours="the type says it, too")
case("unknown words of a bind", bind("bind", "size=1m", "z"))
case("an unknown file system", mount("/mnt", "x", "nosuchfs"))
case("unknown words of a tmpfs", tmpfs("nosuchword=1"))
case("all of a tmpfs", tmpfs("size=1m", "nr_inodes=100", "uid=3", "gid=4", "nosuid", "noexec"))
case("half of the memory", tmpfs("size=50%"))
case("words in one", tmpfs("size=1m,nr_inodes=50"))
case("any source", mount("/mnt", "any", "tmpfs", "size=1m"))
case("the mode below", mount("/mode", "tmpfs", "tmpfs"))
case("nothing below", mount("/new/deep", "tmpfs", "tmpfs"))
case("a relative destination", mount("mnt", "tmpfs", "tmpfs"))
case("behind a symlink", mount("/tolink", "tmpfs", "tmpfs"))
case("behind a symlink up", mount("/updots/new", "tmpfs", "tmpfs"))
case("twice", mount("/mnt", "a", "tmpfs", "size=1m"), mount("/mnt", "b", "tmpfs", "size=2m"))
case("one in the other", mount("/mnt", "a", "tmpfs"), mount("/mnt/x/y", "b", "tmpfs", "ro"))
case("one in a read-only one", tmpfs("ro"), mount("/mnt/x", "b", "tmpfs"))
case("on the terminal", mount("/dev/console", FILE, "bind", "bind"))
case("on /dev/shm", mount("/dev/shm", DIR, "bind", "bind"))
case("the host's /dev", mount("/dev", "/dev", "bind", "rbind"))
case("a read-only /dev", mount("/dev", "tmpfs", "tmpfs", "ro", "nosuid", "mode=755"))
case("remount of a bind", bind("bind"), bind("bind", "remount", "ro", "nosuid"))
case("procfs elsewhere", mount("/mnt/proc", "proc", "proc", "nosuid"))
case("procfs of pids", mount("/mnt", "proc", "proc", "subset=pid", "hidepid=2"))
case("procfs on a symlink", mount("/tolink", "proc", "proc"))
case("sysfs elsewhere", mount("/mnt/sys", "sysfs", "sysfs", "ro"))
case("sysfs on a symlink", mount("/tolink", "sysfs", "sysfs"))
case("mqueue", mount("/mnt", "mqueue", "mqueue", "noexec"))
case("devpts", mount("/mnt", "devpts", "devpts", "newinstance", "ptmxmode=0666", "gid=5", "mode=620"))
for name in "cpuinfo diskstats loadavg meminfo slabinfo stat swaps sys/kernel/ns_last_pid uptime".split():
    case("lxcfs: " + name, mount("/proc/" + name, FILE, "bind", "bind", "ro"))
case("lxcfs: net/dev", mount("/proc/net/dev", FILE, "bind", "bind"), ours="net is a link, which they compare unfollowed")
for name in "version sys/kernel/core_pattern self/exe self/status 1/environ nosuchfile sysrq-trigger".split():
    case("in /proc: " + name, mount("/proc/" + name, FILE, "bind", "bind", "ro"))
for name in "self/attr sys irq nosuchdir bus".split():
    case("in /proc: " + name, mount("/proc/" + name, DIR, "bind", "bind", "ro"))
case("in /proc by a symlink", mount("/plink/version", FILE, "bind", "bind"))
case("a directory on /proc", mount("/proc", DIR, "bind", "bind"))
case("a ramfs on /proc", mount("/proc", "ramfs", "ramfs"))
case("in the user namespace", bind("rbind", "ro", "nosuid"), tmpfs("ro"), user=True)
case("words in the user namespace", bind("rbind", "rro", "rslave"), user=True)
case("procfs in the user namespace", mount("/mnt", "proc", "proc", "nosuid", "nodev"), user=True)
case("mqueue in the user namespace", mount("/mnt", "mqueue", "mqueue", "nosuid", "nodev"), user=True,
     ours="it is made with the namespace, when nobody is anybody in it yet")
case("devpts with a group that is not mapped", mount("/mnt", "devpts", "devpts", "gid=70000"), user=True)
case("no pivot", tmpfs("size=1m"), bind("rbind", "ro"), no_pivot=True)


# crun 1.8: every tmpfs is open to all; words that it does not know are data; a later word does not clear an earlier
# one; a propagation makes a bind recursive, and is lost when the options are set; procfs and sysfs go on names in the
# root only; anything goes into /proc.
CRUN_DIFFERS = re.compile(r".*(tmpfs|symfollow|share|slave|bindable|rprivate|r(no)?(dir|rel|strict)?atime|several|"
                          r"contradict|half|words|source|the mode|relative|behind|twice|one in|elsewhere|in /proc|"
                          r"on /proc|lxcfs: (sys|net)|in the user)")


def configuration(mounts, change):
    with open(BUNDLE + "/config.json.plain", encoding="utf-8") as text:
        config = json.load(text)
    config["mounts"] += mounts
    tops = sorted({"/" + m["destination"].strip("/") for m in mounts})
    config["process"]["args"] = ["sh", "-c", "cat /proc/self/mountinfo; stat -L -c '@ %n %a %u:%g %F' " + " ".join(tops)]
    if change.get("user"):
        config["linux"]["namespaces"].append({"type": "user"})
        for kind in "uidMappings", "gidMappings":
            config["linux"][kind] = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    return config, tops


def view(output, tops):
    """Lines without what differs from run to run: ids, devices, numbers of peer groups."""
    lines = []
    for line in output.splitlines():
        fields = line.split(" ")
        if line.startswith("@"):
            lines.append(line)
        elif "-" in fields and any((fields[4] + "/").startswith(top + "/") or fields[4] == "/box" for top in tops):
            at = fields.index("-")
            tags = sorted(tag.split(":")[0] for tag in fields[6:at])
            kind, source, data = fields[at + 1:at + 4]
            # Their procfs and sysfs are read-only twice; the mode of ours is in the options.
            data = re.sub(r"^r[ow]", "", data) if kind in ("proc", "sysfs", "tmpfs") else data
            data = re.sub(r",mode=\d+", "", data)
            lines.append(" ".join([fields[3], fields[4], fields[5], *tags, "-", kind, source, data]))
    return sorted(lines)


def run(program, name, mounts, change):
    config, tops = configuration(mounts, change)
    config["linux"]["cgroupsPath"] = "/onggi-test-mounts-" + name
    with open(BUNDLE + "/config.json", "w", encoding="utf-8") as text:
        json.dump(config, text)
    words = [*program.split(), "--root", STATE + "/" + name, "run"] + ["--no-pivot"] * bool(change.get("no_pivot"))
    # Pipes on all three: crun gives what it finds there, and be it /dev/null, to the container's root.
    done = subprocess.run([*words, "-b", BUNDLE, "onggi-test-mounts-" + name], capture_output=True, text=True,
                          input="", timeout=60, check=False)
    subprocess.run("rm -rf new mnt/* box/*", shell=True, cwd=BUNDLE + "/rootfs", check=False)
    return view(done.stdout, tops) if done.returncode == 0 else None, done.stderr.strip()


def compare(name, mounts, ours, change):
    mine, my_error = run(OURS, "ours", mounts, change)
    theirs, their_error = run(PEER, "peer", mounts, change)
    if ours:
        # The table must not claim what has become untrue.
        if mine is not None and mine != theirs:
            return 0
    elif mine == theirs:
        return 0
    print(f"{name}: {json.dumps(mounts)}")
    for who, seen, error in ("ours", mine, my_error), ("peer", theirs, their_error):
        print(f"  {who}: " + (error[-300:] if seen is None else "\n        ".join(seen)))
    return 1


def main():
    rows = [row for row in CASES if "crun" not in PEER or not CRUN_DIFFERS.match(row[0])]
    sys.exit(min(sum(compare(*row) for row in rows), 100))


main()
