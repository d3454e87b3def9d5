"""A Deployment that is an MCP server, as what is made for it sees it: read as the rules read it."""

from dataclasses import dataclass
from typing import Any

from webhook import names
from webhook.admission.workload import DEPLOYMENTS, stored
from webhook.objects import ownership
from webhook.objects.refusal import disagreeing
from webhook.pods.pod import Pod

Json = dict[str, Any]


@dataclass(frozen=True)
class Server:
    """One server: who it is, and its pod template with what it asks for."""

    namespace: str
    name: str
    uid: str
    pod: Pod

    @property
    def identity(self) -> str:
        """The value of the identity label, with which the names of its objects begin."""
        return names.identity(self.name)

    @property
    def selector(self) -> dict[str, str]:
        """The two labels that all its pods carry, and no pod of another server."""
        return {names.SERVER: "true", names.NAME: self.identity}

    @property
    def labelled(self) -> bool:
        """Whether new pods are found by the selector.

        The template of a Deployment that is older than the webhook has no labels until it is
        filled in, and pods that are older than that have none until they roll.
        """
        return all(self.pod.labels.get(key) == value for key, value in self.selector.items())

    def asks(self, key: str) -> str | None:
        """What the workload or its template asks by annotation; an empty text asks nothing.

        Raises Refused where the two say different things.
        """
        if key in self.pod.origin.disagreeing:
            raise disagreeing(key)
        return self.pod.origin.asks(key) or None

    def metadata(self, name: str) -> Json:
        """The metadata of an object that is made for this server."""
        return {
            "name": name,
            "namespace": self.namespace,
            "labels": ownership.labels(self.identity),
            "ownerReferences": ownership.owned_by(self.name, self.uid),
        }


def read(deployment: Json) -> Server:
    """The server that a Deployment is; it may be one that only `review` has seen.

    Raises Malformed where the object is no Deployment, which the API server does not store.
    """
    metadata = deployment["metadata"]
    namespace, name = metadata.get("namespace") or "", str(metadata["name"])
    workload = stored(deployment, DEPLOYMENTS)
    return Server(namespace, name, metadata.get("uid") or "", Pod(workload.head))
