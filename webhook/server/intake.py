"""Requests that are rejected before a review: clients, media types, sizes and durations.

The client authority of a cluster may sign for many clients, of which one is the API server. OpenSSL
verifies the certificate in the handshake; its names are compared here.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

LARGEST_BODY = 7 * 1024 * 1024
# Large bodies may come slowly, and many at a time: together they have room for nine of the largest.
SMALL_BODY = 256 * 1024
ROOM_FOR_LARGE = 64 * 1024 * 1024
LONGEST_TIMEOUT = 30.0
DEFAULT_TIMEOUT = 10.0
# Our share of the API server's timeout: the answer has to arrive before it gives up.
SHARE = 0.9

_UNITS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
}  # fmt: skip
_STEP = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"\+?(?:{_STEP.pattern})+")


class RejectedError(Exception):
    """A request that is no review: answered with an HTTP status and one sentence."""

    def __init__(
        self, status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers


def check_client(request: web.Request, allowed: frozenset[str]) -> None:
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


class Intake:
    """Reads the bodies of one process; the parts beyond SMALL_BODY share ROOM_FOR_LARGE."""

    def __init__(self) -> None:
        self._large = 0

    async def read(self, request: web.Request) -> bytes:
        """The body of a review, unless it is refused.

        At most LARGEST_BODY bytes are held, however the body is sent, and for no longer than the
        `timeout` in the query allows.
        """
        _check_head(request)
        body = bytearray()
        held = 0
        try:
            async with asyncio.timeout(SHARE * request_timeout(request.rel_url.raw_query_string)):
                while chunk := await request.content.readany():
                    body += chunk
                    held = self._hold(held, len(body))
        except TimeoutError:
            raise RejectedError(
                HTTPStatus.REQUEST_TIMEOUT,
                "the body did not arrive within the timeout of the request",
            ) from None
        except (web.RequestPayloadError, ConnectionError):
            raise RejectedError(
                HTTPStatus.BAD_REQUEST, "the body ended early, or is not encoded as its headers say"
            ) from None
        finally:
            self._large -= held
        return bytes(body)

    def _hold(self, held: int, length: int) -> int:
        """Make room for a body that has grown; returns how much of it counts as large."""
        if length > LARGEST_BODY:
            raise _too_large()
        large = max(0, length - SMALL_BODY)
        if large > held and self._large + large - held > ROOM_FOR_LARGE:
            raise RejectedError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too many large reviews arrive at the same time: send it again",
            )
        self._large += large - held
        return large


def _check_head(request: web.Request) -> None:
    charset = request.charset or "utf-8"
    encoding = request.headers.get("Content-Encoding", "identity")
    if (
        request.content_type != "application/json"
        or charset.lower() not in ("utf-8", "utf8")
        or encoding.lower() != "identity"
    ):
        raise RejectedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json in UTF-8, not compressed"
        )
    if (request.content_length or 0) > LARGEST_BODY:
        raise _too_large()


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
