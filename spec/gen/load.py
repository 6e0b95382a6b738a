# SPDX-License-Identifier: BSD-2-Clause
"""Read spec/*.toml and hold each file to its JSON Schema."""
import json
import tomllib

import jsonschema

FILES = (
    "pages",
    "vm",
    "vcpu",
    "hypercalls",
    "pool",
    "descriptors",
    "sysregs",
    "guest_sysregs",
    "guest_calls",
    "init",
    "traps",
    "assembly",
    "requirements",
    "assumptions",
)


class SpecError(Exception):
    """One wrong entry: which file, which key, why."""

    def __init__(self, name, path, reason):
        key = ".".join(str(part) for part in path) or "(file)"
        super().__init__(f"spec/{name}.toml: {key}: {reason}")


def reason_of(error):
    """The reason of a schema error in a person's words where the schema gives none of its own."""
    if error.validator == "required":
        return error.message.replace(" is a required property", " is missing")
    if error.validator == "additionalProperties":
        return "unknown key: " + ", ".join(
            sorted(set(error.instance) - set(error.schema.get("properties", {})))
        )
    return error.message


def load_file(folder, schema_folder, name):
    try:
        with open(folder / f"{name}.toml", "rb") as stream:
            data = tomllib.load(stream)
    except FileNotFoundError:
        raise SpecError(name, [], "the file is missing") from None
    except tomllib.TOMLDecodeError as error:
        raise SpecError(name, [], str(error)) from None
    schema = json.loads((schema_folder / f"{name}.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    errors = sorted(
        validator.iter_errors(data), key=lambda e: [str(part) for part in e.absolute_path]
    )
    if errors:
        raise SpecError(name, list(errors[0].absolute_path), reason_of(errors[0]))
    return data


def load(folder, schema_folder):
    return {name: load_file(folder, schema_folder, name) for name in FILES}
