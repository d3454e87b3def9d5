"""Who reaches a server is what its policies say, rule by rule; nothing closes what none selects."""

from typing import Any

import pytest

from tests.fleet.policies.test_wide_policies import (
    GATEWAY,
    GRANTED,
    LABELS,
    OURS,
    egress,
    ingress,
    policy,
    port,
    to,
)
from webhook.admission import Scope
from webhook.console.server_view.reach import EVERYBODY, NO_ADDRESS, find_reach, let_reach
from webhook.objects.made import namespace_objects

Json = dict[str, Any]


def test_ours_are_said_by_peer_and_port() -> None:
    found = find_reach(OURS, LABELS, OURS)

    callers = [(each.peer, each.ports, each.ours, each.wide) for each in found.callers.rows.shown]
    reached = {(each.peer, each.ports): each.policy for each in found.reached.rows.shown}
    assert len(callers) == 2
    assert callers[0][0] == "pods with mcp-admission.dev/gateway=true"
    assert {each.where for each in found.callers.rows.shown} == {
        "in namespace mcp-admission-system",
        "in namespaces with a=b",
    }
    assert callers[0][1:] == ("every port", True, False)
    assert reached["10.1.2.0/24", "TCP 5432"] == "github-tools-mcp-access"
    assert ("public IPv4 addresses", "every port") in reached


def test_a_policy_of_a_user_that_opens_more_is_marked() -> None:
    found = find_reach([*OURS, ingress({})], LABELS, OURS)

    row = next(each for each in found.callers.rows.shown if each.policy == "users")
    assert (row.peer, row.ports, row.ours, row.wide) == (EVERYBODY, "every port", False, True)
    assert not any(each.wide for each in found.reached.rows.shown)


def test_a_direction_that_nothing_closes_is_open_to_everybody() -> None:
    found = find_reach([egress(to("10.0.0.0/8"))], LABELS, [])

    assert found.reached.closed
    assert not found.callers.closed
    assert "everybody, on every port" in found.callers.said
    assert found.reached.said == "these, and nobody else"
    closed = find_reach([policy(policyTypes=["Ingress"])], LABELS, [])
    assert closed.callers.said.startswith("nobody")


def test_policies_of_other_pods_do_not_count() -> None:
    other = ingress({}, selector={"matchLabels": {"app": "other"}})

    assert not find_reach([other], LABELS, []).callers.closed


@pytest.mark.parametrize(
    ("address", "policies"),
    [
        ("10.1.2.3", ["github-tools-mcp-access"]),
        ("10.1.4.3", []),
        ("8.8.8.8", ["mcp-admission-baseline"]),
        (" 2606:4700::1111 ", ["mcp-admission-baseline"]),
        ("fd00::1", []),
    ],
)
def test_which_policy_lets_it_reach_an_address(address: str, policies: list[str]) -> None:
    found = let_reach(OURS, LABELS, OURS, address)

    assert [each.policy for each in found.rows] == policies
    assert found.closed
    assert found.by_selector >= 1


def test_an_address_that_is_none_is_explained() -> None:
    found = let_reach(OURS, LABELS, OURS, "example.com" * 100)

    assert found.rows == ()
    assert found.fault.endswith(NO_ADDRESS)
    assert len(found.fault) < 250


def test_everything_is_reached_where_nothing_closes_the_way_out() -> None:
    assert not let_reach([], LABELS, [], "10.1.2.3").closed
    assert [each.peer for each in let_reach([egress({})], LABELS, [], "::1").rows] == [EVERYBODY]


def test_many_rules_are_bounded_and_counted() -> None:
    rules = [to(f"10.{at // 256}.{at % 256}.0/24", ports=[port(443)]) for at in range(1000)]

    found = find_reach([egress(*rules)], LABELS, [])

    assert len(found.reached.rows.shown) == 200
    assert found.reached.rows.more == 800


def test_the_namespace_of_a_peer_without_one_is_named() -> None:
    rule: Json = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}, GATEWAY]}

    own, gateway = find_reach([ingress(rule)], LABELS, []).callers.rows.shown

    assert (own.peer, own.where) == ("pods with app=web", "in namespace tools")
    assert gateway.where == "in namespace mcp-admission-system"
    everywhere: Json = {"from": [{"namespaceSelector": {}}]}
    (row,) = find_reach([ingress(everywhere)], LABELS, []).callers.rows.shown
    assert (row.peer, row.where) == ("every pod", "in every namespace")


def test_below_enforce_nothing_of_ours_closes_it() -> None:
    given = GRANTED.model_copy(update={"mode": "observe"})
    ours = namespace_objects("tools", given, "mcp-admission-system", Scope.OPTED_IN)

    assert ours == ()
