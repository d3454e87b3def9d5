"""JSON documents with the line of every value, read in one pass that never recurses.

Kubernetes tools write JSON with any indentation, tabs included, and put several values one after
another. `json.loads` knows no lines and recurses; here it decodes single strings.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from webhook.settings.nodes import Builder, Mark, Node, NodeError, quoted
from webhook.settings.scalars import ScalarError, decimal, integer, not_finite

START = re.compile(r"\s*[{\[]")
_SPACE = re.compile(r"[ \t\r\n]*")
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
    """The text breaks the grammar of JSON, and may still be YAML."""


class _Token(NamedTuple):
    kind: str  # the mark itself, `"` for a string, `v` for another scalar
    value: Any
    mark: Mark

    @property
    def line(self) -> int:
        return self.mark.line


def nodes(text: str) -> list[tuple[int, Node]]:
    """Return the values of a stream of JSON objects and lists, each with its position.

    Raises NotJsonError where the text stops being JSON (RFC 8259), and NodeError for duplicate
    keys, NaN, Infinity, numbers out of range and deep nesting.
    """
    builder = Builder()
    found: list[tuple[int, Node]] = []
    closers: list[str] = []
    expected = "{["
    for token in _tokens(text):
        if token.kind not in expected:
            raise NotJsonError(
                token.line,
                f"this is not JSON: {quoted(str(token.value))} cannot stand here; {_HINT}",
            )
        _feed(builder, token)
        expected = _follow(token, expected, closers)
        if not closers:
            found.append((len(found) + 1, builder.document()))
    if closers:
        last = text.rstrip().count("\n") + 1
        raise NotJsonError(last, f'this is not JSON: a "{closers[-1]}" is missing; {_HINT}')
    return found


def _feed(builder: Builder, token: _Token) -> None:
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


def _tokens(text: str) -> Iterator[_Token]:
    position, line, start = 0, 1, 0
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
            raise NotJsonError(line, f"this is not JSON from {quoted(shown)} on; {_HINT}")
        mark = Mark(line, position - start + 1)
        position = match.end()
        yield _token(match, mark)


def _token(match: re.Match[str], mark: Mark) -> _Token:
    text = match.group()
    if match["mark"]:
        return _Token(text, text, mark)
    if match["string"]:
        return _Token('"', json.loads(text), mark)
    if match["word"]:
        return _Token("v", _WORDS[text], mark)
    try:
        return _Token("v", _number(match), mark)
    except ScalarError as error:
        raise NodeError(mark.line, str(error)) from None


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
