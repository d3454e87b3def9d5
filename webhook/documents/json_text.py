"""JSON documents with the line of every value, read in one pass that never recurses.

Kubernetes tools write JSON with any indentation, tabs included, and put several values one after
another. `json.loads` knows no lines and recurses; here it decodes single strings.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from webhook.documents.builder import Builder
from webhook.documents.dialect import ScalarError, check_characters, decimal, integer, not_finite
from webhook.documents.nodes import Mark, Node, NodeError, quoted

START = re.compile(r"\s*[{\[]")
_SPACE = re.compile(r"[ \t\r\n]*")
_REST_OF_LINE = re.compile(r"[^\S\n]*\n?")
_TOKEN = re.compile(
    r"""
      (?P<string>"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")
    | (?P<number>-?(?:0|[1-9][0-9]*+)(?P<decimals>\.[0-9]++)?(?P<exponent>[eE][-+]?[0-9]++)?)
    | (?P<word>true|false|null)
    | (?P<not_finite>NaN|-?Infinity)
    | (?P<mark>[][{}:,])
    """,
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}
_VALUE = '{["v'
_HINT = "check the commas, colons, brackets and quotes"


class NotJsonError(NodeError):
    """The text breaks the grammar of JSON, at the offset `broken`.

    From the offset `rest` on, behind the last value, it may still be YAML.
    """

    rest = 0

    def __init__(self, line: int, sentence: str, broken: int) -> None:
        super().__init__(line, sentence)
        self.broken = broken


class _Token(NamedTuple):
    kind: str  # the mark itself, `"` for a string, `v` for another scalar
    text: str
    value: Any  # a NodeError for a scalar that cannot be accepted
    mark: Mark
    start: int
    end: int


def json_nodes(
    text: str, builder: Builder, line: int = 1, start: int = 0
) -> tuple[list[Node | NodeError], NotJsonError | None]:
    """Return the values of a stream of JSON objects and lists, and where it stops being JSON.

    It starts at an offset of the text, which is where a line of the file starts. A value has a
    NodeError in its place for duplicate keys, NaN, Infinity, numbers out of range, binary
    characters and deep nesting; the grammar is that of RFC 8259.
    """
    found: list[Node | NodeError] = []
    reading = _Reading(builder)
    rest = 0
    try:
        for token in _tokens(text, line, start):
            reading.take(token)
            if not reading.closers:
                found.append(reading.value())
                rest = token.end
        reading.end(text, line + text.rstrip().count("\n", start))
    except NotJsonError as not_json:
        fault = reading.fault or not_json
        stopped = NotJsonError(fault.line, str(fault), not_json.broken)
        skipped = _REST_OF_LINE.match(text, rest)
        assert skipped is not None
        stopped.rest = skipped.end() if found else 0
        builder.reset()
        return found, stopped
    return found, None


class _Reading:
    """Follows the grammar token by token, and feeds the builder until a value has a fault."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._expected = "{["
        self.closers: list[str] = []
        self.fault: NodeError | None = None

    def take(self, token: _Token) -> None:
        """Accept one token; raises NotJsonError where it cannot stand."""
        if token.kind not in self._expected:
            shown = quoted(token.text.strip('"'))
            sentence = f"this is not JSON: {shown} cannot stand here; {_HINT}"
            raise NotJsonError(token.mark.line, sentence, token.start)
        if self.fault is None:
            try:
                _feed(self._builder, token)
            except NodeError as error:
                self.fault = error
        self._expected = _follow(token, self._expected, self.closers)

    def value(self) -> Node | NodeError:
        """Return the value that just ended, or its first fault."""
        if self.fault is None:
            return self._builder.document()
        fault, self.fault = self.fault, None
        self._builder.reset()
        return fault

    def end(self, text: str, line: int) -> None:
        """Raise NotJsonError where a value is still open on the last line of the text."""
        if self.closers:
            sentence = f'this is not JSON: a "{self.closers[-1]}" is missing; {_HINT}'
            raise NotJsonError(line, sentence, len(text))


def _feed(builder: Builder, token: _Token) -> None:
    if isinstance(token.value, NodeError):
        raise token.value
    if token.kind == "{":
        builder.open_mapping(token.mark)
    elif token.kind == "[":
        builder.open_list(token.mark)
    elif token.kind in "}]":
        builder.close()
    elif token.kind in '"v':
        builder.scalar(token.value, token.mark)


def _follow(token: _Token, expected: str, closers: list[str]) -> str:
    """Return the kinds that may stand after a token; `closers` holds what is still open."""
    if token.kind == "{":
        closers.append("}")
        return '"}'
    if token.kind == "[":
        closers.append("]")
        return _VALUE + "]"
    if token.kind == ":":
        return _VALUE
    if token.kind == ",":
        return '"' if closers[-1] == "}" else _VALUE
    if token.kind in "}]":
        closers.pop()
    elif "v" not in expected:
        return ":"  # a string where no other scalar may stand is a key
    return "," + closers[-1] if closers else "{["


def _tokens(text: str, line: int, start: int) -> Iterator[_Token]:
    position = start
    while True:
        space = _SPACE.match(text, position)
        assert space is not None
        breaks = text.count("\n", position, space.end())
        if breaks:
            line, start = line + breaks, text.rindex("\n", position, space.end()) + 1
        position = space.end()
        if position == len(text):
            return
        match = _TOKEN.match(text, position)
        if match is None:
            shown = text[position : position + 20].splitlines()[0]
            sentence = f"this is not JSON from {quoted(shown)} on; {_HINT}"
            raise NotJsonError(line, sentence, position)
        mark = Mark(line, position - start + 1)
        position = match.end()
        yield _token(match, mark)


def _token(match: re.Match[str], mark: Mark) -> _Token:
    text = match.group()
    if match["mark"]:
        return _Token(text, text, None, mark, *match.span())
    kind = '"' if match["string"] else "v"
    try:
        value = _scalar(match, mark.line)
    except NodeError as error:
        value = error
    except ScalarError as error:
        value = NodeError(mark.line, str(error))
    return _Token(kind, text, value, mark, *match.span())


def _scalar(match: re.Match[str], line: int) -> Any:
    text = match.group()
    if match["string"]:
        check_characters(text, line)
        return json.loads(text)
    return _WORDS[text] if match["word"] else _number(match)


def _number(match: re.Match[str]) -> float:
    text = match.group()
    if match["not_finite"]:
        raise not_finite(text)
    if not match["decimals"] and not match["exponent"]:
        return integer(text)
    value = decimal(text)
    if value is None:
        raise ScalarError(f"the number {quoted(text)} is out of range: write a smaller one")
    return value
