"""A webhook that adds a sidecar: it is hardened like the rest, whenever it is added."""

from typing import Any, Literal

import pytest

from tests.e2e.manifests import NOT_LABELLED, Manifest, bare_pod, container, of_kind, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules
from tests.e2e.second_webhook.other_webhook import OtherWebhook

PROXY = container(name="proxy", image="registry.example/proxy:1")


def adding(key: str, sidecar: Manifest) -> Any:
    """What adds this container once to a list of the pod's."""

    def change(pod: Manifest) -> list[dict[str, Any]]:
        present = pod["spec"].get(key, [])
        if sidecar["name"] in [each["name"] for each in present]:
            return []
        if not present:
            return [{"op": "add", "path": f"/spec/{key}", "value": [sidecar]}]
        return [{"op": "add", "path": f"/spec/{key}/-", "value": sidecar}]

    return change


def reviews(product: Product, namespace: Namespace, hook: str) -> int:
    """How often a hook of ours has seen the pod."""
    return len(
        [
            line
            for line in product.logged()
            if (line.get("namespace"), line.get("name")) == (namespace.name, "github-tools")
            and line["hook"] == hook
        ]
    )


@pytest.mark.parametrize(
    ("comes", "passes"), [("after", 2), ("before", 1)], ids=["after ours", "before ours"]
)
@pytest.mark.parametrize("key", ["containers", "initContainers"])
def test_a_sidecar_is_hardened(
    product: Product,
    restricted: Namespace,
    key: str,
    comes: Literal["before", "after"],
    passes: int,
) -> None:
    with OtherWebhook(restricted, adding(key, PROXY), comes=comes) as other:
        answer = restricted.raw("POST", "pods", bare_pod())

    assert (answer.status, answer.warnings) == (201, []), answer.body
    stored = answer.json()["spec"]
    first, added = stored["containers"] + stored.get("initContainers", [])
    assert added["name"] == "proxy"
    assert added["securityContext"] == first["securityContext"]
    assert added["imagePullPolicy"] == "Always"
    assert first["resources"] == {"requests": {"memory": "400Mi"}}
    assert added["resources"] == {}
    assert "volumes" not in stored
    assert len(stored["schedulingGates"]) == 1
    assert other.calls == 1
    assert reviews(product, restricted, "mutate") == passes
    assert reviews(product, restricted, "validate") == 1


@pytest.mark.parametrize("manifest", [server(), of_kind("StatefulSet")], ids=lambda it: it["kind"])
def test_pods_of_a_template_get_it_hardened_too(restricted: Namespace, manifest: Manifest) -> None:
    with OtherWebhook(restricted, adding("containers", PROXY), again="IfNeeded"):
        restricted.create(manifest)
        (pod,) = restricted.wait_for_pods()

    first, added = pod["spec"]["containers"]
    assert added["securityContext"] == first["securityContext"]
    assert first["resources"] == {"requests": {"memory": "400Mi"}}
    assert added["resources"] == {}


@pytest.mark.parametrize("again", ["Never", "IfNeeded"])
@pytest.mark.parametrize("comes", ["before", "after"])
def test_a_sidecar_that_contradicts_is_refused(
    managed: Namespace, comes: Literal["before", "after"], again: Literal["Never", "IfNeeded"]
) -> None:
    privileged = {**PROXY, "securityContext": {"privileged": True}}
    change = adding("initContainers", privileged)
    with OtherWebhook(managed, change, comes=comes, again=again):
        answer = managed.raw("POST", "pods", bare_pod(labels=NOT_LABELLED))

    assert refusing_rules(answer) == {"privileged", "privilege-escalation"}
    assert "initContainers[proxy].securityContext.privileged" in answer.json()["message"]
