"""What exists of the parts that servers ask for: Secrets and runtime classes, by name alone.

No value of a Secret is read. Its metadata says that it exists, when it was written, and which keys
its managers wrote. What may not be read is not known, and said.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from webhook.fleet.cluster_pages import ClusterPages
from webhook.fleet.report import Skipped

Json = dict[str, Any]
Place = tuple[str, str]
KEYS = "f:"


class WrittenSecret(NamedTuple):
    """When a Secret was written last, and the keys that its managers wrote."""

    last: str
    keys: frozenset[str]


class ExistingParts:
    """Of what is asked for, what exists; None where that is not known, as `unknown` says why."""

    def __init__(self) -> None:
        self.secrets: dict[Place, WrittenSecret | None] | None = None
        self.classes: set[str] | None = None
        self.unknown: list[Skipped] = []

    async def read_secrets(
        self, pages: ClusterPages, asked: Collection[Place], sources: Collection[Place]
    ) -> None:
        """Read which of these exist; of `sources`, when they were written and their keys."""
        found: dict[Place, WrittenSecret | None] = {}

        def take(secret: Json) -> None:
            metadata = secret["metadata"]
            place = metadata["namespace"], metadata["name"]
            if place in asked:
                found[place] = _written(metadata) if place in sources else None

        if asked:
            why = await pages.read(pages.path("secrets"), take, metadata_only=True)
            self.secrets = None if self._is_unknown("secrets", why) else found

    async def read_classes(self, pages: ClusterPages, *, asked: bool) -> None:
        """Read which runtime classes exist, if any is asked for."""
        found: set[str] = set()
        if asked:
            path = pages.path("runtimeclasses.node.k8s.io", "")
            why = await pages.read(path, lambda each: found.add(each["metadata"]["name"]))
            self.classes = None if self._is_unknown("runtimeclasses", why) else found

    async def read_events(self, pages: ClusterPages, reason: str, take: Any) -> None:
        """Hand over the Events with this reason."""
        path, fields = pages.path("events.events.k8s.io"), f"reason={reason}"
        self._is_unknown("events", await pages.read(path, take, fields=fields))

    def secret(self, namespace: str, name: str) -> bool | None:
        """Whether a Secret exists that was asked for."""
        return None if self.secrets is None else (namespace, name) in self.secrets

    def runtime_class(self, name: str) -> bool | None:
        """Whether a runtime class exists."""
        return None if self.classes is None else name in self.classes

    def written(self, namespace: str, name: str) -> WrittenSecret | None:
        """When a source was written last, and its keys."""
        return (self.secrets or {}).get((namespace, name))

    def _is_unknown(self, what: str, why: str) -> bool:
        if why and what not in {each.what for each in self.unknown}:
            self.unknown.append(Skipped(what, why))
        return bool(why)


def _written(metadata: Json) -> WrittenSecret:
    managers = metadata.get("managedFields") or []
    times = [each.get("time") or "" for each in managers]
    return WrittenSecret(
        max([metadata.get("creationTimestamp") or "", *times]),
        frozenset(
            key.removeprefix(KEYS)
            for each in managers
            for key in (each.get("fieldsV1") or {}).get("f:data") or {}
            if key.startswith(KEYS)
        ),
    )
