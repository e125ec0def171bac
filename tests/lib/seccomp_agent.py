# SPDX-License-Identifier: Apache-2.0
"""Somebody who listens: takes one seccomp listener from a socket, writes what came along to
STATE, and answers every mkdir with errno 39 and lets every other call happen, until nobody is left
who could call.

    seccomp_agent.py SOCKET STATE
"""
import array
import fcntl
import json
import os
import platform
import select
import socket
import struct
import sys

# struct seccomp_notif: id, pid, flags, {nr, arch, ip, args[6]}; struct seccomp_notif_resp
NOTIF, RESPONSE = "=QII" + "iIQ6Q", "=QqiI"
RECEIVE = 0xC0502100
SEND = 0xC0182101
CONTINUE = 1
MKDIR = {"x86_64": (83, 258), "aarch64": (34,)}[platform.machine()]


def receive(path):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(1)
    peer, _ = server.accept()
    fds, text = array.array("i"), b""
    while True:
        data, extra, _, _ = peer.recvmsg(65536, socket.CMSG_SPACE(64))
        for level, kind, payload in extra:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(payload)
        if not data:
            return json.loads(text), list(fds)
        text += data


def answer(listener):
    request = bytearray(struct.calcsize(NOTIF))
    try:
        fcntl.ioctl(listener, RECEIVE, request)
    except OSError:
        return
    number = struct.unpack(NOTIF, request)[3]
    ident = struct.unpack(NOTIF, request)[0]
    if number in MKDIR:
        response = struct.pack(RESPONSE, ident, 0, -39, 0)
    else:
        response = struct.pack(RESPONSE, ident, 0, 0, CONTINUE)
    try:
        fcntl.ioctl(listener, SEND, response)
    except OSError:
        pass


def main():
    state, fds = receive(sys.argv[1])
    state["descriptors"] = len(fds)
    with open(sys.argv[2] + ".new", "w", encoding="utf8") as out:
        json.dump(state, out)
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    poll = select.poll()
    poll.register(fds[0], select.POLLIN)
    while True:
        for _, event in poll.poll():
            if event & select.POLLHUP:
                return
            answer(fds[0])


main()
