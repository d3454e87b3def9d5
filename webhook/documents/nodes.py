"""The parts of a document: values, their positions, and the JSON pointers that lead to them.

A pointer is that of RFC 6901.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_LINE_BREAKS = {0x85: r"\u0085", 0x2028: r"\u2028", 0x2029: r"\u2029"}


class NodeError(Exception):
    """What cannot be accepted, in one sentence without the name of the file."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line


class Mark(NamedTuple):
    """Where something starts in a file; lines and columns are counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Position:
    """Where a value (its key, in a mapping) starts, and the places inside it by key or index."""

    mark: Mark
    inner: "dict[str, Position]" = field(default_factory=dict)


@dataclass(slots=True)
class Node:
    """A finished value; weight counts its nodes (long text counts more), height its levels."""

    value: Any
    place: Position
    weight: int = 1
    height: int = 0
    merge: bool = False
    alias: bool = False


def quoted(text: str) -> str:
    """Return text as it stands in a message: in quotes, on one line, at most 60 characters."""
    shown = json.dumps(text if len(text) <= 60 else f"{text[:57]}...", ensure_ascii=False)
    return shown.translate(_LINE_BREAKS)


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
