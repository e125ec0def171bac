#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare two trees entry by entry: type, mode, owner, times, links, attributes, contents.

usage: tree_diff.py ONE OTHER
"""
import hashlib
import os
import stat
import sys


def describe(path):
    st = os.lstat(path)
    attributes, contents = [], None
    try:
        attributes = sorted((name, os.getxattr(path, name, follow_symlinks=False))
                            for name in os.listxattr(path, follow_symlinks=False)
                            if not name.startswith("trusted."))
    except OSError:
        pass
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as handle:
            contents = hashlib.sha256(handle.read()).hexdigest()
    elif stat.S_ISLNK(st.st_mode):
        contents = os.readlink(path)
    elif stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
        contents = st.st_rdev
    links = 0 if stat.S_ISDIR(st.st_mode) else st.st_nlink
    return oct(st.st_mode), st.st_uid, st.st_gid, st.st_mtime_ns, links, contents, attributes


def scan(root):
    found = {".": describe(root)}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root)] = describe(path)
    return found


def main():
    one, other = scan(sys.argv[1]), scan(sys.argv[2])
    different = [name for name in sorted(one.keys() | other.keys())
                 if one.get(name) != other.get(name)]
    for name in different[:20]:
        print("%s: %r, %r" % (name, one.get(name), other.get(name)))
    print("%d entries, %d differ" % (len(one), len(different)))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
