"""The label of a namespace refuses what its level asks for, and nothing beyond."""

from pathlib import Path

import pytest

from webhook.rules.pod_security_refusals import GRADED, pod_security_refusals
from webhook.rules.registry import RULES
from webhook.settings import Level, Settings

CHECKS = Path("webhook/rules/checks")
AT = {
    name: Settings.model_validate({"mcpNamespace": {"podSecurity": {"enforce": name}}})
    for name in ("privileged", "baseline", "restricted")
}


@pytest.mark.parametrize(
    ("rules", "label", "settings", "refused", "wholly"),
    [
        (["capabilities"], Level.PRIVILEGED, "restricted", None, False),
        (["privilege-escalation"], Level.BASELINE, "restricted", None, False),
        (["privilege-escalation"], Level.RESTRICTED, "restricted", ("privilege-escalation",), True),
        (["privileged"], Level.BASELINE, "restricted", ("privileged",), True),
        (["capabilities"], Level.BASELINE, "restricted", ("capabilities",), False),
        (["capabilities"], Level.BASELINE, "baseline", ("capabilities",), True),
        (["replicas", "privileged"], Level.RESTRICTED, "baseline", ("privileged",), False),
        (["replicas", "tolerations"], Level.RESTRICTED, "restricted", None, False),
    ],
)
def test_a_label_refuses_the_rules_of_its_level(
    rules: list[str], label: Level, settings: str, refused: tuple[str, ...] | None, wholly: bool
) -> None:
    found = pod_security_refusals("team", rules, label, AT[settings])

    assert (found and found.rules) == refused
    assert bool(found and found.wholly) == wholly


def test_it_is_said_what_is_refused_and_what_mends_it() -> None:
    rules = ["host-path", "privilege-escalation"]
    both = pod_security_refusals("team", rules, Level.RESTRICTED, AT["restricted"])
    one = pod_security_refusals("team", rules[1:], Level.RESTRICTED, AT["restricted"])

    assert both
    assert both.sentence == (
        "Pod Security of namespace team (restricted) still refuses what host-path and "
        "privilege-escalation object to"
    )
    assert both.mend.startswith("set mcpNamespace.podSecurity.enforce to privileged there, or ")
    assert one
    assert one.what == "what privilege-escalation objects to"
    assert one.enough == "baseline"


def test_the_graded_rules_are_those_whose_check_asks_for_the_level() -> None:
    asking = {
        rule.id
        for rule in RULES
        if rule.level > Level.PRIVILEGED
        and "settings.level" in (CHECKS / f"{rule.module}.py").read_text(encoding="utf-8")
    }

    assert asking == GRADED
