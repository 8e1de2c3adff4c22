"""A Secret Service that misbehaves on purpose: secret-service.py MODE on the bus of DBUS_SESSION_BUS_ADDRESS.

die:MEMBER     ends when MEMBER is called         hang:MEMBER   never answers MEMBER
iv             a value with a short IV            padding       a value that cannot be decrypted
type           a string where a secret is expected   huge          a value over 1 MiB
dismiss, open  a locked collection that shows none of its items, as KeePassXC's: its prompt is dismissed, or unlocks
Prints "ready" once it has the name. Needs the packages secretstorage and jeepney.
"""
import os
import sys

from jeepney import HeaderFields, MessageType, new_error, new_method_return, new_signal, DBusAddress
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from secretstorage.dhcrypto import Session
from secretstorage.util import format_secret

mode, _, member_of_mode = sys.argv[1].partition(":")
ROOT = "/org/freedesktop/secrets"
COLLECTION, ITEM, PROMPT = ROOT + "/collection/db", ROOT + "/collection/db/1", ROOT + "/prompt/1"
bus = open_dbus_connection("SESSION")
bus.send_and_get_reply(message_bus.RequestName("org.freedesktop.secrets"))
print("ready", flush=True)
session, locked = Session(), mode in ("dismiss", "open")


def answer(member, body):
    """Signature and values of one reply."""
    global locked
    if member == "OpenSession":
        session.object_path = ROOT + "/session/1"
        session.set_server_public_key(int.from_bytes(body[1][1], "big"))
        return "vo", (("ay", session.my_public_key.to_bytes(128, "big")), session.object_path)
    if member == "SearchItems":
        return "aoao", ([] if locked else [ITEM], [])
    if member == "GetSecret" and mode == "type":
        return "s", ("plain text",)
    if member == "GetSecret":
        value = b"a" * ((1 << 20) + 1) if mode == "huge" else b"from the fake"
        secret = list(format_secret(session, value, "text/plain"))
        if mode == "iv":
            secret[1] = b"short"
        if mode == "padding":
            secret[2] = b"\0" * 16
        return "(oayays)", (tuple(secret),)
    if member == "Get":
        values = {"Collections": ("ao", [COLLECTION]), "Locked": ("b", locked), "Items": ("ao", [] if locked else [ITEM])}
        return "v", (values[body[1]],)
    if member == "Unlock":
        return "aoo", ([], PROMPT)
    return "", ()


def prompt():
    global locked
    locked = mode != "open"
    where = DBusAddress(PROMPT, interface="org.freedesktop.Secret.Prompt")
    bus.send(new_signal(where, "Completed", "bv", (locked, ("ao", []))))


while True:
    call = bus.receive()
    if call.header.message_type is not MessageType.method_call:
        continue
    member = call.header.fields[HeaderFields.member]
    if member == member_of_mode:
        if mode == "die":
            os._exit(0)
        continue
    try:
        bus.send(new_method_return(call, *answer(member, call.body)))
    except Exception as error:
        bus.send(new_error(call, "org.example.Fake.Bug", "s", (repr(error),)))
    if member == "Prompt":
        prompt()
