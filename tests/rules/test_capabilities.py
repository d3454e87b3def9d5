"""Capabilities: what is dropped, what may be added."""

import pytest

from tests.rules.case import Json, base, filled, refused, settings_of, with_container
from webhook.rules.capabilities import RULE

BASELINE = settings_of(mcpNamespace={"podSecurity": {"enforce": "baseline"}})


def context(**capabilities: object) -> Json:
    return with_container(securityContext={"capabilities": capabilities})


FILLED = [
    pytest.param(
        base(),
        [{"op": "add", "path": "/spec/containers/0/securityContext",
          "value": {"capabilities": {"drop": ["ALL"]}}}],
        id="absent",
    ),
    pytest.param(
        context(add=["NET_BIND_SERVICE"]),
        [{"op": "add", "path": "/spec/containers/0/securityContext/capabilities/drop",
          "value": ["ALL"]}],
        id="addition-kept",
    ),
    pytest.param(context(drop=["NET_RAW"]), [], id="own-drop-kept"),
]  # fmt: skip

REFUSED = [
    pytest.param(context(drop=["ALL"]), [], id="all"),
    pytest.param(context(drop=["ALL"], add=["NET_BIND_SERVICE"]), [], id="net-bind-service"),
    pytest.param(
        context(drop=["ALL"], add=["NET_ADMIN"]),
        ["containers[main].securityContext.capabilities.add: NET_ADMIN is not allowed"],
        id="net-admin",
    ),
    pytest.param(
        context(drop=["NET_RAW"]),
        ["containers[main].securityContext.capabilities.drop must include ALL"],
        id="drop-without-all",
    ),
    pytest.param(
        base(), ["containers[main].securityContext.capabilities.drop must include ALL"], id="absent"
    ),
]


@pytest.mark.parametrize(("pod", "operations"), FILLED)
def test_fills_in(pod: Json, operations: list[Json]) -> None:
    assert operations == filled(RULE, pod)


@pytest.mark.parametrize(("pod", "messages"), REFUSED)
def test_refuses_at_restricted(pod: Json, messages: list[str]) -> None:
    assert messages == refused(RULE, pod)


def test_baseline_allows_the_usual_set() -> None:
    assert refused(RULE, context(add=["CHOWN"]), BASELINE) == []


def test_baseline_refuses_the_rest() -> None:
    assert refused(RULE, context(add=["SYS_ADMIN"]), BASELINE) == [
        "containers[main].securityContext.capabilities.add: SYS_ADMIN is not allowed"
    ]
