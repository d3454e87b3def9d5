"""What a workload shows of itself: its names, labels, owners, images, commands, ports, variables.

A trait is a kind, a place and a value. Only names are read of variables: values may be secrets. No
more than a bounded number of traits is read, and no more than the beginning of each.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from webhook.fleet.unlabelled.command_words import LONGEST, runs

Json = dict[str, Any]
MOST = 1000
CONTAINERS = ("containers", "initContainers")
PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
BUILT_IN_GROUPS = frozenset({"", "apps", "batch"})
NAMES = ("app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/part-of")
"""Labels that repeat a name."""


class ForeignOwner(NamedTuple):
    """An object of another API that owns a workload, such as the resource of an operator."""

    group: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Trait(NamedTuple):
    """One thing that a workload shows; `launcher` is what starts a package."""

    kind: str
    where: str
    value: str
    launcher: str = ""


def foreign_owners(metadata: Json) -> list[ForeignOwner]:
    """The owners that are no workloads of Kubernetes itself."""
    found = []
    for each in metadata.get("ownerReferences") or []:
        group, slash, _ = str(each.get("apiVersion") or "").partition("/")
        owner = ForeignOwner(group if slash else "", str(each.get("kind")), str(each.get("name")))
        if owner.group not in BUILT_IN_GROUPS:
            found.append(owner)
    return found


def traits(found: Json, template: Json) -> Iterator[Trait]:
    """What an object and its pod template show; for a pod, both are the same."""
    return islice(_all(found, template), MOST)


def _all(found: Json, template: Json) -> Iterator[Trait]:
    metadata, of_pods = found["metadata"], template.get("metadata") or {}
    for owner in foreign_owners(metadata):
        yield Trait("owner", "metadata.ownerReferences", f"{owner.kind}.{owner.group}")
    yield Trait("name", "metadata.name", str(metadata["name"]))
    for key, value in _both(metadata, of_pods, "labels").items():
        if key in NAMES:
            yield Trait("name", f"metadata.labels[{key}]", str(value)[:LONGEST])
        yield Trait("label", "metadata.labels", f"{key}={value}"[:LONGEST])
    for key in _both(metadata, of_pods, "annotations"):
        yield Trait("annotation", "metadata.annotations", str(key)[:LONGEST])
    spec = template.get("spec") or {}
    for name in CONTAINERS:
        for container in spec.get(name) or []:
            yield from _of_container(f"{name}[{container.get('name')}]", container)


def _both(metadata: Json, of_pods: Json, key: str) -> Mapping[str, object]:
    return {**(metadata.get(key) or {}), **(of_pods.get(key) or {})}


def _of_container(where: str, container: Json) -> Iterator[Trait]:
    yield Trait("name", f"{where}.name", str(container.get("name"))[:LONGEST])
    yield Trait("image", f"{where}.image", str(container.get("image") or "")[:LONGEST])
    parts = {key: container[key] for key in ("command", "args") if container.get(key)}
    # One is read with the other: a launcher in the one may start what the other names.
    place = f"{where}.{next(iter(parts))}" if len(parts) == 1 else where
    for run in runs([word for words in parts.values() for word in words]):
        yield Trait(run.kind, place, run.value, run.launcher)
    for port in container.get("ports") or []:
        yield Trait("port", f"{where}.ports", str(port.get("name") or "")[:LONGEST])
    for probe in PROBES:
        path = ((container.get(probe) or {}).get("httpGet") or {}).get("path")
        yield Trait("path", f"{where}.{probe}.httpGet.path", str(path or "")[:LONGEST])
    for variable in container.get("env") or []:
        yield Trait("env", f"{where}.env", str(variable.get("name"))[:LONGEST])
