"""procMount: Default everywhere, except at baseline in a user namespace since v1.35."""

import pytest

from tests.rules.case import Json, base, edition, filled, in_list, refused, with_container
from webhook.pods.pod import CONTAINER_LISTS
from webhook.rules.checks.proc_mount import RULE
from webhook.settings.model import Settings
from webhook.settings.rule_settings import Level

MESSAGE = "securityContext.procMount must be Default"
RESTRICTED, BASELINE = edition("restricted"), edition("baseline")


def unmasked(**tweak: object) -> Json:
    pod = with_container(securityContext={"procMount": "Unmasked"})
    pod["spec"].update(tweak)
    return pod


def test_checks_from_baseline_on_and_fills_in_nothing() -> None:
    assert RULE.level is Level.BASELINE
    assert filled(RULE, unmasked()) == []


@pytest.mark.parametrize("value", ["Default", None])
@pytest.mark.parametrize("settings", [RESTRICTED, BASELINE], ids=["restricted", "baseline"])
def test_accepts(value: object, settings: Settings) -> None:
    assert refused(RULE, with_container(securityContext={"procMount": value}), settings) == []
    assert refused(RULE, base(), settings) == []


@pytest.mark.parametrize("value", ["Unmasked", "default", "", True, [], {}])
@pytest.mark.parametrize("settings", [RESTRICTED, BASELINE], ids=["restricted", "baseline"])
def test_refuses(value: object, settings: Settings) -> None:
    pod = with_container(securityContext={"procMount": value})
    assert refused(RULE, pod, settings) == [f"containers[main].{MESSAGE}"]


@pytest.mark.parametrize("key", CONTAINER_LISTS)
def test_refuses_in_every_list(key: str) -> None:
    pod = in_list(key, restartPolicy="Always", securityContext={"procMount": "Unmasked"})
    assert refused(RULE, pod) == [f"{key}[main].{MESSAGE}"]


@pytest.mark.parametrize(
    ("settings", "accepted"),
    [
        pytest.param(edition("baseline", "v1.25"), False, id="baseline-1.25"),
        pytest.param(edition("baseline", "v1.34"), False, id="baseline-1.34"),
        pytest.param(edition("baseline", "v1.35"), True, id="baseline-1.35"),
        pytest.param(BASELINE, True, id="baseline-latest"),
        pytest.param(edition("restricted", "v1.34"), False, id="restricted-1.34"),
        pytest.param(edition("restricted", "v1.35"), False, id="restricted-1.35"),
        pytest.param(RESTRICTED, False, id="restricted-latest"),
    ],
)
def test_user_namespaces(settings: Settings, accepted: bool) -> None:
    pod = unmasked(hostUsers=False)
    assert refused(RULE, pod, settings) == ([] if accepted else [f"containers[main].{MESSAGE}"])


@pytest.mark.parametrize("tweak", [{"hostUsers": True}, {"hostUsers": "false"}, {"hostUsers": 0}])
def test_only_hostusers_false_is_a_user_namespace(tweak: Json) -> None:
    assert refused(RULE, unmasked(**tweak), BASELINE) == [f"containers[main].{MESSAGE}"]


def test_windows_is_not_exempt() -> None:
    assert refused(RULE, unmasked(os={"name": "windows"})) == [f"containers[main].{MESSAGE}"]
