"""What a request does to which resource, as roles name both."""

import pytest

from webhook.kube.messages import ApiRequest, cluster_wide, managed_by, namespaced


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", cluster_wide("v1", "namespaces", "a"), {}, ("get", "namespaces")),
        ("GET", cluster_wide("v1", "pods"), {"limit": "5"}, ("list", "pods")),
        (
            "GET",
            cluster_wide("apps/v1", "deployments"),
            {"watch": "true"},
            ("watch", "deployments"),
        ),
        ("POST", namespaced("v1", "secrets", "a"), {}, ("create", "secrets")),
        ("PUT", namespaced("v1", "secrets", "a", "b"), {}, ("update", "secrets")),
        ("PATCH", namespaced("apps/v1", "deployments", "a", "b"), {}, ("patch", "deployments")),
        ("GET", "/version", {}, ("get", "/version")),
        ("DELETE", namespaced("v1", "services", "a", "pods"), {}, ("delete", "services")),
    ],
)
def test_a_request_has_the_verb_and_resource_that_rbac_checks(
    method: str, path: str, query: dict[str, str], expected: tuple[str, str]
) -> None:
    request = ApiRequest(method, path, query)
    assert (request.verb, request.resource) == expected


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


def test_fields_are_managed_by_the_product_or_by_who_is_named() -> None:
    assert managed_by() == {"fieldManager": "mcp-admission"}
    assert managed_by("somebody") == {"fieldManager": "somebody"}
