"""Ways to a pod that is not hardened which do not look like creating one.

They lead through controllers, kubectl or refusals of the API server itself: there is no way in
memory.
"""

import pytest

from tests.builders import GATE, NOT_LABELLED, SERVER, bare_pod, of_kind, server
from tests.e2e import management
from tests.e2e.namespace import MERGE_PATCH, Namespace, Object
from tests.e2e.refusals import refusing_rules
from tests.scenarios.test_gate import WITHOUT_GATE

HOST_NETWORK = {"spec": {"template": {"spec": {"hostNetwork": True}}}}


@pytest.mark.parametrize("resource", ["pods/github-tools/binding", "bindings"])
def test_a_binding_does_not_end_the_waiting_for_a_network_policy(
    namespace: Namespace, resource: str
) -> None:
    namespace.create(bare_pod(schedulerName="nobody"))
    body = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "github-tools"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "node-1"},
    }

    answer = namespace.raw("POST", resource, body)

    assert (answer.status, answer.json()["reason"]) == (409, "Conflict")
    assert "has non-empty .spec.schedulingGates" in answer.json()["message"]
    assert "nodeName" not in namespace.get("pods/github-tools")["spec"]


@pytest.mark.parametrize("way", WITHOUT_GATE)
def test_no_patch_of_the_status_removes_the_gate(namespace: Namespace, way: str) -> None:
    namespace.create(bare_pod())
    form, body = WITHOUT_GATE[way]

    namespace.raw("PATCH", "pods/github-tools/status", body, form)

    assert namespace.get("pods/github-tools")["spec"]["schedulingGates"] == [{"name": GATE}]


def test_a_pod_that_a_server_adopts_does_not_become_one(namespace: Namespace) -> None:
    orphan = bare_pod("orphan", labels={"app": "github-tools"}, hostNetwork=True)
    namespace.create(orphan)
    namespace.create(of_kind("ReplicaSet"))

    def adopted() -> Object | None:
        metadata: Object = namespace.get("pods/orphan")["metadata"]
        return metadata if "ownerReferences" in metadata else None

    metadata = namespace.cluster.wait_for("adoption", adopted)
    assert metadata is not None
    assert metadata["labels"] == {"app": "github-tools"}
    body = {"metadata": {"labels": {SERVER: "true"}}}
    answer = namespace.raw("PATCH", "pods/orphan", body, MERGE_PATCH)
    assert refusing_rules(answer) == {"identity"}


def test_the_template_of_a_replica_set_makes_no_other_pods(managed: Namespace) -> None:
    managed.create(server(labels=NOT_LABELLED))
    managed.wait_until_running()
    (edited,) = managed.get("replicasets")["items"]
    path = f"replicasets/{edited['metadata']['name']}"

    assert managed.raw("PATCH", path, HOST_NETWORK, MERGE_PATCH).status == 200
    managed.raw("DELETE", "pods")

    (pod,) = managed.wait_until_rolled_out()
    assert pod["metadata"]["ownerReferences"][0]["uid"] != edited["metadata"]["uid"]
    assert not pod["spec"].get("hostNetwork")


def test_a_revision_older_than_the_management_does_not_come_back(namespace: Namespace) -> None:
    namespace.apply(server(labels=NOT_LABELLED, hostNetwork=True))
    namespace.wait_for_pods()
    management.begin(namespace)
    namespace.apply(server(labels=NOT_LABELLED))
    namespace.wait_until_rolled_out()

    arguments = ("rollout", "undo", "deployment/github-tools", "--to-revision=1")
    refused = namespace.kubectl(*arguments, as_user=namespace.tenant, check=False)

    assert refusing_rules(refused) == {"host-namespaces"}


def test_servers_stay_servers_where_the_management_ends(managed: Namespace) -> None:
    managed.create(bare_pod(labels=NOT_LABELLED))
    management.end(managed)

    without = {"metadata": {"labels": {SERVER: None}}}
    for resource in ("pods/github-tools", "pods/github-tools/status"):
        answer = managed.raw("PATCH", resource, without, MERGE_PATCH)
        assert refusing_rules(answer) == {"identity"}


def test_kubectl_run_is_reviewed_like_any_client(managed: Namespace) -> None:
    run = ("run", "tools", "--image=registry.example/mcp:1")
    refused = managed.kubectl(*run, "--privileged", as_user=managed.tenant, check=False)
    plain = managed.kubectl(*run, as_user=managed.tenant)

    assert refusing_rules(refused) == {"privileged", "privilege-escalation"}
    assert (plain.stdout, plain.stderr) == ("pod/tools created\n", "")
    assert managed.get("pods/tools")["spec"]["securityContext"]["runAsNonRoot"] is True
