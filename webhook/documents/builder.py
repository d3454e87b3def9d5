"""One document from a stream of nodes: its value, the line of every part, and the limits.

YAML and JSON arrive here one node at a time, so that depth, duplicate keys and alias bombs are
refused while the text is read, before anything recursive sees the value.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from webhook.documents.dialect import Merge
from webhook.documents.nodes import Mark, Node, NodeError, Position, quoted

MAX_DEPTH = 100
MAX_COPIED = 200_000
MAX_COPIED_IN_ALL = 1_000_000
_HALF_PAIR = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class _Collection:
    mark: Mark
    anchor: str | None
    inner: dict[str, Position] = field(default_factory=dict)
    weight: int = 1
    height: int = 1

    def count(self, node: Node) -> None:
        self.weight += node.weight
        self.height = max(self.height, node.height + 1)

    def node(self, value: Any) -> Node:
        return Node(value, Position(self.mark, self.inner), self.weight, self.height)


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
    merge_key: Position | None = None
    merge: Merge | None = None

    def add(self, node: Node) -> None:
        self.count(node)
        key, self.key = self.key, None
        if key is None:
            self.key = self._checked_key(node)
        elif key.merge:
            self.merge = Merge(key.place, node)
            self.merge.check_above(self.items, self.inner)
        else:
            node.place.mark = key.place.mark
            if self.merge is not None:
                self.merge.check_below(key.value, node)
            self.items[key.value] = node.value
            self.inner[key.value] = node.place

    def _checked_key(self, node: Node) -> Node:
        line = node.place.mark.line
        if node.value is None or isinstance(node.value, dict | list):
            raise NodeError(line, "a key must be text, a number or a boolean: write one word")
        if not isinstance(node.value, str):
            node = Node(json.dumps(node.value), node.place)
        first = self.merge_key if node.merge else self.inner.get(node.value)
        if first:
            mend = "write one, with a list" if node.merge else "keep one (kubectl takes the last)"
            raise NodeError(
                line,
                f"the key {quoted(node.value)} stands on line {first.mark.line} already: {mend}",
            )
        if node.merge:
            self.merge_key = node.place
        return node

    def finish(self) -> Node:
        if self.merge is not None:
            self.items = self.merge.items | self.items
            self.inner = self.merge.inner | self.inner
        return self.node(self.items)


class Builder:
    """Takes the nodes of one file in order and gives back its documents.

    The caller guarantees the grammar (what opens is closed, a mapping holds pairs); the builder
    raises NodeError for what is well-formed and still refused. After an error, or where a document
    breaks off, `reset` makes it ready for the next one.
    """

    def __init__(self) -> None:
        self._open: list[_List | _Mapping] = []
        self._anchors: dict[str, Node | None] = {}
        self._copied = 0
        self._copied_in_all = 0
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
        node = Node(value, Position(mark), weight, merge=merge)
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
        self._count_copy(node.weight, name, mark.line)
        place = Position(mark, node.place.inner)
        self._add(Node(_copy(node.value), place, node.weight, node.height, alias=True))

    def document(self) -> Node:
        """Return the document that just ended; anchors do not outlive it."""
        assert self._root is not None
        root = self._root
        self.reset()
        return root

    def reset(self) -> None:
        """Forget the document that is being read, but not how much the file has copied."""
        self._open.clear()
        self._anchors.clear()
        self._copied = 0
        self._root = None

    def _count_copy(self, weight: int, name: str, line: int) -> None:
        """Bound the copies of one document, so that it spoils no other, and those of the file."""
        for what, copied, limit in (
            ("document", self._copied, MAX_COPIED),
            ("file", self._copied_in_all, MAX_COPIED_IN_ALL),
        ):
            if copied + weight > limit:
                raise NodeError(
                    line,
                    f"the alias *{name} makes the aliases of this {what} stand for more than "
                    f"{limit} values: write fewer aliases",
                )
        self._copied += weight
        self._copied_in_all += weight

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


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) for inner in value]
    return value
