"""Where made objects are: each is known by its kind, its namespace and its name."""

from typing import Any, NamedTuple, Self

from webhook import names
from webhook.controller.owned.owned_objects import POLICY, SECRET, SERVICE

Json = dict[str, Any]


class ObjectKey(NamedTuple):
    """Where a made object is."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, wanted: Json) -> Self:
        """The place of an object."""
        metadata = wanted["metadata"]
        return cls(wanted["kind"], metadata["namespace"], metadata["name"])


def keys_of_server(namespace: str, name: str) -> list[ObjectKey]:
    """The places of everything that may be made for a server; the Service is the first."""
    return [
        ObjectKey(SERVICE.kind, namespace, names.service(name)),
        ObjectKey(SECRET.kind, namespace, names.config_secret(name)),
        ObjectKey(SECRET.kind, namespace, names.files_secret(name)),
        ObjectKey(POLICY.kind, namespace, names.access_policy(name)),
    ]


def former_service_key(namespace: str, name: str) -> ObjectKey:
    """Where earlier versions made the Service of a server."""
    return ObjectKey(SERVICE.kind, namespace, names.former_service(name))
