#!/usr/bin/env python3
"""Runs COMMAND in a network that is nothing but this machine, where AWS's own host names and the addresses of its metadata
services lead to a stand-in, over TLS where they do. It answers with where and as whom it was asked.
    unshare --net --mount python3 aws_names.py COMMAND [ARG]...       (as root)"""

import http.server
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading

from aws import certificates

NAMES = [f"{service}.{region}.amazonaws.com" for region in ("us-east-1", "eu-west-1")
         for service in ("secretsmanager", "secretsmanager-fips", "ssm", "sts")]
KEY = {"AccessKeyId": "AKIAMACHINE", "SecretAccessKey": "of-the-machine", "Token": "t", "Expiration": "2099-01-01T00:00:00Z"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def give(self, text, status=200):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Metadata(Handler):
    """Of an instance, with the second version's token, and of a container."""

    def do_PUT(self):
        self.send_response(200)
        self.send_header("X-aws-ec2-metadata-token-ttl-seconds", "21600")
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"token")

    def do_GET(self):
        document = json.dumps(KEY | {"Code": "Success"})
        if self.path == "/in-a-container":
            return self.give(document)
        if self.headers["x-aws-ec2-metadata-token"] != "token":
            return self.give("", 401)
        known = {"/latest/meta-data/placement/region": "eu-west-1", "/latest/meta-data/iam/security-credentials/": "role",
                 "/latest/meta-data/iam/security-credentials/role": document}
        self.give(known.get(self.path, ""), 200 if self.path in known else 404)


class Services(Handler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        signed = re.search(r"Credential=(\w+)/\d+/([\w-]+/\w+)/aws4_request", self.headers["Authorization"])
        asked = f"{self.headers['Host']} as {signed[1]} for {signed[2]}"
        if "Action=AssumeRole" in body:
            key = "<AccessKeyId>AKIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
            return self.give(f"<AssumeRoleResponse><AssumeRoleResult><Credentials>{key}<Expiration>2099-01-01T00:00:00Z"
                             "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>")
        wanted = json.loads(body)
        if "SecretId" in wanted:
            return self.give(json.dumps({"Name": wanted["SecretId"], "SecretString": asked}))
        found = [{"Name": name, "Value": asked, "Version": 1} for name in wanted["Names"]]
        self.give(json.dumps({"Parameters": found, "InvalidParameters": []}))


def listen(address, handler, context=None):
    server = http.server.ThreadingHTTPServer(address, handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/hosts", "w") as hosts:
            hosts.write("127.0.0.1 localhost\n" + "".join(f"127.0.0.2 {name}\n" for name in NAMES))
        for line in ["ip link set lo up", "ip addr add 169.254.169.254/32 dev lo", "ip addr add 169.254.170.2/32 dev lo",
                     f"mount --bind {folder}/hosts /etc/hosts"]:
            subprocess.run(line.split(), env=path, check=True)
        certificates(folder, *NAMES)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/good.pem")
        listen(("127.0.0.2", 443), Services, context)
        listen(("169.254.169.254", 80), Metadata)
        listen(("169.254.170.2", 80), Metadata)
        done = subprocess.run(sys.argv[1:], env=os.environ | {"SSL_CERT_FILE": f"{folder}/ca.pem"})
    sys.exit(done.returncode)


main()
