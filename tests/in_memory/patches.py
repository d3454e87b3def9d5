"""The forms of PATCH that an API server applies before any webhook sees the object."""

from collections.abc import Sequence
from typing import Any

import jsonpatch

from tests.e2e.namespace import JSON_PATCH, STRATEGIC_PATCH
from tests.in_memory.defaults import copied

Json = dict[str, Any]

_DIRECTIVE = "$patch"


def patched(document: Json, body: Json | Sequence[Json], form: str) -> Json:
    """A copy of the document after the patch; items of strategic patches are merged by name."""
    if not isinstance(body, dict):
        assert form == JSON_PATCH
        changed: Json = jsonpatch.JsonPatch(list(body)).apply(copied(document))
        return changed
    return _merged(copied(document), body, by_name=form == STRATEGIC_PATCH)


def _merged(into: Json, body: Json, *, by_name: bool) -> Json:
    if body.get(_DIRECTIVE) == "replace":
        return {key: value for key, value in body.items() if key != _DIRECTIVE}
    for key, value in body.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            into[key] = _merged(into.get(key) or {}, value, by_name=by_name)
        elif by_name and value and all(isinstance(one, dict) for one in value):
            into[key] = _merged_items(into.get(key) or [], value)
        else:
            into[key] = value
    return into


def _merged_items(into: list[Json], items: list[Json]) -> list[Json]:
    if {_DIRECTIVE: "replace"} in items:
        return [item for item in items if _DIRECTIVE not in item]
    merged = {item["name"]: item for item in into}
    for item in items:
        if item.get(_DIRECTIVE) == "delete":
            merged.pop(item["name"], None)
        else:
            merged[item["name"]] = _merged(merged.get(item["name"], {}), item, by_name=True)
    return list(merged.values())
