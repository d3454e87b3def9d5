"""The findings of a workload: a Deployment, a pod, or another kind that creates pods."""

import json
from collections.abc import Collection, Iterable, Iterator
from copy import deepcopy
from typing import Any

from webhook import admission, names
from webhook.controller.deployment_state import rolled
from webhook.fleet.report import ServerFinding, WorkloadKey
from webhook.fleet.rollout import rollout_progress
from webhook.health import (
    Cause,
    cause_id,
    controller_of,
    deployment_name,
    has_ended,
    pod_counts,
)
from webhook.pods import Malformed
from webhook.settings import Settings

Json = dict[str, Any]
LONGEST_VALUE = 60
MIRROR = "kubernetes.io/config.mirror"
NOT_ROLLED, TIMED_OUT = "not-rolled", "rollout-timed-out"

OLDER = ServerFinding(
    admission.UNPROTECTED,
    "older-than-webhook",
    "it is older than the webhook or its label, and nothing was filled in: roll it",
)
NOT_REVIEWED = ServerFinding(
    admission.UNPROTECTED,
    "not-reviewed",
    "nothing in this namespace is reviewed: move the workload to another one, or remove the label",
)


def server_workload(
    found: Json, resource: str, settings: Settings, scope: admission.Scope
) -> admission.Workload | None:
    """The object as a workload where it is a server; an object that belongs to another is none."""
    try:
        workload = admission.stored(found, resource, scope)
    except Malformed:
        return None
    owned = workload.head.origin.owner and resource != admission.PODS
    is_server = admission.covered(workload, settings, scope)
    return workload if is_server and not owned else None


def unreviewed_findings(workload: admission.Workload) -> list[ServerFinding]:
    """The finding of a label in a namespace that the webhook does not review."""
    return [NOT_REVIEWED] if admission.labelled(workload) else []


def deployment_findings(
    found: Json, settings: Settings, scope: admission.Scope
) -> list[ServerFinding]:
    """What a restart would change or refuse, and what its labels and its last rollout lack.

    Where pods are filled in and templates are not, the pods say what a restart would change.
    """
    outlook = admission.drift.drift_of(found, settings, scope)
    template = found["spec"]["template"]
    findings = [*map(refused_finding, outlook.reasons)]
    if not settings.fills_templates:
        if outlook.state == admission.UNPROTECTED:
            findings = [_half_labelled("the workload", "its pods lack", "/spec/template")]
        return findings + _not_rolled(found)
    if not admission.drift.known(template, found["metadata"]["name"]):
        findings.append(OLDER)
    findings += _half(found, template)
    findings += map(changed_finding, outlook.changes)
    return findings + _not_rolled(found)


def pod_findings(found: Json, settings: Settings, scope: admission.Scope) -> list[ServerFinding]:
    """What would be refused or changed if the pod were created now; none of one that has ended."""
    if has_ended(found):
        return []
    outlook = admission.drift_of_pod(found, settings, scope)
    labels = found["metadata"].get("labels") or {}
    filled_in = labels.get(names.SERVER) == "true" and names.NAME in labels
    older = () if filled_in else (OLDER,)
    return [*map(refused_finding, outlook.reasons), *older, *map(changed_finding, outlook.changes)]


def owner_of(pod: Json) -> WorkloadKey:
    """The workload that a pod is known by: its controller, or itself; anybody can write it."""
    metadata = pod["metadata"]
    owner = controller_of(pod)
    kind, name = ("Pod", metadata["name"]) if owner is None else (owner["kind"], owner["name"])
    return WorkloadKey(metadata["namespace"], kind, name)


def deployment_of(pod: Json) -> WorkloadKey | None:
    """The Deployment whose ReplicaSet owns a pod, as far as the pod shows it."""
    name = deployment_name(pod)
    return WorkloadKey(pod["metadata"]["namespace"], "Deployment", name) if name else None


def is_mirror(metadata: Json) -> bool:
    """Whether this is the mirror of a static pod; the annotation cannot be added later."""
    of_node = any(each["kind"] == "Node" for each in metadata.get("ownerReferences") or [])
    return of_node and MIRROR in (metadata.get("annotations") or {})


def workload_findings(
    found: Json,
    workload: admission.Workload,
    resource: str,
    settings: Settings,
    scope: admission.Scope,
) -> list[ServerFinding]:
    """Whether the pods of its template are covered, and would be refused."""
    status = found.get("status") or {}
    ended = any(each.get("type") == "Failed" for each in status.get("conditions") or [])
    if "completionTime" in status or ended:
        return []
    if not admission.pods_covered(workload, settings, scope):
        return [_half_labelled("the workload", "its pods lack", workload.template.pointer)]
    metadata = found["metadata"]
    request = admission.Request(
        admission.Hook.VALIDATE,
        resource,
        "CREATE",
        deepcopy(found),
        kind=admission.KINDS[resource][0],
        namespace=metadata["namespace"],
        name=metadata["name"],
    )
    answer = admission.review(request, settings, scope)
    return [refused_finding(each) for each in answer.findings if each.refuses_pods]


def warned_findings(
    found: Json, resource: str, settings: Settings, scope: admission.Scope
) -> list[ServerFinding]:
    """What its author would read if it were applied again, by settings of the mode `warn`.

    A Deployment is updated, so that its count of replicas is no news; others are created anew.
    """
    if resource == admission.DEPLOYMENTS:
        request = admission.drift.rolling_request(found)._replace(hook=admission.Hook.VALIDATE)
    else:
        metadata, kind = found["metadata"], admission.KINDS[resource][0]
        new = deepcopy(admission.as_created(found))
        given = {"kind": kind, "namespace": metadata["namespace"], "name": metadata["name"]}
        request = admission.Request(admission.Hook.VALIDATE, resource, "CREATE", new, **given)
    answer = admission.review(request, settings, scope)
    return [ServerFinding(admission.CURRENT, "would-warn", each) for each in answer.warnings]


def refused_finding(finding: admission.Finding) -> ServerFinding:
    """The finding of a rule."""
    return ServerFinding(admission.REFUSED, "refused", finding.message, finding.path, finding.rule)


def changed_finding(change: admission.Change) -> ServerFinding:
    """A field that would change."""
    said = "is absent" if change.before is None else f"is {_value(change.before)}"
    after = "would be removed" if change.after is None else f"would be {_value(change.after)}"
    return ServerFinding(
        admission.OUT_OF_DATE,
        "out-of-date",
        f"{change.field} {said} and {after}",
        change.path,
        "",
        change,
    )


def cause_findings(causes: Iterable[Cause], told: Collection[str] = ()) -> Iterator[ServerFinding]:
    """The findings of causes; a rollout that is told to be stuck is not told twice."""
    for each in causes:
        reason = cause_id(each.reason)
        if reason != TIMED_OUT or NOT_ROLLED not in told:
            yield ServerFinding(each.state, reason, each.message, seen=each.seen, final=each.final)


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def _half(found: Json, template: Json) -> Iterator[ServerFinding]:
    own, of_pods = (
        names.SERVER in ((each.get("metadata") or {}).get("labels") or {})
        for each in (found, template)
    )
    if own and not of_pods:
        yield _half_labelled("the workload", "its pods lack", "/spec/template")
    elif of_pods and not own:
        yield _half_labelled("the pod template", "the workload itself lacks", "")


def _half_labelled(where: str, misses: str, pointer: str) -> ServerFinding:
    place = f"{pointer}/metadata/labels"
    return ServerFinding(
        admission.UNPROTECTED,
        "half-labelled",
        f"the label is on {where} alone, {misses} it: put {names.SERVER} into "
        f"{place.strip('/').replace('/', '.')}",
        place,
    )


def _not_rolled(found: Json) -> list[ServerFinding]:
    """A rollout that is stuck while older pods serve; where none is ready, its causes say why."""
    now = rollout_progress(found)
    if rolled(found) or not now.stuck or not pod_counts(found, "Deployment").ready:
        return []
    return [
        ServerFinding(
            admission.OUT_OF_DATE,
            NOT_ROLLED,
            f"pods of an older template run: {now.line}",
            "/status",
        )
    ]


def pod_spec(found: Json, resource: str) -> Json:
    """The spec of the pods of a workload."""
    for key in (*admission.KINDS[resource][1], "spec"):
        found = found[key]
    return found
