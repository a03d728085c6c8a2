#!/usr/bin/env python3
"""The shipped configurations of nginx, Caddy and haproxy in front of the real server, on loopback.

For each: the client's address is the true one whatever it claims, HSTS comes with TLS only, no upgrade gets through, and what can be
framed in two ways never makes the server see a request that the proxy did not pass on, nor gives anybody another's answer: what the
server answered is counted on the wire between them, what the proxy passed on in its log. SHELDUCK_BIN names the binary.
"""

import glob
import itertools
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DEPLOY = os.path.join(HERE, "..", "..", "deploy")
HOST = "stats.example.com"
CLIENT, STRANGER = "127.7.7.7", "127.9.9.9"
PATIENCE = 20
SMUGGLED = "GET /robots.txt HTTP/1.1\r\nHost: %s\r\n\r\n" % HOST
failures = []
numbers = itertools.count()


def check(holds, what, seen=""):
    if not holds:
        failures.append(what)
        print(f"proxies: FAILED: {what}: {str(seen)[:400]}", file=sys.stderr)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(what, ready):
    until = time.monotonic() + PATIENCE
    while not (found := ready()):
        if time.monotonic() > until:
            sys.exit(f"proxies: {what} did not happen in {PATIENCE} s")
        time.sleep(0.02)
    return found


def is_open(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


class Relay:
    """Passes bytes on to the server and counts its answers."""

    def __init__(self, port, target):
        self.answers, self.target = 0, target
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self.pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, True), daemon=True).start()

    def pump(self, source, sink, counts):
        kept = b""
        try:
            while piece := source.recv(1 << 16):
                if counts:
                    seen = kept + piece
                    self.answers += len(re.findall(rb"HTTP/1\.1 [2-5]\d\d ", seen))
                    # A status line may be cut between two pieces.
                    kept = seen[-12:] if not re.search(rb"HTTP/1\.1 [2-5]\d\d ", seen[-12:]) else b""
                sink.sendall(piece)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Server:
    """The real server, configured as the head of the proxy's file says."""

    def __init__(self, place, **options):
        self.place = tempfile.mkdtemp(dir=place)
        self.data = os.path.join(self.place, "data")
        values = {
            "SERVER__DATA_DIR": self.data,
            "SERVER__PUBLIC_URL": f"https://{HOST}",
            "SERVER__TRUSTED_PROXIES": "127.0.0.1/32",
            "HTTP__LISTEN": "127.0.0.1:0",
            "ADMIN__LISTEN": "127.0.0.1:0",
            "AUDIT__ORIGIN": "network",
            "LOG__LEVEL": "error",
            **{f"LIMITS__CATEGORIES__{name}": "1000000" for name in ("READ", "AUTH", "OTHER", "MONITORING", "INGEST", "STATIC", "BAD_CREDENTIALS")},
            "LIMITS__BURSTS__LOGIN_PER_MINUTE": "100000",
            "LIMITS__BURSTS__LOGIN_SIZE": "100000",
            **options,
        }
        environment = {f"SHELDUCK_{name}": value for name, value in values.items()}
        self.process = subprocess.Popen([BINARY, "serve", "--json"], cwd=self.place, env=environment, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("proxies: the server ended before it was ready")
        self.port = int(json.loads(line)["url"].rsplit(":", 1)[1])

    def networks(self):
        """Where failed sign-ins came from, as the audit log has it."""
        found = []
        for name in sorted(glob.glob(os.path.join(self.data, "audit", "*"))):
            for line in open(name, errors="replace"):
                if '"authn_login_fail"' in line:
                    found.append(json.loads(line).get("network"))
        return found


def exchange(port, request, tls=True, source=CLIENT, first=b"", end=3):
    """What is answered until the other side closes, or says nothing for so many seconds."""
    said, stream = b"", None
    try:
        stream = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))
        stream.sendall(first)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["http/1.1"])
            stream = context.wrap_socket(stream, server_hostname=HOST)
        stream.settimeout(end)
        stream.sendall(request.encode("latin-1"))
        while piece := stream.recv(1 << 16):
            said += piece
    except OSError:
        # A reset is an end too.
        pass
    finally:
        if stream:
            stream.close()
    return said.decode("latin-1")


def get(path, *fields):
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n" + "".join(f"{field}\r\n" for field in fields) + "\r\n"


def sign_in(*fields):
    # Another name each time, so that none is locked.
    body = json.dumps({"username": f"nobody{next(numbers)}", "password": "four words that are wrong"})
    fields = (f"Origin: https://{HOST}", *fields) if not any(field.startswith("Origin") for field in fields) else fields
    head = "".join(f"{field}\r\n" for field in fields)
    return f"POST /v1/auth/login HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{head}\r\n{body}"


CLAIMS = [
    (),
    ("X-Forwarded-For: 6.6.6.6",),
    ("X-Forwarded-For: 6.6.6.6, 127.0.0.1",),
    ("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 127.0.0.1"),
    ("Forwarded: for=6.6.6.6;proto=https",),
    ("X_Forwarded_For: 6.6.6.6",),
    ("X-Real-IP: 6.6.6.6", "True-Client-IP: 6.6.6.6", "CF-Connecting-IP: 6.6.6.6"),
    ("X-Forwarded-For: " + ", ".join(["6.6.6.6"] * 100),),
    ("X-Forwarded-For: ::ffff:6.6.6.6, [2001:db8::1]:80, unknown",),
    # What a hop is asked to forget must not be what tells who asks.
    ("Connection: close, X-Forwarded-For, X-Forwarded-Proto", "X-Forwarded-For: 6.6.6.6"),
]


def addresses(name, server, port):
    """The true address, whatever the client claims of itself."""
    for place, claims in enumerate(CLAIMS):
        source = f"127.{20 + place}.7.7"
        said = exchange(port, sign_in(*claims), source=source)
        check(said.startswith("HTTP/1.1 401"), f"{name}: a sign-in with {claims} is looked at", said)
        if "Connection: close, X" not in "".join(claims):
            check("trict-" in said and "ransport-" in said, f"{name}: HSTS with {claims}", said)
        expected = f"127.{20 + place}.7.0/24"
        wait_for(f"{name}: a record", lambda: len(server.networks()) > place)
        check(server.networks()[-1] == expected, f"{name}: {claims} comes from {expected}", server.networks())


def browser_rules(name, port):
    """What depends on TLS and on the host goes through the proxy."""
    said = exchange(port, get("/health"))
    check(said.startswith("HTTP/1.1 200") and "strict-transport-security: max-age" in said.lower(), f"{name}: HSTS over TLS", said)
    check(not re.search(r"(?im)^(server|via|x-powered-by):.*\d", said), f"{name}: no version in a header", said)
    said = exchange(port, sign_in("Origin: https://evil.example"))
    check(said.startswith("HTTP/1.1 403"), f"{name}: a foreign page is refused", said)
    for upgrade in ("websocket", "h2c"):
        said = exchange(port, get("/health", f"Upgrade: {upgrade}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABk",
                                  "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
        check(said and " 101" not in said, f"{name}: no upgrade to {upgrade}", said)


def plain_port(name, port):
    """Without TLS: pages are sent away, programs refused, and nothing is burned in."""
    page, program = exchange(port, get("/sites?a=b"), tls=False), exchange(port, get("/v1/sites"), tls=False)
    check(page.startswith("HTTP/1.1 308") and f"ocation: https://{HOST}/sites?a=b" in page, f"{name}: a page over plain HTTP", page)
    check(program.startswith("HTTP/1.1 403"), f"{name}: a program over plain HTTP", program)
    for said in (page, program):
        check("strict-transport-security" not in said.lower(), f"{name}: HSTS over plain HTTP", said)


def past_the_proxy(server):
    """Who reaches the server without the proxy is believed nothing."""
    before = len(server.networks())
    said = exchange(server.port, sign_in("X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https"), tls=False, source=STRANGER)
    check("strict-transport-security" not in said.lower(), "past the proxy: HSTS", said)
    wait_for("a record", lambda: len(server.networks()) > before)
    check(server.networks()[-1] == "127.9.9.0/24", "past the proxy: the address", server.networks())


POST = f"POST /api/event HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: text/plain\r\n"
GET = f"GET /health HTTP/1.1\r\nHost: {HOST}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
LENGTH = f"Content-Length: {len(SMUGGLED)}\r\n"
TWO_WAYS = (
    [f"{POST}{LENGTH}{CHUNKED}\r\n0\r\n\r\n", f"{POST}{CHUNKED}{LENGTH}\r\n0\r\n\r\n", f"{POST}Content-Length: 0\r\n{LENGTH}\r\n", f"{POST}{LENGTH}Content-Length: 0\r\n\r\n"]
    + [f"{POST}Content-Length: {value}\r\n\r\n" for value in (f"0, {len(SMUGGLED)}", "+0", "-1", "0x0", "0;a=b", "1 1", "9" * 30, "")]
    + [f"{POST}{coding}\r\n{LENGTH}\r\n0\r\n\r\n" for coding in (
        "Transfer-Encoding: xchunked", "Transfer-Encoding: identity", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked", "X: y\r\n Transfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked",
        "Transfer-Encoding: \x0bchunked", "Transfer-Encoding:\r\n chunked", "Transfer_Encoding: chunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: chunked\0")]
    + [f"{POST}{CHUNKED}\r\n{chunks}" for chunks in (
        "5\n12345\r\n0\r\n\r\n", "0x5\r\n12345\r\n0\r\n\r\n", "+5\r\n12345\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n1\r\n0\r\n\r\n", "5;a=b\nc\r\n12345\r\n0\r\n\r\n",
        "5\r\n1234567\r\n0\r\n\r\n", "0\r\nContent-Length: 44\r\nHost: b\r\n\r\n", "0\n\n", "00000000000000000005\r\n12345\r\n0\r\n\r\n")]
    + [f"{GET}{LENGTH}\r\n", f"{GET}{CHUNKED}\r\n0\r\n\r\n", f"{GET}{CHUNKED}{LENGTH}\r\n0\r\n\r\n", f"HEAD /health HTTP/1.1\r\nHost: {HOST}\r\n{LENGTH}\r\n",
       f"POST /api/event HTTP/1.0\r\nHost: {HOST}\r\n{CHUNKED}{LENGTH}\r\n0\r\n\r\n", f"{POST}Expect: 100-continue\r\n{LENGTH}\r\n", f"{POST}Expect: 100-continue\r\n{CHUNKED}\r\n0\r\n\r\n",
       f"GET /health HTTP/1.1\nHost: {HOST}\n\n", f"GET /health HTTP/1.1\r\nHost: {HOST}\r\nX: y\0z\r\n\r\n", f"GET http://{HOST}/health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
       f"{GET}Connection: Content-Length\r\n{LENGTH}\r\n", f"{POST}Connection: Transfer-Encoding\r\n{CHUNKED}\r\n0\r\n\r\n",
       f"GET /health%20HTTP/1.1%0d%0aHost:%20a%0d%0a%0d%0aGET%20/robots.txt HTTP/1.1\r\nHost: {HOST}\r\n\r\n"]
)


def smuggling(name, port, relay, passed_on):
    """Both sides count the same requests, and whoever comes next gets their own answer."""
    for bytes_ in TWO_WAYS:
        before = relay.answers, passed_on()
        exchange(port, bytes_ + SMUGGLED, end=0.4)
        for _ in range(2):
            said = exchange(port, get("/health"))
            check(said.startswith("HTTP/1.1 200") and said.rstrip().endswith("}") and "User-agent" not in said, f"{name}: the next caller's answer after {bytes_!r}", said)
        answered, passed = 0, -1
        until = time.monotonic() + 1
        # A log is written after its answer. A body that broke off in the proxy is not answered by the server.
        while answered != passed and time.monotonic() < until:
            answered, passed = relay.answers - before[0], passed_on() - before[1]
            time.sleep(0.01)
        check(answered <= passed, f"{name}: the server counts no more requests than the proxy after {bytes_!r}", (answered, passed))
    check(len(TWO_WAYS) > 40, "there is something to try")


def nginx(place, backend, plain, tls):
    text = open(os.path.join(DEPLOY, "nginx.conf")).read()
    text = text.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace("listen [::]:80;", "")
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{tls} ssl http2;").replace("listen [::]:443 ssl http2;", "")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{backend}")
    text = re.sub(r"/etc/letsencrypt/live/\S+/(fullchain|privkey)\.pem", lambda found: os.path.join(place, f"{found[1]}.pem"), text)
    log, site, main = (os.path.join(place, name) for name in ("nginx.log", "site.conf", "nginx.conf"))
    open(site, "w").write(text)
    open(main, "w").write(
        f"daemon off; master_process off; pid {place}/nginx.pid; error_log {place}/nginx.error;\nevents {{}}\nhttp {{\n"
        f" log_format seen '$upstream_status \"$request\"';\n access_log {log} seen;\n include {site};\n}}\n")
    open(log, "w").close()
    process = subprocess.Popen(["nginx", "-c", main], stderr=subprocess.DEVNULL)
    return process, lambda: sum(not line.startswith("- ") for line in open(log, errors="replace"))


def caddy(place, backend, plain, tls):
    text = open(os.path.join(DEPLOY, "Caddyfile")).read()
    log = os.path.join(place, "caddy.log")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{backend}")
    text = text.replace(f"\n{HOST} {{", f"\n{HOST} {{\n\tbind 127.0.0.1\n\ttls {place}/fullchain.pem {place}/privkey.pem\n\tlog {{\n\t\toutput file {log}\n\t\tformat json\n\t}}", 1)
    text = text.replace(f"\nhttp://{HOST} {{", f"\nhttp://{HOST} {{\n\tbind 127.0.0.1", 1)
    text = f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {tls}\n\tauto_https off\n}}\n{text}"
    path = os.path.join(place, "Caddyfile")
    open(path, "w").write(text)
    open(log, "w").close()
    environment = {**os.environ, "HOME": place, "XDG_DATA_HOME": place, "XDG_CONFIG_HOME": place}
    process = subprocess.Popen(["caddy", "run", "--adapter", "caddyfile", "--config", path], env=environment, stderr=open(os.path.join(place, "caddy.error"), "w"))
    return process, lambda: sum('"msg":"handled request"' in line for line in open(log, errors="replace"))


def haproxy(place, backend, tls):
    text = open(os.path.join(DEPLOY, "haproxy.cfg")).read()
    text = text.replace("bind :443", f"bind 127.0.0.1:{tls}").replace("127.0.0.1:8443", f"127.0.0.1:{backend}")
    path = os.path.join(place, "haproxy.cfg")
    open(path, "w").write(text)
    return subprocess.Popen(["haproxy", "-db", "-q", "-f", path], stderr=subprocess.DEVNULL)


def http_proxy(name, start, place):
    server = running(Server(place))
    backend, plain, tls = free_port(), free_port(), free_port()
    relay = Relay(backend, server.port)
    process, passed_on = start(place, backend, plain, tls)
    running(process)
    wait_for(f"{name} listening", lambda: is_open(plain) and is_open(tls))
    addresses(name, server, tls)
    browser_rules(name, tls)
    plain_port(name, plain)
    past_the_proxy(server)
    smuggling(name, tls, relay, passed_on)
    print(f"proxies: {name}: {len(CLAIMS)} claims, {len(TWO_WAYS)} framings")


def forged(source):
    addresses_ = socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + b"\x12\x67\x1f\x90"
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + addresses_


def tcp_proxy(place):
    """haproxy passes TLS on: its framing is ours, which `framing.rs` tests; what is its own is the PROXY header."""
    key, certificate = os.path.join(place, "privkey.pem"), os.path.join(place, "fullchain.pem")
    server = running(Server(place, HTTP__PROXY_PROTOCOL="true", HTTP__TLS__CERTIFICATE=certificate, HTTP__TLS__KEY=key))
    tls = free_port()
    running(haproxy(place, server.port, tls))
    wait_for("haproxy listening", lambda: is_open(tls))
    addresses("haproxy", server, tls)
    browser_rules("haproxy", tls)
    seen = len(server.networks())
    # A header of the client's own, behind or without haproxy's.
    for port, source in ((tls, CLIENT), (server.port, STRANGER)):
        said = exchange(port, sign_in(), source=source, first=forged("6.6.6.6"))
        check(said == "", "haproxy: a forged header is answered nothing", said)
    check(exchange(server.port, sign_in(), source=STRANGER) == "", "haproxy: without a header nothing is answered")
    check(len(server.networks()) == seen, "haproxy: nothing of that was a sign-in", server.networks())
    print(f"proxies: haproxy: {len(CLAIMS)} claims, 3 forged or missing headers")


started = []


def running(one):
    started.append(one.process if isinstance(one, Server) else one)
    return one


def main():
    place = tempfile.mkdtemp()
    os.chmod(place, 0o755)
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={HOST}",
                        "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", f"{place}/privkey.pem", "-out", f"{place}/fullchain.pem"], check=True, stderr=subprocess.DEVNULL)
        os.chmod(f"{place}/privkey.pem", 0o600)
        http_proxy("nginx", nginx, place)
        http_proxy("Caddy", caddy, place)
        tcp_proxy(place)
    finally:
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(place, ignore_errors=True)
    sys.exit(f"proxies: {len(failures)} failed" if failures else 0)


BINARY = os.path.realpath(os.environ["SHELDUCK_BIN"])
main()
