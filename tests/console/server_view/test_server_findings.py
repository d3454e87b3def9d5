"""Each finding says what its rule is for, what it refuses, and how to mend it."""

import pytest

from webhook.admission import OUT_OF_DATE, REFUSED, UNPROTECTED
from webhook.console.server_view.server_findings import MEND, grouped, rule_texts, text_about
from webhook.fleet.report import REASONS, ServerFinding
from webhook.health import CAUSES, cause_id
from webhook.rules.registry import EXCEPTABLE, RULES

# Their sentences name the field, the annotation or the rule that is to be corrected.
SAID_BY_THEIR_SENTENCE = {
    "refused",
    "access-refused",
    "annotation-contradicts",
    "config-missing",
    "config-refused",
    "container-missing",
    "port-unknown",
}


def test_every_rule_has_a_title_a_reason_and_a_way_out() -> None:
    texts = rule_texts()

    assert list(texts) == [rule.id for rule in RULES]
    assert all(each.title and each.why and each.mend.endswith(".") for each in texts.values())
    assert {each.id for each in texts.values() if each.exceptable} == EXCEPTABLE
    assert all(each.mend.count("this rule") == 1 for each in texts.values())
    assert texts["privileged"].title == "A container is not privileged."
    assert texts["privileged"].why.startswith("Refused in securityContext.privileged")


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_says_what_it_means_and_how_to_mend_it(reason: str) -> None:
    about = text_about("", reason)

    assert about.title.endswith(".")
    assert not about.is_rule
    assert bool(about.mend) is (reason not in SAID_BY_THEIR_SENTENCE)


def test_no_remedy_is_for_a_reason_that_does_not_exist() -> None:
    assert MEND.keys() <= REASONS.keys()
    assert {*map(cause_id, CAUSES)} <= REASONS.keys()


def test_findings_of_a_rule_are_told_together_the_worst_first() -> None:
    findings = [
        ServerFinding(OUT_OF_DATE, "out-of-date", "a is 1 and would be 2"),
        ServerFinding(REFUSED, "refused", "x must be false", rule="privileged"),
        ServerFinding(UNPROTECTED, "policy-missing", "NetworkPolicy a is missing"),
        ServerFinding(REFUSED, "refused", "y must be false", rule="privileged"),
    ]

    groups = grouped(findings).shown

    assert [(each.about.id, len(each.findings)) for each in groups] == [
        ("privileged", 2),
        ("policy-missing", 1),
        ("out-of-date", 1),
    ]
    assert groups[0].state == REFUSED


def test_many_and_long_findings_are_bounded() -> None:
    findings = [ServerFinding(REFUSED, "refused", "w" * 51_200, rule="x") for _ in range(1000)]

    found = grouped(findings)

    assert found.more == 900
    assert len(found.shown[0].findings[0].message) < 700
