"""A webhook that adds a sidecar: it is hardened like the rest, whenever it is added."""

from typing import Any, Literal

import pytest

from tests.builders import NOT_LABELLED, Manifest, bare_pod, container, of_kind, server
from tests.e2e.namespace import Namespace
from tests.e2e.product import Product
from tests.e2e.refusals import refusing_rules
from tests.e2e.second_webhook.other_webhook import OtherWebhook

PROXY = container(name="proxy", image="registry.example/proxy:1")
KNOWN = {**PROXY, "name": "istio-proxy"}
GUESSED = (
    "containers: the first is taken as the server: set mcp-admission.dev/container "
    "(server-container)"
)
ENV_FROM = {"mcp-admission.dev/env-from": "crm"}


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
def test_a_sidecar_that_another_webhook_injects_is_hardened(
    product: Product,
    restricted: Namespace,
    key: str,
    comes: Literal["before", "after"],
    passes: int,
) -> None:
    with OtherWebhook(restricted, adding(key, PROXY), comes=comes) as other:
        answer = restricted.raw("POST", "pods", bare_pod())

    guessed = [GUESSED] if (comes, key) == ("before", "containers") else []
    assert (answer.status, answer.warnings) == (201, guessed), answer.body
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
def test_pods_of_a_template_get_the_injected_sidecar_hardened_too(
    restricted: Namespace, manifest: Manifest
) -> None:
    with OtherWebhook(restricted, adding("containers", PROXY), again="IfNeeded"):
        restricted.create(manifest)
        (pod,) = restricted.wait_for_pods()

    first, added = pod["spec"]["containers"]
    assert added["securityContext"] == first["securityContext"]
    assert first["resources"] == {"requests": {"memory": "400Mi"}}
    assert added["resources"] == {}


def first(sidecar: Manifest) -> Any:
    """What puts this container once in front of all others."""

    def change(pod: Manifest) -> list[dict[str, Any]]:
        if sidecar["name"] in [each["name"] for each in pod["spec"]["containers"]]:
            return []
        return [{"op": "add", "path": "/spec/containers/0", "value": sidecar}]

    return change


def stateful_set() -> Manifest:
    found = of_kind("StatefulSet")
    found["spec"]["template"]["metadata"]["annotations"] = ENV_FROM
    return found


@pytest.mark.parametrize("comes", ["before", "after"])
@pytest.mark.parametrize(
    ("manifest", "sidecar"),
    [(server(annotations=ENV_FROM), PROXY), (stateful_set(), KNOWN)],
    ids=["unknown, of a template that was filled in", "known, of another kind"],
)
def test_an_injected_sidecar_in_front_takes_nothing_from_the_server(
    restricted: Namespace,
    manifest: Manifest,
    sidecar: Manifest,
    comes: Literal["before", "after"],
) -> None:
    with OtherWebhook(restricted, first(sidecar), comes=comes, again="IfNeeded"):
        restricted.create(manifest)
        (pod,) = restricted.wait_for_pods()

    added, own = pod["spec"]["containers"]
    assert (added["name"], own["name"]) == (sidecar["name"], "mcp")
    assert (added["resources"], "envFrom" in added) == ({}, False)
    assert own["resources"] == {"requests": {"memory": "400Mi"}}
    assert own["envFrom"] == [{"secretRef": {"name": "crm"}}]


@pytest.mark.parametrize("again", ["Never", "IfNeeded"])
@pytest.mark.parametrize("comes", ["before", "after"])
def test_an_injected_sidecar_that_contradicts_is_refused(
    managed: Namespace, comes: Literal["before", "after"], again: Literal["Never", "IfNeeded"]
) -> None:
    privileged = {**PROXY, "securityContext": {"privileged": True}}
    change = adding("initContainers", privileged)
    with OtherWebhook(managed, change, comes=comes, again=again):
        answer = managed.raw("POST", "pods", bare_pod(labels=NOT_LABELLED))

    assert refusing_rules(answer) == {"privileged", "privilege-escalation"}
    assert "initContainers[proxy].securityContext.privileged" in answer.json()["message"]
