"""A cache of one kind of object, which keeps as little of each as its readers need.

The answer to a write is put into it, so that no decision is made on a state that is older than the
own write. An event that is older than that is ignored.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from webhook.observe.logs import failure

LOG = logging.getLogger(__name__)

# Older than every version.
UNKNOWN = -1

Json = dict[str, Any]
Kept = TypeVar("Kept")
MOST_DELETED = 1000  # a late answer comes within seconds


class CacheEntry(NamedTuple, Generic[Kept]):
    """What is kept of an object, and the version that it is of."""

    version: int
    kept: Kept


class Cache(Generic[Kept]):
    """Objects by namespace and name; `keep` makes what is kept, None of an object of no interest.

    `changed` is called with namespace, name, and what was and is kept: for each object that is
    added, deleted or kept differently.
    """

    def __init__(
        self,
        keep: Callable[[Json], Kept | None],
        changed: Callable[[str, str, Kept | None, Kept | None], None],
    ) -> None:
        self._keep = keep
        self._changed = changed
        self._entries: dict[str, dict[str, CacheEntry[Kept]]] = {}
        self._deleted: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for namespace, entries in self._entries.items():
            for name in entries:
                yield namespace, name

    def get(self, namespace: str, name: str) -> Kept | None:
        """What is kept of an object."""
        entry = self._held(namespace, name)
        return None if entry is None else entry.kept

    def within(self, namespace: str) -> Iterator[tuple[str, Kept]]:
        """Name and what is kept of each object of a namespace."""
        for name, entry in self._entries.get(namespace, {}).items():
            yield name, entry.kept

    def entry(self, found: Json) -> tuple[str, str, CacheEntry[Kept] | None]:
        """Namespace, name and what is kept of an object as the API server sent it.

        That is what is kept already, where it is not older: most of a list is known. The same
        counts where the object cannot be read: an unexpected object is no outage.
        """
        namespace, name, version = _identity(found)
        held = self._held(namespace, name)
        if held is not None and held.version >= version:
            return namespace, name, held
        if 0 < version <= self._deleted.get((namespace, name), 0):
            return namespace, name, None
        try:
            kept = self._keep(found)
        except Exception as error:  # noqa: BLE001 - the other objects are followed
            fields = {"namespace": namespace, "name": name, **failure(error)}
            LOG.error("object not read", extra={"fields": fields})  # noqa: TRY400
            return namespace, name, held
        return namespace, name, None if kept is None else CacheEntry(version, kept)

    def known_later(self, found: Json) -> int:
        """The version that is known of an object or its end, where it is later; else 0."""
        namespace, name, version = _identity(found)
        held = self._held(namespace, name)
        known = max(held.version if held else 0, self._deleted.get((namespace, name), 0))
        return known if known > version > 0 else 0

    def put(self, found: Json) -> None:
        """Take in an object that was sent, unless what is here is newer."""
        namespace, name, entry = self.entry(found)
        if entry is None or entry is not self._held(namespace, name):
            self._set(namespace, name, entry)

    def doubt(self, *namespaces: str) -> None:
        """Let objects be kept anew when they are next seen, changed or not.

        Those of these namespaces, or all objects.
        """
        for namespace in namespaces or tuple(self._entries):
            entries = self._entries.get(namespace, {})
            doubted = {name: CacheEntry(UNKNOWN, entry.kept) for name, entry in entries.items()}
            entries.update(doubted)

    def go_back(self) -> None:
        """Take in what is sent next whatever its version: what the API server has is older now."""
        self.doubt()
        self._deleted.clear()

    def delete(self, found: Json) -> None:
        """Forget an object whose deletion was reported, unless what is here is newer.

        The report can overtake the answer to the write that made the object: that answer is older,
        and is not taken in.
        """
        namespace, name, version = _identity(found)
        held = self._held(namespace, name)
        if held is not None and held.version > version > 0:
            return
        self._deleted.pop((namespace, name), None)
        self._deleted[namespace, name] = version
        if len(self._deleted) > MOST_DELETED:
            del self._deleted[next(iter(self._deleted))]
        self.drop(namespace, name)

    def drop(self, namespace: str, name: str) -> None:
        """Forget an object that is gone."""
        self._set(namespace, name, None)

    def replace(
        self, covers: Callable[[str, str], bool], listed: Mapping[tuple[str, str], CacheEntry[Kept]]
    ) -> None:
        """Take in a whole list; what it covers and is not in it is gone."""
        self._deleted.clear()
        for namespace, name in [each for each in self if covers(*each)]:
            if (namespace, name) not in listed:
                self.drop(namespace, name)
        for (namespace, name), entry in listed.items():
            held = self._held(namespace, name)
            if held is None or held.version < entry.version:
                self._set(namespace, name, entry)

    def _held(self, namespace: str, name: str) -> CacheEntry[Kept] | None:
        return self._entries.get(namespace, {}).get(name)

    def _set(self, namespace: str, name: str, entry: CacheEntry[Kept] | None) -> None:
        entries = self._entries.setdefault(namespace, {})
        before = entries.get(name)
        if entry is not None:
            entries[name] = entry
        else:
            entries.pop(name, None)
            if not entries:
                del self._entries[namespace]
        was, now = before and before.kept, entry and entry.kept
        if was != now:
            self._changed(namespace, name, was, now)


def _identity(found: Json) -> tuple[str, str, int]:
    """Namespace, name and version of an object."""
    metadata = found["metadata"]
    version = _number(metadata.get("resourceVersion"))
    return metadata.get("namespace") or "", metadata["name"], version


def _number(version: object) -> int:
    """Versions of one resource are numbers that grow; 0 where the API server sent none."""
    text = str(version)
    return int(text) if text.isascii() and text.isdecimal() else 0
