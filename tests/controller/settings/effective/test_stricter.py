"""When namespaces have to wait for the replicas, and when not."""

from typing import Any

import pytest

from webhook.controller.settings.effective import asks_more, differing_namespaces
from webhook.settings.by_namespace import Overlay, SettingsByNamespace
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


def test_a_namespace_alone_may_ask_more() -> None:
    lenient = settings({"enforce": "baseline"}).cluster
    own = Overlay({"mcpNamespace": {"podSecurity": {"enforce": "restricted"}}})
    other = Overlay({"onConflict": "deny"})

    before = SettingsByNamespace(lenient, {"a": other})
    after = SettingsByNamespace(lenient, {"a": other, "b": own})

    assert asks_more(after, before)
    assert not asks_more(before, after)
    assert not asks_more(after, SettingsByNamespace(lenient, {"b": own}))


def test_namespaces_differ_by_what_they_set_unless_the_cluster_does() -> None:
    cluster, own = settings({}).cluster, Overlay({"onConflict": "deny"})
    before = SettingsByNamespace(cluster, {"a": own, "b": own})

    same = Overlay({"onConflict": "deny"})
    after = SettingsByNamespace(cluster, {"a": same, "c": own})

    assert differing_namespaces(after, before) == frozenset("bc")
    assert differing_namespaces(settings({}), before) is None


def settings(pod_security: dict[str, Any], **others: Any) -> SettingsByNamespace:
    values = {"mcpNamespace": {"podSecurity": pod_security}, **others}
    return SettingsByNamespace(Settings.model_validate(values))
