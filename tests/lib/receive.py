#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Listens at a socket for one descriptor, as engines do.

receive.py SOCKET terminal   writes "hello" into it and prints all that comes out
receive.py SOCKET pidfd      prints the process id it refers to
receive.py SOCKET detached   prints all that comes out
"""
import os
import socket
import sys

WAIT_S = 20 * int(os.environ.get("ONGGI_TIME_SCALE", "1"))


def receive(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.settimeout(WAIT_S)
        listener.bind(path)
        listener.listen(1)
        connection, _ = listener.accept()
        with connection:
            _, fds, _, _ = socket.recv_fds(connection, 4096, 1)
            return fds[0]


def read_all(master):
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:  # EIO: the other side is closed
            return
        if not data:
            return
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def main():
    path, kind = sys.argv[1:3]
    fd = receive(path)
    if kind == "pidfd":
        with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as info:
            print(next(line.split()[1] for line in info if line.startswith("Pid:")))
        return
    if kind == "terminal":
        os.write(fd, b"hello\n")
    read_all(fd)


if __name__ == "__main__":
    main()
