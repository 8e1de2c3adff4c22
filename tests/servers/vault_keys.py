"""The certificates and tokens that the servers of `vault.py` are shown."""

import base64
import datetime
import ipaddress
import json
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

PEM = serialization.Encoding.PEM


def key_pem(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def certificates(folder):
    """An authority, `ca.pem`, and what it signed: `good` for this machine, `expired`, `future`, `other` for the name
    b.example, and `client`; and `stranger`, a client that signed itself."""
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    above = ec.generate_private_key(ec.SECP256R1())

    def write(kind, key, signer, issuer, begin, end, *extensions):
        builder = x509.CertificateBuilder(name(issuer), name(kind), key.public_key(), x509.random_serial_number(), begin, end)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        for ending, content in [("key", key_pem(key)), ("pem", builder.sign(signer, hashes.SHA256()).public_bytes(PEM))]:
            with open(f"{folder}/{kind}.{ending}", "wb") as file:
                file.write(content)

    write("ca", above, above, "ca", now - day, now + day, x509.BasicConstraints(True, None))
    here = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    client = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH])
    for kind, begin, end, *extensions in [
            ("good", now - day, now + day, x509.SubjectAlternativeName(here)),
            ("expired", now - 2 * day, now - day, x509.SubjectAlternativeName(here)),
            ("future", now + day, now + 2 * day, x509.SubjectAlternativeName(here)),
            ("other", now - day, now + day, x509.SubjectAlternativeName([x509.DNSName("b.example")])),
            ("client", now - day, now + day, client)]:
        write(kind, ec.generate_private_key(ec.SECP256R1()), above, "ca", begin, end, *extensions)
    own = ec.generate_private_key(ec.SECP256R1())
    write("stranger", own, own, "stranger", now - day, now + day, client)


def public(key):
    return key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def token(key, claims):
    """A signed JWT."""
    part = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
    claims = {"iss": "issuer.example", "aud": ["vault"], "iat": int(time.time()), "exp": int(time.time()) + 600} | claims
    signed = b".".join(part(json.dumps(data).encode()) for data in ({"alg": "ES256", "typ": "JWT"}, claims))
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return (signed + b"." + part(r.to_bytes(32) + s.to_bytes(32))).decode()


def tokens():
    """A key, and tokens that it signed: of a person, and of a pod."""
    key = ec.generate_private_key(ec.SECP256R1())
    pod = lambda space: {"sub": f"system:serviceaccount:{space}:app",
                         "kubernetes.io": {"namespace": space, "serviceaccount": {"name": "app", "uid": "1"}}}
    me = {"sub": "me", "project": "inject"}
    return key, {"good": token(key, me), "claim": token(key, me | {"project": "x"}), "expired": token(key, me | {"exp": 10**9}),
                 "pod": token(key, pod("prod")), "foreign": token(key, pod("test"))}
