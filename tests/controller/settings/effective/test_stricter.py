"""When namespaces have to wait for the replicas, and when not."""

from typing import Any

import pytest

from webhook.controller.settings.effective import asks_more
from webhook.settings.model import Settings

OFF = {"enabled": False}


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ({}, {}, False),
        ({"enforce": "baseline"}, {}, True),
        ({}, {"enforce": "baseline"}, False),
        ({"enforce": "privileged"}, {"enforce": "baseline"}, True),
        ({"enforceVersion": "v1.30"}, {}, True),
        ({}, {"enforceVersion": "v1.30"}, False),
        ({"enforce": "baseline"}, OFF, False),
        ({"enforce": "baseline", **OFF}, {}, True),
        ({"warn": "baseline", "audit": "baseline"}, {}, False),
    ],
)
def test_what_asks_more_of_pods(before: dict[str, Any], after: dict[str, Any], more: bool) -> None:
    assert asks_more(settings(after), settings(before)) is more


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ("observe", "enforce", True),
        ("warn", "enforce", True),
        ("enforce", "warn", False),
        ("observe", "warn", False),
    ],
)
def test_what_was_not_filled_in_is_refused_by_any_label(
    before: str, after: str, more: bool
) -> None:
    assert asks_more(settings({}, mode=after), settings({}, mode=before)) is more


def settings(pod_security: dict[str, Any], **others: Any) -> Settings:
    values = {"mcpNamespace": {"podSecurity": pod_security}, **others}
    return Settings.model_validate(values)
