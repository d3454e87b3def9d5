"""hostPort: refused in every container unless it is absent or 0."""

import pytest

from tests.rules.case import Json, base, filled, in_list, refused, with_container
from webhook.pods.fields import Malformed
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.host_ports import RULE
from webhook.settings.rule_settings import Level


def ports(*values: object) -> Json:
    return with_container(ports=[{"containerPort": 8080, "hostPort": value} for value in values])


ACCEPTED = [
    base(),
    with_container(ports=None),
    with_container(ports=[{"name": "mcp", "containerPort": 8080}]),
    ports(0, None),
]


@pytest.mark.parametrize("pod", ACCEPTED)
def test_accepts(pod: Json) -> None:
    assert refused(RULE, pod) == []


@pytest.mark.parametrize("value", [1, 8080, 65535, -1, "0", "", 0.0, False, True, [], {}])
def test_refuses(value: object) -> None:
    assert refused(RULE, ports(value)) == ["containers[main].ports[0].hostPort must not be set"]


def test_refuses_each_port_by_its_name() -> None:
    named = [{"name": "mcp", "hostPort": 1}, {"hostPort": 0}, {"hostPort": 2}]
    assert refused(RULE, with_container(ports=named)) == [
        "containers[main].ports[mcp].hostPort must not be set",
        "containers[main].ports[2].hostPort must not be set",
    ]


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    assert refused(RULE, in_list(key, restartPolicy="Always", ports=[{"hostPort": 80}])) == [
        f"{key}[main].ports[0].hostPort must not be set"
    ]


@pytest.mark.parametrize("wrong", ["80", {"hostPort": 80}, [None], [80]])
def test_ports_of_a_wrong_shape_are_malformed(wrong: object) -> None:
    with pytest.raises(Malformed):
        refused(RULE, with_container(ports=wrong))


def test_checks_from_baseline_on_and_fills_in_nothing() -> None:
    assert RULE.level is Level.BASELINE
    assert filled(RULE, ports(80)) == []
