# SPDX-License-Identifier: Apache-2.0
"""Listens as a service manager does for sd_notify(3): each message becomes a line of LOG, its own lines
joined by blanks and with the number of descriptors that came along.

    service_manager.py SOCKET LOG      (SOCKET may be @abstract)
"""
import array
import os
import socket
import sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
server.bind("\0" + name[1:] if name.startswith("@") else name)
with open(sys.argv[2], "w", buffering=1, encoding="utf8") as log:
    while True:
        text, extra, _, _ = server.recvmsg(4096, socket.CMSG_SPACE(64))
        fds = array.array("i")
        for _, _, payload in extra:
            fds.frombytes(payload)
        log.write(" ".join(text.decode().split()) + f" fds={len(fds)}\n")
        for fd in fds:
            os.close(fd)
