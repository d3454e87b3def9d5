"""Events tell names, each once, to the pages that they concern."""

import asyncio

import pytest

from webhook.console.frame import live as module
from webhook.console.frame.live import BEAT, BEGIN, MOST_LISTENERS, LiveEvents


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> LiveEvents:
    return LiveEvents()


async def said(live: LiveEvents, *names: str, namespace: str = "") -> list[str]:
    """What a new listener is sent after these events, until nothing is due."""
    listener = live.listen(namespace)
    for name in names:
        live.publish(name, "team-a")
    listener.end()
    return [text async for text in live.stream(listener)]


async def test_a_page_is_told_what_changes(live: LiveEvents) -> None:
    stream = live.stream(live.listen())
    assert await anext(stream) == BEGIN

    live.publish("fleet")
    live.publish("rolls")
    text = await anext(stream)

    assert text.count("event: fleet\n") == text.count("event: rolls\n") == 1
    assert text.endswith("\n\n")
    await stream.aclose()
    assert live._listeners == []


async def test_a_slow_page_is_told_each_name_once(live: LiveEvents) -> None:
    stream = live.stream(live.listen())
    await anext(stream)
    for _ in range(1000):
        live.publish("fleet", "team-a")

    assert (await anext(stream)).count("event: fleet") == 1
    await stream.aclose()


@pytest.mark.parametrize(
    ("listens_to", "published", "told"),
    [
        ("", "team-a", True),
        ("team-a", "team-a", True),
        ("team-a", "", True),
        ("team-b", "team-a", False),
    ],
)
def test_a_page_of_a_namespace_is_told_of_no_other(
    live: LiveEvents, listens_to: str, published: str, told: bool
) -> None:
    listener = live.listen(listens_to)
    live.publish("fleet", published)

    assert bool(listener.due) is told


def test_what_a_page_missed_is_due_when_it_comes_back(live: LiveEvents) -> None:
    live.publish("fleet")
    seen = live._last
    assert not live.listen(after=seen).due

    live.publish("rolls")

    assert list(live.listen(after=seen).due) == ["rolls"]
    assert not live.listen(after=live.last).due
    # A page that saw another process has missed everything.
    assert list(live.listen(after=live._last + 1).due) == list(module.EVENTS)
    assert not live.listen().due


async def test_the_oldest_page_makes_room(live: LiveEvents) -> None:
    first = live.listen()
    for _ in range(MOST_LISTENERS):
        live.listen()

    assert first.ended
    assert len(live._listeners) == MOST_LISTENERS
    assert [text async for text in live.stream(first)] == [BEGIN]


async def test_a_stream_beats_and_ends_by_itself(
    live: LiveEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.0)
    monkeypatch.setattr(module, "STREAM_SECONDS", 0.01)

    texts = [text async for text in live.stream(live.listen())]

    assert texts[0] == BEGIN
    assert set(texts[1:]) <= {BEAT}
    assert live._listeners == []


async def test_signing_out_ends_every_stream(live: LiveEvents) -> None:
    stream = live.stream(live.listen())
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)

    await live.close()

    assert await waiting == BEAT
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
