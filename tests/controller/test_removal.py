"""The order in which the product leaves a cluster, and what it leaves behind."""

from typing import Any

import pytest

from webhook.controller import removal
from webhook.controller.installation import Installation
from webhook.kube.errors import Forbidden, NotFound
from webhook.kube.pages import Listing

Json = dict[str, Any]
OWN = {"app.kubernetes.io/managed-by": "mcp-admission"}
US = [{"manager": "mcp-admission", "operation": "Update"}]
DEPLOYMENT = [{"kind": "Deployment"}]
GATES = [{"name": "mcp-admission.dev/isolation"}]


def found(name: str, namespace: str = "team", **more: Any) -> Json:
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-of-{name}", **more}
    return {"metadata": metadata, "spec": {}}


def policy(name: str, *owners: str) -> Json:
    return found(name, labels=OWN, ownerReferences=[{"kind": kind} for kind in owners])


class Cluster:
    """An installation with one managed namespace, a waiting pod and some policies."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.bodies: list[Any] = []
        self.running = 0
        self.missing: set[str] = set()
        self.forbidden: set[str] = set()
        self.lists: dict[str, list[Json]] = {
            "namespaces": [
                {"metadata": {"name": "team", "labels": {"mcp-admission.dev/managed": "true"}}},
                {"metadata": {"name": "other"}},
            ],
            "networkpolicies": [
                policy("mcp-admission-baseline"),
                policy("crm-mcp-access", "Deployment"),
                policy("forged"),
                found("unlabelled-mcp-access", ownerReferences=DEPLOYMENT, managedFields=US),
                found("theirs", ownerReferences=DEPLOYMENT),
                found(
                    "mcp-admission-baseline",
                    "held",
                    ownerReferences=DEPLOYMENT,
                    finalizers=["team.example/hold"],
                ),
            ],
        }
        waiting = found("crm-1")
        waiting["spec"]["schedulingGates"] = GATES
        self.pending = [waiting, found("free")]

    async def list(self, path: str, **selectors: str) -> Listing:
        kind = path.rpartition("/")[2]
        if kind == "pods":
            self.running -= 1
            chosen = "field_selector" in selectors
            return Listing(self.pending if chosen else [{}] * (self.running > 0), "1")
        return Listing(self.lists[kind], "1")

    async def get(self, path: str) -> Json:
        name = path.rpartition("/")[2]
        if name in self.missing:
            raise NotFound(404, "NotFound", path)
        if name in self.forbidden:
            raise Forbidden(403, "Forbidden", path)
        labels = {} if name == "mcp-admission-tls" else OWN
        return found(name, "system", labels=labels)

    async def delete(self, path: str, *, uid: str | None) -> None:
        name = path.rpartition("/")[2]
        if name in self.missing:
            raise NotFound(404, "NotFound", path)
        self.calls.append(f"delete {'/'.join(path.split('/')[-2:])}")

    async def apply(self, path: str, body: Json) -> Json:
        self.calls.append(f"apply {'/'.join(path.split('/')[-2:])}")
        return body

    async def patch(self, path: str, body: object, *, kind: str) -> Json:
        self.calls.append(f"patch {'/'.join(path.split('/')[-2:])}")
        self.bodies.append(body)
        return {}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(removal, "SETTLED", 0.0)
    return Cluster()


def uninstall(api: Any) -> removal.Uninstall:
    return removal.Uninstall(api, Installation("hook", "system"))


async def test_the_webhook_is_forgotten_before_the_controllers_stop(cluster: Cluster) -> None:
    [_ async for _ in uninstall(cluster).run()]

    assert [call for call in cluster.calls if "admissionpolic" not in call] == [
        "patch namespaces/team",
        "delete validatingwebhookconfigurations/mcp-admission",
        "delete mutatingwebhookconfigurations/mcp-admission",
        "patch mcp-admission-control/scale",
        "patch mcp-admission-certificates/scale",
        "patch pods/crm-1",
        "delete networkpolicies/mcp-admission-baseline",
        "delete networkpolicies/crm-mcp-access",
        "delete networkpolicies/unlabelled-mcp-access",
        "patch networkpolicies/mcp-admission-baseline",
        "delete networkpolicies/mcp-admission-baseline",
        "patch namespaces/team",
        "delete configmaps/mcp-admission-settings",
        "delete secrets/mcp-admission-ca",
        "delete secrets/mcp-admission-console-ca",
        "delete secrets/mcp-admission-console-tls",
    ]


async def test_a_plan_names_the_same_and_writes_nothing(cluster: Cluster) -> None:
    planned = [line async for line in uninstall(cluster).plan()]
    assert cluster.calls == []

    removed = [line async for line in uninstall(cluster).run()]
    assert planned == list(dict.fromkeys(removed))
    assert "Pod team/crm-1 need not wait any more" in planned


async def test_the_hook_of_a_chart_without_a_console_may_not_read_its_secrets(
    cluster: Cluster,
) -> None:
    cluster.forbidden = {"mcp-admission-console-ca", "mcp-admission-console-tls"}

    lines = [line async for line in uninstall(cluster).run()]

    assert lines[-1] == "Secret system/mcp-admission-ca deleted"


async def test_any_other_secret_that_may_not_be_read_stops_the_removal(cluster: Cluster) -> None:
    cluster.forbidden = {"mcp-admission-ca"}

    with pytest.raises(Forbidden):
        [_ async for _ in uninstall(cluster).run()]


async def test_what_is_not_there_is_not_reported(cluster: Cluster) -> None:
    cluster.missing = {"mcp-admission", "mcp-admission-settings"}

    lines = [line async for line in uninstall(cluster).run()]

    assert not [line for line in lines if "Configuration" in line or "ConfigMap" in line]


async def test_pod_security_labels_that_nobody_applies_go_where_a_namespace_was_managed(
    cluster: Cluster,
) -> None:
    enforce = {"pod-security.kubernetes.io/enforce": "restricted"}
    managed = {"mcp-admission.dev/managed": "true"}
    cluster.lists["namespaces"] = [
        {"metadata": {"name": "cleared", "labels": {**enforce, **managed}}},
        {"metadata": {"name": "theirs", "labels": enforce}},
    ]

    lines = [line async for line in uninstall(cluster).plan()]

    assert "Namespace cleared loses its Pod Security labels of ours" in lines
    assert not [line for line in lines if "theirs" in line and "Namespace" in line]


async def test_a_weaker_label_that_was_raised_is_given_back(cluster: Cluster) -> None:
    enforce = "pod-security.kubernetes.io/enforce"
    fields: Json = {"f:metadata": {"f:labels": {f"f:{enforce}": {}}}}
    ours = {"manager": "mcp-admission", "operation": "Apply", "fieldsV1": fields}
    note = "mcp-admission.dev/pod-security-before"
    metadata = {
        "name": "team",
        "labels": {enforce: "restricted"},
        "annotations": {note: f'{{"{enforce}":"baseline"}}'},
        "managedFields": [ours],
    }
    cluster.lists["namespaces"] = [{"metadata": metadata}]

    [_ async for _ in uninstall(cluster).run()]

    given = {
        "labels": {"mcp-admission.dev/managed": None, enforce: "baseline"},
        "annotations": {note: None},
    }
    assert {"metadata": given} in cluster.bodies
