"""replicas: one, unless it was more before; what happens then is a setting of its own."""

from typing import Any

import pytest

from tests.rules.case import Json, settings_of
from webhook.pods.fields import Fields
from webhook.pods.patch import Operation, Patch
from webhook.rules.checks.replicas import RULE
from webhook.rules.rule import DeploymentFields
from webhook.settings.model import Settings

LARGEST = 2**31 - 1


def workload(patch: Patch, spec: Json, before: int | None = None) -> DeploymentFields:
    return DeploymentFields(Fields({"spec": spec}, patch).child("spec"), before)


def filled(spec: Json) -> list[Operation]:
    patch = Patch()
    RULE.fill(workload(patch, spec), Settings())
    return patch.finish()


@pytest.mark.parametrize(
    ("spec", "operation"),
    [
        ({}, "add"),
        ({"replicas": None}, "replace"),
        ({"replicas": 0}, None),
        ({"replicas": 1}, None),
        ({"replicas": 3}, None),
    ],
    ids=["absent", "null", "none", "one", "more-is-for-the-check"],
)
def test_one_is_filled_in(spec: Json, operation: str | None) -> None:
    expected = [{"op": operation, "path": "/spec/replicas", "value": 1}] if operation else []

    assert filled(spec) == expected
    assert filled(spec) == []


RAISED = [
    pytest.param(0, None, False, id="none"),
    pytest.param(1, None, False, id="one"),
    pytest.param(2, None, True, id="two"),
    pytest.param(None, None, False, id="absent"),
    pytest.param(2, 1, True, id="raised"),
    pytest.param(2, 0, True, id="started-as-two"),
    pytest.param(3, 2, True, id="raised-further"),
    pytest.param(3, 3, False, id="as-many-as-before"),
    pytest.param(2, 3, False, id="lowered"),
    pytest.param(0, 3, False, id="stopped"),
    pytest.param(-1, None, False, id="left-to-the-API-server"),
    pytest.param("3", None, False, id="text-left-to-the-API-server"),
]


@pytest.mark.parametrize(("count", "before", "refuses"), RAISED)
def test_objects_to_a_count_that_is_raised_above_one(
    count: Any, before: int | None, refuses: bool
) -> None:
    found = list(RULE.check(workload(Patch(), {"replicas": count}, before), Settings()))

    assert [violation.message for violation in found] == (
        [f"spec.replicas must be 0 or 1 (asked for {count})"] if refuses else []
    )
    if refuses:
        assert found[0].pointer == "/spec/replicas"
        assert found[0].overridden == (
            f"replicas set to 1 (asked for {count}): MCP servers run as one replica here"
        )


def test_a_count_of_any_length_fits_into_a_warning() -> None:
    (found,) = RULE.check(workload(Patch(), {"replicas": 10**400}), Settings())

    assert f"(asked for {LARGEST})" in found.message


@pytest.mark.parametrize(
    ("keys", "action"),
    [
        ({}, "override"),
        ({"onConflict": "deny"}, "override"),
        ({"replicas": {"policy": "deny"}}, "deny"),
        ({"replicas": {"policy": "off"}}, "off"),
        ({"replicas": {"policy": "deny"}, "rules": {"replicas": "warn"}}, "warn"),
    ],
)
def test_what_happens_is_a_setting_of_its_own(keys: Json, action: str) -> None:
    assert settings_of(**keys).conflict_action(RULE.id) == action
