#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Archives that mean harm, or look as if they did, and what must become of each.

Every case is a layer's tar, an outcome (refused with a word of the reason, or accepted with
checks on the tree), and perhaps a layer below. They are unpacked through the sandboxed worker
into a directory beside a tree of canaries that nothing may touch.

usage: evil_tars.py FILL WORKER [CASE...]      FILL, WORKER: unpack-fill and onggi-unpack
"""
import gzip
import hashlib
import os
import stat
import subprocess
import sys
import tarfile
import tempfile

BLOCK = 512
CASES = []


def case(refused=None, lower=None):
    """Register a function that gives bytes; its checks, if accepted, come from a nested `check`."""
    def add(make):
        CASES.append((make.__name__, make, refused, lower))
        return make
    return add


# --- raw headers: what a well-behaved library would not write ---

def octal(value, width):
    return b"%0*o\0" % (width - 1, value)


def header(name, kind=b"0", size=0, mode=0o644, link=b"", uid=0, gid=0, mtime=0, magic=b"ustar\x0000",
           raw_size=None, major=0, minor=0, prefix=b"", checksum=None, raw_uid=None):
    fields = [name[:100].ljust(100, b"\0"), octal(mode, 8), raw_uid or octal(uid, 8), octal(gid, 8),
              raw_size if raw_size is not None else octal(size, 12), octal(mtime, 12), b" " * 8,
              kind, link[:100].ljust(100, b"\0"), magic, b"root".ljust(32, b"\0"),
              b"root".ljust(32, b"\0"), octal(major, 8), octal(minor, 8), prefix.ljust(155, b"\0"),
              b"\0" * 12]
    block = b"".join(fields)
    assert len(block) == BLOCK, len(block)
    total = sum(block) if checksum is None else checksum
    return block[:148] + b"%06o\0 " % total + block[156:]


def pad(data):
    return data + b"\0" * (-len(data) % BLOCK)


def file(name, data=b"evil\n", **more):
    return header(name, size=len(data), **more) + pad(data)


def directory(name, **more):
    return header(name, kind=b"5", mode=more.pop("mode", 0o755), **more)


def symlink(name, target, **more):
    return header(name, kind=b"2", link=target, mode=0o777, **more)


def hardlink(name, target, **more):
    return header(name, kind=b"1", link=target, **more)


def record(key, value):
    body = b" " + key + b"=" + value + b"\n"
    size = len(body)
    while len(b"%d" % size) + len(body) != size:
        size = len(b"%d" % size) + len(body)
    return b"%d" % size + body


def pax(*pairs, raw=None):
    data = raw if raw is not None else b"".join(record(k, v) for k, v in pairs)
    return header(b"PaxHeader", kind=b"x", size=len(data)) + pad(data)


def gnu_long(text, kind=b"L"):
    return header(b"././@LongLink", kind=kind, size=len(text) + 1) + pad(text + b"\0")


def base256(value, width):
    return (value & ((1 << (8 * width)) - 1) | (0x80 << (8 * (width - 1)))).to_bytes(width, "big")


def end(*parts):
    return b"".join(parts) + b"\0" * (2 * BLOCK)


def read(root, name):
    with open(os.path.join(root, name), "rb") as handle:
        return handle.read()


def is_whiteout(path):
    st = os.lstat(path)
    return stat.S_ISCHR(st.st_mode) and st.st_rdev == 0


def is_opaque(path):
    return os.getxattr(path, "trusted.overlay.opaque") == b"y"


# --- names that lead out ---

@case(refused="..")
def dotdot():
    return end(file(b"../canary/file"))


@case(refused="..")
def dotdot_inside():
    return end(directory(b"a/"), file(b"a/../../canary/file"))


@case(refused="..")
def dotdot_harmless():
    return end(directory(b"a/"), file(b"a/../b"))


@case(refused="..")
def dotdot_directory():
    return end(directory(b"../canary/", mode=0o777))


@case(refused="..")
def dotdot_in_pax_path():
    return end(pax((b"path", b"../../canary/file")), file(b"innocent"))


@case(refused="..")
def dotdot_in_gnu_name():
    return end(gnu_long(b"../" * 60 + b"canary/file"), file(b"innocent"))


@case(refused="..")
def dotdot_in_prefix():
    return end(file(b"canary/file", prefix=b"../.."))


@case()
def absolute():
    def check(root):
        assert read(root, "etc/passwd") == b"evil\n"
    return end(file(b"/etc/passwd")), check


@case()
def absolute_many_slashes():
    def check(root):
        assert read(root, "etc/shadow") == b"evil\n"
    return end(file(b"//.//etc/./shadow")), check


@case()
def absolute_pax_path():
    def check(root):
        assert read(root, "etc/passwd") == b"evil\n"
    return end(pax((b"path", b"/etc/passwd")), file(b"innocent")), check


@case(refused="without a name")
def empty_name():
    return end(file(b""))


@case(refused="not a directory")
def root_as_file():
    return end(file(b"./"[:1]))


@case(refused="NUL")
def nul_in_pax_path():
    return end(pax((b"path", b"a\0b")), file(b"innocent"))


# --- symlinks, then writing through them ---

@case()
def symlink_absolute_then_write():
    def check(root):
        assert os.readlink(os.path.join(root, "out")) == "/canary"
        assert read(root, "canary/file") == b"evil\n"
    return end(symlink(b"out", b"/canary"), file(b"out/file")), check


@case()
def symlink_dotdot_then_write():
    def check(root):
        assert read(root, "canary/file") == b"evil\n"
    return end(symlink(b"out", b"../../../../canary"), file(b"out/file")), check


@case()
def symlink_to_root_then_write():
    def check(root):
        assert read(root, "file") == b"evil\n"
    return end(symlink(b"out", b"/"), file(b"out/file")), check


@case()
def symlink_chain_then_write():
    def check(root):
        assert read(root, "d/canary/file") == b"evil\n"
    return end(directory(b"d/"), symlink(b"d/a", b".."), symlink(b"b", b"d/a/../d/canary"),
               directory(b"d/canary"), file(b"b/file")), check


@case(refused="Too many levels")
def symlink_loop():
    return end(symlink(b"a", b"b"), symlink(b"b", b"a"), file(b"a/file"))


@case()
def symlink_replaced_by_file():
    def check(root):
        assert read(root, "out") == b"evil\n" and not os.path.islink(os.path.join(root, "out"))
    return end(symlink(b"out", b"../canary/file"), file(b"out")), check


@case()
def symlink_replaced_by_directory():
    def check(root):
        assert stat.S_ISDIR(os.lstat(os.path.join(root, "out")).st_mode)
        assert read(root, "out/file") == b"evil\n"
    return end(symlink(b"out", b"../canary"), directory(b"out"), file(b"out/file")), check


@case()
def symlink_chmod_through():
    def check(root):
        assert os.lstat(os.path.join(root, "out")).st_mode & 0o777 == 0o777
    return end(symlink(b"out", b"../canary/file"), symlink(b"out", b"../canary/file", uid=7)), check


@case()
def symlink_proc():
    def check(root):
        assert read(root, "proc/self/root/etc/x") == b"evil\n"
    return end(symlink(b"p", b"/proc/self/root"), file(b"p/etc/x")), check


@case(refused="Not a directory")
def file_as_parent():
    return end(file(b"a"), file(b"a/b"))


@case(refused="without a target")
def symlink_without_target():
    return end(symlink(b"a", b""))


@case(refused="longer than 4095")
def symlink_target_too_long():
    return end(pax((b"linkpath", b"x" * 4096)), symlink(b"a", b"b"))


# --- hard links ---

@case(refused="does not exist")
def hardlink_to_host():
    return end(hardlink(b"passwd", b"/etc/passwd"))


@case(refused="hard link")
def hardlink_dotdot():
    return end(hardlink(b"file", b"../canary/file"))


@case(refused="does not exist")
def hardlink_through_symlink():
    return end(symlink(b"out", b"../canary"), hardlink(b"file", b"out/file"))


@case()
def hardlink_to_symlink():
    def check(root):
        assert os.readlink(os.path.join(root, "b")) == "../canary/file"
    return end(symlink(b"a", b"../canary/file"), hardlink(b"b", b"a")), check


@case()
def hardlink_to_symlink_then_write():
    def check(root):
        assert read(root, "b") == b"evil\n" and os.path.islink(os.path.join(root, "a"))
    return end(symlink(b"a", b"../canary/file"), hardlink(b"b", b"a"), file(b"b")), check


@case(refused="hard link")
def hardlink_to_itself():
    return end(file(b"a"), hardlink(b"a", b"./a"))


@case(refused="directory")
def hardlink_to_directory():
    return end(directory(b"d"), hardlink(b"e", b"d"))


@case(refused="does not exist")
def hardlink_forward():
    return end(hardlink(b"a", b"b"), file(b"b"))


@case(refused="hard link")
def hardlink_to_root():
    return end(hardlink(b"a", b"/"))


@case(refused="No such file")
def hardlink_over_own_parent():
    return end(directory(b"d"), file(b"d/x"), hardlink(b"d", b"d/x"))


@case(lower=lambda root: [open(os.path.join(root, "low"), "w").write("low\n"),
                          os.chmod(os.path.join(root, "low"), 0o640)])
def hardlink_into_lower():
    def check(root):
        a, b = os.stat(os.path.join(root, "low")), os.stat(os.path.join(root, "new"))
        assert a.st_ino == b.st_ino and read(root, "new") == b"low\n"
        assert a.st_mode & 0o7777 == 0o640
    return end(hardlink(b"new", b"low")), check


@case(refused="deleted it", lower=lambda root: open(os.path.join(root, "low"), "w").close())
def hardlink_to_whiteout():
    return end(file(b".wh.low", b""), hardlink(b"new", b"low"))


# --- whiteouts ---

def lower_tree(root):
    os.makedirs(os.path.join(root, "d/sub"))
    os.chmod(os.path.join(root, "d"), 0o711)
    os.chown(os.path.join(root, "d"), 5, 6)
    os.symlink("d", os.path.join(root, "link"))
    os.symlink("../../../../../canary", os.path.join(root, "out"))
    for name in "f", "d/f":
        with open(os.path.join(root, name), "w", encoding="ascii") as handle:
            handle.write("lower\n")
    os.utime(os.path.join(root, "d"), ns=(1234567890123456789, 1234567890123456789))


@case(lower=lower_tree)
def whiteout_file():
    def check(root):
        assert is_whiteout(os.path.join(root, "f")) and is_whiteout(os.path.join(root, "d/f"))
        st = os.stat(os.path.join(root, "d"))  # implied: as below
        assert (st.st_mode & 0o7777, st.st_uid, st.st_gid) == (0o711, 5, 6)
        assert st.st_mtime_ns == 1234567890123456789
    return end(file(b".wh.f", b""), file(b"d/.wh.f", b"")), check


@case(lower=lower_tree)
def whiteout_of_nothing():
    def check(root):
        assert sorted(os.listdir(root)) == []
    return end(file(b".wh.absent", b"")), check


@case(lower=lower_tree)
def whiteout_of_own_entry():
    def check(root):
        assert is_whiteout(os.path.join(root, "f")) and not os.path.lexists(os.path.join(root, "n"))
    return end(file(b"f"), file(b"n"), file(b".wh.f", b""), file(b".wh.n", b"")), check


@case(lower=lower_tree)
def whiteout_then_file():
    def check(root):
        assert read(root, "f") == b"evil\n"
    return end(file(b".wh.f", b""), file(b"f")), check


@case(lower=lower_tree)
def whiteout_then_directory():
    def check(root):
        assert is_opaque(os.path.join(root, "d")) and os.listdir(os.path.join(root, "d")) == ["n"]
    return end(file(b".wh.d", b""), directory(b"d"), file(b"d/n")), check


@case(lower=lower_tree)
def whiteout_then_implied_directory():
    def check(root):
        assert is_opaque(os.path.join(root, "d"))
        assert os.stat(os.path.join(root, "d")).st_uid == 0
    return end(file(b".wh.d", b""), file(b"d/n")), check


@case(lower=lower_tree)
def whiteout_through_lower_symlink():
    def check(root):
        assert is_whiteout(os.path.join(root, "d/f"))
        assert not os.path.lexists(os.path.join(root, "link"))
    return end(file(b"link/.wh.f", b"")), check


@case(refused="whiteout")
def whiteout_of_dotdot():
    return end(file(b"d/.wh...", b""))


@case(refused="whiteout")
def whiteout_of_dot():
    return end(file(b"d/.wh..", b""))


@case(refused="whiteout")
def whiteout_of_empty():
    return end(file(b"d/.wh.", b""))


@case(refused="whiteout as a directory")
def whiteout_directory():
    return end(file(b".wh.d/file"))


@case()
def aufs_metadata():
    def check(root):
        assert os.listdir(root) == []
    return end(directory(b".wh..wh.plnk"), file(b".wh..wh.plnk/1.2"), file(b".wh..wh.aufs")), check


@case(lower=lower_tree)
def opaque():
    def check(root):
        assert is_opaque(os.path.join(root, "d"))
        assert sorted(os.listdir(os.path.join(root, "d"))) == ["after", "before"]
    return end(directory(b"d"), file(b"d/before"), file(b"d/.wh..wh..opq", b""),
               file(b"d/after")), check


@case(lower=lower_tree)
def opaque_then_hardlink_below():
    return end(file(b"d/.wh..wh..opq", b""), file(b"d/x"), hardlink(b"new", b"d/x")), None


@case(refused="does not exist", lower=lower_tree)
def opaque_hides_from_hardlink():
    return end(file(b"d/.wh..wh..opq", b""), hardlink(b"new", b"d/f"))


@case(lower=lower_tree)
def opaque_root():
    def check(root):
        assert is_opaque(os.path.join(root, "d")) and is_whiteout(os.path.join(root, "f"))
        assert is_whiteout(os.path.join(root, "link")) and read(root, "d/n") == b"evil\n"
    return end(file(b".wh..wh..opq", b""), file(b"d/n")), check


@case(lower=lower_tree)
def lower_symlink_as_parent():
    def check(root):
        assert read(root, "d/n") == b"evil\n" and not os.path.lexists(os.path.join(root, "link"))
    return end(file(b"link/n")), check


@case(lower=lower_tree)
def lower_symlink_out():
    def check(root):
        assert read(root, "canary/file") == b"evil\n"
    return end(file(b"out/file")), check


@case(refused="Not a directory", lower=lower_tree)
def lower_file_as_parent():
    return end(file(b"f/x"))


@case(lower=lower_tree)
def file_then_directory_hides_lower():
    def check(root):
        assert is_opaque(os.path.join(root, "d"))
    return end(file(b"d"), directory(b"d")), check


# --- devices, owners, modes ---

@case()
def devices():
    def check(root):
        st = os.lstat(os.path.join(root, "dev/sda"))
        assert stat.S_ISBLK(st.st_mode) and st.st_rdev == os.makedev(8, 0)
        assert st.st_mode & 0o7777 == 0o660 and (st.st_uid, st.st_gid) == (1, 2)
        assert stat.S_ISFIFO(os.lstat(os.path.join(root, "fifo")).st_mode)
    return end(header(b"dev/sda", kind=b"4", major=8, mode=0o660, uid=1, gid=2),
               header(b"dev/console", kind=b"3", major=5, minor=1),
               header(b"fifo", kind=b"6", mode=0o4711)), check


@case(refused="out of range")
def device_number_too_large():
    return end(header(b"dev", kind=b"4", major=0o7777777))


@case()
def setuid():
    def check(root):
        st = os.stat(os.path.join(root, "su"))
        assert st.st_mode & 0o7777 == 0o6755 and (st.st_uid, st.st_gid) == (1000, 100000)
    return end(file(b"su", mode=0o6755, uid=1000, gid=100000)), check


@case()
def setgid_directory_does_not_leak():
    def check(root):
        assert os.stat(os.path.join(root, "d/f")).st_gid == 0
        assert os.stat(os.path.join(root, "d/e")).st_mode & 0o7777 == 0o755
    return end(directory(b"d", mode=0o2775, gid=50), file(b"d/f"), directory(b"d/e")), check


@case()
def large_owner():
    def check(root):
        assert os.stat(os.path.join(root, "f")).st_uid == 4294967294
    return end(pax((b"uid", b"4294967294")), file(b"f")), check


@case(refused="uid")
def owner_minus_one():
    return end(pax((b"uid", b"4294967295")), file(b"f"))


@case(refused="uid")
def owner_too_large():
    return end(pax((b"uid", b"18446744073709551616")), file(b"f"))


@case(refused="uid")
def owner_negative():
    return end(file(b"f", raw_uid=base256(-1, 8)))


@case(refused="uid")
def owner_not_a_number():
    return end(file(b"f", raw_uid=b"9999999\0"))


@case()
def time_before_1970():
    def check(root):
        assert os.stat(os.path.join(root, "f")).st_mtime_ns == -1500000000
    return end(pax((b"mtime", b"-1.5")), file(b"f")), check


@case(refused="time")
def time_is_text():
    return end(pax((b"mtime", b"yesterday")), file(b"f"))


# --- attributes ---

@case()
def xattrs():
    def check(root):
        path = os.path.join(root, "f")
        assert os.getxattr(path, "user.a") == b"x\0y"
        assert os.getxattr(path, "user.b") == b"coded"
        assert len(os.getxattr(path, "security.capability")) == 20
        assert "trusted.overlay.redirect" not in os.listxattr(path)
        assert "user.overlay.opaque" not in os.listxattr(path)
        assert "security.selinux" not in os.listxattr(path)
    return end(pax((b"SCHILY.xattr.user.a", b"x\0y"),
                   (b"LIBARCHIVE.xattr.user.b", b"Y29kZWQ="),
                   (b"SCHILY.xattr.security.capability",
                    b"\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                   (b"SCHILY.xattr.security.selinux", b"system_u:object_r:x:s0"),
                   (b"SCHILY.xattr.user.overlay.opaque", b"y"),
                   (b"SCHILY.xattr.trusted.overlay.redirect", b"/etc")), file(b"f", uid=5)), check


@case(refused="base64")
def xattr_bad_base64():
    return end(pax((b"LIBARCHIVE.xattr.user.b", b"!!!!")), file(b"f"))


@case(refused="extended attribute")
def xattr_too_large():
    return end(pax((b"SCHILY.xattr.user.a", b"x" * 65537)), file(b"f"))


@case(refused="extended attributes")
def xattr_too_many():
    return end(pax(*[(b"SCHILY.xattr.user.%d" % i, b"x") for i in range(257)]), file(b"f"))


# --- damaged and dishonest headers ---

@case(refused="checksum")
def bad_checksum():
    return end(file(b"f", checksum=1))


@case(refused="checksum")
def not_a_tar():
    return b"#!/bin/sh\necho hello\n".ljust(4096, b"x")


@case(refused="truncated")
def empty_input():
    return b""


@case(refused="ends in the middle")
def truncated_header():
    return end(file(b"f"))[:300]


@case(refused="middle")
def truncated_data():
    return file(b"f", b"x" * 5000)[:3000]


@case(refused="end marker")
def no_end_marker():
    return file(b"f")


@case(refused="zero block")
def zero_block_in_the_middle():
    return file(b"f") + b"\0" * BLOCK + file(b"g") + b"\0" * 2 * BLOCK


@case(refused="size")
def size_negative():
    return end(header(b"f", raw_size=base256(-1, 12)))


@case(refused="size")
def size_beyond_64_bits():
    return end(header(b"f", raw_size=b"\x80" + b"\xff" * 11))


@case(refused="size")
def size_enormous():
    return end(header(b"f", raw_size=base256(1 << 62, 12)))


@case(refused="middle")
def size_more_than_there_is():
    return end(header(b"f", size=1 << 30))


@case(refused="size")
def size_is_text():
    return end(header(b"f", raw_size=b"hello world\0"))


@case(refused="size")
def pax_size_wraps():
    return end(pax((b"size", b"18446744073709551615")), file(b"f"))


@case()
def pax_size_wins():
    def check(root):
        assert read(root, "f") == b"evil\n" and read(root, "g") == b"evil\n"
    return end(pax((b"size", b"5")), header(b"f", size=4096) + pad(b"evil\n"), file(b"g")), check


@case()
def size_of_links_is_ignored():
    def check(root):
        assert read(root, "g") == b"evil\n"
    return end(directory(b"d", size=4096), symlink(b"s", b"x", size=99), file(b"g")), check


@case(refused="damaged")
def pax_length_too_large():
    return end(pax(raw=b"999 path=x\n"), file(b"f"))


@case(refused="damaged")
def pax_length_zero():
    return end(pax(raw=b"0 path=x\n"), file(b"f"))


@case(refused="damaged")
def pax_without_equals():
    return end(pax(raw=b"9 path_x\n"), file(b"f"))


@case(refused="damaged")
def pax_without_newline():
    return end(pax(raw=b"10 path=ab"), file(b"f"))


@case(refused="extended header")
def pax_too_large():
    return end(header(b"x", kind=b"x", size=(1 << 20) + 1), b"\0" * ((1 << 20) + 512), file(b"f"))


@case(refused="longer than 4095")
def pax_path_too_long():
    return end(pax((b"path", b"a/" * 2048)), file(b"f"))


@case(refused="longer than 255")
def component_too_long():
    return end(pax((b"path", b"a" * 256)), file(b"f"))


@case()
def component_of_255():
    def check(root):
        assert read(root, "a" * 255) == b"evil\n"
    return end(pax((b"path", b"a" * 255)), file(b"f")), check


@case()
def path_of_4094():
    return end(pax((b"path", b"a/" * 1023 + b"b" * 255)), file(b"f")), None


@case(refused="levels deep")
def too_deep():
    return end(pax((b"path", b"a/" * 1025 + b"b")), file(b"f"))


@case(refused="without its entry")
def gnu_long_name_alone():
    return end(gnu_long(b"name"))


@case(refused="without its entry")
def pax_alone():
    return end(pax((b"path", b"name")))


@case(refused="entry type")
def unknown_type():
    return end(header(b"f", kind=b"Z"))


@case(refused="entry type")
def multi_volume():
    return end(header(b"f", kind=b"M"))


@case()
def global_header_is_ignored():
    def check(root):
        assert read(root, "f") == b"evil\n"
    data = record(b"path", b"../canary/file")
    return end(header(b"g", kind=b"g", size=len(data)) + pad(data), file(b"f")), check


# --- names as bytes ---

@case()
def name_not_utf8():
    def check(root):
        assert read(os.fsencode(root), b"\xff\xfe\x01") == b"evil\n"
    return end(file(b"\xff\xfe\x01")), check


@case()
def name_decomposed():
    def check(root):
        assert read(os.fsencode(root), b"e\xcc\x81") == b"evil\n"
    return end(pax((b"path", b"e\xcc\x81")), file(b"x")), check


@case()
def name_with_newline_and_escape():
    def check(root):
        assert read(root, "a\nb\x1b[31m") == b"evil\n"
    return end(file(b"a\nb\x1b[31m")), check


@case(refused="a?b")
def name_with_escape_in_error():
    return end(file(b"a\x1bb", raw_uid=b"zzzzzzz\0"))


# --- the same name again ---

@case()
def duplicate_last_wins():
    def check(root):
        assert read(root, "f") == b"second"
    return end(file(b"f", b"first, and longer"), file(b"f", b"second")), check


@case()
def duplicate_keeps_hardlink_apart():
    def check(root):
        assert read(root, "a") == b"two" and read(root, "b") == b"one"
    return end(file(b"a", b"one"), hardlink(b"b", b"a"), file(b"a", b"two")), check


@case()
def directory_becomes_file():
    def check(root):
        assert read(root, "d") == b"evil\n"
    return end(directory(b"d"), file(b"d/x"), file(b"d")), check


@case()
def file_becomes_directory():
    def check(root):
        assert read(root, "d/x") == b"evil\n"
    return end(file(b"d"), directory(b"d"), file(b"d/x")), check


@case()
def fifo_becomes_file():
    def check(root):
        assert read(root, "p") == b"evil\n"
    return end(header(b"p", kind=b"6"), file(b"p")), check


@case()
def unreadable_directory():
    def check(root):
        assert os.stat(os.path.join(root, "d")).st_mode & 0o7777 == 0
    return end(directory(b"d", mode=0), file(b"d/x")), check


@case()
def directory_time_comes_last():
    def check(root):
        assert os.stat(os.path.join(root, "d")).st_mtime == 77
    return end(directory(b"d", mtime=77), file(b"d/x"), file(b"d/y")), check


# --- sparse ---

def sparse_1_0(name, extents, real, data, **more):
    text = b"%d\n" % len(extents) + b"".join(b"%d\n%d\n" % e for e in extents)
    body = pad(text) + data
    return pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
               (b"GNU.sparse.name", name), (b"GNU.sparse.realsize", b"%d" % real)) + \
        header(b"GNUSparseFile.0/x", size=len(body), **more) + pad(body)


@case()
def sparse():
    def check(root):
        assert read(root, "s") == b"\0" * 4096 + b"abcde" + b"\0" * (10000 - 4101)
    return end(sparse_1_0(b"s", [(4096, 5)], 10000, b"abcde")), check


@case()
def sparse_0_1():
    def check(root):
        assert read(root, "s") == b"ab" + b"\0" * 8 + b"cd"
    return end(pax((b"GNU.sparse.map", b"0,2,10,2"), (b"GNU.sparse.size", b"12")),
               file(b"s", b"abcd")), check


@case(refused="sparse map")
def sparse_overlap():
    return end(sparse_1_0(b"s", [(0, 5), (2, 5)], 100, b"abcdeabcde"))


@case(refused="sparse map")
def sparse_beyond_the_end():
    return end(sparse_1_0(b"s", [(98, 5)], 100, b"abcde"))


@case(refused="sparse map")
def sparse_wraps():
    return end(sparse_1_0(b"s", [((1 << 64) - 2, 5)], 100, b"abcde"))


@case(refused="sparse")
def sparse_count_lies():
    body = pad(b"99999999\n")
    return end(pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.realsize", b"1")),
               header(b"s", size=len(body)) + body)


@case(refused="sparse")
def sparse_odd_map():
    return end(pax((b"GNU.sparse.map", b"0,2,10"), (b"GNU.sparse.size", b"12")), file(b"s", b"ab"))


@case(refused="..")
def sparse_name_leads_out():
    return end(sparse_1_0(b"../canary/file", [(0, 5)], 5, b"abcde"))


# --- compression ---

@case()
def gzip_two_members():
    def check(root):
        assert read(root, "f") == b"evil\n"
    whole = end(file(b"f"))
    return gzip.compress(whole[:700]) + gzip.compress(whole[700:]), check


@case(refused="truncated")
def gzip_truncated():
    return gzip.compress(end(file(b"f", os.urandom(9000))))[:-20]


@case(refused="checksum")
def gzip_bad_checksum():
    data = gzip.compress(end(file(b"f")))
    return data[:-8] + b"\0\0\0\0" + data[-4:]


@case(refused="garbage")
def gzip_trailing_garbage():
    return gzip.compress(end(file(b"f"))) + b"garbage"


@case(refused="bomb")
def gzip_bomb():  # behind the end marker, where only the digest still looks
    return gzip.compress(end(file(b"f"))) + gzip.compress(bytes(1 << 20)) * 1100


@case(refused="xz")
def xz_is_named():
    return b"\xfd7zXZ\0" + b"x" * 1000


@case(refused="zstd")
def zstd_window_too_large():
    return b"\x28\xb5\x2f\xfd\x00\xf8" + b"x" * 1000


@case()
def many_small_entries():
    def check(root):
        assert len(os.listdir(os.path.join(root, "d"))) == 5000
    return end(*[file(b"d/%d" % i, b"x") for i in range(5000)]), check


# --- the run ---

def tree_state(root):
    state = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(folders + files) + ["."]:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            state.update(repr((path, st.st_mode, st.st_uid, st.st_gid, st.st_size, st.st_mtime_ns,
                               st.st_nlink, st.st_ino)).encode())
            if stat.S_ISREG(st.st_mode):
                state.update(read(folder, name))
    return state.hexdigest()


def remove(folder):
    subprocess.run(["rm", "-rf", folder], check=True)  # trees too deep for shutil.rmtree


def run_case(fill, worker, work, entry):
    name, make, refused, lower = entry
    made = make()
    data, check = made if isinstance(made, tuple) else (made, None)
    root, below, blob = (os.path.join(work, part) for part in ("root", "lower", "blob"))
    for folder in root, below:
        remove(folder)
        os.mkdir(folder)
    with open(blob, "wb") as handle:
        handle.write(data)
    command = [fill, worker, "layer", blob, root]
    if lower is not None:
        lower(below)
        command.append(below)
    before = tree_state(os.path.join(work, "canary")), tree_state(below)
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    after = tree_state(os.path.join(work, "canary")), tree_state(below)
    if before != after:
        return "something outside was changed"
    if refused is not None:
        if result.returncode != 1:
            return "not refused"
        return None if refused in result.stderr else "refused, but: " + result.stderr
    if result.returncode != 0:
        return "refused: " + result.stderr
    try:
        if check is not None:
            check(root)
    except (AssertionError, OSError) as why:
        return "wrong tree: %r" % why
    return None


def main():
    fill, worker, wanted = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
    if os.geteuid() != 0:
        print("skipped: filling layers needs root")
        return 77
    os.umask(0o022)
    work = tempfile.mkdtemp(prefix="onggi-evil-")
    failed = 0
    try:
        os.mkdir(os.path.join(work, "canary"))
        for name in "file", "passwd", "core_pattern":
            with open(os.path.join(work, "canary", name), "w", encoding="ascii") as handle:
                handle.write("untouched\n")
        chosen = [entry for entry in CASES if not wanted or entry[0] in wanted]
        print("1..%d" % len(chosen))
        for number, entry in enumerate(chosen, 1):
            problem = run_case(fill, worker, work, entry)
            failed += problem is not None
            print("%s %d %s" % ("ok" if problem is None else "not ok", number, entry[0]))
            if problem is not None:
                print("# " + problem.strip().replace("\n", "\n# "))
    finally:
        remove(work)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
