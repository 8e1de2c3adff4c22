"""Stores each file of a folder in the login keyring, as item SERVICE/its name, and becomes the rest of the arguments.

secret-tool cuts a value off at 8 KiB, so this is python's secretstorage."""

import os
import sys

import secretstorage

folder, service, *command = sys.argv[1:]
login = secretstorage.Collection(secretstorage.dbus_init(), "/org/freedesktop/secrets/collection/login")
for name in sorted(os.listdir(folder)):
    with open(os.path.join(folder, name), "rb") as file:
        login.create_item("proof", {"service": service, "username": name}, file.read())
os.execv(command[0], command)
