"""The secrets of the stand-in for Secret Manager: reads, and what changes them, as strict as the service is."""

import base64
import binascii
import json
import re
import time
import urllib.parse

from gcp_keys import PROJECT


def now():
    return ago(0)


def ago(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))


SECRETS = {  # name: its versions, (state, bytes) and when it was added
    "europe-west3/plain": [("ENABLED", b"of the region")],
    "plain": [("ENABLED", b"value of plain")],
    "bytes": [("ENABLED", bytes(range(1, 256)))],
    "json": [("ENABLED", b'{"user": "me", "port": 5432}')],
    "rotated": [("ENABLED", b"one", ago(100)), ("ENABLED", b"two", ago(10))],
    "disabled": [("DISABLED", b"no")],
    "destroyed": [("DESTROYED", b"no")],
    "denied": [("ENABLED", b"no")],
    "sum-wrong": [("ENABLED", b"damaged")],
    "sum-none": [("ENABLED", b"without a checksum")],
    "read-only": [("ENABLED", b"{}")],
    "no-metadata": [("ENABLED", b"x")],
    "empty": [],
    **{f"many-{n:02}": [("ENABLED", f"value of many-{n:02}".encode())] for n in range(50)},
}
ALIASES = {"rotated": {"stable": 1}}
# Whose versions the caller may access, but not look at.
NO_METADATA = {"no-metadata"}
# When those were stored that were there before.
STORED = "2024-05-06T07:08:09.123456Z"

VERSION = r"/v1/projects/([^/]+)(?:/locations/([^/]+))?/secrets/([^/:]+)"
STATES = {"ENABLED": 1, "DISABLED": 2, "DESTROYED": 3}
LARGEST = 64 << 10


def crc32c(data):
    """RFC 3720, appendix B.4."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


def key(location, name):
    return f"{location}/{name}" if location else name


def full(location, name, number):
    return f"projects/123/{f'locations/{location}/' if location else ''}secrets/{name}/versions/{number}"


def described(location, name, number, state, created):
    """A version, with the numbers of enumerations that were asked for."""
    return {"name": full(location, name, number), "createTime": created[0] if created else STORED, "state": STATES[state],
            "etag": f"\"{number}\"", "clientSpecifiedPayloadChecksum": True}


class Secrets:
    def checked(self):
        """The path of a request that is well formed and whose token is good; else it has been answered."""
        path, _, query = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query.replace(";", "%3B"), keep_blank_values=True))
        self.query = query
        if "json" not in query.get("$alt", query.get("alt", "")):
            self.refuse("INVALID_ARGUMENT", f"unknown query {query}")
        elif not self.world.who(self.headers["Authorization"]):
            self.refuse("UNAUTHENTICATED", "Request had invalid authentication credentials.")
        else:
            return urllib.parse.unquote(path)

    def serves(self, location):
        return self.headers["Host"] == (f"secretmanager.{location}.rep.googleapis.com" if location else "secretmanager.googleapis.com")

    def read(self):
        path = self.checked()
        if path is None:
            return
        found = re.fullmatch(VERSION + r"/versions/([^/:]+)(:access)?", path)
        if not found:
            return self.give(b"<html>404</html>", 404)
        project, location, name, version, access = found.groups()
        if not self.serves(location):
            return self.refuse("INVALID_ARGUMENT", "this endpoint does not serve the location")
        may = "access" if access else "get"
        if project != PROJECT or name == "denied" or not access and name in NO_METADATA:
            return self.refuse("PERMISSION_DENIED", f"Permission 'secretmanager.versions.{may}' denied for resource 'projects/{project}/secrets/{name}/versions/{version}' (or it may not exist).")
        versions = SECRETS.get(key(location, name))
        if not versions:
            return self.refuse("NOT_FOUND", f"Secret [projects/123/secrets/{name}] not found or has no versions.")
        number = len(versions) if version == "latest" else ALIASES.get(name, {}).get(version) or (int(version) if version.isdigit() else 0)
        if not 1 <= number <= len(versions):
            return self.refuse("NOT_FOUND", f"Secret Version [projects/123/secrets/{name}/versions/{version}] not found.")
        state, data, *created = versions[number - 1]
        if not access:
            return self.give(described(location, name, number, state, created))
        if state != "ENABLED":
            return self.refuse("FAILED_PRECONDITION", f"Secret Version [projects/123/secrets/{name}/versions/{number}] is in {state} state.")
        payload = {"data": base64.b64encode(data).decode()}
        if name != "sum-none":
            payload["dataCrc32c"] = str(crc32c(data) + (name == "sum-wrong"))
        self.give({"name": full(location, name, number), "payload": payload})

    def write(self, body):
        path = self.checked()
        if path is None:
            return
        if not (self.headers["Content-Type"] or "").startswith("application/json"):
            return self.refuse("INVALID_ARGUMENT", "Invalid content type")
        try:
            body = json.loads(body or "{}")
        except ValueError:
            return self.refuse("INVALID_ARGUMENT", "Invalid JSON payload received.")
        made = re.fullmatch(r"/v1/projects/([^/]+)(?:/locations/([^/]+))?/secrets", path)
        changed = re.fullmatch(VERSION + r"(?:/versions/(\d+))?:(addVersion|disable|enable)", path)
        project, location = (made or changed).groups()[:2] if made or changed else (None, None)
        if not made and not changed:
            return self.give(b"<html>404</html>", 404)
        if not self.serves(location):
            return self.refuse("INVALID_ARGUMENT", "this endpoint does not serve the location")
        if project != PROJECT or changed and changed[3] in ("denied", "read-only") or made and self.query.get("secretId") == "no-create":
            return self.refuse("PERMISSION_DENIED", f"Permission denied on resource '{path}' (or it may not exist).")
        if made:
            return self.create(location, body)
        return self.add(location, changed[3], body) if changed[5] == "addVersion" else self.switch(location, *changed.groups()[2:], body)

    def create(self, location, body):
        name = self.query.get("secretId", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
            return self.refuse("INVALID_ARGUMENT", "The provided Secret ID [%s] does not match the expected format." % name)
        replication = body.get("replication")
        if location and replication or not location and replication not in ({"automatic": {}}, {"userManaged": {}}):
            return self.refuse("INVALID_ARGUMENT", "Secret.replication must be specified for a global secret, and for no other.")
        if key(location, name) in SECRETS:
            return self.refuse("ALREADY_EXISTS", f"Secret [projects/123/secrets/{name}] already exists.")
        SECRETS[key(location, name)] = []
        self.give({"name": full(location, name, 0).partition("/versions")[0], "createTime": now()})

    def add(self, location, name, body):
        versions = SECRETS.get(key(location, name))
        if versions is None:
            return self.refuse("NOT_FOUND", f"Secret [projects/123/secrets/{name}] not found.")
        payload = body.get("payload") or {}
        try:
            data = base64.b64decode(payload.get("data", ""), validate=True)
        except binascii.Error:
            return self.refuse("INVALID_ARGUMENT", "Base64 decoding failed")
        if not data:
            return self.refuse("INVALID_ARGUMENT", "Secret Payload cannot be empty.")
        if len(data) > LARGEST:
            return self.refuse("INVALID_ARGUMENT", "The secret payload is too large.")
        if str(payload.get("dataCrc32c", crc32c(data))) != str(crc32c(data)):
            return self.refuse("INVALID_ARGUMENT", "The checksum does not match the payload.")
        if "overtaken" in self.world.faults and versions:
            versions.append(("ENABLED", b"{\"theirs\":\"1\"}", now()))
        versions.append(("ENABLED", data, now()))
        self.give(described(location, name, len(versions), "ENABLED", [now()]))

    def switch(self, location, name, number, what, body):
        versions, number = SECRETS.get(key(location, name)) or [], int(number or 0)
        if not 1 <= number <= len(versions):
            return self.refuse("NOT_FOUND", f"Secret Version [projects/123/secrets/{name}/versions/{number}] not found.")
        state, data, *created = versions[number - 1]
        if state == "DESTROYED":
            return self.refuse("FAILED_PRECONDITION", f"Secret Version [projects/123/secrets/{name}/versions/{number}] is in DESTROYED state.")
        versions[number - 1] = ({"disable": "DISABLED", "enable": "ENABLED"}[what], data, *created)
        self.give(described(location, name, number, versions[number - 1][0], created))
