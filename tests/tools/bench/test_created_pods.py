"""The pods of the bench, and what has to have become of them once they are stored."""

import copy
import json
from typing import Any

import jsonpatch
import pytest

from tests.builders import GATE, NAME, SERVER
from tools.bench.created_pods import fault_of_filled_in, fault_of_untouched, pod
from webhook.admission.handler import review
from webhook.admission.workload import Hook, Scope
from webhook.server.admission_review import decode_review
from webhook.settings.model import Settings

Json = dict[str, Any]
SPEC: list[Any] = ["spec"]
FIRST = [*SPEC, "containers", 0]


def as_sent(containers: int) -> Json:
    """A pod of the bench as a webhook sees it: with what the API server fills in."""
    found = pod(containers)
    for each in found["spec"]["containers"]:
        each |= {"imagePullPolicy": "IfNotPresent", "resources": {}}
    return found


def admitted(containers: int = 1) -> Json:
    """The same pod after this product's review."""
    before = as_sent(containers)
    envelope = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "1", "operation": "CREATE", "namespace": "tools", "object": before,
            "kind": {"version": "v1", "kind": "Pod"}, "resource": {"resource": "pods"},
        },
    }  # fmt: skip
    asked = decode_review(json.dumps(envelope).encode(), Hook.MUTATE)
    answer = review(asked, Settings(), Scope.MANAGED)
    after: Json = jsonpatch.JsonPatch(list(answer.operations)).apply(before)
    return after


@pytest.mark.parametrize("containers", [1, 30])
def test_what_the_product_makes_of_a_pod_is_right(containers: int) -> None:
    assert fault_of_filled_in(admitted(containers)) is None
    assert fault_of_untouched(admitted(containers)) == "filled in"


@pytest.mark.parametrize("containers", [1, 30])
def test_a_pod_as_it_is_sent_is_untouched(containers: int) -> None:
    assert fault_of_untouched(as_sent(containers)) is None
    assert len(pod(containers)["spec"]["containers"]) == containers


@pytest.mark.parametrize(
    ("at", "value", "lacks"),
    [
        ([*FIRST, "securityContext", "runAsUser"], 0, "hardened containers"),
        ([*FIRST, "imagePullPolicy"], "IfNotPresent", "fresh images"),
        ([*FIRST, "resources"], {}, "memory of the server"),
        ([*SPEC, "securityContext", "runAsNonRoot"], False, "pod not root"),
        ([*SPEC, "automountServiceAccountToken"], True, "no token"),
        ([*SPEC, "volumes"], [{"name": "kube-api-access-x", "projected": {}}], "no token"),
        ([*SPEC, "enableServiceLinks"], True, "no service links"),
        (["metadata", "labels", SERVER], "false", "labels"),
        (["metadata", "labels", NAME], "other", "labels"),
        ([*SPEC, "schedulingGates"], [], "gate"),
        ([*SPEC, "schedulingGates"], [{"name": GATE}, {"name": GATE}], "gate"),
    ],
)
def test_each_promise_is_looked_at(at: list[Any], value: Any, lacks: str) -> None:
    stored = copy.deepcopy(admitted())
    *path, last = at
    place = stored
    for key in path:
        place = place[key]
    place[last] = value

    assert fault_of_filled_in(stored) == lacks
