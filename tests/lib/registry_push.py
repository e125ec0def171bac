# SPDX-License-Identifier: Apache-2.0
"""Fills a registry with images made by hand, so that each test says what is in them byte for byte.

With the registry's address as the first argument, a script on the standard input sees the functions below.
"""
import gzip
import hashlib
import http.client
import io
import json
import subprocess
import sys
import tarfile

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
TYPES = {  # (docker?, what)
    (False, "manifest"): OCI + "manifest.v1+json", (True, "manifest"): DOCKER + "distribution.manifest.v2+json",
    (False, "index"): OCI + "index.v1+json", (True, "index"): DOCKER + "distribution.manifest.list.v2+json",
    (False, "config"): OCI + "config.v1+json", (True, "config"): DOCKER + "container.image.v1+json",
    (False, "tar"): OCI + "layer.v1.tar", (True, "tar"): DOCKER + "image.rootfs.diff.tar",
    (False, "gzip"): OCI + "layer.v1.tar+gzip", (True, "gzip"): DOCKER + "image.rootfs.diff.tar.gzip",
    (False, "zstd"): OCI + "layer.v1.tar+zstd",
}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar(**files):
    """A layer: names are paths with __ for slashes and dots as they are; values are their contents."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            data = data.encode() if isinstance(data, str) else data
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size = len(data)
            info.mode = 0o644
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def box():
    """The root file system of the other tests."""
    with open(sys.argv[2], "rb") as file:
        return file.read()


def pack(data, how):
    if how == "gzip":
        return gzip.compress(data, 1, mtime=0)
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-3"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def request(method, path, body=b"", kind=None):
    connection = http.client.HTTPConnection(sys.argv[1])
    connection.request(method, path, body, {"Content-Type": kind} if kind else {})
    answer = connection.getresponse()
    answer.read()
    if answer.status >= 300:
        sys.exit(f"{method} {path}: {answer.status} {answer.reason}")
    return answer


def push_blob(repo, data):
    place = request("POST", f"/v2/{repo}/blobs/uploads/").getheader("Location")
    place = place.split(sys.argv[1], 1)[-1]
    request("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest(data)}", data, "application/octet-stream")
    return {"digest": digest(data), "size": len(data)}


def push_manifest(repo, tag, document, kind):
    data = json.dumps(document).encode()
    request("PUT", f"/v2/{repo}/manifests/{tag or digest(data)}", data, kind)
    return {"mediaType": kind, "digest": digest(data), "size": len(data)}


def image(repo, tag, layers, how="gzip", platform="linux/amd64", docker=False, diff_ids=None):
    """`layers`: tar archives, bottom first; `how` one word, or one for each."""
    os, arch, *variant = platform.split("/")
    hows = [how] * len(layers) if isinstance(how, str) else how
    config = {"os": os, "architecture": arch, "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin"]},
              "rootfs": {"type": "layers", "diff_ids": diff_ids or [digest(layer) for layer in layers]}}
    if variant:
        config["variant"] = variant[0]
    kind = TYPES[docker, "manifest"]
    manifest = {
        "schemaVersion": 2, "mediaType": kind,
        "config": push_blob(repo, json.dumps(config).encode()) | {"mediaType": TYPES[docker, "config"]},
        "layers": [push_blob(repo, pack(layer, h)) | {"mediaType": TYPES[docker, h]} for layer, h in zip(layers, hows)],
    }
    where = {"os": os, "architecture": arch} | ({"variant": variant[0]} if variant else {})
    return push_manifest(repo, tag, manifest, kind) | {"platform": where}


def index(repo, tag, images, docker=False):
    kind = TYPES[docker, "index"]
    return push_manifest(repo, tag, {"schemaVersion": 2, "mediaType": kind, "manifests": images}, kind)


if __name__ == "__main__":
    exec(sys.stdin.read())
