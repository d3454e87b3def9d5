"""ServiceAccount, Priority and DefaultTolerationSeconds: what they add stays as they add it."""

from typing import Any

import pytest

from tests.builders import Manifest, bare_pod, container, of_kind, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product

NODE_TOLERATIONS = [
    {
        "key": f"node.kubernetes.io/{state}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
    for state in ("not-ready", "unreachable")
]
FLEET = {"key": "mcp", "operator": "Exists", "effect": "NoSchedule"}
OWN = {"key": "own", "operator": "Exists"}
ASKS = {"mcp-admission.dev/service-account-token": "true"}


def account(namespace: Namespace, **fields: Any) -> None:
    """Make a ServiceAccount for servers."""
    manifest = {"metadata": {"name": "tools"}, **fields}
    namespace.cluster.create(namespace.path("serviceaccounts"), manifest)


def workload(kind: str, **spec: Any) -> Manifest:
    """A bare pod, or a workload of that kind."""
    return bare_pod(**spec) if kind == "Pod" else of_kind(kind, **spec)


def asking(manifest: Manifest) -> Manifest:
    """The manifest, with the wish for a token."""
    manifest["metadata"]["annotations"] = ASKS
    return manifest


@pytest.mark.parametrize("automount", [None, True, False])
def test_an_accounts_pull_secrets_come_and_its_token_does_not(
    namespace: Namespace, automount: bool | None
) -> None:
    fields = {} if automount is None else {"automountServiceAccountToken": automount}
    account(namespace, imagePullSecrets=[{"name": "registry"}], **fields)

    stored = namespace.create(bare_pod(serviceAccountName="tools"))["spec"]

    assert stored["serviceAccountName"] == "tools"
    assert stored["imagePullSecrets"] == [{"name": "registry"}]
    assert stored["automountServiceAccountToken"] is False
    assert "volumes" not in stored
    assert "volumeMounts" not in stored["containers"][0]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Pod"])
def test_an_accounts_pull_secrets_stand_beside_the_fleets(
    product: Product, namespace: Namespace, kind: str
) -> None:
    account(namespace, imagePullSecrets=[{"name": "registry"}])
    with product.settings({"mcpServerDefaults": {"imagePullSecrets": [{"name": "fleet"}]}}):
        namespace.create(workload(kind, serviceAccountName="tools"))
        (pod,) = namespace.wait_until_running()

    assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}, {"name": "fleet"}]


@pytest.mark.parametrize("kind", ["Deployment", "Pod"])
def test_a_server_that_tolerates_everything_still_leaves_a_node_that_fails(
    product: Product, namespace: Namespace, kind: str
) -> None:
    everything = {"operator": "Exists"}
    with product.settings({"mcpServerDefaults": {"tolerations": [everything]}}):
        namespace.create(workload(kind))
        (pod,) = namespace.wait_until_running()

    assert pod["spec"]["tolerations"] == [*NODE_TOLERATIONS, everything]


def test_who_asks_for_a_token_gets_the_plugins(namespace: Namespace) -> None:
    bare = namespace.create(asking(bare_pod()))
    namespace.create(asking(server("in-cluster")))

    (other,) = namespace.cluster.wait_for(
        "pod of the Deployment",
        lambda: [pod for pod in namespace.pods() if pod["metadata"].get("ownerReferences")],
    )
    for pod in (bare, other):
        (volume,) = pod["spec"]["volumes"]
        (mount,) = pod["spec"]["containers"][0]["volumeMounts"]
        assert volume["name"].startswith("kube-api-access-")
        assert mount["name"] == volume["name"]
        assert mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"


def test_other_volumes_and_mounts_stay_where_the_token_goes(namespace: Namespace) -> None:
    volume = {"name": "data", "emptyDir": {}}
    mount = {"name": "data", "mountPath": "/data"}
    sidecar = container(name="sidecar", volumeMounts=[mount])

    stored = namespace.create(bare_pod(volumes=[volume], containers=[container(), sidecar]))

    assert stored["spec"]["volumes"] == [volume]
    first, second = stored["spec"]["containers"]
    assert "volumeMounts" not in first
    assert second["volumeMounts"] == [mount]


def test_an_account_that_is_missing_is_the_plugins_to_refuse(namespace: Namespace) -> None:
    answer = namespace.raw("POST", "pods", bare_pod(serviceAccountName="nobody"))

    assert answer.status == 403
    assert answer.json()["message"] == (
        'pods "github-tools" is forbidden: error looking up service account '
        f'{namespace.name}/nobody: serviceaccount "nobody" not found'
    )


PRIORITY_CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"


def test_a_priority_class_that_never_preempts_is_the_authors_and_its_number_kubernetes_own(
    product: Product, namespace: Namespace
) -> None:
    name = f"tools-{namespace.name}"
    patient = {"metadata": {"name": name}, "value": 1234, "preemptionPolicy": "Never"}
    product.cluster.create(PRIORITY_CLASSES, patient)

    stored = namespace.create(bare_pod(priorityClassName=name))["spec"]
    default = namespace.create(bare_pod("default"))["spec"]
    missing = namespace.raw("POST", "pods", bare_pod("missing", priorityClassName="none"))

    assert (stored["priority"], default["priority"]) == (1234, 0)
    assert "no PriorityClass with name none was found" in missing.json()["message"]


def test_the_default_class_is_everybodys_and_one_that_preempts_is_who_is_listed(
    product: Product, namespace: Namespace
) -> None:
    default, high = (f"{name}-{namespace.name}" for name in ("default", "high"))
    usual = {"metadata": {"name": default}, "value": 10, "globalDefault": True}
    product.cluster.create(PRIORITY_CLASSES, usual)
    product.cluster.create(PRIORITY_CLASSES, {"metadata": {"name": high}, "value": 1000})
    try:
        filled = namespace.create(bare_pod("filled"))["spec"]
        refused = namespace.raw("POST", "pods", bare_pod("high", priorityClassName=high))
        forged = bare_pod("forged", priorityClassName=high)
        forged["metadata"]["managedFields"] = [
            {
                "manager": "python",
                "operation": "Update",
                "apiVersion": "v1",
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:spec": {"f:containers": {}}},
            }
        ]
        still = namespace.raw("POST", "pods", forged)
        with product.settings({"priorityClasses": {"allowed": [high]}}):
            listed = namespace.create(bare_pod("listed", priorityClassName=high))["spec"]
    finally:
        product.cluster.raw("DELETE", f"{PRIORITY_CLASSES}/{default}")

    assert (filled["priorityClassName"], filled["priority"]) == (default, 10)
    assert "priorityClassName must not preempt other pods" in refused.json()["message"]
    assert "priorityClassName must not preempt other pods" in still.json()["message"]
    assert listed["priority"] == 1000


@pytest.mark.parametrize(
    ("per_server", "own", "expected"),
    [
        ("allow", [], [*NODE_TOLERATIONS, FLEET]),
        ("allow", [OWN], [OWN, *NODE_TOLERATIONS]),
        ("forbid", [OWN], [*NODE_TOLERATIONS, FLEET]),
    ],
)
def test_tolerations_of_the_plugin_the_fleet_and_the_author_stand_together_once(
    product: Product,
    namespace: Namespace,
    per_server: str,
    own: list[dict[str, Any]],
    expected: list[dict[str, Any]],
) -> None:
    defaults = {"perServer": per_server, "tolerations": [FLEET]}
    with product.settings({"mcpServerDefaults": defaults}):
        stored = namespace.create(bare_pod(tolerations=own))

    assert stored["spec"]["tolerations"] == expected
