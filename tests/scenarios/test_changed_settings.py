"""A changed setting reaches only new workloads, and existing ones when they are restarted."""

from typing import Any, NamedTuple

import pytest

from tests.builders import IMAGE, server
from tests.in_memory.controllers import restarted
from tests.in_memory.defaults import copied, template_of
from tests.in_memory.places import ABSENT, found
from tests.scenarios.cluster import Backend, Cluster, Settings

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


def fleet(**defaults: Any) -> Settings:
    return {"mcpServerDefaults": defaults}


BEFORE = fleet(
    affinity=affinity("old"),
    tolerations=[TOLERATION],
    resources={"requests": {"memory": "400Mi"}},
    image="example.test/base:1",
)
AFTER = fleet(
    affinity=affinity("new"),
    tolerations=[LATER_TOLERATION],
    resources={"requests": {"memory": "1Gi"}},
    image="example.test/base:2",
    runtimeClassName="gvisor",
)
MANIFEST = server(container={"image": ""})
OWN = server("own-tools", container={"resources": {"requests": {"memory": "64Mi"}}})
SCENARIOS = 27
CHANGES = [
    ("affinity", affinity("old"), affinity("new")),
    ("tolerations", [TOLERATION], [LATER_TOLERATION]),
    ("containers[mcp].resources.requests", {"memory": "400Mi"}, {"memory": "1Gi"}),
    ("containers[mcp].image", "example.test/base:1", "example.test/base:2"),
    ("runtimeClassName", ABSENT, "gvisor"),
]

each_change = pytest.mark.parametrize(
    ("place", "before", "after"), CHANGES, ids=[place for place, _, _ in CHANGES]
)


def running(cluster: Cluster, deployment: Json) -> Json:
    """A pod of the Deployment, without the tolerations that API servers give every pod."""
    pod = cluster.posted_pod(deployment)

    assert pod.allowed, pod.message

    return without_node_tolerations(pod.stored)


class Older(NamedTuple):
    """A namespace with Deployments that were filled in before the settings changed.

    `pod` is one that the former settings let through.
    """

    cluster: Cluster
    pod: Json

    def deployment(self, name: str = "github-tools") -> Json:
        return self.cluster.get(f"deployments/{name}")


@pytest.fixture(scope="module")
def prepared(backend: Backend) -> list[Older]:
    """One namespace for each scenario, because settings change in all namespaces at once."""
    made = []
    for number in range(SCENARIOS):
        cluster = backend.cluster(f"older-{number}", BEFORE, managed=False)
        cluster.runtime_class("gvisor")
        deployment = cluster.create(MANIFEST).stored
        assert cluster.create(OWN).allowed
        made.append(Older(cluster, running(cluster, deployment)))
    for older in made:
        older.cluster.change_settings(AFTER)
    return made


@pytest.fixture
def older(prepared: list[Older]) -> Older:
    """A namespace in which no other scenario has been."""
    return prepared.pop()


@each_change
def test_a_new_workload_follows_the_settings(
    older: Older, place: str, before: Any, after: Any
) -> None:
    created = older.cluster.create(
        {**MANIFEST, "metadata": {**MANIFEST["metadata"], "name": "newer"}}
    )

    assert found(older.pod, place) == before
    assert found(running(older.cluster, created.stored), place) == after


@each_change
def test_a_restarted_workload_follows_changed_settings(
    older: Older, place: str, before: Any, after: Any
) -> None:
    outcome = older.cluster.update(restarted(older.deployment()))

    assert outcome.allowed
    assert found(running(older.cluster, outcome.stored), place) == after


@each_change
def test_a_workload_whose_author_changes_the_template_follows_changed_settings(
    older: Older, place: str, before: Any, after: Any
) -> None:
    new = copied(MANIFEST)
    template_of(new)["spec"]["containers"][0]["args"] = ["--read-only"]

    updated = older.cluster.update(new).stored

    assert found(running(older.cluster, updated), place) == after


def labelled(deployment: Json) -> Json:
    new = copied(deployment)
    new["metadata"]["labels"]["team"] = "platform"
    return new


def scaled(deployment: Json) -> Json:
    new = copied(deployment)
    new["spec"]["replicas"] = 0
    return new


@pytest.mark.parametrize("change", [copied, labelled, scaled])
def test_an_update_beside_the_template_is_not_patched(older: Older, change: Any) -> None:
    sent = change(older.deployment())

    outcome = older.cluster.update(sent)

    assert outcome.allowed
    assert outcome.stored["spec"] == sent["spec"]
    for part in ("labels", "annotations"):
        assert outcome.stored["metadata"].get(part) == sent["metadata"].get(part)


@pytest.mark.parametrize("change", [copied, labelled, scaled])
def test_the_same_manifest_again_restarts_nothing(older: Older, change: Any) -> None:
    before = template_of(older.deployment())

    outcome = older.cluster.update(change(MANIFEST))

    assert outcome.allowed
    assert template_of(outcome.stored) == before


@each_change
def test_a_pod_of_an_old_replica_set_keeps_what_is_not_security(
    older: Older, place: str, before: Any, after: Any
) -> None:
    kept = after if place == "runtimeClassName" else before

    assert found(running(older.cluster, older.deployment()), place) == kept


def without_node_tolerations(pod: Json) -> Json:
    """The pod without the two tolerations that API servers give every pod."""
    spec = pod["spec"]
    own = [one for one in spec["tolerations"] if not one["key"].startswith("node.kubernetes.io/")]
    return {**pod, "spec": {**spec, "tolerations": own}}


def test_what_the_author_chose_follows_no_setting(older: Older) -> None:
    outcome = older.cluster.update(restarted(older.deployment("own-tools")))

    assert found(outcome.stored, "containers[mcp].resources.requests") == {"memory": "64Mi"}
    assert found(outcome.stored, "containers[mcp].image") == IMAGE
