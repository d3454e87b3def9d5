"""A resource that is not valid changes nothing; what is locked is in force in any case."""

from typing import Any

import pytest

from webhook.controller.settings.cluster_decision import SOURCE_FILE, SettingsDecision
from webhook.settings.layers import FILE, Layer
from webhook.settings.model_keys import dotted

WARN = {"onConflict": "warn"}
LOCKS = [Layer({"mode": "warn"}, dotted), Layer({"onConflict": None}, dotted)]


def test_the_same_spec_is_the_same_object() -> None:
    decision = SettingsDecision([])

    first, faults = decision.decide(WARN, {})
    again, _ = decision.decide(dict(WARN), {})

    assert faults is None
    assert again is first
    assert first.settings.on_conflict == "warn"


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        ({"onConflict": "maybe"}, "spec.onConflict"),
        ({"rules": {"host-path": "override"}}, "spec.rules.host-path"),
        ({"delegated": ["replicas.police"]}, "spec.delegated[0]"),
    ],
)
def test_a_spec_with_faults_leaves_the_settings_before_in_force(spec: Any, key: str) -> None:
    decision = SettingsDecision([])
    good, _ = decision.decide(WARN, {})

    still, faults = decision.decide(spec, {})

    assert still is good
    assert faults is not None
    assert key in faults


@pytest.mark.parametrize(
    ("source", "said"),
    [("onConflict: warn\n", "warn"), ("onConflict: 7\n", "deny"), ("", "deny"), ("a: [", "deny")],
)
def test_a_new_leader_with_a_faulty_spec_takes_what_the_one_before_had(
    source: str, said: str
) -> None:
    found, faults = SettingsDecision([]).decide({"mode": 7}, {SOURCE_FILE: source})

    assert faults is not None
    assert found.settings.on_conflict == said


def test_what_the_locks_before_made_valid_stays_in_force_without_them() -> None:
    spec = {"mode": "observe", "delegated": ["no.key"]}
    before, faults = SettingsDecision([Layer({"delegated": ["mode"]}, dotted)]).decide(spec, {})
    assert faults is None
    files = {SOURCE_FILE: before.source, FILE: before.text}

    found, faults = SettingsDecision([]).decide(spec, files)

    assert faults is not None
    assert (found.settings.mode, found.settings.delegated) == ("observe", ["mode"])


def test_replicas_are_told_what_is_locked() -> None:
    decision = SettingsDecision(LOCKS)

    assert decision.locked == "mode: warn\n"
    assert decision.decide({"mode": "enforce"}, {})[0].settings.mode == "warn"
