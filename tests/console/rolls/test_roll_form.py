"""A form is read whole: which servers, how, and each fault beside its field."""

import pytest

from webhook.console.rolls.roll_form import (
    MOST_SELECTED,
    RollFields,
    choice_in_words,
    fields_again,
)
from webhook.console.rolls.roll_run import RollBounds
from webhook.console.rolls.roll_runs import ServerChoice
from webhook.fleet.targets import Target

CRM, SHOP = Target("team", "crm"), Target("shop", "web")
GOOD = [("scope", "cluster"), ("parallel", "1"), ("failures", "1"), ("rollback", "yes")]


def form(**given: str) -> RollFields:
    return RollFields.of([*(dict(GOOD) | given).items()])


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        (form(), ServerChoice()),
        (form(scope="namespace", namespace=" team "), ServerChoice("team")),
        (form(scope="selection", server="team/crm"), ServerChoice(servers=(CRM,))),
        (
            RollFields.of([("scope", "selection"), ("server", "team/crm"), ("server", "shop/web")]),
            ServerChoice(servers=(CRM, SHOP)),
        ),
        (
            RollFields.of([("scope", "selection"), ("server", "team/crm"), ("server", "team/crm")]),
            ServerChoice(servers=(CRM,)),
        ),
    ],
)
def test_servers_are_chosen_by_one_of_three_ways(fields: RollFields, choice: ServerChoice) -> None:
    assert fields.read().choice == choice


def test_bounds_are_read_and_written_again() -> None:
    order = form(parallel="5", failures="", timeout="90", rollback="").read()

    assert order.faults == {}
    assert order.bounds == RollBounds(5, None, 90, rolls_back=False)
    assert form().read().bounds == RollBounds(1, 1, None)
    for bounds in (order.bounds, RollBounds(), RollBounds(20, 3, 7)):
        again = [("scope", "cluster"), *fields_again(bounds)]
        assert RollFields.of(again).read().bounds == bounds


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"parallel": "21"}, "parallel", "a whole number from 1 to 20"),
        ({"parallel": ""}, "parallel", "a whole number"),
        ({"parallel": "²"}, "parallel", "a whole number"),
        ({"parallel": "1" * 5000}, "parallel", "a whole number"),
        ({"failures": "0"}, "failures", "or leave it empty"),
        ({"timeout": "-1"}, "timeout", "or leave it empty"),
        ({"timeout": "86401"}, "timeout", "from 1 to 86400"),
        ({"namespace": "team"}, "namespace", "every namespace is chosen: decide"),
        ({"scope": "namespace"}, "namespace", "give the name of the namespace"),
        ({"scope": "namespace", "namespace": ".."}, "namespace", "give the name"),
        ({"scope": "namespace", "namespace": "a/b"}, "namespace", "give the name"),
        ({"scope": "namespace", "namespace": "a" * 254}, "namespace", "give the name"),
        ({"scope": "selection"}, "server", "choose at least one server"),
        ({"scope": "selection", "server": "team"}, "server", "each as namespace/name"),
        ({"scope": "selection", "server": "team/../crm"}, "server", "each as namespace/name"),
        ({"scope": "galaxy"}, "scope", "choose one of cluster, namespace, selection"),
    ],
)
def test_a_fault_stands_beside_its_field(given: dict[str, str], field: str, said: str) -> None:
    faults = form(**given).read().faults

    assert list(faults) == [field]
    assert said in faults[field]


def test_a_selection_is_bounded() -> None:
    many = [("server", f"team/crm-{number}") for number in range(MOST_SELECTED + 9)]

    fields = RollFields.of([("scope", "selection"), ("parallel", "1"), *many])

    assert len(fields.servers) == MOST_SELECTED + 1
    assert "at most 500 servers" in fields.read().faults["server"]


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ([], "cluster"),
        ([("namespace", "team")], "namespace"),
        ([("server", "team/crm"), ("server", "shop/web")], "selection"),
    ],
)
def test_an_address_fills_the_form(address: list[tuple[str, str]], scope: str) -> None:
    fields = RollFields.of(address)

    assert (fields.scope, fields.failures, fields.rolls_back) == (scope, "1", True)
    assert fields.read().faults == {}


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (ServerChoice(), "outdated servers of the cluster"),
        (ServerChoice("team"), "outdated servers of namespace team"),
        (ServerChoice(servers=(CRM,)), "team/crm"),
        (ServerChoice(servers=(CRM, SHOP)), "team/crm and 1 more"),
    ],
)
def test_a_choice_has_words(choice: ServerChoice, words: str) -> None:
    assert choice_in_words(choice) == words
