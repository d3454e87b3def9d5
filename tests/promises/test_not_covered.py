"""Gaps in what the shipped registrations send, and in what not every Kubernetes knows."""

from tests.builders import PREFIX, server
from tests.in_memory.api_server import ApiServer
from tests.in_memory.places import found
from tests.in_memory.requests import RESOURCES
from tests.manifests.apiserver import Request, calls
from webhook.settings.model import Settings

CEILING = {"mcpServerMaximums": {"limits": {"memory": "1Gi"}}}


def test_devices_that_are_claimed_are_not_counted() -> None:
    """API servers before v1.34 drop the field unless a feature gate is set."""
    claims = [{"name": "gpu", "resourceClaimTemplateName": "gpus"}]
    cluster = ApiServer(Settings.model_validate(CEILING))

    stored = cluster.create(server(resourceClaims=claims)).stored

    assert found(stored, "resourceClaims") == claims


def test_the_shipped_registrations_send_nothing_that_only_a_selector_chooses() -> None:
    workload = server(labels={"toolhive": "true"})
    namespace = {"kubernetes.io/metadata.name": "tools"}

    for kind, resource in RESOURCES.items():
        plural, _, group = resource.partition(".")
        request = Request(group, plural, "CREATE", kind, namespace, {**workload, "kind": kind})

        assert calls(request) == []


def test_whoever_may_label_namespaces_ends_the_management_of_one() -> None:
    workload = server()
    del workload["metadata"]["labels"]

    def called(**labels: str) -> list[str]:
        namespace = {"kubernetes.io/metadata.name": "tools", **labels}
        return calls(Request("apps", "deployments", "CREATE", "Deployment", namespace, workload))

    assert called(**{f"{PREFIX}managed": "true"}) == ["M managed-namespace", "V managed-namespace"]
    assert called() == []
