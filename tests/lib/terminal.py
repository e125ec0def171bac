#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal of its own, and acts as the person before it.

terminal.py STEP... -- COMMAND...: prints what the command wrote, and exits with its status. Steps, in order:

  size ROWS COLUMNS  of the terminal; the command is told when it runs already
  expect TEXT        wait until this has been written
  send TEXT          paste it; \\n, \\x03 and the like are understood
  keys TEXT          type it key by key until the command ends: those that detach from a container
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

TIMEOUT_S = 30 * float(os.environ.get("ONGGI_TIME_SCALE", "1"))


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_some(fd, seen, end):
    """Adds to `seen` what was written. False: nobody will write any more."""
    ready, _, _ = select.select([fd], [], [], max(0, end - time.monotonic()))
    if not ready:
        sys.exit(f"timeout; seen so far: {bytes(seen)!r}")
    try:
        data = os.read(fd, 4096)
    except OSError:
        data = b""
    seen += data
    return bool(data)


def unescaped(text):
    return text.encode().decode("unicode_escape").encode()


def type_until_end(fd, keys, seen, end):
    """As a person does: key by key, and again a bit slower where that had no effect."""
    pause_s = 0.05
    while time.monotonic() < end:
        for key in list(keys) + [None]:
            if key is not None:
                os.write(fd, bytes([key]))
            stop = time.monotonic() + (pause_s if key is not None else 20 * pause_s)
            while (left := stop - time.monotonic()) > 0:
                if select.select([fd], [], [], left)[0] and not read_some(fd, seen, end):
                    return
        pause_s *= 2
    sys.exit(f"{keys!r} had no effect; seen: {bytes(seen)!r}")


def take_steps(fd, words, seen):
    words, position = iter(words), 0
    end = time.monotonic() + TIMEOUT_S
    for word in words:
        if word == "size":
            set_size(fd, int(next(words)), int(next(words)))
        elif word == "send":
            os.write(fd, unescaped(next(words)))
        elif word == "keys":
            type_until_end(fd, unescaped(next(words)), seen, end)
        elif word == "expect":
            text = next(words).encode()
            while (found := seen.find(text, position)) < 0:
                if not read_some(fd, seen, end):
                    sys.exit(f"{text!r} was never written; seen: {bytes(seen)!r}")
            position = found + len(text)
        else:
            sys.exit(f"unknown step: {word}")
    while read_some(fd, seen, end):
        pass


def main():
    split = sys.argv.index("--")
    steps, command = sys.argv[1:split], sys.argv[split + 1:]
    main_fd, other_fd = pty.openpty()
    if steps[:1] == ["size"]:
        set_size(main_fd, int(steps[1]), int(steps[2]))
    pid = os.fork()
    if pid == 0:
        os.close(main_fd)
        os.login_tty(other_fd) if hasattr(os, "login_tty") else become(other_fd)
        os.execvp(command[0], command)
    os.close(other_fd)
    seen = bytearray()
    take_steps(main_fd, steps, seen)
    _, status = os.waitpid(pid, 0)
    sys.stdout.write(seen.decode(errors="replace").replace("\r", ""))
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def become(fd):
    os.setsid()
    fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
    for number in range(3):
        os.dup2(fd, number)
    if fd > 2:
        os.close(fd)


if __name__ == "__main__":
    sys.exit(main())
