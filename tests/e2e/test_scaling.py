"""An MCP server is made with one replica; who scales it is not undone by the next apply."""

from tests.builders import server
from tests.e2e.namespace import MERGE_PATCH, Namespace
from tests.e2e.product import Product
from tools.cluster.clients import JsonObject

ONE = "Warning: replicas set to 1 (asked for 3): MCP servers run as one replica here (replicas)\n"
AUTOSCALER: JsonObject = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "github-tools"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "github-tools"},
        "minReplicas": 3,
        "maxReplicas": 5,
    },
}


def replicas(namespace: Namespace) -> int:
    """How many the stored Deployment, a hardened one, asks for."""
    assert namespace.template()
    count: int = namespace.deployment()["spec"]["replicas"]
    return count


def scale(namespace: Namespace, count: int) -> str:
    """What `kubectl scale` prints on stderr."""
    arguments = ("scale", "deployment/github-tools", f"--replicas={count}")
    return namespace.kubectl(*arguments, as_user=namespace.tenant).stderr


def test_a_new_server_with_three_replicas_gets_one_and_says_so(namespace: Namespace) -> None:
    said = namespace.apply(server(replicas=3))

    assert said.stderr == ONE
    assert replicas(namespace) == 1


def test_a_new_server_may_have_no_replica(namespace: Namespace) -> None:
    assert namespace.apply(server(replicas=0)).stderr == ""

    assert replicas(namespace) == 0


def test_scaling_to_zero_and_back_rolls_nothing(namespace: Namespace) -> None:
    namespace.apply(server())
    namespace.wait_until_rolled_out()

    for count in (0, 1):
        assert scale(namespace, count) == ""
        namespace.wait_until_rolled_out()
        assert replicas(namespace) == count

    assert len(namespace.replica_sets()) == 1


def test_scaling_to_three_stays_and_later_updates_keep_it(namespace: Namespace) -> None:
    namespace.apply(server())
    assert scale(namespace, 3) == ""
    namespace.wait_until_rolled_out()
    image = ("set", "image", "deployment/github-tools", "mcp=registry.example/mcp:2")

    assert namespace.kubectl(*image, as_user=namespace.tenant).stderr == ""
    assert namespace.apply(server()).stderr == ""

    assert replicas(namespace) == 3
    assert len(namespace.wait_until_rolled_out()) == 3


def test_an_update_of_a_server_that_raises_its_replicas_gets_one(namespace: Namespace) -> None:
    namespace.apply(server())

    said = namespace.apply(server(replicas=3))

    assert said.stderr == ONE
    assert replicas(namespace) == 1


def test_the_replica_policy_may_refuse_more_than_one_replica(
    product: Product, namespace: Namespace
) -> None:
    with product.settings({"replicas": {"policy": "deny"}}):
        refused = namespace.apply(server(replicas=3), check=False)

    assert refused.returncode == 1
    assert "replicas must be 0 or 1 (asked for 3) (replicas)" in refused.stderr


def test_an_autoscaler_works_where_the_replica_policy_is_off(
    product: Product, managed: Namespace
) -> None:
    with product.settings({"replicas": {"policy": "off"}}):
        managed.apply([server(), AUTOSCALER])
        pods = managed.wait_until_running(3)

    assert replicas(managed) == 3
    assert len(pods) == 3
    assert len(managed.replica_sets()) == 1


def test_an_apply_does_not_take_an_autoscalers_replicas_back(
    product: Product, managed: Namespace
) -> None:
    with product.settings({"replicas": {"policy": "off"}}):
        managed.apply(server(replicas=3))
    counted = {"metadata": {"annotations": {"a": "b"}}}
    answer = managed.raw("PATCH", "deployments/github-tools", counted, MERGE_PATCH)

    assert (answer.status, answer.warnings) == (200, [])
    assert replicas(managed) == 3
