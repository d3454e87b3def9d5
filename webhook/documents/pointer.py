"""JSON pointers (RFC 6901): the address of a value in a document."""

from collections.abc import Iterable
from typing import Any


def escape(key: str) -> str:
    """Return a key as one token of a pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def pointer_to(keys: Iterable[str | int]) -> str:
    """Return the pointer to the value at a path of keys and indexes."""
    return "".join(f"/{escape(str(key))}" for key in keys)


def tokens(pointer: str) -> list[str]:
    """Return the keys and indexes of a pointer, in their order."""
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def value_at(document: Any, pointer: str) -> Any:
    """Return the value at a pointer, or None where there is none."""
    for token in tokens(pointer):
        if type(document) is list:
            document = document[int(token)] if int(token) < len(document) else None
        else:
            document = document.get(token) if type(document) is dict else None
    return document
