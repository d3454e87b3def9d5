"""Servers are judged apart from the watch, one at a time, and none for long."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from tests import builders
from tests.controller.servers.live import filled_in, memory
from webhook.admission import Scope, drift
from webhook.controller.drift_judge import (
    MOST_AT_ONCE,
    MOST_JUDGED,
    TOO_LARGE,
    DriftJudge,
    drift_now,
    template_size,
    worst,
)
from webhook.settings.model import Settings

Json = dict[str, Any]
OTHERS = Settings.model_validate(memory("1Gi"))


def server(name: str = "crm", tolerations: int = 0) -> Json:
    found = filled_in(builders.server(name), Settings())
    found["metadata"]["namespace"] = "team"
    spec = found["spec"]["template"]["spec"]
    spec["tolerations"] = [{"key": f"key-{number}"} for number in range(tolerations)]
    return found


class Judging:
    """A judge, and the servers whose verdict has changed."""

    def __init__(self) -> None:
        self.changed: list[str] = []
        self.judge = DriftJudge(lambda _, name: self.changed.append(name))

    def hand_over(self, found: Json, settings: Settings = OTHERS) -> None:
        self.judge.hand_over(found, settings, Scope.OPTED_IN)

    def verdict(self, name: str = "crm") -> str:
        return self.judge.verdict("team", name)


class Heard:
    """What a listener heard."""

    def __init__(self, judging: Judging) -> None:
        self.said: list[str] = []
        judging.judge.listener = self

    def judged(self, found: Json, seen: drift.Drift | None) -> None:
        self.said.append(f"{found['metadata']['name']} {seen and seen.state}")

    def forgotten(self, namespace: str, name: str) -> None:
        self.said.append(f"{namespace}/{name} forgotten")

    def pods_judged(self, namespace: str, changed: Sequence[str]) -> None:
        self.said.append(f"pods of {namespace}: {' '.join(changed)}")


async def test_a_listener_hears_every_judgement_and_what_is_no_server_any_more() -> None:
    one = Judging()
    heard = Heard(one)
    for settings in (OTHERS, OTHERS, Settings()):
        one.hand_over(server(), settings)
        await one.judge.judge_all()
    one.judge.forget("team", "crm")
    for _ in range(2):
        one.judge.put_pods("team", {"crm": drift.REFUSED, "search": drift.CURRENT})

    assert heard.said == [
        "crm out-of-date",
        "crm out-of-date",
        "crm current",
        "team/crm forgotten",
        "pods of team: crm",
        "pods of team: ",
    ]
    assert one.judge.verdict_of_pods("team", "crm") == drift.REFUSED
    seen = await drift_now(server(), OTHERS, Scope.OPTED_IN)
    assert seen is not None
    assert seen.state == drift.OUT_OF_DATE


async def test_a_verdict_comes_after_the_object_was_handed_over_and_is_told_once() -> None:
    one = Judging()
    running = asyncio.create_task(one.judge.run())
    one.hand_over(server())
    assert one.verdict() == drift.CURRENT

    for _ in range(2):
        while one.judge._unjudged:  # noqa: ASYNC110
            await asyncio.sleep(0)
        one.hand_over(server())
    running.cancel()
    assert one.verdict() == drift.OUT_OF_DATE
    assert one.changed == ["crm"]


async def test_the_last_object_and_the_last_settings_count() -> None:
    one = Judging()
    one.hand_over(server())
    one.hand_over(server(), Settings())
    await one.judge.judge_all()

    assert (one.verdict(), one.changed) == (drift.CURRENT, [])


async def test_what_is_no_server_any_more_has_no_verdict() -> None:
    one = Judging()
    one.hand_over(server("judged"))
    await one.judge.judge_all()
    one.hand_over(server("unjudged"))
    for name in ("judged", "unjudged", "never"):
        one.judge.forget("team", name)
    await one.judge.judge_all()

    assert {one.verdict(name) for name in ("judged", "unjudged")} == {drift.CURRENT}
    assert one.changed == ["judged"]


@pytest.mark.parametrize(("more", "apart"), [(0, False), (MOST_AT_ONCE, True)])
async def test_a_long_one_is_judged_on_a_thread(
    more: int, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Judging()
    threads: list[int] = []

    def drift_of(*_: Any) -> drift.Drift:
        threads.append(threading.get_ident())
        return drift.Drift(drift.REFUSED)

    monkeypatch.setattr(drift, "drift_of", drift_of)
    one.hand_over(server(tolerations=more))
    await one.judge.judge_all()

    assert one.verdict() == drift.REFUSED
    assert (threads != [threading.get_ident()]) is apart


async def test_one_that_is_larger_than_anybody_writes_is_not_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Judging()
    heard = Heard(one)
    monkeypatch.delattr(drift, "drift_of")
    one.hand_over(server(tolerations=95_000))
    await one.judge.judge_all()
    assert heard.said == ["crm None"]
    assert await drift_now(server(tolerations=95_000), OTHERS, Scope.OPTED_IN) is None

    assert (one.verdict(), one.changed) == (TOO_LARGE, ["crm"])
    assert MOST_JUDGED < template_size(server(tolerations=95_000)) < MOST_JUDGED + 10
    assert template_size(server(tolerations=10)) == template_size(server()) + 10


async def test_others_have_turns_between_two_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Judging()
    turns: list[str] = []

    async def ends(_: object) -> None:
        turns.append("a turn")

    monkeypatch.setattr("webhook.kube.pages.Turn.end", ends)
    for name in ("a", "b", "c"):
        one.hand_over(server(name))
    await one.judge.judge_all()

    assert len(turns) == 3


async def test_one_that_cannot_be_judged_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    one = Judging()
    broken = server("broken")
    broken["spec"]["template"]["metadata"] = 7
    one.hand_over(broken)
    one.hand_over(server())
    await one.judge.judge_all()

    assert (one.verdict("broken"), one.verdict()) == (drift.CURRENT, drift.OUT_OF_DATE)
    assert [record.getMessage() for record in caplog.records] == ["server not judged"]


def test_a_server_is_what_the_worst_of_its_template_and_its_pods_is() -> None:
    one = Judging()
    one.judge.put_pods("team", {"crm": drift.OUT_OF_DATE, "search": drift.CURRENT})
    assert one.verdict() == drift.OUT_OF_DATE
    one.judge._verdicts["team", "crm"] = drift.REFUSED
    assert one.verdict() == drift.REFUSED
    one.judge._verdicts["team", "crm"] = TOO_LARGE
    assert one.verdict() == TOO_LARGE
    assert one.changed == ["crm"]

    one.judge.put_pods("team", {"crm": drift.OUT_OF_DATE})
    assert one.changed == ["crm"], "nothing is told twice"
    one.judge.forget_pods("team")
    one.judge.forget_pods("team")
    assert one.changed == ["crm", "crm"]


def test_the_worst_verdict_is_the_one_that_cannot_be_given() -> None:
    assert worst(drift.CURRENT, drift.UNPROTECTED, drift.OUT_OF_DATE) == drift.UNPROTECTED
    assert worst(drift.REFUSED, TOO_LARGE) == TOO_LARGE
