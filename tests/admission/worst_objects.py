"""Worst objects: one for each list and map that a rule reads, as long as an API server takes it.

The lists come from the fields of Kubernetes whose names stand in the source of the rules, of pods
and of admission. A rule that reads another list names it there, and is measured without any edit
of a test.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from tests.admission.case import INJECTED, NAME, SERVER, Json
from webhook.admission.handler import review
from webhook.admission.workload import Hook, Scope
from webhook.offline.object_fields import ANY_KEY, FieldType, field_table
from webhook.server.admission_review import decode_review
from webhook.server.decision import Decision, make_decision
from webhook.settings.model import Settings

LARGEST = 3 * 1024 * 1024  # what an API server takes
WEBHOOK = Path(__file__).parents[2] / "webhook"
READERS = ("rules/checks", "pods", "admission")
ASKS = {
    "mcp-admission.dev/env-from": "one",
    "mcp-admission.dev/files-from": "two",
    "mcp-admission.dev/container": "main",
}
ITEM = "0"  # stands for the items of a list
HERE = '"here"'
MEMORY: Json = {
    "items": {
        "": {"tolerations": [{}] * 300, "volumes": [{}] * 300, "imagePullSecrets": [{}]},
        "containers[main]": {"envFrom": [{}] * 300, "volumeMounts": [{}] * 300},
    }
}


class Place(NamedTuple):
    """A list or map of a pod: the keys on the way to it, and one item as JSON."""

    keys: tuple[str, ...]
    item: str
    map: bool = False

    def __str__(self) -> str:
        return ".".join(self.keys)

    def filled(self, count: int) -> str:
        """A list or map of so many items as JSON; keys of a map are labels of ours."""
        if self.map:
            inside = ",".join(f'"mcp-admission.dev/s{at}":{self.item}' for at in range(count))
            return f"{{{inside}}}"
        return f"[{','.join([self.item] * count)}]"

    @property
    def most(self) -> int:
        """As many items as an API server takes."""
        return LARGEST // (len(self.item) + (30 if self.map else 1))


def places(kind: str) -> list[Place]:
    """Each list and map of the kind that is named in what reads pods."""
    named = names_read()
    found = (
        place
        for part in ("metadata", "spec")
        for place in _inside(field_table(kind)[part], (part,))
    )
    # The table of fields says nothing about what is in it; this much is read.
    record = Place(("metadata", "managedFields"), '{"fieldsV1":{}}')
    return [record, *(place for place in found if named.issuperset(place.keys[1:]))]


@cache
def names_read() -> frozenset[str]:
    """Every word in quotation marks in the source of what reads pods."""
    sources = (file for folder in READERS for file in (WEBHOOK / folder).glob("*.py"))
    words = (re.findall(r'"(\w+)"', file.read_text("utf-8")) for file in sources)
    return frozenset({ITEM, "spec", "template", *chain.from_iterable(words)})


def _inside(fields: Any, keys: tuple[str, ...]) -> Iterator[Place]:
    for key, wanted in fields.items():
        here = (*keys, key)
        if isinstance(wanted, list):
            yield Place(here, _item(wanted[0]))
            if isinstance(wanted[0], dict) and _is_struct(wanted[0]):
                yield from _inside(wanted[0], (*here, ITEM))
        elif isinstance(wanted, dict):
            if _is_struct(wanted):
                yield from _inside(wanted, here)
            else:
                yield Place(here, _item(wanted[ANY_KEY]), map=True)


def _is_struct(wanted: dict[Any, Any]) -> bool:
    return ANY_KEY not in wanted


def _item(wanted: Any) -> str:
    """What rules object to, as far as its type tells: it has their fields, and wrong values."""
    if isinstance(wanted, dict) and _is_struct(wanted):
        values = {
            key: 1 if each is FieldType.NUMBER else "a"
            for key, each in wanted.items()
            if isinstance(each, FieldType) and key in names_read()
        }
        objects: Json = {
            key: {} for key, each in wanted.items() if isinstance(each, dict) and key == "hostPath"
        }
        return json.dumps(values | objects, separators=(",", ":"))
    return '"a"'


def with_list(document: Json, place: Place, count: int) -> str:
    """The document as JSON, with so many items at the place."""
    copy = json.loads(json.dumps(document))
    at = copy
    for key, following in zip(place.keys, place.keys[1:], strict=False):
        if isinstance(at, list):
            at = at[0]
        else:
            at = at.setdefault(key, [{}] if following == ITEM else {})
    if isinstance(at, list):
        at = at[0]
    at[place.keys[-1]] = "here"
    return json.dumps(copy).replace(HERE, place.filled(count))


def labelled_pod(**spec: Any) -> Json:
    """A pod that asks for Secrets, and remembers more than it got."""
    return {
        "kind": "Pod",
        "metadata": {
            "name": "tools",
            "labels": {SERVER: "true", NAME: "tools"},
            "annotations": {INJECTED: json.dumps(MEMORY, separators=(",", ":")), **ASKS},
        },
        "spec": {"containers": [{"name": "main", "image": "a"}], **spec},
    }


def body(new: str, old: str = "null", resource: str = "pods", **more: Any) -> bytes:
    """The AdmissionReview as an API server posts it; the objects are JSON."""
    name, _, group = resource.partition(".")
    asked = {
        "uid": "1",
        "kind": {"kind": "Kind"},
        "resource": {"group": group, "resource": name},
        "operation": "CREATE" if old == "null" else "UPDATE",
        "name": "tools",
        "namespace": "tools",
        **more,
        "object": "new",
        "oldObject": "old",
    }
    envelope = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}
    text = json.dumps(envelope).replace('"old"', old).replace('"object": "new"', f'"object": {new}')
    return text.encode()


def decoding(sent: bytes, hook: Hook) -> float:
    """How long the review is decoded: what it costs where the object is not covered."""
    started = process_time()
    decode_review(sent, hook)
    return process_time() - started


def answering(
    sent: bytes, hook: Hook, settings: Settings, scope: Scope = Scope.OPTED_IN
) -> tuple[float, Decision]:
    """How long the review takes from bytes to bytes, and what is decided."""
    started = process_time()
    decision = make_decision(review, decode_review(sent, hook), settings, scope)
    return process_time() - started, decision
