"""The webhook configurations and policies: what is wrong with them, and what puts them back."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.fleet.checkup.snapshots import healthy, registrations, seen
from webhook.controller.installation import Installation
from webhook.fleet.checkup.checks import FAULT, NOTE, OK, UNKNOWN
from webhook.fleet.checkup.registered import (
    judge_bundles,
    judge_policies,
    judge_registrations,
    registration_faults,
)

Json = dict[str, Any]
MUTATING, VALIDATING = registrations()


def test_what_the_chart_ships_is_well() -> None:
    for judge in (judge_registrations, judge_bundles, judge_policies):
        assert [each.verdict for each in judge(seen())] == [OK]


def test_a_missing_configuration_is_put_back() -> None:
    (told,) = judge_registrations(seen({MUTATING: ()}))

    assert told.verdict == FAULT
    assert told.message == f"{MUTATING} mcp-admission is missing, so that nothing is filled in"
    assert told.mend.startswith("helm upgrade mine manifests/chart")


def test_by_a_guess_no_failure_policy_is_judged() -> None:
    changed = registrations()[MUTATING]
    ignoring(changed["webhooks"][0])

    (told,) = (
        each
        for each in judge_registrations(seen({MUTATING: (changed,)}, guess="it may not be read"))
        if each.verdict != OK
    )

    assert told.verdict == UNKNOWN
    assert told.message.endswith("the mode is not known: it may not be read")


def without_rules(entry: Json) -> None:
    entry["rules"] = []


def ignoring(entry: Json) -> None:
    entry["failurePolicy"] = "Ignore"


def elsewhere(entry: Json) -> None:
    entry["clientConfig"]["service"]["namespace"] = "other"


def everywhere(entry: Json) -> None:
    entry["namespaceSelector"] = {}


def unnamed(entry: Json) -> None:
    entry.pop("failurePolicy")


@pytest.mark.parametrize(
    ("change", "mode", "verdict", "words"),
    [
        (without_rules, "enforce", FAULT, "has no rules: it is never called"),
        (ignoring, "enforce", FAULT, "has failurePolicy Ignore in the mode enforce"),
        (elsewhere, "enforce", FAULT, "calls Service other/mcp-admission instead of"),
        (everywhere, "enforce", FAULT, "selects namespace mcp-admission-system"),
        (unnamed, "warn", NOTE, "has failurePolicy Fail in the mode warn"),
    ],
)
def test_an_entry_that_was_altered_is_named(
    change: Callable[[Json], None], mode: str, verdict: str, words: str
) -> None:
    found = registrations()
    change(found[MUTATING]["webhooks"][1])

    told = [
        each
        for each in registration_faults(found, Installation(), mode)
        if "Mutating" in each.message and "opted-in" in each.message
    ]

    assert [each.verdict for each in told] == [verdict]
    assert words in told[0].message


def test_a_configuration_without_webhooks_is_a_fault() -> None:
    found = registrations()
    found[VALIDATING]["webhooks"] = []

    (told,) = registration_faults(found, Installation(), "enforce")

    assert "has no webhook, so that nothing is refused" in told.message


def test_an_empty_bundle_is_written_by_the_process_of_the_certificates() -> None:
    found = registrations()[MUTATING]
    found["webhooks"][0]["clientConfig"]["caBundle"] = ""

    (told,) = judge_bundles(seen({MUTATING: (found,)}))

    assert told.verdict == FAULT
    assert told.mend.endswith("logs deployment/mcp-admission-certificates")


def test_a_policy_without_a_binding_and_a_binding_without_a_policy_are_faults() -> None:
    policies, bindings = healthy()["policies"], healthy()["bindings"]

    unbound = list(judge_policies(seen({"bindings": bindings[1:]})))
    missing = list(judge_policies(seen({"policies": policies[1:]})))
    nothing = list(judge_policies(seen({"policies": (), "bindings": ()})))

    assert [each.verdict for each in (*unbound, *missing)] == [FAULT, FAULT]
    assert "has no binding that denies" in unbound[0].message
    assert "is missing, and its binding is there" in missing[0].message
    assert [each.verdict for each in nothing] == [NOTE]


def test_a_binding_that_only_audits_denies_nothing() -> None:
    first, *rest = healthy()["bindings"]
    audits = {**first, "spec": {**first["spec"], "validationActions": ["Audit"]}}

    (told,) = judge_policies(seen({"bindings": (audits, *rest)}))

    assert told.verdict == FAULT
