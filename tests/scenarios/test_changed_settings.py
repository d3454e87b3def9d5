"""A changed setting reaches only new workloads, and existing ones when they are restarted."""

from typing import Any

import pytest

from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of, restarted
from tests.in_memory.defaults import copied, template_of
from tests.in_memory.places import ABSENT, found
from tests.reference.servers import server
from webhook.settings.model import Settings

Json = dict[str, Any]

TOLERATION = {"key": "example.com/mcp", "operator": "Exists", "effect": "NoSchedule"}
LATER_TOLERATION = {"key": "example.com/mcp-2", "operator": "Exists", "effect": "NoSchedule"}


def affinity(pool: str) -> Json:
    expression = {"key": "example.com/pool", "operator": "In", "values": [pool]}
    term = {"matchExpressions": [expression]}
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}
        }
    }


def api_server(**defaults: Any) -> ApiServer:
    return ApiServer(Settings.model_validate({"mcpServerDefaults": defaults}))


BEFORE = api_server(
    affinity=affinity("old"),
    tolerations=[TOLERATION],
    resources={"requests": {"memory": "400Mi"}},
    image="example.test/base:1",
)
AFTER = api_server(
    affinity=affinity("new"),
    tolerations=[LATER_TOLERATION],
    resources={"requests": {"memory": "1Gi"}},
    image="example.test/base:2",
    runtimeClassName="gvisor",
)
MANIFEST = server(container={"image": ""})
CHANGES = [
    ("affinity", affinity("old"), affinity("new")),
    ("tolerations", [TOLERATION], [LATER_TOLERATION]),
    ("containers[main].resources.requests", {"memory": "400Mi"}, {"memory": "1Gi"}),
    ("containers[main].image", "example.test/base:1", "example.test/base:2"),
    ("runtimeClassName", ABSENT, "gvisor"),
]

each_change = pytest.mark.parametrize(
    ("place", "before", "after"), CHANGES, ids=[place for place, _, _ in CHANGES]
)


def running(cluster: ApiServer, deployment: Json) -> Json:
    """A pod of the Deployment, without the tolerations that API servers give every pod."""
    pod = cluster.create(pod_of(deployment))

    assert pod.allowed, pod.message

    return without_node_tolerations(pod.stored)


@pytest.fixture
def live() -> Json:
    """A Deployment that was filled in before the settings changed."""
    return BEFORE.create(MANIFEST).stored


@each_change
def test_a_new_workload_follows(live: Json, place: str, before: Any, after: Any) -> None:
    assert found(running(BEFORE, live), place) == before
    assert found(running(AFTER, AFTER.create(MANIFEST).stored), place) == after


@each_change
def test_a_restarted_workload_follows(live: Json, place: str, before: Any, after: Any) -> None:
    outcome = AFTER.update(live, restarted(live))

    assert outcome.allowed
    assert found(running(AFTER, outcome.stored), place) == after


@each_change
def test_a_workload_whose_author_changes_the_template_follows(
    live: Json, place: str, before: Any, after: Any
) -> None:
    new = copied(MANIFEST)
    template_of(new)["spec"]["containers"][0]["args"] = ["--read-only"]

    assert found(running(AFTER, AFTER.update(live, new).stored), place) == after


def labelled(deployment: Json) -> Json:
    new = copied(deployment)
    new["metadata"]["labels"]["team"] = "platform"
    return new


def scaled(deployment: Json) -> Json:
    new = copied(deployment)
    new["spec"]["replicas"] = 0
    return new


@pytest.mark.parametrize("change", [copied, labelled, scaled])
def test_an_update_beside_the_template_is_not_patched(live: Json, change: Any) -> None:
    outcome = AFTER.update(live, change(live))

    assert outcome.allowed
    assert outcome.patch == []


@pytest.mark.parametrize("change", [copied, labelled, scaled])
def test_the_same_manifest_again_restarts_nothing(live: Json, change: Any) -> None:
    outcome = AFTER.update(live, change(MANIFEST))

    assert outcome.allowed
    assert template_of(outcome.stored) == template_of(live)


@each_change
def test_a_pod_of_an_old_replica_set_keeps_what_is_not_security(
    live: Json, place: str, before: Any, after: Any
) -> None:
    kept = after if place == "runtimeClassName" else before

    assert found(running(AFTER, live), place) == kept


def without_node_tolerations(pod: Json) -> Json:
    """The pod without the two tolerations that API servers give every pod."""
    spec = pod["spec"]
    own = [one for one in spec["tolerations"] if not one["key"].startswith("node.kubernetes.io/")]
    return {**pod, "spec": {**spec, "tolerations": own}}


def test_what_the_author_chose_follows_nothing() -> None:
    own = server(container={"resources": {"requests": {"memory": "64Mi"}}})
    live = BEFORE.create(own).stored

    outcome = AFTER.update(live, restarted(live))

    assert found(outcome.stored, "containers[main].resources.requests") == {"memory": "64Mi"}
    assert found(outcome.stored, "containers[main].image") == found(own, "containers[main].image")
