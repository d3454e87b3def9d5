"""What a scenario can ask of a cluster, whatever the cluster is made of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from tests.e2e.namespace import MERGE_PATCH

Json = dict[str, Any]
Settings = Mapping[str, Any]

SERVER_NAME = "github-tools"
_BRACKETS = re.compile(r"\(([a-z-]+)\)$")


@dataclass(frozen=True)
class Result:
    """What a client gets back: the stored object, or who refused it and why.

    `refused_by` holds the rules of the product's refusal. A refusal by anybody else is no result
    but an AssertionError: it proves nothing about the product.
    """

    stored: Json = field(default_factory=dict)
    refused_by: frozenset[str] = frozenset()
    message: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.refused_by

    @property
    def warned_by(self) -> set[str]:
        """The rules in the brackets of the warnings."""
        return {rule for text in self.warnings for rule in _BRACKETS.findall(text)}


class Cluster(Protocol):
    """One namespace, with the product at work on it.

    Requests come from an administrator, who may remove the scheduling gate, unless `acting_as` says
    otherwise. Resources have the names of URLs: `pods/github-tools`.
    """

    namespace: str

    def acting_as(self, user: str) -> Self:
        """The same namespace for a user with the ClusterRole `edit`, and for the controller."""

    def create(self, manifest: Json) -> Result:
        """POST."""

    def create_unreviewed(self, manifest: Json) -> Json:
        """Store an object as it was before the product was installed."""

    def update(self, changed: Json, subresource: str = "") -> Result:
        """PUT of a stored object."""

    def patch(
        self,
        resource: str,
        body: Json | Sequence[Json],
        form: str = MERGE_PATCH,
        subresource: str = "",
    ) -> Result:
        """PATCH of a stored object."""

    def bind(self, resource: str, **metadata: Any) -> Result:
        """POST of a Binding of the pod `github-tools`, to `bindings` or the pod's subresource."""

    def scale(self, replicas: int) -> Result:
        """PATCH of the scale of the Deployment `github-tools`."""

    def get(self, resource: str) -> Json:
        """The stored object."""

    def posted_pod(self, workload: Json) -> Result:
        """The pod that the controller of a workload posts, posted by the scenario."""

    def made_pod(self, workload: Json) -> Result:
        """The pod that the controller of a stored workload made by itself, or could not make."""

    def run(self, resources: Json) -> Json:
        """The pod `github-tools` once it runs, with these resources in its status."""

    def runtime_class(self, name: str) -> None:
        """Let there be a RuntimeClass."""

    def change_settings(self, settings: Settings) -> None:
        """Put other settings in force."""

    def carries_labels_of_bindings(self) -> bool:
        """Whether this Kubernetes copies a Binding's labels to the pod (KEP-4742)."""


class Backend(Protocol):
    """Makes clusters for scenarios."""

    def cluster(self, name: str, settings: Settings, *, managed: bool) -> Cluster:
        """A new namespace, with these changes of the settings in force."""
