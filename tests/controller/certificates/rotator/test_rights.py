"""The shipped RBAC: enough for the controller, nothing for what the network reaches."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certs.rotation import Rest
from tests import builders
from tests.controller.certificates.cluster import Installed
from tests.controller.certificates.driving import drive, driving
from tests.controller.certificates.replica import Followed
from tools.chart.shipped import RIGHTS, shipped
from tools.cluster.control_plane import ControlPlane
from tools.cluster.ports import LOOPBACK
from tools.cluster.users import User
from webhook.controller.serving_replicas import Replica, endpoint_replicas
from webhook.kube.messages import cluster_wide, namespaced

OF_CERTIFICATES = "mcp-admission-certificates"
RESOURCES = {"ServiceAccount": "serviceaccounts", "Role": "roles", "RoleBinding": "rolebindings"}
WIDE = {"ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings"}


def of_certificates(namespace: str) -> list[dict[str, Any]]:
    """The rights for certificates, for another namespace and name of the configurations."""
    text = json.dumps(shipped(*RIGHTS)).replace("mcp-admission-system", namespace)
    found = [
        one
        for one in json.loads(text)
        if one["kind"] not in WIDE or one["metadata"]["name"] == OF_CERTIFICATES
    ]
    for one in found:
        if one["kind"] in WIDE:
            one["metadata"]["name"] = namespace
            one.get("roleRef", {})["name"] = namespace
        for rule in one.get("rules", []):
            if rule["apiGroups"] == ["admissionregistration.k8s.io"]:
                assert rule["resourceNames"] == ["mcp-admission"]
                rule["resourceNames"] = [namespace]
    return found


@pytest.fixture
def rights(installed: Installed) -> Iterator[dict[str, User]]:
    """The ServiceAccounts."""
    cluster, namespace = installed.cluster, installed.namespace
    for one in of_certificates(namespace):
        version, kind = one["apiVersion"], one["kind"]
        if kind in WIDE:
            cluster.create(cluster_wide(version, WIDE[kind]), one)
        else:
            cluster.create(namespaced(version, RESOURCES[kind], namespace), one)
    users = {
        name: cluster.service_account(namespace, f"mcp-admission-{name}")
        for name in ("serve", "control", "certificates")
    }
    authority = {"verb": "get", "resource": "secrets", "name": "mcp-admission-ca"}
    cluster.wait_for(
        "rights", lambda: allowed(cluster, users["certificates"], namespace, **authority)
    )
    yield users
    for resource in WIDE.values():
        cluster.raw("DELETE", cluster_wide("rbac.authorization.k8s.io/v1", resource, namespace))


def allowed(cluster: ControlPlane, user: User, namespace: str, **attributes: str) -> bool:
    """What the API server says to a SelfSubjectAccessReview."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"namespace": namespace, **attributes}},
    }
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = cluster.raw("POST", path, body, as_user=user)
    assert answer.status == 201, answer.body
    return bool(answer.json()["status"]["allowed"])


async def test_the_account_can_do_every_step_with_what_is_shipped(
    installed: Installed, rights: dict[str, User], tmp_path: Path
) -> None:
    cluster, namespace = installed.cluster, installed.namespace
    cluster.wait_for(
        "rights of the account",
        lambda: allowed(cluster, rights["certificates"], namespace, verb="patch", resource="pods"),
    )
    pods, kubeconfig = namespaced("v1", "pods", namespace), rights["certificates"].kubeconfig
    cluster.create(pods, builders.bare_pod("late", labels={}))
    async with driving(kubeconfig, installed.places, [Replica(LOOPBACK, 1, "late")]) as driver:
        assert await endpoint_replicas(driver.api, installed.places) == []
        await drive(driver)
        await driver.reconcile()
    assert cluster.get(f"{pods}/late")["metadata"]["annotations"]

    before = installed.authority().certificate
    await asyncio.to_thread(installed.rotate, "--ca")
    with Followed(installed, tmp_path / "replica") as replica:
        replicas = [Replica(LOOPBACK, replica.port)]
        async with driving(kubeconfig, installed.places, replicas) as driver, asyncio.timeout(30):
            while not isinstance(await driver.step(), Rest):
                pass
    assert installed.is_settled()
    assert installed.authority().certificate != before


def test_only_the_account_of_certificates_may_read_their_secrets_and_it_no_other(
    installed: Installed, rights: dict[str, User]
) -> None:
    cluster, namespace = installed.cluster, installed.namespace
    serve, control, keeper = rights["serve"], rights["control"], rights["certificates"]
    for secret in ("mcp-admission-ca", "mcp-admission-tls"):
        for verb in ("get", "list", "watch", "update", "patch", "delete"):
            asked = {"verb": verb, "resource": "secrets", "name": secret}
            assert not allowed(cluster, serve, namespace, **asked)
            assert not allowed(cluster, control, namespace, **asked)
            assert allowed(cluster, keeper, namespace, **asked) == (verb in {"get", "update"})
        for user in (serve, control):
            assert cluster.raw("GET", installed.places.secret(secret), as_user=user).status == 403
    for verb in ("get", "list", "watch"):
        other = {"verb": verb, "resource": "secrets", "name": "other"}
        assert not allowed(cluster, keeper, namespace, **other)
        assert not allowed(cluster, keeper, "kube-system", **other)
    account = cluster.get(namespaced("v1", "serviceaccounts", namespace, "mcp-admission-serve"))
    assert account["automountServiceAccountToken"] is False
