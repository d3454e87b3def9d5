"""What a body would take as objects, without making them.

Some bodies become forty times their size: seven MiB of `[[],[],...` are 290 MiB of lists. So the
bytes that begin an object are counted first, which takes a thousandth of a second for a MiB. What
would be too much is not read; the head of such a review still says which object it is about.
"""

import re
from http import HTTPStatus

from webhook.admission import Hook, Request
from webhook.server.admission_review import decode_review
from webhook.server.turns import RejectedError

# An ordinary object of 3 MB, old and new, takes less than half.
MOST_OBJECT_BYTES = 128 * 1024 * 1024
# A smaller body stays below, whatever it holds.
UNCOUNTED_BYTES = 256 * 1024
LONGEST_HEAD = 64 * 1024
OBJECT_KEY = re.compile(rb',\s*"object"\s*:')
# What each of these bytes may become: a dict with its table, a list, a value and its place.
DICT, EMPTY_DICT, LIST, VALUE, KEY = 184, 72, 80, 64, 48
LARGEST_CHARACTER = 4


def object_bytes(body: bytes | bytearray) -> int:
    """The most memory that the objects of this JSON take, about."""
    dicts, empty = body.count(b"{"), body.count(b"{}")
    plain = body.isascii() and b"\\u" not in body
    return (
        len(body) * (1 if plain else LARGEST_CHARACTER)
        + DICT * (dicts - empty)
        + EMPTY_DICT * empty
        + LIST * body.count(b"[")
        + VALUE * body.count(b",")
        + KEY * body.count(b":")
    )


def too_many_objects(body: bytes | bytearray) -> bool:
    """Whether decoding this body could take more than its share of the memory."""
    return len(body) > UNCOUNTED_BYTES and object_bytes(body) > MOST_OBJECT_BYTES


def decode_head(body: bytes | bytearray, hook: Hook) -> Request:
    """The request of an API server without its object; RejectedError (413) without a head."""
    if not (end := OBJECT_KEY.search(body, 0, LONGEST_HEAD)):
        raise RejectedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence(body))
    return decode_review(bytes(body[: end.start()]) + b"}}", hook)


def sentence(body: bytes | bytearray) -> str:
    """Why a review is not read, and what to do."""
    values = body.count(b",") + body.count(b"{") + body.count(b"[")
    return f"too large to review: {values:,} values in one object: make it smaller"
