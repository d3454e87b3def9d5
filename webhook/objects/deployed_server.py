"""A Deployment that is an MCP server: its identity, its annotations, the metadata of its objects.

Every made object carries the label app.kubernetes.io/managed-by: mcp-admission. The label is for
people and for the selectors of watches. An ownerReference says to whom an object belongs, because
anybody can write a label. The reference has no blockOwnerDeletion: setting it needs
permission on the Deployment's finalizers, and a Deployment may be deleted before its objects.

An object that cannot be made as the workload asks is Refused, with the reasons for an Event.
"""

from dataclasses import dataclass
from typing import Any

from webhook import names
from webhook.admission import DEPLOYMENTS, stored
from webhook.pods import Pod

Json = dict[str, Any]
LONGEST_NOTE = 1000
"""Kubernetes takes 1024 characters in the note of an Event."""


class Refused(Exception):  # noqa: N818 - it is an answer to the server's owner, not a failure of ours
    """An object that cannot be made as the workload asks.

    `reason` is the Event's reason; `sentences` say what is wrong, where and how to fix it, and
    quote no value of a Secret.
    """

    def __init__(self, reason: str, *sentences: str) -> None:
        super().__init__("; ".join(sentences))
        self.reason = reason
        self.sentences = sentences

    @property
    def note(self) -> str:
        """All sentences as the note of one Event, cut to its longest length."""
        text = str(self)
        return text if len(text) <= LONGEST_NOTE else f"{text[: LONGEST_NOTE - 3]}..."


@dataclass(frozen=True)
class Server:
    """One server: its identity, and its pod template with its annotations."""

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
        """Whether the selector finds new pods.

        The template of a Deployment that is older than the webhook has no labels until it is
        filled in. Pods that are older than that have none until they are replaced.
        """
        return all(self.pod.labels.get(key) == value for key, value in self.selector.items())

    def annotation(self, key: str) -> str | None:
        """The annotation of the workload or of its template; None where it is absent or empty.

        Raises Refused where the two differ.
        """
        if key in self.pod.origin.disagreeing:
            raise _disagreeing(key)
        return self.pod.origin.annotation(key) or None

    def metadata(self, name: str) -> Json:
        """The metadata of an object that is made for this server."""
        return {
            "name": name,
            "namespace": self.namespace,
            "labels": {**product_labels(), names.NAME: self.identity},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.name, "uid": self.uid}
            ],
        }


def server_of(deployment: Json) -> Server:
    """The server that a Deployment is; it may be one that only `review` has seen.

    Raises Malformed where the object is no Deployment, which the API server does not store.
    """
    metadata = deployment["metadata"]
    namespace, name = metadata.get("namespace") or "", str(metadata["name"])
    workload = stored(deployment, DEPLOYMENTS)
    return Server(namespace, name, metadata.get("uid") or "", Pod(workload.head))


def product_labels() -> dict[str, str]:
    """The label of every object that is made."""
    return {names.MANAGED_BY: names.PRODUCT}


def about_annotation(key: str, sentence: str) -> str:
    """A sentence about one of the workload's annotations, as admission words it."""
    return f"metadata.annotations[{key}] {sentence}"


def _disagreeing(key: str) -> Refused:
    """An annotation that differs between workload and template is granted in neither."""
    kind = "".join(map(str.capitalize, key.removeprefix(names.PREFIX).split("-")))
    sentence = "differs from the pod template: say it in one place"
    return Refused(f"{kind}Contradicts", about_annotation(key, sentence))
