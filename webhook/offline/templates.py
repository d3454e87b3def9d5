"""The files that rendered objects come from, and the lines of their fields where possible.

Helm writes the template above each document (`# Source: chart/templates/x.yaml`), kustomize writes
the file into an annotation. A finding is looked up there by the keys that lead to it. A field that
a template computes has the line of the key around it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from webhook.documents.nodes import Mark
from webhook.documents.reader import Document, DocumentError, read_bytes

_SOURCE = re.compile(r"# Source: (\S.*?)\s*$")
_START = re.compile(r"---(?:\s|$)")
_DASH = re.compile(r"\s*-(?=\s|$)")
_KEY = re.compile(r"\s*(?P<key>\"[^\"]*\"|'[^']*'|[^\s\"'{}#:-][^{}#:]*?)\s*:(?=\s|$)")
_ITEM = "-"


class _Entry(NamedTuple):
    """A key, or the hyphen of an item, on a line of a template."""

    line: int
    column: int
    key: str


@dataclass(frozen=True)
class Template:
    """A file that objects are made from; one that cannot be read has no lines."""

    path: str
    text: str = field(default="", repr=False)

    def mark(self, document: Any, pointer: str) -> Mark | None:
        """Where a pointer into the rendered object leads, or the nearest place around it."""
        inside = self._block(_text(document, "kind"), _text(document, "metadata", "name"))
        if not inside:
            return None
        mark = Mark(inside[0].line, 1)
        for token in pointer.split("/")[1:]:
            at = _position(inside, token.replace("~1", "/").replace("~0", "~"))
            if at is None:
                break
            mark = Mark(inside[at].line, inside[at].column + 1)
            inside = _below(inside, at)
        return mark

    @cached_property
    def _documents(self) -> list[list[_Entry]]:
        found: list[list[_Entry]] = [[]]
        for number, line in enumerate(self.text.splitlines(), 1):
            if _START.match(line):
                found.append([])
            found[-1].extend(_entries(number, line))
        return found

    def _block(self, kind: str, name: str) -> list[_Entry]:
        """The only document of that kind, or the one whose name is in the object's name."""
        lines = self.text.splitlines()

        def value(document: list[_Entry], *path: str) -> str:
            entries, at = document, None
            for key in path:
                at = _position(entries, key)
                if at is None:
                    return ""
                entry, entries = entries[at], _below(entries, at)
            return lines[entry.line - 1].partition(":")[2].strip().strip("\"'")

        of_kind = [one for one in self._documents if value(one, "kind") == kind]
        if len(of_kind) == 1:
            return of_kind[0]
        names = {value(one, "metadata", "name"): one for one in of_kind}
        near = [key for key in names if key and key in name]
        return names[max(near, key=len)] if near else []


@dataclass(frozen=True)
class RenderedDocument(Document):
    """A document that is in no file; its places are those of its template."""

    template: Template = field(default=Template(""), repr=False, compare=False)

    def mark(self, pointer: str) -> Mark:
        """Where the template has what a pointer leads to, or its first line."""
        return self.template.mark(self.value, pointer) or Mark(1, 1)


class HelmSources:
    """The templates that Helm names in a stream."""

    def __init__(self, text: bytes) -> None:
        self._starts, self._names = [0], [""]
        self._opened: dict[str, Template] = {}
        for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
            named = _SOURCE.match(line)
            if named or _START.match(line):
                self._starts.append(number)
                self._names.append(named[1] if named else "")

    def above(self, line: int) -> str:
        """The template of a line; empty where none is named."""
        return self._names[bisect_right(self._starts, line) - 1]

    def template(self, line: int) -> Template | None:
        """That template, opened if it is below the current folder."""
        name = self.above(line)
        if name and name not in self._opened:
            self._opened[name] = template_in_stream(name)
        return self._opened.get(name)


def open_template(path: Path, name: str = "") -> Template:
    """The template at a path, or of another name; without lines if it cannot be read."""
    return Template(name or str(path), _lines(path))


def template_in_stream(name: str) -> Template:
    """The template that a stream names by its chart, not by its folder."""
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts:
        return Template(name)
    shorter = Path(*inside.parts[1:])
    return (
        open_template(shorter)
        if not Path(inside).exists() and shorter.is_file()
        else open_template(Path(inside))
    )


def _lines(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8", "replace") if path.is_file() else ""
    except DocumentError:
        return ""


def _text(value: Any, *path: str) -> str:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _entries(number: int, line: str) -> Iterator[_Entry]:
    at = 0
    while dash := _DASH.match(line, at):
        at = dash.end()
        yield _Entry(number, at - 1, _ITEM)
    key = _KEY.match(line, at)
    if key:
        yield _Entry(number, key.start("key"), key["key"].strip("\"'"))


def _position(entries: Sequence[_Entry], token: str) -> int | None:
    """The index of a key, or of the item of that number, on the outermost level."""
    level = min((entry.column for entry in entries), default=0)
    outer = [at for at, entry in enumerate(entries) if entry.column == level]
    if outer and token.isdigit() and entries[outer[0]].key == _ITEM:
        items = [at for at in outer if entries[at].key == _ITEM]
        return items[int(token)] if int(token) < len(items) else None
    return next((at for at in outer if entries[at].key == token), None)


def _below(entries: Sequence[_Entry], at: int) -> list[_Entry]:
    """The entries inside of a key or an item; hyphens may be as far left as their key."""
    top = entries[at]
    found: list[_Entry] = []
    for entry in entries[at + 1 :]:
        is_item_of_key = entry.key == _ITEM != top.key and entry.column == top.column
        if entry.column <= top.column and not is_item_of_key:
            break
        found.append(entry)
    return found
