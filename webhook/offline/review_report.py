"""The result of a review: one outcome for each object, and a report of all of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from webhook.admission.answer import Finding, Severity, line
from webhook.documents.nodes import Mark
from webhook.offline.input import InputFault, PassedOver
from webhook.offline.manifests import Manifest
from webhook.pods.patch import Operation
from webhook.settings.resource import GROUP


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
    """

    manifest: Manifest
    namespace: str
    covered: bool
    allowed: bool
    admitted: Any
    findings: tuple[Finding, ...] = ()
    patch: tuple[Operation, ...] = ()
    pods_refused: bool = False
    made: MadeObjects | None = None
    pod_additions: tuple[PodAddition, ...] = ()
    callers: str = ""

    @property
    def runs(self) -> bool:
        """Whether neither the object nor its pods would be refused."""
        return self.allowed and not self.pods_refused

    def mark(self, finding: Finding) -> Mark:
        """The line and column of the file that a finding is about."""
        return self.manifest.document.mark(finding.path)


class ReviewSummary(NamedTuple):
    """How many objects had which outcome; `reviewed` are the MCP servers, `other` the rest.

    `pods_refused` counts admitted objects whose pods would be refused, `unreadable` files that
    cannot be read as a whole, and `passed_over` what has no manifest or was left out.
    """

    reviewed: int
    admitted: int
    changed: int
    refused: int
    pods_refused: int
    warnings: int
    other: int
    unreadable: int
    passed_over: int


@dataclass(frozen=True)
class ReviewReport:
    """The outcome of each object, and the input that has none.

    `faults` is input that cannot be read, `passed` is input that is no manifest or left out.
    """

    outcomes: Sequence[ReviewOutcome]
    faults: Sequence[InputFault] = ()
    passed: Sequence[PassedOver] = ()

    @property
    def listed(self) -> list[ReviewOutcome]:
        """The outcomes of MCP servers, and of what looks like one and is not reviewed."""
        return [outcome for outcome in self.outcomes if outcome.covered or outcome.findings]

    def summary(self) -> ReviewSummary:
        """Count the outcomes."""
        reviewed = [one for one in self.outcomes if one.covered]
        admitted = [one for one in reviewed if one.allowed]
        return ReviewSummary(
            reviewed=len(reviewed),
            admitted=len(admitted),
            changed=sum(bool(one.patch) for one in admitted),
            refused=len(reviewed) - len(admitted),
            pods_refused=sum(one.pods_refused for one in admitted),
            warnings=sum(
                finding.severity is Severity.WARNING
                for one in self.outcomes
                for finding in one.findings
            ),
            other=len(self.outcomes) - len(reviewed),
            unreadable=len({fault.source for fault in self.faults}),
            passed_over=len(self.passed),
        )


def object_title(outcome: ReviewOutcome) -> str:
    """Kind, namespace and name of the object: `Deployment tools/github-tools`."""
    name = line(outcome.manifest.name) or "(without a name)"
    if outcome.manifest.group == GROUP:
        return f"{line(outcome.manifest.kind)} {name}"
    return f"{line(outcome.manifest.kind)} {line(outcome.namespace)}/{name}"
