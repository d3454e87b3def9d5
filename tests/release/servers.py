"""An MCP server that somebody deploys, and what has to become of it."""

from typing import Any

from tests import builders
from tests.e2e.namespace import assert_hardened
from tools.cluster.control_plane import ControlPlane
from tools.release.release import Release

Json = dict[str, Any]

NAME = "github-tools"
PORTS = [{"name": "mcp", "containerPort": 8099}]
DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"


def deploy(cluster: ControlPlane, namespace: str) -> None:
    """Apply a labelled Deployment that says nothing about security."""
    container = builders.container(ports=PORTS)
    server = builders.server(NAME, replicas=1, containers=[container])
    cluster.kubectl("apply", "--namespace", namespace, "--filename", "-", sent=server)


def runs(release: Release, namespace: str) -> list[Json]:
    """The server's pods, if they all run."""
    found = release.pods(namespace, app=NAME)
    return found if {pod["status"].get("phase") for pod in found} == {"Running"} else []


def assert_served(release: Release, namespace: str) -> None:
    """Everything that the product does for a server has been done."""
    cluster = release.cluster
    (pod,) = release.wait_for("running server", lambda: runs(release, namespace))
    assert_hardened(pod)
    assert "schedulingGates" not in pod["spec"]
    template = cluster.get(f"{DEPLOYMENTS.format(namespace)}/{NAME}")["spec"]["template"]
    assert_hardened(template)
    path = f"/api/v1/namespaces/{namespace}/services/{NAME}-mcp"
    service = release.wait_for("Service", lambda: cluster.get(path))
    assert service["spec"]["ports"][0]["targetPort"] == "mcp"
    policies = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
    assert [each["metadata"]["name"] for each in cluster.get(policies)["items"]] == [
        "mcp-admission-baseline"
    ]


def create(cluster: ControlPlane, namespace: str, pod: Json, query: str = "?dryRun=All") -> Any:
    """The answer to a create of a pod."""
    return cluster.raw("POST", f"/api/v1/namespaces/{namespace}/pods{query}", pod)


def uncovered(name: str = "uncovered") -> Json:
    """A pod that is nobody's business."""
    return builders.bare_pod(name, labels=builders.NOT_LABELLED, hostNetwork=True)
