"""A release of a real Helm on a real API server, beside what the controller writes meanwhile."""

import asyncio
from typing import Any

import pytest

from tests.chart.test_gitops import rotate
from tools.chart.definition import definitions
from tools.chart.helm import IMAGE, MANIFESTS, NAMESPACE, RELEASE, Helm, HelmError
from tools.cluster.control_plane import ControlPlane

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
KINDS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
HERE = ("--namespace", NAMESPACE)


def bundles(cluster: ControlPlane) -> list[str]:
    return [
        entry["clientConfig"].get("caBundle", "")
        for kind in KINDS
        for entry in cluster.get(f"{ADMISSION}/{kind}/mcp-admission")["webhooks"]
    ]


def status(cluster: ControlPlane, path: str) -> int:
    return cluster.raw("GET", path).status


@pytest.fixture(params=["4", "3"])
def either(request: pytest.FixtureRequest, helm: Helm, helm3: Helm) -> Helm:
    return helm if request.param == "4" else helm3


def test_a_helm_release_is_installed_upgraded_and_uninstalled(
    own_cluster: ControlPlane, either: Helm
) -> None:
    def run(*arguments: Any) -> str:
        return either.run(*arguments, *HERE, "--kubeconfig", own_cluster.kubeconfig)

    image = f"image.repository={IMAGE}"
    run("install", RELEASE, MANIFESTS / "chart", "--create-namespace", "--set", image)
    asyncio.run(rotate(own_cluster))
    published = bundles(own_cluster)
    locked = f"/api/v1/namespaces/{NAMESPACE}/configmaps/mcp-admission-locked"

    elsewhere = ("--namespace", "elsewhere", "--create-namespace", "--set", image)
    connected = ("--kubeconfig", own_cluster.kubeconfig)
    with pytest.raises(HelmError, match=f"there is one already, release {RELEASE} in namespace"):
        either.run("install", "second", MANIFESTS / "chart", *elsewhere, *connected)

    run("upgrade", RELEASE, MANIFESTS / "chart", "--reuse-values", "--set", "onConflict=warn")

    assert bundles(own_cluster) == published
    assert all(published)
    assert "onConflict: warn" in own_cluster.get(locked)["data"]["settings.yaml"]

    run("uninstall", RELEASE, "--timeout", "2m")

    for kind in KINDS:
        assert status(own_cluster, f"{ADMISSION}/{kind}/mcp-admission") == 404
    for kept in (
        f"/api/v1/namespaces/{RELEASE}-mcp",
        *(f"{DEFINITIONS}/{each['metadata']['name']}" for each in definitions().values()),
    ):
        assert status(own_cluster, kept) == 200
    for role in ("mcp-admission-control", "mcp-admission-uninstall"):
        path = f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{role}"
        assert status(own_cluster, path) == 404

    with pytest.raises(HelmError, match=f"earlier installation, release {RELEASE} in namespace"):
        either.run("install", "second", MANIFESTS / "chart", *elsewhere, *connected)
