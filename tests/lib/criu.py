#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands for CRIU where that does not work: speaks its protocol, and restores a sleep.

criu.py swrk FD

What it was asked is written to $FAKE_CRIU/request as "field value" lines, a line per option. The file
$FAKE_CRIU/plan has words: "old" (an old version), "fail" (the request fails, with a log), "die" (it
ends without a word), "refused" (it tells whether a note was refused).
"""
import array
import ctypes
import os
import signal
import socket
import sys

DUMP, RESTORE, PRE_DUMP, NOTIFY, FEATURES, VERSION = 1, 2, 4, 6, 9, 10
SYS_CLONE, CLONE_PARENT = 56, 0x8000
IMAGES_FD, LOG_FILE, WORK_FD = 1, 10, 17


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(data):
    at = 0

    def take():
        nonlocal at
        number = shift = 0
        while True:
            byte = data[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number
    while at < len(data):
        key = take()
        if key & 7 == 0:
            yield key >> 3, take()
        else:
            size = take()
            yield key >> 3, data[at:at + size]
            at += size


def first(data, number, default=None):
    return next((value for key, value in fields(data) if key == number), default)


class Service:
    def __init__(self, sock):
        self.sock = sock
        self.place = os.environ["FAKE_CRIU"]
        with open(f"{self.place}/plan", encoding="utf-8") as text:
            self.plan = text.read().split()

    def respond(self, kind, *parts, success=1, fds=()):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.sock.sendmsg([field(1, kind) + field(2, success) + b"".join(parts)], rights)

    def note(self, script, pid=0, fds=()):
        text = field(1, script.encode()) + (field(2, pid) if pid else b"")
        self.respond(NOTIFY, field(5, text), fds=fds)
        return bool(first(self.sock.recv(65536), 3, 0))

    def tell(self, name, text):
        with open(f"{self.place}/{name}", "a", encoding="utf-8") as out:
            out.write(text + "\n")

    def write_log(self, options):
        ucred = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        peer = array.array("i", ucred)[0]
        fd = first(options, WORK_FD, first(options, IMAGES_FD))
        name = first(options, LOG_FILE).decode()
        with open(f"/proc/{peer}/fd/{fd}/{name}", "w", encoding="utf-8") as log:
            log.write("(00.1) all is well\n(00.2) Error (criu/fake.c:1): no such luck\n")

    def restore(self):
        pid = ctypes.CDLL(None).syscall(SYS_CLONE, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0)
        if pid == 0:
            self.sock.close()
            os.execlp("sleep", "sleep", "1000")
        for script in ("setup-namespaces", "post-restore", "pre-resume"):
            if not self.note(script, pid if script != "pre-resume" else 0):
                os.kill(pid, signal.SIGKILL)
                self.tell("refused", script)
                self.respond(RESTORE, field(9, b"script"), success=0)
                return
        self.respond(RESTORE, field(4, field(1, pid)))

    def serve(self):
        request = self.sock.recv(65536)
        kind, options = first(request, 1), first(request, 2, b"")
        if kind == VERSION:
            self.respond(kind, field(10, field(1, 3) + field(2, 15 if "old" in self.plan else 17)))
            return
        if kind == FEATURES:
            able = 0 if "unable" in self.plan else 1
            self.respond(kind, field(8, field(1, able) + field(2, able)))
            return
        self.tell("request", f"verb {kind}")
        for key, value in fields(options):
            if isinstance(value, bytes) and value[:1] in (b"\n", b"\x08"):
                value = " ".join(str(v if isinstance(v, int) else v.decode()) for _, v in fields(value))
            self.tell("request", f"{key} {value.decode() if isinstance(value, bytes) else value}")
        if "die" in self.plan:
            return
        if "fail" in self.plan:
            self.write_log(options)
            self.respond(kind, field(7, 22), field(9, b"first of all"), success=0)
        elif kind == RESTORE:
            self.restore()
        else:
            for script in ("network-lock", "status-ready", "post-dump"):
                self.note(script)
            self.respond(kind)
            self.sock.recv(1)


Service(socket.socket(fileno=int(sys.argv[2]))).serve()
