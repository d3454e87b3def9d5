"""The command that makes a workload an MCP server, for each kind and for what an operator writes.

The webhook reads the label of the workload and that of its pods. A Deployment gets both from one
label; the others keep their templates as they are written.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from webhook import names
from webhook.fleet.report import WorkloadKey
from webhook.fleet.unlabelled.recognisers import LIFECYCLE, Operator
from webhook.fleet.unlabelled.traits import ForeignOwner

LABEL = {names.SERVER: "true"}
ARGUMENT = f"{names.SERVER}=true"
ON_ITS_OWN = "Deployment"
FOR_GOOD = frozenset({"Pod", "Job"})
"""Kinds whose pods cannot be labelled while they exist."""
TEMPLATES: Mapping[str, Sequence[str]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
USUAL_TEMPLATE = ("spec", "template")
KUBECTL_NAMES = {
    "ReplicaSet": "replicaset.apps",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
    "CronJob": "cronjob",
    "ReplicationController": "replicationcontroller",
}


class Labelling(NamedTuple):
    """A command for the shell, and what to know before; the note may be empty."""

    command: str
    note: str = ""


def labelling(
    key: WorkloadKey, owners: Sequence[ForeignOwner], operator: Operator | None = None
) -> Labelling:
    """How a workload becomes a server, and stays one where something else writes it."""
    if operator is LIFECYCLE and owners:
        return Labelling(
            _command("patch", f"mcpservers.{owners[0].group}", key.namespace, owners[0].name,
                     "--type", "merge", "-p", _json({"spec": {"extraLabels": LABEL}})),
            f"{operator.name} writes the {key.kind} again: label what it is made from",
        )  # fmt: skip
    if operator is not None:
        return _managed(key, f"{operator.name} writes the {key.kind} again", operator.selector)
    if owners:
        return _managed(key, f"{owners[0]} owns the {key.kind} and may write it again")
    if key.kind in FOR_GOOD:
        return Labelling(
            f"{_local(key.kind)} -o yaml | kubectl replace --force -f -",
            f"a {key.kind} that exists cannot become a server: this deletes it and creates it "
            "again from its manifest FILE",
        )
    if key.kind == ON_ITS_OWN:
        return Labelling(_command("label", "deployment", key.namespace, key.name, ARGUMENT))
    return Labelling(
        _command("patch", KUBECTL_NAMES.get(key.kind, key.kind.lower()), key.namespace, key.name,
                 "--type", "merge", "-p", _labels(key.kind))
    )  # fmt: skip


def _managed(key: WorkloadKey, why: str, selector: str = "") -> Labelling:
    """Everything in the namespace becomes a server, whoever writes it."""
    other = f", or add {selector} to config.selectors of the chart" if selector else ""
    return Labelling(
        shlex.join(["kubectl", "label", "namespace", key.namespace, f"{names.MANAGED}=true"]),
        f"{why}: make everything in the namespace a server{other}",
    )


def _local(kind: str) -> str:
    if kind == "Pod":
        return shlex.join(["kubectl", "label", "--local", "-f", "FILE", ARGUMENT])
    words = ["kubectl", "patch", "--local", "-f", "FILE", "--type", "merge", "-p", _labels(kind)]
    return shlex.join(words)


def _command(verb: str, resource: str, namespace: str, name: str, *more: str) -> str:
    return shlex.join(["kubectl", verb, resource, "-n", namespace, name, *more])


def _labels(kind: str) -> str:
    """The labels of the object and of its pods, as a merge patch."""
    patch: object = {"metadata": {"labels": LABEL}}
    for step in reversed(TEMPLATES.get(kind, USUAL_TEMPLATE)):
        patch = {step: patch}
    both = {"metadata": {"labels": LABEL}}
    return _json({**both, **patch} if isinstance(patch, dict) else both)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
