"""Reviews of one pod as the API server sends them: two containers and one before them.

The shape is that of a review recorded on a real API server, a third of it managedFields; names
and images are made up.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import jsonpatch

from webhook import names
from webhook.admission.handler import review
from webhook.admission.workload import Hook, Scope
from webhook.server.admission_review import decode_review
from webhook.settings.model import Settings

Json = dict[str, Any]
OWNER = {
    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "github-tools-6d9f", "uid": "1",
    "controller": True, "blockOwnerDeletion": True,
}  # fmt: skip


class Case(NamedTuple):
    """One request: what it is about, which hook it is posted to, and the body."""

    title: str
    hook: Hook
    body: bytes


def cases() -> list[Case]:
    """What a cluster sends for a pod of a Deployment, and the worst: a pod that lacks everything.

    A pod of a Deployment comes from a template that is filled in already; the ServiceAccount
    plugin has mounted its token in it. The validating hook sees the pod that the first one made.
    """
    bare: Json = json.loads(Path(__file__).with_name("pod_review.json").read_text())
    pod = bare["request"]["object"]
    admitted = _mutated(pod)
    of_template = _with_token(admitted, pod)
    return [
        Case("/mutate, pod of a template", Hook.MUTATE, _about(bare, of_template)),
        Case("/validate, the same admitted", Hook.VALIDATE, _about(bare, _mutated(of_template))),
        Case("/mutate, pod lacking all", Hook.MUTATE, _about(bare, pod)),
    ]


def _about(envelope: Json, pod: Json) -> bytes:
    """The body without spaces, as Go writes it."""
    asked = {**envelope, "request": {**envelope["request"], "object": pod}}
    return json.dumps(asked, separators=(",", ":")).encode()


def _mutated(pod: Json) -> Json:
    envelope = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "1", "operation": "CREATE", "namespace": "tools", "object": pod,
            "kind": {"version": "v1", "kind": "Pod"}, "resource": {"resource": "pods"},
        },
    }  # fmt: skip
    asked = decode_review(json.dumps(envelope).encode(), Hook.MUTATE)
    answer = review(asked, Settings(), Scope.OPTED_IN)
    mutated: Json = jsonpatch.JsonPatch(list(answer.operations)).apply(pod)
    return mutated


def _with_token(admitted: Json, before: Json) -> Json:
    """The next pod of the same template: ungated, and with the volume of its token again."""
    pod = deepcopy(admitted)
    pod["metadata"]["ownerReferences"] = [OWNER]
    del pod["spec"][names.GATES]
    pod["spec"]["volumes"] = before["spec"]["volumes"]
    for key in ("initContainers", "containers"):
        for container, original in zip(pod["spec"][key], before["spec"][key], strict=True):
            container["volumeMounts"] = original["volumeMounts"]
    return pod
