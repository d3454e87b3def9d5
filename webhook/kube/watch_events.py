"""The events of a watch, out of the bytes that come: one JSON object a line."""

from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, NamedTuple

from webhook.kube.decode import decode_json
from webhook.kube.errors import ApiError, refusal

# The API server stores objects of 1.5 MiB, and managedFields and escapes make them longer.
LONGEST = 16 * 1024 * 1024


class WatchEvent(NamedTuple):
    """One event: ADDED, MODIFIED, DELETED, or BOOKMARK with nothing but a resourceVersion."""

    type: str
    object: dict[str, Any]


async def watch_events(call: str, chunks: AsyncIterable[bytes]) -> AsyncIterator[WatchEvent]:
    """Decode until the chunks end; raises ApiError for an ERROR event, and for what is no event.

    `call` starts the messages.
    """
    async for line in _lines(chunks):
        yield _event(call, line)


async def _lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Whole lines; the reader's own method refuses what is longer than its buffer."""
    pieces: list[bytes] = []
    length = 0
    async for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            yield b"".join([*pieces, piece])
            pieces, length = [], 0
        pieces.append(rest)
        length += len(rest)
        if length > LONGEST:
            break
    if length:
        yield b"".join(pieces)


def _event(call: str, line: bytes) -> WatchEvent:
    try:
        found = decode_json(line)
        event = WatchEvent(str(found["type"]), dict(found["object"]))
    except (ValueError, TypeError, LookupError):
        message = f"{call}: something came that is no event of a watch"
        raise ApiError(200, "InvalidEvent", message) from None
    if event.type == "ERROR":
        raise refusal(call, int(event.object.get("code") or 500), event.object)
    return event
