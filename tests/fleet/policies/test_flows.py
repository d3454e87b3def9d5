"""The evaluator of flows agrees with what the documentation of NetworkPolicy says."""

import pytest

from tests.fleet.policies.flows import Json, Peer, World, selects

WEB = Peer("10.0.0.1", "shop", {"app": "web"}, {"http": 8080})
DB = Peer("10.0.0.2", "data", {"app": "db"}, {"sql": 5432})
OTHER = Peer("10.0.0.3", "shop", {"app": "other"})
OUTSIDE, OUTSIDE6 = Peer("192.0.2.1"), Peer("2001:db8::1")
NAMESPACES = {"data": {"team": "blue"}}


def policy(namespace: str = "shop", **spec: object) -> Json:
    return {"metadata": {"namespace": namespace}, "spec": {"podSelector": {}, **spec}}


def egress(*rules: Json) -> Json:
    return policy(policyTypes=["Egress"], egress=list(rules))


TO_DB = {"namespaceSelector": {"matchLabels": {"team": "blue"}}}
TABLE = [
    pytest.param([], WEB, DB, 5432, True, id="nobody-is-selected"),
    pytest.param([policy()], WEB, DB, 1, True, id="types-absent-is-ingress"),
    pytest.param([policy()], DB, WEB, 1, False, id="types-absent-denies-ingress"),
    pytest.param([policy(egress=[{}])], DB, WEB, 1, False, id="egress-rules-imply-both-types"),
    pytest.param([policy(egress=[{}])], WEB, OUTSIDE, 1, True, id="an-empty-rule-allows-all"),
    pytest.param([policy(ingress=[{"from": []}])], DB, WEB, 1, True, id="an-empty-list-too"),
    pytest.param([egress()], WEB, DB, 1, False, id="no-rule"),
    pytest.param([egress()], DB, WEB, 1, True, id="only-that-direction"),
    pytest.param([egress()], WEB, WEB, 1, True, id="itself"),
    pytest.param([egress(), egress({"to": [TO_DB]})], WEB, DB, 1, True, id="they-add-up"),
    pytest.param([egress({"to": [TO_DB]})], WEB, OTHER, 1, False, id="another-namespace"),
    pytest.param(
        [egress({"to": [{"podSelector": {"matchLabels": {"app": "other"}}}]})],
        WEB, OTHER, 1, True, id="pods-of-its-own-namespace",
    ),
    pytest.param(
        [egress({"to": [{"podSelector": {}}]})], WEB, DB, 1, False, id="and-of-no-other-namespace"
    ),
    pytest.param(
        [egress({"to": [{**TO_DB, "podSelector": {"matchLabels": {"app": "x"}}}]})],
        WEB, DB, 1, False, id="both-selectors-have-to-hold",
    ),
    pytest.param(
        [egress({"to": [TO_DB]}), policy("data", ingress=[])], WEB, DB, 1, False, id="both-sides"
    ),
    pytest.param(
        [egress({"to": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.1/32"]}}]})],
        WEB, OUTSIDE, 1, False, id="except",
    ),
    pytest.param(
        [egress({"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})], WEB, OUTSIDE6, 1, False, id="family"
    ),
    pytest.param([egress({"ports": [{"port": 53}]})], WEB, DB, 53, True, id="a-port-is-tcp"),
    pytest.param(
        [egress({"ports": [{"protocol": "UDP", "port": 53}]})], WEB, DB, 53, False, id="protocol"
    ),
    pytest.param([egress({"ports": [{"protocol": "TCP"}]})], WEB, DB, 9, True, id="all-ports"),
    pytest.param(
        [egress({"ports": [{"port": 10, "endPort": 12}]})], WEB, DB, 12, True, id="end-port"
    ),
    pytest.param(
        [egress({"ports": [{"port": 10, "endPort": 12}]})], WEB, DB, 13, False, id="past-the-end"
    ),
    pytest.param([egress({"ports": [{"port": "sql"}]})], WEB, DB, 5432, True, id="named-there"),
    pytest.param([egress({"ports": [{"port": "http"}]})], WEB, DB, 8080, False, id="named-here"),
]  # fmt: skip


@pytest.mark.parametrize(("policies", "source", "destination", "port", "allowed"), TABLE)
def test_a_policy_allows_a_flow_as_its_rules_say(
    policies: list[Json], source: Peer, destination: Peer, port: int, allowed: bool
) -> None:
    world = World(tuple(policies), NAMESPACES)

    assert world.allows(source, destination, port) == allowed


@pytest.mark.parametrize(
    ("operator", "values", "selected"),
    [
        ("In", ["a", "x"], "a"),
        ("NotIn", ["a"], "b-"),
        ("Exists", [], "ab"),
        ("DoesNotExist", [], "-"),
    ],
)
def test_label_expressions_select_as_in_kubernetes(
    operator: str, values: list[str], selected: str
) -> None:
    expression = {"key": "k", "operator": operator, "values": values}
    found = {
        label
        for label in "ab-"
        if selects({"matchExpressions": [expression]}, {} if label == "-" else {"k": label})
    }

    assert found == set(selected)


def test_an_operator_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="Like"):
        selects({"matchExpressions": [{"key": "k", "operator": "Like"}]}, {})
