"""What is to be said of a server: each finding with what its rule, or its reason, means.

The sentences are those of `audit`; what a rule is for, what it refuses and how to mend it are those
of `mcp-admission rules` and of a refusal's last line.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from webhook import admission, health
from webhook.console.bounded_text import LONGEST_NOTE_SHOWN, Bounded, bounded, bounded_text
from webhook.fleet import report
from webhook.rules import registry, specification

MOST_FINDINGS = 100
MEND = {
    "half-labelled": "put the label into the place that is named, and roll it",
    "namespace-labels": "see that `mcp-admission control` runs with its permissions",
    "not-registered": "`helm upgrade`, or `kubectl apply` of the manifests, creates it again",
    "not-reviewed": "move the workload to another namespace, or take its label off",
    "not-rolled": "look at what its new pods wait for, or resume its rollout",
    "older-than-webhook": "roll it",
    "out-of-date": "roll it",
    "policy-changed": "see that `mcp-admission control` runs with its rights",
    "policy-missing": "see that `mcp-admission control` runs with its rights",
    "wide-policy": "narrow the podSelector or the rules of the policy that is named",
    "would-warn": "change the field that is named before the mode becomes enforce",
    **{health.cause_id(reason): text for reason, text in health.REMEDIES.items()},
}
"""What to do about findings that no rule makes; the sentences of the others say it."""


class RuleText(NamedTuple):
    """What a rule, or a reason, is about: a title, why, and how to mend it."""

    id: str
    title: str
    why: str
    mend: str
    is_rule: bool
    source: str = ""
    exceptable: bool = False


class ShownFinding(NamedTuple):
    """A finding as a page shows it."""

    state: str
    message: str
    seen: str
    final: bool
    about: RuleText


class FindingGroup(NamedTuple):
    """Findings of one rule or reason; what they are about is told once."""

    about: RuleText
    findings: tuple[ShownFinding, ...]

    @property
    def state(self) -> str:
        """The worst state of them."""
        return max((each.state for each in self.findings), key=_badness)


def as_sentence(text: str) -> str:
    """The text as a sentence of its own."""
    ended = not text or text.endswith(".")
    return f"{text[:1].upper()}{text[1:]}{'' if ended else '.'}"


@cache
def rule_texts() -> Mapping[str, RuleText]:
    """What each rule is about, by its id; read once."""
    found: dict[str, RuleText] = {}
    for rule in registry.RULES:
        said = specification.specification(rule)
        found[rule.id] = RuleText(
            rule.id,
            said.summary,
            f"Refused in {said.field}: {said.refused}",
            as_sentence(admission.advice([rule.id]).replace("the rule in brackets", "this rule")),
            is_rule=True,
            source=said.source,
            exceptable=rule.exceptable,
        )
    return found


def text_about(rule: str, reason: str) -> RuleText:
    """What a finding of this rule, or for this reason, is about."""
    known = rule_texts().get(rule)
    if known is not None:
        return known
    word = rule or reason
    title = report.REASONS.get(reason, "")
    mend = as_sentence(MEND.get(reason, ""))
    return RuleText(word, as_sentence(title or word), "", mend, is_rule=False)


def grouped(findings: Iterable[report.ServerFinding]) -> Bounded:
    """The findings by rule and reason, the worst first; so many of them."""
    kept = bounded(findings, MOST_FINDINGS)
    groups: dict[str, list[ShownFinding]] = {}
    for each in kept.shown:
        about = text_about(each.rule, each.reason)
        message = bounded_text(each.message, LONGEST_NOTE_SHOWN)
        seen = bounded_text(each.seen)
        shown = ShownFinding(each.state, message, seen, each.final, about)
        groups.setdefault(about.id, []).append(shown)
    found = [FindingGroup(each[0].about, tuple(each)) for each in groups.values()]
    found.sort(key=lambda group: -_badness(group.state))
    return Bounded(tuple(found), kept.more)


def _badness(state: str) -> int:
    return health.STATES.index(state) if state in health.STATES else 0
