"""Requests as an API server makes them, and what it makes of the answers."""

import copy
from typing import Any

import jsonpatch

from webhook.admission.answer import Answer
from webhook.admission.workload import KINDS, Hook, Request

RESOURCES = {kind: resource for resource, (kind, _) in KINDS.items()}
NAMESPACE = "tools"


def request(document: Any, old: Any = None, **keys: Any) -> Request:
    """The request to create an object, or to update it where the old one is given.

    It goes to the mutating hook unless said otherwise, holds objects of its own, which a review
    may edit, and takes documents of any shape.
    """
    kind = document.get("kind", "") if isinstance(document, dict) else ""
    metadata = document.get("metadata") if isinstance(document, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    usual: dict[str, Any] = {
        "hook": Hook.MUTATE,
        "resource": RESOURCES.get(kind, "pods") if isinstance(kind, str) else "pods",
        "operation": "CREATE" if old is None else "UPDATE",
        "object": copy.deepcopy(document),
        "old_object": copy.deepcopy(old),
        "kind": str(kind),
        "namespace": NAMESPACE,
        "name": name if isinstance(name, str) else "",
        "user": "alice",
        "groups": ("system:authenticated",),
    }
    return Request(**usual | keys)


def applied(document: Any, answer: Answer) -> Any:
    """The object after the patch of an answer, sharing nothing with either."""
    operations = copy.deepcopy(list(answer.operations))
    return jsonpatch.JsonPatch(operations).apply(copy.deepcopy(document))
