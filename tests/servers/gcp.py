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
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from aws import certificates
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PROJECT, EMAIL, TARGET = "demo-project", "app@demo-project.iam.gserviceaccount.com", "reader@demo-project.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
REGION = "europe-west3"
APIS = ["secretmanager.googleapis.com", f"secretmanager.{REGION}.rep.googleapis.com", "oauth2.googleapis.com",
        "sts.googleapis.com", "iamcredentials.googleapis.com"]
AUDIENCE = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/provider"

SECRETS = {  # name: its versions, (state, bytes)
    "plain": [("ENABLED", b"value of plain")],
    "bytes": [("ENABLED", bytes(range(1, 256)))],
    "json": [("ENABLED", b'{"user": "me", "port": 5432}')],
    "rotated": [("ENABLED", b"one"), ("ENABLED", b"two")],
    "disabled": [("DISABLED", b"no")],
    "destroyed": [("DESTROYED", b"no")],
    "denied": [("ENABLED", b"no")],
    "sum-wrong": [("ENABLED", b"damaged")],
    "sum-none": [("ENABLED", b"without a checksum")],
    **{f"many-{n:02}": [("ENABLED", f"value of many-{n:02}".encode())] for n in range(50)},
}
ALIASES = {"rotated": {"stable": 1}}

ERRORS = {"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "NOT_FOUND": 404,
          "RESOURCE_EXHAUSTED": 429, "INTERNAL": 500, "UNAVAILABLE": 503}


def crc32c(data):
    """RFC 3720, appendix B.4."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class World:
    def __init__(self, folder, faults):
        self.folder, self.faults = folder, faults
        self.refresh = "refresh"
        self.key = rsa.generate_private_key(65537, 2048)
        self.tokens, self.lock, self.busy, self.most, self.reads = {}, threading.Lock(), 0, 0, 0

    def credentials(self):
        pem = self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        service = {"type": "service_account", "project_id": PROJECT, "private_key_id": "key-1", "private_key": pem.decode(),
                   "client_email": EMAIL, "client_id": "1", "token_uri": "https://oauth2.googleapis.com/token"}
        user = {"type": "authorized_user", "client_id": "client", "client_secret": "client-secret", "refresh_token": self.refresh,
                "quota_project_id": PROJECT}
        external = {"type": "external_account", "audience": AUDIENCE, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                    "token_url": "https://sts.googleapis.com/v1/token", "credential_source": {"file": f"{self.folder}/subject"}}
        impersonated = {"type": "impersonated_service_account", "source_credentials": user, "service_account_impersonation_url":
                        f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{TARGET}:generateAccessToken"}
        revoked = user | {"refresh_token": "revoked"}
        for name, document in (("service", service), ("user", user), ("external", external), ("impersonated", impersonated),
                               ("revoked", revoked), ("stranger", service | {"client_email": "stranger@x.example"})):
            with open(f"{self.folder}/{name}.json", "w") as file:
                json.dump(document, file)
        with open(f"{self.folder}/subject", "w") as file:
            file.write("subject-token")

    def issue(self, whose):
        token = f"ya29.{whose}.{len(self.tokens)}"
        self.tokens[token] = (whose, time.time() + 3600)
        return token

    def who(self, header):
        """Whose token this is; None for one that is not good."""
        kind, _, token = (header or "").partition(" ")
        if kind != "Bearer":
            return None
        if token in self.tokens:
            whose, end = self.tokens[token]
            return whose if end > time.time() else None
        try:
            head, claims, signature = token.split(".")
            header, claims_read = json.loads(decoded(head)), json.loads(decoded(claims))
            self.key.public_key().verify(decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            return None
        good = (header.get("alg") == "RS256" and header.get("kid") == "key-1" and claims_read["iss"] == claims_read["sub"] == EMAIL
                and claims_read["iat"] - 60 <= time.time() < claims_read["exp"] <= claims_read["iat"] + 3660)
        for_us = SCOPE in claims_read.get("scope", "").split() or claims_read.get("aud") == "https://secretmanager.googleapis.com/"
        return "self-signed" if good and for_us else None

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


class Apis(Handler):
    def do_POST(self):
        body, host, world = self.body(), self.headers["Host"], self.world
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

    def read(self):
        path, _, query = self.path.partition("?")
        if urllib.parse.unquote(query) != "$alt=json;enum-encoding=int" and urllib.parse.unquote(query) != "%24alt=json%3Benum-encoding%3Dint" \
                and "json" not in urllib.parse.unquote(query):
            return self.refuse("INVALID_ARGUMENT", f"unknown query {query}")
        if not self.world.who(self.headers["Authorization"]):
            return self.refuse("UNAUTHENTICATED", "Request had invalid authentication credentials.")
        found = re.fullmatch(r"/v1/projects/([^/]+)(?:/locations/([^/]+))?/secrets/([^/]+)/versions/([^/]+):access", urllib.parse.unquote(path))
        if not found:
            return self.give(b"<html>404</html>", 404)
        project, location, name, version = found.groups()
        regional = f"secretmanager.{location}.rep.googleapis.com" if location else "secretmanager.googleapis.com"
        if self.headers["Host"] != regional:
            return self.refuse("INVALID_ARGUMENT", "this endpoint does not serve the location")
        if project != PROJECT or name == "denied":
            return self.refuse("PERMISSION_DENIED", f"Permission 'secretmanager.versions.access' denied for resource 'projects/{project}/secrets/{name}/versions/{version}' (or it may not exist).")
        if location and name != "plain" or name not in SECRETS:
            return self.refuse("NOT_FOUND", f"Secret [projects/123/secrets/{name}] not found or has no versions.")
        versions = SECRETS[name]
        number = len(versions) if version == "latest" else ALIASES.get(name, {}).get(version) or (int(version) if version.isdigit() else 0)
        if not 1 <= number <= len(versions):
            return self.refuse("NOT_FOUND", f"Secret Version [projects/123/secrets/{name}/versions/{version}] not found.")
        state, data = versions[number - 1]
        if state != "ENABLED":
            return self.refuse("FAILED_PRECONDITION", f"Secret Version [projects/123/secrets/{name}/versions/{number}] is in {state} state.")
        data = b"of the region" if location else data
        payload = {"data": base64.b64encode(data).decode()}
        if name != "sum-none":
            payload["dataCrc32c"] = str(crc32c(data) + (name == "sum-wrong"))
        self.give({"name": f"projects/123/secrets/{name}/versions/{number}", "payload": payload})

    def raw(self, data, status=b"200 OK", length=None, headers=b""):
        head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n" + headers
        self.wfile.write(head + b"Content-Length: %d\r\n\r\n" % (len(data) if length is None else length) + data)
        self.close_connection = True


DISABLED_API = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com",
                "metadata": {"service": "secretmanager.googleapis.com"}}
FAULTS = {
    "api-disabled": lambda h, n: h.refuse("PERMISSION_DENIED", "Secret Manager API has not been used", [DISABLED_API]),
    "quota": lambda h, n: h.refuse("RESOURCE_EXHAUSTED", "Quota exceeded", headers=[("Retry-After", "60")]),
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
