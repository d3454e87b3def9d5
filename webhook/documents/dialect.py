"""The dialect of YAML that Kubernetes reads: its documents, characters, scalars and merge keys.

Readers of YAML differ in all four. A text is cut as kubectl cuts it, a scalar means what it means
to sigs.k8s.io/yaml, and a merge that readers take differently is refused.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from webhook.documents.nodes import Node, NodeError, Position, quoted

_SEPARATOR = re.compile(r"^---(.*)\n", re.MULTILINE)
# The printable characters of YAML 1.1 (section 5.1). A byte order mark is text to PyYAML and
# nothing to libyaml, unless it is the first character.
_BINARY = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]",
)


class Piece(NamedTuple):
    """What is parsed as one document, and the line of the file on which it starts.

    `separators` counts the `---` lines up to here; 0 only for what stands above the first.
    `misplaced` says that its `---` line holds more than a comment, which kubectl refuses.
    """

    text: str
    line: int
    separators: int
    misplaced: bool = False


def document_pieces(text: str, line: int = 1) -> Iterator[Piece]:
    """Cut a text, which starts on a line of its file, into its documents.

    A `---` line that opens a piece belongs to its text where nothing stands before it: at the
    start, and after another one. Lines end with a line feed, the last one too, as in kubectl.
    """
    if not text.endswith("\n"):
        text += "\n"
    start, separators, misplaced = 0, 0, False
    for match in _SEPARATOR.finditer(text):
        beside = match[1].strip()
        at = match.start()
        if at > start:
            yield Piece(text[start:at], line, separators, misplaced)
            end = at if _holds_text(beside) else match.end()
            line += text.count("\n", start, end)
            start, misplaced = end, False
        misplaced = misplaced or _holds_text(beside)
        separators += 1
    if start < len(text):
        yield Piece(text[start:], line, separators, misplaced)


def _holds_text(beside: str) -> bool:
    return bool(beside) and not beside.startswith("#")


def check_characters(text: str, line: int) -> None:
    """Raise NodeError for the first binary character of a text that starts on a line.

    Bytes that are no UTF-8 arrive as Python's `surrogateescape` decodes them.
    """
    match = _BINARY.search(text)
    if match is None:
        return
    line += text.count("\n", 0, match.start())
    if "\udc80" <= match.group() <= "\udcff":
        raise NodeError(line, "the bytes here are not UTF-8 text: save the file as UTF-8")
    raise NodeError(
        line,
        f"the character U+{ord(match.group()):04X} is binary data: remove it, or write it as "
        "an escape in double quotes",
    )


_MAX_DIGITS = 1000
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
}
_INTEGER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?P<octal>0[0-7]+)|0|[1-9][0-9]*)"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")


class ScalarError(ValueError):
    """A scalar that JSON cannot hold; the message is one sentence."""


def plain(text: str) -> bool | float | str | None:
    """Return what a scalar without quotes and without a tag means.

    A number beyond the range of a float stays text, as upstream; .inf and .nan are refused.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _NOT_FINITE.fullmatch(text):
        raise not_finite(text)
    digits = text if text[0] == "." else text.replace("_", "")
    match = _INTEGER.fullmatch(digits)
    if match:
        return integer(digits, 8 if match["octal"] else 0)
    if _FLOAT.fullmatch(digits):
        value = decimal(digits)
        return text if value is None else value
    return text


def integer(digits: str, base: int = 10) -> int:
    """Return a whole number of any sensible size; base 0 goes by the prefix."""
    _check_length(digits)
    return int(digits, base)


def decimal(digits: str) -> float | None:
    """Return a float as Go's encoding/json prints it: whole below 1e21; None when out of range."""
    _check_length(digits)
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        return None
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def not_finite(text: str) -> ScalarError:
    """Return the error for an infinity or a NaN."""
    return ScalarError(f'{text} does not exist in JSON: write "{text}" if it is text')


def _check_length(digits: str) -> None:
    if len(digits) > _MAX_DIGITS:
        raise ScalarError(
            f"a number has more than {_MAX_DIGITS} digits: put it in quotes if it is text"
        )


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
