"""An MCP server that says nothing about security runs where Pod Security enforces `restricted`."""

from tests.builders import server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product


def test_a_plain_server_is_applied_without_a_warning_and_runs(restricted: Namespace) -> None:
    applied = restricted.apply(server())

    assert (applied.stdout, applied.stderr) == ("deployment.apps/github-tools created\n", "")
    (pod,) = restricted.wait_until_running()
    assert pod["spec"]["nodeName"]


def test_without_the_product_the_same_manifest_is_warned_about_and_gets_no_pod(
    product: Product, restricted: Namespace
) -> None:
    with product.uninstalled():
        applied = restricted.apply(server())
        restricted.cluster.wait_for("refusal of its pods", lambda: refused_pods(restricted))

    assert 'would violate PodSecurity "restricted:latest"' in applied.stderr
    assert restricted.pods() == []


def refused_pods(namespace: Namespace) -> bool:
    (condition, *_) = [
        condition
        for condition in namespace.deployment().get("status", {}).get("conditions", [])
        if condition["type"] == "ReplicaFailure"
    ] or [{}]
    return 'violates PodSecurity "restricted:latest"' in condition.get("message", "")
