"""hostNetwork, hostPID and hostIPC: each is refused unless it is false."""

import pytest

from tests.rules.case import Json, base, filled, refused
from webhook.rules.checks.host_namespaces import KEYS, RULE
from webhook.settings.rule_settings import Level

REFUSED = [True, "false", "true", 0, 1, [], {}, ""]


def test_checks_from_baseline_on_and_fills_in_nothing() -> None:
    assert RULE.level is Level.BASELINE
    assert filled(RULE, base(hostNetwork=True)) == []


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [False, None])
def test_accepts(key: str, value: object) -> None:
    assert refused(RULE, base(**{key: value})) == []


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", REFUSED)
def test_refuses(key: str, value: object) -> None:
    assert refused(RULE, base(**{key: value})) == [f"{key} must be false"]


OTHERS = [
    pytest.param(base(), [], id="absent"),
    pytest.param(
        base(hostNetwork=True, hostPID=True, hostIPC=True),
        ["hostNetwork must be false", "hostPID must be false", "hostIPC must be false"],
        id="all-at-once",
    ),
    pytest.param(
        base(hostNetwork=True, os={"name": "windows"}), ["hostNetwork must be false"], id="windows"
    ),
    pytest.param(
        base(hostPID=True, hostUsers=False), ["hostPID must be false"], id="user-namespace"
    ),
]


@pytest.mark.parametrize(("pod", "messages"), OTHERS)
def test_host_namespaces_of_a_pod_are_refused(pod: Json, messages: list[str]) -> None:
    assert messages == refused(RULE, pod)
