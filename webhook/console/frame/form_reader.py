"""Forms, as they come: bounded in size, in number and in time, whoever sends them.

Strangers send forms, too: that of the sign-in, and those whose session has ended. So all forms
together have so much room, from before they are read until they are answered, and one that comes
slowly gives way to those who wait.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict

from webhook.server import body_room, frames

FORM = "application/x-www-form-urlencoded"
LARGEST_FORM, MOST_FIELDS = 256 * 1024, 2000
# A form that is kept beyond the end of its session is sent once more, inside another one.
LARGEST_BODY = 4 * LARGEST_FORM
ROOM_FOR_FORMS = 16 * 1024 * 1024
FORM_SECONDS = 10.0


class FormReader:
    """Reads the forms of one console."""

    def __init__(self, seconds: float = FORM_SECONDS) -> None:
        self._room, self._seconds = body_room.BodyRoom(ROOM_FOR_FORMS), seconds

    @asynccontextmanager
    async def reading(
        self, request: web.Request, largest: int = LARGEST_FORM
    ) -> AsyncIterator[MultiDict[str]]:
        """The fields of a form, in their order, which has its room meanwhile.

        Raises an HTTP error with a sentence.
        """
        announced = request.content_length
        _check_head(request, largest)
        place = body_room.BodyPlace(
            request.remote or "", largest if announced is None else announced
        )
        try:
            yield _fields(await self._read(request, place, largest), largest)
        finally:
            self._room.leave(place)

    async def _read(self, request: web.Request, place: body_room.BodyPlace, largest: int) -> bytes:
        try:
            async with asyncio.timeout(self._seconds) as bound:
                await self._room.take(place, lambda: _end(bound))
                body = await _content(request, largest)
        except TimeoutError:
            raise web.HTTPRequestTimeout(
                text="The form came too slowly, or too many came at once. Send it again."
            ) from None
        place.is_read()
        return body


def _check_head(request: web.Request, largest: int) -> None:
    if request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType(text=f"A form of the console is sent as {FORM}.")
    if (request.content_length or 0) > largest:
        raise _too_large(largest)


async def _content(request: web.Request, largest: int) -> bytes:
    body = bytearray()
    try:
        while chunk := await request.content.readany():
            body += chunk
            if len(body) > largest:
                raise _too_large(largest)
    except (web.RequestPayloadError, ConnectionError) as error:
        frames.forget_frames(error)
        raise web.HTTPBadRequest(text="The form ended early. Send it again.") from None
    return bytes(body)


def _fields(body: bytes, largest: int) -> MultiDict[str]:
    if body.count(b"&") >= MOST_FIELDS:
        raise _too_large(largest)
    text = body.decode("ascii", "replace")
    return MultiDict(parse_qsl(text, keep_blank_values=True, errors="replace"))


def _too_large(largest: int) -> web.HTTPException:
    return web.HTTPRequestEntityTooLarge(
        max_size=largest,
        actual_size=0,
        text=f"The form is larger than {largest // 1024} KiB, or has more than {MOST_FIELDS} "
        "fields. Send less at a time.",
    )


def _end(bound: asyncio.Timeout) -> None:
    if not bound.expired():
        bound.reschedule(0)
