"""resource-ceilings: limits where there are none, and nothing above the ceilings."""

from typing import Any

import pytest

from tests.rules.case import Json, base, filled, in_list, refused, settings_of, with_container
from webhook.rules.checks.resource_ceilings import RULE

LIMITS = {"cpu": "2", "memory": "1Gi", "ephemeral-storage": "5Gi"}
CEILINGS = settings_of(mcpServerMaximums={"limits": LIMITS})
MEMORY = settings_of(mcpServerMaximums={"limits": {"memory": "1Gi"}})
DEVICES = settings_of(
    mcpServerMaximums={"limits": {"nvidia.com/gpu": "1", "hugepages-2Mi": "64Mi"}}
)
ALONE = {"limits": {"memory": "1Gi"}, "requests": {"memory": "0"}}


def of_server(**resources: Any) -> Json:
    return with_container(resources=resources)


FILLED = [
    pytest.param(base(), ALONE, id="absent"),
    pytest.param(with_container(resources=None), ALONE, id="null"),
    pytest.param(of_server(), ALONE, id="empty"),
    pytest.param(of_server(limits=None, requests={}), ALONE, id="parts-empty"),
    pytest.param(
        of_server(requests={"memory": "64Mi"}),
        {"requests": {"memory": "64Mi"}, "limits": {"memory": "1Gi"}},
        id="own-request-kept",
    ),
    pytest.param(
        of_server(requests={"memory": 0}),
        {"requests": {"memory": 0}, "limits": {"memory": "1Gi"}},
        id="request-of-nothing-kept",
    ),
    pytest.param(
        of_server(requests={"memory": "1024Mi"}),
        {"requests": {"memory": "1024Mi"}, "limits": {"memory": "1Gi"}},
        id="request-as-large-as-the-ceiling",
    ),
    pytest.param(
        of_server(requests={"memory": "2Gi"}),
        {"requests": {"memory": "2Gi"}},
        id="no-limit-under-a-request",
    ),
    pytest.param(
        of_server(requests={"memory": "many"}),
        {"requests": {"memory": "many"}, "limits": {"memory": "1Gi"}},
        id="unreadable-request-left-to-the-API-server",
    ),
    pytest.param(
        of_server(limits={"memory": "64Mi"}), {"limits": {"memory": "64Mi"}}, id="own-limit-kept"
    ),
    pytest.param(
        of_server(limits={"cpu": "1"}),
        {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"memory": "0"}},
        id="limit-of-another-resource",
    ),
]


@pytest.mark.parametrize(("pod", "resources"), FILLED)
def test_a_ceiling_becomes_the_limit_and_reserves_nothing(pod: Json, resources: Json) -> None:
    filled(RULE, pod, MEMORY)

    assert pod["spec"]["containers"][0]["resources"] == resources
    assert filled(RULE, pod, MEMORY) == []


@pytest.mark.parametrize(
    "origin", [{"kind": "Deployment"}, {"kind": "StatefulSet"}, {"creating": False}], ids=str
)
def test_only_new_pods_are_filled_in(origin: Json) -> None:
    assert filled(RULE, base(), MEMORY, **origin) == []


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_template_needs_no_limit_that_its_pods_get(kind: str) -> None:
    above = of_server(requests={"memory": "2Gi"})

    assert refused(RULE, base(), MEMORY, kind=kind) == []
    assert refused(RULE, above, MEMORY, kind=kind) == refused(RULE, above, MEMORY)


def test_each_resource_that_runs_without_a_limit_gets_one() -> None:
    pod = base()

    filled(RULE, pod, CEILINGS)

    assert pod["spec"]["containers"][0]["resources"] == {
        "limits": LIMITS,
        "requests": dict.fromkeys(LIMITS, "0"),
    }


@pytest.mark.parametrize("key", ["containers", "initContainers"])
def test_a_ceiling_on_devices_gives_no_device(key: str) -> None:
    assert filled(RULE, in_list(key), DEVICES) == []
    assert refused(RULE, in_list(key), DEVICES) == []


@pytest.mark.parametrize(
    ("key", "gets"), [("initContainers", True), ("ephemeralContainers", False)]
)
def test_every_container_that_may_have_resources(key: str, gets: bool) -> None:
    pod = in_list(key)

    filled(RULE, pod, MEMORY)

    assert ("resources" in pod["spec"][key][0]) is gets
    assert refused(RULE, in_list(key), MEMORY) == (
        [f"{key}[main].resources.limits.memory must be set, to at most 1Gi"] if gets else []
    )


def test_a_limit_of_the_pod_holds_for_its_containers() -> None:
    pod = base(resources={"limits": {"memory": "512Mi"}})

    assert filled(RULE, pod, MEMORY) == []
    assert refused(RULE, pod, MEMORY) == []


def test_without_ceilings_nothing_is_filled_in_or_refused() -> None:
    pod = of_server(limits={"memory": "64Ti"}, requests={"cpu": "4k"})

    assert filled(RULE, pod) == []
    assert refused(RULE, pod) == []


SERVER = "containers[main].resources"
BOTH = settings_of(
    mcpServerMaximums={
        "limits": {"memory": "1Gi", "nvidia.com/gpu": "1"},
        "requests": {"cpu": "500m"},
    }
)
REFUSED = [
    pytest.param(of_server(limits={"memory": "1Gi"}), [], id="the-ceiling-itself"),
    pytest.param(of_server(limits={"memory": "1024Mi"}), [], id="another-spelling"),
    pytest.param(of_server(limits={"memory": 1024}), [], id="a-number"),
    pytest.param(
        of_server(limits={"memory": "1025Mi"}),
        [f"{SERVER}.limits.memory must be at most 1Gi"],
        id="limit-above",
    ),
    pytest.param(
        of_server(limits={"memory": "much"}),
        [f"{SERVER}.limits.memory must be at most 1Gi"],
        id="unreadable-limit",
    ),
    pytest.param(
        of_server(limits={"memory": True}),
        [f"{SERVER}.limits.memory must be at most 1Gi"],
        id="limit-of-another-type",
    ),
    pytest.param(
        of_server(limits={"memory": "1Gi"}, requests={"cpu": "0.51"}),
        [f"{SERVER}.requests.cpu must be at most 500m"],
        id="request-above",
    ),
    pytest.param(
        of_server(limits={"memory": "2Gi"}, requests={"memory": "2Gi"}),
        [
            f"{SERVER}.requests.memory must be at most 1Gi",
            f"{SERVER}.limits.memory must be at most 1Gi",
        ],
        id="a-request-above-what-its-limit-may-be",
    ),
    pytest.param(
        base(), [f"{SERVER}.limits.memory must be set, to at most 1Gi"], id="limit-absent"
    ),
    pytest.param(
        of_server(limits={"memory": "1Gi", "nvidia.com/gpu": "2"}),
        [f"{SERVER}.limits[nvidia.com/gpu] must be at most 1"],
        id="devices",
    ),
    pytest.param(
        base(resources={"limits": {"memory": "2Gi"}, "requests": {"cpu": "1"}}),
        [
            "resources.requests.cpu must be at most 500m",
            "resources.limits.memory must be at most 1Gi",
        ],
        id="of-the-pod",
    ),
]


LOWER = [
    pytest.param({"requests": "2Gi", "limits": "1Gi"}, "1Gi", id="of-limits"),
    pytest.param({"requests": "512Mi", "limits": "1Gi"}, "512Mi", id="of-requests"),
]


@pytest.mark.parametrize(("maximums", "lower"), LOWER)
def test_a_request_stays_under_the_lower_of_both_ceilings(maximums: Json, lower: str) -> None:
    ceilings = {part: {"memory": value} for part, value in maximums.items()}
    pod = of_server(limits={"memory": "1Gi"}, requests={"memory": "3Gi"})

    assert refused(RULE, pod, settings_of(mcpServerMaximums=ceilings)) == [
        f"{SERVER}.requests.memory must be at most {lower}"
    ]


@pytest.mark.parametrize(("pod", "messages"), REFUSED)
def test_refuses_what_is_above_a_ceiling(pod: Json, messages: list[str]) -> None:
    assert refused(RULE, pod, BOTH) == messages


@pytest.mark.parametrize("zero", ["0", 0, "0Mi", "0m", "0e3", "0.0"])
def test_a_limit_of_nothing_is_no_limit(zero: Any) -> None:
    pod = of_server(limits={"memory": zero})

    assert filled(RULE, pod, MEMORY) == []
    assert refused(RULE, pod, MEMORY) == [
        f"{SERVER}.limits.memory must be above 0, which means no limit, and at most 1Gi"
    ]


def test_a_pod_that_is_limited_to_nothing_limits_no_container() -> None:
    pod = base(resources={"limits": {"memory": "0"}})

    filled(RULE, pod, MEMORY)

    assert pod["spec"]["containers"][0]["resources"] == ALONE
    assert refused(RULE, pod, MEMORY) == [
        "resources.limits.memory must be above 0, which means no limit, and at most 1Gi"
    ]


def test_no_device_may_be_asked_for_as_zero() -> None:
    assert refused(RULE, of_server(limits={"nvidia.com/gpu": 0}), DEVICES) == []
