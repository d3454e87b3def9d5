"""Servers run on the nodes that the fleet has for them.

Field    spec.affinity; spec.tolerations and .nodeSelector of a pod (of a template only tolerations
         of node.kubernetes.io/*, which take the place of Kubernetes' own)
Absent   the settings mcpServerDefaults of the same names; selectors key by key
Refused  nothing; with perServer forbid, own affinity and tolerations are replaced by the
         setting's, except node.kubernetes.io/* tolerations and matchFields terms
Source   mcp-admission; DaemonSet pods are bound to their node by matchFields; Kubernetes refuses a
         pod whose selector contradicts its namespace's or its runtime class's, and gives a pod
         that tolerates everything no limit for how long
"""

import json
from collections.abc import Iterator
from typing import Any

from webhook.rules.checks.resources import forbids
from webhook.rules.rule import Fields, Pod, PodRule, Settings, Violation
from webhook.settings import MCPServerDefaults, Section

NODE_TAINTS = "node.kubernetes.io/"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def fill(pod: Pod, settings: Settings) -> None:
    """Fill in what the workload does not say."""
    defaults = settings.mcp_server_defaults
    if defaults.affinity is not None:
        pod.spec.default("affinity", _json(defaults.affinity))
    if not (pod.origin.new_pod or pod.origin.template):
        return
    missing = given(pod, settings)
    for toleration in missing.get("tolerations", ()):
        if pod.origin.new_pod or _of_node(toleration):
            pod.spec.append("tolerations", toleration)
    for key, value in missing.get("nodeSelector", {}).items() if pod.origin.new_pod else ():
        pod.spec.child("nodeSelector").set(key, value)


def given(pod: Pod, settings: Settings) -> dict[str, Any]:
    """The fleet's tolerations and parts of its selector that the pod lacks."""
    defaults = settings.mcp_server_defaults
    selector = pod.spec.child("nodeSelector")
    missing = {
        "tolerations": _missing_tolerations(pod, defaults),
        "nodeSelector": {
            key: value
            for key, value in (defaults.node_selector or {}).items()
            if selector.get(key) is None
        },
    }
    return {key: value for key, value in missing.items() if value}


def check(pod: Pod, settings: Settings) -> Iterator[Violation]:
    """Object to a workload's own affinity and tolerations where the fleet's are for all."""
    defaults = settings.mcp_server_defaults
    if not forbids(settings) or not pod.origin.takes_fleet_defaults:
        return
    if defaults.affinity is None or pod.spec.get("affinity") != _json(defaults.affinity):
        yield from _own_affinity(pod)
    fleet = [_json(toleration) for toleration in defaults.tolerations or ()]
    for at, toleration in enumerate(pod.spec.list("tolerations")):
        if toleration not in fleet and not _of_node(toleration):
            yield _foreign(pod.spec, "tolerations", at)


def _missing_tolerations(pod: Pod, defaults: MCPServerDefaults) -> list[dict[str, Any]]:
    if not defaults.tolerations:
        return []
    present = pod.spec.list("tolerations")
    if defaults.per_server == "allow" and not all(map(_of_node, present)):
        return []
    known = set(map(_spelling, present))
    fleet = map(_json, defaults.tolerations)
    return [toleration for toleration in fleet if _spelling(toleration) not in known]


def _own_affinity(pod: Pod) -> Iterator[Violation]:
    """The parts that may go: all of it, unless a term binds the pod to a node by its fields."""
    affinity = pod.spec.child("affinity")
    node = affinity.child("nodeAffinity")
    terms = node.child(REQUIRED).items("nodeSelectorTerms")
    if not any(term.has("matchFields") for term in terms):
        if pod.spec.has("affinity"):
            yield _foreign(pod.spec, "affinity")
        return
    for key, _ in affinity.entries():
        if key != "nodeAffinity":
            yield _foreign(affinity, key)
    for key, _ in node.entries():
        if key != REQUIRED:
            yield _foreign(node, key)
    for term in terms:
        if term.has("matchExpressions") and term.has("matchFields"):
            yield _foreign(term, "matchExpressions")


def _foreign(at: Fields, key: str, item: int | None = None) -> Violation:
    said = f"{at.place}.{key}".removeprefix(".")
    return at.violation(
        key, "is the fleet's to set", item=item, overridden=f"{said} replaced by the fleet's"
    )


def _of_node(toleration: Any) -> bool:
    key = toleration.get("key") if isinstance(toleration, dict) else None
    return isinstance(key, str) and key.startswith(NODE_TAINTS)


def _spelling(toleration: Any) -> str:
    """One text for one toleration: those of long lists are looked up, not compared in pairs."""
    return json.dumps(toleration, sort_keys=True)


def _json(value: Section) -> dict[str, Any]:
    return value.model_dump(by_alias=True, exclude_none=True)


RULE: PodRule = PodRule(
    id="scheduling",
    fill=fill,
    given=given,
    check=check,
    always_current=False,
    final=False,
    checks_by=forbids,
)
