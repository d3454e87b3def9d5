"""Where made objects are: each is known by its kind, its namespace and its name."""

from typing import Any, NamedTuple, Self

from webhook import names
from webhook.controller.owned.owned_objects import POLICY, SECRET, SERVICE

Json = dict[str, Any]


class Place(NamedTuple):
    """Where a made object is."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, wanted: Json) -> Self:
        """The place of an object."""
        metadata = wanted["metadata"]
        return cls(wanted["kind"], metadata["namespace"], metadata["name"])


def of_server(namespace: str, name: str) -> list[Place]:
    """The places of everything that may be made for a server; the Service is the first."""
    return [
        Place(SERVICE.kind, namespace, names.service(name)),
        Place(SECRET.kind, namespace, names.config_secret(name)),
        Place(SECRET.kind, namespace, names.files_secret(name)),
        Place(POLICY.kind, namespace, names.access_policy(name)),
    ]


def former_service(namespace: str, name: str) -> Place:
    """Where earlier versions made the Service of a server."""
    return Place(SERVICE.kind, namespace, names.former_service(name))
