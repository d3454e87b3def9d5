"""The kinds of made objects: where they are, and which of their fields are ours.

Only those fields are compared and written, so that what the API server fills in and what others
add elsewhere causes no write. What is kept of an object is a keyed digest of them: no value of a
Secret is kept in memory, and none can be guessed from the digest.
"""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple, Self

from webhook import names
from webhook.controller.owned.managed_fields import Path, at, by_us, entries, others, taken_over
from webhook.kube import namespaced
from webhook.objects import BASELINE
from webhook.settings import is_dns_subdomain

Json = dict[str, Any]
LABELS = (names.MANAGED_BY, names.NAME)
MOST = 100
MOST_OWNERS = 10
# Of an object of a reserved name these are ours, too: it has neither, and goes when we say so.
RESERVED: tuple[Path, ...] = (("metadata", "ownerReferences"), ("metadata", "finalizers"))
_KEY = os.urandom(32)


class Kind(NamedTuple):
    """A kind of namespaced object, and its fields that are ours alone.

    `core` are those that everybody applies who has such an object in a manifest.
    """

    kind: str
    api_version: str
    resource: str
    exact: tuple[Path, ...]
    core: tuple[Path, ...]

    def path(self, namespace: str, *name: str) -> str:
        """The collection in a namespace, or one object of it."""
        return namespaced(self.api_version, self.resource, namespace, *name)

    def paths(self, found: Json) -> tuple[Path, ...]:
        """Where our fields of this object are, its labels excepted."""
        return self.exact + (RESERVED if is_reserved(ObjectKey.of(found, self.kind)) else ())

    def content(self, found: Json) -> Json:
        """Our fields of an object, ours or as the API server has it, in one form."""
        content = {"/".join(path): at(found, path) or None for path in self.paths(found)}
        if self.kind == "NetworkPolicy":
            content["spec"] = _spelled_out(content["spec"] or {})
        labels = found["metadata"].get("labels") or {}
        return {**content, "metadata/labels": {key: labels.get(key) for key in LABELS}}

    def differences(self, wanted: Json, found: Json) -> list[Path]:
        """Where our fields of an object are not as wanted, at most `MOST` of them."""
        before, after = self.content(wanted), self.content(found)
        paths = (
            place
            for path in before
            for place in _differing(tuple(path.split("/")), before[path], after[path])
        )
        return list(islice(paths, MOST))


class Live(NamedTuple):
    """What is kept of an object of a name that is made.

    `written`: by us, at least in part; `labelled`: as ours; `shared`: another manager has written
    to it; `taken`: another has it in a manifest. `owner`, `owner_uids`: of Deployments.
    `generation`: 0 for kinds without one. `created`: in seconds. `revision`: of the configuration
    with which its server began, where no pod was older.
    """

    uid: str
    generation: int
    created: int
    written: bool
    labelled: bool
    shared: bool
    taken: bool
    owner: str
    owner_uids: tuple[str, ...]
    going: bool
    selects: bool
    revision: str | None
    digest: bytes


_PORTS, _SELECTOR = ("spec", "ports"), ("spec", "selector")
SERVICE = Kind(
    "Service", "v1", "services", (("spec", "type"), _PORTS, _SELECTOR), (_PORTS, _SELECTOR)
)
SECRET = Kind("Secret", "v1", "secrets", (("type",), ("data",)), (("data",),))
POLICY = Kind(
    "NetworkPolicy",
    "networking.k8s.io/v1",
    "networkpolicies",
    (("spec",),),
    (("spec", "podSelector"),),
)
KINDS: Mapping[str, Kind] = {each.kind: each for each in (SERVICE, SECRET, POLICY)}


def live_object(kind: Kind, found: Json) -> Live:
    """What is kept of a made object."""
    metadata, labels = found["metadata"], found["metadata"].get("labels") or {}
    owners = _owners(metadata)
    return Live(
        uid=str(metadata.get("uid")),
        generation=int(metadata.get("generation") or 0),
        created=_seconds(metadata.get("creationTimestamp")),
        written=any(map(by_us, entries(found))),
        labelled=labels.get(names.MANAGED_BY) == names.PRODUCT,
        shared=bool(others(found)),
        taken=taken_over(found, kind.core),
        owner=_owner(metadata, owners),
        owner_uids=tuple(str(each.get("uid", "")) for each in owners),
        going="deletionTimestamp" in metadata,
        selects=bool((found.get("spec") or {}).get("selector")),
        revision=(metadata.get("annotations") or {}).get(names.REVISION),
        digest=keyed_digest(kind.content(found)),
    )


def _owners(metadata: Json) -> list[Json]:
    """The references to Deployments: users may add some before ours, but not without end."""
    owners = metadata.get("ownerReferences") or []
    return list(islice((each for each in owners if each.get("kind") == "Deployment"), MOST_OWNERS))


def _owner(metadata: Json, owners: list[Json]) -> str:
    """The name of the Deployment that the object is called after, else of the first."""
    identity = names.identity_of(str(metadata.get("name")))
    found = [name for each in owners if (name := _named(each.get("name")))]
    return next((name for name in found if names.identity(name) == identity), (*found, "")[0])


def _named(owner: object) -> str:
    """The owner's name; nothing where no Deployment can have it, because users write it too."""
    return owner if isinstance(owner, str) and is_dns_subdomain(owner) else ""


def _seconds(timestamp: object) -> int:
    return int(datetime.fromisoformat(timestamp).timestamp()) if isinstance(timestamp, str) else 0


def keyed_digest(content: Json) -> bytes:
    """The same for the same content within this process, and of no use outside."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), key=_KEY, digest_size=16).digest()


def _differing(path: Path, wanted: Any, found: Any) -> Iterator[Path]:
    if wanted == found:
        return
    if not isinstance(wanted, dict) or not isinstance(found, dict):
        yield path
        return
    for key in sorted(wanted.keys() | found.keys()):
        if wanted.get(key) != found.get(key):
            yield (*path, key)


def _spelled_out(spec: Json) -> Json:
    """A policy's spec with the protocol that the API server fills in where a profile lacks it."""

    def rule(found: Json) -> Json:
        ports = [{"protocol": "TCP", **port} for port in found.get("ports") or []]
        return {**found, "ports": ports} if ports else found

    rules = {key: [*map(rule, spec.get(key) or [])] for key in ("ingress", "egress")}
    return {**spec, **{key: found for key, found in rules.items() if found}}


class ObjectKey(NamedTuple):
    """Where a made object is."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, found: Json, kind: str = "") -> Self:
        """The place of an object; those of a list do not say their kind."""
        metadata = found["metadata"]
        return cls(
            kind or found.get("kind", ""), metadata.get("namespace", ""), metadata.get("name", "")
        )


def is_reserved(place: ObjectKey) -> bool:
    """Whether everything of this name is ours, whoever made it: nobody else has a use for it."""
    return place.name == BASELINE and place.kind == POLICY.kind


def keys_of_server(namespace: str, name: str) -> list[ObjectKey]:
    """The places of everything that may be made for a server; the Service is the first."""
    return [
        ObjectKey(SERVICE.kind, namespace, names.service_of(name)),
        ObjectKey(SECRET.kind, namespace, names.config_secret_of(name)),
        ObjectKey(SECRET.kind, namespace, names.files_secret_of(name)),
        ObjectKey(POLICY.kind, namespace, names.access_policy_of(name)),
    ]


def former_service_key(namespace: str, name: str) -> ObjectKey:
    """Where earlier versions made the Service of a server."""
    return ObjectKey(SERVICE.kind, namespace, names.former_service_of(name))


class Owner(NamedTuple):
    """For whom an object is made: a Deployment by its uid, or a namespace.

    Ours is what refers to the Deployment, and what we have written or what carries our label:
    whoever takes one of these away takes nothing from us. `alone`: it is ours only as long as no
    other manager has written to it.
    """

    uid: str = ""
    alone: bool = False

    def has(self, live: Live) -> bool:
        """Whether the object is ours."""
        claimed = live.written or (live.labelled and not self.alone)
        return claimed and self._refers(live) and not (self.uid and self._taken(live))

    def lost(self, live: Live) -> bool:
        """Whether it was ours, and another manager has taken it over."""
        was = bool(self.uid) and live.written and self._refers(live)
        return was and self._taken(live)

    def _refers(self, live: Live) -> bool:
        return not self.uid or self.uid in live.owner_uids

    def _taken(self, live: Live) -> bool:
        return live.taken or (self.alone and live.shared)


NAMESPACE = Owner()
