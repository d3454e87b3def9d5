"""What a decision is made of: a review that fails, and settings beside those in force."""

import pytest

from tests.server.reviews import posted
from webhook.admission.answer import Answer
from webhook.admission.workload import Hook, Request, Scope
from webhook.server.admission_review import Reviewer, decode_review, make_decision
from webhook.settings.model import Settings


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
