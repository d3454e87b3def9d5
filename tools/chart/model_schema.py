"""The JSON schema that pydantic makes of the settings, with nothing left to look up.

References are resolved, null for "not set" is left out, and descriptions tell the defaults: a
field that is not set follows the default of the version that runs, so no default is stored.
"""

import json
from collections.abc import Mapping
from typing import Any

from webhook.settings.model import Settings
from webhook.settings.values import Section

Schema = dict[str, Any]

MOST_ITEMS, MOST_KEYS = 128, 64
_DROPPED = {"$defs", "title", "default", "anyOf", "$ref", "patternProperties"}


def model_schema(section: type[Section] = Settings, *, defaults: bool = True) -> Schema:
    """The schema of every setting, or of another section; without defaults, none is told."""
    whole = section.model_json_schema(by_alias=True)
    return _resolved(whole, whole["$defs"], defaults=defaults)


def _resolved(schema: Mapping[str, Any], known: Mapping[str, Any], *, defaults: bool) -> Schema:
    """The schema with its references replaced, every list and every free mapping bounded."""
    given: Schema = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), {})
    reference = {**schema, **given}.get("$ref", "")
    held: Schema = {**known.get(reference.rpartition("/")[2], {}), **given, **schema}
    made = {key: value for key, value in held.items() if key not in _DROPPED}
    for pattern, values in held.get("patternProperties", {}).items():
        made["propertyNames"] = {"pattern": pattern}
        made["additionalProperties"] = values
    if "properties" in made:
        made["properties"] = {
            name: _resolved(field, known, defaults=defaults)
            for name, field in made["properties"].items()
        }
    elif isinstance(made.get("additionalProperties"), dict):
        made.setdefault("maxProperties", MOST_KEYS)
        made["additionalProperties"] = _resolved(
            made["additionalProperties"], known, defaults=defaults
        )
    if "propertyNames" in made:
        made["propertyNames"] = _resolved(made["propertyNames"], known, defaults=defaults)
    if "items" in made:
        made.setdefault("maxItems", MOST_ITEMS)
        made["items"] = _resolved(made["items"], known, defaults=defaults)
    return _told_default(made, schema.get("default") if defaults else None)


def _told_default(schema: Schema, default: Any) -> Schema:
    if "description" not in schema or default in (None, [], {}):
        return schema
    shown = default if isinstance(default, str) else json.dumps(default)
    return {**schema, "description": f"{schema['description']} Default: {shown}"}
