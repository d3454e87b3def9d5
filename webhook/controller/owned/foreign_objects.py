"""Objects of others whose names are those of made objects: only that they are there is known.

They are followed by their metadata alone, so that a name is free the moment they are gone, and a
Service that led to its server is looked at when it leads elsewhere. Those of other names are not
kept. `ServerNames` finds the servers to which a name belongs.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from webhook import names
from webhook.controller.owned.owned_objects import (
    POLICY,
    SERVICE,
    Kind,
    Live,
    ObjectKey,
    former_service_key,
    is_reserved,
    keys_of_server,
)
from webhook.kube import Cache

Json = dict[str, Any]
FOLLOWED = (SERVICE, POLICY)
"""The kinds that are followed for their names alone; Secrets are followed as sources, too."""

Changed = Callable[[str, str, str | None, str | None], None]


def version_of(found: Json) -> str:
    """Which object it is, in which version."""
    return f"{found['metadata']['uid']} {found['metadata']['resourceVersion']}"


def has_objects(made: Mapping[str, Cache[Live]], namespace: str, name: str) -> bool:
    """Whether a Deployment that may be no server any more still has objects of one."""
    places = [*keys_of_server(namespace, name), former_service_key(namespace, name)]
    lives = (made[each.kind].get(namespace, each.name) for each in places)
    return any(live is not None and live.owner == name for live in lives)


class ForeignObjects:
    """The caches of objects of others, by kind; `sources` is the one of all their Secrets."""

    def __init__(self, sources: Cache[str], changed: Changed) -> None:
        self.caches: Mapping[str, Cache[str]] = {
            kind.kind: Cache(_kept_of(kind), changed) for kind in FOLLOWED
        }
        self._all = {**self.caches, "Secret": sources}

    def version(self, place: ObjectKey) -> str | None:
        """The version of the object of somebody else that is there."""
        return self._all[place.kind].get(place.namespace, place.name)


def _kept_of(kind: Kind) -> Callable[[Json], str | None]:
    def kept(found: Json) -> str | None:
        place = ObjectKey.of(found, kind.kind)
        made = is_reserved(place) or names.identity_of(place.name) is not None
        return version_of(found) if made else None

    return kept


class ServerNames:
    """Which Deployments of a namespace a name of a made object belongs to.

    A short name is its own identity. Only the identities of the others are kept.
    """

    def __init__(self) -> None:
        self._others: dict[tuple[str, str], set[str]] = {}

    def add(self, namespace: str, name: str) -> None:
        """A server is there."""
        identity = names.identity(name)
        if identity != name:
            self._others.setdefault((namespace, identity), set()).add(name)

    def discard(self, namespace: str, name: str) -> None:
        """A server is gone."""
        place = namespace, names.identity(name)
        left = self._others.get(place, set()) - {name}
        if left:
            self._others[place] = left
        else:
            self._others.pop(place, None)

    def of(self, namespace: str, made: str) -> Iterator[str]:
        """The names that Deployments may have to which an object of this name belongs."""
        identity = names.identity_of(made)
        if identity is not None:
            yield identity
            yield from self._others.get((namespace, identity), ())
