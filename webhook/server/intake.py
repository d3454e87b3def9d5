"""Requests that are rejected before a review: clients, media types, sizes and durations.

The client authority of a cluster may sign for many clients, of which one is the API server. OpenSSL
verifies the certificate in the handshake; its names are compared here.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from aiohttp import HttpVersion11, StreamReader, web

from webhook.server.body_room import BodyPlace, BodyRoom
from webhook.server.frames import forget_frames
from webhook.server.turns import TOO_LATE, RejectedError

LARGEST_BODY = 7 * 1024 * 1024
# Bodies may come slowly, and many at a time: large and small ones have room of their own.
SMALL_BODY = 256 * 1024
ROOM_FOR_SMALL = 16 * 1024 * 1024
ROOM_FOR_LARGE = 28 * 1024 * 1024
LONGEST_TIMEOUT = 30.0
DEFAULT_TIMEOUT = 10.0
# Our share of the API server's timeout: the answer has to arrive before it gives up.
SHARE = 0.9
JSON, CONTINUE = "application/json", "100-continue"

_UNITS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip
_STEP = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"\+?(?:{_STEP.pattern})+")


def check_client(request: web.BaseRequest, allowed: frozenset[str]) -> None:
    """Raise RejectedError (403) unless the client has one of these names, if there are any."""
    if not allowed:
        return
    certificate = request.get_extra_info("peercert") or {}
    if allowed.isdisjoint(certificate_names(certificate)):
        raise RejectedError(
            HTTPStatus.FORBIDDEN,
            "the names in this client's certificate are none of those that --client-name allows",
        )


def certificate_names(certificate: Mapping[str, Any]) -> Iterator[str]:
    """Common names and subjectAltNames of a certificate as the ssl module returns them."""
    for parts in certificate.get("subject", ()):
        for kind, value in parts:
            if kind == "commonName":
                yield value
    for _, value in certificate.get("subjectAltName", ()):
        yield value


class Body(NamedTuple):
    """A body that was read, and the room that it takes until it is answered."""

    content: bytearray
    place: BodyPlace
    room: BodyRoom

    @property
    def large(self) -> bool:
        """Whether its review waits for those of small bodies."""
        return len(self.content) > SMALL_BODY

    def leave(self) -> None:
        """Make room for others; nothing that still knows the body holds its bytes."""
        self.content.clear()
        self.room.leave(self.place)


class Intake:
    """Reads the bodies of one process."""

    def __init__(self) -> None:
        self._small = BodyRoom(ROOM_FOR_SMALL)
        self._large = BodyRoom(ROOM_FOR_LARGE)

    async def read(self, request: web.BaseRequest, peer: str, deadline: float) -> Body:
        """The body of a review, unless it is refused.

        At most LARGEST_BODY bytes are held, however the body is sent, and only until the deadline
        by time.monotonic(). A body for which there is no room waits unread.
        """
        announced = request.content_length
        _check_head(request, announced or 0)
        size = LARGEST_BODY if announced is None else announced
        room = self._large if size > SMALL_BODY else self._small
        place = BodyPlace(peer, size)
        if (seconds := deadline - time.monotonic()) <= 0:
            raise RejectedError(HTTPStatus.SERVICE_UNAVAILABLE, TOO_LATE)
        stream = request.content
        if announced and stream.is_eof() and not stream.exception() and room.take_at_once(place):
            return Body(bytearray(stream.read_nowait()), place, room)
        try:
            await _invite(request)
            async with asyncio.timeout(seconds) as bound:
                await room.take(place, partial(_end, bound))
                content = await _content(request.content)
        except BaseException as error:
            room.leave(place)
            if isinstance(error, TimeoutError):
                raise _late(place, request) from None
            if isinstance(error, web.RequestPayloadError | ConnectionError):
                forget_frames(error)
                sentence = "the body ended early, or is not encoded as its headers say"
                raise RejectedError(HTTPStatus.BAD_REQUEST, sentence) from None
            raise
        place.is_read()
        return Body(content, place, room)


def _end(bound: asyncio.Timeout) -> None:
    if not bound.expired():
        bound.reschedule(0)


async def _content(stream: StreamReader) -> bytearray:
    body = bytearray()
    try:
        while chunk := await stream.readany():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise _too_large()  # noqa: TRY301 - what is held goes in either case
    except BaseException:
        # The stream keeps the error, the error this frame, and that the body.
        body.clear()
        raise
    return body


def _late(place: BodyPlace, request: web.BaseRequest) -> RejectedError:
    if place.since is None:
        sentence = "too many reviews arrive at the same time: send it again"
    elif place.gave_way:
        sentence = "the body came slowly while others waited for its room: send it again"
    elif request.content.is_eof():
        sentence = TOO_LATE
    else:
        return RejectedError(
            HTTPStatus.REQUEST_TIMEOUT, "the body did not arrive within the timeout of the request"
        )
    return RejectedError(HTTPStatus.SERVICE_UNAVAILABLE, sentence)


def _check_head(request: web.BaseRequest, announced: int) -> None:
    headers = request.headers
    encoding = headers.get("Content-Encoding", "identity")
    plain = headers.get("Content-Type") == JSON or _is_json(request)
    if not plain or encoding.lower() != "identity":
        raise RejectedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json in UTF-8, not compressed"
        )
    if announced > LARGEST_BODY:
        raise _too_large()
    expected = headers.get("Expect")
    if expected and request.version == HttpVersion11 and expected.lower() != CONTINUE:
        raise RejectedError(
            HTTPStatus.EXPECTATION_FAILED, f"a client may expect {CONTINUE}, and nothing else"
        )


def _is_json(request: web.BaseRequest) -> bool:
    charset = request.charset or "utf-8"
    return request.content_type == JSON and charset.lower() in ("utf-8", "utf8")


async def _invite(request: web.BaseRequest) -> None:
    """Let a client send its body that waits for a word of ours."""
    if "Expect" in request.headers and request.version == HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # No answer has begun.


def _too_large() -> RejectedError:
    return RejectedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a review has at most {LARGEST_BODY} bytes"
    )


@lru_cache(maxsize=64)
def request_timeout(query: str) -> float:
    """The seconds that a query string gives us, as in `timeout=5s`; refused if it is no duration.

    Without one it is the API server's default, and never more than its maximum.
    """
    given = parse_qs(query, keep_blank_values=True).get("timeout")
    if given is None:
        return DEFAULT_TIMEOUT
    text = given[0]
    steps = _STEP.findall(text) if _DURATION.fullmatch(text) else []
    seconds = sum(float(number) * _UNITS[unit] for number, unit in steps)
    if seconds <= 0:
        raise RejectedError(
            HTTPStatus.BAD_REQUEST, "timeout should be a positive duration, such as 5s or 1m30s"
        )
    return min(seconds, LONGEST_TIMEOUT)
