"""What people write today: as many secrets of Google Cloud Secret Manager, into the environment of a program."""

import os
import sys

from google.cloud import secretmanager

client = secretmanager.SecretManagerServiceClient(transport="rest")
environment = dict(os.environ)
for n in range(int(sys.argv[1])):
    answer = client.access_secret_version(name=f"projects/demo-project/secrets/many-{n:02}/versions/latest")
    environment[f"S{n}"] = answer.payload.data.decode()
os.execve("/bin/true", ["true"], environment)
