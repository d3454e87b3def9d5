"""The settings as a structural OpenAPI schema: what the API server checks and `explain` shows."""

from collections.abc import Sequence
from typing import Any

from tools.chart.model_schema import model_schema
from webhook.settings.values import CHART_ONLY, CLUSTER_ONLY, VERBATIM, Section

Schema = dict[str, Any]

# What JSON schema says and a structural schema cannot; CEL says the most of it.
_ONLY_JSON = {"additionalProperties", "propertyNames", "minProperties"}


def settings_schema() -> Schema:
    """The schema of `spec`: every setting but those that only the chart reads."""
    return _structural(model_schema(), (CHART_ONLY,))


def namespace_schema() -> Schema:
    """The schema of what a namespace can set; what is not set is as in the cluster."""
    return _structural(model_schema(defaults=False), (CHART_ONLY, CLUSTER_ONLY))


def structural_schema(section: type[Section]) -> Schema:
    """The schema of a section that is no part of the settings."""
    return _structural(model_schema(section))


def _structural(schema: Schema, left_out: Sequence[Schema] = ()) -> Schema:
    made = {
        key: value
        for key, value in schema.items()
        if key not in _ONLY_JSON and (not key.startswith("x-") or key.startswith("x-kubernetes-"))
    }
    if "x-kubernetes-int-or-string" in made:
        made.update(anyOf=[{"type": "integer"}, {"type": "string"}])
        del made["type"]
    elif "x-kubernetes-validations" in made:
        made.pop("pattern", None)
    if "properties" in schema:
        made["properties"] = {
            name: _structural(field, left_out)
            for name, field in schema["properties"].items()
            if not _is_left_out(field, left_out)
        }
        if VERBATIM in schema:
            # The API server drops a null without it, and a selector without labels selects all.
            made["properties"] = {
                name: {**field, "nullable": True} for name, field in made["properties"].items()
            }
    elif "enum" in schema.get("propertyNames", {}):
        values = _structural(schema["additionalProperties"], left_out)
        made["properties"] = {name: dict(values) for name in schema["propertyNames"]["enum"]}
        del made["maxProperties"]
    elif isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = _structural(schema["additionalProperties"], left_out)
    if "items" in schema:
        made["items"] = _structural(schema["items"], left_out)
        made["x-kubernetes-list-type"] = "atomic"
    return made


def _is_left_out(field: Schema, marks: Sequence[Schema]) -> bool:
    """Whether a field has such a mark, or all fields in it have."""
    inside = field.get("properties")
    return any(mark.items() <= field.items() for mark in marks) or bool(
        inside and all(_is_left_out(each, marks) for each in inside.values())
    )
