"""YAML as kubectl prints it, line by line with the place of each line in the object.

A diff needs to know which line of the user's file a line stands for, and every text must be
quoted that any YAML parser in the chain (PyYAML, libyaml, Go's) would not read as text.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import yaml.resolver

from webhook.documents.dialect import ScalarError, plain
from webhook.documents.nodes import escape

_TEXT = "tag:yaml.org,2002:str"
_RESOLVER: Any = yaml.resolver.Resolver()
# No indicator in front, no ": " and no " #" inside, no space at the end, nothing but ASCII.
_SAFE = re.compile(
    r"(?!---|\.\.\.)(?:[\w./+~^$;()]|-(?=[\w.-]))(?:[!-9;-~]|:(?=[!-~])| (?=[!-\"$-~]))*", re.ASCII
)
# Control characters, and those that turn the direction in which a terminal shows a line.
_UNPRINTABLE = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
)
_BLOCK = re.compile(rf"(?!\s)[^{_UNPRINTABLE}]+(?<!\s)\n?")
_BREAKS = re.compile(rf"[\t\n{_UNPRINTABLE}]")
_ESCAPED = re.compile(f"[{_UNPRINTABLE}]")
_LONGEST_KEY = 128


class Line(NamedTuple):
    """One line of YAML; `pointer` leads to the value that it shows, or that starts in it."""

    pointer: str
    text: str


def lines(value: Any, pointer: str = "", indent: str = "") -> Iterator[Line]:
    """The value in block style, keys in the order in which they stand."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            at = f"{pointer}/{escape(key)}"
            name = scalar(key)
            if len(name) > _LONGEST_KEY:
                yield Line(at, f"{indent}? {name}")
                name = ""
            yield from _entry(f"{indent}{name}:", inner, at, indent)
    elif isinstance(value, list) and value:
        for position, inner in enumerate(value):
            yield from _item(inner, f"{pointer}/{position}", indent)
    else:
        yield Line(pointer, indent + scalar(value))


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    if text and _SAFE.fullmatch(text) and _read_as_text(text):
        return text
    if '"' in text and "'" not in text and not _BREAKS.search(text):
        return f"'{text}'"
    return _ESCAPED.sub(
        lambda match: f"\\u{ord(match.group()):04x}", json.dumps(text, ensure_ascii=False)
    )


def scalar(value: Any) -> str:
    """A value without inner structure on one line."""
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _read_as_text(text: str) -> bool:
    try:
        kubernetes = plain(text)
    except ScalarError:
        return False
    return kubernetes == text and _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == _TEXT


def _entry(head: str, value: Any, pointer: str, indent: str) -> Iterator[Line]:
    if isinstance(value, dict | list) and value:
        yield Line(pointer, head)
        yield from lines(value, pointer, indent + "  " * isinstance(value, dict))
    else:
        yield from _text(head, value, pointer, f"{indent}  ")


def _item(value: Any, pointer: str, indent: str) -> Iterator[Line]:
    if isinstance(value, dict | list) and value:
        inner = lines(value, pointer, f"{indent}  ")
        first = next(inner)
        yield Line(first.pointer, f"{indent}- {first.text[len(indent) + 2 :]}")
        yield from inner
    else:
        yield from _text(f"{indent}-", value, pointer, f"{indent}  ")


def _text(head: str, value: Any, pointer: str, indent: str) -> Iterator[Line]:
    """A scalar after its key or hyphen; text of several lines as a block."""
    if isinstance(value, str) and "\n" in value[:-1] and _BLOCK.fullmatch(value):
        yield Line(pointer, f"{head} |{'' if value.endswith(chr(10)) else '-'}")
        for line in value.removesuffix("\n").split("\n"):
            yield Line(pointer, indent + line if line else "")
    else:
        yield Line(pointer, f"{head} {scalar(value)}")
