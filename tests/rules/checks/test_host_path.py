"""hostPath volumes: refused, whatever else the volume has, and never overridden."""

import pytest

from tests.rules.case import Json, base, filled, refused
from webhook.pods.fields import Malformed
from webhook.rules.checks.host_path import RULE
from webhook.settings.rule_settings import Level


def volumes(*sources: Json) -> Json:
    return base(volumes=[{"name": str(at), **source} for at, source in enumerate(sources)])


REFUSED = [
    pytest.param(base(), [], id="no-volumes"),
    pytest.param(base(volumes=None), [], id="null"),
    pytest.param(volumes({"secret": {"secretName": "a"}}, {"nfs": {}}, {}), [], id="others"),
    pytest.param(volumes({"hostPath": None}), [], id="null-path"),
    pytest.param(volumes({"hostPath": {"path": "/"}}), ["volumes[0].hostPath is not allowed"],
                 id="path"),
    pytest.param(volumes({"hostPath": {}}), ["volumes[0].hostPath is not allowed"], id="empty"),
    pytest.param(volumes({"hostPath": "/"}), ["volumes[0].hostPath is not allowed"], id="text"),
    pytest.param(
        volumes({"emptyDir": {}, "hostPath": {"path": "/"}}),
        ["volumes[0].hostPath is not allowed"],
        id="beside-an-accepted-source",
    ),
    pytest.param(
        volumes({"hostPath": {"path": "/a"}}, {"emptyDir": {}}, {"hostPath": {"path": "/b"}}),
        ["volumes[0].hostPath is not allowed", "volumes[2].hostPath is not allowed"],
        id="each",
    ),
    pytest.param(
        base(volumes=[{"name": "c", "hostPath": {"path": "C:\\"}}], os={"name": "windows"}),
        ["volumes[c].hostPath is not allowed"],
        id="windows",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("pod", "messages"), REFUSED)
def test_refuses(pod: Json, messages: list[str]) -> None:
    assert messages == refused(RULE, pod)


@pytest.mark.parametrize("wrong", ["/", {"hostPath": {}}, [None], [["hostPath"]], [7]])
def test_volumes_of_a_wrong_shape_are_malformed(wrong: object) -> None:
    with pytest.raises(Malformed):
        refused(RULE, base(volumes=wrong))


def test_checks_from_baseline_on_and_is_not_overridable() -> None:
    assert (RULE.level, RULE.overridable) == (Level.BASELINE, False)
    assert filled(RULE, volumes({"hostPath": {}})) == []
