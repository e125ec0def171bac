# SPDX-License-Identifier: Apache-2.0
"""A registry of a few lines that does what a test tells it to, well or badly."""
import hashlib
import http.server
import json
import ssl
import threading

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
INDEX, MANIFEST = OCI + "index.v1+json", OCI + "manifest.v1+json"
CONFIG, LAYER = OCI + "config.v1+json", OCI + "layer.v1.tar+gzip"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


class Image:
    """One image; its layers are any bytes, for nobody unpacks them here."""

    def __init__(self, layers=(b"layer one" * 5000, b"layer two"), architecture="amd64", **config):
        self.layers = list(layers)
        self.config = json.dumps({
            "os": "linux", "architecture": architecture, **config,
            "rootfs": {"type": "layers", "diff_ids": [digest(b"x%d" % i) for i, _ in enumerate(layers)]},
        }).encode()
        self.document = {
            "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, self.config),
            "layers": [descriptor(LAYER, layer) for layer in layers],
        }
        self.bytes = json.dumps(self.document).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.site.answer(self)

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.site.answer(self)

    def send(self, status, body=b"", kind="application/octet-stream", **headers):
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    self.send_header(name.replace("_", "-"), one)
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass  # clients hang up on purpose here


class Site:
    """`rules`: [(part of a path, function(handler) -> None)], the first that fits answers."""

    def __init__(self, certificate=None):
        self.server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.server.site = self
        self.port = self.server.server_address[1]
        self.host = "127.0.0.1:%d" % self.port
        self.scheme = "https" if certificate else "http"
        self.reset()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self, image=None):
        self.image = image or Image()
        self.rules = []
        self.log = []  # (path, headers)
        self.count = {}

    def url(self, path, host=None):
        return "%s://%s%s" % (self.scheme, host or self.host, path)

    def authorizations(self):
        return [headers["Authorization"] for _, headers in self.log if "Authorization" in headers]

    def times(self, key):
        """How often this was called with that key before."""
        self.count[key] = self.count.get(key, 0) + 1
        return self.count[key] - 1

    def rule(self, part):
        def add(run):
            self.rules.append((part, run))
            return run
        return add

    def answer(self, handler):
        self.log.append((handler.path, dict(handler.headers)))
        for part, run in self.rules:
            if part in handler.path:
                run(handler)
                return
        self.serve(handler)

    def find(self, path):
        blobs = [self.image.config, *self.image.layers]
        if "/manifests/" in path:
            return self.image.bytes, self.image.document["mediaType"]
        for blob in blobs:
            if path.endswith(digest(blob)):
                return blob, "application/octet-stream"
        return None, None

    def serve(self, handler):
        body, kind = self.find(handler.path)
        if body is None:
            handler.send(404, b'{"errors":[{"code":"UNKNOWN","message":"no such thing"}]}',
                         "application/json")
        else:
            handler.send(200, body, kind)
