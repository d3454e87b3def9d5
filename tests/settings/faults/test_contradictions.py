"""Contradictions that only the merged settings show."""

from typing import Any

import pytest

from webhook.settings.faults import SettingsError, contradictions
from webhook.settings.load import parse_settings
from webhook.settings.model import Settings
from webhook.settings.model_keys import dotted
from webhook.settings.rule_settings import NOT_OVERRIDABLE


def sentences(resources: dict[str, Any], **maximums: Any) -> list[str]:
    settings = Settings.model_validate(
        {"mcpServerDefaults": {"resources": resources}, "mcpServerMaximums": maximums}
    )
    return [f"{dotted(fault.key)}: {fault.sentence}" for fault in contradictions(settings)]


@pytest.mark.parametrize(
    ("resources", "maximums"),
    [
        ({}, {}),
        ({"requests": {"memory": "1Gi"}}, {"requests": {"memory": "1Gi"}}),
        ({"requests": {"memory": "1Gi"}}, {"requests": {"memory": "1.0e10", "cpu": "1m"}}),
        ({"requests": {"memory": "1Gi"}}, {"limits": {"memory": "1024Mi"}}),
        ({"requests": {"cpu": "500m"}, "limits": {"cpu": "0.5"}}, {}),
    ],
)
def test_consistent(resources: dict[str, Any], maximums: dict[str, Any]) -> None:
    assert sentences(resources, **maximums) == []


def test_the_built_in_request_is_held_against_a_ceiling() -> None:
    settings = Settings.model_validate({"mcpServerMaximums": {"requests": {"memory": "0.25Gi"}}})

    assert [fault.sentence for fault in contradictions(settings)] == [
        (
            "256Mi is less than mcpServerDefaults.resources.requests.memory, 400Mi: raise the "
            "one or lower the other"
        )
    ]


def test_a_request_is_held_against_the_ceiling_that_becomes_the_limit() -> None:
    assert sentences({"requests": {"memory": "1Gi"}}, limits={"memory": "1Mi"}) == [
        (
            "mcpServerMaximums.limits.memory: 1Mi is less than "
            "mcpServerDefaults.resources.requests.memory, 1Gi: raise the one or lower the other"
        )
    ]


def test_requests_and_limits_are_held_against_their_own_ceilings_and_each_other() -> None:
    resources = {"requests": {"cpu": 2, "memory": "1Gi"}, "limits": {"cpu": 1, "memory": "3Gi"}}

    found = sentences(resources, requests={"cpu": "1999m"}, limits={"memory": "2Gi"})

    assert [line.split(":")[0] for line in found] == [
        "mcpServerMaximums.requests.cpu",
        "mcpServerMaximums.limits.memory",
        "mcpServerDefaults.resources.limits.cpu",
    ]


@pytest.mark.parametrize("rule", sorted(NOT_OVERRIDABLE))
def test_what_nothing_can_stand_in_for_is_not_overridden(rule: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings(f"platform: openshift\nrules: {{{rule}: override}}", "settings.yaml")

    assert str(refused.value) == (
        f"settings.yaml:2: rules.{rule}: override is not accepted, because nothing can stand in "
        "for what it refuses: use deny, warn or off"
    )


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("mcpServerDefault",
         '"mcpServerDefault" is no key that a namespace can set, did you mean mcpServerDefaults?'),
        ("zz", '"zz" is no key that a namespace can set: take it out'),
        ("mcpServerDefaults.resources.limits.cpu",
         '"mcpServerDefaults.resources.limits.cpu" is no key that a namespace can set'),
        ("delegated", "delegated is for the whole cluster: take it out"),
        ("selectors", "selectors is for the whole cluster: take it out"),
    ],
)  # fmt: skip
def test_only_what_a_namespace_can_set_is_delegated(key: str, sentence: str) -> None:
    (fault,) = contradictions(Settings.model_validate({"delegated": ["mode", key]}))

    assert fault.key == ("delegated", 1)
    assert fault.sentence.startswith(sentence)
