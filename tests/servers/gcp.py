#!/usr/bin/env python3
"""Runs COMMAND in a network that is nothing but this machine, where Google Cloud's own host names and its metadata server
lead to a stand-in that checks what the real services check: signatures, claims, tokens, scopes, paths, queries.
    unshare --net --mount python3 gcp.py FOLDER [FAULT]... -- COMMAND [ARG]...       (as root)

Each file of FOLDER/secrets is a secret, and FOLDER/refresh the user's token, where they are there. FOLDER gets the credentials of each form, and `asked`, a line of JSON for each request. A FAULT is `no-metadata`,
`silent-metadata`, `no-route`, or one of FAULTS below, which every read then meets."""

import base64
import glob
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from aws import certificates
from gcp_keys import AUDIENCE, PROJECT, SCOPE, TARGET, World
from gcp_secrets import SECRETS, Secrets

REGION = "europe-west3"
APIS = ["secretmanager.googleapis.com", f"secretmanager.{REGION}.rep.googleapis.com", "oauth2.googleapis.com",
        "sts.googleapis.com", "iamcredentials.googleapis.com"]

ERRORS = {"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "NOT_FOUND": 404, "ALREADY_EXISTS": 409,
          "RESOURCE_EXHAUSTED": 429, "INTERNAL": 500, "UNAVAILABLE": 503}


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
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, message, details=(), headers=()):
        error = {"code": ERRORS[status], "message": message, "status": status}
        if details:
            error["details"] = list(details)
        self.give({"error": error}, ERRORS[status], headers)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def note(self, **what):
        where = {"host": self.headers["Host"], "method": self.command, "path": self.path, "connection": self.client_address[1]}
        self.world.asked(**where, **what)


class Apis(Secrets, Handler):
    def do_POST(self):
        body, host, world = self.body(), self.headers["Host"], self.world
        if self.path.startswith("/v1/projects/") and host.startswith("secretmanager."):
            self.note(token=world.who(self.headers["Authorization"]))
            return self.write(body)
        self.note()
        if host == "oauth2.googleapis.com" and self.path == "/token":
            asked = json.loads(body) if body.startswith("{") else dict(urllib.parse.parse_qsl(body))
            good = {"grant_type": "refresh_token", "client_id": "client", "client_secret": "client-secret", "refresh_token": world.refresh}
            if any(asked.get(name) != value for name, value in good.items()):
                return self.give({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
            return self.give({"access_token": world.issue("user"), "expires_in": 3599, "scope": SCOPE, "token_type": "Bearer"})
        if host == "sts.googleapis.com" and self.path == "/v1/token":
            asked = dict(urllib.parse.parse_qsl(body))
            good = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": AUDIENCE, "subject_token": "subject-token",
                    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                    "requested_token_type": "urn:ietf:params:oauth:token-type:access_token"}
            if any(asked.get(name) != value for name, value in good.items()) or SCOPE not in asked.get("scope", ""):
                return self.give({"error": "invalid_grant", "error_description": "The given credential is rejected."}, 400)
            return self.give({"access_token": world.issue("federated"), "expires_in": 3599, "token_type": "Bearer",
                              "issued_token_type": good["requested_token_type"]})
        if host == "iamcredentials.googleapis.com" and self.path == f"/v1/projects/-/serviceAccounts/{TARGET}:generateAccessToken":
            if world.who(self.headers["Authorization"]) != "user" or SCOPE not in json.loads(body)["scope"]:
                return self.refuse("PERMISSION_DENIED", "Permission 'iam.serviceAccounts.getAccessToken' denied")
            end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
            return self.give({"accessToken": world.issue("impersonated"), "expireTime": end})
        self.give(b"<html>404</html>", 404)

    def do_GET(self):
        world = self.world
        with world.lock:
            world.busy += 1
            world.most = max(world.most, world.busy)
            world.reads += 1
            count = world.reads
        try:
            time.sleep(0 if "quiet" in world.faults else 0.005)
            self.note(token=world.who(self.headers["Authorization"]), most=world.most)
            fault = next((fault for fault in world.faults if fault in FAULTS), None)
            FAULTS[fault](self, count) if fault else self.read()
        finally:
            with world.lock:
                world.busy -= 1

    def raw(self, data, status=b"200 OK", length=None, headers=b""):
        head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n" + headers
        self.wfile.write(head + b"Content-Length: %d\r\n\r\n" % (len(data) if length is None else length) + data)
        self.close_connection = True

    def endless(self):
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"name": "')
        self.close_connection = True
        for sent in range(0, 512, 32):  # not really without one, for the sake of this machine
            self.note(sent=sent)
            self.wfile.write(b"x" * (32 << 20))


DISABLED_API = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com",
                "metadata": {"service": "secretmanager.googleapis.com"}}
FAULTS = {
    "api-disabled": lambda h, n: h.refuse("PERMISSION_DENIED", "Secret Manager API has not been used", [DISABLED_API]),
    "quota": lambda h, n: h.refuse("RESOURCE_EXHAUSTED", "Quota exceeded", headers=[("Retry-After", "60")]),
    "precondition": lambda h, n: h.refuse("FAILED_PRECONDITION", "SECRET", [DISABLED_API | {"reason": "CMEK_KEY_GONE"}]),
    "out-of-words": lambda h, n: h.refuse("FAILED_PRECONDITION", "SECRET", [DISABLED_API | {"reason": "SECRET ya29.x"}]),
    "not-found-400": lambda h, n: h.give({"error": {"code": 404, "message": "x", "status": "NOT_FOUND"}}, 400),
    "other-404": lambda h, n: h.give({"error": {"code": 400, "message": "x", "status": "FAILED_PRECONDITION"}}, 404),
    "argument": lambda h, n: h.refuse("INVALID_ARGUMENT", h.headers["Authorization"]),
    "unavailable": lambda h, n: h.refuse("UNAVAILABLE", "The service is currently unavailable."),
    "unavailable-once": lambda h, n: h.refuse("UNAVAILABLE", "not now") if n == 1 else h.read(),
    "unauthenticated": lambda h, n: h.refuse("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    "html": lambda h, n: h.raw(b"<html>log in SECRET</html>"),
    "html-404": lambda h, n: h.raw(b"<html>not here SECRET</html>", b"404 Not Found"),
    "redirect": lambda h, n: h.raw(b"", b"302 Found", headers=b"Location: https://oauth2.googleapis.com/elsewhere\r\n"),
    "truncated": lambda h, n: h.raw(b'{"payload": {"data": "c2Vj', length=5000),
    "no-payload": lambda h, n: h.give({"name": "x"}),
    "no-json": lambda h, n: h.raw(b'{"payload": {"data": "SECRET'),
    "not-base64": lambda h, n: h.give({"payload": {"data": "***SECRET***"}}),
    "close": lambda h, n: (setattr(h, "close_connection", True), h.connection.shutdown(socket.SHUT_RDWR)),
    "hang": lambda h, n: time.sleep(60),
    "endless": lambda h, n: h.endless(),
    "large": lambda h, n: h.give({"payload": {"data": base64.b64encode(bytes(2 << 20)).decode()}}),
}


class Metadata(Handler):
    def do_GET(self):
        self.note()
        if self.headers["Metadata-Flavor"] != "Google":
            return self.give(b"Missing Metadata-Flavor:Google header.", 403)
        path, flavor = self.path.partition("?")[0], [("Metadata-Flavor", "Google")]
        if path == "/computeMetadata/v1/instance/service-accounts/default/token":
            return self.give({"access_token": self.world.issue("metadata"), "expires_in": 3599, "token_type": "Bearer"}, headers=flavor)
        if path == "/computeMetadata/v1/project/project-id":
            return self.give(PROJECT.encode(), headers=flavor)
        self.give(b"not found", 404, flavor)


def listen(address, handler, world, context=None):
    bound = type("Bound", (handler,), {"world": world})
    server = http.server.ThreadingHTTPServer(address, bound)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    at = sys.argv.index("--")
    (folder, *faults), command = sys.argv[1:at], sys.argv[at + 1:]
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    world = World(folder, faults)
    for secret in glob.glob(f"{folder}/secrets/*"):
        with open(secret, "rb") as file:
            SECRETS[os.path.basename(secret)] = [("ENABLED", file.read())]
    if os.path.exists(f"{folder}/refresh"):
        with open(f"{folder}/refresh") as file:
            world.refresh = file.read()
    world.credentials()
    with tempfile.TemporaryDirectory() as own:
        with open(f"{own}/hosts", "w") as hosts:
            hosts.write("127.0.0.1 localhost\n169.254.169.254 metadata.google.internal metadata\n")
            hosts.write("".join(f"127.0.0.2 {name}\n" for name in APIS))
        lines = ["ip link set lo up", f"mount --bind {own}/hosts /etc/hosts"]
        if "no-route" not in faults:
            lines.append("ip addr add 169.254.169.254/32 dev lo")
        for line in lines:
            subprocess.run(line.split(), env=path, check=True)
        certificates(own, *APIS)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{own}/{'other' if 'other-host' in faults else 'good'}.pem")
        listen(("127.0.0.2", 443), Apis, world, context)
        if "silent-metadata" in faults:
            silent = socket.create_server(("169.254.169.254", 80))
            silent.listen()
        elif "no-metadata" not in faults and "no-route" not in faults:
            listen(("169.254.169.254", 80), Metadata, world)
        done = subprocess.run(command, env=os.environ | {"SSL_CERT_FILE": f"{own}/ca.pem", "REQUESTS_CA_BUNDLE": f"{own}/ca.pem"})
    sys.exit(done.returncode if done.returncode >= 0 else 128 - done.returncode)


main()
