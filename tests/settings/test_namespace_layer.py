"""What a namespace may set: stricter is allowed, looser is refused with the way to get it."""

from typing import Any

import pytest

from tests.rules.case import settings_of
from webhook.settings.faults import MOST_FAULTS
from webhook.settings.model import Settings
from webhook.settings.model_keys import cluster_only_keys, delegable_keys, dotted
from webhook.settings.namespace_layer import LARGEST_VALUES, namespace_layer

Json = dict[str, Any]
WAY_OUT = ": the cluster's settings have to list {} under delegated for that"
POLICY = "mcpNamespace.networkPolicy"
SECURITY = "mcpNamespace.podSecurity"
TO_PODS = {"podSelector": {"matchLabels": {"app": "db"}}}
EGRESS: Json = {"db": {"to": [TO_PODS]}}
MORE_EGRESS = {**EGRESS, "all": {"to": [{"namespaceSelector": {}}]}}
INGRESS: Json = {"db": {"from": [TO_PODS]}}


def nested(key: str, value: Any) -> Json:
    for step in reversed(key.split(".")):
        value = {step: value}
    return {} if value is None else value


def set_in(cluster: Json, spec: Any) -> tuple[Json, dict[str, str]]:
    """What is in force of what a namespace sets, and why not the rest."""
    found = namespace_layer(Settings.model_validate(cluster), spec)
    return dict(found.values), {dotted(key): sentence for key, sentence in found.faults}


# A key, the cluster's value, a stricter one, and a looser one with the first words about it.
ORDERED = [
    ("mode", "warn", "enforce", "observe", "observe is looser than warn"),
    ("onConflict", "override", "deny", "warn", "warn is looser than override"),
    ("rules.capabilities", "warn", "override", "off", "off is looser than warn"),
    ("replicas.policy", "override", "deny", "off", "off is looser than override"),
    ("isolation.gate", True, True, False, "false is looser than true"),
    ("isolation.gate", False, True, None, ""),
    ("secrets.copy", False, False, None, ""),
    ("secrets.copy", True, False, None, ""),
    (f"{POLICY}.enabled", True, True, False, "false is looser than true"),
    (f"{POLICY}.enabled", False, True, None, ""),
    (f"{SECURITY}.enforce", "baseline", "restricted", "privileged",
     "privileged is looser than baseline"),
    (f"{SECURITY}.audit", "baseline", "restricted", "privileged", "privileged is looser than"),
    (f"{SECURITY}.warn", "baseline", "restricted", "privileged", "privileged is looser than"),
    ("serviceAccountTokens.optedIn", "allow", "forbid", None, ""),
    ("serviceAccountTokens.managed", "forbid", "forbid", "allow", "allow is looser than forbid"),
    ("mcpServerDefaults.perServer", "forbid", "forbid", "allow", "allow is looser than forbid"),
    ("serviceAccountTokens.names", ["a/b", "a/c"], ["a/b"], ["a/d"],
     "a/d is not among what the cluster has (a/b, a/c)"),
    ("priorityClasses.allowed", ["high"], [], ["system-node-critical"],
     "system-node-critical is not among what the cluster has (high)"),
    (f"{POLICY}.dnsPeers", [], [], ["10.0.0.10/32"],
     "10.0.0.10/32 is not among what the cluster has (none)"),
    (f"{POLICY}.egressCeilings", ["10.0.0.0/8", "2001:db8::/32"],
     ["10.1.0.0/16", "10.0.0.0/8", "2001:db8:1::/48"], ["10.1.0.0/16", "11.0.0.0/8"],
     "11.0.0.0/8 is in no block that the cluster has (10.0.0.0/8, 2001:db8::/32)"),
    (f"{POLICY}.egressCeilings", ["10.0.0.0/8"], [], ["0.0.0.0/0"], "0.0.0.0/0 is in no block"),
    (f"{POLICY}.egressCeilings", [], [], ["::/0"],
     "::/0 is in no block that the cluster has (none)"),
    (f"{POLICY}.egressProfiles", MORE_EGRESS, EGRESS, {"other": {"to": [TO_PODS]}},
     "other is not among what the cluster has (db, all)"),
    (f"{POLICY}.ingressProfiles", INGRESS, {}, {"db": {"from": [{"namespaceSelector": {}}]}},
     "db is not as the cluster has it"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "held", "stricter"), [row[:3] for row in ORDERED], ids=[row[0] for row in ORDERED]
)
def test_a_key_with_an_order_can_be_stricter(key: str, held: Any, stricter: Any) -> None:
    cluster = Settings.model_validate(nested(key, held))
    found = namespace_layer(cluster, nested(key, stricter))

    assert not found.faults
    assert found.values == nested(key, stricter)
    expected = Settings.model_validate(nested(key, stricter))
    assert found.settings.model_dump() == expected.model_dump()


LOOSER = [
    (key, held, looser, words) for key, held, _, looser, words in ORDERED if looser is not None
]


@pytest.mark.parametrize(("key", "held", "looser", "words"), LOOSER)
def test_a_looser_value_is_refused_with_the_way_to_get_it(
    key: str, held: Any, looser: Any, words: str
) -> None:
    cluster = Settings.model_validate(nested(key, held))
    found = namespace_layer(cluster, nested(key, looser))
    ((_, sentence),) = found.faults

    assert (found.settings, found.values) == (cluster, {})
    assert dotted(found.faults[0].key) == key
    assert sentence.startswith(words)
    assert sentence.endswith(WAY_OUT.format(key))


@pytest.mark.parametrize(("key", "held", "looser"), [row[:3] for row in LOOSER])
@pytest.mark.parametrize("whole", [True, False])
def test_a_delegated_key_can_be_changed_in_any_direction(
    key: str, held: Any, looser: Any, *, whole: bool
) -> None:
    delegated = key.split(".", maxsplit=1)[0] if whole else key
    cluster = {**nested(key, held), "delegated": [delegated]}

    assert set_in(cluster, nested(key, looser)) == (nested(key, looser), {})


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("mcpServerDefaults.image", "example.com/a", "(a value of 44 characters in the cluster)"),
        ("mcpServerDefaults.runtimeClassName", "kata", ""),
        ("mcpServerDefaults.resources", {"limits": {"cpu": "1"}}, "(a mapping in the cluster)"),
        ("fillIn", "pods", "(templates in the cluster)"),
        (f"{POLICY}.dnsNamespace", "dns", "(kube-system in the cluster)"),
        (f"{POLICY}.gateway.port", 9000, "(8080 in the cluster)"),
        (f"{SECURITY}.enforceVersion", "v1.25", "(latest in the cluster)"),
        # It would put the labels of the cluster over those that somebody gave the namespace.
        (f"{SECURITY}.enabled", False, "(true in the cluster)"),
    ],
)
def test_a_key_without_an_order_has_to_be_delegated(key: str, value: Any, told: str) -> None:
    words = f"this key has no stricter value{told and ' '}{told}: the cluster's settings"

    values, faults = set_in({}, nested(key, value))
    assert values == {}
    assert faults[key].startswith(words)
    assert set_in({"delegated": [key]}, nested(key, value)) == (nested(key, value), {})


@pytest.mark.parametrize("key", sorted(cluster_only_keys()))
def test_a_key_of_the_whole_cluster_is_never_set(key: str) -> None:
    value = {"delegated": ["mode"], "exceptions.longestDays": 9}.get(key, "me")
    cluster = {"delegated": sorted(delegable_keys())}

    assert set_in(cluster, nested(key, value)) == (
        {},
        {key: "is for the whole cluster: take it out"},
    )


@pytest.mark.parametrize("delegated", [[], ["secrets"], ["secrets.copy"]])
def test_no_namespace_has_copies_of_secrets_where_the_cluster_has_none(
    delegated: list[str],
) -> None:
    cluster = {"secrets": {"copy": False}, "delegated": delegated}

    assert set_in(cluster, {"secrets": {"copy": True}}) == (
        {},
        {
            "secrets.copy": (
                "the cluster has no copies of Secrets (false), so no namespace can: take it out"
            )
        },
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [("mcpNamespace.name", "a"), ("selectors", [{"a": "b"}]), ("excludedNamespaces", ["a"])],
)
def test_a_key_of_the_chart_is_never_set(key: str, value: Any) -> None:
    cluster = {"delegated": sorted(delegable_keys())}

    assert set_in(cluster, nested(key, value)) == (
        {}, {key: "is read by the chart alone: take it out"}
    )  # fmt: skip


def test_ceilings_join_those_of_the_cluster() -> None:
    limits = {"memory": "2Gi", "cpu": "2"}
    cluster = settings_of(mcpServerMaximums={"limits": limits})
    spec = {
        "mcpServerMaximums": {"limits": {"memory": "1024Mi", "cpu": "4", "example.com/gpu": "1"}}
    }
    found = namespace_layer(cluster, spec)

    assert found.settings.mcp_server_maximums.limits == {
        "memory": "1Gi", "cpu": "2", "example.com/gpu": "1",
    }  # fmt: skip
    assert [(dotted(key), sentence) for key, sentence in found.faults] == [
        (
            "mcpServerMaximums.limits.cpu",
            f"4 is more than 2, which the cluster has{WAY_OUT.format('mcpServerMaximums.limits')}",
        )
    ]


def test_a_delegated_ceiling_can_be_raised_and_keeps_the_others() -> None:
    limits = {"memory": "2Gi", "cpu": "2"}
    cluster = settings_of(mcpServerMaximums={"limits": limits}, delegated=["mcpServerMaximums"])
    found = namespace_layer(cluster, {"mcpServerMaximums": {"limits": {"cpu": "4"}}})

    assert found.settings.mcp_server_maximums.limits == {"memory": "2Gi", "cpu": "4"}


def test_a_rule_is_compared_with_what_the_cluster_does_on_a_conflict() -> None:
    cluster = {"onConflict": "warn", "rules": {"capabilities": "deny"}}
    values, faults = set_in(
        cluster, {"rules": {"capabilities": "warn", "sysctls": "deny", "apparmor": "warn"}}
    )

    assert values == {"rules": {"sysctls": "deny", "apparmor": "warn"}}
    assert list(faults) == ["rules.capabilities"]


def test_the_rule_about_replicas_is_compared_with_their_policy() -> None:
    cluster = {"onConflict": "warn", "replicas": {"policy": "deny"}}
    assert list(set_in(cluster, {"rules": {"replicas": "warn"}})[1]) == ["rules.replicas"]
    assert set_in({}, {"rules": {"replicas": "override"}})[1] == {}


def test_what_the_cluster_says_anyway_can_be_said_again() -> None:
    assert set_in({"fillIn": "pods"}, {"fillIn": "pods"}) == ({"fillIn": "pods"}, {})


@pytest.mark.parametrize("spec", [{"[key]": 1}, {"rules": {"[key]": "deny"}}])
def test_a_key_that_is_called_like_a_place_is_unknown_as_others_are(spec: Json) -> None:
    found = namespace_layer(Settings(), spec)
    assert found.settings == Settings()
    assert "unknown key" in found.faults[0].sentence


def test_own_values_that_are_replaced_are_so_whatever_conflicts_lead_to() -> None:
    values, faults = set_in({"onConflict": "warn"}, {"rules": {"resources": "warn"}})
    assert (values, list(faults)) == ({}, ["rules.resources"])

    assert set_in({}, {"rules": {"resources": "override"}})[1] == {}


def test_what_cannot_be_understood_takes_nothing_else_away() -> None:
    values, faults = set_in(
        {"mode": "observe"},
        {
            "mode": "warn",
            "mod": "enforce",
            "replicas": 3,
            "rules": {"capabilites": "deny", "sysctls": "perhaps", "host-path": "override"},
            "mcpServerDefaults": {"tolerations": [{"effect": "NoExecute"}]},
            "isolation": {"gate": None},
            "mcpServerMaximums": {"limits": {"memory": None, "cpu": "-1"}},
        },
    )

    assert values == {"mode": "warn"}
    assert faults["mod"].startswith("unknown key, did you mean mode?")
    assert faults["replicas"] == "3 is not accepted: write a mapping of keys and values"
    assert faults["rules.capabilites"].startswith("unknown key, did you mean capabilities?")
    assert faults["rules.sysctls"].startswith('"perhaps" is not accepted: write deny')
    assert faults["rules.host-path"].startswith("override is not accepted, because nothing")
    assert faults["mcpServerDefaults.tolerations[0]"].startswith("without a key, operator")
    assert faults["mcpServerMaximums.limits.cpu"] == "a quantity of a resource is not negative"
    assert len(faults) == 7


def test_settings_that_contradict_the_clusters_are_not_in_force_at_all() -> None:
    cluster = Settings()
    spec = {"onConflict": "deny", "mcpServerMaximums": {"requests": {"memory": "300Mi"}}}
    found = namespace_layer(cluster, spec)

    assert (found.settings, found.values) == (cluster, {})
    assert found.faults[0].sentence == (
        "300Mi is less than mcpServerDefaults.resources.requests.memory, 400Mi: raise the one or "
        "lower the other; until then, nothing of these settings is in force"
    )


@pytest.mark.parametrize("spec", [{}, {"mode": None}, {"rules": {}}, {"mcpServerMaximums": {}}])
def test_who_sets_nothing_has_the_settings_of_the_cluster(spec: Json) -> None:
    cluster = settings_of(onConflict="warn")

    assert namespace_layer(cluster, spec).settings is cluster


def deep(levels: int) -> Json:
    inside: Json = {}
    for _ in range(levels):
        inside = {"a": inside}
    return inside


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ([], "must be a mapping of keys and values"),
        ("mode: warn", "must be a mapping of keys and values"),
        (deep(60), "is nested more than 50 levels deep: nest it less"),
        ({"a": "b" * LARGEST_VALUES}, "a namespace can set 16384 at most"),
    ],
)
def test_what_is_out_of_bounds_is_not_looked_at(spec: Any, words: str) -> None:
    cluster = Settings()
    found = namespace_layer(cluster, spec)

    assert found.settings is cluster
    assert found.faults[0].key == ()
    assert words in found.faults[0].sentence


def test_many_faults_are_counted() -> None:
    found = namespace_layer(Settings(), {f"k{at}": at for at in range(1000)})

    assert len(found.faults) == MOST_FAULTS + 1
    assert found.faults[-1].sentence == "and 980 more keys are not in force"


def test_what_is_in_force_is_in_force_again() -> None:
    cluster = settings_of(mode="warn", mcpServerMaximums={"limits": {"memory": "2Gi"}})
    spec = {"mode": "enforce", "mcpServerMaximums": {"limits": {"memory": "1024Mi", "cpu": 1}}}
    once = namespace_layer(cluster, spec)
    again = namespace_layer(cluster, once.values)

    assert again.values == once.values
    assert not again.faults
    assert again.settings == once.settings
