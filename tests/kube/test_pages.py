"""Pages of lists are as long as their bytes allow, and others have turns between two objects."""

import asyncio
import itertools
from typing import Any

import pytest

from webhook.kube.errors import Gone, Unreachable
from webhook.kube.pages import LONGEST_PAGE, Pages, PageTooLong, Turn, each_page

Json = dict[str, Any]
BROKEN = Unreachable("no answer in time")


class Stored:
    """Objects of these sizes, in the pages that are asked for; a long one takes too long."""

    def __init__(self, sizes: list[int], slow: int | None = None) -> None:
        self.sizes, self.slow = sizes, slow
        self.limits: list[int] = []
        self.bytes: list[int] = []
        self.pages = Pages(100)

    async def read(self, query: Json) -> Json:
        limit, at = int(query["limit"]), int(query.get("continue", 0))
        page = self.sizes[at : at + limit]
        self.limits.append(limit)
        if self.slow is not None and len(page) > self.slow:
            raise BROKEN
        answer: Any = Answer(sum(page))
        self.bytes.append(0)
        try:
            await self.pages.read(answer)
        finally:
            self.bytes[-1] = answer.read
        left = {"continue": str(at + limit)} if at + limit < len(self.sizes) else {}
        items = [{"number": number} for number in range(at, at + len(page))]
        return {"items": items, "metadata": {"resourceVersion": "7", **left}}

    async def all(self) -> list[int]:
        found: list[Json] = []
        assert await each_page(self.pages, self.read, found.append, None) == "7"
        return [each["number"] for each in found]


class Answer:
    """An answer of so many bytes, which says how many were read."""

    def __init__(self, size: int) -> None:
        self.left, self.read = size, 0
        self.content = self
        self.closed = False

    async def iter_any(self) -> Any:
        while self.left and not self.closed:
            piece = min(self.left, 65536)
            self.left -= piece
            self.read += piece
            yield b"x" * piece

    def close(self) -> None:
        self.closed = True


async def test_small_objects_come_a_hundred_at_a_time_after_the_first_few() -> None:
    stored = Stored([3_000] * 1000)

    assert await stored.all() == list(range(1000))
    assert stored.limits == [20, 40, 80, *[100] * 9]


@pytest.mark.parametrize("before", [0, 30, 120])
async def test_no_page_is_much_longer_than_one_object_may_be(before: int) -> None:
    stored = Stored([3_000] * before + [1_400_000] * 30 + [3_000] * 30)

    assert await stored.all() == list(range(before + 60))
    assert max(stored.bytes) <= LONGEST_PAGE + 65536
    assert len(stored.limits) < 50


async def test_an_object_that_is_longer_than_a_page_may_be_is_read_alone() -> None:
    stored = Stored([3_000, 6_000_000, 3_000])

    assert await stored.all() == [0, 1, 2]


async def test_a_page_that_does_not_come_in_time_is_asked_for_in_parts() -> None:
    stored = Stored([3_000] * 10, slow=2)

    assert await stored.all() == list(range(10))
    assert stored.limits[:3] == [20, 5, 1]


async def test_an_api_server_that_never_answers_is_not_asked_for_ever() -> None:
    stored = Stored([3_000] * 10, slow=0)

    with pytest.raises(Unreachable):
        await stored.all()
    assert stored.limits == [20, 5, 1]


async def test_what_is_no_matter_of_length_is_raised_at_once() -> None:
    asked = itertools.count()

    async def read(_: Json) -> Json:
        next(asked)
        raise Gone(410, "Expired", "too old")

    with pytest.raises(Gone):
        await each_page(Pages(5), read, print, None)
    assert next(asked) == 1


async def test_a_page_of_one_is_never_too_long() -> None:
    answer: Any = Answer(2 * LONGEST_PAGE)
    assert len(await Pages(1).read(answer)) == 2 * LONGEST_PAGE
    with pytest.raises(PageTooLong):
        await Pages(2).read(Answer(2 * LONGEST_PAGE))  # type: ignore[arg-type]


async def test_a_long_turn_ends_and_a_short_one_does_not() -> None:
    times = iter([0.0, 0.005, 0.02, 0.02, 0.025])
    had: list[str] = []
    turn = Turn(lambda: next(times))
    asyncio.get_running_loop().call_soon(had.append, "a turn")
    await turn.end()
    assert had == []
    await turn.end()
    assert had == ["a turn"]
    asyncio.get_running_loop().call_soon(had.append, "another")
    await turn.end()
    assert had == ["a turn"]
