"""privileged: refused in every container unless it is false."""

import pytest

from tests.rules.case import Json, base, filled, in_list, refused, with_container
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.privileged import RULE
from webhook.settings.rule_settings import Level

MESSAGE = "securityContext.privileged must be false"


def context(value: object) -> Json:
    return with_container(securityContext={"privileged": value})


def test_checks_from_baseline_on_and_fills_in_nothing() -> None:
    assert RULE.level is Level.BASELINE
    assert filled(RULE, base()) == []


@pytest.mark.parametrize(
    "pod", [base(), context(False), context(None), base(securityContext={"privileged": True})]
)
def test_accepts(pod: Json) -> None:
    assert refused(RULE, pod) == []


@pytest.mark.parametrize("value", [True, "false", "true", 0, 1, "", [], {}])
def test_refuses(value: object) -> None:
    assert refused(RULE, context(value)) == [f"containers[main].{MESSAGE}"]


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    pod = in_list(key, securityContext={"privileged": True})
    assert refused(RULE, pod) == [f"{key}[main].{MESSAGE}"]


def test_refuses_a_sidecar() -> None:
    pod = in_list("initContainers", restartPolicy="Always", securityContext={"privileged": True})
    assert refused(RULE, pod) == [f"initContainers[main].{MESSAGE}"]


@pytest.mark.parametrize("tweak", [{"os": {"name": "windows"}}, {"hostUsers": False}])
def test_exempts_nobody(tweak: Json) -> None:
    pod = context(True)
    pod["spec"].update(tweak)
    assert refused(RULE, pod) == [f"containers[main].{MESSAGE}"]
