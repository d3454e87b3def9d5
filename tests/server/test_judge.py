"""The reviews of one path, without HTTP: what is asked, answered and counted."""

import time
from http import HTTPStatus
from typing import Any

import pytest

from tests.server.reviews import POD, answered, posted
from tests.server.serving import Recorder
from webhook.admission import Answer, Hook, Request, Scope
from webhook.observe.metrics import Metrics
from webhook.server.admission_review import Reviewer
from webhook.server.file_watch import InForce, SettingsFile
from webhook.server.judge import Judge
from webhook.server.turns import RejectedError
from webhook.settings.model import Settings

STRICT, LENIENT = (Settings.model_validate({"onConflict": action}) for action in ("deny", "warn"))


def judging(reviewer: Reviewer, *accepted: Settings) -> Judge:
    """A judge of /mutate by these settings."""
    settings = SettingsFile(None)
    settings.in_force = InForce(STRICT, accepted)
    return Judge(
        Hook.MUTATE, Scope.OPTED_IN, settings=settings, metrics=Metrics(), reviewer=reviewer
    )


def test_a_review_is_asked_by_the_path_and_the_settings_in_force() -> None:
    reviewer = Recorder()
    body = judging(reviewer).answer(bytearray(posted()), time.monotonic())

    assert answered(body)["allowed"]
    ((request, settings, scope),) = reviewer.asked
    assert (request.hook, request.object, scope) == (Hook.MUTATE, POD, Scope.OPTED_IN)
    assert settings is STRICT


def test_accepted_settings_see_what_was_sent_and_not_what_was_edited() -> None:
    """A review edits its object in place."""
    objects: list[Any] = []

    def reviewer(request: Request, settings: Settings, scope: Scope) -> Answer:
        objects.append(dict(request.object))
        request.object.clear()
        return Answer(allowed=settings is LENIENT, code=403)

    body = judging(reviewer, STRICT, LENIENT).answer(bytearray(posted()), time.monotonic())

    assert answered(body)["allowed"]
    assert objects == [POD] * 3


def test_what_is_no_review_is_rejected_with_400() -> None:
    with pytest.raises(RejectedError) as rejected:
        judging(Recorder()).answer(bytearray(b"{}"), time.monotonic())

    assert rejected.value.status is HTTPStatus.BAD_REQUEST
    assert rejected.value.sentence.startswith("the body is not an AdmissionReview of ")


def test_what_would_fill_the_memory_is_refused_unread() -> None:
    reviewer = Recorder()
    lists = b"[" + b"[]," * 2_000_000 + b"0]"
    sent = bytearray(posted(object="%").replace(b'"%"', lists))
    body = judging(reviewer).answer(sent, time.monotonic())

    assert answered(body)["status"]["message"].startswith("too large to review: ")
    assert reviewer.asked == []
