# SPDX-License-Identifier: Apache-2.0
"""slow_registry.py REGISTRY DIGEST PORT_FILE: a registry in front of REGISTRY that sends half of one blob and no more.

It ends when its standard input does."""
import http.client
import http.server
import sys
import threading

REGISTRY, DIGEST, PORT_FILE = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        wanted = {name: self.headers[name] for name in ("Accept", "Range") if name in self.headers}
        connection = http.client.HTTPConnection(REGISTRY)
        connection.request(self.command, self.path, headers=wanted)
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name not in ("Connection", "Date", "Transfer-Encoding"):
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.path.endswith(DIGEST):
            self.wfile.write(body[:len(body) // 2])
            self.wfile.flush()
            ended.wait()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """Clients are interrupted: that is what this is for."""


ended = threading.Event()
server = Server(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(PORT_FILE, "w") as file:
    print(server.server_address[1], file=file)
sys.stdin.read()
ended.set()
