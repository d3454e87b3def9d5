"""The settings as a structural OpenAPI schema: what the API server checks and `explain` shows.

It is made from the one model. A field that is not set follows the default of the version that
runs, so defaults are told in the descriptions and not stored with each object.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from webhook.settings.descriptions import CHART_ONLY, DESCRIPTIONS
from webhook.settings.model import Settings
from webhook.settings.patterns import ACCEPTED, RESOURCE_NAME

Schema = dict[str, Any]

QUANTITY = r"^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+(\.[0-9]*)?)?$"
MOST = {"resources": 32, "items": 128, "profiles": 64}
_KEPT = frozenset({"type", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength"})
_QUANTITIES = ("mcpServerDefaults.resources", "mcpServerMaximums")
_QUANTITY = {
    "anyOf": [{"type": "integer"}, {"type": "string"}],
    "maxLength": 32,
    "pattern": QUANTITY,
    "x-kubernetes-int-or-string": True,
}
_CIDR = {
    "maxLength": len("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"),
    "x-kubernetes-validations": [
        {
            "rule": "isCIDR(self) && string(cidr(self).masked()) == self",
            "message": "must be a block of addresses without host bits, such as 203.0.113.0/24",
        }
    ],
}
_BLOCKS = (
    "mcpNamespace.networkPolicy.dnsPeers",
    "mcpNamespace.networkPolicy.egressCeilings",
)


def settings_schema() -> Schema:
    """The schema of `spec`: every setting but those that only the chart reads."""
    return _without(CHART_ONLY, whole_schema(), "")


def whole_schema() -> Schema:
    """The schema of every setting."""
    whole = Settings.model_json_schema(by_alias=True)
    return _structural(whole, whole["$defs"], "")


def _without(keys: Collection[str], schema: Schema, prefix: str) -> Schema:
    if "properties" not in schema:
        return schema
    fields = {
        name: _without(keys, field, f"{prefix}{name}.")
        for name, field in schema["properties"].items()
        if f"{prefix}{name}" not in keys
    }
    return {**schema, "properties": fields}


def _structural(schema: Mapping[str, Any], known: Mapping[str, Any], key: str) -> Schema:
    resolved = _resolved(schema, known)
    made = {field: value for field, value in resolved.items() if field in _KEPT}
    made["description"] = _description(resolved, schema, key)
    if resolved.get("type") == "object":
        made.update(_object(resolved, known, key))
    elif resolved.get("type") == "array":
        items = _structural(resolved["items"], known, f"{key}[]")
        made["items"] = items | (_CIDR if key in _BLOCKS else {})
        made["maxItems"] = MOST["items"]
        made["x-kubernetes-list-type"] = "atomic"
    return {field: value for field, value in made.items() if value != ""}


def _resolved(schema: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself: behind its reference, and without the null that means "not set"."""
    given = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    reference = given.get("$ref")
    return known[reference.rpartition("/")[2]] if reference else given


def _object(resolved: Mapping[str, Any], known: Mapping[str, Any], key: str) -> Schema:
    fields = {
        name: _structural(field, known, f"{key}.{name}".lstrip("."))
        for name, field in resolved.get("properties", {}).items()
    }
    if fields:
        required = resolved.get("required")
        return {"properties": fields} | ({"required": required} if required else {})
    return _mapping(resolved, known, key)


def _mapping(resolved: Mapping[str, Any], known: Mapping[str, Any], key: str) -> Schema:
    """A mapping whose keys people choose, or one of known identifiers."""
    values = resolved.get("additionalProperties")
    if values is True:
        return {"x-kubernetes-preserve-unknown-fields": True}
    if key.startswith(_QUANTITIES):
        return {
            "additionalProperties": dict(_QUANTITY),
            "maxProperties": MOST["resources"],
            "x-kubernetes-validations": [_names(RESOURCE_NAME)],
        }
    for pattern, profile in resolved.get("patternProperties", {}).items():
        return {
            "additionalProperties": _structural(profile, known, f"{key}.*"),
            "maxProperties": MOST["profiles"],
            "x-kubernetes-validations": [_names(pattern)],
        }
    held = _structural(values or {}, known, f"{key}.*")
    if "propertyNames" in resolved:
        names = _resolved(resolved["propertyNames"], known)["enum"]
        return {"properties": {name: dict(held) for name in names}}
    return {"additionalProperties": held, "maxProperties": MOST["resources"]}


def _names(pattern: str) -> Schema:
    return {
        "rule": f"self.all(name, name.matches({json.dumps(pattern)}))",
        "message": f"names are {ACCEPTED[pattern]}",
    }


def _description(resolved: Mapping[str, Any], schema: Mapping[str, Any], key: str) -> str:
    sentence: str = DESCRIPTIONS.get(key) or resolved.get("description", "")
    default = schema.get("default")
    if key not in DESCRIPTIONS or default in (None, [], {}):
        return sentence
    shown = default if isinstance(default, str) else json.dumps(default)
    return f"{sentence} Default: {shown}"
