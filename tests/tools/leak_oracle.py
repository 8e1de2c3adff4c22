#!/usr/bin/env python3
"""Writes values as other people's encoders do: one file for each value and encoding, under the folder that is named.

    leak_oracle.py VALUES FOLDER

VALUES is JSON: a list of [name, value in hex]. Each file holds a few lines, then the value once, in the fourth line. What
stands before and behind it in the same text has every length that an alignment can come from. A file's name is
NAME.ENCODING; under `changed/` is the same with one character of the value's own changed, which is no leak any more.
"""

import base64
import json
import random
import sys
import textwrap
import urllib.parse
from pathlib import Path

chance = random.Random(7)


def noise(count):
    return bytes(chance.randrange(256) for _ in range(count))


def wrapped(text, width, indent=""):
    return ("\n" + indent).join(textwrap.wrap(text, width, break_on_hyphens=False))


def javascript(value):
    """encodeURIComponent."""
    return urllib.parse.quote(value, safe="!~*'()")


def encodings(value):
    """Each encoding of these bytes: (name, text). `around` bytes are what an encoder of whole files has beside them."""
    for before in range(3):
        for behind in range(3):
            around = noise(before) + value + noise(behind)
            yield f"base64-{before}{behind}", base64.b64encode(around).decode()
            yield f"urlsafe-{before}{behind}", base64.urlsafe_b64encode(around).decode().rstrip("=")
    yield "hex", value.hex()
    yield "HEX", value.hex().upper()
    if len(value) >= 16:
        for before in (0, 10, 25, 40):
            around = noise(before) + value + noise(9)
            yield f"mime-{before}", base64.encodebytes(around).decode().rstrip("\n")
            yield f"pem-{before}", wrapped(base64.b64encode(around).decode(), 64)
            yield f"yaml-{before}", wrapped(base64.b64encode(around).decode(), 70, "      ")
            yield f"crlf-{before}", wrapped(base64.b64encode(around).decode(), 76).replace("\n", "\r\n")
            if before < 30:  # the value begins in the first line
                yield f"xxd-{before}", wrapped(around.hex(), 60)
    yield "quote", urllib.parse.quote(value)
    yield "quote-all", urllib.parse.quote(value, safe="")
    yield "quote-lower", lower(urllib.parse.quote(value, safe=""))
    yield "form", urllib.parse.quote_plus(value)
    yield "javascript", javascript(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    yield "json", json.dumps(text)
    yield "json-unicode", json.dumps(text, ensure_ascii=False)
    yield "json-php", json.dumps(text).replace("/", "\\/")
    go = json.dumps(text, ensure_ascii=False)
    yield "json-go", go.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def lower(text):
    parts = text.split("%")
    return parts[0] + "".join("%" + part[:2].lower() + part[2:] for part in parts[1:])


def changed(value):
    """The same with one bit of a byte in the middle turned, of one that stays a character of its kind."""
    at = min(len(value) // 2, 200)
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1:]


def main():
    folder = Path(sys.argv[2])
    (folder / "changed").mkdir(parents=True)
    for name, value in json.loads(Path(sys.argv[1]).read_text()):
        value = bytes.fromhex(value)
        for where, bytes_ in ((folder, value), (folder / "changed", changed(value))):
            rows = [("plain", bytes_), ("binary", b"\x00" + bytes_ + b"\x00\xff")]
            rows += [(encoding, text.encode("utf-8", "surrogatepass")) for encoding, text in encodings(bytes_)]
            for encoding, text in rows:
                (where / f"{name}.{encoding}").write_bytes(b"one\ntwo\nthree\nsecret: " + text + b"\nlast\n")


if __name__ == "__main__":
    main()
