"""Releases an object that another manager has taken over: what is only ours on it is removed.

Without our reference it is kept when the Deployment is deleted. An apply merges maps, and lists of
ports: of a field that the other manager applies, only what it applies is kept.
"""

from collections.abc import Iterator
from typing import Any

from webhook import names
from webhook.controller.owned.managed_fields import Path, applied_by_others, at, by_us, entries
from webhook.controller.owned.owned_objects import LABELS, SERVICE, Kind

Json = dict[str, Any]
SELECTOR: Path = ("spec", "selector")


def released(kind: Kind, found: Json, owner: str) -> Json:
    """The merge patch that lets go of an object that carries the reference to this owner.

    It fails where the object is another by now. Its `metadata` alone lets go, too.
    """
    metadata, theirs = found["metadata"], applied_by_others(found, kind.core)
    patch = unwritten(found)
    patch["metadata"] |= {
        "labels": dict.fromkeys(_labels(metadata, theirs)),
        "ownerReferences": _owners(metadata, theirs, owner),
    }
    for path, surplus in _surplus_of(kind, found, theirs):
        inside = patch
        for key in path[:-1]:
            inside = inside.setdefault(key, {})
        inside[path[-1]] = surplus
    return patch


def unwritten(found: Json) -> Json:
    """The merge patch that takes us out of its managedFields."""
    metadata = found["metadata"]
    left = [each for each in entries(found) if not by_us(each)]
    seen = {key: metadata[key] for key in ("uid", "resourceVersion")}
    return {"metadata": {**seen, "managedFields": left}}


def _labels(metadata: Json, theirs: Json | None) -> list[str]:
    """Ours, where they say what we wrote."""
    labels = metadata.get("labels") or {}
    ours = {names.MANAGED_BY: names.PRODUCT, names.NAME: labels.get(names.NAME)}
    return [
        key
        for key in LABELS
        if key in labels
        and labels[key] == ours[key]
        and at(theirs, ("metadata", "labels", key)) is None
    ]


def _owners(metadata: Json, theirs: Json | None, owner: str) -> list[Json]:
    applied = at(theirs, ("metadata", "ownerReferences"))
    kept = applied if isinstance(applied, list) else []
    ours = not any(at(each, ("uid",)) == owner for each in kept)
    owners: list[Json] = metadata.get("ownerReferences") or []
    return [each for each in owners if not ours or each["uid"] != owner]


def _surplus_of(kind: Kind, found: Json, theirs: Json | None) -> Iterator[tuple[Path, Any]]:
    if theirs is not None:
        for path in kind.core:
            applied = at(theirs, path)
            surplus = None if applied is None else _surplus(applied, at(found, path))
            if surplus:
                yield path, surplus
    elif kind is SERVICE:
        # Helm 3 merges like kubectl, and leaves no note of what it sent.
        selector = at(found, SELECTOR) or {}
        ours = {key: None for key in names.LABELS if key in selector}
        if ours and len(selector) > len(ours):
            yield SELECTOR, ours


def _surplus(applied: Any, stored: Any) -> Any:
    """The merge patch that takes out what is not applied; it has no value that is not stored."""
    if isinstance(applied, list) and isinstance(stored, list):
        return _ports(applied, stored)
    if not isinstance(applied, dict) or not isinstance(stored, dict):
        return None
    inside = {
        key: _surplus(applied[key], value)
        for key, value in stored.items()
        if isinstance(value, dict) and key in applied
    }
    gone = dict.fromkeys(stored.keys() - applied.keys())
    return {key: each for key, each in inside.items() if each} | gone


def _ports(applied: list[Any], stored: list[Json]) -> list[Json] | None:
    """The ports of a Service that are applied, with the fields that are; None where all are."""
    theirs = {_number(each): each for each in applied if isinstance(each, dict)}
    kept = [
        {key: value for key, value in each.items() if key in theirs[_number(each)]}
        for each in stored
        if _number(each) in theirs
    ]
    return kept if kept and kept != stored else None


def _number(port: Json) -> tuple[str, str]:
    return str(port.get("port")), str(port.get("protocol") or "TCP")
