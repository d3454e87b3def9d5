"""A server takes no place from others: neither by its priority nor by what it tolerates."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import bare_pod, of_kind, server
from tests.scenarios.cluster import Cluster

Json = dict[str, Any]
Clusters = Callable[..., Cluster]

EVERYTHING: Json = {"operator": "Exists"}
OF_ONE_EFFECT: Json = {"operator": "Exists", "effect": "NoExecute"}
KEYED: Json = {"key": "gpu", "operator": "Exists"}
SYSTEM = ("system-cluster-critical", "system-node-critical")


@pytest.mark.parametrize("managed", [False, True], ids=["namespace", "managed"])
@pytest.mark.parametrize("name", SYSTEM)
def test_a_class_of_the_system_is_refused(clusters: Clusters, name: str, *, managed: bool) -> None:
    cluster = clusters(managed=managed)

    assert cluster.create(bare_pod(priorityClassName=name)).refused_by == {"priority-class"}
    assert cluster.create(server(priorityClassName=name)).refused_by == {"priority-class"}


def test_a_server_without_a_class_is_admitted(cluster: Cluster) -> None:
    assert cluster.create(bare_pod()).allowed


def test_a_listed_class_is_admitted(clusters: Clusters) -> None:
    cluster = clusters({"priorityClasses": {"allowed": [SYSTEM[0]]}})

    assert cluster.create(bare_pod(priorityClassName=SYSTEM[0])).allowed


def test_a_deployment_with_another_class_is_told_that_its_pods_decide(cluster: Cluster) -> None:
    created = cluster.create(server(priorityClassName="team-high"))

    assert created.allowed
    assert any("priorityClasses.allowed" in warning for warning in created.warnings)


@pytest.mark.parametrize("toleration", [EVERYTHING, OF_ONE_EFFECT], ids=["all", "one-effect"])
def test_a_toleration_of_everything_is_refused(cluster: Cluster, toleration: Json) -> None:
    tolerations = [KEYED, toleration]

    assert cluster.create(bare_pod(tolerations=tolerations)).refused_by == {"tolerations"}
    assert cluster.create(server(tolerations=tolerations)).refused_by == {"tolerations"}


def test_a_daemon_set_that_tolerates_everything_is_told(cluster: Cluster) -> None:
    created = cluster.create(of_kind("DaemonSet", tolerations=[EVERYTHING]))

    assert created.allowed
    assert any("tolerations" in warning for warning in created.warnings)


@pytest.mark.parametrize("per_server", ["allow", "forbid"])
def test_the_fleets_toleration_of_everything_is_given(clusters: Clusters, per_server: str) -> None:
    defaults = {"tolerations": [EVERYTHING], "perServer": per_server}
    cluster = clusters({"mcpServerDefaults": defaults})

    created = cluster.create(bare_pod())

    assert created.allowed
    assert EVERYTHING in created.stored["spec"]["tolerations"]


@pytest.mark.parametrize("action", ["warn", "off", "override"])
def test_the_action_on_a_toleration_of_everything_is_the_administrators(
    clusters: Clusters, action: str
) -> None:
    cluster = clusters({"rules": {"tolerations": action}})

    created = cluster.create(bare_pod(tolerations=[EVERYTHING]))

    assert created.allowed
    assert (EVERYTHING in created.stored["spec"].get("tolerations", [])) == (action != "override")


def test_a_live_pod_gets_no_toleration_of_everything(cluster: Cluster) -> None:
    live = cluster.create(bare_pod(tolerations=[KEYED])).stored
    live["spec"]["tolerations"] = [*live["spec"]["tolerations"], EVERYTHING]

    assert cluster.update(live).refused_by == {"tolerations"}


def test_a_pod_that_is_older_keeps_its_toleration_of_everything(cluster: Cluster) -> None:
    old = cluster.create_unreviewed(bare_pod(tolerations=[EVERYTHING], schedulerName="nobody"))
    old["metadata"]["labels"]["team"] = "platform"
    old["spec"]["tolerations"] = [*old["spec"]["tolerations"], KEYED]

    assert cluster.update(old).allowed
