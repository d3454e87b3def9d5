"""`kubectl debug` brings a tool into a live server, and no more rights than the server has.

The profiles are kubectl's, and some refusals are the API server's own: these stay on a control
plane. tests/scenarios/test_debug_containers.py has the rest.
"""

from typing import Any

import pytest

from tests.builders import NOT_LABELLED, bare_pod
from tests.e2e.namespace import JSON_PATCH, Namespace
from tests.e2e.refusals import refusing_rules
from tools.cluster.clients import Output, Response

EVERY_PROFILE_THAT_ADDS_RIGHTS = {
    "general": {"capabilities"},
    "netadmin": {"capabilities"},
    "sysadmin": {"privileged", "privilege-escalation"},
}


@pytest.fixture
def live(managed: Namespace) -> Namespace:
    """A managed namespace in which a server runs."""
    managed.create(bare_pod(labels=NOT_LABELLED))
    managed.wait_until_running()
    return managed


def debug(namespace: Namespace, profile: str) -> Output:
    arguments = ("debug", "github-tools", "--image=tools", "--target=mcp", f"--profile={profile}")
    return namespace.kubectl(*arguments, check=False)


def add(namespace: Namespace, **fields: Any) -> Response:
    ephemeral = {"name": "debugger", "image": "tools", "targetContainerName": "mcp", **fields}
    body = [{"op": "add", "path": "/spec/ephemeralContainers", "value": [ephemeral]}]
    return namespace.raw("PATCH", "pods/github-tools/ephemeralcontainers", body, JSON_PATCH)


def test_a_debug_profile_with_more_rights_is_refused(live: Namespace) -> None:
    refused = {
        profile: refusing_rules(debug(live, profile)) for profile in EVERY_PROFILE_THAT_ADDS_RIGHTS
    }

    assert refused == EVERY_PROFILE_THAT_ADDS_RIGHTS
    assert "ephemeralContainers" not in live.get("pods/github-tools")["spec"]


@pytest.mark.parametrize("profile", ["baseline", "restricted"])
def test_a_debugger_of_an_ordinary_profile_is_filled_in_and_admitted(
    live: Namespace, profile: str
) -> None:
    before = live.get("pods/github-tools")["spec"]

    assert debug(live, profile).returncode == 0

    after = live.get("pods/github-tools")["spec"]
    (debugger,) = after.pop("ephemeralContainers")
    assert after == before
    assert debugger["imagePullPolicy"] == "Always"
    assert debugger["securityContext"] == before["containers"][0]["securityContext"]
    assert debugger["resources"] == {}
    assert "ports" not in debugger


def test_a_second_debug_container_joins_the_first(live: Namespace) -> None:
    for _ in range(2):
        assert debug(live, "restricted").returncode == 0

    assert len(live.get("pods/github-tools")["spec"]["ephemeralContainers"]) == 2


def test_a_debug_container_gets_no_rights_later(live: Namespace) -> None:
    before = add(live).json()["spec"]["ephemeralContainers"]

    # By its name it was there before: the API server itself lets none of them change.
    assert add(live, securityContext={"privileged": True}).status == 422

    assert live.get("pods/github-tools")["spec"]["ephemeralContainers"] == before


def test_a_debug_container_changes_nothing_else_of_the_pod(live: Namespace) -> None:
    before = live.get("pods/github-tools")
    body: list[dict[str, Any]] = [
        {"op": "add", "path": "/spec/ephemeralContainers", "value": []},
        {"op": "replace", "path": "/spec/containers/0/image", "value": "other"},
        {"op": "add", "path": "/spec/containers/0/securityContext/privileged", "value": True},
        {"op": "add", "path": "/spec/hostNetwork", "value": True},
        {"op": "remove", "path": "/metadata/labels"},
    ]

    live.raw("PATCH", "pods/github-tools/ephemeralcontainers", body, JSON_PATCH)

    after = live.get("pods/github-tools")
    assert after["spec"] == before["spec"]
    assert after["metadata"]["labels"] == before["metadata"]["labels"]


def test_a_copy_for_debugging_is_a_pod_like_any_other(live: Namespace) -> None:
    arguments = ("debug", "github-tools", "--image=tools", "--copy-to=copy", "--profile=sysadmin")
    refused = live.kubectl(*arguments, check=False)

    assert refusing_rules(refused) >= {"privileged"}


def test_a_shell_on_the_node_is_refused_in_a_managed_namespace(managed: Namespace) -> None:
    refused = managed.kubectl("debug", "node/node-1", "--image=tools", check=False)

    assert refusing_rules(refused) == {
        "host-namespaces",
        "host-path",
        "isolation-gate",
        "tolerations",
    }
