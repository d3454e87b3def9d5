"""Lists in pages that are bounded by bytes, and turns for others while they are taken in.

Who may create objects says how large they are: a hundred may be three kilobytes or a hundred
megabytes, and decoded they take ten times as much. A list begins with few objects a page, and asks
for as many as fit by the size of those that came. A page that is longer nevertheless is not read to
its end, but asked for again in parts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import aiohttp
from pydantic_core import to_json

from webhook.kube.errors import ApiError, Unreachable

FIRST_PAGE = 20
PAGE_BYTES, LONGEST_PAGE = 1024 * 1024, 4 * 1024 * 1024
LONGEST_WORK = 0.01

Json = dict[str, Any]


class Listing(NamedTuple):
    """All objects of a list, and the version from which a watch continues."""

    items: list[Json]
    resource_version: str


class PageTooLong(ApiError):  # noqa: N818 - like the errors beside it
    """What came is longer than a page may be; it was not read to its end."""

    def __init__(self) -> None:
        super().__init__(0, "PageTooLong", "the page is too long: fewer objects are asked for")


class Turn:
    """Gives others a turn, once whoever has this has worked for a hundredth of a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._began = clock, clock()

    async def end(self) -> None:
        """End the turn if it was a long one."""
        if self._clock() - self._began >= LONGEST_WORK:
            await asyncio.sleep(0)
            self._began = self._clock()


class Pages:
    """How many objects to ask for next: at most `most`, and no more than fit."""

    def __init__(self, most: int) -> None:
        self._most, self.limit = most, min(most, FIRST_PAGE)
        self._bytes = 0

    async def read(self, answer: aiohttp.ClientResponse) -> bytes:
        """The body; raises PageTooLong for one of several objects that is too long."""
        pieces: list[bytes] = []
        self._bytes = 0
        async for piece in answer.content.iter_any():
            pieces.append(piece)
            self._bytes += len(piece)
            if self._bytes > LONGEST_PAGE and self.limit > 1:
                answer.close()
                raise PageTooLong
        return b"".join(pieces)

    def came(self, count: int) -> None:
        """So many objects came with what was read last."""
        fitting = PAGE_BYTES * max(1, count) // max(1, self._bytes)
        # The next ones may be larger: what is put together and not read costs the API server most.
        self.limit = max(1, min(self._most, fitting, 2 * self.limit))

    def fewer(self) -> bool:
        """Ask for fewer; whether there is anything less to ask for."""
        before, self.limit = self.limit, max(1, self.limit // 4)
        return self.limit < before


async def each_page(
    pages: Pages,
    read: Callable[[Json], Awaitable[Json]],
    take: Callable[[Json], object],
    between: Callable[[], Awaitable[None]] | None,
) -> str:
    """Hand over each object of a list, and call `between` after each; returns its version.

    `read` gets a page by what its query has beside the selectors.
    """
    query: Json = {}
    ends = between or Turn().end
    while True:
        try:
            answer = await read({"limit": str(pages.limit), **query})
        except (PageTooLong, Unreachable):
            # An API server that puts a long page together may not answer in time.
            if not pages.fewer():
                raise
            continue
        items = answer.get("items") or []
        pages.came(len(items))
        metadata = answer.get("metadata") or {}
        # What was taken in is let go before the rest is.
        items.reverse()
        while items:
            take(items.pop())
            await ends()
        if not metadata.get("continue"):
            return str(metadata.get("resourceVersion", ""))
        query = {"continue": metadata["continue"]}


def text_within(most: int) -> Callable[[aiohttp.ClientResponse], Awaitable[bytes]]:
    """What reads a text, such as a pod's answer, as an object with the key `text`.

    One that is longer than so many bytes is an ApiError.
    """

    async def read(answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for piece in answer.content.iter_any():
            body += piece
            if len(body) > most:
                answer.close()
                raise ApiError(answer.status, "TextTooLong", f"more than {most} bytes came")
        if answer.status != 200:
            return bytes(body)
        return to_json({"text": body.decode(errors="replace")})

    return read
