"""One document from a stream of nodes: its value, the line of every part, and the limits.

YAML and JSON arrive here one node at a time, so that depth, duplicate keys and alias bombs are
refused while the text is read, before anything recursive sees the value.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_DEPTH = 100
MAX_COPIED = 200_000
_HALF_PAIR = re.compile("[\ud800-\udfff]")
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
class Place:
    """Where a value (its key, in a mapping) starts, and the places inside it by key or index."""

    mark: Mark
    inner: "dict[str, Place]" = field(default_factory=dict)


@dataclass(slots=True)
class Node:
    """A finished value; weight counts its nodes (long text counts more), height its levels."""

    value: Any
    place: Place
    weight: int = 1
    height: int = 0
    merge: bool = False


@dataclass(slots=True)
class _Collection:
    mark: Mark
    anchor: str | None
    inner: dict[str, Place] = field(default_factory=dict)
    weight: int = 1
    height: int = 1

    def count(self, node: Node) -> None:
        self.weight += node.weight
        self.height = max(self.height, node.height + 1)

    def node(self, value: Any) -> Node:
        return Node(value, Place(self.mark, self.inner), self.weight, self.height)


@dataclass(slots=True)
class _List(_Collection):
    items: list[Any] = field(default_factory=list)

    def add(self, node: Node) -> None:
        self.count(node)
        self.inner[str(len(self.items))] = node.place
        self.items.append(node.value)

    def finish(self) -> Node:
        return self.node(self.items)


@dataclass(slots=True)
class _Mapping(_Collection):
    items: dict[str, Any] = field(default_factory=dict)
    key: Node | None = None
    merge_key: Place | None = None
    merged: Node | None = None

    def add(self, node: Node) -> None:
        self.count(node)
        if self.key is None:
            self.key = self._checked_key(node)
        elif self.key.merge:
            self.key, self.merged = None, node
        else:
            node.place.mark = self.key.place.mark
            self.items[self.key.value] = node.value
            self.inner[self.key.value] = node.place
            self.key = None

    def _checked_key(self, node: Node) -> Node:
        line = node.place.mark.line
        if node.value is None or isinstance(node.value, dict | list):
            raise NodeError(line, "a key must be text, a number or a boolean: write one word")
        if not isinstance(node.value, str):
            node = Node(json.dumps(node.value), node.place)
        first = self.merge_key if node.merge else self.inner.get(node.value)
        if first:
            raise NodeError(
                line,
                f"the key {quoted(node.value)} stands on line {first.mark.line} already: keep one",
            )
        if node.merge:
            self.merge_key = node.place
        return node

    def finish(self) -> Node:
        if self.merged is None:
            return self.node(self.items)
        items: dict[str, Any] = {}
        inner: dict[str, Place] = {}
        for source in self._sources(self.merged):
            for key, value in source.value.items():
                if key not in items:
                    items[key] = value
                    inner[key] = source.place.inner[key]
        self.items, self.inner = items | self.items, inner | self.inner
        return self.node(self.items)

    def _sources(self, merged: Node) -> list[Node]:
        sources = [merged]
        if isinstance(merged.value, list):
            places = merged.place.inner.values()
            sources = [Node(*pair) for pair in zip(merged.value, places, strict=True)]
        if not all(isinstance(source.value, dict) for source in sources):
            raise NodeError(
                merged.place.mark.line, "<< takes a mapping or a list of mappings: point it at one"
            )
        return sources


class Builder:
    """Takes the nodes of one file in order and gives back its documents.

    The caller guarantees the grammar (what opens is closed, a mapping holds pairs); the builder
    raises NodeError for what is well-formed and still refused.
    """

    def __init__(self) -> None:
        self._open: list[_List | _Mapping] = []
        self._anchors: dict[str, Node | None] = {}
        self._copied = 0
        self._root: Node | None = None

    def scalar(
        self, value: Any, mark: Mark, anchor: str | None = None, *, merge: bool = False
    ) -> None:
        """Add a scalar; `merge` marks the key `<<`, which means nothing in another position."""
        weight = 1
        if isinstance(value, str):
            weight += len(value) // 100
            if not value.isascii() and _HALF_PAIR.search(value):
                raise NodeError(
                    mark.line, "the text holds half of a surrogate pair: write the whole character"
                )
        node = Node(value, Place(mark), weight, merge=merge)
        if anchor is not None:
            self._anchors[anchor] = node
        self._add(node)

    def open_list(self, mark: Mark, anchor: str | None = None) -> None:
        """Start a list, which `close` ends."""
        self._push(_List(mark, anchor))

    def open_mapping(self, mark: Mark, anchor: str | None = None) -> None:
        """Start a mapping, which `close` ends; keys and values follow in turn."""
        self._push(_Mapping(mark, anchor))

    def close(self) -> None:
        """End the innermost collection."""
        collection = self._open.pop()
        node = collection.finish()
        if collection.anchor is not None and self._anchors[collection.anchor] is None:
            self._anchors[collection.anchor] = node
        self._add(node)

    def alias(self, name: str, mark: Mark) -> None:
        """Add a copy of an anchored value, which shares nothing that can be edited."""
        if name not in self._anchors:
            raise NodeError(mark.line, f"the alias *{name} has no anchor &{name} above it: add one")
        node = self._anchors[name]
        if node is None:
            raise NodeError(
                mark.line, f"the alias *{name} stands inside its own anchor: take it out"
            )
        self._check_depth(mark.line, len(self._open) + node.height)
        self._copied += node.weight
        if self._copied > MAX_COPIED:
            raise NodeError(
                mark.line,
                f"the alias *{name} makes the aliases of this file stand for more than "
                f"{MAX_COPIED} values: write fewer aliases",
            )
        copied = Node(_copy(node.value), Place(mark, node.place.inner), node.weight, node.height)
        self._add(copied)

    def document(self) -> Node:
        """Return the document that just ended; anchors do not outlive it."""
        assert self._root is not None
        root, self._root = self._root, None
        self._anchors.clear()
        return root

    def _push(self, collection: _List | _Mapping) -> None:
        self._check_depth(collection.mark.line, len(self._open) + 1)
        if collection.anchor is not None:
            self._anchors[collection.anchor] = None
        self._open.append(collection)

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1].add(node)
        else:
            self._root = node

    def _check_depth(self, line: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise NodeError(
                line, f"the value is nested more than {MAX_DEPTH} levels deep: flatten it"
            )


def quoted(text: str) -> str:
    """Return text as it stands in a message: in quotes, on one line, at most 60 characters."""
    shown = json.dumps(text if len(text) <= 60 else f"{text[:57]}...", ensure_ascii=False)
    return shown.translate(_LINE_BREAKS)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) for inner in value]
    return value
