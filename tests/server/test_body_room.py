"""Room for bodies: who waits, who gives way, and that all of it comes back."""

import asyncio

import pytest

from webhook.server import body_room
from webhook.server.body_room import BodyPlace, BodyRoom


def _nothing() -> None:
    """Reading is ended."""


async def test_a_peer_has_at_most_half_and_others_come_first() -> None:
    room = BodyRoom(8)
    first, second, third = (BodyPlace("a", 3) for _ in range(3))
    other = BodyPlace("b", 4)
    await room.take(first, _nothing)
    waiting = [asyncio.ensure_future(room.take(place, _nothing)) for place in (second, third)]
    await room_for(room, other)
    assert second.since is None
    room.leave(first)
    await waiting[0]
    assert third.since is None
    room.leave(second)
    await waiting[1]
    room.leave(third)
    room.leave(third)
    room.leave(other)
    await room_for(room, BodyPlace("c", 8))


async def room_for(room: BodyRoom, place: BodyPlace) -> None:
    async with asyncio.timeout(5):
        await room.take(place, _nothing)


async def test_who_waits_no_more_is_forgotten() -> None:
    room = BodyRoom(8)
    held, left = BodyPlace("a", 8), BodyPlace("b", 8)
    await room.take(held, _nothing)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await room.take(left, _nothing)
    room.leave(left)
    room.leave(held)
    await room_for(room, BodyPlace("c", 8))


async def test_what_comes_slowly_gives_way_to_those_who_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_room, "SLOW_BODY_SECONDS", 0.0)
    monkeypatch.setattr(body_room, "LOOK_SECONDS", 0.001)
    room = BodyRoom(8)
    read, slow = BodyPlace("a", 4), BodyPlace("b", 4)
    stopped = asyncio.Event()
    await room.take(read, _nothing)
    read.is_read()
    await room.take(slow, stopped.set)
    waiting = asyncio.ensure_future(room.take(BodyPlace("c", 4), _nothing))
    async with asyncio.timeout(5):
        await stopped.wait()
    assert (slow.gave_way, read.gave_way) == (True, False)
    room.leave(slow)
    await waiting


async def test_a_body_that_is_there_has_its_room_at_once_or_waits_like_others() -> None:
    room = BodyRoom(8)
    first, second, third = BodyPlace("a", 4), BodyPlace("b", 4), BodyPlace("c", 4)
    assert room.take_at_once(first)
    assert room.take_at_once(second)
    assert not room.take_at_once(third)
    first.give_way()
    assert not first.gave_way

    waiting = asyncio.ensure_future(room.take(BodyPlace("d", 8), _nothing))
    await asyncio.sleep(0)
    room.leave(first)
    assert not room.take_at_once(third), "somebody waited before"
    room.leave(second)
    await waiting
