"""Who may ask the controller for Secrets and Services: those who could make them, on a real API."""

from typing import Any

import pytest

from tests import builders
from tests.chart.test_managed_label import grant
from tools.chart.shipped import FOLDER
from tools.cluster.control_plane import ControlPlane

Json = dict[str, Any]
CONFIG_FROM, FILE_KEYS = "mcp-admission.dev/config-from", "mcp-admission.dev/file-keys"
SERVER = {"mcp-admission.dev/server": "true"}
MERGE = "application/merge-patch+json"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"
WRITING = {
    "apiGroups": ["apps"],
    "resources": ["deployments", "deployments/status"],
    "verbs": ["create", "get", "patch", "update"],
}
RIGHTS: dict[str, list[Json]] = {
    "deployer": [],
    "servicer": [{"apiGroups": [""], "resources": ["services"], "verbs": ["create"]}],
    "creator": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]}],
    "reader": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
    "owner": [
        {"apiGroups": [""], "resources": ["secrets", "services"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["crm"]},
    ],
}


@pytest.fixture(scope="module")
def guarded(own_cluster: ControlPlane) -> ControlPlane:
    """A cluster with the policy, its users, and a Deployment in each of two namespaces."""
    for file in sorted(FOLDER.glob("8*.yaml")):
        own_cluster.kubectl("apply", "--filename", str(file))
    for user, rules in RIGHTS.items():
        grant(own_cluster, user, WRITING, *rules)
    managed = {"mcp-admission.dev/managed": "true"}
    for name, labels in {"open-to-all": {}, "all-servers": managed}.items():
        own_cluster.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
        own_cluster.namespace_is_usable(name)
        path = DEPLOYMENTS.format(name)
        own_cluster.create(path, deployment("plain"))
        asking = {CONFIG_FROM: "crm"}
        own_cluster.create(path, deployment("asking", annotations=asking, labels=SERVER))
    own_cluster.wait_for(
        "policy in force",
        lambda: create(own_cluster, "deployer", "open-to-all", labels=SERVER)[0] == 403,
    )
    return own_cluster


def deployment(name: str, *, template: Json | None = None, **metadata: Any) -> Json:
    inside = template or {}
    pods = {**inside, "labels": {"app": name, **inside.get("labels", {})}}
    return {
        "metadata": {"name": name, **metadata},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": pods, "spec": builders.bare_pod(name)["spec"]},
        },
    }


def create(cluster: ControlPlane, user: str, namespace: str, **metadata: Any) -> tuple[int, str]:
    path = f"{DEPLOYMENTS.format(namespace)}?dryRun=All"
    answer = cluster.raw("POST", path, deployment("new", **metadata), as_user=cluster.user(user))
    return answer.status, answer.body.decode()


OF_CRM = {"annotations": {CONFIG_FROM: "crm"}}
OF_OTHER = {"annotations": {CONFIG_FROM: "other"}}


@pytest.mark.parametrize(
    ("user", "metadata", "status"),
    [
        ("deployer", {}, 201),
        ("deployer", {"labels": SERVER}, 403),
        ("deployer", {"labels": {"mcp-admission.dev/server": "false"}}, 201),
        ("deployer", {"template": {"labels": SERVER}}, 403),
        ("servicer", {"labels": SERVER}, 201),
        ("servicer", {"labels": SERVER, **OF_CRM}, 403),
        ("deployer", OF_CRM, 403),
        ("deployer", {"template": OF_CRM}, 403),
        ("creator", OF_CRM, 403),
        ("reader", OF_CRM, 403),
        ("owner", {"labels": SERVER, **OF_CRM}, 201),
        ("owner", {"template": OF_CRM}, 201),
        ("owner", OF_OTHER, 403),
        ("owner", {**OF_CRM, "template": OF_OTHER}, 403),
    ],
)
def test_nobody_creates_a_server_that_gets_what_they_could_not_make(
    guarded: ControlPlane, user: str, metadata: Json, status: int
) -> None:
    found = create(guarded, user, "open-to-all", **metadata)

    assert found[0] == status, found[1]
    assert (status == 403) is ("mcp-admission-authors" in found[1])


def test_a_managed_namespace_is_its_administrators_choice(guarded: ControlPlane) -> None:
    assert create(guarded, "deployer", "all-servers", labels=SERVER)[0] == 201
    assert create(guarded, "deployer", "all-servers", **OF_CRM)[0] == 403


@pytest.mark.parametrize(
    ("user", "name", "patch", "status"),
    [
        ("deployer", "plain", {"metadata": {"labels": SERVER}}, 403),
        ("deployer", "plain", {"metadata": OF_CRM}, 403),
        ("deployer", "plain", {"spec": {"template": {"metadata": OF_CRM}}}, 403),
        ("deployer", "plain", {"spec": {"replicas": 2}}, 200),
        ("deployer", "asking", {"spec": {"replicas": 2}}, 200),
        ("deployer", "asking", {"metadata": {"labels": {"team": "a"}}}, 200),
        ("deployer", "asking", {"metadata": {"annotations": {CONFIG_FROM: None}}}, 200),
        ("deployer", "asking", {"metadata": OF_OTHER}, 403),
        ("deployer", "asking", {"metadata": {"annotations": {FILE_KEYS: "a"}}}, 403),
        ("owner", "asking", {"metadata": {"annotations": {FILE_KEYS: "a"}}}, 200),
        ("owner", "plain", {"metadata": {"labels": SERVER, **OF_CRM}}, 200),
    ],
)
def test_nobody_changes_a_server_into_one_that_gets_more(
    guarded: ControlPlane, user: str, name: str, patch: Json, status: int
) -> None:
    path = f"{DEPLOYMENTS.format('open-to-all')}/{name}?dryRun=All"
    answer = guarded.raw("PATCH", path, patch, MERGE, as_user=guarded.user(user))

    assert answer.status == status, answer.body


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ({"metadata": OF_CRM}, 403),
        ({"metadata": {"annotations": {"a": "b"}}}, 200),
        ({"status": {"observedGeneration": 1}}, 200),
    ],
)
def test_the_status_is_no_way_around(guarded: ControlPlane, patch: Json, status: int) -> None:
    """Kubernetes stores the annotations of whoever writes the status."""
    path = f"{DEPLOYMENTS.format('open-to-all')}/plain/status?dryRun=All"
    answer = guarded.raw("PATCH", path, patch, MERGE, as_user=guarded.user("deployer"))

    assert answer.status == status, answer.body
