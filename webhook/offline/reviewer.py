"""One object through both hooks, as the API server would send it, without an API server.

The mutating hook gets the object, its patch is applied, and the validating hook gets the result.
No API server adds the defaults of Kubernetes in between, so fields may be absent. What its decoder
would refuse is refused here too, and a null is decoded as it would be.

Below the mode `enforce`, the object is stored as it is. What `enforce` would do is told.

A Deployment's template does not show what Kubernetes adds to pods alone. One pod is reviewed as its
ReplicaSet would create it, in a namespace that adds nothing.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import jsonpatch

from webhook import admission, names
from webhook.offline import decoding, settings_documents, unreviewed_kinds
from webhook.offline.manifests import Manifest
from webhook.offline.review_outcome import PodAddition, ReviewOutcome
from webhook.pods import Operation
from webhook.settings import Settings

RESOURCES = {
    (unreviewed_kinds.VERSIONS[kind], kind): resource
    for resource, (kind, _) in admission.KINDS.items()
}


def review_manifest(
    manifest: Manifest,
    by: settings_documents.ReviewSettings,
    scope: admission.Scope,
    namespace: str,
) -> ReviewOutcome:
    """What the cluster would do with the object, created in the namespace or its own."""
    namespace = manifest.namespace or namespace
    settings = by.of(namespace)
    resource = RESOURCES.get((manifest.api_version, manifest.kind))
    if resource is None:
        said = unreviewed_kinds.unreviewed_finding(manifest, settings, scope)
        found = unreviewed_kinds.settings_resource_findings(manifest, by) or (
            [] if said is None else [said]
        )
        found += unreviewed_kinds.namespace_label_findings(manifest)
        return _unreviewed(manifest, namespace, found)
    value = decoding.decoded(manifest.value, manifest.kind)
    request = admission.Request(
        hook=admission.Hook.MUTATE,
        resource=resource,
        operation="CREATE",
        object=deepcopy(value),
        kind=manifest.kind,
        namespace=namespace,
        name=manifest.name,
    )
    mutated = admission.review(request, settings, scope)
    if not mutated.allowed:
        return _checked(_outcome(manifest, namespace, [mutated], None))
    admitted = value
    if mutated.operations:
        admitted = jsonpatch.apply_patch(admitted, deepcopy(list(mutated.operations)))
    request = request._replace(hook=admission.Hook.VALIDATE, object=deepcopy(admitted))
    answers = [mutated, admission.review(request, settings, scope)]
    reviewed = _checked(_outcome(manifest, namespace, answers, admitted))
    if not settings.enforced:
        return _below_enforce(reviewed, answers, settings.mode)
    if not (reviewed.covered and reviewed.allowed):
        return reviewed
    reviewed = replace(
        reviewed, callers=admission.callers_of_pods(admitted, request, settings, scope)
    )
    if manifest.kind != "Deployment":
        return reviewed
    return replace(reviewed, pod_additions=_pod_additions(admitted, namespace, settings, scope))


def _below_enforce(
    outcome: ReviewOutcome, answers: list[admission.Answer], mode: str
) -> ReviewOutcome:
    """The outcome of a mode that stores the object as it is, with what enforce would do."""
    if not (outcome.covered and outcome.allowed):
        return outcome
    would = {answer.would for answer in answers}
    first = next((word for word in ("refuse", "patch") if word in would), "")
    return replace(outcome, mode=mode, would=first)


def _told(finding: admission.Finding, answer: admission.Answer) -> admission.Finding:
    """The finding; what an allowed object would be refused for is a warning."""
    if not answer.allowed or finding.severity is admission.Severity.WARNING:
        return finding
    message = f"{admission.WOULD_BE_REFUSED}{finding.message}"
    return finding._replace(severity=admission.Severity.WARNING, message=message)


def _checked(outcome: ReviewOutcome) -> ReviewOutcome:
    """The outcome, with what the API server's decoder would report or refuse."""
    value, kind = outcome.manifest.value, outcome.manifest.kind
    if not outcome.covered:
        return _said(
            replace(outcome, admitted=outcome.manifest.value), decoding.misplaced_keys(value, kind)
        )
    outcome = _said(
        outcome, [*decoding.null_fields(value, kind), *decoding.unknown_fields(value, kind)]
    )
    return _undecoded(outcome, decoding.mistyped_fields(value, kind))


def _said(outcome: ReviewOutcome, found: list[admission.Finding]) -> ReviewOutcome:
    return replace(outcome, findings=(*outcome.findings, *_in_document(outcome.manifest, found)))


def _in_document(
    manifest: Manifest, found: Iterable[admission.Finding]
) -> tuple[admission.Finding, ...]:
    """The findings, with pointers into the document that holds the object."""
    return tuple(finding._replace(path=manifest.pointer + finding.path) for finding in found)


def _undecoded(outcome: ReviewOutcome, found: list[admission.Finding]) -> ReviewOutcome:
    """The refusal of an object that the decoder would refuse for these findings."""
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


def _unreviewed(
    manifest: Manifest, namespace: str, findings: list[admission.Finding]
) -> ReviewOutcome:
    """An object without a hook; wrong settings or an unknown kind are refused."""
    refused = any(finding.severity is admission.Severity.ERROR for finding in findings)
    return ReviewOutcome(
        manifest,
        namespace,
        covered=refused,
        allowed=not refused,
        admitted=None if refused else manifest.value,
        findings=tuple(findings),
    )


def _outcome(
    manifest: Manifest, namespace: str, answers: list[admission.Answer], admitted: Any
) -> ReviewOutcome:
    """Both answers as one; a finding of both hooks is kept once."""
    allowed = all(answer.allowed for answer in answers)
    findings = dict.fromkeys(
        _told(finding, answer) for answer in answers for finding in answer.findings
    )
    operations = answers[0].operations if allowed else ()
    return ReviewOutcome(
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


def _pod_additions(
    deployment: dict[str, Any], namespace: str, settings: Settings, scope: admission.Scope
) -> tuple[PodAddition, ...]:
    """What a pod of the Deployment has in addition to its template, but the gate."""
    template = deployment["spec"]["template"]
    owner = {"kind": "ReplicaSet", "name": deployment["metadata"]["name"], "controller": True}
    metadata = {**(template.get("metadata") or {}), "ownerReferences": [owner]}
    before = {"metadata": metadata, "spec": template["spec"]}
    after = deepcopy(before)
    request = admission.Request(
        admission.Hook.MUTATE, admission.PODS, "CREATE", after, kind="Pod", namespace=namespace
    )
    admission.review(request, settings, scope)
    after["spec"].pop(names.GATES, None)
    return tuple(PodAddition(each.field, each.after) for each in admission.changes(before, after))
