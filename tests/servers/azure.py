#!/usr/bin/env python3
"""Runs COMMAND in a network that is nothing but this machine, where the host names of two vaults and of Entra, and the
metadata service's address, lead to a stand-in that checks what the real services check.
    unshare --net --mount python3 azure.py FOLDER [FAULT]... -- COMMAND [ARG]...       (as root)

Each file of FOLDER/secrets is a secret, and FOLDER/client-secret the client's, where they are there. FOLDER gets `token`, a federated one, and `asked`, a line of JSON for each request. A FAULT is `beneath`, which keeps to the
network that another of these scripts has made, `metadata`, which puts an instance with an identity there, `metadata-bare`, one without, `az` or `azd`, which puts a tool there, `link-local`, which serves the identity on
the link and farther away, `relative-path`,
which names its folder by a relative path, or one of FAULTS below, which every read then meets."""

import glob
import http.server
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from aws import certificates
from azure_secrets import NOW, SECRETS, VAULTS, Secrets, stored

TENANT, CLIENT, SECRET, SCOPE = "11111111-2222-3333-4444-555555555555", "app-id", "client-secret-value", "https://vault.azure.net/.default"
LOGIN = "login.microsoftonline.com"


class World:
    def __init__(self, folder, faults):
        self.folder, self.faults, self.tokens, self.lock = folder, faults, {}, threading.Lock()
        self.busy = self.most = self.reads = 0

    def issue(self, whose, scope):
        token = f"eyJ0.{whose}.{len(self.tokens)}"
        self.tokens[token] = (whose, scope)
        return token

    def asked(self, **what):
        if "quiet" in self.faults:
            return
        with self.lock, open(f"{self.folder}/asked", "a") as file:
            file.write(json.dumps(what) + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # head and body in one packet, as the real services send them
    world = None

    def log_message(self, *_):
        pass

    def give(self, document, status=200, headers=()):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code, message, inner=None, headers=()):
        error = {"code": code, "message": message}
        if inner:
            error["innererror"] = {"code": inner}
        self.give({"error": error}, status, headers)

    def note(self, **what):
        self.world.asked(host=self.headers["Host"], method=self.command, path=self.path, connection=self.client_address[1], **what)

    def raw(self, data, status=b"200 OK", length=None, headers=b""):
        head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n" + headers
        self.wfile.write(head + b"Content-Length: %d\r\n\r\n" % (len(data) if length is None else length) + data)
        self.close_connection = True


class Services(Secrets, Handler):
    """Two vaults and Entra, by the name that is asked for."""

    def do_POST(self):
        asked = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()))
        if self.headers["Host"] in VAULTS:
            return self.serve(self.recover)
        self.note()
        if self.headers["Host"] != LOGIN:
            return self.give(b"<html>404</html>", 404)
        if self.path != f"/{TENANT}/oauth2/v2.0/token":
            return self.deny("invalid_request", "AADSTS90002: Tenant 'x' not found.")
        if asked.get("client_id") != CLIENT:
            return self.deny("unauthorized_client", "AADSTS700016: Application with identifier was not found in the directory.")
        if asked.get("scope") != SCOPE or asked.get("grant_type") != "client_credentials":
            return self.deny("invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is not valid.")
        if "client_assertion" in asked:
            if asked["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
                return self.deny("invalid_request", "AADSTS900144: the assertion type is missing")
            if asked["client_assertion"] != "federated-token":
                return self.deny("invalid_client", "AADSTS700024: Client assertion is not within its valid time range.")
            return self.grant("workload", asked["scope"])
        if asked.get("client_secret") != self.world.secret:
            return self.deny("invalid_client", "AADSTS7000215: Invalid client secret provided. SECRET-OF-ENTRA")
        self.grant("client", asked["scope"])

    def grant(self, whose, scope):
        self.give({"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": self.world.issue(whose, scope)})

    def deny(self, error, description):
        self.give({"error": error, "error_description": description, "error_codes": [1]}, 401 if error == "invalid_client" else 400)

    def do_GET(self):
        self.serve(lambda: None)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.serve(lambda: self.put(body))

    def do_DELETE(self):
        self.serve(self.delete)

    def serve(self, write):
        world, host = self.world, self.headers["Host"]
        whose, scope = world.tokens.get((self.headers["Authorization"] or "").removeprefix("Bearer "), (None, None))
        with world.lock:
            world.busy += 1
            world.most = max(world.most, world.busy)
            world.reads += whose is not None
            count = world.reads
        try:
            time.sleep(0 if "quiet" in world.faults else 0.005)
            self.note(token=whose, most=world.most)
            if host == LOGIN and self.path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
                own = f"https://{LOGIN}/{TENANT}"
                return self.give({"issuer": f"{own}/v2.0", "authorization_endpoint": f"{own}/oauth2/v2.0/authorize",
                                  "token_endpoint": f"{own}/oauth2/v2.0/token"})
            if host not in VAULTS:
                return self.give(b"<html>404</html>", 404)
            if not whose or scope not in (SCOPE, "https://vault.azure.net"):
                resource = "https://vault.example.net" if "foreign-challenge" in world.faults else "https://vault.azure.net"
                challenge = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{resource}"'
                return self.refuse(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.", headers=[("WWW-Authenticate", challenge)])
            if self.command != "GET":
                return write()
            fault = next((fault for fault in world.faults if fault in FAULTS), None)
            FAULTS[fault](self, count) if fault else self.read()
        finally:
            with world.lock:
                world.busy -= 1


FAULTS = {
    "rbac": lambda h, n: h.refuse(403, "Forbidden", "Caller is not authorized to perform action on resource.", "ForbiddenByRbac"),
    "policy": lambda h, n: h.refuse(403, "Forbidden", "The user does not have secrets get permission on key vault", "AccessDenied"),
    "firewall": lambda h, n: h.refuse(403, "Forbidden", "Client address is not authorized", "ForbiddenByFirewall"),
    "deleted": lambda h, n: h.refuse(409, "Conflict", "Secret is currently in a deleted but recoverable state", "ObjectIsDeletedButRecoverable"),
    "throttled": lambda h, n: h.refuse(429, "Throttled", "Request was not processed because too many requests were received.", headers=[("Retry-After", "60")]),
    "throttled-once": lambda h, n: h.refuse(429, "Throttled", "x", headers=[("Retry-After", "0")]) if n == 1 else h.read(),
    "not-found-400": lambda h, n: h.refuse(400, "SecretNotFound", "x"),
    "other-404": lambda h, n: h.refuse(404, "ResourceNotFound", "x"),
    "new-code": lambda h, n: h.refuse(400, "SomethingNew", "SECRET"),
    "no-code": lambda h, n: h.refuse(400, f"SECRET {h.headers['Authorization']}", "SECRET"),
    "unavailable": lambda h, n: h.give(b"", 503),
    "rejected": lambda h, n: h.refuse(401, "Unauthorized", "AKV10022: Invalid audience."),
    "html": lambda h, n: h.raw(b"<html>log in SECRET</html>"),
    "html-404": lambda h, n: h.raw(b"<html>not here SECRET</html>", b"404 Not Found"),
    "redirect": lambda h, n: h.raw(b"", b"302 Found", headers=b"Location: https://othervault.vault.azure.net/\r\n"),
    "truncated": lambda h, n: h.raw(b'{"value": "SECR', length=5000),
    "no-value": lambda h, n: h.give({"id": "x"}),
    "no-json": lambda h, n: h.raw(b'{"value": "SECRET'),
    "close": lambda h, n: (setattr(h, "close_connection", True), h.connection.shutdown(socket.SHUT_RDWR)),
    "hang": lambda h, n: time.sleep(60),
    "endless": lambda h, n: h.raw(b'{"value": "' + b"x" * (2 << 20) + b'"}'),
}


class Metadata(Handler):
    """Of a virtual machine."""

    def do_GET(self):
        self.note()
        path, _, query = self.path.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        if path != "/metadata/identity/oauth2/token":
            return self.give(b"", 404)
        if self.headers["Metadata"] != "true":
            return self.give({"error": "invalid_request", "error_description": "Required metadata header not specified"}, 400)
        if "metadata-bare" in self.world.faults:
            return self.give({"error": "invalid_request", "error_description": "Identity not found"}, 400)
        if asked.get("resource") != "https://vault.azure.net" or "api-version" not in asked:
            return self.give({"error": "invalid_request", "error_description": "Missing resource"}, 400)
        self.give({"access_token": self.world.issue("machine", SCOPE), "expires_in": "3599", "expires_on": str(NOW + 3599), "token_type": "Bearer",
                   "resource": "https://vault.azure.net", "not_before": str(NOW), "client_id": CLIENT})


class AppService(Handler):
    """The identity of an App Service, which the environment names."""

    def do_GET(self):
        self.note()
        asked = dict(urllib.parse.parse_qsl(self.path.partition("?")[2]))
        if self.headers["X-IDENTITY-HEADER"] != "identity-header" or asked.get("resource") != "https://vault.azure.net":
            return self.give({"error": "invalid"}, 400)
        self.give({"access_token": self.world.issue("app-service", SCOPE), "expires_on": str(NOW + 3599), "token_type": "Bearer", "resource": "x"})


def listen(address, handler, world, context=None):
    server = http.server.ThreadingHTTPServer(address, type("Bound", (handler,), {"world": world}))
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


TOOL = """#!/bin/sh
echo "$0 $*" >>{folder}/ran
[ -e {folder}/tool-hangs ] && sleep 60
[ -e {folder}/tool-leaves-another ] && {{ sleep 25 2>/dev/null & }}
[ -e {folder}/tool-fails ] && {{ echo "ERROR: SECRET-OF-A-TOOL" >&2; exit 1; }}
cat {folder}/tool-token
"""


def main():
    at = sys.argv.index("--")
    (folder, *faults), command = sys.argv[1:at], sys.argv[at + 1:]
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    world = World(folder, faults)
    for secret in glob.glob(f"{folder}/secrets/*"):
        with open(secret, newline="") as file:
            SECRETS[os.path.basename(secret)] = stored(file.read())
    own = pathlib.Path(folder, "client-secret")
    world.secret = own.read_text() if own.exists() else SECRET
    pathlib.Path(folder, "token").write_text("federated-token")
    os.makedirs(f"{folder}/tools")
    for name in ("az", "azd"):
        if name in faults:
            with open(f"{folder}/tools/{name}", "w") as file:
                file.write(TOOL.format(folder=folder))
            os.chmod(f"{folder}/tools/{name}", 0o755)
    key = "accessToken" if "az" in faults else "token"
    token = {key: world.issue("tool", SCOPE), "expires_on": NOW + 3599, "tokenType": "Bearer"}
    pathlib.Path(folder, "tool-token").write_text(json.dumps(token))
    with tempfile.TemporaryDirectory() as own:
        beneath = "beneath" in faults
        address = "127.0.0.3" if beneath else "127.0.0.2"
        with open("/etc/hosts" if beneath else f"{own}/hosts", "a") as hosts:
            hosts.write("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name in [*VAULTS, LOGIN]))
        lines = [] if beneath else ["ip link set lo up", f"mount --bind {own}/hosts /etc/hosts"]
        if "no-route" not in faults and not beneath:
            lines += ["ip addr add 169.254.169.254/32 dev lo", "ip addr add 169.254.129.4/32 dev lo", "ip addr add 10.1.1.1/32 dev lo"]
        for line in lines:
            subprocess.run(line.split(), env=path, check=True)
        certificates(own, *VAULTS, LOGIN)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{own}/{'other' if 'other-host' in faults else 'good'}.pem")
        listen((address, 443), Services, world, context)
        listen(("127.0.0.1", 42356), AppService, world)
        for host in ["169.254.129.4", "10.1.1.1"] if "link-local" in faults else []:
            listen((host, 8081), AppService, world)
        if any(fault.startswith("metadata") for fault in faults):
            listen(("169.254.169.254", 80), Metadata, world)
        silent = socket.create_server(("169.254.169.254", 80)) if "silent-metadata" in faults else None
        if beneath:
            with open(os.environ["SSL_CERT_FILE"]) as others, open(f"{own}/ca.pem", "a") as bundle:
                bundle.write(others.read())
        environment = os.environ | {"SSL_CERT_FILE": f"{own}/ca.pem", "REQUESTS_CA_BUNDLE": f"{own}/ca.pem"}
        tools = "tools" if "relative-path" in faults else f"{folder}/tools"
        environment["PATH"] = f"{tools}:{environment.get('PATH', '/usr/bin:/bin')}"
        done = subprocess.run(command, env=environment)
    sys.exit(done.returncode if done.returncode >= 0 else 128 - done.returncode)


main()
