"""Which objects are MCP servers, and which warnings their authors get about that.

A label that is misspelled, or written as an annotation, opts nothing in: its author is warned. The
author of a new server is warned which pods can call it once the network policies isolate it.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Any

from webhook import names
from webhook.admission.answer import NOT_COVERED, Answer, Finding, Severity, allow
from webhook.admission.workload import Request, Scope, Workload, read_workload
from webhook.documents import escape
from webhook.pods import Fields, Patch, Violation, keys, peers
from webhook.rules.checks import identity
from webhook.settings import Gateway, Settings, listed

_FROM_NOW_ON = "callers from now on: "
_LABELS, _PROFILES = 2, 3


class Coverage(Enum):
    """What a request means for a Deployment."""

    NONE = "it neither was nor becomes an MCP server"
    JOINS = "it is created as one or becomes one"
    STAYS = "it is one and stays one"
    LOSES_LABEL = "its label is missing from the update"
    LEAVES = "it opts out"
    MAY_NOT_LEAVE = "it opts out where that is not allowed"


def covered(workload: Workload, settings: Settings, scope: Scope) -> bool:
    """Whether the object is an MCP server: managed, labelled or chosen by a selector.

    Any value of the label but "false" counts; the identity rule refuses those that are not "true".
    What makes pods opts out by "false", whatever a selector says; its pods are asked themselves.
    """
    if scope is Scope.MANAGED or labelled(workload):
        return True
    opted_out = workload.kind != "Pod" and workload.labels.get(names.SERVER) == "false"
    return not opted_out and _selected(workload, settings)


def labelled(workload: Workload) -> bool:
    """Whether the object or its pod template carries the label."""
    own = workload.labels.get(names.SERVER)
    if own == "false":
        return False
    return own is not None or workload.head.labels.get(names.SERVER) not in (None, "false")


def pods_covered(workload: Workload, settings: Settings, scope: Scope) -> bool:
    """Whether the pods made from the template are MCP servers, by the labels they will have."""
    labels = workload.head.labels
    carries = labels.get(names.SERVER) not in (None, "false")
    return scope is Scope.MANAGED or carries or _matches(labels, settings)


def coverage_of(new: Workload, old: Workload | None, settings: Settings, scope: Scope) -> Coverage:
    """What the request means for the Deployment; `old` is None on CREATE."""
    if new.labels.get(names.SERVER) == "false":
        return _opting_out(new, old, scope)
    was = old is not None and covered(old, settings, scope)
    if covered(new, settings, scope):
        lost = was and old is not None and _lost(new, old, settings)
        if lost and scope is Scope.OPTED_IN:
            return Coverage.LOSES_LABEL
        return Coverage.STAYS if was else Coverage.JOINS
    return Coverage.LOSES_LABEL if was else Coverage.NONE


def _opting_out(new: Workload, old: Workload | None, scope: Scope) -> Coverage:
    if scope is Scope.MANAGED:
        already = old is not None and old.labels.get(names.SERVER) == "false"
        return Coverage.STAYS if already else Coverage.MAY_NOT_LEAVE
    was = old is not None and labelled(old)
    carries = any(new.head.labels.has(label) for label in names.LABELS)
    return Coverage.LEAVES if was or carries else Coverage.NONE


def _lost(new: Workload, old: Workload, settings: Settings) -> bool:
    """Whether the label went, and only what we added to the template still says what it said.

    A manifest that has the label in its template alone, and comes again, has lost nothing; it
    lacks the name that stands beside our own label.
    """
    if old.labels.get(names.SERVER) != "true" or new.labels.get(names.SERVER) is not None:
        return False
    template = new.head.labels
    says_so = template.has(names.SERVER) and not template.has(names.NAME)
    return not (says_so or _selected(new, settings))


def _selected(workload: Workload, settings: Settings) -> bool:
    return _matches(workload.labels, settings) or _matches(workload.head.labels, settings)


def _matches(labels: Fields, settings: Settings) -> bool:
    return any(
        selector and all(labels.get(key) == value for key, value in selector.items())
        for selector in settings.selectors
    )


def uncovered(workload: Workload) -> Answer:
    """Leave the object alone, with a warning where a label of ours is not where it counts."""
    pod, origin = workload.head, workload.head.origin
    annotations = [workload.annotations, pod.annotations] if origin.template else [pod.annotations]
    found = [] if workload.labels is pod.labels else [*identity.unread(workload.labels)]
    found += identity.unread(pod.labels)
    found += [
        each.violation(key, str(keys.unread_annotation(key)), advice=True)
        for each in annotations
        for key in names.LABELS
        if each.has(key)
    ]
    return allow(_warnings(found))._replace(covered=False) if found else NOT_COVERED


def unread_labels(workload: Workload) -> list[Finding]:
    """Warnings about labels on the workload itself that are not read; rules see those of pods."""
    return _warnings(identity.unread(workload.labels))


def _warnings(violations: Iterable[Violation]) -> list[Finding]:
    return [
        Finding(identity.RULE.id, Severity.WARNING, violation.pointer, violation.message)
        for violation in violations
    ]


def callers(settings: Settings, workload: Workload) -> Finding | None:
    """What to tell the author of a workload; None while network policies are off.

    The gateway's namespace is the one of the installation unless the settings name another.
    """
    policy = settings.mcp_namespace.network_policy
    if not policy.enabled:
        return None
    profiles: tuple[str, ...] = ()
    value = workload.head.origin.annotation(names.INGRESS_FROM)
    if value is not None and workload.kind == "Deployment":
        granted = peers.ingress(value, policy)
        profiles = () if granted.objections else granted.profiles
    where = _namespace(policy.gateway)
    further = f", and ingress {listed(profiles, 'and', _PROFILES)}" if profiles else ""
    return Finding(
        "identity",
        Severity.WARNING,
        f"/metadata/labels/{escape(names.SERVER)}",
        f"{_FROM_NOW_ON}{_pods(policy.gateway)} in {where}{further}",
        f"{_FROM_NOW_ON}the gateway's pods in {where}{', and others' if profiles else ''}",
    )


def callers_of_pods(admitted: Any, request: Request, settings: Settings, scope: Scope) -> str:
    """The same sentence about an object that was admitted; empty where its pods are no servers."""
    workload = read_workload(admitted, request, scope, Patch())
    found = callers(settings, workload) if pods_covered(workload, settings, scope) else None
    return "" if found is None else found.message


def _namespace(gateway: Gateway) -> str:
    return f"namespace {gateway.namespace}" if gateway.namespace else "mcp-admission's namespace"


def _pods(gateway: Gateway) -> str:
    labels = [f"{key}={value}" for key, value in sorted(gateway.pod_selector.items())]
    return f"pods labelled {listed(labels, 'and', _LABELS)}" if labels else "all pods"
