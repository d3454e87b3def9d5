"""What Kubernetes adds to pods comes first, and the fleet's stands beside it.

A value of ours in a template would take its place: Kubernetes fills in pods alone, and only what
they lack.
"""

import json
from typing import Any

import pytest

from tests.admission.case import INJECTED, SERVER, Json, deployment, pod
from tests.in_memory.api_server import ApiServer
from tests.in_memory.controllers import pod_of, restarted
from tests.in_memory.defaults import NODE_TOLERATIONS, copied, template_of
from tests.in_memory.places import found
from tests.in_memory.plugins import Plugins
from tests.rules.case import settings_of

RESOURCES = "containers[main].resources"
FLEET: Json = {
    "imagePullSecrets": [{"name": "fleet"}],
    "nodeSelector": {"pool": "mcp"},
    "tolerations": [{"key": "mcp", "operator": "Exists"}],
}
KINDS = ["Deployment", "Pod", "StatefulSet"]


def fleet(**keys: Any) -> ApiServer:
    return ApiServer(settings_of(**keys))


def new_pod(kind: str, cluster: ApiServer, plugins: Plugins, **spec: Any) -> Json:
    """The pod of a workload, or the bare pod, as it is stored; nobody refuses it."""
    if kind == "Pod":
        sent = pod(**spec)
    else:
        workload = {**deployment(template={"labels": {SERVER: "true"}}, **spec), "kind": kind}
        sent = pod_of(cluster.create(workload).stored)
    outcome = plugins.create(cluster, sent)

    assert outcome.allowed, outcome.message
    assert plugins.refuse(outcome.stored) == []

    return outcome.stored


def sized(request: str | None, limit: str | None) -> Json:
    values = {"requests": request, "limits": limit}
    return {part: {"memory": value} for part, value in values.items() if value}


LIMIT_RANGES = {
    "none": ((), sized("400Mi", None)),
    "minimum": (({"min": {"memory": "512Mi"}},), sized("512Mi", None)),
    "maximum": (({"max": {"memory": "256Mi"}},), sized("256Mi", "256Mi")),
    "defaults": (
        ({"default": {"memory": "200Mi"}, "defaultRequest": {"memory": "100Mi"}},),
        sized("100Mi", "200Mi"),
    ),
    "ratio": (
        ({"maxLimitRequestRatio": {"memory": "2"}, "default": {"memory": "1Gi"}},),
        sized("1Gi", "1Gi"),
    ),
    "request alone": (({"defaultRequest": {"memory": "64Mi"}},), sized("64Mi", None)),
    "two": (({"min": {"memory": "600Mi"}}, {"max": {"memory": "1Gi"}}), sized("600Mi", "1Gi")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("limits", "expected"), LIMIT_RANGES.values(), ids=LIMIT_RANGES)
def test_a_limit_range_decides_before_the_fleet(
    kind: str, limits: tuple[Json, ...], expected: Json
) -> None:
    stored = new_pod(kind, fleet(), Plugins(limits=limits))

    given = {part: values for part, values in found(stored, RESOURCES).items() if values}
    assert given == expected


CEILINGS: Json = {"mcpServerMaximums": {"limits": {"memory": "2Gi", "cpu": "2"}}}


@pytest.mark.parametrize("kind", KINDS)
def test_a_ceiling_becomes_the_limit_beside_a_limit_range(kind: str) -> None:
    least = Plugins(limits=({"min": {"memory": "512Mi", "cpu": "100m"}},))

    stored = new_pod(kind, fleet(**CEILINGS), least)

    assert found(stored, RESOURCES) == {
        "limits": {"memory": "2Gi", "cpu": "2"},
        "requests": {"memory": "512Mi", "cpu": "100m"},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_of_the_fleet_gives_way_too(kind: str) -> None:
    defaults = {"resources": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "100m"}}}
    most = Plugins(limits=({"max": {"memory": "512Mi"}},))

    stored = new_pod(kind, fleet(mcpServerDefaults=defaults), most)

    assert found(stored, RESOURCES) == {
        "limits": {"memory": "512Mi"},
        "requests": {"memory": "512Mi", "cpu": "100m"},
    }


@pytest.mark.parametrize("kind", ["Deployment", "Pod"])
@pytest.mark.parametrize("limits", [limits for limits, _ in LIMIT_RANGES.values() if limits])
def test_where_the_fleet_decides_for_all_a_limit_range_stays(
    kind: str, limits: tuple[Json, ...]
) -> None:
    own = [{"name": "main", "image": "a", "resources": {"requests": {"memory": "3Gi"}}}]
    forbid = fleet(mcpServerDefaults={"perServer": "forbid"})

    plain = new_pod(kind, forbid, Plugins(limits=limits))
    replaced = new_pod(kind, forbid, Plugins(), containers=own)

    assert found(plain, f"{RESOURCES}.requests.memory") != "400Mi"
    assert found(replaced, f"{RESOURCES}.requests") == {"memory": "400Mi"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("of_account", [(), ("account",), ("account", "fleet")])
def test_the_pull_secrets_of_the_account_and_of_the_fleet_stand_together(
    kind: str, of_account: tuple[str, ...]
) -> None:
    cluster = fleet(mcpServerDefaults={"imagePullSecrets": [{"name": "fleet"}]})

    stored = new_pod(kind, cluster, Plugins(secrets=of_account))

    names = [secret["name"] for secret in found(stored, "imagePullSecrets")]
    assert names == list(dict.fromkeys([*of_account, "fleet"]))


@pytest.mark.parametrize("kind", KINDS)
def test_the_authors_pull_secrets_stay(kind: str) -> None:
    cluster = fleet(mcpServerDefaults={"imagePullSecrets": [{"name": "fleet"}]})

    stored = new_pod(kind, cluster, Plugins(secrets=("a",)), imagePullSecrets=[{"name": "own"}])

    assert found(stored, "imagePullSecrets") == [{"name": "own"}, {"name": "fleet"}]


@pytest.mark.parametrize("kind", KINDS)
def test_the_selector_of_the_namespace_does_not_contradict_the_fleets(kind: str) -> None:
    cluster = fleet(mcpServerDefaults={"nodeSelector": {"pool": "mcp", "disk": "ssd"}})

    stored = new_pod(kind, cluster, Plugins(selector={"pool": "tenant"}))

    assert found(stored, "nodeSelector") == {"pool": "tenant", "disk": "ssd"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_selector_of_the_authors_class_does_not_contradict_the_fleets(kind: str) -> None:
    cluster = fleet(mcpServerDefaults={"nodeSelector": {"pool": "mcp"}})
    classes = Plugins(classes={"gpu": {"nodeSelector": {"pool": "gpu"}}})

    stored = new_pod(kind, cluster, classes, runtimeClassName="gpu")

    assert found(stored, "nodeSelector") == {"pool": "gpu"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_pod_that_tolerates_everything_still_leaves_a_node_that_fails(kind: str) -> None:
    everything = {"operator": "Exists"}

    stored = new_pod(kind, fleet(mcpServerDefaults={"tolerations": [everything]}), Plugins())

    assert found(stored, "tolerations") == [*NODE_TOLERATIONS, everything]


def test_tolerations_of_the_namespace_rule_out_none_of_the_fleets() -> None:
    of_namespace = {"key": "tenant", "operator": "Exists"}

    stored = new_pod(
        "Deployment", fleet(mcpServerDefaults=FLEET), Plugins(tolerations=(of_namespace,))
    )

    assert of_namespace in found(stored, "tolerations")
    assert FLEET["tolerations"][0] in found(stored, "tolerations")


def test_the_fleet_may_say_how_long_a_deployment_stays_on_a_node_that_fails() -> None:
    longer = [{**toleration, "tolerationSeconds": 600} for toleration in NODE_TOLERATIONS]
    cluster = fleet(mcpServerDefaults={"tolerations": [*longer, *FLEET["tolerations"]]})

    stored = new_pod("Deployment", cluster, Plugins())

    assert found(stored, "tolerations") == [*longer, *FLEET["tolerations"]]
    assert Plugins().create(cluster, stored).stored == stored


@pytest.mark.parametrize("kind", ["Deployment", "Pod"])
def test_tolerations_of_the_fleets_class_rule_out_none_of_the_fleets(kind: str) -> None:
    cluster = fleet(mcpServerDefaults={**FLEET, "runtimeClassName": "gvisor"})
    of_class = {"key": "sandbox", "operator": "Exists"}
    classes = Plugins(classes={"gvisor": {"tolerations": [of_class]}})

    stored = new_pod(kind, cluster, classes)

    tolerations = found(stored, "tolerations")
    assert [tolerations.count(one) for one in (of_class, *FLEET["tolerations"])] == [1, 1]


def test_a_template_holds_nothing_that_its_pods_are_given() -> None:
    stored = fleet(mcpServerDefaults=FLEET, **CEILINGS).create(deployment()).stored

    spec = template_of(stored)["spec"]
    assert spec.keys().isdisjoint({"imagePullSecrets", "nodeSelector", "tolerations"})
    assert spec["containers"][0].get("resources", {}) == {}
    memory = json.loads(template_of(stored)["metadata"]["annotations"][INJECTED])
    assert memory["pods"] == {**FLEET, "resources": {"requests": {"memory": "400Mi"}}}


OWN: list[tuple[Json, str]] = [
    ({"tolerations": [{"key": "own", "operator": "Exists"}]}, "tolerations"),
    ({"nodeSelector": {"pool": "own"}}, "nodeSelector"),
    ({"imagePullSecrets": [{"name": "fleet"}]}, "imagePullSecrets"),
    ({"resources": {"limits": {"memory": "1Gi"}}}, "resources"),
]


@pytest.mark.parametrize(("own", "key"), OWN, ids=[key for _, key in OWN])
def test_what_the_author_says_is_not_promised(own: Json, key: str) -> None:
    stored = fleet(mcpServerDefaults=FLEET).create(deployment(**own)).stored

    memory = json.loads(template_of(stored)["metadata"]["annotations"][INJECTED])
    assert key not in memory["pods"]


BEFORE = fleet(mcpServerDefaults={**FLEET, "resources": {"requests": {"memory": "64Mi"}}})
AFTER = fleet(
    mcpServerDefaults={
        "imagePullSecrets": [{"name": "other"}],
        "nodeSelector": {"zone": "b"},
        "tolerations": [{"key": "other", "operator": "Exists"}],
        "resources": {"requests": {"memory": "1Gi"}},
    }
)
OFF = fleet(
    mcpServerDefaults=FLEET,
    rules={"resources": "off", "image-pull-secrets": "off", "scheduling": "off"},
)


def given(stored: Json) -> tuple[Any, ...]:
    """The pull secrets, selector, tolerations and memory of a pod."""
    tolerations = [one for one in found(stored, "tolerations") if "tolerationSeconds" not in one]
    return (
        found(stored, "imagePullSecrets[0].name"),
        found(stored, "nodeSelector"),
        tolerations[0]["key"],
        found(stored, f"{RESOURCES}.requests.memory"),
    )


@pytest.mark.parametrize("now", [BEFORE, AFTER, OFF], ids=["same", "others", "off"])
def test_pods_are_given_what_their_template_remembers(now: ApiServer) -> None:
    live = BEFORE.create(deployment()).stored

    stored = Plugins().create(now, pod_of(live)).stored

    assert given(stored) == ("fleet", {"pool": "mcp"}, "mcp", "64Mi")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (copied, ("fleet", {"pool": "mcp"}, "mcp", "64Mi")),
        (restarted, ("other", {"zone": "b"}, "other", "1Gi")),
    ],
)
def test_changed_settings_reach_restarted_workloads(change: Any, expected: Any) -> None:
    live = BEFORE.create(deployment()).stored

    updated = AFTER.update(live, change(live)).stored

    assert given(Plugins().create(AFTER, pod_of(updated)).stored) == expected


def test_a_template_that_remembers_nothing_gets_what_the_settings_say_now() -> None:
    live = BEFORE.create(deployment()).stored
    del template_of(live)["metadata"]["annotations"][INJECTED]

    stored = Plugins().create(AFTER, pod_of(live)).stored

    assert given(stored) == ("other", {"zone": "b"}, "other", "1Gi")


def test_a_server_that_opts_out_takes_the_promise_along() -> None:
    cluster = fleet(mcpServerDefaults=FLEET)
    live = cluster.create(deployment()).stored
    new = copied(live)
    new["metadata"]["labels"][SERVER] = "false"

    left = cluster.update(live, new).stored

    assert INJECTED not in template_of(left)["metadata"].get("annotations", {})
    assert cluster.create(pod_of(left)).patch == []


def test_a_template_is_not_refused_for_a_limit_that_its_pods_get() -> None:
    outcome = fleet(**CEILINGS).create(deployment())

    assert (outcome.allowed, outcome.warnings) == (True, [])


def test_a_template_is_refused_for_a_request_that_leaves_no_room_for_the_limit() -> None:
    own = [{"name": "main", "image": "a", "resources": {"requests": {"memory": "3Gi"}}}]

    assert fleet(**CEILINGS).create(deployment(containers=own)).refused_by == [
        "resource-ceilings",
        "resource-ceilings",
    ]


@pytest.mark.parametrize("sidecars", [0, 1, 40])
def test_the_request_goes_to_the_server_whatever_is_put_before_it(sidecars: int) -> None:
    """However much there is to remember: more than there is room for, or nothing else."""
    others = [{"name": f"sidecar-{at}", "image": "a"} for at in range(sidecars)]
    main = {"name": "main", "image": "a", "ports": [{"name": "mcp", "containerPort": 80}]}
    once = fleet().create(deployment(containers=[main, *others])).stored
    del template_of(once)["metadata"]["annotations"]
    for again in (deployment(containers=[main, *others]), once):
        made = pod_of(fleet().create(again).stored)
        proxy = {"name": "proxy", "image": "a", "ports": [{"name": "mcp", "containerPort": 81}]}
        made["spec"]["containers"].insert(0, proxy)

        stored = fleet().create(made).stored

        assert found(stored, f"{RESOURCES}.requests") == {"memory": "400Mi"}
        assert not found(stored, "containers[proxy].resources").get("requests")
