"""Size gets nobody in: the last of many containers is checked like the first."""

import pytest

from tests.builders import INJECTED, NOT_LABELLED, bare_pod, container, server
from tests.scenarios.cluster import Cluster

MANY = 120


def test_a_large_pod_under_the_limit_is_reviewed(managed: Cluster) -> None:
    args = ["x" * 1_000_000]
    plain = bare_pod(labels=NOT_LABELLED, containers=[container(args=args)])
    hostile = bare_pod(labels=NOT_LABELLED, hostPID=True, containers=[container(args=args)])

    assert managed.create(plain).stored["spec"]["securityContext"]["runAsNonRoot"] is True
    assert managed.create(hostile).refused_by == {"host-namespaces"}


def test_the_last_of_many_containers_is_checked_like_the_first(managed: Cluster) -> None:
    hostile = [container(name=f"c{number}") for number in range(MANY)]
    hostile[-1]["securityContext"] = {"privileged": True}

    refused = managed.create(bare_pod(labels=NOT_LABELLED, containers=hostile))

    assert refused.refused_by == {"privileged", "privilege-escalation"}
    assert f"containers[c{MANY - 1}]" in refused.message


def test_reasons_beyond_the_fiftieth_are_counted(managed: Cluster) -> None:
    hostile = [
        container(name=f"c{number}", securityContext={"privileged": True}) for number in range(40)
    ]

    refused = managed.create(bare_pod(labels=NOT_LABELLED, containers=hostile))

    assert refused.refused_by >= {"privileged"}
    assert "\n  and 30 more\n" in refused.message


@pytest.mark.parametrize(("count", "remembered"), [(16, True), (31, False)])
def test_what_was_filled_in_is_remembered_up_to_8_kib(
    cluster: Cluster, count: int, remembered: bool
) -> None:
    containers = [container(name=f"sidecar-{number}") for number in range(count)]

    template = cluster.create(server(containers=containers)).stored["spec"]["template"]

    assert ('"set"' in template["metadata"]["annotations"][INJECTED]) == remembered
    assert template["spec"]["containers"][-1]["securityContext"]["runAsUser"] == 1000
