"""`values.schema.json`: what the chart accepts, its settings as the one model says them.

Helm checks values with it before it renders anything. `null` is "not set here"; what the chart
reads besides settings is written here.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from tools.chart.own_values import mapping, own_values
from webhook.settings.model import Section, Settings, Value
from webhook.settings.reference_names import VARIABLES
from webhook.settings.structural import whole_schema

Schema = dict[str, Any]

LABEL_KEY = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LABEL_VALUE = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"
OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
BLOCK = (
    rf"^({OCTET}(\.{OCTET}){{3}}/([12]?[0-9]|3[0-2])"
    r"|(::|[0-9a-f]{1,4}:)[0-9a-f:]*/([1-9]?[0-9]|1[01][0-9]|12[0-8]))$"
)
KEPT = ("description", "pattern", "minimum", "maximum", "minLength", "maxLength", "maxItems")


def values_schema() -> Schema:
    """The whole schema."""
    settings = setting(whole_schema())["properties"]
    settings["selectors"]["items"] = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": LABEL_KEY},
        "additionalProperties": {"type": "string", "pattern": LABEL_VALUE},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Values of the chart mcp-admission",
        **mapping({**settings, "config": named(settings), **own_values()}),
    }


def named(settings: Schema) -> Schema:
    """The settings that the reference deployment has names for; an empty text is not set."""
    properties: Schema = {}
    for name, path in VARIABLES.items():
        held: Schema = {"properties": settings}
        for step in path:
            description = held.get("description", "")
            free: Schema = {"description": description, "type": "string"}
            held = held.get("properties", {}).get(step, free)
        properties[name] = _named(held)
    return mapping(properties)


def _named(held: Schema) -> Schema:
    if {"array", "object"} & {*held.get("type", ())} or held.get("type") == "string":
        return {"description": held["description"], "type": ["string", "null"]}
    return {**held, **_as_text(held)}


def _as_text(held: Schema) -> Schema:
    if "boolean" in held.get("type", ()):
        spelled = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"]
        return {"type": ["boolean", "string", "null"], "enum": [True, False, *spelled, "", None]}
    if "enum" in held:
        return {"enum": [*held["enum"], ""]}
    if "pattern" in held:
        return {"pattern": f"^$|{held['pattern']}"}
    return {"minLength": 0}


def sections(model: type[Section] = Settings, prefix: str = "") -> Iterator[str]:
    """The keys of all mappings inside of which layers merge, the root's is empty."""
    yield prefix.rstrip(".")
    for name, field in model.model_fields.items():
        held = field.annotation
        if isinstance(held, type) and issubclass(held, Section) and not issubclass(held, Value):
            yield from sections(held, f"{prefix}{field.alias or name}.")


SECTIONS = frozenset(sections())


def setting(schema: Schema, *, item: bool = False) -> Schema:
    """A structural schema as a JSON schema; what is no item of a list may be null: not set."""
    made = {field: schema[field] for field in KEPT if field in schema}
    types = [schema["type"]] if "type" in schema else ["integer", "number", "string"]
    null = [] if item else ["null"]
    made["type"] = [*types, *null] if len(types) + len(null) > 1 else types[0]
    if "enum" in schema:
        # What is accepted, whatever type it is: `off` without quotes is a boolean.
        made["enum"] = [*schema["enum"], *([] if item else [None])]
        del made["type"]
    if "items" in schema:
        made["items"] = setting(schema["items"], item=True)
    inner = schema.get("additionalProperties")
    if "properties" in schema:
        properties = {name: setting(held) for name, held in schema["properties"].items()}
        made = mapping(properties, schema.get("required", ())) | made
    elif isinstance(inner, dict):
        made["additionalProperties"] = setting(inner)
    for validation in schema.get("x-kubernetes-validations", ()):
        made |= _said_otherwise(validation["rule"])
    return made


def _said_otherwise(rule: str) -> Schema:
    """CEL of the resource's schema as far as JSON schema can say it."""
    if "isCIDR" in rule:
        return {"pattern": BLOCK}
    found = re.search(r"name\.matches\((.*)\)\)$", rule)
    if found is None:
        raise ValueError(f"no JSON schema says {rule}: say here what does")
    return {"propertyNames": {"pattern": json.loads(found.group(1))}}
