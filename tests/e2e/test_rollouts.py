"""A changed template rolls the pods once; a patch that takes our values back does not."""

from typing import Any

import pytest

from tests.builders import server
from tests.e2e.namespace import JSON_PATCH, MERGE_PATCH, Namespace, Object

STRATEGIC = "application/strategic-merge-patch+json"
POD = "/spec/template/spec"


@pytest.fixture
def template(namespace: Namespace) -> Object:
    """The stored template of a Deployment whose pod runs."""
    kubectl(namespace, "create", "-f", "-", sent=server())
    namespace.wait_until_rolled_out()
    return namespace.template()


def kubectl(namespace: Namespace, *arguments: str, sent: Object | None = None) -> None:
    """A command of the tenant's, which must say nothing but its result."""
    assert namespace.kubectl(*arguments, sent=sent, as_user=namespace.tenant).stderr == ""


def rollouts(namespace: Namespace) -> tuple[int, int]:
    """The Deployment's generation, and how many templates it ever had."""
    seen = len(namespace.replica_sets())
    return namespace.deployment()["metadata"]["generation"], seen


def patched(namespace: Namespace, body: Any, content_type: str) -> None:
    """A patch of the tenant's, which must be accepted without a warning."""
    answer = namespace.raw(
        "PATCH", "deployments/github-tools", body, content_type, as_user=namespace.tenant
    )
    assert (answer.status, answer.warnings) == (200, []), answer.body


def test_set_image_rolls_once_and_changes_nothing_else(
    namespace: Namespace, template: Object
) -> None:
    kubectl(namespace, "set", "image", "deployment/github-tools", "mcp=registry.example/mcp:2")

    (pod,) = namespace.wait_until_rolled_out()
    template["spec"]["containers"][0]["image"] = "registry.example/mcp:2"
    assert namespace.template() == template
    assert pod["spec"]["containers"][0]["image"] == "registry.example/mcp:2"
    assert rollouts(namespace) == (2, 2)


def test_a_rollout_restart_of_a_server_rolls_once(namespace: Namespace, template: Object) -> None:
    kubectl(namespace, "rollout", "restart", "deployment/github-tools")

    namespace.wait_until_rolled_out()
    found = namespace.template()
    assert found["metadata"]["annotations"].pop("kubectl.kubernetes.io/restartedAt")
    assert found == template
    assert rollouts(namespace) == (2, 2)


def test_a_rollout_undo_goes_back_to_the_same_template(
    namespace: Namespace, template: Object
) -> None:
    kubectl(namespace, "set", "image", "deployment/github-tools", "mcp=registry.example/mcp:2")
    namespace.wait_until_rolled_out()
    kubectl(namespace, "rollout", "undo", "deployment/github-tools")

    namespace.wait_until_rolled_out()
    assert namespace.template() == template
    assert rollouts(namespace) == (3, 2)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON_PATCH, [{"op": "remove", "path": f"{POD}/securityContext"}]),
        (JSON_PATCH, [{"op": "remove", "path": f"{POD}/containers/0/resources"}]),
        (JSON_PATCH, [{"op": "remove", "path": "/spec/template/metadata/annotations"}]),
        (MERGE_PATCH, {"spec": {"template": {"spec": {"securityContext": None}}}}),
        (MERGE_PATCH, {"spec": {"template": {"spec": {"automountServiceAccountToken": None}}}}),
        (MERGE_PATCH, {"spec": {"template": {"metadata": {"labels": {"app": "github-tools"}}}}}),
        (MERGE_PATCH, {"spec": {"template": {"metadata": {"annotations": None}}}}),
        (
            STRATEGIC,
            {"spec": {"template": {"spec": {"containers": [{"name": "mcp", "resources": None}]}}}},
        ),
    ],
)
def test_a_patch_that_takes_our_values_back_does_not_roll(
    namespace: Namespace, template: Object, content_type: str, body: Any
) -> None:
    patched(namespace, body, content_type)

    assert namespace.template() == template
    assert rollouts(namespace) == (1, 1)


@pytest.mark.parametrize(
    ("body", "generation"),
    [
        ({"metadata": {"labels": {"a": "b"}}}, 1),
        ({"metadata": {"annotations": {"a": "b"}}}, 2),  # so does the API server with any
        ({"spec": {"minReadySeconds": 1}}, 2),
    ],
)
def test_a_patch_beside_the_template_does_not_roll(
    namespace: Namespace, template: Object, body: Any, generation: int
) -> None:
    patched(namespace, body, MERGE_PATCH)

    assert namespace.template() == template
    assert rollouts(namespace) == (generation, 1)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON_PATCH, [{"op": "replace", "path": f"{POD}/containers/0/image", "value": "mcp:2"}]),
        (
            STRATEGIC,
            {"spec": {"template": {"spec": {"containers": [{"name": "mcp", "image": "mcp:2"}]}}}},
        ),
    ],
)
def test_a_patched_image_rolls_once_and_changes_nothing_else(
    namespace: Namespace, template: Object, content_type: str, body: Any
) -> None:
    patched(namespace, body, content_type)

    template["spec"]["containers"][0]["image"] = "mcp:2"
    assert namespace.template() == template
    assert rollouts(namespace) == (2, 2)


def test_a_merge_patch_of_the_containers_is_filled_in_anew(
    namespace: Namespace, template: Object
) -> None:
    containers = [{"name": "mcp", "image": "mcp:2"}]
    patched(namespace, {"spec": {"template": {"spec": {"containers": containers}}}}, MERGE_PATCH)

    template["spec"]["containers"][0]["image"] = "mcp:2"
    assert namespace.template() == template
    assert rollouts(namespace) == (2, 2)
