"""A debug container joins a live server with the rights that the server has, and no more."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import bare_pod
from tests.e2e.namespace import JSON_PATCH
from tests.scenarios.cluster import Cluster, Json, Result

PRIVILEGED = {"privileged": True, "allowPrivilegeEscalation": True}


@pytest.fixture(params=[False, True], ids=["namespace", "managed"])
def live(clusters: Callable[..., Cluster], request: pytest.FixtureRequest) -> Cluster:
    """A namespace with a server."""
    cluster = clusters(managed=request.param)
    cluster.create(bare_pod())
    return cluster


def debugged(cluster: Cluster, **fields: Any) -> Result:
    container = {"name": "debugger", "image": "tools", "targetContainerName": "mcp", **fields}
    body = [{"op": "add", "path": "/spec/ephemeralContainers", "value": [container]}]
    return cluster.patch("pods/github-tools", body, JSON_PATCH, "ephemeralcontainers")


def test_a_debug_container_is_filled_in_alone(live: Cluster) -> None:
    before = live.get("pods/github-tools")

    after = debugged(live).stored

    (debugger,) = after["spec"].pop("ephemeralContainers")
    assert after["spec"] == before["spec"]
    for part in ("labels", "annotations"):
        assert after["metadata"][part] == before["metadata"][part]
    assert debugger["securityContext"] == before["spec"]["containers"][0]["securityContext"]
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
