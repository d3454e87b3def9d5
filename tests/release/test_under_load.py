"""Upgrade and removal while pods are created without an end: nobody is refused, or left waiting."""

import json
import ssl
from typing import Any

import pytest

from tests.builders import GATE
from tests.release import servers
from tests.release.load import load
from tools.chart.helm import NAMESPACE
from tools.cluster.control_plane import ControlPlane
from tools.cluster.kubelet.pod import SECONDS_BETWEEN_SYNCS
from tools.cluster.kubelet.services import SLICES
from tools.cluster.ports import LOOPBACK
from tools.release.release import ADMISSION, CONFIGURATIONS, PROCESSES, TOOLS, WAIT, Release
from webhook.cli.main import main

pytestmark = pytest.mark.control_plane

Json = dict[str, Any]

ROLLING = [f"--set={each}.resources.requests.memory=160Mi" for each in PROCESSES]


@pytest.fixture
def installed(release: Release, removed: None) -> Release:
    """A release in use."""
    release.installed()
    namespace = release.cluster.get(f"/api/v1/namespaces/{TOOLS}")
    assert namespace["metadata"]["labels"]["mcp-admission.dev/managed"] == "true"
    servers.deploy(release.cluster, TOOLS)
    servers.assert_served(release, TOOLS)
    return release


def versions(cluster: ControlPlane, path: str, since: str) -> list[Json]:
    """Every version of an object since one of them, the API server's memory has them all."""
    folder, _, name = path.rpartition("/")
    query = f"watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3D{name}&resourceVersion={since}"
    answer = cluster.raw("GET", f"{folder}?{query}")
    assert answer.status == 200, answer.body
    return [json.loads(line)["object"] for line in answer.body.splitlines()]


def test_no_pod_is_refused_while_certificates_and_processes_are_replaced(
    installed: Release,
) -> None:
    cluster = installed.cluster
    started = [cluster.get(path)["metadata"]["resourceVersion"] for path in CONFIGURATIONS]
    before = names(installed)

    with load(cluster, filled_in=True):
        renew_certificate(installed)
        installed.helm("upgrade", "--reuse-values", "--wait", "--timeout", WAIT, *ROLLING)
        installed.wait_for("end of the old pods", lambda: before.isdisjoint(names(installed)))

    for path, since in zip(CONFIGURATIONS, started, strict=True):
        for found in [cluster.get(path), *versions(cluster, path, since)]:
            assert all(each["clientConfig"]["caBundle"] for each in found["webhooks"])
    assert installed.restarts() == 0
    servers.assert_served(installed, TOOLS)
    installed.wait_for("every pod runs", lambda: all_run(installed))


def test_no_pod_is_refused_or_left_waiting_while_the_product_is_removed(installed: Release) -> None:
    cluster = installed.cluster
    (server,) = servers.runs(installed, TOOLS)

    with load(cluster, filled_in=False):
        installed.uninstall()

    for kind in ("webhookconfigurations", "admissionpolicies"):
        for which in ("mutating", "validating"):
            found = cluster.raw("GET", f"{ADMISSION}/{which}{kind}").json().get("items") or []
            assert [each["metadata"]["name"] for each in found] == []
    pods = cluster.get("/api/v1/pods")["items"]
    gates = [pod["spec"].get("schedulingGates") or [] for pod in pods]
    assert {"name": GATE} not in [gate for found in gates for gate in found]
    assert cluster.get("/apis/networking.k8s.io/v1/networkpolicies")["items"] == []
    (still,) = servers.runs(installed, TOOLS)
    assert still["metadata"]["uid"] == server["metadata"]["uid"]
    installed.wait_for("every pod runs", lambda: all_run(installed))


def renew_certificate(release: Release) -> None:
    """Ask for a new one: kubelets bring it at once, because the pods are touched."""
    before = shown(release)
    assert len(before) == 1
    service = f"mcp-admission.{NAMESPACE}"
    kubeconfig = str(release.cluster.kubeconfig)
    secret = f"/api/v1/namespaces/{NAMESPACE}/secrets/mcp-admission-tls"
    stored = release.cluster.get(secret)["data"]["tls.crt"]
    assert main(["certs", "rotate", "--kubeconfig", kubeconfig, "--service", service]) == 0
    release.wait_for(
        "new certificate", lambda: release.cluster.get(secret)["data"]["tls.crt"] != stored
    )
    release.wait_for(
        "new certificate everywhere",
        lambda: len(after := shown(release)) == 1 and before.isdisjoint(after),
        SECONDS_BETWEEN_SYNCS / 2,
    )


def shown(release: Release) -> set[str]:
    """The certificates that the serving pods show."""
    query = "?labelSelector=kubernetes.io%2Fservice-name%3Dmcp-admission"
    found = release.cluster.get(SLICES.format(NAMESPACE) + query)["items"]
    ports = [port["port"] for each in found for port in each["ports"] if port["name"] == "https"]
    assert len(ports) == 2
    return {ssl.get_server_certificate((LOOPBACK, port), timeout=5) for port in ports}


def names(release: Release) -> set[str]:
    """The names of our own pods."""
    return {pod["metadata"]["name"] for pod in release.pods(NAMESPACE)}


def all_run(release: Release) -> bool:
    phases = {pod["status"].get("phase") for pod in release.cluster.get("/api/v1/pods")["items"]}
    return phases == {"Running"}
