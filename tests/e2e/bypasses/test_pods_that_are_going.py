"""A pod that is being deleted, and kept by a finalizer, is still a server that runs."""

import pytest

from tests.builders import NOT_LABELLED, SERVER, bare_pod
from tests.e2e.namespace import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, Namespace
from tests.e2e.refusals import refusing_rules
from tools.cluster.clients import Response

FINALIZER = "example.com/archive"


@pytest.fixture
def going(managed: Namespace) -> Namespace:
    """A managed namespace in which a pod is being deleted and kept."""
    pod = bare_pod(labels=NOT_LABELLED)
    pod["metadata"]["finalizers"] = [FINALIZER]
    managed.create(pod)
    managed.wait_until_running()
    assert managed.raw("DELETE", "pods/github-tools").status == 200
    assert managed.get("pods/github-tools")["metadata"]["deletionTimestamp"]
    return managed


def without_labels(namespace: Namespace, subresource: str = "") -> Response:
    body = {"metadata": {"labels": {SERVER: None}}}
    return namespace.raw("PATCH", f"pods/github-tools{subresource}", body, MERGE_PATCH)


@pytest.mark.parametrize("subresource", ["", "/status"], ids=["pods", "pods/status"])
def test_a_pod_that_is_being_deleted_keeps_its_labels(going: Namespace, subresource: str) -> None:
    assert refusing_rules(without_labels(going, subresource)) == {"identity"}


def test_a_pod_that_is_being_deleted_gets_no_privileged_debug_container(going: Namespace) -> None:
    debugger = {"name": "d", "image": "tools", "securityContext": {"privileged": True}}
    body = {"spec": {"ephemeralContainers": [debugger]}}
    path = "pods/github-tools/ephemeralcontainers"

    assert refusing_rules(going.raw("PATCH", path, body, STRATEGIC_PATCH)) >= {"privileged"}


def test_the_finalizer_of_a_pod_that_is_being_deleted_can_be_removed(going: Namespace) -> None:
    body = [{"op": "remove", "path": "/metadata/finalizers"}]
    answer = going.raw("PATCH", "pods/github-tools", body, JSON_PATCH)

    assert answer.status == 200
    going.cluster.wait_for("pod gone", lambda: going.raw("GET", "pods/github-tools").status == 404)
