"""The credentials of the stand-in for Google Cloud: the file of each form, and whose a token is."""

import base64
import json
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

PROJECT, EMAIL, TARGET = "demo-project", "app@demo-project.iam.gserviceaccount.com", "reader@demo-project.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/provider"


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
