"""Whose the fields of a stored object are, before it is applied for the first time.

What was created by POST belongs to an Update of our field manager, what is applied to an Apply.
Both own a field that is in both, and an apply takes away only what nobody else owns: a value that a
user takes out of a Secret would stay in ours for ever. So the fields are handed over first, once,
by a JSON patch that fails when somebody has written in between.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
_FIELDS = "/metadata/managedFields"
_VERSION = "/metadata/resourceVersion"


def handover(stored: Json, manager: str) -> list[Json] | None:
    """The JSON patch that makes the manager's Updates an Apply; None where there are none."""
    metadata = stored["metadata"]
    entries: list[Json] = metadata.get("managedFields") or []
    ours = [entry for entry in entries if _is_ours(entry, manager)]
    if all(entry["operation"] == "Apply" for entry in ours):
        return None
    owned: Json = {}
    for entry in ours:
        owned = _union(owned, entry.get("fieldsV1") or {})
    applied = {**ours[-1], "operation": "Apply", "fieldsV1": owned}
    others = [entry for entry in entries if entry not in ours]
    return [
        {"op": "replace", "path": _FIELDS, "value": [*others, applied]},
        {"op": "replace", "path": _VERSION, "value": metadata["resourceVersion"]},
    ]


def _is_ours(entry: Json, manager: str) -> bool:
    return entry.get("manager") == manager and not entry.get("subresource")


def _union(one: Json, other: Json) -> Json:
    return {
        key: _union(one.get(key) or {}, other.get(key) or {})
        for key in dict.fromkeys([*one, *other])
    }
