"""JSON of an API server: an answer, or the events of a watch, one object a line.

The API server stores what is nested ten thousand levels deep. Users who can write an object can
nest its managedFields like that. Python's decoder recurses, like much of what handles an object
afterwards. What the product does not read must not stop it.
"""

import re
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, NamedTuple

from pydantic_core import from_json

from webhook.kube.errors import ApiError, refusal

# Objects of Kubernetes end long before; pydantic's decoder goes down to 200.
DEEPEST = 100
# The API server stores objects of 1.5 MiB, and managedFields and escapes make them longer.
LONGEST_LINE = 16 * 1024 * 1024
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def decode_json(text: bytes) -> Any:
    """What the text says; where it is nested too deep, with null in the place of what is deeper.

    Raises ValueError for what is no JSON.
    """
    try:
        return from_json(text)
    except ValueError:
        return from_json(_shallow(text))


def _shallow(text: bytes) -> bytes:
    kept: list[bytes] = []
    depth = begin = 0
    for token in _TOKENS.finditer(text):
        match token[0]:
            case b"{" | b"[":
                depth += 1
                if depth == DEEPEST + 1:
                    kept += [text[begin : token.start()], b"null"]
            case b"}" | b"]":
                if depth == DEEPEST + 1:
                    begin = token.end()
                depth -= 1
    return b"".join([*kept, text[begin:]])


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
        if length > LONGEST_LINE:
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
