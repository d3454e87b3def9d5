"""While no webhook answers, MCP servers are refused with the reason, and nothing else notices."""

from collections.abc import Iterator

import pytest

from tests.builders import KINDS, NOT_LABELLED, bare_pod, container, of_kind, server
from tests.e2e.namespace import JSON_PATCH, MERGE_PATCH, Namespace, assert_hardened
from tests.e2e.product import Product


@pytest.fixture
def outage(product: Product, namespace: Namespace) -> Iterator[Namespace]:
    """A running server from before, and no webhook that answers."""
    namespace.apply([server(), server("plain", labels=NOT_LABELLED), bare_pod("bare")])
    namespace.wait_until_running(3)
    assert_hardened(namespace.get("pods/bare"))
    assert namespace.template()
    with product.down():
        yield namespace


def assert_unreachable(said: str) -> None:
    """The message names the webhook and its Service: it says whom to ask."""
    assert 'failed calling webhook "opted-in.mcp-admission.dev"' in said
    assert "mcp-admission.mcp-admission-system.svc" in said
    assert "connection refused" in said


def test_new_servers_are_refused_while_the_webhook_is_down_with_the_reason(
    outage: Namespace,
) -> None:
    of_others = [of_kind(kind, "new") for kind in KINDS]
    for manifest in (server("new"), bare_pod("new"), *of_others):
        answer = outage.raw("POST", f"{manifest['kind'].lower()}s", manifest)
        assert answer.status == 500
        assert_unreachable(answer.json()["message"])

    assert_unreachable(outage.apply(server("new"), check=False).stderr)


def test_changes_of_servers_are_refused_while_the_webhook_is_down(outage: Namespace) -> None:
    changed = server(containers=[container(image="registry.example/mcp:2")])

    assert_unreachable(outage.apply(changed, check=False).stderr)
    dropped = outage.kubectl(
        "label", "deployment/github-tools", "mcp-admission.dev/server-", check=False
    )
    assert_unreachable(dropped.stderr)


def test_workloads_that_are_no_servers_do_not_need_the_webhook(outage: Namespace) -> None:
    outage.apply(
        [
            server("plain", labels=NOT_LABELLED, terminationGracePeriodSeconds=1),
            bare_pod("other", labels=NOT_LABELLED),
            of_kind("StatefulSet", labels=NOT_LABELLED),
            of_kind("Job", labels=NOT_LABELLED),
        ]
    )

    outage.wait_until_rolled_out("plain")
    outage.cluster.wait_for(
        "ends and starts of the others",
        lambda: (
            outage.get("jobs/github-tools")["status"].get("succeeded") == 1
            and outage.get("statefulsets/github-tools")["status"].get("readyReplicas") == 1
            and outage.get("pods/other")["status"]["phase"] == "Running"
        ),
    )


def test_running_servers_do_not_need_the_webhook(outage: Namespace) -> None:
    """Status updates, deletions and a Scale need no webhook outside of managed namespaces."""
    phase = {"status": {"message": "seen by the kubelet"}}
    answer = outage.raw("PATCH", "pods/bare/status", phase, MERGE_PATCH)
    assert answer.status == 200
    outage.kubectl("scale", "deployment/github-tools", "--replicas=0", as_user=outage.tenant)
    outage.kubectl("delete", "pod/bare", as_user=outage.tenant)
    outage.kubectl("delete", "deployment/plain", as_user=outage.tenant)
    outage.wait_for_pods(0)
    outage.kubectl("delete", "deployment/github-tools", as_user=outage.tenant)
    assert outage.get("deployments")["items"] == []


def test_a_pod_that_was_lost_comes_back_once_the_webhook_does(
    product: Product, namespace: Namespace
) -> None:
    namespace.apply(server())
    (before,) = namespace.wait_until_running()
    with product.down():
        namespace.kubectl("delete", "pods", "--all", as_user=namespace.tenant)
        namespace.cluster.wait_for("refusal of the new pod", lambda: refused_pods(namespace))
        assert namespace.pods() == []

    # The ReplicaSet controller tries again on its own, at growing intervals, and at every event.
    touch = {"metadata": {"annotations": {"a": "b"}}}
    name = before["metadata"]["ownerReferences"][0]["name"]
    namespace.raw("PATCH", f"replicasets/{name}", touch, MERGE_PATCH)
    (after,) = namespace.wait_until_running()
    assert after["spec"]["containers"][0]["securityContext"]["runAsNonRoot"] is True


def refused_pods(namespace: Namespace) -> bool:
    messages = [event["message"] for event in namespace.get("events")["items"]]
    return any('failed calling webhook "opted-in.mcp-admission.dev"' in said for said in messages)


def test_a_managed_namespace_without_the_webhook_takes_no_pods_and_lets_everything_be_deleted(
    product: Product, managed: Namespace
) -> None:
    managed.apply([server(), bare_pod("bare", labels=NOT_LABELLED)])
    managed.wait_until_running(2)
    with product.down():
        refused = managed.apply(bare_pod("new", labels=NOT_LABELLED), check=False)
        managed.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "any"}})
        managed.kubectl("delete", "deployments,pods", "--all", as_user=managed.tenant)

    assert 'failed calling webhook "managed-namespace.mcp-admission.dev"' in refused.stderr
    assert managed.wait_for_pods(0) == []


def test_an_ordinary_update_of_a_live_servers_pod_waits_for_the_webhook(
    outage: Namespace,
) -> None:
    """Labels are guarded, so that an outage is no way around the guard."""
    finalizers = [{"op": "add", "path": "/metadata/labels/a", "value": "b"}]
    answer = outage.raw("PATCH", "pods/bare", finalizers, JSON_PATCH)

    assert answer.status == 500
    assert_unreachable(answer.json()["message"])
