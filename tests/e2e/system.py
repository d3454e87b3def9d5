"""What the product owns in the cluster besides its registrations, until a chart installs it."""

from collections.abc import Mapping
from typing import Any

from tools.cluster import objects
from tools.cluster.control_plane import ControlPlane
from tools.cluster.users import User

NAME = "mcp-admission"
NAMESPACE = "mcp-admission-system"
SETTINGS: Mapping[str, Any] = {
    "isolation": {"controllerUser": f"system:serviceaccount:{NAMESPACE}:{NAME}"}
}

RBAC = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": NAME}}
ROLE = {
    **RBAC,
    "kind": "ClusterRole",
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "patch"]}],
}
BINDING = {
    **RBAC,
    "kind": "ClusterRoleBinding",
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME},
    "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
}


def install(cluster: ControlPlane, settings: Mapping[str, str]) -> User:
    """Make namespace, settings and the controller's ServiceAccount, whom this returns."""
    cluster.create("/api/v1/namespaces", objects.namespace(NAMESPACE, {}))
    cluster.namespace_is_usable(NAMESPACE)
    here = f"/api/v1/namespaces/{NAMESPACE}"
    cluster.create(f"{here}/configmaps", {"metadata": {"name": NAME}, "data": settings})
    cluster.create(f"{here}/serviceaccounts", {"metadata": {"name": NAME}})
    cluster.create("/apis/rbac.authorization.k8s.io/v1/clusterroles", ROLE)
    cluster.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", BINDING)
    controller = cluster.service_account(NAMESPACE, NAME)
    cluster.wait_for(
        "rights of the controller",
        lambda: cluster.raw("GET", "/api/v1/pods?limit=1", as_user=controller).status == 200,
    )
    return controller


def write_settings(cluster: ControlPlane, content: Mapping[str, Any]) -> None:
    """Let the ConfigMap hold these files, under `data` and `binaryData`."""
    answer = cluster.raw(
        "PATCH",
        f"/api/v1/namespaces/{NAMESPACE}/configmaps/{NAME}",
        content,
        "application/merge-patch+json",
    )
    assert answer.status == 200, answer.body
