"""Where made objects are: each is known by its kind, its namespace and its name."""

from typing import Any, NamedTuple, Self

from webhook import names
from webhook.controller.owned.object_kinds import POLICY, SECRET, SERVICE

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
        Place(SERVICE.kind, namespace, names.service_of(name)),
        Place(SECRET.kind, namespace, names.config_secret_of(name)),
        Place(SECRET.kind, namespace, names.files_secret_of(name)),
        Place(POLICY.kind, namespace, names.access_policy_of(name)),
    ]


def former_service(namespace: str, name: str) -> Place:
    """Where earlier versions made the Service of a server."""
    return Place(SERVICE.kind, namespace, names.former_service_of(name))
