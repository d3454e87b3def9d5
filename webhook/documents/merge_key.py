"""The merge key `<<` of YAML 1.1, where all readers of YAML take the same.

kubectl and Helm (sigs.k8s.io/yaml) let it win over the keys above it in its mapping, PyYAML and
others never do. A key below it wins everywhere, and of a list the first mapping that has a key.
"""

import json
from typing import Any

from webhook.documents.nodes import Node, NodeError, Position, quoted
from webhook.documents.scalars import ScalarError, plain


class Merge:
    """What a merge key brings into its mapping; raises NodeError for what readers differ in."""

    def __init__(self, key: Position, merged: Node) -> None:
        self._key = key
        self.items: dict[str, Any] = {}
        self.inner: dict[str, Position] = {}
        for source in _sources(merged):
            for name, value in source.value.items():
                if name not in self.items:
                    self.items[name] = value
                    self.inner[name] = source.place.inner[name]
                elif not (_is_text(name) or _same(self.items[name], value)):
                    raise _ambiguous(key.mark.line, name, self.inner[name])

    def check_above(self, items: dict[str, Any], inner: dict[str, Position]) -> None:
        """Compare with what stands above the merge key."""
        line = self._key.mark.line
        for name, value in items.items():
            if name not in self.items or _same(value, self.items[name]):
                continue
            if not _is_text(name):
                raise _ambiguous(line, name, inner[name])
            raise NodeError(
                line,
                f"the key {quoted(name)} stands on line {inner[name].mark.line} and comes with << "
                "too: kubectl and Helm take the value of <<, other readers the other: keep one, "
                "or move << to the top",
            )

    def check_below(self, name: str, node: Node) -> None:
        """Compare with a key below the merge key, which wins if it is the same key."""
        if name not in self.items or _is_text(name) or _same(self.items[name], node.value):
            return
        raise _ambiguous(node.place.mark.line, name, self._key)


def _sources(merged: Node) -> list[Node]:
    line = merged.place.mark.line
    sources = [merged]
    if isinstance(merged.value, list):
        if merged.alias:
            raise NodeError(
                line, "<< takes no alias of a list, kubectl refuses it: write the list here"
            )
        places = merged.place.inner.values()
        sources = [Node(*pair) for pair in zip(merged.value, places, strict=True)]
    if not all(isinstance(source.value, dict) for source in sources):
        raise NodeError(line, "<< takes a mapping or a list of mappings: point it at one")
    return sources


def _ambiguous(line: int, name: str, other: Position) -> NodeError:
    """The error for `1` and `"1"`: two keys to kubectl, of which JSON has one, by chance."""
    return NodeError(
        line,
        f"the key {quoted(name)} comes with << too (line {other.mark.line}), and may be a number "
        "or a boolean there: readers of YAML differ, keep one",
    )


def _is_text(name: str) -> bool:
    """Whether a key means the same with quotes and without."""
    try:
        return plain(name) == name
    except ScalarError:
        return False


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
