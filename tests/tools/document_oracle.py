"""Reads documents (a line each: `json` or `toml`, a space, the bytes in hex) and answers a line each: the tree, or `error`.

A text is `s` and its bytes in hex, null is `n`, a list `[a,b,]`, a table `{6b:a,}` with its keys in hex.
"""

import json
import sys
import tomllib


def unique(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def no_constant(name):
    raise ValueError(name)


def flat(node):
    if node is None:
        return "n"
    if isinstance(node, dict):
        return "{" + "".join(f"{key.encode().hex()}:{flat(value)}," for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + "".join(flat(item) + "," for item in node) + "]"
    if isinstance(node, bool):
        node = "true" if node else "false"
    return "s" + node.encode().hex()  # a lone surrogate cannot be encoded


def parse(kind, text):
    if kind == "toml":
        return tomllib.loads(text)
    return json.loads(text, object_pairs_hook=unique, parse_int=str, parse_float=str, parse_constant=no_constant)


for line in sys.stdin:
    kind, _, document = line.rstrip("\n").partition(" ")
    try:
        answer = flat(parse(kind, bytes.fromhex(document).decode()))
    except (ValueError, AttributeError):  # AttributeError: a TOML value that is neither text nor table
        answer = "error"
    print(answer)
