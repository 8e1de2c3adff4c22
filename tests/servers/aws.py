#!/usr/bin/env python3
"""Runs moto and ministack, each with the same secrets, parameters, users and a role, and with signatures and policies
enforced, and moto behind TLS as well; prints where they are and who may do what as one line of JSON, and ends when its
input does."""

import base64
import ctypes
import datetime
import ipaddress
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import boto3
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOME, AWAY = "us-east-1", "eu-west-1"
BIN = os.path.dirname(sys.executable)


def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(argv, env):
    die_with_us = lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    folder = tempfile.gettempdir()
    clean = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": folder, "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen([sys.executable, f"{BIN}/{argv[0]}", *argv[1:]], env=clean | env, cwd=folder, preexec_fn=die_with_us,
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def listening(server, number):
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", number)) == 0:
                return
        if server.poll() is not None:
            sys.exit(f"aws.py: {server.args[1]} ended with {server.returncode}")
        time.sleep(0.05)
    sys.exit(f"aws.py: {server.args[1]} does not listen")


def client(service, url, keys, region=HOME):
    return boto3.client(service, endpoint_url=url, region_name=region, aws_access_key_id=keys[0],
                        aws_secret_access_key=keys[1], config=Config(retries={"max_attempts": 0}))


def allow(*actions, resource="*"):
    statements = [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def seed(name, url, root):
    secrets, away = client("secretsmanager", url, root), client("secretsmanager", url, root, AWAY)
    arns = {}
    for key, value in [("app/text", f"text of {name}"), ("app/json", '{"user":"me","live":{"key":"sk-live"}}'),
                       ("app/utf8", "pä$$ \"w\\ö\"\nrd"), *((f"many/{i:02}", f"secret {i:02}") for i in range(50))]:
        arns[key] = secrets.create_secret(Name=key, SecretString=value)["ARN"]
    secrets.create_secret(Name="app/binary", SecretBinary=bytes(range(1, 256)))
    first = secrets.create_secret(Name="app/rotated", SecretString="before")["VersionId"]
    secrets.put_secret_value(SecretId="app/rotated", SecretString="after")
    secrets.create_secret(Name="app/empty")
    secrets.create_secret(Name="app/deleted", SecretString="gone")
    secrets.delete_secret(SecretId="app/deleted", RecoveryWindowInDays=7)
    arns["away"] = away.create_secret(Name="app/away", SecretString=f"away in {name}")["ARN"]

    ssm, there = client("ssm", url, root), client("ssm", url, root, AWAY)
    put = lambda key, value, kind="SecureString", **more: ssm.put_parameter(Name=key, Value=value, Type=kind, **more)
    for i in range(50):
        put(f"/many/{i:02}", f"parameter {i:02}")
    for i in range(12):
        put(f"/app/prod/VAR_{i:02}", f"value {i:02}")
    put("/app/nested/TOP", "top")
    put("/app/nested/deeper/LOW", "low")
    put("/app/plain", "plain", "String")
    put("/app/list", "a,b,c", "StringList")
    put("flat", "flat one", "String")
    put("/app/versions", "one")
    put("/app/versions", "two", Overwrite=True)
    put("/app/versions", "three", Overwrite=True)
    ssm.label_parameter_version(Name="/app/versions", ParameterVersion=2, Labels=["live"])
    there.put_parameter(Name="/app/away", Value=f"away in {name}", Type="String")
    arns["/app/plain"] = ssm.get_parameter(Name="/app/plain")["Parameter"]["ARN"]

    iam = client("iam", url, root)
    everything = ["secretsmanager:*", "ssm:*", "sts:*", "kms:*"]
    one = ["secretsmanager:GetSecretValue"]
    users = {}
    for user, policy in [("all", allow(*everything)), ("one-by-one", allow(*one)), ("none", allow("s3:ListBucket")),
                         ("assumes", allow("sts:AssumeRole"))]:
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="it", PolicyDocument=policy)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        users[user] = [key["AccessKeyId"], key["SecretAccessKey"]]
    account = iam.get_user(UserName="all")["User"]["Arn"].split(":")[4]
    issuer = f"arn:aws:iam::{account}:oidc-provider/issuer.example"
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole",
         "Condition": {"StringEquals": {"sts:ExternalId": "ours"}}},
        {"Effect": "Allow", "Principal": {"Federated": issuer}, "Action": "sts:AssumeRoleWithWebIdentity"}]}
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="it", PolicyDocument=allow(*everything))
    assume = client("sts", url, users["assumes"]).assume_role
    session = assume(RoleArn=role, RoleSessionName="it", ExternalId="ours")["Credentials"]
    return {"url": url, "users": users, "role": role, "arns": arns, "first": first,
            "session": [session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]],
            "identity": token("https://issuer.example"), "stranger": token("https://stranger.example")}


def token(issuer):
    """An identity token, as a cluster puts it into a file."""
    claims = {"iss": issuer, "sub": "system:serviceaccount:app:app", "aud": "sts.amazonaws.com"}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims)] + [b"signature"]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def certificates(folder, *names):
    """An authority, `ca.pem`, and what it signed: `good` for this machine and `names`, `expired`, and `other`, for another
    name."""
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    pem = serialization.Encoding.PEM
    above = ec.generate_private_key(ec.SECP256R1())

    def sign(subject, key, end, *extensions):
        builder = x509.CertificateBuilder(name("authority"), name(subject), key.public_key(), x509.random_serial_number(),
                                          now - 3 * day, end)
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(above, hashes.SHA256()).public_bytes(pem)

    with open(f"{folder}/ca.pem", "wb") as file:
        file.write(sign("authority", above, now + day, x509.BasicConstraints(True, None)))
    here = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), *map(x509.DNSName, names)]
    for kind, end, hosts in [("good", now + day, here), ("expired", now - day, here), ("other", now + day, [x509.DNSName("b")])]:
        key = ec.generate_private_key(ec.SECP256R1())
        with open(f"{folder}/{kind}.pem", "wb") as file:
            file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
            file.write(sign(kind, key, end, x509.SubjectAlternativeName(hosts)))


def in_tls(certificate, upstream):
    """Speaks TLS in front of a server; the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def received(outer, limit=65536):
        """What has arrived; `None` where that was nothing of the inside yet."""
        outer.settimeout(0)
        try:
            return outer.recv(limit)
        except ssl.SSLWantReadError:
            return None
        finally:
            outer.settimeout(None)

    def serve(plain):
        try:
            with context.wrap_socket(plain, server_side=True) as outer, socket.create_connection(("127.0.0.1", upstream)) as inner:
                # By one thread: before Python 3.13 two that read and write one TLS connection mix up its bytes.
                ends = [outer, inner]
                while inner in ends:
                    for source in [outer] if outer in ends and outer.pending() else select.select(ends, [], [])[0]:
                        data = received(outer) if source is outer else inner.recv(65536)
                        if data:
                            (inner if source is outer else outer).sendall(data)
                        elif data is not None:
                            ends.remove(source)
                            if source is outer:
                                inner.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return f"https://127.0.0.1:{listener.getsockname()[1]}"


def main():
    moto_port, ministack_port = port(), port()
    moto = start(["moto_server", "-H", "127.0.0.1", "-p", str(moto_port)], {})
    root = ("rootkey", "rootsecret")
    ministack = start(["ministack"], {
        "SERVICES": "secretsmanager,ssm,sts,iam,kms,imds", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(ministack_port),
        "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "AUTH": "true", "AWS_ACCESS_KEY_ID": root[0],
        "AWS_SECRET_ACCESS_KEY": root[1], "MINISTACK_IMDS_V2_REQUIRED": "1"})
    try:
        listening(moto, moto_port)
        url = f"http://127.0.0.1:{moto_port}"
        servers = {"moto": seed("moto", url, root)}
        # From the next request on, signatures and policies count.
        enforce = urllib.request.Request(f"{url}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        urllib.request.urlopen(enforce).read()
        listening(ministack, ministack_port)
        servers["ministack"] = seed("ministack", f"http://127.0.0.1:{ministack_port}", root)
        with tempfile.TemporaryDirectory() as folder:
            certificates(folder)
            tls = {kind: in_tls(f"{folder}/{kind}.pem", moto_port) for kind in ("good", "expired", "other")}
            servers["tls"] = tls | {"ca": f"{folder}/ca.pem"}
            print(json.dumps(servers), flush=True)
            sys.stdin.read()
    finally:
        for server in (moto, ministack):
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
