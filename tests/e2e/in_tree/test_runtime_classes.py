"""RuntimeClass: overhead, node selector and tolerations belong to the class that we name."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import Manifest, bare_pod, of_kind, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules
from tools.cluster.clients import JsonObject

PATH = "/apis/node.k8s.io/v1/runtimeclasses"
TAINT: JsonObject = {"key": "sandbox", "effect": "NoSchedule"}
TOLERATION = {"key": "sandbox", "operator": "Exists", "effect": "NoSchedule"}
SANDBOX: dict[str, Any] = {
    "handler": "runsc",
    "overhead": {"podFixed": {"memory": "20Mi", "cpu": "50m"}},
    "scheduling": {"nodeSelector": {"sandbox": "yes"}, "tolerations": [TOLERATION]},
}
OTHER: dict[str, Any] = {"handler": "kata", "overhead": {"podFixed": {"memory": "90Mi"}}}


def named(name: str, **more: Any) -> dict[str, Any]:
    """Settings with this class for every server."""
    return {"mcpServerDefaults": {"runtimeClassName": name}, **more}


@pytest.fixture(scope="module", autouse=True)
def classes(product: Product) -> Iterator[None]:
    """Two classes, and a node that takes only the pods of the first."""
    cluster = product.cluster
    for name, fields in (("sandbox", SANDBOX), ("other", OTHER)):
        cluster.create(PATH, {"metadata": {"name": name}, **fields})
    cluster.add_node("sandbox", {"sandbox": "yes"}, [TAINT])
    yield
    cluster.raw("DELETE", "/api/v1/nodes/sandbox")
    for name in ("sandbox", "other"):
        cluster.raw("DELETE", f"{PATH}/{name}")


@pytest.fixture
def sandboxed(product: Product) -> Iterator[None]:
    """Every server runs in the first class."""
    with product.settings(named("sandbox")):
        yield


@pytest.mark.parametrize(
    "manifest",
    [server(), bare_pod(), of_kind("StatefulSet")],
    ids=lambda manifest: manifest["kind"],
)
def test_pods_of_a_runtime_class_get_all_that_belongs_to_it_and_run(
    sandboxed: None, namespace: Namespace, manifest: Manifest
) -> None:
    namespace.create(manifest)

    (pod,) = namespace.wait_until_running()

    assert pod["spec"]["runtimeClassName"] == "sandbox"
    assert pod["spec"]["overhead"] == SANDBOX["overhead"]["podFixed"]
    assert pod["spec"]["nodeSelector"] == {"sandbox": "yes"}
    assert pod["spec"]["tolerations"].count(TOLERATION) == 1
    assert pod["spec"]["nodeName"] == "sandbox"


@pytest.mark.parametrize("manifest", [server, bare_pod], ids=["Deployment", "Pod"])
def test_another_runtime_class_of_the_author_is_refused(
    sandboxed: None, namespace: Namespace, manifest: Any
) -> None:
    kind = "deployments" if manifest is server else "pods"

    refused = namespace.raw("POST", kind, manifest(runtimeClassName="other"))
    admitted = namespace.raw("POST", kind, manifest(runtimeClassName="sandbox"))

    assert refusing_rules(refused) == {"runtime-class"}
    assert admitted.status == 201


def test_another_runtime_class_is_overridden_where_the_settings_say_so(
    product: Product, namespace: Namespace
) -> None:
    with product.settings(named("sandbox", rules={"runtime-class": "override"})):
        answer = namespace.raw("POST", "pods", bare_pod(runtimeClassName="other"))

    assert answer.status == 201, answer.body
    assert answer.json()["spec"]["overhead"] == SANDBOX["overhead"]["podFixed"]
    assert answer.warnings == ["runtimeClassName overridden: must be sandbox (runtime-class)"]


def test_without_a_runtime_class_in_the_settings_the_authors_stays(namespace: Namespace) -> None:
    stored = namespace.create(bare_pod(runtimeClassName="other"))

    assert stored["spec"]["runtimeClassName"] == "other"
    assert stored["spec"]["overhead"] == OTHER["overhead"]["podFixed"]


def test_the_selector_of_the_authors_class_does_not_contradict_the_fleets(
    product: Product, namespace: Namespace
) -> None:
    elsewhere = {"nodeSelector": {"sandbox": "no"}}
    with product.settings({"mcpServerDefaults": elsewhere}):
        namespace.create(server(runtimeClassName="sandbox"))
        (pod,) = namespace.wait_until_running()

    assert pod["spec"]["nodeSelector"] == {"sandbox": "yes"}


def test_tolerations_of_the_fleets_class_rule_out_none_of_the_fleets(
    product: Product, namespace: Namespace
) -> None:
    fleet = {"key": "mcp", "operator": "Exists"}
    defaults = {"runtimeClassName": "sandbox", "tolerations": [fleet]}
    with product.settings({"mcpServerDefaults": defaults}):
        stored = namespace.create(bare_pod())

    assert [stored["spec"]["tolerations"].count(one) for one in (TOLERATION, fleet)] == [1, 1]


def test_new_pods_follow_the_settings_where_their_template_got_the_runtime_class(
    product: Product, namespace: Namespace
) -> None:
    with product.settings(named("other")):
        namespace.create(server())
        (before,) = namespace.wait_until_running()
    with product.settings(named("sandbox")):
        namespace.raw("DELETE", f"pods/{before['metadata']['name']}")
        namespace.cluster.wait_for(
            "pod of the new class",
            lambda: [
                pod
                for pod in namespace.pods()
                if pod["spec"]["overhead"] == SANDBOX["overhead"]["podFixed"]
            ],
        )

    assert before["spec"]["overhead"] == OTHER["overhead"]["podFixed"]


def test_a_class_that_is_missing_keeps_servers_from_running_and_says_which(
    product: Product, namespace: Namespace
) -> None:
    with product.settings(named("missing")):
        pod = namespace.raw("POST", "pods", bare_pod())
        deployment = namespace.raw("POST", "deployments", server())
        namespace.cluster.wait_for(
            "event about the class",
            lambda: [
                event
                for event in namespace.get("events")["items"]
                if 'RuntimeClass "missing" not found' in event["message"]
            ],
        )

    assert 'RuntimeClass "missing" not found' in pod.json()["message"]
    assert deployment.status == 201
    assert namespace.pods() == []
