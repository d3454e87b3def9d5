"""`values.schema.json`: what the chart accepts, its settings as the one model says them.

Helm checks values with it before it renders anything. `null` is "not set here"; what the chart
reads besides settings is written here.
"""

from collections.abc import Iterator
from typing import Any

from tools.chart.model_schema import model_schema
from tools.chart.own_values import mapping, own_values
from webhook.settings.environment import VARIABLES
from webhook.settings.model import Settings
from webhook.settings.values import VERBATIM, Section, Value

Schema = dict[str, Any]

# What a schema of the chart keeps of the settings'; bounds of mappings are for the API server.
_KEPT = ("description", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems",
         "maxItems", "minProperties")  # fmt: skip


def values_schema() -> Schema:
    """The whole schema."""
    settings = setting(model_schema())["properties"]
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


def setting(schema: Schema, *, null: bool = True, kept: bool = False) -> Schema:
    """The schema of a setting as the chart accepts it; null is "not set", where it is accepted.

    Neither Helm nor the settings take a null away that is `kept`: in a list, or in what is handed
    through to Kubernetes; there it is accepted in sections alone.
    """
    made = {field: schema[field] for field in _KEPT if field in schema}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    made["type"] = [*types, "null"] if null else types if len(types) > 1 else types[0]
    if "enum" in schema:
        # What is accepted, whatever type it is: `off` without quotes is a boolean.
        made["enum"] = [*schema["enum"], *([None] if null else [])]
        del made["type"]
    if "items" in schema:
        made["items"] = setting(schema["items"], null=False, kept=True)
    return _mapping(schema, kept=kept) | made


def _mapping(schema: Schema, *, kept: bool) -> Schema:
    names, values = schema.get("propertyNames", {}), schema.get("additionalProperties")
    if "enum" in names:
        return mapping({name: setting(schema["additionalProperties"]) for name in names["enum"]})
    if "properties" in schema:
        verbatim = VERBATIM in schema
        properties = {
            name: setting(held, null=not verbatim, kept=kept or verbatim)
            for name, held in schema["properties"].items()
        }
        return mapping(properties, schema.get("required", ()))
    if isinstance(values, dict):
        held = setting(values, null=not kept, kept=kept)
        return {"propertyNames": names, "additionalProperties": held}
    return {}
