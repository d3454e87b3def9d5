"""Writes webhook/offline/kubernetes_fields.txt from the schemas of each supported Kubernetes.

    python -m tools.kubernetes_fields

A field that one of the minors has is known; tests/offline/test_object_fields.py compares.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Any

import kubernetes_validate

from webhook.offline.unreviewed_kinds import VERSIONS

Json = dict[str, Any]
MINORS = tuple(f"1.{minor}" for minor in range(30, 38))
SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
FILE = Path(__file__).parents[1] / "webhook" / "offline" / "kubernetes_fields.txt"
WORDS = {"string": "text", "boolean": "flag", "integer": "number", "object": "any"}
# What the API server writes, and nobody else.
OPAQUE = {"status", "managedFields"}
HEAD = """\
# The fields of the kinds that have rules, in every Kubernetes from {oldest} to {newest}.
# Made by: python -m tools.kubernetes_fields
"""


@cache
def definitions(minor: str) -> Json:
    file = SCHEMAS / f"v{minor}.0-local" / "_definitions.json"
    found: Json = json.loads(file.read_text(encoding="utf-8"))["$defs"]
    return found


def short(reference: str) -> str:
    return reference.rpartition(".")[2]


def root(kind: str) -> str:
    group, _, version = VERSIONS[kind].rpartition("/")
    return f"io.k8s.api.{group or 'core'}.{version}.{kind}"


def word(schema: Json, minor: str, pending: set[str]) -> str:
    """The type of a field, in the words of the table."""
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference.endswith((".Quantity", ".IntOrString")):
        return "amount" if reference.endswith(".Quantity") else "port"
    if reference and "properties" in definitions(minor)[reference]:
        pending.add(reference)
        return short(reference)
    if reference:
        return word(definitions(minor)[reference], minor, pending)
    given = schema["type"]
    kind = given if isinstance(given, str) else next(one for one in given if one != "null")
    if kind == "array":
        return f"[{word(schema['items'], minor, pending)}]"
    if "additionalProperties" in schema:
        return f"{{{word(schema['additionalProperties'], minor, pending)}}}"
    return WORDS[kind]


def types(minor: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every type that the kinds with rules reach, with its fields."""
    pending, done = {root(kind) for kind in VERSIONS}, set[str]()
    while pending:
        name = min(pending)
        pending.remove(name)
        if name in done:
            continue
        done.add(name)
        yield (
            short(name),
            {
                key: "any" if key in OPAQUE else word(schema, minor, pending)
                for key, schema in definitions(minor)[name]["properties"].items()
            },
        )


def table() -> str:
    """The text of the file."""
    merged: dict[str, dict[str, str]] = {}
    for minor in MINORS:
        for name, fields in types(minor):
            known = merged.setdefault(name, {})
            for key, given in fields.items():
                assert known.setdefault(key, given) == given, (minor, name, key)
    text = HEAD.format(oldest=MINORS[0], newest=MINORS[-1])
    for name, fields in sorted(merged.items()):
        words = " ".join(f"{key}:{fields[key]}" for key in sorted(fields))
        text += fill(f"{name} {words}", 100, subsequent_indent="  ", break_on_hyphens=False) + "\n"
    return text


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
