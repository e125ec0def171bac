#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Put the built-in image together: a docker-archive with one layer, from a static busybox.

The same inputs give the same bytes: sorted names, no times, no owners of the build machine.

usage: embedded_image.py BUSYBOX HELLO OUT_TAR OUT_C
"""
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

NAME = "onggi/jar:latest"
DIRS = {
    "bin": 0o755, "dev": 0o755, "etc": 0o755, "home": 0o755, "proc": 0o555, "root": 0o700,
    "run": 0o755, "sys": 0o555, "tmp": 0o1777, "usr": 0o755, "usr/bin": 0o755, "var": 0o755,
    "var/tmp": 0o1777,
}
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hostname": "jar\n",
}
ARCHS = {"x86_64": "amd64", "aarch64": "arm64", "ppc64le": "ppc64le", "s390x": "s390x",
         "riscv64": "riscv64", "loongarch64": "loong64"}
# Taken as it is by the assembler, into the worker: the binary that starts containers stays small.
SOURCE = r"""#include "unpack/embedded.h"

__asm__(".pushsection .rodata\n"
        ".balign 16\n"
        ".globl embedded_image\n"
        "embedded_image:\n"
        ".incbin \"%s\"\n"
        ".globl embedded_image_end\n"
        "embedded_image_end:\n"
        ".byte 0\n"
        ".popsection\n");
"""


def entry(name, kind, mode):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = kind, mode, 0
    return info


def add_file(tar, name, data, mode):
    info = entry(name, tarfile.REGTYPE, mode)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def make_layer(busybox, hello):
    with open(busybox, "rb") as file:
        program = file.read()
    with open(hello, "rb") as file:
        script = file.read()
    applets = sorted(set(subprocess.run([busybox, "--list"], check=True, capture_output=True,
                                        text=True).stdout.split()) - {"busybox", "hello"})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, mode in sorted(DIRS.items()):
            tar.addfile(entry(name, tarfile.DIRTYPE, mode))
        add_file(tar, "bin/busybox", program, 0o755)
        add_file(tar, "bin/hello", script, 0o755)
        for name in applets:
            info = entry("bin/" + name, tarfile.LNKTYPE, 0o755)
            info.linkname = "bin/busybox"
            tar.addfile(info)
        for name, text in sorted(FILES.items()):
            add_file(tar, name, text.encode(), 0o644)
    return out.getvalue()


def main():
    busybox, hello, out_tar, out_c = sys.argv[1:]
    layer = make_layer(busybox, hello)
    machine = os.uname().machine
    config = json.dumps({
        "architecture": ARCHS.get(machine, machine), "os": "linux",
        "config": {"Cmd": ["/bin/hello"],
                   "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                   "Labels": {"org.opencontainers.image.title": "Onggi's built-in image"}},
        "created": "1970-01-01T00:00:00Z",
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "busybox"}],
        "rootfs": {"type": "layers",
                   "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    }, sort_keys=True, separators=(",", ":")).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [NAME], "Layers": ["layer.tar"]}],
                          separators=(",", ":")).encode()
    with tarfile.open(out_tar, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        add_file(tar, "manifest.json", manifest, 0o644)
        add_file(tar, config_name, config, 0o644)
        add_file(tar, "layer.tar", layer, 0o644)
    with open(out_c, "w", encoding="ascii") as file:
        file.write(SOURCE % os.path.abspath(out_tar))


if __name__ == "__main__":
    main()
