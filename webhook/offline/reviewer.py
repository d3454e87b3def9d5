"""One object through both hooks, as the API server would send it, without one.

The mutating hook gets the object, its patch is applied, and the validating hook gets the result.
There is no API server that fills in the defaults of Kubernetes in between: fields may be absent.
What it would not decode is refused here, too, and a null is what it would decode it to.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jsonpatch

from webhook.admission.answer import Answer, Finding, Severity, line
from webhook.admission.coverage import callers_of_pods
from webhook.admission.handler import review
from webhook.admission.request import Hook, Request, Scope
from webhook.admission.workload import KINDS
from webhook.documents.nodes import Mark
from webhook.offline.created_pods import Given, given_to_pods
from webhook.offline.field_types import misplaced, mistyped, unknown
from webhook.offline.input import Fault, Passed
from webhook.offline.kinds import VERSIONS, objection, own_faults
from webhook.offline.labelled_namespaces import labels_of_namespace
from webhook.offline.manifests import Manifest
from webhook.offline.nulls import decoded, nulls
from webhook.pods.patch import Operation
from webhook.settings.model import Settings
from webhook.settings.resource import GROUP

RESOURCES = {(VERSIONS[kind], kind): resource for resource, (kind, _) in KINDS.items()}


class MadeObjects(NamedTuple):
    """What the controller would make, as it may be shown, and why the rest is not made."""

    objects: tuple[dict[str, Any], ...] = ()
    not_made: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What became of one object.

    `covered` is false for what is no MCP server; such an object is `allowed` as it is, with a
    finding where it looks like one. `admitted`
    is the object as it would be stored, None where it is refused; it may be stored although the
    pods of its template would be refused (`pods_refused`). Paths of findings and of the patch are
    pointers into the document that holds the object. `made` is None unless somebody asked for it.
    `given` is what pods of an admitted Deployment get beside its template, and `callers` says who
    may call an admitted server; empty where that is everybody.
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
    given: tuple[Given, ...] = ()
    callers: str = ""

    @property
    def runs(self) -> bool:
        """Whether neither the object nor its pods would be refused."""
        return self.allowed and not self.pods_refused

    def mark(self, finding: Finding) -> Mark:
        """The line and column of the file that a finding is about."""
        return self.manifest.document.mark(finding.path)


class Summary(NamedTuple):
    """How many objects had which outcome; `reviewed` are the MCP servers, `other` the rest.

    `pods_refused` counts those of the admitted whose pods would be refused, `unreadable` the files
    with something that cannot be read, `passed_over` what is no manifest or left out.
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
class Report:
    """What a review has to tell: an outcome for each object, and the input that has none.

    That is what cannot be read (`faults`), and what is no manifest (`passed`).
    """

    outcomes: Sequence[Outcome]
    faults: Sequence[Fault] = ()
    passed: Sequence[Passed] = ()

    @property
    def told(self) -> list[Outcome]:
        """The outcomes of MCP servers, and of what looks like one and is not reviewed."""
        return [outcome for outcome in self.outcomes if outcome.covered or outcome.findings]

    def summary(self) -> Summary:
        """Count the outcomes."""
        reviewed = [one for one in self.outcomes if one.covered]
        admitted = [one for one in reviewed if one.allowed]
        return Summary(
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


def outcome(manifest: Manifest, settings: Settings, scope: Scope, namespace: str) -> Outcome:
    """What the cluster would make of the object, created in the namespace unless it names one."""
    namespace = manifest.namespace or namespace
    resource = RESOURCES.get((manifest.api_version, manifest.kind))
    if resource is None:
        managed = scope is Scope.MANAGED
        said = objection(manifest, settings, managed=managed)
        found = own_faults(manifest) or ([] if said is None else [said])
        found += labels_of_namespace(manifest)
        return _unreviewed(manifest, namespace, found)
    value = decoded(manifest.value, manifest.kind)
    request = Request(
        hook=Hook.MUTATE,
        resource=resource,
        operation="CREATE",
        object=deepcopy(value),
        kind=manifest.kind,
        namespace=namespace,
        name=manifest.name,
    )
    mutated = review(request, settings, scope)
    if not mutated.allowed:
        return _checked(_outcome(manifest, namespace, [mutated], None))
    admitted = value
    if mutated.operations:
        admitted = jsonpatch.apply_patch(admitted, deepcopy(list(mutated.operations)))
    request = request._replace(hook=Hook.VALIDATE, object=deepcopy(admitted))
    answers = [mutated, review(request, settings, scope)]
    reviewed = _checked(_outcome(manifest, namespace, answers, admitted))
    if not (reviewed.covered and reviewed.allowed):
        return reviewed
    reviewed = replace(reviewed, callers=callers_of_pods(admitted, request, settings, scope))
    if manifest.kind != "Deployment":
        return reviewed
    return replace(reviewed, given=given_to_pods(admitted, namespace, settings, scope))


def _checked(outcome: Outcome) -> Outcome:
    """The outcome, with what the API server that decodes the object would say, or refuse."""
    value, kind = outcome.manifest.value, outcome.manifest.kind
    if not outcome.covered:
        return _said(replace(outcome, admitted=outcome.manifest.value), misplaced(value, kind))
    outcome = _said(outcome, [*nulls(value, kind), *unknown(value, kind)])
    return _undecoded(outcome, mistyped(value, kind))


def _said(outcome: Outcome, found: list[Finding]) -> Outcome:
    return replace(outcome, findings=(*outcome.findings, *_in_document(outcome.manifest, found)))


def _in_document(manifest: Manifest, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, with pointers into the document that holds the object."""
    return tuple(finding._replace(path=manifest.pointer + finding.path) for finding in found)


def _undecoded(outcome: Outcome, found: list[Finding]) -> Outcome:
    """The refusal of an object that an API server could not decode, for what was found."""
    if not found:
        return outcome
    findings = _in_document(outcome.manifest, found)
    places = {finding.path for finding in findings}
    others = tuple(finding for finding in outcome.findings if finding.path not in places)
    return replace(
        outcome,
        allowed=False,
        admitted=None,
        patch=(),
        pods_refused=False,
        findings=findings + others,
    )


def _unreviewed(manifest: Manifest, namespace: str, findings: list[Finding]) -> Outcome:
    """An object that no hook is asked about; wrong settings or an unknown kind are refused."""
    refused = any(finding.severity is Severity.ERROR for finding in findings)
    return Outcome(
        manifest,
        namespace,
        covered=refused,
        allowed=not refused,
        admitted=None if refused else manifest.value,
        findings=tuple(findings),
    )


def _outcome(manifest: Manifest, namespace: str, answers: list[Answer], admitted: Any) -> Outcome:
    """Both answers as one; what both hooks say is said once."""
    allowed = all(answer.allowed for answer in answers)
    findings = dict.fromkeys(finding for answer in answers for finding in answer.findings)
    operations = answers[0].operations if allowed else ()
    return Outcome(
        manifest,
        namespace,
        covered=any(answer.covered for answer in answers),
        allowed=allowed,
        admitted=admitted if allowed else None,
        findings=_in_document(manifest, findings),
        patch=tuple(_moved(operation, manifest.pointer) for operation in operations),
        pods_refused=any(answer.pods_refused for answer in answers),
    )


def _moved(operation: Operation, pointer: str) -> Operation:
    paths = {key: pointer + operation[key] for key in ("path", "from") if key in operation}
    return operation | paths


def called(outcome: Outcome) -> str:
    """The object as people call it: `Deployment tools/github-tools`."""
    name = line(outcome.manifest.name) or "(without a name)"
    if outcome.manifest.group == GROUP:
        return f"{line(outcome.manifest.kind)} {name}"
    return f"{line(outcome.manifest.kind)} {line(outcome.namespace)}/{name}"
