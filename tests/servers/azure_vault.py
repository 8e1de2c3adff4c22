"""What a vault holds, and what it answers: secrets in versions, the deleted ones beside them."""

import re
import threading
import time
import uuid

NOW = int(time.time())
DAY = 86400
LARGEST = 25600

SECRETS = {  # name: (value, attributes, more)
    "plain": ("value of plain", {}, {}),
    "json": ('{"user": "me", "port": 5432}', {}, {}),
    "text": ("p\u00e4$$ \"w\\\u00f6\"\nrd\ttab", {}, {}),
    "empty": ("", {}, {}),
    "old": ("from long ago", {"created": NOW - 200 * DAY, "updated": NOW - 100 * DAY}, {}),
    "expired": ("still there", {"exp": NOW - 3600}, {}),
    "early": ("already there", {"nbf": NOW + 3600}, {}),
    "disabled": ("no", {"enabled": False}, {}),
    "tagged": ("of somebody", {"exp": NOW + 3600}, {"contentType": "text/plain", "tags": {"owner": "me"}}),
    "certificate": ("PFX", {}, {"managed": True, "contentType": "application/x-pkcs12", "kid": "https://myvault.vault.azure.net/keys/certificate/1"}),
    **{f"many-{n:02}": (f"value of many-{n:02}", {}, {}) for n in range(50)},
}
OLDER = "0123456789abcdef0123456789abcdef"


class Refused(Exception):
    """As `status, code, message, inner code`."""


class Vault:
    def __init__(self, host, secrets, soft_delete=True):
        self.host, self.soft_delete, self.lock = host, soft_delete, threading.Lock()
        self.secrets, self.deleted = {}, {}
        for name, (value, attributes, more) in secrets.items():
            if name == "plain" and soft_delete:
                self.add(name, "an older value", {}, {}, OLDER)
            self.add(name, value, attributes, more)

    def add(self, name, value, attributes, more, version=None):
        levels = {"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90} if self.soft_delete else {"recoveryLevel": "Purgeable", "recoverableDays": 0}
        version = version or uuid.uuid4().hex
        now = int(time.time())
        bundle = {"value": value, "id": f"https://{self.host}/secrets/{name}/{version}",
                  "attributes": {"enabled": True, "created": now, "updated": now} | levels | attributes} | more
        # Names are alike in either case.
        self.secrets.setdefault(name.lower(), {})[version] = bundle
        return bundle

    def answer(self, method, path, body):
        """The status and the document; `path` is without its query."""
        with self.lock:
            for known, pattern, act in ROUTES:
                found = re.fullmatch(pattern, path)
                if known == method and found:
                    return act(self, *found.groups(), *([body] if method == "PUT" else []))
            if re.fullmatch(r"/secrets/[^/]+/?", path):
                raise Refused(400, "BadParameter", f"The request URI contains an invalid name: {path.split('/')[2]}", None)
            raise Refused(405, "MethodNotAllowed", "The HTTP method used is not valid.", None)

    def missing(self, name):
        raise Refused(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted "
                      "this secret you may be able to recover it using the correct recovery command.", None)

    def get(self, name, version):
        versions = self.secrets.get(name.lower())
        if not versions or version and version not in versions:
            self.missing(f"{name}/{version}" if version else name)
        bundle = versions[version or list(versions)[-1]]
        if not bundle["attributes"]["enabled"]:
            raise Refused(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")
        return 200, bundle

    def versions(self, name):
        if name.lower() not in self.secrets:
            self.missing(name)
        return 200, {"value": [{key: bundle[key] for key in bundle if key != "value"} for bundle in self.secrets[name.lower()].values()], "nextLink": None}

    def put(self, name, body):
        bad = lambda message, inner=None: Refused(400, "BadParameter", message, inner)
        if not isinstance(body, dict) or not isinstance(body.get("value"), str):
            raise bad("Property  has invalid value\r\n")
        attributes, tags = body.get("attributes", {}), body.get("tags", {})
        texts = isinstance(body.get("contentType", ""), str) and all(isinstance(text, str) for text in tags.values())
        if not texts or set(attributes) - {"enabled", "exp", "nbf"} or set(body) - {"value", "attributes", "tags", "contentType"}:
            raise bad("Property  has invalid value\r\n")
        if len(body["value"]) > LARGEST:
            raise bad(f"Secret is beyond the maximum permitted length of {LARGEST} characters.", "SecretTooLarge")
        if name.lower() in self.deleted:
            raise Refused(409, "Conflict", f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; "
                          "in this state, the secret can only be recovered or purged.", "ObjectIsDeletedButRecoverable")
        more = {key: body[key] for key in ("contentType", "tags") if key in body}
        return 200, self.add(name, body["value"], attributes, more)

    def delete(self, name):
        if name.lower() not in self.secrets:
            self.missing(name)
        versions = self.secrets.pop(name.lower())
        newest = list(versions.values())[-1]
        bundle = {key: newest[key] for key in newest if key != "value"}
        if self.soft_delete:
            self.deleted[name.lower()] = versions
            now = int(time.time())
            bundle |= {"recoveryId": f"https://{self.host}/deletedsecrets/{name}", "deletedDate": now, "scheduledPurgeDate": now + 90 * DAY}
        return 200, bundle

    def get_deleted(self, name):
        if name.lower() not in self.deleted:
            raise Refused(404, "SecretNotFound", f"Deleted Secret not found: {name}", None)
        newest = list(self.deleted[name.lower()].values())[-1]
        return 200, {key: newest[key] for key in newest if key != "value"} | {"recoveryId": f"https://{self.host}/deletedsecrets/{name}"}

    def recover(self, name):
        _, bundle = self.get_deleted(name)
        self.secrets[name.lower()] = self.deleted.pop(name.lower())
        return 200, {key: bundle[key] for key in bundle if key != "recoveryId"}

    def purge(self, name):
        self.get_deleted(name)
        del self.deleted[name.lower()]
        return 204, None


NAME = "([0-9a-zA-Z-]{1,127})"
ROUTES = [
    ("GET", f"/secrets/{NAME}/versions", Vault.versions),
    ("GET", f"/secrets/{NAME}/([0-9a-f]*)", Vault.get),
    ("PUT", f"/secrets/{NAME}", Vault.put),
    ("DELETE", f"/secrets/{NAME}", Vault.delete),
    ("GET", f"/deletedsecrets/{NAME}", Vault.get_deleted),
    ("POST", f"/deletedsecrets/{NAME}/recover", Vault.recover),
    ("DELETE", f"/deletedsecrets/{NAME}", Vault.purge),
]
