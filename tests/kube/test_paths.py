"""Paths are those of the API server."""

from webhook.kube.paths import cluster_wide, namespaced


def test_objects_of_a_namespace() -> None:
    assert namespaced("v1", "pods", "mcp") == "/api/v1/namespaces/mcp/pods"
    assert namespaced("apps/v1", "deployments", "mcp", "a", "scale") == (
        "/apis/apps/v1/namespaces/mcp/deployments/a/scale"
    )


def test_objects_without_a_namespace() -> None:
    assert cluster_wide("v1", "pods") == "/api/v1/pods"
    assert cluster_wide("rbac.authorization.k8s.io/v1", "clusterroles", "a:b/c") == (
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/a%3Ab%2Fc"
    )
