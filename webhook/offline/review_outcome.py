"""What a review found out about one object: what reports are made from."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from webhook import admission
from webhook.documents import Mark
from webhook.offline.manifests import Manifest
from webhook.pods import Operation
from webhook.settings import GROUP, NAMESPACE_KIND


class PodAddition(NamedTuple):
    """A field by its name inside the pod, and its value."""

    field: str
    value: Any

    def __str__(self) -> str:
        if isinstance(self.value, dict) and self.value.keys() == {"name"}:
            return self.field
        value = self.value if isinstance(self.value, str) else json.dumps(self.value)
        return f"{self.field} {value}"


class MadeObjects(NamedTuple):
    """What the controller would make, as it may be shown, and why the rest is not made."""

    objects: tuple[dict[str, Any], ...] = ()
    not_made: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReviewOutcome:
    """What the cluster would do with one object.

    `covered` is false for an object that is no MCP server. It is `allowed` as it is, with a finding
    where it looks like a server. `admitted` is the object as it would be stored, None where it is
    refused. An object may be stored although the pods of its template would be refused
    (`pods_refused`). Paths of findings and of the patch are pointers into the document that holds
    the object. `made` is None unless the objects of the controller were asked for.
    `pod_additions` is what pods of an admitted Deployment get in addition to its template.
    `callers` names the pods that can call an admitted server; it is empty where all pods can.
    `mode` is set below enforce alone; then `would` is what enforce would do with the object:
    "patch", "refuse" or nothing.
    """

    manifest: Manifest
    namespace: str
    covered: bool
    allowed: bool
    admitted: Any
    findings: tuple[admission.Finding, ...] = ()
    patch: tuple[Operation, ...] = ()
    pods_refused: bool = False
    made: MadeObjects | None = None
    pod_additions: tuple[PodAddition, ...] = ()
    callers: str = ""
    mode: str = ""
    would: str = ""

    @property
    def title(self) -> str:
        """Kind, namespace and name of the object: `Deployment tools/github-tools`."""
        name = admission.line(self.manifest.name) or "(without a name)"
        if self.manifest.group == GROUP and self.manifest.kind != NAMESPACE_KIND:
            return f"{admission.line(self.manifest.kind)} {name}"
        return f"{admission.line(self.manifest.kind)} {admission.line(self.namespace)}/{name}"

    @property
    def runs(self) -> bool:
        """Whether neither the object nor its pods would be refused."""
        return self.allowed and not self.pods_refused

    def mark(self, finding: admission.Finding) -> Mark:
        """The line and column of the file that a finding is about."""
        return self.manifest.document.mark(finding.path)
