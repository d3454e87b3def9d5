"""scheduling: where the fleet runs its servers, and what of a workload's own wishes stays.

Templates get the affinity alone; the rest is for pods, to which Kubernetes adds some itself.
"""

from copy import deepcopy
from typing import Any

import pytest

from tests.rules.case import Json, base, filled, given_by, refused, settings_of
from webhook.rules.checks.scheduling import RULE
from webhook.settings.model import Settings

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
POOL = {"matchExpressions": [{"key": "pool", "operator": "In", "values": ["mcp"]}]}
NODE = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}
AFFINITY: Json = {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [POOL]}}}
OWN_AFFINITY: Json = {"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone"}]}}
TOLERATION = {"key": "mcp", "operator": "Exists", "effect": "NoSchedule"}
OWN_TOLERATION = {"key": "gpu", "operator": "Exists"}
NOT_READY = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300}
FLEET: Json = {
    "affinity": AFFINITY,
    "tolerations": [TOLERATION],
    "nodeSelector": {"pool": "mcp", "disk": "ssd"},
}


def defaults(**keys: Any) -> Settings:
    return settings_of(mcpServerDefaults=keys)


def only(key: str) -> Settings:
    return defaults(**{key: FLEET[key]})


def bound(*terms: Json, **more: Any) -> Json:
    """An affinity that binds a pod to a node by its fields, as DaemonSets do."""
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}, **more}}


def test_everything_of_the_fleet_is_filled_in() -> None:
    pod = base()

    filled(RULE, pod, defaults(**FLEET))

    assert {key: pod["spec"][key] for key in FLEET} == FLEET


@pytest.mark.parametrize(
    "origin", [{"kind": "Deployment"}, {"kind": "Job"}, {"creating": False}], ids=str
)
def test_only_new_pods_get_what_kubernetes_adds_to_pods(origin: Json) -> None:
    pod = base()

    filled(RULE, pod, defaults(**FLEET), **origin)

    assert {key: pod["spec"].get(key) for key in FLEET} == {
        "affinity": AFFINITY,
        "tolerations": None,
        "nodeSelector": None,
    }


STAYS_LONGER = {**NOT_READY, "effect": "NoExecute", "tolerationSeconds": 600}


def test_templates_get_what_takes_the_place_of_kubernetes_own_tolerations() -> None:
    fleet = defaults(tolerations=[STAYS_LONGER, TOLERATION])
    pod = base()

    filled(RULE, pod, fleet, kind="Deployment")

    assert pod["spec"]["tolerations"] == [STAYS_LONGER]
    assert given_by(RULE, pod, fleet) == {"tolerations": [TOLERATION]}
    filled(RULE, pod, fleet)
    assert pod["spec"]["tolerations"] == [STAYS_LONGER, TOLERATION]
    assert filled(RULE, pod, defaults(tolerations=[STAYS_LONGER])) == []


def test_a_label_without_a_value_is_a_selector() -> None:
    fleet = defaults(nodeSelector={"example.com/mcp": "", "pool": "mcp"})
    pod = base(nodeSelector={"pool": ""})

    filled(RULE, pod, fleet)

    assert pod["spec"]["nodeSelector"] == {"pool": "", "example.com/mcp": ""}
    assert filled(RULE, pod, fleet) == []


@pytest.mark.parametrize(
    ("own", "promised"),
    [
        ({}, {"tolerations": [TOLERATION], "nodeSelector": FLEET["nodeSelector"]}),
        ({"tolerations": [OWN_TOLERATION]}, {"nodeSelector": FLEET["nodeSelector"]}),
        (
            {"nodeSelector": {"pool": "own"}},
            {"tolerations": [TOLERATION], "nodeSelector": {"disk": "ssd"}},
        ),
        ({"tolerations": [TOLERATION], "nodeSelector": {"pool": "a", "disk": "b"}}, {}),
    ],
)
def test_pods_are_given_what_the_author_does_not_say(own: Json, promised: Json) -> None:
    assert given_by(RULE, base(**own), defaults(**FLEET)) == promised


def test_nothing_is_filled_in_until_it_is_set() -> None:
    assert filled(RULE, base()) == []


FILLED = [
    pytest.param("affinity", base(affinity={}), AFFINITY, id="affinity-empty"),
    pytest.param("affinity", base(affinity=OWN_AFFINITY), OWN_AFFINITY, id="affinity-own"),
    pytest.param("tolerations", base(tolerations=[]), [TOLERATION], id="tolerations-empty"),
    pytest.param(
        "tolerations", base(tolerations=[OWN_TOLERATION]), [OWN_TOLERATION], id="tolerations-own"
    ),
    pytest.param(
        "tolerations",
        base(tolerations=[NOT_READY]),
        [NOT_READY, TOLERATION],
        id="those-of-nodes-are-nobodys-own",
    ),
    pytest.param(
        "nodeSelector",
        base(nodeSelector={"disk": "hdd", "arch": "arm64"}),
        {"disk": "hdd", "arch": "arm64", "pool": "mcp"},
        id="selector-key-by-key",
    ),
]


@pytest.mark.parametrize(("key", "pod", "value"), FILLED)
def test_what_the_workload_says_stays(key: str, pod: Json, value: Any) -> None:
    pod = deepcopy(pod)

    filled(RULE, pod, only(key))

    assert pod["spec"][key] == value
    assert filled(RULE, pod, only(key)) == []


FORBID = {"perServer": "forbid"}
OF_FLEET = defaults(**FORBID, affinity=AFFINITY, tolerations=[TOLERATION])
OF_NOBODY = defaults(**FORBID)
TERMS = f"affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms"
FOREIGN = [
    pytest.param(base(), OF_FLEET, [], id="absent"),
    pytest.param(base(affinity=AFFINITY, tolerations=[TOLERATION]), OF_FLEET, [], id="the-fleets"),
    pytest.param(base(affinity=OWN_AFFINITY), OF_FLEET, ["affinity "], id="affinity"),
    pytest.param(base(affinity=AFFINITY), OF_NOBODY, ["affinity "], id="the-fleet-has-none"),
    pytest.param(
        base(tolerations=[OWN_TOLERATION, TOLERATION, NOT_READY, "all"]),
        OF_FLEET,
        ["tolerations: ", "tolerations: "],
        id="tolerations-but-those-of-nodes",
    ),
    pytest.param(base(tolerations=[TOLERATION]), OF_NOBODY, ["tolerations: "], id="no-tolerations"),
    pytest.param(
        base(nodeSelector={"a": "b"}),
        OF_FLEET,
        [],
        id="selectors-stay",
    ),
    pytest.param(base(affinity=bound(NODE)), OF_FLEET, [], id="bound-to-a-node"),
    pytest.param(
        base(affinity={**bound({**NODE, **POOL}, **{PREFERRED: []}), **OWN_AFFINITY}),
        OF_NOBODY,
        ["affinity.podAntiAffinity ", f"affinity.nodeAffinity.{PREFERRED} ",
         f"{TERMS}[0].matchExpressions "],
        id="only-the-binding-stays",
    ),
    pytest.param(base(affinity=bound(POOL)), OF_NOBODY, ["affinity "], id="no-binding"),
]  # fmt: skip


@pytest.mark.parametrize(("pod", "settings", "places"), FOREIGN)
def test_objects_to_a_servers_own_where_the_fleets_are_for_all(
    pod: Json, settings: Settings, places: list[str]
) -> None:
    assert refused(RULE, pod, settings) == [f"{place}is the fleet's to set" for place in places]


ORIGINS = [
    pytest.param({"kind": "Pod"}, True, id="bare-pod"),
    pytest.param({"kind": "Deployment"}, True, id="deployment"),
    pytest.param({"kind": "DaemonSet"}, False, id="other-template"),
    pytest.param({"kind": "Pod", "owner": "DaemonSet"}, False, id="controlled-pod"),
]


@pytest.mark.parametrize(("origin", "decided"), ORIGINS)
def test_the_fleet_decides_for_deployments_and_bare_pods(origin: Json, decided: bool) -> None:
    assert bool(refused(RULE, base(affinity=OWN_AFFINITY), OF_FLEET, **origin)) is decided


def test_under_forbid_the_fleets_tolerations_come_beside_others() -> None:
    pod = base(tolerations=[dict(OWN_TOLERATION)])

    filled(RULE, pod, OF_FLEET)

    assert pod["spec"]["tolerations"] == [OWN_TOLERATION, TOLERATION]


@pytest.mark.parametrize(
    ("keys", "action"),
    [
        ({}, "override"),
        ({"onConflict": "deny"}, "override"),
        ({"rules": {"scheduling": "deny"}}, "deny"),
    ],
)
def test_a_servers_own_are_replaced_unless_the_rule_says_otherwise(keys: Json, action: str) -> None:
    assert settings_of(**keys).conflict_action(RULE.id) == action
