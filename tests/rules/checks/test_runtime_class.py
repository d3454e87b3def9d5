"""runtime-class: the administrator's sandbox, once there is one; overheads go with their class."""

from typing import Any

import pytest

from tests.rules.case import Json, base, filled, refused, settings_of
from webhook.rules.checks.runtime_class import RULE

AT = "/spec/runtimeClassName"
GVISOR = settings_of(mcpServerDefaults={"runtimeClassName": "gvisor"})
ADDED = {"op": "add", "path": AT, "value": "gvisor"}
OVERHEAD = {"podFixed": {"memory": "120Mi"}}
WITHOUT_OVERHEAD = {"op": "remove", "path": "/spec/overhead"}
WINDOWS = {"name": "windows"}

FILLED = [
    pytest.param(base(), [ADDED], id="absent"),
    pytest.param(base(runtimeClassName=None), [{**ADDED, "op": "replace"}], id="null"),
    pytest.param(base(runtimeClassName=""), [{**ADDED, "op": "replace"}], id="empty"),
    pytest.param(base(runtimeClassName="gvisor"), [], id="there-already"),
    pytest.param(base(runtimeClassName="kata"), [], id="another-is-for-the-check"),
    pytest.param(base(overhead=OVERHEAD), [WITHOUT_OVERHEAD, ADDED], id="overhead-of-none"),
    pytest.param(
        base(runtimeClassName="gvisor", overhead=OVERHEAD), [], id="overhead-of-its-class"
    ),
    pytest.param(base(os=WINDOWS), [], id="windows"),
]


@pytest.mark.parametrize(("pod", "operations"), FILLED)
def test_chooses_the_class_of_the_fleet(pod: Json, operations: list[Json]) -> None:
    assert filled(RULE, pod, GVISOR) == operations
    assert filled(RULE, pod, GVISOR) == []


@pytest.mark.parametrize(
    ("pod", "operations"),
    [
        pytest.param(base(), [], id="absent"),
        pytest.param(base(runtimeClassName="kata", overhead=OVERHEAD), [], id="own"),
        pytest.param(base(overhead=OVERHEAD), [WITHOUT_OVERHEAD], id="overhead-of-none"),
    ],
)
def test_until_one_is_set_every_class_is_the_authors(pod: Json, operations: list[Json]) -> None:
    assert filled(RULE, pod) == operations
    assert refused(RULE, pod) == []


MUST_BE = ["runtimeClassName must be gvisor"]
REFUSED: list[Any] = [
    pytest.param(base(runtimeClassName="gvisor"), [], id="the-fleets"),
    pytest.param(base(runtimeClassName="kata"), MUST_BE, id="another"),
    pytest.param(base(runtimeClassName="gVisor"), MUST_BE, id="another-spelling"),
    pytest.param(base(), MUST_BE, id="absent"),
    pytest.param(base(runtimeClassName=["gvisor"]), MUST_BE, id="another-shape"),
    pytest.param(base(runtimeClassName="runhcs", os=WINDOWS), [], id="windows"),
]


@pytest.mark.parametrize(("pod", "messages"), REFUSED)
def test_refuses_another_class(pod: Json, messages: list[str]) -> None:
    assert refused(RULE, pod, GVISOR) == messages
