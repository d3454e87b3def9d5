"""A new pod waits until the controller says that its network policy exists."""

from tests.builders import GATE, bare_pod, server
from tests.e2e.namespace import Namespace, Object, assert_hardened
from tests.e2e.product import Product


def gated(namespace: Namespace) -> Object:
    """The one pod, once the scheduler has said that it waits."""

    def waiting() -> bool:
        (pod,) = namespace.wait_for_pods()
        conditions = pod["status"].get("conditions", [])
        return "SchedulingGated" in [condition.get("reason") for condition in conditions]

    namespace.cluster.wait_for("pod that waits", waiting)
    (pod,) = namespace.pods()
    return pod


def test_a_pod_waits_and_is_scheduled_once_the_controller_removes_the_gate(
    namespace: Namespace,
) -> None:
    namespace.apply(server())
    waiting = gated(namespace)
    assert waiting["spec"]["schedulingGates"] == [{"name": GATE}]
    assert "nodeName" not in waiting["spec"]

    (running,) = namespace.wait_until_running()

    assert running["metadata"]["uid"] == waiting["metadata"]["uid"]
    assert running["spec"]["nodeName"]
    assert "schedulingGates" not in running["spec"]


def test_a_tenant_may_not_remove_the_gate(namespace: Namespace) -> None:
    namespace.apply(bare_pod())

    patch = ("patch", "pod/github-tools", "--type=json", "-p")
    remove = '[{"op": "remove", "path": "/spec/schedulingGates"}]'
    refused = namespace.kubectl(*patch, remove, as_user=namespace.tenant, check=False)

    assert refused.returncode == 1
    assert "schedulingGates: only the controller removes mcp-admission.dev/isolation" in (
        refused.stderr
    )
    assert "(isolation-gate)" in refused.stderr
    assert gated(namespace)["spec"]["schedulingGates"] == [{"name": GATE}]


def test_an_administrator_may_remove_the_gate(product: Product, namespace: Namespace) -> None:
    namespace.apply(bare_pod())

    answer = namespace.release(gated(namespace), as_user=product.cluster.admin)

    assert answer is not None
    assert answer.status == 200


def test_a_gate_of_somebody_else_is_kept(namespace: Namespace) -> None:
    namespace.apply(bare_pod(schedulingGates=[{"name": "example.com/quota"}]))
    gates = gated(namespace)["spec"]["schedulingGates"]
    assert gates == [{"name": "example.com/quota"}, {"name": GATE}]

    namespace.release(gated(namespace))

    assert gated(namespace)["spec"]["schedulingGates"] == [{"name": "example.com/quota"}]


def test_templates_hold_no_gate(namespace: Namespace) -> None:
    namespace.apply(server())

    assert "schedulingGates" not in namespace.template()["spec"]


def test_without_network_policies_no_pod_waits_at_the_gate(
    product: Product, namespace: Namespace
) -> None:
    with product.settings({"mcpNamespace": {"networkPolicy": {"enabled": False}}}):
        namespace.apply(bare_pod())

    pod = namespace.get("pods/github-tools")
    assert_hardened(pod)
    assert "schedulingGates" not in pod["spec"]
