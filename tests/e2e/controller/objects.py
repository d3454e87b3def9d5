"""What scenarios apply, and what the controller made of it."""

import base64
from typing import Any

from tests import builders
from tests.e2e.namespace import Namespace, Object
from tools.cluster.control_plane import ControlPlane

POLICIES = "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies"
NAME = "github-tools"
SERVICE = f"{NAME}-mcp"
CONFIG = {"API_URL": "https://crm.example", "EMPTY": "", "GRUSS": "grüß dich", "client.pem": "PEM"}
ASKED = {
    "mcp-admission.dev/config-from": "crm",
    "mcp-admission.dev/file-keys": "client.pem",
}
PORTS = [{"name": "mcp", "containerPort": 8099}]


def policies(namespace: Namespace) -> dict[str, Object]:
    found = namespace.cluster.get(POLICIES.format(namespace.name))["items"]
    return {each["metadata"]["name"]: each for each in found}


def made(namespace: Namespace, resource: str) -> dict[str, Object]:
    """Objects with our label, by name."""
    query = "?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dmcp-admission"
    found = namespace.get(f"{resource}{query}")["items"]
    return {each["metadata"]["name"]: each for each in found}


def service_of(namespace: Namespace) -> str:
    """The uid of the Service, once there is one."""
    found = namespace.cluster.wait_for("Service", lambda: made(namespace, "services").get(SERVICE))
    assert found
    return str(found["metadata"]["uid"])


def values(secret: Object) -> dict[str, str]:
    return {key: base64.b64decode(text).decode() for key, text in secret["data"].items()}


def secret(name: str, data: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": data,
    }


def server(name: str = NAME, **annotations: str) -> Object:
    return builders.server(
        name,
        annotations=annotations or ASKED,
        replicas=1,
        containers=[builders.container(ports=PORTS)],
    )


def rolled_out(namespace: Namespace, name: str = NAME) -> list[Object]:
    """The pods, once all are of the latest template and run; nobody but the controller helps."""

    def done() -> bool:
        found = namespace.deployment(name)
        status = found.get("status", {})
        seen = status.get("observedGeneration") == found["metadata"]["generation"]
        keys = ("replicas", "updatedReplicas", "availableReplicas")
        return seen and [status.get(key, 0) for key in keys] == [1] * 3

    namespace.cluster.wait_for(f"rollout of {name}", done)
    return [pod for pod in namespace.pods(name) if pod["status"]["phase"] == "Running"]


def deployed(namespace: Namespace) -> list[Object]:
    namespace.apply(secret("crm", CONFIG))
    namespace.apply(server())
    namespace.cluster.wait_for("both Secrets", lambda: len(made(namespace, "secrets")) == 2)
    return rolled_out(namespace)


def revision(namespace: Namespace) -> Any:
    template = namespace.deployment()["spec"]["template"]
    return template["metadata"].get("annotations", {}).get("mcp-admission.dev/revision")


def events(cluster: ControlPlane, namespace: str) -> list[Object]:
    found = cluster.get(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events")["items"]
    return [each for each in found if each.get("reportingController", "").startswith("mcp-adm")]
