"""The settings as a structural OpenAPI schema: what the API server checks and `explain` shows."""

from typing import Any

from tools.chart.model_schema import model_schema
from webhook.settings.values import CHART_ONLY, VERBATIM

Schema = dict[str, Any]

# What JSON schema says and a structural schema cannot; CEL says the most of it.
_ONLY_JSON = {"additionalProperties", "propertyNames", "minProperties"}


def settings_schema() -> Schema:
    """The schema of `spec`: every setting but those that only the chart reads."""
    return _structural(model_schema())


def _structural(schema: Schema) -> Schema:
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
            name: _structural(field)
            for name, field in schema["properties"].items()
            if not CHART_ONLY.items() <= field.items()
        }
        if VERBATIM in schema:
            # The API server drops a null without it, and a selector without labels selects all.
            made["properties"] = {
                name: {**field, "nullable": True} for name, field in made["properties"].items()
            }
    elif "enum" in schema.get("propertyNames", {}):
        values = _structural(schema["additionalProperties"])
        made["properties"] = {name: dict(values) for name in schema["propertyNames"]["enum"]}
        del made["maxProperties"]
    elif isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = _structural(schema["additionalProperties"])
    if "items" in schema:
        made["items"] = _structural(schema["items"])
        made["x-kubernetes-list-type"] = "atomic"
    return made
