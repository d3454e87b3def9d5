"""Changed settings reach a server when its template changes anyway, and not before."""

from collections.abc import Iterator

import pytest

from tests.builders import container, server
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Product

MORE = {"mcpServerDefaults": {"resources": {"requests": {"memory": "600Mi"}}}}


@pytest.fixture
def changed(product: Product, namespace: Namespace) -> Iterator[Namespace]:
    """A server that runs with 400Mi, and settings that say 600Mi since."""
    namespace.apply(server())
    namespace.wait_until_running()
    with product.settings(MORE):
        yield namespace


def memory(namespace: Namespace) -> tuple[str, int]:
    """What the pod requests, and how many templates there were."""
    seen = len(namespace.replica_sets())
    (pod,) = namespace.wait_until_rolled_out()
    (found,) = pod["spec"]["containers"]
    return found["resources"]["requests"]["memory"], seen


def test_an_update_beside_the_template_applies_no_changed_setting(changed: Namespace) -> None:
    changed.apply(server())
    changed.kubectl("replace", "-f", "-", sent=server(), as_user=changed.tenant)
    changed.apply(server(), "--server-side", "--field-manager=argo", "--force-conflicts")
    labelled = {"metadata": {"labels": {"a": "b"}}}
    changed.raw("PATCH", "deployments/github-tools", labelled, MERGE_PATCH)
    changed.kubectl("scale", "deployment/github-tools", "--replicas=0")
    changed.wait_for_pods(0)
    changed.kubectl("scale", "deployment/github-tools", "--replicas=1")

    assert memory(changed) == ("400Mi", 1)


def test_a_restart_takes_the_changed_setting(changed: Namespace) -> None:
    changed.kubectl("rollout", "restart", "deployment/github-tools", as_user=changed.tenant)

    assert memory(changed) == ("600Mi", 2)


def test_a_new_image_takes_the_changed_setting(changed: Namespace) -> None:
    changed.apply(server(containers=[container(image="registry.example/mcp:2")]))

    assert memory(changed) == ("600Mi", 2)


def test_going_back_to_an_old_image_does_not_go_back_to_old_settings(changed: Namespace) -> None:
    changed.apply(server(containers=[container(image="registry.example/mcp:2")]))
    changed.wait_until_rolled_out()
    changed.kubectl("rollout", "undo", "deployment/github-tools", as_user=changed.tenant)

    assert memory(changed) == ("600Mi", 3)
    assert changed.template()["spec"]["containers"][0]["image"] == "registry.example/mcp:1"


def test_a_new_server_has_the_changed_setting(product: Product, namespace: Namespace) -> None:
    with product.settings(MORE):
        namespace.apply(server())

        assert memory(namespace) == ("600Mi", 1)


def test_what_the_author_wrote_does_not_follow_a_changed_setting(
    product: Product, namespace: Namespace
) -> None:
    own = {"requests": {"memory": "400Mi"}}
    namespace.apply(server(containers=[container(resources=own)]))
    with product.settings(MORE):
        namespace.kubectl("rollout", "restart", "deployment/github-tools")

        assert memory(namespace) == ("400Mi", 2)


def test_a_new_runtime_class_is_current_on_new_pods_of_an_old_template(
    product: Product, namespace: Namespace
) -> None:
    handler = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "kata"}
    kata = {**handler, "metadata": {"name": f"of-{namespace.name}"}}
    product.cluster.create("/apis/node.k8s.io/v1/runtimeclasses", kata)
    namespace.apply(server())
    namespace.wait_until_running()
    with product.settings({"mcpServerDefaults": {"runtimeClassName": f"of-{namespace.name}"}}):
        namespace.kubectl("delete", "pods", "--all")
        (pod,) = namespace.wait_until_running()

    assert pod["spec"]["runtimeClassName"] == f"of-{namespace.name}"
    assert len(namespace.replica_sets()) == 1


def test_the_log_says_when_settings_are_in_force(product: Product) -> None:
    with product.settings(MORE):
        told = [line["message"] for line in product.logged() if line.get("file") == "settings"]

    assert told[-1] == "file reloaded"
