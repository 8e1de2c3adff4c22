"""What people write today: as many secrets of Azure Key Vault, into the environment of a program."""

import os
import sys

from azure.identity import EnvironmentCredential
from azure.keyvault.secrets import SecretClient

client = SecretClient("https://myvault.vault.azure.net", EnvironmentCredential(disable_instance_discovery=True))
environment = dict(os.environ)
for n in range(int(sys.argv[1])):
    environment[f"S{n}"] = client.get_secret(f"many-{n:02}").value
os.execve("/bin/true", ["true"], environment)
