"""What python-dotenv makes of many files: reads JSON on stdin, a list of files in hex, and writes a JSON list of answers.

An answer is {"statements": [...], "expanded": {NAME: VALUE}}, names and values in hex, a missing value as null. A
statement is {"line", "error": true} where python-dotenv warns and skips, else {"line", "key", "value", "single"}, the
last of which says whether the value stands in single quotes. "expanded" is `dotenv_values` with interpolation in an
empty environment, the last of duplicates.
"""

import io
import json
import logging
import os
import re
import sys
from importlib.metadata import version

import dotenv
from dotenv.parser import parse_stream

SINGLE = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=\#\s]+)[^\S\r\n]*=[^\S\r\n]*'")


def encode(text):
    return None if text is None else text.encode("utf-8", "surrogateescape").hex()


def stream(data):
    # What open(path, encoding="utf-8") gives, universal newlines included; bytes that are not UTF-8 survive.
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="surrogateescape")


def statement(binding):
    original = binding.original
    blank = original.string[: len(original.string) - len(original.string.lstrip())]
    answer = {"line": original.line + blank.count("\n")}
    if binding.error:
        return answer | {"error": True}
    single = SINGLE.match(original.string) is not None
    return answer | {"key": encode(binding.key), "value": encode(binding.value), "single": single}


def answer(data):
    bindings = [b for b in parse_stream(stream(data)) if b.error or b.key is not None]
    plain = dotenv.dotenv_values(stream=stream(data), interpolate=False)
    assert plain == {b.key: b.value for b in bindings if not b.error}
    expanded = dotenv.dotenv_values(stream=stream(data), interpolate=True)
    return {
        "statements": [statement(b) for b in bindings],
        "expanded": {encode(key): encode(value) for key, value in expanded.items()},
    }


def main():
    release = version("python-dotenv")
    if tuple(int(part) for part in release.split(".")[:3]) < (1, 2, 4):
        sys.exit(f"python-dotenv 1.2.4 or newer is needed, this is {release}")
    logging.disable(logging.CRITICAL)
    os.environ.clear()
    json.dump([answer(bytes.fromhex(data)) for data in json.load(sys.stdin)], sys.stdout)


main()
