"""Hosts of probes and lifecycle hooks: any is refused since v1.34."""

import pytest

from tests.rules.case import Json, base, edition, filled, in_list, refused, with_container
from webhook.pods.fields import Malformed
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.probe_hosts import RULE
from webhook.settings.rule_settings import Level

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HOOKS = ("postStart", "preStop")
ACTIONS = ("httpGet", "tcpSocket")
UNSET: list[object] = ["", None]
HOSTS: list[object] = [
    "127.0.0.1", "::1", "localhost", "metadata.internal", " ", 0, False, [], {},
]  # fmt: skip
HANDLERS = [
    pytest.param({probe: {action: {"port": 80}}}, f"{probe}.{action}", id=f"{probe}-{action}")
    for probe in PROBES
    for action in ACTIONS
] + [
    pytest.param(
        {"lifecycle": {hook: {action: {"port": 80}}}},
        f"lifecycle.{hook}.{action}",
        id=f"{hook}-{action}",
    )
    for hook in HOOKS
    for action in ACTIONS
]


def with_host(container: Json, place: str, host: object) -> Json:
    """A copy of a container's fields whose handler at the place has this host."""
    first, _, rest = place.partition(".")
    if not first:
        return {**container, "host": host}
    return {**container, first: with_host(container[first], rest, host)}


def message(place: str, of: str = "containers[main]") -> str:
    return f"{of}.{place}.host must not be set"


def test_checks_from_baseline_on_and_fills_in_nothing() -> None:
    assert RULE.level is Level.BASELINE
    assert filled(RULE, base()) == []


@pytest.mark.parametrize(("fields", "place"), HANDLERS)
def test_the_host_of_every_handler_is_refused(fields: Json, place: str) -> None:
    assert refused(RULE, with_container(**fields)) == []
    for host in UNSET:
        assert refused(RULE, with_container(**with_host(fields, place, host))) == []
    for host in HOSTS:
        assert refused(RULE, with_container(**with_host(fields, place, host))) == [message(place)]


@pytest.mark.parametrize(("fields", "place"), HANDLERS)
def test_before_1_34_a_host_was_accepted(fields: Json, place: str) -> None:
    pod = with_container(**with_host(fields, place, "10.0.0.1"))
    assert refused(RULE, pod, edition("baseline", "v1.33")) == []
    assert refused(RULE, pod, edition("baseline", "v1.34")) == [message(place)]


def test_every_handler_of_a_container_is_named() -> None:
    container = {
        "readinessProbe": {"httpGet": {"host": "a"}, "tcpSocket": {"host": "b"}},
        "livenessProbe": {"exec": {"command": ["true"]}, "grpc": {"port": 1}},
        "startupProbe": {"tcpSocket": {"host": "c"}},
        "lifecycle": {
            "postStart": {"sleep": {"seconds": 1}},
            "preStop": {"httpGet": {"host": "d", "httpHeaders": [{"name": "Host", "value": "e"}]}},
        },
    }
    assert refused(RULE, with_container(**container)) == [
        message("readinessProbe.httpGet"),
        message("readinessProbe.tcpSocket"),
        message("startupProbe.tcpSocket"),
        message("lifecycle.preStop.httpGet"),
    ]


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    pod = in_list(key, restartPolicy="Always", livenessProbe={"httpGet": {"host": "a"}})
    assert refused(RULE, pod) == [message("livenessProbe.httpGet", f"{key}[main]")]


WRONG = [
    {"livenessProbe": "http"},
    {"livenessProbe": {"httpGet": "http://a"}},
    {"readinessProbe": {"tcpSocket": ["a"]}},
    {"lifecycle": []},
    {"lifecycle": {"preStop": "sleep"}},
    {"lifecycle": {"postStart": {"httpGet": False}}},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_handlers_of_a_wrong_shape_are_malformed(wrong: Json) -> None:
    with pytest.raises(Malformed):
        refused(RULE, with_container(**wrong))
