"""The secrets of the stand-in for Key Vault: reads, and what changes them, as strict as the service is."""

import json
import re
import time
import urllib.parse

VAULTS = ["myvault.vault.azure.net", "othervault.vault.azure.net"]
NOW = int(time.time())
VERSION = "fedcba98765432100123456789abcdef"
OLDER = "0123456789abcdef0123456789abcdef"
API = ("2025-07-01", "2026-04-01", "7.5", "7.6")
LARGEST = 25 << 10


def stored(value, version=VERSION, **more):
    """The versions of a secret, the newest last; each as the service describes it, with its value."""
    attributes = {"enabled": True, "created": NOW - 100, "updated": NOW - 100, "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}
    return [{"value": value, "version": version, "attributes": attributes | more}]


SECRETS = {
    "plain": stored("an older value", OLDER) + stored("value of plain"),
    "json": stored('{"user": "me", "port": 5432}'),
    "text": stored("p\u00e4$$ \"w\\\u00f6\"\nrd\ttab"),
    "empty": stored(""),
    "expired": stored("still there", exp=NOW - 3600),
    "early": stored("already there", nbf=NOW + 3600),
    "disabled": stored("no", enabled=False),
    "read-only": stored("{}"),
    "no-policy": stored("{}"),
    **{f"many-{n:02}": stored(f"value of many-{n:02}") for n in range(50)},
}
SECRETS["json"][0] |= {"contentType": "application/json", "tags": {"team": "app"}}
DELETED = {}


class Secrets:
    def named(self, pattern):
        """The parts of the path of a request that is well formed; else it has been answered."""
        path, _, query = self.path.partition("?")
        found = re.fullmatch(pattern, path)
        if dict(urllib.parse.parse_qsl(query)).get("api-version") not in API:
            self.refuse(400, "BadParameter", "The specified version is not recognized.")
        elif not found:
            self.give(b"<html>404</html>", 404)
        else:
            return found.groups()

    def kept(self):
        other = {"plain": stored("of the other")}
        return other if self.headers["Host"] == VAULTS[1] else SECRETS

    def bundle(self, name, version, value=True):
        shown = {key: version[key] for key in ("value", "attributes", "tags", "contentType") if key in version and (value or key != "value")}
        return shown | {"id": f"https://{self.headers['Host']}/secrets/{name}/{version['version']}"}

    def read(self):
        found = self.named(r"/secrets/([0-9a-zA-Z-]+)/([0-9a-f]*)")
        if not found:
            return
        name, version = found
        versions = [one for one in self.kept().get(name, []) if version in ("", one["version"])]
        if not versions:
            return self.refuse(404, "SecretNotFound", f"A secret with (name/id) {name}{'/' + version if version else ''} was not found in this key vault.")
        if versions[-1]["attributes"]["enabled"] is False:
            return self.refuse(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")
        self.give(self.bundle(name, versions[-1]))

    def may(self, name, what):
        """Whether the caller may change it; else it has been answered."""
        inner = {"read-only": "ForbiddenByRbac", "no-policy": "AccessDenied"}.get(name)
        if inner:
            self.refuse(403, "Forbidden", f"Caller is not authorized to {what}.", inner)
        return not inner

    def put(self, body):
        found = self.named(r"/secrets/([^/]+)")
        if not found or not self.may(found[0], "setSecret"):
            return
        [name] = found
        if not re.fullmatch(r"[0-9a-zA-Z-]{1,127}", name):
            return self.refuse(400, "BadParameter", "The request URI contains an invalid name: " + name)
        if self.headers["Content-Type"].split(";")[0] != "application/json":
            return self.refuse(415, "UnsupportedMediaType", "The content type is not supported.")
        try:
            asked = json.loads(body)
        except ValueError:
            return self.refuse(400, "BadParameter", "Invalid JSON")
        known = {"value", "contentType", "tags", "attributes"}
        if not isinstance(asked.get("value"), str) or set(asked) - known or len(asked["value"].encode()) > LARGEST:
            return self.refuse(400, "BadParameter", "Property value has an invalid value or size.")
        if name in DELETED:
            return self.refuse(409, "Conflict", f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused.", "ObjectIsDeletedButRecoverable")
        [new] = stored(asked["value"], f"{len(SECRETS.get(name, [])):032x}")
        new["attributes"] |= {"created": int(time.time()), "updated": int(time.time())} | asked.get("attributes", {})
        new |= {key: asked[key] for key in ("contentType", "tags") if key in asked}
        SECRETS.setdefault(name, []).append(new)
        self.give(self.bundle(name, new))

    def delete(self):
        found = self.named(r"/secrets/([^/]+)")
        if not found or not self.may(found[0], "deleteSecret"):
            return
        [name] = found
        if name not in SECRETS:
            return self.refuse(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")
        versions = SECRETS.pop(name)
        gone = {"deletedDate": int(time.time()), "scheduledPurgeDate": int(time.time()) + 90 * 86400,
                "recoveryId": f"https://{self.headers['Host']}/deletedsecrets/{name}"}
        if "keeps-nothing" in self.world.faults:
            shown = self.bundle(name, versions[-1], value=False)
            return self.give(shown | {"attributes": shown["attributes"] | {"recoveryLevel": "Purgeable"}})
        DELETED[name] = versions
        self.give(self.bundle(name, versions[-1], value=False) | gone)

    def recover(self):
        found = self.named(r"/deletedsecrets/([^/]+)/recover")
        if not found:
            return
        [name] = found
        if name not in DELETED:
            return self.refuse(404, "SecretNotFound", "Deleted Secret not found")
        SECRETS[name] = DELETED.pop(name)
        self.give(self.bundle(name, SECRETS[name][-1], value=False))
