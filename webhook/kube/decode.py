"""JSON of an API server, which stores what is nested ten thousand levels deep.

Whoever may write an object may nest its managedFields like that, and Python's decoder, like much
of what is done with an object afterwards, recurses. What nobody reads must stop nobody.
"""

import re
from typing import Any

from pydantic_core import from_json

# Objects of Kubernetes end long before; pydantic's decoder goes down to 200.
DEEPEST = 100
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
