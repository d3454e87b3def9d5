"""What the reference page lets administrators set: placement, resources, image, runtime class.

Tolerations and resources are seen on pods: Kubernetes adds some there, and not to templates.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import IMAGE, SERVERS, server
from tests.in_memory.places import ABSENT, found
from tests.scenarios.cluster import Cluster, Result

POOL = {"key": "example.com/pool", "operator": "In", "values": ["mcp"]}
AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [POOL]}]
        }
    }
}
OWN_AFFINITY: dict[str, Any] = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {
                "labelSelector": {"matchLabels": {"app": "x"}},
                "topologyKey": "kubernetes.io/hostname",
            }
        ]
    }
}
TOLERATION = {"key": "example.com/mcp", "operator": "Exists", "effect": "NoSchedule"}
OWN_TOLERATION = {"key": "example.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
OWN_RESOURCES = {"requests": {"memory": "1Gi", "cpu": "2"}, "limits": {"memory": "2Gi"}}
Clusters = Callable[..., Cluster]


def fleet(clusters: Clusters, **defaults: Any) -> Cluster:
    return clusters({"mcpServerDefaults": defaults})


def running(cluster: Cluster, outcome: Result) -> Any:
    """The pod that was created, or the one of the Deployment that was."""
    assert outcome.allowed

    created = outcome.stored
    return created if created["kind"] == "Pod" else cluster.made_pod(created).stored


def tolerations(stored: Any) -> Any:
    """Those of the server, without the two that API servers give every pod."""
    present = found(stored, "tolerations")
    if present is ABSENT:
        return []
    return [one for one in present if not one["key"].startswith("node.kubernetes.io/")]


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(
    ("defaults", "own", "affinity"),
    [
        pytest.param({}, {}, ABSENT, id="nobody-says"),
        pytest.param({"affinity": AFFINITY}, {}, AFFINITY, id="fleet"),
        pytest.param({}, {"affinity": OWN_AFFINITY}, OWN_AFFINITY, id="own"),
        pytest.param(
            {"affinity": AFFINITY}, {"affinity": OWN_AFFINITY}, OWN_AFFINITY, id="own-before-fleet"
        ),
        pytest.param(
            {"affinity": AFFINITY, "perServer": "forbid"},
            {"affinity": OWN_AFFINITY},
            AFFINITY,
            id="forbid",
        ),
        pytest.param(
            {"perServer": "forbid"}, {"affinity": OWN_AFFINITY}, ABSENT, id="forbid-without-fleet"
        ),
    ],
)
def test_affinity_is_that_of_the_fleet_or_of_the_server(
    clusters: Clusters, kind: str, defaults: Any, own: Any, affinity: Any
) -> None:
    outcome = fleet(clusters, **defaults).create(SERVERS[kind](**own))

    assert outcome.allowed
    assert found(outcome.stored, "affinity") == affinity


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(
    ("defaults", "own", "stored"),
    [
        pytest.param({}, [], [], id="nobody-says"),
        pytest.param({"tolerations": [TOLERATION]}, [], [TOLERATION], id="fleet"),
        pytest.param({}, [OWN_TOLERATION], [OWN_TOLERATION], id="own"),
        pytest.param(
            {"tolerations": [TOLERATION]},
            [OWN_TOLERATION],
            [OWN_TOLERATION],
            id="own-before-fleet",
        ),
        pytest.param(
            {"tolerations": [TOLERATION], "perServer": "forbid"},
            [OWN_TOLERATION],
            [TOLERATION],
            id="forbid",
        ),
        pytest.param({"perServer": "forbid"}, [OWN_TOLERATION], [], id="forbid-without-fleet"),
    ],
)
def test_tolerations_are_those_of_the_fleet_or_of_the_server(
    clusters: Clusters, kind: str, defaults: Any, own: Any, stored: Any
) -> None:
    cluster = fleet(clusters, **defaults)
    outcome = cluster.create(SERVERS[kind](**({"tolerations": own} if own else {})))

    assert tolerations(running(cluster, outcome)) == stored


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(
    ("defaults", "own", "stored"),
    [
        pytest.param({}, {}, {"requests": {"memory": "400Mi"}}, id="request-400Mi-no-limit-no-cpu"),
        pytest.param({}, OWN_RESOURCES, OWN_RESOURCES, id="own"),
        pytest.param(
            {"resources": {"requests": {"cpu": "100m", "memory": "1Gi"}}},
            {},
            {"requests": {"cpu": "100m", "memory": "1Gi"}},
            id="fleet",
        ),
        pytest.param(
            {"resources": {"limits": {"memory": "1Gi"}}},
            {},
            # The request is that of Kubernetes, for every pod with a limit.
            {"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi"}},
            id="fleet-limit-instead-of-request",
        ),
        pytest.param(
            {"perServer": "forbid"}, OWN_RESOURCES, {"requests": {"memory": "400Mi"}}, id="forbid"
        ),
    ],
)
def test_resources_are_those_of_the_fleet_or_of_the_server(
    clusters: Clusters, kind: str, defaults: Any, own: Any, stored: Any
) -> None:
    cluster = fleet(clusters, **defaults)
    outcome = cluster.create(SERVERS[kind](container={"resources": own}))

    given = found(running(cluster, outcome), "containers[mcp].resources")
    assert {part: amounts for part, amounts in given.items() if amounts} == stored


def test_a_warning_names_each_value_that_the_fleet_replaces(clusters: Clusters) -> None:
    manifest = server(
        container={"resources": {"requests": {"memory": "1Gi"}}},
        affinity=OWN_AFFINITY,
        tolerations=[OWN_TOLERATION],
    )

    warnings = fleet(clusters, perServer="forbid").create(manifest).warnings

    assert list(warnings) == [
        "containers[mcp].resources.requests.memory replaced by the fleet's (resources)",
        "affinity replaced by the fleet's (scheduling)",
        "tolerations replaced by the fleet's (scheduling)",
    ]


@pytest.mark.parametrize(
    ("defaults", "image"),
    [
        ({}, "ghcr.io/obot-platform/mcp-images/phat:main"),
        ({"image": "example.test/base:1"}, "example.test/base:1"),
    ],
    ids=["default", "fleet"],
)
def test_a_server_without_an_image_gets_the_base_image(
    clusters: Clusters, defaults: Any, image: str
) -> None:
    stored = fleet(clusters, **defaults).create(server(container={"image": ""})).stored

    assert found(stored, "containers[mcp].image") == image


def test_the_image_of_a_server_stays(clusters: Clusters) -> None:
    stored = fleet(clusters, image="example.test/base:1").create(server()).stored

    assert found(stored, "containers[mcp].image") == IMAGE


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(
    ("defaults", "runtime_class"), [({}, ABSENT), ({"runtimeClassName": "gvisor"}, "gvisor")]
)
def test_the_runtime_class_is_that_of_the_fleet(
    clusters: Clusters, kind: str, defaults: Any, runtime_class: Any
) -> None:
    cluster = fleet(clusters, **defaults)
    cluster.runtime_class("gvisor")

    outcome = cluster.create(SERVERS[kind]())

    assert outcome.allowed
    assert found(outcome.stored, "runtimeClassName") == runtime_class


def test_another_runtime_class_than_that_of_the_fleet_is_refused(clusters: Clusters) -> None:
    refused = fleet(clusters, runtimeClassName="gvisor").create(server(runtimeClassName="runc"))

    assert refused.refused_by == {"runtime-class"}
    assert "runtimeClassName must be gvisor (runtime-class)" in refused.message
