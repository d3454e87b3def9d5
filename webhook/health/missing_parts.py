"""What a server asks for and is not there: by what its pod names, and what the caller knows of it.

A pod whose volume names a missing Secret shows as being created, and its status never says more.
So it is decided from what exists. The sentences are those that Kubernetes has for the same, so that
a cause that is seen in two places is told once.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from webhook.health.server_state import INCOMPLETE, Cause, in_one_line
from webhook.objects import Refused
from webhook.pods import CONTAINER_LISTS

Json = dict[str, Any]
Exists = Callable[[str], bool | None]
"""Whether an object of this name is there; None where that is not known."""


class AskedSecret(NamedTuple):
    """A Secret that a pod cannot start without, and the field that names it."""

    name: str
    place: str


def secrets_asked_for(spec: Json) -> Iterator[AskedSecret]:
    """The Secrets that a pod of this spec cannot start without; optional ones are none."""
    for key in CONTAINER_LISTS:
        for container in spec.get(key) or []:
            place = f"spec.{key}[{container.get('name')}]"
            for each in container.get("envFrom") or []:
                yield from _asked(each.get("secretRef"), "name", f"{place}.envFrom")
            for each in container.get("env") or []:
                reference = (each.get("valueFrom") or {}).get("secretKeyRef")
                if reference:
                    yield from _asked(reference, "name", f"{place}.env[{each.get('name')}]")
    for volume in spec.get("volumes") or []:
        place = f"spec.volumes[{volume.get('name')}]"
        yield from _asked(volume.get("secret"), "secretName", place)
        for each in (volume.get("projected") or {}).get("sources") or []:
            yield from _asked(each.get("secret"), "name", place)


def missing_secrets(asked: Iterable[AskedSecret], exists: Exists) -> Iterator[Cause]:
    """A cause for each Secret that is known not to be there."""
    told = set()
    for each in asked:
        if each.name not in told and exists(each.name) is False:
            told.add(each.name)
            yield Cause(INCOMPLETE, "SecretMissing", f'secret "{each.name}" not found', each.place)


def missing_runtime_class(spec: Json, exists: Exists) -> Iterator[Cause]:
    """A cause where the runtime class is known not to be there: no new pod can be created."""
    name = spec.get("runtimeClassName")
    if name and exists(name) is False:
        message = f'RuntimeClass "{name}" not found'
        place = "spec.runtimeClassName"
        yield Cause(INCOMPLETE, "RuntimeClassMissing", message, place, final=True)


def refusal_causes(refusals: Iterable[Refused]) -> Iterator[Cause]:
    """A cause for each object of a server that cannot be made: its configuration, its port."""
    for each in refusals:
        yield Cause(INCOMPLETE, each.reason, in_one_line(str(each)), "metadata.annotations")


def _asked(reference: Json | None, key: str, place: str) -> Iterator[AskedSecret]:
    if reference and reference.get(key) and not reference.get("optional"):
        yield AskedSecret(reference[key], place)
