"""What is told of a workload: a Deployment, a pod, or another kind that makes pods."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from webhook import names
from webhook.admission import drift
from webhook.admission.answer import Finding
from webhook.admission.coverage import covered, labelled, pods_covered
from webhook.admission.drift import OUT_OF_DATE, REFUSED, UNPROTECTED, Change
from webhook.admission.handler import review
from webhook.admission.request import Hook, Request, Scope
from webhook.admission.workload import KINDS, PODS, Workload, stored
from webhook.controller.servers.observed import rolled
from webhook.fleet.report import Told
from webhook.fleet.rollout import progress
from webhook.pods.fields import Malformed
from webhook.settings.model import Settings

Json = dict[str, Any]
LONGEST_VALUE = 60
OVER = {"Succeeded", "Failed"}
GOT_LATER = ("nodeName", "ephemeralContainers", names.GATES)

OLDER = Told(
    UNPROTECTED,
    "older-than-webhook",
    "nothing was ever filled in, it is older than the webhook or than the label: let it roll",
)
NOT_REVIEWED = Told(
    UNPROTECTED,
    "not-reviewed",
    "nothing in this namespace is reviewed: move the workload to another, or drop the label",
)


def seen(found: Json, resource: str, settings: Settings, *, managed: bool) -> Workload | None:
    """The object as a workload where it is a server; an object that belongs to another is none."""
    scope = Scope.of(managed=managed)
    try:
        workload = stored(found, resource, scope)
    except Malformed:
        return None
    owned = workload.head.origin.owner and resource != PODS
    is_server = covered(workload, settings, scope)
    return workload if is_server and not owned else None


def not_reviewed(workload: Workload) -> list[Told]:
    """What is told where the webhook does not look: a label there promises what nobody keeps."""
    return [NOT_REVIEWED] if labelled(workload) else []


def of_deployment(found: Json, settings: Settings, *, managed: bool) -> list[Told]:
    """What rolling it would do, and what its labels and its last rollout lack."""
    outlook = drift.drift_of(found, settings, managed=managed)
    template = found["spec"]["template"]
    told = [*map(refused, outlook.reasons)]
    if not drift.known(template, found["metadata"]["name"]):
        told.append(OLDER)
    told += _half(found, template)
    told += map(changed, outlook.changes)
    return told + _not_rolled(found)


def of_pod(found: Json, settings: Settings, *, managed: bool) -> list[Told]:
    """What would become of a pod that were created now; nothing of one that has ended."""
    if (found.get("status") or {}).get("phase") in OVER:
        return []
    before = _as_applied(found)
    after = deepcopy(before)
    metadata = found["metadata"]
    given = {"namespace": metadata["namespace"], "name": metadata["name"]}
    request = Request(Hook.MUTATE, PODS, "CREATE", after, kind="Pod", **given)
    reasons = drift.objections(request, settings, Scope.of(managed=managed))
    labels = metadata.get("labels") or {}
    filled_in = labels.get(names.SERVER) == "true" and names.NAME in labels
    after["spec"].pop(names.GATES, None)
    changes = () if reasons else drift.changes(before, after)
    older = () if filled_in else (OLDER,)
    return [*map(refused, reasons), *older, *map(changed, changes)]


def of_other(
    found: Json, workload: Workload, resource: str, settings: Settings, *, managed: bool
) -> list[Told]:
    """Whether the pods of its template are covered, and would be refused."""
    status = found.get("status") or {}
    ended = any(each.get("type") == "Failed" for each in status.get("conditions") or [])
    if "completionTime" in status or ended:
        return []
    scope = Scope.of(managed=managed)
    if not pods_covered(workload, settings, scope):
        return [_half_labelled("the workload", "its pods lack", workload.template.pointer)]
    metadata = found["metadata"]
    request = Request(
        Hook.VALIDATE,
        resource,
        "CREATE",
        deepcopy(found),
        kind=KINDS[resource][0],
        namespace=metadata["namespace"],
        name=metadata["name"],
    )
    answer = review(request, settings, scope)
    return [refused(each) for each in answer.findings if each.refuses_pods]


def _as_applied(found: Json) -> Json:
    """A pod without what it got after it was created."""
    metadata = {key: each for key, each in found["metadata"].items() if key != "managedFields"}
    spec = {key: each for key, each in found["spec"].items() if key not in GOT_LATER}
    return deepcopy({"metadata": metadata, "spec": spec})


def refused(finding: Finding) -> Told:
    """What a rule refuses."""
    return Told(REFUSED, "refused", finding.message, finding.path, finding.rule)


def changed(change: Change) -> Told:
    """A field that would be another."""
    said = "is absent" if change.before is None else f"is {_value(change.before)}"
    after = "would go" if change.after is None else f"would be {_value(change.after)}"
    return Told(
        OUT_OF_DATE, "out-of-date", f"{change.field} {said} and {after}", change.path, "", change
    )


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def _half(found: Json, template: Json) -> Iterator[Told]:
    own, of_pods = (
        names.SERVER in ((each.get("metadata") or {}).get("labels") or {})
        for each in (found, template)
    )
    if own and not of_pods:
        yield _half_labelled("the workload", "its pods lack", "/spec/template")
    elif of_pods and not own:
        yield _half_labelled("the pod template", "the workload itself lacks", "")


def _half_labelled(where: str, misses: str, pointer: str) -> Told:
    place = f"{pointer}/metadata/labels"
    return Told(
        UNPROTECTED,
        "half-labelled",
        f"the label is on {where} alone, {misses} it: put {names.SERVER} into "
        f"{place.strip('/').replace('/', '.')}",
        place,
    )


def _not_rolled(found: Json) -> list[Told]:
    """A rollout under way is told by nobody; one that does not go on by itself is."""
    now = progress(found)
    if rolled(found) or not now.stuck:
        return []
    return [
        Told(OUT_OF_DATE, "not-rolled", f"pods of an older template run: {now.line}", "/status")
    ]
