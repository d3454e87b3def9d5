"""Who has written an object, by what the API server keeps in its managedFields.

A manager that applies a field of ours, by `kubectl apply`, server-side apply or Helm, has the
object in a manifest and will apply it again: the object is theirs. One that only edits a field
has not.
"""

import json
from collections.abc import Collection, Iterable
from typing import Any

from webhook import names
from webhook.controller.installation import OWN_FIELD_MANAGER, is_own
from webhook.objects import BASELINE, POD_SECURITY_PREFIX

Json = dict[str, Any]
Path = tuple[str, ...]
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
KEYS = (("port", "protocol"), ("uid",))
# What the API server calls whoever wrote before anybody said who they are.
NOBODY = "before-first-apply"
HELM_RELEASE = "meta.helm.sh/release-name"


def by_us(entry: Json) -> bool:
    """Whether an entry of managedFields is ours."""
    return entry.get("manager") == OWN_FIELD_MANAGER


def entries(found: Json) -> list[Json]:
    """The entries of managedFields."""
    return found["metadata"].get("managedFields") or []


def others(found: Json) -> list[Json]:
    """The entries of everybody else; a status is written by controllers, and counts for nothing."""
    return [each for each in entries(found) if not by_us(each) and not each.get("subresource")]


def applied_by_us(found: Json) -> bool:
    """Whether some fields of an object are applied by us."""
    return any(by_us(each) and each.get("operation") == "Apply" for each in entries(found))


def labels_of_us_alone(found: Json) -> set[str]:
    """The labels of an object that are applied by us, and of which no other entry speaks."""
    applied = [each for each in entries(found) if by_us(each) and each.get("operation") == "Apply"]
    rest = [each for each in entries(found) if each not in applied]
    return labels_of(applied) - labels_of(rest)


def pod_security_labels_of_us(namespace: Json, *, managed: bool) -> set[str]:
    """Those that we applied alone; where it is or was `managed`, those of which no entry speaks.

    Somebody has cleared the managedFields of these; without us they would refuse pods.
    """
    owned = labels_of([each for each in entries(namespace) if each.get("manager") != NOBODY])
    there = (namespace["metadata"].get("labels") or {}).keys()
    unowned = {each for each in there - owned if each.startswith(POD_SECURITY_PREFIX)}
    return labels_of_us_alone(namespace) | (unowned if managed else set())


def is_made_policy(found: Json) -> bool:
    """Whether a NetworkPolicy is made: by the reserved name; or a Deployment, and label or fields.

    Users can write and take away each of these, but not the name.
    """
    metadata = found["metadata"]
    owners = {owner["kind"] for owner in metadata.get("ownerReferences") or []}
    claimed = is_own(metadata) or any(map(by_us, entries(found)))
    return metadata["name"] == BASELINE or (claimed and owners == {"Deployment"})


def taken_over(found: Json, core: Collection[Path]) -> bool:
    """Whether another manager has the object in a manifest, which has one of the `core` fields."""
    metadata = found["metadata"]
    managed_by = (metadata.get("labels") or {}).get(names.MANAGED_BY)
    return (
        managed_by not in (None, "", names.PRODUCT)
        or HELM_RELEASE in (metadata.get("annotations") or {})
        or applied_by_others(found, core) is not None
    )


def applied_by_others(found: Json, core: Collection[Path]) -> Json | None:
    """The object as other managers apply it; None where they apply no field of `core`."""
    applied = [each for each in others(found) if each.get("operation") == "Apply"]
    whole = {**found, "stringData": found.get("data")}
    by_server = _part(whole, [each.get("fieldsV1") or {"f:": {}} for each in applied])
    for manifest in (_stored(by_server, found), _stored(_last_applied(found), found)):
        if any(at(manifest, path) is not None for path in core):
            return manifest
    return None


def changed_by(found: Json, paths: Iterable[Path]) -> list[str]:
    """The managers other than us that wrote one of these fields last."""
    wanted = list(paths)
    return sorted(
        {
            str(each.get("manager"))
            for each in others(found)
            if each.get("manager") != NOBODY
            and any(_has(each.get("fieldsV1") or {}, path) for path in wanted)
        }
    )


def at(found: Any, path: Path) -> Any:
    """What is at a path of keys; None where there is nothing."""
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def labels_of(of: list[Json]) -> set[str]:
    """The labels of which entries of managedFields speak."""
    fields = [at(each.get("fieldsV1"), ("f:metadata", "f:labels")) or {} for each in of]
    return {key.removeprefix("f:") for each in fields for key in each if key.startswith("f:")}


def _has(fields: Json, path: Path) -> bool:
    for key in path:
        if f"f:{key}" not in fields:
            return False
        fields = fields[f"f:{key}"]
        if not fields:
            # The API server does not tell its parts apart.
            return True
    return True


def _part(value: Any, sets: list[Json]) -> Any:
    """What sets of fields, in the form of managedFields, have of a value.

    Users may write them: each is read once, and nothing in a key is.
    """
    if not all(fields.keys() - {"."} for fields in sets):
        return value
    inside: dict[str, list[Json]] = {}
    for key, named in (each for fields in sets for each in fields.items()):
        inside.setdefault(key, []).append(named)
    if isinstance(value, dict):
        found = {key: inside[f"f:{key}"] for key in value if f"f:{key}" in inside}
        return {key: _part(value[key], fields) for key, fields in found.items()}
    if isinstance(value, list):
        return [_part(item, inside[key]) for item in value if (key := _key(item)) in inside]
    return value


def _key(item: Any) -> str:
    """How managedFields call an item: `k:{"port":80,"protocol":"TCP"}`, an owner by its uid."""
    for keys in KEYS:
        if isinstance(item, dict) and keys[0] in item:
            named = {key: item.get(key) for key in keys}
            return f"k:{json.dumps(named, ensure_ascii=False, separators=(',', ':'))}"
    return ""


def _last_applied(found: Json) -> Json:
    """The manifest of a client-side `kubectl apply`, which kubectl leaves on the object."""
    text = (found["metadata"].get("annotations") or {}).get(LAST_APPLIED, "")
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _stored(manifest: Json, found: Json) -> Json:
    """A manifest as it is stored: `stringData` is part of a Secret's data."""
    parts = [part for key in ("data", "stringData") if isinstance(part := manifest.get(key), dict)]
    if not parts:
        return manifest
    stored, keys = found.get("data") or {}, {key for part in parts for key in part}
    return {**manifest, "data": {key: stored[key] for key in keys if key in stored}}
