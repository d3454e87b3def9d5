"""A debug container joins a live server with the rights that the server has, and no more."""

from typing import Any

import pytest

from tests.builders import NOT_LABELLED, bare_pod
from tests.e2e.namespace import JSON_PATCH
from tests.scenarios.cluster import Cluster, Json, Result

PRIVILEGED = {"privileged": True, "allowPrivilegeEscalation": True}


@pytest.fixture
def live(managed: Cluster) -> Cluster:
    """A managed namespace with a server."""
    managed.create(bare_pod(labels=NOT_LABELLED))
    return managed


def debugged(cluster: Cluster, **fields: Any) -> Result:
    container = {"name": "debugger", "image": "tools", "targetContainerName": "mcp", **fields}
    body = [{"op": "add", "path": "/spec/ephemeralContainers", "value": [container]}]
    return cluster.patch("pods/github-tools", body, JSON_PATCH, "ephemeralcontainers")


def test_a_debug_container_is_filled_in_alone(live: Cluster) -> None:
    before = live.get("pods/github-tools")["spec"]

    after = debugged(live).stored["spec"]

    (debugger,) = after.pop("ephemeralContainers")
    assert after == before
    assert debugger["securityContext"] == before["containers"][0]["securityContext"]
    assert debugger["securityContext"]["runAsUser"] == 1000


def test_a_privileged_debug_container_is_refused(live: Cluster) -> None:
    refused = debugged(live, securityContext=PRIVILEGED)

    assert refused.refused_by == {"privileged", "privilege-escalation"}
    assert "ephemeralContainers" not in live.get("pods/github-tools")["spec"]


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"name": "mcp", "securityContext": {"privileged": True}}, {"privileged"}),
        ({"securityContext": {"runAsUser": 0}}, {"run-as-user"}),
        ({"securityContext": {"runAsNonRoot": False}}, {"run-as-non-root"}),
        ({"securityContext": {"procMount": "Unmasked"}}, {"proc-mount"}),
        ({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}, {"seccomp-profile"}),
        ({"securityContext": {"windowsOptions": {"hostProcess": True}}}, {"windows-host-process"}),
        ({"imagePullPolicy": "Never"}, {"image-pull-policy"}),
    ],
    ids=lambda given: " ".join(sorted(given)),
)
def test_every_rule_about_containers_holds_for_debug_containers(
    live: Cluster, fields: Json, rules: set[str]
) -> None:
    assert debugged(live, **fields).refused_by >= rules
