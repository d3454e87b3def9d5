"""resources: the server's memory request, fleet-wide values, and what stands in their way."""

import pytest

from tests.rules.case import (
    Json,
    base,
    filled,
    given_by,
    refused,
    settings_of,
    with_container,
)
from webhook.rules.checks.resources import RULE, quantity
from webhook.settings.model import Settings

AT = "/spec/containers/0/resources"
FLEET = {"requests": {"memory": "400Mi", "cpu": "100m"}, "limits": {"memory": "1Gi"}}
MEMORY = {"op": "add", "path": f"{AT}/requests", "value": {"memory": "400Mi"}}


def defaults(resources: Json, **keys: object) -> Settings:
    return settings_of(mcpServerDefaults={"resources": resources, **keys})


FORBID = defaults(FLEET, perServer="forbid")


def of_server(**resources: object) -> Json:
    return with_container(resources=resources)


FILLED = [
    pytest.param(
        base(), {"op": "add", "path": AT, "value": {"requests": {"memory": "400Mi"}}}, id="absent"
    ),
    pytest.param(
        with_container(resources=None),
        {"op": "replace", "path": AT, "value": {"requests": {"memory": "400Mi"}}},
        id="null",
    ),
    pytest.param(of_server(), MEMORY, id="empty"),
    pytest.param(
        of_server(requests=None), {**MEMORY, "op": "replace"}, id="requests-null"
    ),
    pytest.param(
        of_server(requests={"cpu": "1"}, limits={"cpu": "1"}),
        {"op": "add", "path": f"{AT}/requests/memory", "value": "400Mi"},
        id="other-resources-kept",
    ),
    pytest.param(of_server(requests={"memory": "64Mi"}), None, id="own-request-kept"),
    pytest.param(of_server(limits={"memory": "64Mi"}), None, id="never-above-a-limit"),
    pytest.param(of_server(limits={"memory": "64Gi"}), None, id="limit-becomes-the-request"),
    pytest.param(base(resources={"requests": {"memory": "1Gi"}}), None, id="request-of-the-pod"),
    pytest.param(base(resources={"limits": {"memory": "1Gi"}}), None, id="limit-of-the-pod"),
    pytest.param(base(containers=[]), None, id="no-container"),
]  # fmt: skip


@pytest.mark.parametrize(("pod", "operation"), FILLED)
def test_fills_in_the_reference_value(pod: Json, operation: Json | None) -> None:
    assert filled(RULE, pod) == ([] if operation is None else [operation])


@pytest.mark.parametrize(
    "origin", [{"kind": "Deployment"}, {"kind": "StatefulSet"}, {"creating": False}], ids=str
)
def test_only_new_pods_are_filled_in(origin: Json) -> None:
    assert filled(RULE, base(), defaults(FLEET), **origin) == []


@pytest.mark.parametrize(
    ("pod", "promised"),
    [
        (base(), {"resources": FLEET}),
        (
            of_server(requests={"memory": "64Mi"}),
            {"resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "1Gi"}}},
        ),
        (of_server(**FLEET), {}),
        (base(containers=[]), {}),
    ],
    ids=["all", "the-rest", "nothing", "no-container"],
)
def test_pods_are_given_what_the_author_does_not_say(pod: Json, promised: Json) -> None:
    assert given_by(RULE, pod, defaults(FLEET)) == promised


def test_only_the_server_container_gets_a_request() -> None:
    pod = base(
        initContainers=[{"name": "init"}],
        containers=[{"name": "proxy"}, {"name": "mcp", "ports": [{"name": "mcp"}]}],
    )

    paths = [operation["path"] for operation in filled(RULE, pod)]

    assert paths == ["/spec/containers/1/resources"]


FLEET_WIDE = [
    pytest.param(base(), FLEET, id="absent"),
    pytest.param(
        of_server(requests={"memory": "2Gi"}),
        {"requests": {"memory": "2Gi", "cpu": "100m"}},
        id="no-limit-under-a-request",
    ),
    pytest.param(
        of_server(limits={"memory": "512Mi"}),
        {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m"}},
        id="own-limit-kept",
    ),
    pytest.param(
        of_server(requests={"memory": "many"}),
        {"requests": {"memory": "many", "cpu": "100m"}, "limits": {"memory": "1Gi"}},
        id="unreadable-request-left-to-the-API-server",
    ),
]


@pytest.mark.parametrize(("pod", "resources"), FLEET_WIDE)
def test_fills_in_what_the_fleet_has(pod: Json, resources: Json) -> None:
    filled(RULE, pod, defaults(FLEET))

    assert pod["spec"]["containers"][0]["resources"] == resources


SERVER = "containers[main].resources"
FOREIGN = [
    pytest.param(base(), [], id="absent"),
    pytest.param(of_server(**FLEET), [], id="the-fleets"),
    pytest.param(of_server(requests={"memory": "0.4096Ki"}), ["requests.memory"], id="request"),
    pytest.param(of_server(requests={"memory": "419430400"}), [], id="another-spelling"),
    pytest.param(
        of_server(limits={"cpu": "1", "memory": "many"}),
        ["limits.cpu", "limits.memory"],
        id="limits",
    ),
]


@pytest.mark.parametrize(("pod", "fields"), FOREIGN)
def test_objects_to_own_values_where_the_fleets_are_for_all(pod: Json, fields: list[str]) -> None:
    assert refused(RULE, pod, FORBID) == [
        f"{SERVER}.{field} is the fleet's to set" for field in fields
    ]


def test_resources_of_the_pod_itself_are_refused_where_servers_set_none() -> None:
    pod = base(resources={"requests": {"memory": "400Mi"}, "limits": {"cpu": "8"}})

    assert refused(RULE, pod, FORBID) == [
        "resources.requests.memory is the fleet's to set",
        "resources.limits.cpu is the fleet's to set",
    ]


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ("LimitRanger plugin set: cpu, memory request for container main", ["limits.cpu"]),
        (
            "LimitRanger plugin set: cpu request for container main; cpu limit for container main",
            ["requests.memory"],
        ),
        (
            "LimitRanger plugin set: memory request for init container main",
            ["requests.memory", "requests.cpu", "limits.cpu"],
        ),
        ("memory request for container main", ["requests.memory", "requests.cpu", "limits.cpu"]),
        (7, ["requests.memory", "requests.cpu", "limits.cpu"]),
    ],
    ids=str,
)
def test_what_a_limit_range_filled_in_is_nobodys_own(said: object, fields: list[str]) -> None:
    pod = of_server(requests={"memory": "512Mi", "cpu": "2"}, limits={"cpu": "3"})
    pod["metadata"]["annotations"] = {"kubernetes.io/limit-ranger": said}

    assert refused(RULE, pod, FORBID) == [
        f"{SERVER}.{field} is the fleet's to set" for field in fields
    ]


def test_a_ceiling_that_became_the_limit_is_the_fleets() -> None:
    ceiling = settings_of(
        mcpServerDefaults={"perServer": "forbid"}, mcpServerMaximums={"limits": {"cpu": "2"}}
    )

    filled_in = of_server(limits={"cpu": "2000m"}, requests={"cpu": "0"})

    assert refused(RULE, filled_in, ceiling) == []


def test_a_ceiling_that_fills_nothing_in_is_no_value_of_the_fleets() -> None:
    gpu = "nvidia.com/gpu"
    ceiling = settings_of(
        mcpServerDefaults={"perServer": "forbid"}, mcpServerMaximums={"limits": {gpu: "8"}}
    )

    assert refused(RULE, of_server(limits={gpu: "8"}), ceiling) != []


@pytest.mark.parametrize(
    ("origin", "decided"),
    [
        ({"kind": "Pod"}, True),
        ({"kind": "Deployment"}, True),
        ({"kind": "StatefulSet"}, False),
        ({"kind": "Pod", "owner": "DaemonSet"}, False),
    ],
    ids=["bare-pod", "deployment", "other-template", "controlled-pod"],
)
def test_the_fleet_decides_for_deployments_and_bare_pods(origin: Json, decided: bool) -> None:
    pod = of_server(requests={"memory": "8Gi"})

    assert bool(refused(RULE, pod, FORBID, **origin)) is decided


def test_objects_to_nothing_by_default() -> None:
    assert refused(RULE, of_server(requests={"memory": "8Gi"})) == []


@pytest.mark.parametrize("value", [None, True, "many", [], {}, "1" * 200])
def test_what_is_no_quantity_has_no_amount(value: object) -> None:
    assert quantity(value) is None


@pytest.mark.parametrize(
    ("keys", "action"),
    [
        ({}, "override"),
        ({"onConflict": "warn"}, "override"),
        ({"rules": {"resources": "deny"}}, "deny"),
    ],
    ids=["default", "fleet-wide", "own"],
)
def test_own_values_are_replaced_unless_the_rule_is_set(keys: Json, action: str) -> None:
    assert settings_of(**keys).conflict_action(RULE.id) == action
