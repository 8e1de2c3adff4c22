"""The real servers that tests/bench/stores measures against, what is in them, and a proxy that counts or delays."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MOST = 50
BIN = Path(sys.executable).parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """Stands in front of a server on this machine: counts what passes, or answers after a while."""

    def __init__(self, port, delay=0.0):
        proxy, self.target, self.delay, self.seen, self.busy, self.most = self, port, delay, [], 0, 0
        self.lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 1 << 16  # head and body in one packet

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with proxy.lock:
                    proxy.busy += 1
                    proxy.most = max(proxy.most, proxy.busy)
                    proxy.seen.append((self.command, self.path))
                time.sleep(proxy.delay)
                there = http.client.HTTPConnection("127.0.0.1", proxy.target)
                there.request(self.command, self.path, body, dict(self.headers))
                answer = there.getresponse()
                content = answer.read()
                with proxy.lock:
                    proxy.busy -= 1
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                there.close()

            do_GET = do_POST = do_PUT = do_LIST = handle_one

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Counted:
    """A proxy for each server."""

    def __init__(self, servers):
        self.vault, self.aws = Proxy(servers.vault), Proxy(servers.aws)

    def reads(self):
        """The requests, less Vault's question for the kind of the mount, which uses nothing."""
        return len([path for _, path in self.vault.seen if "/sys/" not in path]) + len(self.aws.seen)

    def at_once(self):
        return self.vault.most


class Servers:
    """OpenBao and moto, with 50 secrets each."""

    def __init__(self, folder):
        self.folder, self.children, self.proxies = folder, [], []
        self.vault, self.aws = free_port(), free_port()
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "VAULT_ADDR": f"http://127.0.0.1:{self.vault}", "VAULT_TOKEN": "root",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.aws}", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "a-key-of-nobody",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def __enter__(self):
        self.start([shutil.which("bao") or BIN / "bao", "server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root",
                    f"-dev-listen-address=127.0.0.1:{self.vault}"], self.vault)
        self.start([shutil.which("moto_server") or BIN / "moto_server", "-H", "127.0.0.1", "-p", str(self.aws)], self.aws)
        self.fill()
        return self

    def __exit__(self, *_):
        for proxy in self.proxies:
            proxy.close()
        for child in self.children:
            child.terminate()
            child.wait()

    def start(self, words, port):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        child = subprocess.Popen([str(word) for word in words], env=environment, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        self.children.append(child)
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            if child.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit(f"{words[0]} did not start")

    def fill(self):
        def vault(path, data):
            request = urllib.request.Request(f"http://127.0.0.1:{self.vault}/v1/secret/data/{path}", method="POST",
                                             data=json.dumps({"data": data}).encode(), headers={"X-Vault-Token": "root"})
            for _ in range(100):  # the mount comes up a moment after the port
                with contextlib.suppress(OSError), urllib.request.urlopen(request) as answer:
                    return answer.read()
                time.sleep(0.05)
            sys.exit("OpenBao takes no secret")

        import boto3
        where = {"endpoint_url": f"http://127.0.0.1:{self.aws}", "region_name": "eu-west-1",
                 "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "a-key-of-nobody"}
        secrets, parameters = boto3.client("secretsmanager", **where), boto3.client("ssm", **where)
        for n in range(MOST):
            vault(f"app/{n}", {"value": f"value-{n:04}-abcdefghijklmnop"})
            secrets.create_secret(Name=f"app-{n}", SecretString=f"value-{n:04}-abcdefghijklmnop")
            parameters.put_parameter(Name=f"/app/{n}", Value=f"value-{n:04}-abcdefghijklmnop", Type="SecureString")
        vault("all", {f"k{n}": f"value-{n:04}-abcdefghijklmnop" for n in range(MOST)})

    def profile(self, folder, kind, count, through=None):
        """A profile with so many secrets of a kind; through proxies, where those are given."""
        row = {"vault": "vault:secret/app/{n}#value", "vault-keys": "vault:secret/all#k{n}", "aws": "aws:app-{n}",
               "ssm": "ssm:/app/{n}"}[kind]
        text = "[secrets]\n" + "".join(f'S{n} = "{row.format(n=n)}"\n' for n in range(count))
        if through:
            text += f'[source.vault]\naddress = "http://127.0.0.1:{through.vault.port}"\n'
            text += f'[source.aws]\nendpoint-url = "http://127.0.0.1:{through.aws.port}"\n'
        file = folder / f"{kind}-{count}{'-through' if through else ''}.toml"
        file.write_text(text)
        return file

    @contextlib.contextmanager
    def counting(self):
        counted = Counted(self)
        self.proxies += [counted.vault, counted.aws]
        yield counted

    def delayed(self, folder):
        """Profiles whose servers answer after 100 ms: each source alone, and all of them."""
        vault, aws = Proxy(self.vault, 0.1), Proxy(self.aws, 0.1)
        self.proxies += [vault, aws]
        sources = (f'[source.vault]\naddress = "http://127.0.0.1:{vault.port}"\n'
                   f'[source.aws]\nendpoint-url = "http://127.0.0.1:{aws.port}"\n')
        rows = {"vault": 'A = "vault:secret/app/0#value"\n', "aws": 'B = "aws:app-0"\n', "ssm": 'C = "ssm:/app/0"\n'}
        profiles = {}
        for name, text in (*rows.items(), ("all", "".join(rows.values()))):
            profiles[name] = folder / f"late-{name}.toml"
            profiles[name].write_text(f"[secrets]\n{text}{sources}")
        return profiles

    def curl(self):
        return ["curl", "-sf", "-H", "X-Vault-Token: root", f"http://127.0.0.1:{self.vault}/v1/secret/data/app/0"]

    def answer_of_vault(self, rounds):
        """What the server itself needs for a read and the question before it, over one open connection, in ms."""
        there = http.client.HTTPConnection("127.0.0.1", self.vault)
        there.connect()
        least = 1e9
        for _ in range(rounds):
            started = time.perf_counter()
            for path in ("/v1/sys/internal/ui/mounts/secret", "/v1/secret/data/app/0"):
                there.request("GET", path, headers={"X-Vault-Token": "root"})
                there.getresponse().read()
            least = min(least, (time.perf_counter() - started) * 1000)
        there.close()
        return least
