"""What people write today: the secrets of as many paths of a Vault, into the environment of a program."""

import os
import sys

import hvac

client = hvac.Client(url=os.environ["VAULT_ADDR"], token=os.environ["VAULT_TOKEN"])
environment = dict(os.environ)
for n in range(int(sys.argv[1])):
    answer = client.secrets.kv.v2.read_secret_version(mount_point="secret", path=f"app/{n}", raise_on_deleted_version=True)
    environment[f"S{n}"] = answer["data"]["data"]["value"]
os.execve("/bin/true", ["true"], environment)
