"""What a decision is made of, and what the API server's audit log reads of it."""

import re
from typing import get_args

import pytest

from tests.server.reviews import Json, answered, posted
from webhook.admission.answer import (
    ALLOWED,
    LONGEST_WARNING,
    MALFORMED,
    NOT_COVERED,
    Answer,
    Finding,
    Severity,
)
from webhook.admission.workload import Hook, Request, Scope
from webhook.server.admission_review import decode_review
from webhook.server.decision import (
    DECISIONS,
    UNREVIEWED,
    Reviewer,
    audit_settings,
    make_decision,
)
from webhook.settings.model import Settings
from webhook.settings.rule_settings import RuleId


def noted(body: bytes) -> Json:
    """The audit annotations of an answer."""
    notes: Json = answered(body).get("auditAnnotations", {})
    return notes


RULES = tuple(
    Finding(rule, severity, "/spec", "a message")
    for rule in ("privileged", "capabilities", "privileged")
    for severity in Severity
)
OPERATION = {"op": "add", "path": "/a", "value": 1}


@pytest.mark.parametrize(
    ("answer", "hook", "notes"),
    [
        (NOT_COVERED, Hook.MUTATE, {}),
        (NOT_COVERED._replace(findings=RULES), Hook.VALIDATE, {}),
        (ALLOWED, Hook.VALIDATE, {"decision": "allowed"}),
        (ALLOWED._replace(operations=(OPERATION,)), Hook.MUTATE, {"mutation": "patched"}),
        (ALLOWED._replace(operations=(OPERATION,)), Hook.VALIDATE, {"decision": "allowed"}),
        (ALLOWED._replace(would="patch"), Hook.MUTATE, {"mutation": "would-patch"}),
        (
            ALLOWED._replace(would="refuse", findings=RULES),
            Hook.MUTATE,
            {"mutation": "would-refuse", "mutation-rules": "privileged,capabilities"},
        ),
        (
            Answer(allowed=False, code=403, message="no", findings=RULES),
            Hook.MUTATE,
            {"decision": "refused", "rules": "privileged,capabilities"},
        ),
        (
            ALLOWED._replace(would="refuse", findings=RULES),
            Hook.VALIDATE,
            {"decision": "would-refuse", "rules": "privileged,capabilities"},
        ),
        (
            Answer(allowed=False, code=403, message="no", findings=RULES),
            Hook.VALIDATE,
            {"decision": "refused", "rules": "privileged,capabilities"},
        ),
    ],
)
def test_the_audit_log_reads_what_became_of_a_server(
    answer: Answer, hook: Hook, notes: Json
) -> None:
    """In each mode: the decision, each rule once, and by which settings."""
    request = decode_review(posted(), hook)
    of_settings = audit_settings("0123456789abcdef")
    decision = make_decision(lambda *_: answer, request, Settings(), Scope.MANAGED, (), of_settings)
    unnamed = make_decision(lambda *_: answer, request, Settings(), Scope.MANAGED)

    assert noted(decision.body) == (notes | {"settings": "0123456789abcdef"} if notes else {})
    assert noted(unnamed.body) == notes
    assert {notes.get("decision"), notes.get("mutation")} <= {decision.word(hook), None}
    assert decision.word(hook) in DECISIONS


def test_the_mutating_hook_says_nothing_of_an_object_that_it_leaves_as_it_is() -> None:
    """The API server asks it again after others did, and keeps what it said first."""
    request, of_settings = decode_review(posted(), Hook.MUTATE), audit_settings("0123")
    found = [
        make_decision(lambda *_: ALLOWED, request, Settings(), Scope.MANAGED, (), settings)
        for settings in (of_settings, b"")
    ]

    assert [noted(decision.body) for decision in found] == [{"settings": "0123"}, {}]


def test_what_annotations_are_made_of_needs_no_escape() -> None:
    """A key of an annotation is a qualified name, and each value is written as it is."""
    for text in (*DECISIONS, *get_args(RuleId), MALFORMED):
        assert re.fullmatch("[a-z-]+", text)


MODES_BELOW = [("observe", ()), ("warn", (UNREVIEWED,))]


@pytest.mark.parametrize("hook", Hook)
@pytest.mark.parametrize(("mode", "said"), MODES_BELOW)
def test_below_enforce_a_review_that_fails_lets_the_object_pass(
    mode: str, said: tuple[str, ...], hook: Hook
) -> None:
    """It is an error all the same, for the administrator; one hook tells the user."""

    def reviewer(request: Request, settings: Settings, scope: Scope) -> Answer:
        raise KeyError

    settings = Settings.model_validate({"mode": mode})
    decision = make_decision(reviewer, decode_review(posted(), hook), settings, Scope.MANAGED)
    response = answered(decision.body)

    assert (response["allowed"], decision.word(hook)) == (True, "error")
    assert tuple(response.get("warnings", ())) == (said if hook is Hook.VALIDATE else ())
    key = "decision" if hook is Hook.VALIDATE else "mutation"
    assert response["auditAnnotations"] == {key: "error"}
    assert isinstance(decision.error, KeyError)
    assert len(UNREVIEWED) <= LONGEST_WARNING


def test_a_review_without_end_is_an_error_too() -> None:
    def reviewer(request: Request, settings: Settings, scope: Scope) -> Answer:
        return reviewer(request, settings, scope)

    decision = make_decision(
        reviewer, decode_review(posted(), Hook.MUTATE), Settings(), Scope.MANAGED
    )

    assert isinstance(decision.error, RecursionError)
    assert decision.answer.code == 500


WARN, OVERRIDE = (
    Settings.model_validate({"onConflict": action}) for action in ("warn", "override")
)


def allowed_by(*allowing: Settings, code: int = 403) -> tuple[Reviewer, list[Settings]]:
    """A review that only these settings allow, and by which settings it was asked."""
    asked: list[Settings] = []

    def reviewer(request: Request, settings: Settings, scope: Scope) -> Answer:
        asked.append(settings)
        if settings in allowing:
            return Answer(allowed=True, warnings=(settings.on_conflict,))
        return Answer(allowed=False, code=code, message=settings.on_conflict)

    return reviewer, asked


@pytest.mark.parametrize(
    ("allowing", "asked", "beside"),
    [
        ((Settings(), WARN), [Settings()], False),
        ((WARN, OVERRIDE), [Settings(), WARN], True),
        ((OVERRIDE,), [Settings(), WARN, OVERRIDE], True),
    ],
)
def test_what_is_refused_is_allowed_if_accepted_settings_allow_it(
    allowing: tuple[Settings, ...],
    asked: list[Settings],
    beside: bool,
) -> None:
    reviewer, seen = allowed_by(*allowing)
    request = decode_review(posted(), Hook.VALIDATE)
    others = ((request, each) for each in (WARN, OVERRIDE))
    decision = make_decision(reviewer, request, Settings(), Scope.MANAGED, others)

    assert (decision.answer.allowed, seen, decision.beside) == (True, asked, beside)
    assert decision.answer.warnings == (asked[-1].on_conflict,)


@pytest.mark.parametrize(("code", "asked"), [(403, [Settings(), WARN]), (422, [Settings()])])
def test_what_no_settings_allow_is_refused_by_those_in_force(
    code: int, asked: list[Settings]
) -> None:
    reviewer, seen = allowed_by(code=code)
    request = decode_review(posted(), Hook.VALIDATE)
    decision = make_decision(reviewer, request, Settings(), Scope.MANAGED, [(request, WARN)])

    assert (decision.answer.message, decision.beside, seen) == ("deny", False, asked)
