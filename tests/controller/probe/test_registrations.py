"""What somebody changed of the webhook configurations, and what is no difference."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.chart.shipped import REGISTRATIONS, shipped
from webhook.admission import Scope
from webhook.controller.installation import REGISTRATIONS_CONFIG_MAP
from webhook.controller.probe.registrations import (
    ENTRIES,
    Entries,
    Registrations,
    entries_of,
    installed_entries,
)

Json = dict[str, Any]
MUTATING, VALIDATING = REGISTRATIONS
OPTED_IN, MANAGED = ENTRIES[Scope.OPTED_IN], ENTRIES[Scope.MANAGED]


def installed() -> dict[str, Entries]:
    """What the shipped ConfigMap says."""
    found = [each for each in shipped("ConfigMap") if named(each) == REGISTRATIONS_CONFIG_MAP]
    return dict(installed_entries(found[0]["data"]))


def named(found: Json) -> str:
    return str(found["metadata"]["name"])


def present() -> dict[str, dict[str, Json]]:
    """The shipped configurations, as an API server stores them and the certificates are written."""
    found = {each["kind"]: dict(entries_of(each["webhooks"])) for each in shipped(*REGISTRATIONS)}
    for entries in found.values():
        for entry in entries.values():
            entry["clientConfig"]["caBundle"] = "LS0t"
    return found


def told(change: Callable[[dict[str, dict[str, Json]]], object], scope: Scope) -> list[str]:
    there = copy.deepcopy(present())
    change(there)
    found = Registrations(installed(), there).differences(scope)
    return [f"{'missing' if each.missing else 'altered'}: {each.sentence}" for each in found]


@pytest.mark.parametrize("scope", Scope)
def test_the_shipped_config_map_says_what_the_shipped_configurations_say(scope: Scope) -> None:
    assert told(lambda _: None, scope) == []
    assert Registrations(installed(), present()).has(scope)


CHANGES: dict[str, tuple[Callable[[Any], object], str]] = {
    "rule removed": (lambda there: there[VALIDATING][OPTED_IN]["rules"].pop(0), "another rules"),
    "policy": (
        lambda there: there[VALIDATING][OPTED_IN].update(failurePolicy="Ignore"),
        "another failurePolicy",
    ),
    "time-out": (
        lambda there: there[VALIDATING][OPTED_IN].update(timeoutSeconds=1, sideEffects="Some"),
        "another sideEffects, timeoutSeconds",
    ),
    "conditions": (
        lambda there: there[VALIDATING][OPTED_IN]["matchConditions"].append({"name": "no"}),
        "another matchConditions",
    ),
    "selector": (
        lambda there: there[VALIDATING][OPTED_IN].update(
            objectSelector={"matchLabels": {"a": "b"}}
        ),
        "another objectSelector",
    ),
    "Service": (
        lambda there: there[VALIDATING][OPTED_IN]["clientConfig"]["service"].update(name="else"),
        "another clientConfig",
    ),
    "no field": (
        lambda there: there[VALIDATING][OPTED_IN].pop("namespaceSelector"),
        "another namespaceSelector",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_entry_is_told_with_its_fields(change: str) -> None:
    edit, words = CHANGES[change]

    (found,) = told(edit, Scope.OPTED_IN)

    assert found == f"altered: the entry {OPTED_IN} of the {VALIDATING} has {words}"
    assert told(edit, Scope.MANAGED) == []


def test_reinvocation_of_the_mutating_webhook_counts() -> None:
    def edit(there: Any) -> None:
        there[MUTATING][MANAGED]["reinvocationPolicy"] = "Never"

    (found,) = told(edit, Scope.MANAGED)
    assert found.endswith("another reinvocationPolicy")


@pytest.mark.parametrize("scope", Scope)
def test_what_is_not_there_is_missing_not_altered(scope: Scope) -> None:
    assert told(lambda there: there.pop(MUTATING), scope) == [
        f"missing: the {MUTATING} mcp-admission is not there"
    ]
    assert told(lambda there: there[VALIDATING].pop(ENTRIES[scope]), scope) == [
        f"missing: the {VALIDATING} has no entry {ENTRIES[scope]}"
    ]


def test_an_entry_of_somebody_else_is_told_in_each_scope() -> None:
    def edit(there: Any) -> None:
        there[MUTATING]["evil.example.com"] = {}

    for scope in Scope:
        (found,) = told(edit, scope)
        assert "evil.example.com, which is not ours" in found


@pytest.mark.parametrize(
    "edit",
    [
        lambda there: there[VALIDATING][OPTED_IN]["clientConfig"].pop("caBundle"),
        lambda there: there[VALIDATING][OPTED_IN].update(objectSelector=None),
        lambda there: there[VALIDATING]["settings.mcp-admission.dev"].update(failurePolicy="Fail"),
    ],
    ids=["caBundle", "empty selector", "the entry that only warns"],
)
def test_what_does_not_enforce_is_no_difference(edit: Callable[[Any], object]) -> None:
    assert [*told(edit, Scope.OPTED_IN), *told(edit, Scope.MANAGED)] == []


def test_what_is_not_known_is_not_compared() -> None:
    for known in (
        Registrations(),
        Registrations(None, present()),
        Registrations(installed(), None),
    ):
        assert not known.compared
        assert known.differences(Scope.MANAGED) == []
        assert known.has(Scope.MANAGED)
    (found, _) = Registrations(None, {}).differences(Scope.MANAGED)
    assert found.missing


@pytest.mark.parametrize(
    "data",
    [
        {},
        {f"{MUTATING}.json": "[]"},
        dict.fromkeys((f"{MUTATING}.json", f"{VALIDATING}.json"), "{"),
    ],
    ids=["nothing", "one", "no JSON"],
)
def test_a_config_map_that_cannot_be_read_is_an_error(data: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"names|Expecting"):
        installed_entries(data)
    assert json.dumps(data)
