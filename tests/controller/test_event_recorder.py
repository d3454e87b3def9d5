"""What is said about an object is said once, and until it is written."""

import asyncio
import itertools
import re
from contextlib import suppress
from typing import Any

import pytest

from tests.kube.virtual_time import run
from webhook.admission.drift import CURRENT, OUT_OF_DATE, REFUSED, STATES, UNPROTECTED
from webhook.controller import event_recorder as notes_module
from webhook.controller.event_recorder import EventRecorder, drift_notes, regarding_deployment
from webhook.kube.errors import (
    AlreadyExists,
    ApiError,
    Forbidden,
    Invalid,
    NotFound,
    Unreachable,
)
from webhook.kube.reconcile import Controller
from webhook.kube.work_queue import Queue
from webhook.observe.metrics import ControllerMetrics
from webhook.settings.values import DNS_SUBDOMAIN

CRM, SEARCH = regarding_deployment("team", "crm", "1"), regarding_deployment("team", "search", "2")
NO_ANSWER = Unreachable("POST: no answer in time")


class Refusing:
    """Answers as told, then stores; `asked` is when it was asked for which name."""

    def __init__(self, *answers: ApiError) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[float, str]] = []
        self.written: list[tuple[str, str, str]] = []

    async def create(self, _: str, body: dict[str, Any]) -> dict[str, Any]:
        name = body["regarding"]["name"]
        self.asked.append((asyncio.get_running_loop().time(), name))
        await asyncio.sleep(0.1)
        if self.answers:
            raise self.answers.pop(0)
        self.written.append((name, body["reason"], body["note"]))
        return body


class Recording(EventRecorder):
    """A recorder with the queue of what it could not write."""

    def __init__(self, api: Refusing) -> None:
        self.queue: Queue[str] = Queue()
        anything: Any = api
        super().__init__(anything, "test", self.queue)


async def for_a_while(notes: Recording, seconds: float = 600) -> None:
    """Let it try again for ten minutes."""
    controller = Controller("events", notes, notes.queue, ControllerMetrics())
    with suppress(TimeoutError):
        await asyncio.wait_for(controller.run(), seconds)


def test_a_note_is_written_once_while_it_holds() -> None:
    async def main() -> Refusing:
        api = Refusing()
        notes = Recording(api)
        for _ in range(3):
            await notes.record(CRM, {"OutOfDate": "older"})
        await notes.record(CRM, {"OutOfDate": "other settings"})
        await notes.record(CRM, {})
        await notes.record(CRM, {"OutOfDate": "other settings"})
        await for_a_while(notes)
        return api

    said = [("crm", "OutOfDate", note) for note in ("older", "other settings", "other settings")]
    assert run(main()).written == said


def test_notes_about_another_aspect_of_an_object_hold_on() -> None:
    async def main() -> Refusing:
        api = Refusing()
        notes = Recording(api)
        for _ in range(3):
            await notes.record(CRM, {"OutOfDate": "older"})
            await notes.record(CRM._replace(aspect="state"), {"CrashLoop": "again"})
        return api

    assert run(main()).written == [("crm", "OutOfDate", "older"), ("crm", "CrashLoop", "again")]


@pytest.mark.parametrize(
    "failure", [NO_ANSWER, ApiError(500, "InternalError", "x"), Forbidden(403, "Forbidden", "x")]
)
def test_what_cannot_be_written_is_tried_again_later_each_time(failure: ApiError) -> None:
    async def main() -> Refusing:
        api = Refusing(*[failure] * 12)
        notes = Recording(api)
        await notes.record(CRM, {"OutOfDate": "older"})
        await notes.record(CRM, {"OutOfDate": "older"})
        assert len(api.asked) == 1
        await for_a_while(notes)
        return api

    api = run(main())
    assert api.written == [("crm", "OutOfDate", "older")]
    assert len(api.asked) == 13
    times = [at for at, _ in api.asked]
    assert times[-1] - times[0] > 5
    assert max(after - before for before, after in itertools.pairwise(times)) < 31


def test_good_news_is_no_warning() -> None:
    api = Refusing()
    notes = Recording(api)

    reasons = ("Enforcing", "ConfigChanged", "Unreachable")
    types = [notes._event(CRM, reason, "note")["type"] for reason in reasons]

    assert types == ["Normal", "Normal", "Warning"]


def test_what_has_happened_is_tried_until_it_is_written_once() -> None:
    async def main() -> Refusing:
        api = Refusing(NO_ANSWER, NO_ANSWER)
        notes = Recording(api)
        await notes.record(CRM, {"ConfigChanged": "generation 2"})
        for _ in range(2):
            await notes.record(CRM, {})
        await for_a_while(notes)
        await notes.record(CRM, {})
        return api

    assert run(main()).written == [("crm", "ConfigChanged", "generation 2")]


def test_one_that_fails_does_not_keep_others_back() -> None:
    class RefusingOne(Refusing):
        async def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
            bad = body["regarding"]["name"] == "crm" or len(self.asked) < 2
            self.answers = [Forbidden(403, "Forbidden", "namespace is terminating")] * bad
            return await super().create(path, body)

    async def main() -> Refusing:
        api = RefusingOne()
        notes = Recording(api)
        await notes.record(CRM, {"OutOfDate": "older"})
        await notes.record(SEARCH, {"OutOfDate": "older"})
        assert not api.written
        await for_a_while(notes)
        return api

    api = run(main())
    assert api.written == [("search", "OutOfDate", "older")]
    assert 15 < len(api.asked) < 80


def test_what_does_not_hold_any_more_is_not_tried_again() -> None:
    async def main() -> Refusing:
        api = Refusing(NO_ANSWER, NO_ANSWER)
        notes = Recording(api)
        await notes.record(CRM, {"OutOfDate": "older", "NameTaken": "a Service"})
        await notes.record(CRM, {"NameTaken": "a Service"})
        await for_a_while(notes)
        return api

    assert run(main()).written == [("crm", "NameTaken", "a Service")]


@pytest.mark.parametrize(
    "answer",
    [
        AlreadyExists(409, "AlreadyExists", "x"),
        Invalid(422, "Invalid", "x"),
        NotFound(404, "NotFound", "x"),
    ],
)
def test_what_was_said_before_or_to_nobody_or_never_can_be_is_said(answer: ApiError) -> None:
    async def main() -> Refusing:
        api = Refusing(answer)
        notes = Recording(api)
        await notes.record(CRM, {"OutOfDate": "older"})
        await notes.record(CRM, {"OutOfDate": "older"})
        await for_a_while(notes)
        return api

    assert len(run(main()).asked) == 1


@pytest.mark.parametrize("state", STATES)
def test_every_state_but_the_best_has_a_note(state: str) -> None:
    found = drift_notes("team", "crm", state)
    reasons = {OUT_OF_DATE: "OutOfDate", UNPROTECTED: "Unprotected", REFUSED: "Refused"}

    assert list(found) == ([] if state == CURRENT else [reasons[state]])
    assert all("mcp-admission audit -n team" in note for note in found.values())


@pytest.mark.parametrize("name", ["crm", "a" * 253, "a" * 199 + "-" + "b" * 20, "a" * 199 + ".b"])
def test_an_event_has_a_name_that_the_api_server_takes(name: str) -> None:
    written: list[str] = []

    class Keeping(Refusing):
        async def create(self, _: str, body: dict[str, Any]) -> dict[str, Any]:
            written.append(body["metadata"]["name"])
            return body

    run(
        Recording(Keeping()).record(regarding_deployment("team", name, "1"), {"OutOfDate": "older"})
    )

    assert re.fullmatch(DNS_SUBDOMAIN, written[0])
    assert len(written[0]) <= 253


def test_an_event_has_a_note_that_the_api_server_takes() -> None:
    """It counts bytes up to 1024, and refuses what is longer: nobody would be told."""
    api = Refusing()

    run(Recording(api).record(CRM, {"PutBack": "a" + "\N{SNOWMAN}" * 400}))

    assert api.written == [("crm", "PutBack", "a" + "\N{SNOWMAN}" * 333)]


def test_what_was_said_about_objects_long_gone_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notes_module, "MOST", 3)

    async def main() -> Refusing:
        api = Refusing()
        notes = Recording(api)
        for number in [*range(5), 4, 0]:
            await notes.record(
                regarding_deployment("team", f"s{number}", str(number)), {"Gated": "waits"}
            )
        return api

    names = [name for name, _, _ in run(main()).written]
    assert names == ["s0", "s1", "s2", "s3", "s4", "s0"]


def test_an_object_about_which_something_else_is_said_all_the_time_gets_few_events() -> None:
    """What a thousand servers share is edited by one request, and each has another note then."""

    async def main() -> list[int]:
        api, counted = Refusing(), []
        notes = Recording(api)
        for seconds in (0, 300, 600):
            await asyncio.sleep(seconds)
            before = len(api.written)
            for number in range(50):
                await notes.record(CRM, {"ConfigRefused": f"has {seconds} {number}"})
            counted.append(len(api.written) - before)
        await notes.record(SEARCH, {"ConfigRefused": "has"})
        assert api.written[-1][0] == "search"
        return counted

    assert run(main()) == [10, 1, 2]


def test_what_was_left_out_is_said_when_it_is_found_again() -> None:
    async def main() -> Refusing:
        api = Refusing()
        notes = Recording(api)
        for number in range(30):
            await notes.record(CRM, {"ConfigRefused": f"has {number}"})
        await asyncio.sleep(300)
        await notes.record(CRM, {"ConfigRefused": "has 29"})
        return api

    assert run(main()).written[-1] == ("crm", "ConfigRefused", "has 29")


def test_events_that_a_namespace_refuses_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quota may refuse all of them, about objects that are made and deleted without end."""
    monkeypatch.setattr(notes_module, "MOST", 3)

    async def main() -> Refusing:
        api = Refusing(*[Forbidden(403, "Forbidden", "exceeded quota")] * 10)
        notes = Recording(api)
        for number in range(10):
            about = regarding_deployment("team", f"s{number}", str(number))
            await notes.record(about, {"PortUnknown": "none"})
        await for_a_while(notes)
        return api

    assert sorted(name for name, _, _ in run(main()).written) == ["s7", "s8", "s9"]
