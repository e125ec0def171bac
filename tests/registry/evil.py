#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Registries that mean harm, or are ill, and what must become of a pull from each.

Every case tells a small registry on loopback how to behave, and has an outcome: refused with a word
of the reason, or the right bytes. A second registry, on another port, must never see credentials.

usage: evil.py FACE WORKER [CASE...]      FACE, WORKER: registry-fetch and onggi-fetch
"""
import base64
import concurrent.futures
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from loopback_site import DOCKER, INDEX, LAYER, MANIFEST, CONFIG, Image, Site, descriptor, digest

CASES = []
AT_ONCE = 6  # most of them wait for something
USER = ["--user", "somebody:secret-of-somebody"]
BASIC = "Basic " + base64.b64encode(b"somebody:secret-of-somebody").decode()
LONG = os.urandom(3 << 20)


def case(refused=None, options=(), job=("pull", "latest"), tls=False, limit_s=20):
    """Register a function(registry, stranger); what it returns is called when all is over."""
    def add(run):
        CASES.append((run.__name__, run, refused, list(options), job, tls, limit_s))
        return run
    return add


def document(registry, value, kind=None):
    """The registry's manifest is this."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    registry.rule("/manifests/")(
        lambda h: h.send(200, body, kind or (value["mediaType"] if isinstance(value, dict) else MANIFEST)))


def index_of(*entries, **more):
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries), **more}


def bearer(registry, realm, extra=""):
    """Only with the token "good"; it is to be got from `realm`."""
    def guard(handler):
        if handler.headers.get("Authorization") == "Bearer good":
            registry.serve(handler)
        else:
            handler.send(401, WWW_Authenticate='Bearer realm="%s",service="test"%s' % (realm, extra))
    registry.rule("/v2/")(guard)


def tokens(site, token="good", **more):
    site.rule("/token")(lambda h: h.send(200, json.dumps({"token": token, **more}).encode(),
                                         "application/json"))


# --- as it should be ---

@case()
def plain(registry, stranger):
    pass


@case(options=["--slow"])
def slow_reader(registry, stranger):
    registry.reset(Image([LONG, LONG[::-1], b"", b"short"]))


@case()
def docker_types(registry, stranger):
    text = json.dumps(registry.image.document)
    for old, new in ((MANIFEST, DOCKER + "distribution.manifest.v2+json"),
                     (CONFIG, DOCKER + "container.image.v1+json"),
                     (LAYER, DOCKER + "image.rootfs.diff.tar.gzip")):
        text = text.replace(old, new)
    registry.image.document = json.loads(text)
    registry.image.bytes = text.encode()


def platforms(registry, *names):
    """An index of images for these; the order of an image's architecture is its config's."""
    images, entries = {}, []
    for name in names:
        os_name, arch, *variant = name.split("/")
        image = Image([name.encode()], arch, variant=variant[0] if variant else "")
        images[digest(image.bytes)] = image
        platform = {"os": os_name, "architecture": arch}
        if variant:
            platform["variant"] = variant[0]
        entries.append(descriptor(MANIFEST, image.bytes, platform=platform))
    body = json.dumps(index_of(*entries)).encode()

    def manifests(handler):
        last = handler.path.rsplit("/", 1)[1]
        if last in images:
            registry.image = images[last]
            handler.send(200, registry.image.bytes, MANIFEST)
        else:
            handler.send(200, body, INDEX)
    registry.rule("/manifests/")(manifests)
    return lambda name: registry.image.layers == [name.encode()] or "the image of another platform"


@case(options=["--platform", "linux/arm/v6"])
def platform_variant(registry, stranger):
    chosen = platforms(registry, "linux/amd64", "linux/arm/v7", "linux/arm/v5", "linux/arm/v6", "linux/arm64/v8")
    return lambda: chosen("linux/arm/v6")


@case(options=["--platform", "linux/arm/v7"])
def platform_variant_below(registry, stranger):
    chosen = platforms(registry, "unknown/unknown", "linux/arm/v5", "linux/arm/v6", "linux/arm64")
    return lambda: chosen("linux/arm/v6")


@case("there are: linux/amd64, linux/arm/v7", options=["--platform", "linux/s390x"])
def platform_missing(registry, stranger):
    platforms(registry, "linux/amd64", "linux/arm/v7", "unknown/unknown")


@case("it is for linux/arm64")
def platform_of_config(registry, stranger):
    registry.reset(Image(architecture="arm64"))


@case(job=("tags",))
def tags_in_pages(registry, stranger):
    def page(handler):
        first = "last=" not in handler.path
        body = json.dumps({"name": "x", "tags": ["one", "two"] if first else ["three", "-no tag\x1b"]}).encode()
        handler.send(200, body, "application/json",
                     Link='</v2/library/test/tags/list?last=two>; rel="next"' if first else None)
    registry.rule("/tags/list")(page)
    return lambda: registry.output.split() == ["one", "two", "three"] or registry.output


# --- credentials ---

@case(options=USER)
def basic(registry, stranger):
    def guard(handler):
        if handler.headers.get("Authorization") == BASIC:
            registry.serve(handler)
        else:
            handler.send(401, WWW_Authenticate='Basic realm="here"')
    registry.rule("/v2/")(guard)


@case("credentials are refused", options=USER)
def basic_wrong(registry, stranger):
    registry.rule("/v2/")(lambda h: h.send(401, WWW_Authenticate='Basic realm="here"'))


@case("a login is needed")
def basic_anonymous(registry, stranger):
    registry.rule("/v2/")(lambda h: h.send(401, WWW_Authenticate='Basic realm="here"'))


@case(options=USER)
def bearer_token(registry, stranger):
    tokens(registry)
    bearer(registry, registry.url("/token"), ',scope="repository:other/private:pull,push"')

    def check():
        asked = [path for path, _ in registry.log if path.startswith("/token")]
        return (len(asked) == 1 and "repository%3Alibrary%2Ftest%3Apull&" in asked[0]
                and "private" not in asked[0]) or "asked for %r" % asked
    return check


@case(options=["--identity", "refresh-me"])
def identity_token(registry, stranger):
    def token(handler):
        good = handler.command == "POST" and b"refresh_token=refresh-me" in handler.body
        handler.send(200 if good else 401, b'{"access_token":"good"}', "application/json")
    registry.rule("/token")(token)
    bearer(registry, registry.url("/token"))


@case(job=("login",), options=USER)
def login(registry, stranger):
    tokens(registry, refresh_token="for-later")
    registry.rule("/v2/")(lambda h: h.send(
        200 if h.headers.get("Authorization") == "Bearer good" else 401, b"{}", "application/json",
        WWW_Authenticate='Bearer realm="%s"' % registry.url("/token")))
    return lambda: registry.output.strip() == "good for-later" or registry.output


@case("wants its credentials to be sent to", options=USER)
def realm_at_another_host(registry, stranger):
    tokens(stranger)
    bearer(registry, stranger.url("/token", "localhost:%d" % stranger.port))


@case("that is not acceptable")
def realm_that_is_a_file(registry, stranger):
    bearer(registry, "file:///etc/passwd")


@case("a token with bytes that are no text", options=USER)
def token_that_is_a_header(registry, stranger):
    tokens(registry, "good\r\nX-Evil: yes")
    bearer(registry, registry.url("/token"))


@case("access denied")
def token_that_is_no_good(registry, stranger):
    tokens(registry, "bad")
    bearer(registry, registry.url("/token"))


@case(options=USER)
def redirect_to_a_stranger(registry, stranger):
    tokens(registry)
    bearer(registry, registry.url("/token"))
    stranger.image = registry.image
    registry.rules.insert(0, ("/blobs/", lambda h: h.send(307, Location=stranger.url(h.path))))
    return lambda: len(stranger.log) == 3 or "nobody went there"


@case("which wants credentials", options=USER)
def redirect_to_a_stranger_who_asks(registry, stranger):
    stranger.rule("/")(lambda h: h.send(401, WWW_Authenticate='Basic realm="x"'))
    registry.rule("/blobs/")(lambda h: h.send(307, Location=stranger.url(h.path)))


@case("pass our credentials on", options=["--identity", "refresh-me"])
def token_service_that_redirects(registry, stranger):
    registry.rule("/token")(lambda h: h.send(307, Location=stranger.url("/token")))
    bearer(registry, registry.url("/token"))


@case(options=USER)
def urls_of_foreign_layers(registry, stranger):
    for layer in registry.image.document["layers"]:
        layer["mediaType"] = DOCKER + "image.rootfs.foreign.diff.tar.gzip"
        layer["urls"] = [stranger.url("/foreign")]
    registry.image.bytes = json.dumps(registry.image.document).encode()
    return lambda: not stranger.log or "asked the stranger"


# --- redirects and addresses ---

@case("more than 5 redirects")
def redirects_without_end(registry, stranger):
    registry.rule("/v2/")(lambda h: h.send(302, Location="/v2/x%d" % len(registry.log)))


@case("not acceptable")
def redirect_to_a_file(registry, stranger):
    registry.rule("/blobs/")(lambda h: h.send(302, Location="file:///etc/passwd"))


@case("not acceptable")
def redirect_with_a_password(registry, stranger):
    registry.rule("/blobs/")(lambda h: h.send(302, Location="http://a:b@127.0.0.1/x"))


@case("not acceptable")
def redirect_of_64_kib(registry, stranger):
    registry.rule("/blobs/")(lambda h: h.send(302, Location="/" + "x" * 60000))


@case("continues its list of tags elsewhere", job=("tags",))
def tags_elsewhere(registry, stranger):
    registry.rule("/tags/")(lambda h: h.send(200, b'{"tags":["a"]}', "application/json",
                                            Link='<%s>; rel=next' % stranger.url("/more")))


@case("more than 200 pages", job=("tags",))
def tags_without_end(registry, stranger):
    registry.rule("/tags/")(lambda h: h.send(200, b'{"tags":["a"]}', "application/json",
                                            Link='<?n=%d>; rel=next' % len(registry.log)))


# --- documents that lie ---

@case("has not the digest it says")
def manifest_with_another_digest(registry, stranger):
    registry.rule("/manifests/")(lambda h: h.send(200, registry.image.bytes, MANIFEST,
                                                 Docker_Content_Digest=digest(b"other")))


@case("sends bytes of digest", job=("pull", digest(b"wanted")))
def manifest_of_another_digest(registry, stranger):
    pass


@case("a key occurs twice")
def manifest_with_a_key_twice(registry, stranger):
    document(registry, registry.image.bytes[:-1] + b',"layers":[]}')


@case('"Layers" for "layers"')
def manifest_with_a_key_in_other_case(registry, stranger):
    document(registry, registry.image.bytes[:-1] + b',"Layers":[]}')


@case("an index and a manifest at once")
def manifest_that_is_an_index_too(registry, stranger):
    document(registry, {**registry.image.document, "manifests": []})


@case("says that it is")
def manifest_sent_as_an_index(registry, stranger):
    document(registry, registry.image.document, INDEX)


@case("an index by its type, a manifest by what is in it")
def manifest_called_an_index(registry, stranger):
    document(registry, {**registry.image.document, "mediaType": INDEX})


@case("no image: a document of type")
def page_of_a_website(registry, stranger):
    document(registry, b'{"schemaVersion":2}', "text/html")


@case("the manifest")
def manifest_that_is_html(registry, stranger):
    document(registry, b"<html>")


@case("is of schema 1")
def manifest_of_schema_1(registry, stranger):
    document(registry, {"schemaVersion": 1, "fsLayers": []}, DOCKER + "distribution.manifest.v1+prettyjws")


@case("artifact of type")
def manifest_of_an_artifact(registry, stranger):
    registry.image.document["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
    document(registry, registry.image.document)


@case("a layer of type")
def layer_that_is_encrypted(registry, stranger):
    registry.image.document["layers"][0]["mediaType"] += "+encrypted"
    document(registry, registry.image.document)


@case("answers with more than 4194304 bytes")
def manifest_of_5_mib(registry, stranger):
    document(registry, registry.image.bytes + b" " * (5 << 20))


@case()
def manifest_of_4_mib(registry, stranger):
    registry.image.bytes += b" " * ((4 << 20) - len(registry.image.bytes))


@case("more than 127 layers")
def manifest_of_128_layers(registry, stranger):
    document(registry, Image([b"x"] * 128).document)


@case("more than 1024 manifests")
def index_of_1025(registry, stranger):
    document(registry, index_of(*[descriptor(MANIFEST, b"x")] * 1025))


@case("nested more than")
def index_of_itself(registry, stranger):
    # Each index names the next, which is made when it is asked for: chains end somewhere.
    chain = [json.dumps(registry.image.document).encode()]
    for _ in range(9):
        kind = INDEX if len(chain) > 1 else MANIFEST
        chain.append(json.dumps(index_of(descriptor(kind, chain[-1]))).encode())
    by_digest = {digest(body): body for body in chain}
    registry.rule("/manifests/")(lambda h: h.send(
        200, by_digest.get(h.path.rsplit("/", 1)[1], chain[-1]), INDEX))


@case("is not a sha256 digest")
def digest_that_is_a_path(registry, stranger):
    registry.image.document["layers"][0]["digest"] = "sha256:../../../etc/passwd"
    document(registry, registry.image.document)


@case("the config")
def config_of_fewer_layers(registry, stranger):
    image = registry.image
    image.document["layers"].pop()
    image.bytes = json.dumps(image.document).encode()


@case("8388608 bytes")
def config_of_9_mib(registry, stranger):
    registry.image.document["config"]["size"] = 9 << 20
    document(registry, registry.image.document)


@case("sends bytes of digest")
def config_of_another_digest(registry, stranger):
    config = registry.image.config
    registry.rule(digest(config))(lambda h: h.send(200, config.replace(b"linux", b"Linux")))


# --- layers that lie ---

def layer_rule(registry, run):
    registry.rule(digest(registry.image.layers[0]))(run)
    return registry.image.layers[0]


@case("sends bytes of digest")
def layer_of_another_digest(registry, stranger):
    layer = layer_rule(registry, lambda h: h.send(200, b"L" + layer[1:]))


@case("were announced")
def layer_that_is_longer(registry, stranger):
    layer = layer_rule(registry, lambda h: h.send(200, layer + b"x"))


@case("were announced")
def layer_that_is_shorter(registry, stranger):
    layer = layer_rule(registry, lambda h: h.send(200, layer[:-1]))


def chunked(handler, *parts):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for part in (*parts, b""):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))


@case("sends more than the")
def layer_that_does_not_end(registry, stranger):
    layer = layer_rule(registry, lambda h: chunked(h, layer, *[b"x" * 65536] * 400))


@case("ends after")
def layer_that_ends_early(registry, stranger):
    layer = layer_rule(registry, lambda h: chunked(h, layer[:1000]))


# --- connections that break ---

def broken(handler, body, first, status=200, **headers):
    """Announce all of it, send a part, hang up."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body[:first])
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def ranged(handler, body):
    """@return the answer's body and headers, as the request's Range has it"""
    asked = handler.headers.get("Range")
    if not asked:
        return body, 200, {}
    begin = int(asked[len("bytes="):-1])
    return body[begin:], 206, {"Content_Range": "bytes %d-%d/%d" % (begin, len(body) - 1, len(body))}


def begins(registry):
    return [headers.get("Range") for path, headers in registry.log
            if path.endswith(digest(registry.image.layers[0]))]


@case()
def resumed_by_range(registry, stranger):
    registry.reset(Image([LONG]))

    def run(handler):
        body, status, headers = ranged(handler, LONG)
        broken(handler, body, 1 << 20 if registry.times("layer") < 2 else len(body), status, **headers)
    layer_rule(registry, run)
    return lambda: begins(registry) == [None, "bytes=%d-" % (1 << 20), "bytes=%d-" % (2 << 20)] or str(begins(registry))


@case()
def resumed_without_range(registry, stranger):
    registry.reset(Image([LONG]))
    layer_rule(registry, lambda h: broken(h, LONG, len(LONG) if registry.times("layer") else 1 << 20))


@case("another part than it was asked for")
def resumed_with_another_part(registry, stranger):
    registry.reset(Image([LONG]))

    def run(handler):
        if registry.times("layer") == 0:
            broken(handler, LONG, 1 << 20)
        else:
            handler.send(206, LONG, Content_Range="bytes 0-%d/%d" % (len(LONG) - 1, len(LONG)))
    layer_rule(registry, run)


@case(options=["--stall", "1"])
def stalled_and_resumed(registry, stranger):
    registry.reset(Image([LONG]))

    def run(handler):
        body, status, headers = ranged(handler, LONG)
        if registry.times("layer"):
            handler.send(status, body, **headers)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:1000])
        time.sleep(6)
    layer_rule(registry, run)


@case("timed out", options=["--stall", "1"])
def manifest_that_drips(registry, stranger):
    def run(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.2)
    registry.rule("/manifests/")(run)


@case("too slow", options=["--stall", "1"])
def headers_that_drip(registry, stranger):
    def run(handler):
        for _ in range(100):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: y\r\n" if _ == 0 else b"X: y\r\n")
            handler.wfile.flush()
            time.sleep(0.2)
    layer_rule(registry, run)


@case()
def busy_then_good(registry, stranger):
    def run(handler):
        if registry.times("all") < 2:
            handler.send(429 if registry.times("kind") else 503, Retry_After="1")
        else:
            registry.serve(handler)
    registry.rule("/v2/")(run)


@case("limit 100;w=21600, left 0")
def too_many_requests(registry, stranger):
    registry.rule("/v2/")(lambda h: h.send(429, Retry_After="7200", RateLimit_Limit="100;w=21600",
                                          RateLimit_Remaining="0"))
    return lambda: len(registry.log) == 1 or "it was asked again"


@case("header lines")
def headers_of_1000_lines(registry, stranger):
    registry.rule("/manifests/")(lambda h: h.send(200, b"{}", MANIFEST, X=["y"] * 1000))


@case("header lines or 65536 bytes")
def headers_of_90_kib(registry, stranger):
    registry.rule("/manifests/")(lambda h: h.send(200, b"{}", MANIFEST, X="y" * 90000))


@case("not found: no such thing\\x1b[2J")
def error_with_terminal_codes(registry, stranger):
    registry.rule("/manifests/")(lambda h: h.send(
        404, b'{"errors":[{"message":"no such thing\\u001b[2J"}]}', "application/json"))


# --- mirrors ---

@case(options=["--endpoint", "MIRROR/cache", "--http"])
def mirror(registry, stranger):
    stranger.image = registry.image
    return lambda: (not registry.log and all("/v2/cache/library/test/" in path for path, _ in stranger.log)
                    or "the registry was asked")


@case(options=["--endpoint", "MIRROR", "--http"])
def mirror_without_it(registry, stranger):
    stranger.rule("/")(lambda h: h.send(404))


@case(options=["--endpoint", "MIRROR", "--http"])
def mirror_that_breaks(registry, stranger):
    registry.reset(Image([LONG]))
    stranger.image = registry.image
    stranger.rule(digest(LONG))(lambda h: broken(h, LONG, 1 << 20) if stranger.times("layer") == 0
                                else h.send(403))


# --- TLS ---

@case("signed by nobody we know", tls=True)
def certificate_of_nobody(registry, stranger):
    pass


@case(options=["--insecure"], tls=True)
def certificate_not_verified(registry, stranger):
    pass


@case(options=["--ca", "CERTIFICATE"], tls=True)
def certificate_of_an_authority(registry, stranger):
    pass


@case("from https to http", options=["--ca", "CERTIFICATE", *USER], tls=True)
def redirect_to_plain_http(registry, stranger):
    registry.rule("/blobs/")(lambda h: h.send(307, Location="http://%s%s" % (stranger.host, h.path)))


@case("tokens over plain http", options=["--ca", "CERTIFICATE", *USER], tls=True)
def realm_of_plain_http(registry, stranger):
    tokens(stranger)
    bearer(registry, "http://%s/token" % stranger.host)


# --- the rest ---

def make_certificate(work):
    path = os.path.join(work, "site.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", path,
                    "-out", path + ".crt", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    with open(path + ".crt", encoding="ascii") as certificate, open(path, "a", encoding="ascii") as both:
        both.write(certificate.read())
    return path


def check_bytes(image, out):
    for blob in image.layers:
        with open(os.path.join(out, digest(blob)[7:]), "rb") as handle:
            if handle.read() != blob:
                return "a layer's bytes are wrong"
    return None


def run_case(entry, face, worker, work, sites):
    _, arrange, refused, options, job, tls, limit_s = entry
    registry, stranger = sites["tls" if tls else "http"], sites["stranger"]
    registry.reset()
    stranger.reset()
    check = arrange(registry, stranger)
    out = tempfile.mkdtemp(dir=work)
    names = {"CERTIFICATE": sites["certificate"] + ".crt", "MIRROR": stranger.host,
             "MIRROR/cache": stranger.host + "/cache"}
    options = [names.get(option, option) for option in options]
    command = [face, worker]
    if "--endpoint" in options:
        command += options
        options = []
    command += ["--endpoint", registry.host, *([] if tls else ["--http"]), *options, *job]
    command += [out] if job[0] == "pull" else []
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return "no end after %d s" % limit_s
    registry.output = result.stdout
    if stranger.authorizations():
        return "the stranger saw credentials"
    if refused is not None:
        if result.returncode != 1 or refused not in result.stderr:
            return "expected \"%s\", got %d: %s" % (refused, result.returncode, result.stderr)
    elif result.returncode != 0:
        return "refused: " + result.stderr
    elif job[0] == "pull":
        if problem := check_bytes(registry.image, out):
            return problem
    outcome = check() if check else True
    return None if outcome is True else str(outcome)


def main():
    face, worker, wanted = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
    work = tempfile.mkdtemp(prefix="onggi-evil-registry-")
    failed = 0
    try:
        certificate = make_certificate(work)
        chosen = [entry for entry in CASES if not wanted or entry[0] in wanted]
        free = queue.Queue()
        for _ in range(AT_ONCE):
            free.put({"http": Site(), "tls": Site(certificate), "stranger": Site(), "certificate": certificate})

        def run(entry):
            sites = free.get()
            try:
                return entry, run_case(entry, face, worker, work, sites)
            finally:
                free.put(sites)
        print("1..%d" % len(chosen))
        pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        for number, (entry, problem) in enumerate(pool.map(run, chosen), 1):
            failed += problem is not None
            print("%s %d %s" % ("ok" if problem is None else "not ok", number, entry[0]), flush=True)
            if problem is not None:
                print("# " + problem.strip().replace("\n", "\n# "))
    finally:
        shutil.rmtree(work)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
