"""In a managed namespace the scale of a Deployment does not do what the Deployment may not."""

from collections.abc import Callable

import pytest

from tests.builders import NOT_LABELLED, server
from tests.scenarios.cluster import Cluster, Json


@pytest.fixture
def deployed(managed: Cluster) -> Cluster:
    """A managed namespace with one Deployment in it."""
    managed.create(server(labels=NOT_LABELLED))
    return managed


def deployment(cluster: Cluster) -> Json:
    return cluster.get("deployments/github-tools")


@pytest.mark.parametrize("count", [2, 3])
def test_a_scale_above_one_replica_is_refused(deployed: Cluster, count: int) -> None:
    assert deployed.scale(count).refused_by == {"replicas"}
    assert deployment(deployed)["spec"]["replicas"] == 1


@pytest.mark.parametrize("count", [0, 1])
def test_a_scale_to_none_or_one_replica_is_admitted(deployed: Cluster, count: int) -> None:
    assert deployed.scale(count).allowed
    assert deployment(deployed)["spec"]["replicas"] == count


def test_where_the_replica_policy_is_off_every_scale_is_admitted(
    clusters: Callable[..., Cluster],
) -> None:
    cluster = clusters({"replicas": {"policy": "off"}}, managed=True)
    cluster.create(server(labels=NOT_LABELLED))

    assert cluster.scale(2).allowed
