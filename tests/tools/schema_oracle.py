"""schema_oracle.py SCHEMA FILE...: prints a line for each profile, `success` or `error`, as JSON Schema 2020-12 judges it."""

import json
import sys
import tomllib

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for path in sys.argv[2:]:
    try:
        with open(path, "rb") as file:
            profile = tomllib.load(file)
    except tomllib.TOMLDecodeError:
        print("error")
    else:
        print("success" if validator.is_valid(profile) else "error")
