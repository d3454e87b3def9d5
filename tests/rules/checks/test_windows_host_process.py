"""hostProcess: refused in the pod and in every container unless it is false."""

import pytest

from tests.rules.case import Json, base, filled, in_list, refused, with_container
from webhook.pods.fields import Malformed
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.windows_host_process import RULE
from webhook.settings.rule_settings import Level

MESSAGE = "securityContext.windowsOptions.hostProcess must be false"


def context(value: object) -> Json:
    return {"windowsOptions": {"hostProcess": value}}


def test_checks_from_baseline_on_and_fills_in_nothing() -> None:
    assert RULE.level is Level.BASELINE
    assert filled(RULE, base()) == []


ACCEPTED = [context(False), context(None), {"windowsOptions": {}}, {"windowsOptions": None}, {}]


@pytest.mark.parametrize("accepted", ACCEPTED)
def test_accepts(accepted: Json) -> None:
    assert refused(RULE, base(securityContext=accepted, os={"name": "windows"})) == []
    assert refused(RULE, with_container(securityContext=accepted)) == []


@pytest.mark.parametrize("value", [True, "false", 0, 1, "", [], {}])
def test_refuses(value: object) -> None:
    assert refused(RULE, base(securityContext=context(value), os={"name": "windows"})) == [MESSAGE]
    assert refused(RULE, with_container(securityContext=context(value))) == [
        f"containers[main].{MESSAGE}"
    ]


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    pod = in_list(key, restartPolicy="Always", securityContext=context(True))
    assert refused(RULE, pod) == [f"{key}[main].{MESSAGE}"]


def test_refuses_the_container_that_undoes_the_pod() -> None:
    pod = with_container(securityContext=context(True))
    pod["spec"]["securityContext"] = context(False)
    assert refused(RULE, pod) == [f"containers[main].{MESSAGE}"]


@pytest.mark.parametrize("wrong", ["true", [], True, 0])
def test_options_of_a_wrong_shape_are_malformed(wrong: object) -> None:
    with pytest.raises(Malformed):
        refused(RULE, base(securityContext={"windowsOptions": wrong}))
